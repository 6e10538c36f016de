//! The store of the example `own_store` passes what every store has to pass, and what a file adds to that.

#![allow(clippy::unwrap_used, clippy::panic, dead_code, unused_imports)]

#[path = "../src/bin/own_store/archive.rs"]
mod archive;
#[path = "../src/bin/own_store/entry.rs"]
mod entry;
#[path = "../src/bin/own_store/queue.rs"]
mod queue;
#[path = "../src/bin/own_store/store.rs"]
mod store;

use chatsparks::store::{Log, Queue, Shards, StoreError};
use chatsparks_testkit::store_suite::{
    self, block_on, forget_somebody,
    make::{ALL, at, brought, comment, decided, dm, picture, put, shard},
};
use std::fs::{self, OpenOptions};
use std::io::Write;
use store::JournalStore;
use tempfile::TempDir;

fn make(partitions: u32) -> (JournalStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = block_on(JournalStore::open(folder.path().join("shop.journal"), partitions)).unwrap();
    (store, folder)
}

chatsparks_testkit::store_suite!(make);

/// R1, R5: what was answered is there when the journal is opened again, whatever was cut off at its end.
#[test]
fn r1_the_journal_is_done_again_and_what_was_cut_off_is_not() {
    let (store, folder) = make(4);
    let path = folder.path().join("shop.journal");
    let before = block_on(async {
        forget_somebody(&store).await;
        store.append(vec![(shard(0), brought("e", at(0), comment("c", "u", "hi")))]).await.unwrap();
        put(&store, &shard(1), decided(0, [dm("first", 50, None, "hello")])).await.unwrap();
        let ready = store.ready(&"glow".into(), at(9), &[], 1).await.unwrap();
        assert!(store.begin(&ready[0].key, at(9)).await.unwrap());
        picture(&store).await
    });
    let second = block_on(JournalStore::open(&path, 4));
    assert!(matches!(second, Err(StoreError::Unavailable(why)) if why.contains("another process")));
    drop(store);
    let whole = fs::metadata(&path).unwrap().len();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"Append\":[[[\"glow\",").unwrap();
    block_on(async {
        let store = JournalStore::open(&path, 1).await.unwrap();
        assert_eq!((store.partitions(), picture(&store).await), (4, before));
        // The next line stands where the half one stood.
        store.append(vec![(shard(0), brought("f", at(1), comment("c", "u", "hi")))]).await.unwrap();
        let logged = store.read(&shard(0), 0, ALL).await.unwrap();
        assert_eq!(logged.last().unwrap().envelope.id.as_str(), "f");
    });
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.len() as u64 > whole && written.ends_with('\n') && !written.contains("{\"Append\":[[[\"glow\",{"));
    block_on(JournalStore::open(&path, 4)).unwrap();
}

/// What is no journal is left as it is.
#[test]
fn s1_what_cannot_be_read_is_refused_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("diary");
    fs::write(&path, "Dear diary,\n").unwrap();
    let refused = block_on(JournalStore::open(&path, 1));
    assert!(matches!(&refused, Err(StoreError::Unusable(why)) if why.contains("byte 0") && !why.contains("diary")));
    assert_eq!(fs::read_to_string(&path).unwrap(), "Dear diary,\n");
}
