//! How fast calls go: an app's calls share its rates, whatever workspace they are for; an account's replies have turns.
//!
//! Where several processes work for an account, each keeps to its part of the rates: the part of the partitions that it
//! serves, which together are one (O4).

use crate::limits;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, QuantaClock},
};
use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroU32,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// Waited for at most; whatever would have to wait for longer comes again.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a call takes of a rate, where it may take all of it: whoever has a part takes more.
const A_CALL: u32 = 1_000;
/// No part is taken for smaller: it is of a process that serves next to nothing.
const LEAST_PART: f64 = 0.001;
const MINUTE: Duration = Duration::from_secs(60);

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
        let number = |calls: u32| NonZeroU32::new(calls * A_CALL).unwrap_or(NonZeroU32::MIN);
        let second = Quota::per_second(number(limits::CALLS_PER_SECOND.value));
        let minute = Quota::per_minute(number(limits::CALLS_PER_MINUTE.value));
        Self(Arc::new([RateLimiter::direct(minute), RateLimiter::direct(second)]))
    }

    /// Waits for a turn of a process that has this part of the rates.
    ///
    /// # Errors
    /// When there will be none soon: how long to wait.
    pub(crate) async fn turn(&self, part: f64) -> Result<(), Duration> {
        for (limiter, most) in self.0.iter().zip([limits::CALLS_PER_MINUTE.value, limits::CALLS_PER_SECOND.value]) {
            while let Ok(Err(not_until)) = limiter.check_n(taken(part, most)) {
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

/// What a call takes of a rate of so many calls; never more than there is.
fn taken(part: f64, most: u32) -> NonZeroU32 {
    let taken = (f64::from(A_CALL) / part.clamp(LEAST_PART, 1.0)).ceil() as u32;
    NonZeroU32::new(taken.min(most * A_CALL)).unwrap_or(NonZeroU32::MIN)
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

/// Turns at what goes so many times in any minute: whoever has to wait is told for how long, and finds its turn kept.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<Given>);

#[derive(Debug, Default)]
struct Given {
    /// The last turns, as many as a minute has.
    last: VecDeque<Instant>,
    /// Those that are to come, by whose they are.
    kept: BTreeMap<String, Instant>,
}

impl Turns {
    /// A turn; else how long to wait for the one that is kept. `most`: in a minute, for all processes; `part`: this one's.
    pub(crate) fn take(&self, who: &str, most: u32, part: f64) -> Result<(), Duration> {
        self.take_at(who, most, part, Instant::now())
    }

    fn take_at(&self, who: &str, most: u32, part: f64, now: Instant) -> Result<(), Duration> {
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Given { last, kept } = &mut *given;
        let turn = match kept.get(who) {
            Some(turn) => *turn,
            None => {
                let turn = next(last, f64::from(most) * part.clamp(LEAST_PART, 1.0), now);
                last.push_back(turn);
                if last.len() > most as usize {
                    last.pop_front();
                }
                turn
            }
        };
        if turn <= now {
            kept.remove(who);
            return Ok(());
        }
        // A turn that nobody comes back for is given up.
        if kept.len() >= 100_000 {
            kept.retain(|_, turn| *turn + MINUTE > now);
        }
        kept.insert(who.to_owned(), turn);
        Err(turn - now)
    }
}

/// When the next may go, where so many may in any minute. A call may go a little after its turn, so that a minute is taken
/// for as much longer.
fn next(last: &VecDeque<Instant>, most: f64, now: Instant) -> Instant {
    let minute = MINUTE + PATIENCE;
    let (most, span) = if most < 1.0 { (1, minute.div_f64(most)) } else { (most as usize, minute) };
    let before = last.len().checked_sub(most).and_then(|place| last.get(place));
    before.map_or(now, |before| now.max(*before + span))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Duration = Duration::from_secs(63);

    #[test]
    fn o4_forty_go_in_any_minute_and_each_that_waits_has_its_turn() {
        let turns = Turns::default();
        let now = Instant::now();
        let take = |who: u32, at: Instant| turns.take_at(&who.to_string(), 40, 1.0, at);
        let second = Duration::from_secs(1);
        assert!((0..30).all(|who| take(who, now).is_ok()));
        assert!((30..40).all(|who| take(who, now + second).is_ok()));
        let waits: Vec<_> = (40..45).map(|who| take(who, now + second).expect_err("it waits")).collect();
        assert_eq!(waits, [SPAN - second; 5]);
        // Whoever asks again too early waits for the same turn.
        assert_eq!(take(44, now + second * 2), Err(SPAN - second * 2));
        assert_eq!(take(44, now + SPAN), Ok(()));
        assert_eq!(take(40, now + SPAN), Ok(()), "its turn was kept");
        // Thirty went at first: the thirty-first of the second minute is a second later.
        assert!((45..70).all(|who| take(who, now + SPAN).is_ok()));
        assert_eq!(take(70, now + SPAN), Err(second));
    }

    #[test]
    fn o4_processes_have_their_parts_of_the_turns() {
        let now = Instant::now();
        let at_once = |part: f64| {
            let turns = Turns::default();
            (0..100).filter(|who| turns.take_at(&who.to_string(), 40, part, now).is_ok()).count()
        };
        assert_eq!([1.0, 0.5, 0.3, 1.0 / 64.0, 0.0].map(at_once), [40, 20, 12, 1, 1]);
        let turns = Turns::default();
        assert_eq!(turns.take_at("a", 40, 1.0 / 64.0, now), Ok(()));
        assert_eq!(turns.take_at("b", 40, 1.0 / 64.0, now), Err(SPAN.mul_f64(1.6)), "less than one a minute");
    }

    #[test]
    fn o4_processes_have_their_parts_of_an_apps_calls() {
        let calls = |part: f64, most: u32| most * A_CALL / taken(part, most).get();
        for (part, second, minute) in [(1.0, 10, 600), (0.5, 5, 300), (0.3, 2, 179), (1.0 / 64.0, 1, 9), (0.0, 1, 1)] {
            assert_eq!((calls(part, 10), calls(part, 600)), (second, minute), "{part}");
        }
    }
}
