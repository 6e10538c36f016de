//! N1 by the letter, with ICU4X: what our own tables are held against.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed,
    props::{CanonicalCombiningClass, DefaultIgnorableCodePoint, GeneralCategory, WhiteSpace},
};

/// NFKC; format characters and what is ignored by default dropped; full case folding; NFKC; digits and apostrophes as
/// those of ASCII; Thai in order; white space made one.
#[derive(Debug)]
pub struct Reference {
    nfkc: ComposingNormalizerBorrowed<'static>,
    mapper: CaseMapperBorrowed<'static>,
    category: CodePointMapDataBorrowed<'static, GeneralCategory>,
    class: CodePointMapDataBorrowed<'static, CanonicalCombiningClass>,
    ignorable: CodePointSetDataBorrowed<'static>,
    white_space: CodePointSetDataBorrowed<'static>,
    /// Where the ten digits of each script begin.
    zeros: Vec<u32>,
    dropped: String,
}

impl Default for Reference {
    fn default() -> Self {
        let category = CodePointMapData::<GeneralCategory>::new();
        let digits: Vec<u32> = category.iter_ranges_for_value(GeneralCategory::DecimalNumber).flatten().collect();
        Self {
            zeros: digits.into_iter().step_by(10).collect(),
            nfkc: ComposingNormalizer::new_nfkc(),
            mapper: CaseMapper::new(),
            category: CodePointMapData::<GeneralCategory>::new(),
            class: CodePointMapData::<CanonicalCombiningClass>::new(),
            ignorable: CodePointSetData::new::<DefaultIgnorableCodePoint>(),
            white_space: CodePointSetData::new::<WhiteSpace>(),
            dropped: String::new(),
        }
    }
}

impl Reference {
    /// Writes the normalised text over `out`. Copies nothing that ICU4X leaves as it is.
    pub fn normalise_into(&mut self, text: &str, out: &mut String) {
        let once = self.nfkc.normalize(text);
        let drops =
            |c: char| !c.is_ascii() && (self.category.get(c) == GeneralCategory::Format || self.ignorable.contains(c));
        self.dropped.clear();
        self.dropped.extend(once.chars().filter(|c| !drops(*c)));
        let folded = self.mapper.fold_string(&self.dropped);
        let twice = self.nfkc.normalize(&folded);
        out.clear();
        let mut moved = false;
        for c in twice.chars() {
            if c.is_ascii_graphic() {
                out.push(c);
            } else if self.white_space.contains(c) {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            } else {
                moved |= self.push(c, out);
            }
        }
        if moved && !self.nfkc.is_normalized(out) {
            *out = self.nfkc.normalize(out).into_owned();
        }
        if out.ends_with(' ') {
            out.pop();
        }
    }

    /// Writes one character behind those that are in order already; whether it went before some of them.
    fn push(&self, c: char, out: &mut String) -> bool {
        const TONES: [char; 4] = ['\u{E48}', '\u{E49}', '\u{E4A}', '\u{E4B}'];
        match c {
            '\u{2018}' | '\u{2019}' | '\u{2BC}' => out.push('\''),
            '\u{E40}' if out.ends_with(c) => {
                out.pop();
                out.push('\u{E41}');
            }
            '\u{E48}'..='\u{E4B}' => return insert(c, out.trim_end_matches('\u{E32}').len(), out),
            '\u{E31}' | '\u{E34}'..='\u{E3A}' | '\u{E47}' | '\u{E4C}'..='\u{E4E}' => {
                return insert(c, out.trim_end_matches(TONES).len(), out);
            }
            c if out.ends_with(TONES) && self.class.get(c) != CanonicalCombiningClass::NotReordered => {
                out.insert(out.trim_end_matches(TONES).len(), c);
                return true;
            }
            c if self.category.get(c) == GeneralCategory::DecimalNumber => out.push(self.digit(c)),
            c => out.push(c),
        }
        false
    }

    /// Decimal digits stand in tens.
    fn digit(&self, c: char) -> char {
        let before = ('\0'..c).rev().take_while(|c| self.category.get(*c) == GeneralCategory::DecimalNumber).count();
        char::from_digit((before % 10) as u32, 10).unwrap_or(c)
    }
}

/// Writes a Thai mark at a place, unless the same stands before it.
fn insert(c: char, at: usize, out: &mut String) -> bool {
    if !out[..at].ends_with(c) {
        out.insert(at, c);
    }
    at + c.len_utf8() != out.len()
}
