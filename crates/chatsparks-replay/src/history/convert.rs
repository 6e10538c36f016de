//! From a line as it is written to an envelope, with every limit of `formats.md`.

use super::{
    error::{Flaw, HistoryErrorKind as Kind, Place, shown},
    raw::{Given, RawLine, RawLink, RawOrderLine, Str},
};
use crate::document::{Format, read_workspace};
use chatsparks_core::{
    Act, ActKind, Comment, CommentOf, Configured, DmStage, Envelope, Event, EventId, Grant, Instant, MemberMessage,
    Message, Order, OrderLine, Receipt, Refund, ReviewVerdict, Text, workspace::Link,
};
use std::sync::Arc;

/// The types of line, for an error to name.
const TYPES: &str = "`comment`, `comment_removed`, `comment_answerable`, `message`, `receipt`, `order`, \
    `order_cancelled`, `refund`, `identity`, `order_review`, `take`, `hand_back`, `close`, `assign`, \
    `member_message`, `block`, `unblock`, `configure`, `grant`, `erase` or `clock`";

/// Characters of an id that the platform names, of an email, of a currency.
const ID: usize = 256;
/// Characters of an id that people choose.
const CHOSEN_ID: usize = 64;
/// Characters of a DM's id.
const DM_ID: usize = 512;
/// Characters of a handle.
const HANDLE: usize = 256;
/// Bytes of a text.
const TEXT: usize = 1 << 20;
/// Characters of a member's message, as of any DM.
const DM_TEXT: usize = 6_000;
/// Characters of the id of an event that brings back what became of a DM; it begins so.
const OUTCOME_ID: usize = 600;
const OUTCOME: &str = "outcome:";
/// What a count may be.
const COUNT: std::ops::RangeInclusive<i64> = 1..=1_000_000_000;
/// What a grant may be: below zero, room is given back.
const GRANT: std::ops::RangeInclusive<i64> = -1_000_000_000..=1_000_000_000;
/// What an amount may be.
const AMOUNT: std::ops::RangeInclusive<i64> = 0..=i64::MAX;

/// The envelope of a line, or what is wrong with it.
pub(super) fn envelope(raw: &mut RawLine<'_>) -> Result<Envelope, Flaw> {
    let (id, at, event) = whole(raw, |at| instant(at, "at"))?;
    Ok(Envelope { id, at, event })
}

/// What a line that comes in from outside brings, or what is wrong with it.
pub(super) fn arrival(raw: &mut RawLine<'_>, may_bring_at: bool) -> Result<(EventId, Option<Instant>, Event), Flaw> {
    let (id, at, event) = whole(raw, |at| match at {
        Given::Absent => Ok(None),
        _ if may_bring_at => instant(at, "at").map(Some),
        _ => Err(bad("at", "no `at`: events are stamped when they come in, unless the service is told to `trust_at`")),
    })?;
    if id.as_str().starts_with(OUTCOME) {
        return Err(bad(
            "id",
            "an event id that does not begin with `outcome:`: what became of a DM is told from within",
        ));
    }
    if let Event::Grant(_) = event {
        return Err(bad("type", "another type: room is granted from within, and `grant` stands in exports alone"));
    }
    Ok((id, at, event))
}

