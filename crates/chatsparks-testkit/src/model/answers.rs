//! F3, F4: what a block that waits takes of a message.

use super::*;
use crate::matching::{first_group, found};
use chatsparks_core::{
    Message,
    text::{is_blank, is_dash, normalise, trim},
    workspace::{Block, BlockKind, Expect, Question, QuickReplies},
};

/// What a reply is to the block that waits for it.
pub(super) enum Reply {
    /// Taken: what is captured, and where it goes on unless the block says so.
    Taken(Option<(String, String)>, Option<BlockId>),
    Mismatch,
}

pub(super) fn reply_to(block: &Block, message: &Message) -> Reply {
    match &block.kind {
        BlockKind::Question(question) => answer(question, message),
        BlockKind::QuickReplies(ask) => choose(ask, message),
        _ => Reply::Mismatch,
    }
}

/// F3.
fn answer(question: &Question, message: &Message) -> Reply {
    let Some(text) = &message.text else { return Reply::Mismatch };
    let text = text.as_str();
    let plain = normalise(text);
    let mut captured = trim(text);
    let admitted = match &question.expect {
        None => !is_blank(text),
        Some(Expect::Number) => is_number(&plain),
        Some(Expect::Email) => {
            let address = plain.strip_suffix('.').or(plain.strip_suffix(',')).unwrap_or(&plain);
            captured = as_written(captured, address);
            found(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", address)
        }
        Some(Expect::Phone) => {
            let kept: String = plain.chars().filter(|c| !is_dash(*c) && !" .()".contains(*c)).collect();
            found(r"^\+?[0-9]{7,15}$", &kept)
        }
        Some(Expect::Pattern(pattern)) => found(pattern, &plain),
    };
    if admitted { Reply::Taken(Some((question.field.to_string(), captured.to_owned())), None) } else { Reply::Mismatch }
}

/// The longest beginning of a text that reads so; the whole of it, where none does.
fn as_written<'a>(written: &'a str, wanted: &str) -> &'a str {
    let ends = written.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
    ends.map(|end| &written[..end]).find(|beginning| normalise(beginning) == wanted).unwrap_or(written)
}

fn is_number(text: &str) -> bool {
    found(r"^[+-]?([0-9]+|[0-9]{1,3}([.,][0-9]{3})+)([.,][0-9]+)?$", text)
}

/// F4.
fn choose(ask: &QuickReplies, message: &Message) -> Reply {
    let chosen = match (&message.option, &message.text) {
        (Some(tapped), _) => ask.options.iter().position(|option| option.id == *tapped),
        (None, None) => None,
        (None, Some(text)) => {
            let labels: Vec<String> = ask.options.iter().map(|option| normalise(&option.label)).collect();
            means(&labels, &normalise(text.as_str()))
        }
    };
    if let Some(option) = chosen.and_then(|place| ask.options.get(place)) {
        let captured = ask.field.as_ref().map(|field| (field.to_string(), option.label.clone()));
        return Reply::Taken(captured, option.goto.clone());
    }
    match (&ask.free_text, &message.text, &message.option) {
        (Some(free), Some(text), None) => {
            let field = free.field.as_ref().or(ask.field.as_ref());
            let captured = field.map(|field| (field.to_string(), text.as_str().to_owned()));
            Reply::Taken(captured, free.goto.clone())
        }
        _ => Reply::Mismatch,
    }
}

/// The place of the label that a typed text means.
fn means(labels: &[String], text: &str) -> Option<usize> {
    if let Some(place) = labels.iter().position(|label| label == text) {
        return Some(place);
    }
    let text = core(text);
    let cores: Vec<String> = labels.iter().map(|label| core(label)).collect();
    let only = |fits: &dyn Fn(&String) -> bool| {
        let places: Vec<usize> = (0..cores.len()).filter(|place| fits(&cores[*place])).collect();
        if let [place] = places[..] { Some(place) } else { None }
    };
    if text.is_empty() {
        return None;
    }
    if let Some(place) = only(&|core| *core == text) {
        return Some(place);
    }
    if !is_number(&text) {
        return None;
    }
    if cores.iter().any(|core| found("[0-9]", core)) {
        only(&|core| found(&format!("^{}([^0-9]|$)", regex::escape(&text)), core))
    } else {
        (1..=labels.len()).find(|number| number.to_string() == text).map(|number| number - 1)
    }
}

/// A text from its first letter or number to its last, with the marks of that letter.
fn core(text: &str) -> String {
    let from = first_group(r"(?s)([\p{L}\p{N}].*)", text).unwrap_or_default();
    first_group(r"(?s)^(.*(?:\p{L}\p{M}*|\p{N}))", &from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f4_the_model_reads_the_rules_examples_as_they_are() {
        for (text, wanted) in [
            ("✅ yes", "yes"),
            ("yes!", "yes"),
            ("(2.)", "2"),
            ("2\u{20E3}", "2"),
            ("สีฟ้า!!", "สีฟ้า"),
            ("e\u{301}!", "e\u{301}"),
            ("\u{301}e", "e"),
            ("!!", ""),
        ] {
            assert_eq!(core(text), wanted, "{text}");
        }
        let labels = |labels: &[&str]| labels.iter().map(|label| normalise(label)).collect::<Vec<_>>();
        assert_eq!(means(&labels(&["✅ Yes", "No"]), "yes"), Some(0));
        assert_eq!(means(&labels(&["Yes", "No"]), "2."), Some(1));
        assert_eq!(means(&labels(&["2 pieces", "12 pieces"]), "2"), Some(0));
        assert_eq!(means(&labels(&["2 pieces", "12 pieces"]), "1"), None);
    }
}
