//! What many partitions ask and commit at once.

use crate::server::{home, options};
use chatsparks_cluster::Postgres;
use chatsparks_core::{Due, Key, Wants};
use chatsparks_ports::{Draw, Log, Shards, StoreError};
use chatsparks_postgres::PostgresStore;
use chatsparks_testkit::store_suite::make::{ALL, at, brought, comment, commit, due, link, put, shard};
use futures_util::future::join_all;

const PARTITIONS: u32 = 12;

fn draw(contacts: i64, limit: Option<u64>) -> Draw {
    let within = contacts.unsigned_abs();
    Draw { cycle: at(0), contacts, within, limit, tell_at: Vec::new(), tell: false, id: "count:1".into(), at: at(60) }
}

/// R5: what is read and loaded with what others want comes to whoever wants it, and to nobody else.
#[test]
fn r5_what_many_ask_at_once_comes_to_who_asked() {
    let (url, options) = (Postgres::shared().unwrap().url("postgres"), options(PARTITIONS));
    home().block_on(async {
        let store = PostgresStore::open(&url, options).await.unwrap();
        for n in 0..PARTITIONS {
            let (user, id) = (format!("u{n}"), format!("e{n}"));
            let events = (0..=n).map(|k| (shard(n), brought(&format!("{id}-{k}"), at(0), comment("c", &user, "hi"))));
            store.append(events.collect()).await.unwrap();
            let mut commit = commit(0);
            commit.rows = vec![
                // The same id in each partition, at another instant.
                chatsparks_core::Row::Comment("c".into(), at(i64::from(n))),
                due(&user, at(100 + i64::from(n))),
                link(&user, 3, 1, at(i64::from(n))),
            ];
            put(&store, &shard(n), commit).await.unwrap();
        }
        let asking = (0..PARTITIONS).map(async |n| {
            let user = format!("u{n}");
            let mut wants = Wants::default();
            wants.keys = vec![
                Key::Comment("c".into()),
                Key::Comment("none".into()),
                Key::Contact(user.as_str().into()),
                Key::Contact(format!("u{}", (n + 1) % PARTITIONS).into()),
                Key::Link(user.as_str().into(), 3, 1),
            ];
            wants.links = vec![user.as_str().into()];
            wants.due = Some(Due { after: None, until: at(1_000) });
            let (loaded, here) = (shard(n), shard(n));
            futures_util::future::join(store.load(&loaded, &wants), store.read(&here, 0, ALL)).await
        });
        for (n, (loaded, logged)) in (0..PARTITIONS).zip(join_all(asking).await) {
            let user = format!("u{n}");
            let seen = chatsparks_core::Row::Comment("c".into(), at(i64::from(n)));
            let (contact, link) = (due(&user, at(100 + i64::from(n))), link(&user, 3, 1, at(i64::from(n))));
            let expected = [seen, contact.clone(), link.clone(), link, contact];
            assert_eq!(loaded.unwrap().rows, expected, "partition {n}");
            let ids: Vec<String> = logged.unwrap().iter().map(|logged| logged.envelope.id.to_string()).collect();
            assert_eq!(ids, (0..=n).map(|k| format!("e{n}-{k}")).collect::<Vec<_>>());
        }
    });
}

/// R7: of many who draw the last room at once, as many are given it as there is room for; of the others nothing is written.
/// Without a limit all that is counted at once is in the sum.
#[test]
fn r7_room_that_many_draw_at_once_is_given_once() {
    let (url, options) = (Postgres::shared().unwrap().url("postgres"), options(PARTITIONS));
    home().block_on(async {
        let open = || PostgresStore::open(&url, options.clone());
        let stores = [open().await.unwrap(), open().await.unwrap(), open().await.unwrap()];
        let commits = async |decided: u64, draw: Draw| {
            let committing = (0..PARTITIONS).zip(stores.iter().cycle()).map(async |(n, store)| {
                let opened = store.open(&shard(n)).await.unwrap();
                let mut commit = commit(decided);
                commit.drawn = vec![draw.clone()];
                store.commit(&shard(n), opened.fence, commit).await
            });
            join_all(committing).await
        };
        for done in commits(1, draw(2, None)).await {
            done.unwrap();
        }
        let drawn = async || stores[0].drawn(&"glow".into(), at(0)).await.unwrap();
        assert_eq!(drawn().await, 24);
        let done = commits(2, draw(3, Some(40))).await;
        let refused = done.iter().filter(|done| matches!(done, Err(StoreError::NoRoom))).count();
        let accepted = done.iter().filter(|done| done.is_ok()).count();
        assert_eq!((accepted, refused), (5, 7), "{done:?}");
        assert_eq!(drawn().await, 39);
        for (n, done) in (0..PARTITIONS).zip(done) {
            let expected = if done.is_ok() { 2 } else { 1 };
            assert_eq!(stores[0].decided(&shard(n)).await.unwrap(), expected, "partition {n}");
        }
    });
}
