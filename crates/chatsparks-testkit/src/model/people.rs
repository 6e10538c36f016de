//! V7, V8, V10: what members do.

use super::*;
use chatsparks_core::{
    Act, ActKind, MemberMessage,
    text::fold_case,
    workspace::{BlockKind, MemberStatus},
};

impl Model {
    /// Whether somebody is the account that the workspace speaks as (V4).
    pub(super) fn is_own(&self, user: &UserId) -> bool {
        *user == self.workspace.workspace.account_user_id
    }

    /// Who a member is, as the list has them; `None`: not an active member. Where nobody is listed, anyone may act.
    pub(super) fn member(&self, email: &Email) -> Option<Email> {
        let members = &self.workspace.members;
        if members.is_empty() {
            return Some(email.clone());
        }
        let same = |other: &Email| fold_case(other.as_str()) == fold_case(email.as_str());
        let known = members.iter().find(|member| same(&member.email) && member.status == MemberStatus::Active);
        known.map(|member| member.email.clone())
    }

    pub(super) fn act(&mut self, act: &Act, at: Instant) -> Value {
        let Some(member) = self.member(&act.member) else { return refused("not_a_member") };
        let owner = match &act.kind {
            ActKind::Assign(to) => match self.member(to) {
                Some(to) => to,
                None => return refused("not_a_member"),
            },
            _ => member,
        };
        let user = &act.user_id;
        if self.is_own(user) {
            return refused("own_account");
        }
        match &act.kind {
            ActKind::Block => {
                self.person(user).blocked = true;
                self.close(user, Some("blocked"));
                self.drop_pending(user, "blocked");
                return applied();
            }
            ActKind::Unblock => {
                if let Some(person) = self.people.get_mut(user) {
                    person.blocked = false;
                }
                return applied();
            }
            _ => {}
        }
        if self.state_of(user) == "closed" {
            return refused("no_open_conversation");
        }
        match &act.kind {
            ActKind::Take | ActKind::Assign(_) => {
                self.hand_over(user, None, at);
                if let Some(last) = self.last(user) {
                    last.owner = Some(owner);
                }
            }
            ActKind::Close => self.close(user, None),
            ActKind::HandBack => {
                if self.state_of(user) != "human" {
                    return refused("not_human");
                }
                self.hand_back(user, at);
            }
            ActKind::Block | ActKind::Unblock => {}
        }
        applied()
    }

    /// V8.
    fn hand_back(&mut self, user: &UserId, at: Instant) {
        let close_after = self.workspace.policy.close_after_hours * HOUR;
        let Some(last) = self.last(user) else { return };
        last.clear_timers();
        let Some(stands) = last.stands.clone() else {
            last.close = Some(later(at, close_after));
            return self.change(user, "waiting", None);
        };
        self.change(user, "bot", None);
        let running = self.running_flow(user);
        let Some(block) = running.and_then(|flow| flow.blocks.into_iter().find(|block| block.id == stands.block))
        else {
            // It was left when a person took over, and does not run again.
            self.comes_to_human(user, Some("flow_missing"), at);
            return self.tell_inbox(user, "flow_missing", None);
        };
        // The block as the document in force has it, should one have taken the flow away and another brought it back.
        match block.kind {
            BlockKind::Handoff(_) => self.go_on_after(user, at),
            _ => self.run(user, Some(stands.block), at),
        }
    }

    pub(super) fn member_message(&mut self, message: &MemberMessage, at: Instant) -> Value {
        let Some(member) = self.member(&message.member) else { return refused("not_a_member") };
        let user = &message.user_id;
        if self.is_own(user) {
            return refused("own_account");
        }
        let known = self.people.contains_key(user);
        if !self.spend(user, at) {
            if !known {
                self.people.remove(user);
            }
            return refused("outside_window");
        }
        self.messages.insert(message.message_id.clone());
        let anothers = self.state_of(user) == "human" && self.last(user).is_some_and(|last| last.owner.is_some());
        self.hand_over(user, None, at);
        self.in_human(user, at);
        if let Some(last) = self.last(user).filter(|_| !anothers) {
            last.owner = Some(member.clone());
        }
        let conversation = self.number(user);
        let mut dm = json!({
            "user_id": user.as_str(), "conversation": conversation, "text": message.text.as_str(),
            "member": member.as_str(),
        });
        if let Some(link) = &message.link {
            dm["card"] = json!(link);
        }
        self.send(user, dm, at);
        if let Some(link) = &message.link {
            self.link_sent(user, link, SentBy::Member(member), at);
        }
        applied()
    }
}
