//! The driver: one workspace, or one partition of it, to which events happen in the order of T3 to T5.

use crate::{
    Change, Contact, Decision, DmStage, Engine, Envelope, Event, Fact, Found, Head, Instant, Loaded, OrderEntry,
    OrderId, Scratch, SentLink, Timer, UserId,
    driver::before_a_store::{BeforeAStore, Reach},
    driver::record::Record,
    driver::row::{Answer, Due, Key, Queued, Row, Wants},
    driver::shelf::Shelf,
    machines::decide,
    state::agenda::Agenda,
    state::change::IndexKey,
};
#[cfg(feature = "fault-injection")]
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A workspace to which events happen, or one partition of it.
///
/// Each event is pushed once, in the order in which events come; the timers that it makes due fire by themselves,
/// before and after it (T4). Everything is judged by the engine; the driver only loads, applies and sequences.
///
/// A *whole* partition ([`Partition::whole`]) holds all of its state. Any other ([`Partition::open`]) stands before a
/// store: it says what it [`Wants`], is given an [`Answer`], and tells the rows to write. Both decide alike.
///
/// ```
/// use chatsparks_core::{Engine, Envelope, Event, Partition, Scratch, workspace::Workspace};
/// let workspace: Workspace = serde_json::from_str(
///     r#"{ "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" }, "triggers": [], "flows": [] }"#)?;
/// let mut partition = Partition::whole(Engine::compile(workspace)?);
/// let clock = Envelope { id: "e1".into(), at: "2026-03-02T10:00:00Z".parse()?, event: Event::Clock };
/// let mut records = 0;
/// partition.push(&clock, &mut Scratch::default(), |record| { assert_eq!(record.seq, 0); records += 1 });
/// assert_eq!(records, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Partition {
    pub(super) engine: Engine,
    pub(crate) head: Head,
    pub(super) shelf: Shelf,
    pub(super) agenda: Agenda,
    stage: Stage,
    /// What a partition before a store has beside; none: it is whole.
    pub(super) store: Option<BeforeAStore>,
    /// What the engine is made to fail at.
    #[cfg(feature = "fault-injection")]
    fails_at: BTreeSet<String>,
}

/// How far the present event has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing was looked at yet.
    Beginning,
    /// The timers due before it fire.
    Before,
    /// It is decided; whether it moves time.
    Deciding { moves_time: bool },
    /// The timers that it made due fire.
    After,
    /// There is nothing left to do.
    Ending,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Something was decided, and its record was shown; the event is not done with.
    Decided,
    /// Something is wanted from the store before the event can go on; nothing was decided in this step.
    Wants(Wants),
    /// The event is done with.
    Done,
}

/// An engine that is not of the revision that the state has in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state is at revision {state}, the engine at {engine}: restore the document of revision {state}")]
pub struct OtherRevision {
    /// The revision in force.
    pub state: u32,
    /// The engine's.
    pub engine: u32,
}

impl Partition {
    /// A whole workspace, to which nothing has happened.
    pub fn whole(engine: Engine) -> Self {
        let head = engine.first_head();
        Self::new(engine, head, Shelf::whole(), None)
    }

    /// A partition before a store: none of its state is here but the head.
    ///
    /// # Errors
    /// When the engine is not the revision that the head has in force.
    pub fn open(engine: Engine, head: Head) -> Result<Self, OtherRevision> {
        let (state, revision) = (head.terms.revision, engine.revision());
        if state != revision {
            return Err(OtherRevision { state, engine: revision });
        }
        let store = BeforeAStore::at(head.clone());
        Ok(Self::new(engine, head, Shelf::in_front_of_a_store(), Some(store)))
    }

