//! Some seeds, in the ordinary tests; `cargo xtask simulate` runs as many as there is time for.

use chatsparks_simulate::{Below, InMemory, OnDisk, OnNats, OnPostgres, Plan, Report, Step, simulate};

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

/// So many seeds hold over another store, and come to the same records as over memory.
fn hold_over<B: Below>(below: impl Fn(u32) -> B + Sync, many: usize, wanted: impl Fn(&Plan) -> bool) {
    for (seed, plan) in quick().filter(|(_, plan)| wanted(plan)).take(many) {
        let report = std::thread::scope(|scope| {
            // Unoptimised, what a client of a server awaits is more than a test's thread has room for.
            let roomy = std::thread::Builder::new().stack_size(32 << 20);
            let run = || simulate(&plan, below(plan.setting.partitions), None);
            roomy.spawn_scoped(scope, run).unwrap().join().unwrap()
        });
        holds(seed, &report);
        assert_eq!(report.records, over_memory(&plan).records, "seed {seed}");
    }
}

#[test]
fn two_seeds_hold_over_sqlite_and_give_what_memory_gives() {
    hold_over(OnDisk::new, 2, |_| true);
}

#[test]
fn a_seed_with_a_restored_backup_holds_over_postgresql_and_gives_what_memory_gives() {
    hold_over(OnPostgres::new, 1, is_restored);
}

#[test]
fn two_seeds_hold_over_nats_and_give_what_memory_gives() {
    // What is lost there is not made again of a copy.
    hold_over(OnNats::new, 2, |plan| !is_restored(plan));
}

fn is_restored(plan: &Plan) -> bool {
    let copied = plan.steps.iter().position(|step| matches!(step, Step::Backup));
    copied.is_some_and(|copied| plan.steps[copied..].iter().any(|step| matches!(step, Step::Restore { .. })))
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
