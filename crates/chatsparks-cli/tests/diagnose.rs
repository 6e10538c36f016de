//! `chatsparks diagnose` and `insights`: why not, and what for.

use crate::common::{directory, session, session_with, status};
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

const COMMENT: &str = r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"comment","comment_id":"c1","post_id":"v1","user_id":"u1","handle":"mint","text":"price"}
"#;

#[test]
fn t3_what_came_before_its_thing_shows_under_it() {
    let refund = r#""type":"refund","refund_id":"r1","order_id":"o1","amount_minor":500"#;
    let order = r#""type":"order","user_id":"u1","order_id":"o1","currency":"THB","total_minor":59000,"lines":[]"#;
    let receipt = r#""type":"receipt","dm_id":"e1/1","status":"delivered""#;
    let line = |id: &str, at: &str, rest: &str| format!("{{\"id\":\"{id}\",\"at\":\"{at}\",{rest}}}\n");
    let history = [
        line("e0", "2026-03-02T09:00:00Z", refund),
        line("e00", "2026-03-02T09:30:00Z", receipt),
        COMMENT.to_owned(),
        line("e2", "2026-03-02T11:00:00Z", order),
        // Under its own id again: such an id is not used up.
        line("e0", "2026-03-02T12:00:00Z", refund),
        line("e00", "2026-03-02T12:30:00Z", receipt),
    ]
    .concat();
    for (asked, refused) in [(["--order", "o1"], "unknown_order"), (["--dm", "e1/1"], "unknown_dm")] {
        let told = session_with(&[&["diagnose", "desk.json", "-"][..], &asked].concat(), history.clone());
        assert_eq!(told.matches("Seen and set aside").count(), 1, "{told}");
        assert!(told.contains(refused) && !told.contains("duplicate"), "{told}");
    }
}

#[test]
fn t3_the_id_of_a_refused_event_is_used_up_and_the_advice_says_so() {
    let line = |id: &str, at: &str, member: &str| {
        format!("{{\"id\":\"{id}\",\"at\":\"{at}\",\"type\":\"take\",\"user_id\":\"u1\",\"member\":\"{member}\"}}\n")
    };
    let refused = line("e2", "2026-03-02T10:01:00Z", "nobody@glow.example");
    let again = line("e2", "2026-03-02T10:02:00Z", "owner@glow.example");
    let history = [COMMENT, &refused, &again].concat();
    for command in [&["diagnose", "desk.json", "-"][..], &["conversation", "desk.json", "-"]] {
        let told = session_with(&[command, &["--contact", "u1"]].concat(), history.clone());
        assert!(told.contains("e2, 2026-03-02T10:01:00Z, which was refused: not_a_member"), "{told}");
        assert!(told.contains("It was refused when it came first, and its id is used up"), "{told}");
    }
}

#[test]
fn a_contact_is_known_by_a_handle_that_only_they_have() {
    // `u1` is `mint`: the answer is the same, but for how it was asked.
    for command in ["diagnose", "conversation"] {
        let by_id = session(&[command, "desk.json", "desk.jsonl", "--contact", "u1"]);
        for handle in ["mint", "@mint", "MINT"] {
            let told = session(&[command, "desk.json", "desk.jsonl", "--contact", handle]);
            let headed = told.replace(&format!("contact u1, {handle}"), "contact u1");
            let body = |told: &str| told.split_once('\n').unwrap().1.to_owned();
            assert_eq!(body(&headed), body(&by_id));
        }
    }
    let other = COMMENT.replace("e1", "e2").replace("c1", "c2").replace("u1", "u2");
    let several = session_with(&["diagnose", "desk.json", "-", "--contact", "mint"], format!("{COMMENT}{other}"));
    assert!(several.contains("2 contacts have the handle `mint`") && several.contains("`u1`, `u2`"), "{several}");
    let piped = session_with(&["conversation", "desk.json", "-", "--contact", "mint"], COMMENT);
    assert!(piped.contains("ask for the contact by id: `u1`"), "{piped}");
    let near = session_with(&["conversation", "desk.json", "-", "--contact", "mitn"], COMMENT);
    assert!(near.contains("did you mean `mint`"), "{near}");
}

#[test]
fn i1_what_a_members_link_sold_has_a_table() {
    let history = concat!(
        r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"member_message","message_id":"m1","user_id":"u1","member":"owner@glow.example","text":"This one","link":{"product":"p_serum","sku":"s30"}}"#,
        "\n",
        r#"{"id":"e2","at":"2026-03-02T11:00:00Z","type":"order","user_id":"u1","order_id":"o1","currency":"THB","total_minor":159000,"lines":[{"sku_id":"s30","quantity":1,"amount_minor":59000}]}"#,
        "\n",
        r#"{"id":"e3","at":"2026-03-02T12:00:00Z","type":"refund","refund_id":"r1","order_id":"o1","amount_minor":9000}"#,
        "\n"
    );
    let ask = |more: &[&str]| session_with(&[&["insights", "desk.json", "-"], more].concat(), history);
    assert_snapshot!("i1_members", [ask(&[]), ask(&["--csv"])].join("\n"));
}

#[test]
fn i1_insights_as_tables_as_json_and_as_csv() {
    assert_snapshot!("i1_insights", session(&["insights", "desk.json", "desk.jsonl"]));
    assert_snapshot!("i1_insights_as_json", session(&["insights", "desk.json", "desk.jsonl", "--json"]));
    assert_snapshot!("i1_insights_as_csv", session(&["insights", "desk.json", "desk.jsonl", "--csv"]));
    assert_snapshot!("i1_insights_of_nothing", session_with(&["insights", "desk.json", "-"], ""));
}
