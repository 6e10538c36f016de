//! The state of one workspace, held the plainest way: ordered maps, everything cloned.

use chatsparks_core::{
    Contact, Decision, DmId, DmStage, Engine, Envelope, Event, Head, Instant, OrderEntry, OrderId, Scratch, SentLink,
    ShopUserId, Source, Storable, Stored, Timer, TimerKind, UserId,
    internal::{Agenda, Change, Found, IndexKey, IndexRow, Loaded},
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Store {
    pub(super) head: Head,
    pub(super) contacts: BTreeMap<UserId, Contact>,
    pub(super) orders: BTreeMap<OrderId, OrderEntry>,
    pub(super) dms: BTreeMap<DmId, (UserId, DmStage)>,
    seen: BTreeSet<IndexKey>,
    shop_users: BTreeMap<ShopUserId, UserId>,
    fired: BTreeMap<(UserId, TimerKind, Instant), u32>,
    links: BTreeMap<UserId, Vec<SentLink>>,
}

/// What was decided, and all that it was decided from.
pub(super) struct Step<'a> {
    pub(super) engine: &'a Engine,
    pub(super) source: &'a Source,
    /// The event; none for a timer.
    pub(super) envelope: Option<&'a Envelope>,
    pub(super) at: Instant,
    /// The contact that it is about, before it.
    pub(super) contact: Option<&'a Contact>,
    pub(super) head: &'a Head,
    pub(super) decision: &'a Decision,
}

impl Store {
    pub(super) fn new(engine: &Engine) -> Self {
        Self {
            head: engine.first_head(),
            contacts: BTreeMap::new(),
            orders: BTreeMap::new(),
            dms: BTreeMap::new(),
            seen: BTreeSet::new(),
            shop_users: BTreeMap::new(),
            fired: BTreeMap::new(),
            links: BTreeMap::new(),
        }
    }

    /// Whether the event's id is used up (T3).
    pub(super) fn is_used_up(&self, envelope: &Envelope) -> bool {
        self.seen.contains(&IndexKey::Event(envelope.id.clone()))
    }

    /// The contact that an event reads (A1).
    pub(super) fn contact(&self, engine: &Engine, envelope: &Envelope) -> Option<&Contact> {
        let reads = engine.reads(envelope);
        let own = reads.contact.as_ref().and_then(|user| self.contacts.get(user));
        own.or_else(|| self.contacts.get(&self.found(&reads.keys).shop_user?))
    }

    fn found(&self, keys: &[IndexKey]) -> Found {
        let mut found = Found::default();
        for key in keys {
            match key {
                IndexKey::Event(_) => found.event = self.seen.contains(key),
                IndexKey::Comment(_) | IndexKey::Message(_) | IndexKey::Refund(_) => {
                    found.thing |= self.seen.contains(key);
                }
                IndexKey::Order(id) => found.order = self.orders.get(id).cloned().map(Box::new),
                IndexKey::ShopUser(id) => found.shop_user = self.shop_users.get(id).cloned(),
                IndexKey::Dm(id) => found.dm = self.dms.get(id).cloned(),
                IndexKey::Fired(user, kind, due) => {
                    found.fired = self.fired.get(&(user.clone(), *kind, *due)).copied().unwrap_or(0);
                }
            }
        }
        found
    }

    /// Decides an event twice, with used buffers and with new ones: it comes out the same. A new revision is decided once:
    /// it is compiled without the buffers, which takes longer than all else, and the replay driver compiles it again.
    pub(super) fn decide(&self, engine: &Engine, envelope: &Envelope, scratch: &mut Scratch) -> Decision {
        let reads = engine.reads(envelope);
        let found = self.found(&reads.keys);
        let contact = self.contact(engine, envelope);
        let links = contact.and_then(|contact| self.links.get(contact.user_id())).map_or(&[][..], Vec::as_slice);
        let prepared = match &envelope.event {
            Event::Configure(configured) => Some(engine.prepare(configured)),
            _ => None,
        };
        let loaded = Loaded { links, prepared: prepared.as_ref(), ..Loaded::new(&self.head, contact, &found) };
        let decision = engine.decide(&loaded, envelope, scratch);
        if !matches!(envelope.event, Event::Configure(_)) {
            assert_eq!(decision, engine.decide(&loaded, envelope, &mut Scratch::default()), "decided twice");
        }
        decision
    }

