//! A normalised text that remembers where it came from (C11).

use std::fmt;
use std::ops::Range;

use super::slow::Pieces;
use super::vary::{Variant, apply};

/// A normalised and varied text (N1, N5, N6) with, for every character of it, the range of the original it came from.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    /// The same text as `vary(&normalise(original), variant)`.
    pub text: String,
    /// For each character its first byte in `text`, and its half-open range in the original.
    places: Vec<Place>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    byte: usize,
    from: usize,
    to: usize,
    /// Where the last of the letters begins that were squeezed into one.
    last: usize,
}

/// Says how long the text is, and not what it says: what people write does not belong in logs.
impl fmt::Debug for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapped").field("characters", &self.places.len()).finish_non_exhaustive()
    }
}

impl Mapped {
    /// The half-open range of the original, in Unicode scalar values of the text as received, that the bytes from
    /// `start` to `end` of [`Self::text`] came from.
    ///
    /// Characters that were composed, collapsed or squeezed into one have the range of all of them; a dropped accent
    /// or variation selector belongs to the character it followed. An empty range of bytes has an empty range.
    pub fn original_range(&self, start: usize, end: usize) -> Range<usize> {
        self.range(start, end, false)
    }

    /// As [`Self::original_range`], without the last of the letters that were squeezed into the last one (N6).
    pub(crate) fn range_but_for_the_last(&self, start: usize, end: usize) -> Range<usize> {
        self.range(start, end, true)
    }

    fn range(&self, start: usize, end: usize, but_for_the_last: bool) -> Range<usize> {
        let first = self.places.partition_point(|place| place.byte < start);
        let past = self.places.partition_point(|place| place.byte < end);
        // A byte within a character belongs to it.
        let first = if self.text.is_char_boundary(start) { first } else { first.saturating_sub(1) };
        let covered = self.places.get(first..past).unwrap_or(&[]);
        // Marks may have changed places, so the ends are not always those of the first and the last.
        let from = covered.iter().map(|place| place.from).min();
        let to = match covered.split_last() {
            Some((last, before)) if but_for_the_last => {
                before.iter().map(|place| place.to).chain(std::iter::once(last.last)).max()
            }
            _ => covered.iter().map(|place| place.to).max(),
        };
        match (from, to) {
            (Some(from), Some(to)) => from..to,
            _ => {
                let here = self.places.get(first).map(|place| place.from);
                let at = here.or_else(|| self.places.last().map(|place| place.to)).unwrap_or(0);
                at..at
            }
        }
    }
}

/// Normalises and varies `text` as [`normalise`](super::normalise) and [`vary`](super::vary) do (N1, N5, N6), and
/// remembers where each character came from. Slower than these: meant for explaining a match, not for finding it.
pub fn normalise_mapped(text: &str, variant: Variant) -> Mapped {
    let mut pieces = Pieces::default();
    pieces.normalise(text);
    pieces.collapse();
    apply(&mut pieces, variant);
    let mut mapped = Mapped::default();
    for piece in pieces.as_slice() {
        let [from, to, last] = [piece.from, piece.to, piece.last].map(|at| at as usize);
        mapped.places.push(Place { byte: mapped.text.len(), from, to, last });
        mapped.text.push(piece.c);
    }
    mapped
}
