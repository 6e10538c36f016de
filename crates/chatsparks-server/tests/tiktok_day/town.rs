//! The simulated TikTok, and the service beside it; their clocks go together.

use chatsparks_core::{Event, Instant, Key, Period, workspace::Workspace};
use chatsparks_ports::{Clock, ManualClock, Shard, Store};
use chatsparks_runtime::{Runtime, Settings, WorkspaceSetup};
use chatsparks_server::{Access, Serve, Token, serve};
use chatsparks_tiktok::{
    Account, AccountSettings, AppKeys, BusinessSettings, FirstToken, Sealer, ShopSettings, sign_request,
};
use chatsparks_tiktok_sim::{
    ClockMode, Outside, Simulator,
    control::{
        Advance, Control, Credentials, Crowd, Fault, Mishap, Platform, TokenFault, TokenMishap, WebhookFault,
        WebhookMishap,
    },
};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::oneshot};

const TOKEN: &str = "a-token-for-the-test";
const HOUR: i64 = 3_600_000;
/// How much longer the day is looked at than people come: whoever sends something back does so hours later.
const HOURS: i64 = 34;
/// How long anything may take that is not stuck.
const STUCK: Duration = Duration::from_secs(240);

pub(crate) struct Town<S: Store> {
    pub(crate) tiktok: Simulator,
    pub(crate) control: Control,
    pub(crate) keys: Credentials,
    http: reqwest::Client,
    clock: ManualClock,
    document: Arc<Workspace>,
    store: Arc<S>,
    address: SocketAddr,
    running: Option<Running<S>>,
    pub(crate) comments: usize,
    pub(crate) mode: &'static str,
}

/// One life of the service.
struct Running<S: Store> {
    runtime: Runtime<S>,
    account: Account,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
}

