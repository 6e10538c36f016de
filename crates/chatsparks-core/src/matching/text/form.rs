//! What the tables say of one character: how N1 treats it, what it opens into, what it composes with.

use super::tables::{
    COMPOSED, DROP, FORM_BLOCKS, FORM_INDEX, HIGH, HIGH_END, LOW, MAP_END, MARK_END, PAIRS, PLAIN_END, POOL,
    RANK_CLASSES, RECORDS, SARA_AM, SLOW_END, SPACE,
};

/// A character's value in the first table. The values are ordered so that comparisons tell the kind: 0 is plain and has
/// no record; a mark is its rank, below `MARK_END`; then come the numbers of the records, of the plain, the mapped and
/// the slow; then `SPACE` and `DROP`.
///
/// A *rank* says what a mark may stand behind: any of a lower rank, and its like when the rank is odd. Ranks follow the
/// combining classes, and the order of Thai (N1); the Thai letters `า` and `เ`, which N1 touches, have the highest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Form(u16);

/// The kinds of [`Form`] that the fast way tells apart.
pub(super) enum Kind {
    /// Normalises to itself and shields what is before it from what is after.
    Plain,
    /// Shields as well, and becomes something else.
    Map(&'static Record),
    /// A mark that stays and never composes, or a letter that has a rank all the same.
    Mark,
    /// U+0E33, which opens into a mark and a letter.
    SaraAm(&'static Record),
    /// White space.
    Space,
    /// A format character, or one that is ignored by default.
    Drop,
    /// Everything else: it needs the sequence it stands in.
    Slow,
}

impl Form {
    #[inline(always)]
    pub(super) fn of(c: char) -> Self {
        let code = u32::from(c);
        Self::at(slot(code), code as usize)
    }

    /// The form of the character that `word` begins with, and its length (see [`word`](super::word::word)).
    #[inline(always)]
    pub(super) fn first(word: u64) -> (Self, usize) {
        let low = |byte: u32| (word >> (8 * byte)) as usize & 0x3F;
        let first = (word & 0xFF) as usize;
        if first >= 0xF0 {
            let code = (first & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3);
            (Self::at(slot(code as u32), code), 4)
        } else if first >= 0xE0 {
            (Self::at((first & 0x0F) << 6 | low(1), low(2)), 3)
        } else if first >= 0x80 {
            (Self::at(first & 0x1F, low(1)), 2)
        } else {
            (Self::at(first >> 6, first), 1)
        }
    }

    /// The forms of the two characters that `word` begins with, if both are three bytes long and there in full.
    #[inline(always)]
    pub(super) fn pair_of_three(word: u64) -> Option<(Self, Self)> {
        if word & 0x8000_F000_00F0 != 0x8000_E000_00E0 {
            return None;
        }
        let low = |byte: u32| (word >> (8 * byte)) as usize & 0x3F;
        let lead = |byte: u32| ((word >> (8 * byte)) as usize & 0x0F) << 6;
        Some((Self::at(lead(0) | low(1), low(2)), Self::at(lead(3) | low(4), low(5))))
    }

    #[inline(always)]
    fn at(slot: usize, low: usize) -> Self {
        let block = FORM_INDEX.get(slot).map_or(usize::MAX, |&block| usize::from(block));
        Self(FORM_BLOCKS.get(block).map_or(0, |block| block[low & 0x3F]))
    }

    #[inline(always)]
    pub(super) fn kind(self) -> Kind {
        match self.0 {
            1..MARK_END => Kind::Mark,
            0..PLAIN_END => Kind::Plain,
            PLAIN_END..MAP_END => self.record().map_or(Kind::Plain, Kind::Map),
            SARA_AM => self.record().map_or(Kind::Slow, Kind::SaraAm),
            SPACE => Kind::Space,
            DROP => Kind::Drop,
            _ => Kind::Slow,
        }
    }

    pub(super) fn is_plain(self) -> bool {
        self.0 < PLAIN_END && !self.is_mark()
    }

    fn is_mark(self) -> bool {
        (1..MARK_END).contains(&self.0)
    }

    /// Whether the character is plain, or a mark in order: of a rank above `floor` (see [`Self::floor`]).
    #[inline(always)]
    pub(super) fn is_calm(self, floor: u16) -> bool {
        // What is no mark has no rank to be too low: 0 wraps around, and records come after the marks.
        (self.0 < PLAIN_END) & (self.0.wrapping_sub(1) >= floor)
    }

    /// The floor for a mark after this character, if it [is calm](Self::is_calm): what its rank must be above.
    #[inline(always)]
    pub(super) fn floor(self) -> u16 {
        if self.0 < MARK_END { floor(self.0) } else { 0 }
    }

    /// Whether nothing before this character can touch it or what follows.
    pub(super) fn shields(self) -> bool {
        (self.0 < MAP_END && !self.is_mark()) || self.0 == SPACE
    }

    pub(super) fn is_drop(self) -> bool {
        self.0 == DROP
    }

    /// The canonical combining class.
    pub(super) fn combining_class(self) -> u8 {
        if self.is_mark() {
            RANK_CLASSES.get(usize::from(self.0 >> 1)).copied().unwrap_or(0)
        } else {
            self.record().map_or(0, |record| record.ccc)
        }
    }

    /// Whether the character may compose with one before it.
    pub(super) fn joins(self) -> bool {
        self.record().is_some_and(|record| record.joins)
    }

    pub(super) fn record(self) -> Option<&'static Record> {
        if self.0 < SLOW_END { RECORDS.get(usize::from(self.0.checked_sub(MARK_END)?)) } else { None }
    }
}

/// What the rank of a mark must be above to stand in order after a character of this rank.
#[inline(always)]
fn floor(rank: u16) -> u16 {
    rank & !1
}

/// The place of a code point in the index of a table; past its end for those that have nothing to say.
#[inline(always)]
pub(super) fn slot(code: u32) -> usize {
    let code = match code {
        ..LOW => code,
        HIGH..HIGH_END => code - HIGH + LOW,
        _ => u32::MAX,
    };
    (code >> 6) as usize
}

/// A piece of [`POOL`].
#[derive(Clone, Copy)]
struct Span {
    at: u16,
    len: u16,
}

impl Span {
    fn text(self) -> &'static str {
        let at = usize::from(self.at);
        POOL.get(at..at + usize::from(self.len)).unwrap_or("")
    }
}

