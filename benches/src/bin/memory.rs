//! What things take in memory, the heap counted by an allocator: one JSON object a line.
//!
//! A program of its own, so that the counting is not in the way of what is timed.
#![allow(clippy::print_stdout, reason = "the counts are what it is for")]

use allocation_counter::measure;
use chatsparks_benches::{
    rows::insights::{FEW, Facts, MANY},
    shop::{self, NOW, Shop},
    synthetic::{Set, compiled, known_contact},
};
use chatsparks_core::{
    CommentOutcome, CommentResult, Contact, Envelope, Evaluation, Event, Scratch, Seen, TriggerId,
    internal::ContactChange,
};
use std::{error::Error, hint::black_box};

const USER: &str = "68000000000000000001";

fn main() -> Result<(), Box<dyn Error>> {
    let set = Set::new(10_000, 20);
    tell("engine", held(|| compiled(&set.workspace)));
    tell("engine_by_its_own_word", set.engine.memory_usage() as i64);
    tell("contact", contact());
    tell("contact_mid_flow", contact_mid_flow());
    tell("record_at_10", record(&Set::new(10, 20)));
    tell("record_at_10000", record(&set));
    let facts = Facts::new()?;
    tell("insights_of_few", held(|| facts.fold(FEW)));
    tell("insights_of_many", held(|| facts.fold(MANY)));
    Ok(())
}

fn tell(what: &str, bytes: i64) {
    println!("{{\"what\":\"{what}\",\"bytes\":{bytes}}}");
}

/// The heap that what is made holds.
fn held<T>(make: impl FnOnce() -> T) -> i64 {
    let mut made = None;
    let counted = measure(|| made = Some(black_box(make())));
    drop(made);
    counted.bytes_current
}

/// A contact with one throttle; the trigger's id is the engine's own.
fn contact() -> i64 {
    let trigger = TriggerId::from("price");
    let heap = held(|| {
        let mut contact = known_contact(&USER.into());
        contact.apply(&ContactChange::Fired { trigger: trigger.clone(), at: NOW });
        contact
    });
    heap + size_of::<Contact>() as i64
}

/// A contact to whom a question was put: beyond the same contact before, no text being captured yet.
fn contact_mid_flow() -> i64 {
    // The buffers grow before.
    let mut shop = Shop::new(USER);
    shop.decide(&shop::comment(USER, 1, NOW));
    shop.contact = Contact::new("nobody".into());
    let counted = measure(|| {
        shop.contact = known_contact(&USER.into());
        shop.happens(&shop::comment(USER, 1, NOW));
    });
    assert!(shop.contact.open_conversation().is_some(), "a conversation is open");
    counted.bytes_current + size_of::<Contact>() as i64
}

/// The record of a comment that was read a moment ago, and is kept by the record alone.
fn record(set: &Set) -> i64 {
    let mut scratch = Scratch::default();
    let contact = known_contact(&USER.into());
    let judged = |envelope: &Envelope, scratch: &mut Scratch| -> CommentOutcome {
        match &envelope.event {
            Event::Comment(comment) => set.engine.judge(Some(&contact), comment, NOW, scratch),
            _ => CommentOutcome { result: CommentResult::NoMatch, trigger: None, until: None },
        }
    };
    judged(&shop::comment(USER, 1, NOW), &mut scratch);
    let heap = held(|| {
        let envelope = shop::comment(USER, 1, NOW);
        let outcome = judged(&envelope, &mut scratch);
        let Event::Comment(comment) = envelope.event else { unreachable!("it is a comment") };
        Evaluation { comment, at: NOW, revision: 1, outcome, seen: Seen::of(Some(&contact)) }
    });
    heap + size_of::<Evaluation>() as i64
}
