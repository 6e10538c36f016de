//! The last that was decided of a workspace, with the events that it was decided of: what goes to support (D8).

use crate::past::{Standing, position};
use chatsparks_core::{Envelope, Instant, Row, WorkspaceId};
use chatsparks_ports::{Cursor, Limit, Shard, Store, StoreError};
use serde::Deserialize;

/// Bytes of events that are read at once: texts may be long.
const BYTES: usize = 4 << 20;

/// The last records of a workspace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LastRecords {
    /// Each as one line, in the order of their instants; those of one partition as they were decided.
    pub lines: Vec<String>,
    /// The events that they are of, and some before.
    pub events: Vec<Envelope>,
}

#[derive(Deserialize)]
struct At {
    at: Instant,
}

impl LastRecords {
    /// The last records of a workspace, at most so many; `by`: those up to an instant.
    ///
    /// # Errors
    /// What the store says.
    pub async fn read<S: Store>(
        store: &S,
        workspace: &WorkspaceId,
        by: Option<Instant>,
        limit: usize,
    ) -> Result<Self, StoreError> {
        let heads = store.heads(workspace).await?;
        let (mut found, mut events) = (Vec::new(), Vec::new());
        for (partition, head) in (0..).zip(&heads) {
            let shard = Shard { workspace: workspace.clone(), partition };
            let clock = head.iter().find_map(|row| match row {
                Row::Clock(clock) => Some(clock.seq()),
                _ => None,
            });
            let end = match by {
                None => clock.unwrap_or(0),
                Some(by) => match Standing::find(store, &shard, by).await? {
                    Standing::At(stood) => stood.next,
                    Standing::Nothing | Standing::Gone => continue,
                },
            };
            let first = store.stretch(&shard).await?.first_record;
            let from = end.saturating_sub(limit as u64).max(first).min(end);
            let cursor = Cursor::in_one(store.partitions(), partition, from);
            let most = usize::try_from(end - from).unwrap_or(limit);
            let (records, _) = store.records(workspace, &cursor, most).await?;
            let at =
                |line: &str| serde_json::from_str::<At>(line).map_or(Instant::from_milliseconds(0), |kept| kept.at);
            found.extend(records.into_iter().filter(|one| one.seq < end).map(|one| (at(&one.line), one.line)));
            let until = position(store, &shard, by).await?;
            let mut after = until.saturating_sub(limit as u64).max(store.stretch(&shard).await?.from.saturating_sub(1));
            while after < until {
                let read = store.read(&shard, after, Limit { events: limit, bytes: BYTES }).await?;
                let Some(last) = read.last() else { break };
                after = last.position;
                events.extend(read.into_iter().filter(|one| one.position <= until).map(|logged| logged.envelope));
            }
        }
        // Of one partition they stay as they are, late ones too (T5).
        if heads.len() > 1 {
            found.sort_by_key(|(at, _)| *at);
        }
        let lines = found.split_off(found.len().saturating_sub(limit));
        Ok(Self { lines: lines.into_iter().map(|(_, line)| line).collect(), events })
    }
}
