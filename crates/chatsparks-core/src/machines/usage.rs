//! Usage: monthly active contacts, the limit, and what the owners are told of it (M).

use crate::{
    ContactChange, Effect, Engine, Fact, HeadChange, Instant, Outcome, Refusal, RefusalReason,
    document::problem::Problem, event::Configured, machines::turn::Turn,
};

/// Per cent of the limit at which the owners are told (M3); their place is their bit in `Head::told`.
const LEVELS: [u8; 3] = [80, 95, 100];

impl Turn<'_> {
    /// Whether a start is held back by the limit: the contact has not been counted, and there is no room (M5).
    pub(crate) fn is_held_back(&self) -> bool {
        !self.head.has_room() && !self.is_counted()
    }

    fn is_counted(&self) -> bool {
        self.contact.as_ref().is_some_and(|contact| contact.is_counted_in(self.head.cycle_start))
    }

    /// A DM goes to the contact: they count once a cycle (M1). People and conversations in progress may
    /// count past the limit (M4, M5).
    pub(crate) fn count_contact(&mut self) {
        let Some(cycle) = self.head.cycle_start.filter(|_| !self.is_counted()) else { return };
        let count = self.head.count + 1;
        self.change(ContactChange::Counted(cycle));
        self.change_head(HeadChange::Count(count));
        self.fact(Fact::ContactCounted { cycle, count });
        self.tell_levels();
        self.keep_release_while_room();
    }

    /// Tells the owners of each level that the count has reached, once a cycle, lower first (M3).
    fn tell_levels(&mut self) {
        let Some(limit) = self.head.limit else { return };
        let count = self.head.count;
        for (place, level) in LEVELS.into_iter().enumerate() {
            let bit = 1 << place;
            if self.head.told & bit == 0 && has_reached(count, limit, level) {
                self.change_head(HeadChange::Told(self.head.told | bit));
                self.effect(Effect::NotifyOwners { level, count, limit });
            }
        }
    }

    /// A release stays pending only while there is room (M6).
    fn keep_release_while_room(&mut self) {
        if self.head.release_due.is_some() && !self.head.has_room() {
            self.change_head(HeadChange::ReleaseDue(None));
        }
    }

    /// A billing cycle begins: the count starts anew, and the queue is released (M2, M6).
    pub(crate) fn begin_cycle(&mut self) {
        let start = self.at;
        self.change_head(HeadChange::Cycle { start, next: self.engine.cycles.next_after(start) });
        self.change_head(HeadChange::Count(0));
        self.change_head(HeadChange::Told(0));
        self.fact(Fact::CycleBegan { start });
        self.release_from(start);
    }

    fn release_from(&mut self, at: Instant) {
        if self.head.has_room() && self.head.release_due.is_none() {
            self.change_head(HeadChange::ReleaseDue(Some(at)));
        }
    }

    /// The workspace changes: the next revision, where the document holds and differs.
    pub(crate) fn configure(&mut self, engine: &Engine, configured: &Configured) -> (Outcome, Option<Engine>) {
        let document = match configured {
            Configured::Workspace(document) => document,
            Configured::Unreadable(problem) => return (invalid(vec![problem.clone()]), None),
        };
        if **document == *self.engine.workspace {
            return (Outcome::Applied {}, None);
        }
        let next = match engine.compile_next(document.clone()) {
            Ok(next) => next,
            Err(error) => return (invalid(error.into_faults()), None),
        };
        self.change_head(HeadChange::Revision(next.revision()));
        let compiled = next.compiled();
        if compiled.cycles != self.engine.cycles
            && let Some(start) = self.head.cycle_start
        {
            // M2: a new plan's cycles begin at its next boundary after whatever was seen: a late `configure` turns
            // no cycle in the past.
            let seen = self.head.latest.unwrap_or(self.at);
            let next = compiled.cycles.next_after(seen.max(start));
            self.change_head(HeadChange::Cycle { start, next });
        }
        if compiled.limit != self.head.limit {
            self.change_limit(compiled.limit);
        }
        (Outcome::Applied {}, Some(next))
    }

    fn change_limit(&mut self, limit: Option<u64>) {
        // No limit is above every limit.
        let height = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
        let rises = height(limit) > height(self.head.limit);
        self.change_head(HeadChange::Limit(limit));
        let count = self.head.count;
        let still = LEVELS
            .into_iter()
            .enumerate()
            .filter(|(_, level)| limit.is_some_and(|limit| has_reached(count, limit, *level)));
        let told = self.head.told & still.fold(0, |bits, (place, _)| bits | 1 << place);
        if told != self.head.told {
            self.change_head(HeadChange::Told(told));
        }
        self.tell_levels();
        self.keep_release_while_room();
        if rises {
            self.release_from(self.at);
        }
    }
}

/// `count * 100 >= limit * level` (M3), in integers.
fn has_reached(count: u64, limit: u64, level: u8) -> bool {
    u128::from(count) * 100 >= u128::from(limit) * u128::from(level)
}

fn invalid(faults: Vec<Problem>) -> Outcome {
    Outcome::Refused(Refusal { reason: RefusalReason::InvalidWorkspace, faults })
}
