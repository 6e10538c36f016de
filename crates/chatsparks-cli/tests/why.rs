//! The page of questions, `docs/why.md`: every command on it says what the page says.
//!
//! With `UPDATE_PAGES` in the environment the page is written anew.

#![allow(clippy::disallowed_methods)]

use assert_cmd::Command;
use std::{fmt::Write as _, fs, path::Path};

/// What a command on the page says.
fn run(root: &Path, command: &str) -> String {
    let arguments: Vec<_> = command.split(' ').skip(1).collect();
    let output =
        Command::new(assert_cmd::cargo::cargo_bin("chatsparks")).current_dir(root).args(arguments).output().unwrap();
    assert!(output.stderr.is_empty(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let trimmed: Vec<_> = said.lines().map(str::trim_end).collect();
    trimmed.join("\n").trim_end().to_owned()
}

#[test]
fn c10_every_question_is_answered_as_the_page_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("docs/why.md");
    let page = fs::read_to_string(&path).unwrap();
    let (mut written, mut questions, mut inside) = (String::new(), 0, false);
    for line in page.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            questions += 1;
            writeln!(written, "{line}\n{}", run(&root, command)).unwrap();
            inside = true;
        } else if !inside || line == "```" {
            inside = false;
            writeln!(written, "{line}").unwrap();
        }
    }
    assert!(questions >= 20, "{questions}");
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&path, &written).unwrap();
    } else {
        similar_asserts(&page, &written);
    }
}

/// Shows where two texts differ.
#[track_caller]
fn similar_asserts(page: &str, written: &str) {
    let differing = page.lines().zip(written.lines()).find(|(page, written)| page != written);
    assert!(
        page == written,
        "the page and the commands differ, first at {differing:?}; `UPDATE_PAGES=1` writes it anew"
    );
}
