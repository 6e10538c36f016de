//! What a channel may need beside an effect: fixed when it is decided, and kept with it (H1, O3).

use chatsparks_core::{
    Contact, ConversationState, Effect, Engine, Fact, Instant, Period, PostId, Record, StateReason, UserId,
    workspace::ReachMode,
};
use chatsparks_ports::{Context, Lane};

/// A comment may be answered by a DM for less than this (P3).
const ANSWERABLE_FOR: Period = Period::hours(48);

/// Whom an effect waits behind (O2).
pub(crate) fn lane(effect: &Effect, user_id: Option<&UserId>) -> Lane {
    match effect {
        Effect::PublicReply { .. } | Effect::SendDm(_) => {
            user_id.map_or(Lane::Free(None), |user_id| Lane::Contact(user_id.clone()))
        }
        Effect::NotifyInbox { user_id, .. } => Lane::Free(Some(user_id.clone())),
        Effect::NotifyOwners { .. } => Lane::Free(None),
    }
}

/// What belongs to an effect of this record. `contact`: as they are after it.
pub(crate) fn context(record: &Told, effect: &Effect, contact: Option<&Contact>, engine: &Engine) -> Context {
    match effect {
        Effect::PublicReply { comment_id, .. } => Context {
            not_after: record.post_id.as_ref().and_then(|post_id| listening_ends(engine, post_id)),
            post_id: record.post_id.clone(),
            answers_comment: Some(comment_id.clone()),
        },
        Effect::SendDm(dm) => {
            let run = contact.and_then(Contact::conversation).and_then(|conversation| conversation.run.as_deref());
            let run = run.filter(|_| dm.member.is_none());
            Context {
                post_id: run.map(|run| run.post_id.clone()),
                answers_comment: run.filter(|_| record.starts_flow).map(|run| run.comment_id.clone()),
                not_after: chance_ends(record.at, contact, engine),
            }
        }
        Effect::NotifyInbox { .. } | Effect::NotifyOwners { .. } => Context::default(),
    }
}

/// Until when a public reply may go: its comment's listening window.
fn listening_ends(engine: &Engine, post_id: &PostId) -> Option<Instant> {
    let workspace = engine.workspace();
    let days = workspace.plan.as_ref()?.listening_window_days;
    let post = workspace.posts.iter().find(|post| post.id == *post_id)?;
    Some(post.published_at.after(Period::days(days)))
}

/// Until when a DM may go: in `open` for ever; else the end of the buyer's window, or 48 hours from the comment.
fn chance_ends(at: Instant, contact: Option<&Contact>, engine: &Engine) -> Option<Instant> {
    if engine.workspace().policy.reach.mode == ReachMode::Open {
        return None;
    }
    let contact = contact?;
    // The window is looked at as it was before this message was taken out of it.
    if let Some(window) = contact.window().filter(|window| window.opened <= at && at < window.until) {
        return Some(window.until);
    }
    let run = contact.conversation()?.run.as_deref()?;
    Some(run.comment_at.after(ANSWERABLE_FOR))
}

/// What of a record its effects need once it is applied.
pub(crate) struct Told {
    pub(crate) at: Instant,
    /// When it happened outside, as far as it says: a comment that is read again has its own time (S4).
    pub(crate) came: Instant,
    pub(crate) user_id: Option<UserId>,
    pub(crate) post_id: Option<PostId>,
    starts_flow: bool,
    /// The conversation whose bot DMs are withdrawn, where it went to a person or its contact was blocked (O7).
    pub(crate) withdraws: Option<u32>,
}

impl Told {
    pub(crate) fn of(record: &Record<'_>) -> Self {
        let facts = &record.decision.facts;
        // A flow's own handoff withdraws none of what it said.
        let withdraws = facts.iter().find_map(|fact| match fact {
            Fact::StateChanged { conversation, to: ConversationState::Human, reason, .. }
                if *reason != Some(StateReason::Handoff) =>
            {
                Some(*conversation)
            }
            Fact::StateChanged { conversation, reason: Some(StateReason::Blocked), .. } => Some(*conversation),
            _ => None,
        });
        Self {
            at: record.at,
            came: record.comment().and_then(|(comment, _)| comment.posted_at).map_or(record.at, |at| at.min(record.at)),
            user_id: record.user_id().cloned(),
            post_id: record.comment().map(|(comment, _)| comment.post_id.clone()),
            starts_flow: facts.iter().any(|fact| matches!(fact, Fact::FlowStarted { .. })),
            withdraws,
        }
    }
}
