//! Messages of journals by their sequence: those that were used last at hand, the others from the server.

use super::{Journal, tail};
use crate::{failure::gone, op::Op, server::part_of};
use chatsparks_ports::StoreError;
use futures_util::{StreamExt, TryStreamExt, stream};
use lru::LruCache;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::timeout;

/// Bytes that all journals of a store keep at hand together, as they came: of what brings events, which are read once more
/// when they are decided, and of the rest, which is only read when somebody asks for records. There is far more of the
/// latter, and it pushes out none of the former.
const EVENTS: usize = 48 * 1024 * 1024;
const RECORDS: usize = 16 * 1024 * 1024;

/// How many are asked for at once.
const AT_ONCE: usize = 32;

/// How long one who needs a message waits for another who is reading it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is at hand of all journals of a store: whichever of them is busy has the room.
pub(crate) struct AtHand {
    events: Shelf,
    records: Shelf,
    journals: AtomicU64,
}

/// Some messages, by their journal and sequence: those that were used last.
struct Shelf {
    room: usize,
    kept: Mutex<Kept>,
}

struct Kept {
    ops: LruCache<(u64, u64), (Arc<Op>, usize)>,
    bytes: usize,
}

/// One journal's, which go with it.
pub(super) struct Bodies {
    at_hand: Arc<AtHand>,
    journal: u64,
    /// Whose turn it is to read messages from the server: every partition needs the same ones at much the same time.
    turns: [tokio::sync::Mutex<()>; AT_ONCE],
    #[cfg(test)]
    read: AtomicU64,
}

impl Default for AtHand {
    fn default() -> Self {
        Self::new(EVENTS, RECORDS)
    }
}

impl fmt::Debug for AtHand {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AtHand").field("events", &self.events.room).field("records", &self.records.room).finish()
    }
}

impl AtHand {
    fn new(events: usize, records: usize) -> Self {
        let shelf = |room| {
            let kept = Mutex::new(Kept { ops: LruCache::unbounded(), bytes: 0 });
            Shelf { room, kept }
        };
        Self { events: shelf(events), records: shelf(records), journals: AtomicU64::new(0) }
    }
}

impl Bodies {
    /// Those of one journal more.
    pub(super) fn new(at_hand: &Arc<AtHand>) -> Self {
        Self {
            at_hand: Arc::clone(at_hand),
            journal: at_hand.journals.fetch_add(1, Ordering::Relaxed),
            turns: Default::default(),
            #[cfg(test)]
            read: AtomicU64::new(0),
        }
    }

    /// Keeps one.
    pub(super) fn put(&self, sequence: u64, op: Arc<Op>, bytes: usize) {
        let AtHand { events, records, .. } = &*self.at_hand;
        let shelf = if op.does.inputs().is_empty() { records } else { events };
        shelf.put((self.journal, sequence), op, bytes);
    }

    pub(super) fn forget(&self, sequence: u64) {
        for shelf in [&self.at_hand.events, &self.at_hand.records] {
            shelf.kept().forget(&(self.journal, sequence));
        }
    }

    fn get(&self, sequence: u64) -> Option<Arc<Op>> {
        let (AtHand { events, records, .. }, key) = (&*self.at_hand, (self.journal, sequence));
        events.get(&key).or_else(|| records.get(&key))
    }

    async fn turn(&self, sequence: u64) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let turn = self.turns.get(sequence as usize % self.turns.len())?;
        timeout(PATIENCE, turn.lock()).await.ok()
    }
}

impl Drop for Bodies {
    fn drop(&mut self) {
        for shelf in [&self.at_hand.events, &self.at_hand.records] {
            let mut kept = shelf.kept();
            let keys = kept.ops.iter().map(|(key, _)| *key);
            let own: Vec<(u64, u64)> = keys.filter(|(journal, _)| *journal == self.journal).collect();
            own.iter().for_each(|key| kept.forget(key));
        }
    }
}

impl Shelf {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, key: (u64, u64), op: Arc<Op>, bytes: usize) {
        let mut kept = self.kept();
        if let Some((_, before)) = kept.ops.put(key, (op, bytes)) {
            kept.bytes -= before;
        }
        kept.bytes += bytes;
        while kept.bytes > self.room
            && let Some((_, (_, bytes))) = kept.ops.pop_lru()
        {
            kept.bytes -= bytes;
        }
    }

    fn get(&self, key: &(u64, u64)) -> Option<Arc<Op>> {
        self.kept().ops.get(key).map(|(op, _)| Arc::clone(op))
    }
}

