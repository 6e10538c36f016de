//! The channel of a simulation: it does as the weather is, and every attempt is watched.

use crate::{VirtualClock, Weather, process::Process, watch::Watch};
use chatsparks_ports::{Attempt, Channel, Clock, Delivery, EffectKey, Fault, Looked};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Longer than any attempt may take.
const FOR_EVER: Duration = Duration::from_secs(3_600);

/// What a rate means, read apart from how the runtime reads it.
fn read_rate(rate: &str) -> Option<(u32, Duration)> {
    let (count, span) = rate.split_once('/')?;
    let seconds = match span {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => 86_400,
    };
    Some((count.parse().ok()?, Duration::from_secs(seconds)))
}

pub(crate) struct Platform {
    pub(crate) watch: Arc<Watch>,
    pub(crate) process: Arc<Process>,
    pub(crate) takes_keys: bool,
    pub(crate) can_look: bool,
    pub(crate) by_events: bool,
    pub(crate) clock: VirtualClock,
    /// How many calls there may be, within how long.
    rates: Vec<(u32, Duration)>,
    /// It always sends, whatever befalls the others (O8).
    is_well: bool,
    random: Mutex<StdRng>,
}

impl Platform {
    pub(crate) fn new(
        seed: u64,
        watch: Arc<Watch>,
        process: Arc<Process>,
        clock: VirtualClock,
        setting: &crate::Setting,
        is_well: bool,
    ) -> Self {
        let rates = if is_well { &[] } else { setting.rates.as_slice() };
        Self {
            clock,
            rates: rates.iter().filter_map(|rate| read_rate(rate)).collect(),
            is_well,
            watch,
            process,
            takes_keys: setting.takes_keys,
            can_look: setting.can_look,
            by_events: setting.clock == chatsparks_runtime::ClockMode::Events,
            random: Mutex::new(StdRng::seed_from_u64(seed ^ 0xC4A2)),
        }
    }

    fn random(&self, below: u64) -> u64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..below)
    }

    fn called(&self, delivery: &Delivery) {
        self.watch.seen().called(&delivery.key.shard.workspace, self.clock.monotonic(), &self.rates);
    }

    fn weather(&self) -> Weather {
        if self.is_well {
            return Weather::Fine;
        }
        let weather = self.watch.seen().weather.unwrap_or(Weather::Fine);
        if weather != Weather::Mixed {
            return weather;
        }
        match self.random(12) {
            0..5 => Weather::Fine,
            5 => Weather::Slow,
            6 => Weather::Busy(None),
            7 => Weather::Busy(Some(self.random(100_000))),
            8 => Weather::Refuses,
            9 => Weather::LosesAnswers,
            10 => Weather::Hangs,
            _ => Weather::Panics,
        }
    }

    async fn send(&self, delivery: &Delivery) {
        self.watch.seen().delivered(&delivery.key, self.takes_keys);
        self.process.sent().await;
    }

    async fn answer(&self, delivery: &Delivery) -> Attempt {
        let fault = |why: &str| Fault(why.to_owned());
        match self.weather() {
            Weather::Fine | Weather::Mixed => {
                tokio::time::sleep(Duration::from_millis(self.random(60))).await;
                self.send(delivery).await;
                tokio::time::sleep(Duration::from_millis(self.random(60))).await;
                Attempt::Sent
            }
            Weather::Slow => {
                tokio::time::sleep(Duration::from_millis(self.random(15_000))).await;
                self.send(delivery).await;
                tokio::time::sleep(Duration::from_millis(self.random(14_000))).await;
                Attempt::Sent
            }
            Weather::Busy(hint) => Attempt::Again(hint.map(Duration::from_millis), fault("429")),
            Weather::Refuses => Attempt::Failed(fault("400")),
            Weather::Stopped => Attempt::Stopped(fault("401")),
            Weather::LosesAnswers => {
                self.send(delivery).await;
                tokio::time::sleep(FOR_EVER).await;
                Attempt::Sent
            }
            Weather::Hangs => {
                tokio::time::sleep(FOR_EVER).await;
                Attempt::Again(None, fault("504"))
            }
            Weather::Panics => {
                tokio::time::sleep(Duration::from_millis(self.random(60))).await;
                if self.random(2) == 0 {
                    self.send(delivery).await;
                }
                // As a panic, without its message on the terminal.
                std::panic::resume_unwind(Box::new("the channel's own bug"))
            }
        }
    }
}

/// An attempt under way: over once this is gone, by an answer, for want of time, or with its process.
struct Flight<'a> {
    watch: &'a Watch,
    key: &'a EffectKey,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.watch.seen().landed(self.key);
    }
}

impl Channel for Platform {
    async fn perform(&self, delivery: &Delivery) -> Attempt {
        self.called(delivery);
        self.watch.seen().attempted(&delivery.key, self.takes_keys, self.by_events);
        let _flight = Flight { watch: &self.watch, key: &delivery.key };
        let attempt = self.answer(delivery).await;
        self.watch.seen().answered(&delivery.key);
        attempt
    }

    fn takes_keys(&self) -> bool {
        self.takes_keys
    }

    async fn look(&self, delivery: &Delivery) -> Looked {
        self.called(delivery);
        tokio::time::sleep(Duration::from_millis(self.random(60))).await;
        if !self.can_look {
            return Looked::CannotLook;
        }
        if self.watch.seen().looked(&delivery.key) { Looked::Sent } else { Looked::NotSent }
    }
}
