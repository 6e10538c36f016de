//! `cargo xtask ci`: all that has to hold before a change lands.
//!
//! Quick steps come first. All of them run, whatever fails, so that one run tells everything; the names of those
//! that failed are the last words.

use crate::{
    Result, conformance, console, core_alone, deny, public_api, root,
    run::{cargo, run},
    test, unicode,
};
use std::{
    fs,
    time::{Duration, Instant},
};

/// A step: what it is called, and what it does.
type Step = (&'static str, fn() -> Result);

const STEPS: &[Step] = &[
    ("format", format),
    ("libraries: licences, bans, sources", deny::run),
    ("the core alone", core_alone::run),
    ("clippy", clippy),
    ("fuzz targets compile", fuzz),
    ("Unicode tables are those of ICU4X", tables),
    ("tests", test::run),
    ("the console in a browser", browser),
    ("conformance", conformance::listed),
    ("documentation", documentation),
    ("public names", public_names),
];

/// Runs every step; fails when one did.
pub(crate) fn run_all() -> Result {
    let begin = Instant::now();
    let mut failed = Vec::new();
    for (number, (name, step)) in STEPS.iter().enumerate() {
        println!("\n=== {} of {}: {name}", number + 1, STEPS.len());
        let begin = Instant::now();
        let result = step();
        let took = seconds(begin.elapsed());
        match result {
            Ok(()) => println!("=== {name}: done in {took}"),
            Err(error) => {
                println!("{error}\n=== {name}: FAILED after {took}");
                failed.push(*name);
            }
        }
    }
    let took = seconds(begin.elapsed());
    match failed.as_slice() {
        [] => {
            println!("\nall {} steps hold, in {took}", STEPS.len());
            Ok(())
        }
        failed => Err(format!("{} of {} steps failed: {}", failed.len(), STEPS.len(), failed.join(" · ")).into()),
    }
}

fn format() -> Result {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run(&mut cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
}

fn clippy() -> Result {
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]))
}

/// They stand outside the workspace. To run they need a nightly toolchain and a C++ compiler; to be checked, neither.
///
/// Their lock file begins as a copy of the workspace's, so that they are built on the same libraries; the fuzzer's own
/// are pinned in their manifest.
fn fuzz() -> Result {
    fs::copy(root().join("Cargo.lock"), root().join("fuzz/Cargo.lock"))?;
    let place = ["--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target"];
    run(cargo(&["check", "--no-default-features"]).args(place))
}

fn tables() -> Result {
    unicode::run(true)
}

fn browser() -> Result {
    console::with_what_is_built(false)
}

fn documentation() -> Result {
    run(cargo(&["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "--deny warnings"))
}

fn public_names() -> Result {
    public_api::run(true)
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
