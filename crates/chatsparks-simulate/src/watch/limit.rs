//! The limit that partitions share, held against each commit as it is made (M3, M7, R7).

use super::Seen;
use chatsparks_core::{Instant, Row, WorkspaceId};
use chatsparks_ports::{Commit, Shard};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a partition counted, and by which terms.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    /// How many, of each cycle.
    pub(crate) used: BTreeMap<Instant, u64>,
    /// The limit in force; none: nothing was committed yet.
    pub(crate) limit: Option<Option<u64>>,
    pub(crate) cycle: Option<Instant>,
}

impl Seen {
    /// A commit, whose records are held against what all partitions had counted when it was made.
    pub(super) fn counts(&mut self, shard: &Shard, commit: &Commit) {
        let terms = commit.rows.iter().find_map(|row| match row {
            Row::Terms(terms) => Some(*terms),
            _ => None,
        });
        let mut others: BTreeMap<Instant, u64> = BTreeMap::new();
        for (other, seen) in &self.shards {
            if other.workspace == shard.workspace && other != shard {
                seen.counted.used.iter().for_each(|(cycle, used)| *others.entry(*cycle).or_default() += used);
            }
        }
        let of = &mut self.shards.entry(shard.clone()).or_default().counted;
        let before = of.limit;
        if let Some(terms) = terms {
            of.limit = Some(terms.limit());
        }
        // What one commit draws lies under one limit; where it changed within, under either.
        let limits = [before.flatten(), of.limit.flatten()];
        let is_unlimited = before.is_some_and(|limit| limit.is_none()) || of.limit.is_none_or(|limit| limit.is_none());
        let (highest, lowest) = (limits.iter().flatten().max(), limits.iter().flatten().min());
        let mut wrong = None;
        let mut told = Vec::new();
        for record in &commit.records {
            let line = record.line.get();
            // Most lines say nothing of any of this, and need not be read.
            if !["contact_counted", "\"queued\"", "notify_owners", "cycle_began"].iter().any(|what| line.contains(what))
            {
                continue;
            }
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            let facts = || line["facts"].as_array().into_iter().flatten();
            if let Some(began) = facts().find_map(|fact| fact.pointer("/cycle_began/start")) {
                of.cycle = began.as_str().and_then(|start| start.parse().ok());
            }
            let starts = facts().any(|fact| fact.get("flow_started").is_some());
            for counted in facts().filter_map(|fact| fact.get("contact_counted")) {
                let cycle: Option<Instant> = counted["cycle"].as_str().and_then(|cycle| cycle.parse().ok());
                let (Some(cycle), Some(count)) = (cycle, counted["count"].as_u64()) else { continue };
                *of.used.entry(cycle).or_default() += 1;
                of.cycle = of.cycle.max(Some(cycle));
                let all = others.get(&cycle).copied().unwrap_or(0) + count;
                if let Some(limit) = highest.filter(|limit| starts && !is_unlimited && all > **limit) {
                    wrong = Some(("M7", format!("a start counted contact {all} of {limit}: {}", record.line)));
                }
            }
            if line.pointer("/outcome/comment/result") == Some(&"queued".into())
                && let Some(limit) = lowest
            {
                // The cycle in which it was refused; a late one was in the one that had begun.
                let known = others.keys().chain(of.used.keys()).chain(of.cycle.as_ref());
                let cycle = known.filter(|cycle| **cycle <= record.at || Some(**cycle) == of.cycle).max().copied();
                let used = |cycle| others.get(&cycle).copied().unwrap_or(0) + of.used.get(&cycle).copied().unwrap_or(0);
                let used = cycle.map_or(0, used);
                if used < *limit {
                    wrong = Some(("R7", format!("a start was refused at {used} of {limit}: {}", record.line)));
                }
            }
            let levels = line["effects"].as_array().into_iter().flatten();
            let levels = levels.filter_map(|effect| effect.pointer("/notify_owners/level")?.as_u64());
            let renews = facts().any(|fact| fact.get("cycle_began").is_some());
            told.push((renews, line["revision"].as_u64().unwrap_or(0), levels.collect()));
        }
        if let Some((rule, found)) = wrong {
            self.fail(rule, found);
        }
        let has_another_limit = before != self.shards.get(shard).and_then(|of| of.counted.limit);
        let revision = terms.map_or(0, |terms| u64::from(terms.revision()));
        self.levels(shard, has_another_limit.then_some(revision), told);
    }

    /// Whether the owners of a workspace were told of a level, in the cycle in force.
    pub(crate) fn is_told(&self, workspace: &WorkspaceId, level: u64) -> bool {
        self.levels.get(workspace).is_some_and(|told| told.contains(&level))
    }

    /// M3: each level is told once a cycle, or again where the limit has changed; by the first partition alone.
    /// `brought`: the revision in force after it, where the limit is another than before.
    fn levels(&mut self, shard: &Shard, brought: Option<u64>, told: Vec<(bool, u64, Vec<u64>)>) {
        let mut known: BTreeSet<u64> = self.levels.get(&shard.workspace).cloned().unwrap_or_default();
        // Which of them were told before the limit changed is not known here.
        let mut before = if brought.is_some() && shard.partition == 0 { Some(BTreeSet::new()) } else { None };
        if before.is_some() {
            known.clear();
        }
        // Several documents in one commit may each have brought another limit.
        let revisions: BTreeSet<u64> = told.iter().map(|(_, revision, _)| *revision).collect();
        let mut last = revisions.first().copied();
        for (renews, revision, levels) in told {
            let is_another = revisions.len() > 1 && last.replace(revision) != Some(revision);
            if (renews || is_another) && shard.partition == 0 {
                known.clear();
            }
            for level in levels {
                if shard.partition != 0 {
                    self.fail("M3", format!("partition {} tells the owners of {level} %", shard.partition));
                }
                let is_new = known.insert(level) || before.as_mut().is_some_and(|before| before.insert(level));
                if !is_new {
                    self.fail("M3", format!("the owners are told of {level} % twice"));
                }
            }
        }
        // What was told by a revision of before was told under the limit of before: its document says nothing of the count.
        if shard.partition == 0 && brought.zip(last).is_some_and(|(brought, last)| last < brought) {
            known.clear();
        }
        self.levels.insert(shard.workspace.clone(), known);
    }
}
