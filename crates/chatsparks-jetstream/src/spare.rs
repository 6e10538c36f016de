//! Memory in which messages were written, for those that come after them.

use bytes::Bytes;
use std::sync::{Mutex, PoisonError};

/// Bytes of the smallest and the largest that are kept, and of all of them: small ones help nobody who writes a commit.
const SMALLEST: usize = 8 * 1024;
const LARGEST: usize = 1024 * 1024;
const IN_ALL: usize = 16 * 1024 * 1024;

/// Memory that is used again: as much as all commits and bodies on their way at once take, which would be given back to the
/// system, and asked for anew, with each.
#[derive(Debug, Default)]
pub(crate) struct Spare(Mutex<(Vec<Vec<u8>>, usize)>);

impl Spare {
    pub(crate) fn take(&self) -> Vec<u8> {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = spare.0.pop().unwrap_or_default();
        spare.1 -= memory.capacity();
        memory
    }

    /// Takes memory back, unless somebody else still reads what stands in it.
    pub(crate) fn give(&self, message: Bytes) {
        let Ok(message) = message.try_into_mut() else { return };
        let mut memory = Vec::from(message);
        memory.clear();
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if (SMALLEST..=LARGEST).contains(&memory.capacity()) && spare.1 + memory.capacity() <= IN_ALL {
            spare.1 += memory.capacity();
            spare.0.push(memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_within_bounds() {
        let spare = Spare::default();
        assert_eq!(spare.take().capacity(), 0);
        let written = || Bytes::from(Vec::with_capacity(LARGEST));
        spare.give(Bytes::from(Vec::with_capacity(SMALLEST - 1)));
        spare.give(Bytes::from(Vec::with_capacity(LARGEST + 1)));
        let read = Bytes::from(vec![7; SMALLEST]);
        spare.give(read.clone());
        assert_eq!(spare.take().capacity(), 0, "too small, too large, and still read by somebody");
        (0..2 * IN_ALL / LARGEST).for_each(|_| spare.give(written()));
        let kept = std::iter::from_fn(|| Some(spare.take().capacity()).filter(|capacity| *capacity > 0)).count();
        assert_eq!(kept, IN_ALL / LARGEST);
        spare.give(Bytes::from(vec![7; SMALLEST]));
        let memory = spare.take();
        assert!(memory.is_empty() && memory.capacity() >= SMALLEST, "nothing of what stood there is left");
    }
}
