//! Reading ahead gives what reading gives, never runs far ahead, and takes no trouble for an end.
use chatsparks_replay::{HistoryError, HistoryErrorKind, Line, Reader};
use std::{
    io::{self, BufReader, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// So many lines, of which every so many-th cannot be read.
fn history(lines: usize, broken: usize) -> Vec<u8> {
    let line = |number: usize| {
        if number.is_multiple_of(broken) {
            return format!("{{\"id\":\"e{number}\",\n");
        }
        format!("{{\"id\":\"e{number}\",\"at\":\"2026-03-02T10:00:00Z\",\"type\":\"clock\"}}\n")
    };
    (1..=lines).flat_map(|number| line(number).into_bytes()).collect()
}

fn told(line: Result<Line, HistoryError>) -> Result<Line, String> {
    line.map_err(|error| error.to_string())
}

/// What is read, until it panics where it does.
struct Input<F>(F);

impl<F: FnMut(&mut [u8]) -> io::Result<usize>> Read for Input<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (self.0)(into)
    }
}

#[test]
fn lines_errors_and_their_order_are_the_same() {
    // None at all, one, around the edge of a batch, and many batches.
    for lines in [0, 1, 2, 511, 512, 513, 20_000] {
        let history = history(lines, 7);
        let reader = Reader::new(io::Cursor::new(history.clone()), "h.jsonl");
        let here: Vec<_> = Reader::new(history.as_slice(), "h.jsonl").map(told).collect();
        assert_eq!(reader.ahead().map(told).collect::<Vec<_>>(), here, "{lines} lines");
        assert_eq!(here.len(), lines);
    }
}

#[test]
fn after_the_end_there_is_nothing_and_all_bytes_are_counted() {
    let history = history(1_000, usize::MAX);
    let length = history.len() as u64;
    let mut ahead = Reader::new(io::Cursor::new(history), "h.jsonl").ahead();
    assert_eq!(ahead.bytes_read(), 0);
    assert_eq!(ahead.by_ref().count(), 1_000);
    assert_eq!((ahead.next().is_none(), ahead.next().is_none(), ahead.bytes_read()), (true, true, length));
}

#[test]
fn it_is_never_far_ahead_of_what_was_taken() {
    // Many short lines, and fewer long ones, of which a batch holds few.
    for (lines, blanks) in [(50_000, 0), (1_000, 20_000)] {
        let line = history(1, usize::MAX);
        let line = [vec![b' '; blanks], line].concat();
        let length = (lines * line.len()) as u64;
        let read = Arc::new(AtomicU64::new(0));
        let (counted, mut from) = (Arc::clone(&read), io::Cursor::new(line.repeat(lines)));
        let input = Input(move |into: &mut [u8]| {
            let bytes = from.read(into)?;
            counted.fetch_add(bytes as u64, Ordering::SeqCst);
            Ok(bytes)
        });
        let mut ahead = Reader::new(BufReader::new(input), "h.jsonl").ahead();
        for taken in [1, lines as u64 / 2] {
            while ahead.next().unwrap().unwrap().number < taken {}
            // Time to run ahead for a reader that does not stop; one that does passes however long this is.
            std::thread::sleep(Duration::from_millis(200));
            let farthest = read.load(Ordering::SeqCst).saturating_sub(taken * line.len() as u64);
            assert!(farthest < length / 8, "{farthest} of {length} bytes ahead after {taken} lines");
        }
        assert_eq!(ahead.count(), lines - lines / 2);
    }
}

#[test]
fn who_takes_no_more_ends_it() {
    let (ended, has_ended) = std::sync::mpsc::channel();
    struct Tells(std::sync::mpsc::Sender<()>);
    impl Drop for Tells {
        fn drop(&mut self) {
            // Nobody may be left to hear it.
            let _ = self.0.send(());
        }
    }
    let tells = Tells(ended);
    // An input without an end.
    let input = Input(move |into: &mut [u8]| {
        let _alive = &tells;
        into.fill(b'\n');
        into[..2].copy_from_slice(b"{}");
        Ok(into.len())
    });
    let mut ahead = Reader::new(BufReader::new(input), "h.jsonl").ahead();
    assert!(ahead.next().unwrap().is_err());
    drop(ahead);
    // The input is dropped with the thread; without that, this waits for ever.
    has_ended.recv().unwrap();
}

#[test]
fn an_input_that_fails_is_told_and_one_that_panics_is_no_end() {
    let mut lines = io::Cursor::new(history(600, usize::MAX));
    let failing = Input(move |into: &mut [u8]| match lines.read(into)? {
        0 => Err(io::Error::other("the disk is gone")),
        bytes => Ok(bytes),
    });
    let mut read: Vec<_> = Reader::new(BufReader::new(failing), "h.jsonl").ahead().collect();
    let last = read.pop().unwrap().unwrap_err();
    assert_eq!((read.len(), last.kind()), (600, HistoryErrorKind::Io));

    let mut lines = io::Cursor::new(history(600, usize::MAX));
    let panicking = Input(move |into: &mut [u8]| match lines.read(into)? {
        0 => panic!("no more"),
        bytes => Ok(bytes),
    });
    let mut ahead = Reader::new(BufReader::new(panicking), "h.jsonl").ahead();
    let panic = catch_unwind(AssertUnwindSafe(|| ahead.by_ref().count())).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"no more"));
}
