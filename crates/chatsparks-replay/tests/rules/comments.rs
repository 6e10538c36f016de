//! C: comments, triggers, gates.

use crate::rows::*;
use chatsparks_core::{Evaluation, Scratch};
use chatsparks_replay::{Considered, Observer, Reader, Record, Replay};
use serde_json::{Value, json};

fn posts() -> Value {
    json!([ { "id": "v1", "kind": "video", "published_at": at(0), "tags": ["launch", "sale"] },
            { "id": "v2", "kind": "live", "published_at": at(0), "tags": [] },
            { "id": "future", "kind": "video", "published_at": at(90 * DAY), "tags": [] } ])
}

/// `price` above `list`, each with a reply.
fn two() -> Value {
    world(json!({ "posts": posts(),
        "triggers": [ trigger("price", "hi", json!({})), trigger("list", "hi", json!({})) ] }))
}

fn next(world: &Value) -> Value {
    but(world, "policy", json!({ "on_throttled": "next" }))
}

/// Makes u1's conversation Human.
fn taken(offset: i64) -> [Event; 2] {
    [message(offset, "u1", "hello"), act(offset, "take", "u1")]
}

#[test]
fn c1_the_first_reason_to_set_a_comment_aside_is_its_outcome() {
    let plan = json!({ "mac_limit": 9, "subscribed_at": "2026-01-01T00:00:00Z", "listening_window_days": 30 });
    let red = json!({ "tiktok": { "connected": false, "scopes": ["comments", "messages"] } });
    let deaf = json!({ "tiktok": { "connected": true, "scopes": ["messages", "posts"] } });
    let all = but(&but(&two(), "plan", plan), "connections", red.clone());
    let c = |user| comment(31 * DAY, user, "price").with("comment_id", "c");
    check_last(&all, &[c("acct"), c("acct")], "duplicate");
    check_last(&all, &[c("acct")], "own_comment");
    check_last(&all, &[c("u1")], "not_connected");
    check_last(&but(&two(), "connections", red), &[c("u1")], "not_connected");
    check_last(&but(&all, "connections", deaf), &[c("u1")], "not_connected");
    check_last(&but(&all, "connections", json!({})), &[c("u1")], "outside_window");
}

#[test]
fn c1_the_listening_window_is_half_open_and_knows_only_posts_of_the_workspace() {
    let plan = json!({ "mac_limit": 9, "subscribed_at": "2026-01-01T00:00:00Z", "listening_window_days": 30 });
    let planned = but(&two(), "plan", plan);
    let on = |offset, post: &str| comment(offset, "u1", "price").on(post);
    for (event, wanted) in [
        (on(30 * DAY - 1, "v1"), "fired price | dm Hi"),
        (on(30 * DAY, "v1"), "outside_window"),
        (on(30 * DAY + 1, "v1"), "outside_window"),
        // A post of the future is new; so is one that the workspace lacks.
        (on(-DAY, "v1"), "fired price | dm Hi"),
        (on(0, "future"), "fired price | dm Hi"),
        (on(90 * DAY, "elsewhere"), "fired price | dm Hi"),
        // It is judged by the instant received, not by the one that the platform tells.
        (on(30 * DAY, "v1").with("posted_at", at(0)), "outside_window"),
        (on(0, "v1").with("posted_at", at(60 * DAY)), "fired price | dm Hi"),
    ] {
        let told = told(&planned, std::slice::from_ref(&event));
        assert_eq!(told[0].split(" | owners").next().unwrap(), wanted, "{event:?}");
    }
    // At the comment's instant, also when it comes late.
    check_last(&planned, &[clock(31 * DAY), on(30 * DAY - 1, "v1")], "fired price | dm Hi");
    // Without a plan there is no window.
    check_last(&two(), &[on(300 * DAY, "v1")], "fired price | dm Hi");
}

#[test]
fn c2_one_winner_the_highest_active_one() {
    check(&two(), &[comment(0, "u1", "list price")], &["fired price | dm Hi"]);
    let draft = |place: usize| {
        let mut world = two();
        world["triggers"][place]["status"] = "draft".into();
        world
    };
    check(&draft(0), &[comment(0, "u1", "list price")], &["fired list | dm Hi"]);
    check(&draft(1), &[comment(0, "u1", "list")], &["no_match"]);
    // Never two conversations of one comment.
    assert_eq!(facts(&two(), &[comment(0, "u1", "list price")], &["conversation_opened"]).len(), 1);
}

