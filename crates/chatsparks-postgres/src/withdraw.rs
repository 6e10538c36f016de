//! Effects that get their outcome, and lanes that form up behind them (O2, O7).

use crate::{
    append::Place,
    form::{key, signed, unkey},
    settle::{FAILED, IN_DOUBT, SENT, WAITING},
    statement::{Script, Values, found, found_unsorted},
};
use chatsparks_core::{DmStage, UserId};
use chatsparks_ports::{Input, StoreError};
use deadpool_postgres::Object;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::{Row, types::ToSql};

/// Queues of shards that are to be held, in order, until the transaction ends: lanes form up by one at a time.
///
/// INVARIANT: whoever puts effects into lanes, or takes some out, holds these; else two could each leave it to the other to
/// say who is first.
pub(crate) struct Queues {
    workspaces: Vec<i32>,
    partitions: Vec<i32>,
}

impl Queues {
    pub(crate) fn of(places: &BTreeSet<Place>) -> Self {
        let (workspaces, partitions) = places.iter().copied().unzip();
        Self { workspaces, partitions }
    }

    pub(crate) fn values(&self) -> [&(dyn ToSql + Sync); 2] {
        [&self.workspaces, &self.partitions]
    }

    /// The statement that holds them; none: there are none.
    pub(crate) fn statement<'a>(&self, values: &'a [&'a (dyn ToSql + Sync)]) -> Option<(&'static str, Values<'a>)> {
        let held = "SELECT FROM settled_count c
             JOIN unnest($1::int[], $2::int[]) AS k (workspace, partition)
                 ON c.workspace = k.workspace AND c.partition = k.partition
             ORDER BY c.workspace, c.partition FOR UPDATE OF c";
        (!self.workspaces.is_empty()).then_some((held, values))
    }

    pub(crate) async fn hold(&self, client: &Object) -> Result<(), StoreError> {
        match self.statement(&self.values()) {
            Some((sql, values)) => found(client, sql, values).await.map(drop),
            None => Ok(()),
        }
    }
}

/// Effects that get their outcome.
#[derive(Default)]
pub(crate) struct Closed {
    workspaces: Vec<i32>,
    partitions: Vec<i32>,
    ids: Vec<String>,
    states: Vec<i16>,
    whys: Vec<Option<String>>,
}

/// How many of each shard came to what.
#[derive(Default)]
pub(crate) struct Counts {
    workspaces: Vec<i32>,
    partitions: Vec<i32>,
    sent: Vec<i64>,
    failed: Vec<i64>,
}

impl Closed {
    /// An effect, by its id as it is stored.
    pub(crate) fn push(&mut self, place: Place, id: String, state: i16, why: Option<String>) {
        self.workspaces.push(place.0);
        self.partitions.push(place.1);
        self.ids.push(id);
        self.states.push(state);
        self.whys.push(why);
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut of: BTreeMap<Place, (i64, i64)> = BTreeMap::new();
        for ((workspace, partition), state) in self.workspaces.iter().zip(&self.partitions).zip(&self.states) {
            let (sent, failed) = of.entry((*workspace, *partition)).or_default();
            *sent += i64::from(*state == SENT);
            *failed += i64::from(*state == FAILED);
        }
        let mut counts = Counts::default();
        for ((workspace, partition), (sent, failed)) in of {
            counts.workspaces.push(workspace);
            counts.partitions.push(partition);
            counts.sent.push(sent);
            counts.failed.push(failed);
        }
        counts
    }

    /// They leave those that are open. What they say is in the record, and not kept here any longer.
    pub(crate) async fn write<'a>(&'a self, script: &mut Script<'a>, counts: &'a Counts) -> Result<(), StoreError> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let sql = "WITH gone AS (
                 DELETE FROM effect e
                 USING unnest($1::int[], $2::int[], $3::text[], $4::smallint[], $5::text[])
                     AS k (workspace, partition, id, state, why)
                 WHERE e.workspace = k.workspace AND e.partition = k.partition AND e.id = k.id
                 RETURNING e.workspace, e.partition, e.id, e.number, e.seq, e.user_id, e.lane, e.free, e.kind, k.state,
                     e.not_after, e.attempts, k.why)
             INSERT INTO outcome (workspace, partition, id, number, seq, user_id, lane, free, kind, state, not_after,
                 attempts, why)
             SELECT * FROM gone";
        let Self { workspaces, partitions, ids, states, whys } = self;
        script.add(sql, vec![workspaces, partitions, ids, states, whys]).await?;
        let sql = "UPDATE settled_count c SET sent = c.sent + k.sent, failed = c.failed + k.failed
             FROM unnest($1::int[], $2::int[], $3::bigint[], $4::bigint[]) AS k (workspace, partition, sent, failed)
             WHERE c.workspace = k.workspace AND c.partition = k.partition";
        let Counts { workspaces, partitions, sent, failed } = counts;
        script.add(sql, vec![workspaces, partitions, sent, failed]).await
    }
}

/// Lanes whose first is to be found anew.
#[derive(Default)]
pub(crate) struct Lanes {
    known: BTreeSet<(Place, String)>,
    workspaces: Vec<i32>,
    partitions: Vec<i32>,
    lanes: Vec<String>,
}

impl Lanes {
    pub(crate) fn extend(&mut self, place: Place, lane: Option<String>) {
        let Some(lane) = lane else { return };
        if self.known.insert((place, lane.clone())) {
            self.workspaces.push(place.0);
            self.partitions.push(place.1);
            self.lanes.push(lane);
        }
    }

