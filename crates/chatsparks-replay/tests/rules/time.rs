//! T: time, identity, order.

use crate::rows::*;
use serde_json::{Value, json};

/// A question, a wait, a plain message; a limit and cycles as a row asks for.
fn shop() -> Value {
    world(json!({
        "triggers": [ trigger("price", "ask", json!({ "public_reply": "Sent" })), trigger("later", "wait", json!({})),
                      trigger("hi", "hi", json!({})) ],
        "flows": [
            flow("ask", json!([{ "id": "q", "question": { "text": "Size?", "field": "size" } }])),
            flow("wait", json!([{ "id": "w", "wait": { "seconds": 3600 } }, { "id": "m", "message": { "text": "Now" } }])),
            flow("hi", json!([{ "id": "m", "message": { "text": "Hi" } }])) ] }))
}

fn order(offset: i64, id: &str) -> Event {
    let lines = json!([{ "sku_id": "s", "amount_minor": 100 }]);
    event(
        offset,
        "order",
        json!({ "order_id": id, "user_id": "u1", "currency": "THB", "total_minor": 100, "lines": lines }),
    )
}

fn refund(offset: i64, id: &str) -> Event {
    event(offset, "refund", json!({ "refund_id": id, "order_id": "o1", "amount_minor": 10 }))
}

fn cancelled(offset: i64) -> Event {
    event(offset, "order_cancelled", json!({ "order_id": "o1" }))
}

#[test]
fn t1_the_same_events_give_the_same_bytes() {
    let events: Vec<Event> = (0..40).map(|n| comment(n * MINUTE, &format!("u{}", n % 7), "price hi later")).collect();
    assert_eq!(replay(&shop(), &events), replay(&shop(), &events));
}

#[test]
fn t3_an_event_id_is_processed_once_whatever_it_brings() {
    let before = [order(0, "o1"), comment(0, "u1", "price"), act(0, "take", "u1")];
    for (again, wanted) in [
        (comment(1, "u2", "price"), "duplicate"),
        (message(1, "u1", "M"), "duplicate"),
        (act(1, "hand_back", "u1"), "duplicate"),
        (member_message(1, "u1", "Hello"), "duplicate"),
        (event(1, "assign", json!({ "user_id": "u1", "member": "a@b.co", "to": "c@d.co" })), "duplicate"),
        (act(1, "block", "u1"), "duplicate"),
        (order(1, "o2"), "duplicate"),
        (refund(1, "r1"), "duplicate"),
        (cancelled(1), "duplicate"),
        (event(1, "identity", json!({ "user_id": "u5", "shop_user_id": "s5" })), "duplicate"),
        (event(1, "receipt", json!({ "dm_id": "e1/1", "status": "sent" })), "duplicate"),
        (configure(1, &but(&shop(), "sensitive", json!([{ "words": ["x"], "handoff": true }]))), "duplicate"),
        (clock(1), "duplicate"),
        (removed(1, "u1", "c1"), "duplicate"),
        (answerable(1, "u1", "c1"), "duplicate"),
    ] {
        let once: Vec<Event> = before.iter().cloned().chain([again.clone().id("x")]).collect();
        let twice: Vec<Event> = once.iter().cloned().chain([again.id("x")]).collect();
        check_last(&shop(), &twice, wanted);
        assert_eq!(replay(&shop(), &once).1, replay(&shop(), &twice).1, "{twice:?}");
    }
}

#[test]
fn t3_a_thing_seen_before_is_a_duplicate_under_a_new_event_too() {
    let twice = |first: Event, again: Event| told(&shop(), &[order(0, "o1"), first, again]).pop().unwrap();
    let c = |at| comment(at, "u1", "price").with("comment_id", "c");
    let m = |at| message(at, "u1", "M").with("message_id", "m");
    assert_eq!(twice(c(1), c(2)), "duplicate");
    // Whoever is said to have written it.
    assert_eq!(twice(c(1), c(2).with("user_id", "u2")), "duplicate");
    assert_eq!(twice(m(1), m(2)), "duplicate");
    assert_eq!(twice(order(1, "o2"), order(2, "o2")), "duplicate");
    assert_eq!(twice(refund(1, "r1"), refund(2, "r1")), "duplicate");
    assert_eq!(twice(refund(1, "r1"), refund(2, "r2")), "applied");
    assert_eq!(twice(cancelled(1), cancelled(2)), "duplicate");
    // What is not named there may come again.
    assert_eq!(twice(act(1, "block", "u1"), act(2, "block", "u1")), "applied");
}

