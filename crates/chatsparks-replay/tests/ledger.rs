//! The ledger: whom an order is credited to, and that the books balance (A).

use crate::scene::{self, Scene, cancel, comment, order, refund, review, shop};
use chatsparks_core::Instant;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const LINKED: &str = "2026-03-02T10:00:00Z";

/// A contact `u1` to whom a link went out: to SKU `s30` (`card`), or to the shop's page (`page`).
fn linked(text: &str) -> Scene {
    let mut scene = Scene::new(&shop());
    assert_eq!(scene.outcome(LINKED, comment("c1", "u1", text))["comment"]["result"], "fired");
    scene
}

fn result(outcome: &Value) -> (&str, Option<&str>) {
    (outcome["order"]["result"].as_str().unwrap(), outcome["order"]["reason"].as_str())
}

fn applied() -> Value {
    json!({ "applied": {} })
}

fn refused(reason: &str) -> Value {
    json!({ "refused": { "reason": reason } })
}

#[test]
fn a2_exactly_fourteen_days_still_count() {
    for (placed_at, wanted) in [
        ("2026-03-02T09:59:59.999Z", ("organic", Some("no_recent_link"))),
        ("2026-03-02T10:00:00Z", ("attributed", None)),
        ("2026-03-16T09:59:59.999Z", ("attributed", None)),
        ("2026-03-16T10:00:00Z", ("attributed", None)),
        ("2026-03-16T10:00:00.001Z", ("organic", Some("no_recent_link"))),
    ] {
        let mut scene = linked("card");
        let mut placed = order("o1", "u1", "s30", 100);
        placed["placed_at"] = placed_at.into();
        let outcome = scene.outcome("2026-03-20T00:00:00Z", placed);
        assert_eq!(result(&outcome), wanted, "{placed_at}");
    }
}

#[test]
fn a3_ties_go_to_the_later_conversation_then_to_the_later_link() {
    let link = |id: &str, member: &str| {
        json!({ "type": "member_message", "message_id": id, "user_id": "u1", "member": member, "text": "Here",
                "link": { "product": "p", "sku": "s30" } })
    };
    let mut scene = Scene::new(&shop());
    scene.push(LINKED, link("m1", "bee@glow.example"));
    scene.push(LINKED, link("m2", "ann@glow.example"));
    let credit = scene.outcome(LINKED, order("o1", "u1", "s30", 1))["order"]["credit"].clone();
    assert_eq!((&credit["conversation"], &credit["member"]), (&json!(1), &json!("ann@glow.example")));
    scene.push(LINKED, json!({ "type": "close", "user_id": "u1", "member": "ann@glow.example" }));
    scene.push(LINKED, link("m3", "bee@glow.example"));
    let credit = scene.outcome(LINKED, order("o2", "u1", "s30", 1))["order"]["credit"].clone();
    assert_eq!((&credit["conversation"], &credit["member"]), (&json!(2), &json!("bee@glow.example")));
    // A4: a member's link has the member, and no comment to count from.
    assert!(credit.get("trigger").is_none() && credit.get("seconds_from_comment").is_none());
}

#[test]
fn a3_a_link_to_what_was_ordered_comes_before_a_later_one_to_something_else() {
    let mut scene = linked("card");
    scene.push("2026-03-03T10:00:00Z", comment("c2", "u1", "page"));
    let outcome = scene.outcome("2026-03-03T11:00:00Z", order("o1", "u1", "s30", 1));
    assert_eq!((result(&outcome).0, &outcome["order"]["credit"]["trigger"]), ("attributed", &json!("card")));
    let outcome = scene.outcome("2026-03-03T11:00:00Z", order("o2", "u1", "s50", 1));
    assert_eq!((result(&outcome).0, &outcome["order"]["credit"]["trigger"]), ("soft", &json!("page")));
    assert_eq!(outcome["order"]["overlap_minor"], 0);
}

#[test]
fn a5_the_overlap_is_the_lines_that_were_linked_as_given() {
    let mut scene = linked("card");
    let mut placed = order("o1", "u1", "s30", 1_000);
    placed["lines"] = json!([
        { "sku_id": "s30", "quantity": 3, "amount_minor": 300 },
        { "sku_id": "s50", "amount_minor": 600 },
        { "sku_id": "s30", "amount_minor": 50 } ]);
    let outcome = scene.outcome("2026-03-03T10:00:00Z", placed);
    assert_eq!((&outcome["order"]["total_minor"], &outcome["order"]["overlap_minor"]), (&json!(1_000), &json!(350)));
}

