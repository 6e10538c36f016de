//! Stores of one server, each in a schema of its own.

use chatsparks_cluster::Postgres;
use chatsparks_postgres::{Options, PostgresStore};
use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};
use tokio::runtime::Runtime;

/// Where connections live, whatever the test runs in.
pub(crate) fn home() -> &'static Runtime {
    static HOME: OnceLock<Runtime> = OnceLock::new();
    HOME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

/// How a new store is opened: in a schema that no other has.
pub(crate) fn options(partitions: u32) -> Options {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let mut options = Options::default();
    options.partitions = Some(partitions);
    options.schema = format!("s{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    options.connections = 6;
    options
}

/// An empty store of so many partitions.
pub(crate) fn make(partitions: u32) -> (PostgresStore, ()) {
    let url = Postgres::shared().unwrap().url("postgres");
    (home().block_on(PostgresStore::open(&url, options(partitions))).unwrap(), ())
}
