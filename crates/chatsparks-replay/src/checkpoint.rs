//! Checkpoint files: the state of a partition at one position of its log, from which the rest of its history replays
//! (R10).
//!
//! A file of lines, each one JSON object: first the [`Head`], then `{"document": …}`, the document of the revision in
//! force; then every row of the state in its stored form, which is read back for ever; and last `{"rows": N}`, by which
//! a file that was cut off is known. [`Writer`] writes one, [`Reader`] reads one back without holding more than a line.

use crate::{Replay, document::MAX_DOCUMENT, history::MAX_LINE};
use chatsparks_core::{CompileError, Engine, Instant, Row, Stored, WorkspaceId, workspace::Workspace};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    io::{self, BufRead, Read as _, Write},
    sync::Arc,
};

/// The version of the files that this build writes and reads.
pub const VERSION: u32 = 1;

/// The first line: what the checkpoint is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The version of the file: [`VERSION`].
    pub checkpoint: u32,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The partition.
    pub partition: u32,
    /// Of how many.
    pub partitions: u32,
    /// The position of the last event that is part of it: the history goes on after it.
    pub position: u64,
    /// The `seq` of the next record.
    pub seq: u64,
    /// The latest instant seen; none: nothing has happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// The revision in force.
    pub revision: u32,
    /// What wrote the file, and with which Unicode tables.
    pub engine: String,
    /// From where on what follows does not replay, since somebody was forgotten (R12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_since: Option<Instant>,
}

/// What cannot be read as a checkpoint. It shows nothing of what the file holds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A line is not what should stand there.
    #[error("line {line}: expected {expected}")]
    Line {
        /// Which line, counted from 1.
        line: u64,
        /// What should stand there.
        expected: &'static str,
    },
    /// A line was written by a newer version.
    #[error("line {line}: {what}")]
    Newer {
        /// Which line.
        line: u64,
        /// Which version.
        what: String,
    },
    /// The file ends before its last line, which says how many rows there are.
    #[error("it is cut off after {rows} rows: write it again")]
    CutOff {
        /// How many rows were read.
        rows: u64,
    },
    /// The number of rows is another than the last line says.
    #[error("it has {rows} rows, and its last line says {said}: write it again")]
    Miscounted {
        /// How many there are.
        rows: u64,
        /// How many there should be.
        said: u64,
    },
    /// The first line and the rows say different things.
    #[error("its first line and its rows do not belong together: `{0}` differs")]
    Torn(&'static str),
    /// Its document does not hold.
    #[error("its document does not hold: {0}")]
    Document(CompileError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentLine {
    document: Workspace,
}

#[derive(Serialize)]
struct DocumentLineOf<'a> {
    document: &'a Workspace,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastLine {
    rows: u64,
}

/// Writes a checkpoint.
#[derive(Debug)]
pub struct Writer<W> {
    to: W,
    rows: u64,
}

impl<W: Write> Writer<W> {
    /// Begins with what it is of, and the document of the revision in force.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(mut to: W, head: &Head, document: &Workspace) -> io::Result<Self> {
        line(&mut to, head)?;
        line(&mut to, &DocumentLineOf { document })?;
        Ok(Self { to, rows: 0 })
    }

    /// Writes a row. Links of a contact come in the order sent.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn row(&mut self, row: &Row) -> io::Result<()> {
        self.rows += 1;
        line(&mut self.to, &Stored::from(row))
    }

    /// Ends it: how many rows it has, and where it went.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<(u64, W)> {
        line(&mut self.to, &LastLine { rows: self.rows })?;
        Ok((self.rows, self.to))
    }
}

fn line(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, value)?;
    to.write_all(b"\n")
}

/// Reads a checkpoint, a line at a time.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    head: Head,
    document: Workspace,
    buffer: Vec<u8>,
    number: u64,
    rows: u64,
}

