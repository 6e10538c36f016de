//! What TikTok's adapter takes: `cargo run --release -p chatsparks-benches --bin tiktok`, with the name of one part if only
//! that is wanted (webhook, cost). Real sockets and a real file; in `webhook` one millisecond is added to each sync, of ours
//! and of what it is held against, so that the disk's own speed does not decide.
#![allow(clippy::print_stdout, reason = "the report is what it is for")]

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use chatsparks_benches::serving::{Plain, Result, SYNC, answered, folder, open, settled, shop, text};
use chatsparks_core::{Event, EventId, Period, WorkspaceId, workspace::Workspace};
use chatsparks_ports::{Clock, Input, Log, Shard, Stamp, SystemClock};
use chatsparks_runtime::{NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_server::{Access, Options as ServerOptions, router_with};
use chatsparks_sqlite::SqliteStore;
use chatsparks_tiktok::{Account, AccountSettings, AppKeys, BusinessSettings, Host, HostError, Later, decode, verify};
use chatsparks_tiktok_sim::sign;
use serde_json::json;
use std::{
    error::Error,
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SECRET: &str = "a-client-secret-for-the-benchmark";
const ROUNDS: usize = 5;
const COST_ROUNDS: usize = 7;
/// Events ids and instants of a comment begin here.
const FIRST: u64 = 7_247_303_576_418_000_000;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let only = std::env::args().nth(1);
    let asked = |name: &str| only.as_deref().is_none_or(|only| only == name);
    runtime.block_on(async {
        println!("| what | ours | held against | that | ratio |\n| --- | --- | --- | --- | --- |");
        if asked("webhook") {
            webhooks().await?;
        }
        if asked("cost") {
            // The more come at once, the more alike are the groups in which both sides are logged.
            for at_once in [64, 256] {
                cost(at_once).await?;
            }
        }
        Ok(())
    })
}

/// A delivery as TikTok sends it.
fn delivery(n: usize) -> String {
    let content = json!({
        "comment_id": FIRST + n as u64, "video_id": 7_203_946_942_097_902_849_u64, "parent_comment_id": 0,
        "comment_type": "comment", "comment_action": "insert", "timestamp": 1_764_000_000_000_i64 + n as i64,
        "unique_identifier": format!("68000000000000{n:07}"), "text": text(n),
    });
    json!({ "client_key": "app-1", "event": "comment.update", "create_time": 1_764_000_000, "user_openid": "biz-1",
            "content": content.to_string() })
    .to_string()
}

/// The same, as the adapter makes events of them.
async fn events(count: usize) -> Result<Vec<NewEvent>> {
    let account = account(Arc::new(SystemClock::default()))?;
    let gathering = Arc::new(Gathering { document: Arc::new(shop()), events: Mutex::default() });
    account.attach(gathering.clone());
    for n in 0..count {
        account.take(decode(delivery(n).as_bytes())?).await?;
    }
    let events = std::mem::take(&mut *gathering.events.lock().map_err(|_| "broken")?);
    Ok(events.into_iter().map(|(id, event)| NewEvent { id, at: None, event }).collect())
}

/// A program that only gathers what the adapter makes.
struct Gathering {
    document: Arc<Workspace>,
    events: Mutex<Vec<(EventId, Event)>>,
}

impl Host for Gathering {
    fn accept<'a>(&'a self, _: &'a WorkspaceId, events: Vec<(EventId, Event)>) -> Later<'a, Accepted> {
        if let Ok(mut all) = self.events.lock() {
            all.extend(events);
        }
        Box::pin(async { Ok(()) })
    }

    fn note<'a>(&'a self, _: &'a WorkspaceId, _: &'a str) -> Later<'a, std::result::Result<Option<String>, HostError>> {
        Box::pin(async { Ok(None) })
    }

    fn replace_note<'a>(
        &'a self,
        _: &'a WorkspaceId,
        _: &'a str,
        _: Option<&'a str>,
        _: &'a str,
    ) -> Later<'a, std::result::Result<bool, HostError>> {
        Box::pin(async { Ok(true) })
    }

    fn document(&self, _: &WorkspaceId) -> Option<Arc<Workspace>> {
        Some(self.document.clone())
    }
}

type Accepted = std::result::Result<(), HostError>;

fn app() -> AppKeys {
    AppKeys { key: "app-1".to_owned(), secrets: vec![SECRET.to_owned()] }
}

