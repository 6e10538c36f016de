use super::*;
use ProblemCode::*;

fn say(id: &str) -> Value {
    json!({ "id": id, "message": { "text": "x" } })
}

/// In a reach mode other than `open`, with a window of `messages` and an hour.
fn reach(document: Value, mode: &str, messages: i64) -> Value {
    let reach = json!({ "mode": mode, "messages_per_window": messages, "window_hours": 1 });
    changed(document, "/policy/reach", reach)
}

#[test]
fn f10_more_messages_in_a_row_than_the_window_admits() {
    let ask =
        |id: &str, goto: Option<&str>| json!({ "id": id, "question": { "text": "?", "field": "f" }, "goto": goto });
    let row = blocks(json!([say("a"), { "id": "t", "tag": { "tag": "t" } }, say("b"), ask("q", None), say("c")]));
    for mode in ["buyer_first", "comment_to_message"] {
        expect_warnings(reach(row.clone(), mode, 3), &[]);
        expect_warnings(reach(row.clone(), mode, 2), &[("flows[0].blocks[3]", TooManyMessages)]);
    }
    expect_warnings(reach(row.clone(), "open", 1), &[]);
    let found = warnings(&read(reach(row, "buyer_first", 1)));
    assert_eq!(codes(&found), [("flows[0].blocks[2]", TooManyMessages)]);
    assert!(found[0].message.ends_with("`a` → `t` → `b`"), "{}", found[0].message);
    // Each run begins anew where the buyer has written; the longest way counts.
    let runs = blocks(json!([
        ask("q", None),
        { "id": "r", "branch": { "field": "f", "cases": [ { "equals": "y", "goto": "c" } ] } },
        say("b"),
        say("c"),
        { "id": "d", "shop_link": {}, "goto": "q" },
    ]));
    expect_warnings(reach(runs.clone(), "buyer_first", 4), &[]);
    expect_warnings(reach(runs, "buyer_first", 3), &[("flows[0].blocks[0]", TooManyMessages)]);
}

#[test]
fn f10_a_wait_longer_than_the_window() {
    let wait = |seconds: i64| blocks(json!([{ "id": "w", "wait": { "seconds": seconds } }, say("a")]));
    expect_warnings(reach(wait(3_600), "buyer_first", 1), &[]);
    expect_warnings(reach(wait(3_601), "buyer_first", 1), &[("flows[0].blocks[0].wait.seconds", LongWait)]);
    expect_warnings(reach(wait(3_601), "open", 1), &[]);
}

#[test]
fn f10_a_block_nothing_reaches() {
    let option = |goto: &str| json!({ "id": goto, "label": "l", "goto": goto });
    let quick = |free_text: Value| json!({ "id": "q", "quick_replies": { "text": "?", "options": [option("a"), option("b")], "free_text": free_text } });
    let jump = json!({ "id": "a", "message": { "text": "x" }, "goto": "c" });
    // All options go elsewhere, so the next block is only reached by free text that falls through.
    for (free_text, expected) in [
        (json!(null), vec![("flows[0].blocks[1]", Unreachable)]),
        (json!({ "goto": "b" }), vec![("flows[0].blocks[1]", Unreachable)]),
        (json!({}), vec![]),
    ] {
        expect_warnings(blocks(json!([quick(free_text), say("n"), jump, say("b"), say("c")])), &expected);
    }
    let handoff = json!([{ "id": "h", "handoff": {} }, say("a")]);
    expect_warnings(blocks(handoff), &[]);
    // With a goto that leads nowhere nobody knows.
    let broken = json!([{ "id": "a", "message": { "text": "x" }, "goto": "lost" }, say("b")]);
    assert_eq!(warnings(&read(blocks(broken))), []);
}

#[test]
fn f10_a_field_no_block_captures() {
    let text = "{{handle}} {{ size }} {{size}} {{ known}} {{taken}} {{free}} {{open {{ x }} {{";
    let document = blocks(json!([
        { "id": "a", "message": { "text": text } },
        { "id": "q", "question": { "text": "{{size}}", "field": "known" } },
        { "id": "r", "quick_replies": { "text": "?", "field": "taken", "options": [ { "id": "o", "label": "l" } ],
            "free_text": { "field": "free" } } },
        { "id": "b", "branch": { "field": "colour", "cases": [] } },
        { "id": "s", "shop_link": { "text": "{{ handle }}{{no}}" } },
    ]));
    expect_warnings(
        document,
        &[
            ("flows[0].blocks[0].message.text", UncapturedField),
            ("flows[0].blocks[0].message.text", UncapturedField),
            ("flows[0].blocks[1].question.text", UncapturedField),
            ("flows[0].blocks[3].branch.field", UncapturedField),
            ("flows[0].blocks[4].shop_link.text", UncapturedField),
        ],
    );
}

