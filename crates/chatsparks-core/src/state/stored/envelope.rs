//! Events in their envelopes as a log keeps them until they are decided.

use super::{Sealed, Version, is_false, unknown_version};
use crate::{
    Act, ActKind, Comment, CommentId, CommentOf, Configured, Currency, DmId, DmStage, Email, Envelope, Event, EventId,
    Grant, Instant, MemberMessage, Message, MessageId, OptionId, Order, OrderId, OrderLine, PostId, Problem, ProductId,
    Receipt, Refund, RefundId, ReviewVerdict, ShopUserId, SkuId, Text, UserId,
    document::workspace::{Link, Workspace},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeV1 {
    #[serde(skip_deserializing)]
    v: Version<1>,
    id: EventId,
    at: Instant,
    event: EventV1,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum EventV1 {
    Comment(CommentV1),
    CommentRemoved(CommentOfV1),
    CommentAnswerable(CommentOfV1),
    Message(MessageV1),
    Receipt(ReceiptV1),
    Order(OrderV1),
    OrderCancelled {
        order_id: OrderId,
    },
    Refund {
        refund_id: RefundId,
        order_id: OrderId,
        amount_minor: i64,
    },
    Identity {
        user_id: UserId,
        shop_user_id: ShopUserId,
    },
    OrderReview {
        order_id: OrderId,
        verdict: ReviewVerdict,
        member: Email,
    },
    Act(ActV1),
    MemberMessage(MemberMessageV1),
    Configure {
        workspace: Arc<Workspace>,
    },
    Unreadable(Problem),
    Grant {
        cycle: Instant,
        contacts: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
    },
    Erase {
        user_id: UserId,
    },
    Clock {},
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommentV1 {
    comment_id: CommentId,
    post_id: PostId,
    user_id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handle: Option<Text>,
    text: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    posted_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<CommentId>,
    #[serde(default, skip_serializing_if = "is_false")]
    direct_reply: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommentOfV1 {
    comment_id: CommentId,
    user_id: UserId,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageV1 {
    message_id: MessageId,
    user_id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handle: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    option: Option<OptionId>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptV1 {
    dm_id: DmId,
    status: DmStage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<Text>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderV1 {
    order_id: OrderId,
    user_id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    placed_at: Option<Instant>,
    currency: Currency,
    total_minor: i64,
    lines: Vec<OrderLineV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderLineV1 {
    sku_id: SkuId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    product_id: Option<ProductId>,
    quantity: i64,
    amount_minor: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActV1 {
    user_id: UserId,
    member: Email,
    kind: ActKindV1,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ActKindV1 {
    Take,
    Assign(Email),
    HandBack,
    Close,
    Block,
    Unblock,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberMessageV1 {
    message_id: MessageId,
    user_id: UserId,
    member: Email,
    text: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<Link>,
}

impl Sealed for Envelope {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { id, at, event } = self.clone();
        EnvelopeV1 { v: Version, id, at, event: EventV1::of(event) }.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error> {
        if version != 1 {
            return Err(unknown_version(version, 1));
        }
        let EnvelopeV1 { v: Version, id, at, event } = EnvelopeV1::deserialize(rest)?;
        Ok(Self { id, at, event: event.event() })
    }
}

impl EventV1 {
    fn of(event: Event) -> Self {
        match event {
            Event::Comment(comment) => Self::Comment(CommentV1::of(comment)),
            Event::CommentRemoved(of) => Self::CommentRemoved(CommentOfV1::of(of)),
            Event::CommentAnswerable(of) => Self::CommentAnswerable(CommentOfV1::of(of)),
            Event::Message(Message { message_id, user_id, handle, text, option }) => {
                Self::Message(MessageV1 { message_id, user_id, handle, text, option })
            }
            Event::Receipt(Receipt { dm_id, status, detail }) => Self::Receipt(ReceiptV1 { dm_id, status, detail }),
            Event::Order(order) => Self::Order(OrderV1::of(order)),
            Event::OrderCancelled(order_id) => Self::OrderCancelled { order_id },
            Event::Refund(Refund { refund_id, order_id, amount_minor }) => {
                Self::Refund { refund_id, order_id, amount_minor }
            }
            Event::Identity { user_id, shop_user_id } => Self::Identity { user_id, shop_user_id },
            Event::OrderReview { order_id, verdict, member } => Self::OrderReview { order_id, verdict, member },
            Event::Act(Act { user_id, member, kind }) => {
                Self::Act(ActV1 { user_id, member, kind: ActKindV1::of(kind) })
            }
            Event::MemberMessage(MemberMessage { message_id, user_id, member, text, link }) => {
                Self::MemberMessage(MemberMessageV1 { message_id, user_id, member, text, link })
            }
            Event::Configure(configured) => match *configured {
                Configured::Workspace(workspace) => Self::Configure { workspace },
                Configured::Compiled(engine) => Self::Configure { workspace: engine.workspace().clone() },
                Configured::Unreadable(problem) => Self::Unreadable(problem),
            },
            Event::Grant(Grant { cycle, contacts, count }) => Self::Grant { cycle, contacts, count },
            Event::Erase(user_id) => Self::Erase { user_id },
            Event::Clock => Self::Clock {},
        }
    }

    fn event(self) -> Event {
        match self {
            Self::Comment(comment) => Event::Comment(comment.comment()),
            Self::CommentRemoved(of) => Event::CommentRemoved(of.comment_of()),
            Self::CommentAnswerable(of) => Event::CommentAnswerable(of.comment_of()),
            Self::Message(MessageV1 { message_id, user_id, handle, text, option }) => {
                Event::Message(Message { message_id, user_id, handle, text, option })
            }
            Self::Receipt(ReceiptV1 { dm_id, status, detail }) => Event::Receipt(Receipt { dm_id, status, detail }),
            Self::Order(order) => Event::Order(order.order()),
            Self::OrderCancelled { order_id } => Event::OrderCancelled(order_id),
            Self::Refund { refund_id, order_id, amount_minor } => {
                Event::Refund(Refund { refund_id, order_id, amount_minor })
            }
            Self::Identity { user_id, shop_user_id } => Event::Identity { user_id, shop_user_id },
            Self::OrderReview { order_id, verdict, member } => Event::OrderReview { order_id, verdict, member },
            Self::Act(ActV1 { user_id, member, kind }) => Event::Act(Act { user_id, member, kind: kind.kind() }),
            Self::MemberMessage(MemberMessageV1 { message_id, user_id, member, text, link }) => {
                Event::MemberMessage(MemberMessage { message_id, user_id, member, text, link })
            }
            Self::Configure { workspace } => Event::Configure(Box::new(Configured::Workspace(workspace))),
            Self::Unreadable(problem) => Event::Configure(Box::new(Configured::Unreadable(problem))),
            Self::Grant { cycle, contacts, count } => Event::Grant(Grant { cycle, contacts, count }),
            Self::Erase { user_id } => Event::Erase(user_id),
            Self::Clock {} => Event::Clock,
        }
    }
}

impl CommentV1 {
    pub(super) fn of(comment: Comment) -> Self {
        let Comment { comment_id, post_id, user_id, handle, text, posted_at, reply_to, direct_reply } = comment;
        Self { comment_id, post_id, user_id, handle, text, posted_at, reply_to, direct_reply }
    }

    pub(super) fn comment(self) -> Comment {
        let Self { comment_id, post_id, user_id, handle, text, posted_at, reply_to, direct_reply } = self;
        Comment { comment_id, post_id, user_id, handle, text, posted_at, reply_to, direct_reply }
    }
}

impl CommentOfV1 {
    fn of(CommentOf { comment_id, user_id }: CommentOf) -> Self {
        Self { comment_id, user_id }
    }

    fn comment_of(self) -> CommentOf {
        let Self { comment_id, user_id } = self;
        CommentOf { comment_id, user_id }
    }
}

impl OrderV1 {
    fn of(order: Order) -> Self {
        let Order { order_id, user_id, placed_at, currency, total_minor, lines } = order;
        let line = |OrderLine { sku_id, product_id, quantity, amount_minor }| OrderLineV1 {
            sku_id,
            product_id,
            quantity,
            amount_minor,
        };
        Self { order_id, user_id, placed_at, currency, total_minor, lines: lines.into_iter().map(line).collect() }
    }

    fn order(self) -> Order {
        let Self { order_id, user_id, placed_at, currency, total_minor, lines } = self;
        let line = |OrderLineV1 { sku_id, product_id, quantity, amount_minor }| OrderLine {
            sku_id,
            product_id,
            quantity,
            amount_minor,
        };
        Order { order_id, user_id, placed_at, currency, total_minor, lines: lines.into_iter().map(line).collect() }
    }
}

impl ActKindV1 {
    fn of(kind: ActKind) -> Self {
        match kind {
            ActKind::Take => Self::Take,
            ActKind::Assign(to) => Self::Assign(to),
            ActKind::HandBack => Self::HandBack,
            ActKind::Close => Self::Close,
            ActKind::Block => Self::Block,
            ActKind::Unblock => Self::Unblock,
        }
    }

    fn kind(self) -> ActKind {
        match self {
            Self::Take => ActKind::Take,
            Self::Assign(to) => ActKind::Assign(to),
            Self::HandBack => ActKind::HandBack,
            Self::Close => ActKind::Close,
            Self::Block => ActKind::Block,
            Self::Unblock => ActKind::Unblock,
        }
    }
}
