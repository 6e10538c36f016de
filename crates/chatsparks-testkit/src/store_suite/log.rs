//! The log.

use super::make::{ALL, at, brought, comment, commit, input, message, put, shard};
use chatsparks_core::{Event, Receipt};
use chatsparks_ports::{Input, Limit, Stamp, Store};

/// Everything is there, in order, without a gap, whoever brought it and in whatever batches; the same id twice is logged
/// twice, since only deciding knows what is a duplicate.
pub async fn r1_what_is_appended_is_read_in_order<S: Store>(store: &S) {
    let mut sent = Vec::new();
    for (batch, size) in [1, 3, 1, 200].into_iter().enumerate() {
        let inputs: Vec<_> =
            (0..size).map(|n| brought(&format!("e{batch}-{n}"), at(n), comment("c", "u", "hi"))).collect();
        let appended = store.append(inputs.iter().map(|input| (shard(1), input.clone())).collect()).await.unwrap();
        let positions: Vec<u64> = appended.iter().map(|appended| appended.position).collect();
        let first = sent.len() as u64 + 1;
        assert_eq!(positions, (first..first + size as u64).collect::<Vec<_>>());
        sent.extend(inputs);
    }
    store.append(vec![(shard(1), sent[0].clone())]).await.unwrap();
    sent.push(sent[0].clone());
    let read = store.read(&shard(1), 0, ALL).await.unwrap();
    let positions: Vec<u64> = read.iter().map(|logged| logged.position).collect();
    assert_eq!(positions, (1..=206).collect::<Vec<_>>());
    for (logged, Input { id, stamp, event }) in read.iter().zip(&sent) {
        assert_eq!((&logged.envelope.id, &logged.envelope.event), (id, event));
        assert_eq!(Stamp::Brought(logged.envelope.at), *stamp);
    }
    assert_eq!(store.read(&shard(1), 205, ALL).await.unwrap(), read[205..]);
    assert_eq!(store.read(&shard(1), 206, ALL).await.unwrap(), []);
    assert_eq!(store.read(&shard(1), 9_000, ALL).await.unwrap(), []);
}

/// R2, at each boundary.
pub async fn r2_an_event_bears_the_greater_of_its_stamp_and_the_logs_last<S: Store>(store: &S) {
    let receipt = Event::Receipt(Receipt { dm_id: "d".into(), status: chatsparks_core::DmStage::Sent, detail: None });
    assert_eq!(store.end(&shard(0)).await.unwrap(), (0, None));
    let told = [
        // What happens, and the `at` that it gets.
        (Stamp::Received(at(10)), at(10)),
        (Stamp::Received(at(10)), at(10)),
        (Stamp::Received(at(9)), at(10)),
        (Stamp::Latest, at(10)),
        (Stamp::Received(at(11)), at(11)),
        (Stamp::Brought(at(5)), at(5)),
        (Stamp::Latest, at(11)),
        (Stamp::Received(at(6)), at(11)),
        (Stamp::Brought(at(20)), at(20)),
        (Stamp::Received(at(19)), at(20)),
    ];
    // One by one, and all in one batch: stamping is the same.
    for (n, (stamp, expected)) in told.into_iter().enumerate() {
        let appended = store.append(vec![(shard(0), input(&format!("e{n}"), stamp, receipt.clone()))]).await.unwrap();
        assert_eq!(appended[0].at, expected, "event {n}");
    }
    let batch = told.iter().map(|(stamp, _)| (shard(1), input("e", *stamp, receipt.clone()))).collect();
    let appended = store.append(batch).await.unwrap();
    let expected: Vec<_> = told.iter().map(|(_, expected)| *expected).collect();
    assert_eq!(appended.iter().map(|appended| appended.at).collect::<Vec<_>>(), expected);
    for partition in [0, 1] {
        let read = store.read(&shard(partition), 0, ALL).await.unwrap();
        assert_eq!(read.iter().map(|logged| logged.envelope.at).collect::<Vec<_>>(), expected);
        assert_eq!(store.end(&shard(partition)).await.unwrap(), (10, Some(at(20))));
    }
    // What was decided and deleted is still what an outcome comes after.
    put(store, &shard(0), commit(10)).await.unwrap();
    while store.cut(&shard(0), 10, 0, 100).await.unwrap() > 0 {}
    assert_eq!(store.read(&shard(0), 0, ALL).await.unwrap(), []);
    assert_eq!(store.end(&shard(0)).await.unwrap(), (10, Some(at(20))));
    let appended = store.append(vec![(shard(0), input("e", Stamp::Latest, receipt))]).await.unwrap();
    assert_eq!((appended[0].position, appended[0].at), (11, at(20)));
}

/// Events and bytes are bounds; one event is read whatever its size.
pub async fn r9_as_much_is_read_as_was_asked_for<S: Store>(store: &S) {
    let long = "x".repeat(10_000);
    let inputs = (0..10).map(|n| (shard(2), brought(&format!("e{n}"), at(n), message("m", "u", &long))));
    store.append(inputs.collect()).await.unwrap();
    for (limit, expected) in [
        (Limit { events: 3, bytes: usize::MAX }, 3),
        (Limit { events: 100, bytes: usize::MAX }, 10),
        (Limit { events: 100, bytes: 1 }, 1),
        (Limit { events: 100, bytes: 35_000 }, 3),
        (Limit { events: 1, bytes: 0 }, 1),
    ] {
        assert_eq!(store.read(&shard(2), 0, limit).await.unwrap().len(), expected, "{limit:?}");
    }
}
