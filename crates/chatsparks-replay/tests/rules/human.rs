//! V4, V6: whoever is nobody's contact, and how long a person keeps a conversation.

use crate::rows::*;
use serde_json::{Value, json};

const MAI: &str = "mai@glow.example";

/// `go` asks, `hi` says, `hand` hands off, `later` waits; a conversation in Human closes after 72 hours.
fn shop() -> Value {
    world(json!({
        "policy": { "human_close_hours": 72 },
        "triggers": [ trigger("go", "ask", json!({})), trigger("hi", "hi", json!({})), trigger("hand", "hand", json!({})),
                      trigger("later", "wait", json!({})) ],
        "flows": [
            flow("ask", json!([{ "id": "q", "question": { "text": "Size?", "field": "size" } }])),
            flow("hi", json!([{ "id": "m", "message": { "text": "Hi" } }])),
            flow("hand", json!([{ "id": "h", "handoff": {} }, { "id": "m", "message": { "text": "Back" } }])),
            flow("wait", json!([{ "id": "w", "wait": { "seconds": 3600 } }, { "id": "m", "message": { "text": "Now" } }])) ] }))
}

fn never() -> Value {
    but(&shop(), "policy", json!({}))
}

fn go(at: i64) -> Event {
    comment(at, "u1", "go")
}

fn wrote(at: i64, text: &str) -> Event {
    message(at, "u1", text)
}

fn take(at: i64) -> Event {
    act(at, "take", "u1")
}

fn back(at: i64) -> Event {
    act(at, "hand_back", "u1")
}

/// When a conversation closes that came to this; none: it does not.
fn closes(world: &Value, events: &[Event]) -> Option<String> {
    let after: Vec<Event> = events.iter().cloned().chain([clock(300 * DAY)]).collect();
    let closed: Vec<String> = told(world, &after).into_iter().filter(|told| told.starts_with("close ")).collect();
    assert!(closed.len() <= 1, "{closed:?}");
    closed.into_iter().next()
}

#[test]
fn v6_a_conversation_in_human_closes_so_long_after_it_came_there() {
    for (now, wanted) in [(72 * HOUR - 1, "1 human out_of_flow"), (72 * HOUR, "1 closed expired")] {
        assert_eq!(stands(&shop(), &[wrote(0, "x"), clock(now)], "u1"), wanted, "{now}");
    }
    let events = [wrote(0, "x"), clock(72 * HOUR)];
    check(&shop(), &events, &["out_of_flow | inbox out_of_flow", "close +72h", "applied"]);
    assert_eq!(
        facts(&shop(), &events, &["state_changed", "flow_left"])[1..],
        ["1 state_changed 1 human expired closed"]
    );
    // By whatever way it came there.
    let close = |at: &str| Some(format!("close +{at}"));
    assert_eq!(closes(&shop(), &[comment(HOUR, "u1", "hand")]), close("73h"));
    assert_eq!(closes(&shop(), &[go(0), take(HOUR)]), close("73h"));
    assert_eq!(closes(&shop(), &[member_message(HOUR, "u1", "x")]), close("73h"));
    let refund = but(&shop(), "sensitive", json!([{ "words": ["refund"], "handoff": true }]));
    assert_eq!(closes(&refund, &[go(0), wrote(HOUR, "refund")]), close("73h"));
    let mut gone = shop();
    gone["triggers"] = json!([]);
    gone["flows"] = json!([]);
    assert_eq!(closes(&shop(), &[go(0), configure(1, &gone), wrote(HOUR, "x")]), close("73h"));
    // Never, unless the policy says when.
    assert_eq!(closes(&never(), &[wrote(0, "x"), wrote(HOUR, "y")]), None);
}

