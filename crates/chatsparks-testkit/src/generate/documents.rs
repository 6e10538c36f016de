//! Workspace documents, valid, a few of everything.

use super::{Focus, texts};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

/// Blocks that a flow may have, in the focus on comments: none that says anything.
const FLOWS: usize = 2;

/// A condition, nested a little.
pub fn condition() -> impl Strategy<Value = Value> {
    let keywords = (
        vec(texts::word(), 1..4),
        select(vec!["contains", "word", "starts_with", "exact"]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(words, mode, accents, squeeze)| {
            json!({ "keywords": { "words": words, "match": mode, "ignore_accents": accents, "squeeze": squeeze } })
        });
    let patterns = vec!["pri+ce", "^how", "ml$", r"\d{2,}", "[ก-ฮ]+", "(a|b)*c", "é", r"\bo\b"];
    let packs = (select(vec!["price", "link", "shipping", "thanks"]), vec(select(vec!["th", "vi", "id", "en"]), 0..3));
    let leaf = prop_oneof![
        6 => keywords,
        1 => packs.prop_map(|(pack, languages)| match languages.is_empty() {
            true => json!({ "pack": pack }),
            false => json!({ "pack": pack, "languages": languages }),
        }),
        1 => select(patterns).prop_map(|pattern| json!({ "pattern": pattern })),
        2 => Just(json!("question_mark")),
        1 => Just(json!("first_comment")),
        1 => Just(json!("reply")),
        1 => vec(select(vec!["v1", "v2", "v9"]), 0..3).prop_map(|posts| json!({ "posts": posts })),
        1 => vec(select(vec!["p_serum", "p_cream"]), 0..2)
            .prop_map(|products| json!({ "mentions": { "products": products } })),
    ];
    leaf.prop_recursive(3, 8, 3, |part| {
        prop_oneof![
            vec(part.clone(), 1..4).prop_map(|parts| json!({ "all": parts })),
            vec(part.clone(), 1..4).prop_map(|parts| json!({ "any": parts })),
            part.prop_map(|part| json!({ "not": part })),
        ]
    })
}

fn trigger(focus: Focus) -> impl Strategy<Value = Value> {
    let scope = prop_oneof![
        4 => Just(json!("all")),
        1 => vec(select(vec!["v1", "v2", "v9"]), 0..3).prop_map(|posts| json!({ "posts": posts })),
        1 => vec(select(vec!["launch", "live", "sale"]), 0..2).prop_map(|tags| json!({ "tags": tags })),
    ];
    let replies = prop_oneof![
        Just(json!([])),
        Just(json!("Sent you a DM")),
        Just(json!(["Sent you a DM", "ส่งให้แล้วค่ะ", "Đã gửi nhé"])),
    ];
    let status = prop_oneof![6 => Just("active"), 1 => Just("draft")];
    let hours = option::of(select(vec![0, 0, 1, 6, 48]));
    let when = prop_oneof![
        if focus == Focus::Queue { 0 } else { 2 } => condition(),
        2 => Just(json!({ "keywords": { "words": ["price", "ราคา", "แพ"] } })),
        1 => Just(json!({ "not": { "keywords": { "words": ["qqq"] } } })),
    ];
    (when, scope, replies, status, hours, 1..=FLOWS).prop_map(|(when, scope, replies, status, hours, flow)| {
        let mut trigger = json!({
            "when": when, "scope": scope, "public_reply": replies, "status": status, "flow": format!("f{flow}"),
        });
        if let Some(hours) = hours {
            trigger["throttle_hours"] = json!(hours);
        }
        trigger
    })
}

/// Where a block may go: places in the list, made names once its length is known.
type Gotos = (Option<usize>, Option<usize>, Option<usize>);

fn says() -> impl Strategy<Value = &'static str> {
    select(vec![
        "Hello",
        "Hi {{handle}}!",
        "You said {{size}}.",
        "Name {{ name }}/{{nope}}",
        "{{free}}",
        "{{a",
        "ราคา 590 ค่ะ",
    ])
}

fn link() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({ "product": "p_serum" }),
        json!({ "product": "p_serum", "sku": "s30" }),
        json!({ "product": "p_cream" }),
        json!({ "product": "p_cream", "sku": "cxl" }),
    ])
}

fn field() -> impl Strategy<Value = &'static str> {
    select(vec!["size", "name", "free"])
}

