//! Ports for servers that may be ended and begun again.

use crate::ClusterError;
use std::{
    net::TcpListener,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// Below those that systems hand out to whoever connects: while a server is down, nobody takes its port by chance.
const FIRST: u32 = 12_000;
const MANY: u32 = 18_000;

/// A port of loopback that nobody listens on, and that this process was not told before.
///
/// # Errors
///
/// There is none left.
///
/// ```
/// use chatsparks_cluster::free_port;
///
/// assert_ne!(free_port()?, free_port()?);
/// # Ok::<(), chatsparks_cluster::ClusterError>(())
/// ```
pub fn free_port() -> Result<u16, ClusterError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Processes that run side by side begin apart.
    let begin = process::id().wrapping_mul(37) % MANY;
    let free = (0..MANY).find_map(|_| {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + (begin + next % MANY) % MANY).ok()?;
        TcpListener::bind(("127.0.0.1", port)).ok().map(|_| port)
    });
    free.ok_or_else(|| ClusterError::new("no port is free", "all are taken"))
}
