//! By what things are found.

use crate::server::{home, options};
use chatsparks_cluster::Postgres;
use chatsparks_ports::{EffectKey, NewEffect, Queue, Settled};
use chatsparks_postgres::PostgresStore;
use chatsparks_testkit::store_suite::make::{at, decided, dm, put, shard};
use futures_util::future::join_all;
use std::time::Duration;

/// Contacts, and effects of each.
const LANES: u64 = 200;
const EACH: u64 = 10;

/// R6: what an effect takes, which is 39 entries here, does not grow with how many wait in its partition, or have their
/// outcome there, though the server has no statistics of its tables yet, or of when they were empty.
#[test]
fn r6_what_waits_costs_nothing_to_what_comes() {
    let (server, options) = (Postgres::shared().unwrap(), options(2));
    let schema = options.schema.clone();
    let name = format!("keys_{schema}");
    let url = format!("{}?application_name={name}", server.url("postgres"));
    let asked = |sql: &str| server.query("postgres", sql).unwrap();
    home().block_on(async {
        let store = PostgresStore::open(&url, options).await.unwrap();
        for table in ["effect", "outcome"] {
            asked(&format!("ALTER TABLE {schema}.{table} SET (autovacuum_enabled = false)"));
        }
        let of = |turn: u64, lane: u64| -> NewEffect { dm(&format!("u{lane}"), turn * LANES + lane, None, "hello") };
        let key = |turn: u64, lane: u64| EffectKey {
            shard: shard(0),
            user_id: Some(format!("u{lane}").as_str().into()),
            id: of(turn, lane).id,
        };
        // The first alone: what is planned then is planned of tables that are empty, or nearly so.
        put(&store, &shard(0), decided(0, [of(0, 0)])).await.unwrap();
        put(&store, &shard(0), decided(0, (1..LANES).map(|lane| of(0, lane)))).await.unwrap();
        for turn in 1..EACH {
            put(&store, &shard(0), decided(0, (0..LANES).map(|lane| of(turn, lane)))).await.unwrap();
        }
        // One after the other goes, of half of the contacts; of the others something is withdrawn.
        for turn in 0..EACH / 2 {
            let busy: Vec<EffectKey> = (0..8).map(|lane| key(turn, lane)).collect();
            assert_eq!(store.ready(&"glow".into(), at(20), &busy, 4).await.unwrap().len(), 4);
            let settled = join_all((0..LANES / 2).map(|lane| key(turn, lane)).map(async |key| {
                assert!(store.begin(&key, at(20)).await.unwrap());
                store.settle(&key, Settled::Sent, None).await.unwrap()
            }));
            assert!(settled.await.into_iter().all(|settled| settled));
            let mut commit = decided(0, []);
            let lanes = (LANES / 2..LANES).skip(usize::try_from(turn * 10).unwrap()).take(10);
            commit.withdrawn = lanes.map(|lane| (format!("u{lane}").as_str().into(), 1, 2 * LANES)).collect();
            put(&store, &shard(0), commit).await.unwrap();
        }
        let count = store.count(&"glow".into()).await.unwrap();
        assert_eq!((count.sent, count.failed), (LANES / 2 * (EACH / 2), 10 * (EACH / 2) * 2));
    });
    let effects = LANES * EACH;
    let all = entries_read(server, &schema, &name);
    assert!(all > effects / 2, "nothing was counted");
    assert!(all < 100 * effects, "for {effects} effects {all} entries of indexes were read");
}

/// Entries of the indexes of effects that were read, once connections of this name have ended: each tells then what it
/// counted.
fn entries_read(server: &Postgres, schema: &str, name: &str) -> u64 {
    let asked = |sql: &str| server.query("postgres", sql).unwrap();
    while asked(&format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'")) != "0" {
        std::thread::sleep(Duration::from_millis(20));
    }
    let read = asked(&format!(
        "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = '{schema}'
         AND relname IN ('effect', 'outcome')"
    ));
    read.parse().unwrap()
}

/// R6, O4: whoever looks for what is ready, and for when something will be, passes none of what was put off: of a day's
/// replies that wait for a platform's pace each look would read all.
#[test]
fn r6_what_was_put_off_costs_nothing_to_what_is_ready() {
    const PUT_OFF: u64 = 300;
    const LOOKS: u64 = 100;
    // Of its own: what others on it still see is dead here, and would be read nevertheless.
    let (server, options) = (Postgres::start(&[]).unwrap(), options(2));
    let schema = options.schema.clone();
    let name = format!("keys_{schema}");
    let url = format!("{}?application_name={name}", server.url("postgres"));
    let open = async || PostgresStore::open(&url, options.clone()).await.unwrap();
    let of = |user: u64| -> NewEffect { dm(&format!("u{user}"), user, None, "hello") };
    let later = |user: u64| at(1_000 + i64::try_from(user).unwrap());
    home().block_on(async {
        let store = open().await;
        put(&store, &shard(0), decided(0, (0..PUT_OFF + 4).map(of))).await.unwrap();
        let put_off = join_all((0..PUT_OFF).map(async |user| {
            let id = of(user).id;
            let key = EffectKey { shard: shard(0), user_id: Some(format!("u{user}").as_str().into()), id };
            let again = Settled::Again { not_before: later(user), counts: false, why: "its turn is later".to_owned() };
            store.begin(&key, at(20)).await.unwrap() && store.settle(&key, again, None).await.unwrap()
        }));
        assert!(put_off.await.into_iter().all(|settled| settled));
    });
    let before = entries_read(&server, &schema, &name);
    home().block_on(async {
        let (store, glow) = (open().await, "glow".into());
        for _ in 0..LOOKS {
            assert_eq!(store.ready(&glow, at(20), &[], 10).await.unwrap().len(), 4);
            assert_eq!(store.next_retry(&glow, at(20)).await.unwrap(), Some(later(0)));
        }
        assert_eq!(store.ready(&glow, later(2), &[], 10).await.unwrap().len(), 7, "and those whose time has come");
        assert_eq!(store.next_retry(&glow, later(2)).await.unwrap(), Some(later(3)));
    });
    let read = entries_read(&server, &schema, &name) - before;
    assert!((4 * LOOKS..30 * LOOKS).contains(&read), "for {LOOKS} looks {read} entries of indexes were read");
}
