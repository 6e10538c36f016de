//! What is deleted, and when (R10, T5).

use crate::{
    checkpoint,
    runtime::{Inner, stops},
    settings::ClockMode,
    workspace::WorkspaceState,
};
use chatsparks_core::{Instant, MEMORY, Period};
use chatsparks_ports::{Store, StoreError};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// How long after a start it is looked for the first time.
const AT_FIRST: Duration = Duration::from_secs(1);

/// Deletes what is older than it has to be kept (R10, T5), a batch at a time.
pub(crate) async fn run<S: Store>(inner: Arc<Inner<S>>) {
    let stop = inner.stopped();
    let mut wait = AT_FIRST.min(inner.settings.retention);
    loop {
        tokio::select! {
            biased;
            () = stops(&stop) => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = inner.settings.retention;
        for state in inner.workspaces.get().into_iter().flat_map(|states| states.values()) {
            if let Err(error) = of_workspace(&inner, state).await
                && !inner.is_stopping()
            {
                tracing::warn!(%error, "what is old could not be deleted");
            }
        }
    }
}

async fn of_workspace<S: Store>(inner: &Inner<S>, state: &WorkspaceState) -> Result<(), StoreError> {
    if let Some(records) = inner.settings.records_kept() {
        let records = Period::milliseconds(i64::try_from(records.as_millis()).unwrap_or(i64::MAX));
        // Where several processes serve the store, each looks after its own partitions.
        for shard in state.shards.iter().filter(|shard| inner.serves(shard)) {
            let now = match inner.settings.clock {
                ClockMode::Wall => inner.guard.wall(),
                ClockMode::Events => Instant::from_milliseconds(shard.latest.load(Ordering::Relaxed)),
            };
            checkpoint::keep_up(inner, state, shard, now.before(records)).await?;
        }
    }
    let leads = state.shards.first().is_some_and(|first| inner.serves(first));
    let Some(ids_before) = remembered_from(inner, state).filter(|_| leads) else { return Ok(()) };
    while !inner.is_stopping() && inner.store.prune(&state.id, ids_before, checkpoint::ROWS).await? > 0 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// The instant before which every partition has forgotten ids (T5): by the wall where it stamps, by the partition that is
/// furthest behind where events bring their own `at`.
fn remembered_from<S: Store>(inner: &Inner<S>, state: &WorkspaceState) -> Option<Instant> {
    if inner.settings.clock == ClockMode::Wall && !inner.settings.trust_at {
        return Some(inner.guard.wall().before(MEMORY));
    }
    let latest = state.shards.iter().map(|shard| shard.latest.load(Ordering::Relaxed)).min()?;
    (latest > i64::MIN).then(|| Instant::from_milliseconds(latest).before(MEMORY))
}