impl<S: Store> Town<S> {
    pub(crate) async fn new(mode: &'static str, people: u32, seed: u64, store: Arc<S>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut settings = chatsparks_tiktok_sim::Settings::default();
        (settings.seed, settings.clock, settings.outside) = (seed, ClockMode::Virtual, Outside::Simulated);
        settings.start = Some(1_764_000_000_000);
        (settings.accounts[0].comment_to_message, settings.accounts[0].videos) = (true, 1);
        // Half of all deliveries come twice, some late, and many comments without their text.
        (settings.webhooks.doubled_of_1000, settings.webhooks.late_of_1000) = (500, 50);
        settings.webhooks.without_text_of_1000 = if mode == "comment_to_message" { 100 } else { 300 };
        settings.webhooks.at_once = 4;
        settings.echo_first = true;
        let tiktok = Simulator::start(settings).await.unwrap();
        let (control, keys) = (tiktok.control().unwrap(), tiktok.credentials());
        let clock = ManualClock::new(Instant::from_milliseconds(control.time().await.unwrap().now));
        let mut crowd = Crowd::default();
        (crowd.people, crowd.hours, crowd.bursts) = (people, 24, 2);
        (crowd.buy_percent, crowd.refund_percent) = (60, 40);
        let planned = control.crowd(&crowd).await.unwrap();
        let document = serde_json::from_value(document(mode, &keys)).unwrap();
        let mut town = Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            document: Arc::new(document),
            store,
            address: "127.0.0.1:0".parse().unwrap(),
            running: None,
            comments: planned.comments,
            tiktok,
            control,
            keys,
            clock,
            mode,
        };
        town.open().await;
        town.subscribe().await;
        town.say_who_they_are().await;
        town
    }

    /// The service begins, or begins again where it stood.
    async fn open(&mut self) {
        let store = Arc::clone(&self.store);
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let account = Account::new(self.settings(), clock.clone()).unwrap();
        let setup =
            WorkspaceSetup::new(self.document.clone(), "d").with_channel(Arc::new(account.channel(None)) as Arc<_>);
        let runtime = Runtime::start(store, clock, Settings::default(), vec![setup]).await.unwrap();
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let mut served = Serve::new(listener, runtime.clone(), Access::of(vec![Token::new(TOKEN)]));
        served.options.tiktok = vec![account.clone()];
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(served, async {
            let _ = stopped.await;
        }));
        self.running = Some(Running { runtime, account, stop, served });
    }

    /// It stops, with whatever is on its way.
    async fn close(&mut self) {
        let Running { runtime, account, stop, served } = self.running.take().unwrap();
        drop((runtime, account));
        stop.send(()).unwrap();
        served.await.unwrap();
    }

    fn settings(&self) -> AccountSettings {
        let (keys, account) = (&self.keys, &self.keys.accounts[0]);
        let app = |key: &str, secret: &str| AppKeys { key: key.to_owned(), secrets: vec![secret.to_owned()] };
        let mut business = BusinessSettings::new(&account.business_id, app(&keys.client_key, &keys.client_secret));
        business.base_url.clone_from(&keys.business_url);
        business.first_token = Some(FirstToken::Refresh(account.refresh_token.clone()));
        let mut shop = ShopSettings::new(&account.shop_id, app(&keys.app_key, &keys.app_secret));
        (shop.base_url, shop.auth_url) = (keys.shop_url.clone(), keys.login_url.clone());
        shop.first_token = Some(FirstToken::Refresh(account.shop_refresh_token.clone()));
        let mut settings = AccountSettings::new("glow".into());
        (settings.business, settings.shop) = (Some(business), Some(shop));
        settings.sealer = Some(Sealer::new(&["BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".to_owned()]).unwrap());
        // Machine time: each look finds what was lost in hours of the day.
        settings.poll = Some(Duration::from_secs(2));
        settings
    }

    /// The app asks to be told, at both platforms.
    async fn subscribe(&self) {
        let account = &self.keys.accounts[0];
        for event_type in ["COMMENT", "DIRECT_MESSAGE"] {
            let body = json!({ "app_id": self.keys.client_key, "secret": self.keys.client_secret, "event_type": event_type,
                "callback_url": format!("http://{}/webhooks/tiktok", self.address) });
            let url = format!("{}/business/webhook/update/", self.keys.business_url);
            let answer: Value = self.http.post(url).json(&body).send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["code"], 0, "{answer}");
        }
        for event_type in ["ORDER_STATUS_CHANGE", "CANCELLATION_STATUS_CHANGE", "RETURN_STATUS_CHANGE"] {
            let to = format!("http://{}/webhooks/tiktok-shop", self.address);
            let body = json!({ "address": to, "event_type": event_type }).to_string();
            let seconds = self.clock.wall().as_milliseconds() / 1_000;
            let path = "/event/202309/webhooks";
            let mut query = vec![
                ("app_key", self.keys.app_key.clone()),
                ("shop_cipher", account.shop_cipher.clone()),
                ("timestamp", seconds.to_string()),
            ];
            let sign = sign_request(&self.keys.app_secret, path, &query, body.as_bytes());
            query.push(("sign", sign));
            let url = url_with(&format!("{}{path}", self.keys.shop_url), &query);
            let asked = self.http.put(url).header("x-tts-access-token", &account.shop_access_token);
            let asked = asked.header("content-type", "application/json").body(body);
            let answer: Value = asked.send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["code"], 0, "{answer}");
        }
    }

    /// The shop's owner knows who their buyers are to the shop; TikTok tells nobody.
    async fn say_who_they_are(&self) {
        let mut lines = String::new();
        for (place, person) in self.control.people().await.unwrap().iter().enumerate() {
            let line = json!({ "id": format!("identity{place}"), "type": "identity",
                "user_id": person.unique_identifier, "shop_user_id": person.buyer_user_id });
            lines.push_str(&format!("{line}\n"));
        }
        let url = format!("http://{}/v1/workspaces/glow/events", self.address);
        let posted = self.http.post(url).bearer_auth(TOKEN).header("content-type", "application/jsonl").body(lines);
        let answer = posted.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        let url = format!("http://{}/v1/workspaces/glow/{path}", self.address);
        let answer = self.http.get(url).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    /// Why a DM failed, as it is logged.
    pub(crate) async fn why(&self, effect: &str) -> String {
        let key = [Key::Dm(effect.into())];
        let mut told = Vec::new();
        for partition in 0..self.store.partitions() {
            let shard = Shard { workspace: "glow".into(), partition };
            told.extend(self.store.events_naming(&shard, &key, 10).await.unwrap());
        }
        let details = told.into_iter().filter_map(|logged| match logged.envelope.event {
            Event::Receipt(receipt) => receipt.detail,
            _ => None,
        });
        details.map(|detail| detail.as_str().to_owned()).collect::<Vec<_>>().join("; ")
    }

    /// The day: from one thing that happens to the next.
    pub(crate) async fn live(&mut self) {
        let began = self.clock.wall();
        let end = began.after(Period::milliseconds(HOURS * HOUR));
        let (mut steps, mut tokens, mut lives) = (0_usize, 0, 1);
        loop {
            let time = self.control.time().await.unwrap();
            let now = self.clock.wall();
            let next = time.next.map_or(end, Instant::from_milliseconds).min(end).max(now);
            self.clock.pass(Period::milliseconds(next.as_milliseconds() - now.as_milliseconds()));
            self.meet().await;
            self.settle().await;
            if next >= end {
                break;
            }
            steps += 1;
            self.trouble(steps).await;
            let hours = (next.as_milliseconds() - began.as_milliseconds()) / HOUR;
            if tokens < hours / 7 {
                tokens += 1;
                // A token ends before its time.
                for platform in [Platform::Business, Platform::Shop] {
                    let over = TokenFault { account: None, platform, what: TokenMishap::ExpireAccess };
                    self.control.tokens(&over).await.unwrap();
                }
            }
            if lives <= hours / 9 && lives < 3 {
                lives += 1;
                // The service is stopped, and webhooks find nobody for a while.
                self.close().await;
                self.open().await;
            }
        }
        self.control.no_faults().await.unwrap();
        // What was lost last is found by the next looks.
        self.until("everything that was lost", async |town| super::books::missing(town).await.is_empty()).await;
        self.settle().await;
    }

    /// TikTok's clock goes where the service's is, and what is due meanwhile happens.
    async fn meet(&self) {
        let by = self.clock.wall().as_milliseconds() - self.control.time().await.unwrap().now;
        if by > 0 {
            self.control.advance(&Advance { by_ms: by.unsigned_abs(), settle_ms: 0 }).await.unwrap();
        }
    }

    /// Something goes wrong at every few steps.
    async fn trouble(&self, step: usize) {
        let once = |endpoint: &str, what: Mishap| Fault::once(endpoint, what);
        let (send, reply) = ("/business/message/send/", "/business/comment/reply/create/");
        let system_error = || Mishap::Code { code: 51_065, message: "system error".to_owned() };
        let gone = || Mishap::Status { status: 503, retry_after: None };
        let fault = match step % 182 {
            13 => once(send, Mishap::Drop).after_the_work(),
            27 => once(reply, Mishap::Drop).after_the_work(),
            41 => once(send, system_error()),
            55 => once("/business/comment/list/", Mishap::Garbage),
            69 => once(send, gone()),
            83 => once("/order/202309/orders", gone()),
            97 => once(reply, Mishap::RateLimit),
            111 => once(send, Mishap::Garbage).after_the_work(),
            125 => once("/return_refund/202309/returns/search", gone()),
            139 => once(reply, system_error()),
            153 => once(send, Mishap::Delay { ms: 200 }),
            167 => once("/order/202309/orders/search", Mishap::RateLimit),
            181 => once("/business/message/content/list/", system_error()),
            _ => return self.lose(step).await,
        };
        self.control.fault(&fault).await.unwrap();
    }

    /// Webhooks of comments and of orders never come; those of messages are all there is.
    async fn lose(&self, step: usize) {
        let event = match step % 60 {
            5 | 35 => "comment.update",
            20 => "shop.1",
            40 => "shop.11",
            50 => "shop.12",
            _ => return,
        };
        let lost = WebhookFault { event: event.to_owned(), times: 1, what: WebhookMishap::Lose };
        self.control.webhook_fault(&lost).await.unwrap();
    }

    /// Everything that is known is decided and sent. The clocks go on as life does meanwhile.
    async fn settle(&self) {
        let began = std::time::Instant::now();
        // What waits to be asked for goes on by itself; a moment is left to it.
        while began.elapsed() < Duration::from_millis(40)
            && self.running.as_ref().unwrap().account.health().await.waiting > 0
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.clock.pass(Period::milliseconds(i64::try_from(began.elapsed().as_millis()).unwrap()));
        self.until("the queue", async |town| {
            let Running { runtime, .. } = town.running.as_ref().unwrap();
            let lag: u64 = runtime.health().await.shards.iter().map(|shard| shard.lag).sum();
            let count = runtime.store().count(&"glow".into()).await.unwrap();
            if lag == 0 && count.in_doubt > 0 {
                // An answer to a comment of which nobody can say whether it was sent is left in doubt for a quarter of an
                // hour, in which its echo may come: that hour goes by faster than life.
                town.clock.pass(Period::seconds(1));
            }
            lag == 0 && count.waiting == 0 && count.in_doubt == 0
        })
        .await;
    }

    pub(crate) async fn until(&self, what: &str, is_so: impl AsyncFn(&Self) -> bool) {
        let began = std::time::Instant::now();
        let mut passed = std::time::Instant::now();
        while !is_so(self).await {
            if began.elapsed() > STUCK {
                let health = self.http.get(format!("http://{}/healthz", self.address)).send().await.unwrap();
                let (health, queue) = (health.text().await.unwrap(), self.get("queue").await);
                panic!("{what} did not come: {health} {queue} {:?}", super::books::missing(self).await);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            let life = passed.elapsed();
            passed += life;
            // Never slower than life: limits by the minute hold for both.
            self.clock.pass(Period::milliseconds(i64::try_from(life.as_millis()).unwrap() + 1));
            self.meet().await;
        }
    }
}

fn url_with(url: &str, query: &[(&str, String)]) -> reqwest::Url {
    let mut url = reqwest::Url::parse(url).unwrap();
    url.query_pairs_mut().extend_pairs(query);
    url
}

fn document(mode: &str, keys: &Credentials) -> Value {
    let account = &keys.accounts[0];
    let (product, skus) = &account.products[0];
    let words = ["price", "how much", "link", "ราคา", "เท่าไหร่", "giá", "gia", "harga", "berapa", "brp"];
    json!({
        "schema": 1,
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
        "policy": { "reach": { "mode": mode } },
        // Its other videos are listened to all the same (C1).
        "posts": [{ "id": account.videos[0], "kind": "video", "published_at": "2025-11-20T00:00:00Z" }],
        "products": [{ "id": product, "name": "Glow Serum", "url": "https://shop.example/serum",
            "skus": [{ "id": skus[0], "name": "30ml" }, { "id": skus[1], "name": "50ml" }] }],
        "triggers": [{ "id": "price", "when": { "keywords": { "words": words } }, "flow": "price",
            "public_reply": "Check your inbox" }],
        "flows": [{ "id": "price", "version": 1, "blocks": [
            { "id": "size", "quick_replies": { "text": "Which size?",
                "options": [{ "id": "30", "label": "30ml" }, { "id": "50", "label": "50ml" }] } },
            { "id": "card", "shop_link": { "product": product, "sku": skus[0], "text": "Here you go" } } ] }],
    })
}
