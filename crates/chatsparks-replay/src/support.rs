//! What this version does not answer yet. The list only ever becomes shorter.

use chatsparks_core::{Event, workspace::Workspace};
use std::fmt;

/// Something in a history or a workspace that this version does not answer yet: the replay stops before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    what: String,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: not supported by this version", self.what)
    }
}

impl std::error::Error for Unsupported {}

/// Whether the driver answers this event: by now it answers every one.
pub(crate) fn event(_: &Event) -> Result<(), Unsupported> {
    Ok(())
}

/// Whether the driver answers this workspace: by now it answers every one.
pub(crate) fn workspace(_: &Workspace) -> Result<(), Unsupported> {
    Ok(())
}

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
        Event::Clock => "clock",
    }
}
