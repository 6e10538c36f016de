//! What webhooks lose is found by looking.

use crate::{
    fake::Answer,
    world::{World, comment, now},
};
use chatsparks_core::Event;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn comments_and_orders_that_no_webhook_told_of_are_found_once() {
    let world = World::with("open", |settings| settings.poll = Some(Duration::from_millis(100))).await;
    let second = now().as_milliseconds() / 1_000;
    let one = |id: u64, ago: i64, user: &str| {
        json!({ "comment_id": id.to_string(), "video_id": "7203946942097902849", "unique_identifier": user, "text": format!("text {id}"),
                "create_time": (second - ago).to_string(), "owner": false, "status": "PUBLIC", "username": "mint" })
    };
    // One that a webhook told of, one lost, one from long before the account was connected.
    world.take("comment.update", comment(1, Some("text 1"))).await;
    let page = json!({ "comments": [one(1, 90, "buyer+1="), one(2, 100, "buyer+2="), one(3, 86_400, "buyer+3=")], "has_more": true, "cursor": 30 });
    world.fake.always("/business/comment/list/", Answer::Data(page));
    let order = json!({ "orders": [{ "id": "o1", "status": "COMPLETED", "user_id": "shop-user", "create_time": second, "update_time": second,
        "payment": { "currency": "THB", "total_amount": "590.00" }, "line_items": [] }] });
    world.fake.always("/order/202309/orders/search", Answer::Data(order));
    let told = world.events(3).await;
    let looked = |world: &World| world.fake.asked("/order/202309/orders/search").len();
    let so_far = looked(&world);
    while looked(&world) < so_far + 3 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ids: Vec<_> = told.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["tiktok:comment:1", "tiktok:comment:2", "tiktok:order:o1"]);
    assert_eq!(world.told().len(), 3, "nothing is told twice");
    assert!(matches!(&told[1].1, Event::Comment(comment) if comment.user_id.as_str() == "buyer+2="));
}
