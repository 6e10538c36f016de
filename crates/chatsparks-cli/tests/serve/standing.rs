//! Where effects stand: a public reply that was not said is told as such, and a DM that waits here is not laid at the
//! platform's door (D3).

use crate::{
    endpoint::{Endpoint, queue, service},
    service::{GLOW, Service, comment, wait_for},
};
use serde_json::{Value, json};

const GLOW_AT: &str = "/v1/workspaces/glow";

/// The public reply as the thread has it.
fn reply(service: &Service) -> Value {
    let thread = service.get(&format!("{GLOW_AT}/contacts/u1/thread")).json();
    let entries = thread["entries"].as_array().cloned().unwrap_or_default();
    entries.into_iter().find(|entry| entry["kind"] == "public_reply").unwrap_or_default()
}

/// What is the case with an effect, what to do, and what was looked at first.
#[track_caller]
fn diagnosed(service: &Service, effect: &str) -> (String, String, Value) {
    let answer = service.get(&format!("{GLOW_AT}/diagnosis?about=dm&dm={}", effect.replace('/', "%2F")));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    let word = |name: &str| told[name].as_str().unwrap().to_owned();
    (word("case"), word("advice"), told["checks"][0]["looked_at"].clone())
}

#[test]
fn d3_what_waits_without_a_channel_is_not_the_platforms_to_tell_of() {
    let service = Service::usual();
    service.post(comment("e1", "u1"));
    wait_for("three effects", || queue(&service)["counts"]["waiting"] == 3);
    let told = reply(&service);
    assert_eq!((&told["effect"], &told["text"]), (&json!("e1/0"), &json!("Check your inbox")));
    assert_eq!(
        (&told["stage"], &told["advice"], &told["why"]),
        (&json!("waiting"), &json!("set_a_channel"), &Value::Null)
    );
    assert!(told["to_do"].as_str().is_some_and(|to_do| to_do.contains("no channel")), "{told}");
    let (case, advice, looked_at) = diagnosed(&service, "e1/0");
    assert_eq!((case.as_str(), advice.as_str()), ("reply_waits", "set_a_channel"));
    assert_eq!((&looked_at["queue"], &looked_at["channel"]), (&json!("waiting"), &json!("none")));
    let (case, advice, looked_at) = diagnosed(&service, "e1/1");
    assert_eq!((case.as_str(), advice.as_str()), ("dm_waits", "set_a_channel"));
    assert_eq!((&looked_at["queue"], &looked_at["attempts"]), (&json!("waiting"), &json!(0)));
    service.get(&format!("{GLOW_AT}/diagnosis?about=dm&dm=e1%2F9")).problem(404, "not-found");
}

#[test]
fn d3_what_waits_for_a_channel_that_is_stopped_says_since_when_and_why() {
    let endpoint = Endpoint::new("401 Unauthorized");
    let service = service(&endpoint, "");
    service.post(comment("e1", "u1"));
    wait_for("a stop", || queue(&service)["channel"]["state"] == "stopped");
    // The one by which it is tried whether it goes again is in doubt meanwhile; the DM behind it waits.
    let (case, advice, looked_at) = diagnosed(&service, "e1/1");
    assert_eq!((case.as_str(), advice.as_str()), ("dm_waits", "mend_the_channel"));
    assert_eq!(looked_at["stopped_why"], "the endpoint answered 401");
    assert!(looked_at["stopped_since"].is_string(), "{looked_at}");
    let told = reply(&service);
    assert_eq!(told["advice"], "mend_the_channel", "{told}");
    endpoint.answers("200 OK");
    wait_for("the reply", || reply(&service)["stage"] == "sent");
    assert_eq!(
        (reply(&service)["advice"].clone(), diagnosed(&service, "e1/0").0),
        (json!("nothing"), "reply_sent".into())
    );
}

#[test]
fn d3_a_public_reply_that_failed_or_was_given_up_or_dropped_says_so() {
    let endpoint = Endpoint::new("400 Bad Request");
    let refused = service(&endpoint, "");
    refused.post(comment("e1", "u1"));
    wait_for("its outcome", || reply(&refused)["stage"] == "failed");
    let told = reply(&refused);
    assert_eq!((&told["why"], &told["advice"]), (&json!("the endpoint answered 400"), &json!("answer_the_comment")));
    let (case, _, looked_at) = diagnosed(&refused, "e1/0");
    assert_eq!((case.as_str(), &looked_at["why"]), ("reply_failed", &told["why"]));
    wait_for("the DM's outcome", || diagnosed(&refused, "e1/1").0 == "dm_failed");
    assert_eq!(diagnosed(&refused, "e1/1").1, "reach_otherwise");

    endpoint.answers("500 Internal Server Error");
    let given_up = service(&endpoint, "retry_hours = 0");
    given_up.post(comment("e1", "u1"));
    wait_for("dead letters", || queue(&given_up)["counts"]["dead"] == 3);
    assert_eq!((&reply(&given_up)["stage"], &reply(&given_up)["advice"]), (&json!("dead"), &json!("retry_or_drop")));
    assert_eq!(diagnosed(&given_up, "e1/1").1, "retry_or_drop");
    let body = json!({ "effect": "e1/0" }).to_string();
    assert_eq!(given_up.call("POST", &format!("{GLOW_AT}/queue/drop"), body).status, 200);
    assert_eq!((&reply(&given_up)["stage"], &reply(&given_up)["why"]), (&json!("failed"), &json!("dropped")));
}

/// R2: where time passes by events alone, the desk's answers stand at the latest of them.
#[test]
fn r2_the_desk_answers_at_the_workspaces_time() {
    let service = Service::with("clock = \"events\"\ntrust_at = true", GLOW);
    let at = "2026-03-02T10:00:00Z";
    let order = json!({ "id": "o", "at": at, "type": "order", "order_id": "o1", "user_id": "u1", "currency": "THB",
        "total_minor": 100, "lines": [] });
    assert_eq!(service.post(order.to_string()).status, 200);
    service.records(1);
    for (path, pointer) in
        [("diagnosis?about=webhook", "/at"), ("orders/o1/explain", "/diagnosis/at"), ("support", "/at")]
    {
        let told = service.get(&format!("{GLOW_AT}/{path}")).json();
        assert_eq!(told.pointer(pointer), Some(&json!(at)), "{path}: {told}");
    }
}
