use super::*;
use ProblemCode::*;

#[test]
fn f10_ids_and_texts_are_not_empty() {
    for (pointer, path) in [
        ("/workspace/id", "workspace.id"),
        ("/workspace/account_user_id", "workspace.account_user_id"),
        ("/posts/0/id", "posts[0].id"),
        ("/products/0/id", "products[0].id"),
        ("/products/0/skus/0/id", "products[0].skus[0].id"),
        ("/triggers/0/id", "triggers[0].id"),
        ("/flows/0/blocks/0/id", "flows[0].blocks[0].id"),
    ] {
        for bad in ["", "a\u{0}", "\u{7f}", "a\u{85}b", "\n"] {
            expect_faults(with(pointer, json!(bad)), &[(path, BadId)]);
        }
        expect_faults(with(pointer, json!(" ")), &[]);
    }
    let base = blocks(json!([
        { "id": "a", "message": { "text": "Hi" } },
        { "id": "q", "quick_replies": { "text": "?", "options": [ { "id": "o", "label": "l" } ] } },
        { "id": "s", "shop_link": { "text": "t" } },
        { "id": "t", "tag": { "tag": "t" } },
        { "id": "h", "handoff": { "note": "n" } },
        { "id": "b", "question": { "text": "?", "field": "x" } },
    ]));
    let base = changed(base, "/triggers/0/public_reply", json!(["one", "two"]));
    for (pointer, path) in [
        ("/triggers/0/public_reply/1", "triggers[0].public_reply[1]"),
        ("/triggers/0/public_reply", "triggers[0].public_reply"),
        ("/flows/0/blocks/0/message/text", "flows[0].blocks[0].message.text"),
        ("/flows/0/blocks/1/quick_replies/text", "flows[0].blocks[1].quick_replies.text"),
        ("/flows/0/blocks/1/quick_replies/options/0/label", "flows[0].blocks[1].quick_replies.options[0].label"),
        ("/flows/0/blocks/2/shop_link/text", "flows[0].blocks[2].shop_link.text"),
        ("/flows/0/blocks/3/tag/tag", "flows[0].blocks[3].tag.tag"),
        ("/flows/0/blocks/4/handoff/note", "flows[0].blocks[4].handoff.note"),
        ("/flows/0/blocks/5/question/field", "flows[0].blocks[5].question.field"),
        ("/posts/0/tags/0", "posts[0].tags[0]"),
        ("/sensitive/0/tag", "sensitive[0].tag"),
        ("/members/0/email", "members[0].email"),
    ] {
        for blank in ["", " \t", "\u{200B}\u{FE0F}"] {
            expect_faults(changed(base.clone(), pointer, json!(blank)), &[(path, Empty)]);
        }
    }
}

#[test]
fn f10_keywords_are_not_empty_after_normalising() {
    let words = json!(["ok", "", " \u{200B} ", "\u{2060}", "?"]);
    for (accents, squeeze) in [(false, false), (true, true)] {
        let keywords = json!({ "words": words, "ignore_accents": accents, "squeeze": squeeze });
        expect_faults(
            with("/triggers/0/when", json!({ "any": ["question_mark", { "keywords": keywords }] })),
            &[1, 2, 3]
                .map(|at| format!("triggers[0].when.any[1].keywords.words[{at}]"))
                .each_ref()
                .map(|path| (path.as_str(), EmptyKeyword)),
        );
    }
    expect_faults(with("/sensitive/0/words/0", json!("\u{200B}")), &[("sensitive[0].words[0]", EmptyKeyword)]);
}

#[test]
fn f10_a_condition_has_at_least_one_word_or_part() {
    for (when, path) in [
        (json!({ "keywords": { "words": [] } }), "triggers[0].when.keywords.words"),
        (json!({ "all": [] }), "triggers[0].when.all"),
        (json!({ "not": { "any": [] } }), "triggers[0].when.not.any"),
        (json!({ "pattern": "" }), "triggers[0].when.pattern"),
    ] {
        expect_faults(with("/triggers/0/when", when), &[(path, Empty)]);
    }
    expect_faults(blocks(json!([])), &[("flows[0].blocks", Empty)]);
    let quick = json!([{ "id": "q", "quick_replies": { "text": "?", "options": [] } }]);
    expect_faults(blocks(quick), &[("flows[0].blocks[0].quick_replies.options", Empty)]);
}

