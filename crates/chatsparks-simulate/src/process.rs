//! The process of a simulation: at which call it ends, and at which calls fail.

use crate::Call;
use chatsparks_core::Instant;
use chatsparks_ports::{Commit, Fence, Shard};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// So many appends at one instant come to no end: something is due that does not go away.
const ENDLESS: u32 = 5_000;

/// The process that runs, and how it is going to end.
pub(crate) struct Process {
    plot: Mutex<Plot>,
    ended: watch::Sender<bool>,
}

#[derive(Default)]
struct Plot {
    crash: Option<(Option<Call>, u32, bool)>,
    crash_once_sent: bool,
    fails: Option<(Option<Call>, u32, bool)>,
    last_failed: Option<Instant>,
    /// Until when nothing can be written, by a clock that never jumps (R9).
    full_until: Option<Duration>,
    down: u64,
    /// How many appends there were at an instant, by a clock that never jumps.
    appends: (Duration, u32),
    /// Commits that were on their way when the process ended: they come late (R5).
    zombies: BTreeMap<Shard, (Fence, Commit)>,
}

/// What becomes of a call.
pub(crate) enum Fate {
    Works,
    EndsBefore,
    EndsAfter,
    FailsBefore,
    FailsAfter,
}

impl Process {
    pub(crate) fn new() -> Self {
        Self { plot: Mutex::default(), ended: watch::Sender::new(false) }
    }

    fn plot(&self) -> MutexGuard<'_, Plot> {
        self.plot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn crash(&self, at: Option<Call>, number: u32, after: bool, down: u64) {
        if number == 0 {
            self.plot().down = down;
            self.ended.send_replace(true);
            return;
        }
        let mut plot = self.plot();
        (plot.crash, plot.down) = (Some((at, number, after)), down);
    }

    pub(crate) fn crash_once_sent(&self, down: u64) {
        let mut plot = self.plot();
        (plot.crash_once_sent, plot.down) = (true, down);
    }

    pub(crate) fn fails(&self, at: Option<Call>, times: u32, after: bool) {
        self.plot().fails = Some((at, times, after));
    }

    /// The disk is full until then.
    pub(crate) fn is_full_until(&self, until: Duration) {
        self.plot().full_until = Some(until);
    }

    /// Nothing goes wrong any more.
    pub(crate) fn heal(&self) {
        let mut plot = self.plot();
        (plot.crash, plot.fails, plot.crash_once_sent) = (None, None, false);
        plot.full_until = None;
    }

    /// When a call failed last.
    pub(crate) fn last_failed(&self) -> Option<Instant> {
        self.plot().last_failed
    }

    pub(crate) fn is_failing(&self) -> bool {
        self.plot().fails.is_some()
    }

    /// For how long nothing runs.
    pub(crate) fn down(&self) -> u64 {
        self.plot().down
    }

    /// The process is gone, and so is what it was going to die of.
    pub(crate) fn reap(&self) {
        let mut plot = self.plot();
        (plot.crash, plot.crash_once_sent, plot.down) = (None, false, 0);
        self.ended.send_replace(false);
    }

    /// A commit is on its way: it may come late, from a process that has ended (R5).
    pub(crate) fn keep_zombie(&self, shard: Shard, fence: Fence, commit: Commit) {
        self.plot().zombies.insert(shard, (fence, commit));
    }

    pub(crate) fn take_zombie(&self, shard: &Shard) -> Option<(Fence, Commit)> {
        self.plot().zombies.remove(shard)
    }

    /// What was on its way is another store's.
    pub(crate) fn forget_zombies(&self) {
        self.plot().zombies.clear();
    }

    pub(crate) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Waits until the process ends.
    pub(crate) async fn end(&self) {
        let mut ended = self.ended.subscribe();
        // The sender lives as long as this.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Whoever calls this is part of a process that has ended: nothing goes on.
    pub(crate) async fn ends<T>(&self) -> T {
        self.ended.send_replace(true);
        std::future::pending().await
    }

    /// The channel has sent something.
    pub(crate) async fn sent(&self) {
        if std::mem::take(&mut self.plot().crash_once_sent) {
            self.ends().await
        }
    }

    /// Whether things are logged at one instant without end.
    pub(crate) fn is_endless(&self, call: Call, passed: Duration) -> bool {
        let appends = &mut self.plot().appends;
        if appends.0 != passed {
            *appends = (passed, 0);
        }
        appends.1 += u32::from(call == Call::Append);
        appends.1 > ENDLESS
    }

    pub(crate) fn fate(&self, call: Call, writes: bool, now: Instant, passed: Duration) -> Fate {
        let mut plot = self.plot();
        plot.full_until = plot.full_until.filter(|until| passed < *until);
        if writes && plot.full_until.is_some() {
            plot.last_failed = Some(now);
            return Fate::FailsBefore;
        }
        if let Some((at, number, after)) = &mut plot.crash
            && at.is_none_or(|at| at == call)
        {
            *number -= 1;
            if *number == 0 {
                let after = *after;
                plot.crash = None;
                return if after { Fate::EndsAfter } else { Fate::EndsBefore };
            }
        }
        if let Some((at, times, after)) = &mut plot.fails
            && at.is_none_or(|at| at == call)
        {
            // Of an append the contract says that nothing was taken then; a shard that was opened is another's.
            let after = *after && matches!(call, Call::Commit | Call::Begin | Call::Settle);
            *times -= 1;
            if *times == 0 {
                plot.fails = None;
            }
            plot.last_failed = Some(now);
            return if after { Fate::FailsAfter } else { Fate::FailsBefore };
        }
        Fate::Works
    }
}
