//! Messages of a journal by their sequence: the newest at hand, the others from the server.

use super::{Journal, tail};
use crate::{failure::gone, op::Op, server::part_of};
use chatsparks_ports::StoreError;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes kept at hand, as they came.
const KEPT: usize = 32 * 1024 * 1024;

/// How many are asked for at once.
const AT_ONCE: usize = 32;

#[derive(Default)]
pub(super) struct Bodies(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_sequence: BTreeMap<u64, (Arc<Op>, usize)>,
    bytes: usize,
}

impl Bodies {
    pub(super) fn put(&self, sequence: u64, op: Arc<Op>, bytes: usize) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, before)) = kept.by_sequence.insert(sequence, (op, bytes)) {
            kept.bytes -= before;
        }
        kept.bytes += bytes;
        while kept.bytes > KEPT
            && let Some((_, (_, bytes))) = kept.by_sequence.pop_first()
        {
            kept.bytes -= bytes;
        }
    }

    pub(super) fn forget(&self, sequence: u64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = kept.by_sequence.remove(&sequence) {
            kept.bytes -= bytes;
        }
    }

    fn get(&self, sequence: u64) -> Option<Arc<Op>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.by_sequence.get(&sequence).map(|(op, _)| Arc::clone(op))
    }
}

impl Journal {
    /// The operations that begin with these messages; those that are deleted by now are not among them.
    pub(crate) async fn bodies(&self, wanted: BTreeSet<u64>) -> Result<BTreeMap<u64, Arc<Op>>, StoreError> {
        let found = stream::iter(wanted).map(|sequence| self.body(sequence)).buffered(AT_ONCE);
        let found: Vec<Option<(u64, Arc<Op>)>> = found.try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn body(&self, sequence: u64) -> Result<Option<(u64, Arc<Op>)>, StoreError> {
        if let Some(op) = self.bodies.get(sequence) {
            return Ok(Some((sequence, op)));
        }
        let Some((first, (_, of))) = self.message(sequence).await? else { return Ok(None) };
        let mut parts = vec![first];
        for number in 1..of as u64 {
            let Some((part, _)) = self.message(sequence + number).await? else { return Ok(None) };
            parts.push(part);
        }
        let bytes = parts.iter().map(bytes::Bytes::len).sum();
        let op = Arc::new(tail::read(&parts).map_err(StoreError::Unusable)?);
        self.bodies.put(sequence, Arc::clone(&op), bytes);
        Ok(Some((sequence, op)))
    }

    /// One message, and which part of how many it is; from the leader, which is never behind.
    async fn message(&self, sequence: u64) -> Result<Option<(bytes::Bytes, (usize, usize))>, StoreError> {
        use async_nats::jetstream::stream::LastRawMessageErrorKind::NoMessageFound;
        let mut tries = 0;
        loop {
            match self.stream.get_raw_message(sequence).await {
                Ok(message) => return Ok(Some((message.payload.clone(), part_of(Some(&message.headers))))),
                Err(error) if error.kind() == NoMessageFound => return Ok(None),
                Err(error) if tries >= 10 => return Err(gone(error)),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(std::time::Duration::from_millis(100 * tries)).await;
        }
    }
}
