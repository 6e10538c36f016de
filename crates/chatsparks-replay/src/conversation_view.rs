//! What happened with one contact, as a conversation reads: who said what and when, and why it went on as it did.

use crate::{
    driver::{Considered, Observer},
    evidence::{Arrival, Arrivals, Next, SetAside, is_duplicate, set_aside},
    record::Record,
    transcript::code,
};
use chatsparks_core::{
    ActKind, CommentId, CommentOutcome, CommentResult, ConversationState, DmId, DmStage, DropReason, Effect, Email,
    Event, Fact, Field, FlowId, InboxReason, Instant, LeaveReason, MessageResult, OptionId, OrderId, OrderResult,
    Outcome, PendingFor, PostId, RefusalReason, SentOption, Source, Tag, Text, TimerKind, TriggerId, UserId,
    diagnosis::Advice, workspace::Link,
};
use serde::Serialize;
use std::collections::BTreeMap;

mod page;

/// Watches a replay for one contact, and shows what was said: `Display` for people, serialised for programs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConversationView {
    /// The contact.
    pub user_id: UserId,
    /// Their handle, as last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<Text>,
    /// What happened, in order.
    pub entries: Vec<Entry>,
    #[serde(skip)]
    dms: BTreeMap<DmId, usize>,
    #[serde(skip)]
    arrivals: Arrivals,
    /// The count and the limit, as far as they are known: from the first comment of anybody on.
    #[serde(skip)]
    usage: (Option<u64>, Option<u64>),
    /// What the contact's start waits for.
    #[serde(skip)]
    waits: Option<PendingFor>,
}

/// Something that happened with the contact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// In which conversation, where it belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<u32>,
    /// What.
    #[serde(flatten)]
    pub what: Happened,
    /// The event that this is a duplicate of, where it is one and that is known (T3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<Arrival>,
    /// What to do about it, where something was refused, waits, or came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are named by the ids and words they hold")]
pub enum Happened {
    /// The contact commented.
    Comment { comment_id: CommentId, post_id: PostId, text: Text, outcome: CommentOutcome },
    /// Their comment was deleted or hidden, or may be answered by a DM from now on.
    CommentTold { comment_id: CommentId, removed: bool },
    /// The shop answered a comment in public.
    PublicReply { text: Text },
    /// The contact wrote a DM.
    Message {
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Text>,
        #[serde(skip_serializing_if = "Option::is_none")]
        option: Option<OptionId>,
        result: MessageResult,
    },
    /// A DM went to the contact.
    Dm(Dm),
    /// The inbox was told.
    Inbox {
        reason: InboxReason,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<Text>,
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<Email>,
    },
    /// A member did something.
    Act {
        member: Email,
        act: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<Email>,
        #[serde(skip_serializing_if = "Option::is_none")]
        refused: Option<RefusalReason>,
        duplicate: bool,
    },
    /// A conversation opened.
    Opened,
    /// The conversation changed its state.
    State { from: ConversationState, to: ConversationState, why: String },
    /// A flow started.
    Flow { flow: FlowId, version: i64, trigger: TriggerId },
    /// A start waits until an instant: held for the contact to write, or queued for room.
    /// With it the count and the limit then, where it waits for room.
    Waits {
        trigger: TriggerId,
        queued: bool,
        until: Instant,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
    },
    /// A start that waited had its turn.
    Released { trigger: TriggerId },
    /// A start that waited will not begin.
    Dropped { trigger: TriggerId, reason: DropReason },
    /// A field was captured.
    Captured { field: Field },
    /// The contact got a tag.
    Tagged { tag: Tag },
    /// The contact was counted in a billing cycle, by this event or timer (M1).
    Counted { cycle: Instant, count: u64, by: String },
    /// Something else about the contact was refused, or came again: `duplicate`, or the reason.
    SetAside {
        #[serde(rename = "type")]
        kind: &'static str,
        reason: &'static str,
    },
    /// The contact ordered.
    Order { order_id: OrderId, result: OrderResult, total_minor: i64, currency: String },
}

