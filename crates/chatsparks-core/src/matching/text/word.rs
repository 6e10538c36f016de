//! Eight bytes of a text at a time.

/// One in every byte.
pub(super) const EVERY: u64 = 0x0101_0101_0101_0101;
/// The highest bit of every byte.
pub(super) const HIGH_BITS: u64 = EVERY << 7;

/// The eight bytes from `at`, the first lowest; zeros past the end. Holds at least one whole character when `at` is
/// where one begins.
#[inline(always)]
pub(super) fn word(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => last_word(bytes, at),
    }
}

#[inline(always)]
fn last_word(bytes: &[u8], at: usize) -> u64 {
    let left = bytes.len().saturating_sub(at);
    if left == 0 {
        0
    } else if let Some(chunk) = bytes.last_chunk() {
        // Fewer than eight are left, so the shift is by one byte to seven.
        u64::from_le_bytes(*chunk) >> (64 - 8 * left.min(8))
    } else {
        bytes.iter().skip(at).rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
    }
}

/// The character that `word` begins with, and its length.
#[inline(always)]
pub(super) fn first(word: u64) -> (char, usize) {
    let low = |byte: u32| (word >> (8 * byte)) as u32 & 0x3F;
    let lead = (word & 0xFF) as u32;
    let (code, width) = if lead < 0x80 {
        (lead, 1)
    } else if lead < 0xE0 {
        ((lead & 0x1F) << 6 | low(1), 2)
    } else if lead < 0xF0 {
        ((lead & 0x0F) << 12 | low(1) << 6 | low(2), 3)
    } else {
        ((lead & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4)
    };
    // INVARIANT: the word was read where a character of a `str` begins.
    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), width)
}

/// The bytes of `word` that equal `byte`, in their highest bits; right up to the first byte that is not ASCII.
#[inline(always)]
pub(super) fn equal(word: u64, byte: u8) -> u64 {
    zeros(word ^ (EVERY * byte as u64))
}

/// The bytes of `word` that are zero, in their highest bits; right up to the first byte of 128 or more.
#[inline(always)]
pub(super) fn zeros(word: u64) -> u64 {
    // The sum reaches the highest bit of a byte unless it is zero, and carries out of no byte below 128.
    !word.wrapping_add(EVERY * 0x7F) & HIGH_BITS
}

/// The bytes of `word` that are below `byte`, in their highest bits; right up to the first byte that is not ASCII.
#[inline(always)]
pub(super) fn below(word: u64, byte: u8) -> u64 {
    !word.wrapping_add(EVERY * (0x80 - byte as u64)) & HIGH_BITS
}
