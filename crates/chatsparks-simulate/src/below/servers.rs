//! Stores on real servers: their calls take real time, in which that of the simulation stands still.

use super::Below;
use chatsparks_cluster::{Nats, Postgres};
use chatsparks_core::Instant;
use chatsparks_jetstream::JetStreamStore;
use chatsparks_postgres::PostgresStore;
use std::{
    ffi::OsStr,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Handle, Runtime};

/// Where connections live, whose time goes on.
#[expect(clippy::unwrap_used, reason = "without a tokio no server can be reached")]
fn home() -> &'static Runtime {
    static HOME: OnceLock<Runtime> = OnceLock::new();
    HOME.get_or_init(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

/// A name that nothing else on the servers of this process has.
fn new_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("simulated{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A store in a database of PostgreSQL, on a server that ends with the process.
#[derive(Debug)]
pub struct OnPostgres {
    partitions: u32,
    server: &'static Postgres,
    /// The database in use.
    database: String,
    folder: TempDir,
    copy: Option<PathBuf>,
}

#[expect(clippy::unwrap_used, reason = "without a database there is nothing to simulate")]
impl OnPostgres {
    /// With so many partitions.
    ///
    /// # Panics
    /// When there is no PostgreSQL: `cargo xtask cluster --install` brings it.
    pub fn new(partitions: u32) -> Self {
        let server = Postgres::shared().unwrap();
        Self { partitions, server, database: String::new(), folder: tempfile::tempdir().unwrap(), copy: None }
    }

    fn open_new(&mut self, fill: impl FnOnce(&Self)) -> PostgresStore {
        self.database = new_name();
        let url = self.server.database(&self.database).unwrap();
        fill(self);
        let mut options = chatsparks_postgres::Options::default();
        options.partitions = Some(self.partitions);
        options.connections = 4;
        home().block_on(PostgresStore::open(&url, options)).unwrap()
    }

    fn run(&self, program: &str, arguments: &[&OsStr]) {
        let mut command = self.server.program(program);
        command.arg(format!("--dbname={}", self.server.url(&self.database))).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[expect(clippy::unwrap_used, reason = "without a database there is nothing to simulate")]
impl Below for OnPostgres {
    type Store = PostgresStore;

    fn open(&mut self) -> PostgresStore {
        self.open_new(|_| ())
    }

    fn backup(&mut self, _: &PostgresStore) {
        let file = self.folder.path().join(format!("{}.dump", self.database));
        self.run("pg_dump", &["--format=custom".as_ref(), "--file".as_ref(), file.as_os_str()]);
        self.copy = Some(file);
    }

    fn restore(&mut self, at: Instant) -> Option<PostgresStore> {
        let copy = self.copy.clone()?;
        let store = self.open_new(|new| new.run("pg_restore", &[copy.as_os_str()]));
        home().block_on(store.mark_restored(at)).unwrap();
        Some(store)
    }

    fn home(&self) -> Option<Handle> {
        Some(home().handle().clone())
    }
}

/// A store on three servers of NATS, which end with the process. Nothing copies it: their replicas are what it has, and
/// histories taken home.
#[derive(Debug)]
pub struct OnNats {
    partitions: u32,
    servers: &'static Nats,
}

#[expect(clippy::unwrap_used, reason = "without servers there is nothing to simulate")]
impl OnNats {
    /// With so many partitions.
    ///
    /// # Panics
    /// When there is no NATS: `cargo xtask cluster --install` brings it.
    pub fn new(partitions: u32) -> Self {
        Self { partitions, servers: Nats::shared().unwrap() }
    }
}

#[expect(clippy::unwrap_used, reason = "without servers there is nothing to simulate")]
impl Below for OnNats {
    type Store = JetStreamStore;

    fn open(&mut self) -> JetStreamStore {
        let mut options = chatsparks_jetstream::Options::from_url(&self.servers.url(&new_name())).unwrap();
        options.partitions = Some(self.partitions);
        home().block_on(JetStreamStore::open(options)).unwrap()
    }

    fn backup(&mut self, _: &JetStreamStore) {}

    fn restore(&mut self, _: Instant) -> Option<JetStreamStore> {
        None
    }

    fn home(&self) -> Option<Handle> {
        Some(home().handle().clone())
    }
}
