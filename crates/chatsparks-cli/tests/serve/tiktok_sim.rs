//! Services against the simulated TikTok: what its ledger says happened is held against what was decided; in each reach
//! mode, on each store, and with several processes on one store.

use crate::{
    service::wait_for,
    tiktok_town::{Plan, Town},
};
use chatsparks_cluster::{Nats, Postgres};
use chatsparks_tiktok_sim::control::{Platform, TokenFault, TokenMishap};
use serde_json::json;

const MODES: [&str; 3] = ["open", "buyer_first", "comment_to_message"];

pub(crate) fn postgres(name: &str) -> String {
    Postgres::shared().unwrap().database(name).unwrap()
}

pub(crate) fn nats(name: &str) -> String {
    Nats::shared().unwrap().url(&name.replace('_', "-"))
}

#[test]
fn p1_the_simulated_buyer_is_answered_at_once_and_is_credited() {
    Town::new(&Plan { without_text: 1_000, ..Plan::of("open") }).buyer_buys(|_| ());
}

#[test]
fn p1_a_message_that_tiktok_does_not_admit_has_its_outcome() {
    let town = Town::new(&Plan::of("open"));
    // Nobody finds this one eager to buy: a comment alone opens nothing.
    let act = chatsparks_tiktok_sim::control::Act::Comment {
        person: "mint".to_owned(),
        account: None,
        video: 0,
        text: "price?".to_owned(),
        reply_to: None,
        high_intent: Some(false),
    };
    let comment = town.tokio.block_on(town.control.act(&act)).unwrap().id;
    wait_for("the outcome", || {
        let counts = town.service.get("/v1/workspaces/glow/queue").json()["counts"].clone();
        counts["failed"] == 1 && counts["sent"] == 1
    });
    let ledger = town.ledger();
    assert_eq!((ledger.replies_to(&comment).count(), ledger.sent_to("mint").count()), (1, 0));
    let dm = format!("tiktok:comment:{comment}/1");
    let path = format!("/v1/workspaces/glow/diagnosis?about=dm&dm={}", dm.replace('/', "%2F"));
    wait_for("the diagnosis", || {
        let told = town.service.get(&path).json();
        told["case"] == "dm_failed" && told["first_failed"] == "sent"
    });
    // The door of the buyer's own message is open as ever.
    town.tokio.block_on(town.control.message("mint", "price?")).unwrap();
    town.sent(1);
}

#[test]
fn p2_the_simulated_buyer_writes_first_and_is_credited() {
    Town::new(&Plan { without_text: 1_000, ..Plan::of("buyer_first") }).buyer_buys(Town::crash);
}

#[test]
fn p3_the_simulated_buyer_is_answered_by_a_message_and_is_credited() {
    Town::new(&Plan::of("comment_to_message")).buyer_buys(|town| {
        town.crash();
        // Whether its message was sent is known by its echo, which comes again a minute later.
        town.tokio.block_on(town.control.advance_seconds(70)).unwrap();
    });
}

#[test]
fn s1_on_postgresql_the_simulated_buyer_is_credited_in_each_reach_mode() {
    for mode in MODES {
        Town::new(&Plan { store: postgres(mode), ..Plan::of(mode) }).buyer_buys(|_| ());
    }
}

#[test]
fn s1_on_nats_the_simulated_buyer_is_credited_in_each_reach_mode() {
    for mode in MODES {
        Town::new(&Plan { store: nats(mode), ..Plan::of(mode) }).buyer_buys(|_| ());
    }
}

/// Comments come to one process, messages to another, orders to a third; one of them crashes on the way.
#[test]
fn r5_several_processes_work_for_one_account_and_nothing_is_lost_or_sent_twice() {
    for (store, mode) in [(postgres("several"), "buyer_first"), (nats("several"), "comment_to_message")] {
        let plan = Plan { store, processes: 3, without_text: 1_000, ..Plan::of(mode) };
        Town::new(&plan).buyer_buys(|town| {
            // A token that ends in the middle is renewed by one of them, for all.
            for platform in [Platform::Business, Platform::Shop] {
                let over = TokenFault { account: None, platform, what: TokenMishap::ExpireAccess };
                town.tokio.block_on(town.control.tokens(&over)).unwrap();
            }
            town.crash();
        });
    }
}