#[test]
fn c3_scopes() {
    for (scope, on) in [
        (json!("all"), [true, true, true]),
        (json!({ "posts": ["v1"] }), [true, false, false]),
        (json!({ "posts": ["v1", "v2"] }), [true, true, false]),
        (json!({ "posts": ["elsewhere"] }), [false, false, false]),
        (json!({ "tags": ["sale"] }), [true, false, false]),
        (json!({ "tags": ["other", "launch"] }), [true, false, false]),
        (json!({ "tags": ["other"] }), [false, false, false]),
    ] {
        // With a word, with a condition that needs none, and with one that names posts.
        for when in [word("price"), json!({ "not": word("list") }), json!({ "posts": ["v1", "v2", "elsewhere"] })] {
            let world = world(
                json!({ "posts": posts(), "triggers": [ trigger("t", "hi", json!({ "scope": scope, "when": when })) ] }),
            );
            for (post, wanted) in ["v1", "v2", "elsewhere"].into_iter().zip(on) {
                let wanted = if wanted { "fired t | dm Hi" } else { "no_match" };
                check(&world, &[comment(0, "u1", "price").on(post)], &[wanted]);
                assert_eq!(engine(&world).is_in_scope("t", post), wanted != "no_match", "{scope} {post}");
            }
        }
    }
}

#[test]
fn c3_the_condition_chosen_posts_compares_ids() {
    for (when, on) in [
        (json!({ "posts": ["v1"] }), [true, false, false]),
        (json!({ "posts": ["elsewhere"] }), [false, false, true]),
        (json!({ "not": { "posts": ["elsewhere"] } }), [true, true, false]),
        (json!({ "any": [{ "posts": ["elsewhere"] }, word("list")] }), [false, false, true]),
        (json!({ "all": [{ "posts": ["v1", "elsewhere"] }, word("price")] }), [true, false, true]),
    ] {
        let world = world(json!({ "posts": posts(), "triggers": [ trigger("t", "hi", json!({ "when": when })) ] }));
        for (post, wanted) in ["v1", "v2", "elsewhere"].into_iter().zip(on) {
            check(
                &world,
                &[comment(0, "u1", "price").on(post)],
                &[if wanted { "fired t | dm Hi" } else { "no_match" }],
            );
        }
    }
}

#[test]
fn c4_all_any_and_not_to_a_depth_of_sixteen() {
    let case = |when: Value, text: &str, wanted: bool| {
        let world = world(json!({ "triggers": [ trigger("t", "hi", json!({ "when": when })) ] }));
        check(&world, &[comment(0, "u1", text)], &[if wanted { "fired t | dm Hi" } else { "no_match" }]);
    };
    let (a, b) = (word("aa"), word("bb"));
    for (text, [all, any, not]) in [
        ("aa bb", [true, true, false]),
        ("aa", [false, true, false]),
        ("bb", [false, true, true]),
        ("", [false, false, true]),
    ] {
        case(json!({ "all": [a, b] }), text, all);
        case(json!({ "any": [a, b] }), text, any);
        case(json!({ "not": a }), text, not);
        // By turns around one word, sixteen deep: an even number of `not` leaves what it says.
        for depth in 1..=16 {
            let (mut when, mut wanted) = (a.clone(), text.contains("aa"));
            for level in 0..depth {
                (when, wanted) = match level % 3 {
                    0 => (json!({ "not": when }), !wanted),
                    1 => (json!({ "all": [when] }), wanted),
                    _ => (json!({ "any": [when] }), wanted),
                };
            }
            case(when, text, wanted);
        }
    }
    let pattern = json!({ "all": [{ "pattern": "^a+" }, { "not": { "pattern": "b$" } }] });
    case(pattern.clone(), "aab", false);
    case(pattern, "aabc", true);
}

