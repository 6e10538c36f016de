//! What comments led to (I1).

use super::At;
use crate::{Problem, Scope, router::Shared};
use axum::{Json, extract::State};
use chatsparks_core::Insights;
use chatsparks_ports::Store;

/// What comments led to since the workspace began: by post, trigger, keyword, flow and member, as `chatsparks insights
/// --json` has it.
#[utoipa::path(
    operation_id = "read_insights",
    get, path = "/v1/workspaces/{workspace}/insights", tag = "state",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    responses((status = 200, description = "The insights", body = crate::openapi::InsightsShape)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, at: At) -> Result<Json<Insights>, Problem> {
    at.check(Scope::Read, &service).await?;
    Ok(Json(service.runtime.insights(&at.workspace).await?))
}
