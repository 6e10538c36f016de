//! Tasks of the repository: `cargo xtask <task>`, one file a task.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task speaks to the person who ran it")]

mod bench;
mod ci;
mod cluster;
mod conformance;
mod console;
mod core_alone;
mod crash;
mod deny;
mod public_api;
mod run;
mod simulate;
mod test;
mod unicode;
mod workers;

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// Tasks of the ChatSparks repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every test: unit, snapshot, property and documentation tests of the whole workspace.
    Test,
    /// Run everything that has to hold before a change lands.
    Ci,
    /// Measure the engine, in a release build.
    Bench {
        /// Handed to the benchmarks; `--help` lists what they take.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Start the servers that tests of stores need, on loopback, and stop them at the end.
    Cluster {
        /// Only bring the programs that are missing.
        #[arg(long)]
        install: bool,
        /// Which servers, by name; all of them if none is named.
        #[arg(long, value_name = "NAME")]
        only: Vec<String>,
        /// A command to run meanwhile, which finds addresses in `CHATSPARKS_POSTGRES` and `CHATSPARKS_NATS`; else it waits for the end of its
        /// input.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Replay the conformance cases, all or those whose names begin with a prefix.
    Conformance {
        /// The folder of the cases, where it is given, then prefixes such as `c6` or `n`.
        #[arg(value_name = "DIR|PREFIX")]
        arguments: Vec<String>,
    },
    /// Test the console in a browser, over the day that the demo leaves behind.
    Console {
        /// Make the picture that the documentation shows instead.
        #[arg(long)]
        picture: bool,
    },
    /// Kill the service while events come in and effects go out, and hold it to what it promised.
    Crash {
        /// How often to kill it.
        #[arg(long, default_value_t = 200)]
        kills: usize,
        /// Events to send.
        #[arg(long, default_value_t = 200_000)]
        events: usize,
        /// What everything random is made from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Write down the names of the façade.
    PublicApi {
        /// Write nothing; fail when what is written down is not what is public.
        #[arg(long)]
        check: bool,
    },
    /// Let the runtime live through what goes wrong, in virtual time, and hold it to what it promised.
    Simulate {
        /// Handed to the simulator: `--seeds N`, `--from SEED`, `--seed SEED`, `--store sqlite`, `--jobs N`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill, freeze and fail over several services on one store, and hold them to what they promised: 300,000 events, 24
    /// kills, one failover, and a random history with one, two and four of them.
    Workers {
        /// Handed on: `--store postgres|nats`, `--workers N`, `--kills N`, `--freezes N`, `--contacts N`, `--limit N`, `--seed N`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Generate the Unicode tables of the core from ICU4X.
    Unicode {
        /// Write nothing; fail when the committed tables are stale.
        #[arg(long)]
        check: bool,
    },
}

/// What a task answers; the error is for people.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Test => test::run(),
        Task::Ci => ci::run_all(),
        Task::Bench { arguments } => bench::run(&arguments),
        Task::Cluster { install, only, command } => cluster::run(install, &only, &command),
        Task::Conformance { arguments } => conformance::run(arguments),
        Task::Console { picture } => console::run(picture),
        Task::Crash { kills, events, seed } => crash::run(kills, events, seed),
        Task::PublicApi { check } => public_api::run(check),
        Task::Simulate { arguments } => simulate::run(&arguments),
        Task::Workers { arguments } => workers::run(&arguments),
        Task::Unicode { check } => unicode::run(check),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
