//! Shards: the state of one partition, read by key and committed in one piece (R5).

use crate::{Beat, Context, Draw, Lane, Placed, Position, Shard, Share, StoreError};
use chatsparks_core::{
    Answer, CommentId, Effect, Evaluation, EventId, InsightDeltas, Instant, Row, UserId, Wants, WorkspaceId,
    workspace::Workspace,
};
use serde_json::value::RawValue;
use std::{any::Any, fmt, sync::Arc};

/// Who owns a shard: whoever opened it last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence(pub u64);

/// A shard as it was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// To be given back with each commit.
    pub fence: Fence,
    /// How far the log is decided.
    pub decided: Position,
    /// The parts of the head: clock, terms and room, where there are any.
    pub head: Vec<Row>,
    /// The document of the revision in force, where there is one.
    pub document: Option<Arc<Workspace>>,
    /// How often the shard was opened in a row without a commit since, this time included: above two, something ends the
    /// process (R13).
    pub opened_in_vain: u32,
}

/// What was decided of a batch: to be committed as a whole.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Commit {
    /// How far the log is decided now.
    pub decided: Position,
    /// The rows of the state, each written over what stands under its key.
    pub rows: Vec<Row>,
    /// Documents of revisions that came into force.
    pub documents: Vec<(u32, Arc<Workspace>)>,
    /// The records, in order.
    pub records: Vec<NewRecord>,
    /// The effects, in the order decided.
    pub effects: Vec<NewEffect>,
    /// What is added to the insights, each number to what stands there (I2).
    pub insights: InsightDeltas,
    /// Bot DMs that have not begun and were decided before the record of this `seq` are withdrawn: of this contact and
    /// conversation (O7).
    pub withdrawn: Vec<(UserId, u32, u64)>,
    /// Grants that stand before an event of the log, in order: they were decided with it (R7).
    pub granted: Vec<Placed>,
    /// Room under the limit that is drawn from the workspace's pool, or given back.
    pub drawn: Vec<Draw>,
    /// People who are forgotten, each with the `seq` of the record that says so: what they wrote before it leaves records,
    /// log, evaluations and queue, where waiting effects are withdrawn (R12). What came after it stays.
    pub erased: Vec<(UserId, u64)>,
}

/// A record to be kept.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// Its `seq`.
    pub seq: u64,
    /// Its `at`.
    pub at: Instant,
    /// The event; none for a timer.
    pub event: Option<EventId>,
    /// The contact that it names.
    pub user_id: Option<UserId>,
    /// The record as one line of the decisions, without a line end.
    pub line: Box<RawValue>,
    /// Of a comment that was looked at: what explains it for any trigger (C10).
    pub evaluation: Option<(CommentId, Box<Evaluation>)>,
}

/// An effect to be performed.
#[derive(Clone, Debug)]
pub struct NewEffect {
    /// Its id (T6).
    pub id: String,
    /// The `seq` of the record that decided it, and its place there.
    pub decided: (u64, u32),
    /// Whom it waits behind (O2).
    pub lane: Lane,
    /// What is to be done.
    pub effect: Effect,
    /// What a channel may need beside it, fixed now (H1).
    pub context: Context,
    /// Whether it begins in doubt: its event came before the store was restored, so that it may have been sent by the
    /// store that was lost (S4).
    pub in_doubt: bool,
}

/// The state of partitions.
pub trait Shards: Send + Sync + 'static {
    /// How many partitions each workspace has: fixed when the store is made (R3).
    fn partitions(&self) -> u32;

    /// Opens a shard, and takes it over from whoever opened it before.
    ///
    /// # Errors
    /// What the store says.
    fn open(&self, shard: &Shard) -> impl Future<Output = Result<Opened, StoreError>> + Send;

    /// Answers what a partition wants. It may list fewer contacts that are due or queued than there are, and then says
    /// up to where.
    ///
    /// # Errors
    /// What the store says.
    fn load(&self, shard: &Shard, wants: &Wants) -> impl Future<Output = Result<Answer, StoreError>> + Send;

    /// Commits what was decided, all or nothing.
    ///
    /// A runtime calls this while the commit before is on its way, and polls it once that is there: what can be made
    /// ahead, such as the forms of rows, may be made when it is called.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] when another has opened the shard since, [`StoreError::NoRoom`] when the pool has not
    /// the room that is drawn; nothing was written then.
    fn commit(
        &self,
        shard: &Shard,
        fence: Fence,
        commit: Commit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// How many contacts of a cycle the workspace's pool has given room for: to all partitions, those included that were
    /// counted without any (R7).
    ///
    /// # Errors
    /// What the store says.
    fn drawn(&self, workspace: &WorkspaceId, cycle: Instant) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// How far the log is decided, without taking the shard over.
    ///
    /// # Errors
    /// What the store says.
    fn decided(&self, shard: &Shard) -> impl Future<Output = Result<Position, StoreError>> + Send;

    /// When the first timer of any contact of the shard is due.
    ///
    /// # Errors
    /// What the store says.
    fn next_due(&self, shard: &Shard) -> impl Future<Output = Result<Option<Instant>, StoreError>> + Send;

    /// Whether several processes may serve this store at once. If not, whoever has it serves every partition, and none of
    /// what follows is called.
    fn is_shared(&self) -> bool {
        false
    }

    /// The slot that a shard is in, counted from 0 and below [`partitions`](Shards::partitions): what is shared out among
    /// processes is slots, and whoever has one serves every shard in it. It hangs on the shard alone.
    ///
    /// Where each process can serve some partitions of a workspace without the others, that is the partition, so that one
    /// busy workspace is everybody's work. Where whoever serves one has to follow all, it is one for all of a workspace.
    fn slot(&self, shard: &Shard) -> u32 {
        shard.partition % crate::PARTITIONS
    }

    /// Says that a worker lives, and hears which slots it is to serve ([`fair_share`](crate::fair_share)). Called
    /// several times within [`Beat::takeover`]; only the store's own clock says who is dead.
    ///
    /// # Errors
    /// What the store says.
    fn share(&self, _beat: &Beat) -> impl Future<Output = Result<Share, StoreError>> + Send {
        let slots = (0..self.partitions()).collect();
        async { Ok(Share { slots, ..Share::default() }) }
    }

    /// Keeps every other process from doing something to a workspace that one has to do alone, such as following one
    /// document with the next (R8), until what is answered is dropped, or this process is gone.
    ///
    /// # Errors
    /// What the store says.
    fn alone(&self, _workspace: &WorkspaceId) -> impl Future<Output = Result<Alone, StoreError>> + Send {
        async { Ok(Alone::default()) }
    }

    /// Waits until what this process reads of a workspace has everything in it that was written before this was asked, by
    /// whomever. Without it, what another process has just written may be read a moment later.
    ///
    /// # Errors
    /// What the store says.
    fn up_to_date(&self, _workspace: &WorkspaceId) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Ok(()) }
    }

    /// Waits until another process has logged something, and says of which workspaces. It is a hint: it may come late,
    /// too often, or not at all, and whoever waits looks by itself now and then.
    fn news(&self) -> impl Future<Output = Vec<WorkspaceId>> + Send {
        std::future::pending()
    }
}

/// What keeps others from something, as long as it is there.
#[derive(Default)]
pub struct Alone(Option<Box<dyn Any + Send>>);

impl Alone {
    /// Others are kept out until this is dropped.
    pub fn until_dropped(kept: impl Any + Send) -> Self {
        Self(Some(Box::new(kept)))
    }
}

impl fmt::Debug for Alone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Alone").field(&self.0.is_some()).finish()
    }
}
