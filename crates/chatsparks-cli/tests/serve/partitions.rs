//! A workspace of eight partitions (R4, R7): what people ask of it is what one would answer.

use crate::service::{BASE, GLOW, Service, directory, document, wait_for};
use serde_json::{Value, json};
use std::fs;

fn service() -> Service {
    let directory = directory(&format!("{BASE}api_token = {{ env = \"TOKEN\" }}\npartitions = 8\n{GLOW}"));
    let mut limited = document();
    limited["plan"] = json!({ "mac_limit": 3, "subscribed_at": "2026-01-01T00:00:00Z", "listening_window_days": 30 });
    fs::write(directory.path().join("glow.json"), limited.to_string()).unwrap();
    Service::start(directory, &[])
}

fn records(service: &Service) -> Vec<Value> {
    let answer = service.get("/v1/workspaces/glow/records?limit=1000");
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn outcome(records: &[Value], event: &str) -> Option<Value> {
    records.iter().find(|record| record["event"] == event).map(|record| record["outcome"].clone())
}

#[test]
fn r4_a_linked_order_a_refund_and_a_receipt_find_their_contact() {
    let service = service();
    let comment =
        json!({ "id": "e1", "type": "comment", "comment_id": "c1", "post_id": "v1", "user_id": "u1", "text": "price" });
    let lines = [
        comment,
        json!({ "id": "e2", "type": "receipt", "dm_id": "e1/1", "status": "delivered" }),
        json!({ "id": "e3", "type": "identity", "user_id": "u1", "shop_user_id": "shop-7" }),
        json!({ "id": "e4", "type": "order", "order_id": "o1", "user_id": "shop-7", "currency": "THB",
            "total_minor": 900, "lines": [{ "sku_id": "s", "amount_minor": 900 }] }),
        json!({ "id": "e5", "type": "refund", "refund_id": "r1", "order_id": "o1", "amount_minor": 200 }),
    ];
    let body: Vec<String> = lines.iter().map(Value::to_string).collect();
    assert_eq!(service.post(body.join("\n")).json(), json!({ "accepted": 5 }));
    wait_for("every event", || {
        let records = records(&service);
        (1..=5).all(|n| outcome(&records, &format!("e{n}")).is_some())
    });
    let records = records(&service);
    assert_eq!(outcome(&records, "e2"), Some(json!({ "applied": {} })));
    // The contact is known: nothing was linked for them, but they are nobody unknown.
    assert_eq!(outcome(&records, "e4").unwrap()["order"]["reason"], "no_recent_link");
    assert_eq!(outcome(&records, "e5"), Some(json!({ "applied": {} })));
    let order = service.get("/v1/workspaces/glow/orders/o1").json();
    assert_eq!(order["net_minor"], 700);
}

#[test]
fn r7_one_limit_holds_for_all_partitions() {
    let service = service();
    let comments = (0..10).map(|n| {
        json!({ "id": format!("e{n}"), "type": "comment", "comment_id": format!("c{n}"), "post_id": "v1",
            "user_id": format!("u{n}"), "text": "price" })
    });
    let body: Vec<String> = comments.map(|line| line.to_string()).collect();
    assert_eq!(service.post(body.join("\n")).status, 200);
    wait_for("every comment", || {
        let records = records(&service);
        (0..10).all(|n| outcome(&records, &format!("e{n}")).is_some())
    });
    let records = records(&service);
    let results =
        |result: &str| records.iter().filter(|record| record["outcome"]["comment"]["result"] == result).count();
    assert_eq!((results("fired"), results("queued")), (3, 7));
    let mac = service.get("/v1/workspaces/glow/state").json()["mac"].clone();
    assert_eq!((&mac["count"], &mac["limit"], &mac["paused"]), (&json!(3), &json!(3), &json!(true)));
}