fn whole<T>(
    raw: &mut RawLine<'_>,
    at: impl FnOnce(&mut Given<Str<'_>>) -> Result<T, Flaw>,
) -> Result<(EventId, T, Event), Flaw> {
    let is_outcome = matches!(&raw.id, Given::Value(id) if id.0.starts_with(OUTCOME));
    let id = id(&mut raw.id, "id", if is_outcome { OUTCOME_ID } else { ID })?;
    if id.starts_with("timer:") {
        return Err(bad("id", "an event id that does not begin with `timer:`"));
    }
    let at = at(&mut raw.at)?;
    let kind = required(&mut raw.kind, "type")?.0;
    if is_outcome && kind != "receipt" {
        return Err(bad("id", "an event id that does not begin with `outcome:`, which only a receipt's does"));
    }
    let event = event(&kind, raw)?;
    match raw.left_over() {
        None => Ok((EventId::from(id), at, event)),
        Some(field) => Err(Flaw {
            kind: Kind::MisplacedField,
            place: Place::field(field),
            expected: format!("field `{field}` does not belong to a line of type `{kind}`"),
        }),
    }
}

fn event(kind: &str, raw: &mut RawLine<'_>) -> Result<Event, Flaw> {
    Ok(match kind {
        "comment" => Event::Comment(Comment {
            comment_id: id(&mut raw.comment_id, "comment_id", ID)?.into(),
            post_id: id(&mut raw.post_id, "post_id", ID)?.into(),
            user_id: user_id(raw)?.into(),
            handle: handle(&mut raw.handle)?,
            text: text(required(&mut raw.text, "text")?, "text")?,
            posted_at: optional(&mut raw.posted_at, instant, "posted_at")?,
            reply_to: optional_id(&mut raw.reply_to, "reply_to", ID)?.map(Into::into),
            direct_reply: take(&mut raw.direct_reply).is_some_and(|truth| truth.0),
        }),
        "comment_removed" => Event::CommentRemoved(comment_of(raw)?),
        "comment_answerable" => Event::CommentAnswerable(comment_of(raw)?),
        "message" => Event::Message(Message {
            message_id: id(&mut raw.message_id, "message_id", ID)?.into(),
            user_id: user_id(raw)?.into(),
            handle: handle(&mut raw.handle)?,
            text: take(&mut raw.text).map(|value| text(value, "text")).transpose()?,
            option: optional_id(&mut raw.option, "option", CHOSEN_ID)?.map(Into::into),
        }),
        "receipt" => Event::Receipt(Receipt {
            dm_id: id(&mut raw.dm_id, "dm_id", DM_ID)?.into(),
            status: match &*required(&mut raw.status, "status")?.0 {
                "sent" => DmStage::Sent,
                "delivered" => DmStage::Delivered,
                "read" => DmStage::Read,
                "failed" => DmStage::Failed,
                _ => return Err(bad("status", "`sent`, `delivered`, `read` or `failed`")),
            },
            detail: take(&mut raw.detail).map(|value| text(value, "detail")).transpose()?,
        }),
        "order" => Event::Order(order(raw)?),
        "order_cancelled" => Event::OrderCancelled(id(&mut raw.order_id, "order_id", ID)?.into()),
        "refund" => Event::Refund(Refund {
            refund_id: id(&mut raw.refund_id, "refund_id", ID)?.into(),
            order_id: id(&mut raw.order_id, "order_id", ID)?.into(),
            amount_minor: amount(required(&mut raw.amount_minor, "amount_minor")?.0, Place::field("amount_minor"))?,
        }),
        "identity" => Event::Identity {
            user_id: user_id(raw)?.into(),
            shop_user_id: id(&mut raw.shop_user_id, "shop_user_id", ID)?.into(),
        },
        "order_review" => Event::OrderReview {
            order_id: id(&mut raw.order_id, "order_id", ID)?.into(),
            verdict: match &*required(&mut raw.verdict, "verdict")?.0 {
                "confirm" => ReviewVerdict::Confirm,
                "reject" => ReviewVerdict::Reject,
                _ => return Err(bad("verdict", "`confirm` or `reject`")),
            },
            member: member(raw)?.into(),
        },
        "take" => act(raw, ActKind::Take)?,
        "hand_back" => act(raw, ActKind::HandBack)?,
        "close" => act(raw, ActKind::Close)?,
        "block" => act(raw, ActKind::Block)?,
        "unblock" => act(raw, ActKind::Unblock)?,
        "assign" => {
            let to = id(&mut raw.to, "to", ID)?.into();
            act(raw, ActKind::Assign(to))?
        }
        "member_message" => Event::MemberMessage(MemberMessage {
            message_id: id(&mut raw.message_id, "message_id", ID)?.into(),
            user_id: user_id(raw)?.into(),
            member: member(raw)?.into(),
            text: dm_text(required(&mut raw.text, "text")?, "text")?,
            link: take(&mut raw.link).map(link).transpose()?,
        }),
        "configure" => {
            // The line itself was read, whatever the document in it: that is for the engine to refuse (F10).
            let document = required(&mut raw.workspace, "workspace")?.0.get();
            Event::Configure(Box::new(match read_workspace(document.as_bytes(), Format::Json) {
                Ok(workspace) => workspace.into(),
                Err(error) => Configured::Unreadable(error.into()),
            }))
        }
        "grant" => {
            let contacts = required(&mut raw.contacts, "contacts")?.0;
            if !GRANT.contains(&contacts) {
                return Err(bad("contacts", "a whole number from -1000000000 to 1000000000"));
            }
            let count = take(&mut raw.count)
                .map(|count| u64::try_from(count.0).map_err(|_| bad("count", "a whole number from 0")));
            Event::Grant(Grant { cycle: instant(&mut raw.cycle, "cycle")?, contacts, count: count.transpose()? })
        }
        "erase" => Event::Erase(user_id(raw)?.into()),
        "clock" => Event::Clock,
        other => {
            return Err(Flaw {
                kind: Kind::UnknownType,
                place: Place::field("type"),
                expected: match crate::plain::nearest(other, crate::plain::quoted(TYPES).into_iter()) {
                    Some(meant) => format!("unknown type `{}`: did you mean `{meant}`?", shown(other)),
                    None => format!("unknown type `{}`: expected {TYPES}", shown(other)),
                },
            });
        }
    })
}

fn act(raw: &mut RawLine<'_>, kind: ActKind) -> Result<Event, Flaw> {
    Ok(Event::Act(Act { user_id: user_id(raw)?.into(), member: member(raw)?.into(), kind }))
}

fn comment_of(raw: &mut RawLine<'_>) -> Result<CommentOf, Flaw> {
    Ok(CommentOf { comment_id: id(&mut raw.comment_id, "comment_id", ID)?.into(), user_id: user_id(raw)?.into() })
}

fn user_id(raw: &mut RawLine<'_>) -> Result<Arc<str>, Flaw> {
    id(&mut raw.user_id, "user_id", ID)
}

fn member(raw: &mut RawLine<'_>) -> Result<Arc<str>, Flaw> {
    id(&mut raw.member, "member", ID)
}

fn order(raw: &mut RawLine<'_>) -> Result<Order, Flaw> {
    let total = required(&mut raw.total_minor, "total_minor")?.0;
    let lines = required(&mut raw.lines, "lines")?.0;
    Ok(Order {
        order_id: id(&mut raw.order_id, "order_id", ID)?.into(),
        user_id: user_id(raw)?.into(),
        placed_at: optional(&mut raw.placed_at, instant, "placed_at")?,
        currency: id(&mut raw.currency, "currency", ID)?.into(),
        total_minor: amount(total, Place::field("total_minor"))?,
        lines: lines.into_iter().enumerate().map(|(index, line)| order_line(index, line)).collect::<Result<_, _>>()?,
    })
}

fn order_line(index: usize, mut raw: RawOrderLine<'_>) -> Result<OrderLine, Flaw> {
    let place = |inner| Place { field: Some("lines"), index: Some(index), inner: Some(inner) };
    let product = take(&mut raw.product_id).map(|value| checked_id(&value.0, place("product_id"), ID)).transpose()?;
    let quantity = take(&mut raw.quantity).map_or(1, |whole| whole.0);
    if !COUNT.contains(&quantity) {
        return Err(bad_at(place("quantity"), "a whole number from 1 to 1000000000"));
    }
    Ok(OrderLine {
        sku_id: checked_id(&required_at(&mut raw.sku_id, place("sku_id"))?.0, place("sku_id"), ID)?.into(),
        product_id: product.map(Into::into),
        quantity,
        amount_minor: amount(required_at(&mut raw.amount_minor, place("amount_minor"))?.0, place("amount_minor"))?,
    })
}

fn link(mut raw: RawLink<'_>) -> Result<Link, Flaw> {
    let part = |given: &mut Given<Str<'_>>, inner| {
        let place = Place { field: Some("link"), index: None, inner: Some(inner) };
        take(given).map(|value| checked_id(&value.0, place, ID)).transpose()
    };
    Ok(Link {
        product: part(&mut raw.product, "product")?.map(Into::into),
        sku: part(&mut raw.sku, "sku")?.map(Into::into),
    })
}

