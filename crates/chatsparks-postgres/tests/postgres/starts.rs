//! What is refused at the start, and what is found again.

use crate::server::{home, options};
use chatsparks_cluster::Postgres;
use chatsparks_core::{DmStage, Key};
use chatsparks_ports::{Archive, EffectState, Input, Log, Queue, Shards, StoreError};
use chatsparks_postgres::{Options, PostgresStore};
use chatsparks_testkit::store_suite::make::{at, brought, comment, decided, dm, put, shard};

fn refused(url: &str, options: Options) -> String {
    match home().block_on(PostgresStore::open(url, options)) {
        Err(StoreError::Unusable(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// S1: what is needed is named.
#[test]
fn s1_a_server_that_may_lose_what_it_acknowledged_is_refused() {
    let shared = Postgres::shared().unwrap().url("postgres");
    let why = refused(&format!("{shared}?options=-c%20synchronous_commit%3Doff"), options(4));
    assert!(why.contains("`synchronous_commit = on` is needed"), "{why}");
    for waits_for_less in ["local", "remote_write"] {
        let why = refused(&format!("{shared}?options=-c%20synchronous_commit%3D{waits_for_less}"), options(4));
        assert!(why.contains(waits_for_less) && why.contains("`on` or `remote_apply` is needed"), "{why}");
    }
    let careless = Postgres::start(&["fsync=off"]).unwrap();
    let why = refused(&careless.url("postgres"), options(4));
    assert!(why.contains("`fsync = on` is needed"), "{why}");
    assert!(refused("nonsense", options(4)).contains("postgres://user@host/database"));
    let nowhere = home().block_on(PostgresStore::open("postgres://postgres@127.0.0.1:1/x", options(4)));
    assert!(matches!(&nowhere, Err(StoreError::Unavailable(why)) if why.contains("cannot be")), "{nowhere:?}");
}

/// S3, R3: a newer schema, and another number of partitions than it was made with.
#[test]
fn s3_a_schema_of_a_newer_version_is_refused() {
    let server = Postgres::shared().unwrap();
    let (url, mut options) = (server.url("postgres"), options(4));
    let store = home().block_on(PostgresStore::open(&url, options.clone())).unwrap();
    assert_eq!(store.partitions(), 4);
    options.partitions = Some(8);
    assert!(refused(&url, options.clone()).contains("made with 4 partitions"));
    options.partitions = None;
    assert_eq!(home().block_on(PostgresStore::open(&url, options.clone())).unwrap().partitions(), 4);
    server.query("postgres", &format!("UPDATE {}.meta SET value = 99 WHERE name = 'version'", options.schema)).unwrap();
    assert!(refused(&url, options).contains("version 99"));
}

/// S3: a store of the schema before is brought to the present one, with what it holds.
#[test]
fn s3_a_store_of_version_1_is_read() {
    let server = Postgres::shared().unwrap();
    let (url, options) = (server.url("postgres"), options(4));
    let open = || home().block_on(PostgresStore::open(&url, options.clone())).unwrap();
    let logged = |store: &PostgresStore| {
        let found = home().block_on(store.events_naming(&shard(0), &[Key::Dm("e1/0".into())], 9)).unwrap();
        found.into_iter().map(|logged| (logged.position, logged.envelope.id)).collect::<Vec<_>>()
    };
    let store = open();
    let outcome = Input::outcome("e1/0", DmStage::Sent, None);
    home()
        .block_on(store.append(vec![(shard(0), brought("e0", at(0), comment("c", "u", "hi"))), (shard(0), outcome)]))
        .unwrap();
    let expected = vec![(2, "outcome:e1/0".into())];
    assert_eq!(logged(&store), expected);
    drop(store);
    // Version 2 has an index more, version 3 a column of those who serve, version 4 an index that says less, version 5 two for one.
    let schema = &options.schema;
    let back = format!(
        "DROP INDEX {schema}.log_by_thing; ALTER TABLE {schema}.worker DROP COLUMN takeover;
         DROP INDEX {schema}.outcome_by_seq;
         CREATE INDEX outcome_by_seq ON {schema}.outcome (workspace, partition, seq);
         DROP INDEX {schema}.effect_front; DROP INDEX {schema}.effect_put_off;
         CREATE INDEX effect_front ON {schema}.effect (workspace, partition, not_after, number) WHERE front;
         UPDATE {schema}.meta SET value = 1 WHERE name = 'version'"
    );
    server.query("postgres", &back).unwrap();
    assert_eq!(logged(&open()), expected);
    let version = format!("SELECT value FROM {schema}.meta WHERE name = 'version'");
    assert_eq!(server.query("postgres", &version).unwrap().trim(), "5");
    let indexed =
        format!("SELECT count(*) FROM pg_indexes WHERE schemaname = '{schema}' AND indexname = 'log_by_thing'");
    assert_eq!(server.query("postgres", &indexed).unwrap().trim(), "1");
}

/// R1: many callers of two processes at once: every position once, without a gap, whoever logs; and all of it is there for
/// whoever comes next.
#[test]
fn r1_many_callers_at_once_leave_no_gap() {
    let (url, options) = (Postgres::shared().unwrap().url("postgres"), options(4));
    home().block_on(async {
        let open = || PostgresStore::open(&url, options.clone());
        let (one, other) = (open().await.unwrap(), open().await.unwrap());
        let mut running = Vec::new();
        for who in 0..16u32 {
            let store = if who % 2 == 0 { one.clone() } else { other.clone() };
            running.push(tokio::spawn(async move {
                let mut positions = Vec::new();
                for n in 0..20u32 {
                    let id = format!("e{who}-{n}");
                    let inputs = (0..2).map(|to| (shard(to), brought(&id, at(0), comment("c", "u", "hi")))).collect();
                    positions.push(store.append(inputs).await.unwrap()[0].position);
                }
                positions
            }));
        }
        let mut all = Vec::new();
        for one in running {
            all.extend(one.await.unwrap());
        }
        all.sort_unstable();
        assert_eq!(all, (1..=320).collect::<Vec<_>>());
        let again = open().await.unwrap();
        assert_eq!(again.ends(&"glow".into(), 4).await.unwrap(), [320, 320, 0, 0]);
    });
}

/// S4: effects that waited at the backup begin in doubt, and so do those of events that come again.
#[test]
fn s4_what_waited_at_the_backup_begins_in_doubt() {
    let (store, ()) = crate::server::make(4);
    home().block_on(async {
        put(&store, &shard(0), decided(0, [dm("u", 0, None, "hello")])).await.unwrap();
        let opened = store.open(&shard(0)).await.unwrap();
        assert_eq!(store.mark_restored(at(60)).await.unwrap(), 1);
        assert_eq!(store.list(&"glow".into(), EffectState::InDoubt, 9).await.unwrap().len(), 1);
        let note = store.note(&"glow".into(), "restored_at").await.unwrap();
        assert_eq!(note, Some(at(60).to_string()));
        // Whoever served before the restore is superseded.
        let late = store.commit(&shard(0), opened.fence, Default::default()).await;
        assert!(matches!(late, Err(StoreError::Superseded)), "{late:?}");
        assert_eq!(store.row(&"glow".into(), &Key::Clock).await.unwrap(), None);
    });
}
