//! What is taken home of one partition: its checkpoint, the history after it, and the records of that.

use super::{LIMIT, told};
use crate::{arguments, failure::Failure};
use chatsparks_core::{Engine, Event, Instant, Key, Partition, Row, Wants, WorkspaceId};
use chatsparks_ports::{CheckpointPlace, Checkpoints, Cursor, Logged, Position, Shard, Store};
use chatsparks_replay::{
    HistoryLine,
    checkpoint::{Head, VERSION, Writer},
};
use std::{
    fmt, fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// Read at once.
const ROWS: usize = 2_000;
/// A checkpoint that goes further while it is read is read again so often.
const TRIES: usize = 5;

/// What was written of a partition.
pub(super) struct Exported {
    events: u64,
    records: u64,
    /// The position that it begins after, and whether there is a checkpoint of that.
    begins_after: Position,
    has_checkpoint: bool,
    erased_since: Option<Instant>,
}

impl fmt::Display for Exported {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, records, begins_after, has_checkpoint, erased_since } = self;
        match (begins_after, has_checkpoint) {
            (_, true) => write!(out, "a checkpoint at event {begins_after}, ")?,
            (0, false) => {}
            (_, false) => {
                write!(out, "from event {} on, without a checkpoint: it does not replay, ", begins_after + 1)?
            }
        }
        write!(out, "{events} events, {records} records")?;
        match erased_since {
            Some(since) => write!(out, "; somebody was forgotten: from {since} on it does not replay"),
            None => Ok(()),
        }
    }
}

/// Writes a shard's checkpoint, its history as far as it is decided, and its records.
pub(super) async fn shard<S: Store>(store: &S, shard: &Shard, folder: &Path) -> Result<Exported, Failure> {
    let decided = store.decided(shard).await.map_err(told)?;
    let stretch = store.stretch(shard).await.map_err(told)?;
    let mut tries = 0;
    let begin = loop {
        let Some(begin) = Begin::of(store, shard).await? else { break None };
        let file = Lines::new(folder, "checkpoint", shard)?;
        begin.write(store, file, stretch.erased_since).await?;
        tries += 1;
        if begin.is_where_it_was(store).await? {
            break Some(begin);
        }
        if tries == TRIES {
            return Err(moved());
        }
    };
    let begins = (stretch.from.saturating_sub(1), stretch.first_record);
    let (begins_after, seq) = begin.as_ref().map_or(begins, |begin| (begin.position, begin.seq));
    let mut exported = Exported {
        events: 0,
        records: 0,
        begins_after,
        has_checkpoint: begin.is_some(),
        erased_since: match &begin {
            Some(begin) => begin.erased_since(stretch.erased_since),
            None => stretch.erased_since,
        },
    };
    let (mut after, mut history) = (begins_after, Lines::new(folder, "history", shard)?);
    loop {
        let batch = store.history(shard, after, decided, LIMIT).await.map_err(told)?;
        if batch.is_empty() {
            break;
        }
        for logged in batch {
            after = logged.position;
            if let Some(begin) = &begin
                && begin.has_already(store, &logged).await?
            {
                continue;
            }
            exported.events += 1;
            let line = serde_json::to_vec(&HistoryLine(&logged.envelope));
            history.write(&line.map_err(|error| Failure::new(error.to_string()))?)?;
        }
    }
    history.finish()?;
    let mut records = Lines::new(folder, "records", shard)?;
    let mut pages = Pages::new(store, shard, seq);
    while let Some(lines) = pages.next(store).await? {
        for line in lines {
            exported.records += 1;
            records.write(line.as_bytes())?;
        }
    }
    records.finish()?;
    if let Some(begin) = &begin {
        begin.is_still_there(store, shard).await?;
    }
    Ok(exported)
}

fn moved() -> Failure {
    Failure::new("what is old was deleted while it was read")
        .help("do it again: that happens every few minutes at most")
}

