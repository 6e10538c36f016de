//! What a decision answers to: events and timers, and the ids that effects get from them (T4, T6).

use crate::{EventId, Instant, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a decision answers to: an event, or a timer that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An event.
    Event(EventId),
    /// A timer.
    Timer {
        /// Which.
        timer: Timer,
        /// 1, or more when a timer of a contact fired again at one due instant (T6).
        firing: u32,
    },
}

/// A timer that is due (T4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// When it is due, and at which instant it is handled.
    pub due: Instant,
    /// Which kind.
    pub kind: TimerKind,
    /// Whose; the workspace's own `cycle` has none.
    pub user_id: Option<UserId>,
}

/// The kinds of timer, in the order in which they fire at one instant (T4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// A billing cycle begins (M2).
    Cycle,
    /// A queued start goes out (M6).
    QueueRelease,
    /// A `wait` block is over (F7).
    FlowWait,
    /// The buyer did not reply (V2).
    Idle,
    /// The conversation closes (V2).
    Close,
    /// A queued start waited too long (M6).
    QueueExpiry,
    /// A held start waited too long (P2).
    HoldExpiry,
}

impl TimerKind {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cycle => "cycle",
            Self::QueueRelease => "queue_release",
            Self::FlowWait => "flow_wait",
            Self::Idle => "idle",
            Self::Close => "close",
            Self::QueueExpiry => "queue_expiry",
            Self::HoldExpiry => "hold_expiry",
        }
    }
}

/// What stands before the `/` in an effect's id (T6).
impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(id) => fmt::Display::fmt(id, out),
            Self::Timer { timer: Timer { due, kind, user_id }, firing } => {
                let user = user_id.as_ref().map_or("", UserId::as_str);
                write!(out, "timer:{}:{user}:{due}", kind.as_str())?;
                if *firing > 1 { write!(out, "#{firing}") } else { Ok(()) }
            }
        }
    }
}

impl Source {
    /// The id of the effect at a position of the decision: the idempotency key of whoever performs it (T6).
    pub fn effect_id(&self, position: usize) -> String {
        match self {
            // Written by hand, since every DM has one.
            Self::Event(id) if position < 10 => {
                let mut effect = String::with_capacity(id.as_str().len() + 2);
                effect.push_str(id.as_str());
                effect.push('/');
                effect.push(char::from(b'0' + position as u8));
                effect
            }
            _ => format!("{self}/{position}"),
        }
    }
}
