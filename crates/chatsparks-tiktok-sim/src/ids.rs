//! Names of things, drawn from the seed: the same world names the same things alike.

use data_encoding::{BASE64, HEXLOWER};
use rand::{SeedableRng, rngs::StdRng};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Makes ids.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    taken: BTreeSet<u64>,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, taken: BTreeSet::new() }
    }

    /// Numbers of chance that belong to one thing: what others do does not change them.
    pub(crate) fn dice(&self, of: &[&str]) -> StdRng {
        StdRng::from_seed(self.hash(of))
    }

    /// An id of 19 digits, which begins with the second it was made in, as TikTok's do.
    pub(crate) fn long(&mut self, at: i64, of: &[&str]) -> u64 {
        let hash = self.hash(of);
        let low = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
        let seconds = u64::try_from(at / 1000).unwrap_or_default().clamp(1 << 28, (1 << 31) - 1);
        let mut id = seconds << 32 | u64::from(low);
        while !self.taken.insert(id) {
            id += 1;
        }
        id
    }

    /// An opaque id in base64, `+`, `/` and `=` among its characters.
    pub(crate) fn opaque(&self, of: &[&str]) -> String {
        BASE64.encode(&self.hash(of))
    }

    /// An account's open id.
    pub(crate) fn open(&self, of: &[&str]) -> String {
        format!("-000{}", &data_encoding::BASE64URL_NOPAD.encode(&self.hash(of))[..32])
    }

    /// A token or a secret, with a beginning that says what it is.
    pub(crate) fn secret(&self, what: &str, of: &[&str]) -> String {
        format!("{what}{}", &HEXLOWER.encode(&self.hash(of))[..40])
    }

    fn hash(&self, of: &[&str]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        for part in of {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_nineteen_digits_and_no_twin() {
        let mut ids = Ids::new(7);
        let first = ids.long(1_788_000_000_000, &["comment", "mint", "0"]);
        assert_eq!(first.to_string().len(), 19);
        assert_ne!(first, ids.long(1_788_000_000_000, &["comment", "mint", "0"]), "one id names one thing");
        assert_eq!(first, Ids::new(7).long(1_788_000_000_000, &["comment", "mint", "0"]), "the seed decides");
        assert_ne!(first, Ids::new(8).long(1_788_000_000_000, &["comment", "mint", "0"]));
    }
}
