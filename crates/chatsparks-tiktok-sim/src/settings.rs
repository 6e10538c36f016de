//! What a simulated TikTok is like. Everything has a value, the one that TikTok's pages give where they give one.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What a simulated TikTok is like.
///
/// ```
/// use chatsparks_tiktok_sim::{ClockMode, Settings};
/// let mut settings = Settings::default();
/// settings.seed = 7;
/// settings.clock = ClockMode::Virtual;
/// settings.accounts[0].comment_to_message = true;
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Where it listens: a loopback address, port 0 for any that is free.
    pub listen: SocketAddr,
    /// What ids, people and accidents are drawn from.
    pub seed: u64,
    /// How its time passes.
    pub clock: ClockMode,
    /// The instant it begins at, in milliseconds since 1970; nothing: the machine's own.
    pub start: Option<i64>,
    /// By which time signatures are made and checked, and rates counted.
    pub outside: Outside,
    /// The Business Accounts, each with a shop of the same seller.
    pub accounts: Vec<Account>,
    /// How often a business may write to whom.
    pub windows: Windows,
    /// How often the API may be called.
    pub rates: Rates,
    /// How webhooks go out.
    pub webhooks: Webhooks,
    /// The longest comment, in characters: 150 or 1,200, as pages disagree.
    pub comment_characters: usize,
    /// From how many like comments of the account in a minute on, further ones are hidden as spam. 0: none is.
    pub like_comments_in_a_minute: u32,
    /// Whether an answer to a message that was sent waits until its echo was delivered, as happens on the real platform.
    pub echo_first: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            seed: 7,
            clock: ClockMode::Wall { speed: 1.0 },
            start: None,
            outside: Outside::Wall,
            accounts: vec![Account::default()],
            windows: Windows::default(),
            rates: Rates::default(),
            webhooks: Webhooks::default(),
            comment_characters: 150,
            like_comments_in_a_minute: 0,
            echo_first: false,
        }
    }
}

/// How the simulator's time passes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockMode {
    /// It stands still, but where the control API advances it.
    Virtual,
    /// As the machine's, so many times as fast; the control API may advance it further.
    Wall {
        /// Seconds of the simulator in a second of the machine: from 0.001 to 1,000,000.
        speed: f64,
    },
}

/// By which time the simulator judges what comes from outside: a system under test lives by the machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// The machine's.
    Wall,
    /// The simulator's: the same seed then gives the same signatures too.
    Simulated,
}

/// A Business Account, its videos and its shop.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Account {
    /// Its username: how the control API names it.
    pub username: String,
    /// Its name as people see it.
    pub display_name: String,
    /// Where it is registered, as two letters. Messages are not to be had in the EEA, Switzerland and the United Kingdom.
    pub region: String,
    /// Whether Comment-to-Message is switched on, from the start; only in Vietnam, Indonesia and Thailand.
    pub comment_to_message: bool,
    /// How many videos it has.
    pub videos: u32,
    /// What its shop sells.
    pub products: Vec<Product>,
    /// The currency of its shop.
    pub currency: String,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            username: "glow".to_owned(),
            display_name: "Glow Cosmetics".to_owned(),
            region: "TH".to_owned(),
            comment_to_message: false,
            videos: 3,
            products: vec![
                Product::new("Glow Serum", &[("30ml", 590), ("50ml", 890)]),
                Product::new("Velvet Lip Tint", &[("Rose", 259), ("Coral", 259), ("Berry", 279)]),
            ],
            currency: "THB".to_owned(),
        }
    }
}

/// A product of a shop.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its title.
    pub title: String,
    /// Its variants.
    pub skus: Vec<Sku>,
}

impl Product {
    /// A product with its variants: names, and prices in whole units of the currency.
    pub fn new(title: &str, skus: &[(&str, u32)]) -> Self {
        let skus = skus.iter().map(|(name, price)| Sku { name: (*name).to_owned(), price: *price }).collect();
        Self { title: title.to_owned(), skus }
    }
}

/// A variant of a product.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sku {
    /// Its name.
    pub name: String,
    /// Its price, in whole units of the currency.
    pub price: u32,
}

/// The window that a message of a user opens (`P4` of the rules).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Windows {
    /// How long it is open, in hours.
    pub hours: u32,
    /// How many messages of the business fit.
    pub messages: u32,
    /// Whether a user's reply to the business opens a window without a limit: another page says so.
    pub unlimited_after_reply: bool,
}

impl Default for Windows {
    fn default() -> Self {
        Self { hours: 48, messages: 10, unlimited_after_reply: false }
    }
}

/// How often the API may be called; 0 anywhere is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rates {
    /// Calls of the app in a second.
    pub app_per_second: u32,
    /// Calls of the app in a minute: one too many, and none is answered for five minutes.
    pub app_per_minute: u32,
    /// Calls of the app in a day, until 00:00 UTC.
    pub app_per_day: u32,
    /// Calls of one account to one endpoint of the Accounts API in a minute.
    pub account_endpoint_per_minute: u32,
    /// Calls to the messaging endpoints in a second.
    pub messaging_per_second: u32,
    /// Calls to one shop in a second. TikTok publishes no number.
    pub shop_per_second: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            app_per_second: 10,
            app_per_minute: 600,
            app_per_day: 864_000,
            account_endpoint_per_minute: 40,
            messaging_per_second: 10,
            shop_per_second: 50,
        }
    }
}

impl Rates {
    /// No limit at all.
    pub const NONE: Self = Self {
        app_per_second: 0,
        app_per_minute: 0,
        app_per_day: 0,
        account_endpoint_per_minute: 0,
        messaging_per_second: 0,
        shop_per_second: 0,
    };
}

/// How webhooks go out. Accidents are drawn from the seed, of a thousand deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Webhooks {
    /// How long `comment.update` takes at most, in seconds: up to 300.
    pub comment_seconds: u32,
    /// How long the classifier takes at most to call a comment of high intent, in seconds.
    pub high_intent_seconds: u32,
    /// How many never come.
    pub lost_of_1000: u32,
    /// How many come twice.
    pub doubled_of_1000: u32,
    /// How many come late, after what happened later.
    pub late_of_1000: u32,
    /// How many of `comment.update` come without `text`.
    pub without_text_of_1000: u32,
    /// The wait before a delivery of the Business API is tried again, in seconds; it doubles each time, for 72 hours.
    pub retry_seconds: u32,
    /// How long an answer may take, in milliseconds of the machine's time.
    pub timeout_ms: u32,
    /// How many deliveries are on their way at once; with 1 they come in the same order each time.
    pub at_once: u32,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            comment_seconds: 20,
            high_intent_seconds: 60,
            lost_of_1000: 0,
            doubled_of_1000: 0,
            late_of_1000: 0,
            without_text_of_1000: 0,
            retry_seconds: 60,
            timeout_ms: 3_000,
            at_once: 1,
        }
    }
}