#[test]
fn f10_an_id_is_used_once() {
    let document = document();
    let copy = |pointer: &str| document.pointer(pointer).unwrap().clone();
    let post = json!({ "id": "v1", "kind": "live", "published_at": "2026-03-01T00:00:00Z" });
    expect_faults(with("/posts/2", post), &[("posts[2].id", Duplicate)]);
    expect_faults(with("/products/2", json!({ "id": "p1", "name": "x" })), &[("products[2].id", Duplicate)]);
    expect_faults(with("/products/1/skus/0/id", json!("s1")), &[("products[1].skus[0].id", Duplicate)]);
    expect_faults(with("/triggers/1", copy("/triggers/0")), &[("triggers[1].id", Duplicate)]);
    expect_faults(with("/flows/1", copy("/flows/0")), &[("flows[1].id", Duplicate)]);
    expect_faults(with("/flows/1", changed(copy("/flows/0"), "/version", json!(2))), &[]);
    let member = json!({ "email": "OWNER@Glow.example", "role": "member", "status": "pending" });
    expect_faults(with("/members/1", member), &[("members[1].email", Duplicate)]);
    let quick = json!({ "text": "?", "options": [ { "id": "o", "label": "l" }, { "id": "p", "label": "l" }, { "id": "o", "label": "m" } ] });
    expect_faults(
        blocks(json!([
            { "id": "a", "message": { "text": "Hi" } },
            { "id": "b", "quick_replies": quick },
            { "id": "a", "message": { "text": "Hi" }, "goto": "b" },
        ])),
        &[("flows[0].blocks[1].quick_replies.options[2].id", Duplicate), ("flows[0].blocks[2].id", Duplicate)],
    );
}

#[test]
fn f10_what_is_named_is_there() {
    expect_faults(with("/triggers/0/flow", json!("f2")), &[("triggers[0].flow", Unknown)]);
    // C3: posts and tags need not be there, nor need products that a comment is to mention.
    let mentions = |id: &str| json!({ "mentions": { "products": ["p2", id] } });
    expect_faults(with("/triggers/0/when", mentions("p9")), &[]);
    expect_faults(with("/triggers/0/when", mentions("")), &[("triggers[0].when.mentions.products[1]", BadId)]);
    expect_faults(with("/triggers/0/scope", json!({ "posts": ["v9"] })), &[]);
    expect_faults(with("/triggers/0/scope", json!({ "tags": ["none"] })), &[]);
    expect_faults(
        blocks(json!([
            { "id": "a", "message": { "text": "Hi", "link": { "product": "p2", "sku": "s1" } }, "goto": "x1" },
            { "id": "b", "quick_replies": { "text": "?", "options": [ { "id": "o", "label": "l", "goto": "x2" } ],
                "free_text": { "goto": "x3" } } },
            { "id": "c", "branch": { "field": "f", "cases": [ { "equals": "y", "goto": "a" }, { "equals": "n", "goto": "x4" } ],
                "otherwise": "x5" } },
            { "id": "d", "shop_link": { "product": "p9", "sku": "s9" } },
            { "id": "e", "shop_link": { "sku": "s1" } },
            { "id": "f", "shop_link": { "product": "p1", "sku": "s1" } },
            { "id": "g", "shop_link": {} },
        ])),
        &[
            ("flows[0].blocks[0].message.link.sku", Unknown),
            ("flows[0].blocks[0].goto", Unknown),
            ("flows[0].blocks[1].quick_replies.options[0].goto", Unknown),
            ("flows[0].blocks[1].quick_replies.free_text.goto", Unknown),
            ("flows[0].blocks[2].branch.cases[1].goto", Unknown),
            ("flows[0].blocks[2].branch.otherwise", Unknown),
            ("flows[0].blocks[3].shop_link.product", Unknown),
            ("flows[0].blocks[4].shop_link.sku", Unknown),
        ],
    );
}

#[test]
fn f10_a_flow_does_not_run_for_ever() {
    let say = |id: &str, goto: Option<&str>| json!({ "id": id, "message": { "text": "x" }, "goto": goto });
    let ask = json!({ "id": "q", "question": { "text": "?", "field": "f" }, "goto": "a" });
    let branch = |cases: Value, otherwise: Option<&str>, goto: Option<&str>| {
        let mut branch = json!({ "field": "f", "cases": cases });
        if let Some(otherwise) = otherwise {
            branch["otherwise"] = json!(otherwise);
        }
        json!({ "id": "b", "branch": branch, "goto": goto })
    };
    let option = |goto: Option<&str>| json!({ "id": "o", "label": "l", "goto": goto });
    for (name, list, ring) in [
        ("itself", json!([say("a", Some("a"))]), Some("`a` → `a`")),
        ("two", json!([say("a", None), say("b", Some("a"))]), Some("`a` → `b` → `a`")),
        (
            "wait",
            json!([say("a", None), { "id": "w", "wait": { "seconds": 9 }, "goto": "a" }]),
            Some("`a` → `w` → `a`"),
        ),
        ("tag", json!([{ "id": "t", "tag": { "tag": "t" }, "goto": "t" }]), Some("`t` → `t`")),
        (
            "unreachable",
            json!([say("e", Some("z")), say("a", Some("b")), say("b", Some("a")), say("z", None)]),
            Some("`a` → `b` → `a`"),
        ),
        (
            "a case",
            json!([say("a", None), branch(json!([{ "equals": "y", "goto": "a" }]), None, None)]),
            Some("`a` → `b` → `a`"),
        ),
        ("otherwise", json!([say("a", None), branch(json!([]), Some("a"), None)]), Some("`a` → `b` → `a`")),
        ("the branch's goto", json!([say("a", None), branch(json!([]), None, Some("a"))]), Some("`a` → `b` → `a`")),
        (
            "a goto that `otherwise` hides",
            json!([say("a", None), branch(json!([]), Some("z"), Some("a")), say("z", None)]),
            None,
        ),
        ("question", json!([say("a", None), ask]), None),
        ("handoff", json!([say("a", None), { "id": "h", "handoff": {}, "goto": "a" }]), None),
        (
            "option",
            json!([say("a", None), { "id": "q", "quick_replies": { "text": "?", "options": [option(Some("a"))] } }]),
            None,
        ),
        ("a broken goto", json!([say("a", None), say("b", Some("nowhere")), say("c", None)]), None),
        ("forward only", json!([say("a", Some("c")), say("b", None), say("c", None)]), None),
    ] {
        let found = faults(&read(blocks(list)), None);
        let found: Vec<_> = found.iter().filter(|fault| fault.code == EndlessFlow).collect();
        match ring {
            None => assert!(found.is_empty(), "{name}: {found:#?}"),
            Some(ring) => {
                assert_eq!(found.len(), 1, "{name}: {found:#?}");
                assert_eq!(found[0].path, "flows[0]", "{name}");
                assert!(found[0].message.ends_with(ring), "{name}: {}", found[0].message);
            }
        }
    }
    let two =
        json!([say("a", Some("a")), { "id": "q", "question": { "text": "?", "field": "f" } }, say("b", Some("b"))]);
    expect_faults(blocks(two), &[("flows[0]", EndlessFlow), ("flows[0]", EndlessFlow)]);
    // The longest flow, one ring, all of branches to everywhere: still quick.
    let cases: Vec<Value> = (0..200).map(|at| json!({ "equals": "y", "goto": format!("b{at}") })).collect();
    let dense: Vec<Value> =
        (0..200).map(|at| json!({ "id": format!("b{at}"), "branch": { "field": "f", "cases": cases } })).collect();
    assert!(faults(&read(blocks(json!(dense))), None).iter().all(|fault| fault.code == EndlessFlow));
}

