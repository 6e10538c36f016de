//! Room under the limit: the pool (R7).

use crate::{
    form::{signed, unsigned},
    statement::found,
};
use chatsparks_ports::StoreError;
use deadpool_postgres::Object;
use std::collections::{BTreeMap, BTreeSet};

/// How much of each workspace's cycles was drawn: held until the transaction ends.
#[derive(Default)]
pub(crate) struct Pools {
    drawn: BTreeMap<(i32, i64), u64>,
    changed: BTreeSet<(i32, i64)>,
}

/// Pools, as they are written.
pub(crate) struct Sums {
    pub(crate) workspaces: Vec<i32>,
    pub(crate) cycles: Vec<i64>,
    pub(crate) drawn: Vec<i64>,
}

impl Pools {
    /// Holds pools, in order.
    pub(crate) async fn hold(client: &Object, wanted: &BTreeSet<(i32, i64)>) -> Result<Self, StoreError> {
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let (workspaces, cycles): (Vec<i32>, Vec<i64>) = wanted.iter().copied().unzip();
        let sql = "INSERT INTO pool (workspace, cycle, drawn)
             SELECT k.workspace, k.cycle, 0 FROM unnest($1::int[], $2::bigint[]) AS k (workspace, cycle)
             WHERE NOT EXISTS (SELECT FROM pool p WHERE p.workspace = k.workspace AND p.cycle = k.cycle)
             ORDER BY 1, 2 ON CONFLICT DO NOTHING";
        found(client, sql, &[&workspaces, &cycles]).await?;
        let sql = "SELECT p.workspace, p.cycle, p.drawn FROM pool p
             JOIN unnest($1::int[], $2::bigint[]) AS k (workspace, cycle)
                 ON p.workspace = k.workspace AND p.cycle = k.cycle
             ORDER BY p.workspace, p.cycle FOR UPDATE OF p";
        let rows = found(client, sql, &[&workspaces, &cycles]).await?;
        let drawn = rows.iter().map(|row| ((row.get(0), row.get(1)), unsigned(row.get(2))));
        Ok(Self { drawn: drawn.collect(), changed: BTreeSet::new() })
    }

    pub(crate) fn drawn(&self, of: (i32, i64)) -> u64 {
        self.drawn.get(&of).copied().unwrap_or(0)
    }

    pub(crate) fn set(&mut self, of: (i32, i64), drawn: u64) {
        self.drawn.insert(of, drawn);
        self.changed.insert(of);
    }

    pub(crate) fn sums(&self) -> Sums {
        let of = |change: &(i32, i64)| signed(self.drawn(*change));
        Sums {
            workspaces: self.changed.iter().map(|(workspace, _)| *workspace).collect(),
            cycles: self.changed.iter().map(|(_, cycle)| *cycle).collect(),
            drawn: self.changed.iter().map(of).collect(),
        }
    }
}
