//! Effects that wait, and what came of them.

use crate::{
    SqliteStore,
    fault::Failure,
    form::{column, instant, milliseconds, signed, text, unsigned, written},
    shard::{Place, Writing, workspace},
};
use chatsparks_core::{DmStage, Effect, Instant, UserId, WorkspaceId};
use chatsparks_ports::{
    Context, EffectKey, EffectState, Input, Lane, NewEffect, Queue, QueueCount, Queued, Ready, Settled, Shard,
    StoreError, bot_conversation, kind_of,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// The states as they are stored.
pub(crate) const WAITING: u8 = 0;
pub(crate) const IN_DOUBT: u8 = 1;
const DEAD: u8 = 2;
const SENT: u8 = 3;
const FAILED: u8 = 4;

/// The forms of an effect.
pub(crate) struct EffectForms {
    effect: String,
    context: String,
}

impl EffectForms {
    pub(crate) fn of(effect: &NewEffect) -> Result<Self, Failure> {
        Ok(Self { effect: written(&effect.effect)?, context: serde_json::to_string(&effect.context)? })
    }
}

/// Puts an effect at the end of its lane.
pub(crate) fn insert(
    writing: &Writing<'_>,
    place: Place,
    contact: Option<&UserId>,
    effect: &NewEffect,
    forms: &EffectForms,
) -> Result<(), Failure> {
    let (lane, free) = match &effect.lane {
        Lane::Contact(user_id) => (Some(user_id), false),
        Lane::Free(user_id) => (user_id.as_ref(), true),
    };
    let lane = lane.map(|user_id| user_id.as_str());
    let (seq, position) = effect.decided;
    writing
        .connection
        .prepare_cached(
            "INSERT INTO effect (workspace, partition, id, seq, place, user_id, lane, free, kind, bot_conversation,
                 not_after, form, context, state, front)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?8 OR NOT EXISTS (
                 SELECT 1 FROM effect INDEXED BY effect_open WHERE workspace = ?1 AND partition = ?2 AND lane = ?7 AND free = 0
                     AND state <= 2 AND state <> 2))
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            place.workspace,
            place.partition,
            effect.id,
            signed(seq),
            position,
            contact.map(|user_id| user_id.as_str()).or(lane),
            lane,
            free,
            kind_of(&effect.effect),
            bot_conversation(&effect.effect),
            milliseconds(effect.context.not_after).unwrap_or(i64::MAX),
            forms.effect,
            forms.context,
            if effect.in_doubt { IN_DOUBT } else { WAITING },
        ])?;
    Ok(())
}

/// Finds anew who is first in a lane.
fn form_up(writing: &Writing<'_>, place: Place, lane: Option<&str>) -> Result<(), Failure> {
    let Some(lane) = lane else { return Ok(()) };
    let Place { workspace, partition } = place;
    let first: Option<i64> = writing
        .connection
        .prepare_cached(
            "SELECT number FROM effect INDEXED BY effect_open WHERE workspace = ?1 AND partition = ?2 AND lane = ?3 AND free = 0
                 AND state <= 2 AND state <> 2 ORDER BY seq, place LIMIT 1",
        )?
        .query_row(params![workspace, partition, lane], |row| row.get(0))
        .optional()?;
    writing
        .connection
        .prepare_cached(
            "UPDATE effect INDEXED BY effect_open SET front = (number = ?4) WHERE workspace = ?1 AND partition = ?2 AND lane = ?3 AND free = 0
                 AND state <= 2 AND state <> 2 AND front <> (number = ?4)",
        )?
        .execute(params![workspace, partition, lane, first.unwrap_or(0)])?;
    Ok(())
}

/// An effect that is to be changed.
struct Found {
    number: i64,
    state: u8,
    lane: Option<String>,
    free: bool,
}

fn find(connection: &Connection, place: Place, id: &str) -> Result<Option<Found>, Failure> {
    let found = connection
        .prepare_cached(
            "SELECT number, state, lane, free FROM effect WHERE workspace = ?1 AND id = ?2 AND partition = ?3",
        )?
        .query_row(params![place.workspace, id, place.partition], |row| {
            Ok(Found { number: row.get(0)?, state: row.get(1)?, lane: row.get(2)?, free: row.get(3)? })
        });
    Ok(found.optional()?)
}

