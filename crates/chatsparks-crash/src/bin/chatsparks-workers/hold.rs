//! What was promised, held against what is there.

use crate::{Arguments, Run};
use chatsparks_core::{Row, WorkspaceId};
use chatsparks_crash::WORKSPACE;
use chatsparks_jetstream::JetStreamStore;
use chatsparks_ports::Store;
use chatsparks_postgres::PostgresStore;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// What the records say.
#[derive(Default)]
struct Told {
    /// The ids of events that were decided.
    decided: BTreeSet<String>,
    /// Each effect, and whether it is a DM.
    effects: BTreeMap<String, bool>,
    /// Replies and messages of each contact, in the order decided.
    order: BTreeMap<String, Vec<String>>,
    duplicates: usize,
    partitions: usize,
}

impl Told {
    fn by(records: &[Value]) -> Self {
        let mut told = Self::default();
        let mut next: BTreeMap<u64, u64> = BTreeMap::new();
        for record in records {
            let next = next.entry(record["partition"].as_u64().unwrap()).or_default();
            assert_eq!(record["seq"].as_u64(), Some(*next), "a record is missing or there twice");
            *next += 1;
            if is_duplicate(&record["outcome"]) {
                told.duplicates += 1;
                continue;
            }
            if let Some(event) = record["event"].as_str() {
                let is_everywhere = event.starts_with("configure:") || event.starts_with("clock:");
                assert!(told.decided.insert(event.to_owned()) || is_everywhere, "R1: {event} was decided twice");
            }
            for effect in record["effects"].as_array().into_iter().flatten() {
                let id = effect["id"].as_str().unwrap().to_owned();
                let is_dm = effect.get("send_dm").is_some();
                if is_dm || effect.get("public_reply").is_some() {
                    let user = record["user_id"].as_str().unwrap().to_owned();
                    told.order.entry(user).or_default().push(id.clone());
                }
                assert!(told.effects.insert(id.clone(), is_dm).is_none(), "T6: {id} is used twice");
            }
        }
        told.partitions = next.len();
        told
    }
}

/// T3: a comment or message that came before says so in its own outcome, everything else is one.
pub(crate) fn is_duplicate(outcome: &Value) -> bool {
    let of = |kind: &str| outcome[kind]["result"] == "duplicate";
    outcome.get("duplicate").is_some() || of("comment") || of("message")
}

/// Holds all of it.
pub(crate) async fn hold(arguments: &Arguments, run: &Run, events: &[String], url: &str) {
    let records = run.fleet.records().await;
    let told = Told::by(&records);
    for event in events {
        let event: Value = serde_json::from_str(event).unwrap();
        let id = event["id"].as_str().unwrap();
        assert!(told.decided.contains(id), "R1: {id} was acknowledged and never decided");
    }
    let delivered = std::mem::take(&mut *run.delivered.lock().unwrap());
    let sent = delivered.by_effect(|id| told.effects.contains_key(id));
    for (id, is_dm) in &told.effects {
        assert!(sent.contains_key(id.as_str()), "O1: {id} was never sent");
        assert!(!is_dm || told.decided.contains(&format!("outcome:{id}")), "O1: {id} has no outcome");
    }
    for (contact, ids) in &told.order {
        assert_eq!(delivered.in_order.get(contact), Some(ids), "O2: effects of {contact} out of order");
    }
    // R7: used = granted = the limit, wherever it is asked.
    assert!(arguments.contacts > arguments.limit, "a limit that nobody reaches shows nothing");
    let state = run.fleet.ask(&format!("/v1/workspaces/{WORKSPACE}/state")).await;
    assert_eq!(state["mac"]["count"], json!(arguments.limit), "R7: as many are counted as may be");
    let (used, granted, drawn) = if url.starts_with("nats:") {
        let options = chatsparks_jetstream::Options::from_url(url).unwrap();
        in_store(JetStreamStore::open(options).await.unwrap(), &told).await
    } else {
        in_store(PostgresStore::open(url, chatsparks_postgres::Options::default()).await.unwrap(), &told).await
    };
    let limit = arguments.limit as u64;
    assert_eq!((used, granted, drawn), (limit, limit, limit), "R7: used, granted and drawn are the limit");
    // R3: each partition's records are those of its replay.
    let verified = Command::new(&arguments.binary).args(["verify", url]).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success(), "R3: {said}{}", String::from_utf8_lossy(&verified.stderr));
    let twice = sent.values().filter(|times| **times > 1).count();
    println!(
        "{} records in {} partitions, {} of them duplicates; {} effects, {twice} of them delivered more than once under one \
         key; {used} contacts counted, {granted} granted, {drawn} drawn; every partition verified",
        records.len(),
        told.partitions,
        told.duplicates,
        told.effects.len(),
    );
}

/// Contacts counted, room granted and room drawn; and each effect has one outcome.
async fn in_store<S: Store>(store: S, told: &Told) -> (u64, u64, u64) {
    let workspace = WorkspaceId::from(WORKSPACE);
    let counts = store.count(&workspace).await.unwrap();
    assert_eq!(counts.sent, told.effects.len() as u64, "O1: each effect has one outcome");
    assert_eq!((counts.failed, counts.dead), (0, 0), "O1: none failed");
    let (mut used, mut granted, mut cycle) = (0, 0, None);
    for row in store.heads(&workspace).await.unwrap().into_iter().flatten() {
        match row {
            Row::Room(room) => {
                used += room.used();
                granted += room.granted().unwrap_or(0);
            }
            Row::Terms(terms) => cycle = cycle.or(terms.cycle_start()),
            _ => {}
        }
    }
    (used, granted, store.drawn(&workspace, cycle.unwrap()).await.unwrap())
}
