//! The limits of a document, and how ids, texts, numbers and lists are held to them (`formats.md`).

use super::{Place, Report};
use crate::{ProblemCode, matching::text};
use std::{fmt, ops::RangeInclusive};

/// The schema that this version reads.
pub(super) const SCHEMA: i64 = 1;

// Lengths, in characters.
pub(super) const CHOSEN_ID: usize = 64;
pub(super) const PLATFORM_ID: usize = 256;
pub(super) const DM_TEXT: usize = 6_000;
pub(super) const PUBLIC_REPLY: usize = 150;
pub(super) const LABEL: usize = 80;
pub(super) const TAG: usize = 64;
pub(super) const FIELD: usize = 64;
pub(super) const KEYWORD: usize = 100;
pub(super) const PATTERN: usize = 500;

// Lists, in items.
pub(super) const TRIGGERS: usize = 10_000;
pub(super) const PATTERNS: usize = 200;
pub(super) const WORDS: usize = 1_000;
pub(super) const ALL_WORDS: usize = 200_000;
pub(super) const REPLIES: usize = 20;
pub(super) const FLOWS: usize = 1_000;
pub(super) const BLOCKS: usize = 200;
pub(super) const OPTIONS: usize = 4;
pub(super) const POSTS: usize = 100_000;
pub(super) const PRODUCTS: usize = 100_000;
pub(super) const MEMBERS: usize = 1_000;
/// Aliases, SKUs and tags of one item.
pub(super) const OF_ONE_ITEM: usize = 100;

/// Combinators around a condition (C4).
pub(super) const NESTING: usize = 16;

// Numbers; those of the policy reach to a year.
pub(super) const COUNT: RangeInclusive<i64> = 1..=1_000_000_000;
pub(super) const MINUTES: RangeInclusive<i64> = 0..=365 * 24 * 60;
pub(super) const HOURS: RangeInclusive<i64> = 0..=365 * 24;
pub(super) const HOURS_FROM_ONE: RangeInclusive<i64> = 1..=365 * 24;
pub(super) const DAYS: RangeInclusive<i64> = 0..=365;
pub(super) const DAYS_FROM_ONE: RangeInclusive<i64> = 1..=365;
pub(super) const WAIT_SECONDS: RangeInclusive<i64> = 1..=30 * 24 * 60 * 60;

impl Report {
    /// An id is not empty, has no control characters, and has at most `limit` characters.
    pub(super) fn id(&mut self, at: &Place<'_>, id: &str, limit: usize) {
        if id.is_empty() {
            self.add(at, ProblemCode::BadId, format_args!("an id must not be empty"));
        } else if id.chars().any(is_control) {
            self.add(at, ProblemCode::BadId, format_args!("an id must not have control characters"));
        } else {
            self.length(at, id, limit);
        }
    }

    /// A text is not blank, and has at most `limit` characters.
    pub(super) fn text(&mut self, at: &Place<'_>, text: &str, limit: usize) {
        if is_blank(text) {
            self.add(at, ProblemCode::Empty, format_args!("this text is empty: write something, or leave it out"));
        } else {
            self.length(at, text, limit);
        }
    }

    /// A keyword is not empty once it is normalised, and has at most 100 characters.
    ///
    /// N5 drops marks that follow a letter and N6 shortens runs of one: neither empties what was not empty before.
    pub(super) fn keyword(&mut self, at: &Place<'_>, word: &str) {
        if is_blank(word) {
            let message = format_args!("nothing is left of this keyword once it is normalised");
            self.add(at, ProblemCode::EmptyKeyword, message);
        } else {
            self.length(at, word, KEYWORD);
        }
    }

    /// At most `limit` characters. True: it holds.
    pub(super) fn length(&mut self, at: &Place<'_>, text: &str, limit: usize) -> bool {
        // A character has a byte at least, so most texts need no counting.
        if text.len() <= limit {
            return true;
        }
        let length = text.chars().count();
        if length > limit {
            let message = format_args!("{} characters are too many: at most {}", Grouped(length), Grouped(limit));
            self.add(at, ProblemCode::OverLimit, message);
        }
        length <= limit
    }

    /// At most `limit` items.
    pub(super) fn count(&mut self, at: &Place<'_>, items: &str, count: usize, limit: usize) {
        if count > limit {
            let message = format_args!("{} {items} are too many: at most {}", Grouped(count), Grouped(limit));
            self.add(at, ProblemCode::OverLimit, message);
        }
    }

    /// A number within its bounds, both included.
    pub(super) fn number(&mut self, at: &Place<'_>, number: i64, bounds: RangeInclusive<i64>) {
        if !bounds.contains(&number) {
            let message = format_args!("{number} is out of bounds: from {} to {}", bounds.start(), bounds.end());
            self.add(at, ProblemCode::OverLimit, message);
        }
    }
}

/// General category Cc, which Unicode promises never to change.
fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}')
}

/// [`text::is_blank`], with the common case first.
pub(super) fn is_blank(text: &str) -> bool {
    !text.as_bytes().first().is_some_and(u8::is_ascii_graphic) && text::is_blank(text)
}

/// A count with its thousands set apart.
pub(super) struct Grouped(pub(super) usize);

impl fmt::Display for Grouped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 1_000, self.0 % 1_000) {
            (0, below) => write!(out, "{below}"),
            (above, below) => write!(out, "{},{below:03}", Self(above)),
        }
    }
}
