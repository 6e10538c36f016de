//! What is old is deleted behind a checkpoint, from which the rest replays, byte for byte (R10): over memory and over
//! SQLite, with one partition and with eight, killed in between or not.

use chatsparks_core::{
    Comment, Engine, Envelope, Event, Instant, Key, Message, Partition, Period, Row, Scratch, Text, Wants,
    workspace::Workspace,
};
use chatsparks_ports::{Archive, CheckpointPlace, Checkpoints, Cursor, Limit, ManualClock, MemoryStore, Shard, Store};
use chatsparks_runtime::{ClockMode, NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::{
    generate::{Case, Focus, case},
    properties,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

const ALL: Limit = Limit { events: 1_000_000, bytes: usize::MAX };
const DAY: Duration = Duration::from_secs(24 * 3_600);

fn runs<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(what)
}

fn sqlite(partitions: u32) -> (Arc<SqliteStore>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::default();
    options.partitions = Some(partitions);
    (Arc::new(SqliteStore::open(folder.path().join("store.db"), options).unwrap()), folder)
}

async fn start<S: Store>(store: &Arc<S>, workspace: &Workspace, records: Duration) -> Runtime<S> {
    let mut settings = Settings::default();
    settings.clock = ClockMode::Events;
    settings.trust_at = true;
    settings.batch = 7;
    settings.contacts_at_hand = 2;
    settings.records = Some(records);
    settings.retention = Duration::from_millis(3);
    let clock = ManualClock::new(Instant::from_milliseconds(1_772_000_000_000));
    let setup = WorkspaceSetup::new(workspace.clone(), "digest");
    Runtime::start(store.clone(), Arc::new(clock), settings, vec![setup]).await.unwrap()
}

fn event(envelope: &Envelope) -> NewEvent {
    NewEvent { id: envelope.id.clone(), at: Some(envelope.at), event: envelope.event.clone() }
}

/// Waits until something is so; retention and workers go on meanwhile.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    // Patient: a disk that others write to takes seconds for a sync.
    for _ in 0..12_000 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what} did not come");
}

async fn settled<S: Store>(runtime: &Runtime<S>) {
    until("every decision", async || {
        let health = runtime.health().await;
        assert!(health.shards.iter().all(|shard| shard.trouble.is_none()), "{health:?}");
        health.shards.iter().all(|shard| shard.lag == 0).then_some(())
    })
    .await;
}

fn shard(workspace: &Workspace, partition: u32) -> Shard {
    Shard { workspace: workspace.workspace.id.clone(), partition }
}

/// The records that are kept of a shard.
async fn kept<S: Store>(store: &S, shard: &Shard) -> Vec<String> {
    let first = store.stretch(shard).await.unwrap().first_record;
    let cursor = Cursor::in_one(store.partitions(), shard.partition, first);
    let (records, _) = store.records(&shard.workspace, &cursor, usize::MAX).await.unwrap();
    records.into_iter().map(|record| record.line).collect()
}

async fn rows<S: Store>(store: &S, shard: &Shard) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let after = rows.last().map(Row::key);
        let more = store.shard_rows(shard, after.as_ref(), 3).await.unwrap();
        if more.is_empty() {
            return rows;
        }
        rows.extend(more);
    }
}

