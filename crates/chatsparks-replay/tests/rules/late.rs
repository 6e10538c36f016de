//! What comes late: no rule is broken by it (T5), and nothing is brought forward.

use crate::rows::*;
use serde_json::{Value, json};

/// `go` asks for a number, `hi` says, `two` says twice, `later` waits.
fn shop(reach: Value) -> Value {
    world(json!({
        "policy": { "reach": reach },
        "triggers": [ trigger("go", "ask", json!({})), trigger("hi", "hi", json!({})), trigger("two", "two", json!({})),
                      trigger("later", "wait", json!({})), trigger("mute", "mute", json!({})) ],
        "flows": [
            flow("ask", json!([{ "id": "q", "question": { "text": "Size?", "field": "size", "expect": "number" } }, { "id": "m", "message": { "text": "Thanks" } }])),
            flow("hi", json!([{ "id": "m", "message": { "text": "Hi" } }])),
            flow("two", json!([{ "id": "a", "message": { "text": "a" } }, { "id": "b", "message": { "text": "b" } }])),
            flow("wait", json!([{ "id": "w", "wait": { "seconds": 3600 } }, { "id": "m", "message": { "text": "Now" } }])),
            flow("mute", json!([{ "id": "t", "tag": { "tag": "x" } }])) ] }))
}

fn open() -> Value {
    shop(json!({}))
}

fn answering(messages: i64) -> Value {
    shop(json!({ "mode": "comment_to_message", "messages_per_window": messages }))
}

fn wrote(at: i64, text: &str) -> Event {
    message(at, "u1", text)
}

fn says(at: i64) -> Event {
    member_message(at, "u1", "x")
}

fn go(at: i64) -> Event {
    comment(at, "u1", "go")
}

const SENT: &str = "applied | dm x by mai@glow.example";

#[test]
fn v2_a_late_message_of_the_bot_brings_neither_idle_nor_close_forward() {
    let asked = "fired go | dm Size?";
    let again = "mismatch | dm Size?";
    // Asked again by a late reply: both still count from the first asking.
    check(
        &open(),
        &[go(10 * HOUR), wrote(HOUR, "x"), clock(100 * HOUR)],
        &[asked, again, "idle +11h", "close +34h", "applied"],
    );
    // One that is late, but later than the last, counts.
    check(
        &open(),
        &[go(0), clock(30 * MINUTE), wrote(20 * MINUTE, "x"), clock(100 * HOUR)],
        &[asked, "applied", again, "idle +1h20m", "close +24h20m", "applied"],
    );
    // A flow that a late message ends closes after the bot's latest message, too.
    check(
        &open(),
        &[go(10 * HOUR), wrote(HOUR, "7"), clock(100 * HOUR)],
        &[asked, "taken | dm Thanks", "close +34h", "applied"],
    );
    check(
        &open(),
        &[comment(10 * HOUR, "u1", "hi"), comment(HOUR, "u1", "mute"), clock(100 * HOUR)],
        &["fired hi | dm Hi", "fired mute", "close +34h", "applied"],
    );
    // A late start in the open conversation.
    check(
        &open(),
        &[comment(10 * HOUR, "u1", "hi"), go(HOUR), clock(100 * HOUR)],
        &["fired hi | dm Hi", asked, "idle +11h", "close +34h", "applied"],
    );
    // Of a conversation before it nothing counts.
    check(
        &open(),
        &[comment(10 * HOUR, "u1", "hi"), act(10 * HOUR, "close", "u1"), go(HOUR), clock(100 * HOUR)],
        &["fired hi | dm Hi", "applied", asked, "idle +2h", "close +25h", "applied"],
    );
}

#[test]
fn v2_a_due_instant_already_past_becomes_the_present_one() {
    // A flow that says nothing ends 30 hours after the bot's last message, by a comment that is late itself.
    check(
        &open(),
        &[
            comment(0, "u1", "hi"),
            act(HOUR, "take", "u1"),
            clock(40 * HOUR),
            act(30 * HOUR, "hand_back", "u1"),
            comment(30 * HOUR, "u1", "mute"),
            clock(40 * HOUR),
        ],
        &["fired hi | dm Hi", "applied", "applied", "applied", "fired mute", "close +30h", "applied"],
    );
}

