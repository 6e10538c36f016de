//! Bad and outsized input: a clear answer in bounded time, never a panic. Limits of documents and lines have
//! their tests beside the checker and the reader; here is what the engine makes of what they let through.

use crate::rows::*;
use chatsparks_core::{Engine, ProblemCode, Scratch};
use chatsparks_replay::{Format, read_workspace};
use serde_json::{Value, json};

/// Words of every kind, a pattern, and a flow that takes anything.
fn shop() -> Value {
    let quick = json!({ "id": "q", "quick_replies": { "text": "{{size}}?", "field": "size",
        "options": [{ "id": "s", "label": "S" }], "free_text": {} } });
    let blocks = json!([quick, { "id": "b", "branch": { "field": "size", "cases": [{ "contains": "zz", "goto": "m" }], "otherwise": "m" } },
        { "id": "m", "message": { "text": "{{size}}{{size}}{{size}}{{size}}{{size}}{{size}}{{size}}" } }]);
    let keywords = |mode: &str, fuzzy: bool| {
        json!({ "keywords": { "words": ["a", "aa", "aaaaaaaa", "แพ", "price"], "match": mode,
        "ignore_accents": fuzzy, "squeeze": fuzzy } })
    };
    let any = json!({ "any": [keywords("exact", true), keywords("starts_with", false), { "pattern": "(a+)+$" }, "question_mark",
        { "mentions": { "products": [] } }, keywords("word", true) ] });
    world(json!({ "sensitive": [{ "words": ["refund"], "handoff": true }],
        "products": [{ "id": "p", "name": "Serum", "url": "https://shop.example", "skus": [] }],
        "triggers": [ trigger("a", "ask", json!({ "when": any })), trigger("b", "ask", json!({ "when": word("a") })) ],
        "flows": [ flow("ask", blocks) ] }))
}

#[test]
fn n10_texts_of_a_megabyte_are_answered() {
    const MEGABYTE: usize = 1 << 20;
    for unit in [
        "a",
        "é",
        "ก้",
        "\u{301}",
        "\u{200b}",
        " ",
        "😍",
        "\u{fdfa}",
        "?",
        "\0",
        "\u{1f1f9}",
        "ﬃ",
        "{{size}}",
        "a\u{315}\u{300}",
        "İ",
    ] {
        let text = unit.repeat(MEGABYTE / unit.len());
        let events = [
            comment(0, "u1", &text),
            comment(1, "u1", "price a?"),
            message(2, "u1", &text),
            message(3, "u1", &text),
            comment(DAY + 2, "u2", &text),
            // A member writes no more than any DM holds.
            member_message(DAY + 3, "u1", &text.chars().take(6_000).collect::<String>()),
        ];
        let (records, state) = replay(&shop(), &events);
        assert!(records.len() >= events.len());
        for field in state.contacts[0].fields.values() {
            assert!(field.as_str().chars().count() <= 1_000);
        }
        let tried = tried(&shop(), &text);
        assert!(tried.iter().all(|explanation| explanation.cut && explanation.matched.len() <= 1_000), "{unit:?}");
    }
}

/// Patterns over which a matcher that tries ways back would not come to an end in anybody's life, each with what it comes
/// to: were one of them tried so, this test would not end.
#[test]
fn n7_a_pattern_takes_no_more_than_linear_time() {
    let text = format!("{}!", "a".repeat(999));
    for (pattern, holds) in [
        ("(a+)+$", false),
        ("(a|a)*b", false),
        ("(.*)*x", false),
        ("(a?){50}a{50}", true),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", false),
        ("(a+)+!?$", true),
    ] {
        let world = world(json!({ "triggers": [ trigger("t", "hi", json!({ "when": { "pattern": pattern } })) ] }));
        let told = told(&world, &[comment(0, "u1", &text), comment(1, "u2", "a")]);
        let wanted = if holds { "fired t | dm Hi" } else { "no_match" };
        assert_eq!(told[0], wanted, "{pattern}");
    }
}

