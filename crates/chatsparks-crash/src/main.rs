//! Kills a service again and again while events come in and effects go out, and then holds it to what it promised:
//! every acknowledged event decided once, every effect with one outcome, the records those of an undisturbed replay.
//!
//! `cargo xtask crash` builds the command and calls this.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it tells the person who ran it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "whatever does not hold ends the run")]

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use chatsparks_core::Engine;
use chatsparks_replay::{Format, Reader, Replay, read_workspace};
use clap::Parser;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
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

/// What the endpoint was handed: how often, by idempotency key, and the effect's id.
#[derive(Default)]
struct Delivered {
    by_key: BTreeMap<String, (u64, String)>,
    refused: u64,
    turn: u64,
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
    let endpoint = endpoint(delivered.clone()).await;
    let port = free_port();
    let config = folder.path().join("chatsparks.toml");
    std::fs::write(
        &config,
        format!(
            r#"listen = "127.0.0.1:{port}"
store = "sqlite:{}"
clock = "events"
trust_at = true
api_token = {{ env = "CHATSPARKS_TOKEN" }}
[[workspace]]
document = "{}"
outbound = "http"
[workspace.http]
url = "http://127.0.0.1:{endpoint}/effects"
secret = {{ env = "EFFECTS_SECRET" }}
"#,
            folder.path().join("store.db").display(),
            folder.path().join("glow.json").display(),
        ),
    )
    .unwrap();
    let service = Arc::new(Service { binary: arguments.binary.clone(), config, port, child: Mutex::new(None) });
    service.start();
    service.is_up().await;

    let mut random = StdRng::seed_from_u64(arguments.seed);
    let began = Instant::now();
    // It is fed for as long as it is to be killed.
    let pause = FED_FOR_EACH_KILL * u32::try_from(arguments.kills).unwrap() * BODY as u32 / 2 / arguments.events as u32;
    let feeding = tokio::spawn(feed(service.clone(), history.clone(), random.random(), pause));
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
    let retried = feeding.await.unwrap();
    println!("{kills} kills, {retried} bodies sent again, {:.0} s", began.elapsed().as_secs_f64());
    assert!(kills * 2 >= arguments.kills, "it was killed {kills} times only: send more events");

