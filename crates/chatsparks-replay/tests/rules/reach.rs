//! P: reach. Windows, holds, the one message; and what M asks of a start.

use crate::rows::*;
use serde_json::{Value, json};

fn shop(reach: Value) -> Value {
    world(json!({
        "policy": { "reach": reach },
        "triggers": [ trigger("go", "ask", json!({ "public_reply": "Sent" })), trigger("hi", "hi", json!({})), trigger("two", "two", json!({})) ],
        "flows": [
            flow("ask", json!([{ "id": "q", "question": { "text": "Size?", "field": "size", "expect": "number" } }, { "id": "m", "message": { "text": "Thanks" } }])),
            flow("hi", json!([{ "id": "m", "message": { "text": "Hi" } }])),
            flow("two", json!([{ "id": "a", "message": { "text": "a" } }, { "id": "b", "message": { "text": "b" } }])) ] }))
}

fn buyer_first() -> Value {
    shop(json!({ "mode": "buyer_first" }))
}

fn answering() -> Value {
    shop(json!({ "mode": "comment_to_message" }))
}

/// With so many messages in a window.
fn window(mode: &str, messages: i64) -> Value {
    shop(json!({ "mode": mode, "messages_per_window": messages }))
}

fn limited(world: &Value, limit: i64) -> Value {
    but(
        world,
        "plan",
        json!({ "mac_limit": limit, "subscribed_at": "2026-01-01T00:00:00Z", "listening_window_days": 365 }),
    )
}

fn go(at: i64) -> Event {
    comment(at, "u1", "go")
}

fn marked(at: i64, text: &str) -> Event {
    comment(at, "u1", text).with("direct_reply", true)
}

fn wrote(at: i64, text: &str) -> Event {
    message(at, "u1", text)
}

#[test]
fn p1_open_knows_no_windows() {
    let open = shop(json!({ "mode": "open", "messages_per_window": 1 }));
    check(
        &open,
        &[comment(0, "u1", "two"), go(1), member_message(2, "u1", "x")],
        &["fired two | dm a | dm b", "fired go | reply Sent | dm Size?", "applied | dm x by mai@glow.example"],
    );
}

#[test]
fn p2_a_flow_is_held_until_the_buyer_writes() {
    let awaiting = "awaiting_message go | reply Sent";
    check(&buyer_first(), &[go(0), wrote(1, "7"), wrote(2, "7")], &[awaiting, "kept | dm Size?", "taken | dm Thanks"]);
    // No conversation before that; nobody is counted.
    let (_, state) = replay(&buyer_first(), &[go(0)]);
    assert_eq!((state.mac.count, state.contacts[0].awaiting, &state.contacts[0].conversation), (0, true, &None));
    // A tapped option, and a message without a text, are messages too.
    check_last(&buyer_first(), &[go(0), tap(1, "u1", "x")], "kept | dm Size?");
    // Another's message is not the buyer's.
    check_last(&buyer_first(), &[go(0), message(1, "u2", "x")], "out_of_flow | inbox out_of_flow");
}

#[test]
fn p2_a_hold_ends_half_open() {
    for (hours, world) in [(48, buyer_first()), (2, shop(json!({ "mode": "buyer_first", "hold_hours": 2 })))] {
        check_last(&world, &[go(0), wrote(hours * HOUR - 1, "x")], "kept | dm Size?");
        check(
            &world,
            &[go(0), wrote(hours * HOUR, "x")],
            &["awaiting_message go | reply Sent", &format!("hold_expiry +{hours}h"), "out_of_flow | inbox out_of_flow"],
        );
    }
    let told = facts(&buyer_first(), &[go(0), clock(48 * HOUR)], &["dropped", "held"]);
    assert_eq!(told, [format!("0 held go {}", at(48 * HOUR)), "1 dropped expired go".to_owned()]);
    // It counts from the comment: a late one's may be over already.
    check(
        &buyer_first(),
        &[clock(3 * DAY), go(0), wrote(3 * DAY, "x")],
        &["applied", "awaiting_message go | reply Sent", "hold_expiry +48h", "out_of_flow | inbox out_of_flow"],
    );
    check_last(&buyer_first(), &[clock(3 * DAY), go(0), wrote(2 * DAY, "x")], "out_of_flow | inbox out_of_flow");
    check_last(&buyer_first(), &[clock(3 * DAY), go(0), wrote(2 * DAY - 1, "x")], "kept | dm Size?");
}

