//! The same history with one, two and four services: each contact's events come to the same.

use crate::{Arguments, BODY, Run, hold::is_duplicate, servers::Servers};
use chatsparks_crash::{
    fleet::{Feeding, is_outcome},
    shop,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub(crate) async fn run(arguments: &Arguments, servers: &Servers) {
    let (document, events) = (shop::talkative(), shop::random(arguments.seed, arguments.contacts, arguments.events));
    let mut told = Vec::new();
    for workers in [1, 2, 4] {
        let url = servers.url(&format!("of{workers}"));
        let run = Run::start(arguments, &url, workers, &document, |_| None).await;
        run.fleet.feed(&events, Feeding { seed: arguments.seed, body: BODY, pause: Duration::ZERO }).await;
        run.fleet.drained().await;
        told.push(outcomes(&run.fleet.records().await));
        run.fleet.stop();
    }
    let [one, others @ ..] = told.as_slice() else { return };
    let kinds: BTreeMap<&str, usize> = one.values().flatten().fold(BTreeMap::new(), |mut kinds, (kind, _)| {
        *kinds.entry(kind.as_str()).or_default() += 1;
        kinds
    });
    for kind in ["comment", "message", "order", "timer"] {
        assert!(kinds.contains_key(kind), "there is no {kind} in it: {kinds:?}");
    }
    for (other, workers) in others.iter().zip([2, 4]) {
        for (contact, outcomes) in one {
            assert_eq!(other.get(contact), Some(outcomes), "{contact:?}: otherwise with {workers} services");
        }
        assert_eq!(one.len(), other.len());
    }
    let contacts: BTreeSet<&str> = one.keys().map(|(user, _)| user.as_str()).collect();
    println!("{} contacts have the same outcomes with 1, 2 and 4 services: {kinds:?}", contacts.len());
}

/// What each contact's events and timers came to, what was said to them, and what is now so; by the kind of outcome. Whoever
/// a shop's id is linked to has its orders from then on: between partitions there is no order (R3).
fn outcomes(records: &[Value]) -> BTreeMap<(String, u64), Vec<(String, String)>> {
    let mut outcomes: BTreeMap<(String, u64), Vec<(String, String)>> = BTreeMap::new();
    for record in records {
        // What was sent again came twice; an outcome comes when it comes.
        if is_outcome(record) || is_duplicate(&record["outcome"]) {
            continue;
        }
        let Some(user) = record["user_id"].as_str() else { continue };
        let mut told = record.clone();
        let fields = told.as_object_mut().unwrap();
        fields.remove("seq");
        let is_timer = fields.contains_key("timer");
        let kind = record["outcome"].as_object().and_then(|outcome| outcome.keys().next().cloned());
        let kind = if is_timer { "timer".to_owned() } else { kind.unwrap_or_default() };
        let partition = record["partition"].as_u64().unwrap();
        outcomes.entry((user.to_owned(), partition)).or_default().push((kind, told.to_string()));
    }
    outcomes
}
