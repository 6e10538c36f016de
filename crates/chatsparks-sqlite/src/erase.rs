//! A person is forgotten: what they wrote leaves records, log, evaluations and queue (R12). Their contact was written
//! anew without it by the same commit.

use crate::{
    fault::Failure,
    form::{column, signed, text, unsigned, written},
    queue,
    shard::{Place, Writing},
};
use chatsparks_core::{Envelope, Evaluation, Event, EventId, UserId};
use chatsparks_ports::{
    Position,
    erasure::{forget_evaluation, forget_event, forget_line},
};
use rusqlite::params;

/// Takes out what a person wrote before the record of this `seq`, which says that they are forgotten.
pub(crate) fn forget(
    writing: &mut Writing<'_>,
    place: Place,
    user_id: &UserId,
    seq: u64,
    said_by: Option<&EventId>,
    decided: Position,
) -> Result<(), Failure> {
    forget_records(writing, place, user_id, seq)?;
    forget_logged(writing, place, user_id, said_by, decided)?;
    queue::forget(writing, place, user_id, seq)
}

fn forget_records(writing: &Writing<'_>, place: Place, user_id: &UserId, seq: u64) -> Result<(), Failure> {
    let mut find = writing.connection.prepare_cached(
        "SELECT seq, line, evaluation FROM record
         WHERE workspace = ?1 AND partition = ?2 AND user_id = ?3 AND seq < ?4 ORDER BY seq",
    )?;
    let mut rows = find.query(params![place.workspace, place.partition, user_id.as_str(), signed(seq)])?;
    let mut left: Vec<(i64, String, Option<String>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let line = forget_line(text(row, 1)?)?;
        let evaluation = match row.get_ref(2)? {
            rusqlite::types::ValueRef::Null => None,
            _ => {
                let mut evaluation: Evaluation = column(row, 2)?;
                forget_evaluation(&mut evaluation);
                Some(written(&evaluation)?)
            }
        };
        left.push((row.get(0)?, line, evaluation));
    }
    drop(rows);
    let mut update = writing.connection.prepare_cached(
        "UPDATE record SET line = ?4, evaluation = ?5 WHERE workspace = ?1 AND partition = ?2 AND seq = ?3",
    )?;
    for (seq, line, evaluation) in left {
        update.execute(params![place.workspace, place.partition, seq, line, evaluation])?;
    }
    Ok(())
}

fn forget_logged(
    writing: &Writing<'_>,
    place: Place,
    user_id: &UserId,
    said_by: Option<&EventId>,
    decided: Position,
) -> Result<(), Failure> {
    let mut find = writing.connection.prepare_cached(
        "SELECT position, form FROM log
         WHERE workspace = ?1 AND partition = ?2 AND user_id = ?3 AND position <= ?4 ORDER BY position",
    )?;
    let mut rows = find.query(params![place.workspace, place.partition, user_id.as_str(), signed(decided)])?;
    // What came after the event that says so stays: it was decided with what it said.
    let (mut before, mut left): (Position, Vec<(Position, String)>) = (decided + 1, Vec::new());
    while let Some(row) = rows.next()? {
        let position = unsigned(row.get(0)?);
        let mut envelope: Envelope = column(row, 1)?;
        if matches!(envelope.event, Event::Erase(_)) && said_by == Some(&envelope.id) {
            before = position;
        } else if forget_event(&mut envelope) {
            left.push((position, written(&envelope)?));
        }
    }
    drop(rows);
    let mut update = writing.connection.prepare_cached(
        "UPDATE log SET form = ?4, erased = 1 WHERE workspace = ?1 AND partition = ?2 AND position = ?3",
    )?;
    for (position, form) in left.into_iter().filter(|(position, _)| *position < before) {
        update.execute(params![place.workspace, place.partition, signed(position), form])?;
    }
    Ok(())
}
