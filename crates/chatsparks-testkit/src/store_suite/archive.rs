//! What was decided, for whoever asks afterwards.

use super::make::{
    ALL, at, brought, clock, comment, commit, decided, dm, due, evaluation, every_row, link, message, picture, put,
    queued, record, row, shard, terms, users,
};
use chatsparks_core::{
    CommentResult, DmStage, Due, Event, Fact, Insights, Key, Order, Receipt, Refund, ReviewVerdict, Row, UserId, Wants,
    WorkspaceId,
};
use chatsparks_ports::{
    CheckpointPlace, Cursor, EffectKey, EffectState, KeptRecord, Settled, Shard, Store, StoreError,
};
use std::task::Poll;

fn ids(records: &[KeptRecord]) -> Vec<(u32, u64)> {
    records.iter().map(|record| (record.partition, record.seq)).collect()
}

/// R10: in order within a partition, each once, however they are cut; a cursor goes on where it stands.
pub async fn r10_records_are_read_by_cursor<S: Store>(store: &S) {
    let glow = "glow".into();
    assert_eq!(store.records(&glow, &Cursor::default(), 9).await.unwrap().0, []);
    for (partition, many) in [(0, 10), (2, 25)] {
        let mut all = commit(0);
        all.records = (0..many).map(|seq| record(seq, at(seq as i64), "u", "hello")).collect();
        put(store, &shard(partition), all).await.unwrap();
    }
    let expected: Vec<(u32, u64)> = (0..10).map(|seq| (0, seq)).chain((0..25).map(|seq| (2, seq))).collect();
    for limit in [1, 3, 7, 10, 1_000] {
        let (mut cursor, mut read) = (Cursor::default(), Vec::new());
        loop {
            let (records, next) = store.records(&glow, &cursor, limit).await.unwrap();
            assert!(records.len() <= limit);
            if records.is_empty() {
                assert_eq!(next, Cursor(vec![10, 0, 25, 0]));
                break;
            }
            read.extend(ids(&records));
            cursor = next;
        }
        let of = |partition| read.iter().filter(move |(of, _)| *of == partition).collect::<Vec<_>>();
        assert_eq!([of(0), of(2)].concat(), expected.iter().collect::<Vec<_>>(), "{limit} at a time");
    }
    let (records, _) = store.records(&glow, &Cursor(vec![9, 0, 24]), 100).await.unwrap();
    let lines = [KeptRecord { partition: 0, seq: 9, line: record(9, at(9), "u", "hello").line.get().to_owned() }];
    assert_eq!((&records[..1], records.len()), (&lines[..], 2));
    let of_u = store.records_of(&glow, &"u".into(), 4).await.unwrap();
    assert_eq!(ids(&of_u), [(0, 0), (2, 0), (0, 1), (2, 1)]);
    assert_eq!(store.records_of(&glow, &"nobody".into(), 4).await.unwrap(), []);
}

