//! What was decided: an outcome that says why, changes that say what is now true, effects that say
//! what is to be done, facts for whoever reads along.

use crate::{
    BlockId, CommentId, Currency, DmId, DmStage, Email, EventId, Field, FlowId, Instant, OptionId, OrderId, PostId,
    ProductId, SkuId, Tag, TriggerId, UserId, change::Change, engine::Engine, problem::Problem,
};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::{fmt, sync::Arc};

/// What the engine decided of one event or timer.
///
/// Small lists stand inside, so that a comment that matches nothing allocates nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Why it came out so.
    pub outcome: Outcome,
    /// What the outside has to do, in the order decided.
    pub effects: Vec<Effect>,
    /// The public reading of the changes.
    pub facts: SmallVec<[Fact; 1]>,
    /// What is now true, to be applied to the state and its indexes.
    pub changes: SmallVec<[Change; 4]>,
    /// The engine from now on, where a `configure` changed the workspace.
    pub engine: Option<Engine>,
}

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
        format!("{self}/{position}")
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
    /// More than 400 days before the latest event (T5).
    TooOld,
    /// The workspace document does not hold (F10).
    InvalidWorkspace,
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
            Self::TooOld => "too_old",
            Self::InvalidWorkspace => "invalid_workspace",
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

/// Something the outside has to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Answer a comment in public (C9).
    PublicReply {
        /// The comment.
        comment_id: CommentId,
        /// The answer.
        text: Arc<str>,
    },
    /// Send a DM.
    SendDm(Box<SendDm>),
    /// Tell the inbox.
    NotifyInbox {
        /// The contact.
        user_id: UserId,
        /// Their conversation.
        conversation: u32,
        /// Why.
        reason: InboxReason,
        /// The note of a handoff block.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<Arc<str>>,
        /// Whose conversation it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<Email>,
    },
    /// Tell the owners how near the limit is (M3).
    NotifyOwners {
        /// 80, 95 or 100 per cent.
        level: u8,
        /// Contacts counted in this cycle.
        count: u64,
        /// The plan's limit.
        limit: u64,
    },
}

/// A DM to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SendDm {
    /// To whom.
    pub user_id: UserId,
    /// In which conversation.
    pub conversation: u32,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Arc<str>>,
    /// The options of a `quick_replies`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<SentOption>,
    /// The product card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<crate::workspace::Link>,
    /// The member who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Email>,
}

/// An option as the buyer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SentOption {
    /// Its id.
    pub id: OptionId,
    /// Its label.
    pub label: Arc<str>,
}

/// Why the inbox is told of a conversation, and why one changed its state (V).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxReason {
    /// A handoff block.
    Handoff,
    /// A message that no flow waits for (V4).
    OutOfFlow,
    /// A sensitive word (V5).
    SensitiveWord,
    /// Too many replies in a row that were not taken (F5).
    UnrecognizedReplies,
    /// The running version of the flow is gone (F9).
    FlowMissing,
    /// The buyer wrote while a person has the conversation (V7).
    BuyerMessage,
}

/// Where a conversation stands (V1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationState {
    /// The bot speaks.
    Bot,
    /// The bot waits for the buyer.
    Waiting,
    /// A person has it.
    Human,
    /// It is over.
    Closed,
}

/// Why a conversation changed its state, unless a member did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateReason {
    /// A handoff block.
    Handoff,
    /// A message that no flow waits for (V4).
    OutOfFlow,
    /// A sensitive word (V5).
    SensitiveWord,
    /// Too many replies in a row that were not taken (F5).
    UnrecognizedReplies,
    /// The running version of the flow is gone (F9).
    FlowMissing,
    /// Time ran out (V2).
    Expired,
    /// The contact was blocked (V10).
    Blocked,
}

/// Why a held or queued start was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// Another start took its place, or began (V9).
    Replaced,
    /// A person took the conversation (V6).
    WithHuman,
    /// The contact was blocked (V10).
    Blocked,
    /// Its comment was deleted or hidden (P5).
    CommentRemoved,
    /// It waited too long (P2, M6).
    Expired,
    /// Its flow is gone (M6).
    FlowMissing,
}

/// Why a flow was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// It ran to its end.
    Completed,
    /// Another flow took its place (V9).
    Replaced,
    /// The conversation closed.
    Closed,
    /// A person took over.
    Human,
}

/// What an entry of the ledger was caused by (A6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerCause {
    /// The order itself.
    Order,
    /// A member confirmed a soft order.
    Confirmation,
    /// A member rejected a soft order.
    Rejection,
    /// The order was cancelled.
    Cancellation,
    /// A refund.
    Refund,
}

/// What an entry of the ledger belongs to, for insights (I1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What it was caused by.
    pub kind: LedgerCause,
    /// The trigger credited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerId>,
    /// The keyword that matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<Arc<str>>,
    /// The post credited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_id: Option<PostId>,
    /// The flow credited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// The member credited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Email>,
}

/// What is now so: the public reading of the changes, for insights and the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are named by the ids and words they hold")]
pub enum Fact {
    /// A comment was looked at; duplicates aside.
    CommentSeen { post_id: PostId, result: CommentResult },
    /// A trigger fired, whatever came of its flow.
    TriggerFired {
        trigger: TriggerId,
        post_id: PostId,
        comment_id: CommentId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keyword: Option<Arc<str>>,
    },
    /// A flow started.
    FlowStarted { trigger: TriggerId, flow: FlowId, version: i64, conversation: u32 },
    /// A start waits for room under the limit (M5).
    Queued { trigger: TriggerId, until: Instant },
    /// A start waits for the buyer to write (P2).
    Held { trigger: TriggerId, until: Instant },
    /// A held or queued start's turn came.
    Released { trigger: TriggerId },
    /// A held or queued start will not begin.
    Dropped { trigger: TriggerId, reason: DropReason },
    /// A conversation opened.
    ConversationOpened { conversation: u32 },
    /// A conversation changed its state.
    StateChanged {
        conversation: u32,
        from: ConversationState,
        to: ConversationState,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<StateReason>,
    },
    /// A flow came to a block.
    BlockEntered { conversation: u32, flow: FlowId, version: i64, block: BlockId },
    /// A flow was left at a block.
    FlowLeft { conversation: u32, flow: FlowId, version: i64, block: BlockId, why: LeaveReason },
    /// A field was captured; its value is never told.
    FieldCaptured { field: Field },
    /// The contact got a tag.
    Tagged { tag: Tag },
    /// A shop link went out.
    LinkSent {
        conversation: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        product: Option<ProductId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sku: Option<SkuId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        member: Option<Email>,
    },
    /// The contact counts in this cycle (M1).
    ContactCounted { cycle: Instant, count: u64 },
    /// A DM reached a stage (V11).
    DmStage { dm_id: DmId, stage: DmStage },
    /// An entry of the ledger that adds.
    OrderCredited(LedgerEntry),
    /// An entry of the ledger that takes back.
    OrderReversed(LedgerEntry),
    /// A billing cycle began (M2).
    CycleBegan { start: Instant },
}

/// An entry of the ledger (A6): amounts in minor units, added or taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The order.
    pub order_id: OrderId,
    /// What the amounts counted as.
    pub result: OrderResult,
    /// Revenue, in minor units.
    pub revenue_minor: i64,
    /// Overlap, in minor units.
    pub overlap_minor: i64,
    /// The currency of both.
    pub currency: Currency,
    /// Why, and to what it belongs.
    pub cause: Cause,
}
