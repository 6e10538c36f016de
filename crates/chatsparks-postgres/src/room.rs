//! Room under the limit: the pool (R7).
//!
//! A pool is one row, which every commit that counts somebody changes. It is the last thing that a transaction holds, but
//! for logs: held from its beginning, it had all commits of a workspace wait for one another, disks included (decision
//! 055).

use crate::{
    form::{signed, unsigned},
    statement::{Script, Values, found, in_order, soon},
    store::Inner,
};
use chatsparks_core::{Instant, WorkspaceId};
use chatsparks_ports::{Draw, Input, StoreError};
use deadpool_postgres::Object;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio_postgres::{Row, types::ToSql};

/// A workspace's number and the start of a cycle, in milliseconds.
pub(crate) type Cycle = (i32, i64);

/// The pool that something is drawn from.
pub(crate) fn cycle(workspace: i32, draw: &Draw) -> Cycle {
    (workspace, draw.cycle.as_milliseconds())
}

/// How much of each workspace's cycles was drawn.
#[derive(Default)]
pub(crate) struct Pools {
    drawn: BTreeMap<Cycle, u64>,
    changed: BTreeSet<Cycle>,
}

/// Pools that are wanted, in order.
pub(crate) struct Wanted {
    workspaces: Vec<i32>,
    cycles: Vec<i64>,
}

const MADE: &str = "INSERT INTO pool (workspace, cycle, drawn)
     SELECT k.workspace, k.cycle, 0 FROM unnest($1::int[], $2::bigint[]) AS k (workspace, cycle)
     WHERE NOT EXISTS (SELECT FROM pool p WHERE p.workspace = k.workspace AND p.cycle = k.cycle)
     ORDER BY 1, 2 ON CONFLICT DO NOTHING";
const SEEN: &str = "SELECT p.workspace, p.cycle, p.drawn FROM pool p
     JOIN unnest($1::int[], $2::bigint[]) AS k (workspace, cycle) ON p.workspace = k.workspace AND p.cycle = k.cycle";
const HELD: &str = "SELECT p.workspace, p.cycle, p.drawn FROM pool p
     JOIN unnest($1::int[], $2::bigint[]) AS k (workspace, cycle) ON p.workspace = k.workspace AND p.cycle = k.cycle
     ORDER BY p.workspace, p.cycle FOR UPDATE OF p";

impl Wanted {
    pub(crate) fn of(wanted: &BTreeSet<Cycle>) -> Self {
        let (workspaces, cycles) = wanted.iter().copied().unzip();
        Self { workspaces, cycles }
    }

    pub(crate) fn values(&self) -> [&(dyn ToSql + Sync); 2] {
        [&self.workspaces, &self.cycles]
    }

    /// The statement that looks at them, and holds nothing; none: nothing is wanted.
    pub(crate) fn seen<'a>(&self, values: &'a [&'a (dyn ToSql + Sync)]) -> Option<(&'static str, Values<'a>)> {
        (!self.workspaces.is_empty()).then_some((SEEN, values))
    }

    /// Makes them where there are none, and holds them until the transaction ends.
    pub(crate) async fn hold(&self, client: &Object) -> Result<Pools, StoreError> {
        let values = self.values();
        let held = in_order(client, &[(MADE, &values), (HELD, &values)]).await?;
        Ok(Pools::of(held.get(1).map_or(&[], Vec::as_slice)))
    }
}

/// Somebody who asks how much of a workspace's cycle was drawn.
pub(crate) struct Look {
    pub(crate) workspace: WorkspaceId,
    pub(crate) cycle: Instant,
}

/// Answers all who ask at once: each is told what was so after they asked.
pub(crate) async fn look(inner: Arc<Inner>, looks: Vec<Look>) -> Result<Vec<Result<u64, StoreError>>, StoreError> {
    let client = inner.client().await?;
    soon(inner.patience, client, async |client| look_within(&inner, client, &looks).await).await
}

