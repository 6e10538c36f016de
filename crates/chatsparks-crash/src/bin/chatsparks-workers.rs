//! Several services over one PostgreSQL, killed, frozen, and their server failed over, while events come in; then they are
//! held to what they promised: every acknowledged event decided once, every effect with one outcome and in order, room
//! exact, the records of each partition those of its replay. And the same events with one, two and four of them.
//!
//! `cargo xtask workers` builds the command and calls this.

#![allow(clippy::print_stdout, reason = "it tells the person who ran it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "whatever does not hold ends the run")]

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use chatsparks_cluster::Postgres;
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

/// Kills, freezes and fails over services that share a PostgreSQL, and holds them to what they promised.
#[derive(Parser)]
struct Arguments {
    /// The command `chatsparks`.
    #[arg(long)]
    binary: PathBuf,
    /// Services at once.
    #[arg(long, default_value_t = 4)]
    workers: usize,
    /// How often to kill one of them.
    #[arg(long, default_value_t = 24)]
    kills: usize,
    /// How often to freeze one for longer than others wait, and thaw it.
    #[arg(long, default_value_t = 2)]
    freezes: usize,
    /// Kill the server, and promote its synchronous standby.
    #[arg(long)]
    failover: bool,
    /// Contacts, each of whom brings six events.
    #[arg(long, default_value_t = 50_000)]
    contacts: usize,
    /// Contacts at most in a cycle.
    #[arg(long, default_value_t = 30_000)]
    limit: usize,
    /// Instead of all that: the same events with one, two and four services, undisturbed.
    #[arg(long)]
    compare: bool,
    /// What everything random is made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const TOKEN: &str = "workers-test-token-0123456789";
const TAKEOVER_SECONDS: u64 = 2;
/// Events in one body, at most.
const BODY: usize = 200;

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    println!("seed {}", arguments.seed);
    let primary = Postgres::start(&[]).unwrap();
    if arguments.compare {
        let mut told = Vec::new();
        for workers in [1, 2, 4] {
            let url = primary.database(&format!("of_{workers}")).unwrap();
            let run = Run::start(&arguments, &url, workers, None).await;
            run.feed(&arguments, Duration::ZERO).await;
            run.drained().await;
            told.push(run.outcomes().await);
            run.stop();
        }
        let [one, others @ ..] = told.as_slice() else { return };
        assert!(!one.is_empty());
        for (other, workers) in others.iter().zip([2, 4]) {
            for (contact, outcomes) in one {
                assert_eq!(other.get(contact), Some(outcomes), "{contact}: otherwise with {workers} services");
            }
            assert_eq!(one.len(), other.len());
        }
        println!("{} contacts have the same outcomes with 1, 2 and 4 services", one.len());
        println!("held");
        return;
    }
    let mut url = primary.database("chatsparks").unwrap();
    let standby = arguments.failover.then(|| primary.synchronous_standby().unwrap());
    if let Some(standby) = &standby {
        url = primary.url_with(standby, "chatsparks");
    }
    let run = Run::start(&arguments, &url, arguments.workers, Some(arguments.limit)).await;
    let deeds = arguments.kills + arguments.freezes + usize::from(arguments.failover);
    let bodies = 2 * 6 * arguments.contacts / BODY;
    let pause = Duration::from_millis(1_200) * u32::try_from(deeds).unwrap() / u32::try_from(bodies.max(1)).unwrap();
    let done = tokio::join!(run.feed(&arguments, pause), run.disturb(&arguments, &primary, standby.as_ref()));
    println!("{} bodies sent again", done.0);
    run.drained().await;
    let server = standby.as_ref().unwrap_or(&primary);
    run.hold(&arguments, server, &url).await;
    run.stop();
    println!("held");
}

/// What the endpoint was handed.
#[derive(Default)]
struct Delivered {
    /// How often, by idempotency key, and the effect's id.
    by_key: BTreeMap<String, (u64, String)>,
    /// Effects of a contact, as they came first.
    in_order: BTreeMap<String, Vec<String>>,
    turn: u64,
}

/// Services and what is sent to them.
struct Run {
    services: Vec<Service>,
    events: Vec<String>,
    delivered: Arc<Mutex<Delivered>>,
    binary: PathBuf,
    _folder: tempfile::TempDir,
}

struct Service {
    config: PathBuf,
    port: u16,
    child: Mutex<Option<Child>>,
}

