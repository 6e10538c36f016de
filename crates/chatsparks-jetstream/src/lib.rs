//! A store of ChatSparks on NATS JetStream: replicated, without a primary of one's own to look after.
//!
//! A workspace is one journal: a stream of operations (events appended, a partition opened, a batch committed, an effect
//! settled), in one order, each stored whole on a majority of the servers before anybody hears of it. What an operation
//! comes to is decided where it is read, by folding the journal, which every process does alike. So events find their
//! places, room is drawn, and a document comes to every partition in the same piece as everything else, and a worker that
//! was superseded writes nothing, whatever it believes.
//!
//! A process has the rows of the workspaces it serves, in memory and beyond that in a file; events, records and evaluations
//! stay in the journal, and are read from there. Snapshots let a process begin where the last one stands.
//!
//! It needs NATS 2.12 or newer and refuses anything older, which takes the same configuration in silence and loses state;
//! three servers with `sync_interval: always`. Decisions 030, 031 and 057 in the repository say why.
//!
//! ```no_run
//! # async fn example() -> Result<(), chatsparks_ports::StoreError> {
//! use chatsparks_jetstream::{JetStreamStore, Options};
//! let store = JetStreamStore::open(Options::from_url("nats://127.0.0.1:4222/chatsparks")?).await?;
//! # Ok(())
//! # }
//! ```

mod archive;
mod failure;
mod journal;
mod log;
mod moving;
mod op;
mod options;
mod queue;
mod read;
mod server;
mod shards;
mod spare;
mod state;
mod store;
mod table;
mod workers;

pub use options::Options;
pub use store::JetStreamStore;
