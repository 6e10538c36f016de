//! What a dashboard or a support desk reads: triggers, conversations, the count, members, connections, diagnoses.

use crate::service::{GLOW, Service, comment, document, wait_for};
use serde_json::{Value, json};
use std::fs;

const GLOW_AT: &str = "/v1/workspaces/glow";

/// A service of this document, with these keys.
fn service(document: &Value, keys: &str) -> Service {
    let base = crate::service::BASE;
    let configuration = format!("{base}api_token = {{ env = \"TOKEN\" }}\n{keys}\n{GLOW}");
    let directory = crate::service::directory(&configuration);
    fs::write(directory.path().join("glow.json"), document.to_string()).unwrap();
    Service::start(directory, &[])
}

fn read(service: &Service, path: &str) -> Value {
    let answer = service.get(&format!("{GLOW_AT}/{path}"));
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn comment_saying(id: &str, user_id: &str, text: &str) -> String {
    json!({ "id": id, "type": "comment", "comment_id": format!("c-{id}"), "post_id": "v1", "user_id": user_id,
        "text": text })
    .to_string()
}

/// Two triggers: one for prices, and a draft about sizes.
fn two_triggers() -> Value {
    let mut document = document();
    let draft =
        json!({ "id": "size", "status": "draft", "flow": "price", "when": { "keywords": { "words": ["size"] } } });
    document["triggers"].as_array_mut().unwrap().push(draft);
    document
}

/// D7: whoever the old trigger would throttle is answered by the new one; the old one's evaluations stay readable.
#[test]
fn d7_a_reset_trigger_knows_nothing_of_the_throttle() {
    let service = service(&two_triggers(), "partitions = 2");
    let fired = |trigger: &str, count: i64| {
        wait_for("a comment that was answered", || {
            read(&service, "insights")["triggers"][trigger]["comments"] == count
        });
    };
    assert_eq!(service.post(comment("e1", "u1")).status, 200);
    fired("price", 1);
    let path = format!("{GLOW_AT}/triggers/price/reset");
    let reset = service.call("POST", &path, "");
    assert_eq!((reset.status, reset.header("etag")), (200, Some("\"2\"")), "{}", reset.text());
    let reset = reset.json();
    assert_eq!(
        (&reset["trigger"], &reset["flow"], &reset["revision"]),
        (&json!("price-2"), &json!("price-2"), &json!(2))
    );
    let document = read(&service, "document");
    let triggers: Vec<&str> =
        document["triggers"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(triggers, ["price-2", "size"]);
    assert_eq!(service.post(comment("e2", "u1")).status, 200);
    fired("price-2", 1);
    assert_eq!(read(&service, "triggers/price/evaluations")["comments"][0]["result"], "fired");
    service.call("POST", &path, "").problem(404, "not-found");
    service.call("POST", &format!("{GLOW_AT}/triggers/size/reset?keep=1"), "").problem(400, "bad-request");
}

#[test]
fn c10_the_last_evaluations_of_a_trigger_say_what_refused_it_and_what_to_do() {
    let service = service(&two_triggers(), "partitions = 3");
    // One after another: what comes at one instant stands in any order.
    for line in [comment("e1", "u1"), comment("e2", "u1"), comment_saying("e3", "u2", "which size?")] {
        assert_eq!(service.post(line).status, 200);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    wait_for("three comments that were looked at", || {
        read(&service, "triggers/price/evaluations")["comments"].as_array().is_some_and(|all| all.len() == 3)
    });
    let triggers = read(&service, "triggers");
    assert_eq!(triggers["triggers"][0]["numbers"]["comments"], 1);
    assert_eq!(triggers["triggers"][1]["status"], "draft");
    let log = read(&service, "triggers/price/evaluations");
    let results: Vec<(&str, &str)> = log["comments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["comment_id"].as_str().unwrap(), one["result"].as_str().unwrap()))
        .collect();
    assert_eq!(results, [("c-e3", "no_match"), ("c-e2", "throttled"), ("c-e1", "fired")]);
    assert_eq!(log["comments"][1]["advice"], "wait_for_throttle");
    assert!(log["comments"][1]["to_do"].is_string() && log["comments"][1]["until"].is_string());
    // A page at a time it is the same.
    let first = read(&service, "triggers/price/evaluations?limit=2");
    assert_eq!(first["comments"], json!(log["comments"].as_array().unwrap()[..2]));
    let next = first["next"].as_str().unwrap();
    let rest = read(&service, &format!("triggers/price/evaluations?limit=2&before={next}"));
    assert_eq!(rest["comments"], json!([log["comments"][2]]));
    // A draft is told of too, and which past comments it would have answered.
    assert_eq!(read(&service, "triggers/size/evaluations")["comments"][0]["result"], "draft");
    let hits = read(&service, "triggers/size/hits");
    assert_eq!((hits["comments"][0]["comment_id"].as_str(), hits["next"].as_str()), (Some("c-e3"), None));
    assert_eq!(hits["comments"].as_array().unwrap().len(), 1);
    assert_eq!(read(&service, "triggers/size")["flow"]["version"], 1);
    service.get(&format!("{GLOW_AT}/triggers/none/evaluations")).problem(404, "not-found");
    service.get(&format!("{GLOW_AT}/triggers/price/evaluations?before=x")).problem(400, "bad-request");
}

#[test]
fn c10_a_page_of_evaluations_is_found_far_back_in_a_long_log() {
    let service = service(&two_triggers(), "partitions = 2");
    let mut lines = vec![comment("e0", "u0")];
    lines.extend((1..700).map(|number| {
        json!({ "id": format!("t{number}"), "type": "message",
        "message_id": format!("m{number}"), "user_id": "u1", "text": "hello" })
        .to_string()
    }));
    assert_eq!(service.post(lines.join("\n")).status, 200);
    service.records(700);
    let log = read(&service, "triggers/price/evaluations");
    assert_eq!((log["comments"][0]["comment_id"].as_str(), log["next"].as_str()), (Some("c-e0"), None));
}

#[test]
fn c11_a_text_or_a_past_comment_is_tried_and_nothing_changes() {
    let service = service(&two_triggers(), "");
    service.post(comment_saying("e1", "u1", "ขอ price ครับ"));
    let before = service.records(1);
    let tried = |body: Value| service.call("POST", &format!("{GLOW_AT}/try"), body.to_string());
    let all = tried(json!({ "text": "SIZE? <b>" })).json();
    assert_eq!(all["text"], "SIZE? <b>");
    let hits: Vec<bool> = all["triggers"].as_array().unwrap().iter().map(|one| one["hit"].as_bool().unwrap()).collect();
    assert_eq!(hits, [false, true]);
    let one = tried(json!({ "comment": "c-e1", "trigger": "price" })).json();
    assert_eq!(one["triggers"][0]["matched"][0], json!({ "word": "price", "kind": "keyword", "start": 3, "end": 8 }));
    let long = tried(json!({ "text": "price ".repeat(170_000), "trigger": "price" })).json();
    assert_eq!((&long["triggers"][0]["cut"], &long["triggers"][0]["hit"]), (&json!(true), &json!(true)));
    tried(json!({ "text": "x", "trigger": "none" })).problem(404, "not-found");
    tried(json!({ "comment": "none" })).problem(404, "not-found");
    tried(json!({ "text": "x", "comment": "c-e1" })).problem(400, "bad-request");
    tried(json!({ "txt": "a secret" })).problem(400, "bad-request");
    assert_eq!(service.records(1), before);
}

#[test]
fn v1_conversations_are_listed_by_state_the_last_spoken_in_first() {
    let service = service(&document(), "partitions = 3");
    let lines: Vec<String> = (0..7).map(|number| comment(&format!("e{number}"), &format!("u{number}"))).collect();
    service.post(lines.join("\n"));
    wait_for("seven conversations", || read(&service, "conversations")["counts"]["bot"] == 7);
    let page = read(&service, "conversations");
    assert_eq!(page["counts"], json!({ "bot": 7, "waiting": 0, "human": 0, "closed": 0 }));
    let ids = |page: &Value| -> Vec<String> {
        let conversations = page["conversations"].as_array().unwrap().iter();
        conversations.map(|one| one["user_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(page["conversations"][0]["handle"], "somebody");
    // A member takes one: it is listed apart, and leaves the others where they are.
    service.post(json!({ "id": "t", "type": "take", "user_id": "u3", "member": "owner@glow.example" }).to_string());
    wait_for("one that a person has", || read(&service, "conversations")["counts"]["human"] == 1);
    let human = read(&service, "conversations?state=human");
    assert_eq!((ids(&human), human["counts"]["bot"].clone()), (vec!["u3".to_owned()], json!(6)));
    assert_eq!(human["conversations"][0]["conversation"]["owner"], "owner@glow.example");
    assert_eq!(ids(&read(&service, "conversations"))[0], "u3");
    // Page by page each is listed once.
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = read(&service, &format!("conversations?state=all&limit=2{next}"));
        seen.extend(ids(&page));
        match page["next"].as_str() {
            Some(place) => next = format!("&before={}", place.replace('~', "%7E")),
            None => break,
        }
    }
    assert_eq!((seen.len(), seen.iter().collect::<std::collections::BTreeSet<_>>().len()), (7, 7));
    service.get(&format!("{GLOW_AT}/conversations?state=none")).problem(400, "bad-request");
    service.get(&format!("{GLOW_AT}/conversations?before=x")).problem(400, "bad-request");
    // Whose id or handle begins so, and how many of them are in each state; with a state as without.
    let found = |find: &str, of: &str| {
        let page = read(&service, &format!("conversations?find={find}{of}"));
        assert_eq!(page["cut"], false);
        let mut ids = ids(&page);
        ids.sort();
        (ids.join(" "), page["counts"]["bot"].as_u64().unwrap(), page["counts"]["human"].as_u64().unwrap())
    };
    assert_eq!(found("u3", ""), ("u3".to_owned(), 0, 1));
    assert_eq!(found("u", "&state=human"), ("u3".to_owned(), 6, 1));
    assert_eq!(found("%40SomeB", "&state=bot").1, 6);
    assert_eq!(found("U3", ""), (String::new(), 0, 0));
    assert_eq!(found("nobody", ""), (String::new(), 0, 0));
    // Nothing that can be looked for is no search.
    assert_eq!(found("%20%40", "").1, 6);
    // R12: who was forgotten is not found by what they were called.
    let erased = service.call("DELETE", &format!("{GLOW_AT}/contacts/u0"), "");
    assert!((200..300).contains(&erased.status), "{}", erased.text());
    wait_for("one who is forgotten", || found("somebody", "&state=bot").1 == 5);
    let long = "x".repeat(257);
    service.get(&format!("{GLOW_AT}/conversations?find={long}")).problem(400, "bad-request");
}

/// P2: where a comment opens no DM, it is told whose start is held and until when, as long as it is.
#[test]
fn p2_whose_start_is_held_until_when() {
    let mut document = document();
    document["policy"] = json!({ "reach": { "mode": "buyer_first" } });
    let service = service(&document, "partitions = 2");
    assert_eq!(read(&service, "held"), json!({ "count": 0, "waiting": [], "next": null }));
    let lines: Vec<String> = (0..5).map(|number| comment(&format!("e{number}"), &format!("u{number}"))).collect();
    service.post(lines.join("\n"));
    wait_for("five who are to write", || read(&service, "held")["count"] == 5);
    // Nobody of them waits for room, and nobody has a conversation.
    assert_eq!(read(&service, "usage")["waiting"], json!([]));
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = read(&service, &format!("held?limit=2{next}"));
        for waiting in page["waiting"].as_array().unwrap() {
            assert!(waiting["until"].as_str() > waiting["since"].as_str(), "{waiting}");
            assert_eq!((&waiting["advice"], &waiting["trigger"]), (&json!("ask_to_write"), &json!("price")));
            seen.push(waiting["user_id"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(place) => next = format!("&after={}", place.replace('~', "%7E")),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["u0", "u1", "u2", "u3", "u4"]);
    // Who writes waits no more; nor does whose comment is gone.
    service.post(json!({ "id": "m", "type": "message", "message_id": "m", "user_id": "u1", "text": "hi" }).to_string());
    service.post(json!({ "id": "r", "type": "comment_removed", "comment_id": "c-e2", "user_id": "u2" }).to_string());
    wait_for("three who are to write", || read(&service, "held")["count"] == 3);
    service.get(&format!("{GLOW_AT}/held?limit=0")).problem(400, "bad-request");
}

#[test]
fn m5_the_count_its_banner_and_who_waits_until_when() {
    let mut document = document();
    document["plan"] = json!({ "mac_limit": 2, "subscribed_at": "2026-01-31T09:00:00Z", "listening_window_days": 30 });
    let service = service(&document, "partitions = 2");
    let lines: Vec<String> = (0..5).map(|number| comment(&format!("e{number}"), &format!("u{number}"))).collect();
    service.post(lines.join("\n"));
    service.records(5);
    wait_for("three who wait", || {
        read(&service, "usage")["waiting"].as_array().is_some_and(|waiting| waiting.len() == 3)
    });
    let usage = read(&service, "usage");
    assert_eq!((&usage["mac"]["banner"], &usage["mac"]["paused"]), (&json!("red"), &json!(true)));
    assert_eq!((&usage["mac"]["count"], &usage["told_at"]), (&json!(2), &json!([2, 2, 2])));
    assert!(usage["next_cycle"].is_string());
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = read(&service, &format!("usage?limit=1{next}"));
        for waiting in page["waiting"].as_array().unwrap() {
            assert!(waiting["until"].as_str() > waiting["since"].as_str(), "{waiting}");
            seen.push(waiting.clone());
        }
        match page["next"].as_str() {
            Some(place) => next = format!("&after={}", place.replace('~', "%7E")),
            None => break,
        }
    }
    assert_eq!(&seen, usage["waiting"].as_array().unwrap());
}

#[test]
fn a6_orders_are_listed_page_by_page_and_by_what_they_count_as() {
    let service = service(&document(), "");
    let lines: Vec<String> = (0..3)
        .map(|number| {
            json!({ "id": format!("o{number}"), "type": "order", "order_id": format!("order-{number}"), "user_id": "u1",
                "currency": "THB", "total_minor": 59_000, "lines": [{ "sku_id": "s30", "amount_minor": 59_000 }] })
            .to_string()
        })
        .collect();
    service.post(lines.join("\n"));
    service.records(3);
    let first = read(&service, "orders?limit=2");
    assert_eq!(first["orders"][0]["result"], "organic");
    assert_eq!(first["orders"][0]["total_minor"], 59_000);
    let rest = read(&service, &format!("orders?limit=2&after={}", first["next"].as_str().unwrap()));
    assert_eq!((rest["orders"][0]["order_id"].as_str(), rest["next"].as_str()), (Some("order-2"), None));
    assert_eq!(read(&service, "orders?result=soft")["orders"], json!([]));
}

#[test]
fn w3_connections_show_their_lights_and_whether_the_webhook_receives() {
    let mut document = document();
    document["connections"] = json!({ "tiktok": { "connected": true, "scopes": ["comments", "posts"] },
        "shop": { "connected": false, "scopes": [] } });
    let service = service(&document, "");
    let connections = read(&service, "connections");
    assert_eq!(connections["tiktok"]["light"], "amber");
    assert_eq!(connections["tiktok"]["missing"], json!(["messages"]));
    assert_eq!(connections["shop"]["light"], "red");
    assert_eq!(connections["webhook"], json!({ "state": "waiting", "last_event": null }));
    service.post(comment("e1", "u1"));
    service.records(1);
    assert_eq!(read(&service, "connections")["webhook"]["state"], "receiving");
}

#[test]
fn d_a_webhook_and_a_teammate_are_diagnosed() {
    let mut document = document();
    document["members"].as_array_mut().unwrap().push(json!({ "email": "bee@glow.example", "role": "member",
        "status": "pending" }));
    document["connections"] = json!({ "tiktok": { "connected": true, "scopes": ["comments"] },
        "shop": { "connected": true, "scopes": ["orders", "catalog"] } });
    let service = service(&document, "");
    let webhook = read(&service, "diagnosis?about=webhook");
    assert_eq!((&webhook["first_failed"], &webhook["advice"]), (&json!("scopes"), &json!("grant_scopes")));
    assert_eq!(webhook["checks"].as_array().unwrap().len(), 5);
    let member = read(&service, "diagnosis?about=member&email=BEE@glow.example");
    assert!(member["first_failed"].is_string() && member["to_do"].is_string(), "{member}");
    let sees = read(&service, "diagnosis?about=member&email=owner@glow.example");
    assert_eq!(sees["first_failed"], json!(null));
    let members = read(&service, "members");
    assert_eq!(members["members"][1]["sign_in"], "invite_pending");
    service.get(&format!("{GLOW_AT}/diagnosis?about=member")).problem(400, "bad-request");
    service.get(&format!("{GLOW_AT}/diagnosis")).problem(400, "bad-request");
}

#[test]
fn d8_the_bundle_for_support_holds_no_text() {
    let service = service(&document(), "partitions = 2");
    service.post([comment_saying("e1", "u1", "price, my secret"), comment("e2", "u2")].join("\n"));
    service.post(
        json!({ "id": "m1", "type": "message", "message_id": "m1", "user_id": "u1", "text": "my secret" }).to_string(),
    );
    let kinds = || -> Vec<String> {
        let bundle = read(&service, "support");
        let events = bundle["events"].as_array().unwrap().iter();
        events.map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    };
    wait_for("what was decided", || {
        kinds().iter().filter(|kind| ["comment", "message"].contains(&kind.as_str())).count() == 3
    });
    let answer = service.get(&format!("{GLOW_AT}/support"));
    assert_eq!(answer.json()["workspace_id"], "glow");
    assert!(!answer.text().contains("secret") && !answer.text().contains("590 THB"));
    // Beside it, from the store: the same events.
    let path = service.path("store.db").display().to_string();
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("chatsparks"));
    let written = command.args(["diagnose", &format!("sqlite:{path}"), "--webhook", "--bundle", "-"]).output().unwrap();
    let bundle: Value = serde_json::from_slice(&written.stdout).unwrap();
    assert_eq!(bundle["events"], answer.json()["events"]);
}

#[test]
fn h_whoever_may_not_read_is_shown_nothing_of_the_desk() {
    let tables = "[[workspace]]\ndocument = \"glow.json\"\napi_token = { env = \"OTHER\" }\n";
    let directory = crate::service::directory(&format!(
        "{}api_token = {{ env = \"TOKEN\", scopes = [\"ingest\"] }}\n{tables}",
        crate::service::BASE
    ));
    let service = Service::start(directory, &[("OTHER", "token-of-glow-alone-and-long")]);
    for path in [
        "triggers",
        "triggers/price",
        "triggers/price/evaluations",
        "triggers/price/hits",
        "conversations",
        "usage",
        "orders",
        "members",
        "connections",
        "diagnosis?about=webhook",
        "support",
    ] {
        service.get(&format!("{GLOW_AT}/{path}")).problem(403, "forbidden");
    }
    service.call("POST", &format!("{GLOW_AT}/try"), "{\"text\":\"x\"}").problem(403, "forbidden");
    assert_eq!(service.get("/v1/workspaces").json(), json!({ "workspaces": [] }));
    let other = [("authorization", "Bearer token-of-glow-alone-and-long")];
    let seen = crate::http::request(service.address, "GET", "/v1/workspaces", &other, b"");
    assert_eq!(seen.json(), json!({ "workspaces": [{ "id": "glow", "name": "Glow" }] }));
}

#[test]
fn d_a_comment_an_order_and_a_contact_are_diagnosed_from_what_is_kept_of_one_person() {
    let mut document = document();
    document["products"] = json!([{ "id": "p1", "name": "Serum", "url": "https://shop.example/p1",
        "skus": [{ "id": "s30", "name": "30ml" }, { "id": "s50", "name": "50ml" }] }]);
    document["flows"][0]["blocks"] = json!([
        { "id": "card", "shop_link": { "product": "p1", "sku": "s30", "text": "Here" } },
        { "id": "size", "question": { "text": "How many?", "field": "size", "expect": "number" } },
    ]);
    let service = service(&document, "partitions = 3");
    service.post(comment("e1", "u1"));
    service.post(comment("e2", "u1"));
    service.post(
        json!({ "id": "m1", "type": "message", "message_id": "m1", "user_id": "u1", "text": "many" }).to_string(),
    );
    service.post(json!({ "id": "i1", "type": "identity", "user_id": "u1", "shop_user_id": "shop-1" }).to_string());
    let order = |id: &str, user_id: &str, sku: &str| {
        json!({ "id": id, "type": "order", "order_id": id, "user_id": user_id, "currency": "THB", "total_minor": 100,
            "lines": [{ "sku_id": sku, "amount_minor": 100 }] })
        .to_string()
    };
    for (id, user_id, sku) in [("o-exact", "shop-1", "s30"), ("o-soft", "u1", "s50"), ("o-nobody", "stranger", "s30")] {
        service.post(order(id, user_id, sku));
    }
    service.post(
        json!({ "id": "r1", "type": "refund", "refund_id": "r1", "order_id": "o-exact", "amount_minor": 40 })
            .to_string(),
    );
    wait_for("three orders and a refund", || {
        let orders = read(&service, "orders");
        orders["orders"].as_array().is_some_and(|orders| orders.len() == 3 && orders[0]["net_minor"] == 60)
    });
    let fired = read(&service, "diagnosis?about=comment&comment=c-e1&trigger=price");
    assert_eq!((&fired["case"], &fired["first_failed"]), (&json!("fired"), &json!(null)));
    let throttled = read(&service, "diagnosis?about=comment&comment=c-e2&trigger=price");
    assert_eq!(
        (&throttled["first_failed"], &throttled["advice"]),
        (&json!("not_throttled"), &json!("wait_for_throttle"))
    );
    let question = read(&service, "diagnosis?about=contact&contact=u1");
    assert_eq!((&question["case"], &question["first_failed"]), (&json!("question_repeats"), &json!("replies_taken")));
    // An order by a shop's id is its contact's, and says what a refund left of it.
    let exact = read(&service, "orders/o-exact/explain");
    assert_eq!(
        (&exact["diagnosis"]["case"], &exact["candidates"][0]["verdict"]),
        (&json!("order_attributed"), &json!("credited"))
    );
    assert_eq!(exact["ledger"].as_array().unwrap().len(), 2);
    let soft = read(&service, "orders/o-soft/explain");
    assert_eq!(
        (&soft["diagnosis"]["first_failed"], &soft["diagnosis"]["advice"]),
        (&json!("sku_linked"), &json!("review_soft_order"))
    );
    let nobody = read(&service, "diagnosis?about=order&order=o-nobody");
    assert_eq!((&nobody["first_failed"], &nobody["advice"]), (&json!("same_account"), &json!("link_shop_id")));
    for path in [
        "diagnosis?about=comment&comment=none&trigger=price",
        "diagnosis?about=comment&comment=c-e1&trigger=none",
        "diagnosis?about=order&order=none",
        "diagnosis?about=contact&contact=none",
        "orders/none/explain",
    ] {
        service.get(&format!("{GLOW_AT}/{path}")).problem(404, "not-found");
    }
    service.get(&format!("{GLOW_AT}/diagnosis?about=comment&comment=c-e1")).problem(400, "bad-request");
}
