//! Expectations: partial records and partial states, compared with what a replay gave.

use serde_json::{Map, Value};
use std::fmt::Write;

/// Compares partial records, one a line of JSON, with the records of a replay. What does not fit is told,
/// a line or more each; nothing told: everything fits.
///
/// A line fits by its `event`, or by its `timer`, `user_id` and `at`, and by every other field that it
/// gives, whole (`faults` aside; null is the same as absent). Each fits exactly one record, and they
/// stand in the order of the lines. `{"absent": {"timer", "user_id", "at"}}` says there is no such record.
pub fn compare_records(expected: &[Value], records: &[Value]) -> Vec<String> {
    let records: Vec<Value> = records.iter().map(plain).collect();
    let mut misfits = Vec::new();
    let mut last: Option<(usize, usize)> = None;
    for (number, line) in expected.iter().enumerate() {
        let line = plain(line);
        let told = format!("line {}", number + 1);
        if let Some(absent) = line.get("absent") {
            if let Some(record) = records.iter().find(|record| has_key(record, absent)) {
                misfits.push(format!("{told}: {} should not be there, but is record {}", name(absent), seq(record)));
            }
            continue;
        }
        let candidates: Vec<(usize, Vec<String>)> = records
            .iter()
            .enumerate()
            .filter(|(_, record)| has_key(record, &line))
            .map(|(index, record)| (index, differences_of(&line, record)))
            .collect();
        let fitting: Vec<usize> =
            candidates.iter().filter(|(_, differences)| differences.is_empty()).map(|(index, _)| *index).collect();
        match fitting[..] {
            [index] => {
                if let Some((before, after)) = last.filter(|&(before, _)| index <= before) {
                    misfits.push(format!(
                        "{told}: {} is record {index}, but line {after} before it is record {before}",
                        name(&line)
                    ));
                }
                last = Some((index, number + 1));
            }
            [] => misfits.push(none_fits(&told, &line, &candidates)),
            _ => misfits.push(format!("{told}: {} fits {} records: {fitting:?}", name(&line), fitting.len())),
        }
    }
    misfits
}

/// Compares a partial state with a state. An object needs to hold the fields given, null standing for
/// absent; a list is given whole, its entries again in part.
pub fn compare_state(expected: &Value, state: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    in_part("", expected, state, &mut differences);
    differences
}

fn none_fits(told: &str, line: &Value, candidates: &[(usize, Vec<String>)]) -> String {
    let nearest = candidates.iter().min_by_key(|(_, differences)| differences.len());
    let Some((index, differences)) = nearest else {
        return format!("{told}: there is no record of {}", name(line));
    };
    let mut text = format!("{told}: {} does not fit record {index}", name(line));
    for difference in differences {
        let _ = write!(text, "\n    {difference}");
    }
    text
}

/// Whether a record is the one that a line means: the same event; or timer, user and instant.
fn has_key(record: &Value, line: &Value) -> bool {
    match line.get("event") {
        Some(event) => record.get("event") == Some(event),
        None => ["event", "timer", "user_id", "at"].iter().all(|key| record.get(key) == line.get(key)),
    }
}

fn differences_of(line: &Value, record: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    for (field, wanted) in line.as_object().into_iter().flatten() {
        whole(field, Some(wanted), record.get(field), &mut differences);
    }
    differences
}

/// Tells where two values differ, both taken whole.
fn whole(path: &str, wanted: Option<&Value>, found: Option<&Value>, out: &mut Vec<String>) {
    match (wanted, found) {
        (Some(Value::Object(wanted)), Some(Value::Object(found))) => {
            let more = found.keys().filter(|key| !wanted.contains_key(*key));
            for key in wanted.keys().chain(more) {
                whole(&format!("{path}.{key}"), wanted.get(key), found.get(key), out);
            }
        }
        (Some(Value::Array(wanted)), Some(Value::Array(found))) => {
            for index in 0..wanted.len().max(found.len()) {
                whole(&format!("{path}[{index}]"), wanted.get(index), found.get(index), out);
            }
        }
        (wanted, found) if wanted == found => {}
        (wanted, found) => out.push(format!("{path}: expected {}, found {}", shown(wanted), shown(found))),
    }
}

fn in_part(path: &str, wanted: &Value, found: &Value, out: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, wanted) in wanted {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                in_part(&path, wanted, found.get(key).unwrap_or(&Value::Null), out);
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            if wanted.len() != found.len() {
                out.push(format!("{path}: expected {} entries, found {}", wanted.len(), found.len()));
            }
            for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                in_part(&format!("{path}[{index}]"), wanted, found, out);
            }
        }
        (wanted, found) if wanted == found => {}
        (wanted, found) => out.push(format!("{path}: expected {wanted}, found {}", shown(Some(found)))),
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(value) => value.to_string(),
    }
}

