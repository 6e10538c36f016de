//! What a channel's rates let go: never more within a span than its rate says, wherever the span begins (O4).
//!
//! A process that ends must not begin the span anew: of longer spans the store is told, a few ahead, how many go. Of a
//! second nothing is written; a start waits it out.

use super::Rate;
use chatsparks_core::{Instant, Period};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

/// The note that the store keeps them under.
pub(crate) const NOTE: &str = "channel_paces";
/// Those that went within so small a part of the span are counted together, as if they had gone with the last of them.
const PARTS: u32 = 1_024;
/// The store is told of a span in at most about twice as many parts: by how many go, and by time.
const TOLD: u32 = 64;
/// So much of an even pace may be saved up. Little: those that go at once leave their span at once, and the next would go at
/// once again, for ever, against platforms that count by shorter spans than their documentation says.
const SAVED: Duration = Duration::from_millis(100);
/// A span up to this is waited out after a start.
const WAITED_OUT: Duration = Duration::from_secs(1);
/// A clock that begins with the process can tell of what went before it.
const BEFORE: Duration = Duration::from_secs(3 * 86_400);

/// What all rates of a channel let go. What is taken counts until it is given back, or for a span from when it went.
#[derive(Debug)]
pub(crate) struct Windows(Vec<Window>);

#[derive(Debug)]
struct Window {
    rate: Rate,
    /// So many may go within such a span: all of the rate, or this process's part of it.
    count: u64,
    length: Duration,
    /// When some went, by a clock that never jumps: the first of them, the last, how many.
    gone: VecDeque<(Duration, Duration, u64)>,
    /// How many those are.
    within: u64,
    /// Taken, and not gone yet.
    taken: u64,
    /// When the next goes at an even pace.
    even: Duration,
    /// What the store was told: so many count until then. It is told of the wall's time, as it is when it is told.
    told: VecDeque<(Duration, u64)>,
    /// How many more may go, and until when, before the store has to be told.
    ahead: (u64, Duration),
}

#[derive(Serialize, Deserialize)]
struct Told {
    rate: String,
    until: VecDeque<(Instant, u64)>,
}

impl Windows {
    /// What the rates let go after a start, with what the store was told.
    pub(crate) fn new(rates: &[Rate], note: Option<&str>, wall: Instant, now: Duration) -> Self {
        // What cannot be read is as if nothing had gone.
        let told: Vec<Told> = note.and_then(|note| serde_json::from_str(note).ok()).unwrap_or_default();
        let until = |rate: &Rate| told.iter().find(|told| told.rate == rate.to_string()).map(|told| &told.until);
        Self(rates.iter().map(|rate| Window::new(*rate, until(rate), wall, now + BEFORE)).collect())
    }

    /// How many may go now; the strictest binds.
    pub(crate) fn free(&mut self, now: Duration) -> usize {
        let free = self.0.iter_mut().map(|window| window.free(now + BEFORE)).min();
        free.map_or(usize::MAX, |free| free.try_into().unwrap_or(usize::MAX))
    }

    /// How long to wait until one may go, at least.
    pub(crate) fn wait(&mut self, now: Duration) -> Duration {
        self.0.iter_mut().map(|window| window.wait(now + BEFORE)).max().unwrap_or_default()
    }

    /// One is taken, of those that are free; what the store has to be told before it goes.
    pub(crate) fn take(&mut self, wall: Instant, now: Duration) -> Option<String> {
        let mut tells = false;
        for window in &mut self.0 {
            tells |= window.take(now + BEFORE);
        }
        let by_the_wall = |(until, count): &(Duration, u64)| {
            let left = until.saturating_sub(now + BEFORE).as_millis().try_into().unwrap_or(i64::MAX);
            (wall.after(Period::milliseconds(left)), *count)
        };
        let until = |window: &Window| window.told.iter().map(by_the_wall).collect();
        let told = || self.0.iter().map(|window| Told { rate: window.rate.to_string(), until: until(window) });
        // INVARIANT: it has no keys other than strings.
        tells.then(|| serde_json::to_string(&told().collect::<Vec<_>>()).unwrap_or_default())
    }

