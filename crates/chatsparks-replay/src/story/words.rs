//! A line of a story, read word by word.

use chatsparks_core::{Instant, Period, text::trim};
use std::fmt::Write;

/// What does not stand as it should in a line: where, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// The byte of the line at which it stands.
    pub(super) byte: usize,
    /// What was expected.
    pub(super) expected: String,
}

/// A place in a line, from which on it is read.
///
/// A word ends at white space, and before a `:` or `,` that white space or the end of the line follows. A word
/// or text in double quotes is taken whole, with the escapes `\"`, `\\`, `\n`, `\r`, `\t` and `\u{..}`.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    line: &'a str,
    byte: usize,
}

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self { line, byte: 0 }
    }

    /// What is left of the line, without the white space around it.
    pub(super) fn rest(&self) -> &'a str {
        trim(&self.line[self.byte..])
    }

    /// Takes all that is left.
    pub(super) fn take_rest(&mut self) -> &'a str {
        let rest = self.rest();
        self.byte = self.line.len();
        rest
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    /// A flaw at the next word.
    pub(super) fn flaw(&self, expected: impl Into<String>) -> Flaw {
        let mut here = self.clone();
        here.skip_blanks();
        Flaw { byte: here.byte, expected: expected.into() }
    }

    /// The byte of the line at which the next word stands.
    pub(super) fn place(&self) -> usize {
        let mut here = self.clone();
        here.skip_blanks();
        here.byte
    }

    fn skip_blanks(&mut self) {
        let left = &self.line[self.byte..];
        self.byte += left.len() - left.trim_start().len();
    }

    /// The next word as it stands, without taking it; empty at the end of the line and before a `:` or `,`.
    pub(super) fn peek(&self) -> &'a str {
        let mut here = self.clone();
        here.skip_blanks();
        let left = &here.line[here.byte..];
        &left[..plain_length(left)]
    }

    /// Takes the next word if it is this one.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let is = self.peek() == word;
        if is {
            self.skip_blanks();
            self.byte += word.len();
        }
        is
    }

    /// Takes words, all or none of them.
    pub(super) fn eat_all(&mut self, words: &[&str]) -> bool {
        let mut ahead = self.clone();
        let all = words.iter().all(|word| ahead.eat(word));
        if all {
            *self = ahead;
        }
        all
    }

    /// Takes a mark such as `:` if it comes next.
    pub(super) fn mark(&mut self, mark: char) -> bool {
        let mut ahead = self.clone();
        ahead.skip_blanks();
        let is = ahead.line[ahead.byte..].starts_with(mark);
        if is {
            ahead.byte += mark.len_utf8();
            *self = ahead;
        }
        is
    }

    /// Takes a mark, or tells that it is missing.
    pub(super) fn needs(&mut self, mark: char, before: &str) -> Result<(), Flaw> {
        if self.mark(mark) { Ok(()) } else { Err(self.flaw(format!("expected `{mark}` and {before}"))) }
    }

    /// Takes a word, or tells that it is missing.
    pub(super) fn needs_word(&mut self, word: &str) -> Result<(), Flaw> {
        if self.eat(word) { Ok(()) } else { Err(self.flaw(format!("expected `{word}`"))) }
    }

    /// The next word, whatever it is; a quoted one without its quotes.
    pub(super) fn word(&mut self, what: &str) -> Result<String, Flaw> {
        self.skip_blanks();
        if self.line[self.byte..].starts_with('"') {
            return self.quoted();
        }
        let word = self.peek();
        if word.is_empty() {
            return Err(self.flaw(format!("expected {what}")));
        }
        self.byte += word.len();
        Ok(word.to_owned())
    }

    /// Takes `@name` or `@"a name"` if it comes next, and gives the name alone.
    pub(super) fn named(&mut self) -> Option<String> {
        let start = self.place();
        let after = self.line[start..].strip_prefix('@')?;
        let (name, length) = if after.starts_with('"') {
            let Quoted { text, length, .. } = unquote(after)?;
            (text, length)
        } else {
            let length = plain_length(after);
            (after[..length].to_owned(), length)
        };
        self.byte = (length > 0).then_some(start + 1 + length)?;
        Some(name)
    }

    /// The next word, in two where a `/` stands in it; within quotes one that is written `\/` parts nothing.
    pub(super) fn pair(&mut self, what: &str) -> Result<(String, Option<String>), Flaw> {
        self.skip_blanks();
        let left = &self.line[self.byte..];
        let quoted = if left.starts_with('"') { unquote(left) } else { None };
        if let Some(Quoted { text, length, slash }) = quoted {
            self.byte += length;
            return Ok(match slash {
                Some(at) => (text[..at].to_owned(), Some(text[at + 1..].to_owned())),
                None => (text, None),
            });
        }
        let word = self.word(what)?;
        Ok(match word.split_once('/') {
            Some((first, second)) => (first.to_owned(), Some(second.to_owned())),
            None => (word, None),
        })
    }

    fn quoted(&mut self) -> Result<String, Flaw> {
        let start = self.byte;
        let left = &self.line[start..];
        match unquote(left) {
            Some(Quoted { text, length, .. }) => {
                self.byte += length;
                Ok(text)
            }
            None => Err(Flaw {
                byte: start,
                expected: "expected a closing `\"`; within quotes `\\\"`, `\\\\`, `\\/`, `\\n`, `\\r`, `\\t` and \
                           `\\u{..}` are escapes"
                    .to_owned(),
            }),
        }
    }

    /// The rest of the line as a text: as it stands, or without its quotes where it is quoted whole.
    pub(super) fn text(&mut self) -> Result<String, Flaw> {
        self.skip_blanks();
        if self.line[self.byte..].starts_with('"') {
            let text = self.quoted()?;
            self.end()?;
            return Ok(text);
        }
        let text = self.rest().to_owned();
        if text.is_empty() {
            return Err(self.flaw("expected a text; an empty one is written `\"\"`"));
        }
        self.byte = self.line.len();
        Ok(text)
    }

    /// The rest of the line as a text and the labels of buttons, `[label]` each.
    pub(super) fn text_with_labels(&mut self) -> Result<(String, Vec<String>), Flaw> {
        self.skip_blanks();
        if self.line[self.byte..].starts_with('"') {
            let text = self.quoted()?;
            let mut labels = Vec::new();
            while let Some(label) = self.label()? {
                labels.push(label);
            }
            self.end()?;
            return Ok((text, labels));
        }
        let mut text = self.rest();
        let mut labels = Vec::new();
        while let Some((before, label)) = last_label(text) {
            labels.insert(0, label);
            text = before;
        }
        if text.is_empty() {
            return Err(self.flaw("expected a text before the buttons"));
        }
        self.byte = self.line.len();
        Ok((text.to_owned(), labels))
    }

    /// A button's label: `[label]`, or `["label"]`.
    pub(super) fn label(&mut self) -> Result<Option<String>, Flaw> {
        if !self.mark('[') {
            return Ok(None);
        }
        self.skip_blanks();
        let label = if self.line[self.byte..].starts_with('"') {
            self.quoted()?
        } else {
            let left = &self.line[self.byte..];
            let end = left.find(']').ok_or_else(|| self.flaw("expected `]` after the label"))?;
            self.byte += end;
            trim(&left[..end]).to_owned()
        };
        self.needs(']', "nothing else in the label")?;
        Ok(Some(label))
    }

    /// `(text)` at the end of the line.
    pub(super) fn in_parentheses(&mut self) -> Result<Option<String>, Flaw> {
        if !self.mark('(') {
            return Ok(None);
        }
        let rest = self.rest();
        let inner = rest.strip_suffix(')').ok_or_else(|| self.flaw("expected `)` at the end of the line"))?;
        let read = Words::new(inner).text().map_err(|flaw| Flaw { byte: self.byte, ..flaw })?;
        self.byte = self.line.len();
        Ok(Some(read))
    }

    /// Nothing more may follow.
    pub(super) fn end(&self) -> Result<(), Flaw> {
        if self.is_at_end() { Ok(()) } else { Err(self.flaw("expected the end of the line")) }
    }

    /// A whole number.
    pub(super) fn number(&mut self, what: &str) -> Result<i64, Flaw> {
        let flaw = self.flaw(format!("expected {what}, a whole number"));
        let word = self.word(what)?;
        word.parse().map_err(|_| flaw)
    }

    /// An instant, if one comes next: `2026-03-02 10:00[:00[.000]]`, or RFC 3339.
    pub(super) fn instant(&mut self) -> Result<Option<Instant>, Flaw> {
        let first = self.peek();
        let is_date = first.len() >= 10 && first.as_bytes()[..4].iter().all(u8::is_ascii_digit) && first.contains('-');
        if !is_date {
            return Ok(None);
        }
        let flaw = self.flaw("expected a time such as `2026-03-02 10:00` or `2026-03-02 10:00:30.250`, in UTC");
        self.eat(first);
        if first.contains('T') {
            return first.parse().map(Some).map_err(|_| flaw);
        }
        let time = self.word("a time of day such as `10:00`")?;
        let seconds = if time.matches(':').count() == 1 { ":00" } else { "" };
        format!("{first}T{time}{seconds}Z").parse().map(Some).map_err(|_| flaw)
    }

    /// A period with its sign, if one comes next: `+5m`, `+1d2h`, `-30s`. True: it goes back.
    pub(super) fn offset(&mut self) -> Result<Option<(Period, bool)>, Flaw> {
        let word = self.peek();
        let Some(length) = word.strip_prefix(['+', '-']) else { return Ok(None) };
        let flaw = || self.flaw("expected a period such as `+5m`, `+25h`, `+1d2h`, `+1s500ms`");
        let period = period(length).ok_or_else(flaw)?;
        self.eat(word);
        Ok(Some((period, word.starts_with('-'))))
    }
}

