//! Conversations: the bot speaks, waits, hands over to a person, closes (V).

use crate::{
    ContactChange, ConversationState, DropReason, Effect, Fact, InboxReason, Instant, LeaveReason, Message,
    MessageResult, Outcome, Period, RefusalReason, StateReason, Text, TimerKind, Waits,
    machines::comment::matched_part, machines::turn::Turn,
};

impl Turn<'_> {
    /// A buyer's DM: blocked contacts first, then people, then sensitive words, then a held start,
    /// then the flow, and else it is out of flow.
    pub(crate) fn buyer_message(&mut self, message: &Message) -> Outcome {
        if self.is_own_account() {
            return RefusalReason::OwnAccount.into();
        }
        self.index(crate::IndexRow::Message(message.message_id.clone()));
        self.change(ContactChange::DmAt(self.at));
        if let Some(handle) = &message.handle
            && self.contact.as_ref().and_then(|contact| contact.handle()) != Some(handle.as_str())
        {
            self.change(ContactChange::Handle(handle.clone()));
        }
        // V10: what a blocked contact writes is recorded and opens nothing, no window either.
        if self.contact.as_ref().is_some_and(|contact| contact.is_blocked()) {
            return MessageResult::Kept.into();
        }
        self.open_window();
        if self.contact.as_ref().is_some_and(|contact| contact.is_with_human()) {
            self.tell_inbox(InboxReason::BuyerMessage, None);
            self.said_in_human();
            return MessageResult::Kept.into();
        }
        if self.hears_sensitive_word(message) {
            self.open_if_none();
            self.hand_to_human(StateReason::SensitiveWord, InboxReason::SensitiveWord, None);
            return MessageResult::Sensitive.into();
        }
        if self.begin_held() {
            return MessageResult::Kept.into();
        }
        let waits = self.open_conversation().and_then(|conversation| Some(conversation.stands.as_ref()?.waits));
        match waits {
            Some(Waits::Time) => MessageResult::Kept.into(),
            Some(Waits::Reply) => self.reply(message).into(),
            Some(Waits::BudgetToRun | Waits::BudgetToAskAgain) => {
                self.go_on_with_budget();
                MessageResult::Kept.into()
            }
            // A flow that waits for a person does so in Human, which was looked at above.
            Some(Waits::Person) | None => {
                self.open_if_none();
                self.hand_to_human(StateReason::OutOfFlow, InboxReason::OutOfFlow, None);
                MessageResult::OutOfFlow.into()
            }
        }
    }

    /// V5: holds a message's text against the sensitive words; every entry that matches acts.
    fn hears_sensitive_word(&mut self, message: &Message) -> bool {
        let Some(text) = &message.text else { return false };
        let (text, _) = matched_part(text.as_str());
        let buffers = &mut *self.buffers;
        buffers.normaliser.normalise_into(text, &mut buffers.normalised);
        let verdict = self.engine.sensitive.judge(&buffers.normalised, &mut buffers.hits);
        for tag in verdict.tags {
            self.tag(tag);
        }
        verdict.handoff
    }

    /// Gives the contact a tag, and tells so when it is new.
    pub(crate) fn tag(&mut self, tag: crate::Tag) {
        let has = self.contact.as_ref().is_some_and(|contact| contact.tags().any(|known| *known == tag));
        if !has {
            self.change(ContactChange::Tagged(tag.clone()));
            self.fact(Fact::Tagged { tag });
        }
    }

    /// Opens a conversation when the last is closed or there is none (V1).
    pub(crate) fn open_if_none(&mut self) {
        if self.open_conversation().is_none() {
            let conversation = self.conversation_id() + 1;
            self.change(ContactChange::Opened(conversation));
            self.fact(Fact::ConversationOpened { conversation });
        }
    }

    /// Going to Human clears the timers and drops a start that is held or queued (V6).
    pub(crate) fn go_to_human(&mut self, reason: Option<StateReason>) {
        self.leave_flow(LeaveReason::Human);
        self.be_human(reason);
    }

    /// The same of a flow that was left before. Who takes over in Human moves no timer.
    pub(crate) fn be_human(&mut self, reason: Option<StateReason>) {
        if self.open_conversation().is_some_and(|conversation| conversation.state != ConversationState::Human) {
            self.clear_timers();
            self.change_state(ConversationState::Human, reason);
            self.said_in_human();
        }
        self.drop_start(DropReason::WithHuman);
    }

    /// The conversation came to Human, or either side said something in it there: where the policy says so, it is
    /// closed so long after the last of these (V6). A late word brings nothing forward.
    pub(crate) fn said_in_human(&mut self) {
        self.change(ContactChange::InHuman(self.at));
        let last = self.conversation().and_then(|conversation| conversation.last_in_human).unwrap_or(self.at);
        let hours = Some(self.policy().human_close_hours).filter(|hours| *hours > 0);
        self.set_timer(TimerKind::Close, hours.map(|hours| last.after(Period::hours(hours))));
    }

    /// The bot hands the conversation to a person, and tells the inbox.
    pub(crate) fn hand_to_human(&mut self, reason: StateReason, inbox: InboxReason, note: Option<Text>) {
        self.go_to_human(Some(reason));
        self.tell_inbox(inbox, note);
    }

    /// Tells the inbox, and whose conversation it is (V7).
    pub(crate) fn tell_inbox(&mut self, reason: InboxReason, note: Option<Text>) {
        let Some(user_id) = self.user_id().cloned() else { return };
        let owner = self.conversation().and_then(|conversation| conversation.owner.clone());
        let conversation = self.conversation_id();
        self.effect(Effect::NotifyInbox { user_id, conversation, reason, note, owner });
    }

    /// The bot waits for a reply: `idle` and `close` run from its latest message (V2).
    pub(crate) fn wait_for_reply(&mut self) {
        self.set_timer(TimerKind::FlowWait, None);
        let due = self.after_last_message(Period::minutes(self.policy().waiting_after_minutes));
        self.set_timer(TimerKind::Idle, Some(due));
        self.close_after_last_message();
    }

    /// `close` falls due after the bot's latest message, or from now if it sent none (V2).
    pub(crate) fn close_after_last_message(&mut self) {
        let due = self.after_last_message(Period::hours(self.policy().close_after_hours));
        self.set_timer(TimerKind::Close, Some(due));
    }

    /// So long after the bot's latest message by its instant, which a late one does not bring forward (V2).
    fn after_last_message(&self, period: Period) -> Instant {
        let since = self.conversation().and_then(|conversation| conversation.last_bot).unwrap_or(self.at);
        self.not_before_now(since, period)
    }

    /// `close` falls due so long after now: held (P4), or handed back without a flow (V8).
    pub(crate) fn close_from_now(&mut self) {
        let due = self.at.after(Period::hours(self.policy().close_after_hours));
        self.set_timer(TimerKind::Close, Some(due));
    }

    /// The buyer did not reply (V2).
    pub(crate) fn buyer_is_idle(&mut self) {
        self.set_timer(TimerKind::Idle, None);
        self.change_state(ConversationState::Waiting, None);
    }

    /// Time ran out (V2).
    pub(crate) fn conversation_expires(&mut self) {
        self.close_conversation(Some(StateReason::Expired));
    }

    /// Closes the conversation; a flow in it is left where it stands.
    pub(crate) fn close_conversation(&mut self, reason: Option<StateReason>) {
        self.clear_timers();
        self.leave_flow(LeaveReason::Closed);
        self.change_state(ConversationState::Closed, reason);
    }

    /// Tells that a flow in progress is left; where it stands stays written down. In Human it was left before.
    pub(crate) fn leave_flow(&mut self, why: LeaveReason) {
        let runs = self.open_conversation().filter(|conversation| conversation.state != ConversationState::Human);
        let left = runs.and_then(|conversation| {
            let (run, stands) = (conversation.run.as_ref()?, conversation.stands.as_ref()?);
            Some(Fact::FlowLeft {
                conversation: conversation.id,
                flow: run.flow.clone(),
                version: run.version,
                block: stands.block.clone(),
                why,
            })
        });
        if let Some(left) = left {
            self.fact(left);
        }
    }
}