#[test]
fn t3_a_members_message_id_is_looked_at_like_a_buyers() {
    let hello = |at| member_message(at, "u1", "Hello").with("message_id", "m");
    let sent = "applied | dm Hello by mai@glow.example";
    check(
        &shop(),
        &[hello(0), hello(1), message(2, "u1", "M").with("message_id", "m")],
        &[sent, "duplicate", "duplicate"],
    );
    // A duplicate of a member's message says so as everything but a buyer's does.
    assert_eq!(replay(&shop(), &[hello(0), hello(1)]).0[1]["outcome"], json!({ "duplicate": {} }));
    check_last(&shop(), &[message(0, "u1", "M").with("message_id", "m"), hello(1)], "duplicate");
    // A refused one leaves its message id free.
    let first = but(&shop(), "policy", json!({ "reach": { "mode": "buyer_first" } }));
    check(
        &first,
        &[hello(0), message(1, "u1", "M"), hello(2), hello(3)],
        &["refused outside_window", "out_of_flow | inbox out_of_flow", sent, "duplicate"],
    );
}

#[test]
fn t3_what_was_not_known_may_come_again_under_the_same_id() {
    let review =
        |at| event(at, "order_review", json!({ "order_id": "o1", "verdict": "confirm", "member": "mai@glow.example" }));
    let refused = "refused unknown_order";
    for (again, wanted) in [
        (refund(1, "r1"), [refused, "applied", "duplicate"]),
        (cancelled(1), [refused, "applied", "duplicate"]),
        // Known by now, and refused for another reason: then the id is used up.
        (review(1), [refused, "refused not_soft", "duplicate"]),
    ] {
        let at = |offset| again.clone().id("x").with("at", at(offset));
        let told = told(&shop(), &[at(1), order(2, "o1"), at(3), at(4)]);
        assert_eq!([&told[0], &told[2], &told[3]], wanted, "{again:?}");
        // Unknown it stays refused, as often as it comes.
        check(&shop(), &[at(1), at(2), at(3)], &[refused; 3]);
    }
    let sent = |offset| event(offset, "receipt", json!({ "dm_id": "h/0", "status": "sent" })).id("x");
    let hello = member_message(2, "u1", "Hello").id("h");
    let told = told(&shop(), &[sent(0), hello, sent(3), sent(4)]);
    assert_eq!([&told[0], &told[2], &told[3]], ["refused unknown_dm", "applied", "duplicate"]);
    // Too old, it is refused for good.
    let old = [clock(0), refund(-401 * DAY, "r1").id("x"), order(1, "o1"), refund(2, "r1").id("x")];
    check(&shop(), &old, &["applied", "refused too_old", "organic", "duplicate"]);
}

#[test]
fn t3_a_refused_event_that_may_come_again_moves_time_each_time() {
    let sent = |offset| event(offset, "receipt", json!({ "dm_id": "e9/0", "status": "sent" })).id("x");
    let asked = "fired price | reply Sent | dm Size?";
    check(
        &shop(),
        &[comment(0, "u1", "price"), sent(2 * HOUR), sent(DAY), comment(HOUR, "u2", "x")],
        &[asked, "idle +1h", "refused unknown_dm", "close +24h", "refused unknown_dm", "no_match"],
    );
    // It may be the first event of all, which finds the cycle that it lies in (M2).
    let (_, state) = replay(&shop(), &[sent(0)]);
    assert_eq!(state.mac.cycle_start.unwrap().to_string(), "2026-03-01T00:00:00Z");
    assert_eq!(replay(&shop(), &[]).1.mac.cycle_start, None);
}

