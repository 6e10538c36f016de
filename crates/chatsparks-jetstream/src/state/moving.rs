//! What comes from another store (S4), and goes to one.

use super::{
    Body, Entry, Kept, Part, State, no_such_partition,
    queue::Waiting,
    route::{Awaiting, InForm, Named, also, is_of_an_event},
    rows::digest,
};
use crate::{
    failure::form,
    op::{Brought, BroughtEvent, In, RecordForm, Stamped},
};
use chatsparks_core::UserId;
use chatsparks_ports::{
    StoreError,
    moving::{ARRIVING, MOVED, MovedEffect, Part as Of, Piece},
};
use std::{
    borrow::Cow,
    ops::Bound::{Excluded, Unbounded},
};

impl State {
    /// Folds pieces of another store, all or none.
    pub(super) fn bring(&mut self, op: u64, brought: &Brought) -> Result<(), StoreError> {
        let partitions = brought.inputs.iter().map(|input| input.partition).chain(brought.partitions.iter().copied());
        let others = brought.pieces.iter().filter_map(partition_of);
        if partitions.chain(others).any(|partition| partition as usize >= self.parts.len()) {
            return Err(no_such_partition());
        }
        for ((place, input), event) in (0..).zip(&brought.inputs).zip(&brought.events) {
            match event {
                BroughtEvent::Logged { position, erased } => {
                    let part = self.part_mut(input.partition)?;
                    // One of an attempt before may stand there.
                    part.log_drop(*position);
                    part.log_put(*position, Entry::brought(op, place, *erased, input));
                }
                BroughtEvent::Waits { kind, name, until, linked } => {
                    self.waited += 1;
                    let awaiting = Awaiting {
                        op,
                        place,
                        input: InForm(serde_json::to_string(input).map_err(form)?),
                        key: (kind.as_str().into(), name.as_str().into()),
                        also: also(&input.input()?.event),
                        until: until.clone(),
                        linked: *linked,
                    };
                    self.waiting.insert(self.waited, awaiting);
                }
            }
        }
        for ((place, record), partition) in (0..).zip(&brought.records).zip(&brought.partitions) {
            self.part_mut(*partition)?.bring_record(op, place, record);
        }
        brought.pieces.iter().try_for_each(|piece| self.bring_piece(piece))
    }

    fn bring_piece(&mut self, piece: &Piece) -> Result<(), StoreError> {
        match piece {
            Piece::Document { revision, form } => drop(self.documents.insert(*revision, form.as_str().into())),
            Piece::Note { name, text } => drop(self.notes.insert(name.clone(), text.clone())),
            Piece::Pool { cycle, drawn } => drop(self.pools.insert(*cycle, *drawn)),
            Piece::Place { kind, name, partition, at } => {
                let key = (kind.as_str().into(), name.as_str().into());
                self.put_place(key, (*partition, at.unwrap_or(0)));
            }
            Piece::Grant { partition, position, place, form } => {
                let granted = &mut self.part_mut(*partition)?.granted;
                granted.insert((*position, u64::from(*place)), form.as_str().into());
            }
            Piece::Insight { partition, name, sum } => {
                self.part_mut(*partition)?.insights.insert(name.as_str().into(), sum.parse().unwrap_or(0));
            }
            Piece::Effect(effect) => {
                self.effects += 1;
                let waiting = Waiting::brought(self.effects, effect);
                self.part_mut(effect.partition)?.effects.bring((effect.seq, effect.place), waiting);
            }
            Piece::Stand { partition, decided, log_first, log_end, log_latest, record_first, sent, failed } => {
                let part = self.part_mut(*partition)?;
                (part.decided, part.log_end, part.log_latest) = (*decided, *log_end, *log_latest);
                (part.log_gone, part.record_first) = (log_first.saturating_sub(1), *record_first);
                (part.effects.sent, part.effects.failed, part.opened_in_vain) = (*sent, *failed, 0);
                // What was moved ahead may have been cut off since.
                part.log_split_off(*log_first);
                part.records.remove_before(record_first);
            }
            // They stand apart.
            Piece::Event { .. } | Piece::Record { .. } | Piece::Waiting { .. } => {}
        }
        Ok(())
    }