#[test]
fn v6_the_last_word_of_either_side_counts() {
    let close = |at: &str| Some(format!("close +{at}"));
    let human = [go(0), take(HOUR)];
    let after = |more: &[Event]| closes(&shop(), &[&human[..], more].concat());
    assert_eq!(after(&[wrote(2 * HOUR, "x")]), close("74h"));
    assert_eq!(after(&[tap(2 * HOUR, "u1", "x")]), close("74h"));
    assert_eq!(after(&[member_message(2 * HOUR, "u1", "x")]), close("74h"));
    assert_eq!(after(&[wrote(2 * HOUR, "x"), member_message(3 * HOUR, "u1", "x"), wrote(4 * HOUR, "x")]), close("76h"));
    // Whoever takes it over, or is refused, says nothing in it; nor does one whom the limit of a window refuses.
    assert_eq!(after(&[take(2 * HOUR)]), close("73h"));
    assert_eq!(
        after(&[event(2 * HOUR, "assign", json!({ "user_id": "u1", "member": MAI, "to": "nok@glow.example" }))]),
        close("73h")
    );
    assert_eq!(after(&[comment(2 * HOUR, "u1", "hi"), removed(2 * HOUR, "u1", "c0")]), close("73h"));
    let windows = but(&shop(), "policy", json!({ "human_close_hours": 72, "reach": { "mode": "buyer_first" } }));
    let refused = [wrote(0, "x"), clock(49 * HOUR), member_message(50 * HOUR, "u1", "x")];
    check_last(&windows, &refused, "refused outside_window");
    assert_eq!(closes(&windows, &refused), close("72h"));
    // What was said before it came to Human counts for the bot alone.
    assert_eq!(closes(&shop(), &[go(0), wrote(HOUR, "x"), take(2 * HOUR)]), close("74h"));
}

#[test]
fn v6_a_late_word_brings_nothing_forward() {
    let close = |at: &str| Some(format!("close +{at}"));
    assert_eq!(closes(&shop(), &[wrote(10 * HOUR, "x"), wrote(HOUR, "late")]), close("82h"));
    assert_eq!(closes(&shop(), &[wrote(0, "x"), wrote(10 * HOUR, "y"), wrote(5 * HOUR, "late")]), close("82h"));
    assert_eq!(closes(&shop(), &[wrote(0, "x"), clock(10 * HOUR), wrote(5 * HOUR, "late")]), close("77h"));
    assert_eq!(closes(&shop(), &[wrote(10 * HOUR, "x"), member_message(HOUR, "u1", "late")]), close("82h"));
    // Back with the bot and late to Human again: what was said there still counts.
    let late = [wrote(0, "x"), wrote(10 * HOUR, "y"), back(11 * HOUR), take(5 * HOUR)];
    assert_eq!(closes(&shop(), &late), close("82h"));
    // Of another conversation it does not.
    let other = [wrote(10 * HOUR, "x"), act(10 * HOUR, "close", "u1"), wrote(HOUR, "late")];
    assert_eq!(closes(&shop(), &other), close("73h"));
}

#[test]
fn v6_a_new_policy_moves_no_timer_and_holds_from_the_next_word_on() {
    let close = |at: &str| Some(format!("close +{at}"));
    let shorter = but(&shop(), "policy", json!({ "human_close_hours": 24 }));
    assert_eq!(closes(&shop(), &[wrote(0, "x"), configure(HOUR, &shorter)]), close("72h"));
    assert_eq!(closes(&shop(), &[wrote(0, "x"), configure(HOUR, &shorter), wrote(2 * HOUR, "y")]), close("26h"));
    assert_eq!(closes(&shop(), &[wrote(0, "x"), configure(HOUR, &never())]), close("72h"));
    assert_eq!(closes(&shop(), &[wrote(0, "x"), configure(HOUR, &never()), wrote(2 * HOUR, "y")]), None);
    assert_eq!(closes(&never(), &[wrote(0, "x"), configure(HOUR, &shop())]), None);
    assert_eq!(closes(&never(), &[wrote(0, "x"), configure(HOUR, &shop()), wrote(2 * HOUR, "y")]), close("74h"));
}

#[test]
fn v8_handing_back_takes_the_timer_along() {
    let close = |at: &str| Some(format!("close +{at}"));
    // With no flow, `close_after_hours` from then; with one, from the bot's message; in a wait, none.
    assert_eq!(closes(&shop(), &[wrote(0, "x"), back(HOUR)]), close("25h"));
    assert_eq!(closes(&shop(), &[go(0), take(1), back(HOUR)]), close("25h"));
    check(
        &shop(),
        &[comment(0, "u1", "later"), take(1), back(2), clock(100 * HOUR)],
        &["fired later", "applied", "applied", "flow_wait +1h2ms | dm Now", "close +25h2ms", "applied"],
    );
    assert_eq!(closes(&shop(), &[comment(0, "u1", "hand"), back(HOUR)]), close("25h"));
    // A new conversation after one that closed so.
    let events = [wrote(0, "x"), clock(72 * HOUR), wrote(80 * HOUR, "y")];
    assert_eq!(stands(&shop(), &events, "u1"), "2 human out_of_flow");
    // In the meantime triggers are with the person; after it they fire.
    check_last(&shop(), &[wrote(0, "x"), go(72 * HOUR - 1)], "with_human go");
    check_last(&shop(), &[wrote(0, "x"), go(72 * HOUR)], "fired go | dm Size?");
}

