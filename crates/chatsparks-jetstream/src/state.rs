//! The state of a workspace: what its journal comes to.
//!
//! It is folded, one operation after the other, by every process that uses the workspace, and by each to the same: nothing
//! here looks at a clock, draws a number or goes through a map without an order. What an operation comes to (whether a
//! commit had the fence, whether there was room) is decided here and nowhere else.

use crate::{
    op::{Does, In, Op, Stamped},
    table::{Table, of as all_of},
};
use chatsparks_core::{Instant, UserId, WorkspaceId};
use chatsparks_ports::{Appended, Input, Opened, PARTITIONS, Routed, Stamp, StoreError};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, VecDeque},
};

mod anew;
mod aside;
pub(crate) mod commit;
pub(crate) mod keep;
pub(crate) mod moving;
pub(crate) mod queue;
pub(crate) mod route;
pub(crate) mod rows;

use aside::{Shared, grouped};
use queue::Effects;
use route::{Awaiting, Named};
use rows::Rows;

/// The newest version of a state's form.
pub(crate) const VERSION: u32 = 1;

/// How many operations are remembered, so that one that is sent again is taken once.
const REMEMBERED: usize = 65_536;

/// What is known of one workspace. A copy shares its partitions, until one of both changes them.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) v: u32,
    /// The last message of the journal that is in it.
    pub(crate) applied: u64,
    pub(crate) parts: Vec<Shared>,
    /// Shards of checkpoints (R10), which nothing else looks at.
    beside: BTreeMap<u32, Shared>,
    /// The document of each revision.
    pub(crate) documents: BTreeMap<u32, Box<str>>,
    pub(crate) notes: BTreeMap<String, String>,
    /// Effects so far: the order decided, over all partitions.
    effects: u64,
    /// Where things live (R4), and since when that is remembered.
    pub(crate) places: Table<Named, (u32, i64)>,
    /// Those that are remembered for a while only, by since when.
    #[serde(skip)]
    places_since: Table<(i64, Named), ()>,
    /// Events that wait for others to be decided, in the order in which they came.
    waiting: BTreeMap<u64, Awaiting>,
    waited: u64,
    /// Room under the limit that was drawn, of each cycle (R7).
    pub(crate) pools: BTreeMap<i64, u64>,
    /// Messages that hold something of a person who was forgotten, until each is written anew (R12).
    pub(crate) dirty: BTreeSet<u64>,
    recent: VecDeque<(u64, u64)>,
    #[serde(skip)]
    recent_ids: BTreeSet<(u64, u64)>,
}

/// One partition.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) fence: u64,
    pub(crate) opened_in_vain: u32,
    pub(crate) decided: u64,
    /// The last message by which it was opened or committed.
    pub(crate) owned: u64,
    log: Table<u64, Entry>,
    /// The events that bear a contact's id; nobody's are those of the empty one.
    #[serde(skip)]
    log_of: Table<(UserId, u64), ()>,
    /// Events from which what somebody wrote was taken out, and records.
    #[serde(skip)]
    pub(crate) erased: BTreeSet<u64>,
    #[serde(skip)]
    pub(crate) forgotten: BTreeSet<u64>,
    /// How many entries at the log's beginning are deleted.
    pub(crate) log_gone: u64,
    pub(crate) log_end: u64,
    pub(crate) log_latest: Option<i64>,
    /// Grants, each with the position that it stands before.
    pub(crate) granted: Table<(u64, u64), Box<str>>,
    pub(crate) rows: Rows,
    pub(crate) records: Table<u64, Kept>,
    pub(crate) record_first: u64,
    #[serde(with = "grouped")]
    pub(crate) records_of: Table<(UserId, u64), ()>,
    /// The first evaluation of each comment, by its digest; some whose record is gone are among them.
    evaluations: Table<(u64, u64), u64>,
    pub(crate) effects: Effects,
    /// The numbers of the insights, by what each counts.
    pub(crate) insights: BTreeMap<Box<str>, i128>,
}

/// Where an event's envelope stands.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Body {
    /// In a message of the journal, at this place.
    In(u64, u32),
    /// Here: the store made it.
    Here(Box<str>),
}

