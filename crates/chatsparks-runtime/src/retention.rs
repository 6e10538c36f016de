//! What is deleted, and when (R10, T5).

use crate::runtime::{Inner, stops};
use chatsparks_ports::Store;
use std::{sync::Arc, time::Duration};

/// Deletes what is older than it has to be kept (R10, T5), a batch at a time.
pub(crate) async fn run<S: Store>(inner: Arc<Inner<S>>) {
    let mut stop = inner.stopped();
    loop {
        tokio::select! {
            biased;
            () = stops(&mut stop) => return,
            () = tokio::time::sleep(Duration::from_secs(600)) => {}
        }
        let wall = inner.guard.wall();
        let kept = i64::try_from(inner.settings.records.as_millis()).unwrap_or(i64::MAX);
        let records_before = wall.before(chatsparks_core::Period::milliseconds(kept));
        let ids_before = wall.before(chatsparks_core::MEMORY);
        let workspaces = inner.workspaces.get().map(|states| states.keys().cloned().collect::<Vec<_>>());
        for workspace in workspaces.unwrap_or_default() {
            while !inner.is_stopping() {
                match inner.store.prune(&workspace, records_before, ids_before, 1_000).await {
                    Ok(0) => break,
                    Ok(_) => tokio::task::yield_now().await,
                    Err(error) => {
                        tracing::warn!(%error, "old records could not be deleted");
                        break;
                    }
                }
            }
        }
    }
}
