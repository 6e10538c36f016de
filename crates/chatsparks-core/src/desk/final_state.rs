//! The state of a workspace as people and programs read it (`formats.md`, Final state).

use crate::{
    BlockId, Contact, ConversationState, Currency, Email, Field, FlowId, Head, Instant, OrderEntry, OrderId,
    OrderResult, PendingFor, StateReason, Tag, Text, TriggerId, UserId,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The state of a workspace: its count, its contacts sorted by user id, its orders sorted by order id.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FinalState {
    /// Monthly active contacts (M).
    pub mac: MacState,
    /// Whoever commented, wrote, was written to, blocked or linked.
    pub contacts: Vec<ContactState>,
    /// Every order.
    pub orders: Vec<OrderState>,
}

/// The count of monthly active contacts (M1 to M3).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MacState {
    /// The start of the billing cycle; null before the first event.
    pub cycle_start: Option<Instant>,
    /// Contacts counted in it.
    pub count: u64,
    /// The plan's limit; null without one.
    pub limit: Option<u64>,
    /// The banner.
    pub banner: Banner,
    /// Whether the count is at the limit.
    pub paused: bool,
}

/// The banner that follows the count (M3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Banner {
    /// Below 80 per cent of the limit.
    None,
    /// At 80 per cent.
    Yellow,
    /// At 95 per cent.
    Red,
}

/// A contact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContactState {
    /// Who.
    pub user_id: UserId,
    /// Whether they are blocked (V10).
    pub blocked: bool,
    /// Their tags, sorted.
    pub tags: Vec<Tag>,
    /// What flows captured, sorted by field.
    pub fields: BTreeMap<Field, Text>,
    /// Whether they count in this cycle (M1).
    pub counted: bool,
    /// Whether a start waits for room (M5).
    pub queued: bool,
    /// Whether a start waits for them to write (P2).
    pub awaiting: bool,
    /// Their last conversation, closed too.
    pub conversation: Option<ConversationSummary>,
}

/// A contact's last conversation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConversationSummary {
    /// Counts up per contact.
    pub id: u32,
    /// Where it stands.
    pub state: ConversationState,
    /// Why, unless a member brought it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<StateReason>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Email>,
    /// The trigger of the last flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerId>,
    /// The last flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// Where it stands; absent when it is completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<BlockId>,
}

/// An order (A6).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderState {
    /// Which.
    pub order_id: OrderId,
    /// What it counts as.
    pub result: OrderResult,
    /// Revenue net of refunds, in minor units; 0 once cancelled.
    pub net_minor: i64,
    /// The linked part of that.
    pub overlap_minor: i64,
    /// The currency of both.
    pub currency: Currency,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

impl FinalState {
    /// The state of a whole workspace.
    pub fn new(head: &Head, contacts: &[&Contact], orders: &[(&OrderId, &OrderEntry)]) -> Self {
        Self {
            mac: MacState::new(head),
            contacts: contacts.iter().map(|contact| ContactState::new(contact, head)).collect(),
            orders: orders.iter().map(|(id, entry)| OrderState::new(id, entry)).collect(),
        }
    }
}

impl MacState {
    /// The count of a whole workspace, or of one partition of it.
    pub fn new(head: &Head) -> Self {
        let reached = |level: u64| {
            head.terms()
                .limit()
                .is_some_and(|limit| u128::from(head.count()) * 100 >= u128::from(limit) * u128::from(level))
        };
        let banner = match (reached(95), reached(80)) {
            (true, _) => Banner::Red,
            (false, true) => Banner::Yellow,
            (false, false) => Banner::None,
        };
        Self {
            cycle_start: head.terms().cycle_start(),
            count: head.count(),
            limit: head.terms().limit(),
            banner,
            paused: !head.has_room(),
        }
    }
}

impl ContactState {
    /// One contact, in the cycle that this head has in force.
    pub fn new(contact: &Contact, head: &Head) -> Self {
        let waits = |wanted| contact.pending().is_some_and(|pending| pending.waits == wanted);
        Self {
            user_id: contact.user_id().clone(),
            blocked: contact.is_blocked(),
            tags: contact.tags().cloned().collect(),
            fields: contact.fields().map(|(field, value)| (field.clone(), value.clone())).collect(),
            counted: contact.is_counted_in(head.terms().cycle_start()),
            queued: waits(PendingFor::Room),
            awaiting: waits(PendingFor::Message),
            conversation: contact.conversation().map(|conversation| {
                let run = conversation.run.as_deref();
                ConversationSummary {
                    id: conversation.id,
                    state: conversation.state,
                    reason: conversation.reason,
                    owner: conversation.owner.clone(),
                    trigger: run.map(|run| run.trigger.clone()),
                    flow: run.map(|run| run.flow.clone()),
                    version: run.map(|run| run.version),
                    block: conversation.stands.as_ref().map(|stands| stands.block.clone()),
                }
            }),
        }
    }
}

impl OrderState {
    /// One order.
    pub fn new(order_id: &OrderId, entry: &OrderEntry) -> Self {
        Self {
            order_id: order_id.clone(),
            result: entry.result,
            net_minor: entry.net_minor(),
            overlap_minor: entry.net_overlap_minor(),
            currency: entry.currency.clone(),
            cancelled: entry.cancelled,
        }
    }
}