#[test]
fn c4_a_first_comment_is_the_first_seen_whatever_came_of_it() {
    let first = trigger("first", "hi", json!({ "when": "first_comment" }));
    let world = world(json!({ "posts": posts(), "triggers": [ first ] }));
    let fired = "fired first | dm Hi";
    let x = |at| comment(at, "u1", "x");
    check(&world, &[x(0), x(HOUR)], &[fired, "no_match"]);
    check(&world, &[x(0).on("v2"), x(HOUR).on("v1"), comment(HOUR, "u2", "x")], &[fired, "no_match", fired]);
    // Set aside, refused by a gate, or late: seen all the same.
    let red = but(&world, "connections", json!({ "tiktok": { "connected": false, "scopes": [] } }));
    check_last(&red, &[x(0), configure(1, &world), x(2)], "no_match");
    check_last(&world, &[act(0, "block", "u1"), x(1), act(2, "unblock", "u1"), x(3)], "no_match");
    check(&world, &[x(DAY), x(0)], &[fired, "no_match"]);
    // A DM is no comment, a duplicate is no second one, and one that was too old was not looked at.
    check_last(&world, &[message(0, "u1", "x"), act(1, "close", "u1"), x(2)], fired);
    let c = |at| x(at).with("comment_id", "c");
    check(&world, &[c(0), c(HOUR), x(HOUR)], &[fired, "duplicate", "no_match"]);
    check(&world, &[clock(0), x(-401 * DAY), x(0)], &["applied", "refused too_old", fired]);
}

#[test]
fn c4_a_reply_is_a_comment_that_answers_another() {
    let reply = trigger("reply", "hi", json!({ "when": "reply" }));
    let world = world(json!({ "posts": posts(), "triggers": [ reply ] }));
    let fired = "fired reply | dm Hi";
    check_last(&world, &[comment(0, "u1", "x").with("reply_to", "c9")], fired);
    check_last(&world, &[comment(0, "u1", "x")], "no_match");
    check_last(&world, &[comment(0, "u1", "x").with("reply_to", Value::Null)], "no_match");
    // Whom it answers does not matter, nor whether that was seen, nor the platform's word on answering.
    let own = comment(0, "acct", "x").with("comment_id", "c");
    check_last(&world, &[own, comment(1, "u1", "x").with("reply_to", "c")], fired);
    check_last(&world, &[comment(0, "u1", "x").with("direct_reply", true)], "no_match");
    // In conditions over it, and in explanations and trials: a text that nobody wrote answers nobody.
    let not = but(&world, "triggers", json!([trigger("own", "hi", json!({ "when": { "not": "reply" } }))]));
    check(
        &not,
        &[comment(0, "u1", "x"), comment(1, "u2", "x").with("reply_to", "c0")],
        &["fired own | dm Hi", "no_match"],
    );
    assert_eq!(explained(&world, &[comment(0, "u1", "x").with("reply_to", "c9")]), ["reply fired"]);
    assert_eq!(explained(&not, &[comment(0, "u1", "x").with("reply_to", "c9")]), ["own no_match"]);
    assert_eq!(explained(&world, &[comment(0, "u1", "x")]), ["reply no_match"]);
    assert_eq!(tried(&world, "x")[0].verdict.result.as_str(), "no_match");
    assert_eq!(tried(&not, "x")[0].verdict.result.as_str(), "matches");
}

#[test]
fn c8_the_first_keyword_of_the_condition_that_holds_is_named() {
    let keywords = |words: Value| json!({ "keywords": { "words": words } });
    let named = |when: Value, text: &str| {
        let world = world(json!({ "triggers": [ trigger("t", "hi", json!({ "when": when })) ] }));
        let told = facts(&world, &[comment(0, "u1", text)], &["trigger_fired"]);
        told[0].split_once("c0 ").map(|(_, rest)| rest.trim_end_matches("v1 t").trim().to_owned())
    };
    let list = || keywords(json!(["cost", "Price", "how much"]));
    // In the order of the document, not in that of the text.
    assert_eq!(named(list(), "price? what does it cost").as_deref(), Some("cost"));
    assert_eq!(named(list(), "cost? price?").as_deref(), Some("cost"));
    assert_eq!(named(list(), "how much is the price").as_deref(), Some("Price"));
    assert_eq!(named(list(), "how much").as_deref(), Some("how much"));
    // As the workspace writes it, also where another word is part of it, or the same word stands there twice.
    assert_eq!(named(keywords(json!(["the PRICE", "price"])), "the price").as_deref(), Some("the PRICE"));
    assert_eq!(named(keywords(json!(["price", "the price"])), "the price").as_deref(), Some("price"));
    assert_eq!(named(keywords(json!(["ＰＲＩＣＥ", "price"])), "price").as_deref(), Some("ＰＲＩＣＥ"));
    // Through `all`, `any` and other parts; of a condition without words none.
    let nested = json!({ "all": ["first_comment",
        { "any": [keywords(json!(["zebra"])), { "all": [keywords(json!(["blue", "green"])), keywords(json!(["car"]))] }] }] });
    assert_eq!(named(nested, "a car, green").as_deref(), Some("green"));
    assert_eq!(named(json!({ "any": ["question_mark", keywords(json!(["zebra"]))] }), "so?").as_deref(), Some(""));
}

