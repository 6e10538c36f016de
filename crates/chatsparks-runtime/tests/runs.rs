//! The runtime over a store in memory: what it decides is what a replay decides, whatever happens around it.

use chatsparks_core::{Engine, Envelope, Event, Insights, Instant, Period, WorkspaceId, workspace::Workspace};
use chatsparks_ports::{
    Archive, Attempt, Channel, Cursor, Delivery, Fault, Input, Log, ManualClock, MemoryStore, Queue, Shard, Shards,
    Stamp,
};
use chatsparks_replay::Replay;
use chatsparks_runtime::{ClockMode, NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_testkit::{
    build, drive,
    generate::{Case, Focus, case},
    properties,
    store_suite::make::{at, comment},
};
use proptest::prelude::*;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.clock = ClockMode::Events;
    settings.trust_at = true;
    settings.batch = 7;
    settings.contacts_at_hand = 2;
    settings
}

fn clock() -> ManualClock {
    ManualClock::new(Instant::from_milliseconds(1_772_000_000_000))
}

async fn start(store: &Arc<MemoryStore>, setup: WorkspaceSetup) -> Runtime<MemoryStore> {
    Runtime::start(store.clone(), Arc::new(clock()), settings(), vec![setup]).await.unwrap()
}

async fn records(store: &MemoryStore, workspace: &WorkspaceId) -> Vec<Value> {
    let (records, _) = store.records(workspace, &Cursor::default(), usize::MAX).await.unwrap();
    records.iter().map(|record| serde_json::from_str(&record.line).unwrap()).collect()
}

/// Waits until everything logged is decided.
async fn settled(runtime: &Runtime<MemoryStore>) {
    let mut commits = runtime.commits();
    loop {
        if runtime.health().await.shards.iter().all(|shard| shard.lag == 0) {
            return;
        }
        let _ = tokio::time::timeout(Duration::from_millis(200), commits.changed()).await;
    }
}

fn event(envelope: &chatsparks_core::Envelope) -> NewEvent {
    NewEvent { id: envelope.id.clone(), at: Some(envelope.at), event: envelope.event.clone() }
}

fn runs<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(what)
}

/// What a replay folds of a history.
fn folded(workspace: &Workspace, history: &[Envelope]) -> Value {
    let mut insights = Insights::new();
    let mut replay = Replay::new(Engine::compile(workspace.clone()).unwrap());
    for envelope in history {
        replay.push(envelope, |record| insights.add(record.user_id(), &record.decision.facts));
    }
    serde_json::to_value(&insights).unwrap()
}

proptest! {
    #![proptest_config(properties::cases(40))]

    /// R3, I2: with one partition, the records equal those of a replay, also across stops and with bodies of any size, and
    /// so do the insights.
    #[test]
    fn r3_the_records_are_those_of_a_replay(
        Case { workspace, history } in case(Focus::Everything, 60), body in 1usize..20, stop in 1usize..40,
    ) {
        let wanted = (drive(&workspace, &history).records, folded(&workspace, &history));
        let id = workspace.workspace.id.clone();
        let found = runs(async {
            let store = Arc::new(MemoryStore::new(1));
            let setup = || WorkspaceSetup::new(workspace.clone(), "digest");
            let mut runtime = start(&store, setup()).await;
            for (place, bodies) in history.chunks(body).enumerate() {
                let events = bodies.iter().map(event).collect();
                runtime.accept(&id, events).await.unwrap();
                if place % stop == stop - 1 {
                    runtime.stop(Duration::from_secs(10)).await;
                    runtime = start(&store, setup()).await;
                }
            }
            settled(&runtime).await;
            let insights = serde_json::to_value(runtime.insights(&id).await.unwrap()).unwrap();
            runtime.stop(Duration::from_secs(10)).await;
            (records(&store, &id).await, insights)
        });
        prop_assert_eq!(found, wanted);
    }
}

/// A channel that refuses now and then, and remembers what it was handed.
#[derive(Default)]
struct Recorder {
    handed: Mutex<BTreeMap<String, u32>>,
    order: Mutex<Vec<String>>,
    turn: Mutex<u32>,
}

