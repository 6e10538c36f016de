//! Conditions made ready to be compared, and when one implies another.

use super::{
    Names, Ready,
    words::{Group, Words},
};
use crate::{
    document::check::{limits, patterns},
    document::workspace::{Condition, MatchMode},
};

/// A condition, with its words as numbers.
pub(super) enum Node {
    /// It holds for every comment.
    Always,
    QuestionMark,
    FirstComment,
    Reply,
    Words(Group),
    /// Its number.
    Pattern(u32),
    /// Their numbers, sorted.
    Posts(Vec<u32>),
    /// The products' numbers, sorted; empty: any product.
    Mentions(Vec<u32>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    /// Something that has a fault: nothing is concluded from it.
    Opaque,
}

/// A part of a condition to look triggers up by: its kind, and the number of a word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Atom(u8, u32);

impl Atom {
    /// The atom of a condition that always holds.
    pub(super) const ALWAYS: Self = Self(0, 0);

    fn word(mode: MatchMode, word: u32) -> Self {
        let kind = match mode {
            MatchMode::Contains => 10,
            MatchMode::Word => 11,
            MatchMode::StartsWith => 12,
            MatchMode::Exact => 13,
        };
        Self(kind, word)
    }
}

impl Node {
    pub(super) fn of<'a>(condition: &'a Condition, ready: &mut Ready<'a>, around: usize) -> Self {
        if around > limits::NESTING {
            return Self::Opaque;
        }
        let mut parts = |parts: &'a [Condition]| -> Vec<Self> {
            parts.iter().map(|part| Self::of(part, ready, around + 1)).collect()
        };
        match condition {
            Condition::QuestionMark => Self::QuestionMark,
            Condition::FirstComment => Self::FirstComment,
            Condition::Reply => Self::Reply,
            Condition::Keywords(keywords) => ready.words.add(keywords).map_or(Self::Opaque, Self::Words),
            Condition::Pattern(pattern) if pattern.is_empty() || pattern.len() > 4 * limits::PATTERN => Self::Opaque,
            Condition::Pattern(pattern) if patterns::found_always(pattern) == Some(patterns::FoundIn::Every) => {
                Self::Always
            }
            Condition::Pattern(pattern) => Self::Pattern(ready.names.number(Names::PATTERN, pattern)),
            Condition::Posts(posts) => Self::Posts(ready.names.numbers(Names::POST, posts)),
            Condition::Mentions(mentions) => Self::Mentions(ready.names.numbers(Names::PRODUCT, &mentions.products)),
            Condition::All(list) | Condition::Any(list) if list.is_empty() => Self::Opaque,
            Condition::All(list) => Self::All(parts(list)),
            Condition::Any(list) => Self::Any(parts(list)),
            Condition::Not(part) => Self::Not(Box::new(Self::of(part, ready, around + 1))),
            Condition::Pack(pack) => {
                let words = pack.words().filter_map(|word| ready.words.add(&word.keywords()).map(Self::Words));
                let words: Vec<Self> = words.collect();
                if words.is_empty() { Self::Opaque } else { Self::Any(words) }
            }
        }
    }

    /// Whether `other` holds whenever this does. False: not known to, or the budget is spent.
    pub(super) fn implies(&self, other: &Self, words: &Words, steps: &mut u32) -> bool {
        if !spend(steps, 1) {
            return false;
        }
        match (self, other) {
            (Self::Opaque, _) | (_, Self::Opaque) => false,
            (_, Self::Always) => true,
            // What must hold for every part or alternative is taken apart first: that loses nothing.
            (_, Self::All(parts)) => parts.iter().all(|part| self.implies(part, words, steps)),
            (Self::Any(parts), _) => parts.iter().all(|part| part.implies(other, words, steps)),
            (Self::Words(group), _) => words
                .of(group)
                .iter()
                .all(|word| spend(steps, 1) && word_implies((group.mode, *word), other, words, steps)),
            (_, Self::Any(parts)) if parts.iter().any(|part| self.implies(part, words, steps)) => true,
            (Self::All(parts), _) => parts.iter().any(|part| part.implies(other, words, steps)),
            (Self::QuestionMark, Self::QuestionMark) | (Self::FirstComment, Self::FirstComment) => true,
            (Self::Reply, Self::Reply) => true,
            (Self::Pattern(this), Self::Pattern(other)) => this == other,
            (Self::Posts(these), Self::Posts(others)) => is_subset(these, others),
            (Self::Mentions(_), Self::Mentions(any)) if any.is_empty() => true,
            (Self::Mentions(these), Self::Mentions(others)) => !these.is_empty() && is_subset(these, others),
            (Self::Not(this), Self::Not(other)) => other.implies(this, words, steps),
            _ => false,
        }
    }

    /// Whether it is known that nothing ever makes it hold, within these posts where they are given.
    pub(super) fn is_impossible(&self, posts: Option<&[u32]>, words: &Words, steps: &mut u32) -> bool {
        if !spend(steps, 1) {
            return false;
        }
        match self {
            Self::All(_) => {
                let mut parts = Vec::new();
                self.each_part(&mut parts);
                let denied = |part: &&Self, steps: &mut u32| {
                    let Self::Not(denied) = *part else { return false };
                    parts.iter().any(|other| other.implies(denied, words, steps))
                };
                let disjoint = |part: &&Self| {
                    let Self::Posts(these) = *part else { return false };
                    parts.iter().any(|other| matches!(other, Self::Posts(others) if is_disjoint(these, others)))
                };
                parts.iter().any(|part| part.is_impossible(posts, words, steps))
                    || parts.iter().any(|part| denied(part, steps) || disjoint(part))
            }
            Self::Any(parts) => parts.iter().all(|part| part.is_impossible(posts, words, steps)),
            Self::Posts(these) => posts.is_some_and(|posts| is_disjoint(these, posts)),
            Self::Not(part) => matches!(**part, Self::Always),
            _ => false,
        }
    }

    /// The parts of an `all`, those of an `all` within it too.
    fn each_part<'a>(&'a self, parts: &mut Vec<&'a Self>) {
        match self {
            Self::All(inner) => inner.iter().for_each(|part| part.each_part(parts)),
            part => parts.push(part),
        }
    }

    /// Calls back with each word of a condition that holds where one of its words does; false: it is no such condition.
    pub(super) fn each_word(&self, words: &Words, visit: &mut impl FnMut(MatchMode, u32)) -> bool {
        match self {
            Self::Words(group) => {
                words.of(group).iter().for_each(|word| visit(group.mode, *word));
                true
            }
            Self::Any(parts) => parts.iter().all(|part| part.each_word(words, visit)),
            _ => false,
        }
    }

    /// The atoms under which a trigger with this condition is looked up: whatever implies it needs one of them.
    pub(super) fn sufficient(&self, words: &Words, atoms: &mut Vec<Atom>) {
        match self {
            Self::Words(group) => atoms.extend(words.of(group).iter().map(|word| Atom::word(group.mode, *word))),
            // Whatever implies all parts implies the first.
            Self::All(parts) => parts.iter().take(1).for_each(|part| part.sufficient(words, atoms)),
            Self::Any(parts) => parts.iter().for_each(|part| part.sufficient(words, atoms)),
            Self::Posts(numbers) | Self::Mentions(numbers) if !numbers.is_empty() => {
                atoms.extend(numbers.iter().map(|number| self.atom(*number)));
            }
            leaf => atoms.push(leaf.atom(0)),
        }
    }

    /// The atoms that may stand in a condition which the first alternative of this one implies.
    pub(super) fn necessary(&self, words: &Words, atoms: &mut Vec<Atom>) {
        match self {
            Self::Words(group) => {
                let Some(word) = words.of(group).first().copied() else { return };
                implied(group.mode, word, words, |mode, word| atoms.push(Atom::word(mode, word)));
            }
            Self::All(parts) => parts.iter().for_each(|part| part.necessary(words, atoms)),
            Self::Any(parts) => parts.iter().take(1).for_each(|part| part.necessary(words, atoms)),
            // Those that ask for any product stand under 0.
            Self::Posts(numbers) | Self::Mentions(numbers) => {
                atoms.push(self.atom(0));
                atoms.extend(numbers.first().map(|number| self.atom(*number)));
            }
            leaf => atoms.push(leaf.atom(0)),
        }
    }

    /// The atom of a leaf other than words; `number` is of a post or product.
    fn atom(&self, number: u32) -> Atom {
        match self {
            Self::Always => Atom::ALWAYS,
            Self::QuestionMark => Atom(1, 0),
            Self::FirstComment => Atom(2, 0),
            Self::Reply => Atom(8, 0),
            Self::Pattern(pattern) => Atom(3, *pattern),
            Self::Posts(_) => Atom(4, number),
            Self::Mentions(_) => Atom(5, number),
            Self::Not(_) => Atom(6, 0),
            // Never implied by anything, nor asked for.
            Self::Words(_) | Self::All(_) | Self::Any(_) | Self::Opaque => Atom(7, 0),
        }
    }
}

