//! The adapter against a TikTok that does what each test asks of it, over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "axum")]

mod doors;
mod fake;
mod inbound;
mod lost;
mod outbound;
mod tokens;
mod world;
