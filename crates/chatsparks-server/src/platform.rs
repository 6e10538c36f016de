//! What a platform's adapter needs of the service: the runtime, as its [`Host`].

use chatsparks_core::{Event, EventId, WorkspaceId, workspace::Workspace};
use chatsparks_ports::Store;
use chatsparks_runtime::{AcceptError, NewEvent, Runtime};
use chatsparks_tiktok::{Host, HostError, Later};
use std::{sync::Arc, time::Duration};

/// The runtime, as adapters see it.
pub(crate) struct RuntimeHost<S: Store>(pub(crate) Runtime<S>);

/// When to try again, where nothing says it.
const SOON: Duration = Duration::from_secs(1);

impl<S: Store> Host for RuntimeHost<S> {
    fn accept<'a>(
        &'a self,
        workspace: &'a WorkspaceId,
        events: Vec<(EventId, Event)>,
    ) -> Later<'a, Result<(), HostError>> {
        Box::pin(async move {
            let events = events.into_iter().map(|(id, event)| NewEvent { id, at: None, event }).collect();
            let accepted = self.0.accept(workspace, events).await;
            accepted.map(drop).map_err(|error| {
                let retry_after = match error {
                    AcceptError::TooMany { retry_after } => retry_after,
                    _ => SOON,
                };
                HostError { why: error.to_string(), retry_after }
            })
        })
    }

    fn note<'a>(&'a self, workspace: &'a WorkspaceId, name: &'a str) -> Later<'a, Result<Option<String>, HostError>> {
        Box::pin(async move {
            let note = self.0.store().note(workspace, name).await;
            note.map_err(|error| HostError { why: error.to_string(), retry_after: SOON })
        })
    }

    fn replace_note<'a>(
        &'a self,
        workspace: &'a WorkspaceId,
        name: &'a str,
        before: Option<&'a str>,
        text: &'a str,
    ) -> Later<'a, Result<bool, HostError>> {
        Box::pin(async move {
            let written = self.0.store().replace_note(workspace, name, before, text).await;
            written.map_err(|error| HostError { why: error.to_string(), retry_after: SOON })
        })
    }

    fn document(&self, workspace: &WorkspaceId) -> Option<Arc<Workspace>> {
        self.0.engine(workspace).map(|engine| engine.workspace().clone())
    }

    fn is_shared(&self) -> bool {
        self.0.store().is_shared()
    }

    /// Whoever serves the first partition of every workspace leads.
    fn leads(&self, _: &WorkspaceId) -> bool {
        self.0.served_partitions().first() == Some(&0)
    }
}
