//! Changes to a list of keywords, and a workspace in which each stands by itself.

use chatsparks_core::TriggerId;
use chatsparks_core::workspace::{Condition, Keywords, Trigger, TriggerStatus, Workspace};
use serde::Serialize;

/// What to change in a list of keywords.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Add this word.
    Add(String),
    /// Switch on this option: `ignore_accents` or `squeeze`.
    Set(&'static str),
}

/// The name of the trigger that holds a change.
const NAME: &str = "change-";

/// A workspace of nothing but the triggers that change, each with its change and no more of that list than it.
pub(super) fn with_changes<'a>(
    workspace: &Workspace,
    changes: impl Iterator<Item = (usize, usize, &'a Change)>,
) -> Workspace {
    let triggers = changes.enumerate().map(|(number, (trigger, group, change))| {
        let mut changed = Trigger {
            id: format!("{NAME}{number}").into(),
            status: TriggerStatus::Active,
            ..workspace.triggers[trigger].clone()
        };
        let mut place = 0;
        each_list(&mut changed.when, &mut |keywords| {
            if place == group {
                apply(change, keywords);
            }
            place += 1;
        });
        changed
    });
    Workspace { triggers: triggers.collect(), ..workspace.clone() }
}

/// Which change a trigger of that workspace holds.
pub(super) fn number_of(trigger: &TriggerId) -> Option<usize> {
    trigger.as_str().strip_prefix(NAME)?.parse().ok()
}

fn apply(change: &Change, keywords: &mut Keywords) {
    match change {
        Change::Add(word) => keywords.words = vec![word.clone()],
        Change::Set("squeeze") => keywords.squeeze = true,
        Change::Set(_) => keywords.ignore_accents = true,
    }
}

/// Walks the lists of keywords that let a condition hold, in the order of the document. Those within a `not` keep it from
/// that, and are passed over.
fn each_list(condition: &mut Condition, visit: &mut impl FnMut(&mut Keywords)) {
    match condition {
        Condition::Keywords(keywords) => visit(keywords),
        Condition::All(parts) | Condition::Any(parts) => parts.iter_mut().for_each(|part| each_list(part, visit)),
        _ => {}
    }
}

/// The same, of a condition that stays as it is.
pub(super) fn lists<'a>(condition: &'a Condition, found: &mut Vec<&'a Keywords>) {
    match condition {
        Condition::Keywords(keywords) => found.push(keywords),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| lists(part, found)),
        _ => {}
    }
}
