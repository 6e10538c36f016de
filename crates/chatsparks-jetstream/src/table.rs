//! Tables that outgrow memory: what was changed of late is at hand, the rest lies in a file.
//!
//! As long as a state is small, a table is an ordered map and nothing else. Once a partition takes more than its share, what
//! is at hand of its tables is [put aside](Table::put_aside), all at once, and found there when it is asked for; what is
//! written since stands before it. What tables answer does not hang on where it lies.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap,
};
use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{BTreeMap, btree_map},
    fmt,
    marker::PhantomData,
    ops::{Bound, RangeBounds, RangeInclusive},
    sync::Arc,
};

mod ground;
mod key;

use ground::{Aside, Pair};
pub(crate) use ground::{Ground, View};
pub(crate) use key::{Key, Value};

/// Of a table that is read on its way in, this many bytes may be at hand: no commit comes that would put it aside.
const WHILE_READ: usize = 4 * 1024 * 1024;
/// What an entry of a map takes beside what is in it, about.
const ENTRY: usize = 16;

/// An ordered map, of which a part may lie in a file.
#[derive(Clone)]
pub(crate) struct Table<K, V> {
    /// What was written last; nothing: it was deleted.
    hand: BTreeMap<K, Option<V>>,
    /// Bytes of that, about.
    weight: usize,
    aside: Option<Arc<Aside>>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { hand: BTreeMap::new(), weight: 0, aside: None }
    }
}

/// A table, whatever is in it, as something that can be put aside.
pub(crate) trait Heavy {
    /// Bytes at hand.
    fn weight(&self) -> usize;

    /// Writes what is at hand into the ground, and lets go of it.
    fn put_aside(&mut self, ground: &Arc<Ground>, writing: &redb::WriteTransaction) -> Result<(), redb::Error>;
}

fn form<V: Serialize>(value: &V) -> Result<Vec<u8>, redb::Error> {
    // Values of ours can be written.
    rmp_serde::to_vec(value).map_err(|error| redb::Error::Io(std::io::Error::other(error)))
}

impl<K: Key, V: Value> Heavy for Table<K, V> {
    fn weight(&self) -> usize {
        self.weight
    }

    fn put_aside(&mut self, ground: &Arc<Ground>, writing: &redb::WriteTransaction) -> Result<(), redb::Error> {
        if self.hand.is_empty() {
            return Ok(());
        }
        let aside = self.aside.get_or_insert_with(|| Arc::new(ground.aside()));
        let mut failed = None;
        let pairs = std::mem::take(&mut self.hand).into_iter().map_while(|(key, value)| {
            let value = value.map(|value| form(&value)).transpose();
            let value = value.map_err(|error| failed = Some(error)).ok()?;
            Some((key.bytes(), value))
        });
        aside.write(writing, pairs)?;
        self.weight = 0;
        failed.map_or(Ok(()), Err)
    }
}

fn weight_of<K: Key, V: Value>(key: &K, value: Option<&V>) -> usize {
    size_of::<(K, Option<V>)>() + ENTRY + key.held() + value.map_or(0, Value::held)
}

