//! A: whom an order is credited to, and what is left of it.

use super::*;
use chatsparks_core::{Order as Placed, OrderLine, Refund, ReviewVerdict};

impl Order {
    pub(super) fn net(&self) -> i64 {
        if self.cancelled { 0 } else { (self.total - self.refunded).max(0) }
    }

    /// In proportion to the net total, from the original amounts, rounded down (A6).
    pub(super) fn net_overlap(&self) -> i64 {
        if self.cancelled {
            return 0;
        }
        if self.refunded == 0 {
            return self.overlap;
        }
        let part = i128::from(self.overlap) * i128::from(self.net());
        part.checked_div(i128::from(self.total)).and_then(|part| i64::try_from(part).ok()).unwrap_or(0)
    }
}

impl Model {
    pub(super) fn order(&mut self, order: &Placed, at: Instant) -> Value {
        let placed = order.placed_at.unwrap_or(at);
        let currency = order.currency.clone();
        let mut outcome = json!({ "total_minor": order.total_minor, "currency": currency.as_str() });
        let shop_id = self.shop_ids.get(order.user_id.as_str());
        let contact = Some(&order.user_id).filter(|user| self.people.contains_key(*user)).or(shop_id).cloned();
        let (result, overlap, by) = match &contact {
            None => {
                outcome["reason"] = json!("unknown_contact");
                ("organic", 0, None)
            }
            Some(user) => self.credit(user, order, placed, &mut outcome),
        };
        outcome["result"] = json!(result);
        outcome["overlap_minor"] = json!(overlap);
        let new = Order {
            result,
            reviewed: false,
            cancelled: false,
            total: order.total_minor,
            overlap,
            refunded: 0,
            currency,
            by,
        };
        self.tell_ledger("order_credited", &order.order_id, &new, (new.net(), new.net_overlap()), "order");
        self.orders.insert(order.order_id.clone(), new);
        json!({ "order": outcome })
    }

    fn credit(
        &self,
        user: &UserId,
        order: &Placed,
        placed: Instant,
        outcome: &mut Value,
    ) -> (&'static str, i64, Option<SentBy>) {
        let no_links = Vec::new();
        let links = self.people.get(user).map_or(&no_links, |person| &person.links);
        let before: Vec<(usize, &SentLink)> = links.iter().enumerate().filter(|(_, sent)| sent.at <= placed).collect();
        let window = self.workspace.policy.attribution_days * DAY;
        let is_candidate = |conversation: usize| {
            let last =
                before.iter().filter(|(_, sent)| sent.conversation == conversation).map(|(_, sent)| sent.at).max();
            last.is_some_and(|last| placed <= later(last, window))
        };
        let eligible: Vec<(usize, &SentLink)> =
            before.iter().copied().filter(|(_, sent)| is_candidate(sent.conversation)).collect();
        let latest = |links: Vec<(usize, &SentLink)>| {
            links
                .into_iter()
                .max_by_key(|(place, sent)| (sent.at, sent.conversation, *place))
                .map(|(_, sent)| sent.clone())
        };
        let Some(last) = latest(eligible.clone()) else {
            outcome["reason"] = json!("no_recent_link");
            return ("organic", 0, None);
        };
        let to_line = |sent: &SentLink, line: &OrderLine| match (&sent.link.sku, &sent.link.product) {
            (Some(sku), _) => *sku == line.sku_id,
            (None, Some(product)) => {
                let listed = self.workspace.products.iter().find(|p| p.skus.iter().any(|sku| sku.id == line.sku_id));
                line.product_id.as_ref().or(listed.map(|listed| &listed.id)) == Some(product)
            }
            (None, None) => false,
        };
        let matching: Vec<(usize, &SentLink)> =
            eligible.iter().copied().filter(|(_, sent)| order.lines.iter().any(|line| to_line(sent, line))).collect();
        let (result, credited) = match latest(matching) {
            Some(matched) => ("attributed", matched),
            None => ("soft", last),
        };
        let mut credit = json!({
            "user_id": user.as_str(), "conversation": credited.conversation, "link_at": credited.at.to_string(),
        });
        match &credited.by {
            SentBy::Member(member) => credit["member"] = json!(member.as_str()),
            SentBy::Bot(Run { start, version }, block) => {
                let seconds = placed.as_milliseconds() - start.comment_at.as_milliseconds();
                credit["trigger"] = json!(start.trigger.as_str());
                credit["comment_id"] = json!(start.comment_id.as_str());
                credit["post_id"] = json!(start.post_id.as_str());
                credit["flow"] = json!(start.flow.as_str());
                credit["version"] = json!(version);
                credit["block"] = json!(block.as_str());
                credit["seconds_from_comment"] = json!(seconds.div_euclid(SECOND));
            }
        }
        outcome["credit"] = credit;
        let matched = |line: &&OrderLine| eligible.iter().any(|(_, sent)| to_line(sent, line));
        let overlap = order.lines.iter().filter(matched).map(|line| line.amount_minor).fold(0, i64::saturating_add);
        (result, overlap, Some(credited.by))
    }

