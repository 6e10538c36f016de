//! What a waiting block takes of a buyer's message (F3, F4).

use crate::{
    BlockId, Field, Message, Text,
    document::workspace::{BlockKind, Choice, Expect, QuickReplies},
    matching::text::{bare, is_blank, is_dash, normalise, trim},
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
            match text.and_then(|text| admitted(question.expect.as_ref(), expected, text)) {
                Some(value) => Answer::Taken { field: Some(&question.field), value: cut(value), goto: None },
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
        (None, Some(text)) => typed(&quick.options, &normalise(text)),
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

/// The option that a normalised text means: by its label; by its label without what stands around it; by a number.
fn typed<'a>(options: &'a [Choice], text: &str) -> Option<&'a Choice> {
    let labels: Vec<String> = options.iter().map(|choice| normalise(&choice.label)).collect();
    if let Some(place) = labels.iter().position(|label| label == text) {
        return options.get(place);
    }
    let text = bare(text);
    // Nothing is left of a text such as `!!`, which then names nothing.
    if text.is_empty() {
        return None;
    }
    let labels: Vec<&str> = labels.iter().map(|label| bare(label)).collect();
    let place = the_only(&labels, |label| label == text).or_else(|| {
        if !is_number(text) {
            None
        } else if labels.iter().any(|label| label.bytes().any(|byte| byte.is_ascii_digit())) {
            // The labels have numbers of their own, which a place in the list would be taken for.
            the_only(&labels, |label| label.strip_prefix(text).is_some_and(|rest| !begins_with_digit(rest)))
        } else {
            (0..labels.len()).find(|place| (place + 1).to_string() == text)
        }
    })?;
    options.get(place)
}

/// The place of the one label that fits; none: none does, or several do.
fn the_only(labels: &[&str], fits: impl Fn(&str) -> bool) -> Option<usize> {
    let mut places = labels.iter().enumerate().filter(|(_, label)| fits(label)).map(|(place, _)| place);
    places.next().filter(|_| places.next().is_none())
}

fn begins_with_digit(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
}

/// F3: what a question takes of a text, as written but trimmed; none: it is not admitted. What is expected is looked
/// for in the normalised text.
fn admitted<'a>(expect: Option<&Expect>, expected: Option<&Regex>, text: &'a str) -> Option<&'a str> {
    let written = trim(text);
    let admits = match expect {
        None => !is_blank(text),
        Some(Expect::Number) => is_number(&normalise(text)),
        Some(Expect::Email) => {
            let text = normalise(text);
            return is_email(without_final_mark(&text)).then(|| written_without_final_mark(written));
        }
        Some(Expect::Phone) => is_phone(&normalise(text)),
        Some(Expect::Pattern(_)) => expected.is_some_and(|pattern| pattern.is_match(&normalise(text))),
    };
    admits.then_some(written)
}

/// `^[+-]?([0-9]+|[0-9]{1,3}([.,][0-9]{3})+)([.,][0-9]+)?$`
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let groups: Vec<&str> = unsigned.split(['.', ',']).collect();
    let all_digits = groups.iter().all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    // At most the last group may have another length than three: it is what stands behind the point.
    all_digits
        && match groups.as_slice() {
            [_] | [_, _] => true,
            [first, between @ .., _] => first.len() <= 3 && between.iter().all(|group| group.len() == 3),
            [] => false,
        }
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

/// One final `.` or `,` ends the buyer's sentence, not the address (F3).
fn without_final_mark(text: &str) -> &str {
    text.strip_suffix(['.', ',']).unwrap_or(text)
}

