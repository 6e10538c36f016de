//! What buyers order after a conversation, and what becomes of it.

use super::{
    catalogue::{Product, Sku},
    clock::{DAY, HOUR, MINUTE, instant, pause},
    dice::Dice,
    event::Event,
    json::{Json, list, number, object, text},
    people::Person,
    words::Language,
    workspace::MEMBERS,
};
use chatsparks_core::workspace::Link;

/// The shop's products, and which of them are bought how often.
pub(crate) struct Shop<'a> {
    pub(crate) products: &'a [Product],
}

impl Shop<'_> {
    /// What happens in the shop after links were sent at these instants.
    pub(crate) fn after(&self, dice: &mut Dice, key: &str, person: &Person, links: &[(i64, Link)]) -> Vec<Event> {
        let Some((sent, link)) = links.last() else { return Vec::new() };
        if !dice.percent(32) {
            return Vec::new();
        }
        let mut events = Vec::new();
        // A few had bought before the link came.
        let placed = if dice.percent(4) { sent - pause(dice, 60, 7_200) } else { sent + pause(dice, 60, 3 * 86_400) };
        let shop_id = format!("s-{key}");
        let linked = dice.percent(55);
        let buyer = match dice.below(10) {
            _ if linked => shop_id.as_str(),
            0 => shop_id.as_str(),
            _ => person.id.as_str(),
        };
        if linked {
            // Mostly known before the order comes, sometimes after: then it is too late for this one.
            let known = if dice.percent(92) { sent + pause(dice, 1, 50) } else { placed + DAY + 2 * HOUR };
            let fields = vec![("shop_user_id", text(&shop_id))];
            events.push(Event::about(format!("{key}-i"), known, "identity", &person.id, fields));
        }
        events.extend(self.order(dice, key, buyer, person.language, placed, Some(link)));
        events
    }

    /// An order and what follows it.
    pub(crate) fn order(
        &self,
        dice: &mut Dice,
        key: &str,
        buyer: &str,
        language: Language,
        placed: i64,
        link: Option<&Link>,
    ) -> Vec<Event> {
        let mut lines = vec![self.bought(dice, link)];
        while dice.percent(30) && lines.len() < 5 {
            let (product, sku) = self.any(dice);
            lines.push((product, sku, dice.between(1, 2)));
        }
        let (currency, minor) = money(language);
        let amount = |baht: i64| baht * minor;
        let goods: i64 = lines.iter().map(|(_, sku, quantity)| sku.baht * quantity).sum();
        let total = amount(goods + if goods < 499 { 30 } else { 0 });
        let arrives = if dice.percent(65) { placed } else { placed + pause(dice, 30, 20 * 3_600) };
        let order_id = format!("ord-{key}");
        let mut fields = vec![("order_id", text(&order_id)), ("user_id", text(buyer))];
        if arrives != placed {
            fields.push(("placed_at", text(&instant(placed))));
        }
        fields.extend([("currency", text(currency)), ("total_minor", number(total))]);
        let named = dice.percent(70);
        fields.push(("lines", list(lines.iter().map(|line| written(line, named, minor)))));
        let mut events = vec![Event::new(format!("{key}-o"), arrives, "order", fields)];
        if dice.permille(6) {
            let again = Event { id: format!("{key}-ob"), at: arrives + 5 * MINUTE, ..copy(&events[0]) };
            events.push(again);
        }
        self.follow(dice, key, &order_id, arrives, total, &mut events);
        events
    }

    /// Reviews, refunds and cancellations.
    fn follow(&self, dice: &mut Dice, key: &str, order_id: &str, arrived: i64, total: i64, events: &mut Vec<Event>) {
        let order = || ("order_id", text(order_id));
        if dice.percent(30) {
            let verdict = text(if dice.percent(75) { "confirm" } else { "reject" });
            let fields = vec![order(), ("verdict", verdict), ("member", text(dice.pick(&MEMBERS)))];
            events.push(Event::new(format!("{key}-v"), arrived + pause(dice, 600, 2 * 86_400), "order_review", fields));
        }
        if dice.percent(7) {
            let part = if dice.percent(40) { total } else { total * dice.between(1, 9) / 10 };
            let fields = vec![("refund_id", text(&format!("ref-{key}"))), order(), ("amount_minor", number(part))];
            let at = arrived + pause(dice, 86_400, 4 * 86_400);
            events.push(Event::new(format!("{key}-f"), at, "refund", fields));
        }
        if dice.percent(5) {
            let at = arrived + pause(dice, 300, 2 * 86_400);
            events.push(Event::new(format!("{key}-x"), at, "order_cancelled", vec![order()]));
        }
    }

    /// What the link led to: mostly what it showed.
    fn bought(&self, dice: &mut Dice, link: Option<&Link>) -> (&Product, &Sku, i64) {
        let quantity = if dice.percent(80) { 1 } else { dice.between(2, 4) };
        let shown = link
            .and_then(|link| link.product.as_ref().map(|product| (product, link.sku.as_ref())))
            .filter(|_| dice.percent(75))
            .and_then(|(id, sku)| Some((self.products.iter().find(|product| product.id == id.as_str())?, sku)));
        let (product, sku) = match shown {
            Some((product, Some(id))) => {
                let sku = product.skus.iter().find(|sku| sku.id == id.as_str());
                (product, sku.unwrap_or(&product.skus[0]))
            }
            Some((product, None)) => (product, &product.skus[dice.below(product.skus.len())]),
            None => self.any(dice),
        };
        (product, sku, quantity)
    }

    fn any(&self, dice: &mut Dice) -> (&Product, &Sku) {
        let product = &self.products[dice.below(self.products.len())];
        (product, &product.skus[dice.below(product.skus.len())])
    }
}

/// One line of an order; some shops leave the product out.
fn written((product, sku, quantity): &(&Product, &Sku, i64), named: bool, minor: i64) -> Json {
    let mut fields = vec![("sku_id", text(&sku.id))];
    if named {
        fields.push(("product_id", text(&product.id)));
    }
    if *quantity != 1 {
        fields.push(("quantity", number(*quantity)));
    }
    fields.push(("amount_minor", number(sku.baht * quantity * minor)));
    object(fields)
}

/// The currency, and how many minor units of it the shop takes for a baht. The dong has none smaller than itself.
fn money(language: Language) -> (&'static str, i64) {
    match language {
        Language::Thai | Language::English => ("THB", 100),
        Language::Vietnamese => ("VND", 710),
        Language::Indonesian => ("IDR", 45_000),
    }
}

fn copy(event: &Event) -> Event {
    Event { id: event.id.clone(), at: event.at, kind: event.kind, fields: event.fields.clone(), late: event.late }
}
