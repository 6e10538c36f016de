//! Workspaces that come from another store, or leave for one (S4).

use crate::{
    SqliteStore,
    fault::Failure,
    form::{signed, unsigned},
    shard::{Place, Writing, place},
};
use chatsparks_core::WorkspaceId;
use chatsparks_ports::{
    EffectState, Shard, StoreError,
    moving::{ARRIVING, MOVED, MovedEffect, Moving, Part, Piece},
};
use rusqlite::{Connection, Row, params};

type Numbered = Vec<(u64, Piece)>;

impl Moving for SqliteStore {
    async fn pieces(&self, shard: &Shard, part: Part, after: u64, limit: usize) -> Result<Numbered, StoreError> {
        let shard = shard.clone();
        self.read(move |connection| {
            let Some(place) = place(connection, &shard)? else { return Ok(Vec::new()) };
            take(connection, place, part, signed(after), signed(limit as u64))
        })
        .await
    }

    async fn put(&self, workspace: &WorkspaceId, pieces: Vec<Piece>) -> Result<(), StoreError> {
        let id = workspace.clone();
        self.write(move |writing| {
            let workspace = writing.workspace(&id)?;
            pieces.iter().try_for_each(|piece| put(writing, workspace, piece))?;
            // What is remembered of the ends of logs is not what stands there now.
            writing.forget_ends(workspace);
            Ok(())
        })
        .await
    }

    async fn wipe(&self, workspace: &WorkspaceId) -> Result<(), StoreError> {
        let id = workspace.clone();
        self.write(move |writing| {
            let workspace = writing.workspace(&id)?;
            for table in
                ["contact", "seen", "link", "item", "effect", "document", "place", "waiting", "granted", "pool"]
            {
                writing.connection.execute(&format!("DELETE FROM {table} WHERE workspace = ?1"), [workspace])?;
            }
            let sql = "DELETE FROM note WHERE workspace = ?1 AND name NOT IN (?2, ?3)";
            writing.connection.execute(sql, params![workspace, ARRIVING, MOVED])?;
            Ok(())
        })
        .await
    }
}

/// How pieces of a part are found: by workspace (`?1`), partition (`?2`), after a number (`?3`), so many (`?4`). The first
/// column is the number; where there is none of its own, it is counted.
fn sql_of(part: Part) -> &'static str {
    match part {
        Part::Events => {
            "SELECT position, at, user_id, erased IS NOT NULL, form FROM log
             WHERE workspace = ?1 AND partition = ?2 AND position > ?3 ORDER BY position LIMIT ?4"
        }
        // Records begin at 0.
        Part::Records => {
            "SELECT seq + 1, at, event, user_id, comment_id, line, evaluation FROM record
             WHERE workspace = ?1 AND partition = ?2 AND seq >= ?3 ORDER BY seq LIMIT ?4"
        }
        Part::Documents => {
            "SELECT revision, form FROM document WHERE workspace = ?1 AND ?2 = 0 AND revision > ?3 ORDER BY revision LIMIT ?4"
        }
        Part::Notes => {
            "SELECT 0, name, text FROM note WHERE workspace = ?1 AND ?2 = 0 AND name NOT IN ('arriving', 'moved')
             ORDER BY name LIMIT ?4 OFFSET ?3"
        }
        Part::Pools => {
            "SELECT 0, cycle, drawn FROM pool WHERE workspace = ?1 AND ?2 = 0 ORDER BY cycle LIMIT ?4 OFFSET ?3"
        }
        Part::Places => {
            "SELECT 0, kind, name, partition, at FROM place WHERE workspace = ?1 AND ?2 = 0
             ORDER BY kind, name LIMIT ?4 OFFSET ?3"
        }
        Part::Waiting => {
            "SELECT number, kind, name, until, linked, brought, form FROM waiting
             WHERE workspace = ?1 AND ?2 = 0 AND number > ?3 ORDER BY number LIMIT ?4"
        }
        Part::Grants => {
            "SELECT 0, position, place, form FROM granted WHERE workspace = ?1 AND partition = ?2
             ORDER BY position, place LIMIT ?4 OFFSET ?3"
        }
        Part::Insights => {
            "SELECT 0, name, form FROM item WHERE workspace = ?1 AND partition = ?2 AND kind = 'insight'
             ORDER BY name LIMIT ?4 OFFSET ?3"
        }
        Part::Effects => {
            "SELECT number, id, seq, place, user_id, lane, free, kind, bot_conversation, state, not_after, not_before,
                 attempts, first_attempt, why, form, context FROM effect
             WHERE workspace = ?1 AND partition = ?2 AND number > ?3 AND state <= 2 ORDER BY number LIMIT ?4"
        }
        Part::Outcomes => {
            "SELECT number, id, seq, 0, user_id, lane, free, kind, NULL, state, not_after, NULL, attempts, NULL, why,
                 NULL, NULL FROM effect
             WHERE workspace = ?1 AND partition = ?2 AND number > ?3 AND state >= 3 ORDER BY number LIMIT ?4"
        }
        Part::Stand => {
            "SELECT 1, decided, log_first, log_end, log_latest, record_first, sent, failed FROM shard
             WHERE workspace = ?1 AND partition = ?2 AND ?3 = 0 LIMIT ?4"
        }
    }
}

