//! What people do once they are written to: they tap, answer, ask for a person, buy, or go silent. What each does hangs on
//! the seed and on what they were sent. Members of the shop answer whom the bot hands over.

use super::{
    agenda::Line,
    plan::dice,
    shop::{Asked, Shop},
};
use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// Who answers whom the bot hands over.
const MEMBERS: [&str; 3] = ["mali@glow.example", "linh@glow.example", "putri@glow.example"];

/// Everybody.
pub(crate) struct Buyers {
    pub(crate) seed: u64,
    /// Comments that were answered in public alone: who made them writes by themselves.
    pub(crate) in_public_only: BTreeMap<String, String>,
}

/// One of four languages, by what somebody was sent.
#[derive(Clone, Copy)]
enum Language {
    Thai,
    Vietnamese,
    Indonesian,
    English,
}

impl Buyers {
    /// What follows of an effect that was done at an instant.
    pub(crate) fn react(&self, asked: &Value, now: i64, shop: &Shop) -> Vec<Line> {
        let effect = &asked["effect"];
        let Some(id) = effect["id"].as_str() else { return Vec::new() };
        let mut dice = dice(self.seed, id);
        if let Some(dm) = effect.get("send_dm") {
            return self.written_to(&mut dice, id, dm, now, shop);
        }
        if let Some(reply) = effect.get("public_reply") {
            return self.replied_to(&mut dice, id, reply, now);
        }
        match effect.get("notify_inbox") {
            Some(note) => handed_over(&mut dice, id, note, now),
            None => Vec::new(),
        }
    }

    /// Whoever is told in public to look into their inbox writes, where nothing came.
    fn replied_to(&self, dice: &mut StdRng, id: &str, reply: &Value, now: i64) -> Vec<Line> {
        let comment = reply["comment_id"].as_str().unwrap_or_default();
        let Some(user) = self.in_public_only.get(comment).filter(|_| dice.random_range(0..100) < 60) else {
            return Vec::new();
        };
        let language = language_of(reply["text"].as_str().unwrap_or_default());
        let text = language.opening(dice);
        vec![message(now + dice.random_range(30 * SECOND..8 * MINUTE), id, user, text, None)]
    }

    fn written_to(&self, dice: &mut StdRng, id: &str, dm: &Value, now: i64, shop: &Shop) -> Vec<Line> {
        let (user, text) = (dm["user_id"].as_str().unwrap_or_default(), dm["text"].as_str().unwrap_or_default());
        let language = language_of(text);
        let mut lines = Vec::new();
        if dice.random_range(0..100) < 40 {
            let fields = json!({ "dm_id": id, "status": "read" });
            lines.push(Line::new(now + dice.random_range(2 * SECOND..MINUTE), format!("read:{id}"), "receipt", fields));
        }
        if dm.get("member").is_some() || dice.random_range(0..100) < 12 {
            // They read, and say nothing.
            return lines;
        }
        let at = now + dice.random_range(15 * SECOND..6 * MINUTE);
        if let Some(options) = dm["options"].as_array().filter(|options| !options.is_empty()) {
            let option = &options[dice.random_range(0..options.len())];
            let (label, option) = (option["label"].as_str().unwrap_or_default(), option["id"].as_str());
            lines.push(match dice.random_range(0..100) {
                0..82 => message(at, id, user, label, option),
                82..95 => message(at, id, user, label, None),
                _ => message(at, id, user, language.chat(dice), None),
            });
        } else if dm.get("card").is_some() {
            lines.extend(bought(dice, id, user, &dm["card"], now, shop));
        } else if let Some(asked) = shop.asks(text) {
            let answer = match asked {
                Asked::Anything => language.answer().to_owned(),
                Asked::Number => dice.random_range(1..4).to_string(),
                Asked::Email => format!("{user}@mail.example"),
                Asked::Phone => format!("08{:08}", dice.random_range(0..100_000_000)),
                Asked::Pattern => "10110".to_owned(),
            };
            lines.push(message(at, id, user, &answer, None));
        } else if id.starts_with('c') && dice.random_range(0..100) < 75 {
            // The first word that they are sent: whoever is interested says so, and opens the window.
            lines.push(message(at, id, user, language.opening(dice), None));
        } else if dice.random_range(0..100) < 4 {
            lines.push(message(at, id, user, language.chat(dice), None));
        }
        lines
    }
}

fn message(at: i64, effect: &str, user: &str, text: &str, option: Option<&str>) -> Line {
    let id = format!("m:{effect}");
    let mut fields = json!({ "message_id": id, "user_id": user, "text": text });
    if let Some(option) = option {
        fields["option"] = json!(option);
    }
    Line::new(at, id, "message", fields).said(user, text)
}

