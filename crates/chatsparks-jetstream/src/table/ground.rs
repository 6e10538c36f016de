//! Where tables lie whose process has no memory left for them: a file that nobody else sees, and that is gone with the
//! process.
//!
//! Everything in it comes from a journal and its snapshot, so that nothing is ever synced or repaired. Whoever cannot read
//! or write it any longer says so, and the store is unusable from then on: nothing is decided from half a state.

use chatsparks_ports::StoreError;
use redb::{
    Database, ReadTransaction, ReadableDatabase, StorageBackend, TableDefinition, TableError, WriteTransaction,
    backends::FileBackend,
};
use std::{
    cell::RefCell,
    fmt, io,
    ops::Bound,
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// A partition may have this much at least, unless all may not: writing less would cost more than it is worth.
const LEAST: usize = 64 * 1024;

/// Where a store's tables lie that are put aside.
pub(crate) struct Ground {
    /// Bytes that all tables of a store may take in memory.
    memory: usize,
    directory: PathBuf,
    database: OnceLock<Database>,
    /// Why it cannot be used any longer.
    broken: OnceLock<String>,
    next: AtomicU64,
    /// Partitions that share the memory.
    partitions: AtomicUsize,
    /// Tables that nobody has any more: they go with what is written next.
    gone: Mutex<Vec<u64>>,
}

impl fmt::Debug for Ground {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Ground").field("memory", &self.memory).finish_non_exhaustive()
    }
}

/// Partitions that share the memory.
pub(crate) struct Joined {
    ground: Arc<Ground>,
    partitions: u32,
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.ground.partitions.fetch_sub(self.partitions as usize, Ordering::Relaxed);
    }
}

/// One table's part of it; it goes with the last who has it.
#[derive(Debug)]
pub(super) struct Aside {
    pub(super) ground: Arc<Ground>,
    number: u64,
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.ground.gone.lock().unwrap_or_else(PoisonError::into_inner).push(self.number);
    }
}

/// What stands there at a moment, whatever is written afterwards.
pub(crate) struct View(Option<ReadTransaction>);

impl View {
    /// What stands there when it is asked for.
    pub(crate) fn of_now() -> Self {
        Self(None)
    }
}

/// A key and its value, as they are written.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

thread_local! {
    /// Where the tables of a state are that is being read or written on this thread: serde has no place for it.
    static HERE: RefCell<Option<(Arc<Ground>, View)>> = const { RefCell::new(None) };
}

impl Ground {
    pub(crate) fn new(memory: usize, directory: PathBuf) -> Self {
        Self {
            memory,
            directory,
            database: OnceLock::new(),
            broken: OnceLock::new(),
            next: AtomicU64::new(1),
            partitions: AtomicUsize::new(0),
            gone: Mutex::default(),
        }
    }

    /// Says at the start what would be found out once memory is full.
    pub(crate) fn can_be_used(&self) -> Result<(), StoreError> {
        let (tried, directory) = (tempfile::tempfile_in(&self.directory), self.directory.display());
        let help = "what a workspace has beyond its memory is to lie there; name another `directory` in the address of the store";
        tried.map(drop).map_err(|error| StoreError::Unusable(format!("`{directory}` takes no file: {error}: {help}")))
    }

    /// So many partitions more share the memory, as long as this is kept.
    pub(crate) fn join(self: &Arc<Self>, partitions: u32) -> Joined {
        self.partitions.fetch_add(partitions as usize, Ordering::Relaxed);
        Joined { ground: Arc::clone(self), partitions }
    }

    /// Bytes that one table may take while a state is read, and what is seldom looked at at any time.
    pub(crate) fn share_of_a_table(&self) -> usize {
        self.share() / 16
    }

    /// Bytes that one partition may take.
    pub(crate) fn share(&self) -> usize {
        (self.memory / self.partitions.load(Ordering::Relaxed).max(1)).max(LEAST.min(self.memory))
    }

    /// An error once it is broken: what was read since may be wrong.
    pub(crate) fn sound(&self) -> Result<(), StoreError> {
        self.broken.get().map_or(Ok(()), |why| Err(StoreError::Unusable(why.clone())))
    }

    fn breaks(&self, error: &redb::Error) {
        let directory = self.directory.display();
        let help = "make room there, or name another `directory` in the address of the store, and start again";
        let why = format!("what a workspace has beyond its memory lies in `{directory}`, which fails: {error}: {help}");
        self.broken.get_or_init(|| why);
    }

    fn made(&self) -> Result<&Database, redb::Error> {
        if let Some(database) = self.database.get() {
            return Ok(database);
        }
        let file = tempfile::tempfile_in(&self.directory)?;
        let backend = Unsynced(FileBackend::new(file)?);
        // Pages at hand are memory too.
        let database = redb::Builder::new().set_cache_size(self.memory / 4).create_with_backend(backend)?;
        Ok(self.database.get_or_init(|| database))
    }

