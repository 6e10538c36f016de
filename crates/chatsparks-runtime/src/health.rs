//! How the runtime is: what is wrong, in words that say where to look (H).

use crate::Runtime;
use chatsparks_core::{Instant, WorkspaceId};
use chatsparks_ports::Store;
use serde::Serialize;
use std::sync::{PoisonError, atomic::Ordering};

/// How the runtime is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Health {
    /// `ok`, or what is wrong first.
    pub status: String,
    /// Why the store could not do the last thing; null: it could.
    pub store: Option<String>,
    /// Whether the machine's clock was stepped, and has to be confirmed.
    pub clock_stepped: bool,
    /// Each shard.
    pub shards: Vec<ShardHealth>,
    /// Each workspace's channel.
    pub channels: Vec<ChannelHealth>,
    /// Where several processes may serve the store: each of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workers: Vec<WorkerHealth>,
}

/// How a shard is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShardHealth {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The partition.
    pub partition: u32,
    /// Events logged and not decided.
    pub lag: u64,
    /// Events at which the engine failed since the start (R13).
    pub engine_faults: u64,
    /// Why it cannot go on; null: it can.
    pub trouble: Option<String>,
    /// The `seq` of a record that would be decided otherwise today: what is older than records have to be kept stays until
    /// the next checkpoint is old enough (R10). It is no trouble.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_longer_since: Option<u64>,
    /// Whether this process serves it. Where one process serves the store, it serves everything.
    #[serde(skip_serializing_if = "is_true")]
    pub served: bool,
}

/// A process that serves the store, as this one heard of it last.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkerHealth {
    /// Its name.
    pub worker: String,
    /// Where it is found.
    pub address: String,
    /// Whether it is this one.
    pub is_this: bool,
    /// The partitions that it serves, of every workspace.
    pub partitions: Vec<u32>,
}

fn is_true(truth: &bool) -> bool {
    *truth
}

/// How a channel is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelHealth {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// `none`, `going` or `stopped`.
    pub state: &'static str,
    /// Since when it is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Health {
    /// Whether events are taken and decided. A channel that is stopped stops its own queue only (O8).
    pub fn is_well(&self) -> bool {
        self.store.is_none() && !self.clock_stepped && self.shards.iter().all(|shard| shard.trouble.is_none())
    }
}

impl<S: Store> Runtime<S> {
    /// How it is.
    pub async fn health(&self) -> Health {
        let mut shards = Vec::new();
        let mut channels = Vec::new();
        for state in self.inner.workspaces.get().into_iter().flat_map(|states| states.values()) {
            // What waits for others to be decided will be in some log: it counts with the first.
            let mut waiting = u64::try_from(state.waiting.load(Ordering::Relaxed)).unwrap_or(0);
            for shard in &state.shards {
                let ended = self.inner.store.end(&shard.shard).await;
                let mut decided = shard.decided.load(Ordering::Relaxed);
                let served = self.inner.sharing.has(shard.shard.partition);
                if !served {
                    decided = crate::sharing::decided(&self.inner, &shard.shard, decided).await;
                }
                let lag = ended.as_ref().map_or(0, |(end, _)| end.saturating_sub(decided));
                let lag = lag + std::mem::take(&mut waiting);
                let trouble = shard.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
                shards.push(ShardHealth {
                    workspace: state.id.clone(),
                    partition: shard.shard.partition,
                    lag,
                    engine_faults: shard.faults.load(Ordering::Relaxed),
                    kept_longer_since: *shard.kept_longer.lock().unwrap_or_else(PoisonError::into_inner),
                    // What another serves is for that one to tell.
                    trouble: trouble.filter(|_| served).or(ended.err().map(|error| error.to_string())),
                    served,
                });
            }
            let channel = state.channel_state.lock().unwrap_or_else(PoisonError::into_inner);
            channels.push(ChannelHealth {
                workspace: state.id.clone(),
                state: match (&state.channel, channel.stops.present()) {
                    (None, _) => "none",
                    (Some(_), None) => "going",
                    (Some(_), Some(_)) => "stopped",
                },
                since: channel.stops.present().map(|(since, _)| since),
                why: channel.stops.present().map(|(_, why)| why.to_owned()),
            });
        }
        let lag: u64 = shards.iter().map(|shard| shard.lag).sum();
        metrics::gauge!("chatsparks_lag_events").set(lag as f64);
        let store = self.inner.store_fault();
        // Whoever only reads may have met a damaged page, which no worker has.
        let store = store.or_else(|| self.inner.store.damage());
        let sharing = &self.inner.sharing;
        let worker = |of: chatsparks_ports::WorkerShare| WorkerHealth {
            is_this: of.worker == sharing.worker,
            worker: of.worker,
            address: of.address,
            partitions: of.partitions,
        };
        let workers = sharing.workers().into_iter().map(worker).collect();
        let clock_stepped = self.inner.guard.is_stepped();
        let mut health = Health { status: "ok".to_owned(), store, clock_stepped, shards, channels, workers };
        if health.store.is_some() {
            "store".clone_into(&mut health.status);
        } else if health.clock_stepped {
            "clock".clone_into(&mut health.status);
        } else if !health.is_well() {
            "shard".clone_into(&mut health.status);
        }
        health
    }
}
