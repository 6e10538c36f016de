//! A record: what was decided of one event or one fired timer, as it is written.

use crate::{
    Comment, CommentOutcome, Contact, Decision, Effect, Engine, Envelope, Evaluation, Event, Head, Instant, Order,
    OrderOutcome, Outcome, Seen, SentLink, Source, UserId,
};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// What was decided of one event or one fired timer, with what it was decided from. Serialises as one line of the
/// decisions.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Record<'a> {
    /// Its place in processing order, counted from 0.
    pub seq: u64,
    /// What was decided of.
    pub source: &'a Source,
    /// The event; none for a timer.
    pub envelope: Option<&'a Envelope>,
    /// The event's instant, or the timer's due instant.
    pub at: Instant,
    /// The revision in force once this was decided: a `configure` that took effect bears its own.
    pub revision: u32,
    /// The decision.
    pub decision: &'a Decision,
    /// Its contact before the decision, as the gates saw them; none: they are new, or there is none.
    pub contact: Option<&'a Contact>,
    /// The links sent to the contact, where it was an order that was judged (A7).
    pub links: &'a [SentLink],
    /// What all contacts share, before the decision.
    pub head: &'a Head,
    /// The engine that decided it, and can explain it.
    pub engine: &'a Engine,
}

impl<'a> Record<'a> {
    /// The contact that the event or timer names.
    pub fn user_id(&self) -> Option<&'a UserId> {
        match self.source {
            Source::Event(_) => self.envelope.and_then(|envelope| envelope.event.user_id()),
            Source::Timer { timer, .. } => timer.user_id.as_ref(),
        }
    }

    /// The event, where it was one.
    pub fn event(&self) -> Option<&'a Event> {
        self.envelope.map(|envelope| &envelope.event)
    }

    /// The comment that was looked at, and what came of it.
    pub fn comment(&self) -> Option<(&'a Comment, &'a CommentOutcome)> {
        match (self.event()?, &self.decision.outcome) {
            (Event::Comment(comment), Outcome::Comment(outcome)) => Some((comment, outcome)),
            _ => None,
        }
    }

    /// The order that was judged, and what came of it.
    pub fn order(&self) -> Option<(&'a Order, &'a OrderOutcome)> {
        match (self.event()?, &self.decision.outcome) {
            (Event::Order(order), Outcome::Order(outcome)) => Some((order, outcome)),
            _ => None,
        }
    }

    /// The evaluation of a comment: what to keep, so as to explain any trigger later (C10).
    pub fn evaluation(&self) -> Option<Evaluation> {
        let (comment, outcome) = self.comment()?;
        Some(Evaluation {
            comment: comment.clone(),
            at: self.at,
            revision: self.engine.revision(),
            outcome: outcome.clone(),
            seen: Seen::of(self.contact),
        })
    }
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("seq", &self.seq)?;
        match self.source {
            Source::Event(id) => map.serialize_entry("event", id)?,
            Source::Timer { timer, .. } => map.serialize_entry("timer", &timer.kind)?,
        }
        map.serialize_entry("at", &self.at)?;
        if let Some(user_id) = self.user_id() {
            map.serialize_entry("user_id", user_id)?;
        }
        map.serialize_entry("revision", &self.revision)?;
        map.serialize_entry("outcome", &self.decision.outcome)?;
        map.serialize_entry("effects", &Effects { source: self.source, effects: &self.decision.effects })?;
        map.serialize_entry("facts", &*self.decision.facts)?;
        map.end()
    }
}

/// Effects, each with the id that its place gives it (T6).
struct Effects<'a> {
    source: &'a Source,
    effects: &'a [Effect],
}

#[derive(Serialize)]
struct WithId<'a> {
    #[serde(serialize_with = "effect_id")]
    id: (&'a Source, usize),
    #[serde(flatten)]
    effect: &'a Effect,
}

impl Serialize for Effects<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let effects = self.effects.iter().enumerate();
        to.collect_seq(effects.map(|(position, effect)| WithId { id: (self.source, position), effect }))
    }
}

fn effect_id<S: Serializer>((source, position): &(&Source, usize), to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&source.effect_id(*position))
}
