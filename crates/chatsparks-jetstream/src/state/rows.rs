//! The rows of a partition, as their forms.

use crate::op::{RowForm, read};
use chatsparks_core::{Answer, CommentId, EventId, Instant, Key, MessageId, RefundId, Row, UserId, Wants};
use chatsparks_ports::StoreError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

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

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Rows {
    contacts: BTreeMap<UserId, Contact>,
    others: BTreeMap<Name, Other>,
    #[serde(skip)]
    due: BTreeSet<(i64, UserId)>,
    #[serde(skip)]
    queued: BTreeSet<(i64, UserId)>,
    #[serde(skip)]
    from: BTreeSet<(i64, Name)>,
}

#[derive(Serialize, Deserialize)]
struct Contact {
    form: Box<str>,
    due: Option<i64>,
    queued: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Other {
    /// None of an id that was seen.
    form: Option<Box<str>>,
    /// Since when it is remembered (T5).
    from: Option<i64>,
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
        for (user_id, contact) in &self.contacts {
            self.due.extend(contact.due.map(|at| (at, user_id.clone())));
            self.queued.extend(contact.queued.map(|at| (at, user_id.clone())));
        }
        self.from = self.others.iter().filter_map(|(name, other)| Some((other.from?, name.clone()))).collect();
    }

    pub(crate) fn put(&mut self, row: &RowForm) {
        let form: Option<Box<str>> = row.form.as_ref().map(|form| form.get().into());
        if row.kind == "contact" {
            let user_id = UserId::from(row.name.as_str());
            self.drop_contact(&user_id);
            self.due.extend(row.due.map(|at| (at, user_id.clone())));
            self.queued.extend(row.queued.map(|at| (at, user_id.clone())));
            let form = form.unwrap_or_default();
            self.contacts.insert(user_id, Contact { form, due: row.due, queued: row.queued });
            return;
        }
        let name = name_of(&row.kind, &row.name);
        if let Some(before) = self.others.insert(name.clone(), Other { form, from: row.from }).and_then(|row| row.from)
        {
            self.from.remove(&(before, name.clone()));
        }
        self.from.extend(row.from.map(|from| (from, name)));
    }

    fn drop_contact(&mut self, user_id: &UserId) {
        if let Some(before) = self.contacts.remove(user_id) {
            before.due.map(|at| self.due.remove(&(at, user_id.clone())));
            before.queued.map(|at| self.queued.remove(&(at, user_id.clone())));
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
        use std::ops::Bound::{Excluded, Unbounded};
        let mut rows = Vec::new();
        let after_contact = match after {
            None => Some(Unbounded),
            Some(Key::Contact(user_id)) => Some(Excluded(user_id)),
            Some(_) => None,
        };
        if let Some(after) = after_contact {
            let contacts = self.contacts.range::<UserId, _>((after, Unbounded)).take(limit);
            for (_, contact) in contacts {
                rows.push(read(&contact.form)?);
            }
        }
        let after = after.filter(|_| after_contact.is_none()).map(|key| name_of(key.kind(), &key.name()));
        let after = after.map_or(Unbounded, Excluded);
        for (name, other) in self.others.range((after, Unbounded)).take(limit - rows.len()) {
            rows.push(other.row(name)?);
        }
        Ok(rows)
    }

    pub(crate) fn is_contact(&self, user_id: &UserId) -> bool {
        self.contacts.contains_key(user_id)
    }

    pub(crate) fn has_dm(&self, dm_id: &str) -> bool {
        self.others.contains_key(&name_of("dm", dm_id))
    }

    pub(crate) fn head(&self) -> Result<Vec<Row>, StoreError> {
        let parts = [Key::Clock, Key::Terms, Key::Room];
        parts.iter().filter_map(|key| self.get(key).transpose()).collect()
    }

    pub(crate) fn next_due(&self) -> Option<i64> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Rows of a kind by name, after a name.
    pub(crate) fn list(&self, kind: &str, after: &str, limit: usize) -> Result<Vec<(String, Row)>, StoreError> {
        let named = |(name, form): (&str, &str)| Ok((name.to_owned(), read(form)?));
        if kind == "contact" {
            let contacts = self.contacts.range(UserId::from(after)..).filter(|(user_id, _)| user_id.as_str() > after);
            return contacts.take(limit).map(|(user_id, contact)| named((user_id.as_str(), &contact.form))).collect();
        }
        let Some(number) = kind_number(kind) else { return Ok(Vec::new()) };
        let of_kind = self.others.range((number, after.into())..).take_while(|((of, _), _)| *of == number);
        let rows = of_kind.filter(|((_, name), _)| **name > *after).take(limit);
        rows.map(|(name, other)| Ok(((*name.1).to_owned(), other.row(name)?))).collect()
    }

    fn contacts<'a>(&self, listed: impl IntoIterator<Item = &'a (i64, UserId)>) -> Result<Vec<Row>, StoreError> {
        let found = listed.into_iter().filter_map(|(_, user_id)| self.contacts.get(user_id));
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
                answer.rows.push(link.row(name)?);
            }
        }
        if let Some(due) = wants.due {
            let (after, until) = (due.after.map(Instant::as_milliseconds), due.until.as_milliseconds());
            let all = match after.map(|after| after.checked_add(1)) {
                Some(None) => None,
                Some(Some(from)) => Some(self.due.range((from, UserId::from(""))..)),
                None => Some(self.due.range(..)),
            };
            let within: Vec<_> = all.into_iter().flatten().take_while(|(at, _)| *at <= until).collect();
            let last = within.get(LISTED - 1).map(|(at, _)| *at);
            let upto = last.unwrap_or(until);
            answer.rows.extend(self.contacts(within.into_iter().take_while(|(at, _)| *at <= upto))?);
            answer.due_until = last.filter(|last| *last < until).map(Instant::from_milliseconds);
        }
        if let Some(queued) = &wants.queued {
            let after = queued.after.as_ref().map(|(at, user_id)| (at.as_milliseconds(), user_id.clone()));
            let listed: Vec<_> = match &after {
                Some(after) => self.queued.range(after.clone()..).filter(|place| *place > after).take(LISTED).collect(),
                None => self.queued.iter().take(LISTED).collect(),
            };
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
            && self.from.first().is_some_and(|(from, _)| *from < before)
            && let Some((_, name)) = self.from.pop_first()
        {
            self.others.remove(&name);
            deleted += 1;
        }
        deleted
    }

    /// Deletes at most so many; how many.
    pub(crate) fn clear(&mut self, limit: usize) -> usize {
        let contacts: Vec<UserId> = self.contacts.keys().take(limit).cloned().collect();
        contacts.iter().for_each(|user_id| self.drop_contact(user_id));
        let mut deleted = contacts.len();
        while deleted < limit
            && let Some((name, other)) = self.others.pop_first()
        {
            other.from.map(|from| self.from.remove(&(from, name)));
            deleted += 1;
        }
        deleted
    }
}
