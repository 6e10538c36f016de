//! Chance that always falls the same way: SplitMix64, integers only, so that every machine agrees.

/// A seeded source of chance.
pub(crate) struct Dice(u64);

/// Ranks whose weight falls with the rank: few are common, many are rare.
pub(crate) struct Ranks {
    /// Weights summed up to each rank.
    sums: Vec<u64>,
}

impl Dice {
    /// Dice of their own for one concern, so that a change in one leaves the others alone.
    pub(crate) fn new(concern: &str) -> Self {
        let mut dice = Self(0x0610_7720_2600_0001);
        for byte in concern.bytes() {
            dice.0 ^= u64::from(byte);
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `count`; 0 when `count` is 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { (self.next() % count as u64) as usize }
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }

    /// Yes in so many of a hundred cases.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// Yes in so many of a thousand cases.
    pub(crate) fn permille(&mut self, chance: usize) -> bool {
        self.below(1000) < chance
    }

    /// One of some.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// The place of a weight, in proportion.
    pub(crate) fn weighed(&mut self, weights: impl IntoIterator<Item = u64, IntoIter: Clone>) -> usize {
        let weights = weights.into_iter();
        let mut left = self.next() % weights.clone().sum::<u64>().max(1);
        for (place, weight) in weights.enumerate() {
            match left.checked_sub(weight) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }

    /// A rank.
    pub(crate) fn rank(&mut self, ranks: &Ranks) -> usize {
        let drawn = self.next() % ranks.sums.last().copied().unwrap_or(1).max(1);
        ranks.sums.partition_point(|&sum| sum <= drawn)
    }

    /// The same things in another order.
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

impl Ranks {
    /// So many ranks, the weight of rank *k* being one over *k* plus `flatness`.
    pub(crate) fn new(count: usize, flatness: u64) -> Self {
        let weights = (0..count as u64).map(|rank| 100_000_000 / (rank + flatness.max(1)));
        let sums = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { sums: sums.collect() }
    }
}
