//! The fast way of N1.
//!
//! Most characters are *plain*: they normalise to themselves, and shield what stands before them from what follows.
//! The walk only looks for what is not, and copies whole runs; ASCII capitals count as plain, because folding them
//! in the copy is cheaper than stopping. A mark that composes with nothing (all Thai ones) stays where it stands as
//! long as its rank is in order. Anything else goes the slow way, from the last shield to the next.

use super::form::{self, Form, Kind, Record};
use super::slow::Pieces;
use super::thai;
use super::word::{HIGH_BITS, below, equal, word};

/// Normalises texts (N1), with buffers to use again.
///
/// The free functions of this module do the same. One `Normaliser` kept for many texts never allocates once its
/// buffers are large enough; without it, a run of more than about thirty combining marks does. It holds buffers only:
/// no result depends on what it has seen.
#[derive(Clone, Default)]
pub struct Normaliser {
    pieces: Pieces,
}

impl Normaliser {
    /// A normaliser with empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes `normalise(text)` (N1) over `out`. Does not allocate when `out` has room, `text.len()` bytes or, for the
    /// few texts that grow, the length of the result.
    pub fn normalise_into(&mut self, text: &str, out: &mut String) {
        out.clear();
        out.reserve(text.len());
        let mut walk = Walk { text, out, run: 0, shield: (0, 0), capitals: 0 };
        walk.walk(&mut self.pieces);
    }
}

struct Walk<'a> {
    text: &'a str,
    out: &'a mut String,
    /// Where the run begins that is still to be copied.
    run: usize,
    /// A shield at or before `run`, and how long `out` was when it came. No later shield stands before `run`.
    shield: (usize, usize),
    /// Not zero when the run may hold ASCII capitals.
    capitals: u64,
}

impl Walk<'_> {
    fn walk(&mut self, pieces: &mut Pieces) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        // A space here would be dropped: at the start, and after another.
        let mut after_space = true;
        // See `Form::is_calm`.
        let mut floor = 0;
        while at < bytes.len() {
            let mut word = word(bytes, at);
            if word & 0x80 == 0 {
                let (plain, ends_in_space) = plain_ascii(word, after_space);
                self.capitals |= capitals(word);
                at += plain;
                floor = 0;
                if plain == 8 {
                    after_space = ends_in_space;
                    while let Some(chunk) = bytes.get(at - 1..).and_then(|rest| rest.first_chunk())
                        && let Some(capitals) = plain_chunk(chunk)
                    {
                        self.capitals |= capitals;
                        at += CHUNK - 1;
                        after_space = chunk[CHUNK - 1] == b' ';
                    }
                    continue;
                }
                after_space = ends_in_space;
                word >>= 8 * plain;
                let next = (word & 0xFF) as u8;
                if next < 0x80 {
                    // A control, white space, or the end of the text.
                    if at < bytes.len() {
                        let white_space = matches!(next, b' ' | b'\t'..=b'\r');
                        if white_space {
                            self.space(at, 1, after_space);
                        }
                        at += 1;
                        after_space = white_space;
                    }
                    continue;
                }
                if plain > 4 {
                    continue;
                }
            }
            if let Some((first, second)) = Form::pair_of_three(word)
                && first.is_calm(floor) & second.is_calm(first.floor())
            {
                at += 6;
                after_space = false;
                floor = second.floor();
                continue;
            }
            let (form, width) = Form::first(word);
            if form.is_calm(floor) {
                at += width;
                after_space = false;
                floor = form.floor();
                continue;
            }
            match form.kind() {
                Kind::Map(record) => {
                    self.copy(at);
                    self.shield = (at, self.out.len());
                    self.out.push_str(record.normal());
                    self.run = at + width;
                    after_space = false;
                    floor = record.floor();
                }
                Kind::Space => {
                    self.space(at, width, after_space);
                    after_space = true;
                    floor = 0;
                }
                Kind::Drop => {
                    self.keep_shield(at);
                    self.copy(at);
                    self.run = at + width;
                }
                Kind::SaraAm(record) if self.sara_am(at, floor, record) => {
                    after_space = false;
                    floor = record.floor();
                }
                Kind::Plain | Kind::Mark | Kind::SaraAm(_) | Kind::Slow => {
                    at = match self.compose(at) {
                        Some(end) => end,
                        None => self.slow(at, pieces),
                    };
                    after_space = self.out.is_empty() || self.out.ends_with(' ');
                    floor = 0;
                    continue;
                }
            }
            at += width;
        }
        self.copy(at);
        if self.out.ends_with(' ') {
            self.out.pop();
        }
    }

    /// Copies the run up to `end`, folding its ASCII capitals.
    #[inline(always)]
    fn copy(&mut self, end: usize) {
        if self.run < end {
            let from = self.out.len();
            // INVARIANT: a run begins and ends where a character does.
            self.out.push_str(&self.text[self.run..end]);
            if self.capitals != 0 {
                self.out[from..].make_ascii_lowercase();
            }
            self.run = end;
        }
    }

    /// White space of `width` bytes that cannot be copied as it stands.
    fn space(&mut self, at: usize, width: usize, after_space: bool) {
        self.copy(at);
        self.shield = (at, self.out.len());
        if !after_space {
            self.out.push(' ');
        }
        self.run = at + width;
    }

    /// U+0E33 where it follows a letter, or a letter with its tone mark, which is most of the time: it opens into a mark,
    /// which the tone stands behind (N1), and a letter. Changes nothing elsewhere, and says so.
    #[inline]
    fn sara_am(&mut self, at: usize, floor: u16, record: &Record) -> bool {
        let (mark, letter) = record.normal().split_at(THAI);
        let tone = if Form::first(word(mark.as_bytes(), 0)).0.is_calm(floor) {
            ""
        } else {
            let Some(before) = at.checked_sub(THAI).filter(|before| *before > self.run) else { return false };
            let Some(tone) = self.text.get(before..at).filter(|tone| tone.chars().all(thai::is_tone)) else {
                return false;
            };
            if !self.text[self.run..before].chars().next_back().is_some_and(|base| Form::of(base).is_plain()) {
                return false;
            }
            tone
        };
        self.keep_shield(at);
        self.copy(at - tone.len());
        for part in [mark, tone, letter] {
            self.out.push_str(part);
        }
        self.run = at + THAI;
        true
    }

    /// Remembers the last shield of the run up to `end`, which is about to be copied, and says whether it has one.
    fn keep_shield(&mut self, end: usize) -> bool {
        let run = &self.text[self.run..end];
        let last = run.char_indices().rev().find(|&(_, c)| Form::of(c).shields());
        if let Some((offset, _)) = last {
            self.shield = (self.run + offset, self.out.len() + offset);
        }
        last.is_some()
    }

    /// The common case of what needs its neighbours: marks (or Hangul jamo) that compose, each in turn, with what stands
    /// right before them. Says where they end. Changes nothing when it is not so plain.
    fn compose(&mut self, at: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let (from, base) = self.text.get(..at)?.char_indices().next_back()?;
        let in_run = from >= self.run;
        let mut composite = if in_run {
            if !Form::of(base).is_plain() && !base.is_ascii_uppercase() {
                return None;
            }
            base.to_ascii_lowercase()
        } else {
            let mut normal = self.out.get(self.shield.1..).filter(|_| from == self.shield.0)?.chars();
            normal.next().filter(|_| normal.next().is_none())?
        };
        let mut end = at;
        while end < bytes.len() {
            let word = word(bytes, end);
            let (form, width) = Form::first(word);
            if !matches!(form.kind(), Kind::Slow) {
                break;
            }
            let mark = form.record().filter(|record| record.is_itself())?;
            let c = self.text.get(end..end + width)?.chars().next().filter(|_| mark.joins())?;
            composite = form::compose(composite, c)?;
            end += width;
        }
        if in_run {
            self.copy(from);
            self.shield = (from, self.out.len());
        } else {
            self.out.truncate(self.shield.1);
        }
        self.out.push(composite);
        self.run = end;
        Some(end)
    }

    /// Takes what stands between the last shield before `at` and the next one the slow way; says where that is.
    #[cold]
    fn slow(&mut self, at: usize, pieces: &mut Pieces) -> usize {
        if self.keep_shield(at) {
            self.copy(self.shield.0);
        }
        let (from, len) = self.shield;
        self.out.truncate(len);
        let bytes = self.text.as_bytes();
        let mut end = at;
        while end < bytes.len() {
            let (form, width) = Form::first(word(bytes, end));
            if end > at && form.shields() {
                break;
            }
            end += width;
        }
        pieces.normalise(&self.text[from..end]);
        for piece in pieces.as_slice() {
            if super::is_white_space(piece.c) {
                if !(self.out.is_empty() || self.out.ends_with(' ')) {
                    self.out.push(' ');
                }
            } else {
                self.out.push(piece.c);
            }
        }
        self.run = end;
        self.shield = (end, self.out.len());
        end
    }
}

