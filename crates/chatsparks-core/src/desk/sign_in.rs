//! Who sees a workspace, and who may change what it hangs on (W1, W2).

use crate::{
    Email,
    document::workspace::{Member, MemberStatus, Role, Workspace},
    matching::text::fold_case,
};
use serde::{Deserialize, Serialize};

/// What a sign-in comes to (W1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum SignIn {
    /// They see the workspace, with this role.
    Sees {
        /// What they may do.
        role: Role,
    },
    /// Nobody invited this email.
    NotInvited,
    /// The invite to this email was not accepted yet.
    InvitePending,
    /// They hold an invite, but to another email than the one they signed in with.
    DifferentEmail,
    /// They were shut out.
    Suspended,
}

impl SignIn {
    /// The stable code, in snake case.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Sees { .. } => "sees",
            Self::NotInvited => "not_invited",
            Self::InvitePending => "invite_pending",
            Self::DifferentEmail => "different_email",
            Self::Suspended => "suspended",
        }
    }
}

/// Something that only owners do (W2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerAct {
    /// Connect a platform.
    Connect,
    /// Disconnect a platform.
    Disconnect,
    /// Change the plan.
    ChangePlan,
}

/// Why somebody may not change people, plan or connections (W2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum AccessRefusal {
    /// Who acts is no active member.
    #[error("who acts is no active member of the workspace")]
    NotAMember,
    /// Who acts is a member, but no owner.
    #[error("only owners may do this")]
    NotAnOwner,
    /// The member to be changed is not in the workspace.
    #[error("the workspace has no such member")]
    UnknownMember,
    /// Nobody would be left who may connect, disconnect or change the plan.
    #[error("the last owner cannot be suspended")]
    LastOwner,
}

impl AccessRefusal {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAMember => "not_a_member",
            Self::NotAnOwner => "not_an_owner",
            Self::UnknownMember => "unknown_member",
            Self::LastOwner => "last_owner",
        }
    }
}

impl Workspace {
    /// Whether a sign-in with this email sees the workspace, and else why not (W1).
    ///
    /// `invite`: the email of the invite that they opened, where that is known. It alone can tell somebody
    /// who was invited under another email from somebody whom nobody invited. A workspace that lists no
    /// members lets anyone act on its conversations (V7), but has invited nobody.
    pub fn sign_in(&self, email: &Email, invite: Option<&Email>) -> SignIn {
        match (self.member(email), invite.and_then(|invite| self.member(invite))) {
            (Some(Member { status: MemberStatus::Active, role, .. }), _) => SignIn::Sees { role: *role },
            (Some(Member { status: MemberStatus::Pending, .. }), _) => SignIn::InvitePending,
            (Some(Member { status: MemberStatus::Suspended, .. }), _) => SignIn::Suspended,
            (None, Some(_)) => SignIn::DifferentEmail,
            (None, None) => SignIn::NotInvited,
        }
    }

    /// Whether this member may connect, disconnect or change the plan: only owners may (W2).
    ///
    /// # Errors
    /// Why they may not.
    pub fn may(&self, who: &Email, _act: OwnerAct) -> Result<(), AccessRefusal> {
        match self.member(who) {
            Some(Member { status: MemberStatus::Active, role: Role::Owner, .. }) => Ok(()),
            Some(Member { status: MemberStatus::Active, .. }) => Err(AccessRefusal::NotAnOwner),
            _ => Err(AccessRefusal::NotAMember),
        }
    }

    /// Whether this member may be suspended: an active owner must be left (W2).
    ///
    /// # Errors
    /// Why they may not. Who is suspended already may be suspended again.
    pub fn may_be_suspended(&self, whom: &Email) -> Result<(), AccessRefusal> {
        let member = self.member(whom).ok_or(AccessRefusal::UnknownMember)?;
        if member.role != Role::Owner || member.status == MemberStatus::Suspended {
            return Ok(());
        }
        // An invite that nobody accepted is no owner who could act.
        let is_left = |other: &&Member| {
            other.role == Role::Owner
                && other.status == MemberStatus::Active
                && fold_case(other.email.as_str()) != fold_case(whom.as_str())
        };
        self.members.iter().find(is_left).map(|_| ()).ok_or(AccessRefusal::LastOwner)
    }

