//! What a partition has at hand of its state: all of it, or what was loaded and what was written since.
//!
//! A store answers in rows; here they lie ready for decisions. The maps have a fixed hasher and are never iterated but
//! to be sorted, so that nothing depends on where they lie in memory.

use crate::{
    Contact, DmId, DmStage, EventId, Found, IndexKey, IndexRow, Instant, MEMORY, OrderEntry, OrderId, RefundId,
    SentLink, ShopUserId, TimerKind, UserId,
    driver::row::{Key, Row},
    id::{CommentId, MessageId},
};
use foldhash::fast::FixedState;
use hashbrown::{Equivalent, HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher};

type Map<K, V> = HashMap<K, V, FixedState>;
type Set<K> = HashSet<K, FixedState>;

/// The state at hand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) contacts: Map<UserId, Contact>,
    events: Seen<EventId>,
    comments: Seen<CommentId>,
    messages: Seen<MessageId>,
    refunds: Seen<RefundId>,
    pub(crate) orders: Map<OrderId, OrderEntry>,
    shop_users: Map<ShopUserId, UserId>,
    dms: Map<DmId, (UserId, DmStage)>,
    fired: Map<(UserId, TimerKind, Instant), u32>,
    /// The links sent to each contact, in the order sent. They only ever come to those before.
    links: Map<UserId, Vec<SentLink>>,
    /// What a store was asked for and did not have, and whose links are all here; none: everything is here.
    pub(crate) loaded: Option<Loaded>,
}

/// What is known of a store that has more than is here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loaded {
    absent: Set<Key>,
    links: Set<UserId>,
}

impl Shelf {
    /// A shelf that has all there is.
    pub(crate) fn whole() -> Self {
        Self::default()
    }

    /// A shelf in front of a store.
    pub(crate) fn in_front_of_a_store() -> Self {
        Self { loaded: Some(Loaded::default()), ..Self::default() }
    }

    /// Whether it is known what stands under a key.
    pub(crate) fn knows(&self, key: &IndexKey) -> bool {
        let Some(loaded) = &self.loaded else { return true };
        let is_here = match key {
            IndexKey::Event(id) => self.events.contains(id.as_str()),
            IndexKey::Comment(id) => self.comments.contains(id.as_str()),
            IndexKey::Message(id) => self.messages.contains(id.as_str()),
            IndexKey::Refund(id) => self.refunds.contains(id.as_str()),
            IndexKey::Order(id) => self.orders.contains_key(id),
            IndexKey::ShopUser(id) => self.shop_users.contains_key(id),
            IndexKey::Dm(id) => self.dms.contains_key(id),
            IndexKey::Fired(user_id, kind, due) => self.fired.contains_key(&(user_id.clone(), *kind, *due)),
        };
        is_here || loaded.absent.contains(&Key::from(key))
    }

    /// Whether it is known who a contact is.
    pub(crate) fn knows_contact(&self, user_id: &UserId) -> bool {
        let Some(loaded) = &self.loaded else { return true };
        self.contacts.contains_key(user_id) || loaded.absent.contains(&Key::Contact(user_id.clone()))
    }

    /// Whether all of a contact's links are here.
    pub(crate) fn knows_links(&self, user_id: &UserId) -> bool {
        self.loaded.as_ref().is_none_or(|loaded| loaded.links.contains(user_id))
    }

    /// Whether an event id is used up (T3).
    pub(crate) fn is_used_up(&self, id: &EventId) -> bool {
        self.events.contains(id.as_str())
    }

