//! The indexes of a workspace in memory: each one key to one small value.

use chatsparks_core::{
    CommentId, DmId, DmStage, EventId, Found, IndexKey, IndexRow, MessageId, OrderEntry, OrderId, RefundId, ShopUserId,
    UserId,
};
use hashbrown::{HashMap, HashSet};

/// What decisions looked up and wrote so far. Never iterated but to be sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Indexes {
    events: HashSet<EventId>,
    comments: HashSet<CommentId>,
    messages: HashSet<MessageId>,
    refunds: HashSet<RefundId>,
    orders: HashMap<OrderId, OrderEntry>,
    shop_users: HashMap<ShopUserId, UserId>,
    dms: HashMap<DmId, (UserId, DmStage)>,
}

impl Indexes {
    /// Whether an event id is used up (T3).
    pub(super) fn is_used_up(&self, id: &EventId) -> bool {
        self.events.contains(id)
    }

    /// What stands under these keys, of an event whose id was looked up already.
    pub(super) fn find(&self, keys: &[IndexKey], used_up: bool) -> Found {
        let mut found = Found { event: used_up, ..Found::default() };
        for key in keys {
            match key {
                IndexKey::Event(_) => {}
                IndexKey::Comment(id) => found.thing |= self.comments.contains(id),
                IndexKey::Message(id) => found.thing |= self.messages.contains(id),
                IndexKey::Refund(id) => found.thing |= self.refunds.contains(id),
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
            IndexRow::Event(id) => drop(self.events.insert(id)),
            IndexRow::Comment(id) => drop(self.comments.insert(id)),
            IndexRow::Message(id) => drop(self.messages.insert(id)),
            IndexRow::Refund(id) => drop(self.refunds.insert(id)),
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
