//! D2: an automation did not fire.

use super::{Advice, Answer, Case, Check, CheckCode, Diagnosis, DiagnosisKind};
use crate::{
    DropReason, Evaluation, Explained, Explanation, Instant, MatchedWord, PendingFor, Verdict,
    document::workspace::{TriggerStatus, Workspace},
};

/// What is known of one comment and one trigger.
#[derive(Clone, Copy, Debug)]
pub struct AutomationKnown<'a> {
    /// The workspace that decided the comment: of the evaluation's revision.
    pub workspace: &'a Workspace,
    /// The comment's own record (C10).
    pub evaluation: &'a Evaluation,
    /// What became of the trigger for it.
    pub explanation: &'a Explanation,
    /// The count when the comment came.
    pub usage: UsageKnown<'a>,
    /// What became of its start, where the trigger fired.
    pub start: Option<StartFate>,
    /// How often the same comment came again (T3).
    pub duplicates: u64,
}

/// The count of monthly active contacts when a comment came (M).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageKnown<'a> {
    /// Contacts counted in the cycle.
    pub count: u64,
    /// The plan's limit; none: no plan.
    pub limit: Option<u64>,
    /// Whether the contact was among them.
    pub counted: bool,
    /// The event or timer that made the contact count.
    pub counted_by: Option<&'a str>,
}

/// What became of a start (C8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartFate {
    /// Its flow began at this instant.
    Began(Instant),
    /// It is still queued or held, until then.
    Waits {
        /// For what: room under the limit, or a message.
        waits: PendingFor,
        /// When it is dropped.
        until: Instant,
    },
    /// It was dropped.
    Dropped {
        /// When.
        at: Instant,
        /// Why.
        reason: DropReason,
        /// What it had waited for.
        waited: PendingFor,
        /// Until when it would have waited.
        until: Instant,
    },
}

