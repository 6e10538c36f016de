//! What is done with a store: `export`, `verify`, `backup`, `restore` (R10, S4).

use crate::{
    failure::{Answer, Failure},
    terminal::Terminal,
};
use chatsparks_core::{Engine, Instant, Partition, Record, Scratch, WorkspaceId};
use chatsparks_ports::{Archive, Clock, Cursor, Limit, Shard, Shards, StoreError, SystemClock};
use chatsparks_replay::HistoryLine;
use chatsparks_sqlite::SqliteStore;
use clap::Args;
use serde::Serialize;
use std::{
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

/// Read at once.
const LIMIT: Limit = Limit { events: 2_000, bytes: 16 << 20 };

/// Take home what a store has: documents, histories and records
///
/// For each workspace a folder: the document that it began with, and a history and the records of each partition, in the
/// order in which they were decided. Replaying the one gives the other, byte for byte. The service may go on meanwhile.
#[derive(Args, Debug)]
#[command(after_long_help = EXPORT_EXAMPLES)]
pub(crate) struct Export {
    /// The store: `sqlite:PATH`, or the path alone
    store: String,
    /// The folder to write to; it is made, and must not have been there
    folder: PathBuf,
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  chatsparks export sqlite:chatsparks.db taken-home
  chatsparks replay taken-home/glow/workspace.json taken-home/glow/history-0.jsonl --decisions again.jsonl
  cmp again.jsonl taken-home/glow/records-0.jsonl

Exit status: 0 when it is written, 2 when it could not be.";

/// Say whether the present engine decides what a store has on record as it was decided
///
/// Every partition's history is replayed, and each record held against the one that was kept, byte for byte. What a new
/// version decides otherwise is named. The service may go on meanwhile.
#[derive(Args, Debug)]
#[command(after_long_help = VERIFY_EXAMPLES)]
pub(crate) struct Verify {
    /// The store: `sqlite:PATH`, or the path alone
    store: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  chatsparks verify sqlite:chatsparks.db
  chatsparks verify sqlite:chatsparks.db --json

Exit status: 0 when every record is the same and the file is whole, 1 when not, 2 when it could not run.";

/// Copy a store as of one moment, while the service goes on
#[derive(Args, Debug)]
pub(crate) struct Backup {
    /// The store: `sqlite:PATH`, or the path alone
    store: String,
    /// The file to write; it must not have been there
    to: PathBuf,
}

/// Make a store of a backup
///
/// Effects that waited when the backup was made may have been sent since, which nobody knows: they begin in doubt, and
/// where the channel takes no idempotency key they are not repeated.
#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// The backup
    backup: PathBuf,
    /// The store to make: `sqlite:PATH`, or the path alone; it must not have been there
    store: String,
}

impl Export {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let store = open(&self.store)?;
        fs::create_dir(&self.folder).map_err(|error| {
            Failure::cannot_write(&self.folder.display().to_string(), &error)
                .help("name a folder that is not there yet: nothing is written over")
        })?;
        blocking(async {
            for workspace in store.workspaces().await.map_err(told)? {
                let folder = self.folder.join(workspace.as_str());
                fs::create_dir(&folder)
                    .map_err(|error| Failure::cannot_write(&folder.display().to_string(), &error))?;
                let document = store.document(&workspace, 1).await.map_err(told)?;
                if let Some(document) = document {
                    let text =
                        serde_json::to_vec_pretty(&*document).map_err(|error| Failure::new(error.to_string()))?;
                    let path = folder.join("workspace.json");
                    fs::write(&path, text)
                        .map_err(|error| Failure::cannot_write(&path.display().to_string(), &error))?;
                }
                for partition in 0..store.partitions() {
                    let shard = Shard { workspace: workspace.clone(), partition };
                    let (events, records) = export_shard(&store, &shard, &folder).await?;
                    let mut out = terminal.out();
                    writeln!(out.to, "{workspace}, partition {partition}: {events} events, {records} records")?;
                }
            }
            Ok(Answer::Done)
        })
    }
}

/// Writes a shard's history, as far as it is decided, and its records.
async fn export_shard(store: &SqliteStore, shard: &Shard, folder: &Path) -> Result<(u64, u64), Failure> {
    let name = |kind: &str| folder.join(format!("{kind}-{}.jsonl", shard.partition));
    let file = |path: &Path| {
        let file = fs::File::create_new(path);
        file.map(BufWriter::new).map_err(|error| Failure::cannot_write(&path.display().to_string(), &error))
    };
    let (history, records) = (name("history"), name("records"));
    let (mut to_history, mut to_records) = (file(&history)?, file(&records)?);
    let decided = store.decided(shard).await.map_err(told)?;
    let (mut after, mut events) = (0, 0);
    loop {
        let batch = store.history(shard, after, decided, LIMIT).await.map_err(told)?;
        if batch.is_empty() {
            break;
        }
        for logged in batch {
            after = logged.position;
            events += 1;
            serde_json::to_writer(&mut to_history, &HistoryLine(&logged.envelope))
                .map_err(std::io::Error::from)
                .and_then(|()| to_history.write_all(b"\n"))
                .map_err(|error| Failure::cannot_write(&history.display().to_string(), &error))?;
        }
    }
    let mut count = 0;
    let mut pages = Pages::new(shard);
    while let Some(lines) = pages.next(store).await? {
        for line in lines {
            count += 1;
            writeln!(to_records, "{line}")
                .map_err(|error| Failure::cannot_write(&records.display().to_string(), &error))?;
        }
    }
    for (path, file) in [(&history, to_history), (&records, to_records)] {
        let file = file.into_inner().map_err(|error| error.into_error()).and_then(|file| file.sync_all());
        file.map_err(|error| Failure::cannot_write(&path.display().to_string(), &error))?;
    }
    Ok((events, count))
}

/// The records of one shard, page by page.
struct Pages {
    workspace: WorkspaceId,
    partition: u32,
    cursor: Cursor,
}

impl Pages {
    fn new(shard: &Shard) -> Self {
        // What was read of the others is beyond whatever they have.
        let mut after = vec![u64::MAX >> 1; shard.partition as usize + 1];
        after[shard.partition as usize] = 0;
        Self { workspace: shard.workspace.clone(), partition: shard.partition, cursor: Cursor(after) }
    }

    async fn next(&mut self, store: &SqliteStore) -> Result<Option<Vec<String>>, Failure> {
        let mut cursor = self.cursor.clone();
        cursor.0.resize(store.partitions() as usize, u64::MAX >> 1);
        let (records, cursor) = store.records(&self.workspace, &cursor, 2_000).await.map_err(told)?;
        self.cursor = cursor;
        let lines: Vec<String> =
            records.into_iter().filter(|record| record.partition == self.partition).map(|record| record.line).collect();
        Ok((!lines.is_empty()).then_some(lines))
    }
}

/// What became of verifying one shard.
#[derive(Debug, Serialize)]
struct Verified {
    workspace: WorkspaceId,
    partition: u32,
    records: u64,
    /// Records that this engine would write otherwise; the first hundred.
    differ: Vec<u64>,
    differences: u64,
    /// From where on it does not replay, since somebody was forgotten (R12).
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_since: Option<Instant>,
    /// What the file itself has wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    file: Vec<String>,
}

impl Verify {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let store = open(&self.store)?;
        let verified = blocking(async {
            let file = store.integrity_check().await.map_err(told)?;
            let mut verified = Vec::new();
            for workspace in store.workspaces().await.map_err(told)? {
                for partition in 0..store.partitions() {
                    let shard = Shard { workspace: workspace.clone(), partition };
                    let mut one = verify_shard(&store, shard).await?;
                    one.file.clone_from(&file);
                    verified.push(one);
                }
            }
            Ok(verified)
        })?;
        let is_well = verified.iter().all(|one| one.differences == 0 && one.file.is_empty());
        let mut out = terminal.out();
        if self.json {
            serde_json::to_writer_pretty(&mut out.to, &verified).map_err(std::io::Error::from)?;
            writeln!(out.to)?;
        } else {
            for one in &verified {
                let Verified { workspace, partition, records, differences, differ, erased_since, file } = one;
                write!(out.to, "{workspace}, partition {partition}: {records} records, ")?;
                match differences {
                    0 => writeln!(out.to, "all as this engine decides")?,
                    count => {
                        let seqs: Vec<String> = differ.iter().take(10).map(u64::to_string).collect();
                        writeln!(out.to, "{count} decided otherwise by this engine: seq {}", seqs.join(", "))?;
                    }
                }
                if let Some(since) = erased_since {
                    writeln!(
                        out.to,
                        "  somebody was forgotten: what came before {since} is not compared by its texts"
                    )?;
                }
                for fault in file {
                    writeln!(out.to, "  the file is not whole: {fault}")?;
                }
            }
        }
        Ok(if is_well { Answer::Done } else { Answer::No })
    }
}

