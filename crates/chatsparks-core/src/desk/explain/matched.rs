//! The words that matched, and where they stand in the text as received (C11).

use super::{MatchedKind, MatchedWord};
use crate::{
    document::workspace::{Condition, Product},
    engine::compile::Compiled,
    machines::comment::matched_part,
    matching::condition::Node,
    matching::matcher::Feature,
    matching::text::{Mapped, Variant, ends_with_question_mark, normalise_mapped},
};
use std::collections::BTreeMap;

/// Places listed for one trigger at most: a long text of one letter has ten thousand.
const MOST: usize = 1_000;

/// Places in the text as received: half-open ranges of scalar values.
type Places = Vec<(usize, usize)>;

/// Finds what matched for one trigger after another, in one text. What does not depend on the trigger is found once,
/// so that a trial costs no more than the triggers and what is told of them.
pub(super) struct Finder<'a> {
    engine: &'a Compiled,
    plain: Mapped,
    /// Where each word stands that was found.
    places: BTreeMap<Feature, Places>,
    /// A bit for every such word, by its last digits: most words are not among them.
    found: u64,
    /// The products that are mentioned, and by which names.
    mentions: Vec<(Feature, &'a Product, &'a str)>,
    /// Where each pattern stands that was looked for.
    patterns: BTreeMap<u32, Places>,
    question_mark: Option<(usize, char)>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(engine: &'a Compiled, text: &str) -> Self {
        let (text, _) = matched_part(text);
        let plain = normalise_mapped(text, Variant::default());
        let mut mapped: BTreeMap<Variant, Mapped> = BTreeMap::new();
        let mut places: BTreeMap<Feature, Places> = BTreeMap::new();
        let mut standing = Vec::new();
        engine.matcher.each(
            |variant| {
                let varied = mapped.entry(variant).or_insert_with(|| normalise_mapped(text, variant));
                varied.text.clone()
            },
            |variant, feature, span| standing.push((variant, feature, span)),
        );
        for (variant, feature, span) in standing {
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
        let found = places.keys().fold(0, |found, feature| found | bit(*feature));
        let mut mentions = Vec::new();
        for &feature in places.keys() {
            mentions.extend(engine.mentioned_by(feature).map(|(product, name)| (feature, product, name)));
        }
        let question_mark = || {
            let marks = ['?', '？', '؟', '⁇', '❓', '❔'];
            text.chars().enumerate().filter(|(_, c)| marks.contains(c)).last()
        };
        let question_mark = ends_with_question_mark(text).then(question_mark).flatten();
        Self { engine, plain, places, found, mentions, patterns: BTreeMap::new(), question_mark }
    }

    /// Where a word stands.
    pub(super) fn places(&self, feature: Feature) -> &[(usize, usize)] {
        self.places.get(&feature).map_or(&[], Vec::as_slice)
    }

    /// Where a pattern stands.
    pub(super) fn pattern(&mut self, index: u32) -> &[(usize, usize)] {
        self.patterns.entry(index).or_insert_with(|| {
            let found = self.engine.patterns[index as usize].find_iter(&self.plain.text).take(MOST);
            let ranges = found.map(|found| self.plain.original_range(found.start(), found.end()));
            ranges.map(|range| (range.start, range.end)).collect()
        })
    }

    /// The products that are named, of those that any trigger asks for, and where each name stands first.
    pub(super) fn mentioned(&self) -> impl Iterator<Item = (&'a Product, &'a str, (usize, usize))> {
        let named = self.mentions.iter();
        named.filter_map(|(feature, product, name)| Some((*product, *name, *self.places(*feature).first()?)))
    }

    /// What matched of one trigger's condition, in the order of the text.
    pub(super) fn of(&mut self, trigger: usize) -> Vec<MatchedWord> {
        let compiled = &self.engine.triggers[trigger];
        let mut words = Vec::new();
        let mut features = compiled.words.iter().copied();
        self.walk(&self.engine.workspace.triggers[trigger].when, &compiled.condition, &mut features, &mut words);
        words.sort_unstable_by(|one, other| (one.start, one.end, one).cmp(&(other.start, other.end, other)));
        words.dedup();
        words.truncate(MOST);
        words
    }

    /// A condition as it is written, and as it was made ready: they have the same parts. `features` are those of the
    /// keywords that are still to come.
    fn walk(
        &mut self,
        condition: &Condition,
        node: &Node,
        features: &mut impl Iterator<Item = Feature>,
        words: &mut Vec<MatchedWord>,
    ) {
        match (condition, node) {
            (Condition::All(parts), Node::All(nodes)) | (Condition::Any(parts), Node::Any(nodes)) => {
                parts.iter().zip(nodes).for_each(|(part, node)| self.walk(part, node, features, words));
            }
            (Condition::Not(part), Node::Not(node)) => self.walk(part, node, features, words),
            (Condition::Keywords(keywords), _) => {
                for (word, feature) in keywords.words.iter().zip(features) {
                    if self.found & bit(feature) != 0 {
                        add_each(words, word, MatchedKind::Keyword, self.places(feature));
                    }
                }
            }
            (Condition::Pack(pack), _) => {
                for (word, feature) in pack.words().zip(features) {
                    if self.found & bit(feature) != 0 {
                        add_each(words, word.word, MatchedKind::Keyword, self.places(feature));
                    }
                }
            }
            (Condition::Pattern(pattern), Node::Pattern(index, _)) => {
                add_each(words, pattern, MatchedKind::Pattern, self.pattern(*index));
            }
            (Condition::Mentions(mentions), Node::Features(asked)) => {
                let products = &mentions.products;
                for (feature, product, name) in &self.mentions {
                    let is_asked = || asked.binary_search(feature).is_ok() && products.contains(&product.id);
                    if products.is_empty() || is_asked() {
                        add_each(words, name, MatchedKind::Mention, self.places(*feature));
                    }
                }
            }
            (Condition::QuestionMark, _) => {
                let mark = self.question_mark.map(|(at, c)| MatchedWord {
                    word: c.to_string(),
                    kind: MatchedKind::QuestionMark,
                    start: at,
                    end: at + 1,
                });
                words.extend(mark);
            }
            _ => {}
        }
    }
}

fn bit(feature: Feature) -> u64 {
    1 << (feature % 64)
}

fn add_each(words: &mut Vec<MatchedWord>, word: &str, kind: MatchedKind, places: &[(usize, usize)]) {
    words.extend(places.iter().map(|&(start, end)| MatchedWord { word: word.to_owned(), kind, start, end }));
}
