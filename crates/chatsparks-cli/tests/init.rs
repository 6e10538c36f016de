//! `chatsparks init`: what it writes is there to be used as it says.

use crate::common::{chatsparks, directory};
use assert_cmd::Command;
use insta::assert_snapshot;
use std::{fs, path::Path};

fn run(arguments: &[&str], within: &Path) -> (i32, String, String) {
    let output = chatsparks(arguments).current_dir(within).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_it_writes_works_as_it_says() {
    let directory = directory();
    let (code, told, _) = run(&["init", "my shops/moon"], directory.path());
    assert_eq!(code, 0);
    assert_snapshot!("told", told);
    let shop = directory.path().join("my shops/moon");
    assert_eq!(names(&shop), ["history.jsonl", "price.story", "workspace.toml"]);
    // Each command that it names does what it says, in a shell and in that directory.
    let binary = assert_cmd::cargo::cargo_bin("chatsparks");
    let mut tried = 0;
    for line in told.lines().filter_map(|line| line.trim().strip_prefix("chatsparks ")) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("\"$0\" {line}"), binary.to_str().unwrap()]).current_dir(&shop).env("NO_COLOR", "1");
        shell.assert().success();
        tried += 1;
    }
    assert_eq!(tried, 6);
    let (code, told, _) = run(&["check", "workspace.toml"], &shop);
    assert_eq!((code, told.as_str()), (0, "workspace.toml: valid, 0 faults, 0 warnings\n"));
    let (_, told, _) = run(&["replay", "workspace.toml", "history.jsonl"], &shop);
    assert_snapshot!("replayed", told);
    let (code, told, _) = run(&["expect", "workspace.toml", "price.story"], &shop);
    assert_eq!(code, 0, "{told}");
    // The story can fail.
    let story = fs::read_to_string(shop.join("price.story")).unwrap();
    fs::write(shop.join("price.story"), story.replace("p_soap/s3", "p_soap/s1")).unwrap();
    assert_eq!(run(&["expect", "workspace.toml", "price.story"], &shop).0, 1);
}

#[test]
fn what_is_there_already_is_not_overwritten() {
    for there in ["workspace.toml", "history.jsonl", "price.story"] {
        let directory = directory();
        fs::write(directory.path().join(there), "mine").unwrap();
        let (code, out, told) = run(&["init"], directory.path());
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(told.contains(&format!("{there}` is there already")) && told.contains("nothing was written"), "{told}");
        assert_eq!(names(directory.path()), [there]);
        assert_eq!(fs::read_to_string(directory.path().join(there)).unwrap(), "mine");
    }
    // A link to nothing is something that is there.
    #[cfg(unix)]
    {
        let directory = directory();
        std::os::unix::fs::symlink("nowhere", directory.path().join("price.story")).unwrap();
        assert_eq!(run(&["init"], directory.path()).0, 2);
        assert_eq!(names(directory.path()), ["price.story"]);
    }
    // A second run changes nothing.
    let directory = directory();
    assert_eq!(run(&["init"], directory.path()).0, 0);
    assert_eq!(run(&["init"], directory.path()).0, 2);
}

#[test]
fn where_nothing_can_be_written_it_says_so() {
    let directory = directory();
    fs::write(directory.path().join("file"), "").unwrap();
    let (code, _, told) = run(&["init", "file/shop"], directory.path());
    assert_eq!(code, 2);
    assert!(told.starts_with("error: cannot write `file/shop`: "), "{told}");
}
