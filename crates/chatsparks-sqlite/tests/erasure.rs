//! R12: of what a person wrote, not one byte is left in the file or beside it.

use chatsparks_ports::{Archive, EffectKey, Log, Queue, Settled, Shards};
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::store_suite::{
    CANARY, block_on, forget_somebody,
    make::{at, brought, comment, contact, decided, dm, evaluation, record, shard},
};
use std::{fs, path::Path, time::Duration};
use tempfile::tempdir;

/// The files in a directory in which a text stands.
fn standing_in(directory: &Path, text: &str) -> Vec<String> {
    let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    let holds = |path: &Path| fs::read(path).unwrap().windows(text.len()).any(|bytes| bytes == text.as_bytes());
    files.filter(|path| holds(path)).map(|path| path.display().to_string()).collect()
}

#[test]
fn r12_no_byte_of_it_is_left_in_the_files() {
    let directory = tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("store.db"), Options::default()).unwrap();
    block_on(forget_somebody(&store));
    assert_eq!(standing_in(directory.path(), CANARY), [] as [String; 0]);
}

/// Many people, who write much and at length, whose rows are written over and over while pages split and are given back;
/// then some are forgotten, one after another.
#[test]
fn r12_no_byte_of_it_is_left_among_much_else() {
    let directory = tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("store.db"), Options::default()).unwrap();
    let (mut seq, mut position) = (0u64, 0u64);
    block_on(async {
        let opened = store.open(&shard(0)).await.unwrap();
        for round in 0..30u64 {
            // What each says: longer each time for some, so that it outgrows pages.
            let says = |user: u64| format!("canary-{user:02} {}", "talk ".repeat((round * user * 7 % 600) as usize));
            let inputs = (0..40).map(|user| {
                let event = comment(&format!("c{round}-{user}"), &format!("u{user:02}"), &says(user));
                (shard(0), brought(&format!("e{round}-{user}"), at(round as i64), event))
            });
            store.append(inputs.collect()).await.unwrap();
            position += 40;
            let mut commit = decided(position, []);
            for user in 0..40u64 {
                let name = format!("u{user:02}");
                let mut record = record(seq, at(round as i64), &name, &says(user));
                record.evaluation = Some(evaluation(&format!("c{round}-{user}"), &name, at(0), &says(user)));
                commit.records.push(record);
                commit.effects.push(dm(&name, seq, None, &says(user)));
                commit.rows.push(contact(&name, &format!(r#"{{"fields":{{"note":"{}"}}}}"#, says(user))));
                seq += 1;
            }
            store.commit(&shard(0), opened.fence, commit).await.unwrap();
            for ready in store.ready(&"glow".into(), at(0), &[], 15).await.unwrap() {
                let key = EffectKey { ..ready.key };
                assert!(store.settle(&key, Settled::Sent, None).await.unwrap());
            }
            // What is old goes, and leaves room for what comes.
            let old = round.saturating_sub(20) * 40;
            store.cut(&shard(0), old, old, 200).await.unwrap();
        }
        for user in [3u64, 17, 39, 0] {
            let name = format!("u{user:02}");
            let text = format!("canary-{user:02}");
            assert_ne!(standing_in(directory.path(), &text), [] as [String; 0]);
            store
                .append(vec![(
                    shard(0),
                    brought(&format!("erase-{user}"), at(40), chatsparks_core::Event::Erase(name.as_str().into())),
                )])
                .await
                .unwrap();
            position += 1;
            let mut erases = decided(position, []);
            let mut says_so = record(seq, at(40), &name, "");
            says_so.event = Some(format!("erase-{user}").into());
            erases.records = vec![says_so];
            erases.rows = vec![contact(&name, "{}")];
            erases.erased = vec![(name.as_str().into(), seq)];
            seq += 1;
            store.commit(&shard(0), opened.fence, erases).await.unwrap();
            position = store.end(&shard(0)).await.unwrap().0;
            assert_eq!(standing_in(directory.path(), &text), [] as [String; 0], "of {name}");
        }
        assert_eq!(store.integrity_check().await.unwrap(), [] as [String; 0]);
    });
}

/// Somebody reads while a person is forgotten: nobody waits for long, and the rest goes when they are done.
#[test]
fn r12_a_reader_does_not_keep_it_for_ever() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("store.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    block_on(store.append(vec![(shard(1), brought("e", at(0), comment("c", "b", "hi")))])).unwrap();
    let reader = rusqlite::Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM log").unwrap();
    block_on(forget_somebody(&store));
    assert_ne!(standing_in(directory.path(), CANARY), [] as [String; 0], "the reader reads what was");
    reader.execute_batch("COMMIT").unwrap();
    let mut left = standing_in(directory.path(), CANARY);
    for _ in 0..600 {
        if left.is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
        left = standing_in(directory.path(), CANARY);
    }
    assert_eq!(left, [] as [String; 0]);
}
