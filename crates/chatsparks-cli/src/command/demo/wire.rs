//! A few buyers over TikTok's own wire: a simulated TikTok on this machine, the service's TikTok adapter, signed webhooks,
//! tokens, and TikTok's own limits of ten calls a second. They live at the pace of life, beside the day.

use super::{board::Board, client::Client, folder::Folder, service::Service};
use crate::failure::Failure;
use chatsparks_tiktok_sim::{
    Settings, Simulator,
    control::{Control, ControlError, Credentials, Fault, Mishap},
};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Who comments there.
const BUYERS: [&str; 8] = ["mint", "ploy", "fah", "nan", "gift", "aom", "bow", "ning"];
/// How long anything may take that is not stuck.
const STUCK: Duration = Duration::from_secs(90);
/// What tokens are sealed with: they are the simulator's, and open nothing.
const SEAL: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wired {
    pub(crate) comments: usize,
    pub(crate) replies: usize,
    pub(crate) messages: usize,
    pub(crate) orders: usize,
    /// Of those, credited to the comment that led to them.
    pub(crate) credited: usize,
    /// Calls whose answer TikTok lost, having done their work.
    pub(crate) lost_answers: usize,
    /// Replies and messages that somebody had twice.
    pub(crate) twice: usize,
    /// Webhooks that were delivered.
    pub(crate) webhooks: usize,
}

impl Wired {
    /// Everybody was answered, once.
    pub(crate) fn holds(&self) -> bool {
        self.twice == 0 && self.replies == self.comments && self.credited == self.orders && self.orders > 0
    }
}

/// The simulated TikTok, and the service beside it.
pub(crate) struct Wire {
    tiktok: Simulator,
    control: Control,
    keys: Credentials,
    service: Service,
    client: Client,
}

impl Wire {
    /// Starts both.
    ///
    /// # Errors
    /// When one of them does not start.
    pub(crate) async fn begin(folder: &Folder, seed: u64, token: &str) -> Result<Self, Failure> {
        let mut settings = Settings::default();
        settings.seed = seed;
        // Comments are told of at once, and some of what is delivered comes twice.
        (settings.webhooks.comment_seconds, settings.webhooks.doubled_of_1000) = (0, 300);
        settings.webhooks.at_once = 4;
        let tiktok = Simulator::start(settings).await;
        let tiktok = tiktok.map_err(|error| Failure::new(format!("the simulated TikTok does not start: {error}")))?;
        let (control, keys) = (tiktok.control().map_err(steered)?, tiktok.credentials());
        let configuration = configure(folder, &keys)?;
        let service = Service::start(&configuration).await?;
        let client = Client::new(service.address, token)?;
        let wire = Self { tiktok, control, keys, service, client };
        for event in ["COMMENT", "DIRECT_MESSAGE"] {
            wire.subscribe(event).await?;
        }
        wire.subscribe_to_orders().await?;
        Ok(wire)
    }