/// Gives effects that have no outcome theirs. What they say is in the record, and not kept here any longer.
fn close(writing: &Writing<'_>, place: Place, found: &Found, state: u8, why: Option<&str>) -> Result<(), Failure> {
    writing
        .connection
        .prepare_cached(
            "UPDATE effect SET state = ?2, why = ?3, front = 0, not_before = NULL, form = NULL, context = NULL
             WHERE number = ?1",
        )?
        .execute(params![found.number, state, why])?;
    writing
        .connection
        .prepare_cached(
            "UPDATE shard SET sent = sent + (?3 = 3), failed = failed + (?3 = 4) WHERE workspace = ?1 AND partition = ?2",
        )?
        .execute(params![place.workspace, place.partition, state])?;
    if !found.free {
        form_up(writing, place, found.lane.as_deref())?;
    }
    Ok(())
}

/// O7: a conversation's bot DMs that have not begun and were decided before this `seq`. One whose attempt failed may have
/// arrived.
pub(crate) fn withdraw(
    writing: &mut Writing<'_>,
    place: Place,
    user_id: &UserId,
    conversation: u32,
    seq: u64,
) -> Result<(), Failure> {
    let (which, value) = ("state = 0 AND attempts = 0 AND bot_conversation = ?5", i64::from(conversation));
    withdraw_where(writing, place, user_id, seq, which, value, |_| "withdrawn")
}

/// R12: everything of a person that has no outcome; what may be on its way is in doubt, and stays so.
pub(crate) fn forget(writing: &mut Writing<'_>, place: Place, user_id: &UserId, seq: u64) -> Result<(), Failure> {
    withdraw_where(writing, place, user_id, seq, "?5 = 0", 0, |state| match state {
        IN_DOUBT => "in_doubt",
        _ => "withdrawn",
    })
}

fn withdraw_where(
    writing: &mut Writing<'_>,
    place: Place,
    user_id: &UserId,
    seq: u64,
    which: &str,
    value: i64,
    why: impl Fn(u8) -> &'static str,
) -> Result<(), Failure> {
    let found: Vec<(Found, String, String)> = writing
        .connection
        .prepare_cached(&format!(
            "SELECT number, state, lane, free, id, kind FROM effect INDEXED BY effect_open
             WHERE workspace = ?1 AND partition = ?2 AND lane = ?3 AND seq < ?4 AND state <= 2 AND {which}
             ORDER BY seq, place"
        ))?
        .query_map(params![place.workspace, place.partition, user_id.as_str(), signed(seq), value], |row| {
            let found = Found { number: row.get(0)?, state: row.get(1)?, lane: row.get(2)?, free: row.get(3)? };
            Ok((found, row.get(4)?, row.get(5)?))
        })?
        .collect::<Result<_, _>>()?;
    for (found, id, kind) in found {
        let why = why(found.state);
        close(writing, place, &found, FAILED, Some(why))?;
        if kind == "send_dm" {
            writing.append(place, &Input::outcome(&id, DmStage::Failed, Some(why)), None)?;
        }
    }
    Ok(())
}

impl Queue for SqliteStore {
    async fn ready(
        &self,
        workspace: &WorkspaceId,
        wall: Instant,
        busy: &[EffectKey],
        limit: usize,
    ) -> Result<Vec<Ready>, StoreError> {
        let (id, busy) = (workspace.clone(), busy.to_vec());
        self.read(move |connection| ready(connection, &id, wall, &busy, limit)).await
    }

    async fn begin(&self, key: &EffectKey, wall: Instant) -> Result<bool, StoreError> {
        let key = key.clone();
        self.write(move |writing| {
            let place = writing.place(&key.shard)?;
            let began = writing
                .connection
                .prepare_cached(
                    "UPDATE effect SET state = 1, not_before = NULL, first_attempt = coalesce(first_attempt, ?4)
                     WHERE workspace = ?1 AND id = ?2 AND partition = ?3 AND state <= 1",
                )?
                .execute(params![place.workspace, key.id, place.partition, wall.as_milliseconds()])?;
            Ok(began > 0)
        })
        .await
    }

    async fn settle(&self, key: &EffectKey, settled: Settled, receipt: Option<Input>) -> Result<bool, StoreError> {
        let key = key.clone();
        self.write(move |writing| {
            let place = writing.place(&key.shard)?;
            let Some(found) = find(writing.connection, place, &key.id)? else { return Ok(false) };
            match &settled {
                _ if found.state >= SENT => return Ok(false),
                Settled::Sent => close(writing, place, &found, SENT, None)?,
                Settled::Failed(why) => close(writing, place, &found, FAILED, Some(why))?,
                _ if found.state == DEAD => return Ok(false),
                Settled::Again { not_before, counts, why } => {
                    writing
                        .connection
                        .prepare_cached(
                            "UPDATE effect SET state = 0, not_before = ?2, attempts = attempts + ?3, why = ?4,
                                 first_attempt = CASE WHEN attempts + ?3 > 0 THEN first_attempt END
                             WHERE number = ?1",
                        )?
                        .execute(params![found.number, not_before.as_milliseconds(), counts, why])?;
                }
                Settled::Dead(why) => {
                    writing
                        .connection
                        .prepare_cached(
                            "UPDATE effect SET state = 2, front = 0, not_before = NULL, attempts = attempts + 1, why = ?2
                             WHERE number = ?1",
                        )?
                        .execute(params![found.number, why])?;
                    if !found.free {
                        form_up(writing, place, found.lane.as_deref())?;
                    }
                }
            }
            if let Some(receipt) = &receipt {
                writing.append(place, receipt, None)?;
            }
            Ok(true)
        })
        .await
    }

