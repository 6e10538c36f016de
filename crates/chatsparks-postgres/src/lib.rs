//! A store of ChatSparks in PostgreSQL 15 or newer: one database, and as many processes as there is work for (S2).
//!
//! What several callers want at once is written in one transaction, with one statement a table, whatever the number of
//! partitions. A partition is locked for such a transaction, never for a session; who owns it is what its fence says (R5).
//!
//! ```no_run
//! use chatsparks_postgres::{Options, PostgresStore};
//! # async fn open() -> Result<(), chatsparks_ports::StoreError> {
//! let store = PostgresStore::open("postgres://chatsparks@db.example/chatsparks", Options::default()).await?;
//! # Ok(()) }
//! ```
//!
//! Whoever awaits a [`PostgresStore`] may do so anywhere: its connections live in the tokio runtime that opened it.

mod append;
mod archive;
mod commit;
mod directory;
mod erase;
mod fault;
mod form;
mod gather;
mod hosts;
mod lease;
mod load;
mod log;
mod moving;
mod news;
mod prune;
mod queue;
mod restore;
mod room;
mod route;
mod rows;
mod schema;
mod settle;
mod shards;
mod statement;
mod store;
mod withdraw;

pub use store::{Options, PostgresStore};
