//! An event as its line of a history: what [`Reader`](crate::Reader) reads, written.

use crate::event_type::event_type;
use chatsparks_core::{ActKind, Envelope, Event};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// An event as its line of a history, without a line end.
///
/// ```
/// use chatsparks_core::{Envelope, Event};
/// use chatsparks_replay::HistoryLine;
/// let envelope = Envelope { id: "e1".into(), at: "2026-03-02T10:00:00Z".parse()?, event: Event::Clock };
/// let line = serde_json::to_string(&HistoryLine(&envelope))?;
/// assert_eq!(line, r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"clock"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct HistoryLine<'a>(
    /// The event.
    pub &'a Envelope,
);

impl std::fmt::Debug for HistoryLine<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "HistoryLine({})", self.0.id)
    }
}

impl Serialize for HistoryLine<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Envelope { id, at, event } = self.0;
        let mut line = to.serialize_map(None)?;
        line.serialize_entry("id", id)?;
        line.serialize_entry("at", at)?;
        line.serialize_entry("type", event_type(event))?;
        match event {
            Event::Comment(comment) => {
                line.serialize_entry("comment_id", &comment.comment_id)?;
                line.serialize_entry("post_id", &comment.post_id)?;
                line.serialize_entry("user_id", &comment.user_id)?;
                given(&mut line, "handle", comment.handle.as_ref())?;
                line.serialize_entry("text", &comment.text)?;
                given(&mut line, "posted_at", comment.posted_at.as_ref())?;
                given(&mut line, "reply_to", comment.reply_to.as_ref())?;
                given(&mut line, "direct_reply", comment.direct_reply.then_some(&true))?;
            }
            Event::CommentRemoved(of) | Event::CommentAnswerable(of) => {
                line.serialize_entry("comment_id", &of.comment_id)?;
                line.serialize_entry("user_id", &of.user_id)?;
            }
            Event::Message(message) => {
                line.serialize_entry("message_id", &message.message_id)?;
                line.serialize_entry("user_id", &message.user_id)?;
                given(&mut line, "handle", message.handle.as_ref())?;
                given(&mut line, "text", message.text.as_ref())?;
                given(&mut line, "option", message.option.as_ref())?;
            }
            Event::Receipt(receipt) => {
                line.serialize_entry("dm_id", &receipt.dm_id)?;
                line.serialize_entry("status", &receipt.status)?;
                given(&mut line, "detail", receipt.detail.as_ref())?;
            }
            Event::Order(order) => {
                line.serialize_entry("order_id", &order.order_id)?;
                line.serialize_entry("user_id", &order.user_id)?;
                given(&mut line, "placed_at", order.placed_at.as_ref())?;
                line.serialize_entry("currency", &order.currency)?;
                line.serialize_entry("total_minor", &order.total_minor)?;
                line.serialize_entry("lines", &order.lines.iter().map(OrderLine).collect::<Vec<_>>())?;
            }
            Event::OrderCancelled(order_id) => line.serialize_entry("order_id", order_id)?,
            Event::Refund(refund) => {
                line.serialize_entry("refund_id", &refund.refund_id)?;
                line.serialize_entry("order_id", &refund.order_id)?;
                line.serialize_entry("amount_minor", &refund.amount_minor)?;
            }
            Event::Identity { user_id, shop_user_id } => {
                line.serialize_entry("user_id", user_id)?;
                line.serialize_entry("shop_user_id", shop_user_id)?;
            }
            Event::OrderReview { order_id, verdict, member } => {
                line.serialize_entry("order_id", order_id)?;
                line.serialize_entry("verdict", verdict)?;
                line.serialize_entry("member", member)?;
            }
            Event::Act(act) => {
                line.serialize_entry("user_id", &act.user_id)?;
                line.serialize_entry("member", &act.member)?;
                if let ActKind::Assign(to) = &act.kind {
                    line.serialize_entry("to", to)?;
                }
            }
            Event::MemberMessage(message) => {
                line.serialize_entry("message_id", &message.message_id)?;
                line.serialize_entry("user_id", &message.user_id)?;
                line.serialize_entry("member", &message.member)?;
                line.serialize_entry("text", &message.text)?;
                given(&mut line, "link", message.link.as_ref())?;
            }
            // A document that could not be read is not kept: what stands in its place cannot be read either.
            Event::Configure(configured) => {
                line.serialize_entry("workspace", &configured.workspace().map(|workspace| &**workspace))?;
            }
            Event::Grant(grant) => {
                line.serialize_entry("cycle", &grant.cycle)?;
                line.serialize_entry("contacts", &grant.contacts)?;
                given(&mut line, "count", grant.count.as_ref())?;
            }
            Event::Erase(user_id) => line.serialize_entry("user_id", user_id)?,
            Event::Clock => {}
        }
        line.end()
    }
}

fn given<M: SerializeMap>(line: &mut M, name: &'static str, value: Option<&impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| line.serialize_entry(name, value))
}

struct OrderLine<'a>(&'a chatsparks_core::OrderLine);

impl Serialize for OrderLine<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut line = to.serialize_map(None)?;
        line.serialize_entry("sku_id", &self.0.sku_id)?;
        given(&mut line, "product_id", self.0.product_id.as_ref())?;
        line.serialize_entry("quantity", &self.0.quantity)?;
        line.serialize_entry("amount_minor", &self.0.amount_minor)?;
        line.end()
    }
}
