//! The queue of the store: effects that wait, and what came of them (O).

use crate::{entry::Entry, store::JournalStore};
use chatsparks::{
    Effect, Instant,
    id::WorkspaceId,
    store::{EffectKey, EffectState, Input, Queue, QueueCount, Queued, Ready, Settled, StoreError},
};

impl Queue for JournalStore {
    async fn begin(&self, key: &EffectKey, wall: Instant) -> Result<bool, StoreError> {
        // O5: on the disk before the attempt, so that a crash in between leaves a doubt, and no second message.
        let _turn = self.write(Entry::begin(key, wall)).await?;
        self.memory.begin(key, wall).await
    }

    async fn settle(&self, key: &EffectKey, settled: Settled, receipt: Option<Input>) -> Result<bool, StoreError> {
        let _turn = self.write(Entry::settle(key, &settled, receipt.as_ref())).await?;
        self.memory.settle(key, settled, receipt).await
    }

    async fn revive(&self, workspace: &WorkspaceId, effect: &str) -> Result<bool, StoreError> {
        let _turn = self.write(Entry::Revive(workspace.clone(), effect.to_owned())).await?;
        self.memory.revive(workspace, effect).await
    }

    async fn ready(
        &self,
        workspace: &WorkspaceId,
        wall: Instant,
        busy: &[EffectKey],
        limit: usize,
    ) -> Result<Vec<Ready>, StoreError> {
        self.memory.ready(workspace, wall, busy, limit).await
    }

    async fn find(&self, workspace: &WorkspaceId, effect: &str) -> Result<Option<(EffectKey, Effect)>, StoreError> {
        self.memory.find(workspace, effect).await
    }

    async fn count(&self, workspace: &WorkspaceId) -> Result<QueueCount, StoreError> {
        self.memory.count(workspace).await
    }

    async fn list(&self, workspace: &WorkspaceId, state: EffectState, limit: usize) -> Result<Vec<Queued>, StoreError> {
        self.memory.list(workspace, state, limit).await
    }

    async fn standing(&self, workspace: &WorkspaceId, effects: &[String]) -> Result<Vec<Queued>, StoreError> {
        self.memory.standing(workspace, effects).await
    }

    async fn next_retry(&self, workspace: &WorkspaceId, now: Instant) -> Result<Option<Instant>, StoreError> {
        self.memory.next_retry(workspace, now).await
    }
}
