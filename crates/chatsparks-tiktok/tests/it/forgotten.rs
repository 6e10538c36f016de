//! Who is forgotten is forgotten here as well (R12).

use crate::{
    fake::Answer,
    world::{World, comment, echo, effect, message, now},
};
use chatsparks_core::Event;
use chatsparks_ports::{Attempt, Channel};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn r12_a_comment_that_waits_is_handed_on_without_what_it_said() {
    let mut world =
        World::with("comment_to_message", |settings| settings.comment_wait = Duration::from_secs(3_600)).await;
    for (id, user, text) in [(1, "buyer+1=", "my secret address"), (2, "buyer+2=", "somebody else's words")] {
        let mut comment = comment(id, Some(text));
        comment["unique_identifier"] = user.into();
        assert_eq!(world.take("comment.update", comment).await, "comment_waits");
    }
    // The word that one may be answered says what it said; it is not kept.
    let word = json!({ "from": "mint", "to": "glow", "unique_identifier": "buyer+1=", "from_user": { "id": "buyer+1=" },
        "to_user": { "id": "biz-1" }, "comment_id": "7", "comment_text": "my secret wish", "timestamp": now().as_milliseconds() });
    world.take("im_receive_high_intent_comment", word).await;
    assert!(world.program.noted().contains("secret address") && !world.program.noted().contains("secret wish"));
    // Where it cannot be forgotten now, that is said, and nothing is lost.
    world.program.full.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(world.account.forget(&"buyer+1=".into()).await.is_err());
    world.program.full.store(false, std::sync::atomic::Ordering::SeqCst);
    for _ in 0..2 {
        world.account.forget(&"buyer+1=".into()).await.unwrap();
    }
    assert!(!world.program.noted().contains("secret") && world.program.noted().contains("somebody else's"));
    // R1: it is decided all the same, by its id, and once.
    let comments = |world: &World| -> Vec<(String, String)> {
        let comments = world.told().into_iter().filter_map(|(id, event)| match event {
            Event::Comment(comment) => Some((id, comment.text.as_str().to_owned())),
            _ => None,
        });
        comments.collect()
    };
    assert_eq!(comments(&world), [("tiktok:comment:1".to_owned(), String::new())]);
    // Nor does it come back after a crash.
    world.again().await;
    world
        .take("comment.update", {
            let mut gone = comment(2, None);
            (gone["comment_action"], gone["unique_identifier"]) = ("delete".into(), "buyer+2=".into());
            gone
        })
        .await;
    assert_eq!(comments(&world).len(), 1);
    assert!(!world.program.noted().contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn r12_a_text_that_is_still_to_be_asked_for_never_comes() {
    let world = World::new("open").await;
    let list = "/business/comment/list/";
    world.fake.always(list, Answer::Code(51_065, "system error"));
    assert_eq!(world.take("comment.update", comment(1, None)).await, "comment_waits");
    world.account.forget(&"buyer+1=".into()).await.unwrap();
    let listed = json!({ "comments": [{ "comment_id": "1", "video_id": "v", "unique_identifier": "buyer+1=",
        "create_time": "1700000000", "text": "secret", "owner": false, "username": "mint", "status": "PUBLIC" }] });
    world.fake.always(list, Answer::Data(listed));
    assert_eq!(world.account.health().await.waiting, 0);
    let told = world.events(1).await;
    assert!(
        matches!(&told[0].1, Event::Comment(comment) if comment.text.as_str().is_empty() && comment.handle.is_none())
    );
    assert!(!format!("{told:?}").contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn r12_ids_of_what_was_sent_stay_so_that_nothing_is_sent_twice() {
    let mut world = World::new("buyer_first").await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let sent = effect("e1/0", crate::outbound::dm("Which size?", &[], None), None);
    assert_eq!(world.account.channel(None).perform(&sent).await, Attempt::Sent);
    world.take("im_send_msg", echo("other", "words of the bot", "API")).await;
    world.account.forget(&"buyer+1=".into()).await.unwrap();
    world.again().await;
    assert_eq!(world.account.channel(None).perform(&sent).await, Attempt::Sent);
    assert_eq!(world.fake.asked("/business/message/send/").len(), 1);
    assert!(world.program.noted().contains("e1/0"));
}
