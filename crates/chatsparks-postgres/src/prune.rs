//! What is older than it has to be kept is deleted, a batch at a time (R10, T5).

use crate::{
    append::Place,
    form::{signed, unsigned},
    statement::{LONG, begin, changed, end, found_one, soon},
    store::Inner,
};
use chatsparks_core::Instant;
use chatsparks_ports::{Position, StoreError};
use deadpool_postgres::Object;

/// What is remembered from an instant on, by table: the rest of its key.
const BY_AGE: [(&str, &str); 4] =
    [("seen", "kind, id"), ("link", "user_id, seq, place"), ("item", "kind, name"), ("place", "kind, name")];

/// All rows of a shard, by table: the rest of its key.
const ROWS: [(&str, &str); 4] =
    [("seen", "kind, id"), ("contact", "user_id"), ("link", "user_id, seq, place"), ("item", "kind, name")];

/// Deletes at most so many remembered ids and outcomes of a workspace; how many it deleted. Each partition has its own
/// transaction.
pub(crate) async fn workspace(
    inner: &Inner,
    client: Object,
    workspace: i32,
    ids_before: Instant,
    limit: usize,
) -> Result<usize, StoreError> {
    soon(inner.patience * LONG, client, async |client| {
        let mut left = limit;
        for partition in inner.all_partitions() {
            if left == 0 {
                break;
            }
            begin(client).await?;
            left -= forgotten(client, (workspace, partition), ids_before, left).await?;
            left -= outcomes(client, (workspace, partition), left).await?;
            end(client).await?;
        }
        let sql = "DELETE FROM pool WHERE workspace = $1 AND cycle < $2";
        changed(client, sql, &[&workspace, &ids_before.as_milliseconds()]).await?;
        Ok(limit - left)
    })
    .await
}

/// Deletes at most so many rows of a shard that are remembered from before an instant; how many it deleted.
async fn forgotten(
    client: &Object,
    (workspace, partition): Place,
    ids_before: Instant,
    limit: usize,
) -> Result<usize, StoreError> {
    let mut deleted = 0;
    for (table, rest) in BY_AGE {
        let sql = format!(
            "DELETE FROM {table} WHERE workspace = $1 AND partition = $2 AND ({rest}) IN (
                 SELECT {rest} FROM {table} WHERE workspace = $1 AND partition = $2 AND at < $3 AND at IS NOT NULL
                 ORDER BY at LIMIT $4)"
        );
        let left = signed((limit - deleted) as u64);
        let gone = changed(client, &sql, &[&workspace, &partition, &ids_before.as_milliseconds(), &left]).await?;
        deleted += count(gone);
    }
    Ok(deleted)
}

/// Outcomes of effects go with the records that decided them.
async fn outcomes(client: &Object, (workspace, partition): Place, limit: usize) -> Result<usize, StoreError> {
    let sql = "DELETE FROM outcome WHERE workspace = $1 AND partition = $2 AND id IN (
             SELECT id FROM outcome WHERE workspace = $1 AND partition = $2
                 AND seq >= 0 AND seq < (SELECT record_first FROM shard WHERE workspace = $1 AND partition = $2)
             ORDER BY seq LIMIT $3)";
    Ok(count(changed(client, sql, &[&workspace, &partition, &signed(limit as u64)]).await?))
}

/// Deletes at most so many rows of a checkpoint; how many it deleted.
pub(crate) async fn clear(
    inner: &Inner,
    client: Object,
    place: Place,
    remembered_before: Option<Instant>,
    limit: usize,
) -> Result<usize, StoreError> {
    soon(inner.patience * LONG, client, async |client| {
        begin(client).await?;
        let mut deleted = 0;
        match remembered_before {
            Some(before) => deleted = forgotten(client, place, before, limit).await?,
            None => {
                for (table, rest) in ROWS {
                    let sql = format!(
                        "DELETE FROM {table} WHERE workspace = $1 AND partition = $2 AND ({rest}) IN (
                             SELECT {rest} FROM {table} WHERE workspace = $1 AND partition = $2 LIMIT $3)"
                    );
                    let left = signed((limit - deleted) as u64);
                    deleted += count(changed(client, &sql, &[&place.0, &place.1, &left]).await?);
                }
            }
        }
        end(client).await?;
        Ok(deleted)
    })
    .await
}

/// Deletes at most so many of a shard's records before a `seq`, and of its decided events up to a position with the grants
/// before them; how many it deleted.
pub(crate) async fn cut(
    inner: &Inner,
    client: Object,
    (workspace, partition): Place,
    until: Position,
    first_record: u64,
    limit: usize,
) -> Result<usize, StoreError> {
    soon(inner.patience * LONG, client, async |client| {
        begin(client).await?;
        let sql = "SELECT decided, record_first, log_first, coalesce(
                (SELECT max(seq) + 1 FROM record WHERE workspace = $1 AND partition = $2), record_first)
             FROM shard WHERE workspace = $1 AND partition = $2";
        let kept = found_one(client, sql, &[&workspace, &partition]).await?;
        let (decided, from, first, next) = kept.map_or((0, 0, 1, 0), |row| {
            (unsigned(row.get(0)), unsigned(row.get(1)), unsigned(row.get(2)), unsigned(row.get(3)))
        });
        let records = first_record.min(next).min(from.saturating_add(limit as u64)).max(from);
        let left = limit as u64 - (records - from);
        let logged = (until.min(decided) + 1).min(first.saturating_add(left)).max(first);
        for (sql, before) in [
            ("DELETE FROM record WHERE workspace = $1 AND partition = $2 AND seq < $3", records),
            ("DELETE FROM log WHERE workspace = $1 AND partition = $2 AND position < $3", logged),
            ("DELETE FROM granted WHERE workspace = $1 AND partition = $2 AND position < $3", logged),
        ] {
            changed(client, sql, &[&workspace, &partition, &signed(before)]).await?;
        }
        if (records, logged) != (from, first) {
            let sql = "UPDATE shard SET record_first = $3, log_first = $4 WHERE workspace = $1 AND partition = $2";
            changed(client, sql, &[&workspace, &partition, &signed(records), &signed(logged)]).await?;
        }
        end(client).await?;
        Ok((records - from + logged - first) as usize)
    })
    .await
}

fn count(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(0)
}
