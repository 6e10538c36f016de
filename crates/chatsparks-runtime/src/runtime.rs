//! The runtime: several workspaces over one store, each with its workers and its dispatcher.

use crate::{
    ConfigureError, Settings, WorkspaceSetup,
    clock_guard::ClockGuard,
    configure::{self, Revisions},
    dispatch::{self, ChannelState},
    forward, retention,
    sharing::{self, Sharing},
    worker,
    workspace::{ShardState, WorkspaceState},
};
use chatsparks_core::{CompileError, Engine, Event, Instant, Row, UserId, WorkspaceId};
use chatsparks_ports::{Clock, Shard, Store, StoreError};
use std::{
    collections::BTreeMap,
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::Instant as Moment,
};
use tokio_util::sync::CancellationToken;

/// Workspaces that run. Cheap to clone; it stops when it is told to.
pub struct Runtime<S> {
    pub(crate) inner: Arc<Inner<S>>,
}

impl<S: Store> Clone for Runtime<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<S: Store> fmt::Debug for Runtime<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Runtime").field("workspaces", &self.workspaces()).finish_non_exhaustive()
    }
}

/// Why a runtime could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A workspace's document does not hold.
    #[error("the document of workspace `{workspace}` does not hold: {error}")]
    Document {
        /// Which workspace.
        workspace: WorkspaceId,
        /// Its faults.
        error: CompileError,
    },
    /// A changed document could not be put in force.
    #[error("the changed document of workspace `{workspace}` could not be put in force: {error}")]
    Configure {
        /// Which workspace.
        workspace: WorkspaceId,
        /// Why.
        error: ConfigureError,
    },
    /// Two workspaces have one id.
    #[error("workspace `{0}` is there twice")]
    Twice(WorkspaceId),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(crate) struct Inner<S> {
    pub(crate) store: Arc<S>,
    pub(crate) guard: ClockGuard,
    pub(crate) settings: Settings,
    pub(crate) sharing: Sharing,
    /// Set once, when all of them are made.
    pub(crate) workspaces: OnceLock<BTreeMap<WorkspaceId, Arc<WorkspaceState>>>,
    stopping: CancellationToken,
    /// Moves with every commit.
    pub(crate) commits: watch::Sender<u64>,
    /// Why the store could not do the last thing, and when that was; none: it could.
    pub(crate) store_fault: Mutex<Option<StoreFault>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    unique: AtomicU64,
    pub(crate) pulse: worker::Pulse,
    /// What no other process has.
    process: u64,
}

impl<S> Inner<S> {
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    pub(crate) fn stopped(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// A number that no other event of this process has, nor one of another: a clock that was set back, or a restart
    /// within a millisecond, repeats none.
    pub(crate) fn unique(&self) -> String {
        let number = self.unique.fetch_add(1, Ordering::Relaxed);
        format!("{:x}-{:x}-{number:x}", self.guard.wall().as_milliseconds(), self.process)
    }

    /// Does what takes long where it holds up nobody; none: it panicked.
    pub(crate) async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        // In a simulation another thread would be done sooner or later as it pleases.
        if self.settings.seed.is_some() {
            return Some(work());
        }
        tokio::task::spawn_blocking(work).await.ok()
    }

    pub(crate) fn note_store(&self, error: Option<&StoreError>) {
        let mut fault = self.store_fault.lock().unwrap_or_else(PoisonError::into_inner);
        match error {
            None => *fault = None,
            Some(error @ (StoreError::Unavailable(_) | StoreError::Unusable(_))) => {
                let passes = matches!(error, StoreError::Unavailable(_));
                *fault = Some(StoreFault { why: error.to_string(), met: Moment::now(), passes });
            }
            Some(_) => {}
        }
    }