#[test]
fn f9_a_published_version_stands() {
    let previous = read(document());
    let changed_text = read(with("/flows/0/blocks/0/message/text", json!("Hello")));
    assert_eq!(codes(&faults(&changed_text, Some(&previous))), [("flows[0]", ChangedInPlace)]);
    let new_version =
        read(with("/flows/1", json!({ "id": "f1", "version": 2, "blocks": [ { "id": "z", "tag": { "tag": "t" } } ] })));
    assert_eq!(codes(&faults(&new_version, Some(&previous))), []);
    assert_eq!(codes(&faults(&previous, Some(&new_version))), [], "a version may go");
    let other = read(with("/workspace/id", json!("other")));
    assert_eq!(codes(&faults(&other, Some(&previous))), [("workspace.id", OtherWorkspace)]);
    assert_eq!(codes(&faults(&previous, Some(&previous))), []);
}

#[test]
fn f10_all_faults_at_once_in_document_order() {
    let mut all = document();
    for (pointer, value) in [
        ("/members/0/email", json!("")),
        ("/flows/0/blocks/0/goto", json!("nowhere")),
        ("/flows/0/blocks/0/message/text", json!("")),
        ("/triggers/0/throttle_hours", json!(-1)),
        ("/triggers/0/public_reply", json!([" "])),
        ("/triggers/0/flow", json!("none")),
        ("/triggers/0/when", json!({ "all": [ { "pattern": "(" }, { "keywords": { "words": ["", "x"] } } ] })),
        ("/triggers/0/id", json!("")),
        ("/sensitive/0/tag", json!("")),
        ("/products/0/skus/0/id", json!("")),
        ("/posts/1/id", json!("v1")),
        ("/policy/reach/window_hours", json!(0)),
        ("/policy/throttle_hours", json!(-1)),
        ("/plan/mac_limit", json!(0)),
        ("/workspace/id", json!("")),
        ("/schema", json!(2)),
    ] {
        all = changed(all, pointer, value);
    }
    expect_faults(
        all,
        &[
            ("schema", UnknownSchema),
            ("workspace.id", BadId),
            ("plan.mac_limit", OverLimit),
            ("policy.throttle_hours", OverLimit),
            ("policy.reach.window_hours", OverLimit),
            ("posts[1].id", Duplicate),
            ("products[0].skus[0].id", BadId),
            ("sensitive[0].tag", Empty),
            ("triggers[0].id", BadId),
            ("triggers[0].when.all[0].pattern", BadPattern),
            ("triggers[0].when.all[1].keywords.words[0]", EmptyKeyword),
            ("triggers[0].flow", Unknown),
            ("triggers[0].public_reply[0]", Empty),
            ("triggers[0].throttle_hours", OverLimit),
            ("flows[0].blocks[0].message.text", Empty),
            ("flows[0].blocks[0].goto", Unknown),
            ("members[0].email", Empty),
        ],
    );
}

#[test]
fn f10_what_is_told_is_bounded() {
    let words = vec![""; 150_000];
    let found = faults(&read(with("/sensitive/0/words", json!(words))), None);
    assert_eq!(found.len(), crate::document::check::PROBLEMS);
}
