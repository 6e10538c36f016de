//! What goes to support: ids, instants and results, but no texts and no tokens (D8).

use super::{Nothing, asked, connections};
use crate::{Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::diagnosis::{BUNDLED_EVENTS, SupportBundle};
use chatsparks_ports::Store;
use chatsparks_replay::evidence::BundledLine;
use chatsparks_runtime::LastRecords;
use serde_json::{Value, json};

/// The bundle for support: the workspace's id, its last two hundred events and what came of each, and what is wrong with
/// its webhook. No text, handle, captured value, amount or token is in it.
#[utoipa::path(
    operation_id = "read_support_bundle",
    get, path = "/v1/workspaces/{workspace}/support", tag = "diagnosis",
    params(("workspace" = String, Path, description = "The id of the workspace")),
    responses((status = 200, description = "The bundle", body = crate::openapi::BundleShape)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Json<Value>, Problem> {
    let (at, Nothing {}) = asked(&service, request, Scope::Read).await?;
    let engine = at.engine(&service)?;
    let now = service.runtime.now(&at.workspace);
    let last = LastRecords::read(&**service.runtime.store(), &at.workspace, None, BUNDLED_EVENTS).await?;
    let events = BundledLine::all(&last.lines, &last.events);
    let mut bundle = SupportBundle::of(at.workspace.clone(), engine.revision(), now, events);
    bundle.add(connections::diagnose_webhook(&service, &at, engine.workspace(), None, now).await?);
    Ok(Json(json!(bundle)))
}
