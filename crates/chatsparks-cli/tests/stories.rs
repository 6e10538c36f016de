//! `chatsparks conversation` and `expect`: what was said, and whether it is what was told.

use crate::common::{directory, session, session_with};
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
fn t3_what_was_set_aside_is_told_of_the_contact_it_was_about() {
    let line =
        |id: &str, at: &str, rest: &str| format!("{{\"id\":\"{id}\",\"at\":\"{at}\",\"user_id\":\"u1\",{rest}}}\n");
    let order = r#""type":"order","order_id":"o1","currency":"THB","total_minor":500,"lines":[]"#;
    let history = [
        line("e1", "2026-03-02T10:00:00Z", r#""type":"comment","comment_id":"c1","post_id":"v1","text":"price""#),
        line("e2", "2026-03-02T10:01:00Z", r#""type":"message","message_id":"m1","text":"hi""#),
        line("e3", "2026-03-02T10:02:00Z", order),
        line("e4", "2026-03-02T10:03:00Z", order),
        // An id that was used up, for another event.
        line("e4", "2026-03-02T10:04:00Z", r#""type":"close","member":"owner@glow.example""#),
        line("e5", "2026-03-02T10:05:00Z", r#""type":"hand_back","member":"owner@glow.example""#),
        line("e6", "2025-01-26T09:59:59Z", r#""type":"message","message_id":"m2","text":"long ago""#),
        line("e7", "2026-03-02T10:06:00Z", r#""type":"comment_removed","comment_id":"c1""#),
        line("e7", "2026-03-02T10:06:00Z", r#""type":"comment_removed","comment_id":"c1""#),
        line("e8", "2026-03-02T10:07:00Z", r#""type":"comment","comment_id":"c2","post_id":"v1","text":"price""#),
    ];
    let told = session_with(&["conversation", "talk.json", "-", "--contact", "u1"], history.concat());
    assert_snapshot!("set_aside", told);
}

#[test]
fn an_unknown_contact_suggests_the_nearest() {
    assert_snapshot!(session(&["conversation", "talk.json", "talk.jsonl", "--contact", "u3"]), @"
    $ chatsparks conversation talk.json talk.jsonl --contact u3
    exit status: 2
    --- standard error
    error: no contact `u3` in `talk.jsonl`
     help: it has `u1`, `u2`, `mint`, `noi`, …
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

#[test]
fn nothing_is_written_down_unless_every_story_can_be_run() {
    let place = directory();
    let (good, bad) = (place.path().join("good.story"), place.path().join("bad.story"));
    let text = "2026-03-02 10:00 clock\n nothing\n";
    fs::write(&good, text).unwrap();
    fs::write(&bad, "2026-03-02 10:00 configure gone.json\n").unwrap();
    let told = session(&["expect", "talk.json", good.to_str().unwrap(), bad.to_str().unwrap(), "--record"]);
    assert!(told.contains("exit status: 2") && told.contains("`gone.json` cannot be read"), "{told}");
    assert_eq!(fs::read_to_string(&good).unwrap(), text);

    let told = session_with(&["expect", "talk.json", "-", "--record"], text);
    assert!(told.contains("exit status: 2") && told.contains("standard input cannot be written to"), "{told}");
}

#[test]
fn what_is_no_story_is_told() {
    let place = directory();
    let story = place.path().join("a.story");
    for (bytes, expected) in [
        (b"# later\n".to_vec(), "expected a step: nothing happens in this story"),
        (b"2026-03-02 10:00 clock\n  bot: \xFF".to_vec(), "is not UTF-8 in line 2"),
        (vec![b' '; (16 << 20) + 1], "is longer than 16 MiB"),
    ] {
        fs::write(&story, bytes).unwrap();
        let told = session(&["expect", "talk.json", story.to_str().unwrap()]);
        assert!(told.contains("exit status: 2") && told.contains(expected), "{told}");
    }
}
