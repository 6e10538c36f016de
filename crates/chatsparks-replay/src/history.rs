//! Histories: one event a line, read one at a time (`formats.md`, JSON Lines).

use chatsparks_core::Envelope;
use error::Flaw;
use std::{fmt, io::BufRead, sync::Arc};

pub use ahead::Ahead;
pub use arrivals::{Arrival, Arrivals};
pub use error::{HistoryError, HistoryErrorKind};
pub use half::mend_half_characters;
pub use line::HistoryLine;
#[cfg(feature = "schema")]
pub(crate) use schema::Line as LineSchema;

mod ahead;
mod arrivals;
mod convert;
mod error;
mod half;
mod line;
mod locate;
mod raw;
#[cfg(feature = "schema")]
mod schema;

/// The longest line that is read, in bytes, its end not counted.
pub const MAX_LINE: usize = 80 << 20;

/// What a buffer may keep from line to line.
const KEPT: usize = 1 << 20;

/// A streaming reader of histories: one line in memory at a time, whatever the length of the file.
///
/// Lines end with a line feed, or a carriage return and one. A byte order mark at the start of the file
/// and blank lines are passed over. After a line that cannot be read the next one is read as ever, so
/// that a caller may go on or stop; only when the input itself fails does the reader end. An escape that is half a
/// character, such as `\ud83d` alone, reads as U+FFFD.
///
/// ```
/// use chatsparks_replay::history::Reader;
/// let history = r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"clock"}"#;
/// let mut reader = Reader::new(history.as_bytes(), "history.jsonl");
/// let line = reader.next().expect("a line")?;
/// assert_eq!((line.number, line.envelope.id.as_str()), (1, "e1"));
/// assert!(reader.next().is_none());
/// # Ok::<(), chatsparks_replay::history::HistoryError>(())
/// ```
pub struct Reader<R> {
    input: R,
    name: Arc<str>,
    buffer: Vec<u8>,
    number: u64,
    limit: usize,
    bytes: u64,
    failed: bool,
}

impl<R> fmt::Debug for Reader<R> {
    /// Without the input and the line in hand, in which people's words stand.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Reader").field("name", &self.name).field("line", &self.number).finish_non_exhaustive()
    }
}

/// A line that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its number, counted from 1.
    pub number: u64,
    /// The event.
    pub envelope: Envelope,
}

impl<R: BufRead> Reader<R> {
    /// A reader of this input; errors call it by this name.
    pub fn new(input: R, name: impl Into<Arc<str>>) -> Self {
        Self { input, name: name.into(), buffer: Vec::new(), number: 0, limit: MAX_LINE, bytes: 0, failed: false }
    }

    /// How many bytes were read so far, for showing progress.
    pub fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// Reads one line into the buffer, without its end; none at the end of the input.
    fn fill(&mut self) -> Option<Result<(), HistoryError>> {
        self.buffer.clear();
        self.buffer.shrink_to(KEPT);
        self.number += 1;
        let (mut length, mut ended) = (0usize, false);
        while !ended {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(HistoryError::io(&self.name, self.number, error)));
                }
            };
            if chunk.is_empty() {
                if length == 0 {
                    return None;
                }
                break;
            }
            let end = memchr::memchr(b'\n', chunk);
            let part = &chunk[..end.unwrap_or(chunk.len())];
            // Of a line that is too long no more is kept than shows that it is; the rest is only passed over.
            let room = (self.limit + 2).saturating_sub(self.buffer.len());
            self.buffer.extend_from_slice(&part[..part.len().min(room)]);
            let used = part.len() + usize::from(end.is_some());
            length = length.saturating_add(used);
            ended = end.is_some();
            self.bytes += used as u64;
            self.input.consume(used);
        }
        if ended && self.buffer.last() == Some(&b'\r') && self.buffer.len() <= self.limit + 1 {
            self.buffer.pop();
        }
        if self.buffer.len() > self.limit {
            let expected = format!("the line is longer than {} MiB", self.limit >> 20);
            let flaw = Flaw { kind: HistoryErrorKind::LineTooLong, place: error::Place::default(), expected };
            return Some(Err(HistoryError::new(&self.name, self.number, 1, flaw)));
        }
        Some(Ok(()))
    }

    /// What is made of the next line that is not blank, with its number.
    fn next_line<T>(
        &mut self,
        convert: impl Fn(&mut raw::RawLine<'_>) -> Result<T, Flaw>,
    ) -> Option<Result<(u64, T), HistoryError>> {
        while !self.failed {
            if let Err(error) = self.fill()? {
                return Some(Err(error));
            }
            half::mend_half_characters(&mut self.buffer);
            let mut line = self.buffer.as_slice();
            if self.number == 1 {
                line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return Some(self.read(line, convert).map(|read| (self.number, read)));
        }
        None
    }

    fn read<T>(
        &self,
        line: &[u8],
        convert: impl Fn(&mut raw::RawLine<'_>) -> Result<T, Flaw>,
    ) -> Result<T, HistoryError> {
        let fail = |column, flaw| HistoryError::new(&self.name, self.number, column, flaw);
        let line = std::str::from_utf8(line).map_err(|error| {
            let expected = if crate::document::is_utf_16(line) {
                "the file is UTF-16, it seems: save it as UTF-8"
            } else {
                "the line is not UTF-8 from here on, but in another encoding, such as Windows-874 or Latin-1: save \
                 the file as UTF-8"
            };
            let expected = expected.to_owned();
            let flaw = Flaw { kind: HistoryErrorKind::NotUtf8, place: error::Place::default(), expected };
            fail(error.valid_up_to() as u64 + 1, flaw)
        })?;
        let column = |byte: usize| line.get(..byte).map_or(0, |before| before.chars().count()) as u64 + 1;
        let mut raw = serde_json::from_str(line).map_err(|error| {
            let (byte, mut flaw) = locate::diagnose(line, &error);
            // UTF-16 without its mark: plain letters with zeros between them, which are UTF-8 too.
            if line.contains('\0') {
                flaw.expected = "zero bytes: the file is UTF-16, it seems: save it as UTF-8".to_owned();
            }
            fail(column(byte), flaw)
        })?;
        convert(&mut raw).map_err(|flaw| fail(column(locate::place(line, &flaw)), flaw))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Line, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_line(convert::envelope)?.map(|(number, envelope)| Line { number, envelope }))
    }
}