    /// A member by their email, compared without case (W1).
    pub fn member(&self, email: &Email) -> Option<&Member> {
        let folded = fold_case(email.as_str());
        self.members.iter().find(|member| fold_case(member.email.as_str()) == folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        let members = serde_json::json!([
            { "email": "Owner@Glow.example", "role": "owner", "status": "active" },
            { "email": "second@glow.example", "role": "owner", "status": "pending" },
            { "email": "ann@glow.example", "role": "member", "status": "active" },
            { "email": "bee@glow.example", "role": "member", "status": "pending" },
            { "email": "cid@glow.example", "role": "member", "status": "suspended" },
        ]);
        let identity = serde_json::json!({ "id": "glow", "name": "Glow", "account_user_id": "acct" });
        serde_json::from_value(serde_json::json!({ "workspace": identity, "members": members })).unwrap()
    }

    #[test]
    fn w1_a_sign_in_sees_the_workspace_or_is_told_why_not() {
        let workspace = workspace();
        for (email, invite, wanted) in [
            ("owner@glow.EXAMPLE", None, "sees"),
            ("ann@glow.example", None, "sees"),
            ("ANN@GLOW.EXAMPLE", Some("bee@glow.example"), "sees"),
            ("bee@glow.example", None, "invite_pending"),
            ("cid@glow.example", None, "suspended"),
            ("private@mail.example", Some("ann@glow.example"), "different_email"),
            ("private@mail.example", Some("BEE@glow.example"), "different_email"),
            ("private@mail.example", Some("nobody@glow.example"), "not_invited"),
            ("private@mail.example", None, "not_invited"),
            ("ann@glow.example.org", None, "not_invited"),
        ] {
            let invite = invite.map(Email::from);
            assert_eq!(workspace.sign_in(&email.into(), invite.as_ref()).as_str(), wanted, "{email}, {invite:?}");
        }
    }

    #[test]
    fn w1_a_workspace_that_lists_nobody_has_invited_nobody() {
        let workspace = Workspace { members: Vec::new(), ..workspace() };
        assert_eq!(workspace.sign_in(&"ann@glow.example".into(), None), SignIn::NotInvited);
    }

    #[test]
    fn w2_only_owners_connect_disconnect_and_change_the_plan() {
        let workspace = workspace();
        for (email, wanted) in [
            ("OWNER@glow.example", Ok(())),
            ("second@glow.example", Err(AccessRefusal::NotAMember)),
            ("ann@glow.example", Err(AccessRefusal::NotAnOwner)),
            ("cid@glow.example", Err(AccessRefusal::NotAMember)),
            ("nobody@glow.example", Err(AccessRefusal::NotAMember)),
        ] {
            for act in [OwnerAct::Connect, OwnerAct::Disconnect, OwnerAct::ChangePlan] {
                assert_eq!(workspace.may(&email.into(), act), wanted, "{email}");
            }
        }
    }

    #[test]
    fn w2_the_last_owner_cannot_be_suspended() {
        let mut workspace = workspace();
        let answer = |workspace: &Workspace, email: &str| workspace.may_be_suspended(&email.into());
        assert_eq!(answer(&workspace, "owner@glow.example"), Err(AccessRefusal::LastOwner));
        // A pending owner leaves nobody out: the active one stays.
        assert_eq!(answer(&workspace, "second@glow.example"), Ok(()));
        assert_eq!(answer(&workspace, "ann@glow.example"), Ok(()));
        assert_eq!(answer(&workspace, "cid@glow.example"), Ok(()));
        assert_eq!(answer(&workspace, "nobody@glow.example"), Err(AccessRefusal::UnknownMember));
        workspace.members[1].status = MemberStatus::Active;
        assert_eq!(answer(&workspace, "owner@glow.example"), Ok(()));
        assert_eq!(answer(&workspace, "second@glow.example"), Ok(()));
        workspace.members[0].status = MemberStatus::Suspended;
        assert_eq!(answer(&workspace, "second@glow.example"), Err(AccessRefusal::LastOwner));
        assert_eq!(answer(&workspace, "owner@glow.example"), Ok(()));
    }
}
