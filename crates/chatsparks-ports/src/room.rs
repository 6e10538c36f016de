//! Room under the limit, shared by many partitions (R7): one pool a workspace and cycle, and what each commit takes of it.

use crate::{Input, Position, Stamp};
use chatsparks_core::{Envelope, Event, EventId, Grant, Instant};

/// A grant, and the event of the log that it stands before: not in the log itself, where nothing is put in between.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The position of the event.
    pub before: Position,
    /// The grant.
    pub envelope: Envelope,
}

/// What a commit takes of the pool of a cycle.
///
/// A partition's claim is what it was granted, or what it counted, whichever is more. The pool holds the sum of all
/// claims; a commit brings what its own has changed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The start of the cycle.
    pub cycle: Instant,
    /// By how much the claim has changed.
    pub contacts: i64,
    /// How much of it has to be there: what was granted anew. The rest was counted past the limit, as M4 may.
    pub within: u64,
    /// The limit that it has to be within; none: there is none.
    pub limit: Option<u64>,
    /// Counts at which partition 0 is to tell the owners (M3): when the sum comes to one of them.
    pub tell_at: Vec<u64>,
    /// Whether it is to tell them in any case: the limit has changed.
    pub tell: bool,
    /// The id of the event that says so.
    pub id: EventId,
}

impl Draw {
    /// The sum after this, from the sum before; none: there is not so much room.
    pub fn applied(&self, drawn: u64) -> Option<u64> {
        let fits = self.within == 0 || self.limit.is_none_or(|limit| drawn.saturating_add(self.within) <= limit);
        fits.then(|| drawn.saturating_add_signed(self.contacts))
    }

    /// What is logged in partition 0 when the sum went from one to another; none: the owners need not hear of it.
    pub fn told(&self, before: u64, after: u64) -> Option<Input> {
        let is_told = self.tell || self.tell_at.iter().any(|count| before < *count && *count <= after);
        let event = Event::Grant(Grant { cycle: self.cycle, contacts: 0, count: Some(after) });
        is_told.then(|| Input { id: self.id.clone(), stamp: Stamp::Latest, event })
    }
}
