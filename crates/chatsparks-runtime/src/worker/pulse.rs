//! How many events a process takes at a time: where many come, a worker that has few of them waits for more.

use super::{A_MOMENT, BUSY};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// So many times [`BUSY`] within a moment, in all partitions of a process together, are many.
const MANY: usize = 10 * BUSY;

/// The events that a process took in the present span of a moment and in the one before.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Mutex<Option<(Instant, usize, usize)>>);

impl Pulse {
    /// Notes events that were read; whether many came within a moment.
    pub(crate) fn take(&self, events: usize, now: Instant) -> bool {
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, present, before) = spans.unwrap_or((now, 0, 0));
        let since = now.saturating_duration_since(began);
        let (began, present, before) = match since < A_MOMENT {
            true => (began, present + events, before),
            false => (now, events, if since < 2 * A_MOMENT { present } else { 0 }),
        };
        *spans = Some((began, present, before));
        present.max(before) >= MANY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_counted_over_all_partitions_within_a_moment() {
        let (pulse, now) = (Pulse::default(), Instant::now());
        assert!(!pulse.take(MANY - 1, now));
        assert!(pulse.take(1, now), "just as many");
        assert!(pulse.take(1, now + A_MOMENT), "those of the span before count");
        assert!(!pulse.take(1, now + 3 * A_MOMENT), "those of long ago do not");
        assert!(!pulse.take(MANY - 1, now + 5 * A_MOMENT));
        assert!(!pulse.take(1, now + 6 * A_MOMENT), "spans are not added up");
    }
}
