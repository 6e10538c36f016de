//! What changed since somebody last looked: folded from records, which say whom each is about.

use crate::Runtime;
use chatsparks_core::{Row, UserId, WorkspaceId};
use chatsparks_ports::{Cursor, Store, StoreError};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use std::{borrow::Cow, collections::BTreeSet};

/// Records read at once.
const PAGE: usize = 1_000;
/// Contacts that are named: where there are more, everything may have changed.
const NAMED: usize = 1_000;

/// What changed in a workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Changes {
    /// How many events and timers were decided.
    pub records: u64,
    /// Of them, how many were comments.
    pub comments: u64,
    /// Contacts whose conversation, tags, fields or starts may have changed; the first thousand.
    pub contacts: BTreeSet<UserId>,
    /// Whether there were more of them than are named.
    pub more: bool,
    /// Whether orders came, or changed what they count as.
    pub orders: bool,
    /// DMs of which something is now known; the first thousand.
    pub dms: BTreeSet<String>,
    /// The revision in force, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// Up to where this is: where to go on.
    #[serde(skip)]
    pub read: Cursor,
    /// Whose comments came to nothing: of them only the handle may be another.
    #[serde(skip)]
    pub(super) commented: BTreeSet<UserId>,
}

/// What is read of a record. The rest may hold what people wrote, and is passed over.
#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow, default)]
    user_id: Option<Cow<'a, str>>,
    #[serde(default)]
    revision: u32,
    outcome: ReadOutcome,
    #[serde(default)]
    effects: Vec<IgnoredAny>,
    #[serde(borrow, default)]
    facts: Vec<ReadFact<'a>>,
}

#[derive(Deserialize)]
struct ReadOutcome {
    comment: Option<IgnoredAny>,
    order: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct ReadFact<'a> {
    #[serde(borrow)]
    dm_stage: Option<ReadStage<'a>>,
    comment_seen: Option<IgnoredAny>,
    order_credited: Option<IgnoredAny>,
    order_reversed: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct ReadStage<'a> {
    #[serde(borrow)]
    dm_id: Cow<'a, str>,
}

impl Changes {
    fn add(&mut self, line: &str) {
        // Ours, and so it can be read; what could not would say nothing of anybody.
        let Ok(read) = serde_json::from_str::<Read<'_>>(line) else { return };
        self.records += 1;
        self.comments += u64::from(read.outcome.comment.is_some());
        self.revision = self.revision.max(Some(read.revision));
        self.orders |= read.outcome.order.is_some();
        let mut says_more = read.outcome.comment.is_none() || !read.effects.is_empty();
        for fact in read.facts {
            self.orders |= fact.order_credited.is_some() || fact.order_reversed.is_some();
            says_more |= fact.comment_seen.is_none();
            if let Some(stage) = fact.dm_stage.filter(|_| self.dms.len() < NAMED) {
                self.dms.insert(stage.dm_id.into_owned());
            }
        }
        if let Some(user_id) = read.user_id.as_ref().filter(|_| !says_more && self.commented.len() < PAGE) {
            self.commented.insert(UserId::from(user_id.as_ref()));
        }
        let Some(user_id) = read.user_id.filter(|_| says_more) else { return };
        if self.contacts.len() < NAMED {
            self.contacts.insert(UserId::from(user_id.into_owned()));
        } else {
            self.more |= !self.contacts.contains(user_id.as_ref());
        }
    }
}

impl<S: Store> Runtime<S> {
    /// Where the records of a workspace end now: whoever reads changes from here on misses none that come later.
    ///
    /// # Errors
    /// What the store says.
    pub async fn records_end(&self, workspace: &WorkspaceId) -> Result<Cursor, StoreError> {
        let heads = self.store().heads(workspace).await?;
        let next = |head: &Vec<Row>| {
            let clock = head.iter().find_map(|row| match row {
                Row::Clock(clock) => Some(clock.seq()),
                _ => None,
            });
            clock.unwrap_or(0)
        };
        Ok(Cursor(heads.iter().map(next).collect()))
    }

    /// What changed after a cursor, as far as so many pages of a thousand records tell: where none came, nothing.
    ///
    /// # Errors
    /// [`StoreError::NotKept`] where records after the cursor were deleted, and what else the store says.
    pub async fn changes(&self, workspace: &WorkspaceId, after: &Cursor, pages: usize) -> Result<Changes, StoreError> {
        let mut changes = Changes { read: after.clone(), ..Changes::default() };
        for _ in 0..pages {
            let (records, read) = self.store().records(workspace, &changes.read, PAGE).await?;
            if records.is_empty() {
                break;
            }
            changes.read = read;
            records.iter().for_each(|record| changes.add(&record.line));
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_changes_name_whom_a_record_is_about_and_nothing_that_they_wrote() {
        let mut changes = Changes::default();
        for line in [
            r#"{"seq":0,"event":"e1","at":"2026-03-02T10:00:00Z","user_id":"u1","revision":1,"outcome":{"comment":{"result":"no_match"}},"effects":[],"facts":[{"comment_seen":{"post_id":"v1","result":"no_match"}}]}"#,
            r#"{"seq":1,"event":"e2","at":"2026-03-02T10:00:00Z","user_id":"u2","revision":1,"outcome":{"message":{"result":"kept"}},"effects":[],"facts":[]}"#,
            r#"{"seq":2,"event":"e3","at":"2026-03-02T10:00:00Z","revision":2,"outcome":{"applied":{}},"effects":[],"facts":[{"dm_stage":{"dm_id":"e1/1","stage":"read"}}]}"#,
        ] {
            changes.add(line);
        }
        assert_eq!((changes.records, changes.comments, changes.revision), (3, 1, Some(2)));
        // A comment that came to nothing changes no conversation.
        assert_eq!(changes.contacts.iter().map(UserId::as_str).collect::<Vec<_>>(), ["u2"]);
        assert_eq!(changes.dms.iter().map(String::as_str).collect::<Vec<_>>(), ["e1/1"]);
        assert!(!changes.orders);
    }

    #[test]
    fn h_more_contacts_than_are_named_say_so() {
        let mut changes = Changes::default();
        for number in 0..=NAMED {
            changes.add(&format!(r#"{{"user_id":"u{number}","outcome":{{"message":{{}}}},"facts":[]}}"#));
        }
        assert_eq!((changes.contacts.len(), changes.more), (NAMED, true));
    }
}
