//! What the control API takes and gives, and a client for it.
//!
//! | call | does |
//! | --- | --- |
//! | `GET /control` | says what there is |
//! | `GET /control/credentials` | the keys, tokens and ids that a system under test needs: [`Credentials`] |
//! | `POST /control/acts` | lets a person do something: [`Act`], answered by [`Done`] |
//! | `GET`, `POST /control/people` | who there is: [`Identity`]; says who somebody is: [`Traits`] |
//! | `POST /control/crowd` | lets many people live through a time: [`Crowd`], answered by [`Planned`] |
//! | `GET`, `POST /control/clock` | what time it is; goes on to another: [`Advance`], answered by [`Time`] |
//! | `GET`, `POST`, `DELETE /control/faults` | what will go wrong in calls: [`Fault`] |
//! | `POST /control/webhooks` | what will go wrong in deliveries: [`WebhookFault`] |
//! | `POST /control/webhooks/pause`, `/resume` | keeps what is to be delivered; lets it go |
//! | `GET /control/webhooks` | every webhook and what became of it: [`Webhook`] |
//! | `POST /control/tokens` | lets tokens expire or be revoked: [`TokenFault`] |
//! | `GET /control/ledger` | what truly happened: [`Ledger`](crate::Ledger) |
//! | `GET /control/calls` | every call of the API and its answer: [`Call`] |
//!
//! What it refuses is `422` with `{"error": "…"}`.

mod client;

pub use client::{Control, ControlError};

use serde::{Deserialize, Serialize};

/// Something that a person does. An account is named by its username; nothing: the first. People come to be when they
/// are first named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Comments under a video. The id is the comment's.
    Comment {
        /// Who.
        person: String,
        /// Whose video.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        /// Which video, counted from 0.
        #[serde(default)]
        video: usize,
        /// What it says.
        text: String,
        /// The comment that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<String>,
        /// What the classifier makes of it; nothing: it goes by the words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        high_intent: Option<bool>,
    },
    /// Deletes a comment, or hides it, or shows it again.
    Remove {
        /// The comment.
        comment_id: String,
        /// How.
        how: Removal,
    },
    /// Writes a message. The id is the message's.
    Message {
        /// Who.
        person: String,
        /// To whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        /// What it says.
        text: String,
    },
    /// Taps a button of the latest template that has it. The id is the message's.
    Tap {
        /// Who.
        person: String,
        /// Whose template.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        /// The button's id.
        button: String,
    },
    /// Reads what the account wrote.
    Read {
        /// Who.
        person: String,
        /// Whose messages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    },
    /// Comes by a `tiktok.me` link, and writes nothing yet.
    Refer {
        /// Who.
        person: String,
        /// To whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        /// The link's parameter.
        reference: String,
    },
    /// Buys, and pays a minute later. The id is the order's.
    Buy {
        /// Who.
        person: String,
        /// Whose shop.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        /// What: each the product's and the variant's place in the shop, counted from 0; a unit each.
        items: Vec<(usize, usize)>,
    },
    /// Cancels an order. The id is the cancellation's.
    Cancel {
        /// The order.
        order_id: String,
    },
    /// Sends an order back, and is paid back. The id is the return's.
    Refund {
        /// The order.
        order_id: String,
        /// How much, in the minor unit; nothing: all of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount_minor: Option<i64>,
    },
}

/// How a comment is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// For good.
    Delete,
    /// Out of sight.
    Hide,
    /// Into sight again.
    Show,
}

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Done {
    /// The id of what came to be.
    pub id: String,
    /// When, in the simulator's time.
    pub at: i64,
}

/// Who somebody is. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traits {
    /// Their name: letters, digits, `_` and `.`.
    pub name: String,
    /// Where they are registered, as two letters; at first, where the first account is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whether they are of age; at first they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adult: Option<bool>,
    /// Whether they follow the accounts; at first they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follower: Option<bool>,
    /// Whether they take messages from businesses; at first they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_messages: Option<bool>,
}

