//! What `recorded` writes is a story again, and it passes: over stories of every kind of line.

use chatsparks_core::Engine;
use chatsparks_replay::{Format, Story, read_workspace, story::run};
use proptest::{prelude::*, sample::select};
use std::sync::Arc;

/// Names that need quotes, texts that look like buttons, and products with a `/` of their own.
const WORKSPACE: &str = r##"{
  "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
  "plan": { "mac_limit": 2, "subscribed_at": "2026-03-01T00:00:00Z", "listening_window_days": 30 },
  "policy": { "reach": { "mode": "open" } },
  "posts": [ { "id": "old", "kind": "video", "published_at": "2026-01-01T00:00:00Z" } ],
  "products": [ { "id": "p/q", "name": "Serum", "skus": [ { "id": "s/1", "name": "30ml" }, { "id": "s", "name": "50ml" } ] },
                { "id": "shop", "name": "Shop", "skus": [] } ],
  "sensitive": [ { "words": ["refund"], "handoff": true, "tag": "money: [back]" } ],
  "triggers": [
    { "id": "until", "when": { "keywords": { "words": ["price"] } }, "flow": "size", "public_reply": "# see \"DMs\"\n(now)" },
    { "id": "for", "when": { "keywords": { "words": ["link"] } }, "flow": "link" },
    { "id": "two words:", "when": { "keywords": { "words": ["person"] } }, "flow": "person" } ],
  "flows": [
    { "id": "size", "version": 1, "blocks": [
      { "id": "the end", "quick_replies": { "text": "Which [size]?\nTap it.", "field": "a size", "options": [
        { "id": "30", "label": "30 [ml]" }, { "id": "bot", "label": "bot" } ] } },
      { "id": "card", "shop_link": { "product": "p/q", "sku": "s/1", "text": "Here (you) go" } },
      { "id": "t", "tag": { "tag": "sent (it)" } } ] },
    { "id": "link", "version": 1, "blocks": [ { "id": "shop", "shop_link": { "product": "shop" } }, { "id": "all", "shop_link": {} } ] },
    { "id": "person", "version": 1, "blocks": [
      { "id": "name", "question": { "text": " Who are you? ", "field": "name" } },
      { "id": "off", "handoff": { "note": "asks (twice)" } } ] } ],
  "members": [ { "email": "owner@x", "role": "owner", "status": "active" }, { "email": "mali@x", "role": "member", "status": "active" } ]
}"##;

const PEOPLE: [&str; 4] = ["mint", "noi", "\"a b\"", "id:77"];

const ACTIONS: &[&str] = &[
    "W comments on v1: price",
    "W comments on v1: link please",
    "W comments on v1: a person?",
    "W comments on v1: nothing",
    "W comments on old: price",
    "W comments on v1 as same: price",
    "W comments on v1, answerable, posted 1h ago: link",
    "W: hello there",
    "W: bot",
    "W: I want a refund",
    "W sends nothing",
    "W taps [bot]",
    "W taps [\"30 [ml]\"]",
    "owner@x takes W",
    "owner@x assigns W to mali@x",
    "owner@x hands back W",
    "mali@x closes W",
    "owner@x blocks W",
    "owner@x unblocks W",
    "nobody@x takes W",
    "mali@x writes to W: It is [this] one",
    "mali@x writes to W with card \"p\\/q/s\": Look: (here)",
    "receipt sent for W",
    "receipt failed for W: why not",
    "W orders: \"s\\/1\" 59000 THB",
    "W orders as same: s 1 THB, placed 1h ago",
    "order o1 is cancelled",
    "order same is refunded 1",
    "owner@x confirms order o1",
    "comment same is removed",
    "comment same becomes answerable",
    "configure policy.reach.mode = \"buyer_first\"",
    "configure policy.reach.mode = \"open\"",
    "configure plan.mac_limit = 1",
    "configure plan.mac_limit = 3",
    "again",
    "clock",
    "",
];

