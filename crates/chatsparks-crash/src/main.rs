//! Kills a service again and again while events come in and effects go out, and then holds it to what it promised:
//! every acknowledged event decided once, every effect with one outcome, the records those of an undisturbed replay.
//!
//! `cargo xtask crash` builds the command and calls this.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it tells the person who ran it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "whatever does not hold ends the run")]

use chatsparks_core::Engine;
use chatsparks_crash::{
    endpoint::{self, Delivered},
    fleet::{Feeding, Fleet, is_outcome},
    service::{Service, Setup},
};
use chatsparks_replay::{Format, Reader, Replay, read_workspace};
use clap::Parser;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Kills a service while it works, and holds it to what it promised.
#[derive(Parser)]
struct Arguments {
    /// The command `chatsparks`.
    #[arg(long)]
    binary: PathBuf,
    /// The folder of the example shop.
    #[arg(long)]
    glow: PathBuf,
    /// How often to kill it.
    #[arg(long, default_value_t = 200)]
    kills: usize,
    /// Events to send.
    #[arg(long, default_value_t = 200_000)]
    events: usize,
    /// What everything random is made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    // The client wants one, though it only speaks to this machine.
    rustls::crypto::ring::default_provider().install_default().unwrap();
    println!("seed {}", arguments.seed);
    let folder = tempfile::tempdir().unwrap();
    // Without a plan posts are heard for ever and nobody waits for room, so that each copy of the history fires.
    let text = std::fs::read(arguments.glow.join("workspace.json")).unwrap();
    let mut document: Value = serde_json::from_slice(&text).unwrap();
    document.as_object_mut().unwrap().remove("plan");
    let workspace = document.to_string().into_bytes();
    std::fs::write(folder.path().join("glow.json"), &workspace).unwrap();
    let history = history(&arguments.glow, arguments.events);
    println!("{} events", history.len());

    let delivered = Arc::new(Mutex::new(Delivered::default()));
    let endpoint = endpoint::serve(delivered.clone(), |_| None).await;
    let store = folder.path().join("store.db");
    let service = Service::new(Setup {
        binary: &arguments.binary,
        config: folder.path().join("chatsparks.toml"),
        store: &format!("sqlite:{}", store.display()),
        more: "",
        document: &folder.path().join("glow.json"),
        endpoint,
    });
    let fleet = Arc::new(Fleet(vec![service]));
    fleet.start().await;
    let service = &fleet.0[0];

    let mut random = StdRng::seed_from_u64(arguments.seed);
    let began = Instant::now();
    // It is fed for as long as it is to be killed.
    let pause = FED_FOR_EACH_KILL * u32::try_from(arguments.kills).unwrap() * BODY as u32 / 2 / arguments.events as u32;
    let feeding = Feeding { seed: random.random(), body: BODY, pause };
    let feeding = tokio::spawn({
        let (fleet, history) = (fleet.clone(), history.clone());
        async move { fleet.feed(&history, feeding).await }
    });
    let mut kills = 0;
    while kills < arguments.kills && !feeding.is_finished() {
        tokio::time::sleep(Duration::from_millis(random.random_range(30..400))).await;
        service.kill();
        kills += 1;
        service.start();
        // Sometimes it is killed before it is up.
        if random.random_bool(0.8) {
            service.is_up().await;
        }
    }
    service.is_up().await;
    let again = feeding.await.unwrap();
    println!("{kills} kills, {again} bodies sent again, {:.0} s", began.elapsed().as_secs_f64());
    assert!(kills * 2 >= arguments.kills, "it was killed {kills} times only: send more events");

    let (waiting, _) = fleet.drained().await;
    println!("drained: {waiting}");
    let records = fleet.records().await;
    fleet.stop();
    hold(&workspace, &history, &records, &delivered.lock().unwrap());
    integrity(&store);
    println!("held");
}