/// An event in the log.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: i64,
    pub(crate) body: Body,
    pub(crate) bytes: u32,
    pub(crate) user_id: Option<UserId>,
    pub(crate) texts: bool,
    /// Whether what somebody wrote was taken out of it.
    pub(crate) erased: bool,
}

/// A record: where its line stands.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) at: i64,
    pub(crate) op: u64,
    pub(crate) place: u32,
    pub(crate) user_id: Option<UserId>,
    pub(crate) forgotten: bool,
}

/// What an operation came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    Appended(Vec<Appended>),
    Routed(Routed),
    Opened(Box<Opened>),
    Whether(bool),
    Count(usize),
    Refused(StoreError),
}

impl State {
    pub(crate) fn new(partitions: u32) -> Self {
        Self { v: VERSION, parts: (0..partitions).map(|_| Shared::default()).collect(), ..Self::default() }
    }

    /// Finds anew what is not written with it.
    pub(crate) fn restored(mut self) -> Self {
        self.recent_ids = self.recent.iter().copied().collect();
        for part in self.parts.iter_mut().chain(self.beside.values_mut()) {
            part.rows.restore();
            part.effects.restore();
            part.find_log_of();
            let forgotten = part.records.iter().filter(|(_, kept)| kept.forgotten).map(|(seq, _)| seq);
            part.forgotten = forgotten.collect();
        }
        for (name, place) in self.places.iter() {
            if route::is_of_an_event(&name.0) {
                self.places_since.insert((place.1, name), ());
            }
        }
        self
    }

    /// Folds an operation, of a first and a last message; none: it was folded before.
    pub(crate) fn fold(&mut self, workspace: &WorkspaceId, (first, last): (u64, u64), op: &Op) -> Option<Outcome> {
        self.applied = last;
        if !self.recent_ids.insert(op.id) {
            return None;
        }
        self.recent.push_back(op.id);
        if self.recent.len() > REMEMBERED {
            let oldest = self.recent.pop_front();
            oldest.map(|oldest| self.recent_ids.remove(&oldest));
        }
        // What cannot be read changes nothing, in any process.
        Some(self.happen(workspace, first, last, &op.does).unwrap_or_else(Outcome::Refused))
    }

    fn happen(&mut self, workspace: &WorkspaceId, op: u64, last: u64, does: &Does) -> Result<Outcome, StoreError> {
        Ok(match does {
            Does::Append(inputs) => {
                let mut appended = Vec::with_capacity(inputs.len());
                for (place, input) in (0..).zip(inputs) {
                    let part = self.part_mut(input.partition)?;
                    appended.push(part.log_in(op, place, input));
                }
                Outcome::Appended(appended)
            }
            Does::Route { account, inputs } => Outcome::Routed(self.route(workspace, account, op, inputs)?),
            Does::Forward { account } => Outcome::Routed(self.forward(workspace, account)?),
            Does::Open(partition) => Outcome::Opened(Box::new(self.open(*partition, last)?)),
            Does::Commit(commit) => {
                self.commit(op, last, commit)?;
                Outcome::Done
            }
            Does::Begin { partition, effect, wall, fence } => {
                let part = self.part_mut(*partition)?;
                let is_owner = fence.is_none_or(|fence| fence == part.fence);
                Outcome::Whether(is_owner && part.effects.begin(effect, *wall))
            }
            Does::Settle { partition, effect, settled, receipt } => {
                let part = self.part_mut(*partition)?;
                let done = part.effects.settle(effect, settled);
                if let Some(receipt) = receipt.as_ref().filter(|_| done) {
                    part.log_in(op, 0, receipt);
                }
                Outcome::Whether(done)
            }
            Does::Revive(effect) => Outcome::Whether(self.parts.iter_mut().any(|part| part.effects.revive(effect))),
            Does::Note { name, text } => {
                self.notes.insert(name.clone(), text.clone());
                Outcome::Done
            }
            Does::Renote { name, before, text } => {
                let stands = self.notes.get(name) == before.as_ref();
                if stands {
                    self.notes.insert(name.clone(), text.clone());
                }
                Outcome::Whether(stands)
            }
            Does::Prune { ids_before, limit } => Outcome::Count(self.prune(*ids_before, *limit)),
            Does::Cut { partition, until, first_record, limit } => {
                Outcome::Count(self.part_mut(*partition)?.cut(*until, *first_record, *limit))
            }
            Does::Clear { partition, before, limit } => {
                let rows = &mut self.part_mut(*partition)?.rows;
                Outcome::Count(match before {
                    Some(before) => rows.prune(*before, *limit),
                    None => rows.clear(*limit),
                })
            }
            Does::Rewritten { of, left } => {
                self.write_anew(*of, op, left);
                Outcome::Done
            }
            Does::Deleted(op) => {
                self.dirty.remove(op);
                Outcome::Done
            }
            Does::Bring(brought) => {
                self.bring(op, brought)?;
                Outcome::Done
            }
            Does::Wipe => {
                self.wipe();
                Outcome::Done
            }
        })
    }

