//! V: conversations, people.

use crate::rows::*;
use serde_json::{Value, json};

const MAI: &str = "mai@glow.example";

/// `go` asks, `hi` says, `later` waits, `hand` hands off; `refund` is a sensitive word.
fn shop() -> Value {
    world(json!({
        "sensitive": [{ "words": ["refund"], "handoff": true, "tag": "refund" }, { "words": ["nice"], "handoff": false, "tag": "happy" }],
        "triggers": [ trigger("go", "ask", json!({})), trigger("hi", "hi", json!({})), trigger("later", "wait", json!({})),
                      trigger("hand", "hand", json!({})), trigger("mute", "mute", json!({})) ],
        "flows": [
            flow("ask", json!([{ "id": "q", "question": { "text": "Size?", "field": "size", "expect": "number" } },
                               { "id": "r", "question": { "text": "Name?", "field": "name" } }, { "id": "m", "message": { "text": "Thanks" } }])),
            flow("hi", json!([{ "id": "m", "message": { "text": "Hi" } }])),
            flow("wait", json!([{ "id": "w", "wait": { "seconds": 3600 } }, { "id": "m", "message": { "text": "Now" } }])),
            flow("hand", json!([{ "id": "h", "handoff": { "note": "asked" } }, { "id": "m", "message": { "text": "Back" } }])),
            flow("mute", json!([{ "id": "t", "tag": { "tag": "quiet" } }])) ] }))
}

fn go(at: i64) -> Event {
    comment(at, "u1", "go")
}

fn wrote(at: i64, text: &str) -> Event {
    message(at, "u1", text)
}

fn assign(at: i64, member: &str, to: &str) -> Event {
    event(at, "assign", json!({ "user_id": "u1", "member": member, "to": to }))
}

#[test]
fn v1_one_open_conversation_and_ids_that_count_up() {
    let ids = |events: &[Event]| facts(&shop(), events, &["conversation_opened"]);
    assert_eq!(ids(&[go(0), comment(1, "u1", "hi"), wrote(2, "x")]), ["0 conversation_opened 1"]);
    assert_eq!(
        ids(&[go(0), act(1, "close", "u1"), wrote(2, "x")]),
        ["0 conversation_opened 1", "2 conversation_opened 2"]
    );
    assert_eq!(ids(&[go(0), go(DAY)]), ["0 conversation_opened 1", "3 conversation_opened 2"]);
    assert_eq!(ids(&[go(0), comment(0, "u2", "go")]), ["0 conversation_opened 1", "1 conversation_opened 1"]);
    assert_eq!(ids(&[wrote(0, "x")]), ["0 conversation_opened 1"]);
    assert_eq!(ids(&[member_message(0, "u1", "x")]), ["0 conversation_opened 1"]);
}

#[test]
fn v2_a_conversation_is_idle_after_its_last_millisecond_and_closes_a_day_after_its_last_message() {
    for (now, wanted) in
        [(HOUR - 1, "1 bot q"), (HOUR, "1 waiting q"), (DAY - 1, "1 waiting q"), (DAY, "1 closed expired q")]
    {
        assert_eq!(stands(&shop(), &[go(0), clock(now)], "u1"), wanted, "{now}");
    }
    let policy = but(&shop(), "policy", json!({ "waiting_after_minutes": 5, "close_after_hours": 2 }));
    for (now, wanted) in [
        (5 * MINUTE - 1, "1 bot q"),
        (5 * MINUTE, "1 waiting q"),
        (2 * HOUR - 1, "1 waiting q"),
        (2 * HOUR, "1 closed expired q"),
    ] {
        assert_eq!(stands(&policy, &[go(0), clock(now)], "u1"), wanted, "{now}");
    }
    // A reply that the bot answers sets both anew; idle and close count from the bot's words.
    let all = told(&shop(), &[go(0), wrote(30 * MINUTE, "1"), clock(3 * DAY)]);
    assert_eq!(all[2..], ["idle +1h30m", "close +24h30m", "applied"]);
    let all = told(&shop(), &[go(0), wrote(30 * MINUTE, "x"), clock(3 * DAY)]);
    assert_eq!(all[2..], ["idle +1h30m", "close +24h30m", "applied"]);
    // A new policy does not move what is set.
    check(
        &shop(),
        &[go(0), configure(1, &policy), clock(DAY)],
        &["fired go | dm Size?", "applied", "idle +1h", "close +24h", "applied"],
    );
}

