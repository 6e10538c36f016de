//! `cargo xtask crash`: kills the service while it works, and holds it to what it promised. The short form is a test of
//! `chatsparks-crash`.

use crate::{
    Result, root,
    run::{cargo, run as start},
};
use std::process::Command;

/// So often, with so many events; the seed is printed.
pub(crate) fn run(kills: usize, events: usize, seed: u64) -> Result {
    let packages = ["--package", "chatsparks-cli", "--package", "chatsparks-crash"];
    start(cargo(&["build", "--release", "--locked"]).args(packages))?;
    let programs = root().join("target/release");
    let mut command = Command::new(programs.join("chatsparks-crash"));
    command.arg("--binary").arg(programs.join("chatsparks")).arg("--glow").arg(root().join("examples/glow"));
    command.args(["--kills", &kills.to_string(), "--events", &events.to_string(), "--seed", &seed.to_string()]);
    start(&mut command)
}
