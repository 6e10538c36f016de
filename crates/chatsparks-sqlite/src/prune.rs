//! What is older than it has to be kept is deleted, a batch at a time (R10, T5).

use crate::{
    fault::Failure,
    form::{signed, unsigned},
    shard::{Place, Writing},
};
use chatsparks_core::Instant;
use chatsparks_ports::Position;
use rusqlite::{OptionalExtension, params};

/// Deletes at most so many rows of a shard that are remembered from before an instant; how many it deleted.
pub(crate) fn forgotten(
    writing: &Writing<'_>,
    place: Place,
    ids_before: Instant,
    limit: usize,
) -> Result<usize, Failure> {
    let mut deleted = 0;
    let ids = ids_before.as_milliseconds();
    let by_age = [
        "DELETE FROM seen WHERE workspace = ?1 AND partition = ?2 AND (kind, id) IN (
             SELECT kind, id FROM seen WHERE workspace = ?1 AND partition = ?2 AND at < ?3 ORDER BY at LIMIT ?4)",
        "DELETE FROM link WHERE workspace = ?1 AND partition = ?2 AND (user_id, seq, place) IN (
             SELECT user_id, seq, place FROM link WHERE workspace = ?1 AND partition = ?2 AND at < ?3
             ORDER BY at LIMIT ?4)",
        "DELETE FROM item WHERE workspace = ?1 AND partition = ?2 AND (kind, name) IN (
             SELECT kind, name FROM item
             WHERE workspace = ?1 AND partition = ?2 AND at < ?3 AND at IS NOT NULL ORDER BY at LIMIT ?4)",
    ];
    for delete in by_age {
        let left = signed((limit - deleted) as u64);
        let mut statement = writing.connection.prepare_cached(delete)?;
        deleted += statement.execute(params![place.workspace, place.partition, ids, left])?;
    }
    Ok(deleted)
}

/// Deletes at most so many rows of a shard, whatever they are; how many it deleted.
pub(crate) fn everything(writing: &Writing<'_>, place: Place, limit: usize) -> Result<usize, Failure> {
    let mut deleted = 0;
    let all = [
        "DELETE FROM seen WHERE workspace = ?1 AND partition = ?2 AND (kind, id) IN (
             SELECT kind, id FROM seen WHERE workspace = ?1 AND partition = ?2 LIMIT ?3)",
        "DELETE FROM contact WHERE workspace = ?1 AND partition = ?2 AND user_id IN (
             SELECT user_id FROM contact WHERE workspace = ?1 AND partition = ?2 LIMIT ?3)",
        "DELETE FROM link WHERE workspace = ?1 AND partition = ?2 AND (user_id, seq, place) IN (
             SELECT user_id, seq, place FROM link WHERE workspace = ?1 AND partition = ?2 LIMIT ?3)",
        "DELETE FROM item WHERE workspace = ?1 AND partition = ?2 AND (kind, name) IN (
             SELECT kind, name FROM item WHERE workspace = ?1 AND partition = ?2 LIMIT ?3)",
    ];
    for delete in all {
        let left = signed((limit - deleted) as u64);
        let mut statement = writing.connection.prepare_cached(delete)?;
        deleted += statement.execute(params![place.workspace, place.partition, left])?;
    }
    Ok(deleted)
}

/// Deletes at most so many of a shard's records before a `seq`, and of its decided events up to a position with the grants
/// before them; how many it deleted.
pub(crate) fn cut(
    writing: &Writing<'_>,
    place: Place,
    until: Position,
    first_record: u64,
    limit: usize,
) -> Result<usize, Failure> {
    let Some(decided) = kept_from(writing, place, "decided")? else { return Ok(0) };
    let from = kept_from(writing, place, "record_first")?.unwrap_or(0);
    let records = first_record.min(from.saturating_add(limit as u64)).max(from);
    if records > from {
        delete(writing, place, "DELETE FROM record WHERE workspace = ?1 AND partition = ?2 AND seq < ?3", records)?;
        keep_from(writing, place, "record_first", records)?;
    }
    let left = limit as u64 - (records - from);
    let first = kept_from(writing, place, "log_first")?.unwrap_or(1);
    let logged = (until.min(decided) + 1).min(first.saturating_add(left)).max(first);
    if logged > first {
        delete(writing, place, "DELETE FROM log WHERE workspace = ?1 AND partition = ?2 AND position < ?3", logged)?;
        delete(
            writing,
            place,
            "DELETE FROM granted WHERE workspace = ?1 AND partition = ?2 AND position < ?3",
            logged,
        )?;
        keep_from(writing, place, "log_first", logged)?;
    }
    Ok((records - from + logged - first) as usize)
}

fn delete(writing: &Writing<'_>, place: Place, delete: &str, before: u64) -> Result<(), Failure> {
    let mut statement = writing.connection.prepare_cached(delete)?;
    statement.execute(params![place.workspace, place.partition, signed(before)])?;
    Ok(())
}

/// Deletes at most so many rows that belong to no shard; how many it deleted.
pub(crate) fn workspace(
    writing: &Writing<'_>,
    workspace: i64,
    ids_before: Instant,
    limit: usize,
) -> Result<usize, Failure> {
    let ids = ids_before.as_milliseconds();
    writing
        .connection
        .prepare_cached("DELETE FROM pool WHERE workspace = ?1 AND cycle < ?2")?
        .execute(params![workspace, ids])?;
    let deleted = writing
        .connection
        .prepare_cached(
            "DELETE FROM place WHERE workspace = ?1 AND (kind, name) IN (
                 SELECT kind, name FROM place WHERE workspace = ?1 AND at < ?2 AND at IS NOT NULL ORDER BY at LIMIT ?3)",
        )?
        .execute(params![workspace, ids, signed(limit as u64)])?;
    Ok(deleted)
}

fn kept_from(writing: &Writing<'_>, place: Place, column: &str) -> Result<Option<u64>, Failure> {
    let first = writing
        .connection
        .prepare_cached(&format!("SELECT {column} FROM shard WHERE workspace = ?1 AND partition = ?2"))?
        .query_row(params![place.workspace, place.partition], |row| row.get(0))
        .optional()?;
    Ok(first.map(unsigned))
}

fn keep_from(writing: &Writing<'_>, place: Place, column: &str, cut: u64) -> Result<(), Failure> {
    writing
        .connection
        .prepare_cached(&format!(
            "UPDATE shard SET {column} = ?3 WHERE workspace = ?1 AND partition = ?2 AND {column} <> ?3"
        ))?
        .execute(params![place.workspace, place.partition, signed(cut)])?;
    Ok(())
}

/// Outcomes of effects go with the records that decided them.
pub(crate) fn outcomes(writing: &Writing<'_>, place: Place, limit: usize) -> Result<usize, Failure> {
    let Some(first) = kept_from(writing, place, "record_first")? else { return Ok(0) };
    let deleted = writing
        .connection
        .prepare_cached(
            "DELETE FROM effect WHERE number IN (SELECT number FROM effect INDEXED BY effect_settled
                 WHERE workspace = ?1 AND partition = ?2 AND seq < ?3 AND state >= 3 ORDER BY seq LIMIT ?4)",
        )?
        .execute(params![place.workspace, place.partition, signed(first), signed(limit as u64)])?;
    Ok(deleted)
}
