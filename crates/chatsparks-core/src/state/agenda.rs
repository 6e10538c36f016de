//! The agenda: which timer of a workspace is due next (T4). It belongs to the driver.
//!
//! Contacts say when they want to be woken; the agenda keeps that in a heap. An entry that a contact
//! no longer stands by is not looked for when the contact changes: it is passed over when its turn
//! comes, which costs less than finding it.

use crate::{Contact, Head, Instant, Timer, TimerKind, UserId};
use dary_heap::QuaternaryHeap;
use std::{cmp::Reverse, collections::BTreeSet};

/// The timers of a workspace, and its queue of starts that wait for room (M6).
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    /// Four to a node: of a million timers a pop then touches half as much memory as with two.
    timers: QuaternaryHeap<Reverse<Timer>>,
    /// The contact's timer that was taken off last, until its firing is known.
    taken: Option<Timer>,
    queue: BTreeSet<(Instant, UserId)>,
}

/// When a contact wants to be woken, and its place in the queue: what the agenda compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wakes {
    due: [Option<Instant>; Contact::TIMERS.len()],
    queued_at: Option<Instant>,
}

impl Agenda {
    /// An agenda with nothing on it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what changed of a contact: how it woke before the change, and the contact after it.
    pub fn update(&mut self, before: Wakes, after: &Contact) {
        let wakes = after.wakes();
        // A timer that was taken off, and by which the contact still stands, is put on again.
        if let Some(taken) = self.taken.take_if(|taken| taken.user_id.as_ref() == Some(after.user_id()))
            && after.due(taken.kind) == Some(taken.due)
        {
            self.timers.push(Reverse(taken));
        }
        if before == wakes {
            return;
        }
        for ((kind, was), is) in Contact::TIMERS.into_iter().zip(before.due).zip(wakes.due) {
            if let Some(due) = is.filter(|_| was != is) {
                self.timers.push(Reverse(Timer { due, kind, user_id: Some(after.user_id().clone()) }));
            }
        }
        if before.queued_at != wakes.queued_at {
            if let Some(at) = before.queued_at {
                self.queue.remove(&(at, after.user_id().clone()));
            }
            if let Some(at) = wakes.queued_at {
                self.queue.insert((at, after.user_id().clone()));
            }
        }
    }

    /// The contact whose queued start is the oldest (M6).
    pub fn oldest_queued(&self) -> Option<&UserId> {
        self.queue.first().map(|(_, user_id)| user_id)
    }

    /// How many starts are queued (M6).
    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// The first place in the queue (M6).
    pub(crate) fn first_place(&self) -> Option<(Instant, UserId)> {
        self.queue.first().cloned()
    }

    /// Puts the timer that was taken off last on again: it could not be fired yet.
    pub(crate) fn put_back(&mut self) {
        if let Some(taken) = self.taken.take() {
            self.timers.push(Reverse(taken));
        }
    }

    /// Takes off the next timer due at or before `until`, in the order of T4, for the caller to fire: what
    /// becomes of its contact then comes in by [`update`](Self::update). `contact` looks one up.
    pub fn next<'a>(
        &mut self,
        until: Instant,
        head: &Head,
        contact: impl Fn(&UserId) -> Option<&'a Contact>,
    ) -> Option<Timer> {
        self.taken = None;
        let own = loop {
            let Some(Reverse(timer)) = self.timers.peek().filter(|Reverse(timer)| timer.due <= until) else {
                break None;
            };
            let stands = timer.user_id.as_ref().and_then(&contact).and_then(|contact| contact.due(timer.kind));
            if stands == Some(timer.due) {
                break Some(timer);
            }
            self.timers.pop();
        };
        let workspaces = self.workspaces_own(until, head);
        // The kinds of the workspace come before those of contacts, at one instant.
        if let Some(first) = workspaces.filter(|first| own.is_none_or(|own| *first < *own)) {
            return Some(first);
        }
        own?;
        self.taken = self.timers.pop().map(|Reverse(timer)| timer);
        self.taken.clone()
    }

    /// The next of those that hang on the head: the cycle, and the release of the oldest queued start.
    fn workspaces_own(&self, until: Instant, head: &Head) -> Option<Timer> {
        let is_due = |due: &Instant| *due <= until;
        let cycle =
            head.terms.next_cycle.filter(is_due).map(|due| Timer { due, kind: TimerKind::Cycle, user_id: None });
        let release = head.room.release_due.filter(is_due).filter(|_| head.has_room()).zip(self.oldest_queued());
        let release =
            release.map(|(due, user_id)| Timer { due, kind: TimerKind::QueueRelease, user_id: Some(user_id.clone()) });
        cycle.into_iter().chain(release).min()
    }
}

impl Contact {
    /// What the agenda needs of this contact; of one who is new, the default.
    pub fn wakes(&self) -> Wakes {
        if self.talk.is_none() {
            return Wakes::default();
        }
        Wakes { due: Self::TIMERS.map(|kind| self.due(kind)), queued_at: self.queued_at() }
    }
}