/// The atoms that may stand in a condition which a word implies.
pub(super) fn atoms_implied((mode, word): (MatchMode, u32), words: &Words, atoms: &mut Vec<Atom>) {
    implied(mode, word, words, |mode, word| atoms.push(Atom::word(mode, word)));
}

/// Whether `other` holds whenever one word does. Both are read in the same variant, or nothing is concluded.
pub(super) fn word_implies((mode, word): (MatchMode, u32), other: &Node, words: &Words, steps: &mut u32) -> bool {
    match other {
        Node::Words(others) => {
            let numbers = words.of(others);
            let mut found = false;
            implied(mode, word, words, |implied, word| {
                found |= implied == others.mode && spend(steps, 1) && numbers.binary_search(&word).is_ok();
            });
            found
        }
        Node::All(parts) => parts.iter().all(|part| spend(steps, 1) && word_implies((mode, word), part, words, steps)),
        Node::Any(parts) => parts.iter().any(|part| spend(steps, 1) && word_implies((mode, word), part, words, steps)),
        Node::Always => true,
        _ => false,
    }
}

/// Every word that stands in a text, in some mode, when `word` does in `mode` (N2).
///
/// A word within another is in the text wherever the other is; N3 holds for it as well, which [`Words::within`] sees
/// to. N4 does not carry over, so `word` is only implied by itself, and by a text that is nothing else.
fn implied(mode: MatchMode, word: u32, words: &Words, mut visit: impl FnMut(MatchMode, u32)) {
    visit(mode, word);
    if mode == MatchMode::Exact {
        visit(MatchMode::Word, word);
    }
    for part in words.within(word) {
        visit(MatchMode::Contains, part.word);
        if part.at_start && matches!(mode, MatchMode::StartsWith | MatchMode::Exact) {
            visit(MatchMode::StartsWith, part.word);
        }
    }
}

fn spend(steps: &mut u32, count: u32) -> bool {
    *steps = steps.saturating_sub(count);
    *steps > 0
}

/// Whether two sorted lists, neither empty, have nothing in common.
fn is_disjoint(these: &[u32], others: &[u32]) -> bool {
    !these.is_empty() && !others.is_empty() && these.iter().all(|id| others.binary_search(id).is_err())
}

fn is_subset(these: &[u32], others: &[u32]) -> bool {
    !these.is_empty() && these.iter().all(|id| others.binary_search(id).is_ok())
}
