//! The state of a workspace (`formats.md`, Final state).

use super::At;
use crate::{Kind, Problem, Scope, openapi::StateShape, router::Shared};
use axum::{Json, extract::State};
use chatsparks_ports::Store;
use serde_json::Value;

/// The state as far as is decided: the count, every contact, every order.
#[utoipa::path(
    operation_id = "read_state",
    get, path = "/v1/workspaces/{workspace}/state", tag = "state",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    responses((status = 200, description = "The state", body = StateShape)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, at: At) -> Result<Json<Value>, Problem> {
    at.check(Scope::Read, &service).await?;
    let _turn = service.whole.acquire().await.map_err(|_| Problem::new(Kind::Busy, "the service is stopping"))?;
    Ok(Json(service.runtime.state(&at.workspace).await?))
}
