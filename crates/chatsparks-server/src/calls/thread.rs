//! What was said with one contact (V1, V11).

use super::asked;
use crate::{Kind, Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::UserId;
use chatsparks_ports::Store;
use chatsparks_runtime::Thread;
use serde::Deserialize;
use utoipa::IntoParams;

/// Records of a thread, without being told and at most.
const USUAL: usize = 500;
const MOST: usize = 5_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// So many events and timers at most, the last ones; never more than 5,000.
    #[param(minimum = 1, nullable = false)]
    #[serde(default, deserialize_with = "super::page::count")]
    limit: Option<usize>,
}

/// What was said with a contact, oldest first, and what was decided of them.
#[utoipa::path(
    operation_id = "read_thread",
    get, path = "/v1/workspaces/{workspace}/contacts/{user_id}/thread", tag = "conversations",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("user_id" = String, Path, description = "The contact, percent-encoded"),
        Asked,
    ),
    responses((status = 200, description = "The thread", body = crate::openapi::ThreadShape)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Json<Thread>, Problem> {
    let (at, asked): (_, Asked) = asked(&service, request, Scope::Read).await?;
    let limit = super::page::limit(asked.limit, USUAL, MOST)?;
    let thread = service.runtime.thread(&at.workspace, &UserId::from(at.name), limit).await?;
    thread.map(Json).ok_or_else(|| Problem::new(Kind::NotFound, "the workspace has no such contact"))
}
