//! Checkpoints: a state that lags behind by as long as records are kept, from which the rest replays (R10).
//!
//! The oldest stretch of a shard's history is decided once more, from the checkpoint before it, a batch at a time; then
//! the checkpoint is that much further, and the stretch is deleted. Deciding is pure, so it comes to the same; whether it
//! did is seen by the records, each held against the one that was kept, byte for byte. Where they differ, since a newer
//! engine decides otherwise or somebody was forgotten, nothing is deleted on the strength of it: the worker copies the
//! state as it is, and that is the next checkpoint once it is old enough.

use crate::{
    runtime::Inner,
    worker::BATCH_BYTES,
    workspace::{ShardState, WorkspaceState},
};
use chatsparks_core::{
    Answer, Configured, Engine, Envelope, Event, EventId, Instant, Key, MEMORY, Partition, Record, Row, Scratch, Wants,
};
use chatsparks_ports::{
    CheckpointPlace, Checkpoints, Commit, Fence, Limit, Logged, Position, Shard, Store, StoreError,
    erasure::forget_line,
};
use kept::KeptLines;
use std::sync::{Arc, PoisonError, atomic::Ordering};

mod kept;

/// Rows deleted or copied at once.
pub(crate) const ROWS: usize = 1_000;

/// What came of going further.
enum Went {
    /// There is nothing old enough.
    Nowhere,
    /// The checkpoint is further than before.
    Further,
    /// The record of this `seq` would be another one today.
    DiffersAt(u64),
}

/// Brings a shard's checkpoint up to the first event that is not before an instant, and deletes what is before it.
pub(crate) async fn keep_up<S: Store>(
    inner: &Inner<S>,
    workspace: &WorkspaceState,
    shard: &ShardState,
    before: Instant,
) -> Result<(), StoreError> {
    let store = &*inner.store;
    // Compiling a document takes long; it is the same from one batch to the next.
    let mut engine = None;
    loop {
        if inner.is_stopping() {
            return Ok(());
        }
        let _no_one_else = shard.checkpoint.lock().await;
        let mut stand = Checkpoints::of(store, &shard.shard).await?;
        if let Some(next) = stand.next
            && latest(store, &shard.shard.checkpoint(next)).await?.is_some_and(|latest| latest < before)
        {
            stand = Checkpoints { in_use: Some(next), next: None, differs_at: None, ..stand };
            stand.note(store, &shard.shard).await?;
        }
        let Some(place) = stand.in_use else {
            if !begin(inner, workspace, shard, stand, before).await? {
                return Ok(());
            }
            continue;
        };
        let went = match (stand.differs_at, stand.next) {
            (Some(seq), _) => Went::DiffersAt(seq),
            (None, _) => further(inner, workspace, shard, place, before, &mut engine).await?,
        };
        tidy(inner, shard, place, stand.next).await?;
        match went {
            Went::Further => {}
            Went::Nowhere => {
                *shard.kept_longer.lock().unwrap_or_else(PoisonError::into_inner) = None;
                return Ok(());
            }
            Went::DiffersAt(seq) => {
                if stand.differs_at.is_none() {
                    tracing::warn!(
                        partition = shard.shard.partition,
                        seq,
                        "this record would be decided otherwise today: what is older than it has to be is kept longer"
                    );
                    Checkpoints { differs_at: Some(seq), ..stand }.note(store, &shard.shard).await?;
                }
                *shard.kept_longer.lock().unwrap_or_else(PoisonError::into_inner) = Some(seq);
                if stand.next.is_none() {
                    ask_for_a_copy(workspace, shard);
                }
                return Ok(());
            }
        }
        tokio::task::yield_now().await;
    }
}

/// A shard without a checkpoint: all of its history is there, and the first checkpoint is that nothing has happened; or
/// what came before was deleted, and only a copy can be one. False: there is nothing to do for now.
async fn begin<S: Store>(
    inner: &Inner<S>,
    workspace: &WorkspaceState,
    shard: &ShardState,
    stand: Checkpoints,
    before: Instant,
) -> Result<bool, StoreError> {
    let store = &*inner.store;
    let stretch = store.stretch(&shard.shard).await?;
    if stretch.from > 1 || stretch.first_record > 0 {
        if stand.next.is_none() {
            ask_for_a_copy(workspace, shard);
        }
        return Ok(false);
    }
    let first = store.read(&shard.shard, 0, Limit { events: 1, bytes: 0 }).await?;
    if first.first().is_none_or(|first| first.envelope.at >= before) {
        return Ok(false);
    }
    let place = stand.next.map_or(CheckpointPlace::First, CheckpointPlace::other);
    empty(inner, &shard.shard.checkpoint(place)).await?;
    Checkpoints { in_use: Some(place), ..stand }.note(store, &shard.shard).await?;
    Ok(true)
}