    let waiting = service.drained().await;
    println!("drained: {waiting}");
    let records = service.records().await;
    service.stop();
    hold(&workspace, &history, &records, &delivered.lock().unwrap());
    integrity(&folder.path().join("store.db"));
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

/// An endpoint that takes effects: now and then slowly, now and then not at all.
async fn endpoint(delivered: Arc<Mutex<Delivered>>) -> u16 {
    async fn take(
        State(delivered): State<Arc<Mutex<Delivered>>>,
        headers: HeaderMap,
        body: Bytes,
    ) -> axum::http::StatusCode {
        let turn = {
            let mut delivered = delivered.lock().unwrap();
            delivered.turn += 1;
            delivered.turn
        };
        if turn % 97 == 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let mut delivered = delivered.lock().unwrap();
        if turn % 53 == 0 {
            delivered.refused += 1;
            return axum::http::StatusCode::SERVICE_UNAVAILABLE;
        }
        let key = headers["webhook-id"].to_str().unwrap().to_owned();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let id = body["effect"]["id"].as_str().unwrap().to_owned();
        let entry = delivered.by_key.entry(key).or_insert((0, id.clone()));
        assert_eq!(entry.1, id, "one key for two effects");
        entry.0 += 1;
        axum::http::StatusCode::OK
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let app = Router::new().route("/effects", post(take)).with_state(delivered);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    port
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Service {
    binary: PathBuf,
    config: PathBuf,
    port: u16,
    child: Mutex<Option<Child>>,
}

impl Service {
    fn start(&self) {
        let child = Command::new(&self.binary)
            .args(["serve", "--config"])
            .arg(&self.config)
            .env("CHATSPARKS_TOKEN", TOKEN)
            .env("EFFECTS_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        *self.child.lock().unwrap() = Some(child);
    }

    /// SIGKILL: nothing is finished, nothing is said.
    fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn stop(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            let id = child.id().to_string();
            assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
            assert!(child.wait().unwrap().success(), "a stop that was asked for ends with status 0");
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn is_up(&self) {
        let client = reqwest::Client::new();
        for _ in 0..3_000 {
            if let Ok(answer) = client.get(self.url("/healthz")).send().await
                && answer.status().is_success()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the service does not come up");
    }

    async fn get(&self, path: &str) -> (reqwest::header::HeaderMap, String) {
        let client = reqwest::Client::new();
        let answer = client.get(self.url(path)).bearer_auth(TOKEN).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        (answer.headers().clone(), answer.text().await.unwrap())
    }

    /// Waits until nothing waits any more.
    async fn drained(&self) -> Value {
        for _ in 0..60_000 {
            let (_, queue) = self.get("/v1/workspaces/glow/queue").await;
            let queue: Value = serde_json::from_str(&queue).unwrap();
            let counts = &queue["counts"];
            let (_, health) = self.get("/healthz").await;
            let health: Value = serde_json::from_str(&health).unwrap();
            let lag: u64 = health["shards"]
                .as_array()
                .map_or(0, |shards| shards.iter().map(|shard| shard["lag"].as_u64().unwrap_or(1)).sum());
            if counts["waiting"] == 0 && counts["in_doubt"] == 0 && lag == 0 {
                return counts.clone();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the queue does not drain");
    }

    async fn records(&self) -> Vec<Value> {
        let (mut records, mut cursor) = (Vec::new(), String::new());
        loop {
            let after = if cursor.is_empty() { String::new() } else { format!("&after={cursor}") };
            let (headers, page) = self.get(&format!("/v1/workspaces/glow/records?limit=1000{after}")).await;
            let before = records.len();
            records.extend(page.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
            if records.len() == before {
                return records;
            }
            headers["x-next-cursor"].to_str().unwrap().clone_into(&mut cursor);
        }
    }
}

/// What is left of a run that did not hold must not go on.
impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

const TOKEN: &str = "crash-test-token-0123456789";
/// Events in one body, at most.
const BODY: usize = 400;
/// How long feeding lasts for each kill: longer than the service is up in between, so that
/// there is something to feed until the last.
const FED_FOR_EACH_KILL: Duration = Duration::from_millis(600);

/// Sends the history, each body until it is acknowledged; how many bodies were sent more than once.
async fn feed(service: Arc<Service>, history: Vec<String>, seed: u64, pause: Duration) -> usize {
    let mut random = StdRng::seed_from_u64(seed);
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    let (mut at, mut again) = (0, 0);
    while at < history.len() {
        let end = (at + random.random_range(1..BODY)).min(history.len());
        let body = history[at..end].join("\n");
        let mut tries = 0;
        loop {
            let sent = client.post(service.url("/v1/workspaces/glow/events")).bearer_auth(TOKEN).body(body.clone());
            match sent.send().await {
                Ok(answer) if answer.status().is_success() => break,
                Ok(answer) if answer.status().is_client_error() => {
                    panic!("{}: {}", answer.status(), answer.text().await.unwrap_or_default())
                }
                _ => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        again += usize::from(tries > 0);
        at = end;
        tokio::time::sleep(pause.mul_f64(random.random_range(0.0..2.0))).await;
    }
    again
}

/// What was promised.
fn hold(workspace: &[u8], history: &[String], records: &[Value], delivered: &Delivered) {
    // `seq` counts up without a gap.
    for (seq, record) in records.iter().enumerate() {
        assert_eq!(record["seq"], json!(seq), "a record is missing or there twice");
    }
    let is_outcome = |record: &Value| record["event"].as_str().is_some_and(|id| id.starts_with("outcome:"));
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
    let mut sent: BTreeMap<&str, u64> = BTreeMap::new();
    for (times, id) in delivered.by_key.values() {
        assert!(sent.insert(id, *times).is_none(), "{id} went under two keys");
        assert!(effects.contains_key(id), "{id} was never decided");
    }
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
