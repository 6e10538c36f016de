//! A day on which a video is passed on, over real sockets: the service on each store with its TikTok adapter, against the
//! simulated TikTok, which lets its people comment, write, tap, buy, send back and go silent, and goes wrong meanwhile.
//! In the end the service's books are held against what truly happened: nothing missed, nothing twice.
//!
//! 24 hours pass in the time that the work takes: the clock goes from one thing that happens to the next, and stands until
//! the service has done what follows. `CHATSPARKS_DAY_PEOPLE` says how many people there are, `CHATSPARKS_DAY_SEED` who.
//! TikTok's limits hold as they are, 40 replies a minute among them: a thousand people take half an hour.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod books;
mod town;

use chatsparks_cluster::{Nats, Postgres};
use chatsparks_jetstream::JetStreamStore;
use chatsparks_ports::{MemoryStore, Store};
use chatsparks_postgres::PostgresStore;
use chatsparks_sqlite::SqliteStore;
use std::sync::Arc;
use town::Town;

fn setting(name: &str, without: u64) -> u64 {
    std::env::var(name).ok().map_or(without, |value| value.parse().expect("a number"))
}

async fn lives_through_a_day<S: Store>(mode: &'static str, people: u64, store: S) {
    let people = u32::try_from(setting("CHATSPARKS_DAY_PEOPLE", people)).unwrap();
    let mut town = Town::new(mode, people, setting("CHATSPARKS_DAY_SEED", 7), Arc::new(store)).await;
    town.live().await;
    books::agree(&town).await;
}

async fn lives_through_a_day_on_sqlite(mode: &'static str, people: u64) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("store.db"), Default::default()).unwrap();
    lives_through_a_day(mode, people, store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_viral_day_misses_nothing_and_sends_nothing_twice() {
    lives_through_a_day_on_sqlite("buyer_first", 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_a_viral_day_misses_nothing_and_sends_nothing_twice() {
    lives_through_a_day_on_sqlite("comment_to_message", 12).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_a_viral_day_misses_nothing_and_sends_nothing_twice() {
    lives_through_a_day_on_sqlite("open", 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_a_viral_day_in_memory_misses_nothing_and_sends_nothing_twice() {
    lives_through_a_day("buyer_first", 8, MemoryStore::new(4)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_a_viral_day_on_postgresql_misses_nothing_and_sends_nothing_twice() {
    let url = Postgres::shared().unwrap().database("day").unwrap();
    let mut options = chatsparks_postgres::Options::default();
    options.partitions = Some(4);
    lives_through_a_day("buyer_first", 8, PostgresStore::open(&url, options).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_a_viral_day_on_nats_misses_nothing_and_sends_nothing_twice() {
    let mut options = chatsparks_jetstream::Options::from_url(&Nats::shared().unwrap().url("day")).unwrap();
    options.partitions = Some(4);
    lives_through_a_day("comment_to_message", 6, JetStreamStore::open(options).await.unwrap()).await;
}
