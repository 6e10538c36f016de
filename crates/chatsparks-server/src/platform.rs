//! What a platform's adapter needs of the service: the runtime, as its [`Host`].

use chatsparks_core::{Event, EventId, WorkspaceId, workspace::Workspace};
use chatsparks_ports::Store;
use chatsparks_runtime::{AcceptError, NewEvent, Runtime, WeakRuntime};
use chatsparks_tiktok::{Host, HostError, Later};
use std::{sync::Arc, time::Duration};

/// The runtime, as adapters see it: they belong to its channels, so that it is not kept alive by them.
pub(crate) struct RuntimeHost<S: Store> {
    runtime: WeakRuntime<S>,
    is_shared: bool,
}

/// When to try again, where nothing says it.
const SOON: Duration = Duration::from_secs(1);

impl<S: Store> RuntimeHost<S> {
    pub(crate) fn of(runtime: &Runtime<S>) -> Self {
        Self { runtime: runtime.downgrade(), is_shared: runtime.store().is_shared() }
    }

    fn runtime(&self) -> Result<Runtime<S>, HostError> {
        let gone = || HostError { why: "the service has stopped".to_owned(), retry_after: SOON };
        self.runtime.upgrade().ok_or_else(gone)
    }
}

impl<S: Store> Host for RuntimeHost<S> {
    fn accept<'a>(
        &'a self,
        workspace: &'a WorkspaceId,
        events: Vec<(EventId, Event)>,
    ) -> Later<'a, Result<(), HostError>> {
        Box::pin(async move {
            let events = events.into_iter().map(|(id, event)| NewEvent { id, at: None, event }).collect();
            let accepted = self.runtime()?.accept(workspace, events).await;
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
            let note = self.runtime()?.store().note(workspace, name).await;
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
            let written = self.runtime()?.store().replace_note(workspace, name, before, text).await;
            written.map_err(|error| HostError { why: error.to_string(), retry_after: SOON })
        })
    }

    fn document(&self, workspace: &WorkspaceId) -> Option<Arc<Workspace>> {
        self.runtime.upgrade()?.engine(workspace).map(|engine| engine.workspace().clone())
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// As the runtime has it for the rates of channels: by the partitions.
    fn part(&self, workspace: &WorkspaceId) -> f64 {
        self.runtime.upgrade().map_or(0.0, |runtime| runtime.part(workspace))
    }

    /// Whoever serves its first partition leads.
    fn leads(&self, workspace: &WorkspaceId) -> bool {
        self.runtime.upgrade().is_some_and(|runtime| runtime.served_partitions(workspace).first() == Some(&0))
    }
}
