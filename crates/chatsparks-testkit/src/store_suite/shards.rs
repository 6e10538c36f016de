//! The state of partitions.

use super::{
    make::{
        ALL, at, brought, clock, comment, commit, decided, dm, due, every_row, link, picture, put, queued, record, row,
        shard, terms, users,
    },
    owner,
};
use crate::{
    drive,
    generate::{Case, Focus, case},
};
use chatsparks_core::{Due, Instant, Key, Queued, Row, UserId, Wants};
use chatsparks_ports::{Shard, Store, StoreError};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use std::sync::Arc;

fn keys(keys: impl IntoIterator<Item = Key>) -> Wants {
    let mut wants = Wants::default();
    wants.keys = keys.into_iter().collect();
    wants
}

/// R5: two owners of one partition. The first can compute, and writes nothing; and it may open anew.
pub async fn r5_whoever_was_superseded_writes_nothing<S: Store>(store: &S) {
    let inputs = (0..3).map(|n| (shard(0), brought(&format!("e{n}"), at(n), comment("c", "u", "hi"))));
    store.append(inputs.collect()).await.unwrap();
    let first = store.open(&shard(0)).await.unwrap();
    let second = store.open(&shard(0)).await.unwrap();
    assert_ne!(first.fence, second.fence);
    let mut all = decided(1, [dm("u", 0, None, "hello")]);
    all.rows = vec![due("u", at(60)), clock(1, at(0))];
    all.withdrawn = vec![("u".into(), 1, 9)];
    all.erased = vec![("u".into(), 9)];
    let before = picture(store).await;
    for fence in [first.fence, chatsparks_ports::Fence(second.fence.0 + 1)] {
        let refused = store.commit(&shard(0), fence, all.clone()).await;
        assert!(matches!(refused, Err(StoreError::Superseded)), "{refused:?}");
        assert_eq!(picture(store).await, before);
    }
    // One that was never opened has no owner.
    assert!(matches!(store.commit(&shard(1), first.fence, all.clone()).await, Err(StoreError::Superseded)));
    all.erased.clear();
    all.withdrawn.clear();
    store.commit(&shard(0), second.fence, all.clone()).await.unwrap();
    assert_ne!(picture(store).await, before);
    assert_eq!(store.decided(&shard(0)).await.unwrap(), 1);
    // The same owner goes on with the same fence.
    let mut next = commit(2);
    next.records = vec![record(1, at(1), "u", "hello")];
    store.commit(&shard(0), second.fence, next).await.unwrap();
    let third = store.open(&shard(0)).await.unwrap();
    assert_eq!((third.decided, &third.head), (2, &vec![clock(1, at(0))]));
    assert!(matches!(store.commit(&shard(0), second.fence, commit(3)).await, Err(StoreError::Superseded)));
}

