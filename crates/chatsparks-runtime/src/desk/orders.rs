//! Orders, a page at a time (A6).

use crate::Runtime;
use chatsparks_core::{Cause, Instant, OrderResult, Row, UserId, WorkspaceId, final_state::OrderState};
use chatsparks_ports::{Store, StoreError};
use serde::Serialize;

/// Rows read at once, and rows that are looked at for one page.
const PAGE: usize = 500;
const LOOKED_AT: usize = 5_000;

/// Orders, sorted by their ids.
#[derive(Clone, Debug, PartialEq)]
pub struct OrdersPage {
    /// The orders.
    pub orders: Vec<ListedOrder>,
    /// Where to go on; none: that was the last.
    pub next: Option<String>,
}

/// An order as it is listed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedOrder {
    /// The order, as in the state.
    #[serde(flatten)]
    pub order: OrderState,
    /// The contact it is credited to, or belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// When it was placed.
    pub placed_at: Instant,
    /// The whole order's total, in minor units.
    pub total_minor: i64,
    /// What refunds took out so far, in minor units.
    pub refunded_minor: i64,
    /// What it is credited to.
    pub cause: Cause,
    /// Whether a member reviewed it.
    pub reviewed: bool,
}

impl<S: Store> Runtime<S> {
    /// Orders after an id: all of them, or those that count as one result. There may be fewer than asked for, and still more.
    ///
    /// # Errors
    /// What the store says.
    pub async fn orders(
        &self,
        workspace: &WorkspaceId,
        result: Option<OrderResult>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<OrdersPage, StoreError> {
        let (mut orders, mut after) = (Vec::new(), after.map(str::to_owned));
        let mut looked_at = 0;
        while looked_at < LOOKED_AT {
            let rows = self.store().rows(workspace, "order", after.as_deref(), PAGE).await?;
            if rows.is_empty() {
                return Ok(OrdersPage { orders, next: None });
            }
            looked_at += rows.len();
            for row in &rows {
                after = Some(row.key().name());
                let Some(order) = ListedOrder::of(row) else { continue };
                if result.is_none_or(|result| result == order.order.result) {
                    orders.push(order);
                }
                if orders.len() == limit {
                    return Ok(OrdersPage { orders, next: after });
                }
            }
        }
        Ok(OrdersPage { orders, next: after })
    }
}

impl ListedOrder {
    fn of(row: &Row) -> Option<Self> {
        let Row::Order(id, entry) = row else { return None };
        Some(Self {
            order: OrderState::new(id, entry),
            user_id: entry.user_id.clone(),
            placed_at: entry.placed_at,
            total_minor: entry.total_minor,
            refunded_minor: entry.refunded_minor,
            cause: entry.cause.clone(),
            reviewed: entry.reviewed,
        })
    }
}
