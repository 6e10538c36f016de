//! Facts: what is now so, the public reading of the changes.

use crate::{
    BlockId, CommentId, CommentResult, Currency, DmId, DmStage, Email, Field, FlowId, Instant, OrderId, OrderResult,
    PostId, ProductId, SkuId, Tag, TriggerId,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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
    OrderCredited(Box<LedgerEntry>),
    /// An entry of the ledger that takes back.
    OrderReversed(Box<LedgerEntry>),
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
