//! `chatsparks schema`: what the schemas take is what the readers take.

use crate::common::chatsparks;
use chatsparks_replay::{Format, Reader, read_workspace};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

fn schema(of: &str) -> (Value, Validator) {
    let output = chatsparks(&["schema", of]).output().unwrap();
    assert!(output.status.success());
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    (schema, validator)
}

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Every document of the repository that can be read, written as JSON where it is TOML.
fn documents() -> Vec<Value> {
    let json = ["../../examples/glow/workspace.json", "tests/data/shop.json", "tests/data/desk.json"];
    let mut documents: Vec<Value> = json.iter().map(|path| serde_json::from_str(&file(path)).unwrap()).collect();
    documents.push(serde_json::from_str(&file("tests/data/talk.json")).unwrap());
    let toml = read_workspace(file("tests/data/shop.toml").as_bytes(), Format::Toml).unwrap();
    documents.push(serde_json::to_value(toml).unwrap());
    documents
}

/// A document that has everything there is once, for the places that the others lack.
fn everything() -> Value {
    json!({
        "schema": 1,
        "workspace": { "id": "g", "name": "G", "account_user_id": "a" },
        "plan": { "mac_limit": 1, "subscribed_at": "2026-01-31T09:00:00Z", "listening_window_days": 1 },
        "connections": { "tiktok": { "connected": true, "scopes": ["comments"] },
                         "shop": { "connected": false, "scopes": [] } },
        "policy": { "throttle_hours": 1, "on_throttled": "next", "max_mismatches": 1, "waiting_after_minutes": 1,
            "close_after_hours": 1, "human_close_hours": 1, "attribution_days": 1, "queue_hours": 1,
            "reach": { "mode": "buyer_first", "window_hours": 1, "messages_per_window": 1, "hold_hours": 1 } },
        "posts": [ { "id": "v", "kind": "live", "published_at": "2026-03-01T00:00:00Z", "tags": ["t"] } ],
        "products": [ { "id": "p", "name": "P", "aliases": ["q"], "url": "u", "skus": [ { "id": "s", "name": "S" } ] } ],
        "sensitive": [ { "words": ["w"], "handoff": true, "tag": "t" } ],
        "triggers": [
            { "id": "t", "name": "T", "status": "draft", "scope": { "tags": ["t"] }, "flow": "f", "public_reply": "R",
              "throttle_hours": 1, "when": { "all": [ "question_mark", "first_comment", "reply",
                  { "not": { "keywords": { "words": ["w"], "match": "word", "ignore_accents": true, "squeeze": true } } },
                  { "any": [ { "pattern": "p" }, { "posts": ["v"] }, { "mentions": { "products": ["p"] } } ] } ] } },
            { "id": "u", "scope": { "posts": ["v"] }, "flow": "f", "public_reply": ["R"], "when": "question_mark" },
            { "id": "v", "scope": "all", "flow": "f", "when": { "mentions": {} } } ],
        "flows": [ { "id": "f", "version": 1, "blocks": [
            { "id": "a", "message": { "text": "m", "link": { "product": "p", "sku": "s" } }, "goto": "b" },
            { "id": "b", "question": { "text": "q", "field": "f", "expect": "number" } },
            { "id": "c", "question": { "text": "q", "field": "f", "expect": { "pattern": "p" } } },
            { "id": "d", "quick_replies": { "text": "q", "field": "f", "free_text": { "field": "g", "goto": "a" },
                "options": [ { "id": "o", "label": "l", "goto": "a" } ] } },
            { "id": "e", "branch": { "field": "f", "otherwise": "a", "cases": [ { "equals": "x", "goto": "a" },
                { "contains": "y", "goto": "a" }, { "one_of": ["z"], "goto": "a" } ] } },
            { "id": "g", "shop_link": { "product": "p", "sku": "s", "text": "t" } },
            { "id": "h", "handoff": { "note": "n" } }, { "id": "i", "wait": { "seconds": 1 } },
            { "id": "j", "tag": { "tag": "t" } } ] } ],
        "members": [ { "email": "o@x.example", "role": "owner", "status": "active" } ],
    })
}

