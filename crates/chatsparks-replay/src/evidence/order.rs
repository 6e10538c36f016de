//! What a history shows of one order (D4).

use crate::{driver::ConsideredOrder, evidence::SetAside, record::Record};
use chatsparks_core::{
    Candidate, Engine, Event, Fact, Instant, LedgerCause, LedgerEntry, Order, OrderId, OrderOutcome, OrderResult,
    ShopUserId, UserId,
    diagnosis::{Diagnosis, OrderKnown},
};
use serde::Serialize;

/// An order as it came, and what the ledger says of it since.
#[derive(Debug)]
pub struct OrderEvidence {
    order: Order,
    placed_at: Instant,
    outcome: OrderOutcome,
    contact: Option<UserId>,
    linked_by: Option<ShopUserId>,
    linked_later: Option<Instant>,
    candidates: Vec<Candidate>,
    engine: Engine,
    ledger: Vec<LedgerLine>,
    counts_as: OrderResult,
}

/// The order that an event says something of.
pub(super) fn order_of<'r>(record: &Record<'r>) -> Option<&'r OrderId> {
    match record.event()? {
        Event::Order(order) => Some(&order.order_id),
        Event::OrderCancelled(order_id) | Event::OrderReview { order_id, .. } => Some(order_id),
        Event::Refund(refund) => Some(&refund.order_id),
        _ => None,
    }
}

/// An entry of the ledger, and when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerLine {
    /// When.
    pub at: Instant,
    /// Whether it takes back, or adds.
    pub reversed: bool,
    /// What it says.
    #[serde(flatten)]
    pub entry: LedgerEntry,
}

/// What is shown of an order beside its diagnosis: the candidates and why each lost, and its ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderNotes<'a> {
    /// The order.
    pub order_id: &'a OrderId,
    /// When it was placed.
    pub placed_at: Instant,
    /// What came of it.
    pub outcome: &'a OrderOutcome,
    /// The conversations that it could have come from, and why each was credited or lost.
    pub candidates: &'a [Candidate],
    /// Its entries in the ledger, in order.
    pub ledger: &'a [LedgerLine],
    /// What was refused of it, or came again.
    pub set_aside: &'a [SetAside],
}

impl OrderEvidence {
    pub(super) fn new(considered: &ConsideredOrder<'_>) -> Self {
        let ConsideredOrder { order, at, outcome, contact, links, engine } = *considered;
        let placed_at = order.placed_at.unwrap_or(at);
        let candidates = contact.map(|_| engine.order_candidates(links, order, placed_at));
        let user_id = contact.map(|contact| contact.user_id().clone());
        Self {
            linked_by: user_id.as_ref().filter(|id| **id != order.user_id).map(|_| order.user_id.as_str().into()),
            order: order.clone(),
            placed_at,
            outcome: outcome.clone(),
            contact: user_id,
            linked_later: None,
            candidates: candidates.unwrap_or_default(),
            engine: engine.clone(),
            ledger: Vec::new(),
            counts_as: outcome.result,
        }
    }

    pub(super) fn record(&mut self, record: &Record<'_>) {
        if let Some(Event::Identity { shop_user_id, .. }) = record.event() {
            let is_ours = self.contact.is_none() && shop_user_id.as_str() == self.order.user_id.as_str();
            self.linked_later = self.linked_later.or(is_ours.then_some(record.at));
        }
        if order_of(record) != Some(&self.order.order_id) {
            return;
        }
        for fact in &record.decision.facts {
            let (entry, reversed) = match fact {
                Fact::OrderCredited(entry) => (entry, false),
                Fact::OrderReversed(entry) => (entry, true),
                _ => continue,
            };
            // Only a review changes what an order counts as (A6).
            self.counts_as = match entry.cause.kind {
                LedgerCause::Confirmation => OrderResult::Attributed,
                LedgerCause::Rejection => OrderResult::Organic,
                _ => self.counts_as,
            };
            self.ledger.push(LedgerLine { at: record.at, reversed, entry: LedgerEntry::clone(entry) });
        }
    }

    /// What is shown beside the diagnosis.
    pub(super) fn notes<'a>(&'a self, set_aside: &'a [SetAside]) -> OrderNotes<'a> {
        OrderNotes {
            order_id: &self.order.order_id,
            placed_at: self.placed_at,
            outcome: &self.outcome,
            candidates: &self.candidates,
            ledger: &self.ledger,
            set_aside,
        }
    }

    pub(super) fn diagnose(&self) -> Diagnosis {
        let known = OrderKnown {
            workspace: self.engine.workspace(),
            order: &self.order,
            placed_at: self.placed_at,
            outcome: &self.outcome,
            counts_as: self.counts_as,
            contact: self.contact.as_ref(),
            linked_by: self.linked_by.as_ref(),
            linked_later: self.linked_later,
            candidates: &self.candidates,
        };
        known.diagnose()
    }
}
