//! The pure rules engine of ChatSparks: state and event in, decision out.

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
pub use desk::explain::{Evaluation, Explained, Explanation, MatchedKind, MatchedWord, Seen, Verdict};
pub use desk::insights::{BlockGroup, FlowGroup, Group, Insights, Revenue, ShopRevenue};
pub use desk::reset::{NewIds, OldFlow, ResetError};
pub use desk::sign_in::{AccessRefusal, OwnerAct, SignIn};
pub use document::problem::{CompileError, Problem, ProblemCode};
pub use driver::{
    partition::{OtherRevision, Partition, Step},
    record::Record,
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
pub use state::stored::{ContactOfVersion1, Storable, Stored};
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
