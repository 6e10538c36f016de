//! Replays that must agree: every event twice, a comment that matches nothing added, all instants shifted.

use chatsparks_core::{Instant, Period};
use chatsparks_replay::{FinalState, replay_to_state};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// 28 years of the calendar's own week days and leap years: months keep their lengths.
const GENERATION: i64 = 10_227;

/// A history and its workspace.
struct Case {
    name: String,
    workspace: String,
    history: Vec<String>,
}

impl Case {
    fn replay(&self) -> (Vec<Value>, FinalState) {
        replay_to_state(&self.workspace, &self.history.join("\n")).unwrap()
    }
}

/// Every scenario, and the beginning of each history of Glow.
fn cases() -> Vec<Case> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    let lines = |path: PathBuf, most: usize| read(path).lines().take(most).map(str::to_owned).collect();
    let mut cases = Vec::new();
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(here.join("tests/scenarios")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for path in names.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")) {
        cases.push(Case {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            workspace: read(path.with_extension("workspace.json")),
            history: lines(path, usize::MAX),
        });
    }
    let glow = here.join("../../examples/glow");
    for name in ["history", "conversations"] {
        let workspace = read(glow.join("workspace.json"));
        let history = lines(glow.join(name).with_extension("jsonl"), 500);
        cases.push(Case { name: format!("glow {name}"), workspace, history });
    }
    cases
}

/// Records without their places, which more records move.
fn unplaced(mut records: Vec<Value>) -> Vec<Value> {
    for record in &mut records {
        record.as_object_mut().unwrap().remove("seq");
    }
    records
}

/// What a duplicate says.
fn is_duplicate(record: &Value) -> bool {
    let outcome = &record["outcome"];
    !outcome["duplicate"].is_null()
        || outcome["comment"]["result"] == "duplicate"
        || outcome["message"]["result"] == "duplicate"
}

/// Whether a record is one of those whose event may come again under the same id (T3).
fn may_come_again(record: &Value) -> bool {
    ["unknown_order", "unknown_dm"].map(Value::from).contains(&record["outcome"]["refused"]["reason"])
}

fn compare(name: &str, one: Vec<Value>, other: Vec<Value>) {
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other, "{name}");
    }
    assert_eq!(one.len(), other.len(), "{name}");
}

#[test]
fn t3_every_event_twice_changes_nothing() {
    for mut case in cases() {
        // What is refused because its thing is not known is taken when it comes again: such events are left out.
        let (records, _) = case.replay();
        let refused: BTreeSet<String> =
            records.iter().filter(|record| may_come_again(record)).map(|record| record["event"].to_string()).collect();
        case.history.retain(|line| !refused.contains(&serde_json::from_str::<Value>(line).unwrap()["id"].to_string()));
        let (records, state) = case.replay();
        assert!(!records.iter().any(may_come_again), "{}", case.name);
        let own: Vec<Value> = unplaced(records).into_iter().filter(|record| !is_duplicate(record)).collect();
        let once = case.history.clone();
        case.history = once.iter().flat_map(|line| [line.clone(), line.clone()]).collect();
        let (records, twice) = case.replay();
        let (duplicates, others): (Vec<_>, Vec<_>) = unplaced(records).into_iter().partition(is_duplicate);
        assert!(duplicates.len() >= once.len(), "{}", case.name);
        assert!(
            duplicates
                .iter()
                .all(|record| record["effects"] == Value::Array(vec![]) && record["facts"] == Value::Array(vec![]))
        );
        compare(&case.name, own.clone(), others);
        assert_eq!(state, twice, "{}", case.name);
        // The whole history a second time: every event of it is late and known.
        case.history = once.iter().chain(&once).cloned().collect();
        let (records, again) = case.replay();
        compare(&case.name, own, unplaced(records).into_iter().filter(|record| !is_duplicate(record)).collect());
        assert_eq!(state, again, "{}", case.name);
    }
}

