//! R4: every event finds its contact, whoever decides and when.

use super::*;

/// What each contact saw: outcomes and effects, in order; of orders, which may lie elsewhere, in the order of their ids.
fn by_contact<'a>(records: impl Iterator<Item = &'a Value>) -> BTreeMap<String, Vec<Value>> {
    let mut seen: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for record in records {
        let outcome = &record["outcome"];
        let is_duplicate = outcome.get("duplicate").is_some()
            || outcome.pointer("/comment/result") == Some(&"duplicate".into())
            || outcome.pointer("/message/result") == Some(&"duplicate".into());
        // An event that came before fires no timers, and moves no time: where it stands among others' says nothing.
        let Some(user) = record["user_id"].as_str().filter(|_| !is_duplicate) else { continue };
        let source = record.get("event").or(record.get("timer"));
        let told = json!([source, record["at"], outcome, record["effects"]]);
        let kind = if outcome.get("order").is_some() { "order of" } else { "contact" };
        seen.entry(format!("{kind} {user}")).or_default().push(told);
    }
    for (_, told) in seen.iter_mut().filter(|(name, _)| name.starts_with("order")) {
        told.sort_by_key(Value::to_string);
    }
    seen
}

/// What came of events that name no contact.
fn by_event<'a>(
    history: &[Envelope],
    records: impl Iterator<Item = &'a Value>,
) -> BTreeMap<String, Vec<(String, Value)>> {
    let of = history.iter().filter(|envelope| {
        envelope.event.user_id().is_none() && !matches!(envelope.event, Event::Configure(_) | Event::Clock)
    });
    let of: Vec<&str> = of.map(|envelope| envelope.id.as_str()).collect();
    let mut seen: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for record in records {
        if let Some(id) = record["event"].as_str().filter(|id| of.contains(id)) {
            let told = (record["at"].to_string(), record["outcome"].clone());
            seen.entry(id.to_owned()).or_default().push(told);
        }
    }
    seen.values_mut().for_each(|told| told.sort_by_key(|(at, outcome)| (at.clone(), outcome.to_string())));
    seen
}

fn is_as_one_driver(ran: &Ran, workspace: &Workspace, history: &[Envelope]) {
    let one = drive(workspace, history).records;
    let found = by_contact(ran.records.iter().map(|(_, record)| record));
    let wanted = by_contact(one.iter());
    for (who, wanted) in &wanted {
        assert_eq!(found.get(who), Some(wanted), "{who}");
    }
    assert_eq!(found.len(), wanted.len());
    let found = by_event(history, ran.records.iter().map(|(_, record)| record));
    for (id, wanted) in by_event(history, one.iter()) {
        // What came before its DM was decided may have waited until it was: then it is known after all.
        // A review that was refused for who wrote it, before its order came, is looked at again where the order is (T3
        // holds within a partition).
        let early = ["unknown_dm", "not_a_member"];
        let came_early = wanted.iter().any(|(_, outcome)| early.iter().any(|why| outcome["refused"]["reason"] == *why));
        assert!(came_early || found.get(&id) == Some(&wanted), "{id}: {:?} instead of {wanted:?}", found.get(&id));
    }
    ran.replays(workspace);
}

proptest! {
    #![proptest_config(properties::cases(40))]

    #[test]
    fn r4_every_contact_gets_what_one_driver_gives(
        Case { mut workspace, mut history } in case(Focus::Everything, 60), sent in sent(),
    ) {
        without_a_plan(&mut workspace, &mut history);
        let history = in_order(history);
        let (store, _kept) = memory();
        is_as_one_driver(&runs(run(store, &workspace, &history, sent)), &workspace, &history);
    }
}

proptest! {
    #![proptest_config(properties::cases(12))]

    #[test]
    fn r4_every_contact_gets_what_one_driver_gives_over_sqlite(
        Case { mut workspace, mut history } in case(Focus::Everything, 60), sent in sent(),
    ) {
        without_a_plan(&mut workspace, &mut history);
        let history = in_order(history);
        let (store, _kept) = sqlite();
        is_as_one_driver(&runs(run(store, &workspace, &history, sent)), &workspace, &history);
    }
}