#[test]
fn t3_a_new_event_moves_time_even_when_its_thing_is_a_duplicate() {
    let again = |offset| message(offset, "u2", "M").with("message_id", "m");
    check(
        &shop(),
        &[comment(0, "u1", "price"), again(1), again(2 * HOUR)],
        &["fired price | reply Sent | dm Size?", "out_of_flow | inbox out_of_flow", "idle +1h", "duplicate"],
    );
    let twice = [order(0, "o1"), cancelled(1), comment(1, "u1", "price"), cancelled(2 * HOUR)];
    check_last(&shop(), &twice, "duplicate");
    assert_eq!(told(&shop(), &twice)[3], "idle +1h1ms");
}

#[test]
fn t3_a_duplicate_comment_or_message_says_so_in_its_own_outcome() {
    for (event, wanted) in [
        (comment(0, "u1", "price"), json!({ "comment": { "result": "duplicate" } })),
        (message(0, "u1", "M"), json!({ "message": { "result": "duplicate" } })),
        (order(0, "o1"), json!({ "duplicate": {} })),
        (clock(0), json!({ "duplicate": {} })),
    ] {
        let (records, _) = replay(&shop(), &[event.clone().id("x"), event.id("x")]);
        assert_eq!(records[1]["outcome"], wanted);
        assert_eq!((&records[1]["effects"], &records[1]["facts"]), (&json!([]), &json!([])));
    }
}

#[test]
fn t3_a_known_event_id_moves_no_time_and_a_new_one_does() {
    let price = comment(0, "u1", "price").with("comment_id", "c").id("x");
    let asked = "fired price | reply Sent | dm Size?";
    check(&shop(), &[price.clone(), price.clone().with("at", at(2 * HOUR))], &[asked, "duplicate"]);
    check(
        &shop(),
        &[price.clone(), price.with("at", at(2 * HOUR)).id("y"), clock(HOUR)],
        &[asked, "idle +1h", "duplicate", "applied"],
    );
}

#[test]
fn t3_a_refused_events_id_is_used_up() {
    let price = comment(0, "u1", "price");
    let hand_back = |at| act(at, "hand_back", "u1").id("x");
    check(
        &shop(),
        &[price, hand_back(1), act(2, "take", "u1"), hand_back(3), hand_back(4).id("y")],
        &["fired price | reply Sent | dm Size?", "refused not_human", "applied", "duplicate", "applied | dm Size?"],
    );
    let old = comment(-401 * DAY, "u1", "price").id("x");
    check(&shop(), &[clock(0), old.clone(), old.with("at", at(1))], &["applied", "refused too_old", "duplicate"]);
}

#[test]
fn t3_a_refused_refund_leaves_its_refund_id_free() {
    check(
        &shop(),
        &[refund(0, "r1"), order(1, "o1"), refund(2, "r1"), refund(3, "r1")],
        &["refused unknown_order", "organic", "applied", "duplicate"],
    );
    check(&shop(), &[cancelled(0), order(1, "o1"), cancelled(2)], &["refused unknown_order", "organic", "applied"]);
}

#[test]
fn t3_ids_are_looked_at_before_anything_else() {
    let c = |at, user| comment(at, user, "price").with("comment_id", "c");
    // Not too old, but known: by its event's id, and by its own.
    check_last(&shop(), &[c(0, "u1").id("x"), clock(DAY), c(-500 * DAY, "u1").id("x")], "duplicate");
    check_last(&shop(), &[c(0, "u1"), clock(DAY), c(-500 * DAY, "u1")], "duplicate");
    // C1: before its author.
    check_last(&shop(), &[c(0, "u1"), c(1, "acct")], "duplicate");
    check_last(&shop(), &[c(0, "acct"), c(1, "acct")], "duplicate");
    // Before who acts.
    let owner = json!([{ "email": "o@glow.example", "role": "owner", "status": "active" }]);
    let review =
        event(0, "order_review", json!({ "order_id": "o1", "verdict": "confirm", "member": "x@y.co" })).id("x");
    check(&but(&shop(), "members", owner), &[review.clone(), review], &["refused not_a_member", "duplicate"]);
}