/// W3, D1: what the adapter knows of its account is what the connection is said to be.
#[test]
fn w3_a_permission_that_is_taken_back_is_said_with_what_to_do() {
    let town = Town::new(&Plan::of("buyer_first"));
    let at = "/v1/workspaces/glow";
    let connections = || town.service.get(&format!("{at}/connections")).json();
    wait_for("the tokens", || {
        let told = connections();
        told["account"]["business"]["permission"]["authorised"] == true
            && told["account"]["shop"]["permission"]["authorised"] == true
    });
    let told = connections();
    assert_eq!((&told["tiktok"]["light"], &told["shop"]["light"]), (&json!("green"), &json!("green")), "{told}");
    assert_eq!(told["webhook"]["state"], "waiting");
    // A delivery that is no event is heard all the same.
    town.tokio.block_on(town.control.comment("mint", "lovely")).unwrap();
    wait_for("a delivery", || connections()["webhook"]["state"] == "receiving");
    let diagnosis = || town.service.get(&format!("{at}/diagnosis?about=webhook")).json();
    assert_eq!(diagnosis()["case"], "webhook_receives");

    let revoked = |platform| TokenFault { account: None, platform, what: TokenMishap::Revoke };
    town.tokio.block_on(town.control.tokens(&revoked(Platform::Business))).unwrap();
    town.tokio.block_on(town.control.tokens(&revoked(Platform::Shop))).unwrap();
    // The next call finds out: a reply, and an order.
    town.tokio.block_on(town.control.comment("ploy", "price?")).unwrap();
    town.tokio.block_on(town.control.buy("ploy", 0, 0)).unwrap();
    wait_for("both are known to be over", || {
        let told = connections();
        told["tiktok"]["light"] == "red" && told["shop"]["light"] == "red"
    });
    let told = connections();
    let advice = |side: &str| (told[side]["advice"].clone(), told[side]["refused"].is_string());
    assert_eq!(advice("tiktok"), (json!("authorise_again"), true), "{told}");
    assert_eq!(advice("shop"), (json!("authorise_shop_again"), true), "{told}");
    assert!(told["tiktok"]["to_do"].as_str().is_some_and(|to_do| to_do.contains("the configuration")), "{told}");
    let told = diagnosis();
    assert_eq!(
        (&told["first_failed"], &told["advice"]),
        (&json!("connection_live"), &json!("authorise_again")),
        "{told}"
    );
    let live = &told["checks"][0];
    assert_eq!(live["answer"], "fail");
    let looked_at = live["looked_at"].to_string();
    assert!(looked_at.contains("refused") && looked_at.contains("authorise the account again"), "{live}");
    let health = town.service.get("/healthz");
    assert_eq!(health.status, 200, "a channel that is stopped stops its own queue only");
    let side = &health.json()["tiktok"][0]["business"];
    assert!(side["to_do"].as_str().unwrap().contains("authorise the account again"), "{side}");
    let metrics = town.service.get("/metrics");
    assert!(metrics.text().contains("chatsparks_tiktok_authorised{workspace=\"glow\",platform=\"business\"} 0"));
    wait_for("the channel", || connections()["channel"]["state"] == "stopped");
    // Nobody's token is in any of it.
    for path in ["connections", "diagnosis?about=webhook", "support"] {
        let said = town.service.get(&format!("{at}/{path}")).text().to_owned();
        for secret in [&town.keys.client_secret, &town.keys.accounts[0].refresh_token, &town.keys.app_secret] {
            assert!(!said.contains(secret.as_str()), "{path}");
        }
    }
}

/// R12: forgetting reaches what waits beside the state.
#[test]
fn r12_a_comment_that_waits_for_its_word_is_forgotten_too() {
    let town = Town::new(&Plan::of("comment_to_message"));
    let act = chatsparks_tiktok_sim::control::Act::Comment {
        person: "mint".to_owned(),
        account: None,
        video: 0,
        text: "price? my number is 0812345678".to_owned(),
        reply_to: None,
        high_intent: Some(false),
    };
    let comment = town.tokio.block_on(town.control.act(&act)).unwrap().id;
    wait_for("it waits", || town.service.get("/healthz").json()["tiktok"][0]["waiting"] == 1);
    let ledger = town.ledger();
    let user = &ledger.comments.iter().find(|one| one.comment_id == comment).unwrap().unique_identifier;
    let by_event = json!({ "id": "erase-1", "type": "erase", "user_id": user }).to_string();
    assert_eq!(town.service.post(by_event).status, 200);
    assert_eq!(town.service.get("/healthz").json()["tiktok"][0]["waiting"], 0);
    wait_for("it is decided", || town.outcomes("comment").len() == 1);
    let kept = || {
        let files = std::fs::read_dir(town.service.directory.path()).unwrap();
        let texts = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect::<String>()
    };
    wait_for("what was written is nowhere in the store", || !kept().contains("0812345678"));
    assert!(kept().contains(&comment), "its id stays, so that it is known when it comes again");
}
