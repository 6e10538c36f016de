//! Rows: all that a store keeps of a partition, each one small value under one key; and what the driver asks for.

use crate::{
    Clock, CommentId, Contact, DmId, DmStage, Event, EventId, IndexKey, Instant, MessageId, OrderEntry, OrderId,
    RefundId, Room, SentLink, ShopUserId, Terms, TimerKind, UserId,
};
use std::fmt;

/// The key of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Key {
    /// The clock of the partition.
    Clock,
    /// The terms in force.
    Terms,
    /// The partition's room under the limit.
    Room,
    /// A contact.
    Contact(UserId),
    /// An event id that is used up (T3).
    Event(EventId),
    /// A comment that was seen (T3).
    Comment(CommentId),
    /// A message that was seen (T3).
    Message(MessageId),
    /// A refund that was counted (T3).
    Refund(RefundId),
    /// An order, as the ledger has it.
    Order(OrderId),
    /// The contact of a shop id (A1).
    ShopUser(ShopUserId),
    /// A DM's contact and stage (V11).
    Dm(DmId),
    /// How often a contact's timer fired at one due instant (T6).
    Fired(UserId, TimerKind, Instant),
    /// A link sent to a contact: by the record that sent it, and its place there.
    Link(UserId, u64, u32),
}

/// A row: what stands under its key. [`Stored`](crate::Stored) writes it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Row {
    /// The clock of the partition.
    Clock(Clock),
    /// The terms in force.
    Terms(Terms),
    /// The partition's room under the limit.
    Room(Room),
    /// A contact.
    Contact(Box<Contact>),
    /// An event id that is used up, since the event of this instant (T3).
    Event(EventId, Instant),
    /// A comment that was seen, likewise.
    Comment(CommentId, Instant),
    /// A message that was seen, likewise.
    Message(MessageId, Instant),
    /// A refund that was counted, likewise.
    Refund(RefundId, Instant),
    /// An order, as the ledger has it now.
    Order(OrderId, Box<OrderEntry>),
    /// The contact of a shop id (A1).
    ShopUser(ShopUserId, UserId),
    /// A DM's contact and stage (V11).
    Dm(DmId, UserId, DmStage),
    /// How often a contact's timer fired at one due instant (T6).
    Fired(UserId, TimerKind, Instant, u32),
    /// A link sent to a contact: by the record that sent it, and its place there.
    Link(UserId, u64, u32, Box<SentLink>),
}

impl Event {
    /// The thing that the event says something of, where it is a thing and no contact: the DM of a receipt, the order of
    /// whatever is told of one, the shop id of an identity. What is known of a thing is found by it.
    pub fn names(&self) -> Option<Key> {
        match self {
            Self::Receipt(receipt) => Some(Key::Dm(receipt.dm_id.clone())),
            Self::Order(order) => Some(Key::Order(order.order_id.clone())),
            Self::OrderCancelled(order_id) | Self::OrderReview { order_id, .. } => Some(Key::Order(order_id.clone())),
            Self::Refund(refund) => Some(Key::Order(refund.order_id.clone())),
            Self::Identity { shop_user_id, .. } => Some(Key::ShopUser(shop_user_id.clone())),
            _ => None,
        }
    }
}

impl Row {
    /// Where it stands.
    pub fn key(&self) -> Key {
        match self {
            Self::Clock(_) => Key::Clock,
            Self::Terms(_) => Key::Terms,
            Self::Room(_) => Key::Room,
            Self::Contact(contact) => Key::Contact(contact.user_id().clone()),
            Self::Event(id, _) => Key::Event(id.clone()),
            Self::Comment(id, _) => Key::Comment(id.clone()),
            Self::Message(id, _) => Key::Message(id.clone()),
            Self::Refund(id, _) => Key::Refund(id.clone()),
            Self::Order(id, _) => Key::Order(id.clone()),
            Self::ShopUser(id, _) => Key::ShopUser(id.clone()),
            Self::Dm(id, ..) => Key::Dm(id.clone()),
            Self::Fired(user_id, kind, due, _) => Key::Fired(user_id.clone(), *kind, *due),
            Self::Link(user_id, seq, position, _) => Key::Link(user_id.clone(), *seq, *position),
        }
    }

    /// When a contact's next timer is due: a store finds the contacts by it that [`Wants::due`] asks for.
    pub fn next_due(&self) -> Option<Instant> {
        match self {
            Self::Contact(contact) => contact.next_due().map(|(due, _)| due),
            _ => None,
        }
    }

    /// Since when a contact's start is queued: a store finds the contacts by it that [`Wants::queued`] asks for.
    pub fn queued_at(&self) -> Option<Instant> {
        match self {
            Self::Contact(contact) => contact.queued_at(),
            _ => None,
        }
    }

    /// The instant that a row is remembered from: it may be deleted 400 days later (T5). None: it stays.
    pub fn remembered_from(&self) -> Option<Instant> {
        match self {
            Self::Event(_, at) | Self::Comment(_, at) | Self::Message(_, at) | Self::Refund(_, at) => Some(*at),
            Self::Fired(_, _, due, _) => Some(*due),
            Self::Link(_, _, _, link) => Some(link.at),
            _ => None,
        }
    }
}

