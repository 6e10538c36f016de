//! `chatsparks import`: what a shop has becomes a history that the other commands take.

use crate::common::chatsparks;
use serde_json::{Value, json};
use std::{fs, path::Path};

const WORKSPACE: &str = r#"{ "workspace": { "id": "glow", "name": "Glow", "account_user_id": "shop" },
    "triggers": [{ "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "f" }],
    "flows": [{ "id": "f", "version": 1, "blocks": [{ "id": "b", "shop_link": {} }] }] }"#;

/// Status, standard output, standard error.
fn ran(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = chatsparks(arguments).current_dir(directory).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Two pages, as TikTok answers: ids as texts and as numbers, a reply, the shop's own comment, and one that comes twice.
fn pages() -> String {
    let first = json!({ "code": 0, "message": "OK", "request_id": "r", "data": { "has_more": true, "cursor": 2, "comments": [
        { "comment_id": "7300000000000000001", "video_id": "7200000000000000001", "unique_identifier": "a/b+c=",
          "user_id": "9", "create_time": "1772445660", "text": "price? 😍", "username": "mint", "likes": 3, "owner": false,
          "status": "PUBLIC", "reply_list": [
            { "comment_id": "7300000000000000003", "create_time": "1772445720", "text": "see our bio", "owner": true,
              "unique_identifier": "internal", "parent_comment_id": "7300000000000000001" } ] },
        { "comment_id": 7300000000000000002_u64, "video_id": 7200000000000000001_u64, "unique_identifier": "noi",
          "create_time": 1772445600, "text": null, "parent_comment_id": 0 } ] } });
    let again = json!({ "code": 0, "data": { "has_more": false, "comments": [
        { "comment_id": "7300000000000000001", "video_id": "7200000000000000001", "unique_identifier": "a/b+c=",
          "create_time": "1772445660", "text": "price? 😍" } ] } });
    format!("{first}\n{again}\n")
}

const ORDERS: &str = "\u{feff}Order ID,Order Status,SKU ID,Quantity,SKU Subtotal After Discount,Order Amount,Created Time,Cancelled Time,Order Refund Amount,Buyer Username
Platform unique order ID.,,,,,,,,,
577000000000000001,Completed,s30,2,\"1,180.00\",\"1,239.50\",02/03/2026 17:30:00,,0,noi
577000000000000001,Completed,s50,1,59.50,\"1,239.50\",02/03/2026 17:30:00,,0,noi
577000000000000002,Canceled,s30,1,590,590,03/03/2026 08:00:00,03/03/2026 09:00:00,590,fah
";

/// Pages and orders in one history, in the order of their instants, which a replay takes as it is.
#[test]
fn what_a_shop_has_becomes_a_history() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("pages.json"), pages()).unwrap();
    fs::write(place.path().join("orders.csv"), ORDERS).unwrap();
    fs::write(place.path().join("shop.json"), WORKSPACE).unwrap();
    let arguments = [
        "import",
        "orders.csv",
        "pages.json",
        "--zone",
        "+07:00",
        "--dates",
        "day",
        "--currency",
        "THB",
        "--account",
        "shop",
        "--output",
        "past.jsonl",
    ];
    let (status, said, told) = ran(place.path(), &arguments);
    assert_eq!((status, said.as_str()), (Some(0), ""), "{told}");
    assert_eq!(told, "past.jsonl: 7 events, 2026-03-02T10:00:00Z to 2026-03-03T02:00:00Z; 1 came more than once\n");
    let history = fs::read_to_string(place.path().join("past.jsonl")).unwrap();
    let order = |id: &str, at: &str, user: &str, total: i64, lines: Value| {
        json!({ "id": format!("order:{id}"), "at": at, "type": "order", "order_id": id, "user_id": user, "currency": "THB",
            "total_minor": total, "lines": lines })
    };
    let wanted = [
        json!({ "id": "comment:7300000000000000002", "at": "2026-03-02T10:00:00Z", "type": "comment",
            "comment_id": "7300000000000000002", "post_id": "7200000000000000001", "user_id": "noi", "text": "" }),
        json!({ "id": "comment:7300000000000000001", "at": "2026-03-02T10:01:00Z", "type": "comment",
            "comment_id": "7300000000000000001", "post_id": "7200000000000000001", "user_id": "a/b+c=", "handle": "mint",
            "text": "price? 😍" }),
        json!({ "id": "comment:7300000000000000003", "at": "2026-03-02T10:02:00Z", "type": "comment",
            "comment_id": "7300000000000000003", "post_id": "7200000000000000001", "user_id": "shop", "text": "see our bio",
            "reply_to": "7300000000000000001" }),
        order(
            "577000000000000001",
            "2026-03-02T10:30:00Z",
            "noi",
            123_950,
            json!([
            { "sku_id": "s30", "quantity": 2, "amount_minor": 118_000 }, { "sku_id": "s50", "quantity": 1, "amount_minor": 5_950 } ]),
        ),
        order(
            "577000000000000002",
            "2026-03-03T01:00:00Z",
            "fah",
            59_000,
            json!([{ "sku_id": "s30", "quantity": 1, "amount_minor": 59_000 }]),
        ),
        json!({ "id": "refund:577000000000000002", "at": "2026-03-03T02:00:00Z", "type": "refund",
            "refund_id": "refund:577000000000000002", "order_id": "577000000000000002", "amount_minor": 59_000 }),
        json!({ "id": "cancelled:577000000000000002", "at": "2026-03-03T02:00:00Z", "type": "order_cancelled",
            "order_id": "577000000000000002" }),
    ];
    assert_eq!(lines(&history), wanted);
    // On one's own past, before anything goes live.
    let (status, said, told) = ran(place.path(), &["replay", "shop.json", "past.jsonl", "--json"]);
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["events"]["comment"], 3, "{said}");
    let (_, said, _) =
        ran(place.path(), &["try", "shop.json", "--history", "past.jsonl", "--trigger", "price", "--json"]);
    let tried: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&tried["tried"], &tried["hits"]), (&json!(3), &json!(1)));
    // The same files give the same bytes.
    let (_, again, _) = ran(place.path(), &[&arguments[..11], &["-q"]].concat());
    assert_eq!(again, history);
}

