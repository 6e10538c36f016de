//! A line of a history as a JSON Schema, by its type: for editors. What is read is [`raw`](super::raw) and
//! [`convert`](super::convert), and a test holds the two to each other.

use chatsparks_core::{
    CommentId, Currency, DmId, Email, EventId, Instant, MessageId, OptionId, OrderId, PostId, ProductId, RefundId,
    ShopUserId, SkuId, UserId,
    workspace::{Link, Workspace},
};
use schemars::JsonSchema;

/// One event of a history.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema of it is asked for")]
pub(crate) enum Line {
    /// Somebody commented on a post. `posted_at` is the platform's word, else it is `at`; `reply_to` is the comment that
    /// it answers; `direct_reply` says that the platform lets it be answered by a DM (P3).
    Comment {
        id: EventId,
        at: Instant,
        comment_id: CommentId,
        post_id: PostId,
        user_id: UserId,
        handle: Option<String>,
        text: String,
        posted_at: Option<Instant>,
        reply_to: Option<CommentId>,
        direct_reply: Option<bool>,
    },
    /// A comment was deleted or hidden (P5).
    CommentRemoved { id: EventId, at: Instant, comment_id: CommentId, user_id: UserId },
    /// The platform says that a comment may be answered by a DM, after the comment came (P3).
    CommentAnswerable { id: EventId, at: Instant, comment_id: CommentId, user_id: UserId },
    /// A buyer wrote a DM, or tapped an option.
    Message {
        id: EventId,
        at: Instant,
        message_id: MessageId,
        user_id: UserId,
        handle: Option<String>,
        text: Option<String>,
        option: Option<OptionId>,
    },
    /// What became of a DM (V11).
    Receipt { id: EventId, at: Instant, dm_id: DmId, status: Status, detail: Option<String> },
    /// An order was placed in the shop. Without `placed_at` it was placed `at`.
    Order {
        id: EventId,
        at: Instant,
        order_id: OrderId,
        user_id: UserId,
        placed_at: Option<Instant>,
        currency: Currency,
        #[schemars(range(min = 0))]
        total_minor: i64,
        lines: Vec<OrderLine>,
    },
    /// An order was cancelled (A6).
    OrderCancelled { id: EventId, at: Instant, order_id: OrderId },
    /// An order was refunded in part or whole (A6).
    Refund {
        id: EventId,
        at: Instant,
        refund_id: RefundId,
        order_id: OrderId,
        #[schemars(range(min = 0))]
        amount_minor: i64,
    },
    /// A shop id belongs to a contact (A1).
    Identity { id: EventId, at: Instant, user_id: UserId, shop_user_id: ShopUserId },
    /// A member judges a soft order (A6).
    OrderReview { id: EventId, at: Instant, order_id: OrderId, verdict: Verdict, member: Email },
    /// A member takes a conversation (V7).
    Take { id: EventId, at: Instant, user_id: UserId, member: Email },
    /// A member hands a conversation back to the bot (V8).
    HandBack { id: EventId, at: Instant, user_id: UserId, member: Email },
    /// A member closes a conversation (V7).
    Close { id: EventId, at: Instant, user_id: UserId, member: Email },
    /// A member gives a conversation to another (V7).
    Assign { id: EventId, at: Instant, user_id: UserId, member: Email, to: Email },
    /// A member writes a DM (V7).
    MemberMessage {
        id: EventId,
        at: Instant,
        message_id: MessageId,
        user_id: UserId,
        member: Email,
        text: String,
        link: Option<Link>,
    },
    /// A member blocks a contact (V10).
    Block { id: EventId, at: Instant, user_id: UserId, member: Email },
    /// A member unblocks a contact (V10).
    Unblock { id: EventId, at: Instant, user_id: UserId, member: Email },
    /// The workspace changes: the next revision.
    Configure { id: EventId, at: Instant, workspace: Box<Workspace> },
    /// Room that a partition was given under the limit; only in the exported history of a partition.
    Grant {
        id: EventId,
        at: Instant,
        cycle: Instant,
        #[schemars(range(min = -1_000_000_000, max = 1_000_000_000))]
        contacts: i64,
        count: Option<u64>,
    },
    /// All that is kept of a contact is erased.
    Erase { id: EventId, at: Instant, user_id: UserId },
    /// Time passes.
    Clock { id: EventId, at: Instant },
}

/// A stage in the life of a DM that the platform tells of (V11).
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the schema of it is asked for")]
pub(crate) enum Status {
    Sent,
    Delivered,
    Read,
    Failed,
}

/// What a member says of a soft order (A6).
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the schema of it is asked for")]
pub(crate) enum Verdict {
    Confirm,
    Reject,
}

/// A line of an order.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema of it is asked for")]
pub(crate) struct OrderLine {
    sku_id: SkuId,
    product_id: Option<ProductId>,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    quantity: Option<i64>,
    #[schemars(range(min = 0))]
    amount_minor: i64,
}
