//! How people really write: held keys, slips, full-width and invisible letters, emoji, accents left out.

use super::{dice::Dice, words::Language};
use icu_normalizer::DecomposingNormalizerBorrowed;

/// The text as somebody in a hurry writes it. Half of all texts stay as they are but for what stands behind.
pub(crate) fn scribble(dice: &mut Dice, language: Language, text: &str) -> String {
    let mut text = text.to_owned();
    if dice.percent(30) {
        let tail = dice.pick(language.words().tails);
        // Thai puts its particles right behind the word.
        let space = if language == Language::Thai && dice.percent(80) { "" } else { " " };
        text = format!("{text}{space}{tail}");
    }
    if dice.percent(50) {
        text = slip(dice, language, &text);
    }
    if dice.percent(22) && !text.ends_with(['?', '？']) {
        let mark = dice.pick(&["?", "?", "?", "??", " ?", "？", "⁉️?", "❓", "?!"]);
        text.push_str(mark);
    }
    if dice.percent(30) {
        let emoji = dice.pick(language.words().emoji);
        text = match dice.below(6) {
            0 => format!("{emoji} {text}"),
            1 => format!("{text}{emoji}{emoji}"),
            _ => format!("{text} {emoji}"),
        };
    }
    text
}

/// One change of the kind that this language sees.
fn slip(dice: &mut Dice, language: Language, text: &str) -> String {
    match dice.below(14) {
        0..=2 => hold_last(dice, text),
        3 => hold_inside(dice, text),
        4 => text.to_uppercase(),
        5 => capital(text),
        6 => full_width(text),
        7 => with_invisible(dice, text),
        8 => decomposed(language, text),
        9 | 10 if language == Language::Vietnamese => without_accents(text),
        9 | 10 if language == Language::Thai => misspelt(dice, text),
        9 | 10 => swapped(dice, text),
        11 => dropped(dice, text),
        12 => text.split(' ').collect::<Vec<_>>().join("  "),
        _ => decorated(dice, text),
    }
}

/// The last letter held down: `priceeee`, `ราคาาาา`.
fn hold_last(dice: &mut Dice, text: &str) -> String {
    let times = dice.between(2, 6) as usize;
    match text.chars().last().filter(|last| last.is_alphabetic()) {
        Some(last) => text.chars().chain(std::iter::repeat_n(last, times)).collect(),
        None => text.to_owned(),
    }
}

/// A letter inside held down: `priiice`.
fn hold_inside(dice: &mut Dice, text: &str) -> String {
    let at = dice.below(text.chars().count());
    let held = |(place, letter): (usize, char)| {
        std::iter::repeat_n(letter, if place == at && letter.is_alphabetic() { 3 } else { 1 })
    };
    text.chars().enumerate().flat_map(held).collect()
}

/// The first letter large, as telephones write it.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// ASCII letters and digits in their full-width forms.
fn full_width(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '!'..='~' => char::from_u32(letter as u32 + 0xFEE0).unwrap_or(letter),
            _ => letter,
        })
        .collect()
}

/// A character inside that nobody sees.
fn with_invisible(dice: &mut Dice, text: &str) -> String {
    let at = dice.below(text.chars().count());
    let invisible = dice.pick(&["\u{200B}", "\u{200D}", "\u{2060}", "\u{AD}", "\u{FEFF}"]);
    text.chars()
        .enumerate()
        .flat_map(|(place, letter)| [if place == at { invisible } else { "" }.to_owned(), letter.to_string()])
        .collect()
}

/// Letters and their marks apart, as some keyboards send them; in Thai, `ำ` in its two parts.
fn decomposed(language: Language, text: &str) -> String {
    match language {
        Language::Thai => text.replace('\u{E33}', "\u{E4D}\u{E32}"),
        _ => DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned(),
    }
}

/// Accents left out, as in a hurry.
fn without_accents(text: &str) -> String {
    let apart = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    let bare = apart.chars().filter(|letter| !('\u{300}'..='\u{36F}').contains(letter));
    bare.map(|letter| match letter {
        'đ' => 'd',
        'Đ' => 'D',
        _ => letter,
    })
    .collect()
}

/// Spellings that Thai buyers use side by side.
fn misspelt(dice: &mut Dice, text: &str) -> String {
    let (from, to) = [
        ("ไหม", "มั้ย"),
        ("คะ", "ค่ะ"),
        ("ค่ะ", "คะ"),
        ("ครับ", "คับ"),
        ("เท่าไหร่", "เท่าไร"),
        ("เท่าไหร่", "เทาไหร่"),
        ("ลิงก์", "ลิ้งค์"),
        ("หน่อย", "หน่อยยย"),
        ("อะไร", "ไร"),
        ("ราคา", "รคา"),
        ("สนใจ", "สนจัย"),
        ("ใช้", "ไช้"),
    ][dice.below(12)];
    text.replacen(from, to, 1)
}

/// Two neighbouring letters the wrong way round.
fn swapped(dice: &mut Dice, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = dice.below(letters.len().saturating_sub(1));
    if letters.len() > 4 && letters[at].is_ascii_lowercase() && letters[at + 1].is_ascii_lowercase() {
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}

/// A letter left out.
fn dropped(dice: &mut Dice, text: &str) -> String {
    let count = text.chars().count();
    let at = if count > 5 { dice.below(count) } else { count };
    let kept = |&(place, letter): &(usize, char)| place != at || !letter.is_ascii_lowercase();
    text.chars().enumerate().filter(kept).map(|(_, letter)| letter).collect()
}

/// Something between the words that keywords do not know of.
fn decorated(dice: &mut Dice, text: &str) -> String {
    match dice.below(4) {
        0 => format!("{text}..."),
        1 => format!("{text}!!!"),
        2 => format!("  {text}\u{A0}"),
        _ => text.replacen(' ', dice.pick(&["_", ", ", " ✨ ", "\n", "-"]), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slip_is_what_it_says() {
        assert_eq!(full_width("PRICE?"), "ＰＲＩＣＥ？");
        assert_eq!(without_accents("giá bao nhiêu Đ"), "gia bao nhieu D");
        assert_eq!(decomposed(Language::Vietnamese, "giá"), "gia\u{301}");
        assert_eq!(decomposed(Language::Thai, "น้ำ"), "น้\u{E4D}\u{E32}");
        assert_eq!(capital("giá"), "Giá");
        assert!(hold_last(&mut Dice::new("test"), "price").starts_with("priceee"));
    }
}
