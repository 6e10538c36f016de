//! A store in memory: the same contract, for tests and simulations. What it acknowledges is gone with the process.
//!
//! It is plain rather than quick: whatever another store finds by an index, this one mostly finds by looking. Its
//! futures never wait.

use crate::{
    Appended, Commit, Fence, Input, Limit, Log, Logged, NewRecord, Opened, Placed, Position, Routed, Shard, Shards,
    StoreError,
    erasure::{forget_evaluation, forget_event, forget_line},
    places::PlaceKey,
};
use chatsparks_core::{
    Answer, Envelope, Event, InsightNumber, Instant, Key, Row, UserId, Wants, WorkspaceId, workspace::Workspace,
};
use queue::Waiting;
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

mod archive;
mod queue;
mod route;

/// How many contacts that are due or queued are listed at once, ties apart.
const LISTED: usize = 500;

/// A store in memory. Cloning it gives the same store: whoever drops a runtime and starts another over it has crashed
/// and come back.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    partitions: u32,
    held: Arc<Mutex<Held>>,
}

/// All that it holds.
#[derive(Clone, Debug, Default)]
struct Held {
    shards: BTreeMap<Shard, HeldShard>,
    documents: BTreeMap<(WorkspaceId, u32), Arc<Workspace>>,
    notes: BTreeMap<(WorkspaceId, String), String>,
    /// Effects so far: the order decided, over all shards.
    effects: u64,
    /// Where things live (R4), and since when that is remembered.
    places: BTreeMap<(WorkspaceId, PlaceKey), (u32, Instant)>,
    /// Events that wait for others to be decided, in the order in which they came.
    waiting: BTreeMap<u64, route::Awaiting>,
    waited: u64,
    /// Room under the limit that was drawn, of each cycle (R7).
    pools: BTreeMap<(WorkspaceId, Instant), u64>,
}

#[derive(Clone, Debug)]
struct HeldShard {
    fence: u64,
    opened_in_vain: u32,
    decided: Position,
    /// Each event, and whether it was written over.
    log: BTreeMap<Position, (Envelope, bool)>,
    /// Grants that stand before an event.
    granted: BTreeMap<(Position, usize), Envelope>,
    log_first: Position,
    log_end: Position,
    log_latest: Option<Instant>,
    rows: BTreeMap<Key, Row>,
    due: BTreeSet<(Instant, UserId)>,
    queued: BTreeSet<(Instant, UserId)>,
    records: BTreeMap<u64, NewRecord>,
    record_first: u64,
    effects: BTreeMap<(u64, u32), Waiting>,
    effects_by_id: BTreeMap<String, (u64, u32)>,
    insights: BTreeMap<InsightNumber, i128>,
    sent: u64,
    failed: u64,
}

impl Default for HeldShard {
    fn default() -> Self {
        Self {
            fence: 0,
            opened_in_vain: 0,
            decided: 0,
            log: BTreeMap::new(),
            granted: BTreeMap::new(),
            log_first: 1,
            log_end: 0,
            log_latest: None,
            rows: BTreeMap::new(),
            due: BTreeSet::new(),
            queued: BTreeSet::new(),
            records: BTreeMap::new(),
            record_first: 0,
            effects: BTreeMap::new(),
            effects_by_id: BTreeMap::new(),
            insights: BTreeMap::new(),
            sent: 0,
            failed: 0,
        }
    }
}

impl MemoryStore {
    /// An empty store of so many partitions.
    pub fn new(partitions: u32) -> Self {
        Self { partitions: partitions.max(1), held: Arc::default() }
    }

    /// A copy of all that it holds, which goes its own way from now on (S4).
    pub fn backup(&self) -> Self {
        Self { partitions: self.partitions, held: Arc::new(Mutex::new(self.held().clone())) }
    }

    /// A store made of a backup: its effects that waited begin in doubt, and each workspace has the note `restored_at`
    /// with `at` (S4).
    pub fn restore(&self, at: Instant) -> Self {
        let restored = self.backup();
        {
            let held = &mut *restored.held();
            held.shards.values_mut().for_each(HeldShard::doubt);
            let workspaces: BTreeSet<WorkspaceId> = held.notes.keys().map(|(workspace, _)| workspace.clone()).collect();
            for workspace in workspaces {
                held.notes.insert((workspace, "restored_at".to_owned()), at.to_string());
            }
        }
        restored
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a shard; none: nothing was ever written of it.
    fn shard<T>(&self, shard: &Shard, read: impl FnOnce(&HeldShard) -> T) -> Option<T> {
        self.held().shards.get(shard).map(read)
    }
}

impl HeldShard {
    fn append(&mut self, input: Input) -> Appended {
        let at = input.stamp.at(self.log_latest);
        self.log_end += 1;
        self.log_latest = self.log_latest.max(Some(at));
        self.log.insert(self.log_end, (Envelope { id: input.id, at, event: input.event }, false));
        Appended { position: self.log_end, at }
    }

