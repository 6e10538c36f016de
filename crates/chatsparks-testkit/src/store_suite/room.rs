//! Room under the limit: the pool, and grants beside the log.

use super::make::{ALL, at, brought, comment, commit, put, shard};
use chatsparks_core::{Envelope, Event, Grant};
use chatsparks_ports::{Commit, Draw, Limit, Placed, Store, StoreError};

fn draw(contacts: i64, within: u64, limit: Option<u64>) -> Draw {
    Draw { cycle: at(0), contacts, within, limit, tell_at: vec![8, 10], tell: false, id: "count:1".into(), at: at(60) }
}

fn drawing(decided: u64, draws: Vec<Draw>) -> Commit {
    let mut commit = commit(decided);
    commit.drawn = draws;
    commit
}

fn counts(logged: &[chatsparks_ports::Logged]) -> Vec<Option<u64>> {
    let count = |event: &Event| match event {
        Event::Grant(grant) => grant.count,
        _ => None,
    };
    logged.iter().map(|logged| count(&logged.envelope.event)).collect()
}

/// What is granted fits, or nothing of the commit is written; what is counted past the limit always does. Partition 0 is
/// told when the sum comes to where the owners are told.
pub async fn r7_room_is_drawn_within_the_limit_or_not_at_all<S: Store>(store: &S) {
    let workspace = "glow".into();
    assert_eq!(store.drawn(&workspace, at(0)).await.unwrap(), 0);
    put(store, &shard(1), drawing(1, vec![draw(7, 7, Some(10))])).await.unwrap();
    put(store, &shard(2), drawing(1, vec![draw(2, 2, Some(10))])).await.unwrap();
    assert_eq!(counts(&store.read(&shard(0), 0, ALL).await.unwrap()), [Some(9)]);
    let refused = put(store, &shard(1), drawing(2, vec![draw(2, 2, Some(10))])).await;
    assert!(matches!(refused, Err(StoreError::NoRoom)), "{refused:?}");
    assert_eq!(store.decided(&shard(1)).await.unwrap(), 1, "nothing of it was written");
    assert_eq!(store.drawn(&workspace, at(0)).await.unwrap(), 9);
    put(store, &shard(1), drawing(2, vec![draw(3, 1, Some(10))])).await.unwrap();
    put(store, &shard(3), drawing(1, vec![draw(1, 0, Some(10))])).await.unwrap();
    assert_eq!(store.drawn(&workspace, at(0)).await.unwrap(), 13);
    // Where there is no limit, or another cycle, there is room; and it may be given back.
    put(store, &shard(3), drawing(2, vec![draw(5, 5, None)])).await.unwrap();
    put(store, &shard(3), drawing(3, vec![draw(-4, 0, Some(10))])).await.unwrap();
    put(store, &shard(3), drawing(4, vec![Draw { cycle: at(1), ..draw(10, 10, Some(10)) }])).await.unwrap();
    assert_eq!(store.drawn(&workspace, at(0)).await.unwrap(), 14);
    assert_eq!(store.drawn(&workspace, at(1)).await.unwrap(), 10);
    assert_eq!(store.drawn(&"other".into(), at(0)).await.unwrap(), 0);
    // By a new limit the count is told in any case, as it was before.
    put(store, &shard(3), drawing(5, vec![Draw { tell: true, ..draw(0, 0, Some(20)) }])).await.unwrap();
    let logged = store.read(&shard(0), 0, ALL).await.unwrap();
    assert_eq!(counts(&logged), [Some(9), Some(12), Some(10), Some(14)]);
    assert!(logged.iter().all(|logged| logged.envelope.at == at(60)));
}

/// Grants come with the events that they stand before, whatever pages are read; whoever decides never reads them.
pub async fn r7_grants_stand_in_the_history_and_not_in_the_log<S: Store>(store: &S) {
    let inputs = (1..=5).map(|n| (shard(1), brought(&format!("e{n}"), at(n), comment("c", "u", "hi"))));
    store.append(inputs.collect()).await.unwrap();
    let grant = |before: u64, id: &str| {
        let event = Event::Grant(Grant { cycle: at(0), contacts: 1, count: None });
        Placed { before, envelope: Envelope { id: id.into(), at: at(1), event } }
    };
    let opened = store.open(&shard(1)).await.unwrap();
    for (decided, granted) in [
        (2, vec![grant(1, "first"), grant(2, "a"), grant(2, "b"), grant(3, "c")]),
        (4, vec![grant(3, "d"), grant(5, "last")]),
    ] {
        let mut commit = commit(decided);
        commit.granted = granted;
        store.commit(&shard(1), opened.fence, commit).await.unwrap();
    }
    for events in [1, 2, 100] {
        let (mut after, mut ids) = (0, Vec::new());
        loop {
            let limit = Limit { events, bytes: usize::MAX };
            let page = store.history(&shard(1), after, 4, limit).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.position;
            ids.extend(page.into_iter().map(|logged| logged.envelope.id.to_string()));
        }
        assert_eq!(ids, ["first", "e1", "a", "b", "e2", "c", "d", "e3", "e4", "last"], "{events} at once");
    }
    let read = store.read(&shard(1), 0, ALL).await.unwrap();
    assert!(read.iter().all(|logged| !matches!(logged.envelope.event, Event::Grant(_))));
    assert_eq!(store.history(&shard(2), 0, 0, ALL).await.unwrap(), []);
}
