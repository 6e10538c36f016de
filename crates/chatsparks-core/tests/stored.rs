//! Stored forms: today's bytes read back for ever, a newer form is refused by name, and a state that was stored in
//! mid-conversation decides as one that was not.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use crate::talk::{self, INPUTS, MINT, STATES, document, world};
use chatsparks_core::{
    Comment, Configured, Contact, ContactOfVersion1, Effect, Engine, Envelope, Evaluation, Event, Grant, Head, Instant,
    Message, Order, OrderLine, Partition, Period, Refund, Row, Scratch, Storable, Stored,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::PathBuf,
};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stored").join(name)
}

fn names() -> impl Iterator<Item = (&'static str, String)> {
    STATES.into_iter().map(|state| (state, state.replace(", ", "-").replace(' ', "-")))
}

fn read<T: Storable>(bytes: &[u8]) -> T {
    serde_json::from_slice::<Stored<'static, T>>(bytes).unwrap_or_else(|error| panic!("{error}")).into_inner()
}

fn written<T: Storable>(value: &T) -> Value {
    serde_json::to_value(Stored::from(value)).unwrap()
}

/// What a contact may hold that no state of the matrix does.
fn beyond_the_matrix() -> [(&'static str, talk::World); 5] {
    let mut answered = world("human, owned");
    answered.input("message: neither");
    let mut held_again = world("none, with a held start");
    held_again.passes(Period::hours(25));
    held_again.input("comment: the same trigger");
    let mut told = world("bot, waits for a reply");
    told.says("30ml");
    let mut tagged = world("bot, waits for a reply");
    tagged.says("REFUND please");
    let mut document = document();
    document["policy"] = serde_json::json!({ "reach": { "mode": "comment_to_message" } });
    let mut first_message = talk::World::new(&document, "2026-03-02T10:00:00Z");
    first_message.comments("wait");
    first_message.input("comment_answerable: the last");
    [
        ("human-who-was-written-to", answered),
        ("none-with-a-start-held-again", held_again),
        ("waiting-completed-with-an-answer", told),
        ("human-and-tagged", tagged),
        ("bot-before-its-one-message", first_message),
    ]
}

/// The names of fields, wherever they stand.
fn fields<'a>(value: &'a Value, into: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| {
            into.insert(name);
            fields(value, into);
        }),
        Value::Array(items) => items.iter().for_each(|item| fields(item, into)),
        _ => {}
    }
}

