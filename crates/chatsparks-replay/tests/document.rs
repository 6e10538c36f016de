//! Workspace documents in JSON and TOML, and every way in which one cannot be read.
use chatsparks_core::{Problem, ProblemCode};
use chatsparks_replay::{Format, document::MAX_DOCUMENT, every_error, read_workspace};
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
            "unknown field `wrods`: did you mean `words`?",
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
            "unknown field `wrods`: did you mean `words`?",
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
        assert_eq!(
            error.to_string(),
            "line 2, column 7: the document is not UTF-8 from here on, but in another encoding, such as Windows-874 or \
             Latin-1: save it as UTF-8"
        );
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

#[test]
fn a_document_in_utf_16_is_told_to_be_saved_as_utf_8() {
    let (little, big) = (u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes as fn(u16) -> [u8; 2]);
    for (text, format) in [(JSON, Format::Json), (TOML, Format::Toml)] {
        for (mark, bytes) in [("\u{FEFF}", little), ("\u{FEFF}", big), ("", little), ("", big)] {
            let document: Vec<u8> = format!("{mark}{}", text.trim()).encode_utf16().flat_map(bytes).collect();
            let error = read_workspace(&document, format).unwrap_err();
            assert_eq!(error.message(), "the document is UTF-16, it seems: save it as UTF-8");
        }
    }
}

/// What else keeps a document from being read: the path and sentence of each.
fn told(text: &str, format: Format) -> Vec<(String, String)> {
    let errors = every_error(text.as_bytes(), format);
    errors.into_iter().map(|error| (error.path().to_owned(), error.message().to_owned())).collect()
}

