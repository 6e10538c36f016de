//! What is older than it has to be kept is deleted, a batch at a time (R10, T5).

use crate::{
    fault::Failure,
    form::{signed, unsigned},
    shard::{Place, Writing},
};
use chatsparks_core::Instant;
use rusqlite::{OptionalExtension, params};

/// Deletes at most so many rows of a shard; how many it deleted.
pub(crate) fn shard(
    writing: &Writing<'_>,
    place: Place,
    records_before: Instant,
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
    deleted += records(writing, place, records_before, limit - deleted)?;
    deleted += logged(writing, place, records_before, limit - deleted)?;
    deleted += effects(writing, place, limit - deleted)?;
    Ok(deleted)
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

/// The place in order where what is kept begins: all before it are older, and it is not, or is as far as the batch goes.
fn cut(
    writing: &Writing<'_>,
    place: Place,
    select: &str,
    from: u64,
    before: Instant,
    limit: usize,
) -> Result<u64, Failure> {
    let mut statement = writing.connection.prepare_cached(select)?;
    let mut rows = statement.query(params![place.workspace, place.partition, signed(from), signed(limit as u64)])?;
    let mut cut = from;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? >= before.as_milliseconds() {
            break;
        }
        cut = unsigned(row.get(0)?) + 1;
    }
    Ok(cut)
}

fn kept_from(writing: &Writing<'_>, place: Place, column: &str) -> Result<Option<u64>, Failure> {
    let first = writing
        .connection
        .prepare_cached(&format!("SELECT {column} FROM shard WHERE workspace = ?1 AND partition = ?2"))?
        .query_row(params![place.workspace, place.partition], |row| row.get(0))
        .optional()?;
    Ok(first.map(unsigned))
}

fn records(writing: &Writing<'_>, place: Place, before: Instant, limit: usize) -> Result<usize, Failure> {
    let Some(from) = kept_from(writing, place, "record_first")? else { return Ok(0) };
    let select =
        "SELECT seq, at FROM record WHERE workspace = ?1 AND partition = ?2 AND seq >= ?3 ORDER BY seq LIMIT ?4";
    let cut = cut(writing, place, select, from, before, limit)?;
    let deleted = writing
        .connection
        .prepare_cached("DELETE FROM record WHERE workspace = ?1 AND partition = ?2 AND seq < ?3")?
        .execute(params![place.workspace, place.partition, signed(cut)])?;
    keep_from(writing, place, "record_first", cut)?;
    Ok(deleted)
}

/// Only what was decided: what waits is kept, however old.
fn logged(writing: &Writing<'_>, place: Place, before: Instant, limit: usize) -> Result<usize, Failure> {
    let Some(from) = kept_from(writing, place, "log_first")? else { return Ok(0) };
    let decided = kept_from(writing, place, "decided")?.unwrap_or(0);
    let select = "SELECT position, at FROM log WHERE workspace = ?1 AND partition = ?2 AND position >= ?3
         ORDER BY position LIMIT ?4";
    let cut = cut(writing, place, select, from, before, limit)?.min(decided + 1).max(from);
    let deleted = writing
        .connection
        .prepare_cached("DELETE FROM log WHERE workspace = ?1 AND partition = ?2 AND position < ?3")?
        .execute(params![place.workspace, place.partition, signed(cut)])?;
    writing
        .connection
        .prepare_cached("DELETE FROM granted WHERE workspace = ?1 AND partition = ?2 AND position < ?3")?
        .execute(params![place.workspace, place.partition, signed(cut)])?;
    keep_from(writing, place, "log_first", cut)?;
    Ok(deleted)
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
fn effects(writing: &Writing<'_>, place: Place, limit: usize) -> Result<usize, Failure> {
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