    /// The same, with the head from the rows that a store has; where it has none, nothing has happened yet.
    ///
    /// # Errors
    /// When the engine is not the revision that the rows have in force.
    pub fn resume<'a>(engine: Engine, get: impl Fn(&Key) -> Option<&'a Row>) -> Result<Self, OtherRevision> {
        let mut head = engine.first_head();
        for row in [Key::Clock, Key::Terms, Key::Room].iter().filter_map(get) {
            match row {
                Row::Clock(clock) => head.clock = *clock,
                Row::Terms(terms) => head.terms = *terms,
                Row::Room(room) => head.room = *room,
                _ => {}
            }
        }
        Self::open(engine, head)
    }

    /// A whole workspace, or a whole partition, with the state that these rows hold: those of a checkpoint (R10). Links of
    /// a contact come in the order sent.
    ///
    /// # Errors
    /// When the engine is not the revision that the rows have in force.
    pub fn restore(engine: Engine, rows: impl IntoIterator<Item = Row>) -> Result<Self, OtherRevision> {
        let mut restored = Self::whole(engine);
        for row in rows {
            match row {
                Row::Clock(clock) => restored.head.clock = clock,
                Row::Terms(terms) => restored.head.terms = terms,
                Row::Room(room) => restored.head.room = room,
                Row::Contact(contact) => {
                    restored.agenda.update(Default::default(), &contact);
                    restored.shelf.contacts.insert(contact.user_id().clone(), *contact);
                }
                row => restored.shelf.take(row),
            }
        }
        let (state, engine) = (restored.head.terms.revision, restored.engine.revision());
        if state == engine { Ok(restored) } else { Err(OtherRevision { state, engine }) }
    }

    fn new(engine: Engine, head: Head, shelf: Shelf, store: Option<BeforeAStore>) -> Self {
        Self {
            engine,
            head,
            shelf,
            agenda: Agenda::new(),
            stage: Stage::Beginning,
            store,
            #[cfg(feature = "fault-injection")]
            fails_at: BTreeSet::new(),
        }
    }

    /// Lets an event happen to a whole workspace, and every timer due by then; each record is shown in processing order.
    pub fn push(&mut self, envelope: &Envelope, scratch: &mut Scratch, mut on_record: impl FnMut(&Record<'_>)) {
        self.push_from(envelope, scratch, |_| Answer::default(), &mut on_record);
    }

    /// Lets an event happen to a partition before a store that answers at once.
    pub fn push_from(
        &mut self,
        envelope: &Envelope,
        scratch: &mut Scratch,
        mut answer: impl FnMut(&Wants) -> Answer,
        mut on_record: impl FnMut(&Record<'_>),
    ) {
        loop {
            match self.step(envelope, scratch, &mut on_record) {
                Step::Decided => {}
                Step::Wants(wants) => {
                    let answer = answer(&wants);
                    self.load(&wants, answer);
                }
                Step::Done => return,
            }
        }
    }

    /// Takes an event one step further. Call it with the same event until it is done; between two steps what was
    /// decided may be committed, the event itself counting as done with the last.
    pub fn step(
        &mut self,
        envelope: &Envelope,
        scratch: &mut Scratch,
        on_record: &mut impl FnMut(&Record<'_>),
    ) -> Step {
        loop {
            match self.stage {
                Stage::Beginning => {
                    if !self.shelf.knows(&IndexKey::Event(envelope.id.clone())) {
                        return Step::Wants(self.wants(std::slice::from_ref(envelope)));
                    }
                    // T3: a used-up id fires no timers. T5: neither does a late event, before or after itself.
                    let moves_time = !self.shelf.is_used_up(&envelope.id) && !self.head.is_late(envelope.at);
                    self.stage = if moves_time { Stage::Before } else { Stage::Deciding { moves_time: false } };
                }
                Stage::Before | Stage::After => match self.next_timer(envelope.at) {
                    Err(wants) => return Step::Wants(*wants),
                    Ok(Some((timer, fired))) => {
                        self.fire(timer, fired, scratch, on_record);
                        return Step::Decided;
                    }
                    Ok(None) if self.stage == Stage::Before => self.stage = Stage::Deciding { moves_time: true },
                    Ok(None) => self.stage = Stage::Ending,
                },
                Stage::Deciding { moves_time } => {
                    if let Err(wants) = self.decide(envelope, scratch, on_record) {
                        return Step::Wants(*wants);
                    }
                    self.stage = if moves_time { Stage::After } else { Stage::Ending };
                    return Step::Decided;
                }
                Stage::Ending => {
                    self.stage = Stage::Beginning;
                    if let Some(store) = &mut self.store {
                        store.is_without_room = false;
                    }
                    return Step::Done;
                }
            }
        }
    }

    pub(super) fn decide(
        &mut self,
        envelope: &Envelope,
        scratch: &mut Scratch,
        on_record: &mut impl FnMut(&Record<'_>),
    ) -> Result<(), Box<Wants>> {
        let reads = self.engine.reads(envelope);
        self.knows(&reads.keys, reads.contact.as_ref())?;
        let found = self.shelf.find(&reads.keys, self.shelf.is_used_up(&envelope.id));
        // A1: a contact's own id comes first, then the one that the shop's id was linked to.
        let own = reads.contact.as_ref().and_then(|user_id| self.shelf.contacts.get(user_id));
        let linked = found.shop_user.as_ref().filter(|_| own.is_none());
        self.knows(&[], linked)?;
        let contact = own.or_else(|| linked.and_then(|user_id| self.shelf.contacts.get(user_id)));
        let links: &[SentLink] = match (&envelope.event, contact) {
            (Event::Order(_), Some(contact)) if !self.shelf.knows_links(contact.user_id()) => {
                return Err(Box::new(Wants { links: vec![contact.user_id().clone()], ..Wants::default() }));
            }
            (Event::Order(_), Some(contact)) => self.shelf.links(contact.user_id()),
            _ => &[],
        };
        // R8: compiling a document takes long, and is no part of deciding.
        let prepared = match &envelope.event {
            Event::Configure(configured) if !found.event => Some(self.engine.prepare(configured)),
            _ => None,
        };
        let loaded = Loaded { head: &self.head, contact, found: &found, links, prepared: prepared.as_ref() };
        let decision = self.decided(&envelope.id, scratch, |scratch| self.engine.decide(&loaded, envelope, scratch));
        let decision = decision.unwrap_or_else(|| decide::put_aside(envelope));
        if self.wants_room(&decision) {
            return Err(Box::new(Wants { room: true, ..Wants::default() }));
        }
        let record = Record {
            seq: self.head.clock.seq,
            source: &decision.source,
            envelope: Some(envelope),
            at: envelope.at,
            revision: decision.engine.as_ref().map_or(self.engine.revision(), Engine::revision),
            decision: &decision,
            contact,
            links,
            head: &self.head,
            engine: &self.engine,
        };
        on_record(&record);
        self.settle(decision, envelope.at);
        Ok(())
    }

    /// R7: a start would be queued, while nobody said yet that there is no room to be had.
    fn wants_room(&self, decision: &Decision) -> bool {
        self.head.room.granted.is_some()
            && self.store.as_ref().is_some_and(|store| !store.is_without_room)
            && decision.facts.iter().any(|fact| matches!(fact, Fact::Queued { .. }))
    }

    /// The event that was being stepped begins again, after another one: after the `grant` of room that it wants (R7).
    /// Timers that fired before it have fired; of itself nothing was decided.
    pub fn begin_again(&mut self) {
        self.stage = Stage::Beginning;
    }

    pub(super) fn fire(
        &mut self,
        timer: Timer,
        fired: u32,
        scratch: &mut Scratch,
        on_record: &mut impl FnMut(&Record<'_>),
    ) {
        let contact = timer.user_id.as_ref().and_then(|user_id| self.shelf.contacts.get(user_id));
        let found = Found { fired, ..Found::default() };
        let loaded = Loaded::new(&self.head, contact, &found);
        let decided = self.decided(&timer.kind.as_str(), scratch, |scratch| self.engine.fire(&loaded, &timer, scratch));
        let decision = match decided {
            Some(Some(decision)) => decision,
            // The agenda hands over only what stands.
            Some(None) => return,
            None => decide::put_timer_aside(&self.engine, &timer),
        };
        on_record(&Record {
            seq: self.head.clock.seq,
            source: &decision.source,
            envelope: None,
            at: timer.due,
            revision: self.engine.revision(),
            decision: &decision,
            contact,
            links: &[],
            head: &self.head,
            engine: &self.engine,
        });
        self.settle(decision, timer.due);
    }

    /// What the engine decides; none: it failed, which is a fault of ours and stops nothing else (R13).
    fn decided<T>(
        &self,
        what: &impl AsRef<str>,
        scratch: &mut Scratch,
        decide: impl FnOnce(&mut Scratch) -> T,
    ) -> Option<T> {
        let decided = catch_unwind(AssertUnwindSafe(|| {
            self.fail_where_told(what.as_ref());
            decide(scratch)
        }));
        if decided.is_err() {
            // Buffers may be half filled.
            *scratch = Scratch::default();
        }
        decided.ok()
    }

    #[cfg(not(feature = "fault-injection"))]
    #[inline]
    fn fail_where_told(&self, _what: &str) {}

    #[cfg(feature = "fault-injection")]
    fn fail_where_told(&self, what: &str) {
        if self.fails_at.contains(what) {
            // As a panic, without its message on the terminal.
            std::panic::resume_unwind(Box::new(format!("told to fail at `{what}`")));
        }
    }

    /// Makes the engine fail at these events and kinds of timers, and at no others: for tests of what becomes of that
    /// (R13).
    #[cfg(feature = "fault-injection")]
    #[doc(hidden)]
    pub fn fail_only_at(&mut self, what: BTreeSet<String>) {
        self.fails_at = what;
    }

    /// Puts an event aside that ends the process whenever it is decided (R13): it is on record as refused, its id is not
    /// used up, and nothing else changes.
    pub fn set_aside(&mut self, envelope: &Envelope, on_record: &mut impl FnMut(&Record<'_>)) {
        let decision = decide::put_aside(envelope);
        on_record(&Record {
            seq: self.head.clock.seq,
            source: &decision.source,
            envelope: Some(envelope),
            at: envelope.at,
            revision: self.engine.revision(),
            decision: &decision,
            contact: None,
            links: &[],
            head: &self.head,
            engine: &self.engine,
        });
        self.stage = Stage::Beginning;
        self.settle(decision, envelope.at);
    }

    /// The next timer that is due, and how often it fired before; or what has to be known for that.
    fn next_timer(&mut self, until: Instant) -> Result<Option<(Timer, u32)>, Box<Wants>> {
        if let Some(store) = &self.store {
            if store.due_until < Some(until) {
                let due = Some(Due { after: store.due_until, until });
                return Err(Box::new(Wants { due, ..Wants::default() }));
            }
            let may_release = self.head.room.release_due.is_some_and(|due| due <= until) && self.head.has_room();
            let is_short = may_release && store.queue < self.agenda.first_place().map_or(Reach::End, Reach::from);
            if is_short {
                let after = match &store.queue {
                    Reach::Place(at, user_id) => Some((*at, user_id.clone())),
                    Reach::Nowhere | Reach::End => None,
                };
                return Err(Box::new(Wants { queued: Some(Queued { after }), ..Wants::default() }));
            }
        }
        let contacts = &self.shelf.contacts;
        let Some(timer) = self.agenda.next(until, &self.head, |user_id| contacts.get(user_id)) else {
            return Ok(None);
        };
        let Some(key) = decide::reads_of_timer(&timer) else { return Ok(Some((timer, 0))) };
        if !self.shelf.knows(&key) {
            self.agenda.put_back();
            return Err(Box::new(Wants { keys: vec![Key::from(&key)], ..Wants::default() }));
        }
        let fired = self.shelf.find(&[key], false).fired;
        Ok(Some((timer, fired)))
    }

    /// Whether it is known what stands under keys, and who a contact is.
    fn knows(&self, keys: &[IndexKey], contact: Option<&UserId>) -> Result<(), Box<Wants>> {
        if self.store.is_none() {
            return Ok(());
        }
        let unknown = contact.filter(|user_id| !self.shelf.knows_contact(user_id)).cloned().map(Key::Contact);
        let keys = keys.iter().filter(|key| !self.shelf.knows(key)).map(Key::from);
        let keys: Vec<Key> = keys.chain(unknown).collect();
        if keys.is_empty() { Ok(()) } else { Err(Box::new(Wants { keys, ..Wants::default() })) }
    }

    /// Makes true what a decision says.
    fn settle(&mut self, mut decision: Decision, at: Instant) {
        if let Some(engine) = decision.engine.take() {
            self.engine = engine;
        }
        let seq = self.head.clock.seq;
        self.head.clock.seq += 1;
        let mut changed = false;
        for change in &decision.changes {
            match change {
                Change::Head(change) => self.head.apply(change),
                Change::Contact(_) => changed = true,
                Change::Index(_) => {}
            }
        }
        let subject = decision.subject.as_ref();
        if let Some(user_id) = subject.filter(|_| changed) {
            let contact = self.shelf.contacts.entry_ref(user_id).or_insert_with(|| Contact::new(user_id.clone()));
            let before = contact.wakes();
            for change in &decision.changes {
                if let Change::Contact(change) = change {
                    contact.apply(change);
                }
            }
            self.agenda.update(before, contact);
        }
        if let Some(store) = &mut self.store {
            store.write(&decision, changed, seq, at, &self.head);
        }
        for change in decision.changes.drain(..) {
            if let Change::Index(row) = change {
                self.shelf.put(row, subject);
            }
        }
    }

    /// The workspace as it is in force.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What all contacts share.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// A contact, where they are at hand.
    pub fn contact(&self, user_id: &str) -> Option<&Contact> {
        self.shelf.contacts.get(user_id)
    }

    /// Every contact at hand, sorted by user id.
    pub fn contacts(&self) -> Vec<&Contact> {
        let mut contacts: Vec<_> = self.shelf.contacts.values().collect();
        contacts.sort_unstable_by_key(|contact| contact.user_id());
        contacts
    }

    /// The links sent to a contact that are at hand, in the order sent (A2).
    pub fn links(&self, user_id: &UserId) -> &[SentLink] {
        self.shelf.links(user_id)
    }

    /// An order at hand, as the ledger has it now (A6).
    pub fn order(&self, order_id: &str) -> Option<&OrderEntry> {
        self.shelf.order(order_id)
    }

    /// Every order at hand, sorted by its id.
    pub fn orders(&self) -> Vec<(&OrderId, &OrderEntry)> {
        self.shelf.orders()
    }

    /// A DM's contact and stage (V11), where it is at hand.
    pub fn dm(&self, dm_id: &str) -> Option<(&UserId, DmStage)> {
        self.shelf.dm(dm_id).map(|(user_id, stage)| (user_id, *stage))
    }
}
