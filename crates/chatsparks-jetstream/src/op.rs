//! What a journal's messages say: one operation each, as JSON, or in parts where it is large.
//!
//! Every process folds the same operations in the same order, and so comes to the same state; what each does is written in
//! [`state`](crate::state). A form that has to change keeps its old one beside it: `v` says which it is.

use crate::failure::form;
use chatsparks_core::{Envelope, EventId, Storable, Stored, UserId};
use chatsparks_ports::{
    Draw, Input, NewEffect, Settled, Stamp, StoreError, bot_conversation, erasure, kind_of, moving::Piece,
};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::sync::{Arc, OnceLock};

/// The newest version of an operation that this build writes and folds.
pub(crate) const VERSION: u32 = 3;

/// One message of the journal, its parts put together.
#[derive(Serialize, Deserialize)]
pub(crate) struct Op {
    pub(crate) v: u32,
    /// Its own id: whoever cannot hear whether it was taken sends it again.
    pub(crate) id: (u64, u64),
    pub(crate) does: Does,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Does {
    Append(Vec<In>),
    Route {
        account: UserId,
        inputs: Vec<In>,
    },
    Forward {
        account: UserId,
    },
    Open(u32),
    Commit(Box<Committed>),
    Begin {
        partition: u32,
        effect: String,
        wall: i64,
        /// Who begins it: whoever has lost the partition begins nothing. One that says so is of version 2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fence: Option<u64>,
    },
    Settle {
        partition: u32,
        effect: String,
        settled: How,
        receipt: Option<In>,
    },
    Revive(String),
    Note {
        name: String,
        text: String,
    },
    /// A note where another still stands; of version 2.
    Renote {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        text: String,
    },
    Prune {
        ids_before: i64,
        limit: usize,
    },
    Cut {
        partition: u32,
        until: u64,
        first_record: u64,
        limit: usize,
    },
    Clear {
        partition: u32,
        before: Option<i64>,
        limit: usize,
    },
    /// What is left of an operation once somebody was forgotten (R12): it stands for the one that had this place.
    Rewritten {
        of: u64,
        left: Box<Does>,
    },
    /// The message that was written anew is gone.
    Deleted(u64),
    /// Something that another store had; of version 2.
    Bring(Box<Brought>),
    /// What was brought goes, but for logs and records; of version 2.
    Wipe,
}

impl Does {
    /// The first version that knows it: what is older is written as it was.
    pub(crate) fn version(&self) -> u32 {
        match self {
            Self::Commit(commit) if commit.keeps_tried => 3,
            Self::Bring(_) | Self::Wipe | Self::Renote { .. } | Self::Begin { fence: Some(_), .. } => 2,
            Self::Rewritten { left, .. } => left.version(),
            _ => 1,
        }
    }

    /// The events that it brings, in order.
    pub(crate) fn inputs(&self) -> &[In] {
        match self {
            Self::Append(inputs) | Self::Route { inputs, .. } => inputs,
            Self::Settle { receipt, .. } => receipt.as_slice(),
            Self::Rewritten { left, .. } => left.inputs(),
            Self::Bring(brought) => &brought.inputs,
            _ => &[],
        }
    }

    /// The records that it brings, in order.
    pub(crate) fn records(&self) -> &[RecordForm] {
        match self {
            Self::Commit(commit) => &commit.records,
            Self::Rewritten { left, .. } => left.records(),
            Self::Bring(brought) => &brought.records,
            _ => &[],
        }
    }
}

/// How an event gets its `at`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stamped {
    Received,
    Brought,
    Latest,
}

/// An event to be logged.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct In {
    /// The partition, where whoever sends it says so.
    #[serde(default)]
    pub(crate) partition: u32,
    pub(crate) stamp: Stamped,
    pub(crate) at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<UserId>,
    /// Whether there is something in it that forgetting takes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) texts: bool,
    /// The envelope.
    pub(crate) form: Written,
}