/// Every file that was ever written reads back, and holds what its state held. What was written by version 1 of contact
/// and head is never written again; what is in the others is what this version writes.
#[test]
fn stored_bytes_read_back() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut of_contacts = BTreeSet::new();
    for entry in fs::read_dir(file("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = fs::read(&path).unwrap();
        let stands: Value = serde_json::from_slice(&bytes).unwrap();
        let kind = name.splitn(3, '-').take(2).collect::<Vec<_>>().join("-");
        match kind.as_str() {
            "v1-contact" => {
                let old: ContactOfVersion1 = read(&bytes);
                let contact: Contact = read(&bytes);
                assert_eq!(old.contact, contact, "{name}");
                let talk = |name: &str| stands["talk"][name].as_array().map_or(0, Vec::len);
                assert_eq!((old.links.len(), old.fired.len()), (talk("links"), talk("fired")), "{name}");
                // All but what lies in rows of its own now, and the form of the run, is as it was.
                let mut now = written(&contact);
                let mut then = stands.clone();
                let run = then["talk"]["conversation"]["run"].as_u64();
                let runs = then["talk"]["runs"].take();
                if let Some(run) = run {
                    then["talk"]["conversation"]["run"] = runs[run as usize].clone();
                }
                for value in [&mut now, &mut then] {
                    value["v"].take();
                    if let Some(talk) = value.get_mut("talk").and_then(Value::as_object_mut) {
                        talk.retain(|name, value| {
                            !matches!(name.as_str(), "runs" | "links" | "fired") && !value.is_null()
                        });
                    }
                }
                if then["talk"].is_null() {
                    then.as_object_mut().unwrap().remove("talk");
                }
                assert_eq!(now, then, "{name}");
            }
            "v1-head" => {
                let head: Head = read(&bytes);
                assert_eq!(head.terms().revision(), 1, "{name}");
                assert_eq!(Some(head.count()), stands["count"].as_u64(), "{name}");
                let latest = head.clock().latest().map(|latest| latest.to_string());
                assert_eq!(latest.as_deref(), stands["latest"].as_str(), "{name}");
            }
            "v2-contact" => {
                assert_eq!(written(&read::<Contact>(&bytes)), stands, "{name}");
                let mut here = BTreeSet::new();
                fields(&stands, &mut here);
                of_contacts.extend(here.into_iter().map(str::to_owned));
            }
            "v2-head" => assert_eq!(written(&read::<Head>(&bytes)), stands, "{name}"),
            "v1-row" => assert_eq!(written(&read::<Row>(&bytes)), stands, "{name}"),
            "v1-evaluation" => assert_eq!(written(&read::<Evaluation>(&bytes)), stands, "{name}"),
            "v1-effect" => assert_eq!(written(&read::<Effect>(&bytes)), stands, "{name}"),
            // A document gets the defaults of fields that came later.
            "v1-envelope" if name.contains("configure") => {
                let envelope: Envelope = read(&bytes);
                assert_eq!(talk::written_and_read(&envelope), envelope, "{name}");
            }
            "v1-envelope" => assert_eq!(written(&read::<Envelope>(&bytes)), stands, "{name}"),
            other => panic!("what is {other}?"),
        }
        *kinds.entry(kind).or_default() += 1;
    }
    let least = [
        ("v1-contact", 15),
        ("v1-head", 16),
        ("v2-contact", 21),
        ("v2-head", 16),
        ("v1-row", 13),
        ("v1-evaluation", 2),
        ("v1-effect", 4),
        ("v1-envelope", 20),
    ];
    for (kind, least) in least {
        assert!(kinds.get(kind).is_some_and(|count| *count >= least), "{kind}: {kinds:?}");
    }
    // What is written seldom has bytes that stand, too.
    for seldom in ["one_message", "tags", "fields", "faulted", "last_in_human", "fired_before", "mismatches"] {
        assert!(of_contacts.contains(seldom), "no bytes of `{seldom}`: {of_contacts:?}");
    }
}

/// Writes the bytes of what has none yet; what stands there is left alone.
#[test]
#[ignore = "writes files"]
fn write_stored_bytes() {
    fn write<T: Storable>(name: &str, value: &T) {
        if let Ok(mut file) = fs::File::create_new(file(&format!("{name}.json"))) {
            file.write_all(&serde_json::to_vec_pretty(&Stored::from(value)).unwrap()).unwrap();
            file.write_all(b"\n").unwrap();
        }
    }
    for (state, name) in names() {
        let world = world(state);
        if let Some(contact) = world.mint() {
            write(&format!("v2-contact-{name}"), contact);
        }
        write(&format!("v2-head-{name}"), &world.head);
    }
    for (name, world) in beyond_the_matrix() {
        write(&format!("v2-contact-{name}"), world.mint().unwrap());
    }
    let kept = kept();
    kept.rows.iter().for_each(|row| write(&format!("v1-row-{}", row.key().kind()), row));
    let evaluations = kept.evaluations.iter();
    evaluations
        .for_each(|evaluation| write(&format!("v1-evaluation-{}", evaluation.outcome.result.as_str()), evaluation));
    for effect in &kept.effects {
        let kind = serde_json::to_value(effect).unwrap().as_object().unwrap().keys().next().unwrap().clone();
        write(&format!("v1-effect-{kind}"), effect);
    }
    kept.envelopes.iter().for_each(|envelope| write(&format!("v1-envelope-{}", envelope.id), envelope));
}