fn ask_for_a_copy(workspace: &WorkspaceState, shard: &ShardState) {
    shard.wants_copy.store(true, Ordering::Relaxed);
    workspace.tell_of_events();
}

/// Deletes all rows of a checkpoint.
pub(crate) async fn empty<S: Store>(inner: &Inner<S>, checkpoint: &Shard) -> Result<(), StoreError> {
    while !inner.is_stopping() && inner.store.clear(checkpoint, None, ROWS).await? > 0 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// What the checkpoint in use makes superfluous: history before it, ids that it need not remember, another checkpoint.
async fn tidy<S: Store>(
    inner: &Inner<S>,
    shard: &ShardState,
    place: CheckpointPlace,
    next: Option<CheckpointPlace>,
) -> Result<(), StoreError> {
    let store = &*inner.store;
    let checkpoint = shard.shard.checkpoint(place);
    let head = store.load(&checkpoint, &wants([Key::Clock])).await?.rows;
    let clock = head.iter().find_map(|row| match row {
        Row::Clock(clock) => Some(*clock),
        _ => None,
    });
    let Some(clock) = clock else { return Ok(()) };
    let until = store.decided(&checkpoint).await?;
    while !inner.is_stopping() && store.cut(&shard.shard, until, clock.seq(), ROWS).await? > 0 {
        tokio::task::yield_now().await;
    }
    if let Some(latest) = clock.latest() {
        let forgotten = Some(latest.before(MEMORY));
        while !inner.is_stopping() && store.clear(&checkpoint, forgotten, ROWS).await? > 0 {
            tokio::task::yield_now().await;
        }
    }
    if next.is_none() {
        empty(inner, &shard.shard.checkpoint(place.other())).await?;
    }
    Ok(())
}

/// Takes the checkpoint as far as one batch goes.
async fn further<S: Store>(
    inner: &Inner<S>,
    workspace: &WorkspaceState,
    shard: &ShardState,
    place: CheckpointPlace,
    before: Instant,
    engine: &mut Option<Engine>,
) -> Result<Went, StoreError> {
    let store = &*inner.store;
    let checkpoint = shard.shard.checkpoint(place);
    let from = store.decided(&checkpoint).await?;
    let end = store.decided(&shard.shard).await?;
    let limit = Limit { events: inner.settings.batch, bytes: BATCH_BYTES };
    let mut history = store.history(&shard.shard, from, end, limit).await?;
    let young = history.iter().find(|logged| logged.envelope.at >= before).map(|logged| logged.position - 1);
    let read = history.last().map_or(from, |last| last.position);
    let mut until = young.unwrap_or(read).min(end);
    compile(inner, &mut history).await;
    while until > from {
        let mut again = Again::open(inner, workspace, shard, checkpoint.clone(), engine.take()).await?;
        // The last commit of a process that was killed may have come between the look and the fence.
        if again.from != from {
            return Ok(Went::Further);
        }
        let differs = again.decide(&history, until).await?;
        *engine = Some(again.partition.engine().clone());
        match differs {
            None => {
                again.commit(until).await?;
                return Ok(Went::Further);
            }
            Some((position, seq)) if position <= from + 1 => return Ok(Went::DiffersAt(seq)),
            // What comes before it is the same, and can go.
            Some((position, _)) => until = position - 1,
        }
    }
    Ok(Went::Nowhere)
}

/// Documents are compiled where it holds up nobody.
async fn compile<S: Store>(inner: &Inner<S>, history: &mut [Logged]) {
    for logged in history {
        let Event::Configure(configured) = &mut logged.envelope.event else { continue };
        if let Configured::Workspace(document) = &**configured {
            let document = document.clone();
            if let Some(Ok(engine)) = inner.apart(move || Engine::compile(document)).await {
                **configured = Configured::Compiled(engine);
            }
        }
    }
}

/// A stretch that is decided once more.
struct Again<'a, S> {
    inner: &'a Inner<S>,
    checkpoint: Shard,
    fence: Fence,
    from: Position,
    partition: Partition,
    scratch: Scratch,
    kept: KeptLines<'a, S>,
    /// Records since the last commit.
    records: usize,
}

