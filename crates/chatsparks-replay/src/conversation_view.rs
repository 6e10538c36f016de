//! What happened with one contact, as a conversation reads: who said what and when, and why it went on as it did.

use crate::{
    driver::Observer,
    record::Record,
    transcript::{clean, code},
};
use chatsparks_core::{
    ActKind, CommentId, CommentOutcome, CommentResult, ConversationState, DmId, DmStage, DropReason, Effect, Email,
    Event, Fact, Field, FlowId, InboxReason, Instant, LeaveReason, MessageResult, OptionId, OrderId, OrderResult,
    Outcome, PostId, RefusalReason, SentOption, Source, Tag, Text, TimerKind, TriggerId, UserId, workspace::Link,
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt, sync::Arc};

/// Watches a replay for one contact, and shows what was said: `Display` for people, serialised for programs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConversationView {
    /// The contact.
    pub user_id: UserId,
    /// Their handle, as last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<Arc<str>>,
    /// What happened, in order.
    pub entries: Vec<Entry>,
    #[serde(skip)]
    dms: BTreeMap<DmId, usize>,
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
    PublicReply { text: Arc<str> },
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
        note: Option<Arc<str>>,
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
    Waits { trigger: TriggerId, queued: bool, until: Instant },
    /// A start that waited had its turn.
    Released { trigger: TriggerId },
    /// A start that waited will not begin.
    Dropped { trigger: TriggerId, reason: DropReason },
    /// A field was captured.
    Captured { field: Field },
    /// The contact got a tag.
    Tagged { tag: Tag },
    /// The contact was counted in a billing cycle (M1).
    Counted { cycle: Instant, count: u64 },
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
    pub text: Option<Arc<str>>,
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
    pub detail: Option<Arc<str>>,
    /// Whether it replaced the stage before; an earlier stage does not.
    pub counts: bool,
}

impl ConversationView {
    /// A view of this contact, before anything happened.
    pub fn new(user_id: impl Into<UserId>) -> Self {
        Self { user_id: user_id.into(), handle: None, entries: Vec::new(), dms: BTreeMap::new() }
    }

    /// Whether anything happened with the contact.
    pub fn is_known(&self) -> bool {
        !self.entries.is_empty()
    }

    fn tell(&mut self, record: &Record<'_>, conversation: Option<u32>, what: Happened) {
        self.entries.push(Entry { at: record.at, conversation, what });
    }

    /// What the contact or a member did, and what came of it.
    fn event(&mut self, record: &Record<'_>, event: &Event) {
        let outcome = &record.decision.outcome;
        let refused = match outcome {
            Outcome::Refused(refusal) => Some(refusal.reason),
            _ => None,
        };
        let duplicate = matches!(outcome, Outcome::Duplicate {});
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
            (Event::CommentRemoved(of), _) => {
                Happened::CommentTold { comment_id: of.comment_id.clone(), removed: true }
            }
            (Event::CommentAnswerable(of), _) => {
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
            _ => return,
        };
        self.tell(record, None, told);
    }

    fn seen(&mut self, handle: Option<&Arc<str>>) {
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
                (false, None, Happened::Waits { trigger: trigger.clone(), queued: false, until: *until })
            }
            Fact::Queued { trigger, until } => {
                (false, None, Happened::Waits { trigger: trigger.clone(), queued: true, until: *until })
            }
            Fact::Tagged { tag } => (false, None, Happened::Tagged { tag: tag.clone() }),
            Fact::ContactCounted { cycle, count } => (false, None, Happened::Counted { cycle: *cycle, count: *count }),
            Fact::StateChanged { conversation, from, to, reason } => {
                let why = reason.map_or_else(|| why(record), |reason| code(&reason));
                (false, Some(*conversation), Happened::State { from: *from, to: *to, why })
            }
            _ => return,
        };
        if is_before == before {
            self.tell(record, conversation, told);
        }
    }

    fn receipt(&mut self, record: &Record<'_>) {
        let Some(Event::Receipt(receipt)) = record.event() else { return };
        let Some(place) = self.dms.get(&receipt.dm_id) else { return };
        let counts = record.decision.facts.iter().any(|fact| matches!(fact, Fact::DmStage { .. }));
        if let Some(Entry { what: Happened::Dm(dm), .. }) = self.entries.get_mut(*place) {
            dm.stages.push(Stage { at: record.at, stage: receipt.status, detail: receipt.detail.clone(), counts });
        }
    }
}

