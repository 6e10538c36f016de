//! The order in which the driver lets things happen (T3 to T6), with the engine behind it.
use chatsparks_core::{Engine, Instant};
use chatsparks_replay::{
    Considered, Format, Observer, Reader, Record, Replay, ReplayError, read_workspace, replay_str, replay_to_state,
    transcript_str,
};
use serde_json::Value;

const WORKSPACE: &str = r#"{
  "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
  "sensitive": [],
  "triggers": [
    { "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "ask", "public_reply": "Sent you a DM" },
    { "id": "later", "when": { "keywords": { "words": ["later"] } }, "flow": "wait" } ],
  "flows": [
    { "id": "ask", "version": 1, "blocks": [ { "id": "q", "question": { "text": "Which size?", "field": "size" } } ] },
    { "id": "wait", "version": 1, "blocks": [ { "id": "w", "wait": { "seconds": 60 } },
        { "id": "again", "wait": { "seconds": 60 } }, { "id": "done", "message": { "text": "Here" } } ] } ]
}"#;

fn comment(id: &str, at: &str, comment: &str, user: &str, text: &str) -> String {
    format!(
        r#"{{"id":"{id}","at":"2026-03-0{at}Z","type":"comment","comment_id":"{comment}","post_id":"v1","user_id":"{user}","text":"{text}"}}"#
    )
}