async fn verify_shard(store: &SqliteStore, shard: Shard) -> Result<Verified, Failure> {
    let stretch = store.stretch(&shard).await.map_err(told)?;
    let mut verified = Verified {
        workspace: shard.workspace.clone(),
        partition: shard.partition,
        records: 0,
        differ: Vec::new(),
        differences: 0,
        erased_since: stretch.erased_since,
        file: Vec::new(),
    };
    let Some(document) = store.document(&shard.workspace, 1).await.map_err(told)? else { return Ok(verified) };
    if stretch.from > 1 {
        return Err(Failure::new(format!(
            "the history of `{}` begins at event {}: what came before was deleted, and it cannot be replayed",
            shard.workspace, stretch.from
        )));
    }
    let engine = Engine::compile(document).map_err(|error| Failure::new(error.to_string()))?;
    let mut partition = Partition::whole(engine);
    let mut scratch = Scratch::default();
    let decided = store.decided(&shard).await.map_err(told)?;
    let mut pages = Pages::new(&shard);
    let mut kept = Vec::new().into_iter();
    let mut after = 0;
    loop {
        let batch = store.history(&shard, after, decided, LIMIT).await.map_err(told)?;
        if batch.is_empty() {
            break;
        }
        let mut again = Vec::new();
        for logged in &batch {
            after = logged.position;
            partition.push(&logged.envelope, &mut scratch, |record: &Record<'_>| {
                again.push((record.seq, record.at, serde_json::to_string(record).unwrap_or_default()));
            });
        }
        for (seq, at, line) in again {
            let mut stands = kept.next();
            if stands.is_none() {
                kept = pages.next(store).await?.unwrap_or_default().into_iter();
                stands = kept.next();
            }
            verified.records += 1;
            let is_erased = verified.erased_since.is_some_and(|since| at <= since);
            if stands.as_deref() != Some(line.as_str()) && !is_erased {
                verified.differences += 1;
                if verified.differ.len() < 100 {
                    verified.differ.push(seq);
                }
            }
        }
    }
    Ok(verified)
}

