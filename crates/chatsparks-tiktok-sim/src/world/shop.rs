//! The shop: products, orders, cancellations and returns. Money is in the minor unit until it is written.

use super::{Due, Refusal, World};
use crate::{ids::Ids, settings};
use serde_json::json;

/// An account's shop.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) id: String,
    pub(crate) cipher: String,
    pub(crate) code: String,
    pub(crate) currency: String,
    pub(crate) products: Vec<Product>,
    pub(crate) made_at: i64,
}

#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) id: u64,
    pub(crate) title: String,
    pub(crate) skus: Vec<Sku>,
}

#[derive(Debug)]
pub(crate) struct Sku {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) price_minor: i64,
}

/// An order: a line a unit.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) account: usize,
    pub(crate) person: String,
    pub(crate) at: i64,
    pub(crate) updated_at: i64,
    pub(crate) paid_at: Option<i64>,
    pub(crate) status: &'static str,
    pub(crate) cancelled: Option<(u64, i64)>,
    /// Each unit's product and variant by their places.
    pub(crate) items: Vec<(usize, usize)>,
    pub(crate) total_minor: i64,
    pub(crate) returns: Vec<Return>,
}

/// A return that was paid back.
#[derive(Clone, Debug)]
pub(crate) struct Return {
    pub(crate) id: u64,
    pub(crate) at: i64,
    pub(crate) amount_minor: i64,
}

/// Currencies without a minor unit on the wire.
pub(crate) fn digits(currency: &str) -> u32 {
    if matches!(currency, "VND" | "IDR" | "JPY" | "KRW") { 0 } else { 2 }
}

/// Money as the shop writes it: a decimal in text.
pub(crate) fn money(minor: i64, currency: &str) -> String {
    match digits(currency) {
        0 => minor.to_string(),
        _ => format!("{}{}.{:02}", if minor < 0 { "-" } else { "" }, minor.abs() / 100, minor.abs() % 100),
    }
}

impl Shop {
    pub(crate) fn new(of: &settings::Account, now: i64, ids: &mut Ids) -> Self {
        let name = of.username.as_str();
        let scale = 10_i64.pow(digits(&of.currency));
        let mut product = |place: usize, product: &settings::Product| Product {
            id: ids.long(now, &["product", name, &place.to_string()]),
            title: product.title.clone(),
            skus: (product.skus.iter().enumerate())
                .map(|(sku, it)| Sku {
                    id: ids.long(now, &["sku", name, &place.to_string(), &sku.to_string()]),
                    name: it.name.clone(),
                    price_minor: i64::from(it.price) * scale,
                })
                .collect(),
        };
        let products = of.products.iter().enumerate().map(|(place, it)| product(place, it)).collect();
        Self {
            products,
            id: ids.long(now, &["shop", name]).to_string(),
            cipher: ids.secret("ROW_", &["cipher", name]),
            code: ids.secret("", &["shop code", name])[..10].to_uppercase(),
            currency: of.currency.to_uppercase(),
            made_at: now,
        }
    }
}

impl World {
    /// Somebody buys, and pays a minute later.
    pub(crate) fn buy(
        &mut self,
        at: i64,
        account: usize,
        name: &str,
        items: &[(usize, usize)],
    ) -> Result<u64, Refusal> {
        let shop = &self.accounts[account].shop;
        let price = |(product, sku): &(usize, usize)| Some(shop.products.get(*product)?.skus.get(*sku)?.price_minor);
        let prices: Option<Vec<_>> = items.iter().map(price).collect();
        let total_minor = match prices {
            Some(prices) if (1..=100).contains(&prices.len()) => prices.iter().sum(),
            _ => return Err(Refusal::new(40_002, "1 to 100 items of the shop's, by their places")),
        };
        let number = self.makes(name)?;
        let id = self.ids.long(at, &["order", name, &number]);
        let order = Order {
            id,
            account,
            person: name.to_owned(),
            at,
            updated_at: at,
            paid_at: None,
            status: "UNPAID",
            cancelled: None,
            items: items.to_vec(),
            total_minor,
            returns: Vec::new(),
        };
        self.orders.insert(id, order);
        self.tell_order(at, id);
        let hour = 3_600_000;
        let later = [
            ("AWAITING_SHIPMENT", hour / 60),
            ("IN_TRANSIT", 20 * hour),
            ("DELIVERED", 44 * hour),
            ("COMPLETED", 212 * hour),
        ];
        for (status, after) in later {
            self.due(at + after, Due::OrderStatus(id, status));
        }
        Ok(id)
    }

