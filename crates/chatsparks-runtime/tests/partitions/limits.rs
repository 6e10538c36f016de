//! R7: one limit, shared by all partitions, exactly.

use super::*;

/// What partitions have: granted, used.
fn rooms(ran: &Ran) -> (u64, u64) {
    let rooms = ran.heads.iter().flatten().filter_map(|row| match row {
        Row::Room(room) => Some((room.granted().unwrap(), room.used())),
        _ => None,
    });
    rooms.fold((0, 0), |(granted, used), room| (granted + room.0, used + room.1))
}

fn results(ran: &Ran, result: &str) -> usize {
    ran.records.iter().filter(|(_, record)| record["outcome"]["comment"]["result"] == result).count()
}

fn levels(ran: &Ran) -> Vec<Value> {
    let effects = ran.records.iter().flat_map(|(_, record)| record["effects"].as_array().unwrap());
    effects.filter_map(|effect| effect.get("notify_owners")).map(|told| told["level"].clone()).collect()
}

/// Nothing but starts, of more contacts than there is room for, however they are sent.
fn as_many_start_as_there_is_room_for<S: Store>(make: impl Fn() -> Arc<S>) {
    for (limit, sent) in [
        (20, Sent { body: 1, stop: 9, batch: 4 }),
        (20, Sent { body: 3, stop: 5, batch: 4 }),
        (1, Sent { body: 60, stop: 100, batch: 100 }),
        (33, Sent { body: 60, stop: 100, batch: 7 }),
    ] {
        let workspace = document(Some(limit));
        let comments: Vec<String> = (0..60).map(|n| comment(n, &format!("u{n}"), n)).collect();
        let ran = runs(run(make(), &workspace, &lines(&comments), sent));
        assert_eq!(rooms(&ran), (limit, limit), "{sent:?}");
        assert_eq!(ran.drawn.values().collect::<Vec<_>>(), [&limit]);
        assert_eq!((results(&ran, "fired"), results(&ran, "queued")), (limit as usize, 60 - limit as usize));
        // M3: each level is told once, by whoever is told of the whole count.
        let mut told = levels(&ran);
        told.sort_by_key(Value::to_string);
        assert_eq!(told, [json!(100), json!(80), json!(95)], "{sent:?}");
        ran.replays(&workspace);
    }
}

#[test]
fn r7_used_is_granted_is_the_limit() {
    as_many_start_as_there_is_room_for(|| memory().0);
}

#[test]
fn r7_used_is_granted_is_the_limit_over_sqlite() {
    let kept = std::cell::RefCell::new(Vec::new());
    as_many_start_as_there_is_room_for(|| {
        let (store, folder) = sqlite();
        kept.borrow_mut().push(folder);
        store
    });
}

/// How many contacts count in the cycle in force, by their own state.
fn is_within(ran: &Ran, workspace: &Workspace) {
    ran.replays(workspace);
    // Whatever was granted is used, and the pool knows of everything that was counted.
    for row in ran.heads.iter().flatten() {
        if let Row::Room(room) = row {
            assert!(room.granted().unwrap_or(0) <= room.used(), "unused room is given back: {room:?}");
        }
    }
    for (cycle, drawn) in &ran.drawn {
        let cycle = Value::from(cycle.to_string());
        let facts = ran.records.iter().flat_map(|(_, record)| record["facts"].as_array().unwrap());
        let counted = facts.filter_map(|fact| fact.get("contact_counted")).filter(|counted| counted["cycle"] == cycle);
        assert_eq!(*drawn, counted.count() as u64, "in the cycle of {cycle}");
    }
    never_starts_past_the_limit(ran, workspace);
}

/// M7: as many contacts count by a flow that starts as the highest limit that there was, and no more.
fn never_starts_past_the_limit(ran: &Ran, workspace: &Workspace) {
    let limits = ran.histories.iter().flatten().filter_map(|envelope| match &envelope.event {
        Event::Configure(configured) => {
            configured.workspace().map(|document| document.plan.as_ref().map(|plan| plan.mac_limit))
        }
        _ => None,
    });
    let limits: Vec<Option<i64>> = limits.chain([workspace.plan.as_ref().map(|plan| plan.mac_limit)]).collect();
    let Some(highest) =
        limits.iter().copied().collect::<Option<Vec<i64>>>().and_then(|limits| limits.into_iter().max())
    else {
        return;
    };
    let mut started: BTreeMap<String, i64> = BTreeMap::new();
    for (_, record) in &ran.records {
        let facts = record["facts"].as_array().unwrap();
        let starts = facts.iter().any(|fact| fact.get("flow_started").is_some());
        for counted in facts.iter().filter_map(|fact| fact.get("contact_counted")).filter(|_| starts) {
            *started.entry(counted["cycle"].to_string()).or_default() += 1;
        }
    }
    for (cycle, started) in started {
        assert!(started <= highest, "{started} of {highest} in the cycle of {cycle}");
    }
}

