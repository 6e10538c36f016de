//! N1 by the letter, with ICU4X: what our own tables are held against.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed,
    props::{GeneralCategory, WhiteSpace},
};

/// NFKC; format characters and variation selectors dropped; full case folding; NFKC; white space made one.
#[derive(Debug)]
pub struct Reference {
    nfkc: ComposingNormalizerBorrowed<'static>,
    mapper: CaseMapperBorrowed<'static>,
    category: CodePointMapDataBorrowed<'static, GeneralCategory>,
    white_space: CodePointSetDataBorrowed<'static>,
    dropped: String,
}

impl Default for Reference {
    fn default() -> Self {
        Self {
            nfkc: ComposingNormalizer::new_nfkc(),
            mapper: CaseMapper::new(),
            category: CodePointMapData::<GeneralCategory>::new(),
            white_space: CodePointSetData::new::<WhiteSpace>(),
            dropped: String::new(),
        }
    }
}

impl Reference {
    /// Writes the normalised text over `out`. Copies nothing that ICU4X leaves as it is.
    pub fn normalise_into(&mut self, text: &str, out: &mut String) {
        let once = self.nfkc.normalize(text);
        let category = self.category;
        let drops = |c: char| {
            !c.is_ascii()
                && (matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
                    || category.get(c) == GeneralCategory::Format)
        };
        self.dropped.clear();
        self.dropped.extend(once.chars().filter(|c| !drops(*c)));
        let folded = self.mapper.fold_string(&self.dropped);
        let twice = self.nfkc.normalize(&folded);
        out.clear();
        for c in twice.chars() {
            if !self.white_space.contains(c) {
                out.push(c);
            } else if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        }
        if out.ends_with(' ') {
            out.pop();
        }
    }
}
