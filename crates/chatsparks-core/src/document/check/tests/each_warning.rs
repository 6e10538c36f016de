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
    let option = |goto: &str| json!({ "id": goto, "label": goto, "goto": goto });
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
fn f10_a_flow_no_trigger_starts() {
    let flow = |id: &str, version: i64| json!({ "id": id, "version": version, "blocks": [say("a")] });
    let flows = json!([flow("f1", 1), flow("f2", 3), flow("f2", 7), flow("f2", 5), flow("f1", 2), flow("f3", 1)]);
    // The version that would be started; an older one of a flow that is started stays for who runs on it.
    let document = with("/flows", flows);
    expect_warnings(document.clone(), &[("flows[2]", UnusedFlow), ("flows[5]", UnusedFlow)]);
    // A draft starts it one day.
    let draft = json!({ "id": "t2", "status": "draft", "when": "question_mark", "flow": "f3" });
    expect_warnings(changed(document, "/triggers/1", draft), &[("flows[2]", UnusedFlow)]);
    expect_warnings(with("/triggers", json!([])), &[("flows[0]", UnusedFlow)]);
}

#[test]
fn f10_a_tag_that_no_post_has() {
    let scope = |tags: Value| with("/triggers/0/scope", json!({ "tags": tags }));
    expect_warnings(scope(json!(["launch"])), &[]);
    expect_warnings(
        scope(json!(["launch", "Launch", "sale"])),
        &[("triggers[0].scope.tags[1]", UnknownTag), ("triggers[0].scope.tags[2]", UnknownTag)],
    );
    let found = warnings(&read(changed(scope(json!(["launch"])), "/posts", json!([]))));
    assert_eq!(codes(&found), [("triggers[0].scope.tags[0]", UnknownTag)]);
}

#[test]
fn f10_two_options_that_one_text_would_take() {
    for (labels, same) in [
        (vec!["Yes", "No"], vec![]),
        (vec!["Yes", "ＹＥＳ"], vec![1]),
        (vec!["Yes", "No", " yes "], vec![2]),
        (vec!["✅ Yes", "Yes!"], vec![1]),
        (vec!["Yes", "Yes!", "(yes)", "YES"], vec![1, 2, 3]),
        (vec!["ใช่", "ใช่ค่ะ"], vec![]),
        (vec!["แพ", "แพ้"], vec![]),
        (vec!["👍", "👎"], vec![]),
        (vec!["👍", "👍", "👍!"], vec![1]),
        // A number that two begin with is taken for none.
        (vec!["2 pieces", "2 boxes"], vec![]),
        (vec!["2", "2."], vec![1]),
    ] {
        let options: Vec<Value> =
            labels.iter().enumerate().map(|(at, label)| json!({ "id": format!("o{at}"), "label": label })).collect();
        let document = blocks(json!([{ "id": "q", "quick_replies": { "text": "?", "options": options } }]));
        let paths: Vec<String> =
            same.iter().map(|at| format!("flows[0].blocks[0].quick_replies.options[{at}].label")).collect();
        let expected: Vec<_> = paths.iter().map(|path| (path.as_str(), SameOption)).collect();
        expect_warnings(document, &expected);
    }
}

/// The warnings of a branch on the field `f` with these cases, below blocks that capture; only the branch may have any.
#[track_caller]
fn dead(captures: Value, cases: &[Value], dead: &[&str]) {
    let mut list = captures.as_array().unwrap().clone();
    let at = list.len();
    let cases: Vec<Value> = cases
        .iter()
        .map(|case| {
            let mut case = case.clone();
            case["goto"] = json!("end");
            case
        })
        .collect();
    list.push(json!({ "id": "br", "branch": { "field": "f", "cases": cases } }));
    list.push(say("end"));
    let paths: Vec<String> = dead.iter().map(|place| format!("flows[0].blocks[{at}].branch.cases{place}")).collect();
    let expected: Vec<_> = paths.iter().map(|path| (path.as_str(), DeadCase)).collect();
    expect_warnings(blocks(json!(list)), &expected);
}

