//! What a history comes to under two workspaces, and what differs: which comments fire anew, no longer, or elsewhere; DMs
//! and contacts counted; orders credited otherwise.
//!
//! Both are replayed beside one another, event by event, so that memory stays that of two replays however long the
//! history is. A `configure` in the history is passed over: what is compared are the two documents.

use crate::{Record, Replay};
use chatsparks_core::{
    CommentOutcome, Effect, Engine, Envelope, Event, Fact, OrderId, OrderOutcome, OrderResult, Outcome, Text, TriggerId,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Examples that are kept of each difference.
const EXAMPLES: usize = 3;
/// Differences that are told apart; what comes after is counted only.
const TOLD: usize = 1_000;

/// Two replays of one history, side by side.
#[derive(Debug)]
pub struct Compare {
    old: Side,
    new: Side,
    comparison: Comparison,
    changes: BTreeMap<(Answered, Answered), CommentChange>,
}

/// What differs between two workspaces over one history.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// Events replayed.
    pub events: u64,
    /// Documents in the history, which were passed over.
    pub passed_over: u64,
    /// Comments, by how they differ.
    pub comments: Comments,
    /// DMs decided, by bot and members.
    pub dms: Numbers,
    /// Public replies decided.
    pub public_replies: Numbers,
    /// Contacts counted (M1), every cycle of the history together.
    pub contacts_counted: Numbers,
    /// Events and timers after which something else is said, or to others, though no comment is answered otherwise.
    pub said_otherwise: u64,
    /// Some of those events.
    pub said_examples: Vec<String>,
    /// Orders credited otherwise.
    pub orders: u64,
    /// Some of those orders.
    pub order_examples: Vec<OrderChange>,
    /// How comments are answered otherwise, most first.
    pub changes: Vec<CommentChange>,
}

/// Comments by how they differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comments {
    /// All that were looked at.
    pub all: u64,
    /// A trigger fires under the new workspace alone.
    pub anew: u64,
    /// A trigger fires under the old workspace alone.
    pub no_longer: u64,
    /// Another trigger fires.
    pub elsewhere: u64,
    /// The same trigger, or none, with another result: refused for another reason, or waiting.
    pub otherwise: u64,
}

/// A number under both workspaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Numbers {
    /// Under the old.
    pub old: u64,
    /// Under the new.
    pub new: u64,
}

/// How a comment was answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Answered {
    /// The result.
    pub result: &'static str,
    /// The trigger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerId>,
}

/// Comments that are answered otherwise in one way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommentChange {
    /// Under the old.
    pub old: Answered,
    /// Under the new.
    pub new: Answered,
    /// How many.
    pub comments: u64,
    /// Some of them.
    pub examples: Vec<CommentExample>,
}

/// A comment that is answered otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommentExample {
    /// Its id.
    pub comment_id: String,
    /// What it says.
    pub text: Text,
}

/// An order that is credited otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderChange {
    /// The order.
    pub order_id: OrderId,
    /// Under the old.
    pub old: Credited,
    /// Under the new.
    pub new: Credited,
}

/// How an order was credited.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Credited {
    /// The result.
    pub result: OrderResult,
    /// The trigger that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerId>,
    /// The comment that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_id: Option<String>,
    /// The overlap, in the currency's minor unit (A5).
    pub overlap_minor: i64,
}

impl Comparison {
    /// Whether anything differs.
    pub fn differs(&self) -> bool {
        let Self { comments, dms, public_replies, contacts_counted, said_otherwise, orders, .. } = self;
        let Comments { anew, no_longer, elsewhere, otherwise, .. } = comments;
        anew + no_longer + elsewhere + otherwise + said_otherwise + orders > 0
            || [dms, public_replies, contacts_counted].iter().any(|numbers| numbers.old != numbers.new)
    }
}

/// One of the two workspaces, and what came of the present event.
#[derive(Debug)]
struct Side {
    replay: Replay,
    step: Step,
}

#[derive(Debug, Default)]
struct Step {
    comment: Option<CommentOutcome>,
    order: Option<OrderOutcome>,
    said: Vec<Effect>,
    dms: u64,
    replies: u64,
    counted: u64,
}

impl Side {
    fn push(&mut self, envelope: &Envelope) {
        let Step { said, .. } = &mut self.step;
        said.clear();
        self.step = Step { said: std::mem::take(said), ..Step::default() };
        let step = &mut self.step;
        self.replay.push(envelope, |record| step.take(record));
    }
}

