//! Workers that serve a store together: their beats, and who has which slot.
//!
//! One document says who has what, written by compare-and-set. Who is dead is said by the server's clock: each beat is a
//! message, and the instants compared are those at which the server took them.

use crate::{
    JetStreamStore,
    failure::{form, gone},
    server::Failed,
};
use async_nats::jetstream::stream::LastRawMessageErrorKind::NoMessageFound;
use bytes::Bytes;
use chatsparks_core::WorkspaceId;
use chatsparks_ports::{Alone, Beat, Share, StoreError, WorkerShare, fair_share};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};
use tokio::time::sleep;

/// How long a process that keeps others out has to be silent before it is taken for dead.
const SILENT: Duration = Duration::from_secs(15);

/// How often such a process says that it is there.
const STILL: Duration = Duration::from_secs(3);

/// Who has what.
#[derive(Default, Serialize, Deserialize)]
struct Shares {
    workers: BTreeMap<String, Worker>,
    /// Of each slot.
    holders: Vec<Option<String>>,
    /// The newest revision of each workspace.
    #[serde(default)]
    revisions: BTreeMap<WorkspaceId, u32>,
}

#[derive(Serialize, Deserialize)]
struct Worker {
    address: String,
    /// When the server took its last beat, in milliseconds, and how long that is good for.
    beat: i64,
    takeover: u64,
}

/// Whoever keeps others out of a workspace.
#[derive(Serialize, Deserialize)]
struct Keeper {
    by: u64,
    still: u64,
    free: bool,
}

impl JetStreamStore {
    /// A message of the store's own by its subject: its sequence, and what it says.
    async fn own<T: serde::de::DeserializeOwned>(&self, subject: &str) -> Result<Option<(u64, i64, T)>, StoreError> {
        match self.0.own.get_last_raw_message_by_subject(subject).await {
            Ok(message) => {
                let taken = message.time.unix_timestamp_nanos() / 1_000_000;
                let says = serde_json::from_slice(&message.payload).map_err(form)?;
                Ok(Some((message.sequence, i64::try_from(taken).unwrap_or(i64::MAX), says)))
            }
            Err(error) if error.kind() == NoMessageFound => Ok(None),
            Err(error) => Err(gone(error)),
        }
    }

    async fn write_own<T: Serialize>(&self, subject: &str, says: &T, expected: Option<u64>) -> Result<u64, Failed> {
        let message = serde_json::to_vec(says).map_err(|error| Failed::Refused(error.to_string()))?;
        Ok(self.0.server.publish(subject, &[Bytes::from(message)], None, expected).await?.seq)
    }

    /// Says that a worker lives, and hears what it is to serve.
    pub(crate) async fn beat(&self, beat: &Beat) -> Result<Share, StoreError> {
        self.0.is_worker.store(!beat.leaves, Ordering::Relaxed);
        self.let_go();
        let prefix = self.0.server.prefix(None);
        let beats = format!("{prefix}.beat.{}", crate::server::encoded(&beat.worker));
        self.write_own(&beats, &true, None).await.map_err(Failed::into_error)?;
        let now = self.own::<bool>(&beats).await?.map_or(0, |(_, taken, _)| taken);
        let subject = format!("{prefix}.shares");
        for tries in 0..50 {
            let (expected, mut shares) = match self.own::<Shares>(&subject).await? {
                Some((sequence, _, shares)) => (sequence, shares),
                None => (0, Shares::default()),
            };
            shares.holders.resize(self.0.partitions as usize, None);
            let is_new = !shares.workers.contains_key(&beat.worker);
            let takeover = u64::try_from(beat.takeover.as_millis()).unwrap_or(u64::MAX);
            shares
                .workers
                .retain(|_, worker| u64::try_from(now.saturating_sub(worker.beat)).unwrap_or(0) <= worker.takeover);
            if beat.leaves {
                shares.workers.remove(&beat.worker);
            } else {
                let worker = Worker { address: beat.address.clone(), beat: now, takeover };
                shares.workers.insert(beat.worker.clone(), worker);
            }
            let workers: Vec<String> = shares.workers.keys().cloned().collect();
            let (served, given) = fair_share(&beat.worker, &workers, &shares.holders, &beat.serving);
            for (slot, holder) in (0..).zip(&mut shares.holders) {
                if given.contains(&slot) {
                    *holder = None;
                } else if served.contains(&slot) {
                    *holder = Some(beat.worker.clone());
                }
            }
            for (workspace, revision) in &beat.revisions {
                // Who serves it knows.
                shares.revisions.insert(workspace.clone(), *revision);
            }
            match self.write_own(&subject, &shares, Some(expected)).await {
                Ok(_) => {
                    return Ok(Share { slots: served, workers: told(&shares), revisions: shares.revisions, is_new });
                }
                Err(Failed::Overtaken) => sleep(Duration::from_millis(5 + 3 * tries)).await,
                Err(failed) => return Err(failed.into_error()),
            }
        }
        Err(gone("many workers say at once that they live"))
    }