fn take(connection: &Connection, place: Place, part: Part, after: i64, limit: i64) -> Result<Numbered, Failure> {
    let mut statement = connection.prepare_cached(sql_of(part))?;
    let mut rows = statement.query(params![place.workspace, place.partition, after, limit])?;
    let (mut pieces, mut counted) = (Vec::new(), unsigned(after));
    while let Some(row) = rows.next()? {
        counted += 1;
        let number = match unsigned(row.get(0)?) {
            0 => counted,
            number => number,
        };
        pieces.push((number, piece(row, place.partition, part)?));
    }
    Ok(pieces)
}

fn piece(row: &Row<'_>, partition: u32, part: Part) -> Result<Piece, Failure> {
    let count = |at| row.get::<_, i64>(at).map(unsigned);
    Ok(match part {
        Part::Events => Piece::Event {
            partition,
            position: count(0)?,
            at: row.get(1)?,
            user_id: row.get(2)?,
            erased: row.get(3)?,
            form: row.get(4)?,
        },
        Part::Records => Piece::Record {
            partition,
            seq: count(0)? - 1,
            at: row.get(1)?,
            event: row.get(2)?,
            user_id: row.get(3)?,
            comment_id: row.get(4)?,
            line: row.get(5)?,
            evaluation: row.get(6)?,
        },
        Part::Documents => Piece::Document { revision: row.get(0)?, form: row.get(1)? },
        Part::Notes => Piece::Note { name: row.get(1)?, text: row.get(2)? },
        Part::Pools => Piece::Pool { cycle: row.get(1)?, drawn: count(2)? },
        Part::Places => Piece::Place { kind: row.get(1)?, name: row.get(2)?, partition: row.get(3)?, at: row.get(4)? },
        Part::Waiting => Piece::Waiting {
            kind: row.get(1)?,
            name: row.get(2)?,
            until: serde_json::from_str(&row.get::<_, String>(3)?)?,
            linked: row.get(4)?,
            brought: row.get(5)?,
            form: row.get(6)?,
        },
        Part::Grants => Piece::Grant { partition, position: count(1)?, place: row.get(2)?, form: row.get(3)? },
        Part::Insights => Piece::Insight { partition, name: row.get(1)?, sum: row.get(2)? },
        Part::Effects | Part::Outcomes => Piece::Effect(Box::new(MovedEffect {
            partition,
            id: row.get(1)?,
            seq: count(2)?,
            place: row.get(3)?,
            user_id: row.get(4)?,
            lane: row.get(5)?,
            free: row.get(6)?,
            kind: row.get(7)?,
            conversation: row.get(8)?,
            state: EffectState::of(row.get(9)?),
            not_after: Some(row.get(10)?).filter(|at| *at < i64::MAX),
            not_before: row.get(11)?,
            attempts: row.get(12)?,
            first_attempt: row.get(13)?,
            why: row.get(14)?,
            form: row.get(15)?,
            context: row.get(16)?,
        })),
        Part::Stand => Piece::Stand {
            partition,
            decided: count(1)?,
            log_first: count(2)?,
            log_end: count(3)?,
            log_latest: row.get(4)?,
            record_first: count(5)?,
            sent: count(6)?,
            failed: count(7)?,
        },
    })
}

