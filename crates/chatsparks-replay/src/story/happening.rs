//! What happens at a step, as stories write it: the same lines that are expected and that came.

use super::words::{written_instant, written_label, written_pair, written_text, written_word};
use crate::record::Record;
use chatsparks_core::{
    CommentOutcome, CommentResult, ConversationState, DropReason, Effect, Fact, InboxReason, Instant, MessageResult,
    OrderOutcome, OrderResult, OrganicReason, Outcome, RefusalReason, StateReason, Text, workspace::Link,
};
use serde::Serialize;
use std::fmt;

/// One thing that happens. Of an expected one, what is `None` is not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    Comment {
        result: CommentResult,
        trigger: Option<String>,
        until: Option<Instant>,
    },
    Message(MessageResult),
    Order(OrderLineOf),
    Applied,
    Duplicate,
    Refused(Option<RefusalReason>),
    Public(String),
    Bot {
        text: String,
        options: Vec<String>,
    },
    Card {
        link: Link,
        text: Option<String>,
    },
    /// A member's own message goes out (V7).
    Sent {
        by: Option<String>,
        card: Option<Link>,
        text: Option<String>,
    },
    Inbox {
        reason: InboxReason,
        owner: Option<String>,
        note: Option<String>,
    },
    Owners {
        level: u8,
        counts: Option<(u64, u64)>,
    },
    State {
        state: ConversationState,
        reason: Option<StateReason>,
    },
    Begins(Option<String>),
    Dropped {
        trigger: Option<String>,
        reason: Option<DropReason>,
    },
    Cycle,
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OrderLineOf {
    pub(super) result: OrderResult,
    pub(super) to: Option<String>,
    pub(super) block: Option<String>,
    pub(super) overlap: Option<i64>,
    pub(super) reason: Option<OrganicReason>,
}

/// What happenings have in common: told together where one of them is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Outcome,
    Effect,
    State,
    Start,
}

