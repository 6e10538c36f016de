//! What was decided, for whoever asks afterwards.

use crate::{
    SqliteStore,
    fault::Failure,
    form::{column, instant, signed, text, unsigned},
    insights, prune, rows,
    shard::{Place, place, workspace},
    shards, things,
};
use chatsparks_core::{
    CommentId, Contact, Envelope, Evaluation, InsightNumber, Instant, Key, Row, UserId, WorkspaceId,
    workspace::Workspace,
};
use chatsparks_ports::{
    Archive, Cursor, KeptRecord, Limit, Log, Logged, Position, Shard, StoreError, Stretch, history,
};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

impl Archive for SqliteStore {
    async fn workspaces(&self) -> Result<Vec<WorkspaceId>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT id FROM workspace ORDER BY id")?;
            let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
            Ok(ids.map(|id| id.map(WorkspaceId::from)).collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn records(
        &self,
        workspace: &WorkspaceId,
        after: &Cursor,
        limit: usize,
    ) -> Result<(Vec<KeptRecord>, Cursor), StoreError> {
        let (id, after, partitions) = (workspace.clone(), after.clone(), self.partition_count());
        self.read(move |connection| records(connection, &id, after, partitions, limit)).await
    }

    async fn row(&self, workspace: &WorkspaceId, key: &Key) -> Result<Option<Row>, StoreError> {
        let (id, key, partitions) = (workspace.clone(), key.clone(), self.partition_count());
        self.read(move |connection| {
            let Some(workspace) = crate::shard::workspace(connection, &id)? else { return Ok(None) };
            for partition in 0..partitions {
                if let Some(row) = shards::row(connection, Place { workspace, partition }, &key)? {
                    return Ok(Some(row));
                }
            }
            Ok(None)
        })
        .await
    }

    async fn rows(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (id, kind, after) = (workspace.clone(), kind.to_owned(), after.map(str::to_owned));
        let partitions = self.partition_count();
        self.read(move |connection| {
            let Some(workspace) = crate::shard::workspace(connection, &id)? else { return Ok(Vec::new()) };
            let mut rows = Vec::new();
            for partition in 0..partitions {
                rows_of(connection, Place { workspace, partition }, &kind, after.as_deref(), limit, &mut rows)?;
            }
            rows.sort_by(|(one, _), (other, _)| one.cmp(other));
            rows.truncate(limit);
            Ok(rows.into_iter().map(|(_, row)| row).collect())
        })
        .await
    }

    async fn heads(&self, workspace: &WorkspaceId) -> Result<Vec<Vec<Row>>, StoreError> {
        let (id, partitions) = (workspace.clone(), self.partition_count());
        self.read(move |connection| {
            let number = crate::shard::workspace(connection, &id)?;
            let head = |partition| match number {
                Some(workspace) => shards::head(connection, Place { workspace, partition }),
                None => Ok(Vec::new()),
            };
            (0..partitions).map(head).collect()
        })
        .await
    }

    async fn insights(&self, workspace: &WorkspaceId) -> Result<Vec<(InsightNumber, i128)>, StoreError> {
        let (id, partitions) = (workspace.clone(), self.partition_count());
        self.read(move |connection| {
            let Some(workspace) = crate::shard::workspace(connection, &id)? else { return Ok(Vec::new()) };
            let mut numbers = Vec::new();
            for partition in 0..partitions {
                insights::read(connection, Place { workspace, partition }, &mut numbers)?;
            }
            Ok(numbers)
        })
        .await
    }

    async fn document(&self, workspace: &WorkspaceId, revision: u32) -> Result<Option<Arc<Workspace>>, StoreError> {
        let id = workspace.clone();
        self.read(move |connection| match crate::shard::workspace(connection, &id)? {
            Some(number) => shards::document(connection, number, revision),
            None => Ok(None),
        })
        .await
    }

    async fn evaluation(
        &self,
        workspace: &WorkspaceId,
        comment_id: &CommentId,
    ) -> Result<Option<Evaluation>, StoreError> {
        let (id, comment_id, partitions) = (workspace.clone(), comment_id.clone(), self.partition_count());
        self.read(move |connection| {
            let Some(number) = crate::shard::workspace(connection, &id)? else { return Ok(None) };
            // A comment that comes again is evaluated as a duplicate: the first time tells.
            let mut statement = connection.prepare_cached(
                "SELECT evaluation FROM record WHERE workspace = ?1 AND partition = ?2 AND comment_id = ?3
                 ORDER BY seq LIMIT 1",
            )?;
            for partition in 0..partitions {
                let mut rows = statement.query(params![number, partition, comment_id.as_str()])?;
                if let Some(row) = rows.next()? {
                    return column(row, 0).map(Some);
                }
            }
            Ok(None)
        })
        .await
    }

    async fn evaluations(
        &self,
        shard: &Shard,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Evaluation)>, StoreError> {
        let shard = shard.clone();
        self.read(move |connection| {
            let Some(place) = place(connection, &shard)? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT seq, evaluation FROM record
                 WHERE workspace = ?1 AND partition = ?2 AND seq < ?3 AND evaluation IS NOT NULL
                 ORDER BY seq DESC LIMIT ?4",
            )?;
            let (before, limit) = (signed(before.unwrap_or(u64::MAX)), signed(limit as u64));
            let mut rows = statement.query(params![place.workspace, place.partition, before, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push((unsigned(row.get(0)?), column::<Evaluation>(row, 1)?));
            }
            Ok(found)
        })
        .await
    }

    async fn records_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        limit: usize,
    ) -> Result<Vec<KeptRecord>, StoreError> {
        let (id, user_id, partitions) = (workspace.clone(), user_id.clone(), self.partition_count());
        self.read(move |connection| {
            let Some(number) = crate::shard::workspace(connection, &id)? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT seq, line, at FROM record WHERE workspace = ?1 AND partition = ?2 AND user_id = ?3
                 ORDER BY seq LIMIT ?4",
            )?;
            let mut found: Vec<(i64, KeptRecord)> = Vec::new();
            for partition in 0..partitions {
                let mut rows = statement.query(params![number, partition, user_id.as_str(), signed(limit as u64)])?;
                while let Some(row) = rows.next()? {
                    let (seq, line) = (unsigned(row.get(0)?), row.get(1)?);
                    found.push((row.get(2)?, KeptRecord { partition, seq, line }));
                }
            }
            found.sort_by_key(|(at, record)| (*at, record.partition, record.seq));
            found.truncate(limit);
            Ok(found.into_iter().map(|(_, record)| record).collect())
        })
        .await
    }

    async fn events_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        after: Option<(u32, Position)>,
        limit: usize,
    ) -> Result<Vec<(u32, Logged)>, StoreError> {
        let (id, user_id, partitions) = (workspace.clone(), user_id.clone(), self.partition_count());
        self.read(move |connection| {
            let Some(number) = crate::shard::workspace(connection, &id)? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT position, form FROM log
                 WHERE workspace = ?1 AND partition = ?2 AND user_id = ?3 AND position > ?4 ORDER BY position LIMIT ?5",
            )?;
            let (first, mut behind) = after.unwrap_or((0, 0));
            let mut found = Vec::new();
            for partition in first..partitions {
                let left = signed(limit.saturating_sub(found.len()) as u64);
                let mut rows = statement.query(params![number, partition, user_id.as_str(), signed(behind), left])?;
                while let Some(row) = rows.next()? {
                    let (position, envelope) = (unsigned(row.get(0)?), column::<Envelope>(row, 1)?);
                    found.push((partition, Logged { position, envelope }));
                }
                behind = 0;
            }
            Ok(found)
        })
        .await
    }

    async fn events_naming(&self, shard: &Shard, keys: &[Key], limit: usize) -> Result<Vec<Logged>, StoreError> {
        let (shard, keys) = (shard.clone(), keys.to_vec());
        self.read(move |connection| match place(connection, &shard)? {
            Some(place) => things::naming(connection, place, &keys, limit),
            None => Ok(Vec::new()),
        })
        .await
    }

    async fn stretch(&self, shard: &Shard) -> Result<Stretch, StoreError> {
        let shard = shard.clone();
        self.read(move |connection| {
            let nothing = Stretch { from: 1, first_record: 0, erased_since: None };
            let Some(place) = place(connection, &shard)? else { return Ok(nothing) };
            let kept = connection
                .prepare_cached("SELECT log_first, record_first FROM shard WHERE workspace = ?1 AND partition = ?2")?
                .query_row(params![place.workspace, place.partition], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((from, first_record)) = kept else { return Ok(nothing) };
            let erased = connection
                .prepare_cached(
                    "SELECT at FROM log WHERE workspace = ?1 AND partition = ?2 AND erased IS NOT NULL
                     ORDER BY at LIMIT 1",
                )?
                .query_row(params![place.workspace, place.partition], |row| row.get(0))
                .optional()?;
            Ok(Stretch { from: unsigned(from), first_record: unsigned(first_record), erased_since: instant(erased) })
        })
        .await
    }

    async fn note(&self, workspace: &WorkspaceId, name: &str) -> Result<Option<String>, StoreError> {
        let (id, name) = (workspace.clone(), name.to_owned());
        self.read(move |connection| {
            let Some(number) = crate::shard::workspace(connection, &id)? else { return Ok(None) };
            let mut statement =
                connection.prepare_cached("SELECT text FROM note WHERE workspace = ?1 AND name = ?2")?;
            Ok(statement.query_row(params![number, name], |row| row.get(0)).optional()?)
        })
        .await
    }

    async fn write_note(&self, workspace: &WorkspaceId, name: &str, text: &str) -> Result<(), StoreError> {
        let (id, name, text) = (workspace.clone(), name.to_owned(), text.to_owned());
        self.write(move |writing| {
            let number = writing.workspace(&id)?;
            writing
                .connection
                .prepare_cached(
                    "INSERT INTO note (workspace, name, text) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET text = excluded.text",
                )?
                .execute(params![number, name, text])?;
            Ok(())
        })
        .await
    }

    async fn replace_note(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: Option<&str>,
        text: &str,
    ) -> Result<bool, StoreError> {
        let (id, name, text) = (workspace.clone(), name.to_owned(), text.to_owned());
        let before = before.map(str::to_owned);
        self.write(move |writing| {
            let number = writing.workspace(&id)?;
            let connection = &writing.connection;
            let written = match &before {
                Some(before) => connection
                    .prepare_cached("UPDATE note SET text = ?4 WHERE workspace = ?1 AND name = ?2 AND text = ?3")?
                    .execute(params![number, name, before, text])?,
                None => connection
                    .prepare_cached(
                        "INSERT INTO note (workspace, name, text) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![number, name, text])?,
            };
            Ok(written == 1)
        })
        .await
    }

    async fn history(
        &self,
        shard: &Shard,
        after: Position,
        until: Position,
        limit: Limit,
    ) -> Result<Vec<Logged>, StoreError> {
        if after > until {
            return Ok(Vec::new());
        }
        let mut logged = Log::read(self, shard, after, limit).await?;
        let last = history::cut_at(&mut logged, after, until);
        let shard = shard.clone();
        let granted = SqliteStore::read(self, move |connection| {
            let Some(place) = place(connection, &shard)? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT position, form FROM granted
                 WHERE workspace = ?1 AND partition = ?2 AND position > ?3 AND position <= ?4 ORDER BY position, place",
            )?;
            let mut rows = statement.query(params![place.workspace, place.partition, signed(after), signed(last)])?;
            let mut granted = Vec::new();
            while let Some(row) = rows.next()? {
                granted.push(Logged { position: unsigned(row.get(0)?), envelope: column::<Envelope>(row, 1)? });
            }
            Ok(granted)
        });
        Ok(history::with_grants(granted.await?, logged))
    }

    async fn shard_rows(&self, shard: &Shard, after: Option<&Key>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let (shard, after) = (shard.clone(), after.cloned());
        self.read(move |connection| match place(connection, &shard)? {
            Some(place) => rows::of_shard(connection, place, after.as_ref(), limit),
            None => Ok(Vec::new()),
        })
        .await
    }

    async fn cut(&self, shard: &Shard, until: Position, first_record: u64, limit: usize) -> Result<usize, StoreError> {
        let shard = shard.clone();
        self.write(move |writing| {
            let place = writing.place(&shard)?;
            prune::cut(writing, place, until, first_record, limit)
        })
        .await
    }

    async fn clear(
        &self,
        checkpoint: &Shard,
        remembered_before: Option<Instant>,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let shard = checkpoint.clone();
        if !shard.is_checkpoint() {
            return Ok(0);
        }
        self.write(move |writing| {
            let place = writing.place(&shard)?;
            match remembered_before {
                Some(before) => prune::forgotten(writing, place, before, limit),
                None => prune::everything(writing, place, limit),
            }
        })
        .await
    }

    fn damage(&self) -> Option<String> {
        self.found_damage()
    }

    async fn prune(&self, workspace: &WorkspaceId, ids_before: Instant, limit: usize) -> Result<usize, StoreError> {
        let (id, partitions) = (workspace.clone(), self.partition_count());
        self.write(move |writing| {
            let workspace = writing.workspace(&id)?;
            let mut left = limit;
            for partition in 0..partitions {
                let place = Place { workspace, partition };
                left -= prune::forgotten(writing, place, ids_before, left)?;
                left -= prune::outcomes(writing, place, left)?;
            }
            left -= prune::workspace(writing, workspace, ids_before, left)?;
            Ok(limit - left)
        })
        .await
    }
}

