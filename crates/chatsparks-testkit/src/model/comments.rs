//! C: which trigger a comment fires, and what comes of it; P2, P3 and M5 for a start.

use super::*;
use crate::matching;
use chatsparks_core::{
    Comment, CommentOf,
    workspace::{OnThrottled, ReachMode, Replies, Scope, Trigger, TriggerStatus},
};

/// How a start may go on (P).
pub(super) enum Reach {
    Begins,
    /// With one message until the buyer writes (P3).
    BeginsWithOne,
    Held,
}

impl Model {
    pub(super) fn comment(&mut self, comment: &Comment, at: Instant) -> Value {
        self.comments.insert(comment.comment_id.clone());
        if comment.user_id == self.workspace.workspace.account_user_id {
            return self.seen(comment, "own_comment", None, None);
        }
        let person = self.person(&comment.user_id);
        if let Some(handle) = &comment.handle {
            person.handle = Some(handle.as_str().to_owned());
        }
        let first = person.comments.is_empty();
        person.comments.push(comment.comment_id.clone());
        if !self.has_scope("comments") {
            return self.seen(comment, "not_connected", None, None);
        }
        let post = self.workspace.posts.iter().find(|post| post.id == comment.post_id);
        if let (Some(plan), Some(post)) = (&self.workspace.plan, post)
            && at >= later(post.published_at, plan.listening_window_days * DAY)
        {
            return self.seen(comment, "outside_window", None, None);
        }
        let matching: Vec<Trigger> = self
            .workspace
            .triggers
            .iter()
            .filter(|trigger| trigger.status == TriggerStatus::Active)
            .filter(|trigger| match &trigger.scope {
                Scope::All => true,
                Scope::Posts(posts) => post.is_some_and(|post| posts.contains(&post.id)),
                Scope::Tags(tags) => post.is_some_and(|post| post.tags.iter().any(|tag| tags.contains(tag))),
            })
            .filter(|trigger| {
                let (text, post) = (comment.text.as_str(), comment.post_id.as_str());
                let looked = matching::Looked { text, post, first, reply: comment.reply_to.is_some() };
                matching::holds(&trigger.when, &self.workspace, &looked)
            })
            .cloned()
            .collect();
        let Some(highest) = matching.first() else { return self.seen(comment, "no_match", None, None) };
        if self.person(&comment.user_id).blocked {
            return self.seen(comment, "blocked_contact", Some(highest), None);
        }
        let winner = match self.workspace.policy.on_throttled {
            OnThrottled::Stop => Some(highest).filter(|trigger| self.throttled(trigger, comment, at).is_none()),
            OnThrottled::Next => matching.iter().find(|trigger| self.throttled(trigger, comment, at).is_none()),
        };
        let Some(winner) = winner else {
            let until = self.throttled(highest, comment, at);
            return self.seen(comment, "throttled", Some(highest), until);
        };
        if self.state_of(&comment.user_id) == "human" {
            return self.seen(comment, "with_human", Some(winner), None);
        }
        self.fire_trigger(comment, winner, at)
    }

    /// What came of a comment: its outcome, and the fact that it was seen.
    fn seen(&mut self, comment: &Comment, result: &str, trigger: Option<&Trigger>, until: Option<Instant>) -> Value {
        self.tell("comment_seen", json!({ "post_id": comment.post_id, "result": result }));
        let until = until.map(|until| until.to_string());
        json!({ "comment": { "result": result, "trigger": trigger.map(|trigger| &trigger.id), "until": until } })
    }

    fn has_scope(&self, scope: &str) -> bool {
        let tiktok = &self.workspace.connections.tiktok;
        tiktok.connected && tiktok.scopes.iter().any(|given| given == scope)
    }

    /// A trigger fires: its throttle, its public reply, its start (C6, C8, C9).
    fn fire_trigger(&mut self, comment: &Comment, winner: &Trigger, at: Instant) -> Value {
        let user = &comment.user_id;
        self.person(user).firings.push((winner.id.clone(), comment.comment_id.clone(), at));
        let replies = match &winner.public_reply {
            Replies::One(text) => std::slice::from_ref(text),
            Replies::Many(texts) => texts,
        };
        if !replies.is_empty() {
            let variant = fnv(comment.comment_id.as_str()) % replies.len() as u64;
            let text = &replies[variant as usize];
            self.effect("public_reply", json!({ "comment_id": comment.comment_id, "text": text }));
        }
        let keyword = matching::first_keyword(&winner.when, comment.text.as_str());
        let start = Start {
            trigger: winner.id.clone(),
            keyword: keyword.clone(),
            comment_id: comment.comment_id.clone(),
            comment_at: at,
            posted_at: comment.posted_at.unwrap_or(at),
            post_id: comment.post_id.clone(),
            flow: winner.flow.clone(),
            reply: comment.reply_to.is_some(),
            answerable: comment.direct_reply,
        };
        let result = if !self.has_scope("messages") {
            "undeliverable"
        } else if self.must_queue(user) {
            "queued"
        } else if matches!(self.reach(user, &start, at), Reach::Held) {
            "awaiting_message"
        } else {
            "fired"
        };
        let outcome = self.seen(comment, result, Some(winner), None);
        self.tell(
            "trigger_fired",
            json!({
                "trigger": winner.id, "post_id": comment.post_id, "comment_id": comment.comment_id, "keyword": keyword,
            }),
        );
        match result {
            "queued" => self.wait_for_room(user, start),
            "awaiting_message" | "fired" => self.start_with_room(user, start, at),
            _ => {}
        }
        outcome
    }

