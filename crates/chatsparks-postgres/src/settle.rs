//! Attempts that begin, and what came of them: those of many effects in one transaction (O1, O5).

use crate::{
    append::{Logging, Place},
    fault::of_postgres,
    form::{key, small},
    statement::{Script, Values, begin as begin_transaction, begin_with, found, soon},
    store::Inner,
    withdraw::{Closed, Lanes, Queues},
};
use chatsparks_core::Instant;
use chatsparks_ports::{EffectKey, Input, Settled, StoreError, moving::MOVED};
use deadpool_postgres::Object;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// The states as they are stored.
pub(crate) const WAITING: i16 = 0;
pub(crate) const IN_DOUBT: i16 = 1;
pub(crate) const DEAD: i16 = 2;
pub(crate) const SENT: i16 = 3;
pub(crate) const FAILED: i16 = 4;

/// An attempt that begins.
pub(crate) struct Begin {
    pub(crate) key: EffectKey,
    pub(crate) wall: Instant,
}

/// What came of an effect, and the event that says so.
pub(crate) struct Settle {
    pub(crate) key: EffectKey,
    pub(crate) settled: Settled,
    pub(crate) receipt: Option<Input>,
}

/// Where effects stand, by the place of their jobs.
#[derive(Default)]
struct Asked {
    workspaces: Vec<i32>,
    partitions: Vec<i32>,
    ids: Vec<String>,
    numbers: Vec<i32>,
}

impl Asked {
    async fn of<'a>(
        inner: &Inner,
        client: &Object,
        keys: impl Iterator<Item = &'a EffectKey>,
    ) -> Result<Self, StoreError> {
        let mut asked = Self::default();
        for (number, of) in (0..).zip(keys) {
            asked.workspaces.push(inner.number(client, &of.shard.workspace).await?);
            asked.partitions.push(small(of.shard.partition));
            asked.ids.push(key(&of.id).into_owned());
            asked.numbers.push(number);
        }
        Ok(asked)
    }
}

pub(crate) async fn begin(inner: Arc<Inner>, jobs: Vec<Begin>) -> Result<Vec<Result<bool, StoreError>>, StoreError> {
    let client = inner.client().await?;
    soon(inner.patience, client, async |client| begin_within(&inner, client, jobs).await).await
}

async fn begin_within(
    inner: &Inner,
    client: &Object,
    jobs: Vec<Begin>,
) -> Result<Vec<Result<bool, StoreError>>, StoreError> {
    let asked = Asked::of(inner, client, jobs.iter().map(|job| &job.key)).await?;
    let walls: Vec<i64> = jobs.iter().map(|job| job.wall.as_milliseconds()).collect();
    let sql = "UPDATE effect e SET state = 1, not_before = NULL, first_attempt = coalesce(e.first_attempt, k.wall)
         FROM (SELECT e.workspace, e.partition, e.id, k.wall, k.n
             FROM unnest($1::int[], $2::int[], $3::text[], $4::bigint[], $5::int[])
                 AS k (workspace, partition, id, wall, n)
             JOIN effect e ON e.workspace = k.workspace AND e.partition = k.partition AND e.id = k.id
             WHERE e.state <= 1 AND ($6::text IS NULL
                 OR EXISTS (SELECT FROM lease l WHERE l.partition = e.partition AND l.worker = $6))
                 AND NOT EXISTS (SELECT FROM note n WHERE n.workspace = e.workspace AND n.name = $7 AND n.text <> '')
             ORDER BY e.workspace, e.partition, e.id FOR UPDATE OF e) k
         WHERE e.workspace = k.workspace AND e.partition = k.partition AND e.id = k.id AND e.state <= 1
         RETURNING k.n";
    // A worker that was frozen begins nothing that another may have begun since, here or where it was moved to (S4).
    let worker = inner.worker();
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&asked.workspaces, &asked.partitions, &asked.ids, &walls, &asked.numbers, &worker, &MOVED];
    let began = found(client, sql, &values).await?;
    let began: BTreeSet<i32> = began.iter().map(|row| row.get(0)).collect();
    Ok((0..).take(jobs.len()).map(|number| Ok(began.contains(&number))).collect())
}