/// A period such as `1d2h30m5s250ms`.
pub(super) fn period(mut text: &str) -> Option<Period> {
    let mut sum: i64 = 0;
    if text.is_empty() {
        return None;
    }
    while !text.is_empty() {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = text[..digits].parse().ok()?;
        text = &text[digits..];
        let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = match &text[..letters] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        text = &text[letters..];
        sum = sum.checked_add(count.checked_mul(unit)?)?;
    }
    Some(Period::milliseconds(sum))
}

/// An instant as stories write it: no more digits than needed.
pub(super) fn written_instant(at: Instant) -> String {
    let text = at.to_string();
    let text = text.trim_end_matches('Z').replacen('T', " ", 1);
    text.strip_suffix(":00").map_or(text.clone(), str::to_owned)
}

/// A word as stories write it: quoted where it would not be read as one.
pub(super) fn written_word(word: &str) -> String {
    let plain = !word.is_empty()
        && plain_length(word) == word.len()
        && !word.starts_with(['"', '@', '(', '['])
        && !word.chars().any(char::is_control);
    if plain { word.to_owned() } else { quote(word) }
}

/// One or two words with a `/` between them, as stories write them.
pub(super) fn written_pair(first: &str, second: Option<&str>) -> String {
    let parts = [Some(first), second].into_iter().flatten();
    if !parts.clone().any(|part| part.contains('/')) {
        return written_word(&parts.collect::<Vec<_>>().join("/"));
    }
    // A `/` of its own must not part it: within quotes it can say so.
    let inner = |part: &str| {
        let quoted = quote(part);
        quoted.strip_prefix('"').and_then(|part| part.strip_suffix('"')).unwrap_or_default().replace('/', "\\/")
    };
    format!("\"{}\"", parts.map(inner).collect::<Vec<_>>().join("/"))
}

