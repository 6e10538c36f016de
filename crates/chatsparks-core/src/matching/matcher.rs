//! The matcher: which words stand in a text (N2–N6), in one pass of an automaton (N10).
//!
//! Every keyword and product name of a workspace is normalised once and merged: equal words are one
//! pattern of one automaton, whatever the number of triggers that use them. A *feature* is a word in
//! one mode: what a condition asks for, and what the scan reports.

use crate::{
    document::workspace::MatchMode,
    matching::text::{self, Variant},
};
use aho_corasick::{
    Anchored,
    automaton::{Automaton as _, StateID},
    dfa,
    nfa::contiguous,
};
use runs::{Lengths, Runs};
use std::collections::BTreeMap;

pub(crate) mod runs;
mod words;

pub(crate) use words::{MatcherBuilder, Place};

/// A word in one mode, or one of the [special](special) features.
pub(crate) type Feature = u32;

/// Features that are no words.
pub(crate) mod special {
    use super::Feature;

    /// Holds for every comment: for conditions that no word must be found for.
    pub(crate) const ALWAYS: Feature = 0;
    /// The comment ends with a question mark (N8).
    pub(crate) const QUESTION_MARK: Feature = 1;
    /// The contact's first comment (C4).
    pub(crate) const FIRST_COMMENT: Feature = 2;
    /// Any product is named (N9).
    pub(crate) const ANY_MENTION: Feature = 3;
    /// The comment answers another (C4).
    pub(crate) const REPLY: Feature = 4;
    /// How many there are; words come after.
    pub(crate) const COUNT: Feature = 5;

    /// Those that some condition asks for: what nobody asks for is not looked for.
    #[derive(Clone, Copy, Debug, Default)]
    pub(crate) struct AskedFor(u8);

    impl AskedFor {
        /// A condition asks for this feature, which may be a word.
        pub(crate) fn ask(&mut self, feature: Feature) {
            if feature < COUNT {
                self.0 |= 1 << feature;
            }
        }

        /// Whether any condition asks for it.
        pub(crate) fn holds(self, feature: Feature) -> bool {
            self.0 >> feature & 1 == 1
        }
    }
}

/// A full DFA is twice as fast as the contiguous NFA, and grows out of the caches sooner.
pub(crate) const DFA_LIMIT: usize = 12 << 20;

/// The words of a workspace in one automaton, each compared with the text as its condition varies it (N5, N6).
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    automaton: Option<Automaton>,
    patterns: Box<[Pattern]>,
    /// The runs of those patterns that have one of more than a letter (N6).
    runs: BTreeMap<u32, Runs>,
    /// The variants of the text that words are compared with.
    variants: Variants,
    feature_count: u32,
}

/// Variants of a text, a bit each.
type Variants = u8;

/// Every variant, in the order of their bits.
const VARIANTS: [Variant; 4] = [
    Variant::PLAIN,
    Variant { ignore_accents: true, squeeze: false },
    Variant { ignore_accents: false, squeeze: true },
    BOTH,
];
const BOTH: Variant = Variant { ignore_accents: true, squeeze: true };
const PLAIN: Variants = 1;
/// The variants in which runs of a letter are squeezed.
const SQUEEZED: Variants = 0b1100;

/// The place of a variant among all.
fn place_of(variant: Variant) -> usize {
    usize::from(variant.ignore_accents) + 2 * usize::from(variant.squeeze)
}

/// What is made of one text, in buffers used again.
#[derive(Default)]
pub(crate) struct Varied {
    /// The variants that are not the text itself; that of no variant is not used.
    texts: [String; VARIANTS.len()],
    runs: runs::Buffers,
}

#[derive(Debug)]
enum Automaton {
    Dfa(Box<dfa::DFA>),
    Nfa(Box<contiguous::NFA>),
}

/// One normalised word of one variant, and the modes in which conditions ask for it.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    first_feature: Feature,
    length: u16,
    modes: u8,
    variant: Variants,
}

const MODES: [MatchMode; 4] = [MatchMode::Contains, MatchMode::Word, MatchMode::StartsWith, MatchMode::Exact];
/// A fifth, which no condition names: the word stands anywhere, whatever comes after; where patterns begin (N7).
const BEGINNING: u8 = 1 << 4;
/// Beside the modes: the word names a product, so a match as a word is a mention.
const MENTION: u8 = 1 << 5;
/// Beside the modes: the word has a run of more than one letter, which a text must have too (N6).
const RUNS: u8 = 1 << 6;

fn bit(mode: MatchMode) -> u8 {
    1 << mode as u8
}

/// The place of a mode among the modes that are asked for.
fn rank(modes: u8, mode: u8) -> u32 {
    (modes & (mode - 1)).count_ones()
}