    /// What was brought goes, but for logs and records.
    pub(super) fn wipe(&mut self) {
        for part in &mut self.parts {
            part.rows = Default::default();
            part.effects = Default::default();
            part.granted = Default::default();
            part.insights.clear();
        }
        self.beside.clear();
        self.documents.clear();
        self.notes.retain(|name, _| name == ARRIVING || name == MOVED);
        self.places = Default::default();
        self.places_since = Default::default();
        self.waiting.clear();
        self.pools.clear();
    }

    /// Where things live, after a name, at most so many.
    pub(crate) fn place_pieces(&self, after: Option<Named>, limit: usize) -> Vec<(Named, Piece)> {
        let places = self.places.range((after.map_or(Unbounded, Excluded), Unbounded)).take(limit);
        let piece = |(name, place): (Named, Cow<'_, (u32, i64)>)| {
            let piece = Piece::Place {
                kind: name.0.to_string(),
                name: name.1.to_string(),
                partition: place.0,
                at: Some(place.1).filter(|_| is_of_an_event(&name.0)),
            };
            (name, piece)
        };
        places.map(piece).collect()
    }

    /// Pieces of a part that stand in the state itself, after a number, at most so many.
    #[allow(clippy::type_complexity, clippy::borrowed_box, reason = "they are the entries of maps")]
    pub(crate) fn pieces(
        &self,
        partition: u32,
        of: Of,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Piece)>, StoreError> {
        let part = self.part(partition).ok_or_else(no_such_partition)?;
        let counted = |pieces: Vec<Piece>| -> Vec<(u64, Piece)> { (after + 1..).zip(pieces).collect() };
        let from = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(match of {
            Of::Documents => {
                let after = u32::try_from(after).unwrap_or(u32::MAX);
                let documents = self.documents.iter().filter(|(revision, _)| **revision > after).take(limit);
                documents
                    .map(|(revision, form)| {
                        (u64::from(*revision), Piece::Document { revision: *revision, form: form.to_string() })
                    })
                    .collect()
            }
            Of::Notes => {
                let notes = self.notes.iter().filter(|(name, _)| *name != ARRIVING && *name != MOVED);
                let piece = |(name, text): (&String, &String)| Piece::Note { name: name.clone(), text: text.clone() };
                counted(notes.skip(from).take(limit).map(piece).collect())
            }
            Of::Pools => {
                let piece = |(cycle, drawn): (&i64, &u64)| Piece::Pool { cycle: *cycle, drawn: *drawn };
                counted(self.pools.iter().skip(from).take(limit).map(piece).collect())
            }
            Of::Waiting => {
                let waiting = self.waiting.range(after + 1..).take(limit).map(|(number, awaiting)| {
                    let input = awaiting.input.read()?;
                    let (kind, name) = (awaiting.key.0.to_string(), awaiting.key.1.to_string());
                    let piece = Piece::Waiting {
                        kind,
                        name,
                        until: awaiting.until.clone(),
                        linked: awaiting.linked,
                        brought: input.stamp == Stamped::Brought,
                        form: input.form.get().to_owned(),
                    };
                    Ok((*number, piece))
                });
                waiting.collect::<Result<_, StoreError>>()?
            }
            Of::Grants => {
                let piece = |((position, place), form): ((u64, u64), Cow<'_, Box<str>>)| Piece::Grant {
                    partition,
                    position,
                    place: u32::try_from(place).unwrap_or(u32::MAX),
                    form: form.to_string(),
                };
                counted(part.granted.iter().skip(from).take(limit).map(piece).collect())
            }
            Of::Insights => {
                let piece = |(name, sum): (&Box<str>, &i128)| Piece::Insight {
                    partition,
                    name: name.to_string(),
                    sum: sum.to_string(),
                };
                counted(part.insights.iter().skip(from).take(limit).map(piece).collect())
            }
            Of::Effects | Of::Outcomes => {
                let settled = of == Of::Outcomes;
                let meant = part.effects.after(after).filter(|(_, effect)| effect.has_outcome() == settled);
                let moved = |((seq, place), effect): ((u64, u32), Cow<'_, Waiting>)| {
                    (effect.number, Piece::Effect(Box::new(effect.moved(partition, seq, place))))
                };
                meant.take(limit).map(moved).collect()
            }
            Of::Stand if after == 0 => counted(vec![Piece::Stand {
                partition,
                decided: part.decided,
                log_first: part.log_gone + 1,
                log_end: part.log_end,
                log_latest: part.log_latest,
                record_first: part.record_first,
                sent: part.effects.sent,
                failed: part.effects.failed,
            }]),
            // They stand in the journal, or are asked for otherwise.
            Of::Stand | Of::Events | Of::Records | Of::Places => Vec::new(),
        })
    }
}

