//! How things are after a step: what an expectation may look at beside what happened.

use super::{
    cast::Person,
    happening::{Happening, code},
    words::{written_instant, written_text, written_word},
};
use crate::driver::Replay;
use chatsparks_core::{
    Contact, ConversationState, DmStage, Evaluation, Explained, Instant, OrderResult, Scratch, StateReason,
};
use std::fmt;

/// How something is after a step.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Assertion {
    /// What a field holds.
    Field(String, Option<String>),
    /// Whether the contact has a tag.
    Tag(String, bool),
    /// Whose the conversation is.
    Owner(Option<String>),
    /// In which state the conversation is, and why; none: there is no conversation.
    State(Option<(ConversationState, Option<StateReason>)>),
    /// Where the flow stands.
    At(Place),
    /// Whether the contact counts in this cycle (M1).
    Counted(bool),
    /// Whether the contact is blocked.
    Blocked(bool),
    /// The contacts counted in this cycle (M3).
    Count(u64),
    /// The stage of the contact's last DM (V11).
    Dm(DmStage),
    /// No DM went to the contact.
    NoDm,
    /// What an order counts as (A6).
    Order(String, OrderNow),
    /// Nobody knows such an order.
    NoOrder(String),
    /// What became of one trigger for the step's comment (C10).
    Trigger { trigger: String, result: Explained, winner: Option<String>, until: Option<Instant> },
    /// Nothing became of a trigger: at this step no comment was looked at, or the workspace had no such trigger.
    NotConsidered(String),
}

/// Where a flow stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At a block.
    Block(String),
    /// It is completed.
    End,
    /// There is none: none began in this conversation, or it was left before its end.
    NoFlow,
}

/// What an order counts as now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OrderNow {
    pub(super) result: OrderResult,
    pub(super) net: i64,
    pub(super) overlap: Option<i64>,
    pub(super) cancelled: bool,
}

/// What an assertion looks at.
pub(super) struct After<'a> {
    pub(super) replay: &'a Replay,
    /// Whether the contact's last flow ran to its end.
    pub(super) completed: bool,
    /// The id of the contact's last DM.
    pub(super) last_dm: Option<&'a str>,
    /// The step's comment, and the engine that decided it.
    pub(super) evaluation: Option<&'a (Evaluation, chatsparks_core::Engine)>,
}

impl Assertion {
    /// What it should have said.
    pub(super) fn truth(&self, about: Option<&Person>, after: &After<'_>) -> Self {
        let contact = about.and_then(|person| after.replay.contact(person.user_id.as_str()));
        let conversation = contact.and_then(Contact::conversation);
        match self {
            Self::Field(field, _) => {
                let value = contact.and_then(|contact| contact.field(field));
                Self::Field(field.clone(), value.map(|value| value.as_str().to_owned()))
            }
            Self::Tag(tag, _) => {
                let has = contact.is_some_and(|contact| contact.tags().any(|known| known.as_str() == tag));
                Self::Tag(tag.clone(), has)
            }
            Self::Owner(_) => {
                Self::Owner(conversation.and_then(|conversation| conversation.owner.as_ref()).map(ToString::to_string))
            }
            Self::State(_) => Self::State(conversation.map(|now| (now.state, now.reason))),
            Self::At(_) => Self::At(match conversation.and_then(|conversation| conversation.stands.as_ref()) {
                Some(stands) => Place::Block(stands.block.to_string()),
                None if after.completed => Place::End,
                None => Place::NoFlow,
            }),
            Self::Counted(_) => {
                let cycle = after.replay.head().terms().cycle_start();
                Self::Counted(contact.is_some_and(|contact| contact.is_counted_in(cycle)))
            }
            Self::Blocked(_) => Self::Blocked(contact.is_some_and(Contact::is_blocked)),
            Self::Count(_) => Self::Count(after.replay.head().count()),
            Self::Dm(_) | Self::NoDm => match after.last_dm.and_then(|dm| after.replay.dm(dm)) {
                Some((_, stage)) => Self::Dm(stage),
                None => Self::NoDm,
            },
            Self::Order(order, _) | Self::NoOrder(order) => match after.replay.order(order) {
                Some(entry) => Self::Order(
                    order.clone(),
                    OrderNow {
                        result: entry.result,
                        net: entry.net_minor(),
                        overlap: self.looks_at_overlap().then(|| entry.net_overlap_minor()),
                        cancelled: entry.cancelled,
                    },
                ),
                None => Self::NoOrder(order.clone()),
            },
            Self::Trigger { trigger, .. } | Self::NotConsidered(trigger) => {
                let explained = after
                    .evaluation
                    .and_then(|(evaluation, engine)| engine.explain(evaluation, trigger, &mut Scratch::default()));
                match explained {
                    Some(explained) => Self::Trigger {
                        trigger: trigger.clone(),
                        result: explained.verdict.result,
                        winner: explained.verdict.winner.filter(|_| self.names_winner()).map(|id| id.to_string()),
                        until: explained.verdict.until.filter(|_| self.names_until()),
                    },
                    None => Self::NotConsidered(trigger.clone()),
                }
            }
        }
    }

    // What is not written is not looked at.

    fn looks_at_overlap(&self) -> bool {
        matches!(self, Self::Order(_, OrderNow { overlap: Some(_), .. }))
    }

    fn names_winner(&self) -> bool {
        matches!(self, Self::Trigger { winner: Some(_), .. })
    }

    fn names_until(&self) -> bool {
        matches!(self, Self::Trigger { until: Some(_), .. })
    }
}

impl fmt::Display for Assertion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field, Some(value)) => write!(out, "field {} = {}", written_word(field), written_text(value)),
            Self::Field(field, None) => write!(out, "no field {}", written_word(field)),
            Self::Tag(tag, true) => write!(out, "tag: {}", written_text(tag)),
            Self::Tag(tag, false) => write!(out, "no tag: {}", written_text(tag)),
            Self::Owner(Some(owner)) => write!(out, "owner: {}", written_word(owner)),
            Self::Owner(None) => out.write_str("no owner"),
            Self::State(None) => out.write_str("no state"),
            Self::State(Some((state, reason))) => {
                write!(out, "{}", Happening::State { state: *state, reason: *reason })
            }
            Self::At(Place::Block(block)) => write!(out, "at {}", written_word(block)),
            Self::At(Place::End) => out.write_str("at the end"),
            Self::At(Place::NoFlow) => out.write_str("no flow"),
            Self::Counted(counted) => out.write_str(if *counted { "counted" } else { "not counted" }),
            Self::Blocked(blocked) => out.write_str(if *blocked { "blocked" } else { "not blocked" }),
            Self::Count(count) => write!(out, "count: {count}"),
            Self::Dm(stage) => write!(out, "dm: {}", code(stage)),
            Self::NoDm => out.write_str("no dm"),
            Self::Order(order, now) => {
                write!(out, "order {}: {} {}", written_word(order), code(&now.result), now.net)?;
                if let Some(overlap) = now.overlap {
                    write!(out, ", overlap {overlap}")?;
                }
                out.write_str(if now.cancelled { ", cancelled" } else { "" })
            }
            Self::Trigger { trigger, result, winner, until } => {
                write!(out, "trigger {}: {}", written_word(trigger), result.as_str())?;
                if let Some(winner) = winner {
                    write!(out, " by {}", written_word(winner))?;
                }
                until.map_or(Ok(()), |until| write!(out, " until {}", written_instant(until)))
            }
            Self::NoOrder(order) => write!(out, "no order {}", written_word(order)),
            Self::NotConsidered(trigger) => write!(out, "trigger {}: not considered", written_word(trigger)),
        }
    }
}
