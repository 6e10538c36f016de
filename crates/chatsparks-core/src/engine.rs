//! The compiled engine: a workspace made ready to decide.

use crate::{
    Contact, Decision, DmStage, Envelope, Head, Timer, UserId,
    attribution::OrderEntry,
    change::IndexKey,
    check,
    explain::{Evaluation, Explanation},
    problem::{CompileError, Problem},
    workspace::Workspace,
};
use smallvec::SmallVec;
use std::{fmt, sync::Arc};

/// A workspace made ready to decide: a function from state and event to decision.
///
/// `Send + Sync`, cheap to clone, and never changed: a `configure` brings another engine.
#[derive(Clone)]
pub struct Engine(Arc<Compiled>);

struct Compiled {
    workspace: Arc<Workspace>,
    revision: u32,
}

/// What a decision reads: the contact, and some keys of the indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reads {
    /// The contact of this user; for an order, unless the index of shop ids names another (A1).
    pub contact: Option<UserId>,
    /// The keys.
    pub keys: SmallVec<[IndexKey; 2]>,
}

/// What the driver loaded for one decision.
#[derive(Clone, Copy, Debug)]
pub struct Loaded<'a> {
    /// The head of the workspace.
    pub head: &'a Head,
    /// The contact that [`Engine::reads`] named, where they are known.
    pub contact: Option<&'a Contact>,
    /// What the indexes answered.
    pub found: &'a Found,
}

/// What the indexes answered to the keys of [`Engine::reads`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The event id is used up (T3).
    pub event: bool,
    /// The comment, message or refund was seen (T3).
    pub thing: bool,
    /// The order's entry.
    pub order: Option<OrderEntry>,
    /// The contact to whom the order's shop id was linked (A1).
    pub shop_user: Option<UserId>,
    /// The DM's contact and stage.
    pub dm: Option<(UserId, DmStage)>,
}

/// Buffers used again from decision to decision. They hold nothing that a result depends on.
#[derive(Debug, Default)]
pub struct Scratch {}

/// What `check` found of a document: faults refuse it, warnings do not (F10).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What must be mended.
    pub faults: Vec<Problem>,
    /// What is only suspicious.
    pub warnings: Vec<Problem>,
}

impl Engine {
    /// Compiles a workspace, or tells every fault with its place (F10).
    ///
    /// # Errors
    /// A [`CompileError`] with all faults at once.
    pub fn compile(workspace: impl Into<Arc<Workspace>>) -> Result<Self, CompileError> {
        let workspace = workspace.into();
        Ok(Self(Arc::new(Compiled { workspace, revision: 1 })))
    }

    /// Every fault and warning of a document (F10).
    pub fn check(workspace: &Workspace) -> Checked {
        Checked { faults: check::faults(workspace, None), warnings: check::warnings(workspace) }
    }

    /// The workspace as it was given, defaults filled in.
    pub fn workspace(&self) -> &Arc<Workspace> {
        &self.0.workspace
    }

    /// The revision of the workspace: 1, and one more with each `configure` that changed it.
    pub fn revision(&self) -> u32 {
        self.0.revision
    }

    /// The head of a workspace to which nothing has happened.
    pub fn first_head(&self) -> Head {
        Head::new(None)
    }

    /// What a decision on this event reads.
    pub fn reads(&self, _envelope: &Envelope) -> Reads {
        Reads { contact: None, keys: SmallVec::new() }
    }

    /// Decides an event. Total: odd input is an outcome with a reason.
    pub fn decide(&self, _loaded: &Loaded<'_>, _envelope: &Envelope, _scratch: &mut Scratch) -> Decision {
        unreachable!("written in the next commit")
    }

    /// Decides a timer that is due, at its own due instant (T4).
    pub fn fire(&self, _loaded: &Loaded<'_>, _timer: &Timer, _scratch: &mut Scratch) -> Decision {
        unreachable!("written in the next commit")
    }

    /// Explains one comment for one trigger, drafts included (C10); none: no such trigger.
    pub fn explain(&self, _evaluation: &Evaluation, _trigger: &str, _scratch: &mut Scratch) -> Option<Explanation> {
        None
    }

    /// Explains one comment for every trigger, in priority order (C10).
    pub fn explain_all(&self, _evaluation: &Evaluation, _scratch: &mut Scratch) -> Vec<Explanation> {
        Vec::new()
    }

    /// Tries a text against every trigger, or one, drafts included, as if nobody had ever commented (C11).
    /// `post`: as if it stood under that post; none: scopes are not looked at.
    pub fn try_text(
        &self,
        _text: &str,
        _post: Option<&str>,
        _trigger: Option<&str>,
        _scratch: &mut Scratch,
    ) -> Vec<Explanation> {
        Vec::new()
    }
}

impl PartialEq for Engine {
    fn eq(&self, other: &Self) -> bool {
        self.0.revision == other.0.revision && self.0.workspace == other.0.workspace
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Engine({} revision {})", self.0.workspace.workspace.id, self.0.revision)
    }
}
