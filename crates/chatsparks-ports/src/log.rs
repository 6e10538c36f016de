//! The log: events accepted and not yet decided, in order within a shard; kept afterwards as history (R10).

use crate::StoreError;
use chatsparks_core::{DmStage, Envelope, Event, EventId, Instant, Receipt, Text, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};

/// One partition of one workspace: within it everything is as if one driver saw it alone (R3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The partition, counted from 0.
    pub partition: u32,
}

/// Partitions are counted below this: the shards that hold checkpoints are numbered from here on.
pub const PARTITIONS: u32 = 1 << 20;

impl Shard {
    /// The shard that holds a checkpoint of this one, in one of two places (R10): its state as of a position of the log,
    /// which is the one that the checkpoint counts as decided. It has rows only, and no log, records or effects.
    ///
    /// A store keeps it as it keeps any shard; what goes through a workspace's partitions passes it by.
    #[must_use]
    pub fn checkpoint(&self, place: CheckpointPlace) -> Self {
        let partition = (self.partition % PARTITIONS) + PARTITIONS * (1 + place as u32);
        Self { workspace: self.workspace.clone(), partition }
    }

    /// Whether it holds a checkpoint of another.
    pub fn is_checkpoint(&self) -> bool {
        self.partition >= PARTITIONS
    }
}

/// Where a checkpoint lies: the next one is made beside the one in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointPlace {
    /// The one.
    First = 0,
    /// The other.
    Second = 1,
}

impl CheckpointPlace {
    /// Both.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// A place in a shard's log: the first event is at 1, and there are no gaps. 0 is before the first.
pub type Position = u64;

/// Where an event's `at` comes from (R2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// It was received now: its `at` is the greater of this and the log's last.
    Received(Instant),
    /// Its source is trusted to bring its own, which stays.
    Brought(Instant),
    /// It bears the latest `at` of the log: the outcome of an effect (O1).
    Latest,
}

impl Stamp {
    /// The `at` of the next event in a log whose latest `at` is this.
    pub fn at(self, latest: Option<Instant>) -> Instant {
        match self {
            Self::Received(at) => latest.map_or(at, |latest| latest.max(at)),
            Self::Brought(at) => at,
            // An outcome follows an event: where there is none, it is as early as can be.
            Self::Latest => latest.unwrap_or(Instant::from_milliseconds(0)),
        }
    }
}

/// An event to be logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its id.
    pub id: EventId,
    /// Where its `at` comes from.
    pub stamp: Stamp,
    /// What happened.
    pub event: Event,
}

impl Input {
    /// What became of a DM, as the log has it (O1): the DM is the effect of this id.
    pub fn outcome(effect: &str, status: DmStage, detail: Option<&str>) -> Self {
        let receipt = Receipt { dm_id: effect.into(), status, detail: detail.map(Text::from) };
        Self { id: format!("outcome:{effect}").into(), stamp: Stamp::Latest, event: Event::Receipt(receipt) }
    }
}

/// Where an event was logged, and with which `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its place.
    pub position: Position,
    /// Its `at`.
    pub at: Instant,
}

/// What became of events that were to be appended where they belong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Routed {
    /// How many were appended.
    pub appended: usize,
    /// How many events of the workspace wait.
    pub waiting: usize,
}

/// An event in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// Its place.
    pub position: Position,
    /// The event.
    pub envelope: Envelope,
}

/// How much to read at once; one event is read even where it is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Events at most.
    pub events: usize,
    /// Bytes at most, as stored.
    pub bytes: usize,
}

/// Events accepted, in order within a shard.
pub trait Log: Send + Sync + 'static {
    /// Appends events, all or none. They are durable when this answers: only then may they be acknowledged (R1).
    ///
    /// Several callers at once are best committed together.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the log cannot take more; none of them was taken then (R9).
    fn append(&self, inputs: Vec<(Shard, Input)>) -> impl Future<Output = Result<Vec<Appended>, StoreError>> + Send;

    /// Appends events of a workspace of many partitions, each where it belongs (R4, [`places`](crate::places)), all or
    /// none, as durable as [`append`](Log::append). Some may have to wait for what was logged before to be decided:
    /// they are durable too, and go on with [`forward`](Log::forward). Nothing is linked to `account`, the workspace's own.
    ///
    /// Where another process serves the whole workspace, a store may leave it to that one to find where each belongs: all
    /// of them count as appended then.
    ///
    /// # Errors
    /// As [`append`](Log::append).
    fn route(
        &self,
        workspace: &WorkspaceId,
        account: &UserId,
        inputs: Vec<Input>,
    ) -> impl Future<Output = Result<Routed, StoreError>> + Send;

    /// Appends those events of a workspace that need not wait any longer, where they belong, once each.
    ///
    /// # Errors
    /// As [`append`](Log::append).
    fn forward(
        &self,
        workspace: &WorkspaceId,
        account: &UserId,
    ) -> impl Future<Output = Result<Routed, StoreError>> + Send;

    /// The events after a position, in order.
    ///
    /// # Errors
    /// What the store says.
    fn read(
        &self,
        shard: &Shard,
        after: Position,
        limit: Limit,
    ) -> impl Future<Output = Result<Vec<Logged>, StoreError>> + Send;

    /// The last position of a shard's log, and the latest `at` in it.
    ///
    /// # Errors
    /// What the store says.
    fn end(&self, shard: &Shard) -> impl Future<Output = Result<(Position, Option<Instant>), StoreError>> + Send;

    /// The last position of each partition's log, in order: so that whoever serves many looks once.
    ///
    /// # Errors
    /// What the store says.
    fn ends(
        &self,
        workspace: &WorkspaceId,
        partitions: u32,
    ) -> impl Future<Output = Result<Vec<Position>, StoreError>> + Send {
        async move {
            let mut ends = Vec::new();
            for partition in 0..partitions {
                ends.push(self.end(&Shard { workspace: workspace.clone(), partition }).await?.0);
            }
            Ok(ends)
        }
    }
}
