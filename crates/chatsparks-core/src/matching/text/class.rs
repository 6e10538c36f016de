//! Categories and other sets of characters, from our own tables (fine print on N1).

use super::form::slot;
use super::tables::{CLASS_BLOCKS, CLASS_INDEX, CLASS_SETS};

/// The sets one character belongs to. The bits are those of `cargo xtask unicode`.
#[derive(Clone, Copy)]
pub(super) struct Class(u16);

impl Class {
    #[inline(always)]
    pub(super) fn of(c: char) -> Self {
        let code = u32::from(c);
        let block = CLASS_INDEX.get(slot(code)).map_or(usize::MAX, |&block| usize::from(block));
        let set = CLASS_BLOCKS.get(block).map_or(0, |block| block[(code & 0x3F) as usize]);
        Self(CLASS_SETS.get(usize::from(set)).copied().unwrap_or(0))
    }

    #[inline(always)]
    fn has(self, bit: u32) -> bool {
        self.0 & (1 << bit) != 0
    }

    pub(super) fn is_white_space(self) -> bool {
        self.has(0)
    }

    #[inline(always)]
    pub(super) fn is_letter(self) -> bool {
        self.has(1)
    }

    #[inline(always)]
    pub(super) fn is_mark(self) -> bool {
        self.has(3)
    }

    #[inline(always)]
    pub(super) fn is_mn(self) -> bool {
        self.has(4)
    }

    /// A letter of the scripts whose marks N5 drops: Latin, Greek, Cyrillic.
    #[inline(always)]
    pub(super) fn takes_accents(self) -> bool {
        self.has(7)
    }
}

/// Whether `c` is white space: property White_Space (N1).
pub fn is_white_space(c: char) -> bool {
    Class::of(c).has(0)
}

/// Whether `c` is a letter: category L (N6).
pub fn is_letter(c: char) -> bool {
    Class::of(c).has(1)
}

/// Whether `c` is a letter, a number or a mark: categories L, N and M (N4).
pub fn is_letter_number_or_mark(c: char) -> bool {
    Class::of(c).has(2)
}

/// Whether `c` is a mark: category M, which may not follow a match (N3).
pub fn is_mark(c: char) -> bool {
    Class::of(c).has(3)
}

/// Whether `c` is a dash: category Pd (F3).
pub fn is_dash(c: char) -> bool {
    Class::of(c).has(5)
}

/// Whether `c` has the Script property of a script written without spaces: Thai, Lao, Khmer, Myanmar, Han, Hiragana,
/// Katakana or Hangul (N4).
pub fn is_unspaced_script(c: char) -> bool {
    Class::of(c).has(6)
}

/// The variation selectors that emoji and ideographs take.
pub(super) fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Whether a comment ends with a question mark (N8), on the text as received.
///
/// White space, format characters, variation selectors and emoji at the end are set aside first. Reads only what it
/// sets aside.
///
/// ```
/// use chatsparks_core::text::ends_with_question_mark;
///
/// assert!(ends_with_question_mark("ราคาเท่าไหร่คะ？ 🙏🏻"));
/// assert!(!ends_with_question_mark("what?!"));
/// ```
pub fn ends_with_question_mark(text: &str) -> bool {
    for c in text.chars().rev() {
        let class = Class::of(c);
        if class.has(8) {
            return true;
        }
        if !class.has(9) {
            return false;
        }
    }
    false
}

/// `text` up to the last character that is not set aside at its end (N8).
pub(crate) fn before_ornaments(text: &str) -> &str {
    text.trim_end_matches(|c| {
        let class = Class::of(c);
        class.has(9) && !class.has(8)
    })
}

/// `text` without white space (property White_Space, N1) at either end.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_white_space)
}
