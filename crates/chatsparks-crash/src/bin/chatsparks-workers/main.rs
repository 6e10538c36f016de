//! Several services over one store, killed, frozen, and their servers killed under them, while events come in; then they are
//! held to what they promised: every acknowledged event decided once, every effect with one outcome and in order, room
//! exact, the records of each partition those of its replay. And the same events with one, two and four of them.
//!
//! `cargo xtask workers` builds the command and calls this.

#![allow(clippy::print_stdout, reason = "it tells the person who ran it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "whatever does not hold ends the run")]

mod compare;
mod disturb;
mod hold;
mod servers;

use chatsparks_crash::{
    endpoint::{self, Delivered},
    fleet::{Feeding, Fleet},
    service::{Service, Setup},
    shop,
};
use clap::{Parser, ValueEnum};
use serde_json::Value;
use servers::Servers;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Kills, freezes and fails over services that share a store, and holds them to what they promised.
#[derive(Parser)]
struct Arguments {
    /// The command `chatsparks`.
    #[arg(long)]
    binary: PathBuf,
    /// The kind of store.
    #[arg(long, default_value = "postgres")]
    store: Kind,
    /// Services at once.
    #[arg(long, default_value_t = 4)]
    workers: usize,
    /// Partitions of the store.
    #[arg(long, default_value_t = 16)]
    partitions: u32,
    /// How often to kill one of them.
    #[arg(long, default_value_t = 24)]
    kills: usize,
    /// How often to freeze one for longer than others wait, and thaw it.
    #[arg(long, default_value_t = 2)]
    freezes: usize,
    /// Kill the server, and promote its synchronous standby; of NATS, kill each server in turn, and bring it back.
    #[arg(long)]
    failover: bool,
    /// MiB of memory that a service may take for what it folds, on NATS: the rest lies in its file.
    #[arg(long)]
    memory: Option<u32>,
    /// Contacts, each of whom brings six events.
    #[arg(long, default_value_t = 50_000)]
    contacts: usize,
    /// Contacts at most in a cycle.
    #[arg(long, default_value_t = 30_000)]
    limit: usize,
    /// Instead of all that: a random history with one, two and four services, undisturbed.
    #[arg(long)]
    compare: bool,
    /// Events of that history.
    #[arg(long, default_value_t = 5_000)]
    events: usize,
    /// What everything random is made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// PostgreSQL.
    Postgres,
    /// Three servers of NATS.
    Nats,
}

const TAKEOVER_SECONDS: u64 = 2;
/// Events in one body, at most.
const BODY: usize = 200;

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    println!("seed {}", arguments.seed);
    let servers = Servers::start(arguments.store, arguments.failover && !arguments.compare, arguments.memory);
    if arguments.compare {
        compare::run(&arguments, &servers).await;
    } else {
        disturbed(&arguments, &servers).await;
    }
    println!("held");
}

async fn disturbed(arguments: &Arguments, servers: &Servers) {
    let url = servers.url("chatsparks");
    let events = shop::events(arguments.contacts);
    let document = shop::document(Some(arguments.limit));
    let run = Run::start(arguments, &url, arguments.workers, &document, shop::contact_of).await;
    let deeds = disturb::deeds(arguments);
    let bodies = 2 * events.len() / BODY;
    let pause =
        Duration::from_millis(1_200) * u32::try_from(deeds.len()).unwrap() / u32::try_from(bodies.max(1)).unwrap();
    let feeding = Feeding { seed: arguments.seed, body: BODY, pause };
    let began = Instant::now();
    let disturbing = disturb::disturb(deeds, arguments.seed, &run.fleet, servers);
    let (again, ()) = tokio::join!(run.fleet.feed(&events, feeding), disturbing);
    println!("{} events fed in {:.0} s, {again} bodies sent again", events.len(), began.elapsed().as_secs_f64());
    let (counts, health) = run.fleet.drained().await;
    let workers = health["workers"].as_array().unwrap();
    let serving: Vec<usize> =
        workers.iter().map(|worker| worker["partitions"].as_array().map_or(0, Vec::len)).collect();
    println!("drained after {:.0} s: {counts}; partitions of each worker: {serving:?}", began.elapsed().as_secs_f64());
    run.fleet.serves_each_partition_once(arguments.partitions.into()).await;
    hold::hold(arguments, &run, &events, &url).await;
    run.fleet.stop();
}

/// Services on one store, and what they sent.
pub(crate) struct Run {
    pub(crate) fleet: Fleet,
    pub(crate) delivered: Arc<Mutex<Delivered>>,
    _folder: tempfile::TempDir,
}

impl Run {
    async fn start(
        arguments: &Arguments,
        url: &str,
        workers: usize,
        document: &Value,
        contact_of: fn(&str) -> Option<String>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let document_path = folder.path().join("glow.json");
        std::fs::write(&document_path, document.to_string()).unwrap();
        let delivered = Arc::new(Mutex::new(Delivered::default()));
        let endpoint = endpoint::serve(delivered.clone(), contact_of).await;
        let more = format!("partitions = {}\ntakeover_seconds = {TAKEOVER_SECONDS}\n", arguments.partitions);
        let service = |n: usize| {
            Service::new(Setup {
                binary: &arguments.binary,
                config: folder.path().join(format!("worker-{n}.toml")),
                store: url,
                more: &more,
                document: &document_path,
                endpoint,
            })
        };
        let fleet = Fleet((0..workers).map(service).collect());
        fleet.start().await;
        Self { fleet, delivered, _folder: folder }
    }
}
