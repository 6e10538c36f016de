//! What this version does not answer yet. The list only ever becomes shorter.

use chatsparks_core::{
    Event,
    workspace::{ReachMode, Workspace},
};
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

/// Whether the driver answers this event.
pub(crate) fn event(event: &Event) -> Result<(), Unsupported> {
    let name = match event {
        Event::Comment(_) | Event::CommentRemoved(_) | Event::Configure(_) | Event::Clock => return Ok(()),
        Event::Act(act) => match act.kind {
            chatsparks_core::ActKind::Block | chatsparks_core::ActKind::Unblock => return Ok(()),
            _ => event_type(event),
        },
        _ => event_type(event),
    };
    Err(Unsupported { what: format!("an event of type `{name}`") })
}

/// Whether the driver answers this workspace.
pub(crate) fn workspace(workspace: &Workspace) -> Result<(), Unsupported> {
    match workspace.policy.reach.mode {
        ReachMode::Open => Ok(()),
        ReachMode::BuyerFirst => Err(Unsupported { what: "`policy.reach.mode` `buyer_first`".to_owned() }),
        ReachMode::CommentToMessage => Err(Unsupported { what: "`policy.reach.mode` `comment_to_message`".to_owned() }),
    }
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
