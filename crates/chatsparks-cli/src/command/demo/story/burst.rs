//! The burst: everything comes at once, the service may be killed in the middle, and what it foresees is written down.

use super::{STUCK, Story};
use crate::{command::demo::summary::Burst, failure::Failure};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

impl Story {
    /// The burst: everything at once, and the clock stands until all of it went out.
    pub(super) async fn burst(&mut self) -> Result<Burst, Failure> {
        self.settle(0).await?;
        self.phase("The video is passed on: a burst. The clock stands until everybody is answered");
        let lines = self.agenda.until(self.times.burst_ends);
        self.now = self.times.burst_ends;
        let (began, comments, before) = (Instant::now(), lines.len(), self.platform.book(|book| book.done.len()));
        let half = lines.len() / 2;
        let mut lines = lines.into_iter();
        self.bring_all(lines.by_ref().take(half).collect()).await?;
        if self.setting.crash {
            self.crash(before).await?;
        }
        self.bring_all(lines.collect()).await?;
        let accepted = began.elapsed();
        self.decided().await?;
        let decided = began.elapsed();
        let gone = self.platform.book(|book| book.done.len());
        let waiting = self.ledger.outstanding(gone);
        let mut foreseen = Vec::new();
        let stuck = Instant::now() + STUCK + Duration::from_secs(waiting as u64 / 50);
        loop {
            self.look().await?;
            if self.outstanding() == 0 {
                break;
            }
            self.not_stuck(stuck)?;
            let asked = Instant::now();
            foreseen.extend(self.foresee().await?);
            // Listing what waits takes the service time, which is not to be taken from sending.
            tokio::time::sleep((asked.elapsed() * 12).max(Duration::from_millis(150))).await;
        }
        let drained = self.platform.book(|book| book.done.last().map_or(began, |done| done.when));
        let drains = Burst::new(&foreseen, drained);
        let places = self.platform.book(|book| {
            let urgent = |(place, done): (usize, &crate::command::demo::platform::Done)| {
                let comment = done.effect.split('/').next().unwrap_or_default();
                self.urgent.contains(comment).then_some(place + 1)
            };
            book.done[gone..].iter().enumerate().filter_map(urgent).max()
        });
        Ok(Burst {
            comments,
            urgent: self.urgent.len(),
            waiting,
            accepted,
            decided,
            drained: drained.duration_since(began),
            last_urgent: places.unwrap_or(0),
            ..drains
        })
    }

    /// The service is killed while it takes in, decides and sends; and started again.
    async fn crash(&mut self, before: usize) -> Result<(), Failure> {
        self.phase("kill -9: the service is gone in the middle of the burst");
        let stuck = Instant::now() + STUCK;
        // It is sending by now, so that some of what it sent is not written down.
        while self.platform.book(|book| book.done.len()) < before + 20 {
            self.not_stuck(stuck)?;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.service.kill();
        self.crashes += 1;
        self.service.again().await?;
        self.phase("It is back: it goes on where its database is, and asks nobody");
        Ok(())
    }

    /// What the service foresees now: when, and how long it will take.
    async fn foresee(&mut self) -> Result<Option<(Instant, Duration)>, Failure> {
        let queue = self.client.read("/queue").await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let drained =
            queue["forecast"]["drained_at"].as_str().and_then(|at| at.parse::<chatsparks_core::Instant>().ok());
        let left = drained.map(|at| {
            let at = Duration::from_millis(u64::try_from(at.as_milliseconds()).unwrap_or(0));
            at.saturating_sub(now)
        });
        let mut board = self.lock();
        board.per_second = queue["forecast"]["per_second"].as_f64();
        board.drains_in = left.map(|left| left.as_secs_f64());
        Ok(left.map(|left| (Instant::now(), left)))
    }
}