    /// Why the store does not do what it should; none: it does, as far as anybody knows. Where everything is decided and
    /// whoever brings events waits for health, nobody finds out that it is well again: what nobody has met for a while is
    /// taken to be over, and the next to meet it says so.
    pub(crate) fn store_fault(&self) -> Option<String> {
        let fault = self.store_fault.lock().unwrap_or_else(PoisonError::into_inner);
        let stands = |fault: &&StoreFault| !fault.passes || fault.met.elapsed() < PASSES_AFTER;
        fault.as_ref().filter(stands).map(|fault| fault.why.clone())
    }
}

/// What the store could not do.
pub(crate) struct StoreFault {
    why: String,
    met: Moment,
    /// Whether it may go by itself.
    passes: bool,
}

/// How long a start that fails waits for what it began.
const STOPS_WITHIN: Duration = Duration::from_secs(5);
/// A fault that nobody has met for so long is over.
const PASSES_AFTER: Duration = Duration::from_secs(30);

impl<S: Store> Runtime<S> {
    /// Starts workspaces: each goes on where it was left.
    ///
    /// # Errors
    /// When a document does not hold, or the store cannot be read. Nothing runs then.
    pub async fn start(
        store: Arc<S>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        setups: Vec<WorkspaceSetup>,
    ) -> Result<Self, StartError> {
        // The standard library's maps take their keys from the system: another for each process.
        let process = settings.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        let sharing = Sharing::new(store.is_shared(), store.partitions(), settings.seed);
        let inner = Arc::new(Inner {
            store,
            sharing,
            guard: ClockGuard::new(clock),
            settings,
            workspaces: OnceLock::new(),
            stopping: CancellationToken::new(),
            commits: watch::Sender::new(0),
            store_fault: Mutex::new(None),
            tasks: Mutex::new(Vec::new()),
            unique: AtomicU64::new(0),
            pulse: worker::Pulse::default(),
            process,
        });
        let runtime = Self { inner };
        let mut states = BTreeMap::new();
        let mut changed = Vec::new();
        for setup in setups {
            let id = setup.document.workspace.id.clone();
            let (state, engine_changed) = runtime.prepare(&setup).await?;
            if engine_changed {
                changed.push((id.clone(), setup));
            }
            if states.insert(id.clone(), Arc::new(state)).is_some() {
                return Err(StartError::Twice(id));
            }
        }
        // INVARIANT: it is set here, and nowhere else.
        runtime.inner.workspaces.get_or_init(|| states);
        if let Err(error) = runtime.begin(changed).await {
            runtime.stop(STOPS_WITHIN).await;
            return Err(error);
        }
        Ok(runtime)
    }

    /// Puts documents in force that have changed, and begins to work.
    async fn begin(&self, changed: Vec<(WorkspaceId, WorkspaceSetup)>) -> Result<(), StartError> {
        let runtime = self;
        let works = |task| runtime.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
        if runtime.inner.sharing.is_shared {
            // Nothing is logged before it is known that the store is served here.
            works(tokio::spawn(sharing::run(runtime.inner.clone())));
        }
        for (workspace, setup) in changed {
            // Of several processes that start with a new file, one puts it in force.
            if runtime.inner.sharing.is_shared
                && runtime.inner.store.note(&workspace, DIGEST).await?.as_deref() == Some(&setup.digest)
            {
                continue;
            }
            let document = (*setup.document).clone();
            let configured = runtime.configure(&workspace, document, None).await;
            configured.map_err(|error| StartError::Configure { workspace: workspace.clone(), error })?;
            runtime.inner.store.write_note(&workspace, DIGEST, &setup.digest).await?;
        }
        let states = runtime.inner.workspaces.get().into_iter().flat_map(|states| states.values());
        for state in states {
            if state.shards.len() > 1 {
                // Before the workers read: whoever logs says so, and here nobody would.
                let waiting = runtime.inner.store.forward(&state.id, &state.account()).await?.waiting;
                state.waiting.store(waiting as i64, Ordering::Relaxed);
            }
            if runtime.inner.sharing.is_shared {
                works(tokio::spawn(sharing::watch(runtime.inner.clone(), state.clone())));
            }
            for shard in &state.shards {
                works(tokio::spawn(worker::run(runtime.inner.clone(), state.clone(), shard.clone())));
            }
            if state.shards.len() > 1 {
                works(tokio::spawn(forward::run(runtime.inner.clone(), state.clone())));
            }
            if state.channel.is_some() {
                works(tokio::spawn(dispatch::run(runtime.inner.clone(), state.clone())));
            }
        }
        works(tokio::spawn(retention::run(runtime.inner.clone())));
        if runtime.inner.sharing.is_shared {
            works(tokio::spawn(sharing::listen(runtime.inner.clone())));
            works(tokio::spawn(sharing::learn(runtime.inner.clone())));
        }
        Ok(())
    }

