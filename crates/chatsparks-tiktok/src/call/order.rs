//! Orders as the shop writes them, and as events have them: one line a unit becomes one a SKU, decimals become minor
//! units.

use crate::webhook::{id_unless_zero, instant};
use chatsparks_core::{Event, EventId, Instant, Order, OrderId, OrderLine, ProductId, Refund, SkuId};
use serde_json::Value;
use std::collections::BTreeMap;

/// Currencies without decimals, and with three, of ISO 4217; all others have two.
const WHOLE: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE: &str = "BHD IQD JOD KWD LYD OMR TND";

/// An order in full.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FullOrder {
    pub(crate) order: Order,
    pub(crate) status: Status,
    /// Whether it was ever more than a basket: paid, or to be paid at the door.
    pub(crate) placed: bool,
    pub(crate) updated: Option<Instant>,
}

/// As much of an order's status as matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Unpaid,
    Stands,
    Cancelled,
}

impl FullOrder {
    /// What it says: that it was placed, and that it was cancelled. Each comes as often as the shop is asked, and always
    /// under the same id (T3).
    pub(crate) fn events(self) -> Vec<(EventId, Event)> {
        let order_id = self.order.order_id.clone();
        let mut events = Vec::new();
        if self.placed {
            events.push((EventId::from(format!("tiktok:order:{order_id}")), Event::Order(self.order)));
            if self.status == Status::Cancelled {
                events.push((EventId::from(format!("tiktok:cancel:{order_id}")), Event::OrderCancelled(order_id)));
            }
        }
        events
    }
}

/// Reads an order; none: it lacks its id, its buyer or its amounts.
pub(crate) fn full_order(value: &Value) -> Option<FullOrder> {
    let order_id: OrderId = id_unless_zero(&value["id"])?;
    let payment = &value["payment"];
    let currency = payment["currency"].as_str().filter(|currency| !currency.is_empty())?;
    let status = match value["status"].as_str()? {
        "UNPAID" => Status::Unpaid,
        "CANCELLED" | "CANCEL" => Status::Cancelled,
        _ => Status::Stands,
    };
    let paid = instant(&value["paid_time"]);
    Some(FullOrder {
        order: Order {
            order_id,
            user_id: id_unless_zero(&value["user_id"])?,
            placed_at: instant(&value["create_time"]),
            currency: currency.into(),
            total_minor: minor(&payment["total_amount"], currency)?,
            lines: lines(&value["line_items"], currency),
        },
        status,
        placed: status == Status::Stands || (status == Status::Cancelled && paid.is_some()),
        updated: instant(&value["update_time"]),
    })
}

/// One line a SKU, in the order of their ids: the shop writes one a unit.
fn lines(items: &Value, currency: &str) -> Vec<OrderLine> {
    let mut found: BTreeMap<(SkuId, Option<ProductId>), (i64, i64)> = BTreeMap::new();
    for item in items.as_array().map(Vec::as_slice).unwrap_or_default() {
        let Some(sku) = id_unless_zero(&item["sku_id"]) else { continue };
        let amount = minor(&item["sale_price"], currency).unwrap_or(0);
        let quantity = item["quantity"].as_i64().filter(|quantity| *quantity > 0).unwrap_or(1);
        let line = found.entry((sku, id_unless_zero(&item["product_id"]))).or_default();
        line.0 = line.0.saturating_add(quantity);
        line.1 = line.1.saturating_add(amount.saturating_mul(quantity));
    }
    let line =
        |((sku_id, product_id), (quantity, amount_minor))| OrderLine { sku_id, product_id, quantity, amount_minor };
    // The most that an order may have.
    found.into_iter().map(line).take(10_000).collect()
}

/// Something that was sent back, whole or in part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Returned {
    pub(crate) order_id: Option<OrderId>,
    pub(crate) updated: Option<Instant>,
    /// The refund, once it is complete.
    refund: Option<(String, i64)>,
}

impl Returned {
    /// The refund of an order that it is; none: it is not complete, or another order's.
    pub(crate) fn refund_of(&self, order_id: &OrderId) -> Option<(EventId, Event)> {
        let (refund_id, amount_minor) = self.refund.clone()?;
        if self.order_id.as_ref().is_some_and(|of| of != order_id) {
            return None;
        }
        let event = EventId::from(format!("tiktok:refund:{refund_id}"));
        Some((event, Event::Refund(Refund { refund_id: refund_id.into(), order_id: order_id.clone(), amount_minor })))
    }
}

/// Reads something that was sent back; none: it has no state.
pub(crate) fn returned(value: &Value) -> Option<Returned> {
    let status = value["return_status"].as_str()?;
    let amount = &value["refund_amount"];
    let complete = status.ends_with("COMPLETE") || status.ends_with("SUCCESS");
    let refund =
        || Some((id_unless_zero(&value["return_id"])?, minor(&amount["refund_total"], amount["currency"].as_str()?)?));
    Some(Returned {
        order_id: id_unless_zero(&value["order_id"]),
        updated: instant(&value["update_time"]),
        refund: complete.then(refund).flatten(),
    })
}

