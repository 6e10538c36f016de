//! Where a shard's checkpoints stand: which is in use, and which is the next (R10).
//!
//! A checkpoint is the state of a shard at one position of its log, in rows, under [`Shard::checkpoint`]. What is before it
//! may be deleted; an export begins with it. There are two places: while one is in use, the next may be made in the other.

use crate::{Archive, CheckpointPlace, Position, Shard, StoreError};
use serde::{Deserialize, Serialize};

/// Where the checkpoints of a shard stand: a note of its workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoints {
    /// The one in use: what is before it is deleted. None: everything is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_use: Option<CheckpointPlace>,
    /// A whole one that is copied from the state itself, and takes the other's place once everything before it is old
    /// enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<CheckpointPlace>,
    /// Somebody was forgotten by the event of this position, and taken out of checkpoints that are older (R12): from one of
    /// them, what comes before it does not replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten_until: Option<Position>,
    /// The record that the engine would write otherwise today: the checkpoint in use goes no further (R14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs_at: Option<u64>,
}

impl Checkpoints {
    /// The checkpoints of a shard, as the store has it noted.
    ///
    /// # Errors
    /// What the store says; [`StoreError::Unusable`] when the note is of a newer version.
    pub async fn of(store: &impl Archive, shard: &Shard) -> Result<Self, StoreError> {
        match store.note(&shard.workspace, &name(shard)).await? {
            None => Ok(Self::default()),
            Some(note) => serde_json::from_str(&note).map_err(|error| {
                StoreError::Unusable(format!("the note of the checkpoints of partition {}: {error}", shard.partition))
            }),
        }
    }

    /// Notes where the checkpoints of a shard stand.
    ///
    /// # Errors
    /// What the store says.
    pub async fn note(&self, store: &impl Archive, shard: &Shard) -> Result<(), StoreError> {
        // INVARIANT: numbers and names are always written.
        let text = serde_json::to_string(self).unwrap_or_default();
        store.write_note(&shard.workspace, &name(shard), &text).await
    }
}

fn name(shard: &Shard) -> String {
    format!("checkpoints:{}", shard.partition)
}
