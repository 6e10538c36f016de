//! What this adapter needs of the program around it: a log that keeps events, and notes that stay.

use chatsparks_core::{Event, EventId, WorkspaceId, workspace::Workspace};
use std::{pin::Pin, sync::Arc, time::Duration};

/// Something that is answered later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why the program could not do it now; it may be tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct HostError {
    /// In a few words, without anything that somebody wrote.
    pub why: String,
    /// When to try again.
    pub retry_after: Duration,
}

/// The program around the adapter: with `chatsparks-runtime`, its `Runtime` and its store.
pub trait Host: Send + Sync + 'static {
    /// Takes events. They are durable when this answers, all of them or none (R1).
    fn accept<'a>(
        &'a self,
        workspace: &'a WorkspaceId,
        events: Vec<(EventId, Event)>,
    ) -> Later<'a, Result<(), HostError>>;

    /// A text that was noted under a name.
    fn note<'a>(&'a self, workspace: &'a WorkspaceId, name: &'a str) -> Later<'a, Result<Option<String>, HostError>>;

    /// Notes a text under a name where another still stands there, or none: whether it did. It is durable when this
    /// answers; of those who do so at once, one does it.
    fn replace_note<'a>(
        &'a self,
        workspace: &'a WorkspaceId,
        name: &'a str,
        before: Option<&'a str>,
        text: &'a str,
    ) -> Later<'a, Result<bool, HostError>>;

    /// The document in force.
    fn document(&self, workspace: &WorkspaceId) -> Option<Arc<Workspace>>;

    /// Whether other processes may write the same notes: then they are read anew each time.
    fn is_shared(&self) -> bool {
        false
    }

    /// How much of what is done for a workspace this process does, from 0 to 1; of all processes it is 1 together. Each
    /// keeps to this part of the platform's rates (O4).
    fn part(&self, workspace: &WorkspaceId) -> f64 {
        let _ = workspace;
        1.0
    }

    /// Whether this process does what one is to do for a workspace: asks for what deliveries lack, looks for what was
    /// lost, renews tokens. Where several think so for a moment, nothing is lost and nothing is sent twice.
    fn leads(&self, workspace: &WorkspaceId) -> bool {
        let _ = workspace;
        true
    }
}
