//! Messages of a journal by their sequence: the newest at hand, the others from the server.

use super::{Journal, tail};
use crate::{failure::gone, op::Op, server::part_of};
use chatsparks_ports::StoreError;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Bytes kept at hand, as they came: of what brings events, which are read once more when they are decided, and of the rest,
/// which is only read when somebody asks for records. There is far more of the latter, and it pushes out none of the former.
const EVENTS: Room = Room { least: 1024 * 1024, most: 24 * 1024 * 1024, all: 48 * 1024 * 1024 };
const RECORDS: Room = Room { least: 256 * 1024, most: 8 * 1024 * 1024, all: 16 * 1024 * 1024 };

/// How many are asked for at once.
const AT_ONCE: usize = 32;

/// What one journal may keep, and all of a process together, as long as each has the least.
struct Room {
    least: usize,
    most: usize,
    all: usize,
}

impl Room {
    fn of_one(&self, journals: usize) -> usize {
        (self.all / journals.max(1)).clamp(self.least, self.most)
    }
}

pub(super) struct Bodies {
    events: Shelf,
    records: Shelf,
}

/// Some of them, by their sequence: the newest.
struct Shelf {
    room: Room,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_sequence: BTreeMap<u64, (Arc<Op>, usize)>,
    bytes: usize,
}

impl Default for Bodies {
    fn default() -> Self {
        let shelf = |room| Shelf { room, kept: Mutex::default() };
        Self { events: shelf(EVENTS), records: shelf(RECORDS) }
    }
}

impl Bodies {
    /// Keeps one, as one of so many journals.
    pub(super) fn put(&self, sequence: u64, op: Arc<Op>, bytes: usize, journals: usize) {
        let shelf = if op.does.inputs().is_empty() { &self.records } else { &self.events };
        shelf.put(sequence, op, bytes, journals);
    }

    pub(super) fn forget(&self, sequence: u64) {
        self.events.forget(sequence);
        self.records.forget(sequence);
    }

    fn get(&self, sequence: u64) -> Option<Arc<Op>> {
        self.events.get(sequence).or_else(|| self.records.get(sequence))
    }
}

impl Shelf {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, sequence: u64, op: Arc<Op>, bytes: usize, journals: usize) {
        let room = self.room.of_one(journals);
        let mut kept = self.kept();
        if let Some((_, before)) = kept.by_sequence.insert(sequence, (op, bytes)) {
            kept.bytes -= before;
        }
        kept.bytes += bytes;
        while kept.bytes > room
            && let Some((_, (_, bytes))) = kept.by_sequence.pop_first()
        {
            kept.bytes -= bytes;
        }
    }

    fn forget(&self, sequence: u64) {
        let mut kept = self.kept();
        if let Some((_, bytes)) = kept.by_sequence.remove(&sequence) {
            kept.bytes -= bytes;
        }
    }

    fn get(&self, sequence: u64) -> Option<Arc<Op>> {
        self.kept().by_sequence.get(&sequence).map(|(op, _)| Arc::clone(op))
    }
}

impl Journal {
    /// The operations that begin with these messages; those that are deleted by now are not among them.
    pub(crate) async fn bodies(&self, wanted: BTreeSet<u64>) -> Result<BTreeMap<u64, Arc<Op>>, StoreError> {
        let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
        for sequence in wanted {
            match self.bodies.get(sequence) {
                Some(op) => drop(found.insert(sequence, op)),
                None => missing.push(sequence),
            }
        }
        let read = stream::iter(missing).map(|sequence| self.body(sequence)).buffered(AT_ONCE);
        let read: Vec<Option<(u64, Arc<Op>)>> = read.try_collect().await?;
        found.extend(read.into_iter().flatten());
        Ok(found)
    }

    async fn body(&self, sequence: u64) -> Result<Option<(u64, Arc<Op>)>, StoreError> {
        let Some((first, (_, of))) = self.message(sequence).await? else { return Ok(None) };
        let mut parts = vec![first];
        for number in 1..of as u64 {
            let Some((part, _)) = self.message(sequence + number).await? else { return Ok(None) };
            parts.push(part);
        }
        let bytes = parts.iter().map(bytes::Bytes::len).sum();
        let op = Arc::new(tail::read(&parts).map_err(StoreError::Unusable)?);
        self.bodies.put(sequence, Arc::clone(&op), bytes, self.joined.many());
        Ok(Some((sequence, op)))
    }

    /// One message, and which part of how many it is; from the leader, which is never behind.
    async fn message(&self, sequence: u64) -> Result<Option<(bytes::Bytes, (usize, usize))>, StoreError> {
        use async_nats::jetstream::stream::LastRawMessageErrorKind::NoMessageFound;
        let mut tries = 0;
        loop {
            match self.stream.get_raw_message(sequence).await {
                Ok(message) => return Ok(Some((message.payload.clone(), part_of(Some(&message.headers))))),
                Err(error) if error.kind() == NoMessageFound => return Ok(None),
                Err(error) if tries >= 10 => return Err(gone(error)),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(std::time::Duration::from_millis(100 * tries)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Does;

    #[test]
    fn what_all_journals_keep_at_hand_is_bounded_together() {
        let mib = 1024 * 1024;
        for (journals, events, records) in
            [(0, 24 * mib, 8 * mib), (1, 24 * mib, 8 * mib), (3, 16 * mib, 16 * mib / 3), (100, mib, mib / 4)]
        {
            assert_eq!((EVENTS.of_one(journals), RECORDS.of_one(journals)), (events, records), "{journals}");
        }
        let bodies = Bodies::default();
        let op = || Arc::new(Op { v: 1, id: (0, 0), does: Does::Wipe });
        (1..=20).for_each(|sequence| bodies.put(sequence, op(), mib, 1));
        assert!(bodies.get(12).is_none() && (13..=20).all(|sequence| bodies.get(sequence).is_some()));
        // Others were opened: what it had alone goes with what comes next.
        bodies.put(21, op(), 1, 100);
        assert!(bodies.get(20).is_none() && bodies.get(21).is_some());
    }
}
