//! What happened: the events that an embedder feeds in, each in its envelope.

use crate::{
    CommentId, Currency, DmId, Email, EventId, Instant, MessageId, OptionId, OrderId, PostId, ProductId, RefundId,
    ShopUserId, SkuId, UserId,
    document::problem::Problem,
    document::workspace::{Link, Workspace},
    engine::Engine,
};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// An event, its id, and the instant it was received: the only way that time enters (T1).
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// Processed once a workspace (T3).
    pub id: EventId,
    /// When the embedder received the event; stamped once.
    pub at: Instant,
    /// What happened.
    pub event: Event,
}

/// Something that happened outside: on the platform, in the shop, by a person.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Somebody commented on a post.
    Comment(Comment),
    /// A comment was deleted or hidden (P5).
    CommentRemoved(CommentOf),
    /// The platform says, after the comment came, that it may be answered by a DM (P3).
    CommentAnswerable(CommentOf),
    /// A buyer wrote a DM.
    Message(Message),
    /// What became of a DM (V11).
    Receipt(Receipt),
    /// A shop order was placed.
    Order(Order),
    /// An order was cancelled (A6).
    OrderCancelled(OrderId),
    /// An order was refunded in part or whole (A6).
    Refund(Refund),
    /// A shop id belongs to a contact (A1).
    Identity {
        /// The contact.
        user_id: UserId,
        /// Their id in the shop.
        shop_user_id: ShopUserId,
    },
    /// A member judges a soft order (A6).
    OrderReview {
        /// The order.
        order_id: OrderId,
        /// What they say of it.
        verdict: ReviewVerdict,
        /// Who says so.
        member: Email,
    },
    /// A member does something with a contact or their conversation (V7, V10).
    Act(Act),
    /// A member writes a DM (V7).
    MemberMessage(MemberMessage),
    /// The workspace changes: the next revision.
    Configure(Box<Configured>),
    /// A partition is given room under the limit (R7).
    Grant(Grant),
    /// A person is forgotten (R12).
    Erase(UserId),
    /// Time passes.
    Clock,
}

/// A comment as it was received.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// The comment.
    pub comment_id: CommentId,
    /// The post it stands under.
    pub post_id: PostId,
    /// Who wrote it.
    pub user_id: UserId,
    /// Their handle, where the platform says it.
    pub handle: Option<Text>,
    /// What they wrote.
    pub text: Text,
    /// When the platform says it was posted; else the envelope's instant (P3).
    pub posted_at: Option<Instant>,
    /// The comment it replies to.
    pub reply_to: Option<CommentId>,
    /// Whether the platform marks it as answerable by a DM (P3).
    pub direct_reply: bool,
}

/// A comment named with its author.
#[derive(Clone, Debug, PartialEq)]
pub struct CommentOf {
    /// The comment.
    pub comment_id: CommentId,
    /// Its author.
    pub user_id: UserId,
}

/// A buyer's DM.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The message.
    pub message_id: MessageId,
    /// Who wrote it.
    pub user_id: UserId,
    /// Their handle, where the platform says it.
    pub handle: Option<Text>,
    /// What they wrote.
    pub text: Option<Text>,
    /// The option they tapped (F4).
    pub option: Option<OptionId>,
}

/// What the platform says of a DM.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The DM: its effect's id.
    pub dm_id: DmId,
    /// The stage it reached.
    pub status: DmStage,
    /// The platform's reason, where it gives one.
    pub detail: Option<Text>,
}

/// A stage in the life of a DM (V11): which may come after which says [`DmStage::is_after`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DmStage {
    /// Decided, not yet told of.
    Queued,
    /// Sent to the platform.
    Sent,
    /// On the buyer's device.
    Delivered,
    /// Read.
    Read,
    /// Not delivered.
    Failed,
}

impl DmStage {
    /// Whether it may come after an earlier stage (V11). `failed` ends one that is queued or sent, and is itself final.
    pub fn is_after(self, earlier: Self) -> bool {
        match (earlier, self) {
            (Self::Failed, _) => false,
            (_, Self::Failed) => earlier <= Self::Sent,
            _ => self > earlier,
        }
    }
}

