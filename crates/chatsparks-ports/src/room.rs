//! Room under the limit, shared by many partitions (R7): one pool a workspace and cycle, and what each commit takes of it.

use crate::{Input, Position, Stamp};
use chatsparks_core::{Envelope, Event, Grant, Instant};

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
    /// What the ids of the events that say so begin with.
    pub id: String,
    /// What they bear at least: the latest instant of the partition that draws.
    pub at: Instant,
}

impl Draw {
    /// The sum after this, from the sum before; none: there is not so much room.
    pub fn applied(&self, drawn: u64) -> Option<u64> {
        let fits = self.within == 0 || self.limit.is_none_or(|limit| drawn.saturating_add(self.within) <= limit);
        fits.then(|| drawn.saturating_add_signed(self.contacts))
    }

    /// Whether nothing hangs on what the pool had before: no room has to be there, and nobody is told.
    pub fn asks_nothing(&self) -> bool {
        (self.within == 0 || self.limit.is_none()) && self.tell_at.is_empty() && !self.tell
    }

    /// What is logged in partition 0 when the sum went from one to another. By a new limit the count before is looked at
    /// too: it re-arms levels that what was counted since may have reached again.
    pub fn told(&self, before: u64, after: u64) -> Vec<Input> {
        let has_come_to_one = self.tell_at.iter().any(|count| before < *count && *count <= after);
        let counts = [Some(before).filter(|_| self.tell), Some(after).filter(|_| has_come_to_one)];
        let input = |count: u64| {
            let event = Event::Grant(Grant { cycle: self.cycle, contacts: 0, count: Some(count) });
            Input { id: format!("{}:{count}", self.id).into(), stamp: Stamp::Received(self.at), event }
        };
        counts.into_iter().flatten().map(input).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(within: u64, limit: Option<u64>, tell_at: &[u64], tell: bool) -> Draw {
        let at = Instant::from_milliseconds(0);
        Draw { cycle: at, contacts: 3, within, limit, tell_at: tell_at.to_vec(), tell, id: "count:0:1".to_owned(), at }
    }

    /// R7: whatever may be refused, or told of, looks at the pool.
    #[test]
    fn r7_only_what_cannot_be_refused_and_tells_nobody_asks_nothing() {
        assert!(draw(3, None, &[], false).asks_nothing());
        assert!(draw(0, Some(5), &[], false).asks_nothing());
        assert!(!draw(3, Some(5), &[], false).asks_nothing());
        assert!(!draw(0, None, &[4], false).asks_nothing());
        assert!(!draw(0, None, &[], true).asks_nothing());
    }
}
