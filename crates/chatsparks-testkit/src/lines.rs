//! Histories as the lines of a history file, for people who read a failed test.

use chatsparks_core::{ActKind, Envelope, Event};
use serde_json::{Value, json};
use std::fmt::Write;

/// A whole history, one event a line.
pub fn history(history: &[Envelope]) -> String {
    history.iter().fold(String::new(), |mut out, envelope| {
        let _ = writeln!(out, "{}", line(envelope));
        out
    })
}

/// One event as its line. A document that could not be read is written as `null`.
pub fn line(envelope: &Envelope) -> Value {
    let mut line = match &envelope.event {
        Event::Comment(comment) => json!({
            "type": "comment", "comment_id": comment.comment_id, "post_id": comment.post_id,
            "user_id": comment.user_id, "handle": comment.handle, "text": comment.text,
            "posted_at": comment.posted_at, "reply_to": comment.reply_to, "direct_reply": comment.direct_reply,
        }),
        Event::CommentRemoved(of) => {
            json!({ "type": "comment_removed", "comment_id": of.comment_id, "user_id": of.user_id })
        }
        Event::CommentAnswerable(of) => {
            json!({ "type": "comment_answerable", "comment_id": of.comment_id, "user_id": of.user_id })
        }
        Event::Message(message) => json!({
            "type": "message", "message_id": message.message_id, "user_id": message.user_id,
            "handle": message.handle, "text": message.text, "option": message.option,
        }),
        Event::Receipt(receipt) => json!({
            "type": "receipt", "dm_id": receipt.dm_id, "status": receipt.status, "detail": receipt.detail,
        }),
        Event::Order(order) => {
            let lines = order.lines.iter().map(|line| {
                json!({
                    "sku_id": line.sku_id, "product_id": line.product_id, "quantity": line.quantity,
                    "amount_minor": line.amount_minor,
                })
            });
            json!({
                "type": "order", "order_id": order.order_id, "user_id": order.user_id, "placed_at": order.placed_at,
                "currency": order.currency, "total_minor": order.total_minor, "lines": lines.collect::<Vec<_>>(),
            })
        }
        Event::OrderCancelled(order_id) => json!({ "type": "order_cancelled", "order_id": order_id }),
        Event::Refund(refund) => json!({
            "type": "refund", "refund_id": refund.refund_id, "order_id": refund.order_id,
            "amount_minor": refund.amount_minor,
        }),
        Event::Identity { user_id, shop_user_id } => {
            json!({ "type": "identity", "user_id": user_id, "shop_user_id": shop_user_id })
        }
        Event::OrderReview { order_id, verdict, member } => {
            json!({ "type": "order_review", "order_id": order_id, "verdict": verdict, "member": member })
        }
        Event::Act(act) => {
            let (kind, to) = match &act.kind {
                ActKind::Take => ("take", None),
                ActKind::Assign(to) => ("assign", Some(to)),
                ActKind::HandBack => ("hand_back", None),
                ActKind::Close => ("close", None),
                ActKind::Block => ("block", None),
                ActKind::Unblock => ("unblock", None),
            };
            json!({ "type": kind, "user_id": act.user_id, "member": act.member, "to": to })
        }
        Event::MemberMessage(message) => json!({
            "type": "member_message", "message_id": message.message_id, "user_id": message.user_id,
            "member": message.member, "text": message.text, "link": message.link,
        }),
        Event::Configure(configured) => {
            let document = configured.workspace().map_or(Value::Null, |workspace| json!(**workspace));
            json!({ "type": "configure", "workspace": document })
        }
        Event::Grant(grant) => json!({ "type": "grant", "cycle": grant.cycle, "contacts": grant.contacts }),
        Event::Erase(user_id) => json!({ "type": "erase", "user_id": user_id }),
        Event::Clock => json!({ "type": "clock" }),
    };
    if let Value::Object(fields) = &mut line {
        fields.retain(|name, value| !value.is_null() || name == "workspace");
        fields.insert("id".into(), json!(envelope.id));
        fields.insert("at".into(), json!(envelope.at));
    }
    line
}
