//! The Glow example is what its program makes, is a valid workspace, and fires as a shop's comments do.
#![allow(clippy::unwrap_used, clippy::panic)]

use chatsparks_core::{CommentResult, Engine, Event, Fact, Outcome, workspace::TriggerStatus};
use chatsparks_examples::glow;
use chatsparks_replay::{Format, Reader, Replay, read_workspace};
use std::{collections::BTreeMap, fs, path::PathBuf};

fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("glow").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn engine() -> Engine {
    Engine::compile(read_workspace(file("workspace.json").as_bytes(), Format::Json).unwrap()).unwrap()
}

/// Where two texts part, told without printing megabytes.
fn assert_same(name: &str, committed: &str, made: &str) {
    let parted = committed.lines().zip(made.lines()).position(|(one, other)| one != other);
    if let Some(line) = parted {
        let (one, other) = (committed.lines().nth(line).unwrap(), made.lines().nth(line).unwrap());
        panic!("{name} line {}:\n  committed {one}\n  made      {other}\nrun the bin `make-glow`", line + 1);
    }
    assert!(committed == made, "{name} is {} bytes, {} were made: run `make-glow`", committed.len(), made.len());
}

#[test]
fn what_is_committed_is_what_is_made() {
    let made = glow::make(&file("real-messages.txt"));
    assert_same("workspace.json", &file("workspace.json"), &made.workspace);
    assert_same("history.jsonl", &file("history.jsonl"), &made.history);
    assert_same("conversations.jsonl", &file("conversations.jsonl"), &made.conversations);
}

#[test]
fn f10_the_workspace_has_neither_faults_nor_warnings() {
    let workspace = read_workspace(file("workspace.json").as_bytes(), Format::Json).unwrap();
    let checked = Engine::check(&workspace);
    assert_eq!((checked.faults, checked.warnings), (vec![], vec![]));
    let active = workspace.triggers.iter().filter(|trigger| trigger.status == TriggerStatus::Active).count();
    assert!(active >= 30 && active < workspace.triggers.len(), "{active} active triggers, and drafts");
    assert_eq!((workspace.products.len(), workspace.posts.len()), (200, 60));
}

#[test]
fn real_messages_hold_no_addresses_links_or_long_numbers() {
    let text = file("real-messages.txt");
    let (notice, messages) = text.split_once("\n\n").unwrap();
    assert!(notice.contains("CC0 1.0") && notice.contains("10.5281/zenodo.3457446"));
    for message in messages.lines() {
        assert!(!message.contains('@') && !message.to_lowercase().contains("http"), "{message}");
        // Seven digits count as in a row with up to three marks of a telephone number between them.
        let (mut digits, mut between) = (0, 0);
        for character in message.chars() {
            match character {
                _ if character.is_numeric() => (digits, between) = (digits + 1, 0),
                ' ' | '-' | '_' | '.' | ',' | '/' | '(' | ')' | '+' | ':' if between < 3 => between += 1,
                _ => (digits, between) = (0, 0),
            }
            assert!(digits < 7, "{message}");
        }
    }
}

#[test]
fn the_history_fires_as_a_shops_comments_do() {
    let mut results: BTreeMap<CommentResult, usize> = BTreeMap::new();
    let mut triggers: BTreeMap<String, usize> = BTreeMap::new();
    let mut replay = Replay::new(engine());
    let history = file("history.jsonl");
    for line in Reader::new(history.as_bytes(), "history.jsonl") {
        let count = |record: &chatsparks_replay::Record<'_>| {
            if let Outcome::Comment(outcome) = &record.decision.outcome {
                *results.entry(outcome.result).or_default() += 1;
                if outcome.result.is_firing() {
                    *triggers.entry(outcome.trigger.as_ref().unwrap().to_string()).or_default() += 1;
                }
            }
        };
        replay.push(&line.unwrap().envelope, count);
    }
    let comments: usize = results.values().sum();
    assert!(comments >= 20_000, "{comments} comments");
    use CommentResult::*;
    let answered: usize = [Fired, Throttled, BlockedContact, WithHuman].iter().map(|result| results[result]).sum();
    let share = answered * 100 / comments;
    assert!((15..=40).contains(&share), "{share} % fired or were refused by a gate: {results:?}");
    for result in [Duplicate, OwnComment, OutsideWindow, NoMatch] {
        assert!(results[&result] > 100, "{result:?}: {results:?}");
    }
    for trigger in engine().workspace().triggers.iter().filter(|trigger| trigger.status == TriggerStatus::Active) {
        assert!(triggers.contains_key(trigger.id.as_str()), "`{}` never fires", trigger.id);
    }
}

#[test]
fn every_line_of_the_conversations_can_be_read() {
    let conversations = file("conversations.jsonl");
    let mut kinds = [0; 4];
    for line in Reader::new(conversations.as_bytes(), "conversations.jsonl") {
        match line.unwrap().envelope.event {
            Event::Comment(_) => kinds[0] += 1,
            Event::Message(_) => kinds[1] += 1,
            Event::Receipt(_) => kinds[2] += 1,
            Event::Order(_) => kinds[3] += 1,
            _ => {}
        }
    }
    assert!(kinds.iter().all(|&count| count >= 1_000), "{kinds:?}");
}

#[test]
fn the_conversations_are_held_as_they_were_foreseen() {
    let mut replay = Replay::new(engine());
    let conversations = file("conversations.jsonl");
    let (mut opened, mut receipts, mut unknown, mut orders) = (0, 0, 0, BTreeMap::<_, usize>::new());
    for line in Reader::new(conversations.as_bytes(), "conversations.jsonl") {
        let count = |record: &chatsparks_replay::Record<'_>| {
            let facts = &record.decision.facts;
            opened += facts.iter().filter(|fact| matches!(fact, Fact::ConversationOpened { .. })).count();
            match (&record.decision.outcome, record.event()) {
                (Outcome::Order(order), _) => *orders.entry(order.result).or_default() += 1,
                (outcome, Some(Event::Receipt(_))) => {
                    receipts += 1;
                    unknown += usize::from(matches!(outcome, Outcome::Refused(_)));
                }
                _ => {}
            }
        };
        replay.push(&line.unwrap().envelope, count);
    }
    assert!(opened >= 5_000, "{opened} conversations");
    assert!(unknown * 100 < receipts, "{unknown} of {receipts} receipts name a DM that was not sent");
    assert!(orders.len() == 3 && orders.values().all(|&count| count > 100), "{orders:?}");
}
