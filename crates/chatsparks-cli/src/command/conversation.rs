//! `chatsparks conversation`: what was said with one contact, and why it went on as it did (V).

use super::compile;
use crate::{
    aside::write_contact,
    failure::{Answer, Failure},
    history::{Reading, Watch},
    input::{Input, beside},
    nearest::Nearest,
    people::meant,
    terminal::{Terminal, shown},
};
use chatsparks_core::Engine;
use chatsparks_replay::{
    Asked, Considered, ConversationView, Evidence, Observer, Record, Replay, evidence::ContactNotes,
};
use clap::Args;
use serde::Serialize;
use std::io::Write;

/// Show what was said with one contact, and why it went on as it did
///
/// The history is replayed to its end. Shown are the contact's comments and messages, what the bot and members
/// wrote to them with buttons and cards, how far each DM came, the states and why they changed, starts that wait
/// and until when, and what was refused or came twice, each with what to do next. At the end stands where the
/// contact is now: their conversation, whether and since when they count, what waits, and what is throttled.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Conversation {
    /// The workspace: JSON or TOML; `-` is standard input. Before a store of one workspace it may be left out
    workspace: Input,
    /// The history: one event a line; `-` is standard input; or a store: `sqlite:PATH`, `postgres://…`, `nats://…`
    history: Option<Input>,
    /// The contact: a user id, or a handle that one contact has
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
  chatsparks conversation shop.json march.jsonl --contact @mint
  chatsparks conversation sqlite:shop.db --contact u17
  chatsparks conversation shop.json march.jsonl --contact u17 --json | jq '.entries[].dm.stages'

Exit status: 0 when it is shown, 1 when the workspace is invalid, 2 when the contact is not known
or a file cannot be read.";

impl Conversation {
    fn history(&self) -> Result<&Input, Failure> {
        beside(&self.workspace, self.history.as_ref())
    }

    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        #[cfg(feature = "serve")]
        if let Some(kept) = crate::kept::Kept::asked(&self.workspace, self.history.as_ref())? {
            let user_id = kept.meant_contact(&self.contact)?;
            let mut watching = self.watching(user_id.as_str());
            let replay = kept.watch(&user_id, &mut watching)?;
            return self.write(&replay, &watching, terminal);
        }
        self.history()?;
        let engine = compile(&self.workspace)?;
        let (mut replay, mut watched) = self.watch(engine.clone(), &self.contact, terminal)?;
        if !watched.view.is_known() {
            // No contact has this id: it may be a handle, of somebody whose id is known only now.
            let meant = meant(&replay, &self.contact, self.history()?, watched.nearest)?;
            (replay, watched) = self.watch(engine, meant.as_str(), terminal)?;
        }
        self.write(&replay, &watched, terminal)
    }

    fn write(&self, replay: &Replay, watched: &Watching, terminal: &Terminal) -> Result<Answer, Failure> {
        let Watching { view, evidence, .. } = watched;
        let contact = evidence.contact_notes(replay);
        let told = Shown { view, contact };
        terminal.out().answer(self.json, &told, |to| {
            for line in view.to_string().lines() {
                writeln!(to.to, "{}", shown(line))?;
            }
            told.contact.as_ref().map_or(Ok(()), |contact| write_contact(to, contact))
        })?;
        Ok(Answer::Done)
    }

    /// Replays the history, and watches for one contact by their id.
    fn watch(&self, engine: Engine, user_id: &str, terminal: &Terminal) -> Result<(Replay, Watching), Failure> {
        let mut watching = self.watching(user_id);
        let reading = Reading { input: self.history()?, keep_going: self.keep_going, terminal };
        let replay = reading.replay(engine, &mut watching)?.whole(terminal)?;
        Ok((replay, watching))
    }

    fn watching(&self, user_id: &str) -> Watching {
        Watching {
            view: ConversationView::new(user_id),
            evidence: Evidence::new(Asked::Contact(user_id.to_owned()), false),
            nearest: Nearest::new(&self.contact),
        }
    }
}

/// The shape of `conversation --json`: what happened, and where the contact is now.
#[derive(Serialize)]
struct Shown<'s> {
    #[serde(flatten)]
    view: &'s ConversationView,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactNotes>,
}

struct Watching {
    view: ConversationView,
    evidence: Evidence,
    nearest: Nearest,
}

impl Observer for Watching {
    fn record(&mut self, record: &Record<'_>) {
        if let Some(user_id) = record.user_id() {
            self.nearest.consider(user_id.as_str());
        }
        self.view.record(record);
        self.evidence.record(record);
    }

    fn comment(&mut self, considered: &Considered<'_>) {
        self.view.comment(considered);
        self.evidence.comment(considered);
    }
}

impl Watch for Watching {}
