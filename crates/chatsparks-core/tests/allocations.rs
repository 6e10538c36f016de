//! What allocates nothing: a comment that matches nothing, once its contact is known and the buffers have grown, and
//! facts of groups that insights have already.
#![allow(clippy::unwrap_used, missing_docs)]

use allocation_counter::measure;
use chatsparks_core::{
    Comment, CommentResult, Contact, Engine, Envelope, Event, Fact, Head, Insights, Instant, Outcome, Scratch, UserId,
    internal::{ContactChange, Found, HeadChange, Loaded},
    workspace::Workspace,
};
use serde_json::json;

fn workspace() -> Workspace {
    serde_json::from_value(json!({
        "schema": 1,
        "workspace": { "id": "w", "name": "W", "account_user_id": "account" },
        "plan": { "mac_limit": 10, "subscribed_at": "2026-01-31T09:00:00Z", "listening_window_days": 90 },
        "posts": [ { "id": "v1", "kind": "video", "published_at": "2026-03-01T00:00:00Z", "tags": ["launch"] },
                   { "id": "v2", "kind": "video", "published_at": "2026-03-01T00:00:00Z" } ],
        "products": [ { "id": "p", "name": "Glow Serum" } ],
        "triggers": [
            { "id": "elsewhere", "scope": { "posts": ["v2"] }, "flow": "f",
              "when": { "keywords": { "words": ["price", "ราคา"], "match": "word" } } },
            { "id": "accents", "flow": "f",
              "when": { "keywords": { "words": ["giá bao nhiêu"], "ignore_accents": true } } },
            { "id": "squeeze", "flow": "f",
              "when": { "keywords": { "words": ["discount", "coffee"], "ignore_accents": true, "squeeze": true } } },
            { "id": "thai", "flow": "f", "when": { "keywords": { "words": ["มาก"], "squeeze": true } } },
            { "id": "reply", "flow": "f", "when": { "all": ["reply", "first_comment"] } },
            { "id": "pattern", "flow": "f", "when": { "pattern": "order ?#[0-9]{4}" } },
            { "id": "both", "flow": "f",
              "when": { "all": [ "question_mark", { "mentions": {} }, { "not": { "posts": ["v1"] } } ] } },
            { "id": "draft", "status": "draft", "flow": "f", "when": { "keywords": { "words": ["hello"] } } } ],
        "flows": [ { "id": "f", "version": 1, "blocks": [ { "id": "b", "message": { "text": "Hi" } } ] } ] }))
    .unwrap()
}

/// What `decide` allocates for one comment of somebody known, and for dropping the decision.
fn allocations(engine: &Engine, head: &Head, contact: &Contact, text: &str, scratch: &mut Scratch) -> u64 {
    let comment = Comment {
        comment_id: "c1".into(),
        post_id: "v1".into(),
        user_id: "u1".into(),
        handle: Some("mint".into()),
        text: text.into(),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    };
    let at = head.clock().latest().unwrap();
    let envelope = Envelope { id: "e1".into(), at, event: Event::Comment(comment) };
    let found = Found::default();
    let loaded = Loaded::new(head, Some(contact), &found);
    // Once for the buffers to grow.
    drop(engine.decide(&loaded, &envelope, scratch));
    let mut result = None;
    let counted = measure(|| {
        let decision = engine.decide(&loaded, &envelope, scratch);
        if let Outcome::Comment(outcome) = &decision.outcome {
            result = Some(outcome.result);
        }
    });
    assert_eq!(result, Some(CommentResult::NoMatch), "{text}");
    counted.count_total
}

