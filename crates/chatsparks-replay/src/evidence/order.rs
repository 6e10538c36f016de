//! What a history shows of one order (D4).

use crate::{
    driver::ConsideredOrder,
    evidence::{Arrivals, SetAside},
    record::Record,
};
use chatsparks_core::{
    Candidate, Engine, Event, Fact, Instant, LedgerEntry, Order, OrderId, OrderOutcome, ShopUserId, UserId,
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
    set_aside: Vec<SetAside>,
    arrivals: Arrivals,
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
            set_aside: Vec::new(),
            arrivals: Arrivals::default(),
        }
    }

    pub(super) fn record(&mut self, record: &Record<'_>) {
        let named = match record.event() {
            Some(Event::Identity { shop_user_id, .. }) => {
                let is_ours = self.contact.is_none() && shop_user_id.as_str() == self.order.user_id.as_str();
                self.linked_later = self.linked_later.or(is_ours.then_some(record.at));
                None
            }
            Some(Event::Order(order)) => Some(&order.order_id),
            Some(Event::OrderCancelled(order_id) | Event::OrderReview { order_id, .. }) => Some(order_id),
            Some(Event::Refund(refund)) => Some(&refund.order_id),
            _ => None,
        };
        if named != Some(&self.order.order_id) {
            return;
        }
        self.set_aside.extend(super::set_aside(record, &mut self.arrivals));
        for fact in &record.decision.facts {
            let (entry, reversed) = match fact {
                Fact::OrderCredited(entry) => (entry, false),
                Fact::OrderReversed(entry) => (entry, true),
                _ => continue,
            };
            self.ledger.push(LedgerLine { at: record.at, reversed, entry: LedgerEntry::clone(entry) });
        }
    }

    /// What is shown beside the diagnosis.
    pub fn notes(&self) -> OrderNotes<'_> {
        OrderNotes {
            order_id: &self.order.order_id,
            placed_at: self.placed_at,
            outcome: &self.outcome,
            candidates: &self.candidates,
            ledger: &self.ledger,
            set_aside: &self.set_aside,
        }
    }

    pub(super) fn diagnose(&self) -> Diagnosis {
        let known = OrderKnown {
            workspace: self.engine.workspace(),
            order: &self.order,
            placed_at: self.placed_at,
            outcome: &self.outcome,
            contact: self.contact.as_ref(),
            linked_by: self.linked_by.as_ref(),
            linked_later: self.linked_later,
            candidates: &self.candidates,
        };
        known.diagnose()
    }
}