/// True now and then, and mostly not.
const EXPECTATIONS: &[&str] = &[
    "fired",
    "fired \"until\"",
    "queued \"for\"",
    "awaiting message for \"two words:\"",
    "undeliverable",
    "not fired: throttled",
    "not fired: no_match",
    "taken",
    "mismatch",
    "kept",
    "sensitive",
    "out of flow",
    "duplicate",
    "applied",
    "sent",
    "sent by mali@x: It",
    "sent with card \"p\\/q/s\"",
    "refused",
    "refused: not_human",
    "order: attributed to \"until\", block card",
    "order: soft",
    "order: organic (unknown_contact)",
    "public: hello",
    "bot: \"Which [size]?\" [bot]",
    "card: shop",
    "card: \"shop\": text",
    "inbox: handoff for owner@x (asks)",
    "owners: 80%",
    "state: waiting",
    "state: bot",
    "state: closed (expired)",
    "state: human",
    "begins \"for\"",
    "dropped (expired)",
    "cycle begins",
    "nothing",
    "...",
    "field \"a size\" = bot",
    "no field name",
    "tag: sent (it)",
    "no tag: x",
    "at \"the end\"",
    "at the end",
    "no flow",
    "no state",
    "no dm",
    "no order o1",
    "owner: mali@x",
    "no owner",
    "counted",
    "not counted",
    "count: 1",
    "blocked",
    "not blocked",
    "dm: delivered",
    "order o1: attributed 59000, overlap 1",
    "order same: soft 1, cancelled",
    "trigger \"until\": fired",
    "trigger nosuch: no_match",
    "trigger \"for\": outranked by \"until\" until 2026-03-03 10:00",
    "trigger \"for\": not considered",
];

fn expectation() -> impl Strategy<Value = String> {
    let about = select(&["", "", "", "@mint ", "@noi ", "@\"a b\" ", "@id:77 ", "@nobody "][..]);
    (about, select(EXPECTATIONS)).prop_map(|(about, expectation)| format!("{about}{expectation}"))
}

fn step() -> impl Strategy<Value = String> {
    let time = select(&["+0s", "+1m", "+1m", "+5m", "+1h", "+25h", "+3d", "-1h", "+30d"][..]);
    let who = select(&PEOPLE[..]);
    (time, who, select(ACTIONS), prop::collection::vec(expectation(), 0..5), any::<bool>()).prop_map(
        |(time, who, action, expected, beside)| {
            let mut lines = expected;
            let mut action = action.replace('W', who);
            // After a bare time an expectation may stand at once.
            if action.is_empty() && beside && !lines.is_empty() {
                action = lines.remove(0);
            }
            let under: String = lines.iter().map(|line| format!("    {line}\n    # a remark\n")).collect();
            format!("{time} {action}\n{under}")
        },
    )
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_recorded_is_read_and_passes(steps in prop::collection::vec(step(), 1..12)) {
        let text = format!("2026-03-02 10:00 clock\n{}", steps.concat());
        let engine = Engine::compile(Arc::new(read_workspace(WORKSPACE.as_bytes(), Format::Json).unwrap())).unwrap();
        // Only what can be parsed and run can be recorded: a removal may name a comment that never came.
        let Ok(story) = Story::parse(&text, "drawn") else { return Ok(()) };
        let Ok(report) = run(&engine, &story) else { return Ok(()) };
        let recorded = story.recorded(&report);
        let again = Story::parse(&recorded, "recorded");
        prop_assert!(again.is_ok(), "{again:?}\n{text}\n{recorded}");
        let again = again.unwrap();
        let passed = run(&engine, &again).unwrap();
        prop_assert!(passed.passed(), "{passed}\n{text}\n{recorded}");
        // Recorded once more it says the same; a state may be told of what happened instead of how it is.
        let once_more = again.recorded(&passed);
        prop_assert_eq!(sorted(&once_more), sorted(&recorded));
    }
}
