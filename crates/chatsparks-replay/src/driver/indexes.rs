//! The indexes of a workspace in memory: each one key to one small value.

use chatsparks_core::{
    CommentId, DmId, DmStage, EventId, Found, IndexKey, IndexRow, MessageId, OrderEntry, OrderId, RefundId, ShopUserId,
    UserId,
};
use hashbrown::{DefaultHashBuilder, Equivalent, HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher};

/// What decisions looked up and wrote so far. Never iterated but to be sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Indexes {
    events: Seen<EventId>,
    comments: Seen<CommentId>,
    messages: Seen<MessageId>,
    refunds: Seen<RefundId>,
    orders: HashMap<OrderId, OrderEntry>,
    shop_users: HashMap<ShopUserId, UserId>,
    dms: HashMap<DmId, (UserId, DmStage)>,
}

impl Indexes {
    /// Whether an event id is used up (T3).
    pub(super) fn is_used_up(&self, id: &EventId) -> bool {
        self.events.contains(id.as_str())
    }

    /// What stands under these keys, of an event whose id was looked up already.
    pub(super) fn find(&self, keys: &[IndexKey], used_up: bool) -> Found {
        let mut found = Found { event: used_up, ..Found::default() };
        for key in keys {
            match key {
                IndexKey::Event(_) => {}
                IndexKey::Comment(id) => found.thing |= self.comments.contains(id.as_str()),
                IndexKey::Message(id) => found.thing |= self.messages.contains(id.as_str()),
                IndexKey::Refund(id) => found.thing |= self.refunds.contains(id.as_str()),
                IndexKey::Order(id) => found.order = self.orders.get(id).cloned().map(Box::new),
                IndexKey::ShopUser(id) => found.shop_user = self.shop_users.get(id).cloned(),
                IndexKey::Dm(id) => found.dm = self.dms.get(id).cloned(),
            }
        }
        found
    }

    /// Writes a row over what stands at its key.
    pub(super) fn put(&mut self, row: IndexRow) {
        match row {
            IndexRow::Event(id) => self.events.insert(id),
            IndexRow::Comment(id) => self.comments.insert(id),
            IndexRow::Message(id) => self.messages.insert(id),
            IndexRow::Refund(id) => self.refunds.insert(id),
            IndexRow::Order(id, entry) => drop(self.orders.insert(id, *entry)),
            IndexRow::ShopUser(id, user_id) => drop(self.shop_users.insert(id, user_id)),
            IndexRow::Dm(id, user_id, stage) => drop(self.dms.insert(id, (user_id, stage))),
        }
    }

    /// One order's entry.
    pub(super) fn order(&self, id: &str) -> Option<&OrderEntry> {
        self.orders.get(id)
    }

    /// One DM's contact and stage.
    pub(super) fn dm(&self, id: &str) -> Option<&(UserId, DmStage)> {
        self.dms.get(id)
    }

    /// Every order, sorted by its id.
    pub(super) fn orders(&self) -> Vec<(&OrderId, &OrderEntry)> {
        let mut orders: Vec<_> = self.orders.iter().collect();
        orders.sort_unstable_by_key(|(id, _)| *id);
        orders
    }
}

/// Ids that were seen, each beside its hash: a set that grows with every event moves its ids without reading them.
#[derive(Clone, Debug)]
struct Seen<Id> {
    ids: HashSet<Hashed<Id>>,
    hasher: DefaultHashBuilder,
}

#[derive(Clone, Debug)]
struct Hashed<Id> {
    hash: u64,
    id: Id,
}

/// An id that is looked for.
struct Sought<'a> {
    hash: u64,
    id: &'a str,
}

impl<Id: AsRef<str> + Eq> Seen<Id> {
    fn contains(&self, id: &str) -> bool {
        self.ids.contains(&Sought { hash: self.hasher.hash_one(id), id })
    }

    fn insert(&mut self, id: Id) {
        let hash = self.hasher.hash_one(id.as_ref());
        self.ids.insert(Hashed { hash, id });
    }
}

impl<Id> Default for Seen<Id> {
    fn default() -> Self {
        Self { ids: HashSet::default(), hasher: DefaultHashBuilder::default() }
    }
}

impl<Id: PartialEq> PartialEq for Hashed<Id> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.id == other.id
    }
}

impl<Id: Eq> Eq for Hashed<Id> {}

impl<Id> Hash for Hashed<Id> {
    fn hash<H: Hasher>(&self, to: &mut H) {
        to.write_u64(self.hash);
    }
}

impl Hash for Sought<'_> {
    fn hash<H: Hasher>(&self, to: &mut H) {
        to.write_u64(self.hash);
    }
}

impl<Id: AsRef<str>> Equivalent<Hashed<Id>> for Sought<'_> {
    fn equivalent(&self, seen: &Hashed<Id>) -> bool {
        self.hash == seen.hash && self.id == seen.id.as_ref()
    }
}
