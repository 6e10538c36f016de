//! A person is forgotten: no byte of what they wrote is left on any server.

use chatsparks_cluster::Nats;
use chatsparks_jetstream::{JetStreamStore, Options};
use chatsparks_ports::{Archive, Cursor, Log};
use chatsparks_testkit::store_suite::{
    CANARY, forget_somebody,
    make::{ALL, shard},
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// How often something stands in the files below a folder.
fn found(folder: &Path, needle: &[u8]) -> usize {
    let mut found = 0;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found += self::found(&path, needle);
        } else if let Ok(bytes) = fs::read(&path) {
            found += bytes.windows(needle.len()).filter(|window| *window == needle).count();
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn r12_no_byte_of_it_is_left_in_the_journal() {
    let servers = tokio::task::spawn_blocking(|| Nats::start(1).unwrap()).await.unwrap();
    let mut options = Options::from_url(&servers.url("erasure")).unwrap();
    options.partitions = Some(4);
    let store = JetStreamStore::open(options.clone()).await.unwrap();
    forget_somebody(&store).await;
    let folder = servers.directory(0).unwrap().to_owned();
    let began = Instant::now();
    loop {
        let left = found(&folder, CANARY.as_bytes());
        if left == 0 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it is there {left} times still");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(found(&folder, b"of another") > 0, "it looks where things are");
    // What is left reads the same, here and for a process that begins now.
    let other = JetStreamStore::open(options).await.unwrap();
    let logged = store.read(&shard(0), 0, ALL).await.unwrap();
    assert_eq!(other.read(&shard(0), 0, ALL).await.unwrap(), logged);
    let (records, _) = store.records(&"glow".into(), &Cursor::default(), 100).await.unwrap();
    assert_eq!(other.records(&"glow".into(), &Cursor::default(), 100).await.unwrap().0, records);
    assert!(records.iter().any(|record| record.line.contains("written later")));
    assert_eq!(logged.len(), 10, "seven events, and the outcomes of three DMs");
}
