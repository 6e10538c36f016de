//! The service stops when it is told to (H2).

use crate::{
    http::{connect, read_answer},
    service::{GLOW, Service, TOKEN, comment, wait_for},
};
use std::{
    io::Write,
    net::TcpStream,
    process::{Command, ExitStatus},
};

fn signal(service: &Service, name: &str) {
    let id = service.process.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

fn ended(service: &mut Service) -> ExitStatus {
    let mut status = None;
    wait_for("the end", || {
        status = service.process.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}

#[test]
fn h2_it_stops_on_sigterm_and_sigint_and_loses_nothing() {
    for name in ["-TERM", "-INT"] {
        let mut service = Service::usual();
        // An idle connection, and half a request, keep it from nothing.
        let mut half = connect(service.address);
        half.write_all(b"GET /healthz HTTP/1.1\r\nhost").unwrap();
        assert_eq!(service.post(comment("e1", "u1")).status, 200);
        signal(&service, name);
        assert_eq!(ended(&mut service).code(), Some(0));
        assert_eq!(service.said(), "");
        service.again();
        assert_eq!(service.records(1)[0]["event"], "e1");
    }
}

/// SIGINT at any moment, from before it has said anything: whatever it was at, the store holds together and goes on.
#[test]
fn h2_interrupted_at_any_moment_of_its_start_it_leaves_a_store_that_goes_on() {
    let mut service = Service::usual();
    assert_eq!(service.post(comment("e1", "u1")).status, 200);
    for (round, later) in [0, 2, 5, 10, 20, 40, 80, 160].into_iter().enumerate() {
        service.kill();
        if round % 2 == 1 {
            // From nothing, too: its file is being made.
            for end in ["", "-wal", "-shm", "-lock"] {
                let _ = std::fs::remove_file(service.path(&format!("fresh.db{end}")));
            }
        }
        let name = if round % 2 == 1 { "fresh.db" } else { "store.db" };
        let configuration = std::fs::read_to_string(service.path("serve.toml")).unwrap();
        let configuration = configuration.replace("store.db", name);
        std::fs::write(service.path("moment.toml"), configuration).unwrap();
        let mut command = crate::service::command(service.directory.path());
        command.args(["--config", "moment.toml"]).stdout(std::process::Stdio::null());
        let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(later));
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        // It ended by itself, or by the signal; never by a panic.
        assert!(matches!(output.status.code(), None | Some(0)), "{later} ms: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{later} ms: {said}");
        let mut command = crate::service::command(service.directory.path());
        command.args(["--config", "moment.toml"]);
        // Whichever it was, it opens, and takes events.
        let mut again = Service::run(tempfile::tempdir().unwrap(), command);
        let health = again.get("/healthz");
        assert_eq!(health.status, 200, "{later} ms: {}", health.text());
        assert_eq!(again.post(comment(&format!("m{round}"), "u1")).status, 200);
        again.kill();
    }
    service.again();
    assert_eq!(service.records(1)[0]["event"], "e1");
}

#[test]
fn h2_what_has_begun_is_finished() {
    let mut service = Service::with("stop_seconds = 20", GLOW);
    let line = comment("e1", "u1");
    let mut stream = connect(service.address);
    let head = format!(
        "POST /v1/workspaces/glow/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {}\r\n\r\n",
        line.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&line.as_bytes()[..10]).unwrap();
    // It is answered by the service before it is told to stop, so that the request has surely begun.
    wait_for("the request", || {
        let metrics = service.get("/metrics");
        metrics.text().contains("chatsparks_connections")
    });
    signal(&service, "-TERM");
    wait_for("no new connections", || TcpStream::connect(service.address).is_err());
    stream.write_all(&line.as_bytes()[10..]).unwrap();
    assert_eq!(read_answer(&mut stream).unwrap().status, 200);
    assert_eq!(ended(&mut service).code(), Some(0));
    service.again();
    assert_eq!(service.records(1)[0]["event"], "e1");
}

#[test]
fn h2_what_does_not_finish_is_not_waited_for() {
    let mut service = Service::with("stop_seconds = 1", GLOW);
    let mut stream = connect(service.address);
    let head = format!(
        "POST /v1/workspaces/glow/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 100\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    service.get("/healthz");
    signal(&service, "-TERM");
    assert_eq!(ended(&mut service).code(), Some(0));
}
