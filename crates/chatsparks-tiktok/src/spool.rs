//! What was answered `200` and cannot be decided yet: comments whose text is asked for or that may become answerable,
//! orders that are asked for in full. It is noted before the answer, and stays until it is an event (R1).

use crate::host::{Host, HostError};
use chatsparks_core::{CommentId, Instant, PostId, Text, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, time::Duration};

/// Notes that it is spread over: each is written whole, so none may become long.
const SLOTS: usize = 32;
/// Waiting at once, at most: beyond that deliveries are refused, and the platform sends them again (R9).
const MOST: usize = 50_000;

/// Something that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// When it is looked at again.
    pub(crate) due: Instant,
    /// How often it was looked at in vain.
    #[serde(default)]
    pub(crate) tries: u32,
    /// How often the platform answered, and had nothing of it.
    #[serde(default)]
    pub(crate) missed: u32,
    pub(crate) what: Waiting,
}

/// What waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Waiting {
    /// A comment.
    Comment(WaitingComment),
    /// It is known that a comment may be answered, and not yet what it says.
    Answerable {},
    /// An order, to be asked for in full.
    Order { refunds: bool },
}

/// A comment as far as it is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WaitingComment {
    pub(crate) post_id: PostId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handle: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to: Option<CommentId>,
    #[serde(default)]
    pub(crate) is_reply: bool,
    #[serde(default)]
    pub(crate) answerable: bool,
}

/// What waits of one workspace.
pub(crate) struct Spool {
    slots: Vec<tokio::sync::Mutex<Slot>>,
    pub(crate) changed: tokio::sync::Notify,
}

type Entries = BTreeMap<String, Entry>;

/// One of the notes: the text that stands there, and what it says.
#[derive(Default)]
struct Slot {
    known: Option<(Option<String>, Entries)>,
}

impl Default for Spool {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| tokio::sync::Mutex::default()).collect(), changed: tokio::sync::Notify::new() }
    }
}

impl Slot {
    /// What stands there: as it is known, where nobody else may have written it.
    async fn read(
        &mut self,
        host: &dyn Host,
        workspace: &WorkspaceId,
        number: usize,
    ) -> Result<&mut (Option<String>, Entries), HostError> {
        let known = match self.known.take().filter(|_| !host.is_shared()) {
            Some(known) => known,
            None => {
                let note = host.note(workspace, &name(number)).await?;
                let entries = note.as_deref().and_then(|note| serde_json::from_str(note).ok()).unwrap_or_default();
                (note, entries)
            }
        };
        Ok(self.known.insert(known))
    }
}

impl Spool {
    /// Changes one entry, none being none. It is noted when this answers; where it cannot be, nothing has changed. Where
    /// another process has written meanwhile, it is changed anew.
    pub(crate) async fn change<T>(
        &self,
        host: &dyn Host,
        workspace: &WorkspaceId,
        key: &str,
        change: impl Fn(&mut Option<Entry>) -> T,
    ) -> Result<T, HostError> {
        let number = usize::from(Sha256::digest(key.as_bytes()).first().copied().unwrap_or(0)) % SLOTS;
        let Some(slot) = self.slots.get(number) else { return Err(busy()) };
        let mut slot = slot.lock().await;
        loop {
            let (stands, entries) = slot.read(host, workspace, number).await?;
            let before = entries.get(key);
            let mut after = before.cloned();
            let answer = change(&mut after);
            if after.as_ref() == before {
                return Ok(answer);
            }
            if before.is_none() && entries.len() >= MOST / SLOTS {
                return Err(busy());
            }
            match after {
                Some(entry) => drop(entries.insert(key.to_owned(), entry)),
                None => drop(entries.remove(key)),
            }
            let text = serde_json::to_string(&entries).unwrap_or_default();
            let replaced = host.replace_note(workspace, &name(number), stands.as_deref(), &text).await;
            if let Ok(true) = replaced {
                *stands = Some(text);
                self.changed.notify_one();
                return Ok(answer);
            }
            // It is read anew before anything else is done with it.
            slot.known = None;
            replaced?;
        }
    }

    /// What is due, oldest first; and when something next is.
    pub(crate) async fn due(
        &self,
        host: &dyn Host,
        workspace: &WorkspaceId,
        now: Instant,
        limit: usize,
    ) -> Result<(Vec<(String, Entry)>, Option<Instant>), HostError> {
        let mut due = Vec::new();
        let mut next = None;
        for (number, slot) in self.slots.iter().enumerate() {
            for (key, entry) in &slot.lock().await.read(host, workspace, number).await?.1 {
                if entry.due <= now {
                    due.push((key.clone(), entry.clone()));
                } else {
                    next = Some(next.map_or(entry.due, |next: Instant| next.min(entry.due)));
                }
            }
        }
        due.sort_by(|one, other| (one.1.due, &one.0).cmp(&(other.1.due, &other.0)));
        due.truncate(limit);
        Ok((due, next))
    }

    /// The comments of somebody that wait.
    pub(crate) async fn comments_of(
        &self,
        host: &dyn Host,
        workspace: &WorkspaceId,
        user_id: &UserId,
    ) -> Result<Vec<(String, WaitingComment)>, HostError> {
        let mut found = Vec::new();
        for (number, slot) in self.slots.iter().enumerate() {
            for (key, entry) in &slot.lock().await.read(host, workspace, number).await?.1 {
                if let Waiting::Comment(comment) = &entry.what
                    && comment.user_id.as_ref() == Some(user_id)
                {
                    found.push((key.clone(), comment.clone()));
                }
            }
        }
        Ok(found)
    }

    /// How many wait, as far as is known here.
    pub(crate) async fn len(&self) -> usize {
        let mut count = 0;
        for slot in &self.slots {
            count += slot.lock().await.known.as_ref().map_or(0, |(_, entries)| entries.len());
        }
        count
    }
}

fn name(number: usize) -> String {
    format!("tiktok_spool_{number:02}")
}

fn busy() -> HostError {
    HostError { why: "too much waits to be asked for".to_owned(), retry_after: Duration::from_secs(30) }
}
