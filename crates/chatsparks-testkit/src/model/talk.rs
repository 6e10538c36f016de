//! V: conversations, and what a buyer's message does to them.

use super::*;
use crate::matching;
use chatsparks_core::{Message, workspace::ReachMode};

impl Conversation {
    pub(super) fn new() -> Self {
        Self {
            state: "bot",
            reason: None,
            owner: None,
            run: None,
            stands: None,
            bot_messages: Vec::new(),
            in_human: Vec::new(),
            flow_wait: None,
            idle: None,
            close: None,
        }
    }

    pub(super) fn clear_timers(&mut self) {
        (self.flow_wait, self.idle, self.close) = (None, None, None);
    }
}

impl Model {
    /// The last conversation of a contact, closed too.
    pub(super) fn last(&mut self, user: &UserId) -> Option<&mut Conversation> {
        self.people.get_mut(user)?.conversations.last_mut()
    }

    /// The number of the last conversation of a contact.
    pub(super) fn number(&self, user: &UserId) -> usize {
        self.people.get(user).map_or(0, |person| person.conversations.len())
    }

    /// The state of the last conversation; one that was never begun is as good as closed.
    pub(super) fn state_of(&self, user: &UserId) -> &'static str {
        self.people.get(user).and_then(|person| person.conversations.last()).map_or("closed", |last| last.state)
    }

    /// A new conversation, where none is open (V1).
    pub(super) fn open_if_none(&mut self, user: &UserId) {
        if self.state_of(user) == "closed" {
            self.person(user).conversations.push(Conversation::new());
            let conversation = self.number(user);
            self.tell("conversation_opened", json!({ "conversation": conversation }));
        }
    }

    /// The conversation comes to a state, for a reason or for none; that it stays where it is, is not told.
    pub(super) fn change(&mut self, user: &UserId, to: &'static str, reason: Option<&'static str>) {
        let conversation = self.number(user);
        let Some(last) = self.last(user).filter(|last| last.state != to) else { return };
        let from = std::mem::replace(&mut last.state, to);
        last.reason = reason;
        self.tell("state_changed", json!({ "conversation": conversation, "from": from, "to": to, "reason": reason }));
    }

    /// A flow in progress is left where it stands. A person who has the conversation took it out of the flow before.
    pub(super) fn leave(&mut self, user: &UserId, why: &str) {
        if ["human", "closed"].contains(&self.state_of(user)) {
            return;
        }
        let conversation = self.number(user);
        let Some(last) = self.last(user) else { return };
        if let (Some(run), Some(stands)) = (last.run.clone(), last.stands.clone()) {
            self.tell(
                "flow_left",
                json!({
                    "conversation": conversation, "flow": run.start.flow, "version": run.version,
                    "block": stands.block, "why": why,
                }),
            );
        }
    }

    /// The conversation closes.
    pub(super) fn close(&mut self, user: &UserId, reason: Option<&'static str>) {
        self.leave(user, "closed");
        if let Some(last) = self.last(user) {
            last.clear_timers();
        }
        self.change(user, "closed", reason);
    }

    /// A person has it now (V6).
    pub(super) fn hand_over(&mut self, user: &UserId, reason: Option<&'static str>, at: Instant) {
        self.open_if_none(user);
        self.leave(user, "human");
        self.comes_to_human(user, reason, at);
    }

    pub(super) fn comes_to_human(&mut self, user: &UserId, reason: Option<&'static str>, at: Instant) {
        if self.state_of(user) != "human" {
            if let Some(last) = self.last(user) {
                last.clear_timers();
            }
            self.change(user, "human", reason);
            self.in_human(user, at);
        }
        self.drop_pending(user, "with_human");
    }

    /// It came to Human, or somebody said something in it there: it closes so long after the last of these (V6).
    pub(super) fn in_human(&mut self, user: &UserId, at: Instant) {
        let hours = self.workspace.policy.human_close_hours;
        let Some(last) = self.last(user) else { return };
        last.in_human.push(at);
        let since = last.in_human.iter().max().copied().unwrap_or(at);
        last.close = if hours == 0 { None } else { Some(later(since, hours * HOUR)) };
    }

    pub(super) fn drop_pending(&mut self, user: &UserId, reason: &str) {
        let Some(pending) = self.people.get_mut(user).and_then(|person| person.pending.take()) else { return };
        self.tell("dropped", json!({ "trigger": pending.start.trigger, "reason": reason }));
    }

    pub(super) fn tell_inbox(&mut self, user: &UserId, reason: &str, note: Option<&str>) {
        let person = self.person(user);
        let mut told =
            json!({ "user_id": user.as_str(), "conversation": person.conversations.len(), "reason": reason });
        if let Some(note) = note {
            told["note"] = json!(note);
        }
        if let Some(owner) = person.conversations.last().and_then(|last| last.owner.as_ref()) {
            told["owner"] = json!(owner.as_str());
        }
        self.effect("notify_inbox", told);
    }

    pub(super) fn message(&mut self, message: &Message, at: Instant) -> Value {
        let user = &message.user_id;
        if self.is_own(user) {
            return refused("own_account");
        }
        self.messages.insert(message.message_id.clone());
        let reach = self.workspace.policy.reach.clone();
        let person = self.person(user);
        if let Some(handle) = &message.handle {
            person.handle = Some(handle.as_str().to_owned());
        }
        person.dms.push(at);
        // What a blocked contact writes changes nothing of the budget (V10), nor does one that comes too late to (P3).
        let comes_too_late = person.window.is_some_and(|last| last.opened > at);
        if !person.blocked && !comes_too_late {
            person.one_message = false;
            if reach.mode != ReachMode::Open {
                let until = later(at, reach.window_hours * HOUR);
                person.window = Some(Window { opened: at, until, left: reach.messages_per_window });
            }
        }
        json!({ "message": { "result": self.answer_message(message, at) } })
    }

    fn answer_message(&mut self, message: &Message, at: Instant) -> &'static str {
        let user = &message.user_id;
        if self.person(user).blocked {
            return "kept";
        }
        if self.state_of(user) == "human" {
            self.tell_inbox(user, "buyer_message", None);
            self.in_human(user, at);
            return "kept";
        }
        if self.sensitive(message) {
            self.hand_over(user, Some("sensitive_word"), at);
            self.tell_inbox(user, "sensitive_word", None);
            return "sensitive";
        }
        if self.begin_held(user, at) {
            return "kept";
        }
        let in_flow = self.state_of(user) != "closed" && self.last(user).is_some_and(|last| last.stands.is_some());
        if in_flow {
            return self.reply(user, message, at);
        }
        self.hand_over(user, Some("out_of_flow"), at);
        self.tell_inbox(user, "out_of_flow", None);
        "out_of_flow"
    }

    /// The buyer wrote: a held start that is not over begins, or is queued at the limit (P2).
    fn begin_held(&mut self, user: &UserId, at: Instant) -> bool {
        let Some(Pending { start, .. }) =
            self.person(user).pending.clone().filter(|pending| !pending.queued && at < pending.until)
        else {
            return false;
        };
        if !self.flow_exists(&start.flow) {
            self.drop_pending(user, "flow_missing");
            return false;
        }
        self.person(user).pending = None;
        if self.must_queue(user) {
            self.wait_for_room(user, start);
        } else {
            self.tell("released", json!({ "trigger": start.trigger }));
            self.begin(user, start, at);
        }
        true
    }

    /// V5: every entry that matches acts; whether one hands off.
    fn sensitive(&mut self, message: &Message) -> bool {
        let Some(text) = &message.text else { return false };
        let entries = self.workspace.sensitive.clone().unwrap_or_default();
        let mut hands_off = false;
        for entry in entries {
            if matching::any_sensitive(&entry.words, text.as_str()) {
                hands_off |= entry.handoff;
                if let Some(tag) = entry.tag {
                    self.tag(&message.user_id, tag.as_str());
                }
            }
        }
        hands_off
    }

    pub(super) fn tag(&mut self, user: &UserId, tag: &str) {
        if self.person(user).tags.insert(tag.to_owned()) {
            self.tell("tagged", json!({ "tag": tag }));
        }
    }
}
