//! Effects that wait, and what came of them.

use crate::{
    PostgresStore,
    form::{instant, key, large, read, signed, small, unkey, unsigned},
    settle::{self, Begin, DEAD, FAILED, IN_DOUBT, SENT, Settle, WAITING},
    statement::{found, found_one},
};
use chatsparks_core::{Effect, Instant, UserId, WorkspaceId};
use chatsparks_ports::{
    Context, EffectKey, EffectState, Input, Queue, QueueCount, Queued, Ready, Settled, Shard, StoreError,
};
use deadpool_postgres::Object;
use std::collections::HashSet;
use tokio_postgres::Row;

impl Queue for PostgresStore {
    async fn ready(
        &self,
        workspace: &WorkspaceId,
        wall: Instant,
        busy: &[EffectKey],
        limit: usize,
    ) -> Result<Vec<Ready>, StoreError> {
        let all: Vec<u32> = (0..self.partition_count()).collect();
        self.ready_in(workspace, &all, wall, busy, limit).await
    }

    async fn ready_in(
        &self,
        workspace: &WorkspaceId,
        partitions: &[u32],
        wall: Instant,
        busy: &[EffectKey],
        limit: usize,
    ) -> Result<Vec<Ready>, StoreError> {
        let (id, busy) = (workspace.clone(), busy.to_vec());
        let partitions: Vec<i32> = partitions.iter().copied().map(small).collect();
        self.brief_unsorted(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(Vec::new()) };
            ready(&client, (&id, number), &partitions, wall, &busy, limit).await
        })
        .await
    }

    async fn begin(&self, key: &EffectKey, wall: Instant) -> Result<bool, StoreError> {
        self.jobs.begin.done(Begin { key: key.clone(), wall }).await
    }

    async fn settle(&self, key: &EffectKey, settled: Settled, receipt: Option<Input>) -> Result<bool, StoreError> {
        self.jobs.settle.done(Settle { key: key.clone(), settled, receipt }).await
    }

    async fn revive(&self, workspace: &WorkspaceId, effect: &str) -> Result<bool, StoreError> {
        let (id, effect) = (workspace.clone(), key(effect).into_owned());
        self.with(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &id).await? else { return Ok(false) };
            settle::revive(&inner, client, workspace, effect).await
        })
        .await
    }

    async fn find(&self, workspace: &WorkspaceId, effect: &str) -> Result<Option<(EffectKey, Effect)>, StoreError> {
        let (id, effect) = (workspace.clone(), effect.to_owned());
        self.brief(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(None) };
            let sql = "SELECT partition, user_id, form FROM effect
                 WHERE workspace = $1 AND partition = ANY ($2) AND id = $3 ORDER BY partition LIMIT 1";
            let row = found_one(&client, sql, &[&number, &inner.all_partitions(), &&*key(&effect)]).await?;
            let Some(row) = row else { return Ok(None) };
            let shard = Shard { workspace: id, partition: large(row.get(0)) };
            let said = read::<Effect>(row.get(2))?;
            Ok(Some((EffectKey { shard, user_id: user(row.get(1)), id: effect }, said)))
        })
        .await
    }

    async fn count(&self, workspace: &WorkspaceId) -> Result<QueueCount, StoreError> {
        let id = workspace.clone();
        self.brief(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(QueueCount::default()) };
            let sql = "SELECT coalesce(sum(sent), 0)::bigint, coalesce(sum(failed), 0)::bigint
                 FROM settled_count WHERE workspace = $1";
            let settled = found_one(&client, sql, &[&number]).await?;
            let (sent, failed) = settled.map_or((0, 0), |row| (unsigned(row.get(0)), unsigned(row.get(1))));
            let mut count = QueueCount { sent, failed, ..QueueCount::default() };
            let sql = "SELECT state, count(*) FROM effect WHERE workspace = $1 GROUP BY state";
            for row in found(&client, sql, &[&number]).await? {
                let many = unsigned(row.get(1));
                match row.get::<_, i16>(0) {
                    WAITING => count.waiting = many,
                    IN_DOUBT => count.in_doubt = many,
                    _ => count.dead = many,
                }
            }
            Ok(count)
        })
        .await
    }

    async fn list(&self, workspace: &WorkspaceId, state: EffectState, limit: usize) -> Result<Vec<Queued>, StoreError> {
        let id = workspace.clone();
        self.brief(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(Vec::new()) };
            let (stored, is_open) = match state {
                EffectState::Waiting => (WAITING, true),
                EffectState::InDoubt => (IN_DOUBT, true),
                EffectState::Dead => (DEAD, true),
                EffectState::Sent => (SENT, false),
                EffectState::Failed => (FAILED, false),
            };
            let sql = match is_open {
                true => {
                    "SELECT id, user_id, kind, attempts, not_after, not_before, why FROM effect
                     WHERE workspace = $1 AND state = $2 ORDER BY not_after, number LIMIT $3"
                }
                false => {
                    "SELECT id, user_id, kind, attempts, not_after, NULL::bigint, why FROM outcome
                     WHERE workspace = $1 AND state = $2 ORDER BY not_after, number LIMIT $3"
                }
            };
            let rows = found(&client, sql, &[&number, &stored, &signed(limit as u64)]).await?;
            Ok(rows.iter().map(|row| queued(row, state)).collect())
        })
        .await
    }

    async fn standing(&self, workspace: &WorkspaceId, effects: &[String]) -> Result<Vec<Queued>, StoreError> {
        let id = workspace.clone();
        let effects: Vec<String> = effects.iter().map(|effect| key(effect).into_owned()).collect();
        self.brief(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(Vec::new()) };
            let sql = "SELECT id, user_id, kind, attempts, not_after, not_before, why, state FROM effect
                 WHERE workspace = $1 AND partition = ANY ($2) AND id = ANY ($3)
                 UNION ALL
                 SELECT id, user_id, kind, attempts, not_after, NULL::bigint, why, state FROM outcome
                 WHERE workspace = $1 AND partition = ANY ($2) AND id = ANY ($3)";
            let rows = found(&client, sql, &[&number, &inner.all_partitions(), &effects]).await?;
            let state = |row: &Row| EffectState::of(u8::try_from(row.get::<_, i16>(7)).unwrap_or(u8::MAX));
            Ok(rows.iter().map(|row| queued(row, state(row))).collect())
        })
        .await
    }

    async fn next_retry(&self, workspace: &WorkspaceId, now: Instant) -> Result<Option<Instant>, StoreError> {
        let id = workspace.clone();
        self.brief_unsorted(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(None) };
            let sql = "SELECT min(x.not_before) FROM unnest($3::int[]) AS k (partition)
                 CROSS JOIN LATERAL (SELECT e.not_before FROM effect e
                     WHERE e.workspace = $1 AND e.partition = k.partition AND e.front AND e.not_before > $2
                     ORDER BY e.not_before LIMIT 1) x";
            let next = found_one(&client, sql, &[&number, &now.as_milliseconds(), &inner.all_partitions()]).await?;
            Ok(next.and_then(|row| instant(row.get(0))))
        })
        .await
    }
}

