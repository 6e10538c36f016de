//! Committing: while one commit is on its way, the next batch is decided.

use super::Worker;
use crate::checkpoint;
use chatsparks_core::{Engine, EventId, Head, Wants};
use chatsparks_ports::{Position, Store, StoreError};
use std::{
    collections::BTreeMap,
    sync::{PoisonError, atomic::Ordering},
    time::Instant,
};
use tokio::{sync::oneshot, task::JoinHandle};

/// So many commits follow one another at most before all that they wrote is let go of.
const AT_A_STRETCH: usize = 16;

/// A commit on its way, and what is told once it is there.
pub(super) struct InFlight {
    commit: JoinHandle<Result<(), StoreError>>,
    began: Instant,
    engine: Engine,
    head: Head,
    decided: Position,
    configured: Vec<EventId>,
    unconfigured: Vec<EventId>,
    outcomes: BTreeMap<&'static str, u64>,
    logs: bool,
    has_effects: bool,
}

impl<S: Store> Worker<S> {
    /// Sends what was decided so far to be committed, after the commit before is there.
    ///
    /// INVARIANT: there is one on its way at most, and nothing is told of it, nor let go of, before it is there. Where it
    /// is refused, everything decided since is dropped with the worker (R5).
    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        let mut commit = std::mem::take(&mut self.commit);
        if self.shares_the_limit() {
            commit.drawn = self.book.draws(self.own_id("count", self.partition.head()), self.partition.head());
        }
        commit.decided = self.decided;
        commit.rows = self.partition.writes();
        // Partition 0 may be told of the count, and of effects that are withdrawn it is logged what became of them.
        let logs = !commit.drawn.is_empty() || !commit.withdrawn.is_empty() || !commit.erased.is_empty();
        let has_effects = !commit.effects.is_empty() || !commit.withdrawn.is_empty();
        let erases = !commit.erased.is_empty();
        let work = self.shard.clone();
        let guard = if erases { Some(work.checkpoint.lock().await) } else { None };
        if erases {
            let forgotten = commit.erased.iter().map(|(user_id, _)| user_id);
            checkpoint::forget(&*self.inner.store, &work.shard, forgotten, self.decided).await?;
        }
        let (store, shard, fence) = (self.inner.store.clone(), self.shard.shard.clone(), self.fence);
        let (go, may_go) = oneshot::channel::<()>();
        let commit = tokio::spawn(async move {
            let committing = store.commit(&shard, fence, commit);
            // Where the one before is not there, this is not sent.
            may_go.await.map_err(|_| cut_off())?;
            committing.await
        });
        self.land().await?;
        let _ = go.send(());
        self.in_flight = Some(InFlight {
            began: Instant::now(),
            commit,
            engine: self.partition.engine().clone(),
            head: self.partition.head().clone(),
            decided: self.decided,
            configured: std::mem::take(&mut self.configured),
            unconfigured: std::mem::take(&mut self.unconfigured),
            outcomes: std::mem::take(&mut self.outcomes),
            logs,
            has_effects,
        });
        self.since_rest += 1;
        // Room that is drawn may be refused, and is then drawn otherwise from where the commit began (R7).
        let has_to_rest = self.is_careful() || self.shares_the_limit() || self.since_rest >= AT_A_STRETCH;
        if has_to_rest || guard.is_some() {
            return self.rest().await;
        }
        self.partition.handed_over();
        Ok(())
    }

    /// Waits until nothing is on its way, and lets go of what the store has.
    pub(super) async fn rest(&mut self) -> Result<(), StoreError> {
        self.land().await?;
        if std::mem::take(&mut self.since_rest) > 0 {
            self.partition.committed();
            self.partition.keep_at_hand(self.inner.settings.contacts_at_hand);
        }
        Ok(())
    }

    /// Loads what is wanted. Links are read in the order sent: those that are on their way have to be there.
    pub(super) async fn load(&mut self, wants: &Wants) -> Result<(), StoreError> {
        if !wants.links.is_empty() {
            self.land().await?;
        }
        let answer = self.inner.store.load(&self.shard.shard, wants).await?;
        self.partition.load(wants, answer);
        Ok(())
    }

    /// Waits for the commit that is on its way, and tells of it.
    async fn land(&mut self) -> Result<(), StoreError> {
        let Some(flight) = self.in_flight.take() else { return Ok(()) };
        let InFlight { commit, began, engine, head, decided, configured, unconfigured, outcomes, logs, has_effects } =
            flight;
        commit.await.map_err(|_| cut_off())??;
        metrics::histogram!("chatsparks_commit_seconds").record(began.elapsed().as_secs_f64());
        for (outcome, records) in outcomes {
            metrics::counter!("chatsparks_decided_total", "outcome" => outcome).increment(records);
        }
        self.book.commit(&head);
        if !configured.is_empty() || !unconfigured.is_empty() {
            let mut revisions = self.workspace.revisions.lock().await;
            let partitions = self.workspace.shards.len();
            configured.iter().for_each(|id| revisions.decided(id, partitions));
            unconfigured.iter().for_each(|id| revisions.refused(id, &engine));
        }
        self.publish(&engine, &head, decided);
        self.committed = (engine, head, decided);
        if logs {
            self.workspace.tell_of_events();
        }
        if has_effects {
            self.workspace.queued.notify_one();
        }
        Ok(())
    }

    /// Tells the rest of the runtime how far it has come.
    pub(super) fn publish(&self, engine: &Engine, head: &Head, decided: Position) {
        self.workspace.take_engine(engine);
        self.shard.decided.store(decided, Ordering::Relaxed);
        if let Some(latest) = head.clock().latest() {
            self.shard.latest.store(latest.as_milliseconds(), Ordering::Relaxed);
        }
        *self.shard.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.inner.note_store(None);
        self.inner.commits.send_modify(|commits| *commits += 1);
        self.workspace.committed.notify_one();
    }
}

fn cut_off() -> StoreError {
    StoreError::Unavailable("committing was cut off".to_owned())
}