/// What an export of a shard has, replayed: its records, and the partition at the end.
async fn replayed<S: Store>(store: &S, workspace: &Workspace, partition: u32) -> (Vec<String>, Partition) {
    let shard = shard(workspace, partition);
    let stand = Checkpoints::of(store, &shard).await.unwrap();
    let (mut replay, after, checkpoint) = match stand.in_use {
        None => (Partition::whole(Engine::compile(workspace.clone()).unwrap()), 0, None),
        Some(place) => {
            let checkpoint = shard.checkpoint(place);
            let rows = rows(store, &checkpoint).await;
            let revision = rows.iter().find_map(|row| match row {
                Row::Terms(terms) => Some(terms.revision()),
                _ => None,
            });
            let revision = revision.unwrap_or(1);
            let document = store.document(&shard.workspace, revision).await.unwrap().unwrap();
            let engine = Engine::restore(document, revision).unwrap();
            let after = store.decided(&checkpoint).await.unwrap();
            (Partition::restore(engine, rows).unwrap(), after, Some(checkpoint))
        }
    };
    let decided = store.decided(&shard).await.unwrap();
    let mut records = Vec::new();
    let mut scratch = Scratch::default();
    for logged in store.history(&shard, after, decided, ALL).await.unwrap() {
        // A grant that stands right after the checkpoint may be part of it.
        if let (true, Some(checkpoint)) = (logged.position == after + 1, &checkpoint)
            && matches!(logged.envelope.event, Event::Grant(_))
        {
            let mut wants = Wants::default();
            wants.keys = vec![Key::Event(logged.envelope.id.clone())];
            if !store.load(checkpoint, &wants).await.unwrap().rows.is_empty() {
                continue;
            }
        }
        replay.push(&logged.envelope, &mut scratch, |record| records.push(serde_json::to_string(record).unwrap()));
    }
    (records, replay)
}

/// The replay of each partition's export is what is kept of it, records and state.
async fn hold_together<S: Store>(store: &S, workspace: &Workspace) {
    for partition in 0..store.partitions() {
        let of = shard(workspace, partition);
        let (records, replay) = replayed(store, workspace, partition).await;
        assert_eq!(records, kept(store, &of).await, "partition {partition}");
        let state = rows(store, &of).await;
        for contact in state.iter().filter_map(|row| match row {
            Row::Contact(contact) => Some(contact),
            _ => None,
        }) {
            assert_eq!(replay.contact(contact.user_id().as_str()), Some(&**contact));
        }
        for row in &state {
            match row {
                Row::Clock(clock) => assert_eq!(replay.head().clock(), clock),
                Row::Terms(terms) => assert_eq!(replay.head().terms(), terms),
                Row::Room(room) => assert_eq!(replay.head().room(), room),
                Row::Order(id, entry) => assert_eq!(replay.order(id.as_str()), Some(&**entry)),
                _ => {}
            }
        }
    }
}

/// How far a shard's history can be cut: to the first event that is young enough to be kept.
async fn can_be_cut<S: Store>(store: &S, shard: &Shard, records: Duration) -> u64 {
    let latest =
        store.heads(&shard.workspace).await.unwrap()[shard.partition as usize].iter().find_map(|row| match row {
            Row::Clock(clock) => clock.latest(),
            _ => None,
        });
    let Some(latest) = latest else { return 0 };
    let before = latest.before(Period::milliseconds(records.as_millis() as i64));
    let logged = store.read(shard, 0, ALL).await.unwrap();
    let young = logged.iter().find(|logged| logged.envelope.at >= before).map(|logged| logged.position);
    young.unwrap_or(logged.last().map_or(1, |last| last.position + 1))
}

async fn is_cut<S: Store>(store: &S, workspace: &Workspace, records: Duration) -> bool {
    for partition in 0..store.partitions() {
        let shard = shard(workspace, partition);
        let from = store.stretch(&shard).await.unwrap().from;
        if store.end(&shard).await.unwrap().0 > 0 && from < can_be_cut(store, &shard, records).await {
            return false;
        }
    }
    true
}

fn without_erasures(history: Vec<Envelope>) -> Vec<Envelope> {
    history.into_iter().filter(|envelope| !matches!(envelope.event, Event::Erase(_))).collect()
}

/// A history runs, in bodies of a few events; everything that can be cut is, and the rest replays.
async fn runs_and_is_cut<S: Store>(store: Arc<S>, case: Case, body: usize, records: Duration) {
    let Case { workspace, history } = case;
    let runtime = start(&store, &workspace, records).await;
    for body in without_erasures(history).chunks(body) {
        runtime.accept(&workspace.workspace.id, body.iter().map(event).collect()).await.unwrap();
    }
    settled(&runtime).await;
    until("the cut", async || is_cut(&*store, &workspace, records).await.then_some(())).await;
    hold_together(&*store, &workspace).await;
    runtime.stop(Duration::from_secs(10)).await;
}

