//! Telling other processes that something was logged, and hearing of it. A hint, by `NOTIFY`, after the transaction that
//! logged: within it the server would let all who commit wait for one another.

use crate::{
    fault::{of_postgres, silent},
    form::{key, unkey},
    hosts,
    statement::{found, soon},
    store::{Inner, tls},
};
use chatsparks_core::WorkspaceId;
use chatsparks_ports::StoreError;
use futures_util::future::poll_fn;
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};
use tokio_postgres::AsyncMessage;

/// Told at most so often.
const PAUSE: Duration = Duration::from_millis(5);
/// How long is waited after the connection broke.
const AFTER_TROUBLE: Duration = Duration::from_millis(500);
/// The longest hint that is sent; beyond it hears whoever looks by itself.
const LONGEST: usize = 4_000;

/// What was heard, and what is to be told.
#[derive(Default)]
pub(crate) struct News {
    to_tell: Mutex<BTreeSet<WorkspaceId>>,
    tells: AtomicBool,
    heard: Arc<Heard>,
    listens: AtomicBool,
}

#[derive(Default)]
struct Heard {
    workspaces: Mutex<BTreeSet<WorkspaceId>>,
    more: Notify,
}

impl News {
    /// Says that something was logged; what comes within a moment is told together.
    pub(crate) fn tell(&self, inner: &Arc<Inner>, workspaces: BTreeSet<WorkspaceId>) {
        self.to_tell.lock().unwrap_or_else(PoisonError::into_inner).extend(workspaces);
        if self.tells.swap(true, Ordering::SeqCst) {
            return;
        }
        let shared = inner.clone();
        inner.home.spawn(async move {
            tokio::time::sleep(PAUSE).await;
            shared.news.tells.store(false, Ordering::SeqCst);
            let all = std::mem::take(&mut *shared.news.to_tell.lock().unwrap_or_else(PoisonError::into_inner));
            // A hint that is lost costs a moment.
            let _ = shared.notify(all).await;
        });
    }

    /// Waits for what others tell.
    pub(crate) async fn wait(&self, inner: &Arc<Inner>) -> Vec<WorkspaceId> {
        if !self.listens.swap(true, Ordering::SeqCst) {
            inner.home.spawn(listen(Arc::downgrade(inner), self.heard.clone()));
        }
        loop {
            let more = self.heard.more.notified();
            let heard = std::mem::take(&mut *self.heard.workspaces.lock().unwrap_or_else(PoisonError::into_inner));
            if !heard.is_empty() {
                return heard.into_iter().collect();
            }
            more.await;
        }
    }
}

impl Inner {
    async fn notify(&self, workspaces: BTreeSet<WorkspaceId>) -> Result<(), StoreError> {
        let mut hint = String::new();
        for workspace in workspaces {
            let name = key(workspace.as_str());
            if hint.len() + name.len() > LONGEST {
                break;
            }
            // No id has the byte that parts them here: it is written as two.
            hint.push_str(&name);
            hint.push('\u{1}');
            hint.push('\u{3}');
        }
        let client = self.client().await?;
        let told = "SELECT pg_notify($1, $2)";
        soon(self.patience, client, async |client| found(client, told, &[&self.schema, &hint]).await.map(drop)).await
    }
}

/// Listens until the store is gone.
async fn listen(inner: Weak<Inner>, heard: Arc<Heard>) {
    loop {
        let Some(inner) = inner.upgrade() else { return };
        let (config, schema, patience) = (inner.config.clone(), inner.schema.clone(), inner.patience);
        drop(inner);
        if let Err(error) = listen_once(&config, &schema, patience, &heard).await {
            tracing::debug!(%error, "what others log is not heard of for a moment");
        }
        tokio::time::sleep(AFTER_TROUBLE).await;
    }
}

async fn listen_once(
    config: &tokio_postgres::Config,
    schema: &str,
    patience: Duration,
    heard: &Heard,
) -> Result<(), StoreError> {
    let told = |error: tokio_postgres::Error| of_postgres(&error);
    let (client, mut connection) = hosts::connect(config, tls()?).await?;
    let asked = async {
        client.batch_execute(&format!("LISTEN {schema}")).await.map_err(told)?;
        // A server that is frozen, and replaced meanwhile, says nothing more, and does not end the connection either.
        loop {
            tokio::time::sleep(patience).await;
            timeout(patience, client.batch_execute("")).await.map_err(|_| silent())?.map_err(told)?;
        }
    };
    let hears = async {
        loop {
            match poll_fn(|context| connection.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notification(told))) => heard.take(told.payload()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(told(error)),
                None => return Ok(()),
            }
        }
    };
    futures_util::pin_mut!(asked, hears);
    match futures_util::future::select(asked, hears).await {
        futures_util::future::Either::Left((done, _)) | futures_util::future::Either::Right((done, _)) => done,
    }
}

impl Heard {
    fn take(&self, hint: &str) {
        let names = hint.split("\u{1}\u{3}").filter(|name| !name.is_empty());
        let ids = names.map(|name| WorkspaceId::from(unkey(name).as_ref()));
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).extend(ids);
        self.more.notify_waiters();
    }
}
