//! What a history shows of one comment (D2).

use crate::{driver::Considered, record::Record};
use chatsparks_core::{
    Comment, CommentId, CountKnown, EarlierComment, Engine, Evaluation, Event, Fact, HeldConversation, Instant,
    PendingFor, Scratch, TriggerId, WhyKnown,
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
    told: Told,
    conversation: Option<HeldConversation>,
}

/// What earlier comments of one contact leave behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    first: Option<EarlierComment>,
    fired: Vec<(TriggerId, Instant, CommentId)>,
}

impl Told {
    pub(super) fn of(comment: &Comment, at: Instant) -> Self {
        let (comment_id, post_id) = (comment.comment_id.clone(), comment.post_id.clone());
        Self { first: Some(EarlierComment { comment_id, post_id, at }), fired: Vec::new() }
    }

    pub(super) fn fired(&mut self, trigger: &TriggerId, at: Instant, comment_id: &CommentId) {
        self.fired.retain(|(known, ..)| known != trigger);
        self.fired.push((trigger.clone(), at, comment_id.clone()));
    }
}

impl CommentEvidence {
    pub(super) fn new(considered: &Considered<'_>, counted_by: Option<String>, told: Told) -> Self {
        let head = considered.head;
        let conversation = considered.contact.filter(|contact| contact.is_with_human());
        let conversation = conversation.and_then(|contact| contact.open_conversation());
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
            told,
            conversation: conversation.map(|open| HeldConversation {
                conversation: open.id,
                owner: open.owner.clone(),
                reason: open.reason,
            }),
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

    /// What else is known for an answer to why a trigger did or did not fire (C10).
    pub fn known(&self, trigger: &str) -> WhyKnown {
        let since = self.evaluation.seen.throttles.last(trigger);
        let of_trigger = |(id, at, _): &&(TriggerId, Instant, CommentId)| id == trigger && Some(*at) == since;
        WhyKnown {
            earlier: self.told.first.clone(),
            fired_for: self.told.fired.iter().find(of_trigger).map(|(.., comment_id)| comment_id.clone()),
            conversation: self.conversation.clone(),
            usage: Some(CountKnown { count: self.count, limit: self.limit, counted: self.counted }),
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
