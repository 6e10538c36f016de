//! Effects that wait, and what came of them.

use super::make::{ALL, at, decided, dm, effect, notification, put, shard};
use chatsparks_core::{DmStage, Effect, Event, Instant, Receipt, SendDm, Text};
use chatsparks_ports::{EffectKey, EffectState, Input, Lane, QueueCount, Settled, Store};

/// The ids of what may go, with nothing on its way.
async fn ready<S: Store>(store: &S, wall: Instant) -> Vec<String> {
    ready_beside(store, wall, &[]).await
}

async fn ready_beside<S: Store>(store: &S, wall: Instant, busy: &[EffectKey]) -> Vec<String> {
    let ready = store.ready(&"glow".into(), wall, busy, 100).await.unwrap();
    ready.into_iter().map(|ready| ready.key.id).collect()
}

fn key(user: &str, id: &str) -> EffectKey {
    EffectKey { shard: shard(0), user_id: Some(user.into()), id: id.into() }
}

fn again(not_before: Instant, counts: bool) -> Settled {
    Settled::Again { not_before, counts, why: "busy".to_owned() }
}

async fn settle<S: Store>(store: &S, user: &str, id: &str, settled: Settled) -> bool {
    store.settle(&key(user, id), settled, None).await.unwrap()
}

/// O2: the next of a contact waits until the one before has its outcome; between contacts there is no order.
pub async fn o2_a_lane_goes_one_by_one<S: Store>(store: &S) {
    let dms = [("a", 0), ("a", 1), ("b", 2), ("a", 3)].map(|(user, seq)| dm(user, seq, None, "hello"));
    put(store, &shard(0), decided(1, dms)).await.unwrap();
    let found = store.ready(&"glow".into(), at(0), &[], 100).await.unwrap();
    assert_eq!(found[0].key, key("a", "e0/0"));
    assert_eq!(found[0].effect, dm("a", 0, None, "hello").effect);
    assert_eq!(ready(store, at(0)).await, ["e0/0", "e2/0"]);
    assert!(settle(store, "a", "e0/0", Settled::Sent).await);
    assert_eq!(ready(store, at(0)).await, ["e1/0", "e2/0"]);
    // What is decided later comes behind those that wait; a lane that is empty begins anew.
    assert!(settle(store, "b", "e2/0", Settled::Failed("gone".to_owned())).await);
    let dms = [("a", 4), ("b", 5), ("b", 6)].map(|(user, seq)| dm(user, seq, None, "hello"));
    put(store, &shard(0), decided(2, dms)).await.unwrap();
    assert_eq!(ready(store, at(0)).await, ["e1/0", "e5/0"]);
    assert!(settle(store, "a", "e1/0", Settled::Sent).await);
    assert_eq!(ready(store, at(0)).await, ["e3/0", "e5/0"]);
    // Within one decision it is the place that counts.
    let two = [("c", 8, 1), ("c", 8, 0)];
    let mut both = decided(3, []);
    both.effects = two
        .map(|(user, seq, place)| {
            effect(seq, place, Lane::Contact(user.into()), None, dm(user, seq, None, "hello").effect)
        })
        .into();
    both.effects.sort_by_key(|effect| effect.decided);
    put(store, &shard(0), both).await.unwrap();
    assert_eq!(ready(store, at(0)).await, ["e3/0", "e5/0", "e8/0"]);
    assert_eq!(store.ready(&"glow".into(), at(0), &[], 2).await.unwrap().len(), 2);
}

