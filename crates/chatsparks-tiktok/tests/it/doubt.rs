//! Attempts whose answer nobody heard, and where they are looked for (O5).

use crate::{
    fake::{Answer, Asked},
    outbound::dm,
    world::{World, effect, now},
};
use chatsparks_core::{Effect, Instant, Period};
use chatsparks_ports::{Attempt, Channel, Clock, Looked, ManualClock};
use serde_json::{Value, json};
use std::sync::Arc;

const SEND: &str = "/business/message/send/";
const THREADS: &str = "/business/message/conversation/list/";
const CONTENT: &str = "/business/message/content/list/";
const REPLIES: &str = "/business/comment/reply/list/";

/// A world in which an answer to a comment was sent, or not, and nobody heard of it; with the list of conversations.
async fn in_doubt(threads: Value) -> (World, ManualClock, chatsparks_ports::Delivery) {
    let clock = ManualClock::new(now());
    let world = World::at("comment_to_message", Arc::new(clock.clone()), |_| ()).await;
    world.fake.page(THREADS, move |asked: &Asked| match asked.query["conversation_type"].as_str() {
        "SINGLE" => threads.clone(),
        _ => json!({ "conversations": [], "has_more": false }),
    });
    let mut delivery = effect("e1/0", dm("Hi! Which?", &[], None), Some("11"));
    delivery.first_attempt = Some(clock.wall());
    (world, clock, delivery)
}

fn thread(id: &str, at: Instant) -> Value {
    json!({ "conversation_id": id, "update_time": at.as_milliseconds() })
}

/// What is said in `conv-1`, with the buyer, and in others, with somebody else.
fn said(text: &str, at: Instant) -> impl Fn(&Asked) -> Value + Send + 'static {
    let text = text.to_owned();
    move |asked: &Asked| {
        let with = if asked.query["conversation_id"] == "conv-1" { "buyer+1=" } else { "somebody" };
        let message = json!({ "message_id": "m1", "timestamp": at.as_milliseconds(), "text": { "body": text },
            "from_user": { "id": "biz-1" }, "to_user": { "id": with } });
        json!({ "messages": [message], "participants": [{ "role": "BUSINESS_ACCOUNT", "id": "biz-1" },
            { "role": "PERSONAL_ACCOUNT", "id": with }] })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_an_answer_to_a_comment_is_found_where_its_thread_is_listed() {
    let later = now().after(Period::seconds(1));
    let list = json!({ "conversations": [thread("conv-2", later.after(Period::seconds(5))), thread("conv-1", later),
        thread("conv-0", now().before(Period::hours(1)))] });
    let (world, _, delivery) = in_doubt(list).await;
    world.fake.page(CONTENT, said("Hi! Which?", later));
    world.fake.next(SEND, Answer::Lost);
    assert_eq!(world.account.channel(None).perform(&delivery).await, Attempt::Sent);
    let asked = world.fake.asked(CONTENT);
    assert!(
        asked.iter().all(|asked| asked.query["conversation_id"] == "conv-1"),
        "the one that rested first is theirs"
    );
    assert_eq!(world.fake.asked(SEND).len(), 1);
    // The thread is known from then on, and the message is accounted for.
    let mut again = effect("e2/0", dm("Hi! Which?", &[], None), Some("11"));
    again.first_attempt = delivery.first_attempt;
    assert_eq!(world.account.channel(None).look(&again).await, Looked::NotSent, "it stands for one effect");
    assert_eq!(world.fake.asked(THREADS).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_an_answer_to_a_comment_that_is_in_no_listed_thread_was_not_sent() {
    let list = json!({ "conversations": [thread("conv-2", now().after(Period::seconds(5))),
        thread("conv-3", now().after(Period::seconds(6)))] });
    let (world, clock, delivery) = in_doubt(list).await;
    world.fake.page(CONTENT, said("Hi! Which?", now()));
    let channel = world.account.channel(None);
    // The platform may not have listed yet what it has just opened.
    assert_eq!(channel.look(&delivery).await, Looked::NotNow);
    clock.pass(Period::milliseconds(29_999));
    assert_eq!(channel.look(&delivery).await, Looked::NotNow);
    clock.pass(Period::milliseconds(1));
    assert_eq!(channel.look(&delivery).await, Looked::NotSent);
    assert_eq!(world.fake.asked(CONTENT).len(), 2, "with whom a thread is does not change");
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_where_the_list_does_not_reach_back_nobody_knows() {
    let many: Vec<Value> =
        (0..100).map(|n| thread(&format!("other-{n}"), now().after(Period::seconds(60 + n)))).collect();
    let (world, clock, delivery) = in_doubt(json!({ "conversations": many })).await;
    world.fake.page(CONTENT, said("Hi! Which?", now()));
    let channel = world.account.channel(None);
    for minutes in [0, 15] {
        clock.pass(Period::minutes(minutes));
        assert_eq!(channel.look(&delivery).await, Looked::NotNow);
    }
    clock.pass(Period::minutes(1));
    assert_eq!(channel.look(&delivery).await, Looked::CannotLook);
    assert_eq!(world.fake.asked(CONTENT).len(), 60, "twenty at a time");
    // One that does reach back says all of it.
    let (world, clock, delivery) =
        in_doubt(json!({ "conversations": [thread("other", now().before(Period::hours(2)))],
        "has_more": true }))
        .await;
    clock.pass(Period::minutes(1));
    assert_eq!(world.account.channel(None).look(&delivery).await, Looked::NotSent);
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_a_reply_is_looked_for_among_all_that_came_since() {
    let world = World::new("open").await;
    let reply = |text: &str| {
        let mut delivery = effect("e1/0", Effect::PublicReply { comment_id: "11".into(), text: text.into() }, None);
        delivery.first_attempt = Some(now());
        delivery
    };
    // Many answer a comment that is passed on: the account's own reply stands on the third page.
    world.fake.page(REPLIES, |asked: &Asked| {
        let cursor: i64 = asked.query["cursor"].parse().unwrap();
        let comments: Vec<Value> = (cursor..cursor + 30)
            .map(|n| {
                let at = if n < 80 { now() } else { now().before(Period::hours(1)) };
                json!({ "comment_id": (1_000 + n).to_string(), "owner": n == 65 || n == 95,
                    "text": if n == 95 { "Yesterday" } else { "Check your inbox" },
                    "create_time": (at.as_milliseconds() / 1_000).to_string() })
            })
            .collect();
        json!({ "comments": comments, "cursor": cursor + 30, "has_more": true })
    });
    let channel = world.account.channel(None);
    assert_eq!(channel.look(&reply("Check your inbox")).await, Looked::Sent);
    assert_eq!(world.fake.asked(REPLIES).len(), 3);
    assert_eq!(channel.look(&reply("Yesterday")).await, Looked::NotSent, "what was there before is no answer");
    assert_eq!(world.fake.asked(REPLIES).len(), 6, "no further than the attempt");
}
