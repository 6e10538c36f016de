//! `chatsparks near-misses`: comments that nothing answered and that a trigger almost matches.

use super::compile;
use crate::{
    diagnostics::count,
    failure::{Answer, Failure},
    history::{Reading, Watch},
    input::{Input, only_one_standard},
    terminal::{FAINT, GOOD, STRONG, Stream, Terminal, shown},
};
use chatsparks_replay::{
    NearMissSearch,
    near_misses::{Change, Comments, NearMiss, NearMissKind, NearMisses as Found},
};
use clap::Args;
use std::io::{self, Write};

/// Changes shown as text; as JSON there are all.
const SHOWN: usize = 40;
/// Characters of a comment that are shown.
const EXCERPT: usize = 60;

/// Find comments that no trigger answered and that one almost matches, and what to change for them
///
/// A keyword may be missed by one letter, an accent, a letter repeated, an ending, or letters of another script
/// that look alike. Each change is told with the comments that it would bring, those that it would bring besides,
/// and those that it would take from other triggers, so that you can decide. What would come of a change is found
/// by deciding the whole history again with it.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct NearMisses {
    /// The workspace: JSON or TOML; `-` is standard input
    workspace: Input,
    /// The history: one event a line; `-` is standard input
    history: Input,
    /// Pass over lines that cannot be read
    #[arg(long)]
    keep_going: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks near-misses shop.json march.jsonl
  chatsparks near-misses shop.json march.jsonl --json | jq '.changes[] | select(.takes == {})'

Exit status: 0 when the history was read to its end, 1 when the workspace is invalid, 2 when it has no triggers,
or a line or file cannot be read.";

impl NearMisses {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        only_one_standard(&self.workspace, &self.history)?;
        let engine = compile(&self.workspace)?;
        let mut watcher = Watcher(NearMissSearch::new());
        let reading = Reading { input: &self.history, keep_going: self.keep_going, terminal };
        let replay = reading.replay(engine, &mut watcher)?.whole(terminal)?;
        if replay.engine().workspace().triggers.is_empty() {
            let failure = Failure::new("the workspace has no triggers, so no comment can almost match one");
            return Err(failure.help("write a trigger first; `chatsparks init` shows how"));
        }
        let found = watcher.0.find(replay.engine());
        terminal.out().answer(self.json, &found, |to| write_text(&found, to))?;
        Ok(Answer::Done)
    }
}

/// Keeps the comments.
struct Watcher(NearMissSearch);

impl chatsparks_replay::Observer for Watcher {
    fn record(&mut self, record: &chatsparks_replay::Record<'_>) {
        self.0.record(record);
    }

    fn comment(&mut self, considered: &chatsparks_replay::Considered<'_>) {
        self.0.comment(considered);
    }
}

impl Watch for Watcher {}

fn write_text(found: &Found, to: &mut Stream) -> io::Result<()> {
    if found.comments == 0 {
        return writeln!(to.to, "the history has no comments that a trigger looked at");
    }
    let comments = count(usize::try_from(found.comments).unwrap_or(usize::MAX), "comment");
    writeln!(to.to, "{comments}, {} without an answer", found.unmatched)?;
    if found.changes.is_empty() {
        writeln!(to.to, "{GOOD}none of them almost matches a trigger{GOOD:#}")?;
    }
    for near in found.changes.iter().take(SHOWN) {
        write_change(near, to)?;
    }
    let more = found.changes.len().saturating_sub(SHOWN) as u64 + found.more;
    if more > 0 {
        writeln!(to.to, "\n{FAINT}{more} more that bring less: see them with `--json`{FAINT:#}")?;
    }
    if found.left_out > 0 {
        writeln!(to.to, "{FAINT}{} comments were not looked at: there were too many{FAINT:#}", found.left_out)?;
    }
    Ok(())
}

fn write_change(near: &NearMiss, to: &mut Stream) -> io::Result<()> {
    let trigger = shown(near.trigger.as_str());
    let almost: Vec<String> = near.almost.iter().map(|word| format!("`{}`", shown(word))).collect();
    let why = match near.kind {
        NearMissKind::Accents => "the same without accents",
        NearMissKind::Elongated => "the same with a letter repeated",
        NearMissKind::OneEdit => "one letter from",
        NearMissKind::Glued => "a longer form of",
        NearMissKind::LookAlike => "looks like",
    };
    let change = match &near.change {
        Change::Add(word) => format!("add `{}`", shown(word)),
        Change::Set(option) => format!("switch on `{option}`"),
    };
    writeln!(to.to)?;
    writeln!(to.to, "{STRONG}{trigger}{STRONG:#}: {change} ({why} {})", almost.join(", "))?;
    write_comments("brings", &near.brings, to)?;
    write_comments("and also", &near.also, to)?;
    for (other, comments) in &near.takes {
        write_comments(&format!("takes from {}", shown(other.as_str())), comments, to)?;
    }
    Ok(())
}

fn write_comments(what: &str, comments: &Comments, to: &mut Stream) -> io::Result<()> {
    if comments.count == 0 {
        return Ok(());
    }
    let examples = comments.examples.iter().take(3).map(|example| {
        let text: String = example.text.as_str().chars().take(EXCERPT).collect();
        let cut = if text.len() < example.text.as_str().len() { "…" } else { "" };
        format!("“{}{cut}”", shown(&text))
    });
    writeln!(to.to, "  {what} {}: {}", comments.count, examples.collect::<Vec<_>>().join(", "))
}