impl<'a, S: Store> Again<'a, S> {
    async fn open(
        inner: &'a Inner<S>,
        workspace: &WorkspaceState,
        shard: &ShardState,
        checkpoint: Shard,
        known: Option<Engine>,
    ) -> Result<Self, StoreError> {
        let opened = inner.store.open(&checkpoint).await?;
        let revision = opened.head.iter().find_map(|row| match row {
            Row::Terms(terms) => Some(terms.revision()),
            _ => None,
        });
        let revision = revision.unwrap_or(1);
        let in_force = workspace.engine.read().unwrap_or_else(PoisonError::into_inner).clone();
        let engine = match known.into_iter().chain([in_force]).find(|engine| engine.revision() == revision) {
            Some(engine) => engine,
            None => {
                let document = match opened.document {
                    None => inner.store.document(&workspace.id, revision).await?,
                    document => document,
                };
                let missing = || StoreError::Unusable(format!("the document of revision {revision} is missing"));
                let document = document.ok_or_else(missing)?;
                let restored = inner.apart(move || Engine::restore(document, revision)).await;
                restored
                    .ok_or_else(missing)?
                    .map_err(|error| StoreError::Unusable(format!("the document of revision {revision}: {error}")))?
            }
        };
        let head = opened.head;
        let partition = Partition::resume(engine, |key| head.iter().find(|row| row.key() == *key))
            .map_err(|error| StoreError::Unusable(error.to_string()))?;
        let kept = KeptLines::new(&*inner.store, &shard.shard, partition.head().clock().seq());
        let (fence, from) = (opened.fence, opened.decided);
        Ok(Self { inner, checkpoint, fence, from, partition, scratch: Scratch::default(), kept, records: 0 })
    }

    /// Decides history up to a position; the first position where a record differs from the one kept, with its `seq`.
    async fn decide(&mut self, history: &[Logged], until: Position) -> Result<Option<(Position, u64)>, StoreError> {
        let history = history.iter().take_while(|logged| logged.position <= until);
        let envelopes: Vec<Envelope> = history.clone().map(|logged| logged.envelope.clone()).collect();
        let wants = self.partition.wants(&envelopes);
        self.load(&wants).await?;
        for Logged { position, envelope } in history {
            // Grants that stand before the next event may be part of the state already.
            let may_be_known = *position == self.from + 1 && matches!(envelope.event, Event::Grant(_));
            if may_be_known && self.is_known(&envelope.id).await? {
                continue;
            }
            if let Some(seq) = self.happens(envelope, *position).await? {
                return Ok(Some((*position, seq)));
            }
        }
        Ok(None)
    }

    async fn load(&mut self, wants: &Wants) -> Result<(), StoreError> {
        // Room was granted or it was not: the history says so.
        let answer =
            if wants.room { Answer::default() } else { self.inner.store.load(&self.checkpoint, wants).await? };
        self.partition.load(wants, answer);
        Ok(())
    }

    async fn is_known(&self, id: &EventId) -> Result<bool, StoreError> {
        let found = self.inner.store.load(&self.checkpoint, &wants([Key::Event(id.clone())])).await?;
        Ok(!found.rows.is_empty())
    }

    /// Lets an event happen; the `seq` of the first record that is not the one that was kept.
    async fn happens(&mut self, envelope: &Envelope, position: Position) -> Result<Option<u64>, StoreError> {
        let mut line = None;
        // What ended the process was put aside without being decided, and is so again (R13).
        if self.kept.is_put_aside(&envelope.id).await? {
            self.partition.set_aside(envelope, &mut |record| line = Some(written(record)));
            return self.compare(line).await;
        }
        let mut event_is_decided = false;
        loop {
            let step = self.partition.step(envelope, &mut self.scratch, &mut |record| {
                event_is_decided |= record.envelope.is_some();
                line = Some(written(record));
            });
            match step {
                chatsparks_core::Step::Wants(wants) => self.load(&wants).await?,
                chatsparks_core::Step::Done => return Ok(None),
                chatsparks_core::Step::Decided => {
                    if let Some(seq) = self.compare(line.take()).await? {
                        return Ok(Some(seq));
                    }
                    // Days of timers are not held in memory.
                    if !event_is_decided && self.records >= 4 * self.inner.settings.batch {
                        self.commit(position - 1).await?;
                    }
                }
            }
        }
    }

