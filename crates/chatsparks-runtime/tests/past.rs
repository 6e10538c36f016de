//! A contact's past, from what the store keeps of them alone, is what happened (C10, D).

use chatsparks_core::{
    Act, ActKind, Contact, Engine, Envelope, Event, Instant, Key, MemberMessage, Order, Period, Record, Row, UserId,
    WorkspaceId,
};
use chatsparks_ports::{Archive, ManualClock, MemoryStore, Shard};
use chatsparks_replay::Replay;
use chatsparks_runtime::{ClockMode, NewEvent, Past, PastError, Runtime, Settings, Standing, Wanted, WorkspaceSetup};
use chatsparks_testkit::{
    generate::{Case, Focus, case},
    properties,
    store_suite::make::{comment, message},
};
use proptest::prelude::*;
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// A store to which this has happened.
async fn kept(case: &Case, partitions: u32) -> Arc<MemoryStore> {
    kept_for(case, partitions, Settings::default()).await
}

/// The same, in which what is older than a day is cut off.
async fn cut(case: &Case, partitions: u32) -> Arc<MemoryStore> {
    let mut settings = Settings::default();
    (settings.records, settings.retention) = (Some(Duration::from_secs(24 * 3_600)), Duration::from_millis(2));
    kept_for(case, partitions, settings).await
}

async fn kept_for(case: &Case, partitions: u32, mut settings: Settings) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new(partitions));
    let cuts = settings.retention < Duration::from_secs(1);
    (settings.clock, settings.trust_at) = (ClockMode::Events, true);
    let clock = Arc::new(ManualClock::new(Instant::from_milliseconds(1_772_000_000_000)));
    let setup = WorkspaceSetup::new(case.workspace.clone(), "digest");
    let runtime = Runtime::start(store.clone(), clock, settings, vec![setup]).await.unwrap();
    let event = |envelope: &Envelope| NewEvent {
        id: envelope.id.clone(),
        at: Some(envelope.at),
        event: envelope.event.clone(),
    };
    runtime.accept(&case.workspace.workspace.id, case.history.iter().map(event).collect()).await.unwrap();
    let mut commits = runtime.commits();
    while runtime.health().await.shards.iter().any(|shard| shard.lag > 0) {
        let _ = tokio::time::timeout(Duration::from_millis(200), commits.changed()).await;
    }
    if cuts {
        // What is old is cut in its own time; however much of it was when it stops is well.
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    runtime.stop(Duration::from_secs(10)).await;
    store
}

fn runs<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(what)
}

