//! D4: an order was not attributed.

use super::{Advice, Answer, Case, Check, CheckCode, Diagnosis, DiagnosisKind, Found};
use crate::{
    Candidate, CandidateVerdict, Instant, Order, OrderOutcome, OrderResult, ShopUserId, UserId,
    document::workspace::Workspace,
};

/// What is known of one order.
#[derive(Clone, Copy, Debug)]
pub struct OrderKnown<'a> {
    /// The workspace in force when the order came.
    pub workspace: &'a Workspace,
    /// The order.
    pub order: &'a Order,
    /// When it was placed (A7).
    pub placed_at: Instant,
    /// What came of it.
    pub outcome: &'a OrderOutcome,
    /// What it counts as now: a soft order may have been confirmed or rejected since (A6).
    pub counts_as: OrderResult,
    /// The contact that it belongs to (A1); none: it matches nobody.
    pub contact: Option<&'a UserId>,
    /// A shop id by which the contact was found.
    pub linked_by: Option<&'a ShopUserId>,
    /// When the shop id was linked to a contact, after the order came: too late for it.
    pub linked_later: Option<Instant>,
    /// The conversations that it could have come from.
    pub candidates: &'a [Candidate],
}

impl OrderKnown<'_> {
    /// D4: shop connected; same account; within the window of the last link; the SKU was linked.
    pub fn diagnose(&self) -> Diagnosis {
        let shop = &self.workspace.connections.shop;
        let connected = shop.allows("orders");
        let connect = if shop.connected { Advice::GrantShopScopes } else { Advice::ConnectShop };
        let checks = vec![
            Check::new(CheckCode::ShopConnected, Answer::passes(connected), connect)
                .with("connected", shop.connected)
                .with("scopes", shop.scopes.clone()),
            Check::new(CheckCode::SameAccount, Answer::passes(self.contact.is_some()), Advice::LinkShopId)
                .with("buyer", &self.order.user_id)
                .with("contact", self.contact)
                .with("linked_by_shop_id", self.linked_by.map(ShopUserId::as_str))
                .with("linked_after_the_order", self.linked_later),
            self.within_window(),
            self.sku_linked(),
        ];
        let (case, all_pass) = match self.counts_as {
            OrderResult::Attributed => (Case::OrderAttributed, Advice::OrderIsAttributed),
            OrderResult::Soft => (Case::OrderSoft, Advice::ReviewSoftOrder),
            OrderResult::Organic => (Case::OrderOrganic, Advice::LookAtCandidates),
        };
        Diagnosis::new(DiagnosisKind::OrderNotAttributed, case, checks, all_pass)
    }

    /// The conversations that A2 lets in.
    fn eligible(&self) -> impl Iterator<Item = &Candidate> {
        let is_out = |verdict| matches!(verdict, CandidateVerdict::TooOld | CandidateVerdict::AfterTheOrder);
        self.candidates.iter().filter(move |candidate| !is_out(candidate.verdict))
    }

    /// What is known of a contact's links; of an order that matches nobody nothing is.
    fn of_contact(&self, found: impl Into<Found>) -> Found {
        if self.contact.is_some() { found.into() } else { Found::Unknown }
    }

    fn within_window(&self) -> Check {
        let last_link = self.candidates.iter().filter_map(|candidate| candidate.last_link_at).max();
        let answer = match self.contact {
            None => Answer::Unknown,
            Some(_) => Answer::passes(self.eligible().next().is_some()),
        };
        let advice = match (self.contact, last_link) {
            (None, _) => Advice::LinkShopId,
            (Some(_), None) => Advice::SendLinksInFlows,
            (Some(_), Some(_)) => Advice::LinkSooner,
        };
        Check::new(CheckCode::WithinWindow, answer, advice)
            .with("placed_at", self.placed_at)
            .with("last_link_at", self.of_contact(last_link))
            .with("seconds_between", self.of_contact(last_link.map(|last| self.placed_at.seconds_since(last))))
            .with("attribution_days", self.workspace.policy.attribution_days)
            .with("candidates", self.of_contact(self.candidates.iter().map(told).collect::<Vec<_>>()))
    }

    fn sku_linked(&self) -> Check {
        // Where every link is too old, that is told by the check before; this one asks what they were to.
        let is_any_eligible = self.eligible().next().is_some();
        let looked_at = || {
            let is_in = |candidate: &&Candidate| {
                !is_any_eligible
                    || !matches!(candidate.verdict, CandidateVerdict::TooOld | CandidateVerdict::AfterTheOrder)
            };
            self.candidates.iter().filter(is_in)
        };
        let matches =
            |candidate: &Candidate| candidate.links.iter().any(|link| link.matches && link.at <= self.placed_at);
        let answer = match self.contact {
            None => Answer::Unknown,
            Some(_) => Answer::passes(looked_at().any(matches)),
        };
        let advice = match (self.contact, self.counts_as) {
            (None, _) => Advice::LinkShopId,
            (Some(_), OrderResult::Soft) => Advice::ReviewSoftOrder,
            _ => Advice::LinkTheSku,
        };
        let mut ordered: Vec<String> = self.order.lines.iter().map(|line| line.sku_id.as_str().to_owned()).collect();
        ordered.sort_unstable();
        ordered.dedup();
        let several = ordered.len();
        ordered.truncate(MOST_SKUS);
        let mut linked: Vec<String> = looked_at()
            .flat_map(|candidate| &candidate.links)
            .filter(|link| link.at <= self.placed_at)
            .map(|link| match (&link.link.sku, &link.link.product) {
                (Some(sku), _) => sku.as_str().to_owned(),
                (None, Some(product)) => product.as_str().to_owned(),
                (None, None) => "shop".to_owned(),
            })
            .collect();
        linked.sort_unstable();
        linked.dedup();
        linked.truncate(MOST_SKUS);
        Check::new(CheckCode::SkuLinked, answer, advice)
            .with("ordered", ordered)
            .with("ordered_skus", several)
            .with("linked", self.of_contact(linked))
            .with("result", result(self.outcome.result))
            .with("counts_as", result(self.counts_as))
            .with("credited_to_conversation", self.outcome.credit.as_ref().map(|credit| credit.conversation))
    }
}

/// An order may have ten thousand lines; a page shows the first few.
const MOST_SKUS: usize = 20;

fn told(candidate: &Candidate) -> String {
    format!("{}: {}", candidate.conversation, candidate.verdict.as_str())
}

fn result(result: OrderResult) -> &'static str {
    match result {
        OrderResult::Attributed => "attributed",
        OrderResult::Soft => "soft",
        OrderResult::Organic => "organic",
    }
}