impl Happening {
    /// Whether an expectation of this step has to name it; what need not be named follows from the rest.
    pub(super) fn must_be_expected(&self) -> bool {
        !matches!(
            self,
            Self::Applied
                | Self::Duplicate
                | Self::Sent { .. }
                | Self::Cycle
                | Self::Begins(_)
                | Self::Message(MessageResult::Taken | MessageResult::Kept)
                | Self::Comment { result: CommentResult::NoMatch, .. }
                | Self::State { state: ConversationState::Bot, .. }
        )
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Comment { .. }
            | Self::Message(_)
            | Self::Order(_)
            | Self::Applied
            | Self::Duplicate
            | Self::Refused(_) => Kind::Outcome,
            Self::State { .. } => Kind::State,
            Self::Begins(_) | Self::Dropped { .. } | Self::Cycle => Kind::Start,
            _ => Kind::Effect,
        }
    }

    /// Whether this, expected, is what came.
    pub(super) fn admits(&self, came: &Self) -> bool {
        fn open<T: PartialEq>(wanted: &Option<T>, came: &Option<T>) -> bool {
            wanted.is_none() || wanted == came
        }
        match (self, came) {
            (Self::Comment { result, trigger, until }, Self::Comment { result: r, trigger: t, until: u }) => {
                result == r && open(trigger, t) && open(until, u)
            }
            (Self::Order(wanted), Self::Order(came)) => {
                wanted.result == came.result
                    && open(&wanted.to, &came.to)
                    && open(&wanted.block, &came.block)
                    && open(&wanted.overlap, &came.overlap)
                    && open(&wanted.reason, &came.reason)
            }
            (Self::Refused(wanted), Self::Refused(came)) => open(wanted, came),
            (Self::Card { link, text }, Self::Card { link: l, text: t }) => link == l && open(text, t),
            (Self::Sent { by, card, text }, Self::Sent { by: b, card: c, text: t }) => {
                open(by, b) && open(card, c) && open(text, t)
            }
            (Self::Inbox { reason, owner, note }, Self::Inbox { reason: r, owner: o, note: n }) => {
                reason == r && open(owner, o) && open(note, n)
            }
            (Self::Owners { level, counts }, Self::Owners { level: l, counts: c }) => level == l && open(counts, c),
            (Self::State { state, reason }, Self::State { state: s, reason: r }) => state == s && open(reason, r),
            (Self::Begins(wanted), Self::Begins(came)) => open(wanted, came),
            (Self::Dropped { trigger, reason }, Self::Dropped { trigger: t, reason: r }) => {
                open(trigger, t) && open(reason, r)
            }
            (wanted, came) => wanted == came,
        }
    }

    /// What a record tells: its outcome, its effects, what became of starts, and the state it leaves.
    pub(super) fn all_of(record: &Record<'_>) -> Vec<Self> {
        let decision = record.decision;
        let mut all: Vec<Self> = Vec::new();
        let mut states: Option<(Option<ConversationState>, ConversationState, Option<StateReason>)> = None;
        let mut until = None;
        let mut starts = Vec::new();
        for fact in &decision.facts {
            match fact {
                Fact::Held { until: end, .. } | Fact::Queued { until: end, .. } => until = Some(*end),
                Fact::Released { trigger } => starts.push(Self::Begins(Some(trigger.to_string()))),
                Fact::Dropped { trigger, reason } => {
                    starts.push(Self::Dropped { trigger: Some(trigger.to_string()), reason: Some(*reason) });
                }
                Fact::CycleBegan { .. } => starts.push(Self::Cycle),
                Fact::ConversationOpened { .. } => states = Some((None, ConversationState::Bot, None)),
                Fact::StateChanged { from, to, reason, .. } => {
                    let before = states.map_or(Some(*from), |(before, ..)| before);
                    states = Some((before, *to, *reason));
                }
                _ => {}
            }
        }
        if record.envelope.is_some() {
            all.push(Self::of_outcome(&decision.outcome, until));
        }
        all.extend(starts);
        all.extend(decision.effects.iter().map(Self::of_effect));
        if let Some((before, state, reason)) = states
            && before != Some(state)
        {
            all.push(Self::State { state, reason });
        }
        all
    }

    fn of_outcome(outcome: &Outcome, until: Option<Instant>) -> Self {
        match outcome {
            Outcome::Comment(comment) if comment.result == CommentResult::Duplicate => Self::Duplicate,
            Outcome::Comment(CommentOutcome { result, trigger, until: throttled }) => Self::Comment {
                result: *result,
                trigger: trigger.as_ref().map(ToString::to_string),
                until: throttled.or(until),
            },
            Outcome::Message(message) if message.result == MessageResult::Duplicate => Self::Duplicate,
            Outcome::Message(message) => Self::Message(message.result),
            Outcome::Order(order) => Self::Order(OrderLineOf::new(order)),
            Outcome::Applied {} => Self::Applied,
            Outcome::Duplicate {} => Self::Duplicate,
            Outcome::Refused(refusal) => Self::Refused(Some(refusal.reason)),
        }
    }

    fn of_effect(effect: &Effect) -> Self {
        let text = |text: &Text| text.as_str().to_owned();
        match effect {
            Effect::PublicReply { text, .. } => Self::Public(text.as_str().to_owned()),
            Effect::SendDm(dm) if dm.member.is_some() => Self::Sent {
                by: dm.member.as_ref().map(ToString::to_string),
                card: dm.card.clone(),
                text: dm.text.as_ref().map(text),
            },
            Effect::SendDm(dm) => match &dm.card {
                Some(link) => Self::Card { link: link.clone(), text: dm.text.as_ref().map(text) },
                None => Self::Bot {
                    text: dm.text.as_ref().map(text).unwrap_or_default(),
                    options: dm.options.iter().map(|option| text(&option.label)).collect(),
                },
            },
            Effect::NotifyInbox { reason, note, owner, .. } => Self::Inbox {
                reason: *reason,
                owner: owner.as_ref().map(ToString::to_string),
                note: note.as_ref().map(text),
            },
            Effect::NotifyOwners { level, count, limit } => {
                Self::Owners { level: *level, counts: Some((*count, *limit)) }
            }
        }
    }
}

