//! Normalising against ICU4X.

use crate::{
    language::Language,
    measure::{ROUNDS, by_turns, run},
    random::Random,
    reference::Reference,
    report::{Row, Target},
    synthetic::Set,
};
use chatsparks_core::text::Normaliser;
use std::hint::black_box;

/// The rows on normalising; every result is asserted to be the reference's, byte for byte.
pub fn rows(set: &Set, real: &[String]) -> Vec<Row> {
    let all: Vec<&str> = set.comments.iter().map(|comment| comment.text.as_str()).collect();
    let ascii: Vec<&str> = all.iter().copied().filter(|text| text.is_ascii()).collect();
    let thai = set.texts(&[Language::Thai]);
    let marked = set.texts(&[Language::Vietnamese, Language::Mixed]);
    all.iter().copied().chain(real.iter().map(String::as_str)).for_each(assert_same);
    random_texts(1_000_000);
    vec![
        row("ASCII comments", &ascii, 8.0, 12.0),
        row("Thai comments", &thai, 4.0, 6.0),
        row("Vietnamese and emoji", &marked, 3.0, 4.0),
        row("the whole synthetic corpus", &all, 7.0, 9.0),
    ]
}

fn row(what: &str, texts: &[&str], target: f64, aim: f64) -> Row {
    let (mut normaliser, mut out) = (Normaliser::new(), String::new());
    let (mut reference, mut other) = (Reference::default(), String::new());
    let [ours, against] = by_turns(
        ROUNDS * 12,
        [
            run(|| {
                for text in texts {
                    normaliser.normalise_into(text, &mut out);
                    black_box(&out);
                }
            }),
            run(|| {
                for text in texts {
                    reference.normalise_into(text, &mut other);
                    black_box(&other);
                }
            }),
        ],
    );
    let target = Target::AtMost(1.0 / target, 1.0 / aim);
    Row::ratio(format!("normalise ÷ ICU4X: {what}"), (ours, against), texts.len(), target)
}

fn assert_same(text: &str) {
    let mut expected = String::new();
    Reference::default().normalise_into(text, &mut expected);
    assert_eq!(chatsparks_core::text::normalise(text), expected, "{}", text.escape_unicode());
}

/// Texts of characters that touch one another, of every plane.
fn random_texts(count: usize) {
    let mut random = Random::new(1);
    let mut reference = Reference::default();
    let (mut normaliser, mut out, mut expected) = (Normaliser::new(), String::new(), String::new());
    let mut text = String::new();
    for _ in 0..count {
        text.clear();
        for _ in 0..1 + random.below(12) {
            text.extend(character(&mut random));
        }
        normaliser.normalise_into(&text, &mut out);
        reference.normalise_into(&text, &mut expected);
        assert_eq!(out, expected, "{}", text.escape_unicode());
    }
}

fn character(random: &mut Random) -> Option<char> {
    let (from, to) = match random.below(10) {
        0..3 => (0x20, 0x7F),
        3 => (0xA0, 0x370),
        4 => (0x300, 0x370),
        5 => (0xE00, 0xE80),
        6 => (0x1E00, 0x2000),
        7 => (0x2000, 0x2100),
        8 => (0xAC00, 0xD7B0),
        _ => (0, 0x11_0000),
    };
    char::from_u32(from + random.below((to - from) as usize) as u32)
}
