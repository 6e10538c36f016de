//! The state of a shard: opened, read by key, committed.

use crate::{
    SqliteStore, commit,
    fault::Failure,
    form::{column, instant, signed, text, unsigned},
    shard::{Place, place},
};
use chatsparks_core::{
    Answer, CommentId, Contact, Due, EventId, Instant, Key, MessageId, Queued, RefundId, Row, UserId, Wants,
    WorkspaceId, workspace::Workspace,
};
use chatsparks_ports::{Commit, Fence, Opened, Position, Shard, Shards, StoreError};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// How many contacts that are due or queued are listed at once, ties apart.
const LISTED: i64 = 500;

impl Shards for SqliteStore {
    fn partitions(&self) -> u32 {
        self.partition_count()
    }

    async fn open(&self, shard: &Shard) -> Result<Opened, StoreError> {
        let shard = shard.clone();
        self.write(move |writing| {
            let place = writing.place(&shard)?;
            let (fence, opened_in_vain, decided): (i64, u32, i64) = writing
                .connection
                .prepare_cached(
                    "INSERT INTO shard (workspace, partition, fence, opened_in_vain) VALUES (?1, ?2, 1, 1)
                     ON CONFLICT DO UPDATE SET fence = fence + 1, opened_in_vain = opened_in_vain + 1
                     RETURNING fence, opened_in_vain, decided",
                )?
                .query_row(params![place.workspace, place.partition], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
            let head = head(writing.connection, place)?;
            let revision = head.iter().find_map(|row| match row {
                Row::Terms(terms) => Some(terms.revision()),
                _ => None,
            });
            let document = match revision {
                Some(revision) => document(writing.connection, place.workspace, revision)?,
                None => None,
            };
            let (fence, decided) = (Fence(unsigned(fence)), unsigned(decided));
            Ok(Opened { fence, decided, head, document, opened_in_vain })
        })
        .await
    }

    async fn load(&self, shard: &Shard, wants: &Wants) -> Result<Answer, StoreError> {
        let (shard, wants) = (shard.clone(), wants.clone());
        self.read(move |connection| {
            let Some(place) = place(connection, &shard)? else { return Ok(Answer::default()) };
            let mut answer = Answer::default();
            for key in &wants.keys {
                answer.rows.extend(row(connection, place, key)?);
            }
            for user_id in &wants.links {
                links(connection, place, user_id, &mut answer.rows)?;
            }
            if let Some(due) = wants.due {
                answer.due_until = list_due(connection, place, due, &mut answer.rows)?;
            }
            if let Some(queued) = &wants.queued {
                answer.queued_until = list_queued(connection, place, queued, &mut answer.rows)?;
            }
            Ok(answer)
        })
        .await
    }

    fn commit(
        &self,
        shard: &Shard,
        fence: Fence,
        commit: Commit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        // Made when this is called, while the commit before may be on its way.
        let written = commit::Written::new(commit, self.forms()).map_err(Failure::told);
        let shard = shard.clone();
        async move {
            let written = written?;
            self.write(move |writing| written.commit(writing, &shard, fence)).await
        }
    }

    async fn drawn(&self, workspace: &WorkspaceId, cycle: Instant) -> Result<u64, StoreError> {
        let id = workspace.clone();
        self.read(move |connection| match crate::shard::workspace(connection, &id)? {
            Some(workspace) => crate::room::drawn(connection, workspace, cycle),
            None => Ok(0),
        })
        .await
    }

    async fn decided(&self, shard: &Shard) -> Result<Position, StoreError> {
        let shard = shard.clone();
        self.read(move |connection| {
            let Some(place) = place(connection, &shard)? else { return Ok(0) };
            let decided = connection
                .prepare_cached("SELECT decided FROM shard WHERE workspace = ?1 AND partition = ?2")?
                .query_row(params![place.workspace, place.partition], |row| row.get(0))
                .optional()?;
            Ok(unsigned(decided.unwrap_or(0)))
        })
        .await
    }

    async fn next_due(&self, shard: &Shard) -> Result<Option<Instant>, StoreError> {
        let shard = shard.clone();
        self.read(move |connection| {
            let Some(place) = place(connection, &shard)? else { return Ok(None) };
            let due = connection
                .prepare_cached(
                    "SELECT next_due FROM contact WHERE workspace = ?1 AND partition = ?2 AND next_due IS NOT NULL
                     ORDER BY next_due LIMIT 1",
                )?
                .query_row(params![place.workspace, place.partition], |row| row.get(0))
                .optional()?;
            Ok(instant(due))
        })
        .await
    }
}

/// The parts of a shard's head.
pub(crate) fn head(connection: &Connection, place: Place) -> Result<Vec<Row>, Failure> {
    let keys = [Key::Clock, Key::Terms, Key::Room];
    keys.iter().filter_map(|key| row(connection, place, key).transpose()).collect()
}

/// The document of a revision.
pub(crate) fn document(
    connection: &Connection,
    workspace: i64,
    revision: u32,
) -> Result<Option<Arc<Workspace>>, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT form FROM document WHERE workspace = ?1 AND revision = ?2")?;
    let mut rows = statement.query(params![workspace, revision])?;
    match rows.next()? {
        Some(row) => Ok(Some(Arc::new(serde_json::from_str(text(row, 0)?)?))),
        None => Ok(None),
    }
}