    /// A workspace as the store has it, or new; and whether the file of its document changed since it was last taken.
    async fn prepare(&self, setup: &WorkspaceSetup) -> Result<(WorkspaceState, bool), StartError> {
        let id = setup.document.workspace.id.clone();
        let store = &self.inner.store;
        chatsparks_ports::moving::is_at_home(&**store, &id).await?;
        let heads = store.heads(&id).await?;
        let mut shards = Vec::new();
        for (partition, head) in (0..store.partitions()).zip(&heads) {
            // O3: where time passes by events alone, it is known before the first effect goes. R10: each partition's is
            // its own, so that a start cuts nothing sooner than the partition would.
            let latest = head.iter().find_map(|row| match row {
                Row::Clock(clock) => clock.latest(),
                _ => None,
            });
            let latest = latest.map_or(i64::MIN, Instant::as_milliseconds);
            let shard = Shard { workspace: id.clone(), partition };
            shards.push(Arc::new(ShardState {
                slot: store.slot(&shard),
                shard,
                decided: AtomicU64::new(0),
                latest: AtomicI64::new(latest),
                taken: AtomicU64::new(0),
                end: AtomicU64::new(0),
                is_served: AtomicBool::new(false),
                is_open: AtomicBool::new(false),
                wake: Notify::new(),
                faults: AtomicU64::new(0),
                trouble: Mutex::new(None),
                checkpoint: tokio::sync::Mutex::new(()),
                wants_copy: AtomicBool::new(false),
                kept_longer: Mutex::new(None),
            }));
        }
        let revision = heads.iter().flatten().find_map(|row| match row {
            Row::Terms(terms) => Some(terms.revision()),
            _ => None,
        });
        let compile = |document, revision| {
            Engine::restore(document, revision).map_err(|error| StartError::Document { workspace: id.clone(), error })
        };
        let taken = store.note(&id, DIGEST).await?;
        let (engine, changed) = match revision {
            Some(revision) => {
                let Some(document) = store.document(&id, revision).await? else {
                    let why = format!("the document of revision {revision} of workspace `{id}` is missing");
                    return Err(StoreError::Unusable(why).into());
                };
                (compile(document, revision)?, taken.as_deref() != Some(&setup.digest))
            }
            None => {
                let engine = compile(setup.document.clone(), 1)?;
                store.write_note(&id, DIGEST, &setup.digest).await?;
                (engine, false)
            }
        };
        // What is logged and not decided may bring further revisions.
        let mut revisions = Revisions::new(engine.clone());
        for shard in shards.iter().take(1) {
            configure::follow_logged(store, &shard.shard, &mut revisions).await?;
        }
        let state = WorkspaceState {
            id,
            shards,
            engine: RwLock::new(engine),
            revisions: tokio::sync::Mutex::new(revisions),
            appended: Notify::new(),
            waiting: AtomicI64::new(0),
            has_to_wait: Notify::new(),
            committed: Notify::new(),
            queued: Notify::new(),
            channel: setup.channel.clone(),
            rates: setup.rates.clone(),
            quota: setup.quota.map(|quota| quota.limiter()),
            channel_state: Mutex::new(ChannelState::default()),
            inbox: tokio::sync::Mutex::new(None),
        };
        Ok((state, changed))
    }

