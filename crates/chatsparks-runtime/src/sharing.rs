//! Which partitions this process serves, where several serve one store (R5): it says at intervals that it lives, and hears
//! its share. A lease only says who ought to decide; the fence says who may write.

use crate::runtime::{Inner, WorkspaceState, stops};
use chatsparks_core::Row;
use chatsparks_ports::{Beat, Shard, Share, Store, WorkerShare};
use std::{
    collections::BTreeSet,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::sync::{Notify, watch};

/// Beats within the time after which others take over.
const BEATS: u32 = 4;
/// How often it is looked whether others have logged something, should a hint be lost.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Between two looks at the ends of logs.
const PAUSE: Duration = Duration::from_millis(5);

/// What this process has of the partitions.
pub(crate) struct Sharing {
    /// Whether there may be other processes.
    pub(crate) is_shared: bool,
    /// The name of this process, which no other has.
    pub(crate) worker: String,
    partitions: u32,
    /// The partitions that are to be served, and how often that was heard.
    share: watch::Sender<(BTreeSet<u32>, u64)>,
    workers: Mutex<Vec<WorkerShare>>,
    /// It is time to say something.
    beat: Notify,
}

impl Sharing {
    pub(crate) fn new(is_shared: bool, partitions: u32, seed: Option<u64>) -> Self {
        let random = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        let all = if is_shared { BTreeSet::new() } else { (0..partitions).collect() };
        Self {
            is_shared,
            worker: format!("{:x}-{random:016x}", std::process::id()),
            partitions,
            share: watch::Sender::new((all, 0)),
            workers: Mutex::default(),
            beat: Notify::new(),
        }
    }

    /// Whether a partition is this process's to serve.
    pub(crate) fn has(&self, partition: u32) -> bool {
        !self.is_shared || self.share.borrow().0.contains(&partition)
    }

    /// The partitions that are this process's to serve, sorted.
    pub(crate) fn partitions(&self) -> Vec<u32> {
        self.share.borrow().0.iter().copied().collect()
    }

    /// How much of all partitions it has, from 0 to 1.
    pub(crate) fn part(&self) -> f64 {
        if self.is_shared { self.share.borrow().0.len() as f64 / f64::from(self.partitions.max(1)) } else { 1.0 }
    }

    /// All workers that live, as they were heard of last.
    pub(crate) fn workers(&self) -> Vec<WorkerShare> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Moves whenever the share is heard anew.
    pub(crate) fn heard(&self) -> watch::Receiver<(BTreeSet<u32>, u64)> {
        self.share.subscribe()
    }

    /// How often the share was heard.
    pub(crate) fn times(&self) -> u64 {
        self.share.borrow().1
    }

    /// Waits until a partition is this process's, as it was heard more than so many times.
    pub(crate) async fn until_has(&self, partition: u32, after: Option<u64>) {
        if !self.is_shared {
            return;
        }
        let mut heard = self.share.subscribe();
        // INVARIANT: the sender lives as long as this.
        let _ = heard
            .wait_for(|(share, times)| share.contains(&partition) && after.is_none_or(|after| *times > after))
            .await;
    }

    /// Waits until a partition is not this process's any more.
    pub(crate) async fn until_lost(&self, partition: u32) {
        if !self.is_shared {
            return std::future::pending().await;
        }
        let mut heard = self.share.subscribe();
        let _ = heard.wait_for(|(share, _)| !share.contains(&partition)).await;
    }

    /// Something has changed that others wait for: it is said at once.
    pub(crate) fn speak(&self) {
        self.beat.notify_one();
    }

    fn hear(&self, share: Share) {
        *self.workers.lock().unwrap_or_else(PoisonError::into_inner) = share.workers;
        self.set(share.partitions.into_iter().collect());
    }

    fn set(&self, share: BTreeSet<u32>) {
        for partition in 0..self.partitions {
            let serves = f64::from(u8::from(share.contains(&partition)));
            metrics::gauge!("chatsparks_partition_served", "partition" => partition.to_string()).set(serves);
        }
        self.share.send_modify(|(known, times)| (*known, *times) = (share, *times + 1));
    }
}

impl<S: Store> Inner<S> {
    fn beat(&self, leaves: bool) -> Beat {
        let settings = &self.settings;
        Beat {
            worker: self.sharing.worker.clone(),
            address: settings.address.clone(),
            serving: self.serving().into_iter().collect(),
            takeover: settings.takeover,
            leaves,
        }
    }

    /// The partitions of which something goes on here.
    fn serving(&self) -> BTreeSet<u32> {
        let mut serving = BTreeSet::new();
        for state in self.workspaces.get().into_iter().flat_map(|states| states.values()) {
            let served = state.shards.iter().filter(|shard| shard.is_served.load(Ordering::SeqCst));
            serving.extend(served.map(|shard| shard.shard.partition));
            let channel = state.channel_state.lock().unwrap_or_else(PoisonError::into_inner);
            serving.extend(channel.partitions.iter().copied());
        }
        serving
    }

    /// Gives everything back: called once nothing goes on any more.
    pub(crate) async fn leave(&self) {
        if self.sharing.is_shared
            && let Err(error) = self.store.share(&self.beat(true)).await
        {
            tracing::warn!(%error, "partitions could not be given back: others take them over in a while");
        }
    }
}

/// Says at intervals that this process lives, until the runtime stops.
pub(crate) async fn run<S: Store>(inner: Arc<Inner<S>>) {
    let stop = inner.stopped();
    let takeover = inner.settings.takeover;
    let mut heard = Instant::now();
    loop {
        // Whoever was frozen has lost everything, as far as it knows, until it hears otherwise.
        if heard.elapsed() >= takeover && !inner.sharing.partitions().is_empty() {
            tracing::warn!("the store was not heard of for too long: others may serve these partitions now");
            inner.sharing.set(BTreeSet::new());
        }
        let began = Instant::now();
        let beat = inner.beat(false);
        match tokio::time::timeout(takeover, inner.store.share(&beat)).await {
            Ok(Ok(share)) => {
                heard = began;
                inner.note_store(None);
                inner.sharing.hear(share);
                if inner.settings.clock == crate::ClockMode::Events || inner.settings.trust_at {
                    note_latest(&inner).await;
                }
            }
            Ok(Err(error)) => {
                inner.note_store(Some(&error));
                tracing::warn!(%error, "the store does not say which partitions are to be served");
            }
            Err(_) => tracing::warn!("the store does not say in time which partitions are to be served"),
        }
        tokio::select! {
            biased;
            () = stops(&stop) => return,
            () = inner.sharing.beat.notified() => {}
            () = tokio::time::sleep(takeover / BEATS) => {}
        }
    }
}

/// O3, T5: the workspace's time, where it passes by events alone or events bring their own, is that of every partition.
async fn note_latest<S: Store>(inner: &Inner<S>) {
    for state in inner.workspaces.get().into_iter().flat_map(|states| states.values()) {
        let Ok(heads) = inner.store.heads(&state.id).await else { continue };
        for (shard, head) in state.shards.iter().zip(&heads) {
            let latest = head.iter().find_map(|row| match row {
                Row::Clock(clock) => clock.latest(),
                _ => None,
            });
            if let Some(latest) = latest {
                shard.latest.fetch_max(latest.as_milliseconds(), Ordering::Relaxed);
            }
        }
    }
}

/// Hears of what other processes log.
pub(crate) async fn listen<S: Store>(inner: Arc<Inner<S>>) {
    let stop = inner.stopped();
    loop {
        let told = tokio::select! {
            biased;
            () = stops(&stop) => return,
            told = inner.store.news() => told,
        };
        for id in told {
            if let Some(state) = inner.workspaces.get().and_then(|states| states.get(&id)) {
                state.tell_of_events();
                // What was decided elsewhere may be what others wait for, or have effects.
                state.queued.notify_one();
            }
        }
    }
}

/// Wakes those shards of a workspace that have something to decide: one look for all of them.
pub(crate) async fn watch<S: Store>(inner: Arc<Inner<S>>, workspace: Arc<WorkspaceState>) {
    let stop = inner.stopped();
    loop {
        let appended = workspace.appended.notified();
        let partitions = u32::try_from(workspace.shards.len()).unwrap_or(0);
        match inner.store.ends(&workspace.id, partitions).await {
            Ok(ends) => {
                let behind = workspace.shards.iter().zip(ends).filter(|(shard, end)| {
                    shard.end.fetch_max(*end, Ordering::SeqCst);
                    shard.is_served.load(Ordering::SeqCst) && *end > shard.taken.load(Ordering::SeqCst)
                });
                behind.for_each(|(shard, _)| shard.wake.notify_one());
            }
            Err(error) => inner.note_store(Some(&error)),
        }
        tokio::time::sleep(PAUSE).await;
        tokio::select! {
            biased;
            () = stops(&stop) => return,
            () = appended => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

/// How far a shard is decided, whoever serves it.
pub(crate) async fn decided<S: Store>(inner: &Inner<S>, shard: &Shard, known: u64) -> u64 {
    inner.store.decided(shard).await.unwrap_or(known)
}