    /// Decides a timer twice, likewise.
    pub(super) fn fire(&self, engine: &Engine, timer: &Timer, scratch: &mut Scratch) -> Option<Decision> {
        let contact = timer.user_id.as_ref().and_then(|user| self.contacts.get(user));
        let key = timer.user_id.clone().map(|user| (user, timer.kind, timer.due));
        let fired = key.and_then(|key| self.fired.get(&key).copied()).unwrap_or(0);
        let found = Found { fired, ..Found::default() };
        let loaded = Loaded::new(&self.head, contact, &found);
        let decision = engine.fire(&loaded, timer, scratch);
        assert_eq!(decision, engine.fire(&loaded, timer, &mut Scratch::default()), "fired twice");
        decision
    }

    /// Makes true what a decision says, and holds the new state to what is written of it back.
    pub(super) fn apply(&mut self, user: Option<&UserId>, decision: &Decision, agenda: &mut Agenda) {
        for change in &decision.changes {
            match change {
                Change::Head(change) => self.head.apply(change),
                Change::Contact(change) => {
                    let Some(user) = user else { panic!("a contact's change without a contact") };
                    let contact = self.contacts.entry(user.clone()).or_insert_with(|| Contact::new(user.clone()));
                    let before = contact.wakes();
                    contact.apply(change);
                    agenda.update(before, contact);
                }
                Change::Index(row) => self.put(row, user),
            }
        }
        if let Some(contact) = user.and_then(|user| self.contacts.get(user)) {
            assert_eq!(*contact, written_and_read(contact), "a contact, written and read");
        }
        assert_eq!(self.head, written_and_read(&self.head), "a head, written and read");
    }

    fn put(&mut self, row: &IndexRow, user: Option<&UserId>) {
        let seen = match row {
            IndexRow::Event(id) => IndexKey::Event(id.clone()),
            IndexRow::Comment(id) => IndexKey::Comment(id.clone()),
            IndexRow::Message(id) => IndexKey::Message(id.clone()),
            IndexRow::Refund(id) => IndexKey::Refund(id.clone()),
            IndexRow::Order(id, entry) => {
                assert_eq!(**entry, written_and_read(&**entry), "an order, written and read");
                self.orders.insert(id.clone(), OrderEntry::clone(entry));
                return;
            }
            IndexRow::ShopUser(id, user) => {
                self.shop_users.insert(id.clone(), user.clone());
                return;
            }
            IndexRow::Fired(user, kind, due, times) => {
                self.fired.insert((user.clone(), *kind, *due), *times);
                return;
            }
            IndexRow::Link(link) => {
                let Some(user) = user else { panic!("a link without a contact") };
                self.links.entry(user.clone()).or_default().push((**link).clone());
                return;
            }
            IndexRow::Dm(id, user, stage) => {
                let before = self.dms.insert(id.clone(), (user.clone(), *stage));
                let later = before.is_none_or(|(known, before)| known == *user && stage.is_after(before));
                assert!(later, "V11: a DM goes back, or to somebody else");
                return;
            }
        };
        assert!(self.seen.insert(seen), "T3: {row:?} is used up twice");
    }
}

/// What is stored must come back as it was.
fn written_and_read<T: Storable>(value: &T) -> T {
    let written =
        serde_json::to_vec(&Stored::from(value)).unwrap_or_else(|error| panic!("it cannot be written: {error}"));
    let read: Result<Stored<'static, T>, _> = serde_json::from_slice(&written);
    read.map(Stored::into_inner).unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(&written)))
}
