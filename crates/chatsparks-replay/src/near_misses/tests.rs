#![allow(clippy::unwrap_used)]

use super::*;
use crate::{Format, Reader, Replay, read_workspace};

/// A workspace of these triggers, as (id, condition), all of one flow; and what these texts almost match in it.
fn found(triggers: &[(&str, &str)], texts: &[&str]) -> NearMisses {
    let triggers: Vec<String> =
        triggers.iter().map(|(id, when)| format!(r#"{{ "id": "{id}", "when": {when}, "flow": "f" }}"#)).collect();
    let workspace = format!(
        r#"{{ "workspace": {{ "id": "w", "name": "W", "account_user_id": "acct" }}, "triggers": [{}],
              "flows": [{{ "id": "f", "version": 1, "blocks": [{{ "id": "a", "tag": {{ "tag": "t" }} }}] }}] }}"#,
        triggers.join(",")
    );
    let engine = Engine::compile(read_workspace(workspace.as_bytes(), Format::Json).unwrap()).unwrap();
    let lines: Vec<String> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| {
            serde_json::json!({ "id": format!("e{number}"), "at": "2026-03-02T10:00:00Z", "type": "comment",
                "comment_id": format!("c{number}"), "post_id": "v", "user_id": format!("u{number}"), "text": text })
            .to_string()
        })
        .collect();
    let lines = lines.join("\n");
    let (mut replay, mut search) = (Replay::new(engine), NearMissSearch::new());
    for line in Reader::new(lines.as_bytes(), "history") {
        replay.push_observed(&line.unwrap().envelope, &mut search);
    }
    search.find(replay.engine())
}

/// The same in a line a change.
fn told(triggers: &[(&str, &str)], texts: &[&str]) -> Vec<String> {
    let all = found(triggers, texts).changes.into_iter().map(|near| {
        let change = match &near.change {
            Change::Add(word) => format!("+{word}"),
            Change::Set(option) => (*option).to_owned(),
        };
        let takes: Vec<String> =
            near.takes.iter().map(|(trigger, comments)| format!(" -{trigger}:{}", comments.count)).collect();
        let also = if near.also.count == 0 { String::new() } else { format!(" also {}", near.also.count) };
        format!("{} {change} {} {}{also}{}", near.trigger, near.kind.as_str(), near.brings.count, takes.concat())
    });
    let mut all: Vec<String> = all.collect();
    all.sort();
    all
}

