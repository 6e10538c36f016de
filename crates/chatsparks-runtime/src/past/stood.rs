//! How a shard stood at an earlier instant: found by halving its records and its log, and not by reading them through.
//!
//! Both are in the order of their instants but for events that came late (T5) and for those that came again, which move no
//! time (T3): what counts is where the shard first passed the instant.

use super::kept::is_repeated;
use chatsparks_core::{Instant, Row};
use chatsparks_ports::{Cursor, Limit, Position, Shard, Store, StoreError};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

/// The last that was decided by an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stood {
    /// The record after it: where what is later begins.
    pub next: u64,
    /// The instant of the last record by then.
    pub at: Instant,
    /// The revision in force after it.
    pub revision: u32,
}

/// What there is of a shard's records by an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing had been decided by then.
    Nothing,
    /// What stood then was deleted.
    Gone,
    /// It stood at this.
    At(Stood),
}

/// Records that are read at once on the way back to one that moved time.
const PAGE: u64 = 256;

#[derive(Deserialize)]
struct Form {
    at: Instant,
    revision: u32,
    event: Option<IgnoredAny>,
    outcome: Value,
}

impl Standing {
    /// Finds it in a shard.
    ///
    /// # Errors
    /// What the store says.
    pub async fn find<S: Store>(store: &S, shard: &Shard, by: Instant) -> Result<Self, StoreError> {
        let first = store.stretch(shard).await?.first_record;
        let heads = store.heads(&shard.workspace).await?;
        let head = heads.into_iter().nth(shard.partition as usize).unwrap_or_default();
        let end = head.iter().find_map(|row| match row {
            Row::Clock(clock) => Some(clock.seq()),
            _ => None,
        });
        let (mut least, mut most, mut found) = (first, end.unwrap_or(0), None);
        while least < most {
            let middle = least + (most - least) / 2;
            match passed(store, shard, by, least, middle).await? {
                Passed::At(seq) => most = seq,
                Passed::Not(last) => {
                    found = last.or(found);
                    least = middle + 1;
                }
            }
        }
        Ok(match found {
            Some(stood) => Self::At(stood),
            None if first == 0 => Self::Nothing,
            None => Self::Gone,
        })
    }
}

/// Whether a shard had passed an instant in a stretch of its records.
enum Passed {
    /// With this record at the latest.
    At(u64),
    /// It had not: the last that counts in the stretch. None: nothing does.
    Not(Option<Stood>),
}

/// Looks back over a stretch, both its ends included, from a shard that had not passed the instant before it. What came
/// again says nothing, and a timer that was due by then little: one that is overdue when it is set fires at once, whatever
/// has passed. An event says where the shard stood, unless it came late (T5).
async fn passed<S: Store>(store: &S, shard: &Shard, by: Instant, least: u64, last: u64) -> Result<Passed, StoreError> {
    let (mut end, mut page, mut stood) = (last + 1, 1, None);
    while end > least {
        let from = end.saturating_sub(page).max(least);
        let cursor = Cursor::in_one(store.partitions(), shard.partition, from);
        let (records, _) = store.records(&shard.workspace, &cursor, (end - from) as usize).await?;
        let forms = records.iter().rev().filter(|record| record.seq < end);
        let forms = forms.filter_map(|record| Some((record.seq, serde_json::from_str::<Form>(&record.line).ok()?)));
        for (seq, Form { at, revision, event, .. }) in forms.filter(|(_, form)| !is_repeated(&form.outcome)) {
            if at > by {
                return Ok(Passed::At(seq));
            }
            stood.get_or_insert(Stood { next: seq + 1, at, revision });
            if event.is_some() {
                return Ok(Passed::Not(stood));
            }
        }
        (end, page) = (from, PAGE);
    }
    Ok(Passed::Not(stood))
}

/// The last position of a shard's log that was decided, and passed by an instant.
///
/// # Errors
/// What the store says.
pub async fn position<S: Store>(store: &S, shard: &Shard, by: Option<Instant>) -> Result<Position, StoreError> {
    let decided = store.decided(shard).await?;
    let Some(by) = by else { return Ok(decided) };
    let from = store.stretch(shard).await?.from;
    // The first position after the instant lies in what is left.
    let (mut least, mut most) = (from, decided + 1);
    while least < most {
        let middle = least + (most - least) / 2;
        let read = store.read(shard, middle - 1, Limit { events: 1, bytes: 1 }).await?;
        match read.first() {
            Some(logged) if logged.envelope.at <= by => least = logged.position.max(middle) + 1,
            _ => most = middle,
        }
    }
    Ok(least.saturating_sub(1))
}
