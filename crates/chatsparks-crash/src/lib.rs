//! What the programs share that kill services and hold them to what they promised: a service as a process, several of them
//! that are fed and asked, and an endpoint that takes what they send.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "whatever does not hold ends the run")]

pub mod endpoint;
pub mod fleet;
pub mod service;
pub mod shop;

/// The token that services are called with.
pub const TOKEN: &str = "crash-test-token-0123456789";
/// The secret that they sign effects with.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The workspace that they serve.
pub const WORKSPACE: &str = "glow";
