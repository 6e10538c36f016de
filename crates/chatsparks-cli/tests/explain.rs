//! `chatsparks explain`, `try` and `log`: why, what if, and what lately.

use crate::common::{session, session_with, status};
use insta::assert_snapshot;
use std::fs;

fn explained(comments: &[&str]) -> String {
    comments.iter().map(|id| session(&["explain", "shop.json", "march.jsonl", "--comment", id]) + "\n").collect()
}

#[test]
fn c10_a_comment_is_explained_for_every_trigger() {
    assert_snapshot!("explained", explained(&["c1", "c3", "c4", "c5", "c7", "c10", "c12", "c13"]));
}

#[test]
fn c10_an_explanation_as_json() {
    assert_snapshot!(
        "explained_as_json",
        session(&["explain", "shop.toml", "march.jsonl", "--comment", "c7", "--json"])
    );
}

#[test]
fn c10_one_trigger_can_be_asked_for() {
    let arguments = ["explain", "shop.json", "march.jsonl", "--comment", "c5", "--trigger", "launch"];
    assert_snapshot!(session(&arguments), @r#"
    $ chatsparks explain shop.json march.jsonl --comment c5 --trigger launch
    exit status: 0
    --- standard output
    c5 by u3 under v2, 2026-03-02T10:04:00Z
      ขอราคาหน่อยค่ะ
      fired, trigger price, revision 1 of the workspace
          to do: Add the post, or one of its tags, to the trigger's scope.

      launch  out_of_scope
          and also no_match

      launch: its condition does not hold, by when
        ✗ keywords, word: `launch`, `price`
        gates
          ✓ own_comment
          ✓ not_connected
          ✓ outside_window: the window of 30 days ends 2026-04-01T00:00:00Z
          ✓ draft
          ✗ out_of_scope: the scope is {"tags":["launch-week"]}; it was v2
          ✗ no_match
          ✓ outranked
          ✓ blocked_contact
          ✓ throttled
          ✓ with_human
    "#);
}

#[test]
fn c10_what_waits_what_came_again_and_who_counts_is_told_with_what_to_do() {
    let explain = |documents: [&str; 2], id| session(&["explain", documents[0], documents[1], "--comment", id]) + "\n";
    let desk = ["desk.json", "desk.jsonl"];
    let talk = ["talk.json", "talk.jsonl"];
    // Queued and come again, held and begun, queued and dropped.
    let told = [explain(desk, "c4"), explain(talk, "c1"), explain(talk, "c3")];
    // At the limit, of a contact who is counted already (M5).
    let history = fs::read_to_string("tests/data/desk.jsonl").unwrap();
    let mut lines: Vec<_> = history.lines().take(8).collect();
    lines.push(
        r#"{"id":"e90","at":"2026-03-02T10:06:40Z","type":"comment","comment_id":"c90","post_id":"v1","user_id":"u1","text":"is it new?"}"#,
    );
    let counted = session_with(&["explain", "desk.json", "-", "--comment", "c90"], lines.join("\n"));
    assert_snapshot!("explained_waits", told.concat() + &counted);
    let as_json = session(&["explain", "desk.json", "desk.jsonl", "--comment", "c4", "--trigger", "price", "--json"]);
    assert_snapshot!("explained_waits_as_json", as_json);
    // What would have let them begin at once, each tried.
    let would = |documents: [&str; 2], id, trigger| {
        let said = session(&["explain", documents[0], documents[1], "--comment", id, "--trigger", trigger]);
        said.lines().skip_while(|line| !line.ends_with(" with")).take(2).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(would(desk, "c4", "price"), "    would have started at once with\n      mac_limit: 3");
}

#[test]
fn t5_a_comment_that_was_refused_says_so() {
    let comment = |id: u32, at: &str| {
        format!(
            "{{\"id\":\"e{id}\",\"at\":\"{at}\",\"type\":\"comment\",\"comment_id\":\"c{id}\",\
             \"post_id\":\"v1\",\"user_id\":\"u1\",\"text\":\"price\"}}\n"
        )
    };
    let history = comment(1, "2026-03-02T10:00:00Z") + &comment(2, "2025-01-26T09:59:59.999Z");
    assert_snapshot!(session_with(&["explain", "shop.json", "-", "--comment", "c2"], history), @"
    $ chatsparks explain shop.json - --comment c2
    exit status: 2
    --- standard error
    error: comment `c2` in `<standard input>` was not looked at: event `e2` of 2025-01-26T09:59:59.999Z was refused, too_old
     help: It is more than 400 days older than the latest event: check the clock that stamped it.
    ");
}

#[test]
fn a_line_that_cannot_be_read_after_the_comment_leaves_it_explained() {
    let session = session(&["explain", "shop.json", "broken.jsonl", "--comment", "c1", "--trigger", "price"]);
    assert!(session.contains("exit status: 0"), "{session}");
    assert!(session.contains("broken.jsonl:2:74: missing field `post_id`; explained from what came before it"));
}

#[test]
fn c10_the_words_are_marked_in_color_when_asked_for() {
    let arguments =
        ["explain", "shop.json", "march.jsonl", "--comment", "c5", "--trigger", "price", "--color", "always"];
    let session = session(&arguments);
    assert!(session.contains("ขอ\u{1b}[1m\u{1b}[33mราคา\u{1b}[0mหน่อยค่ะ"), "{session:?}");
}

#[test]
fn unknown_ids_suggest_the_nearest() {
    assert_snapshot!(session(&["explain", "shop.json", "march.jsonl", "--comment", "c111"]), @r#"
    $ chatsparks explain shop.json march.jsonl --comment c111
    exit status: 2
    --- standard error
    error: no comment `c111` in `march.jsonl`
     help: did you mean `c1`, `c10`, `c12`?
    "#);
    assert_snapshot!(session(&["explain", "shop.json", "march.jsonl", "--comment", "zebra"]), @r#"
    $ chatsparks explain shop.json march.jsonl --comment zebra
    exit status: 2
    --- standard error
    error: no comment `zebra` in `march.jsonl`
     help: it has `c1`, `c2`, `c3`, `c4`, `c5`, `c7`, `c8`, `c10`, …
    "#);
    assert_snapshot!(session(&["explain", "shop.json", "march.jsonl", "--comment", "c1", "--trigger", "prize"]), @r#"
    $ chatsparks explain shop.json march.jsonl --comment c1 --trigger prize
    exit status: 2
    --- standard error
    error: no trigger `prize` in the workspace
     help: did you mean `price`?
    "#);
    assert_snapshot!(session(&["try", "shop.json", "x", "--trigger", "lunch"]), @r#"
    $ chatsparks try shop.json x --trigger lunch
    exit status: 2
    --- standard error
    error: no trigger `lunch` in the workspace
     help: did you mean `launch`?
    "#);
    assert_snapshot!(session(&["log", "shop.json", "march.jsonl", "--trigger", "sael"]), @r#"
    $ chatsparks log shop.json march.jsonl --trigger sael
    exit status: 2
    --- standard error
    error: no trigger `sael` in the workspace
     help: did you mean `sale`?
    "#);
    assert_eq!(status(&["try", "shop.json", "--history", "march.jsonl", "--comment", "nope"]), 2);
}

#[test]
fn c11_a_text_is_tried_against_every_trigger() {
    assert_snapshot!("tried", session(&["try", "shop.json", "Is the launch PRICE on sale?"]));
    assert_snapshot!("tried_under_a_post", session(&["try", "shop.json", "launch on sale", "--post", "v2"]));
    assert_snapshot!("tried_as_json", session(&["try", "shop.json", "launch on sale", "--post", "v2", "--json"]));
}

#[test]
fn c11_with_a_history_the_last_revision_is_used() {
    // At first `sale` is a draft; the history makes it active.
    let arguments = ["try", "shop.json", "sale", "--trigger", "sale"];
    assert_snapshot!(session(&arguments), @r#"
    $ chatsparks try shop.json sale --trigger sale
    exit status: 0
    --- standard output
      sale
      matching: 1 of 1 trigger, whatever the scope

      sale  matches, once it is active: it is a draft
          matched pattern `sale|discount` at 0..4
          [sale]
    "#);
    assert_snapshot!(session(&[&arguments[..], &["--history", "march.jsonl"]].concat()), @r#"
    $ chatsparks try shop.json sale --trigger sale --history march.jsonl
    exit status: 0
    --- standard output
      sale
      matching: 1 of 1 trigger, whatever the scope

      sale  matches
          matched pattern `sale|discount` at 0..4
          [sale]
    "#);
}

#[test]
fn c11_a_past_comment_is_tried_under_its_post() {
    assert_snapshot!(session(&["try", "shop.json", "--history", "march.jsonl", "--comment", "c8"]), @r#"
    $ chatsparks try shop.json --history march.jsonl --comment c8
    exit status: 0
    --- standard output
    c8 by u5 under v1, 2026-03-02T10:07:00Z
      is it on SALE?
      matching: 1 of 3 triggers, under v1

      price   no_match
          matched question mark `?` at 13..14
          is it on SALE[?]
      launch  no_match
      sale    matches
          matched pattern `sale|discount` at 9..13
          is it on [SALE]?
    "#);
}

#[test]
fn c11_every_past_comment_is_tried() {
    let arguments = ["try", "shop.json", "--history", "march.jsonl", "--trigger", "price"];
    assert_snapshot!("tried_all", session(&arguments));
    assert_snapshot!("tried_all_as_json", session(&[&arguments[..], &["--json"]].concat()));
    // Standard input is put aside, for it is read twice.
    let body = |session: String| session.split_once('\n').unwrap().1.to_owned();
    let history = fs::read("tests/data/march.jsonl").unwrap();
    let piped = session_with(&["try", "shop.json", "--history", "-", "--trigger", "price"], history);
    assert_eq!(body(piped), body(session(&arguments)));
}

#[test]
fn t5_comments_refused_as_too_old_are_not_among_those_tried() {
    let line = |n: u32, at: &str| {
        format!(
            "{{\"id\":\"e{n}\",\"at\":\"{at}\",\"type\":\"comment\",\"comment_id\":\"c{n}\",\
             \"post_id\":\"v1\",\"user_id\":\"u{n}\",\"text\":\"price\"}}\n"
        )
    };
    // 400 days back is looked at; a millisecond more is not. A duplicate is not tried twice either.
    let history = [
        line(1, "2026-03-02T10:00:00Z"),
        line(2, "2025-01-26T10:00:00Z"),
        line(3, "2025-01-26T09:59:59.999Z"),
        line(1, "2026-03-02T10:00:00Z"),
    ];
    let session =
        session_with(&["try", "shop.json", "--trigger", "price", "--history", "-", "--json"], history.concat());
    let tried: serde_json::Value = serde_json::from_str(&session[session.find('{').unwrap()..]).unwrap();
    assert_eq!((&tried["tried"], &tried["hits"]), (&2.into(), &2.into()), "{session}");
}

#[test]
fn c11_the_newest_50_hits_are_listed() {
    let line = |n: u32| {
        format!(
            "{{\"id\":\"e{n}\",\"at\":\"2026-03-02T10:00:00Z\",\"type\":\"comment\",\"comment_id\":\"c{n}\",\
             \"post_id\":\"v1\",\"user_id\":\"u{n}\",\"text\":\"price\"}}\n"
        )
    };
    let history: String = (0..120).map(line).collect();
    for arguments in [
        ["try", "shop.json", "--trigger", "price", "--history", "-", "--json"],
        ["log", "shop.json", "-", "--trigger", "price", "--json", "--quiet"],
    ] {
        let session = session_with(&arguments, history.clone());
        let json = &session[session.find('{').unwrap()..];
        let shown: serde_json::Value = serde_json::from_str(json).unwrap();
        let (count, list) = if arguments[0] == "try" { ("hits", "newest") } else { ("in_scope", "comments") };
        assert_eq!(shown[count], 120);
        let list = shown[list].as_array().unwrap();
        assert_eq!((list.len(), &list[0]["comment_id"], &list[49]["comment_id"]), (50, &"c119".into(), &"c70".into()));
    }
}

#[test]
fn advice_about_a_comment_fits_what_refused_it() {
    let ask = |text: &str, post: &str, more: &[&str]| {
        let line = format!(
            "{{\"id\":\"e1\",\"at\":\"2026-03-02T10:00:00Z\",\"type\":\"comment\",\"comment_id\":\"c1\",\
             \"post_id\":\"{post}\",\"user_id\":\"u1\",\"text\":\"{text}\"}}\n"
        );
        let told = session_with(&[&["explain", "shop.json", "-", "--comment", "c1", "--json"], more].concat(), line);
        let told: serde_json::Value = serde_json::from_str(&told[told.find('{').unwrap()..]).unwrap();
        told["next"]["advice"].as_str().unwrap_or_default().to_owned()
    };
    // `launch` matches, but stands under another post; `sale` is a draft.
    assert_eq!(ask("launch", "v2", &[]), "widen_scope");
    assert_eq!(ask("sale", "v2", &[]), "activate_trigger");
    assert_eq!(ask("hello", "v2", &[]), "widen_condition");
    // Its question mark is there, and no product is mentioned: more words are not what is missing.
    assert_eq!(ask("hello?", "v2", &[]), "loosen_condition");
    assert_eq!(ask("launch", "v2", &["--trigger", "launch"]), "widen_scope");
    assert_eq!(ask("hello", "v1", &["--trigger", "launch"]), "widen_condition");
}

#[test]
fn c11_a_text_with_nothing_to_try_is_refused() {
    assert_eq!(status(&["try", "shop.json"]), 2);
    assert_eq!(status(&["try", "shop.json", "x", "--comment", "c1", "--history", "march.jsonl"]), 2);
    assert_eq!(status(&["try", "shop.json", "--history", "march.jsonl"]), 2);
    assert_eq!(status(&["try", "shop.json", "--trigger", "price"]), 2);
    assert_eq!(status(&["try", "shop.json", "x", "--keep-going"]), 2);
}

#[test]
fn n10_a_long_text_is_cut_for_matching_and_says_so() {
    let text = format!("{} price", "ก".repeat(10_000));
    let session = session(&["try", "shop.json", &text, "--trigger", "price"]);
    assert!(session.contains("only the first 10,000 characters were looked at"), "{session}");
}

#[test]
fn c10_the_last_comments_in_scope_are_listed() {
    assert_snapshot!("log", session(&["log", "shop.json", "march.jsonl", "--trigger", "launch"]));
    assert_snapshot!("log_as_json", session(&["log", "shop.json", "march.jsonl", "--trigger", "sale", "--json"]));
}

#[test]
fn broken_lines_stop_or_are_passed_over() {
    assert_snapshot!(session(&["log", "shop.json", "broken.jsonl", "--trigger", "price"]), @r#"
    $ chatsparks log shop.json broken.jsonl --trigger price
    exit status: 2
    --- standard error
    error: broken.jsonl:2:74: missing field `post_id`
     help: mend the line, or pass over such lines with `--keep-going`
    "#);
    assert_snapshot!(session(&["log", "shop.json", "broken.jsonl", "--trigger", "price", "--keep-going"]), @r#"
    $ chatsparks log shop.json broken.jsonl --trigger price --keep-going
    exit status: 0
    --- standard output
    price: 3 comments in its scope

    c8 by u5 under v1, 2026-03-02T10:07:00Z
      no_match
          matched question mark `?` at 13..14
          is it on SALE[?]

    c5 by u3 under v2, 2026-03-02T10:04:00Z
      fired
          matched keyword `ราคา` at 2..6
          ขอ[ราคา]หน่อยค่ะ

    c1 by u1 under v1, 2026-03-02T10:00:00Z
      fired
          matched keyword `PRICE` at 0..5, question mark `?` at 12..13
          [PRICE] please[?]
    --- standard error
    broken.jsonl:2:74: missing field `post_id`; passed over
    broken.jsonl:4:17: field `at`: expected an instant in RFC 3339, such as `2026-03-02T10:00:00Z`, between the years 1970 and 9999; passed over
    broken.jsonl:5:2: not a JSON object: expected `true`, `false` or `null`; passed over
    3 lines passed over
    "#);
    let arguments = ["try", "shop.json", "--history", "broken.jsonl", "--trigger", "price", "--keep-going", "-q"];
    assert_snapshot!(session(&arguments), @r#"
    $ chatsparks try shop.json --history broken.jsonl --trigger price --keep-going -q
    exit status: 0
    --- standard output
    price: 2 of 3 past comments match

    c5 by u3 under v2, 2026-03-02T10:04:00Z
      matches
          matched keyword `ราคา` at 2..6
          ขอ[ราคา]หน่อยค่ะ

    c1 by u1 under v1, 2026-03-02T10:00:00Z
      matches
          matched keyword `PRICE` at 0..5, question mark `?` at 12..13
          [PRICE] please[?]
    "#);
}
