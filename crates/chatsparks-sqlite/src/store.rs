//! Opening a store, and what one is made of.

use crate::{
    fault::{Failure, may_only_be_read, of_sqlite},
    lock::Lock,
    reader::Readers,
    schema,
    shard::Writing,
    writer::{Pace, Writer},
};
use chatsparks_core::FORMS;
use chatsparks_ports::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// How a store is opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// How many partitions each workspace has: fixed when the store is made. None: 1, or as many as it was made with;
    /// another number than that is refused.
    pub partitions: Option<u32>,
    /// Where several wrote together the last time, how long to wait for as many. Whoever is alone never waits.
    pub group_commit_window: Duration,
    /// How much of the file each connection keeps in memory; there are five.
    pub cache_bytes: usize,
    /// What is added to each sync: to measure by, where the disk's own speed is not to decide.
    #[doc(hidden)]
    pub sync_takes: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            partitions: None,
            group_commit_window: Duration::from_millis(1),
            cache_bytes: 32 << 20,
            sync_takes: Duration::ZERO,
        }
    }
}

/// A store in one SQLite file. Cloning it is cheap, and gives the same store.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

/// Closed in this order: the readers go, the writer writes what waits and, being the last, takes its log over into the
/// file, then others may have it.
struct Inner {
    readers: Arc<Readers>,
    /// None: it is only read.
    writer: Option<Writer>,
    path: PathBuf,
    partitions: u32,
    /// The level of forms that are written (S3).
    forms: AtomicU32,
    _lock: Option<Lock>,
}

/// How long another program may hold the file: one that looks at it, for instance.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// How often the write-ahead log is taken over into the file: after so many pages, 16 MiB.
const CHECKPOINT_PAGES: i64 = 4_096;

/// How far the write-ahead log is cut back when it had to grow further.
const KEPT_OF_LOG: i64 = 64 << 20;

impl SqliteStore {
    /// Opens the store at a path, and makes it where there is none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when another process has it, or when it cannot be written to;
    /// [`StoreError::Unusable`] when it is damaged, something else, or of a newer version.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        let path = absolute(path.as_ref())?;
        let lock = Lock::take(&path)?;
        let mut connection = writable(&path, options.cache_bytes)?;
        let made = schema::prepare(&mut connection, options.partitions)?;
        // What a crash left in the write-ahead log is taken over: traces of somebody forgotten would be in it (R12).
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(|error| of_sqlite(&error))?;
        let pace = Pace { window: options.group_commit_window, sync_takes: options.sync_takes };
        let writer = Writer::start(connection, pace)
            .map_err(|error| StoreError::Unavailable(format!("no thread can be had to write in: {error}")))?;
        let readers = Readers::new(path.clone(), options.cache_bytes);
        let (partitions, forms) = (made.partitions, AtomicU32::new(made.forms));
        let writer = Some(writer);
        Ok(Self { inner: Arc::new(Inner { writer, readers, path, partitions, forms, _lock: Some(lock) }) })
    }

    /// Opens the store at a path to read it, while another process may go on writing. Whatever would write is refused.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none; [`StoreError::Unusable`] when it is damaged, something else, or of
    /// another version.
    pub fn open_to_read(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = absolute(path.as_ref())?;
        let cache_bytes = Options::default().cache_bytes;
        let made = schema::read(&readable(&path, cache_bytes)?)?;
        let readers = Readers::new(path.clone(), cache_bytes);
        let (partitions, forms) = (made.partitions, AtomicU32::new(made.forms));
        Ok(Self { inner: Arc::new(Inner { writer: None, readers, path, partitions, forms, _lock: None }) })
    }

    /// The level of the forms that are written: no newer than what every release that has to read them knows (S3).
    pub fn forms(&self) -> u32 {
        self.inner.forms.load(Ordering::Relaxed)
    }

    /// Writes the newest forms from now on: a release that does not know them refuses the store afterwards (S3). What
    /// is written already stays as it is, and is read for ever.
    ///
    /// # Errors
    /// What the store says; nothing has changed then.
    pub async fn upgrade(&self) -> Result<u32, StoreError> {
        self.write(|writing| Ok(schema::write_forms(writing.connection, FORMS)?)).await?;
        self.inner.forms.store(FORMS, Ordering::Relaxed);
        Ok(FORMS)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    pub(crate) fn partition_count(&self) -> u32 {
        self.inner.partitions
    }

    pub(crate) fn found_damage(&self) -> Option<String> {
        self.inner.readers.damage()
    }

    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Writing<'_>) -> Result<T, Failure> + Send + 'static,
    {
        match &self.inner.writer {
            Some(writer) => writer.write(work).await,
            None => Err(StoreError::Unavailable("it was opened to be read".to_owned())),
        }
    }

    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.inner.readers.read(work).await
    }

    /// Keeps the file from growing beyond so many pages: to see what a full disk does.
    #[doc(hidden)]
    pub async fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        self.write(move |writing| {
            writing.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok(())
        })
        .await
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SqliteStore").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

/// The path of the file itself, so that one file has one lock whatever it is called.
fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    if let Ok(path) = path.canonicalize() {
        return Ok(path);
    }
    let cannot =
        |why: &dyn std::fmt::Display| StoreError::Unavailable(format!("`{}` cannot be used: {why}", path.display()));
    let name = path.file_name().ok_or_else(|| cannot(&"it names no file"))?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(directory.canonicalize().map_err(|error| cannot(&error))?.join(name))
}

/// A connection that writes.
pub(crate) fn writable(path: &Path, cache_bytes: usize) -> Result<Connection, StoreError> {
    let told = |error: rusqlite::Error| of_sqlite(&error);
    let connection = Connection::open(path).map_err(told)?;
    // SQLite opens what may not be written to be read, and only fails where it has written beside it already.
    if connection.is_readonly("main").map_err(told)? {
        return Err(may_only_be_read());
    }
    set_up(&connection, cache_bytes).map_err(told)?;
    // INVARIANT: what is answered is on the disk (R1), and what is written over is gone (R12).
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(told)?;
    if mode != "wal" {
        return Err(StoreError::Unavailable(format!("the file system takes no write-ahead log (`{mode}` instead)")));
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(told)?;
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(())).map_err(told)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(())).map_err(told)?;
    connection.pragma_update_and_check(None, "journal_size_limit", KEPT_OF_LOG, |_| Ok(())).map_err(told)?;
    Ok(connection)
}

/// A connection that only reads.
pub(crate) fn readable(path: &Path, cache_bytes: usize) -> Result<Connection, StoreError> {
    let told = |error: rusqlite::Error| of_sqlite(&error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(told)?;
    set_up(&connection, cache_bytes).map_err(told)?;
    Ok(connection)
}

fn set_up(connection: &Connection, cache_bytes: usize) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(128);
    let kibibytes = i64::try_from(cache_bytes / 1024).unwrap_or(i64::MAX);
    connection.pragma_update(None, "cache_size", -kibibytes)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}
