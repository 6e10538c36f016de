//! Putting a service together: a store, workspaces with their channels, and a clock.

use super::Service;
use chatsparks_core::{WorkspaceId, workspace::Workspace};
use chatsparks_ports::{Channel, Clock, Store, SystemClock};
use chatsparks_runtime::{Runtime, Settings, WorkspaceSetup};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};

/// A service that is being put together. It can start once it has a store.
#[must_use = "it runs nothing until it is started"]
pub struct Builder<S> {
    store: S,
    clock: Arc<dyn Clock>,
    settings: Settings,
    workspaces: Vec<WorkspaceSetup>,
}

/// Why a service could not start. Nothing runs then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is nothing to run.
    #[error("there is no workspace: call `workspace` with a document and a channel before `start`")]
    NoWorkspace,
    /// It needs threads to run on.
    #[error("there is no tokio runtime here: await `start` within one, such as `#[tokio::main]` makes")]
    NoTokio,
    /// The file of the store cannot be opened.
    #[cfg(feature = "sqlite")]
    #[error("cannot open the store `{}`: {error}", path.display())]
    Open {
        /// The file.
        path: std::path::PathBuf,
        /// Why, and what to do.
        error: chatsparks_ports::StoreError,
    },
    /// A document does not hold, two are of one workspace, or the store cannot be read.
    #[error(transparent)]
    Runtime(#[from] chatsparks_runtime::StartError),
}

/// The file that a store is in.
#[cfg(feature = "sqlite")]
#[derive(Clone, Debug)]
pub struct SqliteFile(std::path::PathBuf);

impl Builder<()> {
    pub(super) fn new() -> Self {
        let clock = Arc::new(SystemClock::default());
        Self { store: (), clock, settings: Settings::default(), workspaces: Vec::new() }
    }

    /// Keeps everything in this file of SQLite, which is made where there is none. For partitions and other options, open a
    /// [`SqliteStore`](crate::store::SqliteStore) and give it to [`Builder::store`].
    #[cfg(feature = "sqlite")]
    pub fn sqlite(self, path: impl Into<std::path::PathBuf>) -> Builder<SqliteFile> {
        self.with(SqliteFile(path.into()))
    }

    /// Keeps everything in this store, which is one of ours or one's own.
    pub fn store<S: Store>(self, store: S) -> Builder<S> {
        self.with(store)
    }

    fn with<S>(self, store: S) -> Builder<S> {
        let Self { store: (), clock, settings, workspaces } = self;
        Builder { store, clock, settings, workspaces }
    }
}

impl<S> Builder<S> {
    /// Runs this workspace, and performs its effects by this channel.
    ///
    /// Where the store has the workspace already, the document becomes a new revision if it is another than the one given
    /// at the start before; if it is the same, whatever was configured since stays in force (R8).
    pub fn workspace(self, document: Workspace, channel: impl Channel) -> Self {
        let digest = digest(&document);
        self.workspace_as(WorkspaceSetup::new(document, digest).with_channel(Arc::new(channel)))
    }

    /// Runs a workspace with everything that can be said of it: without a channel, so that its effects wait; with rates,
    /// a quota, or a digest of one's own.
    pub fn workspace_as(mut self, setup: WorkspaceSetup) -> Self {
        self.workspaces.push(setup);
        self
    }

    /// Takes the time from this clock in place of the machine's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How it works in detail.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    fn check(&self) -> Result<(), StartError> {
        if self.workspaces.is_empty() {
            return Err(StartError::NoWorkspace);
        }
        tokio::runtime::Handle::try_current().map(drop).map_err(|_| StartError::NoTokio)
    }
}

impl<S: Store> Builder<S> {
    /// Starts: each workspace goes on where it was left.
    ///
    /// It has to be awaited within a tokio runtime that has time enabled, and runs on its threads until it is stopped.
    ///
    /// # Errors
    /// Why it could not; nothing runs then.
    pub async fn start(self) -> Result<Service<S>, StartError> {
        self.check()?;
        let Self { store, clock, settings, workspaces } = self;
        #[cfg(feature = "server")]
        let trust_at = settings.trust_at;
        let runtime = Runtime::start(Arc::new(store), clock, settings, workspaces).await?;
        Ok(Service {
            runtime,
            #[cfg(feature = "server")]
            trust_at,
        })
    }
}

#[cfg(feature = "sqlite")]
impl Builder<SqliteFile> {
    /// Opens the file and starts: each workspace goes on where it was left.
    ///
    /// It has to be awaited within a tokio runtime that has time enabled, and runs on its threads until it is stopped.
    ///
    /// # Errors
    /// Why it could not; nothing runs then.
    pub async fn start(self) -> Result<Service<chatsparks_sqlite::SqliteStore>, StartError> {
        self.check()?;
        let Self { store: SqliteFile(path), clock, settings, workspaces } = self;
        // Opening waits for the disk.
        let opening = path.clone();
        let opened = tokio::task::spawn_blocking(move || chatsparks_sqlite::SqliteStore::open(opening, <_>::default()));
        let opened = opened.await.unwrap_or_else(|_| {
            Err(chatsparks_ports::StoreError::Unavailable("the tokio runtime is shutting down".to_owned()))
        });
        let store = opened.map_err(|error| StartError::Open { path, error })?;
        Builder { store, clock, settings, workspaces }.start().await
    }
}

impl<S> fmt::Debug for Builder<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&WorkspaceId> = self.workspaces.iter().map(|setup| &setup.document.workspace.id).collect();
        out.debug_struct("Builder").field("workspaces", &ids).finish_non_exhaustive()
    }
}

/// What tells one document from another: the digest that a [`WorkspaceSetup`] asks for.
pub fn digest(document: &Workspace) -> String {
    // INVARIANT: a document came out of JSON or its like, and can be written.
    let written = serde_json::to_vec(document).unwrap_or_default();
    Sha256::digest(&written).iter().map(|byte| format!("{byte:02x}")).collect()
}
