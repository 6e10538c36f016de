//! Which slots this process serves, where several serve one store (R5): it says at intervals that it lives, and hears its
//! share. A slot is a partition of every workspace, or all of some workspaces, as the store has it. A lease only says who ought to decide; the fence says who may write.

use crate::{
    runtime::{Inner, stops},
    workspace::{ShardState, WorkspaceState},
};
use chatsparks_core::WorkspaceId;
use chatsparks_ports::{Beat, Shard, Share, Store, StoreError, WorkerShare};
use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

mod beats;

pub(crate) use beats::run;

/// How often it is looked whether others have logged something, should a hint be lost.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long events wait for the store to be heard of anew.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at the ends of logs.
const PAUSE: Duration = Duration::from_millis(5);

/// What this process has of the slots.
pub(crate) struct Sharing {
    /// Whether there may be other processes.
    pub(crate) is_shared: bool,
    /// The name of this process, which no other has.
    pub(crate) worker: String,
    slots: u32,
    /// The slots that are to be served, and how often that was heard.
    share: watch::Sender<(BTreeSet<u32>, u64)>,
    workers: Mutex<Vec<WorkerShare>>,
    /// The newest revision of each workspace, as it was heard of last.
    revisions: Mutex<BTreeMap<WorkspaceId, u32>>,
    /// When the store was heard of last.
    heard: Mutex<Option<Instant>>,
    /// It is time to say something.
    beat: Notify,
}

impl Sharing {
    pub(crate) fn new(is_shared: bool, slots: u32, seed: Option<u64>) -> Self {
        let random = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        let all = if is_shared { BTreeSet::new() } else { (0..slots).collect() };
        Self {
            is_shared,
            worker: format!("{:x}-{random:016x}", std::process::id()),
            slots,
            share: watch::Sender::new((all, 0)),
            workers: Mutex::default(),
            revisions: Mutex::default(),
            heard: Mutex::default(),
            beat: Notify::new(),
        }
    }

    /// Whether a slot is this process's to serve.
    pub(crate) fn has(&self, slot: u32) -> bool {
        !self.is_shared || self.share.borrow().0.contains(&slot)
    }

    /// The slots that are this process's to serve, sorted.
    pub(crate) fn slots(&self) -> Vec<u32> {
        self.share.borrow().0.iter().copied().collect()
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

    /// Waits until a slot is this process's, as it was heard more than so many times.
    pub(crate) async fn until_has(&self, slot: u32, after: Option<u64>) {
        if !self.is_shared {
            return;
        }
        let mut heard = self.share.subscribe();
        // INVARIANT: the sender lives as long as this.
        let _ =
            heard.wait_for(|(share, times)| share.contains(&slot) && after.is_none_or(|after| *times > after)).await;
    }

    /// Waits until a slot is not this process's any more.
    pub(crate) async fn until_lost(&self, slot: u32) {
        if !self.is_shared {
            return std::future::pending().await;
        }
        let mut heard = self.share.subscribe();
        let _ = heard.wait_for(|(share, _)| !share.contains(&slot)).await;
    }

    /// How long ago the store was heard of.
    fn silence(&self) -> Duration {
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.map_or(Duration::MAX, |heard| heard.elapsed())
    }

    /// Whoever begins, was frozen or cut off may find its workspaces moved to another store: the store is heard of before
    /// anything is logged where nobody may read any more (S4). For as long as this others count on who is silent.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it does not say anything.
    pub(crate) async fn until_heard(&self, takeover: Duration) -> Result<(), StoreError> {
        if !self.is_shared || self.silence() < takeover {
            return Ok(());
        }
        let mut heard = self.share.subscribe();
        self.speak();
        let anew = tokio::time::timeout(PATIENCE, async {
            while self.silence() >= takeover {
                // INVARIANT: the sender lives as long as this.
                let _ = heard.changed().await;
            }
        });
        anew.await.map_err(|_| {
            let why = "the store has not said for `takeover_seconds` that this process serves it still";
            StoreError::Unavailable(why.to_owned())
        })
    }

    /// Something has changed that others wait for: it is said at once.
    pub(crate) fn speak(&self) {
        self.beat.notify_one();
    }

    fn hear(&self, share: Share, asked: Instant) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        *self.workers.lock().unwrap_or_else(PoisonError::into_inner) = share.workers;
        *self.revisions.lock().unwrap_or_else(PoisonError::into_inner) = share.revisions;
        self.set(share.slots.into_iter().collect());
    }

    /// Others may serve everything by now.
    fn lose(&self) {
        if !self.slots().is_empty() {
            tracing::warn!("the store was not heard of for too long: others may serve these partitions now");
            self.set(BTreeSet::new());
        }
    }

    fn set(&self, share: BTreeSet<u32>) {
        for slot in 0..self.slots {
            let serves = f64::from(u8::from(share.contains(&slot)));
            metrics::gauge!("chatsparks_partition_served", "partition" => slot.to_string()).set(serves);
        }
        self.share.send_modify(|(known, times)| (*known, *times) = (share, *times + 1));
    }
}

impl<S> Inner<S> {
    /// Whether a partition is this process's to serve.
    pub(crate) fn serves(&self, shard: &ShardState) -> bool {
        self.sharing.has(shard.slot)
    }

