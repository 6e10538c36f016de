//! A run: the real runtime lives through a plan, dies where the plan says so, and lives on.

use crate::block_on;
use crate::{
    Below, Defect, Failure, Plan, Step, VirtualClock, Weather,
    channel::Platform,
    check,
    plan::BEGIN,
    process::Process,
    store::Watched,
    watch::{Acknowledged, Seen, Watch},
};
use chatsparks_core::{Envelope, Event, Instant, WorkspaceId, workspace::Workspace};
use chatsparks_ports::{Clock, EffectState, Shard, Store, StoreError};
use chatsparks_runtime::{
    AcceptError, ClockMode, ConfigureError, NewEvent, Runtime, Settings, StartError, WorkspaceSetup,
};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long a stop may take.
const STOP: Duration = Duration::from_secs(10);
/// After so long without trouble, everything that can be done is done.
const QUIET: u64 = 60_000;
/// What takes a moment.
const SETTLED: Duration = Duration::from_millis(997);
/// In the end everything has to come to an end within this.
const END: u64 = 120 * 3_600_000;

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The records of each partition, as they were committed.
    pub records: Vec<Vec<String>>,
    /// The history of each partition, as its log has it, for people to read.
    pub history: String,
    /// How many processes lived.
    pub lives: usize,
    /// How many effects were decided.
    pub effects: usize,
    /// How many of them the other side has.
    pub delivered: usize,
    /// How many events were deleted of the logs (R10).
    pub cut: u64,
    /// What did not hold, where something did not.
    pub failure: Option<Failure>,
}

/// Whatever outlives a process.
pub(crate) struct World<S> {
    pub(crate) plan: Plan,
    pub(crate) store: Arc<Watched<S>>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) process: Arc<Process>,
    pub(crate) clock: VirtualClock,
    /// The workspaces: the plan's own, to which everything befalls, and its neighbours.
    pub(crate) workspaces: Vec<Tenant>,
    place: usize,
    /// The highest revision that somebody was told is in force.
    pub(crate) revision: u32,
    lives: usize,
    /// How many events had been deleted in the end (R10).
    cut: u64,
    /// What had been seen when the store was copied last, which revision was in force, and what came in since.
    copied: Option<(Seen, u32)>,
    since_copied: Vec<(usize, Vec<Envelope>)>,
    /// What the engine fails at.
    fails_at: Arc<Mutex<BTreeSet<String>>>,
}

/// A workspace, and its channel.
pub(crate) struct Tenant {
    pub(crate) id: WorkspaceId,
    pub(crate) document: Workspace,
    channel: Arc<Platform>,
    /// Bodies that were not acknowledged yet, in the order in which they come.
    pending: VecDeque<Vec<Envelope>>,
}

/// How the life of a process ended.
enum End {
    /// Another begins, after so long.
    Again(u64),
    /// The same, over a store that is made of its last copy.
    Restored(u64),
    Finished,
}

/// Lets a plan happen over a store that has so many partitions as the plan says.
///
/// # Panics
/// When the machine has no room for a thread.
#[expect(clippy::unwrap_used, reason = "without a tokio nothing can be simulated")]
pub fn simulate<B: Below>(plan: &Plan, mut below: B, defect: Option<Defect>) -> Report {
    crate::HOME.set(below.home());
    let mut world = World::new(plan.clone(), below.open(), defect);
    loop {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let end = tokio.block_on(world.live(&mut below));
        // Whatever was under way is gone, wherever it stood.
        drop(tokio);
        world.process.reap();
        match end {
            End::Again(down) if world.watch.seen().failure.is_none() => world.clock.pass(down),
            End::Restored(down) if world.watch.seen().failure.is_none() => {
                world.clock.pass(down);
                world.restore(&mut below);
            }
            _ => return world.report(),
        }
    }
}

impl<S: Store> World<S> {
    fn new(plan: Plan, store: S, defect: Option<Defect>) -> Self {
        let watch = Arc::new(Watch::default());
        let process = Arc::new(Process::new());
        let clock = VirtualClock::new(BEGIN.parse().unwrap_or(Instant::from_milliseconds(0)));
        let tenant = |number: u32| {
            let mut document = plan.workspace.clone();
            if number > 0 {
                document.workspace.id = format!("{}-{number}", document.workspace.id).into();
            }
            let (seed, clock) = (plan.seed.wrapping_add(u64::from(number)), clock.clone());
            let channel = Platform::new(seed, watch.clone(), process.clone(), clock, &plan.setting, number > 0);
            Tenant { id: document.workspace.id.clone(), document, channel: Arc::new(channel), pending: VecDeque::new() }
        };
        let workspaces: Vec<Tenant> = (0..=plan.setting.neighbours).map(tenant).collect();
        let store = Watched::new(store, plan.seed, watch.clone(), process.clone(), clock.clone(), defect);
        Self {
            plan,
            store: Arc::new(store),
            watch,
            process,
            clock,
            workspaces,
            place: 0,
            revision: 1,
            lives: 0,
            cut: 0,
            copied: None,
            since_copied: Vec::new(),
            fails_at: Arc::default(),
        }
    }

