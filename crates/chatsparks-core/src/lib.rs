//! The pure rules engine of ChatSparks: state and event in, decision out.

// What `clippy.toml` beside this crate forbids, tests may use: to compare with, and to count in.
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::disallowed_macros))]

mod agenda;
mod answer;
mod attribution;
mod change;
mod check;
mod comment;
mod condition;
mod contact;
mod conversation;
mod cycle;
mod decide;
mod decision;
mod engine;
mod event;
mod explain;
mod flow;
mod head;
mod id;
mod insights;
mod matcher;
mod people;
mod placeholder;
mod problem;
mod reach;
mod receipts;
mod scope;
mod sensitive;
mod start;
mod stored;
pub mod text;
mod throttle;
mod time;
mod turn;
mod usage;
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
pub use insights::{BlockGroup, FlowGroup, Group, Insights, Revenue, ShopRevenue};
pub use problem::{CompileError, Problem, ProblemCode};
pub use sensitive::defaults as sensitive_defaults;
pub use stored::{StoredContact, StoredHead};
pub use throttle::Throttles;
pub use time::{Instant, InstantError, Period};
