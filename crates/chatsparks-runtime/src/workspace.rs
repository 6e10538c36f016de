//! A workspace that runs, and its shards: what their workers, the dispatcher and whoever asks share.

use crate::{Rate, configure::Revisions, dispatch::ChannelState};
use chatsparks_core::{Engine, Instant, Row, UserId, WorkspaceId};
use chatsparks_ports::{DynChannel, Shard};
use governor::DefaultDirectRateLimiter;
use std::sync::{
    Arc, Mutex, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};
use tokio::sync::Notify;

/// A workspace that runs.
pub(crate) struct WorkspaceState {
    pub(crate) id: WorkspaceId,
    pub(crate) shards: Vec<Arc<ShardState>>,
    /// The engine in force as far as is decided.
    pub(crate) engine: RwLock<Engine>,
    pub(crate) revisions: tokio::sync::Mutex<Revisions>,
    /// Something was logged.
    pub(crate) appended: Notify,
    /// How many events wait for others to be decided (R4), and that there are more of them.
    pub(crate) waiting: AtomicI64,
    pub(crate) has_to_wait: Notify,
    /// Something of it was committed here, which events may wait for.
    pub(crate) committed: Notify,
    /// Something is to be sent, or was settled.
    pub(crate) queued: Notify,
    pub(crate) channel: Option<Arc<dyn DynChannel>>,
    pub(crate) rates: Vec<Rate>,
    pub(crate) quota: Option<DefaultDirectRateLimiter>,
    pub(crate) channel_state: Mutex<ChannelState>,
    /// The index of conversations; none: nobody has looked yet.
    pub(crate) inbox: tokio::sync::Mutex<Option<crate::desk::Inbox>>,
}

/// A shard that is worked on.
pub(crate) struct ShardState {
    pub(crate) shard: Shard,
    /// The slot that it is in: whoever serves that serves it.
    pub(crate) slot: u32,
    /// How far it is decided.
    pub(crate) decided: AtomicU64,
    /// The latest instant decided, in milliseconds.
    pub(crate) latest: AtomicI64,
    /// How far a worker of this process has read.
    pub(crate) taken: AtomicU64,
    /// How far the log goes at least, as anybody of this process found: used where several processes serve the store.
    pub(crate) end: AtomicU64,
    /// Whether a worker of this process is at it.
    pub(crate) is_served: AtomicBool,
    /// Whether it was opened for that, and has not been left since: what was decided of it is known here.
    pub(crate) is_open: AtomicBool,
    /// There is something to decide: used where several processes serve the store.
    pub(crate) wake: Notify,
    /// Events put aside (R13).
    pub(crate) faults: AtomicU64,
    /// Why it cannot go on; none: it can.
    pub(crate) trouble: Mutex<Option<String>>,
    /// Held by whoever changes its checkpoints: retention, and the worker where somebody is forgotten (R10, R12).
    pub(crate) checkpoint: tokio::sync::Mutex<()>,
    /// Whether the worker is to copy the state as the next checkpoint.
    pub(crate) wants_copy: AtomicBool,
    /// The record from which on history is kept longer than it has to be, since it is decided otherwise today.
    pub(crate) kept_longer: Mutex<Option<u64>>,
}

impl WorkspaceState {
    /// The workspace's own account, in the revision in force.
    pub(crate) fn account(&self) -> UserId {
        let engine = self.engine.read().unwrap_or_else(PoisonError::into_inner);
        engine.workspace().workspace.account_user_id.clone()
    }

    /// Takes an engine that came into force, unless a newer one is known.
    pub(crate) fn take_engine(&self, engine: &Engine) {
        let mut known = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        if known.revision() < engine.revision() {
            *known = engine.clone();
        }
    }

    /// Whether something of it is decided here, so that what is in force is known.
    pub(crate) fn is_open(&self) -> bool {
        self.shards.iter().any(|shard| shard.is_open.load(Ordering::SeqCst))
    }

    /// The revision in force, as far as is known.
    pub(crate) fn revision(&self) -> u32 {
        self.engine.read().unwrap_or_else(PoisonError::into_inner).revision()
    }

    /// Takes the latest instants decided from the heads of all partitions.
    pub(crate) fn note_latest(&self, heads: &[Vec<Row>]) {
        for (shard, head) in self.shards.iter().zip(heads) {
            let latest = head.iter().find_map(|row| match row {
                Row::Clock(clock) => clock.latest(),
                _ => None,
            });
            if let Some(latest) = latest {
                shard.latest.fetch_max(latest.as_milliseconds(), Ordering::Relaxed);
            }
        }
    }

    /// Says that something was logged.
    pub(crate) fn tell_of_events(&self) {
        self.appended.notify_waiters();
        self.appended.notify_one();
    }

    /// The latest instant decided in any shard: the workspace's time where it passes by events alone.
    pub(crate) fn latest(&self) -> Option<Instant> {
        let latest = self.shards.iter().map(|shard| shard.latest.load(Ordering::Relaxed)).max()?;
        (latest > i64::MIN).then(|| Instant::from_milliseconds(latest))
    }
}