#[test]
fn a6_refunds_take_the_overlap_along_in_proportion_rounded_down() {
    let mut scene = linked("card");
    let mut placed = order("o1", "u1", "s30", 59_000);
    placed["lines"] = json!([{ "sku_id": "s30", "amount_minor": 39_000 }, { "sku_id": "s50", "amount_minor": 20_000 }]);
    scene.push("2026-03-03T10:00:00Z", placed);
    let at = "2026-03-04T10:00:00Z";
    for (id, amount, outcome, books) in [
        ("r1", 0, applied(), (59_000, 39_000)),
        // 39,000 × 50,000 ÷ 59,000 = 33,050.8
        ("r2", 9_000, applied(), (50_000, 33_050)),
        ("r2", 9_000, json!({ "duplicate": {} }), (50_000, 33_050)),
        // From the original amounts, not from what was rounded before: 39,000 × 49,999 ÷ 59,000 = 33,050.2
        ("r3", 1, applied(), (49_999, 33_050)),
        ("r4", 49_998, applied(), (1, 0)),
        ("r5", 2, applied(), (0, 0)),
        ("r6", i64::MAX, applied(), (0, 0)),
    ] {
        assert_eq!(scene.outcome(at, refund(id, "o1", amount)), outcome, "{id}");
        assert_eq!(scene.books("o1"), books, "{id}");
    }
}

#[test]
fn a6_a_cancellation_takes_everything_back_whatever_was_refunded() {
    let at = "2026-03-03T10:00:00Z";
    for steps in [
        vec![cancel("o1"), refund("r1", "o1", 40)],
        vec![refund("r1", "o1", 40), cancel("o1")],
        vec![refund("r1", "o1", 400), cancel("o1"), refund("r2", "o1", 1)],
    ] {
        let mut scene = linked("card");
        scene.push(at, order("o1", "u1", "s30", 100));
        for step in steps {
            assert_eq!(scene.outcome(at, step), applied());
        }
        assert_eq!(scene.outcome(at, cancel("o1")), json!({ "duplicate": {} }));
        assert_eq!(scene.books("o1"), (0, 0));
        assert_eq!(scene.insights.revenue["THB"].attributed_minor, 0);
    }
}

#[test]
fn a6_a_soft_order_is_reviewed_once_also_when_cancelled() {
    let at = "2026-03-03T10:00:00Z";
    for (verdict, result) in [("confirm", "attributed"), ("reject", "organic")] {
        let mut scene = linked("page");
        scene.push(at, order("o1", "u1", "s30", 100));
        scene.push(at, refund("r1", "o1", 30));
        assert_eq!(scene.outcome(at, review("o1", verdict)), applied());
        assert_eq!(scene.outcome(at, review("o1", verdict)), refused("already_reviewed"));
        let state = serde_json::to_value(scene.replay.state()).unwrap();
        assert_eq!(state["orders"][0]["result"], result);
        assert_eq!(scene.books("o1"), (70, 0));
        let revenue = scene.insights.revenue["THB"];
        let moved = if verdict == "confirm" { (70, 0, 0) } else { (0, 0, 70) };
        assert_eq!((revenue.attributed_minor, revenue.soft_minor, revenue.organic_minor), moved);
    }
    let mut scene = linked("page");
    scene.push(at, order("o1", "u1", "s30", 100));
    scene.push(at, cancel("o1"));
    assert_eq!(scene.outcome(at, review("o1", "confirm")), applied());
    assert_eq!(scene.books("o1"), (0, 0));
    let mut scene = linked("card");
    scene.push(at, order("o1", "u1", "s30", 100));
    assert_eq!(scene.outcome(at, review("o1", "confirm")), refused("not_soft"));
    assert_eq!(scene.outcome(at, review("o9", "confirm")), refused("unknown_order"));
}