    /// A partition, or the shard of a checkpoint.
    pub(crate) fn part(&self, partition: u32) -> Option<&Part> {
        self.parts.get(partition as usize).or_else(|| self.beside.get(&partition)).map(|part| &**part)
    }

    pub(crate) fn part_mut(&mut self, partition: u32) -> Result<&mut Part, StoreError> {
        if partition >= PARTITIONS && (partition % PARTITIONS) as usize >= self.parts.len() {
            return Err(no_such_partition());
        }
        match self.parts.get_mut(partition as usize) {
            Some(part) => Ok(part),
            None if partition >= PARTITIONS => Ok(self.beside.entry(partition).or_default()),
            None => Err(no_such_partition()),
        }
    }

    fn open(&mut self, partition: u32, last: u64) -> Result<Opened, StoreError> {
        self.part_mut(partition)?;
        let part = of(&mut self.parts, &mut self.beside, partition).ok_or_else(no_such_partition)?;
        part.fence += 1;
        part.opened_in_vain += 1;
        part.owned = last;
        let head = part.rows.head()?;
        let document = head.iter().find_map(|row| match row {
            chatsparks_core::Row::Terms(terms) => self.documents.get(&terms.revision()),
            _ => None,
        });
        let document = document.map(|form| serde_json::from_str(form)).transpose().map_err(crate::failure::form)?;
        Ok(Opened {
            fence: chatsparks_ports::Fence(part.fence),
            decided: part.decided,
            head,
            document,
            opened_in_vain: part.opened_in_vain,
        })
    }

    /// The first message that anything still stands in.
    pub(crate) fn first_needed(&self) -> u64 {
        let logged = self.parts.iter().flat_map(|part| part.log.iter()).filter_map(|(_, entry)| match entry.body {
            Body::In(op, _) => Some(op),
            Body::Here(_) => None,
        });
        let kept = self.parts.iter().flat_map(|part| part.records.iter()).map(|(_, kept)| kept.op);
        let waiting = self.waiting.values().map(Awaiting::op);
        logged.chain(kept).chain(waiting).chain(self.dirty.first().copied()).min().unwrap_or(self.applied + 1)
    }
}

impl Part {
    /// Logs an event that stands in a message.
    pub(crate) fn log_in(&mut self, op: u64, place: u32, input: &In) -> Appended {
        let at = match input.stamp {
            Stamped::Received => input.at.max(self.log_latest.unwrap_or(i64::MIN)),
            Stamped::Brought => input.at,
            Stamped::Latest => self.log_latest.unwrap_or(0),
        };
        self.log_at(Instant::from_milliseconds(at), Body::In(op, place), input)
    }

    /// Logs an event that stands in a message, with this `at`.
    pub(crate) fn log_at(&mut self, at: Instant, body: Body, input: &In) -> Appended {
        self.log_entry(Entry {
            at: at.as_milliseconds(),
            body,
            bytes: u32::try_from(input.form.get().len()).unwrap_or(u32::MAX),
            user_id: input.user_id.clone(),
            texts: input.texts,
            erased: false,
        })
    }