#[test]
fn p2_the_message_starts_the_flow_even_when_another_waits_for_a_reply() {
    // The window of the first message is used up by the first flow, so that the second is held.
    let world = window("buyer_first", 1);
    check(
        &world,
        &[go(0), wrote(1, "x"), comment(2, "u1", "hi"), wrote(3, "7")],
        &["awaiting_message go | reply Sent", "kept | dm Size?", "awaiting_message hi", "kept | dm Hi"],
    );
    assert_eq!(stands(&world, &[go(0), wrote(1, "x"), comment(2, "u1", "hi"), wrote(3, "7")], "u1"), "1 waiting");
}

#[test]
fn p2_at_the_limit_the_message_queues_the_start() {
    let world = limited(&buyer_first(), 1);
    let full = [message(0, "u9", "x"), member_message(0, "u9", "x"), go(1), wrote(2, "7")];
    let told = told(&world, &full);
    assert_eq!(told[2..], ["queued go | reply Sent", "out_of_flow | inbox out_of_flow"]);
    // Held before the limit was reached.
    let full = [go(0), message(1, "u9", "x"), member_message(1, "u9", "x"), wrote(2, "7")];
    check_last(&world, &full, "kept");
    assert_eq!(facts(&world, &full, &["queued"]), [format!("3 queued go {}", at(48 * HOUR))]);
    assert_eq!(contact(&world, &full, "u1")["queued"], true);
    // Already counted: served as ever.
    let counted = [
        wrote(-DAY, "x"),
        member_message(-DAY, "u1", "x"),
        act(-DAY, "close", "u1"),
        configure(DAY, &limited(&window("buyer_first", 1), 1)),
        go(2 * DAY),
        wrote(2 * DAY, "7"),
    ];
    check_last(&world, &counted, "kept | dm Size?");
}

#[test]
fn p2_where_the_window_is_open_with_a_message_left_the_flow_starts_at_once() {
    let world = window("buyer_first", 1);
    let opened = [wrote(0, "x"), act(0, "close", "u1")];
    let after = |more: &[Event]| told(&world, &[&opened[..], more].concat()).pop().unwrap();
    assert_eq!(after(&[comment(48 * HOUR - 1, "u1", "hi")]), "fired hi | dm Hi");
    assert_eq!(after(&[comment(48 * HOUR, "u1", "hi")]), "awaiting_message hi");
    assert_eq!(after(&[comment(1, "u1", "hi"), go(2)]), "awaiting_message go | reply Sent");
    // A comment from before the window is not in it.
    assert_eq!(after(&[comment(-1, "u1", "hi")]), "awaiting_message hi");
    assert_eq!(after(&[comment(0, "u1", "hi")]), "fired hi | dm Hi");
}

#[test]
fn p2_a_start_whose_flow_is_gone_is_dropped_and_the_message_goes_on() {
    let mut without = buyer_first();
    without["triggers"] = json!([]);
    without["flows"] = json!([]);
    let events = [go(0), configure(1, &without), wrote(2, "7")];
    check_last(&buyer_first(), &events, "out_of_flow | inbox out_of_flow");
    assert_eq!(facts(&buyer_first(), &events, &["dropped"]), ["2 dropped flow_missing go"]);
}

#[test]
fn p3_only_a_marked_young_comment_that_is_no_reply_opens_a_dm() {
    let (opens, holds) = ("fired hi | dm Hi", "awaiting_message hi");
    let posted = |ago: i64| marked(0, "hi").with("posted_at", at(-ago));
    for (event, wanted) in [
        (marked(0, "hi"), opens),
        (comment(0, "u1", "hi"), holds),
        (marked(0, "hi").with("reply_to", "c9"), holds),
        (posted(48 * HOUR - 1), opens),
        (posted(48 * HOUR), holds),
        (posted(-HOUR), opens),
    ] {
        check(&answering(), std::slice::from_ref(&event), &[wanted]);
        // In the other mode the mark says nothing.
        check(&buyer_first(), &[event], &[holds]);
    }
}

