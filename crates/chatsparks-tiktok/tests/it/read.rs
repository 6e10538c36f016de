//! Marks of reading, in and out.

use crate::{
    fake::Answer,
    world::{World, effect, message, now},
};
use chatsparks_core::{Event, Period};
use chatsparks_ports::{Attempt, Channel, Clock, ManualClock};
use serde_json::{Value, json};
use std::sync::Arc;

const SEND: &str = "/business/message/send/";

fn read(until: i64) -> Value {
    let mut read = message("x", "");
    read["read"] = json!({ "last_read_timestamp": until });
    read
}

fn receipts(world: &World) -> Vec<String> {
    let receipts = world.told().into_iter().filter_map(|(_, event)| match event {
        Event::Receipt(receipt) => Some(receipt.dm_id.to_string()),
        _ => None,
    });
    receipts.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn v11_a_mark_of_reading_reaches_as_far_as_its_instant_and_never_back() {
    let clock = ManualClock::new(now());
    let mut world = World::at("buyer_first", Arc::new(clock.clone()), |_| ()).await;
    world.take("im_receive_msg", message("m1", "hello")).await;
    let mut at = Vec::new();
    for n in 0..3 {
        clock.pass(Period::seconds(10));
        at.push(clock.wall().as_milliseconds());
        let delivery = effect(&format!("e1/{n}"), crate::outbound::dm(&format!("message {n}"), &[], None), None);
        assert_eq!(world.account.channel(None).perform(&delivery).await, Attempt::Sent);
    }
    for (until, wanted) in [
        (at[1] - 1, vec!["e1/0"]),
        (at[1], vec!["e1/0", "e1/1"]),
        // One that comes late, and one that comes again.
        (at[0], vec!["e1/0", "e1/1"]),
        (at[1], vec!["e1/0", "e1/1"]),
    ] {
        assert_eq!(world.take("im_mark_read_msg", read(until)).await, "read");
        assert_eq!(receipts(&world), wanted, "{until}");
    }
    // A crash forgets none of it.
    world.again().await;
    world.take("im_mark_read_msg", read(at[1])).await;
    assert_eq!(receipts(&world), ["e1/0", "e1/1"]);
    world.take("im_mark_read_msg", read(at[2])).await;
    assert_eq!(receipts(&world), ["e1/0", "e1/1", "e1/2"]);
    // Somebody's of whom nothing is known.
    let mut other = read(at[2]);
    (other["unique_identifier"], other["from_user"]["id"]) = ("buyer+9=".into(), "buyer+9=".into());
    assert_eq!(world.take("im_mark_read_msg", other).await, "read");
    assert_eq!(receipts(&world).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_buyer_wrote_is_marked_as_read_where_that_is_wanted() {
    for wanted in [false, true] {
        let world = World::with("buyer_first", |settings| settings.mark_read = wanted).await;
        // The first mark fails, which changes nothing, and is tried again.
        world.fake.next(SEND, Answer::Code(51_065, "system error"));
        for id in ["m1", "m2"] {
            assert_eq!(world.take("im_receive_msg", message(id, "hello")).await, "message");
            if wanted {
                let asked = world.fake.asked(SEND).len();
                let count = if id == "m1" { 2 } else { 3 };
                let marked = async {
                    while world.fake.asked(SEND).len() < count {
                        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    }
                };
                tokio::time::timeout(std::time::Duration::from_secs(30), marked).await.expect("a mark");
                assert!(asked <= count);
            }
        }
        let told: Vec<String> = world.told().into_iter().map(|(id, _)| id).collect();
        assert_eq!(told, ["tiktok:message:m1", "tiktok:message:m2"]);
        let asked = world.fake.asked(SEND);
        if !wanted {
            assert!(asked.is_empty(), "{asked:?}");
            continue;
        }
        let body = json!({ "business_id": "biz-1", "recipient_type": "CONVERSATION", "recipient": "conv+1/=",
            "message_type": "SENDER_ACTION", "sender_action": "MARK_READ" });
        assert_eq!(asked.iter().map(|asked| &asked.body).collect::<Vec<_>>(), [&body, &body, &body]);
    }
}
