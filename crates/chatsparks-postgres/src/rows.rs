//! All rows of a shard, one table after the other (R10): what is seen, contacts, links, and the rest by kind and name.

use crate::{
    append::Place,
    form::{key, read, signed, unkey},
    statement::found,
};
use chatsparks_core::{Contact, Instant, Key, Row};
use chatsparks_ports::StoreError;
use deadpool_postgres::Object;

/// At most so many rows after the row of a key.
pub(crate) async fn of_shard(
    client: &Object,
    place: Place,
    after: Option<&Key>,
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    let first = after.map_or(0, |of| match of {
        Key::Event(_) | Key::Comment(_) | Key::Message(_) | Key::Refund(_) => 0,
        Key::Contact(_) => 1,
        Key::Link(..) => 2,
        _ => 3,
    });
    for table in first..4 {
        let after = after.filter(|_| table == first);
        let left = signed((limit - rows.len()) as u64);
        rows.extend(match table {
            0 => seen(client, place, after, left).await?,
            1 => contacts(client, place, after, left).await?,
            2 => links(client, place, after, left).await?,
            _ => items(client, place, after, left).await?,
        });
        if rows.len() >= limit {
            break;
        }
    }
    Ok(rows)
}

type Rows = Result<Vec<Row>, StoreError>;

async fn seen(client: &Object, (workspace, partition): Place, after: Option<&Key>, limit: i64) -> Rows {
    let (kind, id): (i16, &str) = match after {
        Some(Key::Event(id)) => (0, id.as_str()),
        Some(Key::Comment(id)) => (1, id.as_str()),
        Some(Key::Message(id)) => (2, id.as_str()),
        Some(Key::Refund(id)) => (3, id.as_str()),
        _ => (-1, ""),
    };
    let sql = "SELECT kind, id, at FROM seen
         WHERE workspace = $1 AND partition = $2 AND (kind, id) > ($3, $4) ORDER BY kind, id LIMIT $5";
    let row = |row: &tokio_postgres::Row| {
        let (id, at) = (unkey(row.get(1)).into_owned(), Instant::from_milliseconds(row.get(2)));
        match row.get::<_, i16>(0) {
            0 => Row::Event(id.into(), at),
            1 => Row::Comment(id.into(), at),
            2 => Row::Message(id.into(), at),
            _ => Row::Refund(id.into(), at),
        }
    };
    Ok(found(client, sql, &[&workspace, &partition, &kind, &&*key(id), &limit]).await?.iter().map(row).collect())
}

async fn contacts(client: &Object, (workspace, partition): Place, after: Option<&Key>, limit: i64) -> Rows {
    let after = match after {
        Some(Key::Contact(user_id)) => user_id.as_str(),
        _ => "",
    };
    let sql = "SELECT form FROM contact
         WHERE workspace = $1 AND partition = $2 AND user_id > $3 ORDER BY user_id LIMIT $4";
    let rows = found(client, sql, &[&workspace, &partition, &&*key(after), &limit]).await?;
    rows.iter().map(|row| Ok(Row::Contact(Box::new(read::<Contact>(row.get(0))?)))).collect()
}

async fn links(client: &Object, (workspace, partition): Place, after: Option<&Key>, limit: i64) -> Rows {
    let (user_id, seq, position) = match after {
        Some(Key::Link(user_id, seq, position)) => (user_id.as_str(), signed(*seq), i64::from(*position)),
        _ => ("", -1, -1),
    };
    let sql = "SELECT form FROM link WHERE workspace = $1 AND partition = $2 AND (user_id, seq, place) > ($3, $4, $5)
         ORDER BY user_id, seq, place LIMIT $6";
    let rows = found(client, sql, &[&workspace, &partition, &&*key(user_id), &seq, &position, &limit]).await?;
    rows.iter().map(|row| read::<Row>(row.get(0))).collect()
}

async fn items(client: &Object, (workspace, partition): Place, after: Option<&Key>, limit: i64) -> Rows {
    let (kind, name) = after.map_or(("", String::new()), |of| (of.kind(), of.name()));
    let sql = "SELECT form FROM item WHERE workspace = $1 AND partition = $2 AND (kind, name) > ($3, $4)
         ORDER BY kind, name LIMIT $5";
    let rows = found(client, sql, &[&workspace, &partition, &kind, &&*key(&name), &limit]).await?;
    rows.iter().map(|row| read::<Row>(row.get(0))).collect()
}
