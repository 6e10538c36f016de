//! One order.

use super::{
    At, asked,
    diagnosis::{Diagnosed, past::of_order},
    page::limit,
};
use crate::{Kind, Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::OrderResult;
use chatsparks_ports::Store;
use chatsparks_runtime::ListedOrder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Why an order counts as what it does.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderExplained)]
pub(crate) struct Explained {
    /// The conversations that it could have come from, and why each was credited or lost (`candidates`), its `ledger` with
    /// what cancellations and refunds left of it, its `outcome`, and what was refused of it (`set_aside`).
    #[serde(flatten)]
    #[schema(value_type = Object)]
    notes: Value,
    /// Each check, and what to do next.
    diagnosis: Diagnosed,
}

/// Why an order counts as what it does: the conversations that it could have come from and why each lost, what cancellations
/// and refunds left of it, and what to do next.
#[utoipa::path(
    operation_id = "explain_order",
    get, path = "/v1/workspaces/{workspace}/orders/{order_id}/explain", tag = "state",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("order_id" = String, Path, description = "The order, percent-encoded"),
    ),
    responses((status = 200, description = "The order explained", body = Explained)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn explain<S: Store>(State(service): State<Shared<S>>, at: At) -> Result<Json<Explained>, Problem> {
    at.check(Scope::Read, &service).await?;
    let (diagnosis, notes) = of_order(&service, &at, at.name.clone()).await?;
    let diagnosis = Diagnosed::new(diagnosis, service.runtime.now(&at.workspace), at.engine(&service)?.revision());
    Ok(Json(Explained { notes, diagnosis }))
}

/// Orders of a page, without being told and at most.
const USUAL: usize = 50;
const MOST: usize = 200;

/// Orders, sorted by their ids.
#[derive(Serialize, ToSchema)]
pub(crate) struct Orders {
    /// Each: the order as in the state, `user_id`, `placed_at`, `total_minor`, `refunded_minor`, what it is credited to
    /// (`cause`), and whether a member `reviewed` it.
    #[schema(value_type = Vec<Object>)]
    orders: Vec<ListedOrder>,
    /// Where to go on: `after` of the next call; null: that was the last.
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Those that count as this: `attributed`, `soft` or `organic`.
    #[param(nullable = false, value_type = Option<String>, pattern = "^(attributed|soft|organic)$")]
    result: Option<OrderResult>,
    /// Where to go on: `next` of the answer before.
    #[param(nullable = false)]
    after: Option<String>,
    /// Orders at most, and never more than 200.
    #[param(minimum = 1, nullable = false)]
    #[serde(default, deserialize_with = "super::page::count")]
    limit: Option<usize>,
}

/// Orders, sorted by their ids. An answer may have fewer than asked for, and still not be the last: that one has no `next`.
#[utoipa::path(
    operation_id = "list_orders",
    get, path = "/v1/workspaces/{workspace}/orders", tag = "state",
    params(("workspace" = String, Path, description = "The id of the workspace"), Asked),
    responses((status = 200, description = "The orders", body = Orders)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn list<S: Store>(
    State(service): State<Shared<S>>,
    request: Request,
) -> Result<Json<Orders>, Problem> {
    let (at, paged): (_, Asked) = asked(&service, request, Scope::Read).await?;
    let limit = limit(paged.limit, USUAL, MOST)?;
    let page = service.runtime.orders(&at.workspace, paged.result, paged.after.as_deref(), limit).await?;
    Ok(Json(Orders { orders: page.orders, next: page.next }))
}

/// One order, as in the state.
#[utoipa::path(
    operation_id = "read_order",
    get, path = "/v1/workspaces/{workspace}/orders/{order_id}", tag = "state",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("order_id" = String, Path, description = "The order, percent-encoded"),
    ),
    responses((status = 200, description = "The order", body = crate::openapi::OrderShape)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, at: At) -> Result<Json<Value>, Problem> {
    at.check(Scope::Read, &service).await?;
    let order = service.runtime.order(&at.workspace, &at.name).await?;
    order.map(Json).ok_or_else(|| Problem::new(Kind::NotFound, "the workspace has no such order"))
}
