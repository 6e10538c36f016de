//! Triggers that can never win, as a higher one always matches when they do (F10, C2).
//!
//! What is claimed is always so; what is so is not always claimed. A trigger is only compared with the few higher ones
//! that an index offers, and all comparisons together have a budget, so the search stays nearly linear. It sees that one
//! condition implies another through `all`, `any` and `not`, and through keywords of which one is part of the other.

mod condition;
mod words;

use crate::document::workspace::{OnThrottled, Scope, Trigger, TriggerStatus, Workspace};
use condition::{Atom, Node};
use std::collections::BTreeMap;
use words::Words;

/// Steps of comparing that all triggers share.
const STEPS: u32 = 4_000_000;
/// Higher triggers compared for one reason that speaks for them.
const CANDIDATES: usize = 32;
/// Rows of the index at most.
const ROWS: usize = 1_000_000;

/// For each trigger the position of a higher one that always outranks it, where that is known.
pub(super) fn outranked(workspace: &Workspace) -> Vec<Option<usize>> {
    let mut found = vec![None; workspace.triggers.len()];
    // A throttled trigger is passed over, so no trigger always outranks another (C7).
    if workspace.policy.on_throttled == OnThrottled::Next {
        return found;
    }
    let mut all = Compared::of(workspace);
    for at in 0..all.live.len() {
        found[all.live[at].position] = all.outranking(at).map(|higher| all.live[higher].position);
    }
    found
}

/// For each trigger the positions of higher ones of which one always matches when it does: a single one, or between them
/// those that take its words one by one. Nothing: not known. `on_throttled` is not looked at.
pub(crate) fn never_first(workspace: &Workspace) -> Vec<Vec<usize>> {
    let mut found = vec![Vec::new(); workspace.triggers.len()];
    let mut all = Compared::of(workspace);
    for at in 0..all.live.len() {
        let taken = match all.outranking(at) {
            Some(higher) => vec![higher],
            None => all.outranking_words(at),
        };
        found[all.live[at].position] = taken.into_iter().map(|higher| all.live[higher].position).collect();
    }
    found
}

/// For each trigger whether its condition, in its scope, is known never to hold.
pub(crate) fn impossible(workspace: &Workspace) -> Vec<bool> {
    let mut found = vec![false; workspace.triggers.len()];
    let Compared { live, words, mut steps, .. } = Compared::of(workspace);
    for live in live {
        // Only posts are known for what they are: a tag may come to any.
        let posts = match &workspace.triggers[live.position].scope {
            Scope::Posts(_) => live.scope.0.as_deref(),
            Scope::All | Scope::Tags(_) => None,
        };
        found[live.position] = live.when.is_impossible(posts, &words, &mut steps);
    }
    found
}

/// The active triggers, made ready to be compared.
struct Compared {
    live: Vec<Live>,
    words: Words,
    index: Index,
    steps: u32,
}

impl Compared {
    fn of(workspace: &Workspace) -> Self {
        let mut ready = Ready::default();
        let live: Vec<Live> = (0..)
            .zip(&workspace.triggers)
            .filter(|(_, trigger)| trigger.status == TriggerStatus::Active)
            .map(|(position, trigger)| Live::of(position, trigger, &mut ready))
            .collect();
        let mut words = ready.words;
        words.seal();
        let index = Index::of(&live, &words);
        Self { live, words, index, steps: STEPS }
    }

    /// A trigger that always outranks this one.
    fn outranking(&mut self, at: usize) -> Option<usize> {
        let Self { live, words, index, steps } = self;
        let lower = &live[at];
        let mut atoms = vec![Atom::ALWAYS];
        lower.when.necessary(words, &mut atoms);
        index.candidates(&lower.scope, atoms, at).into_iter().find(|higher| {
            let higher = &live[*higher];
            lower.scope.is_within(&higher.scope) && lower.when.implies(&higher.when, words, steps)
        })
    }

    /// Triggers that between them outrank one which only asks for words; nothing where they do not.
    fn outranking_words(&mut self, at: usize) -> Vec<usize> {
        let Self { live, words, index, steps } = self;
        let lower = &live[at];
        let mut all = Vec::new();
        if !lower.when.each_word(words, &mut |mode, word| all.push((mode, word))) {
            return Vec::new();
        }
        let mut taken = Vec::new();
        for word in all {
            let mut atoms = vec![Atom::ALWAYS];
            condition::atoms_implied(word, words, &mut atoms);
            let higher = index.candidates(&lower.scope, atoms, at).into_iter().find(|higher| {
                let higher = &live[*higher];
                lower.scope.is_within(&higher.scope) && condition::word_implies(word, &higher.when, words, steps)
            });
            match higher {
                Some(higher) => taken.push(higher),
                None => return Vec::new(),
            }
        }
        taken.sort_unstable();
        taken.dedup();
        taken
    }
}