#[test]
fn c5_the_first_gate_that_refuses_gives_the_outcome() {
    let fire = || comment(0, "u1", "price");
    let again = || comment(HOUR, "u1", "price");
    let [wrote, took] = taken(1);
    let all = |events: Vec<Event>| told(&two(), &events).pop().unwrap();
    assert_eq!(all(vec![fire(), wrote.clone(), took.clone(), act(2, "block", "u1"), again()]), "blocked_contact price");
    assert_eq!(all(vec![fire(), wrote.clone(), took.clone(), again()]), "throttled price until +24h");
    assert_eq!(all(vec![wrote.clone(), took.clone(), again()]), "with_human price");
    assert_eq!(all(vec![wrote, took, act(2, "close", "u1"), again()]), "fired price | dm Hi");
    assert_eq!(all(vec![act(0, "block", "u1"), again()]), "blocked_contact price");
    // What matches nothing passes no gate.
    assert_eq!(all(vec![act(0, "block", "u1"), comment(1, "u1", "x")]), "no_match");
}

#[test]
fn c6_a_throttle_ends_at_its_last_millisecond() {
    let again = |world: &Value, offset| {
        told(world, &[comment(0, "u1", "price"), comment(offset, "u1", "price")]).pop().unwrap()
    };
    let lasting = |hours: i64| {
        let mut world = two();
        world["triggers"][0]["throttle_hours"] = hours.into();
        world
    };
    let by_policy = but(&two(), "policy", json!({ "throttle_hours": 2 }));
    for (world, hours) in [(two(), 24), (lasting(1), 1), (lasting(168), 168), (by_policy.clone(), 2)] {
        let until = format!("throttled price until +{hours}h");
        for (offset, wanted) in
            [(0, &*until), (1, &until), (hours * HOUR - 1, &until), (hours * HOUR, "fired price | dm Hi")]
        {
            assert_eq!(again(&world, offset), wanted, "{hours} {offset}");
        }
    }
    // The trigger's own length comes before the policy's; none at all never throttles what is not late.
    let mut own = by_policy;
    own["triggers"][0]["throttle_hours"] = 3.into();
    assert_eq!(again(&own, 3 * HOUR - 1), "throttled price until +3h");
    assert_eq!(again(&lasting(0), 0), "fired price | dm Hi");
}

#[test]
fn c6_late_comments_are_throttled_too() {
    for (offset, wanted) in
        [(-1, "throttled price until +24h"), (-300 * DAY, "throttled price until +24h"), (DAY, "fired price | dm Hi")]
    {
        check_last(&two(), &[comment(0, "u1", "price"), clock(2 * DAY), comment(offset, "u1", "price")], wanted);
    }
}

#[test]
fn c6_only_firing_starts_it_and_per_contact_and_trigger() {
    let price = |at| comment(at, "u1", "price");
    check_last(&two(), &[price(0), price(DAY - 1), price(DAY)], "fired price | dm Hi");
    check_last(&two(), &[price(0), comment(1, "u2", "price")], "fired price | dm Hi");
    check_last(&two(), &[price(0), comment(1, "u1", "list")], "fired list | dm Hi");
    let [wrote, took] = taken(0);
    check_last(&two(), &[wrote, took, price(1), act(2, "close", "u1"), price(3)], "fired price | dm Hi");
    check_last(&two(), &[act(0, "block", "u1"), price(1), act(2, "unblock", "u1"), price(3)], "fired price | dm Hi");
}