    /// The workspace that everything befalls.
    pub(crate) fn id(&self) -> &WorkspaceId {
        &self.workspaces[0].id
    }

    /// The store is lost, and made again of its last copy (S4).
    fn restore(&mut self, below: &mut impl Below<Store = S>) {
        let Some((copied, revision)) = self.copied.clone() else { return };
        let Some(inner) = below.restore(self.clock.wall()) else { return };
        let (watch, process, clock) = (self.watch.clone(), self.process.clone(), self.clock.clone());
        process.forget_zombies();
        let seed = self.plan.seed.wrapping_add(self.lives as u64);
        self.store = Arc::new(Watched::new(inner, seed, watch, process, clock, self.store.defect));
        self.watch.seen().restored(&copied);
        self.revision = revision;
        // Whoever sent it hears that nothing is known of it, and sends it again before anything else.
        for (tenant, body) in std::mem::take(&mut self.since_copied).into_iter().rev() {
            self.workspaces[tenant].pending.push_front(body);
        }
    }

    pub(crate) fn shards(&self) -> impl Iterator<Item = Shard> {
        let ids = self.workspaces.iter().map(|tenant| tenant.id.clone());
        let partitions = self.plan.setting.partitions;
        ids.flat_map(move |workspace| {
            (0..partitions).map(move |partition| Shard { workspace: workspace.clone(), partition })
        })
    }

    /// The shards of one workspace.
    pub(crate) fn shards_of(&self, workspace: &WorkspaceId) -> impl Iterator<Item = Shard> {
        let workspace = workspace.clone();
        self.shards().filter(move |shard| shard.workspace == workspace)
    }

    fn report(self) -> Report {
        let seen = self.watch.seen();
        let history = seen.shards.values().flat_map(|shard| &shard.replays).cloned().collect::<Vec<_>>();
        Report {
            records: seen.shards.values().map(|shard| shard.lines.clone()).collect(),
            history: chatsparks_testkit::lines::history(&history),
            lives: self.lives,
            effects: seen.effects.len(),
            delivered: seen.effects.values().filter(|effect| effect.delivered > 0).count(),
            cut: self.cut,
            failure: seen.failure.clone(),
        }
    }

    fn settings(&self) -> Settings {
        let setting = &self.plan.setting;
        let mut settings = Settings::default();
        settings.clock = setting.clock;
        settings.trust_at = setting.trust_at;
        settings.batch = setting.batch;
        settings.contacts_at_hand = setting.contacts_at_hand;
        settings.concurrency = setting.concurrency;
        settings.retry = Duration::from_secs(3_600 * setting.retry_hours);
        // What is watched is held against a replay of the whole log, whatever the store keeps of it.
        let hours = setting.records_hours.unwrap_or(200 * 365 * 24);
        settings.records = Some(Duration::from_secs(3_600 * hours));
        // Each process has another one.
        settings.seed = Some(self.plan.seed.wrapping_mul(1_000).wrapping_add(self.lives as u64));
        settings.fails_at = self.fails_at.clone();
        settings
    }

    /// The life of one process.
    async fn live(&mut self, below: &mut impl Below<Store = S>) -> End {
        self.clock.begin();
        self.watch.seen().begins();
        self.lives += 1;
        let process = self.process.clone();
        let end = tokio::select! {
            biased;
            () = process.end() => End::Again(process.down()),
            end = self.lives(below) => end,
        };
        self.clock.end();
        end
    }

    async fn lives(&mut self, below: &mut impl Below<Store = S>) -> End {
        let Some(runtime) = self.start().await else { return End::Finished };
        while let Some(step) = self.plan.steps.get(self.place).cloned() {
            self.place += 1;
            self.watch.seen().step = self.place;
            match &step {
                Step::Backup => {
                    // Whatever is under way waits: nothing else runs meanwhile.
                    below.backup(&self.store.inner);
                    self.copied = Some((self.watch.seen().clone(), self.revision));
                    self.since_copied.clear();
                }
                Step::Restore { down } if self.copied.is_some() => return End::Restored(*down),
                _ => {}
            }
            if let Some(down) = self.step(&runtime, &step).await {
                return End::Again(down);
            }
            check::after_a_step(self);
            if matches!(step, Step::Pass(period) if period >= QUIET) {
                self.is_quiet(&runtime).await;
            }
            if self.watch.seen().failure.is_some() {
                return End::Finished;
            }
        }
        self.watch.seen().step = self.place + 1;
        self.finish(&runtime).await;
        runtime.stop(STOP).await;
        End::Finished
    }