/// A text as stories write it: quoted where it would not be read as it is.
pub(super) fn written_text(text: &str) -> String {
    let plain = !text.is_empty()
        && trim(text) == text
        && text.trim() == text
        && !text.starts_with('"')
        && !text.ends_with([']', ')'])
        && !text.chars().any(is_hidden);
    if plain { text.to_owned() } else { quote(text) }
}

/// Characters that a story shows as escapes: controls, and what turns the direction of a line.
fn is_hidden(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if is_hidden(letter) => {
                // Writing to a `String` does not fail.
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// A quoted text.
struct Quoted {
    text: String,
    /// The bytes that it takes with its quotes.
    length: usize,
    /// Where in the text the first `/` stands that is not escaped.
    slash: Option<usize>,
}

/// A quoted text at the start.
fn unquote(text: &str) -> Option<Quoted> {
    let mut letters = text.char_indices().skip(1);
    let (mut read, mut slash) = (String::new(), None);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some(Quoted { text: read, length: at + 1, slash }),
            '\\' => match letters.next()?.1 {
                'n' => read.push('\n'),
                'r' => read.push('\r'),
                't' => read.push('\t'),
                'u' => {
                    letters.next().filter(|(_, brace)| *brace == '{')?;
                    let digits: String = letters.by_ref().map(|(_, digit)| digit).take_while(|d| *d != '}').collect();
                    read.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)?);
                }
                escaped @ ('"' | '\\' | '/') => read.push(escaped),
                _ => return None,
            },
            '/' => {
                slash = slash.or(Some(read.len()));
                read.push('/');
            }
            letter => read.push(letter),
        }
    }
    None
}

/// The bytes of the word at the start of a text.
fn plain_length(text: &str) -> usize {
    for (at, letter) in text.char_indices() {
        let after = text[at + letter.len_utf8()..].chars().next();
        let is_mark = matches!(letter, ':' | ',') && after.is_none_or(char::is_whitespace);
        if letter.is_whitespace() || is_mark {
            return at;
        }
    }
    text.len()
}

