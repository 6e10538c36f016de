//! Every line type of a history, every limit, and every way in which a line cannot be read.
use chatsparks_core::{ActKind, Configured, DmStage, Event};
use chatsparks_replay::{HistoryError, HistoryErrorKind as Kind, Line, Reader};
use std::io::{BufReader, Read};

fn read(history: &[u8]) -> Vec<Result<Line, HistoryError>> {
    Reader::new(history, "h.jsonl").collect()
}

fn one(fields: &str) -> Result<Line, HistoryError> {
    let line = format!(r#"{{"id":"e1","at":"2026-03-02T10:00:00Z",{fields}}}"#);
    read(line.as_bytes()).pop().unwrap()
}

fn event(fields: &str) -> Event {
    one(fields).unwrap_or_else(|error| panic!("{fields}: {error}")).envelope.event
}

#[test]
fn every_type_is_read_with_all_its_fields() {
    let Event::Comment(comment) = event(
        r#""type":"comment","comment_id":"c1","post_id":"v1","user_id":"u1","handle":"mint","text":"PRICE\u003f","posted_at":"2026-03-02T09:59:00Z","reply_to":"c0","direct_reply":true"#,
    ) else {
        panic!("a comment")
    };
    assert_eq!(comment.text.as_str(), "PRICE?");
    assert_eq!(comment.handle, Some("mint".into()));
    assert_eq!(comment.reply_to.unwrap(), "c0");
    assert_eq!(comment.posted_at.unwrap().to_string(), "2026-03-02T09:59:00Z");
    assert!(comment.direct_reply);

    let Event::Comment(comment) =
        event(r#""type":"comment","comment_id":"c1","post_id":"v1","user_id":"u1","text":"","handle":null"#)
    else {
        panic!("a comment")
    };
    assert!(comment.handle.is_none() && comment.posted_at.is_none() && comment.reply_to.is_none());
    assert!(!comment.direct_reply);

    for (fields, is_wanted) in [
        (
            r#""type":"comment_removed","comment_id":"c1","user_id":"u1""#,
            (|event| matches!(event, Event::CommentRemoved(of) if of.comment_id == "c1" && of.user_id == "u1"))
                as fn(&Event) -> bool,
        ),
        (
            r#""type":"comment_answerable","comment_id":"c1","user_id":"u1""#,
            |event| matches!(event, Event::CommentAnswerable(of) if of.comment_id == "c1"),
        ),
        (
            r#""type":"message","message_id":"m1","user_id":"u1","handle":"mint","text":"hi","option":"30""#,
            |event| matches!(event, Event::Message(m) if m.option.as_ref().is_some_and(|o| *o == "30") && m.text.is_some()),
        ),
        (
            r#""type":"message","message_id":"m1","user_id":"u1""#,
            |event| matches!(event, Event::Message(m) if m.option.is_none() && m.text.is_none()),
        ),
        (
            r#""type":"receipt","dm_id":"timer:close:u1:x/0","status":"failed","detail":"no""#,
            |event| matches!(event, Event::Receipt(r) if r.status == DmStage::Failed && r.detail == Some("no".into())),
        ),
        (
            r#""type":"order","order_id":"o1","user_id":"u1","placed_at":"2026-03-02T09:00:00Z","currency":"THB","total_minor":59000,"lines":[{"sku_id":"s30","product_id":"p","quantity":2,"amount_minor":9223372036854775807},{"sku_id":"s50","amount_minor":0}]"#,
            |event| {
                matches!(event, Event::Order(o) if o.lines.len() == 2 && o.lines[0].quantity == 2
                    && o.lines[0].amount_minor == i64::MAX && o.lines[1].quantity == 1 && o.lines[1].product_id.is_none())
            },
        ),
        (
            r#""type":"order_cancelled","order_id":"o1""#,
            |event| matches!(event, Event::OrderCancelled(id) if *id == "o1"),
        ),
        (
            r#""type":"refund","refund_id":"r1","order_id":"o1","amount_minor":1"#,
            |event| matches!(event, Event::Refund(r) if r.amount_minor == 1 && r.refund_id == "r1"),
        ),
        (
            r#""type":"identity","user_id":"u1","shop_user_id":"s1""#,
            |event| matches!(event, Event::Identity { shop_user_id, .. } if *shop_user_id == "s1"),
        ),
        (
            r#""type":"order_review","order_id":"o1","verdict":"reject","member":"a@b.co""#,
            |event| matches!(event, Event::OrderReview { member, .. } if *member == "a@b.co"),
        ),
        (
            r#""type":"take","user_id":"u1","member":"a@b.co""#,
            |event| matches!(event, Event::Act(a) if a.kind == ActKind::Take),
        ),
        (
            r#""type":"hand_back","user_id":"u1","member":"a@b.co""#,
            |event| matches!(event, Event::Act(a) if a.kind == ActKind::HandBack),
        ),
        (
            r#""type":"close","user_id":"u1","member":"a@b.co""#,
            |event| matches!(event, Event::Act(a) if a.kind == ActKind::Close),
        ),
        (
            r#""type":"block","user_id":"u1","member":"a@b.co""#,
            |event| matches!(event, Event::Act(a) if a.kind == ActKind::Block),
        ),
        (
            r#""type":"unblock","user_id":"u1","member":"a@b.co""#,
            |event| matches!(event, Event::Act(a) if a.kind == ActKind::Unblock),
        ),
        (
            r#""type":"assign","user_id":"u1","member":"a@b.co","to":"c@d.co""#,
            |event| matches!(event, Event::Act(a) if a.kind == ActKind::Assign("c@d.co".into())),
        ),
        (
            r#""type":"member_message","message_id":"m1","user_id":"u1","member":"a@b.co","text":"hi","link":{"product":"p","sku":"s"}"#,
            |event| matches!(event, Event::MemberMessage(m) if m.link.as_ref().is_some_and(|l| l.sku.is_some())),
        ),
        (
            r#""type":"configure","workspace":{"workspace":{"id":"glow","name":"Glow","account_user_id":"a"}}"#,
            |event| matches!(event, Event::Configure(c) if matches!(&**c, Configured::Workspace(w) if w.workspace.id == "glow")),
        ),
        (r#""type":"clock""#, |event| *event == Event::Clock),
    ] {
        assert!(is_wanted(&event(fields)), "{fields}");
    }
}

#[test]
fn f10_a_document_that_cannot_be_read_leaves_the_line_read() {
    for (document, path) in [
        (r#"{"workspace":{"id":"glow","name":"Glow","account_user_id":"a"},"triggers":[{"id":1}]}"#, "triggers[0].id"),
        (r#"{"workspace":{"id":"glow","name":"Glow"}}"#, "workspace"),
        (r#"{"workspace":{"id":"glow","name":"Glow","account_user_id":"a"},"colour":1}"#, "colour"),
        ("7", ""),
        (r#""text""#, ""),
    ] {
        let Event::Configure(configured) = event(&format!(r#""type":"configure","workspace":{document}"#)) else {
            panic!("a configure")
        };
        let Configured::Unreadable(problem) = *configured else { panic!("{document} was read") };
        assert_eq!(problem.path, path, "{document}");
        assert!(!problem.message.contains("at line"), "{problem}");
    }
}

#[test]
fn bad_lines_are_told_with_column_and_what_was_expected() {
    let table: &[(&str, Kind, u64, &str)] = &[
        ("{", Kind::Syntax, 1, "not a JSON object: it ends within an object"),
        (r#"{"id":"e1""#, Kind::Syntax, 10, "not a JSON object: it ends within an object"),
        (r#"{"id":"e1" "at""#, Kind::Syntax, 12, "not a JSON object: expected `,` or `}`"),
        (r#"{"id":"e1"} x"#, Kind::Syntax, 13, "not a JSON object: nothing was expected after its end"),
        (
            r#"{"id":"e1","direct_reply":tru}"#,
            Kind::Syntax,
            30,
            "not a JSON object: expected `true`, `false` or `null`",
        ),
        ("what?", Kind::Syntax, 1, "not a JSON object: expected a value"),
        ("nothing", Kind::Syntax, 2, "not a JSON object: expected `true`, `false` or `null`"),
        (r#"{id:"e1"}"#, Kind::Syntax, 2, "not a JSON object: expected the name of a field, in quotes"),
        (r#"{"id":"e1",}"#, Kind::Syntax, 12, "not a JSON object: nothing was expected after the comma"),
        (
            r#"{"id":"a\x"}"#,
            Kind::Syntax,
            10,
            "not a JSON object: expected an escape such as `\\n` or `\\u0e01` after the backslash",
        ),
        (r#"{"amount_minor":-}"#, Kind::Syntax, 18, "not a JSON object: expected a number"),
        ("[1]", Kind::WrongKind, 1, "the line: expected an object, found a list"),
        (" 7", Kind::WrongKind, 2, "the line: expected an object, found a number"),
        ("null", Kind::WrongKind, 1, "the line: expected an object, found null"),
        // Fields have names: none is taken by its place.
        (r#"["e1","2026-03-02T10:00:00Z","clock"]"#, Kind::WrongKind, 1, "the line: expected an object, found a list"),
        (
            r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"clock","link":["p"]}"#,
            Kind::WrongKind,
            62,
            "field `link`: expected an object, found a list",
        ),
        (r#"{"id":7}"#, Kind::WrongKind, 7, "field `id`: expected a text, found a number"),
        (r#"{"id":"e1","id":"e2"}"#, Kind::RepeatedField, 17, "field `id` is given twice"),
        (r#"{"id":"e1","colour":"red"}"#, Kind::UnknownField, 21, "unknown field `colour`"),
        (r#"{"at":"2026-03-02T10:00:00Z","type":"clock"}"#, Kind::MissingField, 44, "missing field `id`"),
        (
            r#"{"id":null,"at":"2026-03-02T10:00:00Z","type":"clock"}"#,
            Kind::WrongKind,
            7,
            "field `id`: expected a value, found null",
        ),
        (
            r#"{"id":"","at":"2026-03-02T10:00:00Z","type":"clock"}"#,
            Kind::BadValue,
            7,
            "field `id`: expected 1 to 256 characters, none of them a control character",
        ),
        (
            r#"{"id":"a\tb","at":"2026-03-02T10:00:00Z","type":"clock"}"#,
            Kind::BadValue,
            7,
            "field `id`: expected 1 to 256 characters, none of them a control character",
        ),
        (
            r#"{"id":"timer:x","at":"2026-03-02T10:00:00Z","type":"clock"}"#,
            Kind::BadValue,
            7,
            "field `id`: expected an event id that does not begin with `timer:`",
        ),
        (
            r#"{"id":"e1","at":"yesterday","type":"clock"}"#,
            Kind::BadValue,
            17,
            "field `at`: expected an instant in RFC 3339, such as `2026-03-02T10:00:00Z`, between the years 1970 and 9999",
        ),
        (
            r#"{"id":"e1","at":"2026-03-02T10:00:60Z","type":"clock"}"#,
            Kind::BadValue,
            17,
            "field `at`: expected an instant in RFC 3339, such as `2026-03-02T10:00:00Z`, between the years 1970 and 9999",
        ),
        (
            r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"clock","user_id":"u1"}"#,
            Kind::MisplacedField,
            65,
            "field `user_id` does not belong to a line of type `clock`",
        ),
        (
            r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"take","user_id":"u1"}"#,
            Kind::MissingField,
            68,
            "missing field `member`",
        ),
        (
            r#"{"id":"ราคา","at":"2026-03-02T10:00:00Z","type":"clock","text":"x"}"#,
            Kind::MisplacedField,
            64,
            "field `text` does not belong to a line of type `clock`",
        ),
        (
            r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"comment","comment_id":"c","post_id":"v","user_id":"u","text":"x","direct_reply":"yes"}"#,
            Kind::WrongKind,
            128,
            "field `direct_reply`: expected true or false, found a text",
        ),
        (
            r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"receipt","dm_id":"d","status":"queued"}"#,
            Kind::BadValue,
            78,
            "field `status`: expected `sent`, `delivered`, `read` or `failed`",
        ),
        (
            r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"refund","refund_id":"r","order_id":"o","amount_minor":-1}"#,
            Kind::BadValue,
            102,
            "field `amount_minor`: expected a whole number of minor units, not negative",
        ),
        (
            r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"refund","refund_id":"r","order_id":"o","amount_minor":1.5}"#,
            Kind::WrongKind,
            102,
            "field `amount_minor`: expected a whole number within 64 bits, found a number",
        ),
        (
            r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"refund","refund_id":"r","order_id":"o","amount_minor":9223372036854775808}"#,
            Kind::WrongKind,
            102,
            "field `amount_minor`: expected a whole number within 64 bits, found a number",
        ),
    ];
    for (line, kind, column, expected) in table {
        let error = read(line.as_bytes()).pop().unwrap().unwrap_err();
        assert_eq!((error.kind(), error.column(), error.expected()), (*kind, *column, *expected), "{line}");
        assert_eq!(error.to_string(), format!("h.jsonl:1:{column}: {expected}"));
    }
    let unknown = one(r#""type":"tapped""#).unwrap_err();
    assert_eq!((unknown.kind(), unknown.column()), (Kind::UnknownType, 47));
    assert!(unknown.expected().starts_with("unknown type `tapped`: expected `comment`, "), "{unknown}");
}

#[test]
fn bad_parts_of_an_order_are_told_with_their_place() {
    let start = r#""type":"order","order_id":"o","user_id":"u","currency":"THB","total_minor":1,"lines":"#;
    let before = r#"{"id":"e1","at":"2026-03-02T10:00:00Z","#.len() as u64 + start.len() as u64 + 1;
    for (lines, kind, column, expected) in [
        ("7", Kind::WrongKind, 0, "field `lines`: expected a list of order lines, found a number"),
        (r#"[{"sku_id":"s"}]"#, Kind::MissingField, 14, "missing field `lines[0].amount_minor`"),
        (
            r#"[{"sku_id":"s","amount_minor":1},7]"#,
            Kind::WrongKind,
            33,
            "field `lines[1]`: expected an object, found a number",
        ),
        (r#"[["s","p",1,1]]"#, Kind::WrongKind, 1, "field `lines[0]`: expected an object, found a list"),
        (
            r#"[{"sku_id":"s","amount_minor":1,"colour":1}]"#,
            Kind::UnknownField,
            41,
            "unknown field `colour` in `lines[0]`",
        ),
        (
            r#"[{"sku_id":"s","amount_minor":-1}]"#,
            Kind::BadValue,
            30,
            "field `lines[0].amount_minor`: expected a whole number of minor units, not negative",
        ),
        (
            r#"[{"sku_id":"s","amount_minor":1,"quantity":0}]"#,
            Kind::BadValue,
            43,
            "field `lines[0].quantity`: expected a whole number from 1 to 1000000000",
        ),
        (
            r#"[{"sku_id":"s","amount_minor":1,"quantity":1000000001}]"#,
            Kind::BadValue,
            43,
            "field `lines[0].quantity`: expected a whole number from 1 to 1000000000",
        ),
        (
            r#"[{"sku_id":7,"amount_minor":1}]"#,
            Kind::WrongKind,
            11,
            "field `lines[0].sku_id`: expected a text, found a number",
        ),
    ] {
        let error = one(&format!("{start}{lines}")).unwrap_err();
        assert_eq!((error.kind(), error.column(), error.expected()), (kind, before + column, expected), "{lines}");
    }
    let lines = |count: usize| {
        format!("[{}]", vec![r#"{"sku_id":"s","amount_minor":1,"quantity":1000000000}"#; count].join(","))
    };
    assert!(one(&format!("{start}{}", lines(10_000))).is_ok());
    let error = one(&format!("{start}{}", lines(10_001))).unwrap_err();
    assert_eq!((error.kind(), error.column()), (Kind::BadValue, before));
    assert_eq!(error.expected(), "field `lines`: expected at most 10000 lines");
}

#[test]
fn bad_orders_are_told_with_column_and_what_was_expected() {
    const AMOUNT: &str = "a whole number of minor units, not negative";
    const WHOLE: &str = "a whole number within 64 bits";
    const ID: &str = "1 to 256 characters, none of them a control character";
    let most = i64::MAX.to_string();
    let long = format!(r#""{}""#, "T".repeat(257));
    for (field, value, wanted) in [
        ("total_minor", "-1", Some((Kind::BadValue, AMOUNT.to_owned()))),
        ("total_minor", "-9223372036854775808", Some((Kind::BadValue, AMOUNT.to_owned()))),
        ("total_minor", "-9223372036854775809", Some((Kind::WrongKind, format!("{WHOLE}, found a number")))),
        ("total_minor", "9223372036854775808", Some((Kind::WrongKind, format!("{WHOLE}, found a number")))),
        ("total_minor", "1e3", Some((Kind::WrongKind, format!("{WHOLE}, found a number")))),
        ("total_minor", "590.00", Some((Kind::WrongKind, format!("{WHOLE}, found a number")))),
        ("total_minor", r#""590""#, Some((Kind::WrongKind, format!("{WHOLE}, found a text")))),
        ("total_minor", "0", None),
        ("total_minor", &most, None),
        // Currencies are the shop's own words: any is read, and has books of its own.
        ("currency", r#""XYZ""#, None),
        ("currency", r#""\ud83d\udcb0""#, None),
        ("currency", r#""""#, Some((Kind::BadValue, ID.to_owned()))),
        ("currency", &long, Some((Kind::BadValue, ID.to_owned()))),
        ("currency", "764", Some((Kind::WrongKind, "a text, found a number".to_owned()))),
        ("lines", "[]", None),
    ] {
        let mut given = vec![("currency", r#""THB""#), ("total_minor", "1"), ("lines", "[]")];
        given.retain(|(name, _)| *name != field);
        let given: Vec<_> = given.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        let start = format!(r#""type":"order","order_id":"o","user_id":"u",{},"{field}":"#, given.join(","));
        let column = r#"{"id":"e1","at":"2026-03-02T10:00:00Z","#.len() as u64 + start.len() as u64 + 1;
        let read = one(&format!("{start}{value}"));
        let wanted = wanted.map(|(kind, expected)| (kind, 1, column, format!("field `{field}`: expected {expected}")));
        let told = read.err().map(|error| (error.kind(), error.line(), error.column(), error.expected().to_owned()));
        assert_eq!(told, wanted, "{field}: {value}");
    }
    for (fields, expected) in [
        (r#""type":"order","order_id":"o","user_id":"u","currency":"THB","total_minor":1"#, "missing field `lines`"),
        (r#""type":"order","order_id":"o","user_id":"u","total_minor":1,"lines":[]"#, "missing field `currency`"),
        (r#""type":"order","order_id":"o","user_id":"u","currency":"THB","lines":[]"#, "missing field `total_minor`"),
        (r#""type":"refund","refund_id":"r","order_id":"o"#, "not a JSON object: it ends within a text"),
        (r#""type":"refund","refund_id":"r","order_id":"o""#, "missing field `amount_minor`"),
        (
            r#""type":"order_review","order_id":"o","verdict":"maybe","member":"a@b.co""#,
            "field `verdict`: expected `confirm` or `reject`",
        ),
    ] {
        assert_eq!(one(fields).unwrap_err().expected(), expected, "{fields}");
    }
}

/// A million whole lines of an order, eighty megabytes less a little: refused by its first line too many.
#[test]
fn an_order_of_a_million_lines_is_told_with_its_place() {
    let order = r#""type":"order","order_id":"o","user_id":"u","currency":"THB","total_minor":1,"lines":"#;
    let lines = vec![r#"{"sku_id":"s30","product_id":"p","quantity":1,"amount_minor":1}"#; 1_000_000].join(",");
    let clock = r#"{"id":"e0","at":"2026-03-02T10:00:00Z","type":"clock"}"#;
    let start = format!(r#"{{"id":"e1","at":"2026-03-02T10:00:00Z",{order}"#);
    let history = format!("{clock}\n{start}[{lines}]}}\n{}", clock.replace("e0", "e2"));
    let read = read(history.as_bytes());
    let told = read[1].as_ref().unwrap_err().to_string();
    assert_eq!(told, format!("h.jsonl:2:{}: field `lines`: expected at most 10000 lines", start.len() + 1));
    // The next line is read as ever.
    assert_eq!(read[2].as_ref().unwrap().number, 3);
}

#[test]
fn a_line_of_too_many_parts_is_told_as_any_other() {
    let many = vec![r#""a":1"#; 1_000_000].join(",");
    let error = one(&many).unwrap_err();
    assert_eq!((error.kind(), error.expected()), (Kind::UnknownField, "unknown field `a`: did you mean `at`?"));
    let order = r#""type":"order","order_id":"o","user_id":"u","currency":"THB","total_minor":1,"lines":"#;
    let error = one(&format!("{order}[{}]", vec!["1"; 1_000_000].join(","))).unwrap_err();
    assert_eq!(error.expected(), "field `lines`: expected at most 10000 lines");
    let deep = format!(r#""type":{}"#, "[".repeat(1_000_000));
    assert_eq!(one(&deep).unwrap_err().kind(), Kind::Syntax);
}

#[test]
fn limits_hold_at_their_edge_and_one_over() {
    let comment = |field: &str, value: &str| {
        let mut fields = vec![("comment_id", "c"), ("post_id", "v"), ("user_id", "u"), ("text", "t")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
        format!(r#""type":"comment",{}"#, fields.join(","))
    };
    let message = |option: &str| format!(r#""type":"message","message_id":"m","user_id":"u","option":"{option}""#);
    let receipt = |dm: &str| format!(r#""type":"receipt","status":"sent","dm_id":"{dm}""#);
    for letter in ["a", "ก", "🔥"] {
        for field in ["comment_id", "post_id", "user_id", "handle", "reply_to"] {
            assert!(one(&comment(field, &letter.repeat(256))).is_ok(), "{field}");
            assert_eq!(one(&comment(field, &letter.repeat(257))).unwrap_err().kind(), Kind::BadValue, "{field}");
        }
        assert!(one(&message(&letter.repeat(64))).is_ok());
        assert!(one(&message(&letter.repeat(65))).is_err());
        assert!(one(&receipt(&letter.repeat(512))).is_ok());
        assert!(one(&receipt(&letter.repeat(513))).is_err());
        let fits = (1 << 20) / letter.len();
        assert!(one(&comment("text", &letter.repeat(fits))).is_ok());
        assert!(one(&comment("text", &letter.repeat(fits + 1))).is_err());
    }
    // Handles and texts are no ids: empty and with line ends they are read.
    assert!(one(&comment("handle", "")).is_ok());
    assert!(one(&comment("text", "a\\nb\\u0000")).is_ok());
    assert!(one(&comment("user_id", "a\\u0085b")).is_err());
}

#[test]
fn line_ends_marks_and_blank_lines_are_passed_over() {
    let clock = |id: &str| format!(r#"{{"id":"{id}","at":"2026-03-02T10:00:00Z","type":"clock"}}"#);
    let history = format!("\u{FEFF}{}\r\n\r\n  \t\n{}\n\n{}", clock("a"), clock("b"), clock("c"));
    let lines: Vec<(u64, String)> = read(history.as_bytes())
        .into_iter()
        .map(|line| line.map(|line| (line.number, line.envelope.id.to_string())).unwrap())
        .collect();
    assert_eq!(lines, [(1, "a".to_owned()), (4, "b".to_owned()), (6, "c".to_owned())]);
    assert!(read(b"").is_empty());
    assert!(read(b"\xEF\xBB\xBF").is_empty());
    assert!(read(b"\n\r\n").is_empty());
    // A mark anywhere else is no white space of JSON.
    let second = format!("{}\n\u{FEFF}{}", clock("a"), clock("b"));
    assert_eq!(read(second.as_bytes())[1].as_ref().unwrap_err().kind(), Kind::Syntax);
}

#[test]
fn a_line_that_is_not_utf8_is_told_with_its_byte() {
    let mut history = br#"{"id":"e1","text":""#.to_vec();
    history.extend_from_slice(b"\xFF\"}\n");
    history.extend_from_slice(br#"{"id":"e2","at":"2026-03-02T10:00:00Z","type":"clock"}"#);
    let lines = read(&history);
    let error = lines[0].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.line(), error.column()), (Kind::NotUtf8, 1, 20));
    assert!(error.expected().ends_with("such as Windows-874 or Latin-1: save the file as UTF-8"), "{error}");
    assert_eq!(lines[1].as_ref().unwrap().number, 2);
}

#[test]
fn a_history_in_another_encoding_is_told_to_be_saved_as_utf_8() {
    let line = r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"comment","comment_id":"c","post_id":"v","user_id":"u","text":"ราคา"}"#;
    let (little, big) = (u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes as fn(u16) -> [u8; 2]);
    for mark in ["\u{FEFF}", ""] {
        for bytes in [little, big] {
            let history: Vec<u8> = format!("{mark}{line}\n{line}\n").encode_utf16().flat_map(bytes).collect();
            let lines = read(&history);
            let error = lines[0].as_ref().unwrap_err();
            assert!(error.expected().ends_with("UTF-16, it seems: save it as UTF-8"), "{mark:?} {error}");
            assert!(lines.iter().all(Result::is_err));
        }
    }
    // Thai as Windows-874 writes it, one byte a letter.
    let thai: Vec<u8> =
        line.chars().map(|c| if c.is_ascii() { c as u8 } else { (c as u32 - 0xE00 + 0xA0) as u8 }).collect();
    let error = read(&thai).remove(0).unwrap_err();
    assert_eq!((error.kind(), error.column()), (Kind::NotUtf8, line.find('ร').unwrap() as u64 + 1));
    assert!(error.expected().contains("save the file as UTF-8"), "{error}");
}

#[test]
fn a_name_that_is_nearly_right_is_offered() {
    for (fields, wanted) in [
        (r#""type":"coment""#, "unknown type `coment`: did you mean `comment`?"),
        (r#""type":"memberMessage""#, "unknown type `memberMessage`: did you mean `member_message`?"),
        (r#""type":"clock","usr_id":"u""#, "unknown field `usr_id`: did you mean `user_id`?"),
        (
            r#""type":"order","order_id":"o","user_id":"u","currency":"THB","total_minor":1,"lines":[{"sku":"s"}]"#,
            "unknown field `sku` in `lines[0]`",
        ),
        (
            r#""type":"order","order_id":"o","user_id":"u","currency":"THB","total_minor":1,"lines":[{"quantty":"s"}]"#,
            "unknown field `quantty` in `lines[0]`: did you mean `quantity`?",
        ),
    ] {
        assert_eq!(one(fields).unwrap_err().expected(), wanted);
    }
    assert!(one(r#""type":"like""#).unwrap_err().expected().starts_with("unknown type `like`: expected `comment`, "));
}

#[test]
fn a_line_over_its_limit_is_passed_over_without_being_kept() {
    const LIMIT: u64 = 80 << 20;
    let clock = r#"{"id":"e1","at":"2026-03-02T10:00:00Z","type":"clock"}"#;
    for (length, is_read) in [(LIMIT, true), (LIMIT + 1, false), (LIMIT * 3, false)] {
        let padding = length - clock.len() as u64;
        let line = clock.as_bytes().chain(std::io::repeat(b' ').take(padding));
        let input = line.chain(&b"\r\n"[..]).chain(clock.as_bytes());
        let lines: Vec<_> = Reader::new(BufReader::new(input), "h").collect();
        assert_eq!(lines.len(), 2);
        match &lines[0] {
            Ok(line) => assert!(is_read && line.number == 1),
            Err(error) => assert!(!is_read && error.kind() == Kind::LineTooLong, "{error}"),
        }
        assert_eq!(lines[1].as_ref().unwrap().number, 2, "{length}");
    }
}

#[test]
fn an_input_that_fails_ends_the_history() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let clock = "{\"id\":\"e1\",\"at\":\"2026-03-02T10:00:00Z\",\"type\":\"clock\"}\n{\"id\"";
    let mut reader = Reader::new(BufReader::new(clock.as_bytes().chain(Broken)), "h");
    assert!(reader.next().unwrap().is_ok());
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "h:2:1: the file cannot be read on: the disk is gone");
    assert!(reader.next().is_none());
}

#[test]
fn errors_never_show_what_somebody_wrote() {
    let secret = "my-phone-0812345678";
    for fields in [
        format!(
            r#""type":"comment","comment_id":"c","post_id":"v","user_id":"u","text":"{secret}","direct_reply":"{secret}""#
        ),
        format!(r#""type":"comment","comment_id":"c","post_id":"v","user_id":7,"text":"{secret}""#),
        format!(r#""type":"clock","text":"{secret}""#),
        format!(r#""type":"refund","refund_id":"r","order_id":"o","amount_minor":"{secret}""#),
        format!(r#""type":"comment","text":"{secret}", broken"#),
    ] {
        let error = one(&fields).unwrap_err();
        assert!(!error.to_string().contains("0812") && !format!("{error:?}").contains("0812"), "{error:?}");
    }
}