impl OrderLineOf {
    fn new(order: &OrderOutcome) -> Self {
        let credit = order.credit.as_ref();
        let led_by = credit.and_then(|credit| credit.led_by.as_ref());
        let member = credit.and_then(|credit| credit.member.as_ref()).map(ToString::to_string);
        Self {
            result: order.result,
            to: led_by.map(|led_by| led_by.trigger.to_string()).or(member),
            block: led_by.map(|led_by| led_by.block.to_string()),
            overlap: (order.result == OrderResult::Attributed).then_some(order.overlap_minor),
            reason: order.reason,
        }
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comment { result, trigger, until } => comment(out, *result, trigger.as_deref(), *until),
            Self::Message(MessageResult::OutOfFlow) => out.write_str("out of flow"),
            Self::Message(result) => out.write_str(&code(result)),
            Self::Order(order) => {
                write!(out, "order: {}", code(&order.result))?;
                if let Some(to) = &order.to {
                    write!(out, " to {}", written_word(to))?;
                }
                if let Some(block) = &order.block {
                    write!(out, ", block {}", written_word(block))?;
                }
                if let Some(overlap) = order.overlap {
                    write!(out, ", overlap {overlap}")?;
                }
                reason(out, order.reason.as_ref())
            }
            Self::Applied => out.write_str("applied"),
            Self::Duplicate => out.write_str("duplicate"),
            Self::Refused(None) => out.write_str("refused"),
            Self::Refused(Some(reason)) => write!(out, "refused: {}", reason.as_str()),
            Self::Public(text) => write!(out, "public: {}", written_text(text)),
            Self::Bot { text, options } => {
                write!(out, "bot: {}", written_text(text))?;
                options.iter().try_for_each(|label| write!(out, " {}", written_label(label)))
            }
            Self::Card { link, text } => {
                write!(out, "card: {}", written_link(link))?;
                text.as_ref().map_or(Ok(()), |text| write!(out, ": {}", written_text(text)))
            }
            Self::Sent { by, card, text } => {
                out.write_str("sent")?;
                if let Some(by) = by {
                    write!(out, " by {}", written_word(by))?;
                }
                if let Some(card) = card {
                    write!(out, " with card {}", written_link(card))?;
                }
                text.as_ref().map_or(Ok(()), |text| write!(out, ": {}", written_text(text)))
            }
            Self::Inbox { reason, owner, note } => {
                write!(out, "inbox: {}", code(reason))?;
                if let Some(owner) = owner {
                    write!(out, " for {}", written_word(owner))?;
                }
                note.as_ref().map_or(Ok(()), |note| write!(out, " ({})", written_text(note)))
            }
            Self::Owners { level, counts } => {
                write!(out, "owners: {level}%")?;
                counts.map_or(Ok(()), |(count, limit)| write!(out, ", {count} of {limit}"))
            }
            Self::State { state, reason: why } => {
                write!(out, "state: {}", code(state))?;
                reason(out, why.as_ref())
            }
            Self::Begins(trigger) => {
                out.write_str("begins")?;
                trigger.as_ref().map_or(Ok(()), |trigger| write!(out, " {}", written_word(trigger)))
            }
            Self::Dropped { trigger, reason: why } => {
                out.write_str("dropped")?;
                if let Some(trigger) = trigger {
                    write!(out, " {}", written_word(trigger))?;
                }
                reason(out, why.as_ref())
            }
            Self::Cycle => out.write_str("cycle begins"),
        }
    }
}

fn comment(
    out: &mut fmt::Formatter<'_>,
    result: CommentResult,
    trigger: Option<&str>,
    until: Option<Instant>,
) -> fmt::Result {
    match result {
        CommentResult::Fired => out.write_str("fired")?,
        CommentResult::Queued => out.write_str("queued")?,
        CommentResult::AwaitingMessage => out.write_str("awaiting message")?,
        CommentResult::Undeliverable => out.write_str("undeliverable")?,
        refused => write!(out, "not fired: {}", refused.as_str())?,
    }
    if let Some(trigger) = trigger {
        // Words that could go on here are not taken for its name.
        let name = if matches!(trigger, "for" | "until") { format!("\"{trigger}\"") } else { written_word(trigger) };
        write!(out, " {name}")?;
    }
    until.map_or(Ok(()), |until| write!(out, " until {}", written_instant(until)))
}

fn reason<T: Serialize>(out: &mut fmt::Formatter<'_>, reason: Option<&T>) -> fmt::Result {
    reason.map_or(Ok(()), |reason| write!(out, " ({})", code(reason)))
}

/// A link as stories write it.
pub(super) fn written_link(link: &Link) -> String {
    match (&link.product, &link.sku) {
        (Some(product), None) if product.as_str() == "shop" => "\"shop\"".to_owned(),
        (Some(product), sku) => written_pair(product.as_str(), sku.as_ref().map(|sku| sku.as_str())),
        (None, _) => "shop".to_owned(),
    }
}

/// The stable code of a plain enum.
pub(super) fn code(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        _ => String::new(),
    }
}
