//! Where events go, and the pool of room, in memory.

use super::Held;
use crate::{
    Appended, Draw, Input, Position, Routed, Shard, Stamp, StoreError,
    places::{Addressed, Directory, Place, PlaceKey, Waits, pass_time_first},
};
use chatsparks_core::{Event, Instant, Key, UserId, WorkspaceId};
use std::convert::Infallible;

/// An event that waits.
#[derive(Clone, Debug)]
pub(super) struct Awaiting {
    workspace: WorkspaceId,
    input: Input,
    waits: Waits,
}

/// A workspace, as a directory.
struct Within<'a> {
    held: &'a mut Held,
    workspace: &'a WorkspaceId,
    at: Instant,
}

impl Within<'_> {
    fn shard(&self, partition: u32) -> Shard {
        Shard { workspace: self.workspace.clone(), partition }
    }
}

impl Directory for Within<'_> {
    type Error = Infallible;

    fn place(&mut self, key: &PlaceKey) -> Result<Option<u32>, Infallible> {
        if let PlaceKey::Dm(dm_id) = key {
            let key = Key::Dm(dm_id.clone());
            let mut shards = self
                .held
                .shards
                .iter()
                .filter(|(shard, _)| shard.workspace == *self.workspace && !shard.is_checkpoint());
            return Ok(shards.find(|(_, held)| held.rows.contains_key(&key)).map(|(shard, _)| shard.partition));
        }
        Ok(self.held.places.get(&(self.workspace.clone(), key.clone())).map(|(partition, _)| *partition))
    }

    fn put(&mut self, key: &PlaceKey, partition: u32) -> Result<(), Infallible> {
        self.held.places.insert((self.workspace.clone(), key.clone()), (partition, self.at));
        Ok(())
    }

    fn is_contact(&mut self, partition: u32, user_id: &UserId) -> Result<bool, Infallible> {
        let held = self.held.shards.get(&self.shard(partition));
        Ok(held.is_some_and(|held| held.rows.contains_key(&Key::Contact(user_id.clone()))))
    }

    fn undecided(&mut self, partition: u32, user_id: Option<&UserId>) -> Result<Option<Position>, Infallible> {
        let Some(held) = self.held.shards.get(&self.shard(partition)) else { return Ok(None) };
        let mut undecided = held.log.range(held.decided + 1..).rev();
        let is_of = |event: &Event| user_id.is_none() || event.user_id() == user_id;
        Ok(undecided.find(|(_, (envelope, _))| is_of(&envelope.event)).map(|(position, _)| *position))
    }

    fn is_awaited(&mut self, key: &PlaceKey) -> Result<bool, Infallible> {
        let mut waiting = self.held.waiting.values();
        Ok(waiting.any(|awaiting| awaiting.workspace == *self.workspace && awaiting.waits.keys.contains(key)))
    }
}

impl Held {
    pub(super) fn route(
        &mut self,
        workspace: &WorkspaceId,
        account: &UserId,
        partitions: u32,
        inputs: Vec<Input>,
    ) -> Routed {
        let addressed = Addressed { workspace, account, partitions };
        let mut appended = 0;
        for input in inputs {
            let mut within = Within { at: input.stamp.at(None), held: self, workspace };
            let Ok(place) = addressed.place(&mut within, &input.id, &input.event);
            match place {
                Place::In(partition) => drop(self.log(workspace, partition, input)),
                Place::Everywhere => self.log_everywhere(workspace, partitions, &input),
                Place::Waits(waits) => {
                    self.waited += 1;
                    self.waiting.insert(self.waited, Awaiting { workspace: workspace.clone(), input, waits });
                    continue;
                }
            }
            appended += 1;
        }
        Routed { appended, waiting: self.waiting_of(workspace) }
    }

    pub(super) fn forward(&mut self, workspace: &WorkspaceId, account: &UserId, partitions: u32) -> Routed {
        let addressed = Addressed { workspace, account, partitions };
        let mut appended = 0;
        let mut behind: Vec<PlaceKey> = Vec::new();
        let all: Vec<(u64, Awaiting)> = self.waiting.iter().map(|(number, waits)| (*number, waits.clone())).collect();
        for (number, Awaiting { input, waits, .. }) in
            all.into_iter().filter(|(_, awaiting)| awaiting.workspace == *workspace)
        {
            let is_decided = |(partition, position): &(u32, Position)| {
                let shard = Shard { workspace: workspace.clone(), partition: *partition };
                self.shards.get(&shard).is_some_and(|held| held.decided >= *position)
            };
            if waits.keys.iter().any(|key| behind.contains(key)) || !waits.until.iter().all(is_decided) {
                behind.extend(waits.keys);
                continue;
            }
            self.waiting.remove(&number);
            let mut within = Within { at: input.stamp.at(None), held: self, workspace };
            let Ok(partition) = addressed.settled(&mut within, &input.event, waits.linked);
            self.log(workspace, partition, input);
            appended += 1;
        }
        Routed { appended, waiting: self.waiting_of(workspace) }
    }

    fn waiting_of(&self, workspace: &WorkspaceId) -> usize {
        self.waiting.values().filter(|awaiting| awaiting.workspace == *workspace).count()
    }

    fn log(&mut self, workspace: &WorkspaceId, partition: u32, input: Input) -> Appended {
        self.shards.entry(Shard { workspace: workspace.clone(), partition }).or_default().append(input)
    }

    /// R8: with one `at` in every partition.
    fn log_everywhere(&mut self, workspace: &WorkspaceId, partitions: u32, input: &Input) {
        let of = |partition| Shard { workspace: workspace.clone(), partition };
        let ends = (0..partitions).map(|partition| self.shards.get(&of(partition)).and_then(|held| held.log_latest));
        let ends: Vec<Option<Instant>> = ends.collect();
        let latest = ends.iter().flatten().max().copied();
        let clock = pass_time_first(input, latest);
        let input = Input { stamp: Stamp::Brought(input.stamp.at(latest)), ..input.clone() };
        for (partition, end) in (0..).zip(ends) {
            if let Some(clock) = clock.clone().filter(|_| end < latest) {
                self.log(workspace, partition, clock);
            }
            self.log(workspace, partition, input.clone());
        }
    }

    /// Draws room from the pool, all or none; partition 0 is told of counts.
    pub(super) fn draw(&mut self, workspace: &WorkspaceId, draws: &[Draw]) -> Result<(), StoreError> {
        let mut after = Vec::new();
        for draw in draws {
            let before = self.pools.get(&(workspace.clone(), draw.cycle)).copied().unwrap_or(0);
            after.push((before, draw.applied(before).ok_or(StoreError::NoRoom)?));
        }
        for (draw, (before, after)) in draws.iter().zip(after) {
            self.pools.insert((workspace.clone(), draw.cycle), after);
            for told in draw.told(before, after) {
                self.log(workspace, 0, told);
            }
        }
        Ok(())
    }
}