async fn contacts(store: &MemoryStore, id: &WorkspaceId) -> Vec<Contact> {
    let rows = store.rows(id, "contact", None, 1_000).await.unwrap();
    let contact = |row| match row {
        Row::Contact(contact) => *contact,
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(contact).collect()
}

/// Every record of a contact comes out of their past as it is kept, and what they are in the end; nobody who was not
/// forgotten is without one.
async fn each_past_is_what_happened(store: &MemoryStore, case: &Case) {
    let id = &case.workspace.workspace.id;
    for contact in contacts(store, id).await {
        let user_id = contact.user_id();
        let past = Past::of(store, id, user_id, &Wanted::default()).await.unwrap().unwrap();
        let mut lines = Vec::new();
        let lived = past.live(|record| {
            if record.user_id() == Some(user_id) {
                lines.push(serde_json::to_string(record).unwrap());
            }
        });
        let is_forgotten = |envelope: &Envelope| matches!(&envelope.event, Event::Erase(of) if of == user_id);
        if case.history.iter().any(is_forgotten) {
            assert!(matches!(lived, Ok(_) | Err(PastError::Forgotten(_))), "{lived:?}");
            continue;
        }
        let lived = lived.unwrap_or_else(|error| panic!("{user_id}: {error}"));
        let mut records = store.records_of(id, user_id, 10_000).await.unwrap();
        records.sort_by_key(|record| record.seq);
        // An order by a shop's id may bear what is a contact's id too, and lives where the shop's buyer is.
        records.retain(|record| record.partition == past.shard().partition);
        let mut theirs = Vec::new();
        for record in records {
            if !is_of_another(store, case, user_id, &record.line).await {
                theirs.push(record.line);
            }
        }
        let records = theirs;
        // From a checkpoint on, where what was before it is cut, or about to be.
        let is_cut = store.stretch(past.shard()).await.unwrap().from > 1;
        assert!(if is_cut { records.ends_with(&lines) } else { records == lines }, "{user_id}: {lines:?} {records:?}");
        assert_eq!(lived.contact(user_id.as_str()), Some(&contact));
    }
}

/// Whether a record is of an order that was credited to another, though it bears this contact's id.
async fn is_of_another(store: &MemoryStore, case: &Case, user_id: &UserId, line: &str) -> bool {
    let record: serde_json::Value = serde_json::from_str(line).unwrap();
    let is_it = |envelope: &&Envelope| record["event"] == envelope.id.as_str();
    let Some(Event::Order(order)) = case.history.iter().find(is_it).map(|envelope| &envelope.event) else {
        return false;
    };
    let key = Key::Order(order.order_id.clone());
    match store.row(&case.workspace.workspace.id, &key).await.unwrap() {
        Some(Row::Order(_, entry)) => entry.user_id.is_some_and(|credited| credited != *user_id),
        _ => false,
    }
}

proptest! {
    #![proptest_config(properties::cases(40))]

    /// C10: whatever happens with others, under whichever limits and revisions, early or late.
    #[test]
    fn c10_a_past_is_lived_through_as_it_was(case in case(Focus::Everything, 60)) {
        runs(async {
            let store = kept(&case, 1).await;
            each_past_is_what_happened(&store, &case).await;
        });
    }

    /// R7: also where starts wait for room that is granted.
    #[test]
    fn c10_a_past_in_one_of_many_partitions(case in case(Focus::Queue, 60)) {
        runs(async {
            let store = kept(&case, 4).await;
            each_past_is_what_happened(&store, &case).await;
        });
    }

    /// M: at the comment that is asked about, the count is what it was.
    #[test]
    fn m1_the_count_is_what_it_was(case in case(Focus::Queue, 40)) {
        let mut counts: BTreeMap<String, (UserId, u64)> = BTreeMap::new();
        let mut replay = Replay::new(Engine::compile(case.workspace.clone()).unwrap());
        for envelope in &case.history {
            replay.push(envelope, |record| {
                if let Some((comment, _)) = record.comment() {
                    let count = (comment.user_id.clone(), record.head.count());
                    counts.entry(comment.comment_id.to_string()).or_insert(count);
                }
            });
        }
        runs(async {
            let (store, id) = (kept(&case, 1).await, &case.workspace.workspace.id);
            for (comment_id, (user_id, count)) in counts {
                if case.history.iter().any(|one| matches!(one.event, Event::Erase(_))) {
                    continue;
                }
                let wanted = Wanted { comment: Some(comment_id.as_str().into()), ..Wanted::default() };
                let Some(past) = Past::of(&*store, id, &user_id, &wanted).await.unwrap() else { continue };
                let mut found = None;
                let look = |record: &Record<'_>| {
                    if record.comment().is_some_and(|(comment, _)| comment.comment_id == comment_id.as_str()) {
                        found.get_or_insert(record.head.count());
                    }
                };
                past.live(look).unwrap();
                assert!(past.is_count_known(&comment_id.as_str().into()));
                assert_eq!(found, Some(count), "{comment_id}");
            }
        });
    }
}

