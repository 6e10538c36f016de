//! F: flows, block by block.

use crate::rows::*;
use serde_json::{Value, json};

/// A workspace with one trigger `go` on one flow of these blocks.
fn of(blocks: Value) -> Value {
    world(json!({ "triggers": [ trigger("go", "f", json!({})) ], "flows": [ flow("f", blocks) ] }))
}

fn say(id: &str) -> Value {
    json!({ "id": id, "message": { "text": id } })
}

fn ask(id: &str, field: &str) -> Value {
    json!({ "id": id, "question": { "text": format!("{id}?"), "field": field } })
}

fn go() -> Event {
    comment(0, "u1", "go")
}

/// What a question with this `expect` makes of a text: what it captured, or nothing.
fn captured(expect: Value, text: &str) -> Option<String> {
    let question = json!({ "id": "q", "question": { "text": "?", "field": "f", "expect": expect } });
    let world = of(json!([question]));
    let contact = contact(&world, &[go(), message(1, "u1", text)], "u1");
    contact["fields"].get("f").map(|value| value.as_str().unwrap().to_owned())
}

#[test]
fn f1_blocks_go_on_to_the_next_or_where_goto_says() {
    check(&of(json!([say("a"), say("b")])), &[go()], &["fired go | dm a | dm b"]);
    let goto = |id: &str, to: &str| json!({ "id": id, "message": { "text": id }, "goto": to });
    check(&of(json!([goto("a", "c"), say("b"), say("c")])), &[go()], &["fired go | dm a | dm c"]);
    check(
        &of(json!([goto("a", "c"), { "id": "b", "tag": { "tag": "x" }, "goto": "d" }, goto("c", "b"), say("d")])),
        &[go()],
        &["fired go | dm a | dm c | dm d"],
    );
    // Past the last block it is completed, wherever it came from.
    assert_eq!(stands(&of(json!([say("a")])), &[go()], "u1"), "1 waiting");
    assert_eq!(stands(&of(json!([{ "id": "t", "tag": { "tag": "x" } }])), &[go()], "u1"), "1 waiting");
}

#[test]
fn f1_an_options_a_cases_and_free_texts_goto_come_before_the_blocks() {
    let quick = json!({ "id": "q", "quick_replies": { "text": "?", "field": "f", "options": [{ "id": "a", "label": "A", "goto": "one" },
        { "id": "b", "label": "B" }], "free_text": { "goto": "two" } }, "goto": "three" });
    let end = |id: &str| json!({ "id": id, "message": { "text": id }, "goto": "end" });
    let tag = json!({ "id": "end", "tag": { "tag": "t" } });
    let world = of(json!([quick, say("next"), end("one"), end("two"), end("three"), tag]));
    for (text, wanted) in [("A", "taken | dm one"), ("B", "taken | dm three"), ("other", "taken | dm two")] {
        check_last(&world, &[go(), message(1, "u1", text)], wanted);
    }
    check_last(&world, &[go(), tap(1, "u1", "a")], "taken | dm one");
    let branch = |otherwise: Option<&str>, goto: Option<&str>| {
        let mut block = json!({ "id": "b", "branch": { "field": "f", "cases": [{ "equals": "x", "goto": "one" }] } });
        otherwise.into_iter().for_each(|to| block["branch"]["otherwise"] = to.into());
        goto.into_iter().for_each(|to| block["goto"] = to.into());
        of(
            json!([ask("q", "f"), block, end("next"), end("one"), end("two"), end("three"), { "id": "end", "tag": { "tag": "t" } }]),
        )
    };
    for (otherwise, goto, text, wanted) in [
        (Some("two"), Some("three"), "x", "taken | dm one"),
        (Some("two"), Some("three"), "y", "taken | dm two"),
        (None, Some("three"), "y", "taken | dm three"),
        (None, None, "y", "taken | dm next"),
        (None, Some("three"), "x", "taken | dm one"),
    ] {
        check_last(&branch(otherwise, goto), &[go(), message(1, "u1", text)], wanted);
    }
}

