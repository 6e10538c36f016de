//! Connections at once, and which of them is closed where there are too many (H4).

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::{Notify, watch};

/// A connection: idle until a request has arrived whole, and again once it is answered.
pub(crate) struct Connection {
    /// When it began to be idle, in the order of all such moments; 0: it is worked for.
    idle_since: AtomicU64,
    /// Whether a request has begun to arrive, and is not answered yet.
    begun: AtomicBool,
    order: Arc<AtomicU64>,
    pub(crate) closed: Notify,
}

/// Hears that the service stops: an answer that goes on for as long as anybody listens has to end then.
#[derive(Clone)]
pub(crate) struct Stopping(pub(crate) watch::Receiver<bool>);

impl Stopping {
    /// Waits for it.
    pub(crate) async fn wait(mut self) {
        // Where nobody says it any more, it has stopped.
        let _ = self.0.wait_for(|stops| *stops).await;
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    /// The head of a request has arrived.
    pub(crate) fn begins(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    /// Whether a request has begun to arrive, and is not answered yet.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// A request has arrived whole.
    pub(crate) fn works(&self) {
        self.idle_since.store(0, Ordering::Relaxed);
    }

    /// A request is answered.
    pub(crate) fn rests(&self) {
        self.begun.store(false, Ordering::Relaxed);
        self.idle_since.store(self.order.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

/// All connections.
#[derive(Clone, Default)]
pub(crate) struct Connections {
    all: Arc<Mutex<BTreeMap<u64, Arc<Connection>>>>,
    order: Arc<AtomicU64>,
    left: Arc<Notify>,
}

/// A connection's place among all, given back when it is dropped.
pub(crate) struct Place {
    number: u64,
    connections: Connections,
    pub(crate) connection: Arc<Connection>,
}

impl Connections {
    /// Takes a place. Where there is none, the connection that has been idle for longest is closed; where all are worked
    /// for, it waits.
    pub(crate) async fn take(&self, limit: usize) -> Place {
        loop {
            let left = self.left.notified();
            {
                let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
                if all.len() >= limit.max(1) {
                    let idle = |connection: &Connection| connection.idle_since.load(Ordering::Relaxed);
                    let resting = all.iter().map(|(number, connection)| (idle(connection), *number));
                    let longest = resting.filter(|(since, _)| *since > 0).min();
                    if let Some(connection) = longest.and_then(|(_, number)| all.remove(&number)) {
                        connection.closed.notify_one();
                    }
                }
                if all.len() < limit.max(1) {
                    let number = self.order.fetch_add(1, Ordering::Relaxed) + 1;
                    let connection = Arc::new(Connection {
                        idle_since: AtomicU64::new(number),
                        begun: AtomicBool::new(false),
                        order: self.order.clone(),
                        closed: Notify::new(),
                    });
                    all.insert(number, connection.clone());
                    return Place { number, connections: self.clone(), connection };
                }
            }
            left.await;
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
        self.connections.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn h4_the_connection_that_is_idle_for_longest_makes_place() {
        let connections = Connections::default();
        let one = connections.take(2).await;
        let two = connections.take(2).await;
        one.connection.works();
        one.connection.rests();
        let three = connections.take(2).await;
        two.connection.closed.notified().await;
        assert_eq!(connections.count(), 2);
        one.connection.works();
        three.connection.works();
        let waits = tokio::spawn({
            let connections = connections.clone();
            async move { connections.take(2).await.number }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        drop(three);
        assert!(waits.await.is_ok());
    }
}
