//! Workspaces that come from another store, or leave for one (S4).

use crate::{
    PostgresStore,
    append::Place,
    form::{key, large, signed, small, unkey, unsigned},
    statement::{begin, changed, end, found, whole},
    store::Inner,
};
use chatsparks_core::{WorkspaceId, home_partition};
use chatsparks_ports::{
    EffectState, Shard, StoreError,
    moving::{ARRIVING, MOVED, MovedEffect, Moving, Part, Piece},
};
use deadpool_postgres::Object;
use serde_json::{Value, json};
use tokio_postgres::Row;

type Numbered = Vec<(u64, Piece)>;

impl Moving for PostgresStore {
    async fn pieces(&self, shard: &Shard, part: Part, after: u64, limit: usize) -> Result<Numbered, StoreError> {
        let shard = shard.clone();
        self.with(move |inner, client| async move {
            let Some(workspace) = inner.known(&client, &shard.workspace).await? else { return Ok(Vec::new()) };
            take(&client, (workspace, small(shard.partition)), part, after, limit).await
        })
        .await
    }

    async fn put(&self, workspace: &WorkspaceId, pieces: Vec<Piece>) -> Result<(), StoreError> {
        let id = workspace.clone();
        self.with(move |inner, client| async move {
            let workspace = inner.number(&client, &id).await?;
            whole(client, async |client| put(&inner, client, &id, workspace, &pieces).await).await
        })
        .await
    }

    async fn wipe(&self, workspace: &WorkspaceId) -> Result<(), StoreError> {
        let id = workspace.clone();
        self.with(move |inner, client| async move {
            let workspace = inner.number(&client, &id).await?;
            whole(client, async |client| {
                begin(client).await?;
                for table in [
                    "contact", "seen", "link", "item", "insight", "effect", "outcome", "document", "place", "waiting",
                    "granted", "pool",
                ] {
                    changed(client, &format!("DELETE FROM {table} WHERE workspace = $1"), &[&workspace]).await?;
                }
                let sql = "DELETE FROM note WHERE workspace = $1 AND name NOT IN ($2, $3)";
                changed(client, sql, &[&workspace, &ARRIVING, &MOVED]).await?;
                end(client).await
            })
            .await
        })
        .await
    }
}

/// How pieces of a part are found: by workspace (`$1`), partition (`$2`), after a number (`$3`), so many (`$4`). The first
/// column is the number; where there is none of its own, it is counted.
fn sql_of(part: Part) -> &'static str {
    match part {
        Part::Events => {
            "SELECT position, at, user_id, erased, form FROM log
             WHERE workspace = $1 AND partition = $2 AND position > $3 ORDER BY position LIMIT $4"
        }
        // Records begin at 0.
        Part::Records => {
            "SELECT seq + 1, at, event, user_id, comment_id, line, evaluation FROM record
             WHERE workspace = $1 AND partition = $2 AND seq >= $3 ORDER BY seq LIMIT $4"
        }
        Part::Documents => {
            "SELECT revision, form FROM document
             WHERE workspace = $1 AND $2::int = 0 AND revision > $3 ORDER BY revision LIMIT $4"
        }
        Part::Notes => {
            "SELECT 0::bigint, name, text FROM note
             WHERE workspace = $1 AND $2::int = 0 AND name NOT IN ('arriving', 'moved') ORDER BY name LIMIT $4 OFFSET $3"
        }
        Part::Pools => {
            "SELECT 0::bigint, cycle, drawn FROM pool WHERE workspace = $1 AND $2::int = 0 ORDER BY cycle LIMIT $4 OFFSET $3"
        }
        Part::Places => {
            "SELECT 0::bigint, kind, name, lives, at FROM place
             WHERE workspace = $1 AND $2::int = 0 ORDER BY kind, name LIMIT $4 OFFSET $3"
        }
        Part::Waiting => {
            "SELECT number, kind, name, until, linked, brought, form FROM waiting
             WHERE workspace = $1 AND $2::int = 0 AND number > $3 ORDER BY number LIMIT $4"
        }
        Part::Grants => {
            "SELECT 0::bigint, position, place, form FROM granted
             WHERE workspace = $1 AND partition = $2 ORDER BY position, place LIMIT $4 OFFSET $3"
        }
        Part::Insights => {
            "SELECT 0::bigint, name, sum::text FROM insight
             WHERE workspace = $1 AND partition = $2 ORDER BY name LIMIT $4 OFFSET $3"
        }
        Part::Effects => {
            "SELECT number, id, seq, place, user_id, lane, free, kind, bot_conversation, state, not_after, not_before,
                 attempts, first_attempt, why, form, context FROM effect
             WHERE workspace = $1 AND partition = $2 AND number > $3 ORDER BY number LIMIT $4"
        }
        Part::Outcomes => {
            "SELECT number, id, seq, 0::bigint, user_id, lane, free, kind, NULL::bigint, state, not_after, NULL::bigint,
                 attempts, NULL::bigint, why, NULL::text, NULL::text FROM outcome
             WHERE workspace = $1 AND partition = $2 AND number > $3 ORDER BY number LIMIT $4"
        }
        Part::Stand => {
            "SELECT 1::bigint, s.decided, s.log_first, e.position, e.latest, s.record_first, c.sent, c.failed
             FROM shard s JOIN log_end e USING (workspace, partition) JOIN settled_count c USING (workspace, partition)
             WHERE s.workspace = $1 AND s.partition = $2 AND $3::bigint = 0 LIMIT $4"
        }
    }
}