    async fn revive(&self, workspace: &WorkspaceId, effect: &str) -> Result<bool, StoreError> {
        let (id, effect) = (workspace.clone(), effect.to_owned());
        self.write(move |writing| {
            let workspace = writing.workspace(&id)?;
            let revived: Option<(u32, Option<String>, bool)> = writing
                .connection
                .prepare_cached(
                    "UPDATE effect SET state = 0, front = free, attempts = 0, first_attempt = NULL, not_before = NULL
                     WHERE number = (SELECT number FROM effect WHERE workspace = ?1 AND id = ?2 AND state = 2
                         ORDER BY partition LIMIT 1)
                     RETURNING partition, lane, free",
                )?
                .query_row(params![workspace, effect], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            if let Some((partition, lane, false)) = &revived {
                form_up(writing, Place { workspace, partition: *partition }, lane.as_deref())?;
            }
            Ok(revived.is_some())
        })
        .await
    }

    async fn find(&self, workspace: &WorkspaceId, effect: &str) -> Result<Option<(EffectKey, Effect)>, StoreError> {
        let (id, effect) = (workspace.clone(), effect.to_owned());
        self.read(move |connection| {
            let Some(number) = crate::shard::workspace(connection, &id)? else { return Ok(None) };
            let mut statement = connection.prepare_cached(
                "SELECT partition, user_id, form FROM effect WHERE workspace = ?1 AND id = ?2 AND state <= 2
                 ORDER BY partition LIMIT 1",
            )?;
            let mut rows = statement.query(params![number, effect])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let shard = Shard { workspace: id, partition: row.get(0)? };
            let user_id = row.get::<_, Option<String>>(1)?.map(UserId::from);
            Ok(Some((EffectKey { shard, user_id, id: effect }, column(row, 2)?)))
        })
        .await
    }

    async fn count(&self, workspace: &WorkspaceId) -> Result<QueueCount, StoreError> {
        let id = workspace.clone();
        self.read(move |connection| {
            let Some(number) = crate::shard::workspace(connection, &id)? else { return Ok(QueueCount::default()) };
            let (sent, failed): (i64, i64) = connection
                .prepare_cached(
                    "SELECT coalesce(sum(sent), 0), coalesce(sum(failed), 0) FROM shard WHERE workspace = ?1",
                )?
                .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut count = QueueCount { sent: unsigned(sent), failed: unsigned(failed), ..QueueCount::default() };
            let mut statement = connection.prepare_cached(
                "SELECT state, count(*) FROM effect INDEXED BY effect_open
                 WHERE workspace = ?1 AND state <= 2 GROUP BY state",
            )?;
            let mut rows = statement.query([number])?;
            while let Some(row) = rows.next()? {
                let many = unsigned(row.get(1)?);
                match row.get::<_, u8>(0)? {
                    WAITING => count.waiting = many,
                    IN_DOUBT => count.in_doubt = many,
                    _ => count.dead = many,
                }
            }
            Ok(count)
        })
        .await
    }

    async fn list(&self, workspace: &WorkspaceId, state: EffectState, limit: usize) -> Result<Vec<Queued>, StoreError> {
        let id = workspace.clone();
        self.read(move |connection| list(connection, &id, state, limit)).await
    }

    async fn standing(&self, workspace: &WorkspaceId, effects: &[String]) -> Result<Vec<Queued>, StoreError> {
        let (id, effects) = (workspace.clone(), effects.to_vec());
        self.read(move |connection| {
            let Some(number) = crate::shard::workspace(connection, &id)? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT id, user_id, kind, attempts, not_after, not_before, why, state FROM effect
                 WHERE workspace = ?1 AND id = ?2 ORDER BY partition",
            )?;
            let mut standing = Vec::new();
            for effect in effects {
                let mut rows = statement.query(params![number, effect])?;
                while let Some(row) = rows.next()? {
                    standing.push(queued(row, EffectState::of(row.get(7)?))?);
                }
            }
            Ok(standing)
        })
        .await
    }

