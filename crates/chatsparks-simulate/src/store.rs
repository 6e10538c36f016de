//! The store of a simulation: the real one, at whose calls a process ends, calls fail, and everything is watched.

use crate::{
    Call, Defect, VirtualClock, block_on,
    process::{Fate, Process},
    watch::Watch,
};
use chatsparks_core::{
    Answer, CommentId, Effect, Evaluation, InsightNumber, Instant, Key, Row, UserId, Wants, WorkspaceId,
    workspace::Workspace,
};
use chatsparks_ports::{
    Appended, Archive, Clock, Commit, Cursor, EffectKey, EffectState, Fence, Input, KeptRecord, Limit, Log, Logged,
    Opened, Position, Queue, QueueCount, Queued, Ready, Routed, Settled, Shard, Shards, Store, StoreError, Stretch,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::sync::{Arc, Mutex, PoisonError};

/// A store that is watched.
pub(crate) struct Watched<S> {
    pub(crate) inner: S,
    pub(crate) watch: Arc<Watch>,
    pub(crate) process: Arc<Process>,
    pub(crate) clock: VirtualClock,
    pub(crate) defect: Option<Defect>,
    random: Mutex<StdRng>,
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("a simulated fault".to_owned())
}

impl<S: Store> Watched<S> {
    pub(crate) fn new(
        inner: S,
        seed: u64,
        watch: Arc<Watch>,
        process: Arc<Process>,
        clock: VirtualClock,
        defect: Option<Defect>,
    ) -> Self {
        let random = Mutex::new(StdRng::seed_from_u64(seed ^ 0x5703));
        Self { inner, watch, process, clock, defect, random }
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// A call: perhaps others come first, perhaps it fails, perhaps it is the last.
    async fn call<T>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, StoreError>>,
        watched: impl FnOnce(&Self, &mut Result<T, StoreError>),
    ) -> Result<T, StoreError> {
        if self.process.has_ended() {
            return std::future::pending().await;
        }
        if self.watch.seen().failure.is_some() {
            return self.process.ends().await;
        }
        if self.process.is_endless(call, self.clock.monotonic()) {
            self.watch.fail("R6", "more and more is logged at one instant".to_owned());
            return self.process.ends().await;
        }
        let yields = self.random.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..4);
        if yields == 0 {
            tokio::task::yield_now().await;
        }
        let writes =
            matches!(call, Call::Append | Call::Open | Call::Commit | Call::Begin | Call::Settle | Call::Write);
        let fate = self.process.fate(call, writes, self.clock.wall(), self.clock.monotonic());
        match fate {
            Fate::EndsBefore => return self.process.ends().await,
            Fate::FailsBefore => return Err(unavailable()),
            Fate::Works | Fate::EndsAfter | Fate::FailsAfter => {}
        }
        // INVARIANT: no other task runs in between, whatever threads the store has: a run is the same each time.
        let mut done = block_on(work);
        watched(self, &mut done);
        match fate {
            Fate::EndsAfter => self.process.ends().await,
            Fate::FailsAfter => Err(unavailable()),
            _ => done,
        }
    }

    /// Reads what was logged since it was last looked at.
    pub(crate) fn follow(&self, shard: &Shard) {
        let known = self.watch.seen().shards.get(shard).map_or(0, |seen| seen.history.len()) as u64;
        let limit = Limit { events: usize::MAX >> 1, bytes: usize::MAX >> 1 };
        if let Ok(logged) = block_on(self.inner.read(shard, known, limit))
            && !logged.is_empty()
        {
            self.watch.seen().logged(shard, logged.into_iter().map(|logged| logged.envelope));
        }
    }

    fn follow_all(&self, workspace: &WorkspaceId) {
        let shards = (0..self.inner.partitions()).map(|partition| Shard { workspace: workspace.clone(), partition });
        shards.for_each(|shard| self.follow(&shard));
    }

    async fn other<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.call(Call::Other, work, |_, _| {}).await
    }
}

impl<S: Store> Log for Watched<S> {
    async fn append(&self, inputs: Vec<(Shard, Input)>) -> Result<Vec<Appended>, StoreError> {
        let mut shards: Vec<Shard> = inputs.iter().map(|(shard, _)| shard.clone()).collect();
        shards.dedup();
        let work = async {
            if self.has(Defect::LosesAnAppend) {
                let at = Instant::from_milliseconds(0);
                return Ok(inputs.iter().map(|_| Appended { position: 0, at }).collect());
            }
            self.inner.append(inputs).await
        };
        self.call(Call::Append, work, |store, _| shards.iter().for_each(|shard| store.follow(shard))).await
    }

    async fn route(&self, workspace: &WorkspaceId, account: &UserId, inputs: Vec<Input>) -> Result<Routed, StoreError> {
        let count = inputs.len();
        let work = self.inner.route(workspace, account, inputs);
        self.call(Call::Append, work, |store, done| {
            if let Ok(routed) = done {
                *store.watch.seen().waits.entry(workspace.clone()).or_default() += count - routed.appended.min(count);
            }
            store.follow_all(workspace);
        })
        .await
    }

