//! `cargo xtask bench`: measures the engine, see `benches/README.md`.

use crate::{
    Result,
    run::{cargo, run as start},
};

/// Runs the benchmarks in a release build, whatever is asked of them.
pub(crate) fn run(arguments: &[String]) -> Result {
    start(cargo(&["run", "--release", "--locked", "--package", "chatsparks-benches", "--"]).args(arguments))
}
