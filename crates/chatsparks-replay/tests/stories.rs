//! Stories: what cannot be read, what differs, and what every line says.

use chatsparks_core::workspace::Workspace;
use chatsparks_replay::{
    Format, Story, read_workspace,
    story::{MAX_STORY, StoryFailure, check, run},
};

const WORKSPACE: &str = r#"{
  "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
  "plan": { "mac_limit": 2, "subscribed_at": "2026-03-01T00:00:00Z", "listening_window_days": 30 },
  "posts": [ { "id": "old", "kind": "video", "published_at": "2026-01-01T00:00:00Z" } ],
  "products": [ { "id": "p", "name": "Serum", "skus": [ { "id": "s", "name": "30ml" } ] } ],
  "sensitive": [ { "words": ["refund"], "handoff": true, "tag": "money" } ],
  "triggers": [
    { "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "size", "public_reply": "See \\"DMs\\"" },
    { "id": "link", "when": { "keywords": { "words": ["link"] } }, "flow": "link" },
    { "id": "two words", "when": { "keywords": { "words": ["person"] } }, "flow": "person" } ],
  "flows": [
    { "id": "size", "version": 1, "blocks": [
      { "id": "ask", "quick_replies": { "text": "Which [size]?\\nTap it.", "field": "size", "options": [
        { "id": "30", "label": "30 [ml]" }, { "id": "bot", "label": "bot" } ] } },
      { "id": "card", "shop_link": { "product": "p", "sku": "s", "text": "Here" } }, { "id": "t", "tag": { "tag": "sent" } } ] },
    { "id": "link", "version": 1, "blocks": [ { "id": "shop", "shop_link": {} } ] },
    { "id": "person", "version": 1, "blocks": [ { "id": "off", "handoff": { "note": "asks (twice)" } } ] } ],
  "members": [ { "email": "owner@x", "role": "owner", "status": "active" }, { "email": "mali@x", "role": "member", "status": "active" } ]
}"#;

fn workspace() -> Workspace {
    read_workspace(WORKSPACE.replace("\\\\", "\\").as_bytes(), Format::Json).unwrap()
}

fn failure(text: &str) -> String {
    match check(&workspace(), text) {
        Ok(()) => "passed".to_owned(),
        Err(failure) => failure.to_string(),
    }
}

/// Every line that a story may have, at work.
const EVERYTHING: &str = r#"
# Every line that a story may have.
story: everything
workspace: ../workspace.json
with plan.mac_limit = 5
with triggers[link].throttle_hours = 1

2026-03-02 10:00        mint comments on v1: PRICE?
                        fired price
                        public: See "DMs"
                        bot: "Which [size]?\nTap it." ["30 [ml]"] [bot]
                        counted
                        count: 1
                        at ask
                        no owner
                        @nobody no state
                        @nobody no flow
                        @nobody no dm
                        no order o1
                        dm: queued
                        trigger price: fired
                        trigger link: no_match
+1s                     receipt sent for mint
                        applied
                        dm: sent
+1s                     receipt failed for mint: friends only
                        dm: failed
+1s                     receipt read for dm "nobody/0"
                        refused: unknown_dm
+1m                     mint: huh
                        mismatch
                        ...
+1m                     mint taps ["30 [ml]"]
                        taken
                        card: p/s: Here
                        state: waiting
                        field size = "30 [ml]"
                        tag: sent
                        no tag: other
                        no field other
                        at the end
+1m                     mint comments on v1 as c7, answerable, posted 1h ago: price
                        not fired: throttled price until 2026-03-03 10:00
                        trigger price: throttled until 2026-03-03 10:00
+0s                     mint comments on v1 as c7: price
                        nothing
+0s                     again
                        duplicate
2026-03-02 10:30:00.500 mint: hello
                        out of flow
                        inbox: out_of_flow
                        state: human (out_of_flow)
+1m                     mint sends nothing
                        kept
                        inbox: buyer_message
+1m                     mint writes as m99: hello?
                        inbox: buyer message
+1m                     nobody@x takes mint
                        refused: not_a_member
+1m                     owner@x assigns mint to mali@x
                        owner: mali@x
                        state: human
+1m                     mint: are you there
                        inbox: buyer_message for mali@x
+1m                     owner@x writes to mint with card p/s: Here it is
                        sent by owner@x with card p/s: Here it is
+1m                     owner@x writes to mint, with card shop: And all of it
                        sent, with card shop
                        trigger price: not considered
+1m                     owner@x hands back mint
                        state: waiting
+1m                     owner@x hands back mint
                        refused: not_human
+1m                     owner@x takes mint
                        state: human
+1m                     owner@x closes mint
                        state: closed
