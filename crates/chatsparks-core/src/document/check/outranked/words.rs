//! The words of all conditions as numbers, and which of them stand within which.

use crate::{
    document::workspace::{Keywords, MatchMode},
    matching::matcher::runs::{self, Runs},
    matching::text::{self, Variant},
};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::{borrow::Cow, ops::Range};

/// Bytes of words that are looked for within others; what is more is only compared for being equal.
const BYTES: usize = 4 << 20;
/// Words noted within one word.
const WITHIN: usize = 256;

/// A list of keywords: its mode, and where its words are.
pub(super) struct Group {
    pub(super) mode: MatchMode,
    at: Range<usize>,
}

/// A word within another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) word: u32,
    /// Whether it stands at the start.
    pub(super) at_start: bool,
}

/// Words read in their variants (N5, N6): equal numbers, equal words in the same variant, with runs as long.
#[derive(Default)]
pub(super) struct Words {
    /// Each word where it was added, until all are there.
    added: Vec<(u8, String, bool)>,
    groups: Vec<Range<usize>>,
    numbers: Vec<u32>,
    /// For each number, where its parts are.
    parts_at: Vec<usize>,
    parts: Vec<Part>,
    scratch: text::Normaliser,
}

impl Words {
    /// Adds a list; none when it has a fault.
    pub(super) fn add(&mut self, keywords: &Keywords) -> Option<Group> {
        let bare = Variant { ignore_accents: keywords.ignore_accents, squeeze: false };
        let read_as = u8::from(keywords.ignore_accents) | if keywords.squeeze { SQUEEZED } else { 0 };
        let looked_for = matches!(keywords.mode, MatchMode::Contains | MatchMode::StartsWith);
        let start = self.added.len();
        for word in &keywords.words {
            let mut read = String::new();
            self.scratch.normalise_into(word, &mut read);
            if bare.ignore_accents {
                read = text::vary(&read, bare);
            }
            if read.is_empty() {
                self.added.truncate(start);
                return None;
            }
            self.added.push((read_as, read, looked_for));
        }
        let at = start..self.added.len();
        if at.is_empty() {
            return None;
        }
        self.groups.push(at.clone());
        Some(Group { mode: keywords.mode, at })
    }

    /// Numbers the words and finds those within others, once all are added.
    pub(super) fn seal(&mut self) {
        let added = std::mem::take(&mut self.added);
        let mut order: Vec<u32> = (0..).take(added.len()).collect();
        let key = |at: u32| (added[at as usize].0, added[at as usize].1.as_str());
        order.sort_unstable_by(|left, right| key(*left).cmp(&key(*right)));
        self.numbers = vec![0; added.len()];
        let mut unique: Vec<Unique<'_>> = Vec::new();
        for at in order {
            let (read_as, word, looked_for) = &added[at as usize];
            match unique.last_mut() {
                Some(last) if (last.read_as, last.word) == (*read_as, word) => last.looked_for |= looked_for,
                _ => unique.push(Unique { read_as: *read_as, word, looked_for: *looked_for }),
            }
            self.numbers[at as usize] = u32::try_from(unique.len() - 1).unwrap_or(u32::MAX);
        }
        for group in std::mem::take(&mut self.groups) {
            self.numbers[group].sort_unstable();
        }
        self.parts_at.push(0);
        let mut start = 0;
        for same in unique.chunk_by(|left, right| left.read_as == right.read_as) {
            self.find_parts(same, start);
            start += same.len();
        }
    }

    /// Finds parts among words of one variant; `start` is the number of the first.
    fn find_parts(&mut self, unique: &[Unique<'_>], start: usize) {
        let mut bytes = 0;
        let looked_for: Vec<(u32, Cow<'_, str>, Option<Runs>)> = (0..)
            .zip(unique)
            .filter(|(_, unique)| unique.looked_for)
            .take_while(|(_, unique)| {
                bytes += unique.word.len();
                bytes <= BYTES
            })
            .map(|(at, unique)| {
                let word = unique.sought();
                let runs = if word.len() == unique.word.len() { None } else { Runs::of(unique.word, &word) };
                (at, word, runs)
            })
            .collect();
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(looked_for.iter().map(|(_, word, _)| &**word))
            .ok();
        let mut lengths = Vec::new();
        for unique in unique {
            let word = unique.sought();
            runs::measure(unique.word, &word, &mut lengths);
            let from = self.parts.len();
            let hits = automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(&*word));
            let parts = hits.filter(|hit| !word[hit.end()..].starts_with(text::is_mark)).filter_map(|hit| {
                let (at, _, runs) = &looked_for[hit.pattern().as_usize()];
                // N6: the part must have no run that is longer than the word's.
                let is_part = runs.as_ref().is_none_or(|runs| runs.fit(hit.start(), &lengths));
                let word = at + u32::try_from(start).unwrap_or(u32::MAX);
                is_part.then_some(Part { word, at_start: hit.start() == 0 })
            });
            self.parts.extend(parts.take(WITHIN));
            self.parts[from..].sort_unstable();
            self.parts_at.push(self.parts.len());
        }
    }

    /// The numbers of a list's words, sorted.
    pub(super) fn of(&self, group: &Group) -> &[u32] {
        &self.numbers[group.at.clone()]
    }

    /// The words within a word, itself included where it is looked for.
    pub(super) fn within(&self, word: u32) -> impl Iterator<Item = Part> {
        let word = word as usize;
        self.parts[self.parts_at[word]..self.parts_at[word + 1]].iter().copied()
    }
}

/// Of how a word is read: its runs may be longer in the text.
const SQUEEZED: u8 = 2;

/// A word in one variant, once.
struct Unique<'a> {
    read_as: u8,
    word: &'a str,
    /// Whether it is of use within others: in a mode that they may imply.
    looked_for: bool,
}

impl Unique<'_> {
    /// The word as it is looked for.
    fn sought(&self) -> Cow<'_, str> {
        if self.read_as & SQUEEZED == 0 {
            return Cow::Borrowed(self.word);
        }
        Cow::Owned(text::vary(self.word, Variant { ignore_accents: false, squeeze: true }))
    }
}