#[test]
fn a7_what_comes_before_its_order_is_refused_and_may_come_again() {
    let mut scene = linked("card");
    let at = "2026-03-09T10:00:00Z";
    assert_eq!(scene.outcome(at, refund("r1", "o1", 30)), refused("unknown_order"));
    assert_eq!(scene.outcome(at, cancel("o1")), refused("unknown_order"));
    // Seven days late, after another link: judged by when it was placed.
    scene.push(at, comment("c2", "u1", "page"));
    let mut late = order("o1", "u1", "s30", 100);
    late["placed_at"] = "2026-03-02T10:00:01.999Z".into();
    let outcome = scene.outcome(at, late.clone());
    let credit = &outcome["order"]["credit"];
    assert_eq!((&credit["trigger"], &credit["seconds_from_comment"]), (&json!("card"), &json!(1)));
    assert_eq!(scene.outcome(at, late), json!({ "duplicate": {} }));
    assert_eq!(scene.outcome(at, refund("r1", "o1", 30)), applied());
    assert_eq!(scene.books("o1"), (70, 70));
}

#[test]
fn a5_a6_amounts_at_the_edges() {
    let at = "2026-03-03T10:00:00Z";
    let mut scene = linked("card");
    scene.push(at, order("nothing", "u1", "s30", 0));
    assert_eq!(scene.books("nothing"), (0, 0));
    assert_eq!(scene.outcome(at, refund("r1", "nothing", 5)), applied());
    assert_eq!(scene.books("nothing"), (0, 0));
    let mut most = order("most", "u1", "s30", i64::MAX);
    let line = most["lines"][0].clone();
    most["lines"] = json!([line, line, line]);
    let outcome = scene.outcome(at, most);
    assert_eq!(outcome["order"]["overlap_minor"], i64::MAX);
    scene.push(at, order("more", "u1", "s50", i64::MAX));
    let revenue = scene.insights.revenue["THB"];
    assert_eq!(revenue.attributed_minor + revenue.soft_minor, 2 * i128::from(i64::MAX));
    scene.push(at, refund("r2", "most", i64::MAX));
    scene.push(at, refund("r3", "most", i64::MAX));
    assert_eq!(scene.books("most"), (0, 0));
    let mut empty = order("empty", "u1", "s30", 7);
    empty["lines"] = json!([]);
    let outcome = scene.outcome(at, empty);
    assert_eq!((result(&outcome).0, &outcome["order"]["overlap_minor"]), ("soft", &json!(0)));
}

/// Through the reader and the engine: whatever comes, each currency's books are the shop's total in it.
#[test]
fn a6_odd_orders_are_answered_or_refused_and_the_books_balance() {
    let at = "2026-03-03T10:00:00Z";
    let with = |mut event: Value, field: &str, value: Value| {
        event[field] = value;
        event
    };
    let many = |count: usize| vec![json!({ "sku_id": "s30", "amount_minor": 1 }); count];
    let mut scene = linked("card");
    let mut totals: BTreeMap<&str, i128> = BTreeMap::new();
    for (event, wanted, currency, change) in [
        (review("o1", "confirm"), Err("unknown_order"), "THB", 0),
        (refund("r1", "o1", 30), Err("unknown_order"), "THB", 0),
        (cancel("o1"), Err("unknown_order"), "THB", 0),
        (order("o1", "u1", "s30", 100), Ok(Some("attributed")), "THB", 100),
        (review("o1", "confirm"), Err("not_soft"), "THB", 0),
        (refund("r1", "o1", 30), Ok(None), "THB", -30),
        // A currency nobody knows, and one that differs by case: books of their own.
        (with(order("o2", "u1", "s30", 7), "currency", "XYZ".into()), Ok(Some("attributed")), "XYZ", 7),
        (with(order("o3", "u1", "s30", 9), "currency", "thb".into()), Ok(Some("attributed")), "thb", 9),
        (refund("r2", "o2", 8), Ok(None), "XYZ", -7),
        (with(order("o4", "u1", "s30", 5), "lines", json!([])), Ok(Some("soft")), "THB", 5),
        (with(order("o5", "nobody", "s30", 3), "lines", json!([])), Ok(Some("organic")), "THB", 3),
        (with(order("o6", "u1", "s30", 4), "lines", json!(many(10_000))), Ok(Some("attributed")), "THB", 4),
        (review("o4", "reject"), Ok(None), "THB", 0),
        (review("o4", "confirm"), Err("already_reviewed"), "THB", 0),
        (cancel("o3"), Ok(None), "thb", -9),
    ] {
        let told = event.to_string();
        let outcome = scene.outcome(at, event);
        match wanted {
            Err(reason) => assert_eq!(outcome, refused(reason), "{told}"),
            Ok(None) => assert_eq!(outcome, applied(), "{told}"),
            Ok(Some(wanted)) => assert_eq!(result(&outcome).0, wanted, "{told}"),
        }
        *totals.entry(currency).or_default() += change;
        for (currency, total) in &totals {
            let books = scene.insights.revenue.get(*currency).copied().unwrap_or_default();
            let all = books.attributed_minor + books.soft_minor + books.organic_minor;
            assert_eq!(all, *total, "{currency} after {told}");
        }
    }
}

