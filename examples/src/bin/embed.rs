//! ChatSparks in a program of your own: a shop, a buyer, four comments.
//!
//! `cargo run -p chatsparks-examples --bin embed`
//!
//! The engine is a function. It is given the state, and says what is now true and what is to be done; keeping the
//! one and doing the other is up to the program around it. Here both are as simple as can be: the state lives in
//! maps, and doing is printing.

// An example speaks to whoever reads it.
#![allow(clippy::print_stdout)]

use chatsparks::{
    Change, Comment, Contact, Effect, Engine, Envelope, Evaluation, Event, Found, Head, IndexKey, IndexRow, Loaded,
    Outcome, Scratch, Seen, Source, UserId, Workspace,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
};

/// What a shop owner writes. In a real program it comes from a database or a file.
const WORKSPACE: &str = r#"{
  "workspace": { "id": "glow", "name": "Glow Cosmetics", "account_user_id": "acct_glow" },
  "triggers": [
    { "id": "price", "when": { "keywords": { "words": ["price", "ราคา"] } }, "flow": "price-flow",
      "public_reply": ["Sent you a DM", "Check your inbox"] },
    { "id": "question", "when": "question_mark", "flow": "price-flow" } ],
  "flows": [
    { "id": "price-flow", "version": 1, "blocks": [
      { "id": "hello", "message": { "text": "Hi {{handle}}! It is 590 THB." } },
      { "id": "size", "quick_replies": { "text": "Which size?",
          "options": [ { "id": "30", "label": "30ml" }, { "id": "50", "label": "50ml" } ] } } ] } ]
}"#;

fn main() -> Result<(), Box<dyn Error>> {
    // Fallible to build: every fault of the document is told at once, each with its place.
    let workspace: Workspace = serde_json::from_str(WORKSPACE)?;
    let mut shop = Shop::new(Engine::compile(workspace)?);

    // Infallible to run: whatever is odd about an event is an outcome, not an error.
    let first = comment("c1", "mint", "ขอราคาหน่อยค่ะ");
    shop.happens(&at("e1", "2026-03-02T10:00:00Z", first.clone())?);
    // The platform delivers it again: the event id is used up (T3).
    shop.happens(&at("e1", "2026-03-02T10:00:00Z", first)?);
    // The buyer asks again within a day: the trigger's throttle refuses, and says until when (C6).
    shop.happens(&at("e2", "2026-03-02T11:30:00Z", comment("c2", "mint", "ＰＲＩＣＥ？"))?);
    // Somebody else says something that no trigger waits for.
    shop.happens(&at("e3", "2026-03-02T11:31:00Z", comment("c3", "fah", "so pretty"))?);
    Ok(())
}

/// A workspace and its state, in memory.
struct Shop {
    engine: Engine,
    /// What all contacts share: the latest instant, the billing cycle and its count.
    head: Head,
    /// Everyone who ever commented or wrote. In a store: one row each.
    contacts: BTreeMap<UserId, Contact>,
    /// Ids of events and comments that were processed. In a store: two tables with a unique key.
    seen: BTreeSet<IndexKey>,
    /// Buffers. They make the next decision faster, and never another one.
    scratch: Scratch,
}

impl Shop {
    fn new(engine: Engine) -> Self {
        let (head, contacts) = (engine.first_head(), BTreeMap::new());
        Self { engine, head, contacts, seen: BTreeSet::new(), scratch: Scratch::default() }
    }

