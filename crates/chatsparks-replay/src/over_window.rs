//! Flows that can come to a point where the messaging window admits no further message (P3, P4), each with the way there.
//!
//! Nothing is reckoned: each flow is lived through in memory, with every answer that leads another way, and where it is
//! held for want of a message, that is told with what was said until then.

use crate::Replay;
use chatsparks_core::{
    BlockId, Comment, Contact, Engine, Envelope, Event, Fact, FlowId, Instant, Message, MessageResult, OptionId,
    Outcome, Period, TimerKind, Waits, texts_for_pattern,
    workspace::{
        Block, BlockKind, Condition, Connections, Expect, Flow, ReachMode, Scope, Test, Trigger, TriggerStatus,
        Workspace,
    },
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// Ways lived through for one flow at most.
const WAYS: usize = 300;
/// Ways lived through at most, for all flows together.
const ALL_WAYS: usize = 20_000;
/// Answers in one way at most.
const ANSWERS: usize = 40;
/// Who answers.
const BUYER: &str = "a-buyer";

/// A place at which a flow is held, as nothing more may be sent until the buyer writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverWindow {
    /// The flow.
    pub flow: FlowId,
    /// Its version: the one that triggers start (F9).
    pub version: i64,
    /// The block that is not sent.
    pub block: BlockId,
    /// What there is no more of.
    pub exceeds: Exceeds,
    /// What happens from the comment on, to where it is held.
    pub path: Vec<PathStep>,
}

/// What a flow runs out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exceeds {
    /// The one message that an answerable comment opens (P3).
    OneMessage,
    /// The messages of the buyer's window (P4).
    Messages,
    /// The time of the buyer's window (P4).
    Time,
}

impl Exceeds {
    /// The stable code, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneMessage => "one_message",
            Self::Messages => "messages",
            Self::Time => "time",
        }
    }
}

/// A step of the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PathStep {
    /// The buyer comments; the platform marks it as answerable.
    Comment,
    /// The buyer writes this.
    Buyer(String),
    /// The buyer taps the option of this id.
    Option(OptionId),
    /// The flow comes to this block.
    Block(BlockId),
}

/// Every place at which a flow that a trigger starts can be held for want of a message, in the order of the document.
///
/// None in the mode `open`, where no window is looked at (P1). Each is found by living through it, so what is told is
/// so; of a flow with very many ways, not all are.
pub fn over_window(engine: &Engine) -> Vec<OverWindow> {
    let workspace = engine.workspace();
    let reach = &workspace.policy.reach;
    if reach.mode == ReachMode::Open {
        return Vec::new();
    }
    let flows: Vec<&Flow> = started(workspace).into_iter().filter(|flow| may_exceed(flow, workspace)).collect();
    let stage = Workspace {
        plan: None,
        connections: Connections::default(),
        sensitive: Some(Vec::new()),
        members: Vec::new(),
        posts: Vec::new(),
        triggers: (0..).zip(&flows).map(|(number, flow)| starter(number, flow)).collect(),
        flows: flows.iter().map(|flow| (*flow).clone()).collect(),
        ..(**workspace).clone()
    };
    // A part of a document that holds does too; were it not so, nothing could be told.
    let Ok(stage) = Engine::compile(Arc::new(stage)) else { return Vec::new() };
    let mut left = ALL_WAYS;
    let mut found = Vec::new();
    for (number, flow) in (0..).zip(flows) {
        Explorer { engine: &stage, number, flow, known: BTreeSet::new(), found: &mut found }.explore(&mut left);
    }
    found
}

/// The flows that active triggers start, each at its highest version (F9).
fn started(workspace: &Workspace) -> Vec<&Flow> {
    let active = workspace.triggers.iter().filter(|trigger| trigger.status == TriggerStatus::Active);
    let named: BTreeSet<&str> = active.map(|trigger| trigger.flow.as_str()).collect();
    let mut highest: BTreeMap<&str, i64> = BTreeMap::new();
    for flow in &workspace.flows {
        let version = highest.entry(flow.id.as_str()).or_insert(flow.version);
        *version = flow.version.max(*version);
    }
    let is_started =
        |flow: &&Flow| named.contains(flow.id.as_str()) && highest.get(flow.id.as_str()) == Some(&flow.version);
    workspace.flows.iter().filter(is_started).collect()
}

