//! N5 and N6, of a text that is already normalised.

use super::class::Class;
use super::form::Form;
use super::slow::Pieces;
use super::word::{HIGH_BITS, first, word, zeros};

/// Which of the two loosenings of a keyword are on. Both sides of a comparison are varied alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variant {
    /// N5: marks that follow a Latin, Greek or Cyrillic letter are dropped, and `đ` reads as `d`.
    pub ignore_accents: bool,
    /// N6: a run of the same letter becomes one. That is how words are looked for; that a run of the text is as long as
    /// the word's is compared apart.
    pub squeeze: bool,
}

impl Variant {
    /// Neither.
    pub const PLAIN: Self = Self { ignore_accents: false, squeeze: false };
}

/// Writes `normalised`, a result of [`normalise`](super::normalise), over `out` with N5 and then N6 as `variant` says.
/// Does not allocate when `out` has room for `normalised.len()` bytes, save for letters that carry spacing or
/// enclosing marks.
pub fn vary_into(normalised: &str, variant: Variant, out: &mut String) {
    if !varies_into(normalised, variant, out) {
        out.push_str(normalised);
    }
}

/// Like [`vary_into`], but a text that stays as it is is not written: then `out` is empty, and the answer `false`.
///
/// What both loosenings together leave as it is, each alone does too.
pub(crate) fn varies_into(normalised: &str, variant: Variant, out: &mut String) -> bool {
    out.clear();
    out.reserve(normalised.len());
    let varied = match (variant.ignore_accents, variant.squeeze) {
        (false, false) => true,
        (false, true) => walk::<false, true>(normalised, out),
        (true, false) => walk::<true, false>(normalised, out),
        (true, true) => walk::<true, true>(normalised, out),
    };
    if !varied {
        out.clear();
        let mut pieces = Pieces::default();
        pieces.take(normalised);
        apply(&mut pieces, variant);
        out.extend(pieces.as_slice().iter().map(|piece| piece.c));
        return true;
    }
    !out.is_empty()
}

/// Does as `variant` says, step by step.
pub(super) fn apply(pieces: &mut Pieces, variant: Variant) {
    if variant.ignore_accents {
        pieces.ignore_accents();
    }
    if variant.squeeze {
        pieces.squeeze();
    }
}

/// The fast way, which copies runs of what stays, and nothing when all stays. `false` when it cannot tell: a letter of N5 carries a mark that
/// stays (Mc, Me), and what is dropped before it might let it compose with something.
///
/// The tables vouch for the rest (`cargo xtask unicode` refuses others): an accented letter opens into one letter and
/// marks of category Mn, so what is left of it is that letter; and composing what is left can only join marks that
/// stay.
fn walk<const ACCENTS: bool, const SQUEEZE: bool>(text: &str, out: &mut String) -> bool {
    let bytes = text.as_bytes();
    let (mut at, mut run) = (0, 0);
    let mut accented = false;
    // What was kept last; at the start, something no letter equals.
    let mut last = '\0';
    while at < bytes.len() {
        let mut word = word(bytes, at);
        if word & 0x80 == 0 {
            let plain = if SQUEEZE { distinct_ascii(word, last) } else { ascii(word) };
            let plain = plain.min(bytes.len() - at);
            if plain > 0 {
                at += plain;
                last = char::from(bytes[at - 1]);
                accented = last.is_ascii_alphabetic();
                if plain > 4 {
                    continue;
                }
                word >>= 8 * plain;
                if word & 0x80 == 0 {
                    continue;
                }
            }
        }
        let (c, width) = first(word);
        let class = Class::of(c);
        let mut becomes = c;
        let mut dropped = false;
        if ACCENTS {
            let mark = class.is_mark();
            let touched = class.takes_accents() | (accented & mark);
            accented = touched;
            if touched {
                if !mark {
                    becomes = bare(c);
                } else if class.is_mn() {
                    dropped = true;
                } else {
                    return false;
                }
            }
        }
        if SQUEEZE && !dropped {
            dropped = becomes == last && class.is_letter();
            last = becomes;
        }
        if dropped || becomes != c {
            out.push_str(&text[run..at]);
            if !dropped {
                out.push(becomes);
            }
            run = at + width;
        }
        at += width;
    }
    if run > 0 {
        out.push_str(&text[run..]);
    }
    true
}

/// How many of the eight bytes are ASCII.
#[inline(always)]
fn ascii(word: u64) -> usize {
    (word & HIGH_BITS).trailing_zeros() as usize / 8
}

/// How many of the eight bytes are ASCII and differ from the byte before, which for the first is `last`.
#[inline(always)]
fn distinct_ascii(word: u64, last: char) -> usize {
    // Any other ASCII byte stands for a character that is none.
    let last = if last.is_ascii() { last as u64 } else { (word ^ 1) & 0x7F };
    let again = zeros(word ^ (word << 8 | last));
    (word & HIGH_BITS | again).trailing_zeros() as usize / 8
}

/// A letter without its accents.
fn bare(c: char) -> char {
    if c == 'đ' {
        return 'd';
    }
    Form::of(c).record().and_then(|record| record.decomposed().chars().next()).unwrap_or(c)
}