impl Run {
    async fn start(arguments: &Arguments, url: &str, workers: usize, limit: Option<usize>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("glow.json"), document(limit).to_string()).unwrap();
        let delivered = Arc::new(Mutex::new(Delivered::default()));
        let endpoint = endpoint(delivered.clone()).await;
        let service = |n: usize| {
            let port = free_port();
            let config = folder.path().join(format!("worker-{n}.toml"));
            let text = format!(
                r#"listen = "127.0.0.1:{port}"
store = "{url}"
partitions = 16
takeover_seconds = {TAKEOVER_SECONDS}
clock = "events"
trust_at = true
api_token = {{ env = "CHATSPARKS_TOKEN" }}
[[workspace]]
document = "glow.json"
outbound = "http"
[workspace.http]
url = "http://127.0.0.1:{endpoint}/effects"
secret = {{ env = "EFFECTS_SECRET" }}
"#
            );
            std::fs::write(&config, text).unwrap();
            Service { config, port, child: Mutex::new(None) }
        };
        let run = Self {
            services: (0..workers).map(service).collect(),
            events: events(arguments.contacts),
            delivered,
            binary: arguments.binary.clone(),
            _folder: folder,
        };
        run.services.iter().for_each(|service| service.start(&run.binary));
        for service in &run.services {
            service.is_up().await;
        }
        run
    }

    /// Sends every event, in order, each body to any of the services until it is acknowledged; how many were sent again.
    async fn feed(&self, arguments: &Arguments, pause: Duration) -> usize {
        let mut random = StdRng::seed_from_u64(arguments.seed);
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        let (mut at, mut again) = (0, 0);
        while at < self.events.len() {
            let end = (at + random.random_range(1..BODY)).min(self.events.len());
            let body = self.events[at..end].join("\n");
            let mut tries = 0;
            loop {
                let service = &self.services[random.random_range(0..self.services.len())];
                let url = service.url("/v1/workspaces/glow/events");
                match client.post(url).bearer_auth(TOKEN).body(body.clone()).send().await {
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

    /// Kills, freezes and fails over, in an order that the seed says.
    async fn disturb(&self, arguments: &Arguments, primary: &Postgres, standby: Option<&Postgres>) {
        let mut random = StdRng::seed_from_u64(arguments.seed.wrapping_add(1));
        let mut deeds: Vec<u8> = vec![0; arguments.kills];
        deeds.extend(vec![1; arguments.freezes]);
        deeds.extend(standby.map(|_| 2));
        let began = Instant::now();
        while !deeds.is_empty() {
            tokio::time::sleep(Duration::from_millis(random.random_range(100..900))).await;
            let service = &self.services[random.random_range(0..self.services.len())];
            match deeds.swap_remove(random.random_range(0..deeds.len())) {
                0 => {
                    service.kill();
                    tokio::time::sleep(Duration::from_millis(random.random_range(0..400))).await;
                    service.start(&self.binary);
                }
                1 => {
                    service.signal("STOP");
                    tokio::time::sleep(Duration::from_secs(TAKEOVER_SECONDS) + Duration::from_millis(1_500)).await;
                    service.signal("CONT");
                }
                _ => {
                    primary.kill().unwrap();
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    standby.unwrap().promote().unwrap();
                }
            }
        }
        println!(
            "{} kills, {} freezes, {} failovers in {:.0} s",
            arguments.kills,
            arguments.freezes,
            usize::from(standby.is_some()),
            began.elapsed().as_secs_f64()
        );
    }

    async fn get(&self, path: &str) -> (reqwest::header::HeaderMap, String) {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        // Any of them answers, though one may have to find the server again.
        let service = &self.services[path.len() % self.services.len()];
        let mut told = String::new();
        for _ in 0..200 {
            match client.get(service.url(path)).bearer_auth(TOKEN).send().await {
                Ok(answer) if answer.status().is_success() => {
                    return (answer.headers().clone(), answer.text().await.unwrap());
                }
                Ok(answer) => told = answer.text().await.unwrap_or_default(),
                Err(error) => told = error.to_string(),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{path}: {told}")
    }

    /// Waits until nothing waits any more.
    async fn drained(&self) {
        for service in &self.services {
            service.is_up().await;
        }
        let began = Instant::now();
        loop {
            let (_, queue) = self.get("/v1/workspaces/glow/queue").await;
            let counts = serde_json::from_str::<Value>(&queue).unwrap()["counts"].clone();
            let (_, health) = self.get("/healthz").await;
            let health: Value = serde_json::from_str(&health).unwrap();
            let shards = health["shards"].as_array().unwrap();
            let lag: u64 = shards.iter().map(|shard| shard["lag"].as_u64().unwrap()).sum();
            if counts["waiting"] == 0 && counts["in_doubt"] == 0 && lag == 0 {
                let serving: Vec<usize> = health["workers"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|worker| worker["partitions"].as_array().unwrap().len())
                    .collect();
                println!("drained: {counts}; partitions of each worker: {serving:?}");
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(600), "it does not drain: {counts}, lag {lag}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
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

    /// What each contact's events came to, and what was said to them.
    async fn outcomes(&self) -> BTreeMap<String, Vec<String>> {
        let mut outcomes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for record in self.records().await {
            let Some(user) = record["user_id"].as_str() else { continue };
            let event = record["event"].as_str().unwrap_or_default();
            if !event.starts_with("outcome:") && record["outcome"].get("duplicate").is_none() {
                let told = format!("{event} {} {}", record["outcome"], record["effects"]);
                outcomes.entry(user.to_owned()).or_default().push(told);
            }
        }
        outcomes.values_mut().for_each(|told| told.sort_unstable());
        outcomes
    }

    async fn hold(&self, arguments: &Arguments, server: &Postgres, url: &str) {
        let records = self.records().await;
        let mut next: BTreeMap<u64, u64> = BTreeMap::new();
        let (mut decided, mut effects, mut order) =
            (BTreeSet::new(), BTreeMap::new(), BTreeMap::<String, Vec<String>>::new());
        let mut duplicates = 0;
        for record in &records {
            let next = next.entry(record["partition"].as_u64().unwrap()).or_default();
            assert_eq!(record["seq"].as_u64(), Some(*next), "a record is missing or there twice");
            *next += 1;
            if record["outcome"].get("duplicate").is_some() {
                duplicates += 1;
                continue;
            }
            if let Some(event) = record["event"].as_str() {
                let is_everywhere = event.starts_with("configure:") || event.starts_with("clock:");
                assert!(decided.insert(event.to_owned()) || is_everywhere, "R1: {event} was decided twice");
            }
            for effect in record["effects"].as_array().into_iter().flatten() {
                let id = effect["id"].as_str().unwrap().to_owned();
                let is_dm = effect.get("send_dm").is_some();
                if is_dm || effect.get("public_reply").is_some() {
                    let user = record["user_id"].as_str().unwrap().to_owned();
                    order.entry(user).or_default().push(id.clone());
                }
                assert!(effects.insert(id.clone(), is_dm).is_none(), "T6: {id} is used twice");
            }
        }
        for event in &self.events {
            let event: Value = serde_json::from_str(event).unwrap();
            let id = event["id"].as_str().unwrap();
            assert!(decided.contains(id), "R1: {id} was acknowledged and never decided");
        }
        let delivered = std::mem::take(&mut *self.delivered.lock().unwrap());
        let mut sent: BTreeMap<&str, u64> = BTreeMap::new();
        for (times, id) in delivered.by_key.values() {
            assert!(sent.insert(id, *times).is_none(), "R4: {id} went under two keys");
            assert!(effects.contains_key(id), "{id} was never decided");
        }
        for (id, is_dm) in &effects {
            assert!(sent.contains_key(id.as_str()), "O1: {id} was never sent");
            assert!(!is_dm || decided.contains(&format!("outcome:{id}")), "O1: {id} has no outcome");
        }
        for (contact, ids) in &order {
            assert_eq!(delivered.in_order.get(contact), Some(ids), "O2: effects of {contact} out of order");
        }
        let settled =
            server.query("chatsparks", "SELECT sum(sent), sum(failed) FROM chatsparks.settled_count").unwrap();
        assert_eq!(settled, format!("{}|0", effects.len()), "O1: each effect has one outcome");

        // R7: used = granted = the limit.
        let (_, state) = self.get("/v1/workspaces/glow/state").await;
        let state: Value = serde_json::from_str(&state).unwrap();
        let drawn = server.query("chatsparks", "SELECT sum(drawn) FROM chatsparks.pool").unwrap();
        assert!(arguments.contacts > arguments.limit, "a limit that nobody reaches shows nothing");
        assert_eq!(state["mac"]["count"], json!(arguments.limit), "R7: as many are counted as may be");
        assert_eq!(drawn, arguments.limit.to_string(), "R7: room was granted that nobody uses");

        // R3: each partition's records are those of its replay.
        let verified = Command::new(&self.binary).args(["verify", url]).output().unwrap();
        let said = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(verified.status.success(), "R3: {said}{}", String::from_utf8_lossy(&verified.stderr));
        let twice = sent.values().filter(|times| **times > 1).count();
        println!(
            "{} records in {} partitions, {duplicates} of them duplicates; {} effects, {twice} of them delivered more than once \
             under one key; {drawn} contacts counted; every partition verified",
            records.len(),
            next.len(),
            effects.len()
        );
    }

    fn stop(&self) {
        for service in &self.services {
            if let Some(mut child) = service.child.lock().unwrap().take() {
                signal(&child, "TERM");
                assert!(child.wait().unwrap().success(), "a stop that was asked for ends with status 0");
            }
        }
    }
}

/// A shop of one trigger, whose flow says two things.
fn document(limit: Option<usize>) -> Value {
    let mut document = json!({
        "schema": 1, "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
        "posts": [{ "id": "v1", "kind": "video", "published_at": "2026-03-01T00:00:00Z" }],
        "sensitive": [],
        "triggers": [{ "id": "price", "when": { "keywords": { "words": ["price"] } }, "public_reply": "Sent to you!", "flow": "price" }],
        "flows": [{ "id": "price", "version": 1, "blocks": [{ "id": "b1", "message": { "text": "It is 590 THB." } }] }],
    });
    if let Some(limit) = limit {
        document["plan"] =
            json!({ "mac_limit": limit, "subscribed_at": "2026-02-28T00:00:00Z", "listening_window_days": 30 });
    }
    document
}

/// Of each contact a comment that fires, a linked shop's id, a comment that matches nothing, an order by that id, a refund,
/// and another comment.
fn events(contacts: usize) -> Vec<String> {
    let begin: chatsparks_core::Instant = "2026-03-02T00:00:00Z".parse().unwrap();
    let mut events = Vec::with_capacity(6 * contacts);
    for round in 0..6 {
        for n in 0..contacts {
            let at = begin
                .after(chatsparks_core::Period::milliseconds(i64::try_from(events.len()).unwrap() * 5))
                .to_string();
            let (id, user) = (format!("{round}-{n}"), format!("u{n}"));
            let event = match round {
                0 | 5 => {
                    json!({ "type": "comment", "comment_id": format!("c{id}"), "post_id": "v1", "user_id": user, "text": "the price?" })
                }
                1 => json!({ "type": "identity", "user_id": user, "shop_user_id": format!("s{n}") }),
                2 => {
                    json!({ "type": "comment", "comment_id": format!("c{id}"), "post_id": "v1", "user_id": user, "text": "so beautiful" })
                }
                3 => {
                    json!({ "type": "order", "order_id": format!("o{n}"), "user_id": format!("s{n}"), "currency": "THB", "total_minor": 59_000, "lines": [] })
                }
                _ => {
                    json!({ "type": "refund", "refund_id": format!("r{n}"), "order_id": format!("o{n}"), "amount_minor": 1_000 })
                }
            };
            let mut line = json!({ "id": format!("e{id}"), "at": at });
            line.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
            events.push(line.to_string());
        }
    }
    events
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
        if turn % 53 == 0 {
            return axum::http::StatusCode::SERVICE_UNAVAILABLE;
        }
        let key = headers["webhook-id"].to_str().unwrap().to_owned();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let effect = &body["effect"];
        let id = effect["id"].as_str().unwrap().to_owned();
        let mut delivered = delivered.lock().unwrap();
        let entry = delivered.by_key.entry(key).or_insert((0, id.clone()));
        entry.0 += 1;
        let is_first = entry.0 == 1;
        // The ids of the events say whose they are: `e0-17/1` is of `u17`.
        let contact = id.split('/').next().and_then(|event| event.rsplit('-').next()).map(|n| format!("u{n}"));
        let is_kept = effect.get("send_dm").is_some() || effect.get("public_reply").is_some();
        if let Some(contact) = contact.filter(|_| is_first && is_kept) {
            delivered.in_order.entry(contact).or_default().push(id);
        }
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

fn signal(child: &Child, signal: &str) {
    let told = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
    assert!(told.unwrap().success());
}

impl Service {
    fn start(&self, binary: &Path) {
        let child = Command::new(binary)
            .args(["serve", "--quiet", "--config"])
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

    fn signal(&self, name: &str) {
        if let Some(child) = self.child.lock().unwrap().as_ref() {
            signal(child, name);
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
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("a service does not come up");
    }
}

/// What is left of a run that did not hold must not go on.
impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}