#[test]
fn f1_blocks_send_what_they_hold() {
    let product = json!([{ "id": "p", "name": "Serum", "url": "https://shop.example/p", "skus": [{ "id": "s", "name": "30ml" }] }]);
    let blocks = json!([{ "id": "m", "message": { "text": "Look", "link": { "product": "p" } } },
        { "id": "a", "shop_link": { "product": "p", "sku": "s", "text": "Here" } }, { "id": "b", "shop_link": {} },
        { "id": "h", "handoff": { "note": "a person" } }]);
    check(
        &but(&of(blocks), "products", product),
        &[go()],
        &["fired go | dm Look [p] | dm Here [p s] | dm  [] | inbox handoff a person"],
    );
}

#[test]
fn f2_blocks_run_until_one_waits_or_hands_off() {
    let quick = json!({ "id": "k", "quick_replies": { "text": "k?", "options": [{ "id": "o", "label": "O" }] } });
    for (block, record, standing) in [
        (ask("q", "f"), "fired go | dm a | dm q?", "1 bot q"),
        (quick, "fired go | dm a | dm k?", "1 bot k"),
        (json!({ "id": "w", "wait": { "seconds": 1 } }), "fired go | dm a", "1 bot w"),
        (json!({ "id": "h", "handoff": {} }), "fired go | dm a | inbox handoff", "1 human handoff h"),
        (json!({ "id": "t", "tag": { "tag": "x" } }), "fired go | dm a | dm z", "1 waiting"),
    ] {
        let world = of(json!([say("a"), block, say("z")]));
        check(&world, &[go()], &[record]);
        assert_eq!(stands(&world, &[go()], "u1"), standing);
    }
}

#[test]
fn f3_a_question_takes_any_text_that_is_not_blank() {
    for (text, wanted) in [
        ("  Two of  them \n", Some("Two of  them")),
        ("ＡＢＣ", Some("ＡＢＣ")),
        ("\u{a0}x\u{3000}", Some("x")),
        ("", None),
        (" \n\t\u{3000}", None),
        ("\u{200b}\u{fe0f}", None),
        ("0", Some("0")),
    ] {
        assert_eq!(captured(Value::Null, text).as_deref(), wanted, "{text:?}");
    }
    // A tapped option or nothing at all is no text; a text beside an option is.
    let world = of(json!([ask("q", "f"), say("done")]));
    check_last(&world, &[go(), tap(1, "u1", "x")], "mismatch | dm q?");
    check_last(&world, &[go(), event(1, "message", json!({ "user_id": "u1" }))], "mismatch | dm q?");
    check_last(&world, &[go(), message(1, "u1", "M").with("option", "x")], "taken | dm done");
}

#[test]
fn f3_what_a_question_expects() {
    for (expect, text, taken) in [
        ("number", "12", true),
        ("number", "＋１２，５", true),
        ("number", "12.5.1", false),
        ("number", "1,500.25", true),
        ("number", "12 5", false),
        ("number", " 12 ", true),
        ("number", "๑๒", true),
        ("email", "A@B.co", true),
        ("email", "a@b", false),
        ("email", "a b@c.de", false),
        ("email", "me: a@b.co", false),
        ("phone", "+66 (0)81–234.5678", true),
        ("phone", "123456", false),
        ("phone", "1234567", true),
        ("phone", "123456789012345", true),
        ("phone", "1234567890123456", false),
        ("phone", "+66 81 234 5678 x", false),
        ("phone", "0 8 1 2 3 4 5", true),
    ] {
        assert_eq!(captured(json!(expect), text).is_some(), taken, "{expect} {text}");
    }
    // As written but trimmed, though judged over the normalised text.
    assert_eq!(captured(json!("number"), " １２ ").as_deref(), Some("１２"));
    // A pattern is found anywhere in the text, without case.
    let pattern = |pattern: &str, text: &str| captured(json!({ "pattern": pattern }), text).is_some();
    assert!(pattern("[0-9]{2}ML", "the ３0ml one") && pattern("^a", " A") && !pattern("^a", "ba"));
    // What is expected alone decides: one that is found in nothing takes a blank text.
    assert!(pattern(".*", " ") && !pattern(".", " ") && !pattern("ml$", ""));
    // What ends the sentence is no part of an address.
    assert_eq!(captured(json!("email"), " Mint@Shop.example. ").as_deref(), Some("Mint@Shop.example"));
}

