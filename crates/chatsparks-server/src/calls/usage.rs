//! The count of monthly active contacts, its banner, and who waits: for room (M3, M5), or to write (P2).

use super::{
    asked,
    page::{limit, read_place, write_place},
    to_its_end,
};
use crate::{Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{Request, State},
};
use chatsparks_core::final_state::MacState;
use chatsparks_ports::Store;
use chatsparks_runtime::WaitingStart;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Starts of a page, without being told and at most.
const USUAL: usize = 50;
const MOST: usize = 200;

/// The count, and who waits.
#[derive(Serialize, ToSchema)]
pub(crate) struct Usage {
    /// The count of monthly active contacts.
    #[schema(value_type = crate::openapi::CountShape)]
    mac: MacState,
    /// When the next cycle begins; null before the first event.
    next_cycle: Option<String>,
    /// The counts at which the owners are told; null without a limit.
    told_at: Option<[u64; 3]>,
    /// Starts that wait for room, in the order in which they go: whose, the comment, `since`, `until`, when they are
    /// dropped, and what to do.
    #[schema(value_type = Vec<Object>)]
    waiting: Vec<WaitingStart>,
    /// Where to go on: `after` of the next call; null: that was the last.
    next: Option<String>,
}

/// Who waits to write.
#[derive(Serialize, ToSchema)]
pub(crate) struct Held {
    /// How many starts are held.
    count: usize,
    /// Starts that are held until their buyer writes, oldest first: whose, the comment, `since`, `until`, when they are
    /// dropped, and what to do.
    #[schema(value_type = Vec<Object>)]
    waiting: Vec<WaitingStart>,
    /// Where to go on: `after` of the next call; null: that was the last.
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Where to go on: `next` of the answer before.
    #[param(nullable = false, pattern = r"^\d{1,15}~")]
    after: Option<String>,
    /// Starts at most, and never more than 200.
    #[param(minimum = 1, nullable = false)]
    #[serde(default, deserialize_with = "super::page::count")]
    limit: Option<usize>,
}

/// The count of this cycle, its limit and banner, and who waits for room and until when.
#[utoipa::path(
    operation_id = "read_usage",
    get, path = "/v1/workspaces/{workspace}/usage", tag = "usage",
    params(("workspace" = String, Path, description = "The id of the workspace"), Asked),
    responses((status = 200, description = "The count", body = Usage)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Json<Usage>, Problem> {
    let (at, paged): (_, Asked) = asked(&service, request, Scope::Read).await?;
    let after = paged.after.as_deref().map(|after| read_place(after, "after")).transpose()?;
    let limit = limit(paged.limit, USUAL, MOST)?;
    let head = service.runtime.usage(&at.workspace).await?;
    let page = service.runtime.waiting_starts(&at.workspace, after.as_ref(), limit).await?;
    Ok(Json(Usage {
        mac: MacState::new(&head),
        next_cycle: head.terms().next_cycle().map(|next| next.to_string()),
        told_at: head.terms().told_at(),
        waiting: page.starts,
        next: page.next.as_ref().map(write_place),
    }))
}

/// The starts that are held until their buyer writes, where a comment alone opens no DM, and until when.
#[utoipa::path(
    operation_id = "list_held_starts",
    get, path = "/v1/workspaces/{workspace}/held", tag = "usage",
    params(("workspace" = String, Path, description = "The id of the workspace"), Asked),
    responses((status = 200, description = "The starts", body = Held)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn held<S: Store>(State(service): State<Shared<S>>, request: Request) -> Result<Json<Held>, Problem> {
    let (at, paged): (_, Asked) = asked(&service, request, Scope::Read).await?;
    let after = paged.after.as_deref().map(|after| read_place(after, "after")).transpose()?;
    let limit = limit(paged.limit, USUAL, MOST)?;
    let (runtime, workspace) = (service.runtime.clone(), at.workspace);
    // As the inbox: whoever looks first may have gone before every contact was read.
    let looked = async move { runtime.held_starts(&workspace, after.as_ref(), limit).await };
    let (page, count) = to_its_end(looked).await??;
    Ok(Json(Held { count, waiting: page.starts, next: page.next.as_ref().map(write_place) }))
}
