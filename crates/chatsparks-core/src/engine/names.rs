//! A map from names of the workspace to numbers.

use hashbrown::HashTable;
use std::sync::Arc;

/// Names to numbers, in the order in which they came.
///
/// Filled when a workspace is compiled, never iterated, and hashed without a seed, so that it answers
/// alike on every machine. Its names come from the workspace alone, so nobody outside can make them collide.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(HashTable<(Arc<str>, u32)>);

/// A name that is going to be looked up.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    name: &'a str,
    hash: u64,
}

impl<'a> From<&'a str> for Asked<'a> {
    #[inline]
    fn from(name: &'a str) -> Self {
        Self { name, hash: hash(name.as_bytes()) }
    }
}

impl Names {
    /// The number of a name, given anew where it is not known.
    pub(crate) fn number(&mut self, name: &Arc<str>) -> u32 {
        if let Some(number) = self.find(&**name) {
            return number;
        }
        let number = self.0.len() as u32;
        self.0.insert_unique(hash(name.as_bytes()), (name.clone(), number), |(name, _)| hash(name.as_bytes()));
        number
    }

    /// The number of a name that is known.
    pub(crate) fn find<'a>(&self, asked: impl Into<Asked<'a>>) -> Option<u32> {
        let Asked { name, hash } = asked.into();
        self.0.find(hash, |(known, _)| **known == *name).map(|(_, number)| *number)
    }
}

/// Multiplies eight bytes at a time into a word.
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517C_C1B7_2722_0A95);
    let (words, rest) = bytes.as_chunks();
    let hash = words.iter().fold(0, |hash, word| fold(hash, u64::from_le_bytes(*word)));
    // A byte at a time, as a copy of so few would call for one of any length. The length keeps apart what ends in zeros.
    let rest = rest.iter().rev().fold(bytes.len() as u64, |word, byte| word << 8 | u64::from(*byte));
    let hash = fold(hash, rest);
    // A table takes the place from the lower digits and a tag from the highest, which every byte reached.
    hash ^ hash >> 29
}
