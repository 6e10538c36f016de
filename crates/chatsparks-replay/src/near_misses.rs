//! Comments that no trigger took and that one almost matches, by what to change, and what that would bring.
//!
//! Words that are one edit away are found as the words themselves are: by one automaton over a comment, of the halves of
//! all keywords. An edit leaves one of the halves as it is, so that only what stands beside a half is compared. What a
//! change would bring is not guessed: a workspace with the change is compiled, and every comment of the history is held
//! against it, those that other triggers took too.

use crate::{Considered, Observer, Record};
use chatsparks_core::{Comment, CommentId, CommentResult, Engine, Scratch, Text, TriggerId, workspace::TriggerStatus};
use hashbrown::HashMap;
use index::Index;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

pub use change::Change;

mod change;
mod compare;
mod index;
#[cfg(test)]
mod tests;

/// Comments that differ, kept at most. What comes after is only counted.
const KEPT: usize = 1_000_000;
/// Changes whose effect is looked at; those that fewer comments speak for are only counted.
const CHANGES: usize = 500;
/// Comments named of each kind.
const EXAMPLES: usize = 5;

/// What was almost matched in a history, and what to change for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearMisses {
    /// Comments that triggers looked at (C1).
    pub comments: u64,
    /// Those that no active trigger of the workspace takes.
    pub unmatched: u64,
    /// What to change; what brings most comes first.
    pub changes: Vec<NearMiss>,
    /// Changes that fewer comments speak for, and that were not looked at.
    pub more: u64,
    /// Comments that were not looked at, as there were a million different ones before.
    pub left_out: u64,
}

/// One change to one trigger, why, and what it would bring.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearMiss {
    /// The trigger.
    pub trigger: TriggerId,
    /// What to change.
    #[serde(flatten)]
    pub change: Change,
    /// How the comments miss its words.
    pub kind: NearMissKind,
    /// The words they almost have, as the workspace writes them.
    pub almost: Vec<String>,
    /// Comments without an answer that it is meant for: they would get this trigger's.
    pub brings: Comments,
    /// Comments without an answer that it would bring as well, though they have nothing like those words.
    pub also: Comments,
    /// Comments that lower triggers have now, and that it would take from them.
    pub takes: BTreeMap<TriggerId, Comments>,
}

/// How a comment misses a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NearMissKind {
    /// It has the word but for accents (N5).
    Accents,
    /// It has the word with a letter repeated (N6).
    Elongated,
    /// It has the word with one letter or mark wrong, missing, too many, or two the other way round.
    OneEdit,
    /// It has the word, but as part of a longer one (N4).
    Glued,
    /// It has the word in letters that look alike, of another script.
    LookAlike,
}

impl NearMissKind {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accents => "accents",
            Self::Elongated => "elongated",
            Self::OneEdit => "one_edit",
            Self::Glued => "glued",
            Self::LookAlike => "look_alike",
        }
    }
}

/// Some comments: how many, and the first few.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comments {
    /// How many.
    pub count: u64,
    /// The first of each text, of a few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

/// A comment of the history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// The comment.
    pub comment_id: CommentId,
    /// What its author wrote.
    pub text: Text,
}

/// Keeps the comments of a history, each text once for each post, and looks through them at the end.
#[derive(Default)]
pub struct NearMissSearch {
    kept: Vec<Kept>,
    places: HashMap<Key, usize>,
    comments: u64,
    left_out: u64,
}

impl std::fmt::Debug for NearMissSearch {
    /// Nothing of the texts.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("NearMissSearch").field("comments", &self.comments).finish_non_exhaustive()
    }
}

/// What makes comments differ here.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    post: chatsparks_core::PostId,
    text: Text,
    is_first: bool,
    is_reply: bool,
}

struct Kept {
    comment: Comment,
    is_first: bool,
    count: u64,
}

impl Observer for NearMissSearch {
    fn record(&mut self, _record: &Record<'_>) {}

    fn comment(&mut self, considered: &Considered<'_>) {
        let Considered { comment, outcome, contact, .. } = considered;
        if !matches!(
            outcome.result,
            CommentResult::Duplicate
                | CommentResult::OwnComment
                | CommentResult::NotConnected
                | CommentResult::OutsideWindow
        ) {
            self.add(comment, contact.is_none_or(|contact| !contact.has_commented()));
        }
    }
}

impl NearMissSearch {
    /// A search that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    fn add(&mut self, comment: &Comment, is_first: bool) {
        self.comments += 1;
        let key = Key {
            post: comment.post_id.clone(),
            text: comment.text.clone(),
            is_first,
            is_reply: comment.reply_to.is_some(),
        };
        if let Some(place) = self.places.get(&key) {
            self.kept[*place].count += 1;
        } else if self.kept.len() < KEPT {
            self.places.insert(key, self.kept.len());
            self.kept.push(Kept { comment: comment.clone(), is_first, count: 1 });
        } else {
            self.left_out += 1;
        }
    }