#[test]
fn f4_quick_replies_take_an_option_a_label_or_a_number() {
    let quick = |free: Option<Value>, labels: [&str; 3]| {
        let options: Vec<Value> =
            ["a", "b", "c"].iter().zip(labels).map(|(id, label)| json!({ "id": id, "label": label })).collect();
        let mut block = json!({ "id": "q", "quick_replies": { "text": "?", "field": "f", "options": options } });
        free.into_iter().for_each(|free| block["quick_replies"]["free_text"] = free);
        of(json!([block, say("done")]))
    };
    let value = |world: &Value, event: Event| {
        let fields = contact(world, &[go(), event], "u1")["fields"].clone();
        fields.get("f").or(fields.get("g")).map(|value| value.as_str().unwrap().to_owned())
    };
    let labels = ["30ml", "50ml", "2"];
    let (strict, free) = (quick(None, labels), quick(Some(json!({})), labels));
    for (event, taken, freely) in [
        (tap(1, "u1", "a"), Some("30ml"), Some("30ml")),
        (tap(1, "u1", "gone"), None, None),
        (tap(1, "u1", "gone").with("text", "30ml"), None, None),
        (tap(1, "u1", "a").with("text", "50ml"), Some("30ml"), Some("30ml")),
        (message(1, "u1", " ３0ML "), Some("30ml"), Some("30ml")),
        // Labels that hold numbers have those, and no places in the list.
        (message(1, "u1", "30"), Some("30ml"), Some("30ml")),
        (message(1, "u1", "３０!"), Some("30ml"), Some("30ml")),
        (message(1, "u1", "1"), None, Some("1")),
        (message(1, "u1", "2"), Some("2"), Some("2")),
        (message(1, "u1", "(2)"), Some("2"), Some("2")),
        (message(1, "u1", "3"), None, Some("3")),
        (message(1, "u1", "0"), None, Some("0")),
        // As it stands: not trimmed, and blank too.
        (message(1, "u1", " Other "), None, Some(" Other ")),
        (message(1, "u1", "  "), None, Some("  ")),
        (event(1, "message", json!({ "user_id": "u1" })), None, None),
    ] {
        assert_eq!(value(&strict, event.clone()).as_deref(), taken, "{event:?}");
        assert_eq!(value(&free, event.clone()).as_deref(), freely, "{event:?}");
    }
    // Where no label holds a digit, a number is a place in the list.
    let plain = quick(Some(json!({})), ["✅ Small", "Large", "Both"]);
    for (text, wanted) in [
        ("1", "✅ Small"),
        ("２.", "Large"),
        ("3", "Both"),
        ("0", "0"),
        ("4", "4"),
        ("01", "01"),
        ("SMALL!", "✅ Small"),
        ("!!", "!!"),
    ] {
        assert_eq!(value(&plain, message(1, "u1", text)).as_deref(), Some(wanted), "{text}");
    }
    // The label is what an option is worth, as written; free text may have a field of its own.
    let own = quick(Some(json!({ "field": "g" })), ["３０ML", "B", "C"]);
    assert_eq!(value(&own, message(1, "u1", "30ml")).as_deref(), Some("３０ML"));
    assert_eq!(contact(&own, &[go(), message(1, "u1", "x")], "u1")["fields"], json!({ "g": "x" }));
    // Of two equal labels the first.
    assert_eq!(
        facts(&quick(None, ["S", "s", "C"]), &[go(), message(1, "u1", "s")], &["field_captured"]),
        ["1 field_captured f"]
    );
    assert_eq!(value(&quick(None, ["S", "s", "C"]), message(1, "u1", "s")).as_deref(), Some("S"));
}

