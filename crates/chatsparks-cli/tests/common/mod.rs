//! Runs the command as a person would, and writes down everything that came of it.

#![allow(dead_code)]

use assert_cmd::Command;
use std::{fmt::Write as _, path::Path};

/// The command, in the directory of the test data, its surroundings fixed.
pub(crate) fn chatsparks(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("chatsparks").unwrap();
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"));
    for name in ["CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "COLUMNS", "FORCE_COLOR"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").env("TERM", "dumb").args(arguments);
    command
}

/// What was typed, and what came of it.
pub(crate) fn session(arguments: &[&str]) -> String {
    session_with(arguments, "")
}

/// The same with something on standard input.
pub(crate) fn session_with(arguments: &[&str], input: impl Into<Vec<u8>>) -> String {
    let output = chatsparks(arguments).write_stdin(input).output().unwrap();
    let mut session = format!("$ chatsparks {}\n", arguments.join(" "));
    writeln!(session, "exit status: {}", output.status.code().unwrap()).unwrap();
    for (name, bytes) in [("standard output", output.stdout), ("standard error", output.stderr)] {
        let text = String::from_utf8(bytes).unwrap();
        if !text.is_empty() {
            write!(session, "--- {name}\n{text}").unwrap();
        }
    }
    session
}

/// The exit status alone.
pub(crate) fn status(arguments: &[&str]) -> i32 {
    chatsparks(arguments).output().unwrap().status.code().unwrap()
}

/// A directory of its own for a test that writes files.
pub(crate) fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
