//! A service in a directory of its own, with the workspace `glow`.

use crate::http::{Answer, STUCK, request};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub(crate) const TOKEN: &str = "token-of-everything";

/// A service that runs. It is killed when it is dropped.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) process: Child,
}

/// A workspace whose trigger answers `price` with a public reply and two messages.
pub(crate) fn document() -> Value {
    json!({
        "schema": 1,
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
        "members": [{ "email": "owner@glow.example", "role": "owner", "status": "active" }],
        "triggers": [{ "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "price",
            "public_reply": "Check your inbox" }],
        "flows": [{ "id": "price", "version": 1, "blocks": [
            { "id": "hello", "message": { "text": "It is 590 THB." } },
            { "id": "size", "question": { "text": "Which size?", "field": "size" } } ] }],
    })
}

/// What every configuration of these tests begins with.
pub(crate) const BASE: &str = "listen = \"127.0.0.1:0\"\nstore = \"sqlite:store.db\"\n";
/// The one workspace, whose effects wait.
pub(crate) const GLOW: &str = "[[workspace]]\ndocument = \"glow.json\"\n";

/// A directory with a document and this configuration.
pub(crate) fn directory(configuration: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("glow.json"), document().to_string()).unwrap();
    fs::write(directory.path().join("serve.toml"), configuration).unwrap();
    directory
}

/// The command in a directory, with nothing said yet.
pub(crate) fn command(directory: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("chatsparks"));
    command.current_dir(directory).arg("serve").env_remove("RUST_LOG").env("TOKEN", TOKEN);
    command
}

impl Service {
    /// The usual service: one token for everything, and effects that wait.
    pub(crate) fn usual() -> Self {
        Self::with("", GLOW)
    }

    /// The usual service, with more keys at the top and other tables below.
    pub(crate) fn with(keys: &str, tables: &str) -> Self {
        Self::of(&format!("{BASE}api_token = {{ env = \"TOKEN\" }}\n{keys}\n{tables}"))
    }

    /// The service of a configuration.
    pub(crate) fn of(configuration: &str) -> Self {
        Self::start(directory(configuration), &[])
    }

    /// Starts in a directory that is there.
    pub(crate) fn start(directory: tempfile::TempDir, variables: &[(&str, &str)]) -> Self {
        let (process, address) = start(directory.path(), variables);
        Self { address, directory, process }
    }

    /// Starts by this command, which serves in this directory.
    pub(crate) fn run(directory: tempfile::TempDir, command: Command) -> Self {
        let (process, address) = begin(command).unwrap_or_else(|said| panic!("it does not listen: {said}"));
        Self { address, directory, process }
    }

    /// Starts again where it was, if it can; else what it said.
    pub(crate) fn again_or_said(&mut self) -> Result<(), String> {
        self.kill();
        let mut command = command(self.directory.path());
        command.args(["--config", "serve.toml"]);
        (self.process, self.address) = begin(command)?;
        Ok(())
    }

    /// Starts again where it was.
    pub(crate) fn again(&mut self) {
        self.again_with(&[]);
    }

    /// The same, with these variables.
    pub(crate) fn again_with(&mut self, variables: &[(&str, &str)]) {
        self.kill();
        (self.process, self.address) = start(self.directory.path(), variables);
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A call with the token.
    pub(crate) fn call(&self, method: &str, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.call_with(method, path, &[], body)
    }

    /// A call with the token and more headers.
    pub(crate) fn call_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend(headers);
        request(self.address, method, path, &all, body.as_ref())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "")
    }

    /// Posts events to `glow`.
    pub(crate) fn post(&self, body: impl AsRef<[u8]>) -> Answer {
        self.call("POST", "/v1/workspaces/glow/events", body)
    }

    /// Waits until so many records are there, and gives them back.
    #[track_caller]
    pub(crate) fn records(&self, count: usize) -> Vec<Value> {
        let mut records = Vec::new();
        wait_for(&format!("{count} records"), || {
            let answer = self.get("/v1/workspaces/glow/records");
            records = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            records.len() >= count
        });
        records
    }

    /// What was said on standard error, once it has ended.
    pub(crate) fn said(&mut self) -> String {
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

fn start(directory: &Path, variables: &[(&str, &str)]) -> (Child, SocketAddr) {
    let mut command = command(directory);
    command.args(["--config", "serve.toml"]).envs(variables.iter().copied());
    begin(command).unwrap_or_else(|said| panic!("it does not listen: {said}"))
}

/// Starts it; where it does not listen, what it said instead.
fn begin(mut command: Command) -> Result<(Child, SocketAddr), String> {
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    match line.trim().strip_prefix("listening on http://") {
        Some(address) => Ok((process, address.parse().unwrap())),
        None => {
            process.stderr.take().unwrap().read_to_string(&mut line).unwrap();
            let _ = process.wait();
            Err(line)
        }
    }
}

/// Waits for something that comes about by itself, until it is plain that it does not.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < STUCK, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A comment that fires.
pub(crate) fn comment(id: &str, user_id: &str) -> String {
    json!({ "id": id, "type": "comment", "comment_id": format!("c-{id}"), "post_id": "v1", "user_id": user_id,
        "handle": "somebody", "text": "price?" })
    .to_string()
}
