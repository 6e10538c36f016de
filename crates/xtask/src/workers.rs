//! `cargo xtask workers`: several services on one store, disturbed.

use crate::{
    Result, cluster, root,
    run::{cargo, run as start},
};
use std::process::Command;

/// The long form: with the failover, and then one, two and four services by turns.
pub(crate) fn run(arguments: &[String]) -> Result {
    cluster::install()?;
    let packages = ["--package", "chatsparks-cli", "--package", "chatsparks-crash"];
    start(cargo(&["build", "--release", "--locked"]).args(packages))?;
    let programs = root().join("target/release");
    let command = || {
        let mut command = Command::new(programs.join("chatsparks-workers"));
        command.arg("--binary").arg(programs.join("chatsparks"));
        command
    };
    start(command().arg("--failover").args(arguments))?;
    let kind = arguments.iter().skip_while(|argument| *argument != "--store").take(2);
    start(command().args(["--compare", "--contacts", "500"]).args(kind))
}