#[test]
fn c6_the_key_is_the_triggers_id_and_the_length_the_present_one() {
    let price = |at| comment(at, "u1", "price list");
    let mut renamed = two();
    renamed["triggers"][0]["id"] = "price-2".into();
    check_last(&two(), &[price(0), configure(1, &renamed), price(2)], "fired price-2 | dm Hi");
    // Other words and another place in the list are the same trigger.
    let mut moved = two();
    moved["triggers"] =
        json!([trigger("new", "hi", json!({})), trigger("price", "hi", json!({ "when": word("list") }))]);
    check_last(&two(), &[price(0), configure(1, &moved), price(2)], "throttled price until +24h");
    // P4, fine print: throttles go by the present length.
    let shorter = but(&two(), "policy", json!({ "throttle_hours": 1 }));
    check_last(&two(), &[price(0), configure(1, &shorter), price(HOUR - 1)], "throttled price until +1h");
    check_last(&two(), &[price(0), configure(1, &shorter), price(HOUR)], "fired price | dm Hi");
    check_last(&shorter, &[price(0), configure(1, &two()), price(HOUR)], "throttled price until +24h");
}

#[test]
fn c7_a_refused_winner_ends_the_matter_unless_the_next_is_asked_for() {
    let both = |at| comment(at, "u1", "price list");
    check_last(&two(), &[both(0), both(1)], "throttled price until +24h");
    check(
        &next(&two()),
        &[both(0), both(1), both(2)],
        &["fired price | dm Hi", "fired list | dm Hi", "throttled price until +24h"],
    );
    // All throttled: the highest, though another would end earlier.
    let mut sooner = next(&two());
    sooner["triggers"][1]["throttle_hours"] = 1.into();
    check_last(&sooner, &[both(0), both(1), both(2)], "throttled price until +24h");
    // When the highest that is throttled does not match, it is not named.
    check_last(&next(&two()), &[both(0), both(1), comment(2, "u1", "list")], "throttled list until +24h1ms");
    // A third one, whatever the order of the words in the text.
    let mut three = next(&two());
    three["triggers"].as_array_mut().unwrap().push(trigger("ask", "hi", json!({ "when": { "not": word("zz") } })));
    for text in ["price list", "list price", "ask list price"] {
        let at = |offset| comment(offset, "u1", text);
        check(
            &three,
            &[at(0), at(1), at(2), at(3)],
            &["fired price | dm Hi", "fired list | dm Hi", "fired ask | dm Hi", "throttled price until +24h"],
        );
    }
}

#[test]
fn c7_with_next_the_other_gates_still_end_it() {
    let both = |at| comment(at, "u1", "price list");
    // Blocked names the highest match, throttled or not.
    check_last(&next(&two()), &[both(0), act(1, "block", "u1"), both(2)], "blocked_contact price");
    // Human: the throttled one is passed over first.
    check_last(&next(&two()), &[both(0), act(1, "take", "u1"), both(2)], "with_human list");
    check_last(&next(&two()), &[both(0), both(1), act(2, "take", "u1"), both(3)], "throttled price until +24h");
}

#[test]
fn c8_the_first_of_three_that_keep_a_flow_from_starting() {
    let reach = json!({ "reach": { "mode": "buyer_first" } });
    let full = json!({ "mac_limit": 1, "subscribed_at": "2026-01-01T00:00:00Z", "listening_window_days": 365 });
    let mute = json!({ "tiktok": { "connected": true, "scopes": ["comments"] } });
    let mut open = but(&two(), "plan", full);
    open["triggers"][0]["public_reply"] = "Sent".into();
    let closed = but(&open, "policy", reach);
    let muted = but(&closed, "connections", mute);
    let fill = || comment(0, "u9", "price");
    let all = |world: &Value, events: &[Event]| told(world, events).pop().unwrap();
    let price = || comment(2, "u1", "price");
    assert_eq!(all(&open, &[fill(), configure(1, &muted), price()]), "undeliverable price | reply Sent");
    assert_eq!(all(&open, &[fill(), configure(1, &closed), price()]), "queued price | reply Sent");
    assert_eq!(all(&closed, &[price()]), "awaiting_message price | reply Sent");
    assert_eq!(all(&open, &[price()]), "fired price | reply Sent | dm Hi | owners 80 | owners 95 | owners 100");
    // Undeliverable: no conversation opens, nothing is counted, and the throttle runs.
    let events = [price(), comment(3, "u1", "price")];
    assert_eq!(all(&muted, &events), "throttled price until +24h2ms");
    let (_, state) = replay(&muted, &events);
    assert_eq!((state.mac.count, &state.contacts[0].conversation, state.contacts[0].awaiting), (0, &None, false));
    // Each outcome starts the throttle.
    for world in [&open, &closed, &muted] {
        let again =
            [fill(), configure(1, world), price(), comment(DAY + 1, "u1", "price"), comment(DAY + 2, "u1", "price")];
        let all = told(&open, &again);
        let throttled = all.iter().filter(|told| told.starts_with("throttled price until +24h2ms")).count();
        assert!(throttled == 1 && !all.last().unwrap().starts_with("throttled"), "{all:?}");
    }
}

