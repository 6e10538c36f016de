//! The pure rules engine of ChatSparks: state and event in, decision out.

// What `clippy.toml` beside this crate forbids, tests may use: to compare with, and to count in.
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::disallowed_macros))]

mod decision;
mod desk;
mod document;
mod effect;
mod engine;
mod event;
mod fact;
mod id;
mod machines;
mod matching;
mod state;
mod time;

pub use desk::diagnosis;
pub use document::workspace;
pub use matching::text;

pub use decision::*;
pub use desk::connection::{ConnectionLight, SHOP_SCOPES, SILENT_AFTER, TIKTOK_SCOPES, WebhookState, WebhookTimes};
pub use desk::explain::{Evaluation, Explained, Explanation, MatchedKind, MatchedWord, Seen, Verdict};
pub use desk::insights::{BlockGroup, FlowGroup, Group, Insights, Revenue, ShopRevenue};
pub use desk::reset::{NewIds, OldFlow, ResetError};
pub use desk::sign_in::{AccessRefusal, OwnerAct, SignIn};
pub use document::problem::{CompileError, Problem, ProblemCode};
pub use effect::*;
pub use engine::{Checked, Engine, Found, Loaded, Reads, Scratch};
pub use event::*;
pub use fact::*;
pub use id::*;
pub use machines::attribution::{Candidate, CandidateLink, CandidateVerdict};
pub use machines::sensitive::defaults as sensitive_defaults;
pub use state::agenda::{Agenda, Wakes};
pub use state::change::{Change, ContactChange, HeadChange, IndexKey, IndexRow};
pub use state::contact::{
    Contact, Conversation, Kept, Pending, PendingFor, Run, SentBy, SentLink, Standing, Talk, Waits, Window,
};
pub use state::head::{Head, MEMORY};
pub use state::order::OrderEntry;
pub use state::stored::{StoredContact, StoredHead};
pub use state::throttle::Throttles;
pub use state::timer::*;
pub use time::{Instant, InstantError, Period};
