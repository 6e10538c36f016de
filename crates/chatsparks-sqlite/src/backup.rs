//! Copies of a store, and whether one is whole (S4).

use crate::{
    SqliteStore,
    fault::{Failure, of_sqlite},
    lock::{Lock, beside},
    schema,
    store::{readable, writable},
};
use chatsparks_core::Instant;
use chatsparks_ports::StoreError;
use rusqlite::{Connection, backup::Backup, params};
use std::{
    fs::{self, File},
    path::Path,
};

/// The note that says when a store was restored: events that come again after it may have had their effects before.
const RESTORED_AT: &str = "restored_at";

impl SqliteStore {
    /// Copies the store as of one moment, while it goes on. The copy is whole, or not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is something at that path already, or it cannot be written.
    pub async fn backup(&self, to: impl AsRef<Path>) -> Result<(), StoreError> {
        let to = to.as_ref().to_owned();
        self.read(move |connection| copy(connection, &to).map_err(Failure::Refused)).await
    }

    /// Whether every page, row and index of the file agrees; else what does not, a line each.
    ///
    /// # Errors
    /// What the store says.
    pub async fn integrity_check(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| Ok(faults(connection)?)).await
    }

    /// Makes a store of a backup. Its effects that waited begin in doubt: whether they were sent since, nobody knows.
    ///
    /// Each workspace gets a note `restored_at` with `at`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is something at that path already; [`StoreError::Unusable`] when the
    /// backup is not whole.
    pub fn restore(backup: impl AsRef<Path>, to: impl AsRef<Path>, at: Instant) -> Result<(), StoreError> {
        let (backup, to) = (backup.as_ref(), to.as_ref());
        let told = |error: rusqlite::Error| of_sqlite(&error);
        let source = readable(backup, 8 << 20)?;
        if let Some(first) = faults(&source).map_err(told)?.first() {
            return Err(StoreError::Unusable(format!("the backup is not whole: {first}")));
        }
        let _lock = Lock::take(to)?;
        let partial = beside(to, "-partial");
        // What is left of an attempt that was cut off.
        let _ = fs::remove_file(&partial);
        copy(&source, &partial)?;
        let made = make_usable(&partial, at).and_then(|()| move_whole(&partial, to));
        if made.is_err() {
            let _ = fs::remove_file(&partial);
        }
        made
    }
}

/// What does not agree in a file.
fn faults(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let told = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(told.into_iter().filter(|line| line != "ok").collect())
}

/// Copies a file as one connection sees it.
fn copy(source: &Connection, to: &Path) -> Result<(), StoreError> {
    let told = |error: rusqlite::Error| of_sqlite(&error);
    let partial = beside(to, "-copying");
    let _ = fs::remove_file(&partial);
    let copied = (|| {
        let mut target = Connection::open(&partial).map_err(told)?;
        // In one step: the source's writer would make it begin anew between two.
        Backup::new(source, &mut target).and_then(|backup| backup.step(-1)).map_err(told)?;
        // One file, with nothing beside it.
        target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).map_err(told)?;
        drop(target);
        move_whole(&partial, to)
    })();
    if copied.is_err() {
        let _ = fs::remove_file(&partial);
    }
    copied
}

/// Gives a file its name once it is on the disk, unless something has that name.
fn move_whole(from: &Path, to: &Path) -> Result<(), StoreError> {
    let cannot =
        |error: std::io::Error| StoreError::Unavailable(format!("`{}` cannot be written: {error}", to.display()));
    if to.exists() {
        return Err(StoreError::Unavailable(format!("there is something at `{}` already", to.display())));
    }
    File::open(from).and_then(|file| file.sync_all()).map_err(cannot)?;
    fs::rename(from, to).map_err(cannot)?;
    let directory = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Some systems cannot sync a directory; the name is there all the same.
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
    Ok(())
}

fn make_usable(path: &Path, at: Instant) -> Result<(), StoreError> {
    let told = |error: rusqlite::Error| of_sqlite(&error);
    let mut connection = writable(path, 8 << 20)?;
    schema::prepare(&mut connection, None)?;
    let within = connection.transaction().map_err(told)?;
    within.execute("UPDATE effect SET state = 1 WHERE state = 0", []).map_err(told)?;
    within
        .execute(
            "INSERT INTO note (workspace, name, text) SELECT number, ?1, ?2 FROM workspace WHERE true
             ON CONFLICT DO UPDATE SET text = excluded.text",
            params![RESTORED_AT, at.to_string()],
        )
        .map_err(told)?;
    within.commit().map_err(told)?;
    connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).map_err(told)?;
    connection.close().map_err(|(_, error)| of_sqlite(&error))?;
    Ok(())
}
