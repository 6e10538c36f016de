//! Services that serve one store, fed and asked together.

use crate::{TOKEN, WORKSPACE, service::Service};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Services that serve one store: one, or several.
#[derive(Debug)]
pub struct Fleet(pub Vec<Service>);

/// How events are sent.
#[derive(Clone, Copy, Debug)]
pub struct Feeding {
    /// What everything random is made from.
    pub seed: u64,
    /// Events in one body, at most.
    pub body: usize,
    /// Between two bodies, on the average.
    pub pause: Duration,
}

impl Fleet {
    /// Starts all of them, and waits until they are up.
    pub async fn start(&self) {
        self.0.iter().for_each(Service::start);
        self.are_up().await;
    }

    /// Waits until all of them are up.
    pub async fn are_up(&self) {
        for service in &self.0 {
            service.is_up().await;
        }
    }

    /// Tells all of them to stop.
    pub fn stop(&self) {
        self.0.iter().for_each(Service::stop);
    }

    /// Sends every event, in order, each body to any of the services until it is acknowledged, and some of them once more
    /// after that; how many bodies were sent more than once.
    pub async fn feed(&self, events: &[String], feeding: Feeding) -> usize {
        let mut random = StdRng::seed_from_u64(feeding.seed);
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        let (mut at, mut again) = (0, 0);
        while at < events.len() {
            let end = (at + random.random_range(1..feeding.body)).min(events.len());
            let body = events[at..end].join("\n");
            let (mut tries, mut left) = (0, 1 + usize::from(random.random_ratio(1, 20)));
            while left > 0 {
                tries += 1;
                let url = self.0[random.random_range(0..self.0.len())].of_workspace("/events");
                match client.post(url).bearer_auth(TOKEN).body(body.clone()).send().await {
                    Ok(answer) if answer.status().is_success() => {
                        left -= 1;
                        continue;
                    }
                    Ok(answer) if answer.status().is_client_error() => {
                        panic!("{}: {}", answer.status(), answer.text().await.unwrap_or_default())
                    }
                    _ => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
            again += usize::from(tries > 1);
            at = end;
            tokio::time::sleep(feeding.pause.mul_f64(random.random_range(0.0..2.0))).await;
        }
        again
    }

    /// What any of them answers: one may have to find its server again.
    pub async fn get(&self, path: &str) -> (reqwest::header::HeaderMap, String) {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        let mut told = String::new();
        for turn in path.len()..path.len() + 200 {
            let service = &self.0[turn % self.0.len()];
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

    /// What any of them answers, as JSON.
    pub async fn ask(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await.1).unwrap()
    }

    /// Waits until nothing waits any more; the counts of the queue, and health.
    ///
    /// # Panics
    /// When that takes longer than ten minutes.
    pub async fn drained(&self) -> (Value, Value) {
        self.are_up().await;
        let began = Instant::now();
        loop {
            let counts = self.ask(&format!("/v1/workspaces/{WORKSPACE}/queue")).await["counts"].clone();
            let health = self.ask("/healthz").await;
            let shards = health["shards"].as_array().unwrap();
            let lag: u64 = shards.iter().map(|shard| shard["lag"].as_u64().unwrap_or(1)).sum();
            if counts["waiting"] == 0 && counts["in_doubt"] == 0 && lag == 0 {
                return (counts, health);
            }
            assert!(began.elapsed() < Duration::from_secs(600), "it does not drain: {counts}, lag {lag}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until what each of them says that it serves itself comes to every partition once (R4).
    ///
    /// # Panics
    /// When it does not within a minute.
    pub async fn serves_each_partition_once(&self, partitions: u64) {
        let client = reqwest::Client::new();
        let mut told = Vec::new();
        for _ in 0..600 {
            told.clear();
            for service in &self.0 {
                let answer = client.get(service.url("/healthz?here=true")).send().await.unwrap();
                let health: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
                told.extend(
                    health["shards"].as_array().unwrap().iter().filter_map(|shard| shard["partition"].as_u64()),
                );
            }
            told.sort_unstable();
            if told.iter().copied().eq(0..partitions) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("of {partitions} partitions these are served: {told:?}")
    }

    /// Every record, in order within a partition.
    pub async fn records(&self) -> Vec<Value> {
        let (mut records, mut cursor) = (Vec::new(), String::new());
        loop {
            let after = if cursor.is_empty() { String::new() } else { format!("&after={cursor}") };
            let (headers, page) = self.get(&format!("/v1/workspaces/{WORKSPACE}/records?limit=1000{after}")).await;
            let before = records.len();
            records.extend(page.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
            if records.len() == before {
                return records;
            }
            headers["x-next-cursor"].to_str().unwrap().clone_into(&mut cursor);
        }
    }
}

/// Whether a record tells of an effect's outcome.
pub fn is_outcome(record: &Value) -> bool {
    record["event"].as_str().is_some_and(|id| id.starts_with("outcome:"))
}