/// A DM to the contact, and its life so far (V11).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dm {
    /// The id of its effect.
    pub dm_id: DmId,
    /// Who wrote it; none: the bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Email>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Its buttons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<SentOption>,
    /// Its product card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<Link>,
    /// Every receipt, in the order they came.
    pub stages: Vec<Stage>,
}

/// A stage that a DM was said to have reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// When the receipt came.
    pub at: Instant,
    /// The stage.
    pub stage: DmStage,
    /// The platform's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Text>,
    /// Whether it replaced the stage before; an earlier stage does not.
    pub counts: bool,
    /// Whether the same receipt came before (T3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
}

impl ConversationView {
    /// A view of this contact, before anything happened.
    pub fn new(user_id: impl Into<UserId>) -> Self {
        Self {
            user_id: user_id.into(),
            handle: None,
            entries: Vec::new(),
            dms: BTreeMap::new(),
            arrivals: Arrivals::default(),
            usage: (None, None),
            waits: None,
        }
    }

    /// Whether anything happened with the contact.
    pub fn is_known(&self) -> bool {
        !self.entries.is_empty()
    }

    fn tell(&mut self, record: &Record<'_>, conversation: Option<u32>, what: Happened) {
        self.entries.push(Entry { at: record.at, conversation, what, duplicate_of: None, next: None });
    }

    fn advise(&mut self, advice: Option<Advice>) {
        if let Some(entry) = self.entries.last_mut() {
            entry.next = advice.map(Next::from);
        }
    }

    /// What the contact or a member did, and what came of it.
    fn event(&mut self, record: &Record<'_>, event: &Event) {
        let outcome = &record.decision.outcome;
        let set_aside = set_aside(record, &mut self.arrivals);
        let refused = match outcome {
            Outcome::Refused(refusal) => Some(refusal.reason),
            _ => None,
        };
        let duplicate = is_duplicate(outcome);
        let told = match (event, outcome) {
            (Event::Comment(comment), Outcome::Comment(outcome)) => {
                self.seen(comment.handle.as_ref());
                Happened::Comment {
                    comment_id: comment.comment_id.clone(),
                    post_id: comment.post_id.clone(),
                    text: comment.text.clone(),
                    outcome: outcome.clone(),
                }
            }
            (Event::CommentRemoved(of), Outcome::Applied {}) => {
                Happened::CommentTold { comment_id: of.comment_id.clone(), removed: true }
            }
            (Event::CommentAnswerable(of), Outcome::Applied {}) => {
                Happened::CommentTold { comment_id: of.comment_id.clone(), removed: false }
            }
            (Event::Message(message), Outcome::Message(outcome)) => {
                self.seen(message.handle.as_ref());
                Happened::Message { text: message.text.clone(), option: message.option.clone(), result: outcome.result }
            }
            (Event::Act(act), _) => {
                let to = match &act.kind {
                    ActKind::Assign(to) => Some(to.clone()),
                    _ => None,
                };
                Happened::Act { member: act.member.clone(), act: name(&act.kind), to, refused, duplicate }
            }
            // One that goes out is told as the DM that it is.
            (Event::MemberMessage(message), _) if refused.is_some() || duplicate => {
                Happened::Act { member: message.member.clone(), act: "write", to: None, refused, duplicate }
            }
            (Event::Order(order), Outcome::Order(outcome)) => Happened::Order {
                order_id: order.order_id.clone(),
                result: outcome.result,
                total_minor: outcome.total_minor,
                currency: outcome.currency.to_string(),
            },
            _ => match &set_aside {
                Some(SetAside { kind, reason, .. }) => Happened::SetAside { kind, reason },
                None => return,
            },
        };
        self.tell(record, None, told);
        let advice = match outcome {
            _ if set_aside.is_some() => set_aside.as_ref().map(|one| one.next.advice),
            Outcome::Comment(outcome) => advice(outcome.result),
            _ => None,
        };
        self.advise(advice);
        if let Some(entry) = self.entries.last_mut() {
            entry.duplicate_of = set_aside.and_then(|one| one.duplicate_of);
        }
    }

    fn seen(&mut self, handle: Option<&Text>) {
        if handle.is_some() {
            self.handle = handle.cloned();
        }
    }

