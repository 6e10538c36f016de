//! Workspaces that come from another store, or leave for one (S4).

use crate::{
    JetStreamStore,
    failure::form,
    journal::Journal,
    log::unexpected,
    op::{Brought, BroughtEvent, Does, In, RecordForm, Stamped, raw, read},
    state::{Kept, Outcome},
};
use chatsparks_core::{Envelope, EventId, UserId, WorkspaceId};
use chatsparks_ports::{
    Limit, Position, Shard, StoreError, erasure,
    moving::{Moving, Part, Piece},
};
use serde_json::value::RawValue;
use std::sync::PoisonError;

impl Moving for JetStreamStore {
    async fn pieces(
        &self,
        shard: &Shard,
        part: Part,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Piece)>, StoreError> {
        let Some(journal) = self.existing(&shard.workspace).await? else { return Ok(Vec::new()) };
        match part {
            Part::Events => journal.event_pieces(shard.partition, after, limit).await,
            Part::Records => journal.record_pieces(shard.partition, after, limit).await,
            Part::Places => {
                let pieces = journal.place_pieces(after, limit);
                journal.ground.sound()?;
                Ok(pieces)
            }
            part => journal.look(|state| state.pieces(shard.partition, part, after, limit))?,
        }
    }

    async fn put(&self, workspace: &WorkspaceId, pieces: Vec<Piece>) -> Result<(), StoreError> {
        let mut brought = Brought::default();
        pieces.into_iter().try_for_each(|piece| brought.take(piece))?;
        self.done(workspace, Does::Bring(Box::new(brought))).await
    }

    async fn wipe(&self, workspace: &WorkspaceId) -> Result<(), StoreError> {
        self.done(workspace, Does::Wipe).await
    }
}

impl JetStreamStore {
    async fn done(&self, workspace: &WorkspaceId, does: Does) -> Result<(), StoreError> {
        match self.journal(workspace).await?.submit(does).await? {
            Outcome::Done => Ok(()),
            _ => Err(unexpected()),
        }
    }
}

impl Brought {
    fn take(&mut self, piece: Piece) -> Result<(), StoreError> {
        match piece {
            Piece::Event { partition, position, at, erased, form: text, .. } => {
                self.inputs.push(brought(partition, at, true, text)?);
                self.events.push(BroughtEvent::Logged { position, erased });
            }
            Piece::Waiting { kind, name, until, linked, brought: stays, form: text } => {
                let at = read::<Envelope>(&text)?.at.as_milliseconds();
                self.inputs.push(brought(0, at, stays, text)?);
                self.events.push(BroughtEvent::Waits { kind, name, until, linked });
            }
            Piece::Record { partition, seq, at, event, user_id, comment_id, line, evaluation } => {
                let evaluation = comment_id.zip(evaluation).map(|(id, text)| whole(text).map(|text| (id, text)));
                self.records.push(RecordForm {
                    seq,
                    at,
                    event: event.map(EventId::from),
                    user_id: user_id.map(UserId::from),
                    line: whole(line)?,
                    evaluation: evaluation.transpose()?,
                });
                self.partitions.push(partition);
            }
            piece => self.pieces.push(piece),
        }
        Ok(())
    }
}

fn whole(text: String) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(text).map_err(form)
}

fn brought(partition: u32, at: i64, stays: bool, text: String) -> Result<In, StoreError> {
    let envelope: Envelope = read(&text)?;
    Ok(In {
        partition,
        stamp: if stays { Stamped::Brought } else { Stamped::Received },
        at,
        user_id: envelope.event.user_id().cloned(),
        texts: erasure::holds_words(&envelope.event),
        form: whole(text)?.into(),
    })
}

impl Journal {
    /// Places are asked for by how many were given; the name of the last one is at hand.
    fn place_pieces(&self, after: u64, limit: usize) -> Vec<(u64, Piece)> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.state();
        let mut last = None;
        if after > 0 {
            last = match given.take() {
                Some((many, name)) if many == after => Some(name),
                _ => state.places.iter().nth(usize::try_from(after - 1).unwrap_or(usize::MAX)).map(|(name, _)| name),
            };
            if last.is_none() {
                return Vec::new();
            }
        }
        let (names, pieces): (Vec<_>, Vec<_>) = state.place_pieces(last, limit).into_iter().unzip();
        *given = names.into_iter().next_back().map(|name| (after + pieces.len() as u64, name));
        (after + 1..).zip(pieces).collect()
    }

    async fn event_pieces(
        &self,
        partition: u32,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(u64, Piece)>, StoreError> {
        let logged = self.logged(partition, after, Position::MAX, Limit { events: limit, bytes: 16 << 20 }).await?;
        let erased = |position: &Position| {
            let state = self.state();
            state.part(partition).is_some_and(|part| part.erased.contains(position))
        };
        logged
            .into_iter()
            .map(|logged| {
                let piece = Piece::Event {
                    partition,
                    position: logged.position,
                    at: logged.envelope.at.as_milliseconds(),
                    user_id: logged.envelope.event.user_id().map(|id| id.as_str().to_owned()),
                    erased: erased(&logged.position),
                    form: raw(&logged.envelope)?.get().to_owned(),
                };
                Ok((logged.position, piece))
            })
            .collect()
    }

    async fn record_pieces(&self, partition: u32, after: u64, limit: usize) -> Result<Vec<(u64, Piece)>, StoreError> {
        let forms = self.record_forms(|journal| {
            let state = journal.state();
            let records = state.part(partition).into_iter().flat_map(|part| part.records.range(after..).take(limit));
            records.map(|(seq, kept)| (partition, seq, kept.into_owned())).collect()
        });
        let piece = |(partition, kept, record): (u32, Kept, RecordForm)| {
            let (mut line, mut evaluation) = (record.line, record.evaluation);
            if kept.forgotten {
                line = crate::journal::forgotten_line(&line)?;
                if let Some((_, form)) = &mut evaluation {
                    *form = crate::journal::forgotten_evaluation(form)?;
                }
            }
            let (comment_id, evaluation) = evaluation.unzip();
            let piece = Piece::Record {
                partition,
                seq: record.seq,
                at: record.at,
                event: record.event.map(|id| id.as_str().to_owned()),
                user_id: record.user_id.map(|id| id.as_str().to_owned()),
                comment_id,
                line: line.get().to_owned(),
                evaluation: evaluation.map(|form| form.get().to_owned()),
            };
            Ok((record.seq + 1, piece))
        };
        forms.await?.into_iter().map(piece).collect()
    }
}
