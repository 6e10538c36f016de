//! What was decided, on its way out.

use crate::{
    fake::Answer,
    world::{World, echo, effect, message},
};
use chatsparks_core::{Effect, Period, SendDm, SentOption, workspace::Link};
use chatsparks_ports::{Attempt, Channel, Clock, Looked, ManualClock};
use serde_json::json;
use std::sync::Arc;

pub(crate) fn dm(text: &str, options: &[(&str, &str)], member: Option<&str>) -> Effect {
    let option = |(id, label): &(&str, &str)| SentOption { id: (*id).into(), label: (*label).into() };
    Effect::SendDm(Box::new(SendDm {
        user_id: "buyer+1=".into(),
        conversation: 1,
        text: Some(text.into()),
        options: options.iter().map(option).collect(),
        card: None,
        member: member.map(Into::into),
    }))
}

fn reply(text: &str) -> Effect {
    Effect::PublicReply { comment_id: "11".into(), text: text.into() }
}

const SEND: &str = "/business/message/send/";
const REPLY: &str = "/business/comment/reply/create/";

#[tokio::test(flavor = "multi_thread")]
async fn options_are_buttons_where_they_fit_and_a_list_where_not() {
    let world = World::new("buyer_first").await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let channel = world.account.channel(None);
    let card = Effect::SendDm(Box::new(SendDm {
        user_id: "buyer+1=".into(),
        conversation: 1,
        text: Some("Here you go".into()),
        options: Vec::new(),
        card: Some(Link { product: Some("p1".into()), sku: None }),
        member: None,
    }));
    let fits = dm("Which size?", &[("a", "Small"), ("b", "Large")], None);
    let four = dm("Which?", &[("a", "One"), ("b", "Two"), ("c", "Three"), ("d", "Four")], None);
    let digits = dm("Which?", &[("a", "30ml or rather more of it"), ("b", "50ml")], None);
    for (n, one) in [fits, four, digits, card].into_iter().enumerate() {
        assert_eq!(channel.perform(&effect(&format!("e1/{n}"), one, None)).await, Attempt::Sent);
    }
    let sent = world.fake.asked(SEND);
    assert_eq!(
        sent[0].body["template"],
        json!({ "type": "QA_BUTTON_CARD", "title": "Which size?", "buttons": [
        { "type": "REPLY", "title": "Small", "id": "a" }, { "type": "REPLY", "title": "Large", "id": "b" }] })
    );
    assert_eq!(
        (&sent[0].body["recipient_type"], &sent[0].body["recipient"]),
        (&json!("CONVERSATION"), &json!("conv+1/="))
    );
    assert_eq!(sent[1].body["text"]["body"], "Which?\n1. One\n2. Two\n3. Three\n4. Four");
    assert_eq!(
        sent[2].body["text"]["body"], "Which?\n• 30ml or rather more of it\n• 50ml",
        "a number would mislead (F4)"
    );
    assert_eq!(sent[3].body["text"]["body"], "Here you go\nhttps://shop.example/p1");
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_a_comment_is_answered_by_a_message_and_a_window_by_its_thread() {
    let world = World::new("comment_to_message").await;
    let channel = world.account.channel(None);
    let first = effect("e1/0", dm("Hi! Which?", &[("a", "One")], None), Some("11"));
    assert_eq!(channel.perform(&first).await, Attempt::Sent);
    let unknown = channel.perform(&effect("e2/0", dm("Hi", &[], None), None)).await;
    assert!(matches!(&unknown, Attempt::Failed(fault) if fault.0.contains("write first")), "{unknown:?}");
    // Its echo says where the thread is; the buyer's answer opens it.
    world.take("im_send_msg", echo("mid+1==", "Hi! Which?\n1. One", "API")).await;
    world.take("im_receive_msg", message("m1", "1")).await;
    assert_eq!(channel.perform(&effect("e3/0", dm("Which size?", &[], None), Some("11"))).await, Attempt::Sent);
    let sent = world.fake.asked(SEND);
    assert_eq!(
        sent[0].body,
        json!({ "business_id": "biz-1", "message_type": "TEXT", "text": { "body": "Hi! Which?\n1. One" },
        "direct_reply": { "reply_type": "COMMENT_REPLY", "comment_reply": { "comment_id": "11" } } })
    );
    assert_eq!(sent[1].body["recipient"], "conv+1/=");
    assert_eq!(sent.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_a_lost_answer_is_looked_for_and_nothing_is_sent_twice() {
    let world = World::new("buyer_first").await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let channel = world.account.channel(None);
    // The answer is lost, its echo comes.
    world.fake.next(SEND, Answer::Lost);
    let first = effect("e1/0", effect_text("one"), None);
    let (attempt, _) = tokio::join!(channel.perform(&first), async {
        while world.fake.asked(SEND).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        world.take("im_send_msg", echo("a1", "one", "API")).await
    });
    assert_eq!(attempt, Attempt::Sent);
    // The answer is lost, no echo comes, and the thread lists it.
    world.fake.next(SEND, Answer::Status(502));
    let listed = json!({ "messages": [{ "message_id": "a2", "from_user": { "id": "biz-1" }, "text": { "body": "two" },
        "timestamp": crate::world::now().as_milliseconds() + 1_000 }] });
    world.fake.always("/business/message/content/list/", Answer::Data(listed));
    assert_eq!(channel.perform(&effect("e1/1", effect_text("two"), None)).await, Attempt::Sent);
    // The same words again are another message: the one that is listed was the last effect's.
    world.fake.next(SEND, Answer::Lost);
    let again = channel.perform(&effect("e1/2", effect_text("two"), None)).await;
    assert!(matches!(again, Attempt::Again(..)), "{again:?}");
    // Nothing can be asked: it stays in doubt.
    world.fake.next(SEND, Answer::Lost);
    world.fake.always("/business/message/content/list/", Answer::Status(503));
    let doubt = channel.perform(&effect("e1/3", effect_text("three"), None)).await;
    assert!(matches!(doubt, Attempt::InDoubt(_)), "{doubt:?}");
    assert_eq!(world.fake.asked(SEND).len(), 4);
}

fn effect_text(text: &str) -> Effect {
    dm(text, &[], None)
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_after_a_crash_an_attempt_in_doubt_is_found_by_its_echo() {
    let mut world = World::new("buyer_first").await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let mut delivery = effect("e1/0", effect_text("one"), None);
    delivery.first_attempt = Some(crate::world::now());
    world.take("im_send_msg", echo("a1", "one", "API")).await;
    world.again().await;
    let channel = world.account.channel(None);
    assert_eq!(channel.look(&delivery).await, chatsparks_ports::Looked::Sent);
    delivery.key.id = "e2/0".to_owned();
    assert_eq!(channel.look(&delivery).await, chatsparks_ports::Looked::NotSent, "an echo is of one effect");
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_an_answer_to_a_comment_is_in_doubt_until_its_echo_has_had_time_to_come_again() {
    let clock = ManualClock::new(crate::world::now());
    let mut world = World::at("comment_to_message", Arc::new(clock.clone()), |_| ()).await;
    world.fake.next(SEND, Answer::Lost);
    let mut delivery = effect("e1/0", effect_text("one"), Some("11"));
    delivery.first_attempt = Some(clock.wall());
    let attempt = world.account.channel(None).perform(&delivery).await;
    assert!(matches!(attempt, Attempt::InDoubt(_)), "{attempt:?}");
    world.again().await;
    assert_eq!(world.account.channel(None).look(&delivery).await, Looked::NotNow);
    clock.pass(Period::minutes(16));
    assert_eq!(world.account.channel(None).look(&delivery).await, Looked::CannotLook);
    let mut late = echo("a1", "one", "API");
    late["timestamp"] = clock.wall().before(Period::minutes(16)).as_milliseconds().into();
    world.take("im_send_msg", late).await;
    assert_eq!(world.account.channel(None).look(&delivery).await, Looked::Sent);
    assert_eq!(world.fake.asked(SEND).len(), 1, "it is not repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn public_replies_go_out_and_what_comes_back_of_them_is_the_accounts_own() {
    let world = World::new("open").await;
    let channel = world.account.channel(None);
    assert_eq!(channel.perform(&effect("e1/0", reply(&"x".repeat(200)), None)).await, Attempt::Sent);
    let sent = &world.fake.asked(REPLY)[0].body;
    assert_eq!((&sent["video_id"], &sent["comment_id"]), (&json!("7203946942097902849"), &json!("11")));
    assert_eq!(sent["text"].as_str().unwrap().len(), 150);
    // By the name that the answer gave, by its id, and by what it says.
    let mut own = crate::world::comment(991, Some("anything"));
    own["unique_identifier"] = "own+name=".into();
    world.take("comment.update", own).await;
    world.take("comment.update", crate::world::comment(990, Some("anything"))).await;
    let mut said = crate::world::comment(992, Some(&"x".repeat(150)));
    (said["comment_type"], said["parent_comment_id"]) = ("reply".into(), 11.into());
    world.take("comment.update", said).await;
    for (_, event) in world.events(3).await {
        assert_eq!(event.user_id().unwrap().as_str(), "acct_glow");
    }
    // A lost answer is looked for among the replies.
    world.fake.next(REPLY, Answer::Lost);
    let listed = json!({ "comments": [{ "comment_id": "993", "owner": true, "text": "Check your inbox",
        "create_time": (crate::world::now().as_milliseconds() / 1_000).to_string() }] });
    world.fake.always("/business/comment/reply/list/", Answer::Data(listed));
    assert_eq!(channel.perform(&effect("e1/1", reply("Check your inbox"), None)).await, Attempt::Sent);
    world.fake.next(REPLY, Answer::Lost);
    assert!(matches!(channel.perform(&effect("e1/2", reply("Another"), None)).await, Attempt::Again(..)));
}

#[tokio::test(flavor = "multi_thread")]
async fn o4_forty_replies_go_in_a_minute_and_the_next_waits_for_its_turn() {
    let world = World::new("open").await;
    let channel = world.account.channel(None);
    let mut waits = Vec::new();
    for n in 0..42 {
        match channel.perform(&effect(&format!("e{n}/0"), reply("Check your inbox"), None)).await {
            Attempt::Sent => {}
            Attempt::Again(Some(wait), _) => waits.push(wait),
            other => panic!("{other:?}"),
        }
    }
    let sent = world.fake.asked(REPLY).len();
    // In no minute more than forty, whatever the time that these took.
    assert_eq!((sent, waits.len()), (40, 2));
    assert!(waits.iter().all(|wait| (1..=63).contains(&wait.as_secs())), "{waits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn o8_what_the_platform_answers_is_retried_refused_or_stops_the_channel() {
    let world = World::new("buyer_first").await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let channel = world.account.channel(None);
    let mut number = 0;
    for (answer, wanted) in [
        (Answer::Code(40_100, "QPM planted-message"), "again"),
        (Answer::Code(51_065, "planted-message"), "again"),
        (Answer::Status(429), "again"),
        (Answer::Code(40_064, "planted-message"), "failed"),
        (Answer::Code(40_002, "planted-message"), "failed"),
        (Answer::Code(40_104, "planted-message"), "stopped"),
        (Answer::Status(404), "stopped"),
    ] {
        world.fake.next(SEND, answer.clone());
        number += 1;
        let attempt = channel.perform(&effect(&format!("e{number}/0"), effect_text("hi"), None)).await;
        let found = match &attempt {
            Attempt::Again(..) => "again",
            Attempt::Failed(_) => "failed",
            Attempt::Stopped(_) => "stopped",
            other => panic!("{other:?}"),
        };
        assert_eq!(found, wanted, "{answer:?}");
        assert!(!format!("{attempt:?}").contains("planted"), "{attempt:?}");
    }
}
