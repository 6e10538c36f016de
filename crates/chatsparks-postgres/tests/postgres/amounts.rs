//! How much is read and written at once.

use crate::{
    server::{home, options},
    way::Way,
};
use chatsparks_cluster::Postgres;
use chatsparks_core::{Configured, Event, UserId, workspace::Workspace};
use chatsparks_ports::{Archive, Limit, Log, Stamp};
use chatsparks_postgres::PostgresStore;
use chatsparks_testkit::store_suite::make::{ALL, at, brought, comment, input, message, shard};
use futures_util::future::join_all;

/// R9: of a backlog of long texts no more comes from the server than was asked for.
#[test]
fn r9_no_more_comes_than_was_asked_for() {
    let (way, options) = (Way::to(Postgres::shared().unwrap()), options(4));
    home().block_on(async {
        let store = PostgresStore::open(&way.url(), options).await.unwrap();
        let long = "x".repeat(100_000);
        let of = |n: u32, to: u32| (shard(to), brought(&format!("e{n}"), at(0), message("m", "u", &long)));
        store.append((0..200).map(|n| of(n, n % 4)).collect()).await.unwrap();
        let limit = Limit { events: 1_000, bytes: 350_000 };
        let before = way.came();
        let reading = join_all([0, 1, 2, 3].map(|to| (shard(to), &store)).map(async |(shard, store)| {
            (store.read(&shard, 0, limit).await.unwrap().len(), store.history(&shard, 2, 90, limit).await.unwrap())
        }));
        for (read, history) in reading.await {
            let positions: Vec<u64> = history.iter().map(|logged| logged.position).collect();
            assert_eq!((read, positions), (3, vec![3, 4, 5]));
        }
        let came = way.came() - before;
        assert!(came < 3_000_000, "{came} bytes came for 2400000");
    });
}

/// R8, R9: an event that stands in every log, and is larger than what each may read of one statement, is read by each.
#[test]
fn r9_what_is_larger_than_a_share_is_read_alone() {
    let (url, options) = (Postgres::shared().unwrap().url("postgres"), options(16));
    home().block_on(async {
        let store = PostgresStore::open(&url, options).await.unwrap();
        let long = "x".repeat(5 << 20);
        for to in 0..16 {
            let of = |id: &str, text: &str| (shard(to), brought(id, at(0), comment("c", "u", text)));
            store.append(vec![of("long", &long), of("short", "hi")]).await.unwrap();
        }
        let limit = Limit { events: 100, bytes: 16 << 20 };
        // Those of the first are on their way while the others gather.
        for read in join_all((0..16).map(async |to| store.read(&shard(to), 0, limit).await.unwrap())).await {
            let ids: Vec<&str> = read.iter().map(|logged| logged.envelope.id.as_str()).collect();
            assert_eq!(ids, ["long", "short"]);
        }
    });
}

/// R8: a document is in every log, and is sent once.
#[test]
fn r8_a_document_is_sent_once_for_all_logs() {
    let (way, options) = (Way::to(Postgres::shared().unwrap()), options(32));
    home().block_on(async {
        let store = PostgresStore::open(&way.url(), options).await.unwrap();
        let name = "x".repeat(1_000_000);
        let document = format!(
            r#"{{ "workspace": {{ "id": "glow", "name": "{name}", "account_user_id": "acct" }}, "triggers": [], "flows": [] }}"#
        );
        let document: Workspace = serde_json::from_str(&document).unwrap();
        let configure = Event::Configure(Box::new(Configured::from(document)));
        let inputs = vec![
            input("first", Stamp::Received(at(1)), configure.clone()),
            input("clock", Stamp::Received(at(2)), Event::Clock),
            input("second", Stamp::Received(at(3)), configure.clone()),
        ];
        let before = way.went();
        store.route(&"glow".into(), &UserId::from("acct"), inputs).await.unwrap();
        let went = way.went() - before;
        assert!(went < 3_000_000, "{went} bytes went for two documents of 1000000");
        for partition in [0, 17, 31] {
            let read = store.read(&shard(partition), 0, ALL).await.unwrap();
            let ids: Vec<&str> = read.iter().map(|logged| logged.envelope.id.as_str()).collect();
            assert_eq!(ids, ["first", "clock", "second"]);
            assert!(read[0].envelope.event == configure && read[2].envelope.event == configure);
        }
    });
}
