//! Reading ahead: lines are read and parsed on a thread of their own while others are decided.

use super::{HistoryError, Line, Reader};
use std::{
    io::BufRead,
    panic::resume_unwind,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Builder, JoinHandle},
    vec,
};

/// Lines that are handed over at once, at most: waking who waits for them costs as much as reading a dozen.
const BATCH_LINES: usize = 512;

/// Bytes after which a batch is handed over, however few its lines.
const BATCH_BYTES: u64 = 1 << 18;

/// Batches that wait to be taken, at most.
const WAITING: usize = 4;

/// A [`Reader`] whose lines are read on a thread of its own, in the same order and with the same errors.
///
/// Made by [`Reader::ahead`]. In memory are at most six batches: of 512 lines each, or of 256 KiB and the line
/// that goes beyond them. So it takes some megabytes, and six of the longest lines where all are long. Dropping it
/// ends the thread when it has read its next batch.
#[derive(Debug)]
pub struct Ahead<R>(From<R>);

#[derive(Debug)]
enum From<R> {
    Thread(Batches),
    /// Where no thread could be had.
    Here(Reader<R>),
}

#[derive(Debug)]
struct Batches {
    waiting: Receiver<Batch>,
    current: vec::IntoIter<Result<Line, HistoryError>>,
    bytes: u64,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Batch {
    lines: Vec<Result<Line, HistoryError>>,
    /// Bytes of the input up to the end of these lines.
    bytes: u64,
}

impl<R: BufRead + Send + 'static> Reader<R> {
    /// Reads ahead on a thread of its own, so that reading a long history takes no time from deciding it.
    ///
    /// Meant for files: lines are handed over by the hundred, so that those of a pipe whose writer is slow would
    /// come late. What is read, its order and its errors are the same. Where no thread can be had, lines are read
    /// when they are asked for.
    ///
    /// # Panics
    /// The iterator panics when the thread did, with the same payload: an input that panics is no end of a history.
    ///
    /// ```
    /// use chatsparks_replay::history::Reader;
    /// let history = r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"clock"}"#;
    /// let lines: Vec<_> = Reader::new(history.as_bytes(), "history.jsonl").ahead().collect();
    /// assert!(matches!(&lines[..], [Ok(line)] if line.number == 1));
    /// ```
    pub fn ahead(self) -> Ahead<R> {
        let (hand_over, waiting) = sync_channel(WAITING);
        // The reader follows once the thread stands, so that it is still ours where there is none.
        let (give, take) = sync_channel::<Self>(1);
        let work = move || _ = take.recv().map(|reader| reader.read_into(&hand_over));
        match Builder::new().name("chatsparks-reader".to_owned()).spawn(work) {
            Err(_) => Ahead(From::Here(self)),
            Ok(thread) => match give.send(self) {
                Err(back) => Ahead(From::Here(back.0)),
                Ok(()) => Ahead(From::Thread(Batches {
                    waiting,
                    current: Vec::new().into_iter(),
                    bytes: 0,
                    thread: Some(thread),
                })),
            },
        }
    }

    /// Hands over every line in batches, until nobody takes them any more.
    fn read_into(mut self, to: &SyncSender<Batch>) {
        loop {
            let (mut lines, from) = (Vec::with_capacity(BATCH_LINES), self.bytes);
            while lines.len() < BATCH_LINES && self.bytes - from < BATCH_BYTES {
                let Some(line) = self.next() else { break };
                lines.push(line);
            }
            if lines.is_empty() || to.send(Batch { lines, bytes: self.bytes }).is_err() {
                return;
            }
        }
    }
}

impl<R: BufRead> Ahead<R> {
    /// How many bytes were read up to the lines that are being handed over, for showing progress.
    pub fn bytes_read(&self) -> u64 {
        match &self.0 {
            From::Thread(batches) => batches.bytes,
            From::Here(reader) => reader.bytes_read(),
        }
    }
}

impl<R: BufRead> Iterator for Ahead<R> {
    type Item = Result<Line, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            From::Thread(batches) => batches.next(),
            From::Here(reader) => reader.next(),
        }
    }
}

impl Batches {
    fn next(&mut self) -> Option<Result<Line, HistoryError>> {
        loop {
            if let Some(line) = self.current.next() {
                return Some(line);
            }
            match self.waiting.recv() {
                Ok(batch) => {
                    self.current = batch.lines.into_iter();
                    self.bytes = batch.bytes;
                }
                // The thread is gone: it reached the end, unless it panicked.
                Err(_) => match self.thread.take()?.join() {
                    Ok(()) => return None,
                    Err(panic) => resume_unwind(panic),
                },
            }
        }
    }
}
