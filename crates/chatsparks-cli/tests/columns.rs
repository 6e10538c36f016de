//! Columns after Thai text: counted as a terminal shows them, vowels and tones above a letter taking no room.

use crate::common::{self, chatsparks};
use unicode_width::UnicodeWidthStr;

const SHOP: &str = r#"{ "workspace": { "id": "w", "name": "W", "account_user_id": "a" },
  "triggers": [ { "id": "ราคาทั้งหมดที่มี", "when": { "keywords": { "words": ["ราคา"] } }, "flow": "f" },
                { "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "f" },
                { "id": "価格", "when": "question_mark", "flow": "f" } ],
  "flows": [ { "id": "f", "version": 1, "blocks": [ { "id": "a", "message": { "text": "x" } } ] } ] }"#;

#[test]
fn what_stands_behind_a_name_stands_in_one_column() {
    let output = chatsparks(&["try", "-", "hello"]).write_stdin(SHOP).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let starts: Vec<usize> =
        text.lines().filter_map(|line| line.find("no_match").map(|at| line[..at].width())).collect();
    assert_eq!(starts.len(), 3, "{text}");
    assert!(starts.iter().all(|start| *start == starts[0]), "{starts:?}\n{text}");
}

#[test]
fn the_tables_of_a_replay_align_behind_thai_names() {
    let history: String = ["ราคา", "ราคา", "price"]
        .iter()
        .enumerate()
        .map(|(at, text)| {
            format!(
                "{{\"id\":\"e{at}\",\"at\":\"2026-03-02T10:00:00Z\",\"type\":\"comment\",\"comment_id\":\"c{at}\",\
                 \"post_id\":\"v\",\"user_id\":\"u{at}\",\"text\":\"{text}\"}}\n"
            )
        })
        .collect();
    let directory = common::directory();
    let shop = directory.path().join("shop.json");
    std::fs::write(&shop, SHOP).unwrap();
    let output = chatsparks(&["replay"]).arg(&shop).arg("-").write_stdin(history).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let table = text.split("By trigger").nth(1).unwrap();
    let ends: Vec<usize> = table
        .lines()
        .filter(|line| line.starts_with(" ราคา") || line.starts_with(" price") || line.starts_with(" trigger"))
        .map(|line| line.trim_end().width())
        .collect();
    assert!(ends.len() >= 3 && ends[..3].iter().all(|end| *end == ends[0]), "{ends:?}\n{text}");
}
