//! A turn: one event or timer being decided, on a copy of the state.
//!
//! The machines read the copy and say what becomes so; [`Turn::change`] writes it down and applies it
//! to the copy at once, by the very function that the driver applies it with later. So what a machine
//! sees in the middle of a decision is what will stand after it.

use crate::{
    Change, Contact, ContactChange, Conversation, ConversationState, Decision, Effect, Fact, Head, HeadChange,
    IndexRow, Instant, Outcome, Period, Source, StateReason, TimerKind, UserId, document::workspace::Policy,
    engine::compile::Compiled, machines::comment::Buffers,
};
use smallvec::SmallVec;

pub(crate) struct Turn<'a> {
    pub(crate) engine: &'a Compiled,
    /// The instant decided at: the event's, or the timer's due instant.
    pub(crate) at: Instant,
    pub(crate) source: Source,
    pub(crate) head: Head,
    /// The event's contact, as they are by now; made when the first change says so.
    pub(crate) contact: Option<Contact>,
    pub(crate) buffers: &'a mut Buffers,
    user_id: Option<UserId>,
    effects: Vec<Effect>,
    facts: SmallVec<[Fact; 1]>,
    changes: SmallVec<[Change; 4]>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(
        engine: &'a Compiled,
        at: Instant,
        source: Source,
        head: &Head,
        user_id: Option<&UserId>,
        contact: Option<&Contact>,
        buffers: &'a mut Buffers,
    ) -> Self {
        Self {
            engine,
            at,
            source,
            head: head.clone(),
            contact: contact.cloned(),
            buffers,
            user_id: user_id.cloned(),
            effects: Vec::new(),
            facts: SmallVec::new(),
            changes: SmallVec::new(),
        }
    }

    /// The decision, once the outcome is known.
    pub(crate) fn decided(self, outcome: impl Into<Outcome>) -> Decision {
        Decision {
            source: self.source,
            subject: self.user_id,
            outcome: outcome.into(),
            effects: self.effects,
            facts: self.facts,
            changes: self.changes,
            engine: None,
        }
    }

    /// Says that something of the contact is now so.
    pub(crate) fn change(&mut self, change: ContactChange) {
        let Some(user_id) = &self.user_id else { return };
        self.contact.get_or_insert_with(|| Contact::new(user_id.clone())).apply(&change);
        self.push(Change::Contact(change));
    }

    /// Says that something of the head is now so.
    pub(crate) fn change_head(&mut self, change: HeadChange) {
        self.head.apply(&change);
        self.push(Change::Head(change));
    }

    /// Takes in changes that were found before the turn began.
    pub(crate) fn take(&mut self, changes: SmallVec<[Change; 4]>) {
        for change in changes {
            match change {
                Change::Head(change) => self.change_head(change),
                Change::Contact(change) => self.change(change),
                Change::Index(row) => self.index(row),
            }
        }
    }

    /// Writes a row of an index.
    pub(crate) fn index(&mut self, row: IndexRow) {
        self.push(Change::Index(row));
    }

    /// A turn that changes more than a little changes much: room is made once.
    fn push(&mut self, change: Change) {
        if self.changes.len() == self.changes.inline_size() {
            self.changes.reserve(3 * self.changes.inline_size());
        }
        self.changes.push(change);
    }

    /// Tells a fact.
    pub(crate) fn fact(&mut self, fact: Fact) {
        // The second fact seldom comes alone.
        if self.facts.len() == self.facts.inline_size() {
            self.facts.reserve(7);
        }
        self.facts.push(fact);
    }

    /// Asks for an effect.
    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// The id that the next effect will have (T6).
    pub(crate) fn next_effect_id(&self) -> String {
        self.source.effect_id(self.effects.len())
    }

    pub(crate) fn policy(&self) -> &'a Policy {
        &self.engine.workspace.policy
    }

    pub(crate) fn user_id(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }

    /// Whether the event speaks of the account that the workspace speaks as (V4).
    pub(crate) fn is_own_account(&self) -> bool {
        self.user_id.as_ref() == Some(&self.engine.workspace.workspace.account_user_id)
    }

    /// The contact's last conversation.
    pub(crate) fn conversation(&self) -> Option<&Conversation> {
        self.contact.as_ref()?.conversation()
    }

    /// The contact's open conversation.
    pub(crate) fn open_conversation(&self) -> Option<&Conversation> {
        self.contact.as_ref()?.open_conversation()
    }

    /// The number of the conversation, for effects and facts.
    pub(crate) fn conversation_id(&self) -> u32 {
        self.conversation().map_or(0, |conversation| conversation.id)
    }

    /// Brings the conversation into a state, and tells so when it is another (V1).
    pub(crate) fn change_state(&mut self, to: ConversationState, reason: Option<StateReason>) {
        let Some((conversation, from)) = self.conversation().map(|conversation| (conversation.id, conversation.state))
        else {
            return;
        };
        if from != to {
            self.change(ContactChange::State(to, reason));
            self.fact(Fact::StateChanged { conversation, from, to, reason });
        }
    }

    /// Sets or clears a timer of the conversation (T4).
    pub(crate) fn set_timer(&mut self, kind: TimerKind, due: Option<Instant>) {
        let set = self.contact.as_ref().and_then(|contact| contact.due(kind));
        if set != due {
            self.change(ContactChange::Timer(kind, due));
        }
    }

    /// Clears `flow_wait`, `idle` and `close` (V6).
    pub(crate) fn clear_timers(&mut self) {
        for kind in [TimerKind::FlowWait, TimerKind::Idle, TimerKind::Close] {
            self.set_timer(kind, None);
        }
    }

    /// A due instant, unless it is past: then the present one (V2).
    pub(crate) fn not_before_now(&self, since: Instant, period: Period) -> Instant {
        since.after(period).max(self.at)
    }
}
