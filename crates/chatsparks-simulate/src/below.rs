//! What stores a simulation may run over, and how they are copied (S4).

use crate::block_on;
use chatsparks_core::Instant;
use chatsparks_ports::{MemoryStore, Store};
use chatsparks_sqlite::{Options, SqliteStore};
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::runtime::Handle;

mod servers;

pub use servers::{OnNats, OnPostgres};

/// What a simulation runs over.
pub trait Below {
    /// The store.
    type Store: Store;

    /// An empty store.
    fn open(&mut self) -> Self::Store;

    /// Copies the store, over the copy that was made before.
    fn backup(&mut self, store: &Self::Store);

    /// A store made of the last copy; none: there is none.
    fn restore(&mut self, at: Instant) -> Option<Self::Store>;

    /// Where the store's connections and timers live, whose time goes on; none: it has none.
    fn home(&self) -> Option<Handle> {
        None
    }
}

/// A store in memory.
#[derive(Debug)]
pub struct InMemory {
    partitions: u32,
    copy: Option<MemoryStore>,
}

impl InMemory {
    /// With so many partitions.
    pub fn new(partitions: u32) -> Self {
        Self { partitions, copy: None }
    }
}

impl Below for InMemory {
    type Store = MemoryStore;

    fn open(&mut self) -> MemoryStore {
        MemoryStore::new(self.partitions)
    }

    fn backup(&mut self, store: &MemoryStore) {
        self.copy = Some(store.backup());
    }

    fn restore(&mut self, at: Instant) -> Option<MemoryStore> {
        self.copy.as_ref().map(|copy| copy.restore(at))
    }
}

/// A store in a file, in a folder that goes away.
#[derive(Debug)]
pub struct OnDisk {
    partitions: u32,
    folder: TempDir,
    /// How many files there were.
    files: usize,
    copy: Option<PathBuf>,
}

#[expect(clippy::unwrap_used, reason = "without a file there is nothing to simulate")]
impl OnDisk {
    /// With so many partitions.
    ///
    /// # Panics
    /// When no folder can be made.
    pub fn new(partitions: u32) -> Self {
        Self { partitions, folder: tempfile::tempdir().unwrap(), files: 0, copy: None }
    }

    fn file(&mut self) -> PathBuf {
        self.files += 1;
        self.folder.path().join(format!("{}.db", self.files))
    }

    fn options(&self) -> Options {
        let mut options = Options::default();
        options.partitions = Some(self.partitions);
        options
    }
}

#[expect(clippy::unwrap_used, reason = "without a file there is nothing to simulate")]
impl Below for OnDisk {
    type Store = SqliteStore;

    fn open(&mut self) -> SqliteStore {
        let file = self.file();
        SqliteStore::open(file, self.options()).unwrap()
    }

    fn backup(&mut self, store: &SqliteStore) {
        let file = self.file();
        block_on(store.backup(&file)).unwrap();
        self.copy = Some(file);
    }

    fn restore(&mut self, at: Instant) -> Option<SqliteStore> {
        let file = self.file();
        SqliteStore::restore(self.copy.as_ref()?, &file, at).unwrap();
        Some(SqliteStore::open(file, self.options()).unwrap())
    }
}
