//! Reach: may this person be written to now? Windows, budgets, and the one message of P3 (P).

use crate::{ContactChange, Pending, Period, Window, document::workspace::ReachMode, machines::turn::Turn};

/// A comment may be answered by a DM for less than this (P3).
const ANSWERABLE_FOR: Period = Period::hours(48);
/// And only where no DM of either direction went within this (P3).
const QUIET_FOR: Period = Period::hours(24);

/// How a start reaches its contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Freely, or within the buyer's window.
    Now,
    /// By the one message that the comment opens (P3).
    OneMessage,
    /// Not before the buyer writes (P2).
    Hold,
}

impl Turn<'_> {
    /// Whether a start may begin now (P1–P3).
    pub(crate) fn reach(&self, start: &Pending) -> Reach {
        let mode = self.policy().reach.mode;
        let contact = self.contact.as_ref();
        if mode == ReachMode::Open
            || contact.and_then(|contact| contact.window()).is_some_and(|window| window.admits(self.at))
        {
            return Reach::Now;
        }
        let last_dm = contact.and_then(|contact| contact.talk.as_ref()?.last_dm);
        let opens = mode == ReachMode::CommentToMessage
            && start.answerable
            && !start.is_reply
            && self.at < start.posted_at.after(ANSWERABLE_FOR)
            && last_dm.is_none_or(|last| self.at >= last.after(QUIET_FOR));
        if opens { Reach::OneMessage } else { Reach::Hold }
    }

    /// Takes one message out of what is open; false: nothing is (P4).
    pub(crate) fn spend_message(&mut self) -> bool {
        if self.policy().reach.mode == ReachMode::Open {
            return true;
        }
        let Some(contact) = &self.contact else { return false };
        if let Some(window) = contact.window().filter(|window| window.admits(self.at)) {
            let left = window.left - 1;
            self.change(ContactChange::WindowLeft(left));
            return true;
        }
        let has_one = contact.talk.as_ref().is_some_and(|talk| talk.one_message);
        if has_one {
            self.change(ContactChange::OneMessage(false));
        }
        has_one
    }

    /// The buyer wrote: their message opens a window, unless the last one opened later (P4).
    pub(crate) fn open_window(&mut self) {
        let last = self.contact.as_ref().and_then(|contact| contact.window()).map(|window| window.opened);
        // A late message that opens no window leaves the one message of P3 as it is, too.
        if last.is_some_and(|last| last > self.at) {
            return;
        }
        if self.contact.as_ref().and_then(|contact| contact.talk.as_ref()).is_some_and(|talk| talk.one_message) {
            self.change(ContactChange::OneMessage(false));
        }
        let reach = &self.policy().reach;
        if reach.mode == ReachMode::Open {
            return;
        }
        self.change(ContactChange::Window(Window {
            opened: self.at,
            until: self.at.after(Period::hours(reach.window_hours)),
            left: u32::try_from(reach.messages_per_window).unwrap_or(u32::MAX),
        }));
    }
}
