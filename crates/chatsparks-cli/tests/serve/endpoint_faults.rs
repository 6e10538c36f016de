//! Endpoints that do what endpoints do when something is wrong with them (H1, O4, O8): the queue says so, nothing is lost,
//! events go on being taken and decided, and it goes out when the cause is gone.

use crate::{
    endpoint::{Does, Endpoint, answer, queue, service, service_within},
    service::{Service, comment, wait_for},
};
use std::{collections::BTreeSet, time::Duration};

/// Why the first effect that waits was not sent so far.
fn why(service: &Service) -> Option<String> {
    let queue = queue(service);
    let listed = ["waiting", "in_doubt"].into_iter().flat_map(|state| queue[state].as_array().cloned().unwrap());
    listed.filter_map(|effect| effect["why"].as_str().map(str::to_owned)).next()
}

/// Meanwhile events are taken and decided, and health says that all is well with that.
fn others_go_on(service: &Service) {
    assert_eq!(service.post(comment("e2", "u2")).status, 200);
    service.records(2);
    let health = service.get("/healthz");
    assert_eq!(health.status, 200, "{}", health.text());
}

/// When the cause is gone, everything goes out: in order for each contact, and each under one key.
#[track_caller]
fn all_of_it_goes_out(endpoint: &Endpoint, service: &Service) {
    endpoint.answers("200 OK");
    wait_for("their outcomes", || queue(service)["counts"]["sent"] == 6);
    let counts = &queue(service)["counts"];
    assert_eq!(
        (&counts["waiting"], &counts["in_doubt"], &counts["dead"], &counts["failed"]),
        (&0.into(), &0.into(), &0.into(), &0.into())
    );
    let received = endpoint.received();
    for user in ["e1", "e2"] {
        let ids = received.iter().map(|(_, body)| body["effect"]["id"].as_str().unwrap());
        let mut order: Vec<&str> = ids.filter(|id| id.starts_with(user)).collect();
        order.dedup();
        assert_eq!(order, ["0", "1", "2"].map(|place| format!("{user}/{place}")));
    }
    let keys = received.iter().map(|(headers, body)| (body["effect"]["id"].to_string(), headers["webhook-id"].clone()));
    assert_eq!(keys.collect::<BTreeSet<_>>().len(), 6, "an effect went out under two keys");
}

#[test]
fn o4_an_endpoint_that_hangs_holds_up_its_own_queue_only() {
    let endpoint = Endpoint::new("200 OK");
    endpoint.does(Does::Hangs);
    let service = service_within(&endpoint, "", 1);
    service.post(comment("e1", "u1"));
    wait_for("a reason", || why(&service).is_some());
    assert_eq!(why(&service).unwrap(), "no answer in time");
    others_go_on(&service);
    all_of_it_goes_out(&endpoint, &service);
}

#[test]
fn h1_an_endpoint_that_is_slow_is_waited_for() {
    let endpoint = Endpoint::new("200 OK");
    endpoint.does(Does::Later(Duration::from_millis(300), answer("200 OK")));
    let service = service(&endpoint, "");
    service.post(comment("e1", "u1"));
    others_go_on(&service);
    all_of_it_goes_out(&endpoint, &service);
    // Nothing was given up in between.
    assert_eq!(endpoint.received().len(), 6);
}

#[test]
fn o4_an_endpoint_that_drops_connections_is_tried_again() {
    let endpoint = Endpoint::new("200 OK");
    endpoint.does(Does::Drops);
    let service = service(&endpoint, "");
    service.post(comment("e1", "u1"));
    wait_for("a reason", || why(&service).is_some());
    assert!(why(&service).unwrap().contains("the connection was cut"));
    others_go_on(&service);
    all_of_it_goes_out(&endpoint, &service);
}

#[test]
fn o4_an_endpoint_that_answers_no_http_is_tried_again() {
    let endpoint = Endpoint::new("200 OK");
    endpoint.does(Does::Answers("\u{1}\u{2}nothing that anybody reads\r\n\r\n".to_owned()));
    let service = service(&endpoint, "");
    service.post(comment("e1", "u1"));
    wait_for("a reason", || why(&service).is_some());
    assert!(!why(&service).unwrap().contains("nothing that anybody reads"));
    others_go_on(&service);
    all_of_it_goes_out(&endpoint, &service);
}

#[test]
fn h1_garbage_behind_a_2xx_was_sent_all_the_same() {
    let endpoint = Endpoint::new("200 OK");
    endpoint.does(Does::Answers(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{\"nul\0\0l}".to_owned(),
    ));
    let service = service(&endpoint, "");
    service.post(comment("e1", "u1"));
    service.post(comment("e2", "u2"));
    all_of_it_goes_out(&endpoint, &service);
    assert_eq!(endpoint.received().len(), 6);
}

#[test]
fn o8_a_redirect_or_a_refusal_stops_the_queue_and_says_why() {
    for (line, says) in
        [("302 Found\r\nlocation: http://127.0.0.1:9/", "302"), ("401 Unauthorized", "401"), ("404 Not Found", "404")]
    {
        let endpoint = Endpoint::new(line);
        let service = service(&endpoint, "");
        service.post(comment("e1", "u1"));
        wait_for("a stop", || queue(&service)["channel"]["state"] == "stopped");
        let stopped = queue(&service)["channel"].clone();
        assert!(stopped["why"].as_str().unwrap().contains(says) && stopped["since"].is_string(), "{stopped}");
        others_go_on(&service);
        let health = service.get("/healthz").json();
        assert_eq!(health["channels"][0]["state"], "stopped", "{health}");
        all_of_it_goes_out(&endpoint, &service);
        assert_eq!(queue(&service)["channel"]["state"], "going");
    }
}

#[test]
fn o1_an_endpoint_that_is_not_there_yet_gets_everything_after_a_crash_too() {
    let endpoint = Endpoint::new("200 OK");
    endpoint.does(Does::Hangs);
    let mut service = service_within(&endpoint, "", 600);
    service.post(comment("e1", "u1"));
    wait_for("an attempt", || !endpoint.received().is_empty());
    // It ends in the middle of an attempt. The endpoint takes keys, so that the attempt is simply made again.
    endpoint.answers("200 OK");
    service.again_with(&[("EFFECTS_SECRET", crate::endpoint::SECRET)]);
    others_go_on(&service);
    all_of_it_goes_out(&endpoint, &service);
}