#[test]
fn v2_a_completed_flow_waits_at_once_and_closes_after_the_last_message_or_its_end() {
    assert_eq!(stands(&shop(), &[comment(0, "u1", "hi")], "u1"), "1 waiting");
    check(&shop(), &[comment(0, "u1", "hi"), clock(DAY)], &["fired hi | dm Hi", "close +24h", "applied"]);
    // The bot sent nothing: from the end of the flow.
    check(&shop(), &[comment(0, "u1", "mute"), clock(DAY)], &["fired mute", "close +24h", "applied"]);
    // It sent something in this conversation before: from then on.
    check(
        &shop(),
        &[comment(0, "u1", "hi"), comment(HOUR, "u1", "mute"), clock(DAY)],
        &["fired hi | dm Hi", "fired mute", "close +24h", "applied"],
    );
    // A member's message is not the bot's.
    check(
        &shop(),
        &[
            comment(0, "u1", "hi"),
            member_message(HOUR, "u1", "x"),
            act(2 * HOUR, "hand_back", "u1"),
            comment(3 * HOUR, "u1", "mute"),
            clock(DAY),
        ],
        &["fired hi | dm Hi", "applied | dm x by mai@glow.example", "applied", "fired mute", "close +24h", "applied"],
    );
}

#[test]
fn v2_a_close_due_in_the_past_becomes_the_present_instant() {
    // The bot last spoke in the wait's flow two days ago; the flow ends now.
    let mut world = shop();
    world["flows"].as_array_mut().unwrap().push(flow(
        "long",
        json!([{ "id": "m", "message": { "text": "Soon" } },
        { "id": "w", "wait": { "seconds": 172_800 } }, { "id": "t", "tag": { "tag": "x" } }]),
    ));
    world["triggers"][0]["flow"] = "long".into();
    check(&world, &[go(0), clock(3 * DAY)], &["fired go | dm Soon", "flow_wait +48h", "close +48h", "applied"]);
}

#[test]
fn v2_while_a_wait_is_pending_nothing_is_idle_or_closes() {
    let mut world = shop();
    world["flows"][2]["blocks"][0]["wait"]["seconds"] = (3 * 86_400).into();
    check(&world, &[comment(0, "u1", "later"), clock(3 * DAY - 1)], &["fired later", "applied"]);
    check(
        &world,
        &[comment(0, "u1", "hi"), comment(1, "u1", "later"), clock(3 * DAY)],
        &["fired hi | dm Hi", "fired later", "applied"],
    );
    assert_eq!(stands(&world, &[comment(0, "u1", "hi"), comment(1, "u1", "later"), clock(3 * DAY)], "u1"), "1 bot w");
}

#[test]
fn v3_a_reply_brings_a_waiting_conversation_back() {
    let events = [go(0), clock(2 * HOUR), wrote(3 * HOUR, "1")];
    assert_eq!(stands(&shop(), &events, "u1"), "1 bot r");
    assert_eq!(
        facts(&shop(), &events, &["state_changed"]),
        ["1 state_changed 1 bot waiting", "3 state_changed 1 waiting bot"]
    );
    // Also one that is not taken.
    assert_eq!(stands(&shop(), &[go(0), clock(2 * HOUR), wrote(3 * HOUR, "x")], "u1"), "1 bot q");
}

