//! What stands in the records and the log of a store, read from their ends, and never further than is asked for.

use super::{Any, Kept, PAGE, told};
use crate::failure::Failure;
use chatsparks_core::{Evaluation, Event, Instant};
use chatsparks_ports::{Archive, Cursor, Limit, Log, Shard, StoreError};
use chatsparks_runtime::{LastRecords, position};

/// Events that are looked at for the last one of a kind.
const LOOKED_AT: u64 = 20_000;

impl Kept {
    /// The last records, and the events that they are of (D8).
    pub(crate) fn last_records(&self, limit: usize) -> Result<LastRecords, Failure> {
        asked!(self, store => LastRecords::read(store, &self.workspace, self.by, limit)).map_err(told)
    }

    /// Every record that is kept, those of a partition in their order; whether older ones were deleted.
    pub(crate) fn records(&self, mut each: impl FnMut(u32, &str) -> Result<(), Failure>) -> Result<bool, Failure> {
        let (partitions, mut is_cut) = (self.partitions(), false);
        for partition in 0..partitions {
            let shard = self.shard(partition);
            let mut next = asked!(self, store => store.stretch(&shard)).map_err(told)?.first_record;
            is_cut |= next > 0;
            loop {
                let cursor = Cursor::in_one(partitions, partition, next);
                match asked!(self, store => store.records(&self.workspace, &cursor, PAGE)) {
                    Ok((records, _)) if records.is_empty() => break,
                    Ok((records, _)) => {
                        for record in &records {
                            each(partition, &record.line)?;
                            next = record.seq + 1;
                        }
                    }
                    // Deleted meanwhile.
                    Err(StoreError::NotKept(first)) if first > next => (next, is_cut) = (first, true),
                    Err(error) => return Err(told(error)),
                }
            }
        }
        Ok(is_cut)
    }

    /// The evaluations of comments, the last first, for as long as more are wanted, and so many at most; whether those were
    /// all there are.
    pub(crate) fn evaluations(
        &self,
        most: u64,
        mut each: impl FnMut(Evaluation) -> Result<bool, Failure>,
    ) -> Result<bool, Failure> {
        let partitions = self.partitions();
        let mut pages: Vec<Back> = (0..partitions).map(|partition| Back::new(self.shard(partition))).collect();
        let mut looked_at = 0;
        loop {
            for back in &mut pages {
                if back.page.is_empty() && !back.is_end {
                    let page = asked!(self, store => store.evaluations(&back.shard, back.before, PAGE));
                    back.take(page.map_err(told)?);
                }
            }
            // The last of all partitions: by its instant, then as one partition has it.
            let last = pages.iter().enumerate().filter_map(|(place, back)| Some((back.page.last()?.1.at, place))).max();
            let Some((_, (_, next))) = last.and_then(|(_, place)| Some((place, pages[place].page.pop()?))) else {
                return Ok(true);
            };
            looked_at += 1;
            if !each(next)? || looked_at >= most {
                return Ok(false);
            }
        }
    }

    /// When the platform last sent an event, as far back as some thousands of events go (W3).
    pub(crate) fn last_event(&self, is_from_platform: impl Fn(&Event) -> bool) -> Result<Option<Instant>, Failure> {
        let mut last = None;
        for partition in 0..self.partitions() {
            let shard = self.shard(partition);
            let mut until = asked!(self, store => position(store, &shard, self.by)).map_err(told)?;
            let least = until.saturating_sub(LOOKED_AT);
            while until > least {
                let from = until.saturating_sub(PAGE as u64);
                let limit = Limit { events: PAGE, bytes: 64 << 20 };
                let read = asked!(self, store => store.read(&shard, from, limit)).map_err(told)?;
                let told = read.iter().rev().filter(|logged| logged.position <= until);
                let told = told.filter(|logged| self.by.is_none_or(|by| logged.envelope.at <= by));
                let found =
                    told.filter(|logged| is_from_platform(&logged.envelope.event)).map(|one| one.envelope.at).max();
                if found.is_some() {
                    last = last.max(found);
                    break;
                }
                until = from;
            }
        }
        Ok(last)
    }
}

/// A partition's evaluations, read backwards.
struct Back {
    shard: Shard,
    before: Option<u64>,
    /// What is not handed over yet, the last at its end.
    page: Vec<(u64, Evaluation)>,
    is_end: bool,
}

impl Back {
    fn new(shard: Shard) -> Self {
        Self { shard, before: None, page: Vec::new(), is_end: false }
    }

    fn take(&mut self, mut page: Vec<(u64, Evaluation)>) {
        self.is_end = page.is_empty();
        self.before = page.last().map(|(seq, _)| *seq).or(self.before);
        page.reverse();
        self.page = page;
    }
}
