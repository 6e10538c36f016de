//! Keyword packs: reviewed words for what buyers ask, by name, in the languages that they write in (C4).
//!
//! A pack is data, `data/packs.tsv`, compiled in. What a document meant by a name it means for ever: the words of a pack
//! that was released never change, and better ones come as a pack of another name. So a history decides alike with every
//! version, and a document needs no copy of the words.

use crate::document::workspace::{Keywords, MatchMode, Pack};

/// Every pack that is shipped.
const SHIPPED: &str = include_str!("../../data/packs.tsv");

/// A word of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackWord {
    /// The name of its pack.
    pub pack: &'static str,
    /// The code of its language: `en`, `id`, `th` or `vi`.
    pub language: &'static str,
    /// The word, as it is matched.
    pub word: &'static str,
    /// Its mode (N2).
    pub mode: MatchMode,
    /// Whether accents are dropped (N5).
    pub ignore_accents: bool,
    /// Whether a run of a letter may be longer in the text (N6).
    pub squeeze: bool,
    /// What it means, or why it is so, for people.
    pub note: &'static str,
}

/// Every word of every pack, in the order of the data.
///
/// ```
/// let price: Vec<_> = chatsparks_core::pack_words().filter(|word| word.pack == "price").collect();
/// assert!(price.iter().any(|word| (word.language, word.word) == ("th", "ราคา")));
/// ```
pub fn pack_words() -> impl Iterator<Item = PackWord> {
    SHIPPED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next();
        let (pack, language, word, mode, options, note) = (next()?, next()?, next()?, next()?, next()?, next()?);
        let mode = match mode {
            "contains" => MatchMode::Contains,
            "word" => MatchMode::Word,
            "starts_with" => MatchMode::StartsWith,
            "exact" => MatchMode::Exact,
            _ => return None,
        };
        let has = |wanted: &str| options.split(',').any(|option| option == wanted);
        Some(PackWord { pack, language, word, mode, ignore_accents: has("accents"), squeeze: has("squeeze"), note })
    })
}

impl Pack {
    /// The words asked for, in the order of the data; none where the pack or every language is unknown.
    pub fn words(&self) -> impl Iterator<Item = PackWord> + '_ {
        let is_asked =
            |word: &PackWord| self.languages.is_empty() || self.languages.iter().any(|code| code == word.language);
        pack_words().filter(|word| word.pack == self.pack).filter(is_asked)
    }
}

impl PackWord {
    /// The word as a list of its own.
    pub(crate) fn keywords(self) -> Keywords {
        let Self { word, mode, ignore_accents, squeeze, .. } = self;
        Keywords { words: vec![word.to_owned()], mode, ignore_accents, squeeze }
    }
}

/// The names of all packs, or the codes of all languages, each once, in the order of the data.
pub(crate) fn known(of: impl Fn(PackWord) -> &'static str) -> Vec<&'static str> {
    let mut known = Vec::new();
    for name in pack_words().map(of) {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// A digest of what each pack means. A line here only ever comes new: to change a word, give the pack a new name.
    const MEANING: &[(&str, u64)] = &[
        ("human", 0x0DC2_FA92_47FA_0999),
        ("link", 0x5345_CB54_5EA4_9F5F),
        ("price", 0x6CD3_B5E3_6AC1_9CCA),
        ("shipping", 0x352F_5245_4BCE_B107),
        ("size", 0xEEF8_732D_9FB2_E87E),
        ("stock", 0xBFD5_3570_0A65_4911),
        ("stop", 0xA58E_F203_B779_3C1F),
        ("thanks", 0x359E_92F8_BFA6_07AC),
    ];

    #[test]
    fn c4_what_a_pack_means_never_changes() {
        let mut meaning: BTreeMap<&str, u64> = BTreeMap::new();
        for PackWord { pack, language, word, mode, ignore_accents, squeeze, .. } in pack_words() {
            let digest = meaning.entry(pack).or_insert(0xCBF2_9CE4_8422_2325);
            for byte in format!("{language}\t{word}\t{mode:?}\t{ignore_accents}\t{squeeze}\n").bytes() {
                *digest = (*digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
            }
        }
        assert_eq!(meaning.into_iter().collect::<Vec<_>>(), MEANING);
    }

    #[test]
    fn c4_every_line_is_a_word_and_every_pack_has_all_four_languages() {
        let lines = SHIPPED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        assert_eq!(pack_words().count(), lines);
        let mut seen = std::collections::BTreeSet::new();
        for word in pack_words() {
            assert!(["en", "id", "th", "vi"].contains(&word.language), "{word:?}");
            assert!(!word.note.is_empty() && !crate::matching::text::is_blank(word.word), "{word:?}");
            assert!(seen.insert((word.pack, word.language, word.word)), "twice: {word:?}");
        }
        for pack in known(|word| word.pack) {
            for language in ["en", "id", "th", "vi"] {
                assert!(pack_words().any(|word| (word.pack, word.language) == (pack, language)), "{pack} {language}");
            }
        }
    }
}
