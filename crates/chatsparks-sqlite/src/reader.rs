//! The few connections that read, each as of one moment.

use crate::{
    fault::{Failure, is_damage, of_sqlite},
    store::readable,
};
use chatsparks_ports::StoreError;
use rusqlite::Connection;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Semaphore;

/// Connections at most.
pub(crate) const READERS: usize = 4;

pub(crate) struct Readers {
    path: PathBuf,
    cache_bytes: usize,
    idle: Mutex<Vec<Connection>>,
    /// What was found to be damaged: it does not come right by itself.
    damage: Mutex<Option<String>>,
    room: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, cache_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            path,
            cache_bytes,
            idle: Mutex::default(),
            damage: Mutex::default(),
            room: Arc::new(Semaphore::new(READERS)),
        })
    }

    /// What reading has found to be damaged.
    pub(crate) fn damage(&self) -> Option<String> {
        self.damage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads as of one moment, on a thread that may wait.
    pub(crate) async fn read<T, F>(self: &Arc<Self>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let closed = |_| StoreError::Unavailable("the store is closed".to_owned());
        let room = self.room.clone().acquire_owned().await.map_err(closed)?;
        let readers = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _room = room;
            readers.run(work)
        });
        read.await.map_err(|_| StoreError::Unavailable("reading was cut off".to_owned()))?
    }

    fn run<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => readable(&self.path, self.cache_bytes)?,
        };
        let moment = connection.unchecked_transaction().map_err(|error| of_sqlite(&error))?;
        let read = work(&moment).map_err(Failure::told);
        drop(moment);
        if let Err(StoreError::Unusable(why)) = &read
            && is_damage(why)
        {
            self.damage.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| why.clone());
        }
        // One that failed may be left in whatever state: the next is opened anew.
        if read.is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        read
    }
}
