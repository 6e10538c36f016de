//! The short form of `cargo xtask crash`, which every change is held to.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{path::Path, process::Command};

/// R1, O1, O5: nothing acknowledged is lost, nothing is decided twice, each effect has one outcome.
#[test]
fn r1_what_was_acknowledged_is_decided_once_however_often_it_is_killed() {
    let crash = Path::new(env!("CARGO_BIN_EXE_chatsparks-crash"));
    // The tests of the whole workspace build the command beside it.
    let command = crash.with_file_name("chatsparks");
    assert!(command.is_file(), "build the command first: `cargo build -p chatsparks-cli`");
    let glow = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/glow");
    let mut run = Command::new(crash);
    run.arg("--binary").arg(command).arg("--glow").arg(glow).args(["--kills", "12", "--events", "6000"]);
    let told = run.output().unwrap();
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{said}{}", String::from_utf8_lossy(&told.stderr));
    assert!(said.ends_with("held\n"), "{said}");
}
