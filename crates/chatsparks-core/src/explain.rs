//! Why a trigger did or did not fire (C10), and what it would do with any text (C11).
//!
//! Nothing is written per trigger: one [`Evaluation`] per comment is enough to explain any trigger
//! later, against the revision that decided it, because deciding is a pure function.

use crate::{Comment, CommentOutcome, CommentResult, Instant, TriggerId, contact::Contact, throttle::Throttles};
use serde::{Deserialize, Serialize};

/// One record per comment: what was looked at, what the gates saw, and what came of it (C10).
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The comment, its text whole.
    pub comment: Comment,
    /// Its instant.
    pub at: Instant,
    /// The revision of the workspace that decided it.
    pub revision: u32,
    /// What came of it.
    pub outcome: CommentOutcome,
    /// What the gates saw of its contact.
    pub seen: Seen,
}

/// What the gates saw of a contact (C4, C5).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Whether they had commented before.
    pub commented: bool,
    /// Whether they were blocked.
    pub blocked: bool,
    /// Whether a person had their conversation.
    pub with_human: bool,
    /// When each trigger had last fired for them.
    pub throttles: Throttles,
}

impl Seen {
    /// What the gates see of a contact; of nobody, when they are new.
    pub fn of(contact: Option<&Contact>) -> Self {
        contact.map_or_else(Self::default, |contact| Self {
            commented: contact.has_commented(),
            blocked: contact.is_blocked(),
            with_human: contact.is_with_human(),
            throttles: contact.throttles().clone(),
        })
    }
}

/// What became of one trigger for one comment: the first refusal, and every other gate that would
/// have refused as well (C10).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The trigger.
    pub trigger: TriggerId,
    /// Its result: `fired`, or the first refusal.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Every other gate that would have refused as well, in the order of the gates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Verdict>,
    /// The words that matched, and where they stand.
    pub matched: Vec<MatchedWord>,
    /// Whether the text was longer than 10,000 characters, and cut there for matching (N10).
    pub cut: bool,
}

/// A result with its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The result.
    pub result: Explained,
    /// The trigger that outranked this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<TriggerId>,
    /// When the throttle ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// What can become of one trigger for one comment (C10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Explained {
    /// The comment was processed before (T3).
    Duplicate,
    /// The comment is by the workspace's own account (C1).
    OwnComment,
    /// The creator account is disconnected, or lacks a scope (C1).
    NotConnected,
    /// The post is older than the plan's listening window (C1).
    OutsideWindow,
    /// The trigger is a draft.
    Draft,
    /// The post is not in its scope (C3).
    OutOfScope,
    /// Its condition does not hold (C4).
    NoMatch,
    /// A higher trigger won (C2).
    Outranked,
    /// The contact is blocked (C5).
    BlockedContact,
    /// It fired for this contact not long ago (C6).
    Throttled,
    /// A person has the conversation (C5).
    WithHuman,
    /// It fired, and its flow started.
    Fired,
    /// It fired; the flow waits for room (M5).
    Queued,
    /// It fired; the flow waits for the buyer (P2).
    AwaitingMessage,
    /// It fired; nothing can be sent (C8).
    Undeliverable,
    /// Only in a trial (C11): the trigger matches.
    Matches,
}

/// A word of a condition that matched, and where it stands in the text as received.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MatchedWord {
    /// The word as the workspace has it; for a question mark, the mark.
    pub word: String,
    /// What it is: `keyword`, `pattern`, `question_mark` or `mention`.
    pub kind: MatchedKind,
    /// Where it starts, in Unicode scalar values of the text as received.
    pub start: usize,
    /// Where it ends, itself not part of it.
    pub end: usize,
}

/// What kind of condition a matched word belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedKind {
    /// A keyword (N2).
    Keyword,
    /// A pattern (N7).
    Pattern,
    /// A question mark (N8).
    QuestionMark,
    /// A product's name (N9).
    Mention,
}

impl Explained {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::OwnComment => "own_comment",
            Self::NotConnected => "not_connected",
            Self::OutsideWindow => "outside_window",
            Self::Draft => "draft",
            Self::OutOfScope => "out_of_scope",
            Self::NoMatch => "no_match",
            Self::Outranked => "outranked",
            Self::BlockedContact => "blocked_contact",
            Self::Throttled => "throttled",
            Self::WithHuman => "with_human",
            Self::Fired => "fired",
            Self::Queued => "queued",
            Self::AwaitingMessage => "awaiting_message",
            Self::Undeliverable => "undeliverable",
            Self::Matches => "matches",
        }
    }
}

impl From<CommentResult> for Explained {
    fn from(result: CommentResult) -> Self {
        match result {
            CommentResult::Duplicate => Self::Duplicate,
            CommentResult::OwnComment => Self::OwnComment,
            CommentResult::NotConnected => Self::NotConnected,
            CommentResult::OutsideWindow => Self::OutsideWindow,
            CommentResult::NoMatch => Self::NoMatch,
            CommentResult::BlockedContact => Self::BlockedContact,
            CommentResult::Throttled => Self::Throttled,
            CommentResult::WithHuman => Self::WithHuman,
            CommentResult::Fired => Self::Fired,
            CommentResult::Queued => Self::Queued,
            CommentResult::AwaitingMessage => Self::AwaitingMessage,
            CommentResult::Undeliverable => Self::Undeliverable,
        }
    }
}
