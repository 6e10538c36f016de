//! What several workers on one store take: `cargo run --release -p chatsparks-benches --bin machines`, with the name of one
//! part if only that is wanted (sqlite, postgres, limit, hot, nats, nats-limit, nats-hot, backlog, memory; nats-N: N workers on
//! NATS alone). It starts servers of its own on loopback, and prints a table.
//!
//! Events are accepted, decided and committed by one, two and four runtimes, each with a store of its own over the same
//! servers, as processes would be. On PostgreSQL they are held against as many writers who decide nothing and insert the
//! same rows into the same tables, in batches of as many events, each in two transactions, as here; on NATS against as many
//! who decide nothing and publish the same messages, and against those who read them too. On PostgreSQL the best of some
//! rounds counts; on NATS, and for what differs by a few in a hundred, the median of rounds, each held against the one
//! beside it.
#![allow(clippy::print_stdout, reason = "the report is what it is for")]

mod burst;
mod memory;
mod nats;
mod postgres;

use burst::Took;
use std::error::Error;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Rounds: the best counts.
pub(crate) const ROUNDS: usize = 3;
/// Rounds of what differs by a few in a hundred: each is held against its own, and the median counts.
pub(crate) const PAIRED: usize = 7;
/// Limits that are held against each other: none, one that is far away, and one that is reached before it counts.
pub(crate) const LIMITS: [Option<i64>; 3] = [None, Some(10_000_000), Some(1_000)];
/// In how many turns.
pub(crate) const TURNS: usize = 30;

/// Events that wait for whoever comes back.
pub(crate) const BACKLOGS: [usize; 2] = [60_000, 480_000];

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        println!(
            "| what | events a second | held against | events a second | ratio |\n| --- | --- | --- | --- | --- |"
        );
        let only = std::env::args().nth(1);
        let asked = |name: &str| only.as_deref().is_none_or(|only| only == name);
        if asked("sqlite") {
            let mut best = Took::default();
            for _ in 0..ROUNDS {
                best = best.or(burst::sqlite().await?);
            }
            tell("SQLite, 1 process, 1 partition", best.rate, "itself", best.rate);
            tell_processors("SQLite", best);
        }
        if ["postgres", "limit", "hot", "backlog"].into_iter().any(asked) {
            postgres::run(&asked).await?;
        }
        if ["nats", "nats-limit", "nats-hot", "backlog"].into_iter().any(asked) {
            nats::run(&asked).await?;
        }
        if let Some(workers) = only.as_deref().and_then(|only| only.strip_prefix("nats-")?.parse().ok()) {
            nats::alone(workers).await?;
        }
        if asked("memory") {
            memory::run().await?;
        }
        Ok(())
    })
}

/// What a worker takes that comes back to many events, held against few.
pub(crate) fn tell_backlogs(store: &str, [few, many]: &[Vec<f64>; 2]) {
    let [small, large] = BACKLOGS;
    tell_paired(&format!("{store}, 1 worker, of {large} events that waited"), many, &format!("of {small}"), few);
}

/// The order in which kinds are measured in a round: each is before, in the next round, whatever it was after in this one.
pub(crate) fn by_turns(round: usize, kinds: usize) -> impl Iterator<Item = usize> {
    (0..kinds).map(move |place| if round.is_multiple_of(2) { place } else { kinds - 1 - place })
}

pub(crate) fn tell(what: &str, rate: f64, against: &str, other: f64) {
    println!("| {what} | {rate:.0} | {against} | {other:.0} | {:.2} |", rate / other);
}

/// A row of what was measured by turns: the medians of both, and of their ratios.
pub(crate) fn tell_paired(what: &str, rates: &[f64], against: &str, others: &[f64]) {
    let ratios = rates.iter().zip(others).map(|(rate, other)| rate / other).collect();
    let (rate, other, ratio) = (median(rates.to_vec()), median(others.to_vec()), median(ratios));
    println!("| {what} | {rate:.0} | {against} | {other:.0} | {ratio:.2} |");
}

/// Rows of what [`LIMITS`] take: by time, and by what the processors do of it, which whatever else they do meanwhile changes less.
pub(crate) fn tell_limits(store: &str, took: &[Vec<Took>]) {
    let by =
        |of: fn(&Took) -> f64| -> Vec<Vec<f64>> { took.iter().map(|turns| turns.iter().map(of).collect()).collect() };
    for (what, rates) in [
        ("", by(|took| took.rate)),
        (", events that a second of a processor does", by(|took| 1_000_000.0 / (took.own + took.others))),
    ] {
        for (limit, of_it) in ["", " that is reached"].into_iter().zip(&rates[1..]) {
            let name = format!("{store}, 4 workers under a limit{limit}{what}");
            tell_paired(&name, of_it, "without a limit", &rates[0]);
        }
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Below the table: what an event took of the processors.
pub(crate) fn tell_processors(what: &str, took: Took) {
    println!(
        "| {what}: microseconds an event, of the workers and of everything else | {:.0} | | {:.0} | |",
        took.own, took.others
    );
}