fn clock(id: &str, at: &str) -> String {
    format!(r#"{{"id":"{id}","at":"2026-03-0{at}Z","type":"clock"}}"#)
}

/// Each record in short: what it is of, its instant, and the result or outcome.
fn run(lines: &[String]) -> Vec<String> {
    let records = replay_str(WORKSPACE, &lines.join("\n")).unwrap();
    for (seq, record) in records.iter().enumerate() {
        assert_eq!(record["seq"], seq);
    }
    records.iter().map(short).collect()
}

fn short(record: &Value) -> String {
    let of = record.get("event").or(record.get("timer")).unwrap().as_str().unwrap();
    let user = record.get("user_id").map(|user| format!(" {}", user.as_str().unwrap())).unwrap_or_default();
    let (kind, told) = record["outcome"].as_object().unwrap().iter().next().unwrap();
    let result = told.get("result").map_or(kind.as_str(), |result| result.as_str().unwrap());
    let at = record["at"].as_str().unwrap().trim_start_matches("2026-03-0");
    format!("{of}{user} {at} {result}")
}

#[test]
fn t3_a_used_up_event_id_fires_no_timers_and_moves_no_time() {
    let told = run(&[
        comment("e1", "2T10:00:00", "c1", "u1", "price"),
        // Its id is used up: neither the timer due by then nor time itself moves.
        clock("e1", "2T12:00:00"),
        comment("e2", "2T10:30:00", "c1", "u1", "price"),
        clock("e3", "2T11:00:00"),
    ]);
    assert_eq!(
        told,
        [
            "e1 u1 2T10:00:00Z fired",
            "e1 2T12:00:00Z duplicate",
            "e2 u1 2T10:30:00Z duplicate",
            "idle u1 2T11:00:00Z applied",
            "e3 2T11:00:00Z applied"
        ]
    );
}

#[test]
fn t3_a_comment_seen_before_under_a_new_event_moves_time() {
    let told = run(&[
        comment("e1", "2T10:00:00", "c1", "u1", "price"),
        comment("e2", "2T11:30:00", "c1", "u1", "price"),
        clock("e3", "2T11:15:00"),
    ]);
    assert_eq!(
        told,
        [
            "e1 u1 2T10:00:00Z fired",
            "idle u1 2T11:00:00Z applied",
            "e2 u1 2T11:30:00Z duplicate",
            "e3 2T11:15:00Z applied"
        ]
    );
}

#[test]
fn t4_timers_fire_before_the_event_in_order_and_one_that_a_timer_sets_takes_its_place() {
    let told = run(&[
        comment("e1", "2T10:00:00", "c1", "u2", "later"),
        comment("e2", "2T10:00:00", "c2", "u1", "later"),
        comment("e3", "2T10:00:30", "c3", "u3", "later"),
        clock("e4", "2T10:01:59.999"),
        clock("e5", "2T10:02:00"),
        clock("e6", "3T11:00:00"),
    ]);
    assert_eq!(
        told,
        [
            "e1 u2 2T10:00:00Z fired",
            "e2 u1 2T10:00:00Z fired",
            "e3 u3 2T10:00:30Z fired",
            "flow_wait u1 2T10:01:00Z applied",
            "flow_wait u2 2T10:01:00Z applied",
            "flow_wait u3 2T10:01:30Z applied",
            "e4 2T10:01:59.999Z applied",
            "flow_wait u1 2T10:02:00Z applied",
            "flow_wait u2 2T10:02:00Z applied",
            "e5 2T10:02:00Z applied",
            "flow_wait u3 2T10:02:30Z applied",
            "close u1 3T10:02:00Z applied",
            "close u2 3T10:02:00Z applied",
            "close u3 3T10:02:30Z applied",
            "e6 3T11:00:00Z applied"
        ]
    );
}

#[test]
fn t5_a_late_event_fires_nothing_and_what_it_makes_due_waits_for_the_next() {
    let told = run(&[
        clock("e1", "2T12:00:00"),
        comment("e2", "2T10:00:00", "c1", "u1", "price"),
        comment("e3", "2T11:59:59", "c2", "u2", "nothing"),
        clock("e4", "2T12:00:00"),
    ]);
    assert_eq!(
        told,
        [
            "e1 2T12:00:00Z applied",
            "e2 u1 2T10:00:00Z fired",
            "e3 u2 2T11:59:59Z no_match",
            "idle u1 2T11:00:00Z applied",
            "e4 2T12:00:00Z applied"
        ]
    );
}

#[test]
fn t4_what_an_event_makes_due_fires_right_after_it() {
    // The policy lets a conversation be idle at once, so that a comment makes a timer due at its own instant.
    let workspace = WORKSPACE.replace(r#""sensitive""#, r#""policy":{"waiting_after_minutes":0},"sensitive""#);
    let records = replay_str(&workspace, &comment("e1", "2T10:00:00", "c1", "u1", "price")).unwrap();
    let told: Vec<String> = records.iter().map(short).collect();
    assert_eq!(told, ["e1 u1 2T10:00:00Z fired", "idle u1 2T10:00:00Z applied"]);
}

#[test]
fn t6_the_same_history_gives_the_same_effects_under_the_same_ids() {
    let history = comment("e1", "2T10:00:00", "c1", "u1", "price");
    let records = replay_str(WORKSPACE, &history).unwrap();
    assert_eq!(records, replay_str(WORKSPACE, &history).unwrap());
    assert_eq!(records[0]["effects"][0]["id"], "e1/0");
    assert_eq!(records[0]["effects"][0]["public_reply"]["comment_id"], "c1");
}

#[test]
fn a_configure_that_changes_the_workspace_is_the_next_revision() {
    let configure = |id: &str, at: &str, document: &str| {
        let document = document.replace('\n', " ");
        format!(r#"{{"id":"{id}","at":"2026-03-0{at}Z","type":"configure","workspace":{document}}}"#)
    };
    let other = WORKSPACE.replace(r#"["price"]"#, r#"["link"]"#);
    let history = [
        configure("e1", "2T10:00:00", WORKSPACE),
        configure("e2", "2T10:00:01", "{}"),
        configure("e3", "2T10:00:02", &other),
        comment("e4", "2T10:00:03", "c1", "u1", "price"),
        comment("e5", "2T10:00:04", "c2", "u1", "link"),
    ];
    let records = replay_str(WORKSPACE, &history.join("\n")).unwrap();
    let revisions: Vec<i64> = records.iter().map(|record| record["revision"].as_i64().unwrap()).collect();
    assert_eq!(revisions, [1, 1, 2, 2, 2]);
    let told: Vec<String> = records.iter().map(short).collect();
    assert_eq!(told[1], "e2 2T10:00:01Z refused");
    assert_eq!(told[3..], ["e4 u1 2T10:00:03Z no_match".to_owned(), "e5 u1 2T10:00:04Z fired".to_owned()]);
    assert_eq!(records[1]["outcome"]["refused"]["faults"][0]["code"], "unreadable");
}

#[test]
fn an_observer_sees_each_comment_as_it_was_considered() {
    #[derive(Default)]
    struct Watch {
        seen: Vec<(String, bool, u32, String)>,
        records: usize,
    }
    impl Observer for Watch {
        fn record(&mut self, _: &Record<'_>) {
            self.records += 1;
        }
        fn comment(&mut self, considered: &Considered<'_>) {
            let evaluation = considered.evaluation();
            let of = considered.comment.comment_id.to_string();
            self.seen.push((
                of,
                evaluation.seen.commented,
                evaluation.revision,
                evaluation.outcome.result.as_str().to_owned(),
            ));
        }
    }
    let engine = Engine::compile(read_workspace(WORKSPACE.as_bytes(), Format::Json).unwrap()).unwrap();
    let mut replay = Replay::new(engine);
    let mut watch = Watch::default();
    let history = [
        comment("e1", "2T10:00:00", "c1", "u1", "price"),
        comment("e2", "2T10:00:01", "c2", "u1", "price"),
        clock("e3", "2T10:00:02"),
    ]
    .join("\n");
    for line in Reader::new(history.as_bytes(), "h") {
        replay.push_observed(&line.unwrap().envelope, &mut watch);
    }
    let wanted = [("c1", false, 1, "fired"), ("c2", true, 1, "throttled")];
    assert_eq!(
        watch.seen,
        wanted.map(|(of, commented, revision, result)| (of.into(), commented, revision, result.into()))
    );
    assert_eq!((watch.records, replay.records()), (3, 3));
    assert_eq!(replay.head().clock().latest(), "2026-03-02T10:00:02Z".parse::<Instant>().ok());
    assert!(replay.contact("u1").is_some() && replay.contact("u2").is_none());
}

#[test]
fn the_final_state_is_sorted_and_has_every_field() {
    let history = [
        comment("e1", "2T10:00:00", "c1", "u9", "price"),
        comment("e2", "2T10:00:01", "c2", "u1", "nothing"),
        r#"{"id":"e3","at":"2026-03-02T10:00:02Z","type":"block","user_id":"u5","member":"a@b.co"}"#.to_owned(),
    ];
    let (_, state) = replay_to_state(WORKSPACE, &history.join("\n")).unwrap();
    insta::assert_json_snapshot!(state);
    let (_, empty) = replay_to_state(WORKSPACE, "").unwrap();
    insta::assert_json_snapshot!(empty);
}

#[test]
fn a_transcript_of_a_whole_replay() {
    let history = [comment("e1", "2T10:00:00", "c1", "u1", "price"), comment("e2", "2T10:00:01", "c2", "u1", "price")];
    insta::assert_snapshot!(transcript_str(WORKSPACE, &history.join("\n")).unwrap());
}

#[test]
fn a_replay_stops_with_the_reason() {
    let stopped = |workspace: &str, history: &str| replay_str(workspace, history).unwrap_err();
    assert!(matches!(stopped("{", ""), ReplayError::Document(_)));
    assert!(matches!(stopped(&WORKSPACE.replace("\"ask\", \"pub", "\"none\", \"pub"), ""), ReplayError::Compile(_)));
    assert!(matches!(stopped(WORKSPACE, "{"), ReplayError::History(_)));
}

#[test]
fn a1_an_order_loads_the_contact_of_its_shop_id_and_a_contacts_own_id_comes_first() {
    let order = |id: &str, at: &str, user: &str| {
        format!(
            r#"{{"id":"{id}","at":"2026-03-0{at}Z","type":"order","order_id":"{id}","user_id":"{user}","currency":"THB","total_minor":100,"lines":[]}}"#
        )
    };
    let identity = |id: &str, at: &str, user: &str, shop: &str| {
        format!(r#"{{"id":"{id}","at":"2026-03-0{at}Z","type":"identity","user_id":"{user}","shop_user_id":"{shop}"}}"#)
    };
    let card = r#"{ "id": "q", "shop_link": { "text": "Here" } }"#;
    let workspace = WORKSPACE.replace(r#"{ "id": "q", "question": { "text": "Which size?", "field": "size" } }"#, card);
    let history = [
        comment("e1", "2T10:00:00", "c1", "u1", "price"),
        identity("e2", "2T10:00:01", "u1", "s1"),
        identity("e3", "2T10:00:02", "u1", "u2"),
        comment("e4", "2T10:00:03", "c2", "u2", "nothing"),
        order("o1", "2T10:00:04", "s1"),
        order("o2", "2T10:00:05", "u2"),
        order("o3", "2T10:00:06", "u9"),
        r#"{"id":"e5","at":"2026-03-02T10:00:07Z","type":"order_cancelled","order_id":"o1"}"#.to_owned(),
        r#"{"id":"e6","at":"2026-03-02T10:00:08Z","type":"order_cancelled","order_id":"o7"}"#.to_owned(),
    ];
    let (records, state) = replay_to_state(&workspace, &history.join("\n")).unwrap();
    let orders: Vec<String> = records.iter().skip(4).map(short).collect();
    assert_eq!(
        orders,
        [
            "o1 s1 2T10:00:04Z soft",
            "o2 u2 2T10:00:05Z organic",
            "o3 u9 2T10:00:06Z organic",
            "e5 2T10:00:07Z applied",
            "e6 2T10:00:08Z refused"
        ]
    );
    assert_eq!(records[4]["outcome"]["order"]["credit"]["user_id"], "u1");
    assert_eq!(records[5]["outcome"]["order"]["reason"], "no_recent_link");
    assert_eq!(records[6]["outcome"]["order"]["reason"], "unknown_contact");
    // Orders make no contact.
    let contacts: Vec<&str> = state.contacts.iter().map(|contact| contact.user_id.as_str()).collect();
    assert_eq!(contacts, ["u1", "u2"]);
    let orders: Vec<(&str, i64, bool)> =
        state.orders.iter().map(|order| (order.order_id.as_str(), order.net_minor, order.cancelled)).collect();
    assert_eq!(orders, [("o1", 0, true), ("o2", 100, false), ("o3", 100, false)]);
}

#[test]
fn conformance_cases_of_a_directory_are_run_and_told() {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    let price = comment("e1", "2T10:00:00", "c1", "u1", "price");
    for (name, result) in [("c1-good", "fired"), ("c10-bad", "throttled")] {
        put(&format!("{name}.workspace.json"), WORKSPACE);
        put(&format!("{name}.history.jsonl"), &price);
        let expect = format!(r#"{{"event":"e1","outcome":{{"comment":{{"result":"{result}","trigger":"price"}}}}}}"#);
        put(&format!("{name}.expect.jsonl"), &expect);
    }
    put("c1-good.state.json", r#"{"mac":{"count":1},"contacts":[{"user_id":"u1"}],"orders":[]}"#);
    put("f10-faults.workspace.json", &WORKSPACE.replace("\"ask\", \"pub", "\"none\", \"pub"));
    put("f10-faults.faults.json", r#"["triggers[0].flow"]"#);
    let run = |prefixes: &[&str]| chatsparks_replay::conformance::run(directory.path(), prefixes).unwrap();
    assert_eq!(run(&["c1", "f10"]).to_string(), "2 of 2 cases passed");
    let report = run(&[]);
    assert!(!report.passed());
    assert_eq!(
        report.to_string(),
        "c10-bad failed\n  line 1: event e1 does not fit record 0\n    \
         outcome.comment.result: expected \"throttled\", found \"fired\"\n2 of 3 cases passed"
    );
    assert!(run(&["x"]).cases.is_empty());
}
