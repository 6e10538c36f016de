//! What is done with a store: `export`, `verify`, `backup`, `restore` (R10, S4).

use crate::{
    failure::{Answer, Failure},
    terminal::Terminal,
};
use address::{Address, open_file, open_nats, open_postgres, path};
use chatsparks_core::{Engine, Instant, Partition, Record, Scratch, WorkspaceId};
use chatsparks_ports::{Clock, Limit, Shard, Store, StoreError, SystemClock, erasure::forget_line};
use chatsparks_sqlite::SqliteStore;
use clap::{Args, Subcommand};
use export::{Begin, Pages};
use serde::Serialize;
use std::{fs, io::Write, path::PathBuf};

pub(crate) mod address;
mod export;
mod migrate;

pub(crate) use migrate::Migrate;

/// Read at once.
const LIMIT: Limit = Limit { events: 2_000, bytes: 16 << 20 };

/// Take home what a store has: documents, histories and records
///
/// For each workspace a folder: the document that it began with, and a history and the records of each partition, in the
/// order in which they were decided. Replaying the one gives the other, byte for byte. Where what is older was deleted, a
/// checkpoint stands before them, from which the replay goes on. The service may go on meanwhile.
#[derive(Args, Debug)]
#[command(after_long_help = EXPORT_EXAMPLES)]
pub(crate) struct Export {
    /// The store: `sqlite:PATH`, the path alone, `postgres://…`, or `nats://…`
    store: String,
    /// The folder to write to; it is made, and must not have been there
    folder: PathBuf,
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  chatsparks export sqlite:chatsparks.db taken-home
  chatsparks replay taken-home/glow/workspace.json taken-home/glow/history-0.jsonl --decisions again.jsonl
  chatsparks replay --from taken-home/glow/checkpoint-0.jsonl taken-home/glow/history-0.jsonl --decisions again.jsonl
  cmp again.jsonl taken-home/glow/records-0.jsonl

Exit status: 0 when it is written, 2 when it could not be.";

/// Say whether the present engine decides what a store has on record as it was decided
///
/// Every partition's history is replayed, from its checkpoint where it has one, and each record held against the one that was kept, byte for byte. What a new
/// version decides otherwise is named. The service may go on meanwhile.
#[derive(Args, Debug)]
#[command(after_long_help = VERIFY_EXAMPLES)]
pub(crate) struct Verify {
    /// The store: `sqlite:PATH`, the path alone, `postgres://…`, or `nats://…`
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

/// What is done with a store itself
#[derive(Args, Debug)]
pub(crate) struct StoreCommand {
    #[command(subcommand)]
    does: StoreDoes,
}

#[derive(Subcommand, Debug)]
enum StoreDoes {
    /// Let this version write its newest forms
    ///
    /// A new version writes what the version before can read, so that the way back stays open and both can serve one store
    /// while it is rolled out. Once nobody goes back, this lets it write what is new; older versions refuse the store then.
    /// Stop the service first, where it has the store for itself.
    #[command(after_long_help = UPGRADE_EXAMPLES)]
    Upgrade {
        /// The store: `sqlite:PATH`, or the path alone
        store: String,
    },
}

const UPGRADE_EXAMPLES: &str = "\
Examples:
  chatsparks store upgrade sqlite:chatsparks.db

Exit status: 0 when it is done, or was before, 2 when it could not be.";

impl StoreCommand {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let StoreDoes::Upgrade { store } = &self.does;
        let path = path(store)?;
        if !path.exists() {
            return Err(Failure::new(format!("there is no store `{}`", path.display()))
                .help("check the path; it is taken from the current directory"));
        }
        let store = SqliteStore::open(&path, chatsparks_sqlite::Options::default())
            .map_err(|error| Failure::new(format!("cannot open the store `{}`: {error}", path.display())))?;
        let before = store.forms();
        let now = blocking(async { store.upgrade().await.map_err(told) })?;
        let mut out = terminal.out();
        match before == now {
            true => writeln!(out.to, "{}: its forms were of level {now} already", path.display())?,
            false => writeln!(out.to, "{}: from forms of level {before} to level {now}", path.display())?,
        }
        Ok(Answer::Done)
    }
}

impl Export {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        blocking(async {
            match Address::of(&self.store)? {
                Address::File(path) => self.export(&open_file(&path)?, terminal).await,
                Address::Postgres(url) => self.export(&open_postgres(url).await?, terminal).await,
                Address::Nats(url) => self.export(&open_nats(url).await?, terminal).await,
            }
        })
    }

