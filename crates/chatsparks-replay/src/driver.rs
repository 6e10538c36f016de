//! The driver: one workspace in memory, fed one event at a time in the order of rules T3 to T5.

use crate::{record::Record, state::FinalState};
use chatsparks_core::{
    Agenda, Change, Comment, CommentOutcome, Contact, Decision, DmStage, Engine, Envelope, Evaluation, Event, Found,
    Head, Instant, Loaded, Order, OrderEntry, OrderOutcome, Outcome, Scratch, Seen, Source, UserId,
};
use hashbrown::HashMap;
use indexes::Indexes;

mod indexes;

/// A workspace in memory, to which a history happens.
///
/// Each event is pushed once, in the order of the history; the timers that it makes due fire by themselves,
/// before and after it (T4). Everything is judged by the engine; the driver only loads, applies and sequences.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use chatsparks_core::Engine;
/// use chatsparks_replay::{Format, Reader, Replay, read_workspace};
/// let engine = Engine::compile(read_workspace(&std::fs::read("workspace.json")?, Format::Json)?)?;
/// let mut replay = Replay::new(engine);
/// let history = std::io::BufReader::new(std::fs::File::open("history.jsonl")?);
/// for line in Reader::new(history, "history.jsonl") {
///     replay.push(&line?.envelope, |record| println!("{:?}", record.decision.outcome));
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Replay {
    engine: Engine,
    head: Head,
    contacts: HashMap<UserId, Contact>,
    indexes: Indexes,
    agenda: Agenda,
    scratch: Scratch,
    seq: u64,
}

/// Who watches a replay. What is not asked for costs nothing.
pub trait Observer {
    /// Something was decided.
    fn record(&mut self, record: &Record<'_>);

    /// A comment was looked at; comes right before its record.
    fn comment(&mut self, _considered: &Considered<'_>) {}

    /// An order was judged; comes right before its record.
    fn order(&mut self, _considered: &ConsideredOrder<'_>) {}
}

/// A comment as the engine considered it, before anything that it changed.
#[derive(Clone, Copy, Debug)]
pub struct Considered<'a> {
    /// The comment.
    pub comment: &'a Comment,
    /// Its instant.
    pub at: Instant,
    /// What came of it.
    pub outcome: &'a CommentOutcome,
    /// Its contact as the gates saw them; none: they are new.
    pub contact: Option<&'a Contact>,
    /// What all contacts share, as it was then.
    pub head: &'a Head,
    /// The engine that decided it, and can explain it.
    pub engine: &'a Engine,
}

/// An order as the engine judged it: against the links known when it came (A7).
#[derive(Clone, Copy, Debug)]
pub struct ConsideredOrder<'a> {
    /// The order.
    pub order: &'a Order,
    /// Its instant.
    pub at: Instant,
    /// What came of it.
    pub outcome: &'a OrderOutcome,
    /// The contact that it belongs to (A1); none: it matches nobody.
    pub contact: Option<&'a Contact>,
    /// The engine that decided it, and can tell its candidates.
    pub engine: &'a Engine,
}

impl Considered<'_> {
    /// The evaluation to keep, which explains any trigger later (C10).
    pub fn evaluation(&self) -> Evaluation {
        Evaluation {
            comment: self.comment.clone(),
            at: self.at,
            revision: self.engine.revision(),
            outcome: self.outcome.clone(),
            seen: Seen::of(self.contact),
        }
    }
}

impl Replay {
    /// A workspace to which nothing has happened.
    pub fn new(engine: Engine) -> Self {
        Self {
            head: engine.first_head(),
            engine,
            contacts: HashMap::new(),
            indexes: Indexes::default(),
            agenda: Agenda::new(),
            scratch: Scratch::default(),
            seq: 0,
        }
    }