#[test]
fn p3_a_dm_of_either_direction_within_a_day_keeps_it_shut() {
    // Blocked when they wrote: it opens no window, and counts all the same.
    let theirs = |offset| vec![act(0, "block", "u1"), wrote(0, "x"), act(0, "unblock", "u1"), marked(offset, "hi")];
    let ours = |offset| vec![marked(0, "go"), marked(offset, "hi")];
    for (offset, wanted) in [(0, "awaiting_message hi"), (DAY - 1, "awaiting_message hi"), (DAY, "fired hi | dm Hi")] {
        check_last(&answering(), &theirs(offset), wanted);
        check_last(&answering(), &ours(offset), wanted);
    }
    // A member's counts too.
    let spent = window("comment_to_message", 1);
    // A late one does not open it sooner: the last counts.
    let late = |offset| {
        let [blocked, unblocked] = [act(0, "block", "u1"), act(HOUR, "unblock", "u1")];
        [blocked, wrote(HOUR, "x"), wrote(0, "late"), unblocked, marked(offset, "hi")]
    };
    check_last(&answering(), &late(25 * HOUR - 1), "awaiting_message hi");
    check_last(&answering(), &late(25 * HOUR), "fired hi | dm Hi");
    let members = |offset| {
        vec![wrote(0, "x"), member_message(10 * HOUR, "u1", "x"), act(10 * HOUR, "close", "u1"), marked(offset, "hi")]
    };
    check_last(&spent, &members(34 * HOUR - 1), "awaiting_message hi");
    check_last(&spent, &members(34 * HOUR), "fired hi | dm Hi");
}

#[test]
fn p3_one_message_until_the_buyer_writes() {
    let held = "fired two | dm a";
    check(&answering(), &[marked(0, "two")], &[held]);
    assert_eq!(stands(&answering(), &[marked(0, "two")], "u1"), "1 waiting b");
    check_last(&answering(), &[marked(0, "two"), wrote(1, "x")], "kept | dm b");
    // A member has none left, and may use the one where the flow did not.
    check_last(&answering(), &[marked(0, "two"), member_message(1, "u1", "x")], "refused outside_window");
    let mut quiet = answering();
    quiet["flows"][1]["blocks"] = json!([{ "id": "t", "tag": { "tag": "x" } }]);
    check(
        &quiet,
        &[marked(0, "hi"), member_message(1, "u1", "x"), member_message(2, "u1", "y")],
        &["fired hi", "applied | dm x by mai@glow.example", "refused outside_window"],
    );
    // It ends with the buyer's next message, which opens a window in its place.
    let one = but(&quiet, "policy", json!({ "reach": { "mode": "comment_to_message", "messages_per_window": 1 } }));
    check(
        &one,
        &[marked(0, "hi"), wrote(1, "x"), member_message(2, "u1", "x"), member_message(3, "u1", "y")],
        &[
            "fired hi",
            "out_of_flow | inbox out_of_flow",
            "applied | dm x by mai@glow.example",
            "refused outside_window",
        ],
    );
}

#[test]
fn p3_an_open_window_serves_instead() {
    let opened = |messages| (window("comment_to_message", messages), [wrote(0, "x"), act(0, "close", "u1")]);
    let (world, [wrote, closed]) = opened(10);
    check_last(&world, &[wrote.clone(), closed.clone(), marked(1, "two")], "fired two | dm a | dm b");
    // Without a message left it does not, and the day of quiet is not over.
    let (world, _) = opened(1);
    check_last(&world, &[wrote, closed, marked(1, "two"), marked(2, "hi")], "awaiting_message hi");
}