#[test]
fn c10_ten_thousand_triggers_are_decided_and_explained() {
    let triggers: Vec<Value> =
        (0..10_000).map(|n| trigger(&format!("t{n}"), "hi", json!({ "when": word(&format!("w{n}")) }))).collect();
    let engine = engine(&world(json!({ "triggers": triggers })));
    let mut scratch = Scratch::default();
    let mut trial = engine.try_text("w9999 w42 w42000", None, &mut scratch);
    let tried: Vec<_> = trial.explain_all().collect();
    let matching: Vec<&str> = trial.matching().map(|trigger| trigger.as_str()).collect();
    let told = tried.iter().filter(|explanation| explanation.verdict.result.as_str() == "matches");
    assert_eq!(matching, told.map(|explanation| explanation.trigger.as_str()).collect::<Vec<_>>());
    assert_eq!((tried.len(), matching), (10_000, vec!["t4", "t9", "t42", "t99", "t420", "t999", "t4200", "t9999"]));
    let mut replay = chatsparks_replay::Replay::new(engine);
    let line = lines(&[comment(0, "u1", "w9999")]);
    let mut results = Vec::new();
    for line in chatsparks_replay::Reader::new(line.as_bytes(), "rows") {
        replay.push(&line.unwrap().envelope, |record| results.push(serde_json::to_value(record).unwrap()));
    }
    assert_eq!(results[0]["outcome"]["comment"]["trigger"], "t9");
}

#[test]
fn c4_a_condition_seventeen_deep_is_refused_in_a_configure_too() {
    let nested = |depth: usize| (0..depth).fold(json!("question_mark"), |when, _| json!({ "not": when }));
    let with = |depth| world(json!({ "triggers": [ trigger("t", "hi", json!({ "when": nested(depth) })) ] }));
    check(&with(16), &[comment(0, "u1", "how?")], &["fired t | dm Hi"]);
    let (records, _) = replay(&with(16), &[configure(0, &with(17)), comment(1, "u1", "how?")]);
    let fault = &records[0]["outcome"]["refused"]["faults"][0];
    assert_eq!(fault["path"], format!("triggers[0].when{}", ".not".repeat(17)));
    assert_eq!(records[1]["outcome"]["comment"]["result"], "fired");
}

#[test]
fn a_workspace_with_a_mark_line_ends_or_bad_bytes_is_read_or_told() {
    let plain = world(json!({ "triggers": [ trigger("price", "hi", json!({})) ] }));
    let text = serde_json::to_string_pretty(&plain).unwrap();
    let compiled = |bytes: &[u8]| Engine::compile(read_workspace(bytes, Format::Json).unwrap()).unwrap();
    assert_eq!(compiled(text.as_bytes()), compiled(text.replace('\n', "\r\n").as_bytes()));
    assert_eq!(compiled(text.as_bytes()), compiled(format!("\u{feff}{text}").as_bytes()));
    for bad in [&b""[..], b"\xff", b"null", b"[]", b"{", b"\xef\xbb\xbf", b"{\"schema\":1e999}"] {
        assert!(!read_workspace(bad, Format::Json).unwrap_err().to_string().is_empty());
    }
    // Half of a surrogate pair is no character.
    assert!(read_workspace(text.replace("Glow", "\\ud800").as_bytes(), Format::Json).is_err());
}

#[test]
fn f10_a_pattern_too_large_is_a_fault_wherever_it_stands() {
    let bomb = "((a{100}){100}){100}";
    let question = json!([{ "id": "q", "question": { "text": "?", "field": "f", "expect": { "pattern": bomb } } }]);
    for (world, path) in [
        (
            world(json!({ "triggers": [ trigger("t", "hi", json!({ "when": { "pattern": bomb } })) ] })),
            "triggers[0].when.pattern",
        ),
        (world(json!({ "flows": [ flow("hi", question) ] })), "flows[0].blocks[0].question.expect.pattern"),
    ] {
        let error = Engine::compile(read_workspace(world.to_string().as_bytes(), Format::Json).unwrap()).unwrap_err();
        let faults: Vec<_> = error.faults().iter().map(|fault| (fault.path.as_str(), fault.code)).collect();
        assert_eq!(faults, [(path, ProblemCode::BadPattern)]);
    }
}
