//! What stands in tables: keys, which are written so that their bytes have their order, and values.

use chatsparks_core::UserId;
use serde::{Serialize, de::DeserializeOwned};

/// A key of a table.
pub(crate) trait Key: Ord + Clone + Serialize + DeserializeOwned {
    /// Writes it so that bytes compare as keys do, and none is the beginning of another.
    fn write(&self, to: &mut Vec<u8>);

    /// Reads what was written, and lets the rest stand.
    fn read(from: &mut &[u8]) -> Option<Self>;

    /// Bytes that it has beside itself.
    fn held(&self) -> usize {
        0
    }

    /// Its bytes.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32);
        self.write(&mut bytes);
        bytes
    }
}

/// A value of a table.
pub(crate) trait Value: Clone + Serialize + DeserializeOwned {
    /// Bytes that it has beside itself.
    fn held(&self) -> usize {
        0
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Key for $number {
            fn write(&self, to: &mut Vec<u8>) {
                to.extend(self.to_be_bytes());
            }

            fn read(from: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = from.split_first_chunk()?;
                *from = rest;
                Some(Self::from_be_bytes(*bytes))
            }
        }
    )*};
}

numbers!(u8, u32, u64);

impl Key for i64 {
    fn write(&self, to: &mut Vec<u8>) {
        // Those below zero come first.
        (self.cast_unsigned() ^ (1 << 63)).write(to);
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        u64::read(from).map(|number| (number ^ (1 << 63)).cast_signed())
    }
}

/// A zero is followed by 255, and the end is a zero that is followed by another.
fn write_text(text: &str, to: &mut Vec<u8>) {
    for byte in text.bytes() {
        to.push(byte);
        if byte == 0 {
            to.push(0xff);
        }
    }
    to.extend([0, 0]);
}

fn read_text(from: &mut &[u8]) -> Option<String> {
    let mut text = Vec::with_capacity(from.len());
    loop {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        if *byte == 0 {
            let (next, rest) = from.split_first()?;
            *from = rest;
            if *next == 0 {
                return String::from_utf8(text).ok();
            }
        }
        text.push(*byte);
    }
}

impl Key for Box<str> {
    fn write(&self, to: &mut Vec<u8>) {
        write_text(self, to);
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        read_text(from).map(Into::into)
    }

    fn held(&self) -> usize {
        self.len()
    }
}

impl Key for UserId {
    fn write(&self, to: &mut Vec<u8>) {
        write_text(self.as_str(), to);
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        read_text(from).map(Self::from)
    }

    fn held(&self) -> usize {
        self.as_str().len()
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
        self.1.write(to);
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        Some((A::read(from)?, B::read(from)?))
    }

    fn held(&self) -> usize {
        self.0.held() + self.1.held()
    }
}

impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
        self.1.write(to);
        self.2.write(to);
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        Some((A::read(from)?, B::read(from)?, C::read(from)?))
    }

    fn held(&self) -> usize {
        self.0.held() + self.1.held() + self.2.held()
    }
}

impl<A: Key, B: Key, C: Key, D: Key> Key for (A, B, C, D) {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
        self.1.write(to);
        self.2.write(to);
        self.3.write(to);
    }

    fn read(from: &mut &[u8]) -> Option<Self> {
        Some((A::read(from)?, B::read(from)?, C::read(from)?, D::read(from)?))
    }

    fn held(&self) -> usize {
        self.0.held() + self.1.held() + self.2.held() + self.3.held()
    }
}

impl Value for () {}
impl Value for u64 {}
impl Value for (u32, i64) {}
impl Value for (u64, u32) {}

impl Value for Box<str> {
    fn held(&self) -> usize {
        self.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn s2_keys_have_the_order_of_their_bytes_and_come_back(
            one: (i64, String, u32, u8), other: (i64, String, u32, u8), zeros in "[\\x00\\x01a]{0,4}", more in "[\\x00\\x01a]{0,4}",
        ) {
            let key = |(number, text, small, smallest): (i64, String, u32, u8), zeros: String| {
                ((zeros.into_boxed_str(), UserId::from(text)), number, small, smallest)
            };
            let (one, other) = (key(one, zeros), key(other, more));
            prop_assert_eq!(one.cmp(&other), one.bytes().cmp(&other.bytes()));
            let bytes = one.bytes();
            let mut rest = bytes.as_slice();
            prop_assert_eq!(Key::read(&mut rest), Some(one));
            prop_assert!(rest.is_empty());
        }
    }
}
