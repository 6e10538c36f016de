//! In which order things are held.

use crate::server::{home, options};
use chatsparks_cluster::Postgres;
use chatsparks_ports::{EffectKey, Queue};
use chatsparks_postgres::PostgresStore;
use chatsparks_testkit::store_suite::make::{at, decided, dm, put, shard};
use std::time::Duration;
use tokio_postgres::{Client, NoTls};

/// Somebody who holds an effect until they are dropped.
async fn holder(url: &str, schema: &str, effect: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let held = format!("BEGIN; SELECT FROM {schema}.effect WHERE id = '{effect}' FOR UPDATE");
    client.batch_execute(&held).await.unwrap();
    client
}

/// Waits until so many wait for what others hold of this store.
async fn waiting(server: &Postgres, schema: &str, many: u32) {
    let sql = format!(
        "SELECT count(DISTINCT pid) FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND query LIKE '%effect%' AND pid IN (
             SELECT pid FROM pg_locks WHERE relation = '{schema}.effect'::regclass)"
    );
    while server.query("postgres", &sql).unwrap() != many.to_string() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// O5: attempts that begin, and a commit that withdraws the same effects, in an order of its own, do not wait for one
/// another in a circle: both are done.
#[test]
fn o5_whoever_begins_and_whoever_withdraws_hold_effects_in_one_order() {
    let server = Postgres::shared().unwrap();
    let (url, options) = (server.url("postgres"), options(2));
    let schema = options.schema.clone();
    home().block_on(async {
        let store = PostgresStore::open(&url, options).await.unwrap();
        // Decided in this order; by their ids the tenth comes before the ninth.
        let effects = [dm("v", 1, None, "first"), dm("u", 9, None, "ninth"), dm("u", 10, None, "tenth")];
        put(&store, &shard(0), decided(0, effects)).await.unwrap();
        let begin = |user: &str, id: &str| {
            let key = EffectKey { shard: shard(0), user_id: Some(user.into()), id: id.to_owned() };
            let store = store.clone();
            tokio::spawn(async move { store.begin(&key, at(20)).await })
        };
        let (first, tenth) = (holder(&url, &schema, "e1/0").await, holder(&url, &schema, "e10/0").await);
        // While one waits the two others gather.
        let alone = begin("v", "e1/0");
        waiting(server, &schema, 1).await;
        let both = [begin("u", "e9/0"), begin("u", "e10/0")];
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(first);
        assert!(alone.await.unwrap().unwrap());
        waiting(server, &schema, 1).await;
        let withdrawing = tokio::spawn({
            let store = store.clone();
            async move {
                let mut commit = decided(0, []);
                commit.withdrawn = vec![("u".into(), 1, 20)];
                put(&store, &shard(0), commit).await
            }
        });
        waiting(server, &schema, 2).await;
        drop(tenth);
        for begun in both {
            assert!(begun.await.unwrap().unwrap());
        }
        withdrawing.await.unwrap().unwrap();
        // O7: what has begun stays.
        assert_eq!(store.count(&"glow".into()).await.unwrap().in_doubt, 3);
    });
}