/// Minor units of an amount that is written in decimals; what is finer is rounded, half up.
pub(super) fn minor(value: &Value, currency: &str) -> Option<i64> {
    let written = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let listed = |codes: &str| codes.split(' ').any(|code| code.eq_ignore_ascii_case(currency));
    let decimals = if listed(WHOLE) {
        0
    } else if listed(THREE) {
        3
    } else {
        2
    };
    let mut amount: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut fraction = fraction.bytes();
    for _ in 0..decimals {
        let digit = i64::from(fraction.next().unwrap_or(b'0') - b'0');
        amount = amount.checked_mul(10)?.checked_add(digit)?;
    }
    if fraction.next().is_some_and(|digit| digit >= b'5') {
        amount = amount.checked_add(1)?;
    }
    Some(amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn an_order(status: &str, paid: i64) -> Value {
        let item =
            |sku: &str, price: &str| json!({ "id": "1", "sku_id": sku, "product_id": "p1", "sale_price": price });
        json!({
            "id": "576653688135258178", "status": status, "user_id": "7495", "create_time": 1_718_305_585,
            "paid_time": paid, "payment": { "currency": "THB", "total_amount": "1230.50", "sub_total": "1180" },
            "line_items": [item("s2", "590.00"), item("s1", "50.50"), item("s2", "590")],
        })
    }

    #[test]
    fn a5_one_line_a_unit_becomes_one_a_sku() {
        let order = full_order(&an_order("AWAITING_SHIPMENT", 1_718_305_600)).expect("an order");
        let lines: Vec<_> =
            order.order.lines.iter().map(|line| (line.sku_id.as_str(), line.quantity, line.amount_minor)).collect();
        assert_eq!(lines, [("s1", 1, 5_050), ("s2", 2, 118_000)]);
        assert_eq!((order.order.total_minor, order.order.placed_at), (123_050, instant(&json!(1_718_305_585))));
    }

    #[test]
    fn a6_an_order_counts_once_it_is_more_than_a_basket() {
        let kinds = |status: &str, paid: i64| -> Vec<String> {
            let order = full_order(&an_order(status, paid)).expect("an order");
            order.events().into_iter().map(|(id, _)| id.to_string()).collect()
        };
        let (placed, cancelled) = ("tiktok:order:576653688135258178", "tiktok:cancel:576653688135258178");
        assert!(kinds("UNPAID", 0).is_empty());
        assert!(kinds("CANCELLED", 0).is_empty());
        assert_eq!(kinds("CANCELLED", 1_718_305_600), [placed, cancelled]);
        for status in ["ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "COMPLETED", "SOMETHING_NEW"] {
            assert_eq!(kinds(status, 0), [placed], "{status}");
        }
    }

    #[test]
    fn amounts_are_minor_units_of_their_currency() {
        for (given, currency, wanted) in [
            (json!("590"), "THB", Some(59_000)),
            (json!("590.5"), "THB", Some(59_050)),
            (json!("590.999"), "THB", Some(59_100)),
            (json!("0.004"), "THB", Some(0)),
            (json!(".5"), "USD", Some(50)),
            (json!("59000"), "VND", Some(59_000)),
            (json!("1.2345"), "KWD", Some(1_235)),
            (json!(12), "IDR", Some(1_200)),
            (json!("-1"), "THB", None),
            (json!("1,000"), "THB", None),
            (json!(""), "THB", None),
            (json!("."), "THB", None),
            (json!("99999999999999999999"), "THB", None),
            (json!("9223372036854775807"), "THB", None),
            (Value::Null, "THB", None),
        ] {
            assert_eq!(minor(&given, currency), wanted, "{given} {currency}");
        }
    }

    #[test]
    fn a6_a_refund_counts_when_it_is_complete() {
        let written = |status: &str| {
            json!({ "return_id": "r1", "order_id": "o1", "return_status": status,
                    "refund_amount": { "currency": "THB", "refund_total": "100.00" } })
        };
        let refund = |value: Value, of: &str| returned(&value).and_then(|back| back.refund_of(&of.into()));
        let complete = written("RETURN_OR_REFUND_REQUEST_COMPLETE");
        assert_eq!(refund(json!({}), "o1"), None);
        assert_eq!(refund(written("RETURN_OR_REFUND_REQUEST_PENDING"), "o1"), None);
        assert!(matches!(refund(complete.clone(), "o1"), Some((id, Event::Refund(refund)))
            if id.as_str() == "tiktok:refund:r1" && refund.amount_minor == 10_000));
        assert_eq!(refund(complete, "o2"), None);
    }
}
