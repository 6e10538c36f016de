//! A line of events, as the OpenAPI document tells it: what is read is told by the reader of histories.

use serde::Serialize;
use utoipa::ToSchema;

/// One event. With `trust_at` a line may have an `at` besides.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code, reason = "only its shape is told")]
pub(crate) enum EventLine {
    /// Somebody commented on a post.
    Comment {
        id: NewId,
        comment_id: Id,
        post_id: Id,
        user_id: Id,
        text: String,
        #[schema(required = false)]
        handle: Option<Handle>,
        /// When the platform says it was posted.
        #[schema(required = false)]
        posted_at: Option<Moment>,
        /// The comment it replies to.
        #[schema(required = false)]
        reply_to: Option<Id>,
        /// Whether the platform marks it as answerable by a DM.
        #[schema(required = false)]
        direct_reply: Option<bool>,
    },
    /// A comment was deleted or hidden.
    CommentRemoved { id: NewId, comment_id: Id, user_id: Id },
    /// The platform says that a comment may be answered by a DM.
    CommentAnswerable { id: NewId, comment_id: Id, user_id: Id },
    /// A buyer wrote a DM.
    Message {
        id: NewId,
        message_id: Id,
        user_id: Id,
        #[schema(required = false)]
        handle: Option<Handle>,
        #[schema(required = false)]
        text: Option<String>,
        /// The option that was tapped.
        #[schema(required = false)]
        option: Option<ChosenId>,
    },
    /// What became of a DM.
    Receipt {
        id: NewId,
        /// The DM: its effect's id.
        dm_id: DmId,
        status: Stage,
        #[schema(required = false)]
        detail: Option<String>,
    },
    /// An order was placed.
    Order {
        id: NewId,
        order_id: Id,
        user_id: Id,
        currency: Id,
        #[schema(minimum = 0)]
        total_minor: i64,
        lines: Vec<OrderLineShape>,
        #[schema(required = false)]
        placed_at: Option<Moment>,
    },
    /// An order was cancelled.
    OrderCancelled { id: NewId, order_id: Id },
    /// An order was refunded.
    Refund {
        id: NewId,
        refund_id: Id,
        order_id: Id,
        #[schema(minimum = 0)]
        amount_minor: i64,
    },
    /// A shop id belongs to a contact.
    Identity { id: NewId, user_id: Id, shop_user_id: Id },
    /// A member judges a soft order.
    OrderReview { id: NewId, order_id: Id, verdict: Verdict, member: Id },
    /// A member takes a conversation.
    Take { id: NewId, user_id: Id, member: Id },
    /// A member gives a conversation back to the bot.
    HandBack { id: NewId, user_id: Id, member: Id },
    /// A member closes a conversation.
    Close { id: NewId, user_id: Id, member: Id },
    /// A member gives a conversation to a member.
    Assign { id: NewId, user_id: Id, member: Id, to: Id },
    /// A member writes a DM.
    MemberMessage {
        id: NewId,
        message_id: Id,
        user_id: Id,
        member: Id,
        #[schema(max_length = 6000)]
        text: String,
        #[schema(required = false)]
        link: Option<LinkShape>,
    },
    /// A member blocks a contact.
    Block { id: NewId, user_id: Id, member: Id },
    /// A member unblocks a contact.
    Unblock { id: NewId, user_id: Id, member: Id },
    /// The next revision of the document.
    Configure {
        id: NewId,
        /// A whole document; one that cannot be read as such is refused by the engine, on record.
        workspace: serde_json::Value,
    },
    /// A person is forgotten.
    Erase { id: NewId, user_id: Id },
    /// Time passes.
    Clock { id: NewId },
}

/// A line of an order.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderLine)]
pub(crate) struct OrderLineShape {
    sku_id: Id,
    #[schema(required = false)]
    product_id: Option<Id>,
    #[schema(required = false, minimum = 1, maximum = 1_000_000_000)]
    quantity: Option<i64>,
    #[schema(minimum = 0)]
    amount_minor: i64,
}

/// A product card in a member's message.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Link)]
pub(crate) struct LinkShape {
    #[schema(required = false)]
    product: Option<Id>,
    #[schema(required = false)]
    sku: Option<Id>,
}

/// An id of an event: the same each time it is sent.
#[derive(Serialize, ToSchema)]
#[schema(min_length = 1, max_length = 256, pattern = r"^(?!timer:|outcome:)[^\u0000-\u001F\u007F-\u009F]+$")]
pub(crate) struct NewId(String);

/// An id that the platform names, an email, a currency.
#[derive(Serialize, ToSchema)]
#[schema(min_length = 1, max_length = 256, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
pub(crate) struct Id(String);

/// An id of a DM: its effect's.
#[derive(Serialize, ToSchema)]
#[schema(min_length = 1, max_length = 512, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
pub(crate) struct DmId(String);

/// An id that people choose.
#[derive(Serialize, ToSchema)]
#[schema(min_length = 1, max_length = 64, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
pub(crate) struct ChosenId(String);

/// What somebody is called on the platform.
#[derive(Serialize, ToSchema)]
#[schema(max_length = 256)]
pub(crate) struct Handle(String);

/// An instant in RFC 3339, between the years 1970 and 9999.
#[derive(Serialize, ToSchema)]
#[schema(format = "date-time", pattern = r"^(19[7-9]\d|[2-9]\d{3})-")]
pub(crate) struct Moment(String);

/// A stage in the life of a DM.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "only its shape is told")]
pub(crate) enum Stage {
    Sent,
    Delivered,
    Read,
    Failed,
}

/// What a member says of an order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "only its shape is told")]
pub(crate) enum Verdict {
    Confirm,
    Reject,
}