/// Something that happens to one of three orders.
#[derive(Clone, Debug)]
enum Step {
    Order { order: u8, buyer: u8, sku: bool, currency: bool, total: i64 },
    Refund { refund: u8, order: u8, amount: i64 },
    Cancel(u8),
    Review { order: u8, confirm: bool },
    Comment { user: u8, card: bool },
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0..100_000i64, 1 => Just(0), 1 => Just(i64::MAX), 1 => Just(i64::MAX - 1)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..4u8, 0..3u8, any::<bool>(), any::<bool>(), amount())
            .prop_map(|(order, buyer, sku, currency, total)| Step::Order { order, buyer, sku, currency, total }),
        3 => (0..6u8, 0..4u8, amount()).prop_map(|(refund, order, amount)| Step::Refund { refund, order, amount }),
        1 => (0..4u8).prop_map(Step::Cancel),
        1 => (0..4u8, any::<bool>()).prop_map(|(order, confirm)| Step::Review { order, confirm }),
        2 => (0..3u8, any::<bool>()).prop_map(|(user, card)| Step::Comment { user, card }),
    ]
}

fn event(step: &Step, place: usize) -> Value {
    match step {
        Step::Order { order: id, buyer, sku, currency, total } => {
            let sku = if *sku { "s30" } else { "s50" };
            let mut event = order(&format!("o{id}"), &format!("u{buyer}"), sku, *total);
            event["currency"] = if *currency { "THB" } else { "VND" }.into();
            event
        }
        Step::Refund { refund: id, order, amount } => refund(&format!("r{id}"), &format!("o{order}"), *amount),
        Step::Cancel(order) => cancel(&format!("o{order}")),
        Step::Review { order, confirm } => review(&format!("o{order}"), if *confirm { "confirm" } else { "reject" }),
        Step::Comment { user, card } => {
            comment(&format!("c{place}"), &format!("u{user}"), if *card { "card" } else { "page" })
        }
    }
}

/// What the shop took in, counted without the engine: totals, less refunds, less cancelled orders.
#[derive(Default)]
struct Till {
    orders: BTreeMap<u8, (bool, i64, i128, bool)>,
    refunds: BTreeMap<u8, ()>,
}

impl Till {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Order { order, currency, total, .. } => {
                self.orders.entry(*order).or_insert((*currency, *total, 0, false));
            }
            Step::Refund { refund, order, amount } => {
                if let Some(known) = self.orders.get_mut(order)
                    && self.refunds.insert(*refund, ()).is_none()
                {
                    known.2 += i128::from(*amount);
                }
            }
            Step::Cancel(order) => {
                if let Some(known) = self.orders.get_mut(order) {
                    known.3 = true;
                }
            }
            Step::Review { .. } | Step::Comment { .. } => {}
        }
    }

    fn total(&self, wanted: bool) -> i128 {
        let net = |(_, total, refunded, cancelled): &(bool, i64, i128, bool)| {
            if *cancelled { 0 } else { (i128::from(*total) - refunded).max(0) }
        };
        self.orders.values().filter(|order| order.0 == wanted).map(net).sum()
    }
}