/// S4: what may have been sent by a store that was lost begins in doubt, and waits its turn like any other.
pub async fn s4_an_effect_may_begin_in_doubt<S: Store>(store: &S) {
    let mut dms = [("a", 0), ("a", 1)].map(|(user, seq)| dm(user, seq, None, "hello"));
    dms[0].in_doubt = true;
    put(store, &shard(0), decided(1, dms)).await.unwrap();
    let found = store.ready(&"glow".into(), at(0), &[], 100).await.unwrap();
    assert_eq!(found.iter().map(|ready| (ready.key.id.as_str(), ready.in_doubt)).collect::<Vec<_>>(), [("e0/0", true)]);
    let count = store.count(&"glow".into()).await.unwrap();
    assert_eq!((count.waiting, count.in_doubt), (1, 1));
    assert!(settle(store, "a", "e0/0", Settled::Sent).await);
    let found = store.ready(&"glow".into(), at(0), &[], 100).await.unwrap();
    assert_eq!(
        found.iter().map(|ready| (ready.key.id.as_str(), ready.in_doubt)).collect::<Vec<_>>(),
        [("e1/0", false)]
    );
}

/// O2: `notify_…`.
pub async fn o2_notifications_neither_wait_nor_are_waited_for<S: Store>(store: &S) {
    let about = |seq: u32| {
        let told = Effect::NotifyInbox {
            user_id: "a".into(),
            conversation: seq,
            reason: chatsparks_core::InboxReason::Handoff,
            note: Some(Text::from("a note")),
            owner: None,
        };
        effect(u64::from(seq), 0, Lane::Free(Some("a".into())), None, told)
    };
    let all = [about(0), dm("a", 1, None, "hello"), about(2), dm("a", 3, None, "hello"), notification(4, 0)];
    put(store, &shard(0), decided(1, all)).await.unwrap();
    assert_eq!(ready(store, at(0)).await, ["e0/0", "e1/0", "e2/0", "e4/0"]);
    assert!(store.begin(&key("a", "e0/0"), at(0)).await.unwrap());
    assert!(settle(store, "a", "e2/0", again(at(50), true)).await);
    assert_eq!(ready_beside(store, at(0), &[key("a", "e0/0")]).await, ["e1/0", "e4/0"]);
    assert!(settle(store, "a", "e1/0", Settled::Sent).await);
    assert_eq!(ready_beside(store, at(0), &[key("a", "e0/0")]).await, ["e3/0", "e4/0"]);
    let owners = store.find(&"glow".into(), "e4/0").await.unwrap().unwrap();
    assert_eq!(
        owners,
        (EffectKey { user_id: Some("nobody".into()), ..key("nobody", "e4/0") }, notification(4, 0).effect)
    );
}

/// What is on its way is not handed out again, nor what waits behind it, even where it got its outcome meanwhile.
pub async fn o2_a_lane_that_is_taken_stays_taken<S: Store>(store: &S) {
    let dms = [("a", 0), ("a", 1), ("b", 2)].map(|(user, seq)| dm(user, seq, None, "hello"));
    put(store, &shard(0), decided(1, dms)).await.unwrap();
    let busy = [key("a", "e0/0")];
    assert_eq!(ready_beside(store, at(0), &busy).await, ["e2/0"]);
    assert!(settle(store, "a", "e0/0", Settled::Failed("dropped".to_owned())).await);
    assert_eq!(ready_beside(store, at(0), &busy).await, ["e2/0"]);
    assert_eq!(ready(store, at(0)).await, ["e1/0", "e2/0"]);
    // The same id in another partition is another effect.
    let elsewhere = EffectKey { shard: shard(1), ..key("b", "e2/0") };
    assert_eq!(ready_beside(store, at(0), &[elsewhere]).await, ["e1/0", "e2/0"]);
}

