//! The runtime over stores in memory and in files.

#![allow(clippy::unwrap_used, clippy::panic)]

mod clock;
mod desk;
mod past;
mod retention;
mod runs;
mod sending;
