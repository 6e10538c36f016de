//! A service that is killed at every moment that matters while people comment, write and buy: while the platform holds an
//! answer to what it has done, or has not done yet, and while deliveries come in. In the end its books are held against
//! what the simulated TikTok knows happened: nothing missed, nothing twice, and nothing left in doubt.

use crate::{
    service::wait_for,
    tiktok_sim::{nats, postgres},
    tiktok_town::{Plan, Town},
};
use chatsparks_tiktok_sim::control::{Fault, Mishap};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SEND: &str = "/business/message/send/";
const REPLY: &str = "/business/comment/reply/create/";

/// When it is killed.
#[derive(Clone, Copy)]
enum Moment {
    /// The platform has done this call, and its answer never comes.
    Done(&'static str),
    /// The platform has taken this call, and never does it.
    Undone(&'static str),
    /// What somebody has just done is on its way.
    OnItsWay,
}

const MOMENTS: [Moment; 5] =
    [Moment::Done(REPLY), Moment::Done(SEND), Moment::OnItsWay, Moment::Undone(REPLY), Moment::Undone(SEND)];

#[test]
fn o5_killed_again_and_again_nothing_is_missed_and_nothing_sent_twice_where_buyers_write_first() {
    lives(&Plan::of("buyer_first"));
}

#[test]
fn o5_killed_again_and_again_nothing_is_missed_and_nothing_sent_twice_where_comments_are_answered() {
    lives(&Plan { without_text: 300, ..Plan::of("comment_to_message") });
}

#[test]
fn o5_killed_again_and_again_on_postgresql_nothing_is_missed_and_nothing_sent_twice() {
    lives(&Plan { store: postgres("kills"), ..Plan::of("comment_to_message") });
}

#[test]
fn o5_killed_again_and_again_on_nats_nothing_is_missed_and_nothing_sent_twice() {
    lives(&Plan { store: nats("kills"), ..Plan::of("buyer_first") });
}

fn lives(plan: &Plan) {
    let mut town = Town::new(plan);
    let people: Vec<String> = (0..MOMENTS.len()).map(|number| format!("buyer{number}")).collect();
    // They comment; those of `buyer_first` write once they were told to.
    for (person, moment) in people.iter().zip(MOMENTS) {
        dies(&mut town, moment, |town| {
            town.comments(person);
            if town.mode == "buyer_first" && !matches!(moment, Moment::Done(REPLY) | Moment::Undone(REPLY)) {
                town.is_replied(person);
                town.writes(person, "hello");
            }
        });
    }
    town.comes_to_rest();
    for person in &people {
        if town.ledger().written_by(person).count() == 0 && town.mode == "buyer_first" {
            town.writes(person, "hello");
        }
    }
    town.comes_to_rest();
    for person in &people {
        assert_eq!(town.ledger().sent_to(person).count(), 1, "{person} is asked which size");
    }
    // They answer.
    for (person, moment) in people.iter().zip([MOMENTS[1], MOMENTS[2], MOMENTS[4], MOMENTS[1], MOMENTS[2]]) {
        dies(&mut town, moment, |town| town.writes(person, "30ml"));
    }
    town.comes_to_rest();
    // They buy, and some of it is told while nobody listens.
    town.tokio.block_on(town.control.advance_seconds(2)).unwrap();
    for person in &people {
        town.buys(person);
        if person.ends_with('2') {
            town.crash();
        }
    }
    town.comes_to_rest();
    town.agrees();
}

/// It is killed at a moment of what somebody does.
fn dies(town: &mut Town, moment: Moment, does: impl Fn(&Town)) {
    let held = |endpoint| Fault::once(endpoint, Mishap::Delay { ms: 30_000 });
    match moment {
        Moment::Done(endpoint) => town.tokio.block_on(town.control.fault(&held(endpoint).after_the_work())).unwrap(),
        Moment::Undone(endpoint) => town.tokio.block_on(town.control.fault(&held(endpoint))).unwrap(),
        Moment::OnItsWay => {}
    }
    let before = town.sent_or_replied();
    does(town);
    wait_for("the call", || town.tokio.block_on(town.control.faults()).unwrap().is_empty());
    if let Moment::Done(_) = moment {
        wait_for("its work", || town.sent_or_replied() > before);
    }
    town.crash();
}

impl Town {
    /// How much the account has written.
    fn sent_or_replied(&self) -> usize {
        let ledger = self.ledger();
        let comments = ledger.comments.iter().filter(|comment| comment.by_account);
        comments.count() + ledger.messages.iter().filter(|message| message.by_account).count()
    }

    fn comments(&self, person: &str) {
        self.tokio.block_on(self.control.comment(person, "price? I want to buy it")).unwrap();
    }

    fn writes(&self, person: &str, text: &str) {
        self.tokio.block_on(self.control.message(person, text)).unwrap();
    }

    fn is_replied(&self, person: &str) {
        wait_for("the reply", || {
            let ledger = self.ledger();
            let comment = ledger.comments.iter().find(|comment| comment.author == person).unwrap();
            ledger.replies_to(&comment.comment_id).count() == 1
        });
    }

    fn buys(&self, person: &str) {
        let order_id = self.tokio.block_on(self.control.buy(person, 0, 0)).unwrap();
        let ledger = self.ledger();
        let order = ledger.orders.iter().find(|order| order.order_id == order_id).unwrap();
        let identity = json!({ "id": format!("identity:{person}"), "type": "identity",
            "user_id": order.unique_identifier, "shop_user_id": order.buyer_user_id });
        assert_eq!(self.service.post(identity.to_string()).status, 200);
    }

    /// What found nobody comes again, after a minute and each time twice as long; and everything is decided and sent.
    fn comes_to_rest(&self) {
        for seconds in [61, 121, 241] {
            self.tokio.block_on(self.control.advance_seconds(seconds)).unwrap();
        }
        wait_for("every delivery", || {
            let webhooks = self.tokio.block_on(self.control.webhooks()).unwrap();
            let waits = chatsparks_tiktok_sim::control::WebhookState::Waiting;
            webhooks.iter().all(|webhook| webhook.state != waits)
        });
        wait_for("the books", || {
            let told = self.told();
            let ledger = self.ledger();
            let people = ledger.comments.iter().filter(|comment| !comment.by_account);
            people.into_iter().all(|comment| told.comments.contains_key(&comment.comment_id))
                && ledger.orders.iter().all(|order| told.orders.contains_key(&order.order_id))
        });
        wait_for("the queue", || {
            let counts = self.service.get("/v1/workspaces/glow/queue").json()["counts"].clone();
            let health = self.service.get("/healthz").json();
            let decided = health["shards"].as_array().unwrap().iter().all(|shard| shard["lag"] == 0);
            decided && counts["waiting"] == 0 && counts["in_doubt"] == 0
        });
    }

    /// What the service has on record.
    fn told(&self) -> Told {
        let mut told = Told::default();
        let records = self.service.get("/v1/workspaces/glow/records?limit=100000");
        for record in records.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            let (event, outcome) = (record["event"].as_str().unwrap_or_default(), &record["outcome"]);
            let anew = |kind: &str| outcome[kind].is_object() && outcome[kind]["result"] != "duplicate";
            if let Some(id) = event.strip_prefix("tiktok:comment:").filter(|_| anew("comment")) {
                *told.comments.entry(id.to_owned()).or_default() += 1;
            }
            if let Some(id) = event.strip_prefix("tiktok:message:").filter(|_| anew("message")) {
                *told.messages.entry(id.to_owned()).or_default() += 1;
            }
            if let Some(id) = event.strip_prefix("tiktok:order:").filter(|_| outcome["order"].is_object()) {
                told.orders.entry(id.to_owned()).or_default().push(outcome["order"].clone());
            }
            if let Some(effect) = event.strip_prefix("outcome:") {
                told.outcomes.entry(effect.to_owned()).or_default().push(record["facts"].to_string());
            }
            let user = record["user_id"].as_str().unwrap_or_default();
            for effect in record["effects"].as_array().into_iter().flatten() {
                told.effects.push((user.to_owned(), effect.clone()));
            }
        }
        told
    }

    /// Holds the books against what happened.
    fn agrees(&self) {
        let (told, ledger) = (self.told(), self.ledger());
        let (mut replies, mut messages) = (BTreeMap::<&str, usize>::new(), BTreeMap::<&str, usize>::new());
        for (user, effect) in &told.effects {
            if let Some(comment) = effect["public_reply"]["comment_id"].as_str() {
                *replies.entry(comment).or_default() += 1;
            }
            if effect["send_dm"].is_object() {
                *messages.entry(user).or_default() += 1;
                let outcomes = &told.outcomes[effect["id"].as_str().unwrap()];
                assert!(outcomes.len() == 1 && !outcomes[0].contains("\"failed\""), "{effect}: {outcomes:?}");
            }
        }
        let (mut replied, mut had) = (BTreeMap::<&str, usize>::new(), BTreeMap::<&str, usize>::new());
        for comment in &ledger.comments {
            match &comment.reply_to {
                Some(answered) if comment.by_account => *replied.entry(answered).or_default() += 1,
                _ => assert_eq!(told.comments.get(&comment.comment_id), Some(&1), "comment {}", comment.comment_id),
            }
        }
        for message in &ledger.messages {
            match message.by_account {
                true => *had.entry(&message.unique_identifier).or_default() += 1,
                false => assert_eq!(told.messages.get(&message.message_id), Some(&1), "message {}", message.message_id),
            }
        }
        assert_eq!((replied.len(), replied), (MOMENTS.len(), replies), "each comment is answered in public, once");
        assert_eq!((had.len(), had), (MOMENTS.len(), messages), "everybody has what was decided for them, once");
        assert_eq!(ledger.orders.len(), MOMENTS.len());
        for order in &ledger.orders {
            let known = &told.orders[&order.order_id];
            assert_eq!((known.len(), &known[0]["total_minor"]), (1, &json!(order.total_minor)), "{}", order.order_id);
            assert_eq!(known[0]["credit"]["trigger"], "price", "{}: {}", order.order_id, known[0]);
        }
        let counts = self.service.get("/v1/workspaces/glow/queue").json()["counts"].clone();
        assert_eq!((&counts["dead"], &counts["failed"]), (&json!(0), &json!(0)), "{counts}");
    }
}

#[derive(Default)]
struct Told {
    /// How often each comment was decided.
    comments: BTreeMap<String, usize>,
    /// How often each message of a buyer's was.
    messages: BTreeMap<String, usize>,
    /// What came of each order, each time.
    orders: BTreeMap<String, Vec<Value>>,
    /// The facts of each DM's outcomes.
    outcomes: BTreeMap<String, Vec<String>>,
    /// To whom, and what.
    effects: Vec<(String, Value)>,
}
