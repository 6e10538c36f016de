//! Workspace documents in JSON and TOML, and every way in which one cannot be read.
#![allow(clippy::unwrap_used, missing_docs)]

use chatsparks_core::{Problem, ProblemCode};
use chatsparks_replay::{Format, document::MAX_DOCUMENT, read_workspace};
use std::path::Path;

const JSON: &str = r#"{
  "schema": 1,
  "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
  "plan": { "mac_limit": 10, "subscribed_at": "2026-01-31T09:00:00Z", "listening_window_days": 30 },
  "triggers": [ { "id": "price", "when": { "keywords": { "words": ["ราคา"] } }, "flow": "f", "public_reply": "Hi" } ],
  "flows": [ { "id": "f", "version": 1, "blocks": [ { "id": "a", "message": { "text": "Hello" }, "goto": "b" },
    { "id": "b", "branch": { "field": "x", "cases": [ { "equals": "1", "goto": "a" } ] } } ] } ]
}"#;

const TOML: &str = r#"
schema = 1
[workspace]
id = "glow"
name = "Glow"
account_user_id = "acct"
[plan]
mac_limit = 10
subscribed_at = 2026-01-31T09:00:00Z
listening_window_days = 30
[[triggers]]
id = "price"
when = { keywords = { words = ["ราคา"] } }
flow = "f"
public_reply = "Hi"
[[flows]]
id = "f"
version = 1
blocks = [
  { id = "a", message = { text = "Hello" }, goto = "b" },
  { id = "b", branch = { field = "x", cases = [ { equals = "1", goto = "a" } ] } },
]
"#;

#[test]
fn toml_says_the_same_as_json() {
    let json = read_workspace(JSON.as_bytes(), Format::Json).unwrap();
    assert_eq!(json, read_workspace(TOML.as_bytes(), Format::Toml).unwrap());
    let quoted = TOML.replace("2026-01-31T09:00:00Z", "\"2026-01-31T09:00:00Z\"");
    assert_eq!(json, read_workspace(quoted.as_bytes(), Format::Toml).unwrap());
    for (text, format) in [(JSON, Format::Json), (TOML, Format::Toml)] {
        let marked = format!("\u{FEFF}{}", text.replace('\n', "\r\n"));
        assert_eq!(json, read_workspace(marked.as_bytes(), format).unwrap());
    }
    let again = serde_json::to_string(&json).unwrap();
    assert_eq!(json, read_workspace(again.as_bytes(), Format::Json).unwrap());
    assert_eq!(Format::of(Path::new("a/glow.TOML")), Format::Toml);
    assert_eq!(Format::of(Path::new("glow.json")), Format::Json);
}

#[test]
fn f10_a_document_that_cannot_be_read_has_one_fault_with_its_place() {
    let mut misses = Vec::new();
    for (format, text, from, to, path, line, column, message) in [
        (
            Format::Json,
            JSON,
            "\"schema\": 1",
            "\"schema\": \"x\"",
            "schema",
            2,
            15,
            "expected a whole number, found the text \"x\"",
        ),
        (Format::Json, JSON, "\"flow\": \"f\",", "", "triggers[0]", 5, 103, "missing field `flow`"),
        (
            Format::Json,
            JSON,
            "\"words\"",
            "\"wrods\"",
            "triggers[0].when.keywords.wrods",
            5,
            64,
            "unknown field `wrods`, expected one of `words`, `match`, `ignore_accents`, `squeeze`",
        ),
        (
            Format::Json,
            JSON,
            "{ \"text\": \"Hello\" }",
            "7",
            "flows[0].blocks[0].message",
            6,
            77,
            "expected an object, found the number `7`",
        ),
        (
            Format::Json,
            JSON,
            "\"equals\": \"1\", ",
            "",
            "flows[0].blocks[1].branch.cases[0]",
            7,
            71,
            "a case needs one of `equals`, `contains`, `one_of`",
        ),
        (Format::Json, JSON, "\"plan\":", "\"plan\"", "", 4, 10, "expected `:`"),
        (Format::Json, JSON, "] } ]\n}", "] } ]\n} x", "", 8, 3, "nothing was expected after its end"),
        (Format::Json, "", "", "", "", 1, 1, "it ends where a value was expected"),
        (
            Format::Toml,
            TOML,
            "version = 1",
            "version = \"x\"",
            "flows[0].version",
            18,
            11,
            "expected a whole number, found the text \"x\"",
        ),
        (
            Format::Toml,
            TOML,
            "{ words",
            "{ wrods",
            "triggers[0].when.keywords.wrods",
            13,
            31,
            "unknown field `wrods`, expected one of `words`, `match`, `ignore_accents`, `squeeze`",
        ),
        (Format::Toml, TOML, "flow = \"f\"\n", "", "triggers[0]", 11, 1, "missing field `flow`"),
        (
            Format::Toml,
            TOML,
            "id = \"glow\"",
            "id = ",
            "",
            4,
            6,
            "string values must be quoted, expected literal string",
        ),
        (
            Format::Toml,
            TOML,
            "2026-01-31T09:00:00Z",
            "2026-01-31",
            "plan.subscribed_at",
            9,
            17,
            "`2026-01-31` is not an instant: expected RFC 3339 such as `2026-03-02T10:00:00Z`, years 1970 to 9999",
        ),
    ] {
        let error = read_workspace(text.replacen(from, to, 1).as_bytes(), format).unwrap_err();
        if (error.path(), error.line(), error.column(), error.message()) != (path, Some(line), Some(column), message) {
            misses.push(format!("{from} -> {to}: {error}"));
        }
        let problem = Problem::from(error);
        assert_eq!((problem.path.as_str(), problem.code), (path, ProblemCode::Unreadable));
    }
    assert!(misses.is_empty(), "{misses:#?}");
}

#[test]
fn bytes_that_are_no_text_and_documents_that_are_too_long_are_refused() {
    for format in [Format::Json, Format::Toml] {
        let error = read_workspace(b"a = 1\nb = \"\xE0\xB8\x81\xFF\"", format).unwrap_err();
        assert_eq!(error.to_string(), "line 2, column 7: the document is not UTF-8 from here on");
        let long = vec![b' '; MAX_DOCUMENT + 1];
        assert_eq!(read_workspace(&long, format).unwrap_err().to_string(), "the document is longer than 64 MiB");
    }
    let mut whole = JSON.as_bytes().to_vec();
    whole.resize(MAX_DOCUMENT, b' ');
    assert!(read_workspace(&whole, Format::Json).is_ok());
}

#[test]
fn deep_documents_are_refused_and_do_not_overflow() {
    for (format, open, close) in [(Format::Json, r#"{"not":"#, "}"), (Format::Toml, "{not=", "}")] {
        let condition = format!("{}\"question_mark\"{}", open.repeat(100_000), close.repeat(100_000));
        let text = match format {
            Format::Json => JSON.replace(r#"{ "keywords": { "words": ["ราคา"] } }"#, &condition),
            Format::Toml => TOML.replace(r#"{ keywords = { words = ["ราคา"] } }"#, &condition),
        };
        assert!(read_workspace(text.as_bytes(), format).is_err());
    }
}
