//! S3: a store of every released schema is brought to the present one, and holds what it held.
//!
//! `released/N.sql` is a store of version N that was filled as `fill` says. It is written once, when N is new, by
//! `CHATSPARKS_WRITE_RELEASED=1 cargo test -p chatsparks-sqlite --test it released`, and never changed; what a later
//! version adds to `fill` it adds for later versions only.

use chatsparks_core::Key;
use chatsparks_ports::{Archive, EffectKey, Queue, Settled, Shards};
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::{
    build::workspace,
    store_suite::{
        block_on, forget_somebody,
        make::{at, decided, dm, due, every_row, notification, picture, put, queued, shard},
    },
};
use rusqlite::{Connection, types::Value};
use std::{env, fmt::Write, fs, path::Path, sync::Arc};
use tempfile::tempdir;

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Options::default()).unwrap()
}

fn version(path: &Path) -> i64 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// Something of everything that version 1 has.
async fn fill(store: &SqliteStore) {
    forget_somebody(store).await;
    let dms = (0..6).map(|seq| dm(&format!("u{seq}"), 100 + seq, Some(at(500)), "hello"));
    let mut all = decided(6, dms.chain([notification(106, 0)]));
    all.rows = every_row(at(60), 1);
    all.rows.extend([due("due", at(70)), queued("queued", at(80))]);
    all.documents = vec![(1, Arc::new(workspace().says("f", "hello").trigger("t", &["price"], "f").build()))];
    put(store, &shard(0), all).await.unwrap();
    let key = |seq: u64| EffectKey { shard: shard(0), user_id: None, id: format!("e{}/0", 100 + seq) };
    let again = Settled::Again { not_before: at(90), counts: true, why: "busy".to_owned() };
    for (seq, settled) in
        [(0, Settled::Sent), (1, Settled::Failed("no".to_owned())), (2, Settled::Dead("no".to_owned())), (3, again)]
    {
        assert!(store.begin(&key(seq), at(65)).await.unwrap());
        assert!(store.settle(&key(seq), settled, None).await.unwrap());
    }
    assert!(store.begin(&key(4), at(65)).await.unwrap());
    store.write_note(&"glow".into(), "digest", "0123").await.unwrap();
}

/// A file as statements that make it.
fn dump(path: &Path) -> String {
    let file = Connection::open(path).unwrap();
    let mut sql = String::new();
    for pragma in ["application_id", "user_version"] {
        let value: i64 = file.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
        writeln!(sql, "PRAGMA {pragma} = {value};").unwrap();
    }
    let mut schema = file.prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL").unwrap();
    let mut rows = schema.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (kind, name, made): (String, String, String) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        writeln!(sql, "{made};").unwrap();
        if kind != "table" {
            continue;
        }
        let mut all = file.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = all.column_count();
        let mut found = all.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let literals = (0..columns).map(|column| match row.get::<_, Value>(column).unwrap() {
                Value::Null => "NULL".to_owned(),
                Value::Integer(number) => number.to_string(),
                Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
                other => panic!("{other:?}"),
            });
            writeln!(sql, "INSERT INTO {name} VALUES ({});", literals.collect::<Vec<_>>().join(", ")).unwrap();
        }
    }
    sql
}

#[test]
fn s3_stores_of_every_released_schema_are_read() {
    let directory = tempdir().unwrap();
    let new = directory.path().join("new.db");
    let store = open(&new);
    block_on(fill(&store));
    let expected = block_on(picture(&store));
    drop(store);
    let newest = version(&new);
    let released = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/released");
    if env::var_os("CHATSPARKS_WRITE_RELEASED").is_some() {
        fs::write(released.join(format!("{newest}.sql")), dump(&new)).unwrap();
    }
    for released_as in 1..=newest {
        let path = directory.path().join(format!("{released_as}.db"));
        let sql = fs::read_to_string(released.join(format!("{released_as}.sql"))).unwrap();
        Connection::open(&path).unwrap().execute_batch(&sql).unwrap();
        assert_eq!(version(&path), released_as);
        let store = open(&path);
        assert_eq!(version(&path), newest);
        block_on(async {
            assert_eq!(picture(&store).await, expected, "of version {released_as}");
            assert_eq!(store.integrity_check().await.unwrap(), [] as [String; 0]);
            // Version 3 finds what was logged before it, too.
            let told = store.events_naming(&shard(0), &[Key::Dm("e1/0".into())], 9).await.unwrap();
            assert!(matches!(&told[..], [one] if one.envelope.id == *"outcome:e1/0"), "{told:?}");
            // It goes on where it stood.
            put(&store, &shard(0), decided(6, [dm("u9", 109, None, "hello")])).await.unwrap();
            assert_eq!(store.decided(&shard(0)).await.unwrap(), 6);
        });
        drop(store);
        open(&path);
    }
}