/// One of everything that a store keeps.
struct Kept {
    rows: Vec<Row>,
    evaluations: Vec<Evaluation>,
    effects: Vec<Effect>,
    envelopes: Vec<Envelope>,
}

fn kept() -> Kept {
    let at = |minute: i64| Instant::from_milliseconds(1_772_000_000_000 + minute * 60_000);
    let mut document = document();
    document["plan"]["mac_limit"] = 2.into();
    let engine = Engine::compile(talk::workspace(&document)).unwrap();
    let mut envelopes = Vec::new();
    let world = talk::World::new(&document, &at(0).to_string());
    for (place, input) in INPUTS.into_iter().filter(|input| !input.starts_with("timer")).enumerate() {
        let id = input.replace(": ", "-").replace(' ', "-").replace(['\'', ','], "");
        if let Some(event) = world.event_of(input) {
            envelopes.push(Envelope { id: id.into(), at: at(place as i64), event });
        }
    }
    let more = [
        ("grant", Event::Grant(Grant { cycle: at(0), contacts: -3, count: None })),
        ("erase", Event::Erase("mint".into())),
        ("unreadable", unreadable()),
    ];
    envelopes.extend(more.map(|(id, event)| Envelope { id: id.into(), at: at(90), event }));
    let message = |id: &str, text: &str| Envelope {
        id: id.into(),
        at: at(100),
        event: Event::Message(Message {
            message_id: id.into(),
            user_id: "mint".into(),
            handle: Some("mint".into()),
            text: Some(text.into()),
            option: None,
        }),
    };
    let comment = |id: &str, user: &str, text: &str, minute| Envelope {
        id: id.into(),
        at: at(minute),
        event: Event::Comment(Comment {
            comment_id: id.into(),
            post_id: "v1".into(),
            user_id: user.into(),
            handle: Some(user.into()),
            text: text.into(),
            posted_at: Some(at(minute - 1)),
            reply_to: Some("c0".into()),
            direct_reply: true,
        }),
    };
    let other = |id: &str, minute, event| Envelope { id: id.into(), at: at(minute), event };
    let order = Order {
        order_id: "o1".into(),
        user_id: "mint".into(),
        placed_at: Some(at(101)),
        currency: "THB".into(),
        total_minor: 590,
        lines: vec![OrderLine { sku_id: "s".into(), product_id: Some("p".into()), quantity: 2, amount_minor: 590 }],
    };
    let refund = Refund { refund_id: "r1".into(), order_id: "o1".into(), amount_minor: 90 };
    let history = [
        comment("c1", "mint", "wait", 1),
        comment("c2", "mint", "wait", 2),
        comment("c3", "mint", "lovely", 3),
        comment("c4", "noi", "wait", 4),
        comment("c6", "fah", "card", 5),
        comment("c7", "kai", "price", 6),
        comment("c5", "mint", "card", 99),
        message("m1", "REFUND please"),
        other("e1", 102, Event::Order(order)),
        other("e2", 103, Event::Refund(refund)),
        other("e3", 104, Event::Identity { user_id: "mint".into(), shop_user_id: "shop-mint".into() }),
        other("e4", 300, Event::Clock),
    ];
    let mut partition = Partition::open(engine.clone(), engine.first_head()).unwrap();
    let (mut rows, mut evaluations, mut effects) = (BTreeMap::new(), Vec::new(), Vec::new());
    for envelope in &history {
        partition.push_from(
            envelope,
            &mut Scratch::default(),
            |wants| wants.answer(|key| rows.get(key), rows.values()),
            |record| {
                evaluations.extend(record.evaluation());
                effects.extend(record.decision.effects.iter().cloned());
            },
        );
        rows.extend(partition.writes().into_iter().map(|row| (row.key(), row)));
        partition.committed();
    }
    Kept { rows: rows.into_values().collect(), evaluations, effects, envelopes }
}

fn unreadable() -> Event {
    let problem = serde_json::json!({ "path": "triggers[0]", "code": "unreadable", "message": "unknown field `wehn`" });
    Event::Configure(Box::new(Configured::Unreadable(serde_json::from_value(problem).unwrap())))
}

