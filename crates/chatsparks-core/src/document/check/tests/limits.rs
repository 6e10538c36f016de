use super::*;
use ProblemCode::OverLimit;

/// `at` is admitted, `over` is over the limit at `path`, and nothing else is said.
#[track_caller]
fn edge(document: impl Fn(Value) -> Value, path: &str, at: Value, over: Value) {
    expect_faults(document(at), &[]);
    expect_faults(document(over), &[(path, OverLimit)]);
}

/// A text of `length` characters of several bytes each.
fn text(length: usize) -> Value {
    json!("ก".repeat(length))
}

fn many(count: usize, item: impl Fn(usize) -> Value) -> Value {
    (0..count).map(item).collect()
}

#[test]
fn f10_texts_and_ids_at_their_limits() {
    let quick = json!({ "id": "q", "quick_replies": { "text": "?", "field": "f", "options": [ { "id": "o", "label": "l" } ],
                        "free_text": { "field": "g" } } });
    let base = blocks(json!([
        { "id": "a", "message": { "text": "Hi" } },
        { "id": "b", "question": { "text": "?", "field": "x", "expect": { "pattern": "x" } } },
        quick,
        { "id": "s", "shop_link": { "text": "t" } },
        { "id": "t", "tag": { "tag": "t" } },
        { "id": "r", "branch": { "field": "x", "cases": [] } },
        { "id": "h", "handoff": { "note": "n" } },
    ]));
    let base = changed(base, "/triggers/0/public_reply", json!(["one", "two"]));
    for (pointer, path, limit) in [
        ("/workspace/id", "workspace.id", 64),
        ("/workspace/account_user_id", "workspace.account_user_id", 256),
        ("/posts/0/id", "posts[0].id", 256),
        ("/posts/0/tags/0", "posts[0].tags[0]", 64),
        ("/products/1/id", "products[1].id", 256),
        ("/products/1/skus/0/id", "products[1].skus[0].id", 256),
        ("/sensitive/0/words/0", "sensitive[0].words[0]", 100),
        ("/sensitive/0/tag", "sensitive[0].tag", 64),
        ("/triggers/0/id", "triggers[0].id", 64),
        ("/triggers/0/when/keywords/words/0", "triggers[0].when.keywords.words[0]", 100),
        ("/triggers/0/public_reply/1", "triggers[0].public_reply[1]", 150),
        ("/triggers/0/public_reply", "triggers[0].public_reply", 150),
        ("/flows/0/blocks/0/id", "flows[0].blocks[0].id", 64),
        ("/flows/0/blocks/0/message/text", "flows[0].blocks[0].message.text", 6_000),
        ("/flows/0/blocks/1/question/text", "flows[0].blocks[1].question.text", 6_000),
        ("/flows/0/blocks/1/question/field", "flows[0].blocks[1].question.field", 64),
        ("/flows/0/blocks/1/question/expect/pattern", "flows[0].blocks[1].question.expect.pattern", 500),
        ("/flows/0/blocks/2/quick_replies/text", "flows[0].blocks[2].quick_replies.text", 6_000),
        ("/flows/0/blocks/2/quick_replies/field", "flows[0].blocks[2].quick_replies.field", 64),
        ("/flows/0/blocks/2/quick_replies/options/0/id", "flows[0].blocks[2].quick_replies.options[0].id", 64),
        ("/flows/0/blocks/2/quick_replies/options/0/label", "flows[0].blocks[2].quick_replies.options[0].label", 80),
        ("/flows/0/blocks/2/quick_replies/free_text/field", "flows[0].blocks[2].quick_replies.free_text.field", 64),
        ("/flows/0/blocks/3/shop_link/text", "flows[0].blocks[3].shop_link.text", 6_000),
        ("/flows/0/blocks/4/tag/tag", "flows[0].blocks[4].tag.tag", 64),
        ("/flows/0/blocks/5/branch/field", "flows[0].blocks[5].branch.field", 64),
    ] {
        edge(|value| changed(base.clone(), pointer, value), path, text(limit), text(limit + 1));
    }
    let pattern = |value| with("/triggers/0/when", json!({ "pattern": value }));
    edge(pattern, "triggers[0].when.pattern", text(500), text(501));
    let scope = |value| with("/triggers/0/scope", json!({ "posts": [value] }));
    edge(scope, "triggers[0].scope.posts[0]", text(256), text(257));
    let scope = |value| with("/triggers/0/scope", json!({ "tags": [value] }));
    edge(scope, "triggers[0].scope.tags[0]", text(64), text(65));
    let posts = |value| with("/triggers/0/when", json!({ "not": { "posts": [value] } }));
    edge(posts, "triggers[0].when.not.posts[0]", text(256), text(257));
    let flow = |value: Value| changed(with("/flows/0/id", value.clone()), "/triggers/0/flow", value);
    edge(flow, "flows[0].id", text(64), text(65));
}

