//! The log.

use crate::{
    SqliteStore,
    form::{signed, text, unsigned},
    route,
    shard::{end, envelope_form, place, proposed_at},
};
use chatsparks_core::{Envelope, Instant, UserId, WorkspaceId};
use chatsparks_ports::{Appended, Input, Limit, Log, Logged, Position, Routed, Shard, StoreError};
use rusqlite::params;

impl Log for SqliteStore {
    async fn append(&self, inputs: Vec<(Shard, Input)>) -> Result<Vec<Appended>, StoreError> {
        // Written here, so that the one thread that writes has less to do; the `at` is seldom another than this.
        let forms = inputs.iter().map(|(_, input)| envelope_form(input, proposed_at(input)));
        let forms = forms.collect::<Result<Vec<_>, _>>().map_err(crate::fault::Failure::told)?;
        self.write(move |writing| {
            let mut appended = Vec::with_capacity(inputs.len());
            for ((shard, input), form) in inputs.iter().zip(&forms) {
                let place = writing.place(shard)?;
                appended.push(writing.append(place, input, Some(form))?);
            }
            Ok(appended)
        })
        .await
    }

    async fn route(&self, workspace: &WorkspaceId, account: &UserId, inputs: Vec<Input>) -> Result<Routed, StoreError> {
        let forms = route::forms(&inputs)?;
        let owned = self.owned(workspace, account);
        self.write(move |writing| route::route(writing, &owned.addressed(), &inputs, &forms)).await
    }

    async fn forward(&self, workspace: &WorkspaceId, account: &UserId) -> Result<Routed, StoreError> {
        let owned = self.owned(workspace, account);
        self.write(move |writing| route::forward(writing, &owned.addressed())).await
    }

    async fn read(&self, shard: &Shard, after: Position, limit: Limit) -> Result<Vec<Logged>, StoreError> {
        let shard = shard.clone();
        SqliteStore::read(self, move |connection| {
            let Some(place) = place(connection, &shard)? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT position, form FROM log WHERE workspace = ?1 AND partition = ?2 AND position > ?3
                 ORDER BY position LIMIT ?4",
            )?;
            let events = signed(limit.events.max(1) as u64);
            let mut rows = statement.query(params![place.workspace, place.partition, signed(after), events])?;
            let (mut logged, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let form = text(row, 1)?;
                bytes += form.len();
                if bytes > limit.bytes && !logged.is_empty() {
                    break;
                }
                let envelope: Envelope = crate::form::read(form)?;
                logged.push(Logged { position: unsigned(row.get(0)?), envelope });
            }
            Ok(logged)
        })
        .await
    }

    async fn end(&self, shard: &Shard) -> Result<(Position, Option<Instant>), StoreError> {
        let shard = shard.clone();
        SqliteStore::read(self, move |connection| {
            let Some(place) = place(connection, &shard)? else { return Ok((0, None)) };
            let end = end(connection, place)?;
            Ok((end.position, end.latest))
        })
        .await
    }
}

impl SqliteStore {
    fn owned(&self, workspace: &WorkspaceId, account: &UserId) -> route::Owned {
        route::Owned { workspace: workspace.clone(), account: account.clone(), partitions: self.partition_count() }
    }
}
