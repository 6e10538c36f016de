//! The driver: one workspace in memory, fed one event at a time in the order of rules T3 to T5.

use crate::state::FinalState;
use chatsparks_core::{
    Comment, CommentOutcome, Contact, DmStage, Engine, Envelope, Evaluation, Head, Instant, Order, OrderEntry,
    OrderOutcome, OtherRevision, Partition, Record, Row, Scratch, Seen, SentLink, UserId,
};

/// A workspace in memory, to which a history happens.
///
/// Each event is pushed once, in the order of the history; the timers that it makes due fire by themselves,
/// before and after it (T4). It is the core's driver, [`Partition`], with all of its state in memory.
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
    partition: Partition,
    scratch: Scratch,
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
    /// The links sent to them by then, in the order sent.
    pub links: &'a [SentLink],
    /// The engine that decided it, and can tell its candidates.
    pub engine: &'a Engine,
}

/// Shows a record to an observer: before it the comment or the order that was looked at.
pub fn observe(record: &Record<'_>, observer: &mut impl Observer) {
    let &Record { at, contact, links, head, engine, .. } = record;
    if let Some((comment, outcome)) = record.comment() {
        observer.comment(&Considered { comment, at, outcome, contact, head, engine });
    }
    if let Some((order, outcome)) = record.order() {
        observer.order(&ConsideredOrder { order, at, outcome, contact, links, engine });
    }
    observer.record(record);
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

impl From<Partition> for Replay {
    fn from(partition: Partition) -> Self {
        Self { partition, scratch: Scratch::default() }
    }
}

impl Replay {
    /// A workspace to which nothing has happened.
    pub fn new(engine: Engine) -> Self {
        Self { partition: Partition::whole(engine), scratch: Scratch::default() }
    }

    /// A workspace with the state that these rows hold: those of a checkpoint (R10).
    ///
    /// # Errors
    /// When the engine is not the revision that the rows have in force.
    pub fn restore(engine: Engine, rows: impl IntoIterator<Item = Row>) -> Result<Self, OtherRevision> {
        Ok(Self { partition: Partition::restore(engine, rows)?, scratch: Scratch::default() })
    }

    /// Lets an event happen, and every timer due by then; each record is shown in processing order.
    pub fn push(&mut self, envelope: &Envelope, on_record: impl FnMut(&Record<'_>)) {
        self.partition.push(envelope, &mut self.scratch, on_record);
    }

    /// Like [`push`](Self::push), for an observer who may also want each comment as it was considered.
    pub fn push_observed(&mut self, envelope: &Envelope, observer: &mut impl Observer) {
        self.push(envelope, |record| observe(record, observer));
    }

    /// The workspace as it is in force.
    pub fn engine(&self) -> &Engine {
        self.partition.engine()
    }

    /// What all contacts share.
    pub fn head(&self) -> &Head {
        self.partition.head()
    }

    /// A contact, where they are known.
    pub fn contact(&self, user_id: &str) -> Option<&Contact> {
        self.partition.contact(user_id)
    }

    /// Every contact, sorted by user id.
    pub fn contacts(&self) -> Vec<&Contact> {
        self.partition.contacts()
    }

    /// The links sent to a contact, in the order sent (A2).
    pub fn links(&self, user_id: &UserId) -> &[SentLink] {
        self.partition.links(user_id)
    }

    /// An order, as the ledger has it now (A6).
    pub fn order(&self, order_id: &str) -> Option<&OrderEntry> {
        self.partition.order(order_id)
    }

    /// A DM's contact and stage (V11).
    pub fn dm(&self, dm_id: &str) -> Option<(&UserId, DmStage)> {
        self.partition.dm(dm_id)
    }

    /// How many records there were.
    pub fn records(&self) -> u64 {
        self.head().clock().seq()
    }

    /// The state as it is written after a replay.
    pub fn state(&self) -> FinalState {
        FinalState::new(self.head(), &self.contacts(), &self.partition.orders())
    }
}
