//! A worker: reads what is logged, decides it in memory, and commits it once (R5). One a shard.

use crate::{
    checkpoint,
    context::{context, lane},
    runtime::{Inner, stops},
    settings::ClockMode,
    workspace::{ShardState, WorkspaceState},
};
use chatsparks_core::{
    Answer, Configured, Engine, Envelope, Event, EventId, Head, Instant, Partition, Queued, Row, Scratch, Step, Wants,
};
use chatsparks_ports::{Commit, Fence, Input, Limit, NewEffect, Position, Stamp, Store, StoreError};
use flight::InFlight;
use pending::Pending;
use room::Book;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

mod flight;
mod pending;
mod pulse;
mod room;

pub(crate) use pulse::Pulse;

/// How long a worker waits at most before it looks again by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How long it waits after the store failed.
const AFTER_TROUBLE: Duration = Duration::from_millis(500);
/// A batch of so many events that is not full says that they come one by one, and many of them: the next is waited for a
/// moment, since a page that several events write to is written once. No person notices, and who comes alone does not wait.
const BUSY: usize = 32;
const A_MOMENT: Duration = Duration::from_millis(100);
/// Bytes of events read at once.
pub(crate) const BATCH_BYTES: usize = 16 << 20;
/// Opened so often without a commit, something ends the process, and events are looked at one by one (R13).
const IN_VAIN: u32 = 5;
/// So often the process ended while it had one event before it: that event ends it. A single time, or two, says nothing: a
/// process that is killed from outside, again and again, has some event before it too, and most of the time waits for the
/// disk just then. That event is decided, as everything is that was acknowledged (R1).
const ENDED: u32 = 8;
/// The note that a store made of a backup has, with the instant at which it was made (S4).
const RESTORED_AT: &str = "restored_at";
/// The note of the position that was being decided when the process ended.
const SUSPECT: &str = "suspect";

/// Works on a shard until the runtime stops.
pub(crate) async fn run<S: Store>(inner: Arc<Inner<S>>, workspace: Arc<WorkspaceState>, shard: Arc<ShardState>) {
    let stop = inner.stopped();
    // What the store could not do ended no process: nothing is suspected for it (R13).
    let mut after_trouble = false;
    // Where others may serve it: it has to be heard of so often before it is opened again.
    let mut heard = None;
    loop {
        tokio::select! {
            biased;
            () = stops(&stop) => return,
            () = inner.sharing.until_has(shard.slot, heard) => {}
        }
        let worked = async {
            shard.is_served.store(true, Ordering::SeqCst);
            let mut worker = Worker::open(inner.clone(), workspace.clone(), shard.clone(), after_trouble).await?;
            worker.work().await
        };
        let worked = worked.await;
        shard.is_open.store(false, Ordering::SeqCst);
        shard.is_served.store(false, Ordering::SeqCst);
        let error = match worked {
            // It is another's now, who waits for this.
            Ok(()) if !inner.is_stopping() => {
                inner.sharing.speak();
                continue;
            }
            Ok(()) => return,
            Err(error) => error,
        };
        if inner.sharing.is_shared && matches!(error, StoreError::Superseded) {
            // Whoever took over may be right: that is asked before it is opened again.
            heard = Some(inner.sharing.times());
            inner.sharing.speak();
        }
        after_trouble = true;
        inner.note_store(Some(&error));
        *shard.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        match &error {
            StoreError::Superseded => tracing::info!(partition = shard.shard.partition, "another owner took over"),
            other => tracing::error!(partition = shard.shard.partition, error = %other, "the store failed"),
        }
        if inner.is_stopping() {
            return;
        }
        tokio::select! {
            biased;
            () = stops(&stop) => return,
            () = tokio::time::sleep(AFTER_TROUBLE) => {}
        }
    }
}

