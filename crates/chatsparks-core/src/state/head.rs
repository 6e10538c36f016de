//! The head of a workspace, or of one partition of it: the little that its contacts share.
//!
//! Three parts, by who writes them: the clock moves with every event; the terms change by `configure` and `cycle` alone,
//! and are the same in every partition; the room is this partition's share of the limit.

use crate::{Instant, Period, state::change::HeadChange};

/// How far back the engine remembers (T5).
pub const MEMORY: Period = Period::days(400);

/// What all contacts of a partition share: a sole partition is the whole workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub(crate) clock: Clock,
    pub(crate) terms: Terms,
    pub(crate) room: Room,
}

/// What every event writes: how far time and the records have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// The latest instant seen (T5).
    pub(crate) latest: Option<Instant>,
    /// How many records there were: the `seq` of the next.
    pub(crate) seq: u64,
}

/// What only `configure` and `cycle` write, the same in every partition (R8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The revision in force: 1, and one more with each `configure` that changed the workspace.
    pub(crate) revision: u32,
    /// The plan's limit; none without a plan (M3).
    pub(crate) limit: Option<u64>,
    /// The start of the billing cycle; none before the first event (M2).
    pub(crate) cycle_start: Option<Instant>,
    /// When the next cycle begins.
    pub(crate) next_cycle: Option<Instant>,
}

/// Room under the limit, in the cycle in force (M5, R7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// The room that this partition was given; none: it is the sole owner, and holds all of the limit.
    pub(crate) granted: Option<u64>,
    /// Contacts counted here in this cycle (M1); past what was granted only by people and conversations in progress.
    pub(crate) used: u64,
    /// The levels that the owners were told of, as bits of `1 << index`: by a sole owner alone (M3).
    pub(crate) told: u8,
    /// When the oldest queued start is released; only while there is room (M6).
    pub(crate) release_due: Option<Instant>,
}

impl Clock {
    /// The latest instant seen (T5).
    pub fn latest(&self) -> Option<Instant> {
        self.latest
    }

    /// How many records there were: the `seq` of the next.
    pub fn seq(&self) -> u64 {
        self.seq
    }
}

impl Terms {
    /// The revision in force: 1, and one more with each `configure` that changed the workspace.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The plan's limit; none without a plan (M3).
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// The counts at which the owners are told (M3); none without a limit.
    pub fn told_at(&self) -> Option<[u64; 3]> {
        self.limit.map(crate::machines::usage::told_at)
    }

    /// The start of the billing cycle; none before the first event (M2).
    pub fn cycle_start(&self) -> Option<Instant> {
        self.cycle_start
    }

    /// When the next cycle begins.
    pub fn next_cycle(&self) -> Option<Instant> {
        self.next_cycle
    }
}

impl Room {
    /// The room of a partition that holds none yet, and must be given it by `grant` (R7).
    pub fn leased() -> Self {
        Self { granted: Some(0), ..Self::default() }
    }

    /// The room that this partition was given; none: it is the sole owner, and holds all of the limit.
    pub fn granted(&self) -> Option<u64> {
        self.granted
    }

    /// Contacts counted here in this cycle (M1).
    pub fn used(&self) -> u64 {
        self.used
    }

    /// The room of a whole workspace, in whose partitions so many were counted: for whoever asks.
    pub fn with_used(self, used: u64) -> Self {
        Self { granted: None, used, ..self }
    }
}

impl Head {
    /// The head of a workspace to which nothing has happened, under a plan's limit.
    pub(crate) fn new(revision: u32, limit: Option<u64>) -> Self {
        let terms = Terms { revision, limit, cycle_start: None, next_cycle: None };
        Self { clock: Clock::default(), terms, room: Room::default() }
    }

    /// A head put together from its parts, as a store kept them.
    pub fn from_parts(clock: Clock, terms: Terms, room: Room) -> Self {
        Self { clock, terms, room }
    }

    /// The same, of a partition that holds no room yet (R7).
    pub fn leased(mut self) -> Self {
        self.room.granted.get_or_insert(0);
        self
    }

    /// What every event writes.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What `configure` and `cycle` write.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Room under the limit.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// Contacts counted here in this cycle (M1).
    pub fn count(&self) -> u64 {
        self.room.used
    }

    /// When the oldest queued start is released; only while there is room (M6).
    pub fn release_due(&self) -> Option<Instant> {
        self.room.release_due
    }

    /// Whether another contact may be counted without passing the limit (M5).
    pub fn has_room(&self) -> bool {
        self.terms.limit.is_none_or(|limit| self.room.used < self.room.granted.unwrap_or(limit))
    }

    /// Whether an event at this instant is late: one after it was seen (T5).
    pub fn is_late(&self, at: Instant) -> bool {
        self.clock.latest.is_some_and(|latest| at < latest)
    }

    /// Whether an event at this instant is older than the engine remembers (T5).
    pub fn is_too_old(&self, at: Instant) -> bool {
        self.clock.latest.is_some_and(|latest| at < latest.before(MEMORY))
    }

    /// The next state: what the change says is now so.
    #[doc(hidden)]
    pub fn apply(&mut self, change: &HeadChange) {
        let Self { clock, terms, room } = self;
        match *change {
            HeadChange::Latest(at) => clock.latest = Some(clock.latest.map_or(at, |latest| latest.max(at))),
            HeadChange::Revision(revision) => terms.revision = revision,
            HeadChange::Limit(limit) => terms.limit = limit,
            HeadChange::Cycle { start, next } => (terms.cycle_start, terms.next_cycle) = (Some(start), Some(next)),
            HeadChange::RoomEmptied => {
                room.used = 0;
                room.granted = room.granted.map(|_| 0);
            }
            HeadChange::Counted => room.used += 1,
            HeadChange::Granted(contacts) => {
                let granted = room.granted.unwrap_or(0);
                room.granted = Some(granted.saturating_add_signed(contacts));
            }
            HeadChange::Told(levels) => room.told = levels,
            HeadChange::ReleaseDue(due) => room.release_due = due,
        }
    }
}