proptest! {
    #![proptest_config(properties::cases(12))]

    #[test]
    fn r10_one_partition_replays_from_its_checkpoint(
        case in case(Focus::Everything, 60), body in 1usize..20, hours in 1u32..100,
    ) {
        runs(runs_and_is_cut(Arc::new(MemoryStore::new(1)), case, body, hours * DAY / 24));
    }

    #[test]
    fn r10_eight_partitions_replay_each_from_its_checkpoint(
        case in case(Focus::Everything, 80), body in 1usize..20, hours in 1u32..100,
    ) {
        runs(runs_and_is_cut(Arc::new(MemoryStore::new(8)), case, body, hours * DAY / 24));
    }

    /// Whatever is dropped in the middle: the process ends again and again while it cuts.
    #[test]
    fn r10_a_kill_between_any_two_steps_loses_nothing(
        case in case(Focus::Everything, 60), body in 1usize..20, lives in prop::collection::vec(0u64..40, 1..6),
        eight in any::<bool>(),
    ) {
        let (store, _folder) = sqlite(if eight { 8 } else { 1 });
        let Case { workspace, history } = case;
        let history = without_erasures(history);
        let mut bodies = history.chunks(body);
        for milliseconds in lives {
            // What is dropped ends at whatever stands at an `await`, as a kill does; the store outlives it.
            let life = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            life.block_on(async {
                let runtime = start(&store, &workspace, 5 * DAY / 24).await;
                for body in bodies.by_ref().take(3) {
                    runtime.accept(&workspace.workspace.id, body.iter().map(event).collect()).await.unwrap();
                }
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            });
            life.shutdown_background();
        }
        runs(async {
            let runtime = start(&store, &workspace, 5 * DAY / 24).await;
            for body in bodies {
                runtime.accept(&workspace.workspace.id, body.iter().map(event).collect()).await.unwrap();
            }
            settled(&runtime).await;
            until("the cut", async || is_cut(&*store, &workspace, 5 * DAY / 24).await.then_some(())).await;
            hold_together(&*store, &workspace).await;
            runtime.stop(Duration::from_secs(10)).await;
        });
    }
}

const CANARY: &str = "c4n4ry";

fn small() -> Workspace {
    let document = json!({
        "workspace": { "id": "w", "name": "W", "account_user_id": "acct" },
        "triggers": [ { "id": "t", "when": { "keywords": { "words": ["price"] } }, "flow": "f" } ],
        "flows": [ { "id": "f", "version": 1, "blocks": [
            { "id": "a", "question": { "text": "Hi {{handle}}, which size?", "field": "size" } },
            { "id": "b", "shop_link": { "text": "Here is {{size}}" } } ] } ] });
    serde_json::from_value(document).unwrap()
}

fn at(hours: i64) -> Instant {
    "2026-03-02T10:00:00Z".parse::<Instant>().unwrap().after(Period::hours(hours))
}

fn comment(id: &str, user: &str, hours: i64, text: &str) -> Envelope {
    let comment = Comment {
        comment_id: id.into(),
        post_id: "v1".into(),
        user_id: user.into(),
        handle: Some(Text::from(format!("{CANARY}-{user}").as_str())),
        text: Text::from(text),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    };
    Envelope { id: id.into(), at: at(hours), event: Event::Comment(comment) }
}

fn message(id: &str, user: &str, hours: i64, text: &str) -> Envelope {
    let message = Message {
        message_id: id.into(),
        user_id: user.into(),
        handle: None,
        text: Some(Text::from(text)),
        option: None,
    };
    Envelope { id: id.into(), at: at(hours), event: Event::Message(message) }
}

fn clock(id: &str, hours: i64) -> Envelope {
    Envelope { id: id.into(), at: at(hours), event: Event::Clock }
}

