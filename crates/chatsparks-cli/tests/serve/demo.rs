//! `chatsparks demo`, run as somebody would who has no terminal at hand.

use assert_cmd::cargo::cargo_bin;
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Output, Stdio},
};

/// The command in a place of its own for temporary directories.
fn demo(place: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin("chatsparks"));
    command.arg("demo").args(arguments).env("TMPDIR", place).env("NO_COLOR", "1").env_remove("RUST_LOG");
    command
}

fn ran(place: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = demo(place, arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn is_empty(place: &Path) -> bool {
    fs::read_dir(place).unwrap().next().is_none()
}

/// The number before a word, thousands and all.
#[track_caller]
fn number(said: &str, after: &str) -> u64 {
    let (before, _) = said.split_once(after).unwrap_or_else(|| panic!("no `{after}` in {said}"));
    let number = before.trim_end().rsplit([' ', '\n']).next().unwrap();
    number.replace(',', "").parse().unwrap()
}

#[test]
fn r1_a_small_day_ends_well_and_leaves_a_database_that_can_be_looked_into() {
    let place = tempfile::tempdir().unwrap();
    let kept = place.path().join("day");
    let (code, said, errors) =
        ran(place.path(), &["--once", "--comments", "300", "--burst", "120", "--keep", kept.to_str().unwrap()]);
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("Nothing lost, nothing done twice"), "{said}");
    assert_eq!(number(&said, "looked at by"), 300, "{said}");
    assert!(number(&said, "done once by the platform") > 100, "{said}");
    assert!(said.contains("Why not?") && said.contains("triggers finds its words in it"), "{said}");
    // What it names is there, and does what it says.
    let database = kept.join("chatsparks.db");
    for arguments in [
        vec!["verify", database.to_str().unwrap()],
        vec!["serve", "--config", kept.join("serve.toml").to_str().unwrap(), "--check"],
    ] {
        let output = Command::new(cargo_bin("chatsparks")).args(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {output:?}");
    }
    let named =
        said.lines().filter_map(|line| line.strip_prefix("  chatsparks ")).filter(|line| !line.starts_with("serve"));
    let named: Vec<&str> = named.collect();
    assert_eq!(named.len(), 3, "{said}");
    for line in named {
        let output = Command::new(cargo_bin("chatsparks")).args(line.split(' ')).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
    }
    // A second day does not begin in the first one's database.
    let (code, _, errors) = ran(place.path(), &["--once", "--keep", kept.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("chatsparks.db` is there already") && errors.contains("new or empty"), "{errors}");
}

#[test]
fn r1_a_service_killed_in_the_burst_loses_nothing_and_does_nothing_twice() {
    let place = tempfile::tempdir().unwrap();
    let (code, said, errors) = ran(place.path(), &["--once", "--crash", "--comments", "500", "--burst", "300"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("The service was killed (SIGKILL)"), "{said}");
    assert!(said.contains("Nothing lost, nothing done twice"), "{said}");
    assert_eq!((number(&said, "without a decision"), number(&said, "with two")), (0, 0), "{said}");
    assert_eq!((number(&said, "not done,"), number(&said, "done twice,")), (0, 0), "{said}");
    assert!(said.contains("nobody was written to twice (0)"), "{said}");
    assert!(is_empty(place.path()), "nothing is left behind");
}

#[test]
fn without_a_terminal_it_goes_on_as_with_once() {
    let place = tempfile::tempdir().unwrap();
    let (code, said, errors) = ran(place.path(), &["--comments", "100", "--seed", "8"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(errors.contains("there is no terminal to draw in: going on as with `--once`"), "{errors}");
    assert!(said.contains("(seed 8)") && said.contains("Its database is gone"), "{said}");
    assert!(is_empty(place.path()));
}

#[test]
fn what_keeps_it_from_beginning_is_told_and_nothing_is_left_behind() {
    let place = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let file = tempfile::NamedTempFile::new().unwrap();
    let below_a_file = file.path().join("day").display().to_string();
    for (arguments, wanted) in [
        (vec!["--once", "--listen", &address], "something else listens there"),
        (vec!["--once", "--listen", "0.0.0.0:0"], "is seen by other machines"),
        (vec!["--once", "--keep", &below_a_file], "cannot write"),
        (vec!["--once", "--keep", "/proc/nothing/day"], "cannot write"),
        (vec!["--once", "--comments", "200", "--burst", "200"], "does not fit"),
        (vec!["--once", "--comments", "99"], "99 is not in 100.."),
    ] {
        let (code, said, errors) = ran(place.path(), &arguments);
        assert_eq!((code, said.as_str()), (Some(2), ""), "{arguments:?} {errors}");
        assert!(errors.contains(wanted), "{arguments:?}: {errors}");
        assert!(is_empty(place.path()), "{arguments:?}");
    }
}

#[test]
fn s1_a_database_of_a_newer_version_is_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("chatsparks.db");
    let keep = place.path().to_str().unwrap().to_owned();
    // A store as this version makes it, and then as a later one would.
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let before = fs::read(&database).unwrap();
    let (code, _, errors) = ran(place.path(), &["--once", "--keep", &keep]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("is there already, and cannot be opened"), "{errors}");
    assert!(fs::read(&database).unwrap() == before, "it is as it was");
}

#[cfg(unix)]
#[test]
fn h2_interrupted_at_any_moment_it_leaves_no_process_and_no_directory() {
    use crate::service::wait_for;
    let begun = |place: &Path| {
        fs::read_dir(place).unwrap().flatten().any(|folder| folder.path().join("chatsparks.db").exists())
    };
    let running = |place: &Path| {
        let lines =
            fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        let place = place.to_str().unwrap().to_owned();
        lines.filter(|line| String::from_utf8_lossy(line).contains(&place)).count()
    };
    let slowly = ["--once", "--speed", "2000"];
    // With `--crash` the service is killed and started again meanwhile.
    let crashing = ["--once", "--crash", "--comments", "20000"];
    for (name, later, arguments) in [
        ("-INT", 0, &slowly[..]),
        ("-TERM", 300, &slowly),
        ("-HUP", 900, &slowly),
        ("-INT", 150, &crashing),
        ("-TERM", 1_500, &crashing),
    ] {
        let place = tempfile::tempdir().unwrap();
        let child = demo(place.path(), arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for("the database", || begun(place.path()));
        std::thread::sleep(std::time::Duration::from_millis(later));
        assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(130), "{name}");
        let told = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(told, "stopped before the day was over; nothing of it was kept\n", "{name}");
        assert!(is_empty(place.path()), "{name}");
        if cfg!(target_os = "linux") {
            assert_eq!(running(place.path()), 0, "{name}");
        }
    }
}

#[cfg(unix)]
#[test]
fn h2_interrupted_it_says_what_is_kept_and_how_to_look_into_it() {
    use crate::service::wait_for;
    let place = tempfile::tempdir().unwrap();
    let kept = place.path().join("day");
    let arguments = ["--once", "--speed", "2000", "--keep", kept.to_str().unwrap()];
    let child = demo(place.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // The service has begun by then: the workspace is in its database.
    let log = kept.join("chatsparks.db-wal");
    wait_for("the database", || fs::metadata(&log).is_ok_and(|log| log.len() > 1 << 20));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(told.starts_with("stopped before the day was over; what came until then is whole, in "), "{told}");
    let named: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("  chatsparks ")).collect();
    assert_eq!(named.len(), 3, "{told}");
    for line in named {
        let mut command = Command::new(cargo_bin("chatsparks"));
        command.args(line.split(' ')).args(line.starts_with("serve").then_some("--check"));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
    }
}

/// In a terminal of its own, as `script` makes one. Where there is no such program there is nothing to be seen.
#[cfg(target_os = "linux")]
#[test]
fn h2_interrupted_in_a_terminal_it_gives_the_terminal_back() {
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("there is no `script` here: nothing to draw in");
        return;
    }
    [false, true].into_iter().for_each(in_a_terminal);
}

#[cfg(target_os = "linux")]
fn in_a_terminal(hangs_up: bool) {
    use crate::service::wait_for;
    let place = tempfile::tempdir().unwrap();
    let (kept, seen) = (place.path().join("day"), place.path().join("seen"));
    let program = cargo_bin("chatsparks");
    let line = format!("stty cols 80 rows 24; exec {} demo --speed 500 --keep {}", program.display(), kept.display());
    let mut script = Command::new("script");
    script.args(["-qefc", &line]).arg(&seen).env("TERM", "xterm").env_remove("NO_COLOR");
    let mut script = script.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let drawn = || String::from_utf8_lossy(&fs::read(&seen).unwrap_or_default()).into_owned();
    wait_for("the picture", || drawn().contains("\u{1b}[?1049h") && drawn().contains("Conversations"));
    let shown = || -> Vec<String> {
        let shown = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            let is_it = line.starts_with(program.to_str()?.as_bytes());
            let here = String::from_utf8_lossy(&line).contains(kept.to_str()?);
            (is_it && here).then(|| (line.split(|byte| *byte == 0).nth(1) == Some(b"demo"), entry.file_name()))
        });
        // The demo first, and what it started.
        let mut shown: Vec<_> = shown.collect();
        shown.sort_by_key(|(is_demo, _)| !is_demo);
        shown.into_iter().filter_map(|(_, id)| id.into_string().ok()).collect()
    };
    if hangs_up {
        // The window is closed: nobody is there to be given anything back.
        script.kill().unwrap();
        script.wait().unwrap();
        wait_for("the end", || shown().is_empty());
        return;
    }
    assert!(Command::new("kill").args(["-INT", &shown()[0]]).status().unwrap().success());
    assert_eq!(script.wait().unwrap().code(), Some(130));
    let drawn = drawn();
    let (_, after) = drawn.rsplit_once("\u{1b}[?1049h").unwrap();
    assert!(after.contains("\u{1b}[?1049l") && after.contains("\u{1b}[?25h"), "the terminal is as it was");
}
