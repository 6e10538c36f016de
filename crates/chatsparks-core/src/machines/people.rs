//! People: members take, assign, hand back, close, write, block (V7, V8, V10).

use crate::{
    Act, ActKind, ContactChange, ConversationState, DropReason, Email, IndexRow, MemberMessage, Outcome, RefusalReason,
    SentBy, StateReason, engine::compile::Compiled, machines::flow::Dm, machines::turn::Turn,
};

impl Compiled {
    /// Who acts, as the members list has them; none listed: anyone, as the event has them (V7, W1).
    pub(crate) fn active_member(&self, email: &Email) -> Option<Email> {
        if self.workspace.members.is_empty() {
            return Some(email.clone());
        }
        let folded = crate::matching::text::fold_case(email.as_str());
        self.active_members.iter().find(|(known, _)| *known == folded).map(|(_, email)| email.clone())
    }
}

impl Turn<'_> {
    /// A member does something with a contact: who acts is looked at first, then the state.
    pub(crate) fn member_acts(&mut self, act: &Act) -> Outcome {
        let Some(member) = self.engine.active_member(&act.member) else {
            return RefusalReason::NotAMember.into();
        };
        let owner = match &act.kind {
            ActKind::Assign(to) => match self.engine.active_member(to) {
                Some(to) => to,
                None => return RefusalReason::NotAMember.into(),
            },
            _ => member,
        };
        if self.is_own_account() {
            return RefusalReason::OwnAccount.into();
        }
        match act.kind {
            ActKind::Block => self.block(),
            ActKind::Unblock => self.unblock(),
            ActKind::Take | ActKind::Assign(_) | ActKind::HandBack | ActKind::Close => {
                let Some(state) = self.open_conversation().map(|conversation| conversation.state) else {
                    return RefusalReason::NoOpenConversation.into();
                };
                match act.kind {
                    ActKind::HandBack if state != ConversationState::Human => return RefusalReason::NotHuman.into(),
                    ActKind::HandBack => self.handed_back(),
                    ActKind::Close => self.close_conversation(None),
                    _ => {
                        self.go_to_human(None);
                        self.change(ContactChange::Owner(owner));
                    }
                }
            }
        }
        Outcome::Applied {}
    }

    /// V10: the conversation closes, and a held or queued start is dropped.
    fn block(&mut self) {
        self.change(ContactChange::Blocked(true));
        if self.open_conversation().is_some() {
            self.close_conversation(Some(StateReason::Blocked));
        }
        self.drop_start(DropReason::Blocked);
    }

    /// A person is forgotten: what they wrote, and what they are called. Ids and amounts stay, so that books balance and
    /// duplicates are known; and so does a block (R12). Somebody unknown stays unknown.
    pub(crate) fn erase(&mut self) -> Outcome {
        if self.contact.is_some() {
            self.change(ContactChange::Erased);
        }
        Outcome::Applied {}
    }

    /// Nothing resumes by itself (V10), and somebody unknown stays unknown.
    fn unblock(&mut self) {
        if self.contact.as_ref().is_some_and(|contact| contact.is_blocked()) {
            self.change(ContactChange::Blocked(false));
        }
    }

    /// A member writes: it takes the conversation, opening one where none is open (V7). It counts,
    /// also past the limit (M4); only P4 may refuse it.
    pub(crate) fn member_message(&mut self, message: &MemberMessage) -> Outcome {
        let Some(member) = self.engine.active_member(&message.member) else {
            return RefusalReason::NotAMember.into();
        };
        if self.is_own_account() {
            return RefusalReason::OwnAccount.into();
        }
        if !self.spend_message() {
            return RefusalReason::OutsideWindow.into();
        }
        self.index(IndexRow::Message(message.message_id.clone()));
        self.open_if_none();
        let owned = self
            .open_conversation()
            .is_some_and(|conversation| conversation.state == ConversationState::Human && conversation.owner.is_some());
        if !owned {
            self.change(ContactChange::Owner(member.clone()));
        }
        self.go_to_human(None);
        self.said_in_human();
        let text = Some(message.text.clone());
        self.send(Dm { text, card: message.link.clone(), member: Some(member.clone()), ..Dm::default() });
        if let Some(link) = &message.link {
            self.link_sent(link.clone(), SentBy::Member(member));
        }
        Outcome::Applied {}
    }
}