/// How somebody is named, here and by TikTok: what a merchant who knows their buyers can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// Their name here, which is their username.
    pub name: String,
    /// TikTok's name for them in comments and messages.
    pub unique_identifier: String,
    /// The shop's name for them.
    pub buyer_user_id: String,
}

/// Many people who live through a time by themselves: comment, answer what they are sent, buy, send back, go silent.
/// Each is drawn from the seed and their number alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Crowd {
    /// Under whose videos; nothing: the first account's.
    pub account: Option<String>,
    /// How many.
    pub people: u32,
    /// Over how many hours, from now on.
    pub hours: u32,
    /// In how many bursts six in ten of them come: a video that is passed on. 0: they come as the day goes.
    pub bursts: u32,
    /// How many of a hundred who were sent a link buy.
    pub buy_percent: u32,
    /// How many of a hundred who bought send it back or cancel.
    pub refund_percent: u32,
    /// How many of a hundred go silent at any message.
    pub silent_percent: u32,
}

impl Default for Crowd {
    fn default() -> Self {
        Self {
            account: None,
            people: 200,
            hours: 24,
            bursts: 2,
            buy_percent: 30,
            refund_percent: 10,
            silent_percent: 20,
        }
    }
}

/// What a crowd will do of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Planned {
    /// How many people.
    pub people: usize,
    /// How many comments, whatever they are answered.
    pub comments: usize,
    /// When the last of these is written.
    pub last_at: i64,
}

/// Goes on to another time. Everything due until then happens, each at its own instant, deliveries included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// By how many milliseconds.
    pub by_ms: u64,
    /// Before each step in time, waits until no call came in for so many milliseconds of the machine's time: a system
    /// under test then answers at the instant at which it was told. 0: waits for deliveries only.
    #[serde(default)]
    pub settle_ms: u64,
}

/// What time it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Time {
    /// The simulator's now, in milliseconds since 1970.
    pub now: i64,
    /// When the next thing is due.
    pub next: Option<i64>,
    /// How many webhooks wait: for their time, for another attempt, for the end of a pause.
    pub waiting: usize,
}

/// Something that goes wrong in calls to the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// In which calls: the end of a path, such as `/business/message/send/`; `*` for any.
    pub endpoint: String,
    /// How many calls before the first that it meets.
    #[serde(default)]
    pub after: u32,
    /// How many calls it meets.
    #[serde(default = "once")]
    pub times: u32,
    /// Whether the call does its work all the same.
    #[serde(default)]
    pub work_is_done: bool,
    /// What happens.
    pub what: Mishap,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// Something that goes wrong once, in the next call, with nothing done.
    pub fn once(endpoint: &str, what: Mishap) -> Self {
        Self { endpoint: endpoint.to_owned(), after: 0, times: 1, work_is_done: false, what }
    }

    /// It happens so many times.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// The work of the call is done all the same.
    #[must_use]
    pub fn after_the_work(self) -> Self {
        Self { work_is_done: true, ..self }
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Mishap {
    /// The answer is this code of TikTok's, in a body with HTTP 200.
    Code {
        /// The code, such as 51065.
        code: i64,
        /// The message.
        #[serde(default)]
        message: String,
    },
    /// The answer is this status of HTTP, and no body of TikTok's.
    Status {
        /// The status.
        status: u16,
        /// `Retry-After`, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
    /// As one over the rate: 40100, at the shop 429 and 36009002.
    RateLimit,
    /// It takes so long; then all is as ever. The work is done at the end, with `work_is_done` at the beginning.
    Delay {
        /// In milliseconds of the machine's time.
        ms: u64,
    },
    /// The connection is closed without an answer.
    Drop,
    /// The answer is no JSON.
    Garbage,
}

/// Something that goes wrong in deliveries of webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookFault {
    /// Of which event: `comment.update`, `im_receive_msg`, … or `shop.1` for a type of the shop's; `*` for any.
    pub event: String,
    /// How many of them.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens.
    pub what: WebhookMishap,
}

/// What goes wrong with a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WebhookMishap {
    /// It never comes.
    Lose,
    /// It comes so many times.
    Repeat {
        /// How many.
        times: u32,
    },
    /// It comes so much later, after what happened later.
    Late {
        /// In seconds of the simulator's time.
        seconds: u32,
    },
    /// It comes without the buyer's text, where TikTok may leave it out.
    WithoutText,
    /// Its signature is not TikTok's.
    Forge,
}

