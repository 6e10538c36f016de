//! What insights hold of many facts: the groups, not the facts (I2). Counted by the memory program.

use chatsparks_core::{Fact, Insights, UserId};
use serde_json::{Value, json};

/// Facts in the small run: every group of the large one is there.
pub const FEW: usize = 10_000;
/// Facts in the large run.
pub const MANY: usize = 10_000_000;

/// Records that are folded over and over: a thousand contacts, 60 posts, 50 triggers, 200 keywords, 20 flows of
/// three blocks, three currencies.
const RECORDS: usize = 3_000;

/// What the decisions of a shop bring, record by record.
pub struct Facts(Vec<(UserId, Vec<Fact>)>);

impl Facts {
    /// Records in which every kind of fact that insights look at has its turn.
    ///
    /// # Errors
    /// When the facts are no longer written as they are here.
    pub fn new() -> Result<Self, serde_json::Error> {
        let record = |place: usize| {
            let facts = facts_of(place).into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?;
            Ok((format!("{}", 6_800_000_000_000_000_000 + place / 3).into(), facts))
        };
        (0..RECORDS).map(record).collect::<Result<_, _>>().map(Self)
    }

    /// Folds records until so many facts are taken in.
    pub fn fold(&self, count: usize) -> Insights {
        let mut insights = Insights::new();
        let mut folded = 0;
        for (user_id, facts) in self.0.iter().cycle() {
            if folded >= count {
                break;
            }
            insights.add(Some(user_id), facts);
            folded += facts.len();
        }
        insights
    }
}

/// Three records a contact: one that fires and starts a flow or waits with it, one in which it goes on, one of money.
fn facts_of(place: usize) -> Vec<Value> {
    let (contact, turn) = (place / 3, place % 3);
    let (post, trigger, flow) =
        (format!("v{}", contact % 60), format!("t{}", contact % 50), format!("f{}", contact % 20));
    let keyword = format!("word {}", contact % 200);
    let waits = contact.is_multiple_of(5);
    let started = json!({ "flow_started": { "trigger": trigger, "flow": flow, "version": 1, "conversation": 1 } });
    let block =
        |name: &str| json!({ "block_entered": { "conversation": 1, "flow": flow, "version": 1, "block": name } });
    match turn {
        0 => {
            let result = if waits { "awaiting_message" } else { "fired" };
            let mut facts = vec![
                json!({ "comment_seen": { "post_id": post, "result": result } }),
                json!({ "trigger_fired": { "trigger": trigger, "post_id": post, "comment_id": "c", "keyword": keyword } }),
            ];
            if waits {
                facts.push(json!({ "held": { "trigger": trigger, "until": "2026-03-04T10:00:00Z" } }));
            } else {
                facts.extend([started, block("hello"), block("ask")]);
            }
            facts
        }
        1 => {
            let mut facts = if waits { vec![started, block("hello")] } else { Vec::new() };
            let why = if contact.is_multiple_of(3) { "human" } else { "completed" };
            facts.push(block("card"));
            facts.push(
                json!({ "flow_left": { "conversation": 1, "flow": flow, "version": 1, "block": "card", "why": why } }),
            );
            facts.push(json!({ "comment_seen": { "post_id": post, "result": "no_match" } }));
            facts
        }
        _ => {
            let currency = ["THB", "VND", "IDR"][contact % 3];
            let result = ["attributed", "soft", "organic"][contact % 3];
            let entry = |kind: &str| {
                json!({ "order_id": "o", "result": result, "revenue_minor": 100, "overlap_minor": 100,
                        "currency": currency, "cause": { "kind": kind, "trigger": trigger, "keyword": keyword,
                        "post_id": post, "flow": flow } })
            };
            vec![json!({ "order_credited": entry("order") }), json!({ "order_reversed": entry("refund") })]
        }
    }
}