    async fn next_retry(&self, workspace: &WorkspaceId, now: Instant) -> Result<Option<Instant>, StoreError> {
        let id = workspace.clone();
        self.read(move |connection| {
            let Some(number) = crate::shard::workspace(connection, &id)? else { return Ok(None) };
            let next = connection
                .prepare_cached(
                    "SELECT not_before FROM effect WHERE workspace = ?1 AND front = 1 AND not_before > ?2
                     ORDER BY not_before LIMIT 1",
                )?
                .query_row(params![number, now.as_milliseconds()], |row| row.get(0))
                .optional()?;
            Ok(instant(next))
        })
        .await
    }
}

fn ready(
    connection: &Connection,
    id: &WorkspaceId,
    wall: Instant,
    busy: &[EffectKey],
    limit: usize,
) -> Result<Vec<Ready>, Failure> {
    let Some(number) = workspace(connection, id)? else { return Ok(Vec::new()) };
    // The lanes of those that are busy: one of them may have got its outcome meanwhile, and stand first no more.
    let mut lanes: Vec<(u32, String)> = Vec::new();
    for key in busy.iter().filter(|key| key.shard.workspace == *id) {
        let found = find(connection, Place { workspace: number, partition: key.shard.partition }, &key.id)?;
        lanes.extend(found.filter(|found| !found.free).and_then(|found| Some((key.shard.partition, found.lane?))));
    }
    let mut statement = connection.prepare_cached(
        "SELECT partition, user_id, id, state, form, context, attempts, first_attempt, lane, free
         FROM effect INDEXED BY effect_front
         WHERE workspace = ?1 AND front = 1 AND (not_before IS NULL OR not_before <= ?2)
         ORDER BY not_after, number",
    )?;
    let mut rows = statement.query(params![number, wall.as_milliseconds()])?;
    let mut ready = Vec::new();
    while ready.len() < limit {
        let Some(row) = rows.next()? else { break };
        let partition: u32 = row.get(0)?;
        let effect = text(row, 2)?;
        let is_busy = busy.iter().any(|key| key.id == effect && key.shard.partition == partition);
        let lane: Option<String> = row.get(8)?;
        let is_taken = !row.get::<_, bool>(9)? && lane.is_some_and(|lane| lanes.contains(&(partition, lane)));
        if is_busy || is_taken {
            continue;
        }
        let key = EffectKey {
            shard: Shard { workspace: id.clone(), partition },
            user_id: row.get::<_, Option<String>>(1)?.map(UserId::from),
            id: effect.to_owned(),
        };
        ready.push(Ready {
            key,
            in_doubt: row.get::<_, u8>(3)? == IN_DOUBT,
            effect: column(row, 4)?,
            context: serde_json::from_str::<Context>(text(row, 5)?)?,
            attempts: row.get(6)?,
            first_attempt: instant(row.get(7)?),
        });
    }
    Ok(ready)
}

fn list(connection: &Connection, id: &WorkspaceId, state: EffectState, limit: usize) -> Result<Vec<Queued>, Failure> {
    let Some(number) = workspace(connection, id)? else { return Ok(Vec::new()) };
    let open = "INDEXED BY effect_open WHERE state <= 2 AND";
    let settled = "INDEXED BY effect_settled WHERE state >= 3 AND";
    let (stored, which) = match state {
        EffectState::Waiting => (WAITING, open),
        EffectState::InDoubt => (IN_DOUBT, open),
        EffectState::Dead => (DEAD, open),
        EffectState::Sent => (SENT, settled),
        EffectState::Failed => (FAILED, settled),
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, user_id, kind, attempts, not_after, not_before, why FROM effect
         {which} workspace = ?1 AND state = ?2 ORDER BY not_after, number LIMIT ?3"
    ))?;
    let mut rows = statement.query(params![number, stored, signed(limit as u64)])?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next()? {
        listed.push(queued(row, state)?);
    }
    Ok(listed)
}

/// An effect as it is listed, where it stands in this state.
fn queued(row: &Row<'_>, state: EffectState) -> Result<Queued, Failure> {
    Ok(Queued {
        effect: row.get(0)?,
        user_id: row.get::<_, Option<String>>(1)?.map(UserId::from),
        kind: row.get(2)?,
        state,
        attempts: row.get(3)?,
        not_after: instant(row.get::<_, Option<i64>>(4)?.filter(|not_after| *not_after != i64::MAX)),
        not_before: instant(row.get(5)?),
        why: row.get(6)?,
    })
}
