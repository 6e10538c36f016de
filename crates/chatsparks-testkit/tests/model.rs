//! The model against what the rules promise of any history: a model that breaks a promise proves nothing.

#![allow(clippy::unwrap_used)]

use chatsparks_testkit::{
    generate::{Case, Focus, case},
    properties, replay,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(properties::cases(150))]

    #[test]
    fn t3_every_event_twice_changes_nothing(Case { workspace, history } in case(Focus::Everything, 40)) {
        let once = replay(&workspace, &history);
        let twice = replay(&workspace, &properties::twice(&history));
        prop_assert_eq!(&once.state, &twice.state);
        let said = |records: &[serde_json::Value]| -> Vec<serde_json::Value> {
            records.iter().flat_map(|record| record["effects"].as_array().unwrap().clone()).collect()
        };
        prop_assert_eq!(said(&once.records), said(&twice.records));
    }

    #[test]
    fn c6_two_firings_are_never_nearer_than_the_throttle(Case { workspace, history } in case(Focus::Comments, 40)) {
        let firings = properties::firings(&replay(&workspace, &history).records);
        for (place, (user, trigger, at)) in firings.iter().enumerate() {
            for (other, again, later) in &firings[place + 1..] {
                prop_assert!(user != other || trigger != again || at <= later);
            }
        }
    }

    #[test]
    fn t6_effect_ids_are_never_used_twice(Case { workspace, history } in case(Focus::Everything, 60)) {
        let records = replay(&workspace, &history).records;
        prop_assert!(properties::repeated_effect_ids(&records).is_empty());
    }

    #[test]
    fn a6_the_books_add_up_to_the_shops_total(Case { workspace, history } in case(Focus::Everything, 60)) {
        let replayed = replay(&workspace, &history);
        let (said, wanted) = properties::books(&history, &replayed.records, &replayed.state);
        prop_assert_eq!(said, wanted);
    }
}

/// How often the random histories come to each outcome: a generator that never reaches a rule tests nothing.
#[test]
fn the_generator_reaches_every_outcome() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..400 {
        let Case { workspace, history } = case(Focus::Everything, 60).new_tree(&mut runner).unwrap().current();
        for record in replay(&workspace, &history).records {
            for (kind, body) in record["outcome"].as_object().unwrap() {
                let result = body.get("result").or(body.get("reason")).and_then(|result| result.as_str());
                *seen.entry(format!("{kind} {}", result.unwrap_or_default())).or_default() += 1;
            }
            if let Some(timer) = record["timer"].as_str() {
                *seen.entry(format!("timer {timer}")).or_default() += 1;
            }
            for (effect, body) in properties::effects(&record) {
                *seen.entry(format!("{effect} {}", body["reason"].as_str().unwrap_or_default())).or_default() += 1;
            }
        }
    }
    let wanted = [
        "applied ",
        "comment awaiting_message",
        "comment blocked_contact",
        "comment duplicate",
        "comment fired",
        "comment no_match",
        "comment not_connected",
        "comment outside_window",
        "comment own_comment",
        "comment queued",
        "comment throttled",
        "comment undeliverable",
        "comment with_human",
        "duplicate ",
        "message duplicate",
        "message kept",
        "message mismatch",
        "message out_of_flow",
        "message sensitive",
        "message taken",
        "notify_inbox buyer_message",
        "notify_inbox flow_missing",
        "notify_inbox handoff",
        "notify_inbox out_of_flow",
        "notify_inbox sensitive_word",
        "notify_inbox unrecognized_replies",
        "notify_owners ",
        "order attributed",
        "order organic",
        "order soft",
        "public_reply ",
        "refused invalid_workspace",
        "refused no_open_conversation",
        "refused not_a_member",
        "refused not_human",
        "refused not_soft",
        "refused outside_window",
        "refused too_old",
        "refused unknown_dm",
        "refused unknown_order",
        "send_dm ",
        "timer close",
        "timer cycle",
        "timer flow_wait",
        "timer hold_expiry",
        "timer idle",
        "timer queue_expiry",
        "timer queue_release",
    ];
    let missing: Vec<_> = wanted.iter().filter(|outcome| !seen.contains_key(**outcome)).collect();
    assert!(missing.is_empty(), "never reached: {missing:?}, of {seen:#?}");
}
