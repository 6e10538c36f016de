//! Replay comment histories through ChatSparks: read, decide, print, expect. For test authors.
//!
//! A history is a file of events, one a line; a workspace is the document that says what is answered and
//! how. [`Reader`] reads the one, [`read_workspace`] the other, and [`Replay`] lets the events happen in
//! memory and shows a [`Record`] of each decision. What is made of the records is for the caller:
//! [`DecisionsWriter`] writes them as lines, [`TranscriptWriter`] for people, [`Summary`] counts them.
//! [`replay_str`] and [`transcript_str`] do all of it for a test and its snapshot.

pub mod checkpoint;
mod columns;
pub mod compare;
pub mod conformance;
pub mod conversation_view;
pub mod digest;
pub mod document;
pub mod driver;
mod event_type;
pub mod evidence;
pub mod expect;
pub mod history;
pub mod insights_view;
pub mod money;
pub mod near_misses;
pub mod over_window;
mod plain;
pub mod record;
#[cfg(feature = "report")]
pub mod report;
#[cfg(feature = "schema")]
pub mod schema;
pub mod snapshot;
pub mod story;
pub mod summary;
pub mod transcript;

pub use chatsparks_core::final_state::{self as state, FinalState};
pub use compare::{Compare, Comparison};
pub use conversation_view::ConversationView;
pub use digest::RecordsDigest;
pub use document::{DocumentError, Format, every_error, read_workspace};
pub use driver::{Considered, ConsideredOrder, Observer, Replay};
pub use evidence::{Asked, Evidence};
pub use history::{Arrival, HistoryError, HistoryErrorKind, HistoryLine, Line, Reader};
pub use insights_view::{InsightsSection, InsightsTables};
pub use near_misses::{Change, NearMiss, NearMissKind, NearMissSearch, NearMisses};
pub use over_window::{Exceeds, OverWindow, PathStep, over_window};
pub use record::{DecisionsWriter, Record};
pub use snapshot::{ReplayError, replay_all, replay_str, replay_to_state, transcript_str};
pub use story::{Story, StoryReport};
pub use summary::Summary;
pub use transcript::TranscriptWriter;
