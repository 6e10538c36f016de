//! D8: what goes to support: ids, instants and results, but no texts and no tokens.

use super::{DeliveryCause, Diagnosis, Found};
use crate::{
    CommentResult, Decision, DmStage, Fact, Instant, MessageResult, OrderResult, Outcome, RefusalReason, Source,
    TimerKind, TriggerId, UserId, WorkspaceId,
};
use serde::Serialize;
use std::collections::VecDeque;

/// How many events a bundle holds.
pub const BUNDLED_EVENTS: usize = 200;

/// What support needs to look into a workspace: nothing in it was written by a buyer or a member, and
/// nothing is secret. Neither are there amounts, captured values or handles.
///
/// `E`: its events, [`BundledEvent`]s or the same read from records.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SupportBundle<E = BundledEvent> {
    /// The schema of the bundle.
    pub schema: u32,
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The revision in force.
    pub revision: u32,
    /// When the bundle was made.
    pub at: Instant,
    /// The last events and timers, in processing order.
    pub events: VecDeque<E>,
    /// Diagnoses with a check that failed.
    pub diagnoses: Vec<Diagnosis>,
}

/// An event or timer, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BundledEvent {
    /// The event's id, or the timer's name.
    pub source: String,
    /// What kind of event it was, or which timer.
    pub kind: String,
    /// When.
    pub at: Instant,
    /// The contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// What came of it, as a code.
    pub result: &'static str,
    /// The trigger that won.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerId>,
    /// When a throttle, a hold or a queue ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// How many effects it had.
    pub effects: usize,
    /// The names of its facts.
    pub facts: Vec<&'static str>,
}

impl SupportBundle {
    /// An empty bundle, of a workspace at an instant.
    pub fn new(workspace_id: WorkspaceId, revision: u32, at: Instant) -> Self {
        Self::of(workspace_id, revision, at, [])
    }
}

impl<E> SupportBundle<E> {
    /// A bundle of events that are known, the last ones.
    pub fn of(workspace_id: WorkspaceId, revision: u32, at: Instant, events: impl IntoIterator<Item = E>) -> Self {
        let events = events.into_iter().collect();
        Self { schema: 1, workspace_id, revision, at, events, diagnoses: Vec::new() }
    }

    /// Adds a diagnosis, where it is open: where a check failed. Words of the platform are left out of it, unless
    /// they are one of our codes.
    pub fn add(&mut self, mut diagnosis: Diagnosis) {
        if !diagnosis.is_open() {
            return;
        }
        for finding in diagnosis.checks.iter_mut().flat_map(|check| &mut check.looked_at) {
            if let Found::Said(text) = &finding.value {
                let is_code = DeliveryCause::named_by(text.as_str()).is_some();
                let told = if is_code { text.as_str() } else { "left out" };
                finding.value = told.into();
            }
        }
        self.diagnoses.push(diagnosis);
    }

    /// Adds an event; the oldest goes where there are too many.
    pub fn remember(&mut self, event: E) {
        self.events.push_back(event);
        if self.events.len() > BUNDLED_EVENTS {
            self.events.pop_front();
        }
    }
}

impl BundledEvent {
    /// An event as a bundle tells it. `kind`: the type of the event as histories write it; a timer has its own.
    pub fn new(source: &Source, kind: &str, at: Instant, user_id: Option<&UserId>, decision: &Decision) -> Self {
        let (result, trigger, mut until) = result(&decision.outcome);
        for fact in &decision.facts {
            if let Fact::Queued { until: end, .. } | Fact::Held { until: end, .. } = fact {
                until = Some(*end);
            }
        }
        let kind = match source {
            Source::Event(_) => kind,
            Source::Timer { timer, .. } => TimerKind::as_str(timer.kind),
        };
        Self {
            source: source.to_string(),
            kind: kind.to_owned(),
            at,
            user_id: user_id.cloned(),
            result,
            trigger,
            until,
            effects: decision.effects.len(),
            facts: decision.facts.iter().map(fact_name).collect(),
        }
    }
}

fn result(outcome: &Outcome) -> (&'static str, Option<TriggerId>, Option<Instant>) {
    let code = match outcome {
        Outcome::Comment(comment) => {
            return (CommentResult::as_str(comment.result), comment.trigger.clone(), comment.until);
        }
        Outcome::Message(message) => match message.result {
            MessageResult::Taken => "taken",
            MessageResult::Mismatch => "mismatch",
            MessageResult::OutOfFlow => "out_of_flow",
            MessageResult::Sensitive => "sensitive",
            MessageResult::Kept => "kept",
            MessageResult::Duplicate => "duplicate",
        },
        Outcome::Order(order) => match order.result {
            OrderResult::Attributed => "attributed",
            OrderResult::Soft => "soft",
            OrderResult::Organic => "organic",
        },
        Outcome::Applied {} => "applied",
        Outcome::Duplicate {} => "duplicate",
        Outcome::Refused(refusal) => RefusalReason::as_str(refusal.reason),
    };
    (code, None, None)
}

fn fact_name(fact: &Fact) -> &'static str {
    match fact {
        Fact::CommentSeen { .. } => "comment_seen",
        Fact::TriggerFired { .. } => "trigger_fired",
        Fact::FlowStarted { .. } => "flow_started",
        Fact::Queued { .. } => "queued",
        Fact::Held { .. } => "held",
        Fact::Released { .. } => "released",
        Fact::Dropped { .. } => "dropped",
        Fact::ConversationOpened { .. } => "conversation_opened",
        Fact::StateChanged { .. } => "state_changed",
        Fact::BlockEntered { .. } => "block_entered",
        Fact::FlowLeft { .. } => "flow_left",
        Fact::FieldCaptured { .. } => "field_captured",
        Fact::Tagged { .. } => "tagged",
        Fact::LinkSent { .. } => "link_sent",
        Fact::ContactCounted { .. } => "contact_counted",
        Fact::DmStage { stage: DmStage::Failed, .. } => "dm_failed",
        Fact::DmStage { .. } => "dm_stage",
        Fact::OrderCredited(_) => "order_credited",
        Fact::OrderReversed(_) => "order_reversed",
        Fact::CycleBegan { .. } => "cycle_began",
    }
}
