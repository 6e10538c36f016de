//! What the service takes: `cargo run --release -p chatsparks-benches --bin serving`, with the name of one part if only
//! that is wanted (post, restart, burst). Real sockets and a real file; one millisecond is added to each sync where rates
//! are compared, so that the disk's own speed does not decide.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report is what it is for")]

use axum::{Router, extract::State, http::StatusCode, routing::post};
use chatsparks_benches::serving::{Plain, Result, SYNC, answered, file, folder, open, settled, shop, text};
use chatsparks_core::{Contact, Event, Instant, Row, internal::ContactChange, workspace::Workspace};
use chatsparks_ports::{
    Attempt, Channel, Clock, Commit, Delivery, Fault, Input, Log, ManualClock, Shard, Shards, Stamp, SystemClock,
};
use chatsparks_runtime::{ClockMode, NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_server::{Access, Options as ServerOptions, Token, router_with};
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::{
    build::workspace,
    store_suite::make::{at, comment},
};
use std::{
    fs,
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant as Moment},
};
/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TOKEN: &str = "a-token-for-the-benchmark";

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let only = std::env::args().nth(1);
    let asked = |name: &str| only.as_deref().is_none_or(|only| only == name);
    runtime.block_on(async {
        // The program itself, started anew, so that its memory is its own.
        if only.as_deref() == Some("start-on") {
            let file = std::env::args().nth(2).ok_or("which file?")?;
            return started_on(Path::new(&file)).await;
        }
        if asked("post") {
            posts().await?;
        }
        if asked("restart") {
            restart().await?;
        }
        if asked("burst") {
            let argument = |place| std::env::args().nth(place).map(|text| text.parse::<usize>());
            burst(argument(2).unwrap_or(Ok(400))?, argument(3).unwrap_or(Ok(0))?.try_into()?).await?;
        }
        Ok(())
    })
}

fn shard() -> Shard {
    Shard { workspace: "glow".into(), partition: 0 }
}

fn commented(n: usize) -> Event {
    comment(&format!("73{n:017}"), &format!("68000000000000{n:07}"), text(n))
}

fn trusting() -> Settings {
    let mut settings = Settings::default();
    (settings.trust_at, settings.clock) = (true, ClockMode::Events);
    settings
}

async fn start(store: &SqliteStore, setup: WorkspaceSetup, clock: Arc<dyn Clock>) -> Result<Runtime<SqliteStore>> {
    Ok(Runtime::start(Arc::new(store.clone()), clock, trusting(), vec![setup]).await?)
}

/// One event a request, over as many connections as come at once, against a handler that logs and nothing else.
async fn posts() -> Result<()> {
    const CONNECTIONS: usize = 64;
    const EACH: usize = 250;
    const ROUNDS: usize = 5;
    let (mut ours, mut bare, mut alone) = (0f64, 0f64, 0f64);
    for _ in 0..ROUNDS {
        let folder_of_ours = folder()?;
        let store = open(&folder_of_ours, SYNC)?;
        let runtime = start(&store, WorkspaceSetup::new(shop(), "d"), Arc::new(ManualClock::new(at(0)))).await?;
        let mut options = ServerOptions::default();
        options.trust_at = true;
        let app = router_with(runtime.clone(), Access::of(vec![Token::new(TOKEN)]), options);
        ours = ours.max(answered(app, posts_to("/v1/workspaces/glow/events", CONNECTIONS, EACH)?).await?);
        settled(&runtime).await;
        runtime.stop(Duration::from_secs(10)).await;

        let folder_of_bare = folder()?;
        let store = open(&folder_of_bare, SYNC)?;
        async fn log(State((store, event, count)): State<(SqliteStore, Event, Arc<AtomicUsize>)>, _: String) -> String {
            let n = count.fetch_add(1, Ordering::Relaxed);
            let input = Input { id: format!("e{n:08}").into(), stamp: Stamp::Brought(at(n as i64)), event };
            match store.append(vec![(shard(), input)]).await {
                Ok(_) => "{\"accepted\": 1}".to_owned(),
                Err(error) => error.to_string(),
            }
        }
        let app = Router::new().route("/", post(log)).with_state((store, commented(1), Arc::default()));
        bare = bare.max(answered(app, posts_to("/", CONNECTIONS, EACH)?).await?);
        // As one writes it first: a transaction a request, as durable. It has a tenth of the requests to take.
        let app = handler_alone(Plain::new(&folder()?)?);
        alone = alone.max(answered(app, posts_to("/", CONNECTIONS, EACH / 10)?).await?);
    }
    println!("| what | a second | held against | a second | ratio |\n| --- | --- | --- | --- | --- |");
    println!(
        "| POST of one event, 64 connections | {ours:.0} | a handler that logs, in the same groups | {bare:.0} | {:.2} |",
        ours / bare
    );
    println!(
        "| the same | {ours:.0} | a bare handler, a transaction each, as durable | {alone:.0} | {:.2} |",
        ours / alone
    );
    Ok(())
}