proptest! {
    #![proptest_config(properties::cases(30))]

    /// C10, D: as of an instant it is what a replay says that was given what came by then, the count, the cycle and the
    /// revision included.
    #[test]
    fn d_a_past_as_of_an_instant_is_what_was_then(case in case(Focus::Everything, 60), picked in prop::collection::vec((0usize..60, 0i64..3), 1..5)) {
        let mut case = case;
        // One that comes late is seen by a store once it came (T5), and by such a replay before.
        case.history.sort_by_key(|envelope| envelope.at);
        // As far as the store has come: an id that comes again moves no time (T3), and what is due later has not fired.
        let mut whole = Replay::new(Engine::compile(case.workspace.clone()).unwrap());
        case.history.iter().for_each(|envelope| whole.push(envelope, |_| ()));
        let Some(last) = whole.head().clock().latest() else { return Ok(()) };
        if case.history.iter().any(|envelope| matches!(envelope.event, Event::Erase(_))) {
            return Ok(());
        }
        runs(async {
            let (store, id) = (kept(&case, 1).await, &case.workspace.workspace.id);
            for (place, later) in picked {
                let at = case.history[place % case.history.len()].at;
                let by = at.after(Period::minutes(later * later * 40)).min(last);
                let mut replay = Replay::new(Engine::compile(case.workspace.clone()).unwrap());
                let clock = Envelope { id: "timer:then".into(), at: by, event: Event::Clock };
                case.history.iter().filter(|envelope| envelope.at <= by).chain([&clock]).for_each(|envelope| replay.push(envelope, |_| ()));
                for contact in contacts(&store, id).await {
                    let wanted = Wanted { by: Some(by), ..Wanted::default() };
                    let Some(past) = Past::of(&*store, id, contact.user_id(), &wanted).await.unwrap() else {
                        assert_eq!(replay.contact(contact.user_id().as_str()), None);
                        continue;
                    };
                    let lived = past.live(|_| ()).unwrap_or_else(|error| panic!("{}: {error}", contact.user_id()));
                    assert_eq!(lived.contact(contact.user_id().as_str()), replay.contact(contact.user_id().as_str()));
                    let head = |head: &chatsparks_core::Head| (head.count(), head.terms().limit(), head.terms().cycle_start(), head.clock().latest());
                    // M2: when a new plan's cycles begin hangs on when it came, which a contact's own records need not say.
                    if !case.history.iter().any(|envelope| matches!(envelope.event, Event::Configure(_))) {
                        assert_eq!(head(lived.head()), head(replay.head()), "{} {by}", contact.user_id());
                    }
                    assert_eq!(lived.engine().revision(), replay.engine().revision());
                }
            }
        });
    }
}

proptest! {
    // Each waits for retention.
    #![proptest_config(properties::cases(12))]

    /// R10: also where what is old is cut meanwhile.
    #[test]
    fn c10_a_past_behind_a_checkpoint(case in case(Focus::Everything, 40)) {
        runs(async {
            let store = cut(&case, 1).await;
            each_past_is_what_happened(&store, &case).await;
        });
    }
}

/// R10: where old history is cut, a past begins with the checkpoint's contact: their conversation, links, throttles and ids.
#[test]
fn c10_a_past_begins_with_a_checkpoint() {
    let workspace = chatsparks_testkit::generate::read(&json!({
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
        "policy": { "close_after_hours": 96, "throttle_hours": 48 },
        "triggers": [{ "id": "t", "when": { "keywords": { "words": ["price"] } }, "flow": "f" }],
        "flows": [{ "id": "f", "version": 1, "blocks": [{ "id": "card", "shop_link": {} },
            { "id": "size", "question": { "text": "Which size, {{handle}}?", "field": "size" } }, { "id": "bye", "message": { "text": "{{size}}" } }] }],
    }));
    let start: Instant = "2026-03-01T10:00:00Z".parse().unwrap();
    let mut history = Vec::new();
    for day in 0..6_i64 {
        for contact in 0..5 {
            let (user, id) = (format!("u{contact}"), format!("{day}-{contact}"));
            let mut happens = |minute: i64, event: Event| {
                let at = start.after(Period::days(day)).after(Period::minutes(minute * 7 + contact));
                history.push(Envelope { id: format!("e{id}-{minute}").into(), at, event });
            };
            happens(0, comment(&format!("c{id}"), &user, "price?"));
            if (day + contact) % 3 == 0 {
                happens(1, message(&format!("m{id}"), &user, "30ml"));
            }
            happens(2, comment(&format!("c0-{contact}"), &user, "price, again"));
            let order = Order {
                order_id: format!("o{id}").into(),
                user_id: user.as_str().into(),
                placed_at: None,
                currency: "THB".into(),
                total_minor: 900,
                lines: Vec::new(),
            };
            happens(3, Event::Order(order));
        }
    }
    history.sort_by_key(|envelope| envelope.at);
    let case = Case { workspace, history };
    runs(async {
        for partitions in [1, 4] {
            let store = cut(&case, partitions).await;
            let id = &case.workspace.workspace.id;
            let shard = Past::of(&*store, id, &"u1".into(), &Wanted::default()).await.unwrap().unwrap().shard().clone();
            assert!(store.stretch(&shard).await.unwrap().from > 1, "nothing is cut");
            each_past_is_what_happened(&store, &case).await;
        }
    });
}

