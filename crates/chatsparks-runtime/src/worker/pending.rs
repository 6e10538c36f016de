//! What is kept of a record until it is applied.

use crate::context::Told;
use chatsparks_core::{Engine, Event, EventId, Fact, Head, Outcome, Record, RefusalReason, UserId};
use chatsparks_ports::NewRecord;
use serde_json::value::to_raw_value;

/// What is kept of a record until it is applied: after that its effects are told what belongs to them.
pub(super) struct Pending {
    pub(super) record: NewRecord,
    pub(super) told: Told,
    /// For the insights.
    pub(super) facts: Vec<Fact>,
    pub(super) effects: Vec<(String, chatsparks_core::Effect)>,
    pub(super) configured: Option<(EventId, Engine)>,
    /// A document that did not come into force.
    pub(super) unconfigured: Option<EventId>,
    pub(super) erased: Option<UserId>,
    pub(super) fault: bool,
    pub(super) outcome: &'static str,
    /// The head before a cycle began.
    pub(super) ended: Option<Head>,
}

impl Pending {
    pub(super) fn of(record: &Record<'_>) -> Self {
        let decision = record.decision;
        let outcome = match &decision.outcome {
            Outcome::Comment(comment) => comment.result.as_str(),
            Outcome::Message(_) => "message",
            Outcome::Order(_) => "order",
            Outcome::Applied {} => "applied",
            Outcome::Duplicate {} => "duplicate",
            Outcome::Refused(_) => "refused",
        };
        let fault =
            matches!(&decision.outcome, Outcome::Refused(refusal) if refusal.reason == RefusalReason::EngineFault);
        let id = record.envelope.map(|envelope| envelope.id.clone());
        let erased = match record.event() {
            Some(Event::Erase(user_id)) if matches!(decision.outcome, Outcome::Applied {}) => Some(user_id.clone()),
            _ => None,
        };
        Self {
            told: Told::of(record),
            facts: decision.facts.to_vec(),
            effects: decision.effects_with_ids().map(|(id, effect)| (id, effect.clone())).collect(),
            configured: id.clone().zip(decision.engine.clone()),
            unconfigured: id
                .clone()
                .filter(|_| matches!(record.event(), Some(Event::Configure(_))) && decision.engine.is_none()),
            erased,
            fault,
            outcome,
            ended: decision
                .facts
                .iter()
                .any(|fact| matches!(fact, Fact::CycleBegan { .. }))
                .then(|| record.head.clone()),
            record: NewRecord {
                seq: record.seq,
                at: record.at,
                event: id,
                user_id: record.user_id().cloned(),
                // INVARIANT: a record has no map with keys other than strings; it can be written.
                line: to_raw_value(record).unwrap_or_default(),
                evaluation: record
                    .evaluation()
                    .map(|evaluation| (evaluation.comment.comment_id.clone(), Box::new(evaluation))),
            },
        }
    }
}