/// Where the history of a shard begins: a checkpoint in use.
pub(super) struct Begin {
    checkpoint: Shard,
    of: Shard,
    partitions: u32,
    stands: Checkpoints,
    pub(super) position: Position,
    seq: u64,
    at: Option<Instant>,
    revision: u32,
}

impl Begin {
    /// The checkpoint in use; none: the history begins where everything began.
    pub(super) async fn of<S: Store>(store: &S, shard: &Shard) -> Result<Option<Self>, Failure> {
        let stands = Checkpoints::of(store, shard).await.map_err(told)?;
        let Some(place) = stands.in_use else { return Ok(None) };
        Self::at(store, shard, stands, place).await
    }

    async fn at<S: Store>(
        store: &S,
        shard: &Shard,
        stands: Checkpoints,
        place: CheckpointPlace,
    ) -> Result<Option<Self>, Failure> {
        let checkpoint = shard.checkpoint(place);
        let position = store.decided(&checkpoint).await.map_err(told)?;
        let head = store.load(&checkpoint, &keys([Key::Clock, Key::Terms])).await.map_err(told)?.rows;
        let (mut clock, mut terms) = (None, None);
        for row in head {
            match row {
                Row::Clock(row) => clock = Some(row),
                Row::Terms(row) => terms = Some(row),
                _ => {}
            }
        }
        // A checkpoint that nothing was written to yet says that nothing has happened.
        let Some((clock, terms)) = clock.zip(terms) else { return Ok(None) };
        Ok(Some(Self {
            checkpoint,
            of: shard.clone(),
            partitions: store.partitions(),
            stands,
            position,
            seq: clock.seq(),
            at: clock.latest(),
            revision: terms.revision(),
        }))
    }

    /// Since when it does not replay, because somebody was forgotten: from the checkpoint on, where they were taken out of it.
    pub(super) fn erased_since(&self, of_history: Option<Instant>) -> Option<Instant> {
        let of_checkpoint = self.at.filter(|_| self.stands.forgotten_until.is_some_and(|until| until > self.position));
        of_checkpoint.into_iter().chain(of_history).min()
    }

    /// Whether a grant that stands right after the checkpoint is part of it.
    pub(super) async fn has_already<S: Store>(&self, store: &S, logged: &Logged) -> Result<bool, Failure> {
        if logged.position != self.position + 1 || !matches!(logged.envelope.event, Event::Grant(_)) {
            return Ok(false);
        }
        let key = Key::Event(logged.envelope.id.clone());
        Ok(!store.load(&self.checkpoint, &keys([key])).await.map_err(told)?.rows.is_empty())
    }

    /// The state that it holds.
    pub(super) async fn restore<S: Store>(&self, store: &S) -> Result<Partition, Failure> {
        let document = store.document(&self.of.workspace, self.revision).await.map_err(told)?;
        let missing = || Failure::new(format!("the document of revision {} is missing", self.revision));
        let engine = Engine::restore(document.ok_or_else(missing)?, self.revision)
            .map_err(|error| Failure::new(error.to_string()))?;
        for _ in 0..TRIES {
            let mut rows: Vec<Row> = Vec::new();
            loop {
                let after = rows.last().map(Row::key);
                let more = store.shard_rows(&self.checkpoint, after.as_ref(), ROWS).await.map_err(told)?;
                if more.is_empty() {
                    break;
                }
                rows.extend(more);
            }
            if self.is_where_it_was(store).await? {
                return Partition::restore(engine, rows).map_err(|error| Failure::new(error.to_string()));
            }
        }
        Err(moved())
    }

