//! Several processes on one store.

use crate::server::{home, options};
use chatsparks_cluster::Postgres;
use chatsparks_ports::{Archive, Beat, Queue, Shards, moving::MOVED};
use chatsparks_postgres::PostgresStore;
use chatsparks_testkit::store_suite::make::{at, decided, dm, put, shard};
use std::time::Duration;

fn beat(worker: &str, serving: &[u32]) -> Beat {
    Beat {
        revisions: std::collections::BTreeMap::new(),
        worker: worker.to_owned(),
        address: "here".to_owned(),
        serving: serving.to_vec(),
        takeover: Duration::from_secs(3),
        leaves: false,
    }
}

/// R5: each has half; what one has finished with goes to the other; who is silent for too long loses all of it, and who
/// leaves gives all of it back at once.
#[test]
fn r5_partitions_go_to_those_that_live() {
    let (url, options) = (Postgres::shared().unwrap().url("postgres"), options(5));
    home().block_on(async {
        let open = || PostgresStore::open(&url, options.clone());
        let (a, b) = (open().await.unwrap(), open().await.unwrap());
        assert!(a.is_shared());
        let all = vec![0, 1, 2, 3, 4];
        assert_eq!(a.share(&beat("a", &[])).await.unwrap().slots, all);
        // `a` works on all of them still: `b` gets none, and `a` is told to let two go.
        assert_eq!(b.share(&beat("b", &[])).await.unwrap().slots, [] as [u32; 0]);
        assert_eq!(a.share(&beat("a", &all)).await.unwrap().slots, [0, 1, 2]);
        assert_eq!(b.share(&beat("b", &[])).await.unwrap().slots, [] as [u32; 0]);
        assert_eq!(a.share(&beat("a", &[0, 1, 2])).await.unwrap().slots, [0, 1, 2]);
        let share = b.share(&beat("b", &[])).await.unwrap();
        assert_eq!(share.slots, [3, 4]);
        let had: Vec<_> = share.workers.iter().map(|of| (of.worker.as_str(), of.slots.as_slice())).collect();
        assert_eq!(had, [("a", &[0, 1, 2][..]), ("b", &[3, 4][..])]);
        // `a` is silent.
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        assert_eq!(b.share(&beat("b", &[3, 4])).await.unwrap().slots, all);
        let leaves = Beat { leaves: true, ..beat("b", &[]) };
        assert_eq!(b.share(&leaves).await.unwrap().slots, [] as [u32; 0]);
        assert_eq!(a.share(&beat("a", &[])).await.unwrap().slots, all);
    });
}

/// R5: who is silent is waited for as long as they said themselves, whoever looks: a move does, with a span of its own.
#[test]
fn r5_who_is_silent_counts_for_as_long_as_they_said() {
    let (url, options) = (Postgres::shared().unwrap().url("postgres"), options(2));
    home().block_on(async {
        let store = PostgresStore::open(&url, options.clone()).await.unwrap();
        let of = |worker: &str, seconds| Beat { takeover: Duration::from_secs(seconds), ..beat(worker, &[]) };
        let is_new = async |worker, seconds| store.share(&of(worker, seconds)).await.unwrap().is_new;
        assert!(is_new("patient", 600).await && is_new("brief", 1).await);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(!is_new("brief", 1).await, "nobody has seen that it was silent");
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let share = store.share(&of("mover", 1)).await.unwrap();
        let live: Vec<_> = share.workers.iter().map(|of| of.worker.as_str()).collect();
        assert_eq!(live, ["mover", "patient"]);
        assert!(is_new("brief", 1).await, "S4: it was seen, and is told so");
        assert!(!is_new("patient", 600).await);
    });
}

/// O5: a worker that was frozen begins no attempt that another may have begun.
#[test]
fn o5_whoever_lost_a_partition_begins_nothing() {
    let (url, options) = (Postgres::shared().unwrap().url("postgres"), options(2));
    home().block_on(async {
        let open = || PostgresStore::open(&url, options.clone());
        let (frozen, other) = (open().await.unwrap(), open().await.unwrap());
        put(&other, &shard(0), decided(0, [dm("u", 0, None, "hello")])).await.unwrap();
        frozen.share(&beat("frozen", &[])).await.unwrap();
        let ready = frozen.ready_in(&"glow".into(), &[0, 1], at(0), &[], 9).await.unwrap();
        assert_eq!(ready.len(), 1);
        assert_eq!(frozen.ready_in(&"glow".into(), &[1], at(0), &[], 9).await.unwrap().len(), 0);
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        assert_eq!(other.share(&beat("other", &[])).await.unwrap().slots, [0, 1]);
        assert!(!frozen.begin(&ready[0].key, at(1)).await.unwrap());
        assert!(other.begin(&ready[0].key, at(1)).await.unwrap());
    });
}

/// O5, S4: of what was moved to another store nothing is begun here, whoever has the lease.
#[test]
fn o5_of_what_was_moved_nothing_is_begun() {
    let (url, options) = (Postgres::shared().unwrap().url("postgres"), options(2));
    home().block_on(async {
        let store = PostgresStore::open(&url, options.clone()).await.unwrap();
        put(&store, &shard(0), decided(0, [dm("u", 0, None, "hello")])).await.unwrap();
        store.share(&beat("frozen", &[])).await.unwrap();
        let ready = store.ready_in(&"glow".into(), &[0, 1], at(0), &[], 9).await.unwrap();
        store.write_note(&"glow".into(), MOVED, "NATS").await.unwrap();
        assert!(!store.begin(&ready[0].key, at(1)).await.unwrap());
        store.write_note(&"glow".into(), MOVED, "").await.unwrap();
        assert!(store.begin(&ready[0].key, at(1)).await.unwrap(), "it stays");
    });
}

/// R8: one process at a time follows documents with others, and its end lets the next in.
#[test]
fn r8_one_process_at_a_time_follows_documents() {
    let (url, options) = (Postgres::shared().unwrap().url("postgres"), options(2));
    home().block_on(async {
        let open = || PostgresStore::open(&url, options.clone());
        let (a, b) = (open().await.unwrap(), open().await.unwrap());
        let held = a.alone(&"glow".into()).await.unwrap();
        b.alone(&"other".into()).await.unwrap();
        let second = tokio::spawn(async move { b.alone(&"glow".into()).await.map(drop) });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!second.is_finished());
        drop(held);
        second.await.unwrap().unwrap();
    });
}