/// An envelope as its form, and in words once somebody has asked: finding its place and deciding it need it both.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Written {
    form: Box<RawValue>,
    #[serde(skip)]
    words: OnceLock<Arc<Envelope>>,
}

impl Written {
    pub(crate) fn of(envelope: Envelope) -> Result<Self, StoreError> {
        Ok(Self { form: raw(&envelope)?, words: OnceLock::from(Arc::new(envelope)) })
    }

    pub(crate) fn get(&self) -> &str {
        self.form.get()
    }

    pub(crate) fn words(&self) -> Result<&Arc<Envelope>, StoreError> {
        match self.words.get() {
            Some(words) => Ok(words),
            None => {
                let words = Arc::new(read(self.form.get())?);
                Ok(self.words.get_or_init(|| words))
            }
        }
    }
}

impl From<Box<RawValue>> for Written {
    fn from(form: Box<RawValue>) -> Self {
        Self { form, words: OnceLock::new() }
    }
}

impl In {
    pub(crate) fn of(partition: u32, input: Input) -> Result<Self, StoreError> {
        let at = input.stamp.at(None);
        let envelope = Envelope { id: input.id, at, event: input.event };
        Ok(Self {
            partition,
            stamp: match input.stamp {
                Stamp::Received(_) => Stamped::Received,
                Stamp::Brought(_) => Stamped::Brought,
                Stamp::Latest => Stamped::Latest,
            },
            at: at.as_milliseconds(),
            user_id: envelope.event.user_id().cloned(),
            texts: erasure::holds_words(&envelope.event),
            form: Written::of(envelope)?,
        })
    }

    pub(crate) fn stamp(&self) -> Stamp {
        let at = chatsparks_core::Instant::from_milliseconds(self.at);
        match self.stamp {
            Stamped::Received => Stamp::Received(at),
            Stamped::Brought => Stamp::Brought(at),
            Stamped::Latest => Stamp::Latest,
        }
    }

    /// What was to be logged.
    pub(crate) fn input(&self) -> Result<Input, StoreError> {
        let words = self.form.words()?;
        Ok(Input { id: words.id.clone(), stamp: self.stamp(), event: words.event.clone() })
    }
}

/// A row: its key in words, and its form. Of an id that was seen, the instant is all there is.
#[derive(Serialize, Deserialize)]
pub(crate) struct RowForm {
    pub(crate) kind: String,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) queued: Option<i64>,
    /// Since when it is remembered (T5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<i64>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RecordForm {
    pub(crate) seq: u64,
    pub(crate) at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<EventId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<UserId>,
    pub(crate) line: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evaluation: Option<(String, Box<RawValue>)>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct EffectForm {
    pub(crate) id: String,
    pub(crate) seq: u64,
    pub(crate) place: u32,
    pub(crate) lane: Option<UserId>,
    pub(crate) free: bool,
    pub(crate) kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) conversation: Option<u32>,
    pub(crate) form: Box<RawValue>,
    pub(crate) context: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_after: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) in_doubt: bool,
}

impl EffectForm {
    pub(crate) fn of(effect: &NewEffect) -> Result<Self, StoreError> {
        let (lane, free) = match &effect.lane {
            chatsparks_ports::Lane::Contact(user_id) => (Some(user_id.clone()), false),
            chatsparks_ports::Lane::Free(user_id) => (user_id.clone(), true),
        };
        Ok(Self {
            id: effect.id.clone(),
            seq: effect.decided.0,
            place: effect.decided.1,
            lane,
            free,
            kind: kind_of(&effect.effect).to_owned(),
            conversation: bot_conversation(&effect.effect),
            form: raw(&effect.effect)?,
            context: to_raw_value(&effect.context).map_err(form)?,
            not_after: effect.context.not_after.map(chatsparks_core::Instant::as_milliseconds),
            in_doubt: effect.in_doubt,
        })
    }
}

