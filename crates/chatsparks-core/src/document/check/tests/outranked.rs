use super::*;
use crate::document::check::outranked::outranked;

/// Which trigger outranks the last of some, `(scope, when)` each.
fn last(triggers: &[(Value, Value)]) -> Option<usize> {
    let triggers: Vec<Value> = (0..)
        .zip(triggers)
        .map(|(at, (scope, when))| json!({ "id": format!("t{at}"), "scope": scope, "when": when, "flow": "f1" }))
        .collect();
    *outranked(&read(with("/triggers", json!(triggers)))).last().unwrap()
}

fn words(words: &[&str]) -> Value {
    json!({ "keywords": { "words": words } })
}

fn mode(mode: &str, words: &[&str]) -> Value {
    json!({ "keywords": { "words": words, "match": mode } })
}

#[test]
fn f10_a_higher_condition_that_always_holds_too() {
    let posts = |ids: &[&str]| json!({ "posts": ids });
    let mentions = |ids: &[&str]| json!({ "mentions": { "products": ids } });
    let squeeze = |words: &[&str]| json!({ "keywords": { "words": words, "squeeze": true } });
    for (higher, lower) in [
        (words(&["price"]), words(&["price"])),
        (squeeze(&["price"]), squeeze(&["price list"])),
        (squeeze(&["ree"]), squeeze(&["free"])),
        (words(&["price"]), words(&["ＰＲＩＣＥ"])),
        (words(&["a", "price", "b"]), words(&["b", "price"])),
        (words(&["price"]), words(&["price list", "the price"])),
        (words(&["price"]), mode("word", &["price"])),
        (words(&["price"]), mode("exact", &["price?"])),
        (words(&["price"]), mode("starts_with", &["pricey"])),
        (mode("starts_with", &["pri"]), mode("starts_with", &["price"])),
        (mode("starts_with", &["pri"]), mode("exact", &["price"])),
        (mode("word", &["price"]), mode("word", &["price"])),
        (mode("word", &["price"]), mode("exact", &["price"])),
        (words(&["ราคา"]), words(&["ราคาเท่าไหร่"])),
        (json!({ "any": ["question_mark", words(&["price"])] }), words(&["price"])),
        (json!({ "any": ["question_mark", words(&["price"])] }), json!("question_mark")),
        (json!("question_mark"), json!({ "all": [words(&["price"]), "question_mark"] })),
        (
            json!({ "all": ["question_mark", words(&["price"])] }),
            json!({ "all": [words(&["prices"]), "first_comment", "question_mark"] }),
        ),
        (json!({ "any": [words(&["a"]), words(&["b"])] }), words(&["b", "a"])),
        (json!({ "any": ["question_mark", words(&["b"])] }), json!({ "any": [words(&["b"]), "question_mark"] })),
        (json!({ "pattern": ".*" }), json!("first_comment")),
        (json!("reply"), json!({ "all": ["first_comment", "reply"] })),
        (json!({ "any": ["question_mark", "reply"] }), json!("reply")),
        // Read as they are typed, these are the same.
        (words(&["แพง"]), words(&["เเพงมาก"])),
        (json!({ "pattern": "a+" }), json!({ "pattern": "a+" })),
        (json!({ "not": words(&["prices"]) }), json!({ "not": words(&["price"]) })),
        (posts(&["v1", "v2"]), posts(&["v2"])),
        (mentions(&[]), mentions(&["p1"])),
        (mentions(&[]), mentions(&[])),
        (mentions(&["p1", "p2"]), mentions(&["p2"])),
    ] {
        assert_eq!(last(&[(json!("all"), higher.clone()), (json!("all"), lower.clone())]), Some(0), "{higher} {lower}");
    }
}

#[test]
fn f10_n6_a_squeezed_word_within_another() {
    let squeeze =
        |words: &[&str], mode: &str| json!({ "keywords": { "words": words, "match": mode, "squeeze": true } });
    for (mode, higher, lower, claimed) in [
        ("contains", "coffee", "coffee", true),
        ("contains", "cofee", "coffee", true),
        ("contains", "coffee", "cofee", false),
        ("contains", "fee", "coffee", true),
        ("contains", "fee", "coffeee", true),
        ("contains", "feee", "coffee", false),
        ("contains", "offe", "coffee", true),
        ("contains", "มาก", "มากก", true),
        ("contains", "มากก", "มาก", false),
        ("starts_with", "cof", "coffee", true),
        ("starts_with", "coff", "cofee", false),
        ("exact", "cofee", "coffee", false),
        ("word", "cofee", "coffee", false),
    ] {
        let pair = [(json!("all"), squeeze(&[higher], mode)), (json!("all"), squeeze(&[lower], mode))];
        assert_eq!(last(&pair), claimed.then_some(0), "{mode} {higher} {lower}");
    }
}

