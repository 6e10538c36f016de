//! Every result equal to what ICU4X and the letter of the rules give.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic, GeneralCategory,
    GeneralCategoryGroup, RegionalIndicator, Script, VariationSelector, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use proptest::prelude::*;

use super::super::*;
use super::samples::{Seeded, THAI, TOUCHED, TOUCHY, characters};

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn white_space(c: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(c)
}

fn dropped(c: char) -> bool {
    category(c) == GeneralCategory::Format || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// A decimal digit by its place in its ten, apostrophes, and everything else as it is.
fn read(c: char) -> char {
    let digit = |c: &char| category(*c) == GeneralCategory::DecimalNumber;
    match c {
        '‘' | '’' | 'ʼ' => '\'',
        c if c.is_ascii() || !digit(&c) => c,
        c => char::from(b'0' + (('\0'..c).rev().take_while(digit).count() % 10) as u8),
    }
}

/// Thai in order, by the letter: a change at a time, until there is none to make.
fn thai(text: &str) -> String {
    let tone = |c: char| ('\u{E48}'..='\u{E4B}').contains(&c);
    let mark =
        |c: char| "\u{E31}\u{E34}\u{E35}\u{E36}\u{E37}\u{E38}\u{E39}\u{E3A}\u{E47}\u{E4C}\u{E4D}\u{E4E}".contains(c);
    // What canonical order moves may stand among Thai marks, and is no bar between them.
    let class = |c: char| CodePointMapData::<CanonicalCombiningClass>::new().get(c);
    let other = |c: char| mark(c) || (!tone(c) && class(c) != CanonicalCombiningClass::NotReordered);
    let mut text: Vec<char> = text.replace("เเ", "แ").chars().collect();
    let is_wrong = |pair: &[char]| tone(pair[1]) && pair[0] == 'า';
    while let Some(at) = text.windows(2).position(is_wrong) {
        text.swap(at, at + 1);
    }
    while let Some(at) = text.windows(2).position(|pair| tone(pair[0]) && other(pair[1])) {
        text.swap(at, at + 1);
    }
    while let Some(at) = text.windows(2).position(|pair| pair[0] == pair[1] && (tone(pair[0]) || mark(pair[0]))) {
        text.remove(at);
    }
    text.into_iter().collect()
}

/// N1 by the letter.
fn reference(text: &str) -> String {
    let nfkc = ComposingNormalizer::new_nfkc();
    let once: String = nfkc.normalize(text).chars().filter(|&c| !dropped(c)).collect();
    let twice = nfkc.normalize(&CaseMapper::new().fold_string(&once)).into_owned();
    let mut canonical = twice.chars().map(read).collect::<String>();
    // Canonical order may put a tone mark behind U+0E32 again: what the rule says holds of the result.
    loop {
        let ordered = nfkc.normalize(&thai(&canonical)).into_owned();
        if ordered == canonical {
            break;
        }
        canonical = ordered;
    }
    let words: Vec<&str> = canonical.split(white_space).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// N5 and N6 by the letter.
fn reference_vary(normalised: &str, variant: Variant) -> String {
    let mut text = normalised.to_owned();
    if variant.ignore_accents {
        let mut left = String::new();
        let mut accented = false;
        for c in DecomposingNormalizer::new_nfd().normalize(normalised).chars() {
            let mark = GeneralCategoryGroup::Mark.contains(category(c));
            if !mark {
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

const VARIANTS: [Variant; 4] = [
    Variant::PLAIN,
    Variant { ignore_accents: true, squeeze: false },
    Variant { ignore_accents: false, squeeze: true },
    Variant { ignore_accents: true, squeeze: true },
];

/// Checks N1, and with `deep` N5, N6, the mapped way and what follows from N1.
fn check(text: &str, deep: bool, normaliser: &mut Normaliser, out: &mut String) {
    let expected = reference(text);
    normaliser.normalise_into(text, out);
    assert_eq!(*out, expected, "{:?}", text.escape_unicode().to_string());
    assert_eq!(is_blank(text), expected.is_empty(), "{text:?}");
    if !deep {
        return;
    }
    normaliser.normalise_into(&expected, out);
    assert_eq!(*out, expected, "{:?} once more", text.escape_unicode().to_string());
    for variant in VARIANTS {
        let varied = reference_vary(&expected, variant);
        vary_into(&expected, variant, out);
        assert_eq!(*out, varied, "{:?} {variant:?}", text.escape_unicode().to_string());
        let mapped = normalise_mapped(text, variant);
        assert_eq!(mapped.text, varied, "mapped {:?} {variant:?}", text.escape_unicode().to_string());
        let count = text.chars().count();
        let whole = mapped.original_range(0, varied.len());
        assert!(whole.start <= whole.end && whole.end <= count);
        for (at, c) in varied.char_indices() {
            let place = mapped.original_range(at, at + c.len_utf8());
            assert!(whole.start <= place.start && place.start < place.end && place.end <= whole.end);
        }
    }
}

fn scalars() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

#[test]
fn n1_every_scalar_alone_and_within_letters() {
    let (mut normaliser, mut out) = (Normaliser::new(), String::new());
    let mut text = String::new();
    for c in scalars() {
        text.clear();
        text.extend([c, 'A', c, '\u{301}', c, 'x']);
        check(&text, false, &mut normaliser, &mut out);
        assert_eq!(normalise(text.get(..c.len_utf8()).unwrap()), reference(c.encode_utf8(&mut [0; 4])), "{c:?}");
    }
}

#[test]
fn n1_fold_case_of_every_scalar() {
    let mapper = CaseMapper::new();
    for c in scalars() {
        let alone = c.to_string();
        assert_eq!(fold_case(&alone), mapper.fold_string(&alone), "{c:?}");
    }
}

#[test]
fn n3_n4_n6_f3_sets_of_every_scalar() {
    let unspaced = [
        Script::Thai,
        Script::Lao,
        Script::Khmer,
        Script::Myanmar,
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Hangul,
    ];
    for c in scalars() {
        let category = category(c);
        let (letter, mark) =
            (GeneralCategoryGroup::Letter.contains(category), GeneralCategoryGroup::Mark.contains(category));
        assert_eq!(is_white_space(c), white_space(c), "{c:?}");
        assert_eq!(is_letter(c), letter, "{c:?}");
        let number = GeneralCategoryGroup::Number.contains(category);
        assert_eq!(is_letter_number_or_mark(c), letter || number || mark, "{c:?}");
        assert_eq!(is_mark(c), mark, "{c:?}");
        assert_eq!(is_dash(c), category == GeneralCategory::DashPunctuation, "{c:?}");
        assert_eq!(is_unspaced_script(c), unspaced.contains(&CodePointMapData::<Script>::new().get(c)), "{c:?}");
    }
}

#[test]
fn n8_every_scalar_after_a_question_mark() {
    for c in scalars() {
        let question = "?？؟⁇❓❔".contains(c);
        let aside = white_space(c)
            || category(c) == GeneralCategory::Format
            || CodePointSetData::new::<VariationSelector>().contains(c)
            || category(c) == GeneralCategory::OtherSymbol
            || c == '\u{20E3}'
            || CodePointSetData::new::<ExtendedPictographic>().contains(c)
            || CodePointSetData::new::<EmojiModifier>().contains(c)
            || CodePointSetData::new::<RegionalIndicator>().contains(c);
        let mut text = String::from("?");
        text.push(c);
        assert_eq!(ends_with_question_mark(&text), question || aside, "{c:?}");
        assert_eq!(ends_with_question_mark(text.get(1..).unwrap()), question, "{c:?}");
    }
}

/// All pairs, and of the triples every so-manieth, so that each character stands at each place beside many others.
fn pairs_and_triples(every: usize) {
    let (mut normaliser, mut out) = (Normaliser::new(), String::new());
    let mut text = String::new();
    let touchy: Vec<char> = characters(TOUCHY).collect();
    let mut all: Vec<char> = characters(TOUCHED).collect();
    all.extend(&touchy);
    for (row, &first) in all.iter().enumerate() {
        for (column, &second) in all.iter().enumerate() {
            text.clear();
            text.extend([first, second]);
            check(&text, true, &mut normaliser, &mut out);
            for &third in touchy.iter().skip((3 * row + column) % every).step_by(every) {
                text.truncate(first.len_utf8() + second.len_utf8());
                text.push(third);
                check(&text, false, &mut normaliser, &mut out);
            }
        }
    }
}

#[test]
fn n1_n5_n6_pairs_and_triples_of_touchy_characters() {
    pairs_and_triples(7);
}

#[test]
#[ignore = "takes some time: for whoever changes the tables or the walk"]
fn n1_n5_n6_pairs_and_all_triples_of_touchy_characters() {
    pairs_and_triples(1);
}

/// Every order in which Thai may be typed, and more: all texts of five characters of those that N1 touches.
#[test]
fn n1_every_five_of_what_is_typed_out_of_order() {
    let typed: Vec<char> = "กาเ\u{E34}\u{E38}\u{E4D}\u{E48}\u{E49}\u{E33}\u{200B}".chars().collect();
    let (mut normaliser, mut out) = (Normaliser::new(), String::new());
    for number in 0..typed.len().pow(5) {
        let text: String = (0..5).map(|place| typed[number / typed.len().pow(place) % typed.len()]).collect();
        check(&text, number % 11 == 0, &mut normaliser, &mut out);
    }
}

fn seeded_texts(seed: u64, rounds: usize) {
    let mut seeded = Seeded(seed);
    let (mut normaliser, mut out) = (Normaliser::new(), String::new());
    for round in 0..rounds {
        let length = 1 + seeded.below(if round % 50 == 0 { 80 } else { 12 });
        let text: String = (0..length).map(|_| seeded.character()).collect();
        check(&text, round % 4 == 0, &mut normaliser, &mut out);
    }
}

#[test]
fn n1_n5_n6_a_hundred_thousand_seeded_texts() {
    seeded_texts(20_260_101, 100_000);
}

#[test]
#[ignore = "takes some time: for whoever changes the tables or the walk"]
fn n1_n5_n6_millions_of_seeded_texts() {
    for seed in 0..5 {
        seeded_texts(seed, 1_000_000);
    }
}

fn biased() -> impl Strategy<Value = char> {
    prop_oneof![
        3 => proptest::sample::select(characters(TOUCHY).collect::<Vec<_>>()),
        2 => proptest::sample::select(characters(TOUCHED).collect::<Vec<_>>()),
        2 => proptest::char::range(' ', '~'),
        1 => proptest::char::range('\u{E00}', '\u{E7F}'),
        1 => proptest::sample::select(characters(THAI).collect::<Vec<_>>()),
        1 => proptest::char::range('\u{AC00}', '\u{D7A3}'),
        1 => proptest::char::any(),
    ]
}

/// Thai that is put in order, and marks of every kind of class beside that of tone marks.
const AMONG_THAI: [char; 14] = [
    '\u{E33}', '\u{E32}', '\u{E32}', '\u{E48}', '\u{E4B}', '\u{E31}', '\u{E38}', '\u{E4D}', '\u{309}', '\u{316}',
    '\u{338}', '\u{345}', 'ก', 'a',
];

proptest! {
    #![proptest_config(ProptestConfig {
        // The seed of a case that fails is printed, and kept beside this file.
        failure_persistence: Some(Box::new(proptest::test_runner::FileFailurePersistence::WithSource("seeds"))),
        ..ProptestConfig::with_cases(2_000)
    })]

    #[test]
    fn n1_n5_n6_of_thai_among_marks_as_the_oracle_says(
        characters in proptest::collection::vec(proptest::sample::select(AMONG_THAI.to_vec()), 0..12),
    ) {
        let text: String = characters.into_iter().collect();
        check(&text, true, &mut Normaliser::new(), &mut String::new());
    }

    #[test]
    fn n1_n5_n6_as_the_oracle_says(characters in proptest::collection::vec(biased(), 0..60)) {
        let text: String = characters.into_iter().collect();
        check(&text, true, &mut Normaliser::new(), &mut String::new());
    }

    #[test]
    fn n5_n6_of_what_is_varied_changes_nothing(characters in proptest::collection::vec(biased(), 0..20)) {
        let text: String = characters.into_iter().collect();
        for variant in VARIANTS {
            let once = vary(&normalise(&text), variant);
            prop_assert_eq!(vary(&once, variant), once);
        }
    }
}
