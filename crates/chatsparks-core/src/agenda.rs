//! The agenda: which timer of a workspace is due next (T4). It belongs to the driver.
//!
//! Contacts say when they want to be woken; the agenda keeps that in a heap. An entry that a contact
//! no longer stands by is not looked for when the contact changes: it is passed over when its turn
//! comes, which costs less than finding it.

use crate::{Contact, Head, Instant, Pending, PendingFor, Timer, TimerKind, UserId};
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

/// The timers of a workspace, and its queue of starts that wait for room (M6).
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    timers: BinaryHeap<Reverse<Timer>>,
    queue: BTreeSet<(Instant, UserId)>,
}

impl Agenda {
    /// An agenda with nothing on it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what changed of a contact: `before`, where they were known, and `after`.
    pub fn update(&mut self, before: Option<&Contact>, after: &Contact) {
        for kind in Contact::TIMERS {
            let due = after.due(kind);
            if let Some(due) = due.filter(|_| before.and_then(|contact| contact.due(kind)) != due) {
                self.timers.push(Reverse(Timer { due, kind, user_id: Some(after.user_id().clone()) }));
            }
        }
        let (was, is) = (before.and_then(queued_at), queued_at(after));
        if was != is {
            if let Some(at) = was {
                self.queue.remove(&(at, after.user_id().clone()));
            }
            if let Some(at) = is {
                self.queue.insert((at, after.user_id().clone()));
            }
        }
    }

    /// The contact whose queued start is the oldest (M6).
    pub fn oldest_queued(&self) -> Option<&UserId> {
        self.queue.first().map(|(_, user_id)| user_id)
    }

    /// The next timer due at or before `until`, in the order of T4; it stays on the agenda until the
    /// contact, changed by its firing, says otherwise. `contact` looks one up.
    pub fn next<'a>(
        &mut self,
        until: Instant,
        head: &Head,
        contact: impl Fn(&UserId) -> Option<&'a Contact>,
    ) -> Option<Timer> {
        let own = loop {
            let Some(Reverse(timer)) = self.timers.peek() else { break None };
            if timer.due > until {
                break None;
            }
            let stands = timer.user_id.as_ref().and_then(&contact).and_then(|contact| contact.due(timer.kind));
            if stands == Some(timer.due) {
                break Some(timer.clone());
            }
            self.timers.pop();
        };
        let cycle = head.next_cycle.map(|due| Timer { due, kind: TimerKind::Cycle, user_id: None });
        let release = head
            .release_due
            .filter(|_| head.has_room())
            .zip(self.oldest_queued())
            .map(|(due, user_id)| Timer { due, kind: TimerKind::QueueRelease, user_id: Some(user_id.clone()) });
        [own, cycle, release].into_iter().flatten().filter(|timer| timer.due <= until).min()
    }
}

fn queued_at(contact: &Contact) -> Option<Instant> {
    contact.pending().filter(|pending| pending.waits == PendingFor::Room).map(|pending: &Pending| pending.comment_at)
}
