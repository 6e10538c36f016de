//! `chatsparks serve`, started as a user would and called over real sockets (H).

#![cfg(feature = "serve")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod access;
mod answers;
mod calls;
mod configuration;
#[cfg(feature = "demo")]
mod demo;
mod desk;
mod documents;
mod effects;
mod endpoint;
mod endpoint_faults;
mod http;
mod limits;
mod members;
mod partitions;
mod retention;
mod service;
#[cfg(unix)]
mod sidecar;
mod standing;
#[cfg(unix)]
mod stopping;
#[cfg(unix)]
mod store_faults;
mod tiktok;
mod tiktok_kills;
mod tiktok_sim;
mod tiktok_town;
mod whole_workspaces;
