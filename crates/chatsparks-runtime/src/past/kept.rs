//! Records as they are kept, and what they say of what all contacts share.

use chatsparks_core::{EventId, Instant, TimerKind, Told};
use chatsparks_ports::{Cursor, Shard, Store, StoreError};
use serde::Deserialize;
use serde_json::Value;

/// Records that are looked through for the count before a record.
pub(super) const LOOKED_AT: u64 = 2_000;
/// Records that are read at once.
const AT_ONCE: u64 = 250;

/// A record as it is kept.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) seq: u64,
    pub(super) at: Instant,
    pub(super) revision: u32,
    /// A start was queued for want of room (M5).
    pub(super) is_queued: bool,
    /// A flow started, or waits for nothing but the buyer: the limit did not hold it back (C8).
    is_start: bool,
    /// It was older than is remembered (T5).
    is_too_old: bool,
    /// It came again, and moved no time (T3).
    pub(super) is_repeated: bool,
    /// The engine had failed (R13).
    pub(super) is_fault: bool,
    /// Contacts counted before it, where it does not say so itself.
    pub(super) count_before: Option<u64>,
    pub(super) text: String,
    source: Source,
    counted: Option<Counted>,
    levels: [bool; 3],
    dms: Vec<String>,
}

#[derive(Debug)]
enum Source {
    Event(EventId),
    Timer(TimerKind),
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Counted {
    cycle: Instant,
    count: u64,
}

#[derive(Deserialize)]
struct Form {
    seq: u64,
    event: Option<EventId>,
    timer: Option<TimerKind>,
    at: Instant,
    revision: u32,
    outcome: Value,
    effects: Vec<Value>,
    facts: Vec<Value>,
}

/// T3: whether an outcome is of something that came again: it moves no time, and what was due by its `at` may stand behind it.
pub(super) fn is_repeated(outcome: &Value) -> bool {
    let says = |said: &Value| said.as_object().is_some_and(|said| said.values().any(|value| value == "duplicate"));
    outcome.as_object().is_some_and(|outcome| outcome.contains_key("duplicate") || outcome.values().any(says))
}

impl Line {
    /// Reads a line; none: it is no record that this version knows.
    pub(super) fn read(text: String) -> Option<Self> {
        let Form { seq, event, timer, at, revision, outcome, effects, facts } = serde_json::from_str(&text).ok()?;
        let tells = |level: u64| effects.iter().any(|effect| effect["notify_owners"]["level"] == level);
        let dms = effects.iter().filter(|effect| effect.get("send_dm").is_some());
        let counted = facts.iter().find_map(|fact| fact.get("contact_counted"));
        Some(Self {
            seq,
            at,
            revision,
            is_queued: facts.iter().any(|fact| fact.get("queued").is_some()),
            is_start: facts.iter().any(|fact| fact.get("flow_started").or(fact.get("held")).is_some()),
            is_too_old: outcome["refused"]["reason"] == "too_old",
            is_repeated: is_repeated(&outcome),
            is_fault: outcome["refused"]["reason"] == "engine_fault",
            count_before: None,
            source: event.map(Source::Event).or(timer.map(Source::Timer))?,
            counted: counted.and_then(|counted| Counted::deserialize(counted).ok()),
            levels: [tells(80), tells(95), tells(100)],
            dms: dms.filter_map(|effect| effect["id"].as_str().map(str::to_owned)).collect(),
            text,
        })
    }

    /// The event that it is of.
    pub(super) fn event(&self) -> Option<&EventId> {
        match &self.source {
            Source::Event(id) => Some(id),
            Source::Timer(_) => None,
        }
    }

    /// The timer that it is of.
    pub(super) fn timer(&self) -> Option<TimerKind> {
        match &self.source {
            Source::Event(_) => None,
            Source::Timer(kind) => Some(*kind),
        }
    }

    /// The DMs that it sent.
    pub(super) fn dms(&self) -> impl Iterator<Item = &str> {
        self.dms.iter().map(String::as_str)
    }

    /// What it says of what all contacts share.
    pub(super) fn told(&self) -> Told {
        let before = self.counted.map(|counted| counted.count.saturating_sub(1));
        Told {
            seq: self.seq,
            cycle: self.counted.map(|counted| counted.cycle),
            sends: !self.dms.is_empty(),
            starts: self.is_start,
            count: before.or(self.count_before),
            repeats: self.is_repeated,
            too_old: self.is_too_old,
            without_room: self.is_queued,
            levels: self.levels,
        }
    }
}

/// How many contacts were counted in a cycle before a record (M1): the last one counted before it says so. None: nobody was
/// for long, and nobody knows without looking through everything.
pub(super) async fn count_before<S: Store>(
    store: &S,
    shard: &Shard,
    seq: u64,
    first_record: u64,
    looked_at: u64,
) -> Result<Option<u64>, StoreError> {
    let least = seq.saturating_sub(looked_at).max(first_record);
    let mut until = seq;
    while until > least {
        let from = until.saturating_sub(AT_ONCE).max(least);
        let cursor = Cursor::in_one(store.partitions(), shard.partition, from);
        let limit = usize::try_from(until - from).unwrap_or(0);
        let (records, _) = store.records(&shard.workspace, &cursor, limit).await?;
        let of_it = records.iter().filter(|record| record.partition == shard.partition && record.seq < until);
        for record in of_it.rev() {
            // Quotes in what people wrote are escaped: these are names.
            if record.line.contains(r#""cycle_began":"#) {
                return Ok(Some(0));
            }
            if record.line.contains(r#""contact_counted":"#)
                && let Some(counted) = Line::read(record.line.clone()).and_then(|line| line.counted)
            {
                return Ok(Some(counted.count));
            }
        }
        until = from;
    }
    Ok((until == 0).then_some(0))
}
