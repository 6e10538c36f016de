//! Servers are killed, one after the other, while events come in and owners take partitions from one another.

#![allow(clippy::print_stdout)]

use chatsparks_cluster::Nats;
use chatsparks_core::{Engine, Envelope, Event, home_partition};
use chatsparks_jetstream::{JetStreamStore, Options};
use chatsparks_ports::{Archive, Cursor, Log, Shard, Shards, Stamp, StoreError};
use chatsparks_testkit::{
    drive,
    store_suite::{
        make::{ALL, at, comment, input},
        owner::Owner,
    },
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const PARTITIONS: u32 = 4;
const EVENTS: usize = 2_000;
const CONTACTS: usize = 300;

fn shard(partition: u32) -> Shard {
    Shard { workspace: "glow".into(), partition }
}

async fn open(servers: &Nats) -> JetStreamStore {
    let mut options = Options::from_url(&servers.url("faults")).unwrap();
    options.partitions = Some(PARTITIONS);
    options.patience = Duration::from_secs(20);
    JetStreamStore::open(options).await.unwrap()
}

/// Owns each partition in turn, for a few commits at a time, whoever has it: every commit of another becomes a zombie's.
async fn serve(store: JetStreamStore, engine: Engine, stop: Arc<AtomicBool>, offset: u32) -> u64 {
    let mut refused = 0;
    for turn in offset.. {
        let partition = turn % PARTITIONS;
        let result = async {
            let shard = shard(partition);
            let mut owner = Owner::open(&store, &shard, &engine).await?;
            for _ in 0..4 {
                owner.decide(50).await?;
            }
            Ok::<_, StoreError>(())
        };
        match result.await {
            Ok(()) => {}
            Err(StoreError::Superseded) => refused += 1,
            Err(StoreError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => panic!("{error}"),
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_what_was_acknowledged_is_decided_once_whatever_server_dies() {
    let servers = Arc::new(tokio::task::spawn_blocking(|| Nats::start(3).unwrap()).await.unwrap());
    let workspace = chatsparks_testkit::build::workspace().trigger("t", &["price"], "f").says("f", "hello").build();
    let engine = Engine::compile(workspace.clone()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut owners = Vec::new();
    for offset in [0, 2] {
        let store = open(&servers).await;
        owners.push(tokio::spawn(serve(store, engine.clone(), stop.clone(), offset)));
    }
    // Producers send each body until it is acknowledged: what comes twice is a duplicate (T3).
    let producer = open(&servers).await;
    let feed = tokio::spawn(async move {
        let mut again = 0;
        for start in (0..EVENTS).step_by(20) {
            let inputs = (start..start + 20).map(|n| {
                let user = format!("u{}", n % CONTACTS);
                let event = comment(&format!("c{n}"), &user, "price?");
                let partition = home_partition(&"glow".into(), &user, PARTITIONS);
                (shard(partition), input(&format!("e{n}"), Stamp::Received(at(n as i64)), event))
            });
            let inputs: Vec<_> = inputs.collect();
            while producer.append(inputs.clone()).await.is_err() {
                again += 1;
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        again
    });
    let killer = servers.clone();
    let killed = tokio::task::spawn_blocking(move || {
        for node in 0..3 {
            std::thread::sleep(Duration::from_millis(700));
            killer.kill(node).unwrap();
            std::thread::sleep(Duration::from_millis(900));
            killer.bring_back(node).unwrap();
            killer.settled().unwrap();
        }
    });
    killed.await.unwrap();
    let again = feed.await.unwrap();
    let store = open(&servers).await;
    loop {
        let mut left = 0;
        for partition in 0..PARTITIONS {
            left += store.end(&shard(partition)).await.unwrap().0 - store.decided(&shard(partition)).await.unwrap();
        }
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut refused = 0;
    for owner in owners {
        refused += owner.await.unwrap();
    }
    let fences: u64 = {
        let mut fences = 0;
        for partition in 0..PARTITIONS {
            fences += store.open(&shard(partition)).await.unwrap().fence.0;
        }
        fences
    };
    println!("{again} sent again, {refused} owners superseded, {fences} openings");
    // Another process, which folds the journal from its beginning, finds the same.
    let fresh = open(&servers).await;
    let mut decided: BTreeMap<String, usize> = BTreeMap::new();
    for partition in 0..PARTITIONS {
        let shard = shard(partition);
        let history: Vec<Envelope> =
            fresh.read(&shard, 0, ALL).await.unwrap().into_iter().map(|logged| logged.envelope).collect();
        let expected = drive(&workspace, &history).records;
        let mut cursor = Cursor(vec![u64::MAX >> 1; PARTITIONS as usize]);
        cursor.0[partition as usize] = 0;
        let (records, _) = fresh.records(&"glow".into(), &cursor, usize::MAX >> 1).await.unwrap();
        let records: Vec<serde_json::Value> =
            records.iter().map(|record| serde_json::from_str(&record.line).unwrap()).collect();
        assert_eq!(records, expected, "R3: the records of partition {partition} are those of its replay");
        let mut last: BTreeMap<String, usize> = BTreeMap::new();
        for envelope in &history {
            let Event::Comment(comment) = &envelope.event else { continue };
            let number: usize = envelope.id.as_str()[1..].parse().unwrap();
            // What was sent again may come twice; what comes for the first time comes in order.
            if *decided.entry(envelope.id.to_string()).and_modify(|times| *times += 1).or_insert(1) == 1 {
                let before = last.insert(comment.user_id.to_string(), number);
                assert!(before.is_none_or(|before| before < number), "the order of {}", comment.user_id);
            }
        }
    }
    assert_eq!(decided.len(), EVENTS, "R1: what was acknowledged is there");
}
