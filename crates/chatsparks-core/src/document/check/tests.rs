//! Tables: every limit at and over its edge, every fault, every warning.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod each_fault;
mod each_warning;
mod limits;
mod outranked;
mod patterns;

use super::{faults, warnings};
use crate::{Problem, ProblemCode, document::workspace::Workspace};
use serde_json::{Value, json};

/// A small document without fault or warning.
fn document() -> Value {
    json!({
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
        "plan": { "mac_limit": 10, "subscribed_at": "2026-01-31T09:00:00Z", "listening_window_days": 30 },
        "policy": { "reach": {} },
        "posts": [ { "id": "v1", "kind": "video", "published_at": "2026-03-01T00:00:00Z", "tags": ["launch"] },
                   { "id": "v2", "kind": "live", "published_at": "2026-03-01T00:00:00Z" } ],
        "products": [ { "id": "p1", "name": "Serum", "aliases": ["glow"], "skus": [ { "id": "s1", "name": "30ml" } ] },
                      { "id": "p2", "name": "Mask", "skus": [ { "id": "s2", "name": "one" } ] } ],
        "sensitive": [ { "words": ["refund"], "handoff": true, "tag": "refund" } ],
        "triggers": [ { "id": "t1", "when": { "keywords": { "words": ["price"] } }, "flow": "f1" } ],
        "flows": [ { "id": "f1", "version": 1, "blocks": [ { "id": "a", "message": { "text": "Hi" } } ] } ],
        "members": [ { "email": "owner@glow.example", "role": "owner", "status": "active" } ],
    })
}

/// The document with something else at a JSON pointer; the last step may be new, or one past the end of a list.
fn with(pointer: &str, value: Value) -> Value {
    changed(document(), pointer, value)
}

fn changed(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}")) {
        Value::Object(fields) => drop(fields.insert(last.to_owned(), value)),
        Value::Array(items) if last.parse() == Ok(items.len()) => items.push(value),
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value,
        _ => panic!("no place for a value at {pointer}"),
    }
    document
}

fn read(document: Value) -> Workspace {
    serde_json::from_value(document).unwrap()
}

fn codes(problems: &[Problem]) -> Vec<(&str, ProblemCode)> {
    problems.iter().map(|problem| (problem.path.as_str(), problem.code)).collect()
}

/// Exactly these faults, in this order.
#[track_caller]
fn expect_faults(document: Value, expected: &[(&str, ProblemCode)]) {
    let found = faults(&read(document), None);
    assert_eq!(codes(&found), expected, "{found:#?}");
}

/// Exactly these warnings, in this order, and no fault.
#[track_caller]
fn expect_warnings(document: Value, expected: &[(&str, ProblemCode)]) {
    let workspace = read(document);
    let found = faults(&workspace, None);
    assert!(found.is_empty(), "{found:#?}");
    let found = warnings(&workspace);
    assert_eq!(codes(&found), expected, "{found:#?}");
}

/// A document whose only flow has these blocks.
fn blocks(blocks: Value) -> Value {
    with("/flows/0/blocks", blocks)
}

#[test]
fn f10_a_sound_document_has_no_problems() {
    expect_warnings(document(), &[]);
}
