//! A contact: a TikTok user as one workspace sees them, and all that a decision needs of them.

use crate::{
    BlockId, CommentId, ConversationState, Email, Field, FlowId, Instant, PostId, StateReason, Tag, Text, TimerKind,
    TriggerId, UserId, document::workspace::Link, state::change::ContactChange, state::throttle::Throttles,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, collections::BTreeSet, sync::Arc};

/// A contact's state. Most contacts only ever comment, so what a DM needs stands behind one pointer.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    pub(crate) user_id: UserId,
    pub(crate) handle: Option<Text>,
    pub(crate) throttles: Throttles,
    pub(crate) talk: Option<Box<Talk>>,
    pub(crate) commented: bool,
    pub(crate) blocked: bool,
}

/// All that a contact has who was written to, who wrote, or for whom something waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Talk {
    pub(crate) conversation: Option<Conversation>,
    pub(crate) pending: Option<Box<Pending>>,
    pub(crate) window: Option<Box<Window>>,
    pub(crate) one_message: bool,
    pub(crate) last_dm: Option<Instant>,
    pub(crate) counted_in: Option<Instant>,
    /// Shared with the copy that a turn makes of the contact, since few turns change it.
    pub(crate) kept: Option<Arc<Kept>>,
}

/// What a contact keeps from one conversation to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    pub(crate) tags: BTreeSet<Tag>,
    pub(crate) fields: BTreeMap<Field, Text>,
    /// Timers whose decision failed within the engine: they stand no longer (R13).
    pub(crate) faulted: Vec<(TimerKind, Instant)>,
}

/// The last conversation of a contact, open or closed (V1).
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// Counts up per contact.
    pub id: u32,
    /// Where it stands.
    pub state: ConversationState,
    /// Why, unless a member brought it there.
    pub reason: Option<StateReason>,
    /// Whose it is (V7).
    pub owner: Option<Email>,
    /// The last flow that ran in it.
    pub run: Option<Arc<Run>>,
    /// Where that flow stands; none: it is completed.
    pub stands: Option<Standing>,
    /// The latest instant at which the bot sent a DM in it (V2).
    pub last_bot: Option<Instant>,
    /// When it last came to Human, or the last word of either side there, whichever is later (V6).
    pub(crate) last_in_human: Option<Instant>,
    pub(crate) flow_wait: Option<Instant>,
    pub(crate) idle: Option<Instant>,
    pub(crate) close: Option<Instant>,
}

/// A flow that runs or ran, and what led to it (A4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The trigger that fired.
    pub trigger: TriggerId,
    /// The keyword that matched, where one did.
    pub keyword: Option<Arc<str>>,
    /// The comment it answered.
    pub comment_id: CommentId,
    /// When that comment came.
    pub comment_at: Instant,
    /// The post of that comment.
    pub post_id: PostId,
    /// The flow.
    pub flow: FlowId,
    /// The version it started with, and stays on (F9).
    pub version: i64,
}

/// Where a flow stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The block.
    pub block: BlockId,
    /// What it waits for.
    pub waits: Waits,
    /// Replies in a row that were not taken (F5).
    pub mismatches: u32,
}

/// What a flow waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// For the buyer's reply.
    Reply,
    /// For time to pass (F7).
    Time,
    /// For the buyer's next message, which lets the block run (P4).
    BudgetToRun,
    /// For the buyer's next message, which lets the bot ask again (P4, F5).
    BudgetToAskAgain,
    /// For a person to hand it back (V8).
    Person,
}

/// A start that is held or queued (V9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// What it waits for.
    pub waits: PendingFor,
    /// When it is dropped (P2, M6).
    pub until: Instant,
    /// The trigger that fired.
    pub trigger: TriggerId,
    /// The keyword that matched, where one did.
    pub keyword: Option<Arc<str>>,
    /// The flow it starts.
    pub flow: FlowId,
    /// The comment.
    pub comment_id: CommentId,
    /// When the comment came: its place in the queue (M6).
    pub comment_at: Instant,
    /// When the platform says the comment was posted (P3).
    pub posted_at: Instant,
    /// The post.
    pub post_id: PostId,
    /// Whether the comment is a reply (P3).
    pub is_reply: bool,
    /// Whether the platform marked it as answerable by a DM (P3).
    pub answerable: bool,
    /// When the trigger had last fired before: what its throttle goes back to when the comment is removed (C6, P5).
    pub fired_before: Option<Instant>,
}

/// What a start waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingFor {
    /// Held: for the buyer to write (P2).
    Message,
    /// Queued: for room under the limit (M5).
    Room,
}

