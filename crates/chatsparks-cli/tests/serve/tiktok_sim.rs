//! A service against the simulated TikTok: what its ledger says happened is held against what was decided.

use crate::{
    http::request,
    service::{BASE, Service, directory, wait_for},
};
use chatsparks_tiktok_sim::{
    Ledger, Settings, Simulator,
    control::{Control, Credentials, Fault, Mishap},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

struct Town {
    tokio: tokio::runtime::Runtime,
    tiktok: Simulator,
    control: Control,
    keys: Credentials,
    service: Service,
}

impl Town {
    fn new(mode: &str, without_text: u32) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tokio = tokio::runtime::Runtime::new().unwrap();
        let mut settings = Settings::default();
        settings.accounts[0].comment_to_message = true;
        (settings.webhooks.comment_seconds, settings.webhooks.high_intent_seconds) = (0, 0);
        (settings.webhooks.without_text_of_1000, settings.webhooks.doubled_of_1000) = (without_text, 500);
        settings.echo_first = true;
        let tiktok = tokio.block_on(Simulator::start(settings)).unwrap();
        let (control, keys) = (tiktok.control().unwrap(), tiktok.credentials());
        let account = &keys.accounts[0];
        let place = directory(&format!(
            "{BASE}api_token = {{ env = \"TOKEN\" }}\n[[workspace]]\ndocument = \"glow.json\"\noutbound = \"tiktok\"\n\
             [workspace.tiktok]\nbusiness_id = \"{}\"\nclient_key = \"{}\"\nclient_secret = {{ env = \"SECRET\" }}\n\
             refresh_token = {{ env = \"REFRESH\" }}\ntoken_key = {{ env = \"KEY\" }}\nbase_url = \"{}\"\n\
             comment_wait_seconds = 30\n[workspace.tiktok_shop]\nshop_id = \"{}\"\napp_key = \"{}\"\n\
             app_secret = {{ env = \"SHOP_SECRET\" }}\nrefresh_token = {{ env = \"SHOP_REFRESH\" }}\n\
             base_url = \"{}\"\nauth_url = \"{}\"\n",
            account.business_id,
            keys.client_key,
            keys.business_url,
            account.shop_id,
            keys.app_key,
            keys.shop_url,
            keys.login_url,
        ));
        let (product, skus) = &account.products[0];
        let document = json!({
            "schema": 1,
            "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
            "policy": { "reach": { "mode": mode } },
            "products": [{ "id": product, "name": "Glow Serum", "url": "https://shop.example/serum",
                "skus": [{ "id": skus[0], "name": "30ml" }, { "id": skus[1], "name": "50ml" }] }],
            "triggers": [{ "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "price",
                "public_reply": "Check your inbox" }],
            "flows": [{ "id": "price", "version": 1, "blocks": [
                { "id": "size", "quick_replies": { "text": "Which size?",
                    "options": [{ "id": "30", "label": "30ml" }, { "id": "50", "label": "50ml" }] } },
                { "id": "card", "shop_link": { "product": product, "sku": skus[0], "text": "Here you go" } } ] }],
        });
        fs::write(place.path().join("glow.json"), document.to_string()).unwrap();
        let service = Service::start(
            place,
            &[
                ("SECRET", &keys.client_secret),
                ("SHOP_SECRET", &keys.app_secret),
                ("REFRESH", &account.refresh_token),
                ("SHOP_REFRESH", &account.shop_refresh_token),
                ("KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="),
            ],
        );
        let town = Self { tokio, tiktok, control, keys, service };
        town.subscribe();
        town
    }

    /// The app asks to be told, at both platforms.
    fn subscribe(&self) {
        let (to, account) = (self.service.address, &self.keys.accounts[0]);
        for event_type in ["COMMENT", "DIRECT_MESSAGE"] {
            let body = json!({ "app_id": self.keys.client_key, "secret": self.keys.client_secret, "event_type": event_type,
                               "callback_url": format!("http://{to}/webhooks/tiktok") });
            let path = "/open_api/v1.3/business/webhook/update/";
            let headers = [("content-type", "application/json")];
            let answer = request(self.tiktok.address(), "POST", path, &headers, body.to_string().as_bytes());
            assert_eq!(answer.json()["code"], 0, "{}", answer.text());
        }
        for event_type in ["ORDER_STATUS_CHANGE", "CANCELLATION_STATUS_CHANGE", "RETURN_STATUS_CHANGE"] {
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

    fn ledger(&self) -> Ledger {
        self.tiktok.ledger()
    }

    #[track_caller]
    fn sent(&self, count: usize) {
        wait_for(&format!("message {count}"), || self.ledger().sent_to("mint").count() >= count);
    }

    fn outcomes(&self, kind: &str) -> Vec<Value> {
        let records = self.service.get("/v1/workspaces/glow/records");
        let lines = records.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter_map(|record| record["outcome"].get(kind).cloned()).collect()
    }

    /// The buyer taps, and the answer of what is sent then is lost; they buy, and send it back.
    fn goes_on(&self, comment: &str, by_tap: bool) {
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
        let metrics = self.service.get("/metrics");
        assert!(metrics.text().contains("result=\"echo\""), "{}", metrics.text());
    }
}

#[test]
fn p2_the_simulated_buyer_writes_first_and_is_credited() {
    let town = Town::new("buyer_first", 1_000);
    let comment = town.tokio.block_on(town.control.comment("mint", "price?")).unwrap();
    wait_for("the reply", || town.ledger().replies_to(&comment).count() == 1);
    town.tokio.block_on(town.control.message("mint", "hello")).unwrap();
    town.sent(1);
    assert_eq!(town.ledger().sent_to("mint").next().unwrap().buttons, ["30ml", "50ml"]);
    town.goes_on(&comment, true);
    let own = town.outcomes("comment").into_iter().filter(|outcome| outcome["result"] == "own_comment").count();
    assert!(own >= 1, "what the account replied came back as its own");
}

#[test]
fn p3_the_simulated_buyer_is_answered_by_a_message_and_is_credited() {
    let town = Town::new("comment_to_message", 0);
    let comment = town.tokio.block_on(town.control.comment("mint", "price? I want to buy it")).unwrap();
    town.sent(1);
    let ledger = town.ledger();
    assert_eq!(ledger.sent_to("mint").next().unwrap().answers_comment.as_deref(), Some(comment.as_str()));
    town.goes_on(&comment, false);
}
