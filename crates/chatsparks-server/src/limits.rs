//! What a request may take, so that none holds up the others (H4).

use std::time::Duration;

/// What requests may take. All of it has defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a request's head: at least 8 KiB.
    pub head_bytes: usize,
    /// How long a head may take to arrive, and how long a connection may be idle.
    pub head: Duration,
    /// Bytes of a body of events.
    pub body_bytes: usize,
    /// Bytes of a document.
    pub document_bytes: usize,
    /// How long a body may take to arrive.
    pub body: Duration,
    /// Bytes of all bodies that are being read at once.
    pub memory_bytes: usize,
    /// How long it may take to answer.
    pub request: Duration,
    /// How long a client may take none of its answer.
    pub write: Duration,
    /// Requests that are answered at once.
    pub requests: usize,
    /// Connections at once. Where there are more, the one that has been idle for longest is closed.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 16 << 10,
            head: Duration::from_secs(10),
            body_bytes: 16 << 20,
            document_bytes: 64 << 20,
            body: Duration::from_secs(30),
            memory_bytes: 256 << 20,
            request: Duration::from_secs(60),
            write: Duration::from_secs(30),
            requests: 512,
            connections: 1_024,
        }
    }
}
