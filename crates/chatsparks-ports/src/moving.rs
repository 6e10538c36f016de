//! Moving workspaces from one store to another (S4): everything that a store has of one, in pieces that every store knows.
//!
//! What is stored is moved as it is stored: forms, lines and digests of the engine stay what they were, byte for byte, so
//! that records are equal before and after, and replays too. Rows go by [`Archive::shard_rows`]
//! and [`Shards::commit`](crate::Shards::commit), as they do in checkpoints; everything else is a [`Piece`].

use crate::{Archive, EffectState, Position, Shard, Store, StoreError};
use chatsparks_core::{Instant, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The note of a workspace that is leaving a store, or has left it: where to. It is not served there any longer.
pub const MOVED: &str = "moved";
/// The note of a workspace that arrives in a store: how far it has come. It is not served there yet.
pub const ARRIVING: &str = "arriving";

/// Whether a workspace may be served from this store: not while it arrives, and not once it has left.
///
/// # Errors
/// [`StoreError::Unusable`] when it may not, and what to do; what the store says.
pub async fn is_at_home(store: &impl Archive, workspace: &WorkspaceId) -> Result<(), StoreError> {
    match is_elsewhere(store, workspace).await? {
        Some(why) => Err(StoreError::Unusable(why)),
        None => Ok(()),
    }
}

/// Why a workspace may not be served from this store, if it may not, and what to do.
///
/// # Errors
/// What the store says.
pub async fn is_elsewhere(store: &impl Archive, workspace: &WorkspaceId) -> Result<Option<String>, StoreError> {
    let says = async |name| Ok::<_, StoreError>(store.note(workspace, name).await?.filter(|text| !text.is_empty()));
    if says(ARRIVING).await?.is_some() {
        return Ok(Some(format!(
            "workspace `{workspace}` has not arrived here wholly: run `chatsparks migrate` again until it says that it has"
        )));
    }
    Ok(says(MOVED).await?.map(|to| {
        format!(
            "workspace `{workspace}` was moved to another store ({to}): serve it from there, or run `chatsparks migrate \
             --stay` on this one to go on here, without what came since"
        )
    }))
}

/// What pieces are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Events of a partition's log. Like records, they are written once and read for ever: they may be moved ahead of the
    /// rest, while the store is served.
    Events,
    /// Records of a partition.
    Records,
    /// Documents of all revisions, of the workspace.
    Documents,
    /// Notes of the workspace, but for those of moving.
    Notes,
    /// Room that was drawn, of the workspace.
    Pools,
    /// Where things live, of the workspace (R4).
    Places,
    /// Events that wait to be logged, of the workspace, in the order in which they came.
    Waiting,
    /// Grants of a partition, in order.
    Grants,
    /// Numbers of the insights of a partition.
    Insights,
    /// Effects of a partition without an outcome, in the order decided.
    Effects,
    /// Effects of a partition that have their outcome.
    Outcomes,
    /// How far a partition has come.
    Stand,
}

impl Part {
    /// Those that are moved after the history, in the order in which they are put.
    pub const STATE: [Self; 10] = [
        Self::Documents,
        Self::Notes,
        Self::Pools,
        Self::Places,
        Self::Waiting,
        Self::Grants,
        Self::Insights,
        Self::Outcomes,
        Self::Effects,
        Self::Stand,
    ];

    /// Whether it is of the whole workspace: it is asked of partition 0 alone.
    pub fn is_of_workspace(self) -> bool {
        matches!(self, Self::Documents | Self::Notes | Self::Pools | Self::Places | Self::Waiting)
    }
}

