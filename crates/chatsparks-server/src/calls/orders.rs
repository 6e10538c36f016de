//! One order.

use super::At;
use crate::{Kind, Problem, Scope, router::Shared};
use axum::{Json, extract::State};
use chatsparks_ports::Store;
use serde_json::Value;

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
    at.check(Scope::Read, &service)?;
    let order = service.runtime.order(&at.workspace, &at.name).await?;
    order.map(Json).ok_or_else(|| Problem::new(Kind::NotFound, "the workspace has no such order"))
}
