//! Replaying a history against only reading it.

use crate::{
    measure::{ROUNDS, by_turns, run},
    report::Row,
};
use chatsparks_core::{Engine, Event};
use chatsparks_replay::{DecisionsWriter, Format, HistoryError, Line, Reader, Record, Replay, read_workspace};
use serde_json::Value;
use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader},
    path::{Path, PathBuf},
};

/// A workspace and a history.
pub struct History {
    name: &'static str,
    engine: Engine,
    file: PathBuf,
}

/// The histories of the example shop.
pub fn histories(examples: &Path) -> Result<Vec<History>, Box<dyn std::error::Error>> {
    let document = fs::read(examples.join("glow/workspace.json"))?;
    let engine = Engine::compile(read_workspace(&document, Format::Json)?)?;
    let history = |name, file| History { name, engine: engine.clone(), file: examples.join("glow").join(file) };
    Ok(vec![
        history("glow's comments", "history.jsonl"),
        history("glow's conversations and orders", "conversations.jsonl"),
    ])
}

impl History {
    /// Every text of a comment in it.
    pub fn texts(&self) -> Vec<String> {
        let texts = self.reader().flatten().filter_map(|line| match line.envelope.event {
            Event::Comment(comment) => Some(comment.text.as_str().to_owned()),
            Event::Message(message) => message.text.map(|text| text.as_str().to_owned()),
            _ => None,
        });
        texts.collect()
    }

    /// Replays these lines of it; tells how many records there were.
    fn replay(
        &self,
        lines: impl Iterator<Item = Result<Line, HistoryError>>,
        mut on_record: impl FnMut(&Record<'_>),
    ) -> u64 {
        let mut replay = Replay::new(self.engine.clone());
        for line in lines {
            let pushed = line.map(|line| replay.push(&line.envelope, &mut on_record));
            assert!(pushed.is_ok(), "the example's history can be replayed");
        }
        replay.records()
    }

    /// As the command line replays a file.
    fn replay_file(&self) -> u64 {
        self.replay(self.reader().ahead(), |_| {})
    }

    fn replay_file_writing(&self) -> u64 {
        let mut writer = DecisionsWriter::new(io::sink());
        self.replay(self.reader().ahead(), |record| {
            if let Err(error) = writer.write(record) {
                unreachable!("a sink takes everything: {error}");
            }
        })
    }

    /// On one thread.
    fn replay_alone(&self) -> u64 {
        self.replay(self.reader(), |_| {})
    }

    fn once(&self, work: &str) {
        match work {
            "replay" => _ = self.replay_file(),
            "alone" => _ = self.replay_alone(),
            "decisions" => _ = self.replay_file_writing(),
            _ => _ = self.reader().flatten().count(),
        }
    }

    fn reader(&self) -> Reader<BufReader<File>> {
        Reader::new(self.open(), self.name)
    }

    /// Reads the file line by line, as anybody would: what replaying is held against.
    fn values(&self) -> usize {
        let values = self.open().lines().map(|line| serde_json::from_str::<Value>(&line.unwrap_or_default()));
        values.filter(|value| value.as_ref().is_ok_and(Value::is_object)).count()
    }

    fn open(&self) -> BufReader<File> {
        match File::open(&self.file) {
            Ok(file) => BufReader::new(file),
            Err(error) => unreachable!("the example lies beside the benches: {error}"),
        }
    }
}

/// Reads or replays every history over and over, for a profiler, and tells what a line cost; false: it is other work.
#[allow(clippy::print_stderr, reason = "the one who profiles reads it")]
pub fn profile(work: &str, times: usize, examples: &Path) -> Result<bool, Box<dyn std::error::Error>> {
    if !["read", "replay", "alone", "decisions"].contains(&work) {
        return Ok(false);
    }
    for history in histories(examples)? {
        let started = std::time::Instant::now();
        (0..times).for_each(|_| history.once(work));
        let elapsed = started.elapsed();
        let lines = history.values() * times;
        let each = elapsed.as_nanos() / lines.max(1) as u128;
        eprintln!("{}: {lines} lines, {each} ns each", history.name);
    }
    Ok(true)
}

/// The rows on one history.
pub fn rows(history: &History) -> Vec<Row> {
    let lines = history.values();
    let [read, replayed, written, alone] = by_turns(
        ROUNDS * 4,
        [
            run(|| history.values()),
            run(|| history.replay_file()),
            run(|| history.replay_file_writing()),
            run(|| history.replay_alone()),
        ],
    );
    let name = history.name;
    vec![
        Row::told(format!("replay of {name} ÷ reading the file into `Value`s"), (replayed, read), lines),
        Row::told(format!("the same with `--decisions` to nowhere, {name}"), (written, read), lines),
        Row::told(format!("the replay on one thread, {name}"), (alone, read), lines),
    ]
}
