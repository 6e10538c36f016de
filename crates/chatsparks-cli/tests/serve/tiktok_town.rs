//! A town for tests: the simulated TikTok on loopback, services on a store, and a buyer whose way is held against what
//! the simulator knows happened.

use crate::{
    http::request,
    service::{Service, directory, wait_for},
};
use chatsparks_tiktok_sim::{
    Ledger, Settings, Simulator,
    control::{Act, Control, Credentials, Fault, Mishap},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

/// A simulated TikTok, and services of one store beside it.
pub(crate) struct Town {
    pub(crate) tokio: tokio::runtime::Runtime,
    pub(crate) tiktok: Simulator,
    pub(crate) control: Control,
    pub(crate) keys: Credentials,
    /// The first is called, the others only serve.
    pub(crate) service: Service,
    pub(crate) others: Vec<Service>,
    variables: Vec<(&'static str, String)>,
    /// The reach of the document.
    pub(crate) mode: &'static str,
}

/// How a town is.
pub(crate) struct Plan {
    pub(crate) mode: &'static str,
    /// How many comments of a thousand are told of without their text.
    pub(crate) without_text: u32,
    /// The store, as the configuration names it.
    pub(crate) store: String,
    pub(crate) processes: usize,
}

impl Plan {
    pub(crate) fn of(mode: &'static str) -> Self {
        Self { mode, without_text: 0, store: "sqlite:store.db".to_owned(), processes: 1 }
    }
}

impl Town {
    pub(crate) fn new(plan: &Plan) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tokio = tokio::runtime::Runtime::new().unwrap();
        let mut settings = Settings::default();
        settings.accounts[0].comment_to_message = true;
        (settings.webhooks.comment_seconds, settings.webhooks.high_intent_seconds) = (0, 0);
        (settings.webhooks.without_text_of_1000, settings.webhooks.doubled_of_1000) = (plan.without_text, 500);
        settings.echo_first = true;
        let tiktok = tokio.block_on(Simulator::start(settings)).unwrap();
        let (control, keys) = (tiktok.control().unwrap(), tiktok.credentials());
        let account = &keys.accounts[0];
        let shared = match plan.store.starts_with("sqlite:") {
            true => "",
            false => "partitions = 4\ntakeover_seconds = 2\n",
        };
        let configuration = format!(
            "listen = \"127.0.0.1:0\"\nstore = \"{}\"\n{shared}api_token = {{ env = \"TOKEN\" }}\n\
             [[workspace]]\ndocument = \"glow.json\"\noutbound = \"tiktok\"\n\
             [workspace.tiktok]\nbusiness_id = \"{}\"\nclient_key = \"{}\"\nclient_secret = {{ env = \"SECRET\" }}\n\
             refresh_token = {{ env = \"REFRESH\" }}\ntoken_key = {{ env = \"KEY\" }}\nbase_url = \"{}\"\n\
             comment_wait_seconds = 30\nmark_read = true\n[workspace.tiktok_shop]\nshop_id = \"{}\"\napp_key = \"{}\"\n\
             app_secret = {{ env = \"SHOP_SECRET\" }}\nrefresh_token = {{ env = \"SHOP_REFRESH\" }}\n\
             base_url = \"{}\"\nauth_url = \"{}\"\n",
            plan.store,
            account.business_id,
            keys.client_key,
            keys.business_url,
            account.shop_id,
            keys.app_key,
            keys.shop_url,
            keys.login_url,
        );
        let (product, skus) = &account.products[0];
        let document = json!({
            "schema": 1,
            "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
            "policy": { "reach": { "mode": plan.mode } },
            "products": [{ "id": product, "name": "Glow Serum", "url": "https://shop.example/serum",
                "skus": [{ "id": skus[0], "name": "30ml" }, { "id": skus[1], "name": "50ml" }] }],
            "triggers": [{ "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "price",
                "public_reply": "Check your inbox" }],
            "flows": [{ "id": "price", "version": 1, "blocks": [
                { "id": "size", "quick_replies": { "text": "Which size?",
                    "options": [{ "id": "30", "label": "30ml" }, { "id": "50", "label": "50ml" }] } },
                { "id": "card", "shop_link": { "product": product, "sku": skus[0], "text": "Here you go" } } ] }],
        });
        let variables = vec![
            ("SECRET", keys.client_secret.clone()),
            ("SHOP_SECRET", keys.app_secret.clone()),
            ("REFRESH", account.refresh_token.clone()),
            ("SHOP_REFRESH", account.shop_refresh_token.clone()),
            ("KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".to_owned()),
        ];
        let mut services: Vec<Service> = (0..plan.processes)
            .map(|_| {
                let place = directory(&configuration);
                fs::write(place.path().join("glow.json"), document.to_string()).unwrap();
                let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
                Service::start(place, &variables)
            })
            .collect();
        let others = services.split_off(1);
        let service = services.remove(0);
        let town = Self { tokio, tiktok, control, keys, service, others, variables, mode: plan.mode };
        town.subscribe();
        town
    }

    /// A crash of the first service; it comes back where it was, at the same address.
    pub(crate) fn crash(&mut self) {
        let place = self.service.path("serve.toml");
        let listens = fs::read_to_string(&place).unwrap().replace("127.0.0.1:0", &self.service.address.to_string());
        fs::write(place, listens).unwrap();
        let variables: Vec<_> = self.variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.service.again_with(&variables);
    }

    /// The app asks to be told, at both platforms.
    /// Where there are several processes, the balancer gives each kind to another one.
    fn subscribe(&self) {
        let account = &self.keys.accounts[0];
        let addresses: Vec<_> =
            std::iter::once(&self.service).chain(&self.others).map(|service| service.address).collect();
        let mut to = addresses.iter().cycle().copied();
        for event_type in ["COMMENT", "DIRECT_MESSAGE"] {
            let to = to.next().unwrap();
            let body = json!({ "app_id": self.keys.client_key, "secret": self.keys.client_secret, "event_type": event_type,
                               "callback_url": format!("http://{to}/webhooks/tiktok") });
            let path = "/open_api/v1.3/business/webhook/update/";
            let headers = [("content-type", "application/json")];
            let answer = request(self.tiktok.address(), "POST", path, &headers, body.to_string().as_bytes());
            assert_eq!(answer.json()["code"], 0, "{}", answer.text());
        }
        for event_type in ["ORDER_STATUS_CHANGE", "CANCELLATION_STATUS_CHANGE", "RETURN_STATUS_CHANGE"] {
            let to = to.next().unwrap();
            let body =
                json!({ "address": format!("http://{to}/webhooks/tiktok-shop"), "event_type": event_type }).to_string();
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
            let (path, secret) = ("/event/202309/webhooks", &self.keys.app_secret);
            let query = format!("app_key{}shop_cipher{}timestamp{now}", self.keys.app_key, account.shop_cipher);
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
            mac.update(format!("{secret}{path}{query}{body}{secret}").as_bytes());
            let sign: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            let path = format!(
                "{path}?app_key={}&shop_cipher={}&timestamp={now}&sign={sign}",
                self.keys.app_key, account.shop_cipher
            );
            let headers =
                [("content-type", "application/json"), ("x-tts-access-token", account.shop_access_token.as_str())];
            let answer = request(self.tiktok.address(), "PUT", &path, &headers, body.as_bytes());
            assert_eq!(answer.json()["code"], 0, "{}", answer.text());
        }
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.tiktok.ledger()
    }

    #[track_caller]
    pub(crate) fn sent(&self, count: usize) {
        wait_for(&format!("message {count}"), || self.ledger().sent_to("mint").count() >= count);
    }

    pub(crate) fn outcomes(&self, kind: &str) -> Vec<Value> {
        let records = self.service.get("/v1/workspaces/glow/records");
        let lines = records.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter_map(|record| record["outcome"].get(kind).cloned()).collect()
    }

    /// The buyer taps, and the answer of what is sent then is lost; they buy, and send it back.
    pub(crate) fn goes_on(&self, comment: &str, by_tap: bool) {
        let lost = Fault::once("/business/message/send/", Mishap::Drop).after_the_work();
        self.tokio.block_on(self.control.fault(&lost)).unwrap();
        if by_tap {
            self.tokio.block_on(self.control.tap("mint", "30")).unwrap();
        } else {
            self.tokio.block_on(self.control.message("mint", "30ml")).unwrap();
        }
        self.sent(2);
        // The shop tells of whole seconds: an order in the second of its link would stand before it.
        self.tokio.block_on(self.control.advance_seconds(2)).unwrap();
        let order_id = self.tokio.block_on(self.control.buy("mint", 0, 0)).unwrap();
        let ledger = self.ledger();
        let order = ledger.orders.iter().find(|order| order.order_id == order_id).unwrap();
        // The shop has its own name for the buyer, and nobody but the shop's owner can tell.
        let identity = json!({ "id": "i1", "type": "identity", "user_id": order.unique_identifier,
                               "shop_user_id": order.buyer_user_id });
        assert_eq!(self.service.post(identity.to_string()).status, 200);
        self.tokio.block_on(self.control.advance_seconds(120)).unwrap();
        wait_for("the order", || !self.outcomes("order").is_empty());
        let found = &self.outcomes("order")[0];
        assert_eq!(
            (&found["result"], &found["total_minor"]),
            (&json!("attributed"), &json!(order.total_minor)),
            "{found}"
        );
        assert_eq!((&found["credit"]["trigger"], &found["credit"]["comment_id"]), (&json!("price"), &json!(comment)));
        wait_for("the queue", || {
            let queue = self.service.get("/v1/workspaces/glow/queue").json();
            [&queue["waiting"], &queue["in_doubt"]].iter().all(|list| list.as_array().is_some_and(Vec::is_empty))
        });
        let ledger = self.ledger();
        assert_eq!(ledger.sent_to("mint").count(), 2, "the one whose answer was lost was sent once");
        assert_eq!(ledger.replies_to(comment).count(), 1);
        let metrics: String = std::iter::once(&self.service)
            .chain(&self.others)
            .map(|service| service.get("/metrics").text().to_owned())
            .collect();
        assert!(metrics.contains("result=\"echo\""), "{metrics}");
        self.is_read();
    }

    /// They read what they were sent: each message is told of as read once. What they wrote was marked as read.
    fn is_read(&self) {
        let person = "mint".to_owned();
        let read = Act::Read { person, account: None };
        for _ in 0..2 {
            self.tokio.block_on(self.control.act(&read)).unwrap();
        }
        let receipts = || -> Vec<String> {
            let records = self.service.get("/v1/workspaces/glow/records?limit=10000");
            let lines = records.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let ids = lines.filter_map(|record| record["event"].as_str().map(str::to_owned));
            ids.filter(|id| id.starts_with("tiktok:read:")).collect()
        };
        wait_for("the receipts", || receipts().len() >= 2);
        // Whether a mark goes out changes nothing else, so that a crash, or a process without a token yet, may lose one.
        if self.others.is_empty() {
            wait_for("the mark of reading", || {
                let calls = self.tokio.block_on(self.control.calls()).unwrap();
                let sends = calls.iter().filter(|call| call.path.ends_with("/business/message/send/")).count();
                sends > self.ledger().sent_to("mint").count()
            });
        }
        assert_eq!(receipts().len(), 2, "each once");
    }

    /// The way from a comment to the credit of an order, by the reach of the document; `between` may disturb it.
    pub(crate) fn buyer_buys(mut self, between: impl Fn(&mut Self)) {
        let comment = self.tokio.block_on(self.control.comment("mint", "price? I want to buy it")).unwrap();
        if self.mode == "buyer_first" {
            wait_for("the reply", || self.ledger().replies_to(&comment).count() == 1);
            between(&mut self);
            self.tokio.block_on(self.control.message("mint", "hello")).unwrap();
            self.sent(1);
            assert_eq!(self.ledger().sent_to("mint").next().unwrap().buttons, ["30ml", "50ml"]);
        } else {
            self.sent(1);
            let ledger = self.ledger();
            assert_eq!(ledger.sent_to("mint").next().unwrap().answers_comment.as_deref(), Some(comment.as_str()));
            between(&mut self);
        }
        self.goes_on(&comment, self.mode == "buyer_first");
        let own = self.outcomes("comment").into_iter().filter(|outcome| outcome["result"] == "own_comment").count();
        assert!(own >= 1, "what the account replied came back as its own");
    }
}
