//! Each row of the table of calls.

use crate::service::{GLOW, Service, comment, wait_for};
use serde_json::{Value, json};

#[test]
fn h_events_are_taken_as_one_object_or_as_lines() {
    let service = Service::usual();
    let one = service.post(comment("e1", "u1"));
    assert_eq!((one.status, one.json()), (200, json!({ "accepted": 1 })));
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&comment("e2", "u2")).unwrap()).unwrap();
    assert_eq!(service.post(pretty).json(), json!({ "accepted": 1 }));
    let lines = format!("{}\n\n{}\r\n", comment("e3", "u3"), comment("e4", "u4"));
    for kind in ["application/jsonl", "application/x-ndjson", "application/json; charset=utf-8", "text/plain"] {
        let answer = service.call_with("POST", "/v1/workspaces/glow/events", &[("content-type", kind)], &lines);
        assert_eq!((answer.status, answer.json()), (200, json!({ "accepted": 2 })), "{kind}");
    }
    // Each id once; the same again is a duplicate (T3).
    let records = service.records(10);
    let fired = records.iter().filter(|record| record["outcome"]["comment"]["result"] == "fired");
    assert_eq!(fired.count(), 4);
    assert_eq!(records.len(), 10);
}

#[test]
fn h_none_of_a_body_is_taken_when_one_line_cannot_be_read() {
    let service = Service::usual();
    let body = format!("{}\n{{\"id\":\"e2\",\"type\":\"comment\",\"comment_id\":\"c2\"}}\n", comment("e1", "u1"));
    let problem = service.post(body).problem(400, "unreadable-line");
    assert_eq!((&problem["line"], &problem["column"]), (&json!(2), &json!(46)), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("missing field `post_id`"), "{problem}");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1);
    service.post(comment("e3", "u3"));
    assert_eq!(service.records(1)[0]["event"], "e3");
}

