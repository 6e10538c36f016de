//! The names of the event types, as a history writes them.

use chatsparks_core::Event;

/// The type of an event, as a history writes it.
pub(crate) fn event_type(event: &Event) -> &'static str {
    use chatsparks_core::ActKind;
    match event {
        Event::Comment(_) => "comment",
        Event::CommentRemoved(_) => "comment_removed",
        Event::CommentAnswerable(_) => "comment_answerable",
        Event::Message(_) => "message",
        Event::Receipt(_) => "receipt",
        Event::Order(_) => "order",
        Event::OrderCancelled(_) => "order_cancelled",
        Event::Refund(_) => "refund",
        Event::Identity { .. } => "identity",
        Event::OrderReview { .. } => "order_review",
        Event::Act(act) => match act.kind {
            ActKind::Take => "take",
            ActKind::Assign(_) => "assign",
            ActKind::HandBack => "hand_back",
            ActKind::Close => "close",
            ActKind::Block => "block",
            ActKind::Unblock => "unblock",
        },
        Event::MemberMessage(_) => "member_message",
        Event::Configure(_) => "configure",
        Event::Grant(_) => "grant",
        Event::Erase(_) => "erase",
        Event::Clock => "clock",
    }
}
