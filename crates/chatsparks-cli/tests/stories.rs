//! `chatsparks conversation` and `expect`: what was said, and whether it is what was told.

#![allow(clippy::unwrap_used)]

mod common;

use common::{directory, session, session_with};
use insta::assert_snapshot;
use std::fs;

#[test]
fn a_conversation_reads_like_one() {
    let both = ["u1", "u2"].map(|id| session(&["conversation", "talk.json", "talk.jsonl", "--contact", id]));
    assert_snapshot!("conversation", both.join("\n"));
}

#[test]
fn a_conversation_as_json() {
    let arguments = ["conversation", "talk.json", "talk.jsonl", "--contact", "u2", "--json"];
    assert_snapshot!("conversation_as_json", session(&arguments));
}

#[test]
fn an_unknown_contact_suggests_the_nearest() {
    assert_snapshot!(session(&["conversation", "talk.json", "talk.jsonl", "--contact", "u3"]), @"
    $ chatsparks conversation talk.json talk.jsonl --contact u3
    exit status: 2
    --- standard error
    error: no contact `u3` in `talk.jsonl`
     help: it has `u1`, `u2`, …
    ");
}

#[test]
fn stories_pass_or_show_what_came_instead() {
    let mut all = String::new();
    for arguments in [
        &["expect", "talk.json", "talk.story"][..],
        &["expect", "talk.json", "talk.story", "--quiet"],
        &["expect", "talk.json", "talk.story", "wrong.story"],
        &["expect", "talk.json", "talk.story", "--coverage"],
        &["expect", "talk.json", "talk.story", "broken.story"],
        &["expect", "talk.json", "missing.story"],
        &["expect", "faulty.json", "talk.story", "--quiet"],
        &["expect", "talk.json", "wrong.story", "--json", "--coverage"],
    ] {
        all += &session(arguments);
        all += "\n";
    }
    assert_snapshot!("expect", all);
}

#[test]
fn a_story_can_come_from_standard_input() {
    let text = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/talk.story")).unwrap();
    assert!(session_with(&["expect", "talk.json", "-"], text).contains("exit status: 0"));
}

#[test]
fn what_came_can_be_written_down() {
    let place = directory();
    let story = place.path().join("wrong.story");
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wrong.story"), &story).unwrap();
    let name = story.to_str().unwrap();
    assert!(session(&["expect", "talk.json", name, "--record"]).contains("exit status: 0"));
    assert!(session(&["expect", "talk.json", name]).contains("exit status: 0"));
    assert_snapshot!("recorded", fs::read_to_string(&story).unwrap());
}