#[test]
fn p3_a_comment_said_to_be_answerable_later_starts_then() {
    let go = |at| go(at).with("comment_id", "c");
    let told_later = |world: &Value, events: &[Event]| told(world, events).pop().unwrap();
    let say = |at| answerable(at, "u1", "c");
    let started = "applied | dm Size?";
    assert_eq!(told_later(&answering(), &[go(0), say(1)]), started);
    assert_eq!(told_later(&answering(), &[go(0), say(48 * HOUR - 1)]), started);
    assert_eq!(told_later(&answering(), &[go(0), say(48 * HOUR)]), "applied");
    assert_eq!(told_later(&answering(), &[go(0).with("posted_at", at(-47 * HOUR)), say(HOUR)]), "applied");
    assert_eq!(told_later(&answering(), &[go(0).with("posted_at", at(-47 * HOUR)), say(HOUR - 1)]), started);
    assert_eq!(told_later(&answering(), &[go(0).with("reply_to", "c9"), say(1)]), "applied");
    assert_eq!(told_later(&answering(), &[go(0), answerable(1, "u1", "other")]), "applied");
    assert_eq!(told_later(&buyer_first(), &[go(0), say(1)]), "applied");
    // Once, and not when nothing waits.
    assert_eq!(told_later(&answering(), &[go(0), say(1), say(2)]), "applied");
    assert_eq!(told_later(&answering(), &[say(0), go(1)]), "awaiting_message go | reply Sent");
    // Its one message comes with it.
    let two = comment(0, "u1", "two").with("comment_id", "c");
    assert_eq!(told_later(&answering(), &[two, say(1)]), "applied | dm a");
    // At the limit it is queued.
    let full = limited(&answering(), 1);
    let events = [message(0, "u9", "x"), go(0), member_message(1, "u9", "x"), say(2)];
    assert_eq!(told_later(&full, &events), "applied");
    assert_eq!(contact(&full, &events, "u1")["queued"], true);
}

#[test]
fn p4_a_window_is_half_open_and_has_its_number_of_messages() {
    let says = |at| member_message(at, "u1", "x");
    let sent = "applied | dm x by mai@glow.example";
    for mode in ["buyer_first", "comment_to_message"] {
        let world = window(mode, 2);
        let after = |more: &[Event]| told(&world, &[&[wrote(0, "x")], more].concat()).pop().unwrap();
        assert_eq!(after(&[says(48 * HOUR - 1)]), sent);
        assert_eq!(after(&[says(48 * HOUR)]), "refused outside_window");
        assert_eq!(after(&[says(-1)]), "refused outside_window");
        assert_eq!(after(&[says(0)]), sent);
        assert_eq!(after(&[says(1), says(2)]), sent);
        assert_eq!(after(&[says(1), says(2), says(3)]), "refused outside_window");
        // Each message opens one in place of the last, unless that opened later.
        assert_eq!(after(&[says(1), says(2), wrote(3, "y"), says(4), says(5)]), sent);
        assert_eq!(after(&[wrote(-HOUR, "late"), says(48 * HOUR - 1)]), sent);
        assert_eq!(after(&[says(1), says(2), wrote(-HOUR, "late"), says(3)]), "refused outside_window");
        assert_eq!(after(&[says(0), says(0), wrote(0, "y"), says(0)]), sent);
    }
    check(&buyer_first(), &[says(0)], &["refused outside_window"]);
    assert_eq!(contact(&buyer_first(), &[says(0)], "u1"), Value::Null);
}

#[test]
fn p4_a_flow_without_budget_is_held_and_the_next_message_lets_it_go_on() {
    let world = window("buyer_first", 1);
    let two = [comment(0, "u1", "two"), wrote(1, "x")];
    let after = |more: &[Event]| told(&world, &[&two[..], more].concat());
    assert_eq!(after(&[])[1], "kept | dm a");
    assert_eq!(stands(&world, &two, "u1"), "1 waiting b");
    assert_eq!(after(&[wrote(2, "y")])[2], "kept | dm b");
    // Held: no `idle`; `close` a day after the hold began, which is not after the last message.
    assert_eq!(after(&[clock(2 * DAY)])[2..], ["close +24h1ms", "applied"]);
    let again = [wrote(HOUR, "again")];
    let mut three = world.clone();
    three["flows"][2]["blocks"].as_array_mut().unwrap().push(json!({ "id": "c", "message": { "text": "c" } }));
    let held = [&two[..], &again[..], &[clock(3 * DAY)]].concat();
    assert_eq!(told(&three, &held)[2..], ["kept | dm b", "close +25h", "applied"]);
}

#[test]
fn v2_a_held_conversation_closes_a_day_after_the_hold_began() {
    // The bot spoke at once, and found no budget an hour later.
    let mut world = window("buyer_first", 1);
    let wait = json!({ "id": "w", "wait": { "seconds": 3600 } });
    world["flows"][2]["blocks"].as_array_mut().unwrap().insert(1, wait);
    check(
        &world,
        &[comment(0, "u1", "two"), wrote(1, "x"), clock(2 * DAY)],
        &["awaiting_message two", "kept | dm a", "flow_wait +1h1ms", "close +25h1ms", "applied"],
    );
}

