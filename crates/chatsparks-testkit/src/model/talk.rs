//! V: conversations, and what a buyer's message does to them.

use super::*;
use crate::matching;
use chatsparks_core::{Message, workspace::ReachMode};

impl Conversation {
    fn new() -> Self {
        Self {
            state: "bot",
            reason: None,
            owner: None,
            run: None,
            stands: None,
            bot_messages: Vec::new(),
            flow_wait: None,
            idle: None,
            close: None,
        }
    }

    pub(super) fn to(&mut self, state: &'static str, reason: Option<&'static str>) {
        (self.state, self.reason) = (state, reason);
    }

    pub(super) fn clear_timers(&mut self) {
        (self.flow_wait, self.idle, self.close) = (None, None, None);
    }

    pub(super) fn close_with(&mut self, reason: Option<&'static str>) {
        self.clear_timers();
        self.to("closed", reason);
    }
}

impl Model {
    /// The last conversation of a contact, closed too.
    pub(super) fn last(&mut self, user: &UserId) -> Option<&mut Conversation> {
        self.people.get_mut(user)?.conversations.last_mut()
    }

    /// The open conversation of a contact, a new one where there is none (V1).
    pub(super) fn open_or_new(&mut self, user: &UserId) -> &mut Conversation {
        let conversations = &mut self.person(user).conversations;
        match conversations.iter().rposition(|last| last.state != "closed") {
            Some(open) => &mut conversations[open],
            None => {
                conversations.push(Conversation::new());
                let new = conversations.len() - 1;
                &mut conversations[new]
            }
        }
    }

    /// A person has it now (V6).
    pub(super) fn hand_over(&mut self, user: &UserId, reason: Option<&'static str>) {
        let last = self.open_or_new(user);
        last.clear_timers();
        // The reason is that of the last change: a member who takes over in Human changes no state (fine print on V7).
        if last.state != "human" || reason.is_some() {
            last.to("human", reason);
        }
        self.person(user).pending = None;
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
        self.messages.insert(message.message_id.clone());
        let user = &message.user_id;
        let reach = self.workspace.policy.reach.clone();
        let person = self.person(user);
        if let Some(handle) = &message.handle {
            person.handle = Some(handle.as_str().to_owned());
        }
        person.dms.push(at);
        // What a blocked contact writes changes nothing of the budget either (V10).
        person.one_message &= person.blocked;
        if !person.blocked && reach.mode != ReachMode::Open {
            let new =
                Window { opened: at, until: later(at, reach.window_hours * HOUR), left: reach.messages_per_window };
            if person.window.is_none_or(|old| old.opened <= at) {
                person.window = Some(new);
            }
        }
        json!({ "message": { "result": self.answer_message(message, at) } })
    }

    fn answer_message(&mut self, message: &Message, at: Instant) -> &'static str {
        let user = &message.user_id;
        if self.person(user).blocked {
            return "kept";
        }
        let state = self.last(user).map_or("closed", |last| last.state);
        if state == "human" {
            self.tell_inbox(user, "buyer_message", None);
            return "kept";
        }
        if self.sensitive(message) {
            self.hand_over(user, Some("sensitive_word"));
            self.tell_inbox(user, "sensitive_word", None);
            return "sensitive";
        }
        if let Some(Pending { start, .. }) =
            self.person(user).pending.clone().filter(|pending| !pending.queued && at < pending.until)
        {
            self.person(user).pending = None;
            if self.flow_exists(&start.flow) {
                self.start_by_message(user, start, at);
                return "kept";
            }
        }
        let in_flow = self.last(user).is_some_and(|last| last.state != "closed" && last.stands.is_some());
        if in_flow {
            return self.reply(user, message, at);
        }
        self.hand_over(user, Some("out_of_flow"));
        self.tell_inbox(user, "out_of_flow", None);
        "out_of_flow"
    }

    /// The buyer wrote: a held start begins, or is queued at the limit (P2).
    fn start_by_message(&mut self, user: &UserId, start: Start, at: Instant) {
        if self.at_limit() && !self.people.get(user).is_some_and(|person| self.counts(person)) {
            self.wait_for_room(user, start);
        } else {
            self.begin(user, start, at);
        }
    }

    /// V5: every entry that matches acts; whether one hands off.
    fn sensitive(&mut self, message: &Message) -> bool {
        let Some(text) = &message.text else { return false };
        let entries = self.workspace.sensitive.clone().unwrap_or_default();
        let mut hands_off = false;
        for entry in entries {
            if matching::any_sensitive(&entry.words, text.as_str()) {
                hands_off |= entry.handoff;
                self.person(&message.user_id).tags.extend(entry.tag.map(|tag| tag.to_string()));
            }
        }
        hands_off
    }
}
