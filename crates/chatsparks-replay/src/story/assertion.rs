//! How things are after a step: what an expectation may look at beside what happened.

use super::{
    cast::Person,
    happening::code,
    words::{written_instant, written_text, written_word},
};
use crate::driver::Replay;
use chatsparks_core::{Contact, DmStage, Evaluation, Explained, Instant, OrderResult, Scratch};
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
    /// At which block the flow stands; none: it is completed.
    At(Option<String>),
    /// Whether the contact counts in this cycle (M1).
    Counted(bool),
    /// Whether the contact is blocked.
    Blocked(bool),
    /// The contacts counted in this cycle (M3).
    Count(u64),
    /// The stage of the contact's last DM (V11).
    Dm(DmStage),
    /// What an order counts as (A6).
    Order(String, OrderNow),
    /// What became of one trigger for the step's comment (C10).
    Trigger { trigger: String, result: Explained, winner: Option<String>, until: Option<Instant> },
    /// There is no such thing.
    Missing(&'static str, String),
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
            Self::At(_) => Self::At(
                conversation.and_then(|conversation| conversation.stands.as_ref()).map(|at| at.block.to_string()),
            ),
            Self::Counted(_) => {
                let cycle = after.replay.head().terms().cycle_start();
                Self::Counted(contact.is_some_and(|contact| contact.is_counted_in(cycle)))
            }
            Self::Blocked(_) => Self::Blocked(contact.is_some_and(Contact::is_blocked)),
            Self::Count(_) => Self::Count(after.replay.head().count()),
            Self::Dm(_) => match after.last_dm.and_then(|dm| after.replay.dm(dm)) {
                Some((_, stage)) => Self::Dm(stage),
                None => Self::Missing("dm", "none".to_owned()),
            },
            Self::Order(order, wanted) => match after.replay.order(order) {
                Some(entry) => Self::Order(
                    order.clone(),
                    OrderNow {
                        result: entry.result,
                        net: entry.net_minor(),
                        overlap: wanted.overlap.map(|_| entry.net_overlap_minor()),
                        cancelled: entry.cancelled,
                    },
                ),
                None => Self::Missing("order", order.clone()),
            },
            Self::Trigger { trigger, winner, until, .. } => {
                let explained = after
                    .evaluation
                    .and_then(|(evaluation, engine)| engine.explain(evaluation, trigger, &mut Scratch::default()));
                match explained {
                    Some(explained) => Self::Trigger {
                        trigger: trigger.clone(),
                        result: explained.verdict.result,
                        winner: winner.as_ref().and(explained.verdict.winner).map(|winner| winner.to_string()),
                        until: until.and(explained.verdict.until),
                    },
                    None => Self::Missing("trigger", trigger.clone()),
                }
            }
            Self::Missing(..) => self.clone(),
        }
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
            Self::At(Some(block)) => write!(out, "at {}", written_word(block)),
            Self::At(None) => out.write_str("at the end"),
            Self::Counted(counted) => out.write_str(if *counted { "counted" } else { "not counted" }),
            Self::Blocked(blocked) => out.write_str(if *blocked { "blocked" } else { "not blocked" }),
            Self::Count(count) => write!(out, "count: {count}"),
            Self::Dm(stage) => write!(out, "dm: {}", code(stage)),
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
            Self::Missing(what, which) => write!(out, "{what} {}: not there", written_word(which)),
        }
    }
}
