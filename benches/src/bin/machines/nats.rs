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
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
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
    shaped: Vec<f64>,
    read: Vec<f64>,
}

impl Row {
    async fn measure(&mut self, servers: &Nats, workers: usize) -> Result<()> {
        let (name, took) = decided(servers, workers, Asked::one(EVENTS)).await?;
        self.best = self.best.or(took);
        self.ours.push(took.rate);
        let journal = Journal::read(servers, &name).await?;
        self.bare.push(journal.publish(servers, [workers, workers], 0).await?);
        self.shaped.push(journal.publish(servers, [workers, 1], 0).await?);
        self.read.push(journal.publish(servers, [workers, workers], workers).await?);
        Ok(())
    }

    fn tell(&self, name: &str) {
        tell_paired(name, &self.ours, "the same messages, published", &self.bare);
        tell_paired(name, &self.ours, "events published by as many, what is decided by one", &self.shaped);
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

async fn sent(context: &Context, subject: String, headers: HeaderMap, body: Bytes) -> Result<()> {
    context.publish_with_headers(subject, headers, body).await?.await?;
    Ok(())
}

/// What the journal of a round has.
struct Journal {
    name: String,
    config: Config,
    messages: Vec<Message>,
}

/// A message that brings events, or what was decided (1), and which of these it is.
#[derive(Clone)]
struct Message {
    kind: usize,
    number: usize,
    body: Bytes,
}

impl Journal {
    async fn read(servers: &Nats, round: &str) -> Result<Self> {
        // What nothing needs any more goes after a snapshot.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut stream = context(servers).await?.get_stream(&format!("CS_{round}_W_glow")).await?;
        let many = stream.info().await?.state.messages;
        let config = stream.cached_info().config.clone();
        let consumer = stream.create_consumer(as_a_process_reads()).await?;
        let mut found = consumer.stream().max_bytes_per_batch(8 << 20).messages().await?.take(usize::try_from(many)?);
        let (mut messages, mut numbers) = (Vec::new(), [0; 2]);
        while let Some(message) = found.next().await {
            let message = message?;
            let kind = usize::from(message.subject.contains(".own."));
            messages.push(Message { kind, number: numbers[kind], body: message.payload.clone() });
            numbers[kind] += 1;
        }
        Ok(Self { name: format!("BARE_{round}"), config, messages })
    }

    /// Publishes the messages once more, by so many who decide nothing (those of events, those of what was decided), and has
    /// them read by so many: events a second.
    async fn publish(&self, servers: &Nats, publishers: [usize; 2], readers: usize) -> Result<f64> {
        let keeper = context(servers).await?;
        let config =
            Config { name: self.name.clone(), subjects: vec![format!("{}.>", self.name)], ..self.config.clone() };
        keeper.create_stream(config).await?;
        let mut contexts = Vec::new();
        for _ in 0..publishers.into_iter().max().unwrap_or(1) {
            let context = context(servers).await?;
            // Servers take a moment to hear of a stream, and who leads it.
            while sent(&context, format!("{}.j", self.name), HeaderMap::new(), Bytes::new()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            contexts.push(context);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let many = self.messages.len() + contexts.len();
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..readers {
            let stream = context(servers).await?.get_stream(&self.name).await?;
            let consumer = stream.create_consumer(as_a_process_reads()).await?;
            let mut messages = consumer.stream().max_bytes_per_batch(8 << 20).messages().await?.take(many);
            running.spawn(async move {
                while let Some(message) = messages.next().await {
                    message?;
                }
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            });
        }
        let began = Instant::now();
        for (place, context) in contexts.into_iter().enumerate() {
            let is_mine = |message: &&Message| message.number % publishers[message.kind] == place;
            let mine: Vec<Message> = self.messages.iter().filter(is_mine).cloned().collect();
            let subject = format!("{}.j", self.name);
            let sending = futures_util::stream::iter(mine).map(move |message| {
                let (context, subject) = (context.clone(), subject.clone());
                async move {
                    let mut headers = HeaderMap::new();
                    headers.insert("Nats-Msg-Id", format!("{}:{}", message.kind, message.number));
                    let mut tries = 0;
                    while let Err(error) = sent(&context, subject.clone(), headers.clone(), message.body.clone()).await
                    {
                        tries += 1;
                        if tries > 5 {
                            return Err(error);
                        }
                    }
                    Ok(())
                }
            });
            running.spawn(async move {
                let mut sending = std::pin::pin!(sending.buffer_unordered(AT_ONCE));
                while let Some(one) = sending.next().await {
                    one?;
                }
                Ok(())
            });
        }
        while let Some(one) = running.join_next().await {
            one??;
        }
        let rate = Asked::one(EVENTS).all() as f64 / began.elapsed().as_secs_f64();
        keeper.delete_stream(&self.name).await?;
        Ok(rate)
    }
}
