//! What is known of the thread with one buyer: where it is, when they last wrote, and what was sent. It is noted beside
//! the state, so that a restart knows it; none of it is a text.

use crate::{
    host::{Host, HostError},
    note::{self, Known},
    webhook::signature::hex,
};
use chatsparks_core::{Instant, Period, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Messages remembered of one thread: more than a window admits, and as many as the platform lists.
const KEPT: usize = 30;
/// For how long a message may be on its way.
const ON_ITS_WAY: Period = Period::minutes(5);
/// Threads at hand.
const AT_HAND: usize = 20_000;

/// A thread with one buyer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Thread {
    /// The platform's name of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) conversation: Option<String>,
    /// When the buyer last wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wrote: Option<Instant>,
    /// What was sent, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sent: Vec<SentMessage>,
    /// Messages of the account that no effect is known for yet, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) echoes: Vec<Echo>,
    /// What another process may have on its way just now: by what it is known, and since when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    going: Vec<(String, Instant)>,
}

/// A message that was sent for an effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SentMessage {
    pub(crate) effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_id: Option<String>,
    pub(crate) at: Instant,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) read: bool,
}

/// A message of the account, as the platform told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Echo {
    pub(crate) message_id: String,
    /// Of what it says.
    pub(crate) digest: String,
    pub(crate) at: Instant,
}

impl Thread {
    /// A message was sent for an effect: its echo, if it came first, is accounted for.
    pub(crate) fn note_sent(&mut self, effect: &str, message_id: Option<String>, at: Instant) {
        if self.has_sent(effect) {
            return;
        }
        let echo = message_id.as_ref().and_then(|id| self.echoes.iter().position(|echo| echo.message_id == *id));
        let at = echo.map_or(at, |echo| self.echoes.remove(echo).at);
        self.sent.push(SentMessage { effect: effect.to_owned(), message_id, at, read: false });
        cut(&mut self.sent);
    }

    /// The platform tells of a message: whether it is news.
    pub(crate) fn note_echo(&mut self, echo: Echo) -> bool {
        if self.knows(&echo.message_id) {
            return false;
        }
        self.echoes.push(echo);
        cut(&mut self.echoes);
        true
    }

    /// A message is on its way.
    pub(crate) fn goes(&mut self, digest: &str, now: Instant) {
        self.going.retain(|(_, since)| now < since.after(ON_ITS_WAY));
        self.going.push((digest.to_owned(), now));
        cut(&mut self.going);
    }

    /// Whether such a message may be on its way.
    pub(crate) fn is_going(&self, digest: &str, now: Instant) -> bool {
        self.going.iter().any(|(known, since)| known == digest && now < since.after(ON_ITS_WAY))
    }

    /// What says something of what was written goes; ids stay (R12).
    pub(crate) fn forget(&mut self) {
        self.echoes.clear();
        self.going.clear();
    }

    pub(crate) fn has_sent(&self, effect: &str) -> bool {
        self.sent.iter().any(|sent| sent.effect == effect)
    }

    /// Whether a message of the account is accounted for.
    pub(crate) fn knows(&self, message_id: &str) -> bool {
        self.sent.iter().any(|sent| sent.message_id.as_deref() == Some(message_id))
            || self.echoes.iter().any(|echo| echo.message_id == message_id)
    }

    /// Whether a message of the account was sent for some effect.
    pub(crate) fn is_ours(&self, message_id: &str) -> bool {
        self.sent.iter().any(|sent| sent.message_id.as_deref() == Some(message_id))
    }

    /// Takes an echo that says this, from an instant on, for an effect (O5).
    pub(crate) fn take_echo(&mut self, effect: &str, digest: &str, since: Instant) -> bool {
        let found = self.echoes.iter().position(|echo| echo.digest == digest && echo.at >= since);
        let Some(echo) = found.map(|found| self.echoes.remove(found)) else { return false };
        self.note_sent(effect, Some(echo.message_id), echo.at);
        true
    }

    /// The buyer has read everything until an instant: the effects of which that is news.
    pub(crate) fn note_read(&mut self, until: Instant) -> Vec<String> {
        let read = self.sent.iter_mut().filter(|sent| !sent.read && sent.at <= until);
        read.map(|sent| {
            sent.read = true;
            sent.effect.clone()
        })
        .collect()
    }
}

fn cut<T>(list: &mut Vec<T>) {
    list.drain(..list.len().saturating_sub(KEPT));
}

/// What a text is known by, without being kept. White space around it may be lost on the way.
pub(crate) fn digest(text: &str) -> String {
    let mut digest = hex(&Sha256::digest(text.trim().as_bytes()));
    digest.truncate(32);
    digest
}

