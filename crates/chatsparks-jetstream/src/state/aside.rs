//! What of a state lies in a file once it outgrows memory, and what a copy of it shares.

use super::{Entry, Kept, Part, State};
use crate::{
    op::Does,
    table::{Ground, Heavy, Table, Value},
};
use chatsparks_core::UserId;
use serde::{Deserialize, Serialize};
use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

/// A partition that copies of a state share until one of them changes it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Shared(Arc<Part>);

impl Deref for Shared {
    type Target = Part;

    fn deref(&self) -> &Part {
        &self.0
    }
}

impl DerefMut for Shared {
    fn deref_mut(&mut self) -> &mut Part {
        Arc::make_mut(&mut self.0)
    }
}

impl Value for Entry {
    fn held(&self) -> usize {
        match &self.body {
            super::Body::In(..) => 0,
            super::Body::Here(form) => form.len(),
        }
    }
}

impl Value for Kept {}

/// All tables of a partition, each borrowed as it is said.
macro_rules! tables {
    ($part:ident, $rows:expr, $effects:expr, $($borrowed:tt)+) => {{
        let [contacts, others, due, queued, from] = $rows;
        let [all, by_id, numbered, lanes, fronts, open] = $effects;
        [
            contacts, others, due, queued, from, all, by_id, numbered, lanes, fronts, open,
            $($borrowed)+ $part.log, $($borrowed)+ $part.log_of, $($borrowed)+ $part.granted,
            $($borrowed)+ $part.records, $($borrowed)+ $part.records_of, $($borrowed)+ $part.evaluations,
        ]
    }};
}

impl Part {
    fn tables(&self) -> [&dyn Heavy; 17] {
        tables!(self, self.rows.tables(), self.effects.tables(), &)
    }

    fn tables_mut(&mut self) -> [&mut dyn Heavy; 17] {
        tables!(self, self.rows.tables_mut(), self.effects.tables_mut(), &mut)
    }
}

impl Shared {
    fn put_aside(&mut self, ground: &Arc<Ground>) {
        // To look at it is not to change it: a copy may share it.
        let share = ground.share();
        self.put_aside_beyond(ground, share);
    }

    fn put_aside_beyond(&mut self, ground: &Arc<Ground>, share: usize) {
        if self.at_hand() > share || self.tables().iter().any(|table| table.is_in_the_way()) {
            put_aside(ground, share, self.tables_mut());
        }
    }
}

impl Part {
    /// Bytes at hand, about.
    pub(crate) fn at_hand(&self) -> usize {
        self.tables().iter().map(|table| table.weight()).sum()
    }
}

impl State {
    /// Puts aside what takes more than its share of memory after an operation.
    pub(crate) fn put_aside(&mut self, ground: &Arc<Ground>, does: &Does) {
        match does {
            Does::Commit(commit) => {
                if let Some(part) = self.parts.get_mut(commit.partition as usize) {
                    part.put_aside(ground);
                } else if let Some(part) = self.beside.get_mut(&commit.partition) {
                    part.put_aside_beyond(ground, ground.share_of_a_table());
                }
            }
            // They bring little to each, and something is committed before long.
            Does::Append(_) | Does::Route { .. } | Does::Begin { .. } | Does::Settle { .. }
                if !self.applied.is_multiple_of(64) => {}
            _ => self.put_aside_all(ground),
        }
    }

    /// Puts aside whatever takes more than its share.
    pub(crate) fn put_aside_all(&mut self, ground: &Arc<Ground>) {
        let share = ground.share();
        self.parts.iter_mut().for_each(|part| part.put_aside(ground));
        // Checkpoints are looked at when they are made and used.
        let beside = self.beside.values_mut();
        beside.for_each(|part| part.put_aside_beyond(ground, ground.share_of_a_table()));
        if self.places.weight() + self.places_since.weight() > share || self.places_since.is_in_the_way() {
            put_aside(ground, share, [&mut self.places as &mut dyn Heavy, &mut self.places_since]);
        }
    }
}

/// Puts tables aside, but for those that are hardly anything.
fn put_aside<'a>(ground: &Arc<Ground>, share: usize, tables: impl IntoIterator<Item = &'a mut dyn Heavy>) {
    ground.write(|writing| {
        let mut heavy = tables.into_iter().filter(|table| table.weight() > share / 64 || table.is_in_the_way());
        heavy.try_for_each(|table| table.put_aside(ground, writing))
    });
}

/// What each contact has, which is written as a list for each.
pub(super) mod grouped {
    use super::*;
    use serde::{
        Deserializer, Serializer,
        de::{MapAccess, Visitor},
        ser::SerializeMap,
    };
    use std::fmt;

    type Of = Table<(UserId, u64), ()>;

    pub(in super::super) fn serialize<S: Serializer>(of: &Of, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut many, mut last) = (0, None);
        for ((user_id, _), _) in of.iter() {
            if last.as_ref() != Some(&user_id) {
                many += 1;
                last = Some(user_id);
            }
        }
        let mut map = serializer.serialize_map(Some(many))?;
        let mut group: Option<(UserId, Vec<u64>)> = None;
        for ((user_id, number), _) in of.iter() {
            match &mut group {
                Some((of, numbers)) if *of == user_id => numbers.push(number),
                _ => {
                    if let Some((of, numbers)) = group.replace((user_id, vec![number])) {
                        map.serialize_entry(&of, &numbers)?;
                    }
                }
            }
        }
        if let Some((of, numbers)) = group {
            map.serialize_entry(&of, &numbers)?;
        }
        map.end()
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Of, D::Error> {
        struct Groups;
        impl<'de> Visitor<'de> for Groups {
            type Value = Of;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("lists by contact")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Of, A::Error> {
                let mut of = Of::default();
                while let Some((user_id, numbers)) = map.next_entry::<UserId, Vec<u64>>()? {
                    numbers.into_iter().for_each(|number| of.insert((user_id.clone(), number), ()));
                }
                Ok(of)
            }
        }
        deserializer.deserialize_map(Groups)
    }
}
