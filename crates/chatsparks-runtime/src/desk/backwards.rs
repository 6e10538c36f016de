//! The log, read backwards: the last events first.

use crate::Runtime;
use chatsparks_core::{Envelope, WorkspaceId};
use chatsparks_ports::{Cursor, Limit, Position, Shard, Store, StoreError};

/// Events read at once, and bytes of them: texts may be long.
const CHUNK: u64 = 128;
const BYTES: usize = 4 << 20;

/// The last events of a workspace that were decided, newest first; within a partition as the log has them.
#[derive(Clone, Debug, PartialEq)]
pub struct LastEvents {
    /// The events.
    pub events: Vec<Envelope>,
    /// Where to go on, further back: a position in each partition; none: that was the first that is kept.
    pub next: Option<Cursor>,
}

impl<S: Store> Runtime<S> {
    /// The last events that were decided before a place, newest first: those that are wanted, at most so many, and after so
    /// many that were looked at there may be fewer.
    ///
    /// # Errors
    /// What the store says.
    pub async fn last_events(
        &self,
        workspace: &WorkspaceId,
        before: Option<&Cursor>,
        limit: usize,
        looked_at: usize,
        wanted: impl Fn(&Envelope) -> bool + Send,
    ) -> Result<LastEvents, StoreError> {
        let partitions = self.store().partitions();
        // The share of each partition: whoever wants fifty of sixty-four partitions has to look into each.
        let each = (looked_at / partitions.max(1) as usize).max(CHUNK as usize);
        let mut walks = Vec::new();
        for partition in 0..partitions {
            let shard = Shard { workspace: workspace.clone(), partition };
            let decided = self.store().decided(&shard).await?;
            let until = before.and_then(|before| before.0.get(partition as usize)).copied();
            let mut walk = Walk { shard, until: until.unwrap_or(decided).min(decided), found: Vec::new() };
            walk.back(&**self.store(), limit, each, &wanted).await?;
            walks.push(walk);
        }
        Ok(newest(walks, limit))
    }
}

/// One partition's log, as far back as it was read.
struct Walk {
    shard: Shard,
    /// The last position that was not looked at.
    until: Position,
    /// What was found, newest first, each with its position.
    found: Vec<(Position, Envelope)>,
}

impl Walk {
    async fn back<S: Store>(
        &mut self,
        store: &S,
        limit: usize,
        mut left: usize,
        wanted: &(impl Fn(&Envelope) -> bool + Send),
    ) -> Result<(), StoreError> {
        while self.until > 0 && self.found.len() < limit && left > 0 {
            let first = self.until.saturating_sub(CHUNK);
            let (mut after, mut chunk) = (first, Vec::new());
            while after < self.until {
                let most = Limit { events: CHUNK as usize, bytes: BYTES };
                let read = store.history(&self.shard, after, self.until, most).await?;
                let Some(last) = read.last() else { break };
                // Grants may stand behind the last event: they are at its position.
                after = last.position.max(after + 1);
                chunk.extend(read.into_iter().filter(|logged| wanted(&logged.envelope)));
            }
            left = left.saturating_sub((self.until - first) as usize);
            self.found.extend(chunk.into_iter().rev().map(|logged| (logged.position, logged.envelope)));
            self.until = first;
        }
        Ok(())
    }
}

/// The newest of all partitions, and where to go on. Within a partition it goes by the log, in which a late event stands
/// where it came: so that what is left is all before one place.
fn newest(walks: Vec<Walk>, limit: usize) -> LastEvents {
    let untils: Vec<Position> = walks.iter().map(|walk| walk.until).collect();
    let mut left: Vec<_> = walks.into_iter().map(|walk| walk.found.into_iter().peekable()).collect();
    let mut events = Vec::new();
    while events.len() < limit {
        let firsts = left.iter_mut().enumerate();
        let next = firsts.filter_map(|(partition, found)| Some((found.peek()?.1.at, partition))).max();
        let Some((_, envelope)) = next.and_then(|(_, partition)| left.get_mut(partition)?.next()) else { break };
        events.push(envelope);
    }
    let place = |(found, until): (&mut std::iter::Peekable<_>, Position)| {
        found.peek().map_or(until, |(position, _): &(Position, Envelope)| *position)
    };
    let next: Vec<Position> = left.iter_mut().zip(untils).map(place).collect();
    let is_end = next.iter().all(|position| *position == 0);
    LastEvents { events, next: (!is_end).then_some(Cursor(next)) }
}
