//! What holds of the count and of the money whatever happens (M, A).

use chatsparks_core::{Envelope, Event};
use chatsparks_testkit::{
    drive,
    generate::{Case, Focus, case},
    properties,
};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn facts<'a>(record: &'a Value, wanted: &'a str) -> impl Iterator<Item = &'a Value> {
    record["facts"].as_array().into_iter().flatten().filter_map(move |fact| fact.get(wanted))
}

proptest! {
    #![proptest_config(properties::cases(120))]

    #[test]
    fn m7_no_flow_that_starts_takes_the_count_past_the_limit(Case { workspace, history } in case(Focus::Queue, 60)) {
        let history: Vec<_> =
            history.into_iter().filter(|envelope| !matches!(envelope.event, Event::Configure(_))).collect();
        let limit = workspace.plan.as_ref().unwrap().mac_limit;
        for record in drive(&workspace, &history).records {
            if facts(&record, "flow_started").next().is_some() {
                for counted in facts(&record, "contact_counted") {
                    prop_assert!(counted["count"].as_i64().unwrap() <= limit, "{}", record);
                }
            }
        }
    }

    #[test]
    fn m1_a_contact_counts_once_a_cycle(Case { workspace, history } in case(Focus::Everything, 60)) {
        let mut counted = BTreeSet::new();
        for record in drive(&workspace, &history).records {
            for fact in facts(&record, "contact_counted") {
                prop_assert!(counted.insert((record["user_id"].clone().to_string(), fact["cycle"].to_string())));
            }
        }
    }

    #[test]
    fn a6_the_books_add_up_to_the_shops_total(Case { workspace, history } in case(Focus::Everything, 60)) {
        let driven = drive(&workspace, &history);
        let (said, wanted) = properties::books(&history, &driven.records, &driven.state);
        prop_assert_eq!(&said, &wanted);
        // The ledger's entries add up to the same, by order and result.
        let mut ledger = BTreeMap::<(String, String), i64>::new();
        for record in &driven.records {
            for (sign, name) in [(1, "order_credited"), (-1, "order_reversed")] {
                for entry in facts(record, name) {
                    let key = (entry["order_id"].to_string(), entry["result"].to_string());
                    *ledger.entry(key).or_default() += sign * entry["revenue_minor"].as_i64().unwrap();
                }
            }
        }
        ledger.retain(|_, left| *left != 0);
        let orders = driven.state["orders"].as_array().unwrap();
        for order in orders {
            prop_assert!(order["net_minor"].as_i64().unwrap() >= 0 && order["overlap_minor"].as_i64().unwrap() >= 0);
        }
        let state: BTreeMap<(String, String), i64> = orders
            .iter()
            .map(|order| ((order["order_id"].to_string(), order["result"].to_string()), order["net_minor"].as_i64().unwrap()))
            .filter(|(_, left)| *left != 0)
            .collect();
        prop_assert_eq!(ledger, state);
    }

    #[test]
    fn a6_what_becomes_of_an_order_may_come_in_any_order(
        Case { workspace, history } in case(Focus::Everything, 60), turn in 1usize..5,
    ) {
        // What is said of orders comes last, at one instant, each order reviewed once at most, in two orders.
        let (mut words, mut rest): (Vec<Envelope>, Vec<Envelope>) = history.into_iter().partition(|envelope| {
            matches!(envelope.event, Event::Refund(_) | Event::OrderCancelled(_) | Event::OrderReview { .. })
        });
        let mut reviewed = BTreeSet::new();
        words.retain(|word| match &word.event {
            Event::OrderReview { order_id, .. } => reviewed.insert(order_id.clone()),
            _ => true,
        });
        let end = rest.iter().map(|envelope| envelope.at).max();
        if words.is_empty() || end.is_none() {
            return Ok(());
        }
        let mut ids = BTreeSet::new();
        words.retain(|word| ids.insert(word.id.clone()) && match &word.event {
            // A refund id counts once, for the first order that bears it: then order matters.
            Event::Refund(refund) => ids.insert(format!("refund {}", refund.refund_id).into()),
            _ => true,
        });
        words.iter_mut().for_each(|word| word.at = end.unwrap());
        let mut turned = words.clone();
        let by = turn % turned.len();
        turned.rotate_left(by);
        let mut other = rest.clone();
        rest.extend(words);
        other.extend(turned);
        let (one, other) = (drive(&workspace, &rest), drive(&workspace, &other));
        prop_assert_eq!(&one.state["orders"], &other.state["orders"]);
    }
}
