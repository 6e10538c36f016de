//! A contact of version 1, in which its links and firings lay: read, and written where a store asks for forms that old.

use super::{
    ContactV2, ConversationState, ConversationV2, PendingV1, RunV1, StandingV1, TalkV2, Version, WindowV1, is_false,
};
use crate::{
    BlockId, Contact, Conversation, Email, Field, Instant, Run, SentBy, SentLink, Standing, StateReason, Tag, Talk,
    Text, TimerKind, TriggerId, UserId, Window,
    document::workspace::Link,
    state::contact::Kept,
    state::stored::{Sealed, unknown_version},
    state::throttle::Throttles,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{collections::BTreeMap, sync::Arc};

/// A contact of version 1, and what lay inside it then and lies in rows of its own now.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ContactOfVersion1 {
    /// The contact.
    pub contact: Contact,
    /// The links sent to them, in the order sent: [`Row::Link`](crate::Row::Link).
    pub links: Vec<SentLink>,
    /// How often their timers with effects fired: [`Row::Fired`](crate::Row::Fired).
    pub fired: Vec<(TimerKind, Instant, u32)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactV1 {
    user_id: UserId,
    #[serde(default)]
    handle: Option<Text>,
    #[serde(default)]
    commented: bool,
    #[serde(default)]
    blocked: bool,
    /// When each trigger last fired.
    #[serde(default)]
    throttles: BTreeMap<TriggerId, Instant>,
    #[serde(default)]
    talk: Option<TalkV1>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TalkV1 {
    /// The flows that the conversation and the links name by their place here.
    runs: Vec<RunV1>,
    conversation: Option<ConversationV1>,
    pending: Option<PendingV1>,
    window: Option<WindowV1>,
    one_message: bool,
    last_dm: Option<Instant>,
    counted_in: Option<Instant>,
    tags: Vec<Tag>,
    fields: BTreeMap<Field, Text>,
    links: Vec<LinkV1>,
    fired: Vec<FiredV1>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConversationV1 {
    id: u32,
    state: ConversationState,
    #[serde(default)]
    reason: Option<StateReason>,
    #[serde(default)]
    owner: Option<Email>,
    #[serde(default)]
    run: Option<usize>,
    #[serde(default)]
    stands: Option<StandingV1>,
    #[serde(default)]
    last_bot: Option<Instant>,
    #[serde(default)]
    flow_wait: Option<Instant>,
    #[serde(default)]
    idle: Option<Instant>,
    #[serde(default)]
    close: Option<Instant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkV1 {
    at: Instant,
    conversation: u32,
    link: Link,
    by: SentByV1,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum SentByV1 {
    Flow { run: usize, block: BlockId },
    Member(Email),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FiredV1 {
    timer: TimerKind,
    due: Instant,
    times: u32,
}

/// A contact as version 1 wrote it; links and firings lie in rows of their own since.
#[derive(Serialize)]
pub(super) struct Written {
    v: Version<1>,
    user_id: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<Text>,
    #[serde(skip_serializing_if = "is_false")]
    commented: bool,
    #[serde(skip_serializing_if = "is_false")]
    blocked: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    throttles: BTreeMap<TriggerId, Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    talk: Option<TalkWritten>,
}

#[derive(Serialize)]
struct TalkWritten {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    runs: Vec<RunV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationWritten>,
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
}

#[derive(Serialize)]
struct ConversationWritten {
    id: u32,
    state: ConversationState,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<StateReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Email>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stands: Option<StandingV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_bot: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_wait: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close: Option<Instant>,
}

impl Written {
    /// None: it holds what version 1 lacks, and nothing may be lost for the sake of an older reader.
    pub(super) fn of(contact: &Contact) -> Option<Self> {
        let ContactV2 { v: _, user_id, handle, commented, blocked, throttles, talk } = ContactV2::of(contact);
        let talk = match talk {
            Some(talk) => Some(TalkWritten::of(talk)?),
            None => None,
        };
        Some(Self { v: Version, user_id, handle, commented, blocked, throttles, talk })
    }
}

impl TalkWritten {
    fn of(talk: TalkV2) -> Option<Self> {
        let TalkV2 { conversation, pending, window, one_message, last_dm, counted_in, tags, fields, faulted } = talk;
        if !faulted.is_empty() {
            return None;
        }
        let mut runs = Vec::new();
        let conversation = match conversation {
            None => None,
            Some(ConversationV2 { last_in_human: Some(_), .. }) => return None,
            Some(conversation) => {
                let ConversationV2 {
                    id,
                    state,
                    reason,
                    owner,
                    run,
                    stands,
                    last_bot,
                    last_in_human: _,
                    flow_wait,
                    idle,
                    close,
                } = conversation;
                let run = run.map(|run| {
                    runs.push(run);
                    0
                });
                Some(ConversationWritten { id, state, reason, owner, run, stands, last_bot, flow_wait, idle, close })
            }
        };
        Some(Self { runs, conversation, pending, window, one_message, last_dm, counted_in, tags, fields })
    }
}

/// What stands at a place that the form does not have.
const NO_RUN: &str = "a stored contact names a flow that does not stand in its `runs`";

impl Sealed for ContactOfVersion1 {
    fn write<S: Serializer>(&self, _to: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("version 1 of a contact is read, and never written"))
    }

    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error> {
        match version {
            1 => ContactV1::deserialize(rest)?.contact().map_err(de::Error::custom),
            _ => Err(unknown_version(version, 1)),
        }
    }
}

impl ContactV1 {
    fn contact(self) -> Result<ContactOfVersion1, &'static str> {
        let Self { user_id, handle, commented, blocked, throttles, talk } = self;
        let throttles = Throttles::from_sorted(throttles);
        let (talk, links, fired) = match talk.map(TalkV1::talk).transpose()? {
            Some((talk, links, fired)) => (Some(Box::new(talk)), links, fired),
            None => (None, Vec::new(), Vec::new()),
        };
        let contact = Contact { user_id, handle, throttles, talk, commented, blocked };
        Ok(ContactOfVersion1 { contact, links, fired })
    }
}

/// How often a timer fired at one due instant.
type Firing = (TimerKind, Instant, u32);

impl TalkV1 {
    fn talk(self) -> Result<(Talk, Vec<SentLink>, Vec<Firing>), &'static str> {
        let Self { runs, conversation, pending, window, one_message, last_dm, counted_in, tags, fields, links, fired } =
            self;
        let runs: Vec<Arc<Run>> = runs.into_iter().map(|run| Arc::new(run.run())).collect();
        let run = |place: usize| runs.get(place).cloned().ok_or(NO_RUN);
        let conversation = conversation.map(|stored| {
            let ConversationV1 { id, state, reason, owner, run: place, stands, last_bot, flow_wait, idle, close } =
                stored;
            let stands = stands.map(|StandingV1 { block, waits, mismatches }| Standing { block, waits, mismatches });
            let run = place.map(run).transpose()?;
            let last_in_human = None;
            Ok::<_, &str>(Conversation {
                id,
                state,
                reason,
                owner,
                run,
                stands,
                last_bot,
                last_in_human,
                flow_wait,
                idle,
                close,
            })
        });
        let links = links.into_iter().map(|LinkV1 { at, conversation, link, by }| {
            let by = match by {
                SentByV1::Flow { run: place, block } => SentBy::Flow(run(place)?, block),
                SentByV1::Member(member) => SentBy::Member(member),
            };
            Ok(SentLink { at, conversation, link, by })
        });
        let links = links.collect::<Result<_, &'static str>>()?;
        let fired = fired.into_iter().map(|FiredV1 { timer, due, times }| (timer, due, times)).collect();
        let kept = Kept { tags: tags.into_iter().collect(), fields, faulted: Vec::new() };
        let talk = Talk {
            conversation: conversation.transpose()?,
            pending: pending.map(|pending| Box::new(pending.pending())),
            window: window.map(|WindowV1 { opened, until, left }| Box::new(Window { opened, until, left })),
            one_message,
            last_dm,
            counted_in,
            kept: Some(kept).filter(|kept| *kept != Kept::default()).map(Arc::new),
        };
        Ok((talk, links, fired))
    }
}
