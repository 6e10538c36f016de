//! The store: a memory, and a journal of everything that was done to it.
//!
//! Each change is one line of the journal, on the disk before it is done and before whoever asked is answered. That is
//! all of the three promises at once: what was answered is there after a crash, since the journal is done again at the
//! start; a commit is one line, so it is there as a whole or not at all; a receipt stands in the line of its outcome.

use crate::entry::Entry;
use chatsparks::{
    Instant,
    id::{UserId, WorkspaceId},
    state::{Answer, Wants},
    store::{
        Appended, Commit, Fence, Input, Limit, Log, Logged, MemoryStore, Opened, Position, Routed, Shard, Shards,
        StoreError,
    },
};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::Path,
    sync::Arc,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// A store in one file.
#[derive(Clone)]
pub(crate) struct JournalStore {
    pub(crate) memory: MemoryStore,
    journal: Arc<Mutex<Journal>>,
}

/// The file, and how far it holds whole lines.
pub(crate) struct Journal {
    file: File,
    end: u64,
}

impl JournalStore {
    /// Opens the journal at a path, and does again what stands in it. A new one is of so many partitions.
    pub(crate) async fn open(path: impl AsRef<Path>, partitions: u32) -> Result<Self, StoreError> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(unavailable)?;
        // One process at a time: another's changes would be missing in this one's memory.
        file.try_lock().map_err(|_| StoreError::Unavailable("another process has the journal open".to_owned()))?;
        let mut lines = BufReader::new(&file);
        let (mut line, mut end) = (String::new(), 0);
        let mut memory = None;
        while lines.read_line(&mut line).map_err(unavailable)? > 0 && line.ends_with('\n') {
            let entry: Entry = serde_json::from_str(&line).map_err(|_| {
                // The error itself may repeat what somebody wrote.
                StoreError::Unusable(format!("the journal cannot be read at byte {end}: restore a copy of it"))
            })?;
            match (&memory, entry) {
                (None, Entry::Made(partitions)) => memory = Some(MemoryStore::new(partitions)),
                (Some(memory), entry) => entry.do_again(memory).await,
                (None, _) => return Err(StoreError::Unusable("the journal has no beginning".to_owned())),
            }
            end += line.len() as u64;
            line.clear();
        }
        // What a crash cut off was never answered: it is cut away with the next line.
        let mut journal = Journal { file, end };
        let memory = match memory {
            Some(memory) => memory,
            None => {
                journal.write(&Entry::Made(partitions)).map_err(unavailable)?;
                MemoryStore::new(partitions)
            }
        };
        Ok(Self { memory, journal: Arc::new(Mutex::new(journal)) })
    }

    /// Writes a line, and gives back the turn: whoever holds it may change the memory, and nobody else.
    pub(crate) async fn write(&self, entry: Entry) -> Result<OwnedMutexGuard<Journal>, StoreError> {
        let mut turn = self.journal.clone().lock_owned().await;
        // The disk is waited for on a thread that may wait.
        let written = tokio::task::spawn_blocking(move || turn.write(&entry).map(|()| turn)).await;
        written.map_err(|_| StoreError::Unavailable("writing was cut off".to_owned()))?.map_err(unavailable)
    }
}

impl Journal {
    /// One line, durable when this is done. Where it cannot be, the next line is written over what there is of it.
    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        if self.file.metadata()?.len() != self.end {
            self.file.set_len(self.end)?;
        }
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        self.end += line.len() as u64;
        Ok(())
    }
}

fn unavailable(error: io::Error) -> StoreError {
    StoreError::Unavailable(format!("the journal cannot be used: {error}"))
}

/// Events accepted: durable when `append` answers (R1).
impl Log for JournalStore {
    async fn append(&self, inputs: Vec<(Shard, Input)>) -> Result<Vec<Appended>, StoreError> {
        let _turn = self.write(Entry::append(&inputs)).await?;
        self.memory.append(inputs).await
    }

    async fn route(&self, workspace: &WorkspaceId, account: &UserId, inputs: Vec<Input>) -> Result<Routed, StoreError> {
        let _turn = self.write(Entry::route(workspace, account, &inputs)).await?;
        self.memory.route(workspace, account, inputs).await
    }

    async fn forward(&self, workspace: &WorkspaceId, account: &UserId) -> Result<Routed, StoreError> {
        let _turn = self.write(Entry::Forward(workspace.clone(), account.clone())).await?;
        self.memory.forward(workspace, account).await
    }

    async fn read(&self, shard: &Shard, after: Position, limit: Limit) -> Result<Vec<Logged>, StoreError> {
        self.memory.read(shard, after, limit).await
    }

    async fn end(&self, shard: &Shard) -> Result<(Position, Option<Instant>), StoreError> {
        self.memory.end(shard).await
    }
}

/// The state of partitions: committed in one piece, and only by whoever opened it last (R5).
impl Shards for JournalStore {
    fn partitions(&self) -> u32 {
        self.memory.partitions()
    }

    async fn open(&self, shard: &Shard) -> Result<Opened, StoreError> {
        let _turn = self.write(Entry::open(shard)).await?;
        self.memory.open(shard).await
    }

    async fn load(&self, shard: &Shard, wants: &Wants) -> Result<Answer, StoreError> {
        self.memory.load(shard, wants).await
    }

    async fn commit(&self, shard: &Shard, fence: Fence, commit: Commit) -> Result<(), StoreError> {
        // A commit that is refused is refused again whenever the journal is done again.
        let _turn = self.write(Entry::commit(shard, fence, &commit)).await?;
        self.memory.commit(shard, fence, commit).await
    }

    async fn decided(&self, shard: &Shard) -> Result<Position, StoreError> {
        self.memory.decided(shard).await
    }

    async fn drawn(&self, workspace: &WorkspaceId, cycle: Instant) -> Result<u64, StoreError> {
        self.memory.drawn(workspace, cycle).await
    }

    async fn next_due(&self, shard: &Shard) -> Result<Option<Instant>, StoreError> {
        self.memory.next_due(shard).await
    }
}
