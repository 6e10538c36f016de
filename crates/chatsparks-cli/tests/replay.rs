//! `chatsparks replay`: outputs, the summary, and what happens when something breaks.

use crate::common::{chatsparks, directory, session, session_with, status};
use insta::assert_snapshot;
use std::{
    fs,
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
};

fn data(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

#[test]
fn a_replay_is_summed_up() {
    assert_snapshot!("summary", session(&["replay", "shop.json", "march.jsonl"]));
    assert_snapshot!("summary_as_json", session(&["replay", "shop.json", "march.jsonl", "--json"]));
}

#[test]
fn decisions_on_standard_output_move_the_summary_to_standard_error() {
    let output = chatsparks(&["replay", "shop.json", "march.jsonl", "--decisions", "-"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let decisions = String::from_utf8(output.stdout).unwrap();
    assert_eq!(decisions.lines().count(), 19);
    for line in decisions.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(record["outcome"].is_object(), "{line}");
    }
    assert!(String::from_utf8(output.stderr).unwrap().contains("14 events"));
    let quiet = chatsparks(&["replay", "shop.json", "march.jsonl", "--decisions", "-", "-q"]).output().unwrap();
    assert_eq!((String::from_utf8(quiet.stdout).unwrap(), quiet.stderr), (decisions, Vec::new()));
}

#[test]
fn outputs_are_written_to_files_as_to_standard_output() {
    let directory = directory();
    let [decisions, state] = ["decisions.jsonl", "state.json"].map(|name| directory.path().join(name));
    let mut command = chatsparks(&["replay", "shop.json", "march.jsonl"]);
    command.arg("--decisions").arg(&decisions).arg("--state").arg(&state);
    command.assert().success();
    let straight = |option: &str| {
        let output = chatsparks(&["replay", "shop.json", "march.jsonl", option, "-"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(fs::read_to_string(&decisions).unwrap(), straight("--decisions"));
    assert_eq!(fs::read_to_string(&state).unwrap(), straight("--state"));
    assert!(straight("--state").starts_with("{\n  \"mac\": {"));
    // Nothing is left beside them.
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
}

#[test]
fn a_history_and_a_workspace_come_from_standard_input_too() {
    let from_file = session(&["replay", "shop.json", "march.jsonl", "--json"]);
    let body = |session: &str| session.split_once('\n').unwrap().1.to_owned();
    let history = session_with(&["replay", "shop.json", "-", "--json"], data("march.jsonl"));
    let workspace = session_with(&["replay", "-", "march.jsonl", "--json"], data("shop.toml"));
    assert_eq!(body(&history), body(&from_file));
    assert_eq!(body(&workspace), body(&from_file));
    assert_snapshot!(session(&["replay", "-", "-"]), @r#"
    $ chatsparks replay - -
    exit status: 2
    --- standard error
    error: standard input was given twice
     help: `-` can stand for one input only: put the other into a file
    "#);
}

#[test]
fn t2_a_byte_order_mark_and_carriage_returns_change_nothing() {
    let other = format!("\u{feff}{}", data("march.jsonl").replace('\n', "\r\n"));
    let decisions = |history: String| session_with(&["replay", "shop.json", "-", "--decisions", "-"], history);
    assert_eq!(decisions(other), decisions(data("march.jsonl")));
}

#[test]
fn an_empty_history_is_no_failure() {
    for history in ["", "\n", "\u{feff}", "\r\n\r\n"] {
        let session = session_with(&["replay", "shop.json", "-", "--decisions", "-", "--quiet"], history);
        assert!(session.ends_with("exit status: 0\n"), "{history:?}: {session}");
    }
}

#[test]
fn a_broken_line_stops_the_replay_before_it() {
    assert_snapshot!(session(&["replay", "shop.json", "broken.jsonl"]), @r#"
    $ chatsparks replay shop.json broken.jsonl
    exit status: 2
    --- standard error
    error: broken.jsonl:2:74: missing field `post_id`
     help: mend the line, or pass over such lines with `--keep-going`
    "#);
    let directory = directory();
    let [decisions, state] = ["decisions.jsonl", "state.json"].map(|name| directory.path().join(name));
    let mut command = chatsparks(&["replay", "shop.json", "broken.jsonl"]);
    command.arg("--decisions").arg(&decisions).arg("--state").arg(&state);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("hold what was decided up to there (1 record)"), "{told}");
    assert_eq!(fs::read_to_string(&decisions).unwrap().lines().count(), 1);
    let state: serde_json::Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
    assert_eq!(state["contacts"][0]["user_id"], "u1");
}

#[test]
fn with_keep_going_broken_lines_are_passed_over_and_counted() {
    assert_snapshot!("keep_going", session(&["replay", "shop.json", "broken.jsonl", "--keep-going", "--json"]));
    let text = session(&["replay", "shop.json", "broken.jsonl", "--keep-going"]);
    assert!(text.contains("3 lines passed over"), "{text}");
}

#[test]
fn an_invalid_workspace_does_nothing_else() {
    let directory = directory();
    let decisions = directory.path().join("decisions.jsonl");
    let mut command = chatsparks(&["replay", "faulty.json", "march.jsonl", "--decisions"]);
    let output = command.arg(&decisions).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().contains("faulty.json: invalid"));
    assert!(!decisions.exists());
    // The same object as `check --json` prints.
    let body = |arguments: &[&str]| chatsparks(arguments).output().unwrap().stdout;
    assert_eq!(body(&["replay", "faulty.json", "march.jsonl", "--json"]), body(&["check", "faulty.json", "--json"]));
}

#[test]
fn files_that_cannot_be_read_or_written_are_told_with_what_to_do() {
    assert_snapshot!(session(&["replay", "shop.json", "nowhere.jsonl"]), @r#"
    $ chatsparks replay shop.json nowhere.jsonl
    exit status: 2
    --- standard error
    error: cannot read `nowhere.jsonl`: no such file or directory
     help: check the path; it is taken from the current directory
    "#);
    assert_snapshot!(session(&["replay", "shop.json", "march.jsonl", "--decisions", "no/such/place.jsonl"]), @r#"
    $ chatsparks replay shop.json march.jsonl --decisions no/such/place.jsonl
    exit status: 2
    --- standard error
    error: cannot write `no/such/place.jsonl`: no such file or directory
     help: the directory must exist: create it first
    "#);
    assert_snapshot!(session(&["replay", "shop.json", "march.jsonl", "--state", "."]), @r#"
    $ chatsparks replay shop.json march.jsonl --state .
    exit status: 2
    --- standard error
    error: cannot write `.`: is a directory
    "#);
    assert_snapshot!(session(&["replay", "shop.json", "march.jsonl", "--state", "march.jsonl"]), @r#"
    $ chatsparks replay shop.json march.jsonl --state march.jsonl
    exit status: 2
    --- standard error
    error: `march.jsonl` is read, and would be overwritten
     help: write to another file
    "#);
    assert_snapshot!(session(&["replay", "shop.json", "march.jsonl", "--state", "-", "--decisions", "-"]), @r#"
    $ chatsparks replay shop.json march.jsonl --state - --decisions -
    exit status: 2
    --- standard error
    error: `--decisions` and `--state` name the same place
     help: give each its own
    "#);
}

#[test]
fn a_file_that_is_read_is_not_overwritten_whatever_it_is_called() {
    let directory = directory();
    let [history, hard, soft, other] =
        ["h.jsonl", "hard.jsonl", "soft.jsonl", "other.jsonl"].map(|name| directory.path().join(name));
    fs::write(&history, data("march.jsonl")).unwrap();
    fs::hard_link(&history, &hard).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&history, &soft).unwrap();
    #[cfg(not(unix))]
    fs::hard_link(&history, &soft).unwrap();
    let run = |from: Option<&Path>, arguments: &[&str], out: Option<&Path>| {
        let mut command = plain_command();
        command.args(["replay", "shop.json"]).args(arguments).current_dir("tests/data");
        command.stdin(from.map_or_else(Stdio::null, |from| fs::File::open(from).unwrap().into()));
        command.stdout(out.map_or_else(Stdio::piped, |out| fs::File::options().append(true).open(out).unwrap().into()));
        let output = command.stderr(Stdio::piped()).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    // Named, through standard input, by another name of the same file, and when standard output goes there.
    for target in [&history, &hard, &soft] {
        let target = target.to_str().unwrap();
        for (from, arguments) in [
            (None, vec![history.to_str().unwrap(), "--decisions", target]),
            (Some(&*history), vec!["-", "--decisions", target]),
            (Some(&*hard), vec!["-", "--state", target]),
        ] {
            let (code, told) = run(from, &arguments, None);
            assert_eq!(code, 2, "{arguments:?}: {told}");
            assert!(told.contains("is read, and would be overwritten"), "{told}");
        }
    }
    let (code, told) = run(Some(&history), &["-", "--decisions", "-"], Some(&hard));
    assert_eq!((code, told.contains("`<standard output>` is read")), (2, true), "{told}");
    assert_eq!(fs::read_to_string(&history).unwrap(), data("march.jsonl"));
    // What is another file may be written, and so may a device that standard input is.
    fs::write(&other, "").unwrap();
    assert_eq!(run(Some(&history), &["-", "--decisions", other.to_str().unwrap()], None).0, 0);
    #[cfg(unix)]
    assert_eq!(run(None, &["-", "--decisions", "/dev/null"], None).0, 0);
    // Neither may both outputs be one file, by two names.
    let (one, same) = (other.to_str().unwrap(), directory.path().join("./other.jsonl"));
    let new = directory.path().join("new.jsonl");
    let again = directory.path().join("./new.jsonl");
    for (one, same) in [(one, same.to_str().unwrap()), (new.to_str().unwrap(), again.to_str().unwrap())] {
        let (code, told) = run(None, &["march.jsonl", "--decisions", one, "--state", same], None);
        assert_eq!((code, told.contains("name the same place")), (2, true), "{told}");
    }
}

/// The command, for what `assert_cmd` does not do.
fn plain_command() -> Command {
    Command::new(assert_cmd::cargo::cargo_bin("chatsparks"))
}

#[cfg(unix)]
#[test]
fn a_run_that_is_ended_on_the_way_leaves_nothing_behind() {
    let directory = directory();
    let earlier = directory.path().join("state.json");
    fs::write(&earlier, "earlier\n").unwrap();
    let names = || {
        let mut names: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    for signal in ["INT", "TERM", "HUP", "KILL"] {
        let mut child = plain_command()
            .args(["replay", "shop.json", "-", "--keep-going", "--decisions"])
            .arg(directory.path().join("decisions.jsonl"))
            .arg("--state")
            .arg(&earlier)
            .current_dir("tests/data")
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"{}\n").unwrap();
        // It says so once its outputs are open and it has read a line.
        let mut told = [0; 1];
        child.stderr.as_mut().unwrap().read_exact(&mut told).unwrap();
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
        assert!(!child.wait().unwrap().success(), "{signal}");
        assert_eq!(names(), ["state.json"], "{signal}");
        assert_eq!(fs::read_to_string(&earlier).unwrap(), "earlier\n");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn where_there_is_no_room_left_the_message_names_what_was_written() {
    let run = |arguments: &[&str], full: bool| {
        let out =
            if full { Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap()) } else { Stdio::null() };
        let mut command = plain_command();
        let output = command.args(arguments).current_dir("tests/data").stdout(out).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let replay = ["replay", "shop.json", "march.jsonl"];
    for (arguments, full, named) in [
        (vec!["check", "shop.json"], true, "<standard output>"),
        (vec!["check", "shop.json", "--json"], true, "<standard output>"),
        (replay.to_vec(), true, "<standard output>"),
        ([&replay[..], &["--decisions", "-"]].concat(), true, "<standard output>"),
        ([&replay[..], &["--state", "-"]].concat(), true, "<standard output>"),
        ([&replay[..], &["--decisions", "/dev/full"]].concat(), false, "/dev/full"),
        ([&replay[..], &["--state", "/dev/full"]].concat(), false, "/dev/full"),
        (vec!["insights", "shop.json", "march.jsonl", "--csv"], true, "<standard output>"),
        (vec!["completions", "bash"], true, "<standard output>"),
        (vec!["reset", "shop.json", "--trigger", "price", "--quiet"], true, "<standard output>"),
    ] {
        let (code, told) = run(&arguments, full);
        assert_eq!(code, 2, "{arguments:?}: {told}");
        assert_eq!(
            told,
            format!(
                "error: cannot write to `{named}`: no space left on device\n help: there is no room left where it goes; \
                 what came there before may be cut off anywhere\n"
            ),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_failure_leaves_an_earlier_file_as_it_was() {
    let directory = directory();
    let decisions = directory.path().join("decisions.jsonl");
    fs::write(&decisions, "earlier\n").unwrap();
    let mut command = chatsparks(&["replay", "shop.json", "nowhere.jsonl", "--decisions"]);
    assert_eq!(command.arg(&decisions).output().unwrap().status.code(), Some(2));
    assert_eq!(fs::read_to_string(&decisions).unwrap(), "earlier\n");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn links_devices_and_permissions_are_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = directory();
    let [real, link] = ["real.jsonl", "link.jsonl"].map(|name| directory.path().join(name));
    fs::write(&real, "").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, &link).unwrap();
    chatsparks(&["replay", "shop.json", "march.jsonl", "--decisions"]).arg(&link).assert().success();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap().lines().count(), 19);
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(status(&["replay", "shop.json", "march.jsonl", "--decisions", "/dev/null"]), 0);
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let directory = directory();
    let history = directory.path().join("long.jsonl");
    let line = |n: u32| format!("{{\"id\":\"k{n}\",\"at\":\"2026-03-02T10:00:00Z\",\"type\":\"clock\"}}\n");
    fs::write(&history, (0..20_000).map(line).collect::<String>()).unwrap();
    let run = |more: &[&str]| {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin("chatsparks"))
            .args(["replay", "shop.json"])
            .arg(&history)
            .args(["--decisions", "-"])
            .args(more)
            .current_dir("tests/data")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(run(&[]), (0, String::new()));
    let state = directory.path().join("state.json");
    let (code, told) = run(&["--state", state.to_str().unwrap()]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("was not written") && !state.exists(), "{told}");
}
