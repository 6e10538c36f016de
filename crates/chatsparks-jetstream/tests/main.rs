//! The store against real servers.

#![allow(clippy::unwrap_used, clippy::panic)]

mod erasure;
mod faults;
mod servers;
mod suite;
