//! The model against what the rules promise of any history: a model that breaks a promise proves nothing.

use chatsparks_core::Event;
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
    fn c6_two_firings_are_never_nearer_than_the_throttle(Case { workspace, history } in case(Focus::Queue, 40)) {
        let history: Vec<_> =
            history.into_iter().filter(|envelope| !matches!(envelope.event, Event::Configure(_))).collect();
        let records = replay(&workspace, &history).records;
        for ((user, trigger), between) in properties::least_between_firings(&history, &records) {
            let of = workspace.triggers.iter().find(|known| known.id == trigger.as_str()).unwrap();
            let length = of.throttle_hours.unwrap_or(workspace.policy.throttle_hours) * 3_600_000;
            prop_assert!(between >= length, "{} for {} after {} ms", trigger, user, between);
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
    let focuses = [(Focus::Everything, 400), (Focus::Queue, 400), (Focus::Talk, 400)];
    for focus in focuses.into_iter().flat_map(|(focus, times)| std::iter::repeat_n(focus, times)) {
        let Case { workspace, history } = case(focus, 60).new_tree(&mut runner).unwrap().current();
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
            for (fact, body) in properties::facts(&record) {
                let said = ["reason", "why", "stage"].iter().find_map(|field| body[*field].as_str());
                let said = said.or(body["cause"]["kind"].as_str()).unwrap_or_default();
                let fact = if body["from"] == "human" { format!("{fact} from human") } else { fact.to_owned() };
                *seen.entry(format!("{fact} {said}").trim_end().to_owned()).or_default() += 1;
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
        "block_entered",
        "comment_seen",
        "contact_counted",
        "conversation_opened",
        "cycle_began",
        "dm_stage delivered",
        "dm_stage failed",
        "dm_stage read",
        "dm_stage sent",
        "dropped blocked",
        "dropped comment_removed",
        "dropped expired",
        "dropped flow_missing",
        "dropped replaced",
        "dropped with_human",
        "field_captured",
        "flow_left closed",
        "flow_left completed",
        "flow_left human",
        "flow_left replaced",
        "flow_started",
        "held",
        "link_sent",
        "order_credited confirmation",
        "order_credited order",
        "order_credited rejection",
        "order_reversed cancellation",
        "order_reversed confirmation",
        "order_reversed refund",
        "order_reversed rejection",
        "queued",
        "released",
        "state_changed from human expired",
        "tagged",
        "trigger_fired",
        "order attributed",
        "order organic",
        "order soft",
        "public_reply ",
        "refused already_reviewed",
        "refused invalid_workspace",
        "refused no_open_conversation",
        "refused not_a_member",
        "refused not_human",
        "refused not_soft",
        "refused outside_window",
        "refused own_account",
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
