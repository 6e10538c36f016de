//! Tokens: renewed ahead of their end, written down before they are used, and never shown.

use crate::{
    fake::{Answer, SEED},
    world::{World, effect, message, now},
};
use chatsparks_core::{Effect, Period};
use chatsparks_ports::{Attempt, Channel, ManualClock};
use chatsparks_tiktok::SideHealth;
use serde_json::json;
use std::{future::Future, sync::Arc, task::Poll, time::Duration};

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
    let clock = ManualClock::new(now());
    let mut world = World::at("buyer_first", Arc::new(clock.clone()), |_| ()).await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let send = async |world: &World, id: &str| {
        let attempt = world.account.channel(None).perform(&effect(id, text("hi"), None)).await;
        assert_eq!(attempt, Attempt::Sent, "{id}");
    };
    send(&world, "first/0").await;
    for n in 1..=3 {
        // A crash, with nothing on its way: the seed is dead by now, what was written down is good.
        world.again().await;
        clock.pass(Period::milliseconds(18 * 3_600_000 - 1));
        send(&world, &format!("early{n}/0")).await;
        assert_eq!(world.fake.asked(REFRESH).len(), n, "a quarter of its time is left, and a moment");
        clock.pass(Period::milliseconds(1));
        send(&world, &format!("e{n}/0")).await;
        assert_eq!(world.fake.asked(REFRESH).len(), n + 1, "ahead of its end");
    }
    let asked: Vec<_> =
        world.fake.asked(REFRESH).into_iter().map(|asked| asked.body["refresh_token"].clone()).collect();
    assert_eq!(asked, [SEED, "rft.planted-1", "rft.planted-2", "rft.planted-3"], "each once, and none that is dead");
    let used: Vec<_> = world.fake.asked(SEND).into_iter().map(|asked| asked.token).collect();
    let wanted = [1, 1, 2, 2, 3, 3, 4].map(|n| format!("act.planted-{n}"));
    assert_eq!(used, wanted);
    let permission = world.account.health().await.business.unwrap().permission;
    assert!(permission.authorised && permission.connected < permission.until, "{permission:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_waits_until_a_token_that_is_being_renewed_is_written_down() {
    let clock = ManualClock::new(now());
    let mut world = World::at("buyer_first", Arc::new(clock.clone()), |_| ()).await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let channel = world.account.channel(None);
    assert_eq!(channel.perform(&effect("e1/0", text("hi"), None)).await, Attempt::Sent);
    let before = world.program.noted();
    // The platform gives the next one, and its answer is on its way: the one before is dead.
    let go = Arc::new(tokio::sync::Notify::new());
    let next = json!({ "access_token": "act.planted-late", "refresh_token": "rft.planted-late", "expires_in": 86_400,
        "refresh_token_expires_in": 31_536_000, "open_id": "biz-1", "scope": "message.list.send" });
    world.fake.next(REFRESH, Answer::Held(next, go.clone()));
    clock.pass(Period::hours(18));
    let sending = tokio::spawn(async move { channel.perform(&effect("e2/0", text("hi"), None)).await });
    while world.fake.asked(REFRESH).len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let account = world.account.clone();
    let mut at_rest = std::pin::pin!(account.at_rest());
    let early = std::future::poll_fn(|context| Poll::Ready(at_rest.as_mut().poll(context).is_ready())).await;
    assert!(!early, "it is being renewed");
    go.notify_one();
    drop(at_rest.await);
    assert_ne!(world.program.noted(), before);
    assert_eq!(sending.await.unwrap(), Attempt::Sent);
    // Whoever comes next has it.
    world.again().await;
    assert_eq!(world.account.channel(None).perform(&effect("e3/0", text("hi"), None)).await, Attempt::Sent);
    assert_eq!(world.fake.asked(SEND).last().unwrap().token, "act.planted-late");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_cannot_be_written_down_is_used_all_the_same() {
    let clock = ManualClock::new(now());
    let world = World::at("buyer_first", Arc::new(clock.clone()), |_| ()).await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let channel = world.account.channel(None);
    assert_eq!(channel.perform(&effect("e1/0", text("hi"), None)).await, Attempt::Sent);
    clock.pass(Period::hours(19));
    world.program.full.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(channel.perform(&effect("e2/0", text("hi"), None)).await, Attempt::Sent);
    world.program.full.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(channel.perform(&effect("e3/0", text("hi"), None)).await, Attempt::Sent);
    let used: Vec<_> = world.fake.asked(SEND).into_iter().map(|asked| asked.token).collect();
    assert_eq!(used, ["act.planted-1", "act.planted-2", "act.planted-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn w3_what_is_missing_or_over_is_said_with_what_to_do() {
    let clock = ManualClock::new(now());
    let world = World::at("buyer_first", Arc::new(clock.clone()), |_| ()).await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let channel = world.account.channel(None);
    assert_eq!(channel.perform(&effect("e1/0", text("hi"), None)).await, Attempt::Sent);
    let health = world.account.health().await.business.unwrap();
    assert_eq!(health.missing, ["comment.list.manage", "message.list.read", "video.list"]);
    assert_eq!(health.scopes(), Some(Vec::new()), "each of them lacks something");
    assert!(health.to_do.as_ref().unwrap().contains("comment.list.manage"), "{health:?}");
    // Nothing is renewed any more, and then it ends.
    world.fake.always(REFRESH, Answer::Code(40_002, "planted-message"));
    clock.pass(Period::hours(25));
    assert!(matches!(channel.perform(&effect("e2/0", text("hi"), None)).await, Attempt::Stopped(_)));
    let health = world.account.health().await.business.unwrap();
    assert!(!health.permission.authorised);
    let said = serde_json::to_string(&health).unwrap();
    assert!(said.contains("gives no new token") && said.contains("authorise the account again, and put"), "{said}");
}

/// W3: a platform that does not answer has refused nothing.
#[tokio::test(flavor = "multi_thread")]
async fn w3_a_platform_that_does_not_answer_is_told_apart_from_one_that_refuses() {
    let clock = ManualClock::new(now());
    let world = World::at("buyer_first", Arc::new(clock.clone()), |settings| {
        settings.business.as_mut().unwrap().base_url = "http://127.0.0.1:1/open_api/v1.3".to_owned();
        settings.shop = None;
    })
    .await;
    let health = async |wanted: fn(&SideHealth) -> bool| loop {
        let health = world.account.health().await.business.unwrap();
        if wanted(&health) {
            return health;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let side = health(|side| side.permission.why.is_some()).await;
    assert!(!side.permission.authorised && side.permission.unanswered && !side.permission.is_refused(), "{side:?}");
    let to_do = side.to_do.unwrap();
    assert!(to_do.contains("nothing") && to_do.contains("network") && !to_do.contains("authorise"), "{to_do}");
    // A token that ends while nobody answers is not refused either; one that is refused is.
    let world = World::at("buyer_first", Arc::new(clock.clone()), |_| ()).await;
    let channel = world.account.channel(None);
    world.take("im_receive_msg", message("m1", "hello")).await;
    assert_eq!(channel.perform(&effect("e1/0", text("hi"), None)).await, Attempt::Sent);
    world.fake.always(REFRESH, Answer::Code(51_065, "not now"));
    clock.pass(Period::hours(25));
    let attempt = channel.perform(&effect("e2/0", text("hi"), None)).await;
    assert!(matches!(attempt, Attempt::Again(..)), "{attempt:?}");
    let side = world.account.health().await.business.unwrap();
    assert!(!side.permission.authorised && !side.permission.is_refused(), "{side:?}");
    world.fake.always(REFRESH, Answer::Code(40_002, "planted-message"));
    assert!(matches!(channel.perform(&effect("e2/0", text("hi"), None)).await, Attempt::Stopped(_)));
    let side = world.account.health().await.business.unwrap();
    assert!(side.permission.is_refused() && side.to_do.unwrap().contains("authorise the account again"));
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
