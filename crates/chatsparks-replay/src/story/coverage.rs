//! What stories reach of a workspace: its triggers, conditions both ways, the edges of its flows, and the
//! reasons for which conversations go to people.
//!
//! Read from records and explanations alone. To see whether one part of a condition held, each part stands as a
//! trigger of its own in a workspace that is compiled for it, and the engine explains the comment there.

use crate::{driver::Considered, record::Record};
use chatsparks_core::{
    ActKind, BlockId, CommentOutcome, CommentResult, CompileError, Effect, Engine, Event, Explained, Fact, Field,
    FlowId, InboxReason, LeaveReason, MessageResult, Outcome, Scratch, Text, TriggerId, UserId,
    internal::{Change, ContactChange},
    text::normalise,
    workspace::{
        Block, BlockKind, Branch, Condition, Flow, QuickReplies, Scope, TagBlock, Test, Trigger, TriggerStatus,
        Workspace,
    },
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// What the stories run so far reached of a workspace.
#[derive(Debug)]
pub struct Coverage {
    triggers: Vec<(TriggerId, bool)>,
    conditions: Vec<Part>,
    probes: Vec<Engine>,
    flows: BTreeMap<(FlowId, i64), Flow>,
    edges: BTreeMap<Edge, bool>,
    handoffs: BTreeMap<InboxReason, bool>,
    /// Where each contact of the story stands, and what was captured of them.
    places: BTreeMap<UserId, Place>,
    fields: BTreeMap<(UserId, Field), Text>,
    scratch: Held,
}

/// Buffers do not show in `Debug`.
#[derive(Default)]
struct Held(Scratch);

impl fmt::Debug for Held {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Scratch")
    }
}

/// A part of a trigger's condition.
#[derive(Debug)]
struct Part {
    trigger: TriggerId,
    path: String,
    held: bool,
    failed: bool,
}

/// A way on from a block.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    flow: FlowId,
    version: i64,
    block: BlockId,
    via: Via,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Via {
    Next,
    Option(String),
    FreeText,
    Case(usize),
    Otherwise,
}

#[derive(Debug)]
struct Place {
    flow: FlowId,
    version: i64,
    block: Option<BlockId>,
}

/// What was reached, and what was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageReport {
    /// Active triggers that fired.
    pub triggers: Unreached,
    /// Parts of the conditions of active triggers that held, and that did not.
    pub conditions: Unreached,
    /// Ways on from a block.
    pub flow_edges: Unreached,
    /// Reasons for which a conversation goes to people.
    pub handoff_reasons: Unreached,
}

/// Of one kind of thing, how many were reached and which were not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unreached {
    /// How many were reached.
    pub reached: usize,
    /// How many there are.
    pub of: usize,
    /// Those that no story reached, each by its place in the workspace.
    pub unreached: Vec<String>,
}

/// Patterns in one probe at most, under the limit of a workspace (F10).
const PATTERNS: usize = 200;
/// Words and parts in one probe at most.
const WORDS: usize = 50_000;
const PARTS: usize = 5_000;

impl Coverage {
    /// Nothing reached of this workspace yet.
    ///
    /// # Errors
    /// A [`CompileError`] when the parts of its conditions cannot be compiled on their own.
    pub fn new(engine: &Engine) -> Result<Self, CompileError> {
        let workspace = engine.workspace();
        let mut parts = Vec::new();
        for trigger in workspace.triggers.iter().filter(|trigger| trigger.status == TriggerStatus::Active) {
            let path = format!("triggers[{}].when", trigger.id);
            each_part(&trigger.when, path, &mut |condition, path| {
                parts.push((Part { trigger: trigger.id.clone(), path, held: false, failed: false }, condition.clone()));
            });
        }
        let (conditions, written): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let flows = workspace.flows.iter().map(|flow| ((flow.id.clone(), flow.version), flow.clone()));
        let active = workspace.triggers.iter().filter(|trigger| trigger.status == TriggerStatus::Active);
        Ok(Self {
            triggers: active.map(|trigger| (trigger.id.clone(), false)).collect(),
            conditions,
            probes: probes(workspace, written)?,
            flows: flows.collect(),
            edges: workspace.flows.iter().flat_map(edges).map(|edge| (edge, false)).collect(),
            handoffs: handoffs(workspace).into_iter().map(|reason| (reason, false)).collect(),
            places: BTreeMap::new(),
            fields: BTreeMap::new(),
            scratch: Held::default(),
        })
    }

