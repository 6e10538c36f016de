//! A map from names of the workspace to numbers.
#![expect(clippy::disallowed_types, reason = "fixed hasher, filled at compile, never iterated")]

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

/// Names to numbers, in the order in which they came.
///
/// Filled when a workspace is compiled, never iterated, and hashed without a seed, so that it answers
/// alike on every machine. Its names come from the workspace alone, so nobody outside can make them collide.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(HashMap<Arc<str>, u32, BuildHasherDefault<Fold>>);

impl Names {
    /// The number of a name, given anew where it is not known.
    pub(crate) fn number(&mut self, name: &Arc<str>) -> u32 {
        if let Some(number) = self.0.get(name) {
            return *number;
        }
        let number = self.0.len() as u32;
        self.0.insert(name.clone(), number);
        number
    }

    /// The number of a name that is known.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.0.get(name).copied()
    }
}

/// Multiplies eight bytes at a time into a word.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fold(u64);

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = (self.0.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517C_C1B7_2722_0A95);
        }
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 29
    }
}
