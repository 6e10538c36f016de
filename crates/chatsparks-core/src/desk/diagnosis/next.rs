//! What to do next about whatever was seen and set aside: one table for diagnoses, explanations and
//! conversations, so that all of them give the same advice.

use super::{Advice, StartFate};
use crate::{DropReason, Explained, Explanation, PendingFor, RefusalReason};

impl Advice {
    /// About what became of a trigger for a comment (C10), and of the start since.
    pub fn about_comment(result: Explained, start: Option<StartFate>) -> Self {
        match (result, start) {
            (Explained::Queued | Explained::AwaitingMessage, Some(fate)) => Self::about_start(fate),
            (Explained::Queued, None) => Self::about_wait(PendingFor::Room),
            (Explained::AwaitingMessage, None) => Self::about_wait(PendingFor::Message),
            (Explained::Duplicate, _) => Self::LookAtTheFirst,
            (Explained::OwnComment, _) => Self::CommentFromElsewhere,
            (Explained::NotConnected, _) => Self::Reconnect,
            (Explained::OutsideWindow, _) => Self::ListenLonger,
            (Explained::Draft, _) => Self::ActivateTrigger,
            (Explained::OutOfScope, _) => Self::WidenScope,
            (Explained::NoMatch, _) => Self::WidenCondition,
            (Explained::Outranked, _) => Self::MoveTriggerUp,
            (Explained::BlockedContact, _) => Self::Unblock,
            (Explained::Throttled, _) => Self::WaitForThrottle,
            (Explained::WithHuman, _) => Self::HandBack,
            (Explained::Undeliverable, _) => Self::GrantScopes,
            (Explained::Fired | Explained::Matches, _) => Self::DiagnoseTheDm,
        }
    }

    /// About one trigger and a comment (C10), and the start since: what refuses it, and not only its code.
    pub fn about_explanation(explanation: &Explanation, start: Option<StartFate>) -> Self {
        match explanation.verdict.result {
            Explained::NoMatch => Self::about_mismatch(explanation),
            result => Self::about_comment(result, start),
        }
    }

    /// About a condition that does not hold: more words help only where its words are not there.
    pub(super) fn about_mismatch(explanation: &Explanation) -> Self {
        if explanation.matched.is_empty() { Self::WidenCondition } else { Self::LoosenCondition }
    }

    /// About a comment that matched no trigger, by what became of each: where one would have matched but for its
    /// scope or its being a draft, that is the cause, and not the buyer's words.
    pub fn about_no_match<'e>(explanations: impl IntoIterator<Item = &'e Explanation>) -> Self {
        let mut words_are_there = false;
        for explanation in explanations {
            let refusals = || std::iter::once(&explanation.verdict).chain(&explanation.also);
            let is_refused = |wanted| refusals().any(|verdict| verdict.result == wanted);
            if is_refused(Explained::NoMatch) {
                words_are_there |= !explanation.matched.is_empty();
                continue;
            }
            let causes = [Explained::Draft, Explained::OutOfScope, Explained::BlockedContact];
            if let Some(cause) = causes.into_iter().find(|cause| is_refused(*cause)) {
                return Self::about_comment(cause, None);
            }
        }
        if words_are_there { Self::LoosenCondition } else { Self::WidenCondition }
    }

    fn about_start(fate: StartFate) -> Self {
        match fate {
            StartFate::Began(_) => Self::DiagnoseTheDm,
            StartFate::Waits { waits, .. } => Self::about_wait(waits),
            StartFate::Dropped { reason, waited, .. } => Self::about_drop(reason, waited),
        }
    }

    /// About a start that waits (P2, M5).
    pub fn about_wait(waits: PendingFor) -> Self {
        match waits {
            PendingFor::Room => Self::RaiseLimit,
            PendingFor::Message => Self::AskToWrite,
        }
    }

    /// About a start that was dropped, by what it had waited for.
    pub fn about_drop(reason: DropReason, waited: PendingFor) -> Self {
        match (reason, waited) {
            (DropReason::Replaced, _) => Self::LookAtTheNewer,
            (DropReason::WithHuman, _) => Self::HandBack,
            (DropReason::Blocked, _) => Self::Unblock,
            (DropReason::CommentRemoved, _) => Self::CommentIsGone,
            (DropReason::Expired, PendingFor::Room) => Self::WriteYourself,
            (DropReason::Expired | DropReason::FlowMissing, _) => Self::AskToComment,
        }
    }

    /// About something that was refused.
    pub fn about_refusal(reason: RefusalReason) -> Self {
        match reason {
            RefusalReason::NoOpenConversation => Self::WriteToOpen,
            RefusalReason::NotHuman => Self::TakeFirst,
            RefusalReason::AlreadyReviewed => Self::ReviewStands,
            RefusalReason::NotSoft => Self::ReviewSoftOnly,
            RefusalReason::UnknownOrder => Self::SendAfterTheOrder,
            RefusalReason::UnknownDm => Self::CheckDmId,
            RefusalReason::NotAMember => Self::InviteWhoActs,
            RefusalReason::OutsideWindow => Self::WaitForTheBuyer,
            RefusalReason::OwnAccount => Self::NothingOfOurOwn,
            RefusalReason::TooOld => Self::CheckInstant,
            RefusalReason::InvalidWorkspace => Self::CheckDocument,
            RefusalReason::EngineFault => Self::ReportFault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instant;

    #[test]
    fn d2_a_start_is_advised_by_what_became_of_it() {
        let at: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
        let dropped = |reason, waited| Some(StartFate::Dropped { at, reason, waited, until: at });
        let (room, message) = (PendingFor::Room, PendingFor::Message);
        for (result, start, wanted) in [
            (Explained::Queued, Some(StartFate::Waits { waits: room, until: at }), Advice::RaiseLimit),
            (Explained::Queued, Some(StartFate::Waits { waits: message, until: at }), Advice::AskToWrite),
            (Explained::Queued, Some(StartFate::Began(at)), Advice::DiagnoseTheDm),
            (Explained::Queued, dropped(DropReason::Expired, room), Advice::WriteYourself),
            (Explained::Queued, dropped(DropReason::WithHuman, room), Advice::HandBack),
            (Explained::Queued, dropped(DropReason::Blocked, room), Advice::Unblock),
            (Explained::Queued, dropped(DropReason::Replaced, room), Advice::LookAtTheNewer),
            (Explained::Queued, dropped(DropReason::CommentRemoved, room), Advice::CommentIsGone),
            (Explained::AwaitingMessage, None, Advice::AskToWrite),
            (Explained::AwaitingMessage, dropped(DropReason::Expired, message), Advice::AskToComment),
            (Explained::AwaitingMessage, dropped(DropReason::FlowMissing, message), Advice::AskToComment),
            (Explained::AwaitingMessage, Some(StartFate::Began(at)), Advice::DiagnoseTheDm),
        ] {
            assert_eq!(Advice::about_comment(result, start), wanted, "{result:?} {start:?}");
        }
    }
}
