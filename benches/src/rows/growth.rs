//! What must not grow: with what a contact did before, and with links times lines.

use crate::{
    measure::{ROUNDS, by_turns, run},
    report::{Row, Target},
    shop::NOW,
};
use chatsparks_core::{
    Comment, Engine, Envelope, Event, Instant, Message, Partition, Period, Scratch, Stored, workspace::Workspace,
};
use serde_json::json;
use std::hint::black_box;

const USER: &str = "68000000000000000001";

/// The rows on growth.
pub fn rows() -> Vec<Row> {
    vec![replies(), stored(), order()]
}

/// A buyer who goes round `question → shop_link → question` for ever.
pub struct Round {
    partition: Partition,
    scratch: Scratch,
    turn: usize,
    at: Instant,
}

impl Round {
    /// After so many replies.
    pub fn after(replies: usize) -> Self {
        let document = json!({
            "workspace": { "id": "glow", "name": "Glow", "account_user_id": "account" },
            "products": [ { "id": "p", "name": "Serum", "skus": [ { "id": "s", "name": "30ml" } ] } ],
            "triggers": [ { "id": "t", "when": { "keywords": { "words": ["price"] } }, "flow": "f" } ],
            "flows": [ { "id": "f", "version": 1, "blocks": [
                { "id": "ask", "question": { "text": "Another?", "field": "answer" } },
                { "id": "card", "shop_link": { "product": "p", "sku": "s" }, "goto": "ask" } ] } ] });
        let workspace: Workspace = match serde_json::from_value(document) {
            Ok(workspace) => workspace,
            Err(error) => unreachable!("{error}"),
        };
        let engine = Engine::compile(workspace).unwrap_or_else(|error| unreachable!("{error}"));
        let partition = Partition::whole(engine);
        let mut round = Self { partition, scratch: Scratch::default(), turn: 0, at: NOW };
        let comment = Comment {
            comment_id: "c".into(),
            post_id: "v".into(),
            user_id: USER.into(),
            handle: None,
            text: "price".into(),
            posted_at: None,
            reply_to: None,
            direct_reply: false,
        };
        round.happens(Event::Comment(comment));
        (0..replies).for_each(|_| round.reply());
        round
    }

    /// One reply more.
    pub fn reply(&mut self) {
        let message = Message {
            message_id: format!("m{}", self.turn).into(),
            user_id: USER.into(),
            handle: None,
            text: Some("yes".into()),
            option: None,
        };
        self.happens(Event::Message(message));
    }

    /// The bytes of the contact as a store keeps them.
    pub fn stored_bytes(&self) -> usize {
        let contact = self.partition.contact(USER);
        contact.and_then(|contact| serde_json::to_vec(&Stored::from(contact)).ok()).map_or(0, |bytes| bytes.len())
    }

    fn happens(&mut self, event: Event) {
        self.turn += 1;
        self.at = self.at.after(Period::seconds(1));
        let envelope = Envelope { id: format!("e{}", self.turn).into(), at: self.at, event };
        self.partition.push(&envelope, &mut self.scratch, |record| {
            black_box(record.decision);
        });
    }
}

fn replies() -> Row {
    const TIMES: usize = 200;
    let (mut early, mut late) = (Round::after(100), Round::after(40_000));
    let [early, late] = by_turns(
        ROUNDS,
        [run(|| (0..TIMES).for_each(|_| early.reply())), run(|| (0..TIMES).for_each(|_| late.reply()))],
    );
    Row::ratio("the 40,000th reply of one contact ÷ the 100th", (late, early), TIMES, Target::AtMost(1.5, 1.2))
}

fn stored() -> Row {
    let bytes = Round::after(10_000).stored_bytes();
    Row::size("a stored contact after 10,000 replies and links", bytes as f64, Target::AtMost(4_096.0, 1_024.0))
}

/// An order of 10,000 lines by somebody with 4,000 links, against the same by somebody with none.
fn order() -> Row {
    let products: Vec<_> = (0..4_000)
        .map(|n| json!({ "id": format!("p{n}"), "name": format!("Product {n}"), "skus": [ { "id": format!("s{n}"), "name": "one" } ] }))
        .collect();
    let document = json!({
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "account" },
        "products": products, "triggers": [], "flows": [] });
    let workspace: Workspace = match serde_json::from_value(document) {
        Ok(workspace) => workspace,
        Err(error) => unreachable!("{error}"),
    };
    let engine = Engine::compile(workspace).unwrap_or_else(|error| unreachable!("{error}"));
    let mut partition = Partition::whole(engine);
    let mut scratch = Scratch::default();
    let mut happens = |id: String, at: Instant, event: Event| {
        partition.push(&Envelope { id: id.into(), at, event }, &mut scratch, |record| {
            black_box(record.decision);
        });
    };
    for n in 0..4_000usize {
        let message = chatsparks_core::MemberMessage {
            message_id: format!("m{n}").into(),
            user_id: "linked".into(),
            member: "owner@glow.example".into(),
            text: "here".into(),
            link: Some(chatsparks_core::workspace::Link {
                product: Some(format!("p{n}").into()),
                sku: (n % 2 == 0).then(|| format!("s{n}").into()),
            }),
        };
        happens(format!("l{n}"), NOW.after(Period::seconds(n as i64)), Event::MemberMessage(message));
    }
    let comment = Comment {
        comment_id: "c".into(),
        post_id: "v".into(),
        user_id: "unlinked".into(),
        handle: None,
        text: "hi".into(),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    };
    let at = NOW.after(Period::hours(2));
    happens("c".to_owned(), at, Event::Comment(comment));
    // As a history brings it: the line is read, then decided.
    let lines: Vec<_> =
        (0..10_000).map(|n| json!({ "sku_id": format!("s{}", n % 8_000), "amount_minor": 100 })).collect();
    let line = |user: &str, n: usize| {
        json!({ "id": format!("o-{user}-{n}"), "at": at.to_string(), "type": "order", "order_id": format!("{user}-{n}"),
            "user_id": user, "currency": "THB", "total_minor": 1_000_000, "lines": lines })
        .to_string()
    };
    const TIMES: usize = 10;
    let mut count = 0;
    let mut orders = |user: &str| -> Vec<String> {
        count += 1;
        (0..TIMES).map(|n| line(user, count * TIMES + n)).collect()
    };
    let (mut with, mut without) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        for (user, least) in [("linked", &mut with), ("unlinked", &mut without)] {
            let lines = orders(user);
            let began = std::time::Instant::now();
            for line in &lines {
                let read = chatsparks_replay::Reader::new(line.as_bytes(), "h").next();
                let Some(Ok(read)) = read else { unreachable!("an order can be read") };
                partition.push(&read.envelope, &mut scratch, |record| {
                    black_box(record.decision);
                });
            }
            *least = least.min(began.elapsed().as_secs_f64() * 1e9);
        }
    }
    Row::ratio(
        "an order of 10,000 lines against 4,000 links, read and decided ÷ the same against none",
        (with, without),
        TIMES,
        Target::AtMost(3.0, 2.0),
    )
}