fn account(clock: Arc<SystemClock>) -> Result<Account> {
    let mut settings = AccountSettings::new(shop().workspace.id);
    settings.business = Some(BusinessSettings::new("biz-1", app()));
    Ok(Account::new(settings, clock)?)
}

/// The service with an account, and what it runs.
async fn service(store: &SqliteStore) -> Result<(Router, Runtime<SqliteStore>, Account)> {
    let clock = Arc::new(SystemClock::default());
    let account = account(clock.clone())?;
    let setup = WorkspaceSetup::new(shop(), "d");
    let runtime = Runtime::start(Arc::new(store.clone()), clock, Settings::default(), vec![setup]).await?;
    let mut options = ServerOptions::default();
    options.tiktok = vec![account.clone()];
    Ok((router_with(runtime.clone(), Access::open(), options), runtime, account))
}

/// A delivery in, durable, `200` out: one a request, over as many connections as come at once. Held against a handler that
/// verifies the signature and logs, in the store's groups; and against one that writes each in a transaction of its own.
async fn webhooks() -> Result<()> {
    const CONNECTIONS: usize = 64;
    const EACH: usize = 250;
    let logged = events(1).await?.pop().ok_or("no event")?.event;
    let (mut ours, mut bare, mut alone) = (0f64, 0f64, 0f64);
    for _ in 0..ROUNDS {
        let place = folder()?;
        let store = open(&place, SYNC)?;
        let (router, runtime, _account) = service(&store).await?;
        ours = ours.max(answered(router, deliveries("/webhooks/tiktok", CONNECTIONS, EACH)).await?);
        settled(&runtime).await;
        runtime.stop(Duration::from_secs(10)).await;

        let place = folder()?;
        let bare_store = open(&place, SYNC)?;
        bare = bare
            .max(answered(handler_in_groups(bare_store, logged.clone()), deliveries("/", CONNECTIONS, EACH)).await?);
        // It has a tenth of the requests to take.
        let app = handler_alone(Plain::new(&folder()?)?);
        alone = alone.max(answered(app, deliveries("/", CONNECTIONS, EACH / 10)).await?);
    }
    println!(
        "| webhooks a second, 64 connections | {ours:.0} | a handler that verifies and logs, in the same groups | {bare:.0} | \
         {:.2} |",
        ours / bare
    );
    println!(
        "| the same | {ours:.0} | a bare handler that verifies, a transaction each, as durable | {alone:.0} | {:.2} |",
        ours / alone
    );
    Ok(())
}

/// Whether TikTok sent it: all that the handlers look at which ours is held against.
fn is_signed(headers: &HeaderMap, body: &[u8]) -> bool {
    let now = SystemClock::default().wall();
    verify(&[app()], headers, body, now, Period::seconds(300)).is_ok()
}

