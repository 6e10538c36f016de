//! The archive: what was decided, for whoever asks afterwards (R10, C10).

use crate::{Limit, Logged, Position, Shard, StoreError};
use chatsparks_core::{
    CommentId, Evaluation, InsightNumber, Instant, Key, Row, UserId, WorkspaceId, workspace::Workspace,
};
use std::sync::Arc;

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptRecord {
    /// Its partition.
    pub partition: u32,
    /// Its `seq` there.
    pub seq: u64,
    /// The record as one line.
    pub line: String,
}

/// A position in each partition: how many records were read of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor(pub Vec<u64>);

impl Cursor {
    /// A cursor by which the records of one partition are read from a `seq` on, and none of the others'.
    pub fn in_one(partitions: u32, partition: u32, seq: u64) -> Self {
        // What was read of the others is beyond whatever they have.
        let beyond = u64::MAX >> 1;
        Self((0..partitions).map(|other| if other == partition { seq } else { beyond }).collect())
    }
}

/// What is kept of a shard's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// The first position of the log that is kept.
    pub from: Position,
    /// The `seq` of the first record that is kept.
    pub first_record: u64,
    /// From where on it does not replay any more, because somebody was forgotten (R12).
    pub erased_since: Option<Instant>,
}

/// What was decided.
pub trait Archive: Send + Sync + 'static {
    /// The workspaces that there is anything of, sorted.
    ///
    /// # Errors
    /// What the store says.
    fn workspaces(&self) -> impl Future<Output = Result<Vec<WorkspaceId>, StoreError>> + Send;

    /// Records of a workspace after a cursor, in order within a partition, and the cursor after them.
    ///
    /// # Errors
    /// [`StoreError::NotKept`] when records after the cursor were deleted.
    fn records(
        &self,
        workspace: &WorkspaceId,
        after: &Cursor,
        limit: usize,
    ) -> impl Future<Output = Result<(Vec<KeptRecord>, Cursor), StoreError>> + Send;

    /// One row of a workspace, in whatever partition it lies.
    ///
    /// # Errors
    /// What the store says.
    fn row(&self, workspace: &WorkspaceId, key: &Key) -> impl Future<Output = Result<Option<Row>, StoreError>> + Send;

    /// Rows of a kind (`contact`, `order`), sorted by name, after a name.
    ///
    /// # Errors
    /// What the store says.
    fn rows(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// The clocks, terms and rooms of a workspace: one list a partition.
    ///
    /// # Errors
    /// What the store says.
    fn heads(&self, workspace: &WorkspaceId) -> impl Future<Output = Result<Vec<Vec<Row>>, StoreError>> + Send;

    /// The numbers of a workspace's insights (I1), in any order; one that several partitions have may be listed as often,
    /// and counts as their sum. A store may keep each by its name as JSON. They stay, whatever is deleted.
    ///
    /// # Errors
    /// What the store says.
    fn insights(
        &self,
        workspace: &WorkspaceId,
    ) -> impl Future<Output = Result<Vec<(InsightNumber, i128)>, StoreError>> + Send;

    /// The document of a revision.
    ///
    /// # Errors
    /// What the store says.
    fn document(
        &self,
        workspace: &WorkspaceId,
        revision: u32,
    ) -> impl Future<Output = Result<Option<Arc<Workspace>>, StoreError>> + Send;

    /// The evaluation of a comment (C10).
    ///
    /// # Errors
    /// What the store says.
    fn evaluation(
        &self,
        workspace: &WorkspaceId,
        comment_id: &CommentId,
    ) -> impl Future<Output = Result<Option<Evaluation>, StoreError>> + Send;

    /// The evaluations of comments of a shard, the last first: at most so many before a `seq`, each with its record's. A
    /// comment that came again has one of each time.
    ///
    /// # Errors
    /// What the store says.
    fn evaluations(
        &self,
        shard: &Shard,
        before: Option<u64>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(u64, Evaluation)>, StoreError>> + Send;

    /// The records that name a contact, oldest first.
    ///
    /// # Errors
    /// What the store says.
    fn records_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<KeptRecord>, StoreError>> + Send;

    /// The events of the log that bear a contact's id, decided or not: at most so many after a place, each with its
    /// partition, in the order of the log. They are found by an index, however long the log is.
    ///
    /// A contact's own events lie in one partition; an order that bears the id of a shop lies where its contact is. What
    /// was cut is not among them, and grants are not: they concern nobody alone.
    ///
    /// # Errors
    /// What the store says.
    fn events_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        after: Option<(u32, Position)>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(u32, Logged)>, StoreError>> + Send;

    /// What the log of a shard says of things, decided or not: the receipts of DMs, what is told of orders (themselves,
    /// cancellations, refunds, reviews), the identities that name ids of shops; at most so many, in the order of the log.
    /// Which keys name what is [`Event::names`](chatsparks_core::Event::names)'s. They are found by an index where the store
    /// has one.
    ///
    /// # Errors
    /// What the store says.
    fn events_naming(
        &self,
        shard: &Shard,
        keys: &[Key],
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Logged>, StoreError>> + Send;

    /// What is kept of a shard's history.
    ///
    /// # Errors
    /// What the store says.
    fn stretch(&self, shard: &Shard) -> impl Future<Output = Result<Stretch, StoreError>> + Send;

    /// What a shard decided after one position and until another, in order, as it replays: the events of its log, and the
    /// grants, each with the position that it stands before; the last ones stand before the event that comes next (R7,
    /// R10). A position is read whole, and there is no more where nothing is read.
    ///
    /// # Errors
    /// What the store says.
    fn history(
        &self,
        shard: &Shard,
        after: Position,
        until: Position,
        limit: Limit,
    ) -> impl Future<Output = Result<Vec<Logged>, StoreError>> + Send;

    /// A text that the runtime keeps beside the state, such as the digest of the file last taken (R8).
    ///
    /// # Errors
    /// What the store says.
    fn note(
        &self,
        workspace: &WorkspaceId,
        name: &str,
    ) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// Writes such a text.
    ///
    /// # Errors
    /// What the store says.
    fn write_note(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        text: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes such a text where another still stands, or none: whether it did. Of those who do so at once, one does it.
    ///
    /// # Errors
    /// What the store says. Whether it was written is not known then.
    fn replace_note(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: Option<&str>,
        text: &str,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// All rows of a shard, a checkpoint's too (R10), in an order of the store's own: at most so many after the row of a
    /// key. Links of a contact come in the order sent. Where the shard is written to meanwhile, this is no picture of one
    /// moment.
    ///
    /// # Errors
    /// What the store says.
    fn shard_rows(
        &self,
        shard: &Shard,
        after: Option<&Key>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// Cuts a shard's history: deletes at most so many events of its log up to a position, the grants before them, and
    /// records before a `seq`; how many it deleted. Nothing goes that is not decided. Whoever calls has a checkpoint of
    /// that position (R10). It holds no lock for longer than a batch.
    ///
    /// # Errors
    /// What the store says.
    fn cut(
        &self,
        shard: &Shard,
        until: Position,
        first_record: u64,
        limit: usize,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Deletes at most so many rows of a checkpoint's shard: those remembered from before an instant (T5), or all of them;
    /// how many it deleted.
    ///
    /// # Errors
    /// What the store says.
    fn clear(
        &self,
        checkpoint: &Shard,
        remembered_before: Option<Instant>,
        limit: usize,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// What reading or writing has found to be damaged since the store was opened, and what to do (S1); none: nothing.
    fn damage(&self) -> Option<String> {
        None
    }

    /// Deletes at most so many remembered ids of a workspace that are older than an instant (T5), and outcomes of effects
    /// whose records are not kept any more; how many it deleted. It holds no lock for longer than a batch.
    ///
    /// # Errors
    /// What the store says.
    fn prune(
        &self,
        workspace: &WorkspaceId,
        ids_before: Instant,
        limit: usize,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send;
}
