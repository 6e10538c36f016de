//! How fast calls go: an app's calls share its rates, whatever workspace they are for; an account's replies have turns.

use crate::limits;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, QuantaClock},
};
use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// Waited for at most; whatever would have to wait for longer comes again.
const PATIENCE: Duration = Duration::from_secs(3);

/// The rates of one app (O4): every account of it in this process shares them.
#[derive(Clone, Debug)]
pub(crate) struct Pace(Arc<[DefaultDirectRateLimiter; 2]>);

impl Pace {
    /// The rates of an app at an address.
    pub(crate) fn of_app(address: &str, key: &str) -> Self {
        static APPS: OnceLock<Mutex<BTreeMap<(String, String), Pace>>> = OnceLock::new();
        let apps = APPS.get_or_init(Mutex::default);
        let mut apps = apps.lock().unwrap_or_else(PoisonError::into_inner);
        apps.entry((address.to_owned(), key.to_owned())).or_insert_with(Self::new).clone()
    }

    fn new() -> Self {
        let number = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let second = Quota::per_second(number(limits::CALLS_PER_SECOND.value));
        let minute = Quota::per_minute(number(limits::CALLS_PER_MINUTE.value));
        Self(Arc::new([RateLimiter::direct(minute), RateLimiter::direct(second)]))
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// When there will be none soon: how long to wait.
    pub(crate) async fn turn(&self) -> Result<(), Duration> {
        for limiter in &*self.0 {
            while let Err(not_until) = limiter.check() {
                let wait = not_until.wait_time_from(QuantaClock::default().now());
                if wait > PATIENCE {
                    return Err(wait);
                }
                tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
            }
        }
        Ok(())
    }
}

/// What an account may ask of the list of comments in a minute, in halves: for texts that are missing, and for looking for
/// what was lost. Whatever has to wait comes again.
#[derive(Debug)]
pub(crate) struct ListQuotas {
    pub(crate) texts: DefaultDirectRateLimiter,
    pub(crate) looks: DefaultDirectRateLimiter,
}

impl Default for ListQuotas {
    fn default() -> Self {
        let half = NonZeroU32::new(limits::ACCOUNT_CALLS_PER_MINUTE.value / 2).unwrap_or(NonZeroU32::MIN);
        // A burst of a whole minute's and then one minute's more would be twice as many: so a quarter each.
        let burst = NonZeroU32::new(half.get() / 2).unwrap_or(NonZeroU32::MIN);
        let steady = Duration::from_secs(60) / (half.get() - burst.get()).max(1);
        let quota = Quota::with_period(steady).unwrap_or(Quota::per_minute(burst)).allow_burst(burst);
        Self { texts: RateLimiter::direct(quota), looks: RateLimiter::direct(quota) }
    }
}

/// Turns at what goes so many times a minute: whoever has to wait is told for how long, and finds its turn kept.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<(Option<Instant>, BTreeMap<String, Instant>)>);

impl Turns {
    /// A turn; else how long to wait for the one that is kept.
    pub(crate) fn take(&self, who: &str, each: Duration, burst: u32) -> Result<(), Duration> {
        self.take_at(who, each, burst, Instant::now())
    }

    fn take_at(&self, who: &str, each: Duration, burst: u32, now: Instant) -> Result<(), Duration> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, kept) = &mut *turns;
        let turn = match kept.get(who) {
            Some(turn) => *turn,
            None => {
                // After a rest so many may go at once.
                let rested = now.checked_sub(each * burst.saturating_sub(1)).unwrap_or(now);
                let turn = next.map_or(rested, |next| next.max(rested));
                *next = Some(turn + each);
                turn
            }
        };
        if turn <= now {
            kept.remove(who);
            return Ok(());
        }
        // A turn that nobody comes back for is given up.
        if kept.len() >= 100_000 {
            kept.retain(|_, turn| *turn + Duration::from_secs(60) > now);
        }
        kept.insert(who.to_owned(), turn);
        Err(turn - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o4_forty_go_in_a_minute_and_each_that_waits_has_its_turn() {
        let (turns, each, burst) = (Turns::default(), Duration::from_millis(1_500), 40);
        let now = Instant::now() + Duration::from_secs(600);
        let take = |who: u32, at: Instant| turns.take_at(&who.to_string(), each, burst, at);
        assert!((0..40).all(|who| take(who, now).is_ok()));
        let waits: Vec<_> = (40..45).map(|who| take(who, now).expect_err("it waits")).collect();
        let wanted: Vec<_> = (1..6).map(|n| each * n).collect();
        assert_eq!(waits, wanted);
        // Whoever asks again too early waits for the same turn.
        assert_eq!(take(44, now + each), Err(each * 4));
        assert_eq!(take(44, now + each * 5), Ok(()));
        assert_eq!(take(40, now + each * 5), Ok(()), "its turn was kept");
    }
}
