//! `chatsparks check`: every fault and warning of a workspace, each with its place (F10).

use super::examine;
use crate::{
    failure::{Answer, Failure},
    input::Input,
    terminal::Terminal,
};
use clap::Args;
use std::io::Write;

/// Check a workspace: every fault and warning, each with its place
///
/// Faults refuse a workspace; warnings are only suspicious. All are told at once, with the lines they stand
/// in. A document that cannot be read as a workspace has one fault, where reading stopped.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Check {
    /// The workspace: JSON or TOML, told by the extension or else by how it begins; `-` is standard input
    workspace: Input,
    /// Print one JSON object: `{ "faults": [..], "warnings": [..] }`
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks check shop.json
  chatsparks check shop.toml --json | jq '.faults[].path'
  curl -s https://shop.example/workspace | chatsparks check -

Exit status: 0 when there is no fault, 1 when there is one, 2 when the file cannot be read.";

impl Check {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let (report, engine) = examine(&self.workspace)?;
        let mut to = terminal.out();
        if self.json {
            report.write_json(&mut to.to)?;
        } else {
            report.write_text(&mut to)?;
        }
        to.to.flush()?;
        Ok(if engine.is_some() { Answer::Done } else { Answer::No })
    }
}