/// A webhook, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Webhook {
    /// Its number, in the order in which they came to be.
    pub number: usize,
    /// The event, or `shop.` and its type.
    pub event: String,
    /// When it came to be.
    pub at: i64,
    /// The body.
    pub body: String,
    /// Where it goes; nothing where nobody subscribed.
    pub url: Option<String>,
    /// What became of it.
    pub state: WebhookState,
    /// Each attempt: when, and the status that answered; nothing where no answer came.
    pub attempts: Vec<(i64, Option<u16>)>,
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    /// It waits: for its time, for another attempt, for the end of a pause.
    Waiting,
    /// It was answered with 200.
    Delivered,
    /// It was lost on purpose.
    Lost,
    /// It was tried for as long as TikTok tries.
    GivenUp,
    /// Nobody subscribed.
    Unwanted,
}

/// Something that happens to tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenFault {
    /// Whose; nothing: the first account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Of which platform.
    pub platform: Platform,
    /// What.
    pub what: TokenMishap,
}

/// One of TikTok's three platforms, with keys and tokens of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Login Kit: `open.tiktokapis.com`.
    Login,
    /// The Business API.
    Business,
    /// TikTok Shop.
    Shop,
}

/// What happens to tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenMishap {
    /// Access tokens are over; refreshing helps.
    ExpireAccess,
    /// Refresh tokens are over too.
    ExpireAll,
    /// The person took the permission back: nothing helps but to ask again.
    Revoke,
}

/// The keys, tokens and ids that a system under test needs. They are made up, and open nothing but this simulator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Credentials {
    /// The base URL of the Business API, `…/open_api/v1.3`.
    pub business_url: String,
    /// The base URL of the Shop API.
    pub shop_url: String,
    /// The base URL of the shop's authorisation, and of Login Kit.
    pub login_url: String,
    /// The app at the Business API and at Login Kit.
    pub client_key: String,
    /// Its secret, which signs webhooks.
    pub client_secret: String,
    /// The app at the shop.
    pub app_key: String,
    /// Its secret, which signs webhooks and calls.
    pub app_secret: String,
    /// The service of that app, which a seller is asked to let in.
    pub service_id: String,
    /// The accounts.
    pub accounts: Vec<AccountCredentials>,
}

/// What belongs to one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountCredentials {
    /// Its username.
    pub username: String,
    /// Its `business_id`, which is the `open_id` of its tokens and the `user_openid` of webhooks.
    pub business_id: String,
    /// An access token of the Business API.
    pub access_token: String,
    /// Its refresh token.
    pub refresh_token: String,
    /// The shop's id.
    pub shop_id: String,
    /// The shop's cipher.
    pub shop_cipher: String,
    /// An access token of the shop.
    pub shop_access_token: String,
    /// Its refresh token.
    pub shop_refresh_token: String,
    /// Its videos.
    pub videos: Vec<String>,
    /// Its products, each with the ids of its variants.
    pub products: Vec<(String, Vec<String>)>,
}

/// A call to the API, and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Call {
    /// When, in the simulator's time.
    pub at: i64,
    /// The verb.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// The status of the answer; 0 where the connection was closed.
    pub status: u16,
    /// TikTok's code in the answer.
    pub code: Option<i64>,
    /// Whether a fault met it.
    pub fault: bool,
}