#[test]
fn c8_the_messages_scope_is_looked_at_when_a_trigger_fires_and_not_later() {
    let blocks = json!([{ "id": "q", "question": { "text": "Size?", "field": "size" } }, { "id": "m", "message": { "text": "Thanks" } }]);
    let world = but(
        &but(&two(), "flows", json!([flow("ask", blocks)])),
        "triggers",
        json!([trigger("price", "ask", json!({}))]),
    );
    let muted = but(&world, "connections", json!({ "tiktok": { "connected": true, "scopes": ["comments"] } }));
    check_last(&world, &[comment(0, "u1", "price"), configure(1, &muted), message(2, "u1", "M")], "taken | dm Thanks");
}

#[test]
fn c9_a_reply_is_chosen_by_the_comments_id() {
    let replied = |variants: Value, id: &str| {
        let world = world(json!({ "triggers": [ trigger("price", "hi", json!({ "public_reply": variants })) ] }));
        told(&world, &[comment(0, "u1", "price").with("comment_id", id)]).pop().unwrap()
    };
    // FNV-1a-64: `a` is …8c, `b` is …f1, `c1` and `ก` as computed apart from here.
    for (id, five) in
        [("a", fnv(b"a")), ("b", fnv(b"b")), ("foobar", 0x8594_4171_F739_67E8), ("ก", fnv("ก".as_bytes()))]
    {
        let place = five % 5;
        assert_eq!(
            replied(json!(["0", "1", "2", "3", "4"]), id),
            format!("fired price | reply {place} | dm Hi"),
            "{id}"
        );
        assert_eq!(replied(json!("one"), id), "fired price | reply one | dm Hi");
        assert_eq!(replied(json!(["one"]), id), "fired price | reply one | dm Hi");
    }
    assert_eq!(fnv(b"a"), 0xAF63_DC4C_8601_EC8C);
}

/// FNV-1a-64, by the book.
fn fnv(bytes: &[u8]) -> u64 {
    let mut hash = 14_695_981_039_346_656_037u128;
    for byte in bytes {
        hash = (hash ^ u128::from(*byte)) * 1_099_511_628_211 % (1 << 64);
    }
    hash as u64
}

