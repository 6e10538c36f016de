//! A line as it is written: every field of every type, borrowed from the line.
//!
//! One flat structure reads faster than one for each type behind a tag, and tells a field that
//! belongs to another type from one that belongs to none.

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, marker::PhantomData};

/// Lines of an order at most (`formats.md`).
pub(super) const ORDER_LINES: usize = 10_000;

/// A field: left out, `null`, or given.
#[derive(Default)]
pub(super) enum Given<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

/// A text, borrowed from the line unless it holds escapes.
#[derive(Deserialize)]
pub(super) struct Str<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

macro_rules! raw {
    ($(#[$doc:meta])* $raw:ident, $fields:ident: $($(#[$meta:meta])* $name:ident $written:literal $kind:ty,)*) => {
        $(#[$doc])*
        #[derive(Deserialize, Default)]
        #[serde(deny_unknown_fields, default, remote = "Self")]
        pub(super) struct $raw<'a> {
            $(#[serde(borrow, rename = $written)] $(#[$meta])* pub(super) $name: $kind,)*
        }

        /// The names of those fields, as they are written.
        pub(super) const $fields: &[&str] = &[$($written),*];

        impl<'de: 'a, 'a> Deserialize<'de> for $raw<'a> {
            /// From an object alone: what is derived would take a list, its fields by their places.
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Object<'a>(PhantomData<&'a ()>);
                impl<'de: 'a, 'a> Visitor<'de> for Object<'a> {
                    type Value = $raw<'a>;
                    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                        out.write_str("an object")
                    }
                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                        $raw::deserialize(MapAccessDeserializer::new(map))
                    }
                }
                from.deserialize_map(Object(PhantomData))
            }
        }

        impl $raw<'_> {
            #[allow(dead_code, reason = "only a whole line can hold a field of another type")]
            /// The first field given that nobody took.
            pub(super) fn left_over(&self) -> Option<&'static str> {
                $(if !matches!(self.$name, Given::Absent) { return Some($written); })*
                None
            }
        }
    };
}

type Text<'a> = Given<Str<'a>>;
type Whole<'a> = Given<Number<'a, i64>>;
type Truth<'a> = Given<Number<'a, bool>>;

raw! {
    /// A line with every field of every type.
    RawLine, FIELDS:
    id "id" Text<'a>,
    at "at" Text<'a>,
    kind "type" Text<'a>,
    amount_minor "amount_minor" Whole<'a>,
    comment_id "comment_id" Text<'a>,
    contacts "contacts" Whole<'a>,
    count "count" Whole<'a>,
    currency "currency" Text<'a>,
    cycle "cycle" Text<'a>,
    detail "detail" Text<'a>,
    direct_reply "direct_reply" Truth<'a>,
    dm_id "dm_id" Text<'a>,
    handle "handle" Text<'a>,
    lines "lines" Given<RawOrderLines<'a>>,
    link "link" Given<RawLink<'a>>,
    member "member" Text<'a>,
    message_id "message_id" Text<'a>,
    option "option" Text<'a>,
    order_id "order_id" Text<'a>,
    placed_at "placed_at" Text<'a>,
    post_id "post_id" Text<'a>,
    posted_at "posted_at" Text<'a>,
    refund_id "refund_id" Text<'a>,
    reply_to "reply_to" Text<'a>,
    shop_user_id "shop_user_id" Text<'a>,
    status "status" Text<'a>,
    text "text" Text<'a>,
    to "to" Text<'a>,
    total_minor "total_minor" Whole<'a>,
    user_id "user_id" Text<'a>,
    verdict "verdict" Text<'a>,
    workspace "workspace" Given<Document<'a>>,
}

raw! {
    /// A line of an order.
    RawOrderLine, ORDER_LINE_FIELDS:
    sku_id "sku_id" Text<'a>,
    product_id "product_id" Text<'a>,
    quantity "quantity" Whole<'a>,
    amount_minor "amount_minor" Whole<'a>,
}

raw! {
    /// A link in a member's message.
    RawLink, LINK_FIELDS:
    product "product" Text<'a>,
    sku "sku" Text<'a>,
}

/// A plain value; the lifetime is there so that all fields are declared alike.
pub(super) struct Number<'a, T>(pub(super) T, PhantomData<&'a ()>);

/// A document as it is written, read on its own.
#[derive(Deserialize)]
pub(super) struct Document<'a>(#[serde(borrow)] pub(super) &'a RawValue);

/// The lines of an order, never more than their limit.
pub(super) struct RawOrderLines<'a>(pub(super) Vec<RawOrderLine<'a>>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Number<'_, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(|value| Self(value, PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(|value| value.map_or(Self::Null, Self::Value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawOrderLines<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Lines<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Lines<'a> {
            type Value = RawOrderLines<'a>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list of order lines")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut lines = Vec::new();
                while let Some(line) = list.next_element()? {
                    // Refused while reading, so that a long list never stands in memory whole.
                    if lines.len() == ORDER_LINES {
                        return Err(A::Error::custom("too many order lines"));
                    }
                    lines.push(line);
                }
                Ok(RawOrderLines(lines))
            }
        }
        from.deserialize_seq(Lines(PhantomData))
    }
}
