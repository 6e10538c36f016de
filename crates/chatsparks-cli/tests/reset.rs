//! `chatsparks reset`: the author's document, with what has to change.

use crate::common::{chatsparks, session_with, status};
use insta::assert_snapshot;
use similar::TextDiff;
use std::fs;

const TOML: &str = "\
# The shop, as its owner writes it.
schema = 1
workspace = { id = 'glow', name = \"Glow\", account_user_id = 'acct' } # by hand

[[triggers]] # the highest
id = 'price'   # asked most
status = \"draft\"
when.keywords.words = [ \"price\", # English
  'ราคา' ]
flow = 'answer'

# Below it.
[[triggers]]
id = 'other'
when = 'question_mark'
flow = 'ask'

# What is answered, first as it was.
[[flows]]
id = 'answer'
version = 1
blocks = [ { id = 'hi', message.text = 'Hi' } ]

# As it is now.
[[flows]]
id = 'answer' # the same
version = 2   # newer
[[flows.blocks]] # a greeting
id = 'hello'
message.text = \"\"\"
Hello!\"\"\"
[[flows.blocks]]
id = 'bye'
[flows.blocks.message]
text = 'Bye'

[[flows]]
id = 'ask'
version = 1
blocks = [
  # One question.
  { id = 'q', question = { text = '?', field = 'f' } }, # that is all
]
";

const INLINE: &str = "\
workspace = { id = 'glow', name = 'Glow', account_user_id = 'acct' }
triggers = [
  # The only one.
  { id = 'price', when = 'question_mark', flow = 'answer' }, # so far
  # Nothing more.
]
flows = [{ id = 'answer', version = 7, blocks = [{ id = 'hi', message.text = 'Hi' }] }]
";

/// The lines that are not as before, once the command has made of a document what it prints.
#[track_caller]
fn changes(document: &str, arguments: &[&str]) -> String {
    let all = [&["reset", "-", "--trigger", "price", "--quiet"], arguments].concat();
    let output = chatsparks(&all).write_stdin(document).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && told.is_empty(), "{told}");
    let printed = String::from_utf8(output.stdout).unwrap();
    // What is printed is a workspace, of the same form.
    let checked = session_with(&["check", "-"], printed.as_str());
    assert!(checked.contains("exit status: 0"), "{checked}{printed}");
    assert_eq!(printed.starts_with('{'), document.starts_with('{'));
    let diff = TextDiff::from_lines(document, &printed);
    diff.unified_diff().context_radius(1).to_string()
}

#[test]
fn d7_a_json_document_keeps_its_layout() {
    let document = fs::read_to_string("tests/data/desk.json").unwrap();
    assert_snapshot!("json", changes(&document, &[]));
    assert_snapshot!("json_kept", changes(&document, &["--keep-flow"]));
    assert_snapshot!("json_duplicated", changes(&document, &["--duplicate"]));
}

#[test]
fn d7_json_in_one_line_stays_in_one_line() {
    let document = r#"{"workspace":{"id":"g","name":"G","account_user_id":"a"},"triggers":[{"id":"price","when":"question_mark","flow":"f"}],"flows":[{"id":"f","version":1,"blocks":[{"id":"h","message":{"text":"H"}}]},{"id":"f","version":3,"blocks":[{"id":"i","message":{"text":"I"}}]},{"id":"f","version":2,"blocks":[{"id":"h","message":{"text":"H"}}]}]}"#;
    let after = |arguments: &[&str]| {
        let all = [&["reset", "-", "--trigger", "price", "--quiet"], arguments].concat();
        String::from_utf8(chatsparks(&all).write_stdin(document).output().unwrap().stdout).unwrap()
    };
    let flow = |id: &str, version: u8, block: &str| {
        let (small, large) = (block.to_lowercase(), block);
        format!(r#"{{"id":"{id}","version":{version},"blocks":[{{"id":"{small}","message":{{"text":"{large}"}}}}]}}"#)
    };
    let start = &document[..document.find(r#"{"id":"price""#).unwrap()];
    let double = r#"{"id":"price-2","when":"question_mark","flow":"f-2"}"#;
    assert_eq!(after(&[]), format!(r#"{start}{double}],"flows":[{}]}}"#, flow("f-2", 1, "I")));
    let (one, three, two) = (flow("f", 1, "H"), flow("f", 3, "I"), flow("f", 2, "H"));
    let with_double = format!("{one},{three},{},{two}", flow("f-2", 1, "I"));
    assert_eq!(after(&["--keep-flow"]), format!(r#"{start}{double}],"flows":[{with_double}]}}"#));
    let draft = r#"{"id":"price-2","status": "draft","when":"question_mark","flow":"f-2"}"#;
    let old = r#"{"id":"price","when":"question_mark","flow":"f"}"#;
    assert_eq!(after(&["--duplicate"]), format!(r#"{start}{old},{draft}],"flows":[{with_double}]}}"#));
}

#[test]
fn d7_a_toml_document_keeps_its_comments() {
    assert_snapshot!("toml", changes(TOML, &[]));
    assert_snapshot!("toml_kept", changes(TOML, &["--keep-flow", "--new-flow", "another"]));
    assert_snapshot!("toml_duplicated", changes(TOML, &["--duplicate"]));
    assert_snapshot!("toml_inline", changes(INLINE, &[]));
    assert_snapshot!("toml_inline_duplicated", changes(INLINE, &["--duplicate"]));
    // Lines end as they did.
    let windows = changes(&TOML.replace('\n', "\r\n"), &[]).replace("\r\n", "\n");
    assert_eq!(windows, changes(TOML, &[]));
}

#[test]
fn d7_a_flow_that_another_trigger_starts_stays() {
    let shared = TOML.replace("flow = 'ask'", "flow = 'answer'");
    let after = changes(&shared, &[]);
    assert!(after.contains("+id = 'answer-2'") || after.contains("+id = \"answer-2\""), "{after}");
    assert!(!after.lines().any(|line| line.starts_with("-id = 'answer'") || line.starts_with("-version")), "{after}");
}

#[test]
fn d7_as_json_every_default_is_written_out() {
    let print = |document: &str| {
        let output =
            chatsparks(&["reset", "-", "--trigger", "price", "--json", "--quiet"]).write_stdin(document).output();
        serde_json::from_slice::<serde_json::Value>(&output.unwrap().stdout).unwrap()
    };
    let printed = print(TOML);
    assert_eq!(printed["policy"]["throttle_hours"], 24);
    assert_eq!(printed["triggers"][0]["id"], "price-2");
    assert_eq!(printed["triggers"][0]["status"], "active");
    assert_eq!(printed["flows"].as_array().unwrap().len(), 2);
}

#[test]
fn d7_what_cannot_be_reset_is_refused() {
    for (arguments, wanted) in [
        (&["--trigger", "prize"][..], 2),
        (&["--trigger", "price", "--new-trigger", "anything"], 2),
        (&["--trigger", "price", "--new-flow", "shop-flow"], 2),
        (&["--trigger", "price", "--new-flow", ""], 2),
        (&["--trigger", "price", "--duplicate"], 0),
    ] {
        assert_eq!(status(&[&["reset", "desk.json"], arguments].concat()), wanted, "{arguments:?}");
    }
    assert_eq!(status(&["reset", "faulty.json", "--trigger", "price"]), 1);
    // As with every command, faults are JSON where the answer would have been.
    let faults = |arguments: &[&str]| chatsparks(arguments).output().unwrap().stdout;
    let reset = faults(&["reset", "faulty.json", "--trigger", "price", "--json"]);
    assert_eq!(reset, faults(&["check", "faulty.json", "--json"]));
}