    /// Starts the runtime; none: it does not start, though the store would let it.
    async fn start(&self) -> Option<Runtime<Watched<S>>> {
        loop {
            let setups = self.workspaces.iter().enumerate().map(|(number, tenant)| {
                let setup = WorkspaceSetup::new(tenant.document.clone(), "digest");
                let mut setup = setup.with_channel(tenant.channel.clone());
                if number == 0 {
                    setup.rates = self.plan.setting.rates.iter().filter_map(|rate| rate.parse().ok()).collect();
                }
                setup
            });
            let (clock, setups) = (Arc::new(self.clock.clone()), setups.collect());
            match Runtime::start(self.store.clone(), clock, self.settings(), setups).await {
                Ok(runtime) => return Some(runtime),
                Err(StartError::Store(StoreError::Unavailable(_))) => tokio::time::sleep(Duration::from_secs(1)).await,
                Err(error) => {
                    self.watch.fail("R1", format!("the runtime does not start: {error}"));
                    return None;
                }
            }
        }
    }

    /// Lets a step happen; for how long nothing runs then, where the process was told to stop.
    async fn step(&mut self, runtime: &Runtime<Watched<S>>, step: &Step) -> Option<u64> {
        match step {
            Step::Deliver(body) => {
                for (number, tenant) in self.workspaces.iter_mut().enumerate() {
                    let mut body = body.clone();
                    // A document is one workspace's own.
                    body.retain(|envelope| number == 0 || !matches!(envelope.event, Event::Configure(_)));
                    if !body.is_empty() {
                        tenant.pending.push_back(body);
                    }
                }
                self.deliver(runtime).await;
            }
            Step::Pass(period) => {
                self.deliver(runtime).await;
                tokio::time::sleep(Duration::from_millis(*period)).await;
            }
            Step::SetClock(by) => {
                self.watch.seen().clock_is_set(*by);
                self.clock.step(*by);
            }
            Step::ConfirmClock => runtime.confirm_clock(),
            Step::Crash { at, number, after, down } => {
                self.process.crash(*at, *number, *after, *down);
                // Where that is at once, this is how it gets there.
                tokio::task::yield_now().await;
            }
            Step::CrashInChannel { down } => self.process.crash_once_sent(*down),
            Step::Stop { down } => {
                runtime.stop(STOP).await;
                return Some(*down);
            }
            Step::StoreFails { at, times, after } => self.process.fails(*at, *times, *after),
            Step::Channel(weather) => self.watch.seen().weather = Some(*weather),
            Step::Put(document) => match runtime.configure(self.id(), (**document).clone(), None).await {
                Ok(configured) => self.revision = self.revision.max(configured.revision),
                Err(ConfigureError::Invalid(_) | ConfigureError::Accept(_)) => {}
                Err(error) => self.watch.fail("R8", format!("a document cannot be put: {error}")),
            },
            Step::Erase(user_id) => match runtime.erase(self.id(), user_id.clone()).await {
                Ok(()) | Err(AcceptError::Store(_) | AcceptError::ClockStepped) => {}
                Err(error) => self.watch.fail("R12", format!("nobody can be forgotten: {error}")),
            },
            Step::Revive => {
                let dead = block_on(self.store.inner.list(self.id(), EffectState::Dead, usize::MAX >> 1));
                for letter in dead.unwrap_or_default() {
                    // Where the store fails, it stays among the dead.
                    let _ = runtime.retry(self.id(), &letter.effect).await;
                }
            }
            Step::Drop => {
                let waiting = block_on(self.store.inner.list(self.id(), EffectState::Waiting, 1));
                for effect in waiting.unwrap_or_default() {
                    let _ = runtime.drop_effect(self.id(), &effect.effect).await;
                }
            }
            Step::Fault(events) => {
                self.watch.seen().planted.extend(events.iter().cloned());
                let mut fails_at = self.fails_at.lock().unwrap_or_else(PoisonError::into_inner);
                fails_at.extend(events.iter().map(ToString::to_string));
            }
            Step::Upgrade => self.fails_at.lock().unwrap_or_else(PoisonError::into_inner).clear(),
            Step::Full(period) => self.process.is_full_until(self.clock.monotonic() + Duration::from_millis(*period)),
            Step::Backup | Step::Restore { .. } => {}
        }
        None
    }