/// A value without nulls, which are the same as absent, and without `faults`, which are not compared.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, value)| !value.is_null() && *key != "faults");
            Value::Object(kept.map(|(key, value)| (key.clone(), plain(value))).collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(list.iter().map(plain).collect()),
        value => value.clone(),
    }
}

fn name(line: &Value) -> String {
    let part = |key: &str| line.get(key).and_then(Value::as_str);
    match (part("event"), part("timer")) {
        (Some(event), _) => format!("event {event}"),
        (None, timer) => {
            let user = part("user_id").map(|user| format!(" of {user}")).unwrap_or_default();
            format!("timer {}{user} at {}", timer.unwrap_or("?"), part("at").unwrap_or("?"))
        }
    }
}

fn seq(record: &Value) -> String {
    shown(record.get("seq"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn records() -> Vec<Value> {
        vec![
            json!({"seq": 0, "event": "e1", "at": "T1", "outcome": {"comment": {"result": "fired", "trigger": "p"}}, "effects": [{"id": "e1/0"}]}),
            json!({"seq": 1, "timer": "close", "at": "T2", "user_id": "u1", "outcome": {"applied": {}}, "effects": []}),
            json!({"seq": 2, "event": "e1", "at": "T3", "outcome": {"comment": {"result": "duplicate"}}, "effects": []}),
            json!({"seq": 3, "event": "e2", "at": "T3", "outcome": {"refused": {"reason": "invalid_workspace", "faults": [1]}}, "effects": []}),
        ]
    }

    #[test]
    fn lines_fit_one_record_each_in_order() {
        let table: &[(&[Value], &[&str])] = &[
            (
                &[
                    json!({"event": "e1", "outcome": {"comment": {"result": "fired", "trigger": "p", "until": null}}}),
                    json!({"timer": "close", "user_id": "u1", "at": "T2"}),
                    json!({"event": "e1", "outcome": {"comment": {"result": "duplicate"}}}),
                    json!({"event": "e2", "user_id": null, "outcome": {"refused": {"reason": "invalid_workspace"}}}),
                    json!({"absent": {"timer": "close", "user_id": "u2", "at": "T2"}}),
                ],
                &[],
            ),
            (&[json!({"event": "e1"})], &["line 1: event e1 fits 2 records: [0, 2]"]),
            (&[json!({"event": "e9"})], &["line 1: there is no record of event e9"]),
            (&[json!({"timer": "close", "at": "T2"})], &["line 1: there is no record of timer close at T2"]),
            (
                &[json!({"absent": {"timer": "close", "user_id": "u1", "at": "T2"}})],
                &["line 1: timer close of u1 at T2 should not be there, but is record 1"],
            ),
            (
                &[json!({"event": "e1", "seq": 0, "outcome": {"comment": {"result": "fired"}}, "effects": []})],
                &[
                    "line 1: event e1 does not fit record 0\n    effects[0]: expected nothing, found {\"id\":\"e1/0\"}\n    \
                   outcome.comment.trigger: expected nothing, found \"p\"",
                ],
            ),
            (
                &[json!({"event": "e2"}), json!({"event": "e1", "at": "T1"})],
                &["line 2: event e1 is record 0, but line 1 before it is record 3"],
            ),
        ];
        for (lines, wanted) in table {
            assert_eq!(compare_records(lines, &records()), *wanted, "{lines:?}");
        }
    }

    #[test]
    fn a_state_is_compared_in_part() {
        let state = json!({"mac": {"count": 1, "limit": null}, "contacts": [{"user_id": "u1", "tags": ["a"]}]});
        for (wanted, told) in [
            (json!({"mac": {"limit": null, "other": null}}), vec![]),
            (json!({"contacts": [{"tags": ["a"]}]}), vec![]),
            (json!({"contacts": []}), vec!["contacts: expected 0 entries, found 1"]),
            (json!({"contacts": [{"tags": ["b"]}]}), vec!["contacts[0].tags[0]: expected \"b\", found \"a\""]),
            (json!({"mac": {"limit": 3}}), vec!["mac.limit: expected 3, found nothing"]),
        ] {
            assert_eq!(compare_state(&wanted, &state), told, "{wanted}");
        }
    }
}