/// O3: deadline first among those that may go, over all partitions; then in the order decided.
pub async fn o3_whose_chance_ends_soonest_goes_first<S: Store>(store: &S) {
    let dms = [
        dm("a", 0, None, "hello"),
        dm("b", 1, Some(at(900)), "hello"),
        dm("c", 2, Some(at(100)), "hello"),
        dm("c", 3, Some(at(1)), "hello"),
        dm("d", 4, Some(at(900)), "hello"),
        dm("e", 5, None, "hello"),
    ];
    put(store, &shard(0), decided(1, dms)).await.unwrap();
    let elsewhere = [dm("f", 9, Some(at(500)), "hello"), dm("g", 10, Some(at(900)), "hello")];
    put(store, &shard(1), decided(1, elsewhere)).await.unwrap();
    let expected = ["e2/0", "e9/0", "e1/0", "e4/0", "e10/0", "e0/0", "e5/0"];
    assert_eq!(ready(store, at(0)).await, expected);
    // Whether a chance is over is for whoever asks to say.
    assert_eq!(ready(store, at(10_000)).await, expected);
    let first = store.ready(&"glow".into(), at(0), &[], 1).await.unwrap();
    assert_eq!((first[0].key.id.as_str(), first[0].context.not_after), ("e2/0", Some(at(100))));
    assert!(settle(store, "c", "e2/0", Settled::Sent).await);
    assert_eq!(ready(store, at(0)).await[0], "e3/0");
}

/// O4, O8: not before its instant, nor what waits behind it; attempts are counted, stops of the channel are not.
pub async fn o4_what_is_tried_again_waits_until_then<S: Store>(store: &S) {
    let dms = [("a", 0), ("a", 1), ("b", 2)].map(|(user, seq)| dm(user, seq, None, "hello"));
    put(store, &shard(0), decided(1, dms)).await.unwrap();
    let glow = "glow".into();
    let next_retry = async |now| store.next_retry(&glow, at(now)).await.unwrap();
    assert_eq!(next_retry(0).await, None);
    assert!(store.begin(&key("a", "e0/0"), at(10)).await.unwrap());
    assert!(settle(store, "a", "e0/0", again(at(60), false)).await);
    assert_eq!(ready(store, at(59)).await, ["e2/0"]);
    assert_eq!(ready(store, at(60)).await, ["e0/0", "e2/0"]);
    // What may go is no later retry: whoever waits for others' would look again and again.
    assert_eq!([next_retry(59).await, next_retry(60).await, next_retry(61).await], [Some(at(60)), None, None]);
    let told = store.ready(&glow, at(60), &[], 1).await.unwrap().remove(0);
    assert_eq!((told.attempts, told.first_attempt, told.in_doubt), (0, None, false));
    for (attempts, begins) in [(1, 70), (2, 80)] {
        assert!(store.begin(&key("a", "e0/0"), at(begins)).await.unwrap());
        assert_eq!(next_retry(0).await, None);
        assert!(settle(store, "a", "e0/0", again(at(90), true)).await);
        let told = store.ready(&glow, at(90), &[], 1).await.unwrap().remove(0);
        assert_eq!((told.attempts, told.first_attempt), (attempts, Some(at(70))));
    }
    let listed = store.list(&glow, EffectState::Waiting, 1).await.unwrap().remove(0);
    assert_eq!((listed.not_before, listed.why.as_deref()), (Some(at(90)), Some("busy")));
}

/// O2, O4: what was given up lets its lane go on, has no outcome, and begins anew when it is brought back.
pub async fn o4_dead_letters_let_their_lane_go_on_and_can_come_back<S: Store>(store: &S) {
    let dms = [("a", 0), ("a", 1), ("a", 2)].map(|(user, seq)| dm(user, seq, None, "hello"));
    put(store, &shard(0), decided(1, dms)).await.unwrap();
    let glow = "glow".into();
    assert!(store.begin(&key("a", "e0/0"), at(0)).await.unwrap());
    assert!(settle(store, "a", "e0/0", Settled::Dead("no answer".to_owned())).await);
    assert_eq!(ready(store, at(0)).await, ["e1/0"]);
    let dead = store.list(&glow, EffectState::Dead, 9).await.unwrap();
    assert_eq!((dead.len(), dead[0].attempts, dead[0].why.as_deref()), (1, 1, Some("no answer")));
    assert!(!store.begin(&key("a", "e0/0"), at(0)).await.unwrap(), "it does not wait");
    assert!(!settle(store, "a", "e0/0", again(at(9), true)).await);
    // It comes back before those that were decided after it.
    assert!(!store.revive(&glow, "e1/0").await.unwrap());
    assert!(!store.revive(&glow, "nothing").await.unwrap());
    assert!(store.revive(&glow, "e0/0").await.unwrap());
    assert!(!store.revive(&glow, "e0/0").await.unwrap());
    assert_eq!(ready(store, at(0)).await, ["e0/0"]);
    let told = store.ready(&glow, at(0), &[], 1).await.unwrap().remove(0);
    assert_eq!((told.attempts, told.first_attempt, told.in_doubt), (0, None, false));
    // One can be dropped as it lies.
    assert!(settle(store, "a", "e0/0", Settled::Dead("no answer".to_owned())).await);
    assert!(settle(store, "a", "e0/0", Settled::Failed("dropped".to_owned())).await);
    assert!(!store.revive(&glow, "e0/0").await.unwrap());
    assert_eq!(ready(store, at(0)).await, ["e1/0"]);
    assert_eq!(store.count(&glow).await.unwrap(), QueueCount { waiting: 2, failed: 1, ..QueueCount::default() });
}

