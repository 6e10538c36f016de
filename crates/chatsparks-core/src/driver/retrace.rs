//! A contact's past, lived through once more: from what was kept of them alone, with what the records say of the rest.

use crate::{
    Engine, Envelope, Event, HeadChange, Instant, MEMORY, OtherRevision, Partition, Period, Row, Scratch, Timer,
    UserId, driver::record::Record, machines::decide,
};

/// Decides again what was decided of one contact, from their events and timers alone, so that whoever asks about them
/// need not live through everybody's history.
///
/// What a decision has from others is little: its place among the records, the cycle, the count and the room under the
/// limit, and the levels that owners were told. The record of it says what that was, and is [told](Told) here. So each
/// record comes out as it stands; whoever asks holds it against the one that is kept.
///
/// Nothing fires by itself: timers are what the records say has fired, in their order (T4, T5).
#[derive(Clone, Debug)]
pub struct Retrace {
    partition: Partition,
}

/// What the record of a decision says of what all contacts share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Its place in processing order.
    pub seq: u64,
    /// The cycle in force, where it says so: a contact was counted in it.
    pub cycle: Option<Instant>,
    /// Whether a DM went to the contact: one that does not count them shows that they were counted in the cycle in force.
    pub sends: bool,
    /// Whether a flow started, or is held for the buyer alone: where all room was used, that shows the same.
    pub starts: bool,
    /// Contacts counted before it, where that is known.
    pub count: Option<u64>,
    /// Whether it had come before: then it moves no time (T3).
    pub repeats: bool,
    /// Whether it was refused because the workspace had come so far ahead of it (T5).
    pub too_old: bool,
    /// Whether there was no room under the limit (M5).
    pub without_room: bool,
    /// The levels that it told the owners of (M3), in per cent.
    pub levels: [bool; 3],
}

impl Retrace {
    /// A contact to whom nothing has happened; or to whom has happened what these rows of a checkpoint say.
    ///
    /// # Errors
    /// When the rows have another revision in force.
    pub fn new(engine: Engine, rows: impl IntoIterator<Item = Row>) -> Result<Self, OtherRevision> {
        Ok(Self { partition: Partition::restore(engine, rows)? })
    }

    /// The state so far, of this contact alone.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// Another revision is in force from now on (R8).
    pub fn goes_on_by(&mut self, engine: Engine) {
        let Partition { engine: before, head, .. } = &mut self.partition;
        let compiled = engine.compiled();
        head.terms.revision = engine.revision();
        head.terms.limit = compiled.limit;
        if compiled.cycles != before.compiled().cycles
            && let Some(start) = head.terms.cycle_start
        {
            let seen = head.clock.latest.map_or(start, |latest| latest.max(start));
            head.terms.next_cycle = Some(compiled.cycles.next_after(seen));
        }
        *before = engine;
    }

    /// Whether this contact's past says by itself that an event came before (T3): it, or what it tells of.
    pub fn repeats(&self, envelope: &Envelope) -> bool {
        let shelf = &self.partition.shelf;
        let found = shelf.find(&decide::reads(envelope).keys, shelf.is_used_up(&envelope.id));
        found.event || found.thing || matches!(envelope.event, Event::Order(_)) && found.order.is_some()
    }

    /// Others had used up an id before what comes next (T3): the row that says so.
    pub fn is_used_up(&mut self, row: Row) {
        self.partition.shelf.take(row);
    }

    /// Decides an event again.
    pub fn event(
        &mut self,
        envelope: &Envelope,
        told: Told,
        scratch: &mut Scratch,
        mut on_record: impl FnMut(&Record<'_>),
    ) {
        self.stand(envelope.at, told, envelope.event.user_id());
        // INVARIANT: everything that a whole partition wants is at hand.
        let _: Result<(), _> = self.partition.decide(envelope, scratch, &mut on_record);
    }

    /// An event is put aside again, at which the engine failed (R13).
    pub fn set_aside(&mut self, envelope: &Envelope, told: Told, mut on_record: impl FnMut(&Record<'_>)) {
        self.stand(envelope.at, told, None);
        self.partition.set_aside(envelope, &mut on_record);
    }

    /// Lets a timer fire again; nothing happens where the state has no such timer.
    pub fn timer(&mut self, timer: Timer, told: Told, scratch: &mut Scratch, mut on_record: impl FnMut(&Record<'_>)) {
        self.stand(timer.due, told, timer.user_id.as_ref());
        // M6: who else was queued, and since when, is not known here; it was this contact's turn.
        self.partition.head.room.release_due = Some(timer.due);
        let key = decide::reads_of_timer(&timer);
        let fired = key.map_or(0, |key| self.partition.shelf.find(&[key], false).fired);
        self.partition.fire(timer, fired, scratch, &mut on_record);
    }

    /// Puts what all contacts share as it was.
    fn stand(&mut self, at: Instant, told: Told, user_id: Option<&UserId>) {
        let Partition { engine, head, shelf, .. } = &mut self.partition;
        let cycles = engine.compiled().cycles;
        head.clock.seq = told.seq;
        // T5: how far others had come is seen by what was too old, and by what was not.
        let until = at.after(MEMORY);
        head.clock.latest = match head.clock.latest {
            latest if told.too_old => latest.max(Some(until.after(Period::milliseconds(1)))),
            latest => latest.min(Some(until).filter(|_| latest.is_some())),
        };
        // M2: cycles begin with whatever event comes first, anybody's.
        while let Some(start) = head.terms.next_cycle.filter(|next| *next <= at && !told.repeats) {
            head.apply(&HeadChange::Cycle { start, next: cycles.next_after(start) });
        }
        // M2: when a new plan's cycles begin hangs on when it came, which is seen by who counted, and who did not.
        let contact = user_id.and_then(|user_id| shelf.contacts.get(user_id));
        let counted_in = contact.and_then(|contact| contact.talk.as_ref()?.counted_in);
        let is_full = head.terms.limit.zip(told.count).is_some_and(|(limit, count)| count >= limit);
        let seen_in = told.cycle.or(counted_in.filter(|_| told.sends || told.starts && is_full));
        let not_in = counted_in.filter(|cycle| told.without_room && head.terms.cycle_start == Some(*cycle)).map(|_| at);
        if let Some(start) = seen_in.or(not_in).filter(|cycle| head.terms.cycle_start != Some(*cycle)) {
            let seen = head.clock.latest.map_or(start, |latest| latest.max(start));
            head.apply(&HeadChange::Cycle { start, next: cycles.next_after(seen.max(at)) });
        }
        // Where nothing is told, nothing hangs on it.
        let least = if told.without_room { head.terms.limit.unwrap_or(0) } else { 0 };
        head.room.granted = None;
        head.room.used = told.count.unwrap_or(least);
        if told.without_room && head.has_room() {
            head.room.granted = Some(head.room.used);
        }
        // Nobody is told again of what this record does not tell.
        head.room.told = (0..).zip(told.levels).map(|(place, tells)| u8::from(!tells) << place).sum();
    }
}
