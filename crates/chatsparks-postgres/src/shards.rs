//! The state of a shard: opened, read by key, committed.

use crate::{
    PostgresStore, commit,
    fault::{cut_off, of_form},
    form::{instant, key, read, signed, small, unkey, unsigned},
    lease,
    statement::{begin, end, found, found_one, whole},
};
use chatsparks_core::{Answer, Contact, Instant, Key, Row, UserId, Wants, WorkspaceId, workspace::Workspace};
use chatsparks_ports::{Alone, Beat, Commit, Fence, Opened, Position, Shard, Shards, Share, StoreError};
use deadpool_postgres::Object;
use std::sync::Arc;

/// How many contacts that are due or queued are listed at once, ties apart.
const LISTED: i64 = 500;

impl Shards for PostgresStore {
    fn partitions(&self) -> u32 {
        self.partition_count()
    }

    async fn open(&self, shard: &Shard) -> Result<Opened, StoreError> {
        let shard = shard.clone();
        self.with(move |inner, client| async move {
            let workspace = inner.number(&client, &shard.workspace).await?;
            let partition = small(shard.partition);
            whole(client, async |client| {
                begin(client).await?;
                // A checkpoint's has no row before it is opened first.
                let sql = "INSERT INTO shard (workspace, partition, fence, opened_in_vain) VALUES ($1, $2, 1, 1)
                     ON CONFLICT (workspace, partition) DO UPDATE SET
                         fence = shard.fence + 1, opened_in_vain = shard.opened_in_vain + 1
                     RETURNING fence, opened_in_vain, decided";
                let opened = found_one(client, sql, &[&workspace, &partition]).await?;
                let missing = || StoreError::Unusable(format!("there is no partition {partition}"));
                let opened = opened.ok_or_else(missing)?;
                let head = head(client, workspace, partition).await?;
                let revision = head.iter().find_map(|row| match row {
                    Row::Terms(terms) => Some(terms.revision()),
                    _ => None,
                });
                let document = match revision {
                    Some(revision) => document(client, workspace, revision).await?,
                    None => None,
                };
                end(client).await?;
                let (fence, decided) = (Fence(unsigned(opened.get(0))), unsigned(opened.get(2)));
                let opened_in_vain = u32::try_from(opened.get::<_, i32>(1)).unwrap_or(0);
                Ok(Opened { fence, decided, head, document, opened_in_vain })
            })
            .await
        })
        .await
    }

    async fn load(&self, shard: &Shard, wants: &Wants) -> Result<Answer, StoreError> {
        let (shard, wants) = (shard.clone(), wants.clone());
        self.with(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(Answer::default()) };
            load(&client, workspace, small(shard.partition), &wants).await
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
        let written = commit::Written::new(commit);
        let shard = shard.clone();
        async move {
            let written = written?;
            self.jobs.commit.done(commit::Job { shard, fence, written }).await
        }
    }

    async fn drawn(&self, workspace: &WorkspaceId, cycle: Instant) -> Result<u64, StoreError> {
        let id = workspace.clone();
        self.with(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &id).await? else { return Ok(0) };
            let sql = "SELECT drawn FROM pool WHERE workspace = $1 AND cycle = $2";
            let row = found_one(&client, sql, &[&workspace, &cycle.as_milliseconds()]).await?;
            Ok(row.map_or(0, |row| unsigned(row.get(0))))
        })
        .await
    }

    async fn decided(&self, shard: &Shard) -> Result<Position, StoreError> {
        let shard = shard.clone();
        self.with(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(0) };
            let sql = "SELECT decided FROM shard WHERE workspace = $1 AND partition = $2";
            let row = found_one(&client, sql, &[&workspace, &small(shard.partition)]).await?;
            Ok(row.map_or(0, |row| unsigned(row.get(0))))
        })
        .await
    }

    async fn next_due(&self, shard: &Shard) -> Result<Option<Instant>, StoreError> {
        let shard = shard.clone();
        self.with(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(None) };
            let sql = "SELECT next_due FROM contact
                 WHERE workspace = $1 AND partition = $2 AND next_due IS NOT NULL ORDER BY next_due LIMIT 1";
            let row = found_one(&client, sql, &[&workspace, &small(shard.partition)]).await?;
            Ok(row.and_then(|row| instant(row.get(0))))
        })
        .await
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn share(&self, beat: &Beat) -> Result<Share, StoreError> {
        let beat = beat.clone();
        self.with(move |inner, client| async move {
            inner.is_worker(&beat.worker);
            lease::share(client, &beat).await
        })
        .await
    }

    async fn alone(&self, workspace: &WorkspaceId) -> Result<Alone, StoreError> {
        let (inner, id) = (self.inner.clone(), workspace.clone());
        let held = self.inner.home.spawn(async move { lease::alone(&inner, &id).await });
        held.await.map_err(|_| cut_off())?
    }

    async fn news(&self) -> Vec<WorkspaceId> {
        self.inner.news.wait(&self.inner).await
    }
}