    /// When the throttle of a trigger ends that holds a comment back (C6).
    fn throttled(&self, trigger: &Trigger, comment: &Comment, at: Instant) -> Option<Instant> {
        let firings = &self.people.get(&comment.user_id)?.firings;
        let last = firings.iter().filter(|(id, ..)| *id == trigger.id).map(|(.., at)| *at).max()?;
        let hours = trigger.throttle_hours.unwrap_or(self.workspace.policy.throttle_hours);
        Some(later(last, hours * HOUR)).filter(|until| at < *until)
    }

    /// Whether the limit holds a start back: there is no room, and the contact is not counted (M5).
    pub(super) fn must_queue(&self, user: &UserId) -> bool {
        self.at_limit() && !self.people.get(user).is_some_and(|person| self.counts(person))
    }

    /// A start that the limit does not hold back begins, or is held until the buyer writes (P2, P3).
    pub(super) fn start_with_room(&mut self, user: &UserId, start: Start, at: Instant) {
        match self.reach(user, &start, at) {
            Reach::Held => {
                let until = later(start.comment_at, self.workspace.policy.reach.hold_hours * HOUR);
                return self.put_pending(user, Pending { start, queued: false, until });
            }
            Reach::BeginsWithOne => self.person(user).one_message = true,
            Reach::Begins => {}
        }
        self.begin(user, start, at);
    }

    pub(super) fn wait_for_room(&mut self, user: &UserId, start: Start) {
        let until = later(start.comment_at, self.workspace.policy.queue_hours * HOUR);
        self.put_pending(user, Pending { start, queued: true, until });
    }

    /// One pending start a contact: one whose trigger fired later replaces it (V9).
    fn put_pending(&mut self, user: &UserId, new: Pending) {
        let fired_later = |old: &Pending| old.start.comment_at > new.start.comment_at;
        let stays = self.person(user).pending.as_ref().is_some_and(fired_later);
        if !stays {
            self.drop_pending(user, "replaced");
        }
        let fact = if new.queued { "queued" } else { "held" };
        self.tell(fact, json!({ "trigger": new.start.trigger, "until": new.until.to_string() }));
        if stays {
            self.tell("dropped", json!({ "trigger": new.start.trigger, "reason": "replaced" }));
        } else {
            self.person(user).pending = Some(new);
        }
    }

    pub(super) fn reach(&self, user: &UserId, start: &Start, at: Instant) -> Reach {
        let reach = &self.workspace.policy.reach;
        let person = self.people.get(user);
        if reach.mode == ReachMode::Open
            || person.and_then(|person| person.window).is_some_and(|window| window.admits(at))
        {
            return Reach::Begins;
        }
        // A late comment finds the DMs after it, too: like a throttle (C6), the rule holds whatever came late.
        let talked = person.is_some_and(|person| person.dms.iter().any(|dm| at < later(*dm, DAY)));
        let answerable = start.answerable && !start.reply && at < later(start.posted_at, 48 * HOUR) && !talked;
        if reach.mode == ReachMode::CommentToMessage && answerable { Reach::BeginsWithOne } else { Reach::Held }
    }

    /// P5: the start is dropped, and what fired it has never fired (C6).
    pub(super) fn comment_removed(&mut self, of: &CommentOf) -> Value {
        let waits =
            |person: &Person| person.pending.as_ref().is_some_and(|pending| pending.start.comment_id == of.comment_id);
        if self.people.get(&of.user_id).is_some_and(waits) {
            self.drop_pending(&of.user_id, "comment_removed");
            self.person(&of.user_id).firings.retain(|(_, comment, _)| *comment != of.comment_id);
        }
        applied()
    }

    /// P3: the platform says after the comment came that it may be answered.
    pub(super) fn comment_answerable(&mut self, of: &CommentOf, at: Instant) -> Value {
        let user = &of.user_id;
        let pending = self.people.get_mut(user).and_then(|person| person.pending.as_mut());
        let Some(pending) = pending.filter(|pending| pending.start.comment_id == of.comment_id) else {
            return applied();
        };
        pending.start.answerable = true;
        let Pending { start, queued, until } = pending.clone();
        let held = !queued && at < until && self.workspace.policy.reach.mode == ReachMode::CommentToMessage;
        if !held || matches!(self.reach(user, &start, at), Reach::Held) {
            return applied();
        }
        if !self.flow_exists(&start.flow) {
            self.drop_pending(user, "flow_missing");
            return applied();
        }
        self.person(user).pending = None;
        if self.must_queue(user) {
            self.wait_for_room(user, start);
        } else {
            self.tell("released", json!({ "trigger": start.trigger }));
            self.start_with_room(user, start, at);
        }
        applied()
    }
}

impl Window {
    pub(super) fn admits(&self, at: Instant) -> bool {
        self.left > 0 && self.opened <= at && at < self.until
    }
}

/// FNV-1a, 64 bits (C9).
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