#[test]
fn f10_numbers_within_their_bounds() {
    for (pointer, path, least, most) in [
        ("/schema", "schema", 1, 1),
        ("/plan/mac_limit", "plan.mac_limit", 1, 1_000_000_000),
        ("/plan/listening_window_days", "plan.listening_window_days", 1, 365),
        ("/policy/throttle_hours", "policy.throttle_hours", 0, 8_760),
        ("/policy/max_mismatches", "policy.max_mismatches", 1, 1_000_000_000),
        ("/policy/waiting_after_minutes", "policy.waiting_after_minutes", 0, 525_600),
        ("/policy/close_after_hours", "policy.close_after_hours", 1, 8_760),
        ("/policy/human_close_hours", "policy.human_close_hours", 0, 8_760),
        ("/policy/attribution_days", "policy.attribution_days", 0, 365),
        ("/policy/queue_hours", "policy.queue_hours", 0, 8_760),
        ("/policy/reach/window_hours", "policy.reach.window_hours", 1, 8_760),
        ("/policy/reach/messages_per_window", "policy.reach.messages_per_window", 1, 1_000_000_000),
        ("/policy/reach/hold_hours", "policy.reach.hold_hours", 0, 8_760),
        ("/triggers/0/throttle_hours", "triggers[0].throttle_hours", 0, 8_760),
        ("/flows/0/blocks/0/wait/seconds", "flows[0].blocks[0].wait.seconds", 1, 2_592_000),
    ] {
        let base = blocks(json!([{ "id": "a", "wait": { "seconds": 1 } }]));
        let code = if path == "schema" { ProblemCode::UnknownSchema } else { OverLimit };
        for good in [least, most] {
            expect_faults(changed(base.clone(), pointer, json!(good)), &[]);
        }
        for bad in [least - 1, most + 1, i64::MIN, i64::MAX] {
            expect_faults(changed(base.clone(), pointer, json!(bad)), &[(path, code)]);
        }
    }
}