async fn take(
    client: &Object,
    (workspace, partition): Place,
    part: Part,
    after: u64,
    limit: usize,
) -> Result<Numbered, StoreError> {
    let rows = found(client, sql_of(part), &[&workspace, &partition, &signed(after), &signed(limit as u64)]).await?;
    let number = |counted: u64, row: &Row| match unsigned(row.get(0)) {
        0 => counted,
        number => number,
    };
    (after + 1..)
        .zip(&rows)
        .map(|(counted, row)| Ok((number(counted, row), piece(row, large(partition), part)?)))
        .collect()
}

fn piece(row: &Row, partition: u32, part: Part) -> Result<Piece, StoreError> {
    let count = |at: usize| unsigned(row.get::<_, i64>(at));
    let id = |at: usize| row.get::<_, Option<&str>>(at).map(|id| unkey(id).into_owned());
    let name = |at: usize| unkey(row.get::<_, &str>(at)).into_owned();
    let narrow = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(match part {
        Part::Events => Piece::Event {
            partition,
            position: count(0),
            at: row.get(1),
            user_id: id(2),
            erased: row.get(3),
            form: row.get(4),
        },
        Part::Records => Piece::Record {
            partition,
            seq: count(0) - 1,
            at: row.get(1),
            event: id(2),
            user_id: id(3),
            comment_id: id(4),
            line: row.get(5),
            evaluation: row.get(6),
        },
        Part::Documents => Piece::Document { revision: narrow(row.get(0)), form: row.get(1) },
        Part::Notes => Piece::Note { name: name(1), text: row.get(2) },
        Part::Pools => Piece::Pool { cycle: row.get(1), drawn: count(2) },
        Part::Places => Piece::Place { kind: row.get(1), name: name(2), partition: large(row.get(3)), at: row.get(4) },
        Part::Waiting => Piece::Waiting {
            kind: row.get(1),
            name: name(2),
            until: serde_json::from_str(row.get(3)).map_err(|error| crate::fault::of_form(&error))?,
            linked: row.get::<_, Option<i32>>(4).map(large),
            brought: row.get(5),
            form: row.get(6),
        },
        Part::Grants => Piece::Grant { partition, position: count(1), place: large(row.get(2)), form: row.get(3) },
        Part::Insights => Piece::Insight { partition, name: name(1), sum: row.get(2) },
        Part::Effects | Part::Outcomes => Piece::Effect(Box::new(MovedEffect {
            partition,
            id: name(1),
            seq: count(2),
            place: narrow(row.get(3)),
            user_id: id(4),
            lane: id(5),
            free: row.get(6),
            kind: row.get(7),
            conversation: row.get::<_, Option<i64>>(8).map(narrow),
            state: EffectState::of(u8::try_from(row.get::<_, i16>(9)).unwrap_or(u8::MAX)),
            not_after: Some(row.get::<_, i64>(10)).filter(|at| *at < i64::MAX),
            not_before: row.get(11),
            attempts: large(row.get(12)),
            first_attempt: row.get(13),
            why: row.get(14),
            form: row.get(15),
            context: row.get(16),
        })),
        Part::Stand => Piece::Stand {
            partition,
            decided: count(1),
            log_first: count(2),
            log_end: count(3),
            log_latest: row.get(4),
            record_first: count(5),
            sent: count(6),
            failed: count(7),
        },
    })
}

