//! The commands, one a file: arguments, what the command does, how it says so.

use crate::{
    arguments::{Arguments, Command},
    diagnostics::Report,
    document::Document,
    failure::{Answer, Failure},
    input::Input,
    nearest::Nearest,
    terminal::Terminal,
};
use chatsparks_core::Engine;
use std::{io::Write, sync::Arc};

pub(crate) use check::Check;
pub(crate) use compare::Compare;
pub(crate) use completions::Completions;
pub(crate) use conversation::Conversation;
#[cfg(feature = "demo")]
pub(crate) use demo::Demo;
pub(crate) use diagnose::Diagnose;
pub(crate) use expect::Expect;
pub(crate) use explain::Explain;
pub(crate) use import::Import;
pub(crate) use init::Init;
pub(crate) use insights::Insights;
pub(crate) use log::Log;
pub(crate) use near_misses::NearMisses;
pub(crate) use overlaps::Overlaps;
pub(crate) use replay::Replay;
pub(crate) use reset::Reset;
pub(crate) use schema::Schema;
#[cfg(feature = "serve")]
pub(crate) use serve::Serve;
#[cfg(feature = "serve")]
pub(crate) use store::{Backup, Export, Migrate, Restore, Restored, StoreCommand, Verify};
pub(crate) use try_text::Try;

mod check;
mod compare;
mod completions;
mod conversation;
#[cfg(feature = "demo")]
mod demo;
mod diagnose;
mod expect;
mod explain;
mod import;
mod init;
mod insights;
mod log;
mod near_misses;
mod overlaps;
mod replay;
mod reset;
mod schema;
#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "serve")]
pub(crate) mod store;
mod try_text;

/// Runs the command that was named.
pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<Answer, Failure> {
    match arguments.command {
        Command::Import(import) => import.run(terminal),
        Command::Init(init) => init.run(terminal),
        Command::Check(check) => check.run(terminal),
        Command::Replay(replay) => {
            let (json, taken) = (replay.json, replay.takes_standard_output());
            faults_as_json(replay.run(terminal), json, taken, terminal)
        }
        Command::Compare(compare) => faults_as_json(compare.run(terminal), compare.json, false, terminal),
        Command::Explain(explain) => faults_as_json(explain.run(terminal), explain.json, false, terminal),
        Command::Try(trial) => faults_as_json(trial.run(terminal), trial.json, false, terminal),
        Command::Conversation(one) => faults_as_json(one.run(terminal), one.json, false, terminal),
        Command::Expect(expect) => faults_as_json(expect.run(terminal), expect.json, false, terminal),
        Command::Log(log) => faults_as_json(log.run(terminal), log.json, false, terminal),
        Command::Overlaps(overlaps) => faults_as_json(overlaps.run(terminal), overlaps.json, false, terminal),
        Command::NearMisses(near) => faults_as_json(near.run(terminal), near.json, false, terminal),
        Command::Insights(insights) => faults_as_json(insights.run(terminal), insights.json, false, terminal),
        Command::Diagnose(diagnose) => {
            let (json, taken) = (diagnose.json, diagnose.takes_standard_output());
            faults_as_json(diagnose.run(terminal), json, taken, terminal)
        }
        Command::Reset(reset) => faults_as_json(reset.run(terminal), reset.json, false, terminal),
        Command::Schema(schema) => schema.run(terminal),
        #[cfg(feature = "serve")]
        Command::Export(export) => export.run(terminal),
        #[cfg(feature = "serve")]
        Command::Verify(verify) => verify.run(terminal),
        #[cfg(feature = "serve")]
        Command::Backup(backup) => backup.run(terminal),
        #[cfg(feature = "serve")]
        Command::Restore(restore) => restore.run(terminal),
        #[cfg(feature = "serve")]
        Command::Restored(restored) => restored.run(terminal),
        #[cfg(feature = "serve")]
        Command::Migrate(migrate) => migrate.run(terminal),
        #[cfg(feature = "serve")]
        Command::Store(store) => store.run(terminal),
        #[cfg(feature = "serve")]
        Command::Serve(serve) => serve.run(terminal),
        #[cfg(feature = "demo")]
        Command::Demo(demo) => demo.run(terminal),
        Command::Completions(completions) => completions.run(),
    }
}

/// With `--json` the faults of an invalid workspace are JSON too, where the answer would have been.
fn faults_as_json(
    result: Result<Answer, Failure>,
    json: bool,
    output_taken: bool,
    terminal: &Terminal,
) -> Result<Answer, Failure> {
    match result {
        Err(Failure::InvalidWorkspace(report)) if json => {
            let mut to = if output_taken { terminal.err() } else { terminal.out() };
            report.write_json(&mut to.to)?;
            to.to.flush()?;
            Ok(Answer::No)
        }
        other => other,
    }
}

/// Reads and compiles a workspace.
///
/// # Errors
/// A [`Failure`] when it cannot be opened, or is invalid.
fn compile(input: &Input) -> Result<Engine, Failure> {
    compile_with_document(input).map(|(_, engine)| engine)
}

/// The same, with the document as it is written.
///
/// # Errors
/// A [`Failure`] when it cannot be opened, or is invalid.
fn compile_with_document(input: &Input) -> Result<(Document, Engine), Failure> {
    let (report, engine) = examine(input)?;
    match engine {
        Some(engine) => Ok((report.into_document(), engine)),
        None => Err(Failure::InvalidWorkspace(Box::new(report))),
    }
}

/// Reads a workspace, finds all that is wrong with it, and compiles it when nothing is.
///
/// # Errors
/// A [`Failure`] when it cannot be opened.
fn examine(input: &Input) -> Result<(Report, Option<Engine>), Failure> {
    let (document, workspace) = Document::open(input)?;
    let workspace = match workspace {
        Ok(workspace) => Arc::new(workspace),
        Err(unreadable) => return Ok((Report::unreadable(document, unreadable), None)),
    };
    let mut checked = Engine::check(&workspace);
    let mut engine = None;
    // Some faults show only in the whole, such as all patterns together being too large.
    if checked.faults.is_empty() {
        match Engine::compile(workspace) {
            Ok(compiled) => engine = Some(compiled),
            Err(error) => checked.faults.extend_from_slice(error.faults()),
        }
    }
    Ok((Report::new(document, checked), engine))
}

/// A trigger that a workspace does not have.
fn unknown_trigger(wanted: &str, engine: &Engine) -> Failure {
    let mut nearest = Nearest::new(wanted);
    engine.workspace().triggers.iter().for_each(|trigger| nearest.consider(trigger.id.as_str()));
    nearest.unknown("trigger", "the workspace")
}
