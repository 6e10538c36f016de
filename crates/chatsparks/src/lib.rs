//! ChatSparks decides which comment on TikTok is answered by which direct message, and says why.
//!
//! This crate is the one name that an embedder writes. It gives the pure engine, all of it at the top level, and
//! under features what stands around it.
//!
//! # A workspace becomes an engine
//!
//! A shop writes a [`Workspace`]: triggers in the order of their priority, each with a scope, a condition and the flow
//! that it starts. [`Engine::compile`] makes it ready, once: keywords go into one automaton, patterns are compiled,
//! scopes are turned into postings. Whatever is wrong with the document is found here, all of it at once, each fault
//! with its place and a stable code ([`CompileError::faults`]). After that nothing can fail.
//!
//! ```
//! use chatsparks::{Engine, Workspace};
//!
//! let workspace: Workspace = serde_json::from_str(r#"{
//!     "workspace": { "id": "glow", "name": "Glow Cosmetics", "account_user_id": "acct_glow" },
//!     "triggers": [ { "id": "price", "when": { "keywords": { "words": ["PRICE"] } }, "flow": "nowhere" } ]
//! }"#)?;
//! let error = Engine::compile(workspace).unwrap_err();
//! assert_eq!(error.faults()[0].path, "triggers[0].flow");
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! The document is a serde type, so that JSON, TOML or a database column will do; the engine never sees its source.
//!
//! # An event becomes a decision
//!
//! What happens outside comes in as an [`Event`] in an [`Envelope`], which gives it an id and the instant at which you
//! received it. That instant is the only clock there is.
//!
//! A [`Partition`] lets it happen: the timers that are due before it fire, it is decided, the timers that it makes due
//! fire ([`Partition::push_from`]). For each there is a [`Record`], with the [`Decision`]:
//!
//! - its *outcome* says why: fired, throttled until when, outranked;
//! - its *effects* say what is to be done: post a reply, send a DM. Each has an id that is the same whenever the same
//!   decision is taken, and serves as the idempotency key ([`Decision::effects_with_ids`]);
//! - its *facts* tell those who read along, such as a dashboard.
//!
//! # The whole life
//!
//! The state lies in a store of yours, as [`Row`]s under [`Key`]s. The partition says what it wants of it
//! ([`state::Wants`]), is answered, and says what to write; nothing else is read or written. Deciding changes nothing in
//! the store, so you choose where the line of your transaction runs: rows and effects belong inside it, performing the
//! effects belongs after it. Here the store is a map, and that is all there is to do:
//!
//! ```
//! use chatsparks::{Effect, Engine, Envelope, Key, OtherRevision, Partition, Row, Scratch, state::Wants};
//! use std::collections::HashMap;
//!
//! struct Shop { partition: Partition, rows: HashMap<Key, Row>, outbox: Vec<(String, Effect)> }
//!
//! impl Shop {
//!     /// Starts where the store left off; with an empty one, from the beginning.
//!     fn open(engine: Engine, rows: HashMap<Key, Row>) -> Result<Self, OtherRevision> {
//!         Ok(Self { partition: Partition::resume(engine, |key| rows.get(key))?, rows, outbox: Vec::new() })
//!     }
//!
//!     /// Lets an event happen, and every timer that is due by then.
//!     fn happens(&mut self, envelope: &Envelope) {
//!         let Self { partition, rows, outbox } = self;
//!         let load = |wants: &Wants| wants.answer(|key| rows.get(key), rows.values());
//!         partition.push_from(envelope, &mut Scratch::default(), load, |record| {
//!             outbox.extend(record.decision.effects_with_ids().map(|(id, effect)| (id, effect.clone())));
//!         });
//!         rows.extend(partition.writes().into_iter().map(|row| (row.key(), row)));
//!         partition.committed();
//!     }
//! }
//! ```
//!
//! A backend adds: rows as [`Stored`] writes them, with [`Row::next_due`] and [`Row::queued_at`] in columns to look
//! contacts up by; an outbox that survives a crash; a [`Clock`](Event::Clock) event now and then, since time passes by
//! events alone; and the document of each revision, so that [`Engine::restore`] finds the one in force.
//!
//! # A decision can be explained
//!
//! One [`Evaluation`] per comment (its text, its revision, what the gates saw) is enough to say later for any trigger
//! what became of it ([`Engine::explain`]): the first gate that refused, every other that would have, and where in the
//! text the words stand that matched. [`Engine::try_text`] does the same for a text that nobody wrote.
//!
//! ```no_run
//! # use chatsparks::{Engine, Scratch, Workspace};
//! # fn shown(engine: &Engine) {
//! for explanation in engine.try_text("ราคาเท่าไหร่คะ?", None, &mut Scratch::default()).explain_all() {
//!     println!("{}: {}", explanation.trigger, explanation.verdict.result.as_str());
//!     for word in &explanation.matched {
//!         println!("  `{}` at {}..{}", word.word, word.start, word.end);
//!     }
//! }
//! # }
//! ```
//!
//! # What it promises
//!
//! - The same workspace and the same events give the same bytes. Unicode tables are the engine's own, maps are ordered,
//!   ties have written tie-breaks.
//! - Deciding is total: odd input is an outcome with a reason, never an error.
//! - What buyers write shows in no error and no `Debug` ([`event::Text`]).
//! - Features only add. Switching one on changes no decision.
//!
#![cfg_attr(feature = "sqlite", doc = include_str!("service/front.md"))]
//! # Features
//!
#![cfg_attr(
    feature = "replay",
    doc = "- `replay` (on unless switched off): [`replay`], which reads, replays and prints histories."
)]
#![cfg_attr(not(feature = "replay"), doc = "- `replay`: reads, replays and prints histories.")]
//! - `runtime`: `Service`, which runs workspaces in this program, over a store and channels of your own.
//! - `sqlite`: the store in one SQLite file. `memory`: the one in memory, for tests.
//! - `http-channel`: effects by HTTP, signed, to an endpoint of your own.
//! - `server`: the calls of `chatsparks serve`, as an axum router to nest.