impl<R: BufRead> Reader<R> {
    /// Reads what a file is of, and its document.
    ///
    /// # Errors
    /// When it is no checkpoint, or a newer one.
    pub fn new(from: R) -> Result<Self, CheckpointError> {
        let mut lines = Lines { from, buffer: Vec::new(), number: 0 };
        let expected = "the first line of a checkpoint";
        let version: VersionOf = lines.read(MAX_LINE, expected)?.ok_or(CheckpointError::Line { line: 1, expected })?;
        if version.checkpoint != VERSION {
            let what = format!(
                "a checkpoint of version {}: this build reads version {VERSION}; use a newer one",
                version.checkpoint
            );
            return Err(CheckpointError::Newer { line: 1, what });
        }
        let head: Head = lines.again(expected)?;
        let expected = "the document in force, as {\"document\": …}";
        let document = lines.read::<DocumentLine>(MAX_DOCUMENT + MAX_LINE, expected)?;
        let document = document.ok_or(CheckpointError::CutOff { rows: 0 })?.document;
        if document.workspace.id != head.workspace {
            return Err(CheckpointError::Torn("workspace"));
        }
        let Lines { from, buffer, number } = lines;
        Ok(Self { from, head, document, buffer, number, rows: 0 })
    }

    /// What it is of.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The workspace as it stood at the checkpoint: what comes after it can be pushed.
    ///
    /// # Errors
    /// When a row cannot be read, some are missing, or the document does not hold.
    pub fn replay(self) -> Result<(Head, Replay), CheckpointError> {
        let Self { from, head, document, buffer, number, mut rows } = self;
        let document = Arc::new(document);
        let engine = Engine::restore(document, head.revision).map_err(CheckpointError::Document)?;
        let mut lines = Lines { from, buffer, number };
        let mut broken = None;
        let read = std::iter::from_fn(|| match next_row(&mut lines, &mut rows) {
            Ok(row) => row,
            Err(error) => {
                broken = Some(error);
                None
            }
        });
        let replay = Replay::restore(engine, read);
        if let Some(error) = broken {
            return Err(error);
        }
        let replay = replay.map_err(|_| CheckpointError::Torn("revision"))?;
        if replay.records() != head.seq {
            return Err(CheckpointError::Torn("seq"));
        }
        if replay.head().clock().latest() != head.at {
            return Err(CheckpointError::Torn("at"));
        }
        Ok((head, replay))
    }
}

#[derive(Deserialize)]
struct VersionOf {
    checkpoint: u32,
}

/// The next row; none: it was the last, and all are there.
fn next_row<R: BufRead>(lines: &mut Lines<R>, rows: &mut u64) -> Result<Option<Row>, CheckpointError> {
    let expected = "a row of the state, or the last line, as {\"rows\": N}";
    if !lines.next(MAX_LINE)? {
        return Err(CheckpointError::CutOff { rows: *rows });
    }
    if let Ok(LastLine { rows: said }) = serde_json::from_slice(&lines.buffer) {
        if said != *rows {
            return Err(CheckpointError::Miscounted { rows: *rows, said });
        }
        let line = lines.number + 1;
        return match lines.next(MAX_LINE)? {
            true => Err(CheckpointError::Line { line, expected: "nothing after the last line" }),
            false => Ok(None),
        };
    }
    *rows += 1;
    lines.again::<Stored<'static, Row>>(expected).map(|row| Some(row.into_inner()))
}

/// The lines of a file, one in memory.
struct Lines<R> {
    from: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Goes to the next line; false: there is none.
    fn next(&mut self, limit: usize) -> Result<bool, CheckpointError> {
        self.buffer.clear();
        self.number += 1;
        (&mut self.from).take(limit as u64 + 1).read_until(b'\n', &mut self.buffer)?;
        if self.buffer.len() > limit {
            return Err(CheckpointError::Line { line: self.number, expected: "a shorter line" });
        }
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
            return Ok(true);
        }
        // A line without its end was cut off, even where what is there could be read.
        self.buffer.clear();
        Ok(false)
    }

    fn read<T: DeserializeOwned>(
        &mut self,
        limit: usize,
        expected: &'static str,
    ) -> Result<Option<T>, CheckpointError> {
        if self.next(limit)? { self.again(expected).map(Some) } else { Ok(None) }
    }

    /// Reads the present line.
    fn again<T: DeserializeOwned>(&self, expected: &'static str) -> Result<T, CheckpointError> {
        let line = self.number;
        serde_json::from_slice(&self.buffer).map_err(|error| {
            // The reading library's words may repeat what stands there: they are told only where they are about versions.
            let told = error.to_string();
            if told.starts_with("stored as version") {
                CheckpointError::Newer { line, what: told }
            } else {
                CheckpointError::Line { line, expected }
            }
        })
    }
}