/// What a scan found: the features that hold, each once.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    list: Vec<Feature>,
    /// The comment for which a feature was last marked; so that nothing is cleared between comments.
    marks: Vec<u32>,
    comment: u32,
    /// A bit for each feature that holds, by its last digits. Few hold, so that most questions are answered without
    /// going to the marks, which are many and far apart.
    some: u64,
}

impl Hits {
    /// Forgets the last comment.
    pub(crate) fn begin(&mut self, feature_count: u32) {
        self.list.clear();
        self.some = 0;
        if self.marks.len() < feature_count as usize {
            self.marks.resize(feature_count as usize, 0);
        }
        self.comment = self.comment.wrapping_add(1);
        if self.comment == 0 {
            self.marks.fill(0);
            self.comment = 1;
        }
    }

    /// Marks a feature.
    pub(crate) fn mark(&mut self, feature: Feature) {
        let mark = &mut self.marks[feature as usize];
        if *mark != self.comment {
            *mark = self.comment;
            self.some |= 1 << (feature % 64);
            self.list.push(feature);
        }
    }

    /// Whether a feature holds. A feature that was never asked for does not.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        self.some >> (feature % 64) & 1 == 1
            && self.marks.get(feature as usize).is_some_and(|mark| *mark == self.comment)
    }

    /// The features that hold.
    pub(crate) fn list(&self) -> &[Feature] {
        &self.list
    }
}

/// Where a word was found in its variant of the text: bytes, half-open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether the last letter of the run that it ends with is not part of it (N6).
    pub(crate) is_short: bool,
}

impl Matcher {
    /// How many features there are, the special ones among them.
    pub(crate) fn feature_count(&self) -> u32 {
        self.feature_count
    }

    /// Marks every feature that holds for a normalised text.
    ///
    /// The automaton runs once over each *distinct* variant: most texts have nothing to vary, and are walked once.
    pub(crate) fn scan(&self, normalised: &str, varied: &mut Varied, hits: &mut Hits) {
        let Varied { texts, runs } = varied;
        let mut found = |feature, _| hits.mark(feature);
        let loosened = self.variants & !PLAIN;
        // What both loosenings together leave as it is, each alone does too.
        let widest = if loosened.is_power_of_two() { VARIANTS[loosened.trailing_zeros() as usize] } else { BOTH };
        if loosened == 0 || !text::varies_into(normalised, widest, &mut texts[place_of(widest)]) {
            return self.each_match(normalised, self.variants, &mut Lengths::alone(runs), &mut found);
        }
        let mut changed = 0;
        for (place, variant) in VARIANTS.into_iter().enumerate().filter(|(place, _)| loosened & 1 << place != 0) {
            if variant == widest || text::varies_into(normalised, variant, &mut texts[place]) {
                changed |= 1 << place;
            }
        }
        self.each_match(normalised, self.variants & !changed, &mut Lengths::alone(runs), &mut found);
        while changed != 0 {
            let place = changed.trailing_zeros() as usize;
            let text = texts[place].as_str();
            let alike = |place: &usize| changed & 1 << place != 0 && texts[*place] == text;
            let same = (0..VARIANTS.len()).filter(alike).fold(0, |same, place| same | 1 << place);
            // Where two squeezed variants of a text are the same, it has no accents either: any tells the lengths.
            let mut lengths = Lengths::of(normalised, VARIANTS[place].ignore_accents, runs);
            self.each_match(text, same, &mut lengths, &mut found);
            changed &= !same;
        }
    }

    /// Calls back with every feature found in every variant, and where: for explanations.
    pub(crate) fn each(&self, mut text: impl FnMut(Variant) -> String, mut found: impl FnMut(Variant, Feature, Span)) {
        let mut runs = runs::Buffers::default();
        for (place, variant) in VARIANTS.into_iter().enumerate().filter(|(place, _)| self.variants & 1 << place != 0) {
            let whole = text(Variant { squeeze: false, ..variant });
            let mut lengths = Lengths::of(&whole, false, &mut runs);
            let mut found = |feature, place| found(variant, feature, place);
            self.each_match(&text(variant), 1 << place, &mut lengths, &mut found);
        }
    }

    /// The heap it takes, in bytes.
    pub(crate) fn memory_usage(&self) -> usize {
        let automaton = match &self.automaton {
            Some(Automaton::Dfa(dfa)) => dfa.memory_usage(),
            Some(Automaton::Nfa(nfa)) => nfa.memory_usage(),
            None => 0,
        };
        let runs: usize = self.runs.values().map(|runs| size_of_val(runs) + runs.heap()).sum();
        automaton + size_of_val(&*self.patterns) + runs
    }

    /// Runs the automaton over a text and nothing else: what benchmarks hold the engine against.
    pub(crate) fn bare_scan(&self, normalised: &str) -> usize {
        let mut count = 0;
        match &self.automaton {
            Some(Automaton::Dfa(dfa)) => walk(&**dfa, normalised, |_, _| count += 1),
            Some(Automaton::Nfa(nfa)) => walk(&**nfa, normalised, |_, _| count += 1),
            None => {}
        }
        count
    }

