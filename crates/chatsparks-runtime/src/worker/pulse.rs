//! How many events a process takes at a time: where many come, a worker that has few of them waits for more, as long as
//! they come.

use super::{A_MOMENT, BUSY};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use tokio::time::Instant;

/// So many times [`BUSY`] within a moment, in all partitions of a process together, are many.
const MANY: usize = 10 * BUSY;

/// A moment is waited through in so many looks at whether anything came.
const LOOKS: u32 = 5;

/// The events that a process took in the present span of a moment and in the one before, and how often some were logged.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Mutex<Option<(Instant, usize, usize)>>, AtomicU64);

impl Pulse {
    /// Notes that events were logged, of whichever workspace.
    pub(crate) fn logged(&self) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits a moment, or until nothing comes any more: the last of many need not wait for what there is not.
    pub(crate) async fn wait(&self) {
        let mut before = self.1.load(Ordering::Relaxed);
        for _ in 0..LOOKS {
            tokio::time::sleep(A_MOMENT / LOOKS).await;
            let logged = self.1.load(Ordering::Relaxed);
            if std::mem::replace(&mut before, logged) == logged {
                return;
            }
        }
    }

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

    /// How long is waited where events are logged for so long, in tenths of a moment.
    async fn waited_while_they_come_for(tenths: u32) -> u32 {
        let pulse = std::sync::Arc::new(Pulse::default());
        let logs = pulse.clone();
        let logging = tokio::spawn(async move {
            // Between two looks, so that each look is sure of what it sees.
            for _ in 0..tenths {
                tokio::time::sleep(A_MOMENT / 20).await;
                logs.logged();
                tokio::time::sleep(A_MOMENT / 20).await;
            }
        });
        let began = Instant::now();
        pulse.wait().await;
        let waited = began.elapsed();
        logging.abort();
        u32::try_from(waited.as_millis() * 10 / A_MOMENT.as_millis()).unwrap_or(u32::MAX)
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_of_many_wait_a_fifth_of_a_moment_and_others_as_long_as_they_come() {
        let mut waited = Vec::new();
        for tenths in [0, 1, 4, 8, 30] {
            waited.push(waited_while_they_come_for(tenths).await);
        }
        assert_eq!(waited, [2, 4, 6, 10, 10], "two tenths after the last, and a moment at most");
    }
}