fn id(given: &mut Given<Str<'_>>, field: &'static str, limit: usize) -> Result<Arc<str>, Flaw> {
    checked_id(&required(given, field)?.0, Place::field(field), limit)
}

fn optional_id(given: &mut Given<Str<'_>>, field: &'static str, limit: usize) -> Result<Option<Arc<str>>, Flaw> {
    take(given).map(|value| checked_id(&value.0, Place::field(field), limit)).transpose()
}

fn checked_id(id: &str, place: Place, limit: usize) -> Result<Arc<str>, Flaw> {
    if id.is_empty() || is_longer(id, limit) || has_control(id) {
        return Err(bad_at(place, &format!("1 to {limit} characters, none of them a control character")));
    }
    Ok(Arc::from(id))
}

/// Whether a control character stands in a text: U+0000 to U+001F, and U+007F to U+009F.
fn has_control(text: &str) -> bool {
    let control = |byte: &u8| *byte < 0x20 || *byte == 0x7F;
    if text.is_ascii() { text.as_bytes().iter().any(control) } else { text.chars().any(char::is_control) }
}

fn handle(given: &mut Given<Str<'_>>) -> Result<Option<Text>, Flaw> {
    match take(given) {
        Some(handle) if is_longer(&handle.0, HANDLE) => Err(bad("handle", "at most 256 characters")),
        handle => Ok(handle.map(|handle| Text::from(&*handle.0))),
    }
}

