//! All rows of a shard, one table after the other (R10): what is seen, contacts, links, and the rest by kind and name.

use crate::{
    fault::Failure,
    form::{column, signed},
    shard::Place,
};
use chatsparks_core::{Contact, Instant, Key, Row};
use rusqlite::{Connection, params};

/// At most so many rows after the row of a key.
pub(crate) fn of_shard(
    connection: &Connection,
    place: Place,
    after: Option<&Key>,
    limit: usize,
) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    let tables = [seen, contacts, links, items];
    let first = after.map_or(0, |key| match key {
        Key::Event(_) | Key::Comment(_) | Key::Message(_) | Key::Refund(_) => 0,
        Key::Contact(_) => 1,
        Key::Link(..) => 2,
        _ => 3,
    });
    for (number, table) in tables.into_iter().enumerate().skip(first) {
        let after = after.filter(|_| number == first);
        table(connection, place, after, signed((limit - rows.len()) as u64), &mut rows)?;
        if rows.len() >= limit {
            break;
        }
    }
    Ok(rows)
}

fn seen(
    connection: &Connection,
    place: Place,
    after: Option<&Key>,
    limit: i64,
    to: &mut Vec<Row>,
) -> Result<(), Failure> {
    let (kind, id) = match after {
        Some(Key::Event(id)) => (0, id.as_str()),
        Some(Key::Comment(id)) => (1, id.as_str()),
        Some(Key::Message(id)) => (2, id.as_str()),
        Some(Key::Refund(id)) => (3, id.as_str()),
        _ => (-1, ""),
    };
    let mut statement = connection.prepare_cached(
        "SELECT kind, id, at FROM seen
         WHERE workspace = ?1 AND partition = ?2 AND (kind, id) > (?3, ?4) ORDER BY kind, id LIMIT ?5",
    )?;
    let mut rows = statement.query(params![place.workspace, place.partition, kind, id, limit])?;
    while let Some(row) = rows.next()? {
        let (kind, id, at): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let at = Instant::from_milliseconds(at);
        to.push(match kind {
            0 => Row::Event(id.into(), at),
            1 => Row::Comment(id.into(), at),
            2 => Row::Message(id.into(), at),
            _ => Row::Refund(id.into(), at),
        });
    }
    Ok(())
}

fn contacts(
    connection: &Connection,
    place: Place,
    after: Option<&Key>,
    limit: i64,
    to: &mut Vec<Row>,
) -> Result<(), Failure> {
    let after = match after {
        Some(Key::Contact(user_id)) => user_id.as_str(),
        _ => "",
    };
    let mut statement = connection.prepare_cached(
        "SELECT form FROM contact
         WHERE workspace = ?1 AND partition = ?2 AND user_id > ?3 ORDER BY user_id LIMIT ?4",
    )?;
    let mut rows = statement.query(params![place.workspace, place.partition, after, limit])?;
    while let Some(row) = rows.next()? {
        to.push(Row::Contact(Box::new(column::<Contact>(row, 0)?)));
    }
    Ok(())
}

fn links(
    connection: &Connection,
    place: Place,
    after: Option<&Key>,
    limit: i64,
    to: &mut Vec<Row>,
) -> Result<(), Failure> {
    let (user_id, seq, position) = match after {
        Some(Key::Link(user_id, seq, position)) => (user_id.as_str(), signed(*seq), i64::from(*position)),
        _ => ("", -1, -1),
    };
    let mut statement = connection.prepare_cached(
        "SELECT form FROM link WHERE workspace = ?1 AND partition = ?2 AND (user_id, seq, place) > (?3, ?4, ?5)
         ORDER BY user_id, seq, place LIMIT ?6",
    )?;
    let mut rows = statement.query(params![place.workspace, place.partition, user_id, seq, position, limit])?;
    while let Some(row) = rows.next()? {
        to.push(column::<Row>(row, 0)?);
    }
    Ok(())
}

fn items(
    connection: &Connection,
    place: Place,
    after: Option<&Key>,
    limit: i64,
    to: &mut Vec<Row>,
) -> Result<(), Failure> {
    let (kind, name) = after.map_or(("", String::new()), |key| (key.kind(), key.name()));
    // Sums of the insights are no rows of the state.
    let mut statement = connection.prepare_cached(
        "SELECT form FROM item
         WHERE workspace = ?1 AND partition = ?2 AND kind <> 'insight' AND (kind, name) > (?3, ?4)
         ORDER BY kind, name LIMIT ?5",
    )?;
    let mut rows = statement.query(params![place.workspace, place.partition, kind, name, limit])?;
    while let Some(row) = rows.next()? {
        to.push(column::<Row>(row, 0)?);
    }
    Ok(())
}