#[test]
fn f10_a_case_that_nothing_can_bring() {
    let options = json!([{ "id": "50", "label": "50 ml" }, { "id": "100", "label": "๑๐๐ML" }]);
    let quick = |free: Value| json!([{ "id": "q", "quick_replies": { "text": "?", "field": "f", "options": options, "free_text": free } }]);
    let cases = [
        json!({ "equals": "50  ＭＬ" }),
        json!({ "equals": "50" }),
        json!({ "equals": "50ml" }),
        json!({ "contains": "0 m" }),
        json!({ "contains": "litre" }),
        json!({ "one_of": ["big", "50 ml"] }),
        json!({ "one_of": ["big", "100"] }),
        // A field that was never captured is empty.
        json!({ "equals": " " }),
        json!({ "contains": "" }),
        json!({ "one_of": ["big", ""] }),
        // A part goes over no label's end.
        json!({ "contains": "ml\n" }),
        json!({ "contains": "ml 50" }),
    ];
    dead(quick(json!(null)), &cases, &["[1].equals", "[2].equals", "[4].contains", "[6].one_of", "[11].contains"]);
    // Free text may be anything, in the block's field or its own.
    dead(quick(json!({})), &cases, &[]);
    dead(quick(json!({ "field": "g" })), &cases[1..2], &["[0].equals"]);
    let both = |second: Value| {
        let mut list = quick(json!(null)).as_array().unwrap().clone();
        list.push(second);
        json!(list)
    };
    let question = |expect: Value| json!({ "id": "p", "question": { "text": "?", "field": "f", "expect": expect } });
    dead(both(question(json!(null))), &cases, &[]);
    let texts = ["12", "-1,000.5", "a@b.co", "+66 (0)81", "big", "50 ml"].map(|text| json!({ "equals": text }));
    let parts = [",", "@b", "b c", "b"].map(|text| json!({ "contains": text }));
    for (expect, texts_left, parts_left) in [
        (json!("number"), vec![2, 3, 4], vec![1, 2, 3]),
        (json!("email"), vec![0, 1, 3, 4], vec![2]),
        (json!("phone"), vec![1, 2, 4], vec![0, 1, 2, 3]),
        (json!({ "pattern": "^b" }), vec![0, 1, 2, 3], vec![]),
    ] {
        let left: Vec<String> = texts_left.iter().map(|at| format!("[{at}].equals")).collect();
        dead(both(question(expect.clone())), &texts, &left.iter().map(String::as_str).collect::<Vec<_>>());
        let left: Vec<String> = parts_left.iter().map(|at| format!("[{at}].contains")).collect();
        dead(both(question(expect)), &parts, &left.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn f10_a_case_on_an_options_id_is_told_what_is_captured() {
    let options = json!([{ "id": "xl", "label": "Extra large" }]);
    let document = blocks(json!([
        { "id": "q", "quick_replies": { "text": "?", "field": "size", "options": options } },
        { "id": "b", "branch": { "field": "size", "cases": [ { "equals": "XL", "goto": "q" } ] } },
    ]));
    let found = warnings(&read(document));
    assert_eq!(found[0].message, "`xl` is the id of an option; what `size` holds is its label, `Extra large`");
}

#[test]
fn f10_looking_for_what_brings_a_case_has_a_budget() {
    // Without one this would look 100,000 times through 10 MB of labels.
    let label = |at: usize| format!("{at:08}{}", "x".repeat(72));
    let flow = |flow: usize| {
        let quick = |block: usize| {
            let options: Vec<Value> = (0..4)
                .map(|at| json!({ "id": format!("o{at}"), "label": label((flow * 200 + block) * 4 + at) }))
                .collect();
            json!({ "id": format!("b{block}"), "quick_replies": { "text": "?", "field": "f", "options": options } })
        };
        let blocks: Vec<Value> = (0..200).map(quick).collect();
        json!({ "id": format!("f{flow}"), "version": 1, "blocks": blocks })
    };
    let mut flows: Vec<Value> = (0..150).map(flow).collect();
    let cases: Vec<Value> = (0..100_000).map(|at| json!({ "contains": format!("y{at}"), "goto": "b0" })).collect();
    flows[0]["blocks"][0] = json!({ "id": "b0", "branch": { "field": "f", "cases": cases } });
    let found = warnings(&read(with("/flows", json!(flows))));
    let dead = found.iter().filter(|warning| warning.code == DeadCase).count();
    assert!((1..100).contains(&dead), "{dead}");
}

#[test]
fn f10_patterns_that_hold_always_or_ask_for_word_boundaries() {
    let when = |pattern: &str| with("/triggers/0/when", json!({ "not": { "pattern": pattern } }));
    let path = "triggers[0].when.not.pattern";
    expect_warnings(when("ราคา"), &[]);
    expect_warnings(when("^.*$"), &[(path, HoldsAlways)]);
    expect_warnings(when(r"\bราคา\b"), &[(path, WordBoundary)]);
    expect_warnings(when(r"(\bＡ)?"), &[(path, HoldsAlways), (path, WordBoundary), (path, UnnormalisedPattern)]);
    let expect = json!({ "text": "?", "field": "f", "expect": { "pattern": ".+" } });
    expect_warnings(
        blocks(json!([{ "id": "q", "question": expect }])),
        &[("flows[0].blocks[0].question.expect.pattern", HoldsAlways)],
    );
    for (pattern, texts) in [(".*", "in every text"), (".+", "in every text that is not blank")] {
        let found = warnings(&read(when(pattern)));
        assert_eq!(found[0].message, format!("this pattern is found {texts}"));
    }
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
        // A keyword stays as long as it is (N6).
        (json!({ "words": ["ooo", "ook", "oo", "okay"], "squeeze": true }), vec![2]),
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
