//! Where an effect stands with whoever sends it: before the platform can say anything of it, and of a public reply, of which
//! no platform ever does.

use super::{Advice, Answer, Case, Check, CheckCode, Diagnosis, DiagnosisKind};
use crate::{Instant, Text};
use serde::Serialize;

/// What is known of an effect by the queue that it goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectStanding {
    /// Where it stands.
    pub stands: Stands,
    /// Attempts that came to an end so far.
    pub attempts: u32,
    /// When it is tried again, where it was tried.
    pub not_before: Option<Instant>,
    /// When its chance is over; none: it has no end.
    pub not_after: Option<Instant>,
    /// Why it was not sent: the platform's reason, or one of our codes, such as `too_late`.
    pub why: Option<Text>,
    /// How the channel stands that it goes through.
    pub channel: ChannelStands,
}

/// Where an effect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// It waits.
    Waiting,
    /// An attempt is under way, or was cut off.
    InDoubt,
    /// It was given up, and can be brought back.
    #[serde(rename = "dead")]
    GivenUp,
    /// It was sent.
    Sent,
    /// It failed for good.
    Failed,
}

/// How the channel of a workspace stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelStands {
    /// There is none: nothing is sent from here.
    Missing,
    /// It goes.
    Going,
    /// It stands still (O8).
    Stopped {
        /// Since when.
        since: Instant,
        /// Why, in the channel's words.
        why: Text,
    },
}

impl Stands {
    fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InDoubt => "in_doubt",
            Self::GivenUp => "dead",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

impl EffectStanding {
    /// What to do about it; nothing where it was sent.
    pub fn advice(&self) -> Advice {
        match (self.stands, &self.channel) {
            (Stands::Sent, _) => Advice::Nothing,
            (Stands::Failed, _) => Advice::AnswerTheComment,
            (Stands::GivenUp, _) => Advice::RetryOrDrop,
            (_, ChannelStands::Missing) => Advice::SetAChannel,
            (_, ChannelStands::Stopped { .. }) => Advice::MendTheChannel,
            (Stands::InDoubt, ChannelStands::Going) => Advice::WaitForTheAttempt,
            (Stands::Waiting, ChannelStands::Going) if self.attempts > 0 || self.not_before.is_some() => {
                Advice::WaitForTheNextAttempt
            }
            (Stands::Waiting, ChannelStands::Going) => Advice::WaitForItsTurn,
        }
    }

    /// Whether it was sent, as far as is known here.
    pub(super) fn sent(&self) -> Answer {
        match self.stands {
            Stands::Sent => Answer::Pass,
            Stands::InDoubt => Answer::Unknown,
            Stands::Waiting | Stands::GivenUp | Stands::Failed => Answer::Fail,
        }
    }

    /// A check, with what the queue knows.
    pub(super) fn shown_in(&self, check: Check) -> Check {
        let check = check.with("queue", self.stands.as_str()).with("attempts", self.attempts);
        let check = check.with("not_before", self.not_before).with("not_after", self.not_after);
        let check = check.with("why", self.why.as_ref());
        // What has its outcome needs no channel any more.
        if matches!(self.stands, Stands::Sent | Stands::Failed) {
            return check;
        }
        match &self.channel {
            ChannelStands::Missing => check.with("channel", "none"),
            ChannelStands::Going => check.with("channel", "going"),
            ChannelStands::Stopped { since, why } => {
                check.with("channel", "stopped").with("stopped_since", *since).with("stopped_why", why)
            }
        }
    }

    /// D3 of a public reply: whether it was said, and if not, why.
    pub fn diagnose_reply(&self, effect: &str) -> Diagnosis {
        let check = Check::new(CheckCode::ReplySent, self.sent(), self.advice()).with("effect", effect);
        let case = match self.stands {
            Stands::Sent => Case::ReplySent,
            Stands::Waiting => Case::ReplyWaits,
            Stands::InDoubt => Case::ReplyUnknown,
            Stands::GivenUp | Stands::Failed => Case::ReplyFailed,
        };
        Diagnosis::new(DiagnosisKind::ReplyNotSaid, case, vec![self.shown_in(check)], Advice::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        DmId, DmStage,
        diagnosis::{DeliveryKnown, StageSeen},
    };

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn stopped() -> ChannelStands {
        ChannelStands::Stopped { since: at("2026-03-02T09:00:00Z"), why: "TikTok answered 40105".into() }
    }

    fn standing(stands: Stands, channel: ChannelStands) -> EffectStanding {
        EffectStanding { stands, attempts: 0, not_before: None, not_after: None, why: None, channel }
    }

    #[test]
    fn d3_a_dm_that_waits_here_is_told_so_and_why() {
        let dm_id = DmId::from("e1/0");
        let queued = [StageSeen { stage: DmStage::Queued, at: at("2026-03-02T10:00:00Z"), detail: None }];
        for (stands, channel, wanted, case) in [
            (Stands::Waiting, ChannelStands::Missing, "set_a_channel", Case::DmWaits),
            (Stands::Waiting, stopped(), "mend_the_channel", Case::DmWaits),
            (Stands::Waiting, ChannelStands::Going, "wait_for_its_turn", Case::DmWaits),
            (Stands::InDoubt, ChannelStands::Going, "wait_for_the_attempt", Case::DmUnknown),
            (Stands::GivenUp, ChannelStands::Going, "retry_or_drop", Case::DmFailed),
            (Stands::Sent, ChannelStands::Going, "wait_for_receipt", Case::DmUnknown),
        ] {
            let standing = standing(stands, channel);
            let known = DeliveryKnown { dm_id: &dm_id, stages: &queued, cause: None, standing: Some(&standing) };
            let diagnosis = known.diagnose();
            assert_eq!((diagnosis.next.as_str(), diagnosis.case), (wanted, case), "{stands:?}");
        }
    }

    #[test]
    fn d3_a_public_reply_that_was_not_said() {
        let tried = EffectStanding {
            attempts: 1,
            why: Some("TikTok answered 50000".into()),
            ..standing(Stands::Waiting, ChannelStands::Going)
        };
        let late = EffectStanding { why: Some("too_late".into()), ..standing(Stands::Failed, ChannelStands::Going) };
        for (standing, wanted, case) in [
            (standing(Stands::Sent, ChannelStands::Going), "nothing", Case::ReplySent),
            (standing(Stands::Waiting, stopped()), "mend_the_channel", Case::ReplyWaits),
            (tried, "wait_for_the_next_attempt", Case::ReplyWaits),
            (standing(Stands::InDoubt, ChannelStands::Going), "wait_for_the_attempt", Case::ReplyUnknown),
            (standing(Stands::GivenUp, ChannelStands::Going), "retry_or_drop", Case::ReplyFailed),
            (late, "answer_the_comment", Case::ReplyFailed),
        ] {
            let diagnosis = standing.diagnose_reply("e1/0");
            assert_eq!((diagnosis.next.as_str(), diagnosis.case), (wanted, case), "{standing:?}");
            assert_eq!(diagnosis.checks[0].found("why"), Some(&standing.why.as_ref().into()));
        }
    }
}
