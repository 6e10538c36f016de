//! The archive of the store: what was decided, for whoever asks afterwards. Nearly all of it only reads.

use crate::{
    entry::{Entry, in_shard},
    store::JournalStore,
};
use chatsparks::{
    Evaluation, Instant, Key, Row, Workspace,
    id::{CommentId, UserId, WorkspaceId},
    insights::InsightNumber,
    store::{Archive, Cursor, KeptRecord, Limit, Logged, Position, Shard, StoreError, Stretch},
};
use std::sync::Arc;

impl Archive for JournalStore {
    async fn write_note(&self, workspace: &WorkspaceId, name: &str, text: &str) -> Result<(), StoreError> {
        let _turn = self.write(Entry::Note(workspace.clone(), name.to_owned(), text.to_owned())).await?;
        self.memory.write_note(workspace, name, text).await
    }

    async fn replace_note(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: Option<&str>,
        text: &str,
    ) -> Result<bool, StoreError> {
        let (name, before, text) = (name.to_owned(), before.map(str::to_owned), text.to_owned());
        // What does not stand there any more is told by memory, now and whenever the journal is read again.
        let _turn = self.write(Entry::Renote(workspace.clone(), name.clone(), before.clone(), text.clone())).await?;
        self.memory.replace_note(workspace, &name, before.as_deref(), &text).await
    }

    async fn prune(&self, workspace: &WorkspaceId, ids_before: Instant, limit: usize) -> Result<usize, StoreError> {
        let _turn = self.write(Entry::Prune(workspace.clone(), ids_before, limit)).await?;
        self.memory.prune(workspace, ids_before, limit).await
    }

    async fn cut(&self, shard: &Shard, until: Position, first_record: u64, limit: usize) -> Result<usize, StoreError> {
        let _turn = self.write(Entry::Cut(in_shard(shard), until, first_record, limit)).await?;
        self.memory.cut(shard, until, first_record, limit).await
    }

    async fn clear(
        &self,
        checkpoint: &Shard,
        remembered_before: Option<Instant>,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let _turn = self.write(Entry::Clear(in_shard(checkpoint), remembered_before, limit)).await?;
        self.memory.clear(checkpoint, remembered_before, limit).await
    }

    async fn shard_rows(&self, shard: &Shard, after: Option<&Key>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.memory.shard_rows(shard, after, limit).await
    }

    async fn workspaces(&self) -> Result<Vec<WorkspaceId>, StoreError> {
        self.memory.workspaces().await
    }

    async fn records(
        &self,
        workspace: &WorkspaceId,
        after: &Cursor,
        limit: usize,
    ) -> Result<(Vec<KeptRecord>, Cursor), StoreError> {
        self.memory.records(workspace, after, limit).await
    }

    async fn row(&self, workspace: &WorkspaceId, key: &Key) -> Result<Option<Row>, StoreError> {
        self.memory.row(workspace, key).await
    }

    async fn history(
        &self,
        shard: &Shard,
        after: Position,
        until: Position,
        limit: Limit,
    ) -> Result<Vec<Logged>, StoreError> {
        self.memory.history(shard, after, until, limit).await
    }

    async fn rows(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.memory.rows(workspace, kind, after, limit).await
    }

    async fn heads(&self, workspace: &WorkspaceId) -> Result<Vec<Vec<Row>>, StoreError> {
        self.memory.heads(workspace).await
    }

    async fn insights(&self, workspace: &WorkspaceId) -> Result<Vec<(InsightNumber, i128)>, StoreError> {
        self.memory.insights(workspace).await
    }

    async fn document(&self, workspace: &WorkspaceId, revision: u32) -> Result<Option<Arc<Workspace>>, StoreError> {
        self.memory.document(workspace, revision).await
    }

    async fn evaluation(&self, workspace: &WorkspaceId, of: &CommentId) -> Result<Option<Evaluation>, StoreError> {
        self.memory.evaluation(workspace, of).await
    }

    async fn records_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        limit: usize,
    ) -> Result<Vec<KeptRecord>, StoreError> {
        self.memory.records_of(workspace, user_id, limit).await
    }

    async fn evaluations(
        &self,
        shard: &Shard,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Evaluation)>, StoreError> {
        self.memory.evaluations(shard, before, limit).await
    }

    async fn events_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        after: Option<(u32, Position)>,
        limit: usize,
    ) -> Result<Vec<(u32, Logged)>, StoreError> {
        self.memory.events_of(workspace, user_id, after, limit).await
    }

    async fn events_naming(&self, shard: &Shard, keys: &[Key], limit: usize) -> Result<Vec<Logged>, StoreError> {
        self.memory.events_naming(shard, keys, limit).await
    }

    async fn stretch(&self, shard: &Shard) -> Result<Stretch, StoreError> {
        self.memory.stretch(shard).await
    }

    async fn note(&self, workspace: &WorkspaceId, name: &str) -> Result<Option<String>, StoreError> {
        self.memory.note(workspace, name).await
    }
}
