//! An order as the ledger has it now (A6).

use crate::{Currency, Instant, OrderResult, UserId, fact::Cause};

/// An order as the ledger has it now: one small value under the order's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderEntry {
    /// The contact it was credited to.
    pub user_id: Option<UserId>,
    /// When it was placed (A7).
    pub placed_at: Instant,
    /// What it counts as now (A6).
    pub result: OrderResult,
    /// The whole order's total, in minor units.
    pub total_minor: i64,
    /// The linked part of it (A5), in minor units.
    pub overlap_minor: i64,
    /// What refunds took out so far, in minor units.
    pub refunded_minor: i64,
    /// The currency of every amount.
    pub currency: Currency,
    /// What it is credited to, for insights.
    pub cause: Cause,
    /// Whether a member reviewed it.
    pub reviewed: bool,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

impl OrderEntry {
    /// Revenue left, in minor units: none once cancelled, never below zero (A6).
    pub fn net_minor(&self) -> i64 {
        if self.cancelled { 0 } else { self.total_minor.saturating_sub(self.refunded_minor).max(0) }
    }

    /// Overlap left, in proportion to the net total, rounded down (A6).
    pub fn net_overlap_minor(&self) -> i64 {
        // Nothing was taken out: also where the whole order costs nothing, and there is no proportion.
        if self.net_minor() == self.total_minor && !self.cancelled {
            return self.overlap_minor;
        }
        if self.total_minor <= 0 {
            return 0;
        }
        let share = i128::from(self.overlap_minor) * i128::from(self.net_minor()) / i128::from(self.total_minor);
        i64::try_from(share).unwrap_or(i64::MAX)
    }
}
