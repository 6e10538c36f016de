//! The simulator over real sockets, as the reference shows its wire.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]

mod comments;
mod crowd;
mod faults;
mod hooks;
mod login;
mod messages;
mod program;
mod shop;
mod world;
