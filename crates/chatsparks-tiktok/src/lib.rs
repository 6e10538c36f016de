//! TikTok for ChatSparks: what the platform tells comes in as events, what was decided goes out as replies and messages.
//!
//! TikTok is three platforms with keys, tokens and ids of their own: signing in, the Business API (comments and
//! messages), and TikTok Shop (orders). Its wire stays in here; out come the events of `chatsparks-core`, in go its
//! effects.
//!
//! ```text
//! webhook ─ verify ─▶ decode ─▶ Account::take ─▶ Host::accept          (durable, then 200)
//!                                    └─▶ spool ─ ask ─▶ Host::accept   (a text that is missing, an order in full)
//! effect ──▶ TikTokChannel ──▶ reply, message; its echo says that it arrived
//! ```
//!
//! - [`verify`], [`decode`] and their like for the shop are plain functions, for any server.
//! - [`Account`] is one workspace's accounts; a [`Host`] is the program that takes its events and keeps its notes.
//! - [`router`], under the feature `axum`, is both doors for all accounts.
//! - [`TikTokChannel`] performs effects.
//! - [`limits`] and [`reach`] are dated data: what the platform admits, and where.
//!
//! Nothing that a buyer wrote, no token and no secret is in a log, a metric, an error or a `Debug` of this crate.

mod account;
mod call;
mod channel;
#[doc(hidden)]
pub mod fuzz;
mod host;
pub mod limits;
mod look;
mod message;
mod note;
mod pace;
mod poll;
mod posts;
pub mod reach;
mod spool;
mod thread;
mod token;
mod webhook;

pub use account::{
    Account, AccountError, AccountHealth, AccountSettings, AskError, AtRest, BusinessSettings, FirstToken, ListedShop,
    Product, ProductPage, ProductSku, ShopSettings, SideHealth,
};
pub use call::{ClientError, sign_request};
pub use channel::TikTokChannel;
pub use host::{Host, HostError, Later};
pub use token::{
    AccessToken, Grant, Permission, PermissionSettings, Platform, Sealer, SealerError, Standing, authorize_url,
};
pub use webhook::{
    AnswerableNews, AppKeys, BUSINESS_HEADER, BusinessNews, BusinessNotice, CommentAction, CommentNews, DecodeError,
    EchoNews, EchoSource, MessageNews, Refusal, SHOP_HEADER, ShopNews, ShopNotice, decode, decode_shop, verify,
    verify_shop,
};
#[cfg(feature = "axum")]
pub use webhook::{DoorLimits, router};
