//! `chatsparks reset`: a trigger and its flow made anew under new ids (D7).

use super::compile_with_document;
use crate::{
    failure::{Answer, Failure},
    input::Input,
    nearest::Nearest,
    rewrite,
    terminal::Terminal,
};
use chatsparks_core::{Engine, OldFlow, ResetError, TriggerId};
use clap::Args;
use std::io::{self, Write};

/// Make a trigger and its flow anew under new ids, and print the new workspace
///
/// The trigger is duplicated with the newest version of its flow, the old ones are removed, and the new
/// trigger is active in the old one's place. It has no throttle history and no version lock. What was decided
/// of the old one is still explained by the workspace that decided it. The document is printed in its own form,
/// JSON or TOML, with its layout and comments; only what has to change does.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Reset {
    /// The workspace: JSON or TOML; `-` is standard input
    workspace: Input,
    /// The trigger's id
    #[arg(long, value_name = "ID")]
    trigger: String,
    /// The new trigger's id; left out, the old one with a number
    #[arg(long, value_name = "ID")]
    new_trigger: Option<String>,
    /// The new flow's id; left out, the old one with a number
    #[arg(long, value_name = "ID")]
    new_flow: Option<String>,
    /// Keep the old flow, so that conversations which run on it end as they began
    #[arg(long)]
    keep_flow: bool,
    /// Only add the double, as a draft below the trigger
    #[arg(long, conflicts_with = "keep_flow")]
    duplicate: bool,
    /// Print the workspace as one JSON object, every default written out
    #[arg(long)]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks reset shop.toml --trigger price > shop-2.toml
  chatsparks reset shop.json --trigger price --new-trigger price-april --keep-flow > shop-2.json
  chatsparks reset shop.json --trigger price --duplicate > shop-2.json

Without `--keep-flow` the old flow goes too, unless another trigger starts it: conversations that
run on it go to a person when they would next go on. Nothing but the document is printed.

Exit status: 0 when it is printed, 1 when the workspace is or would be invalid, 2 when the
trigger is not known or an id is taken.";

impl Reset {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let (document, engine) = compile_with_document(&self.workspace)?;
        let workspace = engine.workspace();
        let trigger = TriggerId::from(self.trigger.as_str());
        let mut new = workspace.free_ids(&trigger).map_err(|error| Self::failure(&error, &engine))?;
        if let Some(id) = &self.new_trigger {
            new.trigger = id.as_str().into();
        }
        if let Some(id) = &self.new_flow {
            new.flow = id.as_str().into();
        }
        let old_flow = if self.keep_flow { OldFlow::Keep } else { OldFlow::Remove };
        let changed = if self.duplicate {
            workspace.duplicate_trigger(&trigger, &new)
        } else {
            workspace.reset_trigger(&trigger, &new, old_flow)
        };
        let changed = changed.map_err(|error| Self::failure(&error, &engine))?;
        // An id that somebody chose may be over its limit.
        if let Err(error) = engine.compile_next(changed.clone()) {
            let first = error.faults().first().map_or_else(String::new, |fault| fault.message.clone());
            return Err(Failure::new(format!("the workspace would be invalid: {first}")).help("choose another id"));
        }
        let mut to = terminal.out();
        if self.json {
            serde_json::to_writer_pretty(&mut to.to, &changed).map_err(io::Error::from)?;
            writeln!(to.to)?;
        } else {
            let text = rewrite::reset(&document, workspace, &changed, &trigger, &new).ok_or_else(|| {
                Failure::new("this cannot be changed in the document's own form").help("print it as JSON with `--json`")
            })?;
            to.to.write_all(text.as_bytes())?;
        }
        to.to.flush()?;
        if !terminal.quiet {
            let (trigger, flow) =
                (crate::terminal::shown(new.trigger.as_str()), crate::terminal::shown(new.flow.as_str()));
            // Nothing can be done when standard error cannot be written.
            let _ = writeln!(
                terminal.err().to,
                "trigger `{trigger}` and flow `{flow}`; check the document, then configure it"
            );
        }
        Ok(Answer::Done)
    }

    fn failure(error: &ResetError, engine: &Engine) -> Failure {
        match error {
            ResetError::UnknownTrigger(wanted) => {
                let mut nearest = Nearest::new(wanted.as_str());
                engine.workspace().triggers.iter().for_each(|one| nearest.consider(one.id.as_str()));
                nearest.unknown("trigger", "the workspace")
            }
            ResetError::TriggerTaken(_) | ResetError::FlowTaken(_) => {
                Failure::new(error.to_string()).help("choose an id that nothing has, or leave it out")
            }
            ResetError::UnknownFlow(_) => Failure::new(error.to_string()),
        }
    }
}
