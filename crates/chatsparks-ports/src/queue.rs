//! The queue: effects that wait to be performed, and what came of them (O).

use crate::{Input, NewEffect, Shard, StoreError};
use chatsparks_core::{CommentId, Effect, Instant, PostId, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};

/// The idempotency key of an effect: workspace, contact and effect id (R4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectKey {
    /// The shard that decided it.
    pub shard: Shard,
    /// The contact of its record, where there is one.
    pub user_id: Option<UserId>,
    /// Its id.
    pub id: String,
}

impl EffectKey {
    /// The key of an effect whose record names this contact.
    pub fn new(shard: &Shard, user_id: Option<&UserId>, effect: &NewEffect) -> Self {
        let user_id = user_id.or(match &effect.lane {
            Lane::Contact(user_id) => Some(user_id),
            Lane::Free(user_id) => user_id.as_ref(),
        });
        Self { shard: shard.clone(), user_id: user_id.cloned(), id: effect.id.clone() }
    }
}

/// The kind of an effect, as records name it.
pub fn kind_of(effect: &Effect) -> &'static str {
    match effect {
        Effect::PublicReply { .. } => "public_reply",
        Effect::SendDm(_) => "send_dm",
        Effect::NotifyInbox { .. } => "notify_inbox",
        Effect::NotifyOwners { .. } => "notify_owners",
    }
}

/// The conversation that a DM of the bot belongs to: what is withdrawn when a person takes it (O7).
pub fn bot_conversation(effect: &Effect) -> Option<u32> {
    match effect {
        Effect::SendDm(dm) if dm.member.is_none() => Some(dm.conversation),
        _ => None,
    }
}

/// Whom an effect waits behind (O2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The effects of this contact that were decided before it.
    Contact(UserId),
    /// Nobody, and nobody waits for it: a notification, which bears this contact where it has one.
    Free(Option<UserId>),
}

/// What a channel may need beside the effect, fixed when it is decided (H1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// The post that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<PostId>,
    /// The comment that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers_comment: Option<CommentId>,
    /// When its chance is over (O3); none: it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Instant>,
}

/// Where an effect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectState {
    /// It waits.
    Waiting,
    /// An attempt begins, or was under way when the process ended (O5).
    InDoubt,
    /// It was given up, and can be retried or dropped (O4).
    Dead,
    /// It was sent.
    Sent,
    /// It failed for good.
    Failed,
}

impl EffectState {
    /// Its number, by which stores keep it.
    pub fn number(self) -> u8 {
        match self {
            Self::Waiting => 0,
            Self::InDoubt => 1,
            Self::Dead => 2,
            Self::Sent => 3,
            Self::Failed => 4,
        }
    }

    /// The state of a number; none is above [`EffectState::Failed`].
    pub fn of(number: u8) -> Self {
        match number {
            0 => Self::Waiting,
            1 => Self::InDoubt,
            2 => Self::Dead,
            3 => Self::Sent,
            _ => Self::Failed,
        }
    }

    /// Whether it has its outcome.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Sent | Self::Failed)
    }
}

/// An effect that may go now.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Its key.
    pub key: EffectKey,
    /// Whether an attempt was under way when a process ended.
    pub in_doubt: bool,
    /// What is to be done.
    pub effect: Effect,
    /// What was fixed when it was decided.
    pub context: Context,
    /// Attempts that came to an end so far.
    pub attempts: u32,
    /// When the first attempt began, on the wall clock; none while no attempt counts.
    pub first_attempt: Option<Instant>,
}

/// What became of an effect, or of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// It was sent.
    Sent,
    /// It failed for good: the channel's reason, `too_late`, `dropped`, `in_doubt`.
    Failed(String),
    /// It is tried again, not before this instant of the wall clock. A stop of the whole channel is no attempt (O8).
    Again {
        /// Not before this.
        not_before: Instant,
        /// Whether it counts as an attempt.
        counts: bool,
        /// Why, without anything that somebody wrote.
        why: String,
    },
    /// It was given up (O4).
    Dead(String),
}