/// Any table, whatever its columns are called and divided by.
#[test]
fn any_table_is_read_by_its_columns() {
    let place = tempfile::tempdir().unwrap();
    let chats = "No;From;What they wrote;When\n1;mint;\"30ml; please\nand a card\";2026-03-02 17:00\n2;noi;hi;2026-03-02 16:59\n";
    fs::write(place.path().join("chats.csv"), chats).unwrap();
    let arguments = [
        "import",
        "chats.csv",
        "--as",
        "messages",
        "--column",
        "message_id=No",
        "--column",
        "user_id=from",
        "--column",
        "text=What they wrote",
        "--column",
        "at=When",
        "--zone",
        "+07:00",
        "-q",
    ];
    let (status, said, told) = ran(place.path(), &arguments);
    assert_eq!((status, told.as_str()), (Some(0), ""));
    let texts: Vec<Value> = lines(&said).iter().map(|line| json!([line["id"], line["at"], line["text"]])).collect();
    let wanted = [
        json!(["message:2", "2026-03-02T09:59:00Z", "hi"]),
        json!(["message:1", "2026-03-02T10:00:00Z", "30ml; please\nand a card"]),
    ];
    assert_eq!(texts, wanted);
}

/// What cannot be read is told with its file, line and column and what to do, nothing of what was written is shown, and
/// nothing is written.
#[test]
fn bad_rows_are_told_and_nothing_is_half_written() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("past.jsonl", "as it was");
    let head = "comment_id,video_id,unique_identifier,text,create_time\n";
    write(
        "rows.csv",
        &format!(
            "{head}c1,v1,u1,hello,2026-03-02T10:00:00Z\nc2,v1,,secret,2026-03-02T10:00:00Z\nc3,v1,u1,secret,secret\n"
        ),
    );
    let (status, said, told) = ran(place.path(), &["import", "rows.csv", "--output", "past.jsonl"]);
    assert_eq!((status, said.as_str()), (Some(2), ""));
    assert_eq!(
        told,
        "error: 2 rows cannot be read, and nothing was written\n  \
         rows.csv, line 3, column 3 (`unique_identifier`): nothing stands here\n  \
         rows.csv, line 4, column 5 (`create_time`): expected an instant, such as 2026-03-02 10:00:00\n \
         help: mend them, or pass over such rows with `--keep-going`\n"
    );
    assert_eq!(fs::read_to_string(place.path().join("past.jsonl")).unwrap(), "as it was");
    let (status, said, told) = ran(place.path(), &["import", "rows.csv", "--keep-going"]);
    assert_eq!((status, lines(&said).len()), (Some(0), 1));
    assert!(told.contains("line 3") && told.ends_with("2 rows passed over\n"), "{told}");
    let long = "x".repeat(300);
    write("long.csv", &format!("{head}c1,v1,{long},hello,2026-03-02T10:00:00Z\n"));
    write("dates.csv", &format!("{head}c1,v1,u1,hello,03/04/2026\n"));
    write("heads.csv", "order_id,text\n1,2\n");
    write("what.csv", "a,b\n1,2\n");
    write("refused.json", r#"{"code": 40100, "message": "Too many requests", "data": {}}"#);
    write(
        "wrong.json",
        "{\"code\": 0, \"data\": {\"comments\": [\n  {\"comment_id\": \"c1\", \"create_time\": \"1\", \"text\": [\"secret\"]}]}}",
    );
    write("cut.json", "{\"code\": 0,\n \"data\": {\"comm");
    write("lacks.json", r#"{"code": 0, "data": {"comments": [{"comment_id": "c1", "create_time": "1772445600"}]}}"#);
    write("empty.json", "");
    for (file, says) in [
        ("long.csv", "long.csv, line 2: "),
        ("dates.csv", "say which, `--dates day`"),
        ("heads.csv", "`heads.csv`, line 1: no column for `user_id`, `at`, `sku_id`, `amount`"),
        ("what.csv", "nobody can tell what its rows are"),
        ("refused.json", "`refused.json`, page 1: TikTok refused it, code 40100: Too many requests"),
        ("wrong.json", "wrong.json, page 1, comment 1: a field holds another kind of value than TikTok writes"),
        ("cut.json", "`cut.json`, line 2, column"),
        ("lacks.json", "lacks.json, page 1, comment 1: it has no `video_id`"),
        ("empty.json", "is empty"),
        ("nowhere.csv", "cannot read `nowhere.csv`"),
    ] {
        let (status, said, told) = ran(place.path(), &["import", file]);
        assert_eq!((status, said.as_str()), (Some(2), ""), "{file}");
        assert!(told.contains(says), "{file}: {told}");
        assert!(!told.contains("secret"), "{file}: {told}");
    }
    let (status, _, told) = ran(place.path(), &["import", "rows.csv", "--output", "rows.csv"]);
    assert_eq!(status, Some(2));
    assert!(told.contains("would be overwritten"), "{told}");
}

/// One comment that cannot be read is no reason to lose the others of its page; half a character is none at all.
#[test]
fn a_page_is_read_as_far_as_it_can_be() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    let comment = |rest: &str| format!(r#"{{"comment_id":"c1","video_id":"v1","unique_identifier":"u1",{rest}}}"#);
    let half = comment(r#""create_time":"1772445600","text":"price \ud83d, or \ud83d\ude0d""#);
    write("half.json", &format!(r#"{{"code":0,"data":{{"comments":[{half}]}}}}"#));
    let (status, said, told) = ran(place.path(), &["import", "half.json"]);
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(lines(&said)[0]["text"], "price \u{fffd}, or \u{1f60d}");
    let others = [comment(r#""text":"secret""#), comment(r#""create_time":[1]"#), r#"{"video_id":"v1"}"#.to_owned()];
    let answer = comment(r#""create_time":"1772445600","reply_list":[{"comment_id":"c2","text":"secret"}]"#);
    write("some.json", &format!(r#"{{"code":0,"data":{{"comments":[{},{answer}]}}}}"#, others.join(",")));
    let (status, said, told) = ran(place.path(), &["import", "some.json"]);
    assert_eq!((status, said.as_str()), (Some(2), ""), "{told}");
    let (status, said, told) = ran(place.path(), &["import", "some.json", "--keep-going"]);
    assert_eq!((status, lines(&said).len()), (Some(0), 1), "{told}");
    for says in [
        "some.json, page 1, comment 1: it has no `create_time`",
        "some.json, page 1, comment 2: a field holds another kind of value",
        "some.json, page 1, comment 3: it has no `comment_id`",
        "some.json, page 1, comment 4, reply 1: it has no `unique_identifier`",
        "4 rows passed over",
    ] {
        assert!(told.contains(says), "{told}");
    }
    assert!(!told.contains("secret"), "{told}");
}