    /// Keeps to a part of each rate from now on, above 0, with nothing saved: others had it until now.
    pub(crate) fn take_part(&mut self, part: f64, now: Duration) {
        self.0.iter_mut().for_each(|window| window.take_part(part, now + BEFORE));
    }

    /// One that was taken goes.
    pub(crate) fn goes(&mut self, now: Duration) {
        for window in &mut self.0 {
            window.taken = window.taken.saturating_sub(1);
            window.gone_at(now + BEFORE);
        }
    }

    /// One that was taken does not go.
    pub(crate) fn gives_back(&mut self) {
        self.0.iter_mut().for_each(|window| window.taken = window.taken.saturating_sub(1));
    }
}

impl Window {
    fn new(rate: Rate, told: Option<&VecDeque<(Instant, u64)>>, wall: Instant, now: Duration) -> Self {
        let mut window = Self {
            rate,
            count: u64::from(rate.count.get()),
            length: rate.span.length(),
            gone: VecDeque::new(),
            within: 0,
            taken: 0,
            even: now,
            told: VecDeque::new(),
            ahead: (0, now),
        };
        if !window.is_told_of() {
            window.within = window.count;
            window.gone.push_back((now, now, window.within));
        }
        for (until, count) in told.into_iter().flatten().copied().filter(|(until, _)| *until > wall) {
            // A clock that was set back makes nobody wait for longer than it would have.
            let left = until.as_milliseconds().saturating_sub(wall.as_milliseconds());
            let left = Duration::from_millis(left.try_into().unwrap_or(0)).min(window.length + 2 * window.part());
            let went = (now + left).saturating_sub(window.length);
            window.gone.push_back((went, went, count));
            window.within += count;
            window.told.push_back((now + left, count));
        }
        window
    }

    fn take_part(&mut self, part: f64, now: Duration) {
        let count = f64::from(self.rate.count.get()) * part.clamp(0.000_1, 1.0);
        // Less than one in a span is one in a longer span.
        let whole = count.floor().max(1.0);
        self.count = whole as u64;
        self.length = self.rate.span.length().mul_f64((whole / count).max(1.0));
        self.even = now + self.pace().1;
    }

    /// The part of a span that the store is told of at once.
    fn part(&self) -> Duration {
        self.length / TOLD
    }

    fn is_told_of(&self) -> bool {
        self.length > WAITED_OUT
    }

    /// The time from one to the next at an even pace, and how far ahead of it they may be.
    fn pace(&self) -> (Duration, Duration) {
        let each = self.length.div_f64(self.count as f64);
        (each, SAVED.max(each) + Duration::from_nanos(1))
    }

    fn free(&mut self, now: Duration) -> u64 {
        while let Some((_, _, count)) = self.gone.front().copied().filter(|(_, last, _)| *last + self.length <= now) {
            self.gone.pop_front();
            self.within = self.within.saturating_sub(count);
        }
        let (each, burst) = self.pace();
        let room = burst.saturating_sub(self.even.saturating_sub(now));
        let even = u64::try_from(room.as_nanos() / each.as_nanos().max(1)).unwrap_or(u64::MAX);
        self.count.saturating_sub(self.within + self.taken).min(even)
    }

    fn wait(&mut self, now: Duration) -> Duration {
        if self.free(now) > 0 {
            return Duration::ZERO;
        }
        let (each, burst) = self.pace();
        let even = (self.even + each).saturating_sub(now + burst);
        let is_full = self.within + self.taken >= self.count;
        let first = self.gone.front().filter(|_| is_full).map(|(_, last, _)| (*last + self.length).saturating_sub(now));
        even.max(first.unwrap_or_default())
    }

