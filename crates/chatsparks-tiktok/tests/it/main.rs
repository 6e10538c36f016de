//! The adapter against a TikTok that does what each test asks of it, over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "axum")]

mod doors;
mod doubt;
mod fake;
mod forgotten;
mod inbound;
mod lost;
mod outbound;
mod permissions;
mod processes;
mod read;
mod shop;
mod tokens;
mod world;