#[test]
fn v4_a_message_that_no_flow_waits_for_is_out_of_flow() {
    let human = "out_of_flow | inbox out_of_flow";
    check(&shop(), &[wrote(0, "x")], &[human]);
    check_last(&shop(), &[comment(0, "u1", "hi"), wrote(1, "x")], human);
    check_last(&shop(), &[go(0), act(1, "close", "u1"), wrote(2, "x")], human);
    check_last(&shop(), &[go(0), wrote(DAY, "x")], human);
    check_last(&shop(), &[comment(0, "u1", "nothing"), wrote(1, "x")], human);
    check_last(
        &shop(),
        &[comment(0, "u1", "hi"), act(1, "take", "u1"), act(2, "hand_back", "u1"), wrote(3, "x")],
        &format!("{human} {MAI}"),
    );
    assert_eq!(stands(&shop(), &[wrote(0, "x")], "u1"), "1 human out_of_flow");
    // Without a text too.
    check(&shop(), &[event(0, "message", json!({ "user_id": "u1" }))], &[human]);
}

#[test]
fn v5_sensitive_words_come_before_the_flow_in_every_state_but_human() {
    let human = "sensitive | inbox sensitive_word";
    check(&shop(), &[wrote(0, "a REFUND?")], &[human]);
    check_last(&shop(), &[go(0), wrote(1, "refund")], human);
    check_last(&shop(), &[go(0), wrote(2 * HOUR, "refund")], human);
    check_last(&shop(), &[comment(0, "u1", "later"), wrote(1, "refund")], human);
    check_last(&shop(), &[comment(0, "u1", "hi"), wrote(1, "refund")], human);
    check_last(&shop(), &[go(0), act(1, "close", "u1"), wrote(2, "refund")], human);
    check_last(
        &shop(),
        &[go(0), act(1, "take", "u1"), wrote(2, "refund")],
        &format!("kept | inbox buyer_message {MAI}"),
    );
    assert_eq!(contact(&shop(), &[go(0), act(1, "take", "u1"), wrote(2, "refund")], "u1")["tags"], json!([]));
    // A blocked contact's is kept.
    check_last(&shop(), &[act(0, "block", "u1"), wrote(1, "refund")], "kept");
    // `contains`, with N3; the text and not a tapped option.
    check_last(&shop(), &[go(0), wrote(1, "prefunded")], human);
    check_last(&shop(), &[go(0), wrote(1, "refund\u{301}")], "mismatch | dm Size?");
    check_last(&shop(), &[go(0), tap(1, "u1", "refund")], "mismatch | dm Size?");
    check_last(&shop(), &[go(0), tap(1, "u1", "x").with("text", "refund")], human);
    // It drops a held start, and is asked before it.
    let first = but(&shop(), "policy", json!({ "reach": { "mode": "buyer_first" } }));
    assert_eq!(facts(&first, &[go(0), wrote(1, "refund")], &["dropped"]), ["1 dropped with_human go"]);
}

#[test]
fn v5_every_entry_that_matches_acts() {
    let tags = |events: &[Event]| contact(&shop(), events, "u1")["tags"].clone();
    assert_eq!(tags(&[wrote(0, "nice refund")]), json!(["happy", "refund"]));
    // A tag alone does not stop the message.
    check_last(&shop(), &[go(0), wrote(1, "nice")], "mismatch | dm Size?");
    assert_eq!(tags(&[go(0), wrote(1, "nice")]), json!(["happy"]));
    // None are shipped when the list is given; they are when it is left out.
    check_last(&but(&shop(), "sensitive", json!([])), &[go(0), wrote(1, "refund")], "mismatch | dm Size?");
    let mut shipped = shop();
    shipped.as_object_mut().unwrap().remove("sensitive");
    for word in ["refund", "คืนเงิน", "penipu", "lừa đảo"] {
        check_last(&shipped, &[go(0), wrote(1, word)], "sensitive | inbox sensitive_word");
    }
}

