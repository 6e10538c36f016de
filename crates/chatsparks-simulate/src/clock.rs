//! The clock of a simulation: tokio's own, which stands still while something is done and jumps to whatever is next.

use chatsparks_core::{Instant, Period};
use chatsparks_ports::Clock;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A clock that goes on over crashes: each process has a tokio of its own, whose time begins anew.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    held: Arc<Mutex<Held>>,
}

#[derive(Debug)]
struct Held {
    /// What the wall shows when no time has passed; whoever sets the wall's clock changes this.
    wall: i64,
    /// Time that passed before the present process began.
    before: Duration,
    began: Option<tokio::time::Instant>,
}

impl Held {
    fn passed(&self) -> Duration {
        self.before + self.began.map_or(Duration::ZERO, |began| began.elapsed())
    }
}

impl VirtualClock {
    pub(crate) fn new(wall: Instant) -> Self {
        let held = Held { wall: wall.as_milliseconds(), before: Duration::ZERO, began: None };
        Self { held: Arc::new(Mutex::new(held)) }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process begins: called within its tokio.
    pub(crate) fn begin(&self) {
        self.held().began = Some(tokio::time::Instant::now());
    }

    /// A process ends: called within its tokio.
    pub(crate) fn end(&self) {
        let mut held = self.held();
        held.before = held.passed();
        held.began = None;
    }

    /// Time passes while no process runs.
    pub(crate) fn pass(&self, milliseconds: u64) {
        self.held().before += Duration::from_millis(milliseconds);
    }

    /// Somebody sets the wall's clock by so much.
    pub(crate) fn step(&self, milliseconds: i64) {
        self.held().wall += milliseconds;
    }
}

impl Clock for VirtualClock {
    fn wall(&self) -> Instant {
        let held = self.held();
        let passed = i64::try_from(held.passed().as_millis()).unwrap_or(i64::MAX);
        Instant::from_milliseconds(held.wall).after(Period::milliseconds(passed))
    }

    fn monotonic(&self) -> Duration {
        self.held().passed()
    }
}
