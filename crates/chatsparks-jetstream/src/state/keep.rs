//! How long things are kept (R10, T5).

use super::{Part, State};
use chatsparks_ports::places::PlaceKey;

impl Part {
    /// Cuts the history before a position and a `seq`; how much went. Nothing goes that is not decided.
    pub(crate) fn cut(&mut self, until: u64, first_record: u64, limit: usize) -> usize {
        let (until, mut left) = (until.min(self.decided), limit);
        while left > 0
            && self.records.first_key_value().is_some_and(|(seq, _)| *seq < first_record)
            && let Some((seq, kept)) = self.records.pop_first()
        {
            self.record_first = seq + 1;
            if let Some(user_id) = kept.user_id
                && let Some(of) = self.records_of.get_mut(&user_id)
            {
                of.retain(|of| *of != seq);
                if of.is_empty() {
                    self.records_of.remove(&user_id);
                }
            }
            left -= 1;
        }
        if left < limit {
            let first = self.record_first;
            self.evaluations.retain(|_, seq| *seq >= first);
        }
        while left > 0
            && let Some(position) = self.log_pop(until)
        {
            self.log_gone = position;
            left -= 1;
        }
        self.granted = self.granted.split_off(&(self.log_gone + 1, 0));
        limit - left
    }
}

impl State {
    /// Deletes at most so many ids that are remembered from before an instant, and outcomes whose records are gone.
    pub(super) fn prune(&mut self, ids_before: i64, limit: usize) -> usize {
        let mut left = limit;
        for part in &mut self.parts {
            left -= part.rows.prune(ids_before, left);
            left -= part.effects.drop_outcomes(part.record_first, left);
        }
        let is_of_an_event = |kind: &str| {
            let of = [PlaceKey::Link("".into()), PlaceKey::Refund("".into())];
            of.iter().any(|key| key.kind() == kind)
        };
        self.places.retain(|(kind, _), (_, since)| !is_of_an_event(kind) || *since >= ids_before);
        self.pools.retain(|cycle, _| *cycle >= ids_before);
        limit - left
    }
}
