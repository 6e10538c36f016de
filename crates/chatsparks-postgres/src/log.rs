//! The log.

use crate::{
    PostgresStore, append,
    append::{Done, Job},
    fault::cut_off,
    form::{instant, read, signed, small, unsigned},
    route::Owned,
    statement::{found, found_one},
    store::Inner,
};
use chatsparks_core::{Envelope, Instant, UserId, WorkspaceId};
use chatsparks_ports::{Appended, Input, Limit, Log, Logged, Position, Routed, Shard, StoreError};
use std::sync::Arc;
use tokio_postgres::Row;

impl Log for PostgresStore {
    async fn append(&self, inputs: Vec<(Shard, Input)>) -> Result<Vec<Appended>, StoreError> {
        let forms = append::forms(inputs.iter().map(|(_, input)| input))?;
        match self.jobs.append.done(Job::Append { inputs, forms }).await? {
            Done::Appended(appended) => Ok(appended),
            Done::Routed(_) => Err(cut_off()),
        }
    }

    async fn route(&self, workspace: &WorkspaceId, account: &UserId, inputs: Vec<Input>) -> Result<Routed, StoreError> {
        let (forms, owned) = (append::forms(&inputs)?, self.owned(workspace, account));
        match self.jobs.append.done(Job::Route { owned, inputs, forms }).await? {
            Done::Routed(routed) => Ok(routed),
            Done::Appended(_) => Err(cut_off()),
        }
    }

    async fn forward(&self, workspace: &WorkspaceId, account: &UserId) -> Result<Routed, StoreError> {
        self.forwarded(self.owned(workspace, account)).await
    }

    async fn read(&self, shard: &Shard, after: Position, limit: Limit) -> Result<Vec<Logged>, StoreError> {
        let job = ReadJob { shard: shard.clone(), after: signed(after), events: signed(limit.events.max(1) as u64) };
        let (mut logged, mut bytes) = (Vec::new(), 0);
        for row in self.jobs.read.done(job).await? {
            let form: &str = row.get(2);
            bytes += form.len();
            if bytes > limit.bytes && !logged.is_empty() {
                break;
            }
            logged.push(Logged { position: unsigned(row.get(1)), envelope: read::<Envelope>(form)? });
        }
        Ok(logged)
    }

    async fn end(&self, shard: &Shard) -> Result<(Position, Option<Instant>), StoreError> {
        let shard = shard.clone();
        self.with(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok((0, None)) };
            let sql = "SELECT position, latest FROM log_end WHERE workspace = $1 AND partition = $2";
            let row = found_one(&client, sql, &[&workspace, &small(shard.partition)]).await?;
            Ok(row.map_or((0, None), |row| (unsigned(row.get(0)), instant(row.get(1)))))
        })
        .await
    }

    async fn ends(&self, workspace: &WorkspaceId, partitions: u32) -> Result<Vec<Position>, StoreError> {
        let id = workspace.clone();
        self.with(move |inner, client| async move {
            let mut ends = vec![0; partitions as usize];
            let Some(workspace) = inner.known(&client, &id).await? else { return Ok(ends) };
            let sql = "SELECT position FROM log_end WHERE workspace = $1 ORDER BY partition";
            let rows = found(&client, sql, &[&workspace]).await?;
            for (end, row) in ends.iter_mut().zip(rows) {
                *end = unsigned(row.get(0));
            }
            Ok(ends)
        })
        .await
    }
}

impl PostgresStore {
    fn owned(&self, workspace: &WorkspaceId, account: &UserId) -> Owned {
        Owned { workspace: workspace.clone(), account: account.clone(), partitions: self.partition_count() }
    }
}

/// Events of a log that somebody wants, from after a position on, so many at most.
pub(crate) struct ReadJob {
    shard: Shard,
    after: i64,
    events: i64,
}

pub(crate) fn weight(job: &ReadJob) -> usize {
    usize::try_from(job.events).unwrap_or(usize::MAX)
}

/// Reads what all of them want with one statement (decision 055).
pub(crate) async fn read_logs(
    inner: Arc<Inner>,
    jobs: Vec<ReadJob>,
) -> Result<Vec<Result<Vec<Row>, StoreError>>, StoreError> {
    let client = inner.client().await?;
    let (mut askers, mut workspaces, mut partitions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut afters, mut events) = (Vec::new(), Vec::new());
    for (n, job) in (0i32..).zip(&jobs) {
        if let Some(workspace) = inner.known(&client, &job.shard.workspace).await? {
            askers.push(n);
            workspaces.push(workspace);
            partitions.push(small(job.shard.partition));
            afters.push(job.after);
            events.push(job.events);
        }
    }
    let sql = "SELECT k.n, l.position, l.form
         FROM unnest($1::int[], $2::int[], $3::int[], $4::bigint[], $5::bigint[])
             AS k (n, workspace, partition, after, events)
         CROSS JOIN LATERAL (SELECT l.position, l.form FROM log l
             WHERE l.workspace = k.workspace AND l.partition = k.partition AND l.position > k.after
             ORDER BY l.position LIMIT k.events) l
         ORDER BY k.n, l.position";
    let rows = found(&client, sql, &[&askers, &workspaces, &partitions, &afters, &events]).await?;
    let mut read: Vec<Vec<Row>> = jobs.iter().map(|_| Vec::new()).collect();
    for row in rows {
        if let Some(read) = usize::try_from(row.get::<_, i32>(0)).ok().and_then(|n| read.get_mut(n)) {
            read.push(row);
        }
    }
    Ok(read.into_iter().map(Ok).collect())
}