    fn take(&mut self, now: Duration) -> bool {
        self.taken += 1;
        self.even = self.even.max(now) + self.pace().0;
        if !self.is_told_of() {
            return false;
        }
        let (left, until) = self.ahead;
        let tells = left == 0 || now >= until;
        if tells {
            let count = (self.count / u64::from(TOLD)).max(1);
            self.ahead = (count, now + self.part());
            self.told.retain(|(until, _)| *until > now);
            // They may go late in their part, and a little later than they are taken.
            self.told.push_back((now + self.length + 2 * self.part(), count));
        }
        self.ahead.0 -= 1;
        tells
    }

    fn gone_at(&mut self, now: Duration) {
        self.within += 1;
        match self.gone.back_mut() {
            Some((first, last, count)) if now.saturating_sub(*first) < self.length / PARTS && now >= *last => {
                *last = now;
                *count += 1;
            }
            _ => self.gone.push_back((now, now, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes all that may go, at each of these instants; how many went within any span is at most what the rate says.
    fn goes(windows: &mut Windows, went: &mut Vec<Duration>, wall: Instant, now: Duration) -> Option<String> {
        let mut note = None;
        while windows.free(now) > 0 {
            note = windows.take(wall, now).or(note);
            windows.goes(now);
            went.push(now);
        }
        assert!(windows.wait(now) > Duration::ZERO);
        note
    }

    #[test]
    fn o4_no_span_has_more_than_its_rate_over_restarts() {
        for rates in [vec!["20/s"], vec!["30/m", "2/s"], vec!["100/h", "20/m"], vec!["7/d"], vec!["600/m", "5/s"]] {
            let rates: Vec<Rate> = rates.iter().map(|rate| rate.parse().unwrap()).collect();
            let (mut went, mut note, mut wall) = (Vec::new(), None::<String>, Duration::ZERO);
            let at = |wall: Duration| Instant::from_milliseconds(1_772_000_000_000 + wall.as_millis() as i64);
            for life in 0..12u64 {
                let mut windows = Windows::new(&rates, note.as_deref(), at(wall), Duration::ZERO);
                // Each process has a clock that begins anew.
                let began = wall;
                for _ in 0..40 + 10 * life {
                    let now = wall - began;
                    let mut of = Vec::new();
                    note = goes(&mut windows, &mut of, at(wall), now).or(note);
                    went.extend(of.iter().map(|_| wall));
                    // It is looked at late, by less than may be saved up.
                    wall += windows.wait(now).max(Duration::from_millis(8 * life));
                }
                wall += Duration::from_millis(411 * life);
            }
            for rate in &rates {
                let length = rate.span.length();
                let most =
                    went.iter().map(|from| went.iter().filter(|at| **at >= *from && **at < *from + length).count());
                assert!(most.max().unwrap_or(0) <= rate.count.get() as usize, "{rate}");
            }
            // Nor fewer than it lets go for long.
            let slowest = rates.iter().map(Rate::per_second).fold(f64::MAX, f64::min);
            assert!(went.len() as f64 >= 0.6 * slowest * wall.as_secs_f64() / 1.1 - 20.0, "{rates:?}: {}", went.len());
        }
    }

    #[test]
    fn o4_what_goes_in_a_second_goes_evenly_and_all_of_it() {
        let wall = Instant::from_milliseconds(1_772_000_000_000);
        for (rate, in_a_tenth) in [("500/s", 100), ("20/s", 4), ("5/s", 1), ("30000/m", 100)] {
            let rate: Rate = rate.parse().unwrap();
            let mut windows = Windows::new(&[rate], None, wall, Duration::ZERO);
            let mut went = Vec::new();
            for now in (0..5_000).map(Duration::from_millis) {
                while windows.free(now) > 0 {
                    windows.take(wall, now);
                    windows.goes(now);
                    went.push(now);
                }
            }
            let tenth = Duration::from_millis(100);
            let most = went.iter().map(|from| went.iter().filter(|at| **at >= *from && **at < *from + tenth).count());
            assert!(most.max().unwrap_or(0) <= in_a_tenth, "{rate}");
            // A second is waited out after a start, of spans no longer than that.
            assert!(went.len() as f64 >= 0.98 * 4.0 * rate.per_second() - 1.0, "{rate}: {}", went.len());
        }
    }

    /// A clock that is set on while a process runs makes the next one forget nothing.
    #[test]
    fn o4_a_step_of_the_clock_forgets_nothing_that_went() {
        let rates = ["30/m".parse().unwrap()];
        let at = |second: i64| Instant::from_milliseconds(1_772_000_000_000 + 1_000 * second);
        let mut windows = Windows::new(&rates, None, at(0), Duration::ZERO);
        let (mut note, mut went) = (None, 0);
        for second in 0..20 {
            let wall = if second < 10 { at(second) } else { at(3_600 + second) };
            let now = Duration::from_secs(second.unsigned_abs());
            while windows.free(now) > 0 {
                note = windows.take(wall, now).or(note);
                windows.goes(now);
                went += 1;
            }
        }
        let mut next = Windows::new(&rates, note.as_deref(), at(3_620), Duration::ZERO);
        for second in 0..40 {
            let now = Duration::from_secs(second);
            while next.free(now) > 0 {
                next.take(at(3_620 + second as i64), now);
                next.goes(now);
                went += 1;
            }
        }
        assert!((25..=30).contains(&went), "{went} within a minute");
    }

    #[test]
    fn o4_parts_of_a_rate_are_together_at_most_the_rate() {
        for (rate, parts) in [("10/s", [0.5, 0.25, 0.25]), ("1/s", [0.4, 0.3, 0.3]), ("7/m", [0.34, 0.33, 0.33])] {
            let rate: Rate = rate.parse().unwrap();
            let wall = Instant::from_milliseconds(1_772_000_000_000);
            let mut all: Vec<Windows> =
                parts.iter().map(|_| Windows::new(&[rate], None, wall, Duration::ZERO)).collect();
            let mut went = Vec::new();
            for step in 0..4_000u32 {
                let now = Duration::from_millis(50) * step;
                // They hear of their parts a while after the start, and of others midway.
                for (place, windows) in all.iter_mut().enumerate() {
                    if step == 0 || step == 2_000 {
                        windows.take_part(parts[(place + step as usize / 2_000) % 3], now);
                    }
                    while windows.free(now) > 0 {
                        windows.take(wall, now);
                        windows.goes(now);
                        went.push(now);
                    }
                }
            }
            let length = rate.span.length();
            let most = went.iter().map(|from| went.iter().filter(|at| **at >= *from && **at < *from + length).count());
            assert!(most.max().unwrap_or(0) <= rate.count.get() as usize + 2, "{rate}");
            assert!(went.len() as f64 >= 0.5 * rate.per_second() * 200.0, "{rate}: {}", went.len());
        }
    }

    #[test]
    fn o4_the_strictest_rate_draws_nothing_from_the_others() {
        let rates = ["100/h".parse().unwrap(), "1/s".parse().unwrap()];
        let wall = Instant::from_milliseconds(1_772_000_000_000);
        let mut windows = Windows::new(&rates, None, wall, Duration::ZERO);
        for second in 1..=100 {
            let now = Duration::from_secs(36 * second);
            assert_eq!(windows.free(now), 1, "{second}");
            assert!(windows.take(wall, now).is_some());
            assert_eq!(windows.free(now), 0);
            windows.goes(now);
        }
        // What does not go after all is given back.
        let now = Duration::from_secs(36 * 101);
        windows.take(wall, now);
        windows.gives_back();
        assert_eq!(windows.free(now + Duration::from_secs(36)), 1);
    }
}
