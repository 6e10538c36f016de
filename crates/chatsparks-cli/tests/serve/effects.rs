//! Effects, to an endpoint of one's own (H1, O).

use crate::{
    endpoint::{Endpoint, SECRET, queue, service},
    http::read_answer,
    service::{BASE, GLOW, Service, TOKEN, comment, directory, wait_for},
};
use serde_json::json;

#[test]
fn h1_effects_arrive_in_order_and_once() {
    let endpoint = Endpoint::new("200 OK");
    let service = service(&endpoint, "");
    service.post(comment("e1", "u1"));
    wait_for("three effects", || endpoint.received().len() == 3);
    wait_for("their outcomes", || queue(&service)["counts"]["sent"] == 3);
    let received = endpoint.received();
    let ids: Vec<_> = received.iter().map(|(_, body)| body["effect"]["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, ["e1/0", "e1/1", "e1/2"]);
    let (headers, body) = &received[0];
    assert_eq!(body["workspace"], "glow");
    assert_eq!(body["effect"]["public_reply"], json!({ "comment_id": "c-e1", "text": "Check your inbox" }));
    assert_eq!(body["context"]["post_id"], "v1");
    assert_eq!(body["context"]["attempt"], 1);
    assert!(headers["webhook-id"].starts_with("msg_") && headers["webhook-id"].len() == 68);
    assert!(headers["webhook-signature"].starts_with("v1,"));
    // Each DM's outcome comes back as an event (O1).
    let records = service.records(3);
    assert_eq!(records[1]["event"], "outcome:e1/1");
    assert_eq!(records[2]["event"], "outcome:e1/2");
}

/// H: files of secrets are read again on SIGHUP; two sign while the endpoint changes from one to the other, and a file that
/// holds none changes nothing.
#[cfg(unix)]
#[test]
fn h_secrets_are_read_again_on_sighup() {
    use std::{fs, process::Command};
    const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
    let endpoint = Endpoint::new("200 OK");
    let address = endpoint.address;
    let place = directory(&format!(
        "{BASE}api_token = {{ env = \"TOKEN\" }}\n{GLOW}outbound = \"http\"\n[workspace.http]\n\
         url = \"http://{address}/effects\"\nsecret = {{ file = \"secrets\" }}\n"
    ));
    let secrets = place.path().join("secrets");
    fs::write(&secrets, SECRET).unwrap();
    let service = Service::start(place, &[]);
    let mut posted = 0;
    // How many sign what is posted now.
    let mut signatures = || {
        posted += 1;
        service.post(comment(&format!("e{posted}"), &format!("u{posted}")));
        wait_for("three effects", || endpoint.received().len() >= 3 * posted);
        let last = endpoint.received().last().unwrap().0["webhook-signature"].clone();
        last.split(' ').count()
    };
    let hang_up = || {
        let id = service.process.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    };
    assert_eq!(signatures(), 1);
    fs::write(&secrets, format!("{SECRET}\n{NEW}\n")).unwrap();
    hang_up();
    wait_for("both to sign", || signatures() == 2);
    fs::write(&secrets, "whsec_nothing of the kind\n").unwrap();
    hang_up();
    assert_eq!(signatures(), 2);
    fs::write(&secrets, format!("{NEW}\n")).unwrap();
    hang_up();
    wait_for("the new one alone", || signatures() == 1);
}

#[test]
fn o4_what_is_answered_later_is_tried_again() {
    let endpoint = Endpoint::new("503 Service Unavailable");
    let service = service(&endpoint, "");
    service.post(comment("e1", "u1"));
    wait_for("a second attempt", || endpoint.received().iter().any(|(_, body)| body["context"]["attempt"] == 2));
    endpoint.answers("200 OK");
    wait_for("their outcomes", || queue(&service)["counts"]["sent"] == 3);
    let received = endpoint.received();
    let first: Vec<_> = received.iter().filter(|(_, body)| body["effect"]["id"] == "e1/0").collect();
    assert!(first.iter().all(|(headers, _)| headers["webhook-id"] == first[0].0["webhook-id"]));
}

#[test]
fn o8_a_channel_that_cannot_go_on_stops_and_says_why() {
    let endpoint = Endpoint::new("401 Unauthorized");
    let service = service(&endpoint, "");
    service.post(comment("e1", "u1"));
    wait_for("a stop", || queue(&service)["channel"]["state"] == "stopped");
    let stopped = queue(&service);
    assert_eq!(stopped["channel"]["why"], "the endpoint answered 401");
    assert!(stopped["channel"]["since"].is_string());
    assert_eq!(service.get("/healthz").status, 200);
    endpoint.answers("204 No Content");
    wait_for("their outcomes", || queue(&service)["counts"]["sent"] == 3);
}

#[test]
fn o4_a_dead_letter_can_be_retried() {
    let endpoint = Endpoint::new("500 Internal Server Error");
    let service = service(&endpoint, "retry_hours = 0");
    service.post(comment("e1", "u1"));
    wait_for("dead letters", || queue(&service)["counts"]["dead"] == 3);
    endpoint.answers("200 OK");
    for effect in ["e1/0", "e1/1", "e1/2"] {
        let body = json!({ "effect": effect }).to_string();
        assert_eq!(service.call("POST", "/v1/workspaces/glow/queue/retry", body).status, 200);
    }
    wait_for("their outcomes", || queue(&service)["counts"]["sent"] == 3);
}

#[test]
fn h1_another_4xx_is_a_refusal() {
    let endpoint = Endpoint::new("400 Bad Request");
    let service = service(&endpoint, "");
    service.post(comment("e1", "u1"));
    wait_for("their outcomes", || queue(&service)["counts"]["failed"] == 3);
    assert_eq!(endpoint.received().len(), 3);
}

#[test]
fn h1_two_secrets_sign_while_one_is_changed() {
    let endpoint = Endpoint::new("200 OK");
    let address = endpoint.address;
    let place = directory(&format!(
        "{BASE}api_token = {{ env = \"TOKEN\" }}\n{GLOW}outbound = \"http\"\n[workspace.http]\n\
         url = \"http://{address}/effects\"\nsecret = {{ file = \"secrets\" }}\n"
    ));
    std::fs::write(place.path().join("secrets"), format!("{SECRET}\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYX\n")).unwrap();
    let service = Service::start(place, &[]);
    service.post(comment("e1", "u1"));
    wait_for("an effect", || !endpoint.received().is_empty());
    assert_eq!(endpoint.received()[0].0["webhook-signature"].split(' ').count(), 2);
    assert!(!TOKEN.is_empty());
    // A test of the reader itself: nothing else is said on a connection that is closed.
    let mut stream = crate::http::connect(service.address);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(read_answer(&mut stream).is_none());
}
