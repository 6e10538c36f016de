//! Processes, and servers, that are frozen.

use crate::{
    server::{home, options},
    way::Way,
};
use chatsparks_cluster::Postgres;
use chatsparks_core::{Key, Wants};
use chatsparks_ports::{Beat, Log, Shards, StoreError};
use chatsparks_postgres::PostgresStore;
use chatsparks_testkit::store_suite::make::{ALL, at, brought, comment, shard};
use std::{
    process::Command,
    time::{Duration, Instant},
};

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// R5: a worker that is frozen while it shares out holds up the others for less than they may be silent.
#[test]
fn r5_whoever_is_frozen_while_it_shares_out_costs_nobody_their_share() {
    let server = Postgres::shared().unwrap();
    let (way, options) = (Way::to(server), options(2));
    let beat = |worker: &str| Beat {
        revisions: std::collections::BTreeMap::new(),
        worker: worker.to_owned(),
        address: "here".to_owned(),
        serving: Vec::new(),
        takeover: Duration::from_secs(2),
        leaves: false,
    };
    home().block_on(async {
        let other = PostgresStore::open(&server.url("postgres"), options.clone()).await.unwrap();
        let frozen = PostgresStore::open(&way.url(), options).await.unwrap();
        other.share(&beat("other")).await.unwrap();
        way.freeze_after("INSERT INTO worker");
        let sharing = tokio::spawn(async move { frozen.share(&beat("frozen")).await });
        until(|| way.is_frozen()).await;
        let began = Instant::now();
        let share = other.share(&beat("other")).await.unwrap();
        assert!(began.elapsed() < beat("other").takeover, "{:?}", began.elapsed());
        assert_eq!((share.slots, share.is_new), (vec![0, 1], false));
        sharing.abort();
    });
}

/// R8: whoever is frozen while it keeps others out of a workspace's documents does not keep them out for long; whoever
/// is not does, however long it takes.
#[test]
fn r8_whoever_is_frozen_does_not_keep_others_out() {
    let server = Postgres::shared().unwrap();
    let (way, mut options) = (Way::to(server), options(2));
    home().block_on(async {
        let other = PostgresStore::open(&server.url("postgres"), options.clone()).await.unwrap();
        // Cut off after six times as long.
        options.stands_still = Duration::from_millis(500);
        let frozen = PostgresStore::open(&way.url(), options).await.unwrap();
        let _held = frozen.alone(&"glow".into()).await.unwrap();
        let mut second = tokio::spawn(async move { other.alone(&"glow".into()).await.map(drop) });
        assert!(tokio::time::timeout(Duration::from_secs(5), &mut second).await.is_err(), "it is not silent");
        way.freeze();
        tokio::time::timeout(Duration::from_secs(10), second).await.unwrap().unwrap().unwrap();
    });
}

/// All processes of a server, stopped until this is dropped.
struct Stopped(Vec<String>);

impl Stopped {
    fn all_of(server: &Postgres) -> Self {
        // The server tells its own process; the others are that one's children.
        let sql = "SELECT (regexp_match(pg_read_file('postmaster.pid'), '^[0-9]+'))[1]";
        let parent = server.query("postgres", sql).unwrap();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &parent]).output().unwrap().stdout;
        let children = String::from_utf8(children).unwrap();
        let stopped = Self([&*parent].into_iter().chain(children.split_whitespace()).map(str::to_owned).collect());
        stopped.signal("-STOP");
        stopped
    }

    fn signal(&self, signal: &str) {
        // Of those that came to nothing meanwhile there is none to be told.
        let _ = Command::new("kill").arg(signal).args(&self.0).output();
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

/// S1: a server that is frozen is not waited for for ever, whatever is asked of it; and once it goes on so does the store.
#[test]
fn s1_whatever_is_asked_of_a_frozen_server_is_told_so() {
    let (server, mut options) = (Postgres::start(&[]).unwrap(), options(2));
    options.patience = Duration::from_secs(3);
    home().block_on(async {
        let store = PostgresStore::open(&server.url("postgres"), options).await.unwrap();
        let append = async |id: &str| store.append(vec![(shard(0), brought(id, at(0), comment("c", "u", "hi")))]).await;
        append("e0").await.unwrap();
        let opened = store.open(&shard(0)).await.unwrap();
        let stopped = Stopped::all_of(&server);
        let refused =
            |told: Result<(), StoreError>| assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
        let asked = async {
            let (shard, mut wants) = (shard(0), Wants::default());
            wants.keys = vec![Key::Clock];
            let forward = async { refused(store.forward(&shard.workspace, &"acct".into()).await.map(drop)) };
            let others = futures_util::future::join5(
                async { refused(append("e1").await.map(drop)) },
                async { refused(store.commit(&shard, opened.fence, Default::default()).await) },
                async { refused(store.load(&shard, &wants).await.map(drop)) },
                async { refused(store.read(&shard, 0, ALL).await.map(drop)) },
                async { refused(store.decided(&shard).await.map(drop)) },
            );
            futures_util::future::join(others, forward).await;
        };
        tokio::time::timeout(Duration::from_secs(30), asked).await.unwrap();
        drop(stopped);
        append("e2").await.unwrap();
        store.commit(&shard(0), opened.fence, Default::default()).await.unwrap();
    });
}

/// S1: where a server is frozen, and its standby promoted, the store goes on there: new connections pass over the one that
/// says nothing.
#[test]
fn s1_a_standby_takes_over_from_a_server_that_is_frozen() {
    let (primary, mut options) = (Postgres::start(&[]).unwrap(), options(2));
    options.patience = Duration::from_secs(3);
    let standby = primary.synchronous_standby().unwrap();
    home().block_on(async {
        let store = PostgresStore::open(&primary.url_with(&standby, "postgres"), options).await.unwrap();
        let append = async |id: &str| store.append(vec![(shard(0), brought(id, at(0), comment("c", "u", "hi")))]).await;
        append("e0").await.unwrap();
        let _stopped = Stopped::all_of(&primary);
        standby.promote().unwrap();
        let again = async {
            for n in 1.. {
                if append(&format!("e{n}")).await.is_ok() {
                    return n;
                }
            }
            0
        };
        let tries = tokio::time::timeout(Duration::from_secs(40), again).await.unwrap();
        assert!(tries > 1, "the first went to the server that is frozen");
        assert_eq!(store.end(&shard(0)).await.unwrap().0, 2);
    });
}
