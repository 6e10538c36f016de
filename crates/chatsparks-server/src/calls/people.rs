//! Members, and the workspaces that somebody may read (W1).

use super::{Nothing, asked};
use crate::{Problem, Scope, access::Caller, router::Shared};
use axum::{
    Extension, Json,
    extract::{Request, State},
};
use chatsparks_ports::Store;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Who may act in a workspace.
#[derive(Serialize, ToSchema)]
pub(crate) struct Members {
    /// Each: `email`, `role` (`owner` or `member`), `status` (`active`, `pending` or `suspended`), and `sign_in`: what a
    /// sign-in with that email comes to.
    #[schema(value_type = Vec<Object>)]
    members: Vec<Value>,
    /// Whether anybody may act, since nobody is listed.
    anyone: bool,
}

/// The workspaces that the caller may read.
#[derive(Serialize, ToSchema)]
pub(crate) struct Workspaces {
    /// Each: its `id`, and its `name`.
    #[schema(value_type = Vec<Object>)]
    workspaces: Vec<Value>,
}

/// Who may act in a workspace, and who may not yet or no longer.
#[utoipa::path(
    operation_id = "list_members",
    get, path = "/v1/workspaces/{workspace}/members", tag = "people",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    responses((status = 200, description = "The members", body = Members)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn members<S: Store>(
    State(service): State<Shared<S>>,
    request: Request,
) -> Result<Json<Members>, Problem> {
    let (at, Nothing {}) = asked(&service, request, Scope::Read).await?;
    let engine = at.engine(&service)?;
    let workspace = engine.workspace();
    let shown = workspace.members.iter().map(|member| {
        json!({
            "email": member.email, "role": member.role, "status": member.status,
            "sign_in": workspace.sign_in(&member.email, None).as_str(),
        })
    });
    Ok(Json(Members { members: shown.collect(), anyone: workspace.members.is_empty() }))
}

/// The workspaces that the caller may read, sorted by their ids.
#[utoipa::path(
    operation_id = "list_workspaces",
    get, path = "/v1/workspaces", tag = "service",
    responses((status = 200, description = "The workspaces", body = Workspaces)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn workspaces<S: Store>(
    State(service): State<Shared<S>>,
    Extension(caller): Extension<Caller>,
) -> Json<Workspaces> {
    let mut workspaces = Vec::new();
    for id in service.runtime.workspaces() {
        if let Some(engine) = service.runtime.engine(&id).filter(|_| caller.may(Scope::Read, Some(&id))) {
            workspaces.push(json!({ "id": id, "name": engine.workspace().workspace.name }));
        }
    }
    Json(Workspaces { workspaces })
}