/// What is known of a character that is not wholly plain.
pub(super) struct Record {
    decomposed: Span,
    folded: Span,
    normal: Span,
    ccc: u8,
    tail: u16,
    joins: bool,
}

impl Record {
    pub(super) const fn new(
        decomposed: (u16, u16),
        folded: (u16, u16),
        normal: (u16, u16),
        ccc: u8,
        tail: u16,
        joins: bool,
    ) -> Self {
        Self {
            decomposed: Span { at: decomposed.0, len: decomposed.1 },
            folded: Span { at: folded.0, len: folded.1 },
            normal: Span { at: normal.0, len: normal.1 },
            ccc,
            tail,
            joins,
        }
    }

    /// The NFKD of the character; empty when that is the character itself.
    pub(super) fn decomposed(&self) -> &'static str {
        self.decomposed.text()
    }

    /// The full case folding of the character; empty when that is the character itself.
    pub(super) fn folded(&self) -> &'static str {
        self.folded.text()
    }

    /// What the character becomes when it stands alone.
    pub(super) fn normal(&self) -> &'static str {
        self.normal.text()
    }

    /// What a character that neither decomposes nor folds is read as all the same: a digit, an apostrophe.
    pub(super) fn read_as(&self) -> Option<char> {
        if self.is_itself() { self.normal().chars().next() } else { None }
    }

    /// Whether the character neither decomposes nor folds.
    pub(super) fn is_itself(&self) -> bool {
        self.decomposed.len == 0 && self.folded.len == 0
    }

    /// Whether the character may compose with one before it.
    pub(super) fn joins(&self) -> bool {
        self.joins
    }

    /// The floor for a mark after [`Self::normal`] (see [`Form::is_calm`]).
    pub(super) fn floor(&self) -> u16 {
        floor(self.tail)
    }
}

const HANGUL: u32 = 0xAC00;
const HANGUL_LEADS: u32 = 0x1100;
const HANGUL_VOWELS: u32 = 0x1161;
const HANGUL_TAILS: u32 = 0x11A7;
const LEAD_COUNT: u32 = 19;
const VOWEL_COUNT: u32 = 21;
const TAIL_COUNT: u32 = 28;

/// Calls `each` with the characters of the NFKD of `c`. For a text that is already NFKC this is its NFD.
pub(super) fn decompose(c: char, mut each: impl FnMut(char)) {
    let syllable = u32::from(c).wrapping_sub(HANGUL);
    if syllable < LEAD_COUNT * VOWEL_COUNT * TAIL_COUNT {
        let mut jamo = |code| each(char::from_u32(code).unwrap_or(c));
        jamo(HANGUL_LEADS + syllable / TAIL_COUNT / VOWEL_COUNT);
        jamo(HANGUL_VOWELS + syllable / TAIL_COUNT % VOWEL_COUNT);
        if !syllable.is_multiple_of(TAIL_COUNT) {
            jamo(HANGUL_TAILS + syllable % TAIL_COUNT);
        }
        return;
    }
    match Form::of(c).record().map_or("", Record::decomposed) {
        "" => each(c),
        parts => parts.chars().for_each(each),
    }
}

/// Calls `each` with the characters of the full case folding of `c`.
pub(super) fn fold(c: char, mut each: impl FnMut(char)) {
    match Form::of(c).record().map_or("", Record::folded) {
        "" => each(c),
        parts => parts.chars().for_each(each),
    }
}

/// The primary composite of two characters.
pub(super) fn compose(first: char, second: char) -> Option<char> {
    let (one, two) = (u32::from(first), u32::from(second));
    let (lead, vowel) = (one.wrapping_sub(HANGUL_LEADS), two.wrapping_sub(HANGUL_VOWELS));
    if lead < LEAD_COUNT && vowel < VOWEL_COUNT {
        return char::from_u32(HANGUL + (lead * VOWEL_COUNT + vowel) * TAIL_COUNT);
    }
    let (syllable, tail) = (one.wrapping_sub(HANGUL), two.wrapping_sub(HANGUL_TAILS));
    if syllable < LEAD_COUNT * VOWEL_COUNT * TAIL_COUNT
        && syllable.is_multiple_of(TAIL_COUNT)
        && (1..TAIL_COUNT).contains(&tail)
    {
        return char::from_u32(one + tail);
    }
    let at = PAIRS.binary_search(&(u64::from(one) << 32 | u64::from(two))).ok()?;
    COMPOSED.get(at).copied()
}
