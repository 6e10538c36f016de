//! What webhooks lose is found by looking.

use crate::{
    fake::Answer,
    world::{World, comment, now},
};
use chatsparks_core::{Event, Period};
use chatsparks_ports::{Clock, ManualClock};
use serde_json::json;
use std::{sync::Arc, time::Duration};

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
    // A look may have begun between the two: then the order comes first.
    let told: std::collections::BTreeMap<_, _> = told.into_iter().collect();
    let ids: Vec<_> = told.keys().map(String::as_str).collect();
    assert_eq!(ids, ["tiktok:comment:1", "tiktok:comment:2", "tiktok:order:o1"]);
    assert_eq!(world.told().len(), 3, "nothing is told twice");
    assert!(matches!(&told[ids[1]], Event::Comment(comment) if comment.user_id.as_str() == "buyer+2="));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancellations_and_refunds_that_no_webhook_told_of_are_found_once() {
    let mut world = World::with("open", |settings| settings.poll = Some(Duration::from_millis(100))).await;
    let second = now().as_milliseconds() / 1_000;
    let order = |id: &str, status: &str| {
        json!({ "id": id, "status": status, "user_id": "shop-user", "create_time": second, "paid_time": second,
            "update_time": second, "payment": { "currency": "THB", "total_amount": "590.00" }, "line_items": [] })
    };
    let search = "/order/202309/orders/search";
    world.fake.always("/return_refund/202309/returns/search", Answer::Data(json!({ "return_orders": [] })));
    world.fake.always(search, Answer::Data(json!({ "orders": [order("o1", "COMPLETED"), order("o2", "COMPLETED")] })));
    world.events(2).await;
    // One is cancelled, the other sent back: the order itself does not change by that.
    let back = |status: &str| {
        json!({ "return_orders": [{ "return_id": "r1", "order_id": "o1", "return_status": status, "update_time": second,
            "refund_amount": { "currency": "THB", "refund_total": "100.00" } }] })
    };
    world.fake.always("/order/202309/orders", Answer::Data(json!({ "orders": [order("o1", "COMPLETED")] })));
    let returns = "/return_refund/202309/returns/search";
    world.fake.always(returns, Answer::Data(back("RETURN_OR_REFUND_REQUEST_PENDING")));
    world.fake.always(search, Answer::Data(json!({ "orders": [order("o1", "COMPLETED"), order("o2", "CANCELLED")] })));
    assert_eq!(world.events(3).await[2].0, "tiktok:cancel:o2");
    world.fake.always(returns, Answer::Data(back("RETURN_OR_REFUND_REQUEST_COMPLETE")));
    assert_eq!(world.events(4).await[3].0, "tiktok:refund:r1");
    let so_far = world.fake.asked(returns).len();
    while world.fake.asked(returns).len() < so_far + 3 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(world.told().len(), 4, "nothing is told twice");
    // Each look asks for what changed lately, oldest first.
    let asked = world.fake.asked(returns).into_iter().find(|asked| asked.body["update_time_ge"].is_i64()).unwrap();
    assert!(asked.body["update_time_ge"].as_i64().unwrap() <= second && asked.query["sort_field"] == "update_time");
    // After a crash it may be asked for again, and comes under the same ids (T3).
    world.again().await;
    let ids: std::collections::BTreeSet<_> = world.told().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_cannot_be_asked_for_now_is_asked_for_later() {
    let world = World::new("open").await;
    let order = json!({ "orders": [{ "id": "o1", "status": "COMPLETED", "user_id": "shop-user", "create_time": 1_718_305_585,
        "payment": { "currency": "THB", "total_amount": "590.00" }, "line_items": [] }] });
    let returns = "/return_refund/202309/returns/search";
    world.fake.always("/order/202309/orders", Answer::Data(order));
    world.fake.next(returns, Answer::Status(503));
    let back = json!({ "return_orders": [{ "return_id": "r1", "order_id": "o1", "refund_amount": { "currency": "THB",
        "refund_total": "100.00" }, "return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE" }] });
    world.fake.always(returns, Answer::Data(back));
    let notice = json!({ "type": 12, "tts_notification_id": "n1", "shop_id": "shop-1", "timestamp": 1_718_305_585,
        "data": { "order_id": "o1" } });
    let notice = chatsparks_tiktok::decode_shop(notice.to_string().as_bytes()).unwrap();
    world.account.take_shop(notice).await.unwrap();
    let ids: Vec<_> = world.events(2).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["tiktok:order:o1", "tiktok:refund:r1"]);
}