#[test]
fn p4_a_late_message_opens_a_window_only_if_the_last_did_not_open_later() {
    let world = shop(json!({ "mode": "buyer_first", "messages_per_window": 1, "window_hours": 48 }));
    // The last one opened later: it stays, with what is left of it, and with its end.
    for (late, at, wanted) in [
        (HOUR, 58 * HOUR - 1, SENT),
        (HOUR, 58 * HOUR, "refused outside_window"),
        (9 * HOUR, 58 * HOUR, "refused outside_window"),
        // At the very instant it is as late as the last, and takes its place.
        (10 * HOUR, 58 * HOUR - 1, SENT),
    ] {
        check_last(&world, &[wrote(10 * HOUR, "x"), wrote(late, "late"), says(at)], wanted);
    }
    let spent = [wrote(10 * HOUR, "x"), says(11 * HOUR)];
    let after =
        |late: i64| told(&world, &[&spent[..], &[wrote(late, "late"), says(12 * HOUR)]].concat()).pop().unwrap();
    assert_eq!(after(10 * HOUR - 1), "refused outside_window");
    assert_eq!(after(10 * HOUR), SENT);
    assert_eq!(after(11 * HOUR), SENT);
    // Late, but after the last one opened: it opens one that runs from its own instant.
    let older = [wrote(0, "x"), clock(20 * HOUR), wrote(10 * HOUR, "late")];
    let after = |at: i64| told(&world, &[&older[..], &[says(at)]].concat()).pop().unwrap();
    assert_eq!((after(58 * HOUR - 1).as_str(), after(58 * HOUR).as_str()), (SENT, "refused outside_window"));
}

#[test]
fn p3_a_late_message_that_opens_no_window_leaves_the_one_message_as_it_is() {
    let marked = |at, text| comment(at, "u1", text).with("direct_reply", true);
    let mut quiet = answering(1);
    quiet["flows"][1]["blocks"] = json!([{ "id": "t", "tag": { "tag": "x" } }]);
    // A window opened and was used up; a day of quiet later a comment brings one message along.
    let one = [wrote(0, "x"), says(1), act(1, "close", "u1"), marked(26 * HOUR, "hi")];
    let after = |more: &[Event]| told(&quiet, &[&one[..], more].concat()).pop().unwrap();
    assert_eq!(after(&[says(27 * HOUR)]), SENT);
    assert_eq!(after(&[says(27 * HOUR), says(27 * HOUR)]), "refused outside_window");
    assert_eq!(after(&[wrote(-1, "late"), says(27 * HOUR)]), SENT);
    // As late as the window's own opening, it opens another: in that one there is one message too, and no other.
    assert_eq!(after(&[wrote(0, "late"), says(27 * HOUR)]), SENT);
    assert_eq!(after(&[wrote(0, "late"), says(27 * HOUR), says(27 * HOUR)]), "refused outside_window");
    assert_eq!(after(&[wrote(-1, "late"), says(27 * HOUR), says(27 * HOUR)]), "refused outside_window");
    // The window of a message that came late is over sooner, and the one message is gone with it.
    assert_eq!(after(&[wrote(HOUR, "late"), says(49 * HOUR)]), "refused outside_window");
    assert_eq!(after(&[wrote(-1, "late"), says(49 * HOUR)]), SENT);
    // Without any window the next message ends it, however late.
    let mute = [marked(0, "hi"), wrote(-40 * HOUR, "late"), says(9 * HOUR)];
    check_last(&quiet, &mute, "refused outside_window");
    check_last(&quiet, &[marked(0, "hi"), says(9 * HOUR)], SENT);
    // What a blocked contact writes leaves it as it is, and counts in the 24 hours.
    let blocked = [marked(0, "hi"), act(1, "block", "u1"), wrote(2, "x"), act(3, "unblock", "u1")];
    check_last(&quiet, &[&blocked[..], &[says(4)]].concat(), SENT);
    check_last(
        &quiet,
        &[&blocked[..], &[comment(24 * HOUR + 1, "u1", "two").with("direct_reply", true)]].concat(),
        "awaiting_message two",
    );
    check_last(
        &quiet,
        &[&blocked[..], &[comment(24 * HOUR + 2, "u1", "two").with("direct_reply", true)]].concat(),
        "fired two | dm a",
    );
}