/// O5: an attempt that began and has not ended is in doubt, whoever asks afterwards.
pub async fn o5_an_attempt_that_began_is_in_doubt<S: Store>(store: &S) {
    put(store, &shard(0), decided(1, [dm("a", 0, None, "hello"), dm("a", 1, None, "hello")])).await.unwrap();
    assert!(!store.begin(&key("a", "nothing"), at(0)).await.unwrap());
    assert!(store.begin(&key("a", "e0/0"), at(7)).await.unwrap());
    let told = store.ready(&"glow".into(), at(0), &[], 9).await.unwrap();
    assert_eq!((told.len(), told[0].in_doubt, told[0].first_attempt), (1, true, Some(at(7))));
    let listed = store.list(&"glow".into(), EffectState::InDoubt, 9).await.unwrap();
    assert_eq!((listed.len(), listed[0].effect.as_str()), (1, "e0/0"));
    // It may be begun again, and keeps its first attempt.
    assert!(store.begin(&key("a", "e0/0"), at(8)).await.unwrap());
    assert_eq!(store.ready(&"glow".into(), at(0), &[], 1).await.unwrap()[0].first_attempt, Some(at(7)));
    assert!(settle(store, "a", "e0/0", Settled::Sent).await);
    assert!(!store.begin(&key("a", "e0/0"), at(9)).await.unwrap());
}

/// O1: the first outcome stays, and the log has it in the same piece, once.
pub async fn o1_each_effect_has_one_outcome_and_logs_it_with_it<S: Store>(store: &S) {
    let inputs = vec![(shard(0), super::make::brought("e", at(50), super::make::comment("c", "a", "hi")))];
    store.append(inputs).await.unwrap();
    put(store, &shard(0), decided(1, [dm("a", 0, None, "hello"), dm("b", 1, None, "hello")])).await.unwrap();
    let receipt = |id: &str| Some(Input::outcome(id, DmStage::Sent, None));
    assert!(store.settle(&key("a", "e0/0"), Settled::Sent, receipt("e0/0")).await.unwrap());
    let read = store.read(&shard(0), 1, ALL).await.unwrap();
    assert_eq!((read[0].envelope.id.as_str(), read[0].envelope.at), ("outcome:e0/0", at(50)));
    let sent = Receipt { dm_id: "e0/0".into(), status: DmStage::Sent, detail: None };
    assert_eq!(read[0].envelope.event, Event::Receipt(sent));
    for settled in
        [Settled::Failed("too_late".to_owned()), Settled::Sent, again(at(9), true), Settled::Dead("x".to_owned())]
    {
        assert!(!store.settle(&key("a", "e0/0"), settled, receipt("e0/0")).await.unwrap());
    }
    assert!(!store.settle(&key("a", "nothing"), Settled::Sent, receipt("nothing")).await.unwrap());
    let elsewhere = EffectKey { shard: shard(1), ..key("b", "e1/0") };
    assert!(!store.settle(&elsewhere, Settled::Sent, receipt("e1/0")).await.unwrap());
    assert_eq!(store.end(&shard(0)).await.unwrap().0, 2);
    assert_eq!(store.end(&shard(1)).await.unwrap().0, 0);
    let count = store.count(&"glow".into()).await.unwrap();
    assert_eq!(count, QueueCount { waiting: 1, sent: 1, ..QueueCount::default() });
    // The same decision, committed again under the same id, is the same effect.
    let mut same = decided(1, []);
    same.effects = vec![dm("a", 0, None, "hello")];
    put(store, &shard(0), same).await.unwrap();
    assert_eq!(store.count(&"glow".into()).await.unwrap(), count);
}

