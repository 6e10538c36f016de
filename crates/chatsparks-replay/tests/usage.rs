//! Usage: who counts, what the owners are told, what waits and when it goes out (M).

use crate::scene::{self, Scene, comment, shop};
use chatsparks_core::Instant;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The shop with a limit, whose cycles begin on the first of the month.
fn limited(limit: u64) -> Value {
    let mut shop = shop();
    shop["plan"] = json!({ "mac_limit": limit, "subscribed_at": "2026-01-01T00:00:00Z", "listening_window_days": 365 });
    shop
}

fn configure(workspace: Value) -> Value {
    json!({ "type": "configure", "workspace": workspace })
}

fn clock() -> Value {
    json!({ "type": "clock" })
}

fn effects(record: &Value, name: &str) -> Vec<Value> {
    record["effects"].as_array().unwrap().iter().filter_map(|effect| effect.get(name)).cloned().collect()
}

/// The facts of a name in some records, each with its record.
fn facts<'r>(records: &'r [Value], name: &'r str) -> impl Iterator<Item = (&'r Value, &'r Value)> {
    records.iter().flat_map(move |record| {
        record["facts"].as_array().unwrap().iter().filter_map(move |fact| Some((record, fact.get(name)?)))
    })
}

/// So many new contacts, each counted by a comment.
fn count(scene: &mut Scene, from: u64, to: u64) -> Vec<(u64, u64)> {
    let mut told = Vec::new();
    for number in from..=to {
        let records =
            scene.push("2026-03-02T10:00:00Z", comment(&format!("c{number}"), &format!("u{number:03}"), "page"));
        for note in effects(&records[0], "notify_owners") {
            told.push((note["count"].as_u64().unwrap(), note["level"].as_u64().unwrap()));
        }
    }
    told
}

fn mac(scene: &Scene) -> (u64, String, bool) {
    let state = serde_json::to_value(scene.replay.state()).unwrap();
    let mac = &state["mac"];
    (mac["count"].as_u64().unwrap(), mac["banner"].as_str().unwrap().to_owned(), mac["paused"] == true)
}

#[test]
fn m1_a_contact_counts_once_a_cycle_by_a_dm_alone() {
    let mut scene = Scene::new(&limited(10));
    scene.push("2026-03-02T10:00:00Z", json!({ "type": "message", "message_id": "m1", "user_id": "u5", "text": "hi" }));
    assert_eq!(mac(&scene).0, 0);
    scene.push("2026-03-02T10:01:00Z", comment("c1", "u1", "page"));
    scene.push("2026-03-02T10:02:00Z", comment("c2", "u1", "card"));
    scene.push("2026-03-02T10:03:00Z", comment("c3", "u2", "nothing"));
    // A failed delivery does not give it back.
    scene.push("2026-03-02T10:04:00Z", json!({ "type": "receipt", "dm_id": "e3/0", "status": "failed" }));
    assert_eq!(mac(&scene).0, 1);
    scene.push("2026-04-01T00:00:00Z", comment("c4", "u1", "page"));
    assert_eq!(mac(&scene).0, 1);
    let counted: Vec<_> = facts(&scene.records, "contact_counted").map(|(_, fact)| fact["cycle"].clone()).collect();
    assert_eq!(counted, [json!("2026-03-01T00:00:00Z"), json!("2026-04-01T00:00:00Z")]);
}

#[test]
fn m2_cycles_are_clamped_to_the_months_end() {
    let mut shop = limited(10);
    shop["plan"]["subscribed_at"] = "2026-01-31T09:00:00Z".into();
    let mut scene = Scene::new(&shop);
    scene.push("2026-02-01T00:00:00Z", comment("c1", "u1", "page"));
    scene.push("2026-05-01T00:00:00Z", clock());
    let began: Vec<_> = facts(&scene.records, "cycle_began").map(|(_, fact)| fact["start"].clone()).collect();
    assert_eq!(began, ["2026-02-28T09:00:00Z", "2026-03-31T09:00:00Z", "2026-04-30T09:00:00Z"]);
}

#[test]
fn m3_the_owners_are_told_at_each_level_once() {
    let mut scene = Scene::new(&limited(100));
    for (to, told, banner) in [
        (79, vec![], ("none", false)),
        (80, vec![(80, 80)], ("yellow", false)),
        (94, vec![], ("yellow", false)),
        (95, vec![(95, 95)], ("red", false)),
        (99, vec![], ("red", false)),
        (100, vec![(100, 100)], ("red", true)),
        (101, vec![], ("red", true)),
    ] {
        let from = mac(&scene).0 + 1;
        assert_eq!(count(&mut scene, from, to), told, "{to}");
        let (_, name, paused) = mac(&scene);
        assert_eq!((name.as_str(), paused), banner, "{to}");
    }
    assert_eq!(mac(&scene).0, 100);
}

