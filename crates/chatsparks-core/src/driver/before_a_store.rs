//! What a partition before a store has beside its state: what it asked for, and what it has to write (R3, R5).

use crate::{
    Contact, Decision, Envelope, Event, Fact, Head, Instant, Partition, UserId,
    driver::row::{Answer, Due, Key, Row, Wants},
    state::agenda::Agenda,
    state::change::{Change, HeadChange, IndexRow},
};
use hashbrown::HashSet;

#[derive(Clone, Debug, Default)]
pub(super) struct BeforeAStore {
    /// Every contact whose next timer was due by then is here.
    pub(super) due_until: Option<Instant>,
    pub(super) queue: Reach,
    /// What was written since the last commit.
    contacts: HashSet<UserId, foldhash::fast::FixedState>,
    rows: Vec<Row>,
    head: Option<Head>,
    short: u64,
    /// The event that happens asked for room, and there was none to be had.
    pub(super) is_without_room: bool,
}

/// How far in the queue every contact is here.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    #[default]
    Nowhere,
    Place(Instant, UserId),
    End,
}

impl Partition {
    /// What a batch of events wants from the store to begin with, so that it can be read at once.
    ///
    /// More may be wanted in the course of it: by what was found, and by timers.
    pub fn wants(&self, batch: &[Envelope]) -> Wants {
        let Some(store) = &self.store else { return Wants::default() };
        // A batch has thousands of keys: sorting them once takes a fraction of what a tree does.
        let (mut keys, mut links) = (Vec::with_capacity(4 * batch.len()), Vec::new());
        for envelope in batch {
            let reads = self.engine.reads(envelope);
            keys.extend(reads.keys.iter().filter(|key| !self.shelf.knows(key)).map(Key::from));
            if let Some(user_id) = reads.contact {
                if matches!(envelope.event, Event::Order(_)) && !self.shelf.knows_links(&user_id) {
                    links.push(user_id.clone());
                }
                if !self.shelf.knows_contact(&user_id) {
                    keys.push(Key::Contact(user_id));
                }
            }
        }
        let until = batch.iter().map(|envelope| envelope.at).max();
        let due = until.filter(|until| store.due_until < Some(*until));
        let due = due.map(|until| Due { after: store.due_until, until });
        keys.sort_unstable();
        keys.dedup();
        links.sort_unstable();
        links.dedup();
        Wants { keys, links, due, ..Wants::default() }
    }

    /// Takes in what the store answered to what was wanted.
    pub fn load(&mut self, wants: &Wants, answer: Answer) {
        for row in answer.rows {
            match row {
                Row::Contact(contact) => {
                    // What is here is newer than what the store has.
                    if !self.shelf.contacts.contains_key(contact.user_id()) {
                        self.agenda.update(Default::default(), &contact);
                        self.shelf.contacts.insert(contact.user_id().clone(), *contact);
                    }
                }
                row => self.shelf.take(row),
            }
        }
        for key in &wants.keys {
            self.shelf.asked(key);
        }
        for user_id in &wants.links {
            self.shelf.asked_links(user_id);
        }
        let Some(store) = &mut self.store else { return };
        // Links that were sent since the last commit come after those that the store has.
        for row in &store.rows {
            if let Row::Link(user_id, ..) = row
                && wants.links.contains(user_id)
            {
                self.shelf.take(row.clone());
            }
        }
        store.is_without_room |= wants.room;
        if let Some(due) = wants.due {
            store.due_until = store.due_until.max(Some(answer.due_until.unwrap_or(due.until)));
        }
        if wants.queued.is_some() {
            store.queue = answer.queued_until.map_or(Reach::End, |(at, user_id)| Reach::Place(at, user_id));
        }
    }

    /// The rows written since the last commit, each key once at most: to be committed together, with the records and
    /// effects of the same steps, or not at all (R5). Nothing of a whole partition is written.
    pub fn writes(&self) -> Vec<Row> {
        let Some(store) = &self.store else { return Vec::new() };
        // The last row of a key stands.
        let mut keys: Vec<(Key, usize)> = store.rows.iter().enumerate().map(|(at, row)| (row.key(), at)).collect();
        keys.sort_unstable_by(|(key, at), (other, after)| key.cmp(other).then(after.cmp(at)));
        keys.dedup_by(|(key, _), (last, _)| key == last);
        let mut places: Vec<usize> = keys.into_iter().map(|(_, at)| at).collect();
        places.sort_unstable();
        let mut rows: Vec<Row> = places.into_iter().map(|at| store.rows[at].clone()).collect();
        let mut contacts: Vec<&UserId> = store.contacts.iter().collect();
        contacts.sort_unstable();
        let contacts = contacts.into_iter().filter_map(|user_id| self.shelf.contacts.get(user_id));
        rows.extend(contacts.map(|contact| Row::Contact(Box::new(contact.clone()))));
        let before = store.head.as_ref();
        if before.is_none_or(|before| before.clock != self.head.clock) {
            rows.push(Row::Clock(self.head.clock));
        }
        if before.is_none_or(|before| before.terms != self.head.terms) {
            rows.push(Row::Terms(self.head.terms));
        }
        if before.is_none_or(|before| before.room != self.head.room) {
            rows.push(Row::Room(self.head.room));
        }
        rows
    }

