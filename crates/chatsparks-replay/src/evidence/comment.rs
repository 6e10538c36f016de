//! What a history shows of one comment (D2).

use crate::{driver::Considered, record::Record};
use chatsparks_core::{
    Engine, Evaluation, Event, Fact, PendingFor, Scratch,
    diagnosis::{AutomationKnown, Diagnosis, StartFate, UsageKnown},
};

/// A comment as it came first, and what became of its start.
#[derive(Debug)]
pub struct CommentEvidence {
    /// Its record (C10).
    pub evaluation: Evaluation,
    /// The engine that decided it.
    pub engine: Engine,
    /// What became of its start, where a trigger fired.
    pub start: Option<StartFate>,
    /// How often the same comment came again (T3).
    pub duplicates: u64,
    count: u64,
    limit: Option<u64>,
    counted: bool,
    counted_by: Option<String>,
}

impl CommentEvidence {
    pub(super) fn new(considered: &Considered<'_>, counted_by: Option<String>) -> Self {
        let head = considered.head;
        let counted = considered.contact.is_some_and(|contact| contact.is_counted_in(head.terms().cycle_start()));
        Self {
            evaluation: considered.evaluation(),
            engine: considered.engine.clone(),
            start: None,
            duplicates: 0,
            count: head.count(),
            limit: head.terms().limit(),
            counted,
            counted_by: counted_by.filter(|_| counted),
        }
    }

    /// Follows the start of this comment: begun, waiting, or dropped.
    pub(super) fn record(&mut self, record: &Record<'_>) {
        let own = matches!(record.event(), Some(Event::Comment(comment)) if comment.comment_id == self.evaluation.comment.comment_id);
        if record.user_id() != Some(&self.evaluation.comment.user_id) {
            return;
        }
        let Some(fired) = self.evaluation.outcome.trigger.clone() else { return };
        // A start that another comment places is not ours; what it replaces may be.
        let mut others = false;
        for fact in &record.decision.facts {
            let goes_on = own || matches!(self.start, Some(StartFate::Waits { .. }));
            match fact {
                Fact::Queued { .. } | Fact::Held { .. } if others => break,
                Fact::TriggerFired { .. } => others = !own,
                Fact::Queued { trigger, until } if *trigger == fired && goes_on => {
                    self.start = Some(StartFate::Waits { waits: PendingFor::Room, until: *until });
                }
                Fact::Held { trigger, until } if *trigger == fired && goes_on => {
                    self.start = Some(StartFate::Waits { waits: PendingFor::Message, until: *until });
                }
                Fact::Dropped { trigger, reason } if *trigger == fired => {
                    if let Some(StartFate::Waits { waits, until }) = self.start {
                        let (at, reason, waited) = (record.at, *reason, waits);
                        self.start = Some(StartFate::Dropped { at, reason, waited, until });
                    }
                }
                Fact::FlowStarted { trigger, .. } if *trigger == fired && !others && goes_on => {
                    self.start = Some(StartFate::Began(record.at));
                }
                _ => {}
            }
        }
    }

    /// The count when the comment came, and whether its contact was in it.
    pub fn usage(&self) -> UsageKnown<'_> {
        UsageKnown {
            count: self.count,
            limit: self.limit,
            counted: self.counted,
            counted_by: self.counted_by.as_deref(),
        }
    }

    pub(super) fn diagnose(&self, trigger: &str, scratch: &mut Scratch) -> Option<Diagnosis> {
        let explanation = self.engine.explain(&self.evaluation, trigger, scratch)?;
        // The start is that of the trigger which fired.
        let start = self.start.filter(|_| self.evaluation.outcome.trigger.as_ref() == Some(&explanation.trigger));
        let known = AutomationKnown {
            workspace: self.engine.workspace(),
            evaluation: &self.evaluation,
            explanation: &explanation,
            usage: self.usage(),
            start,
            duplicates: self.duplicates,
        };
        Some(known.diagnose())
    }
}
