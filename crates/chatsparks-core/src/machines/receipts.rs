//! Receipts: the life of a DM, told by the platform (V11).

use crate::{DmStage, Fact, IndexRow, Outcome, Receipt, RefusalReason, UserId, machines::turn::Turn};

impl Turn<'_> {
    /// Only later stages replace earlier ones; a receipt for an unknown DM is refused.
    pub(crate) fn receipt(&mut self, receipt: &Receipt, known: Option<&(UserId, DmStage)>) -> Outcome {
        let Some((user_id, stage)) = known else { return RefusalReason::UnknownDm.into() };
        if receipt.status.is_after(*stage) {
            self.index(IndexRow::Dm(receipt.dm_id.clone(), user_id.clone(), receipt.status));
            self.fact(Fact::DmStage { dm_id: receipt.dm_id.clone(), stage: receipt.status });
        }
        Outcome::Applied {}
    }
}