#[test]
fn f5_the_second_mismatch_in_a_row_goes_to_a_person() {
    let quick = |id: &str| json!({ "id": id, "quick_replies": { "text": format!("{id}?"), "options": [{ "id": "o", "label": "O" }] } });
    let world = of(json!([quick("a"), quick("b"), say("done")]));
    let bad = |at| message(at, "u1", "bad");
    let good = |at| message(at, "u1", "o");
    let human = "mismatch | inbox unrecognized_replies";
    check(&world, &[go(), bad(1), bad(2)], &["fired go | dm a?", "mismatch | dm a?", human]);
    // Each entry to a block begins its count anew.
    check(
        &world,
        &[go(), bad(1), good(2), bad(3), bad(4)],
        &["fired go | dm a?", "mismatch | dm a?", "taken | dm b?", "mismatch | dm b?", human],
    );
    assert_eq!(stands(&world, &[go(), bad(1), bad(2)], "u1"), "1 human unrecognized_replies a");
    // The number is policy, the present one.
    for (most, asked) in [(1, 0), (3, 2)] {
        let told = told(&but(&world, "policy", json!({ "max_mismatches": most })), &[go(), bad(1), bad(2), bad(3)]);
        assert_eq!(told.iter().filter(|told| *told == "mismatch | dm a?").count(), asked);
        assert_eq!(told[most as usize], human);
    }
    // Idle in between is no new entry; handing back is one (V8), and so is the same flow again.
    check_last(&world, &[go(), bad(1), bad(2 * HOUR)], human);
    check_last(&world, &[go(), bad(1), act(2, "take", "u1"), act(3, "hand_back", "u1"), bad(4)], "mismatch | dm a?");
    check_last(&world, &[go(), bad(1), comment(DAY - 1, "u1", "x"), bad(DAY - 1)], human);
    let again = but(&world, "policy", json!({ "throttle_hours": 0 }));
    check_last(&again, &[go(), bad(1), comment(2, "u1", "go"), bad(3)], "mismatch | dm a?");
}

#[test]
fn f5_a_block_entered_again_by_goto_counts_anew() {
    let number = json!({ "id": "a", "question": { "text": "a?", "field": "f", "expect": "number" }, "goto": "b" });
    let back = json!({ "id": "b", "quick_replies": { "text": "b?", "options": [{ "id": "again", "label": "Again", "goto": "a" }] } });
    let world = of(json!([number, back]));
    let wrote = |at, text: &str| message(at, "u1", text);
    check_last(&world, &[go(), wrote(1, "x"), wrote(2, "1"), wrote(3, "again"), wrote(4, "x")], "mismatch | dm a?");
    check_last(
        &world,
        &[go(), wrote(1, "x"), wrote(2, "1"), wrote(3, "again"), wrote(4, "x"), wrote(5, "x")],
        "mismatch | inbox unrecognized_replies",
    );
}

#[test]
fn f6_a_branch_takes_the_first_case_that_holds() {
    let cases = json!([{ "equals": "ＲＥＤ wine", "goto": "one" }, { "contains": "RED", "goto": "two" }, { "one_of": ["x", "แดง"], "goto": "three" }]);
    let end = |id: &str| json!({ "id": id, "message": { "text": id }, "goto": "end" });
    let world = |field: &str| {
        of(json!([ask("q", "f"),
        { "id": "b", "branch": { "field": field, "cases": cases, "otherwise": "other" } },
        end("one"), end("two"), end("three"), end("other"), { "id": "end", "tag": { "tag": "t" } }]))
    };
    for (text, wanted) in [
        ("red   WINE", "one"),
        ("red wine!", "two"),
        // A plain part: no regard to edges, nor to N3.
        ("colored", "two"),
        ("red\u{301}", "two"),
        ("แดง", "three"),
        ("แดง้", "other"),
        ("blue", "other"),
    ] {
        check_last(&world("f"), &[go(), message(1, "u1", text)], &format!("taken | dm {wanted}"));
    }
    // A missing field is empty.
    check_last(&world("missing"), &[go(), message(1, "u1", "red wine")], "taken | dm other");
}

#[test]
fn f7_a_wait_ends_at_its_last_millisecond_and_a_message_does_not_end_it() {
    let world = of(json!([say("a"), { "id": "w", "wait": { "seconds": 10 } }, say("b")]));
    for (now, over) in [(9_999, false), (10_000, true), (10_001, true)] {
        let told = told(&world, &[go(), clock(now)]);
        assert_eq!(told.contains(&"flow_wait +10s | dm b".to_owned()), over, "{now}");
    }
    check(
        &world,
        &[go(), message(5_000, "u1", "hello"), message(9_999, "u1", "hello"), clock(10_000)],
        &["fired go | dm a", "kept", "kept", "flow_wait +10s | dm b", "applied"],
    );
    assert_eq!(stands(&world, &[go(), message(1, "u1", "hello")], "u1"), "1 bot w");
    // What was kept answers no question that comes after.
    let world = of(json!([{ "id": "w", "wait": { "seconds": 1 } }, ask("q", "f")]));
    assert_eq!(contact(&world, &[go(), message(1, "u1", "M"), clock(SECOND)], "u1")["fields"], json!({}));
    // From a second to thirty days.
    let long = of(json!([{ "id": "w", "wait": { "seconds": 2_592_000 } }, say("b")]));
    check(&long, &[go(), clock(30 * DAY)], &["fired go", "cycle +710h", "flow_wait +720h | dm b", "applied"]);
}

