//! Paces: how much of something may happen in a span of time.

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::{fmt, num::NonZeroU32, str::FromStr, time::Duration};

mod window;

pub(crate) use window::{NOTE, Windows};

/// A hint below this says nothing of when.
const AT_ONCE: Duration = Duration::from_millis(10);
/// What is waited after it was said again and again.
const NOT_AT_ONCE: Duration = Duration::from_secs(1);

/// How long to wait where the platform said for how long (O4). One that says "at once" again and again is not taken at its
/// word for ever. One that names a time is: where it counts by less than a second, waiting longer leaves some of what it
/// takes unused.
pub(crate) fn hinted(hint: Duration, attempts: u32) -> Duration {
    match hint {
        hint if hint < AT_ONCE && attempts >= 3 => NOT_AT_ONCE,
        hint => hint.max(Duration::from_millis(1)),
    }
}

/// Events that a body may have under any quota that admits as many.
// INVARIANT: a thousand is not zero, which is looked at where this is compiled.
const A_BODY: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

/// So many in a span, such as `20/s`.
///
/// ```
/// use chatsparks_runtime::Rate;
/// let rate: Rate = "600/m".parse()?;
/// assert_eq!((rate.per_second(), rate.to_string().as_str()), (10.0, "600/m"));
/// assert!("0/s".parse::<Rate>().is_err());
/// # Ok::<(), chatsparks_runtime::RateError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: NonZeroU32,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    Second,
    Minute,
    Hour,
    Day,
}

/// Why a text is not a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rate: expected a number from 1 and a span, such as `20/s`, `600/m`, `1000/h` or `5000/d`")]
pub struct RateError(String);

impl Rate {
    /// How many a second.
    pub fn per_second(&self) -> f64 {
        f64::from(self.count.get()) / self.span.length().as_secs_f64()
    }

    /// For what comes in: nobody else counts it, so that a burst is no harm.
    pub(crate) fn limiter(&self) -> DefaultDirectRateLimiter {
        // Events come in bodies: one of these is admitted, as long as the span has as many. Beyond that a second's worth may
        // come at once, and no more: a day's worth must not come in its first second.
        let second = NonZeroU32::new(self.per_second().floor() as u32).unwrap_or(NonZeroU32::MIN);
        let burst = self.count.min(A_BODY).max(second);
        let each = self.span.length().div_f64(f64::from(self.count.get()));
        let quota = Quota::with_period(each).unwrap_or_else(|| Quota::per_second(self.count)).allow_burst(burst);
        RateLimiter::direct(quota)
    }
}

impl Span {
    fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        })
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let error = || RateError(text.chars().take(40).collect());
        let (count, span) = text.split_once('/').ok_or_else(error)?;
        let span = match span.trim() {
            "s" => Span::Second,
            "m" => Span::Minute,
            "h" => Span::Hour,
            "d" => Span::Day,
            _ => return Err(error()),
        };
        Ok(Self { count: count.trim().parse().map_err(|_| error())?, span })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = match self.span {
            Span::Second => "s",
            Span::Minute => "m",
            Span::Hour => "h",
            Span::Day => "d",
        };
        write!(out, "{}/{span}", self.count)
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o4_a_hint_is_honoured_unless_it_says_at_once_again_and_again() {
        for (hint, attempts, wait) in [
            (0, 0, 1),
            (0, 2, 1),
            (0, 3, 1_000),
            (9, 2, 9),
            (9, 3, 1_000),
            (10, 3, 10),
            (60, 50, 60),
            (90_000, 0, 90_000),
        ] {
            let waits = hinted(Duration::from_millis(hint), attempts);
            assert_eq!(waits, Duration::from_millis(wait), "{hint} ms at attempt {attempts}");
        }
    }
}
