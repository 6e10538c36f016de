//! The simulator over real sockets, as the reference shows its wire.

mod comments;
mod crowd;
mod faults;
mod hooks;
mod login;
mod messages;
mod program;
mod shop;
mod world;
