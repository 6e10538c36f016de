//! A service in one's own program: workspaces that run over a store, with their channels.

use chatsparks_core::{Engine, UserId, WorkspaceId, workspace::Workspace};
use chatsparks_ports::{Cursor, KeptRecord, Store, StoreError};
use chatsparks_runtime::{AcceptError, ConfigureError, Configured, Health, NewEvent, QueueView, Runtime};
use serde_json::Value;
use std::{fmt, time::Duration};

mod builder;

pub use builder::{Builder, StartError, digest};

/// Workspaces that run in this program: events in, decisions kept, effects sent.
///
/// It is a handle on a [`Runtime`], which it adds nothing to: whatever is not here is at [`Service::runtime`]. Cloning it
/// is cheap and gives the same service; dropping it does not stop it, [`Service::stop`] does.
///
/// See the [front page](crate#a-service-in-a-program-of-your-own) for an example.
pub struct Service<S> {
    runtime: Runtime<S>,
    #[cfg(feature = "server")]
    trust_at: bool,
}

impl Service<()> {
    /// Begins to put one together.
    pub fn builder() -> Builder<()> {
        Builder::new()
    }
}

impl<S: Store> Service<S> {
    /// Accepts events, all or none. They are durable when this answers, and are decided exactly once; an event that comes
    /// again under its id changes nothing (R1).
    ///
    /// # Errors
    /// Why none of them was accepted. The same events may be brought again.
    pub async fn accept(&self, workspace: &WorkspaceId, events: Vec<NewEvent>) -> Result<usize, AcceptError> {
        self.runtime.accept(workspace, events).await
    }

    /// Puts a document in force: what is acknowledged after this answers is decided by it (R8). With `if_match` only where
    /// that revision is in force.
    ///
    /// # Errors
    /// Why it was not taken; then nothing changed.
    pub async fn configure(
        &self,
        workspace: &WorkspaceId,
        document: Workspace,
        if_match: Option<u32>,
    ) -> Result<Configured, ConfigureError> {
        self.runtime.configure(workspace, document, if_match).await
    }

    /// Forgets a person: their texts leave state, records, log and queue (R12).
    ///
    /// # Errors
    /// As [`Service::accept`].
    pub async fn erase(&self, workspace: &WorkspaceId, user_id: UserId) -> Result<(), AcceptError> {
        self.runtime.erase(workspace, user_id).await
    }

    /// What was decided, in order within a partition: records after a cursor, and the cursor after them.
    ///
    /// # Errors
    /// [`StoreError::NotKept`] when records after the cursor were deleted.
    pub async fn records(
        &self,
        workspace: &WorkspaceId,
        after: &Cursor,
        limit: usize,
    ) -> Result<(Vec<KeptRecord>, Cursor), StoreError> {
        self.runtime.store().records(workspace, after, limit).await
    }

    /// The state of a workspace, as `chatsparks replay --state` writes it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn state(&self, workspace: &WorkspaceId) -> Result<Value, StoreError> {
        self.runtime.state(workspace).await
    }

    /// One contact, as in the state; none: they are not known.
    ///
    /// # Errors
    /// What the store says.
    pub async fn contact(&self, workspace: &WorkspaceId, user_id: &str) -> Result<Option<Value>, StoreError> {
        self.runtime.contact(workspace, user_id).await
    }

    /// One order, as in the state; none: it is not known.
    ///
    /// # Errors
    /// What the store says.
    pub async fn order(&self, workspace: &WorkspaceId, order_id: &str) -> Result<Option<Value>, StoreError> {
        self.runtime.order(workspace, order_id).await
    }

    /// What waits to be sent, what was given up, what is in doubt, and when it will have gone (O6).
    ///
    /// # Errors
    /// What the store says.
    pub async fn queue(&self, workspace: &WorkspaceId) -> Result<QueueView, StoreError> {
        self.runtime.queue(workspace).await
    }

    /// Brings a dead letter back into the queue; false: there is none of this id (O4).
    ///
    /// # Errors
    /// What the store says.
    pub async fn retry(&self, workspace: &WorkspaceId, effect: &str) -> Result<bool, StoreError> {
        self.runtime.retry(workspace, effect).await
    }

    /// Drops an effect that has no outcome yet; false: there is none of this id (O4).
    ///
    /// # Errors
    /// What the store says.
    pub async fn drop_effect(&self, workspace: &WorkspaceId, effect: &str) -> Result<bool, StoreError> {
        self.runtime.drop_effect(workspace, effect).await
    }

    /// The engine in force, as far as is decided: to explain a decision, or to try a text.
    pub fn engine(&self, workspace: &WorkspaceId) -> Option<Engine> {
        self.runtime.engine(workspace)
    }

    /// How it is, and what is wrong: the store, the clock, each log, each channel.
    pub async fn health(&self) -> Health {
        self.runtime.health().await
    }

    /// Every call of `chatsparks serve`, to nest in an application of one's own.
    ///
    /// ```no_run
    /// # use chatsparks::{Service, server::{Access, Token}, store::Store};
    /// # fn nested<S: Store>(service: &Service<S>) -> axum::Router {
    /// let access = Access::of(vec![Token::new("a long secret")]);
    /// axum::Router::new().nest("/chatsparks", service.router(access))
    /// # }
    /// ```
    #[cfg(feature = "server")]
    pub fn router(&self, access: chatsparks_server::Access) -> axum::Router {
        let mut options = chatsparks_server::Options::default();
        options.trust_at = self.trust_at;
        chatsparks_server::router_with(self.runtime.clone(), access, options)
    }

    /// Stops: no further event is accepted, what is begun is finished within so long, and nothing that was acknowledged
    /// is lost (H2). The store is closed once every clone and every router is dropped.
    pub async fn stop(&self, within: Duration) {
        self.runtime.stop(within).await;
    }

    /// All that a runtime can be asked.
    pub fn runtime(&self) -> &Runtime<S> {
        &self.runtime
    }
}

impl<S: Store> Clone for Service<S> {
    fn clone(&self) -> Self {
        Self {
            runtime: self.runtime.clone(),
            #[cfg(feature = "server")]
            trust_at: self.trust_at,
        }
    }
}

impl<S: Store> fmt::Debug for Service<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Service").field("runtime", &self.runtime).finish_non_exhaustive()
    }
}
