//! A person is forgotten.

use super::make::{ALL, at, brought, comment, contact, decided, dm, evaluation, input, message, put, record, shard};
use chatsparks_core::{DmStage, Effect, Event, Instant, Key, MemberMessage, Text};
use chatsparks_ports::{Cursor, EffectKey, EffectState, Input, Lane, Settled, Stamp, Store};

/// A word that nobody else writes.
pub const CANARY: &str = "c4n4ry-of-a-buyer";

/// Fills partition 0 with what `a` wrote, before and after they are forgotten in the same batch, and with the same of
/// `b`; and commits that `a` is forgotten.
pub async fn forget_somebody<S: Store>(store: &S) {
    let member = |user: &str| {
        Event::MemberMessage(MemberMessage {
            message_id: "mm".into(),
            user_id: user.into(),
            member: "m@x".into(),
            text: Text::from(CANARY),
            link: None,
        })
    };
    let events = [
        ("e0", comment("c0", "b", "of another")),
        ("e1", comment("c1", "a", CANARY)),
        ("e2", message("m2", "a", CANARY)),
        ("e3", member("a")),
        ("e4", Event::Erase("a".into())),
        ("e5", comment("c5", "a", "written later")),
    ];
    let inputs = events.into_iter().zip(0..).map(|((id, event), n)| (shard(0), brought(id, at(n), event)));
    store.append(inputs.collect()).await.unwrap();
    let opened = store.open(&shard(0)).await.unwrap();
    // First what they wrote is decided, and then, with more of theirs, that they are forgotten.
    let mut first = decided(3, [dm("a", 0, None, CANARY)]);
    first.records = ["b", "a", "a"]
        .into_iter()
        .zip(0..)
        .map(|(user, seq)| record(seq, at(seq as i64), user, if user == "a" { CANARY } else { "of another" }))
        .collect();
    first.records[1].evaluation = Some(evaluation("c1", "a", at(1), CANARY));
    first.effects = vec![dm("b", 0, None, "of another"), dm("a", 1, None, CANARY), dm("a", 2, None, CANARY)];
    first.rows = vec![contact("a", &format!(r#"{{"fields":{{"phone":"{CANARY}"}}}}"#))];
    store.commit(&shard(0), opened.fence, first).await.unwrap();
    store
        .append(vec![(shard(0), input("e6", Stamp::Received(at(9)), comment("c6", "a", "not decided yet")))])
        .await
        .unwrap();
    let mut then = decided(6, []);
    then.records =
        vec![record(3, at(3), "a", CANARY), record(4, at(4), "a", ""), record(5, at(5), "a", "written later")];
    then.records[2].evaluation = Some(evaluation("c5", "a", at(5), "written later"));
    then.effects = vec![dm("a", 3, None, CANARY), dm("a", 5, None, "written later")];
    then.rows = vec![contact("a", "{}")];
    then.erased = vec![("a".into(), 4)];
    store.commit(&shard(0), opened.fence, then).await.unwrap();
}

fn text_of(event: &Event) -> Option<&str> {
    match event {
        Event::Comment(comment) => Some(comment.text.as_str()),
        Event::Message(message) => message.text.as_ref().map(Text::as_str),
        Event::MemberMessage(message) => Some(message.text.as_str()),
        _ => None,
    }
}

/// R12: out of records, log and evaluations, what they wrote before; what came after, and what others wrote, stays.
pub async fn r12_what_a_person_wrote_before_is_gone<S: Store>(store: &S) {
    let glow = "glow".into();
    assert_eq!(store.stretch(&shard(0)).await.unwrap().erased_since, None::<Instant>);
    forget_somebody(store).await;
    let logged = store.read(&shard(0), 0, ALL).await.unwrap();
    let texts: Vec<_> = logged.iter().map(|logged| text_of(&logged.envelope.event)).collect();
    let later = [Some("written later"), Some("not decided yet")];
    assert_eq!(texts[..7], [&[Some("of another"), Some(""), Some(""), Some(""), None], &later[..]].concat());
    // Who, when and which comment it was stays: duplicates are known by it.
    let Event::Comment(comment) = &logged[1].envelope.event else { panic!("it is a comment") };
    assert_eq!((comment.comment_id.as_str(), comment.user_id.as_str(), &comment.handle), ("c1", "a", &None));
    let (records, _) = store.records(&glow, &Cursor::default(), 100).await.unwrap();
    let says: Vec<bool> = records.iter().map(|record| record.line.contains(r#""text":"""#)).collect();
    assert_eq!(says, [false, true, true, true, true, false]);
    assert!(records.iter().all(|record| !record.line.contains(CANARY)));
    assert_eq!(records[1].line, record(1, at(1), "a", "").line.get());
    let forgotten = store.evaluation(&glow, &"c1".into()).await.unwrap().unwrap();
    assert_eq!((forgotten.comment.text.as_str(), forgotten.at), ("", at(1)));
    let later = store.evaluation(&glow, &"c5".into()).await.unwrap().unwrap();
    assert_eq!(later.comment.text.as_str(), "written later");
    // An export says from where on it does not replay.
    assert_eq!(store.stretch(&shard(0)).await.unwrap().erased_since, Some(at(1)));
    assert_eq!(store.stretch(&shard(1)).await.unwrap().erased_since, None);
    assert_eq!(store.row(&glow, &Key::Contact("a".into())).await.unwrap(), Some(contact("a", "{}")));
    // Once that stretch is deleted, the rest replays.
    while store.cut(&shard(0), 5, 5, 100).await.unwrap() > 0 {}
    assert_eq!(store.stretch(&shard(0)).await.unwrap().erased_since, None);
}

/// R12: waiting effects and dead letters are withdrawn, with their outcomes in the log; one that may be on its way is in
/// doubt, and stays so. What is decided later goes.
pub async fn r12_what_waited_is_withdrawn<S: Store>(store: &S) {
    let key = |id: &str| EffectKey { shard: shard(0), user_id: Some("a".into()), id: id.into() };
    let notice = Effect::NotifyInbox {
        user_id: "a".into(),
        conversation: 1,
        reason: chatsparks_core::InboxReason::Handoff,
        note: Some(Text::from(CANARY)),
        owner: None,
    };
    let all = [
        dm("a", 0, None, CANARY),
        dm("a", 1, None, CANARY),
        dm("a", 2, None, CANARY),
        super::make::effect(3, 0, Lane::Free(Some("a".into())), None, notice),
        dm("b", 4, None, "of another"),
    ];
    put(store, &shard(0), decided(1, all)).await.unwrap();
    assert!(store.settle(&key("e0/0"), Settled::Dead("no".to_owned()), None).await.unwrap());
    assert!(store.begin(&key("e1/0"), at(0)).await.unwrap());
    let mut erases = decided(2, [dm("a", 6, None, "later")]);
    erases.records.insert(0, record(5, at(5), "a", ""));
    erases.erased = vec![("a".into(), 5)];
    put(store, &shard(0), erases).await.unwrap();
    let failed = store.list(&"glow".into(), EffectState::Failed, 99).await.unwrap();
    let failed: Vec<_> = failed.iter().map(|queued| (queued.effect.as_str(), queued.why.as_deref())).collect();
    let (withdrawn, doubt) = (Some("withdrawn"), Some("in_doubt"));
    assert_eq!(failed, [("e0/0", withdrawn), ("e1/0", doubt), ("e2/0", withdrawn), ("e3/0", withdrawn)]);
    let logged = store.read(&shard(0), 0, ALL).await.unwrap();
    let logged: Vec<_> = logged.into_iter().map(|logged| logged.envelope.event).collect();
    let outcomes = [("e0/0", withdrawn), ("e1/0", doubt), ("e2/0", withdrawn)];
    assert_eq!(logged, outcomes.map(|(id, why)| Input::outcome(id, DmStage::Failed, why).event));
    // Its attempt comes to an end, and says nothing any more.
    assert!(!store.settle(&key("e1/0"), Settled::Sent, None).await.unwrap());
    let ready = store.ready(&"glow".into(), at(0), &[], 99).await.unwrap();
    assert_eq!(ready.iter().map(|ready| ready.key.id.as_str()).collect::<Vec<_>>(), ["e4/0", "e6/0"]);
    assert_eq!(ready[1].effect, dm("a", 6, None, "later").effect);
}
