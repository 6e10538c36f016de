//! How long things are kept (R10, T5).

use super::{Part, State};

/// Records that are cut until evaluations are looked through.
const EVALUATIONS: u64 = 65_536;

impl Part {
    /// Cuts the history before a position and a `seq`; how much went. Nothing goes that is not decided.
    pub(crate) fn cut(&mut self, until: u64, first_record: u64, limit: usize) -> usize {
        let (until, mut left) = (until.min(self.decided), limit);
        let first = self.record_first;
        while left > 0
            && self.records.first().is_some_and(|(seq, _)| seq < first_record)
            && let Some((seq, kept)) = self.records.take_first()
        {
            self.record_first = seq + 1;
            if let Some(user_id) = kept.user_id {
                self.records_of.remove(&(user_id, seq));
            }
            self.forgotten.remove(&seq);
            left -= 1;
        }
        // They are looked through for those whose record is gone, which takes long, once in many.
        if first / EVALUATIONS != self.record_first / EVALUATIONS {
            let first = self.record_first;
            self.evaluations.retain(|_, seq| *seq >= first);
        }
        while left > 0
            && let Some(position) = self.log_pop(until)
        {
            self.log_gone = position;
            left -= 1;
        }
        self.granted.remove_before(&(self.log_gone + 1, 0));
        limit - left
    }
}

impl State {
    /// Deletes at most so many ids that are remembered from before an instant, and outcomes whose records are gone.
    pub(super) fn prune(&mut self, ids_before: i64, limit: usize) -> usize {
        let mut left = limit;
        for part in &mut self.parts {
            left -= part.rows.prune(ids_before, left);
            let first = part.record_first;
            left -= part.effects.drop_outcomes(first, left);
        }
        while self.places_since.first().is_some_and(|((since, _), _)| since < ids_before)
            && let Some(((since, name), ())) = self.places_since.take_first()
        {
            // It may be remembered anew since.
            if self.places.get(&name).is_some_and(|place| place.1 == since) {
                self.places.remove(&name);
            }
        }
        self.pools.retain(|cycle, _| *cycle >= ids_before);
        limit - left
    }
}