    fn put(&mut self, row: Row) {
        let key = row.key();
        if let Key::Contact(user_id) = &key {
            let before = self.rows.get(&key);
            let due = before.and_then(Row::next_due).map(|due| (due, user_id.clone()));
            let queued = before.and_then(Row::queued_at).map(|at| (at, user_id.clone()));
            due.map(|due| self.due.remove(&due));
            queued.map(|queued| self.queued.remove(&queued));
            self.due.extend(row.next_due().map(|due| (due, user_id.clone())));
            self.queued.extend(row.queued_at().map(|at| (at, user_id.clone())));
        }
        self.rows.insert(key, row);
    }

    /// Deletes at most so many rows; how many it deleted.
    fn delete(&mut self, goes: impl Fn(&Row) -> bool, limit: usize) -> usize {
        let keys: Vec<Key> =
            self.rows.iter().filter(|(_, row)| goes(row)).map(|(key, _)| key.clone()).take(limit).collect();
        for row in keys.iter().filter_map(|key| self.rows.remove(key)) {
            if let Row::Contact(contact) = &row {
                let user_id = contact.user_id();
                row.next_due().map(|due| self.due.remove(&(due, user_id.clone())));
                row.queued_at().map(|at| self.queued.remove(&(at, user_id.clone())));
            }
        }
        keys.len()
    }

    fn contacts<'a>(&'a self, listed: impl IntoIterator<Item = &'a (Instant, UserId)>) -> Vec<Row> {
        listed.into_iter().filter_map(|(_, user_id)| self.rows.get(&Key::Contact(user_id.clone())).cloned()).collect()
    }

    fn answer(&self, wants: &Wants) -> Answer {
        let mut answer = Answer::default();
        answer.rows.extend(wants.keys.iter().filter_map(|key| self.rows.get(key)).cloned());
        for user_id in &wants.links {
            let first = Key::Link(user_id.clone(), 0, 0);
            let links =
                self.rows.range(first..).take_while(|(key, _)| matches!(key, Key::Link(of, ..) if of == user_id));
            answer.rows.extend(links.map(|(_, row)| row.clone()));
        }
        if let Some(due) = wants.due {
            let within = |(at, _): &&(Instant, UserId)| Some(*at) > due.after && *at <= due.until;
            let last = self.due.iter().filter(within).nth(LISTED - 1).map(|(at, _)| *at);
            let until = last.unwrap_or(due.until);
            answer.rows.extend(self.contacts(self.due.iter().filter(within).filter(|(at, _)| *at <= until)));
            answer.due_until = last.filter(|last| *last < due.until);
        }
        if let Some(queued) = &wants.queued {
            let after = |place: &&(Instant, UserId)| Some(*place) > queued.after.as_ref();
            let listed: Vec<_> = self.queued.iter().filter(after).take(LISTED).collect();
            answer.queued_until = listed.last().filter(|_| listed.len() == LISTED).map(|place| (*place).clone());
            answer.rows.extend(self.contacts(listed));
        }
        answer
    }

    /// R12: what a person wrote before the record of this `seq`.
    fn forget(&mut self, user_id: &UserId, seq: u64) {
        let said_by = self.records.get(&seq).and_then(|record| record.event.clone());
        for record in self.records.range_mut(..seq).map(|(_, record)| record) {
            if record.user_id.as_ref() == Some(user_id) {
                let line = forget_line(record.line.get()).and_then(RawValue::from_string);
                record.line = line.unwrap_or_default();
                if let Some((_, evaluation)) = &mut record.evaluation {
                    forget_evaluation(evaluation);
                }
            }
        }
        let says = |envelope: &Envelope| {
            matches!(&envelope.event, Event::Erase(of) if of == user_id) && said_by.as_ref() == Some(&envelope.id)
        };
        let before = self.log.range(..=self.decided).rev().find(|(_, (envelope, _))| says(envelope));
        let before = before.map_or(self.decided + 1, |(position, _)| *position);
        for (envelope, erased) in self.log.range_mut(..before).map(|(_, logged)| logged) {
            if envelope.event.user_id() == Some(user_id) {
                *erased |= forget_event(envelope);
            }
        }
        self.withdraw(user_id, seq, None);
    }
}

impl Log for MemoryStore {
    async fn append(&self, inputs: Vec<(Shard, Input)>) -> Result<Vec<Appended>, StoreError> {
        let mut held = self.held();
        Ok(inputs.into_iter().map(|(shard, input)| held.shards.entry(shard).or_default().append(input)).collect())
    }