/// The same of the text as written, where that mark may be a wide one, and something invisible may follow it.
fn written_without_final_mark(written: &str) -> &str {
    let mut rest = written;
    while let Some(last) = rest.chars().next_back() {
        let before = &rest[..rest.len() - last.len_utf8()];
        match normalise(last.encode_utf8(&mut [0; 4])).as_str() {
            "" => rest = before,
            "." | "," => return before,
            _ => break,
        }
    }
    written
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
            (".5", false, false, false),
            ("5.", false, false, false),
            ("+", false, false, false),
            ("+-1", false, false, false),
            ("", false, false, false),
            // Groups of three, with a point behind them or without.
            ("1,000", true, false, false),
            ("1.500.000", true, false, true),
            ("1,000.50", true, false, false),
            ("1,000,5", true, false, false),
            ("999,999,9999", true, false, false),
            ("1000,000,00", false, false, false),
            ("1,00,000", false, false, false),
            ("1.2.3", false, false, false),
            ("1,000,", false, false, false),
            ("1,,000", false, false, false),
            ("12.34.56", false, false, false),
            ("1 000", false, false, false),
            ("a@b.co", false, true, false),
            ("a@b", false, false, false),
            ("a@.co", false, false, false),
            ("a@b.", false, false, false),
            ("a@b..", false, false, false),
            ("a@b.co.", false, true, false),
            ("a@b.co,", false, true, false),
            ("a@b.co..", false, true, false),
            ("a@b.co .", false, false, false),
            ("a@b.co!", false, true, false),
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
            let admits = |expect| admitted(Some(&expect), None, text).is_some();
            let said = (admits(Expect::Number), admits(Expect::Email), admits(Expect::Phone));
            assert_eq!(said, (number, email, phone), "{text}");
        }
    }

    #[test]
    fn f3_what_is_captured_is_as_written_but_trimmed_and_an_email_without_its_final_mark() {
        let pattern = Regex::new("^$|ml$").unwrap();
        for (expect, text, wanted) in [
            (None, "  Big One\u{3000}", Some("Big One")),
            (None, " \u{200B} ", None),
            (Some(Expect::Number), " １,０００ ", Some("１,０００")),
            (Some(Expect::Email), " Mint@Shop.Example. ", Some("Mint@Shop.Example")),
            (Some(Expect::Email), "mint@shop.example．", Some("mint@shop.example")),
            (Some(Expect::Email), "mint@shop.example，\u{200B}", Some("mint@shop.example")),
            (Some(Expect::Email), "mint@shop.example. \u{200B}", Some("mint@shop.example")),
            (Some(Expect::Email), "mint@shop.example..", Some("mint@shop.example.")),
            // A mark that stands for three is none of the final ones.
            (Some(Expect::Email), "mint@shop.example…", Some("mint@shop.example…")),
            (Some(Expect::Pattern(String::new())), " 30 ML ", Some("30 ML")),
            // What is expected alone decides, also of a text that is blank.
            (Some(Expect::Pattern(String::new())), "  ", Some("")),
            (Some(Expect::Pattern(String::new())), "l", None),
        ] {
            assert_eq!(admitted(expect.as_ref(), Some(&pattern), text), wanted, "{text:?}");
        }
    }

    /// Which option of these labels a text means, by its place.
    fn place(labels: &[&str], text: &str) -> Option<usize> {
        let options: Vec<Choice> = labels
            .iter()
            .enumerate()
            .map(|(place, label)| Choice { id: format!("{place}").into(), label: (*label).to_owned(), goto: None })
            .collect();
        typed(&options, &normalise(text)).and_then(|choice| choice.id.as_str().parse().ok())
    }

    #[test]
    fn f4_a_text_is_held_against_labels_then_bare_labels_then_numbers() {
        let colours: &[&str] = &["✅ Yes", "No 🙅", "สีฟ้า"];
        let counted: &[&str] = &["2 pieces", "4 pieces", "12 pieces", "✅ Talk to us!"];
        let twins: &[&str] = &["Yes", "Yes!", "Yes!"];
        let thumbs: &[&str] = &["👍", "👎"];
        let weights: &[&str] = &["1 kg", "1.5 kg", "1,000 g", "10"];
        for (labels, text, wanted) in [
            (colours, "✅ YES", Some(0)),
            (colours, "yes", Some(0)),
            (colours, "Yes!", Some(0)),
            (colours, "  no.", Some(1)),
            (colours, "สีฟ้า!!", Some(2)),
            (colours, "สีฟา", None),
            (colours, "2.", Some(1)),
            (colours, "(3)", Some(2)),
            (colours, "2\u{FE0F}\u{20E3}", Some(1)),
            (colours, "4", None),
            (colours, "0", None),
            (colours, "02", None),
            (colours, "1.0", None),
            (colours, "yes no", None),
            (colours, "!!", None),
            (colours, "", None),
            (counted, "2", Some(0)),
            (counted, "4!", Some(1)),
            (counted, "12", Some(2)),
            // Neither the first in the list nor the beginning of `12`.
            (counted, "1", None),
            (counted, "3", None),
            (counted, "talk to us", Some(3)),
            (counted, "Talk to us !!", Some(3)),
            (counted, "TALK", None),
            (counted, "2 piece", None),
            // A label as it stands comes first; without what stands around several are the same.
            (twins, "yes", Some(0)),
            (twins, "YES!", Some(1)),
            (twins, "(yes)", None),
            (twins, "3", Some(2)),
            (thumbs, "👎", Some(1)),
            // Of these nothing is left, which is no label.
            (thumbs, "!!", None),
            (&thumbs[..1], "👎", None),
            (thumbs, "1", Some(0)),
            (weights, "1", None),
            (weights, "1.5", Some(1)),
            (weights, "1,000", Some(2)),
            (weights, "10", Some(3)),
            (weights, "1.", None),
        ] {
            assert_eq!(place(labels, text), wanted, "{text} of {labels:?}");
        }
    }

    fn message(text: Option<&str>, option: Option<&str>) -> Message {
        Message {
            message_id: "m".into(),
            user_id: "u".into(),
            handle: None,
            text: text.map(Text::from),
            option: option.map(Into::into),
        }
    }

    #[test]
    fn f4_an_option_is_looked_at_alone_and_free_text_takes_any_other_text() {
        let block = |free: &str| -> BlockKind {
            let document =
                format!(r#"{{"text":"Size?","field":"size","options":[{{"id":"30","label":"30ml"}}]{free}}}"#);
            BlockKind::QuickReplies(serde_json::from_str(&document).unwrap())
        };
        let (plain, free) = (block(""), block(r#","free_text":{"field":"wish"}"#));
        for (block, text, option, wanted) in [
            (&plain, None, Some("30"), Some(("size", "30ml"))),
            (&plain, Some("nonsense"), Some("30"), Some(("size", "30ml"))),
            (&plain, Some("30ml"), Some("xl"), None),
            (&plain, None, None, None),
            (&plain, Some("a big one"), None, None),
            (&free, Some("30ML"), None, Some(("size", "30ml"))),
            (&free, Some(" a big one "), None, Some(("wish", " a big one "))),
            (&free, Some("  "), None, Some(("wish", "  "))),
            (&free, Some("30ml"), Some("xl"), None),
            (&free, None, Some("xl"), None),
            (&free, None, None, None),
        ] {
            let answer = answer(block, None, &message(text, option));
            let taken = match &answer {
                Answer::Taken { field, value, .. } => Some((field.unwrap().as_str(), value.as_str())),
                Answer::NotTaken => None,
            };
            assert_eq!(taken, wanted, "{text:?} {option:?}");
        }
    }
}
