//! The pure rules engine of ChatSparks: state and event in, decision out.
//!
//! # A function
//!
//! A shop writes a [`workspace::Workspace`]. [`Engine::compile`] checks it and makes it ready, and after that nothing can
//! fail: whatever comes has an outcome with a reason. What happens comes in as an [`Event`] in an [`Envelope`], which
//! bears the only instant there is. What follows comes out as a [`Decision`]: an *outcome* that says why, *effects* that
//! say what is to be done, *facts* that tell who reads along, and changes that say what is now true. Nobody but the
//! driver looks at the changes.
//!
//! There is no clock here, no randomness, no environment, no input, no output, no lock, no `async`. The same workspace
//! and the same events give the same bytes, on every machine and for ever: that is what makes replay, explanation, tests
//! and many machines simple. Unicode comes from tables of this crate, maps are ordered or have a fixed hasher and are
//! never iterated, and each tie has a written tie-break.
//!
//! # Rooms
//!
//! The files stand in rooms, and between rooms things go one way: down this list.
//!
//! | room | holds | looks at |
//! | --- | --- | --- |
//! | `driver` | the one place that sequences: [`Partition`], its rows and records | all below |
//! | `desk` | answers to people, which decide nothing: [`Explanation`], [`diagnosis`], [`Insights`], [`final_state`] | all below |
//! | `machines` | what follows from an event or a timer, a rule a file; `decide` says which machine | `state`, `matching`, `document` |
//! | `state` | what is now so: [`Contact`], [`Head`], changes, timers, stored forms | `document` |
//! | `matching` | what stands in a [`text`], and which triggers ask for it | `document` |
//! | `document` | what people write, and whether it holds: [`workspace`], [`Problem`] | nothing but words |
//!
//! Beside the rooms stand the words that all of them use: ids, [`Instant`], events, decisions, effects, facts, and
//! [`Engine`], the compiled workspace, which binds the rooms to one another.
//!
//! # One driver
//!
//! [`Partition`] is where events happen: timers due before an event fire, the event is decided, what it makes due fires
//! (T4); what came before changes nothing (T3); what comes late is applied with its own instant (T5); an order finds its
//! contact (A1). It is the same for a replay that holds everything in memory ([`Partition::whole`]) and for one shard of
//! many in front of a store ([`Partition::open`]), which says what it [`Wants`], is given an [`Answer`], and tells the
//! [`Row`]s to write. The state has parts by who writes them: the [`Clock`] moves with every event, the [`Terms`] with
//! `configure` and `cycle` alone, the [`Room`] is a share of the limit, given by `grant`s that are events like any other;
//! and a contact, which stays small however long they talk, since what grows lies in rows of its own.

// What `clippy.toml` beside this crate forbids, tests may use: to compare with, and to count in.
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::disallowed_macros))]

mod decision;
mod desk;
mod document;
mod driver;
mod effect;
mod engine;
mod event;
mod fact;
mod id;
mod machines;
mod matching;
mod state;
mod time;

pub use desk::{diagnosis, final_state};
pub use document::workspace;
pub use matching::text;

pub use decision::*;
pub use desk::connection::{ConnectionLight, SHOP_SCOPES, SILENT_AFTER, TIKTOK_SCOPES, WebhookState, WebhookTimes};
pub use desk::explain::{
    CountKnown, Counterfactual, EarlierComment, Evaluation, Explained, Explanation, FoundProduct, Gate, GateKind,
    HeldConversation, LookedWord, MatchedKind, MatchedWord, Near, Part, PartKind, Seen, Supposed, Trial, Verdict, Why,
    WhyKnown,
};
pub use desk::insights::{
    BlockGroup, FlowGroup, Group, InsightDeltas, InsightGroup, InsightMeasure, InsightNumber, Insights, Revenue,
    ShopRevenue,
};
pub use desk::overlaps::{Overlap, OverlapKind, Overlaps, Witness, texts_for_pattern};
pub use desk::reset::{NewIds, OldFlow, ResetError};
pub use desk::sign_in::{AccessRefusal, OwnerAct, SignIn};
pub use document::packs::{PackWord, pack_words};
pub use document::problem::{CompileError, Problem, ProblemCode};
pub use driver::{
    partition::{OtherRevision, Partition, Step},
    record::Record,
    retrace::{Retrace, Told},
    route::{Route, home_partition},
    row::{Answer, Due, Key, Queued, Row, Wants},
};
pub use effect::*;
pub use engine::{Checked, Engine, Prepared, Scratch};
pub(crate) use engine::{Found, Loaded};
pub use event::*;
pub use fact::*;
pub use id::*;
pub use machines::attribution::{Candidate, CandidateLink, CandidateVerdict};
pub use machines::sensitive::defaults as sensitive_defaults;
pub(crate) use state::change::{Change, ContactChange, HeadChange, IndexKey, IndexRow};
pub use state::contact::{
    Contact, Conversation, Kept, Pending, PendingFor, Run, SentBy, SentLink, Standing, Talk, Waits, Window,
};
pub use state::head::{Clock, Head, MEMORY, Room, Terms};
pub use state::order::OrderEntry;
pub use state::stored::{ContactOfVersion1, FORMS, Storable, Stored, StoredAt};
pub use state::throttle::Throttles;
pub use state::timer::*;
pub use time::{Instant, InstantError, Period};

/// What the driver and the machines say to each other. It may change with any version: the tests and benchmarks of this
/// repository look at it, and nobody else should.
#[doc(hidden)]
pub mod internal {
    pub use crate::engine::{Found, Loaded, Reads};
    pub use crate::state::agenda::{Agenda, Wakes};
    pub use crate::state::change::{Change, ContactChange, HeadChange, IndexKey, IndexRow};
    use crate::{Decision, Effect, Engine, Envelope, Fact, Head, Instant, Outcome, Record, Source};

    /// A decision made by hand.
    pub fn decision(source: Source, outcome: Outcome, effects: Vec<Effect>, facts: Vec<Fact>) -> Decision {
        Decision { effects, facts: facts.into(), ..Decision::plain(source, None, outcome, Default::default()) }
    }

    /// A record made by hand, of the first revision.
    pub fn record<'a>(
        seq: u64,
        envelope: Option<&'a Envelope>,
        at: Instant,
        decision: &'a Decision,
        (head, engine): (&'a Head, &'a Engine),
    ) -> Record<'a> {
        let source = &decision.source;
        Record { seq, source, envelope, at, revision: 1, decision, contact: None, links: &[], head, engine }
    }
}