async fn send<S: Store>(runtime: &Runtime<S>, events: &[Envelope]) {
    runtime.accept(&"w".into(), events.iter().map(event).collect()).await.unwrap();
    settled(runtime).await;
}

fn names(rows: &[Row], what: &str) -> bool {
    let form = |row: &Row| serde_json::to_string(&chatsparks_core::Stored::from(row)).unwrap();
    rows.iter().any(|row| form(row).contains(what))
}

/// R12: who is forgotten leaves the checkpoint too, though it is older; and since what they wrote is gone, the stretch no
/// longer replays: the state itself is the next checkpoint, once it is old enough.
async fn forgets<S: Store>(store: Arc<S>) {
    let workspace = small();
    let of = shard(&workspace, 0);
    let runtime = start(&store, &workspace, DAY).await;
    // The stretch until the first two days is cut: the checkpoint has both of them, their handles and what they said.
    let both = ["u1", "u2"].map(|user| {
        [
            comment(&format!("c-{user}"), user, 0, "price"),
            message(&format!("m-{user}"), user, 1, &format!("{CANARY}-said-{user}")),
        ]
    });
    send(&runtime, &both.concat()).await;
    send(&runtime, &[clock("k1", 30)]).await;
    until("the first cut", async || (store.stretch(&of).await.unwrap().from > 4).then_some(())).await;
    let checkpoint = of.checkpoint(Checkpoints::of(&*store, &of).await.unwrap().in_use.unwrap());
    assert!(names(&rows(&*store, &checkpoint).await, &format!("{CANARY}-u1")));
    // Another trigger fires for each, which a replay without the text would not see; then one is forgotten.
    send(&runtime, &[comment("c2-u1", "u1", 40, "price"), comment("c2-u2", "u2", 40, "price")]).await;
    send(&runtime, &[Envelope { id: "x".into(), at: at(41), event: Event::Erase("u1".into()) }]).await;
    for place in CheckpointPlace::ALL {
        let rows = rows(&*store, &of.checkpoint(place)).await;
        assert!(!names(&rows, &format!("{CANARY}-u1")) && !names(&rows, &format!("{CANARY}-said-u1")), "{place:?}");
    }
    assert!(names(&rows(&*store, &checkpoint).await, &format!("{CANARY}-u2")));
    let stand = Checkpoints::of(&*store, &of).await.unwrap();
    let logged = store.read(&of, 0, ALL).await.unwrap();
    let said = logged.iter().find(|logged| matches!(logged.envelope.event, Event::Erase(_))).unwrap().position;
    assert_eq!(stand.forgotten_until, Some(said));
    // Time passes: up to the comment that is gone it goes on, and there it stops.
    send(&runtime, &[clock("k2", 100)]).await;
    let next = until("the copy", async || Checkpoints::of(&*store, &of).await.unwrap().next).await;
    let stand = Checkpoints::of(&*store, &of).await.unwrap();
    assert!(stand.differs_at.is_some() && stand.in_use == Some(next.other()), "{stand:?}");
    let health = runtime.health().await;
    assert_eq!((health.shards[0].kept_longer_since, health.is_well()), (stand.differs_at, true));
    assert_eq!(store.decided(&of.checkpoint(next)).await.unwrap(), store.end(&of).await.unwrap().0);
    // Nothing younger than the copy goes on its account.
    send(&runtime, &[comment("c3-u2", "u2", 110, "price"), clock("k3", 120)]).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    let in_use = Checkpoints::of(&*store, &of).await.unwrap().in_use;
    assert_eq!(in_use, stand.in_use);
    // Once it is old enough, it takes over, and everything replays from there.
    send(&runtime, &[clock("k4", 130)]).await;
    until("the copy in use", async || {
        (Checkpoints::of(&*store, &of).await.unwrap().in_use == Some(next)).then_some(())
    })
    .await;
    until("the cut", async || is_cut(&*store, &workspace, DAY).await.then_some(())).await;
    hold_together(&*store, &workspace).await;
    assert_eq!(store.stretch(&of).await.unwrap().erased_since, None);
    until("the old one cleared", async || rows(&*store, &of.checkpoint(next.other())).await.is_empty().then_some(()))
        .await;
    until("health", async || runtime.health().await.shards[0].kept_longer_since.is_none().then_some(())).await;
    runtime.stop(Duration::from_secs(10)).await;
}