#[test]
fn f10_lists_at_their_limits() {
    let message = |at: usize| json!({ "id": format!("b{at}"), "message": { "text": "Hi" } });
    let list = |pointer: &'static str| move |value| with(pointer, value);
    edge(list("/flows/0/blocks"), "flows[0].blocks", many(200, message), many(201, message));
    let option = |at: usize| json!({ "id": format!("o{at}"), "label": "l" });
    let options = |value| blocks(json!([{ "id": "q", "quick_replies": { "text": "?", "options": value } }]));
    edge(options, "flows[0].blocks[0].quick_replies.options", many(4, option), many(5, option));
    let tag = |at: usize| json!(format!("t{at}"));
    edge(list("/posts/0/tags"), "posts[0].tags", many(100, tag), many(101, tag));
    edge(list("/products/0/aliases"), "products[0].aliases", many(100, tag), many(101, tag));
    let sku = |at: usize| json!({ "id": format!("k{at}"), "name": "x" });
    edge(list("/products/0/skus"), "products[0].skus", many(100, sku), many(101, sku));
    edge(list("/triggers/0/public_reply"), "triggers[0].public_reply", many(20, tag), many(21, tag));
    let words = list("/triggers/0/when/keywords/words");
    edge(words, "triggers[0].when.keywords.words", many(1_000, tag), many(1_001, tag));
    let member = |at: usize| json!({ "email": format!("{at}@x"), "role": "member", "status": "active" });
    edge(list("/members"), "members", many(1_000, member), many(1_001, member));
    let flow =
        |at: usize| json!({ "id": format!("f{at}"), "version": 1, "blocks": [ { "id": "a", "tag": { "tag": "t" } } ] });
    edge(list("/flows"), "flows", many(1_000, flow), many(1_001, flow));
    let trigger = |at: usize| json!({ "id": format!("t{at}"), "when": "question_mark", "flow": "f1" });
    edge(list("/triggers"), "triggers", many(10_000, trigger), many(10_001, trigger));
    let post = |at: usize| json!({ "id": format!("v{at}"), "kind": "video", "published_at": "2026-03-01T00:00:00Z" });
    edge(list("/posts"), "posts", many(100_000, post), many(100_001, post));
    let product = |at: usize| json!({ "id": format!("p{at}"), "name": "x" });
    edge(list("/products"), "products", many(100_000, product), many(100_001, product));
}

#[test]
fn f10_words_of_all_conditions_are_counted_together() {
    let triggers = |last: usize| {
        many(201, |at| {
            let words = many(if at < 200 { 1_000 } else { last }, |word| json!(format!("word{word}")));
            let words = json!({ "not": { "keywords": { "words": words } } });
            json!({ "id": format!("t{at}"), "when": words, "flow": "f1" })
        })
    };
    let mut exact = triggers(1);
    exact.as_array_mut().unwrap().pop();
    expect_faults(with("/triggers", exact), &[]);
    expect_faults(with("/triggers", triggers(1)), &[("triggers[200].when.not.keywords.words", OverLimit)]);
}

#[test]
fn n7_patterns_of_conditions_and_questions_are_counted_together() {
    let document = |questions: usize| {
        let trigger = |at: usize| json!({ "id": format!("t{at}"), "when": { "pattern": "a+" }, "flow": "f1" });
        let question = |at: usize| {
            let question = json!({ "text": "?", "field": "f", "expect": { "pattern": "b+" } });
            json!({ "id": format!("q{at}"), "question": question })
        };
        changed(with("/triggers", many(150, trigger)), "/flows/0/blocks", many(questions, question))
    };
    expect_faults(document(50), &[]);
    expect_faults(document(51), &[("flows[0].blocks[50].question.expect.pattern", OverLimit)]);
    // Told once, and what is too many is not compiled.
    expect_faults(document(90), &[("flows[0].blocks[50].question.expect.pattern", OverLimit)]);
}

#[test]
fn c4_sixteen_combinators_around_a_condition() {
    let nested = |depth: usize| {
        let when = (0..depth).fold(json!("question_mark"), |when, at| match at % 3 {
            0 => json!({ "not": when }),
            1 => json!({ "all": [when] }),
            _ => json!({ "any": ["first_comment", when] }),
        });
        with("/triggers/0/when", when)
    };
    expect_faults(nested(16), &[]);
    for depth in [17, 18, 40] {
        let found = faults(&read(nested(depth)), None);
        assert!(found.iter().all(|fault| fault.code == ProblemCode::TooDeep), "{found:#?}");
        let deepest = found.iter().map(|fault| fault.path.matches(['.', '[']).count()).max().unwrap();
        assert!(!found.is_empty() && deepest >= 17, "{found:#?}");
    }
    let nots = (0..17).fold(json!("question_mark"), |when, _| json!({ "not": when }));
    let path = format!("triggers[0].when{}", ".not".repeat(17));
    expect_faults(with("/triggers/0/when", nots), &[(&path, ProblemCode::TooDeep)]);
}