async fn look_within(
    inner: &Inner,
    client: &Object,
    looks: &[Look],
) -> Result<Vec<Result<u64, StoreError>>, StoreError> {
    let mut asked = Vec::with_capacity(looks.len());
    for look in looks {
        let workspace = inner.known(client, &look.workspace).await?;
        asked.push(workspace.map(|workspace| (workspace, look.cycle.as_milliseconds())));
    }
    let wanted = Wanted::of(&asked.iter().flatten().copied().collect());
    let pools = Pools::of(&found(client, SEEN, &wanted.values()).await?);
    let drawn = |cycle: Option<Cycle>| cycle.and_then(|cycle| pools.drawn.get(&cycle).copied()).unwrap_or(0);
    Ok(asked.into_iter().map(|cycle| Ok(drawn(cycle))).collect())
}

impl Pools {
    /// As they were found.
    pub(crate) fn of(rows: &[Row]) -> Self {
        let drawn = rows.iter().map(|row| ((row.get(0), row.get(1)), unsigned(row.get(2))));
        Self { drawn: drawn.collect(), changed: BTreeSet::new() }
    }

    /// Draws all that a commit wants, or nothing; what partition 0 is told of counts.
    pub(crate) fn draw(&mut self, workspace: i32, draws: &[Draw]) -> Result<Vec<Input>, StoreError> {
        let drawn = |draw: &Draw| self.drawn.get(&cycle(workspace, draw)).copied().unwrap_or(0);
        let mut sums = Vec::with_capacity(draws.len());
        for draw in draws {
            let before = drawn(draw);
            sums.push((before, draw.applied(before).ok_or(StoreError::NoRoom)?));
        }
        let mut told = Vec::new();
        for (draw, (before, after)) in draws.iter().zip(sums) {
            self.drawn.insert(cycle(workspace, draw), after);
            self.changed.insert(cycle(workspace, draw));
            told.extend(draw.told(before, after));
        }
        Ok(told)
    }

    pub(crate) fn sums(&self) -> Sums {
        let of = |change: &Cycle| signed(self.drawn.get(change).copied().unwrap_or(0));
        let mut sums = Sums::default();
        self.changed.iter().for_each(|change| sums.push(*change, of(change)));
        sums
    }
}

/// A number for each of some pools.
#[derive(Default)]
pub(crate) struct Sums {
    workspaces: Vec<i32>,
    cycles: Vec<i64>,
    numbers: Vec<i64>,
}

impl Sums {
    /// What is added to pools by draws on which nothing hangs.
    pub(crate) fn added<'a>(draws: impl Iterator<Item = (i32, &'a Draw)>) -> Self {
        let mut by: BTreeMap<Cycle, i64> = BTreeMap::new();
        for (workspace, draw) in draws {
            let sum = by.entry(cycle(workspace, draw)).or_default();
            *sum = sum.saturating_add(draw.contacts);
        }
        let mut sums = Self::default();
        by.into_iter().for_each(|(cycle, sum)| sums.push(cycle, sum));
        sums
    }

    fn push(&mut self, (workspace, cycle): Cycle, number: i64) {
        self.workspaces.push(workspace);
        self.cycles.push(cycle);
        self.numbers.push(number);
    }

    /// Adds them to their pools, in order.
    pub(crate) async fn add<'a>(&'a self, script: &mut Script<'a>) -> Result<(), StoreError> {
        if self.workspaces.is_empty() {
            return Ok(());
        }
        script.add(MADE, vec![&self.workspaces, &self.cycles]).await?;
        let sql = "UPDATE pool p SET drawn = greatest(p.drawn + k.number, 0)
             FROM (SELECT p.workspace, p.cycle, k.number FROM pool p
                 JOIN unnest($1::int[], $2::bigint[], $3::bigint[]) AS k (workspace, cycle, number)
                     ON p.workspace = k.workspace AND p.cycle = k.cycle
                 ORDER BY p.workspace, p.cycle FOR UPDATE OF p) k
             WHERE p.workspace = k.workspace AND p.cycle = k.cycle";
        script.add(sql, vec![&self.workspaces, &self.cycles, &self.numbers]).await
    }

    /// Writes them over what their pools have, which are held.
    pub(crate) async fn set<'a>(&'a self, script: &mut Script<'a>) -> Result<(), StoreError> {
        let sql = "UPDATE pool p SET drawn = k.drawn
             FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS k (workspace, cycle, drawn)
             WHERE p.workspace = k.workspace AND p.cycle = k.cycle";
        script.add(sql, vec![&self.workspaces, &self.cycles, &self.numbers]).await
    }
}
