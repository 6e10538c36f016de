//! Snapshots: the state as it is, so that a process that starts need not read a journal from its beginning, and what is
//! in one need not be kept.
//!
//! A snapshot is written in parts, and is there once the head names it, which is written by compare-and-set. What stands
//! before its first part is of older ones, and is purged.

use super::{Journal, TRY};
use crate::{
    failure::gone,
    server::Failed,
    state::{State, VERSION},
    table::View,
};
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::Bytes;
use chatsparks_ports::StoreError;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    io::{self, BufReader, Read, Write},
    sync::{Arc, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

/// Bytes of a journal after which a snapshot is written, at least; and twice as many as the last one had.
const AFTER: u64 = 128 * 1024 * 1024;

/// How long another is waited for that writes one.
const CLAIMED: Duration = Duration::from_secs(60);

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

fn written(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Parts of a snapshot that come, as one.
struct Parts {
    parts: mpsc::Receiver<Bytes>,
    part: Bytes,
    digest: Sha256,
}

impl Read for Parts {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.part.is_empty() {
            let Some(part) = self.parts.blocking_recv() else { return Ok(0) };
            self.digest.update(&part);
            self.part = part;
        }
        let many = self.part.len().min(to.len());
        let read = self.part.split_to(many);
        to.iter_mut().zip(read).for_each(|(to, byte)| *to = byte);
        Ok(many)
    }
}

/// What is written, in parts that go.
struct InParts {
    to: mpsc::Sender<Bytes>,
    part: Vec<u8>,
    size: usize,
    bytes: u64,
    digest: Sha256,
}

impl InParts {
    /// Sends what has been written since the last part.
    fn send(&mut self) -> io::Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        let part = Bytes::from(std::mem::replace(&mut self.part, Vec::with_capacity(self.size)));
        self.digest.update(&part);
        self.bytes += part.len() as u64;
        self.to.blocking_send(part).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for InParts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.size - self.part.len();
        let (fits, _) = bytes.split_at(bytes.len().min(room));
        self.part.extend_from_slice(fits);
        if self.part.len() == self.size {
            self.send()?;
        }
        Ok(fits.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes snapshots when it is time, and anew what holds something of who was forgotten.
pub(super) async fn keep(journal: Arc<Journal>) {
    // Not every process at the same time.
    let mut ticks = interval(Duration::from_millis(400 + rand::random_range(0..200)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if journal.is_behind() {
            continue;
        }
        let (since, last) = (&journal.since_snapshot, &journal.snapshot_bytes);
        let result = async {
            let many = since.load(Ordering::Relaxed);
            if many > AFTER.max(last.load(Ordering::Relaxed).saturating_mul(2)) {
                // What fails is tried again before as much has come once more.
                let written = journal.write_snapshot(0).await;
                if written.is_err() {
                    since.fetch_max(many, Ordering::Relaxed);
                }
                written?;
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
        let found = self.snapshots.get_last_raw_message_by_subject(&format!("{}_S.head", self.name)).await;
        let message = match found {
            Ok(message) => message,
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => return Ok(None),
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

    /// Reads a snapshot while its parts come: there may be more of it than memory has room for.
    async fn read_parts(&self, head: &Head) -> Result<State, StoreError> {
        let (to, parts) = mpsc::channel(AT_ONCE);
        let ground = Arc::clone(&self.ground);
        let reading = tokio::task::spawn_blocking(move || {
            let mut parts = Parts { parts, part: Bytes::new(), digest: Sha256::new() };
            let state = ground.within(View::of_now(), || {
                let state = rmp_serde::from_read::<_, State>(BufReader::with_capacity(64 * 1024, &mut parts));
                state.map(|state| {
                    let mut state = state.restored();
                    state.put_aside_all(&ground);
                    state
                })
            });
            io::copy(&mut parts, &mut io::sink()).map(|_| (state, written(&parts.digest.finalize())))
        });
        let parts = stream::iter(0..head.parts).map(async |part| {
            let subject = format!("{}_S.part.{}.{part}", self.name, head.id);
            let message = self.snapshots.get_last_raw_message_by_subject(&subject).await.map_err(gone)?;
            Ok::<_, StoreError>(message.payload)
        });
        let mut parts = std::pin::pin!(parts.buffered(AT_ONCE));
        while let Some(part) = parts.try_next().await? {
            // Whoever reads it reads to the end.
            let _: Result<(), _> = to.send(part).await;
        }
        drop(to);
        let (state, digest) = reading.await.map_err(gone)?.map_err(gone)?;
        if digest != head.digest {
            return Err(StoreError::Unusable("a snapshot is damaged: its digest is another".to_owned()));
        }
        self.ground.sound()?;
        state.map_err(|_| StoreError::Unusable("a snapshot is damaged: it cannot be read".to_owned()))
    }

    /// Writes a snapshot that has this message at least, unless there is one; and lets go of what nothing needs then.
    pub(super) async fn write_snapshot(self: &Arc<Self>, at_least: u64) -> Result<(), StoreError> {
        let before = self.head().await?;
        let expected = before.as_ref().map_or(0, |(sequence, _)| *sequence);
        let had = before.as_ref().map_or(0, |(_, head)| head.applied);
        if let Some((_, head)) = &before {
            self.snapshot_bytes.store(head.bytes, Ordering::Relaxed);
        }
        if at_least == 0 && self.snapshoted.swap(had, Ordering::Relaxed) < had {
            // Another process was first: it is its turn until as much has come again.
            self.since_snapshot.store(0, Ordering::Relaxed);
            return Ok(());
        }
        if at_least > 0 && had >= at_least {
            return Ok(());
        }
        if at_least == 0 && !self.claim_snapshot(expected).await? {
            return Ok(());
        }
        // A copy shares the partitions, and is written while others go on.
        let (state, view) = {
            let state = self.state();
            self.since_snapshot.store(0, Ordering::Relaxed);
            (state.clone(), self.ground.view())
        };
        let applied = state.applied;
        if applied <= had {
            return Ok(());
        }
        let (to, parts) = mpsc::channel(AT_ONCE);
        let (ground, size) = (Arc::clone(&self.ground), self.server.part);
        let writing = tokio::task::spawn_blocking(move || -> Result<_, StoreError> {
            let mut out = InParts { to, part: Vec::new(), size, bytes: 0, digest: Sha256::new() };
            let needed = ground.within(view, || {
                rmp_serde::encode::write(&mut out, &state).map_err(gone)?;
                out.send().map_err(gone)?;
                Ok::<_, StoreError>(state.first_needed().min(state.applied + 1))
            })?;
            ground.sound()?;
            Ok((needed, out.bytes, written(&out.digest.finalize())))
        });
        let id = format!("{applied:016x}-{:08x}", rand::random::<u32>());
        let parts = stream::unfold(parts, async |mut parts| parts.recv().await.map(|part| (part, parts)));
        let sent = parts.enumerate().map(async |(number, bytes): (usize, Bytes)| {
            let subject = format!("{}_S.part.{id}.{number}", self.name);
            self.publish_beside(&subject, bytes, None).await
        });
        let sequences: Vec<u64> = sent.buffered(AT_ONCE).try_collect().await?;
        let (needed, bytes, digest) = writing.await.map_err(gone)??;
        let head = Head { v: VERSION, id, applied, parts: sequences.len() as u64, bytes, digest };
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

    /// Says that this process writes the snapshot after the head of this sequence; false: another does. Whoever has said so
    /// and is not heard of for long is waited for no more.
    async fn claim_snapshot(&self, head: u64) -> Result<bool, StoreError> {
        let subject = format!("{}_S.claim", self.name);
        let claim = match self.snapshots.get_last_raw_message_by_subject(&subject).await {
            Ok(message) => message.sequence,
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => 0,
            Err(error) => return Err(gone(error)),
        };
        if claim > head {
            let mut seen = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
            let since = seen.filter(|(seen, _)| *seen == claim).map_or_else(Instant::now, |(_, since)| since);
            *seen = Some((claim, since));
            if since.elapsed() < CLAIMED {
                return Ok(false);
            }
        }
        match tokio::time::timeout(TRY, self.server.publish(&subject, &[Bytes::new()], None, Some(claim))).await {
            Ok(Ok(_)) => Ok(true),
            Ok(Err(Failed::Overtaken)) => Ok(false),
            Ok(Err(failed)) => Err(failed.into_error()),
            Err(_) => Err(gone("the NATS server does not answer")),
        }
    }

    async fn publish_beside(&self, subject: &str, bytes: Bytes, expected: Option<u64>) -> Result<u64, StoreError> {
        let sent = tokio::time::timeout(TRY, self.server.publish(subject, &[bytes], None, expected)).await;
        let acknowledged = sent.map_err(|_| gone("the NATS server does not answer"))?;
        Ok(acknowledged.map_err(Failed::into_error)?.seq)
    }
}