/// Records after a cursor: each partition gets its share, and what others leave of theirs.
fn records(
    connection: &Connection,
    id: &WorkspaceId,
    Cursor(mut read): Cursor,
    partitions: u32,
    limit: usize,
) -> Result<(Vec<KeptRecord>, Cursor), Failure> {
    read.resize(partitions as usize, 0);
    let Some(number) = workspace(connection, id)? else { return Ok((Vec::new(), Cursor(read))) };
    let mut firsts =
        connection.prepare_cached("SELECT record_first FROM shard WHERE workspace = ?1 AND partition = ?2")?;
    let mut statement = connection.prepare_cached(
        "SELECT seq, line FROM record WHERE workspace = ?1 AND partition = ?2 AND seq >= ?3 ORDER BY seq LIMIT ?4",
    )?;
    let mut records = Vec::new();
    // Where there are more partitions than records asked for, all get their turn.
    let turn = read.iter().fold(0u64, |sum, read| sum.wrapping_add(*read)) % u64::from(partitions.max(1));
    let share = (limit / partitions.max(1) as usize).max(1);
    for most in [share, limit] {
        for step in 0..partitions {
            let partition = (step + turn as u32) % partitions;
            let wanted = most.min(limit - records.len());
            let Some(next) = read.get_mut(partition as usize).filter(|_| wanted > 0) else { continue };
            let first = firsts.query_row(params![number, partition], |row| row.get(0)).optional()?;
            let first = unsigned(first.unwrap_or(0));
            if *next < first {
                return Err(Failure::Refused(StoreError::NotKept(first)));
            }
            let mut rows = statement.query(params![number, partition, signed(*next), signed(wanted as u64)])?;
            while let Some(row) = rows.next()? {
                let seq = unsigned(row.get(0)?);
                records.push(KeptRecord { partition, seq, line: text(row, 1)?.to_owned() });
                *next = seq + 1;
            }
        }
    }
    records.sort_by_key(|record| (record.partition, record.seq));
    Ok((records, Cursor(read)))
}