/// A1: an order by a shop's id that is a contact's own later is in the past of the shop's buyer, and not in theirs.
#[test]
fn c10_a1_an_order_by_what_is_a_contacts_id_later_is_the_buyers() {
    let workspace =
        chatsparks_testkit::build::workspace().says("price", "590 THB").trigger("price", &["price"], "price");
    let start: Instant = "2026-03-01T10:00:00Z".parse().unwrap();
    let order = |id: &str, user: &str| {
        Event::Order(Order {
            order_id: id.into(),
            user_id: user.into(),
            placed_at: None,
            currency: "THB".into(),
            total_minor: 900,
            lines: Vec::new(),
        })
    };
    let events = [
        comment("c0", "u0", "price?"),
        Event::Identity { user_id: "u0".into(), shop_user_id: "u1".into() },
        order("o0", "u1"),
        comment("c1", "u1", "price?"),
        order("o1", "u1"),
        order("o0", "u1"),
    ];
    let happens = |(minute, event)| {
        let at = start.after(Period::minutes(minute));
        Envelope { id: format!("e{minute}").into(), at, event }
    };
    let case = Case { workspace: workspace.build(), history: (0..).zip(events).map(happens).collect() };
    runs(async {
        for partitions in [1, 4] {
            each_past_is_what_happened(&*kept(&case, partitions).await, &case).await;
        }
    });
}