    /// Another story begins, with people of its own.
    pub(super) fn begin(&mut self) {
        self.places.clear();
        self.fields.clear();
    }

    /// Takes note of a comment as it was considered: which parts of conditions hold for it.
    pub(super) fn comment(&mut self, considered: &Considered<'_>) {
        use CommentResult::{Duplicate, NotConnected, OutsideWindow, OwnComment};
        if matches!(considered.outcome.result, Duplicate | OwnComment | NotConnected | OutsideWindow) {
            return;
        }
        let mut evaluation = considered.evaluation();
        // Where nothing refuses a part, the explanation repeats what came of the comment: that must not be `no_match`.
        evaluation.outcome = CommentOutcome { result: CommentResult::Fired, trigger: None, until: None };
        let post = evaluation.comment.post_id.as_str();
        for explanation in self.probes.iter().flat_map(|probe| probe.explain_all(&evaluation, &mut self.scratch.0)) {
            let place =
                explanation.trigger.as_str().parse().ok().and_then(|place: usize| self.conditions.get_mut(place));
            let Some(part) = place else { continue };
            if !considered.engine.is_in_scope(part.trigger.as_str(), post) {
                continue;
            }
            let fails = std::iter::once(&explanation.verdict)
                .chain(&explanation.also)
                .any(|verdict| verdict.result == Explained::NoMatch);
            part.held |= !fails;
            part.failed |= fails;
        }
    }

    /// Takes note of what a record reached.
    pub(super) fn record(&mut self, record: &Record<'_>) {
        for effect in &record.decision.effects {
            if let Effect::NotifyInbox { reason, .. } = effect
                && let Some(reached) = self.handoffs.get_mut(reason)
            {
                *reached = true;
            }
        }
        let Some(user_id) = record.user_id() else { return };
        let reply = self.reply(record, user_id);
        for change in &record.decision.changes {
            if let Change::Contact(ContactChange::Captured(field, value)) = change {
                self.fields.insert((user_id.clone(), field.clone()), value.clone());
            }
        }
        // A block that is handed back runs again: it is not come to by an edge, but after a handoff the next is.
        let mut runs_again = matches!(record.event(), Some(Event::Act(act)) if act.kind == ActKind::HandBack)
            && !self.stands_at_handoff(user_id);
        for fact in &record.decision.facts {
            match fact {
                Fact::TriggerFired { trigger, .. } => {
                    if let Some((_, reached)) = self.triggers.iter_mut().find(|(id, _)| id == trigger) {
                        *reached = true;
                    }
                }
                Fact::FlowStarted { flow, version, .. } => {
                    let place = Place { flow: flow.clone(), version: *version, block: None };
                    self.places.insert(user_id.clone(), place);
                    runs_again = false;
                }
                Fact::BlockEntered { block, .. } => {
                    if !std::mem::take(&mut runs_again) {
                        self.leave(user_id, reply.as_ref());
                    }
                    if let Some(place) = self.places.get_mut(user_id) {
                        place.block = Some(block.clone());
                    }
                }
                Fact::FlowLeft { why: LeaveReason::Completed, .. } => {
                    self.leave(user_id, reply.as_ref());
                    self.places.remove(user_id);
                }
                _ => {}
            }
        }
    }

    /// What was reached.
    pub fn report(&self) -> CoverageReport {
        let conditions = self.conditions.iter().flat_map(|part| {
            [(part.held, format!("{} never held", part.path)), (part.failed, format!("{} always held", part.path))]
        });
        CoverageReport {
            triggers: Unreached::of(self.triggers.iter().map(|(id, reached)| (*reached, format!("triggers[{id}]")))),
            conditions: Unreached::of(conditions),
            flow_edges: Unreached::of(self.edges.iter().map(|(edge, reached)| (*reached, edge.to_string()))),
            handoff_reasons: Unreached::of(
                self.handoffs.iter().map(|(reason, reached)| (*reached, super::happening::code(reason))),
            ),
        }
    }

