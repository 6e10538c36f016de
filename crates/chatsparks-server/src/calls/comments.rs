//! Why a comment was answered, or not (C10).

use super::{At, query};
use crate::{Kind, Problem, Scope, router::Shared};
use axum::{
    Json,
    extract::{FromRequestParts, Request, State},
};
use chatsparks_core::CommentId;
use chatsparks_ports::Store;
use chatsparks_runtime::{CommentExplained, ExplainError};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Only this trigger, and that wholly: every gate with its numbers, and the condition part by part.
    #[param(nullable = false)]
    trigger: Option<String>,
}

/// Why each trigger did, or did not, answer a comment, as `chatsparks explain --json` has it.
///
/// It is told from the one record that is kept of the comment; nothing is replayed. What only a replay knows, such as
/// the earlier comment that a throttle runs from, is left out.
#[utoipa::path(
    operation_id = "explain_comment",
    get, path = "/v1/workspaces/{workspace}/comments/{comment_id}/explain", tag = "records",
    params(
        ("workspace" = String, Path, description = "The id of the workspace"),
        ("comment_id" = String, Path, description = "The comment, percent-encoded"),
        Asked,
    ),
    responses((status = 200, description = "The comment explained", body = crate::openapi::CommentExplainedShape)),
    security(("bearer" = ["read"])),
)]
pub(crate) async fn explain<S: Store>(
    State(service): State<Shared<S>>,
    request: Request,
) -> Result<Json<CommentExplained>, Problem> {
    let (mut parts, _) = request.into_parts();
    let at = At::from_request_parts(&mut parts, &service).await?;
    at.check(Scope::Read, &service).await?;
    let asked: Asked = query(&parts)?;
    let comment = CommentId::from(at.name);
    let explained = service.runtime.explain(&at.workspace, &comment, asked.trigger.as_deref()).await;
    explained.map(Json).map_err(|error| match error {
        ExplainError::Store(error) => error.into(),
        ExplainError::UnknownComment | ExplainError::UnknownTrigger { .. } => {
            Problem::new(Kind::NotFound, error.to_string())
        }
    })
}