    /// The store below.
    pub fn store(&self) -> &Arc<S> {
        &self.inner.store
    }

    /// The slots that this process serves: all of them, unless others serve the store too. A slot is a partition of every
    /// workspace, or all of some workspaces, as the store has it ([`slot`](chatsparks_ports::Shards::slot)).
    pub fn served_slots(&self) -> Vec<u32> {
        self.inner.sharing.slots()
    }

    /// The partitions of a workspace that this process serves, sorted: all of them, unless others serve the store too.
    pub fn served_partitions(&self, workspace: &WorkspaceId) -> Vec<u32> {
        self.workspace(workspace).map(|state| self.inner.served_of(state)).unwrap_or_default()
    }

    /// How much of a workspace's partitions this process serves, from 0 to 1: as much of each rate is its own (O4).
    pub fn part(&self, workspace: &WorkspaceId) -> f64 {
        self.workspace(workspace).map_or(0.0, |state| self.inner.part_of(state))
    }

    /// The workspaces that run, sorted.
    pub fn workspaces(&self) -> Vec<WorkspaceId> {
        self.inner.workspaces.get().map(|states| states.keys().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn workspace(&self, id: &WorkspaceId) -> Option<&Arc<WorkspaceState>> {
        self.inner.workspaces.get()?.get(id)
    }

    /// The engine in force, as far as is decided.
    pub fn engine(&self, workspace: &WorkspaceId) -> Option<Engine> {
        let engine = self.workspace(workspace)?.engine.read().unwrap_or_else(PoisonError::into_inner);
        Some(engine.clone())
    }

    /// Forgets a person: an event like any other, after which their texts are nowhere (R12).
    ///
    /// # Errors
    /// As [`Runtime::accept`].
    pub async fn erase(&self, workspace: &WorkspaceId, user_id: UserId) -> Result<(), crate::AcceptError> {
        let state = self.workspace(workspace).ok_or(crate::AcceptError::UnknownWorkspace)?;
        let id = format!("erase:{}", self.inner.unique()).into();
        let event = Event::Erase(user_id);
        match self.inner.settings.clock {
            crate::ClockMode::Wall => self.log(state, vec![crate::NewEvent { id, at: None, event }]).await,
            crate::ClockMode::Events => {
                let stamp = chatsparks_ports::Stamp::Latest;
                self.log_inputs(state, vec![chatsparks_ports::Input { id, stamp, event }]).await
            }
        }
    }

    /// The clock that it lives by.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.inner.guard.clock()
    }

    /// Says that the machine's clock is right as it is, after it was stepped (R2).
    pub fn confirm_clock(&self) {
        self.inner.guard.confirm();
    }

    /// Waits until it is told to stop: what goes on for as long as anybody listens ends then.
    pub async fn stops(&self) {
        stops(&self.inner.stopping).await;
    }

    /// Moves whenever something was committed.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.inner.commits.subscribe()
    }

    /// Stops: what is begun is finished within so long, and nothing that was acknowledged is lost (H2).
    pub async fn stop(&self, within: Duration) {
        self.inner.stopping.cancel();
        let tasks = std::mem::take(&mut *self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let finished = async {
            for task in tasks {
                // A task that panicked has stopped too.
                let _ = task.await;
            }
            self.inner.leave().await;
        };
        if tokio::time::timeout(within, finished).await.is_err() {
            tracing::warn!("stopped before everything that was begun had finished; it goes on at the next start");
        }
    }
}

/// Waits until the runtime stops. Whoever waits hears it in the order in which they began to: a run of the simulator is the
/// same each time.
pub(crate) async fn stops(stop: &CancellationToken) {
    stop.cancelled().await;
}

/// The note of the digest of the file last taken.
pub(crate) const DIGEST: &str = "document_digest";
