//! Three servers of NATS that sync each message, against the same messages published.

use crate::{
    BACKLOGS, LIMITS, PAIRED, ROUNDS, Result, TURNS,
    burst::{Asked, MANY, PARTITIONS, Took, catch_up, decide, decide_in_turn},
    by_turns, tell, tell_backlogs, tell_limits, tell_paired, tell_processors,
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
use futures_util::{StreamExt, TryStreamExt};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// Events of a round: as many as on PostgreSQL. After twice as many there is a snapshot among what is written.
const EVENTS: usize = 60_000;
/// Bytes of memory of a store whose state is far larger.
pub(crate) const BEYOND: usize = 16 << 20;
const MEMORY: usize = 256 << 20;
/// Messages on their way at once, of each who publishes: as many commits and bodies as a worker has.
const AT_ONCE: usize = 8;

pub(crate) async fn run(asked: &impl Fn(&str) -> bool) -> Result<()> {
    let servers = tokio::task::block_in_place(|| Nats::start(3))?;
    if asked("nats") {
        let mut rows = Vec::new();
        for workers in [1, 2, 4] {
            rows.push(Row::begin(&servers, workers).await?);
        }
        for round in 0..PAIRED {
            for place in by_turns(round, rows.len()) {
                rows[place].measure(&servers, round).await?;
            }
        }
        for row in &rows {
            row.tell();
            if row.workers > 1 {
                tell_paired(&row.name(), &row.ours, "1 worker", &rows[0].ours);
            }
        }
    }
    if asked("nats-limit") {
        let name = next_name();
        let stores = opened(&servers, &name, 4, MEMORY).await?;
        tell_limits("NATS", &decide_in_turn(stores, &LIMITS, TURNS, EVENTS / 3).await?);
        delete(&servers, &name).await?;
    }
    if asked("backlog") {
        let mut rates = [Vec::new(), Vec::new()];
        for round in 0..ROUNDS {
            for place in by_turns(round, BACKLOGS.len()) {
                let name = next_name();
                let open = async || Ok(JetStreamStore::open(options(&servers, &name)?).await?);
                rates[place].push(catch_up(open, BACKLOGS[place]).await?);
                delete(&servers, &name).await?;
            }
        }
        tell_backlogs("NATS", &rates);
    }
    if asked("nats-hot") {
        // One hot workspace is one worker's, and a hundred are everybody's.
        let kinds = [(4, 1), (1, MANY), (2, MANY), (4, MANY)];
        let mut rates: [Vec<f64>; 4] = Default::default();
        let mut best = [Took::default(); 4];
        for round in 0..ROUNDS {
            for place in by_turns(round, kinds.len()) {
                let (workers, hot) = kinds[place];
                let asked = Asked { workspaces: MANY, hot, ..Asked::one(EVENTS) };
                let took = decided(&servers, workers, asked).await?;
                rates[place].push(took.rate);
                best[place] = best[place].or(took);
            }
        }
        let [hot, one, two, spread] = rates;
        tell_paired("NATS, 4 workers, one hot workspace of a hundred", &hot, "events spread over all", &spread);
        tell_paired("NATS, 2 workers, events spread over a hundred workspaces", &two, "1 worker", &one);
        tell_paired("NATS, 4 workers, events spread over a hundred workspaces", &spread, "1 worker", &one);
        for ((workers, _), took) in kinds.into_iter().zip(best).skip(1) {
            tell_processors(&format!("NATS, {workers} workers, a hundred workspaces"), took);
        }
    }
    Ok(())
}

/// So many workers and nothing beside them, a few times: for whoever looks where time goes.
pub(crate) async fn alone(workers: usize) -> Result<()> {
    let servers = tokio::task::block_in_place(|| Nats::start(3))?;
    let mut best = [Took::default(); 2];
    for _ in 0..ROUNDS {
        for (best, memory) in best.iter_mut().zip([256 << 20, BEYOND]) {
            *best = best.or(decided_within(&servers, workers, Asked::one(2 * EVENTS), memory).await?);
        }
    }
    let mut row = Row::begin(&servers, workers).await?;
    for round in 0..PAIRED {
        row.measure(&servers, round).await?;
    }
    let [within, beyond] = best;
    let name = row.name();
    tell(&format!("{name}, of whose state hardly anything has room in memory"), beyond.rate, "all of it", within.rate);
    row.tell();
    tell_processors(&format!("{name}, with a snapshot"), within);
    tell_processors(&format!("{name}, the former"), beyond);
    Ok(())
}

/// Rounds of so many workers: what they take, and what the same messages take without them, published alone, and read too.
struct Row {
    workers: usize,
    journal: Journal,
    best: Took,
    ours: Vec<f64>,
    bare: Vec<f64>,
    shaped: Vec<f64>,
    read: Vec<f64>,
}

impl Row {
    /// Before it counts: the messages come from a burst of as many workers.
    async fn begin(servers: &Nats, workers: usize) -> Result<Self> {
        let name = next_name();
        let best = burst(servers, &name, workers, Asked::one(EVENTS), MEMORY).await?;
        let journal = Journal::read(servers, &name).await?;
        delete(servers, &name).await?;
        let none = Vec::new;
        Ok(Self { workers, journal, best, ours: none(), bare: none(), shaped: none(), read: none() })
    }

    /// Each once, in another order than before: whatever comes after another finds the servers and the disk as it left them.
    async fn measure(&mut self, servers: &Nats, round: usize) -> Result<()> {
        let Self { workers, journal, best, .. } = self;
        let (workers, all) = (*workers, [*workers; 2]);
        // Of one, the first two are the same.
        let kinds = [(all, 0), ([workers, 1], 0), (all, workers)];
        let mut rates = [0.0; 4];
        for place in by_turns(round, rates.len()) {
            rates[place] = match place.checked_sub(1).and_then(|kind| kinds.get(kind)) {
                Some((publishers, readers)) => journal.publish(servers, *publishers, *readers).await?,
                None => {
                    let took = decided(servers, workers, Asked::one(EVENTS)).await?;
                    *best = best.or(took);
                    took.rate
                }
            };
        }
        let [ours, bare, shaped, read] = rates;
        self.ours.push(ours);
        self.bare.push(bare);
        self.shaped.push(shaped);
        self.read.push(read);
        Ok(())
    }

    fn name(&self) -> String {
        format!("NATS, three replicas, {} workers", self.workers)
    }

    fn tell(&self) {
        let name = self.name();
        tell_paired(&name, &self.ours, "the same messages, published", &self.bare);
        tell_paired(&name, &self.ours, "events published by as many, what is decided by one", &self.shaped);
        tell_paired(&name, &self.ours, "published, and read by as many", &self.read);
        tell_processors(&name, self.best);
    }
}

pub(crate) fn options(servers: &Nats, name: &str) -> Result<Options> {
    let mut options = Options::from_url(&servers.url(name))?;
    options.partitions = Some(PARTITIONS);
    Ok(options)
}

async fn decided(servers: &Nats, workers: usize, asked: Asked) -> Result<Took> {
    decided_within(servers, workers, asked, MEMORY).await
}

/// A burst of which nothing is left: servers that keep a hundred are others than those that keep one.
async fn decided_within(servers: &Nats, workers: usize, asked: Asked, memory: usize) -> Result<Took> {
    let name = next_name();
    let took = burst(servers, &name, workers, asked, memory).await?;
    delete(servers, &name).await?;
    Ok(took)
}

async fn burst(servers: &Nats, name: &str, workers: usize, asked: Asked, memory: usize) -> Result<Took> {
    decide(opened(servers, name, workers, memory).await?, asked).await
}

/// So many stores over one new name.
async fn opened(servers: &Nats, name: &str, workers: usize, memory: usize) -> Result<Vec<JetStreamStore>> {
    let mut stores = Vec::new();
    for _ in 0..workers {
        let mut options = options(servers, name)?;
        options.memory = memory;
        stores.push(JetStreamStore::open(options).await?);
    }
    Ok(stores)
}

fn next_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("b{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Deletes a store.
async fn delete(servers: &Nats, name: &str) -> Result<()> {
    let context = context(servers).await?;
    let all = again(async || context.stream_names().try_collect::<Vec<_>>().await).await?;
    for stream in all.into_iter().filter(|stream| stream.starts_with(&format!("CS_{name}_"))) {
        again(async || context.delete_stream(&stream).await).await?;
    }
    Ok(())
}

/// Asked while servers choose who leads them, nobody answers.
async fn again<T, E>(what: impl AsyncFn() -> std::result::Result<T, E>) -> std::result::Result<T, E> {
    for _ in 0..10 {
        if let Ok(done) = what().await {
            return Ok(done);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    what().await
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
        let (context, name) = (context(servers).await?, format!("CS_{round}_W_glow"));
        let stream = again(async || context.get_stream(&name).await).await?;
        let (many, config) = (stream.cached_info().state.messages, stream.cached_info().config.clone());
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