proptest! {
    #![proptest_config(properties::cases(40))]

    #[test]
    fn r7_histories_of_queues_replay_with_their_grants_and_keep_to_the_limit(
        Case { workspace, history } in case(Focus::Queue, 60), sent in sent(), sorted in any::<bool>(),
    ) {
        let history = if sorted { in_order(history) } else { history };
        let (store, _kept) = memory();
        is_within(&runs(run(store, &workspace, &history, sent)), &workspace);
    }

    #[test]
    fn r7_histories_of_everything_replay_with_their_grants_and_keep_to_the_limit(
        Case { workspace, history } in case(Focus::Everything, 60), sent in sent(),
    ) {
        let (store, _kept) = memory();
        is_within(&runs(run(store, &workspace, &history, sent)), &workspace);
    }
}

proptest! {
    #![proptest_config(properties::cases(8))]

    #[test]
    fn r7_histories_replay_with_their_grants_over_sqlite(
        Case { workspace, history } in case(Focus::Queue, 60), sent in sent(),
    ) {
        let (store, _kept) = sqlite();
        is_within(&runs(run(store, &workspace, &history, sent)), &workspace);
    }
}

/// M6: queued starts go out when the limit rises and when a cycle begins, in whatever partition they wait.
#[test]
fn r7_a_rise_and_a_cycle_release_what_waits_everywhere() {
    let workspace = document(Some(10));
    let mut higher = workspace.clone();
    higher.plan.as_mut().unwrap().mac_limit = 25;
    let comments: Vec<String> = (0..40).map(|n| comment(n, &format!("u{n}"), n)).collect();
    let mut history = lines(&comments);
    let after = |hours| "2026-03-02T10:00:00Z".parse::<Instant>().unwrap().after(Period::hours(hours));
    history.push(Envelope { id: "rise".into(), at: after(2), event: Event::Configure(Box::new(higher.into())) });
    history.push(Envelope { id: "clock".into(), at: after(3), event: Event::Clock });
    let ran = runs(in_parts(&workspace, &[&history[..40], &history[40..]]));
    assert_eq!(rooms(&ran), (25, 25));
    assert_eq!(ran.drawn.values().collect::<Vec<_>>(), [&25]);
    let released = ran.records.iter().filter(|(_, record)| record["timer"] == "queue_release").count();
    assert_eq!(released, 15);
    // The levels were re-armed by the rise, and told again as they were reached.
    assert_eq!(levels(&ran).len(), 6);
    ran.replays(&workspace);

    // The same in the last hours of a cycle: in the next there is room again.
    let shift =
        |envelope: &Envelope| Envelope { at: envelope.at.after(Period::hours(29 * 24 + 12)), ..envelope.clone() };
    let mut history: Vec<Envelope> = lines(&comments).iter().map(shift).collect();
    let begins = "2026-04-01T00:00:00Z".parse::<Instant>().unwrap();
    history.push(Envelope { id: "clock".into(), at: begins.after(Period::hours(1)), event: Event::Clock });
    let ran = runs(in_parts(&workspace, &[&history[..40], &history[40..]]));
    assert_eq!(rooms(&ran), (10, 10));
    assert_eq!(ran.drawn, BTreeMap::from([(begins, 10)]));
    assert_eq!(levels(&ran).len(), 6);
    ran.replays(&workspace);
}

/// M6: many partitions reach for the same room at once, and most are refused what they foresaw; nothing comes after it that
/// would have them look again. Whoever begins anew looks too.
#[test]
fn r7_all_room_that_a_rise_brings_is_used_though_nothing_comes_after_it() {
    for attempt in 0..6 {
        assert!(rises(memory), "memory, attempt {attempt}");
        assert!(rises(sqlite), "SQLite, attempt {attempt}");
    }
}

