//! `chatsparks log`: what became of the last comments in a trigger's scope (C10).

use super::{compile, unknown_trigger};
use crate::{
    diagnostics::count,
    failure::{Answer, Failure},
    history::{Reading, Watch},
    input::{Input, beside},
    shown::{ShownComment, write_explanation},
    terminal::{STRONG, Stream, Terminal, shown},
};
use chatsparks_core::{Explanation, Scratch};
use chatsparks_replay::{Considered, Observer, Record};
use clap::Args;
use serde::Serialize;
#[cfg(feature = "serve")]
use std::collections::{BTreeMap, btree_map::Entry};
use std::{
    collections::VecDeque,
    io::{self, Write},
};

/// How many comments are listed.
const LISTED: usize = 50;
/// How many comments of a store are looked at for them.
#[cfg(feature = "serve")]
const LOOKED_AT: u64 = 100_000;

/// List the last 50 comments in a trigger's scope, and what became of each
///
/// Newest first. Each has the trigger's result for it: it fired, or the first thing that refused it, and what
/// else would have. Each is judged by the workspace as it was at that moment.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Log {
    /// The workspace: JSON or TOML; `-` is standard input. Before a store of one workspace it may be left out
    workspace: Input,
    /// The history: one event a line; `-` is standard input; or a store: `sqlite:PATH`, `postgres://…`, `nats://…`
    history: Option<Input>,
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
  chatsparks log sqlite:shop.db --trigger price
  chatsparks log shop.json march.jsonl --trigger price --json | jq '.comments[] | .result'";

/// The shape of `log --json`.
#[derive(Serialize)]
struct Logged<'l> {
    trigger: &'l str,
    /// None: a store was looked through only as far as was asked for.
    in_scope: Option<u64>,
    comments: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    comment: ShownComment,
    revision: u32,
    #[serde(flatten)]
    explanation: Explanation,
}

impl Log {
    fn history(&self) -> Result<&Input, Failure> {
        beside(&self.workspace, self.history.as_ref())
    }

    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        #[cfg(feature = "serve")]
        if let Some(kept) = crate::kept::Kept::asked(&self.workspace, self.history.as_ref())? {
            return self.log_of(&kept, terminal);
        }
        self.history()?;
        let engine = compile(&self.workspace)?;
        let mut watcher = Watcher {
            trigger: &self.trigger,
            known: engine.workspace().triggers.iter().any(|trigger| trigger.id == *self.trigger.as_str()),
            in_scope: 0,
            entries: VecDeque::new(),
            scratch: Scratch::default(),
        };
        let reading = Reading { input: self.history()?, keep_going: self.keep_going, terminal };
        let replay = reading.replay(engine, &mut watcher)?.whole(terminal)?;
        if !watcher.known && !replay.engine().workspace().triggers.iter().any(|trigger| trigger.id == *self.trigger) {
            return Err(unknown_trigger(&self.trigger, replay.engine()));
        }
        let comments = watcher.entries.into_iter().rev().collect();
        Logged { trigger: &self.trigger, in_scope: Some(watcher.in_scope), comments }.write(self.json, terminal)
    }

    /// The same from what a store keeps, the last comments first, until there are enough of them.
    #[cfg(feature = "serve")]
    fn log_of(&self, kept: &crate::kept::Kept, terminal: &Terminal) -> Result<Answer, Failure> {
        let in_force = kept.engine()?;
        let mut known = in_force.workspace().triggers.iter().any(|trigger| trigger.id == *self.trigger);
        let mut engines = BTreeMap::from([(in_force.revision(), in_force.clone())]);
        let (mut comments, mut scratch) = (Vec::new(), Scratch::default());
        let whole = kept.evaluations(LOOKED_AT, |evaluation| {
            if let Entry::Vacant(place) = engines.entry(evaluation.revision) {
                place.insert(kept.engine_of(evaluation.revision)?);
            }
            let Some(engine) = engines.get(&evaluation.revision) else { return Ok(true) };
            if engine.is_in_scope(&self.trigger, evaluation.comment.post_id.as_str())
                && let Some(explanation) = engine.explain(&evaluation, &self.trigger, &mut scratch)
            {
                known = true;
                if comments.len() == LISTED {
                    return Ok(false);
                }
                let comment = ShownComment::new(&evaluation.comment, evaluation.at);
                comments.push(Listed { comment, revision: evaluation.revision, explanation });
            }
            Ok(true)
        })?;
        if !known {
            return Err(unknown_trigger(&self.trigger, &in_force));
        }
        // How many there are is known where all were looked at.
        let in_scope = whole.then_some(comments.len() as u64);
        Logged { trigger: &self.trigger, in_scope, comments }.write(self.json, terminal)
    }
}

impl Logged<'_> {
    fn write(&self, json: bool, terminal: &Terminal) -> Result<Answer, Failure> {
        terminal.out().answer(json, self, |to| self.write_text(to))?;
        Ok(Answer::Done)
    }

    fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        let (trigger, listed) = (shown(self.trigger), self.comments.len());
        match self.in_scope {
            Some(all) => {
                let in_scope = count(usize::try_from(all).unwrap_or(usize::MAX), "comment");
                write!(to.to, "{STRONG}{trigger}{STRONG:#}: {in_scope} in its scope")?;
                if listed as u64 == all {
                    writeln!(to.to)?;
                } else {
                    writeln!(to.to, ", the last {listed} of them")?;
                }
            }
            None => writeln!(to.to, "{STRONG}{trigger}{STRONG:#}: the last {} in its scope", count(listed, "comment"))?,
        }
        for Listed { comment, explanation, .. } in &self.comments {
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
    entries: VecDeque<Listed>,
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
        self.entries.push_back(Listed { comment, revision: evaluation.revision, explanation });
    }
}

impl Watch for Watcher<'_> {}
