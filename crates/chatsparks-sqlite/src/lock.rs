//! One process at a time: a lock on a file beside the store, which the system takes back when the process ends, however
//! it ends.

use crate::fault::may_only_be_read;
use chatsparks_ports::StoreError;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Seek, Write},
    path::{Path, PathBuf},
};

/// Held for as long as the store is open.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the store at this path, or says who has it.
    pub(crate) fn take(store: &Path) -> Result<Self, StoreError> {
        let path = beside(store, "-lock");
        let cannot = |error: std::io::Error| match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => may_only_be_read(),
            _ => StoreError::Unavailable(format!("the lock file `{}` cannot be used: {error}", path.display())),
        };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let named = file.read_to_string(&mut holder).is_ok() && holder.trim().parse::<u32>().is_ok();
                let holder = if named { format!("process {}", holder.trim()) } else { "another process".to_owned() };
                return Err(StoreError::Unavailable(format!(
                    "`{}` is in use by {holder}: a SQLite store belongs to one process at a time",
                    store.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        // Only for whoever is refused: the lock holds without it.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

/// A path beside the store's, as SQLite names its own.
pub(crate) fn beside(store: &Path, end: &str) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
