//! `cargo xtask bench`: measures everything, prints the tables, and puts them into `docs/performance.md`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report is what it is for")]

use chatsparks_benches::{
    measure::ROUNDS,
    report::{Row, between_markers, table},
    rows::{compile, conversations, growth, matching, memory, normalise, peers, replay, trials},
    synthetic::Set,
};
use chatsparks_core::{Engine, Instant, Scratch, text::Normaliser};
use clap::Parser;
use std::{
    error::Error,
    fmt::Write as _,
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Measures the engine by turns with what it is held against.
#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    /// Comments in each synthetic set.
    #[arg(long, default_value_t = 20_000)]
    comments: usize,
    /// Only the sections whose names begin with one of these: matching, explaining, trials, normalise, compile,
    /// conversations, growth, replay, memory, peers.
    sections: Vec<String>,
    /// Put the tables into `docs/performance.md`; only with every section.
    #[arg(long)]
    write: bool,
    /// Measure nothing: run one piece of work over and over, for a profiler.
    #[arg(long, value_name = "judge|bare|fires|compile|check|words|read|replay|alone|decisions")]
    profile: Option<String>,
    /// How often, for a profiler.
    #[arg(long, default_value_t = 10)]
    times: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    if let Some(work) = &arguments.profile {
        if !replay::profile(work, arguments.times, &root().join("examples"))? {
            profile(work, arguments.times, &Set::new(10_000, arguments.comments));
        }
        return Ok(());
    }
    let report = report(&arguments)?;
    println!("{report}");
    if arguments.write {
        let page = root().join("docs/performance.md");
        let document = fs::read_to_string(&page)?;
        fs::write(page, between_markers(&document, &report)?)?;
    }
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn report(arguments: &Arguments) -> Result<String, Box<dyn Error>> {
    if arguments.write && !arguments.sections.is_empty() {
        return Err("only a run of every section is written down".into());
    }
    let asked = |name: &str| {
        let asked = arguments.sections.is_empty() || arguments.sections.iter().any(|section| name.starts_with(section));
        if asked {
            eprintln!("measuring: {name}");
        }
        asked
    };
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    let histories = replay::histories(&root().join("examples"));
    let sets = matching::Sets::new(arguments.comments);
    let [_, hundred, thousand, most] = &sets.all;
    let mut out = format!("{}\n", machine());
    describe(&mut out, &sets);
    let mut section = |title: &str, rows: &[Row]| {
        let _ = write!(out, "\n### {title}\n\n{}", table(rows));
    };
    let mut notes = Vec::new();
    if asked("matching") {
        section("From text to verdict", &matching::rows(&sets));
    }
    if asked("explaining") {
        section("Records and explanations", &matching::explaining(&sets));
    }
    if asked("trials") {
        section("Trials", &trials::rows());
    }
    if asked("normalise") {
        let real: Vec<String> = histories.iter().flatten().flat_map(|history| history.texts()).collect();
        section("Normalising", &normalise::rows(most, &real));
    }
    if asked("compile") {
        section("Compiling and checking", &compile::rows(most));
    }
    if asked("conversations") {
        section("Conversations, orders and timers", &conversations::rows());
    }
    if asked("growth") {
        section("What must not grow", &growth::rows());
    }
    if asked("replay") {
        match &histories {
            Ok(histories) => {
                let rows: Vec<Row> = histories.iter().flat_map(replay::rows).collect();
                section("Replaying the example shop", &rows);
            }
            Err(error) => notes.push(format!("The example shop was not replayed: {error}.")),
        }
    }
    if asked("memory") {
        section("Memory", &memory::rows(benches)?);
    }
    if asked("peers") {
        let (rows, absent) = peers::rows(hundred, thousand, benches);
        section("Other engines", &rows);
        notes.extend(absent);
    }
    notes.iter().for_each(|note| {
        let _ = write!(out, "\n{note}\n");
    });
    Ok(out)
}

/// The machine's class and the date.
fn machine() -> String {
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")).and_then(|line| line.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let today = Instant::from_milliseconds(i64::try_from(now).unwrap_or_default()).to_string();
    let date = today.split('T').next().unwrap_or_default().to_owned();
    format!(
        "Measured on {date}, {cores} virtual cores of {} ({}, {}), the least of {ROUNDS} rounds or more.",
        model.unwrap_or("an unknown processor"),
        std::env::consts::ARCH,
        std::env::consts::OS,
    )
}

fn describe(out: &mut String, sets: &matching::Sets) {
    let _ = writeln!(
        out,
        "\n| triggers | distinct words | automaton | comments | mean bytes | pure ASCII | with a winner |"
    );
    let _ = writeln!(out, "| --- | --- | --- | --- | --- | --- | --- |");
    for set in &sets.all {
        let count = set.comments.len();
        let percent = |part: usize| 100.0 * part as f64 / count as f64;
        let ascii = set.comments.iter().filter(|comment| comment.text.as_str().is_ascii()).count();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {count} | {:.1} | {:.1} % | {:.1} % |",
            set.triggers,
            compile::words(&set.workspace).len(),
            if set.engine.is_dfa() { "DFA" } else { "contiguous NFA" },
            set.mean_bytes(),
            percent(ascii),
            percent(set.wins.iter().filter(|wins| **wins).count()),
        );
    }
}

fn profile(work: &str, times: usize, set: &Set) {
    let (mut scratch, mut normaliser, mut out) = (Scratch::default(), Normaliser::new(), String::new());
    let fires = matching::envelopes(set, true);
    for _ in 0..times {
        match work {
            "judge" => _ = black_box(matching::judge_all(&set.engine, set, &mut scratch)),
            "bare" => _ = black_box(matching::bare(&set.engine, set, &mut normaliser, &mut out)),
            "fires" => _ = black_box(matching::decide_all(&set.engine, &fires, &mut scratch)),
            "compile" => drop(black_box(Engine::compile(set.workspace.clone()))),
            "check" => drop(black_box(Engine::check(&set.workspace))),
            _ => drop(black_box(compile::words(&set.workspace))),
        }
    }
}
