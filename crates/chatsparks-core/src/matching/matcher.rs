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
    nfa::{contiguous, noncontiguous},
};

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
    /// How many there are; words come after.
    pub(crate) const COUNT: Feature = 4;
}

/// A full DFA is twice as fast as the contiguous NFA, and grows out of the caches sooner.
pub(crate) const DFA_LIMIT: usize = 12 << 20;

/// The words of a workspace in one automaton, each compared with the text as its condition varies it (N5, N6).
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    automaton: Option<Automaton>,
    patterns: Box<[Pattern]>,
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

/// The place of a variant among all.
fn place_of(variant: Variant) -> usize {
    usize::from(variant.ignore_accents) + 2 * usize::from(variant.squeeze)
}

/// The variants of one text that are not the text itself, in buffers used again; that of no variant is not used.
pub(crate) type Varied = [String; VARIANTS.len()];

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

fn bit(mode: MatchMode) -> u8 {
    1 << mode as u8
}

/// Collects words before the automata are built.
#[derive(Debug, Default)]
pub(crate) struct MatcherBuilder {
    /// The words of each variant.
    words: [Words; VARIANTS.len()],
    buffers: (String, String),
}

/// The words asked for of one variant, one after another in one text: there may be 200,000.
#[derive(Debug, Default)]
struct Words {
    text: String,
    asked: Vec<Asked>,
}

/// A word asked for: sorted, so that equal words stand together.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// The first sixteen bytes, which tell most words apart without a look at the text.
    head: u128,
    start: u32,
    length: u32,
    mode: u8,
    /// Where the feature is to be written in the caller's list.
    place: u32,
}

impl Words {
    fn add(&mut self, word: &str, mode: u8, place: u32) {
        // A checked document has no empty keyword; an unchecked one gets a word that never matches.
        // Nor does one too long for any text that is matched.
        if word.is_empty() || word.len() > usize::from(u16::MAX) {
            return;
        }
        let mut head = [0; 16];
        let length = word.len().min(head.len());
        head[..length].copy_from_slice(&word.as_bytes()[..length]);
        let (start, length) = (self.text.len() as u32, word.len() as u32);
        self.asked.push(Asked { head: u128::from_be_bytes(head), start, length, mode, place });
        self.text.push_str(word);
    }

    /// Sorts by word, then mode, then place.
    fn sort(&mut self) {
        let text = self.text.as_str();
        self.asked.sort_unstable_by(|one, other| {
            let rest = || (one.word(text), one.mode, one.place).cmp(&(other.word(text), other.mode, other.place));
            one.head.cmp(&other.head).then_with(rest)
        });
    }
}

impl Asked {
    fn word(self, text: &str) -> &str {
        &text[self.start as usize..(self.start + self.length) as usize]
    }
}

/// A feature that is not known before [`MatcherBuilder::build`]: its place in the list returned there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(pub(crate) u32);

impl MatcherBuilder {
    /// Asks for a word; its feature will stand at the place given.
    pub(crate) fn word(&mut self, word: &str, mode: MatchMode, variant: Variant, place: Place) {
        self.ask(word, bit(mode), variant, place);
    }

    /// Asks for a product's name (N9), as a word; names shorter than `least` characters are passed over.
    pub(crate) fn name(&mut self, name: &str, least: usize, place: Place) -> bool {
        self.buffers.0.clear();
        text::normalise_into(name, &mut self.buffers.0);
        if self.buffers.0.is_empty() || self.buffers.0.chars().nth(least.saturating_sub(1)).is_none() {
            return false;
        }
        self.ask(name, bit(MatchMode::Word) | MENTION, Variant::default(), place);
        true
    }

    /// Asks for what a pattern begins with, as it stands in normalised text.
    pub(crate) fn beginning(&mut self, text: &str, place: Place) {
        self.words[place_of(Variant::PLAIN)].add(text, BEGINNING, place.0);
    }

    fn ask(&mut self, word: &str, mode: u8, variant: Variant, place: Place) {
        let (plain, varied) = &mut self.buffers;
        text::normalise_into(word, plain);
        let word = if variant == Variant::default() {
            plain
        } else {
            text::vary_into(plain, variant, varied);
            varied
        };
        self.words[place_of(variant)].add(word, mode, place.0);
    }

    /// Builds the automaton, and tells the feature of each place.
    ///
    /// `dfa_limit`: the largest DFA, in bytes, that is taken instead of a contiguous NFA.
    pub(crate) fn build(
        mut self,
        places: usize,
        dfa_limit: usize,
    ) -> Result<(Matcher, Vec<Feature>), aho_corasick::BuildError> {
        let mut features = vec![Feature::MAX; places];
        let mut feature_count = special::COUNT;
        let mut variants = 0;
        let mut patterns = Vec::new();
        let mut words: Vec<&str> = Vec::new();
        let mut states = 1;
        self.words.iter_mut().for_each(Words::sort);
        for (place, all) in self.words.iter().enumerate().filter(|(_, all)| !all.asked.is_empty()) {
            variants |= 1 << place;
            let first = words.len();
            let mut own_states = 1;
            let same =
                |one: &Asked, other: &Asked| one.head == other.head && one.word(&all.text) == other.word(&all.text);
            for group in all.asked.chunk_by(same) {
                let word = group[0].word(&all.text);
                let modes = group.iter().fold(0, |modes, asked| modes | asked.mode);
                let first_feature = feature_count;
                for asked in group {
                    features[asked.place as usize] = first_feature + rank(modes, asked.mode & !MENTION);
                }
                feature_count += (modes & !MENTION).count_ones();
                let length = u16::try_from(word.len()).unwrap_or(u16::MAX);
                own_states += word.len() - words[first..].last().map_or(0, |last| shared_prefix(last, word));
                patterns.push(Pattern { first_feature, length, modes, variant: 1 << place });
                words.push(word);
            }
            // Words of different variants may share states; those of one have all of theirs.
            states = states.max(own_states);
        }
        let automaton = if words.is_empty() { None } else { Some(Automaton::build(&words, states, dfa_limit)?) };
        Ok((Matcher { automaton, patterns: patterns.into_boxed_slice(), variants, feature_count }, features))
    }
}

