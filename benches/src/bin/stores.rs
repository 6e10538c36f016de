//! What a store takes: `cargo run --release -p chatsparks-benches --bin stores`, with the name of one part if only that
//! is wanted (accept, thousand, hundred, one, hot). Prints a table of rates and ratios.
//!
//! Everything is measured against the same crate that inserts the same rows into the same schema with the same pragmas,
//! by turns, and the best of some rounds counts. One millisecond is added to each sync, of ours and of the bare ones
//! alike, so that the disk's own speed does not decide. What is decided is decided by the runtime, as in a service: it
//! takes in the next body while it decides the last one.
#![allow(clippy::print_stdout, reason = "the report is what it is for")]

use chatsparks_core::{Event, Instant, Message, Text, workspace::Workspace};
use chatsparks_ports::{Input, Log, ManualClock, Shard, Stamp};
use chatsparks_runtime::{ClockMode, NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::{
    build::workspace,
    store_suite::make::{at, comment},
};
use rusqlite::{Connection, types::Value};
use std::{
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant as Moment},
};
use tempfile::TempDir;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is added to each sync.
const SYNC: Duration = Duration::from_millis(1);

/// Rounds: the best counts.
const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        println!(
            "| what | events a second | held against | events a second | ratio |\n| --- | --- | --- | --- | --- |"
        );
        let only = std::env::args().nth(1);
        let asked = |name: &str| only.as_deref().is_none_or(|only| only == name);
        if asked("accept") {
            appends().await?;
        }
        for (name, batch, batches) in [("thousand", 1_000, 40), ("hundred", 100, 40), ("one", 1, 200)] {
            if asked(name) {
                whole(batch, batches).await?;
            }
        }
        if asked("hot") {
            hot().await?;
        }
        Ok(())
    })
}

fn tell(what: &str, rate: f64, against: &str, other: f64) {
    println!("| {what} | {rate:.0} | {against} | {other:.0} | {:.2} |", rate / other);
}

/// A new file's store.
fn store() -> Result<(SqliteStore, TempDir)> {
    let directory = tempfile::tempdir_in(here())?;
    let mut options = Options::default();
    options.sync_takes = SYNC;
    Ok((SqliteStore::open(directory.path().join("store.db"), options)?, directory))
}

/// On the disk, and not in memory, as a temporary directory may be.
fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}

fn shard() -> Shard {
    Shard { workspace: "glow".into(), partition: 0 }
}