    /// The app asks to be told of the shop's orders, signed as the shop wants it.
    async fn subscribe_to_orders(&self) -> Result<(), Failure> {
        const PATH: &str = "/event/202309/webhooks";
        let (account, secret) = (&self.keys.accounts[0], &self.keys.app_secret);
        let to = format!("http://{}/webhooks/tiktok-shop", self.service.address);
        let body = json!({ "address": to, "event_type": "ORDER_STATUS_CHANGE" }).to_string();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (key, cipher) = (&self.keys.app_key, &account.shop_cipher);
        let signed = format!("{secret}{PATH}app_key{key}shop_cipher{cipher}timestamp{now}{body}{secret}");
        let cannot = || Failure::new("the simulated TikTok Shop tells of no orders");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| cannot())?;
        mac.update(signed.as_bytes());
        let sign = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
        let url =
            format!("{}{PATH}?app_key={key}&shop_cipher={cipher}&timestamp={now}&sign={sign}", self.keys.shop_url);
        let answer = self.client.put(&url, ("x-tts-access-token", &account.shop_access_token), body).await;
        let answer = answer.and_then(|answer| serde_json::from_str::<Value>(&answer).ok()).unwrap_or_default();
        if answer["code"] == 0 { Ok(()) } else { Err(cannot()) }
    }

    async fn subscribe(&self, event: &str) -> Result<(), Failure> {
        let asked = json!({ "app_id": self.keys.client_key, "secret": self.keys.client_secret, "event_type": event,
            "callback_url": format!("http://{}/webhooks/tiktok", self.service.address) });
        let url = format!("{}/business/webhook/update/", self.keys.business_url);
        let answer = self.client.post(&url, asked.to_string()).await;
        let answer = answer.and_then(|answer| serde_json::from_str::<Value>(&answer).ok()).unwrap_or_default();
        if answer["code"] == 0 {
            Ok(())
        } else {
            Err(Failure::new(format!("the simulated TikTok tells of no {event}")))
        }
    }

    /// Lets the buyers do what buyers do.
    ///
    /// # Errors
    /// When what has to come about does not.
    pub(crate) async fn live_through(&mut self, board: &Mutex<Board>) -> Result<Wired, Failure> {
        let say = |what: &str| {
            what.clone_into(&mut board.lock().unwrap_or_else(PoisonError::into_inner).wire);
        };
        say("8 buyers comment over TikTok's wire (simulated, 10 calls a second)");
        let mut comments = Vec::new();
        for buyer in BUYERS {
            comments.push(self.control.comment(buyer, "ราคาเท่าไหร่คะ").await.map_err(steered)?);
        }
        self.until("the replies", |wire| {
            let ledger = wire.tiktok.ledger();
            comments.iter().all(|comment| ledger.replies_to(comment).next().is_some())
        })
        .await?;
        say("over TikTok's wire: answered in public, the buyers write");
        for buyer in BUYERS {
            self.control.message(buyer, "สนใจค่ะ").await.map_err(steered)?;
        }
        self.until("the questions", |wire| wire.everybody_has(1)).await?;
        say("over TikTok's wire: they tap, and one answer of TikTok's is lost");
        // The answer to a message that went out is lost: TikTok takes no key, so that the service has to look.
        let lost = Fault::once("/business/message/send/", Mishap::Drop).after_the_work();
        self.control.fault(&lost).await.map_err(steered)?;
        for buyer in BUYERS {
            self.control.tap(buyer, "30").await.map_err(steered)?;
        }
        self.until("the links", |wire| wire.everybody_has(2)).await?;
        say("over TikTok's wire: half of them buy");
        let orders = self.buy().await?;
        let wired = self.told(&comments, orders).await?;
        say(&format!(
            "over TikTok's wire: {} DMs, {} orders credited, nobody written to twice",
            wired.messages, wired.credited
        ));
        Ok(wired)
    }

    /// Half of them buy; the merchant knows who they are to the shop.
    async fn buy(&mut self) -> Result<usize, Failure> {
        // The shop tells of whole seconds: an order in the second of its link would stand before it.
        self.control.advance_seconds(2).await.map_err(steered)?;
        for buyer in &BUYERS[..BUYERS.len() / 2] {
            self.control.buy(buyer, 0, 0).await.map_err(steered)?;
        }
        let mut known = String::new();
        for (place, order) in self.tiktok.ledger().orders.iter().enumerate() {
            let identity = json!({ "id": format!("i{place}"), "type": "identity", "user_id": order.unique_identifier,
                "shop_user_id": order.buyer_user_id });
            known.push_str(&format!("{identity}\n"));
        }
        let taken = self.client.call(Method::POST, "/events", known).await;
        if !taken.is_some_and(|answer| answer.status.is_success()) {
            return Err(Failure::new("the service does not take who the buyers are"));
        }
        // They pay a minute later.
        self.control.advance_seconds(120).await.map_err(steered)?;
        Ok(self.tiktok.ledger().orders.len())
    }

    async fn told(&mut self, comments: &[String], orders: usize) -> Result<Wired, Failure> {
        let stuck = Instant::now() + STUCK;
        let credited = loop {
            let answer = self.client.call(Method::GET, "/records?limit=10000", String::new()).await;
            let text = answer.map(|answer| answer.text).unwrap_or_default();
            let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let found: Vec<Value> = records.filter_map(|record| record["outcome"].get("order").cloned()).collect();
            if found.len() >= orders {
                break found.iter().filter(|order| order["result"] == "attributed").count();
            }
            self.not_stuck(stuck, "the orders")?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let (ledger, webhooks) = (self.tiktok.ledger(), self.control.webhooks().await.map_err(steered)?);
        let lost = self.control.calls().await.map_err(steered)?.iter().filter(|call| call.fault).count();
        let replies: Vec<usize> = comments.iter().map(|comment| ledger.replies_to(comment).count()).collect();
        let sent: Vec<usize> = BUYERS.iter().map(|buyer| ledger.sent_to(buyer).count()).collect();
        Ok(Wired {
            comments: comments.len(),
            replies: replies.iter().sum(),
            messages: sent.iter().sum(),
            orders,
            credited,
            lost_answers: lost,
            twice: replies.iter().map(|count| count.saturating_sub(1)).sum::<usize>()
                + sent.iter().map(|count| count.saturating_sub(2)).sum::<usize>(),
            webhooks: webhooks.len(),
        })
    }

    fn everybody_has(&self, count: usize) -> bool {
        let ledger = self.tiktok.ledger();
        BUYERS.iter().all(|buyer| ledger.sent_to(buyer).count() >= count)
    }

    async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) -> Result<(), Failure> {
        let stuck = Instant::now() + STUCK;
        while !is_so(self) {
            self.not_stuck(stuck, what)?;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Ok(())
    }

    fn not_stuck(&mut self, until: Instant, what: &str) -> Result<(), Failure> {
        if !self.service.is_running() {
            return Err(super::service::failure(&self.service.said()));
        }
        if Instant::now() < until {
            Ok(())
        } else {
            Err(Failure::new(format!("{what} over TikTok's wire did not come")))
        }
    }

    /// Ends both.
    pub(crate) async fn stop(mut self) {
        self.service.stop().await;
        self.tiktok.stop().await;
    }
}