#[test]
fn f10_a_short_contains_keyword() {
    let words = json!([
        "a",
        "ok",
        "OK",
        "แพ้",
        "価格",
        "ราคา",
        "cod",
        "30",
        "?",
        "❤",
        "o k",
        "ＯＫ",
        "đẹ",
        "ผิว",
        "กี่สี",
        "กี่",
        "สี",
        "แพ",
        "ราคาสี",
        "ẽ\u{323}ọ\u{308}"
    ]);
    let short = |positions: &[usize]| -> Vec<String> {
        positions.iter().map(|at| format!("triggers[0].when.keywords.words[{at}]")).collect()
    };
    for (keywords, positions) in [
        (json!({ "words": words }), vec![0, 1, 2, 4, 11, 12, 15, 16, 17, 19]),
        (json!({ "words": ["ooo", "oo", "okay"], "squeeze": true }), vec![1]),
        (json!({ "words": ["ooo", "ook", "okay"] }), vec![]),
        (json!({ "words": ["ok"], "match": "word" }), vec![]),
        (json!({ "words": ["ok"], "match": "exact" }), vec![]),
        (json!({ "words": ["ok"], "match": "starts_with" }), vec![]),
    ] {
        let paths = short(&positions);
        let expected: Vec<_> = paths.iter().map(|path| (path.as_str(), ShortKeyword)).collect();
        expect_warnings(with("/triggers/0/when", json!({ "keywords": keywords })), &expected);
    }
    expect_warnings(with("/sensitive/0/words", json!(["no"])), &[("sensitive[0].words[0]", ShortKeyword)]);
}

#[test]
fn f10_placeholders_patterns_posts_and_the_rest() {
    let quick = json!({ "text": "?", "options": [ { "id": "o", "label": "{{handle}}" } ] });
    let document = blocks(json!([
        { "id": "q", "quick_replies": quick },
        { "id": "p", "question": { "text": "?", "field": "f", "expect": { "pattern": "Ａ" } } },
        { "id": "h", "handoff": { "note": "{{f}}" } },
        { "id": "b", "branch": { "field": "f", "cases": [ { "one_of": [], "goto": "q" } ] } },
    ]));
    let document = changed(document, "/triggers/0/public_reply", json!(["ok", "hi {{handle}}"]));
    let document = changed(document, "/triggers/0/scope", json!({ "posts": ["v1", "v9"] }));
    let when = json!({ "any": [ { "pattern": "ß" }, { "posts": ["v8"] }, { "posts": [] },
        { "mentions": { "products": ["p1", "p9"] } }, { "mentions": { "products": [] } } ] });
    let document = changed(document, "/triggers/0/when", when);
    let trigger =
        json!({ "id": "t2", "scope": { "tags": [] }, "when": "question_mark", "flow": "f1", "public_reply": "{{" });
    let document = changed(document, "/triggers/1", trigger);
    let document = changed(document, "/sensitive", json!([{ "words": [], "handoff": true }, { "words": ["scam"] }]));
    let document = changed(document, "/products/0/aliases", json!([" "]));
    let scopes = json!({ "tiktok": { "connected": true, "scopes": ["comments", "message"] } });
    let document = changed(document, "/connections", scopes);
    expect_warnings(
        document,
        &[
            ("connections.tiktok.scopes[1]", UnknownScope),
            ("products[0].aliases[0]", NoEffect),
            ("sensitive[0].words", NoEffect),
            ("sensitive[1]", NoEffect),
            ("triggers[0].scope.posts[1]", UnknownPost),
            ("triggers[0].when.any[0].pattern", UnnormalisedPattern),
            ("triggers[0].when.any[1].posts[0]", UnknownPost),
            ("triggers[0].when.any[2].posts", NoEffect),
            ("triggers[0].when.any[3].mentions.products[1]", UnknownProduct),
            ("triggers[0].public_reply[1]", Placeholder),
            ("triggers[1].scope.tags", NoEffect),
            ("triggers[1].public_reply", Placeholder),
            ("flows[0].blocks[0].quick_replies.options[0].label", Placeholder),
            ("flows[0].blocks[1].question.expect.pattern", UnnormalisedPattern),
            ("flows[0].blocks[2].handoff.note", Placeholder),
            ("flows[0].blocks[3].branch.cases[0].one_of", NoEffect),
        ],
    );
}

#[test]
fn f10_warnings_are_total_on_faulty_documents() {
    let ring = json!([say("a"), { "id": "b", "message": { "text": "" }, "goto": "a" }, { "id": "b", "wait": { "seconds": i64::MAX } }]);
    let document = reach(blocks(ring), "buyer_first", i64::MIN);
    let deep = (0..60).fold(json!("question_mark"), |when, _| json!({ "not": when }));
    let trigger = |id: &str, when: Value| json!({ "id": id, "when": when, "flow": "none" });
    let triggers = json!([
        trigger("t", deep.clone()),
        trigger("t", deep),
        trigger("u", json!({ "all": [] })),
        trigger("v", json!({ "any": [] })),
        trigger("w", json!({ "keywords": { "words": [] } })),
        trigger("x", json!({ "keywords": { "words": ["", "a"] } })),
        trigger("y", json!({ "pattern": "(" })),
        trigger("z", json!({ "pattern": "a".repeat(100_000) })),
    ]);
    let workspace = read(changed(document, "/triggers", triggers));
    assert!(!faults(&workspace, None).is_empty());
    assert!(warnings(&workspace).iter().all(|warning| warning.code != AlwaysOutranked));
    let mut nothing = read(super::document());
    nothing.flows[0].blocks.clear();
    nothing.policy.reach.mode = crate::document::workspace::ReachMode::BuyerFirst;
    assert_eq!(warnings(&nothing), []);
}
