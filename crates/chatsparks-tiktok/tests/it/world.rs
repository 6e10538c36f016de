//! One workspace with its accounts, and a program around them that keeps what it is told.

use crate::fake::{Fake, SEED};
use base64::{Engine, prelude::BASE64_STANDARD};
use chatsparks_core::{Event, EventId, Instant, Period, WorkspaceId, workspace::Workspace};
use chatsparks_ports::{Clock, Context, Delivery, EffectKey, Shard, SystemClock};
use chatsparks_tiktok::{
    Account, AccountSettings, AppKeys, BusinessSettings, FirstToken, Host, HostError, Later, Sealer, ShopSettings,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The secrets that nothing may show.
pub(crate) const SECRET: &str = "planted-client-secret";
pub(crate) const SHOP_SECRET: &str = "planted-shop-secret";

/// A program that keeps events and notes in memory.
pub(crate) struct Program {
    pub(crate) events: Mutex<Vec<(EventId, Event)>>,
    pub(crate) notes: Mutex<BTreeMap<String, String>>,
    pub(crate) full: AtomicBool,
    pub(crate) document: Arc<Workspace>,
}

impl Program {
    pub(crate) fn new(mode: &str) -> Arc<Self> {
        let document: Workspace = serde_json::from_value(json!({
            "schema": 1,
            "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
            "policy": { "reach": { "mode": mode } },
            "posts": [{ "id": "7203946942097902849", "kind": "video", "published_at": "2020-01-01T00:00:00Z" }],
            "products": [{ "id": "p1", "name": "Serum", "url": "https://shop.example/p1", "skus": [] }],
            "members": [{ "email": "owner@glow.example", "role": "owner", "status": "active" }],
            "triggers": [], "flows": [],
        }))
        .unwrap();
        Arc::new(Self {
            events: Mutex::default(),
            notes: Mutex::default(),
            full: AtomicBool::new(false),
            document: Arc::new(document),
        })
    }

    pub(crate) fn told(&self) -> Vec<(String, Event)> {
        self.events.lock().unwrap().iter().map(|(id, event)| (id.to_string(), event.clone())).collect()
    }

    /// Everything that is noted, as one text.
    pub(crate) fn noted(&self) -> String {
        format!("{:?}", self.notes.lock().unwrap())
    }

    fn may(&self) -> Result<(), HostError> {
        match self.full.load(Ordering::SeqCst) {
            false => Ok(()),
            true => Err(HostError { why: "the disk is full".to_owned(), retry_after: Duration::from_secs(7) }),
        }
    }
}

impl Host for Program {
    fn accept<'a>(&'a self, _: &'a WorkspaceId, events: Vec<(EventId, Event)>) -> Later<'a, Result<(), HostError>> {
        Box::pin(async move {
            self.may()?;
            self.events.lock().unwrap().extend(events);
            Ok(())
        })
    }

    fn note<'a>(&'a self, _: &'a WorkspaceId, name: &'a str) -> Later<'a, Result<Option<String>, HostError>> {
        Box::pin(async move { Ok(self.notes.lock().unwrap().get(name).cloned()) })
    }

    fn replace_note<'a>(
        &'a self,
        _: &'a WorkspaceId,
        name: &'a str,
        before: Option<&'a str>,
        text: &'a str,
    ) -> Later<'a, Result<bool, HostError>> {
        Box::pin(async move {
            self.may()?;
            let mut notes = self.notes.lock().unwrap();
            let stands = notes.get(name).map(String::as_str) == before;
            if stands {
                notes.insert(name.to_owned(), text.to_owned());
            }
            Ok(stands)
        })
    }

    fn document(&self, _: &WorkspaceId) -> Option<Arc<Workspace>> {
        Some(self.document.clone())
    }
}

pub(crate) struct World {
    pub(crate) fake: Fake,
    pub(crate) program: Arc<Program>,
    pub(crate) account: Account,
    clock: Arc<dyn Clock>,
    work: tokio::task::JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.work.abort();
    }
}

pub(crate) fn settings(fake: &Fake) -> AccountSettings {
    let app = |key: &str, secret: &str| AppKeys { key: key.to_owned(), secrets: vec![secret.to_owned()] };
    let mut business = BusinessSettings::new("biz-1", app("app-1", SECRET));
    business.base_url = fake.url();
    business.first_token = Some(FirstToken::Refresh(SEED.to_owned()));
    let mut shop = ShopSettings::new("shop-1", app("shop-app", SHOP_SECRET));
    (shop.base_url, shop.auth_url) = (format!("http://{}", fake.address), format!("http://{}", fake.address));
    shop.first_token = Some(FirstToken::Refresh("rft.planted-shop-seed".to_owned()));
    let mut settings = AccountSettings::new("glow".into());
    (settings.business, settings.shop) = (Some(business), Some(shop));
    settings.sealer = Some(Sealer::new(&[BASE64_STANDARD.encode([7; 32])]).unwrap());
    settings.poll = None;
    settings
}