struct Worker<S: Store> {
    inner: Arc<Inner<S>>,
    workspace: Arc<WorkspaceState>,
    shard: Arc<ShardState>,
    partition: Partition,
    scratch: Scratch,
    fence: Fence,
    decided: Position,
    /// Something ends the process: up to here events are decided one by one. Behind it stands nothing that was looked at.
    careful_until: Position,
    /// When the store was made of a backup: what came before may have been answered by the one that was lost (S4).
    restored_at: Option<Instant>,
    commit: Commit,
    /// Events that brought documents which came into force in this batch.
    configured: Vec<EventId>,
    /// Events of this batch whose documents did not.
    unconfigured: Vec<EventId>,
    /// How many records of this batch came to what.
    outcomes: BTreeMap<&'static str, u64>,
    /// The commit before, on its way while the next batch is decided.
    in_flight: Option<InFlight>,
    /// Commits since nothing was on its way.
    since_rest: usize,
    /// The engine, the head and the position of the last commit.
    committed: (Engine, Head, Position),
    /// Where many partitions share the limit: what is drawn of it.
    book: Book,
}

/// How far an event has come.
enum Stepped {
    /// It is done with.
    Done,
    /// It wants room under the limit, before anything is decided of it (R7).
    WantsRoom(Wants),
}

impl<S: Store> Worker<S> {
    async fn open(
        inner: Arc<Inner<S>>,
        workspace: Arc<WorkspaceState>,
        shard: Arc<ShardState>,
        after_trouble: bool,
    ) -> Result<Self, StoreError> {
        let opened = inner.store.open(&shard.shard).await?;
        let restored_at = inner.store.note(&shard.shard.workspace, RESTORED_AT).await?;
        let unusable = |why: String| StoreError::Unusable(why);
        let terms = opened.head.iter().find_map(|row| match row {
            Row::Terms(terms) => Some(*terms),
            _ => None,
        });
        let is_new = terms.is_none();
        let known = workspace.engine.read().unwrap_or_else(PoisonError::into_inner).clone();
        let engine = {
            let revision = terms.map_or(1, |terms| terms.revision());
            match opened.document {
                _ if known.revision() == revision => known,
                document => {
                    // A partition that nothing has happened in begins with the first, which others have written.
                    let document = match document {
                        None => inner.store.document(&shard.shard.workspace, revision).await?,
                        document => document,
                    };
                    let missing = || unusable(format!("the document of revision {revision} is missing"));
                    let document = document.ok_or_else(missing)?;
                    Engine::restore(document, revision).map_err(|error| unusable(error.to_string()))?
                }
            }
        };
        let head = opened.head;
        let partition = Partition::resume(engine, |key| head.iter().find(|row| row.key() == *key))
            .map_err(|error| unusable(error.to_string()))?;
        let committed = (partition.engine().clone(), partition.head().clone(), opened.decided);
        // While a batch is committed the next is decided: what ends the process is in one of these two.
        let suspects = if opened.opened_in_vain >= IN_VAIN && !after_trouble { 2 * inner.settings.batch } else { 0 };
        let careful_until = opened.decided + suspects as u64;
        let worker = Self {
            book: Book::of(partition.head()),
            committed,
            inner,
            workspace,
            shard,
            partition,
            scratch: Scratch::default(),
            fence: opened.fence,
            decided: opened.decided,
            careful_until,
            restored_at: restored_at.and_then(|at| at.parse().ok()),
            commit: Commit::default(),
            configured: Vec::new(),
            unconfigured: Vec::new(),
            outcomes: BTreeMap::new(),
            in_flight: None,
            since_rest: 0,
        };
        if is_new {
            // The document that everything begins with is part of the state before anything is decided.
            let head = worker.partition.head();
            let rows = vec![Row::Clock(*head.clock()), Row::Terms(*head.terms()), Row::Room(*head.room())];
            let mut commit = Commit::default();
            commit.rows = rows;
            commit.documents = vec![(1, worker.partition.engine().workspace().clone())];
            worker.inner.store.commit(&worker.shard.shard, worker.fence, commit).await?;
        }
        let Worker { partition, decided, .. } = &worker;
        worker.publish(partition.engine(), partition.head(), *decided);
        worker.shard.is_open.store(true, Ordering::SeqCst);
        Ok(worker)
    }

