//! Glow, the example shop, on the day of its launch: the document of `examples/glow`, with a plan that is too small.

use crate::failure::Failure;
use chatsparks_core::Instant;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The example's document, letter by letter.
const GLOW: &str = include_str!("glow.json");
/// The video that was posted thirty days ago: its comments can be answered for minutes only.
pub(crate) const OLD_VIDEO: &str = "v00";

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// The instants of the day, in milliseconds since 1970. It is told in Bangkok's time, where the shop is.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    /// 08:00.
    pub(crate) begins: i64,
    /// 18:30, when the owner takes a larger plan.
    pub(crate) raised: i64,
    /// 20:00, when the video is passed on.
    pub(crate) burst: i64,
    /// The end of the burst, three minutes later.
    pub(crate) burst_ends: i64,
    /// Midnight.
    pub(crate) ends: i64,
}

impl Times {
    /// Those of 15 March 2026.
    ///
    /// # Errors
    /// Never: the instant is one.
    pub(crate) fn new() -> Result<Self, Failure> {
        let begins: Instant = "2026-03-15T01:00:00Z".parse().map_err(|_| Failure::new("the day has no beginning"))?;
        let begins = begins.as_milliseconds();
        let burst = begins + 12 * HOUR;
        Ok(Self {
            begins,
            raised: begins + 10 * HOUR + 30 * MINUTE,
            burst,
            burst_ends: burst + 190_000,
            ends: begins + 16 * HOUR,
        })
    }

    /// The time of day in Bangkok, such as `20:03`.
    pub(crate) fn clock(at: i64) -> String {
        let minutes = (at + 7 * HOUR).div_euclid(MINUTE).rem_euclid(24 * 60);
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// What an answer to a question has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Anything,
    Number,
    Email,
    Phone,
    Pattern,
}

/// The shop.
pub(crate) struct Shop {
    document: Value,
    /// Contacts that the plan has room for.
    pub(crate) limit: u64,
    /// What the flows ask, by its text.
    questions: BTreeMap<String, Asked>,
    /// The products, each with its variants.
    products: Vec<(String, Vec<String>)>,
    /// Triggers that answer.
    pub(crate) triggers: usize,
}

impl Shop {
    /// The shop, before a day of so many comments.
    ///
    /// # Errors
    /// When its document is none.
    pub(crate) fn new(comments: u32, times: &Times) -> Result<Self, Failure> {
        let mut document: Value =
            serde_json::from_str(GLOW).map_err(|error| Failure::new(format!("the shop is no document: {error}")))?;
        let limit = u64::from(comments * 9 / 100).max(8);
        document["plan"]["mac_limit"] = json!(limit);
        // What TikTok grants in Thailand: one message to whoever comments, more once they write.
        document["policy"]["reach"] = json!({ "mode": "comment_to_message" });
        let published = times.burst - 30 * 24 * HOUR + 20 * MINUTE;
        let old = json!({ "id": OLD_VIDEO, "kind": "video", "published_at": super::agenda::instant(published), "tags": ["th"] });
        if let Some(posts) = document["posts"].as_array_mut() {
            posts.insert(0, old);
        }
        let questions = questions(&document);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let products = list(&document["products"]);
        let products = products
            .iter()
            .map(|product| (text(&product["id"]), list(&product["skus"]).iter().map(|sku| text(&sku["id"])).collect()));
        let products = products.collect();
        let triggers = list(&document["triggers"]).iter().filter(|trigger| trigger["status"] != "draft").count();
        Ok(Self { document, limit, questions, products, triggers })
    }

    /// Its document.
    pub(crate) fn document(&self) -> String {
        self.document.to_string()
    }

    /// The owner takes a plan that is large enough.
    pub(crate) fn raise(&mut self, limit: u64) {
        self.limit = limit;
        self.document["plan"]["mac_limit"] = json!(limit);
    }

    /// What a text of the shop's asks.
    pub(crate) fn asks(&self, text: &str) -> Option<Asked> {
        self.questions.get(text).copied()
    }

    /// A product, and one of its variants.
    pub(crate) fn product(&self, place: usize) -> (&str, &str) {
        let Some((product, skus)) = self.products.get(place % self.products.len().max(1)) else { return ("", "") };
        (product, skus.first().map_or("", String::as_str))
    }

    /// A variant of a product: the first.
    pub(crate) fn variant(&self, product: &str) -> &str {
        let found = self.products.iter().find(|(id, _)| id == product);
        found.and_then(|(_, skus)| skus.first()).map_or("", String::as_str)
    }

    /// What a product costs, in the minor unit: by its kind, which its id ends with.
    pub(crate) fn price(product: &str) -> i64 {
        const KINDS: [(&str, i64); 12] = [
            ("serum", 590),
            ("toner", 390),
            ("essence", 690),
            ("cream", 450),
            ("sunscreen", 350),
            ("cleanser", 220),
            ("oil", 320),
            ("mask", 245),
            ("cushion", 790),
            ("foundation", 650),
            ("tint", 259),
            ("matte", 289),
        ];
        KINDS.iter().find(|(kind, _)| product.ends_with(kind)).map_or(290, |(_, baht)| *baht) * 100
    }
}

/// What the flows ask, by its text. A text with a placeholder is never asked as it stands.
fn questions(document: &Value) -> BTreeMap<String, Asked> {
    let flows = document["flows"].as_array().into_iter().flatten();
    let blocks = flows.flat_map(|flow| flow["blocks"].as_array().into_iter().flatten());
    let asked = blocks.filter_map(|block| {
        let question = block.get("question")?;
        let asked = match &question["expect"] {
            Value::String(kind) if kind == "number" => Asked::Number,
            Value::String(kind) if kind == "email" => Asked::Email,
            Value::String(kind) if kind == "phone" => Asked::Phone,
            Value::Object(_) => Asked::Pattern,
            _ => Asked::Anything,
        };
        Some((question["text"].as_str()?.to_owned(), asked))
    });
    asked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_is_that_of_the_example() {
        let example =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/glow/workspace.json"));
        assert_eq!(GLOW, example.expect("the example"), "copy `examples/glow/workspace.json` here");
    }

    #[test]
    fn the_shop_with_its_small_plan_compiles() {
        let times = Times::new().expect("a day");
        let shop = Shop::new(20_000, &times).expect("a shop");
        let workspace = serde_json::from_str(&shop.document()).expect("a document");
        chatsparks_core::Engine::compile(std::sync::Arc::new(workspace)).expect("an engine");
        assert!(shop.questions.len() > 10 && shop.triggers == 55);
    }
}