fn block() -> impl Strategy<Value = (Value, Gotos)> {
    let expect = prop_oneof![
        3 => Just(Value::Null),
        2 => select(vec![
            json!("number"),
            json!("email"),
            json!("phone"),
            json!({ "pattern": "ml$" }),
            json!({ "pattern": "^(ml)?$" }),
        ]),
    ];
    // With numbers in a label and without, with something around it, and alike but for that.
    let option = prop_oneof![
        4 => select(vec![("h", "Talk to us"), ("ac", "Đẹp"), ("th", "ขนาดเล็ก"), ("y", "✅ Yes"), ("yy", "Yes!"), ("up", "👍"), ("t2", "talk to us!")]),
        1 => select(vec![("30", "30ml"), ("two", "2"), ("p", "2 pieces"), ("pp", "12 pieces"), ("kg", "1.5 kg")]),
    ];
    let free = prop_oneof![2 => Just(Value::Null), 1 => Just(json!({})), 1 => Just(json!({ "field": "free" }))];
    let kind = prop_oneof![
        3 => (says(), option::of(link())).prop_map(|(text, link)| json!({ "message": { "text": text, "link": link } })),
        4 => (says(), field(), expect).prop_map(|(text, field, expect)| {
            json!({ "question": { "text": text, "field": field, "expect": expect } })
        }),
        4 => (says(), option::of(field()), vec(option, 1..4), free).prop_map(|(text, field, mut options, free)| {
            options.sort_unstable();
            options.dedup();
            let options: Vec<Value> =
                options.into_iter().map(|(id, label)| json!({ "id": id, "label": label })).collect();
            json!({ "quick_replies": { "text": text, "field": field, "options": options, "free_text": free } })
        }),
        1 => (field(), select(vec![
            json!({ "equals": "ＴＡＬＫ to us" }), json!({ "contains": "m" }), json!({ "one_of": ["30ML", "2", ""] }),
            json!({ "equals": "th" }), json!({ "contains": "xl" }), json!({ "one_of": ["@", "1"] }),
        ])).prop_map(|(field, case)| json!({ "branch": { "field": field, "cases": [case] } })),
        2 => (link(), option::of(says())).prop_map(|(mut link, text)| {
            link["text"] = json!(text);
            json!({ "shop_link": link })
        }),
        1 => option::of(select(vec!["asked for a person", "{{size}}"])).prop_map(|note| json!({ "handoff": { "note": note } })),
        2 => select(vec![1, 1800, 3600, 86_400, 172_800]).prop_map(|seconds| json!({ "wait": { "seconds": seconds } })),
        1 => select(vec!["vip", "asked"]).prop_map(|tag| json!({ "tag": { "tag": tag } })),
    ];
    let goto = || prop_oneof![3 => Just(None), 1 => (0usize..6).prop_map(Some)];
    (kind, (goto(), goto(), goto()))
}

