//! Snapshots: the state as it is, so that a process that starts need not read a journal from its beginning, and what is
//! in one need not be kept.
//!
//! A snapshot is written in parts, and is there once the head names it, which is written by compare-and-set. What stands
//! before its first part is of older ones, and is purged.

use super::{Journal, TRY};
use crate::{
    failure::gone,
    state::{State, VERSION},
};
use bytes::Bytes;
use chatsparks_ports::StoreError;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::{MissedTickBehavior, interval};

/// Bytes of a journal after which a snapshot is written, at least; and as many as the last one had.
const AFTER: u64 = 64 * 1024 * 1024;

/// How many parts are on their way at once.
const AT_ONCE: usize = 8;

/// What names a snapshot.
#[derive(Clone, Serialize, Deserialize)]
struct Head {
    v: u32,
    id: String,
    /// The last message of the journal that is in it.
    applied: u64,
    parts: u64,
    bytes: u64,
    digest: String,
}

fn digest(bytes: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes snapshots when it is time, and anew what holds something of who was forgotten.
pub(super) async fn keep(journal: Arc<Journal>) {
    // Not every process at the same time.
    let mut ticks = interval(Duration::from_millis(400 + rand::random_range(0..200)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (since, last) = (&journal.since_snapshot, &journal.snapshot_bytes);
        let result = async {
            if since.load(Ordering::Relaxed) > AFTER.max(last.load(Ordering::Relaxed)) {
                journal.write_snapshot(0).await?;
            }
            journal.write_anew().await
        };
        if let Err(error) = result.await {
            tracing::warn!(workspace = %journal.workspace, "the journal's upkeep has to wait: {error}");
        }
    }
}

impl Journal {
    async fn head(&self) -> Result<Option<(u64, Head)>, StoreError> {
        use async_nats::jetstream::stream::LastRawMessageErrorKind::NoMessageFound;
        let found = self.snapshots.get_last_raw_message_by_subject(&format!("{}_S.head", self.name)).await;
        let message = match found {
            Ok(message) => message,
            Err(error) if error.kind() == NoMessageFound => return Ok(None),
            Err(error) => return Err(gone(error)),
        };
        let head: Head = serde_json::from_slice(&message.payload).map_err(crate::failure::form)?;
        if head.v > VERSION {
            return Err(StoreError::Unusable(format!(
                "a snapshot is of version {}, and this build knows versions up to {VERSION}: use a newer one",
                head.v
            )));
        }
        Ok(Some((message.sequence, head)))
    }

    /// The newest snapshot, and its bytes.
    pub(super) async fn read_snapshot(&self) -> Result<Option<(State, u64)>, StoreError> {
        let mut tries = 0;
        loop {
            let Some((_, head)) = self.head().await? else { return Ok(None) };
            match self.read_parts(&head).await {
                Ok(state) => return Ok(Some((state, head.bytes))),
                // Another may have replaced it meanwhile.
                Err(error) if tries >= 5 => return Err(error),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn read_parts(&self, head: &Head) -> Result<State, StoreError> {
        let parts = stream::iter(0..head.parts).map(async |part| {
            let subject = format!("{}_S.part.{}.{part}", self.name, head.id);
            let message = self.snapshots.get_last_raw_message_by_subject(&subject).await.map_err(gone)?;
            Ok::<_, StoreError>(message.payload)
        });
        let parts: Vec<Bytes> = parts.buffered(AT_ONCE).try_collect().await?;
        let whole = parts.concat();
        if digest(&whole) != head.digest {
            return Err(StoreError::Unusable("a snapshot is damaged: its digest is another".to_owned()));
        }
        let state: State = rmp_serde::from_slice(&whole)
            .map_err(|_| StoreError::Unusable("a snapshot is damaged: it cannot be read".to_owned()))?;
        Ok(state.restored())
    }

    /// Writes a snapshot that has this message at least, unless there is one; and lets go of what nothing needs then.
    pub(super) async fn write_snapshot(self: &Arc<Self>, at_least: u64) -> Result<(), StoreError> {
        let before = self.head().await?;
        let expected = before.as_ref().map_or(0, |(sequence, _)| *sequence);
        let had = before.map_or(0, |(_, head)| head.applied);
        if at_least == 0 && self.snapshoted.swap(had, Ordering::Relaxed) < had {
            // Another process was first: it is its turn until as much has come again.
            self.since_snapshot.store(0, Ordering::Relaxed);
            return Ok(());
        }
        if at_least > 0 && had >= at_least {
            return Ok(());
        }
        let journal = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || {
            let state = journal.state();
            journal.since_snapshot.store(0, Ordering::Relaxed);
            let needed = state.first_needed().min(state.applied + 1);
            rmp_serde::to_vec(&*state).map(|bytes| (state.applied, needed, bytes))
        });
        let (applied, needed, bytes) = written.await.map_err(gone)?.map_err(gone)?;
        if applied <= had {
            return Ok(());
        }
        let (id, digest) = (format!("{applied:016x}-{:08x}", rand::random::<u32>()), digest(&bytes));
        let bytes = Bytes::from(bytes);
        let parts = (0..bytes.len()).step_by(self.server.part);
        let parts = parts.map(|start| bytes.slice(start..bytes.len().min(start + self.server.part)));
        let sent = stream::iter((0..).zip(parts)).map(async |(part, bytes): (u64, Bytes)| {
            let subject = format!("{}_S.part.{id}.{part}", self.name);
            self.publish_beside(&subject, bytes, None).await
        });
        let sequences: Vec<u64> = sent.buffered(AT_ONCE).try_collect().await?;
        let head = Head { v: VERSION, id, applied, parts: sequences.len() as u64, bytes: bytes.len() as u64, digest };
        let form = Bytes::from(serde_json::to_vec(&head).map_err(crate::failure::form)?);
        self.publish_beside(&format!("{}_S.head", self.name), form, Some(expected)).await?;
        self.snapshot_bytes.store(head.bytes, Ordering::Relaxed);
        self.snapshoted.store(applied, Ordering::Relaxed);
        if let Some(first) = sequences.iter().min() {
            self.snapshots.purge().sequence(*first).await.map_err(gone)?;
        }
        self.stream.purge().sequence(needed).await.map_err(gone)?;
        Ok(())
    }

    async fn publish_beside(&self, subject: &str, bytes: Bytes, expected: Option<u64>) -> Result<u64, StoreError> {
        let sent = tokio::time::timeout(TRY, self.server.publish(subject, &[bytes], None, expected)).await;
        let acknowledged = sent.map_err(|_| gone("the NATS server does not answer"))?;
        Ok(acknowledged.map_err(crate::server::Failed::into_error)?.seq)
    }
}
