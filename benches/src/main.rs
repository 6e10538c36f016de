//! `cargo xtask bench`.
#![allow(clippy::print_stdout)]
use chatsparks_benches::{
    measure,
    report::{Row, table},
    rows,
    synthetic::Set,
};
fn main() {
    if std::env::args().nth(1).as_deref() == Some("profile") {
        let what = std::env::args().nth(2).unwrap_or_default();
        let rounds: usize = std::env::args().nth(3).and_then(|r| r.parse().ok()).unwrap_or(10);
        let n: usize = std::env::args().nth(4).and_then(|r| r.parse().ok()).unwrap_or(10_000);
        let set = Set::new(n, 10_000);
        let mut scratch = Default::default();
        let (mut normaliser, mut out) = (chatsparks_core::text::Normaliser::new(), String::new());
        for _ in 0..rounds {
            match what.as_str() {
                "judge" => drop(rows::matching::judge_all(&set.engine, &set, &mut scratch)),
                "bare" => drop(rows::matching::bare(&set.engine, &set, &mut normaliser, &mut out)),
                "fire" | "no" => {
                    let e = rows::matching::envelopes(&set, what == "fire");
                    for _ in 0..10 {
                        std::hint::black_box(rows::matching::decide_all(
                            &set.engine,
                            &e[..e.len().min(500)],
                            &mut scratch,
                        ));
                    }
                }
                "compile" => drop(chatsparks_core::Engine::compile(set.workspace.clone())),
                "nfa" => {
                    let w = rows::compile::words(&set.workspace);
                    drop(aho_corasick::nfa::contiguous::Builder::new().prefilter(false).build(&w));
                }
                _ => {}
            }
        }
        return;
    }
    let sets = rows::matching::Sets::new(20_000);
    for set in &sets.all {
        println!(
            "{} triggers: mean {:.1} B, ascii {:.1} %, wins {:.1} %, dfa {}, {} words",
            set.triggers,
            set.mean_bytes(),
            100.0 * set.comments.iter().filter(|c| c.text.as_str().is_ascii()).count() as f64
                / set.comments.len() as f64,
            100.0 * set.wins.iter().filter(|w| **w).count() as f64 / set.wins.len() as f64,
            set.engine.is_dfa(),
            rows::compile::words(&set.workspace).len()
        );
    }
    let mut all: Vec<Row> = rows::matching::rows(&sets);
    all.extend(rows::matching::explaining(&sets));
    all.extend(rows::normalise::rows(&sets.all[3], &[]));
    all.extend(rows::compile::rows(&sets.all[3]));
    println!("{}", table(&all));
    let _ = measure::ROUNDS;
}
