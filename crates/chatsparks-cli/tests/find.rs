//! `chatsparks overlaps` and `chatsparks near-misses`: what a workspace gets wrong, and what it misses.

use crate::common::{directory, session, session_with, status};
use insta::assert_snapshot;
use std::fs;

const CLASH: &str = r#"
[workspace]
id = "moon"
name = "Moon"
account_user_id = "acct"

[policy.reach]
mode = "comment_to_message"

[[triggers]]
id = "price"
when = { keywords = { words = ["price", "ราคา"] } }
flow = "price"

[[triggers]]
id = "list"
when = { keywords = { words = ["price list", "catalogue"] } }
flow = "list"

[[triggers]]
id = "prices"
when = { keywords = { words = ["prices"] } }
flow = "price"

[[triggers]]
id = "launch"
scope = { posts = ["gone"] }
when = "question_mark"
flow = "list"

[[triggers]]
id = "never"
when = { all = ["reply", { not = "reply" }] }
flow = "list"

[[flows]]
id = "price"
version = 1
blocks = [{ id = "hello", message = { text = "Hi" } }, { id = "cost", message = { text = "590" } }]

[[flows]]
id = "list"
version = 1
blocks = [{ id = "here", shop_link = { text = "Here" } }]
"#;

#[test]
fn c2_overlaps_are_told_with_their_witnesses() {
    assert_snapshot!("overlaps", session_with(&["overlaps", "-"], CLASH));
    assert_snapshot!("overlaps_as_json", session_with(&["overlaps", "-", "--json"], CLASH));
}

#[test]
fn c2_nothing_found_is_a_yes_and_what_cannot_be_read_is_told() {
    let clean = CLASH.split("[[triggers]]\nid = \"list\"").next().unwrap().to_owned()
        + "[[flows]]\nid = \"price\"\nversion = 1\nblocks = [{ id = \"hello\", message = { text = \"Hi\" } }]\n";
    let no_triggers = "[workspace]\nid = \"moon\"\nname = \"Moon\"\naccount_user_id = \"acct\"\n";
    let all = [
        session_with(&["overlaps", "-"], clean.as_str()),
        session_with(&["overlaps", "-"], no_triggers),
        session_with(&["overlaps", "-"], clean.replace("\"price\"", "\"\"").as_str()),
        session(&["overlaps", "nowhere.json"]),
    ];
    assert_snapshot!("overlaps_of_other_workspaces", all.join("\n"));
}

fn comments(texts: &[&str]) -> String {
    let line = |(number, text): (usize, &&str)| {
        format!(
            r#"{{"id":"e{number}","at":"2026-03-02T10:00:00Z","type":"comment","comment_id":"c{number}","post_id":"v1","user_id":"u{number}","text":"{text}"}}"#
        )
    };
    texts.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn c4_near_misses_are_told_with_what_they_bring_and_take() {
    let directory = directory();
    let workspace = directory.path().join("moon.toml");
    fs::write(&workspace, CLASH).unwrap();
    let workspace = workspace.to_str().unwrap();
    let texts = ["prcie?", "prcie pls \\u001b[31m", "prcie catalogue", "price", "hello", "catalog"];
    let run = |arguments: &[&str], input: &str| {
        let all: Vec<&str> = ["near-misses", workspace, "-"].iter().chain(arguments).copied().collect();
        session_with(&all, input).replace(workspace, "moon.toml")
    };
    assert_snapshot!("near_misses", run(&[], &comments(&texts)));
    assert_snapshot!("near_misses_as_json", run(&["--json"], &comments(&texts)));
    let others = [
        run(&[], ""),
        run(&[], &comments(&["hello"])),
        run(&[], "{\"id\":1}\n"),
        run(&["--keep-going"], "{\"id\":1}\n"),
    ];
    assert_snapshot!("near_misses_of_other_histories", others.join("\n"));
    fs::write(workspace, "[workspace]\nid = \"moon\"\nname = \"Moon\"\naccount_user_id = \"acct\"\n").unwrap();
    assert_snapshot!("near_misses_without_triggers", run(&[], &comments(&["price"])));
    assert_eq!(status(&["near-misses", "shop.json", "nowhere.jsonl"]), 2);
}

#[test]
fn i1_a_page_is_written_whole_or_not_at_all() {
    let directory = directory();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (workspace, history, page) = (file("moon.toml"), file("march.jsonl"), file("march.html"));
    fs::write(&workspace, CLASH).unwrap();
    fs::write(&history, comments(&["price", "<b>hello</b>"])).unwrap();
    let run = |arguments: &[&str]| {
        let all: Vec<&str> =
            ["insights", workspace.as_str(), history.as_str()].iter().chain(arguments).copied().collect();
        session(&all).replace(directory.path().to_str().unwrap(), "")
    };
    assert_eq!(run(&["--html", &page]).lines().nth(1), Some("exit status: 0"));
    let whole = fs::read_to_string(&page).unwrap();
    assert!(whole.starts_with("<!doctype html>") && whole.ends_with("</html>\n") && !whole.contains("<b>hello"));
    assert!(run(&["--html", "-"]).contains(&whole));
    // What is read stays as it is, and so does a page where the next cannot be made.
    assert!(run(&["--html", &history]).contains("is read, and would be overwritten"));
    assert_eq!(run(&["--html", &page, "--json"]).lines().nth(1), Some("exit status: 2"));
    fs::write(&history, "{\n").unwrap();
    assert_eq!(run(&["--html", &page]).lines().nth(1), Some("exit status: 2"));
    assert_eq!(fs::read_to_string(&page).unwrap(), whole);
    fs::write(&history, "").unwrap();
    assert_eq!(run(&["--html", &page]).lines().nth(1), Some("exit status: 0"));
    assert!(fs::read_to_string(&page).unwrap().contains("nothing to tell yet"));
}
