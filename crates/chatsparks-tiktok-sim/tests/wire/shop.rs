//! The shop: signatures, orders and what is told of them.

use crate::world::{START, World};
use chatsparks_tiktok_sim::{
    control::{Act, WebhookState},
    sign,
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_call_is_signed_over_all_of_it() {
    let world = World::new().await;
    let answer = world.shop("GET", "/authorization/202309/shops", &[], None).await;
    assert_eq!(answer["code"], 0, "{answer}");
    let shop = &answer["data"]["shops"][0];
    assert_eq!((&shop["id"], &shop["cipher"]), (&json!(world.account().shop_id), &json!(world.account().shop_cipher)));

    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let (path, body) = ("/product/202502/products/search", json!({ "status": "ACTIVATE" }).to_string());
    let (fresh, stale) = (now.to_string(), (now - 301).to_string());
    let ask = async |stamp: &str, cipher: Option<&str>, key: &str, signed: &str| {
        let mut query = vec![("app_key", world.keys.app_key.as_str()), ("timestamp", stamp), ("page_size", "10")];
        query.extend(cipher.map(|it| ("shop_cipher", it)));
        let sign = sign::shop_request(key, path, &query, signed.as_bytes());
        world.shop_as("POST", path, &query, &sign, body.clone()).await["code"].as_i64().unwrap()
    };
    let (secret, cipher) = (world.keys.app_secret.as_str(), Some(world.account().shop_cipher.as_str()));
    assert_eq!(ask(&fresh, cipher, secret, &body).await, 0);
    assert_eq!(ask(&fresh, cipher, "another", &body).await, 106_001);
    assert_eq!(ask(&fresh, cipher, secret, "{}").await, 106_001, "the body is signed too");
    assert_eq!(ask(&stale, cipher, secret, &body).await, 106_001, "five minutes");
    assert_eq!(ask(&fresh, None, secret, &body).await, 106_013);
    assert_eq!(ask(&fresh, Some("ROW_x"), secret, &body).await, 101_000);
}

#[tokio::test]
async fn an_order_is_told_read_and_goes_on() {
    let mut world = World::new().await;
    let act = Act::Buy { person: "mint".to_owned(), account: None, items: vec![(0, 1), (0, 1), (1, 0)] };
    let id = world.control.act(&act).await.unwrap().id;
    world.hours(300).await;
    world.refresh().await;
    let told = world.receiver.of("shop.1");
    let statuses: Vec<_> =
        told.iter().map(|it| it.json()["data"]["order_status"].as_str().unwrap().to_owned()).collect();
    assert_eq!(statuses, ["UNPAID", "AWAITING_SHIPMENT", "IN_TRANSIT", "DELIVERED", "COMPLETED"]);
    let first = &told[0];
    assert_eq!(first.json()["data"]["order_id"], json!(id));
    assert_eq!(first.json()["shop_id"], json!(world.account().shop_id));
    let signature = sign::shop_webhook(&world.keys.app_key, &world.keys.app_secret, first.body.as_bytes());
    assert_eq!(first.headers["authorization"], signature.as_str());
    for path in ["/order/202309/orders", "/order/202507/orders"] {
        let read = world.shop("GET", path, &[("ids", &id)], None).await;
        let order = &read["data"]["orders"][0];
        assert_eq!(order["payment"]["total_amount"], "2039.00", "{read}");
        assert_eq!(order["payment"]["currency"], "THB");
        assert_eq!(order["line_items"].as_array().unwrap().len(), 3, "a line a unit");
        assert_eq!(order["line_items"][0]["sku_id"], json!(world.account().products[0].1[1]));
        assert_eq!((&order["status"], &order["create_time"]), (&json!("COMPLETED"), &json!(START / 1000)));
        let ledger = world.simulator.ledger();
        assert_eq!(order["user_id"], json!(ledger.orders[0].buyer_user_id));
        assert_ne!(ledger.orders[0].buyer_user_id, ledger.orders[0].unique_identifier, "nothing joins them");
        let people = world.control.people().await.unwrap();
        assert_eq!(people[0].buyer_user_id, ledger.orders[0].buyer_user_id, "but a merchant may know");
        assert_eq!(people[0].unique_identifier, ledger.orders[0].unique_identifier);
        assert_eq!(ledger.orders[0].total_minor, 203_900);
    }
}

#[tokio::test]
async fn a6_what_is_cancelled_or_sent_back_is_told() {
    let world = World::new().await;
    let (first, second) =
        (world.control.buy("mint", 0, 0).await.unwrap(), world.control.buy("ploy", 0, 0).await.unwrap());
    world.hours(1).await;
    world.control.act(&Act::Cancel { order_id: first.clone() }).await.unwrap();
    let half = Act::Refund { order_id: second.clone(), amount_minor: Some(20_000) };
    world.control.act(&half).await.unwrap();
    let more = Act::Refund { order_id: second.clone(), amount_minor: Some(50_000) };
    assert!(world.control.act(&more).await.is_err(), "no more than it cost");
    world.hours(1).await;
    let told = world.receiver.of("shop.1");
    assert!(told.iter().any(|it| it.json()["data"]["order_status"] == "CANCEL"), "not CANCELLED, as the API says");
    let read = world.shop("GET", "/order/202309/orders", &[("ids", &first)], None).await;
    assert_eq!(read["data"]["orders"][0]["status"], "CANCELLED");
    assert_eq!(world.receiver.of("shop.11")[0].json()["data"]["order_id"], json!(first));
    let back = &world.receiver.of("shop.12")[0];
    let body = json!({ "order_ids": [second] });
    let read = world.shop("POST", "/return_refund/202309/returns/search", &[("page_size", "10")], Some(body)).await;
    let found = &read["data"]["return_orders"][0];
    assert_eq!(found["return_id"], back.json()["data"]["return_id"]);
    assert_eq!(found["refund_amount"]["refund_total"], "200.00");
    let body = json!({});
    let read =
        world.shop("POST", "/return_refund/202309/cancellations/search", &[("page_size", "10")], Some(body)).await;
    assert_eq!(read["data"]["cancellations"][0]["order_id"], json!(first));
}

#[tokio::test]
async fn orders_are_searched_in_pages_and_by_time() {
    let world = World::new().await;
    for number in 0..5 {
        world.control.buy(&format!("p{number}"), 0, 0).await.unwrap();
        world.control.advance_seconds(10).await.unwrap();
    }
    let path = "/order/202309/orders/search";
    let mut seen = 0;
    let mut token = String::new();
    loop {
        let query =
            [("page_size", "2"), ("page_token", token.as_str()), ("sort_field", "create_time"), ("sort_order", "ASC")];
        let page = world.shop("POST", path, &query, Some(json!({}))).await;
        assert_eq!(page["data"]["total_count"], 5, "{page}");
        seen += page["data"]["orders"].as_array().unwrap().len();
        token = page["data"]["next_page_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, 5);
    let body = json!({ "create_time_ge": START / 1000 + 10, "create_time_lt": START / 1000 + 30 });
    let page = world.shop("POST", path, &[("page_size", "100")], Some(body)).await;
    assert_eq!(page["data"]["orders"].as_array().unwrap().len(), 2);
    assert_eq!(world.shop("POST", path, &[("page_size", "101")], None).await["code"], 36_009_009);
    let body = json!({ "sku_ids": [world.account().products[1].1[0]] });
    let found = world.shop("POST", "/product/202502/products/search", &[("page_size", "10")], Some(body)).await;
    assert_eq!(found["data"]["products"].as_array().unwrap().len(), 1);
    let id = found["data"]["products"][0]["id"].as_str().unwrap();
    let one = world.shop("GET", &format!("/product/202309/products/{id}"), &[], None).await;
    assert_eq!(one["data"]["title"], "Velvet Lip Tint");
}

#[tokio::test]
async fn the_shop_tries_four_times_again_and_then_drops_it() {
    let world = World::new().await;
    world.receiver.answers(500);
    world.control.buy("mint", 0, 0).await.unwrap();
    world.control.advance_seconds(50).await.unwrap();
    let first = async || {
        let all = world.control.webhooks().await.unwrap();
        all.into_iter().find(|it| it.event == "shop.1").unwrap()
    };
    assert_eq!(first().await.state, WebhookState::Waiting);
    world.hours(16).await;
    let dropped = first().await;
    let after: Vec<_> = dropped.attempts.windows(2).map(|it| (it[1].0 - it[0].0) / 1000).collect();
    assert_eq!(after, [120, 1_800, 10_800, 43_200]);
    assert_eq!(dropped.state, WebhookState::GivenUp);
    let ids: Vec<Value> =
        world.receiver.of("shop.1").iter().map(|it| it.json()["tts_notification_id"].clone()).collect();
    assert_eq!(ids.iter().filter(|it| **it == ids[0]).count(), 5, "the same id each time");
}