/// Whether a flow has as many messages, or waits as long, as it takes.
fn may_exceed(flow: &Flow, workspace: &Workspace) -> bool {
    let reach = &workspace.policy.reach;
    let sends = |block: &&Block| {
        use BlockKind::{Message, Question, QuickReplies, ShopLink};
        matches!(block.kind, Message(_) | Question(_) | QuickReplies(_) | ShopLink(_))
    };
    let messages = flow.blocks.iter().filter(sends).count() as i64;
    let waits = |block: &Block| match &block.kind {
        BlockKind::Wait(wait) => wait.seconds,
        _ => 0,
    };
    let waited = flow.blocks.iter().map(waits).fold(0_i64, i64::saturating_add);
    let admitted = if reach.mode == ReachMode::CommentToMessage { 1 } else { reach.messages_per_window };
    messages > admitted || waited >= reach.window_hours.saturating_mul(3_600)
}

/// A trigger that starts one flow, under a post of its own.
fn starter(number: usize, flow: &Flow) -> Trigger {
    Trigger {
        id: format!("starter-{number}").into(),
        name: None,
        status: TriggerStatus::Active,
        scope: Scope::All,
        when: Condition::Posts(vec![format!("post-{number}").into()]),
        flow: flow.id.clone(),
        public_reply: Default::default(),
        throttle_hours: None,
    }
}

/// What the buyer does where something is waited for.
#[derive(Clone, Debug)]
enum Answer {
    Text(String),
    Option(OptionId),
}

/// Where a flow was seen to wait, for what, and with which fields: from there it goes on alike.
type Place = (BlockId, u8, Vec<(String, String)>);

/// Lives through one flow.
struct Explorer<'a> {
    engine: &'a Engine,
    number: usize,
    flow: &'a Flow,
    /// What was told of it.
    known: BTreeSet<(BlockId, Exceeds)>,
    found: &'a mut Vec<OverWindow>,
}

impl Explorer<'_> {
    fn explore(&mut self, left: &mut usize) {
        let mut next: VecDeque<Vec<Answer>> = VecDeque::from([Vec::new()]);
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        for _ in 0..WAYS {
            let Some(answers) = next.pop_front() else { return };
            if *left == 0 {
                return;
            }
            *left -= 1;
            let Some(stands) = self.live_through(&answers) else { continue };
            if answers.len() >= ANSWERS || !seen.insert((stands.block.clone(), stands.waits as u8, stands.fields)) {
                continue;
            }
            let Some(block) = self.flow.blocks.iter().find(|block| block.id == stands.block) else { continue };
            for answer in self.answers(block, stands.waits) {
                next.push_back(answers.iter().cloned().chain([answer]).collect());
            }
        }
    }

    /// What the buyer may do there that leads another way.
    fn answers(&self, block: &Block, waits: Waits) -> Vec<Answer> {
        let anything = || vec![Answer::Text("hello".to_owned())];
        match (&block.kind, waits) {
            (_, Waits::BudgetToRun | Waits::BudgetToAskAgain) => anything(),
            (BlockKind::Question(question), Waits::Reply) => {
                let mut texts = match &question.expect {
                    None => vec!["yes".to_owned()],
                    Some(Expect::Number) => vec!["1".to_owned()],
                    Some(Expect::Email) => vec!["buyer@example.com".to_owned()],
                    Some(Expect::Phone) => vec!["0812345678".to_owned()],
                    Some(Expect::Pattern(pattern)) => texts_for_pattern(pattern),
                };
                texts.extend(self.compared_with(question.field.as_str()));
                texts.into_iter().map(Answer::Text).collect()
            }
            (BlockKind::QuickReplies(replies), Waits::Reply) => {
                let mut answers: Vec<Answer> =
                    replies.options.iter().map(|option| Answer::Option(option.id.clone())).collect();
                if let Some(free_text) = &replies.free_text {
                    answers.extend(anything());
                    let field = free_text.field.as_ref().or(replies.field.as_ref());
                    answers.extend(
                        field.into_iter().flat_map(|field| self.compared_with(field.as_str())).map(Answer::Text),
                    );
                }
                answers
            }
            _ => Vec::new(),
        }
    }

    /// What the branches of the flow compare a field with.
    fn compared_with(&self, field: &str) -> Vec<String> {
        let branches = self.flow.blocks.iter().filter_map(|block| match &block.kind {
            BlockKind::Branch(branch) if branch.field == *field => Some(branch),
            _ => None,
        });
        let tests = branches.flat_map(|branch| &branch.cases).map(|case| &case.test);
        tests
            .flat_map(|test| match test {
                Test::Equals(text) | Test::Contains(text) => std::slice::from_ref(text),
                Test::OneOf(texts) => texts.as_slice(),
            })
            .cloned()
            .collect()
    }

    /// Lets a comment and these answers happen; where it is held at last, tells of it. None: nothing waits for an
    /// answer any more, or the last one was not taken.
    fn live_through(&mut self, answers: &[Answer]) -> Option<Stands> {
        let mut life = Life::begin(self.engine, self.number);
        let writes_first = self.engine.workspace().policy.reach.mode == ReachMode::BuyerFirst;
        if writes_first {
            life.answer(&Answer::Text("hello".to_owned()));
        }
        for answer in answers {
            if !life.answer(answer) {
                return None;
            }
        }
        let contact = life.replay.contact(BUYER)?;
        let stands = contact.open_conversation()?.stands.as_ref()?;
        if matches!(stands.waits, Waits::BudgetToRun | Waits::BudgetToAskAgain) {
            let exceeds = match contact.window() {
                None => Exceeds::OneMessage,
                Some(window) if life.at >= window.until => Exceeds::Time,
                Some(_) => Exceeds::Messages,
            };
            if self.known.insert((stands.block.clone(), exceeds)) {
                let (flow, version) = (self.flow.id.clone(), self.flow.version);
                let (block, path) = (stands.block.clone(), life.path.clone());
                self.found.push(OverWindow { flow, version, block, exceeds, path });
            }
        }
        Some(Stands { block: stands.block.clone(), waits: stands.waits, fields: fields(contact) })
    }
}