/// The window that a buyer's message opened (P4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When that message came.
    pub opened: Instant,
    /// When it is over.
    pub until: Instant,
    /// Messages left in it.
    pub left: u32,
}

impl Window {
    /// Whether it is open at an instant, with a message left (T2).
    pub fn admits(&self, x: Instant) -> bool {
        self.left > 0 && self.opened <= x && x < self.until
    }
}

/// A shop link that went out (A2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentLink {
    /// When.
    pub at: Instant,
    /// In which conversation.
    pub conversation: u32,
    /// To what.
    pub link: Link,
    /// Who or what sent it.
    pub by: SentBy,
}

/// Who or what sent a link (A4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentBy {
    /// A block of a flow.
    Flow(Arc<Run>, BlockId),
    /// A member.
    Member(Email),
}

impl Contact {
    /// Somebody of whom nothing is known yet.
    pub fn new(user_id: UserId) -> Self {
        Self { user_id, handle: None, throttles: Throttles::default(), talk: None, commented: false, blocked: false }
    }

    /// Who it is.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// Their handle, as last seen (F8).
    pub fn handle(&self) -> Option<&str> {
        self.handle.as_ref().map(Text::as_str)
    }

    /// Whether they are blocked (V10).
    pub fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Whether they commented before (C4).
    pub fn has_commented(&self) -> bool {
        self.commented
    }

    /// When each trigger last fired for them (C6).
    pub fn throttles(&self) -> &Throttles {
        &self.throttles
    }

    /// Their last conversation, closed too (V1).
    pub fn conversation(&self) -> Option<&Conversation> {
        self.talk.as_ref()?.conversation.as_ref()
    }

    /// Their open conversation (V1).
    pub fn open_conversation(&self) -> Option<&Conversation> {
        self.conversation().filter(|conversation| conversation.state != ConversationState::Closed)
    }

    /// Whether a person has their conversation (C5).
    pub fn is_with_human(&self) -> bool {
        self.conversation().is_some_and(|conversation| conversation.state == ConversationState::Human)
    }

    /// Their held or queued start (V9).
    pub fn pending(&self) -> Option<&Pending> {
        self.talk.as_ref()?.pending.as_deref()
    }

    /// The window that their last message opened (P4).
    pub fn window(&self) -> Option<&Window> {
        self.talk.as_ref()?.window.as_deref()
    }

    /// When a DM last went either way, or somebody last acted in their conversation.
    pub fn last_spoken(&self) -> Option<Instant> {
        let talk = self.talk.as_ref()?;
        let conversation = talk.conversation.as_ref();
        let acted = conversation.and_then(|conversation| conversation.last_bot.max(conversation.last_in_human));
        talk.last_dm.max(acted)
    }

    /// Whether they count in the cycle that began then (M1).
    pub fn is_counted_in(&self, cycle: Option<Instant>) -> bool {
        cycle.is_some() && self.talk.as_ref().is_some_and(|talk| talk.counted_in == cycle)
    }

    fn kept(&self) -> Option<&Kept> {
        self.talk.as_ref()?.kept.as_deref()
    }

