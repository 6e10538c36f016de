//! Some seeds, in the ordinary tests; `cargo xtask simulate` runs as many as there is time for.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use chatsparks_simulate::{InMemory, OnDisk, Plan, Report, simulate};

fn over_memory(plan: &Plan) -> Report {
    simulate(plan, InMemory::new(plan.setting.partitions), None)
}

fn holds(seed: u64, report: &Report) {
    if let Some(failure) = &report.failure {
        panic!("{failure}\nagain, and in fewer steps: cargo xtask simulate --seed {seed}");
    }
}

/// Seeds whose plans are quick to live through: with many partitions a run takes many seconds.
fn quick() -> impl Iterator<Item = (u64, Plan)> {
    (0..)
        .map(|seed| (seed, Plan::of(seed)))
        .filter(|(_, plan)| plan.setting.partitions <= 2 && plan.setting.neighbours == 0)
}

#[test]
fn fifteen_seeds_hold() {
    quick().take(12).for_each(|(seed, plan)| holds(seed, &over_memory(&plan)));
    // Some of those where what is old is deleted (R10).
    let cuts = quick().filter(|(_, plan)| plan.setting.records_hours.is_some()).take(6);
    let cut: u64 = cuts
        .map(|(seed, plan)| (seed, over_memory(&plan)))
        .inspect(|(seed, report)| holds(*seed, report))
        .map(|(_, report)| report.cut)
        .sum();
    assert!(cut > 0);
    // And some of those with many partitions and neighbours.
    let wide = (0..).map(|seed| (seed, Plan::of(seed))).filter(|(_, plan)| plan.setting.partitions == 8);
    wide.take(3).for_each(|(seed, plan)| holds(seed, &over_memory(&plan)));
}

#[test]
fn a_seed_gives_the_same_run_each_time() {
    for seed in 100..103 {
        let (one, other) = (over_memory(&Plan::of(seed)), over_memory(&Plan::of(seed)));
        assert!(one == other, "seed {seed} gave two different runs");
    }
}

#[test]
fn two_seeds_hold_over_sqlite_and_give_what_memory_gives() {
    for (seed, plan) in quick().take(2) {
        let report = simulate(&plan, OnDisk::new(plan.setting.partitions), None);
        holds(seed, &report);
        assert_eq!(report.records, over_memory(&plan).records, "seed {seed}");
    }
}

#[test]
fn seeds_bring_all_that_can_go_wrong() {
    let told: String = (0..200).map(|seed| Plan::of(seed).to_string()).collect();
    let wanted = [
        " crash before the next commit",
        " crash after the next append",
        "crash once the channel has sent",
        " stop, down",
        "the store fails",
        "having done it",
        "set the clock back 60.0 min",
        "set the clock on",
        "confirm the clock",
        "LosesAnswers",
        "Hangs",
        "Panics",
        "Busy(Some",
        "Stopped",
        "put the document",
        "erase ",
        "retry every",
        "drop the",
        "\"id\":\"b99\"",
        "clock: Events",
        "trust_at: true",
        "trust_at: false",
        "partitions: 2,",
        "partitions: 8,",
        "partitions: 64,",
        "neighbours: 2",
        "600/h",
        "the engine fails at",
        "the disk is full",
        "back up",
        "restore the last",
        "records_hours: Some(1)",
    ];
    for what in wanted {
        assert!(told.contains(what), "no seed of the first 200 has: {what}");
    }
}
