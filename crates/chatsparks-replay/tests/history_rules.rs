//! What `formats.md` says of single values of a history: half characters, event ids, how long a member may write.
use chatsparks_core::{Configured, Event};
use chatsparks_replay::{HistoryError, HistoryErrorKind as Kind, Line, Reader};

fn one(line: &str) -> Result<Line, HistoryError> {
    let mut lines: Vec<_> = Reader::new(line.as_bytes(), "h.jsonl").collect();
    assert_eq!(lines.len(), 1, "{line}");
    lines.remove(0)
}

fn with_id(id: &str, fields: &str) -> Result<Line, HistoryError> {
    one(&format!(r#"{{"id":"{id}","at":"2026-03-02T10:00:00Z",{fields}}}"#))
}

fn event(fields: &str) -> Event {
    with_id("e1", fields).unwrap_or_else(|error| panic!("{fields}: {error}")).envelope.event
}

#[test]
fn half_a_character_reads_as_the_replacement_character() {
    for (written, wanted) in [
        (r"how much \ud83d", "how much \u{FFFD}"),
        (r"\ude0d how much", "\u{FFFD} how much"),
        (r"\uD83D\uDE0D\uD83D", "😍\u{FFFD}"),
        (r"\\ud83d", r"\ud83d"),
        ("ราคา", "ราคา"),
    ] {
        let fields = format!(r#""type":"message","message_id":"m","user_id":"u","text":"{written}""#);
        let Event::Message(message) = event(&fields) else { panic!("a message") };
        assert_eq!(message.text.unwrap().as_str(), wanted, "{written}");
    }
}

#[test]
fn half_a_character_in_a_document_reads_as_the_replacement_character() {
    let fields =
        r#""type":"configure","workspace":{"workspace":{"id":"glow","name":"Glow \ud83d","account_user_id":"a"}}"#;
    let Event::Configure(configured) = event(fields) else { panic!("a configure") };
    let Configured::Workspace(workspace) = *configured else { panic!("a document") };
    assert_eq!(workspace.workspace.name, "Glow \u{FFFD}");
}

#[test]
fn half_a_character_moves_no_column() {
    let error = with_id("e1", r#""type":"take","member":"\ud83d","user_id":7"#).unwrap_err();
    let whole = with_id("e1", r#""type":"take","member":"\ufffd","user_id":7"#).unwrap_err();
    assert_eq!((error.kind(), error.column()), (Kind::WrongKind, whole.column()));
    assert_eq!(error.column(), 82);
}

#[test]
fn an_id_that_begins_as_an_outcome_is_a_receipts_and_may_be_longer() {
    const CLOCK: &str = r#""type":"clock""#;
    const RECEIPT: &str = r#""type":"receipt","dm_id":"e1/0","status":"sent""#;
    let id = |start: &str, length: usize| format!("{start}{}", "ก".repeat(length - start.len()));
    for (id, fields, wanted) in [
        (id("", 256), CLOCK, None),
        (id("", 257), CLOCK, Some("1 to 256 characters, none of them a control character")),
        (id("", 257), RECEIPT, Some("1 to 256 characters, none of them a control character")),
        (id("outcome:", 600), RECEIPT, None),
        (id("outcome:", 601), RECEIPT, Some("1 to 600 characters, none of them a control character")),
        (
            id("outcome:", 9),
            CLOCK,
            Some("an event id that does not begin with `outcome:`, which only a receipt's does"),
        ),
        (id("outcom", 9), CLOCK, None),
        (id("timer:", 9), RECEIPT, Some("an event id that does not begin with `timer:`")),
    ] {
        let told = with_id(&id, fields).err().map(|error| {
            assert_eq!((error.kind(), error.column()), (Kind::BadValue, 7), "{id} {fields}");
            error.expected().to_owned()
        });
        assert_eq!(told, wanted.map(|wanted| format!("field `id`: expected {wanted}")), "{id} {fields}");
    }
}

#[test]
fn a_member_writes_as_much_as_any_dm_holds_and_a_buyer_as_much_as_any_event() {
    let member = |text: &str| {
        let start = r#""type":"member_message","message_id":"m","user_id":"u","member":"a@b.co""#;
        with_id("e1", &format!(r#"{start},"text":"{text}""#))
    };
    let buyer =
        |text: &str| with_id("e1", &format!(r#""type":"message","message_id":"m","user_id":"u","text":"{text}""#));
    for letter in ["a", "ก", "🔥"] {
        assert!(member(&letter.repeat(6_000)).is_ok());
        let error = member(&letter.repeat(6_001)).unwrap_err();
        assert_eq!(error.expected(), "field `text`: expected at most 6000 characters of text");
        assert!(buyer(&letter.repeat(6_001)).is_ok());
    }
    assert!(member("").is_ok());
}