+1m                     @mint comments on old: price
                        not fired: outside_window
+1m                     id:acct comments on v1: price
                        not fired: own comment
+1m                     @bot comments on v1: person
                        fired "two words"
                        inbox: handoff ("asks (twice)")
                        state: human (handoff)
                        not counted
+1m                     @bot: refund
                        inbox: buyer_message
+1m                     noi: I want a refund
                        sensitive
                        inbox: sensitive_word
                        state: human (sensitive_word)
                        tag: money
+1m                     owner@x blocks noi
                        state: closed (blocked)
                        blocked
+1m                     noi comments on v1: link
                        not fired: blocked_contact link
+1m                     owner@x unblocks noi
                        not blocked
+1m                     mint orders: s 59000 THB
                        order: attributed to owner@x, overlap 59000
+1m                     mint orders as big: p/s x2 100, q 50 = 175 THB, placed 2026-03-02 10:05
                        order: attributed to price, block card, overlap 100
+1m                     order big is refunded 75 as r1
                        order big: attributed 100, overlap 57
+1m                     order big is cancelled
                        order big: attributed 0, overlap 0, cancelled
+1m                     mint orders: q 100 THB
                        order: soft to owner@x
+1m                     owner@x confirms order o3
                        order o3: attributed 100
+1m                     owner@x rejects order o3
                        refused: already_reviewed
+1m                     mint is shop:77
+1m                     shop:77 orders: s 1 THB
                        order: attributed
+1m                     shop:78 orders: s 1 THB
                        order: organic (unknown_contact)
-1h                     late comments on v1: link
                        fired link
                        card: shop
                        state: waiting
+1d                     clock
                        @late state: closed (expired)
+1m                     configure policy.reach.mode = "buyer_first"
+1m                     noi comments on v1 as held: link
                        awaiting message for link until 2026-03-05 11:01:00.500
+1m                     comment held is removed
                        dropped link (comment_removed)
+1m                     zoe comments on v1: link
                        awaiting message
+1m                     zoe's comment becomes answerable
                        nothing
+1m                     zoe: here
                        begins link
                        card: shop
                        state: waiting
+1m                     configure plan.mac_limit = 2
                        @zoe owners: 80%, 3 of 2
                        ...
+1m                     configure policy.reach.mode = "open"
+1m                     new comments on v1: link
                        queued link until 2026-03-05 11:08:00.500
+2d                     @new dropped link (expired)
                        ...
+30d                    cycle begins
                        count: 0
"#;

#[test]
fn every_line_does_what_it_says() {
    let told = failure(EVERYTHING);
    assert_eq!(told, "passed", "{told}");
}

#[test]
fn what_cannot_be_read_shows_the_line_and_what_was_expected() {
    let begin = "2026-03-02 10:00 mint comments on v1: hi\n";
    let rows = [
        ("mint comments on v1: hi", 1, 1, "expected the first step"),
        ("+5m mint: hi", 1, 1, "there is none before to count from"),
        ("2026-03-02 25:00 mint: hi", 1, 1, "expected a time such as"),
        ("2026-13-02 10:00 mint: hi", 1, 1, "expected a time such as"),
        ("2026-03-02", 1, 11, "expected a time of day"),
        ("with plan.mac_limit = five\n", 1, 23, "expected a value as JSON"),
        ("story: a\nwith x\n2026-03-02 10:00 mint coments on v1: hi", 3, 23, "expected what happens"),
        ("2026-03-02 10:00 mint", 1, 18, "expected what happens"),
        ("2026-03-02 10:00 mint comments on v1 hi", 1, 38, "expected `:` and the text, or before it `as ID`"),
        ("2026-03-02 10:00 mint comments on v1:", 1, 38, "expected a text"),
        ("2026-03-02 10:00 mint comments v1: hi", 1, 32, "expected `on`"),
        ("2026-03-02 10:00 mint: \"hi", 1, 24, "expected a closing `\"`"),
        ("2026-03-02 10:00 mint: \"hi\" there", 1, 29, "expected the end of the line"),
        ("2026-03-02 10:00 mint taps 50ml", 1, 28, "expected a button"),
        ("2026-03-02 10:00 mint orders: s much THB", 1, 33, "expected the amount in minor units, a whole number"),
        ("2026-03-02 10:00 receipt eaten for mint", 1, 26, "expected `sent`, `delivered`, `read` or `failed`"),
        ("2026-03-02 10:00 comment c1 is removed", 1, 26, "expected the id of a comment that came before"),
        ("2026-03-02 10:00 ราคา tap", 1, 23, "expected what happens"),
    ];
    let under = [
        ("  fird price", 2, 3, "expected an expectation, such as `fired TRIGGER`"),
        ("  mint: hi", 2, 3, "what happens stands after a time, such as `+0s`"),
        ("  not fired", 2, 12, "expected `:` and the reason"),
        ("  not fired: sleepy", 2, 14, "expected a reason such as `throttled`"),
        ("  state: asleep", 2, 10, "expected a state: `bot`, `waiting`, `human` or `closed`"),
        ("  state: closed (sleepy)", 2, 17, "expected a reason such as `expired`"),
        ("  state: closed (expired", 2, 18, "expected `)` at the end of the line"),
        ("  nothing at all", 2, 11, "expected the end of the line"),
        ("  bot: [30ml]", 2, 8, "expected a text before the buttons"),
        ("  owners: most", 2, 11, "expected a level"),
        ("  no wonder", 2, 6, "expected `field NAME`"),
        ("  fired price until noon", 2, 21, "expected a time such as"),
        ("2026-03-02 09:00 mint: hi", 2, 1, "expected a time not before 2026-03-02 10:00"),
        ("+5 mint: hi", 2, 1, "expected a period such as"),
    ];
    let rows = rows.iter().map(|row| (row.0.to_owned(), row.1, row.2, row.3));
    let under = under.iter().map(|row| (format!("{begin}{}", row.0), row.1, row.2, row.3));
    for (text, line, column, expected) in rows.chain(under) {
        let error = Story::parse(&text, "a.story").unwrap_err();
        assert!(error.expected().contains(expected), "{text}: {error}");
        assert_eq!((error.line(), error.column()), (line, column), "{text}: {error}");
        let source = text.lines().nth(line - 1).unwrap();
        let shown = error.to_string();
        assert!(shown.starts_with(&format!("a.story, line {line}, column {column}: ")) && shown.contains(source));
    }
}