#[test]
fn v6_in_human_the_bot_sends_nothing() {
    let take = |at| act(at, "take", "u1");
    check(&shop(), &[go(0), take(1), clock(9 * DAY)], &["fired go | dm Size?", "applied", "applied"]);
    check(&shop(), &[comment(0, "u1", "later"), take(1), clock(9 * DAY)], &["fired later", "applied", "applied"]);
    check_last(&shop(), &[go(0), take(1), comment(2, "u1", "hi")], "with_human hi");
    check_last(&shop(), &[go(0), take(1), wrote(2, "1")], &format!("kept | inbox buyer_message {MAI}"));
    // Going there drops a start, held or queued, by whatever way.
    let first = but(&shop(), "policy", json!({ "reach": { "mode": "buyer_first", "messages_per_window": 1 } }));
    let spent = [comment(-2, "u1", "hi"), wrote(-1, "x"), go(0)];
    for human in [wrote(1, "refund"), take(1), assign(1, MAI, MAI)] {
        let events = [&spent[..], &[human]].concat();
        assert_eq!(facts(&first, &events, &["dropped"]), ["3 dropped with_human go"]);
    }
    // A member's message that P4 refuses takes nothing.
    assert_eq!(facts(&first, &[&spent[..], &[member_message(1, "u1", "x")]].concat(), &["dropped"]), [""; 0]);
    let full = but(
        &shop(),
        "plan",
        json!({ "mac_limit": 1, "subscribed_at": "2026-01-01T00:00:00Z", "listening_window_days": 30 }),
    );
    let queued = [comment(0, "u2", "hi"), go(1), member_message(2, "u1", "x")];
    assert_eq!(facts(&full, &queued, &["dropped"]), ["2 dropped with_human go"]);
}

#[test]
fn v7_each_act_in_each_state() {
    let state = |state: &str| match state {
        "none" => vec![],
        "bot" => vec![go(0)],
        "waiting" => vec![comment(0, "u1", "hi")],
        "human" => vec![wrote(0, "x")],
        _ => vec![wrote(0, "x"), act(0, "close", "u1")],
    };
    let acts =
        [act(9, "take", "u1"), assign(9, MAI, "nok@glow.example"), act(9, "hand_back", "u1"), act(9, "close", "u1")];
    for (from, wanted) in [
        ("none", ["", "", "", ""]),
        ("bot", ["1 human mai@glow.example q", "1 human nok@glow.example q", "", "1 closed q"]),
        ("waiting", ["1 human mai@glow.example", "1 human nok@glow.example", "", "1 closed"]),
        (
            "human",
            ["1 human out_of_flow mai@glow.example", "1 human out_of_flow nok@glow.example", "1 waiting", "1 closed"],
        ),
        ("closed", ["", "", "", ""]),
    ] {
        for (act, wanted) in acts.iter().zip(wanted) {
            let events: Vec<Event> = state(from).into_iter().chain([act.clone()]).collect();
            let told = told(&shop(), &events).pop().unwrap();
            let refused = match from {
                "none" | "closed" => "refused no_open_conversation",
                _ if wanted.is_empty() => "refused not_human",
                _ => "applied",
            };
            assert_eq!(told, refused, "{from} {act:?}");
            if refused == "applied" {
                assert_eq!(stands(&shop(), &events, "u1"), wanted, "{from} {act:?}");
            }
        }
    }
    // A refused act makes no contact.
    assert_eq!(contact(&shop(), &[act(0, "take", "u1")], "u1"), Value::Null);
}

