//! ChatSparks in a program of your own: a shop, a buyer, and the whole life of what they say to one another.
//!
//! `cargo run -p chatsparks-examples --bin embed`
//!
//! The engine is a function. It is given the state, and says what is now true and what is to be done; keeping the one
//! and doing the other is up to the program around it. Here both are as simple as can be: the store is a map, and doing
//! is printing. [`Shop`] is all of it: load, decide, commit, perform; timers and restarts included.

// An example speaks to whoever reads it.
#![allow(clippy::print_stdout)]

use chatsparks::{
    Effect, Engine, Envelope, Event, Key, OtherRevision, Partition, Row, Scratch, Workspace,
    event::{Comment, Message},
};
use std::{collections::HashMap, error::Error};

/// What a shop owner writes. In a real program it comes from a database or a file.
const WORKSPACE: &str = r#"{
  "workspace": { "id": "glow", "name": "Glow Cosmetics", "account_user_id": "acct_glow" },
  "triggers": [
    { "id": "price", "when": { "keywords": { "words": ["price", "ราคา"] } }, "flow": "price-flow",
      "public_reply": ["Sent you a DM", "Check your inbox"] } ],
  "flows": [
    { "id": "price-flow", "version": 1, "blocks": [
      { "id": "hello", "message": { "text": "Hi {{handle}}! It is 590 THB." } },
      { "id": "size", "quick_replies": { "text": "Which size?",
          "options": [ { "id": "30", "label": "30ml" }, { "id": "50", "label": "50ml" } ] } } ] } ]
}"#;

/// A workspace in front of a store. The store is a map: in a backend it is a table, with the key, the row as
/// `chatsparks::Stored` writes it, and two columns to look contacts up by: `Row::next_due` and `Row::queued_at`.
struct Shop {
    partition: Partition,
    rows: HashMap<Key, Row>,
    /// What is to be done, with the id that makes doing it twice harmless.
    outbox: Vec<(String, Effect)>,
}

impl Shop {
    /// Starts where the store left off.
    fn open(engine: Engine, rows: HashMap<Key, Row>) -> Result<Self, OtherRevision> {
        Ok(Self { partition: Partition::resume(engine, |key| rows.get(key))?, rows, outbox: Vec::new() })
    }

    /// Lets an event happen, and before and after it every timer that is due by then.
    fn happens(&mut self, envelope: &Envelope) {
        let Self { partition, rows, outbox } = self;
        partition.push_from(
            envelope,
            &mut Scratch::default(),
            |wants| wants.answer(|key| rows.get(key), rows.values()),
            |record| {
                println!("{} {}", record.at, serde_json::to_string(&record.decision.outcome).unwrap_or_default());
                outbox.extend(record.decision.effects_with_ids().map(|(id, effect)| (id, effect.clone())));
            },
        );
        // In a store: one transaction, with the outbox beside the rows.
        rows.extend(partition.writes().into_iter().map(|row| (row.key(), row)));
        partition.committed();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // Fallible to build: every fault of the document is told at once, each with its place.
    let workspace: Workspace = serde_json::from_str(WORKSPACE)?;
    let mut shop = Shop::open(Engine::compile(workspace)?, HashMap::new())?;

    // Infallible to run: whatever is odd about an event is an outcome, not an error.
    shop.happens(&at("e1", "2026-03-02T10:00:00Z", comment("c1", "mint", "ขอราคาหน่อยค่ะ"))?);
    // The platform delivers it again: the event id is used up (T3).
    shop.happens(&at("e1", "2026-03-02T10:00:00Z", comment("c1", "mint", "ขอราคาหน่อยค่ะ"))?);
    perform(&mut shop);

    // The program stops and starts. All there is lies in the rows; the revision in force is one of them.
    let (rows, document) = (shop.rows, shop.partition.engine().workspace().clone());
    let revision = shop.partition.engine().revision();
    let mut shop = Shop::open(Engine::restore(document, revision)?, rows)?;

    // The buyer answers, and the flow goes on where it stood.
    shop.happens(&at("e2", "2026-03-02T10:05:00Z", answer("m1", "mint", "50ml"))?);
    // Time passes by events alone. A day later the conversation closes: that is a timer, and it fires by itself (T4).
    shop.happens(&at("e3", "2026-03-03T11:00:00Z", Event::Clock)?);
    // The buyer asks again within a day: the trigger's throttle refuses, and says until when (C6).
    shop.happens(&at("e4", "2026-03-02T23:30:00Z", comment("c2", "mint", "ＰＲＩＣＥ？"))?);
    perform(&mut shop);
    Ok(())
}

/// Does what is to be done. A real program sends it, keeps what came of it, and feeds that in as a `receipt`.
fn perform(shop: &mut Shop) {
    for (id, effect) in shop.outbox.drain(..) {
        match effect {
            Effect::PublicReply { comment_id, text } => println!("  {id} reply to {comment_id}: {}", text.as_str()),
            Effect::SendDm(dm) => {
                let labels: Vec<&str> = dm.options.iter().map(|option| option.label.as_str()).collect();
                let text = dm.text.as_ref().map_or("", |text| text.as_str());
                println!("  {id} DM to {}: {text} {labels:?}", dm.user_id);
            }
            Effect::NotifyInbox { user_id, .. } => println!("  {id} tell the inbox of {user_id}"),
            Effect::NotifyOwners { level, .. } => println!("  {id} tell the owners: {level} % of the limit"),
        }
    }
}

/// A comment under the first video.
fn comment(comment_id: &str, handle: &str, text: &str) -> Event {
    Event::Comment(Comment {
        comment_id: comment_id.into(),
        post_id: "v1".into(),
        user_id: format!("user-{handle}").into(),
        handle: Some(handle.into()),
        text: text.into(),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    })
}

/// A DM of the buyer.
fn answer(message_id: &str, handle: &str, text: &str) -> Event {
    Event::Message(Message {
        message_id: message_id.into(),
        user_id: format!("user-{handle}").into(),
        handle: Some(handle.into()),
        text: Some(text.into()),
        option: None,
    })
}

/// An event in its envelope. The instant is the only way that time enters (T1): stamp it once, where you receive.
fn at(id: &str, at: &str, event: Event) -> Result<Envelope, Box<dyn Error>> {
    Ok(Envelope { id: id.into(), at: at.parse()?, event })
}