#[test]
fn p3_the_one_message_ends_with_the_next_message_whatever_the_mode_is_by_then() {
    let mut quiet = answering(1);
    quiet["flows"][1]["blocks"] = json!([{ "id": "t", "tag": { "tag": "x" } }]);
    let mut free = quiet.clone();
    free["policy"] = json!({});
    let marked = comment(0, "u1", "hi").with("direct_reply", true);
    let between = |more: &[Event]| {
        let events = [&[marked.clone(), configure(1, &free)], more, &[configure(3, &quiet), says(4)]].concat();
        told(&quiet, &events).pop().unwrap()
    };
    assert_eq!(between(&[]), SENT);
    assert_eq!(between(&[wrote(2, "x")]), "refused outside_window");
}

#[test]
fn p2_a_late_message_begins_a_held_start_that_is_not_over_and_leaves_one_that_is() {
    let first = shop(json!({ "mode": "buyer_first", "hold_hours": 2 }));
    let held = [clock(10 * HOUR), go(0)];
    let after = |more: &[Event]| told(&first, &[&held[..], more].concat())[2..].to_vec();
    assert_eq!(after(&[wrote(2 * HOUR - 1, "x")]), ["kept | dm Size?"]);
    // Over, it begins no more; late events fire no timer, so that it goes with the next one that is not late (T4).
    let out = "out_of_flow | inbox out_of_flow";
    assert_eq!(after(&[wrote(2 * HOUR, "x")]), [out]);
    assert_eq!(after(&[answerable(2 * HOUR, "u1", "c1"), clock(10 * HOUR)]), ["applied", "hold_expiry +2h", "applied"]);
    // Where a flow takes the message, the start waits on, and an earlier message may begin it still.
    let one = shop(json!({ "mode": "buyer_first", "hold_hours": 2, "messages_per_window": 1 }));
    let asked = [wrote(0, "x"), act(0, "close", "u1"), go(1), clock(10 * HOUR), comment(2, "u1", "hi")];
    let events = [&asked[..], &[wrote(3 * HOUR, "7"), wrote(2 * HOUR - 1, "8"), clock(100 * HOUR)]].concat();
    let told = told(&one, &events);
    assert_eq!(told[2..4], ["fired go | dm Size?", "idle +1h1ms"]);
    assert_eq!(told[5..], ["awaiting_message hi", "taken | dm Thanks", "kept", "close +25h59m59s999ms", "applied"]);
}

#[test]
fn v9_earlier_and_later_are_by_the_instant_of_firing_then_as_processed() {
    let first = shop(json!({ "mode": "buyer_first" }));
    let dropped = |events: &[Event]| facts(&first, events, &["dropped"]);
    let hi = |at| comment(at, "u1", "hi");
    for (one, other, wanted) in [
        (0, HOUR, "1 dropped replaced go"),
        (HOUR, HOUR, "1 dropped replaced go"),
        (HOUR, HOUR - 1, "1 dropped replaced hi"),
    ] {
        assert_eq!(dropped(&[go(one), hi(other)]), [wanted]);
    }
    // A start that begins late leaves one that fired after it, and its own message takes that along.
    let open = open();
    let events = [go(HOUR), configure(HOUR, &open), hi(HOUR - 1), configure(HOUR, &first), wrote(2 * HOUR, "x")];
    let told = told(&first, &events);
    assert_eq!(told, ["awaiting_message go", "applied", "fired hi | dm Hi", "applied", "kept | dm Size?"]);
}