#[test]
fn f8_placeholders() {
    let says = |text: &str, handle: Option<&str>, reply: &str| {
        let world = of(json!([ask("q", "size"), { "id": "m", "message": { "text": text } }]));
        let mut first = go();
        if let Some(handle) = handle {
            first = first.with("handle", handle);
        }
        told(&world, &[first, message(1, "u1", reply)]).pop().unwrap().replace("taken | dm ", "")
    };
    for (text, wanted) in [
        ("Hi {{handle}}, {{size}}!", "Hi mint, M!"),
        ("{{ handle }} {{\tsize }}", "mint M"),
        ("{{nothing}}x", "x"),
        ("{{nothing}}", "…"),
        ("{handle} {{handle", "{handle} {{handle"),
    ] {
        assert_eq!(says(text, Some("mint"), " M "), wanted, "{text}");
    }
    assert_eq!(says("{{handle}}", None, "M"), "…");
    // Once: what a buyer writes is never expanded.
    assert_eq!(says("{{size}}", Some("mint"), "{{handle}}"), "{{handle}}");
    // Cut at 6,000 characters, whatever their bytes; what is cut to blank is blank.
    let long = "ก".repeat(1_000);
    let seven = "{{size}}".repeat(7);
    assert_eq!(says(&seven, None, &long).chars().count(), 6_000);
    assert_eq!(says(&"{{size}}".repeat(6), None, &long).chars().count(), 6_000);
    assert_eq!(says(&format!("{}{{{{size}}}}", " ".repeat(5_000)), None, "M"), format!("{}M", " ".repeat(5_000)));
    assert_eq!(says("{{size}}", None, "\u{200b}.\u{200b}"), "\u{200b}.\u{200b}");
}

#[test]
fn f8_the_handle_is_the_one_last_seen_and_hides_a_field_of_its_name() {
    let world = of(json!([ask("q", "handle"), { "id": "m", "message": { "text": "{{handle}}" } }]));
    let first = || go().with("handle", "mint");
    let reply = || message(9, "u1", "M");
    check_last(&world, &[first(), reply()], "taken | dm mint");
    check_last(&world, &[first(), reply().with("handle", "rose")], "taken | dm rose");
    check_last(&world, &[first(), comment(1, "u1", "x").with("handle", "lily"), reply()], "taken | dm lily");
    check_last(&world, &[first(), comment(1, "u1", "x"), reply()], "taken | dm mint");
    check_last(&world, &[go(), reply()], "taken | dm …");
    // A duplicate's is not seen; a comment set aside is.
    let c = |at, handle: &str| comment(at, "u1", "x").with("comment_id", "c").with("handle", handle);
    check_last(&world, &[first(), c(1, "lily"), c(2, "rose"), reply()], "taken | dm lily");
}

#[test]
fn f8_public_replies_labels_and_notes_hold_no_placeholders() {
    let quick = json!({ "id": "q", "quick_replies": { "text": "{{handle}}?", "field": "f", "options": [{ "id": "o", "label": "{{handle}}" }] } });
    let mut world = of(
        json!([quick, { "id": "m", "message": { "text": "{{f}}" } }, { "id": "h", "handoff": { "note": "{{handle}}" } }]),
    );
    world["triggers"][0]["public_reply"] = "Hi {{handle}}".into();
    let events = [go().with("handle", "mint"), tap(1, "u1", "o")];
    check(
        &world,
        &events,
        &["fired go | reply Hi {{handle}} | dm mint?", "taken | dm {{handle}} | inbox handoff {{handle}}"],
    );
    let (records, _) = replay(&world, &events);
    assert_eq!(records[0]["effects"][1]["send_dm"]["options"][0]["label"], "{{handle}}");
}

fn version(number: i64, text: &str) -> Value {
    json!({ "id": "f", "version": number, "blocks": [ask("q", "f"), { "id": "m", "message": { "text": text } }] })
}