    /// Sends what was not acknowledged yet, in order, until something is refused for now.
    async fn deliver(&mut self, runtime: &Runtime<Watched<S>>) {
        for number in 0..self.workspaces.len() {
            self.deliver_to(runtime, number).await;
        }
    }

    async fn deliver_to(&mut self, runtime: &Runtime<Watched<S>>, number: usize) {
        let id = self.workspaces[number].id.clone();
        while let Some(body) = self.workspaces[number].pending.front() {
            let note = |note: fn(&mut Acknowledged)| {
                let mut seen = self.watch.seen();
                let key = |envelope: &Envelope| (id.clone(), envelope.id.clone());
                body.iter().for_each(|envelope| note(seen.events.entry(key(envelope)).or_default()));
            };
            let event = |envelope: &Envelope| NewEvent {
                id: envelope.id.clone(),
                at: Some(envelope.at),
                event: envelope.event.clone(),
            };
            // Where the process ends before it answers, nobody knows.
            note(|event| event.unknown += 1);
            let accepted = runtime.accept(&id, body.iter().map(event).collect()).await;
            note(|event| event.unknown -= 1);
            match accepted {
                Ok(_) => note(|event| event.taken += 1),
                Err(AcceptError::AheadOfTime { .. }) => {}
                Err(AcceptError::ClockStepped | AcceptError::Store(_)) => return,
                Err(error) => return self.watch.fail("R1", format!("events are refused: {error}")),
            }
            let taken = self.workspaces[number].pending.pop_front();
            if self.copied.is_some() {
                self.since_copied.extend(taken.map(|body| (number, body)));
            }
        }
    }

    /// Whether everything was done that could be done: nothing went wrong for a while.
    async fn is_quiet(&self, runtime: &Runtime<Watched<S>>) {
        // Whatever was due at this very instant is done.
        tokio::time::sleep(SETTLED).await;
        let wall = self.clock.wall();
        let lately = |at: Instant| wall.as_milliseconds().abs_diff(at.as_milliseconds()) < QUIET;
        if self.process.is_failing() || self.process.last_failed().is_some_and(lately) {
            return;
        }
        // What the health says of the clock is looked at first: it notices the step.
        let health = runtime.health().await;
        let stepped = health.clock_stepped;
        if let Some(why) = health.store {
            self.watch.fail("H", format!("the store is well for a while, and health says: {why}"));
        }
        check::nothing_waits(self);
        for shard in self.shards() {
            check::is_decided(self, &shard);
            if self.plan.setting.clock == ClockMode::Wall && !stepped {
                check::is_in_time(self, &shard, wall);
            }
        }
        check::neighbours_are_well(self);
    }

    /// Everything is well again, and all of it has to come to its end.
    async fn finish(&mut self, runtime: &Runtime<Watched<S>>) {
        self.process.heal();
        self.watch.seen().weather = Some(Weather::Fine);
        runtime.confirm_clock();
        let mut passed = 0;
        while passed < END && self.watch.seen().failure.is_none() {
            self.deliver(runtime).await;
            let wall = self.clock.wall();
            let ids = self.workspaces.iter().map(|tenant| &tenant.id);
            let retry = ids.filter_map(|id| block_on(self.store.inner.next_retry(id, wall)).unwrap_or_default()).min();
            let wait = retry.map_or(0, |retry| retry.as_milliseconds().saturating_sub(wall.as_milliseconds()));
            let wait = u64::try_from(wait).unwrap_or(0).max(QUIET);
            tokio::time::sleep(Duration::from_millis(wait)).await;
            passed += wait;
            let count = |tenant: &Tenant| block_on(self.store.inner.count(&tenant.id)).unwrap_or_default();
            let waiting: u64 = self.workspaces.iter().map(count).map(|count| count.waiting + count.in_doubt).sum();
            let is_sent = self.workspaces.iter().all(|tenant| tenant.pending.is_empty());
            if is_sent && waiting == 0 && check::all_is_decided(self) {
                break;
            }
        }
        check::after_a_step(self);
        if self.watch.seen().failure.is_none() {
            self.is_quiet(runtime).await;
            let state = runtime.state(self.id()).await;
            let revision = runtime.engine(self.id()).map_or(0, |engine| engine.revision());
            if revision < self.revision {
                let found = format!("revision {} was put in force, and {revision} is", self.revision);
                self.watch.fail("R8", found);
            }
            check::in_the_end(self, state.ok());
            self.cut = self.shards().map(|shard| check::retention::cut(self, &shard)).sum();
        }
    }
}
