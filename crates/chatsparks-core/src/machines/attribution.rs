//! Attribution: which conversation an order came from, and the ledger of it (A).

use crate::{
    Cause, Contact, Credit, Email, Fact, IndexRow, Instant, LedBy, LedgerCause, LedgerEntry, Order, OrderEntry,
    OrderId, OrderLine, OrderOutcome, OrderResult, OrganicReason, Outcome, Period, ProductId, Refund, RefusalReason,
    ReviewVerdict, SentBy, SentLink, SkuId, document::workspace::Link, machines::turn::Turn,
};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;

pub use candidates::{Candidate, CandidateLink, CandidateVerdict};

mod candidates;

/// The product of each SKU of the catalogue: looked up for every line of an order, never walked.
pub(crate) type ProductOf = HashMap<SkuId, ProductId, FixedState>;

/// What an order's lines are held against, and what came of it (A2, A3, A5).
struct Judgement<'a> {
    result: OrderResult,
    credited: &'a SentLink,
    overlap_minor: i64,
}

impl Turn<'_> {
    /// An order is credited to a conversation, or is organic (A1–A5, A7).
    ///
    /// `links`: those sent to the contact, in the order sent.
    pub(crate) fn order(&mut self, order: &Order, contact: Option<&Contact>, links: &[SentLink]) -> Outcome {
        let placed_at = order.placed_at.unwrap_or(self.at);
        // Histories with amounts below zero are refused where they are read; from elsewhere they count as none.
        let total_minor = order.total_minor.max(0);
        let window = Period::days(self.policy().attribution_days);
        let judged = contact.and_then(|_| judge(links, order, placed_at, window, &self.engine.product_of));
        let (result, overlap_minor) =
            judged.as_ref().map_or((OrderResult::Organic, 0), |judged| (judged.result, judged.overlap_minor));
        let reason = match (&judged, contact) {
            (Some(_), _) => None,
            (None, Some(_)) => Some(OrganicReason::NoRecentLink),
            (None, None) => Some(OrganicReason::UnknownContact),
        };
        let credited = judged.map(|judged| judged.credited);
        let entry = OrderEntry {
            user_id: contact.map(|contact| contact.user_id().clone()),
            placed_at,
            result,
            total_minor,
            overlap_minor,
            refunded_minor: 0,
            currency: order.currency.clone(),
            cause: cause(LedgerCause::Order, credited),
            reviewed: false,
            cancelled: false,
        };
        self.fact(Fact::OrderCredited(Box::new(LedgerEntry {
            order_id: order.order_id.clone(),
            result,
            revenue_minor: total_minor,
            overlap_minor,
            currency: order.currency.clone(),
            cause: entry.cause.clone(),
        })));
        self.index(IndexRow::Order(order.order_id.clone(), Box::new(entry)));
        let credit = contact.zip(credited).map(|(contact, link)| credit(contact, link, placed_at));
        Outcome::Order(Box::new(OrderOutcome {
            result,
            reason,
            credit,
            total_minor,
            overlap_minor,
            currency: order.currency.clone(),
        }))
    }

    /// A cancellation takes the order's revenue back out; the entry stays (A6).
    pub(crate) fn cancel_order(&mut self, order_id: &OrderId, known: Option<&OrderEntry>) -> Outcome {
        let Some(entry) = known else { return RefusalReason::UnknownOrder.into() };
        let after = OrderEntry { cancelled: true, ..entry.clone() };
        self.book(order_id, entry, after, LedgerCause::Cancellation);
        Outcome::Applied {}
    }

    /// A refund takes out its own amount, never below zero (A6). A refused one leaves its id free (T3).
    pub(crate) fn refund(&mut self, refund: &Refund, known: Option<&OrderEntry>) -> Outcome {
        let Some(entry) = known else { return RefusalReason::UnknownOrder.into() };
        self.index(IndexRow::Refund(refund.refund_id.clone()));
        let refunded_minor = entry.refunded_minor.saturating_add(refund.amount_minor.max(0));
        let after = OrderEntry { refunded_minor, ..entry.clone() };
        self.book(&refund.order_id, entry, after, LedgerCause::Refund);
        Outcome::Applied {}
    }

    /// A member's word on a soft order: once (A6).
    pub(crate) fn review_order(
        &mut self,
        order_id: &OrderId,
        verdict: ReviewVerdict,
        member: &Email,
        known: Option<&OrderEntry>,
    ) -> Outcome {
        if self.engine.active_member(member).is_none() {
            return RefusalReason::NotAMember.into();
        }
        let Some(entry) = known else { return RefusalReason::UnknownOrder.into() };
        if entry.reviewed {
            return RefusalReason::AlreadyReviewed.into();
        }
        if entry.result != OrderResult::Soft {
            return RefusalReason::NotSoft.into();
        }
        let (result, cause) = match verdict {
            ReviewVerdict::Confirm => (OrderResult::Attributed, LedgerCause::Confirmation),
            ReviewVerdict::Reject => (OrderResult::Organic, LedgerCause::Rejection),
        };
        let after = OrderEntry { result, reviewed: true, ..entry.clone() };
        self.book(order_id, entry, after, cause);
        Outcome::Applied {}
    }

    /// Appends to the ledger: what is taken back from one side, what is added to the other.
    fn book(&mut self, order_id: &OrderId, before: &OrderEntry, after: OrderEntry, kind: LedgerCause) {
        let entry = |result, revenue_minor, overlap_minor| {
            Box::new(LedgerEntry {
                order_id: order_id.clone(),
                result,
                revenue_minor,
                overlap_minor,
                currency: before.currency.clone(),
                cause: Cause { kind, ..before.cause.clone() },
            })
        };
        if before.result == after.result {
            let revenue = before.net_minor() - after.net_minor();
            let overlap = before.net_overlap_minor() - after.net_overlap_minor();
            if revenue != 0 || overlap != 0 || kind == LedgerCause::Cancellation {
                self.fact(Fact::OrderReversed(entry(before.result, revenue, overlap)));
            }
        } else {
            self.fact(Fact::OrderReversed(entry(before.result, before.net_minor(), before.net_overlap_minor())));
            self.fact(Fact::OrderCredited(entry(after.result, after.net_minor(), after.net_overlap_minor())));
        }
        self.index(IndexRow::Order(order_id.clone(), Box::new(after)));
    }
}

