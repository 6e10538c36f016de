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
use chatsparks_core::{Event, Period, workspace::Workspace};
use chatsparks_ports::{Clock, Input, Log, Shard, Stamp, SystemClock};
use chatsparks_runtime::{NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_server::{Access, Options as ServerOptions, router_with};
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::{build::workspace, store_suite::make::comment};
use chatsparks_tiktok::{Account, AccountSettings, AppKeys, BusinessSettings, decode, verify};
use chatsparks_tiktok_sim::sign;
use serde_json::json;
use std::{
    error::Error,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant as Moment},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is added to each sync where rates are compared.
const SYNC: Duration = Duration::from_millis(1);
const SECRET: &str = "a-client-secret-for-the-benchmark";
const ROUNDS: usize = 5;
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
            cost().await?;
        }
        Ok(())
    })
}

/// On the disk, and not in memory, as a temporary directory may be.
fn folder() -> Result<TempDir> {
    Ok(tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"))?)
}

fn open(folder: &TempDir, sync_takes: Duration) -> Result<SqliteStore> {
    let mut options = Options::default();
    options.sync_takes = sync_takes;
    Ok(SqliteStore::open(folder.path().join("store.db"), options)?)
}

fn shop() -> Workspace {
    let words = (0..30).fold(workspace(), |shop, n| {
        let word = format!("word{n}");
        shop.says(&format!("f{n}"), "hello").trigger(&format!("t{n}"), &[word.as_str()], &format!("f{n}"))
    });
    words.says("price", "It is 590 THB, shall I send you the link?").trigger("price", &["price"], "price").build()
}

/// One comment in three asks for the price.
fn text(n: usize) -> &'static str {
    if n.is_multiple_of(3) { "what is the price please" } else { "so beautiful, I want to see more of it" }
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

/// The same as the engine has it.
fn event(n: usize) -> NewEvent {
    let id = format!("{}", FIRST + n as u64);
    let mut event = comment(&id, &format!("68000000000000{n:07}"), text(n));
    if let Event::Comment(comment) = &mut event {
        comment.post_id = "7203946942097902849".into();
    }
    NewEvent { id: format!("tiktok:comment:{id}").into(), at: None, event }
}

fn app() -> AppKeys {
    AppKeys { key: "app-1".to_owned(), secrets: vec![SECRET.to_owned()] }
}

/// The service with an account, and what it runs.
async fn service(store: &SqliteStore) -> Result<(Router, Runtime<SqliteStore>, Account)> {
    let clock = Arc::new(SystemClock::default());
    let mut settings = AccountSettings::new(shop().workspace.id);
    settings.business = Some(BusinessSettings::new("biz-1", app()));
    let account = Account::new(settings, clock.clone())?;
    let setup = WorkspaceSetup::new(shop(), "d");
    let runtime = Runtime::start(Arc::new(store.clone()), clock, Settings::default(), vec![setup]).await?;
    let mut options = ServerOptions::default();
    options.tiktok = vec![account.clone()];
    Ok((router_with(runtime.clone(), Access::open(), options), runtime, account))
}

/// Waits until everything that was accepted is decided and committed.
async fn settled(runtime: &Runtime<SqliteStore>) {
    while runtime.health().await.shards.iter().any(|shard| shard.lag > 0) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A delivery in, durable, `200` out: one a request, over as many connections as come at once. Held against a handler that
/// verifies the signature and logs, in the store's groups; and against one that writes each in a transaction of its own.
async fn webhooks() -> Result<()> {
    const CONNECTIONS: usize = 64;
    const EACH: usize = 250;
    let (mut ours, mut bare, mut alone) = (0f64, 0f64, 0f64);
    for _ in 0..ROUNDS {
        let place = folder()?;
        let store = open(&place, SYNC)?;
        let (router, runtime, _account) = service(&store).await?;
        ours = ours.max(delivered(router, "/webhooks/tiktok", CONNECTIONS, EACH).await?);
        settled(&runtime).await;
        runtime.stop(Duration::from_secs(10)).await;

        let place = folder()?;
        let bare_store = open(&place, SYNC)?;
        bare = bare.max(delivered(handler_in_groups(bare_store), "/", CONNECTIONS, EACH).await?);
        // It has a tenth of the requests to take.
        alone = alone.max(delivered(handler_alone(&folder()?)?, "/", CONNECTIONS, EACH / 10).await?);
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

fn handler_in_groups(store: SqliteStore) -> Router {
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
    Router::new().route("/", post(log)).with_state((store, event(1).event, Arc::default()))
}

/// A handler that verifies, and writes each body to a table in a transaction of its own.
fn handler_alone(folder: &TempDir) -> Result<Router> {
    let connection = rusqlite::Connection::open(folder.path().join("store.db"))?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch("CREATE TABLE log (position INTEGER PRIMARY KEY, form BLOB NOT NULL)")?;
    type Known = Arc<Mutex<rusqlite::Connection>>;
    async fn log(State(connection): State<Known>, headers: HeaderMap, body: Bytes) -> StatusCode {
        if !is_signed(&headers, &body) {
            return StatusCode::UNAUTHORIZED;
        }
        let written = tokio::task::spawn_blocking(move || {
            let Ok(connection) = connection.lock() else { return false };
            let inserted = connection.prepare_cached("INSERT INTO log (form) VALUES (?1)");
            let inserted = inserted.and_then(|mut insert| insert.execute([&body[..]]));
            std::thread::sleep(SYNC);
            inserted.is_ok()
        });
        if written.await.unwrap_or(false) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    }
    Ok(Router::new().route("/", post(log)).with_state(Arc::new(Mutex::new(connection))))
}

/// How many deliveries a second were answered `200`. They are signed before the clock runs.
async fn delivered(app: Router, path: &'static str, connections: usize, each: usize) -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
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
    let all: Vec<Vec<String>> =
        (0..connections).map(|who| (0..each).map(|n| request(who * each + n)).collect()).collect();
    let began = Moment::now();
    let clients: Vec<_> = all
        .into_iter()
        .map(|requests| {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let mut answer = Vec::new();
                for request in requests {
                    stream.write_all(request.as_bytes()).await?;
                    one_answer(&mut stream, &mut answer).await?;
                }
                Ok::<_, Box<dyn Error + Send + Sync>>(())
            })
        })
        .collect();
    for client in clients {
        client.await??;
    }
    let took = began.elapsed();
    server.abort();
    Ok((connections * each) as f64 / took.as_secs_f64())
}

/// Reads one answer to its end; anything but `200` is an error.
async fn one_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<()> {
    answer.clear();
    loop {
        if stream.read_buf(answer).await? == 0 {
            return Err("the server hung up".into());
        }
        let text = String::from_utf8_lossy(answer);
        if !text.contains("\r\n\r\n") {
            continue;
        }
        // None of them says anything but its status.
        return if text.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(text.into_owned().into()) };
    }
}

/// What the machine works an event: taken by the adapter, from the body of a delivery to the decision, against events that
/// are accepted as they are. No socket and no sync is in it; 64 at once.
async fn cost() -> Result<()> {
    const EVENTS: usize = 64_000;
    const AT_ONCE: usize = 64;
    let (mut ours, mut bare) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        for through_adapter in [false, true] {
            let place = folder()?;
            let store = open(&place, Duration::ZERO)?;
            let (_router, runtime, account) = service(&store).await?;
            let id = shop().workspace.id;
            // Made beforehand: neither the platform's work nor ours is measured.
            let bodies: Arc<Vec<String>> = Arc::new((0..EVENTS).map(delivery).collect());
            let events: Vec<NewEvent> = (0..EVENTS).map(event).collect();
            let events = Arc::new(Mutex::new(events.into_iter().enumerate().collect::<Vec<_>>()));
            let before = work()?;
            let takers: Vec<_> = (0..AT_ONCE)
                .map(|_| {
                    let (runtime, account, id) = (runtime.clone(), account.clone(), id.clone());
                    let (bodies, events) = (bodies.clone(), events.clone());
                    tokio::spawn(async move {
                        loop {
                            let next = events.lock().ok().and_then(|mut events| events.pop());
                            let Some((n, event)) = next else { return Ok::<_, Box<dyn Error + Send + Sync>>(()) };
                            if through_adapter {
                                account.take(decode(bodies[n].as_bytes())?).await?;
                            } else {
                                runtime.accept(&id, vec![event]).await?;
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
    }
    println!(
        "| µs of work an event, through the adapter | {ours:.1} | the same events, accepted as they are | {bare:.1} | {:.2} |",
        ours / bare
    );
    Ok(())
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