fn partition_of(piece: &Piece) -> Option<u32> {
    match piece {
        Piece::Grant { partition, .. }
        | Piece::Insight { partition, .. }
        | Piece::Place { partition, .. }
        | Piece::Stand { partition, .. } => Some(*partition),
        Piece::Effect(effect) => Some(effect.partition),
        _ => None,
    }
}

impl Entry {
    fn brought(op: u64, place: u32, erased: bool, input: &In) -> Self {
        Self {
            at: input.at,
            body: Body::In(op, place),
            bytes: u32::try_from(input.form.get().len()).unwrap_or(u32::MAX),
            user_id: input.user_id.clone(),
            texts: input.texts,
            erased,
        }
    }
}

impl Part {
    fn bring_record(&mut self, op: u64, place: u32, record: &RecordForm) {
        if let Some((comment_id, _)) = &record.evaluation {
            self.evaluate(digest("comment", comment_id), record.seq);
        }
        if let Some(user_id) = &record.user_id {
            self.records_of.insert((user_id.clone(), record.seq), ());
        }
        let user_id = record.user_id.clone();
        self.forgotten.remove(&record.seq);
        self.records.insert(record.seq, Kept { at: record.at, op, place, user_id, forgotten: false });
    }
}

impl Waiting {
    fn brought(number: u64, effect: &MovedEffect) -> Self {
        let user = |id: &Option<String>| id.as_deref().map(UserId::from);
        Self {
            id: effect.id.as_str().into(),
            number,
            user_id: user(&effect.user_id),
            lane: user(&effect.lane),
            free: effect.free,
            kind: effect.kind.as_str().into(),
            conversation: effect.conversation,
            form: effect.form.as_deref().map(Into::into),
            context: effect.context.as_deref().unwrap_or("{}").into(),
            not_after: effect.not_after,
            state: effect.state,
            attempts: effect.attempts,
            first_attempt: effect.first_attempt,
            not_before: effect.not_before,
            why: effect.why.as_deref().map(Into::into),
        }
    }

    fn moved(&self, partition: u32, seq: u64, place: u32) -> MovedEffect {
        let is_open = !self.state.is_settled();
        let user = |id: &Option<UserId>| id.as_ref().map(|id| id.as_str().to_owned());
        MovedEffect {
            partition,
            id: self.id.to_string(),
            seq,
            place: if is_open { place } else { 0 },
            user_id: user(&self.user_id),
            lane: user(&self.lane),
            free: self.free,
            kind: self.kind.to_string(),
            conversation: self.conversation.filter(|_| is_open),
            state: self.state,
            not_after: self.not_after,
            not_before: self.not_before,
            attempts: self.attempts,
            first_attempt: self.first_attempt.filter(|_| is_open),
            why: self.why.as_ref().map(ToString::to_string),
            form: self.form.as_ref().map(ToString::to_string),
            context: Some(self.context.to_string()).filter(|_| is_open),
        }
    }
}