/// What stands under a key.
pub(crate) fn row(connection: &Connection, place: Place, key: &Key) -> Result<Option<Row>, Failure> {
    Ok(match key {
        Key::Event(id) => seen(connection, place, 0, id.as_str())?.map(|at| Row::Event(EventId::clone(id), at)),
        Key::Comment(id) => seen(connection, place, 1, id.as_str())?.map(|at| Row::Comment(CommentId::clone(id), at)),
        Key::Message(id) => seen(connection, place, 2, id.as_str())?.map(|at| Row::Message(MessageId::clone(id), at)),
        Key::Refund(id) => seen(connection, place, 3, id.as_str())?.map(|at| Row::Refund(RefundId::clone(id), at)),
        Key::Contact(user_id) => {
            let mut statement = connection
                .prepare_cached("SELECT form FROM contact WHERE workspace = ?1 AND partition = ?2 AND user_id = ?3")?;
            let mut rows = statement.query(params![place.workspace, place.partition, user_id.as_str()])?;
            match rows.next()? {
                Some(row) => Some(Row::Contact(Box::new(column::<Contact>(row, 0)?))),
                None => None,
            }
        }
        Key::Link(user_id, seq, position) => {
            let mut statement = connection.prepare_cached(
                "SELECT form FROM link WHERE workspace = ?1 AND partition = ?2 AND user_id = ?3 AND seq = ?4 AND place = ?5",
            )?;
            let mut rows =
                statement.query(params![place.workspace, place.partition, user_id.as_str(), signed(*seq), position])?;
            match rows.next()? {
                Some(row) => Some(column::<Row>(row, 0)?),
                None => None,
            }
        }
        key => {
            let mut statement = connection.prepare_cached(
                "SELECT form FROM item WHERE workspace = ?1 AND partition = ?2 AND kind = ?3 AND name = ?4",
            )?;
            let mut rows = statement.query(params![place.workspace, place.partition, key.kind(), key.name()])?;
            match rows.next()? {
                Some(row) => Some(column::<Row>(row, 0)?),
                None => None,
            }
        }
    })
}

fn seen(connection: &Connection, place: Place, kind: u8, id: &str) -> Result<Option<Instant>, Failure> {
    let mut statement = connection
        .prepare_cached("SELECT at FROM seen WHERE workspace = ?1 AND partition = ?2 AND kind = ?3 AND id = ?4")?;
    let at = statement.query_row(params![place.workspace, place.partition, kind, id], |row| row.get(0)).optional()?;
    Ok(instant(at))
}

fn links(connection: &Connection, place: Place, user_id: &UserId, to: &mut Vec<Row>) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT form FROM link WHERE workspace = ?1 AND partition = ?2 AND user_id = ?3 ORDER BY seq, place",
    )?;
    let mut rows = statement.query(params![place.workspace, place.partition, user_id.as_str()])?;
    while let Some(row) = rows.next()? {
        to.push(column::<Row>(row, 0)?);
    }
    Ok(())
}

/// Lists contacts that are due; the instant up to which all of them are, where there are more.
fn list_due(
    connection: &Connection,
    place: Place,
    Due { after, until }: Due,
    to: &mut Vec<Row>,
) -> Result<Option<Instant>, Failure> {
    let after = after.map_or(i64::MIN, Instant::as_milliseconds);
    let Place { workspace, partition } = place;
    // The instant of the last that is listed: all that are due then are listed with it.
    let last: Option<i64> = connection
        .prepare_cached(
            "SELECT next_due FROM contact
             WHERE workspace = ?1 AND partition = ?2 AND next_due > ?3 AND next_due <= ?4 AND next_due IS NOT NULL
             ORDER BY next_due LIMIT 1 OFFSET ?5",
        )?
        .query_row(params![workspace, partition, after, until.as_milliseconds(), LISTED - 1], |row| row.get(0))
        .optional()?;
    let mut statement = connection.prepare_cached(
        "SELECT form FROM contact
         WHERE workspace = ?1 AND partition = ?2 AND next_due > ?3 AND next_due <= ?4 AND next_due IS NOT NULL
         ORDER BY next_due",
    )?;
    let mut rows = statement.query(params![workspace, partition, after, last.unwrap_or(until.as_milliseconds())])?;
    while let Some(row) = rows.next()? {
        to.push(Row::Contact(Box::new(column(row, 0)?)));
    }
    Ok(instant(last).filter(|last| *last < until))
}

/// Lists contacts that are queued; the place of the last, where there may be more.
fn list_queued(
    connection: &Connection,
    place: Place,
    Queued { after }: &Queued,
    to: &mut Vec<Row>,
) -> Result<Option<(Instant, UserId)>, Failure> {
    let (at, user_id) = match after {
        Some((at, user_id)) => (at.as_milliseconds(), user_id.as_str()),
        None => (i64::MIN, ""),
    };
    let mut statement = connection.prepare_cached(
        "SELECT form, queued_at, user_id FROM contact
         WHERE workspace = ?1 AND partition = ?2 AND (queued_at, user_id) > (?3, ?4) AND queued_at IS NOT NULL
         ORDER BY queued_at, user_id LIMIT ?5",
    )?;
    let mut rows = statement.query(params![place.workspace, place.partition, at, user_id, LISTED])?;
    let (mut listed, mut last) = (0, None);
    while let Some(row) = rows.next()? {
        to.push(Row::Contact(Box::new(column(row, 0)?)));
        last = instant(Some(row.get(1)?)).zip(Some(UserId::from(text(row, 2)?)));
        listed += 1;
    }
    Ok(last.filter(|_| listed == LISTED))
}
