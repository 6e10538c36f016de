//! Stored forms: today's bytes read back for ever, a newer form is refused by name, and a state that was stored in
//! mid-conversation decides as one that was not.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, clippy::disallowed_types)]

mod talk;

use chatsparks_core::{Contact, Head, StoredContact, StoredHead};
use std::{fs, io::Write, path::PathBuf};
use talk::{INPUTS, MINT, STATES, world};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stored").join(name)
}

/// What is in the files was written by version 1, and is never written again.
fn names() -> impl Iterator<Item = (&'static str, String)> {
    STATES.into_iter().map(|state| (state, state.replace(", ", "-").replace(' ', "-")))
}

/// Every file that was ever written reads back, and holds what its state held.
#[test]
fn stored_bytes_of_version_1_read_back() {
    let (mut contacts, mut heads) = (0, 0);
    for entry in fs::read_dir(file("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = fs::read(&path).unwrap();
        let written: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        // As long as version 1 is what is written, a form that is read and written again is the same.
        if name.starts_with("v1-contact-") {
            let read: StoredContact = serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(serde_json::to_value(StoredContact::from(Contact::from(read))).unwrap(), written, "{name}");
            contacts += 1;
        } else if name.starts_with("v1-head-") {
            let read: StoredHead = serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(serde_json::to_value(StoredHead::from(Head::from(read))).unwrap(), written, "{name}");
            heads += 1;
        }
    }
    assert!(contacts >= 15 && heads >= 16, "{contacts} contacts and {heads} heads");
}

/// Writes the bytes of a state that has none yet; what stands there is left alone.
#[test]
#[ignore = "writes files"]
fn write_stored_bytes() {
    for (state, name) in names() {
        let world = world(state);
        let write = |name: String, bytes: Vec<u8>| {
            if let Ok(mut file) = fs::File::create_new(file(&name)) {
                file.write_all(&bytes).unwrap();
                file.write_all(b"\n").unwrap();
            }
        };
        if let Some(contact) = world.mint() {
            let stored = StoredContact::from(contact.clone());
            write(format!("v1-contact-{name}.json"), serde_json::to_vec_pretty(&stored).unwrap());
        }
        let stored = StoredHead::from(world.head.clone());
        write(format!("v1-head-{name}.json"), serde_json::to_vec_pretty(&stored).unwrap());
    }
}

#[test]
fn stored_in_mid_conversation_decisions_are_the_same() {
    for state in STATES {
        for input in INPUTS {
            let mut kept = world(state);
            let mut stored = world(state);
            stored.stored_and_read_back();
            let (kept_done, stored_done) = (kept.input(input), stored.input(input));
            let decisions = |done: Option<Vec<talk::Done>>| {
                done.into_iter().flatten().map(|done| (done.source, done.at, done.decision)).collect::<Vec<_>>()
            };
            assert_eq!(decisions(kept_done), decisions(stored_done), "{state}: {input}");
            stored.stored_and_read_back();
            assert_eq!(kept.contacts, stored.contacts, "{state}: {input}");
            assert_eq!(kept.head, stored.head, "{state}: {input}");
            // And what comes after that.
            let next = |world: &mut talk::World| {
                let done = world.input("message: neither").into_iter().flatten();
                done.map(|done| (done.source, done.decision)).collect::<Vec<_>>()
            };
            assert_eq!(next(&mut kept), next(&mut stored), "{state}: {input}, then a message");
        }
    }
}

#[test]
fn a_form_that_is_newer_or_broken_is_refused_by_name() {
    let contact = |text: &str| serde_json::from_str::<StoredContact>(text).unwrap_err().to_string();
    let head = |text: &str| serde_json::from_str::<StoredHead>(text).unwrap_err().to_string();
    for (error, wanted) in [
        (contact(r#"{"v":2,"user_id":"u1"}"#), "stored as version 2: this build reads version 1 only; use a newer one"),
        (contact(r#"{"v":2,"user_id":"u1","mood":"fine"}"#), "stored as version 2"),
        (contact(r#"{"v":0,"user_id":"u1"}"#), "stored as version 0"),
        (contact(r#"{"user_id":"u1"}"#), "missing field `v`"),
        (contact(r#"{"v":1,"user_id":"u1","mood":"fine"}"#), "unknown field `mood`"),
        (contact(r#"{"v":1,"user_id":"u1","talk":{"moods":[]}}"#), "unknown field `moods`"),
        (
            contact(r#"{"v":1,"user_id":"u1","talk":{"conversation":{"id":1,"state":"asleep"}}}"#),
            "unknown variant `asleep`",
        ),
        (
            contact(r#"{"v":1,"user_id":"u1","talk":{"conversation":{"id":1,"state":"bot","run":0}}}"#),
            "names a flow that does not stand in its `runs`",
        ),
        (head(r#"{"v":7,"revision":1,"count":0,"told":0}"#), "stored as version 7"),
        (head(r#"{"v":1,"revision":1,"count":0,"told":0,"mood":1}"#), "unknown field `mood`"),
        (head(r#"{"v":1,"count":0,"told":0}"#), "missing field `revision`"),
    ] {
        assert!(error.contains(wanted), "{error}");
    }
}

/// The texts that a buyer wrote stand in the bytes, and never in an error or in `Debug`.
#[test]
fn captured_texts_do_not_show() {
    let mut world = world("bot, waits for a reply");
    world.says("30ml");
    let stored = StoredContact::from(world.contacts[MINT].clone());
    assert!(serde_json::to_string(&stored).unwrap().contains("\"size\":\"30ml\""));
    assert!(!format!("{stored:?}").contains("30ml"));
}
