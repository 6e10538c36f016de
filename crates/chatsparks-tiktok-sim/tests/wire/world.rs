//! A simulator in virtual time, a receiver of webhooks, and a caller.

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use chatsparks_tiktok_sim::{
    ClockMode, Control, Settings, Simulator,
    control::{AccountCredentials, Credentials, WebhookState},
    settings::Rates,
    sign,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// 2026-09-01T08:00:00Z.
pub(crate) const START: i64 = 1_788_249_600_000;

/// A webhook as it came.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Came {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn event(&self) -> String {
        let json = self.json();
        json["event"].as_str().map_or_else(|| format!("shop.{}", json["type"]), str::to_owned)
    }

    /// JSON within JSON.
    pub(crate) fn content(&self) -> Value {
        serde_json::from_str(self.json()["content"].as_str().unwrap()).unwrap()
    }
}

/// Takes webhooks, and answers with a status.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    came: Arc<Mutex<Vec<Came>>>,
    status: Arc<Mutex<u16>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let receiver = Self { url, came: Arc::default(), status: Arc::new(Mutex::new(200)) };
        let take = |State(to): State<Receiver>, headers: HeaderMap, body: Bytes| async move {
            let body = String::from_utf8(body.to_vec()).unwrap();
            to.came.lock().unwrap().push(Came { headers, body });
            StatusCode::from_u16(*to.status.lock().unwrap()).unwrap()
        };
        let app = Router::new().route("/hook", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        receiver
    }

    pub(crate) fn answers(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    pub(crate) fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// What came of this event.
    pub(crate) fn of(&self, event: &str) -> Vec<Came> {
        self.came().into_iter().filter(|it| it.event() == event).collect()
    }
}

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) control: Control,
    pub(crate) keys: Credentials,
    pub(crate) receiver: Receiver,
    pub(crate) client: reqwest::Client,
    pub(crate) token: String,
}

pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.clock = ClockMode::Virtual;
    settings.start = Some(START);
    settings.rates = Rates::NONE;
    settings
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(settings()).await
    }

    /// A world whose webhooks all come to one receiver.
    pub(crate) async fn with(settings: Settings) -> Self {
        let simulator = Simulator::start(settings).await.unwrap();
        let (control, keys) = (simulator.control().unwrap(), simulator.credentials());
        let token = keys.accounts[0].access_token.clone();
        let receiver = Receiver::start().await;
        let world = Self { simulator, control, keys, receiver, client: client(), token };
        for event_type in ["COMMENT", "DIRECT_MESSAGE"] {
            assert_eq!(world.subscribe(event_type, json!({})).await["code"], 0);
        }
        for event_type in ["ORDER_STATUS_CHANGE", "CANCELLATION_STATUS_CHANGE", "RETURN_STATUS_CHANGE"] {
            let body = json!({ "address": world.receiver.url, "event_type": event_type });
            assert_eq!(world.shop("PUT", "/event/202309/webhooks", &[], Some(body)).await["code"], 0);
        }
        world
    }

    pub(crate) async fn subscribe(&self, event_type: &str, more: Value) -> Value {
        let mut body = json!({
            "app_id": self.keys.client_key, "secret": self.keys.client_secret,
            "event_type": event_type, "callback_url": self.receiver.url,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post_open("/business/webhook/update/", body).await
    }

    pub(crate) fn account(&self) -> &AccountCredentials {
        &self.keys.accounts[0]
    }

    /// A call without a token.
    pub(crate) async fn post_open(&self, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.keys.business_url);
        self.client.post(url).json(&body).send().await.unwrap().json().await.unwrap()
    }

    /// A call of the account's.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.try_post(path, body).await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn try_post(&self, path: &str, mut body: Value) -> reqwest::Result<reqwest::Response> {
        body["business_id"] = self.account().business_id.clone().into();
        let url = format!("{}{path}", self.keys.business_url);
        self.client.post(url).header("Access-Token", &self.token).json(&body).send().await
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let mut url = url::Url::parse(&format!("{}{path}", self.keys.business_url)).unwrap();
        url.query_pairs_mut().append_pair("business_id", &self.account().business_id).extend_pairs(query);
        self.client.get(url).header("Access-Token", &self.token).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn text(&self, conversation: &str, text: &str) -> Value {
        let to = json!({ "recipient_type": "CONVERSATION", "recipient": conversation,
                         "message_type": "TEXT", "text": { "body": text } });
        self.post("/business/message/send/", to).await
    }

    /// A signed call to the shop; a cipher stands in it unless `more` has one.
    pub(crate) async fn shop(&self, verb: &str, path: &str, more: &[(&str, &str)], body: Option<Value>) -> Value {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().to_string();
        let cipher = self.account().shop_cipher.clone();
        let mut query = vec![("app_key", self.keys.app_key.as_str()), ("timestamp", &now)];
        if !path.starts_with("/authorization") {
            query.push(("shop_cipher", &cipher));
        }
        query.extend(more);
        let body = body.map(|it| it.to_string()).unwrap_or_default();
        let sign = sign::shop_request(&self.keys.app_secret, path, &query, body.as_bytes());
        self.shop_as(verb, path, &query, &sign, body).await
    }

    pub(crate) async fn shop_as(
        &self,
        verb: &str,
        path: &str,
        query: &[(&str, &str)],
        sign: &str,
        body: String,
    ) -> Value {
        let mut url = url::Url::parse(&format!("{}{path}", self.keys.shop_url)).unwrap();
        url.query_pairs_mut().extend_pairs(query).append_pair("sign", sign);
        let request = self.client.request(verb.parse().unwrap(), url);
        let request = request.header("x-tts-access-token", &self.account().shop_access_token);
        request.header("content-type", "application/json").body(body).send().await.unwrap().json().await.unwrap()
    }

    /// Tokens are over after a day, the shop's after a week: gets new ones, as anybody has to.
    pub(crate) async fn refresh(&mut self) {
        let body = json!({ "client_id": self.keys.client_key, "client_secret": self.keys.client_secret,
                           "grant_type": "refresh_token", "refresh_token": self.account().refresh_token });
        let new = self.post_open("/tt_user/oauth2/refresh_token/", body).await;
        self.token = new["data"]["access_token"].as_str().unwrap().to_owned();
        let mut url = url::Url::parse(&format!("{}/api/v2/token/refresh", self.keys.shop_url)).unwrap();
        let keys = &self.keys;
        let query = [("app_key", &keys.app_key), ("app_secret", &keys.app_secret)];
        url.query_pairs_mut().extend_pairs(query).append_pair("grant_type", "refresh_token");
        url.query_pairs_mut().append_pair("refresh_token", &self.account().shop_refresh_token);
        let new: Value = self.client.get(url).send().await.unwrap().json().await.unwrap();
        self.keys.accounts[0].shop_access_token = new["data"]["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) async fn hours(&self, hours: u64) {
        self.control.advance_seconds(hours * 3600).await.unwrap();
    }

    /// Somebody writes; the conversation that it stands in.
    pub(crate) async fn written(&self, person: &str, text: &str) -> String {
        let id = self.control.message(person, text).await.unwrap();
        let ledger = self.simulator.ledger();
        ledger.messages.iter().find(|it| it.message_id == id).unwrap().conversation_id.clone()
    }

    /// What stands of the webhooks.
    pub(crate) async fn states(&self, event: &str) -> Vec<WebhookState> {
        let all = self.control.webhooks().await.unwrap();
        all.into_iter().filter(|it| it.event == event).map(|it| it.state).collect()
    }
}
