//! The service's books, held against what truly happened.

use crate::town::Town;
use chatsparks_ports::Store;
use chatsparks_tiktok_sim::Ledger;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What the service has on record.
struct Books {
    /// Of each comment: how often it was decided.
    comments: BTreeMap<String, usize>,
    /// Of each message of a buyer's: the same.
    messages: BTreeMap<String, usize>,
    /// Of each order: what came of it, each time.
    orders: BTreeMap<String, Vec<Value>>,
    /// Every effect: its id, to whom, and itself.
    effects: Vec<(String, String, Value)>,
    /// Of each DM: its outcomes.
    outcomes: BTreeMap<String, Vec<Value>>,
}

async fn read<S: Store>(town: &Town<S>) -> Books {
    let mut books = Books {
        comments: BTreeMap::new(),
        messages: BTreeMap::new(),
        orders: BTreeMap::new(),
        effects: Vec::new(),
        outcomes: BTreeMap::new(),
    };
    let text = town.get("records?limit=100000").await;
    for record in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let event = record["event"].as_str().unwrap_or_default();
        let outcome = &record["outcome"];
        let anew = |kind: &str| outcome[kind].is_object() && outcome[kind]["result"] != "duplicate";
        if anew("comment")
            && let Some(id) = event.strip_prefix("tiktok:comment:")
        {
            *books.comments.entry(id.to_owned()).or_default() += 1;
        }
        if anew("message")
            && let Some(id) = event.strip_prefix("tiktok:message:")
        {
            *books.messages.entry(id.to_owned()).or_default() += 1;
        }
        if outcome["order"].is_object()
            && let Some(id) = event.strip_prefix("tiktok:order:")
        {
            books.orders.entry(id.to_owned()).or_default().push(outcome["order"].clone());
        }
        if let Some(effect) = event.strip_prefix("outcome:") {
            books.outcomes.entry(effect.to_owned()).or_default().push(record.clone());
        }
        let user = record["user_id"].as_str().unwrap_or_default();
        for effect in record["effects"].as_array().into_iter().flatten() {
            let id = effect["id"].as_str().unwrap().to_owned();
            books.effects.push((id, user.to_owned(), effect.clone()));
        }
    }
    books
}

/// Orders that came about: paid, whatever became of them.
fn placed(ledger: &Ledger) -> BTreeMap<&str, &chatsparks_tiktok_sim::ledger::Order> {
    let orders = ledger.orders.iter().filter(|order| order.status != "UNPAID");
    orders.map(|order| (order.order_id.as_str(), order)).collect()
}

/// What happened and has not come to the service's ears yet, by whatever way.
pub(crate) async fn missing<S: Store>(town: &Town<S>) -> Vec<String> {
    let (books, ledger) = (read(town).await, town.tiktok.ledger());
    let people = ledger.comments.iter().filter(|comment| !comment.by_account && comment.status == "PUBLIC");
    let state: Value = serde_json::from_str(&town.get("state").await).unwrap();
    let net = net(&state);
    let comments = people.filter(|comment| !books.comments.contains_key(&comment.comment_id));
    let comments = comments.map(|comment| format!("comment {} at {}", comment.comment_id, comment.at));
    let placed = placed(&ledger);
    let orders = placed.iter().filter(|(id, order)| net.get(**id) != Some(&owed(order)));
    let orders = orders.map(|(id, order)| format!("order {id}: {:?} and not {}", net.get(*id), owed(order)));
    comments.chain(orders).collect()
}

/// What an order is worth in the end.
fn owed(order: &chatsparks_tiktok_sim::ledger::Order) -> i64 {
    let refunded: i64 = order.refunds.iter().map(|refund| refund.amount_minor).sum();
    if order.status == "CANCELLED" { 0 } else { order.total_minor - refunded }
}

fn net(state: &Value) -> BTreeMap<String, i64> {
    let orders = state["orders"].as_array().into_iter().flatten();
    orders.map(|order| (order["order_id"].as_str().unwrap().to_owned(), order["net_minor"].as_i64().unwrap())).collect()
}

