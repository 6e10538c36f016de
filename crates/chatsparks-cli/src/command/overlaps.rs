//! `chatsparks overlaps`: triggers that take each other's comments or never fire, and flows that outrun the window.

use super::compile;
use crate::{
    diagnostics::count,
    failure::{Answer, Failure},
    input::Input,
    terminal::{FAINT, GOOD, STRONG, Stream, Terminal, shown},
};
use chatsparks_core::{Engine, Explained, FlowId, Overlap, OverlapKind, Overlaps as Found, TriggerId};
use chatsparks_replay::{Exceeds, OverWindow, PathStep, over_window};
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};

/// Words listed of one trigger.
const WORDS: usize = 12;
/// Ids listed of triggers that nothing is known of.
const IDS: usize = 20;

/// Find triggers that take each other's comments or never fire, and flows that outrun the messaging window
///
/// For each trigger, comments are made of its own words and decided. Where another trigger takes what is written
/// for it, or nothing can bring it, that is told with such a comment. Where TikTok's messaging window applies
/// (`reach.mode`), each flow is lived through, and where it must stop until the buyer writes, that is told with
/// the way there.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Overlaps {
    /// The workspace: JSON or TOML; `-` is standard input
    workspace: Input,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks overlaps shop.json
  chatsparks overlaps shop.json --json | jq '.triggers[] | {trigger, kind, by, comment: .witness.text}'

Exit status: 0 when nothing was found, 1 when something was or the workspace is invalid, 2 when the file cannot
be read.";

/// The shape of `overlaps --json`.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    found: Found,
    flows: Vec<OverWindow>,
}

impl Overlaps {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let engine = compile(&self.workspace)?;
        let told = Told { found: engine.overlaps(), flows: over_window(&engine) };
        terminal.out().answer(self.json, &told, |to| told.write_text(&engine, to))?;
        Ok(if told.found.is_clean() && told.flows.is_empty() { Answer::Done } else { Answer::No })
    }
}

impl Told {
    fn write_text(&self, engine: &Engine, to: &mut Stream) -> io::Result<()> {
        let Found { hears_comments, triggers, unknown, .. } = &self.found;
        if engine.workspace().triggers.is_empty() {
            writeln!(to.to, "the workspace has no triggers")?;
            return Ok(());
        }
        if !hears_comments {
            writeln!(to.to, "no trigger fires: the creator account is not connected, or may not read comments")?;
        }
        for overlap in triggers {
            write_overlap(overlap, engine, to)?;
        }
        for flow in &self.flows {
            write_flow(flow, engine, to)?;
        }
        if !unknown.is_empty() {
            let ids = listed(unknown.iter().map(TriggerId::as_str), IDS);
            writeln!(to.to, "{FAINT}no comment was found that brings {ids}: try them by hand{FAINT:#}")?;
        }
        if self.found.is_clean() && self.flows.is_empty() {
            writeln!(to.to, "{GOOD}nothing found{GOOD:#} in {}", count(engine.workspace().triggers.len(), "trigger"))?;
        }
        Ok(())
    }
}

fn write_overlap(overlap: &Overlap, engine: &Engine, to: &mut Stream) -> io::Result<()> {
    let Overlap { trigger, kind, by, words, witness, .. } = overlap;
    let by = listed(by.iter().map(TriggerId::as_str), WORDS);
    let words = listed(words.iter().map(String::as_str), WORDS);
    let what = if words.is_empty() { "what is written for it goes".to_owned() } else { format!("{words} goes") };
    write!(to.to, "{STRONG}{}{STRONG:#}: ", shown(trigger.as_str()))?;
    match kind {
        OverlapKind::NoPost => writeln!(to.to, "never fires, as no post of the workspace is in its scope")?,
        OverlapKind::Impossible => writeln!(to.to, "never fires, as its condition asks for what cannot be at once")?,
        OverlapKind::NeverFirst => writeln!(to.to, "never fires, as {by} above it always does instead")?,
        OverlapKind::Contradicts => {
            let other = flow_of(engine, overlap.by.first()).map_or("another flow", FlowId::as_str);
            let own = flow_of(engine, Some(trigger)).map_or("its own", FlowId::as_str);
            writeln!(to.to, "{what} to {by} above it, which starts `{}`, not `{}`", shown(other), shown(own))?;
        }
        OverlapKind::Shadowed => writeln!(to.to, "{what} to {by} above it, which starts the same flow")?,
    }
    let mut beside = Vec::new();
    if witness.is_reply {
        beside.push(" as a reply".to_owned());
    }
    if witness.is_first {
        beside.push(" as a first comment".to_owned());
    }
    if engine.workspace().posts.iter().any(|post| post.id == witness.post_id) || witness.result == Explained::OutOfScope
    {
        beside.push(format!(" under `{}`", shown(witness.post_id.as_str())));
    }
    let came =
        witness.winner.as_ref().map_or("no trigger".to_owned(), |winner| format!("`{}`", shown(winner.as_str())));
    writeln!(to.to, "    “{}”{} brings {came}", shown(&witness.text), beside.concat())
}

fn flow_of<'e>(engine: &'e Engine, trigger: Option<&TriggerId>) -> Option<&'e FlowId> {
    let triggers = &engine.workspace().triggers;
    triggers.iter().find(|one| Some(&one.id) == trigger).map(|trigger| &trigger.flow)
}

fn write_flow(over: &OverWindow, engine: &Engine, to: &mut Stream) -> io::Result<()> {
    let reach = &engine.workspace().policy.reach;
    let why = match over.exceeds {
        Exceeds::OneMessage => "the one message that a comment opens is used".to_owned(),
        Exceeds::Messages => format!("the {} messages of the buyer's window are used", reach.messages_per_window),
        Exceeds::Time => format!("the {} hours of the buyer's window are over", reach.window_hours),
    };
    let (flow, block) = (shown(over.flow.as_str()), shown(over.block.as_str()));
    writeln!(to.to, "flow {STRONG}{flow}{STRONG:#}: held at `{block}` until the buyer writes, as {why}")?;
    let steps = over.path.iter().map(|step| match step {
        PathStep::Comment => "comment".to_owned(),
        PathStep::Buyer(text) => format!("“{}”", shown(text)),
        PathStep::Option(option) => format!("taps `{}`", shown(option.as_str())),
        PathStep::Block(block) => shown(block.as_str()),
    });
    writeln!(to.to, "    {}", steps.collect::<Vec<_>>().join(" → "))
}

/// Names between quotation marks, the first few of many.
fn listed<'n>(names: impl ExactSizeIterator<Item = &'n str>, most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let mut listed: Vec<String> = names.take(most).map(|name| format!("`{}`", shown(name))).collect();
    if more > 0 {
        listed.push(format!("{more} more"));
    }
    listed.join(", ")
}
