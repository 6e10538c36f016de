//! What a store takes for each million contacts, reckoned from fewer: memory and disk of a server, memory of a process.

use crate::{
    Result,
    burst::{PARTITIONS, id, shop},
    nats::{BEYOND, options},
};
use chatsparks_cluster::{Nats, Postgres};
use chatsparks_jetstream::JetStreamStore;
use chatsparks_ports::{ManualClock, Store};
use chatsparks_postgres::PostgresStore;
use chatsparks_runtime::{ClockMode, NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_testkit::store_suite::make::{at, comment};
use std::{fs, os::unix::fs::MetadataExt, path::Path, sync::Arc, time::Duration};

/// Contacts that are made in each step, each by one comment, of which a third fires.
const STEP: usize = 25_000;
const STEPS: usize = 4;

pub(crate) async fn run() -> Result<()> {
    let server = tokio::task::block_in_place(|| Postgres::start(&[]))?;
    let mut options_of = chatsparks_postgres::Options::default();
    options_of.partitions = Some(PARTITIONS);
    let store = PostgresStore::open(&server.url("postgres"), options_of).await?;
    let of_postgres = || {
        // What every connection has for itself; what they share is a setting.
        let processes = server.query("postgres", "SELECT pid FROM pg_stat_activity")?;
        let memory = processes.lines().map(|process| in_memory(process, "RssAnon:").unwrap_or(0)).sum();
        let disk = server.query("postgres", "CHECKPOINT; SELECT pg_database_size('postgres')")?.parse()?;
        Ok((memory, disk))
    };
    measure("PostgreSQL, without what is shared", store, of_postgres).await?;
    let sql = "SELECT relname || ' ' || (pg_table_size(oid) >> 20) || ' ' || (pg_indexes_size(oid) >> 20) FROM pg_class
         WHERE relkind = 'r' AND relnamespace = 'chatsparks'::regnamespace AND pg_total_relation_size(oid) > 1 << 20
         ORDER BY pg_total_relation_size(oid) DESC";
    println!("\nPostgreSQL's tables, MiB without and of indexes:\n{}", server.query("postgres", sql)?);
    drop(server);
    let servers = tokio::task::block_in_place(|| Nats::start(3))?;
    let mut options = options(&servers, "memory")?;
    options.memory = BEYOND;
    let store = JetStreamStore::open(options).await?;
    let of_nats = || {
        let (mut memory, mut disk) = (0, 0);
        for node in 0..servers.len() {
            memory += in_memory(&servers.process(node)?.to_string(), "VmRSS:")? / servers.len() as u64;
            disk += servers.directory(node).map_or(0, size) / servers.len() as u64;
        }
        Ok((memory, disk))
    };
    measure("NATS, each of three, with 16 MiB of a state in memory", store, of_nats).await
}

/// Makes contacts, and tells what a server and this process have then.
async fn measure<S: Store>(name: &str, store: S, of_server: impl Fn() -> Result<(u64, u64)>) -> Result<()> {
    let mut settings = Settings::default();
    (settings.trust_at, settings.clock, settings.contacts_at_hand) = (true, ClockMode::Events, 0);
    let setups = vec![WorkspaceSetup::new(shop(0, None), "digest")];
    let runtime = Runtime::start(Arc::new(store), Arc::new(ManualClock::new(at(0))), settings, setups).await?;
    println!(
        "\n{name}:\n| contacts | a server's memory | its disk | this process's memory | its file |\n| --- | --- | --- | --- | --- |"
    );
    for step in 0..=STEPS {
        for from in (step.saturating_sub(1) * STEP..step * STEP).step_by(500) {
            let new = |n: usize| {
                let text = if n.is_multiple_of(3) { "what is the price please" } else { "so beautiful" };
                let event = comment(&format!("73{n:017}"), &format!("68000000000000{n:06}"), text);
                NewEvent { id: format!("7501{n:015}").into(), at: Some(at(i64::try_from(n / 100).unwrap_or(0))), event }
            };
            runtime.accept(&id(0).as_str().into(), (from..from + 500).map(new).collect()).await?;
        }
        while runtime.health().await.shards.iter().any(|shard| shard.lag > 0) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // Snapshots are written, and what they make superfluous goes.
        tokio::time::sleep(Duration::from_secs(4)).await;
        let (memory, disk) = tokio::task::block_in_place(&of_server)?;
        let own = in_memory("self", "VmRSS:")?;
        let [memory, disk, own, beside] = [memory, disk, own, unnamed()].map(|bytes| bytes >> 20);
        println!("| {} | {memory} MiB | {disk} MiB | {own} MiB | {beside} MiB |", step * STEP);
    }
    runtime.stop(Duration::from_secs(10)).await;
    Ok(())
}

/// Bytes that a process has in memory, by this line of what the kernel tells of it.
fn in_memory(process: &str, of: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with(of)).unwrap_or_default();
    Ok(line.split_whitespace().nth(1).unwrap_or("0").parse::<u64>()? * 1024)
}

/// Bytes of the files of this process that have no name.
fn unnamed() -> u64 {
    let open = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let unnamed =
        open.filter(|file| fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy().ends_with("(deleted)")));
    // What it takes on the disk.
    unnamed.filter_map(|file| fs::metadata(file.path()).ok()).map(|about| about.blocks() * 512).sum()
}

/// Bytes of all files below a directory.
fn size(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => size(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