#[test]
fn a_story_that_could_never_fail_is_no_story() {
    for (text, line) in [("", 1), ("# to be written\n\n", 2), ("story: a\nwith plan.mac_limit = 5\n", 2)] {
        let error = Story::parse(text, "a.story").unwrap_err();
        assert_eq!(
            (error.line(), error.column(), error.expected()),
            (line, 1, "expected a step: nothing happens in this story")
        );
    }
    // Steps alone can be run, to be recorded or for what they reach; the report says that they hold nothing.
    let engine = chatsparks_core::Engine::compile(std::sync::Arc::new(workspace())).unwrap();
    let report = |text| run(&engine, &Story::parse(text, "a.story").unwrap()).unwrap();
    let nothing = report("2026-03-02 10:00 mint comments on old: price\n+5m clock");
    assert_eq!(nothing.to_string(), "a.story: nothing is expected in 2 steps");
    assert_eq!(report("2026-03-02 10:00 clock\n nothing").to_string(), "a.story: passed, 1 steps");
}

#[test]
fn a_story_has_a_longest_length() {
    let line = "2026-03-02 10:00 clock\n";
    let fits = format!("{line}{}", " ".repeat(MAX_STORY - line.len()));
    assert!(Story::parse(&fits, "a.story").is_ok());
    let error = Story::parse(&format!("{fits} "), "a.story").unwrap_err();
    assert_eq!(error.expected(), "expected at most 16 MiB of text");
}

#[test]
fn what_cannot_be_done_shows_its_line() {
    for (text, expected) in [
        ("with plan.limit = 5\n2026-03-02 10:00 clock", "unknown field `limit`"),
        ("with plans.limit = 5\n2026-03-02 10:00 clock", "there is no `plans` in `plans.limit`; did you mean `plan`?"),
        (
            "with flows[sise].version = 2\n2026-03-02 10:00 clock",
            "there is no `sise` in `flows[sise].version`; did you mean `size`",
        ),
        (
            "with triggers[prise].status = \"draft\"\n2026-03-02 10:00 clock",
            "there is no `prise` in `triggers[prise].status`; did you mean `price`?",
        ),
        ("with triggers[price].flow = \"gone\"\n2026-03-02 10:00 clock", "triggers[0].flow"),
        ("2026-03-02 10:00 configure other.json", "`other.json` cannot be read"),
        ("2026-03-02 10:00 again", "expected an event before it"),
    ] {
        let failure = check(&workspace(), text).unwrap_err();
        assert!(matches!(failure, StoryFailure::Story(_)), "{failure}");
        assert!(failure.to_string().contains(expected), "{text}: {failure}");
    }
}

