//! The words that matched, and where they stand in the text as received (C11).

use super::{MatchedKind, MatchedWord};
use crate::{
    document::workspace::Condition,
    engine::compile::Compiled,
    machines::comment::matched_part,
    matching::condition::{each_leaf, keyword_at},
    matching::matcher::Feature,
    matching::text::{Mapped, Variant, normalise_mapped},
};
use std::collections::BTreeMap;

/// Places listed for one trigger at most: a long text of one letter has ten thousand.
const MOST: usize = 1_000;

/// Finds what matched for one trigger after another, in one text that is scanned once.
pub(super) struct Finder<'a> {
    engine: &'a Compiled,
    text: &'a str,
    plain: Mapped,
    /// Where each feature stands, in scalar values of the text as received.
    places: BTreeMap<Feature, Vec<(usize, usize)>>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(engine: &'a Compiled, text: &'a str) -> Self {
        let (text, _) = matched_part(text);
        let plain = normalise_mapped(text, Variant::default());
        let mut mapped: BTreeMap<Variant, Mapped> = BTreeMap::new();
        let mut places: BTreeMap<Feature, Vec<(usize, usize)>> = BTreeMap::new();
        let mut found = Vec::new();
        engine.matcher.each(
            |variant| {
                let varied = mapped.entry(variant).or_insert_with(|| normalise_mapped(text, variant));
                varied.text.clone()
            },
            |variant, feature, span| found.push((variant, feature, span)),
        );
        for (variant, feature, span) in found {
            let Some(mapped) = mapped.get(&variant) else { continue };
            let range = if span.is_short {
                mapped.range_but_for_the_last(span.start, span.end)
            } else {
                mapped.original_range(span.start, span.end)
            };
            let list = places.entry(feature).or_default();
            if list.len() < MOST {
                list.push((range.start, range.end));
            }
        }
        Self { engine, text, plain, places }
    }

    /// What matched of one trigger's condition, in the order of the text.
    pub(super) fn of(&mut self, trigger: usize) -> Vec<MatchedWord> {
        let compiled = &self.engine.triggers[trigger];
        if compiled.asks_for_words_alone && !compiled.words.iter().any(|feature| self.places.contains_key(feature)) {
            return Vec::new();
        }
        let mut words = Vec::new();
        let when = &self.engine.workspace.triggers[trigger].when;
        for (place, feature) in self.engine.triggers[trigger].words.iter().enumerate() {
            if let Some(word) = self.places.contains_key(feature).then(|| keyword_at(when, place)).flatten() {
                self.add(&mut words, word, MatchedKind::Keyword, *feature);
            }
        }
        let mut patterns = Vec::new();
        self.walk(trigger, &mut words, &mut patterns);
        for (pattern, index) in patterns {
            for found in self.engine.patterns[index as usize].find_iter(&self.plain.text).take(MOST) {
                let range = self.plain.original_range(found.start(), found.end());
                let word = pattern.to_owned();
                words.push(MatchedWord { word, kind: MatchedKind::Pattern, start: range.start, end: range.end });
            }
        }
        words.sort_unstable_by(|one, other| (one.start, one.end, one).cmp(&(other.start, other.end, other)));
        words.dedup();
        words.truncate(MOST);
        words
    }

    /// Question marks, product names, and which patterns to look for.
    fn walk(&self, trigger: usize, words: &mut Vec<MatchedWord>, patterns: &mut Vec<(&'a str, u32)>) {
        let engine = self.engine;
        let mut indices = Vec::new();
        pattern_indices(&engine.triggers[trigger].condition, &mut indices);
        let mut next_pattern = indices.into_iter();
        each_leaf(&engine.workspace.triggers[trigger].when, &mut |leaf| match leaf {
            Condition::Pattern(pattern) => patterns.extend(next_pattern.next().map(|index| (pattern.as_str(), index))),
            Condition::QuestionMark if crate::matching::text::ends_with_question_mark(self.text) => {
                let marks = ['?', '？', '؟', '⁇', '❓', '❔'];
                let last = self.text.chars().enumerate().filter(|(_, c)| marks.contains(c)).last();
                words.extend(last.map(|(at, c)| MatchedWord {
                    word: c.to_string(),
                    kind: MatchedKind::QuestionMark,
                    start: at,
                    end: at + 1,
                }));
            }
            Condition::Mentions(mentions) => {
                let chosen = |id| mentions.products.is_empty() || mentions.products.contains(id);
                for product in engine.workspace.products.iter().filter(|product| chosen(&product.id)) {
                    for (name, feature) in engine.names_of(product) {
                        self.add(words, name, MatchedKind::Mention, feature);
                    }
                }
            }
            _ => {}
        });
    }

    fn add(&self, words: &mut Vec<MatchedWord>, word: &str, kind: MatchedKind, feature: Feature) {
        let places = self.places.get(&feature).into_iter().flatten();
        words.extend(places.map(|&(start, end)| MatchedWord { word: word.to_owned(), kind, start, end }));
    }
}

fn pattern_indices(node: &crate::matching::condition::Node, indices: &mut Vec<u32>) {
    use crate::matching::condition::Node;
    match node {
        Node::Pattern(index, _) => indices.push(*index),
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| pattern_indices(part, indices)),
        Node::Not(part) => pattern_indices(part, indices),
        Node::Features(_) | Node::Posts(_) => {}
    }
}
