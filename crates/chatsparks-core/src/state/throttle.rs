//! The throttle: one firing per contact and trigger within its length (C6).

use crate::{Instant, Period, TriggerId, state::head::MEMORY};
use std::collections::BTreeMap;

/// After so long a firing holds nothing back any more: no event is taken that is older than [`MEMORY`] (T5), and no
/// throttle is longer than a year.
const FORGOTTEN_AFTER: Period = Period::milliseconds(MEMORY.as_milliseconds() + Period::days(365).as_milliseconds());

/// When each trigger last fired for one contact, sorted by trigger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Throttles(Box<[(TriggerId, Instant)]>);

impl Throttles {
    /// When the trigger last fired.
    pub fn last(&self, trigger: &str) -> Option<Instant> {
        let place = self.0.binary_search_by(|(id, _)| id.as_str().cmp(trigger)).ok()?;
        Some(self.0[place].1)
    }

    /// When the throttle ends that holds a comment at `x` back; none: it may fire (C6).
    ///
    /// Also a late comment is held back, however far before the last firing it came.
    pub fn until(&self, trigger: &str, length: Period, x: Instant) -> Option<Instant> {
        self.last(trigger).map(|last| last.after(length)).filter(|&until| x < until)
    }

    /// Every trigger that fired, and when it last did.
    pub fn iter(&self) -> impl Iterator<Item = (&TriggerId, Instant)> {
        self.0.iter().map(|(id, at)| (id, *at))
    }

    /// Those that were stored.
    pub(crate) fn from_sorted(throttles: BTreeMap<TriggerId, Instant>) -> Self {
        Self(throttles.into_iter().collect())
    }

    pub(crate) fn fire(&mut self, trigger: &TriggerId, at: Instant) {
        let forgotten = at.before(FORGOTTEN_AFTER);
        if self.0.iter().any(|(_, fired)| *fired <= forgotten) {
            let all = std::mem::take(&mut self.0).into_vec();
            self.0 = all.into_iter().filter(|(_, fired)| *fired > forgotten).collect();
        }
        match self.0.binary_search_by(|(id, _)| id.cmp(trigger)) {
            Ok(place) => self.0[place].1 = at,
            // Few triggers ever fire for one contact, and most contacts have one: no spare capacity is kept.
            Err(place) => {
                let mut all = std::mem::take(&mut self.0).into_vec();
                all.reserve_exact(1);
                all.insert(place, (trigger.clone(), at));
                self.0 = all.into_boxed_slice();
            }
        }
    }

    /// Takes the last firing back: the one before it stands again, where there was one.
    pub(crate) fn undo(&mut self, trigger: &TriggerId, before: Option<Instant>) {
        match before {
            Some(before) => self.fire(trigger, before),
            None => {
                if let Ok(place) = self.0.binary_search_by(|(id, _)| id.cmp(trigger)) {
                    let mut all = std::mem::take(&mut self.0).into_vec();
                    all.remove(place);
                    self.0 = all.into_boxed_slice();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c6_a_throttle_is_half_open_and_holds_late_comments_back() {
        let mut throttles = Throttles::default();
        let fired = Instant::from_milliseconds(1_000_000);
        throttles.fire(&TriggerId::from("price"), fired);
        let day = Period::hours(24);
        let end = fired.after(day);
        for (x, held) in [
            (fired, true),
            (fired.before(Period::days(3)), true),
            (end.before(Period::milliseconds(1)), true),
            (end, false),
            (end.after(Period::milliseconds(1)), false),
        ] {
            assert_eq!(throttles.until("price", day, x), held.then_some(end), "{x}");
            assert_eq!(throttles.until("other", day, x), None);
        }
    }

    /// T5: what could still hold back an event that is taken is kept, to the millisecond.
    #[test]
    fn c6_a_firing_is_forgotten_when_it_can_hold_nothing_back() {
        let year = Period::days(365);
        let fired = Instant::from_milliseconds(1_000_000);
        for (later, is_kept) in [(MEMORY, true), (FORGOTTEN_AFTER, false)] {
            for (at, is_kept) in [(later, is_kept), (Period::milliseconds(later.as_milliseconds() - 1), true)] {
                let mut throttles = Throttles::default();
                throttles.fire(&TriggerId::from("price"), fired);
                let latest = fired.after(at);
                throttles.fire(&TriggerId::from("other"), latest);
                assert_eq!(throttles.last("price").is_some(), is_kept, "{latest}");
                // The oldest event that is taken, under the longest throttle.
                let oldest = latest.before(MEMORY);
                assert_eq!(throttles.until("price", year, oldest).is_some(), oldest < fired.after(year), "{latest}");
            }
        }
    }

    #[test]
    fn c6_a_throttle_of_no_length_holds_back_only_what_came_before() {
        let mut throttles = Throttles::default();
        let fired = Instant::from_milliseconds(1_000_000);
        throttles.fire(&TriggerId::from("price"), fired);
        assert_eq!(throttles.until("price", Period::ZERO, fired), None);
        assert_eq!(throttles.until("price", Period::ZERO, fired.before(Period::seconds(1))), Some(fired));
    }
}
