//! The nearest thing that did stand in a text, for a word that does not: one mode, one loosening, one mark, one letter
//! away (C10).

use crate::{
    Text,
    document::workspace::{Keywords, MatchMode},
    matching::matcher::{DFA_LIMIT, MatcherBuilder, Place, is_glued},
    matching::text::{Mapped, Variant, is_mark, normalise, normalise_mapped, vary},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Characters compared for one text at most, so that a long list over a long text ends soon.
const COMPARED: usize = 2_000_000;
/// Words shorter than this are near to too much.
const SHORTEST: usize = 4;

const BOTH: Variant = Variant { ignore_accents: true, squeeze: true };

/// What stands in the text near a word, and what would make it hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Near {
    /// What stands there, as received.
    pub text: Text,
    /// Where it starts, in Unicode scalar values of the text as received.
    pub start: usize,
    /// Where it ends, itself not part of it.
    pub end: usize,
    /// The mode in which the word would hold.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub mode: Option<MatchMode>,
    /// Whether it would take `ignore_accents`.
    #[serde(skip_serializing_if = "is_no")]
    pub ignore_accents: bool,
    /// Whether it would take `squeeze`.
    #[serde(skip_serializing_if = "is_no")]
    pub squeeze: bool,
    /// Whether a mark follows that makes it another word (N3).
    #[serde(skip_serializing_if = "is_no")]
    pub mark: bool,
    /// Whether one letter is other, missing, too many, or changed its place.
    #[serde(skip_serializing_if = "is_no")]
    pub letter: bool,
}

fn is_no(flag: &bool) -> bool {
    !flag
}

impl Near {
    /// How much would have to change.
    pub(super) fn cost(&self) -> usize {
        let settings = usize::from(self.mode.is_some()) + usize::from(self.ignore_accents) + usize::from(self.squeeze);
        settings + 3 * usize::from(self.letter)
    }
}

/// Looks for what stands near words, in one text.
pub(super) struct Nearby<'t> {
    text: &'t str,
    /// The text with all that can be loosened loose: what a word does not stand in here, no setting finds.
    loose: String,
    varied: BTreeMap<Variant, Mapped>,
    left: usize,
}