impl Channel for Recorder {
    async fn perform(&self, delivery: &Delivery) -> Attempt {
        let turn = {
            let mut turn = self.turn.lock().unwrap();
            *turn += 1;
            *turn
        };
        if turn % 5 == 0 {
            return Attempt::Again(Some(Duration::from_millis(1)), Fault("busy".to_owned()));
        }
        if turn % 7 == 0 {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        *self.handed.lock().unwrap().entry(delivery.key.id.clone()).or_default() += 1;
        self.order.lock().unwrap().push(delivery.key.id.clone());
        Attempt::Sent
    }

    fn takes_keys(&self) -> bool {
        true
    }
}

/// O1, O2: each effect is sent and has one outcome; those of one contact go in the order decided.
#[test]
fn o1_each_effect_is_sent_and_each_dm_has_one_outcome() {
    let document = serde_json::json!({
        "workspace": { "id": "w", "name": "W", "account_user_id": "acct" },
        "triggers": [ { "id": "t", "when": { "keywords": { "words": ["price"] } }, "flow": "f", "public_reply": "See your DMs" } ],
        "flows": [ { "id": "f", "version": 1, "blocks": [
            { "id": "a", "message": { "text": "One" } }, { "id": "b", "message": { "text": "Two" } },
            { "id": "c", "message": { "text": "Three" } } ] } ] });
    let workspace: chatsparks_core::workspace::Workspace = serde_json::from_value(document).unwrap();
    let id = WorkspaceId::from("w");
    let recorder = Arc::new(Recorder::default());
    let records = runs(async {
        let store = Arc::new(MemoryStore::new(1));
        // The wall's clock passes by itself here: retries wait for it.
        let mut settings = settings();
        settings.concurrency = 4;
        let setup = WorkspaceSetup::new(workspace, "d").with_channel(recorder.clone());
        let clock = Arc::new(chatsparks_ports::SystemClock::default());
        let runtime = Runtime::start(store.clone(), clock, settings, vec![setup]).await.unwrap();
        let began: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
        let comments = (0..60i64).map(|n| NewEvent {
            id: format!("e{n}").into(),
            at: Some(began.after(Period::seconds(n))),
            event: Event::Comment(chatsparks_core::Comment {
                comment_id: format!("c{n}").into(),
                post_id: "v".into(),
                user_id: format!("u{n}").into(),
                handle: None,
                text: "price".into(),
                posted_at: None,
                reply_to: None,
                direct_reply: false,
            }),
        });
        runtime.accept(&id, comments.collect()).await.unwrap();
        for _ in 0..3_000 {
            settled(&runtime).await;
            let count = store.count(&id).await.unwrap();
            if count.sent == 240 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        settled(&runtime).await;
        let queue = runtime.queue(&id).await.unwrap();
        assert_eq!((queue.counts.sent, queue.counts.waiting, queue.forecast.waiting), (240, 0, 0));
        runtime.stop(Duration::from_secs(10)).await;
        records(&store, &id).await
    });
    let outcomes: Vec<&str> =
        records.iter().filter_map(|record| record["event"].as_str()?.strip_prefix("outcome:")).collect();
    let mut distinct = outcomes.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((outcomes.len(), distinct.len()), (180, 180), "O1: one outcome a DM");
    let applied = records.iter().filter(|record| record["outcome"].get("applied").is_some()).count();
    assert_eq!(applied, 180, "every outcome is of a DM that is known");
    assert!(recorder.handed.lock().unwrap().values().all(|times| *times == 1));
    // O2: a contact's own effects in the order decided.
    let order = recorder.order.lock().unwrap();
    for n in 0..60 {
        let prefix = format!("e{n}/");
        let places: Vec<&str> = order.iter().filter_map(|id| id.strip_prefix(&prefix)).collect();
        assert_eq!(places, ["0", "1", "2", "3"], "e{n}");
    }
}

/// R2: with the clock on the wall an event is stamped, none comes from the future, and none goes back.
#[test]
fn r2_events_are_stamped_and_none_comes_from_the_future() {
    let document = serde_json::json!({
        "workspace": { "id": "w", "name": "W", "account_user_id": "acct" }, "triggers": [], "flows": [] });
    let workspace: chatsparks_core::workspace::Workspace = serde_json::from_value(document).unwrap();
    let id = WorkspaceId::from("w");
    runs(async {
        let store = Arc::new(MemoryStore::new(1));
        let wall = clock();
        let mut settings = settings();
        settings.clock = ClockMode::Wall;
        let setup = WorkspaceSetup::new(workspace, "d");
        let runtime = Runtime::start(store.clone(), Arc::new(wall.clone()), settings, vec![setup]).await.unwrap();
        let now = chatsparks_ports::Clock::wall(&wall);
        let at = |event: &str, at| NewEvent { id: event.into(), at, event: Event::Clock };
        runtime.accept(&id, vec![at("e1", Some(now.after(Period::minutes(5))))]).await.unwrap();
        let ahead = now.after(Period::milliseconds(5 * 60_000 + 1));
        let refused = runtime.accept(&id, vec![at("e2", None), at("e3", Some(ahead))]).await;
        assert!(matches!(refused, Err(chatsparks_runtime::AcceptError::AheadOfTime { index: 1, .. })));
        // Stamped, it is no earlier than the log's last.
        runtime.accept(&id, vec![at("e4", None)]).await.unwrap();
        wall.set(now.before(Period::hours(1)));
        let stepped = runtime.accept(&id, vec![at("e5", None)]).await;
        assert!(matches!(stepped, Err(chatsparks_runtime::AcceptError::ClockStepped)));
        assert_eq!(runtime.health().await.status, "clock");
        runtime.confirm_clock();
        runtime.accept(&id, vec![at("e5", None)]).await.unwrap();
        settled(&runtime).await;
        runtime.stop(Duration::from_secs(10)).await;
        let records = records(&store, &id).await;
        let told: Vec<(&str, &str)> =
            records.iter().map(|record| (record["event"].as_str().unwrap(), record["at"].as_str().unwrap())).collect();
        let last = now.after(Period::minutes(5)).to_string();
        assert_eq!(told, [("e1", last.as_str()), ("e4", last.as_str()), ("e5", last.as_str())]);
    });
}

/// R6: where a timer is due and nothing comes, time passes by a `clock` of its own.
#[test]
fn r6_a_timer_that_is_due_fires_though_nothing_comes() {
    let document = serde_json::json!({
        "workspace": { "id": "w", "name": "W", "account_user_id": "acct" },
        "triggers": [ { "id": "t", "when": { "keywords": { "words": ["price"] } }, "flow": "f" } ],
        "flows": [ { "id": "f", "version": 1, "blocks": [
            { "id": "pause", "wait": { "seconds": 1 } }, { "id": "a", "message": { "text": "One" } } ] } ] });
    let workspace: chatsparks_core::workspace::Workspace = serde_json::from_value(document).unwrap();
    let id = WorkspaceId::from("w");
    let records = runs(async {
        let store = Arc::new(MemoryStore::new(1));
        let mut settings = Settings::default();
        settings.batch = 10;
        let clock = Arc::new(chatsparks_ports::SystemClock::default());
        let setup = WorkspaceSetup::new(workspace, "d");
        let runtime = Runtime::start(store.clone(), clock, settings, vec![setup]).await.unwrap();
        let comment = Event::Comment(chatsparks_core::Comment {
            comment_id: "c".into(),
            post_id: "v".into(),
            user_id: "u".into(),
            handle: None,
            text: "price".into(),
            posted_at: None,
            reply_to: None,
            direct_reply: false,
        });
        runtime.accept(&id, vec![NewEvent { id: "e".into(), at: None, event: comment }]).await.unwrap();
        for _ in 0..1_000 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if records(&store, &id).await.len() >= 3 {
                break;
            }
        }
        runtime.stop(Duration::from_secs(10)).await;
        records(&store, &id).await
    });
    assert_eq!(records[1]["timer"], "flow_wait");
    assert!(records[1]["effects"][0]["send_dm"].is_object());
    assert!(records[2]["event"].as_str().unwrap().starts_with("clock:"));
}

/// R8: a document that came too late to be taken is no revision, for those that follow it either.
#[test]
fn r8_a_document_that_comes_too_late_is_no_revision() {
    let document = |name: &str| -> chatsparks_core::workspace::Workspace {
        let document = serde_json::json!({
            "workspace": { "id": "w", "name": name, "account_user_id": "acct" }, "triggers": [], "flows": [] });
        serde_json::from_value(document).unwrap()
    };
    let id = WorkspaceId::from("w");
    runs(async {
        let store = Arc::new(MemoryStore::new(1));
        let runtime = start(&store, WorkspaceSetup::new(document("first"), "d")).await;
        let now = Instant::from_milliseconds(1_772_000_000_000);
        let configure = |event: &str, name: &str, at| NewEvent {
            id: event.into(),
            at: Some(at),
            event: Event::Configure(Box::new(document(name).into())),
        };
        let events = vec![
            NewEvent { id: "now".into(), at: Some(now), event: Event::Clock },
            configure("old", "too old", now.before(Period::days(401))),
            configure("next", "in time", now),
        ];
        runtime.accept(&id, events).await.unwrap();
        settled(&runtime).await;
        assert_eq!(runtime.latest(&id).await.map(|engine| engine.revision()), Some(2), "the second in time");
        let configured = runtime.configure(&id, document("third"), Some(2)).await.unwrap();
        assert_eq!(configured.revision, 3);
        settled(&runtime).await;
        assert_eq!(runtime.engine(&id).map(|engine| engine.revision()), Some(3), "what was said is in force");
        runtime.stop(Duration::from_secs(10)).await;
        let revisions = records(&store, &id).await.iter().map(|record| record["revision"].clone()).collect::<Vec<_>>();
        assert_eq!(revisions, [1, 1, 2, 3]);
    });
}

/// R13, R1: what had the process end often enough is put aside, and what was killed from outside a few times is decided.
#[test]
fn r13_what_ends_the_process_again_and_again_is_put_aside_and_no_other() {
    let workspace = build::workspace().says("price", "590 THB").trigger("price", &["price"], "price").build();
    let id = workspace.workspace.id.clone();
    let said = |n: i64| {
        let event = comment(&format!("c{n}"), &format!("u{n}"), "price?");
        NewEvent { id: format!("e{n}").into(), at: Some(at(n)), event }
    };
    let put_aside = |ended: u32, openings: u32| {
        let (workspace, id) = (workspace.clone(), id.clone());
        runs(async move {
            let store = Arc::new(MemoryStore::new(1));
            let shard = Shard { workspace: id.clone(), partition: 0 };
            let setup = || WorkspaceSetup::new(workspace.clone(), "digest");
            let runtime = start(&store, setup()).await;
            runtime.accept(&id, vec![said(0)]).await.unwrap();
            settled(&runtime).await;
            runtime.stop(Duration::from_secs(10)).await;
            let next = store.decided(&shard).await.unwrap() + 1;
            store.write_note(&id, "suspect:0", &format!("{next} {ended}")).await.unwrap();
            for _ in 1..openings {
                store.open(&shard).await.unwrap();
            }
            // They are logged before it starts: where nothing is left to be decided, nothing is suspected.
            let logged = (1..20).map(said).map(|NewEvent { id, event, .. }| Input { id, stamp: Stamp::Latest, event });
            store.append(logged.map(|input| (shard.clone(), input)).collect()).await.unwrap();
            let runtime = start(&store, setup()).await;
            settled(&runtime).await;
            runtime.stop(Duration::from_secs(10)).await;
            let records = records(&store, &id).await;
            let is_fault = |record: &&Value| record["outcome"]["refused"]["reason"] == "engine_fault";
            records.iter().filter(is_fault).map(|record| record["event"].clone()).collect::<Vec<_>>()
        })
    };
    assert_eq!(put_aside(7, 5), Vec::<Value>::new());
    assert_eq!(put_aside(8, 5), [Value::from("e1")]);
    // Where a commit came in between, nothing is suspected.
    assert_eq!(put_aside(8, 4), Vec::<Value>::new());
}
