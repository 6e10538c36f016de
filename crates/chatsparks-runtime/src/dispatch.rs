//! The dispatcher: takes effects from the queue, deadline first, and hands them to the channel (O). One a workspace.

use crate::{
    pace::{self, Windows},
    runtime::{Inner, stops as until_stopped},
    settings::ClockMode,
    stops::{self, Stops, rest},
    workspace::WorkspaceState,
};
use chatsparks_core::{Effect, Instant};
use chatsparks_ports::{Delivery, DynChannel, EffectKey, EffectState, Looked, Ready, Settled, Store, StoreError};
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

mod answer;

use answer::Answered;
pub(crate) use answer::receipt;

/// How long the dispatcher waits at most before it looks again by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Before it is tried again to begin what did not begin, where others may have it.
const MOMENT: Duration = Duration::from_millis(50);
/// Dead letters that are looked at in one go, those first whose chance ends soonest.
const DEAD_AT_ONCE: usize = 100;

/// How a channel stands (O8), and how fast it went.
#[derive(Debug, Default)]
pub(crate) struct ChannelState {
    pub(crate) stops: Stops,
    /// While it stands: when it was tried last, and how often since it stands.
    tried: Option<(Instant, u32)>,
    /// When the last effects were sent.
    pub(crate) sent: VecDeque<Instant>,
    pub(crate) on_their_way: usize,
    /// The partitions of those that are on their way.
    pub(crate) partitions: BTreeSet<u32>,
    /// Those whose answer is waited for: what began and is nobody's doubt yet.
    pub(crate) begun: BTreeSet<String>,
}

/// How far an effect on its way has come. Whatever waits for the store or the channel waits beside the others, so that
/// what several effects write goes into one transaction.
enum Flown {
    /// It was withdrawn since it was read, and did not begin (O7).
    NotBegun,
    /// It was looked for (O5).
    Looked(Looked),
    /// It was attempted.
    Attempted(Answered),
    /// What came of it is written down: whether an event tells of it (O1), and whether it was given up (O4).
    Settled { logged: bool, is_dead: bool },
    /// The store failed: it is sent again, under the same key, or in doubt.
    Unwritten(StoreError),
}

/// Dispatches until the runtime stops; what is on its way then is waited for.
pub(crate) async fn run<S: Store>(inner: Arc<Inner<S>>, workspace: Arc<WorkspaceState>) {
    let Some(channel) = workspace.channel.clone() else { return };
    let part = inner.part_of(&workspace);
    let windows = Windows::new(&workspace.rates, None, inner.guard.wall(), inner.guard.monotonic());
    let dispatcher = Dispatcher {
        inner,
        workspace,
        channel,
        windows: Arc::new(Mutex::new(windows)),
        part,
        flying: JoinSet::new(),
        on_their_way: HashMap::new(),
        resting: None,
        buried: None,
        may_be_dead: true,
    };
    dispatcher.run().await;
}

struct Dispatcher<S: Store> {
    inner: Arc<Inner<S>>,
    workspace: Arc<WorkspaceState>,
    channel: Arc<dyn DynChannel>,
    /// What the rates let go (O4).
    windows: Arc<Mutex<Windows>>,
    /// How much of the rates they admit: the share of the partitions that this process serves (O4).
    part: f64,
    flying: JoinSet<Flown>,
    /// What is on its way, by the task that waits for it.
    on_their_way: HashMap<tokio::task::Id, Ready>,
    /// The store failed: nothing begins before.
    resting: Option<tokio::time::Instant>,
    /// When dead letters were looked at last, and whether there may be any.
    buried: Option<tokio::time::Instant>,
    may_be_dead: bool,
}

