//! Shops, and what happens in them.

use chatsparks_core::{Instant, Period};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

/// A shop of one trigger, whose flow says one thing.
pub fn document(limit: Option<usize>) -> Value {
    let mut document = json!({
        "schema": 1, "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
        "posts": [{ "id": "v1", "kind": "video", "published_at": "2026-03-01T00:00:00Z" }],
        "sensitive": [],
        "triggers": [{ "id": "price", "when": { "keywords": { "words": ["price"] } },
            "public_reply": "Sent to you!", "flow": "price" }],
        "flows": [{ "id": "price", "version": 1, "blocks": [{ "id": "b1", "message": { "text": "It is 590 THB." } }] }],
    });
    if let Some(limit) = limit {
        document["plan"] =
            json!({ "mac_limit": limit, "subscribed_at": "2026-02-28T00:00:00Z", "listening_window_days": 30 });
    }
    document
}

/// Whose an effect of [`events`] is: the ids of the events say it, `e0-17/1` is of `u17`.
pub fn contact_of(effect: &str) -> Option<String> {
    effect.split('/').next().and_then(|event| event.rsplit('-').next()).map(|n| format!("u{n}"))
}

fn line(id: &str, at: Instant, event: &Value) -> String {
    let mut line = json!({ "id": id, "at": at.to_string() });
    line.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
    line.to_string()
}

fn begin() -> Instant {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// Of each contact a comment that fires, a linked shop's id, a comment that matches nothing, an order by that id, a refund,
/// and another comment.
pub fn events(contacts: usize) -> Vec<String> {
    let mut events = Vec::with_capacity(6 * contacts);
    for round in 0..6 {
        for n in 0..contacts {
            let at = begin().after(Period::milliseconds(i64::try_from(events.len()).unwrap() * 5));
            let (id, user) = (format!("{round}-{n}"), format!("u{n}"));
            let event = match round {
                0 | 5 => comment(&format!("c{id}"), &user, "the price?"),
                1 => json!({ "type": "identity", "user_id": user, "shop_user_id": format!("s{n}") }),
                2 => comment(&format!("c{id}"), &user, "so beautiful"),
                3 => order(&format!("o{n}"), &format!("s{n}"), 59_000),
                _ => refund(&format!("r{n}"), &format!("o{n}"), 1_000),
            };
            events.push(line(&format!("e{id}"), at, &event));
        }
    }
    events
}

fn comment(id: &str, user: &str, text: &str) -> Value {
    json!({ "type": "comment", "comment_id": id, "post_id": "v1", "user_id": user, "text": text })
}

fn order(id: &str, user: &str, total: u64) -> Value {
    json!({ "type": "order", "order_id": id, "user_id": user, "currency": "THB", "total_minor": total,
        "lines": [{ "sku_id": "s1", "product_id": "p1", "amount_minor": total }] })
}

fn refund(id: &str, order: &str, amount: u64) -> Value {
    json!({ "type": "refund", "refund_id": id, "order_id": order, "amount_minor": amount })
}

/// A shop that asks, waits and links, so that messages, orders and time all matter.
pub fn talkative() -> Value {
    json!({
        "schema": 1, "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
        "posts": [{ "id": "v1", "kind": "video", "published_at": "2026-03-01T00:00:00Z" }],
        "products": [{ "id": "p1", "name": "Serum", "skus": [{ "id": "s1", "name": "30ml" }] }],
        "policy": { "throttle_hours": 2, "max_mismatches": 1, "waiting_after_minutes": 30, "close_after_hours": 3 },
        "sensitive": [{ "words": ["refund"], "handoff": true, "tag": "refund" }],
        "triggers": [
            { "id": "price", "when": { "keywords": { "words": ["price"] } }, "public_reply": ["Sent!", "In your inbox"],
              "flow": "ask" },
            { "id": "link", "when": { "keywords": { "words": ["link"] } }, "flow": "link", "throttle_hours": 1 },
        ],
        "flows": [
            { "id": "ask", "version": 1, "blocks": [
                { "id": "size", "quick_replies": { "text": "Which size?", "field": "size",
                    "options": [{ "id": "30", "label": "30ml" }, { "id": "50", "label": "50ml" }] } },
                { "id": "phone", "question": { "text": "Your number?", "field": "phone", "expect": "number" } },
                { "id": "card", "shop_link": { "product": "p1", "sku": "s1", "text": "Here you go" } },
                { "id": "done", "tag": { "tag": "asked" } } ] },
            { "id": "link", "version": 1, "blocks": [
                { "id": "card", "shop_link": { "product": "p1", "text": "Here you go" } } ] },
        ],
    })
}

/// What may happen in such a shop, in any order: so many contacts and events, always the same for a seed.
pub fn random(seed: u64, contacts: usize, events: usize) -> Vec<String> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut at = begin();
    let mut lines = Vec::with_capacity(events);
    let mut orders = 0_usize;
    for n in 0..events {
        // Mostly seconds pass, now and then hours: conversations wait, close, and begin anew.
        let pause = match random.random_range(0..40) {
            0 => Period::minutes(random.random_range(20..240)),
            _ => Period::milliseconds(random.random_range(0..20_000)),
        };
        at = at.after(pause);
        let user = format!("u{}", random.random_range(0..contacts));
        let shop_user = format!("s{}", random.random_range(0..contacts));
        let event = match random.random_range(0..100) {
            0..30 => {
                let texts = ["the price?", "price of the link", "a link please", "so beautiful"];
                comment(&format!("c{n}"), &user, texts[random.random_range(0..texts.len())])
            }
            30..60 => {
                let texts = ["30ml", "50ml", "0812345678", "what?", "I want a refund"];
                let text = texts[random.random_range(0..texts.len())];
                json!({ "type": "message", "message_id": format!("m{n}"), "user_id": user, "text": text })
            }
            60..70 => json!({ "type": "identity", "user_id": user, "shop_user_id": shop_user }),
            70..84 => {
                orders += 1;
                let by = if random.random_bool(0.5) { &user } else { &shop_user };
                order(&format!("o{orders}"), by, random.random_range(100..90_000))
            }
            // Of orders that came, and some that never do.
            84..88 => {
                let of = random.random_range(0..orders + 3);
                refund(&format!("r{n}"), &format!("o{of}"), random.random_range(1..500))
            }
            88..90 => {
                json!({ "type": "order_cancelled", "order_id": format!("o{}", random.random_range(0..orders + 3)) })
            }
            90..96 => {
                let act = ["take", "hand_back", "close"][random.random_range(0..3)];
                json!({ "type": act, "user_id": user, "member": "ann@glow.example" })
            }
            96..98 => {
                let act = ["block", "unblock"][random.random_range(0..2)];
                json!({ "type": act, "user_id": user, "member": "ann@glow.example" })
            }
            _ => {
                json!({ "type": "comment_removed", "user_id": user, "comment_id": format!("c{}", random.random_range(0..n + 1)) })
            }
        };
        lines.push(line(&format!("e{n}"), at, &event));
    }
    lines
}