    /// Keeps other processes out of a workspace.
    pub(crate) async fn keep_others_out(&self, workspace: &WorkspaceId) -> Result<Alone, StoreError> {
        let prefix = self.0.server.prefix(None);
        let subject = format!("{prefix}.alone.{}", crate::server::encoded(workspace.as_str()));
        let by: u64 = rand::random();
        let mut keeper = Keeper { by, still: 0, free: false };
        // One that did not move for so long is dead: nobody's clock is asked but this one's, for a span.
        let mut seen: Option<(u64, tokio::time::Instant)> = None;
        let mut sequence = loop {
            let found = self.own::<Keeper>(&subject).await?;
            let expected = match &found {
                None => Some(0),
                // What was not answered was taken after all.
                Some((sequence, _, other)) if other.by == by => break *sequence,
                Some((sequence, _, other)) if other.free => Some(*sequence),
                Some((sequence, ..)) => {
                    let since = match seen {
                        Some((before, since)) if before == *sequence => since,
                        _ => {
                            let now = tokio::time::Instant::now();
                            seen = Some((*sequence, now));
                            now
                        }
                    };
                    (since.elapsed() > SILENT).then_some(*sequence)
                }
            };
            if let Some(expected) = expected {
                match self.write_own(&subject, &keeper, Some(expected)).await {
                    Ok(sequence) => break sequence,
                    Err(Failed::Overtaken | Failed::Unknown(_)) => {}
                    Err(failed) => return Err(failed.into_error()),
                }
            }
            sleep(Duration::from_millis(50)).await;
        };
        let store = self.clone();
        let (dropped, mut is_dropped) = tokio::sync::oneshot::channel::<()>();
        self.0.runtime.spawn(async move {
            let mut ended = false;
            loop {
                ended = ended || tokio::time::timeout(STILL, &mut is_dropped).await.is_ok();
                (keeper.still, keeper.free) = (keeper.still + 1, ended);
                match store.write_own(&subject, &keeper, Some(sequence)).await {
                    Ok(_) if ended => return,
                    Ok(next) => sequence = next,
                    Err(Failed::Overtaken) => match store.own::<Keeper>(&subject).await {
                        // What was not answered was taken after all.
                        Ok(Some((own, _, found))) if found.by == by => sequence = own,
                        Err(_) if !ended => {}
                        // Another took it: there is nothing left to keep.
                        _ => return,
                    },
                    Err(_) if ended => return,
                    Err(_) => {}
                }
            }
        });
        Ok(Alone::until_dropped(dropped))
    }
}

fn told(shares: &Shares) -> Vec<WorkerShare> {
    let of = |worker: &str| {
        let had = (0..).zip(&shares.holders).filter(|(_, holder)| holder.as_deref() == Some(worker));
        had.map(|(slot, _)| slot).collect()
    };
    let workers = shares.workers.iter().map(|(name, worker)| WorkerShare {
        worker: name.clone(),
        address: worker.address.clone(),
        slots: of(name),
    });
    workers.collect()
}