/// Tables that pieces are put in, in this order, each with how its rows (`x`, a JSON array each) are written.
const PUTS: [(&str, &str); 11] = [
    (
        "event",
        "INSERT INTO log (workspace, partition, position, at, user_id, erased, form)
         SELECT $1, (x->>0)::int, (x->>1)::bigint, (x->>2)::bigint, x->>3, (x->>4)::bool, x->>5
         FROM json_array_elements($2::text::json) AS k (x)
         ON CONFLICT (workspace, partition, position) DO UPDATE SET
             at = excluded.at, user_id = excluded.user_id, erased = excluded.erased, form = excluded.form",
    ),
    (
        "record",
        "INSERT INTO record (workspace, partition, seq, at, event, user_id, comment_id, line, evaluation)
         SELECT $1, (x->>0)::int, (x->>1)::bigint, (x->>2)::bigint, x->>3, x->>4, x->>5, x->>6, x->>7
         FROM json_array_elements($2::text::json) AS k (x)
         ON CONFLICT (workspace, partition, seq) DO UPDATE SET
             at = excluded.at, event = excluded.event, user_id = excluded.user_id, comment_id = excluded.comment_id,
             line = excluded.line, evaluation = excluded.evaluation",
    ),
    (
        "document",
        "INSERT INTO document (workspace, revision, form)
         SELECT $1, (x->>0)::bigint, x->>1 FROM json_array_elements($2::text::json) AS k (x)
         ON CONFLICT (workspace, revision) DO UPDATE SET form = excluded.form",
    ),
    (
        "note",
        "INSERT INTO note (workspace, name, text)
         SELECT $1, x->>0, x->>1 FROM json_array_elements($2::text::json) AS k (x)
         ON CONFLICT (workspace, name) DO UPDATE SET text = excluded.text",
    ),
    (
        "pool",
        "INSERT INTO pool (workspace, cycle, drawn)
         SELECT $1, (x->>0)::bigint, (x->>1)::bigint FROM json_array_elements($2::text::json) AS k (x)
         ON CONFLICT (workspace, cycle) DO UPDATE SET drawn = excluded.drawn",
    ),
    (
        "place",
        "INSERT INTO place (workspace, partition, kind, name, lives, at)
         SELECT $1, (x->>0)::int, x->>1, x->>2, (x->>3)::int, (x->>4)::bigint
         FROM json_array_elements($2::text::json) AS k (x)
         ON CONFLICT (workspace, partition, kind, name) DO UPDATE SET lives = excluded.lives, at = excluded.at",
    ),
    (
        "waiting",
        "INSERT INTO waiting (workspace, kind, name, until, linked, brought, form)
         SELECT $1, x->>0, x->>1, x->>2, (x->>3)::int, (x->>4)::bool, x->>5
         FROM json_array_elements($2::text::json) WITH ORDINALITY AS k (x, n) ORDER BY n",
    ),
    (
        "grant",
        "INSERT INTO granted (workspace, partition, position, place, form)
         SELECT $1, (x->>0)::int, (x->>1)::bigint, (x->>2)::int, x->>3
         FROM json_array_elements($2::text::json) AS k (x)
         ON CONFLICT (workspace, partition, position, place) DO UPDATE SET form = excluded.form",
    ),
    (
        "insight",
        "INSERT INTO insight (workspace, partition, name, sum)
         SELECT $1, (x->>0)::int, x->>1, (x->>2)::numeric FROM json_array_elements($2::text::json) AS k (x)
         ON CONFLICT (workspace, partition, name) DO UPDATE SET sum = excluded.sum",
    ),
    (
        "outcome",
        "INSERT INTO outcome (workspace, partition, id, number, seq, user_id, lane, free, kind, state, not_after, attempts, why)
         SELECT $1, (x->>0)::int, x->>1, nextval(pg_get_serial_sequence('effect', 'number')), (x->>2)::bigint, x->>4, x->>5,
             (x->>6)::bool, x->>7, (x->>9)::smallint, (x->>10)::bigint, (x->>12)::int, x->>14
         FROM (SELECT x FROM json_array_elements($2::text::json) WITH ORDINALITY AS k (x, n) ORDER BY n) k
         ON CONFLICT (workspace, partition, id) DO NOTHING",
    ),
    // Those of a lane are put in the order decided: the first that is not dead stands in front.
    (
        "effect",
        "INSERT INTO effect (workspace, partition, id, seq, place, user_id, lane, free, kind, bot_conversation, state,
             not_after, not_before, attempts, first_attempt, why, form, context, front)
         SELECT $1, (x->>0)::int, x->>1, (x->>2)::bigint, (x->>3)::bigint, x->>4, x->>5, (x->>6)::bool, x->>7,
             (x->>8)::bigint, (x->>9)::smallint, (x->>10)::bigint, (x->>11)::bigint, (x->>12)::int, (x->>13)::bigint,
             x->>14, x->>15, x->>16,
             (x->>9)::smallint < 2 AND ((x->>6)::bool OR (
                 row_number() OVER (PARTITION BY x->>0, x->>5, (x->>6)::bool, (x->>9)::smallint < 2 ORDER BY n) = 1
                 AND NOT EXISTS (SELECT 1 FROM effect e WHERE e.workspace = $1 AND e.partition = (x->>0)::int
                     AND e.lane = x->>5 AND NOT e.free AND e.front)))
         FROM json_array_elements($2::text::json) WITH ORDINALITY AS k (x, n) ORDER BY n
         ON CONFLICT (workspace, partition, id) DO NOTHING",
    ),
];