/// The place of a mode among the modes that are asked for.
fn rank(modes: u8, mode: u8) -> u32 {
    (modes & (mode - 1)).count_ones()
}

fn shared_prefix(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}

impl Automaton {
    /// Builds a DFA where it fits its limit, else a contiguous NFA.
    ///
    /// `states` is how many states the words make at least, so that a DFA that cannot fit is not built.
    fn build(words: &[&str], states: usize, dfa_limit: usize) -> Result<Self, aho_corasick::BuildError> {
        let trie = noncontiguous::Builder::new().prefilter(false).build(words)?;
        let mut classes = [false; 256];
        words.iter().flat_map(|word| word.bytes()).for_each(|byte| classes[usize::from(byte)] = true);
        let stride = classes.iter().filter(|used| **used).count().next_power_of_two();
        if states * stride * 4 <= dfa_limit {
            let dfa = dfa::Builder::new()
                .prefilter(false)
                .start_kind(aho_corasick::StartKind::Unanchored)
                .build_from_noncontiguous(&trie)?;
            if dfa.memory_usage() <= dfa_limit {
                return Ok(Self::Dfa(Box::new(dfa)));
            }
        }
        let nfa = contiguous::Builder::new().prefilter(false).build_from_noncontiguous(&trie)?;
        Ok(Self::Nfa(Box::new(nfa)))
    }
}

/// What a scan found: the features that hold, each once.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    list: Vec<Feature>,
    /// The comment for which a feature was last marked; so that nothing is cleared between comments.
    marks: Vec<u32>,
    comment: u32,
}

impl Hits {
    /// Forgets the last comment.
    pub(crate) fn begin(&mut self, feature_count: u32) {
        self.list.clear();
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
            self.list.push(feature);
        }
    }

    /// Whether a feature holds. A feature that was never asked for does not.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        self.marks.get(feature as usize).is_some_and(|mark| *mark == self.comment)
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
        let loosened = self.variants & !PLAIN;
        // What both loosenings together leave as it is, each alone does too.
        let widest = if loosened.is_power_of_two() { VARIANTS[loosened.trailing_zeros() as usize] } else { BOTH };
        if loosened == 0 || !text::varies_into(normalised, widest, &mut varied[place_of(widest)]) {
            return self.each_match(normalised, self.variants, |feature, _| hits.mark(feature));
        }
        let mut changed = 0;
        for (place, variant) in VARIANTS.into_iter().enumerate().filter(|(place, _)| loosened & 1 << place != 0) {
            if variant == widest || text::varies_into(normalised, variant, &mut varied[place]) {
                changed |= 1 << place;
            }
        }
        self.each_match(normalised, self.variants & !changed, |feature, _| hits.mark(feature));
        while changed != 0 {
            let text = varied[changed.trailing_zeros() as usize].as_str();
            let alike = |place: &usize| changed & 1 << place != 0 && varied[*place] == text;
            let same = (0..VARIANTS.len()).filter(alike).fold(0, |same, place| same | 1 << place);
            self.each_match(text, same, |feature, _| hits.mark(feature));
            changed &= !same;
        }
    }

    /// Calls back with every feature found in every variant, and where: for explanations.
    pub(crate) fn each(&self, mut text: impl FnMut(Variant) -> String, mut found: impl FnMut(Variant, Feature, Span)) {
        for (place, variant) in VARIANTS.into_iter().enumerate().filter(|(place, _)| self.variants & 1 << place != 0) {
            self.each_match(&text(variant), 1 << place, |feature, place| found(variant, feature, place));
        }
    }

    /// The heap it takes, in bytes.
    pub(crate) fn memory_usage(&self) -> usize {
        let automaton = match &self.automaton {
            Some(Automaton::Dfa(dfa)) => dfa.memory_usage(),
            Some(Automaton::Nfa(nfa)) => nfa.memory_usage(),
            None => 0,
        };
        automaton + size_of_val(&*self.patterns)
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
    fn each_match(&self, text: &str, variants: Variants, mut found: impl FnMut(Feature, Span)) {
        if variants == 0 {
            return;
        }
        let hit = |pattern: usize, end: usize| {
            let pattern = self.patterns[pattern];
            if pattern.variant & variants != 0 {
                pattern.judge(text, end, &mut found);
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
    #[inline]
    fn judge(self, text: &str, end: usize, found: &mut impl FnMut(Feature, Span)) {
        let Self { first_feature, length, modes, .. } = self;
        let start = end - usize::from(length);
        if modes & BEGINNING != 0 {
            found(first_feature + rank(modes, BEGINNING), Span { start, end });
            if modes == BEGINNING {
                return;
            }
        }
        let next = next_char(text, end);
        // N3: in every mode a match may not be followed by a mark.
        if next.is_some_and(|next| !next.is_ascii() && text::is_mark(next)) {
            return;
        }
        let place = Span { start, end };
        if modes == bit(MatchMode::Contains) {
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
                MatchMode::Exact => start == 0 && end == text.len(),
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
fn is_glued(before: Option<char>, after: Option<char>) -> bool {
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