/// Something that a store has of a workspace. Instants are milliseconds since 1970, forms the stored forms of
/// `chatsparks-core` as JSON.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Piece {
    /// An event in the log.
    Event {
        /// Its partition.
        partition: u32,
        /// Its place.
        position: Position,
        /// Its `at`.
        at: i64,
        /// The user whom it names.
        user_id: Option<String>,
        /// Whether what somebody wrote was taken out of it (R12).
        erased: bool,
        /// Its envelope.
        form: String,
    },
    /// A record.
    Record {
        /// Its partition.
        partition: u32,
        /// Its `seq`.
        seq: u64,
        /// Its `at`.
        at: i64,
        /// The event.
        event: Option<String>,
        /// The contact that it names.
        user_id: Option<String>,
        /// The comment that was looked at.
        comment_id: Option<String>,
        /// The record as one line.
        line: String,
        /// What explains the comment.
        evaluation: Option<String>,
    },
    /// A document.
    Document {
        /// Its revision.
        revision: u32,
        /// The document.
        form: String,
    },
    /// A note.
    Note {
        /// Its name.
        name: String,
        /// What it says.
        text: String,
    },
    /// Room that was drawn.
    Pool {
        /// The cycle.
        cycle: i64,
        /// How much.
        drawn: u64,
    },
    /// Where something lives.
    Place {
        /// The kind of its key.
        kind: String,
        /// The name within the kind.
        name: String,
        /// The partition.
        partition: u32,
        /// Since when it is remembered, where it is forgotten one day.
        at: Option<i64>,
    },
    /// An event that waits.
    Waiting {
        /// The kind of key that it names.
        kind: String,
        /// The name within the kind.
        name: String,
        /// Until these partitions have decided so far.
        until: Vec<(u32, Position)>,
        /// Of an order: the partition of the contact that its shop id was linked to.
        linked: Option<u32>,
        /// Whether its own `at` stays.
        brought: bool,
        /// Its envelope.
        form: String,
    },
    /// A grant.
    Grant {
        /// Its partition.
        partition: u32,
        /// The position that it stands before.
        position: Position,
        /// Its place among those before that position.
        place: u32,
        /// Its envelope.
        form: String,
    },
    /// A number of the insights.
    Insight {
        /// Its partition.
        partition: u32,
        /// Its name as JSON.
        name: String,
        /// The sum, in decimal digits.
        sum: String,
    },
    /// An effect.
    Effect(Box<MovedEffect>),
    /// How far a partition has come.
    Stand {
        /// The partition.
        partition: u32,
        /// How far its log is decided.
        decided: Position,
        /// The first position of the log that is kept.
        log_first: Position,
        /// The last position.
        log_end: Position,
        /// The latest `at` in the log.
        log_latest: Option<i64>,
        /// The `seq` of the first record that is kept.
        record_first: u64,
        /// Effects that were sent.
        sent: u64,
        /// Effects that failed.
        failed: u64,
    },
}

/// An effect, with whatever became of it so far.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovedEffect {
    /// Its partition.
    pub partition: u32,
    /// Its id.
    pub id: String,
    /// The `seq` of the record that decided it.
    pub seq: u64,
    /// Its place there; 0 where it has its outcome and the place is not kept.
    pub place: u32,
    /// The contact of its record.
    pub user_id: Option<String>,
    /// Its lane.
    pub lane: Option<String>,
    /// Whether it waits behind nobody.
    pub free: bool,
    /// Its kind.
    pub kind: String,
    /// Of a bot's DM that has no outcome: the conversation.
    pub conversation: Option<u32>,
    /// Where it stands.
    pub state: EffectState,
    /// When its chance is over.
    pub not_after: Option<i64>,
    /// Not before this instant of the wall clock.
    pub not_before: Option<i64>,
    /// Attempts so far.
    pub attempts: u32,
    /// When the first attempt began; not kept of one that has its outcome.
    pub first_attempt: Option<i64>,
    /// Why it was not sent so far, or failed.
    pub why: Option<String>,
    /// The effect; none once it has its outcome.
    pub form: Option<String>,
    /// Its context as JSON; none once it has its outcome.
    pub context: Option<String>,
}

/// Only what kind of piece it is: what it holds may be what buyers wrote.
impl fmt::Debug for Piece {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event { partition, position, .. } => write!(out, "event {position} of partition {partition}"),
            Self::Record { partition, seq, .. } => write!(out, "record {seq} of partition {partition}"),
            Self::Document { revision, .. } => write!(out, "the document of revision {revision}"),
            Self::Note { name, .. } => write!(out, "the note `{name}`"),
            Self::Pool { cycle, .. } => {
                write!(out, "the room drawn in the cycle of {}", Instant::from_milliseconds(*cycle))
            }
            Self::Place { kind, .. } => write!(out, "the place of one `{kind}`"),
            Self::Waiting { kind, .. } => write!(out, "an event that waits for one `{kind}`"),
            Self::Grant { partition, position, .. } => {
                write!(out, "a grant before event {position} of partition {partition}")
            }
            Self::Insight { partition, name, .. } => write!(out, "the number `{name}` of partition {partition}"),
            Self::Effect(effect) => write!(out, "effect `{}` of partition {}", effect.id, effect.partition),
            Self::Stand { partition, .. } => write!(out, "how far partition {partition} has come"),
        }
    }
}

/// A store that workspaces can be moved from and to.
pub trait Moving: Store {
    /// Pieces of a shard, or of its workspace, after a number, at most so many: each with its number. They come in one
    /// order, and so often as they are asked for while nobody writes.
    ///
    /// # Errors
    /// What the store says.
    fn pieces(
        &self,
        shard: &Shard,
        part: Part,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(u64, Piece)>, StoreError>> + Send;

    /// Puts pieces, all or none, each over what stands in its place; what waits goes to the end.
    ///
    /// # Errors
    /// What the store says; none of them is there then.
    fn put(&self, workspace: &WorkspaceId, pieces: Vec<Piece>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes everything of a workspace away that is not its log, its records, or a note of moving: what an attempt before
    /// has left.
    ///
    /// # Errors
    /// What the store says.
    fn wipe(&self, workspace: &WorkspaceId) -> impl Future<Output = Result<(), StoreError>> + Send;
}