proptest! {
    #![proptest_config(scene::cases(128))]

    #[test]
    fn a6_the_three_add_up_to_the_shops_total_after_every_event(steps in prop::collection::vec(step(), 1..40)) {
        let mut scene = Scene::new(&shop());
        let mut till = Till::default();
        let start: Instant = LINKED.parse().unwrap();
        for (place, step) in steps.iter().enumerate() {
            let at = Instant::from_milliseconds(start.as_milliseconds() + place as i64 * 3_600_000);
            scene.push(&at.to_string(), event(step, place));
            till.take(step);
            for (currency, code) in [(true, "THB"), (false, "VND")] {
                let books = scene.insights.revenue.get(code).copied().unwrap_or_default();
                let all = books.attributed_minor + books.soft_minor + books.organic_minor;
                prop_assert_eq!(all, till.total(currency));
                prop_assert!(books.attributed_minor >= 0 && books.soft_minor >= 0 && books.organic_minor >= 0);
                let state = scene.replay.state();
                let nets = state.orders.iter().filter(|order| order.currency == code);
                prop_assert_eq!(nets.map(|order| i128::from(order.net_minor)).sum::<i128>(), all);
            }
            for order in &scene.replay.state().orders {
                prop_assert!(order.net_minor >= 0 && order.overlap_minor >= 0);
            }
        }
        naive_counts_agree(&scene)?;
    }

    #[test]
    fn a6_any_order_of_arrival_ends_in_the_same_books(
        soft in any::<bool>(),
        refunds in prop::collection::vec(amount(), 0..5),
        cancelled in any::<bool>(),
        verdict in prop::option::of(any::<bool>()),
        shuffle in any::<u64>(),
    ) {
        let mut later: Vec<Value> =
            refunds.iter().enumerate().map(|(place, amount)| refund(&format!("r{place}"), "o1", *amount)).collect();
        later.extend(cancelled.then(|| cancel("o1")));
        later.extend(verdict.map(|confirm| review("o1", if confirm { "confirm" } else { "reject" })));
        let books = |later: &[Value]| {
            let mut scene = linked(if soft { "page" } else { "card" });
            let at = "2026-03-03T10:00:00Z";
            scene.push(at, order("o1", "u1", "s30", 59_000));
            later.iter().for_each(|event| drop(scene.push(at, event.clone())));
            (scene.replay.state().orders, scene.insights)
        };
        let straight = books(&later);
        let mut seed = shuffle;
        for place in (1..later.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            later.swap(place, (seed >> 33) as usize % (place + 1));
        }
        prop_assert_eq!(books(&later), straight);
    }

    #[test]
    fn a6_orders_of_different_contacts_at_one_instant_can_be_swapped(one in amount(), other in amount()) {
        let books = |swapped: bool| {
            let mut scene = linked("card");
            scene.push(LINKED, comment("c2", "u2", "page"));
            let mut orders = vec![order("o1", "u1", "s30", one), order("o2", "u2", "s50", other)];
            if swapped {
                orders.reverse();
            }
            orders.into_iter().for_each(|order| drop(scene.push("2026-03-03T10:00:00Z", order)));
            (scene.replay.state().orders, scene.insights)
        };
        prop_assert_eq!(books(false), books(true));
    }
}

/// I2: what the facts were folded into equals what a reader of the records counts.
fn naive_counts_agree(scene: &Scene) -> Result<(), TestCaseError> {
    let outcomes = || scene.records.iter().map(|record| &record["outcome"]);
    let comments = outcomes().filter(|outcome| outcome.get("comment").is_some()).count() as u64;
    let seen: u64 = scene.insights.posts.values().map(|post| post.comments).sum();
    prop_assert_eq!(seen, comments);
    for (trigger, group) in &scene.insights.triggers {
        let fired = outcomes().filter(|outcome| outcome["comment"]["trigger"] == trigger.as_str());
        prop_assert_eq!(group.comments, fired.count() as u64);
        let sent = outcomes().filter(|outcome| {
            outcome["comment"]["trigger"] == trigger.as_str() && outcome["comment"]["result"] == "fired"
        });
        prop_assert_eq!(group.dms_started, sent.count() as u64);
        // Each order's last word on what it counts as: its own, else its review's.
        let mut counts: BTreeMap<&str, &str> = BTreeMap::new();
        for record in &scene.records {
            let order = &record["outcome"]["order"];
            if order["credit"]["trigger"] == trigger.as_str() {
                let id = record["facts"][0]["order_credited"]["order_id"].as_str().unwrap();
                counts.insert(id, order["result"].as_str().unwrap());
            }
        }
        let state = serde_json::to_value(scene.replay.state()).unwrap();
        let count = |wanted: &str| {
            let orders = state["orders"].as_array().unwrap().iter();
            orders
                .filter(|order| counts.contains_key(order["order_id"].as_str().unwrap()) && order["result"] == wanted)
                .count() as u64
        };
        prop_assert_eq!((group.orders_attributed, group.orders_soft), (count("attributed"), count("soft")));
    }
    Ok(())
}
