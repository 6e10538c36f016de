//! Trials of a text against triggers that ask for products, of which there are many.

use crate::{
    measure::{ROUNDS, by_turns, run},
    report::{Row, Target},
    synthetic::{NOW, compiled},
};
use chatsparks_core::{Comment, CommentId, Engine, Explained, PostId, Scratch, Text, UserId};
use serde_json::{Value, json};
use std::{hint::black_box, sync::Arc};

const TRIGGERS: usize = 10_000;
const PRODUCTS: usize = 100_000;
const COMMENTS: usize = 500;

/// A shop of many products; every second trigger asks for any of them, the others for three.
fn engine() -> Engine {
    let products: Vec<Value> = (0..PRODUCTS)
        .map(|number| {
            json!({ "id": format!("p{number}"), "name": format!("Glow Serum {number}"),
                    "aliases": [format!("เซรั่มโกลว์ {number}")],
                    "skus": [{ "id": format!("s{number}"), "name": format!("GS-{number} 30ml") }] })
        })
        .collect();
    let triggers: Vec<Value> = (0..TRIGGERS)
        .map(|number| {
            let chosen: Vec<String> = (0..3).map(|more| format!("p{}", (number * 31 + more * 7_919) % PRODUCTS)).collect();
            let chosen = if number % 2 == 0 { Vec::new() } else { chosen };
            json!({ "id": format!("trigger-{number}"), "when": { "mentions": { "products": chosen } }, "flow": "hello" })
        })
        .collect();
    let document = json!({
        "workspace": { "id": "trials", "name": "Trials", "account_user_id": "shop" }, "sensitive": [],
        "products": products, "triggers": triggers,
        "flows": [{ "id": "hello", "version": 1, "blocks": [{ "id": "hi", "message": { "text": "Hi" } }] }],
    });
    match serde_json::from_value(document) {
        Ok(workspace) => compiled(&Arc::new(workspace)),
        Err(error) => unreachable!("the document is one: {error}"),
    }
}

fn comment(number: usize) -> Comment {
    let product = number * 199 % PRODUCTS;
    Comment {
        comment_id: CommentId::from(format!("c{number}")),
        post_id: PostId::from("v1"),
        user_id: UserId::from("u1"),
        handle: None,
        text: Text::from(format!("how much is the Glow Serum {product} please? ขอบคุณค่ะ")),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    }
}

/// The row on trials.
pub fn rows() -> Vec<Row> {
    let engine = engine();
    let comments: Vec<Comment> = (0..COMMENTS).map(comment).collect();
    let (mut scratch, mut other) = (Scratch::default(), Scratch::default());
    let text = comments[1].text.as_str();
    let tried: Vec<_> = engine.try_text(text, None, &mut scratch).explain_all().collect();
    let matches = tried.iter().filter(|tried| tried.verdict.result == Explained::Matches && !tried.matched.is_empty());
    let matches: Vec<_> = matches.map(|tried| &tried.trigger).collect();
    assert!(matches.len() >= TRIGGERS / 2, "every trigger that asks for any product matches, and says which");
    assert_eq!(engine.try_text(text, None, &mut scratch).matching().collect::<Vec<_>>(), matches);
    let (mut scratch, mut third) = (Scratch::default(), Scratch::default());
    let [trial, whole, verdicts] = by_turns(
        ROUNDS * 3,
        [
            run(|| {
                engine
                    .try_text(text, None, &mut scratch)
                    .matching()
                    .map(|trigger| trigger.as_str().len())
                    .sum::<usize>()
            }),
            run(|| {
                let mut trial = engine.try_text(text, None, &mut third);
                trial.explain_all().map(|told| black_box(told).matched.len()).sum::<usize>()
            }),
            run(|| comments.iter().map(|comment| engine.judge(None, comment, NOW, &mut other)).count()),
        ],
    );
    let verdict = verdicts / COMMENTS as f64;
    vec![
        Row::ratio(
            "a trial against 10,000 mention triggers and 100,000 products, those that match read ÷ a verdict",
            (trial, verdict),
            1,
            Target::AtMost(100.0, 100.0),
        ),
        Row::told("the same, each of the 10,000 explained, with the words that matched", (whole, verdict), 1),
    ]
}