/// Where a flow waits for the buyer.
struct Stands {
    block: BlockId,
    waits: Waits,
    fields: Vec<(String, String)>,
}

fn fields(contact: &Contact) -> Vec<(String, String)> {
    contact.fields().map(|(field, text)| (field.to_string(), text.as_str().to_owned())).collect()
}

/// One way through a flow, as it happens.
struct Life {
    replay: Replay,
    at: Instant,
    events: usize,
    path: Vec<PathStep>,
}

impl Life {
    fn begin(engine: &Engine, number: usize) -> Self {
        let at = Instant::from_milliseconds(1_767_225_600_000);
        let mut life = Self { replay: Replay::new(engine.clone()), at, events: 0, path: vec![PathStep::Comment] };
        let comment = Comment {
            comment_id: "c".into(),
            post_id: format!("post-{number}").into(),
            user_id: BUYER.into(),
            handle: None,
            text: "hello".into(),
            posted_at: None,
            reply_to: None,
            direct_reply: true,
        };
        life.push(Event::Comment(comment));
        life.wait();
        life
    }

    /// Lets an event happen, and writes down the blocks that the flow comes to; says whether a message was taken.
    fn push(&mut self, event: Event) -> bool {
        self.events += 1;
        let envelope = Envelope { id: format!("e{}", self.events).into(), at: self.at, event };
        let (path, mut is_taken) = (&mut self.path, true);
        self.replay.push(&envelope, |record| {
            if let Outcome::Message(message) = &record.decision.outcome {
                is_taken = !matches!(message.result, MessageResult::Mismatch | MessageResult::OutOfFlow);
            }
            path.extend(record.decision.facts.iter().filter_map(|fact| match fact {
                Fact::BlockEntered { block, .. } => Some(PathStep::Block(block.clone())),
                _ => None,
            }));
        });
        is_taken
    }

    /// Lets time pass for as long as the flow waits for nothing else.
    fn wait(&mut self) {
        while let Some(contact) = self.replay.contact(BUYER)
            && contact
                .open_conversation()
                .and_then(|open| open.stands.as_ref())
                .is_some_and(|at| at.waits == Waits::Time)
            && let Some(due) = contact.due(TimerKind::FlowWait)
        {
            self.at = due;
            self.push(Event::Clock);
        }
    }

    /// The buyer answers a minute later; says whether that was taken.
    fn answer(&mut self, answer: &Answer) -> bool {
        self.at = self.at.after(Period::minutes(1));
        let (text, option) = match answer {
            Answer::Text(text) => (Some(text.as_str().into()), None),
            Answer::Option(option) => (None, Some(option.clone())),
        };
        self.path.push(match answer {
            Answer::Text(text) => PathStep::Buyer(text.clone()),
            Answer::Option(option) => PathStep::Option(option.clone()),
        });
        let message = Message {
            message_id: format!("m{}", self.events).into(),
            user_id: BUYER.into(),
            handle: None,
            text,
            option,
        };
        let is_taken = self.push(Event::Message(message));
        self.wait();
        is_taken
    }
}
