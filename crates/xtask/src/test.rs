//! `cargo xtask test`: every test of the workspace, and how many there were.

use crate::{
    Result, cluster, root,
    run::{cargo, shown},
};
use std::{
    env, fs,
    hash::{DefaultHasher, Hasher},
    io::{BufRead, BufReader},
    process::Stdio,
};

/// With what random cases begin, where the library of properties looks for it.
const SEED: &str = "PROPTEST_RNG_SEED";

/// How many tests of a binary run at once. Those that take longest start programs and wait for them: twice as many as there
/// are processors keep these at work.
const THREADS: &str = "RUST_TEST_THREADS";

/// What the test binaries counted, all together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Runs unit, snapshot, property and documentation tests, and closes with their number.
///
/// Tests of stores start servers of their own; their programs are brought first, where they are missing.
pub(crate) fn run() -> Result {
    cluster::install()?;
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    if env::var_os(SEED).is_none() {
        let seed = seed_of_the_code()?;
        println!("{SEED}={seed}");
        command.env(SEED, seed.to_string());
    }
    if env::var_os(THREADS).is_none() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        command.env(THREADS, (2 * cores).to_string());
    }
    println!("$ {}", shown(&command));
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut count = Count::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            count.take(&line);
        }
    }
    let status = child.wait()?;
    println!("\n{} passed, {} failed, {} skipped", count.passed, count.failed, count.skipped);
    if !status.success() {
        Err("tests failed, or did not compile".into())
    } else if count.passed == 0 {
        Err("no test ran".into())
    } else {
        Ok(())
    }
}

/// A number read off the code at hand, so that it is asked the same wherever it is tested, and what is changed something
/// else (decision 059).
fn seed_of_the_code() -> Result<u64> {
    let (mut folders, mut files) = (vec![root().join("crates")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    // Its keys are always the same.
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(&fs::read(file)?);
    }
    Ok(hasher.finish())
}

impl Count {
    /// Adds a closing line of a test binary, such as
    /// `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`.
    fn take(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        for part in counts.split("; ") {
            let Some((number, word)) = part.split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Count;
    use crate::root;
    use std::{fs, path::PathBuf};

    /// A file that no binary takes in would be compiled by nobody, and nothing would say so.
    #[test]
    fn every_file_of_tests_belongs_to_a_binary() {
        let inside = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
        let mut seen = 0;
        for package in inside(root().join("crates")) {
            let Ok(main) = fs::read_to_string(package.join("tests/main.rs")) else { continue };
            let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
            for path in inside(package.join("tests")) {
                let code = path.extension().is_some_and(|extension| extension == "rs")
                    || ["mod.rs", "main.rs"].iter().any(|file| path.join(file).exists());
                let name = path.file_stem().unwrap().to_string_lossy();
                if code && name != "main" {
                    let belongs = main.contains(&format!("\nmod {name};\n"))
                        || manifest.contains(&format!("[[test]]\nname = \"{name}\"\n"));
                    assert!(belongs, "{} is in no test binary: name it in `main.rs`", path.display());
                    seen += 1;
                }
            }
        }
        assert!(seen > 50, "{seen} files were looked at");
    }

    #[test]
    fn closing_lines_are_added_up_and_others_passed_over() {
        let mut count = Count::default();
        for line in [
            "running 6 tests",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
            "test tests::a ... ok",
        ] {
            count.take(line);
        }
        assert_eq!(count, Count { passed: 7, failed: 3, skipped: 1 });
    }
}
