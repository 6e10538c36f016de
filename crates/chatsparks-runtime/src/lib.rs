//! Runs ChatSparks: events in from anywhere, decided in order, committed once; effects sent once.
//!
//! This is the only place that sequences load, decide, commit and perform. What is decided is the core's; where it is kept
//! is a [`Store`](chatsparks_ports::Store)'s; what is sent goes through a [`Channel`](chatsparks_ports::Channel).
//!
//! ```text
//! accept ─▶ log ─▶ worker: read a batch, decide in memory, commit once ─▶ queue ─▶ dispatcher ─▶ channel
//!                     ▲                                                                │
//!                     └─────────── receipts, clocks: events like any other ◀───────────┘
//! ```
//!
//! - [`Runtime::accept`] answers once events are durable (R1).
//! - A worker a shard decides what is logged, and writes rows, records, effects and its position in one commit (R5). It is
//!   refused when another has taken over; then it opens the shard anew, and decides the same again.
//! - Where a workspace has many partitions, the store finds where each event belongs in the very transaction that logs it
//!   (R4), and a worker draws room under the limit in the commit that uses it (R7).
//! - Where a timer is due and nothing comes, the worker logs a `clock` (R6).
//! - Where several processes serve one store, each serves its share of the partitions: the store keeps the leases, and a
//!   commit's fence protects what it commits.
//! - A dispatcher a workspace takes effects from the queue, deadline first, one at a time for each contact (O2, O3).
//!
//! Nothing that somebody wrote is in a log, a metric or an error here.

mod checkpoint;
mod clock_guard;
mod configure;
mod context;
mod desk;
mod dispatch;
mod explain;
mod forecast;
mod forward;
mod health;
mod ingress;
pub mod moving;
mod pace;
mod past;
mod reads;
mod retention;
mod runtime;
mod settings;
mod sharing;
mod stops;
mod weak;
mod worker;
mod workspace;

pub use configure::{ConfigureError, Configured};
pub use desk::{
    ActError, Acted, Changes, EffectSeen, Find, InboxCounts, InboxPage, InboxPlace, LastEvents, LastRecords, Listed,
    ListedOrder, LogError, LogPage, LookedAt, OrdersPage, StartsPage, Thread, WaitingStart,
};
pub use explain::{CommentExplained, CommentShown, ExplainError, TriggerExplained};
pub use forecast::Forecast;
pub use health::{ChannelHealth, Health, ShardHealth, WorkerHealth};
pub use ingress::{AcceptError, NewEvent};
pub use pace::{Rate, RateError};
pub use past::{Past, PastError, Standing, Stood, Wanted, position};
pub use reads::QueueView;
pub use runtime::{Runtime, StartError};
pub use settings::{ClockMode, Settings, WorkspaceSetup};
pub use weak::WeakRuntime;
