//! The head of a workspace: the little that its contacts share (T5, M3).

use crate::{Instant, Period, state::change::HeadChange};
use serde::{Deserialize, Serialize};

/// How far back the engine remembers (T5).
pub const MEMORY: Period = Period::days(400);

/// What all contacts of a workspace share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The latest instant seen (T5).
    pub latest: Option<Instant>,
    /// The revision in force: 1, and one more with each `configure` that changed the workspace.
    pub revision: u32,
    /// The start of the billing cycle; none before the first event (M2).
    pub cycle_start: Option<Instant>,
    /// When the next cycle begins.
    pub next_cycle: Option<Instant>,
    /// Contacts counted in this cycle (M1).
    pub count: u64,
    /// The plan's limit; none without a plan (M3).
    pub limit: Option<u64>,
    /// The levels that the owners were told of, as bits of `1 << index` (M3).
    pub told: u8,
    /// When the oldest queued start is released; only while there is room (M6).
    pub release_due: Option<Instant>,
}

impl Head {
    /// The head of a workspace to which nothing has happened, under a plan's limit.
    pub fn new(limit: Option<u64>) -> Self {
        Self {
            latest: None,
            revision: 1,
            cycle_start: None,
            next_cycle: None,
            count: 0,
            limit,
            told: 0,
            release_due: None,
        }
    }

    /// Whether another contact may be counted without passing the limit (M5).
    pub fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.count < limit)
    }

    /// Whether an event at this instant is late: one after it was seen (T5).
    pub fn is_late(&self, at: Instant) -> bool {
        self.latest.is_some_and(|latest| at < latest)
    }

    /// Whether an event at this instant is older than the engine remembers (T5).
    pub fn is_too_old(&self, at: Instant) -> bool {
        self.latest.is_some_and(|latest| at < latest.before(MEMORY))
    }

    /// The next state: what the change says is now so.
    pub fn apply(&mut self, change: &HeadChange) {
        match *change {
            HeadChange::Latest(at) => self.latest = Some(self.latest.map_or(at, |latest| latest.max(at))),
            HeadChange::Revision(revision) => self.revision = revision,
            HeadChange::Cycle { start, next } => (self.cycle_start, self.next_cycle) = (Some(start), Some(next)),
            HeadChange::Count(count) => self.count = count,
            HeadChange::Limit(limit) => self.limit = limit,
            HeadChange::Told(levels) => self.told = levels,
            HeadChange::ReleaseDue(due) => self.release_due = due,
        }
    }
}
