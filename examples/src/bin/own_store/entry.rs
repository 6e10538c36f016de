//! What stands in a line of the journal: one change, as it was asked for.
//!
//! Whatever the engine keeps is written as [`Stored`] writes it, which later versions read back for ever. Everything
//! around it is this store's own, and plain.

use chatsparks::{
    Effect, Envelope, Evaluation, Instant, Row, Stored, Workspace,
    id::{CommentId, EventId, UserId, WorkspaceId},
    store::{
        Archive, Commit, Context, Draw, EffectKey, Fence, Input, Lane, Log, MemoryStore, NewEffect, NewRecord, Placed,
        Queue, Settled, Shard, Shards, Stamp,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

/// A change.
#[derive(Serialize, Deserialize)]
pub(crate) enum Entry {
    /// The journal begins: of so many partitions.
    Made(u32),
    Append(Vec<(InShard, Given)>),
    Route(WorkspaceId, UserId, Vec<Given>),
    Forward(WorkspaceId, UserId),
    Open(InShard),
    Commit(InShard, u64, Box<Decided>),
    Begin(Of, Instant),
    Settle(Of, Outcome, Option<Given>),
    Revive(WorkspaceId, String),
    Note(WorkspaceId, String, String),
    Renote(WorkspaceId, String, Option<String>, String),
    Prune(WorkspaceId, Instant, usize),
    /// Up to a position, and records before a `seq`.
    Cut(InShard, u64, u64, usize),
    Clear(InShard, Option<Instant>, usize),
}

/// A shard: workspace and partition.
type InShard = (WorkspaceId, u32);
/// An effect: its shard, its contact, its id.
type Of = (InShard, Option<UserId>, String);

/// An event to be logged, and where its `at` comes from.
#[derive(Serialize, Deserialize)]
pub(crate) struct Given(Came, Stored<'static, Envelope>);

#[derive(Serialize, Deserialize)]
enum Came {
    Received,
    Brought,
    Latest,
}

/// A commit.
#[derive(Serialize, Deserialize)]
pub(crate) struct Decided {
    decided: u64,
    rows: Vec<Stored<'static, Row>>,
    documents: Vec<(u32, Arc<Workspace>)>,
    records: Vec<Kept>,
    effects: Vec<Waiting>,
    withdrawn: Vec<(UserId, u32, u64)>,
    erased: Vec<(UserId, u64)>,
    granted: Vec<(u64, Stored<'static, Envelope>)>,
    drawn: Vec<Drawn>,
}

/// Room that was drawn: the cycle, by how much, how much of it within the limit, whom it tells.
#[derive(Serialize, Deserialize)]
struct Drawn {
    cycle: Instant,
    contacts: i64,
    within: u64,
    limit: Option<u64>,
    tell_at: Vec<u64>,
    tell: bool,
    id: String,
    at: Instant,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    seq: u64,
    at: Instant,
    event: Option<EventId>,
    user_id: Option<UserId>,
    line: Box<RawValue>,
    evaluation: Option<(CommentId, Stored<'static, Evaluation>)>,
}

#[derive(Serialize, Deserialize)]
struct Waiting {
    id: String,
    decided: (u64, u32),
    /// Whether it waits behind its contact's other effects.
    in_line: bool,
    contact: Option<UserId>,
    effect: Stored<'static, Effect>,
    context: Context,
    in_doubt: bool,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Outcome {
    Sent,
    Failed(String),
    Again { not_before: Instant, counts: bool, why: String },
    Dead(String),
}

impl Entry {
    pub(crate) fn append(inputs: &[(Shard, Input)]) -> Self {
        Self::Append(inputs.iter().map(|(shard, input)| (in_shard(shard), given(input))).collect())
    }

    pub(crate) fn route(workspace: &WorkspaceId, account: &UserId, inputs: &[Input]) -> Self {
        Self::Route(workspace.clone(), account.clone(), inputs.iter().map(given).collect())
    }

    pub(crate) fn open(shard: &Shard) -> Self {
        Self::Open(in_shard(shard))
    }

    pub(crate) fn commit(shard: &Shard, fence: Fence, commit: &Commit) -> Self {
        let kept = |record: &NewRecord| Kept {
            seq: record.seq,
            at: record.at,
            event: record.event.clone(),
            user_id: record.user_id.clone(),
            line: record.line.clone(),
            evaluation: record.evaluation.clone().map(|(comment, evaluation)| (comment, (*evaluation).into())),
        };
        let waiting = |effect: &NewEffect| Waiting {
            id: effect.id.clone(),
            decided: effect.decided,
            in_line: matches!(effect.lane, Lane::Contact(_)),
            contact: match &effect.lane {
                Lane::Contact(user_id) => Some(user_id.clone()),
                Lane::Free(user_id) => user_id.clone(),
            },
            effect: effect.effect.clone().into(),
            context: effect.context.clone(),
            in_doubt: effect.in_doubt,
        };
        let decided = Decided {
            decided: commit.decided,
            rows: commit.rows.iter().cloned().map(Stored::from).collect(),
            documents: commit.documents.clone(),
            records: commit.records.iter().map(kept).collect(),
            effects: commit.effects.iter().map(waiting).collect(),
            withdrawn: commit.withdrawn.clone(),
            erased: commit.erased.clone(),
            granted: commit.granted.iter().cloned().map(|placed| (placed.before, placed.envelope.into())).collect(),
            drawn: commit.drawn.iter().cloned().map(drawn).collect(),
        };
        Self::Commit(in_shard(shard), fence.0, Box::new(decided))
    }

    pub(crate) fn begin(key: &EffectKey, wall: Instant) -> Self {
        Self::Begin(of(key), wall)
    }

    pub(crate) fn settle(key: &EffectKey, settled: &Settled, receipt: Option<&Input>) -> Self {
        let outcome = match settled.clone() {
            Settled::Sent => Outcome::Sent,
            Settled::Failed(why) => Outcome::Failed(why),
            Settled::Again { not_before, counts, why } => Outcome::Again { not_before, counts, why },
            Settled::Dead(why) => Outcome::Dead(why),
        };
        Self::Settle(of(key), outcome, receipt.map(given))
    }

    /// Does it again, as it was done when the line was written. What was refused then is refused again, and whoever asked
    /// was told.
    pub(crate) async fn do_again(self, memory: &MemoryStore) {
        match self {
            Self::Made(_) => {}
            Self::Append(inputs) => {
                let inputs = inputs.into_iter().map(|(shard, given)| (shard_of(shard), given.input()));
                drop(memory.append(inputs.collect()).await);
            }
            Self::Route(workspace, account, inputs) => {
                drop(memory.route(&workspace, &account, inputs.into_iter().map(Given::input).collect()).await);
            }
            Self::Forward(workspace, account) => drop(memory.forward(&workspace, &account).await),
            Self::Open(shard) => drop(memory.open(&shard_of(shard)).await),
            Self::Commit(shard, fence, decided) => {
                drop(memory.commit(&shard_of(shard), Fence(fence), decided.commit()).await);
            }
            Self::Begin(of, wall) => drop(memory.begin(&key(of), wall).await),
            Self::Settle(of, outcome, receipt) => {
                drop(memory.settle(&key(of), outcome.settled(), receipt.map(Given::input)).await);
            }
            Self::Revive(workspace, effect) => drop(memory.revive(&workspace, &effect).await),
            Self::Renote(workspace, name, before, text) => {
                drop(memory.replace_note(&workspace, &name, before.as_deref(), &text).await);
            }
            Self::Note(workspace, name, text) => drop(memory.write_note(&workspace, &name, &text).await),
            Self::Prune(workspace, ids, limit) => drop(memory.prune(&workspace, ids, limit).await),
            Self::Cut(shard, until, seq, limit) => drop(memory.cut(&shard_of(shard), until, seq, limit).await),
            Self::Clear(shard, before, limit) => drop(memory.clear(&shard_of(shard), before, limit).await),
        }
    }
}

impl Given {
    fn input(self) -> Input {
        let Envelope { id, at, event } = self.1.into_inner();
        let stamp = match self.0 {
            Came::Received => Stamp::Received(at),
            Came::Brought => Stamp::Brought(at),
            Came::Latest => Stamp::Latest,
        };
        Input { id, stamp, event }
    }
}

impl Decided {
    fn commit(self) -> Commit {
        let record = |kept: Kept| NewRecord {
            seq: kept.seq,
            at: kept.at,
            event: kept.event,
            user_id: kept.user_id,
            line: kept.line,
            evaluation: kept.evaluation.map(|(comment, evaluation)| (comment, Box::new(evaluation.into_inner()))),
        };
        let effect = |waiting: Waiting| NewEffect {
            id: waiting.id,
            decided: waiting.decided,
            lane: match (waiting.in_line, waiting.contact) {
                (true, Some(user_id)) => Lane::Contact(user_id),
                (_, contact) => Lane::Free(contact),
            },
            effect: waiting.effect.into_inner(),
            context: waiting.context,
            in_doubt: waiting.in_doubt,
        };
        let mut commit = Commit::default();
        commit.decided = self.decided;
        commit.rows = self.rows.into_iter().map(Stored::into_inner).collect();
        commit.documents = self.documents;
        commit.records = self.records.into_iter().map(record).collect();
        commit.effects = self.effects.into_iter().map(effect).collect();
        commit.withdrawn = self.withdrawn;
        commit.erased = self.erased;
        let placed =
            |(before, envelope): (u64, Stored<'static, Envelope>)| Placed { before, envelope: envelope.into_inner() };
        commit.granted = self.granted.into_iter().map(placed).collect();
        commit.drawn = self.drawn.into_iter().map(Drawn::draw).collect();
        commit
    }
}

fn drawn(draw: Draw) -> Drawn {
    let Draw { cycle, contacts, within, limit, tell_at, tell, id, at } = draw;
    Drawn { cycle, contacts, within, limit, tell_at, tell, id, at }
}

impl Drawn {
    fn draw(self) -> Draw {
        let Self { cycle, contacts, within, limit, tell_at, tell, id, at } = self;
        Draw { cycle, contacts, within, limit, tell_at, tell, id, at }
    }
}

impl Outcome {
    fn settled(self) -> Settled {
        match self {
            Self::Sent => Settled::Sent,
            Self::Failed(why) => Settled::Failed(why),
            Self::Again { not_before, counts, why } => Settled::Again { not_before, counts, why },
            Self::Dead(why) => Settled::Dead(why),
        }
    }
}

pub(crate) fn in_shard(shard: &Shard) -> InShard {
    (shard.workspace.clone(), shard.partition)
}

fn shard_of((workspace, partition): InShard) -> Shard {
    Shard { workspace, partition }
}

fn of(key: &EffectKey) -> Of {
    (in_shard(&key.shard), key.user_id.clone(), key.id.clone())
}

fn key((shard, user_id, id): Of) -> EffectKey {
    EffectKey { shard: shard_of(shard), user_id, id }
}

fn given(input: &Input) -> Given {
    let (from, at) = match input.stamp {
        Stamp::Received(at) => (Came::Received, at),
        Stamp::Brought(at) => (Came::Brought, at),
        Stamp::Latest => (Came::Latest, Instant::from_milliseconds(0)),
    };
    Given(from, Stored::from(Envelope { id: input.id.clone(), at, event: input.event.clone() }))
}