#[test]
fn p4_being_held_does_not_begin_the_count_of_mismatches_anew() {
    let world = window("buyer_first", 1);
    // Asked; not taken, and that message's window lets the bot ask again; then the second in a row.
    check(
        &world,
        &[go(0), wrote(1, "x"), wrote(2, "bad"), wrote(3, "bad")],
        &[
            "awaiting_message go | reply Sent",
            "kept | dm Size?",
            "mismatch | dm Size?",
            "mismatch | inbox unrecognized_replies",
        ],
    );
    // A late message opens no window: the bot cannot ask again, and is held with its count.
    let late = [go(0), wrote(HOUR, "x"), wrote(2, "bad")];
    check(&world, &late, &["awaiting_message go | reply Sent", "kept | dm Size?", "mismatch"]);
    assert_eq!(stands(&world, &late, "u1"), "1 waiting q");
    let held = [&late[..], &[wrote(2 * HOUR, "7"), wrote(3 * HOUR, "bad")]].concat();
    assert_eq!(told(&world, &held)[3..], ["kept | dm Size?", "idle +3h", "mismatch | inbox unrecognized_replies"]);
}

#[test]
fn p4_a_new_policy_moves_no_window() {
    let shorter = shop(json!({ "mode": "buyer_first", "window_hours": 1, "messages_per_window": 1 }));
    let says = |at| member_message(at, "u1", "x");
    let sent = "applied | dm x by mai@glow.example";
    check_last(&buyer_first(), &[wrote(0, "x"), configure(1, &shorter), says(2), says(48 * HOUR - 1)], sent);
    check_last(&shorter, &[wrote(0, "x"), configure(1, &buyer_first()), says(HOUR)], "refused outside_window");
    // Nor a hold that is set.
    let hold = shop(json!({ "mode": "buyer_first", "hold_hours": 1 }));
    check_last(&buyer_first(), &[go(0), configure(1, &hold), wrote(2 * HOUR, "x")], "kept | dm Size?");
}

#[test]
fn p5_a_removed_comment_takes_its_start_away_before_it_began() {
    let go = |at| go(at).with("comment_id", "c");
    let held = [go(0), removed(1, "u1", "c"), wrote(2, "x")];
    check(&buyer_first(), &held, &["awaiting_message go | reply Sent", "applied", "out_of_flow | inbox out_of_flow"]);
    assert_eq!(facts(&buyer_first(), &held, &["dropped"]), ["1 dropped comment_removed go"]);
    // Another comment's removal does nothing, and neither does one after it began.
    check_last(&buyer_first(), &[go(0), removed(1, "u1", "x"), wrote(2, "x")], "kept | dm Size?");
    check_last(&buyer_first(), &[go(0), wrote(1, "x"), removed(2, "u1", "c"), wrote(3, "7")], "taken | dm Thanks");
    // The one that was replaced is not waited for any more.
    check_last(&buyer_first(), &[go(0), comment(1, "u1", "hi"), removed(2, "u1", "c"), wrote(3, "x")], "kept | dm Hi");
    // Queued ones too; and nobody becomes known by it.
    let full = limited(&shop(json!({ "mode": "open" })), 1);
    let queued = [comment(0, "u9", "hi"), go(1), removed(2, "u1", "c")];
    assert_eq!(facts(&full, &queued, &["dropped"]), ["2 dropped comment_removed go"]);
    assert_eq!(contact(&full, &[removed(0, "u1", "c")], "u1"), Value::Null);
}

