//! The forecast is right within a tenth, when nothing else changes (O6).

use chatsparks_core::{Instant, Period};
use chatsparks_ports::{Attempt, Channel, Clock, Delivery, Fault, Looked, MemoryStore, Queue};
use chatsparks_runtime::{Forecast, NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_testkit::build::{history, workspace};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time;

/// A wall that goes with tokio's time, which stands still while something is done.
struct Virtual(time::Instant);

impl Clock for Virtual {
    fn wall(&self) -> Instant {
        let begin: Instant = "2026-02-27T09:00:00Z".parse().unwrap();
        begin.after(Period::milliseconds(self.monotonic().as_millis().try_into().unwrap()))
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A platform that takes so many calls a second, and answers the others with a `429` and when to come again.
struct Platform {
    takes: Mutex<usize>,
    taken: Mutex<VecDeque<time::Instant>>,
    refused: Mutex<usize>,
}

impl Channel for Platform {
    async fn perform(&self, _: &Delivery) -> Attempt {
        time::sleep(Duration::from_millis(40)).await;
        let (mut taken, now) = (self.taken.lock().unwrap(), time::Instant::now());
        taken.retain(|at| *at + Duration::from_secs(1) > now);
        if taken.len() < *self.takes.lock().unwrap() {
            taken.push_back(now);
            return Attempt::Sent;
        }
        *self.refused.lock().unwrap() += 1;
        Attempt::Again(Some(Duration::from_secs(2)), Fault("429".to_owned()))
    }

    fn takes_keys(&self) -> bool {
        true
    }

    async fn look(&self, _: &Delivery) -> Looked {
        Looked::CannotLook
    }
}

/// Sends so many effects at rates of our own, over a platform that takes so many a second and from some second on half as
/// many. Returns how far off the forecast of that second (some time later) was, as a part of what was left.
async fn off_by(rates: &[&str], takes: usize, halved_after: Option<u64>, looked_after: u64) -> (f64, usize) {
    let document = workspace().says("hello", "It is 590 THB").trigger("price", &["price"], "hello").build();
    let id = document.workspace.id.clone();
    let platform = Arc::new(Platform { takes: Mutex::new(takes), taken: Mutex::default(), refused: Mutex::default() });
    let mut setup = WorkspaceSetup::new(document, "digest").with_channel(platform.clone());
    setup.rates = rates.iter().map(|rate| rate.parse().unwrap()).collect();
    let mut settings = Settings::default();
    settings.seed = Some(7);
    let (store, clock) = (Arc::new(MemoryStore::new(1)), Arc::new(Virtual(time::Instant::now())));
    let runtime = Runtime::start(store, clock.clone(), settings, vec![setup]).await.unwrap();
    let comments =
        (0..400).fold(history("2026-02-27T09:00:00Z"), |history, user| history.comment(&format!("u{user}"), "price?"));
    let events = comments.build().into_iter();
    let events = events.map(|envelope| NewEvent { id: envelope.id, at: None, event: envelope.event }).collect();
    runtime.accept(&id, events).await.unwrap();
    if let Some(second) = halved_after {
        time::sleep(Duration::from_secs(second)).await;
        *platform.takes.lock().unwrap() = takes / 2;
    }
    time::sleep(Duration::from_secs(looked_after)).await;
    let Forecast { drained_at, waiting, .. } = runtime.queue(&id).await.unwrap().forecast;
    let looked = clock.wall();
    assert!(waiting > 60, "{waiting} wait");
    while runtime.store().count(&id).await.unwrap().waiting > 0 {
        time::sleep(Duration::from_secs(1)).await;
    }
    let since = |at: Instant| at.as_milliseconds().saturating_sub(looked.as_milliseconds()) as f64;
    let (foreseen, took) = (since(drained_at.unwrap()), since(clock.wall()));
    let refused = *platform.refused.lock().unwrap();
    runtime.stop(Duration::from_secs(5)).await;
    ((foreseen - took).abs() / took, refused)
}

#[tokio::test(start_paused = true)]
async fn o6_at_the_limits() {
    for rates in [&["30/s", "480/m"][..], &["4000/h"]] {
        let (off, refused) = off_by(rates, 1_000, None, 15).await;
        assert!(off <= 0.1, "{rates:?}: off by {off:.3}");
        assert_eq!(refused, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn o6_with_refusals_for_now() {
    for (rates, takes) in [(&["20/s"][..], 4), (&["7/s"], 6)] {
        let (off, refused) = off_by(rates, takes, None, 32).await;
        assert!(off <= 0.1, "{rates:?}: off by {off:.3}");
        assert!(refused > 0, "{rates:?} over {takes}/s was never too much");
    }
}

#[tokio::test(start_paused = true)]
async fn o6_with_a_rate_that_is_halved_midway() {
    for rates in [&["8/s"][..]] {
        let (off, refused) = off_by(rates, 8, Some(12), 32).await;
        assert!(off <= 0.1, "{rates:?}: off by {off:.3}");
        assert!(refused > 0);
    }
}

/// A burst over two minutes while ten effects a second go out, and five once half of them went: the forecast is looked at
/// all the time from when the change shows, to the last half minute, which is of the retries that are left.
#[tokio::test(start_paused = true)]
async fn o6_throughout_a_burst() {
    const COMMENTS: usize = 9_000;
    const MINUTES_OF_BURST: u64 = 2;
    let shown = Duration::from_secs(30);
    let document = workspace().says("hello", "It is 590 THB").trigger("price", &["price"], "hello").build();
    let id = document.workspace.id.clone();
    let platform = Arc::new(Platform { takes: Mutex::new(10), taken: Mutex::default(), refused: Mutex::default() });
    let mut setup = WorkspaceSetup::new(document, "digest").with_channel(platform.clone());
    setup.rates = vec!["12/s".parse().unwrap()];
    let mut settings = Settings::default();
    settings.seed = Some(11);
    let (store, clock) = (Arc::new(MemoryStore::new(1)), Arc::new(Virtual(time::Instant::now())));
    let runtime = Runtime::start(store, clock.clone(), settings, vec![setup]).await.unwrap();
    let comments = (0..COMMENTS).fold(history("2026-02-27T09:00:00Z"), |history, n| {
        history.comment(&format!("u{n}"), if n % 3 == 0 { "price?" } else { "so beautiful" })
    });
    let mut comments = comments.build().into_iter().peekable();
    let body = COMMENTS / usize::try_from(MINUTES_OF_BURST * 60).unwrap();
    while comments.peek().is_some() {
        let events = comments.by_ref().take(body);
        let events = events.map(|envelope| NewEvent { id: envelope.id, at: None, event: envelope.event }).collect();
        runtime.accept(&id, events).await.unwrap();
        time::sleep(Duration::from_secs(1)).await;
    }
    let (mut foreseen, mut halved) = (Vec::new(), None);
    loop {
        let Forecast { drained_at, waiting, .. } = runtime.queue(&id).await.unwrap().forecast;
        if waiting == 0 {
            break;
        }
        if halved.is_none() && waiting * 2 < (COMMENTS as u64).div_ceil(3) {
            *platform.takes.lock().unwrap() = 5;
            halved = Some(clock.monotonic());
        }
        foreseen.push((clock.monotonic(), clock.wall(), drained_at.unwrap()));
        time::sleep(Duration::from_secs(1)).await;
    }
    let (drained, halved) = ((clock.monotonic(), clock.wall()), halved.unwrap());
    let mut judged = 0;
    for (when, wall, drained_at) in foreseen {
        let left = drained.0 - when;
        if when < halved + shown || left < shown {
            continue;
        }
        let (foreseen, took) = (
            drained_at.as_milliseconds() - wall.as_milliseconds(),
            drained.1.as_milliseconds() - wall.as_milliseconds(),
        );
        let off = (foreseen - took).abs() as f64 / took as f64;
        assert!(off <= 0.1, "{left:?} before its end it was off by {off:.3}");
        judged += 1;
    }
    assert!(judged > 60, "{judged} forecasts");
    assert!(*platform.refused.lock().unwrap() > 0);
    runtime.stop(Duration::from_secs(5)).await;
}
