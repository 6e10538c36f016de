//! Room under the limit: the pool, and the grants that were drawn from it (R7).

use crate::{
    fault::Failure,
    form::{signed, unsigned},
    shard::{Place, Writing},
};
use chatsparks_core::Instant;
use chatsparks_ports::{Draw, Placed, StoreError};
use rusqlite::{Connection, OptionalExtension, params};

/// How much of a cycle was drawn.
pub(crate) fn drawn(connection: &Connection, workspace: i64, cycle: Instant) -> Result<u64, Failure> {
    let drawn = connection
        .prepare_cached("SELECT drawn FROM pool WHERE workspace = ?1 AND cycle = ?2")?
        .query_row(params![workspace, cycle.as_milliseconds()], |row| row.get(0))
        .optional()?;
    Ok(unsigned(drawn.unwrap_or(0)))
}

/// What is drawn, before and after; nothing is written where there is not so much room.
pub(crate) fn look(writing: &Writing<'_>, place: Place, draws: &[Draw]) -> Result<Vec<(u64, u64)>, Failure> {
    let mut sums = Vec::with_capacity(draws.len());
    for draw in draws {
        let before = drawn(writing.connection, place.workspace, draw.cycle)?;
        sums.push((before, draw.applied(before).ok_or(Failure::Refused(StoreError::NoRoom))?));
    }
    Ok(sums)
}

/// Writes down what is drawn; partition 0 is told of counts.
pub(crate) fn draw(
    writing: &mut Writing<'_>,
    place: Place,
    draws: &[Draw],
    sums: &[(u64, u64)],
) -> Result<(), Failure> {
    for (draw, (before, after)) in draws.iter().zip(sums) {
        writing
            .connection
            .prepare_cached(
                "INSERT INTO pool (workspace, cycle, drawn) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET drawn = excluded.drawn",
            )?
            .execute(params![place.workspace, draw.cycle.as_milliseconds(), signed(*after)])?;
        for told in draw.told(*before, *after) {
            writing.append(Place { partition: 0, ..place }, &told, None)?;
        }
    }
    Ok(())
}

/// Writes grants down before the events that they stand before. `forms`: theirs.
pub(crate) fn grant(writing: &Writing<'_>, place: Place, granted: &[Placed], forms: &[String]) -> Result<(), Failure> {
    for (placed, form) in granted.iter().zip(forms) {
        writing
            .connection
            .prepare_cached(
                "INSERT INTO granted (workspace, partition, position, place, form)
                 SELECT ?1, ?2, ?3, count(*), ?4 FROM granted WHERE workspace = ?1 AND partition = ?2 AND position = ?3",
            )?
            .execute(params![place.workspace, place.partition, signed(placed.before), form])?;
    }
    Ok(())
}
