//! What was decided: an outcome that says why, changes that say what is now true, effects that say
//! what is to be done, facts for whoever reads along.

use crate::{
    BlockId, CommentId, Currency, Effect, Email, Fact, FlowId, Instant, PostId, TriggerId, UserId,
    document::problem::Problem, engine::Engine, state::change::Change, state::timer::Source,
};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// What the engine decided of one event or timer.
///
/// It knows what it answers to, whom it is about, and the ids of its effects (T6). Small lists stand inside, so that a
/// comment that matches nothing allocates nothing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decision {
    /// What it answers to.
    pub source: Source,
    /// Whose state it changes: the contact of the event or timer; for an order, whoever it belongs to (A1).
    pub subject: Option<UserId>,
    /// Why it came out so.
    pub outcome: Outcome,
    /// What the outside has to do, in the order decided; [`Decision::effects_with_ids`] tells their ids.
    pub effects: Vec<Effect>,
    /// The public reading of the changes.
    pub facts: SmallVec<[Fact; 1]>,
    /// What is now true, to be applied to the state and its indexes.
    #[doc(hidden)]
    pub changes: SmallVec<[Change; 4]>,
    /// The engine from now on, where a `configure` changed the workspace.
    pub engine: Option<Engine>,
}

impl Decision {
    /// A decision that changes what it says and has no effect.
    pub(crate) fn plain(
        source: Source,
        subject: Option<UserId>,
        outcome: Outcome,
        changes: SmallVec<[Change; 4]>,
    ) -> Self {
        Self { source, subject, outcome, effects: Vec::new(), facts: SmallVec::new(), changes, engine: None }
    }

    /// The effects, each with the id that whoever performs it needs: the same when the same is decided again (T6).
    pub fn effects_with_ids(&self) -> impl Iterator<Item = (String, &Effect)> {
        self.effects.iter().enumerate().map(|(position, effect)| (self.source.effect_id(position), effect))
    }
}

/// Why a decision came out as it did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A comment was looked at.
    Comment(CommentOutcome),
    /// A buyer's message was looked at.
    Message(MessageOutcome),
    /// An order was credited, or not.
    Order(Box<OrderOutcome>),
    /// Whatever else took effect.
    Applied {},
    /// It was processed before (T3).
    Duplicate {},
    /// It does not fit, and changed nothing.
    Refused(Refusal),
}

/// What came of a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommentOutcome {
    /// The result.
    pub result: CommentResult,
    /// The winner, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerId>,
    /// When its throttle ends, where that refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// The results of a comment (C1, C5, C8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentResult {
    /// Processed before (T3).
    Duplicate,
    /// By the workspace's own account.
    OwnComment,
    /// The creator account is disconnected, or lacks the `comments` scope.
    NotConnected,
    /// The post is older than the plan's listening window.
    OutsideWindow,
    /// No trigger matches.
    NoMatch,
    /// The contact is blocked.
    BlockedContact,
    /// The trigger fired for this contact not long ago.
    Throttled,
    /// A person has the conversation.
    WithHuman,
    /// It fired, and its flow starts.
    Fired,
    /// It fired; the flow waits for room under the limit (M5).
    Queued,
    /// It fired; the flow waits for the buyer to write (P2).
    AwaitingMessage,
    /// It fired; without the `messages` scope nothing can be sent.
    Undeliverable,
}

impl CommentResult {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::OwnComment => "own_comment",
            Self::NotConnected => "not_connected",
            Self::OutsideWindow => "outside_window",
            Self::NoMatch => "no_match",
            Self::BlockedContact => "blocked_contact",
            Self::Throttled => "throttled",
            Self::WithHuman => "with_human",
            Self::Fired => "fired",
            Self::Queued => "queued",
            Self::AwaitingMessage => "awaiting_message",
            Self::Undeliverable => "undeliverable",
        }
    }

    /// Whether the trigger fired, whatever came of its flow (C8): this starts its throttle (C6).
    pub fn is_firing(self) -> bool {
        matches!(self, Self::Fired | Self::Queued | Self::AwaitingMessage | Self::Undeliverable)
    }
}

