//! Whether a journal is followed: where processes share workspaces out, whoever is not asked for one follows it no longer.
//!
//! Each operation is read and folded by whoever follows its journal. A process that only takes events in for a workspace
//! that another serves needs nothing of that: it publishes them, and they are in the journal once the server says so. What
//! it is asked to read it reads up to the end first.

use super::{Journal, TRY, written};
use crate::{
    JetStreamStore,
    failure::form,
    op::{Does, Op},
    server::Failed,
};
use bytes::Bytes;
use chatsparks_core::WorkspaceId;
use chatsparks_ports::StoreError;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

/// So long without being asked, and a journal is not followed any more: whoever serves its workspace asks each second.
const IDLE: Duration = Duration::from_secs(3);

/// So long, and it is let go of, with all that memory and disk have of it.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// When a journal was asked for, and whether it is followed.
pub(super) struct Rest {
    /// Whether others serve workspaces too: else this process serves all of them.
    is_worker: Arc<AtomicBool>,
    began: Instant,
    /// When it was asked for last, in milliseconds since it began.
    asked: AtomicU64,
    /// How often it was not followed from then on, or something was left in it that nobody waited for; and up to which of
    /// these it was read to its end since.
    left: AtomicU64,
    read: AtomicU64,
    woken: Notify,
}

impl Rest {
    pub(super) fn new(is_worker: &Arc<AtomicBool>) -> Self {
        Self {
            is_worker: Arc::clone(is_worker),
            began: Instant::now(),
            asked: AtomicU64::new(0),
            left: AtomicU64::new(0),
            read: AtomicU64::new(0),
            woken: Notify::new(),
        }
    }

    fn ask(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.asked.fetch_max(now, Ordering::SeqCst);
    }

    fn since_asked(&self) -> Duration {
        self.began.elapsed().saturating_sub(Duration::from_millis(self.asked.load(Ordering::SeqCst)))
    }
}

impl Journal {
    /// Whether nobody has asked for it lately, so that another process serves it.
    pub(crate) fn is_idle(&self) -> bool {
        self.rest.is_worker.load(Ordering::Relaxed) && self.rest.since_asked() >= IDLE
    }

    /// Whether nobody has asked for it in a long time.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.is_behind() && self.rest.since_asked() >= FORGOTTEN
    }

    /// Whether it may have more than was read of it, as nobody asked.
    pub(super) fn is_behind(&self) -> bool {
        self.rest.read.load(Ordering::SeqCst) < self.rest.left.load(Ordering::SeqCst)
    }

    /// Has it followed, and read to the end that it has now, if it was not.
    pub(crate) async fn awake(&self) -> Result<(), StoreError> {
        self.rest.ask();
        self.can_be_read()?;
        let left = self.rest.left.load(Ordering::SeqCst);
        if self.rest.read.load(Ordering::SeqCst) >= left {
            return Ok(());
        }
        self.catch_up().await?;
        self.rest.ask();
        self.rest.read.fetch_max(left, Ordering::SeqCst);
        Ok(())
    }

    /// Has it followed as long as somebody waits for what is in it.
    pub(super) fn wake(&self) {
        if self.is_behind() {
            self.rest.woken.notify_one();
        }
    }

    /// Whether whoever follows it may stop: nobody asks, or waits for something.
    pub(super) fn may_sleep(&self) -> bool {
        self.is_idle() && self.folded.receiver_count() == 0 && self.awaited().is_empty()
    }

    /// Follows it no more, until somebody asks.
    pub(super) async fn sleep(&self) {
        self.rest.left.fetch_add(1, Ordering::SeqCst);
        // Whoever has asked just now may not have seen it.
        if self.may_sleep() {
            self.rest.woken.notified().await;
        }
    }

    /// Something stands in it that nobody waited for.
    pub(crate) fn was_left(&self) {
        self.rest.left.fetch_add(1, Ordering::SeqCst);
    }
}

impl JetStreamStore {
    /// Publishes an operation whose outcome nobody has to hear here: it is in the journal when this answers.
    pub(crate) async fn leave(&self, workspace: &WorkspaceId, does: Does) -> Result<(), StoreError> {
        let (server, patience) = (&self.0.server, self.0.options.patience);
        let op = Op { v: does.version(), id: (rand::random(), 1), does };
        let mut memory = server.spare.take();
        serde_json::to_writer(&mut memory, &op).map_err(form)?;
        let message = Bytes::from(memory);
        let (parts, subject) = (server.parts(&message)?, format!("{}.j", server.prefix(Some(workspace))));
        let (id, until) = (written(op.id), Instant::now() + patience);
        loop {
            let why = match timeout(TRY, server.publish(&subject, &parts, Some(&id), None)).await {
                Ok(Ok(_)) => {
                    drop(parts);
                    server.spare.give(message);
                    return Ok(());
                }
                Ok(Err(Failed::Refused(why))) => return Err(StoreError::Unavailable(why)),
                Ok(Err(Failed::Unknown(why))) => why,
                Ok(Err(Failed::Overtaken)) => "another process writes the same".to_owned(),
                Err(_) => "the NATS server does not answer".to_owned(),
            };
            if Instant::now() >= until {
                return Err(StoreError::Unavailable(why));
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}