    fn log_entry(&mut self, entry: Entry) -> Appended {
        self.log_end += 1;
        self.log_latest = self.log_latest.max(Some(entry.at));
        let appended = Appended { position: self.log_end, at: Instant::from_milliseconds(entry.at) };
        self.log_put(self.log_end, entry);
        appended
    }

    /// Puts an event into its place in the log.
    fn log_put(&mut self, position: u64, entry: Entry) {
        if entry.erased {
            self.erased.insert(position);
        }
        self.log_of.insert((whose(entry.user_id.as_ref()), position), ());
        self.log.insert(position, entry);
    }

    /// Takes the first event out of the log, where it stands at most at this position.
    fn log_pop(&mut self, until: u64) -> Option<u64> {
        self.log.first().filter(|(position, _)| *position <= until)?;
        let (position, entry) = self.log.take_first()?;
        self.log_of.remove(&(whose(entry.user_id.as_ref()), position));
        self.erased.remove(&position);
        Some(position)
    }

    /// Takes an event out of the log, if it is there.
    fn log_drop(&mut self, position: u64) {
        if let Some(entry) = self.log.take(&position) {
            self.log_of.remove(&(whose(entry.user_id.as_ref()), position));
            self.erased.remove(&position);
        }
    }

    /// Takes everything out of the log that stands before a position.
    fn log_split_off(&mut self, first: u64) {
        while first.checked_sub(1).and_then(|last| self.log_pop(last)).is_some() {}
    }

    /// Finds anew whose events stand where.
    fn find_log_of(&mut self) {
        let mut log_of = Table::default();
        for (position, entry) in self.log.iter() {
            if entry.erased {
                self.erased.insert(position);
            }
            log_of.insert((whose(entry.user_id.as_ref()), position), ());
        }
        self.log_of = log_of;
    }

    /// The events of the log, by their positions.
    pub(crate) fn log(&self) -> &Table<u64, Entry> {
        &self.log
    }

    /// The events after a position that bear a contact's id, in order.
    pub(crate) fn log_of(&self, user_id: &UserId, after: u64) -> impl Iterator<Item = (u64, Cow<'_, Entry>)> {
        let of = self.log_of.range(all_of(user_id.clone(), (after.saturating_add(1), u64::MAX)));
        of.filter_map(|((_, position), _)| Some((position, self.log.get(&position)?)))
    }

    /// The record that has a comment's evaluation.
    pub(crate) fn evaluated(&self, comment: &(u64, u64)) -> Option<u64> {
        self.evaluations.get(comment).map(|seq| *seq).filter(|seq| *seq >= self.record_first)
    }

    /// Remembers which record has a comment's evaluation: the first of those that are there.
    fn evaluate(&mut self, comment: (u64, u64), seq: u64) {
        if self.evaluated(&comment).is_none() {
            self.evaluations.insert(comment, seq);
        }
    }

    /// Logs an event that the store itself makes.
    pub(crate) fn log_own(&mut self, input: &Input) -> Result<Appended, StoreError> {
        let latest = self.log_latest.map(Instant::from_milliseconds);
        let at = match input.stamp {
            Stamp::Latest => latest.unwrap_or(Instant::from_milliseconds(0)),
            stamp => stamp.at(latest),
        };
        let form = In::of(0, input.clone())?;
        let body = Body::Here(form.form.get().into());
        Ok(self.log_at(at, body, &form))
    }
}

/// A partition, or the shard of a checkpoint, beside the rest of the state.
fn of<'a>(parts: &'a mut [Shared], beside: &'a mut BTreeMap<u32, Shared>, partition: u32) -> Option<&'a mut Part> {
    parts.get_mut(partition as usize).or_else(|| beside.get_mut(&partition)).map(|part| &mut **part)
}

/// Whose an event is, for finding it.
fn whose(user_id: Option<&UserId>) -> UserId {
    user_id.cloned().unwrap_or_else(|| UserId::from(""))
}

pub(crate) fn no_such_partition() -> StoreError {
    StoreError::Unusable("there is no such partition: the store was made with fewer".to_owned())
}

#[cfg(test)]
mod tests;
