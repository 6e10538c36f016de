//! `chatsparks explain`: why each trigger did, or did not, answer a comment (C10).

use super::{compile, unknown_trigger};
use crate::{
    failure::{Answer, Failure},
    history::{Reading, Watch},
    input::{Input, only_one_standard},
    nearest::Nearest,
    shown::{ShownComment, outcome, write_explanations},
    terminal::{Stream, Terminal},
};
use chatsparks_core::{CommentOutcome, Engine, Evaluation, Explanation, Scratch};
use chatsparks_replay::{Considered, Observer, Record};
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};

/// Explain one comment: why each trigger did, or did not, answer it
///
/// The history is replayed up to the comment. Every trigger has a result, in priority order, drafts included:
/// it fired, or the first thing that refused it. What else would have refused it is named as well, and the
/// words that matched are marked in the text. Judged is by the workspace as it was at that moment.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Explain {
    /// The workspace: JSON or TOML; `-` is standard input
    workspace: Input,
    /// The history: one event a line; `-` is standard input
    history: Input,
    /// The comment's id
    #[arg(long, value_name = "ID")]
    comment: String,
    /// Only this trigger
    #[arg(long, value_name = "ID")]
    trigger: Option<String>,
    /// Pass over lines that cannot be read
    #[arg(long)]
    keep_going: bool,
    /// Print one JSON object; positions count characters (Unicode scalar values) of the text
    #[arg(long)]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks explain shop.json march.jsonl --comment c17
  chatsparks explain shop.json march.jsonl --comment c17 --trigger price
  zcat march.jsonl.gz | chatsparks explain shop.json - --comment c17 --json

A comment that came more than once is explained as it came first.

Exit status: 0 when it is explained, 1 when the workspace is invalid, 2 when the comment or the
trigger is not known, or a line or file cannot be read.";

/// The shape of `explain --json`.
#[derive(Serialize)]
struct Explained<'e> {
    comment: ShownComment,
    revision: u32,
    outcome: &'e CommentOutcome,
    triggers: Vec<Explanation>,
}

impl Explain {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        only_one_standard(&self.workspace, &self.history)?;
        let engine = compile(&self.workspace)?;
        let mut finder = Finder::new(&self.comment);
        let reading = Reading { input: &self.history, keep_going: self.keep_going, terminal };
        let replayed = reading.replay(engine, &mut finder)?;
        let (evaluation, engine) = match finder.found {
            Some(found) => found,
            None => {
                replayed.whole(terminal)?;
                return Err(finder.nearest.unknown("comment", &format!("`{}`", self.history.name())));
            }
        };
        let mut scratch = Scratch::default();
        let triggers = match &self.trigger {
            None => engine.explain_all(&evaluation, &mut scratch),
            Some(trigger) => match engine.explain(&evaluation, trigger, &mut scratch) {
                Some(explanation) => vec![explanation],
                None => return Err(unknown_trigger(trigger, &engine)),
            },
        };
        let explained = Explained {
            comment: ShownComment::new(&evaluation.comment, evaluation.at),
            revision: evaluation.revision,
            outcome: &evaluation.outcome,
            triggers,
        };
        let mut to = terminal.out();
        if self.json {
            serde_json::to_writer_pretty(&mut to.to, &explained).map_err(io::Error::from)?;
            writeln!(to.to)?;
        } else {
            explained.write_text(&mut to)?;
        }
        to.to.flush()?;
        Ok(Answer::Done)
    }
}

impl Explained<'_> {
    fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        let text = self.comment.text.as_str();
        writeln!(to.to, "{}", self.comment.headline())?;
        writeln!(to.to, "  {}", crate::shown::excerpt(text, &[], to.colored))?;
        writeln!(to.to, "  {}, revision {} of the workspace", outcome(self.outcome), self.revision)?;
        writeln!(to.to)?;
        write_explanations(to, self.triggers.iter().map(|one| (one, false)), text)
    }
}

/// Waits for one comment, as it comes first.
pub(super) struct Finder {
    wanted: String,
    pub(super) found: Option<(Evaluation, Engine)>,
    pub(super) nearest: Nearest,
}

impl Finder {
    pub(super) fn new(wanted: &str) -> Self {
        Self { wanted: wanted.to_owned(), found: None, nearest: Nearest::new(wanted) }
    }
}

impl Observer for Finder {
    fn record(&mut self, _: &Record<'_>) {}

    fn comment(&mut self, considered: &Considered<'_>) {
        if self.found.is_some() {
            return;
        }
        let id = considered.comment.comment_id.as_str();
        if id == self.wanted {
            self.found = Some((considered.evaluation(), considered.engine.clone()));
        } else {
            self.nearest.consider(id);
        }
    }
}

impl Watch for Finder {
    fn is_done(&self) -> bool {
        self.found.is_some()
    }
}
