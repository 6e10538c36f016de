//! What was decided of a batch, written as a whole (R5).

use crate::{
    erase,
    fault::Failure,
    form::{milliseconds, row_form, signed, unsigned, written},
    insights, queue, room,
    shard::{Place, Writing},
};
use chatsparks_core::{Instant, Row, UserId};
use chatsparks_ports::{Commit, Fence, NewRecord, Shard, StoreError};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

/// A commit and the forms of what is in it: made where it was decided, so that the one thread that writes has less to do.
pub(crate) struct Written {
    commit: Commit,
    rows: Vec<Option<String>>,
    documents: Vec<String>,
    evaluations: Vec<Option<String>>,
    effects: Vec<queue::EffectForms>,
    granted: Vec<String>,
}

impl Written {
    pub(crate) fn new(commit: Commit, forms: u32) -> Result<Self, Failure> {
        let evaluation = |record: &NewRecord| match &record.evaluation {
            Some((_, evaluation)) => written(&**evaluation).map(Some),
            None => Ok(None),
        };
        Ok(Self {
            rows: commit.rows.iter().map(|row| row_form(row, forms)).collect::<Result<_, _>>()?,
            documents: commit
                .documents
                .iter()
                .map(|(_, document)| serde_json::to_string(&**document))
                .collect::<Result<_, _>>()?,
            evaluations: commit.records.iter().map(evaluation).collect::<Result<_, _>>()?,
            effects: commit.effects.iter().map(queue::EffectForms::of).collect::<Result<_, _>>()?,
            granted: commit.granted.iter().map(|placed| written(&placed.envelope)).collect::<Result<_, _>>()?,
            commit,
        })
    }

    /// Writes all of it, unless another has opened the shard since.
    pub(crate) fn commit(&self, writing: &mut Writing<'_>, shard: &Shard, fence: Fence) -> Result<(), Failure> {
        let place = writing.place(shard)?;
        // INVARIANT: nothing was written of this commit before the fence is known to hold, and the room to be there.
        let stands: Option<i64> = writing
            .connection
            .prepare_cached("SELECT fence FROM shard WHERE workspace = ?1 AND partition = ?2")?
            .query_row(params![place.workspace, place.partition], |row| row.get(0))
            .optional()?;
        if stands.map(unsigned) != Some(fence.0) {
            return Err(Failure::Refused(StoreError::Superseded));
        }
        let sums = room::look(writing, place, &self.commit.drawn)?;
        room::draw(writing, place, &self.commit.drawn, &sums)?;
        room::grant(writing, place, &self.commit.granted, &self.granted)?;
        let mut upserts = Upserts::prepare(writing.connection, place)?;
        for (row, form) in self.commit.rows.iter().zip(&self.rows) {
            upserts.put(row, form.as_deref().unwrap_or_default())?;
        }
        drop(upserts);
        for ((revision, _), form) in self.commit.documents.iter().zip(&self.documents) {
            writing
                .connection
                .prepare_cached(
                    "INSERT INTO document (workspace, revision, form) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                )?
                .execute(params![place.workspace, revision, form])?;
        }
        self.write_records(writing, place)?;
        for (effect, forms) in self.commit.effects.iter().zip(&self.effects) {
            queue::insert(writing, place, self.contact_of(effect.decided.0), effect, forms)?;
        }
        insights::add(writing, place, &self.commit.insights)?;
        for (user_id, conversation, seq) in &self.commit.withdrawn {
            queue::withdraw(writing, place, user_id, *conversation, *seq)?;
        }
        for (user_id, seq) in &self.commit.erased {
            let said_by = self.record(*seq).and_then(|record| record.event.as_ref());
            erase::forget(writing, place, user_id, *seq, said_by, self.commit.decided)?;
            writing.forgot = true;
        }
        writing
            .connection
            .prepare_cached(
                "UPDATE shard SET decided = ?3, opened_in_vain = 0 WHERE workspace = ?1 AND partition = ?2",
            )?
            .execute(params![place.workspace, place.partition, signed(self.commit.decided)])?;
        Ok(())
    }

    fn write_records(&self, writing: &Writing<'_>, place: Place) -> Result<(), Failure> {
        let mut insert = writing.connection.prepare_cached(
            "INSERT INTO record (workspace, partition, seq, at, event, user_id, comment_id, line, evaluation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for (record, evaluation) in self.commit.records.iter().zip(&self.evaluations) {
            let comment_id = record.evaluation.as_ref().map(|(comment_id, _)| comment_id.as_str());
            insert.execute(params![
                place.workspace,
                place.partition,
                signed(record.seq),
                record.at.as_milliseconds(),
                record.event.as_ref().map(|id| id.as_str()),
                record.user_id.as_ref().map(|id| id.as_str()),
                comment_id,
                record.line.get(),
                evaluation,
            ])?;
        }
        Ok(())
    }

    /// The record of a `seq`: they come in order.
    fn record(&self, seq: u64) -> Option<&NewRecord> {
        let records = &self.commit.records;
        records.binary_search_by_key(&seq, |record| record.seq).ok().and_then(|at| records.get(at))
    }

    fn contact_of(&self, seq: u64) -> Option<&UserId> {
        self.record(seq).and_then(|record| record.user_id.as_ref())
    }
}

/// Writes rows over what stands under their keys. Statements are looked up once a commit, not once a row.
struct Upserts<'a> {
    place: Place,
    seen: CachedStatement<'a>,
    contact: CachedStatement<'a>,
    link: CachedStatement<'a>,
    item: CachedStatement<'a>,
}