fn text(value: Str<'_>, field: &'static str) -> Result<Text, Flaw> {
    check_text(&value.0, field)?;
    Ok(Text::from(&*value.0))
}

fn dm_text(value: Str<'_>, field: &'static str) -> Result<Text, Flaw> {
    if is_longer(&value.0, DM_TEXT) { Err(bad(field, "at most 6000 characters of text")) } else { text(value, field) }
}

fn check_text(text: &str, field: &'static str) -> Result<(), Flaw> {
    if text.len() > TEXT { Err(bad(field, "at most 1 MiB of text")) } else { Ok(()) }
}

/// Whether a text has more characters than the limit; counted only when its bytes leave that open.
fn is_longer(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().nth(limit).is_some()
}

fn instant(given: &mut Given<Str<'_>>, field: &'static str) -> Result<Instant, Flaw> {
    required(given, field)?.0.parse().map_err(|_| {
        bad(field, "an instant in RFC 3339, such as `2026-03-02T10:00:00Z`, between the years 1970 and 9999")
    })
}

fn amount(amount: i64, place: Place) -> Result<i64, Flaw> {
    if AMOUNT.contains(&amount) {
        Ok(amount)
    } else {
        Err(bad_at(place, "a whole number of minor units, not negative"))
    }
}

fn optional<T, V>(
    given: &mut Given<T>,
    read: impl Fn(&mut Given<T>, &'static str) -> Result<V, Flaw>,
    field: &'static str,
) -> Result<Option<V>, Flaw> {
    match given {
        Given::Value(_) => read(given, field).map(Some),
        _ => {
            *given = Given::Absent;
            Ok(None)
        }
    }
}

/// An optional field; `null` is left out.
fn take<T>(given: &mut Given<T>) -> Option<T> {
    match std::mem::take(given) {
        Given::Value(value) => Some(value),
        Given::Absent | Given::Null => None,
    }
}

fn required<T>(given: &mut Given<T>, field: &'static str) -> Result<T, Flaw> {
    required_at(given, Place::field(field))
}

fn required_at<T>(given: &mut Given<T>, place: Place) -> Result<T, Flaw> {
    match std::mem::take(given) {
        Given::Value(value) => Ok(value),
        Given::Absent => Err(Flaw { kind: Kind::MissingField, place, expected: format!("missing field `{place}`") }),
        Given::Null => Err(Flaw {
            kind: Kind::WrongKind,
            place,
            expected: format!("field `{place}`: expected a value, found null"),
        }),
    }
}

fn bad(field: &'static str, wanted: &str) -> Flaw {
    bad_at(Place::field(field), wanted)
}

fn bad_at(place: Place, wanted: &str) -> Flaw {
    Flaw { kind: Kind::BadValue, place, expected: format!("field `{place}`: expected {wanted}") }
}
