//! Usage: monthly active contacts, the limit, and what the owners are told of it (M).

use crate::{
    Effect, Engine, Fact, Grant, Instant, Outcome, Prepared, Refusal, RefusalReason,
    document::problem::Problem,
    machines::turn::Turn,
    state::change::{ContactChange, HeadChange},
};

/// Per cent of the limit at which the owners are told (M3); their place is their bit in `Head::told`.
const LEVELS: [u8; 3] = [80, 95, 100];

impl Turn<'_> {
    /// Whether a start is held back by the limit: the contact has not been counted, and there is no room (M5).
    pub(crate) fn is_held_back(&self) -> bool {
        !self.head.has_room() && !self.is_counted()
    }

    fn is_counted(&self) -> bool {
        self.contact.as_ref().is_some_and(|contact| contact.is_counted_in(self.head.terms.cycle_start))
    }

    /// A DM goes to the contact: they count once a cycle (M1). People and conversations in progress may
    /// count past the limit (M4, M5).
    pub(crate) fn count_contact(&mut self) {
        let Some(cycle) = self.head.terms.cycle_start.filter(|_| !self.is_counted()) else { return };
        self.change(ContactChange::Counted(cycle));
        self.change_head(HeadChange::Counted);
        let count = self.head.room.used;
        self.fact(Fact::ContactCounted { cycle, count });
        self.tell_levels();
        self.keep_release_while_room();
    }

    /// Tells the owners of each level that the count has reached, once a cycle, lower first (M3). A partition with a
    /// share of the limit counts a share of the contacts: whoever owns the whole count tells.
    fn tell_levels(&mut self) {
        if self.head.room.granted.is_none() {
            self.tell_levels_of(self.head.room.used);
        }
    }

    fn tell_levels_of(&mut self, count: u64) {
        let Some(limit) = self.head.terms.limit else { return };
        for (place, level) in LEVELS.into_iter().enumerate() {
            let bit = 1 << place;
            if self.head.room.told & bit == 0 && has_reached(count, limit, level) {
                self.change_head(HeadChange::Told(self.head.room.told | bit));
                self.effect(Effect::NotifyOwners { level, count, limit });
            }
        }
    }

    /// A release stays pending only while there is room (M6).
    fn keep_release_while_room(&mut self) {
        if self.head.room.release_due.is_some() && !self.head.has_room() {
            self.change_head(HeadChange::ReleaseDue(None));
        }
    }

    /// A billing cycle begins: the count starts anew, and the queue is released (M2, M6).
    pub(crate) fn begin_cycle(&mut self) {
        let start = self.at;
        self.change_head(HeadChange::Cycle { start, next: self.engine.cycles.next_after(start) });
        self.change_head(HeadChange::RoomEmptied);
        self.change_head(HeadChange::Told(0));
        self.fact(Fact::CycleBegan { start });
        self.release_from(start);
    }

    fn release_from(&mut self, at: Instant) {
        if self.head.has_room() && self.head.room.release_due.is_none() {
            self.change_head(HeadChange::ReleaseDue(Some(at)));
        }
    }

    /// A partition is given room, or gives it back: a rise releases the queue (R7, M6). Room of another cycle than the
    /// one in force is nothing.
    pub(crate) fn grant(&mut self, grant: &Grant) -> Outcome {
        let is_now = self.head.terms.cycle_start == Some(grant.cycle);
        let contacts = if is_now { grant.contacts } else { 0 };
        // The first grant may be of nothing: it says that this is one partition of many.
        if contacts != 0 || self.head.room.granted.is_none() {
            self.change_head(HeadChange::Granted(contacts));
            self.keep_release_while_room();
        }
        if contacts > 0 {
            self.release_from(self.at);
        }
        // M3: the count is the whole workspace's, and this partition tells the owners.
        if let Some(count) = grant.count.filter(|_| is_now) {
            self.rearm_levels(count);
            self.tell_levels_of(count);
        }
        Outcome::Applied {}
    }

    /// The workspace changes: the next revision, where the document holds and differs.
    pub(crate) fn configure(&mut self, prepared: Option<&Prepared>) -> (Outcome, Option<Engine>) {
        let next = match prepared {
            Some(Prepared::InForce) => return (Outcome::Applied {}, None),
            Some(Prepared::Invalid(faults)) => return (invalid(faults.clone()), None),
            Some(Prepared::Next(next)) => next.clone(),
            // INVARIANT: the driver prepares each `configure`; a call without it changes nothing.
            None => return (RefusalReason::EngineFault.into(), None),
        };
        self.change_head(HeadChange::Revision(next.revision()));
        let compiled = next.compiled();
        if compiled.cycles != self.engine.cycles
            && let Some(start) = self.head.terms.cycle_start
        {
            // M2: a new plan's cycles begin at its next boundary after whatever was seen: a late `configure` turns
            // no cycle in the past.
            let seen = self.head.clock.latest.unwrap_or(self.at);
            let next = compiled.cycles.next_after(seen.max(start));
            self.change_head(HeadChange::Cycle { start, next });
        }
        if compiled.limit != self.head.terms.limit {
            self.change_limit(compiled.limit);
        }
        (Outcome::Applied {}, Some(next))
    }

    fn change_limit(&mut self, limit: Option<u64>) {
        // No limit is above every limit.
        let height = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
        let rises = height(limit) > height(self.head.terms.limit);
        self.change_head(HeadChange::Limit(limit));
        // Of a share, whoever owns the whole count says next what it is.
        if self.head.room.granted.is_none() {
            self.rearm_levels(self.head.room.used);
        }
        self.tell_levels();
        self.keep_release_while_room();
        if rises {
            self.release_from(self.at);
        }
    }

    /// A higher limit re-arms the levels that it moves above the count (M3).
    fn rearm_levels(&mut self, count: u64) {
        let limit = self.head.terms.limit;
        let still = LEVELS
            .into_iter()
            .enumerate()
            .filter(|(_, level)| limit.is_some_and(|limit| has_reached(count, limit, *level)));
        let told = self.head.room.told & still.fold(0, |bits, (place, _)| bits | 1 << place);
        if told != self.head.room.told {
            self.change_head(HeadChange::Told(told));
        }
    }
}

/// The counts at which the owners are told, of a limit (M3): each the first that reaches a level.
pub(crate) fn told_at(limit: u64) -> [u64; 3] {
    LEVELS.map(|level| u64::try_from((u128::from(limit) * u128::from(level)).div_ceil(100)).unwrap_or(u64::MAX))
}

/// `count * 100 >= limit * level` (M3), in integers.
fn has_reached(count: u64, limit: u64, level: u8) -> bool {
    u128::from(count) * 100 >= u128::from(limit) * u128::from(level)
}

fn invalid(faults: Vec<Problem>) -> Outcome {
    Outcome::Refused(Refusal { reason: RefusalReason::InvalidWorkspace, faults })
}
