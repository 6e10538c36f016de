//! What two bring of one journal, each in its order, in the order of both.

use std::collections::BTreeMap;

/// Messages of two who bring all of a journal between them, none of them twice.
pub(super) struct Merged<M> {
    /// How far each has come.
    reached: [u64; 2],
    /// What came before another that has to be read first, with its bytes.
    ahead: BTreeMap<u64, (usize, M)>,
    bytes: usize,
    /// Bytes that wait at most, but for the last message.
    bound: usize,
}

impl<M> Merged<M> {
    /// From a place on, of which so many bytes may wait for a message before them.
    pub(super) fn new(from: u64, bound: usize) -> Self {
        Self { reached: [from.saturating_sub(1); 2], ahead: BTreeMap::new(), bytes: 0, bound }
    }

    /// The next message, where this one is wanted: it, or one after it once it is sure not to be there, since both have
    /// come past where it should be.
    pub(super) fn next(&mut self, wanted: u64) -> Option<M> {
        let entry = self.ahead.first_entry()?;
        let is_next = *entry.key() <= wanted || self.reached.iter().all(|reached| reached >= entry.key());
        is_next.then(|| {
            let (bytes, message) = entry.remove();
            self.bytes -= bytes;
            message
        })
    }

    /// Which of them may go on: where much waits already, whoever is ahead waits too.
    pub(super) fn may_come(&self) -> [bool; 2] {
        let has_room = self.bytes <= self.bound;
        let [first, second] = self.reached;
        [has_room || first <= second, has_room || second <= first]
    }

    /// One of them brings its next.
    pub(super) fn came(&mut self, of: usize, place: u64, bytes: usize, message: M) {
        if let Some(reached) = self.reached.get_mut(of) {
            *reached = place;
        }
        self.bytes += bytes;
        self.ahead.insert(place, (bytes, message));
    }
}

#[cfg(test)]
mod tests {
    use super::Merged;
    use proptest::prelude::*;

    /// All that can be read after this came.
    fn read(merged: &mut Merged<u64>, wanted: &mut u64) -> Vec<u64> {
        let mut read = Vec::new();
        while let Some(message) = merged.next(*wanted) {
            *wanted = message + 1;
            read.push(message);
        }
        read
    }

    #[test]
    fn s2_what_came_early_waits_for_what_is_before_it() {
        let (mut merged, mut wanted) = (Merged::new(7, 100), 7);
        let mut after = |of: usize, place: u64| {
            merged.came(of, place, 10, place);
            read(&mut merged, &mut wanted)
        };
        assert_eq!(after(0, 8), [0; 0], "7 may still come of the other");
        assert_eq!(after(0, 9), [0; 0]);
        assert_eq!(after(1, 7), [7, 8, 9]);
        assert_eq!(after(1, 10), [10], "nobody is waited for who has nothing before it");
        assert_eq!(after(1, 12), [0; 0]);
        assert_eq!(after(0, 13), [12, 13], "both are past 11: it is not there, which whoever reads 12 sees");
        assert_eq!(after(1, 15), [0; 0], "14 may still come of the first");
    }

    #[test]
    fn s2_whoever_is_ahead_waits_where_much_waits() {
        let mut merged = Merged::new(1, 100);
        assert_eq!(merged.may_come(), [true, true]);
        merged.came(0, 5, 100, 5);
        assert_eq!(merged.may_come(), [true, true], "as much as may wait");
        merged.came(0, 6, 1, 6);
        assert_eq!(merged.may_come(), [false, true]);
        merged.came(1, 7, 0, 7);
        assert_eq!(merged.may_come(), [true, false], "the other is ahead now");
        assert_eq!(read(&mut merged, &mut 5), [5, 6, 7]);
        assert_eq!(merged.may_come(), [true, true]);
        assert_eq!(merged.bytes, 0, "what was read does not count any more");
    }

    proptest! {
        /// However messages are shared out, and whoever is the faster: all are read, in their order, and little waits.
        #[test]
        fn s2_what_two_bring_is_read_in_its_order(
            owners in prop::collection::vec((prop::bool::ANY, 1..50usize), 1..80),
            turns in prop::collection::vec(prop::bool::ANY, 200),
            bound in 0..200usize,
        ) {
            let message = |(place, (is_owners, bytes)): (u64, &(bool, usize))| (usize::from(*is_owners), place, *bytes);
            let all: Vec<_> = (1..).zip(&owners).map(message).collect();
            let mut of = [0, 1].map(|who| {
                let mut theirs: Vec<_> = all.iter().filter(|message| message.0 == who).copied().collect();
                theirs.reverse();
                theirs
            });
            let (mut merged, mut wanted, mut came) = (Merged::new(1, bound), 1, Vec::new());
            let mut turns = turns.into_iter().cycle();
            while came.len() < all.len() {
                let may = merged.may_come();
                let can = [0, 1].map(|who| may[who] && !of[who].is_empty());
                let who = match can {
                    [true, true] => usize::from(turns.next().unwrap_or(false)),
                    [first, second] => {
                        prop_assert!(first || second, "nobody may go on, after {came:?}");
                        usize::from(second)
                    }
                };
                let (_, place, bytes) = of[who].pop().unwrap_or_default();
                merged.came(who, place, bytes, place);
                prop_assert!(merged.bytes <= bound + 2 * 50, "{} bytes wait", merged.bytes);
                came.extend(read(&mut merged, &mut wanted));
            }
            prop_assert_eq!(came, (1..=all.len() as u64).collect::<Vec<_>>());
        }
    }
}
