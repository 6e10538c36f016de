//! How the runtime is: what is wrong, in words that say where to look (H).

use crate::{
    Runtime,
    workspace::{ShardState, WorkspaceState},
};
use chatsparks_core::{Instant, WorkspaceId};
use chatsparks_ports::Store;
use serde::Serialize;
use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

/// How long it is looked at most what others serve, all of it together.
const OF_OTHERS: Duration = Duration::from_secs(2);
/// The trouble of what was not heard of within that time.
const NO_ANSWER: &str = "another process serves it, and the store does not say in time how far it is";

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
    /// Why it cannot go on, or why that cannot be said of what another serves; null: it can.
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
    /// The partitions that it serves, of every workspace; where whole workspaces are shared out, their slots.
    pub partitions: Vec<u32>,
    /// The workspaces of which it serves something.
    pub workspaces: Vec<WorkspaceId>,
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
    /// Whether events are taken and decided, as far as this process does it. A channel that is stopped stops its own queue only (O8).
    pub fn is_well(&self) -> bool {
        let mut shards = self.shards.iter();
        self.store.is_none() && !self.clock_stepped && shards.all(|shard| shard.trouble.is_none() || !shard.served)
    }
}

impl<S: Store> Runtime<S> {
    /// How it is, with every workspace.
    pub async fn health(&self) -> Health {
        self.health_of(false).await
    }

    /// How it is, with the partitions that this process serves: nothing has to be asked of what others do.
    pub async fn health_here(&self) -> Health {
        self.health_of(true).await
    }

    /// How a workspace's channel is; none: there is no such workspace.
    pub fn channel_health(&self, workspace: &WorkspaceId) -> Option<ChannelHealth> {
        self.workspace(workspace).map(|state| channel_of(state))
    }

    async fn health_of(&self, only_here: bool) -> Health {
        let mut shards = Vec::new();
        let mut channels = Vec::new();
        let states = || self.inner.workspaces.get().into_iter().flat_map(|states| states.values());
        let until = tokio::time::Instant::now() + OF_OTHERS;
        for state in states().filter(|state| !only_here || self.inner.serves_some_of(state)) {
            let told = || state.shards.iter().filter(|shard| !only_here || self.inner.serves(shard));
            let looked = match self.inner.serves_some_of(state) {
                true => Some(self.looked(state, told()).await),
                // Nobody waits long to hear of what others serve.
                false => tokio::time::timeout_at(until, self.looked(state, told())).await.ok(),
            };
            let (mut waiting, found) = looked.unwrap_or_default();
            for (place, shard) in told().enumerate() {
                let found = found.get(place).cloned().unwrap_or_else(|| Err(NO_ANSWER.to_owned()));
                let served = self.inner.serves(shard);
                let trouble = shard.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
                shards.push(ShardHealth {
                    workspace: state.id.clone(),
                    partition: shard.shard.partition,
                    lag: found.as_ref().map_or(0, |lag| *lag) + std::mem::take(&mut waiting),
                    engine_faults: shard.faults.load(Ordering::Relaxed),
                    kept_longer_since: *shard.kept_longer.lock().unwrap_or_else(PoisonError::into_inner),
                    // What another serves is for that one to tell.
                    trouble: trouble.filter(|_| served).or(found.err()),
                    served,
                });
            }
            channels.push(channel_of(state));
        }
        // What another serves is for that one to tell.
        let lag: u64 = shards.iter().filter(|shard| shard.served).map(|shard| shard.lag).sum();
        metrics::gauge!("chatsparks_lag_events").set(lag as f64);
        let store = self.inner.store_fault();
        // Whoever only reads may have met a damaged page, which no worker has.
        let store = store.or_else(|| self.inner.store.damage());
        let sharing = &self.inner.sharing;
        let worker = |of: chatsparks_ports::WorkerShare| {
            let has = |state: &&Arc<WorkspaceState>| state.shards.iter().any(|shard| of.slots.contains(&shard.slot));
            WorkerHealth {
                is_this: of.worker == sharing.worker,
                workspaces: states().filter(has).map(|state| state.id.clone()).collect(),
                worker: of.worker,
                address: of.address,
                partitions: of.slots,
            }
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

impl<S: Store> Runtime<S> {
    /// How many events of a workspace wait for others to be decided, and the lag of each partition. What waits will be in
    /// some log: it counts with the first.
    async fn looked(
        &self,
        state: &WorkspaceState,
        shards: impl Iterator<Item = &Arc<ShardState>>,
    ) -> (u64, Vec<Result<u64, String>>) {
        let mut waiting = u64::try_from(state.waiting.load(Ordering::Relaxed)).unwrap_or(0);
        if !self.inner.serves_some_of(state)
            && let Ok(routed) = self.inner.store.forward(&state.id, &state.account()).await
        {
            // Whoever serves it knows; here it has to be asked for, and nobody minds who lets events go on.
            waiting = routed.waiting as u64;
        }
        // One question for all of them: whoever serves many workspaces is asked every few seconds how it is.
        let ends = self.inner.store.ends(&state.id, self.inner.store.partitions()).await;
        let ends = ends.map_err(|error| error.to_string());
        let mut found = Vec::with_capacity(state.shards.len());
        for shard in shards {
            let end = |ends: &Vec<u64>| ends.get(shard.shard.partition as usize).copied().unwrap_or(0);
            let ended = ends.as_ref().map(end).map_err(String::clone);
            let mut decided = shard.decided.load(Ordering::Relaxed);
            if !self.inner.serves(shard) {
                decided = crate::sharing::decided(&self.inner, &shard.shard, decided).await;
            }
            found.push(ended.map(|end| end.saturating_sub(decided)));
        }
        (waiting, found)
    }
}

fn channel_of(state: &WorkspaceState) -> ChannelHealth {
    let channel = state.channel_state.lock().unwrap_or_else(PoisonError::into_inner);
    ChannelHealth {
        workspace: state.id.clone(),
        state: match (&state.channel, channel.stops.present()) {
            (None, _) => "none",
            (Some(_), None) => "going",
            (Some(_), Some(_)) => "stopped",
        },
        since: channel.stops.present().map(|(since, _)| since),
        why: channel.stops.present().map(|(_, why)| why.to_owned()),
    }
}