    async fn route(&self, workspace: &WorkspaceId, account: &UserId, inputs: Vec<Input>) -> Result<Routed, StoreError> {
        Ok(self.held().route(workspace, account, self.partitions, inputs))
    }

    async fn forward(&self, workspace: &WorkspaceId, account: &UserId) -> Result<Routed, StoreError> {
        Ok(self.held().forward(workspace, account, self.partitions))
    }

    async fn read(&self, shard: &Shard, after: Position, limit: Limit) -> Result<Vec<Logged>, StoreError> {
        let read = self.shard(shard, |shard| {
            let (mut logged, mut bytes) = (Vec::new(), 0);
            for (position, (envelope, _)) in shard.log.range(after + 1..).take(limit.events.max(1)) {
                bytes += serde_json::to_string(&chatsparks_core::Stored::from(envelope)).map_or(0, |form| form.len());
                if bytes > limit.bytes && !logged.is_empty() {
                    break;
                }
                logged.push(Logged { position: *position, envelope: envelope.clone() });
            }
            logged
        });
        Ok(read.unwrap_or_default())
    }

    async fn end(&self, shard: &Shard) -> Result<(Position, Option<Instant>), StoreError> {
        Ok(self.shard(shard, |shard| (shard.log_end, shard.log_latest)).unwrap_or_default())
    }
}

impl Shards for MemoryStore {
    fn partitions(&self) -> u32 {
        self.partitions
    }

    async fn open(&self, shard: &Shard) -> Result<Opened, StoreError> {
        let held = &mut *self.held();
        let opened = held.shards.entry(shard.clone()).or_default();
        opened.fence += 1;
        opened.opened_in_vain += 1;
        let head: Vec<Row> =
            [Key::Clock, Key::Terms, Key::Room].iter().filter_map(|key| opened.rows.get(key)).cloned().collect();
        let document = head.iter().find_map(|row| match row {
            Row::Terms(terms) => held.documents.get(&(shard.workspace.clone(), terms.revision())).cloned(),
            _ => None,
        });
        let (fence, opened_in_vain) = (Fence(opened.fence), opened.opened_in_vain);
        Ok(Opened { fence, decided: opened.decided, head, document, opened_in_vain })
    }

    async fn load(&self, shard: &Shard, wants: &Wants) -> Result<Answer, StoreError> {
        Ok(self.shard(shard, |shard| shard.answer(wants)).unwrap_or_default())
    }

    async fn commit(&self, shard: &Shard, fence: Fence, commit: Commit) -> Result<(), StoreError> {
        let held = &mut *self.held();
        if held.shards.get(shard).is_none_or(|shard| shard.fence != fence.0) {
            return Err(StoreError::Superseded);
        }
        let Commit { decided, rows, documents, records, effects, insights, withdrawn, granted, drawn, erased } = commit;
        held.draw(&shard.workspace, &drawn)?;
        let to = held.shards.entry(shard.clone()).or_default();
        for Placed { before, envelope } in granted {
            let place = to.granted.range((before, 0)..=(before, usize::MAX)).count();
            to.granted.insert((before, place), envelope);
        }
        rows.into_iter().for_each(|row| to.put(row));
        for (revision, document) in documents {
            held.documents.entry((shard.workspace.clone(), revision)).or_insert(document);
        }
        to.records.extend(records.into_iter().map(|record| (record.seq, record)));
        for effect in effects {
            held.effects += 1;
            let contact = to.records.get(&effect.decided.0).and_then(|record| record.user_id.clone());
            to.enqueue(Waiting::new(shard, contact.as_ref(), held.effects, effect));
        }
        for (number, by) in insights.numbers() {
            *to.insights.entry(number.clone()).or_default() += by;
        }
        for (user_id, conversation, seq) in withdrawn {
            to.withdraw(&user_id, seq, Some(conversation));
        }
        to.decided = decided;
        for (user_id, seq) in erased {
            to.forget(&user_id, seq);
        }
        to.opened_in_vain = 0;
        Ok(())
    }

    async fn drawn(&self, workspace: &WorkspaceId, cycle: Instant) -> Result<u64, StoreError> {
        Ok(self.held().pools.get(&(workspace.clone(), cycle)).copied().unwrap_or(0))
    }

    async fn decided(&self, shard: &Shard) -> Result<Position, StoreError> {
        Ok(self.shard(shard, |shard| shard.decided).unwrap_or(0))
    }

    async fn next_due(&self, shard: &Shard) -> Result<Option<Instant>, StoreError> {
        Ok(self.shard(shard, |shard| shard.due.first().map(|(due, _)| *due)).flatten())
    }
}
