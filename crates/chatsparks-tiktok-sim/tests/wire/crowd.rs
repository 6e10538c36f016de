//! Crowds: a day of people, and the same day again.

use crate::world::{START, client};
use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use chatsparks_tiktok_sim::{
    ClockMode, Ledger, Outside, Settings, Simulator,
    control::{Credentials, Crowd, Webhook},
    settings::Rates,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A small bot, which answers while it is told: so all it does has one order.
#[derive(Clone)]
struct Bot {
    keys: Credentials,
    client: reqwest::Client,
}

impl Bot {
    async fn post(&self, path: &str, mut body: Value) {
        body["business_id"] = self.keys.accounts[0].business_id.clone().into();
        let url = format!("{}{path}", self.keys.business_url);
        let request = self.client.post(url).header("access-token", &self.keys.accounts[0].access_token);
        let answer: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        assert!(answer["code"] == 0 || answer["code"] == 40_064, "{answer}");
    }

    async fn told(&self, event: &str, content: Value) {
        let to = |kind: &str| json!({ "recipient_type": "CONVERSATION", "recipient": content["conversation_id"], "message_type": kind });
        let own = content["unique_identifier"] == json!(self.keys.accounts[0].business_id);
        match event {
            "comment.update" if content["comment_action"] == "insert" && !own => {
                let id = content["comment_id"].to_string();
                let reply =
                    json!({ "video_id": content["video_id"].to_string(), "comment_id": id, "text": "Write to us!" });
                self.post("/business/comment/reply/create/", reply).await;
            }
            "im_receive_msg" if content["reply_source_payload"].is_null() => {
                let mut card = to("TEMPLATE");
                let button = |id: &str| json!({ "type": "REPLY", "title": id, "id": id });
                card["template"] =
                    json!({ "type": "QA_BUTTON_CARD", "title": "Which?", "buttons": [button("30ml"), button("50ml")] });
                self.post("/business/message/send/", card).await;
            }
            "im_receive_msg" => {
                let mut text = to("TEXT");
                text["text"] = json!({ "body": "Here: https://shop.example/p/1" });
                self.post("/business/message/send/", text).await;
            }
            _ => {}
        }
    }
}

async fn day(seed: u64, people: u32) -> (Ledger, Vec<Webhook>) {
    let mut settings = Settings::default();
    (settings.seed, settings.clock, settings.start) = (seed, ClockMode::Virtual, Some(START));
    (settings.outside, settings.rates) = (Outside::Simulated, Rates::NONE);
    settings.webhooks.doubled_of_1000 = 50;
    settings.webhooks.late_of_1000 = 50;
    settings.webhooks.lost_of_1000 = 20;
    let simulator = Simulator::start(settings).await.unwrap();
    let (control, keys) = (simulator.control().unwrap(), simulator.credentials());
    let bot = Bot { keys: keys.clone(), client: client() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let callback = format!("http://{}/", listener.local_addr().unwrap());
    let take = |State(bot): State<Bot>, body: Bytes| async move {
        let body: Value = serde_json::from_slice(&body).unwrap();
        let content = serde_json::from_str(body["content"].as_str().unwrap()).unwrap();
        bot.told(body["event"].as_str().unwrap(), content).await;
        StatusCode::OK
    };
    let app = Router::new().route("/", post(take)).with_state(bot.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    for event_type in ["COMMENT", "DIRECT_MESSAGE"] {
        let body = json!({ "app_id": keys.client_key, "secret": keys.client_secret, "event_type": event_type, "callback_url": callback });
        let url = format!("{}/business/webhook/update/", keys.business_url);
        assert!(bot.client.post(url).json(&body).send().await.unwrap().status().is_success());
    }
    let mut crowd = Crowd::default();
    crowd.people = people;
    control.crowd(&crowd).await.unwrap();
    control.advance_seconds(30 * 3600).await.unwrap();
    let hooks = control.webhooks().await.unwrap();
    // Where it listens is the machine's to give.
    let hooks = hooks
        .into_iter()
        .map(|mut it| {
            it.url = None;
            it
        })
        .collect();
    (simulator.ledger(), hooks)
}

#[tokio::test]
async fn a_day_has_everything_and_the_same_seed_has_the_same_day() {
    let (first, second) = (day(7, 120).await, day(7, 120).await);
    assert_eq!(first.0, second.0, "the same ledger");
    assert_eq!(first.1, second.1, "the same webhooks, at the same instants");
    let other = day(8, 120).await;
    assert_ne!(first.0, other.0);

    let ledger = first.0;
    let by_people = || ledger.comments.iter().filter(|it| !it.by_account);
    assert!(by_people().count() >= 120);
    for signs in [["ราคา", "ค่ะ"], ["kak", "harga"], ["ạ", "shop"], ["rice", "link"]] {
        assert!(by_people().any(|it| signs.iter().any(|sign| it.text.contains(sign))), "somebody writes {signs:?}");
    }
    let written: Vec<_> = ledger.messages.iter().filter(|it| !it.by_account).collect();
    assert!(written.iter().filter(|it| it.tapped.is_some()).count() > 10, "they tap");
    assert!(written.iter().filter(|it| it.tapped.is_none()).count() > 40, "they type");
    assert!(ledger.messages.iter().any(|it| it.by_account && it.read), "they read");
    assert!(ledger.orders.len() > 3, "they buy: {}", ledger.orders.len());
    let people: std::collections::BTreeSet<_> = by_people().map(|it| &it.author).collect();
    let talkers: std::collections::BTreeSet<_> = written.iter().map(|it| &it.person).collect();
    assert!(talkers.len() < people.len(), "some are silent");
    let day = by_people().map(|it| it.at);
    let (from, until) = (day.clone().min().unwrap(), day.clone().max().unwrap());
    assert!(until - from > 12 * 3_600_000, "over a day");
    let busiest =
        day.clone().map(|at| day.clone().filter(|it| (at..at + 1_800_000).contains(it)).count()).max().unwrap();
    assert!(busiest * 8 > by_people().count(), "in bursts: {busiest} in half an hour");
}
