//! Messages: who may write to whom, and what is told of it.

use crate::world::{World, settings};
use chatsparks_tiktok_sim::control::{Act, Traits};
use serde_json::{Value, json};

#[tokio::test]
async fn p4_ten_messages_in_forty_eight_hours_and_anew_with_each_of_the_users() {
    let mut world = World::new().await;
    let talk = world.written("mint", "hi").await;
    for number in 0..10 {
        assert_eq!(world.text(&talk, &number.to_string()).await["code"], 0);
    }
    assert_eq!(world.text(&talk, "eleven").await["code"], 40_064);
    world.written("mint", "still there?").await;
    assert_eq!(world.text(&talk, "yes").await["code"], 0);
    world.control.advance_seconds(48 * 3600 - 1).await.unwrap();
    world.refresh().await;
    assert_eq!(world.text(&talk, "in time").await["code"], 0);
    world.control.advance_seconds(1).await.unwrap();
    assert_eq!(world.text(&talk, "too late").await["code"], 40_064);
    assert_eq!(world.simulator.ledger().sent_to("mint").count(), 12, "what was refused was not sent");
}

#[tokio::test]
async fn p4_the_window_is_data() {
    let mut settings = settings();
    settings.windows.messages = 3;
    settings.windows.unlimited_after_reply = true;
    let world = World::with(settings).await;
    let talk = world.written("mint", "hi").await;
    for code in [0, 0, 0, 40_064] {
        assert_eq!(world.text(&talk, "x").await["code"], code);
    }
    world.written("mint", "hello").await;
    for _ in 0..5 {
        assert_eq!(world.text(&talk, "x").await["code"], 0, "any number after a reply");
    }
}

#[tokio::test]
async fn p2_no_business_writes_first() {
    let world = World::new().await;
    world.control.comment("mint", "PRICE?").await.unwrap();
    assert_eq!(world.text("nowhere+/=", "hi").await["code"], 40_002);
    let act = Act::Refer { person: "mint".to_owned(), account: None, reference: "promo-1".to_owned() };
    let talk = world.control.act(&act).await.unwrap().id;
    assert_eq!(world.text(&talk, "hi").await["code"], 40_064, "came by a link, and wrote nothing");
    world.control.advance_seconds(1).await.unwrap();
    let came = world.receiver.of("im_referral_msg");
    assert_eq!(came[0].content()["referral"]["short_link"]["ref"], "promo-1");
}

#[tokio::test]
async fn what_was_sent_is_echoed_before_the_answer() {
    let mut settings = settings();
    settings.echo_first = true;
    let world = World::with(settings).await;
    let talk = world.written("mint", "hi").await;
    let sent = world.text(&talk, "590 THB").await;
    let echo = world.receiver.of("im_send_msg");
    assert_eq!(echo.len(), 1, "it is there when the answer is");
    let content = echo[0].content();
    assert_eq!(content["message_id"], sent["data"]["message"]["message_id"]);
    assert_eq!(content["from_user"], json!({ "id": world.account().business_id, "role": "business_account" }));
    assert_eq!(content["message_tag"]["source"], "API");
    assert_eq!(content["text"]["body"], "590 THB");
    let ledger = world.simulator.ledger();
    assert_eq!(content["to_user"]["id"], json!(ledger.messages[0].unique_identifier));
}

#[tokio::test]
async fn a_tap_names_its_button_and_the_message_it_was_on() {
    let world = World::new().await;
    let talk = world.written("mint", "hi").await;
    let card = |template: Value| json!({ "recipient_type": "CONVERSATION", "recipient": talk, "message_type": "TEMPLATE", "template": template });
    let button = |title: &str, id: &str| json!({ "type": "REPLY", "title": title, "id": id });
    let good = json!({ "type": "QA_BUTTON_CARD", "title": "Which size?", "buttons": [button("30ml", "s30"), button("50ml", "s50")] });
    let sent = world.post("/business/message/send/", card(good)).await;
    assert_eq!(sent["code"], 0, "{sent}");
    world.control.tap("mint", "s50").await.unwrap();
    world.control.advance_seconds(1).await.unwrap();
    let came = world.receiver.of("im_receive_msg").last().unwrap().content();
    assert_eq!(came["type"], "text");
    assert_eq!(came["text"]["body"], "50ml");
    assert_eq!(came["reply_source_payload"]["reply_source_unique_id"], "s50");
    assert_eq!(came["reply_source_payload"]["reply_source_msg_id"], sent["data"]["message"]["message_id"]);
    let echo = world.receiver.of("im_send_msg").last().unwrap().content();
    assert_eq!(echo["template"]["elements"][0]["buttons"][1], json!({ "text": "50ml", "type": "reply", "id": "s50" }));
    assert!(world.control.tap("mint", "s70").await.is_err(), "there is no such button");

    let long = "x".repeat(21);
    let four: Vec<_> = (0..4).map(|it| button("a", &it.to_string())).collect();
    let refused = [
        json!({ "type": "QA_BUTTON_CARD", "title": "x".repeat(41), "buttons": [button("a", "1")] }),
        json!({ "type": "QA_BUTTON_CARD", "title": "x", "buttons": [button(&long, "1")] }),
        json!({ "type": "QA_BUTTON_CARD", "title": "x", "buttons": [button("a", &"i".repeat(41))] }),
        json!({ "type": "QA_BUTTON_CARD", "title": "x", "buttons": four }),
        json!({ "type": "QA_BUTTON_CARD", "title": "x", "buttons": [] }),
        json!({ "type": "QA_BUTTON_CARD", "title": "x", "buttons": [{ "type": "URL", "title": "a", "id": "1" }] }),
        json!({ "type": "CAROUSEL", "title": "x", "buttons": [button("a", "1")] }),
    ];
    for template in refused {
        assert_eq!(world.post("/business/message/send/", card(template.clone())).await["code"], 40_002, "{template}");
    }
    let links = json!({ "type": "QA_LINK_CARD", "title": "x", "buttons": [button(&long, "1")] });
    assert_eq!(world.post("/business/message/send/", card(links)).await["code"], 0, "links are 40 long");
}

