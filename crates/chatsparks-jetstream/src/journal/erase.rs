//! What a person wrote leaves the journal (R12).
//!
//! A message cannot be changed: what is left of it is written as a new one, and it is deleted, which overwrites it on the
//! disks of the servers. Before, a snapshot has it, so that nobody needs it to come to the state.

use super::Journal;
use crate::{
    failure::gone,
    op::{Committed, Does, In, Op, RecordForm, Written, raw, read},
    server::part_of,
    state::Body,
};
use chatsparks_core::{Envelope, Evaluation};
use chatsparks_ports::{StoreError, erasure};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How many messages are written anew at a time.
const AT_ONCE: usize = 64;

/// What is forgotten of a message: places of events, and places of records.
#[derive(Default)]
struct Places {
    inputs: BTreeSet<u32>,
    records: BTreeSet<u32>,
}

impl Journal {
    /// Writes anew what holds something of who was forgotten.
    pub(super) async fn write_anew(self: &Arc<Self>) -> Result<(), StoreError> {
        let dirty: BTreeSet<u64> = self.state().dirty.iter().take(AT_ONCE).copied().collect();
        let Some(last) = dirty.last().copied() else { return Ok(()) };
        self.catch_up().await?;
        self.write_snapshot(last).await?;
        let places = self.places(&dirty);
        let bodies = self.bodies(dirty.clone()).await?;
        for of in dirty {
            // What nothing stands in goes, and nothing of it is written anew.
            let stands = |op: &Op| self.look(|state| state.stands_in(of, &op.does));
            if let Some(op) = bodies.get(&of)
                && stands(op)?
            {
                let left = left(&op.does, places.get(&of).unwrap_or(&Places::default()))?;
                self.submit(Does::Rewritten { of, left: Box::new(left) }).await?;
            }
            self.delete(of).await?;
            self.submit(Does::Deleted(of)).await?;
        }
        Ok(())
    }

    fn places(&self, dirty: &BTreeSet<u64>) -> BTreeMap<u64, Places> {
        let mut places: BTreeMap<u64, Places> = BTreeMap::new();
        let state = self.state();
        for part in &state.parts {
            for entry in part.erased.iter().filter_map(|position| part.log().get(position)) {
                if let Body::In(op, place) = entry.body
                    && dirty.contains(&op)
                {
                    places.entry(op).or_default().inputs.insert(place);
                }
            }
            let forgotten = part.forgotten.iter().filter_map(|seq| part.records.get(seq));
            for kept in forgotten.filter(|kept| dirty.contains(&kept.op)) {
                places.entry(kept.op).or_default().records.insert(kept.place);
            }
        }
        places
    }

    /// Deletes a message and its parts, the last one first: what begins with a part is none.
    async fn delete(&self, of: u64) -> Result<(), StoreError> {
        let parts = match self.stream.get_raw_message(of).await {
            Ok(message) => part_of(Some(&message.headers)).1 as u64,
            Err(error) if error.kind() == async_nats::jetstream::stream::LastRawMessageErrorKind::NoMessageFound => {
                return Ok(());
            }
            Err(error) => return Err(gone(error)),
        };
        self.bodies.forget(of);
        for sequence in (of..of + parts).rev() {
            // One that is deleted already is refused.
            if let Err(error) = self.stream.delete_message(sequence).await
                && self.stream.get_raw_message(sequence).await.is_ok()
            {
                return Err(gone(error));
            }
        }
        Ok(())
    }
}

/// What is left of an operation without what somebody wrote in these events.
#[cfg(test)]
pub(crate) fn left_without(does: &Does, inputs: &[u32]) -> Result<Does, StoreError> {
    left(does, &Places { inputs: inputs.iter().copied().collect(), ..Places::default() })
}

/// What is left of an operation: its events and records, without what was forgotten.
fn left(does: &Does, places: &Places) -> Result<Does, StoreError> {
    let inputs = (0..).zip(does.inputs()).map(|(place, input)| -> Result<In, StoreError> {
        let mut input = input.clone();
        if places.inputs.contains(&place) {
            input.form = forgotten_event(input.form.words()?)?;
        }
        Ok(input)
    });
    let inputs: Vec<In> = inputs.collect::<Result<_, _>>()?;
    let records = (0..).zip(does.records()).map(|(place, record)| -> Result<RecordForm, StoreError> {
        let mut record = record.clone();
        if places.records.contains(&place) {
            record.line = forgotten_line(&record.line)?;
            let evaluation = record.evaluation.as_mut();
            evaluation.map(|(_, form)| forgotten_evaluation(form).map(|left| *form = left)).transpose()?;
        }
        Ok(record)
    });
    let records: Vec<RecordForm> = records.collect::<Result<_, _>>()?;
    Ok(if records.is_empty() {
        Does::Append(inputs)
    } else {
        Does::Commit(Box::new(Committed { records, ..Committed::default() }))
    })
}

fn forgotten_event(envelope: &Envelope) -> Result<Written, StoreError> {
    let mut envelope = envelope.clone();
    erasure::forget_event(&mut envelope);
    Written::of(envelope)
}

pub(crate) fn forgotten_line(line: &RawValue) -> Result<Box<RawValue>, StoreError> {
    let left = erasure::forget_line(line.get()).map_err(crate::failure::form)?;
    RawValue::from_string(left).map_err(crate::failure::form)
}

pub(crate) fn forgotten_evaluation(form: &RawValue) -> Result<Box<RawValue>, StoreError> {
    let mut evaluation: Evaluation = read(form.get())?;
    erasure::forget_evaluation(&mut evaluation);
    raw(&evaluation)
}

impl In {
    /// Whether what somebody wrote was taken out of it.
    pub(crate) fn is_forgotten(&self) -> bool {
        // What cannot be read was not written anew either.
        let left = self.form.words().and_then(|words| forgotten_event(words));
        left.is_ok_and(|left| left.get() == self.form.get())
    }
}

impl RecordForm {
    /// Whether what was said to somebody was taken out of it.
    pub(crate) fn is_forgotten(&self) -> bool {
        let line = forgotten_line(&self.line).is_ok_and(|left| left.get() == self.line.get());
        let is_left = |form: &RawValue| forgotten_evaluation(form).is_ok_and(|left| left.get() == form.get());
        line && self.evaluation.as_ref().is_none_or(|(_, form)| is_left(form))
    }
}

impl Op {
    /// The event at a place.
    pub(crate) fn input(&self, place: u32) -> Option<&In> {
        self.does.inputs().get(place as usize)
    }

    /// The record at a place.
    pub(crate) fn record(&self, place: u32) -> Option<&RecordForm> {
        self.does.records().get(place as usize)
    }
}