    /// An order goes on, unless it was cancelled.
    pub(super) fn order_status(&mut self, at: i64, id: u64, status: &'static str) {
        let Some(order) = self.orders.get_mut(&id).filter(|it| it.status != "CANCELLED") else { return };
        (order.status, order.updated_at) = (status, at);
        order.paid_at = order.paid_at.or(Some(at));
        self.tell_order(at, id);
    }

    /// Cancels an order. Webhooks call that `CANCEL`, the API `CANCELLED`.
    pub(crate) fn cancel(&mut self, at: i64, id: u64) -> Result<u64, Refusal> {
        let missing = || Refusal::new(40_002, "there is no such order that can be cancelled");
        let order = self.orders.get_mut(&id).filter(|it| it.cancelled.is_none()).ok_or_else(missing)?;
        let cancellation = self.ids.long(at, &["cancel", &id.to_string()]);
        (order.status, order.updated_at, order.cancelled) = ("CANCELLED", at, Some((cancellation, at)));
        let account = order.account;
        self.tell_order(at, id);
        let data = json!({
            "order_id": id.to_string(),
            "cancel_id": cancellation.to_string(),
            "cancellations_role": "BUYER",
            "cancel_status": "CANCELLATION_REQUEST_COMPLETE",
            "create_time": at / 1000,
        });
        self.tell_shop(at, account, 11, "CANCELLATION_STATUS_CHANGE", data);
        Ok(cancellation)
    }

    /// An order, or a part of it, is paid back.
    pub(crate) fn give_back(&mut self, at: i64, id: u64, amount_minor: Option<i64>) -> Result<u64, Refusal> {
        let order = self.orders.get(&id).ok_or_else(|| Refusal::new(40_002, "there is no such order"))?;
        let left = order.total_minor - order.returns.iter().map(|it| it.amount_minor).sum::<i64>();
        let amount_minor = amount_minor.unwrap_or(left);
        if amount_minor <= 0 || amount_minor > left {
            return Err(Refusal::new(40_002, format!("{left} is left to be paid back")));
        }
        let place = order.returns.len().to_string();
        let made = self.ids.long(at, &["return", &id.to_string(), &place]);
        let Some(order) = self.orders.get_mut(&id) else { return Ok(made) };
        order.returns.push(Return { id: made, at, amount_minor });
        order.updated_at = at;
        let account = order.account;
        let data = json!({
            "order_id": id.to_string(),
            "return_id": made.to_string(),
            "return_role": "BUYER",
            "return_type": "RETURN_AND_REFUND",
            "return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE",
            "create_time": at / 1000,
            "update_time": at / 1000,
        });
        self.tell_shop(at, account, 12, "RETURN_STATUS_CHANGE", data);
        Ok(made)
    }

    fn tell_order(&mut self, at: i64, id: u64) {
        let Some(order) = self.orders.get(&id) else { return };
        let account = order.account;
        let data = json!({
            "order_id": id.to_string(),
            "order_status": if order.status == "CANCELLED" { "CANCEL" } else { order.status },
            "is_on_hold_order": false,
            "update_time": order.updated_at / 1000,
        });
        self.tell_shop(at, account, 1, "ORDER_STATUS_CHANGE", data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_the_digits_of_its_currency() {
        assert_eq!(money(59_005, "THB"), "590.05");
        assert_eq!(money(590_000, "VND"), "590000");
    }
}
