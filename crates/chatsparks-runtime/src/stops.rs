//! When a channel stood still (O8): since when, why, and how much of a time that was.
//!
//! It is noted in the store, so that a restart neither forgets that a channel stands, nor counts the time against
//! effects that wait for it (O4).

use chatsparks_core::{Instant, Period};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The note that they are kept under.
pub(crate) const NOTE: &str = "channel_stops";
/// Kept at most: who stops oftener than this within a day of retries is mostly going.
const KEPT: usize = 100;

/// The times at which a channel stood still, oldest first; only the last may still go on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stops(Vec<Stop>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Stop {
    since: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    /// In a few words of the channel's own.
    why: String,
}

impl Stops {
    /// As they were noted; what cannot be read is as if there had been none.
    pub(crate) fn of_note(note: Option<&str>) -> Self {
        note.and_then(|note| serde_json::from_str(note).ok()).unwrap_or_default()
    }

    pub(crate) fn note(&self) -> String {
        // INVARIANT: it has no keys other than strings.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The stop that goes on: since when, and why.
    pub(crate) fn present(&self) -> Option<(Instant, &str)> {
        self.0.last().filter(|stop| stop.until.is_none()).map(|stop| (stop.since, stop.why.as_str()))
    }

    /// The channel stands still; whether it went until now.
    pub(crate) fn begin(&mut self, at: Instant, why: &str) -> bool {
        if self.present().is_some() {
            return false;
        }
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push(Stop { since: at, until: None, why: why.to_owned() });
        true
    }

    /// The channel goes again; whether it stood.
    pub(crate) fn end(&mut self, at: Instant) -> bool {
        let Some(stop) = self.0.last_mut().filter(|stop| stop.until.is_none()) else { return false };
        stop.until = Some(at);
        true
    }

    /// How much of the time between two instants it went.
    pub(crate) fn going(&self, from: Instant, to: Instant) -> Duration {
        let span = |from: Instant, to: Instant| to.as_milliseconds().saturating_sub(from.as_milliseconds()).max(0);
        let stood: i64 = self.0.iter().map(|stop| span(stop.since.max(from), stop.until.unwrap_or(to).min(to))).sum();
        Duration::from_millis(span(from, to).saturating_sub(stood).try_into().unwrap_or(0))
    }
}

/// How long a channel that stands rests after this many tries before it is tried again.
pub(crate) fn rest(tries: u32) -> Period {
    Period::milliseconds(1_000 << tries.min(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Instant {
        Instant::from_milliseconds(1_000 * second)
    }

    #[test]
    fn o4_time_that_a_channel_stood_is_not_counted() {
        let mut stops = Stops::default();
        assert!(!stops.end(at(1)));
        assert!(stops.begin(at(10), "credentials") && !stops.begin(at(12), "platform"));
        assert_eq!(stops.present(), Some((at(10), "credentials")));
        assert_eq!(stops.going(at(0), at(15)).as_secs(), 10);
        assert!(stops.end(at(20)) && stops.begin(at(30), "platform") && stops.end(at(35)));
        for (from, to, going) in [(0, 40, 25), (0, 10, 10), (12, 18, 0), (15, 32, 10), (20, 30, 10), (40, 30, 0)] {
            assert_eq!(stops.going(at(from), at(to)).as_secs(), going, "{from} to {to}");
        }
        assert_eq!(Stops::of_note(Some(&stops.note())), stops);
        assert_eq!(Stops::of_note(Some("[{]")), Stops::default());
        (0..500).for_each(|n| assert!(stops.begin(at(100 + 2 * n), "again") && stops.end(at(101 + 2 * n))));
        assert_eq!(stops.0.len(), KEPT);
    }
}