/// An effect as it is listed, where it stands in this state.
fn queued(row: &Row, state: EffectState) -> Queued {
    Queued {
        effect: unkey(row.get(0)).into_owned(),
        user_id: user(row.get(1)),
        kind: row.get(2),
        state,
        attempts: u32::try_from(row.get::<_, i32>(3)).unwrap_or(0),
        not_after: ends(row.get(4)),
        not_before: instant(row.get(5)),
        why: row.get::<_, Option<&str>>(6).map(|why| unkey(why).into_owned()),
    }
}

fn user(stored: Option<&str>) -> Option<UserId> {
    stored.map(|id| UserId::from(unkey(id).as_ref()))
}

fn ends(not_after: i64) -> Option<Instant> {
    instant(Some(not_after).filter(|not_after| *not_after != i64::MAX))
}

async fn ready(
    client: &Object,
    (id, number): (&WorkspaceId, i32),
    partitions: &[i32],
    wall: Instant,
    busy: &[EffectKey],
    limit: usize,
) -> Result<Vec<Ready>, StoreError> {
    let taken: HashSet<(i32, String)> = busy
        .iter()
        .filter(|busy| busy.shard.workspace == *id)
        .map(|busy| (small(busy.shard.partition), key(&busy.id).into_owned()))
        .collect();
    // The lanes of those that are busy: one of them may have got its outcome meanwhile, and stand first no more.
    let mut lanes: HashSet<(i32, String)> = HashSet::new();
    if !taken.is_empty() {
        let (places, ids): (Vec<i32>, Vec<&str>) = taken.iter().map(|(place, id)| (*place, id.as_str())).unzip();
        let sql = "SELECT k.partition, x.lane FROM unnest($2::int[], $3::text[]) AS k (partition, id)
             CROSS JOIN LATERAL (
                 SELECT lane FROM effect e WHERE e.workspace = $1 AND e.partition = k.partition AND e.id = k.id AND NOT free
                 UNION ALL
                 SELECT lane FROM outcome o WHERE o.workspace = $1 AND o.partition = k.partition AND o.id = k.id AND NOT free
             ) x WHERE x.lane IS NOT NULL";
        let rows = found(client, sql, &[&number, &places, &ids]).await?;
        lanes.extend(rows.iter().map(|row| (row.get::<_, i32>(0), row.get::<_, String>(1))));
    }
    // Each that is busy may take one away, or its lane one.
    let looked_at = signed((limit + 2 * taken.len()) as u64);
    // Of those that were put off, only whose time has come: how many wait for theirs, as at a platform's pace, is nothing here.
    let sql = "SELECT x.* FROM unnest($2::int[]) AS k (partition)
         CROSS JOIN LATERAL (
             (SELECT e.partition, e.user_id, e.id, e.state, e.form, e.context, e.attempts, e.first_attempt,
                  CASE WHEN NOT e.free THEN e.lane END, e.not_after, e.number
              FROM effect e
              WHERE e.workspace = $1 AND e.partition = k.partition AND e.front AND e.not_before IS NULL
              ORDER BY e.not_after, e.number LIMIT $4)
             UNION ALL
             (SELECT e.partition, e.user_id, e.id, e.state, e.form, e.context, e.attempts, e.first_attempt,
                  CASE WHEN NOT e.free THEN e.lane END, e.not_after, e.number
              FROM effect e
              WHERE e.workspace = $1 AND e.partition = k.partition AND e.front AND e.not_before <= $3
              ORDER BY e.not_before)) x
         ORDER BY x.not_after, x.number LIMIT $4";
    let rows = found(client, sql, &[&number, &partitions, &wall.as_milliseconds(), &looked_at]).await?;
    let mut ready = Vec::new();
    for row in &rows {
        if ready.len() == limit {
            break;
        }
        let (partition, effect): (i32, &str) = (row.get(0), row.get(2));
        let lane: Option<String> = row.get(8);
        if taken.contains(&(partition, effect.to_owned()))
            || lane.is_some_and(|lane| lanes.contains(&(partition, lane)))
        {
            continue;
        }
        let shard = Shard { workspace: id.clone(), partition: large(partition) };
        let context = serde_json::from_str::<Context>(row.get(5)).map_err(|error| crate::fault::of_form(&error))?;
        ready.push(Ready {
            key: EffectKey { shard, user_id: user(row.get(1)), id: unkey(effect).into_owned() },
            in_doubt: row.get::<_, i16>(3) == IN_DOUBT,
            effect: read(row.get(4))?,
            context,
            attempts: u32::try_from(row.get::<_, i32>(6)).unwrap_or(0),
            first_attempt: instant(row.get(7)),
        });
    }
    Ok(ready)
}
