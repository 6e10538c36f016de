//! What was decided, for whoever asks afterwards.

use crate::{
    PostgresStore,
    form::{instant, key, large, read, signed, small, unkey, unsigned},
    load, prune, rows, shards,
    statement::{found, found_one},
    store::Inner,
};
use chatsparks_core::{
    CommentId, Contact, Envelope, Evaluation, InsightNumber, Instant, Key, Row, UserId, Wants, WorkspaceId,
    workspace::Workspace,
};
use chatsparks_ports::{
    Archive, Cursor, KeptRecord, Limit, Log, Logged, Position, Shard, StoreError, Stretch, history,
};
use deadpool_postgres::Object;
use std::sync::Arc;

impl Archive for PostgresStore {
    async fn workspaces(&self) -> Result<Vec<WorkspaceId>, StoreError> {
        self.brief(|_, client| async move {
            let rows = found(&client, "SELECT id FROM workspace ORDER BY id", &[]).await?;
            Ok(rows.iter().map(|row| WorkspaceId::from(unkey(row.get(0)).as_ref())).collect())
        })
        .await
    }

    async fn records(
        &self,
        workspace: &WorkspaceId,
        after: &Cursor,
        limit: usize,
    ) -> Result<(Vec<KeptRecord>, Cursor), StoreError> {
        let (id, after) = (workspace.clone(), after.clone());
        self.brief(move |inner, client| async move { records(&inner, &client, &id, after, limit).await }).await
    }

