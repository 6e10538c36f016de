//! A workspace in memory and a history told event by event, for tests of money and usage.

#![allow(dead_code)]

use chatsparks_core::{Engine, Insights};
use chatsparks_replay::{Format, Reader, Replay, read_workspace};
use proptest::test_runner::{Config as ProptestConfig, FileFailurePersistence};
use serde_json::{Value, json};

/// So many random cases; the seed of one that fails is printed, and kept beside the test in a file ending in `.seeds`.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let seeds = FileFailurePersistence::WithSource("seeds");
    ProptestConfig { cases, failure_persistence: Some(Box::new(seeds)), ..ProptestConfig::default() }
}

/// A replay, and the insights folded along with it.
pub(crate) struct Scene {
    pub(crate) replay: Replay,
    pub(crate) insights: Insights,
    /// Every record so far.
    pub(crate) records: Vec<Value>,
    events: usize,
}

impl Scene {
    pub(crate) fn new(workspace: &Value) -> Self {
        let workspace = read_workspace(workspace.to_string().as_bytes(), Format::Json).unwrap();
        let engine = Engine::compile(workspace).unwrap();
        Self { replay: Replay::new(engine), insights: Insights::new(), records: Vec::new(), events: 0 }
    }

    /// Lets an event happen; gives back its own record and those of the timers that it made due.
    pub(crate) fn push(&mut self, at: &str, mut event: Value) -> Vec<Value> {
        self.events += 1;
        event["id"] = format!("e{}", self.events).into();
        event["at"] = at.into();
        let line = Reader::new(event.to_string().as_bytes(), "test").next().unwrap().unwrap();
        let mut records = Vec::new();
        self.replay.push(&line.envelope, |record| {
            self.insights.add(record.user_id(), &record.decision.facts);
            records.push(serde_json::to_value(record).unwrap());
        });
        self.records.extend(records.iter().cloned());
        records
    }

    /// The outcome of an event that made no timer due.
    pub(crate) fn outcome(&mut self, at: &str, event: Value) -> Value {
        let records = self.push(at, event);
        let own = records.iter().find(|record| record.get("event").is_some()).unwrap();
        own["outcome"].clone()
    }

    /// Net and overlap of an order, as the state has them.
    pub(crate) fn books(&self, order_id: &str) -> (i64, i64) {
        let state = self.replay.state();
        let order = state.orders.iter().find(|order| order.order_id == order_id).unwrap();
        (order.net_minor, order.overlap_minor)
    }
}

/// A shop with two triggers: `card` links SKU `s30`, `page` the shop's own page.
pub(crate) fn shop() -> Value {
    json!({
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
        "products": [ { "id": "p", "name": "Serum", "skus": [ { "id": "s30", "name": "30" }, { "id": "s50", "name": "50" } ] } ],
        "triggers": [
            { "id": "card", "when": { "keywords": { "words": ["card"] } }, "flow": "card", "throttle_hours": 0 },
            { "id": "page", "when": { "keywords": { "words": ["page"] } }, "flow": "page", "throttle_hours": 0 } ],
        "flows": [
            { "id": "card", "version": 1, "blocks": [ { "id": "b", "shop_link": { "product": "p", "sku": "s30" } } ] },
            { "id": "page", "version": 1, "blocks": [ { "id": "b", "shop_link": { "text": "Here" } } ] } ],
        "members": [
            { "email": "ann@glow.example", "role": "owner", "status": "active" },
            { "email": "bee@glow.example", "role": "member", "status": "active" } ],
    })
}

pub(crate) fn comment(comment_id: &str, user_id: &str, text: &str) -> Value {
    json!({ "type": "comment", "comment_id": comment_id, "post_id": "v1", "user_id": user_id, "text": text })
}

/// An order of one line.
pub(crate) fn order(order_id: &str, user_id: &str, sku: &str, total: i64) -> Value {
    json!({ "type": "order", "order_id": order_id, "user_id": user_id, "currency": "THB", "total_minor": total,
            "lines": [ { "sku_id": sku, "amount_minor": total } ] })
}

pub(crate) fn refund(refund_id: &str, order_id: &str, amount: i64) -> Value {
    json!({ "type": "refund", "refund_id": refund_id, "order_id": order_id, "amount_minor": amount })
}

pub(crate) fn cancel(order_id: &str) -> Value {
    json!({ "type": "order_cancelled", "order_id": order_id })
}

pub(crate) fn review(order_id: &str, verdict: &str) -> Value {
    json!({ "type": "order_review", "order_id": order_id, "verdict": verdict, "member": "ann@glow.example" })
}
