//! A workspace of eight partitions through the runtime, over memory and over SQLite (R4, R7, R8).

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use chatsparks_core::{
    Configured, Engine, Envelope, Event, EventId, InsightNumber, Insights, Instant, Partition, Period, Row, Scratch,
    WorkspaceId, workspace::Workspace,
};
use chatsparks_ports::{Cursor, Limit, Log, ManualClock, MemoryStore, Shard, Store};
use chatsparks_replay::Replay;
use chatsparks_runtime::{ClockMode, NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::{
    drive,
    generate::{Case, Focus, case},
    properties,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

mod limits;
mod places;

const PARTITIONS: u32 = 8;

/// How a history is sent: so many events a body, and the runtime is stopped after every so many bodies.
#[derive(Clone, Copy, Debug)]
struct Sent {
    body: usize,
    stop: usize,
    batch: usize,
}

fn sent() -> impl Strategy<Value = Sent> {
    (1usize..30, 1usize..20, 1usize..12).prop_map(|(body, stop, batch)| Sent { body, stop, batch })
}

/// What came of it.
struct Ran {
    /// Each record, with its partition.
    records: Vec<(u32, Value)>,
    /// What each partition decided, as it replays.
    histories: Vec<Vec<Envelope>>,
    /// Each partition's head.
    heads: Vec<Vec<Row>>,
    /// What was drawn of each cycle that a partition is in.
    drawn: BTreeMap<Instant, u64>,
    insights: Vec<(InsightNumber, i128)>,
}

fn memory() -> (Arc<MemoryStore>, ()) {
    (Arc::new(MemoryStore::new(PARTITIONS)), ())
}

fn sqlite() -> (Arc<SqliteStore>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::default();
    options.partitions = Some(PARTITIONS);
    (Arc::new(SqliteStore::open(folder.path().join("store.db"), options).unwrap()), folder)
}

fn runs<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap().block_on(what)
}

async fn start<S: Store>(store: &Arc<S>, workspace: &Workspace, batch: usize) -> Runtime<S> {
    let mut settings = Settings::default();
    settings.clock = ClockMode::Events;
    settings.trust_at = true;
    settings.batch = batch;
    settings.contacts_at_hand = 2;
    let clock = ManualClock::new(Instant::from_milliseconds(1_772_000_000_000));
    let setup = WorkspaceSetup::new(workspace.clone(), "digest");
    Runtime::start(store.clone(), Arc::new(clock), settings, vec![setup]).await.unwrap()
}

/// Waits until everything logged is decided.
async fn settled<S: Store>(runtime: &Runtime<S>) {
    let mut commits = runtime.commits();
    loop {
        let health = runtime.health().await;
        if health.shards.iter().all(|shard| shard.lag == 0) {
            return;
        }
        assert!(health.shards.iter().all(|shard| shard.trouble.is_none()), "{health:?}");
        let _ = tokio::time::timeout(Duration::from_millis(50), commits.changed()).await;
    }
}

fn event(envelope: &Envelope) -> NewEvent {
    NewEvent { id: envelope.id.clone(), at: Some(envelope.at), event: envelope.event.clone() }
}

async fn run<S: Store>(store: Arc<S>, workspace: &Workspace, history: &[Envelope], sent: Sent) -> Ran {
    let id = &workspace.workspace.id;
    let mut runtime = start(&store, workspace, sent.batch).await;
    for (place, body) in history.chunks(sent.body).enumerate() {
        runtime.accept(id, body.iter().map(event).collect()).await.unwrap();
        if place % sent.stop == sent.stop - 1 {
            runtime.stop(Duration::from_secs(30)).await;
            runtime = start(&store, workspace, sent.batch).await;
        }
    }
    settled(&runtime).await;
    runtime.stop(Duration::from_secs(30)).await;
    ran(&*store, id).await
}

/// Sends a history in parts, each once the one before is decided.
async fn in_parts(workspace: &Workspace, parts: &[&[Envelope]]) -> Ran {
    let (store, _kept) = memory();
    let runtime = start(&store, workspace, 5).await;
    for part in parts {
        runtime.accept(&workspace.workspace.id, part.iter().map(event).collect()).await.unwrap();
        settled(&runtime).await;
    }
    runtime.stop(Duration::from_secs(30)).await;
    ran(&*store, &workspace.workspace.id).await
}

async fn ran<S: Store>(store: &S, id: &WorkspaceId) -> Ran {
    let (records, _) = store.records(id, &Cursor::default(), usize::MAX >> 1).await.unwrap();
    let records =
        records.into_iter().map(|record| (record.partition, serde_json::from_str(&record.line).unwrap())).collect();
    let mut histories = Vec::new();
    for partition in 0..PARTITIONS {
        let shard = Shard { workspace: id.clone(), partition };
        let (until, mut after) = (store.decided(&shard).await.unwrap(), 0);
        let mut history = Vec::new();
        loop {
            let page = store.history(&shard, after, until, Limit { events: 3, bytes: 1 << 20 }).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.position;
            history.extend(page.into_iter().map(|logged| logged.envelope));
        }
        histories.push(history);
    }
    let heads = store.heads(id).await.unwrap();
    let mut drawn = BTreeMap::new();
    for row in heads.iter().flatten() {
        if let Row::Terms(terms) = row
            && let Some(cycle) = terms.cycle_start()
        {
            drawn.insert(cycle, store.drawn(id, cycle).await.unwrap());
        }
    }
    let insights = store.insights(id).await.unwrap();
    Ran { records, histories, heads, drawn, insights }
}

impl Ran {
    fn of(&self, partition: u32) -> Vec<&Value> {
        self.records.iter().filter(|(of, _)| *of == partition).map(|(_, record)| record).collect()
    }

    /// R7, R10, I2: each partition's history gives its records again, by itself, and all together the insights.
    fn replays(&self, workspace: &Workspace) {
        let (mut folded, mut kept) = (Insights::new(), Insights::new());
        for envelopes in &self.histories {
            let mut replay = Replay::new(Engine::compile(workspace.clone()).unwrap());
            for envelope in envelopes {
                replay.push(envelope, |record| folded.add(record.user_id(), &record.decision.facts));
            }
        }
        self.insights.iter().for_each(|(number, by)| kept.apply(number, *by));
        assert_eq!(serde_json::to_value(kept).unwrap(), serde_json::to_value(folded).unwrap());
        for (partition, history) in (0..).zip(&self.histories) {
            let again = drive(workspace, history).records;
            let records = self.of(partition);
            for (found, wanted) in records.iter().zip(&again) {
                assert_eq!(*found, wanted, "partition {partition}");
            }
            assert_eq!(records.len(), again.len(), "partition {partition}");
        }
    }
}

/// In the order of their instants: what is late for one driver need not be for a partition (T4).
fn in_order(mut history: Vec<Envelope>) -> Vec<Envelope> {
    history.sort_by_key(|envelope| envelope.at);
    let end = history.last().map(|last| last.at.after(Period::days(90)));
    history.extend(end.map(|at| Envelope { id: EventId::from("the-end"), at, event: Event::Clock }));
    history
}

fn without_a_plan(workspace: &mut Workspace, history: &mut [Envelope]) {
    workspace.plan = None;
    for envelope in history {
        if let Event::Configure(configured) = &mut envelope.event
            && let Some(document) = configured.workspace()
        {
            **configured = Configured::from(Workspace { plan: None, ..Workspace::clone(document) });
        }
    }
}

/// A document with one trigger, `price`, whose flow sends a link; and a plan.
fn document(limit: Option<u64>) -> Workspace {
    let mut document = json!({
        "workspace": { "id": "w", "name": "W", "account_user_id": "acct" },
        "products": [ { "id": "p", "name": "Serum" } ],
        "triggers": [ { "id": "t", "when": { "keywords": { "words": ["price"] } }, "flow": "f" } ],
        "flows": [ { "id": "f", "version": 1, "blocks": [
            { "id": "a", "shop_link": { "product": "p", "text": "Here" } } ] } ] });
    if let Some(limit) = limit {
        document["plan"] = json!({ "mac_limit": limit, "subscribed_at": "2026-03-01T00:00:00Z",
            "listening_window_days": 30 });
    }
    serde_json::from_value(document).unwrap()
}

fn lines(lines: &[String]) -> Vec<Envelope> {
    let text = lines.join("\n");
    chatsparks_replay::Reader::new(text.as_bytes(), "h").map(|line| line.unwrap().envelope).collect()
}

fn comment(n: usize, user: &str, second: usize) -> String {
    let at = "2026-03-02T10:00:00Z".parse::<Instant>().unwrap().after(Period::seconds(second as i64));
    format!(
        r#"{{"id":"e{n}","at":"{at}","type":"comment","comment_id":"c{n}","post_id":"v","user_id":"{user}","text":"price"}}"#
    )
}