    /// The contact goes on from the block where they stand.
    fn leave(&mut self, user_id: &UserId, reply: Option<&Via>) {
        let Some(place) = self.places.get(user_id) else { return };
        let Some(block) = self.block(place) else { return };
        let via = match &block.kind {
            BlockKind::QuickReplies(_) => reply.cloned(),
            BlockKind::Branch(branch) => {
                let value = self.fields.get(&(user_id.clone(), branch.field.clone()));
                Some(branch_via(branch, value.map_or("", Text::as_str)))
            }
            _ => Some(Via::Next),
        };
        let Some(via) = via else { return };
        let edge = Edge { flow: place.flow.clone(), version: place.version, block: block.id.clone(), via };
        if let Some(reached) = self.edges.get_mut(&edge) {
            *reached = true;
        }
    }

    fn block(&self, place: &Place) -> Option<&Block> {
        let flow = self.flows.get(&(place.flow.clone(), place.version))?;
        flow.blocks.iter().find(|block| Some(&block.id) == place.block.as_ref())
    }

    fn stands_at_handoff(&self, user_id: &UserId) -> bool {
        let block = self.places.get(user_id).and_then(|place| self.block(place));
        block.is_some_and(|block| matches!(block.kind, BlockKind::Handoff(_)))
    }

    /// Which way on from the quick replies where they stand a buyer chose.
    fn reply(&self, record: &Record<'_>, user_id: &UserId) -> Option<Via> {
        let Some(Event::Message(message)) = record.event() else { return None };
        if !matches!(&record.decision.outcome, Outcome::Message(outcome) if outcome.result == MessageResult::Taken) {
            return None;
        }
        let BlockKind::QuickReplies(quick) = &self.block(self.places.get(user_id)?)?.kind else { return None };
        if let Some(option) = &message.option {
            return Some(Via::Option(option.to_string()));
        }
        let text = normalise(message.text.as_ref().map_or("", |text| text.as_str()));
        let labelled = quick.options.iter().find(|choice| normalise(&choice.label) == text);
        let numbered = (1..).zip(&quick.options).find(|(number, _)| number.to_string() == text);
        let chosen = labelled.or(numbered.map(|(_, choice)| choice));
        Some(chosen.map_or(Via::FreeText, |choice| Via::Option(choice.id.to_string())))
    }
}

/// Which way on a branch takes (F6).
fn branch_via(branch: &Branch, value: &str) -> Via {
    let value = normalise(value);
    let holds = |test: &Test| match test {
        Test::Equals(wanted) => normalise(wanted) == value,
        Test::Contains(part) => value.contains(&normalise(part)),
        Test::OneOf(any) => any.iter().any(|wanted| normalise(wanted) == value),
    };
    branch.cases.iter().position(|case| holds(&case.test)).map_or(Via::Otherwise, Via::Case)
}

/// Every way on from the blocks of a flow.
fn edges(flow: &Flow) -> Vec<Edge> {
    let edge = |block: &Block, via| Edge { flow: flow.id.clone(), version: flow.version, block: block.id.clone(), via };
    let ways = |kind: &BlockKind| match kind {
        BlockKind::QuickReplies(QuickReplies { options, free_text, .. }) => options
            .iter()
            .map(|choice| Via::Option(choice.id.to_string()))
            .chain(free_text.iter().map(|_| Via::FreeText))
            .collect(),
        BlockKind::Branch(branch) => (0..branch.cases.len()).map(Via::Case).chain([Via::Otherwise]).collect(),
        _ => vec![Via::Next],
    };
    flow.blocks.iter().flat_map(|block| ways(&block.kind).into_iter().map(|via| edge(block, via))).collect()
}

/// The reasons for which conversations of this workspace can go to people.
fn handoffs(workspace: &Workspace) -> Vec<InboxReason> {
    let blocks = || workspace.flows.iter().flat_map(|flow| &flow.blocks);
    let hands_off = blocks().any(|block| matches!(block.kind, BlockKind::Handoff(_)));
    let asks = blocks().any(|block| matches!(block.kind, BlockKind::Question(_) | BlockKind::QuickReplies(_)));
    let sensitive = workspace.sensitive.as_ref().is_none_or(|entries| entries.iter().any(|entry| entry.handoff));
    let possible = [
        (true, InboxReason::OutOfFlow),
        (true, InboxReason::FlowMissing),
        (hands_off, InboxReason::Handoff),
        (sensitive, InboxReason::SensitiveWord),
        (asks, InboxReason::UnrecognizedReplies),
    ];
    possible.into_iter().filter(|(possible, _)| *possible).map(|(_, reason)| reason).collect()
}