fn words(words: &str, more: &str) -> String {
    let words: Vec<String> = words.split('|').map(|word| format!("\"{word}\"")).collect();
    format!(r#"{{ "keywords": {{ "words": [{}]{more} }} }}"#, words.join(","))
}

#[test]
fn c4_a_word_is_missed_by_one_edit_an_accent_a_run_an_ending_or_a_script() {
    for (word, more, text, wanted) in [
        // One letter wrong, missing, too many, and two turned round; within the word and across its middle.
        ("shipping", "", "free shiping?", "t +shiping one_edit 1"),
        ("shipping", "", "free shippping", "t +shippping one_edit 1 | t squeeze elongated 1"),
        ("shipping", "", "shopping now", "t +shopping one_edit 1"),
        ("shipping", "", "the shippnig cost", "t +shippnig one_edit 1"),
        ("shipping", "", "the shpiping cost", "t +shpiping one_edit 1"),
        ("shipping", "", "shippi ng", ""),
        ("shipping", "", "shoping", ""),
        ("price", "", "prcie pls", "t +prcie one_edit 1"),
        // Thai: marks, and letters within longer words; what only begins like it is another word.
        ("เท่าไหร่", "", "ตัวนี้เท่าไหล่คะ", "t +เท่าไหล่ one_edit 1"),
        ("ซื้อ", "", "อยากซือค่ะ", "t +ซือ one_edit 1"),
        ("เท่าไหร่", "", "เท่ากันไหม", ""),
        ("ราคา", "", "ราคงดี", ""),
        // Another number is another code.
        ("glow15", "", "glow16", ""),
        ("giá bao nhiêu", "", "gia bao nhieu", "t ignore_accents accents 1"),
        ("free", "", "freeee", ""),
        ("free", r#", "match": "word""#, "freeee", "t +freeee glued 1 | t squeeze elongated 1"),
        ("harga", r#", "match": "word""#, "harganya", "t +harganya glued 1"),
        ("ready", r#", "match": "word""#, "already", ""),
        ("price", "", "рrісe?", "t +рrісe look_alike 1"),
        ("price", r#", "match": "starts_with""#, "prcie pls", "t +prcie one_edit 1"),
        ("price", r#", "match": "starts_with""#, "the prcie", ""),
        ("price", r#", "match": "exact""#, "prcie", "t +prcie one_edit 1"),
        ("price", r#", "match": "exact""#, "prcie pls", ""),
        ("price", "", "nothing like it", ""),
    ] {
        let told = told(&[("t", &words(word, more))], &[text]);
        let told: Vec<&str> = told.iter().map(|line| line.trim_end()).collect();
        assert_eq!(told.join(" | "), wanted, "`{word}`{more} and `{text}`");
    }
}

#[test]
fn c2_a_change_is_told_with_all_that_it_brings_and_takes() {
    let (price, other) = (words("price", ""), words("prcie list", ""));
    let texts = ["prcie", "prcie pls", "the prcie list", "a prcie", "price"];
    // The lower trigger loses a comment; what has the word already is not counted.
    assert_eq!(told(&[("price", &price), ("list", &other)], &texts), ["price +prcie one_edit 3 -list:1"]);
    // A higher one keeps it.
    let told_below = told(&[("list", &other), ("price", &price)], &texts);
    assert!(told_below.contains(&"price +prcie one_edit 3".to_owned()), "{told_below:?}");
    let found = found(&[("price", &price), ("list", &other)], &texts);
    assert_eq!((found.comments, found.unmatched), (5, 3));
    let near = &found.changes[0];
    assert_eq!(near.almost, ["price"]);
    assert_eq!(near.brings.examples[0].comment_id.as_str(), "c0");
    assert_eq!(near.takes.values().next().unwrap().examples[0].text.as_str(), "the prcie list");
    assert!(!format!("{found:?}").contains("pls"), "texts stay out of `Debug`");
}

#[test]
fn c4_another_part_of_a_condition_holds_a_change_back() {
    let price = words("price", "");
    let asked = format!(r#"{{ "all": ["question_mark", {price}] }}"#);
    assert_eq!(told(&[("t", &asked)], &["prcie"]), Vec::<String>::new());
    assert_eq!(told(&[("t", &asked)], &["prcie?"]), ["t +prcie one_edit 1"]);
    // Words that keep a trigger from matching are no reason to add any.
    let not = format!(r#"{{ "all": ["question_mark", {{ "not": {price} }}, {}] }}"#, words("link", ""));
    assert_eq!(told(&[("t", &not)], &["prcie?"]), Vec::<String>::new());
}

#[test]
fn n10_odd_texts_and_nothing_at_all_are_told_of_as_well() {
    let price = words("price|é|ก็|ราคาเท่าไหร่|a b c d", ", \"ignore_accents\": true, \"squeeze\": true");
    let long = "prcie ".repeat(20_000);
    let odd = ["", " ", "\u{301}\u{301}", "ราคาเท่าไห", "😀😀😀", "a b c", "p\u{200B}rcie", &long, "\u{10FFFF}pric"];
    let found = found(&[("t", &price)], &odd);
    assert_eq!(found.comments, odd.len() as u64);
    assert_eq!(told(&[], &["price"]), Vec::<String>::new());
    assert_eq!(told(&[("t", &price)], &[]), Vec::<String>::new());
}
