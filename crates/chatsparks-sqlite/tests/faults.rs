//! What a store does when something is wrong (S1, R9): a clear state, no loss, and it goes on when the cause is gone.

use chatsparks_ports::{Archive, Log, Queue, Shards, StoreError};
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::store_suite::{
    block_on,
    make::{ALL, at, brought, comment, decided, dm, due, picture, put, shard},
};
use std::{fs, path::Path, time::Duration};
use tempfile::tempdir;

fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, Options::default())
}

fn with(partitions: u32) -> Options {
    let mut options = Options::default();
    options.partitions = Some(partitions);
    options
}

fn unusable(path: &Path) -> String {
    match open(path) {
        Err(StoreError::Unusable(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn unavailable(opened: Result<SqliteStore, StoreError>) -> String {
    match opened {
        Err(StoreError::Unavailable(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn one_event() -> Vec<(chatsparks_ports::Shard, chatsparks_ports::Input)> {
    vec![(shard(0), brought("e", at(0), comment("c", "u", "hi")))]
}

/// S1: the file belongs to one opener at a time, whatever it is called; the refusal names who has it.
#[test]
fn s1_a_second_opener_is_refused_by_name() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("store.db");
    let store = open(&path).unwrap();
    let other_name = directory.path().join(".").join("store.db");
    for path in [&path, &other_name] {
        let why = unavailable(open(path));
        assert!(why.contains(&format!("in use by process {}", std::process::id())), "{why}");
    }
    let clone = store.clone();
    drop(store);
    unavailable(open(&path));
    drop(clone);
    open(&path).unwrap();
}

/// R3, S1: the number of partitions is fixed when the store is made.
#[test]
fn r3_another_number_of_partitions_is_refused() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("store.db");
    assert_eq!(SqliteStore::open(&path, with(4)).unwrap().partitions(), 4);
    assert_eq!(open(&path).unwrap().partitions(), 4);
    assert_eq!(SqliteStore::open(&path, with(4)).unwrap().partitions(), 4);
    let refused = SqliteStore::open(&path, with(8));
    assert!(matches!(&refused, Err(StoreError::Unusable(why)) if why.contains("with 4 partitions")), "{refused:?}");
    assert_eq!(open(&directory.path().join("other.db")).unwrap().partitions(), 1);
}

/// S1, S3: what is no store, or one of a newer version, is left as it is.
#[test]
fn s3_what_this_build_cannot_read_is_refused() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("store.db");
    drop(open(&path).unwrap());
    let raw = rusqlite::Connection::open(&path).unwrap();
    let newest: u32 = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    raw.pragma_update(None, "user_version", newest + 1).unwrap();
    drop(raw);
    let why = unusable(&path);
    assert!(why.contains(&format!("version {}", newest + 1)) && why.contains(&format!("up to {newest}")), "{why}");

    let foreign = directory.path().join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    assert!(unusable(&foreign).contains("something other"));
    let left: i64 = rusqlite::Connection::open(&foreign)
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 1);

    let text = directory.path().join("text.db");
    fs::write(&text, "Dear diary, ".repeat(1_000)).unwrap();
    assert!(unusable(&text).contains("no SQLite database"));
    // Nothing at all is a store that is to be made.
    let empty = directory.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    open(&empty).unwrap();

    let nowhere = unavailable(open(&directory.path().join("no/such/place.db")));
    assert!(nowhere.contains("no/such/place.db"), "{nowhere}");
}

/// R9: wherever the room ends within a commit, nothing of it is there; what was acknowledged is; and it goes on when
/// there is room again.
#[test]
fn r9_a_full_disk_takes_nothing_and_loses_nothing() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("store.db");
    let store = open(&path).unwrap();
    block_on(async {
        store.append(one_event()).await.unwrap();
        put(&store, &shard(0), decided(1, [dm("first", 0, None, "hello")])).await.unwrap();
        let opened = store.open(&shard(0)).await.unwrap();
        let long = "x".repeat(2_000);
        let mut big = decided(1, (1..40).map(|seq| dm(&format!("u{seq}"), seq, None, &long)));
        big.rows = (0..100).map(|n| due(&format!("u{n}"), at(n))).collect();
        let before = picture(&store).await;
        let mut refused = 0;
        for pages in 1..500 {
            // As much as there is now, and a little more each time.
            store.limit_pages(pages).await.unwrap();
            match store.commit(&shard(0), opened.fence, big.clone()).await {
                Ok(()) => break,
                Err(StoreError::Unavailable(why)) => {
                    assert!(why.contains("full"), "{why}");
                    refused += 1;
                }
                Err(other) => panic!("{other}"),
            }
            assert_eq!(picture(&store).await, before, "at {pages} pages");
        }
        assert!(refused > 20, "it was refused {refused} times");
        assert_ne!(picture(&store).await, before);
        assert_eq!(store.count(&"glow".into()).await.unwrap().waiting, 40);
        // The log says so too, and then takes more.
        store.limit_pages(1).await.unwrap();
        let full = loop {
            let inputs = (0..100).map(|n| (shard(0), brought(&format!("f{n}"), at(n), comment("c", "u", &long))));
            if let Err(error) = store.append(inputs.collect()).await {
                break error;
            }
        };
        assert!(matches!(full, StoreError::Unavailable(_)), "{full}");
        let (end, _) = store.end(&shard(0)).await.unwrap();
        store.limit_pages(1_000_000).await.unwrap();
        assert_eq!(store.append(one_event()).await.unwrap()[0].position, end + 1);
        assert_eq!(store.read(&shard(0), 0, ALL).await.unwrap().len() as u64, end + 1);
        assert_eq!(store.integrity_check().await.unwrap(), [] as [String; 0]);
    });
}

/// What breaks off does so alone: others in its transaction are written.
#[test]
fn r5_one_that_fails_takes_nobody_with_it() {
    let directory = tempdir().unwrap();
    let mut options = Options::default();
    // While the first is being synced, all others gather behind it.
    options.sync_takes = Duration::from_millis(100);
    let store = SqliteStore::open(directory.path().join("store.db"), options).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let opened = put(&store, &shard(0), decided(0, [dm("a", 0, None, "hello")])).await.unwrap();
        // It has a record that is there already: a mistake that no runtime makes, found when its rows were written.
        let mut wrong = decided(7, [dm("b", 0, None, "hello")]);
        wrong.rows = vec![due("b", at(0))];
        let spawn = |work: std::pin::Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>| tokio::spawn(work);
        let mut waiting = vec![];
        for n in 0..21 {
            let (store, wrong) = (store.clone(), wrong.clone());
            waiting.push(spawn(Box::pin(async move {
                match n {
                    11 => store.commit(&shard(0), opened.fence, wrong).await,
                    _ => store.append(one_event()).await.map(drop),
                }
            })));
        }
        let mut failed = vec![];
        for (n, waiting) in waiting.into_iter().enumerate() {
            if let Err(error) = waiting.await.unwrap() {
                failed.push((n, error.to_string()));
            }
        }
        assert_eq!(failed.len(), 1);
        assert!(failed[0].0 == 11 && failed[0].1.contains("contradicts"), "{failed:?}");
        assert_eq!(store.end(&shard(0)).await.unwrap().0, 20);
        assert_eq!(store.read(&shard(0), 0, ALL).await.unwrap().len(), 20);
        assert_eq!(store.decided(&shard(0)).await.unwrap(), 0);
        assert_eq!(store.next_due(&shard(0)).await.unwrap(), None);
    });
}

/// A page that was written over: said as what it is, by whoever reads it, and by the check.
#[test]
fn s1_a_damaged_page_is_said_to_be_one() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("store.db");
    let store = open(&path).unwrap();
    block_on(async {
        let long = "x".repeat(200);
        let inputs = (0..2_000).map(|n| (shard(0), brought(&format!("e{n}"), at(n), comment("c", "u", &long))));
        store.append(inputs.collect()).await.unwrap();
        assert_eq!(store.integrity_check().await.unwrap(), [] as [String; 0]);
    });
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let pages = bytes.len() / 4_096;
    assert!(pages > 60);
    bytes[4_096 * 50..4_096 * (pages - 2)].fill(0xA5);
    fs::write(&path, &bytes).unwrap();
    let store = open(&path).unwrap();
    block_on(async {
        let read = store.read(&shard(0), 0, ALL).await;
        assert!(matches!(&read, Err(StoreError::Unusable(why)) if why.contains("damaged")), "{read:?}");
        assert!(matches!(store.damage(), Some(why) if why.contains("damaged")), "whoever asks for health is told");
        let faults = store.integrity_check().await;
        assert!(faults.as_ref().map_or(true, |faults| !faults.is_empty()), "{faults:?}");
        let copied = store.backup(directory.path().join("copy.db")).await;
        drop(copied);
        let restored = SqliteStore::restore(&path, directory.path().join("again.db"), at(0));
        assert!(matches!(restored, Err(StoreError::Unusable(_))), "{restored:?}");
        assert!(!directory.path().join("again.db").exists());
    });
}
