//! V7, V8, V10: what members do.

use super::*;
use chatsparks_core::{Act, ActKind, MemberMessage, text::fold_case, workspace::MemberStatus};

impl Model {
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
        let user = &act.user_id;
        match &act.kind {
            ActKind::Block => {
                let person = self.person(user);
                person.blocked = true;
                person.pending = None;
                if let Some(last) = person.conversations.last_mut().filter(|last| last.state != "closed") {
                    last.close_with(Some("blocked"));
                }
                return applied();
            }
            ActKind::Unblock => {
                if let Some(person) = self.people.get_mut(user) {
                    person.blocked = false;
                }
                return applied();
            }
            ActKind::Assign(to) if self.member(to).is_none() => return refused("not_a_member"),
            _ => {}
        }
        let Some(last) = self.last(user).filter(|last| last.state != "closed") else {
            return refused("no_open_conversation");
        };
        match &act.kind {
            ActKind::Take => {
                last.owner = Some(member);
                self.hand_over(user, None);
            }
            ActKind::Assign(to) => {
                let to = self.member(to);
                self.hand_over(user, None);
                if let Some(last) = self.last(user) {
                    last.owner = to;
                }
            }
            ActKind::Close => last.close_with(None),
            ActKind::HandBack => {
                if last.state != "human" {
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
        match last.stands.clone() {
            None => {
                last.clear_timers();
                last.to("waiting", None);
                last.close = Some(later(at, close_after));
            }
            Some(Stands { waits: Waits::Person, .. }) => self.go_on_after(user, at),
            Some(stands) => self.run(user, Some(stands.block), at),
        }
    }

    pub(super) fn member_message(&mut self, message: &MemberMessage, at: Instant) -> Value {
        let Some(member) = self.member(&message.member) else { return refused("not_a_member") };
        let user = &message.user_id;
        let known = self.people.contains_key(user);
        if !self.spend(user, at) {
            if !known {
                self.people.remove(user);
            }
            return refused("outside_window");
        }
        let in_human = self.last(user).is_some_and(|last| last.state == "human");
        self.hand_over(user, None);
        if let Some(last) = self.last(user)
            && (!in_human || last.owner.is_none())
        {
            last.owner = Some(member.clone());
        }
        let person = self.person(user);
        let conversation = person.conversations.len();
        let mut dm = json!({
            "user_id": user.as_str(), "conversation": conversation, "text": message.text.as_str(),
            "member": member.as_str(),
        });
        if let Some(link) = &message.link {
            person.links.push(SentLink { at, conversation, link: link.clone(), by: SentBy::Member(member) });
            dm["card"] = json!(link);
        }
        self.send(user, dm, at);
        applied()
    }
}
