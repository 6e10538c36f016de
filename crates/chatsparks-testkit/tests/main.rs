//! The engine against the model, and what is common to all tests.

#![allow(clippy::unwrap_used, clippy::panic)]

mod books;
mod comments;
mod compare;
mod engine;
mod fuzz_corpora;
mod lines;
mod memory_store;
mod model;
mod overlaps;
mod partition;
mod talk;
mod warnings;