    async fn row(&self, workspace: &WorkspaceId, key: &Key) -> Result<Option<Row>, StoreError> {
        let (id, key) = (workspace.clone(), key.clone());
        self.brief(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &id).await? else { return Ok(None) };
            row(&inner, &client, workspace, &key).await
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
        let (id, kind) = (workspace.clone(), kind.to_owned());
        let after = key(after.unwrap_or_default()).into_owned();
        self.brief(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &id).await? else { return Ok(Vec::new()) };
            let (all, limit) = (inner.all_partitions(), signed(limit as u64));
            // Each partition lists as many as all of them may: an index gives them in order.
            let is_contact = kind == "contact";
            let sql = match is_contact {
                true => {
                    "SELECT x.form FROM unnest($2::int[]) AS k (partition)
                     CROSS JOIN LATERAL (SELECT c.user_id AS name, c.form FROM contact c
                         WHERE c.workspace = $1 AND c.partition = k.partition AND c.user_id > $3 AND $5 = 'contact'
                         ORDER BY c.user_id LIMIT $4) x
                     ORDER BY x.name LIMIT $4"
                }
                false => {
                    "SELECT x.form FROM unnest($2::int[]) AS k (partition)
                     CROSS JOIN LATERAL (SELECT i.name, i.form FROM item i
                         WHERE i.workspace = $1 AND i.partition = k.partition AND i.kind = $5 AND i.name > $3
                         ORDER BY i.name LIMIT $4) x
                     ORDER BY x.name LIMIT $4"
                }
            };
            let rows = found(&client, sql, &[&workspace, &all, &after, &limit, &kind]).await?;
            let row = |found: &tokio_postgres::Row| match is_contact {
                true => Ok(Row::Contact(Box::new(read::<Contact>(found.get(0))?))),
                false => read::<Row>(found.get(0)),
            };
            rows.iter().map(row).collect()
        })
        .await
    }

    async fn heads(&self, workspace: &WorkspaceId) -> Result<Vec<Vec<Row>>, StoreError> {
        let id = workspace.clone();
        self.brief(move |inner, client| async move {
            let mut heads: Vec<Vec<Row>> = vec![Vec::new(); inner.partitions as usize];
            let Some(workspace) = inner.known(&client, &id).await? else { return Ok(heads) };
            for kind in [Key::Clock, Key::Terms, Key::Room] {
                let sql = "SELECT partition, form FROM item
                     WHERE workspace = $1 AND partition = ANY ($2) AND kind = $3 AND name = $4";
                let (kind, name) = (kind.kind(), kind.name());
                let rows = found(&client, sql, &[&workspace, &inner.all_partitions(), &kind, &name]).await?;
                for found in &rows {
                    if let Some(head) = heads.get_mut(large(found.get(0)) as usize) {
                        head.push(read::<Row>(found.get(1))?);
                    }
                }
            }
            Ok(heads)
        })
        .await
    }

    async fn insights(&self, workspace: &WorkspaceId) -> Result<Vec<(InsightNumber, i128)>, StoreError> {
        let id = workspace.clone();
        self.brief(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(Vec::new()) };
            let sql = "SELECT name, sum(sum)::text FROM insight WHERE workspace = $1 GROUP BY name";
            let damaged = || StoreError::Unusable("a number of the insights cannot be read".to_owned());
            let sum = |row: &tokio_postgres::Row| {
                let name = serde_json::from_str(&unkey(row.get(0))).map_err(|_| damaged())?;
                Ok((name, row.get::<_, &str>(1).parse().map_err(|_| damaged())?))
            };
            found(&client, sql, &[&number]).await?.iter().map(sum).collect()
        })
        .await
    }

    async fn document(&self, workspace: &WorkspaceId, revision: u32) -> Result<Option<Arc<Workspace>>, StoreError> {
        let id = workspace.clone();
        self.brief(move |inner, client| async move {
            match inner.known(&client, &id).await? {
                Some(number) => shards::document(&client, number, revision).await,
                None => Ok(None),
            }
        })
        .await
    }

    async fn evaluation(
        &self,
        workspace: &WorkspaceId,
        comment_id: &CommentId,
    ) -> Result<Option<Evaluation>, StoreError> {
        let (id, comment) = (workspace.clone(), key(comment_id.as_str()).into_owned());
        self.brief(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(None) };
            // A comment that comes again is evaluated as a duplicate: the first time tells.
            let sql = "SELECT evaluation FROM record
                 WHERE workspace = $1 AND partition = ANY ($2) AND comment_id = $3 ORDER BY partition, seq LIMIT 1";
            let row = found_one(&client, sql, &[&number, &inner.all_partitions(), &comment]).await?;
            match row.as_ref().and_then(|row| row.get::<_, Option<&str>>(0)) {
                Some(form) => read(form).map(Some),
                None => Ok(None),
            }
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
        self.brief(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(Vec::new()) };
            let sql = "SELECT seq, evaluation FROM record
                 WHERE workspace = $1 AND partition = $2 AND seq < $3 AND evaluation IS NOT NULL
                 ORDER BY seq DESC LIMIT $4";
            let (before, limit) = (signed(before.unwrap_or(u64::MAX)), signed(limit as u64));
            let rows = found(&client, sql, &[&workspace, &small(shard.partition), &before, &limit]).await?;
            rows.iter().map(|row| Ok((unsigned(row.get(0)), read::<Evaluation>(row.get(1))?))).collect()
        })
        .await
    }

    async fn records_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        limit: usize,
    ) -> Result<Vec<KeptRecord>, StoreError> {
        let (id, user) = (workspace.clone(), key(user_id.as_str()).into_owned());
        self.brief(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(Vec::new()) };
            let sql = "SELECT x.partition, x.seq, x.line FROM unnest($2::int[]) AS k (partition)
                 CROSS JOIN LATERAL (SELECT r.partition, r.seq, r.line, r.at FROM record r
                     WHERE r.workspace = $1 AND r.partition = k.partition AND r.user_id = $3 ORDER BY r.seq LIMIT $4) x
                 ORDER BY x.at, x.partition, x.seq LIMIT $4";
            let (all, limit) = (inner.all_partitions(), signed(limit as u64));
            Ok(found(&client, sql, &[&number, &all, &user, &limit]).await?.iter().map(kept).collect())
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
        let (id, user) = (workspace.clone(), key(user_id.as_str()).into_owned());
        let (first, behind) = after.map_or((0, 0), |(partition, position)| (small(partition), signed(position)));
        self.brief(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(Vec::new()) };
            let sql = "SELECT x.partition, x.position, x.form FROM unnest($2::int[]) AS k (partition)
                 CROSS JOIN LATERAL (SELECT l.partition, l.position, l.form FROM log l
                     WHERE l.workspace = $1 AND l.partition = k.partition AND l.user_id = $3
                         AND l.position > CASE WHEN k.partition = $4::int THEN $5::bigint ELSE 0 END
                     ORDER BY l.position LIMIT $6) x
                 WHERE k.partition >= $4::int ORDER BY x.partition, x.position LIMIT $6";
            let (all, limit) = (inner.all_partitions(), signed(limit as u64));
            let rows = found(&client, sql, &[&number, &all, &user, &first, &behind, &limit]).await?;
            let logged = |row: &tokio_postgres::Row| {
                let (position, envelope) = (unsigned(row.get(1)), read::<Envelope>(row.get(2))?);
                Ok((large(row.get(0)), Logged { position, envelope }))
            };
            rows.iter().map(logged).collect()
        })
        .await
    }

    async fn events_naming(&self, shard: &Shard, keys: &[Key], limit: usize) -> Result<Vec<Logged>, StoreError> {
        let shard = shard.clone();
        // As JSON writes them, which is how the index has them.
        let thing = |key: &Key| {
            let name = serde_json::to_string(&key.name()).unwrap_or_default();
            let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or_default();
            format!("{}:{name}", key.kind())
        };
        let things: Vec<String> = keys.iter().map(thing).collect();
        self.brief(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(Vec::new()) };
            // The expression is that of `schema/2.sql`.
            let sql = r#"SELECT l.position, l.form FROM log l WHERE l.workspace = $1 AND l.partition = $2 AND
                 (CASE
                     WHEN user_id IS NULL OR form LIKE '%"event":{"order":{%' OR form LIKE '%"event":{"identity":{%'
                     THEN coalesce(
                         'dm:' || substring(form FROM '"event":{"receipt":{"dm_id":"((?:[^"\\]|\\.)*)"'),
                         'order:' || substring(form FROM '"order_id":"((?:[^"\\]|\\.)*)"'),
                         'shop_user:' || substring(form FROM '"shop_user_id":"((?:[^"\\]|\\.)*)"'))
                 END) = ANY ($3) ORDER BY l.position LIMIT $4"#;
            let limit = signed(limit as u64);
            let rows = found(&client, sql, &[&workspace, &small(shard.partition), &things, &limit]).await?;
            let logged = |row: &tokio_postgres::Row| {
                Ok(Logged { position: unsigned(row.get(0)), envelope: read::<Envelope>(row.get(1))? })
            };
            rows.iter().map(logged).collect()
        })
        .await
    }

    async fn stretch(&self, shard: &Shard) -> Result<Stretch, StoreError> {
        let shard = shard.clone();
        self.brief(move |inner, client| async move {
            let nothing = Stretch { from: 1, first_record: 0, erased_since: None };
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(nothing) };
            let sql = "SELECT log_first, record_first,
                     (SELECT min(at) FROM log l WHERE l.workspace = $1 AND l.partition = $2 AND l.erased)
                 FROM shard WHERE workspace = $1 AND partition = $2";
            let row = found_one(&client, sql, &[&workspace, &small(shard.partition)]).await?;
            Ok(row.map_or(nothing, |row| Stretch {
                from: unsigned(row.get(0)),
                first_record: unsigned(row.get(1)),
                erased_since: instant(row.get(2)),
            }))
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
        let granted = self.brief(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(Vec::new()) };
            let sql = "SELECT position, form FROM granted
                 WHERE workspace = $1 AND partition = $2 AND position > $3 AND position <= $4 ORDER BY position, place";
            let values = (small(shard.partition), signed(after), signed(last));
            let rows = found(&client, sql, &[&workspace, &values.0, &values.1, &values.2]).await?;
            let logged = |row: &tokio_postgres::Row| {
                Ok(Logged { position: unsigned(row.get(0)), envelope: read::<Envelope>(row.get(1))? })
            };
            rows.iter().map(logged).collect()
        });
        Ok(history::with_grants(granted.await?, logged))
    }

    async fn note(&self, workspace: &WorkspaceId, name: &str) -> Result<Option<String>, StoreError> {
        let (id, name) = (workspace.clone(), key(name).into_owned());
        self.brief(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(None) };
            let sql = "SELECT text FROM note WHERE workspace = $1 AND name = $2";
            let row = found_one(&client, sql, &[&number, &name]).await?;
            Ok(row.map(|row| unkey(row.get(0)).into_owned()))
        })
        .await
    }

    async fn write_note(&self, workspace: &WorkspaceId, name: &str, text: &str) -> Result<(), StoreError> {
        let (id, name, text) = (workspace.clone(), key(name).into_owned(), key(text).into_owned());
        self.brief(move |inner, client| async move {
            let number = inner.number(&client, &id).await?;
            let sql = "INSERT INTO note (workspace, name, text) VALUES ($1, $2, $3)
                 ON CONFLICT (workspace, name) DO UPDATE SET text = excluded.text";
            found(&client, sql, &[&number, &name, &text]).await.map(drop)
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
        let (id, name, text) = (workspace.clone(), key(name).into_owned(), key(text).into_owned());
        let before = before.map(|before| key(before).into_owned());
        self.brief(move |inner, client| async move {
            let number = inner.number(&client, &id).await?;
            let written = match before {
                Some(before) => {
                    let sql = "UPDATE note SET text = $4 WHERE workspace = $1 AND name = $2 AND text = $3 RETURNING 1";
                    found(&client, sql, &[&number, &name, &before, &text]).await?
                }
                None => {
                    let sql = "INSERT INTO note (workspace, name, text) VALUES ($1, $2, $3)
                         ON CONFLICT (workspace, name) DO NOTHING RETURNING 1";
                    found(&client, sql, &[&number, &name, &text]).await?
                }
            };
            Ok(!written.is_empty())
        })
        .await
    }

    async fn shard_rows(&self, shard: &Shard, after: Option<&Key>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let (shard, after) = (shard.clone(), after.cloned());
        self.brief(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(Vec::new()) };
            rows::of_shard(&client, (workspace, small(shard.partition)), after.as_ref(), limit).await
        })
        .await
    }

    async fn cut(&self, shard: &Shard, until: Position, first_record: u64, limit: usize) -> Result<usize, StoreError> {
        let shard = shard.clone();
        self.with(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(0) };
            prune::cut(&inner, client, (workspace, small(shard.partition)), until, first_record, limit).await
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
        self.with(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(0) };
            prune::clear(&inner, client, (workspace, small(shard.partition)), remembered_before, limit).await
        })
        .await
    }

    async fn prune(&self, workspace: &WorkspaceId, ids_before: Instant, limit: usize) -> Result<usize, StoreError> {
        let id = workspace.clone();
        self.with(move |inner, client| async move {
            let Some(number) = inner.known(&client, &id).await? else { return Ok(0) };
            prune::workspace(&inner, client, number, ids_before, limit).await
        })
        .await
    }
}

