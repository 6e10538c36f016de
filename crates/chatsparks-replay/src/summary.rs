//! A summary of a replay: what fired, what did not and why, by trigger and by post.
//!
//! It is a fold over records, and so says nothing that the records do not.

use crate::{event_type::event_type, record::Record};
use chatsparks_core::{
    CommentResult, Configured, Effect, Event, Instant, Outcome, PostId, RefusalReason, Source, TimerKind, TriggerId,
    workspace::{TriggerStatus, Workspace},
};
use hashbrown::HashMap;
use serde::Serialize;
use std::collections::BTreeMap;

pub(crate) mod tables;

/// What happened in a replay, in numbers. `Display` shows it as tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The first instant of an event or timer, and the last.
    pub span: Option<(Instant, Instant)>,
    /// Events, by the type that a history writes.
    pub events: BTreeMap<&'static str, u64>,
    /// Timers that fired, by kind.
    pub timers: BTreeMap<TimerKind, u64>,
    /// Comments, by what came of them; duplicates too.
    pub comments: BTreeMap<CommentResult, u64>,
    /// Events that were refused, by reason.
    pub refused: BTreeMap<RefusalReason, u64>,
    /// What the outside had to do.
    pub effects: EffectCounts,
    /// Every trigger in priority order; those that a later revision brought come after.
    pub triggers: Vec<TriggerRow>,
    /// Every post that was commented on, by its id.
    pub posts: BTreeMap<PostId, PostRow>,
    /// Lines that could not be read and were passed over.
    pub unreadable: u64,
    /// The place of each trigger in the list of them.
    #[serde(skip)]
    places: HashMap<TriggerId, usize>,
}

/// What the outside had to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EffectCounts {
    /// Comments answered in public.
    pub public_replies: u64,
    /// DMs sent.
    pub dms: u64,
    /// Notes to the inbox.
    pub inbox_notes: u64,
    /// Notes to the owners.
    pub owner_notes: u64,
}

/// One trigger: the comments that it won, by what came of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TriggerRow {
    /// The trigger.
    pub trigger: TriggerId,
    /// Its name, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is a draft, in the last revision that has it.
    pub draft: bool,
    /// Comments that it won, by result.
    pub results: BTreeMap<CommentResult, u64>,
}

/// One post: the comments on it, by what came of them; duplicates aside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PostRow {
    /// Comments by result.
    pub results: BTreeMap<CommentResult, u64>,
}

/// How a comment came out, in the few words that a table has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A trigger fired, whatever came of its flow (C8).
    Fired,
    /// A trigger won, and a gate refused it (C5).
    Refused,
    /// No trigger matched.
    NoMatch,
    /// No trigger looked at it (C1).
    SetAside,
}

impl Class {
    /// The class of a result.
    pub fn of(result: CommentResult) -> Self {
        match result {
            result if result.is_firing() => Self::Fired,
            CommentResult::BlockedContact | CommentResult::Throttled | CommentResult::WithHuman => Self::Refused,
            CommentResult::NoMatch => Self::NoMatch,
            _ => Self::SetAside,
        }
    }
}

impl Summary {
    /// A summary of a replay that has not begun, with a row for each trigger of the workspace.
    pub fn new(workspace: &Workspace) -> Self {
        let mut summary = Self::default();
        summary.add_triggers(workspace);
        summary
    }

    /// Takes in one record.
    pub fn record(&mut self, record: &Record<'_>) {
        let (first, last) = self.span.unwrap_or((record.at, record.at));
        self.span = Some((first.min(record.at), last.max(record.at)));
        match (record.source, record.event()) {
            (Source::Timer { timer, .. }, _) => *self.timers.entry(timer.kind).or_default() += 1,
            (Source::Event(_), Some(event)) => self.event(event, &record.decision.outcome),
            (Source::Event(_), None) => {}
        }
        if let Outcome::Refused(refusal) = &record.decision.outcome {
            *self.refused.entry(refusal.reason).or_default() += 1;
        }
        for effect in &record.decision.effects {
            match effect {
                Effect::PublicReply { .. } => self.effects.public_replies += 1,
                Effect::SendDm(_) => self.effects.dms += 1,
                Effect::NotifyInbox { .. } => self.effects.inbox_notes += 1,
                Effect::NotifyOwners { .. } => self.effects.owner_notes += 1,
            }
        }
    }

    /// Counts a line that could not be read and was passed over.
    pub fn passed_over(&mut self) {
        self.unreadable += 1;
    }

    /// Comments of a class, over all posts; duplicates are set aside.
    pub fn count(&self, class: Class) -> u64 {
        count(&self.comments, class)
    }

    fn event(&mut self, event: &Event, outcome: &Outcome) {
        *self.events.entry(event_type(event)).or_default() += 1;
        match (event, outcome) {
            (Event::Comment(comment), Outcome::Comment(outcome)) => {
                *self.comments.entry(outcome.result).or_default() += 1;
                // A duplicate says nothing more of its post or its trigger.
                if outcome.result == CommentResult::Duplicate {
                    return;
                }
                let row = match self.posts.get_mut(&comment.post_id) {
                    Some(row) => row,
                    None => self.posts.entry(comment.post_id.clone()).or_default(),
                };
                *row.results.entry(outcome.result).or_default() += 1;
                if let Some(trigger) = &outcome.trigger {
                    *self.trigger(trigger).results.entry(outcome.result).or_default() += 1;
                }
            }
            (Event::Configure(configured), Outcome::Applied {}) => {
                if let Configured::Workspace(workspace) = &**configured {
                    self.add_triggers(workspace);
                }
            }
            _ => {}
        }
    }

    fn trigger(&mut self, trigger: &TriggerId) -> &mut TriggerRow {
        let place = match self.places.get(trigger) {
            Some(place) => *place,
            None => {
                self.places.insert(trigger.clone(), self.triggers.len());
                self.triggers.push(TriggerRow::new(trigger.clone()));
                self.triggers.len() - 1
            }
        };
        &mut self.triggers[place]
    }

    fn add_triggers(&mut self, workspace: &Workspace) {
        for trigger in &workspace.triggers {
            let row = self.trigger(&trigger.id);
            row.name.clone_from(&trigger.name);
            row.draft = trigger.status == TriggerStatus::Draft;
        }
    }
}

impl TriggerRow {
    fn new(trigger: TriggerId) -> Self {
        Self { trigger, name: None, draft: false, results: BTreeMap::new() }
    }

    /// Comments of a class that it won.
    pub fn count(&self, class: Class) -> u64 {
        count(&self.results, class)
    }
}

impl PostRow {
    /// Comments of a class.
    pub fn count(&self, class: Class) -> u64 {
        count(&self.results, class)
    }

    /// All comments.
    pub fn total(&self) -> u64 {
        self.results.values().sum()
    }
}

fn count(results: &BTreeMap<CommentResult, u64>, class: Class) -> u64 {
    results.iter().filter(|(result, _)| Class::of(**result) == class).map(|(_, count)| count).sum()
}
