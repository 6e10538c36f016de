//! Texts, normalised and compared with ICU4X and the letter of the rules.

use chatsparks_core::text::{
    Normaliser, Variant, ends_with_question_mark, fold_case, is_blank, normalise as normal_form, normalise_mapped, vary,
};
use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        CanonicalCombiningClass, DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic, GeneralCategory,
        GeneralCategoryGroup, RegionalIndicator, Script, VariationSelector, WhiteSpace,
    },
};

/// A text: its normal form is what ICU4X and the letter of N1 give, N5, N6 and N8 likewise; normalising twice changes
/// nothing more; the map leads every character to a place within the original, and all of them to ranges that cover
/// what is there; a buffer used before changes nothing.
pub fn normalise(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let text = text.as_ref();
    let normal = normal_form(text);
    assert_eq!(normal, by_the_letter(text), "N1");
    assert_eq!(normal_form(&normal), normal, "N1: normalised twice");
    assert_eq!(is_blank(text), normal.is_empty(), "F3: blank");
    assert_eq!(fold_case(text), CaseMapper::new().fold_string(text), "V7: case alone");
    assert_eq!(ends_with_question_mark(text), ends_in_question(text), "N8");
    let (mut normaliser, mut out) = (Normaliser::new(), String::from("what stood here before"));
    for _ in 0..2 {
        normaliser.normalise_into(text, &mut out);
        assert_eq!(out, normal, "a buffer used before");
    }
    for (ignore_accents, squeeze) in [(false, false), (false, true), (true, false), (true, true)] {
        let variant = Variant { ignore_accents, squeeze };
        let varied = vary(&normal, variant);
        assert_eq!(varied, varied_by_the_letter(&normal, variant), "N5, N6: {variant:?}");
        assert_eq!(vary(&varied, variant), varied, "N5, N6: varied twice: {variant:?}");
        mapped(text, &varied, variant);
    }
}

fn mapped(text: &str, varied: &str, variant: Variant) {
    let mapped = normalise_mapped(text, variant);
    assert_eq!(mapped.text, varied, "C11: with a map or without one: {variant:?}");
    let whole = mapped.original_range(0, varied.len());
    assert!(whole.start <= whole.end && whole.end <= text.chars().count(), "C11: past the original");
    for (at, c) in varied.char_indices() {
        let place = mapped.original_range(at, at + c.len_utf8());
        let within = whole.start <= place.start && place.start < place.end && place.end <= whole.end;
        assert!(within, "C11: {at} comes from {place:?} of {whole:?}");
        let rest = mapped.original_range(at, varied.len());
        assert!(rest.start <= place.start && place.end <= rest.end, "C11: from {at} on");
        // A range within a character does no harm either.
        let _ = mapped.original_range(at + 1, at + 1);
    }
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// N1 by the letter.
fn by_the_letter(text: &str) -> String {
    let nfkc = ComposingNormalizer::new_nfkc();
    let once: String = nfkc.normalize(text).chars().filter(|&c| !is_dropped(c)).collect();
    let twice = nfkc.normalize(&CaseMapper::new().fold_string(&once)).into_owned();
    let ordered = thai_in_order(twice.chars().map(read).collect());
    let canonical = nfkc.normalize(&ordered);
    let white_space = |c| CodePointSetData::new::<WhiteSpace>().contains(c);
    let words: Vec<&str> = canonical.split(white_space).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn is_dropped(c: char) -> bool {
    category(c) == GeneralCategory::Format || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Digits of every script, which stand in tens, and apostrophes.
fn read(c: char) -> char {
    let is_digit = |c: &char| category(*c) == GeneralCategory::DecimalNumber;
    match c {
        '\u{2018}' | '\u{2019}' | '\u{2BC}' => '\'',
        c if is_digit(&c) => {
            let place = ('\0'..c).rev().take_while(is_digit).count() % 10;
            char::from_digit(u32::try_from(place).unwrap_or(0), 10).unwrap_or(c)
        }
        c => c,
    }
}

/// Thai as people type it, character by character into what is already in order.
fn thai_in_order(text: Vec<char>) -> String {
    let is_tone = |c: char| ('\u{E48}'..='\u{E4B}').contains(&c);
    let is_thai = |c: char| matches!(c, '\u{E31}' | '\u{E34}'..='\u{E3A}' | '\u{E47}'..='\u{E4E}');
    let moves =
        |c: char| CodePointMapData::<CanonicalCombiningClass>::new().get(c) != CanonicalCombiningClass::NotReordered;
    let mut ordered: Vec<char> = Vec::new();
    for c in text {
        if c == '\u{E40}' && ordered.last() == Some(&c) {
            ordered.pop();
            ordered.push('\u{E41}');
            continue;
        }
        let mut at = ordered.len();
        if is_tone(c) {
            while at > 0 && ordered[at - 1] == '\u{E32}' {
                at -= 1;
            }
        } else if is_thai(c) || moves(c) {
            // Before the tone marks of its run, which stand at its end.
            while at > 0 && is_tone(ordered[at - 1]) {
                at -= 1;
            }
        }
        if !(is_thai(c) && at > 0 && ordered[at - 1] == c) {
            ordered.insert(at, c);
        }
    }
    ordered.into_iter().collect()
}

/// N5 and N6 by the letter.
fn varied_by_the_letter(normalised: &str, variant: Variant) -> String {
    let mut text = normalised.to_owned();
    if variant.ignore_accents {
        let mut left = String::new();
        let mut accented = false;
        for c in DecomposingNormalizer::new_nfd().normalize(normalised).chars() {
            if !GeneralCategoryGroup::Mark.contains(category(c)) {
                let script = CodePointMapData::<Script>::new().get(c);
                accented = GeneralCategoryGroup::Letter.contains(category(c))
                    && [Script::Latin, Script::Greek, Script::Cyrillic].contains(&script);
            } else if accented && category(c) == GeneralCategory::NonspacingMark {
                continue;
            }
            left.push(if c == 'đ' { 'd' } else { c });
        }
        text = ComposingNormalizer::new_nfc().normalize(&left).into_owned();
    }
    if variant.squeeze {
        let mut last = None;
        text.retain(|c| {
            let again = last == Some(c) && GeneralCategoryGroup::Letter.contains(category(c));
            last = Some(c);
            !again
        });
    }
    text
}

/// N8 by the letter.
fn ends_in_question(text: &str) -> bool {
    let is_mark = |c: char| matches!(c, '?' | '？' | '؟' | '⁇' | '❓' | '❔');
    let set_aside = |c: char| {
        let of = |set: bool| set && !is_mark(c);
        of(CodePointSetData::new::<WhiteSpace>().contains(c))
            || category(c) == GeneralCategory::Format
            || CodePointSetData::new::<VariationSelector>().contains(c)
            || of(category(c) == GeneralCategory::OtherSymbol)
            || of(CodePointSetData::new::<ExtendedPictographic>().contains(c))
            || CodePointSetData::new::<EmojiModifier>().contains(c)
            || CodePointSetData::new::<RegionalIndicator>().contains(c)
            || c == '\u{20E3}'
    };
    text.chars().rev().find(|&c| !set_aside(c)).is_some_and(is_mark)
}