fn put(writing: &Writing<'_>, workspace: i64, piece: &Piece) -> Result<(), Failure> {
    let prepare = |sql| writing.connection.prepare_cached(sql);
    match piece {
        Piece::Event { partition, position, at, user_id, erased, form } => prepare(
            "INSERT OR REPLACE INTO log (workspace, partition, position, at, user_id, erased, form)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![workspace, partition, signed(*position), at, user_id, erased.then_some(1), form]),
        Piece::Record { partition, seq, at, event, user_id, comment_id, line, evaluation } => prepare(
            "INSERT OR REPLACE INTO record (workspace, partition, seq, at, event, user_id, comment_id, line, evaluation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![workspace, partition, signed(*seq), at, event, user_id, comment_id, line, evaluation]),
        Piece::Document { revision, form } => {
            prepare("INSERT OR REPLACE INTO document (workspace, revision, form) VALUES (?1, ?2, ?3)")?
                .execute(params![workspace, revision, form])
        }
        Piece::Note { name, text } => {
            prepare("INSERT OR REPLACE INTO note (workspace, name, text) VALUES (?1, ?2, ?3)")?
                .execute(params![workspace, name, text])
        }
        Piece::Pool { cycle, drawn } => {
            prepare("INSERT OR REPLACE INTO pool (workspace, cycle, drawn) VALUES (?1, ?2, ?3)")?
                .execute(params![workspace, cycle, signed(*drawn)])
        }
        Piece::Place { kind, name, partition, at } => {
            prepare("INSERT OR REPLACE INTO place (workspace, kind, name, partition, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![workspace, kind, name, partition, at])
        }
        Piece::Waiting { kind, name, until, linked, brought, form } => prepare(
            "INSERT INTO waiting (workspace, kind, name, until, linked, brought, form)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![workspace, kind, name, serde_json::to_string(until)?, linked, brought, form]),
        Piece::Grant { partition, position, place, form } => prepare(
            "INSERT OR REPLACE INTO granted (workspace, partition, position, place, form) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![workspace, partition, signed(*position), place, form]),
        Piece::Insight { partition, name, sum } => prepare(
            "INSERT OR REPLACE INTO item (workspace, partition, kind, name, form) VALUES (?1, ?2, 'insight', ?3, ?4)",
        )?
        .execute(params![workspace, partition, name, sum]),
        Piece::Effect(effect) => return put_effect(writing, workspace, effect),
        Piece::Stand { partition, decided, log_first, log_end, log_latest, record_first, sent, failed } => {
            let (log_first, record_first) = (signed(*log_first), signed(*record_first));
            // What was moved ahead may have been cut off since.
            prepare("DELETE FROM log WHERE workspace = ?1 AND partition = ?2 AND position < ?3")?
                .execute(params![workspace, partition, log_first])?;
            prepare("DELETE FROM record WHERE workspace = ?1 AND partition = ?2 AND seq < ?3")?
                .execute(params![workspace, partition, record_first])?;
            prepare(
                "INSERT INTO shard (workspace, partition, decided, log_end, log_latest, log_first, record_first, sent, failed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT DO UPDATE SET decided = excluded.decided, log_end = excluded.log_end,
                     log_latest = excluded.log_latest, log_first = excluded.log_first,
                     record_first = excluded.record_first, sent = excluded.sent, failed = excluded.failed,
                     opened_in_vain = 0",
            )?
            .execute(params![
                workspace,
                partition,
                signed(*decided),
                signed(*log_end),
                log_latest,
                log_first,
                record_first,
                signed(*sent),
                signed(*failed)
            ])
        }
    }?;
    Ok(())
}

fn put_effect(writing: &Writing<'_>, workspace: i64, effect: &MovedEffect) -> Result<(), Failure> {
    let prepare = |sql| writing.connection.prepare_cached(sql);
    let MovedEffect { partition, id, lane, free, state, .. } = effect;
    prepare("DELETE FROM effect WHERE workspace = ?1 AND id = ?2 AND partition = ?3")?
        .execute(params![workspace, id, partition])?;
    // INVARIANT: those of a lane are put in the order decided.
    prepare(
        "INSERT INTO effect (workspace, partition, id, seq, place, user_id, lane, free, kind, bot_conversation, state,
             not_after, not_before, attempts, first_attempt, why, form, context, front)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
             ?11 < 2 AND (?8 OR NOT EXISTS (
                 SELECT 1 FROM effect INDEXED BY effect_open WHERE workspace = ?1 AND partition = ?2 AND lane = ?7
                     AND free = 0 AND state <= 2 AND state <> 2)))",
    )?
    .execute(params![
        workspace,
        partition,
        id,
        signed(effect.seq),
        effect.place,
        effect.user_id,
        lane,
        free,
        effect.kind,
        effect.conversation,
        state.number(),
        effect.not_after.unwrap_or(i64::MAX),
        effect.not_before,
        effect.attempts,
        effect.first_attempt,
        effect.why,
        effect.form,
        effect.context,
    ])?;
    Ok(())
}
