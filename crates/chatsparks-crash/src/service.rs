//! A service as a process: started, killed, frozen, and told to stop.

use crate::{SECRET, TOKEN, WORKSPACE};
use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::Duration,
};

/// A service, which runs or does not.
#[derive(Debug)]
pub struct Service {
    binary: PathBuf,
    config: PathBuf,
    port: u16,
    child: Mutex<Option<Child>>,
}

/// How one is configured.
#[derive(Debug)]
pub struct Setup<'a> {
    /// The command `chatsparks`.
    pub binary: &'a Path,
    /// Where its configuration is written to.
    pub config: PathBuf,
    /// Its store, as the configuration names it.
    pub store: &'a str,
    /// What stands in the configuration besides: keys of the table at the top.
    pub more: &'a str,
    /// Its document.
    pub document: &'a Path,
    /// The port of the endpoint that it sends to.
    pub endpoint: u16,
}

impl Service {
    /// Writes a configuration; nothing is started yet.
    pub fn new(setup: Setup<'_>) -> Self {
        let port = chatsparks_cluster::free_port().unwrap();
        let Setup { binary, config, store, more, document, endpoint } = setup;
        let document = document.display();
        let text = format!(
            r#"listen = "127.0.0.1:{port}"
store = "{store}"
clock = "events"
trust_at = true
api_token = {{ env = "CHATSPARKS_TOKEN" }}
{more}
[[workspace]]
document = "{document}"
outbound = "http"
[workspace.http]
url = "http://127.0.0.1:{endpoint}/effects"
secret = {{ env = "EFFECTS_SECRET" }}
"#
        );
        std::fs::write(&config, text).unwrap();
        Self { binary: binary.to_owned(), config, port, child: Mutex::new(None) }
    }

    /// Starts it.
    pub fn start(&self) {
        let child = Command::new(&self.binary)
            .args(["serve", "--quiet", "--config"])
            .arg(&self.config)
            .env("CHATSPARKS_TOKEN", TOKEN)
            .env("EFFECTS_SECRET", SECRET)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        *self.child.lock().unwrap() = Some(child);
    }

    /// SIGKILL: nothing is finished, nothing is said.
    pub fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Sends it a signal, such as `STOP` or `CONT`.
    pub fn signal(&self, name: &str) {
        if let Some(child) = self.child.lock().unwrap().as_ref() {
            let told = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
            assert!(told.unwrap().success());
        }
    }

    /// Tells it to stop, and waits until it has.
    ///
    /// # Panics
    /// When it does not end with status 0.
    pub fn stop(&self) {
        self.signal("TERM");
        if let Some(mut child) = self.child.lock().unwrap().take() {
            assert!(child.wait().unwrap().success(), "a stop that was asked for ends with status 0");
        }
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// An address of the workspace.
    pub fn of_workspace(&self, path: &str) -> String {
        self.url(&format!("/v1/workspaces/{WORKSPACE}{path}"))
    }

    /// Starts it again where it ended by itself, as whoever looks after services does.
    fn look_after(&self) {
        let ended = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
        if self.child.lock().unwrap().as_mut().is_some_and(ended) {
            self.start();
        }
    }

    /// Waits until it says that it is well.
    pub async fn is_up(&self) {
        let client = reqwest::Client::new();
        let mut told = String::new();
        for _ in 0..6_000 {
            if let Ok(answer) = client.get(self.url("/healthz")).send().await {
                if answer.status().is_success() {
                    return;
                }
                told = answer.text().await.unwrap_or_default();
            }
            self.look_after();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("a service does not come up: {told}");
    }
}

/// What is left of a run that did not hold must not go on.
impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}