/// Rows of a kind in one partition, each with its name.
fn rows_of(
    connection: &Connection,
    place: Place,
    kind: &str,
    after: Option<&str>,
    limit: usize,
    to: &mut Vec<(String, Row)>,
) -> Result<(), Failure> {
    let limit = signed(limit as u64);
    let after = after.unwrap_or_default();
    let Place { workspace, partition } = place;
    if kind == "contact" {
        let mut statement = connection.prepare_cached(
            "SELECT user_id, form FROM contact WHERE workspace = ?1 AND partition = ?2 AND user_id > ?3
             ORDER BY user_id LIMIT ?4",
        )?;
        let mut rows = statement.query(params![workspace, partition, after, limit])?;
        while let Some(row) = rows.next()? {
            to.push((row.get(0)?, Row::Contact(Box::new(column::<Contact>(row, 1)?))));
        }
        return Ok(());
    }
    let mut statement = connection.prepare_cached(
        "SELECT name, form FROM item WHERE workspace = ?1 AND partition = ?2 AND kind = ?3 AND name > ?4
         ORDER BY name LIMIT ?5",
    )?;
    let mut rows = statement.query(params![workspace, partition, kind, after, limit])?;
    while let Some(row) = rows.next()? {
        to.push((row.get(0)?, column::<Row>(row, 1)?));
    }
    Ok(())
}