/// The label of the last button of a text, and what stands before it.
fn last_label(text: &str) -> Option<(&str, String)> {
    let inner = text.strip_suffix(']')?;
    let (start, label) = if inner.ends_with('"') {
        let start = inner.rfind("[\"")?;
        let Quoted { text, length, .. } = unquote(&inner[start + 1..])?;
        (start, (start + 1 + length == inner.len()).then_some(text)?)
    } else {
        let start = inner.rfind('[')?;
        (start, trim(&inner[start + 1..]).to_owned())
    };
    Some((trim(&text[..start]), label))
}

/// A button as stories write it.
pub(super) fn written_label(label: &str) -> String {
    let plain = !label.is_empty()
        && trim(label) == label
        && label.trim() == label
        && !label.contains(['[', ']'])
        && !label.starts_with('"')
        && !label.ends_with('"')
        && !label.chars().any(is_hidden);
    if plain { format!("[{label}]") } else { format!("[{}]", quote(label)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_at_blanks_and_before_marks() {
        let mut words = Words::new("  owner@glow.example writes to mint, with card p/s: it is 10:30, ok?");
        for wanted in ["owner@glow.example", "writes", "to", "mint"] {
            assert_eq!(words.word("a word").as_deref(), Ok(wanted));
        }
        assert!(words.mark(','));
        assert!(words.eat_all(&["with", "card"]));
        assert_eq!(words.word("a link").as_deref(), Ok("p/s"));
        assert!(words.mark(':'));
        assert_eq!(words.text().as_deref(), Ok("it is 10:30, ok?"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["hi", " hi", "", "a\nb", "\"q\"", "back\\slash", "see [1]", "\u{202E}x", "ราคา"] {
            let line = written_text(text);
            assert_eq!(Words::new(&line).text_with_labels(), Ok((text.to_owned(), vec![])), "{line}");
        }
        for label in ["30ml", "a ] b", "", "\"x\"", " x"] {
            let line = format!("Which? [first] {}", written_label(label));
            let wanted = ("Which?".to_owned(), vec!["first".to_owned(), label.to_owned()]);
            assert_eq!(Words::new(&line).text_with_labels(), Ok(wanted), "{line}");
        }
        for word in ["c1", "a b", "x:", ":", "@me", "{"] {
            let line = written_word(word);
            assert_eq!(Words::new(&line).word("a word").as_deref(), Ok(word), "{line}");
        }
    }

    #[test]
    fn two_words_with_a_slash_are_read_again() {
        for (first, second) in
            [("p", None), ("p", Some("s")), ("p/q", None), ("p/", Some("/s")), ("a b\\", Some("s\"/"))]
        {
            let line = format!("{}: text", written_pair(first, second));
            let mut words = Words::new(&line);
            assert_eq!(words.pair("a pair"), Ok((first.to_owned(), second.map(str::to_owned))), "{line}");
            assert_eq!((words.mark(':'), words.rest()), (true, "text"), "{line}");
        }
        assert_eq!(Words::new("\"a b/c\"").pair("a pair"), Ok(("a b".to_owned(), Some("c".to_owned()))));
    }

    #[test]
    fn a_name_behind_an_at_may_be_quoted() {
        for (line, wanted, rest) in [
            ("@mint state: bot", Some("mint"), "state: bot"),
            ("@\"a b\" state: bot", Some("a b"), "state: bot"),
            ("mint state: bot", None, "mint state: bot"),
            ("@ state: bot", None, "@ state: bot"),
        ] {
            let mut words = Words::new(line);
            assert_eq!((words.named().as_deref(), words.rest()), (wanted, rest), "{line}");
        }
    }

    #[test]
    fn times_are_absolute_or_relative() {
        for (line, wanted) in [
            ("2026-03-02 10:00 x", Some("2026-03-02 10:00")),
            ("2026-03-02 10:00:30.250", Some("2026-03-02 10:00:30.25")),
            ("2026-03-02T10:00:00Z", Some("2026-03-02 10:00")),
            ("2026-03-02 10:00: x", Some("2026-03-02 10:00")),
            ("mint", None),
        ] {
            assert_eq!(Words::new(line).instant().unwrap().map(written_instant).as_deref(), wanted, "{line}");
        }
        assert!(Words::new("2026-02-30 10:00").instant().is_err());
        assert!(Words::new("2026-03-02 x").instant().is_err());
        for (text, wanted) in [
            ("5m", Some(300_000)),
            ("1d2h", Some(93_600_000)),
            ("1s500ms", Some(1_500)),
            ("", None),
            ("5", None),
            ("m", None),
            ("5w", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(period(text).map(Period::as_milliseconds), wanted, "{text}");
        }
    }
}
