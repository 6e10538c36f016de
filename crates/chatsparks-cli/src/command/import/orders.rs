//! Orders, of which a table has a row for each thing that was ordered.

use super::{Import, Reading, field, table::Row};
use chatsparks_core::{Event, Instant, Order, OrderLine, Refund};
use std::collections::BTreeMap;

/// The orders of a table, in the order of their first rows.
#[derive(Default)]
pub(super) struct Orders {
    orders: Vec<Ordered>,
    /// Where each stands.
    places: BTreeMap<String, usize>,
}

struct Ordered {
    at: Instant,
    order: Order,
    /// The whole, where a column says it.
    total: Option<i64>,
    refunded: i64,
    cancelled_at: Option<Instant>,
    place: String,
}

impl Orders {
    /// Takes a row into its order.
    pub(super) fn row(&mut self, row: &Row<'_>, import: &Import) -> Result<(), String> {
        let order_id = row.need("order_id")?;
        let at =
            |field: &str, text: &str| field::at(text, &import.zone, import.dates).map_err(|why| row.wrong(field, &why));
        let placed = at("at", row.need("at")?)?;
        let of = row.get("currency").or(import.currency.as_deref());
        let amount = |field: &str| match row.get(field) {
            Some(text) => field::amount(text, of).map(Some).map_err(|why| row.wrong(field, &why)),
            None => Ok(None),
        };
        let (amount_minor, currency) = amount("amount")?.ok_or_else(|| row.wrong("amount", "nothing stands here"))?;
        let quantity = match row.get("quantity") {
            Some(text) => match text.parse::<i64>() {
                Ok(quantity) if quantity > 0 => quantity,
                _ => return Err(row.wrong("quantity", "expected a whole number from 1")),
            },
            None => 1,
        };
        let total = amount("total")?.map(|(total, _)| total);
        let refunded = amount("refunded")?.map_or(0, |(refunded, _)| refunded);
        let cancelled_at = row.get("cancelled_at").map(|text| at("cancelled_at", text)).transpose()?;
        let line = OrderLine {
            sku_id: row.need("sku_id")?.into(),
            product_id: row.get("product_id").map(Into::into),
            quantity,
            amount_minor,
        };
        let user_id = row.need("user_id")?;
        let place = *self.places.entry(order_id.to_owned()).or_insert(self.orders.len());
        let ordered = match self.orders.get_mut(place) {
            Some(known) if known.order.currency != *currency.as_str() => {
                return Err(row.wrong("amount", "the order's other rows are of another currency"));
            }
            Some(known) => known,
            None => {
                let order = Order {
                    order_id: order_id.into(),
                    user_id: user_id.into(),
                    placed_at: None,
                    currency: currency.as_str().into(),
                    total_minor: 0,
                    lines: Vec::new(),
                };
                let place = row.place();
                self.orders.push(Ordered { at: placed, order, total, refunded: 0, cancelled_at, place });
                // INVARIANT: one was just put there.
                let Some(last) = self.orders.last_mut() else { return Ok(()) };
                last
            }
        };
        ordered.order.lines.push(line);
        ordered.total = ordered.total.or(total);
        // The whole order's refund stands beside each of its rows.
        ordered.refunded = ordered.refunded.max(refunded);
        ordered.cancelled_at = ordered.cancelled_at.or(cancelled_at);
        Ok(())
    }

    /// Makes the events of them: the order, its refund, its cancellation.
    pub(super) fn finish(self, to: &mut Reading<'_>) {
        for Ordered { at, mut order, total, refunded, cancelled_at, place } in self.orders {
            let lines = order.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.amount_minor));
            order.total_minor = total.unwrap_or(lines);
            let order_id = order.order_id.clone();
            to.take(format!("order:{order_id}"), at, Event::Order(order), place.clone());
            // When it was refunded no export says: with the cancellation, else with the order.
            let later = cancelled_at.map_or(at, |cancelled| cancelled.max(at));
            if refunded > 0 {
                let refund_id = format!("refund:{order_id}");
                let refund =
                    Refund { refund_id: refund_id.as_str().into(), order_id: order_id.clone(), amount_minor: refunded };
                to.take(refund_id, later, Event::Refund(refund), place.clone());
            }
            if cancelled_at.is_some() {
                to.take(format!("cancelled:{order_id}"), later, Event::OrderCancelled(order_id), place);
            }
        }
    }
}
