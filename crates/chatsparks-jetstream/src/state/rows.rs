//! The rows of a partition, as their forms.

use crate::{
    op::{RowForm, read},
    table::{Heavy, Table, Value},
};
use chatsparks_core::{Answer, CommentId, EventId, Instant, Key, MessageId, RefundId, Row, UserId, Wants};
use chatsparks_ports::StoreError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ops::Bound::{Excluded, Included, Unbounded};

/// How many contacts that are due or queued are listed at once, ties apart.
const LISTED: usize = 500;

/// What a comment's evaluation is found by: two that share it are not to be met.
pub(crate) fn digest(kind: &str, name: &str) -> (u64, u64) {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(name.as_bytes());
    let bytes: [u8; 32] = hash.finalize().into();
    let half = |from: usize| bytes.iter().skip(from).take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte));
    (half(0), half(8))
}

/// The kinds of rows beside contacts, by number: those of ids that were seen have no form. New ones go to the end.
const KINDS: [&str; 12] =
    ["clock", "terms", "room", "event", "comment", "message", "refund", "order", "shop_user", "dm", "fired", "link"];

/// The kind, and the name within it.
type Name = (u8, Box<str>);

fn kind_number(kind: &str) -> Option<u8> {
    KINDS.iter().position(|known| *known == kind).and_then(|place| u8::try_from(place).ok())
}