#[test]
fn f10_what_else_stops_the_reader_is_told_to_people() {
    const FAULTY: &str = r#"{
      "workspace": { "id": "glow", "name": 5, "acount_user_id": "acct" },
      "plan": { "mac_limit": "10", "subscribed_at": "soon", "listening_window": 30 },
      "policy": { "reach": { "mode": "buyer-first", "hold_hours": null } },
      "posts": [ { "id": "v1", "kind": "reel" }, { "id": "v2", "kind": "live", "published_at": "2026-03-01T00:00:00Z" } ],
      "triggers": [ { "id": "price", "when": { "keyword": { "wrods": ["a"], "match": "is" } }, "flow": "f", "publicReply": 1 },
                    { "id": "other", "when": "question", "scope": { "post": ["v1"] }, "zzz": 1 } ],
      "flows": [ { "id": "f", "version": 1, "blocks": [
        { "id": "a", "mesage": { "txt": "Hello" } },
        { "id": "b" },
        { "id": "c", "message": { "text": "x" }, "tag": { "tag": "y" } },
        { "id": "d", "branch": { "field": "x", "cases": [ { "goto": "a" } ] } },
        7 ] } ]
    }"#;
    let wanted = [
        ("workspace.name", "expected a text, found the number `5`"),
        ("workspace.acount_user_id", "unknown field `acount_user_id`: did you mean `account_user_id`?"),
        ("plan.mac_limit", "expected a whole number, found the text \"10\""),
        (
            "plan.subscribed_at",
            "`soon` is not an instant: expected RFC 3339 such as `2026-03-02T10:00:00Z`, years 1970 to 9999",
        ),
        (
            "plan.listening_window",
            "unknown field `listening_window`, expected one of `mac_limit`, `subscribed_at`, `listening_window_days`",
        ),
        ("plan", "missing field `listening_window_days`"),
        ("policy.reach.mode", "unknown value `buyer-first`: did you mean `buyer_first`?"),
        ("policy.reach.hold_hours", "expected a whole number, found null"),
        ("posts[0].kind", "unknown value `reel`, expected `video` or `live`"),
        ("posts[0]", "missing field `published_at`"),
        ("triggers[0].when", "unknown value `keyword`: did you mean `keywords`?"),
        ("triggers[0].when.keyword.wrods", "unknown field `wrods`: did you mean `words`?"),
        (
            "triggers[0].when.keyword.match",
            "unknown value `is`, expected one of `contains`, `word`, `starts_with`, `exact`",
        ),
        ("triggers[0].publicReply", "unknown field `publicReply`: did you mean `public_reply`?"),
        ("triggers[0].publicReply", "expected a text or a list of texts, found the number `1`"),
        ("triggers[1].when", "unknown value `question`"),
        ("triggers[1].scope", "unknown value `post`: did you mean `posts`?"),
        ("triggers[1].zzz", "unknown field `zzz`"),
        ("triggers[1]", "missing field `flow`"),
    ];
    // The blocks aside, which are below.
    let faulty = FAULTY.replacen(&FAULTY[FAULTY.find(r#""blocks""#).unwrap()..], r#""blocks": [] } ] }"#, 1);
    let mut found = told(&faulty, Format::Json);
    for wanted in &wanted {
        let at = found.iter().position(|found| found.0 == wanted.0 && found.1.starts_with(wanted.1));
        found.remove(at.unwrap_or_else(|| panic!("{wanted:?} is not in {found:#?}")));
    }
    assert_eq!(found, []);
    let found = told(FAULTY, Format::Json);
    assert_eq!(found.len(), 20, "no more than a screen of them");
    // The first is the one that programs are told.
    let first = read_workspace(FAULTY.as_bytes(), Format::Json).unwrap_err();
    assert_eq!((first.path(), first.message()), (found[0].0.as_str(), found[0].1.as_str()));
    assert_eq!(first.line(), Some(2));
    // The blocks alone.
    let start = FAULTY.find(r#""flows""#).unwrap();
    let blocks =
        format!("{{ {}, {}", r#""workspace": { "id": "g", "name": "g", "account_user_id": "a" }"#, &FAULTY[start..]);
    let found = told(&blocks, Format::Json);
    let found: Vec<_> = found.iter().map(|(path, message)| (path.as_str(), message.as_str())).collect();
    assert_eq!(
        found,
        [
            ("flows[0].blocks[0].mesage", "unknown field `mesage`: did you mean `message`?"),
            ("flows[0].blocks[0].mesage.txt", "unknown field `txt`: did you mean `text`?"),
            ("flows[0].blocks[1]", "a block needs one kind, such as `message`"),
            ("flows[0].blocks[2]", "a block has one kind, not two"),
            ("flows[0].blocks[3].branch.cases[0]", "a case needs one of `equals`, `contains`, `one_of`"),
            (
                "flows[0].blocks[4]",
                "expected a block: an `id`, one kind such as `message`, and perhaps a `goto`, found the number `7`"
            ),
        ]
    );
}

#[test]
fn f10_a_stand_in_is_not_told_of() {
    for (from, to, wanted) in [
        // Without the whole of it, what it would have had is not missed.
        (
            r#""workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },"#,
            "",
            "missing field `workspace`",
        ),
        (
            r#"{ "keywords": { "words": ["ราคา"] } }"#,
            "7",
            "expected a text, or an object with one field, found the number `7`",
        ),
        (r#"[ { "equals": "1", "goto": "a" } ]"#, "{}", "expected a list, found an object"),
    ] {
        let found = told(&JSON.replacen(from, to, 1), Format::Json);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].1, wanted);
    }
    assert_eq!(told(JSON, Format::Json), []);
    assert_eq!(told(TOML, Format::Toml), []);
}

#[test]
fn f10_toml_is_read_on_behind_what_is_not() {
    let faulty = TOML.replace("id = \"glow\"", "id = ").replace("mac_limit = 10", "mac_limit = ten");
    let errors = every_error(faulty.as_bytes(), Format::Toml);
    let lines: Vec<_> = errors.iter().filter_map(|error| error.line()).collect();
    assert_eq!(lines, [4, 8]);
    let faulty = TOML.replace("mac_limit", "mac_limits").replace("\nflow =", "\nflo =");
    assert_eq!(
        told(&faulty, Format::Toml),
        [
            ("plan.mac_limits".to_owned(), "unknown field `mac_limits`: did you mean `mac_limit`?".to_owned()),
            ("triggers[0].flo".to_owned(), "unknown field `flo`: did you mean `flow`?".to_owned()),
        ]
    );
}

#[test]
fn a_long_document_is_not_read_again_and_again() {
    // A megabyte of items, each with a fault of its own: no more is told than a person reads.
    let posts = vec![r#"{ "id": "v", "kind": "reel", "published_at": "2026-03-01T00:00:00Z" }"#; 20_000].join(",");
    let document = JSON.replacen(r#""triggers""#, &format!("\"posts\": [{posts}],\n\"triggers\""), 1);
    assert_eq!(every_error(document.as_bytes(), Format::Json).len(), 20);
}
