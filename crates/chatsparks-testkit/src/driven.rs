//! The engine's own replay, with all that its records say, for properties.

use chatsparks_core::{
    Engine, Envelope, Evaluation, Explanation, Scratch,
    internal::{Change, IndexRow},
    workspace::Workspace,
};
use chatsparks_replay::{Considered, Observer, Record, Replay};
use serde_json::Value;

/// What the engine made of a history.
#[derive(Debug, Default)]
pub struct Driven {
    /// Its records, whole.
    pub records: Vec<Value>,
    /// The final state.
    pub state: Value,
    /// Every comment that was looked at, and what became of each trigger for it (C10).
    pub explained: Vec<(Evaluation, Vec<Explanation>)>,
    /// The records that change nothing but how often a timer fired, by `seq`.
    pub idle: Vec<u64>,
}

impl Observer for Driven {
    fn record(&mut self, record: &Record<'_>) {
        let nothing = record.decision.changes.iter().all(|change| matches!(change, Change::Index(IndexRow::Fired(..))));
        if nothing {
            self.idle.push(record.seq);
        }
        self.records.push(serde_json::to_value(record).unwrap_or_default());
    }

    fn comment(&mut self, considered: &Considered<'_>) {
        let evaluation = considered.evaluation();
        let explained = considered.engine.explain_all(&evaluation, &mut Scratch::default());
        self.explained.push((evaluation, explained));
    }
}

/// Lets a history happen to an engine.
///
/// # Panics
/// When the workspace does not compile: generated ones do.
#[expect(clippy::panic, reason = "a test's own mistake is told where it is made")]
pub fn drive(workspace: &Workspace, history: &[Envelope]) -> Driven {
    let engine = match Engine::compile(workspace.clone()) {
        Ok(engine) => engine,
        Err(error) => panic!("{error}"),
    };
    let mut replay = Replay::new(engine);
    let mut driven = Driven::default();
    for envelope in history {
        replay.push_observed(envelope, &mut driven);
    }
    driven.state = serde_json::to_value(replay.state()).unwrap_or_default();
    driven
}
