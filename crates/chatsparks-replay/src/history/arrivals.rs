//! Events as they come in from outside, before they are stamped (`running.md` R2).

use super::{HistoryError, Reader, convert};
use chatsparks_core::{Event, EventId, Instant};
use std::{fmt, io::BufRead};

/// A [`Reader`] of events that come in: made by [`Reader::arrivals`].
pub struct Arrivals<R> {
    reader: Reader<R>,
    may_bring_at: bool,
}

impl<R> fmt::Debug for Arrivals<R> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.reader, out)
    }
}

/// An event that came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// Its line, counted from 1.
    pub number: u64,
    /// Its id.
    pub id: EventId,
    /// Its own `at`, where its source may bring one and did.
    pub at: Option<Instant>,
    /// What happened.
    pub event: Event,
}

impl<R: BufRead> Reader<R> {
    /// The same lines as they come in from outside: without an `at`, which is stamped later. A source that is trusted to
    /// may bring one; from any other a line with an `at` cannot be read. Neither can what is told from within alone:
    /// receipts whose ids begin with `outcome:`, and grants.
    ///
    /// ```
    /// use chatsparks_replay::history::Reader;
    /// let lines = r#"{"id":"e1","type":"clock"}"#;
    /// let arrival = Reader::new(lines.as_bytes(), "events").arrivals(false).next().expect("a line")?;
    /// assert_eq!((arrival.id.as_str(), arrival.at), ("e1", None));
    /// # Ok::<(), chatsparks_replay::history::HistoryError>(())
    /// ```
    pub fn arrivals(self, may_bring_at: bool) -> Arrivals<R> {
        Arrivals { reader: self, may_bring_at }
    }
}

impl<R: BufRead> Iterator for Arrivals<R> {
    type Item = Result<Arrival, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let may_bring_at = self.may_bring_at;
        let read = self.reader.next_line(|raw| convert::arrival(raw, may_bring_at))?;
        Some(read.map(|(number, (id, at, event))| Arrival { number, id, at, event }))
    }
}
