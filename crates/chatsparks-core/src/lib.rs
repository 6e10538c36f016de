//! The pure rules engine of ChatSparks: state and event in, decision out.

mod agenda;
mod attribution;
mod change;
mod contact;
mod decision;
mod engine;
mod event;
mod explain;
mod head;
mod id;
mod problem;
pub mod text;
mod throttle;
mod time;
pub mod workspace;

pub use agenda::{Agenda, Wakes};
pub use attribution::OrderEntry;
pub use change::{Change, ContactChange, HeadChange, IndexKey, IndexRow};
pub use contact::{Contact, Conversation, Pending, PendingFor, Run, SentBy, SentLink, Standing, Talk, Waits, Window};
pub use decision::*;
pub use engine::{Checked, Engine, Found, Loaded, Reads, Scratch};
pub use event::*;
pub use explain::{Evaluation, Explained, Explanation, MatchedKind, MatchedWord, Seen, Verdict};
pub use head::{Head, MEMORY};
pub use id::*;
pub use problem::{CompileError, Problem, ProblemCode};
pub use throttle::Throttles;
pub use time::{Instant, InstantError, Period};