impl<'a> Upserts<'a> {
    fn prepare(connection: &'a Connection, place: Place) -> Result<Self, Failure> {
        Ok(Self {
            place,
            seen: connection.prepare_cached(
                "INSERT INTO seen (workspace, partition, kind, id, at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET at = excluded.at",
            )?,
            contact: connection.prepare_cached(
                "INSERT INTO contact (workspace, partition, user_id, next_due, queued_at, form)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET
                     next_due = excluded.next_due, queued_at = excluded.queued_at, form = excluded.form",
            )?,
            link: connection.prepare_cached(
                "INSERT INTO link (workspace, partition, user_id, seq, place, at, form)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT DO UPDATE SET at = excluded.at, form = excluded.form",
            )?,
            item: connection.prepare_cached(
                "INSERT INTO item (workspace, partition, kind, name, at, form) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET at = excluded.at, form = excluded.form",
            )?,
        })
    }

    fn put(&mut self, row: &Row, form: &str) -> Result<(), Failure> {
        let Place { workspace, partition } = self.place;
        match row {
            Row::Event(id, at) => self.see(0, id.as_str(), *at),
            Row::Comment(id, at) => self.see(1, id.as_str(), *at),
            Row::Message(id, at) => self.see(2, id.as_str(), *at),
            Row::Refund(id, at) => self.see(3, id.as_str(), *at),
            Row::Contact(contact) => {
                let (due, queued) = (milliseconds(row.next_due()), milliseconds(row.queued_at()));
                self.contact.execute(params![workspace, partition, contact.user_id().as_str(), due, queued, form])
            }
            Row::Link(user_id, seq, position, link) => {
                let (user_id, at) = (user_id.as_str(), link.at.as_milliseconds());
                self.link.execute(params![workspace, partition, user_id, signed(*seq), position, at, form])
            }
            row => {
                let (key, at) = (row.key(), milliseconds(row.remembered_from()));
                self.item.execute(params![workspace, partition, key.kind(), key.name(), at, form])
            }
        }?;
        Ok(())
    }

    fn see(&mut self, kind: u8, id: &str, at: Instant) -> rusqlite::Result<usize> {
        self.seen.execute(params![self.place.workspace, self.place.partition, kind, id, at.as_milliseconds()])
    }
}