#[test]
fn m3_several_levels_at_once_are_told_lower_first() {
    let mut scene = Scene::new(&limited(1));
    assert_eq!(count(&mut scene, 1, 1), [(1, 80), (1, 95), (1, 100)]);
}

#[test]
fn m3_a_higher_limit_arms_the_levels_above_the_count_again() {
    let mut scene = Scene::new(&limited(10));
    assert_eq!(count(&mut scene, 1, 10), [(8, 80), (10, 95), (10, 100)]);
    // 10 of 12 are 83 %: 80 stays told, 95 and 100 are armed again.
    let raised = scene.push("2026-03-02T11:00:00Z", configure(limited(12)));
    assert!(effects(&raised[0], "notify_owners").is_empty());
    assert_eq!(mac(&scene), (10, "yellow".to_owned(), false));
    assert_eq!(count(&mut scene, 11, 12), [(12, 95), (12, 100)]);
    // A lower limit tells what the count has reached anew, and stops nobody who is counted.
    let lowered = scene.push("2026-03-02T12:00:00Z", configure(limited(5)));
    assert!(effects(&lowered[0], "notify_owners").is_empty());
    assert_eq!(mac(&scene), (12, "red".to_owned(), true));
}

#[test]
fn m3_without_a_plan_there_is_no_limit() {
    let mut scene = Scene::new(&shop());
    assert_eq!(count(&mut scene, 1, 50), []);
    assert_eq!(mac(&scene), (50, "none".to_owned(), false));
}

#[test]
fn m4_the_limit_never_stops_a_member() {
    let mut scene = Scene::new(&limited(1));
    count(&mut scene, 1, 1);
    let written = json!({ "type": "member_message", "message_id": "m1", "user_id": "u9", "member": "ann@glow.example", "text": "Hi" });
    assert_eq!(scene.outcome("2026-03-02T11:00:00Z", written), json!({ "applied": {} }));
    assert_eq!(mac(&scene).0, 2);
}

#[test]
fn m5_at_the_limit_only_new_contacts_are_queued() {
    let mut scene = Scene::new(&limited(2));
    count(&mut scene, 1, 2);
    let result = |scene: &mut Scene, id: &str, user: &str| {
        scene.outcome("2026-03-02T11:00:00Z", comment(id, user, "card"))["comment"]["result"].clone()
    };
    assert_eq!(result(&mut scene, "d1", "u001"), "fired");
    assert_eq!(result(&mut scene, "d2", "u003"), "queued");
    // A later one replaces it.
    assert_eq!(result(&mut scene, "d3", "u003"), "queued");
    let dropped: Vec<_> = facts(&scene.records, "dropped").map(|(_, fact)| fact["reason"].clone()).collect();
    assert_eq!(dropped, ["replaced"]);
}

#[test]
fn m6_a_queued_start_is_dropped_at_exactly_its_end_by_a_release_too() {
    for (commented, timer, fact) in [
        ("2026-03-29T23:59:59.999Z", "queue_expiry", "dropped"),
        // The cycle begins at exactly the end: the release comes first in the order of timers, and finds it over.
        ("2026-03-30T00:00:00Z", "queue_release", "dropped"),
        ("2026-03-30T00:00:00.001Z", "queue_release", "released"),
    ] {
        let mut scene = Scene::new(&limited(1));
        count(&mut scene, 1, 1);
        let queued = scene.outcome(commented, comment("d1", "u9", "page"));
        assert_eq!(queued["comment"]["result"], "queued");
        let records = scene.push("2026-04-01T00:00:00Z", clock());
        let (record, _) = facts(&records, fact).next().unwrap();
        assert_eq!(record["timer"], timer, "{commented}");
        let started = facts(&records, "flow_started").count();
        assert_eq!(started, usize::from(fact == "released"), "{commented}");
    }
}