#[test]
fn h_what_only_comes_from_within_is_refused() {
    let service = Service::usual();
    for (line, says) in [
        (json!({ "id": "outcome:e1/1", "type": "receipt", "dm_id": "e1/1", "status": "sent" }), "`outcome:`"),
        (json!({ "id": "timer:close", "type": "clock" }), "`timer:`"),
        (json!({ "id": "g", "type": "grant", "cycle": "2026-03-01T00:00:00Z", "contacts": 3 }), "`grant`"),
        (json!({ "id": "e", "type": "clock", "at": "2026-03-01T00:00:00Z" }), "no `at`"),
    ] {
        let problem = service.post(line.to_string()).problem(400, "unreadable-line");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
}

#[test]
fn r2_a_trusted_source_brings_its_own_at() {
    let service = Service::with("trust_at = true", GLOW);
    let line = json!({ "id": "e1", "type": "clock", "at": "2026-03-02T10:00:00.5Z" });
    assert_eq!(service.post(line.to_string()).status, 200);
    assert_eq!(service.post(json!({ "id": "e2", "type": "clock" }).to_string()).status, 200);
    let records = service.records(2);
    assert_eq!(records[0]["at"], "2026-03-02T10:00:00.5Z");
    assert_ne!(records[1]["at"], "2026-03-02T10:00:00.5Z");
    let ahead = json!({ "id": "e4", "type": "clock", "at": "2999-03-02T10:00:00Z" });
    let body = format!("{}\n{ahead}", json!({ "id": "e3", "type": "clock" }));
    let problem = service.post(body).problem(400, "ahead-of-time");
    assert_eq!(problem["line"], 2);
}

#[test]
fn h_records_go_on_behind_a_cursor() {
    let mut service = Service::usual();
    let lines: Vec<String> = (0..25).map(|n| comment(&format!("e{n}"), &format!("u{n}"))).collect();
    service.post(lines.join("\n"));
    let all = service.records(25);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let after = if cursor.is_empty() { String::new() } else { format!("&after={cursor}") };
        let answer = service.get(&format!("/v1/workspaces/glow/records?limit=10{after}"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jsonl")));
        cursor = answer.header("x-next-cursor").unwrap().to_owned();
        if answer.body.is_empty() {
            break;
        }
        assert!(answer.text().lines().count() <= 10);
        seen.extend(answer.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    assert_eq!(seen, all);
    let seqs: Vec<_> = all.iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (0..25).collect::<Vec<_>>());
    // It is the same after a crash, and goes on from there.
    service.again();
    assert_eq!(service.records(25), all);
    service.post(comment("later", "u1"));
    service.records(26);
    let rest = service.get(&format!("/v1/workspaces/glow/records?after={cursor}"));
    assert_eq!(rest.text().lines().count(), 1);
    assert_eq!(rest.json()["event"], "later");
}

#[test]
fn h_a_record_says_its_partition_where_there_are_many() {
    let service = Service::with("partitions = 4", GLOW);
    let lines: Vec<String> = (0..20).map(|n| comment(&format!("e{n}"), &format!("u{n}"))).collect();
    service.post(lines.join("\n"));
    let records = service.records(20);
    let partitions: std::collections::BTreeSet<_> =
        records.iter().map(|record| record["partition"].as_u64().unwrap()).collect();
    assert!(partitions.len() > 1 && partitions.iter().all(|partition| *partition < 4), "{partitions:?}");
    // Room is granted on record too; the events that came are all there, once.
    let events = |text: &str| -> Vec<String> {
        let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        records
            .filter_map(|record| Some(record["event"].as_str()?.to_owned()))
            .filter(|id| id.starts_with('e'))
            .collect()
    };
    let mut found = Vec::new();
    wait_for("twenty records", || {
        let answer = service.get("/v1/workspaces/glow/records?limit=7");
        let cursor = answer.header("x-next-cursor").unwrap();
        assert_eq!((cursor.split('.').count(), answer.text().lines().count()), (4, 7));
        let rest = service.get(&format!("/v1/workspaces/glow/records?after={cursor}"));
        found = [events(answer.text()), events(rest.text())].concat();
        found.len() >= 20
    });
    found.sort_unstable();
    let mut wanted: Vec<String> = (0..20).map(|n| format!("e{n}")).collect();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

#[test]
fn h_what_is_asked_of_records_is_looked_at() {
    let service = Service::usual();
    for query in ["after=x", "after=1.2", "after=-1", "limit=0", "limit=x", "from=0", "limit=1&limit=2"] {
        service.get(&format!("/v1/workspaces/glow/records?{query}")).problem(400, "bad-request");
    }
    assert_eq!(service.get("/v1/workspaces/glow/records?after=0").status, 200);
    // More than a page has is no mistake: the cursor goes on.
    assert_eq!(service.get("/v1/workspaces/glow/records?limit=1000000").status, 200);
}

#[test]
fn h_state_contacts_and_orders_are_as_the_final_state() {
    let service = Service::usual();
    let order = json!({ "id": "e2", "type": "order", "order_id": "o/1", "user_id": "u 1", "currency": "THB",
        "total_minor": 59000, "lines": [] });
    service.post(format!("{}\n{order}", comment("e1", "u 1")));
    service.records(2);
    let state = service.get("/v1/workspaces/glow/state").json();
    assert_eq!(state["mac"]["count"], 1);
    assert_eq!(state["contacts"][0]["user_id"], "u 1");
    assert_eq!(state["orders"][0]["order_id"], "o/1");
    // Ids are percent-encoded, whatever stands in them.
    assert_eq!(service.get("/v1/workspaces/glow/contacts/u%201").json(), state["contacts"][0]);
    assert_eq!(service.get("/v1/workspaces/glow/orders/o%2F1").json(), state["orders"][0]);
    service.get("/v1/workspaces/glow/contacts/nobody").problem(404, "not-found");
    service.get("/v1/workspaces/glow/orders/none").problem(404, "not-found");
    service.get("/v1/workspaces/glow/contacts/%FF").problem(400, "bad-request");
}

#[test]
fn r12_a_person_is_forgotten() {
    let service = Service::usual();
    service.post(comment("e1", "u1"));
    service.records(1);
    let answer = service.call("DELETE", "/v1/workspaces/glow/contacts/u1", "");
    assert_eq!((answer.status, answer.json()), (200, json!({ "accepted": 1 })));
    service.records(2);
    let records = service.get("/v1/workspaces/glow/records");
    assert!(!records.text().contains("590 THB"), "{}", records.text());
    let queue = service.get("/v1/workspaces/glow/queue").json();
    assert_eq!(queue["counts"]["waiting"], 0, "{queue}");
    service
        .call("DELETE", &format!("/v1/workspaces/glow/contacts/{}", "x".repeat(257)), "")
        .problem(400, "bad-request");
    service.call("DELETE", "/v1/workspaces/glow/contacts/a%0Ab", "").problem(400, "bad-request");
}

#[test]
fn h_the_queue_says_what_waits_and_effects_can_be_dropped() {
    let service = Service::usual();
    service.post(comment("e1", "u1"));
    service.records(1);
    let queue = service.get("/v1/workspaces/glow/queue").json();
    assert_eq!(queue["counts"]["waiting"], 3, "{queue}");
    assert_eq!(queue["waiting"].as_array().unwrap().len(), 3);
    assert_eq!(queue["waiting"][0]["effect"], "e1/0");
    assert_eq!(queue["forecast"]["waiting"], 3);
    assert_eq!(queue["channel"]["state"], "none");
    let drop = "/v1/workspaces/glow/queue/drop";
    let answer = service.call("POST", drop, json!({ "effect": "e1/1" }).to_string());
    assert_eq!((answer.status, answer.json()), (200, json!({ "effect": "e1/1" })));
    // What became of it is told to the engine, as an event (O1).
    let records = service.records(2);
    assert_eq!(records[1]["event"], "outcome:e1/1");
    service.call("POST", drop, json!({ "effect": "e1/1" }).to_string()).problem(404, "not-found");
    let retry = "/v1/workspaces/glow/queue/retry";
    service.call("POST", retry, json!({ "effect": "e1/0" }).to_string()).problem(404, "not-found");
    for body in ["", "{}", "[]", "{\"effect\":1}", "{\"effect\":\"e\",\"more\":1}", "x"] {
        service.call("POST", retry, body).problem(400, "bad-request");
        service.call("POST", drop, body).problem(400, "bad-request");
    }
}

#[test]
fn h_health_and_metrics_say_how_it_is() {
    let service = Service::usual();
    service.post(comment("e1", "u-nobody-may-know"));
    service.records(1);
    let health = crate::http::request(service.address, "GET", "/healthz", &[], b"");
    assert_eq!(health.status, 200);
    let health = health.json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["shards"][0]["lag"], 0);
    assert_eq!(health["channels"][0]["state"], "none");
    let metrics = service.get("/metrics");
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain"));
    for name in [
        "chatsparks_accepted_total 1",
        "chatsparks_decided_total{outcome=\"fired\"} 1",
        "chatsparks_queue{workspace=\"glow\",state=\"waiting\"} 3",
        "chatsparks_commit_seconds_count",
        "chatsparks_lag_events 0",
    ] {
        assert!(metrics.text().contains(name), "{name}: {}", metrics.text());
    }
    assert!(!metrics.text().contains("u-nobody-may-know"));
}

#[test]
fn h6_the_console_is_there_for_anybody_and_says_what_its_pages_may_do() {
    let service = Service::usual();
    let page = crate::http::request(service.address, "GET", "/", &[], b"");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let script = crate::http::request(service.address, "GET", "/console/pages/inbox.js", &[], b"");
    assert_eq!((script.status, script.header("x-content-type-options")), (200, Some("nosniff")));
    let tag = script.header("etag").unwrap();
    let known = crate::http::request(service.address, "GET", "/console/pages/inbox.js", &[("if-none-match", tag)], b"");
    assert_eq!((known.status, known.body.len()), (304, 0));
}

#[test]
fn h_what_is_not_there_is_a_problem_too() {
    let service = Service::usual();
    for path in [
        "/nothing",
        "/console/nothing",
        "/v1",
        "/v1/",
        "/v1/workspaces/glow",
        "/v1/workspaces/glow/nothing",
        "/webhooks/tiktok",
    ] {
        service.get(path).problem(404, "not-found");
    }
    service.call("POST", "/webhooks/tiktok-shop", "{}").problem(404, "not-found");
    for (method, path) in [
        ("GET", "events"),
        ("POST", "records"),
        ("DELETE", "state"),
        ("PUT", "contacts/u1"),
        ("POST", "orders/o1"),
        ("PATCH", "document"),
        ("GET", "queue/drop"),
    ] {
        let answer = service.call(method, &format!("/v1/workspaces/glow/{path}"), "");
        answer.problem(405, "method-not-allowed");
        assert!(answer.header("allow").is_some(), "{method} {path}");
    }
    for path in ["state", "records", "queue", "document", "contacts/u1", "orders/o1"] {
        service.get(&format!("/v1/workspaces/other/{path}")).problem(404, "unknown-workspace");
    }
    service.call("POST", "/v1/workspaces/other/events", comment("e1", "u1")).problem(404, "unknown-workspace");
}

#[test]
fn h_only_what_is_read_is_taken() {
    let service = Service::usual();
    let events = "/v1/workspaces/glow/events";
    for headers in [
        [("content-type", "application/xml"), ("x", "y")],
        [("content-type", "multipart/form-data; boundary=x"), ("x", "y")],
        [("content-type", "application/toml"), ("x", "y")],
        [("content-type", "application/json; charset=windows-874"), ("x", "y")],
        [("content-type", "application/json"), ("content-encoding", "gzip")],
    ] {
        let answer = service.call_with("POST", events, &headers, comment("e1", "u1"));
        answer.problem(415, "unsupported-media-type");
    }
    let toml = [("content-type", "application/x-ndjson")];
    service.call_with("PUT", "/v1/workspaces/glow/document", &toml, "{}").problem(415, "unsupported-media-type");
}

#[test]
fn h_the_openapi_document_lists_the_calls() {
    let service = Service::usual();
    let document = service.get("/v1/openapi.json").json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/v1/workspaces/{workspace}/events"]["post"].is_object());
}

#[test]
fn h_quotas_hold_for_one_workspace() {
    let service = Service::with("", &format!("{GLOW}quota = \"2/h\"\n"));
    let mut answers = Vec::new();
    for n in 0..3 {
        answers.push(service.post(comment(&format!("e{n}"), "u1")));
    }
    let refused = answers.iter().find(|answer| answer.status != 200).expect("one too many");
    refused.problem(429, "too-many-events");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((60..=3_600).contains(&wait), "half an hour for one, and not a second: {wait}");
    // More than ever goes at once is not to be tried again as it is.
    let three: Vec<String> = (10..13).map(|n| comment(&format!("e{n}"), "u1").to_string()).collect();
    let refused = service.post(three.join("\n"));
    refused.problem(413, "too-large");
    assert!(refused.header("retry-after").is_none() && refused.json()["detail"].to_string().contains("2 events"));
}

#[test]
fn r1_what_was_acknowledged_is_there_after_a_kill() {
    let mut service = Service::usual();
    let mut acknowledged = 0;
    for round in 0..5 {
        for n in 0..20 {
            let answer = service.post(comment(&format!("e{round}-{n}"), &format!("u{n}")));
            acknowledged += usize::from(answer.status == 200);
        }
        service.again();
    }
    assert_eq!(acknowledged, 100);
    let records = service.records(100);
    let mut ids: Vec<_> = records.iter().filter_map(|record| record["event"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100);
    wait_for("an end to what is decided", || {
        let health = service.get("/healthz").json();
        health["shards"][0]["lag"] == 0
    });
}
