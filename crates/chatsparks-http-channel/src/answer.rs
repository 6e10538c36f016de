//! What an answer means.

use chatsparks_ports::{Attempt, Fault};
use reqwest::{StatusCode, header};
use std::time::{Duration, SystemTime};

/// The longest wait that an endpoint may ask for: as long as effects are tried again by default.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// As much of an answer as matters.
pub(crate) struct Answered {
    status: StatusCode,
    retry_after: Option<Duration>,
}

impl Answered {
    pub(crate) fn new(response: &reqwest::Response, now: SystemTime) -> Self {
        let given = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        Self { status: response.status(), retry_after: given.and_then(|given| retry_after(given, now)) }
    }

    /// The table of H1.
    pub(crate) fn attempt(&self) -> Attempt {
        let fault = Fault(format!("the endpoint answered {}", self.status.as_u16()));
        match self.status.as_u16() {
            200..=299 => Attempt::Sent,
            408 | 409 | 425 | 429 | 500..=599 => Attempt::Again(self.retry_after, fault),
            300..=399 | 401 | 403 | 404 | 410 => Attempt::Stopped(fault),
            400..=499 => Attempt::Failed(fault),
            // Nothing that HTTP knows: as if there were no answer.
            _ => Attempt::Again(None, fault),
        }
    }
}

/// Seconds, or an instant as HTTP writes it; one that is past is now.
fn retry_after(given: &str, now: SystemTime) -> Option<Duration> {
    let given = given.trim();
    let wait = match given.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) if !given.is_empty() && given.bytes().all(|byte| byte.is_ascii_digit()) => LONGEST_WAIT,
        Err(_) => httpdate::parse_http_date(given).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h1_every_status_means_what_the_table_says() {
        let sent: Vec<u16> = (200..300).collect();
        let again: Vec<u16> = [408, 409, 425, 429].into_iter().chain(500..600).chain(600..1_000).collect();
        let stopped: Vec<u16> = (300..400).chain([401, 403, 404, 410]).collect();
        for status in 200..1_000 {
            let code = StatusCode::from_u16(status).expect("a status");
            let attempt = Answered { status: code, retry_after: None }.attempt();
            let meant = match attempt {
                Attempt::Sent => &sent,
                Attempt::Again(None, _) => &again,
                Attempt::Stopped(_) => &stopped,
                Attempt::Failed(_) => {
                    assert!((400..500).contains(&status), "{status}");
                    assert!([&sent, &again, &stopped].iter().all(|list| !list.contains(&status)), "{status}");
                    continue;
                }
                other => panic!("{status}: {other:?}"),
            };
            assert!(meant.contains(&status), "{status}: {attempt:?}");
        }
    }

    #[test]
    fn h1_retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Mon, 02 Mar 2026 10:00:00 GMT").expect("a date");
        for (given, wanted) in [
            ("0", Some(0)),
            (" 17 ", Some(17)),
            ("86400", Some(86_400)),
            ("86401", Some(86_400)),
            ("99999999999999999999999", Some(86_400)),
            ("Mon, 02 Mar 2026 10:00:17 GMT", Some(17)),
            ("Monday, 02-Mar-26 10:00:17 GMT", Some(17)),
            ("Mon Mar  2 10:00:17 2026", Some(17)),
            ("Mon, 02 Mar 2026 09:00:00 GMT", Some(0)),
            ("Mon, 01 Mar 2027 10:00:00 GMT", Some(86_400)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(retry_after(given, now), wanted.map(Duration::from_secs), "{given}");
        }
    }

    #[test]
    fn h1_only_what_is_tried_again_waits_as_it_is_told() {
        let hint = Some(Duration::from_secs(9));
        let attempt =
            |status| Answered { status: StatusCode::from_u16(status).expect("a status"), retry_after: hint }.attempt();
        assert!(matches!(attempt(503), Attempt::Again(waits, _) if waits == hint));
        assert!(matches!(attempt(429), Attempt::Again(waits, _) if waits == hint));
        assert_eq!(attempt(200), Attempt::Sent);
    }
}