#[test]
fn r12_who_is_forgotten_leaves_checkpoints_too() {
    runs(forgets(Arc::new(MemoryStore::new(1))));
    let (store, folder) = sqlite(1);
    runs(forgets(store));
    drop(folder);
}

/// A store whose history was cut before there were checkpoints: the state is copied, and waits until it is old enough.
#[test]
fn r10_a_store_without_its_beginning_gets_a_checkpoint() {
    runs(async {
        let (store, _folder) = sqlite(1);
        let workspace = small();
        let of = shard(&workspace, 0);
        let runtime = start(&store, &workspace, 1_000 * DAY).await;
        send(&runtime, &[comment("c1", "u1", 0, "price"), clock("k1", 1), comment("c2", "u2", 2, "price")]).await;
        runtime.stop(Duration::from_secs(10)).await;
        assert!(store.cut(&of, 1, 1, 100).await.unwrap() > 0);
        let runtime = start(&store, &workspace, DAY).await;
        let next = until("the copy", async || Checkpoints::of(&*store, &of).await.unwrap().next).await;
        assert_eq!(store.stretch(&of).await.unwrap().from, 2);
        send(&runtime, &[message("m1", "u1", 3, "a size"), comment("c3", "u1", 40, "price"), clock("k2", 41)]).await;
        until("the cut", async || is_cut(&*store, &workspace, DAY).await.then_some(())).await;
        assert_eq!(Checkpoints::of(&*store, &of).await.unwrap().in_use, Some(next));
        hold_together(&*store, &workspace).await;
        runtime.stop(Duration::from_secs(10)).await;
    });
}

/// R14: what a newer engine decides otherwise is not taken for what was decided: nothing is deleted on the strength of it.
#[test]
fn r14_what_would_be_decided_otherwise_is_kept() {
    runs(async {
        let (store, folder) = sqlite(1);
        let workspace = small();
        let of = shard(&workspace, 0);
        let runtime = start(&store, &workspace, 1_000 * DAY).await;
        let first =
            [comment("c1", "u1", 0, "nothing"), comment("c2", "u1", 1, "price"), comment("c3", "u3", 2, "price")];
        send(&runtime, &first).await;
        runtime.stop(Duration::from_secs(10)).await;
        drop(runtime);
        drop(store);
        // As if an older engine had decided the second one otherwise.
        let path = folder.path().join("store.db");
        let other = "UPDATE record SET line = replace(line, '\"fired\"', '\"no_match\"') WHERE event = 'c2'";
        let changed = rusqlite::Connection::open(&path).unwrap().execute(other, []).unwrap();
        assert_eq!(changed, 1);
        let store = Arc::new(SqliteStore::open(&path, Options::default()).unwrap());
        let runtime = start(&store, &workspace, DAY).await;
        send(&runtime, &[clock("k1", 60)]).await;
        let next = until("the copy", async || Checkpoints::of(&*store, &of).await.unwrap().next).await;
        let stand = Checkpoints::of(&*store, &of).await.unwrap();
        assert_eq!((stand.differs_at, store.stretch(&of).await.unwrap().from), (Some(1), 2));
        let records = kept(&*store, &of).await;
        let second: Value = serde_json::from_str(&records[0]).unwrap();
        assert_eq!((&second["event"], &second["outcome"]["comment"]["result"]), (&json!("c2"), &json!("no_match")));
        send(&runtime, &[clock("k2", 90), comment("c4", "u4", 91, "price")]).await;
        until("the cut", async || is_cut(&*store, &workspace, DAY).await.then_some(())).await;
        assert_eq!(Checkpoints::of(&*store, &of).await.unwrap().in_use, Some(next));
        hold_together(&*store, &workspace).await;
        runtime.stop(Duration::from_secs(10)).await;
    });
}