/// R10, T5: records and what was decided of the log are cut, ids are deleted by their age; never what waits; in batches.
pub async fn r10_what_is_old_is_deleted_in_batches<S: Store>(store: &S) {
    let glow = "glow".into();
    let inputs = (0..20).map(|n| (shard(0), brought(&format!("e{n}"), at(n), comment("c", "u", "hi"))));
    store.append(inputs.collect()).await.unwrap();
    let mut all = decided(15, (0..15).map(|seq| dm(&format!("u{seq}"), seq, None, "hello")));
    all.rows = (0..20).map(|n| Row::Event(format!("e{n}").into(), at(n))).collect();
    all.rows.extend([Row::Comment("c".into(), at(3)), due("u1", at(0)), clock(15, at(15))]);
    all.rows.push(Row::Fired("u1".into(), chatsparks_core::TimerKind::Idle, at(4), 2));
    all.rows.push(row(r#""dm":{"id":"d","user_id":"u1","stage":"sent"}"#));
    put(store, &shard(0), all).await.unwrap();
    let sent = EffectKey { shard: shard(0), user_id: Some("u3".into()), id: "e3/0".into() };
    assert!(store.settle(&sent, Settled::Sent, None).await.unwrap());
    let before = store.stretch(&shard(0)).await.unwrap();
    assert_eq!((before.from, before.first_record), (1, 0));
    // Nothing is old enough.
    assert_eq!(store.prune(&glow, at(0), 100).await.unwrap(), 0);
    assert_eq!(store.cut(&shard(0), 0, 0, 100).await.unwrap(), 0);
    assert_eq!(store.cut(&shard(3), 9, 9, 100).await.unwrap(), 0);
    let mut batches = Vec::new();
    loop {
        match store.cut(&shard(0), 10, 10, 4).await.unwrap() {
            0 => break,
            deleted => batches.push(deleted),
        }
    }
    assert!(batches.iter().all(|deleted| *deleted <= 4), "{batches:?}");
    assert_eq!(batches.iter().sum::<usize>(), 20, "10 records, 10 of the log");
    batches.clear();
    loop {
        match store.prune(&glow, at(5), 4).await.unwrap() {
            0 => break,
            deleted => batches.push(deleted),
        }
    }
    assert!(batches.iter().all(|deleted| *deleted <= 4), "{batches:?}");
    assert_eq!(batches.iter().sum::<usize>(), 8, "5 events, 1 comment, 1 firing; 1 outcome");
    let kept = store.stretch(&shard(0)).await.unwrap();
    assert_eq!((kept.from, kept.first_record), (11, 10));
    assert_eq!(store.read(&shard(0), 0, ALL).await.unwrap().len(), 10);
    let old = store.records(&glow, &Cursor::default(), 100).await;
    assert!(matches!(old, Err(StoreError::NotKept(10))), "{old:?}");
    let (records, _) = store.records(&glow, &Cursor(vec![10]), 100).await.unwrap();
    assert_eq!(ids(&records), (10..15).map(|seq| (0, seq)).collect::<Vec<_>>());
    for (id, is_kept) in [("e4", false), ("e5", true), ("e19", true)] {
        assert_eq!(store.row(&glow, &Key::Event(id.into())).await.unwrap().is_some(), is_kept, "{id}");
    }
    let stay = [Key::Contact("u1".into()), Key::Clock, Key::Dm("d".into())];
    for key in stay {
        assert!(store.row(&glow, &key).await.unwrap().is_some(), "{key}");
    }
    // What waits is kept, however old; its outcome goes with the next.
    assert_eq!(store.count(&glow).await.unwrap().waiting, 14);
    assert_eq!(store.list(&glow, EffectState::Sent, 9).await.unwrap(), []);
    while store.prune(&glow, at(9_000), 4).await.unwrap() > 0 {}
    while store.cut(&shard(0), 9_000, 15, 4).await.unwrap() > 0 {}
    let read = store.read(&shard(0), 0, ALL).await.unwrap();
    assert_eq!(read.iter().map(|logged| logged.position).collect::<Vec<_>>(), (16..=20).collect::<Vec<_>>());
    assert_eq!(store.count(&glow).await.unwrap().waiting, 14);
    // Other workspaces are not touched, and the seqs go on.
    let mut more = commit(16);
    more.records = vec![record(15, at(15), "u", "hello")];
    put(store, &shard(0), more).await.unwrap();
    let (records, _) = store.records(&glow, &Cursor(vec![15]), 100).await.unwrap();
    assert_eq!(ids(&records), [(0, 15)]);
}

/// Every row of a shard, so many at once.
async fn all_rows<S: Store>(store: &S, shard: &Shard, limit: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let after = rows.last().map(Row::key);
        let more = store.shard_rows(shard, after.as_ref(), limit).await.unwrap();
        assert!(more.len() <= limit);
        if more.is_empty() {
            return rows;
        }
        rows.extend(more);
    }
}

fn by_key(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(Row::key);
    rows
}

/// R10: all rows of a shard are read in batches, each once, the links of a contact in the order sent.
pub async fn r10_all_rows_of_a_shard_are_read<S: Store>(store: &S) {
    assert_eq!(store.shard_rows(&shard(0), None, 9).await.unwrap(), []);
    let mut all = commit(3);
    all.rows = every_row(at(60), 1);
    all.rows.extend((0..9).map(|n| due(&format!("u2{n}"), at(n))));
    all.rows.extend([link("u1", 2, 7, at(1)), link("u1", 300, 0, at(2)), link("u", 9, 9, at(3))]);
    all.rows.extend([Row::Event("y".into(), at(1)), Row::Comment("\u{10FFFF}".into(), at(2))]);
    let expected = by_key(all.rows.clone());
    put(store, &shard(0), all).await.unwrap();
    let mut elsewhere = commit(1);
    elsewhere.rows = every_row(at(0), 5);
    put(store, &shard(1), elsewhere).await.unwrap();
    for limit in [1, 2, 5, 1_000] {
        let rows = all_rows(store, &shard(0), limit).await;
        let links = rows.iter().filter_map(|row| match row {
            Row::Link(user_id, seq, position, _) if user_id.as_str() == "u1" => Some((*seq, *position)),
            _ => None,
        });
        assert_eq!(links.collect::<Vec<_>>(), [(2, 7), (3, 1), (300, 0)], "{limit} at a time");
        assert_eq!(by_key(rows), expected, "{limit} at a time");
    }
}

/// R10: a checkpoint is a shard that nothing else sees: written, read and taken over like any, cleared in batches.
pub async fn r10_a_checkpoint_is_kept_apart<S: Store>(store: &S) {
    let glow: WorkspaceId = "glow".into();
    let mut all = commit(1);
    all.rows = every_row(at(600), 1);
    store.append(vec![(shard(0), brought("e0", at(0), comment("c", "u", "hi")))]).await.unwrap();
    put(store, &shard(0), all).await.unwrap();
    let before = picture(store).await;
    let rows = |times, instant: i64| {
        let mut commit = commit(7);
        commit.rows = every_row(at(instant), times);
        commit.rows.extend([due("only here", at(0)), queued("queued here", at(0)), Row::Event("old".into(), at(1))]);
        commit
    };
    let [first, second] = CheckpointPlace::ALL.map(|place| shard(0).checkpoint(place));
    put(store, &first, rows(2, 60)).await.unwrap();
    put(store, &second, rows(3, 70)).await.unwrap();
    put(store, &shard(1).checkpoint(CheckpointPlace::First), rows(4, 80)).await.unwrap();
    assert_eq!(picture(store).await, before);
    assert_eq!(store.workspaces().await.unwrap(), std::slice::from_ref(&glow));
    for key in [Key::Contact("only here".into()), Key::Event("old".into())] {
        assert_eq!(store.row(&glow, &key).await.unwrap(), None, "{key}");
    }
    let mut wants = Wants::default();
    wants.due = Some(Due { after: None, until: at(10) });
    assert_eq!(store.load(&shard(0), &wants).await.unwrap().rows, []);
    assert_eq!(users(&store.load(&first, &wants).await.unwrap().rows), [&UserId::from("only here")]);
    assert_eq!(by_key(all_rows(store, &first, 4).await), by_key(rows(2, 60).rows));
    let opened = store.open(&first).await.unwrap();
    assert_eq!((opened.decided, opened.head.len()), (7, 3));
    assert_eq!(store.decided(&second).await.unwrap(), 7);
    // Whoever had it before writes nothing.
    store.open(&first).await.unwrap();
    let refused = store.commit(&first, opened.fence, rows(9, 90)).await;
    assert!(matches!(refused, Err(StoreError::Superseded)), "{refused:?}");
    // Ids are forgotten of the partitions alone, and of a checkpoint where that is asked for.
    while store.prune(&glow, at(9_000), 3).await.unwrap() > 0 {}
    assert_eq!(by_key(all_rows(store, &first, 100).await), by_key(rows(2, 60).rows));
    let mut deleted = Vec::new();
    loop {
        match store.clear(&first, Some(at(60)), 1).await.unwrap() {
            0 => break,
            some => deleted.push(some),
        }
    }
    assert_eq!(deleted, [1, 1], "the old id, and a firing");
    let left = rows(2, 60).rows.into_iter().filter(|row| row.remembered_from().is_none_or(|from| from >= at(60)));
    assert_eq!(by_key(all_rows(store, &first, 100).await), by_key(left.collect()));
    while store.clear(&first, None, 4).await.unwrap() > 0 {}
    assert_eq!(all_rows(store, &first, 100).await, []);
    assert_eq!(by_key(all_rows(store, &second, 100).await), by_key(rows(3, 70).rows));
    // What is no checkpoint is not cleared.
    assert_eq!(store.clear(&shard(0), None, 100).await.unwrap(), 0);
    assert!(store.row(&glow, &Key::Contact("u1".into())).await.unwrap().is_some());
}

/// C10: a comment that comes again is evaluated again, and the first time is what tells.
pub async fn c10_the_first_evaluation_of_a_comment_stays<S: Store>(store: &S) {
    let mut all = commit(0);
    all.records = (0..3).map(|seq| record(seq, at(seq as i64), "u", "hello")).collect();
    all.records[1].evaluation = Some(evaluation("c", "u", at(1), "the first time"));
    all.records[2].evaluation = Some(evaluation("c", "u", at(2), "again"));
    let expected = all.records[1].evaluation.clone().map(|(_, evaluation)| *evaluation);
    put(store, &shard(1), all).await.unwrap();
    assert_eq!(store.evaluation(&"glow".into(), &"c".into()).await.unwrap(), expected);
    assert_eq!(store.evaluation(&"glow".into(), &"d".into()).await.unwrap(), None);
    assert_eq!(store.evaluation(&"other".into(), &"c".into()).await.unwrap(), None);
}

/// The last evaluations come first, each time that a comment came, page by page.
pub async fn c10_evaluations_are_read_backwards<S: Store>(store: &S) {
    let mut all = commit(0);
    all.records = (0..9).map(|seq| record(seq, at(seq as i64), "u", "hello")).collect();
    for (seq, comment) in [(1, "c1"), (2, "c2"), (5, "c1"), (8, "c8")] {
        all.records[seq].evaluation = Some(evaluation(comment, "u", at(seq as i64), "hi"));
    }
    let kept: Vec<_> = (all.records.iter().rev())
        .filter_map(|record| Some((record.seq, (*record.evaluation.clone()?.1).clone())))
        .collect();
    put(store, &shard(1), all).await.unwrap();
    for limit in [1, 2, 3, 100] {
        let (mut before, mut read) = (None, Vec::new());
        loop {
            let page = store.evaluations(&shard(1), before, limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some((seq, _)) = page.last() else { break };
            before = Some(*seq);
            read.extend(page);
        }
        assert_eq!(read, kept, "{limit} at a time");
    }
    assert_eq!(store.evaluations(&shard(1), Some(5), 9).await.unwrap(), kept[2..]);
    assert_eq!(store.evaluations(&shard(0), None, 9).await.unwrap(), []);
}

/// What stands behind answers about a contact: their events alone, decided or not, whole, in the order of the log, page
/// by page; what was cut is not among them.
pub async fn c10_the_events_of_a_contact_are_found<S: Store>(store: &S) {
    let glow = "glow".into();
    let receipt = || Event::Receipt(Receipt { dm_id: "d".into(), status: DmStage::Sent, detail: None });
    let events = [
        (0, comment("c0", "a", "PRICE?")),
        (0, comment("c1", "b", "of another")),
        (0, receipt()),
        (0, message("m3", "a", "30ml")),
        (0, Event::Clock),
        (2, comment("c5", "a", "in another partition")),
        (0, Event::Identity { user_id: "a".into(), shop_user_id: "s".into() }),
    ];
    let input = |(n, (partition, event)): (i64, &(u32, Event))| {
        // Their order is the log's, whatever their instants.
        (shard(*partition), brought(&format!("e{n}"), at(10 - n), event.clone()))
    };
    store.append((0..).zip(&events).map(input).collect()).await.unwrap();
    put(store, &shard(0), commit(4)).await.unwrap();
    let expected: Vec<(u32, u64, usize)> = vec![(0, 1, 0), (0, 4, 3), (0, 6, 6), (2, 1, 5)];
    for limit in [1, 2, 3, 100] {
        let (mut after, mut read) = (None, Vec::new());
        loop {
            let page = store.events_of(&glow, &"a".into(), after, limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some((partition, last)) = page.last() else { break };
            after = Some((*partition, last.position));
            read.extend(page);
        }
        let places = read.iter().map(|(partition, logged)| (*partition, logged.position));
        let wanted = expected.iter().map(|(partition, position, _)| (*partition, *position));
        assert!(places.eq(wanted), "{limit} at a time");
        for ((_, logged), (_, _, n)) in read.iter().zip(&expected) {
            let whole = (logged.envelope.id.as_str(), logged.envelope.at, &logged.envelope.event);
            assert_eq!(whole, (format!("e{n}").as_str(), at(10 - *n as i64), &events[*n].1));
        }
    }
    assert_eq!(store.events_of(&glow, &"nobody".into(), None, 9).await.unwrap(), []);
    assert_eq!(store.events_of(&"other".into(), &"a".into(), None, 9).await.unwrap(), []);
    while store.cut(&shard(0), 3, 0, 100).await.unwrap() > 0 {}
    let left = store.events_of(&glow, &"a".into(), None, 9).await.unwrap();
    assert_eq!(left.iter().map(|(_, logged)| logged.position).collect::<Vec<_>>(), [4, 6, 1]);
}

/// What stands behind answers about DMs and orders: what is told of each, whatever its id has in it.
pub async fn c10_what_is_told_of_a_thing_is_found<S: Store>(store: &S) {
    let receipt = |dm_id: &str| {
        // A detail may look like whatever stands around it.
        let detail = Some(r#"{"event":{"receipt":{"dm_id":"e2/0","order_id":"o"}}}"#.into());
        Event::Receipt(Receipt { dm_id: dm_id.into(), status: DmStage::Failed, detail })
    };
    let order = Event::Order(Order {
        order_id: "o".into(),
        user_id: "b".into(),
        placed_at: None,
        currency: "THB".into(),
        total_minor: 1,
        lines: Vec::new(),
    });
    let refund = Event::Refund(Refund { refund_id: "r".into(), order_id: "o".into(), amount_minor: 1 });
    let odd = r#"e"\1'/ม"#;
    let events = [
        comment("o", "e1/0", r#""event":{"order":{"order_id":"o""#),
        receipt("e1/0"),
        receipt("e2/0"),
        order,
        Event::Identity { user_id: "a".into(), shop_user_id: "o".into() },
        Event::OrderCancelled("o".into()),
        refund,
        receipt(odd),
        Event::OrderReview { order_id: "e1/0".into(), verdict: ReviewVerdict::Confirm, member: "m@x".into() },
        Event::OrderReview { order_id: "o".into(), verdict: ReviewVerdict::Confirm, member: "m@x".into() },
    ];
    let input = |(n, event): (i64, &Event)| (shard(1), brought(&format!("e{n}"), at(n), event.clone()));
    store.append((0..).zip(&events).map(input).collect()).await.unwrap();
    store.append(vec![(shard(2), brought("e1", at(0), receipt("e1/0")))]).await.unwrap();
    let wanted: [(&[Key], &[u64]); 7] = [
        (&[Key::Dm("e1/0".into())], &[2]),
        (&[Key::Dm(odd.into())], &[8]),
        (&[Key::Order("o".into())], &[4, 6, 7, 10]),
        (&[Key::Order("e1/0".into())], &[9]),
        (&[Key::ShopUser("o".into())], &[5]),
        (&[Key::Dm("e2/0".into()), Key::Order("o".into()), Key::Dm("e2/0".into())], &[3, 4, 6, 7, 10]),
        (&[Key::Dm("o".into()), Key::Contact("e1/0".into())], &[]),
    ];
    for (keys, positions) in wanted {
        let found = store.events_naming(&shard(1), keys, 9).await.unwrap();
        assert_eq!(found.iter().map(|logged| logged.position).collect::<Vec<_>>(), positions, "{keys:?}");
        for logged in &found {
            assert_eq!(logged.envelope.event, events[logged.position as usize - 1]);
        }
        let first = store.events_naming(&shard(1), keys, 1).await.unwrap();
        assert_eq!(first, found.into_iter().take(1).collect::<Vec<_>>());
    }
    assert_eq!(store.events_naming(&shard(0), &[Key::Dm("e1/0".into())], 9).await.unwrap(), []);
    // What is logged once somebody has asked is found as well.
    let order = [Key::Order("later".into())];
    assert_eq!(store.events_naming(&shard(1), &order, 9).await.unwrap(), []);
    let cancelled = |id: &str| (shard(1), brought(id, at(90), Event::OrderCancelled("later".into())));
    store.append(vec![cancelled("later-1"), cancelled("later-2")]).await.unwrap();
    let found = store.events_naming(&shard(1), &order, 9).await.unwrap();
    let ids: Vec<_> = found.iter().map(|logged| logged.envelope.id.as_str()).collect();
    assert_eq!(ids, ["later-1", "later-2"]);
}

/// What a console lists: rows of a kind by name, whichever partition has them; the head of each.
pub async fn w_rows_are_listed_by_name_over_all_partitions<S: Store>(store: &S) {
    let glow = "glow".into();
    for partition in 0..3u32 {
        let mut all = commit(0);
        let user = |n: u32| format!("u{:02}", n * 3 + partition);
        all.rows = (0..10).map(|n| due(&user(n), at(0))).collect();
        all.rows.push(row(&format!(r#""dm":{{"id":"d{partition}","user_id":"u","stage":"sent"}}"#)));
        all.rows.extend([clock(u64::from(partition), at(0)), terms(1)]);
        put(store, &shard(partition), all).await.unwrap();
    }
    let (mut after, mut listed) = (None::<String>, Vec::new());
    loop {
        let rows = store.rows(&glow, "contact", after.as_deref(), 7).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = Some(last.key().name());
        listed.extend(rows.iter().map(|row| row.key().name()));
    }
    assert_eq!(listed, (0..30).map(|n| format!("u{n:02}")).collect::<Vec<_>>());
    assert_eq!(store.rows(&glow, "dm", Some("d0"), 9).await.unwrap().len(), 2);
    assert_eq!(store.rows(&glow, "order", None, 9).await.unwrap(), []);
    assert_eq!(store.rows(&"other".into(), "contact", None, 9).await.unwrap(), []);
    assert_eq!(store.row(&glow, &Key::Contact("u29".into())).await.unwrap(), Some(due("u29", at(0))));
    assert_eq!(store.row(&glow, &Key::Contact("u30".into())).await.unwrap(), None);
    let heads = store.heads(&glow).await.unwrap();
    let head = |partition| vec![clock(partition, at(0)), terms(1)];
    assert_eq!(heads, [head(0), head(1), head(2), vec![]]);
    assert_eq!(store.heads(&"other".into()).await.unwrap(), vec![Vec::new(); 4]);
}

/// I2, R5: what is committed is added to what stands, and what is refused is not.
pub async fn i2_numbers_of_the_insights_add_up<S: Store>(store: &S) {
    let glow = "glow".into();
    let seen = |post: &str| Fact::CommentSeen { post_id: post.into(), result: CommentResult::NoMatch };
    let mut wanted = Insights::new();
    assert_eq!(insights(store).await, wanted);
    for (partition, posts) in [(0, vec!["v1", "v1", "v2"]), (0, vec!["v1"]), (3, vec!["v1", "v3"])] {
        let facts: Vec<Fact> = posts.into_iter().map(seen).collect();
        let mut counted = commit(0);
        counted.insights.add(None, &facts);
        put(store, &shard(partition), counted).await.unwrap();
        wanted.add(None, &facts);
        assert_eq!(insights(store).await, wanted);
    }
    let stale = store.open(&shard(0)).await.unwrap().fence;
    store.open(&shard(0)).await.unwrap();
    let mut counted = commit(0);
    counted.insights.add(None, [&seen("v1")]);
    assert!(matches!(store.commit(&shard(0), stale, counted).await, Err(StoreError::Superseded)));
    assert_eq!(insights(store).await, wanted);
    store.prune(&glow, at(i64::from(i32::MAX)), 100).await.unwrap();
    assert_eq!(insights(store).await, wanted);
    assert_eq!(store.insights(&"other".into()).await.unwrap(), []);
}

async fn insights<S: Store>(store: &S) -> Insights {
    let mut insights = Insights::new();
    for (number, by) in store.insights(&"glow".into()).await.unwrap() {
        insights.apply(&number, by);
    }
    insights
}

/// Texts of the runtime's own.
pub async fn r8_notes_are_kept<S: Store>(store: &S) {
    let (glow, other) = ("glow".into(), "other".into());
    assert_eq!(store.note(&glow, "digest").await.unwrap(), None);
    for text in ["one", "two"] {
        store.write_note(&glow, "digest", text).await.unwrap();
        assert_eq!(store.note(&glow, "digest").await.unwrap().as_deref(), Some(text));
    }
    assert_eq!(store.note(&glow, "other").await.unwrap(), None);
    assert_eq!(store.note(&other, "digest").await.unwrap(), None);
}

/// A note that several write is written by whoever knows what stands there.
pub async fn r5_a_note_is_replaced_where_what_is_known_of_it_still_stands<S: Store>(store: &S) {
    let glow = "glow".into();
    assert!(!store.replace_note(&glow, "kept", Some("one"), "two").await.unwrap(), "there is none yet");
    assert_eq!(store.note(&glow, "kept").await.unwrap(), None);
    assert!(store.replace_note(&glow, "kept", None, "one").await.unwrap());
    assert!(!store.replace_note(&glow, "kept", None, "two").await.unwrap(), "there is one by now");
    assert!(!store.replace_note(&glow, "kept", Some("two"), "three").await.unwrap());
    assert_eq!(store.note(&glow, "kept").await.unwrap().as_deref(), Some("one"));
    for (before, text) in [("one", "two"), ("two", "two"), ("two", "")] {
        assert!(store.replace_note(&glow, "kept", Some(before), text).await.unwrap(), "{before} {text}");
        assert_eq!(store.note(&glow, "kept").await.unwrap().as_deref(), Some(text));
    }
    // Of those who do so at once, one does it.
    let glow = &glow;
    let rival = |n| async move { store.replace_note(glow, "kept", Some(""), &format!("of {n}")).await.unwrap() };
    let (mut rivals, mut written): (Vec<_>, usize) = ((0..8).map(|n| Box::pin(rival(n))).collect(), 0);
    std::future::poll_fn(|context| {
        rivals.retain_mut(|rival| match rival.as_mut().poll(context) {
            Poll::Ready(wrote) => {
                written += usize::from(wrote);
                false
            }
            Poll::Pending => true,
        });
        if rivals.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    assert_eq!(written, 1);
}
