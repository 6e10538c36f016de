//! The store passes what every store has to pass.

use chatsparks_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

fn make(partitions: u32) -> (SqliteStore, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let mut options = Options::default();
    options.partitions = Some(partitions);
    (SqliteStore::open(directory.path().join("store.db"), options).unwrap(), directory)
}

chatsparks_testkit::store_suite!(make);