    /// Lets an event happen: load, decide, commit, perform.
    fn happens(&mut self, envelope: &Envelope) {
        // 1. Load what the engine says it reads: the contact, and some keys of the indexes.
        let reads = self.engine.reads(envelope);
        let contact = reads.contact.as_ref().and_then(|user_id| self.contacts.get(user_id));
        let mut found = Found::default();
        for key in &reads.keys {
            match key {
                IndexKey::Event(_) => found.event = self.seen.contains(key),
                // Messages, orders, refunds and receipts have keys too; this program takes comments alone.
                _ => found.thing |= self.seen.contains(key),
            }
        }

        // 2. Decide. Nothing has changed yet: the same call again gives the same decision.
        let loaded = Loaded { head: &self.head, contact, found: &found };
        let decision = self.engine.decide(&loaded, envelope, &mut self.scratch);
        println!("{} {}", envelope.at, told(&decision.outcome));
        self.explain(envelope, contact, &decision.outcome);

        // 3. Commit what is now true. In a store this is one transaction, with the effects in an outbox beside it.
        for change in decision.changes {
            match change {
                Change::Head(change) => self.head.apply(&change),
                Change::Contact(change) => {
                    let Some(user_id) = &reads.contact else { continue };
                    let made = || Contact::new(user_id.clone());
                    self.contacts.entry(user_id.clone()).or_insert_with(made).apply(&change);
                }
                Change::Index(IndexRow::Event(id)) => drop(self.seen.insert(IndexKey::Event(id))),
                Change::Index(IndexRow::Comment(id)) => drop(self.seen.insert(IndexKey::Comment(id))),
                Change::Index(_) => {}
            }
        }

        // 4. Perform the effects. Their ids come from the event's: whoever sends them twice can tell (T6).
        let source = Source::Event(envelope.id.clone());
        for (position, effect) in decision.effects.iter().enumerate() {
            let id = source.effect_id(position);
            match effect {
                Effect::PublicReply { comment_id, text } => println!("  {id} reply to {comment_id}: {}", text.as_str()),
                Effect::SendDm(dm) => {
                    let labels: Vec<&str> = dm.options.iter().map(|option| option.label.as_str()).collect();
                    println!(
                        "  {id} DM to {}: {} {labels:?}",
                        dm.user_id,
                        dm.text.as_ref().map_or("", |text| text.as_str())
                    );
                }
                Effect::NotifyInbox { user_id, .. } => println!("  {id} tell the inbox of {user_id}"),
                Effect::NotifyOwners { level, .. } => println!("  {id} tell the owners: {level} % of the limit"),
            }
        }
    }

    /// Says of each trigger what became of the comment. A program that keeps the [`Evaluation`] can ask any time (C10).
    fn explain(&self, envelope: &Envelope, contact: Option<&Contact>, outcome: &Outcome) {
        let (Event::Comment(comment), Outcome::Comment(outcome)) = (&envelope.event, outcome) else { return };
        let evaluation = Evaluation {
            comment: comment.clone(),
            at: envelope.at,
            revision: self.engine.revision(),
            outcome: outcome.clone(),
            seen: Seen::of(contact),
        };
        for explanation in self.engine.explain_all(&evaluation, &mut Scratch::default()) {
            println!("  · {}: {}", explanation.trigger, explanation.verdict.result.as_str());
        }
    }
}

/// What came of a comment, in a line.
fn told(outcome: &Outcome) -> String {
    let Outcome::Comment(comment) = outcome else { return "not a comment".to_owned() };
    let mut line = comment.result.as_str().to_owned();
    if let Some(trigger) = &comment.trigger {
        line = format!("{line} ({trigger})");
    }
    if let Some(until) = comment.until {
        line = format!("{line} until {until}");
    }
    line
}

/// A comment under the first video.
fn comment(comment_id: &str, handle: &str, text: &str) -> Comment {
    Comment {
        comment_id: comment_id.into(),
        post_id: "v1".into(),
        user_id: format!("user-{handle}").into(),
        handle: Some(handle.into()),
        text: text.into(),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    }
}

/// An event in its envelope. The instant is the only way that time enters (T1): stamp it once, where you receive.
fn at(id: &str, at: &str, comment: Comment) -> Result<Envelope, chatsparks::InstantError> {
    Ok(Envelope { id: id.into(), at: at.parse()?, event: Event::Comment(comment) })
}
