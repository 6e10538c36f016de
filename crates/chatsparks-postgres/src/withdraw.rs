//! Effects that get their outcome, and lanes that form up behind them (O2, O7).

use crate::{
    append::Place,
    form::{key, signed, unkey},
    settle::{FAILED, IN_DOUBT, SENT},
    statement::{Script, Values, found},
};
use chatsparks_core::{DmStage, UserId};
use chatsparks_ports::{Input, StoreError};
use deadpool_postgres::Object;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::types::ToSql;

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
        let sql = "UPDATE effect e SET front = (e.number = f.number)
             FROM (SELECT k.workspace, k.partition, k.lane, first.number
                 FROM unnest($1::int[], $2::int[], $3::text[]) AS k (workspace, partition, lane)
                 CROSS JOIN LATERAL (SELECT x.number FROM effect x
                     WHERE x.workspace = k.workspace AND x.partition = k.partition AND x.lane = k.lane
                         AND NOT x.free AND x.state <> 2
                     ORDER BY x.seq, x.place LIMIT 1) first) f
             WHERE e.workspace = f.workspace AND e.partition = f.partition AND e.lane = f.lane
                 AND NOT e.free AND e.state <> 2 AND e.front <> (e.number = f.number)";
        let Self { workspaces, partitions, lanes, .. } = self;
        script.add(sql, vec![workspaces, partitions, lanes]).await
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

/// Withdraws effects; the events that say so.
pub(crate) async fn withdraw(client: &Object, withdrawn: &[Withdrawn<'_>]) -> Result<Vec<(Place, Input)>, StoreError> {
    let (mut closed, mut lanes, mut told) = (Closed::default(), Lanes::default(), Vec::new());
    let mut taken = BTreeSet::new();
    for one in withdrawn {
        let lane = key(one.user_id.as_str());
        let conversation = one.conversation.map(i64::from);
        let sql = "SELECT id, state, CASE WHEN NOT free THEN lane END, kind FROM effect
             WHERE workspace = $1 AND partition = $2 AND lane = $3 AND seq < $4
                 AND ($5::bigint IS NULL OR state = 0 AND attempts = 0 AND bot_conversation = $5)
             ORDER BY seq, place FOR UPDATE";
        let (workspace, partition) = one.place;
        let rows = found(client, sql, &[&workspace, &partition, &&*lane, &signed(one.seq), &conversation]).await?;
        for row in &rows {
            let id: String = row.get(0);
            if !taken.insert((one.place, id.clone())) {
                continue;
            }
            // What may be on its way is in doubt, and stays so.
            let why = if row.get::<_, i16>(1) == IN_DOUBT { "in_doubt" } else { "withdrawn" };
            lanes.extend(one.place, row.get(2));
            if row.get::<_, &str>(3) == "send_dm" {
                told.push((one.place, Input::outcome(&unkey(&id), DmStage::Failed, Some(why))));
            }
            closed.push(one.place, id, FAILED, Some(why.to_owned()));
        }
    }
    let counts = closed.counts();
    let mut script = Script::on(client);
    closed.write(&mut script, &counts).await?;
    lanes.form_up(&mut script).await?;
    script.run(false).await?;
    Ok(told)
}