    fn effect(&mut self, record: &Record<'_>, position: usize, effect: &Effect) {
        match effect {
            Effect::PublicReply { text, .. } => {
                self.tell(record, None, Happened::PublicReply { text: text.clone() });
            }
            Effect::SendDm(dm) => {
                let dm_id: DmId = record.source.effect_id(position).into();
                self.dms.insert(dm_id.clone(), self.entries.len());
                let told = Dm {
                    dm_id,
                    member: dm.member.clone(),
                    text: dm.text.clone(),
                    options: dm.options.clone(),
                    card: dm.card.clone(),
                    stages: Vec::new(),
                };
                self.tell(record, Some(dm.conversation), Happened::Dm(told));
            }
            Effect::NotifyInbox { conversation, reason, note, owner, .. } => {
                let told = Happened::Inbox { reason: *reason, note: note.clone(), owner: owner.clone() };
                self.tell(record, Some(*conversation), told);
            }
            Effect::NotifyOwners { .. } => {}
        }
    }

    /// What of the facts effects do not tell; those before the effects, or those after.
    fn fact(&mut self, record: &Record<'_>, fact: &Fact, before: bool) {
        let (is_before, conversation, told) = match fact {
            Fact::ConversationOpened { conversation } => (true, Some(*conversation), Happened::Opened),
            Fact::FlowStarted { trigger, flow, version, conversation } => {
                let told = Happened::Flow { flow: flow.clone(), version: *version, trigger: trigger.clone() };
                (true, Some(*conversation), told)
            }
            Fact::Released { trigger } => (true, None, Happened::Released { trigger: trigger.clone() }),
            Fact::FieldCaptured { field } => (true, None, Happened::Captured { field: field.clone() }),
            Fact::Dropped { trigger, reason } => {
                (true, None, Happened::Dropped { trigger: trigger.clone(), reason: *reason })
            }
            Fact::Held { trigger, until } => {
                let (count, limit) = (None, None);
                let trigger = trigger.clone();
                (false, None, Happened::Waits { trigger, queued: false, until: *until, count, limit })
            }
            Fact::Queued { trigger, until } => {
                let (count, limit) = self.usage;
                let trigger = trigger.clone();
                (false, None, Happened::Waits { trigger, queued: true, until: *until, count, limit })
            }
            Fact::Tagged { tag } => (false, None, Happened::Tagged { tag: tag.clone() }),
            Fact::ContactCounted { cycle, count } => {
                let by = record.source.to_string();
                (false, None, Happened::Counted { cycle: *cycle, count: *count, by })
            }
            Fact::StateChanged { conversation, from, to, reason } => {
                let why = reason.map_or_else(|| why(record), |reason| code(&reason));
                (false, Some(*conversation), Happened::State { from: *from, to: *to, why })
            }
            _ => return,
        };
        if is_before != before {
            return;
        }
        let advice = match &told {
            Happened::Waits { queued, .. } => {
                let waits = if *queued { PendingFor::Room } else { PendingFor::Message };
                self.waits = Some(waits);
                Some(Advice::about_wait(waits))
            }
            // A start that another one replaced tells by itself what came next.
            Happened::Dropped { reason, .. } if *reason != DropReason::Replaced => {
                Some(Advice::about_drop(*reason, self.waits.unwrap_or(PendingFor::Room)))
            }
            _ => None,
        };
        self.tell(record, conversation, told);
        self.advise(advice);
    }

    /// Follows the count and the limit, which a start that waits for room is told with.
    fn follow_usage(&mut self, record: &Record<'_>) {
        self.usage = (Some(record.head.count()), record.head.terms().limit());
        for fact in &record.decision.facts {
            if let Fact::ContactCounted { count, .. } = fact {
                self.usage.0 = Some(*count);
            }
        }
    }

    fn receipt(&mut self, record: &Record<'_>) {
        let Some(Event::Receipt(receipt)) = record.event() else { return };
        let Some(place) = self.dms.get(&receipt.dm_id) else { return };
        let counts = record.decision.facts.iter().any(|fact| matches!(fact, Fact::DmStage { .. }));
        if let Some(Entry { what: Happened::Dm(dm), .. }) = self.entries.get_mut(*place) {
            let (stage, detail) = (receipt.status, receipt.detail.clone());
            let duplicate = is_duplicate(&record.decision.outcome);
            dm.stages.push(Stage { at: record.at, stage, detail, counts, duplicate });
        }
    }
}

