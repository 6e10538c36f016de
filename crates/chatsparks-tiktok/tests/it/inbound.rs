//! What deliveries become.

use crate::{
    fake::Answer,
    world::{World, comment, echo, message, now},
};
use chatsparks_core::{DmStage, Event, Period};
use chatsparks_ports::ManualClock;
use serde_json::json;
use std::{sync::Arc, time::Duration};

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_missing_is_asked_for_with_others_of_its_post() {
    let clock = ManualClock::new(now());
    let world = World::at("open", Arc::new(clock.clone()), |_| ()).await;
    let list = "/business/comment/list/";
    let asked_for = |id: &str| world.fake.asked(list).iter().any(|asked| asked.query["comment_ids"].contains(id));
    world.fake.always(list, Answer::Code(51_065, "system error"));
    for number in [11, 12] {
        assert_eq!(world.take("comment.update", comment(number, None)).await, "comment_waits");
        while !asked_for(&number.to_string()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let listed = |id: &str, text: &str, owner: bool| {
        json!({ "comment_id": id, "video_id": "v", "unique_identifier": if owner { "own+name=" } else { "buyer+1=" },
                "create_time": "1700000000", "text": text, "owner": owner, "username": "mint", "status": "PUBLIC" })
    };
    let comments = json!({ "comments": [listed("11", "PRICE?", false), listed("12", "Sent you a DM", true)] });
    world.fake.always(list, Answer::Data(comments));
    // Both were asked for in vain, each by itself: their next time is the same.
    clock.pass(Period::seconds(2));
    let told = world.events(2).await;
    let find = |id: &str| match told.iter().find(|(told, _)| told == id) {
        Some((_, Event::Comment(comment))) => comment.clone(),
        other => panic!("{other:?}"),
    };
    let found = find("tiktok:comment:11");
    assert_eq!((found.text.as_str(), found.user_id.as_str()), ("PRICE?", "buyer+1="));
    assert_eq!(found.handle.as_ref().unwrap().as_str(), "mint");
    assert_eq!(find("tiktok:comment:12").user_id.as_str(), "acct_glow", "what the account wrote is its own (C1)");
    let asked = world.fake.asked(list);
    assert_eq!(asked.last().unwrap().query["comment_ids"], r#"["11","12"]"#, "{asked:?}");
    // Its name is known from here on.
    let mut own = comment(13, Some("Thanks!"));
    own["unique_identifier"] = "own+name=".into();
    world.take("comment.update", own).await;
    assert!(matches!(&world.events(3).await[2].1, Event::Comment(own) if own.user_id.as_str() == "acct_glow"));
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_comment_that_goes_while_it_waits_never_comes() {
    let world = World::with("comment_to_message", |settings| settings.comment_wait = Duration::from_secs(3_600)).await;
    assert_eq!(world.take("comment.update", comment(1, Some("PRICE?"))).await, "comment_waits");
    let mut gone = comment(1, None);
    gone["comment_action"] = "set_to_hidden".into();
    assert_eq!(world.take("comment.update", gone).await, "comment_removed");
    let told = world.events(1).await;
    assert!(matches!(&told[0].1, Event::CommentRemoved(of) if of.comment_id.as_str() == "1"));
    assert_eq!(world.account.health().await.waiting, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_word_that_a_comment_may_be_answered_counts_in_either_order() {
    let high = |id: &str| {
        json!({ "from": "mint", "to": "glow", "unique_identifier": "buyer+1=", "from_user": { "id": "buyer+1=" },
                "to_user": { "id": "biz-1" }, "comment_id": id, "comment_text": "PRICE?", "timestamp": now().as_milliseconds() })
    };
    let event = "im_receive_high_intent_comment";
    let world = World::with("comment_to_message", |settings| settings.comment_wait = Duration::from_secs(3_600)).await;
    // The comment first, and without its text.
    world.take("comment.update", comment(1, Some("PRICE?"))).await;
    world.take(event, high("1")).await;
    let told = world.events(1).await;
    assert!(
        matches!(&told[0].1, Event::Comment(comment) if comment.direct_reply && comment.comment_id.as_str() == "1")
    );
    // The word first: the comment waits for nothing.
    world.take(event, high("2")).await;
    world.take("comment.update", comment(2, Some("PRICE?"))).await;
    let told = world.events(3).await;
    assert!(matches!(&told[1].1, Event::CommentAnswerable(of) if of.user_id.as_str() == "buyer+1="));
    assert!(matches!(&told[2].1, Event::Comment(comment) if comment.direct_reply));
    let world = World::with("comment_to_message", |settings| settings.comment_wait = Duration::from_millis(50)).await;
    // None: it waits, and goes by P2. Long after, the word comes by itself.
    world.take("comment.update", comment(3, Some("PRICE?"))).await;
    assert!(matches!(&world.events(1).await[0].1, Event::Comment(comment) if !comment.direct_reply));
    world.take(event, high("3")).await;
    assert!(matches!(&world.events(2).await[1].1, Event::CommentAnswerable(of) if of.comment_id.as_str() == "3"));
    // A reply never waits: no message may answer it.
    let mut reply = comment(4, Some("and the large one?"));
    (reply["comment_type"], reply["parent_comment_id"]) = ("reply".into(), 3.into());
    assert_eq!(world.take("comment.update", reply).await, "comment");
    assert!(matches!(&world.told()[2].1, Event::Comment(reply) if reply.reply_to.as_ref().unwrap().as_str() == "3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_what_waited_at_a_crash_comes_after_it() {
    let mut world = World::with("comment_to_message", |settings| settings.comment_wait = Duration::from_secs(1)).await;
    world.take("comment.update", comment(1, Some("PRICE?"))).await;
    world.again().await;
    // The second life waits for as long as is noted.
    assert!(matches!(&world.events(1).await[0].1, Event::Comment(comment) if comment.text.as_str() == "PRICE?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_taps_and_pictures_come_as_messages() {
    let world = World::new("buyer_first").await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let mut tap = message("m2", "30ml");
    tap["reply_source_payload"] = json!({ "reply_source_msg_id": "x", "reply_source_unique_id": "30" });
    world.take("im_receive_msg", tap).await;
    let mut picture = message("m3", "");
    (picture["type"], picture["text"]) = ("image".into(), json!(null));
    world.take("im_receive_msg", picture).await;
    let mut heart = message("m4", "");
    heart["type"] = "reaction".into();
    assert_eq!(world.take("im_receive_msg", heart).await, "reaction");
    assert_eq!(world.take("im_receive_msg_eu", json!({ "to": "glow", "to_user": {}, "timestamp": 1 })).await, "unseen");
    let told = world.events(3).await;
    let all: Vec<_> = told
        .iter()
        .map(|(id, event)| match event {
            Event::Message(one) => {
                assert_eq!((one.user_id.as_str(), one.handle.as_ref().unwrap().as_str()), ("buyer+1=", "mint"));
                (
                    id.as_str(),
                    one.text.as_ref().map(|text| text.as_str().to_owned()),
                    one.option.as_ref().map(ToString::to_string),
                )
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        all,
        [
            ("tiktok:message:m1", text("hello"), None),
            ("tiktok:message:m2", text("30ml"), text("30")),
            ("tiktok:message:m3", None, None),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn v7_what_a_person_writes_in_the_app_takes_the_conversation() {
    let world = World::new("buyer_first").await;
    assert_eq!(world.take("im_send_msg", echo("m1", "I am Ann", "APP")).await, "member_message");
    assert_eq!(world.take("im_send_msg", echo("m2", "Hello from the bot", "API")).await, "echo");
    let mut automatic = echo("m3", "Welcome!", "API");
    automatic["auto_message_type"] = "WELCOME_MESSAGE".into();
    assert_eq!(world.take("im_send_msg", automatic).await, "automatic_message");
    let told = world.told();
    assert_eq!(told.len(), 1);
    let (id, Event::MemberMessage(message)) = &told[0] else { panic!("{told:?}") };
    assert_eq!((id.as_str(), message.user_id.as_str()), ("tiktok:echo:m1", "buyer+1="));
    assert_eq!((message.member.as_str(), message.text.as_str()), ("owner@glow.example", "I am Ann"));
    // The engine answers with a message to send, which is sent already.
    let dm = crate::outbound::dm("I am Ann", &[], Some("owner@glow.example"));
    let channel = world.account.channel(None);
    let attempt =
        chatsparks_ports::Channel::perform(&channel, &crate::world::effect("tiktok:echo:m1/0", dm, None)).await;
    assert_eq!(attempt, chatsparks_ports::Attempt::Sent);
    assert!(world.fake.asked("/business/message/send/").is_empty(), "nothing is sent twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn v11_reading_is_told_of_every_message_before_it_once() {
    let world = World::new("buyer_first").await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let channel = world.account.channel(None);
    for n in 0..2 {
        let dm = crate::outbound::dm(&format!("message {n}"), &[], None);
        let delivery = crate::world::effect(&format!("e1/{n}"), dm, None);
        assert_eq!(chatsparks_ports::Channel::perform(&channel, &delivery).await, chatsparks_ports::Attempt::Sent);
    }
    let mut read = message("x", "");
    read["read"] = json!({ "last_read_timestamp": now().as_milliseconds() + 1 });
    for _ in 0..2 {
        assert_eq!(world.take("im_mark_read_msg", read.clone()).await, "read");
    }
    let told = world.told();
    let receipts: Vec<_> = told[1..]
        .iter()
        .map(|(_, event)| match event {
            Event::Receipt(receipt) => (receipt.dm_id.to_string(), receipt.status),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(receipts, [("e1/0".to_owned(), DmStage::Read), ("e1/1".to_owned(), DmStage::Read)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_an_order_that_is_told_of_again_while_it_is_asked_for_is_asked_for_again() {
    let world = World::new("open").await;
    let order = |status: &str| {
        json!({ "orders": [{ "id": "o1", "status": status, "user_id": "shop-user", "create_time": 1_718_305_585,
            "payment": { "currency": "THB", "total_amount": "590.00" },
            "line_items": [{ "sku_id": "s30", "product_id": "p1", "sale_price": "590.00" }] }] })
    };
    let notice = |id: &str| {
        let body = json!({ "type": 1, "tts_notification_id": id, "shop_id": "shop-1", "timestamp": 1_718_305_585,
                           "data": { "order_id": "o1", "order_status": "UNPAID" } });
        chatsparks_tiktok::decode_shop(body.to_string().as_bytes()).unwrap()
    };
    let go = std::sync::Arc::new(tokio::sync::Notify::new());
    world.fake.always("/return_refund/202309/returns/search", Answer::Data(json!({ "return_orders": [] })));
    world.fake.next("/order/202309/orders", Answer::Held(order("UNPAID"), go.clone()));
    world.fake.always("/order/202309/orders", Answer::Data(order("AWAITING_SHIPMENT")));
    assert_eq!(world.account.take_shop(notice("n1")).await.unwrap(), "order");
    while world.fake.asked("/order/202309/orders").is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // It is paid while the platform answers.
    assert_eq!(world.account.take_shop(notice("n2")).await.unwrap(), "order");
    go.notify_one();
    let told = world.events(1).await;
    assert_eq!(told[0].0.as_str(), "tiktok:order:o1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_an_order_is_asked_for_in_full_and_told_once() {
    let world = World::new("open").await;
    let order = |status: &str| {
        json!({ "orders": [{ "id": "o1", "status": status, "user_id": "shop-user", "create_time": 1_718_305_585, "paid_time": 1_718_305_600,
            "payment": { "currency": "THB", "total_amount": "590.00" },
            "line_items": [{ "sku_id": "s30", "product_id": "p1", "sale_price": "590.00" }] }] })
    };
    let returns = json!({ "return_orders": [{ "return_id": "r1", "order_id": "o1", "return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE",
        "refund_amount": { "currency": "THB", "refund_total": "100.00" } }] });
    let notice = |id: &str| {
        let body = json!({ "type": 1, "tts_notification_id": id, "shop_id": "shop-1", "timestamp": 1_718_305_585,
                           "data": { "order_id": "o1", "order_status": "AWAITING_SHIPMENT" } });
        chatsparks_tiktok::decode_shop(body.to_string().as_bytes()).unwrap()
    };
    world.fake.always("/return_refund/202309/returns/search", Answer::Data(json!({ "return_orders": [] })));
    world.fake.always("/order/202309/orders", Answer::Data(order("AWAITING_SHIPMENT")));
    assert_eq!(world.account.take_shop(notice("n1")).await.unwrap(), "order");
    let told = world.events(1).await;
    let (id, Event::Order(placed)) = &told[0] else { panic!("{told:?}") };
    assert_eq!((id.as_str(), placed.user_id.as_str(), placed.total_minor), ("tiktok:order:o1", "shop-user", 59_000));
    assert_eq!(world.account.take_shop(notice("n1")).await.unwrap(), "repeated");
    world.fake.always("/order/202309/orders", Answer::Data(order("CANCELLED")));
    world.fake.always("/return_refund/202309/returns/search", Answer::Data(returns));
    assert_eq!(world.account.take_shop(notice("n2")).await.unwrap(), "order");
    let ids: Vec<_> = world.events(3).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["tiktok:order:o1", "tiktok:cancel:o1", "tiktok:refund:r1"]);
    // Every request was signed, with the shop's cipher and a token in the header alone.
    for asked in world.fake.asked("/order/202309/orders") {
        let query: Vec<(&str, String)> =
            asked.query.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let sign = chatsparks_tiktok::sign_request(crate::world::SHOP_SECRET, "/order/202309/orders", &query, b"");
        assert_eq!((asked.query["sign"].as_str(), asked.query["shop_cipher"].as_str()), (sign.as_str(), "cipher-1"));
        assert_eq!(asked.token, "act.planted-shop");
    }
}