    /// Decides what is logged, and waits for more.
    async fn work(&mut self) -> Result<(), StoreError> {
        let stop = self.inner.stopped();
        let inner = self.inner.clone();
        let mut has_read = false;
        loop {
            if self.inner.is_stopping() || !self.inner.serves(&self.shard) {
                return self.rest().await;
            }
            let (workspace, shard) = (self.workspace.clone(), self.shard.clone());
            let appended = match self.inner.sharing.is_shared {
                true => shard.wake.notified(),
                false => workspace.appended.notified(),
            };
            if self.shard.wants_copy.load(Ordering::Relaxed) {
                // Nothing is decided meanwhile, so that all of it is of one position; events are accepted as ever.
                self.rest().await?;
                checkpoint::copy(&self.inner, &self.shard, self.decided).await?;
                self.shard.wants_copy.store(false, Ordering::Relaxed);
                continue;
            }
            let events = if self.is_careful() { 1 } else { self.inner.settings.batch };
            let limit = Limit { events, bytes: BATCH_BYTES };
            // Where one look finds the ends of all logs, a log is not read beyond its own: whoever logs has them looked at
            // again, and wakes this.
            let is_at_the_end = has_read && self.decided >= self.shard.end.load(Ordering::SeqCst);
            let batch = match is_at_the_end {
                true => Vec::new(),
                false => self.inner.store.read(&self.shard.shard, self.decided, limit).await?,
            };
            has_read = self.inner.sharing.is_shared;
            let read = batch.last().map_or(self.decided, |last| last.position);
            self.shard.taken.store(read, Ordering::SeqCst);
            if !batch.is_empty() {
                let are_many =
                    self.inner.sharing.is_shared && self.inner.pulse.take(batch.len(), tokio::time::Instant::now());
                let waits_for_more = batch.len() < events && (are_many || batch.len() >= BUSY);
                let last = batch[batch.len() - 1].position;
                let mut envelopes: Vec<Envelope> = batch.into_iter().map(|logged| logged.envelope).collect();
                self.take_compiled(&mut envelopes).await;
                let decided = self.decide(&envelopes, last).await;
                self.or_again(decided).await?;
                if waits_for_more {
                    self.inner.pulse.wait().await;
                }
                continue;
            }
            self.rest().await?;
            if self.is_careful() {
                // Everything is decided: whatever ended the process did so elsewhere, or not any more.
                self.write().await?;
                self.careful_until = 0;
            }
            let drawn = self.draw_at_rest().await;
            if self.or_again(drawn).await?.unwrap_or(true) {
                continue;
            }
            let due = match self.inner.settings.clock {
                ClockMode::Wall => self.next_due().await?,
                // Whatever is due waits for the next event.
                ClockMode::Events => None,
            };
            let wall = self.inner.guard.wall();
            let wait = match due {
                Some(due) if due <= wall => {
                    if !self.pass_time().await? {
                        tokio::time::sleep(AFTER_TROUBLE).await;
                    }
                    continue;
                }
                Some(due) => {
                    let left = due.as_milliseconds().saturating_sub(wall.as_milliseconds());
                    LOOK_AGAIN.min(Duration::from_millis(u64::try_from(left).unwrap_or(1)))
                }
                None => LOOK_AGAIN,
            };
            tokio::select! {
                biased;
                () = stops(&stop) => return Ok(()),
                () = inner.sharing.until_lost(shard.slot) => return Ok(()),
                () = appended => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// What was decided, unless others took the room that was foreseen: then it is decided again (R7).
    async fn or_again<T>(&mut self, decided: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match decided {
            Err(StoreError::NoRoom) => {
                self.rewind()?;
                tokio::task::yield_now().await;
                Ok(None)
            }
            decided => decided.map(Some),
        }
    }

    /// R6: a timer is due, and nothing came: time passes by an event of its own. False: the clock is not to be trusted.
    async fn pass_time(&mut self) -> Result<bool, StoreError> {
        let Some(now) = self.inner.guard.stamp() else { return Ok(false) };
        let id = EventId::from(format!("clock:{}", self.inner.unique()));
        let input = Input { id, stamp: Stamp::Received(now), event: Event::Clock };
        let appended = self.inner.store.append(vec![(self.shard.shard.clone(), input)]).await?;
        for clock in appended {
            self.shard.end.fetch_max(clock.position, Ordering::SeqCst);
        }
        Ok(true)
    }

    async fn next_due(&self) -> Result<Option<Instant>, StoreError> {
        let head = self.partition.head();
        let contacts = self.inner.store.next_due(&self.shard.shard).await?;
        let release = head.release_due().filter(|_| head.has_room());
        // A release stands as long as there is room, and is due only once somebody is queued, who has an expiry.
        let release = match release.filter(|_| contacts.is_some()) {
            Some(due) if self.is_anybody_queued().await? => Some(due),
            _ => None,
        };
        Ok(contacts.into_iter().chain(head.terms().next_cycle()).chain(release).min())
    }

    async fn is_anybody_queued(&self) -> Result<bool, StoreError> {
        let mut wants = Wants::default();
        wants.queued = Some(Queued { after: None });
        Ok(!self.inner.store.load(&self.shard.shard, &wants).await?.rows.is_empty())
    }

    /// Documents that were compiled when they were logged are not compiled again.
    async fn take_compiled(&mut self, envelopes: &mut [Envelope]) {
        for envelope in envelopes.iter_mut() {
            let Event::Configure(configured) = &mut envelope.event else { continue };
            let known = self.workspace.revisions.lock().await.compiled(&envelope.id).cloned();
            if let Some(engine) = known {
                **configured = Configured::Compiled(engine);
            } else if let Configured::Workspace(document) = &**configured {
                let document = document.clone();
                if let Some(Ok(engine)) = self.inner.apart(move || Engine::compile(document)).await {
                    **configured = Configured::Compiled(engine);
                }
            }
        }
    }

    async fn decide(&mut self, envelopes: &[Envelope], last: Position) -> Result<(), StoreError> {
        let wants = self.partition.wants(envelopes);
        if !wants.is_empty() {
            self.load(&wants).await?;
        }
        let first = last + 1 - envelopes.len() as u64;
        for (position, envelope) in (first..).zip(envelopes) {
            if self.is_careful() && self.is_what_ends_the_process(position).await? {
                self.set_aside(envelope);
            } else {
                self.happen(envelope, last + 1 - position).await?;
            }
            self.decided = position;
            if self.book.has_another_limit() {
                // What is drawn in one commit is drawn under one limit.
                self.write().await?;
            }
            self.draw_for_the_queue().await?;
        }
        self.write().await
    }

    fn is_careful(&self) -> bool {
        self.decided < self.careful_until
    }

    /// R13: what ends the process again and again at one position.
    async fn is_what_ends_the_process(&self, position: Position) -> Result<bool, StoreError> {
        let name = format!("{SUSPECT}:{}", self.shard.shard.partition);
        let note = self.inner.store.note(&self.shard.shard.workspace, &name).await?.unwrap_or_default();
        let times = match note.split_once(' ') {
            Some((known, times)) if known == position.to_string() => times.parse().unwrap_or(0),
            _ => 0u32,
        };
        let text = format!("{position} {}", times + 1);
        self.inner.store.write_note(&self.shard.shard.workspace, &name, &text).await?;
        Ok(times >= ENDED)
    }

    /// Lets an event happen, the first of so many that are left of the batch.
    async fn happen(&mut self, envelope: &Envelope, left: u64) -> Result<(), StoreError> {
        #[cfg(feature = "fault-injection")]
        {
            let told = self.inner.settings.fails_at.lock().unwrap_or_else(PoisonError::into_inner).clone();
            self.partition.fail_only_at(told);
        }
        self.share_the_limit(envelope).await?;
        while let Stepped::WantsRoom(wants) = self.steps(envelope).await? {
            if !self.draw_before(envelope, left).await? {
                self.partition.load(&wants, Answer::default());
            }
        }
        Ok(())
    }

    /// Takes an event further, step by step, loading what is wanted on the way.
    async fn steps(&mut self, envelope: &Envelope) -> Result<Stepped, StoreError> {
        let mut event_is_decided = false;
        loop {
            let mut told = None;
            let step = self.partition.step(envelope, &mut self.scratch, &mut |record| {
                event_is_decided |= record.envelope.is_some();
                told = Some(Pending::of(record));
            });
            if let Some(pending) = told {
                self.keep(pending);
            }
            match step {
                Step::Decided => {
                    // Days of timers are not held in memory: between two of them, before the event itself, what was
                    // decided may be committed, and the event counts as not done with.
                    if !event_is_decided && self.commit.records.len() >= 4 * self.inner.settings.batch {
                        self.commit().await?;
                        self.rest().await?;
                    }
                }
                Step::Wants(wants) if wants.room => return Ok(Stepped::WantsRoom(wants)),
                Step::Wants(wants) => self.load(&wants).await?,
                Step::Done => return Ok(Stepped::Done),
            }
        }
    }

    fn set_aside(&mut self, envelope: &Envelope) {
        let mut told = None;
        self.partition.set_aside(envelope, &mut |record| told = Some(Pending::of(record)));
        if let Some(pending) = told {
            self.keep(pending);
        }
    }

    /// Takes a record into the commit, and its effects with what belongs to them.
    fn keep(&mut self, pending: Pending) {
        let Pending { record, told, facts, effects, configured, unconfigured, erased, fault, outcome, ended } = pending;
        if self.shares_the_limit() {
            if let Some(head) = ended {
                self.book.cycle_ended(self.own_id("count", &head), &head);
            }
            self.book.look_at(self.partition.head());
        }
        *self.outcomes.entry(outcome).or_default() += 1;
        if fault {
            self.shard.faults.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("chatsparks_engine_faults_total").increment(1);
            tracing::error!(seq = record.seq, "the engine failed at an event, which was put aside");
        }
        let contact = told.user_id.as_ref().and_then(|user_id| self.partition.contact(user_id.as_str()));
        self.commit.insights.add(contact, &facts);
        let engine = self.partition.engine();
        for (place, (id, effect)) in (0..).zip(effects) {
            self.commit.effects.push(NewEffect {
                id,
                decided: (record.seq, place),
                lane: lane(&effect, told.user_id.as_ref()),
                context: context(&told, &effect, contact, engine),
                in_doubt: self.restored_at.is_some_and(|restored| told.came < restored),
                effect,
            });
        }
        // Where nothing performs effects they wait, all of them: no outcome comes of any.
        if let (Some(conversation), Some(user_id)) =
            (told.withdraws.filter(|_| self.workspace.channel.is_some()), &told.user_id)
        {
            self.commit.withdrawn.push((user_id.clone(), conversation, record.seq));
        }
        if let Some((id, engine)) = configured {
            self.commit.documents.push((engine.revision(), engine.workspace().clone()));
            self.configured.push(id);
        }
        self.unconfigured.extend(unconfigured);
        self.commit.erased.extend(erased.map(|user_id| (user_id, record.seq)));
        self.commit.records.push(record);
    }

    /// Commits a batch.
    async fn write(&mut self) -> Result<(), StoreError> {
        if self.shares_the_limit() {
            self.settle_room().await?;
        }
        self.commit().await
    }
}
