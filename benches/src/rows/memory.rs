//! Memory, counted by a program of its own (`src/bin/memory.rs`).

use crate::report::{Row, Target};
use serde::Deserialize;
use std::{collections::BTreeMap, error::Error, path::Path, process::Command};

#[derive(Deserialize)]
struct Count {
    what: String,
    bytes: f64,
}

/// The rows on memory.
///
/// # Errors
/// When the counting program cannot be built or run.
pub fn rows(benches: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let counted = Command::new(cargo)
        .args(["run", "--release", "--locked", "--quiet", "--package", "chatsparks-benches", "--bin", "memory"])
        .current_dir(benches)
        .output()?;
    if !counted.status.success() {
        return Err(String::from_utf8_lossy(&counted.stderr).into());
    }
    let lines = std::str::from_utf8(&counted.stdout)?.lines();
    let counts = lines.map(serde_json::from_str::<Count>).collect::<Result<Vec<_>, _>>()?;
    let counts: BTreeMap<String, f64> = counts.into_iter().map(|count| (count.what, count.bytes)).collect();
    let of = |what: &str| counts.get(what).copied().ok_or_else(|| format!("`{what}` was not counted"));
    const MIB: f64 = 1_048_576.0;
    let engine = Target::AtMost(16.0 * MIB, 8.0 * MIB);
    Ok(vec![
        Row::size(
            "engine at 10,000 triggers: heap beside the document, counted by the allocator",
            of("engine")?,
            engine,
        ),
        Row::size("the same by `Engine::memory_usage`", of("engine_by_its_own_word")?, engine),
        Row::size(
            "contact with one throttle, heap included, 20-byte user id",
            of("contact")?,
            Target::AtMost(256.0, 128.0),
        ),
        Row::size("contact mid-flow, nothing captured", of("contact_mid_flow")?, Target::AtMost(600.0, 500.0)),
        Row {
            value: of("record_at_10000")? / of("record_at_10")?,
            ours: crate::report::size(of("record_at_10000")?),
            against: crate::report::size(of("record_at_10")?),
            ..Row::size("size of a comment's record at 10,000 ÷ at 10 triggers", 0.0, Target::AtMost(1.0, 1.0))
        },
        Row {
            value: of("insights_of_many")? / of("insights_of_few")?,
            ours: crate::report::size(of("insights_of_many")?),
            against: crate::report::size(of("insights_of_few")?),
            ..Row::size(
                "insights: heap after 10,000,000 facts ÷ after 10,000 of the same groups",
                0.0,
                Target::AtMost(1.05, 1.0),
            )
        },
    ])
}
