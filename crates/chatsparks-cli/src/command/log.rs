//! `chatsparks log`: what became of the last comments in a trigger's scope (C10).

use super::{compile, unknown_trigger};
use crate::{
    diagnostics::count,
    failure::{Answer, Failure},
    history::{Reading, Watch},
    input::{Input, only_one_standard},
    shown::{ShownComment, write_explanation},
    terminal::{STRONG, Stream, Terminal, shown},
};
use chatsparks_core::{Explanation, Scratch};
use chatsparks_replay::{Considered, Observer, Record};
use clap::Args;
use serde::Serialize;
use std::{
    collections::VecDeque,
    io::{self, Write},
};

/// How many comments are listed.
const LISTED: usize = 50;

/// List the last 50 comments in a trigger's scope, and what became of each
///
/// Newest first. Each has the trigger's result for it: it fired, or the first thing that refused it, and what
/// else would have. Each is judged by the workspace as it was at that moment.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Log {
    /// The workspace: JSON or TOML; `-` is standard input
    workspace: Input,
    /// The history: one event a line; `-` is standard input
    history: Input,
    /// The trigger's id
    #[arg(long, value_name = "ID")]
    trigger: String,
    /// Pass over lines that cannot be read
    #[arg(long)]
    keep_going: bool,
    /// Print one JSON object; positions count characters (Unicode scalar values) of the text
    #[arg(long)]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks log shop.json march.jsonl --trigger price
  chatsparks log shop.json march.jsonl --trigger price --json | jq '.comments[] | .result'";

/// The shape of `log --json`.
#[derive(Serialize)]
struct Logged<'l> {
    trigger: &'l str,
    in_scope: u64,
    comments: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    comment: ShownComment,
    revision: u32,
    #[serde(flatten)]
    explanation: Explanation,
}

impl Log {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        only_one_standard(&self.workspace, &self.history)?;
        let engine = compile(&self.workspace)?;
        let mut watcher = Watcher {
            trigger: &self.trigger,
            known: engine.workspace().triggers.iter().any(|trigger| trigger.id == *self.trigger.as_str()),
            in_scope: 0,
            entries: VecDeque::new(),
            scratch: Scratch::default(),
        };
        let reading = Reading { input: &self.history, keep_going: self.keep_going, terminal };
        let replay = reading.replay(engine, &mut watcher)?.whole(terminal)?;
        if !watcher.known && !replay.engine().workspace().triggers.iter().any(|trigger| trigger.id == *self.trigger) {
            return Err(unknown_trigger(&self.trigger, replay.engine()));
        }
        let comments = watcher.entries.into_iter().rev().collect();
        let logged = Logged { trigger: &self.trigger, in_scope: watcher.in_scope, comments };
        let mut to = terminal.out();
        if self.json {
            serde_json::to_writer_pretty(&mut to.to, &logged).map_err(io::Error::from)?;
            writeln!(to.to)?;
        } else {
            logged.write_text(&mut to)?;
        }
        to.to.flush()?;
        Ok(Answer::Done)
    }
}

impl Logged<'_> {
    fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        let in_scope = count(usize::try_from(self.in_scope).unwrap_or(usize::MAX), "comment");
        write!(to.to, "{STRONG}{}{STRONG:#}: {in_scope} in its scope", shown(self.trigger))?;
        if self.comments.len() as u64 == self.in_scope {
            writeln!(to.to)?;
        } else {
            writeln!(to.to, ", the last {} of them", self.comments.len())?;
        }
        for Entry { comment, explanation, .. } in &self.comments {
            writeln!(to.to)?;
            writeln!(to.to, "{}", comment.headline())?;
            let text = comment.text.as_str();
            write!(to.to, "  ")?;
            write_explanation(to, explanation, false, text)?;
            if explanation.matched.is_empty() {
                writeln!(to.to, "      {}", crate::shown::excerpt(text, &[], to.colored))?;
            }
        }
        Ok(())
    }
}

/// Keeps the last comments in the trigger's scope.
struct Watcher<'t> {
    trigger: &'t str,
    /// Whether some revision had the trigger.
    known: bool,
    in_scope: u64,
    entries: VecDeque<Entry>,
    scratch: Scratch,
}

impl Observer for Watcher<'_> {
    fn record(&mut self, _: &Record<'_>) {}

    fn comment(&mut self, considered: &Considered<'_>) {
        let post = considered.comment.post_id.as_str();
        if !considered.engine.is_in_scope(self.trigger, post) {
            return;
        }
        let evaluation = considered.evaluation();
        let Some(explanation) = considered.engine.explain(&evaluation, self.trigger, &mut self.scratch) else { return };
        self.known = true;
        self.in_scope += 1;
        if self.entries.len() == LISTED {
            self.entries.pop_front();
        }
        let comment = ShownComment::new(&evaluation.comment, evaluation.at);
        self.entries.push_back(Entry { comment, revision: evaluation.revision, explanation });
    }
}

impl Watch for Watcher<'_> {}
