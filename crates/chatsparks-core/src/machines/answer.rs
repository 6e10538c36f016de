//! What a waiting block takes of a buyer's message (F3, F4).

use crate::{
    BlockId, Field, Message, Text,
    document::workspace::{BlockKind, Expect, QuickReplies},
    matching::text::{is_blank, is_dash, normalise, trim},
};
use regex::Regex;

/// A captured value is cut here, in characters.
const CAPTURED_CHARACTERS: usize = 1_000;

/// What became of a message at a block.
pub(crate) enum Answer<'a> {
    /// The block takes it.
    Taken {
        /// The field it goes into.
        field: Option<&'a Field>,
        /// What goes into it.
        value: Text,
        /// Where the flow goes on, before the block's own `goto`.
        goto: Option<&'a BlockId>,
    },
    /// A mismatch (F5).
    NotTaken,
}

/// Holds a message against a block that waits. `expected`: the block's own pattern, compiled.
pub(crate) fn answer<'a>(block: &'a BlockKind, expected: Option<&Regex>, message: &Message) -> Answer<'a> {
    let text = message.text.as_ref().map(Text::as_str);
    match block {
        BlockKind::Question(question) => {
            let admitted = text.filter(|text| !is_blank(text) && admits(question.expect.as_ref(), expected, text));
            match admitted {
                Some(text) => Answer::Taken { field: Some(&question.field), value: cut(trim(text)), goto: None },
                None => Answer::NotTaken,
            }
        }
        BlockKind::QuickReplies(quick) => choose(quick, message, text),
        _ => Answer::NotTaken,
    }
}

/// F4: a tapped option; a label; a number; free text.
fn choose<'a>(quick: &'a QuickReplies, message: &Message, text: Option<&str>) -> Answer<'a> {
    let chosen = match (&message.option, text) {
        // A tapped option is looked at alone: a text beside it is not.
        (Some(option), _) => quick.options.iter().find(|choice| choice.id == *option),
        (None, Some(text)) => {
            let text = normalise(text);
            let labelled = quick.options.iter().find(|choice| normalise(&choice.label) == text);
            let mut numbered = (1..).zip(&quick.options);
            labelled.or_else(|| numbered.find(|(number, _)| number.to_string() == text).map(|(_, choice)| choice))
        }
        (None, None) => None,
    };
    if let Some(choice) = chosen {
        return Answer::Taken { field: quick.field.as_ref(), value: cut(&choice.label), goto: choice.goto.as_ref() };
    }
    match (&quick.free_text, &message.option, text) {
        (Some(free), None, Some(text)) => Answer::Taken {
            field: free.field.as_ref().or(quick.field.as_ref()),
            value: cut(text),
            goto: free.goto.as_ref(),
        },
        _ => Answer::NotTaken,
    }
}

/// F3: what a question admits, over the normalised text.
fn admits(expect: Option<&Expect>, expected: Option<&Regex>, text: &str) -> bool {
    let text = normalise(text);
    match expect {
        None => true,
        Some(Expect::Number) => is_number(&text),
        Some(Expect::Email) => is_email(&text),
        Some(Expect::Phone) => is_phone(&text),
        Some(Expect::Pattern(_)) => expected.is_some_and(|pattern| pattern.is_match(&text)),
    }
}

/// `^[+-]?[0-9]+([.,][0-9]+)?$`
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.splitn(2, ['.', ',']);
    parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `^[^@\s]+@[^@\s]+\.[^@\s]+$`
fn is_email(text: &str) -> bool {
    if text.chars().any(crate::matching::text::is_white_space) {
        return false;
    }
    match text.split_once('@') {
        Some((name, domain)) => {
            // A dot with something on both sides; which dot does not matter.
            let inner = domain.char_indices().skip(1).any(|(at, c)| c == '.' && at + 1 < domain.len());
            !name.is_empty() && !domain.contains('@') && inner
        }
        None => false,
    }
}

/// `^\+?[0-9]{7,15}$` once spaces, dots, dashes and parentheses are taken out.
fn is_phone(text: &str) -> bool {
    let bare: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '.' | '(' | ')') && !is_dash(*c) && !crate::matching::text::is_white_space(*c))
        .collect();
    let digits = bare.strip_prefix('+').unwrap_or(&bare);
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn cut(text: &str) -> Text {
    match text.char_indices().nth(CAPTURED_CHARACTERS) {
        Some((end, _)) => Text::from(&text[..end]),
        None => Text::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f3_what_a_number_an_email_and_a_phone_are() {
        for (text, number, email, phone) in [
            ("12", true, false, false),
            ("-12,5", true, false, false),
            ("+1.25", true, false, false),
            ("1.2.3", false, false, false),
            (".5", false, false, false),
            ("5.", false, false, false),
            ("+", false, false, false),
            ("", false, false, false),
            ("a@b.co", false, true, false),
            ("a@b", false, false, false),
            ("a@.co", false, false, false),
            ("a@b.", false, false, false),
            ("a@b..", false, true, false),
            ("@b.co", false, false, false),
            ("a@b@c.d", false, false, false),
            ("a b@c.de", false, false, false),
            ("1234567", true, false, true),
            ("123456", true, false, false),
            ("123456789012345", true, false, true),
            ("1234567890123456", true, false, false),
            ("+66 (0)81-234.5678", false, false, true),
            ("++6681234567", false, false, false),
        ] {
            assert_eq!((is_number(text), is_email(text), is_phone(text)), (number, email, phone), "{text}");
        }
    }
}