#[test]
fn f9_a_running_conversation_stays_on_its_version() {
    let with = |versions: Value| but(&of(json!([ask("q", "f")])), "flows", versions);
    let (one, two) = (version(1, "one"), version(2, "two"));
    let first = with(json!([one]));
    let both = with(json!([two, one]));
    let later = || comment(2, "u2", "go");
    check(
        &first,
        &[go(), configure(1, &both), later(), message(3, "u1", "M"), message(4, "u2", "M")],
        &["fired go | dm q?", "applied", "fired go | dm q?", "taken | dm one", "taken | dm two"],
    );
    // Its version is gone: a person, and the message is kept.
    let gone = [go(), configure(1, &with(json!([two]))), message(3, "u1", "M")];
    check_last(
        &both.clone(),
        &[go(), configure(1, &with(json!([one]))), message(3, "u1", "M")],
        "kept | inbox flow_missing",
    );
    check_last(&first, &gone, "kept | inbox flow_missing");
    assert_eq!(stands(&first, &gone, "u1"), "1 human flow_missing q");
    // Not before it would go on, and not when it is there again by then.
    check_last(
        &first,
        &[go(), configure(1, &with(json!([two]))), configure(2, &both), message(3, "u1", "M")],
        "taken | dm one",
    );
    check_last(&first, &[go(), configure(1, &with(json!([two]))), clock(2 * HOUR)], "applied");
}

#[test]
fn f9_a_version_that_is_gone_is_missed_by_waits_and_hand_backs_too() {
    let wait = |number: i64| json!({ "id": "f", "version": number, "blocks": [{ "id": "w", "wait": { "seconds": 60 } }, say("b")] });
    let with = |version: Value| but(&of(json!([say("a")])), "flows", json!([version]));
    let gone = configure(1, &with(wait(2)));
    check(
        &with(wait(1)),
        &[go(), gone.clone(), message(2, "u1", "M"), clock(MINUTE)],
        &["fired go", "applied", "kept", "flow_wait +1m | inbox flow_missing", "applied"],
    );
    let handed_back = [go(), act(0, "take", "u1"), gone, act(2, "hand_back", "u1")];
    check_last(&with(wait(1)), &handed_back, "applied | inbox flow_missing mai@glow.example");
    // I1: it was left once, when a person took over, and did not run again.
    assert_eq!(facts(&with(wait(1)), &handed_back, &["flow_left"]), ["1 flow_left w 1 f 1 human"]);
}

#[test]
fn f9_a_start_takes_the_highest_version_when_the_flow_begins() {
    let with = |versions: Value| {
        let world = but(&of(json!([ask("q", "f")])), "flows", versions);
        but(&world, "policy", json!({ "reach": { "mode": "buyer_first" } }))
    };
    let first = with(json!([version(1, "one")]));
    let both = with(json!([version(1, "one"), version(2, "two")]));
    check(
        &first,
        &[go(), configure(1, &both), message(2, "u1", "M"), message(3, "u1", "M")],
        &["awaiting_message go", "applied", "kept | dm q?", "taken | dm two"],
    );
    // By number, not by place.
    let turned = with(json!([version(10, "ten"), version(9, "nine")]));
    check_last(&turned, &[go(), message(2, "u1", "M"), message(3, "u1", "M")], "taken | dm ten");
}

#[test]
fn f9_a_published_version_is_not_changed_in_place() {
    let with = |blocks: Value| of(blocks);
    let (a, b) = (with(json!([say("a")])), with(json!([say("b")])));
    check(&a, &[configure(0, &b), go()], &["refused invalid_workspace", "fired go | dm a"]);
    // Against the revision in force: once it was left out, the number is free.
    let mut without = but(&a, "flows", json!([flow("other", json!([say("o")]))]));
    without["triggers"][0]["flow"] = "other".into();
    check(&a, &[configure(0, &without), configure(1, &b), go()], &["applied", "applied", "fired go | dm b"]);
    // After defaults are filled in: the same said in other words is the same.
    let mut spelled = a.clone();
    spelled["triggers"][0]["status"] = "active".into();
    spelled["policy"] = json!({ "throttle_hours": 24 });
    let (records, _) = replay(&a, &[configure(0, &spelled), configure(1, &a)]);
    assert_eq!([&records[0]["revision"], &records[1]["revision"]], [1, 1]);
}
