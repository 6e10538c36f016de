//! `chatsparks replay`: what the workspace would have done with a history.

use super::compile;
use crate::{
    diagnostics::count,
    failure::{Answer, Failure},
    history::{Reading, Replayed, Watch},
    input::{Input, only_one_standard},
    output::{Output, Target},
    terminal::Terminal,
};
use chatsparks_core::Insights;
use chatsparks_replay::{
    DecisionsWriter, InsightsSection, Observer, Record, RecordsDigest, Replay as Driver, Summary,
    checkpoint::{self, CheckpointError},
};
use clap::Args;
use serde::Serialize;
use std::io::{self, BufReader, Write};

/// Replay a history, and sum up what the workspace would have done
///
/// Every event is decided in turn, and every timer that falls due between them. The summary counts what was
/// decided, and why, for each trigger and post; the decisions themselves and the state at the end can be
/// written to files.
#[derive(Args, Debug)]
#[command(
    after_long_help = EXAMPLES,
    override_usage = "chatsparks replay [OPTIONS] <WORKSPACE> <HISTORY>\n       \
                      chatsparks replay [OPTIONS] --from <CHECKPOINT> <HISTORY>"
)]
pub(crate) struct Replay {
    /// The workspace: JSON or TOML; `-` is standard input. With `--from` it is left out
    workspace: Input,
    /// The history: one event a line; `-` is standard input
    #[arg(required_unless_present = "from")]
    history: Option<Input>,
    /// Go on from this checkpoint, as `chatsparks export` wrote it: it has the state and the document in force
    #[arg(long, value_name = "CHECKPOINT")]
    from: Option<Input>,
    /// Write every decision, one record a line; `-` is standard output
    #[arg(long, value_name = "FILE")]
    decisions: Option<Target>,
    /// Write the final state; `-` is standard output
    #[arg(long, value_name = "FILE")]
    state: Option<Target>,
    /// Print the digest of the records too: the same for whoever decided alike, in whatever order between contacts
    #[arg(long)]
    digest: bool,
    /// Pass over lines that cannot be read; each is told on standard error, and they are counted
    #[arg(long)]
    keep_going: bool,
    /// Print the summary as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks replay shop.json march.jsonl
  chatsparks replay shop.json march.jsonl --decisions decisions.jsonl --state state.json
  chatsparks replay shop.json march.jsonl --decisions - | jq -c .outcome
  zcat march.jsonl.gz | chatsparks replay shop.json - --keep-going
  chatsparks replay --from taken-home/glow/checkpoint-0.jsonl taken-home/glow/history-0.jsonl

A file that is written is put into its place when it is whole; until then it stays as it was.
When a line cannot be read, the replay stops before it, and the files hold what was decided up to
there. When an output goes to standard output, the summary goes to standard error.

Exit status: 0 when the history was replayed to its end, 1 when the workspace is invalid, 2 when
a line or file cannot be read, or a file cannot be written.";

impl Replay {
    /// Whether standard output is taken by an output.
    pub(super) fn takes_standard_output(&self) -> bool {
        [&self.decisions, &self.state].into_iter().flatten().any(|target| *target == Target::Standard)
    }

    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let history = self.history()?;
        self.hold_together(history)?;
        let replay = self.begin()?;
        let decisions = Output::open(self.decisions.as_ref())?;
        let state = Output::open(self.state.as_ref())?;
        let wanted = decisions.is_wanted();
        let mut writing = Writing {
            decisions: wanted.then(|| DecisionsWriter::new(decisions)),
            trouble: None,
            summary: Summary::new(replay.engine().workspace()),
            insights: Insights::new(),
            digest: self.digest.then(RecordsDigest::new),
        };
        let reading = Reading { input: history, keep_going: self.keep_going, terminal };
        let replayed = reading.go_on(history.open()?, replay, &mut writing);
        let Writing { decisions, trouble, mut summary, insights, digest } = writing;
        // What could not be written is not put into its place.
        let decisions_failure = |error| match &self.decisions {
            Some(target) => self.nobody_reads(target.failure(error)),
            None => error.into(),
        };
        if let Some(error) = trouble {
            return Err(decisions_failure(error));
        }
        if let Some(decisions) = decisions {
            let output = decisions.finish().map_err(decisions_failure)?;
            output.finish().map_err(|failure| self.nobody_reads(failure))?;
        }
        self.write_state(state, &replayed.replay).map_err(|failure| self.nobody_reads(failure))?;
        let Replayed { replay, passed_over, stopped } = replayed;
        if let Some(failure) = stopped {
            return Err(self.up_to_there(failure, replay.records()));
        }
        (0..passed_over).for_each(|_| summary.passed_over());
        let digest = digest.map(|digest| digest.finish());
        self.write_summary(&summary, &insights, digest, terminal)?;
        Ok(Answer::Done)
    }

    /// The history: with a checkpoint, which has the document in force, it is the only thing named.
    fn history(&self) -> Result<&Input, Failure> {
        match (&self.from, &self.history) {
            (None, Some(history)) => Ok(history),
            (_, None) => Ok(&self.workspace),
            (Some(_), Some(_)) => Err(Failure::new("a checkpoint has its own document, and a workspace is named too")
                .help("with `--from CHECKPOINT`, name the history alone")),
        }
    }

