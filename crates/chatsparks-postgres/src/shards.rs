//! The state of a shard: opened, read by key, committed.

use crate::{
    PostgresStore, commit,
    fault::{cut_off, of_form},
    form::{instant, small, unsigned},
    lease, load, room,
    statement::{begin, end, found_one, soon},
};
use chatsparks_core::{Answer, Instant, Key, Row, Wants, WorkspaceId, workspace::Workspace};
use chatsparks_ports::{Alone, Beat, Commit, Fence, Opened, Position, Shard, Shards, Share, StoreError};
use deadpool_postgres::Object;
use std::sync::Arc;

impl Shards for PostgresStore {
    fn partitions(&self) -> u32 {
        self.partition_count()
    }

    async fn open(&self, shard: &Shard) -> Result<Opened, StoreError> {
        let shard = shard.clone();
        self.with(move |inner, client| async move {
            let workspace = inner.number(&client, &shard.workspace).await?;
            let partition = small(shard.partition);
            soon(inner.patience, client, async |client| {
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
        let job = load::Job { shard: shard.clone(), asked: load::Asked::of(wants) };
        self.jobs.load.done(job).await?.answer(wants)
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
        self.jobs.drawn.done(room::Look { workspace: workspace.clone(), cycle }).await
    }

    async fn decided(&self, shard: &Shard) -> Result<Position, StoreError> {
        let shard = shard.clone();
        self.brief(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(0) };
            let sql = "SELECT decided FROM shard WHERE workspace = $1 AND partition = $2";
            let row = found_one(&client, sql, &[&workspace, &small(shard.partition)]).await?;
            Ok(row.map_or(0, |row| unsigned(row.get(0))))
        })
        .await
    }

    async fn next_due(&self, shard: &Shard) -> Result<Option<Instant>, StoreError> {
        let shard = shard.clone();
        self.brief(move |inner, client| async move {
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
            lease::share(&inner, client, &beat).await
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
    let rows = load::load(client, (workspace, partition), &wants).await?.rows;
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