#[test]
fn v7_who_acts_is_looked_at_before_the_state() {
    let member = |email: &str, status: &str| json!({ "email": email, "role": "member", "status": status });
    let listed = but(
        &shop(),
        "members",
        json!([
            member("Mai@Glow.example", "active"),
            member("nok@glow.example", "pending"),
            member("old@glow.example", "suspended")
        ]),
    );
    let by = |member: &str, kind: &str| event(1, kind, json!({ "user_id": "u1", "member": member }));
    for kind in ["take", "hand_back", "close", "block", "unblock"] {
        for (who, may) in [
            (MAI, true),
            ("MAI@GLOW.EXAMPLE", true),
            ("nok@glow.example", false),
            ("old@glow.example", false),
            ("x@y.co", false),
        ] {
            let told = told(&listed, &[by(who, kind)]).remove(0);
            assert_eq!(told != "refused not_a_member", may, "{kind} {who}");
        }
    }
    // The one assigned to, too.
    check(
        &listed,
        &[wrote(0, "x"), assign(1, MAI, "nok@glow.example"), assign(2, "nok@glow.example", MAI), assign(3, MAI, MAI)],
        &["out_of_flow | inbox out_of_flow", "refused not_a_member", "refused not_a_member", "applied"],
    );
    check(&listed, &[assign(0, MAI, "nok@glow.example")], &["refused not_a_member"]);
    // The owner is written as the list has it; without a list as the event has it.
    assert_eq!(
        stands(&listed, &[wrote(0, "x"), by("MAI@glow.EXAMPLE", "take")], "u1"),
        "1 human out_of_flow Mai@Glow.example"
    );
    assert_eq!(
        stands(&shop(), &[wrote(0, "x"), by("MAI@glow.EXAMPLE", "take")], "u1"),
        "1 human out_of_flow MAI@glow.EXAMPLE"
    );
    let says =
        event(1, "member_message", json!({ "message_id": "m", "user_id": "u1", "member": "x@y.co", "text": "x" }));
    check(
        &listed,
        &[says.clone(), says.clone().id("f").with("member", "MAI@glow.example")],
        &["refused not_a_member", "applied | dm x by Mai@Glow.example"],
    );
    let review = event(1, "order_review", json!({ "order_id": "o", "verdict": "confirm", "member": "x@y.co" }));
    check(
        &listed,
        &[review.clone(), review.id("f").with("member", MAI)],
        &["refused not_a_member", "refused unknown_order"],
    );
}

#[test]
fn v7_the_inbox_is_told_of_every_message_with_the_owner() {
    check(
        &shop(),
        &[
            wrote(0, "x"),
            wrote(1, "y"),
            act(2, "take", "u1"),
            wrote(3, "z"),
            assign(4, MAI, "nok@glow.example"),
            tap(5, "u1", "o"),
        ],
        &[
            "out_of_flow | inbox out_of_flow",
            "kept | inbox buyer_message",
            "applied",
            "kept | inbox buyer_message mai@glow.example",
            "applied",
            "kept | inbox buyer_message nok@glow.example",
        ],
    );
}

#[test]
fn v7_a_members_message_takes_the_conversation() {
    let says = |at, member: &str| member_message(at, "u1", "x").with("member", member);
    let nok = "nok@glow.example";
    assert_eq!(stands(&shop(), &[says(0, MAI)], "u1"), "1 human mai@glow.example");
    assert_eq!(stands(&shop(), &[go(0), says(1, MAI)], "u1"), "1 human mai@glow.example q");
    assert_eq!(stands(&shop(), &[go(0), act(1, "close", "u1"), says(2, MAI)], "u1"), "2 human mai@glow.example");
    // In Human another's stays theirs; nobody's becomes the writer's.
    assert_eq!(stands(&shop(), &[wrote(0, "x"), says(1, nok)], "u1"), "1 human out_of_flow nok@glow.example");
    assert_eq!(
        stands(&shop(), &[wrote(0, "x"), act(1, "take", "u1"), says(2, nok)], "u1"),
        "1 human out_of_flow mai@glow.example"
    );
    // Out of Human the writer takes over from the owner of before.
    assert_eq!(
        stands(&shop(), &[go(0), act(1, "take", "u1"), act(2, "hand_back", "u1"), says(3, nok)], "u1"),
        "1 human nok@glow.example q"
    );
    check(&shop(), &[says(0, MAI).with("link", json!({}))], &["applied | dm x [] by mai@glow.example"]);
}

