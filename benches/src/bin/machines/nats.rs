//! Three servers of NATS that sync each message, against the same messages published.

use crate::{
    PAIRED, ROUNDS, Result,
    burst::{Asked, MANY, PARTITIONS, Took, decide},
    tell, tell_paired, tell_processors,
};
use async_nats::{
    HeaderMap,
    jetstream::{
        self, Context,
        consumer::{AckPolicy, pull},
        stream::Config,
    },
};
use bytes::Bytes;
use chatsparks_cluster::Nats;
use chatsparks_jetstream::{JetStreamStore, Options};
use futures_util::StreamExt;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

/// Events of a round: as many as on PostgreSQL. After twice as many there is a snapshot among what is written.
const EVENTS: usize = 60_000;
/// Bytes of memory of a store whose state is far larger.
pub(crate) const BEYOND: usize = 16 << 20;
/// Messages on their way at once, of each who publishes: as many commits and bodies as a worker has.
const AT_ONCE: usize = 8;

pub(crate) async fn run(asked: &impl Fn(&str) -> bool) -> Result<()> {
    let servers = tokio::task::block_in_place(|| Nats::start(3))?;
    if asked("nats") {
        let mut rows: [Row; 3] = Default::default();
        for _ in 0..PAIRED {
            for (row, workers) in rows.iter_mut().zip([1, 2, 4]) {
                row.measure(&servers, workers).await?;
            }
        }
        for (row, workers) in rows.iter().zip([1, 2, 4]) {
            let name = format!("NATS, three replicas, {workers} workers");
            row.tell(&name);
            if workers > 1 {
                tell_paired(&name, &row.ours, "1 worker", &rows[0].ours);
            }
        }
    }
    if asked("nats-limit") {
        let mut rates: [Vec<f64>; 3] = Default::default();
        for _ in 0..PAIRED {
            for (rates, limit) in rates.iter_mut().zip([None, Some(1_000_000), Some(i64::try_from(EVENTS)? / 8)]) {
                let asked = Asked { limit, ..Asked::one(EVENTS) };
                rates.push(decided(&servers, 4, asked).await?.1.rate);
            }
        }
        let [free, limited, reached] = rates;
        tell_paired("NATS, 4 workers under a limit", &limited, "without a limit", &free);
        tell_paired("NATS, 4 workers under a limit that is reached", &reached, "without a limit", &free);
    }
    if asked("nats-hot") {
        // One hot workspace is one worker's, and a hundred are everybody's.
        let kinds = [(4, 1), (1, MANY), (2, MANY), (4, MANY)];
        let mut rates: [Vec<f64>; 4] = Default::default();
        for _ in 0..ROUNDS {
            for (rates, (workers, hot)) in rates.iter_mut().zip(kinds) {
                let asked = Asked { workspaces: MANY, hot, ..Asked::one(EVENTS) };
                rates.push(decided(&servers, workers, asked).await?.1.rate);
            }
        }
        let [hot, one, two, spread] = rates;
        tell_paired("NATS, 4 workers, one hot workspace of a hundred", &hot, "events spread over all", &spread);
        tell_paired("NATS, 2 workers, events spread over a hundred workspaces", &two, "1 worker", &one);
        tell_paired("NATS, 4 workers, events spread over a hundred workspaces", &spread, "1 worker", &one);
    }
    Ok(())
}

/// So many workers and nothing beside them, a few times: for whoever looks where time goes.
pub(crate) async fn alone(workers: usize) -> Result<()> {
    let servers = tokio::task::block_in_place(|| Nats::start(3))?;
    let mut best = [Took::default(); 2];
    for _ in 0..ROUNDS {
        for (best, memory) in best.iter_mut().zip([256 << 20, BEYOND]) {
            *best = best.or(decided_within(&servers, workers, Asked::one(2 * EVENTS), memory).await?.1);
        }
    }
    let mut row = Row::default();
    for _ in 0..PAIRED {
        row.measure(&servers, workers).await?;
    }
    let [within, beyond] = best;
    let name = format!("NATS, three replicas, {workers} workers");
    tell(&format!("{name}, of whose state hardly anything has room in memory"), beyond.rate, "all of it", within.rate);
    row.tell(&name);
    tell_processors(&format!("{name}, with a snapshot"), within);
    tell_processors(&format!("{name}, the former"), beyond);
    Ok(())
}

/// Rounds of so many workers: what they take, and what the same messages take right after it, published alone, and read too.
#[derive(Default)]
struct Row {
    best: Took,
    ours: Vec<f64>,
    bare: Vec<f64>,
    read: Vec<f64>,
}

