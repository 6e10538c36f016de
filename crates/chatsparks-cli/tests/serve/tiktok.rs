//! A service with TikTok accounts, from a comment to the credit of an order, against a platform on loopback.

use crate::{
    http::{Answer, request},
    service::{BASE, Service, directory, wait_for},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

const SECRET: &str = "planted-client-secret";
const SHOP_SECRET: &str = "planted-shop-secret";
const VARIABLES: [(&str, &str); 6] = [
    ("SECRET", SECRET),
    ("SHOP_SECRET", SHOP_SECRET),
    ("REFRESH", "rft.planted-seed"),
    ("SHOP_REFRESH", "rft.planted-shop-seed"),
    ("KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="),
    ("RUST_LOG", "debug,chatsparks_server=warn"),
];

/// As much of TikTok as one shop needs: what it was asked, and the buyer's order.
#[derive(Clone)]
struct Platform {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Platform {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let platform = Self { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let inside = platform.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let inside = inside.clone();
                thread::spawn(move || inside.serve(stream));
            }
        });
        platform
    }

    /// What was asked of a path.
    fn asked(&self, path: &str) -> Vec<Value> {
        self.asked.lock().unwrap().iter().filter(|(asked, _)| asked == path).map(|(_, body)| body.clone()).collect()
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        loop {
            let (mut line, mut length) = (String::new(), 0);
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let path = line.split(' ').nth(1).unwrap().split('?').next().unwrap().to_owned();
            loop {
                line.clear();
                reader.read_line(&mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                if let Some((_, value)) =
                    line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = self.answer(&path, serde_json::from_slice(&body).unwrap_or_default()).to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            if stream.write_all(format!("{head}{answer}").as_bytes()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, path: &str, body: Value) -> Value {
        let mut asked = self.asked.lock().unwrap();
        asked.push((path.to_owned(), body));
        let count = asked.len();
        let data = match path {
            "/tt_user/oauth2/refresh_token/" => json!({ "access_token": format!("act.planted-{count}"),
                "refresh_token": format!("rft.planted-{count}"), "expires_in": 86_400, "open_id": "biz-1", "scope": "comment.list" }),
            "/api/v2/token/refresh" => json!({ "access_token": "act.planted-shop", "refresh_token": "rft.planted-shop",
                "access_token_expire_in": seconds() + 604_800 }),
            "/authorization/202309/shops" => {
                json!({ "shops": [{ "id": "shop-1", "cipher": "cipher-1", "region": "TH" }] })
            }
            "/business/message/send/" => json!({ "message": { "message_id": format!("mid+{count}=") } }),
            "/business/comment/reply/create/" => {
                json!({ "comment_id": format!("99{count}"), "unique_identifier": "own+name=" })
            }
            // What an attempt wrote that was cut off by a crash is found here.
            "/business/comment/reply/list/" => {
                let wrote = |(path, body): &(String, Value)| {
                    let is_reply = path == "/business/comment/reply/create/";
                    is_reply.then(|| {
                        json!({ "comment_id": "990", "owner": true, "text": body["text"], "status": "PUBLIC",
                        "create_time": seconds().to_string() })
                    })
                };
                json!({ "comments": asked.iter().filter_map(wrote).collect::<Vec<_>>() })
            }
            "/business/comment/list/" => {
                json!({ "comments": [{ "comment_id": "7247303576418566913", "video_id": "7203946942097902849",
                "unique_identifier": "buyer+1=", "text": "price?", "username": "mint", "owner": false, "status": "PUBLIC",
                "create_time": seconds().to_string() }] })
            }
            "/order/202309/orders" => {
                json!({ "orders": [{ "id": "576653688135258178", "status": "AWAITING_SHIPMENT", "user_id": "shop-user",
                "create_time": seconds() + 1, "paid_time": seconds() + 1, "payment": { "currency": "THB", "total_amount": "590.00" },
                "line_items": [{ "sku_id": "s30", "product_id": "p1", "sale_price": "590.00" }] }] })
            }
            "/return_refund/202309/returns/search" => json!({ "return_orders": [] }),
            _ => return json!({ "code": 40_008, "message": "not here" }),
        };
        json!({ "code": 0, "message": "OK", "data": data })
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn hmac(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn configuration(platform: &Platform) -> String {
    let url = format!("http://{}", platform.address);
    format!(
        "{BASE}api_token = {{ env = \"TOKEN\" }}\n[[workspace]]\ndocument = \"glow.json\"\noutbound = \"tiktok\"\n\
         [workspace.tiktok]\nbusiness_id = \"biz-1\"\nclient_key = \"app-1\"\nclient_secret = {{ env = \"SECRET\" }}\n\
         refresh_token = {{ env = \"REFRESH\" }}\ntoken_key = {{ env = \"KEY\" }}\nbase_url = \"{url}\"\npoll_seconds = 0\n\
         comment_wait_seconds = 600\nregion = \"TH\"\ncomment_to_message = true\n\
         [workspace.tiktok_shop]\nshop_id = \"shop-1\"\napp_key = \"shop-app\"\napp_secret = {{ env = \"SHOP_SECRET\" }}\n\
         refresh_token = {{ env = \"SHOP_REFRESH\" }}\nbase_url = \"{url}\"\nauth_url = \"{url}\"\n"
    )
}

fn document(mode: &str) -> Value {
    json!({
        "schema": 1,
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
        "policy": { "reach": { "mode": mode } },
        "products": [{ "id": "p1", "name": "Serum", "url": "https://shop.example/p1", "skus": [{ "id": "s30", "name": "30ml" }] }],
        "triggers": [{ "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "price", "public_reply": "Check your inbox" }],
        "flows": [{ "id": "price", "version": 1, "blocks": [
            { "id": "size", "quick_replies": { "text": "Which size?", "options": [{ "id": "30", "label": "30ml" }, { "id": "50", "label": "50ml" }] } },
            { "id": "card", "shop_link": { "product": "p1", "sku": "s30", "text": "Here you go" } } ] }],
    })
}

struct Shop {
    platform: Platform,
    service: Service,
}

impl Shop {
    fn open(mode: &str) -> Self {
        let platform = Platform::start();
        let place = directory(&configuration(&platform));
        fs::write(place.path().join("glow.json"), document(mode).to_string()).unwrap();
        Self { platform, service: Service::start(place, &VARIABLES) }
    }

    /// A delivery of the Business API.
    fn tell(&self, event: &str, content: &Value) -> Answer {
        let body = json!({ "client_key": "app-1", "event": event, "create_time": seconds(), "user_openid": "biz-1",
                           "content": content.to_string() });
        let (body, time) = (body.to_string(), seconds());
        let signature = format!("t={time},s={}", hmac(SECRET, &format!("{time}.{body}")));
        request(self.service.address, "POST", "/webhooks/tiktok", &[("TikTok-Signature", &signature)], body.as_bytes())
    }

    #[track_caller]
    fn told(&self, event: &str, content: &Value) {
        assert_eq!(self.tell(event, content).status, 200);
    }

    fn comment(&self) {
        self.told("comment.update", &json!({ "comment_id": 7_247_303_576_418_566_913_u64, "video_id": 7_203_946_942_097_902_849_u64,
            "parent_comment_id": 0, "comment_type": "comment", "comment_action": "insert", "timestamp": seconds() * 1_000,
            "unique_identifier": "buyer+1=" }));
    }

    fn writes(&self, id: &str, text: &str) {
        self.told("im_receive_msg", &json!({ "from": "mint", "unique_identifier": "buyer+1=", "from_user": { "id": "buyer+1=" },
            "to_user": { "id": "biz-1" }, "conversation_id": "conv+1/=", "message_id": id, "timestamp": seconds() * 1_000,
            "type": "text", "text": { "body": text } }));
    }

    fn order(&self) {
        let identity = json!({ "id": "i1", "type": "identity", "user_id": "buyer+1=", "shop_user_id": "shop-user" });
        assert_eq!(self.service.post(identity.to_string()).status, 200);
        let body = json!({ "type": 1, "tts_notification_id": "n1", "shop_id": "shop-1", "timestamp": seconds(),
                           "data": { "order_id": "576653688135258178", "order_status": "AWAITING_SHIPMENT" } })
        .to_string();
        let signature = hmac(SHOP_SECRET, &format!("shop-app{body}"));
        let headers = [("authorization", signature.as_str())];
        assert_eq!(
            request(self.service.address, "POST", "/webhooks/tiktok-shop", &headers, body.as_bytes()).status,
            200
        );
    }

    fn sent(&self, count: usize) -> Vec<Value> {
        wait_for(&format!("message {count}"), || self.platform.asked("/business/message/send/").len() >= count);
        self.platform.asked("/business/message/send/")
    }

    fn outcome(&self, kind: &str) -> Option<Value> {
        let records = self.service.get("/v1/workspaces/glow/records");
        let mut lines = records.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.find_map(|record| record["outcome"].get(kind).cloned())
    }

    /// The buyer's way from the comment to the order, and that the order is credited to it.
    fn is_credited(&self) {
        let mut order = Value::Null;
        wait_for("the order", || {
            order = self.outcome("order").unwrap_or_default();
            !order.is_null()
        });
        assert_eq!((&order["result"], &order["total_minor"]), (&json!("attributed"), &json!(59_000)), "{order}");
        assert_eq!(
            (&order["credit"]["trigger"], &order["credit"]["comment_id"]),
            (&json!("price"), &json!("7247303576418566913"))
        );
        wait_for("the queue", || {
            self.service.get("/v1/workspaces/glow/queue").json()["waiting"].as_array().is_none_or(Vec::is_empty)
        });
        let replies = self.platform.asked("/business/comment/reply/create/");
        assert_eq!(replies.len(), 1);
        assert_eq!(
            (&replies[0]["text"], &replies[0]["video_id"]),
            (&json!("Check your inbox"), &json!("7203946942097902849"))
        );
    }

    /// The service stops, and nothing planted is in what it said, answers, or keeps.
    fn shows_nothing(mut self) {
        let mut shown = String::new();
        for path in ["/metrics", "/healthz", "/v1/openapi.json", "/v1/workspaces"] {
            shown.push_str(self.service.get(path).text());
        }
        for path in [
            "records",
            "queue",
            "connections",
            "diagnosis?about=webhook",
            "support",
            "document",
            "state",
            "orders",
            "conversations",
            "contacts/buyer%2B1%3D",
            "contacts/buyer%2B1%3D/thread",
        ] {
            let answer = self.service.get(&format!("/v1/workspaces/glow/{path}"));
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            shown.push_str(answer.text());
        }
        assert!(
            shown.contains("chatsparks_tiktok_deliveries_total") && shown.contains("\"authorised\":true"),
            "{shown}"
        );
        self.service.kill();
        shown.push_str(&self.service.said());
        for file in fs::read_dir(self.service.directory.path()).unwrap() {
            shown.push_str(&String::from_utf8_lossy(&fs::read(file.unwrap().path()).unwrap()));
        }
        for planted in ["planted", "BwcHBwc"] {
            assert!(
                !shown.contains(planted),
                "a secret is shown near {:?}",
                shown.split(planted).next().map(|before| before.chars().rev().take(200).collect::<String>())
            );
        }
    }
}

fn high_intent() -> Value {
    json!({ "from": "mint", "unique_identifier": "buyer+1=", "from_user": { "id": "buyer+1=" }, "to_user": { "id": "biz-1" },
            "comment_id": "7247303576418566913", "comment_text": "price?", "timestamp": seconds() * 1_000 })
}

#[test]
fn p1_a_comment_opens_a_message_and_the_order_is_credited() {
    let shop = Shop::open("open");
    shop.comment();
    assert_eq!(shop.sent(1)[0]["direct_reply"]["comment_reply"]["comment_id"], "7247303576418566913");
    shop.writes("m1", "30ml");
    let card = &shop.sent(2)[1];
    assert_eq!(
        (&card["recipient"], &card["text"]["body"]),
        (&json!("conv+1/="), &json!("Here you go\nhttps://shop.example/p1"))
    );
    shop.order();
    shop.is_credited();
    shop.shows_nothing();
}

#[test]
fn p2_the_buyer_writes_first_and_the_order_is_credited() {
    let mut shop = Shop::open("buyer_first");
    shop.comment();
    wait_for("the comment", || shop.outcome("comment").is_some());
    assert_eq!(shop.outcome("comment").unwrap()["result"], "awaiting_message");
    // A public reply that a crash cuts off is in doubt, and is not repeated (O5): that is not what is asked here.
    wait_for("the public reply", || {
        let queue = shop.service.get("/v1/workspaces/glow/queue").json();
        let is_asked = !shop.platform.asked("/business/comment/reply/create/").is_empty();
        is_asked && queue["counts"]["waiting"] == 0 && queue["counts"]["in_doubt"] == 0
    });
    // A crash between: where it was is where it goes on, with the token that it had.
    shop.service.again_with(&VARIABLES);
    shop.writes("m1", "hello");
    let question = &shop.sent(1)[0];
    assert_eq!((&question["recipient"], &question["template"]["title"]), (&json!("conv+1/="), &json!("Which size?")));
    shop.writes("m2", "30ml");
    shop.sent(2);
    shop.order();
    shop.is_credited();
    assert_eq!(shop.platform.asked("/tt_user/oauth2/refresh_token/").len(), 1, "the token was kept");
    shop.shows_nothing();
}

#[test]
fn p3_an_answerable_comment_opens_a_message_and_the_order_is_credited() {
    let shop = Shop::open("comment_to_message");
    shop.comment();
    shop.told("im_receive_high_intent_comment", &high_intent());
    let first = &shop.sent(1)[0];
    assert_eq!(first["direct_reply"]["comment_reply"]["comment_id"], "7247303576418566913");
    assert_eq!(first["text"]["body"], "Which size?\n• 30ml\n• 50ml");
    shop.writes("m1", "30ml");
    assert_eq!(shop.sent(2)[1]["recipient"], "conv+1/=");
    shop.order();
    shop.is_credited();
    shop.shows_nothing();
}

#[test]
fn h5_deliveries_are_refused_or_taken_with_a_status_and_a_metric() {
    let shop = Shop::open("open");
    let body = b"{}";
    for (headers, status) in [
        (vec![], 401),
        (vec![("tiktok-signature", "t=1,s=0")], 401),
        (vec![("tiktok-signature", "t=1,s=0"), ("tiktok-signature", "t=1,s=0")], 401),
    ] {
        assert_eq!(request(shop.service.address, "POST", "/webhooks/tiktok", &headers, body).status, status);
    }
    let long = vec![b'x'; 10 << 20];
    assert_eq!(request(shop.service.address, "POST", "/webhooks/tiktok-shop", &[], &long).status, 413);
    shop.told("something.new", &json!({ "x": 1 }));
    let metrics = shop.service.get("/metrics");
    for line in [
        "{door=\"tiktok\",status=\"401\",result=\"missing\"} 1",
        "{door=\"tiktok\",status=\"401\",result=\"malformed_signature\"} 1",
        "{door=\"tiktok\",status=\"401\",result=\"twice\"} 1",
        "{door=\"tiktok_shop\",status=\"413\",result=\"too_large\"} 1",
        "{door=\"tiktok\",status=\"200\",result=\"unknown\"} 1",
    ] {
        assert!(
            metrics.text().contains(&format!("chatsparks_tiktok_deliveries_total{line}")),
            "{line}\n{}",
            metrics.text()
        );
    }
}

/// W3: a platform that cannot be reached has refused nothing, and nobody is sent to authorise anything again.
#[test]
fn w3_a_platform_that_cannot_be_reached_is_said_and_nothing_is_red() {
    let platform = Platform::start();
    // Nothing listens there.
    let written = configuration(&platform).replace(&platform.address.to_string(), "127.0.0.1:1");
    let place = directory(&written);
    fs::write(place.path().join("glow.json"), document("buyer_first").to_string()).unwrap();
    let service = Service::start(place, &VARIABLES);
    let health = || service.get("/healthz").json()["tiktok"][0].clone();
    for side in ["business", "shop"] {
        wait_for("the first try", || health()[side]["permission"]["why"].is_string());
        let told = health();
        assert_eq!(told[side]["permission"]["unanswered"], true, "{told}");
        assert!(told[side]["to_do"].as_str().unwrap().contains("look at the network"), "{told}");
        assert!(told[side]["permission"]["why"].as_str().unwrap().contains("cannot be reached"), "{told}");
        assert!(!told[side]["to_do"].as_str().unwrap().contains("authorise"), "{told}");
    }
    let connections = service.get("/v1/workspaces/glow/connections").json();
    assert_eq!([&connections["tiktok"]["light"], &connections["shop"]["light"]], ["green", "green"], "{connections}");
    let diagnosis = service.get("/v1/workspaces/glow/diagnosis?about=webhook").json();
    assert_ne!(diagnosis["advice"], "reconnect", "{diagnosis}");
    let metrics = service.get("/metrics");
    for platform in ["business", "shop"] {
        let line = format!("chatsparks_tiktok_authorised{{workspace=\"glow\",platform=\"{platform}\"}} 1");
        assert!(metrics.text().contains(&line), "{}", metrics.text());
    }
}
