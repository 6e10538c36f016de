//! The guard of the clock: a step of the wall's clock stops stamping until somebody confirms it (R2).

use chatsparks_core::{Instant, Period};
use chatsparks_ports::Clock;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A step that is noticed.
const STEP: i64 = 10 * 60 * 1_000;

/// The wall's clock, held against one that never jumps.
pub(crate) struct ClockGuard {
    clock: Arc<dyn Clock>,
    /// What both showed at the start.
    began: (Instant, Duration),
    /// What both showed when they were last taken to agree, and whether they still do.
    agreed: Mutex<Agreed>,
}

#[derive(Clone, Copy)]
struct Agreed {
    wall: Instant,
    monotonic: Duration,
    stepped: bool,
}

impl ClockGuard {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let agreed = Agreed { wall: clock.wall(), monotonic: clock.monotonic(), stepped: false };
        Self { clock, began: (agreed.wall, agreed.monotonic), agreed: Mutex::new(agreed) }
    }

    /// The clock itself.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The time on the wall, whether or not it is to be trusted: for retries and rates.
    pub(crate) fn wall(&self) -> Instant {
        self.clock.wall()
    }

    /// A time that never jumps: for rates.
    pub(crate) fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    /// What the wall would show, had nobody set it since the start: for what was noted before it.
    pub(crate) fn unset(&self) -> Instant {
        let (wall, monotonic) = self.began;
        let passed = self.clock.monotonic().saturating_sub(monotonic).as_millis();
        wall.after(Period::milliseconds(passed.try_into().unwrap_or(i64::MAX)))
    }

    /// The time to stamp events with; none: the clock was stepped, and nobody has confirmed it.
    pub(crate) fn stamp(&self) -> Option<Instant> {
        let (wall, monotonic) = (self.clock.wall(), self.clock.monotonic());
        let mut agreed = self.agreed.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = i64::try_from(monotonic.saturating_sub(agreed.monotonic).as_millis()).unwrap_or(i64::MAX);
        let expected = agreed.wall.after(Period::milliseconds(passed));
        let off = wall.as_milliseconds().abs_diff(expected.as_milliseconds());
        if off > STEP.unsigned_abs() {
            agreed.stepped = true;
        } else if !agreed.stepped {
            // Small corrections add up, and are no step.
            *agreed = Agreed { wall, monotonic, stepped: false };
        }
        (!agreed.stepped).then_some(wall)
    }

    /// Whether the clock was stepped.
    pub(crate) fn is_stepped(&self) -> bool {
        self.stamp().is_none()
    }

    /// Somebody says that the clock is right as it is.
    pub(crate) fn confirm(&self) {
        let mut agreed = self.agreed.lock().unwrap_or_else(PoisonError::into_inner);
        *agreed = Agreed { wall: self.clock.wall(), monotonic: self.clock.monotonic(), stepped: false };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatsparks_ports::ManualClock;

    #[test]
    fn r2_a_step_of_over_ten_minutes_stops_stamping_until_it_is_confirmed() {
        let noon = Instant::from_milliseconds(1_772_000_000_000);
        for (step, stops) in [(0, false), (STEP, false), (-STEP, false), (STEP + 1, true), (-STEP - 1, true)] {
            let clock = ManualClock::new(noon);
            let guard = ClockGuard::new(Arc::new(clock.clone()));
            clock.pass(Period::hours(5));
            assert_eq!(guard.stamp(), Some(noon.after(Period::hours(5))));
            clock.set(Instant::from_milliseconds(clock.wall().as_milliseconds() + step));
            assert_eq!(guard.stamp().is_none(), stops, "{step}");
            // It does not come right by itself.
            clock.pass(Period::hours(1));
            assert_eq!(guard.stamp().is_none(), stops, "{step}");
            guard.confirm();
            assert_eq!(guard.stamp(), Some(clock.wall()));
        }
    }
}