impl<K: Key, V: Value> Table<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<Cow<'_, V>> {
        match (self.hand.get(key), &self.aside) {
            (Some(value), _) => value.as_ref().map(Cow::Borrowed),
            (None, None) => None,
            (None, Some(aside)) => read_value(&aside.get(&key.bytes())?).map(Cow::Owned),
        }
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        match (self.hand.get(key), &self.aside) {
            (Some(value), _) => value.is_some(),
            (None, None) => false,
            (None, Some(aside)) => aside.get(&key.bytes()).is_some(),
        }
    }

    fn write(&mut self, key: K, value: Option<V>) {
        self.weight += weight_of(&key, value.as_ref());
        match self.hand.entry(key) {
            btree_map::Entry::Vacant(entry) => drop(entry.insert(value)),
            btree_map::Entry::Occupied(mut entry) => {
                let before = entry.insert(value);
                self.weight = self.weight.saturating_sub(weight_of(entry.key(), before.as_ref()));
            }
        }
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.write(key, Some(value));
    }

    /// Puts in what comes in great numbers, from a snapshot or to be found by: more than a little is put aside at once.
    pub(crate) fn fill(&mut self, key: K, value: V) {
        self.insert(key, value);
        if self.weight > WHILE_READ
            && let Some(ground) = Ground::here()
        {
            ground.write(|writing| self.put_aside(&ground, writing));
        }
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if self.aside.is_some() {
            self.write(key.clone(), None);
        } else if let Some(before) = self.hand.remove(key) {
            self.weight = self.weight.saturating_sub(weight_of(key, before.as_ref()));
        }
    }

    /// Takes one out.
    pub(crate) fn take(&mut self, key: &K) -> Option<V> {
        let found = self.get(key)?.into_owned();
        self.remove(key);
        Some(found)
    }

    /// Takes the first one out.
    pub(crate) fn take_first(&mut self) -> Option<(K, V)> {
        let (key, value) = self.first()?;
        let value = value.into_owned();
        self.remove(&key);
        Some((key, value))
    }

    /// Changes one where it stands; whether it is there.
    pub(crate) fn change(&mut self, key: &K, change: impl FnOnce(&mut V)) -> bool {
        let Some(mut value) = self.take_or_copy(key) else { return false };
        change(&mut value);
        self.insert(key.clone(), value);
        true
    }

    fn take_or_copy(&mut self, key: &K) -> Option<V> {
        match self.hand.get_mut(key) {
            Some(value) => {
                let taken = value.take()?;
                self.weight = self.weight.saturating_sub(Value::held(&taken));
                Some(taken)
            }
            None => self.get(key).map(Cow::into_owned),
        }
    }

    pub(crate) fn first(&self) -> Option<(K, Cow<'_, V>)> {
        self.range(..).next()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, Cow<'_, V>)> {
        self.range(..)
    }

    /// Those of a range, in order.
    pub(crate) fn range(&self, range: impl RangeBounds<K>) -> impl Iterator<Item = (K, Cow<'_, V>)> {
        let hand = self.hand.range((range.start_bound(), range.end_bound()));
        let aside = self.pairs(range.start_bound(), range.end_bound());
        Merged { hand: hand.peekable(), aside: aside.peekable(), first: Ordering::Less }
    }

    /// Those of a range, the last one first.
    pub(crate) fn range_back(&self, range: impl RangeBounds<K>) -> impl Iterator<Item = (K, Cow<'_, V>)> {
        let hand = self.hand.range((range.start_bound(), range.end_bound())).rev();
        let aside = self.pairs(range.start_bound(), range.end_bound()).rev();
        Merged { hand: hand.peekable(), aside: aside.peekable(), first: Ordering::Greater }
    }

    fn pairs(&self, from: Bound<&K>, to: Bound<&K>) -> impl DoubleEndedIterator<Item = (K, Vec<u8>)> + use<K, V> {
        let pairs = self.aside.as_ref().map(|aside| aside.range((from.map(Key::bytes), to.map(Key::bytes))));
        let read = |(key, value): Pair| Some((K::read(&mut key.as_slice())?, value));
        pairs.into_iter().flatten().filter_map(read)
    }

    /// Keeps those of which this is true.
    pub(crate) fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        let gone: Vec<K> = self.iter().filter(|(key, value)| !keep(key, value)).map(|(key, _)| key).collect();
        gone.iter().for_each(|key| self.remove(key));
    }

    /// Takes out those that come before a key.
    pub(crate) fn remove_before(&mut self, key: &K) {
        loop {
            let first = self.range(..key.clone()).next().map(|(first, _)| first);
            let Some(first) = first else { return };
            self.remove(&first);
        }
    }
}

fn read_value<V: Value>(form: &[u8]) -> Option<V> {
    rmp_serde::from_slice(form).ok()
}

/// What is at hand and what lies aside, in one order; what is at hand stands before the other.
struct Merged<H: Iterator, A: Iterator> {
    hand: std::iter::Peekable<H>,
    aside: std::iter::Peekable<A>,
    /// How the key that comes first compares with the other.
    first: Ordering,
}

impl<'a, K: Key + 'a, V: Value + 'a, H, A> Iterator for Merged<H, A>
where
    H: Iterator<Item = (&'a K, &'a Option<V>)>,
    A: Iterator<Item = (K, Vec<u8>)>,
{
    type Item = (K, Cow<'a, V>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.hand.peek(), self.aside.peek()) {
                (None, None) => return None,
                (Some(_), None) => self.first,
                (None, Some(_)) => self.first.reverse(),
                (Some((hand, _)), Some((aside, _))) => (*hand).cmp(aside),
            };
            if order == self.first.reverse() {
                let (key, form) = self.aside.next()?;
                match read_value(&form) {
                    Some(value) => return Some((key, Cow::Owned(value))),
                    None => continue,
                }
            }
            if order == Ordering::Equal {
                self.aside.next();
            }
            if let (key, Some(value)) = self.hand.next()? {
                return Some((key.clone(), Cow::Borrowed(value)));
            }
        }
    }
}

impl<K: Key, V: Value> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // How many there are stands before them.
        let many = if self.aside.is_some() { self.iter().count() } else { self.hand.len() };
        let mut map = serializer.serialize_map(Some(many))?;
        for (key, value) in self.iter() {
            map.serialize_entry(&key, &*value)?;
        }
        map.end()
    }
}

impl<'de, K: Key, V: Value> Deserialize<'de> for Table<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Key, V: Value> Visitor<'de> for Entries<K, V> {
            type Value = Table<K, V>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut table = Table::default();
                while let Some((key, value)) = map.next_entry()? {
                    table.fill(key, value);
                }
                Ok(table)
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// The keys that begin with this, and go on with these.
pub(crate) fn of<A: Key, B: Key>(first: A, (from, to): (B, B)) -> RangeInclusive<(A, B)> {
    (first.clone(), from)..=(first, to)
}

#[cfg(test)]
mod tests;
