//! A history replayed for a command: read, watched, with progress shown to people.

use crate::{diagnostics::count, failure::Failure, input::Input, terminal::Terminal};
use chatsparks_core::{Engine, Envelope};
use chatsparks_replay::{HistoryError, HistoryErrorKind, Line, Observer, Reader, Replay};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use std::io::{BufReader, Read, Write};

/// What a command watches in a replay.
pub(crate) trait Watch: Observer {
    /// Whether it has seen all that it wants to see.
    fn is_done(&self) -> bool {
        false
    }
}

/// A history that was replayed, to its end or to where it had to stop.
pub(crate) struct Replayed {
    /// The workspace after it.
    pub(crate) replay: Replay,
    /// Lines that could not be read, and were passed over.
    pub(crate) passed_over: u64,
    /// Why it stopped before its end, other than that all was seen.
    pub(crate) stopped: Option<Failure>,
}

/// How a history is read.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// What is read.
    pub(crate) input: &'a Input,
    /// Whether lines that cannot be read are passed over.
    pub(crate) keep_going: bool,
    /// Where progress and remarks go.
    pub(crate) terminal: &'a Terminal,
}

impl Reading<'_> {
    /// Replays the history from its beginning.
    ///
    /// # Errors
    /// A [`Failure`] when the file cannot be opened. A line that cannot be read is told in what is returned:
    /// what came before it is done.
    pub(crate) fn replay(self, engine: Engine, watch: &mut impl Watch) -> Result<Replayed, Failure> {
        Ok(self.replay_from(self.input.open()?, engine, watch))
    }

    /// Like [`replay`](Self::replay), reading from what was opened before.
    pub(crate) fn replay_from(self, from: Box<dyn Read + Send>, engine: Engine, watch: &mut impl Watch) -> Replayed {
        self.go_on(from, Replay::new(engine), watch)
    }

    /// Like [`replay`](Self::replay), with a workspace to which something has happened already.
    pub(crate) fn go_on(self, from: Box<dyn Read + Send>, mut replay: Replay, watch: &mut impl Watch) -> Replayed {
        let lines = self.lines(from, |envelope| {
            replay.push_observed(envelope, watch);
            !watch.is_done()
        });
        Replayed { replay, passed_over: lines.passed_over, stopped: lines.stopped }
    }

    /// Reads every line, and hands over its event for as long as more are wanted.
    pub(crate) fn lines(self, from: Box<dyn Read + Send>, mut each: impl FnMut(&Envelope) -> bool) -> Lines {
        let bar = self.bar();
        let mut lines = Lines { passed_over: 0, stopped: None };
        for line in self.read(bar.wrap_read(from)) {
            match line {
                Ok(line) => {
                    if !each(&line.envelope) {
                        break;
                    }
                }
                Err(error) if self.keep_going && error.kind() != HistoryErrorKind::Io => {
                    lines.passed_over += 1;
                    if !self.terminal.quiet {
                        bar.suspend(|| self.remark(&format!("{error}; passed over")));
                    }
                }
                Err(error) => {
                    lines.stopped = Some(broken(&error));
                    break;
                }
            }
        }
        bar.finish_and_clear();
        lines
    }

    /// Every line of it. A file is read ahead; what is piped in is decided line by line as it comes.
    fn read(self, from: impl Read + Send + 'static) -> Box<dyn Iterator<Item = Result<Line, HistoryError>>> {
        let reader = Reader::new(BufReader::with_capacity(1 << 16, from), self.input.name());
        match self.input.length() {
            Some(_) => Box::new(reader.ahead()),
            None => Box::new(reader),
        }
    }

    /// Says something beside the answer.
    fn remark(&self, text: &str) {
        let mut to = self.terminal.err();
        // Nothing can be done when standard error cannot be written.
        let _ = writeln!(to.to, "{}", crate::terminal::shown(text));
    }

    fn bar(&self) -> ProgressBar {
        if !self.terminal.shows_progress() {
            return ProgressBar::hidden();
        }
        let (bar, template) = match self.input.length() {
            Some(length) => (ProgressBar::new(length), "{bar:30} {bytes}/{total_bytes}, {elapsed} ({eta} left)"),
            None => (ProgressBar::new_spinner(), "{spinner} {bytes}, {elapsed}"),
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.with_style(style).with_finish(ProgressFinish::AndClear)
    }
}

/// What reading a history came to.
pub(crate) struct Lines {
    pub(crate) passed_over: u64,
    pub(crate) stopped: Option<Failure>,
}

impl Replayed {
    /// The replay, when it reached the end or all was seen.
    ///
    /// # Errors
    /// Why it stopped.
    pub(crate) fn whole(self, terminal: &Terminal) -> Result<Replay, Failure> {
        if let Some(failure) = self.stopped {
            return Err(failure);
        }
        if self.passed_over > 0 && !terminal.quiet {
            let lines = count(usize::try_from(self.passed_over).unwrap_or(usize::MAX), "line");
            // Nothing can be done when standard error cannot be written.
            let _ = writeln!(terminal.err().to, "{lines} passed over");
        }
        Ok(self.replay)
    }
}

/// A line that cannot be read, with its file, line and column.
fn broken(error: &HistoryError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error.kind() {
        HistoryErrorKind::Io => failure,
        _ => failure.help("mend the line, or pass over such lines with `--keep-going`"),
    }
}