    async fn compare(&mut self, line: Option<(u64, String)>) -> Result<Option<u64>, StoreError> {
        let Some((seq, line)) = line else { return Ok(None) };
        self.records += 1;
        let is_same = self.kept.next().await?.is_some_and(|kept| {
            // Of whoever was forgotten, what was said is not kept.
            kept == line || forget_line(&line).is_ok_and(|line| line == kept)
        });
        Ok((!is_same).then_some(seq))
    }

    /// Commits the checkpoint as of a position.
    async fn commit(&mut self, decided: Position) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        commit.decided = decided;
        commit.rows = self.partition.writes();
        self.inner.store.commit(&self.checkpoint, self.fence, commit).await?;
        self.partition.committed();
        self.records = 0;
        Ok(())
    }
}

fn written(record: &Record<'_>) -> (u64, String) {
    // INVARIANT: a record has no map with keys other than strings; it can be written.
    (record.seq, serde_json::to_string(record).unwrap_or_default())
}

fn wants(keys: impl IntoIterator<Item = Key>) -> Wants {
    let mut wants = Wants::default();
    wants.keys = keys.into_iter().collect();
    wants
}

async fn latest<S: Store>(store: &S, checkpoint: &Shard) -> Result<Option<Instant>, StoreError> {
    let head = store.load(checkpoint, &wants([Key::Clock])).await?.rows;
    Ok(head.iter().find_map(|row| match row {
        Row::Clock(clock) => clock.latest(),
        _ => None,
    }))
}

/// Takes whoever is forgotten out of a shard's checkpoints, which are older than the event that says so (R12).
pub(crate) async fn forget<S: Store>(
    store: &S,
    shard: &Shard,
    user_ids: impl Iterator<Item = &chatsparks_core::UserId>,
    decided: Position,
) -> Result<(), StoreError> {
    let stand = Checkpoints::of(store, shard).await?;
    if stand.in_use.is_none() && stand.next.is_none() {
        return Ok(());
    }
    let keys = wants(user_ids.cloned().map(Key::Contact));
    for checkpoint in CheckpointPlace::ALL.map(|place| shard.checkpoint(place)) {
        let found = store.load(&checkpoint, &keys).await?.rows.into_iter();
        let forgotten = found.filter_map(|row| match row {
            Row::Contact(contact) => {
                let forgotten = contact.forgotten();
                (forgotten != *contact).then(|| Row::Contact(Box::new(forgotten)))
            }
            _ => None,
        });
        let rows: Vec<Row> = forgotten.collect();
        if !rows.is_empty() {
            let opened = store.open(&checkpoint).await?;
            let mut commit = Commit::default();
            (commit.decided, commit.rows) = (opened.decided, rows);
            store.commit(&checkpoint, opened.fence, commit).await?;
        }
    }
    Checkpoints { forgotten_until: Some(decided), ..stand }.note(store, shard).await
}

/// Copies the state of a shard as it is, at a position where nobody decides: the next checkpoint. False: the runtime stops.
pub(crate) async fn copy<S: Store>(
    inner: &Arc<Inner<S>>,
    shard: &ShardState,
    decided: Position,
) -> Result<bool, StoreError> {
    let store = &*inner.store;
    let _no_one_else = shard.checkpoint.lock().await;
    let stand = Checkpoints::of(store, &shard.shard).await?;
    if stand.next.is_some() {
        return Ok(true);
    }
    let place = stand.in_use.map_or(CheckpointPlace::First, CheckpointPlace::other);
    let checkpoint = shard.shard.checkpoint(place);
    empty(inner, &checkpoint).await?;
    let opened = store.open(&checkpoint).await?;
    let mut after: Option<Key> = None;
    loop {
        if inner.is_stopping() {
            return Ok(false);
        }
        let rows = store.shard_rows(&shard.shard, after.as_ref(), ROWS).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.key());
        let mut commit = Commit::default();
        (commit.decided, commit.rows) = (decided, rows);
        store.commit(&checkpoint, opened.fence, commit).await?;
        tokio::task::yield_now().await;
    }
    Checkpoints { next: Some(place), ..stand }.note(store, &shard.shard).await?;
    tracing::info!(
        partition = shard.shard.partition,
        position = decided,
        "copied the state: it is the next checkpoint"
    );
    Ok(true)
}