impl World {
    pub(crate) async fn new(mode: &str) -> Self {
        Self::with(mode, |_| ()).await
    }

    pub(crate) async fn with(mode: &str, change: impl FnOnce(&mut AccountSettings)) -> Self {
        Self::at(mode, Arc::new(SystemClock::default()), change).await
    }

    /// By this clock.
    pub(crate) async fn at(mode: &str, clock: Arc<dyn Clock>, change: impl FnOnce(&mut AccountSettings)) -> Self {
        let fake = Fake::start().await;
        let program = Program::new(mode);
        let mut settings = settings(&fake);
        change(&mut settings);
        let account = Account::new(settings, clock.clone()).unwrap();
        account.attach(program.clone());
        let work = tokio::spawn(account.clone().run());
        Self { fake, program, account, clock, work }
    }

    /// The same accounts after a crash, with no token on its way: only what was noted is known.
    pub(crate) async fn again(&mut self) {
        let at_rest = self.account.at_rest().await;
        self.work.abort();
        // It is over, whatever became of it.
        let _ = (&mut self.work).await;
        drop(at_rest);
        self.account = Account::new(settings(&self.fake), self.clock.clone()).unwrap();
        self.account.attach(self.program.clone());
        self.work = tokio::spawn(self.account.clone().run());
    }

    /// Takes a delivery of the Business API.
    pub(crate) async fn take(&self, event: &str, content: Value) -> &'static str {
        self.account.take(decode_delivery(event, &content)).await.unwrap()
    }

    /// Waits until there are so many events.
    pub(crate) async fn events(&self, count: usize) -> Vec<(String, Event)> {
        let there = async {
            while self.program.events.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), there).await.expect("events");
        self.told()
    }

    pub(crate) fn told(&self) -> Vec<(String, Event)> {
        self.program.told()
    }
}

/// A body as the Business API sends it: the content is JSON in a text.
pub(crate) fn delivery(event: &str, content: &Value) -> String {
    json!({ "client_key": "app-1", "event": event, "create_time": 1_700_000_000, "user_openid": "biz-1",
            "content": content.to_string() })
    .to_string()
}

pub(crate) fn decode_delivery(event: &str, content: &Value) -> chatsparks_tiktok::BusinessNotice {
    chatsparks_tiktok::decode(delivery(event, content).as_bytes()).unwrap()
}

/// The header that signs a body now, or so many seconds from now.
pub(crate) fn signed(body: &str, from_now: i64) -> String {
    let time = SystemClock::default().wall().as_milliseconds() / 1_000 + from_now;
    format!("t={time},s={}", hmac(SECRET, &format!("{time}.{body}")))
}

pub(crate) fn hmac(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn comment(id: u64, text: Option<&str>) -> Value {
    let mut content = json!({
        "comment_id": id, "video_id": 7_203_946_942_097_902_849_u64, "parent_comment_id": 0, "comment_type": "comment",
        "comment_action": "insert", "timestamp": now().as_milliseconds(), "unique_identifier": "buyer+1=",
    });
    if let Some(text) = text {
        content["text"] = text.into();
    }
    content
}

pub(crate) fn message(id: &str, text: &str) -> Value {
    json!({
        "from": "mint", "to": "glow", "unique_identifier": "buyer+1=", "from_user": { "id": "buyer+1=", "role": "personal_account" },
        "to_user": { "id": "biz-1", "role": "business_account" }, "conversation_id": "conv+1/=", "message_id": id,
        "timestamp": now().as_milliseconds(), "type": "text", "text": { "body": text },
    })
}

pub(crate) fn echo(id: &str, text: &str, source: &str) -> Value {
    json!({
        "from": "glow", "to": "mint", "unique_identifier": "something-else", "from_user": { "id": "biz-1" },
        "to_user": { "id": "buyer+1=" }, "conversation_id": "conv+1/=", "message_id": id,
        "timestamp": now().as_milliseconds(), "type": "text", "text": { "body": text }, "message_tag": { "source": source },
    })
}

pub(crate) fn now() -> Instant {
    SystemClock::default().wall()
}

/// An effect on its way.
pub(crate) fn effect(id: &str, effect: chatsparks_core::Effect, answers: Option<&str>) -> Delivery {
    let key = EffectKey {
        shard: Shard { workspace: "glow".into(), partition: 0 },
        user_id: Some("buyer+1=".into()),
        id: id.to_owned(),
    };
    let context = Context {
        post_id: Some("7203946942097902849".into()),
        answers_comment: answers.map(Into::into),
        not_after: Some(now().after(Period::hours(48))),
    };
    Delivery::new(key, effect, context, 1)
}