/// What is written of each row, evaluation, effect and event reads back as it was.
#[test]
fn everything_kept_reads_back_as_it_was() {
    let kept = kept();
    let kinds: BTreeSet<&str> = kept.rows.iter().map(|row| row.key().kind()).collect();
    assert_eq!(kinds.len(), 13, "{kinds:?}");
    kept.rows.iter().for_each(|row| assert_eq!(talk::written_and_read(row), *row));
    kept.evaluations.iter().for_each(|evaluation| assert_eq!(talk::written_and_read(evaluation), *evaluation));
    kept.effects.iter().for_each(|effect| assert_eq!(talk::written_and_read(effect), *effect));
    kept.envelopes.iter().for_each(|envelope| assert_eq!(talk::written_and_read(envelope), *envelope));
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
    let contact = |text: &str| serde_json::from_str::<Stored<'static, Contact>>(text).unwrap_err().to_string();
    let head = |text: &str| serde_json::from_str::<Stored<'static, Head>>(text).unwrap_err().to_string();
    for (error, wanted) in [
        (
            contact(r#"{"v":3,"user_id":"u1"}"#),
            "stored as version 3: this build reads versions up to 2 only; use a newer one",
        ),
        (contact(r#"{"v":3,"user_id":"u1","mood":"fine"}"#), "stored as version 3"),
        (contact(r#"{"v":2,"user_id":"u1","mood":"fine"}"#), "unknown field `mood`"),
        (contact(r#"{"user_id":"u1","v":2}"#), "missing field `v`"),
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
    let stored = Stored::from(&world.contacts[MINT]);
    assert!(serde_json::to_string(&stored).unwrap().contains("\"size\":\"30ml\""));
    assert!(!format!("{stored:?}").contains("30ml"));
}

/// R11: a contact's stored form stays small however long they talk: links and firings lie beside it.
#[test]
fn r11_a_contact_stays_small_however_long_they_talk() {
    let document = serde_json::json!({
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "account" },
        "products": [ { "id": "p", "name": "Serum", "skus": [ { "id": "s", "name": "30ml" } ] } ],
        "triggers": [ { "id": "t", "when": { "keywords": { "words": ["price"] } }, "flow": "f" } ],
        "flows": [ { "id": "f", "version": 1, "blocks": [
            { "id": "ask", "question": { "text": "Another?", "field": "answer" } },
            { "id": "card", "shop_link": { "product": "p", "sku": "s" } },
            { "id": "pause", "wait": { "seconds": 1 }, "goto": "ask" } ] } ] });
    let engine = Engine::compile(talk::workspace(&document)).unwrap();
    let mut partition = Partition::whole(engine);
    let mut scratch = Scratch::default();
    let (mut sizes, mut records) = (Vec::new(), 0);
    for n in 0..10_001i64 {
        let at = Instant::from_milliseconds(1_772_000_000_000 + n * 10_000);
        let event = if n == 0 {
            Event::Comment(Comment {
                comment_id: "c".into(),
                post_id: "v".into(),
                user_id: "u".into(),
                handle: None,
                text: "price".into(),
                posted_at: None,
                reply_to: None,
                direct_reply: false,
            })
        } else {
            Event::Message(Message {
                message_id: format!("m{n}").into(),
                user_id: "u".into(),
                handle: None,
                text: Some("yes".into()),
                option: None,
            })
        };
        partition.push(&Envelope { id: format!("e{n}").into(), at, event }, &mut scratch, |_| records += 1);
        let contact = partition.contact("u").unwrap();
        sizes.push(serde_json::to_vec(&Stored::from(contact)).unwrap().len());
    }
    assert_eq!(partition.links(&"u".into()).len(), 10_000);
    assert!(records >= 20_000, "each reply is followed by a wait that is over: {records}");
    let (early, late) = (sizes[100], *sizes.last().unwrap());
    assert!(late <= early + 16 && late <= 4_096, "{early} and {late} bytes");
}
