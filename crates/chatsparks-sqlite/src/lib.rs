//! A store of ChatSparks in one SQLite file: the embedded default (S2).
//!
//! One thread writes, in WAL with `synchronous = FULL`: whatever waits goes into one transaction, and is answered once
//! that is on the disk. A few connections read beside it. The file belongs to one process at a time.
//!
//! ```no_run
//! use chatsparks_sqlite::{Options, SqliteStore};
//! # fn main() -> Result<(), chatsparks_ports::StoreError> {
//! let store = SqliteStore::open("chatsparks.db", Options::default())?;
//! # Ok(()) }
//! ```
//!
//! Whoever awaits a [`SqliteStore`] has to do so within a tokio runtime, whose threads for blocking work do the reading.

mod archive;
mod backup;
mod commit;
mod erase;
mod fault;
mod form;
mod insights;
mod lock;
mod log;
mod moving;
mod prune;
mod queue;
mod reader;
mod room;
mod route;
mod rows;
mod schema;
mod shard;
mod shards;
mod store;
mod things;
mod writer;

pub use store::{Options, SqliteStore};