    /// What stands under these keys, of an event whose id was looked up already.
    pub(crate) fn find(&self, keys: &[IndexKey], used_up: bool) -> Found {
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
                IndexKey::Fired(user_id, kind, due) => {
                    found.fired = self.fired.get(&(user_id.clone(), *kind, *due)).copied().unwrap_or(0);
                }
            }
        }
        found
    }

    /// The links sent to a contact, in the order sent.
    pub(crate) fn links(&self, user_id: &UserId) -> &[SentLink] {
        self.links.get(user_id).map_or(&[], Vec::as_slice)
    }

    /// Writes a row over what stands at its key; a link comes to those before.
    pub(crate) fn put(&mut self, row: IndexRow, subject: Option<&UserId>) {
        match row {
            IndexRow::Event(id) => self.events.insert(id),
            IndexRow::Comment(id) => self.comments.insert(id),
            IndexRow::Message(id) => self.messages.insert(id),
            IndexRow::Refund(id) => self.refunds.insert(id),
            IndexRow::Order(id, entry) => drop(self.orders.insert(id, *entry)),
            IndexRow::ShopUser(id, user_id) => drop(self.shop_users.insert(id, user_id)),
            IndexRow::Dm(id, user_id, stage) => drop(self.dms.insert(id, (user_id, stage))),
            IndexRow::Fired(user_id, kind, due, times) => drop(self.fired.insert((user_id, kind, due), times)),
            IndexRow::Link(link) => {
                // A store has the links that came before, unless they were asked for.
                let Some(user_id) = subject.filter(|user_id| self.knows_links(user_id)) else { return };
                let links = self.links.entry_ref(user_id).or_default();
                // T5: what is older than is remembered is forgotten, a part at a time.
                if links.len() == links.capacity() {
                    let remembered = link.at.before(MEMORY);
                    links.retain(|sent| sent.at >= remembered);
                }
                links.push(*link);
            }
        }
    }

    /// Takes in a row that a store has, unless something newer is here.
    pub(crate) fn take(&mut self, row: Row) {
        match row {
            Row::Clock(_) | Row::Terms(_) | Row::Room(_) | Row::Contact(_) => {}
            Row::Event(id, _) => self.events.insert(id),
            Row::Comment(id, _) => self.comments.insert(id),
            Row::Message(id, _) => self.messages.insert(id),
            Row::Refund(id, _) => self.refunds.insert(id),
            Row::Order(id, entry) => drop(self.orders.entry(id).or_insert(*entry)),
            Row::ShopUser(id, user_id) => drop(self.shop_users.entry(id).or_insert(user_id)),
            Row::Dm(id, user_id, stage) => drop(self.dms.entry(id).or_insert((user_id, stage))),
            Row::Fired(user_id, kind, due, times) => drop(self.fired.entry((user_id, kind, due)).or_insert(times)),
            Row::Link(user_id, _, _, link) => self.links.entry(user_id).or_default().push(*link),
        }
    }

    /// The store was asked for this key, and what it has is here.
    pub(crate) fn asked(&mut self, key: &Key) {
        let is_here = match key {
            Key::Contact(user_id) => self.contacts.contains_key(user_id),
            _ => false,
        };
        if let Some(loaded) = self.loaded.as_mut().filter(|_| !is_here) {
            loaded.absent.insert(key.clone());
        }
    }

    /// All links of this contact are here, those written since with them.
    pub(crate) fn asked_links(&mut self, user_id: &UserId) {
        if let Some(loaded) = &mut self.loaded {
            loaded.links.insert(user_id.clone());
        }
    }

    /// One order's entry.
    pub(crate) fn order(&self, id: &str) -> Option<&OrderEntry> {
        self.orders.get(id)
    }

    /// One DM's contact and stage.
    pub(crate) fn dm(&self, id: &str) -> Option<&(UserId, DmStage)> {
        self.dms.get(id)
    }

    /// Every order, sorted by its id.
    pub(crate) fn orders(&self) -> Vec<(&OrderId, &OrderEntry)> {
        let mut orders: Vec<_> = self.orders.iter().collect();
        orders.sort_unstable_by_key(|(id, _)| *id);
        orders
    }

    /// Forgets everything but contacts, once a store has it.
    pub(crate) fn forget_indexes(&mut self) {
        let contacts = std::mem::take(&mut self.contacts);
        *self = Self { contacts, ..Self::in_front_of_a_store() };
    }
}

/// Ids that were seen, each beside its hash: a set that grows with every event moves its ids without reading them.
#[derive(Clone, Debug)]
struct Seen<Id> {
    ids: HashSet<Hashed<Id>, FixedState>,
    hasher: FixedState,
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
        Self { ids: HashSet::default(), hasher: FixedState::default() }
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