/// Raises a limit that many wait at, twice, the second time for partitions that begin anew: whether all of it was used.
fn rises<S: Store, K>(make: fn() -> (Arc<S>, K)) -> bool {
    let workspace = document(Some(10));
    let with = |limit| {
        let mut higher = workspace.clone();
        higher.plan.as_mut().unwrap().mac_limit = limit;
        Event::Configure(Box::new(higher.into()))
    };
    let after = |hours| "2026-03-02T10:00:00Z".parse::<Instant>().unwrap().after(Period::hours(hours));
    let comments = lines(&(0..60).map(|n| comment(n, &format!("u{n}"), n)).collect::<Vec<_>>());
    let rise = |id: &str, hours, limit| Envelope { id: id.into(), at: after(hours), event: with(limit) };
    runs(async {
        let (store, _kept) = make();
        let id = &workspace.workspace.id;
        let mut runtime = start(&store, &workspace, 100).await;
        runtime.accept(id, comments.iter().map(event).collect()).await.unwrap();
        settled(&runtime).await;
        runtime.accept(id, vec![event(&rise("first", 2, 30))]).await.unwrap();
        if !is_drawn(&*store, id, 30).await {
            return false;
        }
        // Stopped in the midst of the next one.
        runtime.accept(id, vec![event(&rise("second", 3, 47))]).await.unwrap();
        runtime.stop(Duration::from_secs(30)).await;
        runtime = start(&store, &workspace, 100).await;
        let is_drawn = is_drawn(&*store, id, 47).await;
        runtime.stop(Duration::from_secs(30)).await;
        let ran = ran(&*store, id).await;
        ran.replays(&workspace);
        is_drawn && rooms(&ran) == (47, 47)
    })
}

/// Waits until so much is drawn of the cycle in force.
async fn is_drawn<S: Store>(store: &S, id: &WorkspaceId, wanted: u64) -> bool {
    let cycle = "2026-03-01T00:00:00Z".parse::<Instant>().unwrap();
    let drawn = async {
        while store.drawn(id, cycle).await.unwrap() < wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(40), drawn).await.is_ok()
}

/// M4: a member's DM counts past the limit, and takes room where there is some.
#[test]
fn r7_members_draw_room_and_overdraw_only_when_there_is_none() {
    let workspace = document(Some(12));
    let mut all: Vec<String> = (0..8)
        .map(|n| {
            format!(
                r#"{{"id":"m{n}","at":"2026-03-02T09:00:{n:02}Z","type":"member_message","message_id":"m{n}","user_id":"v{n}","member":"a@b","text":"Hello"}}"#
            )
        })
        .collect();
    all.extend((0..20).map(|n| comment(n, &format!("u{n}"), n)));
    all.extend((8..11).map(|n| {
        format!(
            r#"{{"id":"m{n}","at":"2026-03-02T11:00:{n:02}Z","type":"member_message","message_id":"m{n}","user_id":"v{n}","member":"a@b","text":"Hello"}}"#
        )
    }));
    let all = lines(&all);
    let ran = runs(in_parts(&workspace, &[&all[..8], &all[8..28], &all[28..]]));
    assert_eq!((results(&ran, "fired"), results(&ran, "queued")), (4, 16));
    assert_eq!(rooms(&ran), (12, 15));
    assert_eq!(ran.drawn.values().collect::<Vec<_>>(), [&15]);
    ran.replays(&workspace);
}

/// A whole partition would hold all of the limit: the first grant says that this one does not.
#[test]
fn r7_a_partitions_history_begins_with_a_grant() {
    let ran =
        runs(run(memory().0, &document(Some(3)), &lines(&[comment(0, "u0", 0)]), Sent { body: 1, stop: 9, batch: 9 }));
    for history in ran.histories.iter().filter(|history| !history.is_empty()) {
        assert!(matches!(&history[0].event, Event::Grant(grant) if grant.contacts == 0));
    }
    let engine = Engine::compile(document(Some(3))).unwrap();
    let mut partition = Partition::whole(engine);
    ran.histories.iter().flatten().for_each(|envelope| partition.push(envelope, &mut Scratch::default(), |_| {}));
    assert_eq!(partition.head().room().granted(), Some(1));
}