fn kept(row: &tokio_postgres::Row) -> KeptRecord {
    KeptRecord { partition: large(row.get(0)), seq: unsigned(row.get(1)), line: row.get(2) }
}

/// One row, in whatever partition it lies.
async fn row(inner: &Inner, client: &Object, workspace: i32, of: &Key) -> Result<Option<Row>, StoreError> {
    let mut wants = Wants::default();
    wants.keys = vec![of.clone()];
    let (kind, name, all) = (of.kind(), key(&of.name()).into_owned(), inner.all_partitions());
    let seen = match of {
        Key::Event(id) => Some((0i16, key(id.as_str()))),
        Key::Comment(id) => Some((1, key(id.as_str()))),
        Key::Message(id) => Some((2, key(id.as_str()))),
        Key::Refund(id) => Some((3, key(id.as_str()))),
        _ => None,
    };
    let partition = match (of, seen) {
        (_, Some((kind, id))) => {
            let sql = "SELECT partition FROM seen
                 WHERE workspace = $1 AND partition = ANY ($2) AND kind = $3 AND id = $4 ORDER BY partition LIMIT 1";
            found_one(client, sql, &[&workspace, &all, &kind, &&*id]).await?
        }
        (Key::Contact(user_id) | Key::Link(user_id, ..), _) => {
            let sql = "SELECT partition FROM contact
                 WHERE workspace = $1 AND partition = ANY ($2) AND user_id = $3 ORDER BY partition LIMIT 1";
            found_one(client, sql, &[&workspace, &all, &&*key(user_id.as_str())]).await?
        }
        _ => {
            let sql = "SELECT partition FROM item
                 WHERE workspace = $1 AND partition = ANY ($2) AND kind = $3 AND name = $4 ORDER BY partition LIMIT 1";
            found_one(client, sql, &[&workspace, &all, &kind, &name]).await?
        }
    };
    let Some(partition) = partition else { return Ok(None) };
    Ok(load::load(client, (workspace, partition.get(0)), &wants).await?.rows.into_iter().next())
}

