//! `chatsparks compare`: what a history comes to under two workspaces, and what differs.

use super::compile;
use crate::{
    diagnostics::count,
    failure::{Answer, Failure},
    history::Reading,
    input::{Input, only_one_standard},
    terminal::{STRONG, Stream, Terminal, shown},
};
use chatsparks_replay::compare::{Answered, Compare as Comparing, Comparison, Credited, Numbers};
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};

/// How many ways of answering otherwise are shown to people.
const SHOWN: usize = 20;

/// Compare two workspaces over one history: what would change?
///
/// Both are replayed beside one another. Told are the comments that fire anew, no longer, or another trigger, with
/// examples; how many more or fewer DMs go out and contacts count; and orders that are credited otherwise. Documents in
/// the history are passed over: what is compared are the two that are given.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Compare {
    /// The workspace as it is: JSON or TOML; `-` is standard input
    old: Input,
    /// The workspace as it would be
    new: Input,
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
  chatsparks compare shop.json shop-new.json march.jsonl
  chatsparks compare shop.json shop-new.json march.jsonl --json | jq .comments

Exit status: 0 when nothing differs, 1 when something does or a workspace is invalid, 2 when a
line or file cannot be read.";

/// The shape of `compare --json`.
#[derive(Serialize)]
struct Compared<'c> {
    differs: bool,
    #[serde(flatten)]
    comparison: &'c Comparison,
}

impl Compare {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        only_one_standard(&self.old, &self.new)?;
        only_one_standard(&self.old, &self.history)?;
        only_one_standard(&self.new, &self.history)?;
        let mut comparing = Comparing::new(compile(&self.old)?, compile(&self.new)?);
        let reading = Reading { input: &self.history, keep_going: self.keep_going, terminal };
        let lines = reading.lines(self.history.open()?, |envelope| {
            comparing.push(envelope);
            true
        });
        if let Some(failure) = lines.stopped {
            return Err(failure);
        }
        let comparison = comparing.finish();
        let compared = Compared { differs: comparison.differs(), comparison: &comparison };
        terminal.out().answer(self.json, &compared, |to| write_text(&comparison, to))?;
        Ok(if comparison.differs() { Answer::No } else { Answer::Done })
    }
}

fn write_text(comparison: &Comparison, to: &mut Stream) -> io::Result<()> {
    let events = count(usize::try_from(comparison.events).unwrap_or(usize::MAX), "event");
    if comparison.passed_over > 0 {
        writeln!(to.to, "{} documents in the history were passed over", comparison.passed_over)?;
    }
    if !comparison.differs() {
        return writeln!(to.to, "{events}, {} comments: nothing differs", comparison.comments.all);
    }
    let comments = &comparison.comments;
    writeln!(to.to, "{events}, {} comments", comments.all)?;
    for (name, number) in [
        ("fire anew", comments.anew),
        ("fire no longer", comments.no_longer),
        ("fire another trigger", comments.elsewhere),
        ("come to something else", comments.otherwise),
    ] {
        writeln!(to.to, "  {number:>8}  {name}")?;
    }
    for (name, numbers) in [
        ("DMs", comparison.dms),
        ("public replies", comparison.public_replies),
        ("contacts counted", comparison.contacts_counted),
    ] {
        writeln!(to.to, "  {:>8}  {name}, {} instead of {}", more(numbers), numbers.new, numbers.old)?;
    }
    writeln!(to.to, "  {:>8}  orders credited otherwise", comparison.orders)?;
    let said: Vec<_> = comparison.said_examples.iter().map(|event| shown(event).to_string()).collect();
    let said = if said.is_empty() { String::new() } else { format!(": {}", said.join(", ")) };
    writeln!(to.to, "  {:>8}  other events after which something else is said{said}", comparison.said_otherwise)?;
    for change in comparison.changes.iter().take(SHOWN) {
        let comments = count(usize::try_from(change.comments).unwrap_or(usize::MAX), "comment");
        writeln!(to.to, "\n{STRONG}{} → {}{STRONG:#}: {comments}", answered(&change.old), answered(&change.new))?;
        for example in &change.examples {
            let text = crate::shown::excerpt(example.text.as_str(), &[], to.colored);
            writeln!(to.to, "  {}  {text}", shown(&example.comment_id))?;
        }
    }
    if let Some(more) = comparison.changes.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        writeln!(to.to, "\nand {more} other ways; `--json` has them")?;
    }
    for order in &comparison.order_examples {
        let id = shown(order.order_id.as_str());
        writeln!(to.to, "\n{STRONG}order {id}{STRONG:#}: {} → {}", credited(&order.old), credited(&order.new))?;
    }
    Ok(())
}

/// `+3`, `-2`, `0`
fn more(numbers: Numbers) -> String {
    match numbers.new.checked_sub(numbers.old) {
        Some(0) => "0".to_owned(),
        Some(more) => format!("+{more}"),
        None => format!("-{}", numbers.old - numbers.new),
    }
}

fn answered(answered: &Answered) -> String {
    let trigger = answered.trigger.as_ref().map(|trigger| format!(" {}", shown(trigger.as_str())));
    format!("{}{}", answered.result, trigger.unwrap_or_default())
}

fn credited(credited: &Credited) -> String {
    let by = credited.trigger.as_ref().map(|trigger| format!(" by {}", shown(trigger.as_str()))).unwrap_or_default();
    let result = crate::aside::code(&credited.result);
    let comment = credited.comment_id.as_ref().map(|id| format!(", comment {}", shown(id))).unwrap_or_default();
    format!("{result}{by}{comment}, overlap {}", credited.overlap_minor)
}
