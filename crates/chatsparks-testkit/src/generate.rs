//! Random cases that are small and nasty: few people, posts, triggers and words, so that they meet; odd
//! texts; instants at boundaries; late and repeated events; documents that change on the way.
//!
//! A case is made from a list of [steps](Step) that proptest can shorten: ids and instants follow from a
//! step's place, and what a step refers to is found by counting back.

use chatsparks_core::{Envelope, workspace::Workspace};
use proptest::prelude::*;
use serde_json::Value;
use std::fmt;

mod documents;
mod steps;
mod texts;

pub use documents::{condition, document};
pub use steps::{Step, assemble, step};
pub use texts::{text, word};

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// Comments alone, and what may come between them: blocks, `configure`, time. No limit, reach `open`, flows
    /// that say nothing.
    Comments,
    /// Conversations without a limit.
    Talk,
    /// Starts that wait: a low limit that moves, or a reach that holds; triggers that mostly fire.
    Queue,
    /// Everything.
    Everything,
}

/// A workspace and what happens in it. Shows itself as files that the command line reads.
#[derive(Clone, PartialEq)]
pub struct Case {
    /// The workspace given.
    pub workspace: Workspace,
    /// What happens.
    pub history: Vec<Envelope>,
}

impl fmt::Debug for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workspace = serde_json::to_string(&self.workspace).unwrap_or_default();
        write!(out, "\n{workspace}\n{}", crate::lines::history(&self.history))
    }
}

/// A case of at most so many events.
pub fn case(focus: Focus, events: usize) -> impl Strategy<Value = Case> {
    let steps = proptest::collection::vec(step(focus), 1..events);
    (document(focus), steps).prop_map(|(document, steps)| assemble(&document, &steps))
}

/// A document as the type that it is; generated ones can always be read.
///
/// # Panics
/// When the document cannot be read: a mistake of the test that wrote it.
#[expect(clippy::panic, reason = "a test's own mistake is told where it is made")]
pub fn read(document: &Value) -> Workspace {
    match serde_json::from_value(document.clone()) {
        Ok(workspace) => workspace,
        Err(error) => panic!("{error} in {document}"),
    }
}
