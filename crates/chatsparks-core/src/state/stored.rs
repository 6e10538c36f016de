//! Stored forms: contact and head as a store keeps them, read back for ever.
//!
//! The types that the engine works on may change from version to version; these do not. Each form says its
//! version in `v`, its first field, and knows every field by name: what a newer version wrote is refused with an
//! error that says so, and never read in part. They are meant for formats that name their fields, such as JSON.
//!
//! ```
//! use chatsparks_core::{Contact, StoredContact, UserId};
//! let stored = serde_json::to_string(&StoredContact::from(Contact::new(UserId::from("u1"))))?;
//! assert_eq!(stored, r#"{"v":1,"user_id":"u1"}"#);
//! let contact: Contact = serde_json::from_str::<StoredContact>(&stored)?.into();
//! assert_eq!(contact.user_id().as_str(), "u1");
//! let newer = serde_json::from_str::<StoredContact>(r#"{"v":2,"user_id":"u1","mood":"fine"}"#);
//! assert!(newer.unwrap_err().to_string().contains("version 2"));
//! # Ok::<(), serde_json::Error>(())
//! ```

use crate::{
    BlockId, CommentId, Contact, Conversation, ConversationState, Email, Field, FlowId, Head, Instant, Pending,
    PendingFor, PostId, Run, SentBy, SentLink, Standing, StateReason, Tag, Talk, Text, TimerKind, TriggerId, UserId,
    Waits, Window, document::workspace::Link, state::contact::Kept, state::throttle::Throttles,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{collections::BTreeMap, sync::Arc};

/// The version that is written.
const VERSION: u32 = 1;

/// A contact as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredContact(Contact);

/// A head as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHead(Head);

impl From<Contact> for StoredContact {
    fn from(contact: Contact) -> Self {
        Self(contact)
    }
}

impl From<StoredContact> for Contact {
    fn from(stored: StoredContact) -> Self {
        stored.0
    }
}

impl From<Head> for StoredHead {
    fn from(head: Head) -> Self {
        Self(head)
    }
}

impl From<StoredHead> for Head {
    fn from(stored: StoredHead) -> Self {
        stored.0
    }
}

impl Serialize for StoredContact {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        ContactV1::of(&self.0).serialize(to)
    }
}

impl<'de> Deserialize<'de> for StoredContact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        ContactV1::deserialize(from)?.contact().map(Self).map_err(de::Error::custom)
    }
}

impl Serialize for StoredHead {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        HeadV1::of(&self.0).serialize(to)
    }
}

impl<'de> Deserialize<'de> for StoredHead {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        HeadV1::deserialize(from).map(|head| Self(head.head()))
    }
}

/// The version of a form: the one that this build writes, or an error.
struct Version;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(VERSION)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match u32::deserialize(from)? {
            VERSION => Ok(Self),
            version => Err(de::Error::custom(format_args!(
                "stored as version {version}: this build reads version {VERSION} only; use a newer one"
            ))),
        }
    }
}

