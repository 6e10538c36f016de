//! The examples of embedding, run as a user runs them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// Longer than anything takes that is not stuck.
const STUCK: Duration = Duration::from_secs(60);

fn run(program: &str, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program).current_dir(folder).args(arguments).output().unwrap()
}

fn told(output: &Output) -> &str {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

/// An application that runs. It is killed when it is dropped.
struct Application {
    process: Child,
    address: String,
}

impl Application {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_embed_in_axum"))
            .current_dir(folder)
            .env("LISTEN", "127.0.0.1:0")
            .env("CHATSPARKS_TOKEN", "secret")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line}")).to_owned();
        // What it prints further is read to nowhere, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Self { process, address }
    }

    /// The status and what follows the head.
    fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(STUCK)).unwrap();
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        write!(stream, "{head}content-length: {length}\r\n{headers}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// What ChatSparks answers under its path, with the token.
    fn get(&self, path: &str) -> (u16, String) {
        self.request("GET", &format!("/chatsparks{path}"), "authorization: Bearer secret\r\n", "")
    }

    fn records(&self, count: usize) -> Vec<String> {
        let began = Instant::now();
        loop {
            let (status, records) = self.get("/v1/workspaces/glow/records");
            assert_eq!(status, 200, "{records}");
            let records: Vec<String> =
                records.lines().map(str::to_owned).filter(|line| line.starts_with('{')).collect();
            if records.len() >= count {
                return records;
            }
            assert!(began.elapsed() < STUCK, "{count} records did not come");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_application_has_handlers_of_its_own_beside_those_of_chatsparks() {
    let folder = tempfile::tempdir().unwrap();
    let application = Application::start(folder.path());
    assert_eq!(application.request("GET", "/", "", ""), (200, "Glow Cosmetics".to_owned()));
    let posted = r#"{ "id": "c1", "post": "v1", "buyer": "mint", "text": "price?" }"#;
    let json = "content-type: application/json\r\n";
    for _ in 0..2 {
        assert_eq!(application.request("POST", "/comments", json, posted).0, 202);
    }
    // The comment fired, came again, and its DM was sent, which is an event like any other.
    let records = application.records(3);
    assert!(records[0].contains("\"fired\""), "{records:?}");
    assert!(records.iter().any(|record| record.contains("\"duplicate\"")), "{records:?}");
    assert!(records.iter().any(|record| record.contains("outcome:c1/")), "{records:?}");
    let (status, contact) = application.get("/v1/workspaces/glow/contacts/buyer-mint");
    assert_eq!(status, 200, "{contact}");
    assert_eq!(application.get("/healthz").0, 200);
    assert_eq!(application.request("GET", "/chatsparks/v1/workspaces/glow/state", "", "").0, 401);
    // Killed, it is where it was when it starts again.
    drop(application);
    let again = Application::start(folder.path());
    assert_eq!(again.records(3)[..3], records[..3]);
}

#[cfg(unix)]
#[test]
fn an_application_stops_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut application = Application::start(folder.path());
    // Whoever is answered is listened to: before that, the signal might come to a program that does not hear it yet.
    for _ in 0..3 {
        assert_eq!(application.get("/healthz").0, 200);
    }
    let id = application.process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert!(application.process.wait().unwrap().success());
}

#[test]
fn a_store_of_ones_own_knows_what_it_was_told_before() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_own_store");
    let first = run(program, folder.path(), &[]);
    assert!(told(&first).starts_with("mint is new\n") && told(&first).contains("to be sent: e1/0\n"), "{first:?}");
    let second = run(program, folder.path(), &[]);
    assert!(told(&second).starts_with("mint is known from before\n"), "{second:?}");
    assert!(told(&second).contains("\"duplicate\"") && !told(&second).contains("to be sent"), "{second:?}");
}

#[test]
fn a_channel_of_ones_own_looks_before_it_does_anything_twice() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_own_channel");
    let stumbled = run(program, folder.path(), &["letters", "--stumble"]);
    assert_eq!(stumbled.status.code(), Some(3));
    let letter = folder.path().join("letters").join("e1%2F0");
    let written = fs::metadata(&letter).unwrap().modified().unwrap();
    let again = run(program, folder.path(), &["letters"]);
    let letters = "e1%2F0: reply to c1: Sent you a DM\ne1%2F1: DM to user-mint: Hi mint! It is 590 THB.\n";
    assert_eq!(told(&again), format!("e1/0 had been sent\n{letters}"));
    assert_eq!(fs::metadata(&letter).unwrap().modified().unwrap(), written);
    // And from the beginning, without stumbling.
    assert_eq!(told(&run(program, folder.path(), &["others"])), letters);
}

#[test]
fn a_whole_workspace_answers_a_buyer_credits_the_order_and_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(env!("CARGO_BIN_EXE_full_workspace"), folder.path(), &[]);
    let told = told(&output);
    for line in [
        "the public reply: Write to us, and we tell you\n",
        "the question: Which size?\n",
        "the order: \"attributed\", 89000 \"THB\"\n",
        "stopped at 20",
    ] {
        assert!(told.contains(line), "no `{line}` in {told}");
    }
    assert!(told.contains("NoMatch") && told.contains("Throttled"), "{told}");
    assert!(folder.path().join("workspace.db").exists());
}