impl Key {
    /// The kind of row, in snake case: with the [`name`](Self::name), what a store's key is made of.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::Terms => "terms",
            Self::Room => "room",
            Self::Contact(_) => "contact",
            Self::Event(_) => "event",
            Self::Comment(_) => "comment",
            Self::Message(_) => "message",
            Self::Refund(_) => "refund",
            Self::Order(_) => "order",
            Self::ShopUser(_) => "shop_user",
            Self::Dm(_) => "dm",
            Self::Fired(..) => "fired",
            Self::Link(..) => "link",
        }
    }

    /// The name of the row within its kind. Those of one contact's links begin alike, and sort in the order sent:
    /// see [`Key::links_of`].
    pub fn name(&self) -> String {
        match self {
            Self::Clock | Self::Terms | Self::Room => String::new(),
            Self::Contact(id) => id.as_str().to_owned(),
            Self::Event(id) => id.as_str().to_owned(),
            Self::Comment(id) => id.as_str().to_owned(),
            Self::Message(id) => id.as_str().to_owned(),
            Self::Refund(id) => id.as_str().to_owned(),
            Self::Order(id) => id.as_str().to_owned(),
            Self::ShopUser(id) => id.as_str().to_owned(),
            Self::Dm(id) => id.as_str().to_owned(),
            Self::Fired(user_id, kind, due) => format!("{user_id}\u{1f}{}\u{1f}{due}", kind.as_str()),
            Self::Link(user_id, seq, position) => format!("{}{seq:016x}{position:08x}", Self::links_of(user_id)),
        }
    }

    /// What the names of one contact's links begin with: an id has no control character, so none begins another's.
    pub fn links_of(user_id: &UserId) -> String {
        format!("{user_id}\u{1f}")
    }
}

impl From<&IndexKey> for Key {
    fn from(key: &IndexKey) -> Self {
        match key.clone() {
            IndexKey::Event(id) => Self::Event(id),
            IndexKey::Comment(id) => Self::Comment(id),
            IndexKey::Message(id) => Self::Message(id),
            IndexKey::Refund(id) => Self::Refund(id),
            IndexKey::Order(id) => Self::Order(id),
            IndexKey::ShopUser(id) => Self::ShopUser(id),
            IndexKey::Dm(id) => Self::Dm(id),
            IndexKey::Fired(user_id, kind, due) => Self::Fired(user_id, kind, due),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.kind(), self.name())
    }
}

/// What a partition wants from its store before it can go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wants {
    /// The rows under these keys, where there are any.
    pub keys: Vec<Key>,
    /// Every link of these contacts.
    pub links: Vec<UserId>,
    /// The contacts whose next timer is due in this span.
    pub due: Option<Due>,
    /// The contacts with a queued start, oldest first.
    pub queued: Option<Queued>,
    /// Room under the limit, without which a start would be queued (R7): no store answers this, but whoever steps. Either
    /// a `grant` happens first ([`Partition::begin_again`](crate::Partition::begin_again)), or there is none to be had,
    /// which any answer says.
    pub room: bool,
}

/// Contacts whose next timer is due after one instant, and at or before another; in order of that instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// None: from the beginning.
    pub after: Option<Instant>,
    /// The last instant that counts.
    pub until: Instant,
}

/// Contacts with a queued start that come after one place in the queue: in order of the start's instant, then of the
/// user id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// None: from the beginning.
    pub after: Option<(Instant, UserId)>,
}

/// What a store answers to [`Wants`]. What was asked for and is not in it is not there.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The rows, in any order but for links, which come in the order of their keys.
    pub rows: Vec<Row>,
    /// Where a store lists only so many contacts that are due: the instant up to which all of them are here.
    pub due_until: Option<Instant>,
    /// Where a store lists only so many contacts that are queued: the last place in the queue that is here.
    pub queued_until: Option<(Instant, UserId)>,
}

impl Wants {
    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Answers from rows in memory, by looking at each: `get` finds one, `all` goes through them.
    pub fn answer<'a>(
        &self,
        get: impl Fn(&Key) -> Option<&'a Row>,
        all: impl Iterator<Item = &'a Row> + Clone,
    ) -> Answer {
        let mut rows: Vec<Row> = self.keys.iter().filter_map(get).cloned().collect();
        for user_id in &self.links {
            let mut links: Vec<&Row> =
                all.clone().filter(|row| matches!(row, Row::Link(of, ..) if of == user_id)).collect();
            links.sort_by_key(|link| link.key());
            rows.extend(links.into_iter().cloned());
        }
        if let Some(Due { after, until }) = self.due {
            let is_due = |row: &&Row| row.next_due().is_some_and(|due| Some(due) > after && due <= until);
            rows.extend(all.clone().filter(is_due).cloned());
        }
        if self.queued.is_some() {
            rows.extend(all.filter(|row| row.queued_at().is_some()).cloned());
        }
        Answer { rows, ..Answer::default() }
    }
}
