//! What goes wrong in calls, on request.

use crate::world::World;
use chatsparks_tiktok_sim::control::{Fault, Mishap};
use serde_json::{Value, json};
use std::time::Duration;

const SEND: &str = "/business/message/send/";

async fn sent(world: &World, talk: &str) -> reqwest::Result<reqwest::Response> {
    let body =
        json!({ "recipient_type": "CONVERSATION", "recipient": talk, "message_type": "TEXT", "text": { "body": "x" } });
    world.try_post(SEND, body).await
}

#[tokio::test]
async fn a_call_fails_as_often_as_is_asked_and_does_nothing() {
    let world = World::new().await;
    let talk = world.written("mint", "hi").await;
    let system = Mishap::Code { code: 51_065, message: "System error.".to_owned() };
    world.control.fault(&Fault::once(SEND, system).times(2)).await.unwrap();
    for code in [51_065, 51_065, 0] {
        let answer: Value = sent(&world, &talk).await.unwrap().json().await.unwrap();
        assert_eq!(answer["code"], code);
    }
    assert_eq!(world.simulator.ledger().sent_to("mint").count(), 1);
    let calls = world.control.calls().await.unwrap();
    assert_eq!(calls.iter().filter(|it| it.path.ends_with(SEND) && it.fault).count(), 2);
    assert_eq!(calls.last().unwrap().code, Some(0));
}

#[tokio::test]
async fn o5_a_connection_drops_before_and_after_the_work() {
    let world = World::new().await;
    let talk = world.written("mint", "hi").await;
    world.control.fault(&Fault::once(SEND, Mishap::Drop)).await.unwrap();
    assert!(sent(&world, &talk).await.is_err(), "closed without an answer");
    assert_eq!(world.simulator.ledger().sent_to("mint").count(), 0);
    world.control.fault(&Fault::once(SEND, Mishap::Drop).after_the_work()).await.unwrap();
    assert!(sent(&world, &talk).await.is_err());
    assert_eq!(world.simulator.ledger().sent_to("mint").count(), 1, "it was sent all the same");
    let read = world.get("/business/message/content/list/", &[("conversation_id", &talk)]).await;
    assert_eq!(read["data"]["messages"][0]["text"]["body"], "x", "and whoever looks finds it");
    world.control.advance_seconds(1).await.unwrap();
    assert_eq!(world.receiver.of("im_send_msg").len(), 1, "the echo comes");
}

#[tokio::test]
async fn o5_an_answer_is_late_though_the_work_was_done() {
    let world = World::new().await;
    let talk = world.written("mint", "hi").await;
    world.control.fault(&Fault::once(SEND, Mishap::Delay { ms: 60_000 }).after_the_work()).await.unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(300), sent(&world, &talk)).await;
    assert!(waited.is_err(), "no answer");
    assert_eq!(world.simulator.ledger().sent_to("mint").count(), 1);
}

#[tokio::test]
async fn answers_are_limited_broken_and_of_any_status() {
    let world = World::new().await;
    let talk = world.written("mint", "hi").await;
    world.control.fault(&Fault::once(SEND, Mishap::RateLimit)).await.unwrap();
    let limited = sent(&world, &talk).await.unwrap();
    assert!(limited.headers().get("retry-after").is_none());
    assert_eq!(limited.json::<Value>().await.unwrap()["code"], 40_100);
    world.control.fault(&Fault::once("*", Mishap::Status { status: 503, retry_after: Some(7) })).await.unwrap();
    let down = sent(&world, &talk).await.unwrap();
    assert_eq!((down.status().as_u16(), down.headers()["retry-after"].as_bytes()), (503, &b"7"[..]));
    world.control.fault(&Fault::once(SEND, Mishap::Garbage)).await.unwrap();
    assert!(sent(&world, &talk).await.unwrap().json::<Value>().await.is_err());
    world.control.fault(&Fault::once("/order/202309/orders", Mishap::RateLimit)).await.unwrap();
    let shop = world.shop("GET", "/order/202309/orders", &[("ids", "1")], None).await;
    assert_eq!(shop["code"], 36_009_002);
    world.control.fault(&Fault::once(SEND, Mishap::Drop).times(9)).await.unwrap();
    assert_eq!(world.control.faults().await.unwrap().len(), 1);
    world.control.no_faults().await.unwrap();
    assert_eq!(sent(&world, &talk).await.unwrap().json::<Value>().await.unwrap()["code"], 0);
}

#[tokio::test]
async fn the_control_api_says_what_it_does_not_take() {
    let world = World::new().await;
    let post = async |path: &str, body: &str| {
        let answer = world.client.post(format!("{}/control/{path}", world.simulator.url())).body(body.to_owned());
        let answer = answer.send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap()["error"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let (status, error) = post("acts", r#"{"comment":{"person":"mint","txt":"x"}}"#).await;
    assert_eq!(status, 422);
    assert!(error.contains("txt"), "{error}");
    assert_eq!(
        post("acts", r#"{"comment":{"person":"mint","text":"x","video":99}}"#).await.1,
        "there is no video 99: 3 there are"
    );
    assert_eq!(post("acts", r#"{"cancel":{"order_id":"1"}}"#).await.0, 422);
    assert_eq!(post("people", r#"{"name":"m i n t"}"#).await.0, 422);
    assert_eq!(post("clock", r#"{"by_ms":99999999999999}"#).await.0, 422);
    assert_eq!(post("crowd", r#"{"people":0}"#).await.0, 422);
    assert_eq!(post("acts", "nonsense").await.0, 422);
}
