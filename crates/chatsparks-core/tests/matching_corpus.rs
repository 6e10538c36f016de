//! Every row of the corpus of hard comments is decided as its `engine` column says (N1 to N8).
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use crate::corpus::{Mode, PARTS, rows};
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::{
    CodePointMapData,
    props::{GeneralCategory, GeneralCategoryGroup},
};
use std::collections::BTreeSet;

#[test]
fn n1_to_n8_every_row_is_decided_as_it_says() {
    let mut wrong = String::new();
    for row in rows().unwrap() {
        match row.decide() {
            Ok(decided) if decided == row.engine => {}
            Ok(decided) => {
                wrong += &format!("{}: decided {decided}, the row says {}: {}\n", row.id, row.engine, row.why)
            }
            Err(error) => wrong += &format!("{error}\n"),
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn rows_are_many_and_told_apart() {
    let rows = rows().unwrap();
    assert!(rows.len() >= 420, "{} rows", rows.len());
    assert!(rows.iter().filter(|row| row.language == "Thai, real").count() >= 100);
    let mut ids = BTreeSet::new();
    let mut questions = BTreeSet::new();
    for row in &rows {
        assert!(ids.insert(row.id), "{} is used twice", row.id);
        let question = (&row.comment, &row.words, row.mode, row.ignore_accents, row.squeeze);
        assert!(questions.insert(question), "{} is asked twice", row.id);
        assert!(!row.why.is_empty(), "{} does not say why", row.id);
    }
}

/// A rule is named where the engine differs from what is wanted, and nowhere else.
#[test]
fn a_rule_stands_where_the_engine_differs() {
    for row in rows().unwrap() {
        assert_eq!(row.rule.is_some(), row.engine != row.wanted, "{}", row.id);
        if let Some(rule) = row.rule {
            assert!(["N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8"].contains(&rule), "{}: {rule}", row.id);
            assert_eq!(rule == "N7", row.mode == Mode::Pattern, "{}", row.id);
            assert_eq!(rule == "N8", row.mode == Mode::QuestionMark, "{}", row.id);
        }
    }
}

/// What a reviewer cannot see stands escaped, and no editor changes a row by normalising it.
#[test]
fn files_hold_nothing_that_cannot_be_seen() {
    let category = CodePointMapData::<GeneralCategory>::new();
    let composing = ComposingNormalizerBorrowed::new_nfc();
    for part in &PARTS {
        for line in part.text.lines() {
            assert!(composing.is_normalized(line), "{}", line.escape_unicode());
            for c in line.chars() {
                let hidden = GeneralCategoryGroup::Other.contains(category.get(c))
                    || GeneralCategoryGroup::Separator.contains(category.get(c))
                    || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{2800}' | '\u{3164}');
                assert!(!hidden || matches!(c, ' ' | '\t'), "{}: {line}", c.escape_unicode());
            }
            for column in line.split('\t') {
                assert_eq!(column, column.trim(), "{line}");
            }
        }
    }
}
