//! Trials: what the triggers would make of a text (C11).

use super::rows::{at, engine, tried, trigger, word, world};
use chatsparks_core::Scratch;
use serde_json::{Value, json};

/// Whatever a trigger is looked up from, or where it is looked up from nothing: drafts, scopes that hold nowhere,
/// conditions that need more than a word, or no word.
#[test]
fn c11_which_triggers_match_by_post() {
    let price = |more: Value| trigger("price", "hi", more);
    let post = |id: &str, tags: &[&str]| json!({ "id": id, "kind": "video", "published_at": at(0), "tags": tags });
    let named = |id: &str, mut trigger: Value| {
        trigger["id"] = id.into();
        trigger
    };
    let world = world(json!({
        "posts": [ post("v1", &["sale"]), post("v2", &[]) ],
        "triggers": [
            named("any", price(json!({}))),
            named("draft", price(json!({ "status": "draft" }))),
            named("draft-elsewhere", price(json!({ "status": "draft", "scope": { "posts": ["v2"] } }))),
            named("unknown-post", price(json!({ "scope": { "posts": ["v9"] } }))),
            named("unknown-tag", price(json!({ "scope": { "tags": ["gone"] } }))),
            named("on-v1", price(json!({ "scope": { "posts": ["v1"] } }))),
            named("on-sale", price(json!({ "scope": { "tags": ["sale"] } }))),
            named("more-than-a-word", price(json!({ "when": { "all": [word("price"), "question_mark"] } }))),
            named("no-word", price(json!({ "when": { "not": word("stock") } }))),
            named("posts-in-condition", price(json!({ "when": { "all": [word("price"), { "posts": ["v2"] }] } }))),
            named("other-word", price(json!({ "when": word("stock") }))),
        ],
    }));
    let engine = engine(&world);
    let mut scratch = Scratch::default();
    let mut matching = |text: &str, post: Option<&str>| -> Vec<String> {
        let mut trial = engine.try_text(text, post, &mut scratch);
        let found: Vec<String> = trial.matching().map(|trigger| trigger.as_str().to_owned()).collect();
        let told = trial.explain_all().filter(|told| {
            let kept = std::iter::once(&told.verdict).chain(&told.also);
            kept.into_iter().all(|verdict| matches!(verdict.result.as_str(), "matches" | "draft"))
        });
        assert_eq!(found, told.map(|told| told.trigger.as_str().to_owned()).collect::<Vec<_>>(), "{text} {post:?}");
        found
    };
    let everywhere = ["any", "draft", "draft-elsewhere", "unknown-post", "unknown-tag", "on-v1", "on-sale", "no-word"];
    assert_eq!(matching("price", None), everywhere);
    assert_eq!(matching("price", Some("v1")), ["any", "draft", "on-v1", "on-sale", "no-word"]);
    assert_eq!(matching("price", Some("v2")), ["any", "draft", "draft-elsewhere", "no-word", "posts-in-condition"]);
    // A post that the workspace does not have has no tags, and no scope names it.
    assert_eq!(matching("price", Some("v9")), ["any", "draft", "no-word"]);
    assert_eq!(matching("price?", Some("v9")), ["any", "draft", "more-than-a-word", "no-word"]);
    assert_eq!(matching("stock", Some("v9")), ["other-word"]);
    assert!(matching("", Some("v1")) == ["no-word"] && matching("", None) == ["no-word"]);
}

#[test]
fn c11_a_trial_names_the_words_and_where_they_stand() {
    let found = |when: Value, text: &str| -> Vec<(String, usize, usize)> {
        let world = world(json!({ "triggers": [ trigger("t", "hi", json!({ "when": when, "status": "draft" })) ] }));
        let words = tried(&world, text).remove(0).matched;
        words.into_iter().map(|word| (word.word, word.start, word.end)).collect()
    };
    let one = |word: &str, start, end| vec![(word.to_owned(), start, end)];
    assert_eq!(found(word("Price"), "the PRICE?"), one("Price", 4, 9));
    assert_eq!(found(word("price"), "ขอ p\u{200b}rice"), one("price", 3, 9));
    assert_eq!(found(word("price"), "price price"), vec![("price".to_owned(), 0, 5), ("price".to_owned(), 6, 11)]);
    assert_eq!(found(word("ss"), "straße"), one("ss", 4, 5));
    // Places are those of what the buyer wrote, also behind Thai that was typed out of order.
    assert_eq!(found(word("price"), "เเพงมากกกก น\u{e33}\u{e49}หอม PRICE"), one("price", 18, 23));
    assert_eq!(found(word("แพง"), "ขอเเพงมาก"), one("แพง", 2, 6));
    assert_eq!(found(word("มาก"), "ด\u{e35}\u{e35}วา\u{e48}มาก"), one("มาก", 6, 9));
    assert_eq!(
        found(word("น้ำ"), "x น\u{e33}\u{e49} น\u{e49}\u{e33}"),
        vec![("น้ำ".to_owned(), 2, 5), ("น้ำ".to_owned(), 6, 9)]
    );
    assert_eq!(found(word("50"), "ขนาด ๕๐ ml"), one("50", 5, 7));
    assert_eq!(found(json!({ "pattern": "5.*l" }), "น\u{e49}\u{e33} ๕๐ ML"), one("5.*l", 4, 9));
    assert_eq!(found(json!("question_mark"), "เเพงไหม\u{3164}ค\u{e48}ะ？"), one("？", 11, 12));
    // N6: the whole run; but the letter whose mark keeps a shorter word from ending there belongs to the next.
    let squeezed = json!({ "keywords": { "words": ["มาก"], "squeeze": true } });
    assert_eq!(found(squeezed.clone(), "ดีมมากกกก ดี"), one("มาก", 2, 9));
    assert_eq!(found(squeezed, "มากกก็ดี"), one("มาก", 0, 4));
    assert_eq!(found(json!({ "pattern": "p.i" }), "the PRICE"), one("p.i", 4, 7));
    assert_eq!(found(json!("question_mark"), "how? much？ 😍"), one("？", 9, 10));
    assert_eq!(found(json!({ "not": word("price") }), "price"), one("price", 0, 5));
    assert!(found(word("price"), "nothing").is_empty());
}
