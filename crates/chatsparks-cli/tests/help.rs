//! What the command says of itself.

use crate::common::{chatsparks, session, status};
use insta::assert_snapshot;

#[test]
fn help_teaches() {
    let mut all = String::new();
    for command in ["check", "replay", "explain", "try", "log", "conversation", "expect", "completions"] {
        all += &session(&[command, "--help"]);
        all += "\n";
    }
    assert_snapshot!("help_of_commands", all);
    assert_snapshot!("help", session(&["--help"]));
}

#[test]
fn the_version_names_the_unicode_tables() {
    let session = session(&["--version"]);
    assert!(session.contains("(Unicode ") && session.contains("patterns: Unicode "), "{session}");
    assert!(session.contains(env!("CARGO_PKG_VERSION")), "{session}");
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = chatsparks(&["completions", shell]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("keep-going"), "{shell}");
    }
}

#[test]
fn what_is_not_understood_is_exit_status_2() {
    assert_eq!(status(&["chek", "shop.json"]), 2);
    assert_eq!(status(&["check"]), 2);
    assert_eq!(status(&["check", "shop.json", "--jsn"]), 2);
    assert_eq!(status(&[]), 2);
}
