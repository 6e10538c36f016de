//! Conformance cases: files beside one another that say what a replay must give.
//!
//! A case is `NAME.workspace.json` with `NAME.history.jsonl`, `NAME.expect.jsonl` and perhaps
//! `NAME.state.json`; or with `NAME.faults.json`, a list of paths, where the document is invalid.

use crate::{
    Format,
    expect::{compare_records, compare_state},
    read_workspace, replay_all,
};
use chatsparks_core::{Engine, Problem};
use serde_json::Value;
use std::{collections::BTreeSet, fmt, fs, io, path::Path};

/// What came of each case, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The cases that ran.
    pub cases: Vec<CaseReport>,
}

/// What came of one case.
#[derive(Clone, PartialEq, Eq)]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// What did not fit; nothing: it passed.
    pub misfits: Vec<String>,
}

impl fmt::Debug for CaseReport {
    /// Without the texts of the records that did not fit.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let misfits = self.misfits.len();
        out.debug_struct("CaseReport").field("name", &self.name).field("misfits", &misfits).finish()
    }
}

impl Report {
    /// Whether every case passed; also when there was none.
    pub fn passed(&self) -> bool {
        self.failed().next().is_none()
    }

    /// The cases that failed.
    pub fn failed(&self) -> impl Iterator<Item = &CaseReport> {
        self.cases.iter().filter(|case| !case.misfits.is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in self.failed() {
            writeln!(out, "{} failed", case.name)?;
            for misfit in &case.misfits {
                writeln!(out, "  {misfit}")?;
            }
        }
        let failed = self.failed().count();
        write!(out, "{} of {} cases passed", self.cases.len() - failed, self.cases.len())
    }
}

/// Runs the cases of a directory whose names begin with one of the prefixes; without any, all of them.
///
/// A prefix is a rule's code: `c1` is the cases `c1-…` and not `c10-…`, and `c` is all of C.
///
/// # Errors
/// When the directory itself cannot be read. What is wrong with a case stands in its report.
pub fn run<P: AsRef<str>>(directory: &Path, prefixes: &[P]) -> io::Result<Report> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        let file = entry?.file_name();
        let name = file.to_str().and_then(|file| file.strip_suffix(".workspace.json"));
        let is_asked =
            |name: &str| prefixes.is_empty() || prefixes.iter().any(|prefix| is_under(name, prefix.as_ref()));
        names.extend(name.filter(|name| is_asked(name)).map(str::to_owned));
    }
    let cases = names.into_iter().map(|name| {
        let misfits = run_case(directory, &name).unwrap_or_else(|error| vec![error]);
        CaseReport { name, misfits }
    });
    Ok(Report { cases: cases.collect() })
}

fn is_under(name: &str, prefix: &str) -> bool {
    let digit = |letter: Option<u8>| letter.is_some_and(|letter| letter.is_ascii_digit());
    name.strip_prefix(prefix).is_some_and(|rest| !(digit(prefix.bytes().next_back()) && digit(rest.bytes().next())))
}

/// Runs one case by its name: what does not fit; an error where it could not run.
fn run_case(directory: &Path, name: &str) -> Result<Vec<String>, String> {
    let path = |ending: &str| directory.join(format!("{name}.{ending}"));
    let workspace = read(&path("workspace.json"))?;
    let faults = path("faults.json");
    if faults.exists() {
        let paths: Vec<String> = serde_json::from_slice(&read(&faults)?).map_err(told(&faults))?;
        return Ok(compare_faults(&paths, &faults_of(&workspace)));
    }
    let expected = lines(&path("expect.jsonl"))?;
    let history = path("history.jsonl");
    let mut records = Vec::new();
    let replay = replay_all(&workspace, Format::Json, &*read(&history)?, &history.to_string_lossy(), |record| {
        records.push(serde_json::to_value(record)?);
        Ok(())
    });
    let replay = replay.map_err(|error| error.to_string())?;
    let mut misfits = compare_records(&expected, &records);
    let state = path("state.json");
    if state.exists() {
        let wanted: Value = serde_json::from_slice(&read(&state)?).map_err(told(&state))?;
        let found = serde_json::to_value(replay.state()).map_err(told(&state))?;
        misfits.extend(compare_state(&wanted, &found).into_iter().map(|misfit| format!("state: {misfit}")));
    }
    Ok(misfits)
}

fn faults_of(workspace: &[u8]) -> Vec<Problem> {
    match read_workspace(workspace, Format::Json) {
        Ok(workspace) => Engine::check(&workspace).faults,
        Err(error) => vec![error.into()],
    }
}

/// Every path must have a fault at it or below it, and there may be no other fault.
fn compare_faults(paths: &[String], faults: &[Problem]) -> Vec<String> {
    let covers = |path: &str, fault: &str| {
        fault.strip_prefix(path).is_some_and(|rest| rest.is_empty() || path.is_empty() || rest.starts_with(['.', '[']))
    };
    let missing = paths.iter().filter(|path| !faults.iter().any(|fault| covers(path, &fault.path)));
    let other = faults.iter().filter(|fault| !paths.iter().any(|path| covers(path, &fault.path)));
    missing
        .map(|path| format!("no fault at `{path}`"))
        .chain(other.map(|fault| format!("a fault that is not expected: {fault}")))
        .collect()
}

fn lines(path: &Path) -> Result<Vec<Value>, String> {
    let text = String::from_utf8(read(path)?).map_err(told(path))?;
    let lines = text.lines().filter(|line| !line.trim_ascii().is_empty());
    lines.map(|line| serde_json::from_str(line).map_err(told(path))).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(told(path))
}

fn told<E: fmt::Display>(path: &Path) -> impl Fn(E) -> String + '_ {
    move |error| format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatsparks_core::ProblemCode;

    #[test]
    fn a_prefix_is_a_rules_code() {
        for (name, prefix, under) in [
            ("c1-own", "c1", true),
            ("c10-own", "c1", false),
            ("c10-own", "c", true),
            ("mix-1", "mix", true),
            ("n3-x", "c", false),
        ] {
            assert_eq!(is_under(name, prefix), under, "{name} {prefix}");
        }
    }

    #[test]
    fn f10_faults_stand_at_the_paths_or_below_them_and_nowhere_else() {
        let fault = |path: &str| Problem::new(path, ProblemCode::Empty, "empty");
        let paths = |list: &[&str]| list.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        for (wanted, found, misfits) in [
            (vec!["a[0].b"], vec!["a[0].b"], 0),
            (vec!["a[0]"], vec!["a[0].b", "a[0].c[1]"], 0),
            (vec!["a[1]"], vec!["a[10]"], 2),
            (vec!["a"], vec![], 1),
            (vec![], vec!["a"], 1),
        ] {
            let faults: Vec<_> = found.iter().map(|path| fault(path)).collect();
            assert_eq!(compare_faults(&paths(&wanted), &faults).len(), misfits, "{wanted:?} {found:?}");
        }
    }
}