    /// Writes it to a file.
    async fn write<S: Store>(&self, store: &S, mut to: Lines, erased_since: Option<Instant>) -> Result<(), Failure> {
        let head = Head {
            checkpoint: VERSION,
            workspace: self.of.workspace.clone(),
            partition: self.of.partition,
            partitions: self.partitions,
            position: self.position,
            seq: self.seq,
            at: self.at,
            revision: self.revision,
            engine: arguments::VERSION.clone(),
            erased_since: self.erased_since(erased_since),
        };
        let document = store.document(&self.of.workspace, self.revision).await.map_err(told)?;
        let missing = || Failure::new(format!("the document of revision {} is missing", self.revision));
        let document = document.ok_or_else(missing)?;
        let path = to.path.clone();
        let cannot = |error: io::Error| Failure::cannot_write(&path.display().to_string(), &error);
        let mut writer = Writer::new(&mut to.file, &head, &document).map_err(cannot)?;
        let mut after: Option<Key> = None;
        loop {
            let rows = store.shard_rows(&self.checkpoint, after.as_ref(), ROWS).await.map_err(told)?;
            let Some(last) = rows.last() else { break };
            after = Some(last.key());
            for row in &rows {
                writer.row(row).map_err(cannot)?;
            }
        }
        writer.finish().map_err(cannot)?;
        to.finish()
    }

    /// Whether the checkpoint has not gone further since.
    async fn is_where_it_was<S: Store>(&self, store: &S) -> Result<bool, Failure> {
        let stands = Checkpoints::of(store, &self.of).await.map_err(told)?;
        let position = store.decided(&self.checkpoint).await.map_err(told)?;
        Ok((stands.in_use, position) == (self.stands.in_use, self.position))
    }

    /// What comes after the checkpoint was there until now.
    ///
    /// # Errors
    /// When some of it was deleted meanwhile.
    pub(super) async fn is_still_there<S: Store>(&self, store: &S, shard: &Shard) -> Result<(), Failure> {
        let stretch = store.stretch(shard).await.map_err(told)?;
        if stretch.from > self.position + 1 || stretch.first_record > self.seq { Err(moved()) } else { Ok(()) }
    }
}

fn keys(keys: impl IntoIterator<Item = Key>) -> Wants {
    let mut wants = Wants::default();
    wants.keys = keys.into_iter().collect();
    wants
}

/// A file of lines that is written anew.
struct Lines {
    path: PathBuf,
    file: BufWriter<fs::File>,
}

impl Lines {
    fn new(folder: &Path, kind: &str, shard: &Shard) -> Result<Self, Failure> {
        let path = folder.join(format!("{kind}-{}.jsonl", shard.partition));
        match fs::File::create(&path) {
            Ok(file) => Ok(Self { file: BufWriter::new(file), path }),
            Err(error) => Err(Failure::cannot_write(&path.display().to_string(), &error)),
        }
    }

    fn write(&mut self, line: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(line).and_then(|()| self.file.write_all(b"\n"));
        written.map_err(|error| Failure::cannot_write(&self.path.display().to_string(), &error))
    }

    fn finish(self) -> Result<(), Failure> {
        let file = self.file.into_inner().map_err(|error| error.into_error()).and_then(|file| file.sync_all());
        file.map_err(|error| Failure::cannot_write(&self.path.display().to_string(), &error))
    }
}

/// The records of one shard, page by page.
pub(super) struct Pages {
    workspace: WorkspaceId,
    partition: u32,
    cursor: Cursor,
}

impl Pages {
    /// From a `seq` on.
    pub(super) fn new<S: Store>(store: &S, shard: &Shard, seq: u64) -> Self {
        let cursor = Cursor::in_one(store.partitions(), shard.partition, seq);
        Self { workspace: shard.workspace.clone(), partition: shard.partition, cursor }
    }

    /// The next page; none: there is no more.
    pub(super) async fn next<S: Store>(&mut self, store: &S) -> Result<Option<Vec<String>>, Failure> {
        let (records, cursor) = store.records(&self.workspace, &self.cursor, 2_000).await.map_err(told)?;
        self.cursor = cursor;
        let lines: Vec<String> =
            records.into_iter().filter(|record| record.partition == self.partition).map(|record| record.line).collect();
        Ok((!lines.is_empty()).then_some(lines))
    }
}