#[doc(inline)]
pub use chatsparks_core::{
    CompileError, Contact, Decision, Effect, Engine, Envelope, Evaluation, Event, Head, Instant, Key, OtherRevision,
    Outcome, Partition, Period, Record, Row, Scratch, Stored, workspace::Workspace,
};

/// What happened: the parts of an [`Event`].
pub mod event {
    #[doc(inline)]
    pub use chatsparks_core::{
        Act, ActKind, Comment, CommentOf, Configured, DmStage, Grant, MemberMessage, Message, Order, OrderLine,
        Receipt, Refund, ReviewVerdict, Text,
    };
}

/// What was decided: the parts of a [`Decision`], outcomes and their reasons, effects, facts.
pub mod decision {
    #[doc(inline)]
    pub use chatsparks_core::{
        Cause, CommentOutcome, CommentResult, ConversationState, Credit, DropReason, Fact, InboxReason, LeaveReason,
        LedBy, LedgerCause, LedgerEntry, MessageOutcome, MessageResult, OrderOutcome, OrderResult, OrganicReason,
        Refusal, RefusalReason, SendDm, SentOption, Source, StateReason, Timer, TimerKind,
    };
}

/// The state: what a store keeps, what a partition asks it for, and how each is written.
pub mod state {
    #[doc(inline)]
    pub use chatsparks_core::{
        Answer, Clock, ContactOfVersion1, Conversation, Due, MEMORY, OrderEntry, Pending, PendingFor, Queued, Room,
        Run, SentBy, SentLink, Standing, Step, Storable, Terms, Throttles, Waits, Wants, Window,
    };
}

/// Why something happened or did not: explanations, candidates of an order, diagnoses.
pub mod explain {
    #[doc(inline)]
    pub use chatsparks_core::{
        Candidate, CandidateLink, CandidateVerdict, Explained, Explanation, MatchedKind, MatchedWord, Seen, Trial,
        Verdict, diagnosis,
    };
}

