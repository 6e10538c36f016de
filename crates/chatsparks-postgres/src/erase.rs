//! A person is forgotten: what they wrote leaves records, log, evaluations and queue (R12). Their contact was written
//! anew without it by the same commit.

use crate::{
    append::Place,
    form::{key, read, signed, unsigned, written},
    statement::{changed, found},
    store::{Inner, lone},
};
use chatsparks_core::{Envelope, Evaluation, Event, EventId, UserId};
use chatsparks_ports::{
    Position, StoreError,
    erasure::{forget_evaluation, forget_event, forget_line},
};
use deadpool_postgres::Object;
use std::sync::Arc;

/// Takes out what a person wrote before the record of this `seq`, which says that they are forgotten.
pub(crate) async fn forget(
    client: &Object,
    place: Place,
    user_id: &UserId,
    seq: u64,
    said_by: Option<&EventId>,
    decided: Position,
) -> Result<(), StoreError> {
    let (workspace, partition) = place;
    let user = key(user_id.as_str());
    let sql = "SELECT seq, line, evaluation FROM record
         WHERE workspace = $1 AND partition = $2 AND user_id = $3 AND seq < $4 ORDER BY seq";
    let (mut seqs, mut lines, mut evaluations) = (Vec::<i64>::new(), Vec::new(), Vec::new());
    for row in found(client, sql, &[&workspace, &partition, &&*user, &signed(seq)]).await? {
        seqs.push(row.get(0));
        lines.push(forget_line(row.get(1)).map_err(|error| crate::fault::of_form(&error))?);
        let evaluation = match row.get::<_, Option<&str>>(2) {
            Some(form) => {
                let mut evaluation: Evaluation = read(form)?;
                forget_evaluation(&mut evaluation);
                Some(written(&evaluation)?)
            }
            None => None,
        };
        evaluations.push(evaluation);
    }
    let sql = "UPDATE record r SET line = k.line, evaluation = k.evaluation
         FROM unnest($3::bigint[], $4::text[], $5::text[]) AS k (seq, line, evaluation)
         WHERE r.workspace = $1 AND r.partition = $2 AND r.seq = k.seq";
    changed(client, sql, &[&workspace, &partition, &seqs, &lines, &evaluations]).await?;

    let sql = "SELECT position, form FROM log
         WHERE workspace = $1 AND partition = $2 AND user_id = $3 AND position <= $4 ORDER BY position";
    // What came after the event that says so stays: it was decided with what it said.
    let (mut before, mut left): (Position, Vec<(Position, String)>) = (decided + 1, Vec::new());
    for row in found(client, sql, &[&workspace, &partition, &&*user, &signed(decided)]).await? {
        let position = unsigned(row.get(0));
        let mut envelope: Envelope = read(row.get(1))?;
        if matches!(envelope.event, Event::Erase(_)) && said_by == Some(&envelope.id) {
            before = position;
        } else if forget_event(&mut envelope) {
            left.push((position, written(&envelope)?));
        }
    }
    left.retain(|(position, _)| *position < before);
    let positions: Vec<i64> = left.iter().map(|(position, _)| signed(*position)).collect();
    let forms: Vec<&str> = left.iter().map(|(_, form)| form.as_str()).collect();
    let sql =
        "UPDATE log l SET form = k.form, erased = TRUE FROM unnest($3::bigint[], $4::text[]) AS k (position, form)
         WHERE l.workspace = $1 AND l.partition = $2 AND l.position = k.position";
    changed(client, sql, &[&workspace, &partition, &positions, &forms]).await.map(drop)
}

/// Versions of rows that were written over stay on their pages until they are vacuumed: that is asked for now, and
/// nobody waits for it. Where it cannot be done, the server's own vacuum comes sooner or later.
pub(crate) fn clean(inner: &Arc<Inner>) {
    let shared = inner.clone();
    inner.home.spawn(async move {
        let cleaned = async {
            let client = lone(&shared).await?;
            let vacuum = "VACUUM log, record, effect, contact, waiting";
            client.batch_execute(vacuum).await.map_err(|error| crate::fault::of_postgres(&error))
        };
        if let Err(error) = cleaned.await {
            tracing::warn!(%error, "what was forgotten could not be vacuumed at once");
        }
    });
}
