//! What a diagnosis watches for in a replay.

use crate::nearest::Nearest;
use chatsparks_core::Effect;
use chatsparks_replay::{Asked, Considered, ConsideredOrder, Evidence, Observer, Record};

/// The id of the clock by which time passes to the instant that is asked about: none that a history can have. It is no
/// event of anybody's.
pub(super) const ASKED_AT: &str = "timer:diagnose";

/// Watches for what was asked about, and for ids that look like it.
pub(super) struct Watching {
    pub(super) asked: Asked,
    pub(super) evidence: Evidence,
    pub(super) nearest: Nearest,
}

impl Observer for Watching {
    fn record(&mut self, record: &Record<'_>) {
        if record.envelope.is_some_and(|envelope| envelope.id.as_str() == ASKED_AT) {
            return;
        }
        match self.asked {
            Asked::Dm(_) => {
                for (place, effect) in record.decision.effects.iter().enumerate() {
                    if matches!(effect, Effect::SendDm(_)) {
                        self.nearest.consider(&record.source.effect_id(place));
                    }
                }
            }
            Asked::Contact(_) => {
                if let Some(user_id) = record.user_id() {
                    self.nearest.consider(user_id.as_str());
                }
            }
            _ => {}
        }
        self.evidence.record(record);
    }

    fn comment(&mut self, considered: &Considered<'_>) {
        if matches!(self.asked, Asked::Comment(_)) {
            self.nearest.consider(considered.comment.comment_id.as_str());
        }
        self.evidence.comment(considered);
    }

    fn order(&mut self, considered: &ConsideredOrder<'_>) {
        if matches!(self.asked, Asked::Order(_)) {
            self.nearest.consider(considered.order.order_id.as_str());
        }
        self.evidence.order(considered);
    }
}