/// An active trigger, made ready to be compared.
struct Live {
    position: usize,
    scope: Within,
    when: Node,
}

impl Live {
    fn of<'a>(position: usize, trigger: &'a Trigger, ready: &mut Ready<'a>) -> Self {
        let scope = Within(match &trigger.scope {
            Scope::All => None,
            Scope::Posts(posts) => Some(ready.names.numbers(Names::POST, posts)),
            Scope::Tags(tags) => Some(ready.names.numbers(Names::TAG, tags)),
        });
        Self { position, scope, when: Node::of(&trigger.when, ready, 0) }
    }
}

/// A scope as sorted numbers: posts, or tags. None: every post.
struct Within(Option<Vec<u32>>);

impl Within {
    /// Whether `wider` holds wherever this does. It need not see that a post has a tag.
    fn is_within(&self, wider: &Self) -> bool {
        match (&self.0, &wider.0) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(these), Some(wider)) => these.iter().all(|place| wider.binary_search(place).is_ok()),
        }
    }
}

/// The number that stands for every post in the index.
const EVERYWHERE: u32 = 0;

/// What the words and names of all triggers become.
#[derive(Default)]
struct Ready<'a> {
    words: Words,
    names: Names<'a>,
}

/// Posts, tags, products and patterns as numbers from 1 on.
#[derive(Default)]
struct Names<'a>(BTreeMap<(u8, &'a str), u32>);

impl<'a> Names<'a> {
    const POST: u8 = 0;
    const TAG: u8 = 1;
    const PRODUCT: u8 = 2;
    const PATTERN: u8 = 3;

    fn number(&mut self, kind: u8, name: &'a str) -> u32 {
        let next = u32::try_from(self.0.len() + 1).unwrap_or(u32::MAX);
        *self.0.entry((kind, name)).or_insert(next)
    }

    /// Sorted, each once.
    fn numbers<T: AsRef<str>>(&mut self, kind: u8, names: &'a [T]) -> Vec<u32> {
        let mut numbers: Vec<u32> = names.iter().map(|name| self.number(kind, name.as_ref())).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// Which triggers could outrank one that needs an atom somewhere: rows of (atom, place, trigger), sorted.
struct Index(Vec<(Atom, u32, u32)>);

impl Index {
    fn of(live: &[Live], words: &Words) -> Self {
        let mut rows = Vec::new();
        let mut atoms = Vec::new();
        for (trigger, live) in (0..).zip(live) {
            atoms.clear();
            live.when.sufficient(words, &mut atoms);
            let places = live.scope.0.as_deref().unwrap_or(&[EVERYWHERE]);
            if rows.len() + atoms.len().saturating_mul(places.len()) > ROWS {
                continue;
            }
            rows.extend(atoms.iter().flat_map(|atom| places.iter().map(|place| (*atom, *place, trigger))));
        }
        rows.sort_unstable();
        Self(rows)
    }

    /// Triggers above `at` that may outrank it. Those that do, and are found at all, share an atom with the first
    /// alternative of its condition, and the first place of its scope or none.
    fn candidates(&self, scope: &Within, mut atoms: Vec<Atom>, at: usize) -> Vec<usize> {
        let first = match scope.0.as_deref() {
            None => None,
            Some([first, ..]) => Some(*first),
            // A scope of nothing never holds; there is a warning for that.
            Some([]) => return Vec::new(),
        };
        atoms.sort_unstable();
        atoms.dedup();
        let mut candidates = Vec::new();
        for atom in atoms {
            for place in [Some(EVERYWHERE), first].into_iter().flatten() {
                let start = self.0.partition_point(|row| (row.0, row.1) < (atom, place));
                let rows = self.0[start..].iter().take_while(|row| (row.0, row.1) == (atom, place));
                let above = rows.map(|row| row.2 as usize).take_while(|trigger| *trigger < at);
                candidates.extend(above.take(CANDIDATES));
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }
}
