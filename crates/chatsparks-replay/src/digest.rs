//! The digest of a workspace's records: two runs that decided alike have the same one, and any other outcome gives
//! another.
//!
//! Each contact has a chain over their own records, so that the order between contacts does not matter; the digest is
//! the hash of these in the order of their ids, then of the workspace's own chain. Taken without `seq`, partition and
//! counts, which depend on that order.

use crate::Record;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, fmt};

/// What is hashed first, so that another way of hashing gives other digests.
const VERSION: &str = "chatsparks digest 1";

type Hash = [u8; 32];

/// The chains, as far as records came.
#[derive(Clone, Default)]
pub struct RecordsDigest {
    contacts: BTreeMap<String, Hash>,
    /// The chain of each partition's records of nobody; where there is one partition, it is the workspace's.
    own: BTreeMap<u32, Own>,
    records: u64,
}

/// A chain of records that name no contact.
#[derive(Clone, Debug, Default)]
struct Own {
    chain: Hash,
    /// Those at one instant: their order is that of the contacts whom they are about, and is not told.
    together: Together,
}

/// Hashes added up, whatever their order.
#[derive(Clone, Debug, Default)]
struct Together {
    at: String,
    sum: Hash,
    count: u64,
}

impl fmt::Debug for RecordsDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RecordsDigest").field("records", &self.records).finish_non_exhaustive()
    }
}

impl RecordsDigest {
    /// The digest of nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next record of a replay.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which a record of ours can.
    pub fn record(&mut self, record: &Record<'_>) -> serde_json::Result<()> {
        self.value(0, serde_json::to_value(record)?);
        Ok(())
    }

    /// Takes the next record of a partition as a line of JSON, as replays, exports and services write it; 0 where there is
    /// one partition.
    ///
    /// # Errors
    /// When the line is no JSON.
    pub fn line(&mut self, partition: u32, line: &[u8]) -> serde_json::Result<()> {
        self.value(partition, serde_json::from_slice(line)?);
        Ok(())
    }

    fn value(&mut self, partition: u32, mut record: Value) {
        self.records += 1;
        without_counts(&mut record);
        let mut hasher = Sha256::new();
        hash_value(&record, &mut hasher);
        let hash: Hash = hasher.finalize().into();
        match record.get("user_id").and_then(Value::as_str) {
            Some(user_id) => {
                let chain = match self.contacts.get_mut(user_id) {
                    Some(chain) => chain,
                    None => self.contacts.entry(user_id.to_owned()).or_default(),
                };
                *chain = link(chain, &hash);
            }
            None => {
                let at = record.get("at").and_then(Value::as_str).unwrap_or_default();
                let own = self.own.entry(partition).or_default();
                if own.together.at != at {
                    let at = at.to_owned();
                    let before = std::mem::replace(&mut own.together, Together { at, ..Together::default() });
                    own.chain = before.linked(&own.chain);
                }
                own.together.add(&hash);
            }
        }
    }

    /// How many records it is over.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The digest, in hexadecimal.
    pub fn finish(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(VERSION);
        hasher.update([0]);
        hasher.update(chatsparks_core::text::UNICODE_VERSION);
        hasher.update([0]);
        for (user_id, chain) in &self.contacts {
            hash_text(user_id, &mut hasher);
            hasher.update(chain);
        }
        self.own.values().for_each(|own| hasher.update(own.together.linked(&own.chain)));
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Together {
    fn add(&mut self, hash: &Hash) {
        self.count += 1;
        let mut carry = 0;
        for (sum, byte) in self.sum.iter_mut().zip(hash) {
            let added = u16::from(*sum) + u16::from(*byte) + carry;
            *sum = (added & 0xFF) as u8;
            carry = added >> 8;
        }
    }

    /// A chain with these behind it; itself where there are none.
    fn linked(&self, chain: &Hash) -> Hash {
        if self.count == 0 { *chain } else { link(chain, &self.sum) }
    }
}

fn link(chain: &Hash, next: &Hash) -> Hash {
    Sha256::new().chain_update(chain).chain_update(next).finalize().into()
}

/// Leaves out what depends on the order between contacts.
fn without_counts(record: &mut Value) {
    if let Value::Object(record) = record {
        record.remove("seq");
        record.remove("partition");
        let facts = record.get_mut("facts").and_then(Value::as_array_mut);
        for fact in facts.into_iter().flatten() {
            if let Some(Value::Object(counted)) = fact.get_mut("contact_counted") {
                counted.remove("count");
            }
        }
        let effects = record.get_mut("effects").and_then(Value::as_array_mut);
        for effect in effects.into_iter().flatten() {
            if let Some(Value::Object(told)) = effect.get_mut("notify_owners") {
                told.remove("count");
            }
        }
    }
}

/// A value so that no two are hashed alike: kinds and lengths first, fields in the order of their names.
fn hash_value(value: &Value, hasher: &mut Sha256) {
    match value {
        Value::Null => hasher.update(b"n"),
        Value::Bool(value) => hasher.update(if *value { b"t" } else { b"f" }),
        Value::Number(number) => {
            hasher.update(b"#");
            hash_text(&number.to_string(), hasher);
        }
        Value::String(text) => {
            hasher.update(b"\"");
            hash_text(text, hasher);
        }
        Value::Array(values) => {
            hasher.update(b"[");
            hasher.update((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| hash_value(value, hasher));
        }
        Value::Object(fields) => {
            hasher.update(b"{");
            hasher.update((fields.len() as u64).to_le_bytes());
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            for (name, value) in sorted {
                hash_text(name, hasher);
                hash_value(value, hasher);
            }
        }
    }
}

fn hash_text(text: &str, hasher: &mut Sha256) {
    hasher.update((text.len() as u64).to_le_bytes());
    hasher.update(text);
}
