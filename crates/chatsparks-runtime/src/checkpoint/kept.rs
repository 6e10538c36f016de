//! The records that are kept of a shard, one after the other.

use chatsparks_core::EventId;
use chatsparks_ports::{Cursor, Shard, Store, StoreError};
use std::{collections::VecDeque, sync::Arc};

/// Read at once.
const LINES: usize = 1_000;

/// The records of one shard from a `seq` on, read as they are asked for.
pub(super) struct KeptLines<'a, S> {
    store: &'a S,
    shard: Shard,
    cursor: Cursor,
    lines: VecDeque<String>,
}

impl<'a, S: Store> KeptLines<'a, S> {
    pub(super) fn new(store: &'a S, shard: &Shard, seq: u64) -> Self {
        Self {
            store,
            shard: shard.clone(),
            cursor: Cursor::in_one(store.partitions(), shard.partition, seq),
            lines: VecDeque::new(),
        }
    }

    /// The next one; none: there is none, or it is not kept.
    pub(super) async fn next(&mut self) -> Result<Option<String>, StoreError> {
        self.fill().await?;
        Ok(self.lines.pop_front())
    }

    /// Whether the next one says that the engine failed at this event (R13).
    pub(super) async fn is_put_aside(&mut self, id: &EventId) -> Result<bool, StoreError> {
        self.fill().await?;
        let Some(line) = self.lines.front().filter(|line| line.contains("engine_fault")) else { return Ok(false) };
        Ok(serde_json::from_str::<PutAside>(line).is_ok_and(|record| {
            *record.event == *id.as_str()
                && record.outcome.refused.is_some_and(|refused| refused.reason == "engine_fault")
        }))
    }

    async fn fill(&mut self) -> Result<(), StoreError> {
        if self.lines.is_empty() {
            match self.store.records(&self.shard.workspace, &self.cursor, LINES).await {
                Ok((records, cursor)) => {
                    self.cursor = cursor;
                    let own = records.into_iter().filter(|record| record.partition == self.shard.partition);
                    self.lines.extend(own.map(|record| record.line));
                }
                Err(StoreError::NotKept(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[derive(serde::Deserialize)]
struct PutAside {
    event: Arc<str>,
    outcome: OutcomeOf,
}

#[derive(serde::Deserialize)]
struct OutcomeOf {
    refused: Option<Refused>,
}

#[derive(serde::Deserialize)]
struct Refused {
    reason: String,
}
