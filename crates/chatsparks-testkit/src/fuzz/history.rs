//! Histories: read a line at a time, and replayed.

use super::decide::compiled;
use chatsparks_core::{Event, Period};
use chatsparks_replay::{DecisionsWriter, Reader, Replay, TranscriptWriter};
use regex::{Captures, Regex};
use serde_json::Value;
use std::io::{BufReader, Cursor};

const CENTURY: Period = Period::days(36_500);

/// A history: every line is an event or a problem with its place, and reading comes to an end. The same lines come out
/// in whatever pieces the input arrives, and each line reads as it does alone. What was read is an object that names its
/// own id; all of it can be replayed and written down, and each event again changes nothing (T3).
pub fn read_history(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|&byte| byte == b'\n').collect();
    let mut last = 0;
    let mut read = Vec::new();
    for line in Reader::new(data, "history.jsonl") {
        let number = match &line {
            Ok(line) => line.number,
            Err(error) => {
                let bytes = usize::try_from(error.line() - 1).ok().and_then(|index| lines.get(index));
                let length = bytes.map_or(0, |bytes| bytes.len() as u64);
                assert!((1..=length + 1).contains(&error.column()), "{error}: past the end of the line");
                assert!(!error.to_string().is_empty(), "an error says something");
                error.line()
            }
        };
        assert!(number > last && number <= lines.len() as u64, "line {number} after line {last}");
        last = number;
        read.push((number, line));
    }
    in_pieces(data, &read);
    for (number, line) in &read {
        let bytes = usize::try_from(number - 1).ok().and_then(|index| lines.get(index)).copied().unwrap_or_default();
        alone(bytes, line.as_ref().ok());
    }
    replayed(read.into_iter().filter_map(|(_, line)| line.ok()).collect());
}

type Read = (u64, Result<chatsparks_replay::Line, chatsparks_replay::HistoryError>);

/// The same in pieces of three bytes.
fn in_pieces(data: &[u8], read: &[Read]) {
    let pieces = Reader::new(BufReader::with_capacity(3, Cursor::new(data)), "history.jsonl");
    let mut count = 0;
    for (line, (_, whole)) in pieces.zip(read) {
        match (&line, whole) {
            (Ok(line), Ok(whole)) => assert_eq!(line, whole),
            (Err(error), Err(whole)) => assert_eq!(error.to_string(), whole.to_string()),
            _ => panic!("in pieces line {} reads otherwise", count + 1),
        }
        count += 1;
    }
    assert_eq!(count, read.len(), "in pieces there are as many lines");
}

/// A line reads alone as it does among others, and is what JSON makes of it.
fn alone(bytes: &[u8], line: Option<&chatsparks_replay::Line>) {
    let read = Reader::new(bytes, "history.jsonl").next();
    let Some(line) = line else {
        // At the start of a file a byte order mark is passed over; anywhere else it is not.
        let marked = bytes.starts_with(b"\xEF\xBB\xBF");
        assert!(marked || read.is_none_or(|read| read.is_err()), "alone it can be read");
        return;
    };
    let Some(Ok(read)) = read else { panic!("alone it cannot be read") };
    assert_eq!(read.envelope, line.envelope, "alone it reads otherwise");
    // A document that cannot be read is an outcome of its own, and the line was read (F10). Only there can JSON stand that
    // no value holds: the reader decodes every other text, and refuses unknown fields.
    if matches!(line.envelope.event, Event::Configure(_)) {
        return;
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let value: Value = serde_json::from_str(&whole(&String::from_utf8_lossy(bytes)))
        .unwrap_or_else(|error| panic!("it is no JSON: {error}"));
    assert_eq!(value.get("id").and_then(Value::as_str), Some(line.envelope.id.as_str()), "its id");
    let user = line.envelope.event.user_id().map(chatsparks_core::UserId::as_str);
    assert_eq!(value.get("user_id").and_then(Value::as_str), user, "its user");
}

/// A line in which each escape that is half a character is that of U+FFFD.
fn whole(line: &str) -> String {
    thread_local! {
        static ESCAPES: Option<Regex> =
            Regex::new(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\.").ok();
    }
    let mend = |found: &Captures<'_>| if found.get(1).is_some() { r"\ufffd".to_owned() } else { found[0].to_owned() };
    ESCAPES
        .with(|escapes| escapes.as_ref().map(|escapes| escapes.replace_all(line, mend).into_owned()))
        .unwrap_or_default()
}

/// What was read can be replayed, each event twice, and comes out as it does each once. Lines further than a hundred
/// years from the first are left out: on the way there a hundred thousand cycles can begin, and take seconds.
fn replayed(mut lines: Vec<chatsparks_replay::Line>) {
    if let Some(first) = lines.first().map(|line| line.envelope.at) {
        let near = first.before(CENTURY)..=first.after(CENTURY);
        lines.retain(|line| near.contains(&line.envelope.at));
    }
    let engine = compiled("3");
    let (mut once, mut twice) = (Replay::new(engine.clone()), Replay::new(engine));
    let mut decisions = DecisionsWriter::new(Vec::new());
    let mut transcript = TranscriptWriter::new(Vec::new());
    for line in &lines {
        once.push(&line.envelope, |record| {
            decisions.write(record).unwrap_or_else(|error| panic!("{error}"));
            transcript.write(record).unwrap_or_else(|error| panic!("{error}"));
        });
        twice.push(&line.envelope, |_| {});
        twice.push(&line.envelope, |record| {
            let nothing = record.decision.effects.is_empty() && record.decision.changes.is_empty();
            assert!(nothing, "T3: an event seen twice does something: {}", record.source);
        });
    }
    assert_eq!(once.state(), twice.state(), "T3: each event twice is each once");
    let written = decisions.finish().unwrap_or_else(|error| panic!("{error}"));
    for record in written.split(|&byte| byte == b'\n').filter(|record| !record.is_empty()) {
        let read: Result<Value, _> = serde_json::from_slice(record);
        assert!(read.is_ok_and(|record| record.is_object()), "a record is one line of JSON");
    }
    transcript.finish().unwrap_or_else(|error| panic!("{error}"));
    serde_json::to_string(&once.state()).unwrap_or_else(|error| panic!("the state cannot be written: {error}"));
}