impl AutomationKnown<'_> {
    /// D2: trigger active; condition matched; contact not blocked; not throttled; not at the limit; the evaluation.
    pub fn diagnose(&self) -> Diagnosis {
        let trigger = self.explanation.trigger.as_str();
        let active = self.refusal(Explained::Draft).is_none();
        let status = self.workspace.triggers.iter().find(|one| one.id == trigger).map(|one| match one.status {
            TriggerStatus::Active => "active",
            TriggerStatus::Draft => "draft",
        });
        let throttled = self.refusal(Explained::Throttled);
        let last_fired = self.evaluation.seen.throttles.last(trigger);
        let checks = vec![
            Check::new(CheckCode::TriggerActive, Answer::passes(active), Advice::ActivateTrigger)
                .with("trigger", trigger)
                .with("status", status),
            self.condition_matched(),
            Check::new(
                CheckCode::ContactNotBlocked,
                Answer::passes(self.refusal(Explained::BlockedContact).is_none()),
                Advice::Unblock,
            )
            .with("contact", &self.evaluation.comment.user_id)
            .with("blocked", self.evaluation.seen.blocked),
            Check::new(CheckCode::NotThrottled, Answer::passes(throttled.is_none()), Advice::WaitForThrottle)
                .with("last_fired", last_fired)
                .with("until", throttled.and_then(|verdict| verdict.until)),
            self.not_at_limit(),
            self.evaluated(),
        ];
        Diagnosis::new(DiagnosisKind::AutomationDidNotFire, self.case(), checks, Advice::DiagnoseTheDm)
    }

    fn case(&self) -> Case {
        let waits = |waits| match waits {
            PendingFor::Room => Case::FiredForRoom,
            PendingFor::Message => Case::FiredForBuyer,
        };
        match (self.explanation.verdict.result, self.start) {
            (Explained::Fired, _) => Case::Fired,
            (Explained::Undeliverable, _) => Case::FiredUnsent,
            (Explained::Queued | Explained::AwaitingMessage, Some(StartFate::Began(_))) => Case::FiredLater,
            (Explained::Queued | Explained::AwaitingMessage, Some(StartFate::Dropped { .. })) => Case::FiredAndDropped,
            (Explained::Queued | Explained::AwaitingMessage, Some(StartFate::Waits { waits: what, .. })) => waits(what),
            (Explained::Queued, None) => waits(PendingFor::Room),
            (Explained::AwaitingMessage, None) => waits(PendingFor::Message),
            _ => Case::DidNotFire,
        }
    }

    /// The refusal with this result, first or among the others.
    fn refusal(&self, wanted: Explained) -> Option<&Verdict> {
        std::iter::once(&self.explanation.verdict).chain(&self.explanation.also).find(|one| one.result == wanted)
    }

    fn condition_matched(&self) -> Check {
        let in_scope = self.refusal(Explained::OutOfScope).is_none();
        let matched = self.refusal(Explained::NoMatch).is_none();
        let advice = if in_scope { Advice::about_mismatch(self.explanation) } else { Advice::WidenScope };
        let word = |word: &MatchedWord| format!("{} ({}..{})", word.word, word.start, word.end);
        Check::new(CheckCode::ConditionMatched, Answer::passes(in_scope && matched), advice)
            .with("post", self.evaluation.comment.post_id.as_str())
            .with("in_scope", in_scope)
            .with("condition_holds", matched)
            .with("matched_words", self.explanation.matched.iter().map(word).collect::<Vec<_>>())
            .with("text_was_cut", self.explanation.cut)
    }

    /// Room, or a contact who is counted already: those are served as ever (M5).
    fn not_at_limit(&self) -> Check {
        let UsageKnown { count, limit, counted, counted_by } = self.usage;
        let has_room = limit.is_none_or(|limit| count < limit);
        let until = match self.start {
            Some(StartFate::Waits { until, .. } | StartFate::Dropped { until, .. }) => Some(until),
            _ => None,
        };
        let advice = match self.start {
            Some(StartFate::Dropped { reason, waited, .. }) => Advice::about_drop(reason, waited),
            _ => Advice::about_wait(PendingFor::Room),
        };
        let check = Check::new(CheckCode::NotAtLimit, Answer::passes(has_room || counted), advice)
            .with("count", count)
            .with("limit", limit)
            .with("contact_counted", counted);
        // Of somebody who is not counted nobody did it; of somebody who is, it may not have been seen.
        let check =
            if counted { check.with_known("counted_by", counted_by) } else { check.with("counted_by", counted_by) };
        let queued = self.explanation.verdict.result == Explained::Queued;
        if queued { check.with("queued_until", until) } else { check }
    }

    /// What the evaluation itself says (C10), and what became of the start since.
    fn evaluated(&self) -> Check {
        let Verdict { result, winner, until } = &self.explanation.verdict;
        let began = matches!(self.start, Some(StartFate::Began(_)));
        let waits = matches!(result, Explained::Queued | Explained::AwaitingMessage);
        let answer = Answer::passes(*result == Explained::Fired || (waits && began));
        let also = self.explanation.also.iter().map(|verdict| verdict.result.as_str().to_owned()).collect::<Vec<_>>();
        let check = Check::new(CheckCode::Evaluation, answer, Advice::about_explanation(self.explanation, self.start))
            .with("at", self.evaluation.at)
            .with("revision", self.evaluation.revision)
            .with("result", result.as_str())
            .with("winner", winner.as_ref().map(|winner| winner.as_str()))
            .with("until", *until)
            .with("also", also)
            .with("came_again", self.duplicates);
        match self.start {
            None => check,
            Some(StartFate::Began(at)) => check.with("start", "began").with("began_at", at),
            Some(StartFate::Waits { until, .. }) => check.with("start", "waits").with("waits_until", until),
            Some(StartFate::Dropped { at, reason, .. }) => {
                check.with("start", "dropped").with("dropped_at", at).with("dropped_because", dropped(reason))
            }
        }
    }
}

fn dropped(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Replaced => "replaced",
        DropReason::WithHuman => "with_human",
        DropReason::Blocked => "blocked",
        DropReason::CommentRemoved => "comment_removed",
        DropReason::Expired => "expired",
        DropReason::FlowMissing => "flow_missing",
    }
}