    /// Lets an event happen, and every timer due by then; each record is shown in processing order.
    pub fn push(&mut self, envelope: &Envelope, on_record: impl FnMut(&Record<'_>)) {
        struct Each<F>(F);
        impl<F: FnMut(&Record<'_>)> Observer for Each<F> {
            fn record(&mut self, record: &Record<'_>) {
                (self.0)(record);
            }
        }
        self.push_observed(envelope, &mut Each(on_record));
    }

    /// Like [`push`](Self::push), for an observer who may also want each comment as it was considered.
    pub fn push_observed(&mut self, envelope: &Envelope, observer: &mut impl Observer) {
        // T3: a used-up id fires no timers. T5: neither does a late event, before or after itself.
        let used_up = self.indexes.is_used_up(&envelope.id);
        let moves_time = !used_up && !self.head.is_late(envelope.at);
        if moves_time {
            self.fire_due(envelope.at, observer);
        }
        self.decide(envelope, used_up, observer);
        if moves_time {
            self.fire_due(envelope.at, observer);
        }
    }

    fn decide(&mut self, envelope: &Envelope, used_up: bool, observer: &mut impl Observer) {
        let reads = self.engine.reads(envelope);
        let found = self.indexes.find(&reads.keys, used_up);
        // A1: a contact's own id comes first, then the one that the shop's id was linked to.
        let own = reads.contact.as_ref().and_then(|user_id| self.contacts.get(user_id));
        let contact = own.or_else(|| found.shop_user.as_ref().and_then(|user_id| self.contacts.get(user_id)));
        let loaded = Loaded { head: &self.head, contact, found: &found };
        let mut decision = self.engine.decide(&loaded, envelope, &mut self.scratch);
        if let (Event::Comment(comment), Outcome::Comment(outcome)) = (&envelope.event, &decision.outcome) {
            let (at, head, engine) = (envelope.at, &self.head, &self.engine);
            observer.comment(&Considered { comment, at, outcome, contact, head, engine });
        }
        if let (Event::Order(order), Outcome::Order(outcome)) = (&envelope.event, &decision.outcome) {
            observer.order(&ConsideredOrder { order, at: envelope.at, outcome, contact, engine: &self.engine });
        }
        let subject = contact.map(|contact| contact.user_id().clone()).or(reads.contact);
        if let Some(engine) = decision.engine.take() {
            self.engine = engine;
        }
        self.settle(Source::Event(envelope.id.clone()), Some(envelope), envelope.at, decision, subject, observer);
    }

    /// Fires every timer due at or before an instant, in the order of T4. One that a fired timer sets takes
    /// its place in the same order.
    fn fire_due(&mut self, until: Instant, observer: &mut impl Observer) {
        while let Some(timer) = self.agenda.next(until, &self.head, |user_id| self.contacts.get(user_id)) {
            let contact = timer.user_id.as_ref().and_then(|user_id| self.contacts.get(user_id));
            let loaded = Loaded { head: &self.head, contact, found: &Found::default() };
            let decision = self.engine.fire(&loaded, &timer, &mut self.scratch);
            let source = self.engine.source(contact, &timer);
            self.settle(source, None, timer.due, decision, timer.user_id, observer);
        }
    }

    /// Shows a decision, and makes true what it says.
    fn settle(
        &mut self,
        source: Source,
        envelope: Option<&Envelope>,
        at: Instant,
        mut decision: Decision,
        subject: Option<UserId>,
        observer: &mut impl Observer,
    ) {
        let revision = self.engine.revision();
        let record = Record { seq: self.seq, source: &source, envelope, at, revision, decision: &decision };
        observer.record(&record);
        self.seq += 1;
        let mut changed = false;
        for change in &decision.changes {
            match change {
                Change::Head(change) => self.head.apply(change),
                Change::Contact(_) => changed = true,
                Change::Index(_) => {}
            }
        }
        if let Some(user_id) = subject.filter(|_| changed) {
            let contact = self.contacts.entry(user_id).or_insert_with_key(|user_id| Contact::new(user_id.clone()));
            let before = contact.wakes();
            for change in &decision.changes {
                if let Change::Contact(change) = change {
                    contact.apply(change);
                }
            }
            self.agenda.update(before, contact);
        }
        for change in decision.changes.drain(..) {
            if let Change::Index(row) = change {
                self.indexes.put(row);
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

    /// A contact, where they are known.
    pub fn contact(&self, user_id: &str) -> Option<&Contact> {
        self.contacts.get(user_id)
    }

    /// Every contact, sorted by user id.
    pub fn contacts(&self) -> Vec<&Contact> {
        let mut contacts: Vec<_> = self.contacts.values().collect();
        contacts.sort_unstable_by_key(|contact| contact.user_id());
        contacts
    }

    /// An order, as the ledger has it now (A6).
    pub fn order(&self, order_id: &str) -> Option<&OrderEntry> {
        self.indexes.order(order_id)
    }

    /// A DM's contact and stage (V11).
    pub fn dm(&self, dm_id: &str) -> Option<(&UserId, DmStage)> {
        self.indexes.dm(dm_id).map(|(user_id, stage)| (user_id, *stage))
    }

    /// How many records there were.
    pub fn records(&self) -> u64 {
        self.seq
    }

    /// The state as it is written after a replay.
    pub fn state(&self) -> FinalState {
        FinalState::new(&self.head, &self.contacts(), &self.indexes.orders())
    }
}
