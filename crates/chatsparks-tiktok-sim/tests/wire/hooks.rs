//! Deliveries: at least once, in no order, for 72 hours.

use crate::world::{World, settings};
use chatsparks_tiktok_sim::{
    control::{WebhookFault, WebhookMishap, WebhookState},
    sign,
};
use serde_json::json;

#[tokio::test]
async fn what_is_not_answered_with_200_comes_again_for_three_days() {
    let world = World::new().await;
    world.receiver.answers(204);
    world.control.message("mint", "hi").await.unwrap();
    world.control.advance_seconds(1).await.unwrap();
    world.control.advance_seconds(3600).await.unwrap();
    let came = world.receiver.of("im_receive_msg");
    assert_eq!(came.len(), 6, "after 1, 2, 4, 8, 16 minutes");
    assert!(came.iter().all(|it| it.body == came[0].body), "the same body");
    world.hours(80).await;
    let hook = world.control.webhooks().await.unwrap().remove(0);
    assert_eq!(hook.state, WebhookState::GivenUp);
    assert!(hook.attempts.last().unwrap().0 <= hook.at + 72 * 3_600_000);
    assert!(hook.attempts.len() > 10);
}

#[tokio::test]
async fn a_receiver_that_recovers_gets_all_of_it() {
    let world = World::new().await;
    world.receiver.answers(503);
    for number in 0..5 {
        world.control.message(&format!("p{number}"), "hi").await.unwrap();
    }
    world.control.advance_seconds(30).await.unwrap();
    world.receiver.answers(200);
    world.hours(1).await;
    assert_eq!(world.states("im_receive_msg").await, [WebhookState::Delivered; 5]);
}

#[tokio::test]
async fn what_is_paused_is_kept() {
    let world = World::new().await;
    world.control.pause().await.unwrap();
    world.control.message("mint", "hi").await.unwrap();
    world.hours(2).await;
    assert!(world.receiver.came().is_empty());
    assert_eq!(world.control.time().await.unwrap().waiting, 1);
    world.control.resume().await.unwrap();
    world.control.advance_seconds(0).await.unwrap();
    assert_eq!(world.receiver.came().len(), 1);
}

#[tokio::test]
async fn webhooks_are_lost_repeated_late_and_forged_on_request() {
    let world = World::new().await;
    let ask = async |what| {
        let fault = WebhookFault { event: "im_receive_msg".to_owned(), times: 1, what };
        world.control.webhook_fault(&fault).await.unwrap();
    };
    ask(WebhookMishap::Lose).await;
    world.control.message("lost", "hi").await.unwrap();
    ask(WebhookMishap::Repeat { times: 3 }).await;
    world.control.message("repeated", "hi").await.unwrap();
    ask(WebhookMishap::Late { seconds: 60 }).await;
    world.control.message("late", "hi").await.unwrap();
    world.control.message("after", "hi").await.unwrap();
    ask(WebhookMishap::Forge).await;
    world.control.message("forged", "hi").await.unwrap();
    world.control.advance_seconds(120).await.unwrap();
    let came = world.receiver.of("im_receive_msg");
    let from: Vec<_> = came.iter().map(|it| it.content()["from"].as_str().unwrap().to_owned()).collect();
    assert_eq!(from, ["repeated", "after", "forged", "repeated", "repeated", "late"]);
    assert_eq!(world.states("im_receive_msg").await[0], WebhookState::Lost);
    for it in came {
        let header = it.headers["tiktok-signature"].to_str().unwrap().to_owned();
        let seconds = header.split_once(',').and_then(|(t, _)| t.strip_prefix("t=")?.parse().ok());
        let good = seconds.is_some_and(|t| header == sign::webhook(&world.keys.client_secret, t, it.body.as_bytes()));
        assert_eq!(good, it.content()["from"] != "forged");
    }
    assert_eq!(world.simulator.ledger().messages.len(), 5, "the ledger has all of them");
}

#[tokio::test]
async fn accidents_are_drawn_from_the_seed() {
    let mut settings = settings();
    settings.webhooks.lost_of_1000 = 200;
    settings.webhooks.doubled_of_1000 = 200;
    settings.webhooks.late_of_1000 = 200;
    settings.webhooks.without_text_of_1000 = 500;
    let world = World::with(settings).await;
    for number in 0..60 {
        world.control.comment(&format!("p{number}"), "PRICE?").await.unwrap();
    }
    world.hours(1).await;
    let all = world.control.webhooks().await.unwrap();
    let lost = all.iter().filter(|it| it.state == WebhookState::Lost).count();
    let twice = all.iter().filter(|it| it.attempts.len() == 2).count();
    let bare = world.receiver.came().iter().filter(|it| it.content().get("text").is_none()).count();
    assert!((4..25).contains(&lost), "{lost}");
    assert!((3..25).contains(&twice), "{twice}");
    assert!((15..60).contains(&bare), "{bare}");
}

#[tokio::test]
async fn who_is_told_is_said_by_the_app_with_its_secret() {
    let world = World::new().await;
    assert_eq!(world.subscribe("comment.update", json!({})).await["code"], 40_002, "an event is no event type");
    assert_eq!(world.subscribe("COMMENT", json!({ "secret": "x" })).await["code"], 40_001);
    let elsewhere = json!({ "callback_url": "https://example.com/hook" });
    assert_eq!(world.subscribe("COMMENT", elsewhere).await["code"], 40_002, "it calls nobody else");
    let other = world.account().videos[1].clone();
    let only = world.subscribe("COMMENT", json!({ "item_list": [other] })).await;
    assert_eq!(only["data"]["item_list"], json!([other]));
    assert_eq!(
        world.subscribe("COMMENT", json!({})).await["data"]["item_list"],
        json!([other]),
        "a way of one direction"
    );
    world.control.comment("mint", "PRICE?").await.unwrap();
    world.control.advance_seconds(300).await.unwrap();
    assert!(world.receiver.came().is_empty(), "another video");
    let app =
        json!({ "app_id": world.keys.client_key, "secret": world.keys.client_secret, "event_type": "DIRECT_MESSAGE" });
    assert_eq!(world.post_open("/business/webhook/delete/", app).await["code"], 0);
    world.control.message("mint", "hi").await.unwrap();
    world.control.advance_seconds(1).await.unwrap();
    assert_eq!(world.states("im_receive_msg").await, [WebhookState::Unwanted]);
}
