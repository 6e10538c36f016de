//! Tokens: renewed ahead of their end, written down before they are used, and never shown.

use crate::{
    fake::{Answer, SEED},
    world::{World, effect, message},
};
use chatsparks_core::Effect;
use chatsparks_ports::{Attempt, Channel};
use serde_json::json;

const SEND: &str = "/business/message/send/";
const REFRESH: &str = "/tt_user/oauth2/refresh_token/";

fn text(text: &str) -> Effect {
    crate::outbound::dm(text, &[], None)
}

#[tokio::test(flavor = "multi_thread")]
async fn o8_a_token_that_is_not_taken_is_renewed_once() {
    let world = World::new("buyer_first").await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let channel = world.account.channel(None);
    world.fake.next(SEND, Answer::Code(40_105, "token"));
    assert_eq!(channel.perform(&effect("e1/0", text("hi"), None)).await, Attempt::Sent);
    let tokens: Vec<_> = world.fake.asked(SEND).into_iter().map(|asked| asked.token).collect();
    assert_eq!(tokens, ["act.planted-1", "act.planted-2"]);
    // Not taken again and again: somebody has to look at it.
    world.fake.always(SEND, Answer::Code(40_105, "token"));
    let attempt = channel.perform(&effect("e2/0", text("hi"), None)).await;
    assert!(matches!(&attempt, Attempt::Stopped(fault) if fault.0.contains("authorise")), "{attempt:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_renewed_ahead_of_their_end_and_survive_a_crash() {
    let mut world = World::new("buyer_first").await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    // Every token ends at once: each call renews it.
    world.fake.with(|inside| inside.lasts = 1);
    world.again().await;
    for n in 0..3 {
        let channel = world.account.channel(None);
        tokio::time::sleep(std::time::Duration::from_millis(800)).await;
        assert_eq!(channel.perform(&effect(&format!("e{n}/0"), text("hi"), None)).await, Attempt::Sent);
        // A crash right after: the seed is dead by now, what was written down is good.
        world.again().await;
    }
    let asked = world.fake.asked(REFRESH);
    assert!(asked.len() >= 3, "{}", asked.len());
    let seeds = asked.iter().filter(|asked| asked.body["refresh_token"] == SEED).count();
    assert!(seeds <= 2, "the seed is used up: {seeds}");
    assert!(world.account.health().await.business.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn o8_a_permission_that_is_taken_back_stops_what_is_sent() {
    let world = World::new("buyer_first").await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let channel = world.account.channel(None);
    assert_eq!(channel.perform(&effect("e1/0", text("hi"), None)).await, Attempt::Sent);
    assert!(world.account.health().await.business.unwrap().permission.authorised);
    assert_eq!(world.take("authorization.removed", json!({ "reason": 1 })).await, "deauthorised");
    let attempt = channel.perform(&effect("e2/0", text("hi"), None)).await;
    assert!(matches!(&attempt, Attempt::Stopped(fault) if fault.0.contains("took its permission back")), "{attempt:?}");
    assert!(!world.account.health().await.business.unwrap().permission.authorised);
}

#[tokio::test(flavor = "multi_thread")]
async fn h3_no_token_and_no_secret_is_in_what_is_noted_or_shown() {
    let world = World::new("buyer_first").await;
    world.take("im_receive_msg", message("m1", "words of a buyer")).await;
    let channel = world.account.channel(None);
    assert_eq!(channel.perform(&effect("e1/0", text("words of the bot"), None)).await, Attempt::Sent);
    world.fake.next(SEND, Answer::Code(40_104, "act.planted"));
    let attempt = channel.perform(&effect("e2/0", text("words of the bot"), None)).await;
    let health = serde_json::to_string(&world.account.health().await).unwrap();
    let notes = format!("{:?}", world.program.notes.lock().unwrap());
    assert!(notes.contains("tiktok_token_business") && notes.contains("sealed1:"), "{notes}");
    let settings = format!("{:?}", crate::world::settings(&world.fake));
    for shown in [notes, health, format!("{attempt:?}"), format!("{:?} {channel:?}", world.account), settings] {
        for planted in ["planted", "words of"] {
            assert!(!shown.contains(planted), "{shown}");
        }
    }
}