/// All that refers to something else, in one body: nothing of it is decided when the rest is logged.
fn everything_that_refers() -> Vec<Envelope> {
    let mut all = Vec::new();
    let at = |second: usize| "2026-03-02T10:00:00Z".parse::<Instant>().unwrap().after(Period::seconds(second as i64));
    for n in 0..30 {
        let user = format!("u{n}");
        let line = |k: usize, rest: &str| format!(r#"{{"id":"x{n}-{k}","at":"{}",{rest}}}"#, at(40 + k));
        let order = |id: &str, by: &str| {
            format!(
                r#""type":"order","order_id":"{id}","user_id":"{by}","currency":"THB","total_minor":900,"lines":[{{"sku_id":"s","product_id":"p","amount_minor":900}}]"#
            )
        };
        all.push(comment(n, &user, n));
        all.push(line(1, &format!(r#""type":"receipt","dm_id":"e{n}/0","status":"delivered""#)));
        all.push(line(2, &format!(r#""type":"identity","user_id":"{user}","shop_user_id":"shop{n}""#)));
        all.push(line(3, &order(&format!("linked{n}"), &format!("shop{n}"))));
        all.push(line(4, &format!(r#""type":"refund","refund_id":"r{n}","order_id":"linked{n}","amount_minor":100"#)));
        // The refund comes again under another id, and for another order.
        all.push(line(5, &format!(r#""type":"refund","refund_id":"r{n}","order_id":"own{n}","amount_minor":100"#)));
        all.push(line(6, &order(&format!("own{n}"), &user)));
        all.push(line(7, &order(&format!("own{n}"), "somebody else")));
        all.push(line(8, &order(&format!("nobodys{n}"), &format!("nobody{n}"))));
        all.push(line(9, &format!(r#""type":"order_cancelled","order_id":"nobodys{n}""#)));
        all.push(line(10, &format!(r#""type":"order_cancelled","order_id":"unheard of{n}""#)));
        all.push(line(11, &format!(r#""type":"receipt","dm_id":"unheard of{n}/0","status":"read""#)));
        // The link moves, and what came before comes again: it moves nothing.
        all.push(line(12, &format!(r#""type":"identity","user_id":"u{}","shop_user_id":"shop{n}""#, (n + 1) % 30)));
        all.push(line(2, &format!(r#""type":"identity","user_id":"{user}","shop_user_id":"shop{n}""#)));
        all.push(line(13, &order(&format!("moved{n}"), &format!("shop{n}"))));
        all.push(line(14, &format!(r#""type":"receipt","dm_id":"e{n}/0","status":"read""#)));
        all.push(line(15, &format!(r#""type":"identity","user_id":"acct","shop_user_id":"shop{n}""#)));
        all.push(line(16, &order(&format!("last{n}"), &format!("shop{n}"))));
    }
    // A shop's id that is a contact's too, who comes in the same body: their own id comes first.
    all.push(
        r#"{"id":"y1","at":"2026-03-02T11:00:00Z","type":"identity","user_id":"u1","shop_user_id":"both"}"#.into(),
    );
    all.push(comment(900, "both", 3_601));
    all.push(r#"{"id":"y3","at":"2026-03-02T11:00:02Z","type":"order","order_id":"both","user_id":"both","currency":"THB","total_minor":1,"lines":[]}"#.into());
    all.push(r#"{"id":"y4","at":"2026-03-02T11:00:03Z","type":"refund","refund_id":"both","order_id":"both","amount_minor":1}"#.into());
    lines(&all)
}

#[test]
fn r4_what_refers_to_something_acknowledged_is_decided_after_it() {
    let workspace = document(None);
    let history = in_order(everything_that_refers());
    for body in [1, 7, 10_000] {
        let sent = Sent { body, stop: usize::MAX, batch: 13 };
        let (store, _kept) = memory();
        is_as_one_driver(&runs(run(store, &workspace, &history, sent)), &workspace, &history);
        let (store, _kept) = sqlite();
        is_as_one_driver(&runs(run(store, &workspace, &history, sent)), &workspace, &history);
    }
}

/// What waits for others to be decided is durable: it goes on at the next start, once.
#[test]
fn r4_what_waits_goes_on_after_a_stop() {
    let workspace = document(None);
    let history = in_order(everything_that_refers());
    let id = &workspace.workspace.id;
    let account = "acct".into();
    let ran = runs(async {
        let (store, _kept) = sqlite();
        start(&store, &workspace, 5).await.stop(Duration::from_secs(30)).await;
        let input = |envelope: &Envelope| chatsparks_ports::Input {
            id: envelope.id.clone(),
            stamp: chatsparks_ports::Stamp::Brought(envelope.at),
            event: envelope.event.clone(),
        };
        // Nobody decides: whatever waits, waits.
        let routed = store.route(id, &account, history.iter().map(input).collect()).await.unwrap();
        assert!(routed.waiting > 60, "{routed:?}");
        assert_eq!(store.forward(id, &account).await.unwrap().appended, 0);
        for _ in 0..3 {
            let runtime = start(&store, &workspace, 5).await;
            runtime.stop(Duration::from_secs(30)).await;
        }
        let runtime = start(&store, &workspace, 5).await;
        settled(&runtime).await;
        runtime.stop(Duration::from_secs(30)).await;
        ran(&*store, id).await
    });
    is_as_one_driver(&ran, &workspace, &history);
}

/// R8: one document, one `at`, everywhere; also where documents race, and where one comes late.
#[test]
fn r8_a_document_takes_effect_in_every_partition_at_one_instant() {
    let workspace = document(Some(5));
    let id = workspace.workspace.id.clone();
    for late in [false, true] {
        let ran = runs(async {
            let (store, _kept) = memory();
            let runtime = start(&store, &workspace, 5).await;
            let comments: Vec<String> = (0..40).map(|n| comment(n, &format!("u{n}"), n)).collect();
            runtime.accept(&id, lines(&comments).iter().map(event).collect()).await.unwrap();
            let changed = |name: &str| {
                let mut changed = workspace.clone();
                changed.workspace.name = name.to_owned();
                changed
            };
            if late {
                let mut document = changed("late");
                document.plan.as_mut().unwrap().subscribed_at = "2026-03-02T10:00:20Z".parse().unwrap();
                let at = Some("2026-03-02T10:00:10Z".parse().unwrap());
                let event = Event::Configure(Box::new(document.into()));
                runtime.accept(&id, vec![NewEvent { id: "late".into(), at, event }]).await.unwrap();
            } else {
                let puts = ["one", "other", "third"].map(|name| runtime.configure(&id, changed(name), None));
                let [one, other, third] = puts;
                let (one, other, third) = tokio::join!(one, other, third);
                let mut revisions = [one.unwrap().revision, other.unwrap().revision, third.unwrap().revision];
                revisions.sort_unstable();
                assert_eq!(revisions, [2, 3, 4]);
            }
            settled(&runtime).await;
            runtime.stop(Duration::from_secs(30)).await;
            ran(&*store, &id).await
        });
        let documents = |history: &Vec<Envelope>| -> Vec<(EventId, Instant)> {
            let configured = history.iter().filter(|envelope| matches!(envelope.event, Event::Configure(_)));
            configured.map(|envelope| (envelope.id.clone(), envelope.at)).collect()
        };
        let first = documents(&ran.histories[0]);
        assert_eq!(first.len(), if late { 1 } else { 3 });
        assert!(ran.histories.iter().all(|history| documents(history) == first));
        let terms: Vec<_> = ran.heads.iter().flatten().filter(|row| matches!(row, Row::Terms(_))).collect();
        assert_eq!(terms.len(), PARTITIONS as usize);
        assert!(terms.iter().all(|of| *of == terms[0]), "late: {late}: {terms:?}");
        ran.replays(&workspace);
    }
}
