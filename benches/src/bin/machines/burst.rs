//! A burst of events, decided by workers over any store.

use crate::{Result, by_turns};
use chatsparks_core::{Event, Instant, Message, Text, WorkspaceId, workspace::Workspace};
use chatsparks_ports::{Input, ManualClock, Shard, Stamp, Store};
use chatsparks_runtime::{ClockMode, NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_testkit::{
    build::workspace,
    store_suite::make::{at, comment},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{
    ops::Range,
    path::Path,
    sync::Arc,
    time::{Duration, Instant as Moment},
};

pub(crate) const PARTITIONS: u32 = 64;
/// Workspaces, where there are many.
pub(crate) const MANY: usize = 100;
/// Events in one body.
const BODY: usize = 500;
/// Bodies on their way to a worker at once.
const AT_ONCE: usize = 8;

/// The events of a burst: two thirds comments, half of which fire; a third messages. Every other event is of somebody new.
pub(crate) fn event(n: usize) -> Event {
    let user = format!("68000000000000{:06}", n / 2);
    match n % 3 {
        0 => comment(&format!("73{n:017}"), &user, "what is the price please"),
        1 => comment(&format!("73{n:017}"), &user, "so beautiful, I want to see more of it"),
        _ => Event::Message(Message {
            message_id: format!("74{n:017}").into(),
            user_id: user.as_str().into(),
            handle: None,
            text: Some(Text::from("thank you very much")),
            option: None,
        }),
    }
}

pub(crate) fn instant(n: usize) -> Instant {
    at(i64::try_from(n / 100).unwrap_or(0))
}

pub(crate) fn shop(n: usize, limit: Option<i64>) -> Workspace {
    let words = (0..30).fold(workspace(), |shop, n| {
        let word = format!("word{n}");
        shop.says(&format!("f{n}"), "hello").trigger(&format!("t{n}"), &[word.as_str()], &format!("f{n}"))
    });
    let words = limit.map_or(words.clone(), |limit| words.limit(limit));
    let mut shop =
        words.says("price", "It is 590 THB, shall I send you the link?").trigger("price", &["price"], "price").build();
    shop.workspace.id = id(n).as_str().into();
    shop
}

pub(crate) fn id(n: usize) -> String {
    if n == 0 { "glow".to_owned() } else { format!("glow{n}") }
}

/// What is asked of a run.
#[derive(Clone, Copy, Default)]
pub(crate) struct Asked {
    /// Workspaces that run.
    pub(crate) workspaces: usize,
    /// Of how many of them events come.
    pub(crate) hot: usize,
    pub(crate) limit: Option<i64>,
    /// How many events are counted.
    pub(crate) events: usize,
}

impl Asked {
    /// One workspace, without a limit.
    pub(crate) fn one(events: usize) -> Self {
        Self { workspaces: 1, hot: 1, limit: None, events }
    }

    /// Events before it counts.
    fn warm(&self) -> usize {
        self.events / 5
    }

    /// Events that come in all.
    pub(crate) fn all(&self) -> usize {
        self.warm() + self.events
    }
}

/// What a burst took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Took {
    /// Events a second.
    pub(crate) rate: f64,
    /// Microseconds of processors an event: of this process, and of everything else, which is the servers.
    pub(crate) own: f64,
    pub(crate) others: f64,
}

impl Took {
    /// The better of two.
    pub(crate) fn or(self, other: Self) -> Self {
        if other.rate > self.rate { other } else { self }
    }
}

/// Hundredths of a second that processors worked: for this process, and for everybody.
fn processors() -> Result<(f64, f64)> {
    let own = std::fs::read_to_string("/proc/self/stat")?;
    let own: Vec<&str> = own.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let all = std::fs::read_to_string("/proc/stat")?;
    let all: Vec<f64> =
        all.split_whitespace().skip(1).take(8).map(str::parse).collect::<std::result::Result<_, _>>()?;
    let of = |place: usize| own.get(place).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    // Of all, those that were idle, waited for a disk, or were taken by other machines do not count.
    let idle: f64 = [3, 4, 7].into_iter().filter_map(|place| all.get(place)).sum();
    Ok((of(11) + of(12), all.iter().sum::<f64>() - idle))
}

/// Accepted, decided and committed by a worker over each of these stores.
pub(crate) async fn decide<S: Store>(stores: Vec<S>, asked: Asked) -> Result<Took> {
    let runtimes = start(stores, &vec![asked.limit; asked.workspaces]).await?;
    // Nor do those who send spend their time here.
    let (warm, counted) = (bodies(0..asked.warm()), bodies(asked.warm()..asked.all()));
    feed(&runtimes, 0..asked.hot, warm).await?;
    let took = timed(&runtimes, 0..asked.hot, counted).await?;
    stop(runtimes).await;
    Ok(took)
}

/// What events take of workspaces that differ by their limits alone: of all in turn, round by round, of the same workers. A
/// round is so short that whatever else a machine does meanwhile, it does to each of them.
pub(crate) async fn decide_in_turn<S: Store>(
    stores: Vec<S>,
    limits: &[Option<i64>],
    rounds: usize,
    events: usize,
) -> Result<Vec<Vec<Took>>> {
    let runtimes = start(stores, limits).await?;
    let mut all = vec![Vec::new(); limits.len()];
    // The first does not count.
    for round in 0..=rounds {
        for place in by_turns(round, limits.len()) {
            let took = timed(&runtimes, place..place + 1, bodies(round * events..(round + 1) * events)).await?;
            if round > 0 {
                all[place].push(took);
            }
        }
    }
    stop(runtimes).await;
    Ok(all)
}

/// Events a second of one who comes back to what came while nobody decided, from its start until nothing waits.
pub(crate) async fn catch_up<S: Store>(open: impl AsyncFn() -> Result<S>, events: usize) -> Result<f64> {
    stop(start(vec![open().await?], &[None]).await?).await;
    let brings = open().await?;
    let (workspace, account) = (WorkspaceId::from(id(0).as_str()), shop(0, None).workspace.account_user_id);
    let inputs = |body: Vec<NewEvent>| {
        let input =
            |new: NewEvent| Input { id: new.id, stamp: Stamp::Brought(new.at.unwrap_or(at(0))), event: new.event };
        body.into_iter().map(input).collect()
    };
    let brought = bodies(0..events).into_iter().map(|body| brings.route(&workspace, &account, inputs(body)));
    stream::iter(brought).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
    drop(brings);
    let store = open().await?;
    let began = Moment::now();
    let runtimes = [runtime(store, &[None]).await?];
    while is_behind(&runtimes, 0..1).await? {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let rate = events as f64 / began.elapsed().as_secs_f64();
    stop(runtimes.into()).await;
    Ok(rate)
}

/// A worker over each of these stores, of as many workspaces as there are limits: open and warm.
async fn start<S: Store>(stores: Vec<S>, limits: &[Option<i64>]) -> Result<Vec<Runtime<S>>> {
    let workers = stores.len();
    let mut runtimes = Vec::new();
    for store in stores {
        runtimes.push(runtime(store, limits).await?);
    }
    while runtimes.iter().any(|runtime| !is_fair(runtime, workers)) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while !is_open(&runtimes, limits.len()).await? {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // Everything is open and warm before it counts: a service runs for weeks, its connections have prepared all they use, and
    // whoever serves nothing of a workspace has read all that it asks for.
    tokio::time::sleep(Duration::from_secs(if workers > 1 { 6 } else { 1 })).await;
    Ok(runtimes)
}

async fn runtime<S: Store>(store: S, limits: &[Option<i64>]) -> Result<Runtime<S>> {
    let mut settings = Settings::default();
    (settings.trust_at, settings.clock, settings.takeover) = (true, ClockMode::Events, Duration::from_secs(4));
    let setups = limits.iter().enumerate().map(|(n, limit)| WorkspaceSetup::new(shop(n, *limit), "digest")).collect();
    let clock = Arc::new(ManualClock::new(at(0)));
    Ok(Runtime::start(Arc::new(store), clock, settings, setups).await?)
}

async fn stop<S: Store>(runtimes: Vec<Runtime<S>>) {
    for runtime in runtimes {
        runtime.stop(Duration::from_secs(10)).await;
    }
}

/// What it takes to bring these to workspaces in turn, until all of them are decided.
async fn timed<S: Store>(
    runtimes: &[Runtime<S>],
    workspaces: Range<usize>,
    bodies: Vec<Vec<NewEvent>>,
) -> Result<Took> {
    let events: usize = bodies.iter().map(Vec::len).sum();
    let (own, all) = processors()?;
    let began = Moment::now();
    feed(runtimes, workspaces, bodies).await?;
    let took = began.elapsed();
    let (own_after, all_after) = processors()?;
    let (own, all) = (own_after - own, all_after - all);
    let each = |ticks: f64| ticks * 10_000.0 / events as f64;
    Ok(Took { rate: events as f64 / took.as_secs_f64(), own: each(own), others: each(all - own) })
}

/// Events, as they come: in bodies.
fn bodies(events: Range<usize>) -> Vec<Vec<NewEvent>> {
    let new = |n: usize| NewEvent { id: format!("7501{n:015}").into(), at: Some(instant(n)), event: event(n) };
    let from = events.clone().step_by(BODY);
    from.map(|from| (from..(from + BODY).min(events.end)).map(new).collect()).collect()
}

/// Brings events to the workers in turn, and waits until all of them are decided.
async fn feed<S: Store>(runtimes: &[Runtime<S>], workspaces: Range<usize>, bodies: Vec<Vec<NewEvent>>) -> Result<()> {
    let mut running = std::collections::VecDeque::new();
    for (number, body) in bodies.into_iter().enumerate() {
        if running.len() == AT_ONCE * runtimes.len() {
            let first: Option<tokio::task::JoinHandle<Result<()>>> = running.pop_front();
            if let Some(first) = first {
                first.await??;
            }
        }
        let runtime = runtimes[number % runtimes.len()].clone();
        let workspace = workspaces.start + number % workspaces.len();
        running.push_back(tokio::spawn(async move {
            runtime.accept(&id(workspace).as_str().into(), body).await?;
            Ok(())
        }));
    }
    for one in running {
        one.await??;
    }
    while is_behind(runtimes, workspaces.clone()).await? {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Whether whoever serves a workspace has opened every partition of it.
async fn is_open<S: Store>(runtimes: &[Runtime<S>], workspaces: usize) -> Result<bool> {
    for n in 0..workspaces {
        let workspace = id(n).as_str().into();
        let serves = |runtime: &&Runtime<S>| !runtime.served_partitions(&workspace).is_empty();
        let Some(runtime) = runtimes.iter().find(serves) else { return Ok(false) };
        if runtime.store().heads(&workspace).await?.iter().any(Vec::is_empty) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Asks whoever serves a workspace, of one partition after the other, until one is behind: few looks as long as much is left.
async fn is_behind<S: Store>(runtimes: &[Runtime<S>], workspaces: Range<usize>) -> Result<bool> {
    for n in workspaces {
        let workspace = id(n).as_str().into();
        let serves = |runtime: &&Runtime<S>| !runtime.served_partitions(&workspace).is_empty();
        let store = runtimes.iter().find(serves).unwrap_or(&runtimes[0]).store();
        let ends = store.ends(&workspace, store.partitions()).await?;
        for (partition, end) in (0..).zip(ends) {
            let shard = Shard { workspace: workspace.clone(), partition };
            if end > 0 && store.decided(&shard).await? < end {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn is_fair<S: Store>(runtime: &Runtime<S>, workers: usize) -> bool {
    let partitions = runtime.store().partitions() as usize;
    let share = runtime.served_slots().len();
    share >= partitions / workers && share <= partitions.div_ceil(workers)
}

/// One process on one file, as it comes: on the disk, and not in memory, as a temporary directory may be.
pub(crate) async fn sqlite() -> Result<Took> {
    let directory = tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"))?;
    let store =
        chatsparks_sqlite::SqliteStore::open(directory.path().join("store.db"), chatsparks_sqlite::Options::default())?;
    decide(vec![store], Asked::one(60_000)).await
}