    /// Whether the words got their DFA.
    pub(crate) fn is_dfa(&self) -> bool {
        !matches!(self.automaton, Some(Automaton::Nfa(_)))
    }

    /// Calls back with every feature found in a text that is what these variants make of it.
    #[inline]
    fn each_match(
        &self,
        text: &str,
        variants: Variants,
        lengths: &mut Lengths<'_>,
        found: &mut impl FnMut(Feature, Span),
    ) {
        if variants == 0 {
            return;
        }
        let hit = |index: usize, end: usize| {
            let pattern = self.patterns[index];
            if pattern.variant & variants == 0 {
                return;
            }
            if pattern.variant & SQUEEZED == 0 {
                return pattern.judge(text, end, || false, found);
            }
            let start = end - usize::from(pattern.length);
            let runs = if pattern.modes & RUNS == 0 { None } else { self.runs.get(&(index as u32)) };
            if runs.is_none_or(|runs| runs.fit(start, lengths.in_text(text))) {
                pattern.judge(text, end, || runs::ends_longer(runs, text, start..end, lengths), found);
            }
        };
        match &self.automaton {
            Some(Automaton::Dfa(dfa)) => walk(&**dfa, text, hit),
            Some(Automaton::Nfa(nfa)) => walk(&**nfa, text, hit),
            None => {}
        }
    }
}

impl Pattern {
    /// Holds one occurrence of a word against the modes in which it is asked for.
    ///
    /// `ends_longer`: whether the run that it ends with has more letters than it asks for, so that it may end before the
    /// last of them.
    #[inline]
    fn judge(self, text: &str, end: usize, ends_longer: impl FnOnce() -> bool, found: &mut impl FnMut(Feature, Span)) {
        let Self { first_feature, length, modes, .. } = self;
        let start = end - usize::from(length);
        let mut place = Span { start, end, is_short: false };
        if modes & BEGINNING != 0 {
            found(first_feature + rank(modes, BEGINNING), place);
            if modes == BEGINNING {
                return;
            }
        }
        let mut next = next_char(text, end);
        // N3: in every mode a match may not be followed by a mark.
        if next.is_some_and(|next| !next.is_ascii() && text::is_mark(next)) {
            if !ends_longer() {
                return;
            }
            place.is_short = true;
            next = last_char(text, end);
        }
        if modes & !RUNS == bit(MatchMode::Contains) {
            found(first_feature, place);
            return;
        }
        let mut feature = first_feature;
        for mode in MODES {
            if modes & bit(mode) == 0 {
                continue;
            }
            let holds = match mode {
                MatchMode::Contains => true,
                MatchMode::Word => {
                    !is_glued(last_char(text, start), next_char(text, start)) && !is_glued(last_char(text, end), next)
                }
                MatchMode::StartsWith => start == 0,
                MatchMode::Exact => start == 0 && end == text.len() && !place.is_short,
            };
            if holds {
                found(feature, place);
                if mode == MatchMode::Word && modes & MENTION != 0 {
                    found(special::ANY_MENTION, place);
                }
            }
            feature += 1;
        }
    }
}

/// Steps an automaton through a text and calls back with every overlapping match: pattern and end.
#[inline]
fn walk<A: aho_corasick::automaton::Automaton>(automaton: &A, text: &str, mut hit: impl FnMut(usize, usize)) {
    let Ok(mut state) = automaton.start_state(Anchored::No) else { return };
    let (bytes, mut at) = (text.as_bytes(), 0);
    while let Some((found, end)) = next_match(automaton, state, bytes, at) {
        (state, at) = (found, end);
        for index in 0..automaton.match_len(state) {
            hit(automaton.match_pattern(state, index).as_usize(), end);
        }
    }
}

/// Steps to the next state that is a match; on its own, so that the state stays in a register.
#[inline(never)]
fn next_match<A: aho_corasick::automaton::Automaton>(
    automaton: &A,
    mut state: StateID,
    bytes: &[u8],
    from: usize,
) -> Option<(StateID, usize)> {
    for (at, &byte) in bytes.iter().enumerate().skip(from) {
        state = automaton.next_state(Anchored::No, state, byte);
        if automaton.is_special(state) && automaton.is_match(state) {
            return Some((state, at + 1));
        }
    }
    None
}

/// N4: an edge is glued when both sides are letters, numbers or marks, and neither is of a script
/// that is written without spaces.
pub(crate) fn is_glued(before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let joins = |c| text::is_letter_number_or_mark(c) && !text::is_unspaced_script(c);
    joins(before) && joins(after)
}

fn next_char(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

fn last_char(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}
