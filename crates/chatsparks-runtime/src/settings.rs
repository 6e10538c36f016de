//! What a runtime is told when it starts.

use crate::Rate;
use chatsparks_core::workspace::Workspace;
use chatsparks_ports::DynChannel;
use std::{fmt, sync::Arc, time::Duration};

/// How long records are kept by the wall, if nothing is said.
const RECORDS: Duration = Duration::from_secs(90 * 24 * 3_600);

/// How time passes (R6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockMode {
    /// With the clock on the wall: where a timer is due and nothing comes, a `clock` is logged.
    #[default]
    Wall,
    /// By events alone: for replays and tests.
    Events,
}

/// How a runtime works. All of it has defaults.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// How time passes.
    pub clock: ClockMode,
    /// Whether events bring their own `at` (R2).
    pub trust_at: bool,
    /// Events decided between two commits at most.
    pub batch: usize,
    /// Contacts kept in memory a shard, beyond those whose timers are due.
    pub contacts_at_hand: usize,
    /// How long an effect is tried again, from its first attempt (O4).
    pub retry: Duration,
    /// Effects on their way at once, a workspace.
    pub concurrency: usize,
    /// How long one attempt may take.
    pub attempt: Duration,
    /// How long records, and the history that they came from, are kept (R10). None: ninety days by the wall; for ever where
    /// time passes by events, as in replays and tests, which bring years in a minute and are held to all of it.
    pub records: Option<Duration>,
    /// How often it is looked for what is older.
    pub retention: Duration,
    /// Where several processes serve one store: after so long without a sign of life of one, others take its partitions
    /// over.
    pub takeover: Duration,
    /// How this process is shown to people, where there are several: where it listens, for instance.
    pub address: String,
    /// What everything random is made from, for simulations: with it nothing is left to chance or to other threads, and
    /// a run on one thread is the same each time. None: from the machine.
    pub seed: Option<u64>,
    /// Events and kinds of timers at which the engine is made to fail, at whatever time: for tests (R13).
    #[cfg(feature = "fault-injection")]
    #[doc(hidden)]
    pub fails_at: Arc<std::sync::Mutex<std::collections::BTreeSet<String>>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: ClockMode::Wall,
            trust_at: false,
            batch: 1_000,
            contacts_at_hand: 20_000,
            retry: Duration::from_secs(24 * 3_600),
            concurrency: 16,
            attempt: Duration::from_secs(30),
            records: None,
            retention: Duration::from_secs(600),
            takeover: Duration::from_secs(10),
            address: String::new(),
            seed: None,
            #[cfg(feature = "fault-injection")]
            fails_at: Arc::default(),
        }
    }
}

impl Settings {
    /// How long records are kept; none: for ever (R10).
    pub(crate) fn records_kept(&self) -> Option<Duration> {
        self.records.or((self.clock == ClockMode::Wall).then_some(RECORDS))
    }
}

/// A workspace to run.
#[derive(Clone)]
#[non_exhaustive]
pub struct WorkspaceSetup {
    /// Its document.
    pub document: Arc<Workspace>,
    /// What the document was made from, as a digest: the document is taken only when this is not the digest last taken,
    /// so that a restart undoes nothing that was configured since (R8).
    pub digest: String,
    /// What performs its effects; none: they wait.
    pub channel: Option<Arc<dyn DynChannel>>,
    /// How fast effects may go; the strictest binds (O4).
    pub rates: Vec<Rate>,
    /// How many events are accepted (H6).
    pub quota: Option<Rate>,
}

impl WorkspaceSetup {
    /// A workspace whose effects wait.
    pub fn new(document: impl Into<Arc<Workspace>>, digest: impl Into<String>) -> Self {
        Self { document: document.into(), digest: digest.into(), channel: None, rates: Vec::new(), quota: None }
    }

    /// The same, with a channel.
    pub fn with_channel(mut self, channel: Arc<dyn DynChannel>) -> Self {
        self.channel = Some(channel);
        self
    }
}

impl fmt::Debug for WorkspaceSetup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.document.workspace.id;
        out.debug_struct("WorkspaceSetup").field("id", id).field("rates", &self.rates).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r10_records_are_kept_ninety_days_by_the_wall_and_for_ever_by_events() {
        let kept = |clock, records| Settings { clock, records, ..Settings::default() }.records_kept();
        let day = Some(Duration::from_secs(86_400));
        assert_eq!(kept(ClockMode::Wall, None), Some(Duration::from_secs(90 * 86_400)));
        assert_eq!(kept(ClockMode::Events, None), None);
        assert_eq!(kept(ClockMode::Wall, day), day);
        assert_eq!(kept(ClockMode::Events, day), day);
    }
}