    /// The workspace before the history: new, or as it stood at the checkpoint.
    fn begin(&self) -> Result<Driver, Failure> {
        let Some(from) = &self.from else { return Ok(Driver::new(compile(&self.workspace)?)) };
        let told = |error: CheckpointError| {
            Failure::new(format!("`{}` is no checkpoint to go on from: {error}", from.name()))
                .help("take one from the folder that `chatsparks export` writes")
        };
        let file = BufReader::with_capacity(1 << 16, from.open()?);
        let (_, replay) = checkpoint::Reader::new(file).and_then(checkpoint::Reader::replay).map_err(told)?;
        Ok(replay)
    }

    fn hold_together(&self, history: &Input) -> Result<(), Failure> {
        only_one_standard(self.from.as_ref().unwrap_or(&self.workspace), history)?;
        if self.decisions.as_ref().zip(self.state.as_ref()).is_some_and(|(one, other)| one.is_same(other)) {
            return Err(Failure::new("`--decisions` and `--state` name the same place").help("give each its own"));
        }
        for target in [&self.decisions, &self.state].into_iter().flatten() {
            let is_read = [Some(history), Some(&self.workspace), self.from.as_ref()].into_iter().flatten();
            if is_read.into_iter().any(|input| target.overwrites(input)) {
                let message = format!("`{}` is read, and would be overwritten", target.name());
                return Err(Failure::new(message).help("write to another file"));
            }
        }
        Ok(())
    }

    fn write_state(&self, mut to: Output, replay: &Driver) -> Result<(), Failure> {
        if to.is_wanted() {
            let written = serde_json::to_writer_pretty(&mut to, &replay.state()).map_err(io::Error::from);
            written.and_then(|()| writeln!(to)).map_err(|error| to.failure(error))?;
        }
        to.finish()
    }

    fn write_summary(
        &self,
        summary: &Summary,
        insights: &Insights,
        digest: Option<String>,
        terminal: &Terminal,
    ) -> Result<(), Failure> {
        let to = if self.takes_standard_output() { terminal.err() } else { terminal.out() };
        let told = SummedUp { summary, insights, digest };
        let written = to.answer(self.json, &told, |to| {
            if self.takes_standard_output() && terminal.quiet {
                return Ok(());
            }
            let columns = to.width;
            writeln!(to.to, "{}", format!("{summary:columns$}").trim_end())?;
            writeln!(to.to, "\n{}", format!("{:columns$}", InsightsSection(insights)).trim_end())?;
            told.digest.as_ref().map_or(Ok(()), |digest| writeln!(to.to, "\ndigest {digest}"))
        });
        Ok(written?)
    }

    /// A reader who goes away is no failure, unless a file was to be written beside.
    fn nobody_reads(&self, failure: Failure) -> Failure {
        let beside = [&self.decisions, &self.state].into_iter().flatten().find(|target| **target != Target::Standard);
        match (failure, beside) {
            (Failure::NobodyReads, Some(target)) => {
                Failure::new(format!("standard output was closed; `{}` was not written", target.name()))
            }
            (failure, _) => failure,
        }
    }

    /// Says of a replay that had to stop what the files hold.
    fn up_to_there(&self, failure: Failure, records: u64) -> Failure {
        let files: Vec<_> =
            [&self.decisions, &self.state].into_iter().flatten().map(|target| format!("`{}`", target.name())).collect();
        match failure {
            Failure::CannotRun { message, help, .. } if !files.is_empty() => {
                let kept = count(usize::try_from(records).unwrap_or(usize::MAX), "record");
                let hold = if files.len() == 1 { "holds" } else { "hold" };
                let files = files.join(" and ");
                let help = help.map_or_else(String::new, |help| format!("{help}; "));
                Failure::new(message).help(format!("{help}{files} {hold} what was decided up to there ({kept})"))
            }
            other => other,
        }
    }
}

/// The shape of `replay --json`.
#[derive(Serialize)]
struct SummedUp<'s> {
    #[serde(flatten)]
    summary: &'s Summary,
    insights: &'s Insights,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

/// Writes decisions and sums them up.
struct Writing {
    decisions: Option<DecisionsWriter<Output>>,
    trouble: Option<io::Error>,
    summary: Summary,
    insights: Insights,
    digest: Option<RecordsDigest>,
}

impl Observer for Writing {
    fn record(&mut self, record: &Record<'_>) {
        self.summary.record(record);
        if let (Some(digest), None) = (&mut self.digest, &self.trouble) {
            self.trouble = digest.record(record).err().map(io::Error::from);
        }
        self.insights.add(record.user_id(), &record.decision.facts);
        if let (Some(decisions), None) = (&mut self.decisions, &self.trouble) {
            self.trouble = decisions.write(record).err();
        }
    }
}

impl Watch for Writing {
    fn is_done(&self) -> bool {
        self.trouble.is_some()
    }
}