/// O6.
pub async fn o6_what_waits_is_counted_and_listed<S: Store>(store: &S) {
    let glow = "glow".into();
    assert_eq!(store.count(&glow).await.unwrap(), QueueCount::default());
    let dms = (0..6).map(|seq| dm(&format!("u{seq}"), seq, Some(at(100 - seq as i64)), "hello"));
    put(store, &shard(0), decided(1, dms)).await.unwrap();
    assert!(settle(store, "u0", "e0/0", Settled::Sent).await);
    assert!(settle(store, "u1", "e1/0", Settled::Failed("no".to_owned())).await);
    assert!(settle(store, "u2", "e2/0", Settled::Dead("no".to_owned())).await);
    assert!(store.begin(&key("u3", "e3/0"), at(0)).await.unwrap());
    let count = QueueCount { waiting: 2, in_doubt: 1, dead: 1, sent: 1, failed: 1 };
    assert_eq!(store.count(&glow).await.unwrap(), count);
    for (state, expected) in [
        (EffectState::Waiting, &["e5/0", "e4/0"] as &[&str]),
        (EffectState::InDoubt, &["e3/0"]),
        (EffectState::Dead, &["e2/0"]),
        (EffectState::Sent, &["e0/0"]),
        (EffectState::Failed, &["e1/0"]),
    ] {
        let listed = store.list(&glow, state, 100).await.unwrap();
        assert_eq!(listed.iter().map(|queued| queued.effect.as_str()).collect::<Vec<_>>(), expected, "{state:?}");
        assert!(listed.iter().all(|queued| queued.state == state && queued.kind == "send_dm"));
        let seq: i64 = listed[0].effect[1..2].parse().unwrap();
        assert_eq!(listed[0].not_after, Some(at(100 - seq)));
        assert_eq!(listed[0].user_id, Some(format!("u{seq}").into()));
    }
    assert_eq!(store.list(&glow, EffectState::Waiting, 1).await.unwrap().len(), 1);
    // By their ids they are told alike, with their outcomes too.
    let asked = ["e0/0", "e1/0", "e4/0", "e9/0"].map(str::to_owned);
    let mut told = store.standing(&glow, &asked).await.unwrap();
    told.sort_by(|one, other| one.effect.cmp(&other.effect));
    let mut wanted = Vec::new();
    for state in [EffectState::Sent, EffectState::Failed, EffectState::Waiting, EffectState::InDoubt, EffectState::Dead]
    {
        let listed = store.list(&glow, state, 100).await.unwrap();
        wanted.extend(listed.into_iter().filter(|queued| asked.contains(&queued.effect)));
    }
    wanted.sort_by(|one, other| one.effect.cmp(&other.effect));
    assert_eq!((told.len(), &told), (3, &wanted));
    assert_eq!(store.standing(&"other".into(), &asked).await.unwrap(), []);
    for (id, found) in
        [("e0/0", false), ("e1/0", false), ("e2/0", true), ("e3/0", true), ("e4/0", true), ("e9/0", false)]
    {
        let told = store.find(&glow, id).await.unwrap();
        assert_eq!(told.is_some(), found, "{id}");
        assert!(told.is_none_or(|(key, _)| key.id == id));
    }
    assert_eq!(store.find(&"other".into(), "e4/0").await.unwrap(), None);
}