    /// What was written is on its way to the store: it is not written again, and stays at hand until it is
    /// [committed](Self::committed). The next events may be decided meanwhile; links are asked for once it is there.
    pub fn handed_over(&mut self) {
        let Some(store) = &mut self.store else { return };
        store.contacts.clear();
        store.rows.clear();
        store.head = Some(self.head.clone());
        store.short = 0;
    }

    /// What was written is committed, all of it: it is not written again. Contacts stay at hand.
    ///
    /// Where a commit is refused, the partition is dropped, and opened and loaded anew: the same events on the same state
    /// give the same decisions.
    pub fn committed(&mut self) {
        self.handed_over();
        if self.store.is_some() {
            self.shelf.forget_indexes();
        }
    }

    /// Forgets contacts that a store has, until so many are left or none that may be forgotten.
    pub fn keep_at_hand(&mut self, contacts: usize) {
        let Some(store) = &mut self.store else { return };
        if self.shelf.contacts.len() <= contacts {
            return;
        }
        let due_until = store.due_until;
        let is_needed = |contact: &Contact| {
            store.contacts.contains(contact.user_id())
                || contact.next_due().is_some_and(|(due, _)| Some(due) <= due_until)
        };
        self.shelf.contacts.retain(|_, contact| is_needed(contact));
        // Those that are left are all that the agenda has to know of; the queue is read again when it is wanted.
        store.queue = Reach::Nowhere;
        self.agenda = Agenda::new();
        for contact in self.shelf.contacts.values() {
            self.agenda.update(Default::default(), contact);
        }
    }

    /// How much more room under the limit what was decided since the last commit could have used (R7): starts that were
    /// queued for want of it, and contacts counted past it.
    pub fn short_of_room(&self) -> u64 {
        self.store.as_ref().map_or(0, |store| store.short)
    }

    /// How many queued starts are at hand (M6); a store may have more.
    pub fn queued_at_hand(&self) -> usize {
        self.agenda.queued()
    }
}

impl BeforeAStore {
    /// Before a store that has nothing but this head written.
    pub(super) fn at(head: Head) -> Self {
        Self { head: Some(head), ..Self::default() }
    }

    pub(super) fn write(&mut self, decision: &Decision, changed: bool, seq: u64, at: Instant, head: &Head) {
        let subject = decision.subject.as_ref();
        if let Some(user_id) = subject.filter(|_| changed)
            && !self.contacts.contains(user_id)
        {
            self.contacts.insert(user_id.clone());
        }
        // What came late is known for as long as what came with it: it may be told of again just as long (T3, T5).
        let at = head.clock.latest.map_or(at, |latest| latest.max(at));
        let mut position = 0;
        for change in &decision.changes {
            match change {
                Change::Index(row) => {
                    self.rows.extend(row.clone().at(subject, seq, position, at));
                    position += 1;
                }
                Change::Head(HeadChange::Counted) if head.room.granted.is_some() && !head.has_room() => {
                    let granted = head.room.granted.unwrap_or(0);
                    self.short += u64::from(head.room.used > granted);
                }
                _ => {}
            }
        }
        if head.room.granted.is_some() {
            let queued = decision.facts.iter().filter(|fact| matches!(fact, Fact::Queued { .. }));
            self.short += queued.count() as u64;
        }
    }
}

impl IndexRow {
    /// The row of a store that this is, remembered from this instant.
    fn at(self, subject: Option<&UserId>, seq: u64, position: u32, at: Instant) -> Option<Row> {
        Some(match self {
            Self::Event(id) => Row::Event(id, at),
            Self::Comment(id) => Row::Comment(id, at),
            Self::Message(id) => Row::Message(id, at),
            Self::Refund(id) => Row::Refund(id, at),
            Self::Order(id, entry) => Row::Order(id, entry),
            Self::ShopUser(id, user_id) => Row::ShopUser(id, user_id),
            Self::Dm(id, user_id, stage) => Row::Dm(id, user_id, stage),
            Self::Fired(user_id, kind, due, times) => Row::Fired(user_id, kind, due, times),
            Self::Link(link) => Row::Link(subject?.clone(), seq, position, link),
        })
    }
}

impl From<(Instant, UserId)> for Reach {
    fn from((at, user_id): (Instant, UserId)) -> Self {
        Self::Place(at, user_id)
    }
}
