//! A line of events, as the OpenAPI document tells it: what is read is told by the reader of histories.

use serde::Serialize;
use utoipa::ToSchema;

/// One event. With `trust_at` a line may have an `at` besides.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(dead_code, reason = "only its shape is told")]
pub(crate) enum EventLine {
    /// Somebody commented on a post.
    Comment {
        id: String,
        comment_id: String,
        post_id: String,
        user_id: String,
        text: String,
        #[schema(required = false)]
        handle: Option<String>,
        /// When the platform says it was posted.
        #[schema(required = false, format = "date-time")]
        posted_at: Option<String>,
        /// The comment it replies to.
        #[schema(required = false)]
        reply_to: Option<String>,
        /// Whether the platform marks it as answerable by a DM.
        #[schema(required = false)]
        direct_reply: Option<bool>,
    },
    /// A comment was deleted or hidden.
    CommentRemoved { id: String, comment_id: String, user_id: String },
    /// The platform says that a comment may be answered by a DM.
    CommentAnswerable { id: String, comment_id: String, user_id: String },
    /// A buyer wrote a DM.
    Message {
        id: String,
        message_id: String,
        user_id: String,
        #[schema(required = false)]
        handle: Option<String>,
        #[schema(required = false)]
        text: Option<String>,
        /// The option that was tapped.
        #[schema(required = false)]
        option: Option<String>,
    },
    /// What became of a DM.
    Receipt {
        id: String,
        /// The DM: its effect's id.
        dm_id: String,
        /// `sent`, `delivered`, `read` or `failed`.
        #[schema(pattern = "^(sent|delivered|read|failed)$")]
        status: String,
        #[schema(required = false)]
        detail: Option<String>,
    },
    /// An order was placed.
    Order {
        id: String,
        order_id: String,
        user_id: String,
        currency: String,
        #[schema(minimum = 0)]
        total_minor: i64,
        lines: Vec<OrderLineShape>,
        #[schema(required = false, format = "date-time")]
        placed_at: Option<String>,
    },
    /// An order was cancelled.
    OrderCancelled { id: String, order_id: String },
    /// An order was refunded.
    Refund {
        id: String,
        refund_id: String,
        order_id: String,
        #[schema(minimum = 0)]
        amount_minor: i64,
    },
    /// A shop id belongs to a contact.
    Identity { id: String, user_id: String, shop_user_id: String },
    /// A member judges a soft order.
    OrderReview {
        id: String,
        order_id: String,
        #[schema(pattern = "^(confirm|reject)$")]
        verdict: String,
        member: String,
    },
    /// A member takes a conversation.
    Take { id: String, user_id: String, member: String },
    /// A member gives a conversation back to the bot.
    HandBack { id: String, user_id: String, member: String },
    /// A member closes a conversation.
    Close { id: String, user_id: String, member: String },
    /// A member gives a conversation to a member.
    Assign { id: String, user_id: String, member: String, to: String },
    /// A member writes a DM.
    MemberMessage {
        id: String,
        message_id: String,
        user_id: String,
        member: String,
        #[schema(max_length = 6000)]
        text: String,
        #[schema(required = false)]
        link: Option<LinkShape>,
    },
    /// A member blocks a contact.
    Block { id: String, user_id: String, member: String },
    /// A member unblocks a contact.
    Unblock { id: String, user_id: String, member: String },
    /// The next revision of the document.
    Configure {
        id: String,
        #[schema(value_type = Object)]
        workspace: serde_json::Value,
    },
    /// A person is forgotten.
    Erase { id: String, user_id: String },
    /// Time passes.
    Clock { id: String },
}

/// A line of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub(crate) struct OrderLineShape {
    sku_id: String,
    #[schema(required = false)]
    product_id: Option<String>,
    #[schema(required = false, minimum = 1, maximum = 1_000_000_000)]
    quantity: Option<i64>,
    #[schema(minimum = 0)]
    amount_minor: i64,
}

/// A product card in a member's message.
#[derive(Serialize, ToSchema)]
#[schema(as = Link)]
pub(crate) struct LinkShape {
    #[schema(required = false)]
    product: Option<String>,
    #[schema(required = false)]
    sku: Option<String>,
}