/// Rows of every kind come back as they were written, each written over what stood there; what is not there is not
/// answered.
pub async fn r5_every_kind_of_row_is_kept_and_written_over<S: Store>(store: &S) {
    let all: Vec<Key> = every_row(at(0), 1).iter().map(Row::key).collect();
    let absent = [Key::Event("y".into()), Key::Contact("u2".into()), Key::Order("x".into())];
    let wants = keys(all.iter().cloned().chain(absent));
    assert_eq!(store.load(&shard(0), &wants).await.unwrap().rows, []);
    for (seconds, times) in [(0, 1), (60, 2)] {
        let mut written = commit(0);
        written.rows = every_row(at(seconds), times);
        put(store, &shard(0), written).await.unwrap();
        let mut found = store.load(&shard(0), &wants).await.unwrap().rows;
        found.sort_by_key(Row::key);
        let mut expected = every_row(at(seconds), times);
        expected.sort_by_key(Row::key);
        assert_eq!(found, expected);
    }
    assert_eq!(store.next_due(&shard(0)).await.unwrap(), Some(at(60)));
    // One that is not due any more is found under no instant.
    let mut written = commit(0);
    written.rows = vec![row(r#""contact":{"v":2,"user_id":"u1"}"#)];
    put(store, &shard(0), written).await.unwrap();
    assert_eq!(store.next_due(&shard(0)).await.unwrap(), None);
    let mut wants = Wants::default();
    wants.due = Some(Due { after: None, until: at(9_000) });
    assert_eq!(store.load(&shard(0), &wants).await.unwrap(), Default::default());
}

/// No read after a commit is older than it.
pub async fn r5_what_is_committed_is_read_at_once<S: Store>(store: &S) {
    let opened = store.open(&shard(0)).await.unwrap();
    for seq in 0..200 {
        let mut next = commit(seq + 1);
        next.rows = vec![clock(seq, at(seq as i64)), due("u", at(seq as i64))];
        next.records = vec![record(seq, at(0), "u", "hello")];
        let input = brought("e", at(0), comment("c", "u", "hi"));
        let appended = store.append(vec![(shard(0), input)]).await.unwrap();
        assert_eq!(store.read(&shard(0), appended[0].position - 1, ALL).await.unwrap().len(), 1);
        store.commit(&shard(0), opened.fence, next).await.unwrap();
        let found = store.load(&shard(0), &keys([Key::Clock, Key::Contact("u".into())])).await.unwrap();
        assert_eq!(found.rows, [clock(seq, at(seq as i64)), due("u", at(seq as i64))]);
        assert_eq!(store.decided(&shard(0)).await.unwrap(), seq + 1);
    }
}

/// A batch of thousands, in one piece.
pub async fn r5_thousands_of_contacts_in_one_batch<S: Store>(store: &S) {
    const MANY: u64 = 5_000;
    let user = |n: u64| format!("u{n:05}");
    let mut many = decided(MANY, (0..MANY).map(|n| dm(&user(n), n, None, "hello")));
    many.rows = (0..MANY).map(|n| due(&user(n), at(n as i64))).collect();
    put(store, &shard(3), many).await.unwrap();
    let found = store.load(&shard(3), &keys((0..MANY).map(|n| Key::Contact(user(n).into())))).await.unwrap();
    assert_eq!(found.rows.len(), MANY as usize);
    assert_eq!(store.count(&"glow".into()).await.unwrap().waiting, MANY);
    let ready = store.ready(&"glow".into(), at(0), &[], 10_000).await.unwrap();
    assert_eq!(ready.len(), MANY as usize);
}

/// R3: what one partition or workspace holds, no other sees.
pub async fn r3_partitions_and_workspaces_see_nothing_of_one_another<S: Store>(store: &S) {
    let other = Shard { workspace: "other".into(), partition: 0 };
    for (number, shard) in [shard(0), shard(1), other.clone()].iter().enumerate() {
        let seconds = number as i64;
        store.append(vec![(shard.clone(), brought("e", at(seconds), comment("c", "u", "hi")))]).await.unwrap();
        let mut own = decided(1, [dm("u", 0, None, "hello")]);
        own.rows = vec![due("u", at(seconds)), Row::Event("e".into(), at(seconds))];
        put(store, shard, own).await.unwrap();
    }
    for (number, shard) in [shard(0), shard(1), other.clone()].iter().enumerate() {
        let seconds = number as i64;
        assert_eq!(store.end(shard).await.unwrap(), (1, Some(at(seconds))));
        let found = store.load(shard, &keys([Key::Contact("u".into()), Key::Event("e".into())])).await.unwrap();
        assert_eq!(found.rows, [due("u", at(seconds)), Row::Event("e".into(), at(seconds))]);
        assert_eq!(store.next_due(shard).await.unwrap(), Some(at(seconds)));
    }
    assert_eq!(store.load(&shard(2), &keys([Key::Contact("u".into())])).await.unwrap().rows, []);
    assert_eq!(store.count(&"glow".into()).await.unwrap().waiting, 2);
    assert_eq!(store.count(&other.workspace).await.unwrap().waiting, 1);
    assert_eq!(store.count(&"nobody".into()).await.unwrap().waiting, 0);
    assert_eq!(store.ready(&other.workspace, at(0), &[], 9).await.unwrap().len(), 1);
}

/// R3 over random workspaces and histories, duplicates and all: whatever the batches, and however often the partition is
/// opened anew, the records are those of one driver that holds everything in memory.
pub async fn r3_records_are_those_of_one_driver<S: Store>(store: &S) {
    let mut runner = TestRunner::deterministic();
    for (n, focus) in [Focus::Everything, Focus::Queue].into_iter().cycle().take(24).enumerate() {
        let Case { workspace, history } = case(focus, 50).new_tree(&mut runner).unwrap().current();
        let shard = Shard { workspace: format!("w{n}").into(), partition: n as u32 % store.partitions() };
        let how = ([1, 3, 1_000][n % 3], [1, 2, 1_000][n / 3 % 3], n % 4);
        let records = owner::through(store, &shard, &workspace, &history, how).await.unwrap();
        assert_eq!(records, drive(&workspace, &history).records, "case {n}, {how:?}");
    }
}

async fn all_due<S: Store>(store: &S, mut after: Option<Instant>, until: Instant) -> Vec<Vec<UserId>> {
    let mut lists = Vec::new();
    loop {
        let mut wants = Wants::default();
        wants.due = Some(Due { after, until });
        let answer = store.load(&shard(0), &wants).await.unwrap();
        let upto = answer.due_until.unwrap_or(until);
        assert!(answer.rows.iter().all(|row| row.next_due().is_some_and(|due| Some(due) > after && due <= upto)));
        lists.push(users(&answer.rows).into_iter().cloned().collect());
        match answer.due_until {
            Some(upto) if upto < until => after = Some(upto),
            _ => return lists,
        }
    }
}

/// T4: contacts are listed in order of the instant, all of one instant together, however many there are.
pub async fn t4_contacts_that_are_due_come_with_all_their_ties<S: Store>(store: &S) {
    let mut many = commit(0);
    // 100, then 900 at one instant, then 700 more, one each second; and others that are not due or not yet.
    let instants = (0..100).map(|n| n / 10).chain([50; 900]).chain(100..800);
    many.rows = instants.enumerate().map(|(n, seconds)| due(&format!("u{n:04}"), at(seconds))).collect();
    many.rows.push(row(r#""contact":{"v":2,"user_id":"never"}"#));
    many.rows.push(due("later", at(5_000)));
    put(store, &shard(0), many).await.unwrap();
    let expected: Vec<UserId> = (0..1_700).map(|n| format!("u{n:04}").into()).collect();
    for until in [4_999, 800, 799] {
        let lists = all_due(store, None, at(until)).await;
        let mut listed = lists.concat();
        listed.sort_unstable();
        assert_eq!(listed, expected, "until {until}");
    }
    // Spans are open at their beginning and closed at their end.
    assert_eq!(all_due(store, Some(at(9)), at(49)).await.concat(), [] as [UserId; 0]);
    assert_eq!(all_due(store, Some(at(49)), at(50)).await.concat().len(), 900);
    assert_eq!(all_due(store, Some(at(50)), at(100)).await.concat(), ["u1000"]);
    assert_eq!(all_due(store, Some(at(798)), at(9_000)).await.concat(), ["u1699", "later"]);
    assert_eq!(store.next_due(&shard(0)).await.unwrap(), Some(at(0)));
}

/// M6: by the instant of the start, then by the user id.
pub async fn m6_the_queue_is_listed_in_order<S: Store>(store: &S) {
    let mut many = commit(0);
    many.rows = (0..1_300).rev().map(|n| queued(&format!("u{n:04}"), at(n / 400))).collect();
    many.rows.push(due("other", at(0)));
    put(store, &shard(0), many).await.unwrap();
    let (mut after, mut listed) = (None, Vec::new());
    loop {
        let mut wants = Wants::default();
        wants.queued = Some(Queued { after: after.clone() });
        let answer = store.load(&shard(0), &wants).await.unwrap();
        listed.extend(users(&answer.rows).into_iter().cloned());
        let Some(last) = answer.queued_until else { break };
        assert_eq!(Some(&last.1), listed.last());
        assert_ne!(Some(&last), after.as_ref(), "it comes no further");
        after = Some(last);
    }
    let expected: Vec<UserId> = (0..1_300).map(|n| format!("u{n:04}").into()).collect();
    assert_eq!(listed, expected);
    // Whoever is released or dropped is not listed.
    let mut one = commit(0);
    one.rows = vec![row(r#""contact":{"v":2,"user_id":"u0000"}"#)];
    put(store, &shard(0), one).await.unwrap();
    let mut wants = Wants::default();
    wants.queued = Some(Queued { after: None });
    let answer = store.load(&shard(0), &wants).await.unwrap();
    assert_eq!(users(&answer.rows)[0], "u0001");
}

/// A2: by the record that sent it, then by its place; nobody else's.
pub async fn a2_links_come_in_the_order_sent<S: Store>(store: &S) {
    let mut many = commit(0);
    for (seq, place) in [(300, 0), (2, 10), (2, 9), (70_000, 1), (10, 0)] {
        many.rows.push(link("u1", seq, place, at(seq as i64)));
        many.rows.push(link("u10", seq, place, at(seq as i64)));
        many.rows.push(link("u", seq, place, at(seq as i64)));
    }
    put(store, &shard(0), many).await.unwrap();
    let mut wants = Wants::default();
    wants.links = vec!["u1".into(), "nobody".into()];
    let found = store.load(&shard(0), &wants).await.unwrap().rows;
    let expected = [(2, 9), (2, 10), (10, 0), (300, 0), (70_000, 1)];
    assert_eq!(found, expected.map(|(seq, place)| link("u1", seq, place, at(seq as i64))));
}

/// C10, F9, R8: the document of each revision, and the one in force where the partition is opened.
pub async fn r8_documents_of_all_revisions_are_kept<S: Store>(store: &S) {
    let document = |name: &str| Arc::new(crate::build::workspace().says("f", name).build());
    assert_eq!(store.open(&shard(0)).await.unwrap().document, None);
    for revision in 1..=3 {
        let mut next = commit(0);
        next.rows = vec![terms(revision)];
        next.documents = vec![(revision, document(&format!("text {revision}")))];
        put(store, &shard(0), next).await.unwrap();
        let opened = store.open(&shard(0)).await.unwrap();
        assert_eq!(opened.document, Some(document(&format!("text {revision}"))));
        assert_eq!(opened.head, [terms(revision)]);
    }
    for revision in 1..=3 {
        let kept = store.document(&"glow".into(), revision).await.unwrap();
        assert_eq!(kept, Some(document(&format!("text {revision}"))));
    }
    assert_eq!(store.document(&"glow".into(), 4).await.unwrap(), None);
    assert_eq!(store.document(&"other".into(), 1).await.unwrap(), None);
    // Each partition takes the same document at the same instant, and writes the same again.
    let mut next = commit(0);
    next.rows = vec![terms(3)];
    next.documents = vec![(3, document("text 3"))];
    put(store, &shard(1), next).await.unwrap();
    assert_eq!(store.open(&shard(1)).await.unwrap().document, Some(document("text 3")));
}

/// R13: this time included, until something is committed.
pub async fn r13_openings_without_a_commit_are_counted<S: Store>(store: &S) {
    let mut last = None;
    for times in 1..=4 {
        let opened = store.open(&shard(0)).await.unwrap();
        assert_eq!(opened.opened_in_vain, times);
        last = Some(opened.fence);
    }
    store.commit(&shard(0), last.unwrap(), commit(0)).await.unwrap();
    assert_eq!(store.open(&shard(0)).await.unwrap().opened_in_vain, 1);
    assert_eq!(store.open(&shard(1)).await.unwrap().opened_in_vain, 1);
}
