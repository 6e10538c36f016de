//! What an answer means: by the platform's own code, since errors come with the status 200 too.

use chatsparks_core::Instant;
use chatsparks_ports::{Attempt, Fault};
use std::time::Duration;

/// Why a call did not bring what was asked for. It holds codes and our own words, never the platform's: those may repeat
/// what somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// It never arrived there.
    #[error("{0}")]
    NotSent(&'static str),
    /// Nobody knows whether it was done (O5).
    #[error("{0}")]
    Unknown(&'static str),
    /// It was not done, and may be tried again: at once, or after a while.
    #[error("{why}")]
    Again {
        /// Not before so long, where the platform says it.
        after: Option<Duration>,
        /// Why.
        why: String,
    },
    /// The token is not taken any more: a new one may be.
    #[error("{0}")]
    Token(String),
    /// Nothing goes until somebody does something about the connection (O8).
    #[error("{0}")]
    Stopped(String),
    /// It is refused for good.
    #[error("{0}")]
    Refused(String),
}

impl CallError {
    /// What it means for an effect. What is unknown has to be looked for first.
    pub(crate) fn attempt(self) -> Attempt {
        match self {
            Self::NotSent(why) | Self::Unknown(why) => Attempt::Again(None, Fault(why.to_owned())),
            Self::Again { after, why } => Attempt::Again(after, Fault(why)),
            Self::Token(why) | Self::Stopped(why) => Attempt::Stopped(Fault(why)),
            Self::Refused(why) => Attempt::Failed(Fault(why)),
        }
    }
}

/// The longest wait that an answer may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// What a status alone means, where there is no envelope; `Ok`: read on.
pub(crate) fn of_status(status: u16, retry_after: Option<Duration>, who: &str) -> Result<(), CallError> {
    let why = || format!("{who} answered {status}");
    match status {
        200..=299 => Ok(()),
        408 | 425 | 429 => Err(CallError::Again { after: retry_after, why: why() }),
        // What stands behind a gateway may have done it.
        500..=599 => Err(CallError::Unknown("the platform failed, and did not say whether it was done")),
        300..=399 | 401 | 403 | 404 | 405 | 410 => Err(CallError::Stopped(why())),
        _ => Err(CallError::Refused(why())),
    }
}

/// What a code of the Business API means (source: the error list of `open_api/v1.3`, read November 2026).
pub(crate) fn of_business(code: i64, message: &str, now: Instant) -> Result<(), CallError> {
    let why = |what: &str| format!("TikTok answered {code}: {what}");
    Err(match code {
        0 | 20_001 => return Ok(()),
        40_064 if message.to_ascii_lowercase().contains("too fast") => {
            CallError::Again { after: Some(Duration::from_secs(60)), why: why("messages go too fast") }
        }
        40_064 => CallError::Refused(why("the rules for direct messages forbid it; the window may be over")),
        40_100 => CallError::Again { after: Some(rate_wait(message, now)), why: why("too many calls") },
        40_104 => CallError::Stopped(why("the access token is missing: authorise the account again")),
        40_105 => CallError::Token(why("the access token is not taken: authorise the account again")),
        40_006 | 40_051 => CallError::Stopped(why("this version of the interface is gone: a newer release is needed")),
        40_001 => CallError::Refused(why("the app or the account may not do this: see its scopes")),
        40_007 => CallError::Refused(why("what it is about is not there any more")),
        40_000 | 40_002 => CallError::Refused(why("it was not understood")),
        40_000..=49_999 => CallError::Refused(why("refused")),
        _ => CallError::Again { after: None, why: why("the platform failed") },
    })
}

/// After 40100: a limit of a second ends with it, one of a minute after five, one of a day at midnight UTC. Where the
/// answer does not say which, ten seconds are a try.
fn rate_wait(message: &str, now: Instant) -> Duration {
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["qpd", "per day", "daily"]) {
        let day = 86_400_000;
        return Duration::from_millis((day - now.as_milliseconds().rem_euclid(day)).unsigned_abs());
    }
    if says(&["qpm", "per minute"]) {
        return Duration::from_secs(300);
    }
    if says(&["qps", "per second"]) {
        return Duration::from_secs(1);
    }
    Duration::from_secs(10)
}

