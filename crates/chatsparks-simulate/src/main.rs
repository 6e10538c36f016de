//! Simulates many seeds, and tells of the first that fails what is needed to see why.

#![allow(clippy::print_stdout, reason = "it speaks to the person who ran it")]

use chatsparks_simulate::{Failure, InMemory, OnDisk, OnNats, OnPostgres, Plan, Report, shrink, simulate};
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Lets ChatSparks live through what goes wrong, in virtual time, and holds it to what it promised.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// This seed alone; its plan is shown.
    #[arg(long)]
    seed: Option<u64>,
    /// Go on after one that fails, and tell of each in a line.
    #[arg(long)]
    all: bool,
    /// What it runs over.
    #[arg(long, value_enum, default_value_t = Below::Memory)]
    store: Below,
    /// How many at once; as many as there are processors where nothing is said.
    #[arg(long)]
    jobs: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Below {
    Memory,
    Sqlite,
    /// On a server that is begun for it.
    Postgres,
    /// On three servers that are begun for it.
    Nats,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let store = arguments.store;
    if let Some(seed) = arguments.seed {
        println!("{}", Plan::of(seed));
    }
    let (first, count) = arguments.seed.map_or((arguments.from, arguments.seeds), |seed| (seed, 1));
    let began = Instant::now();
    let bar = ProgressBar::new(count);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} seeds, {elapsed}, {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    let (next, failed) = (AtomicU64::new(first), AtomicBool::new(false));
    let told = Mutex::new(Totals::default());
    let jobs = arguments.jobs.or(std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while arguments.all || !failed.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    let plan = Plan::of(seed);
                    let report = run(&plan, store);
                    bar.inc(1);
                    told.lock().unwrap_or_else(PoisonError::into_inner).add(&plan, &report);
                    let Some(failure) = &report.failure else { continue };
                    let is_first = !failed.swap(true, Ordering::Relaxed);
                    if arguments.all {
                        bar.suspend(|| println!("seed {seed}: {failure}"));
                    } else if is_first {
                        bar.suspend(|| tell(&plan, failure, store));
                    }
                }
            });
        }
    });
    bar.finish_and_clear();
    if failed.load(Ordering::Relaxed) {
        return ExitCode::FAILURE;
    }
    let totals = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{count} seeds from {first} held in {:.0} s: {totals}", began.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

#[derive(Default)]
struct Totals {
    lives: usize,
    steps: usize,
    partitions: u64,
    records: usize,
    effects: usize,
    delivered: usize,
    cut: u64,
}

impl Totals {
    fn add(&mut self, plan: &Plan, report: &Report) {
        self.steps += plan.steps.len();
        self.partitions += u64::from(plan.setting.partitions) * u64::from(1 + plan.setting.neighbours);
        self.lives += report.lives;
        self.records += report.records.iter().map(Vec::len).sum::<usize>();
        self.effects += report.effects;
        self.delivered += report.delivered;
        self.cut += report.cut;
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { lives, steps, partitions, records, effects, delivered, cut } = self;
        write!(
            out,
            "{steps} steps, {partitions} partitions, {lives} processes, {records} records, {effects} effects, {delivered} of them delivered, {cut} events deleted as old"
        )
    }
}

fn run(plan: &Plan, store: Below) -> Report {
    match store {
        Below::Memory => simulate(plan, InMemory::new(plan.setting.partitions), None),
        Below::Sqlite => simulate(plan, OnDisk::new(plan.setting.partitions), None),
        Below::Postgres => simulate(plan, OnPostgres::new(plan.setting.partitions), None),
        Below::Nats => simulate(plan, OnNats::new(plan.setting.partitions), None),
    }
}

/// Shows why a seed failed.
fn tell(plan: &Plan, failure: &Failure, store: Below) {
    println!("seed {} failed, after {} of {} steps\n{failure}\n", plan.seed, failure.step, plan.steps.len());
    let (plan, failure) = shrink(plan, failure, |plan| run(plan, store).failure);
    println!("the same in {} steps:\n{plan}\n{failure}\n", plan.steps.len());
    println!("its history:\n{}", run(&plan, store).history);
    let over = store.to_possible_value().filter(|_| store != Below::Memory);
    let over = over.map(|over| format!(" --store {}", over.get_name())).unwrap_or_default();
    println!("again: cargo xtask simulate --seed {}{over}", plan.seed);
}
