//! What would have let a start begin at once that had to wait, or could not go (C8).

use super::{Counterfactual, Supposed};
use crate::{
    CommentResult, CountKnown, Engine, Envelope, Evaluation, Event, Fact, Message, Outcome, Partition, Period, Scratch,
    Text, document::workspace::Workspace,
};
use std::sync::Arc;

impl Engine {
    /// The change that would have let the flow of a trigger start that fired and had to wait: a higher limit (M5), a message
    /// of the buyer (P2), the scope to send (C8); none: it did not fire, it started, or nothing near enough is known. It was
    /// tried with the change made, for somebody new who writes the same.
    pub fn counterfactual_of_start(
        &self,
        evaluation: &Evaluation,
        usage: CountKnown,
        scratch: &mut Scratch,
    ) -> Option<Counterfactual> {
        let hold = Period::hours(self.workspace().policy.reach.hold_hours);
        let change = match evaluation.outcome.result {
            CommentResult::Queued => Supposed::RaiseLimit { to: usage.count.checked_add(1)? },
            CommentResult::AwaitingMessage => Supposed::BuyerWrites { until: evaluation.at.after(hold) },
            CommentResult::Undeliverable => Supposed::GrantMessages,
            _ => return None,
        };
        let (mut workspace, mut evaluation) = (Workspace::clone(self.workspace()), evaluation.clone());
        let trigger = evaluation.outcome.trigger.clone()?;
        change.apply(trigger.as_str(), &mut workspace, &mut evaluation);
        let starts = starts(Engine::compile(Arc::new(workspace)).ok()?, &evaluation, usage, &change, scratch);
        starts.then(|| Counterfactual { changes: vec![change] })
    }
}

/// Whether the flow starts once the comment has come, and the message where one is supposed.
fn starts(
    engine: Engine,
    evaluation: &Evaluation,
    usage: CountKnown,
    change: &Supposed,
    scratch: &mut Scratch,
) -> bool {
    let mut partition = Partition::whole(engine);
    partition.head.room.used = usage.count;
    let Evaluation { comment, at, .. } = evaluation;
    let comment = Envelope { id: "supposed".into(), at: *at, event: Event::Comment(comment.clone()) };
    let mut events = vec![comment];
    if let Supposed::BuyerWrites { .. } = change {
        let message = Message {
            message_id: "supposed".into(),
            user_id: evaluation.comment.user_id.clone(),
            handle: None,
            text: Some(Text::from("…")),
            option: None,
        };
        events.push(Envelope { id: "supposed-message".into(), at: *at, event: Event::Message(message) });
    }
    let trigger = evaluation.outcome.trigger.as_ref();
    let mut has_started = false;
    for envelope in &events {
        partition.push(envelope, scratch, |record| {
            // A flow that goes no further than its first blocks has started all the same.
            let fired =
                |outcome: &Outcome| matches!(outcome, Outcome::Comment(one) if one.result == CommentResult::Fired);
            let started = |fact: &Fact| matches!(fact, Fact::FlowStarted { trigger: of, .. } if Some(of) == trigger);
            has_started |= record.decision.facts.iter().any(started)
                && (fired(&record.decision.outcome) || matches!(change, Supposed::BuyerWrites { .. }));
        });
    }
    has_started
}