/// A line of each type, with every field that it may have.
fn lines() -> Vec<Value> {
    let with = |kind: &str, fields: Value| {
        let mut line = json!({ "id": "e", "at": "2026-03-02T10:00:00Z", "type": kind });
        line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        line
    };
    let act = json!({ "user_id": "u", "member": "m@x.example" });
    let of_comment = json!({ "comment_id": "c", "user_id": "u" });
    vec![
        with(
            "comment",
            json!({ "comment_id": "c", "post_id": "v", "user_id": "u", "handle": "h", "text": "t",
            "posted_at": "2026-03-02T10:00:00Z", "reply_to": "d", "direct_reply": true }),
        ),
        with("comment_removed", of_comment.clone()),
        with("comment_answerable", of_comment),
        with("message", json!({ "message_id": "m", "user_id": "u", "handle": "h", "text": "t", "option": "o" })),
        with("receipt", json!({ "dm_id": "d", "status": "failed", "detail": "t" })),
        with(
            "order",
            json!({ "order_id": "o", "user_id": "u", "placed_at": "2026-03-02T10:00:00Z", "currency": "THB",
            "total_minor": 1, "lines": [ { "sku_id": "s", "product_id": "p", "quantity": 2, "amount_minor": 1 } ] }),
        ),
        with("order_cancelled", json!({ "order_id": "o" })),
        with("refund", json!({ "refund_id": "r", "order_id": "o", "amount_minor": 1 })),
        with("identity", json!({ "user_id": "u", "shop_user_id": "s" })),
        with("order_review", json!({ "order_id": "o", "verdict": "confirm", "member": "m@x.example" })),
        with("take", act.clone()),
        with("hand_back", act.clone()),
        with("close", act.clone()),
        with("assign", json!({ "user_id": "u", "member": "m@x.example", "to": "n@x.example" })),
        with(
            "member_message",
            json!({ "message_id": "m", "user_id": "u", "member": "m@x.example", "text": "t",
            "link": { "product": "p", "sku": "s" } }),
        ),
        with("block", act.clone()),
        with("unblock", act),
        with("configure", json!({ "workspace": { "workspace": { "id": "g", "name": "G", "account_user_id": "a" } } })),
        with("grant", json!({ "cycle": "2026-03-01T00:00:00Z", "contacts": 5 })),
        with("erase", json!({ "user_id": "u" })),
        with("clock", json!({})),
    ]
}

/// Every document that differs from this in one place: something else there, nothing there, or one thing more.
fn changes(document: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    walk(document, String::new(), &mut pointers);
    let mut changes = Vec::new();
    for pointer in pointers {
        let changed = |change: &dyn Fn(&mut Value)| {
            let mut document = document.clone();
            change(document.pointer_mut(&pointer).unwrap());
            document
        };
        for other in [json!(7), json!(-1), json!("x"), json!(null), json!([]), json!({}), json!(true), json!(["x"])] {
            // The reader takes an object's values without their names, in a list; nobody writes that, and no editor
            // should offer it.
            if other.is_array() && document.pointer(&pointer).unwrap().is_object() {
                continue;
            }
            changes.push((format!("{pointer} = {other}"), changed(&|place| *place = other.clone())));
        }
        if document.pointer(&pointer).unwrap().is_object() {
            changes.push((format!("{pointer}/zzz"), changed(&|place| place["zzz"] = json!(1))));
            changes.push((format!("{pointer}/text"), changed(&|place| place["text"] = json!("x"))));
        }
        if let Some((parent, name)) = pointer.rsplit_once('/') {
            let mut without = document.clone();
            match without.pointer_mut(parent).unwrap() {
                Value::Object(object) => drop(object.remove(name)),
                Value::Array(list) => drop(list.remove(name.parse().unwrap())),
                _ => continue,
            }
            changes.push((format!("without {pointer}"), without));
        }
    }
    changes
}