/// A version of a flow. Only blocks that wait for the buyer go back, so that none runs for ever (F10).
fn blocks(focus: Focus) -> impl Strategy<Value = Value> {
    let silent = Just((json!({ "tag": { "tag": "vip" } }), (None, None, None)));
    let block = if focus == Focus::Comments { silent.boxed() } else { block().boxed() };
    vec(block, 1..5).prop_map(|blocks| {
        let count = blocks.len();
        let named = |place: Option<usize>, from: usize, stops: bool| {
            place.filter(|place| *place < count && (stops || *place > from)).map(|place| format!("b{place}"))
        };
        let blocks: Vec<Value> = blocks
            .into_iter()
            .enumerate()
            .map(|(at, (mut block, (own, first, other)))| {
                let stops = block.get("question").is_some() || block.get("quick_replies").is_some();
                let (own, first, other) = (named(own, at, stops), named(first, at, stops), named(other, at, stops));
                if let Some(branch) = block.get_mut("branch") {
                    branch["cases"][0]["goto"] = json!(first.clone().unwrap_or(format!("b{}", count - 1)));
                    branch["otherwise"] = json!(other);
                    if first.is_none() && at + 1 == count {
                        // The last block has nowhere to go on to.
                        block = json!({ "tag": { "tag": "vip" } });
                    }
                } else if let Some(ask) = block.get_mut("quick_replies") {
                    ask["options"][0]["goto"] = json!(first);
                    if ask["free_text"].is_object() {
                        ask["free_text"]["goto"] = json!(other);
                    }
                }
                block["id"] = json!(format!("b{at}"));
                block["goto"] = json!(own);
                block
            })
            .collect();
        without_nulls(json!(blocks))
    })
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(values) => values.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// Plans whose cycles begin near where histories begin, one of them only later.
pub(super) fn plan() -> impl Strategy<Value = Value> {
    let subscribed = select(vec![
        "2026-01-31T09:00:00Z",
        "2025-12-31T00:00:00Z",
        "2026-01-29T12:00:00Z",
        "2026-02-28T09:00:00Z",
        "2026-04-15T00:00:00Z",
    ]);
    (1i64..5, subscribed, select(vec![2, 7, 30, 30, 30, 90, 90]))
        .prop_map(|(limit, at, days)| json!({ "mac_limit": limit, "subscribed_at": at, "listening_window_days": days }))
}

pub(super) fn policy(focus: Focus) -> impl Strategy<Value = Value> {
    let modes = match focus {
        Focus::Comments => vec!["open"],
        Focus::Talk | Focus::Queue | Focus::Everything => vec!["open", "open", "buyer_first", "comment_to_message"],
    };
    let reach = (select(modes), select(vec![1, 24, 48]), select(vec![1, 2, 3, 10]), select(vec![0, 1, 48])).prop_map(
        |(mode, hours, messages, hold)| {
            json!({ "mode": mode, "window_hours": hours, "messages_per_window": messages, "hold_hours": hold })
        },
    );
    let numbers = (
        select(vec![0, 1, 1, 6, 24]),
        select(vec!["stop", "stop", "next"]),
        select(vec![1i64, 2, 2, 3]),
        select(vec![0, 30, 60, 1500]),
        select(vec![1, 24]),
        select(vec![0, 1, 14, 14]),
        select(vec![0, 1, 48, 48]),
        select(vec![0, 0, 1, 24]),
    );
    (numbers, reach).prop_map(|((throttle, on, mismatches, waiting, close, attribution, queue, human), reach)| {
        json!({
            "throttle_hours": throttle, "on_throttled": on, "max_mismatches": mismatches,
            "waiting_after_minutes": waiting, "close_after_hours": close, "attribution_days": attribution,
            "queue_hours": queue, "human_close_hours": human, "reach": reach,
        })
    })
}

/// A whole document, as people write it.
pub fn document(focus: Focus) -> impl Strategy<Value = Value> {
    let plan = match focus {
        Focus::Comments | Focus::Talk => Just(None).boxed(),
        Focus::Queue => plan()
            .prop_map(|mut plan| {
                plan["mac_limit"] = json!(1);
                plan["listening_window_days"] = json!(365);
                Some(plan)
            })
            .boxed(),
        Focus::Everything => option::weighted(0.8, plan()).boxed(),
    };
    let sensitive = select(vec![
        json!([]),
        json!([{ "words": ["refund", "คืนเงิน"], "handoff": true, "tag": "refund" }, { "words": ["hi", "ไม่"], "tag": "greeted" }]),
        json!([{ "words": ["yes"], "handoff": true }, { "words": ["e"], "tag": "money" }]),
    ]);
    let members = select(vec![
        json!([]),
        json!([
            { "email": "owner@x.example", "role": "owner", "status": "active" },
            { "email": "m2@x.example", "role": "member", "status": "active" },
            { "email": "m3@x.example", "role": "member", "status": "suspended" },
        ]),
    ]);
    let posts = select(vec![
        "2026-02-21T09:00:00Z",
        "2026-02-20T09:00:00Z",
        "2026-01-29T09:00:00Z",
        "2026-02-27T09:00:00Z",
        "2026-03-15T00:00:00Z",
    ]);
    let flows = (blocks(focus), blocks(focus));
    (policy(focus), plan, vec(trigger(focus), 1..5), flows, sensitive, members, posts).prop_map(
        |(policy, plan, mut triggers, flows, sensitive, members, published)| {
            for (number, trigger) in triggers.iter_mut().enumerate() {
                trigger["id"] = json!(format!("t{}", number + 1));
            }
            without_nulls(json!({
                "schema": 1,
                "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
                "plan": plan,
                "policy": policy,
                "posts": [
                    { "id": "v1", "kind": "video", "published_at": published, "tags": ["launch"] },
                    { "id": "v2", "kind": "live", "published_at": "2026-02-27T08:00:00Z", "tags": ["live", "launch"] },
                ],
                "products": [
                    { "id": "p_serum", "name": "Glow Serum", "aliases": ["เซรั่มโกลว์", "é"],
                      "skus": [{ "id": "s30", "name": "30ml" }, { "id": "s50", "name": "o" }] },
                    { "id": "p_cream", "name": "Night Cream",
                      "skus": [{ "id": "cs", "name": "S" }, { "id": "cxl", "name": "XL" }] },
                ],
                "sensitive": sensitive,
                "triggers": triggers,
                "flows": [
                    { "id": "f1", "version": 1, "blocks": flows.0 },
                    { "id": "f2", "version": 1, "blocks": flows.1 },
                ],
                "members": members,
            }))
        },
    )
}

/// Another version of a flow, for a document that changes.
pub(super) fn version(focus: Focus) -> impl Strategy<Value = Value> {
    blocks(focus)
}
