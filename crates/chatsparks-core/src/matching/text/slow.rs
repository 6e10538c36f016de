//! N1 step by step, for sequences whose characters touch one another, with the place every character came from.
//!
//! The rule reads NFKC, drop, fold, NFKC, digits and apostrophes, Thai. Case folding commutes with canonical equivalence for every character except
//! U+0345 COMBINING GREEK YPOGEGRAMMENI (Unicode, D145), which folds from a mark to the letter iota. So the first
//! NFKC needs its order and its compositions only where a U+0345 stands; elsewhere decomposing is enough.

use smallvec::SmallVec;

use super::class::{Class, is_variation_selector};
use super::form::{Form, Kind, compose, decompose, fold};
use super::thai;

/// One character on its way, with the half-open range of positions it came from.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub(super) c: char,
    ccc: u8,
    pub(super) from: u32,
    pub(super) to: u32,
    /// Where the last of the letters begins that were squeezed into this one (N6).
    pub(super) last: u32,
}

impl Piece {
    fn new(c: char, from: u32, to: u32) -> Self {
        Self { c, ccc: Form::of(c).combining_class(), from, to, last: from }
    }

    /// Whether canonical order may move the character.
    pub(super) fn moves(&self) -> bool {
        self.ccc != 0
    }

    /// Whether canonical order puts the character behind Thai tone marks, whose combining class is 107.
    pub(super) fn stands_behind_tones(&self) -> bool {
        self.ccc > 107
    }

    /// Makes this piece stand for the other as well.
    pub(super) fn absorb(&mut self, other: Self) {
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
    }
}

/// Buffers that do not touch the heap for sequences of ordinary length.
#[derive(Clone, Default)]
pub(super) struct Pieces {
    pieces: SmallVec<[Piece; 32]>,
    spare: SmallVec<[Piece; 32]>,
}

impl Pieces {
    pub(super) fn as_slice(&self) -> &[Piece] {
        &self.pieces
    }

    /// N1 of `text` up to its white space, which [`Self::collapse`] sees to.
    pub(super) fn normalise(&mut self, text: &str) {
        self.pieces.clear();
        let mut ypogegrammeni = false;
        for (c, at) in text.chars().zip(0..) {
            decompose(c, |part| {
                ypogegrammeni |= part == '\u{345}';
                self.pieces.push(Piece::new(part, at, at + 1));
            });
        }
        if ypogegrammeni {
            self.compose();
        }
        self.spare.clear();
        for &piece in &self.pieces {
            if Form::of(piece.c).is_drop() {
                // A variation selector belongs to what it follows, also when that is pointed out in the text.
                if let Some(before) = self.spare.last_mut().filter(|_| is_variation_selector(piece.c)) {
                    before.absorb(piece);
                }
                continue;
            }
            let (from, to) = (piece.from, piece.to);
            fold(piece.c, |folded| decompose(folded, |part| self.spare.push(Piece::new(part, from, to))));
        }
        std::mem::swap(&mut self.pieces, &mut self.spare);
        self.compose();
        for piece in &mut self.pieces {
            if let Kind::Map(record) = Form::of(piece.c).kind() {
                piece.c = record.read_as().unwrap_or(piece.c);
            }
        }
        thai::in_order(&mut self.pieces);
        self.reorder();
    }

    /// Turns every run of white space into one space and takes it off both ends.
    pub(super) fn collapse(&mut self) {
        let mut kept: usize = 0;
        for at in 0..self.pieces.len() {
            let mut piece = self.pieces[at];
            if Class::of(piece.c).is_white_space() {
                match kept.checked_sub(1).and_then(|before| self.pieces.get_mut(before)) {
                    None => continue,
                    Some(before) if before.c == ' ' => {
                        before.absorb(piece);
                        continue;
                    }
                    Some(_) => piece.c = ' ',
                }
            }
            self.pieces[kept] = piece;
            kept += 1;
        }
        self.pieces.truncate(kept);
        if self.pieces.last().is_some_and(|last| last.c == ' ') {
            self.pieces.pop();
        }
    }

    /// Takes an already normalised text as it stands.
    pub(super) fn take(&mut self, text: &str) {
        self.pieces.clear();
        self.pieces.extend(text.chars().zip(0..).map(|(c, at)| Piece::new(c, at, at + 1)));
    }

    /// N5 of an already normalised sequence.
    pub(super) fn ignore_accents(&mut self) {
        self.spare.clear();
        for &piece in &self.pieces {
            decompose(piece.c, |part| self.spare.push(Piece::new(part, piece.from, piece.to)));
        }
        std::mem::swap(&mut self.pieces, &mut self.spare);
        self.reorder();
        let mut kept: usize = 0;
        let mut accented = false;
        for at in 0..self.pieces.len() {
            let mut piece = self.pieces[at];
            let class = Class::of(piece.c);
            if !class.is_mark() {
                accented = class.takes_accents();
            } else if accented && class.is_mn() {
                if let Some(before) = kept.checked_sub(1).and_then(|before| self.pieces.get_mut(before)) {
                    before.absorb(piece);
                }
                continue;
            }
            if piece.c == 'đ' {
                piece.c = 'd';
            }
            self.pieces[kept] = piece;
            kept += 1;
        }
        self.pieces.truncate(kept);
        self.compose();
    }

    /// N6: a run of a letter becomes one.
    pub(super) fn squeeze(&mut self) {
        self.pieces.dedup_by(|next, kept| {
            let same = next.c == kept.c && Class::of(next.c).is_letter();
            if same {
                kept.absorb(*next);
                kept.last = next.from;
            }
            same
        });
    }

    /// Canonical order: marks between two starters by combining class, equals as they stood.
    fn reorder(&mut self) {
        for run in self.pieces.split_mut(|piece| piece.ccc == 0) {
            if !run.is_sorted_by_key(|piece| piece.ccc) {
                run.sort_by_key(|piece| piece.ccc);
            }
        }
    }

    /// Canonical order, then canonical composition.
    fn compose(&mut self) {
        self.reorder();
        let mut kept: usize = 0;
        let mut starter = None;
        for at in 0..self.pieces.len() {
            let piece = self.pieces[at];
            if let Some(starter) = starter
                && Form::of(piece.c).joins()
            {
                // What stands between can only be marks; one of at least the same class is in the way.
                let blocked = kept > starter + 1 && self.pieces[kept - 1].ccc >= piece.ccc;
                let first: &mut Piece = &mut self.pieces[starter];
                if !blocked && let Some(composite) = compose(first.c, piece.c) {
                    first.c = composite;
                    first.absorb(piece);
                    continue;
                }
            }
            if piece.ccc == 0 {
                starter = Some(kept);
            }
            self.pieces[kept] = piece;
            kept += 1;
        }
        self.pieces.truncate(kept);
    }
}
