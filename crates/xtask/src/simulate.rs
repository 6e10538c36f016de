//! `cargo xtask simulate`: many seeds of the simulator, in a release build.

use crate::{
    Result,
    run::{cargo, run as start},
};

/// With these arguments; the simulator tells of the first seed that fails.
pub(crate) fn run(arguments: &[String]) -> Result {
    start(cargo(&["run", "--release", "--locked", "--package", "chatsparks-simulate", "--"]).args(arguments))
}