/// Records after a cursor: each partition gets its share, and what others leave of theirs.
async fn records(
    inner: &Inner,
    client: &Object,
    id: &WorkspaceId,
    Cursor(mut read): Cursor,
    limit: usize,
) -> Result<(Vec<KeptRecord>, Cursor), StoreError> {
    let partitions = inner.partitions;
    read.resize(partitions as usize, 0);
    let Some(number) = inner.known(client, id).await? else { return Ok((Vec::new(), Cursor(read))) };
    let sql = "SELECT record_first FROM shard WHERE workspace = $1 ORDER BY partition";
    for (next, row) in read.iter().zip(found(client, sql, &[&number]).await?) {
        let first = unsigned(row.get(0));
        if *next < first {
            return Err(StoreError::NotKept(first));
        }
    }
    // Where there are more partitions than records asked for, all get their turn.
    let turn = read.iter().fold(0u64, |sum, read| sum.wrapping_add(*read)) % u64::from(partitions.max(1));
    let share = (limit / partitions.max(1) as usize).max(1);
    let mut records: Vec<KeptRecord> = Vec::new();
    for most in [share, limit] {
        let wanted = most.min(limit - records.len());
        if wanted == 0 {
            break;
        }
        let order: Vec<i32> = (0..partitions).map(|step| small((step + turn as u32) % partitions)).collect();
        let after: Vec<i64> =
            order.iter().map(|partition| signed(read.get(large(*partition) as usize).copied().unwrap_or(0))).collect();
        let sql = "SELECT x.partition, x.seq, x.line
             FROM unnest($2::int[], $3::bigint[]) WITH ORDINALITY AS k (partition, after, n)
             CROSS JOIN LATERAL (SELECT r.partition, r.seq, r.line FROM record r
                 WHERE r.workspace = $1 AND r.partition = k.partition AND r.seq >= k.after ORDER BY r.seq LIMIT $4) x
             ORDER BY k.n, x.seq LIMIT $5";
        let left = signed((limit - records.len()) as u64);
        for row in found(client, sql, &[&number, &order, &after, &signed(wanted as u64), &left]).await? {
            let record = kept(&row);
            if let Some(next) = read.get_mut(record.partition as usize) {
                *next = record.seq + 1;
            }
            records.push(record);
        }
    }
    records.sort_by_key(|record| (record.partition, record.seq));
    Ok((records, Cursor(read)))
}