fn name_of(kind: &str, name: &str) -> Name {
    (kind_number(kind).unwrap_or(u8::MAX), name.into())
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Rows {
    contacts: Table<UserId, Contact>,
    others: Table<Name, Other>,
    #[serde(skip)]
    due: Table<(i64, UserId), ()>,
    #[serde(skip)]
    queued: Table<(i64, UserId), ()>,
    /// Since when what is remembered; some that were remembered anew since are among them.
    #[serde(skip)]
    from: Table<(i64, Name), ()>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Contact {
    form: Box<str>,
    due: Option<i64>,
    queued: Option<i64>,
}

impl Value for Contact {
    fn held(&self) -> usize {
        self.form.len()
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Other {
    /// None of an id that was seen.
    form: Option<Box<str>>,
    /// Since when it is remembered (T5).
    from: Option<i64>,
}

impl Value for Other {
    fn held(&self) -> usize {
        self.form.as_ref().map_or(0, |form| form.len())
    }
}

impl Other {
    fn row(&self, (kind, name): &Name) -> Result<Row, StoreError> {
        if let Some(form) = &self.form {
            return read(form);
        }
        let from = Instant::from_milliseconds(self.from.unwrap_or(0));
        Ok(match KINDS.get(usize::from(*kind)).copied() {
            Some("comment") => Row::Comment(CommentId::from(&**name), from),
            Some("message") => Row::Message(MessageId::from(&**name), from),
            Some("refund") => Row::Refund(RefundId::from(&**name), from),
            _ => Row::Event(EventId::from(&**name), from),
        })
    }
}

impl Rows {
    /// Finds anew what is not written with it.
    pub(crate) fn restore(&mut self) {
        for (user_id, contact) in self.contacts.iter() {
            if let Some(at) = contact.due {
                self.due.insert((at, user_id.clone()), ());
            }
            if let Some(at) = contact.queued {
                self.queued.insert((at, user_id), ());
            }
        }
        for (name, other) in self.others.iter() {
            if let Some(from) = other.from {
                self.from.insert((from, name), ());
            }
        }
    }

    pub(super) fn tables(&self) -> [&dyn Heavy; 5] {
        [&self.contacts, &self.others, &self.due, &self.queued, &self.from]
    }

    pub(super) fn tables_mut(&mut self) -> [&mut dyn Heavy; 5] {
        [&mut self.contacts, &mut self.others, &mut self.due, &mut self.queued, &mut self.from]
    }

    pub(crate) fn put(&mut self, row: &RowForm) {
        let form: Option<Box<str>> = row.form.as_ref().map(|form| form.get().into());
        if row.kind == "contact" {
            let user_id = UserId::from(row.name.as_str());
            self.unlist(&user_id);
            if let Some(at) = row.due {
                self.due.insert((at, user_id.clone()), ());
            }
            if let Some(at) = row.queued {
                self.queued.insert((at, user_id.clone()), ());
            }
            let form = form.unwrap_or_default();
            self.contacts.insert(user_id, Contact { form, due: row.due, queued: row.queued });
            return;
        }
        let name = name_of(&row.kind, &row.name);
        if let Some(from) = row.from {
            self.from.insert((from, name.clone()), ());
        }
        self.others.insert(name, Other { form, from: row.from });
    }

    /// Takes a contact out of what is due and queued.
    fn unlist(&mut self, user_id: &UserId) {
        let before = self.contacts.get(user_id);
        let (due, queued) = before.map_or((None, None), |before| (before.due, before.queued));
        if let Some(at) = due {
            self.due.remove(&(at, user_id.clone()));
        }
        if let Some(at) = queued {
            self.queued.remove(&(at, user_id.clone()));
        }
    }

    pub(crate) fn get(&self, key: &Key) -> Result<Option<Row>, StoreError> {
        if let Key::Contact(user_id) = key {
            return self.contacts.get(user_id).map(|contact| read(&contact.form)).transpose();
        }
        let name = name_of(key.kind(), &key.name());
        self.others.get(&name).map(|other| other.row(&name)).transpose()
    }

    /// All rows in an order of their own, at most so many after the row of a key.
    pub(crate) fn all(&self, after: Option<&Key>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        let after_contact = match after {
            None => Some(Unbounded),
            Some(Key::Contact(user_id)) => Some(Excluded(user_id.clone())),
            Some(_) => None,
        };
        let after = after.filter(|_| after_contact.is_none()).map(|key| name_of(key.kind(), &key.name()));
        if let Some(after) = after_contact {
            for (_, contact) in self.contacts.range((after, Unbounded)).take(limit) {
                rows.push(read(&contact.form)?);
            }
        }
        let after = after.map_or(Unbounded, Excluded);
        for (name, other) in self.others.range((after, Unbounded)).take(limit - rows.len()) {
            rows.push(other.row(&name)?);
        }
        Ok(rows)
    }

    pub(crate) fn is_contact(&self, user_id: &UserId) -> bool {
        self.contacts.contains(user_id)
    }

    pub(crate) fn has_dm(&self, dm_id: &str) -> bool {
        self.others.contains(&name_of("dm", dm_id))
    }

    pub(crate) fn head(&self) -> Result<Vec<Row>, StoreError> {
        let parts = [Key::Clock, Key::Terms, Key::Room];
        parts.iter().filter_map(|key| self.get(key).transpose()).collect()
    }

    pub(crate) fn next_due(&self) -> Option<i64> {
        self.due.first().map(|((at, _), _)| at)
    }

    /// Rows of a kind by name, after a name.
    pub(crate) fn list(&self, kind: &str, after: &str, limit: usize) -> Result<Vec<(String, Row)>, StoreError> {
        if kind == "contact" {
            let contacts = self.contacts.range((Excluded(UserId::from(after)), Unbounded)).take(limit);
            let named = |(user_id, form): (UserId, &str)| Ok((user_id.as_str().to_owned(), read(form)?));
            return contacts.map(|(user_id, contact)| named((user_id, &contact.form))).collect();
        }
        let Some(number) = kind_number(kind) else { return Ok(Vec::new()) };
        let rows = self.others.range((Excluded((number, after.into())), Unbounded));
        let rows = rows.take_while(|((of, _), _)| *of == number).take(limit);
        rows.map(|(name, other)| Ok(((*name.1).to_owned(), other.row(&name)?))).collect()
    }

    fn contacts(&self, listed: impl IntoIterator<Item = (i64, UserId)>) -> Result<Vec<Row>, StoreError> {
        let found = listed.into_iter().filter_map(|(_, user_id)| self.contacts.get(&user_id));
        found.map(|contact| read(&contact.form)).collect()
    }

    pub(crate) fn answer(&self, wants: &Wants) -> Result<Answer, StoreError> {
        let mut answer = Answer::default();
        for key in &wants.keys {
            answer.rows.extend(self.get(key)?);
        }
        for user_id in &wants.links {
            let first = Key::links_of(user_id);
            let from = name_of("link", &first);
            let number = from.0;
            let links = self.others.range(from..);
            for (name, link) in links.take_while(|((kind, name), _)| *kind == number && name.starts_with(&first)) {
                answer.rows.push(link.row(&name)?);
            }
        }
        if let Some(due) = wants.due {
            let (after, until) = (due.after.map(Instant::as_milliseconds), due.until.as_milliseconds());
            let from = after.map_or(Some(i64::MIN), |after| after.checked_add(1));
            let from = from.map(|from| Included((from, UserId::from(""))));
            let all = from.map(|from| self.due.range((from, Unbounded)).map(|(place, _)| place));
            let (mut within, mut last): (Vec<(i64, UserId)>, Option<i64>) = (Vec::new(), None);
            for place in all.into_iter().flatten().take_while(|(at, _)| *at <= until) {
                if last.is_some_and(|last| place.0 > last) {
                    break;
                }
                within.push(place);
                last = within.get(LISTED - 1).map(|(at, _)| *at);
            }
            answer.rows.extend(self.contacts(within)?);
            answer.due_until = last.filter(|last| *last < until).map(Instant::from_milliseconds);
        }
        if let Some(queued) = &wants.queued {
            let after = queued.after.as_ref().map(|(at, user_id)| (at.as_milliseconds(), user_id.clone()));
            let listed: Vec<_> = match &after {
                Some(after) => self.queued.range((Excluded(after.clone()), Unbounded)).take(LISTED).collect(),
                None => self.queued.iter().take(LISTED).collect(),
            };
            let listed: Vec<(i64, UserId)> = listed.into_iter().map(|(place, _)| place).collect();
            let last = listed.last().filter(|_| listed.len() == LISTED);
            answer.queued_until = last.map(|(at, user_id)| (Instant::from_milliseconds(*at), user_id.clone()));
            answer.rows.extend(self.contacts(listed)?);
        }
        Ok(answer)
    }

    /// Deletes at most so many that are remembered from before an instant; how many.
    pub(crate) fn prune(&mut self, before: i64, limit: usize) -> usize {
        let mut deleted = 0;
        while deleted < limit
            && self.from.first().is_some_and(|((from, _), _)| from < before)
            && let Some(((from, name), ())) = self.from.take_first()
        {
            // It may be remembered anew since.
            if self.others.get(&name).is_some_and(|other| other.from == Some(from)) {
                self.others.remove(&name);
                deleted += 1;
            }
        }
        deleted
    }

    /// Deletes at most so many; how many.
    pub(crate) fn clear(&mut self, limit: usize) -> usize {
        let contacts: Vec<UserId> = self.contacts.iter().take(limit).map(|(user_id, _)| user_id).collect();
        for user_id in &contacts {
            self.unlist(user_id);
            self.contacts.remove(user_id);
        }
        let mut deleted = contacts.len();
        while deleted < limit
            && let Some((name, other)) = self.others.take_first()
        {
            if let Some(from) = other.from {
                self.from.remove(&(from, name));
            }
            deleted += 1;
        }
        deleted
    }
}
