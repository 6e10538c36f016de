//! Webhooks: verified, then read. Plain functions, for any server; nothing here waits or asks anybody.

mod business;
#[cfg(feature = "axum")]
mod doors;
mod json;
mod read;
mod shop;
pub(crate) mod signature;

pub use business::{
    AnswerableNews, BusinessNews, BusinessNotice, CommentAction, CommentNews, EchoNews, EchoSource, MessageNews, decode,
};
#[cfg(feature = "axum")]
pub use doors::{DoorLimits, router};
pub use read::DecodeError;
pub(crate) use read::{any_id, id, id_unless_zero, instant, json, mended};
pub use shop::{ShopNews, ShopNotice, decode_shop};
pub use signature::{AppKeys, BUSINESS_HEADER, Refusal, SHOP_HEADER, verify, verify_shop};
