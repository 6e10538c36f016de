//! D1: the webhook does not receive.

use super::{Advice, Answer, Case, Check, CheckCode, Diagnosis, DiagnosisKind};
use crate::{
    ConnectionLight, Instant, Period, PostId, SILENT_AFTER, TIKTOK_SCOPES, WebhookTimes,
    document::workspace::{Post, Workspace},
};

/// What is known when a webhook does not receive.
#[derive(Clone, Copy, Debug)]
pub struct WebhookKnown<'a> {
    /// The workspace in force.
    pub workspace: &'a Workspace,
    /// Whether the platform reports an incident; none: nobody looked.
    pub incident: Option<bool>,
    /// The post that comments are missing from; none: any post will do.
    pub post: Option<&'a PostId>,
    /// Why the platform does not take what the connection has, as whoever calls it was told; none: it does, or nobody asked.
    pub refused: Option<&'a str>,
    /// When it was connected, when an event last came in, when others were last active.
    pub times: WebhookTimes,
    /// The present instant.
    pub now: Instant,
}

impl WebhookKnown<'_> {
    /// D1: connection live; scopes; platform incident; post inside the listening window; silent.
    pub fn diagnose(&self) -> Diagnosis {
        let tiktok = &self.workspace.connections.tiktok;
        let missing = match tiktok.light(&TIKTOK_SCOPES) {
            ConnectionLight::Amber { missing } => missing,
            ConnectionLight::Green | ConnectionLight::Red => Vec::new(),
        };
        // A connection that is cut has no scopes to speak of.
        let scopes = if tiktok.connected { Answer::passes(missing.is_empty()) } else { Answer::Unknown };
        let incident = self.incident.map_or(Answer::Unknown, |incident| Answer::passes(!incident));
        // Whoever calls the platform was told why: then the permission is to be given anew, where the service has it from.
        let reconnect = if self.refused.is_some() { Advice::AuthoriseAgain } else { Advice::Reconnect };
        let live = Check::new(CheckCode::ConnectionLive, Answer::passes(tiktok.connected), reconnect)
            .with("connected", tiktok.connected);
        let checks = vec![
            match self.refused {
                Some(why) => live.with("refused", why),
                None => live,
            },
            Check::new(CheckCode::Scopes, scopes, if tiktok.connected { Advice::GrantScopes } else { reconnect })
                .with("scopes", tiktok.scopes.clone())
                .with_known("missing", tiktok.connected.then_some(missing)),
            Check::new(
                CheckCode::NoPlatformIncident,
                incident,
                if self.incident == Some(true) { Advice::WaitForPlatform } else { Advice::LookAtPlatformStatus },
            )
            .with_known("incident", self.incident),
            self.post_in_window(),
            self.not_silent(),
        ];
        let case = self.case(&checks);
        Diagnosis::new(DiagnosisKind::WebhookNotReceiving, case, checks, Advice::TryAComment)
    }

    fn case(&self, checks: &[Check]) -> Case {
        let fails = |code| checks.iter().any(|check| check.code == code && check.answer == Answer::Fail);
        if fails(CheckCode::ConnectionLive) || fails(CheckCode::NotSilent) {
            Case::WebhookDoesNotReceive
        } else if checks.iter().any(|check| check.answer == Answer::Fail) {
            Case::WebhookMissesSome
        } else if self.times.is_quiet(self.now) == Some(false) {
            Case::WebhookReceives
        } else {
            Case::WebhookUnknown
        }
    }

    /// Whether the post is listened to (C1); one that the workspace lacks counts as new.
    fn post_in_window(&self) -> Check {
        let Some(plan) = &self.workspace.plan else {
            return Check::new(CheckCode::PostInWindow, Answer::Pass, Advice::Nothing)
                .with("post", self.post.map(PostId::as_str))
                .with("listening_window_days", None::<i64>);
        };
        let window = Period::days(plan.listening_window_days);
        let is_inside = |post: &Post| self.now < post.published_at.after(window);
        let posts = &self.workspace.posts;
        let looked_at = match self.post {
            Some(wanted) => posts.iter().find(|post| post.id == *wanted),
            None => posts.iter().max_by_key(|post| post.published_at),
        };
        let answer = match (looked_at, self.post) {
            (Some(post), _) => Answer::passes(is_inside(post)),
            (None, Some(_)) => Answer::Pass,
            (None, None) => Answer::Unknown,
        };
        let advice = if answer == Answer::Unknown { Advice::NameThePost } else { Advice::ListenLonger };
        Check::new(CheckCode::PostInWindow, answer, advice)
            .with("post", looked_at.map(|post| &post.id).or(self.post).map(PostId::as_str))
            .with("published_at", looked_at.map(|post| post.published_at))
            .with("listened_to_until", looked_at.map(|post| post.published_at.after(window)))
            .with("listening_window_days", plan.listening_window_days)
    }

    /// Whether events come in; silence is a fault only while others report activity (W3).
    fn not_silent(&self) -> Check {
        let others = self.times.others_active.map(|_| self.times.others_report(self.now));
        let (answer, advice) = match (self.times.is_quiet(self.now), others) {
            (Some(false), _) => (Answer::Pass, Advice::Nothing),
            (Some(true), Some(true)) => (Answer::Fail, Advice::ContactSupport),
            // Everybody is quiet: there is nothing to receive.
            (Some(true), Some(false)) => (Answer::Pass, Advice::Nothing),
            (Some(true), None) | (None, _) => (Answer::Unknown, Advice::TryAComment),
        };
        Check::new(CheckCode::NotSilent, answer, advice)
            .with("webhook", state(self.times, self.now))
            .with("last_event", self.times.last_since_connected())
            .with_known("connected_at", self.times.connected_at)
            .with_known("quiet_seconds", self.times.quiet_since().map(|since| self.now.seconds_since(since)))
            .with("silent_after_seconds", SILENT_AFTER.as_milliseconds() / 1000)
            .with_known("others_active", self.times.others_active)
            .with("workspace_id", self.workspace.workspace.id.as_str())
    }
}

fn state(times: WebhookTimes, now: Instant) -> &'static str {
    match times.state(now) {
        crate::WebhookState::Waiting => "waiting",
        crate::WebhookState::Receiving => "receiving",
        crate::WebhookState::Silent => "silent",
    }
}
