//! A TikTok on loopback: comments, direct messages and a shop, for tests of software that talks to them.
//!
//! TikTok documents no sandbox for Business Accounts and their messages. What a program does when a message was sent and
//! the answer never came, when a webhook comes twice, when a token is over in the middle of a busy evening, is then seen
//! for the first time in front of buyers. Here it is seen in a test: an HTTP server that answers as the documented
//! endpoints do, delivers signed webhooks, is full of people, and goes wrong on request.
//!
//! **The ledger says what truly happened.** A program under test sees what TikTok tells it; the ledger has what there
//! was. Hold one against the other: nothing missed, nothing sent twice.
//!
//! ```
//! use chatsparks_tiktok_sim::{ClockMode, Settings, Simulator, control::{Fault, Mishap}};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! let mut settings = Settings::default();
//! settings.clock = ClockMode::Virtual;
//! let tiktok = Simulator::start(settings).await?;
//! let (control, keys) = (tiktok.control()?, tiktok.credentials());
//!
//! // Somebody writes. A business may answer now: ten messages, within 48 hours.
//! control.message("mint", "How much is it?").await?;
//! let conversation = tiktok.ledger().messages[0].conversation_id.clone();
//!
//! // The next message is sent, and its answer lost. This is what the program under test does:
//! control.fault(&Fault::once("/business/message/send/", Mishap::Drop).after_the_work()).await?;
//! let answer = json!({
//!     "business_id": keys.accounts[0].business_id,
//!     "recipient_type": "CONVERSATION", "recipient": conversation,
//!     "message_type": "TEXT", "text": { "body": "590 THB" },
//! });
//! let send = reqwest::Client::new()
//!     .post(format!("{}/business/message/send/", keys.business_url))
//!     .header("Access-Token", &keys.accounts[0].access_token)
//!     .json(&answer);
//! assert!(send.send().await.is_err());
//!
//! // Whoever sends again sends twice.
//! assert_eq!(tiktok.ledger().sent_to("mint").count(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # What is there
//!
//! Everything listens on one address. [`Simulator::credentials`] has what a program needs to be told: base URLs, keys,
//! tokens that are good already, ids.
//!
//! | platform | endpoints |
//! | --- | --- |
//! | Business API, `/open_api/v1.3` | profile, videos; comments: list (by id too), replies, create, reply, like, hide, delete; messages: send (texts, templates, posts, typing, marks of reading, Comment-to-Message), conversations, content, capabilities; webhooks: update, list, delete; tokens |
//! | Shop | shops, webhooks, orders by id and searched, products, inventory, returns, cancellations; tokens |
//! | Login Kit | authorisation, tokens, revocation |
//!
//! Envelopes, codes and names are those of TikTok's pages, and of code that works with the real platform where pages are
//! silent: errors in bodies with status 200; a path without its last slash is 404; ids of 19 digits are numbers in
//! `comment.update` and text elsewhere; rates have no headers; an echo may come before the answer
//! ([`Settings::echo_first`]); templates differ between sending and webhooks. What pages disagree about is a setting:
//! [the window](settings::Windows), the longest comment, whether `comment.update` has a text.
//!
//! What a business may not do is refused with 40064: write first, write after [48 hours](settings::Windows), write an
//! eleventh message, answer a comment by a message where one of TikTok's conditions does not hold.
//!
//! Images, automatic messages and the shop's own chat are not there: 40008, or 404.
//!
//! # Webhooks
//!
//! They go where the program subscribes, on this machine alone; signed as documented ([`sign`] is public, for receivers);
//! at least once; in no order that can be relied upon; tried again for 72 hours, the shop's four times. Accidents can be
//! drawn from the seed ([`settings::Webhooks`]) or asked for one by one ([`control::WebhookFault`]).
//!
//! # People
//!
//! [`Control::act`] lets one person do one thing. [`Control::crowd`] lets many live through a day by themselves: they
//! comment in Thai, Vietnamese, Indonesian and English, in bursts; tap, type, buy, send back, or go silent, by what they
//! are sent. What each does hangs on the seed and on what they are told, and on nobody else.
//!
//! # Time
//!
//! The clock is the machine's, or many times as fast, or stands still until [`Control::advance`] moves it; then everything
//! due happens at its own instant. A program under test lives by the machine's clock, so signatures and rates go by that,
//! unless [`Outside::Simulated`] says otherwise. In virtual time, with one delivery at a time and a program that works
//! while it is told, the same seed gives the same ledger and the same webhooks.
//!
//! # What goes wrong
//!
//! [`Control::fault`]: codes, statuses, rate limits, delays, dropped connections, broken answers, for an endpoint and a
//! number of calls, with the work of the call done or not. [`Control::tokens`]: tokens that are over or taken back.
//! [`Control::webhook_fault`]: webhooks that are lost, repeated, late, forged, without text. [`Control::pause`]: none come.
//!
//! Everything is HTTP and JSON under `/control`, so that tests in any language can steer; the command
//! `chatsparks-tiktok-sim` serves those.

pub mod control;
pub mod ledger;
pub mod settings;
pub mod sign;

mod clock;
mod courier;
mod ids;
mod server;
mod simulator;
mod world;

pub use control::{Control, ControlError};
pub use courier::ClientError;
pub use ledger::Ledger;
pub use settings::{ClockMode, Outside, Settings};
pub use simulator::{Simulator, StartError};
