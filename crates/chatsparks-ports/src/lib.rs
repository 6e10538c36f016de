//! What ChatSparks needs of the outside to run: contracts that a store, a channel and a clock keep.
//!
//! The [runtime](https://docs.rs/chatsparks-runtime) knows no database and no platform. It reads events from a [`Log`],
//! loads what a decision wants from [`Shards`], and commits what was decided in one piece; a dispatcher takes effects
//! from the [`Queue`] and hands them to a [`Channel`]; whoever asks afterwards reads the [`Archive`]. A store implements
//! the four, a platform implements the channel.
//!
//! # To implement a store
//!
//! There are three promises, and everything else follows from them:
//!
//! 1. **What [`Log::append`] answered is there**, in order, after any crash, and its `at` never goes back unless it was
//!    brought along (R1, R2).
//! 2. **[`Shards::commit`] is all or nothing**, and is refused when another owner has opened the shard since
//!    ([`StoreError::Superseded`]): rows, records, effects, documents and the position in the log together (R5).
//! 3. **[`Queue::settle`] and the receipt that it logs are one piece**, so that each effect has one outcome (O1).
//!
//! A store that several processes may serve at once says so by [`Shards::is_shared`], and keeps their leases
//! ([`Shards::share`]); the others leave what has a default alone.
//!
//! `chatsparks-testkit` has one suite that holds a store to them.

mod archive;
mod channel;
mod checkpoint;
mod clock;
pub mod erasure;
mod error;
pub mod history;
mod log;
#[cfg(feature = "memory")]
mod memory;
pub mod moving;
pub mod places;
mod queue;
mod room;
mod shards;
mod workers;

pub use archive::{Archive, Cursor, KeptRecord, Stretch};
pub use channel::{Attempt, Channel, Delivery, DynChannel, Fault, Looked};
pub use checkpoint::Checkpoints;
pub use clock::{Clock, ManualClock, SystemClock};
pub use error::StoreError;
pub use log::{Appended, CheckpointPlace, Input, Limit, Log, Logged, PARTITIONS, Position, Routed, Shard, Stamp};
#[cfg(feature = "memory")]
pub use memory::MemoryStore;
pub use queue::{
    Context, DeadLetter, EffectKey, EffectState, Lane, Queue, QueueCount, Queued, Ready, Settled, bot_conversation,
    kind_of,
};
pub use room::{Draw, Placed};
pub use shards::{Alone, Commit, Fence, NewEffect, NewRecord, Opened, Shards};
pub use workers::{Beat, Share, WorkerShare, fair_share};

/// All that a runtime needs of a store.
pub trait Store: Log + Shards + Queue + Archive {}

impl<T: Log + Shards + Queue + Archive> Store for T {}
