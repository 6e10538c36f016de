//! `chatsparks schema`: what an editor needs to know of workspaces and histories.

use crate::{
    failure::{Answer, Failure},
    terminal::Terminal,
};
use clap::{Args, ValueEnum};
use std::io::{self, Write};

/// Print a JSON Schema of workspaces or of history lines, for editors
///
/// An editor that has it completes names and marks what is wrong while you type. It knows names and types;
/// `chatsparks check` knows the rest.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Schema {
    /// Of what
    of: Of,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// Of a workspace, in JSON or in TOML
    Workspace,
    /// Of one line of a history
    History,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks schema workspace > workspace.schema.json
  chatsparks schema history > history.schema.json

In TOML the first line of a workspace may name it: `#:schema ./workspace.schema.json`. For JSON
the editor's settings do, as a document has no field for it.";

impl Schema {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let schema = match self.of {
            Of::Workspace => chatsparks_replay::schema::workspace(),
            Of::History => chatsparks_replay::schema::history_line(),
        };
        let mut to = terminal.out();
        serde_json::to_writer_pretty(&mut to.to, &schema).map_err(io::Error::from)?;
        writeln!(to.to)?;
        to.to.flush()?;
        Ok(Answer::Done)
    }
}