/// Glow's own history, over and over: other people, other ids, two months later each time.
fn history(glow: &Path, events: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for name in ["history.jsonl", "conversations.jsonl"] {
        let Ok(text) = std::fs::read_to_string(glow.join(name)) else { continue };
        lines.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    lines.retain(|line| !matches!(line["type"].as_str(), Some("receipt" | "configure")));
    // What comes twice here comes twice because a body was sent again.
    let mut ids = BTreeSet::new();
    lines.retain(|line| ids.insert(line["id"].as_str().unwrap_or_default().to_owned()));
    lines.sort_by(|a, b| a["at"].as_str().cmp(&b["at"].as_str()));
    let mut history = Vec::with_capacity(events);
    for copy in 0.. {
        for line in &lines {
            if history.len() == events {
                return history;
            }
            let mut line = line.clone();
            let fields =
                ["id", "comment_id", "message_id", "user_id", "order_id", "refund_id", "shop_user_id", "reply_to"];
            for field in fields {
                if let Some(id) = line.get(field).and_then(Value::as_str) {
                    line[field] = json!(format!("{id}-{copy}"));
                }
            }
            for field in ["at", "posted_at", "placed_at"] {
                if let Some(at) = line.get(field).and_then(Value::as_str) {
                    let at: chatsparks_core::Instant = at.parse().unwrap();
                    line[field] = json!(at.after(chatsparks_core::Period::days(60 * copy)).to_string());
                }
            }
            history.push(line.to_string());
        }
    }
    history
}

/// Events in one body, at most.
const BODY: usize = 400;
/// How long feeding lasts for each kill: longer than the service is up in between, so that
/// there is something to feed until the last.
const FED_FOR_EACH_KILL: Duration = Duration::from_millis(600);

/// What was promised.
fn hold(workspace: &[u8], history: &[String], records: &[Value], delivered: &Delivered) {
    // `seq` counts up without a gap.
    for (seq, record) in records.iter().enumerate() {
        assert_eq!(record["seq"], json!(seq), "a record is missing or there twice");
    }
    let outcomes: Vec<&str> =
        records.iter().filter(|record| is_outcome(record)).filter_map(|record| record["event"].as_str()).collect();
    let distinct: BTreeSet<&str> = outcomes.iter().copied().collect();
    assert_eq!(outcomes.len(), distinct.len(), "O1: an effect has two outcomes");

    // What came in twice was a duplicate, and changed nothing; the rest is what an undisturbed replay writes.
    let mut seen = BTreeSet::new();
    let decided: Vec<&Value> = records
        .iter()
        .filter(|record| !is_outcome(record))
        .filter(|record| record["event"].as_str().is_none_or(|id| seen.insert(id.to_owned())))
        .collect();
    let again = records.len() - outcomes.len() - decided.len();
    let engine = Engine::compile(read_workspace(workspace, Format::Json).unwrap()).unwrap();
    let mut replay = Replay::new(engine);
    let mut place = 0;
    let mut effects: BTreeMap<String, bool> = BTreeMap::new();
    let text = history.join("\n");
    for line in Reader::new(text.as_bytes(), "history") {
        replay.push(&line.unwrap().envelope, |record| {
            let mut wanted = serde_json::to_value(record).unwrap();
            let mut stands =
                decided.get(place).copied().cloned().unwrap_or_else(|| panic!("a record is missing: {wanted}"));
            wanted["seq"].take();
            stands["seq"].take();
            assert_eq!(stands, wanted, "record {place} is not what a replay writes");
            for effect in wanted["effects"].as_array().unwrap() {
                let id = effect["id"].as_str().unwrap().to_owned();
                assert!(effects.insert(id, effect.get("send_dm").is_some()).is_none(), "T6: an id is used twice");
            }
            place += 1;
        });
    }
    assert_eq!(place, decided.len(), "there are records that no replay writes");

    // Every effect was delivered, under one key, and none that was not decided.
    let sent = delivered.by_effect(|id| effects.contains_key(id));
    let withdrawn: BTreeSet<&str> = records
        .iter()
        .filter(|record| is_outcome(record))
        .filter_map(|record| Some((record["event"].as_str()?.strip_prefix("outcome:")?, record)))
        .filter(|(id, _)| !sent.contains_key(id))
        .map(|(id, _)| id)
        .collect();
    for (id, is_dm) in &effects {
        assert!(sent.contains_key(id.as_str()) || withdrawn.contains(id.as_str()), "{id} was never sent");
        assert!(!is_dm || distinct.contains(format!("outcome:{id}").as_str()), "O1: {id} has no outcome");
    }
    let twice = sent.values().filter(|times| **times > 1).count();
    println!(
        "{} records: {} as a replay writes them, {} outcomes, {again} duplicates; {} effects, {} delivered, {twice} of them more than \
         once under one key, {} withdrawn; the endpoint refused {} times",
        records.len(),
        decided.len(),
        outcomes.len(),
        effects.len(),
        sent.len(),
        withdrawn.len(),
        delivered.refused,
    );
}

fn integrity(store: &Path) {
    let told = Command::new("python3")
        .args([
            "-c",
            "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0])",
        ])
        .arg(store)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&told.stdout).trim(), "ok", "PRAGMA integrity_check");
    println!("PRAGMA integrity_check: ok");
}