impl<S: Store> Dispatcher<S> {
    async fn run(mut self) {
        let stop = self.inner.stopped();
        match self.inner.store.note(&self.workspace.id, stops::NOTE).await {
            Ok(note) => self.note(|state, _| state.stops = Stops::of_note(note.as_deref())),
            Err(error) => self.inner.note_store(Some(&error)),
        }
        let mut heard = self.inner.sharing.heard();
        self.know_what_went(&stop).await;
        loop {
            if self.inner.is_stopping() {
                break;
            }
            heard.borrow_and_update();
            let wait = match self.begin_some().await {
                Ok(wait) => wait,
                Err(error) => {
                    self.inner.note_store(Some(&error));
                    tracing::warn!(%error, "the queue could not be read");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                // What comes first when several are ready is no matter of chance.
                biased;
                () = until_stopped(&stop) => break,
                Some(done) = self.flying.join_next_with_id() => self.finish(done).await,
                () = self.workspace.queued.notified() => {}
                _ = heard.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        while let Some(done) = self.flying.join_next_with_id().await {
            self.finish(done).await;
        }
    }

    /// What went before this process began counts too (O4): without knowing it nothing goes.
    async fn know_what_went(&self, stop: &CancellationToken) {
        // Where several processes send, each keeps to an even pace of its part from its start on: that is all it knows.
        if self.workspace.rates.is_empty() || self.inner.sharing.is_shared {
            return;
        }
        loop {
            match self.inner.store.note(&self.workspace.id, pace::NOTE).await {
                Ok(note) => {
                    let (wall, now) = (self.inner.guard.unset(), self.inner.guard.monotonic());
                    *self.windows() = Windows::new(&self.workspace.rates, note.as_deref(), wall, now);
                    return;
                }
                Err(error) => self.inner.note_store(Some(&error)),
            }
            tokio::select! {
                biased;
                () = until_stopped(stop) => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins as many attempts as may go now; how long to wait before there may be more.
    async fn begin_some(&mut self) -> Result<Duration, StoreError> {
        loop {
            let wall = self.inner.guard.wall();
            if let Some(until) = self.resting {
                let left = until.saturating_duration_since(tokio::time::Instant::now());
                if !left.is_zero() {
                    return Ok(left);
                }
                self.resting = None;
            }
            self.take_part().await?;
            self.bury().await?;
            let stopped = self.stopped_until();
            let room = match stopped {
                Some(until) if wall < until => return Ok(between(wall, until).min(LOOK_AGAIN)),
                // One effect tries whether it goes again.
                Some(_) => usize::from(self.flying.is_empty()),
                None => self.inner.settings.concurrency.saturating_sub(self.flying.len()),
            };
            if room == 0 {
                return Ok(LOOK_AGAIN);
            }
            // The strictest rate binds; one effect is looked at in any case, which may be too late.
            let limit = room.min(self.windows().free(self.inner.guard.monotonic())).max(1);
            let busy: Vec<EffectKey> = self.on_their_way.values().map(|ready| ready.key.clone()).collect();
            let ready = match self.inner.sharing.is_shared {
                true => {
                    let partitions = self.inner.served_of(&self.workspace);
                    if partitions.is_empty() {
                        // Whoever serves it looks.
                        return Ok(LOOK_AGAIN);
                    }
                    self.inner.store.ready_in(&self.workspace.id, &partitions, wall, &busy, limit).await?
                }
                false => self.inner.store.ready(&self.workspace.id, wall, &busy, limit).await?,
            };
            if ready.is_empty() {
                let retry = self.inner.store.next_retry(&self.workspace.id, wall).await?;
                return Ok(retry.map_or(LOOK_AGAIN, |at| between(wall, at).clamp(Duration::from_millis(5), LOOK_AGAIN)));
            }
            let mut began = 0;
            for ready in ready {
                if !self.inner.counts() {
                    return Ok(LOOK_AGAIN);
                }
                if self.is_over(ready.context.not_after) {
                    self.is_too_late(&ready.key, &ready.effect).await?;
                    continue;
                }
                if let Some(wait) = self.has_to_wait().await? {
                    return Ok(wait);
                }
                began += usize::from(self.begin(ready).await?);
            }
            if stopped.is_some() && began > 0 {
                return Ok(LOOK_AGAIN);
            }
        }
    }

    /// Where several processes send, each keeps to its part of the rates; a part that has grown begins with nothing saved.
    async fn take_part(&mut self) -> Result<(), StoreError> {
        let part = self.inner.part_of(&self.workspace);
        if (part - self.part).abs() < f64::EPSILON {
            return Ok(());
        }
        if self.part <= 0.0 {
            // O8: whoever sent before may have met a stop, or seen it end.
            let note = self.inner.store.note(&self.workspace.id, stops::NOTE).await?;
            self.note(|state, _| state.stops = Stops::of_note(note.as_deref()));
        }
        self.part = part;
        // Partitions that come bring their dead letters.
        self.may_be_dead = true;
        self.windows().take_part(part, self.inner.guard.monotonic());
        Ok(())
    }

    /// O1: a dead letter has its outcome once its chance is over, though nobody brings it back.
    async fn bury(&mut self) -> Result<(), StoreError> {
        let is_served = self.inner.counts() && self.inner.serves_some_of(&self.workspace);
        if !self.may_be_dead || !is_served || self.buried.is_some_and(|buried| buried.elapsed() < LOOK_AGAIN) {
            return Ok(());
        }
        self.buried = Some(tokio::time::Instant::now());
        let store = self.inner.store.clone();
        let dead = store.list(&self.workspace.id, EffectState::Dead, DEAD_AT_ONCE).await?;
        self.may_be_dead = !dead.is_empty();
        for dead in dead {
            if self.is_over(dead.not_after)
                && let Some((key, effect)) = store.find(&self.workspace.id, &dead.effect).await?
                && self.serves(key.shard.partition)
            {
                self.is_too_late(&key, &effect).await?;
            }
        }
        Ok(())
    }

    /// Whether a chance is over (O3): by the workspace's time.
    fn is_over(&self, not_after: Option<Instant>) -> bool {
        let now = match self.inner.settings.clock {
            ClockMode::Wall => Some(self.inner.guard.wall()),
            ClockMode::Events => self.workspace.latest(),
        };
        not_after.zip(now).is_some_and(|(not_after, now)| now >= not_after)
    }

    /// How long the rates say to wait; none: one effect may go, and is taken from each of them (O4).
    async fn has_to_wait(&self) -> Result<Option<Duration>, StoreError> {
        let told = {
            let (mut windows, now) = (self.windows(), self.inner.guard.monotonic());
            if windows.free(now) == 0 {
                return Ok(Some(windows.wait(now).max(Duration::from_millis(1))));
            }
            windows.take(self.inner.guard.wall(), now)
        };
        if let Some(told) = told.filter(|_| !self.inner.sharing.is_shared) {
            let written = self.inner.store.write_note(&self.workspace.id, pace::NOTE, &told).await;
            if written.is_err() {
                self.windows().gives_back();
            }
            written?;
        }
        Ok(None)
    }

    /// Begins an attempt; false: it was settled without one.
    async fn begin(&mut self, ready: Ready) -> Result<bool, StoreError> {
        let mut delivery =
            Delivery::new(ready.key.clone(), ready.effect.clone(), ready.context.clone(), ready.attempts + 1);
        delivery.first_attempt = ready.first_attempt;
        if ready.in_doubt && !self.channel.takes_keys() {
            self.windows().goes(self.inner.guard.monotonic());
            let (channel, within) = (self.channel.clone(), self.inner.settings.attempt);
            // Beside the others: it may ask the platform.
            self.fly(ready, async move {
                let looked = tokio::time::timeout(within, channel.look(&delivery)).await.unwrap_or(Looked::NotNow);
                if looked == Looked::NotNow {
                    // It stays in doubt, and is looked for again.
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                Flown::Looked(looked)
            });
            return Ok(true);
        }
        let (store, channel, within) = (self.inner.store.clone(), self.channel.clone(), self.inner.settings.attempt);
        let (key, wall) = (ready.key.clone(), self.inner.guard.wall());
        let (inner, windows) = (self.inner.clone(), self.windows.clone());
        self.fly(ready, async move {
            // O5: that it begins is durable before the call. O7: whatever was withdrawn since it was read does not begin.
            let begun = store.begin(&key, wall).await;
            {
                let mut windows = windows.lock().unwrap_or_else(PoisonError::into_inner);
                match begun {
                    // O4: the span runs from the call itself, however long the store took.
                    Ok(true) => windows.goes(inner.guard.monotonic()),
                    Ok(false) | Err(_) => windows.gives_back(),
                }
            }
            match begun {
                // R5: frozen meanwhile, it was replaced by another, who has the effect now; where it was not, it stays in
                // doubt, and is looked for.
                Ok(true) if !inner.counts() => Flown::NotBegun,
                Ok(true) => Flown::Attempted(tokio::time::timeout(within, channel.perform(&delivery)).await.ok()),
                Ok(false) => Flown::NotBegun,
                Err(error) => Flown::Unwritten(error),
            }
        });
        Ok(true)
    }

    fn fly(&mut self, ready: Ready, work: impl Future<Output = Flown> + Send + 'static) {
        let task = self.flying.spawn(work);
        if !ready.in_doubt {
            self.note(|state, _| {
                state.begun.insert(ready.key.id.clone());
            });
        }
        self.on_their_way.insert(task.id(), ready);
        self.note_flying();
    }

    async fn finish(&mut self, done: Result<(tokio::task::Id, Flown), JoinError>) {
        let (task, flown) = match done {
            Ok((task, flown)) => (task, flown),
            // A channel that panicked has not answered.
            Err(error) => (error.id(), Flown::Attempted(None)),
        };
        let Some(ready) = self.on_their_way.remove(&task) else { return };
        self.note(|state, _| {
            state.begun.remove(&ready.key.id);
        });
        match flown {
            // Whoever has just taken a partition over may be told before the store knows.
            Flown::NotBegun if self.inner.sharing.is_shared => {
                self.resting = Some(tokio::time::Instant::now() + MOMENT);
            }
            Flown::NotBegun => {}
            Flown::Looked(looked) => {
                if let Some(settled) = self.found(&ready, looked) {
                    self.fly_to_settle(ready, settled);
                }
            }
            Flown::Attempted(answered) => {
                if let Some(settled) = self.settlement(&ready, answered).await {
                    self.fly_to_settle(ready, settled);
                }
            }
            Flown::Settled { logged, is_dead } => {
                // Not before it is written: whoever looked meanwhile found none.
                self.may_be_dead |= is_dead;
                if logged {
                    self.workspace.tell_of_events();
                }
            }
            Flown::Unwritten(error) => {
                self.inner.note_store(Some(&error));
                tracing::error!(%error, "what came of an effect could not be written down");
                self.resting = Some(tokio::time::Instant::now() + LOOK_AGAIN);
            }
        }
        self.note_flying();
    }

    /// Whether a partition of the workspace is this process's to serve.
    fn serves(&self, partition: u32) -> bool {
        self.workspace.shards.get(partition as usize).is_some_and(|shard| self.inner.serves(shard))
    }

    /// How many are on their way, and of which partitions; others wait for those that are not served here any more.
    fn note_flying(&self) {
        let partitions: BTreeSet<u32> = self.on_their_way.values().map(|ready| ready.key.shard.partition).collect();
        let lost = |partitions: &BTreeSet<u32>| partitions.iter().any(|partition| !self.serves(*partition));
        let mut is_free = false;
        self.note(|state, flying| {
            is_free = lost(&state.partitions) && !lost(&partitions);
            (state.on_their_way, state.partitions) = (flying, partitions);
        });
        if is_free {
            self.inner.sharing.speak();
        }
    }

    /// Writes down what came of an effect, beside what the others write.
    fn fly_to_settle(&mut self, ready: Ready, settled: Settled) {
        let (store, key) = (self.inner.store.clone(), ready.key.clone());
        let receipt = receipt(&ready.effect, &ready.key.id, &settled);
        let logged = receipt.is_some();
        let is_dead = matches!(settled, Settled::Dead(_));
        self.fly(ready, async move {
            match store.settle(&key, settled, receipt).await {
                Ok(_) => Flown::Settled { logged, is_dead },
                Err(error) => Flown::Unwritten(error),
            }
        });
    }

    /// O3: its chance is over.
    async fn is_too_late(&self, key: &EffectKey, effect: &Effect) -> Result<(), StoreError> {
        let settled = Settled::Failed("too_late".to_owned());
        let receipt = receipt(effect, &key.id, &settled);
        let logged = receipt.is_some();
        self.inner.store.settle(key, settled, receipt).await?;
        if logged {
            self.workspace.tell_of_events();
        }
        Ok(())
    }

    /// Until when the channel rests; none: it goes.
    fn stopped_until(&self) -> Option<Instant> {
        let state = self.workspace.channel_state.lock().unwrap_or_else(PoisonError::into_inner);
        state.stops.present()?;
        // After a restart it is tried at once.
        state.tried.map_or(Some(Instant::from_milliseconds(i64::MIN)), |(tried, tries)| Some(tried.after(rest(tries))))
    }

    /// The channel stands still (O8).
    async fn stands(&self, wall: Instant, why: &str) {
        let mut changed = None;
        self.note(|state, _| {
            let tries = state.tried.map_or(0, |(_, tries)| tries.saturating_add(1));
            state.tried = Some((wall, tries));
            changed = state.stops.begin(wall, why).then(|| state.stops.note());
        });
        if let Some(note) = changed {
            tracing::warn!(workspace = %self.workspace.id, why, "the channel stopped");
            self.write_stops(&note).await;
        }
    }

    /// The channel answers, whatever it says.
    async fn goes(&self, wall: Instant) {
        let mut changed = None;
        self.note(|state, _| {
            state.tried = None;
            changed = state.stops.end(wall).then(|| state.stops.note());
        });
        if let Some(note) = changed {
            tracing::info!(workspace = %self.workspace.id, "the channel goes again");
            self.write_stops(&note).await;
        }
    }

    async fn write_stops(&self, note: &str) {
        if let Err(error) = self.inner.store.write_note(&self.workspace.id, stops::NOTE, note).await {
            // It is known here all the same; only a restart would not know.
            self.inner.note_store(Some(&error));
        }
    }

    fn note(&self, note: impl FnOnce(&mut ChannelState, usize)) {
        let mut state = self.workspace.channel_state.lock().unwrap_or_else(PoisonError::into_inner);
        note(&mut state, self.flying.len());
    }
}

fn between(from: Instant, to: Instant) -> Duration {
    let left = to.as_milliseconds().saturating_sub(from.as_milliseconds());
    Duration::from_millis(u64::try_from(left).unwrap_or(0))
}
