//! What the fuzz targets call, each with the bytes that the fuzzer made.
//!
//! They stand here and not beside the fuzzer, so that an ordinary test can give them the corpora: what a fuzzer found
//! once is tried with every run of the tests. Each panics when what it looks at does not hold.

#![allow(clippy::panic, reason = "a fuzz target tells the fuzzer by panicking")]

pub use decide::decide_ops;
pub use document::compile_workspace;
pub use history::read_history;
pub use normalise::normalise;

mod decide;
mod document;
mod history;
mod normalise;
