//! What was answered `200` and cannot be decided yet: comments whose text is asked for or that may become answerable,
//! orders that are asked for in full. It is noted before the answer, and stays until it is an event (R1).

use crate::host::{Host, HostError};
use chatsparks_core::{Instant, WorkspaceId};
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
    Answerable {
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<chatsparks_core::Text>,
    },
    /// An order, to be asked for in full.
    Order { refunds: bool },
}

/// A comment as far as it is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WaitingComment {
    pub(crate) post_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handle: Option<chatsparks_core::Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<chatsparks_core::Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to: Option<String>,
    #[serde(default)]
    pub(crate) is_reply: bool,
    #[serde(default)]
    pub(crate) answerable: bool,
}

/// What waits of one workspace.
#[derive(Default)]
pub(crate) struct Spool {
    slots: tokio::sync::OnceCell<Vec<tokio::sync::Mutex<BTreeMap<String, Entry>>>>,
    pub(crate) changed: tokio::sync::Notify,
}

impl Spool {
    /// Changes one entry, none being none. It is noted when this answers; where it cannot be, nothing has changed.
    pub(crate) async fn change<T>(
        &self,
        host: &dyn Host,
        workspace: &WorkspaceId,
        key: &str,
        change: impl FnOnce(&mut Option<Entry>) -> T,
    ) -> Result<T, HostError> {
        let slots = self.slots(host, workspace).await?;
        let number = usize::from(Sha256::digest(key.as_bytes()).first().copied().unwrap_or(0)) % SLOTS;
        let Some(slot) = slots.get(number) else { return Err(busy()) };
        let mut slot = slot.lock().await;
        let before = slot.get(key).cloned();
        let mut after = before.clone();
        let answer = change(&mut after);
        if after == before {
            return Ok(answer);
        }
        if before.is_none() && slot.len() >= MOST / SLOTS {
            return Err(busy());
        }
        set(&mut slot, key, after);
        let text = serde_json::to_string(&*slot).unwrap_or_default();
        if let Err(error) = host.write_note(workspace, &name(number), &text).await {
            set(&mut slot, key, before);
            return Err(error);
        }
        self.changed.notify_one();
        Ok(answer)
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
        for slot in self.slots(host, workspace).await? {
            for (key, entry) in slot.lock().await.iter() {
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

    /// How many wait.
    pub(crate) async fn len(&self) -> usize {
        let mut count = 0;
        for slot in self.slots.get().into_iter().flatten() {
            count += slot.lock().await.len();
        }
        count
    }

    /// The slots, as they were noted.
    async fn slots(
        &self,
        host: &dyn Host,
        workspace: &WorkspaceId,
    ) -> Result<&Vec<tokio::sync::Mutex<BTreeMap<String, Entry>>>, HostError> {
        self.slots
            .get_or_try_init(|| async {
                let mut slots = Vec::with_capacity(SLOTS);
                for number in 0..SLOTS {
                    let note = host.note(workspace, &name(number)).await?;
                    let entries = note.and_then(|note| serde_json::from_str(&note).ok()).unwrap_or_default();
                    slots.push(tokio::sync::Mutex::new(entries));
                }
                Ok(slots)
            })
            .await
    }
}

fn set(slot: &mut BTreeMap<String, Entry>, key: &str, entry: Option<Entry>) {
    match entry {
        Some(entry) => drop(slot.insert(key.to_owned(), entry)),
        None => drop(slot.remove(key)),
    }
}

fn name(number: usize) -> String {
    format!("tiktok_spool_{number:02}")
}

fn busy() -> HostError {
    HostError { why: "too much waits to be asked for".to_owned(), retry_after: Duration::from_secs(30) }
}
