//! Who and what takes part in a story: names become ids, the same ones whenever the story runs.

use chatsparks_core::{OrderId, UserId};
use std::collections::{BTreeMap, BTreeSet};

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
    comments: Ids,
    messages: Ids,
    orders: Ids,
    refunds: Ids,
    authors: BTreeMap<String, Person>,
    last_comments: BTreeMap<UserId, String>,
}

/// The ids of one kind of thing: the next is the place in the story, and never one that was given before.
#[derive(Clone, Debug, Default)]
struct Ids {
    count: usize,
    used: BTreeSet<String>,
}

impl Ids {
    /// The id that is given, which may be one from before, or the next of `c1`, `c2`, …
    fn id(&mut self, given: Option<String>, letter: char) -> String {
        self.count += 1;
        let id = given.unwrap_or_else(|| {
            while self.used.contains(&format!("{letter}{}", self.count)) {
                self.count += 1;
            }
            format!("{letter}{}", self.count)
        });
        self.used.insert(id.clone());
        id
    }
}

impl Cast {
    /// A comment of somebody.
    pub(super) fn comment(&mut self, given: Option<String>, who: &Person) -> String {
        let id = self.comments.id(given, 'c');
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

    pub(super) fn message(&mut self, given: Option<String>) -> String {
        self.messages.id(given, 'm')
    }

    pub(super) fn refund(&mut self, given: Option<String>) -> String {
        self.refunds.id(given, 'r')
    }

    pub(super) fn order(&mut self, given: Option<String>) -> OrderId {
        self.orders.id(given, 'o').into()
    }
}