/// An effect that waits, as it is listed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Queued {
    /// Its id.
    pub effect: String,
    /// The contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// What kind of effect.
    pub kind: String,
    /// Where it stands.
    pub state: EffectState,
    /// Attempts so far.
    pub attempts: u32,
    /// When its chance is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Instant>,
    /// Not before this instant of the wall clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Instant>,
    /// Why it was not sent so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// An effect that was given up.
pub type DeadLetter = Queued;

/// How many effects of a workspace stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueCount {
    /// Waiting.
    pub waiting: u64,
    /// In doubt.
    pub in_doubt: u64,
    /// Given up.
    pub dead: u64,
    /// Sent so far.
    pub sent: u64,
    /// Failed so far.
    pub failed: u64,
}

/// Effects that wait, and their outcomes.
pub trait Queue: Send + Sync + 'static {
    /// Effects that may go: the first of each lane and every free one, none that is tried again later, the one whose
    /// chance ends soonest first, then in the order decided; none of `busy`, whose lanes are taken.
    ///
    /// # Errors
    /// What the store says.
    fn ready(
        &self,
        workspace: &WorkspaceId,
        wall: Instant,
        busy: &[EffectKey],
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Ready>, StoreError>> + Send;

    /// The same, of these partitions alone: those that a worker serves, where there are several. A store that one process
    /// has may leave it as it is.
    ///
    /// # Errors
    /// What the store says.
    fn ready_in(
        &self,
        workspace: &WorkspaceId,
        _partitions: &[u32],
        wall: Instant,
        busy: &[EffectKey],
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Ready>, StoreError>> + Send {
        self.ready(workspace, wall, busy, limit)
    }

    /// Writes down that an attempt begins, before it does (O5). False: the effect does not wait any more.
    ///
    /// # Errors
    /// What the store says.
    fn begin(&self, key: &EffectKey, wall: Instant) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Writes down what came of it, and logs the receipt, in one piece (O1). An effect that has its outcome keeps it;
    /// false then.
    ///
    /// # Errors
    /// What the store says.
    fn settle(
        &self,
        key: &EffectKey,
        settled: Settled,
        receipt: Option<Input>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Brings a dead letter back into the queue. False: there is none of this id.
    ///
    /// # Errors
    /// What the store says.
    fn revive(&self, workspace: &WorkspaceId, effect: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// An effect that has no outcome yet, by its id.
    ///
    /// # Errors
    /// What the store says.
    fn find(
        &self,
        workspace: &WorkspaceId,
        effect: &str,
    ) -> impl Future<Output = Result<Option<(EffectKey, Effect)>, StoreError>> + Send;

    /// How many stand where.
    ///
    /// # Errors
    /// What the store says.
    fn count(&self, workspace: &WorkspaceId) -> impl Future<Output = Result<QueueCount, StoreError>> + Send;

    /// Effects in a state, in the order in which they would go.
    ///
    /// # Errors
    /// What the store says.
    fn list(
        &self,
        workspace: &WorkspaceId,
        state: EffectState,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Queued>, StoreError>> + Send;

    /// Where these effects stand, in any order: those that have their outcome too, for as long as it is kept. Whatever is
    /// not known is left out.
    ///
    /// # Errors
    /// What the store says.
    fn standing(
        &self,
        workspace: &WorkspaceId,
        effects: &[String],
    ) -> impl Future<Output = Result<Vec<Queued>, StoreError>> + Send;

    /// When the next effect may go that is tried again later, of those that may not yet.
    ///
    /// # Errors
    /// What the store says.
    fn next_retry(
        &self,
        workspace: &WorkspaceId,
        now: Instant,
    ) -> impl Future<Output = Result<Option<Instant>, StoreError>> + Send;
}