impl Kept {
    fn forget(&mut self, key: &(u64, u64)) {
        if let Some((_, bytes)) = self.ops.pop(key) {
            self.bytes -= bytes;
        }
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
        // One reads it, and the others have it from them. Whoever waits for long reads it too: an answer may never come.
        let _turn = self.bodies.turn(sequence).await;
        if let Some(op) = self.bodies.get(sequence) {
            return Ok(Some((sequence, op)));
        }
        #[cfg(test)]
        self.bodies.read.fetch_add(1, Ordering::Relaxed);
        let Some((first, (_, of))) = self.message(sequence).await? else { return Ok(None) };
        let mut parts = vec![first];
        for number in 1..of as u64 {
            let Some((part, _)) = self.message(sequence + number).await? else { return Ok(None) };
            parts.push(part);
        }
        let bytes = parts.iter().map(bytes::Bytes::len).sum();
        let op = Arc::new(tail::read(&parts).map_err(StoreError::Unusable)?);
        self.bodies.put(sequence, Arc::clone(&op), bytes);
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
            tokio::time::sleep(Duration::from_millis(100 * tries)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Options,
        op::{Does, In},
        server::Server,
        table::Ground,
    };
    use chatsparks_cluster::Nats;
    use chatsparks_core::WorkspaceId;
    use chatsparks_ports::Limit;
    use chatsparks_testkit::store_suite::make::{at, brought, comment};

    const MIB: usize = 1024 * 1024;

    #[test]
    fn what_all_journals_keep_at_hand_is_bounded_together_and_belongs_to_who_is_busy() {
        let op = || Arc::new(Op { v: 1, id: (0, 0), does: Does::Wipe });
        let at_hand = Arc::new(AtHand::new(MIB, 8 * MIB));
        let (idle, busy) = (Bodies::new(&at_hand), Bodies::new(&at_hand));
        let records = || {
            let kept = at_hand.records.kept();
            (kept.bytes, kept.ops.len())
        };
        (1..=2).for_each(|sequence| idle.put(sequence, op(), MIB));
        (1..=6).for_each(|sequence| busy.put(sequence, op(), MIB));
        assert!((1..=2).all(|sequence| idle.get(sequence).is_some()), "all of it has room");
        assert!(busy.get(1).is_some(), "it was used last");
        busy.put(7, op(), 2 * MIB);
        assert!(
            busy.get(1).is_some() && busy.get(2).is_none() && busy.get(3).is_none(),
            "what was not used for longest"
        );
        busy.put(7, op(), MIB);
        busy.forget(1);
        assert_eq!(records(), (6 * MIB, 6));
        busy.put(8, op(), 9 * MIB);
        assert_eq!(records(), (0, 0), "more than there is room for");
        idle.put(1, op(), MIB);
        busy.put(1, op(), MIB);
        drop(busy);
        assert_eq!(records(), (MIB, 1), "it goes with its journal");
        assert!(idle.get(1).is_some());
    }

    /// S2: what waits beyond what is at hand is read once, and not by each of the partitions whose events it brings.
    #[tokio::test(flavor = "multi_thread")]
    async fn s2_what_waits_is_read_once_for_all_partitions() {
        const PARTITIONS: u32 = 16;
        const MESSAGES: usize = 200;
        let options = Options::from_url(&Nats::shared().unwrap().url("bodies")).unwrap();
        let mut server = Server::connect(&options).await.unwrap();
        let ground = Arc::new(Ground::new(MIB, std::env::temp_dir()));
        let open = async |server: &Server| {
            let (runtime, is_worker) = (tokio::runtime::Handle::current(), Arc::default());
            let (workspace, news) = (WorkspaceId::from("glow"), Arc::new(|_: &WorkspaceId| ()));
            let of = (PARTITIONS, &ground);
            Journal::open(server, &workspace, of, (options.patience, &is_worker), news, &runtime).await.unwrap()
        };
        let (journal, _following) = open(&server).await;
        let many = PARTITIONS as usize * 4;
        let message = |message: usize| {
            let inputs = (0..many).map(|number| {
                let name = format!("{message}-{number}");
                In::of(number as u32 % PARTITIONS, brought(&name, at(0), comment(&name, "u", "price?"))).unwrap()
            });
            Does::Append(inputs.collect())
        };
        let written = stream::iter((0..MESSAGES).map(|number| journal.submit(message(number)))).buffered(8);
        assert_eq!(written.try_collect::<Vec<_>>().await.unwrap().len(), MESSAGES);
        assert_eq!(journal.bodies.read.load(Ordering::Relaxed), 0);
        // There is room for a quarter of it.
        let bytes = journal.server.at_hand.events.kept().bytes;
        server.at_hand = Arc::new(AtHand::new(bytes / 4, MIB));
        let (journal, _following) = open(&server).await;
        let read = (0..PARTITIONS).map(async |partition| {
            let mut after = 0;
            loop {
                let limit = Limit { events: 40, bytes: MIB };
                let found = journal.logged(partition, after, u64::MAX, limit).await.unwrap();
                let Some(last) = found.last() else { return after };
                after = last.position;
            }
        });
        let ends = futures_util::future::join_all(read).await;
        assert!(ends.iter().all(|end| *end == (MESSAGES * many) as u64 / u64::from(PARTITIONS)), "{ends:?}");
        let read = journal.bodies.read.load(Ordering::Relaxed);
        assert!((MESSAGES as u64 * 3 / 4..=MESSAGES as u64 * 5 / 4).contains(&read), "{read} of {MESSAGES} were read");
    }
}
