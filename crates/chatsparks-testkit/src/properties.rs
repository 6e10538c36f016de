//! What must hold of the records of any replay, the engine's or the model's.

use chatsparks_core::{Envelope, Event};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many cases a property test runs: `PROPTEST_CASES`, else so many.
pub fn cases(default: u32) -> proptest::test_runner::Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default);
    proptest::test_runner::Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Default::default() }
}

/// An event that stands twice in the history changes nothing the second time (T3), also at a later instant.
pub fn twice(history: &[Envelope]) -> Vec<Envelope> {
    history.iter().flat_map(|envelope| [envelope.clone(), envelope.clone()]).collect()
}

/// The result of a record's comment, and the trigger named.
pub fn comment_result(record: &Value) -> Option<(&str, Option<&str>)> {
    let comment = record["outcome"].get("comment")?;
    Some((comment["result"].as_str()?, comment["trigger"].as_str()))
}

/// The firings of a replay: contact, trigger, instant in milliseconds, in the order decided.
pub fn firings(records: &[Value]) -> Vec<(String, String, i64)> {
    let fired = records.iter().filter_map(|record| {
        let (result, trigger) = comment_result(record)?;
        let at: chatsparks_core::Instant = record["at"].as_str()?.parse().ok()?;
        ["fired", "queued", "awaiting_message", "undeliverable"].contains(&result).then_some(())?;
        Some((record["user_id"].as_str()?.to_owned(), trigger?.to_owned(), at.as_milliseconds()))
    });
    fired.collect()
}

/// What one effect does, and its body.
pub fn effects(record: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let effects = record["effects"].as_array().map_or(&[][..], Vec::as_slice);
    effects.iter().filter_map(|effect| {
        effect.as_object()?.iter().find(|(name, _)| *name != "id").map(|(name, body)| (name.as_str(), body))
    })
}

/// The ids of all effects of a replay that stand there more than once (T6).
pub fn repeated_effect_ids(records: &[Value]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let ids = records.iter().flat_map(|record| record["effects"].as_array().cloned().unwrap_or_default());
    ids.filter_map(|effect| effect["id"].as_str().map(str::to_owned)).filter(|id| !seen.insert(id.clone())).collect()
}

/// What is left of all orders by currency, from the state, and what it should be by the orders themselves (A6).
pub fn books(history: &[Envelope], records: &[Value], state: &Value) -> (BTreeMap<String, i64>, BTreeMap<String, i64>) {
    let (mut said, mut wanted) = (BTreeMap::new(), BTreeMap::new());
    for order in state["orders"].as_array().into_iter().flatten() {
        let currency = order["currency"].as_str().unwrap_or_default().to_owned();
        *said.entry(currency).or_default() += order["net_minor"].as_i64().unwrap_or_default();
    }
    let taken: BTreeSet<&str> = records
        .iter()
        .filter(|record| record["outcome"].get("order").is_some() || record["outcome"].get("applied").is_some())
        .filter_map(|record| record["event"].as_str())
        .collect();
    let mut seen = BTreeSet::new();
    let events: Vec<&Envelope> =
        history.iter().filter(|envelope| taken.contains(envelope.id.as_str()) && seen.insert(&envelope.id)).collect();
    for order in events.iter().filter_map(|envelope| match &envelope.event {
        Event::Order(order) => Some(order),
        _ => None,
    }) {
        let mut left = order.total_minor;
        for envelope in &events {
            match &envelope.event {
                Event::Refund(refund) if refund.order_id == order.order_id => left -= refund.amount_minor,
                Event::OrderCancelled(id) if *id == order.order_id => left = i64::MIN / 2,
                _ => {}
            }
        }
        *wanted.entry(order.currency.to_string()).or_default() += left.max(0);
    }
    (said, wanted)
}