/// A history after which a timer of every kind is due at the same instant, 48 hours on.
fn everything_due_at_once() -> Vec<Event> {
    let reach = |mode: &str| {
        let policy = json!({ "reach": { "mode": mode } });
        configure(if mode == "open" { MINUTE } else { 0 }, &but(&limited("2026-01-01T00:00:00Z"), "policy", policy))
    };
    vec![
        comment(-HOUR, "u5", "hi"),
        comment(-HOUR, "u7", "hi"),
        comment(-HOUR, "u8", "hi"),
        comment(-HOUR, "u9", "hi"),
        comment(0, "u6", "hi"),
        reach("buyer_first"),
        comment(0, "u5", "price"),
        reach("open"),
        comment(24 * HOUR, "u7", "hi"),
        comment(47 * HOUR, "u8", "price"),
        comment(47 * HOUR, "u9", "later"),
        clock(48 * HOUR),
    ]
}

fn limited(subscribed_at: &str) -> Value {
    but(&shop(), "plan", json!({ "mac_limit": 4, "subscribed_at": subscribed_at, "listening_window_days": 30 }))
}

#[test]
fn t4_timers_due_at_one_instant_fire_by_kind() {
    let all = told(&limited("2026-01-01T00:00:00Z"), &everything_due_at_once());
    assert_eq!(
        all[all.len() - 6..],
        [
            "flow_wait +48h u9 | dm Now",
            "idle +48h u8",
            "close +48h u7",
            "queue_expiry +48h u6",
            "hold_expiry +48h u5",
            "applied"
        ]
    );
    // With a cycle that begins right then, the release comes before the expiry, and drops the start (M6).
    let mut events = everything_due_at_once();
    let start = "2026-02-04T10:00:00Z";
    for (place, mode) in [(5, "buyer_first"), (7, "open")] {
        let policy = json!({ "reach": { "mode": mode } });
        events[place] = configure(if place == 5 { 0 } else { MINUTE }, &but(&limited(start), "policy", policy));
    }
    let all = told(&limited(start), &events);
    assert_eq!(
        all[all.len() - 7..],
        [
            "cycle +48h",
            "queue_release +48h u6",
            "flow_wait +48h u9 | dm Now",
            "idle +48h u8",
            "close +48h u7",
            "hold_expiry +48h u5",
            "applied"
        ]
    );
}

#[test]
fn t4_a_timer_fires_at_its_due_instant_and_not_before() {
    for (now, fired) in [(HOUR - 1, false), (HOUR, true), (HOUR + 1, true)] {
        let all = told(&shop(), &[comment(0, "u1", "price"), clock(now)]);
        assert_eq!(all.contains(&"idle +1h".to_owned()), fired, "{now}");
    }
}

#[test]
fn t4_a_fired_timer_is_handled_at_its_own_instant() {
    // What runs after the wait counts from the wait's end, not from the event that came days later.
    check(
        &shop(),
        &[comment(0, "u1", "later"), clock(9 * DAY)],
        &["fired later", "flow_wait +1h | dm Now", "close +25h", "applied"],
    );
}

#[test]
fn t4_a_timer_due_at_an_events_instant_fires_before_it() {
    check(
        &shop(),
        &[comment(0, "u1", "price"), message(DAY, "u1", "M")],
        &["fired price | reply Sent | dm Size?", "idle +1h", "close +24h", "out_of_flow | inbox out_of_flow"],
    );
    check_last(&shop(), &[comment(0, "u1", "price"), message(DAY - 1, "u1", "M")], "taken");
}

#[test]
fn t4_a_cycle_that_began_at_or_before_the_first_event_fires_nothing() {
    // Cycles begin at 10:00 on the second of each month.
    let world = limited("2026-01-02T10:00:00Z");
    check(&world, &[clock(0)], &["applied"]);
    check(&world, &[clock(-1), clock(0)], &["applied", "cycle +0ms", "applied"]);
    check(&world, &[clock(-1), clock(-1)], &["applied", "applied"]);
    // Each that passed fires, one after another.
    check(&world, &[clock(0), clock(62 * DAY)], &["applied", "cycle +744h", "cycle +1464h", "applied"]);
}