    /// What the unmatched comments almost matched, of the triggers of a workspace: best the one in force at the end.
    pub fn find(self, engine: &Engine) -> NearMisses {
        let Self { kept, comments, left_out, .. } = self;
        let triggers = &engine.workspace().triggers;
        let active = triggers.iter().enumerate().filter(|(_, trigger)| trigger.status == TriggerStatus::Active);
        let places: BTreeMap<&TriggerId, usize> = active.map(|(place, trigger)| (&trigger.id, place)).collect();
        let mut scratch = Scratch::default();
        // Drafts match too, and take nothing.
        let takers: Vec<Vec<usize>> = kept
            .iter()
            .map(|one| {
                let matching = engine.matching(&one.comment, one.is_first, &mut scratch);
                matching.into_iter().filter_map(|id| places.get(id).copied()).collect()
            })
            .collect();
        let index = Index::of(engine.workspace());
        let (mut unmatched, mut wanted) = (0, Wanted::default());
        for (place, one) in kept.iter().enumerate().filter(|(place, _)| takers[*place].is_empty()) {
            unmatched += one.count;
            index.each(engine, &one.comment, |near| wanted.add(near, place, one.count));
        }
        let (chosen, more) = wanted.most(CHANGES);
        let changes = Effects { engine, kept: &kept, takers: &takers, chosen: &chosen }.of_all();
        NearMisses { comments, unmatched, changes, more, left_out }
    }
}

/// A change that comments speak for.
struct Asked {
    trigger: usize,
    change: Change,
    /// The list of keywords in the trigger's condition that is changed.
    group: usize,
    kind: NearMissKind,
    almost: Vec<String>,
    /// The comments, as places among those kept, in order.
    comments: Vec<usize>,
    count: u64,
}

/// What is wanted, by trigger, list of keywords and change.
#[derive(Default)]
struct Wanted(BTreeMap<(usize, usize, Change), Asked>);

impl Wanted {
    fn add(&mut self, near: index::Near<'_>, place: usize, count: u64) {
        let index::Near { trigger, group, kind, almost, change } = near;
        let asked = self.0.entry((trigger, group, change.clone())).or_insert_with(|| Asked {
            trigger,
            change,
            group,
            kind,
            almost: Vec::new(),
            comments: Vec::new(),
            count: 0,
        });
        asked.kind = asked.kind.min(kind);
        if asked.almost.len() < EXAMPLES && !asked.almost.iter().any(|known| known == almost) {
            asked.almost.push(almost.to_owned());
        }
        if asked.comments.last() != Some(&place) {
            asked.comments.push(place);
            asked.count += count;
        }
    }

    /// Those that most comments speak for, and how many there are more.
    fn most(self, most: usize) -> (Vec<Asked>, u64) {
        let mut all: Vec<Asked> = self.0.into_values().collect();
        // The sort keeps the order of triggers among equals.
        all.sort_by_key(|asked| std::cmp::Reverse(asked.count));
        let more = all.len().saturating_sub(most) as u64;
        all.truncate(most);
        (all, more)
    }
}

/// What changes bring.
struct Effects<'a> {
    engine: &'a Engine,
    kept: &'a [Kept],
    /// The active triggers that match each comment, highest first.
    takers: &'a [Vec<usize>],
    chosen: &'a [Asked],
}

impl Effects<'_> {
    fn of_all(self) -> Vec<NearMiss> {
        let Self { engine, kept, takers, chosen } = self;
        let workspace = engine.workspace();
        let triggers = &workspace.triggers;
        let mut found: Vec<NearMiss> = chosen
            .iter()
            .map(|asked| NearMiss {
                trigger: triggers[asked.trigger].id.clone(),
                change: asked.change.clone(),
                kind: asked.kind,
                almost: asked.almost.clone(),
                brings: Comments::default(),
                also: Comments::default(),
                takes: BTreeMap::new(),
            })
            .collect();
        let changed = change::with_changes(workspace, chosen.iter().map(|one| (one.trigger, one.group, &one.change)));
        // A word that a buyer wrote may be one too many or too long; then nothing is known of what it brings.
        let Ok(changed) = Engine::compile(Arc::new(changed)) else { return Vec::new() };
        let mut scratch = Scratch::default();
        for (place, one) in kept.iter().enumerate() {
            let takers = &takers[place];
            for id in changed.matching(&one.comment, one.is_first, &mut scratch) {
                let Some(number) = change::number_of(id) else { continue };
                let (Some(asked), Some(near)) = (chosen.get(number), found.get_mut(number)) else { continue };
                match takers.first() {
                    None if asked.comments.binary_search(&place).is_ok() => near.brings.add(one),
                    None => near.also.add(one),
                    // It has it already, or a higher one has.
                    Some(taker) if *taker <= asked.trigger => {}
                    Some(taker) => near.takes.entry(triggers[*taker].id.clone()).or_default().add(one),
                }
            }
        }
        // What brings nothing is held back by another part of the condition.
        found.retain(|near| near.brings.count > 0);
        found.sort_by_key(|near| std::cmp::Reverse(near.brings.count));
        found
    }
}

impl Comments {
    fn add(&mut self, kept: &Kept) {
        self.count += kept.count;
        let comment = &kept.comment;
        if self.examples.len() < EXAMPLES && !self.examples.iter().any(|one| one.text == comment.text) {
            self.examples.push(Example { comment_id: comment.comment_id.clone(), text: comment.text.clone() });
        }
    }
}
