//! How a connection and its webhook stand (W3).

use crate::{Instant, Period, document::workspace::Connection};
use serde::{Deserialize, Serialize};

/// A webhook that is silent for longer than this, while others report activity, is `silent` (W3).
pub const SILENT_AFTER: Period = Period::minutes(15);

/// The scopes that the creator account needs.
pub const TIKTOK_SCOPES: [&str; 3] = ["comments", "messages", "posts"];
/// The scopes that the shop needs.
pub const SHOP_SCOPES: [&str; 2] = ["orders", "catalog"];

/// The light of a connection (W3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "light")]
pub enum ConnectionLight {
    /// Connected, with every scope.
    Green,
    /// Connected, with a scope missing.
    Amber {
        /// Which are missing, in the order of the documents.
        missing: Vec<String>,
    },
    /// Disconnected.
    Red,
}

/// How a webhook stands (W3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    /// No event came in since the connection was made.
    Waiting,
    /// Events come in.
    Receiving,
    /// No event for more than 15 minutes, while others report activity.
    Silent,
}

/// What is known of a webhook's times; the present one is handed in, the core has no clock (T1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebhookTimes {
    /// When the connection was made.
    pub connected_at: Option<Instant>,
    /// When the last event came in.
    pub last_event: Option<Instant>,
    /// When others last reported activity: other workspaces, or the platform; none: nobody knows.
    pub others_active: Option<Instant>,
}

impl Connection {
    /// The light of this connection, which needs these scopes (W3).
    ///
    /// ```
    /// use chatsparks_core::{ConnectionLight, TIKTOK_SCOPES, workspace::Connection};
    /// let connection = Connection { connected: true, scopes: vec!["comments".into(), "posts".into()] };
    /// assert_eq!(connection.light(&TIKTOK_SCOPES), ConnectionLight::Amber { missing: vec!["messages".into()] });
    /// ```
    pub fn light(&self, needed: &[&str]) -> ConnectionLight {
        if !self.connected {
            return ConnectionLight::Red;
        }
        let missing: Vec<_> = needed.iter().filter(|scope| !self.allows(scope)).map(|scope| (*scope).into()).collect();
        if missing.is_empty() { ConnectionLight::Green } else { ConnectionLight::Amber { missing } }
    }
}

impl WebhookTimes {
    /// How the webhook stands at an instant (W3). An event from before the connection was made does not count.
    pub fn state(&self, now: Instant) -> WebhookState {
        match self.last_since_connected() {
            None => WebhookState::Waiting,
            Some(last) if is_silent(last, now) && self.others_report(now) => WebhookState::Silent,
            Some(_) => WebhookState::Receiving,
        }
    }

    /// The last event that came in since the connection was made.
    pub fn last_since_connected(&self) -> Option<Instant> {
        self.last_event.filter(|last| self.connected_at.is_none_or(|connected| *last >= connected))
    }

    /// Since when nothing came in: the last event, else the connection itself.
    pub fn quiet_since(&self) -> Option<Instant> {
        self.last_since_connected().or(self.connected_at)
    }

    /// Whether nothing came in for more than 15 minutes; none: nobody knows.
    pub fn is_quiet(&self, now: Instant) -> Option<bool> {
        self.quiet_since().map(|since| is_silent(since, now))
    }

    /// Whether others reported activity within the last 15 minutes.
    pub fn others_report(&self, now: Instant) -> bool {
        self.others_active.is_some_and(|others| !is_silent(others, now))
    }
}

/// Exactly 15 minutes are not more than 15.
fn is_silent(last: Instant, now: Instant) -> bool {
    now > last.after(SILENT_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w3_a_connection_is_green_amber_or_red() {
        let connection = |connected, scopes: &[&str]| Connection {
            connected,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        let amber = |missing: &[&str]| ConnectionLight::Amber {
            missing: missing.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        for (connection, wanted) in [
            (connection(true, &["posts", "comments", "messages", "more"]), ConnectionLight::Green),
            (connection(true, &["posts"]), amber(&["comments", "messages"])),
            (connection(true, &[]), amber(&TIKTOK_SCOPES)),
            (connection(false, &TIKTOK_SCOPES), ConnectionLight::Red),
        ] {
            assert_eq!(connection.light(&TIKTOK_SCOPES), wanted);
        }
    }

    #[test]
    fn w3_a_webhook_waits_receives_or_is_silent() {
        let minute = |minute: i64| Instant::from_milliseconds(minute * 60_000);
        let just_after = |at: Instant| at.after(Period::milliseconds(1));
        let times = |connected: Option<i64>, last: Option<i64>, others: Option<i64>| WebhookTimes {
            connected_at: connected.map(minute),
            last_event: last.map(minute),
            others_active: others.map(minute),
        };
        for (times, now, wanted) in [
            (times(Some(10), None, Some(40)), minute(40), WebhookState::Waiting),
            (times(Some(10), Some(9), Some(40)), minute(40), WebhookState::Waiting),
            (times(Some(10), Some(10), Some(25)), minute(25), WebhookState::Receiving),
            (times(Some(10), Some(10), Some(25)), just_after(minute(25)), WebhookState::Silent),
            (times(None, Some(10), None), minute(90), WebhookState::Receiving),
            // Silence everywhere is no fault of this webhook.
            (times(None, Some(10), Some(74)), minute(90), WebhookState::Receiving),
            (times(None, Some(10), Some(75)), minute(90), WebhookState::Silent),
            (times(None, None, None), minute(90), WebhookState::Waiting),
        ] {
            assert_eq!(times.state(now), wanted, "{times:?} at {now}");
        }
    }
}
