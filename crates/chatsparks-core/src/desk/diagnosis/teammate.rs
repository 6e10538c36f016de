//! D6: a teammate cannot see the workspace.

use super::{Advice, Answer, Case, Check, CheckCode, Diagnosis, DiagnosisKind};
use crate::{
    Email, SignIn,
    document::workspace::{Member, MemberStatus, Workspace},
};

/// What is known of a sign-in.
#[derive(Clone, Copy, Debug)]
pub struct TeammateKnown<'a> {
    /// The workspace in force.
    pub workspace: &'a Workspace,
    /// The email they sign in with.
    pub email: &'a Email,
    /// The email that their invite went to, where it is known to be another.
    pub invite: Option<&'a Email>,
}

impl TeammateKnown<'_> {
    /// D6: invite accepted; same email; not suspended.
    pub fn diagnose(&self) -> Diagnosis {
        let sign_in = self.workspace.sign_in(self.email, self.invite);
        // The invite that counts is the one to this email, else the one they say they have.
        let member = self.workspace.member(self.email);
        let invited = member.or_else(|| self.invite.and_then(|invite| self.workspace.member(invite)));
        let status = invited.map(|member| member.status);
        let (accepted, accept) = match status {
            None => (Answer::Fail, Advice::Invite),
            Some(MemberStatus::Pending) => (Answer::Fail, Advice::AcceptInvite),
            Some(MemberStatus::Active | MemberStatus::Suspended) => (Answer::Pass, Advice::Nothing),
        };
        let same = match (member, invited) {
            (Some(_), _) => Answer::Pass,
            (None, Some(_)) => Answer::Fail,
            (None, None) => Answer::Unknown,
        };
        let same_email = if invited.is_some() { Advice::SignInWithInvitedEmail } else { Advice::Invite };
        let suspended = status.map_or(Answer::Unknown, |status| Answer::passes(status != MemberStatus::Suspended));
        let reinstate = if invited.is_some() { Advice::Reinstate } else { Advice::Invite };
        let checks = vec![
            Check::new(CheckCode::InviteAccepted, accepted, accept)
                .with("status", status.map(status_name))
                .with("members", self.workspace.members.len()),
            Check::new(CheckCode::SameEmail, same, same_email)
                .with("signs_in_with", self.email.as_str())
                .with("invited", invited.map(|member: &Member| member.email.as_str())),
            Check::new(CheckCode::NotSuspended, suspended, reinstate)
                .with("status", status.map(status_name))
                .with("sign_in", sign_in.as_str()),
        ];
        let (case, all_pass) = match sign_in {
            SignIn::Sees { .. } => (Case::TeammateSees, Advice::MemberSeesIt),
            _ => (Case::TeammateCannotSee, Advice::ContactSupport),
        };
        Diagnosis::new(DiagnosisKind::TeammateCannotSee, case, checks, all_pass)
    }
}

fn status_name(status: MemberStatus) -> &'static str {
    match status {
        MemberStatus::Pending => "pending",
        MemberStatus::Active => "active",
        MemberStatus::Suspended => "suspended",
    }
}
