//! A contact as it is stored. What grows with a contact's past (links, firings) lies in rows of its own since version 2.

use super::{Sealed, Version, is_false, unknown_version};
use crate::{
    BlockId, CommentId, Contact, Conversation, ConversationState, Email, Field, FlowId, Instant, Pending, PendingFor,
    PostId, Run, Standing, StateReason, Tag, Talk, Text, TimerKind, TriggerId, UserId, Waits, Window,
    state::contact::Kept, state::throttle::Throttles,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{collections::BTreeMap, sync::Arc};

mod version_1;

pub use version_1::ContactOfVersion1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactV2 {
    #[serde(skip_deserializing)]
    v: Version<2>,
    user_id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handle: Option<Text>,
    #[serde(default, skip_serializing_if = "is_false")]
    commented: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    blocked: bool,
    /// When each trigger last fired.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    throttles: BTreeMap<TriggerId, Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    talk: Option<TalkV2>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TalkV2 {
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationV2>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<PendingV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<WindowV1>,
    #[serde(skip_serializing_if = "is_false")]
    one_message: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_dm: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counted_in: Option<Instant>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<Field, Text>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faulted: Vec<FaultedV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunV1 {
    trigger: TriggerId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyword: Option<Arc<str>>,
    comment_id: CommentId,
    comment_at: Instant,
    post_id: PostId,
    flow: FlowId,
    version: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConversationV2 {
    id: u32,
    state: ConversationState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<StateReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Email>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<RunV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stands: Option<StandingV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_bot: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_in_human: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flow_wait: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idle: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    close: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StandingV1 {
    block: BlockId,
    waits: Waits,
    mismatches: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PendingV1 {
    waits: PendingFor,
    until: Instant,
    trigger: TriggerId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyword: Option<Arc<str>>,
    flow: FlowId,
    comment_id: CommentId,
    comment_at: Instant,
    posted_at: Instant,
    post_id: PostId,
    is_reply: bool,
    answerable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fired_before: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowV1 {
    opened: Instant,
    until: Instant,
    left: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultedV1 {
    timer: TimerKind,
    due: Instant,
}

impl Sealed for Contact {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        ContactV2::of(self).serialize(to)
    }

    fn write_at<S: Serializer>(&self, forms: u32, to: S) -> Result<S::Ok, S::Error> {
        match version_1::Written::of(self).filter(|_| forms < 1) {
            Some(past) => past.serialize(to),
            None => self.write(to),
        }
    }

    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error> {
        match version {
            // Its links and firings are read by `ContactOfVersion1`.
            1 => ContactOfVersion1::read(version, rest).map(|past| past.contact),
            2 => Ok(ContactV2::deserialize(rest)?.contact()),
            _ => Err(unknown_version(version, 2)),
        }
    }
}

impl ContactV2 {
    // Every field is taken by name, so that a field added to the state cannot be forgotten here.
    fn of(contact: &Contact) -> Self {
        let Contact { user_id, handle, throttles, talk, commented, blocked } = contact;
        Self {
            v: Version,
            user_id: user_id.clone(),
            handle: handle.clone(),
            commented: *commented,
            blocked: *blocked,
            throttles: throttles.iter().map(|(trigger, at)| (trigger.clone(), at)).collect(),
            talk: talk.as_deref().map(TalkV2::of),
        }
    }

    fn contact(self) -> Contact {
        let Self { v: Version, user_id, handle, commented, blocked, throttles, talk } = self;
        let throttles = Throttles::from_sorted(throttles);
        Contact { user_id, handle, throttles, talk: talk.map(|talk| Box::new(talk.talk())), commented, blocked }
    }
}

impl TalkV2 {
    fn of(talk: &Talk) -> Self {
        let Talk { conversation, pending, window, one_message, last_dm, counted_in, kept } = talk;
        let nothing = Kept::default();
        let Kept { tags, fields, faulted } = kept.as_deref().unwrap_or(&nothing);
        Self {
            conversation: conversation.as_ref().map(ConversationV2::of),
            pending: pending.as_deref().map(PendingV1::of),
            window: window.as_deref().map(|&Window { opened, until, left }| WindowV1 { opened, until, left }),
            one_message: *one_message,
            last_dm: *last_dm,
            counted_in: *counted_in,
            tags: tags.iter().cloned().collect(),
            fields: fields.clone(),
            faulted: faulted.iter().map(|&(timer, due)| FaultedV1 { timer, due }).collect(),
        }
    }

    fn talk(self) -> Talk {
        let Self { conversation, pending, window, one_message, last_dm, counted_in, tags, fields, faulted } = self;
        let kept = Kept {
            tags: tags.into_iter().collect(),
            fields,
            faulted: faulted.into_iter().map(|FaultedV1 { timer, due }| (timer, due)).collect(),
        };
        Talk {
            conversation: conversation.map(ConversationV2::conversation),
            pending: pending.map(|pending| Box::new(pending.pending())),
            window: window.map(|WindowV1 { opened, until, left }| Box::new(Window { opened, until, left })),
            one_message,
            last_dm,
            counted_in,
            kept: Some(kept).filter(|kept| *kept != Kept::default()).map(Arc::new),
        }
    }
}

impl ConversationV2 {
    fn of(conversation: &Conversation) -> Self {
        let Conversation { id, state, reason, owner, run, stands, last_bot, last_in_human, flow_wait, idle, close } =
            conversation;
        Self {
            id: *id,
            state: *state,
            reason: *reason,
            owner: owner.clone(),
            run: run.as_deref().map(RunV1::of),
            stands: stands.as_ref().map(|Standing { block, waits, mismatches }| StandingV1 {
                block: block.clone(),
                waits: *waits,
                mismatches: *mismatches,
            }),
            last_bot: *last_bot,
            last_in_human: *last_in_human,
            flow_wait: *flow_wait,
            idle: *idle,
            close: *close,
        }
    }

    fn conversation(self) -> Conversation {
        let Self { id, state, reason, owner, run, stands, last_bot, last_in_human, flow_wait, idle, close } = self;
        let stands = stands.map(|StandingV1 { block, waits, mismatches }| Standing { block, waits, mismatches });
        let run = run.map(|run| Arc::new(run.run()));
        Conversation { id, state, reason, owner, run, stands, last_bot, last_in_human, flow_wait, idle, close }
    }
}

impl RunV1 {
    pub(super) fn of(run: &Run) -> Self {
        let Run { trigger, keyword, comment_id, comment_at, post_id, flow, version } = run.clone();
        Self { trigger, keyword, comment_id, comment_at, post_id, flow, version }
    }

    pub(super) fn run(self) -> Run {
        let Self { trigger, keyword, comment_id, comment_at, post_id, flow, version } = self;
        Run { trigger, keyword, comment_id, comment_at, post_id, flow, version }
    }
}

impl PendingV1 {
    fn of(pending: &Pending) -> Self {
        let Pending {
            waits,
            until,
            trigger,
            keyword,
            flow,
            comment_id,
            comment_at,
            posted_at,
            post_id,
            is_reply,
            answerable,
            fired_before,
        } = pending.clone();
        Self {
            waits,
            until,
            trigger,
            keyword,
            flow,
            comment_id,
            comment_at,
            posted_at,
            post_id,
            is_reply,
            answerable,
            fired_before,
        }
    }

    fn pending(self) -> Pending {
        let Self {
            waits,
            until,
            trigger,
            keyword,
            flow,
            comment_id,
            comment_at,
            posted_at,
            post_id,
            is_reply,
            answerable,
            fired_before,
        } = self;
        Pending {
            waits,
            until,
            trigger,
            keyword,
            flow,
            comment_id,
            comment_at,
            posted_at,
            post_id,
            is_reply,
            answerable,
            fired_before,
        }
    }
}
