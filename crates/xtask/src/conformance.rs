//! `cargo xtask conformance`: replays the cases that any build must pass.

use crate::{Result, root};
use chatsparks_replay::conformance;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where the cases lie when nobody says otherwise, seen from the root. They are no part of the repository.
const CASES: &str = "../shared/conformance";

/// The prefixes that CI replays, seen from the root.
const LISTED: &str = ".ci/conformance-prefixes";

/// Replays the cases of a folder: the first argument, when it names one, then prefixes of names; none: every case.
pub(crate) fn run(mut arguments: Vec<String>) -> Result {
    let is_folder = |argument: &&String| argument.contains(['/', '\\']) || Path::new(argument.as_str()).is_dir();
    if arguments.first().as_ref().is_some_and(is_folder) {
        let prefixes = arguments.split_off(1);
        return replay(Path::new(&arguments[0]), &prefixes);
    }
    replay_where_present(&arguments)
}

/// Replays the cases by the committed list of prefixes.
pub(crate) fn listed() -> Result {
    let list = fs::read_to_string(root().join(LISTED)).map_err(|error| format!("`{LISTED}`: {error}"))?;
    let prefixes: Vec<String> = prefixes(&list).map(str::to_owned).collect();
    if prefixes.is_empty() {
        return Err(format!("`{LISTED}` lists no prefix").into());
    }
    replay_where_present(&prefixes)
}

fn prefixes(list: &str) -> impl Iterator<Item = &str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn replay_where_present(prefixes: &[String]) -> Result {
    let folder: PathBuf = root().join(CASES);
    if folder.is_dir() {
        return replay(&folder, prefixes);
    }
    println!("there are no conformance cases at `{CASES}`: passed over");
    Ok(())
}

/// Replays the cases of a folder, tells what became of each, and fails when one did not pass or a prefix has none.
fn replay(folder: &Path, prefixes: &[String]) -> Result {
    let report = conformance::run(folder, prefixes)
        .map_err(|error| format!("`{}` cannot be read: {error}", folder.display()))?;
    for case in &report.cases {
        println!("{} {}", if case.misfits.is_empty() { "passed" } else { "FAILED" }, case.name);
        for misfit in &case.misfits {
            println!("    {}", misfit.replace('\n', "\n    "));
        }
    }
    let failed = report.failed().count();
    println!("\n{} passed, {failed} failed", report.cases.len() - failed);
    let without: Vec<&str> = prefixes
        .iter()
        .map(String::as_str)
        .filter(|prefix| !report.cases.iter().any(|case| case.name.starts_with(prefix)))
        .collect();
    if failed > 0 {
        Err(format!("{failed} conformance cases failed").into())
    } else if !without.is_empty() {
        Err(format!("no conformance case begins with {}", without.join(", ")).into())
    } else if report.cases.is_empty() {
        Err(format!("`{}` holds no conformance case", folder.display()).into())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::prefixes;

    #[test]
    fn a_list_has_one_prefix_a_line_and_comments() {
        assert_eq!(prefixes("# cases\nt2\n\n  f10 \n#n").collect::<Vec<_>>(), ["t2", "f10"]);
    }
}