    /// What stands there now.
    pub(crate) fn view(&self) -> View {
        View(self.database.get().and_then(|database| match database.begin_read() {
            Ok(reading) => Some(reading),
            Err(error) => {
                self.breaks(&error.into());
                None
            }
        }))
    }

    /// Does something on this thread for which tables stand as they did in a view, and are put aside here.
    pub(crate) fn within<T>(self: &Arc<Self>, view: View, does: impl FnOnce() -> T) -> T {
        /// However it ends.
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                HERE.with_borrow_mut(|here| *here = None);
            }
        }
        HERE.with_borrow_mut(|here| *here = Some((Arc::clone(self), view)));
        let _leave = Leave;
        does()
    }

    /// Where tables are to be put aside that are read on this thread.
    pub(super) fn here() -> Option<Arc<Self>> {
        HERE.with_borrow(|here| here.as_ref().map(|(ground, _)| Arc::clone(ground)))
    }

    /// A table that has nothing there yet.
    pub(super) fn aside(self: &Arc<Self>) -> Aside {
        Aside { ground: Arc::clone(self), number: self.next.fetch_add(1, Ordering::Relaxed) }
    }

    /// Writes, all of it at once, and nothing where it breaks.
    pub(crate) fn write(&self, writes: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>) {
        let written = || -> Result<(), redb::Error> {
            let transaction = self.made()?.begin_write()?;
            let gone = std::mem::take(&mut *self.gone.lock().unwrap_or_else(PoisonError::into_inner));
            for number in gone {
                transaction.delete_table(table(&name(number)))?;
            }
            writes(&transaction)?;
            transaction.commit()?;
            Ok(())
        };
        if let Err(error) = written() {
            self.breaks(&error);
        }
    }
}

#[cfg(test)]
impl Ground {
    pub(super) fn tables(&self) -> usize {
        self.database.get().map_or(0, |database| database.begin_read().unwrap().list_tables().unwrap().count())
    }
}

fn name(number: u64) -> String {
    format!("{number:x}")
}

fn table(name: &str) -> TableDefinition<'_, &'static [u8], &'static [u8]> {
    TableDefinition::new(name)
}

type Reading = redb::ReadOnlyTable<&'static [u8], &'static [u8]>;

impl Aside {
    /// Writes pairs; those without a value are deleted.
    pub(super) fn write(
        &self,
        transaction: &WriteTransaction,
        pairs: impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)>,
    ) -> Result<(), redb::Error> {
        let mut table = transaction.open_table(table(&name(self.number)))?;
        for (key, value) in pairs {
            match value {
                Some(value) => drop(table.insert(key.as_slice(), value.as_slice())?),
                None => drop(table.remove(key.as_slice())?),
            }
        }
        Ok(())
    }

    fn reading(&self) -> Option<Reading> {
        let open = |reading: &ReadTransaction| match reading.open_table(table(&name(self.number))) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(redb::Error::from(error)),
        };
        let opened = HERE.with_borrow(|here| match here {
            Some((ground, View(view))) if Arc::ptr_eq(ground, &self.ground) && view.is_some() => {
                view.as_ref().map_or(Ok(None), open)
            }
            _ => match self.ground.database.get() {
                Some(database) => open(&database.begin_read()?),
                None => Ok(None),
            },
        });
        self.or_break(opened).flatten()
    }

    /// What was read; none: it cannot be, and is not taken for what is not there.
    pub(super) fn read<T>(&self, read: Option<T>) -> Option<T> {
        self.or_break(read.ok_or_else(|| redb::Error::Corrupted("an entry cannot be read".to_owned())))
    }

    fn or_break<T>(&self, read: Result<T, redb::Error>) -> Option<T> {
        read.inspect_err(|error| self.ground.breaks(error)).ok()
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let found = self.reading()?.get_owned(key).map(|found| found.map(|value| value.value().to_vec()));
        self.or_break(found.map_err(redb::Error::from)).flatten()
    }

    /// The pairs of a range, in order; from both ends.
    pub(super) fn range(
        self: &Arc<Self>,
        (from, to): (Bound<Vec<u8>>, Bound<Vec<u8>>),
    ) -> impl DoubleEndedIterator<Item = Pair> + use<> {
        let aside = Arc::clone(self);
        let bounds = (from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice));
        let found = self.reading().map(|table| table.range_owned::<&[u8]>(bounds).map_err(redb::Error::from));
        let found = found.and_then(|found| self.or_break(found));
        found.into_iter().flatten().filter_map(move |pair| {
            let pair = pair.map(|(key, value)| (key.value().to_vec(), value.value().to_vec()));
            aside.or_break(pair.map_err(redb::Error::from))
        })
    }
}

/// A file that nobody needs after the process: it is never synced.
#[derive(Debug)]
struct Unsynced(FileBackend);

impl StorageBackend for Unsynced {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