/// Insights: a fold over facts.
pub mod insights {
    #[doc(inline)]
    pub use chatsparks_core::{
        BlockGroup, FlowGroup, Group, InsightDeltas, InsightGroup, InsightMeasure, InsightNumber, Insights, Revenue,
        ShopRevenue,
    };
}

/// People and connections: who sees a workspace and may change it, how platforms and webhooks stand; resets.
pub mod people {
    #[doc(inline)]
    pub use chatsparks_core::{
        AccessRefusal, ConnectionLight, NewIds, OldFlow, OwnerAct, ResetError, SHOP_SCOPES, SILENT_AFTER, SignIn,
        TIKTOK_SCOPES, WebhookState, WebhookTimes,
    };
}

/// The document that a shop writes, and what can be wrong with it.
pub mod workspace {
    #[doc(inline)]
    pub use chatsparks_core::{Checked, Prepared, Problem, ProblemCode, sensitive_defaults, workspace::*};
}

/// Names of things: newtypes over shared text.
pub mod id {
    #[doc(inline)]
    pub use chatsparks_core::{
        BlockId, CommentId, Currency, DmId, Email, EventId, Field, FlowId, InstantError, MessageId, OptionId, OrderId,
        PostId, ProductId, RefundId, ShopUserId, SkuId, Tag, TriggerId, UserId, WorkspaceId,
    };
}

/// Normalisation, as keywords and texts go through it (N1).
pub mod text {
    #[doc(inline)]
    pub use chatsparks_core::text::*;
}

/// Reads a history, replays it against a workspace, and prints or compares what was decided: for test authors.
#[cfg(feature = "replay")]
pub mod replay {
    pub use chatsparks_replay::*;
}

#[cfg(feature = "runtime")]
pub mod service;

#[cfg(feature = "runtime")]
#[doc(inline)]
pub use chatsparks_runtime::NewEvent;
#[cfg(feature = "runtime")]
#[doc(inline)]
pub use service::Service;

/// Running: what a service is told, and what it answers.
#[cfg(feature = "runtime")]
pub mod running {
    #[doc(inline)]
    pub use chatsparks_ports::{Clock, ManualClock, SystemClock};
    #[doc(inline)]
    pub use chatsparks_runtime::{
        AcceptError, ChannelHealth, ClockMode, ConfigureError, Configured, Forecast, Health, QueueView, Rate,
        RateError, Runtime, Settings, ShardHealth, WeakRuntime, WorkspaceSetup,
    };
}

/// Stores: the contract that one keeps, and those that are there.
#[cfg(feature = "runtime")]
pub mod store {
    #[cfg(feature = "memory")]
    #[doc(inline)]
    pub use chatsparks_ports::MemoryStore;
    #[doc(inline)]
    pub use chatsparks_ports::{
        Appended, Archive, CheckpointPlace, Checkpoints, Commit, Context, Cursor, DeadLetter, Draw, EffectKey,
        EffectState, Fence, Input, KeptRecord, Lane, Limit, Log, Logged, NewEffect, NewRecord, Opened, PARTITIONS,
        Placed, Position, Queue, QueueCount, Queued, Ready, Routed, Settled, Shard, Shards, Stamp, Store, StoreError,
        Stretch, bot_conversation, erasure, kind_of,
    };
    #[cfg(feature = "sqlite")]
    #[doc(inline)]
    pub use chatsparks_sqlite::{Options as SqliteOptions, SqliteStore};
}

/// Channels: the contract that one keeps, and those that are there.
#[cfg(feature = "runtime")]
pub mod channel {
    #[cfg(feature = "http-channel")]
    #[doc(inline)]
    pub use chatsparks_http_channel::{Endpoint, EndpointError, HttpChannel};
    #[doc(inline)]
    pub use chatsparks_ports::{Attempt, Channel, Context, Delivery, DynChannel, EffectKey, Fault, Looked};
}

/// The calls of `chatsparks serve`: who gets in, and what requests may take.
#[cfg(feature = "server")]
pub mod server {
    #[doc(inline)]
    pub use chatsparks_server::{Access, Kind, Limits, Options, Problem, Scope, Token, openapi, router, router_with};
}

/// The example of the README, compiled and run as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