impl<'t> Nearby<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, loose: vary(&normalise(text), BOTH), varied: BTreeMap::new(), left: COMPARED }
    }

    /// For each word of a list the nearest thing that stands in the text; nothing where nothing is near. A word that
    /// holds is near to itself, and not to be asked about.
    pub(super) fn of(&mut self, keywords: &Keywords) -> Vec<Option<Near>> {
        let mut nearest = self.by_settings(keywords);
        let asked = Variant { ignore_accents: keywords.ignore_accents, squeeze: keywords.squeeze };
        for (word, nearest) in keywords.words.iter().zip(&mut nearest) {
            if nearest.is_none() {
                let word = vary(&normalise(word), asked);
                *nearest = self.by_mark(&word, asked).or_else(|| self.by_letter(&word, keywords.mode, asked));
            }
        }
        nearest
    }

    fn varied(&mut self, variant: Variant) -> &Mapped {
        let text = self.text;
        self.varied.entry(variant).or_insert_with(|| normalise_mapped(text, variant))
    }

    /// Words that would hold in another mode, or with something loosened. Found as the engine finds them.
    fn by_settings(&mut self, keywords: &Keywords) -> Vec<Option<Near>> {
        let mut nearest = vec![None; keywords.words.len()];
        let mut builder = MatcherBuilder::default();
        let mut asked = Vec::new();
        for (place, word) in keywords.words.iter().enumerate() {
            let length = word.len();
            self.left = self.left.saturating_sub(self.loose.len().min(1 << 12) + length);
            if self.left == 0 || !self.loose.contains(&vary(&normalise(word), BOTH)) {
                continue;
            }
            for (mode, variant) in loosened(keywords) {
                builder.word(word, mode, variant, Place(asked.len() as u32));
                asked.push((place, mode, variant));
            }
        }
        if asked.is_empty() {
            return nearest;
        }
        // Words of a checked document can be built; others are near to nothing.
        let Ok((matcher, features)) = builder.build(asked.len(), DFA_LIMIT) else { return nearest };
        let mut found = Vec::new();
        let text = self.text;
        let mapped = &mut self.varied;
        matcher.each(
            |variant| mapped.entry(variant).or_insert_with(|| normalise_mapped(text, variant)).text.clone(),
            |variant, feature, span| found.push((variant, feature, span)),
        );
        let mut spans = BTreeMap::new();
        for (variant, feature, span) in found {
            spans.entry(feature).or_insert((variant, span));
        }
        for (&(place, mode, variant), feature) in asked.iter().zip(features) {
            let Some((_, span)) = spans.get(&feature) else { continue };
            let range = self.varied(variant).original_range(span.start, span.end);
            let near = Near {
                mode: (mode != keywords.mode).then_some(mode),
                ignore_accents: variant.ignore_accents && !keywords.ignore_accents,
                squeeze: variant.squeeze && !keywords.squeeze,
                ..self.near(range.start, range.end)
            };
            let best: &mut Option<Near> = &mut nearest[place];
            if best.as_ref().is_none_or(|best| near.cost() < best.cost()) {
                *best = Some(near);
            }
        }
        nearest
    }

    /// A word that stands there but for a mark behind it (N3).
    fn by_mark(&mut self, word: &str, variant: Variant) -> Option<Near> {
        if word.is_empty() {
            return None;
        }
        let mapped = self.varied(variant);
        let start = mapped.text.find(word)?;
        let after = start + word.len();
        let marks: usize = mapped.text[after..].chars().take_while(|c| is_mark(*c)).map(char::len_utf8).sum();
        let range = mapped.original_range(start, after + marks);
        (marks > 0).then(|| Near { mark: true, ..self.near(range.start, range.end) })
    }

    /// A word of which one letter is other, missing, too many, or changed its place with the next.
    fn by_letter(&mut self, word: &str, mode: MatchMode, variant: Variant) -> Option<Near> {
        let word: Vec<char> = word.chars().collect();
        if word.len() < SHORTEST || self.left == 0 {
            return None;
        }
        let mut left = self.left;
        let mapped = self.varied(variant);
        let text: Vec<char> = mapped.text.chars().collect();
        let before = |at: usize| at.checked_sub(1).and_then(|at| text.get(at)).copied();
        let stands = |start: usize, end: usize| {
            let edges = !is_glued(before(start), text.get(start).copied())
                && !is_glued(before(end), text.get(end).copied())
                && !text.get(end).is_some_and(|after| is_mark(*after));
            edges
                && match mode {
                    MatchMode::Contains | MatchMode::Word => true,
                    MatchMode::StartsWith => start == 0,
                    MatchMode::Exact => start == 0 && end == text.len(),
                }
        };
        let mut found = None;
        for start in 0..text.len() {
            let rest = &text[start..];
            let same = word.iter().zip(rest).take_while(|(one, other)| one == other).count();
            left = left.saturating_sub(same + 1);
            if left == 0 {
                break;
            }
            if let Some(length) =
                one_off(&word, rest, same).into_iter().flatten().find(|length| stands(start, start + length))
            {
                found = Some((start, start + length));
                break;
            }
        }
        let byte = |at: usize| text[..at].iter().map(|c| c.len_utf8()).sum::<usize>();
        let range = found.map(|(start, end)| mapped.original_range(byte(start), byte(end)));
        self.left = left;
        range.map(|range| Near { letter: true, ..self.near(range.start, range.end) })
    }

    fn near(&self, start: usize, end: usize) -> Near {
        let text: String = self.text.chars().skip(start).take(end.saturating_sub(start)).collect();
        Near { text: Text::from(text), start, end, ..Near::default() }
    }
}

/// How long what begins here is, where it is the word but for one letter: `same` letters are the word's.
fn one_off(word: &[char], rest: &[char], same: usize) -> [Option<usize>; 4] {
    let (of_word, of_rest) = (&word[same..], &rest[same..]);
    let begins = |with: Option<&[char]>, skipped: usize| {
        let with = with?;
        of_rest.get(skipped..).filter(|rest| rest.starts_with(with)).map(|_| same + skipped + with.len())
    };
    let swapped = match (of_word, of_rest) {
        ([first, second, after @ ..], [other, next, ..]) if first == next && second == other && first != second => {
            begins(Some(after), 2)
        }
        _ => None,
    };
    [
        swapped,
        // Another letter in its place.
        begins(of_word.get(1..), 1),
        // One too many.
        begins(Some(of_word).filter(|left| !left.is_empty()), 1),
        // One missing.
        begins(of_word.get(1..), 0),
    ]
}

/// Every mode and variant in which a word may hold that does not as it is asked for; the strictest first.
fn loosened(keywords: &Keywords) -> impl Iterator<Item = (MatchMode, Variant)> {
    let modes: &[MatchMode] = match keywords.mode {
        MatchMode::Contains => &[MatchMode::Contains],
        MatchMode::Word => &[MatchMode::Word, MatchMode::Contains],
        MatchMode::StartsWith => &[MatchMode::StartsWith, MatchMode::Word, MatchMode::Contains],
        MatchMode::Exact => &[MatchMode::Exact, MatchMode::Word, MatchMode::StartsWith, MatchMode::Contains],
    };
    let asked = (keywords.mode, keywords.ignore_accents, keywords.squeeze);
    let loose = move |asked: bool| [false, true].into_iter().filter(move |loose| *loose || !asked);
    modes
        .iter()
        .flat_map(move |mode| {
            loose(asked.1).flat_map(move |ignore_accents| {
                loose(asked.2).map(move |squeeze| (*mode, Variant { ignore_accents, squeeze }))
            })
        })
        .filter(move |(mode, variant)| (*mode, variant.ignore_accents, variant.squeeze) != asked)
}