fn is_false(truth: &bool) -> bool {
    !truth
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactV1 {
    v: Version,
    user_id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handle: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "is_false")]
    commented: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    blocked: bool,
    /// When each trigger last fired.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    throttles: BTreeMap<TriggerId, Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    talk: Option<TalkV1>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TalkV1 {
    /// The flows that the conversation and the links name by their place here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    runs: Vec<RunV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationV1>,
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
    links: Vec<LinkV1>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fired: Vec<FiredV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunV1 {
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
struct ConversationV1 {
    id: u32,
    state: ConversationState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<StateReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Email>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<usize>,
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
struct LinkV1 {
    at: Instant,
    conversation: u32,
    link: Link,
    by: SentByV1,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum SentByV1 {
    Flow { run: usize, block: BlockId },
    Member(Email),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FiredV1 {
    timer: TimerKind,
    due: Instant,
    times: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadV1 {
    v: Version,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest: Option<Instant>,
    revision: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cycle_start: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_cycle: Option<Instant>,
    count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    told: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release_due: Option<Instant>,
}

/// What stands at a place that the form does not have.
const NO_RUN: &str = "a stored contact names a flow that does not stand in its `runs`";

impl ContactV1 {
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
            talk: talk.as_deref().map(TalkV1::of),
        }
    }

    fn contact(self) -> Result<Contact, &'static str> {
        let Self { v: Version, user_id, handle, commented, blocked, throttles: fired, talk } = self;
        let mut throttles = Throttles::default();
        fired.iter().for_each(|(trigger, at)| throttles.fire(trigger, *at));
        let talk = talk.map(TalkV1::talk).transpose()?.map(Box::new);
        Ok(Contact { user_id, handle, throttles, talk, commented, blocked })
    }
}

impl TalkV1 {
    fn of(talk: &Talk) -> Self {
        let Talk { conversation, pending, window, one_message, last_dm, counted_in, kept } = talk;
        let nothing = Kept::default();
        let Kept { tags, fields, links, fired } = kept.as_deref().unwrap_or(&nothing);
        let mut runs: Vec<&Arc<Run>> = Vec::new();
        let mut place = |run| {
            runs.iter().position(|known| *known == run).unwrap_or_else(|| {
                runs.push(run);
                runs.len() - 1
            })
        };
        let conversation =
            conversation.as_ref().map(|conversation| {
                let Conversation {
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
                } = conversation;
                ConversationV1 {
                    id: *id,
                    state: *state,
                    reason: *reason,
                    owner: owner.clone(),
                    run: run.as_ref().map(&mut place),
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
            });
        let links = links.iter().map(|SentLink { at, conversation, link, by }| LinkV1 {
            at: *at,
            conversation: *conversation,
            link: link.clone(),
            by: match by {
                SentBy::Flow(run, block) => SentByV1::Flow { run: place(run), block: block.clone() },
                SentBy::Member(member) => SentByV1::Member(member.clone()),
            },
        });
        Self {
            links: links.collect(),
            runs: runs.into_iter().map(|run| RunV1::of(run)).collect(),
            conversation,
            pending: pending.as_deref().map(PendingV1::of),
            window: window.as_deref().map(|&Window { opened, until, left }| WindowV1 { opened, until, left }),
            one_message: *one_message,
            last_dm: *last_dm,
            counted_in: *counted_in,
            tags: tags.iter().cloned().collect(),
            fields: fields.clone(),
            fired: fired
                .iter()
                .map(|(timer, due, times)| FiredV1 { timer: *timer, due: *due, times: *times })
                .collect(),
        }
    }

    fn talk(self) -> Result<Talk, &'static str> {
        let Self { runs, conversation, pending, window, one_message, last_dm, counted_in, tags, fields, links, fired } =
            self;
        let runs: Vec<Arc<Run>> = runs.into_iter().map(|run| Arc::new(run.run())).collect();
        let run = |place: usize| runs.get(place).cloned().ok_or(NO_RUN);
        let conversation = conversation.map(|stored| {
            let ConversationV1 {
                id,
                state,
                reason,
                owner,
                run: place,
                stands,
                last_bot,
                last_in_human,
                flow_wait,
                idle,
                close,
            } = stored;
            let stands = stands.map(|StandingV1 { block, waits, mismatches }| Standing { block, waits, mismatches });
            let run = place.map(run).transpose()?;
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
        let kept = Kept {
            tags: tags.into_iter().collect(),
            fields,
            links: links.collect::<Result<_, &'static str>>()?,
            fired: fired.into_iter().map(|FiredV1 { timer, due, times }| (timer, due, times)).collect(),
        };
        Ok(Talk {
            conversation: conversation.transpose()?,
            pending: pending.map(|pending| Box::new(pending.pending())),
            window: window.map(|WindowV1 { opened, until, left }| Box::new(Window { opened, until, left })),
            one_message,
            last_dm,
            counted_in,
            kept: Some(kept).filter(|kept| *kept != Kept::default()).map(Arc::new),
        })
    }
}

impl RunV1 {
    fn of(run: &Run) -> Self {
        let Run { trigger, keyword, comment_id, comment_at, post_id, flow, version } = run.clone();
        Self { trigger, keyword, comment_id, comment_at, post_id, flow, version }
    }

    fn run(self) -> Run {
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

impl HeadV1 {
    fn of(head: &Head) -> Self {
        let Head { latest, revision, cycle_start, next_cycle, count, limit, told, release_due } = head.clone();
        Self { v: Version, latest, revision, cycle_start, next_cycle, count, limit, told, release_due }
    }

    fn head(self) -> Head {
        let Self { v: Version, latest, revision, cycle_start, next_cycle, count, limit, told, release_due } = self;
        Head { latest, revision, cycle_start, next_cycle, count, limit, told, release_due }
    }
}
