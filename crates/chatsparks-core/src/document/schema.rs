//! JSON Schemas of what does not read itself by derived code: names, instants, blocks, cases, replies.

use crate::{
    BlockId, CommentId, Currency, DmId, Email, EventId, Field, FlowId, Instant, MessageId, OptionId, OrderId, PostId,
    ProductId, RefundId, ShopUserId, SkuId, Tag, TriggerId, UserId, WorkspaceId,
    document::workspace::{
        Block, Branch, Case, Handoff, MessageBlock, Question, QuickReplies, Replies, ShopLink, TagBlock, Wait,
    },
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// A text that is not empty.
macro_rules! names {
    ($($name:ident),*) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool { true }
            fn schema_name() -> Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut SchemaGenerator) -> Schema { json_schema!({ "type": "string", "minLength": 1 }) }
        }
    )*};
}

names!(
    BlockId,
    CommentId,
    Currency,
    DmId,
    Email,
    EventId,
    Field,
    FlowId,
    MessageId,
    OptionId,
    OrderId,
    PostId,
    ProductId,
    RefundId,
    ShopUserId,
    SkuId,
    Tag,
    TriggerId,
    UserId,
    WorkspaceId
);

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

impl JsonSchema for Replies {
    fn schema_name() -> Cow<'static, str> {
        "Replies".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The variants of a public reply (C9): a single text or a list.",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
        })
    }
}

/// An `id`, one kind, and perhaps a `goto`.
impl JsonSchema for Block {
    fn schema_name() -> Cow<'static, str> {
        "Block".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let id = generator.subschema_for::<BlockId>();
        let goto = generator.subschema_for::<Option<BlockId>>();
        let kinds = [
            ("message", generator.subschema_for::<MessageBlock>()),
            ("question", generator.subschema_for::<Question>()),
            ("quick_replies", generator.subschema_for::<QuickReplies>()),
            ("branch", generator.subschema_for::<Branch>()),
            ("shop_link", generator.subschema_for::<ShopLink>()),
            ("handoff", generator.subschema_for::<Handoff>()),
            ("wait", generator.subschema_for::<Wait>()),
            ("tag", generator.subschema_for::<TagBlock>()),
        ];
        let kinds = kinds.map(|(kind, body)| {
            json_schema!({
                "type": "object",
                "properties": { "id": id, (kind): body, "goto": goto },
                "required": ["id", kind],
                "additionalProperties": false,
            })
        });
        json_schema!({ "description": "One block: an `id`, one kind, and perhaps a `goto` (F1).", "oneOf": kinds })
    }
}

/// One of three tests, and a `goto`.
impl JsonSchema for Case {
    fn schema_name() -> Cow<'static, str> {
        "Case".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let goto = generator.subschema_for::<BlockId>();
        let text = generator.subschema_for::<String>();
        let texts = generator.subschema_for::<Vec<String>>();
        let tests = [("equals", &text), ("contains", &text), ("one_of", &texts)].map(|(test, held)| {
            json_schema!({
                "type": "object",
                "properties": { (test): held, "goto": goto },
                "required": [test, "goto"],
                "additionalProperties": false,
            })
        });
        json_schema!({ "description": "One case of a branch: a test, and where it goes on (F6).", "oneOf": tests })
    }
}