impl Backup {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let store = open(&self.store)?;
        blocking(async { store.backup(&self.to).await.map_err(told) })?;
        let size = fs::metadata(&self.to).map_or(0, |metadata| metadata.len());
        writeln!(terminal.out().to, "{}: {size} bytes", self.to.display())?;
        Ok(Answer::Done)
    }
}

impl Restore {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let to = path(&self.store)?;
        SqliteStore::restore(&self.backup, &to, SystemClock::default().wall()).map_err(told)?;
        writeln!(terminal.out().to, "{}: effects that waited begin in doubt", to.display())?;
        Ok(Answer::Done)
    }
}

/// A store that is only read: whoever serves from it goes on.
fn open(name: &str) -> Result<SqliteStore, Failure> {
    let path = path(name)?;
    SqliteStore::open_to_read(&path).map_err(|error| {
        let failure = Failure::new(format!("cannot read the store `{}`: {error}", path.display()));
        if path.exists() { failure } else { failure.help("check the path; it is taken from the current directory") }
    })
}

fn path(name: &str) -> Result<PathBuf, Failure> {
    match name.split_once(':') {
        Some(("sqlite", path)) => Ok(PathBuf::from(path)),
        Some((kind @ ("postgres" | "postgresql" | "nats"), _)) => {
            Err(Failure::new(format!("this build has no store of the kind `{kind}`")).help("it has `sqlite:PATH`"))
        }
        _ => Ok(PathBuf::from(name)),
    }
}

fn told(error: StoreError) -> Failure {
    Failure::new(error.to_string())
}

fn blocking<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(format!("no thread can be had: {error}")))?.block_on(work)
}
