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
mod connection;
mod contact;
mod conversation;
mod cycle;
mod decide;
mod decision;
pub mod diagnosis;
mod effect;
mod engine;
mod event;
mod explain;
mod fact;
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
mod reset;
mod scope;
mod sensitive;
mod sign_in;
mod start;
mod stored;
pub mod text;
mod throttle;
mod time;
mod timer;
mod turn;
mod usage;
pub mod workspace;

pub use agenda::{Agenda, Wakes};
pub use attribution::{Candidate, CandidateLink, CandidateVerdict, OrderEntry};
pub use change::{Change, ContactChange, HeadChange, IndexKey, IndexRow};
pub use connection::{ConnectionLight, SHOP_SCOPES, SILENT_AFTER, TIKTOK_SCOPES, WebhookState, WebhookTimes};
pub use contact::{
    Contact, Conversation, Kept, Pending, PendingFor, Run, SentBy, SentLink, Standing, Talk, Waits, Window,
};
pub use decision::*;
pub use effect::*;
pub use engine::{Checked, Engine, Found, Loaded, Reads, Scratch};
pub use event::*;
pub use explain::{Evaluation, Explained, Explanation, MatchedKind, MatchedWord, Seen, Verdict};
pub use fact::*;
pub use head::{Head, MEMORY};
pub use id::*;
pub use insights::{BlockGroup, FlowGroup, Group, Insights, Revenue, ShopRevenue};
pub use problem::{CompileError, Problem, ProblemCode};
pub use reset::{NewIds, OldFlow, ResetError};
pub use sensitive::defaults as sensitive_defaults;
pub use sign_in::{AccessRefusal, OwnerAct, SignIn};
pub use stored::{StoredContact, StoredHead};
pub use throttle::Throttles;
pub use time::{Instant, InstantError, Period};
pub use timer::*;
