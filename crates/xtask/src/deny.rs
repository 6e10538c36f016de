//! Licences, bans and sources of every library, by `cargo deny` and `deny.toml`.

use crate::{Result, root, run::run as start};
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Checks every library of the workspace; advisories only where their database lies on this machine, because fetching
/// it would let a build fail for what others publish meanwhile.
pub(crate) fn run() -> Result {
    if Command::new("cargo-deny").arg("--version").stdout(Stdio::null()).status().is_err() {
        return Err("cargo-deny is not installed: `.ci/run` installs it, and so does \
                    `pip install --require-hashes -r .ci/requirements.txt`"
            .into());
    }
    start(&mut deny(&["--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]))?;
    match databases() {
        Some(place) => {
            println!("advisories from {}", place.display());
            start(&mut deny(&["--locked", "--offline", "check", "--disable-fetch", "advisories"]))
        }
        None => {
            println!(
                "advisories: passed over, their database is not on this machine (`cargo deny fetch db` brings it)"
            );
            Ok(())
        }
    }
}

fn deny(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo-deny");
    command.args(arguments).current_dir(root());
    command
}

/// Where `cargo deny` keeps advisory databases, when there is one.
fn databases() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")))?;
    let place = home.join("advisory-dbs");
    holds_something(&place).then_some(place)
}

fn holds_something(folder: &Path) -> bool {
    folder.read_dir().is_ok_and(|mut entries| entries.next().is_some())
}
