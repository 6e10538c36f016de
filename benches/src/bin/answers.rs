//! What answers cost: `cargo run --release -p chatsparks-benches --bin answers`, with the name of one part if only that is
//! wanted (history, overlaps, report, store). It prints a table.
//!
//! Comparing and near misses are held against replaying the same file; an explanation out of a store of a million comments
//! against deciding one comment; the others have a bound of their own.
#![allow(clippy::print_stdout, reason = "the report is what it is for")]

use chatsparks_benches::{
    measure::{by_turns, run, with_setup},
    random::Random,
    report::{size, time},
    synthetic::Set,
};
use chatsparks_core::{CommentId, Engine, Event, Period, workspace::Workspace};
use chatsparks_ports::{Archive, ManualClock};
use chatsparks_replay::{Compare, Format, NearMissSearch, Reader, Replay, read_workspace, report::Report};
use chatsparks_runtime::{ClockMode, NewEvent, Past, Runtime, Settings, Wanted, WorkspaceSetup};
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::{
    build::workspace,
    store_suite::make::{at, comment},
};
use std::{
    error::Error,
    fs::{self, File},
    hint::black_box,
    io::BufReader,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant as Moment},
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds of what takes seconds.
const ROUNDS: usize = 7;
/// Comments of what is called a million.
const MILLION: usize = 1_000_000;

fn main() -> Result<()> {
    let only = std::env::args().nth(1);
    let asked = |name: &str| only.as_deref().is_none_or(|only| only == name);
    println!("| what | takes | held against | takes | ratio | target |\n| --- | --- | --- | --- | --- | --- |");
    if asked("history") {
        history()?;
    }
    if asked("overlaps") {
        overlaps();
    }
    if asked("report") {
        report()?;
    }
    if asked("store") {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(store())?;
    }
    Ok(())
}

fn tell(what: &str, ours: f64, against: Option<(&str, f64)>, target: &str) {
    let (name, other, ratio) = match against {
        Some((name, other)) => (name, time(other), format!("{:.2}", ours / other)),
        None => ("", String::new(), String::new()),
    };
    println!("| {what} | {} | {name} | {other} | {ratio} | {target} |", time(ours));
}

/// Glow's history, under its document and under one with two triggers changed.
fn history() -> Result<()> {
    let (old, file) = glow()?;
    let new = changed(&old)?;
    let lines = || -> Result<_> { Ok(Reader::new(BufReader::new(File::open(&file)?), "history").ahead()) };
    let replayed = |mut watch: NearMissSearch| {
        let mut replay = Replay::new(old.clone());
        for line in lines().into_iter().flatten().flatten() {
            replay.push_observed(&line.envelope, &mut watch);
        }
        watch
    };
    let [replay, compared, nearly] = by_turns(
        ROUNDS,
        [
            run(|| {
                let mut replay = Replay::new(old.clone());
                lines().into_iter().flatten().flatten().for_each(|line| replay.push(&line.envelope, |_| {}));
                replay.records()
            }),
            run(|| {
                let mut comparing = Compare::new(old.clone(), new.clone());
                lines().into_iter().flatten().flatten().for_each(|line| comparing.push(&line.envelope));
                comparing.finish()
            }),
            run(|| replayed(NearMissSearch::new()).find(&old)),
        ],
    );
    let replaying = Some(("replaying it", replay));
    tell("`compare` over glow's comments", compared, replaying, "2.3");
    tell("`near-misses` over glow's comments", nearly, replaying, "10");
    Ok(())
}

fn glow() -> Result<(Engine, PathBuf)> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/glow");
    let document = fs::read(examples.join("workspace.json"))?;
    Ok((Engine::compile(read_workspace(&document, Format::Json)?)?, examples.join("history.jsonl")))
}

/// The same without its first trigger, and with another priority of the second.
fn changed(engine: &Engine) -> Result<Engine> {
    let mut workspace = Workspace::clone(engine.workspace());
    workspace.triggers.remove(0);
    Ok(Engine::compile(workspace)?)
}

/// Of triggers whose keywords are shared as in a shop.
fn overlaps() {
    for (triggers, target) in [(1_000, "2 s"), (10_000, "60 s")] {
        let set = Set::new(triggers, 0);
        let found = set.engine.overlaps();
        let took = with_setup(1, || (), |()| _ = black_box(set.engine.overlaps()));
        tell(&format!("`overlaps` of {triggers} triggers, {} found", found.triggers.len()), took, None, target);
    }
}

