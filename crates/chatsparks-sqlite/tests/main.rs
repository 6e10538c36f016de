//! The store in one file: the suite, and what befalls a file.

#![allow(clippy::unwrap_used, clippy::panic)]

mod backup;
mod erasure;
mod faults;
mod forms;
mod released;
mod suite;