/// What every trigger is told to have done with the last comment (C10).
#[track_caller]
fn explained(world: &Value, events: &[Event]) -> Vec<String> {
    #[derive(Default)]
    struct Last(Option<(Evaluation, chatsparks_core::Engine)>);
    impl Observer for Last {
        fn record(&mut self, _: &Record<'_>) {}
        fn comment(&mut self, considered: &Considered<'_>) {
            self.0 = Some((considered.evaluation(), considered.engine.clone()));
        }
    }
    let (mut replay, mut last) = (Replay::new(engine(world)), Last::default());
    for line in Reader::new(lines(events).as_bytes(), "rows") {
        replay.push_observed(&line.unwrap().envelope, &mut last);
    }
    let (evaluation, engine) = last.0.unwrap();
    let all = engine.explain_all(&evaluation, &mut Scratch::default());
    let told = all.iter().map(|explanation| {
        let mut told = format!("{} {}", explanation.trigger, explanation.verdict.result.as_str());
        if let Some(winner) = &explanation.verdict.winner {
            told.push_str(&format!(" by {winner}"));
        }
        for also in &explanation.also {
            told.push_str(&format!(", {}", also.result.as_str()));
        }
        told
    });
    told.collect()
}

/// Four triggers: a draft, one for another post, the winner, and one below it.
fn four() -> Value {
    but(
        &two(),
        "triggers",
        json!([
            trigger("draft", "hi", json!({ "status": "draft", "when": word("price") })),
            trigger("scoped", "hi", json!({ "scope": { "posts": ["v2"] }, "when": word("price") })),
            trigger("price", "hi", json!({})),
            trigger("list", "hi", json!({}))
        ]),
    )
}

#[test]
fn c10_every_trigger_has_its_reason() {
    let price = |at| comment(at, "u1", "price list");
    let of = |events: &[Event]| explained(&four(), events);
    assert_eq!(of(&[price(0)]), ["draft draft", "scoped out_of_scope", "price fired", "list outranked by price"]);
    assert_eq!(
        of(&[comment(0, "u1", "x")]),
        ["draft draft, no_match", "scoped out_of_scope, no_match", "price no_match", "list no_match"]
    );
    assert_eq!(of(&[price(0), price(1)])[2..], ["price throttled", "list outranked by price"]);
    assert_eq!(
        of(&[price(0), act(1, "take", "u1"), price(2)])[2..],
        ["price throttled, with_human", "list outranked by price, with_human"]
    );
    assert_eq!(
        of(&[price(0), act(1, "take", "u1"), act(2, "close", "u1"), act(3, "block", "u1"), price(4)])[2..],
        ["price blocked_contact, throttled", "list outranked by price, blocked_contact"]
    );
    assert_eq!(of(&[comment(0, "acct", "price")])[2..], ["price own_comment", "list own_comment, no_match"]);
    // What C1 sets aside for more than one reason names them all, in its order; so does a duplicate.
    let plan = json!({ "mac_limit": 9, "subscribed_at": "2026-01-01T00:00:00Z", "listening_window_days": 30 });
    let deaf =
        but(&but(&four(), "plan", plan), "connections", json!({ "tiktok": { "connected": false, "scopes": [] } }));
    let all = explained(&deaf, &[comment(30 * DAY, "acct", "price")]);
    assert_eq!(
        all[2..],
        [
            "price own_comment, not_connected, outside_window",
            "list own_comment, not_connected, outside_window, no_match"
        ]
    );
    let again = comment(30 * DAY, "u1", "price").with("comment_id", "c");
    let all = explained(&deaf, &[again.clone(), again.with("id", "again")]);
    assert_eq!(all[2], "price duplicate, not_connected, outside_window");
    // With `next`, one that was passed over was throttled and not outranked.
    assert_eq!(explained(&next(&four()), &[price(0), price(1)])[2..], ["price throttled", "list fired"]);
    // When all are throttled nobody won: the outcome names the highest, and it outranks nobody.
    let all = explained(&next(&four()), &[price(0), price(1), price(2)]);
    assert_eq!(all[2..], ["price throttled", "list throttled"]);
    let of_human = [price(0), price(1), act(2, "take", "u1"), price(3)];
    assert_eq!(
        explained(&next(&four()), &of_human)[2..],
        ["price throttled, with_human", "list throttled, with_human"]
    );
    // Whom somebody won against is told as ever: the one below is outranked, and would be throttled too.
    let three = but(
        &four(),
        "triggers",
        json!([
            trigger("price", "hi", json!({})),
            trigger("list", "hi", json!({})),
            trigger("last", "hi", json!({ "when": word("price") }))
        ]),
    );
    assert_eq!(
        explained(&next(&three), &[price(0), comment(1, "u1", "price"), price(DAY + 1)]),
        ["price fired", "list outranked by price", "last outranked by price"]
    );
    assert_eq!(
        explained(&next(&three), &[price(0), price(1)]),
        ["price throttled", "list fired", "last outranked by list"]
    );
}

#[test]
fn c10_a_comment_is_explained_against_the_revision_that_decided_it() {
    let renamed = but(&four(), "triggers", json!([trigger("other", "hi", json!({}))]));
    assert_eq!(explained(&four(), &[comment(0, "u1", "price"), configure(1, &renamed)])[2], "price fired");
    assert_eq!(explained(&four(), &[configure(0, &renamed), comment(1, "u1", "price")]), ["other no_match"]);
}