#[tokio::test]
async fn a_conversation_is_read_in_its_twenty_latest() {
    let world = World::new().await;
    let talk = world.written("mint", "hi").await;
    let strangers = world.get("/business/message/conversation/list/", &[("conversation_type", "STRANGER")]).await;
    assert_eq!(strangers["data"]["conversations"][0]["conversation_id"], json!(talk));
    for number in 0..24 {
        world.written("mint", &format!("{number}")).await;
    }
    let sent = world.text(&talk, "here").await;
    let read = world.get("/business/message/content/list/", &[("conversation_id", &talk)]).await;
    assert_eq!(read["data"]["messages"].as_array().unwrap().len(), 20);
    let latest = &read["data"]["messages"][0];
    assert_eq!(latest["message_id"], sent["data"]["message"]["message_id"]);
    assert_eq!((&latest["message_type"], &latest["from_user"]["role"]), (&json!("TEXT"), &json!("BUSINESS_ACCOUNT")));
    assert_eq!(read["data"]["participants"].as_array().unwrap().len(), 2);
    let single = world.get("/business/message/conversation/list/", &[("conversation_type", "SINGLE")]).await;
    assert_eq!(single["data"]["conversations"][0]["conversation_id"], json!(talk));
    let strangers = world.get("/business/message/conversation/list/", &[("conversation_type", "STRANGER")]).await;
    assert_eq!(strangers["data"]["conversations"], json!([]));
    assert_eq!(world.get("/business/message/conversation/list/", &[]).await["code"], 40_002);
    // A conversation's id has characters that an address has to write otherwise.
    let raw = format!(
        "{}/business/message/content/list/?business_id={}&conversation_id=a+b",
        world.keys.business_url,
        world.account().business_id
    );
    let answer: Value =
        world.client.get(raw).header("access-token", &world.token).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["message"], "Param conversation_id is invalid.");
    let query =
        [("conversation_id", talk.as_str()), ("conversation_type", "SINGLE"), ("capability_types", "[\"IMAGE_SEND\"]")];
    let able = world.get("/business/message/capabilities/get/", &query).await;
    assert_eq!(
        able["data"]["capability_infos"][0],
        json!({ "capability_type": "IMAGE_SEND", "capability_result": false })
    );
}

#[tokio::test]
async fn v11_what_was_read_is_told_up_to_an_instant() {
    let world = World::new().await;
    let talk = world.written("mint", "hi").await;
    let mark = |action: &str| json!({ "recipient_type": "CONVERSATION", "recipient": talk, "message_type": "SENDER_ACTION", "sender_action": action });
    for action in ["TYPING", "MARK_READ"] {
        let answer = world.post("/business/message/send/", mark(action)).await;
        assert_eq!((&answer["code"], &answer["data"]["message"]["message_id"]), (&json!(0), &json!("")));
    }
    assert!(world.simulator.ledger().messages[0].read);
    world.text(&talk, "590").await;
    world.control.advance_seconds(5).await.unwrap();
    world.control.act(&Act::Read { person: "mint".to_owned(), account: None }).await.unwrap();
    world.control.advance_seconds(1).await.unwrap();
    let came = world.receiver.of("im_mark_read_msg")[0].content();
    let ledger = world.simulator.ledger();
    let sent = ledger.sent_to("mint").next().unwrap();
    assert!(came["read"]["last_read_timestamp"].as_i64().unwrap() >= sent.at);
    assert!(sent.read);
}

