//! The sums that insights are made of (I2): one item each, under its name as JSON.

use crate::{
    fault::Failure,
    form::text,
    shard::{Place, Writing},
};
use chatsparks_core::{InsightDeltas, InsightNumber};
use chatsparks_ports::StoreError;
use rusqlite::{Connection, OptionalExtension, params};

/// Their kind among the items.
const KIND: &str = "insight";

/// Adds to each number that changes. Sums of money may be longer than SQLite's numbers: they are written as text.
pub(crate) fn add(writing: &Writing<'_>, place: Place, deltas: &InsightDeltas) -> Result<(), Failure> {
    if deltas.is_empty() {
        return Ok(());
    }
    let Place { workspace, partition } = place;
    let mut find = writing
        .connection
        .prepare_cached("SELECT form FROM item WHERE workspace = ?1 AND partition = ?2 AND kind = ?3 AND name = ?4")?;
    let mut put = writing.connection.prepare_cached(
        "INSERT INTO item (workspace, partition, kind, name, form) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET form = excluded.form",
    )?;
    for (number, by) in deltas.numbers() {
        let name = serde_json::to_string(number)?;
        let before = find
            .query_row(params![workspace, partition, KIND, name], |row| row.get::<_, String>(0))
            .optional()?
            .map_or(Ok(0), |sum| whole(&sum))?;
        put.execute(params![workspace, partition, KIND, name, before.saturating_add(by).to_string()])?;
    }
    Ok(())
}

/// The numbers of one shard.
pub(crate) fn read(connection: &Connection, place: Place, to: &mut Vec<(InsightNumber, i128)>) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT name, form FROM item WHERE workspace = ?1 AND partition = ?2 AND kind = ?3 ORDER BY name",
    )?;
    let mut rows = statement.query(params![place.workspace, place.partition, KIND])?;
    while let Some(row) = rows.next()? {
        let number = serde_json::from_str(text(row, 0)?).map_err(|_| damaged())?;
        to.push((number, whole(text(row, 1)?)?));
    }
    Ok(())
}

fn whole(sum: &str) -> Result<i128, Failure> {
    sum.parse().map_err(|_| damaged())
}

fn damaged() -> Failure {
    Failure::Broken(StoreError::Unusable("a number of the insights cannot be read".to_owned()))
}
