//! Deliveries of TikTok Shop: orders that changed, and permissions that end. What an order holds is asked for.

use super::{
    json::Json,
    read::{self, DecodeError, Scalar},
};
use chatsparks_core::{Instant, OrderId};

/// A delivery of TikTok Shop, read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ShopNotice {
    /// Its id, by which one that comes again is known; older ones have none.
    pub notification: Option<String>,
    /// The shop.
    pub shop_id: String,
    /// When the platform made it.
    pub created: Option<Instant>,
    /// What it says.
    pub news: ShopNews,
}

/// What a delivery of TikTok Shop says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShopNews {
    /// Something about an order changed: its status, a cancellation, a return, a refund.
    Order(OrderId),
    /// The seller took the permission back.
    Deauthorised,
    /// The permission ends soon.
    Expiring,
    /// Nothing that a decision needs, or nothing that is known yet: a stable word for metrics.
    Passed(&'static str),
}

/// Reads a delivery whose signature was verified.
///
/// # Errors
/// When it is not an envelope, or lacks what its kind of event needs.
pub fn decode_shop(body: &[u8]) -> Result<ShopNotice, DecodeError> {
    let body = read::mended(body);
    let envelope: Json<'_> = read::json(&body)?;
    let kind = &envelope["type"];
    let kind: Option<i64> = kind.text().map_or_else(|| kind.signed(), |text| text.parse().ok());
    let kind = kind.ok_or(DecodeError::NotAnEnvelope)?;
    // Some kinds have their data in a text.
    let (written, held);
    let data = match &envelope["data"] {
        Json::Text(text) => {
            written = read::mended(text.as_bytes());
            held = read::json(&written)?;
            &held
        }
        other => other,
    };
    let order = || read::id_unless_zero::<OrderId>(&data["order_id"]);
    let news = match kind {
        1 => ShopNews::Order(order().ok_or(DecodeError::Lacks("order_id"))?),
        // What is not about an order by its name is of no use here.
        11 | 12 | 64 | 65 | 67 => order().map_or(ShopNews::Passed("aftersales"), ShopNews::Order),
        6 => ShopNews::Deauthorised,
        7 => ShopNews::Expiring,
        3 | 4 | 36 => ShopNews::Passed("order_detail"),
        5 | 15 | 16 | 18 | 37 => ShopNews::Passed("product"),
        13 | 14 | 33 => ShopNews::Passed("shop_chat"),
        _ => ShopNews::Passed("unknown"),
    };
    Ok(ShopNotice {
        notification: read::any_id(&envelope["tts_notification_id"]),
        shop_id: read::id(&envelope["shop_id"]).ok_or(DecodeError::Lacks("shop_id"))?,
        created: read::instant(&envelope["timestamp"]),
        news,
    })
}

/// The shop that a delivery names, also where the rest of it cannot be read.
#[cfg(feature = "axum")]
pub(super) fn named_shop(body: &[u8]) -> Option<String> {
    let body = read::mended(body);
    let envelope: Json<'_> = read::json(&body).ok()?;
    read::id(&envelope["shop_id"])
}