#[test]
fn f10_never_a_false_claim() {
    let squeeze = |words: &[&str]| json!({ "keywords": { "words": words, "squeeze": true } });
    let mentions = |ids: &[&str]| json!({ "mentions": { "products": ids } });
    for (higher, lower) in [
        (words(&["price list"]), words(&["price"])),
        (words(&["price"]), words(&["price", "cost"])),
        // N3: the letter stands before a mark, so it is not contained.
        (words(&["แพ"]), words(&["แพ้"])),
        (words(&["cafe"]), words(&["cafe\u{301}"])),
        (words(&["x"]), words(&["x\u{323}\u{307}y"])),
        // N4: within a longer word it does not stand as one.
        (mode("word", &["price"]), words(&["price"])),
        (mode("word", &["price"]), mode("word", &["price list"])),
        (mode("word", &["link"]), mode("exact", &["blinking"])),
        (mode("starts_with", &["price"]), words(&["price"])),
        (mode("starts_with", &["ice"]), mode("starts_with", &["price"])),
        (mode("exact", &["price"]), mode("starts_with", &["price"])),
        (squeeze(&["price"]), words(&["price"])),
        (words(&["price"]), squeeze(&["price"])),
        // N6: a run may be longer than the keyword's, never shorter.
        (squeeze(&["free"]), squeeze(&["fre"])),
        (json!({ "all": ["question_mark", words(&["price"])] }), words(&["price"])),
        (json!({ "any": ["question_mark", words(&["price"])] }), json!("first_comment")),
        (json!("reply"), json!("first_comment")),
        (json!("first_comment"), json!("reply")),
        (json!("reply"), json!({ "not": "reply" })),
        (words(&["क"]), words(&["का"])),
        (json!("question_mark"), json!({ "any": ["question_mark", "first_comment"] })),
        (json!({ "not": words(&["price"]) }), json!({ "not": words(&["prices"]) })),
        (json!({ "pattern": "a+" }), json!({ "pattern": "a" })),
        (json!({ "pattern": "^$" }), json!({ "pattern": "b" })),
        (json!({ "posts": ["v1"] }), json!({ "posts": ["v1", "v2"] })),
        (mentions(&["p1"]), mentions(&[])),
        (mentions(&["p1"]), mentions(&["p1", "p2"])),
    ] {
        assert_eq!(last(&[(json!("all"), higher.clone()), (json!("all"), lower.clone())]), None, "{higher} {lower}");
    }
}

#[test]
fn f10_outranked_by_scope_status_and_policy() {
    let (all, one, two) = (json!("all"), json!({ "posts": ["v1"] }), json!({ "posts": ["v1", "v2"] }));
    let (tag, tags) = (json!({ "tags": ["launch"] }), json!({ "tags": ["launch", "x"] }));
    for (higher, lower, expected) in [
        (&all, &one, true),
        (&all, &tag, true),
        (&two, &one, true),
        (&tags, &tag, true),
        (&one, &two, false),
        (&one, &all, false),
        (&tag, &tags, false),
        (&tag, &one, false),
        (&one, &tag, false),
    ] {
        let found = last(&[(higher.clone(), words(&["price"])), (lower.clone(), words(&["price"]))]);
        assert_eq!(found.is_some(), expected, "{higher} {lower}");
    }
    let twice = with("/triggers/1", json!({ "id": "t2", "when": words(&["price"]), "flow": "f1" }));
    expect_warnings(twice.clone(), &[("triggers[1]", ProblemCode::AlwaysOutranked)]);
    expect_warnings(changed(twice.clone(), "/triggers/0/status", json!("draft")), &[]);
    expect_warnings(changed(twice.clone(), "/triggers/1/status", json!("draft")), &[]);
    // C7: a throttled trigger is passed over, so the lower one may win.
    expect_warnings(changed(twice, "/policy/on_throttled", json!("next")), &[]);
}

#[test]
fn f10_comparing_has_a_budget() {
    // Every trigger speaks for every other, none implies another, and the conditions are deep.
    let deep = |at: usize| {
        let mut when = json!({ "all": [words(&["price"]), { "keywords": { "words": [format!("own{at:05}x")] } }] });
        for depth in 0..14 {
            when = if depth % 2 == 0 { json!({ "any": [when] }) } else { json!({ "all": [when, "question_mark"] }) };
        }
        when
    };
    let pair = ["first", "second"].map(|id| json!({ "id": id, "when": words(&["alone"]), "flow": "f1" }));
    let last = |before: usize| {
        let deep = (0..before).map(|at| json!({ "id": format!("t{at}"), "when": deep(at), "flow": "f1" }));
        let triggers: Vec<Value> = deep.chain(pair.clone()).collect();
        outranked(&read(with("/triggers", json!(triggers)))).pop().flatten()
    };
    assert_eq!(last(0), Some(0), "the second is outranked by the first");
    assert_eq!(last(2_000), None, "the budget is spent before the second is looked at");
}
