//! The compiled engine: a workspace made ready to decide.

use crate::{
    Comment, CommentOutcome, Configured, Contact, Decision, DmStage, Envelope, Head, Instant, SentLink, Timer,
    TriggerId, UserId,
    desk::explain::{Evaluation, Explanation, Trial, Why, WhyKnown},
    document::check,
    document::problem::{CompileError, Problem},
    document::workspace::Workspace,
    machines::comment::{Beside, Buffers},
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
pub struct Engine {
    compiled: Arc<Compiled>,
    revision: u32,
}

/// What a decision reads: the contact, and some keys of the indexes.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reads {
    /// The contact of this user. An order belongs to whom it names, where they are known, and else to whom the index
    /// of shop ids names (A1).
    pub contact: Option<UserId>,
    /// The keys.
    pub keys: SmallVec<[IndexKey; 2]>,
}

/// What the driver loaded for one decision.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Loaded<'a> {
    /// The head of the workspace, or of the partition.
    pub head: &'a Head,
    /// The contact that `reads` named, where they are known.
    pub contact: Option<&'a Contact>,
    /// What the indexes answered.
    pub found: &'a Found,
    /// The links sent to the contact, where it is an order that is decided (A2).
    pub links: &'a [SentLink],
    /// What a `configure` brings, compiled; none for any other event.
    pub prepared: Option<&'a Prepared>,
}

impl<'a> Loaded<'a> {
    /// What most events need.
    pub fn new(head: &'a Head, contact: Option<&'a Contact>, found: &'a Found) -> Self {
        Self { head, contact, found, links: &[], prepared: None }
    }
}

/// What a `configure` comes to, before it is decided: compiling takes long, and is done once for all partitions.
#[derive(Clone, Debug, PartialEq)]
pub enum Prepared {
    /// The document is the one in force: nothing changes.
    InForce,
    /// The next revision.
    Next(Engine),
    /// The document does not hold.
    Invalid(Vec<Problem>),
}