impl Observer for ConversationView {
    fn record(&mut self, record: &Record<'_>) {
        self.receipt(record);
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

impl fmt::Display for ConversationView {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.handle.as_ref().map_or_else(|| self.user_id.to_string(), |handle| clean(handle));
        writeln!(out, "{who} ({})", self.user_id)?;
        let mut last = None;
        for entry in &self.entries {
            if entry.what == Happened::Opened {
                writeln!(out, "\n--- conversation {} ---", entry.conversation.unwrap_or_default())?;
                continue;
            }
            // An instant stands beside the first of what happened then.
            let at = if last == Some(entry.at) { String::new() } else { entry.at.to_string() };
            last = Some(entry.at);
            writeln!(out, "{at:<24}  {}", told(&who, &entry.what))?;
            if let Happened::Dm(dm) = &entry.what {
                for stage in &dm.stages {
                    let detail = stage.detail.as_ref().map(|detail| format!(": {}", clean(detail))).unwrap_or_default();
                    let late = if stage.counts { "" } else { " (came late)" };
                    writeln!(out, "{:24}    · {} {}{detail}{late}", "", code(&stage.stage), stage.at)?;
                }
            }
        }
        Ok(())
    }
}

fn told(who: &str, what: &Happened) -> String {
    match what {
        Happened::Comment { comment_id, post_id, text, outcome } => {
            format!("{who} commented on {post_id} ({comment_id}): {} → {}", clean(text.as_str()), came_of(outcome))
        }
        Happened::CommentTold { comment_id, removed: true } => format!("comment {comment_id} was removed"),
        Happened::CommentTold { comment_id, removed: false } => format!("comment {comment_id} may be answered by a DM"),
        Happened::PublicReply { text } => format!("shop, in public: {}", clean(text)),
        Happened::Message { text, option, result } => {
            let tapped = option.as_ref().map(|option| format!(" [tapped {}]", clean(option.as_str())));
            let text = text.as_ref().map(|text| format!(" {}", clean(text.as_str())));
            format!("{who}:{}{} → {}", tapped.unwrap_or_default(), text.unwrap_or_default(), code(result))
        }
        Happened::Dm(dm) => {
            let mut line = format!("{}:", dm.member.as_ref().map_or("bot", |member| member.as_str()));
            line.extend(dm.text.iter().map(|text| format!(" {}", clean(text))));
            line.extend(dm.options.iter().map(|option| format!(" [{}]", clean(&option.label))));
            line.extend(dm.card.iter().map(|card| format!(" <{}>", card_text(card))));
            line
        }
        Happened::Inbox { reason, note, owner } => {
            let owner = owner.as_ref().map(|owner| format!(" for {owner}")).unwrap_or_default();
            let note = note.as_ref().map(|note| format!(" ({})", clean(note))).unwrap_or_default();
            format!("inbox{owner}: {}{note}", code(reason))
        }
        Happened::Act { member, act, to, refused, duplicate } => {
            let to = to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
            let came = match (refused, duplicate) {
                (Some(reason), _) => format!(" → refused: {}", code(reason)),
                (None, true) => " → duplicate".to_owned(),
                (None, false) => String::new(),
            };
            format!("{member}: {act}{to}{came}")
        }
        Happened::Opened => String::new(),
        Happened::State { from, to, why } => format!("{} → {}: {why}", code(from), code(to)),
        Happened::Flow { flow, version, trigger } => format!("flow {flow}, version {version}, starts by {trigger}"),
        Happened::Waits { trigger, queued, until } => {
            let what = if *queued { "queued for room under the limit" } else { "held for the buyer to write" };
            format!("the start of {trigger} is {what}, until {until}")
        }
        Happened::Released { trigger } => format!("the start of {trigger} has its turn"),
        Happened::Dropped { trigger, reason } => format!("the start of {trigger} is dropped: {}", code(reason)),
        Happened::Captured { field } => format!("captured {field}"),
        Happened::Tagged { tag } => format!("tagged {tag}"),
        Happened::Counted { cycle, count } => format!("counted in the cycle of {cycle}, as number {count}"),
        Happened::Order { order_id, result, total_minor, currency } => {
            format!("{who} ordered {order_id}: {total_minor} {currency} → {}", code(result))
        }
    }
}

fn came_of(outcome: &CommentOutcome) -> String {
    let trigger = outcome.trigger.as_ref().map(|trigger| format!(" {trigger}")).unwrap_or_default();
    let until = outcome.until.map(|until| format!(" until {until}")).unwrap_or_default();
    let not = if outcome.result.is_firing() || outcome.result == CommentResult::Duplicate { "" } else { "not fired: " };
    format!("{not}{}{trigger}{until}", code(&outcome.result))
}

fn card_text(card: &Link) -> String {
    match (&card.product, &card.sku) {
        (Some(product), Some(sku)) => format!("{product}/{sku}"),
        (Some(product), None) => product.to_string(),
        (None, _) => "shop".to_owned(),
    }
}