#[test]
fn t4_a_late_event_fires_none_and_what_it_makes_due_waits() {
    check(
        &shop(),
        &[clock(3 * HOUR), comment(0, "u1", "price"), comment(2 * HOUR, "u2", "x"), clock(3 * HOUR)],
        &["applied", "fired price | reply Sent | dm Size?", "no_match", "idle +1h", "applied"],
    );
    // An event at the latest instant is not late.
    check(
        &but(&shop(), "policy", json!({ "waiting_after_minutes": 0 })),
        &[clock(HOUR), comment(HOUR, "u1", "price"), comment(HOUR - 1, "u2", "price")],
        &["applied", "fired price | reply Sent | dm Size?", "idle +1h", "fired price | reply Sent | dm Size?"],
    );
}

#[test]
fn t5_an_event_of_400_days_ago_is_taken_and_an_older_one_refused() {
    for (offset, wanted) in [(1, "no_match"), (0, "no_match"), (-1, "refused too_old")] {
        check_last(&shop(), &[clock(400 * DAY), comment(offset, "u1", "x")], wanted);
    }
    // It makes no contact, and leaves the comment's id free.
    let old = [clock(400 * DAY), comment(-1, "u1", "x").with("comment_id", "c")];
    assert_eq!(contact(&shop(), &old, "u1"), Value::Null);
    let [clock, old] = old;
    check_last(&shop(), &[clock, old, comment(400 * DAY, "u1", "x").with("comment_id", "c")], "no_match");
}

#[test]
fn t5_a_late_dm_counts_in_the_cycle_in_force() {
    let events = [clock(-1), clock(0), comment(-HOUR, "u1", "hi")];
    let world = limited("2026-01-02T10:00:00Z");
    assert_eq!(facts(&world, &events, &["contact_counted"]), [format!("3 contact_counted 1 {}", at(0))]);
    let (_, state) = replay(&world, &events);
    assert_eq!((state.mac.cycle_start.unwrap().to_string(), state.mac.count), (at(0), 1));
}

#[test]
fn t6_effects_bear_the_id_of_their_event_or_timer_and_their_place() {
    let ids = |events: &[Event]| -> Vec<String> {
        let (records, _) = replay(&shop(), events);
        let effects = records.iter().flat_map(|record| record["effects"].as_array().unwrap());
        effects.map(|effect| effect["id"].as_str().unwrap().to_owned()).collect()
    };
    let due = at(HOUR);
    assert_eq!(ids(&[comment(0, "u1", "price").id("x")]), ["x/0", "x/1"]);
    let wait = [comment(0, "u1", "later"), clock(2 * HOUR)];
    assert_eq!(ids(&wait), [format!("timer:flow_wait:u1:{due}/0")]);
    // A late comment of another trigger's sets the same wait again: it fires a second time at one due instant.
    let again = trigger("again", "wait", json!({}));
    let mut world = shop();
    world["triggers"].as_array_mut().unwrap().push(again);
    let [first, past] = wait;
    let (records, _) = replay(&world, &[first, past, comment(0, "u1", "again"), clock(2 * HOUR)]);
    assert_eq!(records[4]["effects"][0]["id"], format!("timer:flow_wait:u1:{due}#2/0"));
}

#[test]
fn t6_a_timer_that_fires_again_is_counted_also_when_it_fired_at_another_instant_between() {
    let mut world = shop();
    for id in ["again", "once more"] {
        world["triggers"].as_array_mut().unwrap().push(trigger(id, "wait", json!({})));
    }
    let events = [
        comment(0, "u1", "later"),
        clock(2 * HOUR),
        comment(HOUR, "u1", "again"),
        clock(3 * HOUR),
        comment(0, "u1", "once more"),
        clock(4 * HOUR),
    ];
    let (records, _) = replay(&world, &events);
    let effects = records.iter().flat_map(|record| record["effects"].as_array().unwrap());
    let ids: Vec<_> = effects.map(|effect| effect["id"].as_str().unwrap()).collect();
    let [first, second] = [at(HOUR), at(2 * HOUR)];
    let timer = "timer:flow_wait:u1:";
    assert_eq!(ids, [format!("{timer}{first}/0"), format!("{timer}{second}/0"), format!("{timer}{first}#2/0")]);
}