/// What the indexes answered to the keys of `reads`.
#[doc(hidden)]
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
    /// How often the timer fired at this due instant (T6).
    pub fired: u32,
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
    /// Compiles a workspace, or tells every fault with its place (F10). It is revision 1.
    ///
    /// # Errors
    /// A [`CompileError`] with all faults at once, in the order of the document.
    pub fn compile(workspace: impl Into<Arc<Workspace>>) -> Result<Self, CompileError> {
        Self::compile_within(workspace.into(), DFA_LIMIT)
    }

    /// Compiles a workspace as the revision that a state has it in force as: what a start after a stop needs (R8).
    ///
    /// # Errors
    /// A [`CompileError`] with all faults at once, in the order of the document.
    pub fn restore(workspace: impl Into<Arc<Workspace>>, revision: u32) -> Result<Self, CompileError> {
        Ok(Self::compile(workspace)?.at_revision(revision))
    }

    /// Compiles a workspace with contiguous NFAs alone: what benchmarks compare sizes of workspaces by.
    ///
    /// # Errors
    /// As [`Engine::compile`].
    #[doc(hidden)]
    pub fn compile_without_dfa(workspace: impl Into<Arc<Workspace>>) -> Result<Self, CompileError> {
        Self::compile_within(workspace.into(), 0)
    }

    /// Compiles the next revision of this workspace: published flows may not have changed in place (F9).
    ///
    /// # Errors
    /// A [`CompileError`] with all faults at once, in the order of the document.
    pub fn compile_next(&self, workspace: impl Into<Arc<Workspace>>) -> Result<Self, CompileError> {
        let workspace = workspace.into();
        let faults = check::faults(&workspace, Some(self.workspace()));
        if !faults.is_empty() {
            return Err(CompileError::new(faults));
        }
        Ok(Self::compile_checked(workspace, DFA_LIMIT)?.at_revision(self.revision + 1))
    }

    /// What a `configure` comes to after this engine, outside of any decision: compiling takes long (R8).
    pub fn prepare(&self, configured: &Configured) -> Prepared {
        let next = match configured {
            Configured::Unreadable(problem) => return Prepared::Invalid(vec![problem.clone()]),
            Configured::Workspace(document) if **document == **self.workspace() => return Prepared::InForce,
            Configured::Compiled(engine) if engine.workspace() == self.workspace() => return Prepared::InForce,
            Configured::Workspace(document) => self.compile_next(document.clone()),
            Configured::Compiled(engine) => {
                let faults = check::succession_faults(engine.workspace(), self.workspace());
                if faults.is_empty() {
                    Ok(engine.at_revision(self.revision + 1))
                } else {
                    Err(CompileError::new(faults))
                }
            }
        };
        next.map_or_else(|error| Prepared::Invalid(error.into_faults()), Prepared::Next)
    }

    /// The same workspace as another revision.
    fn at_revision(&self, revision: u32) -> Self {
        Self { compiled: self.compiled.clone(), revision }
    }

    fn compile_within(workspace: Arc<Workspace>, dfa_limit: usize) -> Result<Self, CompileError> {
        let faults = check::faults(&workspace, None);
        if faults.is_empty() { Self::compile_checked(workspace, dfa_limit) } else { Err(CompileError::new(faults)) }
    }

    fn compile_checked(workspace: Arc<Workspace>, dfa_limit: usize) -> Result<Self, CompileError> {
        let compiled = Compiled::new(workspace, dfa_limit).map_err(|fault| CompileError::new(vec![fault]))?;
        Ok(Self { compiled: Arc::new(compiled), revision: 1 })
    }

    /// Every fault and warning of a document (F10).
    pub fn check(workspace: &Workspace) -> Checked {
        Checked { faults: check::faults(workspace, None), warnings: check::warnings(workspace) }
    }

    /// The workspace as it was given, defaults filled in.
    pub fn workspace(&self) -> &Arc<Workspace> {
        &self.compiled.workspace
    }

    /// The revision of the workspace: 1, and one more with each `configure` that changed it.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The head of a workspace to which nothing has happened, and of which this is the revision in force.
    pub fn first_head(&self) -> Head {
        Head::new(self.revision, self.compiled.limit)
    }

    /// What a decision on this event reads. Nothing else of the state can change it.
    #[doc(hidden)]
    pub fn reads(&self, envelope: &Envelope) -> Reads {
        decide::reads(envelope)
    }

    /// Decides an event. Total: odd input is an outcome with a reason.
    #[doc(hidden)]
    pub fn decide(&self, loaded: &Loaded<'_>, envelope: &Envelope, scratch: &mut Scratch) -> Decision {
        decide::decide(self, loaded, envelope, &mut scratch.0)
    }

    /// Decides a timer that is due, at its own due instant (T4). One that does not stand is nothing (R6).
    #[doc(hidden)]
    pub fn fire(&self, loaded: &Loaded<'_>, timer: &Timer, scratch: &mut Scratch) -> Option<Decision> {
        decide::fire(self, loaded, timer, &mut scratch.0)
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
        let judged = self.compiled.judge(contact, comment, at, &mut scratch.0);
        self.compiled.outcome(judged)
    }

    /// Explains one comment for one trigger, drafts included (C10); none: no such trigger.
    pub fn explain(&self, evaluation: &Evaluation, trigger: &str, scratch: &mut Scratch) -> Option<Explanation> {
        let number = self.compiled.trigger_names.find(trigger)?;
        self.compiled.explain(evaluation, &[number], &mut scratch.0).pop()
    }

    /// Explains one comment for every trigger, in priority order (C10).
    pub fn explain_all(&self, evaluation: &Evaluation, scratch: &mut Scratch) -> Vec<Explanation> {
        self.compiled.explain(evaluation, &self.all_triggers(), &mut scratch.0)
    }

    /// Explains one comment for one trigger wholly: every gate with its numbers, and the condition part by part (C10);
    /// none: no such trigger. What `known` leaves out is left out of the answer.
    pub fn why(
        &self,
        evaluation: &Evaluation,
        trigger: &str,
        known: &WhyKnown,
        scratch: &mut Scratch,
    ) -> Option<(Explanation, Why)> {
        let number = self.compiled.trigger_names.find(trigger)?;
        self.compiled.why(evaluation, number, known, &mut scratch.0)
    }

    /// Looks at a comment again as far as the gates, with its contact as they were: what [`Engine::judge`] says of it.
    pub fn judge_again(&self, evaluation: &Evaluation, scratch: &mut Scratch) -> CommentOutcome {
        let Evaluation { comment, at, seen, .. } = evaluation;
        self.compiled.outcome(self.compiled.judge(seen, comment, *at, &mut scratch.0))
    }

    /// Tries a text against the triggers, drafts included, as if a newcomer had written it (C11).
    /// `post`: as if it stood under that post; none: scopes are not looked at.
    pub fn try_text<'a>(&'a self, text: &'a str, post: Option<&str>, scratch: &'a mut Scratch) -> Trial<'a> {
        self.compiled.try_text(text, post, &mut scratch.0)
    }

    /// The triggers that match a comment, in priority order (C2): drafts too, where nothing but that keeps them from it.
    /// They are found from what stands in the text; the others are not looked at. What sets a comment aside (C1), and the
    /// gates (C5), are not looked at either. `is_first`: it is its contact's first (C4).
    pub fn matching(&self, comment: &Comment, is_first: bool, scratch: &mut Scratch) -> Vec<&TriggerId> {
        let (engine, buffers) = (&self.compiled, &mut scratch.0);
        engine.find_features(comment.text.as_str(), Beside::of(comment, is_first), buffers);
        let under = engine.under(engine.post_names.find(comment.post_id.as_str()));
        let found = engine.all_that_match(Some(under), buffers);
        found.into_iter().map(|number| &engine.triggers[number as usize].id).collect()
    }

    /// Whether a post is in a trigger's scope (C3); an unknown trigger has none.
    pub fn is_in_scope(&self, trigger: &str, post: &str) -> bool {
        let Some(number) = self.compiled.trigger_names.find(trigger) else { return false };
        let post = self.compiled.post_names.find(post);
        self.compiled.triggers[number as usize].scope.holds(self.compiled.known_post(post), self.compiled.tags(post))
    }

    /// The heap that matching takes beside the document, in bytes.
    pub fn memory_usage(&self) -> usize {
        self.compiled.memory_usage()
    }

    /// Whether every automaton is a full DFA, and not the smaller NFA.
    pub fn is_dfa(&self) -> bool {
        self.compiled.matcher.is_dfa()
    }

    /// Runs the bare automaton over a normalised text and counts its matches: what benchmarks hold the
    /// engine against.
    #[doc(hidden)]
    pub fn bare_scan(&self, normalised: &str) -> usize {
        self.compiled.matcher.bare_scan(normalised)
    }

    pub(crate) fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    fn all_triggers(&self) -> Vec<u32> {
        (0..self.compiled.triggers.len() as u32).collect()
    }
}

impl PartialEq for Engine {
    fn eq(&self, other: &Self) -> bool {
        self.revision == other.revision && self.compiled.workspace == other.compiled.workspace
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Engine({} revision {})", self.compiled.workspace.workspace.id, self.revision)
    }
}