    async fn forward(&self, workspace: &WorkspaceId, account: &UserId) -> Result<Routed, StoreError> {
        let work = self.inner.forward(workspace, account);
        self.call(Call::Write, work, |store, done| {
            if let Ok(routed) = done {
                store.watch.seen().waits.insert(workspace.clone(), routed.waiting);
            }
            store.follow_all(workspace);
        })
        .await
    }

    async fn read(&self, shard: &Shard, after: Position, limit: Limit) -> Result<Vec<Logged>, StoreError> {
        self.call(Call::Read, self.inner.read(shard, after, limit), |_, _| {}).await
    }

    async fn end(&self, shard: &Shard) -> Result<(Position, Option<Instant>), StoreError> {
        self.other(self.inner.end(shard)).await
    }
}

impl<S: Store> Shards for Watched<S> {
    fn partitions(&self) -> u32 {
        self.inner.partitions()
    }

    async fn open(&self, shard: &Shard) -> Result<Opened, StoreError> {
        self.call(Call::Open, self.inner.open(shard), |store, _| {
            // What another process had sent comes only now: it is too late.
            if let Some((fence, commit)) = store.process.take_zombie(shard)
                && !matches!(block_on(store.inner.commit(shard, fence, commit)), Err(StoreError::Superseded))
            {
                store.watch.fail("R5", "a commit of a process that had ended was taken".to_owned());
            }
        })
        .await
    }

    async fn load(&self, shard: &Shard, wants: &Wants) -> Result<Answer, StoreError> {
        self.call(Call::Load, self.inner.load(shard, wants), |_, _| {}).await
    }

    async fn commit(&self, shard: &Shard, fence: Fence, mut commit: Commit) -> Result<(), StoreError> {
        let whole = commit.clone();
        if self.has(Defect::HalfACommit) {
            commit.effects.pop();
        }
        if self.has(Defect::LosesRows) {
            commit.rows.retain(|row| !matches!(row, Row::Contact(_)));
        }
        if !commit.records.is_empty() {
            self.process.keep_zombie(shard.clone(), fence, whole.clone());
        }
        let done = self.call(Call::Commit, self.inner.commit(shard, fence, commit), |store, done| {
            // A checkpoint is no partition of its own (R10).
            if done.is_ok() && !shard.is_checkpoint() {
                store.watch.seen().committed(shard, &whole, store.clock.wall());
                store.follow(shard);
                // The first partition may be told of the count.
                store.follow(&Shard { workspace: shard.workspace.clone(), partition: 0 });
            }
        });
        let done = done.await;
        self.process.take_zombie(shard);
        done
    }

    async fn decided(&self, shard: &Shard) -> Result<Position, StoreError> {
        self.other(self.inner.decided(shard)).await
    }

    async fn drawn(&self, workspace: &WorkspaceId, cycle: Instant) -> Result<u64, StoreError> {
        self.other(self.inner.drawn(workspace, cycle)).await
    }

    async fn next_due(&self, shard: &Shard) -> Result<Option<Instant>, StoreError> {
        self.other(self.inner.next_due(shard)).await
    }
}

impl<S: Store> Queue for Watched<S> {
    async fn ready(
        &self,
        workspace: &WorkspaceId,
        wall: Instant,
        busy: &[EffectKey],
        limit: usize,
    ) -> Result<Vec<Ready>, StoreError> {
        let ignores = self.has(Defect::ForgetsWhoIsBusy);
        let busy = if ignores { &[] } else { busy };
        self.call(Call::Ready, self.inner.ready(workspace, wall, busy, limit), |store, ready| {
            if let Ok(ready) = ready {
                store.watch.seen().ready(ready.iter().map(|ready| ready.key.clone()), wall);
            }
        })
        .await
    }

    async fn begin(&self, key: &EffectKey, wall: Instant) -> Result<bool, StoreError> {
        let work = async {
            if self.has(Defect::BeginsNothing) {
                return Ok(true);
            }
            self.inner.begin(key, wall).await
        };
        self.call(Call::Begin, work, |store, done| {
            if matches!(done, Ok(true)) {
                store.watch.seen().begun(key);
            }
        })
        .await
    }

    async fn settle(&self, key: &EffectKey, settled: Settled, receipt: Option<Input>) -> Result<bool, StoreError> {
        let told = settled.clone();
        let work = async {
            let is_outcome = matches!(settled, Settled::Sent | Settled::Failed(_));
            if is_outcome && self.has(Defect::LosesAnOutcome) {
                return Ok(true);
            }
            self.inner.settle(key, settled, receipt).await
        };
        self.call(Call::Settle, work, |store, done| {
            if let Ok(written) = done {
                store.watch.seen().settled(key, &told, *written);
                store.follow(&key.shard);
            }
        })
        .await
    }

    async fn revive(&self, workspace: &WorkspaceId, effect: &str) -> Result<bool, StoreError> {
        self.call(Call::Write, self.inner.revive(workspace, effect), |store, done| {
            if matches!(done, Ok(true)) {
                store.watch.seen().revived(effect);
            }
        })
        .await
    }

