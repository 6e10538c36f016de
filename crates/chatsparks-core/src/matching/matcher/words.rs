//! From words asked for to a matcher: equal words are one pattern, and all patterns one automaton.

use super::{
    Automaton, BEGINNING, Feature, MENTION, Matcher, Pattern, RUNS, VARIANTS, bit, place_of, rank, runs::Runs, special,
};
use crate::{
    document::workspace::MatchMode,
    matching::text::{self, Variant},
};
use aho_corasick::{
    automaton::Automaton as _,
    dfa,
    nfa::{contiguous, noncontiguous},
};
use std::collections::BTreeMap;

/// Collects words before the automata are built.
#[derive(Debug, Default)]
pub(crate) struct MatcherBuilder {
    /// The words of each variant.
    words: [Words; VARIANTS.len()],
    buffers: (String, String, String),
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
    /// Behind a squeezed word with a longer run stands the word as it was before: how long that is.
    whole: u32,
    mode: u8,
    /// Where the feature is to be written in the caller's list.
    place: u32,
}

impl Words {
    /// `whole`: the word before it was squeezed, where that shortened it; else nothing.
    fn add(&mut self, word: &str, whole: &str, mode: u8, place: u32) {
        // A checked document has no empty keyword; an unchecked one gets a word that never matches.
        // Nor does one too long for any text that is matched.
        if word.is_empty() || word.len() > usize::from(u16::MAX) {
            return;
        }
        let mut head = [0; 16];
        let length = word.len().min(head.len());
        head[..length].copy_from_slice(&word.as_bytes()[..length]);
        let (start, length) = (self.text.len() as u32, word.len() as u32);
        let asked = Asked { head: u128::from_be_bytes(head), start, length, whole: whole.len() as u32, mode, place };
        self.asked.push(asked);
        self.text.push_str(word);
        self.text.push_str(whole);
    }

    /// Sorts by word, then as it was before, then mode, then place.
    fn sort(&mut self) {
        let text = self.text.as_str();
        self.asked.sort_unstable_by(|one, other| {
            let key = |asked: &Asked| (asked.word(text), asked.whole(text), asked.mode, asked.place);
            one.head.cmp(&other.head).then_with(|| key(one).cmp(&key(other)))
        });
    }
}

impl Asked {
    fn word(self, text: &str) -> &str {
        &text[self.start as usize..(self.start + self.length) as usize]
    }

    fn whole(self, text: &str) -> &str {
        let start = (self.start + self.length) as usize;
        &text[start..start + self.whole as usize]
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
        self.words[place_of(Variant::PLAIN)].add(text, "", BEGINNING, place.0);
    }

    fn ask(&mut self, word: &str, mode: u8, variant: Variant, place: Place) {
        let (plain, bare, squeezed) = &mut self.buffers;
        text::normalise_into(word, plain);
        if variant.ignore_accents {
            text::vary_into(plain, Variant { squeeze: false, ..variant }, bare);
        }
        let whole = if variant.ignore_accents { bare } else { plain };
        let words = &mut self.words[place_of(variant)];
        if variant.squeeze {
            text::vary_into(whole, Variant { ignore_accents: false, ..variant }, squeezed);
            let is_shorter = squeezed.len() < whole.len();
            words.add(squeezed, if is_shorter { whole } else { "" }, mode, place.0);
        } else {
            words.add(whole, "", mode, place.0);
        }
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
        let mut runs = BTreeMap::new();
        let mut words: Vec<&str> = Vec::new();
        let mut states = 1;
        self.words.iter_mut().for_each(Words::sort);
        for (place, all) in self.words.iter().enumerate().filter(|(_, all)| !all.asked.is_empty()) {
            variants |= 1 << place;
            let first = words.len();
            let mut own_states = 1;
            let key = |asked: &Asked| (asked.word(&all.text), asked.whole(&all.text));
            let same = |one: &Asked, other: &Asked| one.head == other.head && key(one) == key(other);
            for group in all.asked.chunk_by(same) {
                let (word, whole) = key(&group[0]);
                let modes = group.iter().fold(0, |modes, asked| modes | asked.mode);
                let first_feature = feature_count;
                for asked in group {
                    features[asked.place as usize] = first_feature + rank(modes, asked.mode & !MENTION);
                }
                feature_count += (modes & !MENTION).count_ones();
                let length = u16::try_from(word.len()).unwrap_or(u16::MAX);
                own_states += word.len() - words[first..].last().map_or(0, |last| shared_prefix(last, word));
                let own_runs = if whole.is_empty() { None } else { Runs::of(whole, word) };
                let marked = if own_runs.is_some() { modes | RUNS } else { modes };
                runs.extend(own_runs.map(|runs| (patterns.len() as u32, runs)));
                patterns.push(Pattern { first_feature, length, modes: marked, variant: 1 << place });
                words.push(word);
            }
            // Words of different variants may share states; those of one have all of theirs.
            states = states.max(own_states);
        }
        let automaton = if words.is_empty() { None } else { Some(Automaton::build(&words, states, dfa_limit)?) };
        Ok((Matcher { automaton, patterns: patterns.into_boxed_slice(), runs, variants, feature_count }, features))
    }
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
