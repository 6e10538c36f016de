//! Events that wait for others to be decided go on (R4). One task a workspace of many partitions.

use crate::{
    runtime::{Inner, stops},
    workspace::WorkspaceState,
};
use chatsparks_ports::{Store, StoreError};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// How long it waits at most before it looks again by itself: what other processes decide it hears nothing of.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// While something waits for what another process may decide.
const ELSEWHERE: Duration = Duration::from_millis(100);
/// How long it waits after the store failed.
const AFTER_TROUBLE: Duration = Duration::from_millis(500);

/// Lets events go on until the runtime stops.
pub(crate) async fn run<S: Store>(inner: Arc<Inner<S>>, workspace: Arc<WorkspaceState>) {
    let stop = inner.stopped();
    let mut heard = inner.sharing.heard();
    loop {
        heard.borrow_and_update();
        let wait = match forward(&inner, &workspace).await {
            Ok(()) => LOOK_AGAIN,
            Err(error) => {
                inner.note_store(Some(&error));
                tracing::warn!(%error, "events that wait for others could not go on");
                AFTER_TROUBLE
            }
        };
        let waits = workspace.waiting.load(Ordering::Relaxed) > 0;
        let wait = if waits && inner.sharing.is_shared { wait.min(ELSEWHERE) } else { wait };
        tokio::select! {
            // What comes first when several are ready is no matter of chance.
            biased;
            () = stops(&stop) => return,
            () = workspace.has_to_wait.notified() => {}
            () = workspace.committed.notified(), if waits => {}
            _ = heard.changed(), if !inner.serves_some_of(&workspace) => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Lets those go on that need not wait any longer.
pub(crate) async fn forward<S: Store>(inner: &Inner<S>, workspace: &WorkspaceState) -> Result<(), StoreError> {
    if !inner.serves_some_of(workspace) {
        // Whoever serves it lets them go on.
        workspace.waiting.store(0, Ordering::Relaxed);
        return Ok(());
    }
    let routed = inner.store.forward(&workspace.id, &workspace.account()).await?;
    if routed.appended > 0 {
        workspace.tell_of_events();
        workspace.waiting.fetch_sub(routed.appended as i64, Ordering::Relaxed);
    }
    if inner.sharing.is_shared {
        // Others let events go on, too: how many wait is what the store says.
        workspace.waiting.store(routed.waiting as i64, Ordering::Relaxed);
    }
    Ok(())
}