pub(crate) async fn settle(inner: Arc<Inner>, jobs: Vec<Settle>) -> Result<Vec<Result<bool, StoreError>>, StoreError> {
    let client = inner.client().await?;
    soon(inner.patience, client, async |client| settle_within(&inner, client, jobs).await).await
}

/// An effect that has no outcome yet.
struct Open {
    state: i16,
    lane: Option<String>,
    attempts: i32,
    first_attempt: Option<i64>,
    why: Option<String>,
    not_before: Option<i64>,
    front: bool,
    is_changed: bool,
}

/// Effects that stay, as they are written.
#[derive(Default)]
struct Kept {
    workspaces: Vec<i32>,
    partitions: Vec<i32>,
    ids: Vec<String>,
    states: Vec<i16>,
    fronts: Vec<bool>,
    attempts: Vec<i32>,
    first_attempts: Vec<Option<i64>>,
    not_befores: Vec<Option<i64>>,
    whys: Vec<Option<String>>,
}

async fn settle_within(
    inner: &Inner,
    client: &Object,
    jobs: Vec<Settle>,
) -> Result<Vec<Result<bool, StoreError>>, StoreError> {
    let asked = Asked::of(inner, client, jobs.iter().map(|job| &job.key)).await?;
    let sql = "SELECT e.workspace, e.partition, e.id, e.state, CASE WHEN NOT e.free THEN e.lane END, e.attempts,
             e.first_attempt, e.why, e.not_before, e.front
         FROM unnest($1::int[], $2::int[], $3::text[]) AS k (workspace, partition, id)
         JOIN effect e ON e.workspace = k.workspace AND e.partition = k.partition AND e.id = k.id
         ORDER BY e.workspace, e.partition, e.id FOR UPDATE OF e";
    let queues = Queues::of(&asked.workspaces.iter().copied().zip(asked.partitions.iter().copied()).collect());
    let queue_values = queues.values();
    let mut statements: Vec<(&str, Values<'_>)> = queues.statement(&queue_values).into_iter().collect();
    let values: Values<'_> = &[&asked.workspaces, &asked.partitions, &asked.ids];
    statements.push((sql, values));
    let rows = begin_with(client, &statements).await?.pop().unwrap_or_default();
    let mut open: HashMap<(Place, String), Open> = HashMap::new();
    for row in &rows {
        let found = Open {
            state: row.get(3),
            lane: row.get(4),
            attempts: row.get(5),
            first_attempt: row.get(6),
            why: row.get(7),
            not_before: row.get(8),
            front: row.get(9),
            is_changed: false,
        };
        open.insert(((row.get(0), row.get(1)), row.get(2)), found);
    }
    let (mut closed, mut lanes, mut receipts) = (Closed::default(), Lanes::default(), Vec::new());
    let mut answers = Vec::with_capacity(jobs.len());
    for (job, n) in jobs.into_iter().zip(0usize..) {
        let place = (asked.workspaces[n], asked.partitions[n]);
        let of = (place, asked.ids[n].clone());
        let Some(effect) = open.get_mut(&of) else {
            answers.push(Ok(false));
            continue;
        };
        let outcome = match job.settled {
            Settled::Sent => Some((SENT, None)),
            Settled::Failed(why) => Some((FAILED, Some(why))),
            _ if effect.state == DEAD => {
                answers.push(Ok(false));
                continue;
            }
            Settled::Again { not_before, counts, why } => {
                effect.state = WAITING;
                effect.not_before = Some(not_before.as_milliseconds());
                effect.attempts += i32::from(counts);
                effect.first_attempt = effect.first_attempt.filter(|_| effect.attempts > 0);
                effect.why = Some(key(&why).into_owned());
                effect.is_changed = true;
                None
            }
            Settled::Dead(why) => {
                effect.state = DEAD;
                effect.front = false;
                effect.not_before = None;
                effect.attempts += 1;
                effect.why = Some(key(&why).into_owned());
                effect.is_changed = true;
                lanes.extend(place, effect.lane.clone());
                None
            }
        };
        if let Some((state, why)) = outcome {
            lanes.extend(place, effect.lane.clone());
            closed.push(place, of.1.clone(), state, why.map(|why| key(&why).into_owned()));
            open.remove(&of);
        }
        receipts.extend(job.receipt.map(|receipt| (place, receipt)));
        answers.push(Ok(true));
    }
    let mut kept = Kept::default();
    for ((place, id), effect) in open.into_iter().filter(|(_, effect)| effect.is_changed) {
        kept.workspaces.push(place.0);
        kept.partitions.push(place.1);
        kept.ids.push(id);
        kept.states.push(effect.state);
        kept.fronts.push(effect.front);
        kept.attempts.push(effect.attempts);
        kept.first_attempts.push(effect.first_attempt);
        kept.not_befores.push(effect.not_before);
        kept.whys.push(effect.why);
    }
    let counts = closed.counts();
    let mut script = Script::on(client);
    kept.write(&mut script).await?;
    closed.write(&mut script, &counts).await?;
    lanes.form_up(&mut script).await?;
    script.run(false).await?;
    Logging::finish(client, &receipts).await?;
    Ok(answers)
}

impl Kept {
    async fn write<'a>(&'a self, script: &mut Script<'a>) -> Result<(), StoreError> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let sql = "UPDATE effect e SET state = k.state, front = k.front, attempts = k.attempts,
                 first_attempt = k.first_attempt, not_before = k.not_before, why = k.why
             FROM unnest($1::int[], $2::int[], $3::text[], $4::smallint[], $5::bool[], $6::int[], $7::bigint[],
                 $8::bigint[], $9::text[])
                 AS k (workspace, partition, id, state, front, attempts, first_attempt, not_before, why)
             WHERE e.workspace = k.workspace AND e.partition = k.partition AND e.id = k.id";
        let Self { workspaces, partitions, ids, states, fronts, attempts, first_attempts, not_befores, whys } = self;
        let values: Vec<&'a (dyn tokio_postgres::types::ToSql + Sync)> =
            vec![workspaces, partitions, ids, states, fronts, attempts, first_attempts, not_befores, whys];
        script.add(sql, values).await
    }
}

