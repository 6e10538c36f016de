//! Decision records, one a line (`formats.md`, Decisions).

use chatsparks_core::{Decision, Effect, Envelope, Event, Instant, Source, UserId};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::{
    fmt,
    io::{self, Write},
};

/// What was decided of one event or one fired timer. Serialises as one line of the decisions.
#[derive(Clone, Copy, Debug)]
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

/// Writes records as JSON Lines.
pub struct DecisionsWriter<W: Write> {
    output: W,
    line: Vec<u8>,
}

impl<W: Write> fmt::Debug for DecisionsWriter<W> {
    /// Without the output and the line in hand, in which people's words stand.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DecisionsWriter").finish_non_exhaustive()
    }
}

impl<W: Write> DecisionsWriter<W> {
    /// A writer to this output, which it hands whole lines; a file is best given in a `BufWriter`.
    pub fn new(output: W) -> Self {
        Self { output, line: Vec::new() }
    }

    /// Writes one record as one line.
    ///
    /// # Errors
    /// What the output says.
    pub fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, record)?;
        self.line.push(b'\n');
        self.output.write_all(&self.line)
    }

    /// Flushes the output and gives it back.
    ///
    /// # Errors
    /// What the output says.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}