/// The parts of a shard's head, in order.
pub(crate) async fn head(client: &Object, workspace: i32, partition: i32) -> Result<Vec<Row>, StoreError> {
    let keys = [Key::Clock, Key::Terms, Key::Room];
    let mut wants = Wants::default();
    wants.keys = keys.to_vec();
    let rows = load(client, workspace, partition, &wants).await?.rows;
    Ok(keys.iter().filter_map(|key| rows.iter().find(|row| row.key() == *key).cloned()).collect())
}

/// The document of a revision.
pub(crate) async fn document(
    client: &Object,
    workspace: i32,
    revision: u32,
) -> Result<Option<Arc<Workspace>>, StoreError> {
    let sql = "SELECT form FROM document WHERE workspace = $1 AND revision = $2";
    match found_one(client, sql, &[&workspace, &i64::from(revision)]).await? {
        Some(row) => Ok(Some(Arc::new(serde_json::from_str(row.get(0)).map_err(|error| of_form(&error))?))),
        None => Ok(None),
    }
}

/// Keys by where their rows stand.
#[derive(Default)]
struct Sorted<'a> {
    /// Of each kind of seen id.
    seen: [Vec<(&'a Key, String)>; 4],
    contacts: Vec<String>,
    links: Vec<(String, i64, i64)>,
    items: (Vec<&'static str>, Vec<String>),
}

impl<'a> Sorted<'a> {
    fn of(keys: &'a [Key]) -> Self {
        let mut sorted = Self::default();
        for of in keys {
            let name = match of {
                Key::Event(id) => (0, id.as_str()),
                Key::Comment(id) => (1, id.as_str()),
                Key::Message(id) => (2, id.as_str()),
                Key::Refund(id) => (3, id.as_str()),
                Key::Contact(user_id) => {
                    sorted.contacts.push(key(user_id.as_str()).into_owned());
                    continue;
                }
                Key::Link(user_id, seq, position) => {
                    sorted.links.push((key(user_id.as_str()).into_owned(), signed(*seq), i64::from(*position)));
                    continue;
                }
                of => {
                    sorted.items.0.push(of.kind());
                    sorted.items.1.push(key(&of.name()).into_owned());
                    continue;
                }
            };
            sorted.seen[name.0].push((of, key(name.1).into_owned()));
        }
        sorted
    }
}

fn seen_row(of: &Key, at: Instant) -> Option<Row> {
    Some(match of {
        Key::Event(id) => Row::Event(id.clone(), at),
        Key::Comment(id) => Row::Comment(id.clone(), at),
        Key::Message(id) => Row::Message(id.clone(), at),
        Key::Refund(id) => Row::Refund(id.clone(), at),
        _ => return None,
    })
}

/// Answers what is wanted, in the order in which it was asked for.
pub(crate) async fn load(client: &Object, workspace: i32, partition: i32, wants: &Wants) -> Result<Answer, StoreError> {
    let mut answer = Answer::default();
    let sorted = Sorted::of(&wants.keys);
    let mut rows = Vec::new();
    for (kind, asked) in (0i16..).zip(&sorted.seen).filter(|(_, asked)| !asked.is_empty()) {
        let ids: Vec<&str> = asked.iter().map(|(_, id)| id.as_str()).collect();
        let sql = "SELECT id, at FROM seen WHERE workspace = $1 AND partition = $2 AND kind = $3 AND id = ANY ($4)";
        let found = found(client, sql, &[&workspace, &partition, &kind, &ids]).await?;
        let at: std::collections::HashMap<&str, i64> = found.iter().map(|row| (row.get(0), row.get(1))).collect();
        rows.extend(
            asked.iter().filter_map(|(of, id)| seen_row(of, Instant::from_milliseconds(*at.get(id.as_str())?))),
        );
    }
    if !sorted.contacts.is_empty() {
        let sql = "SELECT form FROM contact WHERE workspace = $1 AND partition = $2 AND user_id = ANY ($3)";
        for row in found(client, sql, &[&workspace, &partition, &sorted.contacts]).await? {
            rows.push(Row::Contact(Box::new(read::<Contact>(row.get(0))?)));
        }
    }
    for (user, seq, position) in &sorted.links {
        let sql = "SELECT form FROM link
             WHERE workspace = $1 AND partition = $2 AND user_id = $3 AND seq = $4 AND place = $5";
        for row in found(client, sql, &[&workspace, &partition, user, seq, position]).await? {
            rows.push(read::<Row>(row.get(0))?);
        }
    }
    if !sorted.items.1.is_empty() {
        let (kinds, names) = &sorted.items;
        let sql = "SELECT i.form FROM unnest($3::text[], $4::text[]) AS k (kind, name)
             JOIN item i ON i.workspace = $1 AND i.partition = $2 AND i.kind = k.kind AND i.name = k.name";
        for row in found(client, sql, &[&workspace, &partition, kinds, names]).await? {
            rows.push(read::<Row>(row.get(0))?);
        }
    }
    // Whoever asks looks rows up by key; in the order asked they are read as they would be one by one.
    if rows.len() > 1 {
        let places: std::collections::HashMap<&Key, usize> = wants.keys.iter().zip(0..).collect();
        rows.sort_by_key(|row| places.get(&row.key()).copied());
    }
    answer.rows = rows;
    for user_id in &wants.links {
        let sql = "SELECT form FROM link WHERE workspace = $1 AND partition = $2 AND user_id = $3 ORDER BY seq, place";
        for row in found(client, sql, &[&workspace, &partition, &&*key(user_id.as_str())]).await? {
            answer.rows.push(read::<Row>(row.get(0))?);
        }
    }
    if let Some(due) = wants.due {
        let after = due.after.map_or(i64::MIN, Instant::as_milliseconds);
        let until = due.until.as_milliseconds();
        // The instant of the last that is listed: all that are due then are listed with it.
        let sql = "SELECT next_due FROM contact
             WHERE workspace = $1 AND partition = $2 AND next_due > $3 AND next_due <= $4 AND next_due IS NOT NULL
             ORDER BY next_due LIMIT 1 OFFSET $5";
        let last = found_one(client, sql, &[&workspace, &partition, &after, &until, &(LISTED - 1)]).await?;
        let last: Option<i64> = last.map(|row| row.get(0));
        let sql = "SELECT form FROM contact
             WHERE workspace = $1 AND partition = $2 AND next_due > $3 AND next_due <= $4 AND next_due IS NOT NULL
             ORDER BY next_due, user_id";
        for row in found(client, sql, &[&workspace, &partition, &after, &last.unwrap_or(until)]).await? {
            answer.rows.push(Row::Contact(Box::new(read::<Contact>(row.get(0))?)));
        }
        answer.due_until = instant(last).filter(|last| *last < due.until);
    }
    if let Some(queued) = &wants.queued {
        let (at, user_id) = match &queued.after {
            Some((at, user_id)) => (at.as_milliseconds(), user_id.as_str()),
            None => (i64::MIN, ""),
        };
        let sql = "SELECT form, queued_at, user_id FROM contact
             WHERE workspace = $1 AND partition = $2 AND queued_at IS NOT NULL AND (queued_at, user_id) > ($3, $4)
             ORDER BY queued_at, user_id LIMIT $5";
        let listed = found(client, sql, &[&workspace, &partition, &at, &&*key(user_id), &LISTED]).await?;
        for row in &listed {
            answer.rows.push(Row::Contact(Box::new(read::<Contact>(row.get(0))?)));
        }
        let last = listed.last().filter(|_| listed.len() as i64 == LISTED);
        answer.queued_until =
            last.and_then(|row| Some((instant(row.get(1))?, UserId::from(unkey(row.get(2)).as_ref()))));
    }
    Ok(answer)
}
