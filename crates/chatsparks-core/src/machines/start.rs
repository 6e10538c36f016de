//! Starts: a fired trigger's flow begins at once, or is held, or queued (C8, V9).

use crate::{
    Comment, CommentOf, CommentOutcome, CommentResult, ContactChange, DropReason, Effect, Fact, HeadChange, Instant,
    Outcome, Pending, PendingFor, Period,
    document::workspace::{ReachMode, Trigger},
    machines::comment::first_keyword,
    machines::reach::Reach,
    machines::turn::Turn,
};

impl Turn<'_> {
    /// A trigger fires: its throttle starts, its public reply is posted, and its flow starts, or is kept
    /// from starting by one of three things, in this order (C8).
    pub(crate) fn fire_trigger(&mut self, comment: &Comment, trigger: u32) -> CommentOutcome {
        let number = trigger as usize;
        let trigger: &Trigger = &self.engine.workspace.triggers[number];
        let fired_before = self.contact.as_ref().and_then(|contact| contact.throttles().last(trigger.id.as_str()));
        self.change(ContactChange::Fired { trigger: trigger.id.clone(), at: self.at });
        let keyword = first_keyword(self.engine, number, self.buffers);
        if let Some(text) = variant(trigger.public_reply.as_slice(), comment.comment_id.as_str()) {
            let comment_id = comment.comment_id.clone();
            self.effect(Effect::PublicReply { comment_id, text: text.into() });
        }
        let seen = |result| Fact::CommentSeen { post_id: comment.post_id.clone(), result };
        let fired = Fact::TriggerFired {
            trigger: trigger.id.clone(),
            post_id: comment.post_id.clone(),
            comment_id: comment.comment_id.clone(),
            keyword: keyword.clone(),
        };
        let start = Pending {
            waits: PendingFor::Message,
            until: self.at,
            trigger: trigger.id.clone(),
            keyword,
            flow: trigger.flow.clone(),
            comment_id: comment.comment_id.clone(),
            comment_at: self.at,
            posted_at: comment.posted_at.unwrap_or(self.at),
            post_id: comment.post_id.clone(),
            is_reply: comment.reply_to.is_some(),
            answerable: comment.direct_reply,
            fired_before,
        };
        let result = if !self.engine.may_send {
            CommentResult::Undeliverable
        } else if self.is_held_back() {
            CommentResult::Queued
        } else if self.reach(&start) == Reach::Hold {
            CommentResult::AwaitingMessage
        } else {
            CommentResult::Fired
        };
        self.fact(seen(result));
        self.fact(fired);
        match result {
            CommentResult::Queued => self.place(start, PendingFor::Room),
            CommentResult::AwaitingMessage => self.place(start, PendingFor::Message),
            CommentResult::Fired => self.begin_within_reach(start),
            _ => self.stays_beside(&start),
        }
        CommentOutcome { result, trigger: Some(trigger.id.clone()), until: None }
    }

    /// A trigger fired without a start of its own, while one waits that it fired at the same instant: should that
    /// one's comment be removed, the throttle is still the later firing's (C6, P5).
    fn stays_beside(&mut self, fired: &Pending) {
        let same = |pending: &&Pending| (&pending.trigger, pending.comment_at) == (&fired.trigger, fired.comment_at);
        if let Some(pending) = self.pending().filter(same) {
            let pending = Pending { fired_before: Some(fired.comment_at), ..pending.clone() };
            self.change(ContactChange::Pending(Some(Box::new(pending))));
        }
    }

    /// Begins a start that may begin now; under P3 it brings its one message along.
    fn begin_within_reach(&mut self, start: Pending) {
        if self.reach(&start) == Reach::OneMessage {
            self.change(ContactChange::OneMessage(true));
        }
        self.begin_flow(start);
    }

    /// Holds or queues a start. A contact has one at most: the one that fired later stays (V9).
    fn place(&mut self, start: Pending, waits: PendingFor) {
        let hours = match waits {
            PendingFor::Message => self.policy().reach.hold_hours,
            PendingFor::Room => self.policy().queue_hours,
        };
        let start = Pending { waits, until: start.comment_at.after(Period::hours(hours)), ..start };
        let (trigger, until) = (start.trigger.clone(), start.until);
        let stays = self.pending().is_some_and(|pending| pending.comment_at > start.comment_at);
        if !stays {
            self.drop_start(DropReason::Replaced);
        }
        self.fact(match waits {
            PendingFor::Message => Fact::Held { trigger: trigger.clone(), until },
            PendingFor::Room => Fact::Queued { trigger: trigger.clone(), until },
        });
        if stays {
            self.fact(Fact::Dropped { trigger, reason: DropReason::Replaced });
        } else {
            self.change(ContactChange::Pending(Some(Box::new(start))));
        }
    }

    /// Drops the held or queued start, where there is one.
    pub(crate) fn drop_start(&mut self, reason: DropReason) {
        if let Some(pending) = self.take_pending() {
            self.fact(Fact::Dropped { trigger: pending.trigger, reason });
        }
    }

    /// Drops a start that fired before one that begins (V9).
    pub(crate) fn drop_start_before(&mut self, fired: Instant) {
        if self.pending().is_some_and(|pending| pending.comment_at <= fired) {
            self.drop_start(DropReason::Replaced);
        }
    }

    /// The buyer wrote: a held start begins, or is queued at the limit (P2). Whether it took the message.
    pub(crate) fn begin_held(&mut self) -> bool {
        let Some(pending) = self.pending().filter(|pending| pending.waits == PendingFor::Message).cloned() else {
            return false;
        };
        // T4: what came late fires no timer, so a start that is over is left for `hold_expiry` to drop.
        if self.has_expired(&pending) {
            return false;
        }
        if self.flow_is_gone(&pending) {
            self.drop_start(DropReason::FlowMissing);
            return false;
        }
        self.take_pending();
        if self.is_held_back() {
            self.place(pending, PendingFor::Room);
        } else {
            self.fact(Fact::Released { trigger: pending.trigger.clone() });
            self.begin_flow(pending);
        }
        true
    }

    /// A queued start's turn came: there is room, or a cycle began (M6).
    pub(crate) fn release_queued(&mut self) {
        let Some(pending) = self.pending().filter(|pending| pending.waits == PendingFor::Room).cloned() else {
            return;
        };
        if self.has_expired(&pending) {
            self.drop_start(DropReason::Expired);
        } else if self.flow_is_gone(&pending) {
            self.drop_start(DropReason::FlowMissing);
        } else {
            self.take_pending();
            self.fact(Fact::Released { trigger: pending.trigger.clone() });
            if self.reach(&pending) == Reach::Hold {
                self.place(pending, PendingFor::Message);
            } else {
                self.begin_within_reach(pending);
            }
        }
        if !self.head.has_room() && self.head.room.release_due.is_some() {
            self.change_head(HeadChange::ReleaseDue(None));
        }
    }

    /// The platform says that a comment may be answered: its held start begins, where P3 holds.
    pub(crate) fn comment_answerable(&mut self, of: &CommentOf) -> Outcome {
        let Some(pending) = self.pending().filter(|pending| pending.comment_id == of.comment_id).cloned() else {
            return Outcome::Applied {};
        };
        let pending = Pending { answerable: true, ..pending };
        // An open window serves instead of the one message.
        let may_begin = self.policy().reach.mode == ReachMode::CommentToMessage && self.reach(&pending) != Reach::Hold;
        if pending.waits == PendingFor::Room || self.has_expired(&pending) || !may_begin {
            self.change(ContactChange::Pending(Some(Box::new(pending))));
        } else if self.flow_is_gone(&pending) {
            self.drop_start(DropReason::FlowMissing);
        } else if self.is_held_back() {
            self.take_pending();
            self.place(pending, PendingFor::Room);
        } else {
            self.take_pending();
            self.fact(Fact::Released { trigger: pending.trigger.clone() });
            self.begin_within_reach(pending);
        }
        Outcome::Applied {}
    }

    /// A comment was deleted or hidden: a start that waits for it is dropped (P5), and with it the throttle that its
    /// firing began (C6).
    pub(crate) fn comment_removed(&mut self, of: &CommentOf) -> Outcome {
        let of_it = |pending: &&Pending| pending.comment_id == of.comment_id;
        if let Some(Pending { trigger, comment_at, fired_before, .. }) = self.pending().filter(of_it).cloned() {
            self.drop_start(DropReason::CommentRemoved);
            let last = self.contact.as_ref().and_then(|contact| contact.throttles().last(trigger.as_str()));
            // Should the trigger have fired again since, that throttle stands.
            if last == Some(comment_at) {
                self.change(ContactChange::FiringUndone { trigger, before: fired_before });
            }
        }
        Outcome::Applied {}
    }

    /// A held or queued start waited too long (P2, M6).
    pub(crate) fn start_expires(&mut self) {
        self.drop_start(DropReason::Expired);
    }

    fn pending(&self) -> Option<&Pending> {
        self.contact.as_ref()?.pending()
    }

    fn take_pending(&mut self) -> Option<Pending> {
        let pending = self.pending().cloned()?;
        self.change(ContactChange::Pending(None));
        Some(pending)
    }

    /// At exactly the end it is over (T2, M6).
    fn has_expired(&self, pending: &Pending) -> bool {
        self.at >= pending.until
    }

    fn flow_is_gone(&self, pending: &Pending) -> bool {
        !self.engine.flows.contains_key(pending.flow.as_str())
    }
}

/// C9: the variant of a public reply that a comment gets.
fn variant<'a>(variants: &'a [String], comment_id: &str) -> Option<&'a str> {
    let place = fnv_1a_64(comment_id.as_bytes()).checked_rem(variants.len() as u64)?;
    variants.get(place as usize).map(String::as_str)
}

fn fnv_1a_64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c9_the_hash_is_fnv_1a_64() {
        for (text, wanted) in
            [("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8)]
        {
            assert_eq!(fnv_1a_64(text.as_bytes()), wanted, "{text}");
        }
    }
}
