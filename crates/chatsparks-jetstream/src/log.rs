//! The log of a store on JetStream.

use crate::{
    JetStreamStore,
    op::{Does, In},
    state::Outcome,
    store::Stands,
};
use chatsparks_core::{Instant, UserId, WorkspaceId};
use chatsparks_ports::{Appended, Input, Limit, Log, Logged, Position, Routed, Shard, StoreError};
use std::collections::BTreeMap;

/// An operation came to something that it cannot come to.
pub(crate) fn unexpected() -> StoreError {
    StoreError::Unusable("a journal of JetStream answers another question than was asked".to_owned())
}

impl Log for JetStreamStore {
    async fn append(&self, inputs: Vec<(Shard, Input)>) -> Result<Vec<Appended>, StoreError> {
        let mut by_workspace: BTreeMap<WorkspaceId, Vec<(usize, In)>> = BTreeMap::new();
        let many = inputs.len();
        for (number, (shard, input)) in inputs.into_iter().enumerate() {
            if shard.partition >= self.0.partitions {
                return Err(crate::state::no_such_partition());
            }
            let form = In::of(shard.partition, input)?;
            by_workspace.entry(shard.workspace).or_default().push((number, form));
        }
        if by_workspace.len() > 1 {
            return Err(StoreError::Unavailable(
                "events of several workspaces do not go in one piece on NATS".to_owned(),
            ));
        }
        let mut appended = vec![None; many];
        for (workspace, inputs) in by_workspace {
            let (numbers, forms): (Vec<usize>, Vec<In>) = inputs.into_iter().unzip();
            let Outcome::Appended(places) = self.journal(&workspace).await?.submit(Does::Append(forms)).await? else {
                return Err(unexpected());
            };
            for (number, place) in numbers.into_iter().zip(places) {
                if let Some(to) = appended.get_mut(number) {
                    *to = Some(place);
                }
            }
        }
        appended.into_iter().map(|appended| appended.ok_or_else(unexpected)).collect()
    }

    async fn route(&self, workspace: &WorkspaceId, account: &UserId, inputs: Vec<Input>) -> Result<Routed, StoreError> {
        let inputs = inputs.into_iter().map(|input| In::of(0, input)).collect::<Result<Vec<In>, _>>()?;
        let (many, does) = (inputs.len(), Does::Route { account: account.clone(), inputs });
        let journal = match self.place(workspace).await? {
            Stands::Followed(journal) => journal,
            // Where each belongs is found by whoever serves the workspace, as the journal says.
            Stands::Idle => {
                let left = self.leave(workspace, does).await;
                self.was_left(workspace);
                left?;
                return Ok(Routed { appended: many, waiting: 0 });
            }
        };
        match journal.submit(does).await? {
            Outcome::Routed(routed) => Ok(routed),
            _ => Err(unexpected()),
        }
    }

    async fn forward(&self, workspace: &WorkspaceId, account: &UserId) -> Result<Routed, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(Routed::default()) };
        let waiting = {
            let state = journal.state();
            (!state.may_forward()).then(|| state.waiting())
        };
        if let Some(waiting) = waiting {
            return Ok(Routed { appended: 0, waiting });
        }
        match journal.submit(Does::Forward { account: account.clone() }).await? {
            Outcome::Routed(routed) => Ok(routed),
            _ => Err(unexpected()),
        }
    }

    async fn read(&self, shard: &Shard, after: Position, limit: Limit) -> Result<Vec<Logged>, StoreError> {
        let Some(journal) = self.existing(&shard.workspace).await? else { return Ok(Vec::new()) };
        journal.logged(shard.partition, after, Position::MAX, limit).await
    }

    async fn end(&self, shard: &Shard) -> Result<(Position, Option<Instant>), StoreError> {
        let end = self.of(shard, |part| (part.log_end, part.log_latest.map(Instant::from_milliseconds))).await?;
        Ok(end.unwrap_or_default())
    }

    async fn ends(&self, workspace: &WorkspaceId, partitions: u32) -> Result<Vec<Position>, StoreError> {
        let Some(journal) = self.existing(workspace).await? else { return Ok(vec![0; partitions as usize]) };
        let state = journal.state();
        Ok((0..partitions as usize)
            .map(|partition| state.parts.get(partition).map_or(0, |part| part.log_end))
            .collect())
    }
}
