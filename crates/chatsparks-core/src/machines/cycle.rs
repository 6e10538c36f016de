//! Billing cycles: calendar months from an anchor (M2).

use crate::{Instant, document::workspace::Plan};
use chrono::{Datelike, Months};

/// When billing cycles begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CycleRule {
    anchor: Instant,
}

impl CycleRule {
    /// Cycles from the day of the subscription; without a plan, calendar months (M3).
    pub(crate) fn of(plan: Option<&Plan>) -> Self {
        Self { anchor: plan.map_or(Instant::from_milliseconds(0), |plan| plan.subscribed_at) }
    }

    /// The start of cycle *k*, counted from the first day and clamped to the month's end: adding a
    /// month to a month would drift.
    fn start(self, k: i64) -> Instant {
        let anchor = self.anchor.as_chrono();
        let months = Months::new(u32::try_from(k.unsigned_abs()).unwrap_or(u32::MAX));
        let moved = if k < 0 { anchor.checked_sub_months(months) } else { anchor.checked_add_months(months) };
        match moved {
            Some(moved) => Instant::from_milliseconds(moved.timestamp_millis()),
            None => Instant::from_milliseconds(if k < 0 { i64::MIN } else { i64::MAX }),
        }
    }

    /// The start of the cycle that an instant lies in.
    pub(crate) fn containing(self, x: Instant) -> Instant {
        self.start(self.number(x))
    }

    /// The start of the first cycle that begins after an instant.
    pub(crate) fn next_after(self, x: Instant) -> Instant {
        self.start(self.number(x) + 1)
    }

    /// The number of the cycle that an instant lies in; negative before the subscription.
    fn number(self, x: Instant) -> i64 {
        let (from, to) = (self.anchor.as_chrono(), x.as_chrono());
        let months = |at: chrono::DateTime<chrono::Utc>| i64::from(at.year()) * 12 + i64::from(at.month0());
        // The months between are right but for the day within the month.
        let mut k = months(to) - months(from) + 1;
        while self.start(k) > x {
            k -= 1;
        }
        k
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(anchor: &str) -> CycleRule {
        CycleRule { anchor: anchor.parse().unwrap() }
    }

    #[test]
    fn m2_months_are_counted_from_the_first_day_and_clamped() {
        let rule = rule("2026-01-31T09:00:00Z");
        for (k, wanted) in [
            (0, "2026-01-31T09:00:00Z"),
            (1, "2026-02-28T09:00:00Z"),
            (2, "2026-03-31T09:00:00Z"),
            (3, "2026-04-30T09:00:00Z"),
            (25, "2028-02-29T09:00:00Z"),
            (-1, "2025-12-31T09:00:00Z"),
        ] {
            assert_eq!(rule.start(k).to_string(), wanted, "{k}");
        }
    }

    #[test]
    fn m2_an_instant_lies_in_one_cycle() {
        let rule = rule("2026-01-31T09:00:00Z");
        for (x, start, next) in [
            ("2026-02-28T08:59:59.999Z", "2026-01-31T09:00:00Z", "2026-02-28T09:00:00Z"),
            ("2026-02-28T09:00:00Z", "2026-02-28T09:00:00Z", "2026-03-31T09:00:00Z"),
            ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z", "2026-02-28T09:00:00Z"),
            ("2026-01-31T08:59:59Z", "2025-12-31T09:00:00Z", "2026-01-31T09:00:00Z"),
            ("2027-03-30T00:00:00Z", "2027-02-28T09:00:00Z", "2027-03-31T09:00:00Z"),
        ] {
            let x: Instant = x.parse().unwrap();
            assert_eq!(
                (rule.containing(x).to_string().as_str(), rule.next_after(x).to_string().as_str()),
                (start, next),
                "{x}"
            );
        }
    }

    #[test]
    fn m2_without_a_plan_cycles_are_calendar_months() {
        let rule = CycleRule::of(None);
        let x: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
        assert_eq!(rule.containing(x).to_string(), "2026-03-01T00:00:00Z");
        assert_eq!(rule.next_after(x).to_string(), "2026-04-01T00:00:00Z");
    }
}
