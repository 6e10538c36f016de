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
pub(crate) use ground::{Ground, Joined, View};
pub(crate) use key::{Key, Value};

/// Less than this is not put aside while a state is read.
const LITTLE: usize = 16 * 1024;
/// Of so many deleted entries a table is put aside, however little it takes: whoever looks for the first one passes them by.
const PASSED_BY: usize = 1_000;
/// What an entry of a map takes beside what is in it, about.
const ENTRY: usize = 16;

/// An ordered map, of which a part may lie in a file.
#[derive(Clone)]
pub(crate) struct Table<K, V> {
    /// What was written last; nothing: it was deleted.
    hand: BTreeMap<K, Option<V>>,
    /// Bytes of that, about, and how many were deleted.
    weight: usize,
    deleted: usize,
    /// Nothing is left before this key: who takes one after the other from the front does not pass by what is gone.
    from: Option<K>,
    aside: Option<Arc<Aside>>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { hand: BTreeMap::new(), weight: 0, deleted: 0, from: None, aside: None }
    }
}

/// A table, whatever is in it, as something that can be put aside.
pub(crate) trait Heavy {
    /// Bytes at hand.
    fn weight(&self) -> usize;

    /// Whether so much of it is deleted that it is better put aside.
    fn is_in_the_way(&self) -> bool;

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

    fn is_in_the_way(&self) -> bool {
        self.deleted > PASSED_BY
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
        (self.weight, self.deleted) = (0, 0);
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
            (None, Some(aside)) => aside.read(rmp_serde::from_slice(&aside.get(&key.bytes())?).ok()).map(Cow::Owned),
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
        self.deleted += usize::from(value.is_none());
        match self.hand.entry(key) {
            btree_map::Entry::Vacant(entry) => drop(entry.insert(value)),
            btree_map::Entry::Occupied(mut entry) => {
                let before = entry.insert(value);
                self.weight = self.weight.saturating_sub(weight_of(entry.key(), before.as_ref()));
                self.deleted -= usize::from(before.is_none());
            }
        }
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.from.as_ref().is_some_and(|from| key < *from) {
            self.from = Some(key.clone());
        }
        self.write(key, Some(value));
        // While a state is read no commit comes that would put it aside.
        if self.weight > LITTLE
            && let Some(ground) = Ground::here()
            && self.weight > ground.share_of_a_table()
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
        if self.aside.is_some() {
            self.from = Some(key.clone());
        }
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
                self.deleted += 1;
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
        let bounds = self.bounds(&range);
        let hand = bounds.map(|bounds| self.hand.range(bounds)).into_iter().flatten();
        let pairs = self.pairs(bounds);
        Merged { hand: hand.peekable(), pairs: pairs.peekable(), of: self.aside.as_deref(), first: Ordering::Less }
    }

    /// Those of a range, the last one first.
    pub(crate) fn range_back(&self, range: impl RangeBounds<K>) -> impl Iterator<Item = (K, Cow<'_, V>)> {
        let bounds = self.bounds(&range);
        let hand = bounds.map(|bounds| self.hand.range(bounds)).into_iter().flatten().rev();
        let pairs = self.pairs(bounds).rev();
        Merged { hand: hand.peekable(), pairs: pairs.peekable(), of: self.aside.as_deref(), first: Ordering::Greater }
    }

    /// A range without what is before all that is left; none: there is nothing in it.
    fn bounds<'a>(&'a self, range: &'a impl RangeBounds<K>) -> Option<(Bound<&'a K>, Bound<&'a K>)> {
        let (mut from, to) = (range.start_bound(), range.end_bound());
        if let Some(first) = &self.from {
            let is_before = match from {
                Bound::Included(from) | Bound::Excluded(from) => from < first,
                Bound::Unbounded => true,
            };
            if is_before {
                from = Bound::Included(first);
            }
        }
        let is_none = match (from, to) {
            (Bound::Included(from), Bound::Included(to)) => from > to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
            _ => false,
        };
        (!is_none).then_some((from, to))
    }

    fn pairs(
        &self,
        bounds: Option<(Bound<&K>, Bound<&K>)>,
    ) -> impl DoubleEndedIterator<Item = (K, Vec<u8>)> + use<K, V> {
        let pairs = self.aside.as_ref().zip(bounds).map(|(aside, (from, to))| {
            let of = Arc::clone(aside);
            let pairs = aside.range((from.map(Key::bytes), to.map(Key::bytes)));
            pairs.filter_map(move |(key, value): Pair| Some((of.read(K::read(&mut key.as_slice()))?, value)))
        });
        pairs.into_iter().flatten()
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
            if self.aside.is_some() {
                self.from = Some(first);
            }
        }
    }
}

/// What is at hand and what lies aside, in one order; what is at hand stands before the other.
struct Merged<'a, H: Iterator, A: Iterator> {
    hand: std::iter::Peekable<H>,
    pairs: std::iter::Peekable<A>,
    of: Option<&'a Aside>,
    /// How the key that comes first compares with the other.
    first: Ordering,
}

impl<'a, K: Key + 'a, V: Value + 'a, H, A> Iterator for Merged<'a, H, A>
where
    H: Iterator<Item = (&'a K, &'a Option<V>)>,
    A: Iterator<Item = (K, Vec<u8>)>,
{
    type Item = (K, Cow<'a, V>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.hand.peek(), self.pairs.peek()) {
                (None, None) => return None,
                (Some(_), None) => self.first,
                (None, Some(_)) => self.first.reverse(),
                (Some((hand, _)), Some((pair, _))) => (*hand).cmp(pair),
            };
            if order == self.first.reverse() {
                let (key, form) = self.pairs.next()?;
                let value = self.of?.read(rmp_serde::from_slice(&form).ok())?;
                return Some((key, Cow::Owned(value)));
            }
            if order == Ordering::Equal {
                self.pairs.next();
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
                    table.insert(key, value);
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
