//! N6: a run of one letter may be longer in the text than in the word, never shorter.
//!
//! A squeezed word is looked for in the squeezed text, which says nothing of lengths. They are compared where it was
//! found, and those of the text are measured once, when somebody first asks: most texts never are.

use crate::matching::text::{self, Variant};
use std::ops::Range;

/// The runs of a word that have more than one letter.
#[derive(Debug)]
pub(crate) struct Runs(Box<[Run]>);

#[derive(Clone, Copy, Debug)]
struct Run {
    /// Where it begins in the squeezed word, in bytes.
    at: u16,
    /// How many letters it has.
    letters: u16,
}

impl Runs {
    /// The runs of a word, given with and without them; none: it has no run of more than a letter.
    pub(crate) fn of(whole: &str, squeezed: &str) -> Option<Self> {
        let mut lengths = Vec::new();
        measure(whole, squeezed, &mut lengths);
        let runs = lengths.iter().zip(0..).filter(|(letters, _)| **letters > 1);
        let runs: Box<[Run]> = runs.map(|(letters, at)| Run { at, letters: *letters }).collect();
        (!runs.is_empty()).then_some(Self(runs))
    }

    /// Whether a text in which the squeezed word begins at `start` has runs as long.
    pub(crate) fn fit(&self, start: usize, lengths: &[u16]) -> bool {
        self.0.iter().all(|run| lengths.get(start + usize::from(run.at)).is_some_and(|length| *length >= run.letters))
    }

    /// How many letters the run has that begins at a byte of the squeezed word.
    fn letters_at(&self, at: usize) -> u16 {
        self.0.iter().find(|run| usize::from(run.at) == at).map_or(1, |run| run.letters)
    }

    pub(super) fn heap(&self) -> usize {
        size_of_val(&*self.0)
    }
}

/// What is measured of one text, to be used again.
#[derive(Default)]
pub(crate) struct Buffers {
    lengths: Vec<u16>,
    whole: String,
}

/// How long the runs of one squeezed text were.
pub(crate) struct Lengths<'a> {
    /// The normalised text, and whether N5 comes before N6; none: nothing was squeezed.
    whole: Option<(&'a str, bool)>,
    is_measured: bool,
    buffers: &'a mut Buffers,
}

impl<'a> Lengths<'a> {
    /// Of a text that squeezing leaves as it is.
    pub(super) fn alone(buffers: &'a mut Buffers) -> Self {
        Self { whole: None, is_measured: false, buffers }
    }

    /// Of the text that squeezing makes of this.
    pub(super) fn of(normalised: &'a str, ignore_accents: bool, buffers: &'a mut Buffers) -> Self {
        Self { whole: Some((normalised, ignore_accents)), is_measured: false, buffers }
    }

    /// For each byte of the squeezed text where a character begins, how many letters stood there. Nothing: one each.
    pub(super) fn in_text(&mut self, squeezed: &str) -> &[u16] {
        let Some((normalised, ignore_accents)) = self.whole else { return &[] };
        let Buffers { lengths, whole } = &mut *self.buffers;
        if !self.is_measured {
            self.is_measured = true;
            let bare = Variant { ignore_accents, squeeze: false };
            let is_bare = ignore_accents && text::varies_into(normalised, bare, whole);
            measure(if is_bare { whole } else { normalised }, squeezed, lengths);
        }
        lengths
    }
}

/// Whether the run that ends a word found in a squeezed text has more letters than the word asks for: then the word may
/// end before the last of them, as it does in `มากก็` where the second `ก` begins another.
pub(super) fn ends_longer(runs: Option<&Runs>, text: &str, place: Range<usize>, lengths: &mut Lengths<'_>) -> bool {
    let Some(last) = text.get(place.clone()).and_then(|word| word.char_indices().next_back()) else { return false };
    let asked = runs.map_or(1, |runs| runs.letters_at(last.0));
    lengths.in_text(text).get(place.start + last.0).is_some_and(|length| *length > asked)
}

/// For each byte of a squeezed text where a character begins, how many letters the text has there that it was made of.
pub(crate) fn measure(whole: &str, squeezed: &str, lengths: &mut Vec<u16>) {
    lengths.clear();
    lengths.resize(squeezed.len(), 1);
    let mut rest = whole.chars().peekable();
    for (at, c) in squeezed.char_indices() {
        rest.next();
        while rest.peek() == Some(&c) && text::is_letter(c) {
            rest.next();
            lengths[at] = lengths[at].saturating_add(1);
        }
    }
}
