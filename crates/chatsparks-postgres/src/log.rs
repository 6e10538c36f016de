//! The log.

use crate::{
    PostgresStore, append,
    append::{Done, Job},
    fault::cut_off,
    form::{instant, read, signed, small, unsigned},
    route::Owned,
    statement::{Values, found, found_one, soon},
    store::Inner,
};
use chatsparks_core::{Envelope, Instant, UserId, WorkspaceId};
use chatsparks_ports::{Appended, Input, Limit, Log, Logged, Position, Routed, Shard, StoreError};
use deadpool_postgres::Object;
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
        let events = signed(limit.events.max(1) as u64);
        let job = ReadJob { shard: shard.clone(), after: signed(after), events, bytes: limit.bytes };
        let mut rows = self.jobs.read.done(job.clone()).await?;
        if rows.first().is_some_and(|row| row.get::<_, Option<&str>>(2).is_none()) {
            rows = self.jobs.read_large.done(job).await?;
        }
        let logged = |row: &Row| Ok(Logged { position: unsigned(row.get(1)), envelope: read::<Envelope>(row.get(2))? });
        rows.iter().map(logged).collect()
    }

    async fn end(&self, shard: &Shard) -> Result<(Position, Option<Instant>), StoreError> {
        let shard = shard.clone();
        self.brief(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok((0, None)) };
            let sql = "SELECT position, latest FROM log_end WHERE workspace = $1 AND partition = $2";
            let row = found_one(&client, sql, &[&workspace, &small(shard.partition)]).await?;
            Ok(row.map_or((0, None), |row| (unsigned(row.get(0)), instant(row.get(1)))))
        })
        .await
    }

    async fn ends(&self, workspace: &WorkspaceId, partitions: u32) -> Result<Vec<Position>, StoreError> {
        let id = workspace.clone();
        self.brief(move |inner, client| async move {
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

/// Events of a log that somebody wants, from after a position on, so many and so many bytes at most.
#[derive(Clone)]
pub(crate) struct ReadJob {
    shard: Shard,
    after: i64,
    events: i64,
    bytes: usize,
}

pub(crate) fn weight(job: &ReadJob) -> usize {
    usize::try_from(job.events).unwrap_or(usize::MAX)
}

/// Bytes that one statement reads, at most: those who ask have a share each. A backlog of long texts, or a document that
/// stands in every log (R8), would fill the memory else.
const READ_BYTES: usize = 64 << 20;

/// Reads what all of them want with one statement (decision 055). Of an event that is larger than a share there is a row
/// without its form: whoever asked for it asks for a [large](read_large) one.
pub(crate) async fn read_logs(inner: Arc<Inner>, jobs: Vec<ReadJob>) -> Result<Reads, StoreError> {
    let share = READ_BYTES / jobs.len().max(1);
    read_soon(&inner, &jobs, share, false).await
}

/// The same, however large the first event is: for one job at a time.
pub(crate) async fn read_large(inner: Arc<Inner>, jobs: Vec<ReadJob>) -> Result<Reads, StoreError> {
    read_soon(&inner, &jobs, READ_BYTES, true).await
}

type Reads = Vec<Result<Vec<Row>, StoreError>>;

async fn read_soon(inner: &Inner, jobs: &[ReadJob], share: usize, large: bool) -> Result<Reads, StoreError> {
    let client = inner.client().await?;
    let read = soon(inner.patience, client, async |client| read_with(inner, client, jobs, share, large).await);
    Ok(read.await?.into_iter().map(Ok).collect())
}

/// `share`: bytes for each, at most. `large`: whether the first event comes though it is larger than that.
async fn read_with(
    inner: &Inner,
    client: &Object,
    jobs: &[ReadJob],
    share: usize,
    large: bool,
) -> Result<Vec<Vec<Row>>, StoreError> {
    let (mut askers, mut workspaces, mut partitions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut afters, mut events, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for (n, job) in (0i32..).zip(jobs) {
        if let Some(workspace) = inner.known(client, &job.shard.workspace).await? {
            askers.push(n);
            workspaces.push(workspace);
            partitions.push(small(job.shard.partition));
            afters.push(job.after);
            events.push(job.events);
            bytes.push(signed(job.bytes.min(share) as u64));
        }
    }
    // How long a text is stands beside it: what is not answered is not fetched from where long ones are kept.
    let sql = "SELECT k.n, l.position, CASE WHEN l.size <= $7::bigint THEN l.form END
         FROM unnest($1::int[], $2::int[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[])
             AS k (n, workspace, partition, after, events, bytes)
         CROSS JOIN LATERAL (SELECT l.position, l.form, l.size, sum(l.size) OVER (ORDER BY l.position
                 ROWS UNBOUNDED PRECEDING) AS total
             FROM (SELECT l.position, l.form, octet_length(l.form) AS size FROM log l
                 WHERE l.workspace = k.workspace AND l.partition = k.partition AND l.position > k.after
                 ORDER BY l.position LIMIT k.events) l) l
         WHERE l.total <= k.bytes OR l.total = l.size
         ORDER BY k.n, l.position";
    let largest = if large { i64::MAX } else { signed(share as u64) };
    let values: Values<'_> = &[&askers, &workspaces, &partitions, &afters, &events, &bytes, &largest];
    let rows = found(client, sql, values).await?;
    let mut read: Vec<Vec<Row>> = jobs.iter().map(|_| Vec::new()).collect();
    for row in rows {
        if let Some(read) = usize::try_from(row.get::<_, i32>(0)).ok().and_then(|n| read.get_mut(n)) {
            read.push(row);
        }
    }
    Ok(read)
}
