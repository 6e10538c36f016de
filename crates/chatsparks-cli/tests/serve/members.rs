//! What members do: sessions, acts, messages, reviews, and changes as they happen (H6, V7, A6).

use crate::{
    http::{Answer, connect, request},
    service::{BASE, GLOW, Service, TOKEN, comment, document, wait_for},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

const OWNER: &str = "owner@glow.example";
const ANN: &str = "ann@glow.example";

/// A service with two active members and one who was suspended.
fn service(keys: &str) -> Service {
    let mut document = document();
    document["members"] = json!([
        { "email": OWNER, "role": "owner", "status": "active" },
        { "email": ANN, "role": "member", "status": "active" },
        { "email": "cid@glow.example", "role": "member", "status": "suspended" },
    ]);
    let configuration = format!("{BASE}api_token = {{ env = \"TOKEN\" }}\n{keys}\n{GLOW}");
    let directory = crate::service::directory(&configuration);
    fs::write(directory.path().join("glow.json"), document.to_string()).unwrap();
    Service::start(directory, &[])
}

fn sign_in(service: &Service, member: &str, token: Option<&str>) -> Answer {
    let body = json!({ "workspace": "glow", "member": member, "token": token });
    let body = if token.is_some() { body } else { json!({ "workspace": "glow", "member": member }) };
    request(service.address, "POST", "/v1/session", &[], body.to_string().as_bytes())
}

/// The cookie of somebody who signed in.
fn cookie(service: &Service, member: &str) -> String {
    let answer = sign_in(service, member, Some(TOKEN));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let set = answer.header("set-cookie").unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

/// A call in a session.
fn call(service: &Service, cookie: &str, method: &str, path: &str, body: &Value) -> Answer {
    let path = format!("/v1/workspaces/glow/{path}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    request(service.address, method, &path, &[("cookie", cookie)], body.as_bytes())
}

#[test]
fn h6_a_session_names_the_member_and_no_other_is_believed() {
    let service = service("");
    service.post(comment("e1", "u1"));
    service.records(1);
    let ann = cookie(&service, "ANN@glow.example");
    let who = request(service.address, "GET", "/v1/session", &[("cookie", &ann)], b"").json();
    assert_eq!((&who["member"], &who["role"], &who["may_act"]), (&json!(ANN), &json!("member"), &json!(true)));
    let taken = call(&service, &ann, "POST", "contacts/u1/acts", &json!({ "act": "take" }));
    assert_eq!((taken.status, &taken.json()["outcome"]), (200, &json!({ "applied": {} })), "{}", taken.text());
    assert_eq!(taken.json()["now"]["conversation"]["owner"], ANN);
    // In another's name nothing happens, and a session brings no events and changes no document.
    call(&service, &ann, "POST", "contacts/u1/acts", &json!({ "act": "close", "member": OWNER }))
        .problem(403, "forbidden");
    let line = json!({ "id": "x", "type": "take", "user_id": "u1", "member": OWNER });
    call(&service, &ann, "POST", "events", &line).problem(403, "forbidden");
    call(&service, &ann, "PUT", "document", &document()).problem(403, "forbidden");
    request(service.address, "GET", "/v1/workspaces/other/state", &[("cookie", &ann)], b"").problem(403, "forbidden");
    assert_eq!(service.get("/v1/workspaces/glow/contacts/u1").json()["conversation"]["state"], "human");
}

#[test]
fn h6_only_a_member_with_the_token_signs_in_and_a_changed_cookie_is_nothing() {
    let service = service("");
    sign_in(&service, OWNER, Some("another")).problem(401, "unauthorized");
    sign_in(&service, OWNER, None).problem(401, "unauthorized");
    let refused = sign_in(&service, "cid@glow.example", Some(TOKEN)).problem(403, "forbidden");
    assert_eq!(refused["sign_in"], "suspended");
    assert_eq!(sign_in(&service, "eve@glow.example", Some(TOKEN)).problem(403, "forbidden")["sign_in"], "not_invited");
    let ann = cookie(&service, ANN);
    let mut changed = ann.clone();
    let last = changed.pop().unwrap();
    changed.push(if last == 'A' { 'B' } else { 'A' });
    for cookie in [changed.as_str(), "chatsparks_session=x.y", "chatsparks_session=", "other=1"] {
        call(&service, cookie, "GET", "state", &Value::Null).problem(401, "unauthorized");
    }
    assert_eq!(call(&service, &ann, "GET", "state", &Value::Null).status, 200);
    // A page of another origin is not believed, whatever the browser sends along.
    let headers = [("cookie", ann.as_str()), ("origin", "https://elsewhere.example")];
    request(service.address, "GET", "/v1/workspaces/glow/state", &headers, b"").problem(403, "forbidden");
    // Who is suspended meanwhile is no member any more, cookie or not.
    let mut changed = document();
    changed["members"] = json!([{ "email": OWNER, "role": "owner", "status": "active" },
        { "email": ANN, "role": "member", "status": "suspended" }]);
    assert_eq!(service.call("PUT", "/v1/workspaces/glow/document", changed.to_string()).status, 200);
    wait_for("the suspension", || call(&service, &ann, "GET", "state", &Value::Null).status == 403);
    let out = request(service.address, "DELETE", "/v1/session", &[("cookie", &ann)], b"");
    assert!(out.status == 204 && out.header("set-cookie").unwrap().contains("Max-Age=0"));
}

#[test]
fn h6_without_a_token_whoever_is_on_the_machine_signs_in_as_a_member() {
    let directory = crate::service::directory(&format!("{BASE}{GLOW}"));
    let service = Service::start(directory, &[]);
    let answer = sign_in(&service, OWNER, None);
    let set = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let who = request(service.address, "GET", "/v1/session", &[("cookie", &set)], b"");
    assert_eq!(who.json()["member"], OWNER);
    request(service.address, "GET", "/v1/session", &[], b"").problem(404, "not-found");
}

#[test]
fn v7_of_two_who_act_on_one_conversation_the_second_is_told() {
    let service = service("partitions = 2");
    service.post(comment("e1", "u1"));
    wait_for("a conversation", || service.get("/v1/workspaces/glow/contacts/u1").status == 200);
    let (ann, owner) = (cookie(&service, ANN), cookie(&service, OWNER));
    let seen = json!({ "state": "bot", "owner": null });
    let take = json!({ "act": "take", "seen": seen });
    assert_eq!(call(&service, &ann, "POST", "contacts/u1/acts", &take).status, 200);
    let late = call(&service, &owner, "POST", "contacts/u1/acts", &take).problem(409, "refused");
    assert_eq!(
        (&late["reason"], &late["owner"], &late["state"]),
        (&json!("changed_meanwhile"), &json!(ANN), &json!("human"))
    );
    // A stale page writes nothing either; having looked again it does.
    let write = json!({ "text": "hello <b>", "seen": seen });
    call(&service, &owner, "POST", "contacts/u1/messages", &write).problem(409, "refused");
    let seen = json!({ "state": "human", "owner": ANN });
    let write = json!({ "text": "hello <b>", "seen": seen });
    assert_eq!(call(&service, &owner, "POST", "contacts/u1/messages", &write).status, 200);
    // V7: what the state does not admit is refused, with what to do.
    assert_eq!(call(&service, &ann, "POST", "contacts/u1/acts", &json!({ "act": "hand_back" })).status, 200);
    let again =
        call(&service, &ann, "POST", "contacts/u1/acts", &json!({ "act": "hand_back" })).problem(409, "refused");
    assert_eq!((&again["reason"], &again["advice"]), (&json!("not_human"), &json!("take_first")));
}

#[test]
fn v7_an_act_with_a_key_happens_once_and_limits_of_lines_hold() {
    let service = service("");
    service.post(comment("e1", "u1"));
    service.records(1);
    let write = |key: &str, body: &Value| {
        let headers = [("idempotency-key", key)];
        service.call_with("POST", "/v1/workspaces/glow/contacts/u1/messages", &headers, body.to_string())
    };
    let hello = json!({ "text": "hello", "member": ANN });
    assert_eq!(write("k1", &hello).json()["outcome"], json!({ "applied": {} }));
    assert_eq!(write("k1", &hello).json()["outcome"], json!({ "duplicate": {} }));
    let sent = service.records(3).into_iter().filter(|record| !record["effects"][0]["send_dm"]["member"].is_null());
    assert_eq!(sent.count(), 1);
    for body in [
        json!({ "text": "x".repeat(6_001), "member": ANN }),
        json!({ "text": " ", "member": ANN }),
        json!({ "text": "x" }),
        json!({ "member": ANN }),
        json!({ "text": "x", "member": "" }),
    ] {
        write("k2", &body).problem(400, "bad-request");
    }
    write("not a key", &hello).problem(400, "bad-request");
    let refused = write("k3", &json!({ "text": "x", "member": "eve@glow.example" })).problem(409, "refused");
    assert_eq!(refused["reason"], "not_a_member");
    let path = "/v1/workspaces/glow/contacts/u1/acts";
    assert_eq!(
        service.call("POST", path, json!({ "act": "assign", "member": OWNER, "to": ANN }).to_string()).status,
        200
    );
    service.call("POST", path, json!({ "act": "assign", "member": OWNER }).to_string()).problem(400, "bad-request");
    service.call("POST", path, json!({ "act": "erase", "member": OWNER }).to_string()).problem(400, "bad-request");
}

#[test]
fn a6_a_review_is_refused_where_the_order_is_not_soft() {
    let service = service("");
    service.post(
        json!({ "id": "o1", "type": "order", "order_id": "o-1", "user_id": "u1", "currency": "THB",
        "total_minor": 1, "lines": [] })
        .to_string(),
    );
    service.records(1);
    let ann = cookie(&service, ANN);
    let review = |order: &str, verdict: &str| {
        call(&service, &ann, "POST", &format!("orders/{order}/review"), &json!({ "verdict": verdict }))
    };
    assert_eq!(review("o-1", "confirm").problem(409, "refused")["reason"], "not_soft");
    assert_eq!(review("o-2", "confirm").problem(409, "refused")["reason"], "unknown_order");
    review("o-1", "maybe").problem(400, "bad-request");
}

/// Reads a stream of events until this stands in it.
fn read_until(stream: &mut TcpStream, read: &mut String, wanted: &str) {
    let mut chunk = [0; 4_096];
    while !read.contains(wanted) {
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "`{wanted}` did not come: {read}");
        read.push_str(std::str::from_utf8(&chunk[..count]).unwrap());
    }
}

fn watch(service: &Service, cookie: &str, last: Option<&str>) -> TcpStream {
    let mut stream = connect(service.address);
    let last = last.map_or(String::new(), |last| format!("last-event-id: {last}\r\n"));
    let head = format!(
        "GET /v1/workspaces/glow/changes HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\n{last}\r\n",
        service.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn h_changes_are_told_as_they_happen_and_go_on_after_a_restart() {
    let mut service = service("partitions = 2");
    let ann = cookie(&service, ANN);
    let (mut stream, mut read) = (watch(&service, &ann, None), String::new());
    read_until(&mut stream, &mut read, "retry:");
    assert!(read.contains("content-type: text/event-stream"), "{read}");
    service.post(comment("e1", "u1"));
    read_until(&mut stream, &mut read, "\"u1\"");
    assert!(read.contains("event: changes") && !read.contains("price"), "{read}");
    let last = read.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap().to_owned();
    // What came while nobody listened is told to whoever says where they were.
    service.again();
    service.post(comment("e2", "u2"));
    let (mut stream, mut read) = (watch(&service, &ann, Some(&last)), String::new());
    read_until(&mut stream, &mut read, "\"u2\"");
    assert!(!read.contains("\"u1\""), "{read}");
}

#[cfg(unix)]
#[test]
fn h2_whoever_watches_does_not_keep_the_service_from_stopping() {
    let mut service = service("");
    let ann = cookie(&service, ANN);
    let (mut stream, mut read) = (watch(&service, &ann, None), String::new());
    read_until(&mut stream, &mut read, "retry:");
    let told = std::process::Command::new("kill").arg(service.process.id().to_string()).status().unwrap();
    assert!(told.success());
    // The stream ends by itself, before connections would be cut.
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(service.process.wait().unwrap().success());
    assert!(!service.said().contains("before their requests were finished"));
}

#[test]
fn v11_a_thread_tells_what_was_said_and_how_far_each_dm_came() {
    let service = service("partitions = 2");
    let long = format!("price {}", "\u{202e}<img src=x onerror=alert(1)>".repeat(30_000));
    service.post(
        json!({ "id": "e1", "type": "comment", "comment_id": "c1", "post_id": "v1", "user_id": "u1", "text": long })
            .to_string(),
    );
    wait_for("a conversation", || service.get("/v1/workspaces/glow/contacts/u1").status == 200);
    for status in ["sent", "delivered"] {
        let receipt = json!({ "id": format!("r-{status}"), "type": "receipt", "dm_id": "e1/1", "status": status });
        service.post(receipt.to_string());
    }
    service.post(
        json!({ "id": "m1", "type": "message", "message_id": "m1", "user_id": "u1", "text": "30ml" }).to_string(),
    );
    service.post(json!({ "id": "t1", "type": "take", "user_id": "u1", "member": ANN }).to_string());
    let ann = cookie(&service, ANN);
    let read = |path: &str| call(&service, &ann, "GET", path, &Value::Null);
    let kinds = |thread: &Value| -> Vec<String> {
        thread["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
    };
    wait_for("the act", || kinds(&read("contacts/u1/thread").json()).contains(&"act".to_owned()));
    let answer = read("contacts/u1/thread");
    let thread = answer.json();
    let all = kinds(&thread);
    for kind in ["comment", "opened", "flow", "counted", "public_reply", "dm", "message", "captured", "act", "state"] {
        assert!(all.contains(&kind.to_owned()), "{kind}: {all:?}");
    }
    let entry = |kind: &str| thread["entries"].as_array().unwrap().iter().find(|entry| entry["kind"] == kind).unwrap();
    assert_eq!((&entry("comment")["cut"], &entry("message")["text"]), (&json!(true), &json!("30ml")));
    assert_eq!(entry("dm")["text"], "It is 590 THB.");
    wait_for("the receipts", || {
        let thread = read("contacts/u1/thread").json();
        thread["entries"]
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["dm_id"] == "e1/1" && entry["stage"] == "delivered")
    });
    // A megabyte long is cut, here and in the list of evaluations.
    assert!(answer.body.len() < 200_000, "{}", answer.body.len());
    assert!(read("triggers/price/evaluations").body.len() < 200_000);
    let diagnosis = read("diagnosis?about=dm&dm=e1%2F1").json();
    assert_eq!((&diagnosis["case"], &diagnosis["advice"]), (&json!("dm_delivered"), &json!("ask_to_look_in_requests")));
    read("diagnosis?about=dm&dm=none").problem(404, "not-found");
    read("contacts/none/thread").problem(404, "not-found");
    assert_eq!(read("contacts/u1/thread?limit=1").json()["older"], true);
}