/// Glow's comments over and over, other people each time, until there are a million.
fn report() -> Result<()> {
    let (engine, file) = glow()?;
    let mut envelopes = Vec::new();
    for line in Reader::new(BufReader::new(File::open(&file)?), "history") {
        let envelope = line?.envelope;
        if matches!(envelope.event, Event::Comment(_)) {
            envelopes.push(envelope);
        }
    }
    let (Some(first), Some(last)) = (envelopes.first(), envelopes.last()) else { return Err("no comments".into()) };
    let span = last.at.as_milliseconds() - first.at.as_milliseconds() + 1;
    let mut report = Report::new();
    let mut replay = Replay::new(engine);
    let (mut comments, mut copy) = (0, 0);
    'all: loop {
        for envelope in &envelopes {
            let mut envelope = envelope.clone();
            envelope.at = envelope.at.after(Period::milliseconds(span * copy));
            envelope.id = format!("{}-{copy}", envelope.id).into();
            if let Event::Comment(comment) = &mut envelope.event {
                comment.comment_id = format!("{}-{copy}", comment.comment_id).into();
                comment.user_id = format!("{}-{copy}", comment.user_id).into();
            }
            replay.push(&envelope, |record| report.add(record));
            comments += 1;
            if comments == MILLION {
                break 'all;
            }
        }
        copy += 1;
    }
    let page = report.page(replay.engine().workspace());
    println!("| the report of {comments} comments | {} | | | | 2 MB |", size(page.len() as f64));
    Ok(())
}

/// Explaining comments of a store that has a million of them, and deciding one.
async fn store() -> Result<()> {
    const CONTACTS: usize = 200_000;
    const ASKED: usize = 500;
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"))?;
    let store = SqliteStore::open(folder.path().join("store.db"), Options::default())?;
    let mut settings = Settings::default();
    (settings.trust_at, settings.clock) = (true, ClockMode::Events);
    let clock = Arc::new(ManualClock::new(at(0)));
    let setup = WorkspaceSetup::new(shop(), "d");
    let runtime = Runtime::start(Arc::new(store.clone()), clock, settings, vec![setup]).await?;
    let id = shop().workspace.id;
    for from in (0..MILLION).step_by(10_000) {
        let new = |n: usize| NewEvent {
            id: format!("e{n:08}").into(),
            at: Some(at(n as i64 * 2_000)),
            event: commented(n, CONTACTS),
        };
        runtime.accept(&id, (from..from + 10_000).map(new).collect()).await?;
    }
    while runtime.health().await.shards.iter().any(|shard| shard.lag > 0) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut random = Random::new(7);
    let mut took = Vec::new();
    let mut lived = Vec::new();
    for _ in 0..ASKED {
        let n = random.below(MILLION);
        let comment_id = CommentId::from(format!("73{n:017}"));
        let began = Moment::now();
        black_box(runtime.explain(&id, &comment_id, Some("price")).await?);
        took.push(began.elapsed());
        // As the command does: with what only the contact's own past says.
        let began = Moment::now();
        let evaluation = store.evaluation(&id, &comment_id).await?.ok_or("the comment is not kept")?;
        let engine = runtime.engine(&id).ok_or("the workspace is not there")?;
        let wanted = Wanted { comment: Some(comment_id), in_force: Some(engine), ..Wanted::default() };
        let past = Past::of(&store, &id, &evaluation.comment.user_id, &wanted).await?.ok_or("no past")?;
        past.live(|record| _ = black_box(record.seq))?;
        lived.push(began.elapsed());
    }
    for (what, mut took) in [
        ("a comment explained from a store of a million", took),
        ("the same with its contact's past, as the command does", lived),
    ] {
        took.sort_unstable();
        let [median, nearly_all] = [took[ASKED / 2], took[ASKED * 99 / 100]].map(|took| took.as_nanos() as f64);
        tell(&format!("{what}, median"), median, None, "5 ms");
        tell(&format!("{what}, 99 of 100 within"), nearly_all, None, "5 ms");
    }
    runtime.stop(Duration::from_secs(10)).await;
    Ok(())
}

fn shop() -> Workspace {
    let words = (0..30).fold(workspace(), |shop, n| {
        let word = format!("word{n}");
        shop.says(&format!("f{n}"), "hello").trigger(&format!("t{n}"), &[word.as_str()], &format!("f{n}"))
    });
    words.says("price", "It is 590 THB, shall I send you the link?").trigger("price", &["price"], "price").build()
}

/// One comment in three asks for the price; each contact comments five times.
fn commented(n: usize, contacts: usize) -> Event {
    let text = if n.is_multiple_of(3) { "what is the price please" } else { "so beautiful, I want to see more of it" };
    comment(&format!("73{n:017}"), &format!("68000000000000{:07}", n % contacts), text)
}
