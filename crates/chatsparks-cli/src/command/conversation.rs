//! `chatsparks conversation`: what was said with one contact, and why it went on as it did (V).

use super::compile;
use crate::{
    failure::{Answer, Failure},
    history::{Reading, Watch},
    input::{Input, only_one_standard},
    nearest::Nearest,
    terminal::{Terminal, shown},
};
use chatsparks_replay::{ConversationView, Observer, Record};
use clap::Args;
use std::io::{self, Write};

/// Show what was said with one contact, and why it went on as it did
///
/// The history is replayed to its end. Shown are the contact's comments and messages, what the bot and members
/// wrote to them with buttons and cards, how far each DM came, the states and why they changed, starts that wait
/// and until when, and what was refused or came twice.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Conversation {
    /// The workspace: JSON or TOML; `-` is standard input
    workspace: Input,
    /// The history: one event a line; `-` is standard input
    history: Input,
    /// The contact's user id
    #[arg(long, value_name = "ID")]
    contact: String,
    /// Pass over lines that cannot be read
    #[arg(long)]
    keep_going: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks conversation shop.json march.jsonl --contact u17
  chatsparks conversation shop.json march.jsonl --contact u17 --json | jq '.entries[].dm.stages'

Exit status: 0 when it is shown, 1 when the workspace is invalid, 2 when the contact is not known or a file
cannot be read.";

impl Conversation {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        only_one_standard(&self.workspace, &self.history)?;
        let engine = compile(&self.workspace)?;
        let mut watch = Watching { view: ConversationView::new(&*self.contact), nearest: Nearest::new(&self.contact) };
        let reading = Reading { input: &self.history, keep_going: self.keep_going, terminal };
        reading.replay(engine, &mut watch)?.whole(terminal)?;
        let Watching { view, nearest } = watch;
        if !view.is_known() {
            return Err(nearest.unknown("contact", &format!("`{}`", self.history.name())));
        }
        let mut to = terminal.out();
        if self.json {
            serde_json::to_writer_pretty(&mut to.to, &view).map_err(io::Error::from)?;
            writeln!(to.to)?;
        } else {
            for line in view.to_string().lines() {
                writeln!(to.to, "{}", shown(line))?;
            }
        }
        to.to.flush()?;
        Ok(Answer::Done)
    }
}

struct Watching {
    view: ConversationView,
    nearest: Nearest,
}

impl Observer for Watching {
    fn record(&mut self, record: &Record<'_>) {
        if let Some(user_id) = record.user_id() {
            self.nearest.consider(user_id.as_str());
        }
        self.view.record(record);
    }
}

impl Watch for Watching {}