/// The events of a burst: two thirds comments, half of which fire; a third messages. Every other event is of somebody
/// new.
fn event(n: usize) -> Event {
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

fn inputs(from: usize, many: usize) -> Vec<(Shard, Input)> {
    let input =
        |n: usize| Input { id: format!("7501{n:015}").into(), stamp: Stamp::Received(instant(n)), event: event(n) };
    (from..from + many).map(|n| (shard(), input(n))).collect()
}

fn instant(n: usize) -> Instant {
    at(n as i64)
}

fn per_second(events: usize, took: Duration) -> f64 {
    events as f64 / took.as_secs_f64()
}

/// A file with our schema and pragmas, written to by nobody but rusqlite.
fn bare() -> Result<(Connection, TempDir)> {
    let (store, directory) = store()?;
    let path = store.path().to_owned();
    drop(store);
    let bare = Connection::open(path)?;
    bare.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    bare.execute_batch("PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4096")?;
    bare.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    bare.set_prepared_statement_cache_capacity(64);
    Ok((bare, directory))
}

/// Rows of a table.
type Rows = (&'static str, Vec<Vec<Value>>);

fn insert(bare: &Connection, rows: &[Rows]) -> Result<()> {
    for (table, rows) in rows {
        let Some(first) = rows.first() else { continue };
        let marks = vec!["?"; first.len()].join(", ");
        let mut insert = bare.prepare_cached(&format!("INSERT OR REPLACE INTO {table} VALUES ({marks})"))?;
        for row in rows {
            insert.execute(rusqlite::params_from_iter(row))?;
        }
    }
    Ok(())
}

/// Writes each list of rows in a transaction of its own; how long that took.
fn insert_all(batches: &[Vec<Rows>]) -> Result<Duration> {
    let (bare, _directory) = bare()?;
    let began = Moment::now();
    for rows in batches {
        bare.execute_batch("BEGIN IMMEDIATE")?;
        insert(&bare, rows)?;
        bare.execute_batch("COMMIT")?;
        std::thread::sleep(SYNC);
    }
    Ok(began.elapsed())
}

/// What a query finds.
fn found(file: &Connection, sql: &str) -> Result<Vec<Vec<Value>>> {
    let mut statement = file.prepare(sql)?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How long so many batches take to be accepted.
async fn append(batch: usize, batches: usize) -> Result<Duration> {
    let (store, _directory) = store()?;
    let all: Vec<_> = (0..batches).map(|n| inputs(n * batch, batch)).collect();
    let began = Moment::now();
    for inputs in all {
        store.append(inputs).await?;
    }
    Ok(began.elapsed())
}

/// The same with so many who each bring one event after another.
async fn together(submitters: usize, each: usize) -> Result<Duration> {
    let (store, _directory) = store()?;
    let all: Vec<Vec<_>> =
        (0..submitters).map(|who| (0..each).map(|n| inputs(n * submitters + who, 1)).collect()).collect();
    let began = Moment::now();
    let mut running = Vec::new();
    for inputs in all {
        let store = store.clone();
        running.push(tokio::spawn(async move {
            for input in inputs {
                store.append(input).await?;
            }
            Ok::<_, chatsparks_ports::StoreError>(())
        }));
    }
    for one in running {
        one.await??;
    }
    Ok(began.elapsed())
}

async fn appends() -> Result<()> {
    const ONE: usize = 300;
    let (store, directory) = store()?;
    store.append(inputs(0, ONE)).await?;
    drop(store);
    let log = found(&Connection::open(directory.path().join("store.db"))?, "SELECT * FROM log ORDER BY position")?;
    let singles: Vec<Vec<Rows>> = log.into_iter().map(|row| vec![("log", vec![row])]).collect();
    let mut best = [0f64; 6];
    for _ in 0..ROUNDS {
        let rates = [
            per_second(ONE, insert_all(&singles)?),
            per_second(ONE, append(1, ONE).await?),
            per_second(100 * 60, append(100, 60).await?),
            per_second(1_000 * 20, append(1_000, 20).await?),
            per_second(64 * 60, append(64, 60).await?),
            per_second(64 * 60, together(64, 60).await?),
        ];
        best = std::array::from_fn(|n| best[n].max(rates[n]));
    }
    let [raw, one, hundred, thousand, sixty_four, submitters] = best;
    tell("accept, batch 1", one, "a bare insert each", raw);
    tell("accept, batch 100", hundred, "batch 1", one);
    tell("accept, batch 1,000", thousand, "batch 1", one);
    tell("accept, 64 at once", submitters, "batch 64", sixty_four);
    Ok(())
}

fn shop() -> Workspace {
    let words = (0..30).fold(workspace(), |shop, n| {
        let word = format!("word{n}");
        shop.says(&format!("f{n}"), "hello").trigger(&format!("t{n}"), &[word.as_str()], &format!("f{n}"))
    });
    words.says("price", "It is 590 THB, shall I send you the link?").trigger("price", &["price"], "price").build()
}

fn events(from: usize, many: usize) -> Vec<NewEvent> {
    let new = |n: usize| NewEvent { id: format!("7501{n:015}").into(), at: Some(instant(n)), event: event(n) };
    (from..from + many).map(new).collect()
}

/// A runtime of so many workspaces.
async fn run(store: &SqliteStore, batch: usize, workspaces: usize) -> Result<Runtime<SqliteStore>> {
    let mut settings = Settings::default();
    (settings.batch, settings.trust_at, settings.clock) = (batch, true, ClockMode::Events);
    let setup = |n: usize| {
        let mut shop = shop();
        if n > 0 {
            shop.workspace.id = format!("glow{n}").as_str().into();
        }
        WorkspaceSetup::new(shop, "digest")
    };
    let setups = (0..workspaces).map(setup).collect();
    Ok(Runtime::start(Arc::new(store.clone()), Arc::new(ManualClock::new(at(0))), settings, setups).await?)
}

/// Waits until everything that was accepted is decided and committed.
async fn settled(runtime: &Runtime<SqliteStore>) {
    let mut commits = runtime.commits();
    while runtime.health().await.shards.iter().any(|shard| shard.lag > 0) {
        let _ = tokio::time::timeout(Duration::from_millis(5), commits.changed()).await;
    }
}

/// Accepted, decided and committed, against the same rows inserted: each batch in two transactions, as here.
async fn whole(batch: usize, batches: usize) -> Result<()> {
    let mut rows = Vec::new();
    let (mut ours, mut bare) = (0f64, 0f64);
    for _ in 0..ROUNDS {
        let (store, directory) = store()?;
        let runtime = run(&store, batch, 1).await?;
        let all: Vec<_> = (0..batches).map(|n| events(n * batch, batch)).collect();
        let began = Moment::now();
        for events in all {
            runtime.accept(&shard().workspace, events).await?;
        }
        settled(&runtime).await;
        ours = ours.max(per_second(batch * batches, began.elapsed()));
        runtime.stop(Duration::from_secs(10)).await;
        drop(runtime);
        drop(store);
        if rows.is_empty() {
            rows = written(&directory.path().join("store.db"), batch, batches)?;
        }
        bare = bare.max(per_second(batch * batches, insert_all(&rows)?));
    }
    tell(&format!("accept, decide and commit, batch {batch}"), ours, "the same rows, inserted", bare);
    Ok(())
}

/// Everything to one workspace of a hundred, against events spread over all of them.
async fn hot() -> Result<()> {
    const WORKSPACES: usize = 100;
    const EVENTS: usize = 20_000;
    let mut best = [0f64; 2];
    for _ in 0..ROUNDS {
        for (one, is_spread) in best.iter_mut().zip([false, true]) {
            let (store, _directory) = store()?;
            let runtime = run(&store, 1_000, WORKSPACES).await?;
            let began = Moment::now();
            for n in 0..EVENTS / 200 {
                let id =
                    if is_spread && n % WORKSPACES > 0 { format!("glow{}", n % WORKSPACES) } else { "glow".into() };
                runtime.accept(&id.as_str().into(), events(n * 200, 200)).await?;
            }
            settled(&runtime).await;
            *one = one.max(per_second(EVENTS, began.elapsed()));
            runtime.stop(Duration::from_secs(10)).await;
        }
    }
    tell("one hot workspace of a hundred", best[0], "events spread over all", best[1]);
    Ok(())
}

/// The rows that each batch wrote: those of the log, and the others.
fn written(path: &Path, batch: usize, batches: usize) -> Result<Vec<Vec<Rows>>> {
    let file = Connection::open(path)?;
    let mut all = Vec::new();
    for n in 0..batches {
        let (from, to) = (n * batch, (n + 1) * batch);
        let (first, last) = (instant(from).as_milliseconds(), instant(to).as_milliseconds());
        let end = if n + 1 == batches { i64::MAX } else { last };
        all.push(vec![(
            "log",
            found(&file, &format!("SELECT * FROM log WHERE position > {from} AND position <= {to}"))?,
        )]);
        let at = format!("at >= {first} AND at < {end}");
        let contacts = format!("user_id IN (SELECT user_id FROM log WHERE position > {from} AND position <= {to})");
        let effects = format!("seq IN (SELECT seq FROM record WHERE {at})");
        all.push(vec![
            ("contact", found(&file, &format!("SELECT * FROM contact WHERE {contacts}"))?),
            ("seen", found(&file, &format!("SELECT * FROM seen WHERE {at}"))?),
            (
                "item",
                found(
                    &file,
                    &format!(
                        "SELECT * FROM item WHERE name IN (SELECT id FROM effect WHERE {effects}) OR kind = 'clock'"
                    ),
                )?,
            ),
            ("record", found(&file, &format!("SELECT * FROM record WHERE {at}"))?),
            ("effect", found(&file, &format!("SELECT * FROM effect WHERE {effects}"))?),
            ("shard", found(&file, "SELECT * FROM shard")?),
        ]);
    }
    let records: usize = all.iter().flatten().filter(|(table, _)| *table == "record").map(|(_, rows)| rows.len()).sum();
    let expected: usize =
        file.query_row("SELECT count(*) FROM record", [], |row| row.get(0).map(|n: i64| n as usize))?;
    assert_eq!(records, expected, "a benchmark that inserts other rows measures something else");
    Ok(all)
}