/// What a commit draws of the pool.
#[derive(Serialize, Deserialize)]
pub(crate) struct DrawForm {
    cycle: i64,
    contacts: i64,
    within: u64,
    limit: Option<u64>,
    tell_at: Vec<u64>,
    tell: bool,
    id: String,
    at: i64,
}

impl From<&Draw> for DrawForm {
    fn from(draw: &Draw) -> Self {
        Self {
            cycle: draw.cycle.as_milliseconds(),
            contacts: draw.contacts,
            within: draw.within,
            limit: draw.limit,
            tell_at: draw.tell_at.clone(),
            tell: draw.tell,
            id: draw.id.clone(),
            at: draw.at.as_milliseconds(),
        }
    }
}

impl From<&DrawForm> for Draw {
    fn from(form: &DrawForm) -> Self {
        let instant = chatsparks_core::Instant::from_milliseconds;
        Self {
            cycle: instant(form.cycle),
            contacts: form.contacts,
            within: form.within,
            limit: form.limit,
            tell_at: form.tell_at.clone(),
            tell: form.tell,
            id: form.id.clone(),
            at: instant(form.at),
        }
    }
}

/// What was decided of a batch.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Committed {
    pub(crate) partition: u32,
    pub(crate) fence: u64,
    pub(crate) decided: u64,
    pub(crate) rows: Vec<RowForm>,
    pub(crate) documents: Vec<(u32, Box<RawValue>)>,
    pub(crate) records: Vec<RecordForm>,
    pub(crate) effects: Vec<EffectForm>,
    /// By what each number counts.
    pub(crate) insights: Vec<(String, i128)>,
    pub(crate) withdrawn: Vec<(UserId, u32, u64)>,
    /// Whether what was tried already stays, though it is to be withdrawn (O7); of version 3. Before, it went.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) keeps_tried: bool,
    pub(crate) granted: Vec<(u64, Box<RawValue>)>,
    pub(crate) drawn: Vec<DrawForm>,
    /// Who is forgotten, by the record of which `seq`, and where the log says so.
    pub(crate) erased: Vec<(UserId, u64, u64)>,
    /// The engine that decided it (R14).
    pub(crate) engine: String,
}

/// Pieces of another store (S4). Events and records stand first, so that they are found as those of any operation are.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Brought {
    pub(crate) inputs: Vec<In>,
    pub(crate) records: Vec<RecordForm>,
    /// Of each event where it goes, in the order of the events.
    pub(crate) events: Vec<BroughtEvent>,
    /// The partition of each record.
    pub(crate) partitions: Vec<u32>,
    /// Everything else.
    pub(crate) pieces: Vec<Piece>,
}

/// Where an event goes that was brought.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BroughtEvent {
    /// Into its partition's log.
    Logged { position: u64, erased: bool },
    /// It waits.
    Waits { kind: String, name: String, until: Vec<(u32, u64)>, linked: Option<u32> },
}

/// What became of an effect, or of an attempt.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    Sent,
    Failed(String),
    Again { not_before: i64, counts: bool, why: String },
    Dead(String),
}

impl From<Settled> for How {
    fn from(settled: Settled) -> Self {
        match settled {
            Settled::Sent => Self::Sent,
            Settled::Failed(why) => Self::Failed(why),
            Settled::Again { not_before, counts, why } => {
                Self::Again { not_before: not_before.as_milliseconds(), counts, why }
            }
            Settled::Dead(why) => Self::Dead(why),
        }
    }
}

/// The stored form of a value.
pub(crate) fn raw<T: Storable>(value: &T) -> Result<Box<RawValue>, StoreError> {
    to_raw_value(&Stored::from(value)).map_err(form)
}

/// The value of a stored form.
pub(crate) fn read<T: Storable>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str::<Stored<'static, T>>(text).map(Stored::into_inner).map_err(form)
}
