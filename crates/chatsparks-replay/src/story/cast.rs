//! Who and what takes part in a story: names become ids, the same ones whenever the story runs.

use chatsparks_core::{OrderId, UserId};
use std::collections::BTreeMap;

/// Somebody who takes part: `mint` is the handle of user `u_mint`; `id:7318` and `shop:7494` are ids as they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) user_id: UserId,
    pub(super) handle: Option<String>,
}

impl Person {
    pub(super) fn new(name: &str) -> Self {
        let handle = name.strip_prefix('@').unwrap_or(name);
        if let Some(id) = handle.strip_prefix("id:").or_else(|| handle.strip_prefix("shop:")) {
            return Self { user_id: id.into(), handle: None };
        }
        Self { user_id: format!("u_{handle}").into(), handle: Some(handle.to_owned()) }
    }
}

/// The names and ids of a story so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Cast {
    comments: usize,
    messages: usize,
    orders: usize,
    refunds: usize,
    authors: BTreeMap<String, Person>,
    last_comments: BTreeMap<UserId, String>,
}

impl Cast {
    /// A comment of somebody, by its own id or the next of `c1`, `c2`, …
    pub(super) fn comment(&mut self, id: Option<String>, who: &Person) -> String {
        self.comments += 1;
        let id = id.unwrap_or_else(|| format!("c{}", self.comments));
        self.authors.entry(id.clone()).or_insert_with(|| who.clone());
        self.last_comments.insert(who.user_id.clone(), id.clone());
        id
    }

    pub(super) fn author(&self, comment: &str) -> Option<Person> {
        self.authors.get(comment).cloned()
    }

    pub(super) fn last_comment(&self, who: &Person) -> Option<String> {
        self.last_comments.get(&who.user_id).cloned()
    }

    pub(super) fn next_message(&mut self) -> String {
        self.messages += 1;
        format!("m{}", self.messages)
    }

    pub(super) fn next_refund(&mut self) -> String {
        self.refunds += 1;
        format!("r{}", self.refunds)
    }

    /// An order, by its own id or the next of `o1`, `o2`, …
    pub(super) fn order(&mut self, id: Option<String>) -> OrderId {
        self.orders += 1;
        id.unwrap_or_else(|| format!("o{}", self.orders)).into()
    }
}