    /// An entry of the ledger (A6): what is added or taken back, and what it belongs to.
    fn tell_ledger(&mut self, fact: &str, id: &OrderId, order: &Order, amounts: (i64, i64), kind: &str) {
        let mut cause = json!({ "kind": kind });
        match &order.by {
            Some(SentBy::Bot(Run { start, .. }, _)) => {
                cause["trigger"] = json!(start.trigger);
                cause["keyword"] = json!(start.keyword);
                cause["post_id"] = json!(start.post_id);
                cause["flow"] = json!(start.flow);
            }
            Some(SentBy::Member(member)) => cause["member"] = json!(member),
            None => {}
        }
        self.tell(
            fact,
            json!({
                "order_id": id, "result": order.result, "revenue_minor": amounts.0, "overlap_minor": amounts.1,
                "currency": order.currency, "cause": cause,
            }),
        );
    }

    /// An order becomes another: what it loses is taken back.
    fn becomes(&mut self, id: &OrderId, new: Order, kind: &str) {
        let Some(old) = self.orders.insert(id.clone(), new.clone()) else { return };
        let lost = (old.net() - new.net(), old.net_overlap() - new.net_overlap());
        if lost != (0, 0) || kind == "cancellation" {
            self.tell_ledger("order_reversed", id, &old, lost, kind);
        }
    }

    pub(super) fn cancel(&mut self, order_id: &OrderId) -> Value {
        let Some(order) = self.orders.get(order_id).cloned() else { return refused("unknown_order") };
        self.becomes(order_id, Order { cancelled: true, ..order }, "cancellation");
        applied()
    }

    pub(super) fn refund(&mut self, refund: &Refund) -> Value {
        let Some(order) = self.orders.get(&refund.order_id).cloned() else { return refused("unknown_order") };
        self.refunds.insert(refund.refund_id.clone());
        let refunded = order.refunded.saturating_add(refund.amount_minor);
        self.becomes(&refund.order_id, Order { refunded, ..order }, "refund");
        applied()
    }

    pub(super) fn review(&mut self, order_id: &OrderId, verdict: ReviewVerdict, member: &Email) -> Value {
        if self.member(member).is_none() {
            return refused("not_a_member");
        }
        let Some(order) = self.orders.get(order_id).cloned() else { return refused("unknown_order") };
        if order.reviewed {
            return refused("already_reviewed");
        }
        if order.result != "soft" {
            return refused("not_soft");
        }
        let (result, kind) = match verdict {
            ReviewVerdict::Confirm => ("attributed", "confirmation"),
            ReviewVerdict::Reject => ("organic", "rejection"),
        };
        // What it counted as is taken back whole, and added as what it counts as now.
        let amounts = (order.net(), order.net_overlap());
        let new = Order { result, reviewed: true, ..order.clone() };
        self.tell_ledger("order_reversed", order_id, &order, amounts, kind);
        self.tell_ledger("order_credited", order_id, &new, amounts, kind);
        self.orders.insert(order_id.clone(), new);
        applied()
    }
}