fn steered(error: ControlError) -> Failure {
    Failure::new(format!("the simulated TikTok is not to be steered: {error}"))
}

/// Writes what the service is told: whose account it is, and where its TikTok stands. What no webhook told of is looked for
/// every five seconds.
fn configure(folder: &Folder, keys: &Credentials) -> Result<PathBuf, Failure> {
    let account = &keys.accounts[0];
    for (name, secret) in [
        ("tiktok-secret", &keys.client_secret),
        ("tiktok-refresh", &account.refresh_token),
        ("tiktok-shop-secret", &keys.app_secret),
        ("tiktok-shop-refresh", &account.shop_refresh_token),
    ] {
        folder.write(name, secret)?;
    }
    folder.write("tiktok-seal", SEAL)?;
    folder.write("tiktok.json", &document(keys).to_string())?;
    let text = format!(
        "# A few buyers over the wire of a simulated TikTok.\nlisten = \"127.0.0.1:0\"\nstore = \"sqlite:tiktok.db\"\n\
         api_token = {{ file = \"token\" }}\n\n[[workspace]]\ndocument = \"tiktok.json\"\noutbound = \"tiktok\"\n\n\
         [workspace.tiktok]\nbusiness_id = \"{}\"\nclient_key = \"{}\"\nclient_secret = {{ file = \"tiktok-secret\" }}\n\
         refresh_token = {{ file = \"tiktok-refresh\" }}\ntoken_key = {{ file = \"tiktok-seal\" }}\nbase_url = \"{}\"\n\
         poll_seconds = 5\n\n[workspace.tiktok_shop]\nshop_id = \"{}\"\napp_key = \"{}\"\n\
         app_secret = {{ file = \"tiktok-shop-secret\" }}\nrefresh_token = {{ file = \"tiktok-shop-refresh\" }}\n\
         base_url = \"{}\"\nauth_url = \"{}\"\n",
        account.business_id,
        keys.client_key,
        keys.business_url,
        account.shop_id,
        keys.app_key,
        keys.shop_url,
        keys.login_url,
    );
    folder.write("tiktok.toml", &text)
}

fn document(keys: &Credentials) -> Value {
    let (product, skus) = &keys.accounts[0].products[0];
    json!({
        "schema": 1,
        "workspace": { "id": "glow", "name": "Glow Cosmetics", "account_user_id": "acct_glow" },
        "policy": { "reach": { "mode": "buyer_first" } },
        "products": [{ "id": product, "name": "Glow Serum", "url": "https://glow.example/p/glow-serum",
            "skus": [{ "id": skus[0], "name": "30ml" }, { "id": skus[1], "name": "50ml" }] }],
        "triggers": [{ "id": "price", "when": { "keywords": { "words": ["ราคา", "price"] } }, "flow": "price",
            "public_reply": "ทักแชทมาได้เลยค่ะ" }],
        "flows": [{ "id": "price", "version": 1, "blocks": [
            { "id": "size", "quick_replies": { "text": "สนใจขนาดไหนดีคะ",
                "options": [{ "id": "30", "label": "30 มล." }, { "id": "50", "label": "50 มล." }] } },
            { "id": "card", "shop_link": { "product": product, "sku": skus[0], "text": "กดสั่งจากตรงนี้ได้เลยค่ะ" } } ] }],
    })
}