#[test]
fn c2_a_comment_that_matches_nothing_changes_no_other_record() {
    for mut case in cases() {
        // A newcomer is greeted wherever a condition asks for a first comment: those triggers are left out.
        let mut workspace: Value = serde_json::from_str(&case.workspace).unwrap();
        let greets = |trigger: &Value| trigger.to_string().contains("first_comment");
        workspace["triggers"].as_array_mut().unwrap().retain(|trigger| !greets(trigger));
        case.workspace = workspace.to_string();
        let (records, mut state) = case.replay();
        let added = |line: &String, place: usize| {
            let event: Value = serde_json::from_str(line).unwrap();
            let at = event["at"].as_str().unwrap();
            let post = if place.is_multiple_of(2) { "v1" } else { "v31" };
            format!(
                r#"{{"id":"added-{place}","at":"{at}","type":"comment","comment_id":"added-{place}","post_id":"{post}","user_id":"added-{}","text":"qqqq"}}"#,
                place % 5
            )
        };
        let lines = case.history.iter().enumerate();
        case.history = lines.flat_map(|(place, line)| [line.clone(), added(line, place)]).collect();
        let (more, mut with) = case.replay();
        let (news, others): (Vec<_>, Vec<_>) = unplaced(more)
            .into_iter()
            .partition(|record| record["event"].as_str().is_some_and(|event| event.starts_with("added-")));
        let quiet = ["no_match", "outside_window", "not_connected"];
        for record in &news {
            let result = record["outcome"]["comment"]["result"].as_str();
            let is_too_old = record["outcome"]["refused"]["reason"] == "too_old";
            assert!(is_too_old || result.is_some_and(|result| quiet.contains(&result)), "{}: {record}", case.name);
            assert_eq!(record["effects"], Value::Array(vec![]));
        }
        compare(&case.name, unplaced(records), others);
        with.contacts.retain(|contact| !contact.user_id.as_str().starts_with("added-"));
        state.contacts.retain(|contact| !contact.user_id.as_str().starts_with("added-"));
        assert_eq!(state, with, "{}", case.name);
    }
}

/// Every instant in a text so many days later.
fn shifted(text: &str, days: i64) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('T') {
        // `2026-03-02T…Z`: the date stands before the `T`, and the end is not far.
        let from = place.checked_sub(10).filter(|from| rest.is_char_boundary(*from));
        let end = rest[place..].find('Z').map(|end| place + end + 1).filter(|end| end - place <= 16);
        let instant =
            from.zip(end).and_then(|(from, end)| Some((from, end, rest.get(from..end)?.parse::<Instant>().ok()?)));
        match instant {
            Some((from, end, instant)) => {
                out.push_str(&rest[..from]);
                out.push_str(&instant.after(Period::days(days)).to_string());
                rest = &rest[end..];
            }
            None => {
                out.push_str(&rest[..=place]);
                rest = &rest[place + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[test]
fn t1_all_instants_shifted_give_shifted_records() {
    assert_eq!(shifted("at 2026-02-28T10:00:00.5Z The ZT", 1), "at 2026-03-01T10:00:00.5Z The ZT");
    for case in cases() {
        // A week moves the day of the month that cycles begin on; Glow's is the last one.
        let days: &[i64] = if case.name.starts_with("glow") { &[GENERATION] } else { &[7, GENERATION] };
        let (records, state) = case.replay();
        let written = |records: &[Value], state: &FinalState| {
            format!("{}\n{}", serde_json::to_string(records).unwrap(), serde_json::to_string(state).unwrap())
        };
        for &days in days {
            let later = Case {
                name: case.name.clone(),
                workspace: shifted(&case.workspace, days),
                history: case.history.iter().map(|line| shifted(line, days)).collect(),
            };
            let (moved, moved_state) = later.replay();
            let wanted: Vec<Value> =
                serde_json::from_str(&shifted(&serde_json::to_string(&records).unwrap(), days)).unwrap();
            compare(&case.name, wanted, moved.clone());
            assert_eq!(
                shifted(&written(&records, &state), days),
                written(&moved, &moved_state),
                "{} {days}",
                case.name
            );
        }
    }
}
