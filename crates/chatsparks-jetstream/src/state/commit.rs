//! What a commit does: all of it, or nothing (R5).

use super::{
    Kept, State, no_such_partition, of,
    queue::{Waiting, Which},
    rows::digest,
};
use crate::{op::Committed, table::of as all_of};
use chatsparks_core::{DmStage, UserId};
use chatsparks_ports::{Draw, Input, StoreError};

impl State {
    pub(super) fn commit(&mut self, op: u64, last: u64, commit: &Committed) -> Result<(), StoreError> {
        // What may be refused comes first.
        if self.part(commit.partition).is_none_or(|part| part.fence != commit.fence) {
            return Err(StoreError::Superseded);
        }
        for told in self.draw(commit)? {
            self.tell(&told)?;
        }
        let part = of(&mut self.parts, &mut self.beside, commit.partition).ok_or_else(no_such_partition)?;
        part.owned = last;
        for (before, form) in &commit.granted {
            let next = part.granted.range(all_of(*before, (0, u64::MAX))).count() as u64;
            part.granted.insert((*before, next), form.get().into());
        }
        commit.rows.iter().for_each(|row| part.rows.put(row));
        for (revision, document) in &commit.documents {
            self.documents.entry(*revision).or_insert_with(|| document.get().into());
        }
        for (place, record) in (0..).zip(&commit.records) {
            if let Some(user_id) = &record.user_id {
                part.records_of.insert((user_id.clone(), record.seq), ());
            }
            if let Some((comment_id, _)) = &record.evaluation {
                part.evaluate(digest("comment", comment_id), record.seq);
            }
            let user_id = record.user_id.clone();
            part.records.insert(record.seq, Kept { at: record.at, op, place, user_id, forgotten: false });
        }
        for effect in &commit.effects {
            self.effects += 1;
            let contact = part.records.get(&effect.seq).and_then(|kept| kept.user_id.clone());
            let waiting = Waiting::new(self.effects, contact, effect);
            part.effects.enqueue((effect.seq, effect.place), waiting);
        }
        for (number, by) in &commit.insights {
            let sum = part.insights.entry(number.as_str().into()).or_default();
            *sum = sum.saturating_add(*by);
        }
        for (user_id, conversation, seq) in &commit.withdrawn {
            let which = Which::NotBegun { conversation: *conversation, keeps_tried: commit.keeps_tried };
            let outcomes = part.effects.withdraw(user_id, *seq, which);
            for (id, why) in outcomes {
                part.log_own(&Input::outcome(&id, DmStage::Failed, Some(why)))?;
            }
        }
        part.decided = commit.decided;
        part.opened_in_vain = 0;
        for (user_id, seq, before) in &commit.erased {
            self.forget(commit.partition, user_id, *seq, *before)?;
        }
        Ok(())
    }

    /// Draws room from the pools, all or none; what partition 0 is to be told.
    fn draw(&mut self, commit: &Committed) -> Result<Vec<Input>, StoreError> {
        let draws: Vec<Draw> = commit.drawn.iter().map(Draw::from).collect();
        let mut after = Vec::new();
        for draw in &draws {
            let before = self.pools.get(&draw.cycle.as_milliseconds()).copied().unwrap_or(0);
            after.push((before, draw.applied(before).ok_or(StoreError::NoRoom)?));
        }
        let mut told = Vec::new();
        for (draw, (before, after)) in draws.iter().zip(after) {
            self.pools.insert(draw.cycle.as_milliseconds(), after);
            told.extend(draw.told(before, after));
        }
        Ok(told)
    }

    /// R12: what a person wrote before the record of this `seq`, and before this position of the log.
    fn forget(&mut self, partition: u32, user_id: &UserId, seq: u64, before: u64) -> Result<(), StoreError> {
        let part = of(&mut self.parts, &mut self.beside, partition).ok_or_else(no_such_partition)?;
        let theirs = part.records_of.range(all_of(user_id.clone(), (0, seq)));
        for theirs in theirs.map(|((_, of), _)| of).filter(|of| *of < seq).collect::<Vec<_>>() {
            let dirty = &mut self.dirty;
            let is_there = part.records.change(&theirs, |kept| {
                kept.forgotten = true;
                dirty.insert(kept.op);
            });
            if is_there {
                part.forgotten.insert(theirs);
            }
        }
        let theirs = part.log_of(user_id, 0).take_while(|(position, _)| *position < before);
        let theirs =
            theirs.filter(|(_, entry)| entry.texts && !entry.erased && entry.user_id.as_ref() == Some(user_id));
        for position in theirs.map(|(position, _)| position).collect::<Vec<_>>() {
            let dirty = &mut self.dirty;
            part.log.change(&position, |entry| {
                entry.erased = true;
                if let super::Body::In(op, _) = entry.body {
                    dirty.insert(op);
                }
            });
            part.erased.insert(position);
        }
        for (id, why) in part.effects.withdraw(user_id, seq, Which::All) {
            part.log_own(&Input::outcome(&id, DmStage::Failed, Some(why)))?;
        }
        Ok(())
    }
}