/// A morning without webhooks, under a video that is passed on: more than a look may ask for.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_into_one_look_is_found_by_the_next_ones_within_the_quotas() {
    let clock = ManualClock::new(now());
    let world = World::at("open", Arc::new(clock.clone()), |settings| {
        settings.poll = Some(Duration::from_millis(500));
    })
    .await;
    let (list, orders) = ("/business/comment/list/", "/order/202309/orders/search");
    let looked = async |count: usize| {
        while world.fake.asked(orders).len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    looked(1).await;
    let begins = clock.wall().as_milliseconds() / 1_000;
    clock.pass(Period::hours(3));
    // Newest first, a page by where the cursor stands; one more comes while they are looked through.
    let comment = move |n: i64| {
        json!({ "comment_id": (1_000 + n).to_string(), "video_id": "7203946942097902849", "text": format!("text {n}"),
            "unique_identifier": format!("buyer+{n}="), "create_time": (begins + 1_800 + n).to_string(), "owner": false,
            "status": "PUBLIC", "username": "mint" })
    };
    let many = 330_i64;
    world.fake.page(list, move |asked| {
        let cursor: i64 = asked.query["cursor"].parse().unwrap();
        let page: Vec<_> = (cursor..(cursor + 30).min(many)).map(|place| comment(many - place)).collect();
        json!({ "comments": page, "has_more": cursor + 30 < many, "cursor": cursor + 30 })
    });
    // Orders that all changed within a few minutes, oldest first.
    let order = move |n: i64| {
        json!({ "id": format!("o{n}"), "status": "COMPLETED", "user_id": "shop-user", "create_time": begins + 60,
            "update_time": begins + 60 + n / 10, "payment": { "currency": "THB", "total_amount": "590.00" }, "line_items": [] })
    };
    let sold = 1_700_i64;
    world.fake.page(orders, move |asked| {
        let from = asked.body["update_time_ge"].as_i64().unwrap();
        let first = (0..sold).find(|n| begins + 60 + n / 10 >= from).unwrap_or(sold);
        let start = first + asked.query.get("page_token").map_or(0, |token| token.parse().unwrap());
        let end = (start + 50).min(sold);
        let next = if end < sold { (end - first).to_string() } else { String::new() };
        json!({ "orders": (start..end).map(order).collect::<Vec<_>>(), "next_page_token": next })
    });
    let all = (many + sold) as usize;
    let there = async {
        while world.told().len() < all {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(240), there).await.expect("all of them");
    let told = world.told();
    let ids: std::collections::BTreeSet<_> = told.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((told.len(), ids.len()), (all, all), "all of them, each once");
    // No look begins at the top again while there is more below.
    let cursors =
        world.fake.asked(list).iter().map(|asked| asked.query["cursor"].parse().unwrap()).collect::<Vec<i64>>();
    let last = cursors.iter().position(|at| at + 30 >= many).unwrap();
    let first = cursors[..last].iter().rposition(|at| *at == 0).unwrap();
    assert!(cursors[first..=last].windows(2).all(|two| (25..=30).contains(&(two[1] - two[0]))), "{cursors:?}");
}

/// C1: a post that the document does not list counts as new.
#[tokio::test(flavor = "multi_thread")]
async fn c1_comments_are_looked_for_under_videos_that_the_document_does_not_list() {
    let clock = ManualClock::new(now());
    let world = World::at("open", Arc::new(clock.clone()), |settings| {
        settings.poll = Some(Duration::from_millis(50));
    })
    .await;
    let (comments, videos) = ("/business/comment/list/", "/business/video/list/");
    // Its videos on two pages; one was deleted before its comments could be asked for.
    let published = now().as_milliseconds() / 1_000 - 3_600;
    world.fake.page(videos, move |asked| {
        let video = |id: &str, ago: i64| json!({ "item_id": id, "create_time": (published - ago).to_string() });
        match asked.query.get("cursor").map(String::as_str) {
            None => json!({ "videos": [video("71", 0), video("70", 9)], "has_more": true, "cursor": 7_000 }),
            Some("7000") => json!({ "videos": [video("69", 99)], "has_more": false, "cursor": 6_000 }),
            Some(_) => json!({ "videos": [], "has_more": false }),
        }
    });
    let second = now().as_milliseconds() / 1_000;
    world.fake.page(comments, move |asked| match asked.query["video_id"].as_str() {
        "69" | "71" => {
            let comment = json!({ "comment_id": format!("{}1", asked.query["video_id"]), "unique_identifier": "buyer+1=",
                "text": "price?", "create_time": second.to_string(), "owner": false, "status": "PUBLIC" });
            json!({ "comments": [comment], "has_more": false })
        }
        _ => json!({ "comments": [] }),
    });
    world.fake.with(|inside| inside.refused.insert("70".to_owned()));
    while world.fake.asked(comments).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    clock.pass(Period::minutes(2));
    let told: std::collections::BTreeMap<_, _> = world.events(2).await.into_iter().collect();
    let posts: Vec<_> = told
        .values()
        .map(|event| match event {
            Event::Comment(comment) => comment.post_id.as_str().to_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(posts, ["69", "71"]);
    // By the newest twenty, and what was published before them; no look reads the list anew within a minute.
    let asked = world.fake.asked(videos);
    assert!(asked.iter().all(|asked| asked.query["max_count"] == "20" && asked.query["fields"].contains("item_id")));
    assert!(asked.iter().filter(|asked| asked.query.contains_key("cursor")).count() <= 2);
    // A restart knows them, also where the list cannot be had.
    assert!(world.program.notes.lock().unwrap()["tiktok_posts"].contains("\"69\""));
}
