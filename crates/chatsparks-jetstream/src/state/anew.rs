//! What a person wrote leaves the journal (R12): where bodies stand once a message was written anew without it.

use super::{Body, Part, State, whose};
use crate::op::Does;
use chatsparks_core::UserId;

impl State {
    /// What stood in one message stands in another from now on. Whoever was forgotten while it was written may stand in that
    /// one still: then it is to be written anew in its turn. So is one in which nothing stands, as another process was first:
    /// it is one too many.
    pub(super) fn write_anew(&mut self, of: u64, to: u64, left: &Does) {
        let mut stands = false;
        let mut holds = false;
        if self.dirty.contains(&of) {
            for part in &mut self.parts {
                for position in part.logged_of(of, left) {
                    stands = true;
                    part.log.change(&position, |entry| {
                        let Body::In(op, place) = &mut entry.body else { return };
                        *op = to;
                        holds |= entry.erased
                            && left.inputs().get(*place as usize).is_some_and(|input| !input.is_forgotten());
                    });
                }
                for record in left.records() {
                    if part.records.get(&record.seq).is_some_and(|kept| kept.op == of) {
                        stands = true;
                        part.records.change(&record.seq, |kept| {
                            kept.op = to;
                            holds |= kept.forgotten && !record.is_forgotten();
                        });
                    }
                }
            }
            for awaiting in self.waiting.values_mut() {
                stands |= awaiting.moved(of, to);
            }
        }
        if !stands || holds {
            self.dirty.insert(to);
        }
    }

    /// Whether anything stands in a message that says this.
    pub(crate) fn stands_in(&self, op: u64, says: &Does) -> bool {
        let is_kept = |part: &Part| {
            says.records().iter().any(|record| part.records.get(&record.seq).is_some_and(|kept| kept.op == op))
        };
        let stands = |part: &Part| is_kept(part) || !part.logged_of(op, says).is_empty();
        self.parts.iter().any(|part| stands(part)) || self.waiting.values().any(|awaiting| awaiting.op() == op)
    }
}

impl Part {
    /// Where the events of a message that says this are logged.
    fn logged_of(&self, of: u64, says: &Does) -> Vec<u64> {
        let mut whose: Vec<UserId> = says.inputs().iter().map(|input| whose(input.user_id.as_ref())).collect();
        whose.sort_unstable();
        whose.dedup();
        let theirs = whose.iter().flat_map(|user_id| self.log_of(user_id, 0));
        let logged = theirs.filter(|(_, entry)| matches!(entry.body, Body::In(op, _) if op == of));
        logged.map(|(position, _)| position).collect()
    }
}
