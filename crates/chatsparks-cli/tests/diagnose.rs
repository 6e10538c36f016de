//! `chatsparks diagnose` and `insights`: why not, and what for.

#![allow(clippy::unwrap_used)]

mod common;

use common::{directory, session, session_with, status};
use insta::assert_snapshot;
use std::fs;

fn diagnosed(questions: &[&[&str]]) -> String {
    let ask = |question: &&[&str]| session(&[&["diagnose", "desk.json", "desk.jsonl"], *question].concat()) + "\n";
    questions.iter().map(ask).collect()
}

#[test]
fn d1_a_webhook() {
    let quiet = "2026-03-20T10:00:00Z";
    assert_snapshot!(
        "d1_webhook",
        diagnosed(&[
            &["--webhook"],
            &["--webhook", "--incident", "no", "--others-active", quiet],
            &["--webhook", "--incident", "no", "--post", "old", "--at", "2026-03-04T09:10:00Z"],
        ])
    );
}

#[test]
fn d2_a_comment_and_a_trigger() {
    assert_snapshot!(
        "d2_comments",
        diagnosed(&[
            &["--comment", "c2", "--trigger", "price"],
            &["--comment", "c3", "--trigger", "anything"],
            &["--comment", "c4", "--trigger", "price"],
            &["--comment", "c4", "--trigger", "price", "--at", "2026-03-02T12:00:00Z"],
            &["--comment", "c4", "--trigger", "anything"],
            &["--comment", "c5", "--trigger", "price"],
            &["--comment", "c6", "--trigger", "launch"],
        ])
    );
}

#[test]
fn d3_a_dm() {
    assert_snapshot!("d3_dms", diagnosed(&[&["--dm", "e1/1"], &["--dm", "e1/2"], &["--dm", "e7/0"]]));
}

#[test]
fn d4_an_order() {
    let orders: [&[&str]; 4] = [&["--order", "o1"], &["--order", "o2"], &["--order", "o3"], &["--order", "o4"]];
    assert_snapshot!("d4_orders", diagnosed(&orders));
}

#[test]
fn d5_a_contact() {
    assert_snapshot!(
        "d5_contacts",
        diagnosed(&[
            &["--contact", "u1", "--at", "2026-03-02T10:01:30Z"],
            &["--contact", "u1"],
            &["--contact", "u3", "--at", "2026-03-03T00:00:00Z"],
        ])
    );
}

#[test]
fn d6_a_teammate() {
    assert_snapshot!(
        "d6_teammates",
        diagnosed(&[
            &["--member", "OWNER@glow.example"],
            &["--member", "bee@glow.example"],
            &["--member", "me@mail.example", "--invite", "bee@glow.example"],
            &["--member", "me@mail.example"],
        ])
    );
}

#[test]
fn d8_a_page_as_json_and_a_bundle_without_texts() {
    let directory = directory();
    let path = directory.path().join("bundle.json");
    let bundle = path.to_str().unwrap();
    let question = ["--comment", "c4", "--trigger", "price", "--json", "--bundle", bundle];
    let page = diagnosed(&[&question]).replace(bundle, "bundle.json");
    assert_snapshot!("d8_page_as_json", page);
    let bundle = fs::read_to_string(&path).unwrap();
    // Neither texts, nor handles, nor amounts.
    for secret in ["please", "the big one", "mint", "is it new", "59000", "9000"] {
        assert!(!bundle.contains(secret), "{secret}");
    }
    let bundle: serde_json::Value = serde_json::from_str(&bundle).unwrap();
    assert_eq!(bundle["workspace_id"], "glow");
    assert_eq!(bundle["diagnoses"][0]["first_failed"], "not_at_limit");
    let events: Vec<_> = bundle["events"].as_array().unwrap().iter().map(|event| event["result"].clone()).collect();
    assert!(events.contains(&"duplicate".into()) && events.contains(&"not_a_member".into()), "{events:?}");
}

#[test]
fn what_is_not_known_is_refused() {
    let arguments = |question: &[&'static str]| [&["diagnose", "desk.json", "desk.jsonl"], question].concat();
    for question in [
        &["--comment", "c44", "--trigger", "price"][..],
        &["--comment", "c4", "--trigger", "prize"],
        &["--comment", "c4"],
        &["--trigger", "price"],
        &["--dm", "e7/9"],
        &["--order", "o9"],
        &["--contact", "u9"],
        &["--contact", "u1", "--order", "o1"],
        &["--webhook", "--at", "yesterday"],
        &[],
    ] {
        assert_eq!(status(&arguments(question)), 2, "{question:?}");
    }
    assert_snapshot!(session(&arguments(&["--order", "o9"])), @r"
    $ chatsparks diagnose desk.json desk.jsonl --order o9
    exit status: 2
    --- standard error
    error: no order `o9` in `desk.jsonl`
     help: it has `o1`, `o2`, `o3`, `o4`
    ");
    assert_eq!(session_with(&["diagnose", "desk.json", "-", "--webhook"], "").lines().nth(1), Some("exit status: 2"));
}

#[test]
fn i1_insights_as_tables_as_json_and_as_csv() {
    assert_snapshot!("i1_insights", session(&["insights", "desk.json", "desk.jsonl"]));
    assert_snapshot!("i1_insights_as_json", session(&["insights", "desk.json", "desk.jsonl", "--json"]));
    assert_snapshot!("i1_insights_as_csv", session(&["insights", "desk.json", "desk.jsonl", "--csv"]));
    assert_snapshot!("i1_insights_of_nothing", session_with(&["insights", "desk.json", "-"], ""));
}