    /// Whether this process serves something of a workspace, or has not finished with it.
    pub(crate) fn serves_some_of(&self, workspace: &WorkspaceState) -> bool {
        let mut shards = workspace.shards.iter();
        shards.any(|shard| self.serves(shard) || shard.is_served.load(Ordering::SeqCst))
    }

    /// The partitions of a workspace that are this process's to serve, sorted.
    pub(crate) fn served_of(&self, workspace: &WorkspaceState) -> Vec<u32> {
        let served = workspace.shards.iter().filter(|shard| self.serves(shard));
        served.map(|shard| shard.shard.partition).collect()
    }

    /// Whether others count on this process still: it was heard by the store within `takeover`.
    pub(crate) fn counts(&self) -> bool {
        !self.sharing.is_shared || self.sharing.silence() < self.settings.takeover
    }

    /// How much of a workspace's partitions it serves, from 0 to 1.
    pub(crate) fn part_of(&self, workspace: &WorkspaceState) -> f64 {
        let served = workspace.shards.iter().filter(|shard| self.serves(shard)).count();
        served as f64 / workspace.shards.len().max(1) as f64
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
            revisions: self.revisions(),
        }
    }

    /// The revision in force of each workspace that it serves something of.
    fn revisions(&self) -> BTreeMap<WorkspaceId, u32> {
        let states = self.workspaces.get().into_iter().flat_map(|states| states.values());
        let served = states.filter(|state| self.serves_some_of(state));
        served.map(|state| (state.id.clone(), state.revision())).collect()
    }

    /// The slots of which something goes on here.
    fn serving(&self) -> BTreeSet<u32> {
        let mut serving = BTreeSet::new();
        for state in self.workspaces.get().into_iter().flat_map(|states| states.values()) {
            let served = state.shards.iter().filter(|shard| shard.is_served.load(Ordering::SeqCst));
            serving.extend(served.map(|shard| shard.slot));
            let channel = state.channel_state.lock().unwrap_or_else(PoisonError::into_inner);
            let flying = state.shards.iter().filter(|shard| channel.partitions.contains(&shard.shard.partition));
            serving.extend(flying.map(|shard| shard.slot));
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

/// Learns what others tell with each share, beside the beats, which wait for no workspace.
pub(crate) async fn learn<S: Store>(inner: Arc<Inner<S>>) {
    let stop = inner.stopped();
    let mut heard = inner.sharing.heard();
    loop {
        tokio::select! {
            biased;
            () = stops(&stop) => return,
            _ = heard.changed() => {}
        }
        let learning = async {
            if inner.settings.clock == crate::ClockMode::Events || inner.settings.trust_at {
                note_latest(&inner).await;
            }
            learn_newer(&inner).await;
        };
        tokio::select! {
            biased;
            () = stops(&stop) => return,
            () = learning => {}
        }
    }
}

/// R8: documents that came into force where others serve are learned of.
async fn learn_newer<S: Store>(inner: &Inner<S>) {
    let revisions = inner.sharing.revisions.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for (id, revision) in revisions {
        let Some(state) = inner.workspaces.get().and_then(|states| states.get(&id)) else { continue };
        if revision > state.revision()
            && !inner.serves_some_of(state)
            && let Err(error) = inner.learn(state).await
        {
            tracing::warn!(%error, "a document that came into force elsewhere could not be read");
        }
    }
}

/// O3, T5: the workspace's time, where it passes by events alone or events bring their own, is that of every partition.
async fn note_latest<S: Store>(inner: &Inner<S>) {
    let states = inner.workspaces.get().into_iter().flat_map(|states| states.values());
    for state in states.filter(|state| inner.serves_some_of(state)) {
        if let Ok(heads) = inner.store.heads(&state.id).await {
            state.note_latest(&heads);
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
                if inner.part_of(state) >= 1.0 {
                    // What came elsewhere may wait, and only who serves it all lets it go on.
                    state.has_to_wait.notify_one();
                }
            }
        }
    }
}

/// Wakes those shards of a workspace that have something to decide: one look for all of them.
pub(crate) async fn watch<S: Store>(inner: Arc<Inner<S>>, workspace: Arc<WorkspaceState>) {
    let stop = inner.stopped();
    let mut heard = inner.sharing.heard();
    loop {
        let appended = workspace.appended.notified();
        heard.borrow_and_update();
        if !inner.serves_some_of(&workspace) {
            // Whoever serves it looks.
            tokio::select! {
                biased;
                () = stops(&stop) => return,
                _ = heard.changed() => {}
            }
            continue;
        }
        let partitions = u32::try_from(workspace.shards.len()).unwrap_or(0);
        match inner.store.ends(&workspace.id, partitions).await {
            Ok(ends) => {
                let behind = workspace.shards.iter().zip(ends).filter(|(shard, end)| {
                    if shard.end.fetch_max(*end, Ordering::SeqCst) < *end {
                        inner.pulse.logged();
                    }
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
            _ = heard.changed() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

/// How far a shard is decided, whoever serves it.
pub(crate) async fn decided<S: Store>(inner: &Inner<S>, shard: &Shard, known: u64) -> u64 {
    inner.store.decided(shard).await.unwrap_or(known)
}
