//! What a history shows of one DM (D3).

use crate::record::Record;
use chatsparks_core::{
    DmId, DmStage, Effect, Event, Fact, UserId,
    diagnosis::{DeliveryCause, DeliveryKnown, Diagnosis, StageSeen},
};

/// A DM, from the decision that sent it to the last that the platform said of it (V11).
#[derive(Clone, Debug)]
pub struct DmEvidence {
    /// The DM.
    pub dm_id: DmId,
    /// To whom it went.
    pub user_id: UserId,
    /// In which conversation.
    pub conversation: u32,
    /// Its stages, in the order told.
    pub stages: Vec<StageSeen>,
}

impl DmEvidence {
    /// The DM, where this record decided it.
    pub(super) fn find(wanted: &str, record: &Record<'_>) -> Option<Self> {
        // Without this, every id of every effect would be written out only to be compared.
        if !wanted.starts_with(&record.source.to_string()) {
            return None;
        }
        let effects = record.decision.effects.iter().enumerate();
        let mut dms = effects.filter_map(|(place, effect)| match effect {
            Effect::SendDm(dm) => Some((record.source.effect_id(place), dm)),
            _ => None,
        });
        let (_, dm) = dms.find(|(id, _)| id == wanted)?;
        let queued = StageSeen { stage: DmStage::Queued, at: record.at, detail: None };
        Some(Self {
            dm_id: wanted.into(),
            user_id: dm.user_id.clone(),
            conversation: dm.conversation,
            stages: vec![queued],
        })
    }

    pub(super) fn record(&mut self, record: &Record<'_>) {
        let Some(Event::Receipt(receipt)) = record.event() else { return };
        for fact in &record.decision.facts {
            if let Fact::DmStage { dm_id, stage } = fact
                && *dm_id == self.dm_id
            {
                let detail = receipt.detail.clone();
                self.stages.push(StageSeen { stage: *stage, at: record.at, detail });
            }
        }
    }

    pub(super) fn diagnose(&self) -> Diagnosis {
        let details = self.stages.iter().filter_map(|seen| seen.detail.as_ref());
        let cause = details.filter_map(|detail| DeliveryCause::named_by(detail.as_str())).next_back();
        DeliveryKnown { dm_id: &self.dm_id, stages: &self.stages, cause, standing: None }.diagnose()
    }
}