impl Step {
    fn take(&mut self, record: &Record<'_>) {
        match &record.decision.outcome {
            Outcome::Comment(outcome) => self.comment = Some(outcome.clone()),
            Outcome::Order(outcome) => self.order = Some(OrderOutcome::clone(outcome)),
            _ => {}
        }
        for effect in &record.decision.effects {
            match effect {
                Effect::SendDm(_) => self.dms += 1,
                Effect::PublicReply { .. } => self.replies += 1,
                _ => {}
            }
            self.said.push(effect.clone());
        }
        let counted = record.decision.facts.iter().filter(|fact| matches!(fact, Fact::ContactCounted { .. }));
        self.counted += counted.count() as u64;
    }
}

impl Compare {
    /// Two workspaces to which nothing has happened.
    pub fn new(old: Engine, new: Engine) -> Self {
        let side = |engine| Side { replay: Replay::new(engine), step: Step::default() };
        Self { old: side(old), new: side(new), comparison: Comparison::default(), changes: BTreeMap::new() }
    }

    /// Lets an event happen to both.
    pub fn push(&mut self, envelope: &Envelope) {
        if matches!(envelope.event, Event::Configure(_)) {
            self.comparison.passed_over += 1;
            return;
        }
        self.old.push(envelope);
        self.new.push(envelope);
        let (old, new) = (&self.old.step, &self.new.step);
        let comparison = &mut self.comparison;
        comparison.events += 1;
        for (numbers, old, new) in [
            (&mut comparison.dms, old.dms, new.dms),
            (&mut comparison.public_replies, old.replies, new.replies),
            (&mut comparison.contacts_counted, old.counted, new.counted),
        ] {
            numbers.old += old;
            numbers.new += new;
        }
        let mut is_told = false;
        if let (Event::Comment(comment), Some(old), Some(new)) = (&envelope.event, &old.comment, &new.comment) {
            comparison.comments.all += 1;
            if (old.result, &old.trigger) != (new.result, &new.trigger) {
                is_told = true;
                comparison.comments.count(old, new);
                let pair = (Answered::of(old), Answered::of(new));
                let is_known = self.changes.contains_key(&pair);
                if is_known || self.changes.len() < TOLD {
                    let (old, new) = pair.clone();
                    let none = || CommentChange { old, new, comments: 0, examples: Vec::new() };
                    let change = self.changes.entry(pair).or_insert_with(none);
                    change.comments += 1;
                    if change.examples.len() < EXAMPLES {
                        let (comment_id, text) = (comment.comment_id.to_string(), comment.text.clone());
                        change.examples.push(CommentExample { comment_id, text });
                    }
                }
            }
        }
        if let (Event::Order(order), Some(old), Some(new)) = (&envelope.event, &old.order, &new.order) {
            let (old, new) = (Credited::of(old), Credited::of(new));
            if old != new {
                is_told = true;
                comparison.orders += 1;
                if comparison.order_examples.len() < EXAMPLES {
                    comparison.order_examples.push(OrderChange { order_id: order.order_id.clone(), old, new });
                }
            }
        }
        if !is_told && self.old.step.said != self.new.step.said {
            comparison.said_otherwise += 1;
            if comparison.said_examples.len() < EXAMPLES {
                comparison.said_examples.push(envelope.id.to_string());
            }
        }
    }

    /// What differs.
    pub fn finish(self) -> Comparison {
        let Self { mut comparison, changes, .. } = self;
        comparison.changes = changes.into_values().collect();
        comparison.changes.sort_by_key(|change| std::cmp::Reverse(change.comments));
        comparison
    }
}

impl Comments {
    fn count(&mut self, old: &CommentOutcome, new: &CommentOutcome) {
        *match (old.result.is_firing(), new.result.is_firing()) {
            (false, true) => &mut self.anew,
            (true, false) => &mut self.no_longer,
            (true, true) if old.trigger != new.trigger => &mut self.elsewhere,
            _ => &mut self.otherwise,
        } += 1;
    }
}

impl Answered {
    fn of(outcome: &CommentOutcome) -> Self {
        Self { result: outcome.result.as_str(), trigger: outcome.trigger.clone() }
    }
}

impl Credited {
    fn of(outcome: &OrderOutcome) -> Self {
        let led_by = outcome.credit.as_ref().and_then(|credit| credit.led_by.as_ref());
        Self {
            result: outcome.result,
            trigger: led_by.map(|led_by| led_by.trigger.clone()),
            comment_id: led_by.map(|led_by| led_by.comment_id.to_string()),
            overlap_minor: outcome.overlap_minor,
        }
    }
}
