//! The simulator's time.

use crate::{ClockMode, Outside};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock that can be steered, and the machine's beside it. Instants are milliseconds since 1970.
#[derive(Debug)]
pub(crate) struct Clock {
    mode: ClockMode,
    outside: Outside,
    began: Instant,
    /// The simulator's instant when it began, and how far it was advanced since.
    origin: i64,
    latest: i64,
}

impl Clock {
    pub(crate) fn new(mode: ClockMode, outside: Outside, start: Option<i64>) -> Self {
        let origin = start.unwrap_or_else(machine);
        Self { mode, outside, began: Instant::now(), origin, latest: origin }
    }

    /// Now. It never goes back.
    pub(crate) fn now(&mut self) -> i64 {
        if let ClockMode::Wall { speed } = self.mode {
            let passed = self.began.elapsed().as_secs_f64() * 1000.0 * speed;
            self.latest = self.latest.max(self.origin.saturating_add(passed as i64));
        }
        self.latest
    }

    /// Jumps to an instant, if it is later than now.
    pub(crate) fn jump(&mut self, to: i64) {
        let by = to.saturating_sub(self.now()).max(0);
        self.origin = self.origin.saturating_add(by);
        self.latest = self.latest.saturating_add(by);
    }

    /// How long the machine has to wait until then. Nothing: for ever, unless somebody advances it.
    pub(crate) fn wait(&mut self, until: i64) -> Option<Duration> {
        let ClockMode::Wall { speed } = self.mode else { return None };
        let left = until.saturating_sub(self.now()).max(0) as f64;
        Duration::try_from_secs_f64(left / 1000.0 / speed).ok()
    }

    /// The time that whoever is outside lives by.
    pub(crate) fn outside(&mut self) -> i64 {
        match self.outside {
            Outside::Wall => machine(),
            Outside::Simulated => self.now(),
        }
    }
}

fn machine() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
