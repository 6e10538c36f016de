//! What is now true: the changes of a decision, each of one part of the state.

use crate::{
    BlockId, CommentId, ConversationState, DmId, DmStage, Email, EventId, Field, Instant, MessageId, OrderId, RefundId,
    ShopUserId, StateReason, Tag, Text, TimerKind, TriggerId, UserId,
    state::contact::{Pending, Run, SentLink, Standing, Window},
    state::order::OrderEntry,
};
use std::sync::Arc;

/// One change: of the head, of the contact, or of an index.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Of the head: `Head::apply`.
    Head(HeadChange),
    /// Of the event's contact, who is made when they are new: `Contact::apply`.
    Contact(ContactChange),
    /// A row of an index, to be written over what stands at its key.
    Index(IndexRow),
}

/// A change of the head. Counts are deltas, so that nothing is decided from how many others counted before.
#[derive(Clone, Debug, PartialEq)]
pub enum HeadChange {
    /// The clock: an event at this instant was seen (T5).
    Latest(Instant),
    /// The terms: another revision is in force.
    Revision(u32),
    /// The terms: the plan's limit (M3).
    Limit(Option<u64>),
    /// The terms: a cycle is in force, and when the next one begins (M2).
    Cycle {
        /// Its start.
        start: Instant,
        /// The start of the next.
        next: Instant,
    },
    /// The room: a cycle began, and nobody counts in it yet (M1).
    RoomEmptied,
    /// The room: one more contact counts in this cycle (M1).
    Counted,
    /// The room: a partition was given so much, or gave it back (R7).
    Granted(i64),
    /// The room: the levels told, as bits (M3).
    Told(u8),
    /// The room: when the oldest queued start is released (M6).
    ReleaseDue(Option<Instant>),
}

/// A change of a contact.
#[derive(Clone, Debug, PartialEq)]
pub enum ContactChange {
    /// They are known: nothing else changes.
    Known,
    /// They commented (C4, first comment).
    Commented,
    /// Their handle, as last seen (F8).
    Handle(Text),
    /// They are blocked, or not (V10).
    Blocked(bool),
    /// A trigger fired for them (C6).
    Fired {
        /// The trigger.
        trigger: TriggerId,
        /// When.
        at: Instant,
    },
    /// The throttle that a firing began is over, and the one before it stands again, if any (C6, P5).
    FiringUndone {
        /// The trigger.
        trigger: TriggerId,
        /// When it had last fired before.
        before: Option<Instant>,
    },
    /// A conversation opened, in state `bot` (V1).
    Opened(u32),
    /// The conversation's state (V1).
    State(ConversationState, Option<StateReason>),
    /// The conversation's owner (V7).
    Owner(Email),
    /// A flow starts (F2).
    Run(Arc<Run>),
    /// Where the flow stands; none: it is completed (F1).
    Stands(Option<Standing>),
    /// A timer of the conversation: `flow_wait`, `idle` or `close` (T4).
    Timer(TimerKind, Option<Instant>),
    /// The bot sent a DM at this instant (V2).
    BotSpoke(Instant),
    /// The conversation came to Human, or either side said something in it there (V6).
    InHuman(Instant),
    /// A DM of either direction at this instant (P3).
    DmAt(Instant),
    /// They count in the cycle that began then (M1).
    Counted(Instant),
    /// The window that the buyer's message opened (P4).
    Window(Window),
    /// The messages left in that window (P4).
    WindowLeft(u32),
    /// Whether the one message of P3 is left.
    OneMessage(bool),
    /// A start is held or queued, or none is (V9).
    Pending(Option<Box<Pending>>),
    /// A field was captured (F3).
    Captured(Field, Text),
    /// A tag was given.
    Tagged(Tag),
    /// A timer's decision failed within the engine: it is put aside (R13).
    Faulted(TimerKind, Instant),
    /// What they wrote and are called is forgotten: handle, fields and tags (R12).
    Erased,
}

/// A row of an index: one key to one small value.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexRow {
    /// An event id is used up (T3).
    Event(EventId),
    /// A comment was seen (T3).
    Comment(CommentId),
    /// A buyer's message was seen (T3).
    Message(MessageId),
    /// A refund was counted (T3).
    Refund(RefundId),
    /// An order, as the ledger has it now (A6).
    Order(OrderId, Box<OrderEntry>),
    /// A shop id belongs to a contact (A1).
    ShopUser(ShopUserId, UserId),
    /// A DM's contact and stage (V11).
    Dm(DmId, UserId, DmStage),
    /// A timer with effects fired so many times at one due instant (T6).
    Fired(UserId, TimerKind, Instant, u32),
    /// A shop link went out (A2). Links only ever come to those before; orders alone read them.
    Link(Box<SentLink>),
}

/// A key of an index, for `Engine::reads`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexKey {
    /// Whether the event id is used up.
    Event(EventId),
    /// Whether the comment was seen.
    Comment(CommentId),
    /// Whether the message was seen.
    Message(MessageId),
    /// Whether the refund was counted.
    Refund(RefundId),
    /// The order's entry.
    Order(OrderId),
    /// The contact of a shop id.
    ShopUser(ShopUserId),
    /// The contact and stage of a DM.
    Dm(DmId),
    /// How often a contact's timer fired at one due instant.
    Fired(UserId, TimerKind, Instant),
}

impl From<HeadChange> for Change {
    fn from(change: HeadChange) -> Self {
        Self::Head(change)
    }
}

impl From<ContactChange> for Change {
    fn from(change: ContactChange) -> Self {
        Self::Contact(change)
    }
}

impl From<IndexRow> for Change {
    fn from(row: IndexRow) -> Self {
        Self::Index(row)
    }
}

impl Standing {
    pub(crate) fn at(block: BlockId, waits: crate::state::contact::Waits) -> Self {
        Self { block, waits, mismatches: 0 }
    }
}