#[tokio::test]
async fn who_writes_from_europe_is_not_named() {
    let world = World::new().await;
    let traits = Traits { name: "anna".to_owned(), region: Some("de".to_owned()), ..Traits::default() };
    world.control.person(&traits).await.unwrap();
    world.control.message("anna", "hallo").await.unwrap();
    world.control.advance_seconds(1).await.unwrap();
    assert!(world.receiver.of("im_receive_msg").is_empty());
    let came = world.receiver.of("im_receive_msg_eu")[0].content();
    let mut names: Vec<_> = came.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["timestamp", "to", "to_user"]);
}

/// A comment of high intent, told of; its id.
async fn asked(world: &World, person: &str) -> String {
    let id = world.control.comment(person, "ราคาเท่าไหร่คะ").await.unwrap();
    world.control.advance_seconds(120).await.unwrap();
    id
}

async fn send(world: &World, comment: &str) -> Value {
    world.post("/business/message/send/", answer_to(comment)).await["code"].clone()
}

fn answer_to(comment: &str) -> Value {
    json!({ "message_type": "TEXT", "text": { "body": "590 THB" },
            "direct_reply": { "reply_type": "COMMENT_REPLY", "comment_reply": { "comment_id": comment } } })
}

#[tokio::test]
async fn p3_a_comment_of_high_intent_is_answered_once_and_with_one_message() {
    let mut settings = settings();
    settings.accounts[0].comment_to_message = true;
    let world = World::with(settings).await;
    let id = asked(&world, "mint").await;
    let told = world.receiver.of("im_receive_high_intent_comment")[0].content();
    assert_eq!(told["comment_id"], json!(id), "text here");
    assert!(told.get("video_id").is_none());
    let mut both = answer_to(&id);
    both["recipient"] = "x".into();
    assert_eq!(world.post("/business/message/send/", both).await["code"], 40_002);
    assert_eq!(world.post("/business/message/send/", answer_to(&id)).await["code"], 0);
    assert_eq!(world.post("/business/message/send/", answer_to(&id)).await["code"], 40_064, "answered already");
    let ledger = world.simulator.ledger();
    let sent = ledger.sent_to("mint").next().unwrap();
    assert_eq!(sent.answers_comment.as_deref(), Some(id.as_str()));
    assert_eq!(world.text(&sent.conversation_id, "and?").await["code"], 40_064, "one until they write");
    world.written("mint", "ok").await;
    assert_eq!(world.text(&sent.conversation_id, "and?").await["code"], 0);
    let again = asked(&world, "mint").await;
    assert_eq!(world.post("/business/message/send/", answer_to(&again)).await["code"], 40_064, "messages within a day");
}

#[tokio::test]
async fn p3_every_condition_holds_or_it_is_refused() {
    let mut settings = settings();
    settings.accounts[0].comment_to_message = true;
    let mut world = World::with(settings).await;
    let nice = world.control.comment("a", "love it").await.unwrap();
    assert_eq!(send(&world, &nice).await, 40_064, "not of high intent");
    let reply = Act::Comment {
        person: "b".to_owned(),
        account: None,
        video: 0,
        text: "PRICE?".to_owned(),
        reply_to: Some(nice),
        high_intent: Some(true),
    };
    let reply = world.control.act(&reply).await.unwrap().id;
    assert_eq!(send(&world, &reply).await, 40_064, "a reply");
    let young = Traits { name: "c".to_owned(), adult: Some(false), ..Traits::default() };
    world.control.person(&young).await.unwrap();
    assert_eq!(send(&world, &asked(&world, "c").await).await, 40_064, "not of age");
    let far = Traits { name: "d".to_owned(), region: Some("FR".to_owned()), ..Traits::default() };
    world.control.person(&far).await.unwrap();
    assert_eq!(send(&world, &asked(&world, "d").await).await, 40_064, "from elsewhere");
    let old = asked(&world, "e").await;
    world.control.advance_seconds(48 * 3600 - 120).await.unwrap();
    world.refresh().await;
    assert_eq!(send(&world, &old).await, 40_064, "48 hours old to the second");
    assert_eq!(world.simulator.ledger().messages.len(), 0);
}

#[tokio::test]
async fn p3_the_switch_is_for_three_countries() {
    let mut settings = settings();
    settings.accounts[0].region = "MY".to_owned();
    let world = World::with(settings).await;
    let switch = json!({ "direct_reply_type": "COMMENT_TO_MESSAGE", "operation_status": "ENABLE" });
    assert_eq!(world.post("/business/message/direct_reply/update/", switch.clone()).await["code"], 40_001);
    let world = World::new().await;
    assert_eq!(world.post("/business/message/direct_reply/update/", switch).await["code"], 0);
    let now = world.get("/business/message/direct_reply/get/", &[]).await;
    assert_eq!(now["data"]["operation_status"], "ENABLE");
}