    async fn export<S: Store>(&self, store: &S, terminal: &Terminal) -> Result<Answer, Failure> {
        fs::create_dir(&self.folder).map_err(|error| {
            Failure::cannot_write(&self.folder.display().to_string(), &error)
                .help("name a folder that is not there yet: nothing is written over")
        })?;
        for workspace in store.workspaces().await.map_err(told)? {
            let folder = self.folder.join(workspace.as_str());
            fs::create_dir(&folder).map_err(|error| Failure::cannot_write(&folder.display().to_string(), &error))?;
            let document = store.document(&workspace, 1).await.map_err(told)?;
            if let Some(document) = document {
                let text = serde_json::to_vec_pretty(&*document).map_err(|error| Failure::new(error.to_string()))?;
                let path = folder.join("workspace.json");
                fs::write(&path, text).map_err(|error| Failure::cannot_write(&path.display().to_string(), &error))?;
            }
            for partition in 0..store.partitions() {
                let shard = Shard { workspace: workspace.clone(), partition };
                let exported = export::shard(store, &shard, &folder).await?;
                writeln!(terminal.out().to, "{workspace}, partition {partition}: {exported}")?;
            }
        }
        Ok(Answer::Done)
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
    /// The position of the checkpoint that it was replayed from; none: it was replayed from its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<u64>,
    /// From where on it does not replay, since somebody was forgotten (R12).
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_since: Option<Instant>,
    /// Records from there on that a replay writes otherwise, for want of what was forgotten.
    #[serde(skip_serializing_if = "is_zero")]
    forgotten: u64,
    /// What the file itself has wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    file: Vec<String>,
}

impl Verify {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let verified = blocking(async {
            match Address::of(&self.store)? {
                Address::File(path) => {
                    let store = open_file(&path)?;
                    let file = store.integrity_check().await.map_err(told)?;
                    verify_all(&store, &file).await
                }
                // Whether its pages are whole is for `pg_amcheck` and the server's checksums to say.
                Address::Postgres(url) => verify_all(&open_postgres(url).await?, &[]).await,
                Address::Nats(url) => verify_all(&open_nats(url).await?, &[]).await,
            }
        })?;
        let is_well = verified.iter().all(|one| one.differences == 0 && one.file.is_empty());
        let mut out = terminal.out();
        if self.json {
            serde_json::to_writer_pretty(&mut out.to, &verified).map_err(std::io::Error::from)?;
            writeln!(out.to)?;
        } else {
            for one in &verified {
                let Verified { workspace, partition, records, differences, differ, file, .. } = one;
                write!(out.to, "{workspace}, partition {partition}: {records} records, ")?;
                if let Some(position) = one.checkpoint {
                    write!(out.to, "from the checkpoint at event {position}, ")?;
                }
                match differences {
                    0 => writeln!(out.to, "all as this engine decides")?,
                    count => {
                        let seqs: Vec<String> = differ.iter().take(10).map(u64::to_string).collect();
                        writeln!(out.to, "{count} decided otherwise by this engine: seq {}", seqs.join(", "))?;
                    }
                }
                if let Some(since) = one.erased_since {
                    let records = one.forgotten;
                    writeln!(
                        out.to,
                        "  somebody was forgotten: from {since} on it need not replay ({records} records differ)"
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

async fn verify_all<S: Store>(store: &S, file: &[String]) -> Result<Vec<Verified>, Failure> {
    let mut verified = Vec::new();
    for workspace in store.workspaces().await.map_err(told)? {
        for partition in 0..store.partitions() {
            let shard = Shard { workspace: workspace.clone(), partition };
            let mut one = verify_shard(store, shard).await?;
            one.file = file.to_vec();
            verified.push(one);
        }
    }
    Ok(verified)
}

async fn verify_shard<S: Store>(store: &S, shard: Shard) -> Result<Verified, Failure> {
    let stretch = store.stretch(&shard).await.map_err(told)?;
    let mut verified = Verified {
        workspace: shard.workspace.clone(),
        partition: shard.partition,
        records: 0,
        differ: Vec::new(),
        differences: 0,
        checkpoint: None,
        erased_since: stretch.erased_since,
        forgotten: 0,
        file: Vec::new(),
    };
    let begin = Begin::of(store, &shard).await?;
    let position = begin.as_ref().map_or(0, |begin| begin.position);
    if position + 1 < stretch.from {
        return Err(Failure::new(format!(
            "the history of `{}`, partition {}, begins at event {}: what came before was deleted, and there is no \
             checkpoint yet to replay it from",
            shard.workspace, shard.partition, stretch.from
        )));
    }
    let mut partition = match &begin {
        Some(begin) => begin.restore(store).await?,
        None => match store.document(&shard.workspace, 1).await.map_err(told)? {
            Some(document) => {
                Partition::whole(Engine::compile(document).map_err(|error| Failure::new(error.to_string()))?)
            }
            None => return Ok(verified),
        },
    };
    verified.checkpoint = begin.as_ref().map(|begin| begin.position);
    if let Some(begin) = &begin {
        verified.erased_since = begin.erased_since(stretch.erased_since);
    }
    let mut scratch = Scratch::default();
    let decided = store.decided(&shard).await.map_err(told)?;
    let mut pages = Pages::new(store, &shard, partition.head().clock().seq());
    let mut kept = Vec::new().into_iter();
    let mut after = position;
    loop {
        let batch = store.history(&shard, after, decided, LIMIT).await.map_err(told)?;
        if batch.is_empty() {
            break;
        }
        let mut again = Vec::new();
        for logged in &batch {
            after = logged.position;
            if let Some(begin) = &begin
                && begin.has_already(store, logged).await?
            {
                continue;
            }
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
            // Of whoever was forgotten, what was said is not kept.
            let is_same = stands
                .is_some_and(|stands| stands == line || forget_line(&line).is_ok_and(|forgotten| forgotten == stands));
            if is_same {
                continue;
            }
            if verified.erased_since.is_some_and(|since| at >= since) {
                verified.forgotten += 1;
                continue;
            }
            verified.differences += 1;
            if verified.differ.len() < 100 {
                verified.differ.push(seq);
            }
        }
    }
    if let Some(begin) = &begin {
        begin.is_still_there(store, &shard).await?;
    }
    Ok(verified)
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Backup {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let store = open_file(&path(&self.store)?)?;
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

/// Mark a database that was restored from a backup, before anything serves it
///
/// A database of PostgreSQL is copied and restored by its own tools (`pg_dump`, `pg_basebackup`). Effects that waited when
/// the backup was made may have been sent since, which nobody knows: this lets them begin in doubt, so that they are not
/// repeated where the channel takes no idempotency key.
#[derive(Args, Debug)]
pub(crate) struct Restored {
    /// The store: `postgres://…`
    store: String,
}

impl Restored {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let url = match Address::of(&self.store)? {
            Address::Postgres(url) => url,
            Address::File(_) => {
                return Err(
                    Failure::new("a file is marked when it is restored").help("use `chatsparks restore BACKUP STORE`")
                );
            }
            Address::Nats(_) => return Err(Failure::new("a store on NATS is not restored from a backup of its own")),
        };
        let doubted = blocking(async {
            open_postgres(url).await?.mark_restored(SystemClock::default().wall()).await.map_err(told)
        })?;
        writeln!(terminal.out().to, "{doubted} effects that waited begin in doubt")?;
        Ok(Answer::Done)
    }
}

fn told(error: StoreError) -> Failure {
    Failure::new(error.to_string())
}

fn blocking<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(format!("no thread can be had: {error}")))?.block_on(work)
}
