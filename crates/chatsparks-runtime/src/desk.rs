//! The desk: what a dashboard or a support desk asks of a workspace that runs, and what a member does there.
//!
//! It decides nothing and keeps nothing that could not be made anew: lists are read from the store, and what is kept in
//! memory, the [inbox](InboxPage), is an index over contacts that follows the records.

mod act;
mod backwards;
mod changes;
mod inbox;
mod last_records;
mod log;
mod orders;
mod standing;
mod starts;
mod thread;

pub use act::{ActError, Acted};
pub use backwards::LastEvents;
pub use changes::Changes;
pub(crate) use inbox::Inbox;
pub use inbox::{Find, InboxCounts, InboxPage, InboxPlace, Listed};
pub use last_records::LastRecords;
pub use log::{LogError, LogPage, LookedAt};
pub use orders::{ListedOrder, OrdersPage};
pub use standing::EffectSeen;
pub use starts::{StartsPage, WaitingStart};
pub use thread::Thread;
pub(crate) use thread::shown;