/// T3: what comes again may have been another contact's, or nobody's, before.
#[test]
fn c10_t3_what_others_had_used_up_is_known_to_have_come_again() {
    let workspace =
        chatsparks_testkit::build::workspace().says("price", "590 THB").trigger("price", &["price"], "price").build();
    let start: Instant = "2026-03-01T10:00:00Z".parse().unwrap();
    let take =
        |user: &str| Event::Act(Act { user_id: user.into(), member: "owner@glow.example".into(), kind: ActKind::Take });
    let price = |id: &str, user: &str| comment(id, user, "price?");
    let table: [(&str, &[(&str, Event)]); 6] = [
        ("a comment's id", &[("a", price("x", "u1")), ("b", price("x", "u2"))]),
        ("an event's id, of a comment", &[("a", price("x", "u1")), ("a", price("y", "u2"))]),
        ("a message's id", &[("a", message("x", "u1", "hello")), ("b", message("x", "u2", "hello"))]),
        ("an event's id, of a message", &[("a", price("x", "u1")), ("a", message("y", "u2", "hello"))]),
        ("an event's id that was nobody's", &[("a", Event::Clock), ("a", price("x", "u2"))]),
        ("an event's id of an act", &[("p", price("x", "u1")), ("a", take("u1")), ("a", price("y", "u2"))]),
    ];
    let is_repeated = |record: &str| record.contains(r#""duplicate""#);
    runs(async {
        for (what, events) in &table {
            // At once, and minutes apart; what follows is decided by what is known then.
            for apart in [0, 1] {
                let then = [("z", price("last", "u2")), ("zz", message("more", "u2", "yes"))];
                let history = (0..).zip(events.iter().chain(&then)).map(|(place, (id, event))| Envelope {
                    id: (*id).into(),
                    at: start.after(Period::minutes(place * apart)),
                    event: event.clone(),
                });
                let case = Case { workspace: workspace.clone(), history: history.collect() };
                let store = kept(&case, 1).await;
                let records = store.records_of(&case.workspace.workspace.id, &"u2".into(), 10).await.unwrap();
                assert!(records.iter().any(|record| is_repeated(&record.line)), "{what}: {records:?}");
                each_past_is_what_happened(&store, &case).await;
            }
        }
    });
}

/// A1, T3: an order that came before the shop's id was linked was nobody's, and is known when it comes again.
#[test]
fn c10_a1_an_order_that_comes_again_was_nobodys_before_it_was_linked() {
    let workspace =
        chatsparks_testkit::build::workspace().says("price", "590 THB").trigger("price", &["price"], "price").build();
    let start: Instant = "2026-03-01T10:00:00Z".parse().unwrap();
    let order = |id: &str| {
        Event::Order(Order {
            order_id: id.into(),
            user_id: "shop".into(),
            placed_at: None,
            currency: "THB".into(),
            total_minor: 900,
            lines: Vec::new(),
        })
    };
    let linked = || Event::Identity { user_id: "u0".into(), shop_user_id: "shop".into() };
    let table: [(&str, &[(&str, Event)]); 3] = [
        ("the same event", &[("a", order("o1")), ("b", linked()), ("a", order("o1"))]),
        ("told by another event", &[("a", order("o1")), ("b", linked()), ("c", order("o1"))]),
        ("both", &[("a", order("o1")), ("b", linked()), ("a", order("o1")), ("c", order("o1")), ("d", order("o2"))]),
    ];
    runs(async {
        for (what, events) in &table {
            for apart in [0, 1] {
                let then = [("z", comment("last", "u0", "price?"))];
                let history = (0..).zip(events.iter().chain(&then)).map(|(place, (id, event))| Envelope {
                    id: (*id).into(),
                    at: start.after(Period::minutes(place * apart)),
                    event: event.clone(),
                });
                let case = Case { workspace: workspace.clone(), history: history.collect() };
                let store = kept(&case, 1).await;
                let records = store.records_of(&case.workspace.workspace.id, &"u0".into(), 10).await.unwrap();
                assert!(!records.is_empty(), "{what}");
                each_past_is_what_happened(&store, &case).await;
            }
        }
    });
}

/// T3: what was refused has used up its event's id, and not that of what it told of.
#[test]
fn c10_t3_the_id_of_a_refused_members_message_stays_free() {
    let workspace = chatsparks_testkit::build::workspace()
        .says("price", "590 THB")
        .trigger("price", &["price"], "price")
        .set("policy", json!({ "reach": { "mode": "buyer_first" } }))
        .build();
    let start: Instant = "2026-03-01T10:00:00Z".parse().unwrap();
    let says = || {
        Event::MemberMessage(MemberMessage {
            message_id: "m1".into(),
            user_id: "u1".into(),
            member: "owner@glow.example".into(),
            text: "Hello".into(),
            link: None,
        })
    };
    let events = [("a", says()), ("a", says()), ("b", says()), ("c", comment("c1", "u1", "price?")), ("d", says())];
    runs(async {
        for apart in [0, 1] {
            let history = (0..).zip(events.clone()).map(|(place, (id, event))| Envelope {
                id: id.into(),
                at: start.after(Period::minutes(place * apart)),
                event,
            });
            let case = Case { workspace: workspace.clone(), history: history.collect() };
            let store = kept(&case, 1).await;
            let records = store.records_of(&case.workspace.workspace.id, &"u1".into(), 10).await.unwrap();
            let refused = records.iter().filter(|record| record.line.contains(r#""refused""#)).count();
            assert_eq!(refused, 3, "{records:?}");
            each_past_is_what_happened(&store, &case).await;
        }
    });
}

/// A contact of whom nothing is known has no past, and needs none.
#[test]
fn c10_nobody_has_no_past() {
    let case = Case { workspace: chatsparks_testkit::build::workspace().build(), history: Vec::new() };
    runs(async {
        let store = kept(&case, 1).await;
        let past = Past::of(&*store, &case.workspace.workspace.id, &"nobody".into(), &Wanted::default()).await;
        assert!(past.unwrap().is_none());
        let row = store.row(&case.workspace.workspace.id, &Key::Contact("nobody".into())).await.unwrap();
        assert_eq!(row, None);
    });
}

/// T3, M2: what comes again in another cycle does not begin it.
#[test]
fn t3_what_came_again_begins_no_cycle() {
    let began: Instant = "2026-02-27T09:00:00Z".parse().unwrap();
    let happens = |id: &str, days: i64| Envelope {
        id: id.into(),
        at: began.after(Period::minutes(days * 24 * 60)),
        event: comment(&format!("c-{id}"), "u0", "price"),
    };
    let history = vec![happens("e1", 0), happens("e1", 14), happens("e2", 15)];
    let shop = chatsparks_testkit::build::workspace().says("f1", "hello").trigger("t1", &["price"], "f1");
    let case = Case { workspace: shop.build(), history };
    runs(async {
        let (store, id) = (kept(&case, 1).await, &case.workspace.workspace.id);
        for (days, month) in [(0, "2026-02-01T00:00:00Z"), (1, "2026-02-01T00:00:00Z"), (15, "2026-03-01T00:00:00Z")] {
            let by = began.after(Period::minutes(days * 24 * 60 + 20));
            let wanted = Wanted { by: Some(by), ..Wanted::default() };
            let Some(past) = Past::of(&*store, id, &"u0".into(), &wanted).await.unwrap() else { panic!("nothing") };
            let lived = past.live(|_| ()).unwrap();
            assert_eq!(lived.head().terms().cycle_start(), Some(month.parse().unwrap()), "after {days} days");
        }
    });
}

/// T3: what comes again moves no time, and says nothing of where the shard stood.
#[test]
fn t3_what_came_again_does_not_pass_an_instant() {
    let began: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
    let happens = |id: &str, user: &str, hour: i64| Envelope {
        id: id.into(),
        at: began.after(Period::minutes(hour * 60)),
        event: comment(&format!("c-{id}"), user, "hello"),
    };
    let again = |hour| happens("e1", "u1", hour);
    let mut history = vec![happens("e1", "u1", 0)];
    history.extend([6; 8].map(again));
    history.extend([happens("e2", "u2", 1), again(7), happens("e3", "u3", 8)]);
    let case = Case { workspace: chatsparks_testkit::build::workspace().build(), history };
    runs(async {
        let store = kept(&case, 1).await;
        let shard = Shard { workspace: case.workspace.workspace.id.clone(), partition: 0 };
        let by = |hour: i64| began.after(Period::minutes(hour * 60));
        for (at, next, last) in [(0, 1, 0), (1, 10, 1), (2, 10, 1), (7, 10, 1), (8, 12, 8)] {
            let Standing::At(stood) = Standing::find(&*store, &shard, by(at)).await.unwrap() else { panic!("nothing") };
            assert_eq!((stood.next, stood.at), (next, by(last)), "after {at} hours");
        }
        let before = Standing::find(&*store, &shard, began.before(Period::minutes(60))).await.unwrap();
        assert_eq!(before, Standing::Nothing);
    });
}

/// P2, M6: a start that is released when its time is over expires at once, by an instant that has passed: it says nothing of
/// where the shard stood then.
#[test]
fn m6_what_is_overdue_when_it_is_set_does_not_say_where_it_stood() {
    let shop = chatsparks_testkit::build::workspace().says("f1", "hello").trigger("t1", &["price"], "f1");
    let held = shop.clone().set("policy", json!({ "reach": { "mode": "buyer_first", "hold_hours": 1 } }));
    let began: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
    let by = |minutes: i64| began.after(Period::minutes(minutes));
    runs(async {
        // However many come after it: one of them has it in the middle.
        for after in 0..8_i64 {
            let raised = held.clone().limit(10).build();
            let mut events = vec![
                (0, comment("c0", "u0", "price")),
                (30, comment("c1", "u1", "price")),
                (120, Event::Configure(Box::new(raised.into()))),
            ];
            events.extend((0..after).map(|n| (150, comment(&format!("d{n}"), "u2", "nothing"))));
            let history = (0..).zip(events).map(|(number, (minutes, event))| Envelope {
                id: format!("e{number}").into(),
                at: by(minutes),
                event,
            });
            let case = Case { workspace: shop.clone().limit(1).build(), history: history.collect() };
            let store = kept(&case, 1).await;
            let records = store.records_of(&case.workspace.workspace.id, &"u1".into(), 10).await.unwrap();
            let expired = |line: &str| line.contains(r#""hold_expiry","at":"2026-03-02T11:30:00Z""#);
            assert!(records.iter().any(|record| expired(&record.line)), "{records:?}");
            let shard = Shard { workspace: case.workspace.workspace.id.clone(), partition: 0 };
            for (minutes, next, revision) in [(29, 1, 1), (30, 2, 1), (90, 2, 1), (119, 2, 1)] {
                let Standing::At(stood) = Standing::find(&*store, &shard, by(minutes)).await.unwrap() else {
                    panic!("nothing")
                };
                assert_eq!((stood.next, stood.revision), (next, revision), "{minutes} minutes, {after} after it");
            }
            let Standing::At(stood) = Standing::find(&*store, &shard, by(120)).await.unwrap() else {
                panic!("nothing")
            };
            assert_eq!((stood.next, stood.revision), (5, 2), "{after} after it");
        }
    });
}
