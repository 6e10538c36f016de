//! The service: this same program once more, as `chatsparks serve`, so that it can be killed.

use super::folder::Folder;
use crate::failure::Failure;
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The name of its configuration.
pub(crate) const CONFIGURATION: &str = "serve.toml";
/// The name of the file with its token.
pub(crate) const TOKEN: &str = "token";
/// Where the configuration that is left behind listens.
pub(crate) const AFTERWARDS: &str = "127.0.0.1:8787";

/// A process that ends with this.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn begin(mut command: Command, otherwise: &str) -> Result<Self, Failure> {
        command.spawn().map(Self).map_err(|error| Failure::new(format!("{otherwise}: {error}")))
    }

    /// Whether it ended well; none: it runs.
    pub(crate) fn status(&mut self) -> Option<bool> {
        match self.0.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(status.success()),
            Err(_) => Some(false),
        }
    }

    /// Ends it, as a crash would.
    fn kill(&mut self) {
        // It may have ended by itself; then it is ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A service that runs. It ends with this.
pub(crate) struct Service {
    process: Running,
    configuration: PathBuf,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// When it was started.
    pub(crate) started: Instant,
    /// The most memory that earlier processes had, in KiB.
    peak: u64,
}

/// Writes what the service is told: where it listens, and where its effects go.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn configure(
    folder: &Folder,
    listen: SocketAddr,
    effects: SocketAddr,
    rate: u32,
) -> Result<PathBuf, Failure> {
    let text = format!(
        "# The launch day of the demo: events bring their own time.\nlisten = \"{listen}\"\n\
         store = \"sqlite:chatsparks.db\"\nclock = \"events\"\ntrust_at = true\napi_token = {{ file = \"{TOKEN}\" }}\n\
         concurrency = 64\n\n[[workspace]]\ndocument = \"glow.json\"\noutbound = \"http\"\n\n[workspace.http]\n\
         url = \"http://{effects}/effects\"\nsecret = {{ file = \"secret\" }}\nrate = [\"{rate}/s\"]\n"
    );
    folder.write(CONFIGURATION, &text)
}

/// Leaves a configuration behind with which the day can be looked at: nothing is sent any more.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn leave_behind(folder: &Folder, listen: &str) -> Result<(), Failure> {
    let text = format!(
        "# The launch day of the demo, to be looked at: time stands still, and nothing is sent.\n\
         listen = \"{listen}\"\nstore = \"sqlite:chatsparks.db\"\nclock = \"events\"\n\
         api_token = {{ file = \"{TOKEN}\" }}\n\n[[workspace]]\ndocument = \"glow.json\"\noutbound = \"none\"\n"
    );
    folder.write(CONFIGURATION, &text).map(|_| ())
}

impl Service {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not listen: what it said.
    pub(crate) async fn start(configuration: &Path) -> Result<Self, Failure> {
        let started = Instant::now();
        let mut command = this_program()?;
        command.args(["serve", "--config"]).arg(configuration).env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // It ends should nobody wait for it any more.
        let mut process = Running::begin(command, "the service could not be started")?;
        let stdout = process.0.stdout.take();
        let read = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            // What cannot be read is not the line that is waited for.
            stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
            line
        });
        let line = read.await.unwrap_or_default();
        let mut service = Self {
            process,
            configuration: configuration.to_owned(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            started,
            peak: 0,
        };
        let address = line.trim().strip_prefix("listening on http://").and_then(|address| address.parse().ok());
        match address {
            Some(address) => service.address = address,
            None => {
                // It said why, and ends by itself.
                let said = tokio::task::spawn_blocking(move || service.said()).await;
                return Err(failure(&said.unwrap_or_default()));
            }
        }
        Ok(service)
    }

    /// Kills it at once, whatever it is doing.
    pub(crate) fn kill(&mut self) {
        self.peak = self.peak_memory().unwrap_or(0);
        self.process.kill();
    }

    /// Starts it again, where it was.
    ///
    /// # Errors
    /// When it does not listen: what it said.
    pub(crate) async fn again(&mut self) -> Result<(), Failure> {
        let peak = self.peak;
        *self = Self { peak, ..Self::start(&self.configuration).await? };
        Ok(())
    }

    /// Asks it to stop, and waits; killed if it does not.
    pub(crate) async fn stop(&mut self) {
        self.peak = self.peak_memory().unwrap_or(0);
        let id = self.process.0.id().to_string();
        // Where nothing can be asked it is killed, and loses nothing either.
        let asked =
            cfg!(unix) && Command::new("kill").args(["-TERM", &id]).status().is_ok_and(|status| status.success());
        let patience = Instant::now() + Duration::from_secs(if asked { 15 } else { 0 });
        while Instant::now() < patience {
            if !self.is_running() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.kill();
    }

    /// Whether it runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.process.status().is_none()
    }

    /// What it said on standard error, once it has ended.
    pub(crate) fn said(&mut self) -> String {
        let mut said = String::new();
        if let Some(mut stderr) = self.process.0.stderr.take() {
            // What cannot be read is not known.
            let _ = stderr.read_to_string(&mut said);
        }
        said
    }

    /// The most memory that it had, in KiB, where the system tells.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.0.id())).ok();
        let peak = status.as_deref().and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().trim_end_matches("kB").trim().parse().ok()
        });
        peak.max((self.peak > 0).then_some(self.peak))
    }
}

/// This program, from wherever it stands.
pub(crate) fn this_program() -> Result<Command, Failure> {
    let program = std::env::current_exe();
    Ok(Command::new(program.map_err(|error| Failure::new(format!("this program does not find itself: {error}")))?))
}

/// What a service that does not run said, as our own.
pub(crate) fn failure(said: &str) -> Failure {
    let line = |prefix: &str| said.lines().find_map(|line| line.trim().strip_prefix(prefix).map(str::to_owned));
    let failure = match line("error: ") {
        Some(message) => Failure::new(format!("the service did not start: {message}")),
        None => Failure::new(format!("the service did not start: {}", said.trim())),
    };
    match line("help: ") {
        Some(help) => failure.help(help),
        None => failure,
    }
}