/// What came of a buyer's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MessageOutcome {
    /// The result.
    pub result: MessageResult,
}

/// The results of a buyer's message (V).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageResult {
    /// The flow took it, and goes on.
    Taken,
    /// The flow could not take it (F5).
    Mismatch,
    /// No flow waits or runs (V4).
    OutOfFlow,
    /// A sensitive word handed it to a person (V5).
    Sensitive,
    /// Nothing waits for it.
    Kept,
    /// Processed before (T3).
    Duplicate,
}

/// What came of an order (A).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderOutcome {
    /// The result.
    pub result: OrderResult,
    /// Why it is organic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<OrganicReason>,
    /// What it is credited to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<Credit>,
    /// The whole order's total, in minor units.
    pub total_minor: i64,
    /// The part of it that was linked (A5), in minor units.
    pub overlap_minor: i64,
    /// The currency of both.
    pub currency: Currency,
}

/// Whether an order came from a conversation (A3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderResult {
    /// A link to what was ordered went before it.
    Attributed,
    /// A link went before it, to something else.
    Soft,
    /// Nothing went before it.
    Organic,
}

/// Why an order is organic (A1, A2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganicReason {
    /// It matches no contact.
    UnknownContact,
    /// No conversation has a link that is recent enough.
    NoRecentLink,
}

/// What an order is credited to (A4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The contact.
    pub user_id: UserId,
    /// Their conversation.
    pub conversation: u32,
    /// When the link went out.
    pub link_at: Instant,
    /// What led to it, unless a member sent it.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub led_by: Option<LedBy>,
    /// The member who sent the link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Email>,
    /// Whole seconds from the comment to the order, rounded down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_from_comment: Option<i64>,
}

/// The trigger, comment and block that a link came from (A4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedBy {
    /// The trigger.
    pub trigger: TriggerId,
    /// The comment that it answered.
    pub comment_id: CommentId,
    /// The post of that comment.
    pub post_id: PostId,
    /// The flow.
    pub flow: FlowId,
    /// Its version.
    pub version: i64,
    /// The block that sent the link.
    pub block: BlockId,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The reason.
    pub reason: RefusalReason,
    /// The faults of an invalid workspace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Problem>,
}

/// The reasons of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// The contact has no open conversation (V7).
    NoOpenConversation,
    /// The conversation is not in Human (V7).
    NotHuman,
    /// The order was reviewed before (A6).
    AlreadyReviewed,
    /// The order is not soft (A6).
    NotSoft,
    /// No such order is known (A7).
    UnknownOrder,
    /// No such DM is known (V11).
    UnknownDm,
    /// Who acts, or is assigned to, is no active member (V7).
    NotAMember,
    /// The buyer's window has no message left (P4).
    OutsideWindow,
    /// It comes in the name of the workspace's own account (V4).
    OwnAccount,
    /// More than 400 days before the latest event (T5).
    TooOld,
    /// The workspace document does not hold (F10).
    InvalidWorkspace,
    /// The engine failed at it, which is a fault of ours, or is older than the state: it can be tried again (R13).
    EngineFault,
}

impl RefusalReason {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoOpenConversation => "no_open_conversation",
            Self::NotHuman => "not_human",
            Self::AlreadyReviewed => "already_reviewed",
            Self::NotSoft => "not_soft",
            Self::UnknownOrder => "unknown_order",
            Self::UnknownDm => "unknown_dm",
            Self::NotAMember => "not_a_member",
            Self::OutsideWindow => "outside_window",
            Self::OwnAccount => "own_account",
            Self::TooOld => "too_old",
            Self::InvalidWorkspace => "invalid_workspace",
            Self::EngineFault => "engine_fault",
        }
    }
}

impl From<RefusalReason> for Outcome {
    fn from(reason: RefusalReason) -> Self {
        Self::Refused(Refusal { reason, faults: Vec::new() })
    }
}

impl From<MessageResult> for Outcome {
    fn from(result: MessageResult) -> Self {
        Self::Message(MessageOutcome { result })
    }
}