#[test]
fn a_comment_of_somebody_known_that_matches_nothing_allocates_nothing() {
    let engine = Engine::compile(workspace()).unwrap();
    let mut head = engine.first_head();
    let at: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
    head.apply(&HeadChange::Latest(at));
    head.apply(&HeadChange::Cycle { start: at, next: at });
    let mut contact = Contact::new("u1".into());
    contact.apply(&ContactChange::Commented);
    contact.apply(&ContactChange::Handle("mint".into()));
    contact.apply(&ContactChange::Fired { trigger: "accents".into(), at });
    let mut scratch = Scratch::default();
    for (what, text) in [
        ("nothing", ""),
        ("plain words", "love this so much"),
        ("a word of a trigger for another post", "PRICE? ราคา เท่าไหร่"),
        ("accents and elongations in every channel", "Giááá bááo quá điiii, ＰＲＩＣＥ"),
        ("half of a condition", "is Glow Serum good?"),
        ("a word of a draft", "hello"),
        ("marks that must be put in order", "a\u{301}\u{323}\u{327}\u{302} น\u{e49}\u{e33}"),
        ("emoji", "😍😍 🔥❤\u{fe0f}"),
        ("a word with its runs too short", "coféee cofee, cooofee"),
        ("a word whose last letter has a mark", "มมมาก\u{e47} มาก\u{e47}"),
        (
            "Thai as it is typed",
            "เเพง น\u{e33}\u{e49} น\u{e49}\u{e4d}\u{e32} ดีี วา\u{e48} ท\u{e48}\u{e35} นน\u{e49}\u{e33}",
        ),
        ("digits, apostrophes and what is not seen", "๕๐ ٣ ’s‘ a\u{34f}b\u{3164}\u{115f}"),
    ] {
        assert_eq!(allocations(&engine, &head, &contact, text, &mut scratch), 0, "{what}");
    }
    for long in ["ราคา lovely giá ", "cofeeé เเพง น\u{e33}\u{e49} มมาก\u{e47} "] {
        let long = long.repeat(2_000);
        assert_eq!(allocations(&engine, &head, &contact, &long, &mut scratch), 0, "a long text");
    }
}

/// Insights hold the groups, not the facts: ten times the facts of the same groups take the same room.
#[test]
fn i2_ten_times_the_facts_take_no_more_room() {
    let fact = |fact| serde_json::from_value::<Fact>(fact).unwrap();
    let record = |place: usize| -> (UserId, Vec<Fact>) {
        let (post, trigger, flow) = (format!("v{}", place % 7), format!("t{}", place % 5), format!("f{}", place % 3));
        let entry = json!({ "order_id": "o", "result": "attributed", "revenue_minor": 5, "overlap_minor": 5,
            "currency": (["THB", "VND"][place % 2]), "cause": { "kind": "order", "trigger": trigger, "post_id": post } });
        let facts = [
            json!({ "comment_seen": { "post_id": post, "result": "awaiting_message" } }),
            json!({ "trigger_fired": { "trigger": trigger, "post_id": post, "comment_id": "c", "keyword": "price" } }),
            json!({ "held": { "trigger": trigger, "until": "2026-03-04T10:00:00Z" } }),
            json!({ "flow_started": { "trigger": trigger, "flow": flow, "version": 1, "conversation": 1 } }),
            json!({ "block_entered": { "conversation": 1, "flow": flow, "version": 1, "block": "b" } }),
            json!({ "flow_left": { "conversation": 1, "flow": flow, "version": 1, "block": "b", "why": "closed" } }),
            json!({ "order_credited": entry }),
        ];
        (format!("u{}", place % 50).into(), facts.map(fact).into())
    };
    let records: Vec<_> = (0..210).map(record).collect();
    let fold = |count: usize| {
        let (mut insights, mut facts) = (Insights::new(), 0);
        for (user_id, of_record) in records.iter().cycle() {
            if facts >= count {
                break;
            }
            insights.add(Some(user_id), of_record);
            facts += of_record.len();
        }
        insights
    };
    let held = |count: usize| {
        let mut insights = None;
        let bytes = measure(|| insights = Some(fold(count))).bytes_current;
        (bytes, insights.unwrap())
    };
    let round = records.iter().map(|(_, facts)| facts.len()).sum::<usize>();
    let ((few_bytes, few), (many_bytes, many)) = (held(7 * round), held(70 * round));
    assert_eq!(many_bytes, few_bytes);
    let groups = |insights: &Insights| {
        let Insights { posts, triggers, keywords, flows, .. } = insights;
        [posts.len(), triggers.len(), keywords.len(), flows.len(), insights.revenue.len()]
    };
    assert_eq!((groups(&many), groups(&few)), ([7, 5, 1, 3, 2], [7, 5, 1, 3, 2]));
    assert_eq!(many.triggers["t0"].comments, 10 * few.triggers["t0"].comments);
}