/// The threads of one workspace.
#[derive(Default)]
pub(crate) struct Threads {
    at_hand: Mutex<BTreeMap<UserId, Arc<tokio::sync::Mutex<Known>>>>,
    /// With whom threads are that were looked into for somebody else.
    with: Mutex<BTreeMap<String, UserId>>,
}

impl Threads {
    /// What is known of a thread.
    pub(crate) async fn get(
        &self,
        host: &dyn Host,
        workspace: &WorkspaceId,
        user_id: &UserId,
    ) -> Result<Thread, HostError> {
        self.change(host, workspace, user_id, |thread| thread.clone()).await
    }

    /// Changes what is known of a thread. It is noted when this answers; where it cannot be, nothing has changed.
    pub(crate) async fn change<T>(
        &self,
        host: &dyn Host,
        workspace: &WorkspaceId,
        user_id: &UserId,
        change: impl Fn(&mut Thread) -> T,
    ) -> Result<T, HostError> {
        let place = self.place(user_id);
        let mut known = place.lock().await;
        note::change(host, (workspace, &name(user_id)), &mut known, change).await
    }

    /// It is known with whom a thread is.
    pub(crate) fn is_with(&self, conversation: &str, user_id: &UserId) {
        let mut with = self.with.lock().unwrap_or_else(PoisonError::into_inner);
        if with.len() >= AT_HAND {
            with.clear();
        }
        with.insert(conversation.to_owned(), user_id.clone());
    }

    /// Whether a thread is known to be with somebody else.
    pub(crate) fn is_anothers(&self, conversation: &str, user_id: &UserId) -> bool {
        let with = self.with.lock().unwrap_or_else(PoisonError::into_inner);
        with.get(conversation).is_some_and(|with| with != user_id)
    }

    fn place(&self, user_id: &UserId) -> Arc<tokio::sync::Mutex<Known>> {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        if at_hand.len() >= AT_HAND && !at_hand.contains_key(user_id) {
            // Those in use stay: there is one place for each thread, or changes would wait for one another in vain.
            at_hand.retain(|_, place| Arc::strong_count(place) > 1);
        }
        at_hand.entry(user_id.clone()).or_default().clone()
    }
}

/// Names of notes are short and plain, whatever the platform calls people.
fn name(user_id: &UserId) -> String {
    format!("tiktok_thread_{}", digest(user_id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Instant {
        Instant::from_milliseconds(1_000 * second)
    }

    fn echo(id: &str, text: &str, second: i64) -> Echo {
        Echo { message_id: id.to_owned(), digest: digest(text), at: at(second) }
    }

    #[test]
    fn o5_an_echo_and_its_send_are_one_in_either_order() {
        let mut first = Thread::default();
        assert!(first.note_echo(echo("m1", "hi", 10)));
        first.note_sent("e1/0", Some("m1".to_owned()), at(11));
        assert!(first.echoes.is_empty() && first.is_ours("m1"));
        let mut second = Thread::default();
        second.note_sent("e1/0", Some("m1".to_owned()), at(11));
        assert!(!second.note_echo(echo("m1", "hi", 10)), "it is known already");
        assert_eq!(second.sent.len(), 1);
        second.note_sent("e1/0", Some("m2".to_owned()), at(12));
        assert_eq!(second.sent.len(), 1, "an effect is sent once");
    }

    #[test]
    fn o5_an_echo_stands_for_one_effect_that_says_the_same() {
        let mut thread = Thread::default();
        thread.note_echo(echo("m1", "Which size?", 10));
        assert!(!thread.take_echo("e2/0", &digest("Which size?"), at(11)), "it was before the attempt");
        assert!(!thread.take_echo("e2/0", &digest("Which colour?"), at(5)));
        assert!(thread.take_echo("e2/0", &digest(" Which size?\n"), at(10)));
        assert!(!thread.take_echo("e3/0", &digest("Which size?"), at(10)), "it is taken");
        assert!(thread.has_sent("e2/0"));
    }

    #[test]
    fn v11_reading_is_a_mark_that_everything_before_it_passes_once() {
        let mut thread = Thread::default();
        for n in 0..40 {
            thread.note_sent(&format!("e{n}/0"), Some(format!("m{n}")), at(n));
        }
        assert_eq!(thread.sent.len(), KEPT);
        assert_eq!(thread.note_read(at(12)), ["e10/0", "e11/0", "e12/0"]);
        assert!(thread.note_read(at(12)).is_empty());
        assert_eq!(thread.note_read(at(13)), ["e13/0"]);
    }
}
