//! S4: copies while it goes on, and what a restored store says of effects that nobody knows of.

use chatsparks_ports::{Archive, EffectKey, EffectState, Log, Queue, Settled, StoreError};
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::store_suite::make::{ALL, at, brought, comment, decided, dm, picture, put, shard};
use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
};
use tempfile::tempdir;

fn open(path: impl AsRef<std::path::Path>) -> SqliteStore {
    SqliteStore::open(path, Options::default()).unwrap()
}

#[test]
fn s4_a_backup_is_of_one_moment_and_restored_effects_are_in_doubt() {
    let directory = tempdir().unwrap();
    let store = open(directory.path().join("store.db"));
    let (backup, restored) = (directory.path().join("backup.db"), directory.path().join("restored.db"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        put(&store, &shard(0), decided(0, (0..4).map(|seq| dm(&format!("u{seq}"), seq, None, "hello")))).await.unwrap();
        let key = |seq| EffectKey { shard: shard(0), user_id: None, id: format!("e{seq}/0") };
        assert!(store.settle(&key(0), Settled::Sent, None).await.unwrap());
        assert!(store.settle(&key(1), Settled::Dead("no".to_owned()), None).await.unwrap());
        let then = picture(&store).await;
        // It goes on being written to.
        let stop = std::sync::Arc::new(AtomicBool::new(false));
        let writes = tokio::spawn({
            let (store, stop) = (store.clone(), stop.clone());
            async move {
                let mut written = 0;
                while !stop.load(Ordering::Relaxed) {
                    store.append(vec![(shard(0), brought("e", at(written), comment("c", "u", "hi")))]).await.unwrap();
                    written += 1;
                }
                written
            }
        });
        while store.end(&shard(0)).await.unwrap().0 < 10 {
            tokio::task::yield_now().await;
        }
        store.backup(&backup).await.unwrap();
        stop.store(true, Ordering::Relaxed);
        let written = writes.await.unwrap();
        // Nothing is written over, and nothing half made is left.
        assert!(matches!(store.backup(&backup).await, Err(StoreError::Unavailable(_))));
        let mut names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["backup.db", "store.db", "store.db-lock", "store.db-shm", "store.db-wal"]);

        SqliteStore::restore(&backup, &restored, at(99)).unwrap();
        let again = SqliteStore::restore(&backup, &restored, at(99));
        assert!(matches!(again, Err(StoreError::Unavailable(_))), "{again:?}");
        let copy = open(&restored);
        let end = copy.end(&shard(0)).await.unwrap().0;
        assert!((10..=written as u64).contains(&end), "{end} of {written}");
        let logged = copy.read(&shard(0), 0, ALL).await.unwrap();
        assert_eq!(logged, store.read(&shard(0), 0, ALL).await.unwrap()[..end as usize]);
        assert_eq!(copy.integrity_check().await.unwrap(), [] as [String; 0]);
        assert_eq!(copy.note(&"glow".into(), "restored_at").await.unwrap(), Some(at(99).to_string()));
        let listed = copy.list(&"glow".into(), EffectState::InDoubt, 9).await.unwrap();
        assert_eq!(listed.iter().map(|queued| queued.effect.as_str()).collect::<Vec<_>>(), ["e2/0", "e3/0"]);
        let ready = copy.ready(&"glow".into(), at(0), &[], 9).await.unwrap();
        assert!(ready.len() == 2 && ready.iter().all(|ready| ready.in_doubt));
        let count = copy.count(&"glow".into()).await.unwrap();
        assert_eq!((count.waiting, count.in_doubt, count.dead, count.sent), (0, 2, 1, 1));
        assert_eq!(copy.records(&"glow".into(), &Default::default(), 9).await.unwrap().0.len(), 4);
        // What is decided after it waits as ever, and the store that was copied is as it was.
        put(&copy, &shard(0), decided(0, [dm("u9", 9, None, "hello")])).await.unwrap();
        assert_eq!(copy.count(&"glow".into()).await.unwrap().waiting, 1);
        assert_eq!(picture(&store).await.lines().next(), then.lines().next());
        assert_eq!(store.count(&"glow".into()).await.unwrap().waiting, 2);
    });
}