/// Brings a dead letter back; false: there is none.
pub(crate) async fn revive(inner: &Inner, client: Object, workspace: i32, id: String) -> Result<bool, StoreError> {
    let all = inner.all_partitions();
    soon(inner.patience, client, async |client| {
        begin_transaction(client).await?;
        let sql = "SELECT partition FROM effect WHERE workspace = $1 AND partition = ANY ($2) AND id = $3 AND state = 2
             ORDER BY partition LIMIT 1";
        let dead = found(client, sql, &[&workspace, &all, &id]).await?;
        let Some(partition) = dead.first().map(|row| row.get::<_, i32>(0)) else {
            client.batch_execute("ROLLBACK").await.map_err(|error| of_postgres(&error))?;
            return Ok(false);
        };
        Queues::of(&[(workspace, partition)].into()).hold(client).await?;
        let sql = "UPDATE effect SET state = 0, front = free, attempts = 0, first_attempt = NULL, not_before = NULL
             WHERE workspace = $1 AND partition = $2 AND id = $3 AND state = 2
             RETURNING CASE WHEN NOT free THEN lane END";
        let revived = found(client, sql, &[&workspace, &partition, &id]).await?;
        let mut lanes = Lanes::default();
        for row in &revived {
            lanes.extend((workspace, partition), row.get(0));
        }
        let mut script = Script::on(client);
        lanes.form_up(&mut script).await?;
        script.run(true).await?;
        Ok(!revived.is_empty())
    })
    .await
}
