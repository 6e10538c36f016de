//! What a store on NATS takes for each million contacts, reckoned from fewer: memory and disk of a server, memory of a
//! process.

use crate::{
    Result,
    burst::{id, shop},
    nats::options,
};
use chatsparks_cluster::Nats;
use chatsparks_jetstream::JetStreamStore;
use chatsparks_ports::ManualClock;
use chatsparks_runtime::{ClockMode, NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_testkit::store_suite::make::{at, comment};
use std::{fs, path::Path, sync::Arc, time::Duration};

/// Contacts that are made in each step.
const STEP: usize = 25_000;

pub(crate) async fn run() -> Result<()> {
    let servers = tokio::task::block_in_place(|| Nats::start(3))?;
    let store = JetStreamStore::open(options(&servers, "memory")?).await?;
    let mut settings = Settings::default();
    (settings.trust_at, settings.clock, settings.contacts_at_hand) = (true, ClockMode::Events, 0);
    let setups = vec![WorkspaceSetup::new(shop(0, None), "digest")];
    let runtime = Runtime::start(Arc::new(store), Arc::new(ManualClock::new(at(0))), settings, setups).await?;
    println!("\n| contacts | a server's memory | its disk | this process's memory |\n| --- | --- | --- | --- |");
    for step in 0..4 {
        for from in (step * STEP..(step + 1) * STEP).step_by(500) {
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
        let (mut memory, mut disk) = (0, 0);
        for node in 0..servers.len() {
            memory += resident(&servers.process(node)?.to_string())? / servers.len() as u64;
            disk += servers.directory(node).map_or(0, size) / servers.len() as u64;
        }
        let own = resident("self")?;
        println!("| {} | {} MiB | {} MiB | {} MiB |", (step + 1) * STEP, memory >> 20, disk >> 20, own >> 20);
    }
    runtime.stop(Duration::from_secs(10)).await;
    Ok(())
}

/// Bytes of a process in memory.
fn resident(process: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    Ok(line.split_whitespace().nth(1).unwrap_or("0").parse::<u64>()? * 1024)
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