/// The length of a Thai character.
const THAI: usize = 3;

/// The length of what [`plain_chunk`] looks at: a byte that was looked at before, and those after it.
const CHUNK: usize = 33;

/// Whether all bytes but the first can be copied as they stand, as [`plain_ascii`] has it; if so, not zero when there
/// are capitals among them.
#[inline(always)]
fn plain_chunk(chunk: &[u8; CHUNK]) -> Option<u64> {
    let (mut bad, mut capitals) = (0, 0);
    for at in 1..CHUNK {
        let (before, byte) = (chunk[at - 1], chunk[at]);
        bad |= u8::from(byte.wrapping_sub(b' ') > 0x5F) | u8::from(before == b' ') & u8::from(byte == b' ');
        capitals |= u8::from(byte.wrapping_sub(b'A') < 26);
    }
    (bad == 0).then_some(u64::from(capitals))
}

/// How many of the eight bytes can be copied as they stand: up to the first that is not ASCII, is a control, or is a
/// space after a space. And whether the last of these is a space.
#[inline(always)]
fn plain_ascii(word: u64, after_space: bool) -> (usize, bool) {
    // Right up to the first byte that is not ASCII, and that one ends the run anyway.
    let spaces = equal(word, b' ');
    let before = spaces << 8 | u64::from(after_space) << 7;
    let ends = word & HIGH_BITS | below(word, b' ') | (spaces & before);
    let plain = ends.trailing_zeros() / 8;
    // `before` holds at each byte whether the one in front is a space.
    let last = if plain == 8 { spaces >> 63 } else { before >> (plain * 8 + 7) & 1 };
    (plain as usize, last != 0)
}

/// Not zero when one of the eight bytes is an ASCII capital, and sometimes when none is.
#[inline(always)]
fn capitals(word: u64) -> u64 {
    below(word, b'Z' + 1) & !below(word, b'A')
}