#[test]
fn m6_queued_starts_go_out_oldest_first_then_by_contact_while_there_is_room() {
    let mut scene = Scene::new(&limited(1));
    count(&mut scene, 1, 1);
    for (at, id, user) in [
        ("2026-03-03T10:00:02Z", "d1", "late"),
        ("2026-03-03T10:00:02Z", "d2", "b"),
        ("2026-03-03T10:00:02Z", "d3", "a"),
        ("2026-03-03T10:00:03Z", "d4", "last"),
    ] {
        scene.push(at, comment(id, user, "page"));
    }
    // A late comment is older.
    scene.push("2026-03-03T10:00:01Z", comment("d5", "z", "page"));
    let records = scene.push("2026-03-03T11:00:00Z", configure(limited(4)));
    let order: Vec<_> = facts(&records, "released").map(|(record, _)| record["user_id"].clone()).collect();
    assert_eq!(order, ["z", "a", "b"]);
    assert!(facts(&records, "released").all(|(record, _)| record["at"] == "2026-03-03T11:00:00Z"));
    assert_eq!(mac(&scene), (4, "red".to_owned(), true));
    let records = scene.push("2026-03-03T12:00:00Z", configure(limited(100)));
    let order: Vec<_> = facts(&records, "released").map(|(record, _)| record["user_id"].clone()).collect();
    assert_eq!(order, ["last", "late"].map(Value::from).into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn m6_what_reach_allows_by_then_decides_whether_it_is_held() {
    let mut shop = limited(1);
    let mut scene = Scene::new(&shop);
    count(&mut scene, 1, 1);
    scene.push("2026-03-03T10:00:00Z", comment("d1", "u9", "page"));
    shop["policy"] = json!({ "reach": { "mode": "buyer_first" } });
    shop["plan"]["mac_limit"] = 5.into();
    let records = scene.push("2026-03-03T11:00:00Z", configure(shop));
    let held: Vec<_> = facts(&records, "held").map(|(_, fact)| fact["until"].clone()).collect();
    assert_eq!(held, ["2026-03-05T10:00:00Z"]);
    assert_eq!(facts(&records, "flow_started").count(), 0);
    let message = json!({ "type": "message", "message_id": "m1", "user_id": "u9", "text": "hi" });
    let records = scene.push("2026-03-03T12:00:00Z", message);
    assert_eq!(facts(&records, "flow_started").count(), 1);
}

#[test]
fn m6_removing_the_plan_releases_the_queue() {
    let mut scene = Scene::new(&limited(1));
    count(&mut scene, 1, 1);
    scene.push("2026-03-03T10:00:00Z", comment("d1", "b", "page"));
    scene.push("2026-03-03T10:00:01Z", comment("d2", "a", "page"));
    let records = scene.push("2026-03-03T11:00:00Z", configure(shop()));
    let order: Vec<_> = facts(&records, "released").map(|(record, _)| record["user_id"].clone()).collect();
    assert_eq!(order, ["b", "a"]);
    assert_eq!(facts(&records, "flow_started").count(), 2);
    assert_eq!(mac(&scene), (3, "none".to_owned(), false));
    // A plan that comes back with what is counted has no room, and one above it has.
    let records = scene.push("2026-03-03T12:00:00Z", configure(limited(3)));
    assert_eq!(effects(&records[0], "notify_owners").len(), 3);
    let queued = scene.outcome("2026-03-03T12:00:01Z", comment("d3", "c", "page"));
    assert_eq!(queued["comment"]["result"], "queued");
}

#[test]
fn m6_a_contact_counted_meanwhile_waits_for_room_too() {
    let with = |limit: u64| {
        let mut shop = limited(limit);
        let ask = json!([{ "id": "q", "question": { "text": "?", "field": "f" } }, { "id": "m", "message": { "text": "Thanks" } }]);
        shop["flows"][0]["blocks"] = ask;
        shop
    };
    let mut scene = Scene::new(&with(1));
    // A conversation of the cycle before goes on in this one, in which another contact takes the room.
    scene.push("2026-03-31T23:30:00Z", comment("c1", "u1", "card"));
    scene.push("2026-04-01T00:10:00Z", comment("c2", "u2", "page"));
    let queued = scene.outcome("2026-04-01T00:11:00Z", comment("c3", "u1", "page"));
    assert_eq!(queued["comment"]["result"], "queued");
    let reply = json!({ "type": "message", "message_id": "m1", "user_id": "u1", "text": "x" });
    scene.push("2026-04-01T00:12:00Z", reply);
    assert_eq!(mac(&scene).0, 2);
    // Counted by now, so that its start would take no room; it waits for some all the same.
    for (limit, released) in [(2, 0), (3, 1)] {
        let records = scene.push("2026-04-01T01:00:00Z", configure(with(limit)));
        assert_eq!(facts(&records, "released").count(), released, "{limit}");
    }
    assert_eq!(mac(&scene).0, 2);
}

#[test]
fn t6_the_second_release_of_a_contact_at_one_instant_has_an_id_of_its_own() {
    let with = |limit: u64| {
        let mut shop = limited(limit);
        shop["policy"] = json!({ "reach": { "mode": "buyer_first" } });
        shop
    };
    let mut scene = Scene::new(&limited(1));
    count(&mut scene, 1, 1);
    scene.push("2026-03-03T10:00:00Z", comment("d1", "u9", "page"));
    let at = "2026-03-03T11:00:00Z";
    // Room, but no reach: it is held. Then the buyer writes while there is no room, and then there is.
    let first = scene.push(at, configure(with(2)));
    assert_eq!((first[1]["timer"].as_str(), facts(&first, "held").count()), (Some("queue_release"), 1));
    scene.push(at, configure(with(1)));
    let written = scene.push(at, json!({ "type": "message", "message_id": "m1", "user_id": "u9", "text": "hi" }));
    assert_eq!(facts(&written, "queued").count(), 1);
    let second = scene.push(at, configure(with(3)));
    assert_eq!(second[1]["effects"][0]["id"], format!("timer:queue_release:u9:{at}#2/0"));
    assert_eq!(facts(&second, "flow_started").count(), 1);
}

/// Something that happens to a workspace with a limit.
#[derive(Clone, Debug)]
enum Step {
    Comment { user: u8, card: bool, late: bool },
    Message(u8),
    Member(u8),
    Limit(u64),
    Wait(i64),
    Block(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..12u8, any::<bool>(), prop::bool::weighted(0.1))
            .prop_map(|(user, card, late)| Step::Comment { user, card, late }),
        2 => (0..12u8).prop_map(Step::Message),
        1 => (0..12u8).prop_map(Step::Member),
        1 => (1..8u64).prop_map(Step::Limit),
        2 => prop_oneof![0..100i64, 1_000..50_000i64].prop_map(Step::Wait),
        1 => (0..12u8).prop_map(Step::Block),
    ]
}

proptest! {
    #![proptest_config(scene::cases(128))]

    #[test]
    fn m7_no_flow_that_starts_takes_the_count_past_the_limit(
        mode in prop_oneof![Just("open"), Just("buyer_first"), Just("comment_to_message")],
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let workspace = |limit: u64| {
            let mut shop = limited(limit);
            shop["policy"] = json!({ "reach": { "mode": mode } });
            shop
        };
        let mut limit = 3;
        let mut scene = Scene::new(&workspace(limit));
        let start: Instant = "2026-03-28T00:00:00Z".parse().unwrap();
        let mut minutes = 0;
        let mut counted = BTreeSet::new();
        for (place, step) in steps.iter().enumerate() {
            minutes += 1;
            let mut ago = 0;
            let event = match step {
                Step::Comment { user, card, late } => {
                    ago = if *late { 90 } else { 0 };
                    let mut event = comment(&format!("c{place}"), &format!("u{user}"), if *card { "card" } else { "page" });
                    event["direct_reply"] = (place % 2 == 0).into();
                    event
                }
                Step::Message(user) => {
                    json!({ "type": "message", "message_id": format!("m{place}"), "user_id": format!("u{user}"), "text": "hi" })
                }
                Step::Member(user) => json!({ "type": "member_message", "message_id": format!("w{place}"),
                    "user_id": format!("u{user}"), "member": "ann@glow.example", "text": "Hi" }),
                Step::Limit(new) => {
                    limit = *new;
                    configure(workspace(limit))
                }
                Step::Wait(more) => {
                    minutes += more;
                    clock()
                }
                Step::Block(user) => json!({ "type": "block", "user_id": format!("u{user}"), "member": "ann@glow.example" }),
            };
            let at = Instant::from_milliseconds(start.as_milliseconds() + (minutes - ago) * 60_000);
            let before = if matches!(step, Step::Limit(_)) { scene.replay.head().terms().limit().unwrap() } else { limit };
            for record in scene.push(&at.to_string(), event) {
                let one = std::slice::from_ref(&record);
                // What fires before a `configure` goes by the limit before it.
                let in_force = if record["revision"].as_u64() == Some(u64::from(scene.replay.engine().revision())) {
                    limit
                } else {
                    before
                };
                for (_, fact) in facts(one, "contact_counted") {
                    let key = (fact["cycle"].to_string(), record["user_id"].to_string());
                    prop_assert!(counted.insert(key), "a contact counts once a cycle: {}", record);
                    if facts(one, "flow_started").next().is_some() {
                        prop_assert!(fact["count"].as_u64().unwrap() <= in_force, "past {}: {}", in_force, record);
                    }
                }
            }
            let head = scene.replay.head();
            let cycle = json!(head.terms().cycle_start()).to_string();
            prop_assert_eq!(counted.iter().filter(|(one, _)| *one == cycle).count() as u64, head.count());
        }
    }
}
