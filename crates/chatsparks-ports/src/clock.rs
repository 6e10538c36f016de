//! The clock: the only place where time comes from outside.

use chatsparks_core::{Instant, Period};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A clock: the wall's time, and one that never jumps.
pub trait Clock: Send + Sync + 'static {
    /// The time on the wall.
    fn wall(&self) -> Instant;
    /// Time since some beginning, which never jumps.
    fn monotonic(&self) -> Duration;
}

/// The machine's clock.
#[derive(Clone, Debug)]
pub struct SystemClock {
    began: std::time::Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { began: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant::from_milliseconds(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }
}

/// A clock that stands still until it is moved: for tests and simulations.
#[derive(Clone, Debug)]
pub struct ManualClock {
    wall: Arc<AtomicI64>,
    monotonic: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that shows this.
    pub fn new(wall: Instant) -> Self {
        Self { wall: Arc::new(AtomicI64::new(wall.as_milliseconds())), monotonic: Arc::new(AtomicI64::new(0)) }
    }

    /// Time passes.
    pub fn pass(&self, period: Period) {
        self.wall.fetch_add(period.as_milliseconds(), Ordering::SeqCst);
        self.monotonic.fetch_add(period.as_milliseconds(), Ordering::SeqCst);
    }

    /// Somebody sets the wall's clock.
    pub fn set(&self, wall: Instant) {
        self.wall.store(wall.as_milliseconds(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> Instant {
        Instant::from_milliseconds(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.monotonic.load(Ordering::SeqCst)).unwrap_or(0))
    }
}
