//! The short forms of `cargo xtask crash` and `cargo xtask workers`, which every change is held to.
#![allow(clippy::unwrap_used, missing_docs)]

mod frozen;
mod migrate;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The command that is killed.
fn command() -> PathBuf {
    // The tests of the whole workspace build it beside these programs.
    let command = Path::new(env!("CARGO_BIN_EXE_chatsparks-crash")).with_file_name("chatsparks");
    assert!(command.is_file(), "build the command first: `cargo build -p chatsparks-cli`");
    command
}

/// A program of this package.
fn program(path: &str) -> Command {
    let mut program = Command::new(path);
    program.arg("--binary").arg(command());
    program
}

fn holds(run: &mut Command) {
    let told = run.output().unwrap();
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{said}{}", String::from_utf8_lossy(&told.stderr));
    assert!(said.ends_with("held\n"), "{said}");
}

/// R1, O1, O5: nothing acknowledged is lost, nothing is decided twice, each effect has one outcome.
#[test]
fn r1_what_was_acknowledged_is_decided_once_however_often_it_is_killed() {
    let glow = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/glow");
    let mut run = program(env!("CARGO_BIN_EXE_chatsparks-crash"));
    holds(run.arg("--glow").arg(glow).args(["--kills", "12", "--events", "6000"]));
}

/// R1, R3, R5, R7, O1, O2 with services that are killed and frozen, over one PostgreSQL.
#[test]
fn r5_services_on_one_postgresql_hold_what_one_promised() {
    let mut run = program(env!("CARGO_BIN_EXE_chatsparks-workers"));
    run.args(["--workers", "3", "--partitions", "8", "--contacts", "200", "--limit", "120"]);
    holds(run.args(["--kills", "3", "--freezes", "1"]));
}

/// The same over three servers of NATS, with services that have hardly any memory for what they fold.
#[test]
fn r5_services_on_nats_hold_what_one_promised() {
    let mut run = program(env!("CARGO_BIN_EXE_chatsparks-workers"));
    run.args(["--store", "nats", "--workers", "3", "--partitions", "8", "--contacts", "200", "--limit", "120"]);
    holds(run.args(["--kills", "2", "--freezes", "1", "--memory", "1"]));
}

/// R3: a random history sent to one, two and four services gives every contact the same outcomes.
#[test]
fn r3_one_two_and_four_services_come_to_the_same() {
    let mut run = program(env!("CARGO_BIN_EXE_chatsparks-workers"));
    holds(run.args(["--compare", "--partitions", "8", "--contacts", "40", "--events", "600"]));
}