impl Observer for ConversationView {
    fn record(&mut self, record: &Record<'_>) {
        self.receipt(record);
        self.follow_usage(record);
        // An order's own user id may be one of the shop's; whom it is credited to says who it was.
        let credited = match &record.decision.outcome {
            Outcome::Order(order) => order.credit.as_ref().map(|credit| &credit.user_id),
            _ => None,
        };
        if credited.or(record.user_id()) != Some(&self.user_id) {
            return;
        }
        if let Some(event) = record.event() {
            self.event(record, event);
        }
        record.decision.facts.iter().for_each(|fact| self.fact(record, fact, true));
        for (position, effect) in record.decision.effects.iter().enumerate() {
            self.effect(record, position, effect);
        }
        record.decision.facts.iter().for_each(|fact| self.fact(record, fact, false));
    }

    fn comment(&mut self, considered: &Considered<'_>) {
        self.usage = (Some(considered.head.count()), considered.head.terms().limit());
    }
}

impl Entry {
    /// Whether this was processed before, and changed nothing now.
    pub fn is_duplicate(&self) -> bool {
        match &self.what {
            Happened::Comment { outcome, .. } => outcome.result == CommentResult::Duplicate,
            Happened::Message { result, .. } => *result == MessageResult::Duplicate,
            Happened::Act { duplicate, .. } => *duplicate,
            Happened::SetAside { reason, .. } => *reason == "duplicate",
            _ => false,
        }
    }
}

/// What to do about a comment that something refused; what merely matched nothing needs nothing.
fn advice(result: CommentResult) -> Option<Advice> {
    let is_refused = matches!(
        result,
        CommentResult::OwnComment
            | CommentResult::NotConnected
            | CommentResult::OutsideWindow
            | CommentResult::BlockedContact
            | CommentResult::Throttled
            | CommentResult::WithHuman
            | CommentResult::Undeliverable
    );
    is_refused.then(|| Advice::about_comment(result.into(), None))
}

/// Why a state changed, where the rules give no reason of their own.
fn why(record: &Record<'_>) -> String {
    if let Source::Timer { timer, .. } = record.source {
        return match timer.kind {
            TimerKind::Idle => "no reply".to_owned(),
            TimerKind::FlowWait => flow_ended(record).unwrap_or("the wait is over").to_owned(),
            _ => flow_ended(record).unwrap_or("its turn came").to_owned(),
        };
    }
    match record.event() {
        Some(Event::Act(act)) => match &act.kind {
            ActKind::Take => format!("taken by {}", act.member),
            ActKind::Assign(to) => format!("assigned to {to} by {}", act.member),
            ActKind::HandBack => format!("handed back by {}", act.member),
            _ => format!("closed by {}", act.member),
        },
        Some(Event::MemberMessage(message)) => format!("{} wrote", message.member),
        _ => flow_ended(record).unwrap_or("the buyer wrote").to_owned(),
    }
}

fn flow_ended(record: &Record<'_>) -> Option<&'static str> {
    let facts = &record.decision.facts;
    if facts.iter().any(|fact| matches!(fact, Fact::FlowLeft { why: LeaveReason::Completed, .. })) {
        return Some("the flow is completed");
    }
    if facts.iter().any(|fact| matches!(fact, Fact::FlowStarted { .. })) {
        return Some("a flow starts");
    }
    let held = facts.iter().any(|fact| matches!(fact, Fact::StateChanged { to: ConversationState::Waiting, .. }));
    held.then_some("no message is left in the window")
}

fn name(kind: &ActKind) -> &'static str {
    match kind {
        ActKind::Take => "take",
        ActKind::Assign(_) => "assign",
        ActKind::HandBack => "hand back",
        ActKind::Close => "close",
        ActKind::Block => "block",
        ActKind::Unblock => "unblock",
    }
}
