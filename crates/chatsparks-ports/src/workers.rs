//! Workers: processes that serve one store together, with nothing between them but the store.
//!
//! Work is shared out by leases that the store keeps: each worker says at intervals that it lives, and hears which slots it
//! is to serve ([`slot`](crate::Shards::slot)): partitions of every workspace, or whole workspaces. A lease says who ought
//! to decide; who may write is said by the fence alone (R5), so that a worker that was frozen, or whose lease is old news,
//! can compute and never write.

use chatsparks_core::WorkspaceId;
use std::{collections::BTreeMap, time::Duration};

/// What a worker says of itself, again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Its name, which no other process has, nor one of before.
    pub worker: String,
    /// Where it is found: for people.
    pub address: String,
    /// The slots that it works on still, sorted: it keeps them until it leaves them out.
    pub serving: Vec<u32>,
    /// After so long without a beat it is dead, and others take its slots over.
    pub takeover: Duration,
    /// Whether it is about to stop, and wants none.
    pub leaves: bool,
    /// The revision in force of each workspace that it serves something of.
    pub revisions: BTreeMap<WorkspaceId, u32>,
}

/// What a worker is told: its share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// The slots that it is to serve from now on, sorted. Those of its `serving` that are not among them it lets go of: it
    /// finishes what is begun, and says so by leaving them out of its next beat.
    pub slots: Vec<u32>,
    /// All workers that live, by name, each with the slots that it has.
    pub workers: Vec<WorkerShare>,
    /// The newest revision of each workspace, as workers have told: so that whoever serves nothing of one hears of its
    /// documents. Where every worker serves something of each workspace, nobody has to be told.
    pub revisions: BTreeMap<WorkspaceId, u32>,
    /// Nobody counted on this worker when it beat: it is new, or was silent for longer than its `takeover`, and others have
    /// seen that. What it knows of the store may be of the past (S4).
    pub is_new: bool,
}

/// A worker, as another sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerShare {
    /// Its name.
    pub worker: String,
    /// Where it is found.
    pub address: String,
    /// Its slots, sorted.
    pub slots: Vec<u32>,
}

/// Which slots a worker takes or gives back, where every worker that lives is to have as many as any other, but for
/// one. Every store shares out by this.
///
/// `workers`: those that live, sorted. `holders`: of each slot, whoever has it, dead or not. The first list is to be
/// served, sorted; the second is to be written as had by nobody.
///
/// ```
/// use chatsparks_ports::fair_share;
/// let workers = ["a".to_owned(), "b".to_owned()];
/// let a = Some("a".to_owned());
/// // `a` has everything and `b` came: `a` is to serve half, and gives back what it has finished with.
/// let holders = [a.clone(), a.clone(), a.clone(), a.clone()];
/// assert_eq!(fair_share("a", &workers, &holders, &[0, 1, 2, 3]), (vec![0, 1], vec![]));
/// assert_eq!(fair_share("a", &workers, &holders, &[0, 1]), (vec![0, 1], vec![2, 3]));
/// assert_eq!(fair_share("b", &workers, &[a.clone(), a, None, None], &[]), (vec![2, 3], vec![]));
/// ```
pub fn fair_share(
    worker: &str,
    workers: &[String],
    holders: &[Option<String>],
    serving: &[u32],
) -> (Vec<u32>, Vec<u32>) {
    let of = |wanted: &dyn Fn(Option<&str>) -> bool| -> Vec<u32> {
        let places = (0..).zip(holders).filter(|(_, holder)| wanted(holder.as_deref()));
        places.map(|(slot, _)| slot).collect()
    };
    let had = of(&|holder| holder == Some(worker));
    let Some(rank) = workers.iter().position(|other| other == worker) else {
        // It leaves: it serves nothing further, and gives back what it has finished with.
        return (Vec::new(), had.into_iter().filter(|slot| !serving.contains(slot)).collect());
    };
    let (each, more) = (holders.len() / workers.len(), holders.len() % workers.len());
    let fair = each + usize::from(rank < more);
    if had.len() > fair {
        let (kept, beyond) = had.split_at(fair);
        let given = beyond.iter().copied().filter(|slot| !serving.contains(slot)).collect();
        return (kept.to_vec(), given);
    }
    let free = of(&|holder| holder.is_none_or(|holder| !workers.iter().any(|other| other == holder)));
    let mut share: Vec<u32> = had.iter().copied().chain(free.into_iter().take(fair - had.len())).collect();
    share.sort_unstable();
    (share, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Workers come, go and die in any order: each partition is served by one at a time, and in the end all of them have
    /// the same, but for one.
    #[test]
    fn r5_partitions_are_shared_out_evenly_and_each_has_one_holder() {
        for partitions in [1usize, 5, 64] {
            let mut holders: Vec<Option<String>> = vec![None; partitions];
            let all: Vec<String> = (0..6).map(|n| format!("w{n}")).collect();
            let stages = [vec![0], vec![0, 1], vec![0, 1, 2, 3], vec![1, 3], vec![1, 2, 3, 4, 5], vec![], vec![5]];
            let mut serving: Vec<Vec<u32>> = vec![Vec::new(); all.len()];
            for stage in stages {
                let live: Vec<String> = stage.iter().map(|n: &usize| all[*n].clone()).collect();
                for gone in (0..all.len()).filter(|n| !stage.contains(n)) {
                    serving[gone].clear();
                }
                for _ in 0..4 {
                    for &n in &stage {
                        let (share, given) = fair_share(&all[n], &live, &holders, &serving[n]);
                        for &partition in &given {
                            assert!(!serving[n].contains(&partition));
                            holders[partition as usize] = None;
                        }
                        for &partition in &share {
                            let holder = &holders[partition as usize];
                            assert!(holder.as_ref().is_none_or(|of| *of == all[n] || !live.contains(of)));
                            holders[partition as usize] = Some(all[n].clone());
                        }
                        serving[n] = share;
                        let others = stage.iter().filter(|other| **other != n).flat_map(|other| &serving[*other]);
                        assert!(others.into_iter().all(|partition| !serving[n].contains(partition)));
                    }
                }
                let counts: Vec<usize> = stage.iter().map(|n| serving[*n].len()).collect();
                if let (Some(most), Some(least)) = (counts.iter().max(), counts.iter().min()) {
                    assert!(most - least <= 1, "{counts:?}");
                    assert_eq!(counts.iter().sum::<usize>(), partitions);
                }
            }
        }
    }
}