#[test]
fn c6_a_removed_comment_takes_the_throttle_along_that_its_firing_began() {
    let go = |at, id: &str| go(at).with("comment_id", id);
    let gone = |at, id: &str| removed(at, "u1", id);
    let (held, throttled) = ("awaiting_message go | reply Sent", "throttled go until +24h");
    let first = buyer_first();
    check(
        &first,
        &[go(0, "c"), gone(1, "c"), go(2, "d"), go(3, "e"), gone(4, "e"), gone(4, "d"), go(5, "f")],
        &[held, "applied", held, "throttled go until +24h2ms", "applied", "applied", held],
    );
    // Queued ones too.
    let full = limited(&shop(json!({ "mode": "open" })), 1);
    let queued = [comment(0, "u9", "hi"), go(1, "c"), gone(2, "c"), go(3, "d")];
    assert_eq!(told(&full, &queued)[1..], ["queued go | reply Sent", "applied", "queued go | reply Sent"]);
    // Once it began, or was dropped for another reason, the throttle stays.
    check_last(&first, &[go(0, "c"), wrote(1, "x"), gone(2, "c"), go(3, "d")], throttled);
    check_last(
        &first,
        &[go(0, "c"), act(1, "block", "u1"), act(1, "unblock", "u1"), gone(2, "c"), go(3, "d")],
        throttled,
    );
    check_last(&first, &[go(0, "c"), comment(1, "u1", "hi"), gone(2, "c"), go(3, "d")], throttled);
    // Another trigger's, and another contact's, stay as they are.
    check_last(
        &first,
        &[comment(0, "u1", "hi"), go(1, "c"), gone(2, "c"), comment(3, "u1", "hi")],
        "throttled hi until +24h",
    );
    check_last(&first, &[comment(0, "u2", "go"), go(1, "c"), gone(2, "c"), comment(3, "u2", "go")], throttled);
}

#[test]
fn c6_the_throttle_of_the_firing_before_stands_again_for_what_comes_late() {
    let go = |at, id: &str| go(at).with("comment_id", id);
    let first = buyer_first();
    let twice = [go(0, "a"), wrote(1, "x"), act(1, "close", "u1"), go(60 * HOUR, "c"), removed(61 * HOUR, "u1", "c")];
    let after = |at| told(&first, &[&twice[..], &[go(at, "d")]].concat()).pop().unwrap();
    for at in [-9 * HOUR, 0, DAY - 1] {
        assert_eq!(after(at), "throttled go until +24h", "{at}");
    }
    // The window of the message in between is open yet.
    assert_eq!(after(DAY), "fired go | reply Sent | dm Size?");
    for at in [60 * HOUR - 1, 60 * HOUR, 62 * HOUR] {
        assert_eq!(after(at), "awaiting_message go | reply Sent", "{at}");
    }
    // One that fired again since, without a start of its own, keeps its throttle: later, and at the same instant.
    let cannot_send =
        |world: &Value| but(world, "connections", json!({ "tiktok": { "connected": true, "scopes": ["comments"] } }));
    let mut often = buyer_first();
    often["triggers"][0]["throttle_hours"] = 0.into();
    for again in [0, HOUR] {
        let events = [
            go(0, "a"),
            configure(0, &cannot_send(&often)),
            go(again, "b"),
            removed(2 * HOUR, "u1", "a"),
            go(-1, "late"),
        ];
        let until = if again == 0 { "+0ms" } else { "+1h" };
        let told = told(&often, &events);
        assert_eq!(told[2..], ["undeliverable go | reply Sent", "applied", &format!("throttled go until {until}")]);
    }
}

#[test]
fn p3_a_queued_start_is_judged_when_the_flow_would_start() {
    // Room comes when the window is open, or the comment still young and marked; else it is held then.
    let world = limited(&answering(), 1);
    let more = limited(&answering(), 9);
    let fill = [message(0, "u9", "x"), member_message(0, "u9", "x")];
    let after = |comment: Event, raised: i64| {
        told(&world, &[&fill[..], &[comment, configure(raised, &more)]].concat()).pop().unwrap()
    };
    assert_eq!(after(marked(1, "go"), HOUR), "queue_release +1h | dm Size?");
    assert_eq!(after(go(1), HOUR), "queue_release +1h");
    let aged = marked(1, "go").with("posted_at", at(-47 * HOUR));
    assert_eq!(after(aged.clone(), HOUR - 1), "queue_release +59m59s999ms | dm Size?");
    assert_eq!(after(aged, HOUR), "queue_release +1h");
    // Said to be answerable while it was queued, it is when its turn comes.
    let told_so = [&fill[..], &[go(1), answerable(2, "u1", "c2"), configure(HOUR, &more)]].concat();
    check_last(&world, &told_so, "queue_release +1h | dm Size?");
    // Held from then on, it is held as long as its comment allows.
    let held = [&fill[..], &[go(1), configure(HOUR, &more), wrote(2 * HOUR, "x")]].concat();
    check_last(&world, &held, "kept | dm Size?");
}
