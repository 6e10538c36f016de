//! The document in force, and the next (R8).

use crate::service::{Service, comment, document};
use serde_json::json;
use std::fs;

const PATH: &str = "/v1/workspaces/glow/document";

#[test]
fn r8_a_document_is_read_and_put_in_force() {
    let mut service = Service::usual();
    let first = service.get(PATH);
    assert_eq!((first.status, first.header("etag")), (200, Some("\"1\"")));
    assert_eq!(first.json()["triggers"][0]["id"], "price");
    let mut next = document();
    next["triggers"][0]["public_reply"] = json!("Look there");
    let answer = service.call("PUT", PATH, next.to_string());
    assert_eq!((answer.status, answer.json()), (200, json!({ "revision": 2, "warnings": [] })));
    assert_eq!(answer.header("etag"), Some("\"2\""));
    // Whoever reads after it was put reads it.
    let second = service.get(PATH);
    assert_eq!(
        (second.header("etag"), &second.json()["triggers"][0]["public_reply"]),
        (Some("\"2\""), &json!("Look there"))
    );
    // What is acknowledged later is decided by it.
    service.post(comment("e1", "u1"));
    let records = service.records(2);
    assert_eq!(records[1]["revision"], 2);
    assert_eq!(records[1]["effects"][0]["public_reply"]["text"], "Look there");
    // The same again changes nothing.
    assert_eq!(service.call("PUT", PATH, next.to_string()).json()["revision"], 2);
    // A restart undoes no PUT: the file is as it was.
    service.again();
    assert_eq!(service.get(PATH).header("etag"), Some("\"2\""));
    // A changed file is taken.
    let mut changed = document();
    changed["triggers"][0]["public_reply"] = json!("From the file");
    fs::write(service.path("glow.json"), changed.to_string()).unwrap();
    service.again();
    assert_eq!(service.get(PATH).json()["triggers"][0]["public_reply"], json!("From the file"));
}

#[test]
fn r8_if_match_is_honoured() {
    let service = Service::usual();
    let mut next = document();
    next["workspace"]["name"] = json!("Glow 2");
    let answer = service.call_with("PUT", PATH, &[("if-match", "\"7\"")], next.to_string());
    let problem = answer.problem(412, "other-revision");
    assert_eq!((answer.header("etag"), &problem["revision"]), (Some("\"1\""), &json!(1)));
    assert_eq!(service.call_with("PUT", PATH, &[("if-match", "\"6\", \"1\"")], next.to_string()).status, 200);
    next["workspace"]["name"] = json!("Glow 3");
    service.call_with("PUT", PATH, &[("if-match", "\"1\"")], next.to_string()).problem(412, "other-revision");
    service.call_with("PUT", PATH, &[("if-match", "W/\"2\"")], next.to_string()).problem(412, "other-revision");
    service.call_with("PUT", PATH, &[("if-match", "two")], next.to_string()).problem(400, "bad-request");
    assert_eq!(service.call_with("PUT", PATH, &[("if-match", "*")], next.to_string()).json()["revision"], 3);
    let same = service.call_with("GET", PATH, &[("if-none-match", "\"3\"")], "");
    assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, Some("\"3\"")));
    assert_eq!(service.call_with("GET", PATH, &[("if-none-match", "\"2\"")], "").status, 200);
}

#[test]
fn f10_faults_are_told_as_check_tells_them() {
    let service = Service::usual();
    let mut broken = document();
    broken["triggers"][0]["flow"] = json!("nowhere");
    broken["flows"][0]["version"] = json!(2);
    broken["flows"][0]["blocks"][0]["goto"] = json!("nowhere");
    let problem = service.call("PUT", PATH, broken.to_string()).problem(422, "invalid-document");
    fs::write(service.path("broken.json"), broken.to_string()).unwrap();
    let check = std::process::Command::new(assert_cmd::cargo::cargo_bin("chatsparks"))
        .args(["check", "--json"])
        .arg(service.path("broken.json"))
        .output()
        .unwrap();
    let checked: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!(problem["faults"], checked["faults"]);
    assert_eq!(problem["warnings"], checked["warnings"]);
    assert_eq!(problem["errors"], checked["faults"]);
    assert!(problem["faults"].as_array().unwrap().len() > 1);
    for (kind, body) in [
        ("application/json", "{\"schema\": 1}"),
        ("application/json", "{"),
        ("application/json", ""),
        ("application/toml", "schema = "),
        ("application/toml", "schema = 1\nunknown = 2\n"),
    ] {
        let problem = service.call_with("PUT", PATH, &[("content-type", kind)], body).problem(422, "invalid-document");
        assert_eq!(problem["faults"][0]["code"], "unreadable", "{problem}");
    }
    let other = document().to_string().replace("\"glow\"", "\"other\"");
    let problem = service.call("PUT", PATH, other).problem(422, "invalid-document");
    assert_eq!(problem["faults"][0]["code"], "other_workspace", "{problem}");
    // Nothing of it took effect.
    assert_eq!(service.get(PATH).header("etag"), Some("\"1\""));
}

#[test]
fn r8_a_document_may_be_toml() {
    let service = Service::usual();
    let toml = "schema = 1\n[workspace]\nid = \"glow\"\nname = \"In TOML\"\naccount_user_id = \"acct_glow\"\n\
        [[flows]]\nid = \"price\"\nversion = 1\n[[flows.blocks]]\nid = \"a\"\nmessage.text = \"x\"\n";
    let answer = service.call_with("PUT", PATH, &[("content-type", "application/toml")], toml);
    assert_eq!(answer.status, 422, "F9: a published version does not change in place");
    let toml = toml.replace("version = 1", "version = 2");
    let answer = service.call_with("PUT", PATH, &[("content-type", "application/toml")], toml);
    assert_eq!(answer.json()["revision"], 2, "{answer:?}");
}