impl Row {
    async fn measure(&mut self, servers: &Nats, workers: usize) -> Result<()> {
        let (name, took) = decided(servers, workers, Asked::one(EVENTS)).await?;
        self.best = self.best.or(took);
        self.ours.push(took.rate);
        self.bare.push(publish(servers, &name, workers, 0).await?);
        self.read.push(publish(servers, &name, workers, workers).await?);
        Ok(())
    }

    fn tell(&self, name: &str) {
        tell_paired(name, &self.ours, "the same messages, published", &self.bare);
        tell_paired(name, &self.ours, "published, and read by as many", &self.read);
        tell_processors(name, self.best);
    }
}

pub(crate) fn options(servers: &Nats, name: &str) -> Result<Options> {
    let mut options = Options::from_url(&servers.url(name))?;
    options.partitions = Some(PARTITIONS);
    Ok(options)
}

async fn decided(servers: &Nats, workers: usize, asked: Asked) -> Result<(String, Took)> {
    decided_within(servers, workers, asked, 256 << 20).await
}

async fn decided_within(servers: &Nats, workers: usize, asked: Asked, memory: usize) -> Result<(String, Took)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("b{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut stores = Vec::new();
    for _ in 0..workers {
        let mut options = options(servers, &name)?;
        options.memory = memory;
        stores.push(JetStreamStore::open(options).await?);
    }
    Ok((name, decide(stores, asked).await?))
}

async fn context(servers: &Nats) -> Result<Context> {
    let url = servers.url("x");
    let hosts: Vec<String> = url
        .trim_start_matches("nats://")
        .split('/')
        .next()
        .unwrap_or_default()
        .split(',')
        .map(|host| format!("nats://{host}"))
        .collect();
    Ok(jetstream::new(async_nats::connect(hosts).await?))
}

fn as_a_process_reads() -> pull::Config {
    pull::Config { ack_policy: AckPolicy::None, memory_storage: true, num_replicas: 1, ..pull::Config::default() }
}

/// The journal's messages, published once more by so many who decide nothing, and read by so many: events a second.
async fn publish(servers: &Nats, name: &str, publishers: usize, readers: usize) -> Result<f64> {
    // What nothing needs any more goes after a snapshot.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let reader = context(servers).await?;
    let journal = format!("CS_{name}_W_glow");
    let mut stream = reader.get_stream(&journal).await?;
    let many = stream.info().await?.state.messages;
    let consumer = stream.create_consumer(as_a_process_reads()).await?;
    let mut messages = consumer.stream().max_bytes_per_batch(8 << 20).messages().await?.take(usize::try_from(many)?);
    let mut bodies: Vec<Bytes> = Vec::new();
    while let Some(message) = messages.next().await {
        bodies.push(message?.payload.clone());
    }
    let bare = format!("BARE_{name}");
    let config =
        Config { name: bare.clone(), subjects: vec![format!("{bare}.>")], ..stream.cached_info().config.clone() };
    reader.create_stream(config).await?;
    let bodies = Arc::new(bodies);
    let mut contexts = Vec::new();
    for _ in 0..publishers {
        let context = context(servers).await?;
        // Servers take a moment to hear of a stream, and who leads it.
        while context.get_stream(&bare).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        contexts.push(context);
    }
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let mut reading = Vec::new();
    for _ in 0..readers {
        let consumer = context(servers).await?.get_stream(&bare).await?.create_consumer(as_a_process_reads()).await?;
        let mut messages = consumer.stream().max_bytes_per_batch(8 << 20).messages().await?.take(bodies.len());
        reading.push(tokio::spawn(async move {
            while let Some(message) = messages.next().await {
                message?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        }));
    }
    let began = Instant::now();
    let mut running = Vec::new();
    for (place, context) in contexts.into_iter().enumerate() {
        let (bodies, subject) = (bodies.clone(), format!("{bare}.j"));
        running.push(tokio::spawn(async move {
            let mine: Vec<usize> = (place..bodies.len()).step_by(publishers).collect();
            let sent = futures_util::stream::iter(mine).map(|n| {
                let (context, subject, body) = (context.clone(), subject.clone(), bodies[n].clone());
                async move {
                    let mut headers = HeaderMap::new();
                    headers.insert("Nats-Msg-Id", n.to_string());
                    context.publish_with_headers(subject, headers, body).await?.await?;
                    Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
                }
            });
            let mut sent = sent.buffer_unordered(AT_ONCE);
            while let Some(one) = sent.next().await {
                one?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        }));
    }
    for one in running.into_iter().chain(reading) {
        one.await??;
    }
    let rate = Asked::one(EVENTS).all() as f64 / began.elapsed().as_secs_f64();
    reader.delete_stream(&bare).await?;
    Ok(rate)
}
