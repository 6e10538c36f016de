//! What must hold of the records of any replay, the engine's or the model's.

use chatsparks_core::{Envelope, Event, Instant};
use proptest::test_runner::{Config, FileFailurePersistence};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many cases a property test runs: `PROPTEST_CASES`, else so many.
///
/// The seed of a case that fails is printed and kept beside the test's source, in a file that ends in `.seeds`: it is
/// tried first from then on, by whoever has the file.
pub fn cases(default: u32) -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default);
    let seeds = FileFailurePersistence::WithSource("seeds");
    // A case that waits for what does not come is not made smaller for hours.
    let (max_shrink_iters, max_shrink_time) = (20_000, 120_000);
    Config {
        cases,
        failure_persistence: Some(Box::new(seeds)),
        max_shrink_iters,
        max_shrink_time,
        ..Default::default()
    }
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

/// The least time between two firings of each trigger for each contact, in milliseconds, in the order decided (C6).
///
/// A firing whose start was dropped because its comment was removed has never been (P5).
pub fn least_between_firings(history: &[Envelope], records: &[Value]) -> BTreeMap<(String, String), i64> {
    let mut standing = BTreeMap::<(String, String), Vec<(String, i64)>>::new();
    let mut least = BTreeMap::new();
    for record in records {
        let user = record["user_id"].as_str().unwrap_or_default();
        let key = |trigger: &Value| (user.to_owned(), trigger.as_str().unwrap_or_default().to_owned());
        let at = instant(record);
        for (fact, body) in facts(record) {
            if fact == "trigger_fired" {
                let firings = standing.entry(key(&body["trigger"])).or_default();
                for (_, before) in firings.iter() {
                    let between: &mut i64 = least.entry(key(&body["trigger"])).or_insert(i64::MAX);
                    *between = (at - before).min(*between);
                }
                firings.push((body["comment_id"].as_str().unwrap_or_default().to_owned(), at));
            }
            if fact == "dropped"
                && body["reason"] == "comment_removed"
                && let Some(Event::CommentRemoved(of)) = event_of(history, record)
            {
                standing
                    .entry(key(&body["trigger"]))
                    .or_default()
                    .retain(|(comment, _)| *comment != of.comment_id.as_str());
            }
        }
    }
    least
}

/// When a record was decided, in milliseconds.
pub fn instant(record: &Value) -> i64 {
    let at = record["at"].as_str().and_then(|at| at.parse::<Instant>().ok());
    at.map_or(i64::MIN, Instant::as_milliseconds)
}

/// The event that a record is about; events of one id are alike.
pub fn event_of<'a>(history: &'a [Envelope], record: &Value) -> Option<&'a Event> {
    let id = record["event"].as_str()?;
    history.iter().find(|envelope| envelope.id == id).map(|envelope| &envelope.event)
}

/// What one effect does, and its body.
pub fn effects(record: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let effects = record["effects"].as_array().map_or(&[][..], Vec::as_slice);
    effects.iter().filter_map(|effect| {
        effect.as_object()?.iter().find(|(name, _)| *name != "id").map(|(name, body)| (name.as_str(), body))
    })
}

/// What a record tells to be so: each fact's name, and its body.
pub fn facts(record: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let facts = record["facts"].as_array().map_or(&[][..], Vec::as_slice);
    facts.iter().filter_map(|fact| fact.as_object()?.iter().next().map(|(name, body)| (name.as_str(), body)))
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
