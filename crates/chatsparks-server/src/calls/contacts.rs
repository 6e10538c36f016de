//! One contact: as they stand, and forgotten (R12).

use super::{Accepted, At, forget_beside, to_its_end};
use crate::{Kind, Problem, Scope, router::Shared};
use axum::{Json, extract::State};
use chatsparks_core::UserId;
use chatsparks_ports::Store;
use serde_json::Value;

/// Characters of a user id (`formats.md`).
const ID: usize = 256;

/// One contact, as in the state.
#[utoipa::path(
    operation_id = "read_contact",
    get, path = "/v1/workspaces/{workspace}/contacts/{user_id}", tag = "state",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("user_id" = String, Path, description = "The contact, percent-encoded"),
    ),
    responses((status = 200, description = "The contact", body = crate::openapi::ContactShape)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn get<S: Store>(State(service): State<Shared<S>>, at: At) -> Result<Json<Value>, Problem> {
    at.check(Scope::Read, &service).await?;
    let contact = service.runtime.contact(&at.workspace, &at.name).await?;
    contact.map(Json).ok_or_else(|| Problem::new(Kind::NotFound, "the workspace has no such contact"))
}

/// Forget a person: their texts, handle, fields and tags leave state, records, log and queue.
///
/// This is an event like any other: it is durable when this answers, and decided in its turn.
#[utoipa::path(
    operation_id = "forget_contact",
    delete, path = "/v1/workspaces/{workspace}/contacts/{user_id}", tag = "state",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("user_id" = String, Path, description = "The contact, percent-encoded", min_length = 1, max_length = 256,
            pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$"),
    ),
    responses((status = 200, description = "The event is durable", body = Accepted)),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn forget<S: Store>(State(service): State<Shared<S>>, at: At) -> Result<Json<Accepted>, Problem> {
    at.check(Scope::Admin, &service).await?;
    let name = at.name;
    if name.is_empty() || name.chars().count() > ID || name.chars().any(char::is_control) {
        let detail = format!("a user id has 1 to {ID} characters, none of them a control character");
        return Err(Problem::new(Kind::BadRequest, detail));
    }
    let (workspace, person) = (at.workspace, UserId::from(name));
    let erased = to_its_end(async move {
        let people = std::slice::from_ref(&person);
        forget_beside(&service, &workspace, people).await?;
        service.runtime.erase(&workspace, person.clone()).await?;
        // What came in between.
        forget_beside(&service, &workspace, people).await
    });
    erased.await??;
    Ok(Json(Accepted { accepted: 1 }))
}