fn handler_in_groups(store: SqliteStore, event: Event) -> Router {
    type Known = (SqliteStore, Event, Arc<AtomicUsize>);
    async fn log(State((store, event, count)): State<Known>, headers: HeaderMap, body: Bytes) -> StatusCode {
        if !is_signed(&headers, &body) {
            return StatusCode::UNAUTHORIZED;
        }
        let n = count.fetch_add(1, Ordering::Relaxed);
        let stamp = Stamp::Received(SystemClock::default().wall());
        let input = Input { id: format!("e{n:08}").into(), stamp, event };
        let shard = Shard { workspace: "glow".into(), partition: 0 };
        match store.append(vec![(shard, input)]).await {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
    Router::new().route("/", post(log)).with_state((store, event, Arc::default()))
}

/// A handler that verifies, and writes each body to a table in a transaction of its own.
fn handler_alone(log: Plain) -> Router {
    async fn handle(State(log): State<Plain>, headers: HeaderMap, body: Bytes) -> StatusCode {
        if !is_signed(&headers, &body) {
            return StatusCode::UNAUTHORIZED;
        }
        if log.log(body.into()).await { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    }
    Router::new().route("/", post(handle)).with_state(log)
}

/// What each connection delivers, one a request, signed just now.
fn deliveries(path: &str, connections: usize, each: usize) -> Vec<Vec<String>> {
    let seconds = SystemClock::default().wall().as_milliseconds() / 1_000;
    let request = |n: usize| {
        let body = delivery(n);
        let signature = sign::webhook(SECRET, seconds, body.as_bytes());
        format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntiktok-signature: {signature}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    (0..connections).map(|who| (0..each).map(|n| request(who * each + n)).collect()).collect()
}

/// What the machine works an event: through the adapter, from a signed delivery to the decision, against the same events,
/// accepted as they are. No HTTP is in it, and nothing is added to a sync; so many at once. And what the adapter works alone,
/// where nobody takes its events.
async fn cost(at_once: usize) -> Result<()> {
    const EVENTS: usize = 64_000;
    let (mut ours, mut bare, mut alone) = (f64::MAX, f64::MAX, f64::MAX);
    for _ in 0..COST_ROUNDS {
        for through_adapter in [false, true] {
            let place = folder()?;
            let store = open(&place, Duration::ZERO)?;
            let (_router, runtime, account) = service(&store).await?;
            let id = shop().workspace.id;
            // Made beforehand: neither the platform's work is measured nor the test's.
            let given = match through_adapter {
                true => signed_deliveries(EVENTS)?.into_iter().map(Given::Delivery).collect(),
                false => events(EVENTS).await?.into_iter().map(Given::Event).collect::<Vec<_>>(),
            };
            let given = Arc::new(Mutex::new(given));
            let before = work()?;
            let takers: Vec<_> = (0..at_once)
                .map(|_| {
                    let (runtime, account, id, given) = (runtime.clone(), account.clone(), id.clone(), given.clone());
                    let app = app();
                    tokio::spawn(async move {
                        loop {
                            let next = given.lock().ok().and_then(|mut given| given.pop());
                            match next {
                                None => return Ok::<_, Box<dyn Error + Send + Sync>>(()),
                                Some(Given::Delivery(signed)) => take(&account, &app, &signed).await?,
                                Some(Given::Event(event)) => drop(runtime.accept(&id, vec![event]).await?),
                            }
                        }
                    })
                })
                .collect();
            for taker in takers {
                taker.await??;
            }
            settled(&runtime).await;
            let each = work()?.saturating_sub(before).as_secs_f64() * 1e6 / EVENTS as f64;
            if through_adapter {
                ours = ours.min(each);
            } else {
                bare = bare.min(each);
            }
            runtime.stop(Duration::from_secs(10)).await;
        }
        let (account, app, deliveries) =
            (account(Arc::new(SystemClock::default()))?, app(), signed_deliveries(EVENTS)?);
        account.attach(Arc::new(Gathering { document: Arc::new(shop()), events: Mutex::default() }));
        let before = work()?;
        for signed in &deliveries {
            take(&account, &app, signed).await?;
        }
        alone = alone.min(work()?.saturating_sub(before).as_secs_f64() * 1e6 / EVENTS as f64);
    }
    println!(
        "| µs of work an event, {at_once} at once, through the adapter | {ours:.1} | the same events, accepted as they are | {bare:.1} | {:.2} |",
        ours / bare
    );
    println!("| of which the adapter works alone | {alone:.1} | the same | {bare:.1} | {:.2} |", alone / bare);
    Ok(())
}

/// What is taken in a measurement.
enum Given {
    Delivery((HeaderMap, String)),
    Event(NewEvent),
}

/// As its door takes it.
async fn take(account: &Account, app: &AppKeys, (headers, body): &(HeaderMap, String)) -> Result<()> {
    verify([app], headers, body.as_bytes(), SystemClock::default().wall(), Period::hours(1))?;
    account.take(decode(body.as_bytes())?).await?;
    Ok(())
}

fn signed_deliveries(count: usize) -> Result<Vec<(HeaderMap, String)>> {
    let seconds = SystemClock::default().wall().as_milliseconds() / 1_000;
    let signed = |n: usize| {
        let body = delivery(n);
        let mut headers = HeaderMap::new();
        headers.insert("tiktok-signature", sign::webhook(SECRET, seconds, body.as_bytes()).parse()?);
        Ok((headers, body))
    };
    (0..count).map(signed).collect()
}

/// What this process has worked so far, on all cores.
fn work() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after = stat.rsplit_once(") ").ok_or("no stat")?.1;
    let fields: Vec<&str> = after.split(' ').collect();
    let ticks = |place: usize| -> Result<u64> { Ok(fields.get(place).ok_or("too short")?.parse()?) };
    // User and system time, in hundredths of a second.
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}
