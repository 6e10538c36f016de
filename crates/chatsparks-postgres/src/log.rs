//! The log.

use crate::{
    PostgresStore, append,
    append::{Done, Job},
    fault::cut_off,
    form::{instant, read, signed, small, unsigned},
    route::Owned,
    statement::{found, found_one},
};
use chatsparks_core::{Envelope, Instant, UserId, WorkspaceId};
use chatsparks_ports::{Appended, Input, Limit, Log, Logged, Position, Routed, Shard, StoreError};

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
        let shard = shard.clone();
        self.with(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(Vec::new()) };
            let events = signed(limit.events.max(1) as u64);
            let sql = "SELECT position, form FROM log WHERE workspace = $1 AND partition = $2 AND position > $3
                 ORDER BY position LIMIT $4";
            let rows = found(&client, sql, &[&workspace, &small(shard.partition), &signed(after), &events]).await?;
            drop(client);
            let (mut logged, mut bytes) = (Vec::new(), 0);
            for row in &rows {
                let form: &str = row.get(1);
                bytes += form.len();
                if bytes > limit.bytes && !logged.is_empty() {
                    break;
                }
                logged.push(Logged { position: unsigned(row.get(0)), envelope: read::<Envelope>(form)? });
            }
            Ok(logged)
        })
        .await
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
