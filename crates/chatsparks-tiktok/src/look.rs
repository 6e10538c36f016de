//! Looking for what an attempt may have sent whose answer nobody heard (O5): a message by its echo, then where the
//! platform lists its thread; a reply among those of its comment.

use crate::{
    account::Inner,
    call::{CallError, ThreadContent},
    channel::SKEW,
    host::{Host, HostError},
    thread::{Thread, digest},
};
use chatsparks_core::{Instant, Period, UserId};
use chatsparks_ports::Looked;

/// How long it may take until an echo comes that found nobody: it is delivered again after a minute, two, four, eight.
const ECHO_COMES: Period = Period::minutes(16);
/// How long it may take until a thread is listed that a message has just opened.
const LISTED: Period = Period::seconds(30);
/// Pages of replies that are looked through.
const PAGES: usize = 10;
/// Threads that are looked into at once, to find the one with somebody.
const THREADS: usize = 20;

/// Where the thread with somebody is.
enum Whereabouts {
    Known(String),
    /// Everything that was said since the attempt is listed, and none of it with them.
    Nowhere,
    NobodyKnows,
}

impl Inner {
    /// Whether the echo of a message has come.
    pub(crate) async fn echoed(
        &self,
        effect: &str,
        user_id: &UserId,
        known: &str,
        since: Instant,
    ) -> Result<bool, HostError> {
        let change = self.threads.change(self.host()?, self.workspace(), user_id, |thread| {
            thread.has_sent(effect) || thread.take_echo(effect, known, since)
        });
        change.await
    }

    /// Looks for a message that may have been sent, by what it said: among echoes, then in the thread.
    pub(crate) async fn look_for_message(&self, effect: &str, user_id: &UserId, known: &str, since: Instant) -> Looked {
        match self.echoed(effect, user_id, known, since).await {
            Ok(true) => return Looked::Sent,
            Ok(false) => {}
            Err(_) => return Looked::NotNow,
        }
        let Ok(host) = self.host() else { return Looked::NotNow };
        let Ok(thread) = self.threads.get(host, self.workspace(), user_id).await else { return Looked::NotNow };
        let young = |period| self.now() < since.after(SKEW).after(period);
        let conversation = match self.whereabouts(host, &thread, user_id, since).await {
            Whereabouts::Known(conversation) => conversation,
            Whereabouts::Nowhere if young(LISTED) => return Looked::NotNow,
            Whereabouts::Nowhere => return Looked::NotSent,
            // An answer to a comment opens a thread that its echo tells of, which comes again where it found nobody.
            Whereabouts::NobodyKnows if young(ECHO_COMES) => return Looked::NotNow,
            Whereabouts::NobodyKnows => return Looked::CannotLook,
        };
        let listed = match self.said_in(&conversation).await {
            Ok(listed) => listed,
            Err(CallError::Refused(_)) => return Looked::CannotLook,
            Err(_) => return Looked::NotNow,
        };
        let found = listed.messages.into_iter().find(|message| {
            message.from.as_deref().is_none_or(|from| from != user_id.as_str())
                && message.text.as_deref().is_some_and(|text| digest(text) == known)
                && message.at.is_none_or(|at| at >= since)
                && !thread.is_ours(&message.message_id)
        });
        let Some(found) = found else { return Looked::NotSent };
        let at = found.at.unwrap_or(since);
        let noted = self.threads.change(host, self.workspace(), user_id, |thread| {
            thread.note_sent(effect, Some(found.message_id.clone()), at);
        });
        // Known or not, it was sent.
        let _ = noted.await;
        Looked::Sent
    }

    /// Where the thread with somebody is: as it is known, or among those in which something was said since.
    async fn whereabouts(&self, host: &dyn Host, thread: &Thread, user_id: &UserId, since: Instant) -> Whereabouts {
        if let Some(conversation) = &thread.conversation {
            return Whereabouts::Known(conversation.clone());
        }
        let Ok((mut recent, mut whole)) = self.recent_threads(since).await else { return Whereabouts::NobodyKnows };
        recent.retain(|conversation| !self.threads.is_anothers(conversation, user_id));
        whole &= recent.len() <= THREADS;
        for conversation in recent.into_iter().take(THREADS) {
            let Ok(listed) = self.said_in(&conversation).await else { return Whereabouts::NobodyKnows };
            let account = self.business.as_ref().map(|side| side.business_id.as_str());
            for with in listed.people.iter().filter(|person| Some(person.as_str()) != account) {
                self.threads.is_with(&conversation, with);
            }
            if listed.people.contains(user_id) {
                let noted = self.threads.change(host, self.workspace(), user_id, |thread| {
                    thread.conversation = Some(conversation.clone());
                });
                // Should it not be noted, it is found again.
                let _ = noted.await;
                return Whereabouts::Known(conversation);
            }
        }
        if whole { Whereabouts::Nowhere } else { Whereabouts::NobodyKnows }
    }

    /// The threads in which something was said since, those that rested first before others; and whether these are all.
    async fn recent_threads(&self, since: Instant) -> Result<(Vec<String>, bool), CallError> {
        let side = self.business.as_ref().ok_or(CallError::NotSent("there is no account"))?;
        let (mut recent, mut whole) = (Vec::new(), true);
        for kind in ["STRANGER", "SINGLE"] {
            let listed = self.with_business(async |token| side.api.threads(&token.0, self.now(), kind).await).await?;
            // A list that is cut off is whole as far as what is older goes.
            let reaches_back = listed.threads.iter().any(|(_, at)| at.is_some_and(|at| at < since));
            whole &= !listed.is_cut_off || reaches_back;
            recent.extend(listed.threads.into_iter().filter(|(_, at)| at.is_none_or(|at| at >= since)));
        }
        recent.sort_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)));
        Ok((recent.into_iter().map(|(conversation, _)| conversation).collect(), whole))
    }

    async fn said_in(&self, conversation: &str) -> Result<ThreadContent, CallError> {
        let side = self.business.as_ref().ok_or(CallError::NotSent("there is no account"))?;
        self.with_business(async |token| side.api.thread(&token.0, self.now(), conversation).await).await
    }

    /// Looks for a reply that may have been written: among the replies of its comment, newest first.
    pub(crate) async fn look_for_reply(&self, (post, comment): (&str, &str), text: &str, since: Instant) -> Looked {
        let Some(side) = &self.business else { return Looked::NotNow };
        let text: String = text.chars().take(self.settings.public_reply).collect();
        let known = digest(&text);
        // Seconds are all that the platform tells.
        let late = |at: Option<Instant>| at.is_none_or(|at| at.after(Period::seconds(1)) >= since);
        let mut cursor = 0;
        for _ in 0..PAGES {
            let place = (post, comment);
            let listed =
                self.with_business(async |token| side.api.replies(&token.0, self.now(), place, cursor).await).await;
            let page = match listed {
                Ok(page) => page,
                Err(CallError::Refused(_)) => return Looked::CannotLook,
                Err(_) => return Looked::NotNow,
            };
            let ours = page.comments.iter().find(|reply| {
                reply.owner && late(reply.at) && reply.text.as_ref().is_some_and(|said| digest(said.as_str()) == known)
            });
            if let Some(found) = ours {
                self.own.replied(found.comment_id.as_str());
                return Looked::Sent;
            }
            match page.next {
                Some(next) if page.comments.iter().all(|reply| late(reply.at)) => cursor = next,
                // What is listed further on was there before.
                _ => return Looked::NotSent,
            }
        }
        Looked::CannotLook
    }
}
