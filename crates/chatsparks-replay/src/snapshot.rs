//! Whole replays from texts, for tests and their snapshots.
//!
//! ```no_run
//! # const WORKSPACE: &str = ""; const HISTORY: &str = "";
//! let records = chatsparks_replay::replay_str(WORKSPACE, HISTORY)?;
//! // insta::assert_json_snapshot!(records);
//! let transcript = chatsparks_replay::transcript_str(WORKSPACE, HISTORY)?;
//! // insta::assert_snapshot!(transcript);
//! # Ok::<(), chatsparks_replay::ReplayError>(())
//! ```

use crate::{
    DocumentError, FinalState, Format, HistoryError, Reader, Record, Replay, read_workspace,
    transcript::TranscriptWriter,
};
use chatsparks_core::{CompileError, Engine};
use serde_json::Value;
use std::io::{self, BufRead};

/// Why a replay stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The workspace cannot be read.
    #[error("the workspace cannot be read: {0}")]
    Document(#[from] DocumentError),
    /// The workspace does not hold (F10).
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A line of the history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// What was decided cannot be written.
    #[error("what was decided cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// Replays a history against a workspace from the beginning, and gives back the workspace it left.
///
/// # Errors
/// A [`ReplayError`] at the first line that cannot be read, or that `on_record` fails at.
pub fn replay_all(
    workspace: &[u8],
    format: Format,
    history: impl BufRead,
    name: &str,
    mut on_record: impl FnMut(&Record<'_>) -> io::Result<()>,
) -> Result<Replay, ReplayError> {
    let mut replay = Replay::new(Engine::compile(read_workspace(workspace, format)?)?);
    for line in Reader::new(history, name) {
        let mut written = Ok(());
        replay.push(&line?.envelope, |record| {
            if written.is_ok() {
                written = on_record(record);
            }
        });
        written?;
    }
    Ok(replay)
}

/// The records of a replay, as values.
///
/// # Errors
/// A [`ReplayError`] where it stopped.
pub fn replay_str(workspace_json: &str, history_jsonl: &str) -> Result<Vec<Value>, ReplayError> {
    replay_to_state(workspace_json, history_jsonl).map(|(records, _)| records)
}

/// The records of a replay, as values, and the state that it ended in.
///
/// # Errors
/// A [`ReplayError`] where it stopped.
pub fn replay_to_state(workspace_json: &str, history_jsonl: &str) -> Result<(Vec<Value>, FinalState), ReplayError> {
    let mut records = Vec::new();
    let (workspace, history) = (workspace_json.as_bytes(), history_jsonl.as_bytes());
    let replay = replay_all(workspace, Format::Json, history, "history", |record| {
        records.push(serde_json::to_value(record)?);
        Ok(())
    })?;
    Ok((records, replay.state()))
}

/// The transcript of a replay.
///
/// # Errors
/// A [`ReplayError`] where it stopped.
pub fn transcript_str(workspace_json: &str, history_jsonl: &str) -> Result<String, ReplayError> {
    let mut transcript = TranscriptWriter::new(Vec::new());
    let (workspace, history) = (workspace_json.as_bytes(), history_jsonl.as_bytes());
    replay_all(workspace, Format::Json, history, "history", |record| transcript.write(record))?;
    Ok(String::from_utf8_lossy(&transcript.finish()?).into_owned())
}
