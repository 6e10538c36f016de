//! What the log says of things: of DMs, orders and ids of shops.

use crate::{
    fault::Failure,
    form::{column, signed, unsigned},
    shard::Place,
};
use chatsparks_core::{Envelope, Key};
use chatsparks_ports::Logged;
use rusqlite::{Connection, params};

/// Word for word as in `schema/3.sql`: SQLite finds the index by that.
const NAMING: &str = "SELECT position, form FROM log WHERE workspace = ?1 AND partition = ?2 AND \
         (CASE WHEN user_id IS NULL THEN coalesce('dm:' || json_extract(form, '$.event.receipt.dm_id'), 'order:' || \
         coalesce(json_extract(form, '$.event.order_cancelled.order_id'), \
         json_extract(form, '$.event.refund.order_id'), json_extract(form, '$.event.order_review.order_id'))) WHEN \
         instr(form, '\"event\":{\"order\":{') THEN 'order:' || json_extract(form, '$.event.order.order_id') WHEN \
         instr(form, '\"event\":{\"identity\":{') THEN 'shop_user:' || \
         json_extract(form, '$.event.identity.shop_user_id') END) = ?3 ORDER BY position LIMIT ?4";

/// The events of a shard that name things, in the order of the log.
pub(crate) fn naming(
    connection: &Connection,
    place: Place,
    keys: &[Key],
    limit: usize,
) -> Result<Vec<Logged>, Failure> {
    let mut statement = connection.prepare_cached(NAMING)?;
    let Place { workspace, partition } = place;
    let mut found = Vec::new();
    for key in keys {
        let thing = format!("{}:{}", key.kind(), key.name());
        let mut rows = statement.query(params![workspace, partition, thing, signed(limit as u64)])?;
        while let Some(row) = rows.next()? {
            found.push(Logged { position: unsigned(row.get(0)?), envelope: column::<Envelope>(row, 1)? });
        }
    }
    found.sort_by_key(|logged| logged.position);
    found.dedup_by_key(|logged| logged.position);
    found.truncate(limit);
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Whoever changes one of the two alone has every answer wait for a walk through the whole log.
    #[test]
    fn s3_the_index_of_things_is_used() {
        let connection = Connection::open_in_memory().unwrap();
        for migration in crate::schema::MIGRATIONS {
            connection.execute_batch(migration).unwrap();
        }
        let plan = format!("EXPLAIN QUERY PLAN {NAMING}");
        let plan: String = connection.query_row(&plan, params![1, 0, "dm:e1/0", 1], |row| row.get("detail")).unwrap();
        assert!(plan.contains("log_by_thing") && plan.contains("<expr>=?"), "{plan}");
    }
}
