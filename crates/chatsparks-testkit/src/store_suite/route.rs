//! Where events go among partitions.

use super::make::{ALL, at, brought, comment, commit, due, input, put, row, shard};
use chatsparks_core::{Configured, DmStage, Event, Order, Receipt, Refund, UserId, home_partition};
use chatsparks_ports::{Input, Stamp, Store};

fn order(id: &str, user: &str) -> Event {
    Event::Order(Order {
        order_id: id.into(),
        user_id: user.into(),
        placed_at: None,
        currency: "THB".into(),
        total_minor: 1,
        lines: Vec::new(),
    })
}

fn refund(id: &str, order: &str) -> Event {
    Event::Refund(Refund { refund_id: id.into(), order_id: order.into(), amount_minor: 1 })
}

fn identity(user: &str, shop: &str) -> Event {
    Event::Identity { user_id: user.into(), shop_user_id: shop.into() }
}

fn receipt(dm_id: &str) -> Event {
    Event::Receipt(Receipt { dm_id: dm_id.into(), status: DmStage::Read, detail: None })
}

fn home(key: &str) -> u32 {
    home_partition(&"glow".into(), key, 4)
}

/// A key like this whose home is another partition than these.
fn elsewhere(like: &str, than: &[u32]) -> String {
    (0..1_000).map(|n| format!("{like}{n}")).find(|key| !than.contains(&home(key))).unwrap()
}

async fn ids<S: Store>(store: &S, partition: u32) -> Vec<String> {
    let read = store.read(&shard(partition), 0, ALL).await.unwrap();
    read.into_iter().map(|logged| logged.envelope.id.to_string()).collect()
}

async fn route<S: Store>(store: &S, events: Vec<(&str, Event)>) -> (usize, usize) {
    let inputs = events.into_iter().map(|(id, event)| brought(id, at(1), event)).collect();
    let routed = store.route(&"glow".into(), &UserId::from("acct"), inputs).await.unwrap();
    (routed.appended, routed.waiting)
}

/// Nothing is decided: an order, what is said of it, and links of shops' ids find their way all the same.
pub async fn r4_what_refers_to_something_is_logged_behind_it<S: Store>(store: &S) {
    let shop = elsewhere("shop", &[home("u1")]);
    let other = elsewhere("u", &[home("u1"), home(&shop)]);
    let routed = route(
        store,
        vec![
            ("own", order("o1", "u1")),
            ("nobodys", order("o2", "nobody")),
            ("link", identity("u1", &shop)),
            ("linked", order("o3", &shop)),
            ("refund", refund("r1", "o3")),
            ("move", identity(&other, &shop)),
            ("link", identity("u1", &shop)),
            ("moved", order("o4", &shop)),
            ("account", identity("acct", &shop)),
            ("again", order("o3", "u1")),
            // A refund's id counts where it came first.
            ("refund again", refund("r1", "o4")),
            ("unknown", refund("r2", "o9")),
        ],
    )
    .await;
    assert_eq!(routed, (12, 0));
    let of = |wanted: u32, placed: &[(&str, u32)]| -> Vec<String> {
        placed.iter().filter(|(_, place)| *place == wanted).map(|(id, _)| (*id).to_owned()).collect()
    };
    let (u1, nobody, moved) = (home("u1"), home("nobody"), home(&other));
    let placed = [
        ("own", u1),
        ("nobodys", nobody),
        ("link", u1),
        ("linked", u1),
        ("refund", u1),
        ("move", moved),
        ("link", u1),
        ("moved", moved),
        ("account", home("acct")),
        ("again", u1),
        ("refund again", u1),
        ("unknown", home("o9")),
    ];
    for partition in 0..4 {
        assert_eq!(ids(store, partition).await, of(partition, &placed), "partition {partition}");
    }
}