/// O7: of that contact and conversation, decided before that record, not begun, the bot's; each with its outcome.
pub async fn o7_bot_dms_that_have_not_begun_are_withdrawn<S: Store>(store: &S) {
    let inputs = vec![(shard(0), super::make::brought("e", at(50), super::make::comment("c", "a", "hi")))];
    store.append(inputs).await.unwrap();
    let other = |seq: u64, conversation: u32, member: Option<&str>| {
        let Effect::SendDm(dm) = dm("a", seq, None, "hello").effect else { panic!("it is a DM") };
        let dm = SendDm { conversation, member: member.map(Into::into), ..*dm };
        effect(seq, 0, Lane::Contact("a".into()), None, Effect::SendDm(Box::new(dm)))
    };
    let reply = Effect::PublicReply { comment_id: "c".into(), text: Text::from("hello") };
    let all = [
        dm("a", 0, None, "on its way"),
        dm("a", 1, None, "withdrawn"),
        other(2, 1, Some("a@b")),
        other(3, 2, None),
        effect(4, 0, Lane::Contact("a".into()), None, reply),
        dm("b", 5, None, "of another"),
        dm("a", 6, None, "withdrawn"),
    ];
    put(store, &shard(0), decided(1, all)).await.unwrap();
    assert!(store.begin(&key("a", "e0/0"), at(0)).await.unwrap());
    // The same commit decides one before the record that says so, and one with it and one after it.
    let mut with = decided(2, [dm("a", 7, None, "withdrawn"), dm("a", 8, None, "stays"), dm("a", 9, None, "stays")]);
    with.withdrawn = vec![("a".into(), 1, 8)];
    put(store, &shard(0), with).await.unwrap();
    let failed = store.list(&"glow".into(), EffectState::Failed, 99).await.unwrap();
    let ids: Vec<&str> = failed.iter().map(|queued| queued.effect.as_str()).collect();
    assert_eq!(ids, ["e1/0", "e6/0", "e7/0"]);
    assert!(failed.iter().all(|queued| queued.why.as_deref() == Some("withdrawn")));
    let logged = store.read(&shard(0), 1, ALL).await.unwrap();
    let expected = ids.iter().map(|id| Input::outcome(id, DmStage::Failed, Some("withdrawn")));
    let expected: Vec<_> = expected.map(|input| (input.id, at(50), input.event)).collect();
    let logged: Vec<_> =
        logged.into_iter().map(|logged| (logged.envelope.id, logged.envelope.at, logged.envelope.event)).collect();
    assert_eq!(logged, expected);
    // What is left goes in its order.
    for id in ["e0/0", "e2/0", "e3/0", "e4/0", "e8/0", "e9/0"] {
        assert_eq!(ready(store, at(0)).await.iter().find(|ready| *ready != "e5/0").map(String::as_str), Some(id));
        assert!(settle(store, "a", id, Settled::Sent).await);
    }
}

/// O7: an attempt that failed may have arrived all the same: it has begun. One that could not be made has not.
pub async fn o7_what_was_tried_in_vain_is_not_withdrawn<S: Store>(store: &S) {
    put(store, &shard(0), decided(1, [dm("a", 0, None, "tried"), dm("b", 1, None, "put off")])).await.unwrap();
    for (user, id, counts) in [("a", "e0/0", true), ("b", "e1/0", false)] {
        assert!(store.begin(&key(user, id), at(0)).await.unwrap());
        assert!(settle(store, user, id, again(at(9), counts)).await);
    }
    let mut taken = decided(2, []);
    taken.withdrawn = vec![("a".into(), 1, 8), ("b".into(), 1, 8)];
    put(store, &shard(0), taken).await.unwrap();
    let failed = store.list(&"glow".into(), EffectState::Failed, 99).await.unwrap();
    assert_eq!(failed.iter().map(|queued| queued.effect.as_str()).collect::<Vec<_>>(), ["e1/0"]);
    assert_eq!(ready(store, at(9)).await, ["e0/0"]);
    assert!(settle(store, "a", "e0/0", Settled::Sent).await);
}
