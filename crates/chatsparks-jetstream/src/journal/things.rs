//! What the log says of things, of DMs, orders and ids of shops: an index that a process makes for itself when somebody
//! first asks.
//!
//! A state knows whose an event is, and not what it names: that stands in the event alone. So a partition's log is read
//! through once, and from then on only what was logged since; where nobody asks it costs nothing. What memory has no room
//! for lies where the rest of a state does.

use super::Journal;
use crate::{
    state::rows::digest,
    table::{Ground, Heavy, Table, of},
};
use chatsparks_core::Key;
use chatsparks_ports::{Limit, Logged, Position, StoreError};
use std::sync::Arc;

/// Events read at once.
const PAGE: Limit = Limit { events: 10_000, bytes: 8 << 20 };
/// Positions that are gone before those of things are looked through for them.
const GONE: u64 = 100_000;

/// One partition's.
#[derive(Default)]
pub(crate) struct Things {
    /// How far the log was read, and the first position that was there then.
    read: Position,
    first: Position,
    /// By what is named: where, in the order of the log.
    of: Table<((u64, u64), Position), ()>,
}

fn named(key: &Key) -> (u64, u64) {
    digest(key.kind(), &key.name())
}

impl Things {
    /// The log begins there by now.
    fn begins(&mut self, first: Position) {
        if first < self.first {
            // Another log was put into its place.
            *self = Self::default();
        }
        if first > self.first.saturating_add(GONE) {
            self.of.retain(|(_, position), ()| *position >= first);
            self.first = first;
        }
        if self.first == 0 {
            self.first = first;
        }
    }

    fn add(&mut self, logged: &Logged) {
        self.read = logged.position;
        if let Some(key) = logged.envelope.event.names() {
            self.of.insert((named(&key), logged.position), ());
        }
    }

    fn put_aside(&mut self, ground: &Arc<Ground>) {
        if self.of.weight() > ground.share_of_a_table() {
            ground.write(|writing| self.of.put_aside(ground, writing));
        }
    }

    fn positions(&self, keys: &[Key]) -> Vec<Position> {
        let all = keys.iter().flat_map(|key| self.of.range(of(named(key), (0, Position::MAX))));
        let mut positions: Vec<Position> = all.map(|((_, position), _)| position).collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}

impl Journal {
    /// The events of a partition that name things, at most so many, in the order of the log.
    pub(crate) async fn naming(&self, partition: u32, keys: &[Key], limit: usize) -> Result<Vec<Logged>, StoreError> {
        let positions = {
            let mut things = self.things.lock().await;
            let things = things.entry(partition).or_default();
            let first = self.state().part(partition).map_or(1, |part| part.log_gone + 1);
            things.begins(first);
            loop {
                let logged = self.logged(partition, things.read, Position::MAX, PAGE).await?;
                if logged.is_empty() {
                    break;
                }
                logged.iter().for_each(|logged| things.add(logged));
                things.put_aside(&self.ground);
            }
            let positions = things.positions(keys);
            self.ground.sound()?;
            positions
        };
        let find = || {
            let state = self.state();
            let part = state.part(partition);
            let found =
                positions.iter().filter_map(|position| Some((*position, part?.log().get(position)?.into_owned())));
            found.take(limit).map(|(position, entry)| (partition, position, entry)).collect()
        };
        Ok(self.events(find).await?.into_iter().map(|(_, logged)| logged).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatsparks_core::{Envelope, Event, Instant};

    fn cancelled(position: Position, order: &str) -> Logged {
        let event = Event::OrderCancelled(order.into());
        Logged { position, envelope: Envelope { id: "e".into(), at: Instant::from_milliseconds(0), event } }
    }

    #[test]
    fn s2_what_is_cut_is_forgotten_in_time_and_another_log_is_read_anew() {
        let mut things = Things::default();
        things.begins(1);
        for (position, order) in [(1, "o1"), (2, "o2"), (200_000, "o1")] {
            things.add(&cancelled(position, order));
        }
        let both = [Key::Order("o1".into()), Key::Order("o2".into()), Key::Order("o1".into())];
        assert_eq!(things.positions(&both), [1, 2, 200_000]);
        things.begins(150_000);
        assert_eq!((things.positions(&both), things.of.iter().count(), things.read), (vec![200_000], 1, 200_000));
        things.begins(2);
        assert_eq!((things.positions(&both), things.read), (vec![], 0));
    }
}
