//! Who may do what.

use crate::{
    http::request,
    service::{BASE, GLOW, Service, TOKEN, comment, directory},
};
use serde_json::json;
use std::fs;

/// Calls as somebody with this token.
fn status(service: &Service, token: &str, method: &str, path: &str, body: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    request(service.address, method, path, &[("authorization", &bearer)], body.as_bytes()).status
}

#[test]
fn h_every_call_of_v1_asks_for_a_token() {
    let service = Service::usual();
    for (method, path) in [
        ("POST", "/v1/workspaces/glow/events"),
        ("GET", "/v1/workspaces/glow/records"),
        ("GET", "/v1/workspaces/glow/state"),
        ("GET", "/v1/workspaces/glow/contacts/u1"),
        ("DELETE", "/v1/workspaces/glow/contacts/u1"),
        ("GET", "/v1/workspaces/glow/orders/o1"),
        ("GET", "/v1/workspaces/glow/comments/c1/explain"),
        ("GET", "/v1/workspaces/glow/digest"),
        ("GET", "/v1/workspaces/glow/queue"),
        ("POST", "/v1/workspaces/glow/queue/retry"),
        ("POST", "/v1/workspaces/glow/queue/drop"),
        ("GET", "/v1/workspaces/glow/document"),
        ("PUT", "/v1/workspaces/glow/document"),
        ("GET", "/v1/workspaces/other/state"),
        ("POST", "/v1/clock/confirm"),
        ("GET", "/v1/openapi.json"),
        ("GET", "/v1/nothing"),
        ("GET", "/metrics"),
    ] {
        let answer = request(service.address, method, path, &[], b"");
        answer.problem(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{method} {path}");
        assert_eq!(status(&service, "token-of-nothing", method, path, ""), 401, "{method} {path}");
    }
    assert_eq!(request(service.address, "GET", "/healthz", &[], b"").status, 200);
}

#[test]
fn h_tokens_may_be_limited() {
    let configuration = format!(
        "{BASE}api_token = [\n  {{ env = \"TOKEN\" }},\n  {{ file = \"ingest\", scopes = [\"ingest\"] }},\n  \
         {{ file = \"read\", scopes = \"read\" }},\n  {{ file = \"act\", scopes = [\"ingest\", \"act\"] }},\n]\n{GLOW}\
         api_token = {{ file = \"glow\" }}\n[[workspace]]\ndocument = \"other.json\"\n"
    );
    let place = directory(&configuration);
    let other = crate::service::document().to_string().replace("\"glow\"", "\"other\"").replace("acct_glow", "acct_2");
    fs::write(place.path().join("other.json"), other).unwrap();
    for name in ["ingest", "read", "act", "glow"] {
        fs::write(place.path().join(name), format!("token-{name}\n")).unwrap();
    }
    let service = Service::start(place, &[]);
    let (events, state) = ("/v1/workspaces/glow/events", "/v1/workspaces/glow/state");
    let take = json!({ "id": "t1", "type": "take", "user_id": "u1", "member": "owner@glow.example" }).to_string();
    let erase = json!({ "id": "f1", "type": "erase", "user_id": "u1" }).to_string();
    let configure = json!({ "id": "d1", "type": "configure", "workspace": {} }).to_string();
    let drop = json!({ "effect": "none" }).to_string();
    let comment = comment("e1", "u1");
    for (token, method, path, body, wanted) in [
        ("ingest", "POST", events, &*comment, 200),
        ("ingest", "POST", events, &take, 403),
        ("ingest", "POST", events, &erase, 403),
        ("ingest", "POST", events, &configure, 403),
        ("ingest", "GET", state, "", 403),
        ("ingest", "GET", "/metrics", "", 403),
        ("read", "GET", state, "", 200),
        ("read", "GET", "/metrics", "", 200),
        ("read", "GET", "/v1/workspaces/glow/document", "", 200),
        ("read", "POST", events, &comment, 403),
        ("read", "DELETE", "/v1/workspaces/glow/contacts/u1", "", 403),
        ("act", "POST", "/v1/clock/confirm", "", 403),
        ("glow", "POST", "/v1/clock/confirm", "", 403),
        ("read", "PUT", "/v1/workspaces/glow/document", "{}", 403),
        ("read", "POST", "/v1/workspaces/glow/queue/drop", &drop, 403),
        ("act", "POST", events, &take, 200),
        ("act", "POST", "/v1/workspaces/glow/queue/drop", &drop, 404),
        ("act", "POST", events, &erase, 403),
        ("glow", "GET", state, "", 200),
        ("glow", "POST", events, &configure, 200),
        ("glow", "GET", "/v1/workspaces/other/state", "", 403),
        ("glow", "GET", "/v1/workspaces/unheard-of/state", "", 403),
        ("glow", "GET", "/metrics", "", 403),
        ("glow", "GET", "/v1/openapi.json", "", 200),
    ] {
        assert_eq!(status(&service, &format!("token-{token}"), method, path, body), wanted, "{token} {method} {path}");
    }
    assert_eq!(status(&service, TOKEN, "GET", "/v1/workspaces/other/state", ""), 200);
    // R2: whoever may do everything says that the clock is right, and hears how it is.
    let confirmed = service.call("POST", "/v1/clock/confirm", "");
    assert_eq!((confirmed.status, &confirmed.json()["clock_stepped"]), (200, &json!(false)));
}

#[test]
fn h6_a_member_is_believed_from_a_token_that_may_act() {
    let place = directory(&format!("{BASE}api_token = {{ env = \"TOKEN\", scopes = [\"ingest\"] }}\n{GLOW}"));
    let service = Service::start(place, &[]);
    for line in [
        json!({ "id": "t1", "type": "take", "user_id": "u1", "member": "owner@glow.example" }),
        json!({ "id": "t2", "type": "order_review", "order_id": "o", "verdict": "confirm", "member": "owner@glow.example" }),
        json!({ "id": "t3", "type": "member_message", "message_id": "m", "user_id": "u1", "member": "owner@glow.example",
            "text": "hi" }),
    ] {
        let problem = service.post(format!("{}\n{line}", comment("e1", "u1"))).problem(403, "forbidden");
        assert_eq!(problem["line"], 2);
    }
}

#[cfg(unix)]
#[test]
fn h_files_of_tokens_are_read_again_on_a_signal() {
    let place = directory(&format!("{BASE}api_token = {{ file = \"tokens\" }}\n{GLOW}"));
    let tokens = place.path().join("tokens");
    fs::write(&tokens, "old\n").unwrap();
    let service = Service::start(place, &[]);
    let state = |token: &str| status(&service, token, "GET", "/v1/workspaces/glow/state", "");
    let hang_up = || {
        let id = service.process.id().to_string();
        assert!(std::process::Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    };
    assert_eq!((state("old"), state("new")), (200, 401));
    // Two while one is changed for the other.
    fs::write(&tokens, "old\nnew\n").unwrap();
    hang_up();
    crate::service::wait_for("the new token", || state("new") == 200);
    assert_eq!(state("old"), 200);
    fs::write(&tokens, "new\n").unwrap();
    hang_up();
    crate::service::wait_for("the end of the old token", || state("old") == 401);
    // What cannot be read changes nothing.
    fs::remove_file(&tokens).unwrap();
    hang_up();
    assert_eq!(state("new"), 200);
}

#[test]
fn h_without_a_token_only_this_machine_gets_in() {
    let service = Service::of(&format!("{BASE}{GLOW}"));
    let path = "/v1/workspaces/glow/state";
    assert_eq!(request(service.address, "GET", path, &[], b"").status, 200);
    let origin = [("origin", "https://elsewhere.example")];
    request(service.address, "GET", path, &origin, b"").problem(403, "forbidden");
    request(service.address, "GET", "/metrics", &origin, b"").problem(403, "forbidden");
}

#[test]
fn h3_nothing_that_anybody_wrote_is_said() {
    let place = directory(&format!("{BASE}api_token = {{ env = \"TOKEN\" }}\n{GLOW}"));
    let mut service = Service::start(place, &[("RUST_LOG", "trace")]);
    let mut line: serde_json::Value = serde_json::from_str(&comment("e1", "u1")).unwrap();
    line["text"] = json!("price of my-private-words");
    line["handle"] = json!("my-private-name");
    service.post(line.to_string());
    service.records(1);
    let broken = line.to_string().replace("\"id\"", "\"di\"");
    let problem = service.post(broken).problem(400, "unreadable-line").to_string();
    service.get("/v1/workspaces/glow/contacts/u1");
    service.kill();
    let said = service.said();
    assert!(!said.is_empty());
    for secret in ["my-private", TOKEN, "590 THB"] {
        assert!(!said.contains(secret) && !problem.contains(secret), "{secret}");
    }
}
