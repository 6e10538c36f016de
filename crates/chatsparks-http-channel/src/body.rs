//! What is posted.

use chatsparks_core::Effect;
use chatsparks_ports::{Context, Delivery};
use serde::Serialize;

/// `{"workspace", "effect", "context"}`.
#[derive(Serialize)]
pub(crate) struct Body<'a> {
    workspace: &'a str,
    effect: WithId<'a>,
    context: WithAttempt<'a>,
}

/// An effect as records have it.
#[derive(Serialize)]
struct WithId<'a> {
    id: &'a str,
    #[serde(flatten)]
    effect: &'a Effect,
}

#[derive(Serialize)]
struct WithAttempt<'a> {
    #[serde(flatten)]
    context: &'a Context,
    attempt: u32,
}

impl<'a> Body<'a> {
    pub(crate) fn new(delivery: &'a Delivery) -> Self {
        Self {
            workspace: delivery.key.shard.workspace.as_str(),
            effect: WithId { id: &delivery.key.id, effect: &delivery.effect },
            context: WithAttempt { context: &delivery.context, attempt: delivery.attempt },
        }
    }
}