/// A handler that writes each request's event to a table, in a transaction of its own.
fn handler_alone(log: Plain) -> Router {
    async fn handle(State(log): State<Plain>, body: String) -> (StatusCode, &'static str) {
        match log.log(body.into_bytes()).await {
            true => (StatusCode::OK, "{\"accepted\": 1}"),
            false => (StatusCode::SERVICE_UNAVAILABLE, ""),
        }
    }
    Router::new().route("/", post(handle)).with_state(log)
}

/// What each connection posts, one event a request.
fn posts_to(path: &str, connections: usize, each: usize) -> Result<Vec<Vec<String>>> {
    let request = |n: usize| {
        let Event::Comment(comment) = commented(n) else { return Err("no comment".into()) };
        let body = format!(
            r#"{{"id":"e{n:08}","at":"{}","type":"comment","comment_id":"{}","post_id":"{}","user_id":"{}","text":"{}"}}"#,
            at(n as i64),
            comment.comment_id.as_str(),
            comment.post_id.as_str(),
            comment.user_id.as_str(),
            comment.text.as_str()
        );
        Ok(format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    (0..connections).map(|who| (0..each).map(|n| request(who * each + n)).collect()).collect()
}

/// A start on a file with a million contacts, ten thousand of whom wait for a timer.
async fn restart() -> Result<()> {
    const CONTACTS: usize = 1_000_000;
    const WAITING: usize = 10_000;
    let folder = folder()?;
    let store = open(&folder, Duration::ZERO)?;
    let runtime = start(&store, WorkspaceSetup::new(waiting_shop(), "d"), Arc::new(ManualClock::new(at(0)))).await?;
    for from in (0..WAITING).step_by(1_000) {
        let new = |n: usize| {
            let event = comment(&format!("w{n}"), &format!("waits{n:07}"), "later");
            NewEvent { id: format!("w{n}").into(), at: Some(at(n as i64)), event }
        };
        runtime.accept(&shard().workspace, (from..from + 1_000).map(new).collect()).await?;
    }
    settled(&runtime).await;
    runtime.stop(Duration::from_secs(60)).await;
    let opened = store.open(&shard()).await?;
    for from in (WAITING..CONTACTS).step_by(10_000) {
        let contact = |n: usize| {
            let mut contact = Contact::new(format!("68000000000000{n:07}").as_str().into());
            contact.apply(&ContactChange::Commented);
            Row::Contact(Box::new(contact))
        };
        let mut commit = Commit::default();
        commit.decided = opened.decided;
        commit.rows = (from..from + 10_000).map(contact).collect();
        store.commit(&shard(), opened.fence, commit).await?;
    }
    drop(runtime);
    drop(store);
    let bytes = fs::metadata(file(&folder))?.len();
    let told = Command::new(std::env::current_exe()?).arg("start-on").arg(file(&folder)).output()?;
    print!("{}", String::from_utf8_lossy(&told.stderr));
    println!(
        "A start on {CONTACTS} contacts, {WAITING} of whom wait for a timer ({} MiB of file): {}",
        bytes >> 20,
        String::from_utf8_lossy(&told.stdout).trim()
    );
    Ok(())
}

fn waiting_shop() -> Workspace {
    let mut shop = workspace().says("later", "Now").trigger("later", &["later"], "later").build();
    let wait = serde_json::json!({ "id": "pause", "wait": { "seconds": 86_400 } });
    if let (Some(flow), Ok(block)) = (shop.flows.first_mut(), serde_json::from_value(wait)) {
        flow.blocks.insert(0, block);
    }
    shop
}

async fn started_on(path: &Path) -> Result<()> {
    let began = Moment::now();
    let store = SqliteStore::open(path, Options::default())?;
    let clock = Arc::new(ManualClock::new(at(0)));
    let runtime = start(&store, WorkspaceSetup::new(waiting_shop(), "d"), clock).await?;
    let event = comment("first", "somebody", "hello");
    let new = NewEvent { id: "first".into(), at: Some(at(1_000_000)), event };
    runtime.accept(&shard().workspace, vec![new]).await?;
    settled(&runtime).await;
    let first = began.elapsed();
    // And everything that waits is due.
    let due = NewEvent { id: "due".into(), at: Some(at(2 * 86_400_000)), event: Event::Clock };
    runtime.accept(&shard().workspace, vec![due]).await?;
    settled(&runtime).await;
    println!(
        "the first decision after {} ms, all timers fired after {} ms more; {} MiB of memory at most",
        first.as_millis(),
        (began.elapsed() - first).as_millis(),
        peak_memory()? >> 10
    );
    runtime.stop(Duration::from_secs(10)).await;
    Ok(())
}

/// The most memory that the process had, in KiB.
fn peak_memory() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(peak.trim().trim_end_matches(" kB").trim().parse()?)
}

/// A platform that takes so many a second, and says `429` to the rest.
struct Platform {
    per_second: AtomicUsize,
    window: Mutex<(Moment, usize)>,
    sent: AtomicUsize,
    refused: AtomicUsize,
}

impl Channel for Platform {
    async fn perform(&self, _: &Delivery) -> Attempt {
        let (now, per_second) = (Moment::now(), self.per_second.load(Ordering::Relaxed));
        let (window_length, limit) =
            if per_second < 100 { (WINDOW * 10, per_second) } else { (WINDOW, per_second / 10) };
        let Ok(mut window) = self.window.lock() else { return Attempt::Again(None, Fault("broken".to_owned())) };
        if now.duration_since(window.0) >= window_length {
            *window = (now, 0);
        }
        if window.1 >= limit {
            self.refused.fetch_add(1, Ordering::Relaxed);
            let left = window_length.saturating_sub(now.duration_since(window.0));
            return Attempt::Again(Some(left), Fault("429".to_owned()));
        }
        window.1 += 1;
        self.sent.fetch_add(1, Ordering::Relaxed);
        Attempt::Sent
    }

    fn takes_keys(&self) -> bool {
        true
    }
}

/// What the platform counts by; by ten of them where it takes few.
const WINDOW: Duration = Duration::from_millis(100);

/// Sixty thousand comments, as fast as they are taken or over so many seconds, a third of which fire, while a platform takes
/// some a second, refuses the rest, and halves what it takes midway.
async fn burst(per_second: usize, over_seconds: u32) -> Result<()> {
    const COMMENTS: usize = 60_000;
    const BODY: usize = 500;
    let folder = folder()?;
    let store = open(&folder, Duration::ZERO)?;
    let channel = Arc::new(Platform {
        per_second: AtomicUsize::new(per_second),
        window: Mutex::new((Moment::now(), 0)),
        sent: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
    });
    let mut setup = WorkspaceSetup::new(shop(), "d").with_channel(channel.clone());
    // A little more than it takes: some are refused.
    setup.rates = vec![format!("{}/s", per_second * 5 / 4).parse()?];
    let before = peak_memory()?;
    let runtime = start(&store, setup, Arc::new(SystemClock::default())).await?;
    let id = shard().workspace;
    let began = Moment::now();
    let between = Duration::from_secs(over_seconds.into()) / u32::try_from(COMMENTS / BODY)?;
    for from in (0..COMMENTS).step_by(BODY) {
        let new = |n: usize| NewEvent { id: format!("e{n}").into(), at: Some(at(n as i64)), event: commented(n) };
        runtime.accept(&id, (from..from + BODY).map(new).collect()).await?;
        tokio::time::sleep(between).await;
    }
    let accepted = began.elapsed();
    settled(&runtime).await;
    let decided = began.elapsed();
    // What was foreseen, when, at which share of the way, and whether the rate was still to change.
    let mut foreseen: Vec<(Moment, Duration, bool)> = Vec::new();
    let mut changed = None;
    loop {
        let queue = runtime.queue(&id).await?;
        if queue.forecast.waiting == 0 {
            break;
        }
        if changed.is_none() && channel.sent.load(Ordering::Relaxed) >= COMMENTS / 6 {
            channel.per_second.store(per_second / 2, Ordering::Relaxed);
            changed = Some(Moment::now());
        }
        if let Some(drained_at) = queue.forecast.drained_at {
            let now: Instant = SystemClock::default().wall();
            let left = drained_at.as_milliseconds().saturating_sub(now.as_milliseconds()).max(0);
            foreseen.push((Moment::now(), Duration::from_millis(left.unsigned_abs()), changed.is_some()));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let drained = Moment::now();
    runtime.stop(Duration::from_secs(10)).await;
    // A change shows once as many went, or as much time, as are measured over; the last seconds are of the retries that are left.
    let known = changed.map_or(began, |changed| changed + Duration::from_secs(if per_second < 100 { 30 } else { 6 }));
    let judged = foreseen
        .iter()
        .filter(|(when, ..)| *when >= known && drained.duration_since(*when) > Duration::from_secs(8))
        .map(|(when, left, _)| {
            let real = drained.duration_since(*when).as_secs_f64();
            ((left.as_secs_f64() - real).abs() / real, real, left.as_secs_f64())
        });
    let (off, real, left) = judged.fold((0f64, 0f64, 0f64), |most, one| if one.0 > most.0 { one } else { most });
    if let Some(changed) = changed {
        eprintln!("changed after {:.1} s", changed.duration_since(began).as_secs_f64());
    }
    eprintln!("worst: {left:.1} s were foreseen and it took {real:.1} s");
    let (sent, refused) = (channel.sent.load(Ordering::Relaxed), channel.refused.load(Ordering::Relaxed));
    assert_eq!(sent, COMMENTS / 3, "each went once");
    println!(
        "A burst of {COMMENTS} comments: accepted in {:.1} s, decided in {:.1} s, {sent} effects sent in {:.0} s at {per_second} a \
         second and then half of it, {refused} refused by `429`; the forecast was off by {:.0} % at most once the change \
         could be known; {} MiB of memory more at most",
        accepted.as_secs_f64(),
        decided.as_secs_f64(),
        drained.duration_since(began).as_secs_f64(),
        off * 100.0,
        peak_memory()?.saturating_sub(before) >> 10,
    );
    Ok(())
}
