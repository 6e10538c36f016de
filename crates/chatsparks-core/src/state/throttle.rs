//! The throttle: one firing per contact and trigger within its length (C6).

use crate::{Instant, Period, TriggerId, state::head::MEMORY};
use std::collections::BTreeMap;

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
        // T5: what fired so long ago holds nothing back any more, however long its throttle.
        if self.0.iter().any(|(_, fired)| *fired < at.before(MEMORY)) {
            let all = std::mem::take(&mut self.0).into_vec();
            self.0 = all.into_iter().filter(|(_, fired)| *fired >= at.before(MEMORY)).collect();
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

    #[test]
    fn c6_a_throttle_of_no_length_holds_back_only_what_came_before() {
        let mut throttles = Throttles::default();
        let fired = Instant::from_milliseconds(1_000_000);
        throttles.fire(&TriggerId::from("price"), fired);
        assert_eq!(throttles.until("price", Period::ZERO, fired), None);
        assert_eq!(throttles.until("price", Period::ZERO, fired.before(Period::seconds(1))), Some(fired));
    }
}