async fn put(
    inner: &Inner,
    client: &Object,
    id: &WorkspaceId,
    workspace: i32,
    pieces: &[Piece],
) -> Result<(), StoreError> {
    begin(client).await?;
    for (kind, sql) in PUTS {
        let of = pieces.iter().map(|piece| values(inner.partitions, id, piece)).filter(|(of, _)| *of == kind);
        let rows: Vec<Value> = of.map(|(_, values)| values).collect();
        if !rows.is_empty() {
            changed(client, sql, &[&workspace, &Value::from(rows).to_string()]).await?;
        }
    }
    for piece in pieces {
        if let Piece::Stand { partition, .. } = piece {
            stand(client, (workspace, small(*partition)), piece).await?;
        }
    }
    end(client).await
}

fn id(id: &Option<String>) -> Option<std::borrow::Cow<'_, str>> {
    id.as_deref().map(key)
}

/// The kind of a piece's table, and its row.
fn values(partitions: u32, workspace: &WorkspaceId, piece: &Piece) -> (&'static str, Value) {
    match piece {
        Piece::Event { partition, position, at, user_id, erased, form } => {
            ("event", json!([partition, position, at, id(user_id), erased, form]))
        }
        Piece::Record { partition, seq, at, event, user_id, comment_id, line, evaluation } => {
            ("record", json!([partition, seq, at, id(event), id(user_id), id(comment_id), line, evaluation]))
        }
        Piece::Document { revision, form } => ("document", json!([revision, form])),
        Piece::Note { name, text } => ("note", json!([key(name), text])),
        Piece::Pool { cycle, drawn } => ("pool", json!([cycle, drawn])),
        Piece::Place { kind, name, partition, at } => {
            ("place", json!([home_partition(workspace, name, partitions), kind, key(name), partition, at]))
        }
        Piece::Waiting { kind, name, until, linked, brought, form } => {
            ("waiting", json!([kind, key(name), json!(until).to_string(), linked, brought, form]))
        }
        Piece::Grant { partition, position, place, form } => ("grant", json!([partition, position, place, form])),
        Piece::Insight { partition, name, sum } => ("insight", json!([partition, key(name), sum])),
        Piece::Effect(effect) => {
            let values = json!([
                effect.partition,
                key(&effect.id),
                effect.seq,
                effect.place,
                id(&effect.user_id),
                id(&effect.lane),
                effect.free,
                effect.kind,
                effect.conversation,
                effect.state.number(),
                effect.not_after.unwrap_or(i64::MAX),
                effect.not_before,
                effect.attempts,
                effect.first_attempt,
                effect.why,
                effect.form,
                effect.context,
            ]);
            (if effect.state.is_settled() { "outcome" } else { "effect" }, values)
        }
        Piece::Stand { .. } => ("stand", Value::Null),
    }
}

async fn stand(client: &Object, (workspace, number): Place, piece: &Piece) -> Result<(), StoreError> {
    let Piece::Stand { decided, log_first, log_end, log_latest, record_first, sent, failed, .. } = piece else {
        return Ok(());
    };
    let (log_first, record_first) = (signed(*log_first), signed(*record_first));
    // What was moved ahead may have been cut off since.
    let sql = "DELETE FROM log WHERE workspace = $1 AND partition = $2 AND position < $3";
    changed(client, sql, &[&workspace, &number, &log_first]).await?;
    let sql = "DELETE FROM record WHERE workspace = $1 AND partition = $2 AND seq < $3";
    changed(client, sql, &[&workspace, &number, &record_first]).await?;
    let sql = "UPDATE shard SET decided = $3, log_first = $4, record_first = $5, opened_in_vain = 0
         WHERE workspace = $1 AND partition = $2";
    changed(client, sql, &[&workspace, &number, &signed(*decided), &log_first, &record_first]).await?;
    let sql = "UPDATE log_end SET position = $3, latest = $4 WHERE workspace = $1 AND partition = $2";
    changed(client, sql, &[&workspace, &number, &signed(*log_end), log_latest]).await?;
    let sql = "UPDATE settled_count SET sent = $3, failed = $4 WHERE workspace = $1 AND partition = $2";
    changed(client, sql, &[&workspace, &number, &signed(*sent), &signed(*failed)]).await?;
    Ok(())
}
