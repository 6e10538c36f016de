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
        let result = |result: &str| json!({ "comment": { "result": result } });
        if comment.user_id == self.workspace.workspace.account_user_id {
            return result("own_comment");
        }
        let person = self.person(&comment.user_id);
        if let Some(handle) = &comment.handle {
            person.handle = Some(handle.as_str().to_owned());
        }
        let first = person.comments.is_empty();
        person.comments.push(comment.comment_id.clone());
        let tiktok = &self.workspace.connections.tiktok;
        let has = |scope: &str| tiktok.connected && tiktok.scopes.iter().any(|given| given == scope);
        let (may_read, may_write) = (has("comments"), has("messages"));
        if !may_read {
            return result("not_connected");
        }
        let post = self.workspace.posts.iter().find(|post| post.id == comment.post_id);
        if let (Some(plan), Some(post)) = (&self.workspace.plan, post)
            && at >= later(post.published_at, plan.listening_window_days * DAY)
        {
            return result("outside_window");
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
        let Some(highest) = matching.first() else { return result("no_match") };
        let named = |result: &str, trigger: &Trigger| json!({ "comment": { "result": result, "trigger": trigger.id } });
        if self.person(&comment.user_id).blocked {
            return named("blocked_contact", highest);
        }
        let winner = match self.workspace.policy.on_throttled {
            OnThrottled::Stop => Some(highest).filter(|trigger| self.throttled(trigger, comment, at).is_none()),
            OnThrottled::Next => matching.iter().find(|trigger| self.throttled(trigger, comment, at).is_none()),
        };
        let Some(winner) = winner else {
            let until = self.throttled(highest, comment, at).map(|until| until.to_string());
            return json!({ "comment": { "result": "throttled", "trigger": highest.id, "until": until } });
        };
        if self.last(&comment.user_id).is_some_and(|last| last.state == "human") {
            return named("with_human", winner);
        }
        self.person(&comment.user_id).firings.push((winner.id.clone(), at));
        let replies = match &winner.public_reply {
            Replies::One(text) => std::slice::from_ref(text),
            Replies::Many(texts) => texts,
        };
        if !replies.is_empty() {
            let variant = fnv(comment.comment_id.as_str()) % replies.len() as u64;
            let text = &replies[variant as usize];
            self.effect("public_reply", json!({ "comment_id": comment.comment_id, "text": text }));
        }
        if !may_write {
            return named("undeliverable", winner);
        }
        let start = Start {
            trigger: winner.id.clone(),
            comment_id: comment.comment_id.clone(),
            comment_at: at,
            posted_at: comment.posted_at.unwrap_or(at),
            post_id: comment.post_id.clone(),
            flow: winner.flow.clone(),
            reply: comment.reply_to.is_some(),
            answerable: comment.direct_reply,
        };
        named(self.start(&comment.user_id, start, at), winner)
    }

    /// When the throttle of a trigger ends that holds a comment back (C6).
    fn throttled(&self, trigger: &Trigger, comment: &Comment, at: Instant) -> Option<Instant> {
        let firings = &self.people.get(&comment.user_id)?.firings;
        let last = firings.iter().filter(|(id, _)| *id == trigger.id).map(|(_, at)| *at).next_back()?;
        let hours = trigger.throttle_hours.unwrap_or(self.workspace.policy.throttle_hours);
        Some(later(last, hours * HOUR)).filter(|until| at < *until)
    }

    /// A fired trigger's flow, or one whose turn came: it begins, is queued or is held (C8).
    pub(super) fn start(&mut self, user: &UserId, start: Start, at: Instant) -> &'static str {
        if self.at_limit() && !self.people.get(user).is_some_and(|person| self.counts(person)) {
            self.wait_for_room(user, start);
            return "queued";
        }
        self.start_with_room(user, start, at)
    }

    pub(super) fn start_with_room(&mut self, user: &UserId, start: Start, at: Instant) -> &'static str {
        match self.reach(user, &start, at) {
            Reach::Held => {
                let until = later(start.comment_at, self.workspace.policy.reach.hold_hours * HOUR);
                self.put_pending(user, Pending { start, queued: false, until });
                return "awaiting_message";
            }
            Reach::BeginsWithOne => self.person(user).one_message = true,
            Reach::Begins => {}
        }
        self.begin(user, start, at);
        "fired"
    }

    pub(super) fn wait_for_room(&mut self, user: &UserId, start: Start) {
        let until = later(start.comment_at, self.workspace.policy.queue_hours * HOUR);
        self.put_pending(user, Pending { start, queued: true, until });
    }

    /// One pending start a contact: one whose trigger fired later replaces it (V9).
    fn put_pending(&mut self, user: &UserId, new: Pending) {
        let pending = &mut self.person(user).pending;
        if pending.as_ref().is_none_or(|old| old.start.comment_at <= new.start.comment_at) {
            *pending = Some(new);
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

    /// P5.
    pub(super) fn comment_removed(&mut self, of: &CommentOf) -> Value {
        if let Some(person) = self.people.get_mut(&of.user_id) {
            person.pending = person.pending.take().filter(|pending| pending.start.comment_id != of.comment_id);
        }
        applied()
    }

    /// P3: the platform says after the comment came that it may be answered.
    pub(super) fn comment_answerable(&mut self, of: &CommentOf, at: Instant) -> Value {
        let pending = self.people.get_mut(&of.user_id).and_then(|person| person.pending.as_mut());
        let Some(pending) = pending.filter(|pending| pending.start.comment_id == of.comment_id) else {
            return applied();
        };
        pending.start.answerable = true;
        let Pending { start, queued, .. } = pending.clone();
        if queued || self.workspace.policy.reach.mode != ReachMode::CommentToMessage {
            return applied();
        }
        if matches!(self.reach(&of.user_id, &start, at), Reach::Held) {
            return applied();
        }
        self.person(&of.user_id).pending = None;
        if self.flow_exists(&start.flow) {
            self.start(&of.user_id, start, at);
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