/// What a code of TikTok Shop means (source: its list of common errors, second-hand, November 2026).
pub(crate) fn of_shop(code: i64, retry_after: Option<Duration>) -> Result<(), CallError> {
    let why = |what: &str| format!("TikTok Shop answered {code}: {what}");
    Err(match code {
        0 => return Ok(()),
        36_009_002 => CallError::Again { after: retry_after, why: why("too many calls") },
        36_009_003 | 36_009_004 | 36_009_007 => {
            CallError::Again { after: retry_after, why: why("the platform failed") }
        }
        105_002 => CallError::Token(why("the access token has ended: authorise the shop again")),
        101_000 => CallError::Stopped(why("the token is of another shop: authorise this shop")),
        105_005 => CallError::Stopped(why("a scope is missing: authorise the shop again with it")),
        106_001 => CallError::Stopped(why("the signature is not taken: check the app's secret, and the clock")),
        106_013 => CallError::Stopped(why("the shop's cipher is missing")),
        36_000_000..=36_999_999 => CallError::Refused(why("refused")),
        _ => CallError::Refused(why("refused")),
    })
}

/// `Retry-After` in seconds; dates are not in use here.
pub(crate) fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    let given = headers.get(reqwest::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(given).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o4_codes_are_retried_waited_for_refused_or_stop_the_channel() {
        let now = Instant::from_milliseconds(86_400_000 * 20_000 - 1_000);
        let again = |seconds: u64| (Some(Duration::from_secs(seconds)), "again");
        for (code, message, wanted) in [
            (40_100, "app QPS limit", again(1)),
            (40_100, "QPM reached", again(300)),
            (40_100, "your QPD is used up", again(1)),
            (40_100, "Too many requests", again(10)),
            (40_064, "You are sending messages too fast", again(60)),
            (40_064, "blocked", (None, "refused")),
            (51_065, "system error", (None, "again")),
            (50_000, "", (None, "again")),
            (-7, "", (None, "again")),
            (40_105, "", (None, "token")),
            (40_104, "", (None, "stopped")),
            (40_051, "", (None, "stopped")),
            (40_001, "", (None, "refused")),
            (40_908, "", (None, "refused")),
        ] {
            let error = of_business(code, message, now).expect_err("an error");
            let found = match &error {
                CallError::Again { after, .. } => (*after, "again"),
                CallError::Token(_) => (None, "token"),
                CallError::Stopped(_) => (None, "stopped"),
                CallError::Refused(_) => (None, "refused"),
                other => panic!("{other:?}"),
            };
            assert_eq!(found, wanted, "{code} {message}");
            assert!(!error.to_string().contains("You are"), "what the platform says is not repeated");
        }
        assert_eq!(of_business(0, "", now), Ok(()));
        assert_eq!(of_business(20_001, "", now), Ok(()));
    }

    #[test]
    fn o8_what_the_shop_answers_to_a_wrong_token_or_scope_stops_its_channel() {
        assert!(matches!(of_shop(105_002, None), Err(CallError::Token(_))));
        for code in [101_000, 105_005, 106_001, 106_013] {
            assert!(matches!(of_shop(code, None), Err(CallError::Stopped(_))), "{code}");
        }
        let wait = Some(Duration::from_secs(7));
        assert!(matches!(of_shop(36_009_002, wait), Err(CallError::Again { after, .. }) if after == wait));
        assert!(matches!(of_shop(36_009_010, None), Err(CallError::Refused(_))));
        assert!(matches!(of_status(503, None, "x"), Err(CallError::Unknown(_))));
        assert!(matches!(of_status(429, wait, "x"), Err(CallError::Again { after, .. }) if after == wait));
        assert!(matches!(of_status(404, None, "x"), Err(CallError::Stopped(_))));
    }
}