#[test]
fn m2_a_late_configure_turns_no_cycle_in_the_past() {
    let plan = |subscribed: &str| {
        but(&open(), "plan", json!({ "mac_limit": 5, "subscribed_at": subscribed, "listening_window_days": 365 }))
    };
    // Cycles begin on the 20th; from a late word on, on the 5th, at the next one after what was seen.
    let (old, new) = (plan("2026-01-20T00:00:00Z"), plan("2026-01-05T00:00:00Z"));
    let cycles = |events: &[Event]| facts(&old, events, &["cycle_began"]);
    // 10 March was seen; the word is of 3 March: its own next boundary, 5 March, is past.
    let (seen, late) = (8 * DAY, DAY);
    assert_eq!(cycles(&[clock(seen), configure(late, &new), clock(seen), clock(30 * DAY)]), [""; 0]);
    assert_eq!(cycles(&[clock(seen), configure(late, &new), clock(34 * DAY)]), ["2 cycle_began 2026-04-05T00:00:00Z"]);
    // At the latest instant it is not late; and a boundary right then is past already.
    let fifth = "2026-03-05T00:00:00Z";
    let on_it = [clock(0).with("at", fifth), configure(0, &new).with("at", fifth), clock(34 * DAY)];
    assert_eq!(cycles(&on_it), ["2 cycle_began 2026-04-05T00:00:00Z"]);
    let before = "2026-03-04T23:59:59.999Z";
    let before_it = [clock(0).with("at", before), configure(0, &new).with("at", before), clock(3 * DAY)];
    assert_eq!(cycles(&before_it), ["2 cycle_began 2026-03-05T00:00:00Z"]);
    // A late word that changes the limit alone moves no boundary.
    let mut more = old.clone();
    more["plan"]["mac_limit"] = 9.into();
    assert_eq!(cycles(&[clock(seen), configure(late, &more), clock(34 * DAY)]), ["2 cycle_began 2026-03-20T00:00:00Z"]);
}

#[test]
fn m6_a_limit_raised_late_releases_with_the_next_event_that_is_not() {
    let limited = |limit: i64| {
        but(
            &open(),
            "plan",
            json!({ "mac_limit": limit, "subscribed_at": "2026-01-01T00:00:00Z", "listening_window_days": 365 }),
        )
    };
    let queued = [comment(0, "u9", "hi"), comment(1, "u2", "hi"), comment(2, "u1", "hi"), clock(10 * HOUR)];
    check(
        &limited(1),
        &[&queued[..], &[configure(HOUR, &limited(9)), comment(2 * HOUR, "u3", "hi"), clock(10 * HOUR)]].concat(),
        &[
            "fired hi | dm Hi | owners 80 | owners 95 | owners 100",
            "queued hi",
            "queued hi",
            "applied",
            "applied",
            "fired hi | dm Hi",
            "queue_release +1h u2 | dm Hi",
            "queue_release +1h | dm Hi",
            "applied",
        ],
    );
}

/// A late firing holds back what is late too, as long as anything so late is taken, whatever fired since.
#[test]
fn c6_t5_a_firing_of_400_days_ago_holds_a_late_comment_back() {
    for (hours, later, wanted) in [
        (6, 6 * HOUR - 1, "throttled hi until +6h"),
        (6, 6 * HOUR, "fired hi | dm Hi"),
        (8_760, 365 * DAY - 1, "throttled hi until +8760h"),
        (8_760, 365 * DAY, "fired hi | dm Hi"),
    ] {
        let shop = world(json!({
            "plan": { "mac_limit": 10, "subscribed_at": at(0), "listening_window_days": 365 },
            "triggers": [ trigger("hi", "hi", json!({ "throttle_hours": hours })), trigger("other", "hi", json!({})) ] }));
        // What fires last in time makes the contact forget what it may.
        let history = [comment(0, "u1", "hi"), comment(400 * DAY + later, "u1", "other"), comment(later, "u1", "hi")];
        check_last(&shop, &history, wanted);
    }
}