    /// Their tags, sorted.
    pub fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.kept().into_iter().flat_map(|kept| &kept.tags)
    }

    /// What flows captured, sorted by field.
    pub fn fields(&self) -> impl Iterator<Item = (&Field, &Text)> {
        self.kept().into_iter().flat_map(|kept| &kept.fields)
    }

    /// What one field holds.
    pub fn field(&self, field: &str) -> Option<&Text> {
        self.kept()?.fields.get(field)
    }

    /// When a timer of this contact is due (T4); `queue_release` and `cycle` hang on the head.
    pub fn due(&self, kind: TimerKind) -> Option<Instant> {
        let talk = self.talk.as_ref()?;
        let conversation = talk.conversation.as_ref();
        let pending =
            |waits| talk.pending.as_ref().filter(|pending| pending.waits == waits).map(|pending| pending.until);
        let due = match kind {
            TimerKind::Cycle | TimerKind::QueueRelease => None,
            TimerKind::FlowWait => conversation?.flow_wait,
            TimerKind::Idle => conversation?.idle,
            TimerKind::Close => conversation?.close,
            TimerKind::QueueExpiry => pending(PendingFor::Room),
            TimerKind::HoldExpiry => pending(PendingFor::Message),
        }?;
        (!talk.has_faulted(kind, due)).then_some(due)
    }

    /// When their queued start fired: its place in the queue (M6).
    pub fn queued_at(&self) -> Option<Instant> {
        self.pending().filter(|pending| pending.waits == PendingFor::Room).map(|pending| pending.comment_at)
    }

    /// The contact's own timers, in the order of their kinds.
    pub const TIMERS: [TimerKind; 5] =
        [TimerKind::FlowWait, TimerKind::Idle, TimerKind::Close, TimerKind::QueueExpiry, TimerKind::HoldExpiry];

    /// When this contact wants to be woken next, and by what (T4).
    pub fn next_due(&self) -> Option<(Instant, TimerKind)> {
        self.talk.as_ref()?;
        Self::TIMERS.iter().filter_map(|&kind| Some((self.due(kind)?, kind))).min()
    }

    /// The same contact, forgotten: without what they wrote and what they are called (R12). A checkpoint that is older than
    /// the event which says so keeps no more of them than the state does.
    #[must_use]
    pub fn forgotten(&self) -> Self {
        let mut forgotten = self.clone();
        forgotten.apply(&ContactChange::Erased);
        forgotten
    }

    /// The next state: what the change says is now so. Changes come from a decision about this contact.
    #[doc(hidden)]
    pub fn apply(&mut self, change: &ContactChange) {
        match change {
            ContactChange::Known => {}
            ContactChange::Commented => self.commented = true,
            ContactChange::Handle(handle) => self.handle = Some(handle.clone()),
            ContactChange::Blocked(blocked) => self.blocked = *blocked,
            ContactChange::Erased => {
                self.handle = None;
                if let Some(talk) = &mut self.talk {
                    talk.erase();
                }
            }
            ContactChange::Fired { trigger, at } => self.throttles.fire(trigger, *at),
            ContactChange::FiringUndone { trigger, before } => self.throttles.undo(trigger, *before),
            change => self.talk.get_or_insert_default().apply(change),
        }
    }
}

impl Talk {
    /// Whether the timer was put aside (R13).
    fn has_faulted(&self, kind: TimerKind, due: Instant) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.faulted.contains(&(kind, due)))
    }

    fn keep(&mut self) -> &mut Kept {
        Arc::make_mut(self.kept.get_or_insert_default())
    }

    fn erase(&mut self) {
        if self.kept.is_some() {
            let kept = self.keep();
            kept.fields.clear();
            kept.tags.clear();
        }
    }

    fn apply(&mut self, change: &ContactChange) {
        match change {
            ContactChange::Opened(id) => self.conversation = Some(Conversation::new(*id)),
            ContactChange::DmAt(at) => self.last_dm = self.last_dm.max(Some(*at)),
            ContactChange::Counted(cycle) => self.counted_in = Some(*cycle),
            ContactChange::Window(window) => self.window = Some(Box::new(*window)),
            ContactChange::WindowLeft(left) => {
                if let Some(window) = &mut self.window {
                    window.left = *left;
                }
            }
            ContactChange::OneMessage(left) => self.one_message = *left,
            ContactChange::Pending(pending) => self.pending.clone_from(pending),
            ContactChange::Captured(field, value) => {
                self.keep().fields.insert(field.clone(), value.clone());
            }
            ContactChange::Tagged(tag) => {
                self.keep().tags.insert(tag.clone());
            }
            ContactChange::Faulted(kind, due) => self.keep().faulted.push((*kind, *due)),
            change => {
                if let Some(conversation) = &mut self.conversation {
                    conversation.apply(change);
                }
            }
        }
    }
}

impl Conversation {
    fn new(id: u32) -> Self {
        Self {
            id,
            state: ConversationState::Bot,
            reason: None,
            owner: None,
            run: None,
            stands: None,
            last_bot: None,
            last_in_human: None,
            flow_wait: None,
            idle: None,
            close: None,
        }
    }

    fn apply(&mut self, change: &ContactChange) {
        match change {
            ContactChange::State(state, reason) => (self.state, self.reason) = (*state, *reason),
            ContactChange::Owner(owner) => self.owner = Some(owner.clone()),
            ContactChange::Run(run) => self.run = Some(run.clone()),
            ContactChange::Stands(stands) => self.stands.clone_from(stands),
            ContactChange::BotSpoke(at) => self.last_bot = self.last_bot.max(Some(*at)),
            ContactChange::InHuman(at) => self.last_in_human = self.last_in_human.max(Some(*at)),
            ContactChange::Timer(TimerKind::FlowWait, due) => self.flow_wait = *due,
            ContactChange::Timer(TimerKind::Idle, due) => self.idle = *due,
            ContactChange::Timer(TimerKind::Close, due) => self.close = *due,
            _ => {}
        }
    }
}