/// Some of those who were sent a link buy; most of them are known to the shop by the name that TikTok Shop gives them.
fn bought(dice: &mut StdRng, effect: &str, user: &str, card: &Value, now: i64, shop: &Shop) -> Vec<Line> {
    let likely = if card["product"].is_string() { 42 } else { 12 };
    if dice.random_range(0..100) >= likely {
        return Vec::new();
    }
    let other = dice.random_range(0..100) < 12;
    let (product, sku) = match card["product"].as_str().filter(|_| !other) {
        Some(product) => (product, card["sku"].as_str().unwrap_or_else(|| shop.variant(product))),
        None => shop.product(dice.random_range(0..200)),
    };
    let (count, at) = (dice.random_range(1..3), now + dice.random_range(2 * MINUTE..50 * MINUTE));
    let (total, shop_user) = (Shop::price(product) * count, format!("shop-{user}"));
    let (id, mut lines) = (format!("o:{effect}"), Vec::new());
    if dice.random_range(0..100) < 88 {
        let fields = json!({ "user_id": user, "shop_user_id": shop_user });
        lines.push(Line::new(at - MINUTE, format!("i:{effect}"), "identity", fields));
    }
    let fields = json!({ "order_id": id, "user_id": shop_user, "currency": "THB", "total_minor": total,
        "lines": [{ "sku_id": sku, "product_id": product, "quantity": count, "amount_minor": total }] });
    lines.push(Line::new(at, id.clone(), "order", fields));
    let later = at + dice.random_range(10 * MINUTE..120 * MINUTE);
    match dice.random_range(0..100) {
        0..4 => lines.push(Line::new(later, format!("x:{effect}"), "order_cancelled", json!({ "order_id": id }))),
        4..8 => {
            let fields = json!({ "refund_id": format!("r:{effect}"), "order_id": id, "amount_minor": total / count });
            lines.push(Line::new(later, format!("r:{effect}"), "refund", fields));
        }
        _ => {}
    }
    lines
}

/// A member of the shop answers, and gives the conversation back or closes it.
fn handed_over(dice: &mut StdRng, effect: &str, note: &Value, now: i64) -> Vec<Line> {
    let reason = note["reason"].as_str().unwrap_or_default();
    if reason == "buyer_message" || dice.random_range(0..100) >= 75 {
        return Vec::new();
    }
    let (user, member) = (note["user_id"].as_str().unwrap_or_default(), MEMBERS[dice.random_range(0..MEMBERS.len())]);
    let at = now + dice.random_range(4 * MINUTE..25 * MINUTE);
    let written = json!({ "message_id": format!("w:{effect}"), "user_id": user, "member": member,
        "text": "Thank you for writing. We look after it." });
    let end = if dice.random_range(0..100) < 60 { "close" } else { "hand_back" };
    vec![
        Line::new(at, format!("w:{effect}"), "member_message", written),
        Line::new(at + 3 * MINUTE, format!("e:{effect}"), end, json!({ "user_id": user, "member": member })),
    ]
}

fn language_of(text: &str) -> Language {
    let has = |range: std::ops::RangeInclusive<char>| text.chars().any(|character| range.contains(&character));
    if has('\u{e00}'..='\u{e7f}') {
        Language::Thai
    } else if has('\u{1ea0}'..='\u{1ef9}') || text.contains(['đ', 'ơ', 'ư', 'ă']) {
        Language::Vietnamese
    } else if [" ya", "kak", "Kak", "yang"].iter().any(|word| text.contains(word)) {
        Language::Indonesian
    } else {
        Language::English
    }
}

impl Language {
    fn opening(self, dice: &mut StdRng) -> &'static str {
        let from = match self {
            Self::Thai => ["สนใจค่ะ", "ขอรายละเอียดหน่อยค่ะ", "มาจากคลิปค่ะ"],
            Self::Vietnamese => ["Mình quan tâm ạ", "tư vấn giúp mình với", "Mình xem video rồi"],
            Self::Indonesian => ["minat kak", "boleh info lengkapnya kak", "aku dari video tadi"],
            Self::English => ["I'm interested", "tell me more please", "came from your video"],
        };
        from[dice.random_range(0..from.len())]
    }

    fn answer(self) -> &'static str {
        match self {
            Self::Thai => "ผิวแพ้ง่ายค่ะ",
            Self::Vietnamese => "da nhạy cảm ạ",
            Self::Indonesian => "kulit kering kak",
            Self::English => "combination skin",
        }
    }

    fn chat(self, dice: &mut StdRng) -> &'static str {
        let from = match self {
            Self::Thai => ["มีส่วนลดไหมคะ", "ขอคุยกับแอดมินหน่อยค่ะ", "คืนเงินได้ไหมคะ"],
            Self::Vietnamese => ["có giảm giá không ạ", "cho mình gặp nhân viên", "mình muốn hoàn tiền"],
            Self::Indonesian => ["ada diskon ga kak?", "mau bicara sama admin", "bisa refund ga kak?"],
            Self::English => ["any discount?", "can I talk to a human", "I want a refund"],
        };
        from[dice.random_range(0..from.len())]
    }
}
