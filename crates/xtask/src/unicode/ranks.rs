//! In which order marks may follow one another, as numbers that one comparison tells.
//!
//! The fast way of normalising copies a mark as it stands when it is in order behind what it follows: canonical order,
//! and for Thai the order of N1. A *rank* is a number for each combining class and for each Thai character that N1 may
//! move or drop. An odd rank may follow its like, an even one may not; any may follow a lower one, and none a higher.
//! What is in order by rank is in order by the rule. Not the other way round: what is not takes the slow way, which
//! knows the rule itself.

use std::collections::BTreeMap;
use std::num::TryFromIntError;

/// A place in the order: of a combining class (group 0), or of one Thai character beside it.
type Key = (u16, u8, char);

/// Above every combining class.
const LETTERS: u16 = 0x100;
/// The combining class of the Thai tone marks, the highest of Thai.
const TONES: u16 = 107;

pub(super) struct Ranks {
    ranks: BTreeMap<char, u16>,
    classes: Vec<u8>,
}

impl Ranks {
    pub(super) fn new(ccc: impl Fn(char) -> u8) -> Self {
        let mut places: BTreeMap<Key, u8> = BTreeMap::new();
        let key = |c| thai(c).or_else(|| (ccc(c) != 0).then(|| (u16::from(ccc(c)), 0, '\0')));
        for c in '\0'..=char::MAX {
            key(c).and_then(|key| places.insert(key, ccc(c)));
        }
        let numbers: BTreeMap<Key, u16> =
            places.keys().zip(1..).map(|(key, place)| (*key, 2 * place + u16::from(key.1 == 0))).collect();
        let ranks = ('\0'..=char::MAX).filter_map(|c| Some((c, *numbers.get(&key(c)?)?))).collect();
        Self { ranks, classes: std::iter::once(0).chain(places.into_values()).collect() }
    }

    /// The rank of a character; 0: it may follow anything, and anything may follow it.
    pub(super) fn of(&self, c: char) -> u16 {
        self.ranks.get(&c).copied().unwrap_or(0)
    }

    /// The combining class of each rank, half the ranks being as many places.
    pub(super) fn classes(&self) -> Vec<u8> {
        self.classes.clone()
    }

    /// Past the last rank.
    pub(super) fn end(&self) -> Result<u16, TryFromIntError> {
        u16::try_from(2 * self.classes.len())
    }
}

/// The Thai characters that N1 puts in order, with what may stand behind them.
fn thai(c: char) -> Option<Key> {
    match c {
        // Of class 9, which a mark of a class between may not follow.
        '\u{E3A}' => Some((9, 1, c)),
        // None behind a tone mark, none behind its like, and to be simple none behind one of a higher number.
        '\u{E31}' | '\u{E34}'..='\u{E39}' | '\u{E47}' | '\u{E4C}'..='\u{E4E}' => Some((TONES, 1, c)),
        '\u{E48}'..='\u{E4B}' => Some((TONES, 2, c)),
        // Any number of U+0E32, and no mark behind it: a tone would stand before it.
        '\u{E32}' => Some((LETTERS, 0, '\0')),
        // Behind anything but its like, with which it reads as U+0E41.
        '\u{E40}' => Some((LETTERS, 1, c)),
        _ => None,
    }
}