/// Which conversation an order is credited to; none: no link is recent enough (A2, A3).
fn judge<'a>(
    links: &'a [SentLink],
    order: &Order,
    placed_at: Instant,
    window: Period,
    product_of: &ProductOf,
) -> Option<Judgement<'a>> {
    let sent = || links.iter().filter(|link| link.at <= placed_at);
    // A2: candidates are conversations whose last link went out no more than the window before, the end included.
    let mut last: BTreeMap<u32, Instant> = BTreeMap::new();
    for link in sent() {
        let newest = last.entry(link.conversation).or_insert(link.at);
        *newest = link.at.max(*newest);
    }
    last.retain(|_, newest| placed_at <= newest.after(window));
    let eligible = || sent().filter(|link| last.contains_key(&link.conversation));
    // Ties go to the later conversation, then the later link, which `max_by_key` keeps.
    let latest = eligible().max_by_key(|link| (link.at, link.conversation))?;
    let mut linked = Linked::default();
    eligible().for_each(|link| linked.add(&link.link));
    let overlap_minor = linked.overlap(order, product_of);
    let matching = eligible().filter(|link| linked.is_ordered(&link.link));
    let Some(credited) = matching.max_by_key(|link| (link.at, link.conversation)) else {
        return Some(Judgement { result: OrderResult::Soft, credited: latest, overlap_minor: 0 });
    };
    Some(Judgement { result: OrderResult::Attributed, credited, overlap_minor })
}

/// What links are to: SKUs, and products without a SKU; and whether a line of the order is for it (A3).
///
/// Links repeat and lines may be many: each is looked at once, however many there are of the other.
#[derive(Default)]
struct Linked<'a> {
    skus: HashMap<&'a SkuId, bool, FixedState>,
    products: HashMap<&'a ProductId, bool, FixedState>,
}

impl<'a> Linked<'a> {
    fn add(&mut self, link: &'a Link) {
        match (&link.sku, &link.product) {
            (Some(sku), _) => drop(self.skus.insert(sku, false)),
            (None, Some(product)) => drop(self.products.insert(product, false)),
            (None, None) => {}
        }
    }

    /// Marks what is ordered, and sums the amounts of the lines that are linked (A5).
    fn overlap(&mut self, order: &Order, product_of: &ProductOf) -> i64 {
        let mut sum = 0i64;
        if self.skus.is_empty() && self.products.is_empty() {
            return sum;
        }
        for line in &order.lines {
            let sku = self.skus.get_mut(&line.sku_id);
            let product = match self.products.is_empty() {
                true => None,
                false => product_of_line(line, product_of).and_then(|product| self.products.get_mut(product)),
            };
            if sku.is_some() || product.is_some() {
                sum = sum.saturating_add(line.amount_minor.max(0));
            }
            sku.into_iter().chain(product).for_each(|ordered| *ordered = true);
        }
        sum
    }

    fn is_ordered(&self, link: &Link) -> bool {
        match (&link.sku, &link.product) {
            (Some(sku), _) => self.skus.get(sku) == Some(&true),
            (None, Some(product)) => self.products.get(product) == Some(&true),
            (None, None) => false,
        }
    }
}

/// A line's product is its own, else the catalogue's (A3).
fn product_of_line<'a>(line: &'a OrderLine, product_of: &'a ProductOf) -> Option<&'a ProductId> {
    line.product_id.as_ref().or_else(|| product_of.get(&line.sku_id))
}

fn cause(kind: LedgerCause, credited: Option<&SentLink>) -> Cause {
    let mut cause = Cause { kind, trigger: None, keyword: None, post_id: None, flow: None, member: None };
    match credited.map(|link| &link.by) {
        Some(SentBy::Flow(run, _)) => {
            cause.trigger = Some(run.trigger.clone());
            cause.keyword.clone_from(&run.keyword);
            cause.post_id = Some(run.post_id.clone());
            cause.flow = Some(run.flow.clone());
        }
        Some(SentBy::Member(member)) => cause.member = Some(member.clone()),
        None => {}
    }
    cause
}

fn credit(contact: &Contact, link: &SentLink, placed_at: Instant) -> Credit {
    let (led_by, member, seconds_from_comment) = match &link.by {
        SentBy::Flow(run, block) => {
            let led_by = LedBy {
                trigger: run.trigger.clone(),
                comment_id: run.comment_id.clone(),
                post_id: run.post_id.clone(),
                flow: run.flow.clone(),
                version: run.version,
                block: block.clone(),
            };
            (Some(led_by), None, Some(placed_at.seconds_since(run.comment_at)))
        }
        SentBy::Member(member) => (None, Some(member.clone()), None),
    };
    Credit {
        user_id: contact.user_id().clone(),
        conversation: link.conversation,
        link_at: link.at,
        led_by,
        member,
        seconds_from_comment,
    }
}