fn walk(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(name, value)| walk(value, format!("{pointer}/{name}"), pointers))
        }
        Value::Array(list) => {
            // The second of many like it says nothing more.
            list.iter().enumerate().take(12).for_each(|(at, value)| walk(value, format!("{pointer}/{at}"), pointers));
        }
        _ => {}
    }
    pointers.push(pointer);
}

#[test]
fn every_document_of_the_repository_is_valid() {
    let (_, validator) = schema("workspace");
    for document in documents().into_iter().chain([everything()]) {
        validator.validate(&document).unwrap_or_else(|error| panic!("{error} at {}", error.instance_path()));
    }
}

#[test]
fn the_schema_of_a_workspace_takes_what_the_reader_takes() {
    let (_, validator) = schema("workspace");
    let (mut taken, mut refused) = (0, 0);
    for (what, document) in changes(&everything()) {
        let read = read_workspace(document.to_string().as_bytes(), Format::Json);
        assert_eq!(
            validator.is_valid(&document),
            read.is_ok(),
            "{what}: {:?}",
            read.err().map(|error| error.to_string())
        );
        if read.is_ok() { taken += 1 } else { refused += 1 }
    }
    assert!(taken > 200 && refused > 1_000, "{taken} taken, {refused} refused");
}

#[test]
fn every_history_of_the_repository_is_valid() {
    let (_, validator) = schema("history");
    let examples = ["history.jsonl", "conversations.jsonl"].map(|name| format!("../../examples/glow/{name}"));
    let data = ["march.jsonl", "desk.jsonl", "talk.jsonl"].map(|name| format!("tests/data/{name}"));
    for path in examples.iter().chain(&data) {
        for line in file(path).lines().filter(|line| !line.trim().is_empty()).take(3_000) {
            let line: Value = serde_json::from_str(line).unwrap();
            validator.validate(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
        }
    }
}

#[test]
fn the_schema_of_a_line_takes_what_the_reader_takes() {
    let (_, validator) = schema("history");
    let read = |line: &Value| {
        let text = line.to_string();
        let mut lines: Vec<_> = Reader::new(text.as_bytes(), "h").collect();
        lines.remove(0)
    };
    let (mut taken, mut refused) = (0, 0);
    for line in lines() {
        for (what, changed) in changes(&line) {
            let line_read = read(&changed);
            // A document in a `configure` is for the engine to refuse: its line was read.
            if what.contains("/workspace") && changed["type"] == "configure" {
                assert!(line_read.is_ok() || changed["workspace"].is_null(), "{what}");
                continue;
            }
            let told = line_read.as_ref().err().map(|error| error.to_string());
            assert_eq!(validator.is_valid(&changed), line_read.is_ok(), "{what} in {}: {told:?}", line["type"]);
            if line_read.is_ok() { taken += 1 } else { refused += 1 }
        }
    }
    assert!(taken > 100 && refused > 500, "{taken} taken, {refused} refused");
}

#[test]
fn every_type_of_line_is_in_the_schema() {
    // The reader says which types there are.
    let line = r#"{"id":"e","at":"2026-03-02T10:00:00Z","type":"no such thing"}"#;
    let error = Reader::new(line.as_bytes(), "h").next().unwrap().unwrap_err();
    let known: BTreeSet<&str> = error.expected().split('`').skip(3).step_by(2).collect();
    let lines = lines();
    let tried: BTreeSet<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(known, tried);
    let (schema, _) = schema("history");
    let branches = schema["oneOf"].as_array().unwrap();
    let told: BTreeSet<&str> =
        branches.iter().map(|branch| branch["properties"]["type"]["const"].as_str().unwrap()).collect();
    assert_eq!(known, told);
    assert!(branches.iter().all(|branch| branch["description"].is_string()));
}
