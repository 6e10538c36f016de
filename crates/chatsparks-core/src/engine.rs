//! The compiled engine: a workspace made ready to decide.

use crate::{
    Comment, CommentOutcome, Contact, Decision, DmStage, Envelope, Head, Instant, Source, Timer, UserId,
    desk::explain::{Evaluation, Explanation, Trial},
    document::check,
    document::problem::{CompileError, Problem},
    document::workspace::Workspace,
    machines::comment::Buffers,
    machines::decide,
    matching::matcher::DFA_LIMIT,
    state::change::IndexKey,
    state::order::OrderEntry,
};
use compile::Compiled;
use smallvec::SmallVec;
use std::{fmt, sync::Arc};

pub(crate) mod compile;
pub(crate) mod names;

/// A workspace made ready to decide: a function from state and event to decision.
///
/// `Send + Sync`, cheap to clone, and never changed: a `configure` brings another engine.
#[derive(Clone)]
pub struct Engine(Arc<Compiled>);

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
    pub order: Option<Box<OrderEntry>>,
    /// The contact to whom the order's shop id was linked (A1).
    pub shop_user: Option<UserId>,
    /// The DM's contact and stage.
    pub dm: Option<(UserId, DmStage)>,
}

/// Buffers used again from decision to decision, by any engine. They hold nothing that a result depends on.
#[derive(Default)]
pub struct Scratch(Buffers);

impl fmt::Debug for Scratch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Scratch")
    }
}

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
    /// A [`CompileError`] with all faults at once, in the order of the document.
    pub fn compile(workspace: impl Into<Arc<Workspace>>) -> Result<Self, CompileError> {
        Self::compile_revision(workspace.into(), None, 1, DFA_LIMIT)
    }

    /// Compiles a workspace with contiguous NFAs alone: what benchmarks compare sizes of workspaces by.
    ///
    /// # Errors
    /// As [`Engine::compile`].
    #[doc(hidden)]
    pub fn compile_without_dfa(workspace: impl Into<Arc<Workspace>>) -> Result<Self, CompileError> {
        Self::compile_revision(workspace.into(), None, 1, 0)
    }

    /// Compiles the next revision of this workspace: published flows may not have changed in place (F9).
    ///
    /// # Errors
    /// A [`CompileError`] with all faults at once, in the order of the document.
    pub fn compile_next(&self, workspace: impl Into<Arc<Workspace>>) -> Result<Self, CompileError> {
        Self::compile_revision(workspace.into(), Some(self.workspace()), self.revision() + 1, DFA_LIMIT)
    }

    fn compile_revision(
        workspace: Arc<Workspace>,
        previous: Option<&Workspace>,
        revision: u32,
        dfa_limit: usize,
    ) -> Result<Self, CompileError> {
        let faults = check::faults(&workspace, previous);
        if !faults.is_empty() {
            return Err(CompileError::new(faults));
        }
        let compiled = Compiled::new(workspace, revision, dfa_limit).map_err(|fault| CompileError::new(vec![fault]))?;
        Ok(Self(Arc::new(compiled)))
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
        Head::new(self.0.limit)
    }

    /// What a decision on this event reads. Nothing else of the state can change it.
    pub fn reads(&self, envelope: &Envelope) -> Reads {
        decide::reads(envelope)
    }

    /// Decides an event. Total: odd input is an outcome with a reason.
    pub fn decide(&self, loaded: &Loaded<'_>, envelope: &Envelope, scratch: &mut Scratch) -> Decision {
        decide::decide(self, loaded, envelope, &mut scratch.0)
    }

    /// Decides a timer that is due, at its own due instant (T4).
    pub fn fire(&self, loaded: &Loaded<'_>, timer: &Timer, scratch: &mut Scratch) -> Decision {
        decide::fire(self, loaded, timer, &mut scratch.0)
    }

    /// What [`Engine::fire`] answers to, with its count where a timer fired again at one due instant (T6).
    pub fn source(&self, contact: Option<&Contact>, timer: &Timer) -> Source {
        decide::timer_source(contact, timer)
    }

    /// Looks at a comment as far as the gates: which trigger wins and whether it may fire (C1–C7).
    /// `fired` says that it may; what keeps its flow from starting (C8) is not looked at.
    pub fn judge(
        &self,
        contact: Option<&Contact>,
        comment: &Comment,
        at: Instant,
        scratch: &mut Scratch,
    ) -> CommentOutcome {
        let judged = self.0.judge(contact, comment, at, &mut scratch.0);
        self.0.outcome(judged)
    }

    /// Explains one comment for one trigger, drafts included (C10); none: no such trigger.
    pub fn explain(&self, evaluation: &Evaluation, trigger: &str, scratch: &mut Scratch) -> Option<Explanation> {
        let number = self.0.trigger_names.find(trigger)?;
        self.0.explain(evaluation, &[number], &mut scratch.0).pop()
    }

    /// Explains one comment for every trigger, in priority order (C10).
    pub fn explain_all(&self, evaluation: &Evaluation, scratch: &mut Scratch) -> Vec<Explanation> {
        self.0.explain(evaluation, &self.all_triggers(), &mut scratch.0)
    }

    /// Tries a text against every trigger, or one, drafts included, as if a newcomer had written it (C11).
    /// `post`: as if it stood under that post; none: scopes are not looked at.
    pub fn try_text(
        &self,
        text: &str,
        post: Option<&str>,
        trigger: Option<&str>,
        scratch: &mut Scratch,
    ) -> Vec<Explanation> {
        let triggers = match trigger {
            Some(trigger) => self.0.trigger_names.find(trigger).into_iter().collect(),
            None => self.all_triggers(),
        };
        self.0.try_text(Trial { text, post }, &triggers, &mut scratch.0)
    }

    /// Whether a post is in a trigger's scope (C3); an unknown trigger has none.
    pub fn is_in_scope(&self, trigger: &str, post: &str) -> bool {
        let Some(number) = self.0.trigger_names.find(trigger) else { return false };
        let post = self.0.post_names.find(post);
        self.0.triggers[number as usize].scope.holds(self.0.known_post(post), self.0.tags(post))
    }

    /// The heap that matching takes beside the document, in bytes.
    pub fn memory_usage(&self) -> usize {
        self.0.memory_usage()
    }

    /// Whether every automaton is a full DFA, and not the smaller NFA.
    pub fn is_dfa(&self) -> bool {
        self.0.matcher.is_dfa()
    }

    /// Runs the bare automaton over a normalised text and counts its matches: what benchmarks hold the
    /// engine against.
    #[doc(hidden)]
    pub fn bare_scan(&self, normalised: &str) -> usize {
        self.0.matcher.bare_scan(normalised)
    }

    pub(crate) fn compiled(&self) -> &Compiled {
        &self.0
    }

    fn all_triggers(&self) -> Vec<u32> {
        (0..self.0.triggers.len() as u32).collect()
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
