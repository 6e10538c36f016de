//! How fast the day passes.

use std::time::{Duration, Instant};

/// So many times as fast as life; or as fast as it goes.
pub(crate) struct Pace {
    speed: u32,
    began: Instant,
    at: i64,
}

impl Pace {
    /// From this instant of the day on.
    pub(crate) fn new(speed: u32, at: i64) -> Self {
        Self { speed, began: Instant::now(), at }
    }

    /// Time stood still up to here.
    pub(crate) fn goes_on(&mut self, at: i64) {
        (self.began, self.at) = (Instant::now(), at);
    }

    /// Waits until this instant of the day may be there.
    pub(crate) async fn wait(&self, until: i64) {
        if self.speed == 0 {
            return;
        }
        let passes = u64::try_from(until - self.at).unwrap_or(0) / u64::from(self.speed);
        tokio::time::sleep_until((self.began + Duration::from_millis(passes)).into()).await;
    }
}