/// The condition and every part of it, each with its path.
fn each_part(condition: &Condition, path: String, found: &mut impl FnMut(&Condition, String)) {
    let name = match condition {
        Condition::QuestionMark => "question_mark",
        Condition::FirstComment => "first_comment",
        Condition::Reply => "reply",
        Condition::Keywords(_) => "keywords",
        Condition::Pattern(_) => "pattern",
        Condition::Posts(_) => "posts",
        Condition::Mentions(_) => "mentions",
        Condition::Pack(_) => "pack",
        Condition::All(_) => "all",
        Condition::Any(_) => "any",
        Condition::Not(_) => "not",
    };
    let path = format!("{path}.{name}");
    found(condition, path.clone());
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for (place, part) in parts.iter().enumerate() {
                each_part(part, format!("{path}[{place}]"), found);
            }
        }
        Condition::Not(part) => each_part(part, path, found),
        _ => {}
    }
}

/// Engines in which each part of a condition is a trigger, named by its place among the parts.
fn probes(workspace: &Workspace, parts: Vec<Condition>) -> Result<Vec<Engine>, CompileError> {
    let mut probes = Vec::new();
    let (mut triggers, mut patterns, mut words) = (Vec::new(), 0, 0);
    for (place, condition) in parts.into_iter().enumerate() {
        let (its_patterns, its_words) = weight(&condition);
        let is_full = patterns + its_patterns > PATTERNS || words + its_words > WORDS || triggers.len() == PARTS;
        if is_full && !triggers.is_empty() {
            probes.push(probe(workspace, std::mem::take(&mut triggers))?);
            (patterns, words) = (0, 0);
        }
        (patterns, words) = (patterns + its_patterns, words + its_words);
        triggers.push(Trigger {
            id: place.to_string().into(),
            name: None,
            status: TriggerStatus::Active,
            scope: Scope::All,
            when: condition,
            flow: "probe".into(),
            public_reply: chatsparks_core::workspace::Replies::default(),
            throttle_hours: None,
        });
    }
    if !triggers.is_empty() {
        probes.push(probe(workspace, triggers)?);
    }
    Ok(probes)
}

fn probe(workspace: &Workspace, triggers: Vec<Trigger>) -> Result<Engine, CompileError> {
    let tag = Block { id: "tag".into(), kind: BlockKind::Tag(TagBlock { tag: "probe".into() }), goto: None };
    let flow = Flow { id: "probe".into(), version: 1, blocks: vec![tag] };
    Engine::compile(Workspace { triggers, flows: vec![flow], ..workspace.clone() })
}

/// The patterns and words of a condition.
fn weight(condition: &Condition) -> (usize, usize) {
    match condition {
        Condition::Pattern(_) => (1, 0),
        Condition::Keywords(keywords) => (0, keywords.words.len()),
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().map(weight).fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
        }
        Condition::Not(part) => weight(part),
        _ => (0, 0),
    }
}

impl Unreached {
    fn of(things: impl Iterator<Item = (bool, String)>) -> Self {
        let mut of = Self::default();
        for (reached, name) in things {
            of.of += 1;
            of.reached += usize::from(reached);
            if !reached {
                of.unreached.push(name);
            }
        }
        of
    }
}

impl CoverageReport {
    /// Each kind of thing with what is called so.
    pub fn sections(&self) -> [(&'static str, &Unreached); 4] {
        [
            ("triggers", &self.triggers),
            ("conditions, both ways", &self.conditions),
            ("flow edges", &self.flow_edges),
            ("handoff reasons", &self.handoff_reasons),
        ]
    }
}

impl fmt::Display for CoverageReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, section)) in self.sections().into_iter().enumerate() {
            let line = if place == 0 { "" } else { "\n" };
            write!(out, "{line}{name}: {} of {} reached", section.reached, section.of)?;
            for unreached in &section.unreached {
                write!(out, "\n  {unreached}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "flows[{} v{}].blocks[{}]", self.flow, self.version, self.block)?;
        match &self.via {
            Via::Next => out.write_str(" going on"),
            Via::Option(option) => write!(out, " by option {option}"),
            Via::FreeText => out.write_str(" by free text"),
            Via::Case(case) => write!(out, " by cases[{case}]"),
            Via::Otherwise => out.write_str(" otherwise"),
        }
    }
}