/// A DM that is not decided, and a shop's id that may be a contact's own, wait for the logs as they were; what names the
/// same waits behind; each goes on once.
pub async fn r4_what_cannot_be_placed_waits_for_what_was_logged_before<S: Store>(store: &S) {
    let both = elsewhere("both", &[home("u1")]);
    let (commenter, place) = (home("u1"), home(&both));
    assert_eq!(route(store, vec![("none", receipt("nothing is logged/0"))]).await, (1, 0));
    put(store, &shard(home("nothing is logged/0")), commit(1)).await.unwrap();
    let before = [ids(store, commenter).await.len(), ids(store, place).await.len()];
    let routed = route(
        store,
        vec![
            ("link", identity("u1", &both)),
            ("e1", comment("c1", "u1", "hi")),
            ("e2", comment("c2", &both, "hi")),
            ("read", receipt("e1/0")),
            ("order", order("o1", &both)),
            ("refund", refund("r1", "o1")),
            ("timer", receipt("timer:flow_wait:u1:2026-03-02T10:00:00Z/0")),
        ],
    )
    .await;
    assert_eq!(routed, (4, 3));
    let forward = async || store.forward(&"glow".into(), &UserId::from("acct")).await.unwrap();
    assert_eq!((forward().await.appended, forward().await.waiting), (0, 3));
    // Where the shop's id lives it is decided: it is a contact's own. The DM waits for the other partition still.
    let mut decided = commit(before[1] as u64 + 1);
    decided.rows = vec![due(&both, at(9))];
    put(store, &shard(place), decided).await.unwrap();
    assert_eq!((forward().await.appended, forward().await.waiting), (2, 1));
    assert_eq!(ids(store, place).await[before[1]..], ["e2", "order", "refund"]);
    let mut decided = commit(before[0] as u64 + 3);
    decided.rows = vec![row(r#""dm":{"id":"e1/0","user_id":"u1","stage":"sent"}"#)];
    put(store, &shard(commenter), decided).await.unwrap();
    assert_eq!((forward().await.appended, forward().await.waiting), (1, 0));
    assert_eq!(ids(store, commenter).await[before[0]..], ["link", "e1", "timer", "read"]);
    // What is known by now waits no more.
    assert_eq!(route(store, vec![("again", receipt("e1/0"))]).await, (1, 0));
    assert_eq!(ids(store, commenter).await.last().unwrap(), "again");
}

/// An order waits; what it waits for is decided; before it goes on, another by the same shop's id comes. It waits behind, and
/// goes where the first would have gone, though the id is linked to somebody else by then.
pub async fn r4_orders_of_one_buyer_stay_in_order<S: Store>(store: &S) {
    let shop = elsewhere("shop", &[home("u1")]);
    let (linked, place) = (home("u1"), home(&shop));
    let ready = elsewhere("ready", &[linked, place]);
    let routed = route(
        store,
        vec![
            // Nobody knows the id yet, so that its order lives with it.
            ("unknown", order("o1", &shop)),
            ("link", identity("u1", &shop)),
            ("first", order("o2", &shop)),
            ("of another", order("o3", "u1")),
            ("unknown too", order("o10", &ready)),
            ("link too", identity("u1", &ready)),
            ("ready", order("o11", &ready)),
        ],
    )
    .await;
    assert_eq!(routed, (5, 2));
    let forward = async || store.forward(&"glow".into(), &UserId::from("acct")).await.unwrap();
    // What waits for nothing itself stays behind what does; and whoever's order waits, linked or not, others of theirs do.
    let stranger = elsewhere("stranger", &[linked, place]);
    let behind = vec![
        ("second", order("o4", &shop)),
        ("first again", order("o2", &stranger)),
        ("strangers", order("o8", &stranger)),
    ];
    assert_eq!(route(store, behind).await, (0, 5));
    let end = store.end(&shard(home(&ready))).await.unwrap().0;
    put(store, &shard(home(&ready)), commit(end)).await.unwrap();
    assert_eq!((forward().await.appended, forward().await.waiting), (1, 4));
    let end = store.end(&shard(place)).await.unwrap().0;
    put(store, &shard(place), commit(end)).await.unwrap();
    let routed =
        route(store, vec![("third", order("o5", &shop)), ("refund", refund("r1", "o5")), ("free", order("o6", "u1"))])
            .await;
    assert_eq!(routed, (1, 6));
    let other = elsewhere("u", &[linked, place]);
    assert_eq!(route(store, vec![("move", identity(&other, &shop))]).await, (1, 6));
    assert_eq!((forward().await.appended, forward().await.waiting), (6, 0));
    let told = ids(store, linked).await;
    let expected =
        ["link", "of another", "link too", "ready", "free", "first", "second", "first again", "third", "refund"];
    assert_eq!(told, expected);
    assert!(ids(store, home(&stranger)).await.contains(&"strangers".to_owned()));
    assert_eq!(route(store, vec![("last", order("o7", &shop))]).await, (1, 0));
    assert_eq!(ids(store, home(&other)).await.last().unwrap(), "last");
}

/// A document and a `clock` come to every partition, with the greatest `at` that any needs. One that brings its own, which
/// some have passed, finds all of them at the same latest instant.
pub async fn r8_what_concerns_everybody_has_one_instant<S: Store>(store: &S) {
    let document =
        r#"{ "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" }, "triggers": [], "flows": [] }"#;
    let document: chatsparks_core::workspace::Workspace = serde_json::from_str(document).unwrap();
    let configure = Event::Configure(Box::new(Configured::from(document)));
    store.append(vec![(shard(2), brought("e", at(50), comment("c", "u", "hi")))]).await.unwrap();
    let inputs: Vec<Input> = vec![
        input("received", Stamp::Received(at(10)), configure.clone()),
        input("latest", Stamp::Latest, configure.clone()),
        input("clock", Stamp::Received(at(60)), Event::Clock),
    ];
    store.append(vec![(shard(1), brought("ahead", at(40), comment("c", "u", "hi")))]).await.unwrap();
    store.route(&"glow".into(), &UserId::from("acct"), inputs).await.unwrap();
    store.append(vec![(shard(3), brought("ahead", at(90), comment("c", "u", "hi")))]).await.unwrap();
    let late = vec![input("late", Stamp::Brought(at(70)), configure)];
    store.route(&"glow".into(), &UserId::from("acct"), late).await.unwrap();
    for partition in 0..4 {
        let read = store.read(&shard(partition), 0, ALL).await.unwrap();
        let of =
            |id: &str| read.iter().find(|logged| logged.envelope.id.as_str() == id).map(|logged| logged.envelope.at);
        assert_eq!([of("received"), of("latest"), of("clock"), of("late")], [50, 50, 60, 70].map(|n| Some(at(n))));
        assert_eq!(of("clock:late"), Some(at(90)).filter(|_| partition != 3));
        assert_eq!(store.end(&shard(partition)).await.unwrap().1, Some(at(90)));
    }
}