    pub(crate) async fn form_up<'a>(&'a self, script: &mut Script<'a>) -> Result<(), StoreError> {
        if self.lanes.is_empty() {
            return Ok(());
        }
        let sql = "WITH f AS MATERIALIZED (
                 SELECT k.workspace, k.partition, x.id, x.is_first
                 FROM unnest($1::int[], $2::int[], $3::text[]) AS k (workspace, partition, lane)
                 CROSS JOIN LATERAL (SELECT x.id, x.front, row_number() OVER (ORDER BY x.seq, x.place) = 1 AS is_first
                     FROM effect x
                     WHERE x.workspace = k.workspace AND x.partition = k.partition AND x.lane = k.lane
                         AND NOT x.free AND x.state <> 2) x
                 WHERE x.front <> x.is_first)
             UPDATE effect e SET front = f.is_first FROM f
             WHERE e.workspace = f.workspace AND e.partition = f.partition AND e.id = f.id";
        let Self { workspaces, partitions, lanes, .. } = self;
        script.add_unsorted(sql, vec![workspaces, partitions, lanes]).await
    }
}

/// Whose effects are withdrawn: what was decided before a `seq`; of one conversation what has not begun (O7; one whose
/// attempt failed may have arrived), or all of it (R12).
pub(crate) struct Withdrawn<'a> {
    pub(crate) place: Place,
    pub(crate) user_id: &'a UserId,
    pub(crate) conversation: Option<u32>,
    pub(crate) seq: u64,
}

/// An effect that is held.
struct Held {
    state: i16,
    attempts: i32,
    lane: Option<String>,
    kind: String,
}

/// Withdraws effects; the events that say so.
pub(crate) async fn withdraw(client: &Object, withdrawn: &[Withdrawn<'_>]) -> Result<Vec<(Place, Input)>, StoreError> {
    let (mut workspaces, mut partitions, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    let (mut users, mut seqs, mut conversations) = (Vec::new(), Vec::new(), Vec::new());
    for (number, one) in (0i32..).zip(withdrawn) {
        workspaces.push(one.place.0);
        partitions.push(one.place.1);
        numbers.push(number);
        users.push(key(one.user_id.as_str()));
        seqs.push(signed(one.seq));
        conversations.push(one.conversation.map(i64::from));
    }
    let sql = "SELECT k.n, e.id
         FROM unnest($1::int[], $2::int[], $3::int[], $4::text[], $5::bigint[], $6::bigint[])
             AS k (n, workspace, partition, lane, seq, conversation)
         CROSS JOIN LATERAL (SELECT e.id, e.seq, e.place FROM effect e
             WHERE e.workspace = k.workspace AND e.partition = k.partition AND e.lane = k.lane AND e.seq < k.seq
                 AND (k.conversation IS NULL OR e.bot_conversation = k.conversation)
             ORDER BY e.seq, e.place OFFSET 0) e
         ORDER BY k.n, e.seq, e.place";
    let values: Values<'_> = &[&numbers, &workspaces, &partitions, &users, &seqs, &conversations];
    let mut named: Vec<(&Withdrawn<'_>, String)> = Vec::new();
    for row in &found_unsorted(client, sql, values).await? {
        let one = usize::try_from(row.get::<_, i32>(0)).ok().and_then(|number| withdrawn.get(number));
        named.extend(one.map(|one| (one, row.get(1))));
    }
    let held = hold(client, named.iter().map(|(one, id)| (one.place, id.as_str())).collect()).await?;
    let (mut closed, mut lanes, mut told) = (Closed::default(), Lanes::default(), Vec::new());
    let mut taken = BTreeSet::new();
    for (one, id) in named {
        let of = (one.place, id);
        // O7: one that began, or was tried, since it was found may have arrived.
        let goes = |held: &&Held| one.conversation.is_none() || held.state == WAITING && held.attempts == 0;
        let Some(effect) = held.get(&of).filter(goes) else { continue };
        if !taken.insert(of.clone()) {
            continue;
        }
        // What may be on its way is in doubt, and stays so.
        let why = if effect.state == IN_DOUBT { "in_doubt" } else { "withdrawn" };
        lanes.extend(one.place, effect.lane.clone());
        if effect.kind == "send_dm" {
            told.push((one.place, Input::outcome(&unkey(&of.1), DmStage::Failed, Some(why))));
        }
        closed.push(one.place, of.1, FAILED, Some(why.to_owned()));
    }
    let counts = closed.counts();
    let mut script = Script::on(client);
    closed.write(&mut script, &counts).await?;
    lanes.form_up(&mut script).await?;
    script.run(false).await?;
    Ok(told)
}

/// Holds effects until the transaction ends, as they are now.
///
/// INVARIANT: in the order of their ids, as attempts that begin hold theirs, which hold no queue (O5): in another order
/// they could wait for one another.
async fn hold(client: &Object, of: BTreeSet<(Place, &str)>) -> Result<BTreeMap<(Place, String), Held>, StoreError> {
    let workspaces: Vec<i32> = of.iter().map(|(place, _)| place.0).collect();
    let partitions: Vec<i32> = of.iter().map(|(place, _)| place.1).collect();
    let ids: Vec<&str> = of.iter().map(|(_, id)| *id).collect();
    let sql = "SELECT e.workspace, e.partition, e.id, e.state, e.attempts, CASE WHEN NOT e.free THEN e.lane END, e.kind
         FROM unnest($1::int[], $2::int[], $3::text[]) AS k (workspace, partition, id)
         JOIN effect e ON e.workspace = k.workspace AND e.partition = k.partition AND e.id = k.id
         ORDER BY e.workspace, e.partition, e.id FOR UPDATE OF e";
    let held = |row: &Row| {
        let held = Held { state: row.get(3), attempts: row.get(4), lane: row.get(5), kind: row.get(6) };
        (((row.get(0), row.get(1)), row.get(2)), held)
    };
    Ok(found(client, sql, &[&workspaces, &partitions, &ids]).await?.iter().map(held).collect())
}