    async fn find(&self, workspace: &WorkspaceId, effect: &str) -> Result<Option<(EffectKey, Effect)>, StoreError> {
        self.other(self.inner.find(workspace, effect)).await
    }

    async fn count(&self, workspace: &WorkspaceId) -> Result<QueueCount, StoreError> {
        self.other(self.inner.count(workspace)).await
    }

    async fn list(&self, workspace: &WorkspaceId, state: EffectState, limit: usize) -> Result<Vec<Queued>, StoreError> {
        self.other(self.inner.list(workspace, state, limit)).await
    }

    async fn standing(&self, workspace: &WorkspaceId, effects: &[String]) -> Result<Vec<Queued>, StoreError> {
        self.other(self.inner.standing(workspace, effects)).await
    }

    async fn next_retry(&self, workspace: &WorkspaceId, now: Instant) -> Result<Option<Instant>, StoreError> {
        self.other(self.inner.next_retry(workspace, now)).await
    }
}

impl<S: Store> Archive for Watched<S> {
    async fn workspaces(&self) -> Result<Vec<WorkspaceId>, StoreError> {
        self.other(self.inner.workspaces()).await
    }

    async fn records(
        &self,
        workspace: &WorkspaceId,
        after: &Cursor,
        limit: usize,
    ) -> Result<(Vec<KeptRecord>, Cursor), StoreError> {
        self.other(self.inner.records(workspace, after, limit)).await
    }

    async fn row(&self, workspace: &WorkspaceId, key: &Key) -> Result<Option<Row>, StoreError> {
        self.other(self.inner.row(workspace, key)).await
    }

    async fn rows(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.other(self.inner.rows(workspace, kind, after, limit)).await
    }

    async fn heads(&self, workspace: &WorkspaceId) -> Result<Vec<Vec<Row>>, StoreError> {
        self.other(self.inner.heads(workspace)).await
    }

    async fn insights(&self, workspace: &WorkspaceId) -> Result<Vec<(InsightNumber, i128)>, StoreError> {
        self.other(self.inner.insights(workspace)).await
    }

    async fn document(&self, workspace: &WorkspaceId, revision: u32) -> Result<Option<Arc<Workspace>>, StoreError> {
        self.other(self.inner.document(workspace, revision)).await
    }

    async fn evaluation(
        &self,
        workspace: &WorkspaceId,
        comment_id: &CommentId,
    ) -> Result<Option<Evaluation>, StoreError> {
        self.other(self.inner.evaluation(workspace, comment_id)).await
    }

    async fn evaluations(
        &self,
        shard: &Shard,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Evaluation)>, StoreError> {
        self.other(self.inner.evaluations(shard, before, limit)).await
    }

    async fn records_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        limit: usize,
    ) -> Result<Vec<KeptRecord>, StoreError> {
        self.other(self.inner.records_of(workspace, user_id, limit)).await
    }

    async fn events_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        after: Option<(u32, u64)>,
        limit: usize,
    ) -> Result<Vec<(u32, Logged)>, StoreError> {
        self.other(self.inner.events_of(workspace, user_id, after, limit)).await
    }

    async fn events_naming(&self, shard: &Shard, keys: &[Key], limit: usize) -> Result<Vec<Logged>, StoreError> {
        self.other(self.inner.events_naming(shard, keys, limit)).await
    }

    async fn history(&self, shard: &Shard, after: u64, until: u64, limit: Limit) -> Result<Vec<Logged>, StoreError> {
        self.other(self.inner.history(shard, after, until, limit)).await
    }

    async fn stretch(&self, shard: &Shard) -> Result<Stretch, StoreError> {
        self.other(self.inner.stretch(shard)).await
    }

    async fn note(&self, workspace: &WorkspaceId, name: &str) -> Result<Option<String>, StoreError> {
        self.other(self.inner.note(workspace, name)).await
    }

    async fn write_note(&self, workspace: &WorkspaceId, name: &str, text: &str) -> Result<(), StoreError> {
        self.call(Call::Write, self.inner.write_note(workspace, name, text), |_, _| {}).await
    }

    async fn replace_note(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: Option<&str>,
        text: &str,
    ) -> Result<bool, StoreError> {
        self.call(Call::Write, self.inner.replace_note(workspace, name, before, text), |_, _| {}).await
    }

    async fn shard_rows(&self, shard: &Shard, after: Option<&Key>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.other(self.inner.shard_rows(shard, after, limit)).await
    }

    async fn cut(&self, shard: &Shard, until: u64, record: u64, limit: usize) -> Result<usize, StoreError> {
        self.call(Call::Write, self.inner.cut(shard, until, record, limit), |_, _| {}).await
    }

    async fn clear(&self, checkpoint: &Shard, before: Option<Instant>, limit: usize) -> Result<usize, StoreError> {
        self.call(Call::Write, self.inner.clear(checkpoint, before, limit), |_, _| {}).await
    }

    /// No ids are deleted here, which a replay of the whole log knows for ever; the store suite holds stores to their retention.
    async fn prune(&self, _: &WorkspaceId, _: Instant, _: usize) -> Result<usize, StoreError> {
        Ok(0)
    }
}
