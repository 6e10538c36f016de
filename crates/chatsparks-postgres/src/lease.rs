//! Which process serves which partitions, by the server's clock alone.

use crate::{
    fault::{of_postgres, silent},
    form::{key, large, small},
    statement::{changed, end, found, soon},
    store::{Inner, lone},
};
use chatsparks_core::WorkspaceId;
use chatsparks_ports::{Alone, Beat, Share, StoreError, WorkerShare, fair_share};
use deadpool_postgres::Object;
use std::time::Duration;
use tokio::{sync::oneshot, time::timeout};

/// What one process at a time does: sharing out, and following one document with the next.
const SHARING: i32 = 0x4368_5370;
const ALONE: i32 = 0x4368_5371;
/// How long sharing out may stand still at the least: a round trip has to go on within.
const SHORTEST: Duration = Duration::from_millis(250);
/// For how many times as long as a transaction may stand still whoever keeps others out may be silent.
const SILENT: u32 = 6;
/// How long is waited for whoever keeps others out.
const LONGEST: Duration = Duration::from_secs(60);

/// Notes that a worker lives, and tells it its share.
///
/// INVARIANT: whoever is frozen while it shares out is cut off before the others, who wait for it, are silent for so long
/// that they lose what they have.
pub(crate) async fn share(inner: &Inner, client: Object, beat: &Beat) -> Result<Share, StoreError> {
    let still = (beat.takeover / 2).min(inner.stands_still).max(SHORTEST);
    soon(inner.patience, client, async |client| {
        let begins = format!("BEGIN; SET LOCAL idle_in_transaction_session_timeout = {}", still.as_millis());
        client.batch_execute(&begins).await.map_err(|error| of_postgres(&error))?;
        found(client, "SELECT pg_advisory_xact_lock($1, 0)", &[&SHARING]).await?;
        let takeover = beat.takeover.as_secs_f64();
        let known = found(client, "SELECT FROM worker WHERE id = $1", &[&beat.worker]).await?;
        if beat.leaves {
            changed(client, "DELETE FROM worker WHERE id = $1", &[&beat.worker]).await?;
        } else {
            let sql = "INSERT INTO worker (id, beat_at, address, takeover) VALUES ($1, clock_timestamp(), $2, $3)
                 ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at, address = excluded.address,
                     takeover = excluded.takeover";
            changed(client, sql, &[&beat.worker, &beat.address, &takeover]).await?;
        }
        let sql = "DELETE FROM worker
             WHERE beat_at < clock_timestamp() - coalesce(takeover, $1) * interval '1 second'";
        changed(client, sql, &[&takeover]).await?;
        let live = found(client, "SELECT id, address FROM worker ORDER BY id", &[]).await?;
        let workers: Vec<String> = live.iter().map(|row| row.get(0)).collect();
        let rows = found(client, "SELECT worker FROM lease ORDER BY partition", &[]).await?;
        let mut holders: Vec<Option<String>> = rows.iter().map(|row| row.get(0)).collect();
        let (partitions, given) = fair_share(&beat.worker, &workers, &holders, &beat.serving);
        let mine = |partition: &u32| holders.get(*partition as usize).and_then(Option::as_ref) == Some(&beat.worker);
        let taken: Vec<i32> = partitions.iter().filter(|partition| !mine(partition)).map(|n| small(*n)).collect();
        let given: Vec<i32> = given.into_iter().map(small).collect();
        if !taken.is_empty() {
            let sql = "UPDATE lease SET worker = $1 WHERE partition = ANY ($2)";
            changed(client, sql, &[&beat.worker, &taken]).await?;
        }
        if !given.is_empty() {
            changed(client, "UPDATE lease SET worker = NULL WHERE partition = ANY ($1)", &[&given]).await?;
        }
        end(client).await?;
        for (changed, holder) in [(&taken, Some(&beat.worker)), (&given, None)] {
            for partition in changed {
                holders[large(*partition) as usize] = holder.cloned();
            }
        }
        let of = |worker: &String| -> Vec<u32> {
            (0..).zip(&holders).filter(|(_, holder)| holder.as_ref() == Some(worker)).map(|(n, _)| n).collect()
        };
        let workers = live.iter().zip(&workers).map(|(row, worker)| WorkerShare {
            worker: worker.clone(),
            address: row.get(1),
            slots: of(worker),
        });
        let is_new = known.is_empty();
        Ok(Share { slots: partitions, workers: workers.collect(), is_new, ..Share::default() })
    })
    .await
}

/// Keeps others out by a connection of its own, which ends with what is answered, or with the process. While it is kept a
/// word is said on it again and again: the server cuts off whoever is silent, which a process that is frozen is.
pub(crate) async fn alone(inner: &Inner, workspace: &WorkspaceId) -> Result<Alone, StoreError> {
    let told = |error: tokio_postgres::Error| of_postgres(&error);
    let pause = inner.stands_still.max(SHORTEST);
    let client = lone(inner).await?;
    let held = async {
        let bounds = format!(
            "SET lock_timeout = {}; SET idle_session_timeout = {}",
            LONGEST.as_millis(),
            (pause * SILENT).as_millis()
        );
        client.batch_execute(&bounds).await?;
        let name = key(workspace.as_str());
        client.query("SELECT pg_advisory_lock($1, hashtext($2))", &[&ALONE, &&*name]).await
    };
    timeout(LONGEST + inner.patience, held).await.map_err(|_| silent())?.map_err(told)?;
    let (kept, mut dropped) = oneshot::channel::<()>();
    inner.home.spawn(async move {
        // The connection ends with this: when what is answered is dropped, or the server ended it.
        while timeout(pause, &mut dropped).await.is_err() && client.batch_execute("").await.is_ok() {}
    });
    Ok(Alone::until_dropped(kept))
}
