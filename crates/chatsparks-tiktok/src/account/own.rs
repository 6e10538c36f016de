//! What the account itself wrote: it comes back as comments like any other's, and without a word whose they are.

use crate::{host::Host, note::Known, thread::digest};
use chatsparks_core::{UserId, WorkspaceId};
use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

const NAME: &str = "tiktok_own";
/// Remembered at most, of each kind.
const KEPT: usize = 20_000;

/// What the account itself wrote, and what was told already.
#[derive(Default)]
pub(crate) struct Own {
    /// The account's name in comments, once it is known.
    identifier: tokio::sync::Mutex<Known>,
    /// Its replies: their ids, and before those are known what they answer and say.
    replies: Mutex<Recent>,
    /// Event ids that were handed on: what a poll finds is not told again.
    told: Mutex<Recent>,
}

/// The last names that were remembered: each as a number that is drawn from it by a key of this process, so that nothing
/// else is kept of it, and nobody can make two that are taken for one another.
#[derive(Default)]
struct Recent {
    key: RandomState,
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Recent {
    fn add(&mut self, name: &str) {
        let mark = self.key.hash_one(name);
        if self.known.insert(mark) {
            self.order.push_back(mark);
        }
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    fn has(&self, name: &str) -> bool {
        self.known.contains(&self.key.hash_one(name))
    }
}

impl Own {
    /// Whether somebody in comments is the account, as far as its name there is known.
    pub(crate) async fn is(&self, host: &dyn Host, workspace: &WorkspaceId, user_id: &UserId) -> bool {
        // Mostly nobody has to be asked, and nothing copied.
        if let (Some(identifier), false) = (&*self.identifier.lock().await, host.is_shared()) {
            return identifier.as_deref() == Some(user_id.as_str());
        }
        self.identifier(host, workspace).await.as_deref() == Some(user_id.as_str())
    }

    /// The account's name in comments, as far as it is known.
    async fn identifier(&self, host: &dyn Host, workspace: &WorkspaceId) -> Option<String> {
        let mut known = self.identifier.lock().await;
        match &*known {
            Some(Some(identifier)) => return Some(identifier.clone()),
            // Another process may have learned it.
            Some(None) if !host.is_shared() => return None,
            Some(None) | None => {}
        }
        let note = host.note(workspace, NAME).await.ok()?;
        known.insert(note).clone()
    }

    /// The platform said what the account is called in comments.
    pub(crate) async fn learn(&self, host: &dyn Host, workspace: &WorkspaceId, identifier: &str) {
        let before = self.identifier(host, workspace).await;
        if before.as_deref() == Some(identifier) {
            return;
        }
        // Should it not be noted, it is learned again; should another have noted it meanwhile, it says the same.
        let noted = host.replace_note(workspace, NAME, before.as_deref(), identifier).await;
        let known = matches!(noted, Ok(true)).then(|| Some(identifier.to_owned()));
        *self.identifier.lock().await = known;
    }

    /// A reply is about to be written.
    pub(crate) fn replies(&self, parent: &str, text: &str) {
        lock(&self.replies).add(&format!("{parent}/{}", digest(text)));
    }

    /// A reply was written.
    pub(crate) fn replied(&self, comment_id: &str) {
        lock(&self.replies).add(comment_id);
    }

    /// Whether a comment is a reply of the account's own.
    pub(crate) fn is_reply(&self, comment_id: &str, parent: Option<&str>, text: Option<&str>) -> bool {
        let replies = lock(&self.replies);
        let said = parent.zip(text).map(|(parent, text)| format!("{parent}/{}", digest(text)));
        replies.has(comment_id) || said.is_some_and(|said| replies.has(&said))
    }

    /// An event was handed on.
    pub(crate) fn tell(&self, event_id: &str) {
        lock(&self.told).add(event_id);
    }

    /// Whether an event was handed on by this process.
    pub(crate) fn was_told(&self, event_id: &str) -> bool {
        lock(&self.told).has(event_id)
    }
}

fn lock(place: &Mutex<Recent>) -> std::sync::MutexGuard<'_, Recent> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
