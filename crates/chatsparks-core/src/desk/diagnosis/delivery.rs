//! D3: the buyer never saw the DM.

use super::{Advice, Answer, Case, Check, CheckCode, Diagnosis, DiagnosisKind, EffectStanding, Stands};
use crate::{DmId, DmStage, Instant, Text};

/// What is known of one DM.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryKnown<'a> {
    /// The DM.
    pub dm_id: &'a DmId,
    /// The stages told of it, in the order told; the engine's own `queued` first (V11).
    pub stages: &'a [StageSeen],
    /// Which of the causes the platform named, where it named one.
    pub cause: Option<DeliveryCause>,
    /// Where it stands with whoever sends it, where that is known.
    pub standing: Option<&'a EffectStanding>,
}

/// A stage of a DM, as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageSeen {
    /// The stage.
    pub stage: DmStage,
    /// When it was told.
    pub at: Instant,
    /// The platform's reason, where it gave one.
    pub detail: Option<Text>,
}

/// The causes that look the same from here: nothing arrives, and mostly nobody says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliveryCause {
    /// The buyer is signed out of the app.
    SignedOut,
    /// The buyer lets only friends write to them.
    FriendsOnly,
    /// The platform holds messages back, by region or as spam.
    Throttled,
}

impl DeliveryCause {
    /// The cause that a platform's reason names, where it is one of our codes: `signed_out`, `friends_only`,
    /// `regional_throttling`, `spam_throttling`. Platforms' own words are for their adapters to read.
    pub fn named_by(detail: &str) -> Option<Self> {
        match detail {
            "signed_out" => Some(Self::SignedOut),
            "friends_only" => Some(Self::FriendsOnly),
            "regional_throttling" | "spam_throttling" => Some(Self::Throttled),
            _ => None,
        }
    }
}

impl DeliveryKnown<'_> {
    /// D3: its stages, and where it was not sent yet, why; then the causes that look the same from here.
    pub fn diagnose(&self) -> Diagnosis {
        let reached = |least| {
            self.stages.iter().find(|seen| seen.stage >= least && seen.stage != DmStage::Failed).map(|seen| seen.at)
        };
        let failed = self.stages.iter().rev().find(|seen| seen.stage == DmStage::Failed);
        let detail = failed.and_then(|seen| seen.detail.as_ref());
        let stage = |code, least, unknown| {
            let at = reached(least);
            let (answer, advice) = match (at, failed) {
                (Some(_), _) => (Answer::Pass, Advice::Nothing),
                (None, Some(_)) => (Answer::Fail, Advice::ReachOtherwise),
                (None, None) => (Answer::Unknown, unknown),
            };
            let check = Check::new(code, answer, advice).with("dm", self.dm_id.as_str());
            // A DM that failed did not come to it; of another nobody knows.
            let check = if failed.is_some() { check.with("at", at) } else { check.with_known("at", at) };
            if failed.is_some() {
                check.with("failed_at", failed.map(|seen| seen.at)).with_known("detail", detail)
            } else {
                check
            }
        };
        // Of what was not sent from here no receipt can tell.
        let unsent = self.standing.filter(|standing| {
            reached(DmStage::Sent).is_none()
                && failed.is_none()
                && !matches!(standing.stands, Stands::Sent | Stands::Failed)
        });
        let sent = match unsent {
            Some(standing) => {
                let check = Check::new(CheckCode::Sent, standing.sent(), standing.advice());
                standing.shown_in(check.with("dm", self.dm_id.as_str()))
            }
            None => stage(CheckCode::Sent, DmStage::Sent, Advice::WaitForReceipt),
        };
        // What reached the device was held back by none of these.
        let arrived = reached(DmStage::Delivered).is_some();
        let cause = |code, cause, advice| {
            let answer = match self.cause {
                _ if arrived => Answer::Pass,
                Some(named) if named == cause => Answer::Fail,
                _ => Answer::Unknown,
            };
            Check::new(code, answer, advice).with_known("platform_says", detail)
        };
        let checks = vec![
            sent,
            stage(CheckCode::Delivered, DmStage::Delivered, Advice::WaitForReceipt),
            stage(CheckCode::Read, DmStage::Read, Advice::AskToLookInRequests),
            cause(CheckCode::SignedIn, DeliveryCause::SignedOut, Advice::AskToSignIn),
            cause(CheckCode::OpenToMessages, DeliveryCause::FriendsOnly, Advice::AskToOpenMessages),
            cause(CheckCode::NotHeldByPlatform, DeliveryCause::Throttled, Advice::SendLess),
        ];
        let case = if reached(DmStage::Read).is_some() {
            Case::DmRead
        } else if arrived {
            Case::DmDelivered
        } else if failed.is_some() || unsent.is_some_and(|standing| standing.stands == Stands::GivenUp) {
            Case::DmFailed
        } else if unsent.is_some_and(|standing| standing.stands == Stands::Waiting) {
            Case::DmWaits
        } else {
            Case::DmUnknown
        };
        Diagnosis::new(DiagnosisKind::DmNotSeen, case, checks, Advice::BuyerSawIt)
    }
}
