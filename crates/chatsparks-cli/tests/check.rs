//! `chatsparks check`: faults and warnings, each with the lines they stand in.

use crate::common::{chatsparks, directory, session, session_with, status};
use insta::assert_snapshot;
use std::fs;

#[test]
fn f10_a_sound_workspace_is_valid_in_json_and_toml() {
    assert_snapshot!(session(&["check", "shop.json"]), @r#"
    $ chatsparks check shop.json
    exit status: 0
    --- standard output
    shop.json: valid, 0 faults, 0 warnings
    "#);
    assert_snapshot!(session(&["check", "shop.toml"]), @r#"
    $ chatsparks check shop.toml
    exit status: 0
    --- standard output
    shop.toml: valid, 0 faults, 0 warnings
    "#);
    assert_snapshot!(session(&["check", "shop.json", "--json"]), @r#"
    $ chatsparks check shop.json --json
    exit status: 0
    --- standard output
    {
      "faults": [],
      "warnings": []
    }
    "#);
}

#[test]
fn f10_every_fault_and_warning_is_shown_in_json() {
    assert_snapshot!("faults_in_json", session(&["check", "faulty.json"]));
}

#[test]
fn f10_every_fault_and_warning_is_shown_in_toml() {
    assert_snapshot!("faults_in_toml", session(&["check", "faulty.toml"]));
}

#[test]
fn f10_faults_as_json() {
    assert_snapshot!("faults_as_json", session(&["check", "faulty.json", "--json"]));
}

#[test]
fn f10_an_unreadable_document_has_one_fault_with_its_place() {
    let good = fs::read_to_string("tests/data/shop.json").unwrap();
    let toml = fs::read_to_string("tests/data/shop.toml").unwrap();
    let mut all = String::new();
    for (what, document) in [
        ("a field that is not known", good.replace("\"mac_limit\"", "\"mac_limitt\"")),
        ("a wrong type", good.replace("1000", "\"1000\"")),
        ("a missing field", good.replace(",\n    \"listening_window_days\": 30", "")),
        ("a text that breaks off", good[..120].to_owned()),
        ("a comma too many", good.replace("\"account_user_id\": \"acct_glow\"", "\"account_user_id\": \"acct_glow\",")),
        ("something behind it", format!("{good}}}")),
        ("TOML with a wrong value", toml.replace("\"live\"", "\"lvie\"")),
        ("TOML with a field that is not known", toml.replace("mac_limit", "mac_limitt")),
        ("TOML that breaks off", format!("{toml}\nfurther =")),
        ("TOML with a local instant", toml.replace("2026-01-31T09:00:00Z", "2026-01-31T09:00:00")),
        ("nothing", String::new()),
        ("blanks", " \r\n".to_owned()),
        ("a byte order mark alone", "\u{feff}".to_owned()),
    ] {
        all += &format!("# {what}\n{}\n", session_with(&["check", "-"], document));
    }
    assert_snapshot!("unreadable_documents", all);
}

#[test]
fn f10_people_are_told_all_that_keeps_a_document_from_being_read_and_programs_where_reading_stopped() {
    let good = fs::read_to_string("tests/data/shop.json").unwrap();
    let faulty = good.replace("\"mac_limit\"", "\"mac_limitt\"").replace("\"public_reply\"", "\"public_replies\"");
    assert_snapshot!("several_faults", session_with(&["check", "-"], faulty.as_str()));
    let one = session_with(&["check", "-", "--json"], faulty);
    assert!(one.contains("mac_limitt") && !one.contains("public_replies"), "{one}");
    assert_eq!(one.matches("\"path\"").count(), 1, "{one}");
}

#[test]
fn f10_a_byte_order_mark_and_carriage_returns_change_nothing() {
    for file in ["tests/data/shop.json", "tests/data/shop.toml"] {
        let text = fs::read_to_string(file).unwrap();
        let other = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        let session = session_with(&["check", "-"], other);
        assert!(session.contains("valid, 0 faults, 0 warnings"), "{session}");
    }
    let broken = "\u{feff}{\r\n  \"workspace\": {\r\n    \"id\": 5\r\n  }\r\n}\r\n";
    assert_snapshot!(session_with(&["check", "-"], broken), @r#"
    $ chatsparks check -
    exit status: 1
    --- standard output
    fault: unreadable

      x expected a text, found the number `5` (line 3, column 11)
       ,-[<standard input>:3:11]
     2 |   "workspace": {
     3 |     "id": 5
       :           |
       :           `-- workspace.id
     4 |   }
       `----

    fault: unreadable

      x missing field `name` (line 2, column 3)
       ,-[<standard input>:2:3]
     1 | {
     2 |   "workspace": {
       :   ^^^^^|^^^^^
       :        `-- workspace
     3 |     "id": 5
       `----

    fault: unreadable

      x missing field `account_user_id` (line 2, column 3)
       ,-[<standard input>:2:3]
     1 | {
     2 |   "workspace": {
       :   ^^^^^|^^^^^
       :        `-- workspace
     3 |     "id": 5
       `----

    <standard input>: invalid, 3 faults, 0 warnings
    "#);
}

#[test]
fn f10_a_document_that_is_not_utf_8_says_where() {
    let mut bytes = b"{ \"workspace\": { \"id\": \"".to_vec();
    bytes.extend([0xff, 0xfe]);
    assert_snapshot!(session_with(&["check", "-"], bytes), @r#"
    $ chatsparks check -
    exit status: 1
    --- standard output
    fault: unreadable

      x the document is not UTF-8 from here on, but in another encoding, such as Windows-874 or
      | Latin-1: save it as UTF-8 (line 1, column 25)
       ,-[<standard input>:1:25]
     1 | { "workspace": { "id": "��
       :                         ^
       :                         `-- here
       `----

    <standard input>: invalid, 1 fault, 0 warnings
    "#);
}

#[test]
fn f10_of_a_line_without_end_only_the_place_is_shown() {
    let good = fs::read_to_string("tests/data/faulty.json").unwrap();
    let document: serde_json::Value = serde_json::from_str(&good).unwrap();
    let session = session_with(&["check", "-"], document.to_string());
    assert!(session.lines().all(|line| line.chars().count() <= 200), "{session}");
    assert!(session.contains("<standard input>:1:"), "{session}");
}

#[test]
fn f10_what_plays_tricks_on_a_terminal_is_not_passed_on() {
    let session = session_with(&["check", "-"], "{ \"workspace\": \"\u{1b}[31m\u{202e}\" }");
    assert!(!session.contains(['\u{1b}', '\u{202e}']), "{session}");
}

#[test]
fn f10_a_document_over_64_mib_is_refused() {
    let directory = directory();
    let path = directory.path().join("large.json");
    let file = fs::File::create(&path).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    let output = chatsparks(&["check", "--json"]).arg(&path).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("64 MiB"));
}

#[test]
fn a_file_that_cannot_be_opened_is_told_with_what_to_do() {
    assert_snapshot!(session(&["check", "nowhere.json"]), @r#"
    $ chatsparks check nowhere.json
    exit status: 2
    --- standard error
    error: cannot read `nowhere.json`: no such file or directory
     help: check the path; it is taken from the current directory
    "#);
    assert_snapshot!(session(&["check", "."]), @r#"
    $ chatsparks check .
    exit status: 2
    --- standard error
    error: cannot read `.`: is a directory
     help: name a file in it
    "#);
    assert_eq!(status(&["check", "nowhere.json", "--json"]), 2);
}

#[test]
fn a_document_on_standard_input_is_told_apart_by_how_it_begins() {
    for file in ["tests/data/shop.json", "tests/data/shop.toml"] {
        let session = session_with(&["check", "-"], fs::read(file).unwrap());
        assert!(session.contains("<standard input>: valid"), "{session}");
    }
}