#[test]
fn v4_what_comes_in_the_own_accounts_name_is_refused_and_makes_no_contact() {
    let mut shop = shop();
    shop["products"] = json!([{ "id": "p", "name": "Serum", "url": "https://shop.example/p", "skus": [] }]);
    let refused = "refused own_account";
    for event in [
        message(0, "acct", "Hi"),
        message(0, "acct", "x").with("handle", "glow"),
        tap(0, "acct", "o"),
        member_message(0, "acct", "x"),
        member_message(0, "acct", "x").with("link", json!({ "product": "p" })),
        event(0, "identity", json!({ "user_id": "acct", "shop_user_id": "s1" })),
        act(0, "take", "acct"),
        act(0, "hand_back", "acct"),
        act(0, "close", "acct"),
        act(0, "block", "acct"),
        act(0, "unblock", "acct"),
        event(0, "assign", json!({ "user_id": "acct", "member": MAI, "to": MAI })),
    ] {
        for world in [&shop, &but(&shop, "policy", json!({ "reach": { "mode": "buyer_first" } }))] {
            check(world, std::slice::from_ref(&event), &[refused]);
            let (records, state) = replay(world, std::slice::from_ref(&event));
            assert_eq!((&records[0]["effects"], &records[0]["facts"]), (&json!([]), &json!([])), "{event:?}");
            assert!(state.contacts.is_empty() && state.mac.count == 0, "{event:?}");
        }
        // Its event id is used up, as any refused one's is.
        check(&shop, &[event.clone().id("x"), event.id("x")], &[refused, "duplicate"]);
    }
}

#[test]
fn v4_ids_and_who_acts_are_looked_at_before_the_own_account() {
    let owner = json!([{ "email": MAI, "role": "owner", "status": "active" }]);
    let listed = but(&shop(), "members", owner);
    for kind in ["take", "hand_back", "close", "block", "unblock"] {
        check(&listed, &[act(0, kind, "acct").with("member", "x@y.co")], &["refused not_a_member"]);
        check(&listed, &[act(0, kind, "acct")], &["refused own_account"]);
    }
    let assign = |member: &str, to: &str| event(0, "assign", json!({ "user_id": "acct", "member": member, "to": to }));
    check(&listed, &[assign("x@y.co", MAI)], &["refused not_a_member"]);
    check(&listed, &[assign(MAI, "x@y.co")], &["refused not_a_member"]);
    check(&listed, &[member_message(0, "acct", "x").with("member", "x@y.co")], &["refused not_a_member"]);
    // Before its window is asked for, and too old is too old.
    let first = but(&shop(), "policy", json!({ "reach": { "mode": "buyer_first" } }));
    check(&first, &[member_message(0, "acct", "x")], &["refused own_account"]);
    check(&shop(), &[clock(0), message(-401 * DAY, "acct", "x")], &["applied", "refused too_old"]);
    // Its message's id is left free, as a refused one's is; one that came before is a duplicate.
    let m = |at, user| message(at, user, "x").with("message_id", "m");
    check(
        &shop(),
        &[m(0, "acct"), m(1, "acct"), m(2, "u1")],
        &["refused own_account", "refused own_account", "out_of_flow | inbox out_of_flow"],
    );
    check_last(&shop(), &[m(0, "u1"), m(1, "acct")], "duplicate");
}

#[test]
fn v4_of_other_events_the_own_account_is_nobody_either() {
    check(
        &shop(),
        &[comment(0, "acct", "go"), removed(1, "acct", "c0"), answerable(2, "acct", "c0")],
        &["own_comment", "applied", "applied"],
    );
    let order = event(
        3,
        "order",
        json!({ "order_id": "o1", "user_id": "acct", "currency": "THB", "total_minor": 1,
                "lines": [{ "sku_id": "s", "amount_minor": 1 }] }),
    );
    let (records, state) = replay(&shop(), &[comment(0, "acct", "go"), order]);
    assert_eq!(records[1]["outcome"]["order"]["reason"], "unknown_contact");
    assert!(state.contacts.is_empty());
    // Somebody who was a contact when the account became theirs stays one, and is refused from then on.
    let mut theirs = shop();
    theirs["workspace"]["account_user_id"] = "u1".into();
    let events = [go(0), configure(1, &theirs), wrote(2, "7"), clock(2 * HOUR)];
    let asked = "fired go | dm Size?";
    check(&shop(), &events, &[asked, "applied", "refused own_account", "idle +1h", "applied"]);
    assert_eq!(stands(&shop(), &events, "u1"), "1 waiting q");
}