/// Holds every book against what happened.
pub(crate) async fn agree<S: Store>(town: &Town<S>) {
    let (books, ledger) = (read(town).await, town.tiktok.ledger());
    let webhooks = town.control.webhooks().await.unwrap();
    let state: Value = serde_json::from_str(&town.get("state").await).unwrap();

    // Every comment of a person is decided once: those whose webhooks came twice, late, without text, or never.
    let people: BTreeSet<&str> = ledger
        .comments
        .iter()
        .filter(|comment| !comment.by_account)
        .map(|comment| comment.comment_id.as_str())
        .collect();
    assert!(people.len() >= town.comments, "everybody commented");
    for comment in &people {
        assert_eq!(books.comments.get(*comment), Some(&1), "comment {comment}");
    }
    // Those of the account are known as its own, or were never told of.
    for (comment, count) in &books.comments {
        assert_eq!(*count, 1, "comment {comment}");
    }

    // Every message of a person that was told of is decided once.
    let told = |id: &str| webhooks.iter().any(|webhook| webhook.event == "im_receive_msg" && webhook.body.contains(id));
    for message in ledger.messages.iter().filter(|message| !message.by_account) {
        if told(&message.message_id) {
            assert_eq!(books.messages.get(&message.message_id), Some(&1), "message {}", message.message_id);
        }
    }

    // Every effect has one outcome: nothing waits, nothing is in doubt, nothing was given up.
    let queue: Value = serde_json::from_str(&town.get("queue").await).unwrap();
    let counts = &queue["counts"];
    for state in ["waiting", "in_doubt", "dead"] {
        assert_eq!(counts[state], 0, "{state}: {queue}");
    }
    assert_eq!(
        counts["sent"].as_u64().unwrap() + counts["failed"].as_u64().unwrap(),
        books.effects.len() as u64,
        "{counts}"
    );
    let ids: BTreeSet<_> = books.effects.iter().map(|(id, ..)| id).collect();
    assert_eq!(ids.len(), books.effects.len(), "an effect is decided once");

    // A DM that was sent is a message that somebody has; one that TikTok refused, nobody has. Where in the end nobody could
    // say, and it was not repeated (O5), it is one or none.
    let (mut sent, mut in_doubt) = (BTreeMap::<&str, usize>::new(), BTreeMap::<&str, usize>::new());
    for (id, user, effect) in &books.effects {
        if effect["send_dm"].is_null() {
            continue;
        }
        let outcomes = books.outcomes.get(id).unwrap_or_else(|| panic!("DM {id} has no outcome"));
        assert_eq!(outcomes.len(), 1, "DM {id}: {outcomes:?}");
        if !outcomes[0]["facts"].to_string().contains("\"failed\"") {
            *sent.entry(user).or_default() += 1;
            continue;
        }
        let why = town.why(id).await;
        match why.as_str() {
            "in_doubt" => *in_doubt.entry(user).or_default() += 1,
            refused => assert!(refused.contains("rules for direct messages"), "DM {id}: {refused}"),
        }
        // Whoever wrote first has a thread, in which everything can be looked for and nothing is refused.
        assert_ne!(town.mode, "buyer_first", "DM {id} failed: {why}");
    }
    let mut had: BTreeMap<&str, usize> = BTreeMap::new();
    for message in ledger.messages.iter().filter(|message| message.by_account) {
        *had.entry(&message.unique_identifier).or_default() += 1;
    }
    let of = |whom: &BTreeMap<&str, usize>, user: &str| whom.get(user).copied().unwrap_or(0);
    for user in had.keys().chain(sent.keys()).copied() {
        let (least, most) = (of(&sent, user), of(&sent, user) + of(&in_doubt, user));
        let had = of(&had, user);
        assert!(
            (least..=most).contains(&had),
            "{user} has {had} messages, of {least} sent and {most} with those in doubt"
        );
    }

    // A comment is answered in public once, and every reply that was decided is there.
    let mut replies: BTreeMap<&str, usize> = BTreeMap::new();
    for comment in ledger.comments.iter().filter(|comment| comment.by_account) {
        *replies.entry(comment.reply_to.as_deref().unwrap()).or_default() += 1;
    }
    let mut decided: BTreeMap<&str, usize> = BTreeMap::new();
    for (.., effect) in &books.effects {
        if let Some(comment) = effect["public_reply"]["comment_id"].as_str() {
            *decided.entry(comment).or_default() += 1;
        }
    }
    assert_eq!(replies, decided, "public replies");
    assert!(replies.values().all(|count| *count == 1));

    // Every order is known once, with what it is worth in the end, and is traced to the comment that led to it.
    let placed = placed(&ledger);
    let mut traced = 0;
    for (id, order) in &placed {
        let known = books.orders.get(*id).unwrap_or_else(|| panic!("order {id} is not known"));
        assert_eq!((known.len(), &known[0]["total_minor"]), (1, &order.total_minor.into()), "order {id}");
        let linked =
            ledger.sent_to(&order.person).any(|message| message.text.contains("https://") && message.at < order.at);
        if linked {
            assert_eq!(known[0]["credit"]["trigger"], "price", "order {id}: {}", known[0]);
            traced += 1;
        }
    }
    let wanted: BTreeMap<String, i64> = placed.iter().map(|(id, order)| ((*id).to_owned(), owed(order))).collect();
    assert_eq!(net(&state), wanted, "what orders are worth, net of what was cancelled and sent back");

    // It was such a day.
    let lost = webhooks.iter().filter(|it| it.state == chatsparks_tiktok_sim::control::WebhookState::Lost).count();
    let faults = town.control.calls().await.unwrap().iter().filter(|call| call.fault).count();
    assert!(lost > 0 && faults > 0 && !had.is_empty() && !replies.is_empty(), "{lost} {faults}");
    // Without buttons few of them go on.
    assert!(town.mode != "buyer_first" || traced > 0, "nobody bought");
    println!(
        "{}: {} comments, {} messages sent, {} orders, {traced} of them traced; {} webhooks of which {lost} were lost, \
         {faults} faults",
        town.mode,
        people.len(),
        had.values().sum::<usize>(),
        placed.len(),
        webhooks.len(),
    );
}