#[test]
fn v7_the_owner_stays_through_hand_back_and_close_and_not_into_the_next() {
    let took = [go(0), act(1, "take", "u1")];
    let after = |more: &[Event]| stands(&shop(), &[&took[..], more].concat(), "u1");
    assert_eq!(after(&[act(2, "hand_back", "u1")]), "1 bot mai@glow.example q");
    assert_eq!(after(&[act(2, "close", "u1")]), "1 closed mai@glow.example q");
    assert_eq!(after(&[act(2, "close", "u1"), wrote(3, "x")]), "2 human out_of_flow");
    // Taking in Human takes over, also from oneself.
    assert_eq!(after(&[act(2, "take", "u1").with("member", "nok@glow.example")]), "1 human nok@glow.example q");
}

#[test]
fn v8_handing_back_goes_on_where_the_flow_stands() {
    let back = |events: &[Event]| {
        told(&shop(), &[events, &[act(HOUR, "take", "u1"), act(2 * HOUR, "hand_back", "u1")]].concat()).pop().unwrap()
    };
    assert_eq!(back(&[go(0)]), "applied | dm Size?");
    assert_eq!(back(&[go(0), wrote(1, "1")]), "applied | dm Name?");
    assert_eq!(back(&[comment(0, "u1", "hi")]), "applied");
    // After a handoff block, the next one.
    check(
        &shop(),
        &[comment(0, "u1", "hand"), act(1, "hand_back", "u1")],
        &["fired hand | inbox handoff asked", "applied | dm Back"],
    );
    assert_eq!(stands(&shop(), &[comment(0, "u1", "hand"), act(1, "hand_back", "u1")], "u1"), "1 waiting");
    // A wait is waited again, whole.
    check(
        &shop(),
        &[comment(0, "u1", "later"), act(MINUTE, "take", "u1"), act(2 * MINUTE, "hand_back", "u1"), clock(DAY)],
        &["fired later", "applied", "applied", "flow_wait +1h2m | dm Now", "applied"],
    );
    // With no flow in progress it waits, and closes a day from then.
    check(
        &shop(),
        &[comment(0, "u1", "hi"), act(1, "take", "u1"), act(2 * DAY, "hand_back", "u1"), clock(4 * DAY)],
        &["fired hi | dm Hi", "applied", "applied", "close +72h", "applied"],
    );
    check(
        &shop(),
        &[wrote(0, "x"), act(1, "hand_back", "u1"), clock(2 * DAY)],
        &["out_of_flow | inbox out_of_flow", "applied", "close +24h1ms", "applied"],
    );
    // A fresh count of mismatches.
    check_last(
        &shop(),
        &[go(0), wrote(1, "x"), act(2, "take", "u1"), act(3, "hand_back", "u1"), wrote(4, "x")],
        "mismatch | dm Size?",
    );
    // After too many mismatches the question is asked again.
    check_last(&shop(), &[go(0), wrote(1, "x"), wrote(2, "x"), act(3, "hand_back", "u1")], "applied | dm Size?");
}

#[test]
fn v9_a_trigger_goes_on_in_the_open_conversation_in_place_of_the_flow_there() {
    let events = [go(0), wrote(1, "7"), comment(2, "u1", "hi")];
    assert_eq!(stands(&shop(), &events, "u1"), "1 waiting");
    assert_eq!(
        facts(&shop(), &events, &["flow_left"]),
        ["2 flow_left r 1 ask 1 replaced", "2 flow_left m 1 hi 1 completed"]
    );
    assert_eq!(contact(&shop(), &events, "u1")["fields"], json!({ "size": "7" }));
    check_last(&shop(), &[go(0), comment(2, "u1", "hi"), wrote(3, "7")], "out_of_flow | inbox out_of_flow");
    // The wait that was pending is, too.
    check(
        &shop(),
        &[comment(0, "u1", "later"), go(1), clock(HOUR)],
        &["fired later", "fired go | dm Size?", "applied"],
    );
    // What was captured and tagged outlives the conversation.
    let later = [go(0), wrote(1, "7"), act(2, "close", "u1"), comment(3, "u1", "mute")];
    assert_eq!(contact(&shop(), &later, "u1")["fields"], json!({ "size": "7" }));
    assert_eq!(contact(&shop(), &later, "u1")["tags"], json!(["quiet"]));
}

