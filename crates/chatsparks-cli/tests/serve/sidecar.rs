//! The examples for other languages, run as they stand in `examples/sidecar`.

use crate::service::{Service, TOKEN};
use std::{fs, net::TcpListener, path::Path, process::Command};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Runs a backend beside a service of the example's configuration, its ports replaced by free ones.
fn run(program: &str, file: &str) {
    if Command::new(program).arg("--version").output().is_err() {
        eprintln!("{program} is not on this machine: its example is passed over");
        return;
    }
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sidecar");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = tempfile::tempdir().unwrap();
    let configuration = fs::read_to_string(example.join("serve.toml")).unwrap();
    let configuration = configuration.replace("127.0.0.1:8787", "127.0.0.1:0").replace(":9000/", &format!(":{port}/"));
    fs::write(place.path().join("serve.toml"), configuration).unwrap();
    fs::copy(example.join("shop.json"), place.path().join("shop.json")).unwrap();
    let service = Service::start(place, &[("CHATSPARKS_TOKEN", TOKEN), ("EFFECTS_SECRET", SECRET)]);
    let output = Command::new(program)
        .arg(example.join(file))
        .env("CHATSPARKS_URL", format!("http://{}", service.address))
        .env("CHATSPARKS_TOKEN", TOKEN)
        .env("EFFECTS_SECRET", SECRET)
        .env("EFFECTS_PORT", port.to_string())
        .env("no_proxy", "*")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    for line in [
        "accepted: 1\n",
        "reply to comment-1: Sent you a DM\n",
        "DM to user-1: Hi mint! It is 590 THB.\n",
        "record 0 event-1 ",
        "conversation: waiting\n",
    ] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
}

#[test]
fn a_backend_in_python_uses_it_as_a_sidecar() {
    run("python3", "backend.py");
}

#[test]
fn a_backend_in_node_uses_it_as_a_sidecar() {
    run("node", "backend.mjs");
}
