//! Links are kept for orders that arrive late (A2, A7).
use chatsparks_core::{
    Engine, Envelope, Event, Instant, MemberMessage, Order, OrderLine, Outcome, Partition, Period, Row, Scratch,
    Stored,
    workspace::{Link, Workspace},
};
use std::collections::BTreeMap;

/// A7: an order placed 14 days after the link, and arriving 7 days after that, is judged against it; a day later placed it
/// is not. Through a store, whose rows are written as bytes, with other links between that would push it out.
#[test]
fn a7_links_are_kept_for_an_order_that_arrives_seven_days_late() {
    for (placed, wanted) in [(14 * 24 * 3_600_000, "attributed"), (14 * 24 * 3_600_000 + 1, "organic")] {
        let document = serde_json::json!({
            "workspace": { "id": "w", "name": "W", "account_user_id": "acct" },
            "products": [ { "id": "p", "name": "Serum", "skus": [ { "id": "s", "name": "30ml" } ] } ],
            "triggers": [], "flows": [] });
        let workspace: Workspace = serde_json::from_value(document).unwrap();
        let engine = Engine::compile(workspace).unwrap();
        let began: Instant = "2026-03-02T10:00:00Z".parse().unwrap();
        let mut rows: BTreeMap<_, Vec<u8>> = BTreeMap::new();
        let mut partition = Partition::open(engine.clone(), engine.first_head()).unwrap();
        let mut told = None;
        let link = |n: i64, user: &str| Envelope {
            id: format!("l{n}").into(),
            at: began.after(Period::days(n)),
            event: Event::MemberMessage(MemberMessage {
                message_id: format!("m{n}").into(),
                user_id: user.into(),
                member: "owner@w.example".into(),
                text: "here".into(),
                link: Some(Link { product: Some("p".into()), sku: Some("s".into()) }),
            }),
        };
        let order = Envelope {
            id: "o".into(),
            at: began.after(Period::days(21)),
            event: Event::Order(Order {
                order_id: "o".into(),
                user_id: "u".into(),
                placed_at: Some(began.after(Period::milliseconds(placed))),
                currency: "THB".into(),
                total_minor: 590,
                lines: vec![OrderLine { sku_id: "s".into(), product_id: None, quantity: 1, amount_minor: 590 }],
            }),
        };
        let others = (1..20).map(|n| link(n, "other"));
        for envelope in std::iter::once(link(0, "u")).chain(others).chain([order]) {
            let read: Vec<Row> = rows
                .values()
                .map(|bytes| serde_json::from_slice::<Stored<'static, Row>>(bytes).unwrap().into_inner())
                .collect();
            partition.push_from(
                &envelope,
                &mut Scratch::default(),
                |wants| wants.answer(|key| read.iter().find(|row| row.key() == *key), read.iter()),
                |record| {
                    if let Outcome::Order(outcome) = &record.decision.outcome {
                        told = Some(serde_json::to_value(outcome).unwrap());
                    }
                },
            );
            for row in partition.writes() {
                rows.insert(row.key(), serde_json::to_vec(&Stored::from(&row)).unwrap());
            }
            partition.committed();
            partition.keep_at_hand(0);
        }
        let told = told.unwrap();
        assert_eq!(told["result"], wanted, "{told}");
        if wanted == "attributed" {
            assert_eq!(told["credit"]["member"], "owner@w.example", "a member's link keeps who sent it");
        }
    }
}