#[test]
fn v9_at_most_one_pending_start_the_one_that_fired_later() {
    let first = but(&shop(), "policy", json!({ "reach": { "mode": "buyer_first" } }));
    let dropped = |events: &[Event]| facts(&first, events, &["dropped"]);
    let hi = |at| comment(at, "u1", "hi");
    assert_eq!(dropped(&[go(0), hi(1)]), ["1 dropped replaced go"]);
    check_last(&first, &[go(0), hi(1), wrote(2, "x")], "kept | dm Hi");
    // At one instant the later in the history; a late one does not replace one that fired after it.
    assert_eq!(dropped(&[go(0), hi(0)]), ["1 dropped replaced go"]);
    assert_eq!(dropped(&[go(1), hi(0)]), ["1 dropped replaced hi"]);
    check_last(&first, &[go(1), hi(0), wrote(2, "x")], "kept | dm Size?");
    // A start that begins drops one that fired before, and not one that fired after.
    let open = but(&first, "policy", json!({}));
    let opened = |fire: Event| [go(HOUR), configure(HOUR, &open), fire];
    assert_eq!(dropped(&opened(hi(HOUR + 1))), ["2 dropped replaced go"]);
    assert_eq!(dropped(&opened(hi(HOUR))), ["2 dropped replaced go"]);
    assert_eq!(dropped(&opened(hi(HOUR - 1))), Vec::<String>::new());
    assert_eq!(contact(&first, &opened(hi(HOUR - 1)), "u1")["awaiting"], true);
}

#[test]
fn v10_blocking_closes_drops_and_keeps_what_is_written() {
    let block = |at| act(at, "block", "u1");
    assert_eq!(stands(&shop(), &[go(0), block(1)], "u1"), "1 closed blocked q");
    assert_eq!(stands(&shop(), &[wrote(0, "x"), block(1)], "u1"), "1 closed blocked");
    // What was closed before stays as it was; who was unknown is known now, and unblocking makes nobody.
    assert_eq!(stands(&shop(), &[go(0), act(1, "close", "u1"), block(2)], "u1"), "1 closed q");
    assert_eq!(contact(&shop(), &[block(0)], "u1")["blocked"], true);
    assert_eq!(contact(&shop(), &[act(0, "unblock", "u1")], "u1"), Value::Null);
    check(&shop(), &[block(0), wrote(1, "refund"), wrote(2, "x")], &["applied", "kept", "kept"]);
    assert_eq!(contact(&shop(), &[block(0), wrote(1, "nice")], "u1")["conversation"], Value::Null);
    // Nothing resumes by itself.
    check(
        &shop(),
        &[go(0), block(1), act(2, "unblock", "u1"), clock(2 * DAY)],
        &["fired go | dm Size?", "applied", "applied", "applied"],
    );
    check_last(&shop(), &[go(0), block(1), act(2, "unblock", "u1"), wrote(3, "7")], "out_of_flow | inbox out_of_flow");
    // It does not stop a member.
    check_last(&shop(), &[block(0), member_message(1, "u1", "x")], "applied | dm x by mai@glow.example");
    let first = but(&shop(), "policy", json!({ "reach": { "mode": "buyer_first" } }));
    assert_eq!(facts(&first, &[go(0), block(1)], &["dropped"]), ["1 dropped blocked go"]);
    // No window either: what was written while blocked leaves nothing for a member to answer in.
    check_last(
        &first,
        &[block(0), wrote(1, "x"), act(2, "unblock", "u1"), member_message(3, "u1", "x")],
        "refused outside_window",
    );
}