/// A shop order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The order.
    pub order_id: OrderId,
    /// The buyer: a contact's own id, or a shop id (A1).
    pub user_id: UserId,
    /// When it was placed; else the envelope's instant (A7).
    pub placed_at: Option<Instant>,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// The whole order, in minor units, not negative.
    pub total_minor: i64,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderLine {
    /// The SKU.
    pub sku_id: SkuId,
    /// Its product, where the shop says it; else the catalogue's (A3).
    pub product_id: Option<ProductId>,
    /// How many. Amounts are as given, not times the quantity (A5).
    pub quantity: i64,
    /// The line's amount in minor units, not negative.
    pub amount_minor: i64,
}

/// A refund.
#[derive(Clone, Debug, PartialEq)]
pub struct Refund {
    /// Counted once (A6).
    pub refund_id: RefundId,
    /// The order.
    pub order_id: OrderId,
    /// How much, in minor units of the order's currency, not negative.
    pub amount_minor: i64,
}

/// A member's word on a soft order (A6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewVerdict {
    /// It counts as attributed.
    Confirm,
    /// It counts as organic.
    Reject,
}

/// Something a member does with a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// The contact.
    pub user_id: UserId,
    /// Who acts.
    pub member: Email,
    /// What they do.
    pub kind: ActKind,
}

/// What a member may do (V7, V8, V10).
#[derive(Clone, Debug, PartialEq)]
pub enum ActKind {
    /// Take the conversation.
    Take,
    /// Give it to a member.
    Assign(Email),
    /// Give it back to the bot.
    HandBack,
    /// Close it.
    Close,
    /// Block the contact.
    Block,
    /// Unblock the contact.
    Unblock,
}

/// A DM that a member writes.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberMessage {
    /// The message.
    pub message_id: MessageId,
    /// The contact.
    pub user_id: UserId,
    /// Who writes.
    pub member: Email,
    /// What they write.
    pub text: Text,
    /// A shop link in it.
    pub link: Option<Link>,
}

/// Room under the limit that one partition of many is given (R7). A replay reads it, and asks nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The start of the cycle for which it holds; in any other it is nothing.
    pub cycle: Instant,
    /// How many contacts more may be counted; below zero: so many are given back.
    pub contacts: i64,
    /// How many contacts all partitions have counted, where this one is to tell the owners of it (M3).
    pub count: Option<u64>,
}

/// What a `configure` brought: a document, or why it could not be read as one.
#[derive(Clone, Debug, PartialEq)]
pub enum Configured {
    /// A document; whether it holds is found when it is compiled, which is done before the event is decided.
    Workspace(Arc<Workspace>),
    /// A document that was compiled already: where many partitions take the same one, it is compiled once.
    Compiled(Engine),
    /// It could not be read as its type: one fault, where reading stopped (F10).
    Unreadable(Problem),
}

impl Configured {
    /// The document, where it could be read.
    pub fn workspace(&self) -> Option<&Arc<Workspace>> {
        match self {
            Self::Workspace(workspace) => Some(workspace),
            Self::Compiled(engine) => Some(engine.workspace()),
            Self::Unreadable(_) => None,
        }
    }
}

impl From<Workspace> for Configured {
    fn from(workspace: Workspace) -> Self {
        Self::Workspace(Arc::new(workspace))
    }
}

impl Event {
    /// The contact the event is about, where it names one: the `user_id` of its record.
    pub fn user_id(&self) -> Option<&UserId> {
        match self {
            Self::Comment(comment) => Some(&comment.user_id),
            Self::CommentRemoved(of) | Self::CommentAnswerable(of) => Some(&of.user_id),
            Self::Message(message) => Some(&message.user_id),
            Self::Order(order) => Some(&order.user_id),
            Self::Identity { user_id, .. } => Some(user_id),
            Self::Act(act) => Some(&act.user_id),
            Self::MemberMessage(message) => Some(&message.user_id),
            Self::Erase(user_id) => Some(user_id),
            Self::Receipt(_)
            | Self::OrderCancelled(_)
            | Self::Refund(_)
            | Self::OrderReview { .. }
            | Self::Configure(_)
            | Self::Grant(_)
            | Self::Clock => None,
        }
    }
}

/// A text that somebody wrote, or a handle. It never shows in `Debug`, and so not in logs.
///
/// ```
/// let text = chatsparks_core::Text::from("PRICE?");
/// assert_eq!(text.as_str(), "PRICE?");
/// assert_eq!(format!("{text:?}"), "Text(6 bytes)");
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(Arc<str>);

impl Text {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Arc::from(text))
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Text({} bytes)", self.0.len())
    }
}