#[test]
fn a_difference_is_shown_line_by_line() {
    insta::assert_snapshot!(failure(
        "story: three mistakes
2026-03-02 10:00 mint comments on v1: price
    fired link
    public: See \"DMs\"
+1m mint taps [bot]
    state: human
    field size = 30
+1m noi comments on v1: nothing to see
    fired
+1m mint: hello
    inbox: out_of_flow
    out of flow
    state: human
+25h
    @noi state: closed
    state: human (expired)
"
    ));
}

#[test]
fn what_is_not_so_does_not_pass() {
    let comment = "2026-03-02 10:00 mint comments on v1: price\n";
    for (text, came) in [
        // Nobody had a flow that could be at its end.
        ("2026-03-02 10:00 mint: hello\n at the end\n ...", "+ no flow"),
        ("2026-03-02 10:00 clock\n @mint at the end", "+ @mint no flow"),
        ("2026-03-02 10:00 mint comments on v1: person\n ...\n at the end", "+ at off"),
        (&format!("{comment}+1m owner@x closes mint\n ...\n at the end"), "+ at ask"),
        // One that ran to its end in a conversation before is none of this one.
        (
            "2026-03-02 10:00 mint comments on v1: link\n ...\n at the end\n+25h ...\n at the end\n+1m mint: hi\n ...\n at the end",
            "+ no flow",
        ),
        // What was seen for one comment is forgotten for the next step.
        (&format!("{comment}+1m mint: huh\n ...\n trigger price: fired"), "+ trigger price: not considered"),
        (&format!("{comment}+1m clock\n trigger price: fired"), "+ trigger price: not considered"),
        (&format!("{comment}+1m noi comments on v1: link\n ...\n trigger price: fired"), "+ trigger price: no_match"),
        ("2026-03-02 10:00 clock\n @mint dm: queued", "+ @mint no dm"),
        ("2026-03-02 10:00 clock\n order o1: soft 5", "+ no order o1"),
        ("2026-03-02 10:00 clock\n @mint state: closed", "+ @mint no state"),
        (&format!("{comment} ...\n no dm"), "+ dm: queued"),
        (&format!("{comment} ...\n no state"), "+ state: bot"),
        (&format!("{comment} ...\n no flow"), "+ at ask"),
        (&format!("{comment} ...\n trigger price: not considered"), "+ trigger price: fired"),
        (&format!("{comment}+1m mint orders: s 5 THB\n ...\n no order o1"), "+ order o1: organic 5"),
        // A member's DM: its text, its card, who sent it.
        ("2026-03-02 10:00 owner@x writes to mint: Hello\n sent: Bye", "- sent: Bye"),
        ("2026-03-02 10:00 owner@x writes to mint: Hello\n sent by mali@x", "+ sent by owner@x: Hello"),
        ("2026-03-02 10:00 owner@x writes to mint: Hello\n sent with card shop", "- sent with card shop"),
        (
            "2026-03-02 10:00 owner@x writes to mint with card p: Hello\n sent with card shop",
            "+ sent by owner@x with card p: Hello",
        ),
    ] {
        let told = failure(text);
        assert!(told.contains(came), "{text}\n{told}");
    }
}

#[test]
fn names_that_the_workspace_lacks_are_noted_with_near_ones() {
    let engine = chatsparks_core::Engine::compile(std::sync::Arc::new(workspace())).unwrap();
    let story = Story::parse(
        "2026-03-02 10:00 mint comments on odl: price
            fired prise
            no field sise
            no tag: snet
            trigger lnik: no_match by pricey
            at asc
            ...
         +1m mint taps [bott]
         +1m ower@x assigns mint to Mali@X
         +1m owner@x writes to mint: Hi
            sent by mail@x
            owner: zzz
            ...
         +1m configure triggers[price].id = \"cost\"
         +1m noi comments on old: price
            trigger cost: outside_window
            ...
         +1m clock
            begins cost
            @mnit no state
            order: attributed to pricy, block crad
            ...",
        "a.story",
    )
    .unwrap();
    let report = run(&engine, &story).unwrap();
    let told: Vec<String> = report.notes.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
    assert!(
        report.to_string().contains("\n  note: line 2: the workspace has no trigger `prise`; did you mean `price`")
    );
}

#[test]
fn a_step_without_expectations_is_not_looked_at() {
    assert_eq!(failure("2026-03-02 10:00 mint comments on v1: price\n+1m mint: huh\n+1d clock"), "passed");
    // Nothing is expected, and much comes.
    assert!(failure("2026-03-02 10:00 mint comments on v1: price\n nothing").contains("+ fired price"));
    assert_eq!(failure("2026-03-02 10:00 mint comments on v1: price\n ..."), "passed");
}

#[test]
fn the_same_story_runs_the_same() {
    let first = failure(EVERYTHING);
    assert!((0..3).all(|_| failure(EVERYTHING) == first));
}
