//! Replay comment histories through ChatSparks: read, decide, print, expect.

pub mod document;
pub mod driver;
pub mod history;
pub mod record;
pub mod state;
mod support;

pub use document::{DocumentError, Format, read_workspace};
pub use driver::{Considered, Observer, Replay};
pub use history::{HistoryError, HistoryErrorKind, Line, Reader};
pub use record::{DecisionsWriter, Record};
pub use state::FinalState;
pub use support::Unsupported;
